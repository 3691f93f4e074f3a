/*
 * A channel:
 *
 *   waiting (for a session) ─► opening (in the session's queue) ─► open ─► over
 *
 * libssh2 must be given the same bytes again after EAGAIN, so what is written is copied to [out]
 * first, and the session's turn sends it.  Reading goes straight to libssh2, which keeps what came;
 * a turn only looks whether there is something, and the user is told from a deferred call.
 *
 * The opening outlives a stream that is destroyed meanwhile: libssh2 cannot take an open back.  Its
 * channel is closed as soon as it is there.
 */
#include "net/stream_ssh.h"

#include "base/mem.h"
#include "net/ssh_private.h"
#include "net/ssh_wire.h"

#include <string.h>

#define OUT_MAX (256u << 10) /* written, not yet taken by libssh2 */
#define STDERR_MAX 4096u

enum state { WAITING, OPENING, OPEN, OVER };

struct opening {
	struct net_ssh_opening base;
	struct channel *channel; /* NULL: its stream has gone */
	struct net_ssh *ssh;
	LIBSSH2_CHANNEL *lib;
	bool begun;
	char *command; /* NULL: direct-tcpip */
	struct prism_buf message;
};

struct channel {
	struct net_stream stream;
	struct net_ssh_client client;
	struct net_tunnel *tunnel;
	struct net_tunnel_wait wait;
	struct net_ssh *ssh; /* NULL before and after */
	struct opening *opening;
	LIBSSH2_CHANNEL *lib;
	enum state state;
	char *host, *command;
	uint16_t port;
	int64_t timeout_ms;
	struct prism_timer *deadline;
	struct prism_buf out, errors;
	unsigned wanted;
	bool notified, eof_wanted, eof_sent;
	int status;
	struct prism_error error;
};

static struct channel *channel_of(struct net_stream *s)
{
	return PRISM_CONTAINER(s, struct channel, stream);
}

/* ---- telling the user ---- */

static bool readable(const struct channel *c)
{
	unsigned long waiting = 0;

	if (c->state == OVER)
		return true;
	(void)libssh2_channel_window_read_ex(c->lib, &waiting, NULL);
	return waiting > 0 || libssh2_channel_eof(c->lib) > 0;
}

static void notify(void *data)
{
	struct channel *c = data;
	unsigned events = 0;

	c->notified = false;
	if ((c->wanted & PRISM_LOOP_READ) && readable(c))
		events |= PRISM_LOOP_READ;
	if ((c->wanted & PRISM_LOOP_WRITE) && (c->state == OVER || c->out.len < OUT_MAX))
		events |= PRISM_LOOP_WRITE;
	if (events)
		net_stream_layer_ready(&c->stream, events);
}

static void notify_later(struct channel *c)
{
	if (c->notified || !c->stream.up)
		return;
	if (!((c->wanted & PRISM_LOOP_READ) && readable(c)) &&
	    !((c->wanted & PRISM_LOOP_WRITE) && (c->state == OVER || c->out.len < OUT_MAX)))
		return;
	c->notified = true;
	prism_loop_defer(c->stream.loop, notify, c);
}

static void connected(void *data)
{
	struct channel *c = data;

	prism_timer_remove(c->deadline);
	c->deadline = NULL;
	if (c->state == OVER) {
		struct prism_error err = c->error;

		net_stream_layer_connected(&c->stream, &err);
	} else {
		net_stream_layer_connected(&c->stream, NULL);
	}
}

static void fail(struct channel *c, const struct prism_error *err)
{
	bool was_open = c->state == OPEN;

	if (c->state == OVER)
		return;
	prism_error_copy(&c->error, err);
	c->state = OVER;
	c->lib = NULL;
	c->ssh = NULL;
	if (was_open && c->stream.up)
		notify_later(c);
	else if (!was_open)
		prism_loop_defer(c->stream.loop, connected, c);
}

/* ---- opening ---- */

static void opening_free(struct opening *o)
{
	if (o->channel)
		o->channel->opening = NULL;
	prism_buf_finish(&o->message);
	prism_free(o->command);
	prism_free(o);
}

