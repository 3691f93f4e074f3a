/*
 * Waiters and cached objects.  A load that was asked for again while it ran starts over before its
 * waiters are told, so whoever writes and then waits sees what it wrote.
 */
#include "core/single.h"

#include "core/internal.h"

struct waiter {
	struct prism_list node;
	struct core_waiters *owner;
	core_done_fn done;
	void *data;
	struct prism_cancel_hook hook;
	bool ready;
	struct prism_error error;
};

void core_waiters_init(struct core_waiters *waiters, struct core *core)
{
	waiters->core = core;
	prism_list_init(&waiters->all);
}

static void settle(void *data);

static void waiter_free(struct waiter *waiter)
{
	prism_loop_undefer(core_loop(waiter->owner->core), settle, waiter);
	prism_cancel_remove(&waiter->hook);
	prism_list_remove(&waiter->node);
	prism_free(waiter);
}

static void settle(void *data)
{
	struct waiter *waiter = data;
	core_done_fn done = waiter->done;
	void *user = waiter->data;
	struct prism_error err = waiter->error;
	waiter_free(waiter);
	done(user, err.category == PRISM_ERROR_NONE ? NULL : &err);
}

static void ready(struct waiter *waiter, const struct prism_error *err)
{
	if (waiter->ready)
		return;
	waiter->ready = true;
	if (err)
		waiter->error = *err;
	prism_loop_defer(core_loop(waiter->owner->core), settle, waiter);
}

static void cancelled(void *data)
{
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	ready(data, &err);
}

void core_waiters_add(struct core_waiters *waiters, struct prism_cancel *cancel, core_done_fn done,
                      void *data)
{
	struct waiter *waiter = prism_alloc(sizeof(*waiter));
	waiter->owner = waiters;
	waiter->done = done;
	waiter->data = data;
	waiter->hook.fire = cancelled;
	waiter->hook.data = waiter;
	prism_list_append(&waiters->all, &waiter->node);
	if (cancel)
		prism_cancel_add(cancel, &waiter->hook);
}

void core_waiters_settle(struct core_waiters *waiters, const struct prism_error *err)
{
	PRISM_LIST_EACH (&waiters->all, node, next)
		ready(PRISM_CONTAINER(node, struct waiter, node), err);
}

bool core_waiters_any(const struct core_waiters *waiters)
{
	return !prism_list_empty(&waiters->all);
}

void core_waiters_finish(struct core_waiters *waiters)
{
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	while (core_waiters_any(waiters)) {
		struct waiter *waiter = PRISM_CONTAINER(waiters->all.next, struct waiter, node);
		core_done_fn done = waiter->done;
		void *data = waiter->data;
		waiter_free(waiter);
		done(data, &err);
	}
}

/* --- cached objects --- */

void core_single_init(struct core_single *single, struct core *core, enum core_event_type event,
                      const char *id, void (*start)(struct core_single *single))
{
	single->core = core;
	single->event = event;
	single->id = id;
	single->start = start;
	single->status.fetched_us = PRISM_TIME_UNSET;
	core_waiters_init(&single->waiters, core);
}

void core_single_finish(struct core_single *single)
{
	core_waiters_finish(&single->waiters);
}

static void begin(struct core_single *single)
{
	single->again = false;
	single->status.loading = true;
	if (!single->has_value)
		single->status.freshness = CORE_LOADING;
	core_emit(single->core, single->event, single->id);
	single->start(single);
}

void core_single_load(struct core_single *single, bool refresh)
{
	if (core_dying(single->core) || single->status.loading)
		return;
	if (refresh || single->status.freshness != CORE_READY)
		begin(single);
}

void core_single_reload(struct core_single *single)
{
	if (core_dying(single->core))
		return;
	if (single->status.loading)
		single->again = true;
	else
		begin(single);
}

int core_single_await(struct core_single *single, bool refresh, struct prism_cancel *cancel,
                      core_done_fn done, void *data, struct prism_error *err)
{
	if (core_dying(single->core))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "shutting down");
	core_waiters_add(&single->waiters, cancel, done, data);
	if (refresh)
		core_single_reload(single);
	else
		core_single_load(single, false);
	if (!single->status.loading)
		core_waiters_settle(&single->waiters,
		                    single->status.error.category ? &single->status.error : NULL);
	return 0;
}

void core_single_recalled(struct core_single *single, int64_t fetched_us)
{
	single->has_value = true;
	single->status.freshness = CORE_STALE;
	single->status.fetched_us = fetched_us;
	core_emit(single->core, single->event, single->id);
}

void core_single_loaded(struct core_single *single, const struct prism_error *err)
{
	single->status.loading = false;
	if (core_dying(single->core))
		return;
	if (err) {
		prism_error_copy(&single->status.error, err);
		single->status.freshness = single->has_value ? CORE_STALE : CORE_FAILED;
	} else {
		single->has_value = true;
		prism_error_clear(&single->status.error);
		single->status.freshness = CORE_READY;
		single->status.fetched_us = prism_clock_wall_us(core_clock(single->core));
	}
	if (single->again) {
		begin(single);
		return;
	}
	core_emit(single->core, single->event, single->id);
	core_waiters_settle(&single->waiters, err);
}

bool core_single_busy(const struct core_single *single)
{
	return single->status.loading || core_waiters_any(&single->waiters);
}

void core_cache_use(struct prism_list *all, struct prism_list *node)
{
	if (all->next == node)
		return;
	prism_list_remove(node);
	prism_list_prepend(all, node);
}

struct prism_list *core_cache_surplus(const struct prism_list *all)
{
	size_t count = 0;
	for (const struct prism_list *node = all->next; node != all; node = node->next)
		count++;
	return count >= CORE_CACHE_MAX ? all->prev : NULL;
}
