/*
 * The pump between an nghttp2 session and a stream; see the header for its order.
 *
 * Sending: nghttp2 hands over whole control frames and, for DATA, only the 9-byte frame header
 * (NGHTTP2_DATA_FLAG_NO_COPY); the payload goes from the message of the call straight into the send
 * buffer, so that each byte is copied once before the kernel takes it.  A frame that does not fit
 * into what is left of the buffer waits (NGHTTP2_ERR_WOULDBLOCK) until the buffer has been written.
 */
#include "net/h2.h"

#include "base/mem.h"
#include "net/grpc.h"

#include <assert.h>

#define OUT_SIZE (1u << 20)  /* send buffer: several of the largest frames */
#define IN_SIZE (256u << 10) /* one read */
#define BUDGET (4u << 20)    /* bytes one pump moves each way before other events have their turn */
#define FRAME_HEADER 9       /* RFC 9113 section 4.1 */

struct net_h2 {
	struct prism_loop *loop;
	struct net_stream *stream;
	nghttp2_session *session;
	void (*settled)(void *data, bool over, const struct prism_error *err);
	nghttp2_on_frame_send_callback frame_sent;
	void *data;
	bool connecting, up, over, busy, scheduled;
	uint8_t *out, *in; /* allocated when connected */
	size_t out_start, out_end;
	const char *violation;    /* the rule the peer broke; NULL: none. Static text */
	struct prism_error error; /* why it is over; category none: in order */
};

/* Sending. */

static size_t out_room(const struct net_h2 *h2)
{
	return OUT_SIZE - h2->out_end;
}

static void out_put(struct net_h2 *h2, const void *bytes, size_t size)
{
	memcpy(h2->out + h2->out_end, bytes, size);
	h2->out_end += size;
}

static ssize_t on_send(nghttp2_session *session, const uint8_t *bytes, size_t size, int flags,
                       void *user)
{
	struct net_h2 *h2 = user;
	size_t take = size < out_room(h2) ? size : out_room(h2);
	if (take == 0)
		return NGHTTP2_ERR_WOULDBLOCK;
	out_put(h2, bytes, take);
	return (ssize_t)take;
}

static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header,
                        size_t size, nghttp2_data_source *source, void *user)
{
	struct net_h2 *h2 = user;
	struct net_h2_body *body = source->ptr;
	assert(frame->data.padlen == 0); /* no padding callback is set */
	if (out_room(h2) < FRAME_HEADER + size)
		return NGHTTP2_ERR_WOULDBLOCK;
	out_put(h2, header, FRAME_HEADER);
	if (size > 0 && body->position < sizeof(body->prefix)) {
		size_t part = sizeof(body->prefix) - body->position;
		part = part < size ? part : size;
		out_put(h2, body->prefix + body->position, part);
		body->position += part;
		size -= part;
	}
	if (size > 0) {
		out_put(h2, body->message.data + body->position - sizeof(body->prefix), size);
		body->position += size;
		body->sent += size;
	}
	if (body->loaded && body->position == sizeof(body->prefix) + body->message.len) {
		body->loaded = false;
		prism_buf_clear(&body->message);
	}
	return 0;
}

/* A GOAWAY with an error from our side: nghttp2 found a violation and ends the session. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct net_h2 *h2 = user;
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		h2->violation = nghttp2_http2_strerror(frame->goaway.error_code);
	return h2->frame_sent ? h2->frame_sent(session, frame, user) : 0;
}

static ssize_t frame_length(nghttp2_session *session, uint8_t type, int32_t stream_id,
                            int32_t connection_window, int32_t stream_window,
                            uint32_t remote_frame_max, void *user)
{
	return remote_frame_max < NET_H2_FRAME_MAX ? remote_frame_max : NET_H2_FRAME_MAX;
}

static ssize_t body_read(nghttp2_session *session, int32_t stream_id, uint8_t *buf, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct net_h2_body *body = source->ptr;
	if (!body->loaded) {
		int pulled = body->next(body->data, &body->message);
		if (pulled == NET_STREAM_AGAIN) {
			body->deferred = true;
			return NGHTTP2_ERR_DEFERRED;
		}
		*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
		if (pulled == 0) {
			*flags |= NGHTTP2_DATA_FLAG_EOF;
			if (body->trailers)
				*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			return 0;
		}
		assert(pulled == 1);
		net_grpc_frame_header(body->prefix, (uint32_t)body->message.len);
		body->loaded = true;
		body->position = 0;
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	size_t left = sizeof(body->prefix) + body->message.len - body->position;
	return (ssize_t)(left < size ? left : size);
}

nghttp2_data_provider net_h2_body_provider(struct net_h2_body *body)
{
	return (nghttp2_data_provider){.source = {.ptr = body}, .read_callback = body_read};
}

void net_h2_body_resume(struct net_h2 *h2, struct net_h2_body *body, int32_t stream_id)
{
	if (!body->deferred)
		return;
	body->deferred = false;
	(void)nghttp2_session_resume_data(h2->session, stream_id); /* fails on a stream that is over */
	net_h2_schedule(h2);
}

