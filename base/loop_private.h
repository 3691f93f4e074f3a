/* What base/loop.c and base/loop_timer.c share; nobody else includes it. */
#ifndef PRISM_BASE_LOOP_PRIVATE_H
#define PRISM_BASE_LOOP_PRIVATE_H

#include "base/list.h"
#include "base/loop.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

struct call { /* deferred, posted, or a before-sleep hook */
	struct prism_list node;
	prism_call_fn fn; /* NULL: removed while hooks run */
	void *data;
};

struct signal_watch {
	struct prism_list node;
	int signum;
	void (*fn)(void *data, int signum);
	void *data;
	bool owns_disposition; /* the first watch of its signal */
	struct sigaction previous;
};

struct prism_fd {
	struct prism_list node;
	struct prism_loop *loop;
	int fd;
	unsigned events;
	prism_fd_fn fn; /* NULL: removed */
	void *data;
};

/* A binary heap by (deadline, order of arming). */
struct timers {
	struct prism_timer **heap; /* armed ones */
	size_t armed, alloc;
	uint64_t next_order;
	size_t count;           /* registered, armed or not */
	struct prism_list dead; /* removed inside a turn */
};

struct prism_timer {
	struct prism_list node; /* in timers.dead */
	struct prism_loop *loop;
	int64_t deadline, repeat_ms;
	uint64_t order;
	size_t slot;      /* in the heap; NOT_ARMED otherwise */
	prism_call_fn fn; /* NULL: removed */
	void *data;
};

struct prism_loop {
	const struct prism_clock *clock; /* lent */
	struct prism_list fds, dead_fds;
	size_t fd_count;
	struct pollfd *polls;     /* polls[0] is the wake pipe */
	struct prism_fd **polled; /* the watch behind polls[i] */
	size_t polls_count, polls_alloc;
	bool poll_stale, in_turn, in_hooks, quit;
	struct prism_list calls;   /* deferred for the next turn */
	struct prism_list running; /* being run in this one */
	struct prism_list hooks, signals;
	struct timers timers;
	int wake[2];
	pthread_mutex_t lock;
	struct prism_list posted; /* under lock */
};

void prism_timers_init(struct timers *timers);
void prism_timers_finish(struct timers *timers);
bool prism_timers_empty(const struct timers *timers);
bool prism_timers_run(struct prism_loop *loop);
void prism_timers_sweep(struct timers *timers);

#endif
