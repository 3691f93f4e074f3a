/* What the bytes since pty_mark() hold. */
#include "tests/lib/pty.h"

#include <stdlib.h>
#include <string.h>

bool pty_raw_has(const struct pty *p, const char *bytes)
{
	size_t size = strlen(bytes), len;
	const char *raw = pty_raw(p, &len);

	for (size_t i = 0; i + size <= len; i++) {
		if (memcmp(raw + i, bytes, size) == 0)
			return true;
	}
	return false;
}

/* Does this list of numbers, of one SGR, name a colour? */
static bool names_colour(const char *at, const char *end)
{
	while (at < end) {
		char *next;
		long code = strtol(at, &next, 10);

		if ((code >= 30 && code <= 38) || (code >= 40 && code <= 48) || (code >= 90 && code <= 107))
			return true;
		at = next + 1;
	}
	return false;
}

bool pty_raw_colour(const struct pty *p)
{
	size_t len;
	const char *raw = pty_raw(p, &len);

	for (size_t i = 0; i + 2 < len; i++) {
		size_t end = i + 2;

		if (raw[i] != '\033' || raw[i + 1] != '[')
			continue;
		while (end < len && strchr("0123456789;:", raw[end]) && raw[end])
			end++;
		if (end < len && raw[end] == 'm' && names_colour(raw + i + 2, raw + end))
			return true;
	}
	return false;
}
