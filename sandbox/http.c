/*
 * Owns connections and bodies; the router owns what they mean, faults.c which of them go wrong.
 *
 * A request goes through these stages:
 *
 *   COLLECT   headers are known, body bytes arrive (capped; beyond the cap: 413)
 *   WAIT      suspended for the latency that the configuration or a fault asks for
 *   WORK      routed, but the answer takes long: suspended, one step of it in each turn of the loop
 *   ANSWER    the answer queued
 *   DRIP      the answer is read piece by piece, the connection suspended in between
 */
#include "sandbox/http.h"

#include "base/log.h"
#include "net/crypto.h"
#include "sandbox/faults.h"
#include "sandbox/router.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include <microhttpd.h>

struct request {
	struct sb_http *http;
	struct MHD_Connection *connection;
	struct prism_list node;
	char *target;
	struct prism_buf body;
	bool too_large;
	bool waited; /* the latency is over, or there was none */
	bool suspended;
	struct prism_timer *timer;
	struct sb_fault_plan plan;
	struct sb_call *call; /* from WORK to ANSWER; NULL otherwise */
	bool answered;        /* the call has its answer */
	bool gone;            /* nobody waits for it */
	/* A body that is sent by hand (cut short or dripped). */
	char *answer;
	size_t answer_len, sent;
};

struct sb_http {
	struct sb *sb;
	struct MHD_Daemon *daemon;
	struct prism_fd *watch;
	struct prism_timer *timer;
	struct prism_list requests;
	uint16_t port;
	bool running; /* inside MHD_run() */
};

static void run_daemon(struct sb_http *http)
{
	if (http->running)
		return;
	http->running = true;
	MHD_run(http->daemon);
	http->running = false;
	MHD_UNSIGNED_LONG_LONG timeout;
	if (MHD_get_timeout(http->daemon, &timeout) == MHD_YES)
		prism_timer_rearm(http->timer, timeout > 60000 ? 60000 : (int64_t)timeout);
	else
		prism_timer_rearm(http->timer, 60000);
}

static void on_daemon_ready(void *data, int fd, unsigned events)
{
	run_daemon(data);
}

static void on_daemon_timer(void *data)
{
	run_daemon(data);
}

static void resume(struct request *request)
{
	request->suspended = false;
	MHD_resume_connection(request->connection);
	prism_timer_rearm(request->http->timer, 0);
}

static int socket_of(struct request *request)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

/* A suspended connection is not watched, so that a search nobody waits for would go on. (With TLS
 * the goodbye of the peer stands before the end, and the search does go on.) */
