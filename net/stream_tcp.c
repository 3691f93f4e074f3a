/*
 * The bottom of a chain: sockets.  Owns name lookup, the race over addresses, and reading and
 * writing a descriptor.  What travels in the bytes is the business of the layers above.
 *
 * Connecting:
 *
 *   lookup (a literal address skips it) -> race -> up
 *        \________________________________\-> failed
 *
 * Race (RFC 8305 section 5): attempt i starts when attempt i-1 has failed or NET_TCP_RACE_MS have
 * passed; the first that connects wins and the others are closed.  One deadline covers lookup and
 * race.  When all fail the error is that of the first, which is the address the resolver likes
 * best.
 *
 * A lookup that already runs cannot be interrupted (base/work.h): it outlives the stream, and
 * its result is dropped.
 */
#include "net/stream_tcp.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESSES_MAX 16 /* stops a resolver answer that would have us dial half the world */
#define HOST_MAX 255     /* RFC 1035 section 2.3.4 */

struct tcp;

struct attempt {
	struct tcp *tcp;
	int fd; /* -1: not started, or over */
	struct prism_fd *watch;
};

struct lookup {      /* owned by the worker queue until its done call */
	struct tcp *tcp; /* NULL once the stream is gone */
	char *host;
	char service[8];
	bool numeric_only;
	int result;
	struct addrinfo *list;
};

struct tcp {
	struct net_stream stream;
	struct prism_work *work;
	char *peer; /* "host:port", for people */
	char *host;
	uint16_t port;
	int64_t timeout_ms;
	struct lookup *lookup;
	struct addrinfo *addresses, *next;
	struct attempt attempts[ADDRESSES_MAX];
	unsigned started, open;
	struct prism_timer *race_timer, *deadline;
	struct prism_error first_error; /* of the first attempt that failed */
	int fd;
	struct prism_fd *watch;
	unsigned wanted;
};

static struct tcp *tcp_of(struct net_stream *s)
{
	return PRISM_CONTAINER(s, struct tcp, stream);
}

static void attempt_close(struct attempt *attempt)
{
	if (attempt->fd < 0)
		return;
	prism_fd_remove(attempt->watch);
	attempt->watch = NULL;
	close(attempt->fd);
	attempt->fd = -1;
	attempt->tcp->open--;
}

static void connecting_finish(struct tcp *tcp)
{
	for (unsigned i = 0; i < tcp->started; i++)
		attempt_close(&tcp->attempts[i]);
	prism_timer_remove(tcp->race_timer);
	prism_timer_remove(tcp->deadline);
	tcp->race_timer = tcp->deadline = NULL;
	if (tcp->lookup)
		tcp->lookup->tcp = NULL;
	tcp->lookup = NULL;
	if (tcp->addresses)
		freeaddrinfo(tcp->addresses);
	tcp->addresses = tcp->next = NULL;
}

static void tcp_failed(struct tcp *tcp, struct prism_error *err)
{
	connecting_finish(tcp);
	snprintf(err->peer, sizeof(err->peer), "%s", tcp->peer);
	net_stream_layer_connected(&tcp->stream, err);
}

static void socket_tune(int fd)
{
	int on = 1;
	/* Not fatal: a UNIX socket has neither. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static void fd_ready(void *data, int fd, unsigned events)
{
	struct tcp *tcp = data;
	/* A hang-up is told to whoever waits, so that the next read or write names the reason. */
	if (events & PRISM_LOOP_HANGUP)
		events |= tcp->wanted;
	events &= tcp->wanted;
	if (events)
		net_stream_layer_ready(&tcp->stream, events);
}

static void attempt_won(struct attempt *attempt)
{
	struct tcp *tcp = attempt->tcp;
	tcp->fd = attempt->fd;
	prism_fd_remove(attempt->watch);
	attempt->watch = NULL;
	attempt->fd = -1;
	tcp->open--;
	connecting_finish(tcp);
	socket_tune(tcp->fd);
	net_stream_layer_connected(&tcp->stream, NULL);
}

