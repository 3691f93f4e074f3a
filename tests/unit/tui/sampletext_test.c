/* tui/sampletext.c and the kinds of core/sample.c: text, aligned CSV, what is left out. */
#include "tui/sampletext.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *mime, const char *name, const char *bytes, bool ascii,
                   const char *wanted)
{
	const struct core_asset asset = {.mime_type = mime, .file_name = name};
	size_t size = strlen(bytes);
	const struct core_sample sample = {.bytes = bytes,
	                                   .size = size,
	                                   .kind = core_sample_kind_of(mime, name, bytes, size),
	                                   .asset = &asset};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(1 << 22);

	pt_sample_text(&sample, ascii, &out);
	assert_string_equal(prism_buf_text(&out), wanted);
}

static void kinds(void **state)
{
	assert_int_equal(core_sample_kind_of("", "", "", 0), CORE_SAMPLE_NONE);
	assert_int_equal(core_sample_kind_of("", "a.py", "x", 1), CORE_SAMPLE_TEXT);
	assert_int_equal(core_sample_kind_of("text/csv; charset=utf-8", "", "x", 1), CORE_SAMPLE_CSV);
	assert_int_equal(core_sample_kind_of("", "DATA.CSV", "x", 1), CORE_SAMPLE_CSV);
	assert_int_equal(core_sample_kind_of("text/csv", "a.csv", "x\0y", 3), CORE_SAMPLE_BINARY);
	assert_int_equal(core_sample_kind_of("text/csv", "a.csv", "\xff\xfe", 2), CORE_SAMPLE_BINARY);
}

static void csv_is_aligned_numbers_to_the_right(void **state)
{
	expect("text/csv", "a.csv", "name,value\nshort,1.5\n\"a, longer\",-10\n", false,
	       "name       value\n"
	       "short        1.5\n"
	       "a, longer    -10\n");
}

static void cells_keep_their_row(void **state)
{
	expect("text/csv", "a.csv", "a,b\n\"two\nlines\",\"say \"\"x\"\"\"\n", false,
	       "a          b\n"
	       "two lines  say \"x\"\n");
	expect("text/csv", "a.csv", "日本,x\nab,y\n", false,
	       "日本  x\n"
	       "ab    y\n");
}

static void long_cells_are_cut(void **state)
{
	PRISM_AUTO_FREE char *row =
	    prism_asprintf("%s,end\n", "0123456789012345678901234567890123456789abcdef");

	expect("text/csv", "a.csv", row, false, "012345678901234567890123456789012345678…  end\n");
	expect("text/csv", "a.csv", row, true, "012345678901234567890123456789012345678~  end\n");
}

static void what_is_no_csv_says_where(void **state)
{
	expect("text/csv", "a.csv", "a,b\n\"open\n", false,
	       "a  b\n"
	       "not read further: line 2, column 1: a quote that is never closed\n");
}

static void text_keeps_its_lines(void **state)
{
	expect("", "a.py", "if x:\r\n\ty()\n\nend", false, "if x:\n    y()\n\nend\n");
}

static void much_is_cut_and_said(void **state)
{
	PRISM_AUTO_BUF struct prism_buf many = PRISM_BUF_INIT(1 << 20);
	const struct core_asset asset = {.mime_type = "", .file_name = ""};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(1 << 22);

	for (int i = 0; i < PT_SAMPLE_ROWS + 1; i++)
		prism_buf_puts(&many, "x,y\n");
	for (int csv = 0; csv < 2; csv++) {
		const struct core_sample sample = {.bytes = prism_buf_text(&many),
		                                   .size = many.len,
		                                   .kind = csv ? CORE_SAMPLE_CSV : CORE_SAMPLE_TEXT,
		                                   .asset = &asset};

		prism_buf_clear(&out);
		pt_sample_text(&sample, false, &out);
		assert_non_null(strstr(prism_buf_text(&out), "only the first 2000"));
	}
}

static void nothing_and_bytes_are_told(void **state)
{
	const struct core_asset asset = {.mime_type = "", .file_name = ""};
	const struct core_sample sample = {
	    .bytes = "\0\1", .size = 2, .kind = CORE_SAMPLE_BINARY, .asset = &asset};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(1 << 10);

	pt_sample_text(&sample, false, &out);
	assert_string_equal(prism_buf_text(&out), "2 B that are no text; saving them is possible\n");
	expect("", "", "", false, "this asset has no sample\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(csv_is_aligned_numbers_to_the_right),
	    cmocka_unit_test(cells_keep_their_row),
	    cmocka_unit_test(long_cells_are_cut),
	    cmocka_unit_test(what_is_no_csv_says_where),
	    cmocka_unit_test(text_keeps_its_lines),
	    cmocka_unit_test(much_is_cut_and_said),
	    cmocka_unit_test(nothing_and_bytes_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
