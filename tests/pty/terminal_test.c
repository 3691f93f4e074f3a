/*
 * The terminal is left as it was found, however the program ends, and whatever terminal it is: the
 * real binary on a real pty, without a backend.
 */
#include "tests/lib/client.h"

#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define START_MS 10000
#define END_MS 5000

static const struct client_spec plain = {.rows = 24, .cols = 80};

/* Until there is a first frame and nothing more is drawn. */
static void wait_up(struct pty *p)
{
	struct pty_state s;

	pty_check(p, pty_wait_byte(p, START_MS), "waiting for", "a first byte", __FILE__, __LINE__);
	pty_check(p, pty_wait_quiet(p, 200, START_MS), "waiting for", "quiet", __FILE__, __LINE__);
	pty_state(p, &s);
	pty_check(p, s.alt_screen && s.termios_changed, "looking for", "a full screen", __FILE__,
	          __LINE__);
}

static void check_left_clean(struct pty *p, const char *after)
{
	char *left = pty_left_over(p);

	if (left[0])
		fail_msg("after %s is left on: %s", after, left);
	prism_free(left);
}

static void ended_by(int signum, const char *name)
{
	struct pty *p = client_start(&plain);
	int status = 0;

	wait_up(p);
	pty_signal(p, signum);
	pty_wait_exit(p, END_MS, &status);
	check_left_clean(p, name);
	/* Asked to go it may end as after any quit; a crash must be seen by the parent. */
	if (!(WIFSIGNALED(status) && WTERMSIG(status) == signum) &&
	    !(WIFEXITED(status) && (signum != SIGSEGV && signum != SIGABRT)))
		fail_msg("after %s the wait status is %#x", name, (unsigned)status);
	pty_destroy(p);
}

static void test_term(void **state)
{
	ended_by(SIGTERM, "TERM");
}

static void test_hup(void **state)
{
	ended_by(SIGHUP, "HUP");
}

static void test_int(void **state)
{
	ended_by(SIGINT, "INT");
}

static void test_segv(void **state)
{
	ended_by(SIGSEGV, "SEGV");
}

static void test_abrt(void **state)
{
	ended_by(SIGABRT, "ABRT");
}

static void test_a_vanished_terminal_ends_it(void **state)
{
	struct pty *p = client_start(&plain);

	wait_up(p);
	pty_hang_up(p);
	pty_wait_exit(p, END_MS, NULL);
	pty_destroy(p);
}

static void test_a_vanished_terminal_ends_it_under_nohup(void **state)
{
	struct client_spec spec = plain;
	struct pty *p;

	spec.ignore_hup = true;
	p = client_start(&spec);
	wait_up(p);
	pty_hang_up(p);
	pty_wait_exit(p, END_MS, NULL);
	pty_destroy(p);
}

static void starts_with_term(const char *term)
{
	struct client_spec spec = plain;
	struct pty *p;
	int status;

	spec.term = term;
	p = client_start(&spec);
	pty_check(p, pty_wait_byte(p, START_MS), "waiting for", "a first byte", __FILE__, __LINE__);
	assert_true(pty_wait_quiet(p, 200, START_MS));
	assert_false(pty_wait_exit_(p, 1, &status));
	pty_wait_text(p, "Sign in", START_MS);
	pty_signal(p, SIGTERM);
	pty_wait_exit(p, END_MS, NULL);
	check_left_clean(p, term);
	pty_destroy(p);
}

static void test_unknown_terminal(void **state)
{
	starts_with_term("no-such-terminal");
}

static void test_terminal_unset(void **state)
{
	starts_with_term("");
}

static void test_dumb_terminal_gets_an_answer(void **state)
{
	struct client_spec spec = plain;
	struct pty *p;

	spec.term = "dumb";
	p = client_start(&spec);
	pty_check(p, pty_wait_byte(p, START_MS), "waiting for", "a first byte", __FILE__, __LINE__);
	pty_wait_quiet(p, 200, START_MS);
	pty_signal(p, SIGTERM);
	pty_wait_exit(p, END_MS, NULL);
	check_left_clean(p, "dumb");
	pty_destroy(p);
}

static void test_no_color(void **state)
{
	struct client_spec spec = plain;
	struct pty *p;

	spec.env = (const char *const[]){"NO_COLOR=1", "COLORTERM=truecolor", NULL};
	p = client_start(&spec);
	wait_up(p);
	assert_false(pty_raw_colour(p));
	assert_false(pty_any_colour(p));
	pty_destroy(p);
}

