/*
 * Misbehaviour of agents on demand: what --agent-fault asks for, KIND[=ARG].  The kinds are one
 * table in agent_faults.c; --help prints it.
 */
#ifndef PRISM_SANDBOX_AGENT_FAULTS_H
#define PRISM_SANDBOX_AGENT_FAULTS_H

#include "sandbox/agent.h"

/* Adds to what is there. spec is lent: it stays in use. */
PRISM_MUST_USE
int sb_agent_faults_add(struct sb_agent_faults *faults, const char *spec, struct prism_error *err);
void sb_agent_faults_help(void (*line)(void *data, const char *text), void *data);

#endif
