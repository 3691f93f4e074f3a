/* base/jsonread.c: tokens, places of faults, values that go on unchanged; whole and byte by byte.
 */
#include "base/jsonread.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const size_t steps[] = {0, 1, 3};

/* The tokens of a document in one line: "{ k:a s:b }" ; or the error. */
static void tokens_of(const char *text, size_t len, size_t step, char *out, size_t size)
{
	static const char *const words[] = {"{", "}", "[", "]", "k:", "s:", "n:", "t", "f", "0", "."};
	struct prism_source_memory memory = {text, len, 0, step};
	struct prism_jsonread *reader =
	    prism_jsonread_create(prism_source_memory, &memory, 1 << 20, 0, 1);
	struct prism_error err = PRISM_ERROR_INIT;
	enum prism_json_token token = PRISM_JSON_NULL;
	size_t used = 0;

	out[0] = '\0';
	while (token != PRISM_JSON_END) {
		if (prism_jsonread_next(reader, &token, &err) < 0) {
			snprintf(out, size, "%s", err.message);
			break;
		}
		bool told =
		    token == PRISM_JSON_KEY || token == PRISM_JSON_STRING || token == PRISM_JSON_NUMBER;
		used += (size_t)snprintf(out + used, size - used, "%s%s", words[token],
		                         told ? prism_jsonread_text(reader) : "");
	}
	prism_jsonread_destroy(reader);
}

static void want(const char *text, const char *tokens)
{
	char out[1024];

	for (size_t i = 0; i < PRISM_COUNT(steps); i++) {
		tokens_of(text, strlen(text), steps[i], out, sizeof(out));
		assert_string_equal(out, tokens);
	}
}

static void documents_become_tokens(void **state)
{
	want("{}", "{}.");
	want(" [ ] \n", "[].");
	want("{\"a\":[1,-2.5e+3,{}],\"b\" : null}", "{k:a[n:1n:-2.5e+3{}]k:b0}.");
	want("[true,false,\"x\"]", "[tfs:x].");
	want("\xEF\xBB\xBF[0]", "[n:0].");
	want("\"\\u00e9\\ud83d\\ude00\\n\\/\"", "s:\xc3\xa9\xf0\x9f\x98\x80\n/.");
	want("12345678901234567890", "n:12345678901234567890.");
}

static void faults_are_named_with_their_place(void **state)
{
	want("", "line 1, column 1: the text ends where a value should be");
	want("[1,\n 2", "line 2, column 3: the text ends inside an array");
	want("{\"a\":1", "line 1, column 7: the text ends inside an object");
	want("{\"a\"", "line 1, column 5: expected a colon behind the name");
	want("{\"a\":1,}", "line 1, column 8: expected a name in quotes");
	want("[1,]", "line 1, column 4: expected a value");
	want("[1 2]", "line 1, column 4: expected a comma or the end");
	want("[NaN]", "line 1, column 2: NaN and Infinity are not JSON; null stands for no value");
	want("[-Infinity]", "line 1, column 2: not a number JSON knows");
	want("[01]", "line 1, column 2: not a number JSON knows");
	want("[1.]", "line 1, column 2: not a number JSON knows");
	want("\n\n[\"a\nb\"]", "line 3, column 4: a control character in a string");
	want("[\"abc", "line 1, column 2: a string that does not end");
	want("[\"\\u0000\"]", "line 1, column 9: a NUL character in a string");
	want("[\"\\ud800x\"]", "line 1, column 9: half a surrogate pair in a string");
	want("[\"\\x\"]", "line 1, column 4: a backslash before something it cannot stand before");
	want("[\"\xff\"]", "line 1, column 2: a string that is not UTF-8");
	want("[] []", "line 1, column 4: more text behind the document");
	want("{1:2}", "line 1, column 2: expected a name in quotes");
	want("nul", "line 1, column 4: expected a value");
}

static void other_encodings_are_refused_with_the_remedy(void **state)
{
	char out[1024];

	tokens_of("\xff\xfe[\0]\0", 6, 0, out, sizeof(out));
	assert_non_null(strstr(out, "UTF-16"));
	tokens_of("[\0]\0", 4, 1, out, sizeof(out));
	assert_non_null(strstr(out, "UTF-16"));
	tokens_of("\0[\0]", 4, 1, out, sizeof(out));
	assert_non_null(strstr(out, "UTF-16"));
}

