/* The pty harness itself: screen, keys, exit status, what is left switched on. */
#include "tests/lib/pty.h"

#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct pty *shell(const char *script)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL};

	return pty_start(&(struct pty_spec){.argv = argv, .rows = 6, .cols = 30});
}

static void test_screen_and_exit_status(void **state)
{
	struct pty *p = shell("stty size; printf 'tw\\303\\266 \\346\\227\\245x'; exit 3");
	int status;
	char *row;

	pty_wait_exit(p, 5000, &status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	row = pty_row(p, 0);
	assert_string_equal(row, "6 30");
	prism_free(row);
	row = pty_row(p, 1);
	assert_string_equal(row, "twö 日x");
	prism_free(row);
	pty_destroy(p);
}

static void test_keys_arrive_by_name(void **state)
{
	struct pty *p = shell("stty raw -echo; echo go; dd bs=1 count=6 2>/dev/null | od -An -c");

	pty_wait_text(p, "go", 5000);
	pty_keys(p, "a<Esc><Up><lt>");
	pty_wait_text(p, "a 033 033   O   A   <", 5000);
	pty_destroy(p);
}

static void test_what_is_left_on_is_named(void **state)
{
	struct pty *p = shell("stty raw; printf '\\033[?1049h\\033[?25l\\033[?1006;2004h\\033[2;4r'");
	char *left;

	pty_wait_exit(p, 5000, NULL);
	left = pty_left_over(p);
	assert_string_equal(left, "alternate screen; cursor hidden; mouse reports; bracketed paste; "
	                          "scroll region; tty settings; ");
	prism_free(left);
	pty_destroy(p);
}

static void test_what_is_put_back_is_not(void **state)
{
	struct pty *p = shell("printf '\\033[?1049h\\033[?25l\\033[?1006h\\033[2;4r';"
	                      "printf '\\033[?1049l\\033[?25h\\033[?1006l\\033[r'");
	char *left;

	pty_wait_exit(p, 5000, NULL);
	left = pty_left_over(p);
	assert_string_equal(left, "");
	prism_free(left);
	pty_destroy(p);
}

static void test_a_deadline_ends_a_wait(void **state)
{
	struct pty *p = shell("read x");

	assert_false(pty_wait_text_(p, "never", 30));
	assert_false(pty_wait_exit_(p, 10, NULL));
	pty_destroy(p);
}

static void test_a_vanished_terminal_hangs_up(void **state)
{
	struct pty *p = shell("echo up; read x");
	int status;

	pty_wait_text(p, "up", 5000);
	pty_hang_up(p);
	pty_wait_exit(p, 5000, &status);
	pty_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_screen_and_exit_status),
	    cmocka_unit_test(test_keys_arrive_by_name),
	    cmocka_unit_test(test_what_is_left_on_is_named),
	    cmocka_unit_test(test_what_is_put_back_is_not),
	    cmocka_unit_test(test_a_deadline_ends_a_wait),
	    cmocka_unit_test(test_a_vanished_terminal_hangs_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
