/*
 * The session: its states.  Buffers and memory are net/ssh_bytes.c's, the host's key is
 * net/ssh_hostkey.c's.
 *
 *   connect ─► handshake ─► host key ─► auth ─► up
 *       └──────────┴────────────┴────────┴──────┴──► over        one function per state
 *
 * A turn reads from the lower stream, lets the state's function run until it wants more, and writes
 * what came of it.  libssh2 sends into [out], which takes every packet whole: a packet half sent
 * would forbid all other channels to send (libssh2's BAD_USE).  Who has more to send waits while
 * [out] is above OUT_HIGH.  libssh2 receives from [in], which only a turn fills.
 *
 *   user <- channel <- libssh2 <- [in]  <- lower          user -> [channel] -> libssh2 -> [out] ->
 * lower
 *
 * Nothing in a turn calls a user: channels and the session report from deferred calls.  So anything
 * may be destroyed in a callback, except where net/ssh.h says.
 *
 * All memory of libssh2 is wiped when it frees it: passwords and keys pass through its packets.
 * What a session that broke in the middle of something forgets is found in a list, and goes with
 * it.
 */
#include "net/ssh.h"

#include "base/log.h"
#include "net/ssh_private.h"

#include <fcntl.h>
#include <unistd.h>

#define TURN_ROUNDS 32 /* fills of [in] before others on the loop get a turn */
#define MODULE "ssh"

/* ---- endings ---- */

static void tell(void *data)
{
	struct net_ssh *ssh = data;

	ssh->telling = false;
	if (ssh->state == NET_SSH_UP && !ssh->was_up) {
		ssh->was_up = true;
		ssh->events.up(ssh->events.data, NULL);
	} else if (ssh->state == NET_SSH_OVER && ssh->was_up) {
		ssh->events.down(ssh->events.data, &ssh->over);
	} else if (ssh->state == NET_SSH_OVER) {
		ssh->events.up(ssh->events.data, &ssh->over);
	}
}

static void tell_later(struct net_ssh *ssh)
{
	if (!ssh->telling)
		prism_loop_defer(ssh->loop, tell, ssh);
	ssh->telling = true;
}

static void set_state(struct net_ssh *ssh, enum net_ssh_state state)
{
	static const char *const words[NET_SSH_STATE_COUNT] = {"connect", "handshake", "host key",
	                                                       "auth",    "up",        "over"};

	prism_log(PRISM_LOG_DEBUG, MODULE, "%s: %s -> %s", ssh->label, words[ssh->state], words[state]);
	ssh->state = state;
	if (state == NET_SSH_UP || state == NET_SSH_OVER)
		tell_later(ssh);
}

static void withdraw(struct net_ssh *ssh)
{
	if (!ssh->asking)
		return;
	ssh->asking = false;
	if (ssh->events.withdraw)
		ssh->events.withdraw(ssh->events.data, ssh);
}

/* libssh2 closes what is open politely, and waits; there is nobody to wait for. */
static void session_free(struct net_ssh *ssh)
{
	net_ssh_auth_destroy(ssh->auth);
	ssh->auth = NULL;
	if (!ssh->session)
		return;
	ssh->lower_over = true; /* its packets go nowhere */
	ssh->in_start = ssh->in_end = 0;
	for (unsigned i = 0; i < 1000 && libssh2_session_free(ssh->session) == LIBSSH2_ERROR_EAGAIN;
	     i++)
		;
	ssh->session = NULL;
	net_ssh_bytes_forget(ssh);
}

static void over(struct net_ssh *ssh, const struct prism_error *err)
{
	if (ssh->state == NET_SSH_OVER)
		return;
	prism_error_copy(&ssh->over, err);
	if (!ssh->over.peer[0])
		snprintf(ssh->over.peer, sizeof(ssh->over.peer), "%s", ssh->label);
	set_state(ssh, NET_SSH_OVER);
	withdraw(ssh);
	PRISM_LIST_EACH (&ssh->clients, node, next) {
		struct net_ssh_client *client = PRISM_CONTAINER(node, struct net_ssh_client, node);

		prism_list_remove(&client->node);
		client->broke(client, &ssh->over);
	}
	PRISM_LIST_EACH (&ssh->openings, node, next) {
		struct net_ssh_opening *opening = PRISM_CONTAINER(node, struct net_ssh_opening, node);

		prism_list_remove(&opening->node);
		if (opening->drop)
			opening->drop(opening);
	}
	session_free(ssh);
	net_stream_want(ssh->lower, 0);
}

