/*
 * Owns the life of an error value: raise, wrap, format, and the words and exit codes of the
 * categories.  Translating other libraries' codes belongs to the files that call them.
 *
 * Every text is formatted into a local buffer first, because an argument may point into the
 * very error that is being filled.
 */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	int exit_code;
} categories[] = {
#define X(id, text, code) [PRISM_ERROR_##id] = {text, code},
    PRISM_ERROR_MAP(X)
#undef X
};
_Static_assert(sizeof(categories) / sizeof(categories[0]) == PRISM_ERROR_COUNT,
               "one row per category");

/* Copies as much of src as fits, never cutting a UTF-8 sequence in two. */
static void copy_text(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)src[len] & 0xC0) == 0x80)
			len--;
	}
	memmove(dst, src, len);
	dst[len] = '\0';
}

/* One line: a line break in a peer's text would tear the message apart. */
static void join_lines(char *text)
{
	for (; *text; text++) {
		if (*text == '\n' || *text == '\r')
			*text = ' ';
	}
}

static void format_text(char *dst, size_t size, const char *fmt, va_list args)
{
	char text[2 * PRISM_ERROR_TEXT];

	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	/* vsnprintf may have cut inside a character at the very end of its own buffer. */
	copy_text(dst, size < sizeof(text) - 4 ? size : sizeof(text) - 4, text);
	join_lines(dst);
}

static int fill(struct prism_error *err, enum prism_error_category cat, const char *file, int line,
                const char *message)
{
	if (!err)
		return -1;
	char kept[PRISM_ERROR_TEXT];
	copy_text(kept, sizeof(kept), message);
	*err = (struct prism_error){.category = cat};
	copy_text(err->message, sizeof(err->message), kept);
	snprintf(err->origin, sizeof(err->origin), "%s:%d", file, line);
	return -1;
}

int prism_error_set(struct prism_error *err, enum prism_error_category cat, const char *file,
                    int line, const char *fmt, ...)
{
	char message[PRISM_ERROR_TEXT];
	va_list args;

	va_start(args, fmt);
	format_text(message, sizeof(message), fmt, args);
	va_end(args);
	return fill(err, cat, file, line, message);
}

static enum prism_error_category category_of_errno(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
	case EROFS:
		return PRISM_ERROR_DENIED;
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return PRISM_ERROR_MISSING;
	case EEXIST:
	case ENOTEMPTY:
	case EISDIR:
	case EBUSY:
	case EADDRINUSE:
		return PRISM_ERROR_CONFLICT;
	case EINVAL:
	case ENAMETOOLONG:
	case ELOOP:
		return PRISM_ERROR_INVALID;
	case ETIMEDOUT:
		return PRISM_ERROR_TIMEOUT;
	case EFBIG:
	case EOVERFLOW:
		return PRISM_ERROR_LIMIT;
	case ECANCELED:
		return PRISM_ERROR_CANCELLED;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return PRISM_ERROR_INTERNAL;
	default:
		return PRISM_ERROR_IO;
	}
}

static const char *hint_of_errno(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return "Check the permissions of the file and of its directories.";
	case EROFS:
		return "The file system is read-only; choose another place.";
	case ENOENT:
	case ENOTDIR:
		return "Check the spelling of the path.";
	case ENOSPC:
	case EDQUOT:
		return "Free some disk space, or choose another place.";
	case EMFILE:
	case ENFILE:
		return "Too many open files; raise the limit with ulimit -n.";
	case ECONNREFUSED:
		return "Check the address and that the server is running.";
	default:
		return "";
	}
}

int prism_error_set_errno(struct prism_error *err, int errnum, const char *file, int line,
                          const char *fmt, ...)
{
	char what[PRISM_ERROR_TEXT], message[PRISM_ERROR_TEXT + 160], reason[128] = "";
	va_list args;

	va_start(args, fmt);
	format_text(what, sizeof(what), fmt, args);
	va_end(args);
	if (strerror_r(errnum, reason, sizeof(reason)) != 0)
		snprintf(reason, sizeof(reason), "error %d", errnum);
	snprintf(message, sizeof(message), "%s: %s", what, reason);
	fill(err, category_of_errno(errnum), file, line, message);
	prism_error_hint(err, "%s", hint_of_errno(errnum));
	return -1;
}

int(prism_error_wrap)(struct prism_error *err, const char *fmt, ...)
{
	char message[PRISM_ERROR_TEXT];
	va_list args;

	if (!err)
		return -1;
	va_start(args, fmt);
	format_text(message, sizeof(message), fmt, args);
	va_end(args);

	/* A full chain loses the cause before the innermost one, which tells the most. */
	unsigned keep = err->causes < PRISM_ERROR_CHAIN ? err->causes : PRISM_ERROR_CHAIN - 2;
	memmove(err->cause[1], err->cause[0], keep * sizeof(err->cause[0]));
	if (err->causes < PRISM_ERROR_CHAIN)
		err->causes++;
	copy_text(err->cause[0], sizeof(err->cause[0]), err->message);
	copy_text(err->message, sizeof(err->message), message);
	return -1;
}

void prism_error_hint(struct prism_error *err, const char *fmt, ...)
{
	char hint[PRISM_ERROR_TEXT];
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	format_text(hint, sizeof(hint), fmt, args);
	va_end(args);
	copy_text(err->hint, sizeof(err->hint), hint);
}

void prism_error_clear(struct prism_error *err)
{
	if (err)
		*err = (struct prism_error)PRISM_ERROR_INIT;
}

void prism_error_copy(struct prism_error *dst, const struct prism_error *src)
{
	if (!dst || dst == src)
		return;
	if (src)
		*dst = *src;
	else
		prism_error_clear(dst);
}

const char *prism_error_word(enum prism_error_category cat)
{
	return (unsigned)cat < PRISM_ERROR_COUNT ? categories[cat].word : "unknown";
}

int prism_error_exit_code(enum prism_error_category cat)
{
	return (unsigned)cat < PRISM_ERROR_COUNT ? categories[cat].exit_code : 1;
}

char *prism_error_format(const struct prism_error *err, char *buf, size_t size)
{
	char text[64 + PRISM_ERROR_TEXT + PRISM_ERROR_CHAIN * 202 + 8];
	size_t len = 0;

	if (size == 0)
		return buf;
	buf[0] = '\0';
	if (!err)
		return buf;
	if (err->operation[0])
		len += (size_t)snprintf(text, sizeof(text), "%s: ", err->operation);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", err->message);
	for (unsigned i = 0; i < err->causes && i < PRISM_ERROR_CHAIN; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ": %s", err->cause[i]);
	copy_text(buf, size, text);
	return buf;
}
