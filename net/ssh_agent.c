/*
 * ssh-agent's protocol over its UNIX socket: a request is one length-prefixed message, and so is
 * its answer.
 */
#include "net/ssh_agent.h"

#include "base/mem.h"
#include "net/ssh_wire.h"
#include "net/stream_tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (256u << 10) /* OpenSSH's own limit (authfd.h) */

enum { /* draft-miller-ssh-agent section 5.1 */
	   FAILURE = 5,
	   REQUEST_IDENTITIES = 11,
	   IDENTITIES_ANSWER = 12,
	   SIGN_REQUEST = 13,
	   SIGN_RESPONSE = 14,
	   FLAG_RSA_SHA2_512 = 4
};

struct net_ssh_agent {
	struct net_stream *stream;
	bool up;
	struct prism_buf out, in;
	void (*listed)(void *data, const struct net_ssh_agent_key *keys, size_t count,
	               const struct prism_error *err);
	void (*did_sign)(void *data, const void *signature, size_t len, const struct prism_error *err);
	void *data;
};

static void deliver_list(struct net_ssh_agent *agent, struct net_ssh_reader *r,
                         const struct prism_error *err)
{
	struct net_ssh_agent_key keys[NET_SSH_AGENT_KEYS_MAX];
	char *comments[NET_SSH_AGENT_KEYS_MAX];
	size_t count = err ? 0 : net_ssh_read_u32(r), got = 0;
	void (*done)(void *, const struct net_ssh_agent_key *, size_t, const struct prism_error *) =
	    agent->listed;

	agent->listed = NULL;
	for (size_t i = 0; i < count && i < NET_SSH_AGENT_KEYS_MAX && !r->bad; i++) {
		struct net_ssh_string blob = net_ssh_read_string(r), comment = net_ssh_read_string(r);

		if (r->bad)
			break;
		comments[got] = net_ssh_string_text(comment);
		keys[got] = (struct net_ssh_agent_key){blob.data, blob.len, comments[got]};
		got++;
	}
	done(agent->data, keys, got, err);
	while (got)
		prism_free(comments[--got]);
}

static void deliver_signature(struct net_ssh_agent *agent, struct net_ssh_reader *r,
                              const struct prism_error *err)
{
	struct net_ssh_string whole = {0}, inner = {0};
	struct prism_error bad = PRISM_ERROR_INIT;
	void (*done)(void *, const void *, size_t, const struct prism_error *) = agent->did_sign;

	agent->did_sign = NULL;
	if (!err) {
		struct net_ssh_reader parts;

		whole = net_ssh_read_string(r);
		parts = net_ssh_reader(whole.data, whole.len);
		(void)net_ssh_read_string(&parts); /* the algorithm's name: it is the one asked for */
		inner = net_ssh_read_string(&parts);
		if (r->bad || parts.bad) {
			prism_error_raise(&bad, PRISM_ERROR_PROTOCOL, "ssh-agent's answer is damaged");
			err = &bad;
		}
	}
	done(agent->data, inner.data, inner.len, err);
}

/* The last thing its caller does: the callback may close the agent. */
static void deliver(struct net_ssh_agent *agent, struct net_ssh_reader *r,
                    const struct prism_error *err)
{
	if (agent->listed)
		deliver_list(agent, r, err);
	else if (agent->did_sign)
		deliver_signature(agent, r, err);
}

static void answer_arrived(struct net_ssh_agent *agent)
{
	struct net_ssh_reader r = net_ssh_reader(agent->in.data, agent->in.len);
	struct prism_error err = PRISM_ERROR_INIT;
	uint32_t len = net_ssh_read_u32(&r);
	uint8_t kind;

	if (r.bad || agent->in.len - 4 < len)
		return;
	kind = net_ssh_read_byte(&r);
	/* The bytes must outlive the callback, which may send the next request. */
	struct prism_buf message = agent->in;
	prism_buf_init(&agent->in, MESSAGE_MAX + 4);
	net_stream_want(agent->stream, 0);
	if (kind != (agent->listed ? IDENTITIES_ANSWER : SIGN_RESPONSE)) {
		prism_error_raise(&err, PRISM_ERROR_AUTH, "ssh-agent refused%s",
		                  agent->listed ? "" : " to sign");
		deliver(agent, &r, &err);
	} else {
		deliver(agent, &r, NULL);
	}
	prism_buf_finish(&message);
}

