/*
 * A gRPC server on the loop: a listener, its HTTP/2 connections (net/h2.h) and their calls.  What
 * the methods do belongs to a table of handlers; sandbox/agent_service.c fills one.
 * grpc.health.v1.Health/Check is answered here.
 *
 * A call, as its handler sees it:
 *
 *   begin -> message* -> half_close        the request; any of them may reply, stream or finish
 *   gone                                   once, last: answered, reset by the client, or lost
 *
 * Handlers run inside the connection's pump: they may use every function below on any call, but
 * must not destroy the server.  After the call is finished only gone still comes.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_GRPC_SERVER_H
#define PRISM_SANDBOX_GRPC_SERVER_H

#include "net/grpc.h"

#define SB_GRPC_CONNECTIONS_MAX 128 /* stops a client that opens connections without end */

struct sb_grpc_server;
struct sb_grpc_call;

struct sb_grpc_method {
	const char *path;                                        /* "/agent.AgentService/Algo" */
	void (*begin)(void *service, struct sb_grpc_call *call); /* metadata is there; may be NULL */
	void (*message)(void *service, struct sb_grpc_call *call, const void *msg, size_t len);
	void (*half_close)(void *service, struct sb_grpc_call *call);
	/* The request cannot be read (oversize message, ...). NULL: finished with err's status and
	 * text. */
	void (*broken)(void *service, struct sb_grpc_call *call, const struct prism_error *err);
	void (*gone)(void *service, struct sb_grpc_call *call); /* may be NULL */
};

struct sb_grpc_config {
	const char *listen;                   /* "127.0.0.1:0"; a literal address */
	const struct sb_grpc_method *methods; /* lent for the life of the server */
	size_t method_count;
	const char *health_service; /* besides ""; lent; NULL: none */
	void *service;              /* first argument of the handlers */
	/* Layers above the accepted stream (TLS); given and returned. NULL: clear text. */
	struct net_stream *(*wrap)(void *wrap_data, struct net_stream *accepted);
	void *wrap_data;
	uint64_t bytes_per_s; /* each call's payload, each way, no faster than this; 0: no limit */
};

struct sb_grpc_server *sb_grpc_server_create(struct prism_loop *loop,
                                             const struct sb_grpc_config *config,
                                             struct prism_error *err);
void sb_grpc_server_destroy(struct sb_grpc_server *server); /* gone for every call; NULL allowed */
const char *sb_grpc_server_address(const struct sb_grpc_server *server); /* lent */

/* The request. */
/* The index-th value of a metadata key, NULL when there are fewer; lent while the call lives. */
const char *sb_grpc_call_metadata(const struct sb_grpc_call *call, const char *key, size_t index);
void *sb_grpc_call_data(const struct sb_grpc_call *call);
void sb_grpc_call_set_data(struct sb_grpc_call *call, void *data);
void sb_grpc_call_pause(struct sb_grpc_call *call,
                        bool paused); /* no further window for the client */

/* The answer. */
void sb_grpc_call_header(struct sb_grpc_call *call, const char *key,
                         const char *value); /* before it begins */
void sb_grpc_call_reply(struct sb_grpc_call *call, const void *msg,
                        size_t len); /* one message, then OK */
/* Messages are pulled: 1: one is in out, 0: all sent, status OK follows, NET_STREAM_AGAIN: none
 * yet, call sb_grpc_call_resume(). It may call sb_grpc_call_finish() and return NET_STREAM_AGAIN.
 */
void sb_grpc_call_stream(struct sb_grpc_call *call, int (*next)(void *data, struct prism_buf *out),
                         void *data);
void sb_grpc_call_resume(struct sb_grpc_call *call);
/* The first outcome counts. Before the answer has begun: trailers only, even while the client still
 * sends. */
void sb_grpc_call_finish(struct sb_grpc_call *call, int status, const char *message);
bool sb_grpc_call_finished(const struct sb_grpc_call *call);
void sb_grpc_call_drop(struct sb_grpc_call *call); /* cuts the connection without a word */

#endif
