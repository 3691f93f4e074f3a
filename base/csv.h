/*
 * Reading CSV row by row: RFC 4180 with comma, quotes doubled inside quotes, line breaks inside
 * quotes, CRLF, LF or CR at the end of a row; UTF-8 (base/source.h).  Empty lines are skipped.
 *
 * Faults name their place: a quote inside a cell that does not begin with one, text behind a
 * closing quote, a quote that is never closed, NUL, bytes that are not UTF-8, a row with more
 * than PRISM_CSV_COLUMNS cells or more than row_max bytes.  After an error nothing more is read.
 *
 * Thread rules: one thread at a time.
 */
#ifndef PRISM_BASE_CSV_H
#define PRISM_BASE_CSV_H

#include "base/source.h"

#define PRISM_CSV_COLUMNS 256 /* a sheet of ten thousand columns is not the table meant here */

struct prism_csv_row {
	const char *const *cells; /* lent until the next row */
	const uint64_t *lines;    /* the line each cell begins in */
	size_t count;
	struct prism_place start;
};

struct prism_csv;
/* offset, line: base/source.h; a reader may begin at any row. */
struct prism_csv *prism_csv_create(prism_source_fn read, void *data, size_t row_max,
                                   uint64_t offset, uint64_t line);
void prism_csv_destroy(struct prism_csv *csv); /* NULL allowed */
/* 1: a row, 0: the end, -1: err. */
PRISM_MUST_USE
int prism_csv_next(struct prism_csv *csv, struct prism_csv_row *ret_row, struct prism_error *err);
struct prism_place prism_csv_here(const struct prism_csv *csv); /* behind the last row */

#endif
