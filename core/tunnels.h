/*
 * Which way leads where: the options via, <service>_via and agent_via turned into tunnels
 * (net/tunnel.h), made on first use and kept as long as the core.
 *
 * Questions (host keys, passphrases, passwords, one-time codes) go to the front end that
 * registered; without one they are refused.  CORE_EVENT_TUNNELS tells of every change.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_TUNNELS_H
#define PRISM_CORE_TUNNELS_H

#include "core/core.h"
#include "core/endpoints.h"
#include "net/tunnel.h"

/* Who answers questions. */
struct core_tunnel_asker {
	void (*ask)(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *question);
	void (*withdraw)(void *data, struct net_tunnel *tunnel); /* the question is void */
	void *data;
};
/* NULL: nobody. Copied. Before the first use of a tunnel. */
void core_tunnels_set_asker(struct core *core, const struct core_tunnel_asker *asker);

/* *ret NULL: direct. Fails on a way that cannot be read. */
PRISM_MUST_USE
int core_tunnel_of_service(struct core *core, enum core_service service, struct net_tunnel **ret,
                           struct prism_error *err);
/* address: "host:port" or a host name; names: what its CVM is called in [cvm NAME] of the
 * configuration and in patterns, NULL-terminated, or NULL. */
PRISM_MUST_USE
int core_tunnel_of_agent(struct core *core, const char *address, const char *const *names,
                         struct net_tunnel **ret, struct prism_error *err);
/* A way as written after via. */
struct net_tunnel *core_tunnel(struct core *core, const char *via, struct prism_error *err);

size_t core_tunnel_count(struct core *core);
struct net_tunnel *core_tunnel_at(struct core *core, size_t index);
/* By its whole name, or by the name of a hop when only one tunnel ends there. */
struct net_tunnel *core_tunnel_find(struct core *core, const char *name, struct prism_error *err);

/* The part of agent_via that counts for one host, for tests: "" when none does. Yours. */
char *core_tunnel_choose(const char *rules, const char *host, const char *const *names);

#endif
