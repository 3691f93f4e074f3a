/*
 * One call of the gRPC server: its request headers and messages in, its answer out.  Connections
 * and nghttp2's callbacks are in sandbox/grpc_server.c.
 *
 * The answer has two shapes.  Trailers only: one HEADERS frame with the status and END_STREAM.
 * Otherwise response headers, messages pulled one at a time, and trailers submitted from inside the
 * pull that finds no more (nghttp2 allows that there).
 */
#include "sandbox/grpc_server_private.h"

#include "base/log.h"

#include <assert.h>

#define PACE_MS 20

static nghttp2_session *session_of(const struct sb_grpc_call *call)
{
	return net_h2_session(call->connection->h2);
}

static void deadline_passed(void *data)
{
	sb_grpc_call_finish(data, NET_GRPC_DEADLINE_EXCEEDED, "context deadline exceeded");
}

/* One tick of a slow server: a tick's worth of window back to the client, and of answer on. */
static void pace_tick(void *data)
{
	struct sb_grpc_call *call = data;
	uint64_t tick = call->connection->server->config.bytes_per_s * PACE_MS / 1000 + 1;
	size_t back = call->held < tick ? call->held : (size_t)tick;
	call->owed = call->owed > tick ? call->owed - tick : 0;
	if (call->stream_id == 0)
		return;
	if (back > 0 && !call->paused) {
		(void)nghttp2_session_consume_stream(session_of(call), call->stream_id, back);
		call->held -= back;
	}
	sb_grpc_call_resume(call);
	net_h2_schedule(call->connection->h2);
}

static bool paced(const struct sb_grpc_call *call)
{
	return call->pace != NULL;
}

struct sb_grpc_call *sb_grpc_call_create(struct sb_grpc_connection *connection, int32_t stream_id)
{
	struct sb_grpc_call *call = prism_alloc(sizeof(*call));
	call->connection = connection;
	call->stream_id = stream_id;
	if (connection->server->config.bytes_per_s > 0)
		call->pace =
		    prism_loop_add_timer(connection->server->loop, PACE_MS, PACE_MS, pace_tick, call);
	call->framer = (struct net_grpc_framer)NET_GRPC_FRAMER_INIT;
	prism_buf_init(&call->body.message, NET_GRPC_MESSAGE_MAX);
	prism_buf_init(&call->single, NET_GRPC_MESSAGE_MAX);
	prism_list_append(&connection->calls, &call->node);
	return call;
}

static void metadata_free(struct net_grpc_metadata *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *value = (char *)(uintptr_t)items[i].value;
		prism_wipe(value, strlen(value)); /* one of them is the signature */
		prism_free(value);
		prism_free((void *)(uintptr_t)items[i].key);
	}
}

void sb_grpc_call_free(struct sb_grpc_call *call)
{
	void *service = call->connection->server->config.service;
	call->ended = true;
	if (call->begun && call->method && call->method->gone)
		call->method->gone(service, call);
	prism_list_remove(&call->node);
	prism_timer_remove(call->deadline);
	prism_timer_remove(call->pace);
	metadata_free(call->metadata, call->metadata_count);
	metadata_free(call->headers, call->header_count);
	prism_free(call->metadata);
	prism_free(call->http_method);
	prism_free(call->path);
	prism_free(call->content_type);
	prism_free(call->message);
	net_grpc_framer_finish(&call->framer);
	net_h2_body_finish(&call->body);
	prism_buf_finish(&call->single);
	prism_free(call);
}

/* The request. */

static bool named(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(name, want, len) == 0;
}

static void replace(char **slot, const char *value, size_t len)
{
	prism_free(*slot);
	*slot = prism_strndup(value, len);
}