static bool hung_up(struct request *request)
{
	char byte;
	return recv(socket_of(request), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* The wait is over, or one more step of an answer that takes long is due. */
static void on_due(void *data)
{
	struct request *request = data;
	if (!request->suspended)
		return;
	if (request->call && !request->answered) {
		request->gone = hung_up(request);
		request->answered = request->gone || sb_router_step(request->call);
		if (!request->answered) {
			prism_timer_rearm(request->timer, 0);
			return;
		}
	}
	resume(request);
}

static void suspend(struct request *request, int64_t ms)
{
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	if (request->timer)
		prism_timer_rearm(request->timer, ms);
	else
		request->timer = prism_loop_add_timer(request->http->sb->loop, ms, 0, on_due, request);
}

/* ---- answers ---- */

/* A closed socket with linger 0 sends RST instead of FIN: a reset, not an end. */
static void arm_reset(struct request *request)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(socket_of(request), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static ssize_t read_answer(void *data, uint64_t pos, char *out, size_t max)
{
	struct request *request = data;
	size_t left = request->answer_len - (size_t)pos;
	if (request->plan.cut && pos >= request->plan.cut_at)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (request->plan.cut && left > request->plan.cut_at - pos)
		left = (size_t)(request->plan.cut_at - pos);
	if (request->plan.drip_bytes) {
		if (request->waited) { /* one piece per wait */
			request->waited = false;
			left = left > request->plan.drip_bytes ? request->plan.drip_bytes : left;
		} else {
			request->waited = true;
			suspend(request, request->plan.drip_ms);
			return 0;
		}
	}
	if (left > max)
		left = max;
	memcpy(out, request->answer + pos, left);
	return (ssize_t)left;
}

static struct MHD_Response *make_response(struct request *request, struct sb_call *call)
{
	struct prism_buf *body = &call->out.buf;
	if (!call->answer_type)
		prism_buf_clear(body);
	sb_fault_spoil(&request->plan, call);
	if (!request->plan.cut && !request->plan.drip_bytes)
		return MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
	request->answer = prism_buf_take(body, &request->answer_len);
	if (request->plan.cut && request->plan.reset)
		arm_reset(request);
	request->plan.cut_at = request->answer_len / 2;
	return MHD_create_response_from_callback(request->answer_len, 4096, read_answer, request, NULL);
}

/* RFC 9110, section 5.6.7. By the clock of the store, skewed or standing still as it may be. */
static void add_date(struct MHD_Response *response, int64_t now_us)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(now_us / 1000000);
	struct tm tm;
	char text[64];

	if (!gmtime_r(&now, &tm))
		return;
	snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
	         tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	MHD_add_response_header(response, "Date", text);
}

static enum MHD_Result queue_answer(struct request *request, struct sb_call *call)
{
	if (request->plan.lost)
		return MHD_NO; /* closes the connection */
	struct MHD_Response *response = make_response(request, call);
	if (!response)
		return MHD_NO;
	if (call->answer_type)
		MHD_add_response_header(response, "Content-Type", call->answer_type);
	for (unsigned i = 0; i < call->header_count; i++)
		MHD_add_response_header(response, call->header[i].name, call->header[i].value);
	add_date(response, sb_now_us(request->http->sb));
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "X-Xss-Protection", "1; mode=block");
	MHD_add_response_header(response, "X-Sandbox-Notice", SB_NOTICE);
	enum MHD_Result rc = MHD_queue_response(request->connection, (unsigned)call->status, response);
	MHD_destroy_response(response);
	return rc;
}

static const char *header_value(struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static struct sb_call *make_call(struct request *request)
{
	struct sb_call *call = prism_alloc(sizeof(*call));
	call->sb = request->http->sb;
	call->target = request->target;
	call->content_type = header_value(request, "Content-Type");
	call->body = prism_buf_text(&request->body);
	call->body_len = request->body.len;
	const char *authorization = header_value(request, "Authorization");
	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		call->bearer = authorization + 7;
	call->arena = prism_arena_create();
	sb_json_init(&call->out);
	return call;
}

static void drop_call(struct request *request)
{
	if (request->call)
		sb_call_finish(request->call);
	prism_free(request->call);
	request->call = NULL;
}

/* True: answered at once. */
static bool begin_call(struct request *request, const char *method)
{
	struct sb_call *call = request->call;
	int known = sb_method_parse(strcmp(method, "HEAD") == 0 ? "GET" : method);
	if (request->too_large) {
		sb_fail(call, 413, "request body too large", "");
		return true;
	}
	if (known < 0) {
		sb_fail(call, 405, "method not allowed", "");
		return true;
	}
	if (sb_fault_answer(&request->plan, call))
		return true;
	sb_json_finish(&call->out);
	call->method = (enum sb_method)known;
	return sb_router_begin(call);
}

static enum MHD_Result answer(struct request *request, const char *method)
{
	if (!request->call) {
		request->call = make_call(request);
		request->answered = begin_call(request, method);
	}
	if (!request->answered) {
		suspend(request, 0);
		return MHD_YES;
	}
	enum MHD_Result rc = request->gone ? MHD_NO : queue_answer(request, request->call);
	/* Without the query: it may hold a token. */
	prism_log(PRISM_LOG_DEBUG, "http", "%s %.*s %d", method, (int)strcspn(request->target, "?"),
	          request->target, request->call->status);
	drop_call(request);
	return rc;
}

/* ---- requests ---- */

static void *on_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
	struct sb_http *http = data;
	struct request *request = prism_alloc(sizeof(*request));
	request->http = http;
	request->connection = connection;
	request->target = prism_strdup(uri);
	prism_buf_init(&request->body, SB_BODY_CAP);
	prism_list_append(&http->requests, &request->node);
	return request;
}

static void request_free(struct request *request)
{
	prism_list_remove(&request->node);
	prism_timer_remove(request->timer);
	drop_call(request);
	prism_buf_wipe(&request->body);
	prism_free(request->answer);
	prism_free(request->target);
	prism_free(request);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
	if (*slot)
		request_free(*slot);
	*slot = NULL;
}

static int64_t latency_ms(const struct sb *sb)
{
	int64_t span = sb->config.latency_max_ms - sb->config.latency_min_ms;
	uint32_t random = 0;
	if (span <= 0)
		return sb->config.latency_min_ms;
	net_random_bytes(&random, sizeof(random));
	return sb->config.latency_min_ms + (int64_t)(random % (uint64_t)(span + 1));
}

static void take_body(struct request *request, const char *bytes, size_t size)
{
	if (!request->too_large && prism_buf_append(&request->body, bytes, size, NULL) < 0) {
		request->too_large = true;
		prism_buf_wipe(&request->body);
	}
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **slot)
{
	struct request *request = *slot;
	if (!request)
		return MHD_NO;
	if (!request->plan.made) {
		request->plan =
		    sb_fault_plan_make(request->http->sb->config.faults, method, request->target);
		return MHD_YES; /* the first call comes with the headers alone */
	}
	if (*size > 0) {
		take_body(request, bytes, *size);
		*size = 0;
		return MHD_YES;
	}
	int64_t delay = latency_ms(request->http->sb) + request->plan.delay_ms;
	if (!request->call && !request->waited && delay > 0) {
		request->waited = true;
		suspend(request, delay);
		return MHD_YES;
	}
	request->waited = false;
	return answer(request, method);
}

static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

static void on_log(void *data, const char *fmt, va_list args)
{
	/* Messages about clients that went away; the library has nothing else to say. */
}

/* ---- life ---- */

static int resolve(const char *host, uint16_t port, struct sockaddr_storage *ret_addr,
                   struct prism_error *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_addr;
	memset(ret_addr, 0, sizeof(*ret_addr));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return 0;
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "listen address %s is not an IP address",
	                         host);
}

