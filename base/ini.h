/*
 * Configuration text: `[section]`, `name = value` (or `name: value`), one of them a line; comments
 * begin with # or ; at the start of a line, or with ; after a blank.  Blanks around names and
 * values do not count, nor does the indentation of a line.
 *
 * A fault costs only its own line.  Pure; any thread.
 */
#ifndef PRISM_BASE_INI_H
#define PRISM_BASE_INI_H

#include <stddef.h>

#define PRISM_INI_LINE 16384 /* bytes of a line, for tokens of some kB; a longer one is a fault */

struct prism_ini {
	/* Texts are lent for the call. section is "" before the first one. */
	void (*setting)(void *data, int line, const char *section, const char *name, const char *value);
	void (*fault)(void *data, int line, const char *why);
	void *data;
};

/* Reads it all; text is taken apart in place, and text[len] must be writable. */
void prism_ini_read(char *text, size_t len, const struct prism_ini *to);

#endif
