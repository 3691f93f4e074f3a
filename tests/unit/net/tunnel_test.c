/*
 * Tunnels against a real sshd on loopback: keys of every kind, by file and by agent, several
 * methods, host keys known, unknown, changed and revoked, chains, refusals of the server, rekeying,
 * and sessions that break and come back.  Skipped where there is no sshd.
 */
#include "net/tunnel.h"

#include "base/file.h"
#include "net/crypto.h"
#include "net/stream_ssh.h"
#include "net/stream_tcp.h"
#include "tests/lib/peer.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS 20000

struct world {
	char *dir;
	struct prism_loop *loop;
	struct prism_work *work;
	struct sshd *sshd;
	struct peer *peer;
	struct net_tunnels *tunnels;
	/* the stream under test */
	struct net_stream *stream;
	bool told, up;
	struct prism_error err;
	struct prism_buf heard;
	bool ended;
	/* questions */
	unsigned asked;
	char question[400];
	const char *answer;   /* to prompts; NULL: refuse */
	const char *answer_2; /* from the second question on */
	bool accept, hold;    /* hold: the question stays open */
	unsigned withdrawn, problems;
};

/* Says what it hears, until the end. */
static void echo(struct peer_conn *conn, void *data);

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->loop = prism_loop_create(prism_clock_system());
	w->work = prism_work_create(w->loop, 2);
	prism_buf_init(&w->heard, 64 << 20);
	unsetenv("SSH_AUTH_SOCK");
	*state = w;
	return 0;
}

static void drop_stream(struct world *w)
{
	net_stream_destroy(w->stream);
	w->stream = NULL;
}

