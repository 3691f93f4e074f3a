/*
 * Owns: the multi handle, its sockets and its timer on our loop, and each transfer's life.
 * Leaves to others: what failures mean to people (net/http_error.c), JSON, tokens and retries
 * (core).
 *
 * A request's life:
 *
 *     start ── waits ── added to the multi ──► finished (libcurl reports it) ──┐
 *                │               │                                               ├─► deliver:
 * done(), └───────────────┴──── abort / cancel token / cap exceeded ──────┘   freed
 *
 * It waits when its host has no connection to spare (net/http_queue.h).
 *
 * `deliver` is always a deferred call: user callbacks never run below libcurl, so they may start,
 * abort or destroy whatever they like.  The exceptions are on_chunk and on_progress, which run
 * inside libcurl's write callback and may abort but not destroy the engine.
 */
#include "net/http.h"

#include "base/list.h"
#include "base/log.h"
#include "base/text.h"
#include "net/curl_memory.h"
#include "net/http_error.h"
#include "net/http_queue.h"
#include "net/tunnel.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#define DEFAULT_TIMEOUT_MS 30000
#define KEEPALIVE_IDLE_S 30 /* shorter than the state of common NAT boxes lives */
#define KEEPALIVE_INTERVAL_S 10
#define SILENT_MS 20000 /* bytes sent and not acknowledged for so long: the connection is dead */
#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_CONNECTIONS 6
#define HEADERS_CAP 262144 /* stops a server that sends headers without end */

struct net_http {
	struct prism_loop *loop;
	CURLM *multi; /* NULL until the first request */
	struct prism_timer *timer;
	struct prism_list requests;
	unsigned in_flight;
	bool had_connection, closing;
	char *ca_file, *user_agent, *no_proxy;
	int64_t connect_timeout_ms;
	unsigned max_connections;
	struct net_http_queue queue;
	char *good_origin; /* of the last URL that was looked at and found good */
	/* Date header of the last answer, and what it says: the next answer mostly has the same. */
	char date[64];
	int64_t date_us;
};

struct net_http_request {
	struct prism_list node;
	struct net_http *http;
	CURL *easy;
	bool added, delivering;
	struct net_http_place place;
	struct prism_timer *patience; /* while it waits for its place */
	struct net_http_spec spec; /* strings inside are not valid after start; see the copies below */
	char *url, *body;
	const char *gate; /* UNIX socket of the tunnel; NULL: direct */
	size_t body_len;
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
	struct prism_buf received;
	uint64_t received_total, cap;
	size_t header_bytes;
	char *content_type, *location, *hx_location, *retry_after;
	int64_t server_date_us, started_ms;
	CURLcode code;
	bool asked;               /* a connection was given the request */
	struct prism_error error; /* ours: cancelled, cap, refused chunk; wins over libcurl's */
	struct prism_cancel_hook hook;
};

static const char *const method_words[NET_HTTP_METHOD_COUNT] = {
    [NET_HTTP_GET] = "GET",     [NET_HTTP_POST] = "POST",     [NET_HTTP_PUT] = "PUT",
    [NET_HTTP_PATCH] = "PATCH", [NET_HTTP_DELETE] = "DELETE",
};

const char *net_http_method_word(enum net_http_method method)
{
	return method < NET_HTTP_METHOD_COUNT ? method_words[method] : "?";
}

/* ---- the engine on the loop ---- */

static void deliver(void *data);

static void schedule_delivery(struct net_http_request *r)
{
	if (r->delivering)
		return;
	r->delivering = true;
	prism_loop_defer(r->http->loop, deliver, r);
}

static void collect_finished(struct net_http *http)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left))) {
		char *pointer = NULL;
		struct net_http_request *r;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &pointer);
		r = (struct net_http_request *)(void *)pointer;
		r->code = msg->data.result;
		schedule_delivery(r);
	}
}

static void act(struct net_http *http, curl_socket_t socket, int bits)
{
	int running;

	(void)curl_multi_socket_action(http->multi, socket, bits, &running);
	collect_finished(http);
}

static void on_socket_ready(void *data, int fd, unsigned events)
{
	int bits = 0;

	if (events & PRISM_LOOP_READ)
		bits |= CURL_CSELECT_IN;
	if (events & PRISM_LOOP_WRITE)
		bits |= CURL_CSELECT_OUT;
	if (events & PRISM_LOOP_HANGUP)
		bits |= CURL_CSELECT_ERR;
	act(data, fd, bits);
}