static void race_step(void *data);

static void attempt_failed(struct attempt *attempt, int errnum)
{
	struct tcp *tcp = attempt->tcp;
	attempt_close(attempt);
	if (tcp->first_error.category == PRISM_ERROR_NONE) {
		prism_error_errno(&tcp->first_error, errnum, NET_TCP_CONNECT_WORDS "%s", tcp->peer);
		if (errnum == ECONNREFUSED)
			prism_error_hint(&tcp->first_error,
			                 "nothing listens there: check the address and the port");
		else if (errnum == ENETUNREACH || errnum == EHOSTUNREACH)
			prism_error_hint(&tcp->first_error, "check the address and the network connection");
	}
}

static void attempt_ready(void *data, int fd, unsigned events)
{
	struct attempt *attempt = data;
	int errnum = 0;
	socklen_t len = sizeof(errnum);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) < 0)
		errnum = errno;
	if (!errnum) {
		attempt_won(attempt);
		return;
	}
	struct tcp *tcp = attempt->tcp;
	attempt_failed(attempt, errnum);
	race_step(tcp);
}

/* 1: connected at once, 0: under way, -1: failed. */
static int attempt_start(struct attempt *attempt, const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		attempt_failed(attempt, errno);
		return -1;
	}
	attempt->fd = fd;
	attempt->tcp->open++;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return 1;
	if (errno != EINPROGRESS) {
		attempt_failed(attempt, errno);
		return -1;
	}
	attempt->watch =
	    prism_loop_add_fd(attempt->tcp->stream.loop, fd, PRISM_LOOP_WRITE, attempt_ready, attempt);
	return 0;
}

/* Starts the next attempt; also the race timer's call. */
static void race_step(void *data)
{
	struct tcp *tcp = data;
	while (tcp->next && tcp->started < ADDRESSES_MAX) {
		const struct addrinfo *address = tcp->next;
		tcp->next = tcp->next->ai_next;
		struct attempt *attempt = &tcp->attempts[tcp->started++];
		*attempt = (struct attempt){.tcp = tcp, .fd = -1};
		int begun = attempt_start(attempt, address);
		if (begun > 0) {
			attempt_won(attempt);
			return;
		}
		if (begun == 0) {
			prism_timer_rearm(tcp->race_timer, NET_TCP_RACE_MS);
			return;
		}
	}
	if (tcp->open == 0) {
		struct prism_error err = tcp->first_error;
		tcp_failed(tcp, &err);
	}
}

static void race_begin(struct tcp *tcp, struct addrinfo *list)
{
	tcp->addresses = tcp->next = list;
	tcp->race_timer = prism_loop_add_timer(tcp->stream.loop, NET_TCP_RACE_MS, 0, race_step, tcp);
	race_step(tcp);
}

static void lookup_run(void *data)
{
	struct lookup *lookup = data;
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV | (lookup->numeric_only ? AI_NUMERICHOST : AI_ADDRCONFIG),
	};
	lookup->result = getaddrinfo(lookup->host, lookup->service, &hints, &lookup->list);
}

static void lookup_free(struct lookup *lookup)
{
	if (lookup->list)
		freeaddrinfo(lookup->list);
	prism_free(lookup->host);
	prism_free(lookup);
}

static void lookup_failed(struct tcp *tcp, int result)
{
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_IO, "cannot look up %s: %s", tcp->host,
	                  gai_strerror(result));
	prism_error_hint(&err, result == EAI_AGAIN ? "check the network connection and the DNS settings"
	                                           : "check the spelling of the host name");
	tcp_failed(tcp, &err);
}

