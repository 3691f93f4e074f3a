/*
 * core/shell.c: what is quoted comes back unchanged, as the shells of this machine say;
 * PowerShell and env files by their documented rules.
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

static const char *const values[] = {
    "a b'c\"d$HOME`id`\\;<x>*\n~!#&|",
    "/plain/path-1.pem",
    "/with space/it's.pem",
    "$(touch /tmp/never) `id` ${HOME} $HOME \\$x",
    "line one\nline two\n\nline four",
    "'",
    "''",
    "'\\''",
    "\\",
    "\\\\'\\",
    "\"quoted\" & <angled> | piped ; ended # remarked",
    "*?[a-z]{a,b}~/x =ls !! ^x %1",
    "-n -e \\n \\t",
    "\t\r\x01\x1b[31m",
    "caf\xc3\xa9 \xe2\x80\x99typographic\xe2\x80\x98 \xe2\x80\x9a\xe2\x80\x9b",
    " leading and trailing ",
};

/* What a program prints; "" when it could not be started. */
static void run(const char *const *argv, char *got, size_t size)
{
	int pipes[2], status;
	size_t n = 0;

	got[0] = '\0';
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipes[1]);
	while (n < size - 1) {
		ssize_t more = read(pipes[0], got + n, size - 1 - n);
		if (more <= 0)
			break;
		n += (size_t)more;
	}
	got[n] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static bool there(const char *shell)
{
	const char *const argv[] = {shell, "-c", "printf here", NULL};
	char got[16];

	run(argv, got, sizeof(got));
	return strcmp(got, "here") == 0;
}

/* The shells of this machine; sh is always one of them. */
static void test_a_shell_gives_it_back(void **state)
{
	static const struct {
		const char *program;
		enum core_shell shell;
	} rows[] = {{"sh", CORE_SHELL_POSIX},   {"dash", CORE_SHELL_POSIX},
	            {"bash", CORE_SHELL_POSIX}, {"zsh", CORE_SHELL_POSIX},
	            {"ksh", CORE_SHELL_POSIX},  {"busybox", CORE_SHELL_POSIX},
	            {"fish", CORE_SHELL_FISH}};
	char got[512];

	for (size_t r = 0; r < PRISM_COUNT(rows); r++) {
		if (!there(rows[r].program)) {
			assert_int_not_equal(r, 0);
			continue;
		}
		for (size_t i = 0; i < PRISM_COUNT(values); i++) {
			PRISM_AUTO_BUF struct prism_buf script = PRISM_BUF_INIT(4096);
			const char *argv[] = {rows[r].program, "-c", NULL, NULL};

			core_shell_set(rows[r].shell, "V", values[i], &script);
			prism_buf_puts(&script, "printf %s \"$V\"");
			argv[2] = prism_buf_text(&script);
			run(argv, got, sizeof(got));
			if (strcmp(got, values[i]) != 0)
				fail_msg("%s: %s\ngave back: %s", rows[r].program, prism_buf_text(&script), got);
		}
	}
}

/* about_Quoting_Rules: inside single quotes only a single quote, of any of the five shapes, has a
 * meaning, and two of them are one. */
static void powershell(const char *line, char *got)
{
	static const char *const quotes[] = {"'", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
	                                     "\xe2\x80\x9b"};
	const char *at = strchr(line, '\'');

	assert_memory_equal(line, "$env:V = '", 10);
	for (at++;;) {
		size_t width = 0;
		for (size_t q = 0; q < PRISM_COUNT(quotes); q++)
			if (strncmp(at, quotes[q], strlen(quotes[q])) == 0)
				width = strlen(quotes[q]);
		if (width && strncmp(at + width, at, width) == 0) {
			memcpy(got, at, width);
			got += width;
			at += 2 * width;
		} else if (width) {
			break;
		} else {
			*got++ = *at++;
		}
	}
	assert_string_equal(at, "'\n");
	*got = '\0';
}

static void test_powershell_would_give_it_back(void **state)
{
	char got[512];

	for (size_t i = 0; i < PRISM_COUNT(values); i++) {
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(4096);

		core_shell_set(CORE_SHELL_POWERSHELL, "V", values[i], &line);
		powershell(prism_buf_text(&line), got);
		assert_string_equal(got, values[i]);
	}
}

/* One line whatever the value; systemd.exec(5): in double quotes a backslash escapes. */
static void test_an_env_file_has_one_line_a_value(void **state)
{
	for (size_t i = 0; i < PRISM_COUNT(values); i++) {
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(4096);
		char want[512], got[512], *to = got;

		core_shell_set(CORE_SHELL_ENV_FILE, "V", values[i], &line);
		const char *text = prism_buf_text(&line);
		assert_ptr_equal(strchr(text, '\n'), text + line.len - 1);
		bool inside = text[2] == '"';
		for (const char *at = text + 2 + inside; at < text + line.len - 1 - inside; at++) {
			at += *at == '\\';
			*to++ = *at;
		}
		*to = '\0';
		snprintf(want, sizeof(want), "%s", values[i]);
		for (char *c = want; *c; c++)
			if (*c == '\n' || *c == '\r')
				*c = '?';
		assert_string_equal(got, want);
	}
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
	    cmocka_unit_test(test_powershell_would_give_it_back),
	    cmocka_unit_test(test_an_env_file_has_one_line_a_value),
	    cmocka_unit_test(test_golden),
	    cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
