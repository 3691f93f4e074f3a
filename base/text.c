/*
 * Owns UTF-8, column widths, neutralising and folding.  Codecs (hex, base64) and numbers as text
 * are in base/text_codec.c; the width ranges are data in base/text_width.inc.
 */
#include "base/text.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct range {
	uint32_t first, last;
};

#include "base/text_width.inc"

enum { REPLACEMENT = 0xFFFD, DEL = 0x7F };

/* ---- UTF-8 ---- */

/* RFC 3629 section 4: the second byte has a narrower range after some first bytes. */
static int sequence_length(unsigned char first, unsigned char *ret_low, unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xBF;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF) {
		if (first == 0xE0)
			*ret_low = 0xA0;
		if (first == 0xED)
			*ret_high = 0x9F;
		return 3;
	}
	if (first >= 0xF0 && first <= 0xF4) {
		if (first == 0xF0)
			*ret_low = 0x90;
		if (first == 0xF4)
			*ret_high = 0x8F;
		return 4;
	}
	return 0;
}

int32_t prism_utf8_next(const char **pos, const char *end)
{
	const unsigned char *p = (const unsigned char *)*pos;
	unsigned char low, high;

	if (*pos >= end)
		return -1;
	(*pos)++;
	if (*p < 0x80)
		return *p;
	int len = sequence_length(*p, &low, &high);
	if (len == 0 || (const char *)p + len > end || p[1] < low || p[1] > high)
		return REPLACEMENT;
	int32_t cp = *p & (0x7F >> len);
	cp = cp << 6 | (p[1] & 0x3F);
	for (int i = 2; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return REPLACEMENT;
		cp = cp << 6 | (p[i] & 0x3F);
	}
	*pos = (const char *)p + len;
	return cp;
}

size_t prism_utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3F));
	out[0] = (char)((0xF00 >> len & 0xF0) | cp);
	return len;
}

/* True when the bytes at *pos are a real U+FFFD and not a broken sequence. */
static bool real_replacement(const char *start, const char *after)
{
	return after - start == 3;
}

bool prism_utf8_valid(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p < end;) {
		const char *start = p;
		if ((unsigned char)*p < 0x80)
			p++;
		else if (prism_utf8_next(&p, end) == REPLACEMENT && !real_replacement(start, p))
			return false;
	}
	return true;
}

/* ---- what a code point is ---- */

bool prism_text_hostile(uint32_t cp)
{
	if (cp < 0x20 || (cp >= DEL && cp <= 0x9F))
		return true;
	if (cp < 0x61C)
		return false;
	return cp == 0x61C || cp == 0x200E || cp == 0x200F || (cp >= 0x2028 && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB) ||
	       (cp >= 0xE0000 && cp <= 0xE007F);
}

static bool in_ranges(uint32_t cp, const struct range *ranges, size_t count)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (cp > ranges[middle].last)
			low = middle + 1;
		else if (cp < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

/* How prism_text_neutralise() shows a hostile code point. Returns the bytes, all of them one
 * column wide except those of the picture, which is one column of three bytes. */
static size_t show_hostile(uint32_t cp, bool ascii, char out[16])
{
	if (ascii && (cp < 0x20 || cp == DEL)) {
		out[0] = '^';
		out[1] = (char)(cp ^ 0x40);
		return 2;
	}
	if (cp < 0x20 || cp == DEL)
		return prism_utf8_encode(cp == DEL ? 0x2421 : 0x2400 + cp, out);
	return (size_t)snprintf(out, 16, "<U+%04X>", (unsigned)cp);
}

int prism_text_width(uint32_t cp)
{
	if (cp >= 0x20 && cp < DEL)
		return 1;
	if (prism_text_hostile(cp)) {
		char shown[16];
		return cp < 0x20 || cp == DEL ? 1 : (int)show_hostile(cp, false, shown);
	}
	if (cp < 0x300)
		return 1;
	if (in_ranges(cp, zero_width, PRISM_COUNT(zero_width)))
		return 0;
	return in_ranges(cp, double_width, PRISM_COUNT(double_width)) ? 2 : 1;
}

size_t prism_text_columns(const char *text, size_t len)
{
	const char *end = text + len;
	size_t columns = 0;

	for (const char *p = text; p < end;) {
		if (*p >= 0x20 && *p < DEL) {
			columns++;
			p++;
		} else {
			columns += (size_t)prism_text_width((uint32_t)prism_utf8_next(&p, end));
		}
	}
	return columns;
}

/* Punctuation of our own texts, one column each, as a terminal without UTF-8 shows it. */
static char ascii_twin(uint32_t cp)
{
	static const struct {
		uint16_t cp;
		char twin;
	} twins[] = {{0x00b7, '-'},  {0x2010, '-'},  {0x2013, '-'}, {0x2014, '-'},
	             {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
	             {0x2022, '*'},  {0x2026, '~'},  {0x203a, '>'}, {0x2192, '>'}};

	for (size_t i = 0; i < PRISM_COUNT(twins); i++)
		if (twins[i].cp == cp)
			return twins[i].twin;
	return '?';
}

void prism_text_neutralise(struct prism_buf *buf, const char *text, size_t len, bool ascii)
{
	const char *end = text + len;
	char out[16];

	for (const char *p = text; p < end;) {
		const char *start = p;
		while (p < end && *p >= 0x20 && *p < DEL)
			p++;
		if (p > start)
			prism_buf_put(buf, start, (size_t)(p - start));
		if (p == end)
			break;
		uint32_t cp = (uint32_t)prism_utf8_next(&p, end);
		if (prism_text_hostile(cp))
			prism_buf_put(buf, out, show_hostile(cp, ascii, out));
		else if (ascii)
			prism_buf_putc(buf, ascii_twin(cp));
		else
			prism_buf_put(buf, out, prism_utf8_encode(cp, out));
	}
}

/* ---- folding ---- */

uint32_t prism_text_fold(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
	if (cp >= 0xC0 && cp <= 0xDE)
		return cp == 0xD7 ? cp : cp + 32;
	if (cp >= 0x391 && cp <= 0x3AB)
		return cp == 0x3A2 ? cp : cp + 32;
	if (cp == 0x3C2) /* final sigma */
		return 0x3C3;
	if (cp == 0x386)
		return 0x3AC;
	if (cp >= 0x388 && cp <= 0x38A)
		return cp + 37;
	if (cp == 0x38C)
		return 0x3CC;
	if (cp == 0x38E || cp == 0x38F)
		return cp + 63;
	if (cp >= 0x410 && cp <= 0x42F)
		return cp + 32;
	if (cp >= 0x400 && cp <= 0x40F)
		return cp + 80;
	if (cp >= 0x460 && cp <= 0x481)
		return cp | 1;
	return cp;
}

static bool starts_with_folded(const char *text, const char *text_end, const char *needle,
                               const char *needle_end)
{
	while (needle < needle_end) {
		int32_t want = prism_utf8_next(&needle, needle_end);
		int32_t have = prism_utf8_next(&text, text_end);
		if (have < 0 || prism_text_fold((uint32_t)have) != prism_text_fold((uint32_t)want))
			return false;
	}
	return true;
}

bool prism_text_contains(const char *haystack, const char *needle)
{
	const char *end = haystack + strlen(haystack), *needle_end = needle + strlen(needle);

	if (needle == needle_end)
		return true;
	for (const char *p = haystack; p < end; prism_utf8_next(&p, end)) {
		if (starts_with_folded(p, end, needle, needle_end))
			return true;
	}
	return false;
}
