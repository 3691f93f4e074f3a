/*
 * Shared by sandbox/grpc_server.c (listener, connections, nghttp2 callbacks) and
 * sandbox/grpc_server_call.c (one call: request in, answer out); nobody else includes it.
 */
#ifndef PRISM_SANDBOX_GRPC_SERVER_PRIVATE_H
#define PRISM_SANDBOX_GRPC_SERVER_PRIVATE_H

#include "net/h2.h"
#include "sandbox/grpc_server.h"

#include "base/list.h"
#include "base/mem.h"

#define SB_GRPC_HEADERS_MAX 256 /* request headers; stops a client that sends many tiny ones */
#define SB_GRPC_ANSWER_HEADERS 4

struct sb_grpc_connection {
	struct prism_list node;
	struct sb_grpc_server *server;
	struct net_h2 *h2;
	struct prism_list calls;
	bool dropped;
};

struct sb_grpc_server {
	struct prism_loop *loop;
	struct sb_grpc_config config;
	int fd;
	struct prism_fd *watch;
	char *address;
	struct prism_list connections;
	unsigned connection_count;
};

struct sb_grpc_call {
	struct prism_list node;
	struct sb_grpc_connection *connection;
	const struct sb_grpc_method *method; /* NULL: unknown */
	int32_t stream_id;                   /* 0: closed */
	void *data;
	char *http_method, *path, *content_type;
	struct net_grpc_metadata *metadata;
	size_t metadata_count, metadata_bytes;
	bool too_large;
	struct net_grpc_framer framer;
	bool begun, has_message, request_done, paused;
	size_t held; /* window kept back while paused */
	struct prism_timer *deadline;
	struct prism_timer *pace; /* bytes_per_s: gives `held` back bit by bit, lets the answer go on */
	uint64_t owed;            /* bytes of the answer that were sent and not yet paid by ticks */
	/* The answer. */
	struct net_grpc_metadata headers[SB_GRPC_ANSWER_HEADERS];
	size_t header_count;
	struct net_h2_body body;
	int (*next)(void *data, struct prism_buf *out);
	void *next_data;
	struct prism_buf single; /* the message of sb_grpc_call_reply() */
	bool single_left;
	bool answering; /* response headers are submitted */
	bool ended;     /* the outcome is decided */
	int status;
	char *message;
};

struct sb_grpc_call *sb_grpc_call_create(struct sb_grpc_connection *connection, int32_t stream_id);
void sb_grpc_call_free(struct sb_grpc_call *call); /* tells gone */
void sb_grpc_call_request_header(struct sb_grpc_call *call, const char *name, size_t name_len,
                                 const char *value, size_t value_len);
void sb_grpc_call_begin(struct sb_grpc_call *call);
void sb_grpc_call_bytes(struct sb_grpc_call *call, const void *bytes, size_t size);
void sb_grpc_call_request_end(struct sb_grpc_call *call);

#endif