static int teardown(void **state)
{
	struct world *w = *state;

	drop_stream(w);
	net_tunnels_destroy(w->tunnels);
	peer_stop(w->peer);
	sshd_stop(w->sshd);
	prism_work_destroy(w->work);
	prism_loop_destroy(w->loop);
	prism_buf_finish(&w->heard);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static void on_ask(void *data, struct net_tunnel *tunnel, const struct net_ssh_question *q)
{
	struct world *w = data;
	const char *text = w->asked && w->answer_2 ? w->answer_2 : w->answer;
	struct prism_secret *answer = text ? prism_secret_from_text(text) : NULL;
	const struct prism_secret *answers[] = {answer};

	w->asked++;
	if (q->host_key)
		snprintf(w->question, sizeof(w->question), "%s %s %s%s", q->host_key->host,
		         q->host_key->type, q->host_key->fingerprint,
		         q->host_key->other_type ? " other type" : "");
	else
		snprintf(w->question, sizeof(w->question), "%s|%s|%s", q->title, q->instruction,
		         q->count ? q->prompts[0] : "");
	if (!w->hold)
		net_tunnel_answer(tunnel, w->accept, answer ? answers : NULL, answer ? 1 : 0);
	prism_secret_destroy(answer);
}

static void on_withdraw(void *data, struct net_tunnel *tunnel)
{
	struct world *w = data;

	PRISM_UNUSED(tunnel);
	w->withdrawn++;
}

static void on_problem(void *data, const char *text)
{
	struct world *w = data;

	PRISM_UNUSED(text);
	w->problems++;
}

static void begin(struct world *w, const char *extra)
{
	const char *why = sshd_missing();

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	w->sshd = sshd_start(w->dir, extra);
	w->peer = peer_start(echo, w, NULL);
}

static void make_tunnels(struct world *w, int strict, const char *identity)
{
	const struct net_tunnels_config config = {
	    .ssh_config = "",
	    .known_hosts = w->sshd->known_hosts,
	    .identity = identity ? identity : w->sshd->key,
	    .strict = strict,
	    .connect_timeout_ms = 10000,
	    .ask = on_ask,
	    .withdraw = on_withdraw,
	    .problem = on_problem,
	    .data = w,
	};

	net_tunnels_destroy(w->tunnels);
	w->tunnels = net_tunnels_create(w->loop, w->work, &config);
}

static char *via_of(const struct sshd *sshd)
{
	return prism_asprintf("%s@127.0.0.1:%u", sshd->user, (unsigned)sshd->port);
}

static struct net_tunnel *tunnel_get(struct world *w, const char *via)
{
	PRISM_AUTO_FREE char *usual = via_of(w->sshd);
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tunnel *tunnel = net_tunnels_get(w->tunnels, via ? via : usual, &err);

	if (!tunnel)
		fail_msg("%s", err.message);
	return tunnel;
}

static void on_connected(void *data, const struct prism_error *err)
{
	struct world *w = data;

	w->told = true;
	w->up = !err;
	prism_error_copy(&w->err, err);
	if (!err)
		net_stream_want(w->stream, PRISM_LOOP_READ);
}

static void on_ready(void *data, unsigned events)
{
	struct world *w = data;
	char bytes[65536];
	ssize_t n;

	PRISM_UNUSED(events);
	while ((n = net_stream_read(w->stream, bytes, sizeof(bytes), &w->err)) > 0)
		prism_buf_put(&w->heard, bytes, (size_t)n);
	w->ended = n == 0 || n == -1;
	if (w->ended)
		net_stream_want(w->stream, 0);
}

static void dial_with(struct world *w, struct net_stream *stream)
{
	drop_stream(w);
	w->told = w->up = w->ended = false;
	prism_error_clear(&w->err);
	prism_buf_clear(&w->heard);
	w->stream = stream;
	net_stream_connect(stream, on_connected, on_ready, w);
}

/* Turns the loop until it is told; fails after a while. */
static void until_told(struct world *w)
{
	for (int i = 0; i < TURNS && !w->told; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->told);
}

static void dial(struct world *w, struct net_tunnel *tunnel)
{
	dial_with(w, net_stream_ssh_create(tunnel, "127.0.0.1", peer_port(w->peer), 10000));
	until_told(w);
}

static void must_echo(struct world *w, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t before = w->heard.len, len = strlen(text);

	assert_int_equal(net_stream_write(w->stream, text, len, &err), (ssize_t)len);
	for (int i = 0; i < TURNS && w->heard.len < before + len && !w->ended; i++)
		prism_loop_turn(w->loop, 20);
	assert_int_equal(w->heard.len, before + len);
	assert_memory_equal(w->heard.data + before, text, len);
}

static void must_work(struct world *w)
{
	dial(w, tunnel_get(w, NULL));
	if (!w->up)
		fail_msg("%s (%s)", w->err.message, w->err.hint);
	must_echo(w, "hello through the bastion\n");
}

static void must_fail(struct world *w, enum prism_error_category category, const char *word)
{
	dial(w, tunnel_get(w, NULL));
	assert_false(w->up);
	if (w->err.category != category || !strstr(w->err.message, word))
		fail_msg("%s: %s", prism_error_word(w->err.category), w->err.message);
}

static void echo(struct peer_conn *conn, void *data)
{
	char bytes[65536];
	size_t n;

	PRISM_UNUSED(data);
	while ((n = peer_read(conn, bytes, sizeof(bytes))) > 0)
		if (!peer_write(conn, bytes, n))
			return;
}

/* ---- keys ---- */

static void key_kinds(void **state)
{
	static const char *const kinds[] = {"ed25519", "rsa", "ecdsa"};
	struct world *w = *state;

	begin(w, NULL);
	for (size_t i = 0; i < PRISM_COUNT(kinds); i++) {
		PRISM_AUTO_FREE char *name = prism_asprintf("-%s", kinds[i]);
		PRISM_AUTO_FREE char *key = sshd_make_key(w->sshd, name, kinds[i], "");

		make_tunnels(w, NET_SSH_STRICT_YES, key);
		must_work(w);
		assert_non_null(strstr(net_tunnel_info(tunnel_get(w, NULL)).method, kinds[i]));
		drop_stream(w);
	}
	assert_int_equal(w->asked, 0);
}

static void passphrase(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *key = NULL;

	begin(w, NULL);
	key = sshd_make_key(w->sshd, "-locked", "ed25519", "open sesame");
	make_tunnels(w, NET_SSH_STRICT_YES, key);
	w->answer = "wrong";
	w->answer_2 = "open sesame";
	must_work(w);
	assert_int_equal(w->asked, 2);
	assert_non_null(strstr(w->question, "|for the key "));
	/* A session that is made anew asks nobody. */
	drop_stream(w);
	net_tunnel_close(tunnel_get(w, NULL));
	must_work(w);
	assert_int_equal(w->asked, 2);
}

static void passphrase_refused(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *key = NULL;

	begin(w, NULL);
	key = sshd_make_key(w->sshd, "-locked", "ed25519", "open sesame");
	make_tunnels(w, NET_SSH_STRICT_YES, key);
	must_fail(w, PRISM_ERROR_AUTH, "does not let this user in");
	assert_int_equal(w->asked, 1);
}

static void agent_key(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *key = NULL;
	struct ssh_agent *agent;

	begin(w, NULL);
	key = sshd_make_key(w->sshd, "-agents", "rsa", "");
	agent = ssh_agent_start(w->dir, key);
	assert_int_equal(unlink(key), 0);
	setenv("SSH_AUTH_SOCK", agent->socket, 1);
	make_tunnels(w, NET_SSH_STRICT_YES, "/nonexistent");
	must_work(w);
	assert_non_null(strstr(net_tunnel_info(tunnel_get(w, NULL)).method, "agent: "));
	ssh_agent_stop(agent);
}

/* An agent that waits for its person (a key that is confirmed, a token to touch), until the server
 * has had enough: that ends it, and nothing turns in circles meanwhile. */
static void an_agent_that_waits(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *key = NULL;
	struct ssh_agent *agent;
	unsigned turns = 0;

	begin(w, "LoginGraceTime 1\n");
	key = sshd_make_key(w->sshd, "-agents", "ed25519", "");
	agent = ssh_agent_start(w->dir, key);
	setenv("SSH_AUTH_SOCK", agent->socket, 1);
	assert_int_equal(kill(agent->pid, SIGSTOP), 0);
	make_tunnels(w, NET_SSH_STRICT_YES, "/nonexistent");
	dial_with(w,
	          net_stream_ssh_create(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), 10000));
	for (; turns < 2000 && !w->told; turns++)
		prism_loop_turn(w->loop, 20);
	assert_int_equal(kill(agent->pid, SIGCONT), 0);
	ssh_agent_stop(agent);
	assert_true(w->told && !w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(w->err.message, "signing in"));
}