void net_h2_body_finish(struct net_h2_body *body)
{
	prism_buf_wipe(&body->message);
	body->loaded = false;
}

/* The pump. */

static void h2_failed(struct net_h2 *h2, const struct prism_error *err)
{
	if (h2->over)
		return;
	h2->over = true;
	prism_error_copy(&h2->error, err);
}

static void rules_broken(struct net_h2 *h2, const char *what)
{
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_PROTOCOL, "the peer broke the rules of HTTP/2: %s", what);
	prism_error_hint(&err, "check that the address is that of a gRPC service, with or without TLS "
	                       "as it expects");
	h2_failed(h2, &err);
}

static void h2_finished(struct net_h2 *h2)
{
	if (h2->violation)
		rules_broken(h2, h2->violation);
	h2->over = true;
}

/* 1: more may be there, 0: nothing now, or the end (h2->over). */
static int feed_once(struct net_h2 *h2, size_t *moved)
{
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t got = net_stream_read(h2->stream, h2->in, IN_SIZE, &err);
	if (got == NET_STREAM_AGAIN)
		return 0;
	if (got == 0)
		prism_error_raise(&err, PRISM_ERROR_IO, "the peer closed the connection");
	if (got <= 0) {
		h2_failed(h2, &err);
		return 0;
	}
	*moved += (size_t)got;
	ssize_t used = nghttp2_session_mem_recv(h2->session, h2->in, (size_t)got);
	if (used < 0) {
		rules_broken(h2, nghttp2_strerror((int)used));
		return 0;
	}
	return 1;
}

static void pump_read(struct net_h2 *h2)
{
	size_t moved = 0;
	while (!h2->over && moved < BUDGET && feed_once(h2, &moved) > 0)
		;
}

/* The peer no longer takes bytes; what it said before is still worth reading. */
static void write_failed(struct net_h2 *h2, const struct prism_error *err)
{
	size_t moved = 0;
	while (!h2->over && moved < OUT_SIZE && feed_once(h2, &moved) > 0)
		;
	h2_failed(h2, err);
}

/* 1: all written, 0: the stream is full or broken. */
static int out_flush(struct net_h2 *h2, size_t *moved)
{
	struct prism_error err = PRISM_ERROR_INIT;
	while (h2->out_start < h2->out_end) {
		ssize_t put = net_stream_write(h2->stream, h2->out + h2->out_start,
		                               h2->out_end - h2->out_start, &err);
		if (put == NET_STREAM_AGAIN)
			return 0;
		if (put < 0) {
			write_failed(h2, &err);
			return 0;
		}
		h2->out_start += (size_t)put;
		*moved += (size_t)put;
	}
	h2->out_start = h2->out_end = 0;
	return 1;
}

/* True when bytes or frames are left for later. */
static bool pump_write(struct net_h2 *h2)
{
	size_t moved = 0;
	while (!h2->over && moved < BUDGET) {
		if (!out_flush(h2, &moved))
			return true;
		int sent = nghttp2_session_send(h2->session);
		if (sent != 0) {
			rules_broken(h2, nghttp2_strerror(sent));
			return false;
		}
		if (h2->out_end == 0)
			return false;
	}
	return true;
}

/* After a session error nghttp2 has a GOAWAY ready; the peer gets it if it fits. */
static void farewell(struct net_h2 *h2)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (h2->error.category != PRISM_ERROR_PROTOCOL || nghttp2_session_send(h2->session) != 0)
		return;
	(void)net_stream_write(h2->stream, h2->out + h2->out_start, h2->out_end - h2->out_start, &err);
}

static void settle(struct net_h2 *h2)
{
	bool in_order = h2->error.category == PRISM_ERROR_NONE;
	if (h2->over)
		net_stream_want(h2->stream, 0);
	h2->settled(h2->data, h2->over, h2->over && !in_order ? &h2->error : NULL);
}

