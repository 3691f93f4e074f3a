/*
 * base/loop.c: the order of a turn, removal from inside callbacks, deferred and posted calls,
 * hooks and signals.  Timers have a test of their own.
 */
#include "base/loop.h"

#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct prism_clock_manual clock;
	struct prism_loop *loop;
	int pipe[2], other[2];
	struct prism_fd *watch, *second;
	char trace[64]; /* what was called, in order */
};

static void trace(struct fixture *f, char c)
{
	size_t len = strlen(f->trace);

	assert_true(len + 1 < sizeof(f->trace));
	f->trace[len] = c;
}

static int setup(void **state)
{
	struct fixture *f = prism_alloc(sizeof(*f));

	prism_clock_manual_init(&f->clock, 0);
	f->loop = prism_loop_create(&f->clock.clock);
	assert_int_equal(pipe(f->pipe), 0);
	assert_int_equal(pipe(f->other), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	prism_fd_remove(f->watch);
	prism_fd_remove(f->second);
	prism_loop_destroy(f->loop);
	for (int i = 0; i < 2; i++) {
		close(f->pipe[i]);
		close(f->other[i]);
	}
	free(f);
	return 0;
}

static void on_defer(void *data)
{
	trace(data, 'd');
}

static void on_hook(void *data)
{
	trace(data, 'h');
}

static void on_timer(void *data)
{
	trace(data, 't');
}

static void on_signal(void *data, int signum)
{
	assert_int_equal(signum, SIGUSR1);
	trace(data, 's');
}

static void on_fd(void *data, int fd, unsigned events)
{
	trace(data, events & PRISM_LOOP_READ ? 'r' : events & PRISM_LOOP_WRITE ? 'w' : 'x');
}

static void a_turn_keeps_its_order(void **state)
{
	struct fixture *f = *state;
	struct prism_timer *timer = prism_loop_add_timer(f->loop, 0, 0, on_timer, f);

	f->watch = prism_loop_add_fd(f->loop, f->pipe[0], PRISM_LOOP_READ, on_fd, f);
	prism_loop_before_sleep(f->loop, on_hook, f);
	prism_loop_add_signal(f->loop, SIGUSR1, on_signal, f);
	prism_loop_defer(f->loop, on_defer, f);
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	raise(SIGUSR1);
	assert_string_equal(f->trace, "");
	assert_true(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "dhstr");
	prism_timer_remove(timer);
}

static void an_idle_turn_calls_nothing_back(void **state)
{
	struct fixture *f = *state;

	f->watch = prism_loop_add_fd(f->loop, f->pipe[0], PRISM_LOOP_READ, on_fd, f);
	assert_false(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "");
	assert_ptr_equal(prism_loop_clock(f->loop), &f->clock.clock);
}

static void interest_can_change(void **state)
{
	struct fixture *f = *state;

	f->watch = prism_loop_add_fd(f->loop, f->pipe[1], 0, on_fd, f);
	assert_false(prism_loop_turn(f->loop, 0));
	prism_fd_set_events(f->watch, PRISM_LOOP_WRITE);
	assert_true(prism_loop_turn(f->loop, 0));
	prism_fd_set_events(f->watch, 0);
	assert_false(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "w");
}

static void a_hang_up_is_reported_and_not_spun_on(void **state)
{
	struct fixture *f = *state;

	f->watch = prism_loop_add_fd(f->loop, f->pipe[0], PRISM_LOOP_READ, on_fd, f);
	close(f->pipe[1]);
	f->pipe[1] = -1;
	assert_true(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "x");
	prism_fd_set_events(f->watch, 0);
	assert_false(prism_loop_turn(f->loop, 0));
}

static void remove_both(void *data, int fd, unsigned events)
{
	struct fixture *f = data;

	trace(f, '1');
	prism_fd_remove(f->watch);
	prism_fd_remove(f->second);
	f->watch = f->second = NULL;
}

static void a_callback_may_remove_itself_and_others(void **state)
{
	struct fixture *f = *state;

	f->watch = prism_loop_add_fd(f->loop, f->pipe[0], PRISM_LOOP_READ, remove_both, f);
	f->second = prism_loop_add_fd(f->loop, f->other[0], PRISM_LOOP_READ, remove_both, f);
	assert_int_equal(write(f->pipe[1], "x", 1), 1);
	assert_int_equal(write(f->other[1], "x", 1), 1);
	assert_true(prism_loop_turn(f->loop, 0));
	assert_false(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "1");
	prism_fd_remove(NULL);
}

static void defer_again(void *data)
{
	struct fixture *f = data;

	trace(f, 'D');
	prism_loop_defer(f->loop, on_defer, f);
}

static void a_deferred_call_runs_once_in_the_next_turn(void **state)
{
	struct fixture *f = *state;

	prism_loop_defer(f->loop, defer_again, f);
	prism_loop_turn(f->loop, -1); /* must not sleep: work is queued */
	assert_string_equal(f->trace, "D");
	prism_loop_turn(f->loop, -1);
	assert_string_equal(f->trace, "Dd");
	assert_false(prism_loop_turn(f->loop, 0));
}

static void drop_next(void *data)
{
	struct fixture *f = data;

	prism_loop_undefer(f->loop, on_defer, f);
}

static void deferred_calls_can_be_dropped_even_while_running(void **state)
{
	struct fixture *f = *state;

	prism_loop_defer(f->loop, on_defer, f);
	prism_loop_undefer(f->loop, on_defer, f);
	prism_loop_defer(f->loop, drop_next, f);
	prism_loop_defer(f->loop, on_defer, f);
	prism_loop_turn(f->loop, 0);
	assert_string_equal(f->trace, "");
	prism_loop_post(f->loop, on_defer, f);
	prism_loop_undefer(f->loop, on_defer, f);
	assert_false(prism_loop_turn(f->loop, 0));
}

static void *post_from_thread(void *data)
{
	struct fixture *f = data;

	prism_loop_post(f->loop, on_defer, f);
	return NULL;
}

static void a_post_from_another_thread_wakes_the_loop(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, post_from_thread, f), 0);
	while (!prism_loop_turn(f->loop, -1))
		;
	pthread_join(thread, NULL);
	assert_string_equal(f->trace, "d");
}

