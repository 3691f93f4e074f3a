/*
 * A way through SSH on the screen: an unknown host is asked about with its fingerprint and Cancel
 * in focus, the passphrase of a key is asked for, the list comes, the section of tunnels shows the
 * hop; and a host whose key has changed stops with its explanation.  Skipped where there is no
 * sshd.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/client.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"
#include "tui/ui_quiet.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON 20000

struct world {
	char *dir;
	struct sshd *sshd;
	struct sandbox *sandbox;
	struct pty *p;
	char *key, *settings[4];
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
	sandbox_stop(w->sandbox);
	sshd_stop(w->sshd);
	for (size_t i = 0; i < PRISM_COUNT(w->settings); i++)
		prism_free(w->settings[i]);
	prism_free(w->key);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static void begin(struct world *w)
{
	const char *why = sshd_missing();

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	w->sandbox = sandbox_start(NULL);
	w->sshd = sshd_start(w->dir, NULL);
	w->key = sshd_make_key(w->sshd, "-locked", "ed25519", "open sesame");
	w->settings[0] =
	    prism_asprintf("PRISM_TUI_VIA=%s@127.0.0.1:%u", w->sshd->user, (unsigned)w->sshd->port);
	w->settings[1] = prism_asprintf("PRISM_TUI_SSH_KNOWN_HOSTS=%s", w->sshd->known_hosts);
	w->settings[2] = prism_asprintf("PRISM_TUI_SSH_KEY=%s", w->key);
}

static void sign_in(struct world *w)
{
	const char *env[] = {w->settings[0],        w->settings[1],
	                     w->settings[2],        "PRISM_TUI_SSH_CONFIG=none",
	                     "PRISM_TUI_USER=ada",  "PRISM_TUI_WORKSPACE=open-science-lab",
	                     "PRISM_TUI_FOLLOW=no", /* a poll would open again what was closed */
	                     "SSH_AUTH_SOCK",       NULL};
	struct client_spec spec = {.sandbox = w->sandbox, .env = env, .rows = 24, .cols = 120};

	w->p = client_start(&spec);
	pty_wait_text(w->p, "Sign in", SOON);
	pty_keys(w->p, w->sandbox->users[0].password);
	pty_keys(w->p, "<Enter>");
}

static int64_t now_ms(void)
{
	return prism_clock_mono_ms(prism_clock_system());
}

static void test_questions(void **state)
{
	struct world *w = *state;
	int64_t pressed;

	begin(w);
	assert_int_equal(truncate(w->sshd->known_hosts, 0), 0);
	sign_in(w);
	pressed = now_ms();
	pty_wait_text(w->p, "Unknown host", SOON);
	/* Never in front of somebody who types: the next key would be the answer. */
	assert_true(now_ms() - pressed >= PT_QUIET_MS - 100);
	pty_wait_text(w->p, "SHA256:", SOON);
	pty_keys(w->p, "<Enter>"); /* Cancel has the focus */
	pty_wait_text(w->p, "is not known: SHA256:", SOON);
	pty_keys(w->p, w->sandbox->users[0].password);
	pty_keys(w->p, "<Enter>");
	pty_wait_text(w->p, "Unknown host", SOON);
	pty_keys(w->p, "<Tab><Enter>");
	pty_wait_text(w->p, "Passphrase", SOON);
	pty_keys(w->p, "wrong<Enter><Enter>");
	pty_wait_text(w->p, "that passphrase is wrong", SOON);
	pty_keys(w->p, "open sesame<Enter><Enter>");
	pty_wait_text(w->p, "Empty draft", SOON);
	pty_wait_text(w->p, "via 127.0.0.1", SOON);
	pty_keys(w->p, "T");
	pty_wait_text(w->p, "Latency", SOON);
	pty_wait_text(w->p, " up ", SOON);
	pty_wait_quiet(w->p, 500, SOON); /* requests under way would open it again */
	pty_keys(w->p, "x");
	pty_wait_text(w->p, " idle ", SOON);
	pty_keys(w->p, "t"); /* the opened key is kept: nobody is asked again */
	pty_wait_text(w->p, " up ", SOON);
}

/* A question that comes up and goes again behind a locked screen leaves it locked. */
static void test_a_question_does_not_unlock(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_int_equal(truncate(w->sshd->known_hosts, 0), 0);
	PRISM_AUTO_FREE char *list =
	    prism_asprintf(":host list %s /<Enter>", strchr(w->settings[0], '=') + 1);
	w->settings[0][strlen("PRISM_TUI_VIA=")] = '\0'; /* the server itself is reached directly */
	sign_in(w);
	pty_wait_text(w->p, "Empty draft", SOON);
	pty_keys(w->p, list);
	pty_keys(w->p, ":lock<Enter>");
	pty_wait_text(w->p, "locked at", SOON);
	pty_wait_quiet(w->p, 2 * PT_QUIET_MS, SOON);
	assert_false(pty_has(w->p, "Unknown host"));
	sshd_kill(w->sshd);
	pty_wait_quiet(w->p, 1000, SOON);
	assert_true(pty_has(w->p, "locked at"));
	assert_false(pty_has(w->p, "Empty draft"));
	pty_keys(w->p, w->sandbox->users[0].password);
	pty_keys(w->p, "<Enter>");
	pty_wait_text(w->p, "Empty draft", SOON);
}

static void test_a_changed_key_stops(void **state)
{
	struct world *w = *state;

	begin(w);
	sshd_new_host_key(w->sshd);
	sign_in(w);
	pty_wait_text(w->p, "HAS CHANGED", SOON);
	pty_wait_text(w->p, "only then remove the old line with", SOON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_questions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_question_does_not_unlock, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_changed_key_stops, setup, teardown),
	};

	return cmocka_run_group_tests_name("tunnel_screen", tests, NULL, NULL);
}
