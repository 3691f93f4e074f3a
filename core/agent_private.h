/*
 * Internal to core: shared by the files that make up core/agent.h.
 */
#ifndef PRISM_CORE_AGENT_PRIVATE_H
#define PRISM_CORE_AGENT_PRIVATE_H

#include "core/agent.h"

/* Host and port of a connection's url; a scheme is dropped. ret_host is yours. */
PRISM_MUST_USE
int core_agent_address(const char *url, char **ret_host, uint16_t *ret_port,
                       struct prism_error *err);

/* The bottom of every chain: TCP, or a channel of the tunnel. */
struct net_stream *core_agent_bottom(struct prism_loop *loop, struct prism_work *work,
                                     const struct core_agent_connection *connection,
                                     const char *host, uint16_t port);

#endif
