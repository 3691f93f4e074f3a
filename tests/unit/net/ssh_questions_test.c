/*
 * Passwords and keyboard-interactive against a real sshd with PAM: one question and two in a row,
 * wrong answers, given up, after a key, an expired password, and what is asked of a person.  PAM's
 * services are the test's own, by libpam-wrapper; skipped where that is missing.
 */
#include "net/tunnel.h"

#include "base/mem.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 20000
#define ASKED_MAX 8

#define KEYBOARD "KbdInteractiveAuthentication yes\n"
#define PASSWORD "PasswordAuthentication yes\n"
/* A password, and a one-time code that is shown while it is typed. */
#define ONE "auth required @matrix passdb=@dir/one\n"
#define TWO ONE "auth required @matrix passdb=@dir/two echo\n"
#define REST                                     \
	"account required @matrix passdb=@dir/one\n" \
	"password required @matrix passdb=@dir/one\nsession required pam_permit.so\n"

struct question {
	char title[100], instruction[400], prompt[100];
	bool echo;
	size_t count;
};

struct world {
	char *dir;
	struct prism_loop *loop;
	struct prism_work *work;
	struct sshd *sshd;
	struct net_tunnels *tunnels;
	struct net_tunnel_wait wait;
	bool told, up;
	struct prism_error err;
	/* what was asked, and what is answered: NULL: given up */
	struct question questions[ASKED_MAX];
	unsigned asked;
	const char *answers[ASKED_MAX];
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 2);
	unsetenv("SSH_AUTH_SOCK");
	setenv("HOME", w->dir, 1); /* no keys there */
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	net_tunnel_unwait(&w->wait);
	net_tunnels_destroy(w->tunnels);
	sshd_stop(w->sshd);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static void on_ask(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *q)
{
	struct world *w = data;
	struct question *kept = &w->questions[w->asked];
	const char *text;
	struct prism_secret *answer;

	assert_null(q->host_key);
	assert_true(w->asked < ASKED_MAX);
	text = w->answers[w->asked++];
	snprintf(kept->title, sizeof(kept->title), "%s", q->title);
	snprintf(kept->instruction, sizeof(kept->instruction), "%s", q->instruction);
	snprintf(kept->prompt, sizeof(kept->prompt), "%s", q->count ? q->prompts[0] : "");
	kept->echo = q->count && q->echo[0];
	kept->count = q->count;
	answer = text ? prism_secret_from_text(text) : NULL;
	net_tunnel_answer(tunnel, text != NULL,
	                  text ? (const struct prism_secret *const[]){answer} : NULL, text ? 1 : 0);
	prism_secret_destroy(answer);
}

/* identity: with a key that is let in, or none. */
static void begin(struct world *w, const char *stack, const char *extra, bool identity)
{
	const char *why = sshd_pam_missing();

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	sshd_pam_password(w->dir, "one", "open sesame");
	sshd_pam_password(w->dir, "two", "123456");
	w->sshd = sshd_start_pam(w->dir, stack, extra);
	const struct net_tunnels_config config = {
	    .ssh_config = "",
	    .known_hosts = w->sshd->known_hosts,
	    .identity = identity ? w->sshd->key : NULL,
	    .strict = NET_SSH_STRICT_YES,
	    .connect_timeout_ms = 20000,
	    .ask = on_ask,
	    .data = w,
	};
	w->tunnels = net_tunnels_create(w->loop, w->work, &config);
}

static void on_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                     const struct prism_error *err)
{
	struct world *w = PRISM_CONTAINER(wait, struct world, wait);

	w->told = true;
	w->up = ssh != NULL;
	prism_error_copy(&w->err, err);
}

static struct net_tunnel *tunnel_of(struct world *w)
{
	PRISM_AUTO_FREE char *via =
	    prism_asprintf("%s@127.0.0.1:%u", w->sshd->user, (unsigned)w->sshd->port);
	struct prism_error err = PRISM_ERROR_INIT;

