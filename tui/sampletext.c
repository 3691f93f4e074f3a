/* Samples as lines; see sampletext.h. */
#include "tui/sampletext.h"

#include "base/csv.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ROW_MAX (1u << 20) /* bytes of one CSV row; longer ones are no table */

/* ---- CSV ---- */

struct table {
	char ***rows; /* rows[r][c], c < counts[r] */
	size_t *counts;
	size_t count, room;
	size_t widths[PRISM_CSV_COLUMNS];
};

static void table_free(struct table *t)
{
	for (size_t r = 0; r < t->count; r++) {
		for (size_t c = 0; c < t->counts[r]; c++)
			prism_free(t->rows[r][c]);
		prism_free(t->rows[r]);
	}
	prism_free(t->rows);
	prism_free(t->counts);
}

/* A cell on one line, its line ends as blanks, in at most PT_SAMPLE_COLUMN columns. */
static char *cell_text(const char *cell, bool ascii)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(ROW_MAX + 16);
	const char *pos = cell, *end = cell + strlen(cell);
	size_t columns = 0;

	while (pos < end) {
		const char *from = pos;
		int32_t cp = prism_utf8_next(&pos, end);
		size_t width =
		    prism_text_hostile((uint32_t)cp) ? 1 : (size_t)prism_text_width((uint32_t)cp);

		if (columns + width > PT_SAMPLE_COLUMN - 1 && pos < end) {
			prism_buf_puts(&out, ascii ? "~" : "…");
			break;
		}
		columns += width;
		if (cp == '\n' || cp == '\r' || cp == '\t')
			prism_buf_putc(&out, ' ');
		else
			prism_buf_put(&out, from, (size_t)(pos - from));
	}
	return prism_strdup(prism_buf_text(&out));
}

static size_t columns_of(const char *text)
{
	return prism_text_columns(text, strlen(text));
}

static void take_row(struct table *t, const struct prism_csv_row *row, bool ascii)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->rows = prism_realloc_array(t->rows, t->room, sizeof(*t->rows));
		t->counts = prism_realloc_array(t->counts, t->room, sizeof(*t->counts));
	}
	t->rows[t->count] = prism_alloc_array(row->count + 1, sizeof(char *));
	t->counts[t->count] = row->count;
	for (size_t c = 0; c < row->count; c++) {
		char *text = cell_text(row->cells[c], ascii);

		t->rows[t->count][c] = text;
		if (columns_of(text) > t->widths[c])
			t->widths[c] = columns_of(text);
	}
	t->count++;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "+-.0123456789eE") == strlen(text);
}

static void put_row(const struct table *t, size_t r, struct prism_buf *out)
{
	for (size_t c = 0; c < t->counts[r]; c++) {
		const char *text = t->rows[r][c];
		size_t pad = t->widths[c] - columns_of(text);
		bool right = is_number(text), last = c + 1 == t->counts[r];

		prism_buf_printf(out, "%s%*s%s%*s", c ? "  " : "", right ? (int)pad : 0, "", text,
		                 right || last ? 0 : (int)pad, "");
	}
	prism_buf_putc(out, '\n');
}

static void csv_text(const struct core_sample *sample, bool ascii, struct prism_buf *out)
{
	struct prism_source_memory memory = {.bytes = sample->bytes, .size = sample->size};
	struct prism_csv *csv = prism_csv_create(prism_source_memory, &memory, ROW_MAX, 0, 1);
	struct prism_error err = PRISM_ERROR_INIT;
	struct prism_csv_row row;
	struct table table = {0};
	int more = 0;

	while (table.count < PT_SAMPLE_ROWS && (more = prism_csv_next(csv, &row, &err)) == 1)
		take_row(&table, &row, ascii);
	for (size_t r = 0; r < table.count; r++)
		put_row(&table, r, out);
	if (more < 0)
		prism_buf_printf(out, "not read further: %s\n", err.message);
	else if (more == 1)
		prism_buf_printf(out, "only the first %d rows are shown\n", PT_SAMPLE_ROWS);
	table_free(&table);
	prism_csv_destroy(csv);
}

/* ---- text ---- */

static void plain_text(const struct core_sample *sample, struct prism_buf *out)
{
	const char *at = sample->bytes, *end = at + sample->size;
	size_t rows = 0;

	for (; at < end && rows < PT_SAMPLE_ROWS; rows++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		size_t len = (size_t)(stop - at);

		if (len && at[len - 1] == '\r')
			len--;
		for (size_t i = 0; i < len; i++)
			prism_buf_puts(out, at[i] == '\t' ? "    " : (char[]){at[i], '\0'});
		prism_buf_putc(out, '\n');
		at = newline ? newline + 1 : end;
	}
	if (at < end)
		prism_buf_printf(out, "only the first %d lines are shown\n", PT_SAMPLE_ROWS);
}

void pt_sample_text(const struct core_sample *sample, bool ascii, struct prism_buf *out)
{
	char size[24];

	switch (sample->kind) {
	case CORE_SAMPLE_CSV:
		csv_text(sample, ascii, out);
		break;
	case CORE_SAMPLE_TEXT:
		plain_text(sample, out);
		break;
	case CORE_SAMPLE_BINARY:
		prism_buf_printf(out, "%s that are no text; saving them is possible\n",
		                 prism_text_bytes(sample->size, size));
		break;
	default:
		prism_buf_puts(out, "this asset has no sample\n");
	}
}