static void on_timer(void *data)
{
	act(data, CURL_SOCKET_TIMEOUT, 0);
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct net_http *http = data;
	struct prism_fd *watch = socket_data;
	unsigned events = 0;

	if (what == CURL_POLL_REMOVE) {
		prism_fd_remove(watch);
		(void)curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= PRISM_LOOP_READ;
	if (what & CURL_POLL_OUT)
		events |= PRISM_LOOP_WRITE;
	if (watch) {
		prism_fd_set_events(watch, events);
		return 0;
	}
	watch = prism_loop_add_fd(http->loop, fd, events, on_socket_ready, http);
	(void)curl_multi_assign(http->multi, fd, watch);
	return 0;
}

static int timer_changed(CURLM *multi, long timeout_ms, void *data)
{
	struct net_http *http = data;

	if (timeout_ms < 0) {
		prism_timer_remove(http->timer);
		http->timer = NULL;
	} else if (http->timer) {
		prism_timer_rearm(http->timer, timeout_ms);
	} else {
		http->timer = prism_loop_add_timer(http->loop, timeout_ms, 0, on_timer, http);
	}
	return 0;
}

/* Loopback never goes through a proxy: what answers there would be the proxy's own host. */
static char *no_proxy_list(void)
{
	const char *env = getenv("no_proxy");

	if (!env)
		env = getenv("NO_PROXY");
	return prism_asprintf("localhost,127.0.0.1,::1%s%s", env && *env ? "," : "", env ? env : "");
}

static int engine_open(struct net_http *http, struct prism_error *err)
{
	if (http->multi)
		return 0;
	if (net_curl_init() != CURLE_OK) /* counted; see net_http_destroy() */
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "libcurl cannot be initialised");
	http->multi = curl_multi_init();
	if (!http->multi) {
		curl_global_cleanup();
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "libcurl has no multi handle");
	}
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)http->max_connections);
	http->no_proxy = no_proxy_list();
	return 0;
}

struct net_http *net_http_create(struct prism_loop *loop, const struct net_http_config *config)
{
	struct net_http *http = prism_alloc(sizeof(*http));

	http->loop = loop;
	prism_list_init(&http->requests);
	http->ca_file = prism_strdup(config->ca_file);
	http->user_agent = prism_strdup(config->user_agent);
	http->connect_timeout_ms =
	    config->connect_timeout_ms > 0 ? config->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	http->max_connections = config->max_connections ? config->max_connections : DEFAULT_CONNECTIONS;
	net_http_queue_init(&http->queue, http->max_connections);
	return http;
}

/* ---- one request ---- */

/* Takes the request out of libcurl and the loop; what it received stays readable. */
static void request_detach(struct net_http_request *r)
{
	struct net_http *http = r->http;

	if (!http)
		return;
	prism_loop_undefer(http->loop, deliver, r);
	prism_cancel_remove(&r->hook);
	prism_list_remove(&r->node);
	http->in_flight--;
	prism_timer_remove(r->patience);
	r->patience = NULL;
	if (r->added)
		(void)curl_multi_remove_handle(http->multi, r->easy);
	curl_easy_cleanup(r->easy);
	r->easy = NULL;
	r->http = NULL;
	net_http_queue_leave(&http->queue, &r->place);
}

static void request_free(struct net_http_request *r)
{
	request_detach(r);
	for (struct curl_slist *line = r->headers; line; line = line->next)
		prism_wipe(line->data, strlen(line->data)); /* may hold the bearer token */
	curl_slist_free_all(r->headers);
	if (r->body)
		prism_wipe(r->body, r->body_len); /* may hold a password */
	prism_free(r->body);
	prism_free(r->url);
	prism_free(r->content_type);
	prism_free(r->location);
	prism_free(r->hx_location);
	prism_free(r->retry_after);
	prism_buf_wipe(&r->received); /* may hold tokens */
	prism_free(r);
}

