/*
 * core/shell.c: what is quoted comes back unchanged, as a real sh says; the other shells are
 * golden.
 */
#include "core/shell.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char nasty[] = "a b'c\"d$HOME`id`\\;<x>*\n~!#&|";

static void test_a_shell_gives_it_back(void **state)
{
	PRISM_AUTO_BUF struct prism_buf script = PRISM_BUF_INIT(4096);
	int pipes[2], status;
	char got[sizeof(nasty) + 8] = "";

	core_shell_set(CORE_SHELL_POSIX, "V", nasty, &script);
	prism_buf_puts(&script, "printf %s \"$V\"");
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		execl("/bin/sh", "sh", "-c", prism_buf_text(&script), (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	for (size_t n = 0; n < sizeof(got) - 1;) {
		ssize_t more = read(pipes[0], got + n, sizeof(got) - 1 - n);
		if (more <= 0)
			break;
		n += (size_t)more;
	}
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_string_equal(got, nasty);
}

static void test_golden(void **state)
{
	static const struct {
		enum core_shell shell;
		const char *value, *want;
	} rows[] = {
	    {CORE_SHELL_POSIX, "/plain/path-1.pem", "export V=/plain/path-1.pem\n"},
	    {CORE_SHELL_POSIX, "it's", "export V='it'\\''s'\n"},
	    {CORE_SHELL_POSIX, "", "export V=''\n"},
	    {CORE_SHELL_POSIX, "<path>", "export V='<path>'\n"},
	    {CORE_SHELL_FISH, "it's \\ $x", "set -gx V 'it\\'s \\\\ $x'\n"},
	    {CORE_SHELL_POWERSHELL, "it's $x", "$env:V = 'it''s $x'\n"},
	    {CORE_SHELL_POWERSHELL, "a\xe2\x80\x99z", "$env:V = 'a\xe2\x80\x99\xe2\x80\x99z'\n"},
	    {CORE_SHELL_ENV_FILE, "/p.pem", "V=/p.pem\n"},
	    {CORE_SHELL_ENV_FILE, "a \"b\" $c\nX=1", "V=\"a \\\"b\\\" \\$c?X=1\"\n"},
	};
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
		core_shell_set(rows[i].shell, "V", rows[i].value, &out);
		assert_string_equal(prism_buf_text(&out), rows[i].want);
	}
}

static void test_words(void **state)
{
	enum core_shell shell;

	for (int i = 0; i < CORE_SHELL_COUNT; i++) {
		assert_int_equal(core_shell_parse(core_shell_word((enum core_shell)i), &shell, NULL), 0);
		assert_int_equal(shell, i);
	}
	assert_int_equal(core_shell_parse("csh", &shell, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_shell_gives_it_back),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