	return net_tunnels_get(w->tunnels, via, &err);
}

static void connect_with(struct world *w, const char *const *answers)
{
	memset(w->answers, 0, sizeof(w->answers));
	for (size_t i = 0; i < ASKED_MAX && answers && answers[i]; i++)
		w->answers[i] = answers[i];
	w->asked = 0;
	w->told = w->up = false;
	prism_error_clear(&w->err);
	w->wait = (struct net_tunnel_wait){.timeout_ms = 60000, .ready = on_ready};
	net_tunnel_await(tunnel_of(w), &w->wait);
	for (int i = 0; i < TURNS && !w->told; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->told);
}
#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void must_be_in(const struct world *w, const char *method, unsigned asked)
{
	if (!w->up)
		fail_msg("%s (%s)", w->err.message, w->err.hint);
	assert_string_equal(net_tunnel_info(net_tunnels_at(w->tunnels, 0)).method, method);
	assert_int_equal(w->asked, asked);
}

static void must_be_out(const struct world *w, const char *word, unsigned asked)
{
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_AUTH);
	if (!strstr(w->err.message, word))
		fail_msg("%s (%s)", w->err.message, w->err.hint);
	assert_int_equal(w->asked, asked);
}

static unsigned said(const struct world *w, const char *words)
{
	PRISM_AUTO_FREE char *log = sshd_log(w->sshd);
	unsigned count = 0;

	for (const char *at = log; (at = strstr(at, words)); at++)
		count++;
	return count;
}

/* ---- keyboard-interactive ---- */

static void one_question(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, KEYBOARD, false);
	connect_with(w, ANSWERS("open sesame"));
	must_be_in(w, "keyboard-interactive", 1);
	assert_int_equal(w->questions[0].count, 1);
	assert_non_null(strstr(w->questions[0].prompt, "Password: "));
	assert_non_null(strstr(w->questions[0].title, "@127.0.0.1"));
	assert_false(w->questions[0].echo);
}

static void two_questions_in_a_row(void **state)
{
	struct world *w = *state;

	begin(w, TWO REST, KEYBOARD, false);
	connect_with(w, ANSWERS("open sesame", "123456"));
	must_be_in(w, "keyboard-interactive", 2);
	assert_false(w->questions[0].echo);
	assert_true(w->questions[1].echo);
}

static void a_wrong_answer_and_a_right_one(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, KEYBOARD, false);
	connect_with(w, ANSWERS("open barley", "open sesame"));
	must_be_in(w, "keyboard-interactive", 2);
	assert_int_equal(said(w, "Failed keyboard-interactive/pam"), 1);
}

static void wrong_answers_come_to_an_end(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, KEYBOARD, false);
	connect_with(w, ANSWERS("one", "two", "three", "four", "five", "six"));
	must_be_out(w, "does not let this user in", 3);
	assert_non_null(strstr(w->err.hint, "keyboard-interactive"));
}

/* Nothing is sent: an empty answer would be counted there. And passwords are not asked for next. */
static void given_up(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, KEYBOARD PASSWORD, false);
	connect_with(w, NULL);
	must_be_out(w, "was not answered", 1);
	assert_int_equal(said(w, "Failed "), 0);
	connect_with(w, ANSWERS("open sesame"));
	must_be_in(w, "keyboard-interactive", 1);
}

static void after_a_key(void **state)
{
	struct world *w = *state;

	begin(w, TWO REST, KEYBOARD "AuthenticationMethods publickey,keyboard-interactive\n", true);
	connect_with(w, ANSWERS("open sesame", "123456"));
	must_be_in(w, "keyboard-interactive", 2);
	assert_int_equal(said(w, "Partial publickey"), 1);
}

static void the_key_alone_is_not_enough(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, KEYBOARD "AuthenticationMethods publickey,keyboard-interactive\n", true);
	connect_with(w, ANSWERS("a", "b", "c", "d"));
	must_be_out(w, "does not let this user in", 3);
}

