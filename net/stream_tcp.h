/*
 * TCP at the bottom of a stream chain: name lookup on a worker, addresses tried in the order
 * the resolver gave, the next one started 250 ms after the previous (RFC 8305 section 5), the
 * first to connect wins; one deadline over all of it.
 */
#ifndef PRISM_NET_STREAM_TCP_H
#define PRISM_NET_STREAM_TCP_H

#include "base/work.h"
#include "net/stream.h"

/* How the message of a connection that was never made begins. */
#define NET_TCP_CONNECT_WORDS "connect to "

#define NET_TCP_RACE_MS 250 /* RFC 8305 section 8, "Connection Attempt Delay" */

/* host: name or literal address (brackets removed); port 1 to 65535. */
struct net_stream *net_stream_tcp_create(struct prism_loop *loop, struct prism_work *work,
                                         const char *host, uint16_t port, int64_t timeout_ms);
/* An already connected descriptor (accepted, or a socketpair in tests); fd is given. */
struct net_stream *net_stream_fd_create(struct prism_loop *loop, int fd);

/* "host:port", "[v6]:port", ":port" refused. ret_host is yours. */
PRISM_MUST_USE
int net_address_parse(const char *text, uint16_t fallback_port, char **ret_host, uint16_t *ret_port,
                      struct prism_error *err);

#endif
