/*
 * What the header blocks of an answer mean: the initial headers, the trailers, a trailers-only
 * answer, an answer that is not gRPC at all.  Fed by net/grpc_call.c, knows no nghttp2.
 * Internal to net.
 *
 * Blocks arrive as begin, any number of headers, end.  1xx blocks are dropped.  The first final
 * block is the initial headers, the next one the trailers; a block that carries grpc-status
 * settles the status wherever it stands.
 */
#ifndef PRISM_NET_GRPC_RESPONSE_H
#define PRISM_NET_GRPC_RESPONSE_H

#include "net/grpc.h"

#define NET_GRPC_HEADERS_MAX 256    /* per block; stops a peer that sends many tiny ones */
#define NET_GRPC_INTERIM_MAX 16     /* 1xx answers taken before the real one */
#define NET_GRPC_ERROR_PAGE_MAX 300 /* bytes of an HTTP error page kept to quote */

struct net_grpc_response {
	int http_status; /* of the initial headers; 0: none yet */
	bool is_grpc;    /* content-type application/grpc */
	bool has_status;
	int status;    /* valid with has_status */
	char *message; /* decoded grpc-message; NULL: none */
	char *content_type;
	struct prism_buf page; /* the beginning of a body that is not gRPC */
	/* The block being received, or the last one. */
	struct net_grpc_metadata *headers;
	size_t count, bytes;
	int block_status;
	unsigned interim;
	bool initial_done;
};
void net_grpc_response_init(struct net_grpc_response *response);
void net_grpc_response_finish(struct net_grpc_response *response);
void net_grpc_response_begin(struct net_grpc_response *response);
/* -1: a cap was hit (category limit). */
PRISM_MUST_USE
int net_grpc_response_header(struct net_grpc_response *response, const char *name, size_t name_len,
                             const char *value, size_t value_len, struct prism_error *err);
/* 1: these were the initial headers of a gRPC answer, now in headers[]; 0: something else. */
PRISM_MUST_USE
int net_grpc_response_end(struct net_grpc_response *response, struct prism_error *err);
/* A piece of body of an answer that is not gRPC. True when enough has been seen. */
bool net_grpc_response_page(struct net_grpc_response *response, const void *data, size_t size);
/* The stream ended (reset_code 0: in order). Returns the status, and err when it is not OK. */
int net_grpc_response_conclude(const struct net_grpc_response *response, uint32_t reset_code,
                               struct prism_error *err);

#endif
