/*
 * Behind the modules of core: waiting for a load, and a cached object with its freshness that is
 * loaded by a function of its owner.  Internal to core.
 */
#ifndef PRISM_CORE_SINGLE_H
#define PRISM_CORE_SINGLE_H

#include "base/list.h"
#include "core/list.h"

/* People who want to be told once when a load has ended. */
struct core_waiters {
	struct core *core;
	struct prism_list all;
};
void core_waiters_init(struct core_waiters *waiters, struct core *core);
void core_waiters_finish(struct core_waiters *waiters); /* completes all as cancelled, now */
void core_waiters_add(struct core_waiters *waiters, struct prism_cancel *cancel, core_done_fn done,
                      void *data);
void core_waiters_settle(struct core_waiters *waiters,
                         const struct prism_error *err); /* from the loop, later */
bool core_waiters_any(const struct core_waiters *waiters);

/* A cached object.  `start` begins the load and ends in core_single_loaded(), later or at once. */
struct core_single {
	struct core *core;
	struct core_status status;
	struct core_waiters waiters;
	enum core_event_type event;
	const char *id; /* lent by the owner; for the event */
	void (*start)(struct core_single *single);
	bool again;     /* somebody wants what is newer than the load in flight */
	bool has_value; /* there is something to show */
};
void core_single_init(struct core_single *single, struct core *core, enum core_event_type event,
                      const char *id, void (*start)(struct core_single *single));
void core_single_finish(struct core_single *single);
void core_single_load(struct core_single *single, bool refresh);
/* Like load with refresh, and once more when a load is already in flight: after a write. */
void core_single_reload(struct core_single *single);
PRISM_MUST_USE
int core_single_await(struct core_single *single, bool refresh, struct prism_cancel *cancel,
                      core_done_fn done, void *data, struct prism_error *err);
/* In `start`, before anything was loaded: what the cache has stands there, stale, until then. */
void core_single_recalled(struct core_single *single, int64_t fetched_us);
void core_single_loaded(struct core_single *single, const struct prism_error *err);

/* Caches of such objects, newest used first. The front end looks things up again whenever it needs
 * them, so what was not used for long may go. */
#define CORE_CACHE_MAX 48 /* computations whose details are kept */
void core_cache_use(struct prism_list *all, struct prism_list *node); /* to the front */
/* The one to drop before another is added; NULL while there is room. */
struct prism_list *core_cache_surplus(const struct prism_list *all);
bool core_single_busy(const struct core_single *single); /* loading, or somebody waits */

#endif