void net_http_destroy(struct net_http *http)
{
	if (!http)
		return;
	http->closing = true;
	PRISM_LIST_EACH (&http->requests, node, next)
		request_free(PRISM_CONTAINER(node, struct net_http_request, node));
	if (http->multi) {
		(void)curl_multi_cleanup(http->multi);
		curl_global_cleanup();
	}
	net_http_queue_finish(&http->queue);
	prism_timer_remove(http->timer);
	prism_free(http->good_origin);
	prism_free(http->ca_file);
	prism_free(http->user_agent);
	prism_free(http->no_proxy);
	prism_free(http);
}

static void describe_failure(struct net_http_request *r, int64_t waited_ms, struct prism_error *err)
{
	struct net_http_failure f = {
	    .code = (int)r->code,
	    .detail = r->detail,
	    .url = r->url,
	    .ca_file = r->http->ca_file,
	    .waited_ms = waited_ms,
	    .received = r->received_total,
	};
	curl_off_t ready_to_send = 0;

	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &f.os_errno);
	curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &f.verify_result);
	curl_easy_getinfo(r->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_to_send);
	f.connected = ready_to_send > 0;
	(void)net_http_error(err, &f);
	/* libcurl saw a socket that closed; the tunnel knows why. */
	if (r->gate && (err->category == PRISM_ERROR_IO || err->category == PRISM_ERROR_TIMEOUT ||
	                r->code == CURLE_SSL_CONNECT_ERROR))
		(void)net_tunnel_explain(r->spec.tunnel, r->gate, err);
}

static const char *http_version(CURL *easy)
{
	long version = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	switch (version) {
	case CURL_HTTP_VERSION_1_0:
		return "1.0";
	case CURL_HTTP_VERSION_2_0:
		return "2";
	case CURL_HTTP_VERSION_3:
		return "3";
	default:
		return "1.1";
	}
}

static void deliver(void *data)
{
	struct net_http_request *r = data;
	struct net_http_spec spec = r->spec;
	struct net_http_response response = {
	    .content_type = r->content_type ? r->content_type : "",
	    .body = prism_buf_text(&r->received),
	    .body_len = r->received.len,
	    .elapsed_ms = prism_clock_mono_ms(prism_loop_clock(r->http->loop)) - r->started_ms,
	    .http_version = http_version(r->easy),
	    .location = r->location ? r->location : "",
	    .hx_location = r->hx_location ? r->hx_location : "",
	    .retry_after = r->retry_after ? r->retry_after : "",
	    .server_date_us = r->server_date_us,
	};
	struct prism_error err = PRISM_ERROR_INIT;
	curl_off_t connected = 0;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(r->easy, CURLINFO_CONNECT_TIME_T, &connected);
	if (connected > 0 || status > 0)
		r->http->had_connection = true;
	response.status = (int)status;
	if (*response.http_version == '2')
		net_http_queue_open(&r->http->queue, &r->place);
	if (r->error.category != PRISM_ERROR_NONE)
		prism_error_copy(&err, &r->error);
	else if (r->code != CURLE_OK)
		describe_failure(r, response.elapsed_ms, &err);
	prism_log(PRISM_LOG_DEBUG, "http", "%s %s, status %ld, %lld ms %s",
	          net_http_method_word(spec.method), err.category ? "failed" : "answered", status,
	          (long long)response.elapsed_ms, err.message);
	request_detach(r); /* the callback may destroy the engine */
	spec.done(spec.data, &response, err.category ? &err : NULL);
	request_free(r);
}

void net_http_abort(struct net_http_request *r)
{
	if (r->error.category == PRISM_ERROR_NONE)
		(void)prism_error_raise(&r->error, PRISM_ERROR_CANCELLED, "cancelled");
	schedule_delivery(r);
}

static void on_cancel(void *data)
{
	net_http_abort(data);
}

