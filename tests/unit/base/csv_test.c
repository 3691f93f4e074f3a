/* base/csv.c: rows and cells, quotes and breaks, places of faults; whole and byte by byte. */
#include "base/csv.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "a|b/c|d": cells and rows; a fault ends it with its message. */
static void rows_of(const char *text, size_t len, size_t step, char *out, size_t size)
{
	struct prism_source_memory memory = {text, len, 0, step};
	struct prism_csv *csv = prism_csv_create(prism_source_memory, &memory, 4096, 0, 1);
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_csv_row row;
	size_t used = 0;
	int got;

	out[0] = '\0';
	while ((got = prism_csv_next(csv, &row, &err)) > 0) {
		for (size_t i = 0; i < row.count; i++)
			used += (size_t)snprintf(out + used, size - used, "%s%s", row.cells[i],
			                         i + 1 < row.count ? "|" : "/");
	}
	if (got < 0)
		snprintf(out, size, "%s", err.message);
	prism_csv_destroy(csv);
}

static void want(const char *text, const char *rows)
{
	char out[4096];

	for (size_t step = 0; step < 3; step++) {
		rows_of(text, strlen(text), step, out, sizeof(out));
		assert_string_equal(out, rows);
	}
}

static void rows_are_read(void **state)
{
	want("a,b\nc,d\n", "a|b/c|d/");
	want("a,b\r\nc,d", "a|b/c|d/");
	want("a,b\rc,d\r", "a|b/c|d/");
	want("a,,\n,\n", "a||/|/");
	want("\n\na\n\n", "a/");
	want("\xEF\xBB\xBF"
	     "a,b",
	     "a|b/");
	want("\"a,\"\"b\"\"\",c\n", "a,\"b\"|c/");
	want("\"one\r\ntwo\",x\n", "one\ntwo|x/");
	want("\"\"\n", "/");
	want("", "");
}

static void faults_are_named_with_their_place(void **state)
{
	want("a,b\"c\n", "line 1, column 4: a quote inside a cell that does not begin with one");
	want("a\n\"b\"c\n",
	     "line 2, column 4: text behind a closing quote; a quote inside is written twice");
	want("a\nb,\"c\nd", "line 2, column 3: a quote that is never closed");
	want("a,\xff\n", "line 1, column 3: a cell that is not UTF-8");
}

static void nul_and_utf16_are_refused(void **state)
{
	char out[200];

	rows_of("ab,c\0d\n", 7, 0, out, sizeof(out));
	assert_string_equal(out, "line 1, column 5: a NUL byte");
	rows_of("\xff\xfe"
	        "a\0",
	        4, 0, out, sizeof(out));
	assert_non_null(strstr(out, "UTF-16"));
}

static void columns_and_bytes_are_capped(void **state)
{
	char wide[10001], long_cell[5000], out[4096];

	memset(wide, ',', 255);
	wide[255] = '\0';
	rows_of(wide, 255, 0, out, sizeof(out));
	assert_int_equal(out[0], '|');
	memset(wide, ',', 10000);
	rows_of(wide, 10000, 0, out, sizeof(out));
	assert_string_equal(out, "line 1, column 257: more than 256 columns");
	memset(long_cell, 'x', sizeof(long_cell));
	rows_of(long_cell, sizeof(long_cell), 0, out, sizeof(out));
	assert_string_equal(out,
	                    "line 1, column 4097: a row of more bytes than a computation can have");
}

static void cells_know_their_lines(void **state)
{
	static const char text[] = "a,\"b\nc\",d\ne\n";
	struct prism_source_memory memory = {text, strlen(text), 0, 0};
	struct prism_csv *csv = prism_csv_create(prism_source_memory, &memory, 100, 0, 1);
	struct prism_csv_row row;

	assert_int_equal(prism_csv_next(csv, &row, NULL), 1);
	assert_int_equal(row.lines[1], 1);
	assert_int_equal(row.lines[2], 2);
	assert_int_equal(prism_csv_next(csv, &row, NULL), 1);
	assert_int_equal(row.start.line, 3);
	assert_int_equal(row.start.offset, 10);
	assert_int_equal(prism_csv_next(csv, &row, NULL), 0);
	prism_csv_destroy(csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_are_read),
	    cmocka_unit_test(faults_are_named_with_their_place),
	    cmocka_unit_test(nul_and_utf16_are_refused),
	    cmocka_unit_test(columns_and_bytes_are_capped),
	    cmocka_unit_test(cells_know_their_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