static void open_refused(struct opening *o)
{
	struct channel *c = o->channel;
	struct prism_error err = PRISM_ERROR_INIT;
	char *text = NULL;
	const char *hop = net_tunnel_info(c->tunnel).hop;

	(void)libssh2_session_last_error(o->ssh->session, &text, NULL, 0);
	if (text && strstr(text, "prohibited")) {
		prism_error_raise(&err, PRISM_ERROR_DENIED, "%s does not allow a connection to %s:%u", hop,
		                  c->host ? c->host : "a command", (unsigned)c->port);
		prism_error_hint(&err, "its sshd_config has AllowTcpForwarding no, or a PermitOpen that "
		                       "leaves this target out");
	} else if (c->host && text && strstr(text, "connect failed")) {
		prism_error_raise(&err, PRISM_ERROR_IO, "%s cannot connect to %s:%u", hop, c->host,
		                  (unsigned)c->port);
		prism_error_hint(&err,
		                 "the name is looked up there; check it, the port, and that something "
		                 "listens");
	} else if (c->command && text && strstr(text, "Channel open failure")) {
		prism_error_raise(&err, PRISM_ERROR_DENIED, "%s opens no further session", hop);
		prism_error_hint(&err, "MaxSessions of its sshd_config counts commands and file transfers");
	} else {
		prism_error_raise(&err, PRISM_ERROR_IO, "%s: %s", hop, text ? text : "channel refused");
	}
	fail(c, &err);
}

/* Returns as a step does. */
static int begin_command(struct opening *o)
{
	int rc = libssh2_channel_process_startup(o->lib, "exec", 4, o->command,
	                                         (unsigned)strlen(o->command));

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return rc;
	if (rc && o->channel) {
		struct prism_error err = PRISM_ERROR_INIT;

		prism_error_raise(&err, PRISM_ERROR_DENIED, "%s runs no commands",
		                  net_tunnel_info(o->channel->tunnel).hop);
		fail(o->channel, &err);
	}
	if (rc) {
		net_ssh_orphan(o->ssh, o->lib);
		o->lib = NULL;
	}
	return 0;
}

static int open_begin(struct opening *o, LIBSSH2_SESSION *session)
{
	const char *type = o->command ? "session" : "direct-tcpip";

	o->begun = true;
	o->lib = libssh2_channel_open_ex(session, type, (unsigned)strlen(type), NET_SSH_WINDOW,
	                                 NET_SSH_PACKET, o->message.len ? o->message.data : NULL,
	                                 (unsigned)o->message.len);
	if (o->lib)
		return 0;
	if (libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN)
		return LIBSSH2_ERROR_EAGAIN;
	if (net_ssh_fatal(o->ssh, libssh2_session_last_errno(session)))
		return LIBSSH2_ERROR_SOCKET_RECV;
	if (o->channel)
		open_refused(o);
	return 0;
}

static int open_step(struct net_ssh_opening *opening, LIBSSH2_SESSION *session)
{
	struct opening *o = PRISM_CONTAINER(opening, struct opening, base);
	struct channel *c;

	if (!o->channel && !o->begun) {
		opening_free(o);
		return 0;
	}
	if (!o->lib && open_begin(o, session) == LIBSSH2_ERROR_EAGAIN)
		return LIBSSH2_ERROR_EAGAIN;
	if (o->lib && o->command && o->channel && begin_command(o) == LIBSSH2_ERROR_EAGAIN)
		return LIBSSH2_ERROR_EAGAIN;
	c = o->channel;
	if (o->lib && !c) {
		net_ssh_orphan(o->ssh, o->lib);
	} else if (o->lib) {
		c->lib = o->lib;
		c->state = OPEN;
		libssh2_channel_handle_extended_data2(c->lib, LIBSSH2_CHANNEL_EXTENDED_DATA_NORMAL);
		prism_loop_defer(c->stream.loop, connected, c);
	}
	opening_free(o);
	return 0;
}

static void open_drop(struct net_ssh_opening *opening)
{
	opening_free(PRISM_CONTAINER(opening, struct opening, base));
}

static void session_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                          const struct prism_error *err)
{
	struct channel *c = PRISM_CONTAINER(wait, struct channel, wait);
	struct opening *o;

	if (err) {
		fail(c, err);
		return;
	}
	c->ssh = ssh;
	c->state = OPENING;
	o = c->opening = prism_alloc(sizeof(*o));
	o->base.step = open_step;
	o->base.drop = open_drop;
	o->channel = c;
	o->ssh = ssh;
	o->command = prism_strdup(c->command);
	prism_buf_init(&o->message, 2048);
	if (!c->command) { /* RFC 4254 section 7.2; where we come from is nobody's business */
		net_ssh_put_text(&o->message, c->host);
		net_ssh_put_u32(&o->message, c->port);
		net_ssh_put_text(&o->message, "127.0.0.1");
		net_ssh_put_u32(&o->message, 0);
	}
	prism_list_append(&ssh->clients, &c->client.node);
	prism_list_append(&ssh->openings, &o->base.node);
	net_ssh_kick(ssh);
}

