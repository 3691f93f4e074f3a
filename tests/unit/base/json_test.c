/* base/json.c: what is refused before and after cJSON, tolerant and strict reading, printing. */
#include "base/json.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	cJSON *doc = prism_json_parse(text, strlen(text), &err);

	if (!doc)
		fail_msg("%s", err.message);
	return doc;
}

static void refuse(const char *text, size_t len, const char *word)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(prism_json_parse(text, len, &err));
	if (!strstr(err.message, word))
		fail_msg("\"%s\" does not contain \"%s\"", err.message, word);
}

static void documents_are_read(void **state)
{
	static const char *const rows[] = {"{}",
	                                   " [1,2] \n",
	                                   "null",
	                                   "\"x\"",
	                                   "12.5",
	                                   "\xEF\xBB\xBF{\"a\":1}",
	                                   "{\"a\":\"\\\\u0000\"}"};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		prism_json_free(parse(rows[i]));
	prism_json_free(NULL);
}

static void large_integers_keep_their_digits(void **state)
{
	static const char text[] =
	    "{\"s\":\"9 \\\" 99999999999999999999\",\"a\":[1,{\"serial\":"
	    "340282366920938463463374607431768211455}],\"edge\":9007199254740992,\"past\":"
	    "9007199254740993,\"neg\":-18446744073709551616,\"frac\":1.00000000000000000001,"
	    "\"exp\":12345678901234567890e-3,\"last\":9223372036854775807}";
	cJSON *doc = parse(text);
	const cJSON *inner = cJSON_GetArrayItem(prism_json_array(doc, "a"), 1);
	PRISM_AUTO_FREE char *serial = prism_json_digits(inner, "serial");
	PRISM_AUTO_FREE char *edge = prism_json_digits(doc, "edge");
	PRISM_AUTO_FREE char *none = prism_json_digits(doc, "a");
	PRISM_AUTO_FREE char *printed = prism_json_print(doc, false);

	assert_string_equal(serial, "340282366920938463463374607431768211455");
	assert_string_equal(edge, "9007199254740992");
	assert_string_equal(none, "");
	assert_true(prism_json_int(doc, "past", 0) == 9007199254740993);
	assert_true(prism_json_int(doc, "last", 0) == INT64_MAX);
	assert_true(prism_json_int(doc, "neg", 0) == INT64_MIN);
	assert_true(prism_json_num(inner, "serial", 0) > 3.4e38);
	assert_true(cJSON_IsNumber(cJSON_GetObjectItem(doc, "frac")));
	assert_true(cJSON_IsNumber(cJSON_GetObjectItem(doc, "exp")));
	assert_non_null(strstr(printed, "\"serial\":340282366920938463463374607431768211455"));
	assert_non_null(strstr(printed, "\"neg\":-18446744073709551616"));
	prism_json_free(doc);
	/* alone, and not ended by a NUL */
	doc = prism_json_parse("123456789012345678901", 20, NULL);
	assert_string_equal(doc->valuestring, "12345678901234567890");
	prism_json_free(doc);
}

static void damaged_documents_are_refused_with_the_place(void **state)
{
	refuse("", 0, "empty");
	refuse(" \n", 2, "empty");
	refuse(NULL, 0, "empty");
	refuse("{} x", 4, "more text after the document at byte 3 (line 1, column 4)");
	refuse("{\n \"a\": nope}", 13, "line 2, column 7");
	refuse("{\"a\":", 5, "unexpected end");
	refuse("{\"a", 3, "string that does not end");
	refuse("{\"a\\", 4, "string that does not end");
	refuse("[\"\xFF\"]", 5, "UTF-8");
	refuse("[\"a\\u0000b\"]", 12, "NUL");
	refuse("[\"a\0b\"]", 7, "NUL");
	refuse("[1,2\0]", 6, "control character");
	refuse("{}{}", 4, "more text");
	refuse("<html></html>", 13, "line 1, column 1");
}

static void every_cut_of_a_document_is_refused(void **state)
{
	static const char text[] = "{\"a\":[1,{\"b\":\"c\\n\"},true,null],\"d\":-1.5e3}";

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_null(prism_json_parse(text, len, NULL));
	prism_json_free(parse(text));
}

static void nesting_is_limited(void **state)
{
	char text[2 * PRISM_JSON_DEPTH + 3];

	memset(text, '[', PRISM_JSON_DEPTH);
	memset(text + PRISM_JSON_DEPTH, ']', PRISM_JSON_DEPTH);
	cJSON *doc = prism_json_parse(text, 2 * PRISM_JSON_DEPTH, NULL);
	assert_non_null(doc);
	prism_json_free(doc);
	memset(text, '[', PRISM_JSON_DEPTH + 1);
	refuse(text, 2 * PRISM_JSON_DEPTH, "too deep");
	prism_json_free(
	    parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""));
}