static void pump(struct net_h2 *h2, bool readable)
{
	if (h2->over)
		return;
	if (h2->up) {
		h2->busy = true;
		if (readable)
			pump_read(h2);
		bool more = pump_write(h2);
		if (h2->over)
			farewell(h2);
		else if (!nghttp2_session_want_read(h2->session) &&
		         !nghttp2_session_want_write(h2->session) && !more)
			h2_finished(h2);
		else
			net_stream_want(h2->stream, PRISM_LOOP_READ | (more ? PRISM_LOOP_WRITE : 0u));
		h2->busy = false;
	}
	settle(h2);
}

static void pump_scheduled(void *data)
{
	struct net_h2 *h2 = data;
	h2->scheduled = false;
	pump(h2, false);
}

static void stream_ready(void *data, unsigned events)
{
	pump(data, (events & PRISM_LOOP_READ) != 0);
}

static void stream_connected(void *data, const struct prism_error *err)
{
	struct net_h2 *h2 = data;
	if (err) {
		h2_failed(h2, err);
		settle(h2);
		return;
	}
	h2->up = true;
	h2->out = prism_alloc(OUT_SIZE);
	h2->in = prism_alloc(IN_SIZE);
	pump(h2, true);
}

static nghttp2_session *session_create(struct net_h2 *h2, const struct net_h2_config *config)
{
	nghttp2_session *session;
	nghttp2_option *option;
	nghttp2_session_callbacks_set_send_callback(config->callbacks, on_send);
	nghttp2_session_callbacks_set_send_data_callback(config->callbacks, on_send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(config->callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_data_source_read_length_callback(config->callbacks, frame_length);
	if (nghttp2_option_new(&option) != 0)
		abort();                                         /* out of memory, as base/mem.h does */
	nghttp2_option_set_no_auto_window_update(option, 1); /* a paused call holds its window back */
	nghttp2_option_set_peer_max_concurrent_streams(option, 16); /* until the peer has said */
	nghttp2_option_set_max_settings(option, 64);      /* stops a flood of settings in one frame */
	nghttp2_option_set_max_outbound_ack(option, 256); /* stops a flood of PING and SETTINGS */
	int made = config->server
	               ? nghttp2_session_server_new2(&session, config->callbacks, h2, option)
	               : nghttp2_session_client_new2(&session, config->callbacks, h2, option);
	nghttp2_option_del(option);
	if (made != 0)
		abort();
	return session;
}

static void session_greet(struct net_h2 *h2, bool server, uint32_t window)
{
	const nghttp2_settings_entry settings[] = {
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
	    {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, NET_H2_FRAME_MAX},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, NET_GRPC_METADATA_MAX},
	    server
	        ? (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, NET_H2_STREAMS_MAX}
	        : (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	};
	if (nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, PRISM_COUNT(settings)) ||
	    nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0,
	                                          NET_H2_CONNECTION_WINDOW))
		abort(); /* only memory can fail here */
}

struct net_h2 *net_h2_create(struct prism_loop *loop, struct net_stream *stream,
                             const struct net_h2_config *config)
{
	struct net_h2 *h2 = prism_alloc(sizeof(*h2));
	h2->loop = loop;
	h2->stream = stream;
	h2->settled = config->settled;
	h2->frame_sent = config->frame_sent;
	h2->data = config->data;
	h2->session = session_create(h2, config);
	session_greet(h2, config->server, config->window ? (uint32_t)config->window : NET_H2_WINDOW);
	return h2;
}

void net_h2_destroy(struct net_h2 *h2)
{
	if (!h2)
		return;
	assert(!h2->busy);
	prism_loop_undefer(h2->loop, pump_scheduled, h2);
	nghttp2_session_del(h2->session);
	net_stream_destroy(h2->stream);
	if (h2->out)
		prism_wipe(h2->out, OUT_SIZE); /* headers in it may have held a signature */
	prism_free(h2->out);
	prism_free(h2->in);
	prism_free(h2);
}

void net_h2_connect(struct net_h2 *h2)
{
	assert(!h2->connecting);
	h2->connecting = true;
	net_stream_connect(h2->stream, stream_connected, stream_ready, h2);
}

void net_h2_schedule(struct net_h2 *h2)
{
	if (h2->scheduled || h2->over)
		return;
	h2->scheduled = true;
	prism_loop_defer(h2->loop, pump_scheduled, h2);
}

bool net_h2_busy(const struct net_h2 *h2)
{
	return h2->busy;
}

bool net_h2_up(const struct net_h2 *h2)
{
	return h2->up && !h2->over;
}

nghttp2_session *net_h2_session(struct net_h2 *h2)
{
	return h2->session;
}

const struct net_stream *net_h2_stream(const struct net_h2 *h2)
{
	return h2->stream;
}

void *net_h2_user(void *h2)
{
	return ((struct net_h2 *)h2)->data;
}
