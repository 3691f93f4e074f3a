/*
 * The client on a machine that others use too, on a real terminal: what is left in memory, in /proc
 * and in a core dump after signing in, and what is left of the work when the terminal goes away.
 */
#include "tests/lib/client.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 15000

static struct sandbox *sandbox;

static int start(void **state)
{
	sandbox = sandbox_start(NULL);
	*state = NULL;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sandbox_stop(sandbox);
	return 0;
}

static struct pty *signed_in(const char *setting)
{
	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = sandbox,
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", "PRISM_TUI_WORKSPACE=Open Science Lab",
	                                 setting, NULL},
	});

	pty_wait_text(p, "Sign in", SOON);
	pty_keys(p, sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_gone(p, "Sign in", SOON);
	pty_wait_text(p, "Empty draft", SOON);
	pty_wait_quiet(p, 300, SOON);
	return p;
}

static void leave(struct pty *p)
{
	pty_keys(p, "Q");
	pty_wait_exit(p, SOON, NULL);
	pty_destroy(p);
}

/* ---- secrets ---- */

static size_t count(const char *data, size_t size, const char *secret)
{
	size_t found = 0, len = strlen(secret);
	const char *end = data + size;

	for (const char *at = data;
	     (size_t)(end - at) >= len && (at = memchr(at, *secret, (size_t)(end - at) - len + 1));
	     at++)
		found += !memcmp(at, secret, len);
	return found;
}

static size_t in_file(const char *path, const char *secret)
{
	char data[65536];
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, data, sizeof(data));

	if (fd >= 0)
		close(fd);
	return got > 0 ? count(data, (size_t)got, secret) : 0;
}

/* Every readable and writable mapping, as another program of the same power would read it. */
static bool in_memory(pid_t pid, const char *secret, size_t *ret_found)
{
	char path[64], line[512];
	FILE *maps;
	int mem;

	*ret_found = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY);
	if (!maps || mem < 0) {
		if (maps)
			fclose(maps);
		return false;
	}
	while (fgets(line, sizeof(line), maps)) {
		unsigned long begin, end;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) != 3 || rights[0] != 'r' ||
		    rights[1] != 'w')
			continue;
		char *data = malloc(end - begin);
		ssize_t got = pread(mem, data, end - begin, (off_t)begin);

		if (got > 0)
			*ret_found += count(data, (size_t)got, secret);
		free(data);
	}
	fclose(maps);
	close(mem);
	return true;
}

static void the_password_is_nowhere_after_signing_in(void **state)
{
	struct pty *p = signed_in(NULL);
	const char *secret = sandbox->users[0].password;
	size_t found;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pty_pid(p));
	assert_int_equal(in_file(path, secret), 0);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pty_pid(p));
	assert_int_equal(in_file(path, secret), 0);
	/* A worker may still be putting it through scrypt (core/unlock.h). */
	for (int64_t end = pty_now_ns() + SOON * 1000000LL; pty_now_ns() < end;
	     pty_wait_quiet(p, 100, 100)) {
		if (!in_memory(pty_pid(p), secret, &found)) {
			print_message("SKIP memory: it cannot be read, which is what is wanted\n");
			found = 0;
		}
		if (!found)
			break;
	}
	assert_int_equal(found, 0);
	/* The same search finds what is there: a test that looks in the wrong place would pass. */
	if (in_memory(pty_pid(p), "Empty draft", &found))
		assert_true(found > 0);
	leave(p);
}

static void no_core_is_left(void **state)
{
	struct pty *p = signed_in(NULL);
	int status;

	(void)state;
	pty_signal(p, SIGABRT);
	pty_wait_exit(p, SOON, &status);
	assert_false(WIFSIGNALED(status) && WCOREDUMP(status));
	pty_destroy(p);
}

/* ---- the terminal goes away ---- */

static void going_on_after_a_hang_up(void **state)
{
	struct pty *p = signed_in(NULL);

	(void)state;
	pty_keys(p, "/Iris<Enter>");
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Overview", SOON);
	pty_keys(p, "]");
	pty_wait_text(p, "Consuming results", SOON);
	pty_hang_up(p);
	pty_wait_exit(p, SOON, NULL);
	pty_destroy(p);

	p = signed_in(NULL);
	pty_wait_text(p, "The terminal went away", SOON);
	pty_keys(p, "y");
	pty_wait_text(p, "Consuming results", SOON);
	leave(p);

	p = signed_in(NULL); /* left in the ordinary way: nothing is offered */
	assert_false(pty_has(p, "The terminal went away"));
	leave(p);
}

/* ---- a password from a file ---- */

static struct pty *started_with(const char *file)
{
	return client_start(&(struct client_spec){
	    .sandbox = sandbox,
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", "PRISM_TUI_WORKSPACE=Open Science Lab",
	                                 NULL},
	    .args = (const char *const[]){"--password-file", file, NULL},
	});
}

static char *password_file(const char *text)
{
	char *path = prism_asprintf("%s/password", getenv("HOME"));

	assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	return path;
}

static void a_password_file_signs_in_on_the_screen_too(void **state)
{
	PRISM_AUTO_FREE char *file = password_file(sandbox->users[0].password);
	struct pty *p = started_with(file);
	size_t found;

	(void)state;
	pty_wait_text(p, "signed in as", SOON);
	pty_wait_gone(p, "Sign in", SOON);
	for (int64_t end = pty_now_ns() + SOON * 1000000LL; pty_now_ns() < end;
	     pty_wait_quiet(p, 100, 100))
		if (!in_memory(pty_pid(p), sandbox->users[0].password, &found) || !found)
			break;
	assert_int_equal(found, 0);
	leave(p);
}

static void a_password_file_that_is_wrong_leaves_the_form(void **state)
{
	PRISM_AUTO_FREE char *file = password_file("not-this-one");
	struct pty *p = started_with(file);

	(void)state;
	pty_wait_text(p, "check the user name", SOON);
	pty_wait_text(p, "Sign in", SOON);
	pty_keys(p, sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_gone(p, "Sign in", SOON);
	pty_wait_text(p, "Empty draft", SOON);
	leave(p);
}

static void a_password_file_that_is_missing_ends_before_the_screen(void **state)
{
	struct pty *p = started_with("/nonexistent/password");
	int status;

	(void)state;
	pty_wait_exit(p, SOON, &status);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	assert_true(pty_has(p, "password file /nonexistent/password"));
	pty_destroy(p);
}

static void a_locked_screen_shows_nothing(void **state)
{
	struct pty *p = signed_in(NULL);

	(void)state;
	pty_keys(p, "<C-x>");
	pty_wait_text(p, "locked at", SOON);
	pty_wait_gone(p, "Empty draft", SOON);
	assert_false(pty_has(p, "Open Science Lab"));
	pty_keys(p, "q?:<Esc>1");
	pty_keys(p, "<C-u>");
	pty_keys(p, sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "Empty draft", SOON);
	leave(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_password_is_nowhere_after_signing_in),
	    cmocka_unit_test(no_core_is_left),
	    cmocka_unit_test(a_password_file_signs_in_on_the_screen_too),
	    cmocka_unit_test(a_password_file_that_is_wrong_leaves_the_form),
	    cmocka_unit_test(a_password_file_that_is_missing_ends_before_the_screen),
	    cmocka_unit_test(going_on_after_a_hang_up),
	    cmocka_unit_test(a_locked_screen_shows_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
