/*
 * Following.  A poller is a timer with manners; a watch is a shared poller over one cached thing.
 *
 * Next poll = end of the last one + interval × (2 when bandwidth is low) × 2^failures, at most
 * CORE_WATCH_CAP_MS.  While a poll is in flight, nobody is signed in, or everything is paused, no
 * timer exists: an idle client with following off never wakes up.
 */
#include "core/watch.h"

#include "core/asset.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/internal.h"
#include "core/invitation.h"
#include "core/list.h"
#include "core/role.h"
#include "core/run.h"
#include "core/session.h"
#include "core/workspace.h"

#include <string.h>

#define ROLES_EVERY \
	4 /* polls of a computation: roles cost two calls and one per role, and change rarely */
#define MINE_EVERY 4 /* idle intervals between two looks for invitations: nobody waits for one */
#define LARGE_WHOLE_MS 300000 /* between two loads of the whole of a large list */
#define FRESH_MS 2000         /* what was read this recently is not read again when a view opens */

/* --- pollers --- */

struct core_poll {
	struct prism_list node;
	struct core *core;
	core_interval_fn interval;
	void (*tick)(void *data);
	void *data;
	struct prism_timer *timer;
	bool in_flight, wanted; /* wanted: as soon as it may */
	unsigned failures;
	int64_t ended_ms; /* monotonic: when the last one ended */
};

struct watches {
	struct core *core;
	struct prism_list polls, watched;
	struct core_subscription *subscription;
	bool paused;
};

static void on_event(void *data, const struct core_event *event);

static void *create(struct core *core)
{
	struct watches *w = prism_alloc(sizeof(*w));
	w->core = core;
	prism_list_init(&w->polls);
	prism_list_init(&w->watched);
	w->subscription = core_subscribe(core, on_event, w);
	return w;
}

static void destroy(void *state);

static const struct core_module module = {.name = "watches", .create = create, .destroy = destroy};

static struct watches *watches_of(struct core *core)
{
	return core_module(core, &module);
}

static int64_t due_in(const struct core_poll *poll)
{
	int64_t interval = poll->interval(poll->data);
	if (interval <= 0)
		return -1;
	if (core_option_bool(core_options(poll->core), CORE_OPT_LOW_BANDWIDTH))
		interval *= 2;
	for (unsigned i = 0; i < poll->failures && interval < CORE_WATCH_CAP_MS; i++)
		interval *= 2;
	if (interval > CORE_WATCH_CAP_MS && poll->failures)
		interval = CORE_WATCH_CAP_MS;
	int64_t left = poll->ended_ms + interval - prism_clock_mono_ms(core_clock(poll->core));
	return left > 0 ? left : 0;
}

static void due(void *data);

void core_poll_replan(struct core_poll *poll)
{
	prism_timer_remove(poll->timer);
	poll->timer = NULL;
	if (poll->in_flight || !core_session_ready(poll->core))
		return;
	bool quiet = watches_of(poll->core)->paused ||
	             !core_option_bool(core_options(poll->core), CORE_OPT_FOLLOW);
	int64_t left = poll->wanted ? 0 : quiet ? -1 : due_in(poll);
	if (left >= 0)
		poll->timer = prism_loop_add_timer(core_loop(poll->core), left, 0, due, poll);
}

static void due(void *data)
{
	struct core_poll *poll = data;
	prism_timer_remove(poll->timer);
	poll->timer = NULL;
	poll->in_flight = true;
	poll->wanted = false;
	poll->tick(poll->data);
}

struct core_poll *core_poll_create(struct core *core, core_interval_fn interval,
                                   void (*tick)(void *data), void *data)
{
	struct core_poll *poll = prism_alloc(sizeof(*poll));
	poll->core = core;
	poll->interval = interval;
	poll->tick = tick;
	poll->data = data;
	poll->ended_ms = prism_clock_mono_ms(core_clock(core));
	prism_list_append(&watches_of(core)->polls, &poll->node);
	core_poll_replan(poll);
	return poll;
}

void core_poll_destroy(struct core_poll *poll)
{
	if (!poll)
		return;
	prism_timer_remove(poll->timer);
	prism_list_remove(&poll->node);
	prism_free(poll);
}

void core_poll_done(struct core_poll *poll, bool failed)
{
	poll->in_flight = false;
	poll->failures = failed ? poll->failures + 1 : 0;
	if (poll->failures > 16)
		poll->failures = 16;
	poll->ended_ms = prism_clock_mono_ms(core_clock(poll->core));
	core_poll_replan(poll);
}

void core_poll_now(struct core_poll *poll)
{
	poll->wanted = true;
	poll->failures = 0;
	core_poll_replan(poll);
}

/* --- watches --- */

struct watched { /* shared by all watches of the same thing */
	struct prism_list node;
	struct core *core;
	enum core_watch_kind kind;
	char *id;
	unsigned users, held; /* held: those of them that are out of sight */
	struct core_poll *poll;
	struct core_watch *last; /* whose visible range counts */
	bool waiting;            /* an answer is awaited: the memory stays until it is here */
	unsigned ticks;
	int64_t whole_ms; /* monotonic: when all of the list was asked for last; 0 never */
};

