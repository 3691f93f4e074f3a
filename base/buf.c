/* Owns the capped byte buffer; see base/buf.h for its invariants. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

void prism_buf_init(struct prism_buf *buf, size_t cap)
{
	*buf = (struct prism_buf)PRISM_BUF_INIT(cap);
}

void prism_buf_finish(struct prism_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	prism_buf_init(buf, buf->cap);
}

void prism_buf_clear(struct prism_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void prism_buf_wipe(struct prism_buf *buf)
{
	if (!buf)
		return;
	prism_wipe(buf->data, buf->alloc);
	prism_buf_finish(buf);
}

int prism_buf_reserve(struct prism_buf *buf, size_t more, struct prism_error *err)
{
	if (buf->len > buf->cap || more > buf->cap - buf->len)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %zu bytes", buf->cap);
	size_t need = buf->len + more;
	if (need == SIZE_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more bytes than memory can hold");
	need++; /* the terminating 0 */
	if (need <= buf->alloc)
		return 0;
	size_t alloc = buf->alloc > SIZE_MAX / 2 ? need : buf->alloc * 2;
	if (buf->cap < SIZE_MAX && alloc > buf->cap + 1)
		alloc = buf->cap + 1;
	if (alloc < 64 && buf->cap >= 64)
		alloc = 64;
	if (alloc < need)
		alloc = need;
	char *data = realloc(buf->data, alloc);
	if (!data)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "out of memory (%zu bytes)", alloc);
	if (!buf->data)
		data[0] = '\0';
	buf->data = data;
	buf->alloc = alloc;
	return 0;
}

int prism_buf_append(struct prism_buf *buf, const void *data, size_t size, struct prism_error *err)
{
	if (prism_buf_reserve(buf, size, err) < 0)
		return -1;
	if (size)
		memcpy(buf->data + buf->len, data, size);
	buf->len += size;
	buf->data[buf->len] = '\0';
	return 0;
}

void prism_buf_consume(struct prism_buf *buf, size_t count)
{
	if (count == 0)
		return;
	if (count >= buf->len) {
		prism_buf_clear(buf);
		return;
	}
	buf->len -= count;
	memmove(buf->data, buf->data + count, buf->len + 1);
}

char *prism_buf_take(struct prism_buf *buf, size_t *ret_len)
{
	char *data = buf->data ? buf->data : prism_alloc(1);

	if (ret_len)
		*ret_len = buf->len;
	prism_buf_init(buf, buf->cap);
	return data;
}

static _Noreturn void overflow(const struct prism_buf *buf)
{
	fprintf(stderr, "prism: a buffer of our own making passed %zu bytes\n", buf->cap);
	abort();
}

void prism_buf_puts(struct prism_buf *buf, const char *text)
{
	prism_buf_put(buf, text, strlen(text));
}

void prism_buf_put(struct prism_buf *buf, const void *data, size_t size)
{
	if (prism_buf_append(buf, data, size, NULL) < 0)
		overflow(buf);
}

void prism_buf_putc(struct prism_buf *buf, char c)
{
	prism_buf_put(buf, &c, 1);
}

void prism_buf_printf(struct prism_buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int need = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (need < 0 || prism_buf_reserve(buf, (size_t)need, NULL) < 0)
		overflow(buf);
	va_start(args, fmt);
	vsnprintf(buf->data + buf->len, (size_t)need + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)need;
}

const char *prism_buf_text(const struct prism_buf *buf)
{
	return buf->data ? buf->data : "";
}
