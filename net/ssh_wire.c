/*
 * SSH's data types: see ssh_wire.h.
 */
#include "net/ssh_wire.h"

#include "base/mem.h"

#include <string.h>

struct net_ssh_reader net_ssh_reader(const void *data, size_t len)
{
	const uint8_t *at = data;

	return (struct net_ssh_reader){.at = at, .end = len ? at + len : at};
}

static const uint8_t *take(struct net_ssh_reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || (size_t)(r->end - r->at) < len) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return at;
}

uint8_t net_ssh_read_byte(struct net_ssh_reader *r)
{
	const uint8_t *at = take(r, 1);

	return at ? *at : 0;
}

uint32_t net_ssh_read_u32(struct net_ssh_reader *r)
{
	const uint8_t *at = take(r, 4);

	return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3] : 0;
}

struct net_ssh_string net_ssh_read_string(struct net_ssh_reader *r)
{
	uint32_t len = net_ssh_read_u32(r);
	const uint8_t *at = take(r, len);

	return at ? (struct net_ssh_string){at, len} : (struct net_ssh_string){(const uint8_t *)"", 0};
}

bool net_ssh_string_is(struct net_ssh_string s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

char *net_ssh_string_text(struct net_ssh_string s)
{
	return prism_strndup((const char *)s.data, s.len);
}

void net_ssh_put_u32(struct prism_buf *out, uint32_t value)
{
	const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
	                          (uint8_t)value};

	prism_buf_put(out, bytes, sizeof(bytes));
}

void net_ssh_put_string(struct prism_buf *out, const void *data, size_t len)
{
	net_ssh_put_u32(out, (uint32_t)len);
	prism_buf_put(out, data, len);
}

void net_ssh_put_text(struct prism_buf *out, const char *text)
{
	net_ssh_put_string(out, text, strlen(text));
}

void net_ssh_put_mpint(struct prism_buf *out, const uint8_t *data, size_t len)
{
	while (len && !*data)
		data++, len--;
	bool pad = len && (*data & 0x80);

	net_ssh_put_u32(out, (uint32_t)(len + pad));
	if (pad)
		prism_buf_putc(out, 0);
	prism_buf_put(out, data, len);
}
