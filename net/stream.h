/*
 * net_stream: a byte stream made of layers.
 *
 * A stream is a chain: the top layer is what the user holds, each layer owns the one
 * below it (tcp; tls over tcp; attested tls over tls; an ssh channel instead of tcp).
 * All layers share one ops struct; a NULL op passes through to the lower layer.
 *
 * Life: create a chain, net_stream_connect() once, then read/write until closed, then
 * net_stream_destroy() on the top, which destroys the chain.
 *
 *   - connect: completes once through the callback, later, from the loop, or never when the
 *     stream is destroyed first.  Every layer connects after the one below it.
 *     A callback may destroy the stream; so a layer's call to net_stream_layer_connected() or
 *     net_stream_layer_ready() is the last thing it does.
 *   - read/write: never block.  A positive count is progress; NET_STREAM_AGAIN means
 *     "wait for the interest callback"; 0 from read is an orderly end; -1 is an error.
 *   - interest: the user says what it waits for with net_stream_want(); the layer translates
 *     (TLS may need to write in order to read) and calls `ready` from the loop when it is
 *     worth trying.  Only the bottom layer touches descriptors.
 *   - a lower layer may veto: `ready` is not forwarded while a handshake is in progress.
 *
 * Operations that must not be chained through blindly: describe (each layer prepends its own
 * word), verdict (the topmost layer that has one answers), destroy (a layer frees itself only;
 * net_stream_destroy walks the chain).
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_STREAM_H
#define PRISM_NET_STREAM_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/loop.h"

#include <sys/types.h>

#define NET_STREAM_AGAIN (-2)

struct net_stream;

typedef void (*net_stream_connected_fn)(void *data,
                                        const struct prism_error *err); /* err NULL: up */
typedef void (*net_stream_ready_fn)(void *data, unsigned events); /* PRISM_LOOP_READ | WRITE */

struct net_stream_ops {
	const char *name; /* "tcp", "tls", "atls", "ssh" */
	/* Begins to connect this layer; the lower one is already up. Completes by
	 * net_stream_layer_connected(). NULL: up as soon as the lower layer is. */
	void (*connect)(struct net_stream *s);
	ssize_t (*read)(struct net_stream *s, void *buf, size_t size, struct prism_error *err);
	ssize_t (*write)(struct net_stream *s, const void *buf, size_t size, struct prism_error *err);
	void (*want)(struct net_stream *s, unsigned events);
	/* The lower layer reports readiness here. NULL: forwarded upward. */
	void (*lower_ready)(struct net_stream *s, unsigned events);
	void (*shutdown_write)(struct net_stream *s);
	/* Appends this layer's words to a one-line description: "TLS 1.3, server verified by ca.pem" */
	void (*describe)(const struct net_stream *s, struct prism_buf *out);
	/* Trust verdict object of core, opaque here; NULL when this layer has none. */
	const void *(*verdict)(const struct net_stream *s);
	void (*destroy)(struct net_stream *s); /* frees what the layer owns, not the lower layer */
};

/* The part every layer embeds first. */
struct net_stream {
	const struct net_stream_ops *ops;
	struct prism_loop *loop;
	struct net_stream *lower, *upper; /* lower is owned */
	void (*on_connected)(void *data, const struct prism_error *err);
	net_stream_ready_fn on_ready;
	void *user;
	bool up;
};

/* For the user of the chain (pass the top). */
void net_stream_connect(struct net_stream *top, net_stream_connected_fn connected,
                        net_stream_ready_fn ready, void *data);
ssize_t net_stream_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err);
ssize_t net_stream_write(struct net_stream *s, const void *buf, size_t size,
                         struct prism_error *err);
void net_stream_want(struct net_stream *s, unsigned events);
void net_stream_shutdown_write(struct net_stream *s);
char *
net_stream_describe(const struct net_stream *top); /* "TLS 1.3 over TCP 127.0.0.1:7002"; yours */
const void *net_stream_verdict(const struct net_stream *top);
void net_stream_destroy(struct net_stream *top); /* NULL allowed; no callback afterwards */

/* For layers. */
void net_stream_init(struct net_stream *s, const struct net_stream_ops *ops,
                     struct prism_loop *loop, struct net_stream *lower /* given; may be NULL */);
void net_stream_layer_connected(struct net_stream *s, const struct prism_error *err);
void net_stream_layer_ready(struct net_stream *s,
                            unsigned events); /* report to the layer above or user */

#endif
