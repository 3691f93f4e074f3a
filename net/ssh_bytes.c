/*
 * What libssh2 sees instead of a socket and a heap: the buffers [in] and [out] of net/ssh.c, and
 * memory that is wiped when it is freed.
 */
#include "net/ssh_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IN_SIZE (256u << 10)
#define OUT_HIGH (1u << 20) /* a few round trips of packets; more would only add delay */
#define OUT_MAX (64u << 20) /* never reached: OUT_HIGH and the packets of one turn */
#define DRY_MAX \
	1000000 /* many channels ask often; this is ten milliseconds of doing nothing else */

/* ---- memory ---- */

/* What libssh2 may hold: it queues whatever packet nobody has asked for yet, and a server decides
 * how many it sends.  A channel's window and SFTP's requests stay well below a share. */
#define HELD_MAX (16u << 20)
#define HELD_SHARE (4 * NET_SSH_WINDOW) /* more for each channel and file transfer */

struct piece {
	struct prism_list node; /* of net_ssh.pieces */
	size_t size;
	max_align_t data[];
};

static struct piece *piece_of(void *data)
{
	return (struct piece *)(void *)((char *)data - offsetof(struct piece, data));
}

static void piece_free(struct net_ssh *ssh, struct piece *piece)
{
	ssh->held -= piece->size;
	prism_list_remove(&piece->node);
	prism_wipe(piece->data, piece->size);
	prism_free(piece);
}

/* Not refused, since libssh2 looks away from that here and there: the connection ends instead. */
static void hold(struct net_ssh *ssh, size_t count)
{
	size_t limit = HELD_MAX;

	ssh->held += count;
	if (ssh->held <= limit || ssh->lower_over)
		return;
	PRISM_LIST_EACH (&ssh->clients, node, next)
		limit += HELD_SHARE;
	if (ssh->held <= limit)
		return;
	ssh->lower_over = true;
	prism_error_raise(&ssh->lower_error, PRISM_ERROR_LIMIT,
	                  "it sends more than %zu bytes that nobody asked for", limit);
	prism_error_hint(&ssh->lower_error, "this server is broken, or means harm");
}

static void *memory_alloc(size_t count, void **abstract)
{
	struct net_ssh *ssh = *abstract;
	struct piece *piece = prism_alloc(sizeof(*piece) + count);

	piece->size = count;
	hold(ssh, count);
	prism_list_append(&ssh->pieces, &piece->node);
	return piece->data;
}

static void memory_free(void *data, void **abstract)
{
	if (data)
		piece_free(*abstract, piece_of(data));
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

/* While a person is asked nobody reads what comes, and the end of the connection must be seen all
 * the same. */
bool net_ssh_watches(const struct net_ssh *ssh)
{
	return ssh->asking && ssh->in_end < IN_SIZE;
}

bool net_ssh_fill(struct net_ssh *ssh)
{
	ssize_t got;

	if (ssh->in_start < ssh->in_end && !net_ssh_watches(ssh))
		return true;
	if (ssh->lower_over)
		return ssh->in_start < ssh->in_end;
	if (ssh->in_start == ssh->in_end)
		ssh->in_start = ssh->in_end = 0;
	got = net_stream_read(ssh->lower, ssh->in + ssh->in_end, IN_SIZE - ssh->in_end,
	                      &ssh->lower_error);
	if (got == NET_STREAM_AGAIN)
		return ssh->in_start < ssh->in_end;
	if (got <= 0) {
		ssh->lower_over = true;
		return true; /* the state's function finds out */
	}
	ssh->in_end += (size_t)got;
	ssh->received += (uint64_t)got;
	ssh->heard_ms = prism_clock_mono_ms(prism_loop_clock(ssh->loop));
	return true;
}

void net_ssh_flush(struct net_ssh *ssh)
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

/* ---- the session ---- */

#if LIBSSH2_VERSION_NUM >= 0x010b01 /* 1.11.1, which deprecates the other */
#define SET_CALLBACK(session, which, fn) \
	(void)libssh2_session_callback_set2(session, which, (libssh2_cb_generic *)(fn))
#else
#define SET_CALLBACK(session, which, fn) \
	(void)libssh2_session_callback_set(session, which, (void *)(fn))
#endif

static bool supports(const char *const *names, int count, const char *name, size_t len)
{
	for (int i = 0; i < count; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return true;
	return false;
}

void net_ssh_prefer(struct net_ssh *ssh, int method, const char *names)
{
	PRISM_AUTO_BUF struct prism_buf kept = PRISM_BUF_INIT(4096);
	const char **known = NULL;
	int count = libssh2_session_supported_algs(ssh->session, method, &known);

	for (const char *name = names; *name;) {
		size_t len = strcspn(name, ",");

		if (supports(known, count, name, len))
			prism_buf_printf(&kept, "%s%.*s", kept.len ? "," : "", (int)len, name);
		name += len + (name[len] == ',');
	}
	if (count > 0)
		libssh2_free(ssh->session, known);
	(void)libssh2_session_method_pref(ssh->session, method, prism_buf_text(&kept));
}

void net_ssh_bytes_begin(struct net_ssh *ssh)
{
	static bool ready;

	if (!ready && libssh2_init(0) != 0)
		abort(); /* only out of memory */
	ready = true;
	prism_list_init(&ssh->pieces);
	prism_buf_init(&ssh->out, OUT_MAX);
	ssh->in = prism_alloc(IN_SIZE);
	ssh->session = libssh2_session_init_ex(memory_alloc, memory_free, memory_realloc, ssh);
	if (!ssh->session)
		abort();
	libssh2_session_set_blocking(ssh->session, 0);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_SEND, take_packet);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_RECV, give_bytes);
	SET_CALLBACK(ssh->session, LIBSSH2_CALLBACK_DISCONNECT, said_goodbye);
	/* Without what rests on SHA-1 or on a group of 1024 bits. */
	net_ssh_prefer(
	    ssh, LIBSSH2_METHOD_KEX,
	    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
	    "ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,"
	    "diffie-hellman-group18-sha512,diffie-hellman-group14-sha256");
	net_ssh_prefer(ssh, LIBSSH2_METHOD_CRYPT_CS, "aes128-ctr,aes256-ctr,aes192-ctr");
	net_ssh_prefer(ssh, LIBSSH2_METHOD_CRYPT_SC, "aes128-ctr,aes256-ctr,aes192-ctr");
	net_ssh_prefer(ssh, LIBSSH2_METHOD_MAC_CS, "hmac-sha2-256,hmac-sha2-512");
	net_ssh_prefer(ssh, LIBSSH2_METHOD_MAC_SC, "hmac-sha2-256,hmac-sha2-512");
}

void net_ssh_bytes_forget(struct net_ssh *ssh)
{
	PRISM_LIST_EACH (&ssh->pieces, node, next)
		piece_free(ssh, PRISM_CONTAINER(node, struct piece, node));
}

void net_ssh_bytes_end(struct net_ssh *ssh)
{
	prism_wipe(ssh->in, IN_SIZE);
	prism_free(ssh->in);
	prism_buf_wipe(&ssh->out);
}
