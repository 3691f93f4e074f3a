/*
 * Following: what a view subscribes to is kept fresh; what nobody watches is not polled.
 *
 * Rhythm (reference section 7, options): status and events every interval_status while running,
 * CVMs every interval_cvm while one is creating, everything else every interval_idle; after
 * failures the interval doubles up to CORE_WATCH_CAP_MS, low_bandwidth doubles all.  No poll starts
 * while the last of the same thing is in flight, while signed out, or while following is off
 * (interval 0).
 */
#ifndef PRISM_CORE_WATCH_H
#define PRISM_CORE_WATCH_H

#include "core/core.h"

#define CORE_WATCH_CAP_MS 120000

enum core_watch_kind {
	CORE_WATCH_WORKSPACES,
	CORE_WATCH_COMPUTATIONS, /* the list (visible part when large) */
	CORE_WATCH_COMPUTATION,  /* one: detail, roles, assets, key, check-list, timeline; id needed */
	CORE_WATCH_TIMELINE,     /* one: status, events, runs; id needed */
	CORE_WATCH_ASSETS,
	CORE_WATCH_CVMS,
	CORE_WATCH_RUNS,           /* of the workspace */
	CORE_WATCH_INVITATIONS,    /* into the workspace */
	CORE_WATCH_MY_INVITATIONS, /* for me, of any workspace; slowly: MINE_EVERY in watch.c */
	CORE_WATCH_COUNT
};
struct core_watch;
/* Loads what is missing at once, then keeps it fresh. id copied. */
struct core_watch *core_watch(struct core *core, enum core_watch_kind kind, const char *id);
void core_unwatch(struct core_watch *watch); /* NULL allowed; before core_destroy() */
/* Out of sight, behind another view: what only held watches ask for is not polled. */
void core_watch_hold(struct core_watch *watch, bool held);
/* Rows on screen; only lists larger than CORE_LIST_LARGE care. */
void core_watch_range(struct core_watch *watch, size_t first, size_t count);
void core_watch_now(struct core_watch *watch); /* refresh at once, and reset the back-off */
void core_watch_pause(struct core *core,
                      bool paused); /* all of them: screen locked, following off */

/* --- for modules of core (logs) --- */

/* A poller: calls tick when due; the owner answers with core_poll_done() once, later or at once. */
struct core_poll;
typedef int64_t (*core_interval_fn)(
    void *data); /* milliseconds until the next; <= 0: do not poll */
struct core_poll *core_poll_create(struct core *core, core_interval_fn interval,
                                   void (*tick)(void *data), void *data);
void core_poll_destroy(struct core_poll *poll); /* NULL allowed */
void core_poll_done(struct core_poll *poll, bool failed);
void core_poll_now(struct core_poll *poll);    /* tick in the next turn unless one is in flight */
void core_poll_replan(struct core_poll *poll); /* the interval may have changed */

#endif
