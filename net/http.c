/*
 * Owns: the multi handle, its sockets and its timer on our loop, and each transfer's life.
 * Leaves to others: what is asked (net/http_send.c), what comes back (net/http_answer.c), what
 * failures mean to people (net/http_error.c), JSON, tokens and retries (core).
 *
 * A request's life:
 *
 *     start ── waits ── added to the multi ──► finished (libcurl says) ─┐
 *                │               │                                        ├─► deliver: done()
 *                └───────────────┴── abort, cancel token, cap exceeded ───┘   and freed
 *
 * It waits when its host has no connection to spare (net/http_queue.h).
 *
 * `deliver` is always a deferred call: user callbacks never run below libcurl, so they may start,
 * abort or destroy whatever they like.  The exceptions are on_chunk and on_progress, which run
 * inside libcurl's write callback and may abort but not destroy the engine.
 */
#include "net/http_private.h"

#include "base/log.h"
#include "net/curl_memory.h"
#include "net/http_error.h"
#include "net/tunnel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_CONNECTIONS 6

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

/* ---- a place, and the start ---- */

/* What was waited counts. */
static bool add_to_multi(struct net_http_request *r)
{
	int64_t now = prism_clock_mono_ms(prism_loop_clock(r->http->loop));
	int64_t left = net_http_timeout(&r->spec) - (now - r->started_ms);

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
	if (engine_open(http, err) < 0 || net_http_check_url(http, spec->url, err) < 0)
		return NULL;
	if (spec->tunnel && !(gate = net_http_find_gate(spec, err)))
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
	net_http_send_set(r, spec);
	net_http_answer_set(r);
	r->place.turn = my_turn;
	if (!net_http_queue_enter(&http->queue, &r->place, r->url, r->gate)) {
		r->patience =
		    prism_loop_add_timer(http->loop, net_http_timeout(spec), 0, waited_too_long, r);
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
