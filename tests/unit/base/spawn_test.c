/* base/spawn.c: arguments reach the program as they are, nothing of ours does, and it ends in time.
 */
#include "base/spawn.h"

#include "tests/lib/memcheck.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct prism_loop *loop;
static struct prism_spawn_result got;
static char said[PRISM_SPAWN_OUTPUT + 1];
static unsigned calls;

static void done(void *data, const struct prism_spawn_result *result)
{
	got = *result;
	snprintf(said, sizeof(said), "%s", result->said);
	calls++;
}

static int setup(void **state)
{
	loop = prism_loop_create(prism_clock_system());
	calls = 0;
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	prism_loop_destroy(loop);
	return 0;
}

static void run(const char *const argv[], int64_t timeout_ms)
{
	const char *const env[] = {"A=1", NULL};
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t end = prism_clock_mono_ms(prism_clock_system()) + 20000;

	assert_non_null(prism_spawn(loop, argv, env, timeout_ms, done, NULL, &err));
	while (!calls && prism_clock_mono_ms(prism_clock_system()) < end)
		prism_loop_turn(loop, 100);
	assert_int_equal(calls, 1);
}

static void arguments_are_not_read_by_a_shell(void **state)
{
	const char *const argv[] = {"/bin/echo", "$(id) `id` ; * $HOME", "a\nb", NULL};

	run(argv, 20000);
	assert_int_equal(got.status, 0);
	assert_string_equal(said, "$(id) `id` ; * $HOME a\nb\n");
}

static void the_environment_is_what_was_given(void **state)
{
	const char *const argv[] = {"/usr/bin/env", NULL};

	setenv("PRISM_TUI_TOKEN", "secret", 1);
	run(argv, 20000);
	unsetenv("PRISM_TUI_TOKEN");
	assert_string_equal(said, "A=1\n");
}

static void descriptors_are_closed_and_input_is_empty(void **state)
{
	/* a descriptor somebody opened without close-on-exec */
	int leak = open("/dev/null", O_RDONLY);
	const char *const argv[] = {"/bin/sh", "-c",
	                            "cat; for f in /proc/self/fd/*; do case ${f##*/} in [012]) ;; *) "
	                            "readlink $f | grep -v /proc/ ;; esac; done; echo end",
	                            NULL};

	run(argv, 20000);
	close(leak);
	assert_string_equal(said, "end\n");
}

static void failures_are_told(void **state)
{
	const char *const fails[] = {"/bin/sh", "-c", "echo no such thing >&2; exit 3", NULL};
	const char *const killed[] = {"/bin/sh", "-c", "kill -TERM $$", NULL};

	run(fails, 20000);
	assert_int_equal(got.status, 3);
	assert_string_equal(said, "no such thing\n");
	calls = 0;
	run(killed, 20000);
	assert_int_equal(got.status, -1);
	assert_int_equal(got.signum, SIGTERM);
}

static void what_is_no_program_is_refused(void **state)
{
	const char *const missing[] = {"/nonexistent/program", NULL}, *const relative[] = {"true",
	                                                                                   NULL};
	struct prism_error err = PRISM_ERROR_INIT;

	if (memcheck_runs()) {
		print_message("SKIP memcheck makes vfork a fork, and the failure of exec is not seen\n");
		skip();
	}
	assert_null(prism_spawn(loop, missing, relative + 1, 1000, done, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_null(prism_spawn(loop, relative, relative + 1, 1000, done, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
}

static void what_takes_too_long_is_killed(void **state)
{
	/* with what it started, although that closed its output */
	const char *const loud[] = {"/bin/sleep", "1000", NULL};
	const char *const quiet[] = {"/bin/sh", "-c", "exec >/dev/null 2>&1; sleep 1000", NULL};

	run(loud, 50);
	assert_true(got.timed_out);
	assert_int_equal(got.signum, SIGKILL);
	calls = 0;
	run(quiet, 200);
	assert_true(got.timed_out);
}

static void long_output_is_cut(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x", NULL};

	run(argv, 20000);
	assert_int_equal(got.status, 0);
	assert_int_equal(strlen(said), PRISM_SPAWN_OUTPUT);
}

static void an_abandoned_one_says_nothing(void **state)
{
	const char *const argv[] = {"/bin/sleep", "1000", NULL}, *const env[] = {NULL};
	struct prism_error err = PRISM_ERROR_INIT;

	prism_spawn_abandon(prism_spawn(loop, argv, env, 100000, done, NULL, &err));
	prism_spawn_abandon(NULL);
	prism_loop_turn(loop, 0);
	assert_int_equal(calls, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(arguments_are_not_read_by_a_shell),
	    TEST(the_environment_is_what_was_given),
	    TEST(descriptors_are_closed_and_input_is_empty),
	    TEST(failures_are_told),
	    TEST(what_is_no_program_is_refused),
	    TEST(what_takes_too_long_is_killed),
	    TEST(long_output_is_cut),
	    TEST(an_abandoned_one_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