static bool is_success(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

/* libcurl's write callback: any return but size ends the transfer. */
static size_t body_arrived(char *bytes, size_t unit, size_t count, void *data)
{
	struct net_http_request *r = data;
	size_t size = unit * count;

	if (r->error.category != PRISM_ERROR_NONE)
		return CURL_WRITEFUNC_ERROR;
	r->received_total += size;
	if (r->received_total > r->cap) {
		char text[24];

		(void)prism_error_raise(&r->error, PRISM_ERROR_LIMIT, "the answer is larger than %s",
		                        prism_text_bytes(r->cap, text));
		prism_error_hint(&r->error, "ask for less at a time; the server may also be broken");
		return CURL_WRITEFUNC_ERROR;
	}
	if (r->spec.on_chunk && is_success(r->easy)) {
		if (r->spec.on_chunk(r->spec.data, bytes, size, &r->error) == 0)
			return size;
		if (r->error.category == PRISM_ERROR_NONE)
			(void)prism_error_raise(&r->error, PRISM_ERROR_INTERNAL, "the download was refused");
		return CURL_WRITEFUNC_ERROR;
	}
	return prism_buf_append(&r->received, bytes, size, &r->error) == 0 ? size
	                                                                   : CURL_WRITEFUNC_ERROR;
}

static int progressed(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
                      curl_off_t up)
{
	struct net_http_request *r = data;

	if (r->error.category != PRISM_ERROR_NONE)
		return 1;
	if (r->spec.on_progress && now > 0)
		r->spec.on_progress(r->spec.data, (uint64_t)now, total > 0 ? (uint64_t)total : 0);
	return 0;
}

/* The value of the header when the line has that name, without white space around it; NULL: it is
 * another one. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return NULL;
	line += name_len + 1;
	len -= name_len + 1;
	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	*ret_len = len;
	return line;
}

static void keep_header(const char *line, size_t len, const char *name, char **slot)
{
	const char *value = value_of(line, len, name, &len);

	if (!value)
		return;
	prism_free(*slot);
	*slot = prism_strndup(value, len);
}

/* Reading a date costs more than all the other headers, and a second has many answers. */
static void keep_date(struct net_http_request *r, const char *line, size_t len)
{
	struct net_http *http = r->http;
	const char *value = value_of(line, len, "date", &len);

	if (!value || len >= sizeof(http->date))
		return;
	if (!*http->date || strncmp(http->date, value, len) != 0 || http->date[len]) {
		memcpy(http->date, value, len);
		http->date[len] = '\0';
		time_t at = curl_getdate(http->date, NULL);
		http->date_us = at == (time_t)-1 ? PRISM_TIME_UNSET : (int64_t)at * 1000000;
	}
	r->server_date_us = http->date_us;
}

static void forget_headers(struct net_http_request *r)
{
	prism_free(r->content_type);
	prism_free(r->location);
	prism_free(r->hx_location);
	prism_free(r->retry_after);
	r->content_type = r->location = r->hx_location = r->retry_after = NULL;
	r->server_date_us = PRISM_TIME_UNSET;
}

static size_t header_arrived(char *line, size_t unit, size_t count, void *data)
{
	struct net_http_request *r = data;
	size_t size = unit * count;

	r->header_bytes += size;
	if (r->header_bytes > HEADERS_CAP) {
		(void)prism_error_raise(&r->error, PRISM_ERROR_LIMIT, "the answer's headers have no end");
		return 0;
	}
	if (size > 5 && strncasecmp(line, "HTTP/", 5) == 0)
		forget_headers(r); /* a further answer after 100 Continue or a proxy's */
	keep_header(line, size, "content-type", &r->content_type);
	keep_header(line, size, "location", &r->location);
	keep_header(line, size, "hx-location", &r->hx_location);
	keep_header(line, size, "retry-after", &r->retry_after);
	keep_date(r, line, size);
	return size;
}

/* value is two texts in one: with printf libcurl's list would cost more than the rest of a header.
 */
static void add_header(struct net_http_request *r, const char *name, const char *value,
                       const char *rest)
{
	size_t name_len = strlen(name), value_len = strlen(value), rest_len = strlen(rest);
	size_t len = name_len + 2 + value_len + rest_len;
	PRISM_AUTO_FREE char *line = prism_alloc(len + 1);

	memcpy(line, name, name_len);
	memcpy(line + name_len, ": ", 2);
	memcpy(line + name_len + 2, value, value_len);
	memcpy(line + name_len + 2 + value_len, rest, rest_len);
	struct curl_slist *longer = curl_slist_append(r->headers, line);
	prism_wipe(line, len);
	if (!longer)
		abort(); /* out of memory, as in base/mem.h */
	r->headers = longer;
}

static void set_headers(struct net_http_request *r, const struct net_http_spec *spec)
{
	add_header(r, "Accept", spec->accept ? spec->accept : "application/json", "");
	if (spec->bearer)
		add_header(r, "Authorization", "Bearer ", prism_secret_text(spec->bearer));
	if (spec->content_type)
		add_header(r, "Content-Type", spec->content_type, "");
	else
		r->headers = curl_slist_append(r->headers, "Content-Type:"); /* none, not libcurl's guess */
	if (spec->request_id)
		add_header(r, "X-Request-Id", spec->request_id, "");
	r->headers = curl_slist_append(r->headers, "Expect:"); /* no round trip before a body */
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void set_method(struct net_http_request *r, const struct net_http_spec *spec)
{
	bool body = spec->body || spec->method == NET_HTTP_POST || spec->method == NET_HTTP_PUT ||
	            spec->method == NET_HTTP_PATCH;

	if (spec->method == NET_HTTP_GET && !body) {
		curl_easy_setopt(r->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	if (body) {
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
	}
	curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, net_http_method_word(spec->method));
}

/* A network that went away (sleep, another address, a VPN that fell) says nothing: without these a
 * kept connection would swallow requests for as long as TCP retransmits, a quarter of an hour. */
static int socket_made(void *data, curl_socket_t fd, curlsocktype purpose)
{
	int idle_s = KEEPALIVE_IDLE_S, interval_s = KEEPALIVE_INTERVAL_S;
	unsigned silent_ms = SILENT_MS;

	PRISM_UNUSED(data);
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKOPT_OK;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
#ifdef TCP_USER_TIMEOUT
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof(silent_ms));
#endif
	return CURL_SOCKOPT_OK;
}

/* Called before each sending; the second one is libcurl's own idea. */
static int before_sending(void *data, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
	struct net_http_request *r = data;

	PRISM_UNUSED(remote_ip);
	PRISM_UNUSED(local_ip);
	PRISM_UNUSED(remote_port);
	PRISM_UNUSED(local_port);
	if (r->asked) {
		prism_error_raise(&r->error, PRISM_ERROR_IO,
		                  "the server closed the connection without an answer");
		prism_error_hint(&r->error, "whether it was done is not known: look before trying again");
		return CURL_PREREQFUNC_ABORT;
	}
	r->asked = true;
	return CURL_PREREQFUNC_OK;
}

/* Inside libcurl, nghttp2 keeps a copy of a frame for as long as the connection lives. */
static void keep_apart(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static int64_t timeout_of(const struct net_http_spec *spec)
{
	return spec->timeout_ms > 0 ? spec->timeout_ms : DEFAULT_TIMEOUT_MS;
}

static void set_options(struct net_http_request *r, const struct net_http_spec *spec)
{
	struct net_http *http = r->http;
	CURL *easy = r->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, (char *)(void *)r);
	curl_easy_setopt(easy, CURLOPT_URL, r->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	if (spec->secret)
		keep_apart(easy);
	if (spec->once) {
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, r);
	}
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, socket_made);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, http->no_proxy);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->detail);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_arrived);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progressed);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, r);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
	if (r->gate) { /* the socket is there at once: what takes time is TLS at the far end */
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, r->gate);
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_of(spec));
	}
	if (http->user_agent)
		curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
	if (http->ca_file) { /* this bundle only: the system's directory would still count otherwise */
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

/* The last URL began with the same scheme, host and port, and was good. */
static bool known_good(const struct net_http *http, const char *url)
{
	size_t len = http->good_origin ? strlen(http->good_origin) : 0;

	return len && strncmp(url, http->good_origin, len) == 0 && url[len] == '/';
}

static void remember_good(struct net_http *http, const char *url)
{
	const char *host = strstr(url, "://");
	size_t len = host ? (size_t)(host - url) + 3 : 0;

	prism_free(http->good_origin);
	http->good_origin = host ? prism_strndup(url, len + strcspn(url + len, "/?#")) : NULL;
}

/* Refuses now what libcurl would refuse later. */
static int check_url(struct net_http *http, const char *url, struct prism_error *err)
{
	if (known_good(http, url))
		return 0;
	CURLU *parsed = curl_url();
	char *scheme = NULL;
	bool good = parsed &&
	            curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	            curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	            (!strcmp(scheme, "http") || !strcmp(scheme, "https"));

	curl_free(scheme);
	curl_url_cleanup(parsed);
	if (good) {
		remember_good(http, url);
		return 0;
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "the URL cannot be used");
	prism_error_hint(err, "expected http:// or https://, a host and perhaps a port");
	return -1;
}

/* The private socket that leads to the URL's host; NULL with *err, or with a direct way. */
static const char *find_gate(const struct net_http_spec *spec, struct prism_error *err)
{
	CURLU *parsed = curl_url();
	char *host = NULL, *port = NULL;
	const char *gate = NULL;
	uint64_t number = 0;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, spec->url, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, CURLU_URLDECODE) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    prism_text_parse_u64(port, UINT16_MAX, &number, NULL) == 0 && number > 0)
		gate = net_tunnel_gate(spec->tunnel, host, (uint16_t)number, err);
	else
		(void)prism_error_raise(err, PRISM_ERROR_INVALID, "the URL has no host for the tunnel");
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parsed);
	return gate;
}

