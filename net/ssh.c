/*
 * The session: states, buffers, the host's key.
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
#include "base/text.h"
#include "net/ssh_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define IN_SIZE (256u << 10)
#define OUT_HIGH (1u << 20) /* a few round trips of packets; more would only add delay */
#define OUT_MAX (64u << 20) /* never reached: OUT_HIGH and the packets of one turn */
#define TURN_ROUNDS 32      /* fills of [in] before others on the loop get a turn */
#define DRY_MAX \
	1000000 /* many channels ask often; this is ten milliseconds of doing nothing else */
#define MODULE "ssh"

/* ---- memory ---- */

struct piece {
	struct prism_list node; /* of net_ssh.pieces */
	size_t size;
	max_align_t data[];
};

static struct piece *piece_of(void *data)
{
	return (struct piece *)(void *)((char *)data - offsetof(struct piece, data));
}

static void piece_free(struct piece *piece)
{
	prism_list_remove(&piece->node);
	prism_wipe(piece->data, piece->size);
	prism_free(piece);
}

static void *memory_alloc(size_t count, void **abstract)
{
	struct net_ssh *ssh = *abstract;
	struct piece *piece = prism_alloc(sizeof(*piece) + count);

	piece->size = count;
	prism_list_append(&ssh->pieces, &piece->node);
	return piece->data;
}

static void memory_free(void *data, void **abstract)
{
	PRISM_UNUSED(abstract);
	if (data)
		piece_free(piece_of(data));
}

static void *memory_realloc(void *data, size_t count, void **abstract)
{
	void *fresh = memory_alloc(count, abstract);

	if (data) {
		size_t size = piece_of(data)->size;

		memcpy(fresh, data, size < count ? size : count);
	}
	memory_free(data, abstract);
	return fresh;
}

struct net_ssh_buffer net_ssh_buffer(struct net_ssh *ssh, const void *data, size_t len)
{
	void *abstract = ssh;
	char *copy = memory_alloc(len + 1, &abstract);

	memcpy(copy, data, len);
	return (struct net_ssh_buffer){copy, len};
}

/* ---- bytes ---- */

static LIBSSH2_SEND_FUNC(take_packet)
{
	struct net_ssh *ssh = *abstract;

	PRISM_UNUSED(socket);
	PRISM_UNUSED(flags);
	if (ssh->lower_over || ssh->state == NET_SSH_OVER)
		return -EPIPE;
	if (prism_buf_append(&ssh->out, buffer, length, NULL) < 0)
		return -ENOBUFS;
	return (ssize_t)length;
}

static LIBSSH2_RECV_FUNC(give_bytes)
{
	struct net_ssh *ssh = *abstract;
	size_t have = ssh->in_end - ssh->in_start, take = have < length ? have : length;

	PRISM_UNUSED(socket);
	PRISM_UNUSED(flags);
	if (!take) {
		/* Some of libssh2's clean-ups try again for ever: the turn must end. */
		if (++ssh->dry > DRY_MAX)
			ssh->lower_over = true;
		return ssh->lower_over || ssh->state == NET_SSH_OVER ? 0 : -EAGAIN;
	}
	memcpy(buffer, ssh->in + ssh->in_start, take);
	ssh->in_start += take;
	return (ssize_t)take;
}

static LIBSSH2_DISCONNECT_FUNC(said_goodbye)
{
	struct net_ssh *ssh = *abstract;

	PRISM_UNUSED(reason);
	PRISM_UNUSED(language);
	PRISM_UNUSED(language_len);
	if (!ssh->goodbye && message_len > 0)
		ssh->goodbye = prism_strndup(message, (size_t)message_len);
}

/* True when there is something to work on. */
static bool fill(struct net_ssh *ssh)
{
	ssize_t got;

	if (ssh->in_start < ssh->in_end)
		return true;
	if (ssh->lower_over)
		return false;
	ssh->in_start = ssh->in_end = 0;
	got = net_stream_read(ssh->lower, ssh->in, IN_SIZE, &ssh->lower_error);
	if (got == NET_STREAM_AGAIN)
		return false;
	if (got <= 0) {
		ssh->lower_over = true;
		return true; /* the state's function finds out */
	}
	ssh->in_end = (size_t)got;
	ssh->received += (uint64_t)got;
	ssh->heard_ms = prism_clock_mono_ms(prism_loop_clock(ssh->loop));
	return true;
}

