/*
 * Covers tui/records.c: the three printed forms, hostile text, cutting to a width.
 */
#include "tui/records.h"

#include "base/json.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct pt_record_column columns[] = {
    {"id", NULL},       {"name", "Name"}, {"count", "Count"},
    {"words", "Words"}, {"at", "At"},     {NULL, NULL},
};

static struct pt_records *sample(unsigned flags)
{
	struct pt_records *r = pt_records_create(columns, flags);

	pt_records_text(r, "1");
	pt_records_text(r, "evil\033[2J, \"quoted\"");
	pt_records_int(r, 42);
	pt_records_list(r, "a\nb");
	pt_records_time(r, PRISM_TIME_UNSET);
	if (flags & PT_RECORD_SINGLE)
		return r;
	pt_records_text(r, "2");
	pt_records_text(r, NULL);
	pt_records_int(r, -1);
	pt_records_list(r, "");
	pt_records_time(r, 0);
	return r;
}

static void check(struct pt_records *r, struct pt_print print, const char *want)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);

	print.headings = true;
	pt_records_print(r, &print, &out);
	assert_string_equal(prism_buf_text(&out), want);
	pt_records_destroy(r);
}

static void table_is_aligned_and_harmless(void **state)
{
	PRISM_UNUSED(state);
	check(sample(0), (struct pt_print){.format = PT_FORMAT_TABLE},
	      "Name                Count  Words  At\n"
	      "evil␛[2J, \"quoted\"  42     a, b\n"
	      "                    -1            1970-01-01T00:00:00Z\n" +
	          0);
}

static void the_last_column_may_have_lines(void **state)
{
	static const struct pt_record_column two[] = {{"a", "A"}, {"b", "B"}, {NULL, NULL}};
	struct pt_records *r = pt_records_create(two, 0);

	PRISM_UNUSED(state);
	pt_records_text(r, "x\ny");
	pt_records_text(r, "one\n\033two\n");
	check(r, (struct pt_print){.format = PT_FORMAT_TABLE}, "A    B\nx␊y  one\n     ␛two\n");
}

static void single_is_a_list_of_fields(void **state)
{
	PRISM_UNUSED(state);
	check(sample(PT_RECORD_SINGLE), (struct pt_print){.format = PT_FORMAT_TABLE},
	      "Name   evil␛[2J, \"quoted\"\nCount  42\nWords  a, b\nAt\n");
}

static void csv_quotes(void **state)
{
	PRISM_UNUSED(state);
	check(sample(0), (struct pt_print){.format = PT_FORMAT_CSV, .terminal = true},
	      "id,name,count,words,at\r\n"
	      "1,\"evil␛[2J, \"\"quoted\"\"\",42,\"a, b\",\r\n"
	      "2,,-1,,1970-01-01T00:00:00.000000Z\r\n");
}

static void json_is_typed(void **state)
{
	struct pt_records *r = sample(0);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	PRISM_AUTO_JSON cJSON *doc = NULL;
	const struct pt_print print = {.format = PT_FORMAT_JSON};
	const cJSON *first, *second;

	PRISM_UNUSED(state);
	pt_records_print(r, &print, &out);
	assert_null(memchr(out.data, 033, out.len));
	doc = prism_json_parse(out.data, out.len, NULL);
	assert_int_equal(cJSON_GetArraySize(doc), 2);
	first = cJSON_GetArrayItem(doc, 0);
	second = cJSON_GetArrayItem(doc, 1);
	assert_int_equal(prism_json_int(first, "count", 0), 42);
	assert_int_equal(cJSON_GetArraySize(prism_json_array(first, "words")), 2);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "at")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(second, "name")));
	assert_int_equal(cJSON_GetArraySize(prism_json_array(second, "words")), 0);
	pt_records_destroy(r);
}

static void json_lines_are_lines(void **state)
{
	struct pt_records *r = sample(0);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	const struct pt_print print = {.format = PT_FORMAT_JSON, .lines = true};
	size_t lines = 0;

	PRISM_UNUSED(state);
	pt_records_print(r, &print, &out);
	for (size_t i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 2);
	assert_int_equal(out.data[0], '{');
	pt_records_destroy(r);
}

static void narrow_tables_cut_the_widest(void **state)
{
	struct pt_records *r = sample(0);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	const struct pt_print print = {.format = PT_FORMAT_TABLE, .headings = true, .width = 30};

	PRISM_UNUSED(state);
	pt_records_print(r, &print, &out);
	for (const char *line = out.data; *line;) {
		size_t n = strcspn(line, "\n");

		assert_true(n <= 34); /* 30 columns; the symbol for ESC has three bytes */
		line += n + 1;
	}
	pt_records_destroy(r);
}

static void a_document_goes_out_unchanged(void **state)
{
	static const char text[] = "{\"a\":\t1}\n";
	struct pt_records *r = pt_records_create(columns, PT_RECORD_SINGLE);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	PRISM_AUTO_BUF struct prism_buf safe = PRISM_BUF_INIT(65536);
	struct pt_print print = {.format = PT_FORMAT_JSON};

	PRISM_UNUSED(state);
	pt_records_document(r, text, sizeof(text) - 1);
	pt_records_print(r, &print, &out);
	assert_string_equal(prism_buf_text(&out), text);
	print.terminal = true;
	pt_records_print(r, &print, &safe);
	assert_null(memchr(safe.data, '\t', safe.len));
	pt_records_destroy(r);
	pt_records_destroy(NULL);
}

static void formats_have_names(void **state)
{
	enum pt_format format;
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(pt_format_parse("json", &format, &err), 0);
	assert_int_equal(format, PT_FORMAT_JSON);
	assert_int_equal(pt_format_parse("yaml", &format, &err), -1);
	assert_non_null(strstr(err.hint, "csv"));
}

static void a_text_is_renamed_where_it_stands_alone(void **state)
{
	struct pt_records *r = sample(0);
	struct pt_print print = {.format = PT_FORMAT_CSV};

	PRISM_UNUSED(state);
	pt_records_rename(r, "2", "b\nb");
	pt_records_rename(r, "a", "never"); /* a word of a list is no text */
	pt_records_rename(r, "evil", "never");
	assert_string_equal(pt_records_cell(r, 1, 0), "b\nb");
	check(r, print,
	      "id,name,count,words,at\r\n1,\"evil\033[2J, \"\"quoted\"\"\",42,\"a, b\",\r\n"
	      "\"b\nb\",,-1,,1970-01-01T00:00:00.000000Z\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_is_aligned_and_harmless),
	    cmocka_unit_test(the_last_column_may_have_lines),
	    cmocka_unit_test(single_is_a_list_of_fields),
	    cmocka_unit_test(csv_quotes),
	    cmocka_unit_test(json_is_typed),
	    cmocka_unit_test(json_lines_are_lines),
	    cmocka_unit_test(narrow_tables_cut_the_widest),
	    cmocka_unit_test(a_document_goes_out_unchanged),
	    cmocka_unit_test(formats_have_names),
	    cmocka_unit_test(a_text_is_renamed_where_it_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