bool net_ssh_fatal(struct net_ssh *ssh, int rc)
{
	static const int codes[] = {
	    LIBSSH2_ERROR_SOCKET_SEND,     LIBSSH2_ERROR_SOCKET_DISCONNECT,
	    LIBSSH2_ERROR_SOCKET_RECV,     LIBSSH2_ERROR_DECRYPT,
	    LIBSSH2_ERROR_ENCRYPT,         LIBSSH2_ERROR_INVALID_MAC,
	    LIBSSH2_ERROR_KEX_FAILURE,     LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE,
	    LIBSSH2_ERROR_OUT_OF_BOUNDARY, LIBSSH2_ERROR_HOSTKEY_INIT,
	    LIBSSH2_ERROR_HOSTKEY_SIGN,
	};

	for (size_t i = 0; i < PRISM_COUNT(codes); i++)
		if (rc == codes[i])
			ssh->fault = true;
	return ssh->fault;
}

int net_ssh_error(struct net_ssh *ssh, struct prism_error *err, const char *what)
{
	char *text = NULL;
	int code = libssh2_session_last_error(ssh->session, &text, NULL, 0);

	if (ssh->lower_error.category != PRISM_ERROR_NONE) {
		prism_error_copy(err, &ssh->lower_error);
		return prism_error_wrap(err, "%s", what);
	}
	if (ssh->goodbye) {
		prism_error_raise(err, PRISM_ERROR_IO, "%s: the server says: %.200s", what, ssh->goodbye);
		return -1;
	}
	if (ssh->lower_over || code == LIBSSH2_ERROR_SOCKET_DISCONNECT) {
		prism_error_raise(err, PRISM_ERROR_IO, "%s: the peer closed the connection", what);
		return -1;
	}
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%s: %s", what, text && *text ? text : "failed");
	if (code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE)
		prism_error_hint(err, "the server may allow only algorithms that libssh2 %s does not know",
		                 libssh2_version(0));
	return -1;
}

void net_ssh_stage(struct net_ssh *ssh, const char *word)
{
	if (ssh->events.stage)
		ssh->events.stage(ssh->events.data, word);
}

/* ---- questions ---- */

static void put_question(void *data)
{
	struct net_ssh *ssh = data;

	if (!ssh->asking)
		return;
	if (ssh->events.ask)
		ssh->events.ask(ssh->events.data, ssh, &ssh->question);
	else
		net_ssh_answer(ssh, false, NULL, 0);
}

void net_ssh_ask(struct net_ssh *ssh, const struct net_ssh_question *question)
{
	ssh->question = *question;
	ssh->asking = true;
	prism_loop_defer(ssh->loop, put_question, ssh);
}

void net_ssh_answer(struct net_ssh *ssh, bool yes, const struct prism_secret *const *answers,
                    size_t count)
{
	if (!ssh->asking)
		return;
	ssh->asking = false;
	if (ssh->state == NET_SSH_HOST_KEY) {
		ssh->host_answered = true;
		ssh->host_accepted = yes;
	} else if (ssh->auth) {
		net_ssh_auth_answer(ssh->auth, answers, count);
	}
	net_ssh_kick(ssh);
}

/* ---- states ---- */

/* Each: EAGAIN: more bytes are needed; 0: the next state is set; else: *err. */

static int step_handshake(struct net_ssh *ssh, struct prism_error *err)
{
	int rc = libssh2_session_handshake(ssh->session, ssh->dummy_fd);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc)
		return net_ssh_error(ssh, err, "SSH key exchange");
	set_state(ssh, NET_SSH_HOST_KEY);
	return 0;
}

static int step_host_key(struct net_ssh *ssh, struct prism_error *err)
{
	int result;

	if (ssh->asking)
		return LIBSSH2_ERROR_EAGAIN;
	result = net_ssh_hostkey_judge(ssh, err);
	if (result > 0)
		return LIBSSH2_ERROR_EAGAIN;
	if (result < 0)
		return -1;
	ssh->auth = net_ssh_auth_create(ssh);
	net_ssh_stage(ssh, "signing in");
	set_state(ssh, NET_SSH_AUTH);
	return 0;
}

static int step_auth(struct net_ssh *ssh, struct prism_error *err)
{
	int rc = net_ssh_auth_step(ssh->auth, err);

	if (rc)
		return rc;
	net_ssh_auth_destroy(ssh->auth);
	ssh->auth = NULL;
	set_state(ssh, NET_SSH_UP);
	return 0;
}

static void turn_openings(struct net_ssh *ssh)
{
	while (!prism_list_empty(&ssh->openings)) {
		struct net_ssh_opening *first =
		    PRISM_CONTAINER(ssh->openings.next, struct net_ssh_opening, node);

		struct prism_list *node = &first->node;

		/* Out first: the last step frees it, or lets it be queued again. */
		prism_list_remove(node);
		if (first->step(first, ssh->session) == LIBSSH2_ERROR_EAGAIN) {
			prism_list_prepend(&ssh->openings, node);
			return;
		}
	}
}

struct orphan {
	struct prism_list node;
	LIBSSH2_CHANNEL *channel;
};

