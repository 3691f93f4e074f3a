/*
 * Owns the window of bytes between a read function and a reader, and the counting of lines.
 */
#include "base/source.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void prism_source_init(struct prism_source *source, prism_source_fn read, void *data,
                       uint64_t offset, uint64_t line)
{
	*source = (struct prism_source){.read = read,
	                                .data = data,
	                                .buf = prism_alloc(PRISM_SOURCE_STEP),
	                                .base = offset,
	                                .line = line,
	                                .line_start = offset};
}

void prism_source_finish(struct prism_source *source)
{
	if (source->buf)
		prism_wipe(source->buf, PRISM_SOURCE_STEP); /* exports hold private keys */
	prism_free(source->buf);
	source->buf = NULL;
}

int prism_source_fill(struct prism_source *source, struct prism_error *err)
{
	size_t kept = source->len - source->pos;

	if (source->ended || kept == PRISM_SOURCE_STEP)
		return kept > 0;
	memmove(source->buf, source->buf + source->pos, kept);
	source->base += source->pos;
	source->pos = 0;
	source->len = kept;
	ssize_t got = source->read(source->data, source->buf + kept, PRISM_SOURCE_STEP - kept, err);
	if (got < 0)
		return -1;
	source->ended = got == 0;
	source->len += (size_t)got;
	return got > 0;
}

static bool starts(const struct prism_source *source, const char *bytes, size_t size)
{
	return source->len >= size && memcmp(source->buf, bytes, size) == 0;
}

int prism_source_begin(struct prism_source *source, struct prism_error *err)
{
	while (source->len < 4) {
		int more = prism_source_fill(source, err);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	if (starts(source, "\xef\xbb\xbf", 3)) {
		source->pos = 3;
		return 0;
	}
	if (starts(source, "\xff\xfe", 2) || starts(source, "\xfe\xff", 2) ||
	    starts(source, "\0\0\xfe\xff", 4) || starts(source, "\0", 1) ||
	    (source->len > 1 && source->buf[1] == '\0')) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "line 1, column 1: the text is not UTF-8 (UTF-16 or UTF-32)");
		prism_error_hint(err, "save it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE");
		return -1;
	}
	return 0;
}

int prism_source_peek(struct prism_source *source, struct prism_error *err)
{
	if (source->pos == source->len) {
		int more = prism_source_fill(source, err);
		if (more <= 0)
			return more < 0 ? -2 : -1;
	}
	return (unsigned char)source->buf[source->pos];
}

void prism_source_newline(struct prism_source *source)
{
	source->line++;
	source->line_start = source->base + source->pos;
}

struct prism_place prism_source_place(const struct prism_source *source)
{
	uint64_t at = source->base + source->pos;

	return (struct prism_place){at, source->line, at - source->line_start + 1};
}

int prism_source_fail(struct prism_place place, struct prism_error *err, const char *fmt, ...)
{
	char text[PRISM_ERROR_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return prism_error_raise(err, PRISM_ERROR_INVALID, "line %" PRIu64 ", column %" PRIu64 ": %s",
	                         place.line, place.column, text);
}

ssize_t prism_source_memory(void *data, char *buf, size_t size, struct prism_error *err)
{
	struct prism_source_memory *memory = data;
	size_t left = memory->size - memory->at;

	PRISM_UNUSED(err);
	size = size < left ? size : left;
	if (memory->step && size > memory->step)
		size = memory->step;
	if (size)
		memcpy(buf, memory->bytes + memory->at, size);
	memory->at += size;
	return (ssize_t)size;
}