static void pump(struct net_ssh_agent *agent)
{
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t bytes[4096];
	ssize_t n = 1;

	while (agent->out.len &&
	       (n = net_stream_write(agent->stream, agent->out.data, agent->out.len, &err)) > 0)
		prism_buf_consume(&agent->out, (size_t)n);
	if (n >= 0 || n == NET_STREAM_AGAIN)
		while ((n = net_stream_read(agent->stream, bytes, sizeof(bytes), &err)) > 0)
			if (prism_buf_append(&agent->in, bytes, (size_t)n, &err) < 0) {
				n = -1;
				break;
			}
	if (n == 0)
		prism_error_raise(&err, PRISM_ERROR_IO, "ssh-agent closed the connection");
	if (n == NET_STREAM_AGAIN) {
		net_stream_want(agent->stream, PRISM_LOOP_READ | (agent->out.len ? PRISM_LOOP_WRITE : 0u));
		answer_arrived(agent);
		return;
	}
	net_stream_want(agent->stream, 0);
	deliver(agent, NULL, &err);
}

static void ready(void *data, unsigned events)
{
	PRISM_UNUSED(events);
	pump(data);
}

static void connected(void *data, const struct prism_error *err)
{
	struct net_ssh_agent *agent = data;

	agent->up = !err;
	if (err)
		deliver(agent, NULL, err);
	else if (agent->out.len)
		pump(agent);
}

struct net_ssh_agent *net_ssh_agent_open(struct prism_loop *loop, const char *socket_path,
                                         struct prism_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct net_ssh_agent *agent;
	int fd;

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the path of ssh-agent's socket is too long");
		return NULL;
	}
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A UNIX socket connects at once, or fails: there is nothing to wait for. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		prism_error_errno(err, errno, "ssh-agent at %s", socket_path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	agent = prism_alloc(sizeof(*agent));
	prism_buf_init(&agent->out, MESSAGE_MAX + 4);
	prism_buf_init(&agent->in, MESSAGE_MAX + 4);
	agent->stream = net_stream_fd_create(loop, fd);
	net_stream_connect(agent->stream, connected, ready, agent);
	return agent;
}

void net_ssh_agent_close(struct net_ssh_agent *agent)
{
	if (!agent)
		return;
	net_stream_destroy(agent->stream);
	prism_buf_finish(&agent->out);
	prism_buf_finish(&agent->in);
	prism_free(agent);
}

static void request(struct net_ssh_agent *agent, const struct prism_buf *message)
{
	net_ssh_put_string(&agent->out, message->data, message->len);
	if (agent->up)
		net_stream_want(agent->stream, PRISM_LOOP_READ | PRISM_LOOP_WRITE);
}

void net_ssh_agent_list(struct net_ssh_agent *agent,
                        void (*done)(void *data, const struct net_ssh_agent_key *keys, size_t count,
                                     const struct prism_error *err),
                        void *data)
{
	PRISM_AUTO_BUF struct prism_buf message = PRISM_BUF_INIT(16);

	agent->listed = done;
	agent->data = data;
	prism_buf_putc(&message, REQUEST_IDENTITIES);
	request(agent, &message);
}

void net_ssh_agent_sign(struct net_ssh_agent *agent, const void *blob, size_t blob_len,
                        const void *bytes, size_t len,
                        void (*done)(void *data, const void *signature, size_t signature_len,
                                     const struct prism_error *err),
                        void *data)
{
	PRISM_AUTO_BUF struct prism_buf message = PRISM_BUF_INIT(MESSAGE_MAX);

	agent->did_sign = done;
	agent->data = data;
	prism_buf_putc(&message, SIGN_REQUEST);
	net_ssh_put_string(&message, blob, blob_len);
	net_ssh_put_string(&message, bytes, len);
	net_ssh_put_u32(&message, FLAG_RSA_SHA2_512);
	request(agent, &message);
}
