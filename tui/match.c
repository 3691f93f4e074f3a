/* Case-insensitive matching for filters, searches and highlights. */
#include "tui/match.h"

#include "base/mem.h"
#include "base/text.h"

#define PAINT_MAX                                                                   \
	64 /* occurrences shown in one line: a hostile line of one letter costs no more \
	    */

/* End of needle at text[at], or 0 when it does not stand there. */
static size_t match_at(const char *text, size_t len, size_t at, const char *needle)
{
	const char *pos = text + at, *end = text + len, *want = needle;
	const char *want_end = needle + strlen(needle);

	while (want < want_end) {
		int32_t a, b;

		if (pos >= end)
			return 0;
		a = prism_utf8_next(&pos, end);
		b = prism_utf8_next(&want, want_end);
		if (a != b && prism_text_fold((uint32_t)a) != prism_text_fold((uint32_t)b))
			return 0;
	}
	return (size_t)(pos - text);
}

static bool is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The common case, byte by byte: no character outside ASCII folds to one inside. */
static bool find_ascii(const char *text, size_t len, const char *needle, size_t from,
                       size_t *ret_start, size_t *ret_end)
{
	size_t size = strlen(needle);
	unsigned char first = lower(needle[0]);

	for (size_t at = from; at + size <= len; at++) {
		size_t i = 1;

		if (lower(text[at]) != first)
			continue;
		while (i < size && lower(text[at + i]) == lower(needle[i]))
			i++;
		if (i == size) {
			*ret_start = at;
			*ret_end = at + size;
			return true;
		}
	}
	return false;
}

bool pt_match_find(const char *text, size_t len, const char *needle, size_t from, size_t *ret_start,
                   size_t *ret_end)
{
	if (!*needle)
		return false;
	if (is_ascii(needle))
		return find_ascii(text, len, needle, from, ret_start, ret_end);
	for (size_t at = from; at < len; at++) {
		size_t end;

		if (((unsigned char)text[at] & 0xc0) == 0x80)
			continue;
		end = match_at(text, len, at, needle);
		if (end) {
			*ret_start = at;
			*ret_end = end;
			return true;
		}
	}
	return false;
}

bool pt_match_words(const char *text, size_t len, const char *words)
{
	while (*words) {
		char word[128];
		size_t size = strcspn(words, " "), start, end;

		snprintf(word, sizeof(word), "%.*s", (int)(size < 127 ? size : 127), words);
		if (size && !pt_match_find(text, len, word, 0, &start, &end))
			return false;
		words += size;
		words += strspn(words, " ");
	}
	return true;
}

void pt_match_paint(struct pt_canvas *canvas, int x, int y, int width, int skip, const char *text,
                    size_t len, const char *needle, unsigned look)
{
	size_t from = 0, start, end;

	for (int i = 0; i < PAINT_MAX && pt_match_find(text, len, needle, from, &start, &end); i++) {
		int first = (int)prism_text_columns(text, start) - skip;
		int count = (int)prism_text_columns(text + start, end - start);

		if (first >= width)
			break;
		if (first < 0) {
			count += first;
			first = 0;
		}
		if (first + count > width)
			count = width - first;
		if (count > 0)
			pt_canvas_add_looks(canvas, (struct pt_rect){x + first, y, count, 1}, look);
		from = end;
	}
}