static void lookup_done(void *data, bool cancelled)
{
	struct lookup *lookup = data;
	struct tcp *tcp = lookup->tcp;
	int result = cancelled ? EAI_AGAIN : lookup->result;
	struct addrinfo *list = lookup->list;
	if (tcp) {
		tcp->lookup = NULL;
		lookup->list = NULL;
	}
	lookup_free(lookup);
	if (!tcp)
		return;
	if (result != 0 || !list)
		lookup_failed(tcp, result ? result : EAI_NONAME);
	else
		race_begin(tcp, list);
}

static void deadline_passed(void *data)
{
	struct tcp *tcp = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "%s did not answer within %lld ms", tcp->peer,
	                  (long long)tcp->timeout_ms);
	prism_error_hint(&err, "check the address, the port and any firewall between");
	tcp_failed(tcp, &err);
}

static struct lookup *lookup_create(struct tcp *tcp, bool numeric_only)
{
	struct lookup *lookup = prism_alloc(sizeof(*lookup));
	lookup->tcp = tcp;
	lookup->host = prism_strdup(tcp->host);
	lookup->numeric_only = numeric_only;
	snprintf(lookup->service, sizeof(lookup->service), "%u", (unsigned)tcp->port);
	return lookup;
}

static void connect_begin(void *data)
{
	struct tcp *tcp = data;
	if (tcp->timeout_ms > 0)
		tcp->deadline =
		    prism_loop_add_timer(tcp->stream.loop, tcp->timeout_ms, 0, deadline_passed, tcp);
	/* A literal address needs no worker: AI_NUMERICHOST never asks the network. */
	struct lookup *literal = lookup_create(tcp, true);
	lookup_run(literal);
	if (literal->result == 0) {
		lookup_done(literal, false);
		return;
	}
	lookup_free(literal);
	tcp->lookup = lookup_create(tcp, false);
	prism_work_submit(tcp->work, NULL, lookup_run, lookup_done, tcp->lookup);
}

static void tcp_connect(struct net_stream *s)
{
	prism_loop_defer(s->loop, connect_begin, tcp_of(s));
}

static ssize_t tcp_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	ssize_t got;
	do
		got = recv(tcp_of(s)->fd, buf, size, 0);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return NET_STREAM_AGAIN;
	return prism_error_errno(err, errno, "the connection to %s broke", tcp_of(s)->peer);
}

static ssize_t tcp_write(struct net_stream *s, const void *buf, size_t size,
                         struct prism_error *err)
{
	ssize_t put;
	do
		put = send(tcp_of(s)->fd, buf, size, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put >= 0)
		return put;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return NET_STREAM_AGAIN;
	return prism_error_errno(err, errno, "the connection to %s broke", tcp_of(s)->peer);
}

/* With nothing wanted there is no watch at all: poll(2) would report a hang-up for ever. */
static void tcp_want(struct net_stream *s, unsigned events)
{
	struct tcp *tcp = tcp_of(s);
	if (tcp->fd < 0 || events == tcp->wanted)
		return;
	tcp->wanted = events;
	if (!events) {
		prism_fd_remove(tcp->watch);
		tcp->watch = NULL;
	} else if (tcp->watch) {
		prism_fd_set_events(tcp->watch, events);
	} else {
		tcp->watch = prism_loop_add_fd(s->loop, tcp->fd, events, fd_ready, tcp);
	}
}

static void tcp_shutdown_write(struct net_stream *s)
{
	(void)shutdown(tcp_of(s)->fd, SHUT_WR); /* a connection already gone needs no goodbye */
}

static void tcp_describe(const struct net_stream *s, struct prism_buf *out)
{
	const struct tcp *tcp = (const struct tcp *)s; /* the stream is its first member */
	prism_buf_printf(out, "TCP %s", tcp->peer);
}

static void tcp_destroy(struct net_stream *s)
{
	struct tcp *tcp = tcp_of(s);
	prism_loop_undefer(s->loop, connect_begin, tcp);
	connecting_finish(tcp);
	prism_fd_remove(tcp->watch);
	if (tcp->fd >= 0)
		close(tcp->fd);
	prism_free(tcp->host);
	prism_free(tcp->peer);
	prism_free(tcp);
}

