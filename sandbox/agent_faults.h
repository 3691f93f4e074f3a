/*
 * Misbehaviour of agents on demand: what --agent-fault asks for, KIND[=ARG][@NAME-GLOB].  The kinds
 * are one table in agent_faults.c; --help prints it.  With a glob only agents of computations whose
 * name matches misbehave, so that one sandbox shows a sound agent beside a faulty one.
 */
#ifndef PRISM_SANDBOX_AGENT_FAULTS_H
#define PRISM_SANDBOX_AGENT_FAULTS_H

#include "sandbox/agent.h"

#define SB_AGENT_FAULT_RULES 48u

struct sb_agent_fault_rules {
	struct {
		char fault[160], glob[80]; /* "": every computation */
	} rules[SB_AGENT_FAULT_RULES];
	size_t count;
};

/* Adds to what is there. Invalid: an unknown kind, a text that is too long, too many. */
PRISM_MUST_USE
int sb_agent_faults_add(struct sb_agent_fault_rules *rules, const char *spec,
                        struct prism_error *err);
/* The faults of a computation's agent; early_reject is lent from the rules. */
struct sb_agent_faults sb_agent_faults_of(const struct sb_agent_fault_rules *rules,
                                          const char *computation_name);
void sb_agent_faults_help(void (*line)(void *data, const char *text), void *data);

#endif
