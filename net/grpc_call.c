/*
 * The client side of gRPC: a channel (one HTTP/2 connection) and its calls.
 *
 * A call:
 *
 *   waiting  -> open      the connection is up: request submitted to nghttp2
 *   any      -> ended     status known: by the answer, a reset, the deadline, a cancel, or the end
 * of the connection.  call_end() records the first of these and no other. ended    -> told from
 * settled(): done() is called, the user never hears of it again told     -> gone      memory goes
 * when nghttp2 has closed the stream, because a DATA frame that waits for room in the send buffer
 * still points into the message
 *
 * An answer that ends while the upload still goes on (the agent's refusals) ends the call with
 * the answer's status; the stream is reset and nothing more is pulled.
 */
#include "net/grpc_response.h"
#include "net/h2.h"

#include "base/list.h"
#include "base/mem.h"

#include <assert.h>

struct net_grpc_channel {
	struct prism_loop *loop;
	struct net_h2 *h2;
	char *authority;
	bool secure;
	bool connecting; /* net_h2_connect() was called */
	bool leaving;    /* GOAWAY came: no more calls */
	bool over;
	bool destroyed; /* from inside the pump: goes in settled() */
	bool telling;   /* inside the done calls of settled() */
	char *goodbye;  /* debug text of the GOAWAY; NULL: none */
	struct prism_list calls;
};

struct net_grpc_call {
	struct prism_list node;
	struct net_grpc_channel *channel;
	struct net_grpc_call_spec spec; /* path and metadata: see the copies below */
	char *path;
	char timeout[NET_GRPC_TIMEOUT_TEXT]; /* "" when there is none */
	struct net_grpc_metadata *metadata;
	struct net_h2_body body;
	struct net_grpc_framer framer;
	struct net_grpc_response response;
	int32_t stream_id; /* 0: not submitted, or closed */
	struct prism_timer *deadline;
	struct prism_cancel_hook hook;
	bool ended, told, paused;
	bool upload_done; /* the half-close was pulled */
	size_t held;      /* bytes of window not given back while paused */
	uint64_t sent_told;
	int status;
	struct prism_error err;
};

/* Ending. */

/* Records the outcome; the first one stands. */
static void call_end(struct net_grpc_call *call, int status, const struct prism_error *err)
{
	if (call->ended)
		return;
	call->ended = true;
	call->status = status;
	prism_error_copy(&call->err, err);
	if (status != NET_GRPC_OK)
		call->err.status = status;
	net_h2_schedule(call->channel->h2);
}

/* Ends it from our side: the server is told. */
static void call_break(struct net_grpc_call *call, int status, const struct prism_error *err,
                       uint32_t reset_code)
{
	if (call->ended)
		return;
	if (call->stream_id > 0)
		(void)nghttp2_submit_rst_stream(net_h2_session(call->channel->h2), NGHTTP2_FLAG_NONE,
		                                call->stream_id, reset_code);
	call_end(call, status, err);
}

/* Nothing of this call may reach its user any more. */
static bool call_silent(const struct net_grpc_call *call)
{
	return call->ended || call->channel->destroyed;
}

static void call_cancelled(void *data)
{
	struct net_grpc_call *call = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	call_break(call, NET_GRPC_CANCELLED, &err, NGHTTP2_CANCEL);
}

static void deadline_passed(void *data)
{
	struct net_grpc_call *call = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "no answer within %lld ms",
	                  (long long)call->spec.timeout_ms);
	call_break(call, NET_GRPC_DEADLINE_EXCEEDED, &err, NGHTTP2_CANCEL);
}

