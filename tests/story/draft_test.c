/*
 * Drafts of forms with the real client on a real pty: whatever ends it (the terminal vanishes, a
 * signal, SIGKILL a second later) the draft is offered by the next one; its file is for its owner
 * only and holds neither passphrase nor pasted key.
 */
#include "tests/lib/client.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SOON 15000

static struct {
	struct sandbox *sandbox;
	struct pty *p;
	char dir[512];
} s;

static void start(void)
{
	char home[600];

	snprintf(home, sizeof(home), "HOME=%s", s.dir);
	s.p = client_start(&(struct client_spec){
	    .sandbox = s.sandbox,
	    .rows = 30,
	    .cols = 100,
	    .dir = s.dir,
	    .args = (const char *const[]){"-w", "Open Science Lab", NULL},
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", home, "XDG_CONFIG_HOME",
	                                 "XDG_STATE_HOME", NULL},
	});
	pty_wait_text(s.p, "Sign in", SOON);
	pty_keys(s.p, s.sandbox->users[0].password);
	pty_keys(s.p, "<Enter>");
	pty_wait_gone(s.p, "Sign in", SOON);
	pty_wait_text(s.p, "Empty draft", SOON);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

	(void)state;
	s.sandbox = sandbox_start((const char *const[]){NULL});
	snprintf(s.dir, sizeof(s.dir), "%s/draft-XXXXXX", tmp);
	assert_non_null(mkdtemp(s.dir));
	start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pty_destroy(s.p);
	sandbox_stop(s.sandbox);
	return 0;
}

/* What is remembered; polls until it holds the text. */
static char *state_with(const char *text, mode_t *ret_mode)
{
	PRISM_AUTO_FREE char *path = prism_path_join(s.dir, ".local/state/prism-tui/default.state");

	for (int i = 0; i < 100; i++) {
		struct prism_buf data;
		struct stat info;

		if (prism_file_read_stat(path, 1 << 20, &data, &info, NULL) == 0 &&
		    strstr(prism_buf_text(&data), text)) {
			*ret_mode = info.st_mode & 0777;
			return prism_buf_take(&data, NULL);
		}
		prism_buf_finish(&data);
		pty_wait_quiet(s.p, 100, 200);
	}
	fail_msg("%s does not hold %s", path, text);
	return NULL;
}

static void type_a_draft(const char *name)
{
	pty_keys(s.p, "c");
	pty_wait_text(s.p, "Description *", SOON);
	pty_keys(s.p, name);
	pty_keys(s.p, "<Tab>typed before the end");
	pty_wait_text(s.p, "typed before the end", SOON);
}

static void expect_it_is_offered(const char *name)
{
	pty_destroy(s.p);
	start();
	pty_keys(s.p, "c");
	pty_wait_text(s.p, "A draft from", SOON);
	pty_wait_text(s.p, name, SOON);
	pty_keys(s.p, "<Enter>");
	pty_wait_gone(s.p, "A draft from", SOON);
	pty_wait_text(s.p, "typed before the end", SOON);
	pty_keys(s.p, "<Esc>");
	pty_wait_gone(s.p, "Description *", SOON);
	pty_keys(s.p, "c"); /* given up on purpose: it is gone */
	pty_wait_text(s.p, "Description *", SOON);
	assert_false(pty_wait_text_(s.p, "A draft from", 300));
}

static void the_terminal_vanishes(void **state)
{
	(void)state;
	type_a_draft("Hung up on");
	pty_hang_up(s.p);
	pty_wait_exit(s.p, SOON, NULL);
	expect_it_is_offered("Hung up on");
}

static void a_signal_ends_it(void **state)
{
	(void)state;
	type_a_draft("Terminated");
	pty_signal(s.p, SIGTERM);
	pty_wait_exit(s.p, SOON, NULL);
	expect_it_is_offered("Terminated");
}

static void it_is_killed(void **state)
{
	mode_t mode;

	(void)state;
	type_a_draft("Killed");
	prism_free(state_with("typed before the end", &mode)); /* within a second */
	assert_int_equal(mode, 0600);
	pty_signal(s.p, SIGKILL);
	pty_wait_exit(s.p, SOON, NULL);
	expect_it_is_offered("Killed");
}

/* Pasted text and a passphrase are in the form, and in no file. */
static void no_secret_is_written(void **state)
{
	static const char key[] = "\033[200~-----BEGIN ENCRYPTED PRIVATE KEY-----\r"
	                          "c2VjcmV0c2VjcmV0c2VjcmV0\r"
	                          "-----END ENCRYPTED PRIVATE KEY-----\r\033[201~";
	PRISM_AUTO_FREE char *text = NULL;
	mode_t mode;

	(void)state;
	type_a_draft("Secretive");
	pty_keys(s.p, "<Tab><Tab><Right><Right><Tab><Tab>");
	pty_write(s.p, key, strlen(key));
	pty_wait_text(s.p, "Passphrase", SOON);
	pty_wait_text(s.p, "(pasted, ", SOON);
	pty_keys(s.p, "<Tab>open-sesame<S-Tab><S-Tab>");
	text = state_with("\\\"pasted\\\":[\\\"Key file\\\"]", &mode);
	assert_int_equal(mode, 0600);
	assert_null(strstr(text, "open-sesame"));
	assert_null(strstr(text, "PRIVATE KEY"));
	assert_null(strstr(text, "c2VjcmV0"));
	pty_hang_up(s.p);
	pty_wait_exit(s.p, SOON, NULL);
	prism_free(text);
	text = state_with("Secretive", &mode);
	assert_null(strstr(text, "open-sesame"));
	assert_null(strstr(text, "c2VjcmV0"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(the_terminal_vanishes),
	    TEST(a_signal_ends_it),
	    TEST(it_is_killed),
	    TEST(no_secret_is_written),
	};

	return cmocka_run_group_tests_name("drafts", tests, NULL, NULL);
}