static void two_methods(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *second = NULL;

	begin(w, "AuthenticationMethods publickey,publickey\n");
	second = sshd_make_key(w->sshd, "-second", "ecdsa", "");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_fail(w, PRISM_ERROR_AUTH, "does not let this user in");
	setenv("HOME", w->dir, 1);
	PRISM_AUTO_FREE char *ssh_dir = prism_path_join(w->dir, ".ssh");
	PRISM_AUTO_FREE char *usual = prism_path_join(ssh_dir, "id_ecdsa");
	assert_int_equal(mkdir(ssh_dir, 0700), 0);
	assert_int_equal(rename(second, usual), 0);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
}

static void wrong_user(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *via = NULL;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	via = prism_asprintf("nobody-at-all@127.0.0.1:%u", (unsigned)w->sshd->port);
	dial(w, tunnel_get(w, via));
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_AUTH);
	assert_non_null(strstr(w->err.hint, "publickey"));
}

/* ---- host keys ---- */

static void forget_hosts(struct world *w)
{
	assert_int_equal(truncate(w->sshd->known_hosts, 0), 0);
}

static void host_key_unknown(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	forget_hosts(w);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_fail(w, PRISM_ERROR_TRUST, "is not known: SHA256:");
	assert_int_equal(w->asked, 0);

	make_tunnels(w, NET_SSH_STRICT_ASK, NULL);
	must_fail(w, PRISM_ERROR_TRUST, "is not known: SHA256:");
	assert_int_equal(w->asked, 1);
	assert_non_null(strstr(w->question, "Ed25519 SHA256:"));

	w->accept = true;
	must_work(w);
	assert_int_equal(w->asked, 2);
	drop_stream(w);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL); /* remembered */
	must_work(w);
	assert_int_equal(w->asked, 2);
}

static void host_key_accept_new(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	forget_hosts(w);
	make_tunnels(w, NET_SSH_STRICT_ACCEPT_NEW, NULL);
	must_work(w);
	assert_int_equal(w->asked, 0);
	drop_stream(w);
	sshd_new_host_key(w->sshd);
	make_tunnels(w, NET_SSH_STRICT_ACCEPT_NEW, NULL);
	must_fail(w, PRISM_ERROR_TRUST, "HAS CHANGED");
}

