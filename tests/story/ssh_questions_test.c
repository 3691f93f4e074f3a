/*
 * What a host asks when one signs in, as a person meets it: a password, then a one-time code, in
 * the form of the screen and on the terminal by -c; a notice with control characters; given up.
 * Against sshd with PAM; skipped where that, or libpam-wrapper, is missing.
 */
#include "base/mem.h"
#include "tests/lib/client.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 30000
#define STACK                                      \
	"auth required pam_echo.so file=@dir/notice\n" \
	"auth required @matrix passdb=@dir/one\n"      \
	"auth required @matrix passdb=@dir/two echo\n" \
	"account required @matrix passdb=@dir/one\nsession required pam_permit.so\n"

struct world {
	char *dir, *host, *known;
	struct sshd *sshd;
	struct pty *p;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	pty_destroy(w->p);
	sshd_stop(w->sshd);
	prism_free(w->host);
	prism_free(w->known);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static void begin(struct world *w)
{
	const char *why = sshd_pam_missing();
	PRISM_AUTO_FREE char *notice = prism_asprintf("%s/notice", w->dir);
	FILE *f;

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	f = fopen(notice, "w");
	fputs("Maintenance \033[2J\033]0;owned\007tonight", f);
	fclose(f);
	sshd_pam_password(w->dir, "one", "open sesame");
	sshd_pam_password(w->dir, "two", "123456");
	w->sshd = sshd_start_pam(w->dir, STACK, "KbdInteractiveAuthentication yes\n");
	w->host = prism_asprintf("%s@127.0.0.1:%u", w->sshd->user, (unsigned)w->sshd->port);
	w->known = prism_asprintf("PRISM_TUI_SSH_KNOWN_HOSTS=%s", w->sshd->known_hosts);
}

static void by_c(struct world *w)
{
	PRISM_AUTO_FREE char *line = NULL;

	begin(w);
	line = prism_asprintf("host list %s %s", w->host, w->dir);
	const char *args[] = {"-c", line, NULL};
	const char *env[] = {w->known, "PRISM_TUI_SSH_CONFIG=none", NULL};

	w->p = client_start(&(struct client_spec){.args = args, .env = env, .rows = 24, .cols = 100});
}

static void must_be_harmless(struct world *w)
{
	assert_false(pty_raw_has(w->p, "\033]0;owned"));
	assert_true(pty_has(w->p, "Maintenance "));
}

static void must_end(struct world *w, int want)
{
	int status;

	pty_wait_exit(w->p, SOON, &status);
	assert_int_equal(WEXITSTATUS(status), want);
}

static void the_terminal_asks(void **state)
{
	struct world *w = *state;

	by_c(w);
	pty_wait_text(w->p, "Maintenance ", SOON);
	pty_wait_text(w->p, "Password:", SOON);
	must_be_harmless(w);
	pty_keys(w->p, "open sesame<Enter>");
	pty_wait_text(w->p, "asks: Password:", SOON);
	pty_keys(w->p, "123456");
	pty_wait_text(w->p, "123456", SOON); /* the code is shown, as the host wants it */
	assert_false(pty_has(w->p, "sesame"));
	pty_keys(w->p, "<Enter>");
	pty_wait_text(w->p, "notice", SOON); /* a file of that directory */
	must_end(w, 0);
}

static void the_terminal_is_left(void **state)
{
	struct world *w = *state;

	by_c(w);
	pty_wait_text(w->p, "Password:", SOON);
	pty_keys(w->p, "<C-d>");
	pty_wait_text(w->p, "was not answered", SOON);
	must_end(w, 3);
}

static void the_screen_asks(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *via = NULL;
	struct sandbox *sandbox;

	begin(w);
	sandbox = sandbox_start(NULL);
	via = prism_asprintf("PRISM_TUI_VIA=%s", w->host);
	const char *env[] = {w->known,
	                     via,
	                     "PRISM_TUI_SSH_CONFIG=none",
	                     "PRISM_TUI_USER=ada",
	                     "PRISM_TUI_WORKSPACE=open-science-lab",
	                     "PRISM_TUI_FOLLOW=no",
	                     NULL};
	w->p = client_start(
	    &(struct client_spec){.sandbox = sandbox, .env = env, .rows = 24, .cols = 100});
	pty_wait_text(w->p, "Sign in", SOON);
	pty_keys(w->p, sandbox->users[0].password);
	pty_keys(w->p, "<Enter>");
	pty_wait_text(w->p, "Maintenance ", SOON);
	must_be_harmless(w);
	pty_keys(w->p, "open sesame");
	assert_false(pty_has(w->p, "sesame"));
	pty_keys(w->p, "<Enter><Enter>");
	pty_wait_gone(w->p, "Maintenance ", SOON);
	pty_wait_text(w->p, "asks ─", SOON); /* its title: the sign-in form asks too */
	pty_keys(w->p, "123456");
	pty_wait_text(w->p, "123456", SOON);
	pty_keys(w->p, "<Enter><Enter>");
	pty_wait_text(w->p, "Empty draft", SOON);
	sandbox_stop(sandbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_terminal_asks, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_terminal_is_left, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_screen_asks, setup, teardown),
	};

	return cmocka_run_group_tests_name("ssh_questions", tests, NULL, NULL);
}
