/*
 * Where the inputs of a connection to an agent come from: what a command names, else cocos-cli's
 * environment variables (AGENT_GRPC_*, same meanings), else the profile's settings.
 *
 * Source: reference agent.md section 8 (variables and what selects a mode).
 * Thread rules: none; the environment is read.
 */
#ifndef PRISM_CORE_AGENT_SETTINGS_H
#define PRISM_CORE_AGENT_SETTINGS_H

#include "core/agent.h"

struct core_options;

/* Fills every input that is still NULL (generation: still 0). Strings are lent by the options and
 * the environment. AGENT_GRPC_ATTESTED_TLS=true makes the mode attested, never the reverse: a
 * computation that asks for attestation is not reached without it. Invalid: a value that is not a
 * Go boolean, an unknown generation. */
PRISM_MUST_USE
int core_agent_settings_fill(const struct core_options *options,
                             struct core_agent_connection *connection, struct prism_error *err);

#endif
