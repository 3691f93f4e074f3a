/*
 * Listener and connections of the gRPC server; calls are in sandbox/grpc_server_call.c.
 *
 * A connection lives from accept until its HTTP/2 session is over or a call dropped it; it and its
 * finished calls are freed in settled(), the one place net/h2.h allows.
 */
#include "sandbox/grpc_server_private.h"

#include "net/stream_tcp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64

static struct sb_grpc_call *call_of(nghttp2_session *session, int32_t stream_id)
{
	return nghttp2_session_get_stream_user_data(session, stream_id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct sb_grpc_connection *connection = net_h2_user(user);
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct sb_grpc_call *call = sb_grpc_call_create(connection, frame->hd.stream_id);
	return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
	struct sb_grpc_call *call = call_of(session, frame->hd.stream_id);
	if (call && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		sb_grpc_call_request_header(call, (const char *)name, name_len, (const char *)value,
		                            value_len);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct sb_grpc_call *call =
	    frame->hd.stream_id > 0 ? call_of(session, frame->hd.stream_id) : NULL;
	if (!call)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		sb_grpc_call_begin(call);
	if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		sb_grpc_call_request_end(call);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes,
                   size_t size, void *user)
{
	struct sb_grpc_call *call = call_of(session, stream_id);
	(void)nghttp2_session_consume_connection(session, size);
	if (call)
		sb_grpc_call_bytes(call, bytes, size);
	else
		(void)nghttp2_session_consume_stream(session, stream_id, size);
	return 0;
}

/* RFC 9113 section 8.1: a whole answer before a whole request is followed by RST_STREAM with
 * NO_ERROR, so that the client stops sending. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	if (frame->hd.type != NGHTTP2_HEADERS || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	struct sb_grpc_call *call = call_of(session, frame->hd.stream_id);
	if (call && !call->request_done)
		(void)nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
		                                NGHTTP2_NO_ERROR);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t code, void *user)
{
	struct sb_grpc_call *call = call_of(session, stream_id);
	if (call)
		call->stream_id = 0; /* settled() frees it */
	return 0;
}

static void connection_free(struct sb_grpc_connection *connection)
{
	PRISM_LIST_EACH (&connection->calls, node, tmp)
		sb_grpc_call_free(PRISM_CONTAINER(node, struct sb_grpc_call, node));
	net_h2_destroy(connection->h2);
	prism_list_remove(&connection->node);
	connection->server->connection_count--;
	prism_fd_set_events(connection->server->watch, PRISM_LOOP_READ);
	prism_free(connection);
}

static void settled(void *data, bool over, const struct prism_error *err)
{
	struct sb_grpc_connection *connection = data;
	if (over || connection->dropped) {
		connection_free(connection);
		return;
	}
	PRISM_LIST_EACH (&connection->calls, node, tmp) {
		struct sb_grpc_call *call = PRISM_CONTAINER(node, struct sb_grpc_call, node);
		if (call->stream_id == 0)
			sb_grpc_call_free(call);
	}
}

static void connection_create(struct sb_grpc_server *server, int fd)
{
	nghttp2_session_callbacks *callbacks;
	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	struct sb_grpc_connection *connection = prism_alloc(sizeof(*connection));
	connection->server = server;
	prism_list_init(&connection->calls);
	struct net_stream *stream = net_stream_fd_create(server->loop, fd);
	if (server->config.wrap)
		stream = server->config.wrap(server->config.wrap_data, stream);
	/* A tenth of a second's worth, so that a slow server looks slow at once. */
	uint64_t window = server->config.bytes_per_s / 10;
	if (window > NET_H2_WINDOW || server->config.bytes_per_s == 0)
		window = NET_H2_WINDOW;
	const struct net_h2_config config = {.server = true,
	                                     .window = window < 65535 ? 65535 : (int32_t)window,
	                                     .callbacks = callbacks,
	                                     .frame_sent = on_frame_sent,
	                                     .settled = settled,
	                                     .data = connection};
	connection->h2 = net_h2_create(server->loop, stream, &config);
	nghttp2_session_callbacks_del(callbacks);
	prism_list_append(&server->connections, &connection->node);
	server->connection_count++;
	net_h2_connect(connection->h2);
}

static void accept_ready(void *data, int listener, unsigned events)
{
	struct sb_grpc_server *server = data;
	int fd = accept(listener, NULL, NULL);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			prism_fd_set_events(server->watch, 0); /* until a connection has ended */
		return;
	}
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (server->connection_count >= SB_GRPC_CONNECTIONS_MAX)
		close(fd);
	else
		connection_create(server, fd);
}

static char *bound_address(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return NULL;
	return prism_asprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

/* Port 0 is allowed here, so this is not net_address_parse(). */
static struct addrinfo *listen_address(const char *text, struct prism_error *err)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	                               .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(text, ':');
	struct addrinfo *list = NULL;
	if (!colon || colon == text) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.100s\" is no address to listen on", text);
		return NULL;
	}
	bool bracketed = text[0] == '[' && colon[-1] == ']';
	PRISM_AUTO_FREE char *host = bracketed ? prism_strndup(text + 1, (size_t)(colon - text) - 2)
	                                       : prism_strndup(text, (size_t)(colon - text));
	int result = getaddrinfo(host, colon + 1, &hints, &list);
	if (result == 0)
		return list;
	prism_error_raise(err, PRISM_ERROR_INVALID, "cannot listen on %.100s: %s", text,
	                  gai_strerror(result));
	return NULL;
}

static int listen_open(const char *text, struct prism_error *err)
{
	struct addrinfo *list = listen_address(text, err);
	if (!list)
		return -1;
	int on = 1;
	int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	                bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)) {
		int saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		prism_error_errno(err, errno, "listen on %.100s", text);
	return fd;
}

struct sb_grpc_server *sb_grpc_server_create(struct prism_loop *loop,
                                             const struct sb_grpc_config *config,
                                             struct prism_error *err)
{
	int fd = listen_open(config->listen, err);
	if (fd < 0)
		return NULL;
	struct sb_grpc_server *server = prism_alloc(sizeof(*server));
	server->loop = loop;
	server->config = *config;
	server->config.listen = NULL; /* not kept */
	server->fd = fd;
	prism_list_init(&server->connections);
	server->address = bound_address(fd);
	server->watch = prism_loop_add_fd(loop, fd, PRISM_LOOP_READ, accept_ready, server);
	return server;
}

void sb_grpc_server_destroy(struct sb_grpc_server *server)
{
	if (!server)
		return;
	PRISM_LIST_EACH (&server->connections, node, tmp)
		connection_free(PRISM_CONTAINER(node, struct sb_grpc_connection, node));
	prism_fd_remove(server->watch);
	close(server->fd);
	prism_free(server->address);
	prism_free(server);
}

const char *sb_grpc_server_address(const struct sb_grpc_server *server)
{
	return server->address ? server->address : "";
}