static void test_colours_otherwise(void **state)
{
	struct pty *p = client_start(&plain);

	wait_up(p);
	assert_true(pty_raw_colour(p));
	pty_destroy(p);
}

static void test_ascii_locale(void **state)
{
	struct client_spec spec = plain;
	struct pty *p;
	const char *raw;
	size_t len;

	spec.lang = "C";
	p = client_start(&spec);
	wait_up(p);
	raw = pty_raw(p, &len);
	for (size_t i = 0; i < len; i++)
		assert_true((unsigned char)raw[i] < 0x80);
	pty_destroy(p);
}

static void test_resize_storm(void **state)
{
	static const int sizes[][2] = {{24, 80},   {1, 1},  {40, 120}, {10, 40},
	                               {100, 300}, {5, 20}, {3, 200}};
	struct pty *p = client_start(&plain);
	int status;

	wait_up(p);
	for (int i = 0; i < 50; i++) {
		pty_resize(p, sizes[i % 7][0], sizes[i % 7][1]);
		pty_wait_byte(p, 5);
	}
	pty_resize(p, 24, 80);
	pty_wait_text(p, "Sign in", START_MS);
	assert_false(pty_wait_exit_(p, 1, &status));
	pty_signal(p, SIGTERM);
	pty_wait_exit(p, END_MS, NULL);
	check_left_clean(p, "a resize storm");
	pty_destroy(p);
}

static void test_one_cell(void **state)
{
	struct client_spec spec = {.rows = 1, .cols = 1};
	struct pty *p = client_start(&spec);
	int status;

	assert_true(pty_wait_byte(p, START_MS));
	pty_wait_quiet(p, 200, START_MS);
	assert_false(pty_wait_exit_(p, 1, &status));
	pty_resize(p, 24, 80);
	pty_wait_text(p, "Sign in", START_MS);
	pty_destroy(p);
}

static void test_asks_the_terminal_nothing(void **state)
{
	struct pty *p = client_start(&plain);

	wait_up(p);
	assert_false(pty_raw_has(p, "\033[6n"));
	assert_false(pty_raw_has(p, "\033[c"));
	assert_false(pty_raw_has(p, "\033[>c"));
	assert_false(pty_raw_has(p, "\033]11;?"));
	pty_destroy(p);
}

static void test_idle_draws_nothing(void **state)
{
	struct pty *p = client_start(&plain);

	wait_up(p);
	pty_mark(p);
	assert_false(pty_wait_byte(p, 1500));
	pty_destroy(p);
}

/* Under a shell with job control: a session leader of its own could not be stopped. */
static void test_suspend_and_resume(void **state)
{
	char script[700];
	const char *argv[] = {"/bin/sh", "-m", "-c", script, NULL};
	struct pty *p;

	snprintf(script, sizeof(script), "%s; echo stopped-here; read answer; fg; echo over-now",
	         build_path("prism-tui"));
	p = pty_start(&(struct pty_spec){
	    .argv = argv,
	    .rows = 24,
	    .cols = 80,
	    .env = (const char *const[]){"PRISM_TUI_URL=http://127.0.0.1:9", NULL},
	});
	wait_up(p);
	kill(-pty_foreground(p), SIGTSTP);
	pty_wait_text(p, "stopped-here", END_MS);
	check_left_clean(p, "a stop");
	pty_keys(p, "<Enter>");
	pty_wait_gone(p, "stopped-here", END_MS);
	pty_wait_text(p, "Sign in", END_MS);
	pty_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_term),
	    cmocka_unit_test(test_hup),
	    cmocka_unit_test(test_int),
	    cmocka_unit_test(test_segv),
	    cmocka_unit_test(test_abrt),
	    cmocka_unit_test(test_a_vanished_terminal_ends_it),
	    cmocka_unit_test(test_a_vanished_terminal_ends_it_under_nohup),
	    cmocka_unit_test(test_unknown_terminal),
	    cmocka_unit_test(test_terminal_unset),
	    cmocka_unit_test(test_dumb_terminal_gets_an_answer),
	    cmocka_unit_test(test_no_color),
	    cmocka_unit_test(test_colours_otherwise),
	    cmocka_unit_test(test_ascii_locale),
	    cmocka_unit_test(test_resize_storm),
	    cmocka_unit_test(test_one_cell),
	    cmocka_unit_test(test_asks_the_terminal_nothing),
	    cmocka_unit_test(test_idle_draws_nothing),
	    cmocka_unit_test(test_suspend_and_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
