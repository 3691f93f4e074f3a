/*
 * Reaching the agent of a computation, as every command that talks to one does: where it listens
 * (--address, the settings, else the CVM of the newest run), how it is protected (the computation's
 * TLS mode), and what the settings and the arguments --policy and --test-root add.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_AGENT_REACH_H
#define PRISM_TUI_AGENT_REACH_H

#include "core/agent.h"
#include "tui/command.h"

/* Looks the agent up, then calls `then` once; what cannot be found out ends the command. The
 * address is lent for the call. */
typedef void (*pt_agent_reach_fn)(void *data, const char *address, enum core_tls_mode mode);
void pt_agent_reach(struct pt_command *command, pt_agent_reach_fn then, void *data);

/* Everything needed to connect; yours, core_agent_connection_destroy(). NULL on failure. */
struct core_agent_connection *pt_agent_connection(struct pt_command *command, const char *address,
                                                  enum core_tls_mode mode, struct prism_error *err);

#endif
