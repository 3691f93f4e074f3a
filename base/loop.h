/*
 * The one loop.  A turn does, in this order:
 *
 *   1. run deferred calls that were queued before this turn began
 *   2. run the before-sleep hooks in order of registration (the front end draws here)
 *   3. sleep in poll(2) until a descriptor is ready, a timer is due, a wake-up comes,
 *      or at once when deferred calls are queued
 *   4. signals that arrived, as ordinary callbacks
 *   5. timers that are due, oldest deadline first
 *   6. descriptors that are ready, in order of registration
 *
 * Nothing is called back from inside a registering function.  A callback may remove any
 * registration, its own included; memory of a removed watch is released after the turn.
 * With nothing registered but idle descriptors the loop never wakes.  A turn in which deferred
 * calls ran does not sleep.  Deferred calls left over when the loop is destroyed are dropped.
 *
 * Timers go by the loop's clock.  With a manual clock they are due when the test has moved it:
 * advance, then prism_loop_turn(loop, 0).
 *
 * Destroying a loop that still has watches or timers is a bug of the caller and asserts.
 *
 * Thread rules: everything belongs to the loop thread, except prism_loop_post().
 */
#ifndef PRISM_BASE_LOOP_H
#define PRISM_BASE_LOOP_H

#include "base/clock.h"

struct prism_loop;
struct prism_fd;    /* a watched descriptor */
struct prism_timer; /* a one-shot or repeating timer */

enum prism_loop_events {
	PRISM_LOOP_READ = 1 << 0,
	PRISM_LOOP_WRITE = 1 << 1,
	PRISM_LOOP_HANGUP = 1 << 2, /* reported only: POLLHUP, POLLERR or POLLNVAL */
};

struct prism_loop *prism_loop_create(const struct prism_clock *clock); /* clock lent */
void prism_loop_destroy(struct prism_loop *loop);
const struct prism_clock *prism_loop_clock(const struct prism_loop *loop);

void prism_loop_run(struct prism_loop *loop); /* until prism_loop_quit() */
void prism_loop_quit(struct prism_loop *loop);
/* One turn; sleeps at most max_ms (-1: as long as it takes, 0: not at all).
 * Returns true when anything was called back. */
bool prism_loop_turn(struct prism_loop *loop, int max_ms);

typedef void (*prism_fd_fn)(void *data, int fd, unsigned events);
struct prism_fd *prism_loop_add_fd(struct prism_loop *loop, int fd, unsigned events, prism_fd_fn fn,
                                   void *data); /* fd stays the caller's */
/* events 0 pauses the watch; hang-ups are then not reported either. */
void prism_fd_set_events(struct prism_fd *watch, unsigned events);
void prism_fd_remove(struct prism_fd *watch); /* NULL allowed */

typedef void (*prism_call_fn)(void *data);
/* repeat_ms 0: one shot; the handle stays valid until removed either way. A negative delay (here
 * and in rearm) means: not armed. */
struct prism_timer *prism_loop_add_timer(struct prism_loop *loop, int64_t delay_ms,
                                         int64_t repeat_ms, prism_call_fn fn, void *data);
void prism_timer_rearm(struct prism_timer *timer, int64_t delay_ms); /* also after it fired */
void prism_timer_remove(struct prism_timer *timer);                  /* NULL allowed */
int64_t prism_loop_next_deadline_ms(const struct prism_loop *loop);  /* -1: none */

/* Deferred: called once, in the next turn. Pending calls with this data can be dropped. */
void prism_loop_defer(struct prism_loop *loop, prism_call_fn fn, void *data);
void prism_loop_undefer(struct prism_loop *loop, prism_call_fn fn, void *data);

/* From any thread: like defer, and wakes the loop. */
void prism_loop_post(struct prism_loop *loop, prism_call_fn fn, void *data);

void prism_loop_before_sleep(struct prism_loop *loop, prism_call_fn fn, void *data);
void prism_loop_remove_before_sleep(struct prism_loop *loop, prism_call_fn fn, void *data);

/* Signals as events. The previous disposition comes back when the loop is destroyed. */
void prism_loop_add_signal(struct prism_loop *loop, int signum, void (*fn)(void *data, int signum),
                           void *data);
/* Nobody is called for them with this data any more. */
void prism_loop_remove_signals(struct prism_loop *loop, void *data);

#endif