/* Nobody answers, and the server has waited long enough: the question goes, and nothing turns in
 * circles over a connection that has ended. */
static void question_left_open(void **state)
{
	struct world *w = *state;
	unsigned turns = 0;

	begin(w, "LoginGraceTime 1\n");
	forget_hosts(w);
	make_tunnels(w, NET_SSH_STRICT_ASK, NULL);
	w->hold = true;
	dial_with(w,
	          net_stream_ssh_create(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), 10000));
	for (; turns < TURNS && !w->told; turns++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->told && !w->up);
	assert_int_equal(w->asked, 1);
	assert_int_equal(w->withdrawn, 1);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(w->err.message, "waiting for an answer"));
	assert_in_range(turns, 10, 2000);
	assert_false(net_tunnel_info(tunnel_get(w, NULL)).asking);
}

/* Known hosts as ssh-keyscan would have them, with one more line. */
static void know_only(struct world *w, const char *line)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(w->sshd->known_hosts, line, strlen(line), 0600, &err), 0);
}

/* Somebody in between has no key that is known, and offers one of a kind that is not: that host is
 * no new one. */
static void host_key_of_another_kind(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/other", w->dir);
	PRISM_AUTO_FREE char *public = prism_asprintf("%s.pub", path);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
	sshd_tool((const char *[]){"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", path, NULL});
	assert_int_equal(prism_file_read(public, 65536, &text, NULL), 0);
	PRISM_AUTO_FREE char *line =
	    prism_asprintf("[127.0.0.1]:%u %s", (unsigned)w->sshd->port, prism_buf_text(&text));
	know_only(w, line);
	make_tunnels(w, NET_SSH_STRICT_ACCEPT_NEW, NULL);
	must_fail(w, PRISM_ERROR_TRUST, "a key of another kind is");
	assert_int_equal(w->asked, 1);
	assert_non_null(strstr(w->question, " other type"));
	w->accept = true; /* a person may know better */
	must_work(w);
}

static void authority_is_said(void **state)
{
	struct world *w = *state;
	static const char line[] =
	    "@cert-authority * ssh-ed25519 "
	    "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

	begin(w, NULL);
	know_only(w, line);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_fail(w, PRISM_ERROR_TRUST, "is not known");
	assert_non_null(strstr(w->err.hint, "@cert-authority"));
	assert_int_equal(w->problems, 0);
	make_tunnels(w, NET_SSH_STRICT_ACCEPT_NEW, NULL);
	must_work(w);
	assert_int_equal(w->problems, 1);
	drop_stream(w);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL); /* remembered: nothing is left to say */
	must_work(w);
	assert_int_equal(w->problems, 1);
}

static void host_key_changed(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	sshd_new_host_key(w->sshd);
	make_tunnels(w, NET_SSH_STRICT_ASK, NULL);
	w->accept = true;
	must_fail(w, PRISM_ERROR_TRUST, "HAS CHANGED");
	assert_int_equal(w->asked, 0);
	assert_non_null(strstr(w->err.hint, "ssh-keygen -R"));
}

static void host_key_revoked(void **state)
{
	struct world *w = *state;
	struct prism_buf text = PRISM_BUF_INIT(65536);
	struct prism_error err = PRISM_ERROR_INIT;

	begin(w, NULL);
	assert_int_equal(prism_file_read(w->sshd->known_hosts, 65536, &text, &err), 0);
	PRISM_AUTO_FREE char *both =
	    prism_asprintf("%s@revoked * %s", prism_buf_text(&text), strchr(text.data, ' ') + 1);
	assert_int_equal(prism_file_write(w->sshd->known_hosts, both, strlen(both), 0600, &err), 0);
	prism_buf_finish(&text);
	make_tunnels(w, NET_SSH_STRICT_ASK, NULL);
	w->accept = true;
	must_fail(w, PRISM_ERROR_TRUST, "was revoked");
}

