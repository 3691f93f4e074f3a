/*
 * Text from elsewhere: decoding UTF-8 without trust, column widths, and making
 * control characters harmless.
 *
 * "Hostile" code points, which never reach a terminal as themselves: C0 (U+0000 to
 * U+001F), DEL, C1 (U+0080 to U+009F), bidirectional controls (U+061C, U+200E,
 * U+200F, U+202A to U+202E, U+2066 to U+2069), line and paragraph separators
 * (U+2028, U+2029), the BOM/ZWNBSP U+FEFF, interlinear annotation U+FFF9 to U+FFFB,
 * and tag characters U+E0000 to U+E007F.  Invalid UTF-8 counts as U+FFFD, a byte at a time.
 */
#ifndef PRISM_BASE_TEXT_H
#define PRISM_BASE_TEXT_H

#include "base/buf.h"

#include <stdint.h>

/* One code point from [*pos, end). Advances *pos by at least one byte. Invalid input (overlong,
 * surrogate, above U+10FFFF, truncated): 0xFFFD. At the end: -1. */
int32_t prism_utf8_next(const char **pos, const char *end);
size_t prism_utf8_encode(uint32_t cp, char out[4]); /* returns 1 to 4 */
bool prism_utf8_valid(const char *text, size_t len);

bool prism_text_hostile(uint32_t cp);
/* Columns of one code point: 0 (combining), 1, 2. Hostile ones count as what they are shown as.
 * A table of our own generation, not the C library's, so that every machine agrees.
 * Source: Unicode EastAsianWidth W/F, Mn/Me/Cf, Emoji_Presentation. */
int prism_text_width(uint32_t cp);
size_t prism_text_columns(const char *text, size_t len);

/* Appends text with hostile code points made visible: C0 as U+2400 pictures ("␛"), the rest as
 * "<U+202E>"; with ascii set, everything outside printable ASCII becomes '?' or "^[" forms,
 * and a little punctuation its ASCII twin.
 * Newline and tab are hostile here too; split lines before. */
void prism_text_neutralise(struct prism_buf *buf, const char *text, size_t len, bool ascii);

/* Case folding for search: simple lower case of ASCII, Latin-1, Greek and Cyrillic. */
uint32_t prism_text_fold(uint32_t cp);
bool prism_text_contains(const char *haystack, const char *needle); /* case-insensitive */

/* RFC 4648. */
PRISM_MUST_USE
int prism_hex_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *ret_len,
                     struct prism_error *err);
void prism_hex_encode(const uint8_t *data, size_t len, char *out /* 2*len+1 */);
char *prism_base64_encode(const void *data, size_t len); /* yours to free */
PRISM_MUST_USE
int prism_base64_decode(const char *text, size_t len, struct prism_buf *out,
                        struct prism_error *err); /* standard and URL alphabets,
                                                     padding optional, white space skipped;
                                                     appends; out is not meaningful after
                                                     a failure */
/* "512 B", "1.5 kB", "2.0 GB" (powers of 1000) */
char *prism_text_bytes(uint64_t count, char buf[24]);
PRISM_MUST_USE
int prism_text_parse_u64(const char *text, uint64_t max, uint64_t *ret_value,
                         struct prism_error *err); /* decimal, whole string */
PRISM_MUST_USE
int prism_text_parse_duration_ms(const char *text, int64_t *ret_ms,
                                 struct prism_error *err); /* "250ms", "3s", "2m", "1h" */
#endif
