/*
 * Covers tui/headless.c: where a password comes from, and lines refused before anything is done.
 * The commands themselves run in tests/story against the sandbox.
 */
#include "tui/headless.h"

#include "base/file.h"
#include "core/options.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

static void password_is_the_first_line_of_a_file(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(*state, "pw");
	struct prism_secret *secret;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, "se cret\r\nrest\n", 14, 0600, &err), 0);
	secret = pt_headless_password(path, -1, "", &err);
	assert_non_null(secret);
	assert_string_equal(prism_secret_text(secret), "se cret");
	prism_secret_destroy(secret);
}

static void password_from_a_descriptor(void **state)
{
	int ends[2];
	struct prism_secret *secret;
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "abc\n", 4), 4);
	secret = pt_headless_password(NULL, ends[0], "", &err);
	assert_string_equal(prism_secret_text(secret), "abc");
	prism_secret_destroy(secret);
	close(ends[1]);
	secret = pt_headless_password(NULL, ends[0], "", &err); /* nothing there */
	assert_null(secret);
	assert_int_equal(err.category, PRISM_ERROR_AUTH);
	close(ends[0]);
}

static void password_files_that_cannot_be_one(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(*state, "long");
	PRISM_AUTO_FREE char *missing = prism_path_join(*state, "missing");
	char text[2000];
	struct prism_error err = PRISM_ERROR_INIT;

	memset(text, 'x', sizeof(text));
	assert_int_equal(prism_file_write(path, text, sizeof(text), 0600, &err), 0);
	assert_null(pt_headless_password(path, -1, "", &err));
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	prism_error_clear(&err);
	assert_null(pt_headless_password(missing, -1, "", &err));
	assert_int_not_equal(err.category, PRISM_ERROR_NONE);
}

/* Runs lines in a world of its own; standard output and error stay quiet enough for a test. */
static int run(size_t count, const char *const *lines)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, 1);
	struct core_options *options = core_options_create();
	struct pt_world *world;
	const struct pt_headless how = {
	    .lines = lines, .count = count, .password_fd = -1, .quiet = true};
	int code;

	core_remember_off(options);
	world = pt_world_create(loop, work, options);
	code = pt_headless_run(world, &how);
	pt_world_destroy(world);
	core_options_destroy(options);
	prism_work_destroy(work);
	prism_loop_destroy(loop);
	return code;
}

static void lines_are_checked_before_the_first_runs(void **state)
{
	const char *wrong[] = {"version", "computation rum"};
	const char *screen[] = {"version", "zoom"};
	const char *missing[] = {"checksum"};
	const int invalid = prism_error_exit_code(PRISM_ERROR_INVALID);

	PRISM_UNUSED(state);
	assert_int_equal(run(2, wrong), invalid);
	assert_int_equal(run(2, screen), invalid);
	assert_int_equal(run(1, missing), invalid);
}

static void commands_without_a_session_run(void **state)
{
	const char *good[] = {"version", "profile list", "help computation run"};
	const char *nobody[] = {"computation list"};
	const char *unknown[] = {"help nonsense"};

	PRISM_UNUSED(state);
	assert_int_equal(run(3, good), 0);
	assert_int_equal(run(1, unknown), prism_error_exit_code(PRISM_ERROR_MISSING));
	assert_int_equal(run(1, nobody), prism_error_exit_code(PRISM_ERROR_AUTH));
}

static void the_first_failure_ends_it(void **state)
{
	PRISM_AUTO_FREE char *missing = prism_path_join(*state, "none");
	PRISM_AUTO_FREE char *line = prism_asprintf("checksum %s", missing);
	const char *lines[] = {line, "version"};

	assert_int_not_equal(run(2, lines), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(password_is_the_first_line_of_a_file, tmpdir_setup,
	                                    tmpdir_teardown),
	    cmocka_unit_test(password_from_a_descriptor),
	    cmocka_unit_test_setup_teardown(password_files_that_cannot_be_one, tmpdir_setup,
	                                    tmpdir_teardown),
	    cmocka_unit_test(lines_are_checked_before_the_first_runs),
	    cmocka_unit_test(commands_without_a_session_run),
	    cmocka_unit_test_setup_teardown(the_first_failure_ends_it, tmpdir_setup, tmpdir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
