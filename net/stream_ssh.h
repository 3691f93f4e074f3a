/*
 * Channels of an SSH session as the bottom of a stream chain: a connection that the last hop makes
 * for us (direct-tcpip, RFC 4254 section 7.2), and a command that it runs (section 6.5).
 *
 * The connect waits for the tunnel, within its deadline; while a person is asked the clock stands
 * still.  When the session breaks, reading and writing fail with its reason.
 */
#ifndef PRISM_NET_STREAM_SSH_H
#define PRISM_NET_STREAM_SSH_H

#include "net/tunnel.h"

/* host is looked up by the bastion. */
struct net_stream *net_stream_ssh_create(struct net_tunnel *tunnel, const char *host, uint16_t port,
                                         int64_t timeout_ms);
/* Standard input and output of a command. */
struct net_stream *net_stream_ssh_exec(struct net_tunnel *tunnel, const char *command,
                                       int64_t timeout_ms);
/* After the end of an exec's output: its exit status (-1: not told), and what it wrote to standard
 * error, up to 4 KiB; lent. */
int net_stream_ssh_status(struct net_stream *s, const char **ret_stderr);

#endif