static void flush(struct net_ssh *ssh)
{
	size_t sent = 0;

	while (sent < ssh->out.len && !ssh->lower_over) {
		ssize_t put = net_stream_write(ssh->lower, ssh->out.data + sent, ssh->out.len - sent,
		                               &ssh->lower_error);

		if (put == NET_STREAM_AGAIN)
			break;
		if (put < 0)
			ssh->lower_over = true;
		else
			sent += (size_t)put;
	}
	ssh->sent += sent;
	prism_buf_consume(&ssh->out, sent);
}

bool net_ssh_may_send(const struct net_ssh *ssh)
{
	return ssh->out.len < OUT_HIGH;
}

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
	PRISM_LIST_EACH (&ssh->pieces, node, next)
		piece_free(PRISM_CONTAINER(node, struct piece, node));
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

/* ---- the host's key ---- */

/* The types this build of libssh2 checks; known ones first, so that a host is asked for the key
 * that it is known by. */
static void prefer_known_types(struct net_ssh *ssh, const struct net_known_hosts *known)
{
	static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	                                    "ecdsa-sha2-nistp521", "ssh-rsa"};
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1024);

	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < PRISM_COUNT(types); i++)
			if (net_known_hosts_has(known, ssh->host->key_name, ssh->host->port, types[i]) ==
			    (pass == 0))
				prism_buf_printf(&list, "%s%s", list.len ? "," : "", types[i]);
	(void)libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_HOSTKEY, prism_buf_text(&list));
}

static struct net_known_hosts *load_known(struct net_ssh *ssh, struct prism_error *err)
{
	return net_known_hosts_load((const char *const *)ssh->host->known, ssh->host->known_count, err);
}

static int refuse_changed(struct net_ssh *ssh, const struct net_known_result *result,
                          struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_TRUST,
	                  "THE HOST KEY OF %s HAS CHANGED: it shows %s, but %s holds another one",
	                  ssh->host_name, ssh->fingerprint, result->where);
	prism_error_hint(err,
	                 "somebody may be listening in between, or the host was set up anew. Ask its "
	                 "administrator for the new fingerprint; only then remove the old line with: "
	                 "ssh-keygen -R '%s'",
	                 ssh->host_name);
	return -1;
}

static int refuse_unknown(struct net_ssh *ssh, const struct net_known_result *result,
                          struct prism_error *err)
{
	prism_error_raise(err, PRISM_ERROR_TRUST, "the host key of %s is not known: %s", ssh->host_name,
	                  ssh->fingerprint);
	prism_error_hint(
	    err,
	    *result->authority
	        ? "%s names a certificate authority for it (@cert-authority), which is not "
	          "supported; compare the fingerprint and connect once with ssh, or set "
	          "ssh_strict=accept-new"
	        : "%scompare the fingerprint with its administrator and connect once from "
	          "the screen, or set ssh_strict=accept-new",
	    result->authority);
	return -1;
}

/* The line that lets it in next time. */
static int remember(struct net_ssh *ssh, const char *key, size_t len, struct prism_error *err)
{
	if (!ssh->host->known_count)
		return 0;
	return net_known_hosts_add(ssh->host->known[0], ssh->host->key_name, ssh->host->port, key, len,
	                           ssh->host->hash_names, err);
}

static void ask_host(struct net_ssh *ssh, const struct net_known_result *result, int type)
{
	static const char *const names[] = {"unknown",     "RSA",         "DSA",    "ECDSA P-256",
	                                    "ECDSA P-384", "ECDSA P-521", "Ed25519"};
	struct net_ssh_question question = {.host_key = &ssh->host_key, .title = ssh->label};

	memcpy(ssh->authority, result->authority, sizeof(ssh->authority));
	ssh->host_key = (struct net_ssh_host_key){
	    .host = ssh->host_name,
	    .type = type >= 0 && (size_t)type < PRISM_COUNT(names) ? names[type] : names[0],
	    .fingerprint = ssh->fingerprint,
	    .other_type = result->verdict == NET_KNOWN_OTHER_TYPE,
	    .authority = ssh->authority,
	};
	net_ssh_stage(ssh, "waiting for an answer");
	net_ssh_ask(ssh, &question);
}

/* 1: wait, 0: trusted, -1 */
static int judge_host(struct net_ssh *ssh, const struct net_known_hosts *known,
                      struct prism_error *err)
{
	struct net_known_result result;
	size_t len = 0;
	int type = 0;
	const char *key = libssh2_session_hostkey(ssh->session, &len, &type);

