/*
 * Where the inputs of a connection to an agent come from, the first that says something:
 *
 *   1. what a command names
 *   2. the program's own settings on the command line or in its environment (PRISM_TUI_AGENT_*)
 *   3. cocos-cli's environment variables (AGENT_GRPC_*, same meanings)
 *   4. the section [cvm NAME] of the configuration file
 *   5. the profile
 *
 * Two of cocos-cli's variables are not followed: AGENT_GRPC_ATTESTATION_REQUEST_CONTEXT, because
 * every connection gets a fresh context, and AGENT_GRPC_PRODUCT_NAME only in so far as it narrows
 * what is accepted (cocos-cli ignores it).
 *
 * Source: reference agent.md section 8 (variables and what selects a mode).
 * Thread rules: none; the environment is read.
 */
#ifndef PRISM_CORE_AGENT_SETTINGS_H
#define PRISM_CORE_AGENT_SETTINGS_H

#include "core/agent.h"

struct core_options;

/* Fills every input that is still NULL (generation: still 0). names: what the CVM is called (name,
 * id, address), NULL-terminated, or NULL. Strings are lent by the options and the environment.
 * connection->mode is that of the computation: agent_mode and AGENT_GRPC_ATTESTED_TLS=true may make
 * it stronger, never weaker. Invalid: a value that is not a Go boolean, an unknown generation, a
 * weaker mode. */
PRISM_MUST_USE
int core_agent_settings_fill(const struct core_options *options, const char *const *names,
                             struct core_agent_connection *connection, struct prism_error *err);
/* The address that settings give an agent; NULL: none, it is that of the run. */
const char *core_agent_settings_url(const struct core_options *options, const char *const *names);

#endif
