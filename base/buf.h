/*
 * prism_buf: a growing byte buffer with a cap.  Everything whose size a peer
 * decides goes through one of these; the cap is stated at init, and hitting it
 * fails with category limit.
 *
 * Invariants: data[len] is always 0 after the first append, so text buffers are
 * C strings.  A failed append leaves the contents unchanged.
 */
#ifndef PRISM_BASE_BUF_H
#define PRISM_BASE_BUF_H

#include "base/error.h"

#include <stdint.h>

struct prism_buf {
	char *data;   /* owned; NULL until the first append */
	size_t len;   /* bytes used, without the terminating 0 */
	size_t alloc; /* bytes allocated */
	size_t cap;   /* most bytes it may hold */
};

#define PRISM_BUF_INIT(limit) \
	{                         \
		.cap = (limit)        \
	}
#define PRISM_AUTO_BUF __attribute__((cleanup(prism_buf_finish)))

void prism_buf_init(struct prism_buf *buf, size_t cap);
void prism_buf_finish(struct prism_buf *buf); /* frees; usable again afterwards */
void prism_buf_clear(struct prism_buf *buf);  /* len = 0, keeps the memory */
void prism_buf_wipe(struct prism_buf *buf);   /* overwrites, then finish */
PRISM_MUST_USE
int prism_buf_append(struct prism_buf *buf, const void *data, size_t size, struct prism_error *err);
PRISM_MUST_USE
int prism_buf_reserve(struct prism_buf *buf, size_t more, struct prism_error *err);
void prism_buf_consume(struct prism_buf *buf, size_t count);  /* drop from the front */
char *prism_buf_take(struct prism_buf *buf, size_t *ret_len); /* yours to free; never NULL */

/* For text we make ourselves and whose cap is generous by design: overflow aborts. */
void prism_buf_puts(struct prism_buf *buf, const char *text);
void prism_buf_put(struct prism_buf *buf, const void *data, size_t size);
void prism_buf_putc(struct prism_buf *buf, char c);
void prism_buf_printf(struct prism_buf *buf, const char *fmt, ...) PRISM_PRINTF(2, 3);
const char *prism_buf_text(const struct prism_buf *buf); /* lent; "" when empty */

#endif