/* ---- a place, and the start ---- */

/* What was waited counts. */
static bool add_to_multi(struct net_http_request *r)
{
	int64_t now = prism_clock_mono_ms(prism_loop_clock(r->http->loop));
	int64_t left = timeout_of(&r->spec) - (now - r->started_ms);

	curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
	r->added = curl_multi_add_handle(r->http->multi, r->easy) == CURLM_OK;
	return r->added;
}

static void my_turn(struct net_http_place *place)
{
	struct net_http_request *r = PRISM_CONTAINER(place, struct net_http_request, place);

	prism_timer_remove(r->patience);
	r->patience = NULL;
	if (r->http->closing || r->delivering || add_to_multi(r))
		return;
	(void)prism_error_raise(&r->error, PRISM_ERROR_INTERNAL, "libcurl refuses the request");
	schedule_delivery(r);
}

static void waited_too_long(void *data)
{
	struct net_http_request *r = data;

	r->code = CURLE_OPERATION_TIMEDOUT;
	schedule_delivery(r);
}

struct net_http_request *net_http_start(struct net_http *http, const struct net_http_spec *spec,
                                        struct prism_cancel *cancel, struct prism_error *err)
{
	struct net_http_request *r;
	const char *gate = NULL;

	assert(spec->done);
	if (engine_open(http, err) < 0 || check_url(http, spec->url, err) < 0)
		return NULL;
	if (spec->tunnel && !(gate = find_gate(spec, err)))
		return NULL;
	r = prism_alloc(sizeof(*r));
	r->gate = gate;
	r->http = http;
	r->spec = *spec;
	r->cap = spec->response_cap ? spec->response_cap
	         : spec->on_chunk   ? UINT64_MAX
	                            : NET_HTTP_RESPONSE_CAP;
	prism_buf_init(&r->received, r->cap < NET_HTTP_RESPONSE_CAP ? r->cap : NET_HTTP_RESPONSE_CAP);
	r->server_date_us = PRISM_TIME_UNSET;
	r->started_ms = prism_clock_mono_ms(prism_loop_clock(http->loop));
	r->url = prism_strdup(spec->url);
	if (spec->body) {
		r->body = spec->body_len ? prism_memdup(spec->body, spec->body_len) : prism_alloc(1);
		r->body_len = spec->body_len;
	}
	r->easy = curl_easy_init();
	if (!r->easy)
		abort(); /* out of memory, as in base/mem.h */
	prism_list_append(&http->requests, &r->node);
	http->in_flight++;
	set_options(r, spec);
	set_headers(r, spec);
	set_method(r, spec);
	r->place.turn = my_turn;
	if (!net_http_queue_enter(&http->queue, &r->place, r->url, r->gate)) {
		r->patience = prism_loop_add_timer(http->loop, timeout_of(spec), 0, waited_too_long, r);
	} else if (!add_to_multi(r)) {
		request_free(r);
		(void)prism_error_raise(err, PRISM_ERROR_INTERNAL, "libcurl refuses the request");
		return NULL;
	}
	r->hook = (struct prism_cancel_hook){.fire = on_cancel, .data = r};
	if (cancel)
		prism_cancel_add(cancel, &r->hook);
	return r;
}

unsigned net_http_in_flight(const struct net_http *http)
{
	return http->in_flight;
}

bool net_http_had_connection(const struct net_http *http)
{
	return http->had_connection;
}
