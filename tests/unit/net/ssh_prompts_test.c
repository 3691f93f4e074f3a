/*
 * Questions that OpenSSH's server never asks, and others do: several prompts in one request, a
 * request without any, more than fit, a password that has to be changed; what none should send,
 * without end; and a file server that hangs.  Against a server of the test's own
 * (tests/lib/asking_server.py, on paramiko); skipped where that is missing.
 */
#include "net/sftp.h"
#include "net/tunnel.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 20000
#define PROMPTS 12

struct world {
	char *dir, *file;
	struct prism_loop *loop;
	struct prism_work *work;
	pid_t server;
	unsigned port;
	struct net_tunnels *tunnels;
	struct net_tunnel_wait wait;
	bool told, up, hold; /* hold: questions stay open */
	unsigned withdrawn;
	unsigned answered; /* of the file server */
	struct prism_error err;
	/* the last question */
	unsigned asked;
	size_t count;
	char instruction[100], prompts[PROMPTS][40];
	bool echo[PROMPTS];
	const char *answers[PROMPTS];
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->file = prism_path_join(w->dir, "known_hosts");
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 2);
	unsetenv("SSH_AUTH_SOCK");
	setenv("HOME", w->dir, 1);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	net_tunnel_unwait(&w->wait);
	net_tunnels_destroy(w->tunnels);
	if (w->server > 0) {
		kill(w->server, SIGKILL);
		while (waitpid(w->server, NULL, 0) < 0 && errno == EINTR)
			;
	}
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	prism_free(w->file);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

/* Its output's first line is the port; "" when it could not begin. */
static void start_server(struct world *w, const char *python, const char *kind)
{
	char line[16] = "";
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	w->server = fork();
	assert_true(w->server >= 0);
	if (w->server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		execlp(python, python, "tests/lib/asking_server.py", kind, w->file, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], line, sizeof(line) - 1) > 0)
		w->port = (unsigned)strtoul(line, NULL, 10);
	close(ends[0]);
}

static void on_ask(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *q)
{
	struct world *w = data;
	struct prism_secret *given[PROMPTS] = {0};

	w->asked++;
	if (w->hold)
		return;
	w->count = q->count;
	snprintf(w->instruction, sizeof(w->instruction), "%s", q->instruction);
	for (size_t i = 0; i < q->count && i < PROMPTS; i++) {
		snprintf(w->prompts[i], sizeof(w->prompts[i]), "%s", q->prompts[i]);
		w->echo[i] = q->echo[i];
		given[i] = prism_secret_from_text(w->answers[i] ? w->answers[i] : "");
	}
	net_tunnel_answer(tunnel, true, (const struct prism_secret *const *)given, q->count);
	for (size_t i = 0; i < PROMPTS; i++)
		prism_secret_destroy(given[i]);
}

static void on_withdraw(void *data, struct net_tunnel *tunnel)
{
	struct world *w = data;

	PRISM_UNUSED(tunnel);
	w->withdrawn++;
}

static void on_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                     const struct prism_error *err)
{
	struct world *w = PRISM_CONTAINER(wait, struct world, wait);

	w->told = true;
	w->up = ssh != NULL;
	prism_error_copy(&w->err, err);
}

static void sign_in(struct world *w, const char *kind)
{
	struct prism_error err = PRISM_ERROR_INIT;

	start_server(w, "python3", kind);
	if (!w->port)
		start_server(w, "/usr/bin/python3", kind);
	if (!w->port) {
		print_message("no python3 with paramiko here\n");
		skip();
	}
	const struct net_tunnels_config config = {.ssh_config = "",
	                                          .known_hosts = w->file,
	                                          .strict = NET_SSH_STRICT_YES,
	                                          .connect_timeout_ms = 20000,
	                                          .ask = on_ask,
	                                          .withdraw = on_withdraw,
	                                          .data = w};
	PRISM_AUTO_FREE char *via = prism_asprintf("ada@127.0.0.1:%u", w->port);
	w->tunnels = net_tunnels_create(w->loop, w->work, &config);
	w->wait = (struct net_tunnel_wait){.timeout_ms = 60000, .ready = on_ready};
	net_tunnel_await(net_tunnels_get(w->tunnels, via, &err), &w->wait);
	for (int i = 0; i < TURNS && !w->told; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->told);
}

static void must_have_heard(struct world *w, const char *lines)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s.answers", w->file);
	struct prism_buf text = {0};
	struct prism_error err = PRISM_ERROR_INIT;

	if (!w->up)
		fail_msg("%s (%s) %u", w->err.message, w->err.hint, w->asked);
	assert_int_equal(prism_file_read(path, 1 << 16, &text, &err), 0);
	assert_string_equal(prism_buf_text(&text), lines);
	prism_buf_finish(&text);
}