static const struct net_stream_ops tcp_ops = {
    .name = "tcp",
    .connect = tcp_connect,
    .read = tcp_read,
    .write = tcp_write,
    .want = tcp_want,
    .shutdown_write = tcp_shutdown_write,
    .describe = tcp_describe,
    .destroy = tcp_destroy,
};

/* The same layer over a descriptor that is already connected. */
static const struct net_stream_ops fd_ops = {
    .name = "tcp",
    .read = tcp_read,
    .write = tcp_write,
    .want = tcp_want,
    .shutdown_write = tcp_shutdown_write,
    .describe = tcp_describe,
    .destroy = tcp_destroy,
};

static char *peer_text(const char *host, uint16_t port)
{
	return prism_asprintf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
}

struct net_stream *net_stream_tcp_create(struct prism_loop *loop, struct prism_work *work,
                                         const char *host, uint16_t port, int64_t timeout_ms)
{
	assert(port > 0);
	struct tcp *tcp = prism_alloc(sizeof(*tcp));
	net_stream_init(&tcp->stream, &tcp_ops, loop, NULL);
	tcp->work = work;
	size_t len = strlen(host);
	bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
	tcp->host = bracketed ? prism_strndup(host + 1, len - 2) : prism_strdup(host);
	tcp->port = port;
	tcp->peer = peer_text(tcp->host, port);
	tcp->timeout_ms = timeout_ms;
	tcp->fd = -1;
	return &tcp->stream;
}

struct net_stream *net_stream_fd_create(struct prism_loop *loop, int fd)
{
	struct tcp *tcp = prism_alloc(sizeof(*tcp));
	net_stream_init(&tcp->stream, &fd_ops, loop, NULL);
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	socket_tune(fd);
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST], service[NI_MAXSERV];
	bool named = getpeername(fd, (struct sockaddr *)&address, &len) == 0 &&
	             (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
	             getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), service,
	                         sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) == 0;
	tcp->peer = named ? prism_asprintf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, service)
	                  : prism_strdup("local peer");
	tcp->fd = fd;
	return &tcp->stream;
}

/* Splits "host:port" and "[v6]:port"; *ret_port_text is NULL when no port is written. */
static bool address_split(const char *text, const char **ret_host, size_t *ret_len,
                          const char **ret_port_text)
{
	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (!close || (close[1] != '\0' && close[1] != ':'))
			return false;
		*ret_host = text + 1;
		*ret_len = (size_t)(close - text) - 1;
		*ret_port_text = close[1] == ':' ? close + 2 : NULL;
		return true;
	}
	const char *colon = strchr(text, ':');
	if (colon && strchr(colon + 1, ':'))
		return false; /* an IPv6 address without brackets: where its port begins is a guess */
	*ret_host = text;
	*ret_len = colon ? (size_t)(colon - text) : strlen(text);
	*ret_port_text = colon ? colon + 1 : NULL;
	return true;
}

int net_address_parse(const char *text, uint16_t fallback_port, char **ret_host, uint16_t *ret_port,
                      struct prism_error *err)
{
	const char *host, *port_text;
	size_t len;
	uint64_t port = fallback_port;
	if (!address_split(text, &host, &len, &port_text)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.200s\" is not an address", text);
		prism_error_hint(err, "write host:port, or [address]:port for IPv6");
		return -1;
	}
	if (len == 0 || len > HOST_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.200s\" names no host", text);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)host[i] <= ' ' || host[i] == '/' || host[i] == '@' || host[i] == 0x7f)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.200s\" is not a host name",
			                         text);
	if (port_text && prism_text_parse_u64(port_text, UINT16_MAX, &port, NULL) < 0)
		port = 0;
	if (port == 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.200s\" has no usable port", text);
		prism_error_hint(err, "a port is a number from 1 to 65535");
		return -1;
	}
	*ret_host = prism_strndup(host, len);
	*ret_port = (uint16_t)port;
	return 0;
}