struct core_watch {
	struct watched *watched;
	struct core_watch *inner; /* of a computation: its timeline, which knows the state first */
	size_t first, count;
	bool held;
};

static struct core_list *list_of(const struct watched *w)
{
	switch (w->kind) {
	case CORE_WATCH_WORKSPACES:
		return core_workspaces(w->core);
	case CORE_WATCH_COMPUTATIONS:
		return core_computations(w->core);
	case CORE_WATCH_ASSETS:
		return core_assets(w->core);
	case CORE_WATCH_CVMS:
		return core_cvms(w->core);
	case CORE_WATCH_RUNS:
		return core_runs(w->core);
	case CORE_WATCH_INVITATIONS:
		return core_invitations(w->core);
	case CORE_WATCH_MY_INVITATIONS:
		return core_my_invitations(w->core);
	default:
		return NULL;
	}
}

static int64_t option_ms(const struct watched *w, enum core_option_id id)
{
	return core_option_int(core_options(w->core), id);
}

static bool any_initializing(struct core *core)
{
	struct core_list *list = core_cvms(core);
	for (size_t i = 0; i < core_list_count(list); i++)
		if (core_cvm_at(list, i)->phase == CORE_CVM_INITIALIZING)
			return true;
	return false;
}

static int64_t interval(void *data)
{
	const struct watched *w = data;
	if (w->held >= w->users)
		return 0; /* nobody looks */
	if (w->kind == CORE_WATCH_TIMELINE &&
	    core_comp_action_legal(CORE_ACTION_MONITOR, core_computation_state(w->core, w->id)))
		return option_ms(w, CORE_OPT_INTERVAL_STATUS);
	if (w->kind == CORE_WATCH_CVMS && any_initializing(w->core))
		return option_ms(w, CORE_OPT_INTERVAL_CVM);
	if (w->kind == CORE_WATCH_MY_INVITATIONS)
		return MINE_EVERY * option_ms(w, CORE_OPT_INTERVAL_IDLE);
	return option_ms(w, CORE_OPT_INTERVAL_IDLE);
}

static void watched_free(struct watched *w)
{
	core_poll_destroy(w->poll);
	prism_list_remove(&w->node);
	prism_free(w->id);
	prism_free(w);
}

static void refreshed(void *data, const struct prism_error *err)
{
	struct watched *w = data;
	w->waiting = false;
	if (w->users == 0)
		watched_free(w);
	else if (!core_dying(w->core))
		core_poll_done(w->poll, err && err->category != PRISM_ERROR_CANCELLED);
}

static void refresh_list(struct watched *w, struct core_list *list)
{
	const struct core_status *status = core_list_status(list);
	bool whole = status->freshness == CORE_READY && status->total == core_list_count(list);
	bool large = core_list_count(list) > CORE_LIST_LARGE && w->last && w->whole_ms;
	int64_t now = prism_clock_mono_ms(core_clock(w->core));
	/* Entries came or went in a large list: the whole is asked again, but not at every poll. */
	if (large && (whole || now - w->whole_ms < LARGE_WHOLE_MS)) {
		size_t count = w->last->count ? w->last->count : CORE_LIST_PAGE;
		core_list_refresh_range(list, w->last->first, count);
		core_poll_done(w->poll, false);
		return;
	}
	w->whole_ms = now;
	w->waiting =
	    core_list_await(list, !status->loading, core_cancel(w->core), refreshed, w, NULL) == 0;
	if (!w->waiting)
		core_poll_done(w->poll, true);
}

static void refresh_computation(struct watched *w)
{
	core_roles_load(w->core, w->id, w->ticks++ % ROLES_EVERY == 0);
	if (!core_list_status(core_computation_assets(w->core, w->id))->loading)
		core_list_refresh(core_computation_assets(w->core, w->id));
	core_checklist_load(w->core, w->id, true);
	core_computation_load(w->core, w->id, true);
	/* The check-list is what depends on everything else: its end is the end of the poll. */
	w->waiting =
	    core_checklist_await(w->core, w->id, false, core_cancel(w->core), refreshed, w, NULL) == 0;
	if (!w->waiting)
		core_poll_done(w->poll, true);
}

static bool needs_workspace(const struct watched *w)
{
	return w->kind != CORE_WATCH_WORKSPACES && w->kind != CORE_WATCH_MY_INVITATIONS;
}

static void tick(void *data)
{
	struct watched *w = data;
	struct core_list *list = list_of(w);
	if (needs_workspace(w) && !*core_workspace_id(w->core)) {
		core_poll_done(w->poll, false);
		return;
	}
	if (list) {
		refresh_list(w, list);
		return;
	}
	if (w->kind == CORE_WATCH_COMPUTATION) {
		refresh_computation(w);
		return;
	}
	core_timeline_load(w->core, w->id, true);
	w->waiting =
	    core_timeline_await(w->core, w->id, false, core_cancel(w->core), refreshed, w, NULL) == 0;
	if (!w->waiting)
		core_poll_done(w->poll, true);
}

