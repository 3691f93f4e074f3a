/*
 * The logs of computations: one feed per computation keeps a log store filled from the server.
 *
 * Reference 3.8.  Which pages are asked for, and why no line is lost or repeated, is
 * core/logwalk.h.  This module does the asking: it polls while a feed is followed, every
 * interval_logs while the computation runs or lines keep coming, slower the longer nothing came, at
 * last every interval_idle; low_bandwidth and failures slow it down as all polls (core/watch.h).
 * A feed nobody follows is not polled, and keeps its lines for when it is opened again.
 *
 * Events: CORE_EVENT_LOGS with the computation's id after lines came or the state changed; how
 * lines changed is told by the store's observers.
 */
#ifndef PRISM_CORE_LOGS_H
#define PRISM_CORE_LOGS_H

#include "core/core.h"
#include "core/list.h"
#include "core/logstore.h"

#define CORE_LOGS_KEPT 4 /* feeds nobody has open that keep their lines */

struct core_logs;

/* Shared: every open needs a close. Nothing is asked before it is followed, or told to. */
struct core_logs *core_logs_open(struct core *core, const char *computation_id);
void core_logs_close(struct core_logs *logs); /* NULL allowed */
struct core_logstore *core_logs_store(struct core_logs *logs);
const char *core_logs_id(const struct core_logs *logs);

/* Following is counted: one stop for every start. */
void core_logs_follow(struct core_logs *logs, bool follow);
bool core_logs_following(const struct core_logs *logs);
void core_logs_refresh(struct core_logs *logs); /* asks now, followed or not */

/* Entries on the server older than the first line here, 0: none, -1: some. */
int64_t core_logs_older(const struct core_logs *logs);
/* Fetches the next thousand of them; does nothing while that is under way or none are left. */
void core_logs_fetch_older(struct core_logs *logs);

/* What the server can filter: NULL and PRISM_TIME_UNSET leave a field out. */
struct core_logs_query {
	const char *level, *run_id, *message; /* lent during the call */
	int64_t from_us, to_us;
};
/* Fetches up to a thousand of the newest entries that match, wherever they are in a log of which
 * only the end is here. Replaces a query that still runs. */
void core_logs_fetch_matching(struct core_logs *logs, const struct core_logs_query *query);

/* freshness, loading, error; loaded and total count entries. Lent, lives with the feed. */
const struct core_status *core_logs_status(const struct core_logs *logs);

#endif
