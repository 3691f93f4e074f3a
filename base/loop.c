/*
 * Owns the loop: descriptors, deferred calls, wake-ups, hooks and signals, and the order of a
 * turn, which is the numbered list in base/loop.h.  Timers are kept in base/loop_timer.c.
 *
 * Why poll(2): a console watches some tens of descriptors; poll is portable, needs no state in
 * the kernel that could go stale when a descriptor number is used again, and the array is only
 * rebuilt when a registration changed.
 *
 * Removal: a watch taken away inside a turn is marked and freed when the turn ends, because
 * the array being walked may still point at it.
 */
#include "base/loop_private.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#ifdef NSIG
enum { SIGNALS = NSIG };
#else
enum { SIGNALS = 65 };
#endif

/* Written by the handler, which can reach nothing else. */
static volatile sig_atomic_t signal_seen[SIGNALS];
static volatile sig_atomic_t signal_wake_fd[SIGNALS];

static int open_wake_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

struct prism_loop *prism_loop_create(const struct prism_clock *clock)
{
	struct prism_loop *loop = prism_alloc(sizeof(*loop));

	loop->clock = clock;
	prism_list_init(&loop->fds);
	prism_list_init(&loop->dead_fds);
	prism_list_init(&loop->calls);
	prism_list_init(&loop->running);
	prism_list_init(&loop->posted);
	prism_list_init(&loop->hooks);
	prism_list_init(&loop->signals);
	prism_timers_init(&loop->timers);
	loop->poll_stale = true;
	if (open_wake_pipe(loop->wake) < 0 || pthread_mutex_init(&loop->lock, NULL) != 0) {
		fprintf(stderr, "prism: cannot create the event loop (errno %d)\n", errno);
		abort();
	}
	return loop;
}

static void free_calls(struct prism_list *list)
{
	PRISM_LIST_EACH (list, node, tmp) {
		prism_list_remove(node);
		free(PRISM_CONTAINER(node, struct call, node));
	}
}

static void free_dead_fds(struct prism_loop *loop)
{
	PRISM_LIST_EACH (&loop->dead_fds, node, tmp) {
		prism_list_remove(node);
		free(PRISM_CONTAINER(node, struct prism_fd, node));
	}
}

static void restore_signals(struct prism_loop *loop)
{
	PRISM_LIST_EACH (&loop->signals, node, tmp) {
		struct signal_watch *watch = PRISM_CONTAINER(node, struct signal_watch, node);
		if (watch->owns_disposition)
			sigaction(watch->signum, &watch->previous, NULL);
		prism_list_remove(node);
		free(watch);
	}
}

void prism_loop_destroy(struct prism_loop *loop)
{
	if (!loop)
		return;
	assert(!loop->in_turn);
	assert(prism_list_empty(&loop->fds) && "loop destroyed with watched descriptors");
	assert(prism_timers_empty(&loop->timers) && "loop destroyed with timers");
	restore_signals(loop);
	free_dead_fds(loop);
	free_calls(&loop->calls);
	free_calls(&loop->posted);
	free_calls(&loop->hooks);
	prism_timers_finish(&loop->timers);
	pthread_mutex_destroy(&loop->lock);
	close(loop->wake[0]);
	close(loop->wake[1]);
	free(loop->polls);
	free(loop->polled);
	free(loop);
}

const struct prism_clock *prism_loop_clock(const struct prism_loop *loop)
{
	return loop->clock;
}

/* ---- deferred calls, posts, hooks ---- */

static struct call *new_call(prism_call_fn fn, void *data)
{
	struct call *call = prism_alloc(sizeof(*call));

	call->fn = fn;
	call->data = data;
	return call;
}

static void drop_calls(struct prism_list *list, prism_call_fn fn, void *data)
{
	PRISM_LIST_EACH (list, node, tmp) {
		struct call *call = PRISM_CONTAINER(node, struct call, node);
		if (call->fn == fn && call->data == data) {
			prism_list_remove(node);
			free(call);
		}
	}
}

static void splice(struct prism_list *dst, struct prism_list *src)
{
	while (!prism_list_empty(src)) {
		struct prism_list *node = src->next;
		prism_list_remove(node);
		prism_list_append(dst, node);
	}
}

void prism_loop_defer(struct prism_loop *loop, prism_call_fn fn, void *data)
{
	prism_list_append(&loop->calls, &new_call(fn, data)->node);
}

void prism_loop_undefer(struct prism_loop *loop, prism_call_fn fn, void *data)
{
	drop_calls(&loop->calls, fn, data);
	drop_calls(&loop->running, fn, data);
	pthread_mutex_lock(&loop->lock);
	drop_calls(&loop->posted, fn, data);
	pthread_mutex_unlock(&loop->lock);
}