static void quit_now(void *data)
{
	struct fixture *f = data;

	trace(f, 'q');
	prism_loop_quit(f->loop);
}

static void run_ends_with_quit_and_can_start_again(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		prism_loop_defer(f->loop, quit_now, f);
		prism_loop_run(f->loop);
	}
	assert_string_equal(f->trace, "qq");
}

static void unhook(void *data)
{
	struct fixture *f = data;

	trace(f, 'u');
	prism_loop_remove_before_sleep(f->loop, unhook, f);
}

static void hooks_run_every_turn_and_may_remove_themselves(void **state)
{
	struct fixture *f = *state;

	prism_loop_before_sleep(f->loop, unhook, f);
	prism_loop_before_sleep(f->loop, on_hook, f);
	prism_loop_turn(f->loop, 0);
	prism_loop_turn(f->loop, 0);
	assert_string_equal(f->trace, "uhh");
	prism_loop_remove_before_sleep(f->loop, on_hook, f);
	prism_loop_turn(f->loop, 0);
	assert_string_equal(f->trace, "uhh");
}

static void the_old_signal_disposition_comes_back(void **state)
{
	struct fixture *f = *state;
	struct prism_loop *loop = prism_loop_create(&f->clock.clock);
	struct sigaction action;

	signal(SIGUSR2, SIG_IGN);
	prism_loop_add_signal(loop, SIGUSR2, on_signal, f);
	sigaction(SIGUSR2, NULL, &action);
	assert_ptr_not_equal(action.sa_handler, SIG_IGN);
	prism_loop_destroy(loop);
	sigaction(SIGUSR2, NULL, &action);
	assert_ptr_equal(action.sa_handler, SIG_IGN);
	signal(SIGUSR2, SIG_DFL);
	prism_loop_destroy(NULL);
}

static void two_watchers_of_a_signal_both_hear_it(void **state)
{
	struct fixture *f = *state;

	prism_loop_add_signal(f->loop, SIGUSR1, on_signal, f);
	prism_loop_add_signal(f->loop, SIGUSR1, on_signal, f);
	raise(SIGUSR1);
	prism_loop_turn(f->loop, 0);
	assert_false(prism_loop_turn(f->loop, 0));
	assert_string_equal(f->trace, "ss");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_turn_keeps_its_order),
	    T(an_idle_turn_calls_nothing_back),
	    T(interest_can_change),
	    T(a_hang_up_is_reported_and_not_spun_on),
	    T(a_callback_may_remove_itself_and_others),
	    T(a_deferred_call_runs_once_in_the_next_turn),
	    T(deferred_calls_can_be_dropped_even_while_running),
	    T(a_post_from_another_thread_wakes_the_loop),
	    T(run_ends_with_quit_and_can_start_again),
	    T(hooks_run_every_turn_and_may_remove_themselves),
	    T(the_old_signal_disposition_comes_back),
	    T(two_watchers_of_a_signal_both_hear_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