	if (!key)
		return net_ssh_error(ssh, err, "host key");
	net_ssh_blob_fingerprint(key, len, ssh->fingerprint);
	net_known_hosts_check(known, ssh->host->key_name, ssh->host->port, key, len, &result);
	switch (result.verdict) {
	case NET_KNOWN_MATCH:
		return 0;
	case NET_KNOWN_CHANGED:
		return refuse_changed(ssh, &result, err);
	case NET_KNOWN_REVOKED:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the host key of %s was revoked: %s, by %s",
		                  ssh->host_name, ssh->fingerprint, result.where);
		prism_error_hint(err, "do not use this host before its administrator has explained it");
		return -1;
	default:
		break;
	}
	if (ssh->host->strict == NET_SSH_STRICT_ACCEPT_NEW || ssh->host_accepted)
		return remember(ssh, key, len, err);
	if (ssh->host->strict == NET_SSH_STRICT_YES || !ssh->events.ask || ssh->host_answered)
		return refuse_unknown(ssh, &result, err);
	ask_host(ssh, &result, type);
	return 1;
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
	struct net_known_hosts *known;
	int result;

	if (ssh->asking)
		return LIBSSH2_ERROR_EAGAIN;
	known = load_known(ssh, err);
	if (!known)
		return -1;
	result = judge_host(ssh, known, err);
	net_known_hosts_destroy(known);
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
	unsigned events = ssh->in_start < ssh->in_end ? 0u : PRISM_LOOP_READ;

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
	flush(ssh);
	over(ssh, &err);
	return false;
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
		(void)fill(ssh);
		left = ssh->in_end - ssh->in_start;
		if (!advance(ssh))
			return;
		flush(ssh);
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
	struct net_known_hosts *known;
	struct prism_error failure = PRISM_ERROR_INIT;

	if (err) {
		over(ssh, err);
		return;
	}
	known = load_known(ssh, &failure);
	if (!known) {
		over(ssh, &failure);
		return;
	}
	prefer_known_types(ssh, known);
	net_known_hosts_destroy(known);
	net_ssh_stage(ssh, "key exchange");
	set_state(ssh, NET_SSH_HANDSHAKE);
	net_ssh_kick(ssh);
}

/* ---- life ---- */

#if LIBSSH2_VERSION_NUM >= 0x010b01 /* 1.11.1, which deprecates the other */
#define SET_CALLBACK(session, which, fn) \
	(void)libssh2_session_callback_set2(session, which, (libssh2_cb_generic *)(fn))
#else
#define SET_CALLBACK(session, which, fn) \
	(void)libssh2_session_callback_set(session, which, (void *)(fn))
#endif

static void session_init(struct net_ssh *ssh)
{
	static bool ready;

	if (!ready && libssh2_init(0) != 0)
		abort(); /* only out of memory */
	ready = true;
	ssh->session = libssh2_session_init_ex(memory_alloc, memory_free, memory_realloc, ssh);
	if (!ssh->session)
		abort();
	libssh2_session_set_blocking(ssh->session, 0);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_SEND, take_packet);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_RECV, give_bytes);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_DISCONNECT, said_goodbye);
	(void)libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_CRYPT_CS,
	                                  "aes128-ctr,aes256-ctr,aes192-ctr");
	(void)libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_CRYPT_SC,
	                                  "aes128-ctr,aes256-ctr,aes192-ctr");
	(void)libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_MAC_CS,
	                                  "hmac-sha2-256,hmac-sha2-512");
	(void)libssh2_session_method_pref(ssh->session, LIBSSH2_METHOD_MAC_SC,
	                                  "hmac-sha2-256,hmac-sha2-512");
}

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
	prism_buf_init(&ssh->out, OUT_MAX);
	ssh->in = prism_alloc(IN_SIZE);
	ssh->host_name = net_known_hosts_name(host->key_name, host->port);
	ssh->label = prism_asprintf(host->port == 22 ? "%s@%s" : "%s@%s:%u", host->user, host->name,
	                            (unsigned)host->port);
	ssh->method = prism_strdup("");
	prism_list_init(&ssh->pieces);
	prism_list_init(&ssh->clients);
	prism_list_init(&ssh->openings);
	prism_list_init(&ssh->orphans);
	session_init(ssh);
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
		flush(ssh);
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
	prism_buf_wipe(&ssh->out);
	prism_wipe(ssh->in, IN_SIZE);
	prism_free(ssh->in);
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