static void nesting_is_capped(void **state)
{
	char deep[PRISM_JSON_DEPTH * 2 + 2] = "", out[1024];

	memset(deep, '[', PRISM_JSON_DEPTH);
	memset(deep + PRISM_JSON_DEPTH, ']', PRISM_JSON_DEPTH);
	tokens_of(deep, PRISM_JSON_DEPTH * 2, 0, out, sizeof(out));
	assert_int_equal(out[0], '[');
	memset(deep, '[', PRISM_JSON_DEPTH + 1);
	tokens_of(deep, PRISM_JSON_DEPTH + 1, 0, out, sizeof(out));
	assert_string_equal(out, "line 1, column 65: nested deeper than 64");
}

static cJSON *value_of(const char *text, prism_json_twice_fn twice, void *data, size_t max,
                       struct prism_error *err)
{
	struct prism_source_memory memory = {text, strlen(text), 0, 2};
	struct prism_jsonread *reader = prism_jsonread_create(prism_source_memory, &memory, max, 0, 1);
	enum prism_json_token first;
	cJSON *value = NULL;

	if (prism_jsonread_next(reader, &first, err) == 0 &&
	    prism_jsonread_value(reader, first, twice, data, &value, err) < 0)
		value = NULL;
	prism_jsonread_destroy(reader);
	return value;
}

static void values_go_on_unchanged_and_know_their_lines(void **state)
{
	static const char text[] = "{\n  \"big\": 12345678901234567890.10,\n  \"list\": [\n    1,\n    "
	                           "{}\n  ],\n  \"t\": true\n}";
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *value = value_of(text, NULL, NULL, 1000, &err);
	char *printed = prism_json_print(value, true);

	assert_string_equal(printed, text);
	assert_int_equal(prism_json_get(value, "big")->valueint, 2);
	assert_int_equal(cJSON_GetArrayItem(prism_json_get(value, "list"), 1)->valueint, 5);
	prism_free(printed);
	prism_json_free(value);
}

static void collect(void *data, const char *path, uint64_t line)
{
	snprintf(data, 100, "%s@%d", path, (int)line);
}

static void keys_given_twice_are_told(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char told[100] = "";
	cJSON *value = value_of("{\"a\":[{},\n{\"x\":1,\"y\":2,\n\"x\":3}]}", collect, told, 100, &err);

	assert_string_equal(told, "a[1].x@3");
	prism_json_free(value);
	told[0] = '\0';
	value = value_of("{\"a\":{\"x\":1},\"b\":{\"x\":2}}", collect, told, 100, &err);
	assert_string_equal(told, "");
	prism_json_free(value);
}

static void a_value_has_a_size(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(value_of("[\"0123456789\",\"0123456789\",\"0123456789\"]", NULL, NULL, 20, &err));
	assert_string_equal(err.message, "line 1, column 28: a document of more than 20 bytes");
	assert_null(value_of("[\"0123456789012345678901234567890\"]", NULL, NULL, 20, &err));
	assert_non_null(strstr(err.message, "a string or number of more than 20 bytes"));
}

static void reading_may_begin_inside(void **state)
{
	static const char text[] = "{\"a\":1}, {\"b\":";
	struct prism_source_memory memory = {text, strlen(text), 0, 0};
	struct prism_jsonread *reader =
	    prism_jsonread_create(prism_source_memory, &memory, 100, 500, 9);
	enum prism_json_token token;
	cJSON *value;

	assert_int_equal(prism_jsonread_next(reader, &token, NULL), 0);
	assert_int_equal(prism_jsonread_start(reader).line, 9);
	assert_int_equal(prism_jsonread_start(reader).offset, 500);
	assert_int_equal(prism_jsonread_value(reader, token, NULL, NULL, &value, NULL), 0);
	assert_int_equal(value->valueint, 9);
	assert_int_equal(prism_jsonread_next(reader, &token, NULL), 0);
	assert_int_equal(token, PRISM_JSON_END);
	prism_json_free(value);
	prism_jsonread_destroy(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents_become_tokens),
	    cmocka_unit_test(faults_are_named_with_their_place),
	    cmocka_unit_test(other_encodings_are_refused_with_the_remedy),
	    cmocka_unit_test(nesting_is_capped),
	    cmocka_unit_test(values_go_on_unchanged_and_know_their_lines),
	    cmocka_unit_test(keys_given_twice_are_told),
	    cmocka_unit_test(a_value_has_a_size),
	    cmocka_unit_test(reading_may_begin_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