static void turn_orphans(struct net_ssh *ssh)
{
	PRISM_LIST_EACH (&ssh->orphans, node, next) {
		struct orphan *orphan = PRISM_CONTAINER(node, struct orphan, node);

		if (libssh2_channel_free(orphan->channel) == LIBSSH2_ERROR_EAGAIN)
			continue;
		prism_list_remove(&orphan->node);
		prism_free(orphan);
	}
}

static int step_up(struct net_ssh *ssh, struct prism_error *err)
{
	turn_openings(ssh);
	PRISM_LIST_EACH (&ssh->clients, node, next) {
		struct net_ssh_client *client = PRISM_CONTAINER(node, struct net_ssh_client, node);

		client->turn(client);
	}
	turn_orphans(ssh);
	/* Without a channel nobody pulls bytes through libssh2; the next ping does. */
	if (ssh->fault ||
	    (ssh->lower_over && (ssh->in_start == ssh->in_end || prism_list_empty(&ssh->clients))))
		return net_ssh_error(ssh, err, "SSH connection");
	return LIBSSH2_ERROR_EAGAIN;
}

static int (*const steps[NET_SSH_STATE_COUNT])(struct net_ssh *ssh, struct prism_error *err) = {
    [NET_SSH_HANDSHAKE] = step_handshake,
    [NET_SSH_HOST_KEY] = step_host_key,
    [NET_SSH_AUTH] = step_auth,
    [NET_SSH_UP] = step_up,
};

static void want(struct net_ssh *ssh)
{
	bool hears = ssh->in_start == ssh->in_end || net_ssh_watches(ssh);
	unsigned events = hears ? PRISM_LOOP_READ : 0u;

	net_stream_want(ssh->lower, events | (ssh->out.len ? PRISM_LOOP_WRITE : 0u));
}

/* Runs the state's function while it gets further. False: it is over. */
static bool advance(struct net_ssh *ssh)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int rc;

	do {
		rc = steps[ssh->state] ? steps[ssh->state](ssh, &err) : LIBSSH2_ERROR_EAGAIN;
	} while (rc == 0);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return true;
	net_ssh_flush(ssh);
	over(ssh, &err);
	return false;
}

/* The peer has gone while a person, an agent or a worker is waited for: none of them can help any
 * more, and libssh2, which would notice, is not called. True: it is over. */
static bool left_alone(struct net_ssh *ssh)
{
	bool waits = ssh->state == NET_SSH_HOST_KEY || ssh->state == NET_SSH_AUTH;
	struct prism_error err = PRISM_ERROR_INIT;

	if (!ssh->lower_over || !(ssh->asking || (waits && ssh->in_start == ssh->in_end)))
		return false;
	(void)net_ssh_error(ssh, &err, ssh->asking ? "waiting for an answer" : "signing in");
	over(ssh, &err);
	return true;
}

static void turn(void *data)
{
	struct net_ssh *ssh = data;
	unsigned rounds = 0;
	size_t left;

	ssh->kicked = false;
	ssh->dry = 0;
	if (ssh->state == NET_SSH_CONNECT || ssh->state == NET_SSH_OVER)
		return;
	do {
		(void)net_ssh_fill(ssh);
		left = ssh->in_end - ssh->in_start;
		if ((ssh->asking && left_alone(ssh)) || !advance(ssh) || left_alone(ssh))
			return;
		net_ssh_flush(ssh);
		/* again while bytes were taken: more may wait below */
	} while (left && ssh->in_end - ssh->in_start < left && ++rounds < TURN_ROUNDS);
	if (rounds == TURN_ROUNDS || (ssh->lower_over && ssh->state != NET_SSH_OVER))
		net_ssh_kick(ssh);
	want(ssh);
}

void net_ssh_kick(struct net_ssh *ssh)
{
	if (!ssh->kicked && ssh->state != NET_SSH_OVER)
		prism_loop_defer(ssh->loop, turn, ssh);
	ssh->kicked = true;
}

static void lower_ready(void *data, unsigned events)
{
	struct net_ssh *ssh = data;

	PRISM_UNUSED(events);
	if (ssh->kicked)
		prism_loop_undefer(ssh->loop, turn, ssh);
	turn(ssh);
}

static void lower_connected(void *data, const struct prism_error *err)
{
	struct net_ssh *ssh = data;
	struct prism_error failure = PRISM_ERROR_INIT;

	if (err) {
		over(ssh, err);
		return;
	}
	if (net_ssh_hostkey_prefer(ssh, &failure) < 0) {
		over(ssh, &failure);
		return;
	}
	net_ssh_stage(ssh, "key exchange");
	set_state(ssh, NET_SSH_HANDSHAKE);
	net_ssh_kick(ssh);
}

/* ---- life ---- */

