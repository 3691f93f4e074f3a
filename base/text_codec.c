/* Owns hex, base64, and numbers, sizes and durations as text (base/text.h). */
#include "base/text.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int prism_hex_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *ret_len,
                     struct prism_error *err)
{
	if (len % 2 != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "an odd number of hex digits (%zu)",
		                         len);
	if (len / 2 > cap)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %zu bytes of hex", cap);
	for (size_t i = 0; i < len; i++) {
		if (hex_value(text[i]) < 0)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "no hex digit at offset %zu", i);
	}
	for (size_t i = 0; i < len / 2; i++)
		out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	*ret_len = len / 2;
	return 0;
}

void prism_hex_encode(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 15];
	}
	*out = '\0';
}

char *prism_base64_encode(const void *data, size_t len)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	/* One group more for a partial one, and one for the terminating 0. */
	char *text = prism_alloc_array(len / 3 + 2, 4), *out = text;

	for (; len >= 3; len -= 3, p += 3) {
		*out++ = alphabet[p[0] >> 2];
		*out++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = alphabet[p[2] & 63];
	}
	if (len > 0) {
		unsigned second = len > 1 ? p[1] : 0;
		*out++ = alphabet[p[0] >> 2];
		*out++ = alphabet[(p[0] & 3u) << 4 | second >> 4];
		*out++ = len > 1 ? alphabet[(second & 15) << 2] : '=';
		*out++ = '=';
	}
	*out = '\0';
	return text;
}

/* Value of a digit, of both alphabets; BASE64_NONE for anything else. */
#define BASE64_NONE 64
#define N BASE64_NONE
static const uint8_t base64_values[256] = {
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  62, N,  62, N,  63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, N,  N,  N,  N,  N,  N,  N,  0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, N,  N,  N,  N,  63,
    N,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
};
#undef N

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whole groups of four digits from the start of the text; how many bytes of text they are. What
 * they mean goes to out, a few thousand bytes at a time. -1 with err. */
static ptrdiff_t decode_groups(const char *text, size_t len, struct prism_buf *out,
                               struct prism_error *err)
{
	const uint8_t *in = (const uint8_t *)text;
	uint8_t bytes[3072];
	size_t at = 0, made = 0;

	while (len - at >= 4) {
		uint8_t a = base64_values[in[at]], b = base64_values[in[at + 1]],
		        c = base64_values[in[at + 2]], d = base64_values[in[at + 3]];
		if ((a | b | c | d) & BASE64_NONE)
			break;
		bytes[made++] = (uint8_t)(a << 2 | b >> 4);
		bytes[made++] = (uint8_t)(b << 4 | c >> 2);
		bytes[made++] = (uint8_t)(c << 6 | d);
		at += 4;
		if (made == sizeof(bytes)) {
			if (prism_buf_append(out, bytes, made, err) < 0)
				return -1;
			made = 0;
		}
	}
	int added = made ? prism_buf_append(out, bytes, made, err) : 0;
	prism_wipe(bytes, at ? sizeof(bytes) : 0); /* it may be a key */
	return added < 0 ? -1 : (ptrdiff_t)at;
}

int prism_base64_decode(const char *text, size_t len, struct prism_buf *out,
                        struct prism_error *err)
{
	uint32_t bits = 0;
	size_t digits = 0, padding = 0;

	for (size_t i = 0; i < len; i++) {
		if (digits % 4 == 0 && padding == 0) { /* line by line, mostly */
			ptrdiff_t whole = decode_groups(text + i, len - i, out, err);
			if (whole < 0)
				return -1;
			i += (size_t)whole;
			if (i == len)
				break;
		}
		if (is_space(text[i]))
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		uint8_t value = base64_values[(uint8_t)text[i]];
		if (value == BASE64_NONE || padding > 0)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "not base64 at offset %zu", i);
		bits = bits << 6 | value;
		if (++digits % 4 == 0) {
			const uint8_t bytes[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
			if (prism_buf_append(out, bytes, 3, err) < 0)
				return -1;
		}
	}
	size_t rest = digits % 4;
	if (rest == 1 || (padding > 0 && (rest == 0 || rest + padding != 4)))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "base64 text is cut short");
	bits <<= 6 * (4 - rest);
	const uint8_t tail[2] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8)};
	return rest ? prism_buf_append(out, tail, rest - 1, err) : 0;
}

char *prism_text_bytes(uint64_t count, char buf[24])
{
	static const char units[] = "kMGTPE";

	if (count < 1000) {
		snprintf(buf, 24, "%u B", (unsigned)count);
		return buf;
	}
	unsigned unit = 0;
	uint64_t scale = 1000;
	/* Go up while one decimal would round to 1000.0. */
	while (unit < 5 && count >= scale * 1000 - scale / 20) {
		scale *= 1000;
		unit++;
	}
	uint64_t tenth = scale / 10, tenths = count / tenth + (count % tenth >= tenth / 2);
	uint64_t whole = tenths / 10;
	tenths %= 10;
	snprintf(buf, 24, "%u.%u %cB", (unsigned)(whole % 1000), (unsigned)tenths, units[unit]);
	return buf;
}

int prism_text_parse_u64(const char *text, uint64_t max, uint64_t *ret_value,
                         struct prism_error *err)
{
	uint64_t value = 0;

	if (!text || !text[0])
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a number is missing");
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is not a number", text);
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value) || value > max)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "%.40s is more than %llu", text,
			                         (unsigned long long)max);
	}
	*ret_value = value;
	return 0;
}

int prism_text_parse_duration_ms(const char *text, int64_t *ret_ms, struct prism_error *err)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = text ? strspn(text, "0123456789") : 0;
	uint64_t value;

	if (digits > 0 && digits < 20) {
		PRISM_AUTO_FREE char *number = prism_strndup(text, digits);
		for (size_t i = 0; i < PRISM_COUNT(units); i++) {
			if (strcmp(text + digits, units[i].unit) != 0)
				continue;
			if (prism_text_parse_u64(number, (uint64_t)(INT64_MAX / units[i].ms), &value, err) < 0)
				return -1;
			*ret_ms = (int64_t)value * units[i].ms;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is not a duration", text ? text : "");
	prism_error_hint(err, "write a whole number and a unit: 250ms, 3s, 2m or 1h");
	return -1;
}