/* The status the answer itself gives, now that it is complete. */
static void call_conclude(struct net_grpc_call *call, uint32_t reset_code)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (call->ended)
		return;
	int status = net_grpc_response_conclude(&call->response, reset_code, &err);
	if (status == NET_GRPC_OK && !net_grpc_framer_idle(&call->framer)) {
		status = NET_GRPC_INTERNAL;
		net_grpc_error(&err, status, "the last message of the answer is cut off");
	}
	if (call->upload_done)
		call_end(call, status, &err);
	else
		call_break(call, status, &err, NGHTTP2_NO_ERROR); /* RFC 9113 section 8.1 */
}

/* Uploading. */

static int call_next(void *data, struct prism_buf *out)
{
	struct net_grpc_call *call = data;
	struct prism_error err = PRISM_ERROR_INIT;
	if (call_silent(call))
		return NET_STREAM_AGAIN; /* a reset is on its way */
	int pulled = call->spec.next_message(call->spec.data, out, &err);
	if (pulled >= 0 || pulled == NET_STREAM_AGAIN) {
		call->upload_done = pulled == 0;
		return pulled;
	}
	call_break(call, err.status ? err.status : NET_GRPC_CANCELLED, &err, NGHTTP2_CANCEL);
	return NET_STREAM_AGAIN;
}

static void call_end_text(struct net_grpc_call *call, int status, const char *message)
{
	struct prism_error err = PRISM_ERROR_INIT;
	net_grpc_error(&err, status, message);
	call_end(call, status, &err);
}

static nghttp2_nv field(const char *name, const char *value, uint8_t flags)
{
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
	                    .namelen = strlen(name),
	                    .value = (uint8_t *)(uintptr_t)value,
	                    .valuelen = strlen(value),
	                    .flags = flags};
}

static void call_submit(struct net_grpc_call *call)
{
	const struct net_grpc_channel *channel = call->channel;
	nghttp2_nv *fields = prism_alloc_array(8 + call->spec.metadata_count, sizeof(*fields));
	size_t count = 0;
	fields[count++] = field(":method", "POST", 0);
	fields[count++] = field(":scheme", channel->secure ? "https" : "http", 0);
	fields[count++] = field(":path", call->path, 0);
	fields[count++] = field(":authority", channel->authority, 0);
	fields[count++] = field("te", "trailers", 0);
	fields[count++] = field("content-type", "application/grpc", 0);
	fields[count++] = field("user-agent", "prism-tui/" PRISM_VERSION, 0);
	if (*call->timeout)
		fields[count++] = field("grpc-timeout", call->timeout, 0);
	for (size_t i = 0; i < call->spec.metadata_count; i++)
		fields[count++] = field(call->metadata[i].key, call->metadata[i].value,
		                        call->metadata[i].secret ? NGHTTP2_NV_FLAG_NO_INDEX : 0);
	nghttp2_data_provider provider = net_h2_body_provider(&call->body);
	int32_t id =
	    nghttp2_submit_request(net_h2_session(channel->h2), NULL, fields, count, &provider, call);
	prism_free(fields);
	if (id > 0) {
		call->stream_id = id;
		net_h2_schedule(channel->h2);
	} else {
		call_end_text(call, NET_GRPC_UNAVAILABLE, "the connection takes no more calls");
	}
}

/* nghttp2 callbacks: they record, settled() acts. */

