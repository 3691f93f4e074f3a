/*
 * Runs: from the manifest of a computation to an agent on a CVM, and back from the agent's events
 * to rows.
 *
 *   run row:      running -> completed   results are ready (Q25)
 *                         -> failed      the agent says Failed
 *                         -> cancelled   stopped by hand
 *   computation:  running while any run is; otherwise as its latest run ended
 *   CVM:          follows the agent's state; ReceivingManifest again when the agent is released
 *
 * A finished agent stays for downloads and is released after a while: --linger seconds after the
 * first download, ten times as long when nobody fetched the results, at most 30 s after a
 * failure; or at once by a stop.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_RUN_H
#define PRISM_SANDBOX_RUN_H

#include "sandbox/manifest.h"

#define SB_LINGER_S 300
#define SB_LINGER_FAILED_S 30

/* Also ends the runs that a store left behind: their agents are gone. */
struct sb_runs *sb_runs_create(struct sb *sb);
void sb_runs_destroy(struct sb_runs *runs); /* NULL allowed; ends every agent */

struct sb_run_request {
	int64_t computation, cvm, user;
	const char *user_name;
	const struct sb_manifest *manifest; /* complete */
};
/* ret_id: of the run. Fails when no agent can be started. */
PRISM_MUST_USE
int sb_run_start(struct sb *sb, const struct sb_run_request *request, char ret_id[37],
                 struct prism_error *err);
/* Stops or releases every agent of the computation, and ends its sample runs; returns how many. */
unsigned sb_run_stop(struct sb *sb, int64_t computation);
/* Ends the agent that is on a CVM, if any, without a word of it. */
void sb_run_release(struct sb *sb, int64_t cvm);
unsigned sb_runs_live(const struct sb *sb); /* agents that exist */

#endif