/* What has been broken is not agreed on, though both sides know it. */
static void weak_key_exchange(void **state)
{
	struct world *w = *state;

	begin(w, "KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_fail(w, PRISM_ERROR_PROTOCOL, "key exchange");
	assert_non_null(strstr(w->err.hint, "algorithms"));
}

/* ---- what servers forbid ---- */

static void forwarding_forbidden(void **state)
{
	struct world *w = *state;

	begin(w, "AllowTcpForwarding no\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_fail(w, PRISM_ERROR_DENIED, "does not allow a connection");
	assert_non_null(strstr(w->err.hint, "AllowTcpForwarding"));
	assert_int_equal(net_tunnel_info(tunnel_get(w, NULL)).state, NET_TUNNEL_UP);
}

static void nobody_listens(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	dial_with(w, net_stream_ssh_create(tunnel_get(w, NULL), "127.0.0.1", 1, 10000));
	until_told(w);
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_IO);
	must_work(w); /* the session is not hurt */
}

/* The far side looks names up. */
static void name_of_far_side(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	dial_with(w,
	          net_stream_ssh_create(tunnel_get(w, NULL), "localhost", peer_port(w->peer), 10000));
	until_told(w);
	assert_true(w->up);
	must_echo(w, "by name\n");
}

/* A forced command does not hinder channels, and takes the place of any command of ours. */
static void forced_command(void **state)
{
	struct world *w = *state;

	begin(w, "ForceCommand echo only this\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
	dial_with(w, net_stream_ssh_exec(tunnel_get(w, NULL), "echo something else", 10000));
	until_told(w);
	assert_true(w->up);
	for (int i = 0; i < TURNS && !w->ended; i++)
		prism_loop_turn(w->loop, 20);
	assert_string_equal(prism_buf_text(&w->heard), "only this\n");
}

static void command(void **state)
{
	struct world *w = *state;
	const char *errors;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	dial_with(w, net_stream_ssh_exec(tunnel_get(w, NULL), "echo out; echo bad >&2; exit 3", 10000));
	until_told(w);
	for (int i = 0; i < TURNS && !w->ended; i++)
		prism_loop_turn(w->loop, 20);
	assert_string_equal(prism_buf_text(&w->heard), "out\n");
	for (int i = 0; i < TURNS && net_stream_ssh_status(w->stream, &errors) < 0; i++)
		prism_loop_turn(w->loop, 20);
	assert_int_equal(net_stream_ssh_status(w->stream, &errors), 3);
	assert_string_equal(errors, "bad\n");
}

static void max_sessions(void **state)
{
	struct world *w = *state;

	begin(w, "MaxSessions 0\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	dial_with(w, net_stream_ssh_exec(tunnel_get(w, NULL), "true", 10000));
	until_told(w);
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_DENIED);
	assert_non_null(strstr(w->err.hint, "MaxSessions"));
	must_work(w); /* connections are none of those */
}

/* ---- data ---- */

/* Sends so many bytes in lines and hears them all again, in order. */
static void must_carry(struct world *w, size_t total)
{
	char line[1024];
	size_t sent = 0;
	struct prism_error err = PRISM_ERROR_INIT;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	prism_buf_clear(&w->heard);
	for (int i = 0; i < 10 * TURNS && w->heard.len < total && !w->ended; i++) {
		while (sent < total) {
			size_t at = sent % sizeof(line);
			ssize_t n = net_stream_write(w->stream, line + at, sizeof(line) - at, &err);

			if (n <= 0)
				break;
			sent += (size_t)n;
		}
		prism_loop_turn(w->loop, 20);
	}
	assert_int_equal(w->heard.len, total);
	for (size_t i = 1023; i < total; i += 1024)
		assert_int_equal(w->heard.data[i], '\n');
}

static void rekey(void **state)
{
	struct world *w = *state;

	begin(w, "RekeyLimit 256K\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
	must_carry(w, 8 << 20);
}

static void chain(void **state)
{
	struct world *w = *state;
	struct sshd *inner;
	PRISM_AUTO_FREE char *via = NULL;

	begin(w, NULL);
	inner = sshd_start(w->dir, NULL);
	via = prism_asprintf("%s@127.0.0.1:%u,%s@127.0.0.1:%u", w->sshd->user, (unsigned)w->sshd->port,
	                     inner->user, (unsigned)inner->port);
	PRISM_AUTO_FREE char *keys = prism_asprintf("%s/.ssh", w->dir);
	/* one key for both */
	make_tunnels(w, NET_SSH_STRICT_YES, inner->key);
	struct prism_buf text = PRISM_BUF_INIT(65536);
	assert_int_equal(prism_file_read(inner->authorized, 65536, &text, &w->err), 0);
	assert_int_equal(prism_file_write(w->sshd->authorized, text.data, text.len, 0600, &w->err), 0);
	prism_buf_finish(&text);
	dial(w, tunnel_get(w, via));
	if (!w->up)
		fail_msg("%s (%s)", w->err.message, w->err.hint);
	must_echo(w, "two hops\n");
	must_carry(w, 4 << 20);
	assert_int_equal(net_tunnels_count(w->tunnels), 2);
	assert_int_equal(net_tunnel_info(tunnel_get(w, via)).depth, 1);
	drop_stream(w);
	net_tunnels_destroy(w->tunnels);
	w->tunnels = NULL;
	sshd_stop(inner);
}

static void many_channels_one_session(void **state)
{
	struct world *w = *state;
	struct net_stream *others[20];

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	for (size_t i = 0; i < PRISM_COUNT(others); i++) {
		dial(w, tunnel_get(w, NULL));
		assert_true(w->up);
		must_echo(w, "one of many\n");
		net_stream_want(w->stream, 0);
		others[i] = w->stream;
		w->stream = NULL;
	}
	assert_int_equal(net_tunnel_info(tunnel_get(w, NULL)).channels, PRISM_COUNT(others));
	assert_int_equal(sshd_sessions(w->sshd), 1);
	for (size_t i = 0; i < PRISM_COUNT(others); i++)
		net_stream_destroy(others[i]);
	must_work(w);
	assert_int_equal(net_tunnel_info(tunnel_get(w, NULL)).channels, 1);
}

static void latency_is_told(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
	for (int i = 0; i < TURNS && net_tunnel_info(tunnel_get(w, NULL)).latency_ms < 0; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(net_tunnel_info(tunnel_get(w, NULL)).latency_ms >= 0);
	assert_true(net_tunnel_info(tunnel_get(w, NULL)).received > 0);
}

/* ---- breaking ---- */

static void killed_and_restarted(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
	for (unsigned i = 0; i < 2; i++) {
		sshd_kill(w->sshd);
		for (int j = 0; j < TURNS && !w->ended; j++)
			prism_loop_turn(w->loop, 20);
		assert_int_equal(w->err.category, PRISM_ERROR_IO);
		assert_int_equal(net_tunnel_info(tunnel_get(w, NULL)).state, NET_TUNNEL_WAITING);
		/* Somebody who comes meanwhile waits for it. */
		dial_with(
		    w, net_stream_ssh_create(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), 20000));
		prism_loop_turn(w->loop, 0);
		assert_false(w->told);
		sshd_restart(w->sshd);
		until_told(w);
		assert_true(w->up);
		must_echo(w, "back again\n");
	}
	assert_int_equal(net_tunnel_info(tunnel_get(w, NULL)).reconnects, 2);
}

static void killed_in_transfer(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	char block[4096] = {0};

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	must_work(w);
	while (net_stream_write(w->stream, block, sizeof(block), &err) > 0)
		;
	prism_loop_turn(w->loop, 0);
	sshd_kill(w->sshd);
	for (int i = 0; i < TURNS && !w->ended; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->ended);
	assert_int_equal(net_stream_write(w->stream, "x", 1, &err), -1);
}

static void nobody_at_home(void **state)
{
	struct world *w = *state;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	sshd_kill(w->sshd);
	must_fail(w, PRISM_ERROR_IO, "connect to 127.0.0.1"); /* at once: it was never up */
}

/* ---- gates ---- */

static int knock(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void gate(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	const char *path;
	struct stat st;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	path = net_tunnel_gate(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), &err);
	assert_non_null(path);
	assert_ptr_equal(path,
	                 net_tunnel_gate(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), &err));
	PRISM_AUTO_FREE char *dir = prism_strndup(path, (size_t)(strrchr(path, '/') - path));
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	dial_with(w, net_stream_fd_create(w->loop, knock(path)));
	until_told(w);
	must_echo(w, "through the gate\n");
	drop_stream(w);
	net_tunnels_destroy(w->tunnels);
	w->tunnels = NULL;
	assert_int_not_equal(stat(dir, &st), 0); /* nothing is left */
}

static void gate_tells_why(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	const char *path;

	begin(w, "AllowTcpForwarding no\n");
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	path = net_tunnel_gate(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), &err);
	assert_false(net_tunnel_explain(tunnel_get(w, NULL), path, &err));
	dial_with(w, net_stream_fd_create(w->loop, knock(path)));
	until_told(w);
	for (int i = 0; i < TURNS && !w->ended; i++)
		prism_loop_turn(w->loop, 20);
	assert_true(w->ended);
	assert_true(net_tunnel_explain(tunnel_get(w, NULL), path, &err));
	assert_int_equal(err.category, PRISM_ERROR_DENIED);
}

/* Another process of the same user is turned away. */
static void gate_turns_strangers_away(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;
	const char *path;
	int fds[2];
	pid_t child;
	char got = 'x';

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	path = net_tunnel_gate(tunnel_get(w, NULL), "127.0.0.1", peer_port(w->peer), &err);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		char byte;
		int fd = knock(path);

		(void)!write(fd, "hello\n", 6);
		byte = read(fd, &byte, 1) == 1 ? 'y' : 'n';
		(void)!write(fds[1], &byte, 1);
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0; i < 200; i++)
		prism_loop_turn(w->loop, 10);
	assert_int_equal(read(fds[0], &got, 1), 1);
	close(fds[0]);
	assert_int_equal(got, 'n');
	assert_int_equal(peer_connections(w->peer), 0);
}