static struct net_grpc_call *call_of(nghttp2_session *session, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(session, stream_id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct net_grpc_call *call = call_of(session, frame->hd.stream_id);
	if (call)
		net_grpc_response_begin(&call->response);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
	struct net_grpc_call *call = call_of(session, frame->hd.stream_id);
	struct prism_error err = PRISM_ERROR_INIT;
	if (!call || call_silent(call))
		return 0;
	if (net_grpc_response_header(&call->response, (const char *)name, name_len, (const char *)value,
	                             value_len, &err) < 0)
		call_break(call, NET_GRPC_RESOURCE_EXHAUSTED, &err, NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static void headers_complete(struct net_grpc_call *call)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int initial = net_grpc_response_end(&call->response, &err);
	if (initial < 0)
		call_break(call, NET_GRPC_RESOURCE_EXHAUSTED, &err, NGHTTP2_ENHANCE_YOUR_CALM);
	else if (initial > 0 && call->spec.on_headers)
		call->spec.on_headers(call->spec.data, call->response.headers, call->response.count);
}

static void going_away(struct net_grpc_channel *channel, const nghttp2_goaway *frame)
{
	channel->leaving = true;
	if (!channel->goodbye && frame->opaque_data_len > 0)
		channel->goodbye =
		    prism_strndup((const char *)frame->opaque_data,
		                  frame->opaque_data_len < 200 ? frame->opaque_data_len : 200);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct net_grpc_channel *channel = net_h2_user(user);
	if (frame->hd.type == NGHTTP2_GOAWAY)
		going_away(channel, &frame->goaway);
	struct net_grpc_call *call =
	    frame->hd.stream_id > 0 ? call_of(session, frame->hd.stream_id) : NULL;
	if (!call || call_silent(call))
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		headers_complete(call);
	if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		call_conclude(call, 0);
	return 0;
}

static int deliver(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct net_grpc_call *call = data;
	if (!call->spec.on_message)
		return net_grpc_error(err, NET_GRPC_INTERNAL, "an unexpected message arrived");
	if (call_silent(call))
		return -1;
	return call->spec.on_message(call->spec.data, msg, len, err);
}

static void call_receive(struct net_grpc_call *call, const uint8_t *bytes, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (!call->response.is_grpc) {
		if (net_grpc_response_page(&call->response, bytes, size))
			call_conclude(call, 0);
	} else if (net_grpc_framer_feed(&call->framer, bytes, size, deliver, call, &err) < 0) {
		call_break(call, err.status ? err.status : NET_GRPC_CANCELLED, &err, NGHTTP2_CANCEL);
	}
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes,
                   size_t size, void *user)
{
	struct net_grpc_call *call = call_of(session, stream_id);
	if (call && !call_silent(call))
		call_receive(call, bytes, size);
	(void)nghttp2_session_consume_connection(session, size);
	if (call && call->paused && !call->ended)
		call->held += size;
	else
		(void)nghttp2_session_consume_stream(session, stream_id, size);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *user)
{
	struct net_grpc_channel *channel = net_h2_user(user);
	struct net_grpc_call *call = call_of(session, stream_id);
	if (!call)
		return 0;
	call->stream_id = 0;
	if (channel->leaving && code != NGHTTP2_NO_ERROR && !call->response.initial_done)
		call_end_text(call, NET_GRPC_UNAVAILABLE,
		              channel->goodbye ? channel->goodbye : "the server is going away");
	call_conclude(call, code);
	net_h2_schedule(channel->h2); /* its memory can go */
	return 0;
}

/* Settling. */

static void call_free(struct net_grpc_call *call)
{
	prism_list_remove(&call->node);
	prism_timer_remove(call->deadline);
	prism_cancel_remove(&call->hook);
	for (size_t i = 0; call->metadata && i < call->spec.metadata_count; i++) {
		char *value = (char *)(uintptr_t)call->metadata[i].value;
		if (call->metadata[i].secret)
			prism_wipe(value, strlen(value));
		prism_free(value);
		prism_free((void *)(uintptr_t)call->metadata[i].key);
	}
	prism_free(call->metadata);
	prism_free(call->path);
	net_h2_body_finish(&call->body);
	net_grpc_framer_finish(&call->framer);
	net_grpc_response_finish(&call->response);
	prism_free(call);
}

static void channel_free(struct net_grpc_channel *channel)
{
	PRISM_LIST_EACH (&channel->calls, node, tmp)
		call_free(PRISM_CONTAINER(node, struct net_grpc_call, node));
	net_h2_destroy(channel->h2);
	prism_free(channel->authority);
	prism_free(channel->goodbye);
	prism_free(channel);
}

static void call_tell(struct net_grpc_call *call)
{
	call->told = true;
	prism_timer_remove(call->deadline);
	call->deadline = NULL;
	prism_cancel_remove(&call->hook);
	call->spec.done(call->spec.data, call->status, call->status == NET_GRPC_OK ? NULL : &call->err);
}

static void call_report_sent(struct net_grpc_call *call)
{
	if (!call->spec.on_sent || call->ended || call->body.sent == call->sent_told)
		return;
	call->sent_told = call->body.sent;
	call->spec.on_sent(call->spec.data, call->body.sent);
}

static void calls_lost(struct net_grpc_channel *channel, const struct prism_error *err)
{
	struct prism_error lost = PRISM_ERROR_INIT;
	prism_error_copy(&lost, err);
	if (!err)
		net_grpc_error(&lost, NET_GRPC_UNAVAILABLE,
		               channel->goodbye ? channel->goodbye : "the server closed the connection");
	PRISM_LIST_EACH (&channel->calls, node, tmp) {
		struct net_grpc_call *call = PRISM_CONTAINER(node, struct net_grpc_call, node);
		call->stream_id = 0;
		call_end(call, NET_GRPC_UNAVAILABLE, &lost);
	}
}

/* A user's callback may destroy the channel, end any call or start another; so after each one
 * the walk begins again. */
static struct net_grpc_call *next_to_tell(struct net_grpc_channel *channel)
{
	PRISM_LIST_EACH (&channel->calls, node, tmp) {
		struct net_grpc_call *call = PRISM_CONTAINER(node, struct net_grpc_call, node);
		if (call->ended && !call->told)
			return call;
	}
	return NULL;
}

static void settled(void *data, bool over, const struct prism_error *err)
{
	struct net_grpc_channel *channel = data;
	if (over) {
		channel->over = true;
		calls_lost(channel, err);
	}
	channel->telling = true;
	PRISM_LIST_EACH (&channel->calls, node, tmp)
		if (!channel->destroyed)
			call_report_sent(PRISM_CONTAINER(node, struct net_grpc_call, node));
	struct net_grpc_call *call;
	while (!channel->destroyed && (call = next_to_tell(channel)))
		call_tell(call);
	channel->telling = false;
	if (channel->destroyed) {
		channel_free(channel);
		return;
	}
	PRISM_LIST_EACH (&channel->calls, node, tmp) {
		call = PRISM_CONTAINER(node, struct net_grpc_call, node);
		if (call->told && call->stream_id == 0)
			call_free(call);
		else if (!call->ended && call->stream_id == 0 && net_h2_up(channel->h2))
			call_submit(call);
	}
}

/* The public side. */

static nghttp2_session_callbacks *callbacks_create(void)
{
	nghttp2_session_callbacks *callbacks;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	return callbacks;
}

struct net_grpc_channel *net_grpc_channel_create(struct prism_loop *loop, struct net_stream *stream,
                                                 const char *authority, bool secure)
{
	struct net_grpc_channel *channel = prism_alloc(sizeof(*channel));
	channel->loop = loop;
	channel->authority = prism_strdup(authority);
	channel->secure = secure;
	prism_list_init(&channel->calls);
	nghttp2_session_callbacks *callbacks = callbacks_create();
	const struct net_h2_config config = {
	    .callbacks = callbacks, .settled = settled, .data = channel};
	channel->h2 = net_h2_create(loop, stream, &config);
	nghttp2_session_callbacks_del(callbacks);
	return channel;
}

void net_grpc_channel_destroy(struct net_grpc_channel *channel)
{
	if (!channel || channel->destroyed)
		return;
	if (net_h2_busy(channel->h2) || channel->telling)
		channel->destroyed = true; /* settled() frees it; no callback in between */
	else
		channel_free(channel);
}

bool net_grpc_channel_usable(const struct net_grpc_channel *channel)
{
	return !channel->over && !channel->leaving && !channel->destroyed;
}

const struct net_stream *net_grpc_channel_stream(const struct net_grpc_channel *channel)
{
	return net_h2_up(channel->h2) ? net_h2_stream(channel->h2) : NULL;
}

static int metadata_check(const struct net_grpc_call_spec *spec, struct prism_error *err)
{
	size_t bytes = 0;
	for (size_t i = 0; i < spec->metadata_count; i++) {
		const struct net_grpc_metadata *item = &spec->metadata[i];
		size_t len = strlen(item->key);
		bytes += len + strlen(item->value) + 32;
		if (len == 0 || strspn(item->key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != len)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is no metadata key",
			                         item->key);
		if (!net_grpc_value_ok(item->value)) {
			prism_error_raise(err, PRISM_ERROR_INVALID,
			                  "the value of %.40s holds characters other than printable ASCII",
			                  item->key);
			prism_error_hint(err, "only characters from space to ~ can be sent");
			return -1;
		}
	}
	if (bytes > NET_GRPC_METADATA_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the metadata of the call is too large");
	return 0;
}

static void metadata_copy(struct net_grpc_call *call, const struct net_grpc_call_spec *spec)
{
	call->metadata = prism_alloc_array(spec->metadata_count + 1, sizeof(*call->metadata));
	for (size_t i = 0; i < spec->metadata_count; i++)
		call->metadata[i] = (struct net_grpc_metadata){
		    .key = prism_strdup(spec->metadata[i].key),
		    .value = prism_strdup(spec->metadata[i].value),
		    .secret = spec->metadata[i].secret,
		};
}

struct net_grpc_call *net_grpc_call_start(struct net_grpc_channel *channel,
                                          const struct net_grpc_call_spec *spec,
                                          struct prism_cancel *cancel, struct prism_error *err)
{
	assert(spec->done && spec->next_message);
	if (!net_grpc_channel_usable(channel)) {
		net_grpc_error(err, NET_GRPC_UNAVAILABLE, "the connection has ended");
		return NULL;
	}
	if (metadata_check(spec, err) < 0)
		return NULL;
	struct net_grpc_call *call = prism_alloc(sizeof(*call));
	call->channel = channel;
	call->spec = *spec;
	call->path = prism_strdup(spec->path);
	metadata_copy(call, spec);
	call->body = (struct net_h2_body){.next = call_next, .data = call};
	prism_buf_init(&call->body.message, NET_GRPC_MESSAGE_MAX);
	call->framer = (struct net_grpc_framer)NET_GRPC_FRAMER_INIT;
	net_grpc_response_init(&call->response);
	prism_list_append(&channel->calls, &call->node);
	if (spec->timeout_ms > 0) {
		net_grpc_timeout_format(spec->timeout_ms, call->timeout);
		call->deadline =
		    prism_loop_add_timer(channel->loop, spec->timeout_ms, 0, deadline_passed, call);
	}
	if (!channel->connecting) {
		channel->connecting = true;
		net_h2_connect(channel->h2);
	}
	net_h2_schedule(channel->h2);
	call->hook = (struct prism_cancel_hook){.fire = call_cancelled, .data = call};
	if (cancel)
		prism_cancel_add(cancel, &call->hook);
	return call;
}

void net_grpc_call_abort(struct net_grpc_call *call)
{
	call_cancelled(call);
}

void net_grpc_call_resume(struct net_grpc_call *call)
{
	if (!call->ended && call->stream_id > 0)
		net_h2_body_resume(call->channel->h2, &call->body, call->stream_id);
}

void net_grpc_call_pause(struct net_grpc_call *call, bool paused)
{
	call->paused = paused;
	if (paused || call->held == 0 || call->stream_id <= 0)
		return;
	(void)nghttp2_session_consume_stream(net_h2_session(call->channel->h2), call->stream_id,
	                                     call->held);
	call->held = 0;
	net_h2_schedule(call->channel->h2);
}
