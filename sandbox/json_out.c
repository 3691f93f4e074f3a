/* Owns the shape of what the sandbox writes as JSON; knows no field. */
#include "sandbox/json_out.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>

void sb_json_init(struct sb_json *j)
{
	*j = (struct sb_json){0};
	prism_buf_init(&j->buf, SB_JSON_CAP);
}

void sb_json_finish(struct sb_json *j)
{
	prism_buf_finish(&j->buf);
}

static void put_string(struct prism_buf *buf, const char *text, size_t len)
{
	static const char *const plain = "\"\\<>&";
	const char *pos = text, *end = text + len;
	prism_buf_putc(buf, '"');
	while (pos < end) {
		const char *from = pos;
		while (pos < end && (unsigned char)*pos >= 0x20 && (unsigned char)*pos < 0x7f &&
		       !strchr(plain, *pos))
			pos++;
		prism_buf_put(buf, from, (size_t)(pos - from));
		if (pos == end)
			break;
		uint32_t cp = (uint32_t)prism_utf8_next(&pos, end);
		char utf8[4];
		if (cp == '"' || cp == '\\')
			prism_buf_printf(buf, "\\%c", (char)cp);
		else if (cp == '\n' || cp == '\r' || cp == '\t')
			prism_buf_puts(buf, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : "\\t");
		else if (cp < 0x20 || cp == '<' || cp == '>' || cp == '&' || cp == 0x2028 || cp == 0x2029)
			prism_buf_printf(buf, "\\u%04x", (unsigned)cp);
		else
			prism_buf_put(buf, utf8, prism_utf8_encode(cp, utf8));
	}
	prism_buf_putc(buf, '"');
}

static void put_key(struct sb_json *j, const char *key)
{
	uint32_t bit = 1u << j->depth;
	if (j->filled & bit)
		prism_buf_putc(&j->buf, ',');
	j->filled |= bit;
	if (!key)
		return;
	put_string(&j->buf, key, strlen(key));
	prism_buf_putc(&j->buf, ':');
}

static void open_level(struct sb_json *j, const char *key, bool array)
{
	put_key(j, key);
	prism_buf_putc(&j->buf, array ? '[' : '{');
	j->depth++;
	assert(j->depth < 32);
	uint32_t bit = 1u << j->depth;
	j->filled &= ~bit;
	j->arrays = array ? j->arrays | bit : j->arrays & ~bit;
}

void sb_json_object(struct sb_json *j, const char *key)
{
	open_level(j, key, false);
}

void sb_json_array(struct sb_json *j, const char *key)
{
	open_level(j, key, true);
}

void sb_json_end(struct sb_json *j)
{
	assert(j->depth > 0);
	prism_buf_putc(&j->buf, j->arrays & (1u << j->depth) ? ']' : '}');
	j->depth--;
}

void sb_json_strn(struct sb_json *j, const char *key, const char *value, size_t len)
{
	put_key(j, key);
	put_string(&j->buf, value, len);
}

void sb_json_str(struct sb_json *j, const char *key, const char *value)
{
	sb_json_strn(j, key, value ? value : "", value ? strlen(value) : 0);
}

void sb_json_int(struct sb_json *j, const char *key, int64_t value)
{
	put_key(j, key);
	prism_buf_printf(&j->buf, "%lld", (long long)value);
}

void sb_json_bool(struct sb_json *j, const char *key, bool value)
{
	put_key(j, key);
	prism_buf_puts(&j->buf, value ? "true" : "false");
}

void sb_json_null(struct sb_json *j, const char *key)
{
	put_key(j, key);
	prism_buf_puts(&j->buf, "null");
}

void sb_json_time(struct sb_json *j, const char *key, int64_t us)
{
	char text[PRISM_TIME_TEXT];
	sb_json_str(j, key,
	            prism_time_format(us, us == PRISM_TIME_UNSET || us % 1000000 == 0 ? 0 : 6, text));
}

void sb_json_raw(struct sb_json *j, const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	put_key(j, key);
	prism_buf_puts(&j->buf, value);
}
