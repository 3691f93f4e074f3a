/*
 * Owns the loop's timers: a binary heap ordered by deadline, then by the order of arming.
 *
 * A timer armed by a callback of this turn never fires in this turn, even when it is due at
 * once; otherwise a timer that arms itself with 0 would starve the descriptors.
 */
#include "base/loop_private.h"

#include "base/mem.h"

#include <assert.h>

#define NOT_ARMED SIZE_MAX

void prism_timers_init(struct timers *timers)
{
	*timers = (struct timers){0};
	prism_list_init(&timers->dead);
}

void prism_timers_finish(struct timers *timers)
{
	prism_timers_sweep(timers);
	free(timers->heap);
}

bool prism_timers_empty(const struct timers *timers)
{
	return timers->count == 0;
}

static bool before(const struct prism_timer *a, const struct prism_timer *b)
{
	return a->deadline != b->deadline ? a->deadline < b->deadline : a->order < b->order;
}

static void put(struct timers *timers, size_t slot, struct prism_timer *timer)
{
	timers->heap[slot] = timer;
	timer->slot = slot;
}

static void sift_up(struct timers *timers, struct prism_timer *timer, size_t slot)
{
	while (slot > 0 && before(timer, timers->heap[(slot - 1) / 2])) {
		put(timers, slot, timers->heap[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	put(timers, slot, timer);
}

static void sift_down(struct timers *timers, struct prism_timer *timer, size_t slot)
{
	for (;;) {
		size_t child = slot * 2 + 1;
		if (child >= timers->armed)
			break;
		if (child + 1 < timers->armed && before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!before(timers->heap[child], timer))
			break;
		put(timers, slot, timers->heap[child]);
		slot = child;
	}
	put(timers, slot, timer);
}

static void disarm(struct timers *timers, struct prism_timer *timer)
{
	size_t slot = timer->slot;

	if (slot == NOT_ARMED)
		return;
	timer->slot = NOT_ARMED;
	struct prism_timer *last = timers->heap[--timers->armed];
	if (last == timer)
		return;
	sift_up(timers, last, slot);
	sift_down(timers, last, last->slot);
}

static void arm(struct timers *timers, struct prism_timer *timer, int64_t deadline)
{
	disarm(timers, timer);
	timer->deadline = deadline;
	timer->order = timers->next_order++;
	if (timers->armed == timers->alloc) {
		timers->alloc = timers->alloc ? timers->alloc * 2 : 16;
		timers->heap = prism_realloc_array(timers->heap, timers->alloc, sizeof(*timers->heap));
	}
	timers->armed++;
	sift_up(timers, timer, timers->armed - 1);
}

static int64_t deadline_in(const struct prism_loop *loop, int64_t delay_ms)
{
	int64_t deadline;

	if (__builtin_add_overflow(prism_clock_mono_ms(loop->clock), delay_ms, &deadline))
		return INT64_MAX;
	return deadline;
}

struct prism_timer *prism_loop_add_timer(struct prism_loop *loop, int64_t delay_ms,
                                         int64_t repeat_ms, prism_call_fn fn, void *data)
{
	struct prism_timer *timer = prism_alloc(sizeof(*timer));

	timer->loop = loop;
	timer->repeat_ms = repeat_ms;
	timer->fn = fn;
	timer->data = data;
	timer->slot = NOT_ARMED;
	loop->timers.count++;
	prism_timer_rearm(timer, delay_ms);
	return timer;
}

void prism_timer_rearm(struct prism_timer *timer, int64_t delay_ms)
{
	assert(timer->fn && "a removed timer is armed");
	if (delay_ms < 0)
		disarm(&timer->loop->timers, timer);
	else
		arm(&timer->loop->timers, timer, deadline_in(timer->loop, delay_ms));
}

void prism_timer_remove(struct prism_timer *timer)
{
	if (!timer || !timer->fn)
		return;
	struct timers *timers = &timer->loop->timers;
	disarm(timers, timer);
	timer->fn = NULL;
	timers->count--;
	if (timer->loop->in_turn)
		prism_list_append(&timers->dead, &timer->node);
	else
		free(timer);
}

int64_t prism_loop_next_deadline_ms(const struct prism_loop *loop)
{
	return loop->timers.armed ? loop->timers.heap[0]->deadline : -1;
}

bool prism_timers_run(struct prism_loop *loop)
{
	struct timers *timers = &loop->timers;
	uint64_t armed_now = timers->next_order; /* this order and later: the next turn's */
	int64_t now = prism_clock_mono_ms(loop->clock);
	bool called = false;

	while (timers->armed) {
		struct prism_timer *timer = timers->heap[0];
		if (timer->deadline > now || timer->order >= armed_now)
			break;
		disarm(timers, timer);
		if (timer->repeat_ms > 0) {
			/* Ticks that were missed are not made up for. */
			int64_t next = timer->deadline + timer->repeat_ms;
			arm(timers, timer, next > now ? next : now + timer->repeat_ms);
		}
		timer->fn(timer->data);
		called = true;
	}
	return called;
}

void prism_timers_sweep(struct timers *timers)
{
	PRISM_LIST_EACH (&timers->dead, node, tmp) {
		prism_list_remove(node);
		free(PRISM_CONTAINER(node, struct prism_timer, node));
	}
}