/* sshd puts what a PAM module says before the next question, byte for byte: front ends make it
 * harmless. */
static void a_notice_comes_with_the_question(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *path = NULL;
	FILE *f;

	path = prism_asprintf("%s/notice", w->dir);
	f = fopen(path, "w");
	fputs("Maintenance \033[2Jtonight", f);
	fclose(f);
	begin(w, "auth required pam_echo.so file=@dir/notice\n" ONE REST, KEYBOARD, false);
	connect_with(w, ANSWERS("open sesame"));
	must_be_in(w, "keyboard-interactive", 1);
	assert_string_equal(w->questions[0].prompt, "Maintenance \033[2Jtonight\nPassword: ");
}

static void an_expired_password_is_changed(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *path = NULL;
	char line[100] = "";
	FILE *f;

	begin(w,
	      ONE "account required pam_debug.so acct=new_authtok_reqd\n"
	          "password required @matrix passdb=@dir/one\nsession required pam_permit.so\n",
	      KEYBOARD, false);
	connect_with(w, ANSWERS("open sesame", "open sesame", "open rice", "open rice"));
	must_be_in(w, "keyboard-interactive", 4);
	assert_non_null(strstr(w->questions[1].prompt, "Old password"));
	path = prism_asprintf("%s/one", w->dir);
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_non_null(strstr(line, ":open rice:"));
}

static void an_account_that_is_closed(void **state)
{
	struct world *w = *state;

	begin(w, ONE "account required pam_deny.so\nsession required pam_permit.so\n", KEYBOARD, false);
	connect_with(w, ANSWERS("open sesame", "open sesame", "open sesame"));
	assert_false(w->up);
	assert_int_equal(w->asked, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_IO); /* it cannot be told from a lost line */
	assert_non_null(strstr(w->err.hint, "locked"));
}

/* ---- passwords ---- */

static void a_password(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, PASSWORD, false);
	connect_with(w, ANSWERS("open barley", "open sesame"));
	must_be_in(w, "password", 2);
	assert_string_equal(w->questions[0].prompt, "Password");
	assert_false(w->questions[0].echo);
	assert_non_null(strstr(w->questions[1].title, "that password is wrong"));
	/* A session that is made anew asks nobody. */
	net_tunnel_close(tunnel_of(w));
	connect_with(w, NULL);
	must_be_in(w, "password", 0);
}

static void a_password_that_is_refused(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, PASSWORD, false);
	connect_with(w, ANSWERS("a", "b", "c", "d", "e"));
	must_be_out(w, "does not let this user in", 3);
	assert_non_null(strstr(w->err.hint, "password"));
	connect_with(w, NULL);
	must_be_out(w, "was not answered", 1);
}

static void a_password_that_was_changed_meanwhile(void **state)
{
	struct world *w = *state;

	begin(w, ONE REST, PASSWORD, false);
	connect_with(w, ANSWERS("open sesame"));
	must_be_in(w, "password", 1);
	net_tunnel_close(tunnel_of(w));
	sshd_pam_password(w->dir, "one", "open rice");
	connect_with(w, ANSWERS("open rice"));
	must_be_in(w, "password", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_question),
	    TEST(two_questions_in_a_row),
	    TEST(a_wrong_answer_and_a_right_one),
	    TEST(wrong_answers_come_to_an_end),
	    TEST(given_up),
	    TEST(after_a_key),
	    TEST(the_key_alone_is_not_enough),
	    TEST(a_notice_comes_with_the_question),
	    TEST(an_expired_password_is_changed),
	    TEST(an_account_that_is_closed),
	    TEST(a_password),
	    TEST(a_password_that_is_refused),
	    TEST(a_password_that_was_changed_meanwhile),
	};

	return cmocka_run_group_tests_name("ssh_questions", tests, NULL, NULL);
}
