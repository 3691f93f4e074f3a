/*
 * Records: what a command answers, as typed cells, and its three printed forms.
 *
 *   table  columns sized to their content and to the width; for people
 *   json   an array of objects (one object for a single record); for programs
 *   csv    RFC 4180, with a heading line; for spreadsheets
 *
 * In tables, and in CSV on a terminal, every text is neutralised (base/text.h); JSON escapes
 * control characters by itself.  A raw document (a manifest) is printed unchanged as JSON.
 *
 * Memory: cells live in an arena; texts are copied.
 */
#ifndef PRISM_TUI_RECORDS_H
#define PRISM_TUI_RECORDS_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

enum pt_format { PT_FORMAT_TABLE, PT_FORMAT_JSON, PT_FORMAT_CSV, PT_FORMAT_COUNT };
PRISM_MUST_USE
int pt_format_parse(const char *word, enum pt_format *ret, struct prism_error *err);

enum pt_record_flags {
	PT_RECORD_SINGLE = 1 << 0, /* one record: "Title: value" lines, and an object in JSON */
};

struct pt_record_column {
	const char *key;   /* "created_at": JSON and CSV */
	const char *title; /* "Created": tables; NULL: not in tables */
};

struct pt_records;
/* columns are lent and must outlive the records; a column with key NULL ends them. */
struct pt_records *pt_records_create(const struct pt_record_column *columns, unsigned flags);
void pt_records_destroy(struct pt_records *records); /* NULL allowed */

/* Cells are added in the order of the columns; a row begins with its first cell. */
void pt_records_text(struct pt_records *records, const char *text); /* NULL: null */
void pt_records_int(struct pt_records *records, int64_t number);
void pt_records_bool(struct pt_records *records, bool value);
void pt_records_time(struct pt_records *records, int64_t wall_us); /* unset: null, "" */
/* A list: words separated by '\n' ("" gives an empty list). */
void pt_records_list(struct pt_records *records, const char *words);
/* A document instead of rows: printed as it is with json, and with table too. Copied. */
void pt_records_document(struct pt_records *records, const char *json, size_t len);
/* What JSON prints instead of rows or document, for answers whose text and data differ. Copied. */
void pt_records_json(struct pt_records *records, const char *json);
/* The same, made only when it is printed; data outlives the records. */
void pt_records_json_later(struct pt_records *records,
                           void (*make)(void *data, struct prism_buf *out), void *data);

/* Texts that are exactly from become to. */
void pt_records_rename(struct pt_records *records, const char *from, const char *to);

size_t pt_records_rows(const struct pt_records *records);
/* Text of one cell as a table shows it; lent. */
const char *pt_records_cell(const struct pt_records *records, size_t row, size_t column);

struct pt_print {
	enum pt_format format;
	int width;     /* columns of a table; 0: no limit, nothing is cut */
	bool terminal; /* the reader is a terminal: neutralise everywhere */
	bool ascii;    /* no UTF-8 */
	bool headings;
	bool local_time; /* tables: local zone; else RFC 3339 UTC */
	bool lines;      /* JSON: one object a line, for answers that go on */
};
void pt_records_print(const struct pt_records *records, const struct pt_print *print,
                      struct prism_buf *out);

#endif
