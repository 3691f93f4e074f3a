/*
 * The chain: passing calls down and events up.  Layers live in files of their own
 * (net/stream_tcp.c at the bottom, net/stream_tls.c above it).
 *
 * Connecting walks upward: the bottom layer connects first, net_stream_layer_connected() then
 * starts the next layer, and the user hears of the last one, or of the first that failed.
 * A bottom layer that is up at once is reported from a deferred call, because a completion
 * never comes from inside net_stream_connect().
 */
#include "net/stream.h"

#include "base/mem.h"

#include <assert.h>

static struct net_stream *chain_bottom(struct net_stream *top)
{
	while (top->lower)
		top = top->lower;
	return top;
}

static struct net_stream *chain_top(struct net_stream *s)
{
	while (s->upper)
		s = s->upper;
	return s;
}

void net_stream_init(struct net_stream *s, const struct net_stream_ops *ops,
                     struct prism_loop *loop, struct net_stream *lower)
{
	*s = (struct net_stream){.ops = ops, .loop = loop, .lower = lower};
	if (lower) {
		assert(!lower->upper);
		lower->upper = s;
	}
}

static void bottom_up(void *data)
{
	net_stream_layer_connected(data, NULL);
}

void net_stream_connect(struct net_stream *top, net_stream_connected_fn connected,
                        net_stream_ready_fn ready, void *data)
{
	assert(!top->upper && !top->on_connected);
	top->on_connected = connected;
	top->on_ready = ready;
	top->user = data;
	struct net_stream *bottom = chain_bottom(top);
	if (bottom->ops->connect)
		bottom->ops->connect(bottom);
	else
		prism_loop_defer(bottom->loop, bottom_up, bottom);
}

void net_stream_layer_connected(struct net_stream *s, const struct prism_error *err)
{
	if (err) {
		struct net_stream *top = chain_top(s);
		if (top->on_connected)
			top->on_connected(top->user, err);
		return;
	}
	s->up = true;
	if (!s->upper) {
		if (s->on_connected)
			s->on_connected(s->user, NULL);
	} else if (s->upper->ops->connect) {
		s->upper->ops->connect(s->upper);
	} else {
		net_stream_layer_connected(s->upper, NULL);
	}
}

void net_stream_layer_ready(struct net_stream *s, unsigned events)
{
	while (s->upper) {
		s = s->upper;
		if (s->ops->lower_ready) {
			s->ops->lower_ready(s, events);
			return;
		}
	}
	if (s->on_ready)
		s->on_ready(s->user, events);
}

ssize_t net_stream_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	while (!s->ops->read && s->lower)
		s = s->lower;
	if (!s->ops->read || !s->up)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "read on a stream that is not up");
	return s->ops->read(s, buf, size, err);
}

ssize_t net_stream_write(struct net_stream *s, const void *buf, size_t size,
                         struct prism_error *err)
{
	while (!s->ops->write && s->lower)
		s = s->lower;
	if (!s->ops->write || !s->up)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "write on a stream that is not up");
	return s->ops->write(s, buf, size, err);
}

void net_stream_want(struct net_stream *s, unsigned events)
{
	while (!s->ops->want && s->lower)
		s = s->lower;
	if (s->ops->want)
		s->ops->want(s, events);
}

void net_stream_shutdown_write(struct net_stream *s)
{
	while (!s->ops->shutdown_write && s->lower)
		s = s->lower;
	if (s->ops->shutdown_write && s->up)
		s->ops->shutdown_write(s);
}

char *net_stream_describe(const struct net_stream *top)
{
	struct prism_buf out = PRISM_BUF_INIT(4096);
	for (const struct net_stream *s = top; s; s = s->lower) {
		if (!s->ops->describe)
			continue;
		if (out.len)
			prism_buf_puts(&out, " over ");
		s->ops->describe(s, &out);
	}
	return prism_buf_take(&out, NULL);
}

const void *net_stream_verdict(const struct net_stream *top)
{
	for (const struct net_stream *s = top; s; s = s->lower) {
		const void *verdict = s->ops->verdict ? s->ops->verdict(s) : NULL;
		if (verdict)
			return verdict;
	}
	return NULL;
}

void net_stream_destroy(struct net_stream *top)
{
	if (!top)
		return;
	assert(!top->upper);
	/* Silence first, so that nothing a layer does while it ends is reported. */
	top->on_connected = NULL;
	top->on_ready = NULL;
	while (top) {
		struct net_stream *lower = top->lower;
		prism_loop_undefer(top->loop, bottom_up, top);
		if (lower)
			lower->upper = NULL;
		top->ops->destroy(top);
		top = lower;
	}
}