static void deadline_passed(void *data)
{
	struct channel *c = data;
	struct net_tunnel_info info = net_tunnel_info(c->tunnel);
	struct prism_error err = PRISM_ERROR_INIT;

	if (info.asking) {
		prism_timer_rearm(c->deadline, c->timeout_ms);
		return;
	}
	net_tunnel_unwait(&c->wait);
	if (c->state == WAITING) {
		net_tunnel_late(c->tunnel, c->timeout_ms, &err);
	} else {
		prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "%s did not reach %s:%u within %lld ms",
		                  info.hop, c->host ? c->host : "a command", (unsigned)c->port,
		                  (long long)c->timeout_ms);
		prism_error_hint(&err, "check the address and any firewall between the two");
	}
	struct net_ssh *stuck = c->opening ? c->ssh : NULL;
	struct net_tunnel *tunnel = c->tunnel;
	if (c->opening)
		c->opening->channel = NULL;
	c->opening = NULL;
	prism_list_remove(&c->client.node);
	fail(c, &err);
	/* libssh2 cannot take the open back, and until the bastion gives up no other is possible. */
	if (stuck && prism_list_empty(&stuck->clients))
		net_tunnel_reconnect(tunnel);
}

static void channel_connect(struct net_stream *s)
{
	struct channel *c = channel_of(s);

	if (c->timeout_ms > 0)
		c->deadline = prism_loop_add_timer(s->loop, c->timeout_ms, 0, deadline_passed, c);
	net_tunnel_await(c->tunnel, &c->wait);
}

/* ---- data ---- */

static void read_errors(struct channel *c)
{
	char bytes[1024];
	ssize_t got;

	while (c->command && (got = libssh2_channel_read_stderr(c->lib, bytes, sizeof(bytes))) > 0)
		if (c->errors.len + (size_t)got <= STDERR_MAX)
			prism_buf_put(&c->errors, bytes, (size_t)got);
}

static void send_out(struct channel *c)
{
	size_t sent = 0;

	while (sent < c->out.len && net_ssh_may_send(c->ssh)) {
		ssize_t n = libssh2_channel_write(c->lib, c->out.data + sent, c->out.len - sent);

		if (n <= 0) {
			(void)(n < 0 && net_ssh_fatal(c->ssh, (int)n));
			break;
		}
		sent += (size_t)n;
	}
	prism_buf_consume(&c->out, sent);
	if (c->eof_wanted && !c->eof_sent && !c->out.len)
		c->eof_sent = libssh2_channel_send_eof(c->lib) != LIBSSH2_ERROR_EAGAIN;
}

static void channel_turn(struct net_ssh_client *client)
{
	struct channel *c = PRISM_CONTAINER(client, struct channel, client);
	char nothing;

	if (c->state != OPEN)
		return;
	/* Pulls what came through libssh2; reads nothing. */
	ssize_t n = libssh2_channel_read(c->lib, &nothing, 0);
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && net_ssh_fatal(c->ssh, (int)n))
		return;
	read_errors(c);
	send_out(c);
	notify_later(c);
}

static void channel_broke(struct net_ssh_client *client, const struct prism_error *err)
{
	fail(PRISM_CONTAINER(client, struct channel, client), err);
}

static ssize_t channel_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	struct channel *c = channel_of(s);
	ssize_t got;

	if (c->state == OVER) {
		prism_error_copy(err, &c->error);
		return -1;
	}
	got = libssh2_channel_read(c->lib, buf, size);
	net_ssh_kick(c->ssh); /* a window may have to be told */
	if (got > 0)
		return got;
	if (got == 0 || libssh2_channel_eof(c->lib) > 0)
		return got == 0 && !libssh2_channel_eof(c->lib) ? NET_STREAM_AGAIN : 0;
	if (got == LIBSSH2_ERROR_EAGAIN)
		return NET_STREAM_AGAIN;
	(void)net_ssh_fatal(c->ssh, (int)got);
	return net_ssh_error(c->ssh, err, "reading through the tunnel");
}