static void wake_up(int fd)
{
	/* A full pipe wakes just as well. */
	while (write(fd, "", 1) < 0 && errno == EINTR)
		;
}

void prism_loop_post(struct prism_loop *loop, prism_call_fn fn, void *data)
{
	struct call *call = new_call(fn, data);

	pthread_mutex_lock(&loop->lock);
	bool first = prism_list_empty(&loop->posted);
	prism_list_append(&loop->posted, &call->node);
	if (first)
		wake_up(loop->wake[1]);
	pthread_mutex_unlock(&loop->lock);
}

static bool run_deferred(struct prism_loop *loop)
{
	bool called = false;

	splice(&loop->running, &loop->calls);
	pthread_mutex_lock(&loop->lock);
	splice(&loop->running, &loop->posted);
	pthread_mutex_unlock(&loop->lock);
	while (!prism_list_empty(&loop->running)) {
		struct call *call = PRISM_CONTAINER(loop->running.next, struct call, node);
		struct call now = *call;
		prism_list_remove(&call->node);
		free(call);
		now.fn(now.data);
		called = true;
	}
	return called;
}

void prism_loop_before_sleep(struct prism_loop *loop, prism_call_fn fn, void *data)
{
	prism_list_append(&loop->hooks, &new_call(fn, data)->node);
}

void prism_loop_remove_before_sleep(struct prism_loop *loop, prism_call_fn fn, void *data)
{
	PRISM_LIST_EACH (&loop->hooks, node, tmp) {
		struct call *hook = PRISM_CONTAINER(node, struct call, node);
		if (hook->fn != fn || hook->data != data)
			continue;
		/* The walk below may stand on this hook; run_hooks() sweeps after it. */
		hook->fn = NULL;
		if (!loop->in_hooks) {
			prism_list_remove(node);
			free(hook);
		}
	}
}

static void run_hooks(struct prism_loop *loop)
{
	struct prism_list *last = loop->hooks.prev; /* hooks added now wait for the next turn */

	if (prism_list_empty(&loop->hooks))
		return;
	loop->in_hooks = true;
	for (struct prism_list *node = loop->hooks.next;; node = node->next) {
		struct call *hook = PRISM_CONTAINER(node, struct call, node);
		if (hook->fn)
			hook->fn(hook->data);
		if (node == last)
			break;
	}
	loop->in_hooks = false;
	PRISM_LIST_EACH (&loop->hooks, node, tmp) {
		struct call *hook = PRISM_CONTAINER(node, struct call, node);
		if (hook->fn)
			continue;
		prism_list_remove(node);
		free(hook);
	}
}

/* ---- signals ---- */

static void on_signal(int signum)
{
	int saved = errno;

	signal_seen[signum] = 1;
	wake_up((int)signal_wake_fd[signum]);
	errno = saved;
}

static bool signal_taken(const struct prism_loop *loop, int signum)
{
	PRISM_LIST_EACH (&loop->signals, node, tmp) {
		if (PRISM_CONTAINER(node, struct signal_watch, node)->signum == signum)
			return true;
	}
	return false;
}

void prism_loop_add_signal(struct prism_loop *loop, int signum, void (*fn)(void *data, int signum),
                           void *data)
{
	assert(signum > 0 && signum < SIGNALS);
	struct signal_watch *watch = prism_alloc(sizeof(*watch));
	watch->signum = signum;
	watch->fn = fn;
	watch->data = data;
	watch->owns_disposition = !signal_taken(loop, signum);
	prism_list_append(&loop->signals, &watch->node);
	if (!watch->owns_disposition)
		return;
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	signal_seen[signum] = 0;
	signal_wake_fd[signum] = loop->wake[1];
	sigaction(signum, &action, &watch->previous);
}

void prism_loop_remove_signals(struct prism_loop *loop, void *data)
{
	PRISM_LIST_EACH (&loop->signals, node, tmp) {
		struct signal_watch *watch = PRISM_CONTAINER(node, struct signal_watch, node);
		if (watch->data == data)
			watch->fn = NULL; /* the disposition stays ours until the end */
	}
}

static bool run_signals(struct prism_loop *loop)
{
	bool called = false, seen[SIGNALS] = {false};

	PRISM_LIST_EACH (&loop->signals, node, tmp) {
		struct signal_watch *watch = PRISM_CONTAINER(node, struct signal_watch, node);
		if (watch->owns_disposition && signal_seen[watch->signum]) {
			signal_seen[watch->signum] = 0;
			seen[watch->signum] = true;
		}
		if (seen[watch->signum] && watch->fn) {
			watch->fn(watch->data, watch->signum);
			called = true;
		}
	}
	return called;
}

/* ---- descriptors ---- */

