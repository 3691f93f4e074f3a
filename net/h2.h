/*
 * One HTTP/2 connection: an nghttp2 session bound to a net_stream, for either side.  Owns the
 * stream, the session, the send buffer and the pump between them.  What requests and headers mean
 * belongs to the user: net/grpc_call.c (client) and the sandbox's gRPC server.
 *
 * The pump runs from the loop (readiness, or net_h2_schedule()) and does, in order:
 *
 *   1. read what has come, up to a budget, and feed the session: the user's nghttp2 callbacks run
 *   2. let the session fill the send buffer, and write it, up to a budget
 *   3. say to the stream what it waits for
 *   4. call `settled`, the only place where the user may end things or call its own users' `done`
 *
 * nghttp2 forbids deleting a session inside its callbacks, hence step 4: callbacks record, settled
 * acts.  net_h2_destroy() is allowed outside the pump and as the last act of `settled`.
 *
 * A failed write is not the end yet: what the peer said before it hung up is still read and fed
 * first, because that is where the reason stands.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_H2_H
#define PRISM_NET_H2_H

#include "net/stream.h"

#include <nghttp2/nghttp2.h>

#define NET_H2_WINDOW (8 << 20) /* per stream; what one download may have under way */
#define NET_H2_CONNECTION_WINDOW (16 << 20)
#define NET_H2_FRAME_MAX (256 << 10) /* largest DATA frame taken and made */
#define NET_H2_STREAMS_MAX 64        /* calls at once a server of ours takes from one connection */

struct net_h2;

struct net_h2_config {
	bool server;
	int32_t window; /* per stream, bytes; 0: NET_H2_WINDOW */
	/* Filled by the user, except for those that send; borrowed during create. The user data of
	 * each callback is the struct net_h2: see net_h2_user(). */
	nghttp2_session_callbacks *callbacks;
	nghttp2_on_frame_send_callback frame_sent; /* one that sends; may be NULL */
	/* See step 4. over: the connection has ended or could not be made, err says why (NULL: both
	 * sides had finished); called once with it, and never again after. */
	void (*settled)(void *data, bool over, const struct prism_error *err);
	void *data;
};

/* stream: not yet connected; given. */
struct net_h2 *net_h2_create(struct prism_loop *loop, struct net_stream *stream,
                             const struct net_h2_config *config);
void net_h2_destroy(struct net_h2 *h2);             /* NULL allowed; no callback afterwards */
void net_h2_connect(struct net_h2 *h2);             /* once */
void net_h2_schedule(struct net_h2 *h2);            /* a pump in the next turn */
bool net_h2_busy(const struct net_h2 *h2);          /* inside steps 1 to 3 */
bool net_h2_up(const struct net_h2 *h2);            /* connected */
nghttp2_session *net_h2_session(struct net_h2 *h2); /* lent; exists before the connection does */
const struct net_stream *net_h2_stream(const struct net_h2 *h2);
void *net_h2_user(void *h2); /* config.data, from an nghttp2 callback's user data */

/* The messages of one direction of one call, pulled one at a time, each with its gRPC prefix. */
struct net_h2_body {
	/* 1: a message is in out (which came empty), 0: no more, NET_STREAM_AGAIN: none yet; resume
	 * with net_h2_body_resume(). */
	int (*next)(void *data, struct prism_buf *out);
	void *data;
	bool trailers;            /* a server's: the end of the messages is not the end of the stream */
	struct prism_buf message; /* the one being sent; init with the message cap */
	uint8_t prefix[5];
	bool loaded;     /* message and prefix are valid */
	size_t position; /* in prefix and message together */
	bool deferred;   /* nghttp2 waits for net_h2_body_resume() */
	uint64_t sent;   /* message bytes put into the send buffer so far, prefixes not counted */
};
/* For nghttp2_submit_request() and _response(). The body stays where it is until the stream has
 * closed or the session is gone. */
nghttp2_data_provider net_h2_body_provider(struct net_h2_body *body);
void net_h2_body_resume(struct net_h2 *h2, struct net_h2_body *body, int32_t stream_id);
void net_h2_body_finish(struct net_h2_body *body);

#endif
