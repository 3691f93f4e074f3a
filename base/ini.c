/* Owns how a line of a configuration file is taken apart. */
#include "base/ini.h"

#include <stdbool.h>
#include <string.h>

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && is_blank(text[len - 1]))
		text[--len] = '\0';
	while (is_blank(*text))
		text++;
	return text;
}

/* ; begins a comment after a blank only: a value may hold one. */
static void drop_comment(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == ';' && (at == text || is_blank(at[-1]))) {
			*at = '\0';
			return;
		}
}

/* NULL: nothing wrong. section: where the text of the present one stands. */
static const char *take(char *line, const char **section, int number, const struct prism_ini *to)
{
	line = trim(line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return NULL;
	drop_comment(line);
	if (*line == '[') {
		char *end = strchr(line, ']');

		if (!end)
			return "neither a [section] nor name = value";
		*end = '\0';
		*section = trim(line + 1);
		return NULL;
	}
	char *value = strpbrk(line, "=:");
	if (!value)
		return "neither a [section] nor name = value";
	*value++ = '\0';
	to->setting(to->data, number, *section, trim(line), trim(value));
	return NULL;
}

void prism_ini_read(char *text, size_t len, const struct prism_ini *to)
{
	const char *section = "";
	int number = 0;

	if (len == 0)
		return;
	char *end = text + len;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* byte order mark */
		text += 3;
	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		char *stop = newline ? newline : end;
		const char *why = NULL;

		number++;
		if (stop - text > PRISM_INI_LINE)
			why = "line is longer than " TEXT_OF(PRISM_INI_LINE) " bytes";
		else if (memchr(text, '\0', (size_t)(stop - text)))
			why = "holds a byte 0: not a text file";
		if (!why) {
			*stop = '\0'; /* text[len] is writable: see the header */
			why = take(text, &section, number, to);
		}
		if (why)
			to->fault(to->data, number, why);
		text = stop + 1;
	}
}