struct prism_fd *prism_loop_add_fd(struct prism_loop *loop, int fd, unsigned events, prism_fd_fn fn,
                                   void *data)
{
	struct prism_fd *watch = prism_alloc(sizeof(*watch));

	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	watch->fn = fn;
	watch->data = data;
	prism_list_append(&loop->fds, &watch->node);
	loop->fd_count++;
	loop->poll_stale = true;
	return watch;
}

void prism_fd_set_events(struct prism_fd *watch, unsigned events)
{
	if (watch->events == events)
		return;
	watch->events = events;
	watch->loop->poll_stale = true;
}

void prism_fd_remove(struct prism_fd *watch)
{
	if (!watch || !watch->fn)
		return;
	struct prism_loop *loop = watch->loop;
	watch->fn = NULL;
	loop->fd_count--;
	loop->poll_stale = true;
	prism_list_remove(&watch->node);
	if (loop->in_turn)
		prism_list_append(&loop->dead_fds, &watch->node);
	else
		free(watch);
}

static void rebuild_polls(struct prism_loop *loop)
{
	size_t count = 1;

	if (loop->fd_count + 1 > loop->polls_alloc) {
		loop->polls_alloc = (loop->fd_count + 1) * 2;
		loop->polls = prism_realloc_array(loop->polls, loop->polls_alloc, sizeof(*loop->polls));
		loop->polled = prism_realloc_array(loop->polled, loop->polls_alloc, sizeof(*loop->polled));
	}
	loop->polls[0] = (struct pollfd){.fd = loop->wake[0], .events = POLLIN};
	PRISM_LIST_EACH (&loop->fds, node, tmp) {
		struct prism_fd *watch = PRISM_CONTAINER(node, struct prism_fd, node);
		short events = 0;
		if (watch->events & PRISM_LOOP_READ)
			events |= POLLIN;
		if (watch->events & PRISM_LOOP_WRITE)
			events |= POLLOUT;
		/* Without interest not even a hang-up is asked for: poll would spin on it. */
		loop->polls[count] = (struct pollfd){.fd = events ? watch->fd : -1, .events = events};
		loop->polled[count++] = watch;
	}
	loop->polls_count = count;
	loop->poll_stale = false;
}

static unsigned translate(short revents)
{
	unsigned events = 0;

	if (revents & (POLLIN | POLLPRI))
		events |= PRISM_LOOP_READ;
	if (revents & POLLOUT)
		events |= PRISM_LOOP_WRITE;
	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		events |= PRISM_LOOP_HANGUP;
	return events;
}

static void drain_wake(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static bool run_fds(struct prism_loop *loop)
{
	bool called = false;
	size_t count = loop->polls_count; /* a callback cannot change it: rebuilding waits */

	for (size_t i = 1; i < count; i++) {
		struct prism_fd *watch = loop->polled[i];
		if (loop->polls[i].revents == 0 || !watch->fn || !watch->events)
			continue;
		unsigned events = translate(loop->polls[i].revents) & (watch->events | PRISM_LOOP_HANGUP);
		if (!events)
			continue;
		watch->fn(watch->data, watch->fd, events);
		called = true;
	}
	return called;
}

/* ---- the turn ---- */

static bool posts_wait(struct prism_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	bool wait = !prism_list_empty(&loop->posted);
	pthread_mutex_unlock(&loop->lock);
	return wait;
}

static int sleep_time(struct prism_loop *loop, int max_ms)
{
	if (loop->quit || !prism_list_empty(&loop->calls) || posts_wait(loop))
		return 0;
	int64_t deadline = prism_loop_next_deadline_ms(loop);
	if (deadline < 0)
		return max_ms;
	int64_t left = deadline - prism_clock_mono_ms(loop->clock);
	if (left < 0)
		left = 0;
	if (left > INT32_MAX)
		left = INT32_MAX;
	return max_ms >= 0 && max_ms < left ? max_ms : (int)left;
}

bool prism_loop_turn(struct prism_loop *loop, int max_ms)
{
	assert(!loop->in_turn && "a turn inside a turn");
	loop->in_turn = true;
	bool called = run_deferred(loop);
	run_hooks(loop);
	if (called)
		max_ms = 0; /* the caller may be waiting for what just happened */
	if (loop->poll_stale)
		rebuild_polls(loop);
	int ready = poll(loop->polls, (nfds_t)loop->polls_count, sleep_time(loop, max_ms));
	if (ready > 0 && loop->polls[0].revents)
		drain_wake(loop->wake[0]);
	called |= run_signals(loop);
	called |= prism_timers_run(loop);
	if (ready > 0)
		called |= run_fds(loop);
	loop->in_turn = false;
	free_dead_fds(loop);
	prism_timers_sweep(&loop->timers);
	return called;
}

void prism_loop_run(struct prism_loop *loop)
{
	while (!loop->quit)
		prism_loop_turn(loop, -1);
	loop->quit = false;
}

void prism_loop_quit(struct prism_loop *loop)
{
	loop->quit = true;
}