static const struct core_status *status_of(const struct watched *w)
{
	struct core_list *list = list_of(w);
	if (list)
		return core_list_status(list);
	if (w->kind == CORE_WATCH_TIMELINE)
		return core_timeline(w->core, w->id).status;
	return core_computation_status(w->core, w->id);
}

static bool is_fresh(const struct watched *w)
{
	const struct core_status *status = status_of(w);
	int64_t age_us = prism_clock_wall_us(core_clock(w->core)) - status->fetched_us;
	return status->freshness == CORE_READY && age_us >= 0 && age_us < FRESH_MS * 1000;
}

static struct watched *watched_of(struct core *core, enum core_watch_kind kind, const char *id)
{
	struct watches *all = watches_of(core);
	PRISM_LIST_EACH (&all->watched, node, next) {
		struct watched *w = PRISM_CONTAINER(node, struct watched, node);
		if (w->kind != kind || strcmp(w->id, id) != 0)
			continue;
		if (!w->poll) { /* left by its last user, an answer still awaited */
			w->poll = core_poll_create(core, interval, tick, w);
			w->poll->in_flight = w->waiting;
			core_poll_replan(w->poll);
		}
		return w;
	}
	struct watched *w = prism_alloc(sizeof(*w));
	w->core = core;
	w->kind = kind;
	w->id = prism_strdup(id);
	prism_list_append(&all->watched, &w->node);
	w->poll = core_poll_create(core, interval, tick, w);
	return w;
}

struct core_watch *core_watch(struct core *core, enum core_watch_kind kind, const char *id)
{
	struct core_watch *watch = prism_alloc(sizeof(*watch));
	watch->watched = watched_of(core, kind, id ? id : "");
	watch->watched->users++;
	watch->watched->last = watch;
	if (!is_fresh(watch->watched))
		core_poll_now(watch->watched->poll);
	if (kind == CORE_WATCH_COMPUTATION)
		watch->inner = core_watch(core, CORE_WATCH_TIMELINE, id);
	return watch;
}

void core_unwatch(struct core_watch *watch)
{
	if (!watch)
		return;
	core_unwatch(watch->inner);
	struct watched *w = watch->watched;
	w->held -= watch->held;
	if (w->last == watch)
		w->last = NULL;
	if (--w->users == 0 && !w->waiting)
		watched_free(w);
	else if (w->users == 0) {
		core_poll_destroy(w->poll);
		w->poll = NULL;
	}
	prism_free(watch);
}

void core_watch_hold(struct core_watch *watch, bool held)
{
	struct watched *w = watch->watched;
	if (watch->inner)
		core_watch_hold(watch->inner, held);
	if (watch->held == held)
		return;
	watch->held = held;
	w->held = held ? w->held + 1 : w->held - 1;
	core_poll_replan(w->poll); /* back in sight: at once when it is overdue */
}

void core_watch_range(struct core_watch *watch, size_t first, size_t count)
{
	watch->first = first;
	watch->count = count;
	watch->watched->last = watch;
}

void core_watch_now(struct core_watch *watch)
{
	core_poll_now(watch->watched->poll);
	if (watch->inner)
		core_watch_now(watch->inner);
}

static void replan_all(struct watches *w)
{
	PRISM_LIST_EACH (&w->polls, node, next)
		core_poll_replan(PRISM_CONTAINER(node, struct core_poll, node));
}

void core_watch_pause(struct core *core, bool paused)
{
	struct watches *w = watches_of(core);
	w->paused = paused;
	replan_all(w);
}

static void now_where_empty(struct watches *all)
{
	PRISM_LIST_EACH (&all->watched, node, next) {
		struct watched *w = PRISM_CONTAINER(node, struct watched, node);
		if (w->poll && status_of(w)->freshness == CORE_EMPTY)
			core_poll_now(w->poll);
	}
}

/* The way to the server is open again: what backed off does not wait any longer. */
static void recover(struct watches *w)
{
	if (core_connection(w->core) != CORE_CONN_UP)
		return;
	PRISM_LIST_EACH (&w->polls, node, next) {
		struct core_poll *poll = PRISM_CONTAINER(node, struct core_poll, node);
		if (poll->failures > 0)
			core_poll_now(poll);
	}
}

static void on_event(void *data, const struct core_event *event)
{
	struct watches *w = data;
	switch (event->type) {
	case CORE_EVENT_CONNECTION:
		recover(w);
		break;
	case CORE_EVENT_WORKSPACES:
		now_where_empty(w); /* another workspace was entered */
		break;
	case CORE_EVENT_SESSION:
	case CORE_EVENT_OPTIONS:
	case CORE_EVENT_TIMELINE:
	case CORE_EVENT_CVMS:
		replan_all(w);
		break;
	default:
		break;
	}
}

void core_watches_init(struct core *core)
{
	watches_of(core);
}

static void destroy(void *state)
{
	struct watches *w = state;
	core_unsubscribe(w->subscription);
	PRISM_LIST_EACH (&w->watched, node, next)
		watched_free(PRISM_CONTAINER(node, struct watched, node));
	PRISM_LIST_EACH (&w->polls, node, next)
		core_poll_destroy(PRISM_CONTAINER(node, struct core_poll, node));
	prism_free(w);
}
