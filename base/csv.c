/*
 * Owns the cells of the present row: one buffer of their texts, NUL-terminated, and where each
 * begins.
 */
#include "base/csv.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

struct prism_csv {
	struct prism_source source;
	bool begun, inside;
	struct prism_buf text;
	size_t row_max;
	size_t at[PRISM_CSV_COLUMNS];
	const char *cells[PRISM_CSV_COLUMNS];
	uint64_t lines[PRISM_CSV_COLUMNS];
	size_t count;
};

struct prism_csv *prism_csv_create(prism_source_fn read, void *data, size_t row_max,
                                   uint64_t offset, uint64_t line)
{
	struct prism_csv *csv = prism_alloc(sizeof(*csv));

	prism_source_init(&csv->source, read, data, offset, line);
	prism_buf_init(&csv->text, row_max + PRISM_CSV_COLUMNS + 1);
	csv->row_max = row_max;
	csv->inside = offset > 0;
	return csv;
}

void prism_csv_destroy(struct prism_csv *csv)
{
	if (!csv)
		return;
	prism_source_finish(&csv->source);
	prism_buf_wipe(&csv->text); /* cells may hold private keys */
	prism_free(csv);
}

struct prism_place prism_csv_here(const struct prism_csv *csv)
{
	return prism_source_place(&csv->source);
}

static int fail(struct prism_csv *csv, struct prism_error *err, const char *what)
{
	return prism_source_fail(prism_source_place(&csv->source), err, "%s", what);
}

static int take(struct prism_csv *csv, int c, struct prism_error *err)
{
	char byte = (char)c;

	if (c == 0)
		return fail(csv, err, "a NUL byte");
	if (csv->text.len >= csv->row_max)
		return fail(csv, err, "a row of more bytes than a computation can have");
	csv->source.pos++;
	return prism_buf_append(&csv->text, &byte, 1, err);
}

/* CR, LF or CRLF; pos stands on its first byte. */
static int pass_break(struct prism_csv *csv, int c, struct prism_error *err)
{
	csv->source.pos++;
	if (c == '\r') {
		int next = prism_source_peek(&csv->source, err);
		if (next == -2)
			return -1;
		csv->source.pos += next == '\n';
	}
	prism_source_newline(&csv->source);
	return 0;
}

/* A break inside quotes is text, and one "\n" whatever it was. */
static int take_break(struct prism_csv *csv, int c, struct prism_error *err)
{
	if (pass_break(csv, c, err) < 0)
		return -1;
	if (csv->text.len >= csv->row_max)
		return fail(csv, err, "a row of more bytes than a computation can have");
	return prism_buf_append(&csv->text, "\n", 1, err);
}

static int read_quoted(struct prism_csv *csv, struct prism_error *err)
{
	struct prism_place start = prism_source_place(&csv->source);

	csv->source.pos++;
	for (;;) {
		int c = prism_source_peek(&csv->source, err), result;
		if (c == -2)
			return -1;
		if (c == -1)
			return prism_source_fail(start, err, "a quote that is never closed");
		if (c == '"') {
			csv->source.pos++;
			c = prism_source_peek(&csv->source, err);
			if (c == -2)
				return -1;
			if (c != '"')
				break;
			result = take(csv, c, err);
		} else if (c == '\r' || c == '\n') {
			result = take_break(csv, c, err);
		} else {
			result = take(csv, c, err);
		}
		if (result < 0)
			return -1;
	}
	int c = prism_source_peek(&csv->source, err);
	if (c >= 0 && c != ',' && c != '\r' && c != '\n')
		return fail(csv, err, "text behind a closing quote; a quote inside is written twice");
	return c == -2 ? -1 : 0;
}

static int read_plain(struct prism_csv *csv, struct prism_error *err)
{
	for (;;) {
		int c = prism_source_peek(&csv->source, err);
		if (c == -2)
			return -1;
		if (c == -1 || c == ',' || c == '\r' || c == '\n')
			return 0;
		if (c == '"')
			return fail(csv, err, "a quote inside a cell that does not begin with one");
		if (take(csv, c, err) < 0)
			return -1;
	}
}

/* 1: another cell follows, 0: the row ends, -1: err. */
static int read_cell(struct prism_csv *csv, struct prism_error *err)
{
	struct prism_place start = prism_source_place(&csv->source);
	int c = prism_source_peek(&csv->source, err);

	if (c == -2)
		return -1;
	if (csv->count == PRISM_CSV_COLUMNS)
		return prism_source_fail(start, err, "more than %d columns", PRISM_CSV_COLUMNS);
	size_t at = csv->text.len;
	if ((c == '"' ? read_quoted(csv, err) : read_plain(csv, err)) < 0)
		return -1;
	if (!prism_utf8_valid(prism_buf_text(&csv->text) + at, csv->text.len - at))
		return prism_source_fail(start, err, "a cell that is not UTF-8");
	prism_buf_putc(&csv->text, '\0');
	csv->lines[csv->count] = start.line;
	csv->at[csv->count++] = at;
	c = prism_source_peek(&csv->source, err);
	if (c == -2)
		return -1;
	if (c == ',') {
		csv->source.pos++;
		return 1;
	}
	return c == -1 ? 0 : pass_break(csv, c, err);
}

static int skip_empty(struct prism_csv *csv, struct prism_error *err)
{
	for (;;) {
		int c = prism_source_peek(&csv->source, err);
		if (c != '\r' && c != '\n')
			return c;
		if (pass_break(csv, c, err) < 0)
			return -2;
	}
}

int prism_csv_next(struct prism_csv *csv, struct prism_csv_row *ret_row, struct prism_error *err)
{
	int more;

	if (!csv->begun && !csv->inside && prism_source_begin(&csv->source, err) < 0)
		return -1;
	csv->begun = true;
	int c = skip_empty(csv, err);
	if (c < 0)
		return c == -2 ? -1 : 0;
	prism_buf_clear(&csv->text);
	csv->count = 0;
	struct prism_place start = prism_source_place(&csv->source);
	do {
		more = read_cell(csv, err);
		if (more < 0)
			return -1;
	} while (more);
	for (size_t i = 0; i < csv->count; i++)
		csv->cells[i] = csv->text.data + csv->at[i];
	*ret_row = (struct prism_csv_row){csv->cells, csv->lines, csv->count, start};
	return 1;
}