static ssize_t channel_write(struct net_stream *s, const void *buf, size_t size,
                             struct prism_error *err)
{
	struct channel *c = channel_of(s);
	size_t room = OUT_MAX - c->out.len;

	if (c->state == OVER) {
		prism_error_copy(err, &c->error);
		return -1;
	}
	if (!room)
		return NET_STREAM_AGAIN;
	prism_buf_put(&c->out, buf, size < room ? size : room);
	net_ssh_kick(c->ssh);
	return (ssize_t)(size < room ? size : room);
}

static void channel_want(struct net_stream *s, unsigned events)
{
	struct channel *c = channel_of(s);

	c->wanted = events;
	if (c->state == OPEN || c->state == OVER)
		notify_later(c);
}

static void channel_shutdown(struct net_stream *s)
{
	struct channel *c = channel_of(s);

	c->eof_wanted = true;
	if (c->ssh)
		net_ssh_kick(c->ssh);
}

static void channel_describe(const struct net_stream *s, struct prism_buf *out)
{
	const struct channel *c = (const struct channel *)s; /* the stream is its first member */
	const char *name = net_tunnel_info(c->tunnel).name;

	if (c->command)
		prism_buf_printf(out, "command via %s", name);
	else
		prism_buf_printf(out, strchr(c->host, ':') ? "[%s]:%u via %s" : "%s:%u via %s", c->host,
		                 (unsigned)c->port, name);
}

static void channel_destroy(struct net_stream *s)
{
	struct channel *c = channel_of(s);

	net_tunnel_unwait(&c->wait);
	prism_list_remove(&c->client.node);
	if (c->opening)
		c->opening->channel = NULL;
	if (c->lib && c->state == OPEN)
		net_ssh_orphan(c->ssh, c->lib);
	prism_loop_undefer(s->loop, notify, c);
	prism_loop_undefer(s->loop, connected, c);
	prism_timer_remove(c->deadline);
	prism_buf_wipe(&c->out);
	prism_buf_finish(&c->errors);
	prism_free(c->host);
	prism_free(c->command);
	prism_free(c);
}

static const struct net_stream_ops channel_ops = {
    .name = "ssh",
    .connect = channel_connect,
    .read = channel_read,
    .write = channel_write,
    .want = channel_want,
    .shutdown_write = channel_shutdown,
    .describe = channel_describe,
    .destroy = channel_destroy,
};

static struct channel *channel_create(struct net_tunnel *tunnel, int64_t timeout_ms)
{
	struct channel *c = prism_alloc(sizeof(*c));

	net_stream_init(&c->stream, &channel_ops, net_tunnel_loop(tunnel), NULL);
	c->tunnel = tunnel;
	c->timeout_ms = timeout_ms;
	c->wait.ready = session_ready;
	c->client =
	    (struct net_ssh_client){.turn = channel_turn, .broke = channel_broke, .counts = true};
	c->status = -1;
	prism_buf_init(&c->out, OUT_MAX);
	prism_buf_init(&c->errors, STDERR_MAX);
	return c;
}

struct net_stream *net_stream_ssh_create(struct net_tunnel *tunnel, const char *host, uint16_t port,
                                         int64_t timeout_ms)
{
	struct channel *c = channel_create(tunnel, timeout_ms);
	size_t len = strlen(host);
	bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';

	c->host = bracketed ? prism_strndup(host + 1, len - 2) : prism_strdup(host);
	c->port = port;
	return &c->stream;
}

struct net_stream *net_stream_ssh_exec(struct net_tunnel *tunnel, const char *command,
                                       int64_t timeout_ms)
{
	struct channel *c = channel_create(tunnel, timeout_ms);

	c->command = prism_strdup(command);
	return &c->stream;
}

int net_stream_ssh_status(struct net_stream *s, const char **ret_stderr)
{
	struct channel *c = channel_of(s);

	*ret_stderr = prism_buf_text(&c->errors);
	/* The status comes between the end of the output and the end of the channel. */
	if (c->state != OPEN || !libssh2_channel_eof(c->lib) ||
	    libssh2_channel_wait_closed(c->lib) == LIBSSH2_ERROR_EAGAIN)
		return -1;
	return libssh2_channel_get_exit_status(c->lib);
}