static struct MHD_Daemon *start_daemon(struct sb_http *http, const struct sockaddr *addr,
                                       const char *cert_pem, const char *key_pem)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
	                 MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
	    {MHD_OPTION_END, 0, NULL},
	};
	if (addr->sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	if (cert_pem) {
		flags |= MHD_USE_TLS;
		tls[0].ptr_value = prism_strdup(cert_pem);
		tls[1].ptr_value = prism_strdup(key_pem);
	} else {
		tls[0].option = MHD_OPTION_END;
	}
	struct MHD_Daemon *daemon = MHD_start_daemon(
	    flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
	    MHD_OPTION_SOCK_ADDR, addr, MHD_OPTION_URI_LOG_CALLBACK, on_uri, http,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
	    NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SB_HTTP_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SB_HTTP_IDLE_S, MHD_OPTION_ARRAY, tls,
	    MHD_OPTION_END);
	if (cert_pem) {
		prism_free(tls[0].ptr_value);
		prism_wipe(tls[1].ptr_value, strlen(tls[1].ptr_value));
		prism_free(tls[1].ptr_value);
	}
	return daemon;
}

struct sb_http *sb_http_create(struct sb *sb, const char *host, uint16_t port, const char *cert_pem,
                               const char *key_pem, struct prism_error *err)
{
	struct sockaddr_storage addr;
	if (resolve(host, port, &addr, err) < 0)
		return NULL;
	struct sb_http *http = prism_alloc(sizeof(*http));
	http->sb = sb;
	prism_list_init(&http->requests);
	http->daemon = start_daemon(http, (struct sockaddr *)&addr, cert_pem, key_pem);
	if (!http->daemon) {
		prism_error_raise(err, PRISM_ERROR_IO, "listen on %s port %u failed", host, port);
		prism_error_hint(err, "the port may be taken; port 0 takes a free one");
		prism_free(http);
		return NULL;
	}
	http->port = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	int fd = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	http->watch = prism_loop_add_fd(sb->loop, fd, PRISM_LOOP_READ, on_daemon_ready, http);
	http->timer = prism_loop_add_timer(sb->loop, 60000, 0, on_daemon_timer, http);
	return http;
}

uint16_t sb_http_port(const struct sb_http *http)
{
	return http->port;
}

void sb_http_destroy(struct sb_http *http)
{
	if (!http)
		return;
	PRISM_LIST_EACH (&http->requests, node, next) {
		struct request *request = PRISM_CONTAINER(node, struct request, node);
		request->gone = true; /* what is not answered by now is not going to be */
		request->answered = true;
		if (request->suspended) {
			request->suspended = false;
			MHD_resume_connection(request->connection);
		}
	}
	http->running = true;
	MHD_stop_daemon(http->daemon);
	prism_fd_remove(http->watch);
	prism_timer_remove(http->timer);
	prism_free(http);
}
