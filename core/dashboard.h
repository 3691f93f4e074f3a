/*
 * What a dashboard shows: how many of what, runs per day, and what waits for me.
 *
 * Counts are made from the cached lists; runs per day come from the server (reference 3.5, 4.13);
 * what waits for me is found by looking at the computations that may want something: all that run,
 * the newest completed ones (results) and the newest never run (keys), with the limits below, a few
 * at a time.  Each part has a state of its own and never waits for another.
 *
 * Changes are told as CORE_EVENT_STATISTICS (days), CORE_EVENT_NEEDS, and the lists' own events.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_DASHBOARD_H
#define PRISM_CORE_DASHBOARD_H

#include "core/cvm.h"
#include "core/invitation.h"
#include "core/state.h"

/* --- counts --- */

struct core_counts {
	size_t computations, by_state[CORE_COMP_STATE_COUNT];
	size_t assets;
	size_t cvms, by_phase[CORE_CVM_PHASE_COUNT]; /* cvms: without inactive ones */
	size_t members; /* people with a role in the workspace, each once */
	bool members_known;
	size_t invitations, by_invite[CORE_INVITE_STATE_COUNT];
};
/* From what is loaded; counted anew only when a list changed, and while a large list is still
 * arriving at most every CORE_COUNT_MS. */
#define CORE_COUNT_MS 200
const struct core_counts *core_counts(struct core *core); /* lent until the next call */

/* --- runs per day --- */

#define CORE_DAYS_MAX 90 /* the longest period offered */

struct core_day {
	char day[11]; /* "2025-11-12", UTC as the server counts */
	uint64_t count[CORE_COMP_STATE_COUNT];
};
struct core_days {
	const struct core_day *days; /* oldest first, each day of the period, today last */
	size_t count;                /* days asked for; 0 before the first answer */
	uint64_t total[CORE_COMP_STATE_COUNT];
	const struct core_status *status;
};
struct core_days core_days(struct core *core);
/* period: 1 to CORE_DAYS_MAX days. Another period than before is always asked for. */
void core_days_load(struct core *core, int period, bool refresh);
PRISM_MUST_USE
int core_days_await(struct core *core, int period, struct prism_cancel *cancel, core_done_fn done,
                    void *data, struct prism_error *err);

/* --- what needs me --- */

enum core_need_kind {
	CORE_NEED_ALGORITHM, /* the agent waits for the algorithm, which I provide */
	CORE_NEED_DATA,
	CORE_NEED_RESULT, /* results wait, which I consume */
	CORE_NEED_KEY,    /* my public key is missing */
	CORE_NEED_COUNT
};
const char *core_need_word(enum core_need_kind kind);  /* "algorithm", "data", "result", "key" */
const char *core_need_label(enum core_need_kind kind); /* "send the algorithm" */

struct core_need { /* strings never NULL */
	enum core_need_kind kind;
	const char *computation_id, *name;
	int64_t since_us; /* of the event that made it so; PRISM_TIME_UNSET when not known */
};
struct core_needs {
	const struct core_need *items; /* in the order of the kinds, newest first */
	size_t count;
	size_t looked, candidates; /* progress; candidates: those the limits let through */
	size_t left_out;           /* computations that might want something and were not looked at */
	const struct core_status *status;
};

#define CORE_NEEDS_RUNNING 24  /* running computations looked at; more are counted as left out */
#define CORE_NEEDS_COMPLETED 8 /* newest completed ones, for results nobody fetched */
#define CORE_NEEDS_NEVER 8     /* newest never run, for missing keys */
#define CORE_NEEDS_PARALLEL 3  /* looked at together: a page of lists still gets through */

struct core_needs core_needs(struct core *core); /* lent until the next CORE_EVENT_NEEDS */
void core_needs_load(struct core *core, bool refresh);
PRISM_MUST_USE
int core_needs_await(struct core *core, struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err);

#endif