static void getters_fall_back(void **state)
{
	PRISM_AUTO_JSON cJSON *doc =
	    parse("{\"s\":\"x\",\"n\":12,\"t\":\"34\",\"bad\":\"3x\",\"b\":true,\"z\":null,"
	          "\"a\":[],\"f\":1.5,\"big\":1e30,\"small\":-1e30,"
	          "\"at\":\"2025-11-12T14:00:01Z\",\"zero\":\"0001-01-01T00:00:00Z\"}");

	assert_string_equal(prism_json_str(doc, "s", "?"), "x");
	assert_string_equal(prism_json_str(doc, "n", "?"), "?");
	assert_string_equal(prism_json_str(NULL, "n", "?"), "?");
	assert_int_equal(prism_json_int(doc, "n", 7), 12);
	assert_int_equal(prism_json_int(doc, "t", 7), 34);
	assert_int_equal(prism_json_int(doc, "bad", 7), 7);
	assert_int_equal(prism_json_int(doc, "none", 7), 7);
	assert_true(prism_json_int(doc, "big", 7) == INT64_MAX);
	assert_true(prism_json_int(doc, "small", 7) == INT64_MIN);
	assert_true(prism_json_num(doc, "f", 0) == 1.5);
	assert_true(prism_json_num(doc, "s", 2) == 2);
	assert_true(prism_json_bool(doc, "b", false));
	assert_true(prism_json_bool(doc, "n", true));
	assert_null(prism_json_get(doc, "z"));
	assert_non_null(prism_json_get(doc, "a"));
	assert_non_null(prism_json_array(doc, "a"));
	assert_null(prism_json_array(doc, "s"));
	assert_true(prism_json_time(doc, "at") == INT64_C(1762956001000000));
	assert_true(prism_json_time(doc, "zero") == PRISM_TIME_UNSET);
	assert_true(prism_json_time(doc, "s") == PRISM_TIME_UNSET);
}

static void keys_match_exactly_then_by_case_and_the_first_wins(void **state)
{
	PRISM_AUTO_JSON cJSON *doc =
	    parse("{\"NAME\":\"loose\",\"name\":\"first\",\"name\":\"second\",\"Id\":\"x\"}");

	assert_string_equal(prism_json_str(doc, "name", ""), "first");
	assert_string_equal(prism_json_str(doc, "id", ""), "x");
	assert_string_equal(prism_json_str(doc, "Name", ""), "loose");
}

static void want_names_path_and_type(void **state)
{
	PRISM_AUTO_JSON cJSON *doc = parse("{\"name\":5,\"ok\":\"v\"}");
	struct prism_error err = PRISM_ERROR_INIT;
	const char *value;

	assert_int_equal(prism_json_want_str(doc, "list[3]", "ok", &value, NULL), 0);
	assert_string_equal(value, "v");
	assert_int_equal(prism_json_want_str(doc, "list[3]", "name", &value, &err), -1);
	assert_string_equal(err.message, "list[3].name: expected a string, found a number");
	assert_int_equal(prism_json_want_str(doc, "", "none", &value, &err), -1);
	assert_string_equal(err.message, "none: expected a string, found nothing");
}

static void printing(void **state)
{
	PRISM_AUTO_JSON cJSON *doc = parse("{\"a\":[1,\"x\\n\"],\"e\":{},\"n\":null}");
	PRISM_AUTO_FREE char *compact = prism_json_print(doc, false);
	PRISM_AUTO_FREE char *pretty = prism_json_print(doc, true);

	assert_string_equal(compact, "{\"a\":[1,\"x\\n\"],\"e\":{},\"n\":null}");
	assert_string_equal(
	    pretty, "{\n  \"a\": [\n    1,\n    \"x\\n\"\n  ],\n  \"e\": {},\n  \"n\": null\n}");
}

static int told; /* texts given back to the allocator as they were */

static void watch_free(void *memory)
{
	if (memory && strcmp(memory, "hunter2") == 0)
		told++;
	free(memory);
}

static void wiping_overwrites_every_text(void **state)
{
	cJSON_Hooks watched = {malloc, watch_free};

	PRISM_UNUSED(state);
	cJSON_InitHooks(&watched);
	told = 0;
	prism_json_free(parse("{\"a\":[{\"token\":\"hunter2\"}],\"b\":\"hunter2\"}"));
	assert_int_equal(told, 2);
	told = 0;
	prism_json_wipe(parse("{\"a\":[{\"token\":\"hunter2\"}],\"b\":\"hunter2\"}"));
	assert_int_equal(told, 0);
	prism_json_wipe(NULL);
	cJSON_InitHooks(NULL);
}

/* Ours and cJSON's print the same text, whatever is in it; deep ones keep their indentation. */
static void printed_texts_are_those_of_cjson(void **state)
{
	PRISM_UNUSED(state);
	for (unsigned c = 1; c < 256; c++) {
		char text[8] = {'a', (char)c, 'b', '\0'};
		if (c >= 0x80) /* a whole character */
			memcpy(text, "\xc3\x80z", 4), text[1] = (char)(0x80 | (c & 0x3f));
		PRISM_AUTO_JSON cJSON *doc = cJSON_CreateString(text);
		PRISM_AUTO_FREE char *ours = prism_json_print(doc, false);
		char *theirs = cJSON_PrintUnformatted(doc);
		assert_string_equal(ours, theirs);
		cJSON_free(theirs);
	}
	PRISM_AUTO_JSON cJSON *deep = cJSON_CreateString("x");
	for (int i = 0; i < 40; i++) {
		cJSON *outer = cJSON_CreateArray();
		cJSON_AddItemToArray(outer, deep);
		deep = outer;
	}
	PRISM_AUTO_FREE char *printed = prism_json_print(deep, true);
	char *at = strchr(printed, '"');
	for (int i = 1; i <= 80; i++)
		assert_int_equal(at[-i], ' ');
	assert_int_equal(at[-81], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents_are_read),
	    cmocka_unit_test(large_integers_keep_their_digits),
	    cmocka_unit_test(damaged_documents_are_refused_with_the_place),
	    cmocka_unit_test(every_cut_of_a_document_is_refused),
	    cmocka_unit_test(nesting_is_limited),
	    cmocka_unit_test(getters_fall_back),
	    cmocka_unit_test(keys_match_exactly_then_by_case_and_the_first_wins),
	    cmocka_unit_test(want_names_path_and_type),
	    cmocka_unit_test(printing),
	    cmocka_unit_test(printed_texts_are_those_of_cjson),
	    cmocka_unit_test(wiping_overwrites_every_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