void sb_grpc_call_request_header(struct sb_grpc_call *call, const char *name, size_t name_len,
                                 const char *value, size_t value_len)
{
	call->metadata_bytes += name_len + value_len + 32; /* RFC 9113 section 6.5.2 */
	if (call->metadata_bytes > NET_GRPC_METADATA_MAX ||
	    call->metadata_count >= SB_GRPC_HEADERS_MAX) {
		call->too_large = true;
		return;
	}
	if (named(name, name_len, ":method"))
		replace(&call->http_method, value, value_len);
	else if (named(name, name_len, ":path"))
		replace(&call->path, value, value_len);
	else if (named(name, name_len, "content-type"))
		replace(&call->content_type, value, value_len);
	if (name_len > 0 && name[0] == ':')
		return;
	if ((call->metadata_count & 15) == 0)
		call->metadata =
		    prism_realloc_array(call->metadata, call->metadata_count + 16, sizeof(*call->metadata));
	call->metadata[call->metadata_count++] = (struct net_grpc_metadata){
	    .key = prism_strndup(name, name_len), .value = prism_strndup(value, value_len)};
}

const char *sb_grpc_call_metadata(const struct sb_grpc_call *call, const char *key, size_t index)
{
	for (size_t i = 0; i < call->metadata_count; i++)
		if (strcmp(call->metadata[i].key, key) == 0 && index-- == 0)
			return call->metadata[i].value;
	return NULL;
}

/* An answer for a client that does not speak gRPC. */
static void answer_http(struct sb_grpc_call *call, const char *status)
{
	const nghttp2_nv field = {.name = (uint8_t *)(uintptr_t) ":status",
	                          .namelen = 7,
	                          .value = (uint8_t *)(uintptr_t)status,
	                          .valuelen = strlen(status)};
	call->ended = call->answering = true;
	(void)nghttp2_submit_response(session_of(call), call->stream_id, &field, 1, NULL);
	net_h2_schedule(call->connection->h2);
}

static const struct sb_grpc_method *method_find(const struct sb_grpc_config *config,
                                                const char *path)
{
	for (size_t i = 0; i < config->method_count; i++)
		if (strcmp(config->methods[i].path, path) == 0)
			return &config->methods[i];
	return NULL;
}

/* grpc-go's words for a path nobody serves. */
static void finish_unknown(struct sb_grpc_call *call)
{
	const struct sb_grpc_config *config = &call->connection->server->config;
	const char *slash = strrchr(call->path, '/');
	PRISM_AUTO_FREE char *text = NULL;
	if (call->path[0] != '/' || slash == call->path) {
		text = prism_asprintf("malformed method name: \"%.200s\"", call->path);
		sb_grpc_call_finish(call, NET_GRPC_UNIMPLEMENTED, text);
		return;
	}
	size_t service = (size_t)(slash - call->path);
	bool known = false;
	for (size_t i = 0; i < config->method_count; i++)
		known = known || strncmp(config->methods[i].path, call->path, service + 1) == 0;
	text = known ? prism_asprintf("unknown method %.100s for service %.*s", slash + 1,
	                              (int)service - 1, call->path + 1)
	             : prism_asprintf("unknown service %.*s", (int)service - 1, call->path + 1);
	sb_grpc_call_finish(call, NET_GRPC_UNIMPLEMENTED, text);
}

static bool request_acceptable(struct sb_grpc_call *call)
{
	static const char type[] = "application/grpc";
	if (!call->http_method || strcmp(call->http_method, "POST") != 0) {
		answer_http(call, "405");
		return false;
	}
	if (!call->content_type || strncmp(call->content_type, type, sizeof(type) - 1) != 0) {
		answer_http(call, "415");
		return false;
	}
	const char *encoding = sb_grpc_call_metadata(call, "grpc-encoding", 0);
	if (call->too_large) {
		sb_grpc_call_finish(call, NET_GRPC_RESOURCE_EXHAUSTED, "too many request headers");
	} else if (encoding && strcmp(encoding, "identity") != 0) {
		PRISM_AUTO_FREE char *text = prism_asprintf(
		    "grpc: Decompressor is not installed for grpc-encoding \"%.40s\"", encoding);
		sb_grpc_call_finish(call, NET_GRPC_UNIMPLEMENTED, text);
	}
	return !call->ended;
}

void sb_grpc_call_begin(struct sb_grpc_call *call)
{
	const struct sb_grpc_server *server = call->connection->server;
	int64_t timeout_ms;
	if (!request_acceptable(call))
		return;
	const char *timeout = sb_grpc_call_metadata(call, "grpc-timeout", 0);
	if (timeout && net_grpc_timeout_parse(timeout, strlen(timeout), &timeout_ms) == 0)
		call->deadline = prism_loop_add_timer(server->loop, timeout_ms, 0, deadline_passed, call);
	call->method = method_find(&server->config, call->path);
	if (!call->method) {
		if (strcmp(call->path, "/grpc.health.v1.Health/Check") != 0)
			finish_unknown(call);
		return;
	}
	call->begun = true;
	prism_log(PRISM_LOG_DEBUG, "grpc", "call of %s", call->path);
	if (call->method->begin)
		call->method->begin(server->config.service, call);
}

