/*
 * Life of CVMs: rows of the table cvms, and the timer that moves them on.
 *
 *   creating -> starting -> online            one step each, --cvm-step apart
 *   online, state: Idle -> ReceivingManifest  at once; ready to run
 *   external CVMs stay offline: nothing connects to a sandbox from outside
 *   any -> deleted (deleted_at set)           on request, when no run is on it
 *
 * While a run is on a CVM its state follows the run's agent (run.c).
 */
#ifndef PRISM_SANDBOX_CVM_H
#define PRISM_SANDBOX_CVM_H

#include "sandbox/sandbox.h"

#define SB_NOT_A_TEE "NOT A TEE"
#define SB_CVM_STEP_MS 2000
#define SB_STATE_READY "ReceivingManifest"

struct sb_cvms *sb_cvms_create(struct sb *sb); /* also takes up CVMs that a store left half made */
void sb_cvms_destroy(struct sb_cvms *cvms);    /* NULL allowed */

struct sb_cvm_row {
	const char *id; /* NULL: a fresh one */
	int64_t workspace;
	const char *name, *provider, *platform, *log_level, *cost, *created_by;
	int vcpus;
};
/* Row number of a CVM that begins its life. */
int64_t sb_cvm_insert(struct sb *sb, const struct sb_cvm_row *row);
void sb_cvm_set_state(struct sb *sb, int64_t cvm, const char *state);
void sb_cvm_set_agent_url(struct sb *sb, int64_t cvm, const char *url);
bool sb_cvm_ready(struct sb *sb, int64_t cvm); /* online and waiting for a manifest */
void sb_cvm_delete(struct sb *sb, int64_t cvm);
/* A line of cvm_stats: seen online or not. */
void sb_cvm_record(struct sb *sb, int64_t cvm, int64_t at_us, bool online);
/* A port on which nothing listens now, from --agent-port-range when given; 0: none left. */
uint16_t sb_free_port(struct sb *sb);
/* "host:port" of such a port; ":" when there is none, as the API writes an unknown address. */
#define SB_AGENT_URL 80
void sb_free_agent_url(struct sb *sb, char buf[SB_AGENT_URL]);

#endif
