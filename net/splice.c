/*
 * Owns two streams and a buffer for each direction.
 *
 * A direction: reading until the buffer is full or the source ends; writing what is there; when the
 * source has ended and the buffer is empty, the end is passed on.
 */
#include "net/splice.h"

#include "base/mem.h"

#include <string.h>

#define BUFFER_SIZE (256u << 10)

struct direction {
	struct net_stream *from, *to;
	uint8_t *data;
	size_t start, end;
	bool ended, passed;
};

struct net_splice {
	struct net_stream *a, *b;
	struct direction forth, back;
	unsigned up; /* connected so far */
	bool over;
	struct prism_error err;
	void (*done)(void *data, const struct prism_error *err);
	void *data;
};

static void tell(void *data)
{
	struct net_splice *s = data;

	s->done(s->data, s->err.category ? &s->err : NULL);
}

static void finish(struct net_splice *s, const struct prism_error *err)
{
	if (s->over)
		return;
	s->over = true;
	prism_error_copy(&s->err, err);
	net_stream_want(s->a, 0);
	net_stream_want(s->b, 0);
	prism_loop_defer(s->a->loop, tell, s);
}

/* -1: broken */
static int move(struct direction *d, struct prism_error *err)
{
	bool again = true;

	while (again) {
		again = false;
		if (!d->ended && d->end < BUFFER_SIZE) {
			ssize_t got = net_stream_read(d->from, d->data + d->end, BUFFER_SIZE - d->end, err);

			if (got == 0)
				d->ended = true;
			else if (got > 0)
				d->end += (size_t)got;
			else if (got != NET_STREAM_AGAIN)
				return -1;
		}
		if (d->start < d->end) {
			ssize_t put = net_stream_write(d->to, d->data + d->start, d->end - d->start, err);

			if (put < 0 && put != NET_STREAM_AGAIN)
				return -1;
			if (put > 0) {
				d->start += (size_t)put;
				again = true;
			}
		}
		if (d->start == d->end)
			d->start = d->end = 0;
	}
	if (d->ended && d->start == d->end && !d->passed) {
		d->passed = true;
		net_stream_shutdown_write(d->to);
	}
	return 0;
}

static unsigned wanted(const struct direction *out, const struct direction *in)
{
	return (!out->ended && out->end < BUFFER_SIZE ? PRISM_LOOP_READ : 0u) |
	       (in->start < in->end ? PRISM_LOOP_WRITE : 0u);
}

static void work(struct net_splice *s)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (s->over || s->up < 2)
		return;
	if (move(&s->forth, &err) < 0 || move(&s->back, &err) < 0) {
		finish(s, &err);
		return;
	}
	if (s->forth.passed && s->back.passed) {
		finish(s, NULL);
		return;
	}
	net_stream_want(s->a, wanted(&s->forth, &s->back));
	net_stream_want(s->b, wanted(&s->back, &s->forth));
}

static void ready(void *data, unsigned events)
{
	PRISM_UNUSED(events);
	work(data);
}

static void connected(void *data, const struct prism_error *err)
{
	struct net_splice *s = data;

	s->up++;
	if (err)
		finish(s, err);
	else
		work(s);
}

struct net_splice *net_splice_create(struct net_stream *a, struct net_stream *b,
                                     void (*done)(void *data, const struct prism_error *err),
                                     void *data)
{
	struct net_splice *s = prism_alloc(sizeof(*s));

	*s = (struct net_splice){.a = a, .b = b, .done = done, .data = data};
	s->forth = (struct direction){.from = a, .to = b, .data = prism_alloc(BUFFER_SIZE)};
	s->back = (struct direction){.from = b, .to = a, .data = prism_alloc(BUFFER_SIZE)};
	net_stream_connect(a, connected, ready, s);
	net_stream_connect(b, connected, ready, s);
	return s;
}

void net_splice_destroy(struct net_splice *s)
{
	if (!s)
		return;
	prism_loop_undefer(s->a->loop, tell, s);
	net_stream_destroy(s->a);
	net_stream_destroy(s->b);
	prism_wipe(s->forth.data, BUFFER_SIZE);
	prism_wipe(s->back.data, BUFFER_SIZE);
	prism_free(s->forth.data);
	prism_free(s->back.data);
	prism_free(s);
}