struct net_ssh *net_ssh_create(struct prism_loop *loop, struct prism_work *work,
                               struct net_stream *lower, const struct net_ssh_host *host,
                               struct net_ssh_keyring *keyring, const struct net_ssh_events *events)
{
	struct net_ssh *ssh = prism_alloc(sizeof(*ssh));

	ssh->loop = loop;
	ssh->work = work;
	ssh->lower = lower;
	ssh->host = host;
	ssh->keyring = keyring;
	ssh->events = *events;
	ssh->dummy_fd = open("/dev/null", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ssh->host_name = net_known_hosts_name(host->key_name, host->key_port);
	ssh->label = prism_asprintf(host->port == 22 ? "%s@%s" : "%s@%s:%u", host->user, host->name,
	                            (unsigned)host->port);
	ssh->method = prism_strdup("");
	prism_list_init(&ssh->clients);
	prism_list_init(&ssh->openings);
	prism_list_init(&ssh->orphans);
	net_ssh_bytes_begin(ssh);
	net_stream_connect(lower, lower_connected, lower_ready, ssh);
	return ssh;
}

void net_ssh_destroy(struct net_ssh *ssh)
{
	struct prism_error gone = PRISM_ERROR_INIT;

	if (!ssh)
		return;
	if (ssh->state == NET_SSH_UP && ssh->session) { /* polite, as far as it goes at once */
		(void)libssh2_session_disconnect(ssh->session, "bye");
		net_ssh_flush(ssh);
	}
	prism_error_raise(&gone, PRISM_ERROR_CANCELLED, "the SSH connection was closed");
	over(ssh, &gone);
	session_free(ssh);
	prism_loop_undefer(ssh->loop, tell, ssh);
	prism_loop_undefer(ssh->loop, turn, ssh);
	prism_loop_undefer(ssh->loop, put_question, ssh);
	net_stream_destroy(ssh->lower);
	PRISM_LIST_EACH (&ssh->orphans, node, next)
		prism_free(PRISM_CONTAINER(node, struct orphan, node));
	if (ssh->dummy_fd >= 0)
		close(ssh->dummy_fd);
	net_ssh_bytes_end(ssh);
	prism_free(ssh->host_name);
	prism_free(ssh->label);
	prism_free(ssh->goodbye);
	prism_free(ssh->method);
	prism_free(ssh);
}

void net_ssh_orphan(struct net_ssh *ssh, LIBSSH2_CHANNEL *channel)
{
	struct orphan *orphan = prism_alloc(sizeof(*orphan));

	orphan->channel = channel;
	prism_list_append(&ssh->orphans, &orphan->node);
	net_ssh_kick(ssh);
}

/* ---- signs of life ---- */

/* A channel of a type that nobody has: the refusal takes exactly one round trip, and unlike the
 * answer to keepalive@openssh.com it does not stay in libssh2's memory. */
static int ping_step(struct net_ssh_opening *opening, LIBSSH2_SESSION *session)
{
	struct net_ssh *ssh = PRISM_CONTAINER(opening, struct net_ssh, ping);
	static const char type[] = "ping@prism-tui";
	LIBSSH2_CHANNEL *channel =
	    libssh2_channel_open_ex(session, type, sizeof(type) - 1, 1024, 1024, NULL, 0);

	if (channel)
		net_ssh_orphan(ssh, channel); /* a strange server indeed */
	else if (libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN)
		return LIBSSH2_ERROR_EAGAIN;
	ssh->pinging = false;
	ssh->pinged(ssh->ping_data, prism_clock_mono_ms(prism_loop_clock(ssh->loop)) - ssh->ping_at);
	return 0;
}

bool net_ssh_ping(struct net_ssh *ssh, void (*done)(void *data, int64_t ms), void *data)
{
	if (ssh->state != NET_SSH_UP || ssh->pinging || !prism_list_empty(&ssh->openings))
		return false;
	ssh->pinging = true;
	ssh->pinged = done;
	ssh->ping_data = data;
	ssh->ping_at = prism_clock_mono_ms(prism_loop_clock(ssh->loop));
	ssh->ping.step = ping_step;
	prism_list_append(&ssh->openings, &ssh->ping.node);
	net_ssh_kick(ssh);
	return true;
}

struct net_ssh_counts net_ssh_counts(const struct net_ssh *ssh)
{
	struct net_ssh_counts counts = {ssh->received, ssh->sent, 0, ssh->heard_ms};

	PRISM_LIST_EACH (&ssh->clients, node, next)
		counts.channels += PRISM_CONTAINER(node, struct net_ssh_client, node)->counts;
	return counts;
}

const char *net_ssh_fingerprint(const struct net_ssh *ssh)
{
	return ssh->fingerprint;
}

const char *net_ssh_method(const struct net_ssh *ssh)
{
	return ssh->method;
}