/* ---- a target that does not answer ---- */

/* A listener whose queue is full: what connects now waits for minutes. */
static uint16_t full_listener(int fds[4])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t len = sizeof(address);

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fds[0], (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &len), 0);
	for (int i = 1; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], (struct sockaddr *)&address, len);
	}
	return ntohs(address.sin_port);
}

/* libssh2 opens one channel at a time: the session is made anew, so that others get through. */
static void stuck_target(void **state)
{
	struct world *w = *state;
	int fds[4];
	uint16_t port;

	begin(w, NULL);
	make_tunnels(w, NET_SSH_STRICT_YES, NULL);
	port = full_listener(fds);
	dial_with(w, net_stream_ssh_create(tunnel_get(w, NULL), "127.0.0.1", port, 1000));
	until_told(w);
	assert_false(w->up);
	assert_int_equal(w->err.category, PRISM_ERROR_TIMEOUT);
	must_work(w);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* ---- words ---- */

static void ways(void **state)
{
	static const char *const bad[] = {"",       "@host",     "a@",    "a@b,",      ",a@b",
	                                  "a@b:0",  "a@b:70000", "a b@c", "-oProxy@c", "u@-host",
	                                  "$(x)@h", "a@h:22:22", "a@[::1"};
	static const char *const good[] = {"host", "a@host", "a@host:2222,b@inner", "a@[::1]:22",
	                                   "ssh://a@host:22"};
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		if (net_tunnel_via_check(bad[i], &err) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
	for (size_t i = 0; i < PRISM_COUNT(good); i++)
		if (net_tunnel_via_check(good[i], &err) != 0)
			fail_msg("\"%s\": %s", good[i], err.message);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(key_kinds),
	    ONE(passphrase),
	    ONE(passphrase_refused),
	    ONE(agent_key),
	    ONE(an_agent_that_waits),
	    ONE(two_methods),
	    ONE(wrong_user),
	    ONE(host_key_unknown),
	    ONE(host_key_accept_new),
	    ONE(question_left_open),
	    ONE(host_key_of_another_kind),
	    ONE(authority_is_said),
	    ONE(host_key_changed),
	    ONE(host_key_revoked),
	    ONE(weak_key_exchange),
	    ONE(forwarding_forbidden),
	    ONE(nobody_listens),
	    ONE(name_of_far_side),
	    ONE(forced_command),
	    ONE(command),
	    ONE(max_sessions),
	    ONE(rekey),
	    ONE(chain),
	    ONE(many_channels_one_session),
	    ONE(latency_is_told),
	    ONE(killed_and_restarted),
	    ONE(killed_in_transfer),
	    ONE(nobody_at_home),
	    ONE(stuck_target),
	    ONE(gate),
	    ONE(gate_tells_why),
	    ONE(gate_turns_strangers_away),
	    cmocka_unit_test(ways),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
