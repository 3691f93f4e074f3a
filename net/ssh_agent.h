/*
 * A client of ssh-agent (draft-miller-ssh-agent): which keys it holds, and signatures by them.
 * Asynchronous, because an agent may ask a person, or wait for a touch, before it signs.
 *
 * A start function fails now without a callback, or calls back exactly once, later, from the loop;
 * one request at a time; destroying the client ends it without a callback.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_SSH_AGENT_H
#define PRISM_NET_SSH_AGENT_H

#include "base/buf.h"
#include "base/loop.h"

#define NET_SSH_AGENT_KEYS_MAX 64 /* servers give up long before that many tries */

struct net_ssh_agent;
struct net_ssh_agent_key { /* lent during the callback */
	const void *blob;
	size_t len;
	const char *comment;
};

/* socket: $SSH_AUTH_SOCK or another path. NULL: nobody listens there. */
struct net_ssh_agent *net_ssh_agent_open(struct prism_loop *loop, const char *socket,
                                         struct prism_error *err);
void net_ssh_agent_close(struct net_ssh_agent *agent); /* NULL allowed */

void net_ssh_agent_list(struct net_ssh_agent *agent,
                        void (*done)(void *data, const struct net_ssh_agent_key *keys, size_t count,
                                     const struct prism_error *err),
                        void *data);
/* signature: the inner one, as net/ssh_key.h makes it; RSA with SHA-512. Lent. */
void net_ssh_agent_sign(struct net_ssh_agent *agent, const void *blob, size_t blob_len,
                        const void *bytes, size_t len,
                        void (*done)(void *data, const void *signature, size_t signature_len,
                                     const struct prism_error *err),
                        void *data);

#endif