/* Texts as they came: front ends make them harmless. */
static void two_prompts_in_one_request(void **state)
{
	struct world *w = *state;

	w->answers[0] = "open sesame";
	w->answers[1] = "123456";
	sign_in(w, "two");
	must_have_heard(w, "[\"open sesame\", \"123456\"]\n");
	assert_int_equal(w->asked, 1);
	assert_int_equal(w->count, 2);
	assert_string_equal(w->instruction, "Both are needed");
	assert_string_equal(w->prompts[0], "Password: ");
	assert_string_equal(w->prompts[1], "Code \a: ");
	assert_false(w->echo[0]);
	assert_true(w->echo[1]);
}

static void a_request_without_prompts_asks_nobody(void **state)
{
	struct world *w = *state;

	w->answers[0] = "open sesame";
	sign_in(w, "notice");
	must_have_heard(w, "[]\n[\"open sesame\", \"\"]\n");
	assert_int_equal(w->asked, 1);
}

/* More than anybody asks: the first are answered, the rest is sent empty. */
static void more_prompts_than_fit(void **state)
{
	struct world *w = *state;

	w->answers[7] = "open sesame";
	sign_in(w, "many");
	assert_int_equal(w->count, 8);
	must_have_heard(w, "[\"\", \"\", \"\", \"\", \"\", \"\", \"\", \"open sesame\", \"\", \"\", "
	                   "\"\", \"\"]\n");
}

/* In the middle of its question: it is taken back, and the thread that waits for answers ends. */
static void a_server_that_leaves(void **state)
{
	struct world *w = *state;

	w->hold = true;
	sign_in(w, "leaves");
	assert_false(w->up);
	assert_int_equal(w->asked, 1);
	assert_int_equal(w->withdrawn, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(w->err.message, "waiting for an answer"));
}

static void an_expired_password_is_said(void **state)
{
	struct world *w = *state;

	w->answers[0] = "open sesame";
	sign_in(w, "expired");
	assert_false(w->up);
	if (!strstr(w->err.message, "has expired"))
		fail_msg("%s (%s) %u", w->err.message, w->err.hint, w->asked);
	assert_int_equal(w->err.category, PRISM_ERROR_AUTH);
	assert_non_null(strstr(w->err.hint, "change it with: ssh ada@127.0.0.1"));
}

/* The one who is asked decides what is kept, not the one who sends. */
static void a_flood_is_not_kept(void **state)
{
	struct world *w = *state;
	char text[1024];

	sign_in(w, "flood");
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_LIMIT);
	if (!strstr(prism_error_format(&w->err, text, sizeof(text)), "nobody asked for"))
		fail_msg("%s", text);
}

static void sftp_told(void *data, struct net_sftp_answer *answer, const struct prism_error *err)
{
	struct world *w = data;

	PRISM_UNUSED(answer);
	w->answered++;
	prism_error_clear(&w->err);
	prism_error_copy(&w->err, err);
}

static void must_time_out(struct world *w, struct net_sftp *sftp, unsigned requests)
{
	static const struct net_sftp_request list = {.kind = NET_SFTP_LIST, .path = "/"};

	w->answered = 0;
	for (unsigned i = 0; i < requests; i++)
		(void)net_sftp_start(sftp, &list, sftp_told, w);
	for (int i = 0; i < TURNS && w->answered < requests; i++)
		prism_loop_turn(w->loop, 20);
	assert_int_equal(w->answered, requests);
	assert_int_equal(w->err.category, PRISM_ERROR_TIMEOUT);
	assert_non_null(strstr(w->err.message, "has not gone on"));
}

/* The connection lives, and the file server behind it says nothing more. Whoever asks next is told
 * as well, and is not left waiting behind the first. */
static void hangs(struct world *w, const char *kind)
{
	struct net_sftp *sftp;

	w->answers[0] = "open sesame";
	sign_in(w, kind);
	assert_true(w->up);
	sftp = net_sftp_create(net_tunnels_at(w->tunnels, 0), 300);
	must_time_out(w, sftp, 2);
	must_time_out(w, sftp, 1);
	net_sftp_destroy(sftp);
}

static void a_file_server_that_never_greets(void **state)
{
	hangs(*state, "hangs");
}

static void a_file_server_that_greets_and_hangs(void **state)
{
	hangs(*state, "greets");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(two_prompts_in_one_request),      TEST(a_request_without_prompts_asks_nobody),
	    TEST(more_prompts_than_fit),           TEST(a_server_that_leaves),
	    TEST(an_expired_password_is_said),     TEST(a_flood_is_not_kept),
	    TEST(a_file_server_that_never_greets), TEST(a_file_server_that_greets_and_hangs),
	};

	return cmocka_run_group_tests_name("ssh_prompts", tests, NULL, NULL);
}
