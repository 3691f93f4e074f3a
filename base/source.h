/*
 * Bytes of a file read piece by piece, with the place they stand at: what the JSON and the CSV
 * reader (base/jsonread.h, base/csv.h) have in common.
 *
 * Text is UTF-8.  A byte order mark is skipped; UTF-16 and UTF-32, which spreadsheets and old
 * Windows programs write, are told apart by their first bytes and refused with the remedy.
 *
 * Thread rules: one thread at a time; the read function may block, so this belongs on a worker.
 */
#ifndef PRISM_BASE_SOURCE_H
#define PRISM_BASE_SOURCE_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

#define PRISM_SOURCE_STEP 65536 /* bytes asked for at a time */

/* Bytes read, 0 at the end, -1 with err. */
typedef ssize_t (*prism_source_fn)(void *data, char *buf, size_t size, struct prism_error *err);

struct prism_place {
	uint64_t offset; /* bytes before it */
	uint64_t line;   /* from 1 */
	uint64_t column; /* from 1, in bytes */
};

struct prism_source { /* the fields are for the two readers */
	prism_source_fn read;
	void *data;
	char *buf;
	size_t pos, len;
	uint64_t base; /* offset of buf[0] */
	uint64_t line, line_start;
	bool ended;
};

/* offset and line: where the first byte that read() gives stands; 0 and 1 for a whole file. */
void prism_source_init(struct prism_source *source, prism_source_fn read, void *data,
                       uint64_t offset, uint64_t line);
void prism_source_finish(struct prism_source *source);
/* More bytes behind pos. 1: there are some, 0: the end, -1: err. Bytes before pos are dropped. */
PRISM_MUST_USE
int prism_source_fill(struct prism_source *source, struct prism_error *err);
/* Skips a byte order mark, refuses other encodings. Once, before anything is read. */
PRISM_MUST_USE
int prism_source_begin(struct prism_source *source, struct prism_error *err);
/* The next byte, -1 at the end, -2 with err. Does not move. */
int prism_source_peek(struct prism_source *source, struct prism_error *err);
/* A line break was passed: pos stands behind it. */
void prism_source_newline(struct prism_source *source);
struct prism_place prism_source_place(const struct prism_source *source);

/* Raises "line 3, column 7: ..." with category invalid. */
int prism_source_fail(struct prism_place place, struct prism_error *err, const char *fmt, ...)
    PRISM_PRINTF(3, 4);

/* A read function over memory; data is one of these. */
struct prism_source_memory {
	const char *bytes;
	size_t size, at;
	size_t step; /* at most so many a call; 0: all */
};
ssize_t prism_source_memory(void *data, char *buf, size_t size, struct prism_error *err);

#endif