/* HealthCheckRequest: 1 service, string. HealthCheckResponse: 1 status, SERVING = 1. */
static void health_check(struct sb_grpc_call *call, const uint8_t *msg, size_t len)
{
	const char *known = call->connection->server->config.health_service;
	static const uint8_t serving[] = {0x08, 0x01};
	bool all = len == 0 || (len == 2 && msg[0] == 0x0a && msg[1] == 0);
	bool ours = known && len == strlen(known) + 2 && msg[0] == 0x0a && msg[1] == strlen(known) &&
	            memcmp(msg + 2, known, len - 2) == 0;
	if (all || ours)
		sb_grpc_call_reply(call, serving, sizeof(serving));
	else
		sb_grpc_call_finish(call, NET_GRPC_NOT_FOUND, "unknown service");
}

static int deliver(void *data, const void *msg, size_t len, struct prism_error *err)
{
	struct sb_grpc_call *call = data;
	if (call->ended)
		return 0;
	call->has_message = true;
	if (!call->method)
		health_check(call, msg, len);
	else if (call->method->message)
		call->method->message(call->connection->server->config.service, call, msg, len);
	return 0;
}

static void request_broken(struct sb_grpc_call *call, const struct prism_error *err)
{
	if (call->method && call->method->broken)
		call->method->broken(call->connection->server->config.service, call, err);
	sb_grpc_call_finish(call, err->status ? err->status : NET_GRPC_INTERNAL, err->message);
}

void sb_grpc_call_bytes(struct sb_grpc_call *call, const void *bytes, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (!call->ended && net_grpc_framer_feed(&call->framer, bytes, size, deliver, call, &err) < 0)
		request_broken(call, &err);
	if ((call->paused || paced(call)) && !call->ended)
		call->held += size;
	else
		(void)nghttp2_session_consume_stream(session_of(call), call->stream_id, size);
}

void sb_grpc_call_request_end(struct sb_grpc_call *call)
{
	struct prism_error err = PRISM_ERROR_INIT;
	call->request_done = true;
	if (call->ended)
		return;
	if (!net_grpc_framer_idle(&call->framer)) {
		net_grpc_error(&err, NET_GRPC_INTERNAL,
		               "unexpected EOF"); /* as io.ErrUnexpectedEOF reads */
		request_broken(call, &err);
	} else if (call->method && call->method->half_close) {
		call->method->half_close(call->connection->server->config.service, call);
	} else if (!call->has_message) {
		sb_grpc_call_finish(call, NET_GRPC_INTERNAL, "EOF"); /* one request was due */
	}
}

void *sb_grpc_call_data(const struct sb_grpc_call *call)
{
	return call->data;
}

void sb_grpc_call_set_data(struct sb_grpc_call *call, void *data)
{
	call->data = data;
}

void sb_grpc_call_pause(struct sb_grpc_call *call, bool paused)
{
	call->paused = paused;
	if (paused || paced(call) || call->held == 0 || call->stream_id == 0)
		return;
	(void)nghttp2_session_consume_stream(session_of(call), call->stream_id, call->held);
	call->held = 0;
	net_h2_schedule(call->connection->h2);
}

/* The answer. */

static nghttp2_nv field(const char *name, const char *value)
{
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
	                    .namelen = strlen(name),
	                    .value = (uint8_t *)(uintptr_t)value,
	                    .valuelen = strlen(value)};
}

/* grpc-status and, where there is one, grpc-message; *ret_text is freed after the submit. */
static size_t status_fields(const struct sb_grpc_call *call, nghttp2_nv out[2], char number[12],
                            char **ret_text)
{
	snprintf(number, 12, "%d", call->status);
	out[0] = field("grpc-status", number);
	*ret_text = NULL;
	if (!call->message || !*call->message)
		return 1;
	*ret_text = net_grpc_message_encode(call->message);
	out[1] = field("grpc-message", *ret_text);
	return 2;
}

