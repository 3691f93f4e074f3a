/*
 * Runs, their events, and the timeline made of them.  Reference 3.5, 3.8, 4.4 to 4.6.
 *
 * A timeline is one card per run, newest first; a card holds its events, newest first.  Events are
 * merged by id (or by run, type, status and time), so polls neither lose nor repeat one.
 */
#ifndef PRISM_CORE_RUN_H
#define PRISM_CORE_RUN_H

#include "core/list.h"
#include "core/state.h"

struct core_run { /* strings never NULL */
	const char *id, *computation_id, *cvm_id, *cvm_name;
	const char *agent_url; /* "host:port"; "" unknown: core_run_agent_url() looks at the CVM */
	const char *status;
	int64_t created_us, start_us, end_us;
	int index; /* #N; 0 not told */
	enum core_comp_state state;
};

struct core_run_event { /* strings never NULL */
	const char *id, *type, *status, *run_id, *originator, *cvm_id;
	const char *details; /* decoded from base64 when that gives text, else as it came */
	int64_t time_us;
};

struct core_card {
	struct core_run run; /* completed from events where the run list is silent */
	int number;          /* #N, newest = highest */
	enum core_comp_state state;
	const char *latest;                  /* type of the latest event; "" */
	const struct core_run_event *events; /* newest first */
	size_t event_count;
	bool results_waiting; /* results ready, not fetched (Q25) */
};
struct core_timeline {
	const struct core_card *cards; /* newest first; NULL when count is 0 */
	size_t count;
	const struct core_status *status;
};
struct core_timeline core_timeline(struct core *core, const char *computation_id);
void core_timeline_load(struct core *core, const char *computation_id, bool refresh);
PRISM_MUST_USE
int core_timeline_await(struct core *core, const char *computation_id, bool refresh,
                        struct prism_cancel *cancel, core_done_fn done, void *data,
                        struct prism_error *err);

/* The card of a run; run_id NULL: the newest. NULL when unknown. */
const struct core_card *core_card_find(struct core *core, const char *computation_id,
                                       const char *run_id);
/* Where the run's agent listens, "host:port": from the run, its events' CVM, or the list of CVMs.
 * "" unknown. */
const char *core_run_agent_url(struct core *core, const char *computation_id, const char *run_id);
/* What the CVM of a run is called in [cvm NAME] of the configuration: its name, both ids, and the
 * address given (NULL: none); NULL-terminated, lent like the address. */
#define CORE_RUN_NAMES 5
void core_run_cvm_names(struct core *core, const char *computation_id, const char *run_id,
                        const char *address, const char *ret[CORE_RUN_NAMES]);

/* Starts on a CVM; the id is the run's. The CVM list and the timeline are refreshed afterwards. */
PRISM_MUST_USE
int core_run_start(struct core *core, const char *computation_id, const char *cvm_id,
                   struct prism_cancel *cancel, core_id_fn done, void *data,
                   struct prism_error *err);
PRISM_MUST_USE
int core_run_stop(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                  core_done_fn done, void *data, struct prism_error *err);
/* The latest event of the computation (GET status). err category missing: never run. */
typedef void (*core_run_event_fn)(void *data, const struct core_run_event *event,
                                  enum core_comp_state state, const struct prism_error *err);
PRISM_MUST_USE
int core_run_status(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                    core_run_event_fn done, void *data, struct prism_error *err);

struct core_list *core_runs(struct core *core); /* all of the workspace; struct core_run */

struct core_stat {   /* runs per day */
	const char *day; /* "2025-11-12" */
	const char *status;
	int64_t count;
};
typedef void (*core_stats_fn)(void *data, const struct core_stat *stats, size_t count,
                              const struct prism_error *err);
PRISM_MUST_USE
int core_run_statistics(struct core *core, int days, struct prism_cancel *cancel,
                        core_stats_fn done, void *data, struct prism_error *err);

#endif
