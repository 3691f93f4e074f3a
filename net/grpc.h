/*
 * gRPC over HTTP/2: message framing, metadata, deadlines and status (the project's own client
 * on libnghttp2, because libcurl loses the trailers of an early refusal: reference measured.md).
 *
 * Split: net/grpc.c is the codec (bytes in, bytes out, no sockets) used by client and sandbox;
 * net/h2.c is the nghttp2 session over a net_stream, for both sides; net/grpc_call.c is the
 * client call of this header, net/grpc_response.c what the headers of an answer mean.
 *
 * A call: net_grpc_call_start(); then request messages are pulled from `next_message` whenever
 * the window allows (so an upload of any size is held one message at a time); response messages
 * arrive through on_message; done comes exactly once with the trailers' status.  An early
 * status while the upload is still going stops the pulling and is delivered as the reason.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_GRPC_H
#define PRISM_NET_GRPC_H

#include "net/stream.h"

#include <stdint.h>

#define NET_GRPC_MESSAGE_MAX 4194304u /* grpc-go's default receive limit; both directions */
#define NET_GRPC_METADATA_MAX 65536u  /* stops a peer that sends headers without end */

enum net_grpc_status { /* grpc/doc/statuscodes.md; the numbers are wire values */
	                   NET_GRPC_OK = 0,
	                   NET_GRPC_CANCELLED = 1,
	                   NET_GRPC_UNKNOWN = 2,
	                   NET_GRPC_INVALID_ARGUMENT = 3,
	                   NET_GRPC_DEADLINE_EXCEEDED = 4,
	                   NET_GRPC_NOT_FOUND = 5,
	                   NET_GRPC_ALREADY_EXISTS = 6,
	                   NET_GRPC_PERMISSION_DENIED = 7,
	                   NET_GRPC_RESOURCE_EXHAUSTED = 8,
	                   NET_GRPC_FAILED_PRECONDITION = 9,
	                   NET_GRPC_ABORTED = 10,
	                   NET_GRPC_OUT_OF_RANGE = 11,
	                   NET_GRPC_UNIMPLEMENTED = 12,
	                   NET_GRPC_INTERNAL = 13,
	                   NET_GRPC_UNAVAILABLE = 14,
	                   NET_GRPC_DATA_LOSS = 15,
	                   NET_GRPC_UNAUTHENTICATED = 16,
	                   NET_GRPC_STATUS_COUNT
};
const char *
net_grpc_status_word(int status); /* "UNAVAILABLE"; "status 99" becomes "UNKNOWN STATUS" */

/* Codec: the 5-byte prefix and its stream of messages. */
struct net_grpc_framer { /* init with NET_GRPC_FRAMER_INIT */
	struct prism_buf pending;
};
#define NET_GRPC_FRAMER_INIT                                \
	{                                                       \
		.pending = PRISM_BUF_INIT(NET_GRPC_MESSAGE_MAX + 5) \
	}
void net_grpc_frame_header(uint8_t out[5], uint32_t size);
/* Feeds bytes; calls on_message for each whole message. -1: compressed flag, oversize (status 8).
 */
PRISM_MUST_USE
int net_grpc_framer_feed(struct net_grpc_framer *framer, const void *data, size_t size,
                         int (*on_message)(void *data, const void *msg, size_t len,
                                           struct prism_error *err),
                         void *user, struct prism_error *err);
void net_grpc_framer_finish(struct net_grpc_framer *framer);
bool net_grpc_framer_idle(const struct net_grpc_framer *framer); /* no half message */
/* grpc-message percent coding (gRPC over HTTP2, "Status-Message"). Yours. */
char *net_grpc_message_encode(const char *text);
char *net_grpc_message_decode(const char *text, size_t len);
/* grpc-timeout ("PROTOCOL-HTTP2", Timeout): at most 8 digits and a unit. */
#define NET_GRPC_TIMEOUT_TEXT 16
char *net_grpc_timeout_format(int64_t timeout_ms, char buf[NET_GRPC_TIMEOUT_TEXT]);
PRISM_MUST_USE
int net_grpc_timeout_parse(const char *text, size_t len, int64_t *ret_ms);
/* A peer's status as an error: category by status, err->status the number. Returns -1. */
int net_grpc_error(struct prism_error *err, int status, const char *message);
/* For an answer without gRPC status (grpc/doc/http-grpc-status-mapping.md). */
int net_grpc_status_from_http(int http_status);
/* A metadata value travels as printable ASCII, 0x20 to 0x7e. */
bool net_grpc_value_ok(const char *value);

struct net_grpc_metadata { /* one header; keys lower case, values printable ASCII */
	const char *key, *value;
	bool secret; /* never logged, never indexed (HPACK never-indexed flag) */
};

/* Channel: one HTTP/2 connection over a stream chain. */
struct net_grpc_channel;
struct net_grpc_call;

/* stream: a chain not yet connected; given. authority: host:port for :authority.
 * Connecting begins with the first call. A channel whose connection failed, broke or was ended by
 * the server's GOAWAY stays so: further calls fail at once (category io, status UNAVAILABLE), and
 * the user makes another channel. Destroying it from one of its callbacks is allowed. */
struct net_grpc_channel *net_grpc_channel_create(struct prism_loop *loop, struct net_stream *stream,
                                                 const char *authority, bool secure);
void net_grpc_channel_destroy(struct net_grpc_channel *channel); /* ends calls without callbacks */
/* False once no further call can be started on it. */
bool net_grpc_channel_usable(const struct net_grpc_channel *channel);
/* NULL while connecting or when there is none. */
const struct net_stream *net_grpc_channel_stream(const struct net_grpc_channel *channel);

struct net_grpc_call_spec {
	const char *path;                         /* "/agent.AgentService/Algo"; copied */
	const struct net_grpc_metadata *metadata; /* copied, secrets wiped */
	size_t metadata_count;
	int64_t timeout_ms; /* 0: none; sent as grpc-timeout */
	/* Pulls the next request message (serialised protobuf) into out, which is empty and holds at
	 * most NET_GRPC_MESSAGE_MAX. Returns 1: a message, 0: no more (half-close),
	 * NET_STREAM_AGAIN: none yet, call net_grpc_call_resume(), -1: give up with err. */
	int (*next_message)(void *data, struct prism_buf *out, struct prism_error *err);
	void (*on_headers)(void *data, const struct net_grpc_metadata *headers,
	                   size_t count); /* may be NULL */
	/* Return -1 to end the call with err. NULL: messages are refused as unexpected. */
	int (*on_message)(void *data, const void *msg, size_t len, struct prism_error *err);
	void (*on_sent)(
	    void *data,
	    uint64_t bytes); /* payload bytes handed to the connection so far; may be NULL */
	/* status OK: err is NULL. Otherwise err->status is the gRPC status, message the server's text.
	 * Comes from the loop, never from inside a function of this header; the call is gone after. */
	void (*done)(void *data, int status, const struct prism_error *err);
	void *data;
};
struct net_grpc_call *net_grpc_call_start(struct net_grpc_channel *channel,
                                          const struct net_grpc_call_spec *spec,
                                          struct prism_cancel *cancel, struct prism_error *err);
void net_grpc_call_abort(struct net_grpc_call *call); /* RST_STREAM CANCEL; done follows */
void net_grpc_call_resume(struct net_grpc_call *call);
/* Back pressure for downloads: while paused no further window is granted. */
void net_grpc_call_pause(struct net_grpc_call *call, bool paused);

#endif