static void submit_trailers_only(struct sb_grpc_call *call)
{
	nghttp2_nv fields[4] = {field(":status", "200"), field("content-type", "application/grpc")};
	char number[12], *text;
	size_t count = 2 + status_fields(call, fields + 2, number, &text);
	(void)nghttp2_submit_response(session_of(call), call->stream_id, fields, count, NULL);
	prism_free(text);
	call->answering = true;
}

static void submit_trailers(struct sb_grpc_call *call)
{
	nghttp2_nv fields[2];
	char number[12], *text;
	size_t count = status_fields(call, fields, number, &text);
	(void)nghttp2_submit_trailer(session_of(call), call->stream_id, fields, count);
	prism_free(text);
}

static int answer_next(void *data, struct prism_buf *out)
{
	struct sb_grpc_call *call = data;
	int pulled = 0;
	if (call->single_left) {
		call->single_left = false;
		prism_buf_put(out, call->single.data, call->single.len);
		return 1;
	}
	if (!call->ended && call->next) {
		if (paced(call) && call->owed > 0)
			return NET_STREAM_AGAIN; /* pace_tick() resumes */
		pulled = call->next(call->next_data, out);
		if (pulled == 0)
			call->ended = true; /* status OK */
		else if (pulled == NET_STREAM_AGAIN && call->ended)
			pulled = 0; /* finished from inside the pull */
	}
	if (call->connection->dropped)
		return NET_STREAM_AGAIN;
	if (pulled == 0)
		submit_trailers(call);
	else if (pulled == 1 && paced(call))
		call->owed = out->len;
	return pulled;
}

static void answer_begin(struct sb_grpc_call *call)
{
	nghttp2_nv fields[2 + SB_GRPC_ANSWER_HEADERS] = {field(":status", "200"),
	                                                 field("content-type", "application/grpc")};
	size_t count = 2;
	for (size_t i = 0; i < call->header_count; i++)
		fields[count++] = field(call->headers[i].key, call->headers[i].value);
	call->body.next = answer_next;
	call->body.data = call;
	call->body.trailers = true;
	call->answering = true;
	nghttp2_data_provider provider = net_h2_body_provider(&call->body);
	(void)nghttp2_submit_response(session_of(call), call->stream_id, fields, count, &provider);
	net_h2_schedule(call->connection->h2);
}

void sb_grpc_call_header(struct sb_grpc_call *call, const char *key, const char *value)
{
	assert(!call->answering && call->header_count < SB_GRPC_ANSWER_HEADERS);
	call->headers[call->header_count++] =
	    (struct net_grpc_metadata){.key = prism_strdup(key), .value = prism_strdup(value)};
}

void sb_grpc_call_reply(struct sb_grpc_call *call, const void *msg, size_t len)
{
	if (call->ended || call->stream_id == 0)
		return;
	prism_buf_put(&call->single, msg, len);
	call->single_left = true;
	call->ended = true;
	answer_begin(call);
}

void sb_grpc_call_stream(struct sb_grpc_call *call, int (*next)(void *data, struct prism_buf *out),
                         void *data)
{
	if (call->ended || call->stream_id == 0)
		return;
	call->next = next;
	call->next_data = data;
	answer_begin(call);
}

void sb_grpc_call_resume(struct sb_grpc_call *call)
{
	if (call->stream_id > 0)
		net_h2_body_resume(call->connection->h2, &call->body, call->stream_id);
}

void sb_grpc_call_finish(struct sb_grpc_call *call, int status, const char *message)
{
	if (call->ended)
		return;
	call->ended = true;
	call->status = status;
	call->message = prism_strdup(message);
	if (call->stream_id == 0)
		return;
	if (call->answering)
		sb_grpc_call_resume(call); /* the next pull finds the end */
	else
		submit_trailers_only(call);
	net_h2_schedule(call->connection->h2);
}

bool sb_grpc_call_finished(const struct sb_grpc_call *call)
{
	return call->ended;
}

void sb_grpc_call_drop(struct sb_grpc_call *call)
{
	call->ended = true;
	call->connection->dropped = true;
	net_h2_schedule(call->connection->h2);
}
