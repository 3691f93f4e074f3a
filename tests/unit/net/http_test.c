/*
 * net/http.c, net/http_error.c and net/url.c against a loopback peer: what is sent, what comes
 * back, and every way in which an answer can fail to arrive.
 */
#include "base/buf.h"
#include "net/http.h"
#include "tests/lib/peer.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* gzip of "hello gzip\n", without name and time */
static const unsigned char gzip_body[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57,
    0x48, 0xaf, 0xca, 0x2c, 0xe0, 0x02, 0x00, 0x39, 0x7c, 0x63, 0x56, 0x0b, 0x00, 0x00, 0x00,
};

struct outcome {
	bool over;
	unsigned calls;
	int status;
	char body[8192], type[64], location[64], hx[64], retry[16], version[8];
	size_t body_len, chunked;
	int64_t date;
	struct prism_error err;
	bool refuse_chunk;
	struct net_http_request *abort_in_chunk;
};

struct world {
	struct prism_loop *loop;
	struct net_http *http;
	struct peer *peer;
	char url[128];
};

static void record(void *data, const struct net_http_response *response,
                   const struct prism_error *err)
{
	struct outcome *o = data;

	o->calls++;
	o->over = true;
	o->status = response->status;
	o->body_len = response->body_len;
	(void)snprintf(o->body, sizeof(o->body), "%s", response->body);
	(void)snprintf(o->type, sizeof(o->type), "%s", response->content_type);
	(void)snprintf(o->location, sizeof(o->location), "%s", response->location);
	(void)snprintf(o->hx, sizeof(o->hx), "%s", response->hx_location);
	(void)snprintf(o->retry, sizeof(o->retry), "%s", response->retry_after);
	(void)snprintf(o->version, sizeof(o->version), "%s", response->http_version);
	o->date = response->server_date_us;
	prism_error_clear(&o->err);
	if (err)
		prism_error_copy(&o->err, err);
}

static int count_chunk(void *data, const void *chunk, size_t size, struct prism_error *err)
{
	struct outcome *o = data;

	o->chunked += size;
	if (o->abort_in_chunk)
		net_http_abort(o->abort_in_chunk);
	if (o->refuse_chunk)
		return prism_error_raise(err, PRISM_ERROR_IO, "disk full");
	return 0;
}

static void answer(struct peer_conn *conn, const char *headers, const char *body)
{
	char head[512];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n", headers,
	               strlen(body));
	(void)(peer_puts(conn, head) && peer_puts(conn, body));
}

/* Returns false when the connection is to be closed. */
static bool by_path(struct peer_conn *conn, const char *path, const char *request)
{
	if (!strncmp(path, "/echo", 5)) {
		answer(conn, "Content-Type: text/plain\r\n", request);
		return true;
	}
	if (!strncmp(path, "/bye", 4)) { /* and hangs up without having said so */
		answer(conn, "", "bye");
		return false;
	}
	if (!strncmp(path, "/gzip", 5)) {
		return peer_puts(
		           conn,
		           "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 31\r\n\r\n") &&
		       peer_write(conn, gzip_body, sizeof(gzip_body));
	}
	if (!strncmp(path, "/badgzip", 8)) {
		return peer_puts(
		    conn,
		    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!");
	}
	if (!strncmp(path, "/headers", 8)) {
		answer(conn,
		       "Content-Type: application/json\r\nLocation: /a\r\nHX-Location: /b\r\nRetry-After: "
		       "7\r\n"
		       "Date: Wed, 12 Nov 2025 14:00:01 GMT\r\n",
		       "{}");
		return true;
	}
	if (!strncmp(path, "/continue", 9)) {
		(void)peer_puts(conn, "HTTP/1.1 103 Early Hints\r\nLocation: /wrong\r\n\r\n");
		answer(conn, "", "late");
		return true;
	}
	if (!strncmp(path, "/refuse", 7))
		return peer_puts(conn, "HTTP/1.1 422 No\r\nContent-Length: 8\r\n\r\nno thank");
	if (!strncmp(path, "/redirect", 9))
		return peer_puts(conn, "HTTP/1.1 302 Go\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
	if (!strncmp(path, "/empty", 6))
		return peer_puts(conn, "HTTP/1.1 204 None\r\n\r\n");
	if (!strncmp(path, "/truncated", 10))
		(void)peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
	if (!strncmp(path, "/reset", 6)) {
		(void)peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
		peer_reset(conn);
	}
	if (!strncmp(path, "/slow", 5)) {
		(void)peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx");
		peer_wait_closed(conn);
	}
	if (!strncmp(path, "/garbage", 8))
		(void)peer_puts(conn, "SSH-2.0-OpenSSH_9.2\r\n");
	if (!strncmp(path, "/endless", 8)) {
		char zeros[4096] = {'0'};

		(void)peer_puts(conn, "HTTP/1.1 200 OK\r\n\r\n");
		while (peer_write(conn, zeros, sizeof(zeros)))
			;
	}
	if (!strncmp(path, "/header-flood", 13)) {
		(void)peer_puts(conn, "HTTP/1.1 200 OK\r\n");
		while (peer_puts(conn, "X-Filler: 0123456789012345678901234567890123456789\r\n"))
			;
	}
	return false;
}

static void serve(struct peer_conn *conn, void *data)
{
	char request[8192];

	while (peer_read_request(conn, request, sizeof(request))) {
		const char *path = strchr(request, ' ');

		if (path && !strncmp(path + 1, "http://", 7)) /* asked as a proxy */
			path = strchr(path + 8, '/') - 1;
		if (!path || !by_path(conn, path + 1, request))
			return;
	}
}

static void world_open(struct world *w, SSL_CTX *tls, const char *ca_file, const char *host)
{
	struct net_http_config config = {.ca_file = ca_file, .user_agent = "prism-test/1"};

	w->loop = prism_loop_create(prism_clock_system());
	w->http = net_http_create(w->loop, &config);
	w->peer = peer_start(serve, NULL, tls);
	(void)snprintf(w->url, sizeof(w->url), "%s://%s:%u", tls ? "https" : "http", host,
	               peer_port(w->peer));
}

static void world_close(struct world *w)
{
	net_http_destroy(w->http);
	peer_stop(w->peer);
	prism_loop_destroy(w->loop);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	world_open(w, NULL, NULL, "127.0.0.1");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

static struct net_http_request *start(struct world *w, const char *path, struct outcome *o,
                                      struct net_http_spec spec, struct prism_cancel *cancel)
{
	char url[256];
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_http_request *r;

	(void)snprintf(url, sizeof(url), "%s%s", w->url, path);
	spec.url = url;
	spec.done = record;
	spec.data = o;
	r = net_http_start(w->http, &spec, cancel, &err);
	assert_non_null(r);
	assert_int_equal(o->calls, 0); /* never from inside start */
	return r;
}

static void wait_for(struct world *w, struct outcome *o)
{
	int64_t deadline = prism_clock_mono_ms(prism_clock_system()) + 10000;

	while (!o->over && prism_clock_mono_ms(prism_clock_system()) < deadline)
		prism_loop_turn(w->loop, 1000);
	assert_true(o->over);
	assert_int_equal(o->calls, 1);
}

static void get(struct world *w, const char *path, struct outcome *o)
{
	(void)start(w, path, o, (struct net_http_spec){0}, NULL);
	wait_for(w, o);
}

static void test_get_sends_what_it_should(void **state)
{
	struct outcome o = {0};

	assert_false(net_http_had_connection(((struct world *)*state)->http));
	get(*state, "/echo?x=1", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_NONE);
	assert_int_equal(o.status, 200);
	assert_non_null(strstr(o.body, "GET /echo?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(o.body, "Accept: application/json\r\n"));
	assert_non_null(strstr(o.body, "Accept-Encoding: gzip\r\n"));
	assert_non_null(strstr(o.body, "User-Agent: prism-test/1\r\n"));
	assert_null(strstr(o.body, "Authorization"));
	assert_string_equal(o.version, "1.1");
	assert_string_equal(o.type, "text/plain");
	assert_true(net_http_had_connection(((struct world *)*state)->http));
	assert_int_equal(net_http_in_flight(((struct world *)*state)->http), 0);
}

static void test_body_bearer_and_method(void **state)
{
	struct prism_secret *token = prism_secret_from_text("tok.en");
	struct outcome o = {0};

	(void)start(*state, "/echo", &o,
	            (struct net_http_spec){.method = NET_HTTP_PATCH,
	                                   .bearer = token,
	                                   .body = "{\"a\":1}",
	                                   .body_len = 7,
	                                   .content_type = "application/json"},
	            NULL);
	prism_secret_destroy(token); /* copied */
	wait_for(*state, &o);
	assert_non_null(strstr(o.body, "PATCH /echo"));
	assert_non_null(strstr(o.body, "Authorization: Bearer tok.en\r\n"));
	assert_non_null(strstr(o.body, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(o.body, "\r\n\r\n{\"a\":1}"));
}

static void test_post_without_body_has_length_zero(void **state)
{
	struct outcome o = {0};

	(void)start(*state, "/echo", &o, (struct net_http_spec){.method = NET_HTTP_POST}, NULL);
	wait_for(*state, &o);
	assert_non_null(strstr(o.body, "POST /echo"));
	assert_non_null(strstr(o.body, "Content-Length: 0\r\n"));
	assert_null(strstr(o.body, "Content-Type"));
	assert_null(strstr(o.body, "Expect"));
}

static void test_delete_has_no_body(void **state)
{
	struct outcome o = {0};

	(void)start(*state, "/echo", &o, (struct net_http_spec){.method = NET_HTTP_DELETE}, NULL);
	wait_for(*state, &o);
	assert_non_null(strstr(o.body, "DELETE /echo"));
	assert_null(strstr(o.body, "Content-Length"));
}

static void test_connection_is_kept(void **state)
{
	struct world *w = *state;
	struct outcome a = {0}, b = {0}, c = {0};

	get(w, "/echo", &a);
	get(w, "/empty", &b);
	get(w, "/echo", &c);
	assert_int_equal(b.status, 204);
	assert_int_equal(peer_connections(w->peer), 1);
	while (prism_loop_turn(w->loop, 0))
		;
	assert_int_equal(prism_loop_next_deadline_ms(w->loop), -1); /* an idle engine wakes nobody */
}

static void test_kept_connection_that_died(void **state)
{
	struct world *w = *state;
	struct outcome first = {0}, second = {0};

	get(w, "/bye", &first);
	assert_string_equal(first.body, "bye");
	(void)start(w, "/echo", &second,
	            (struct net_http_spec){.method = NET_HTTP_POST, .body = "x", .body_len = 1}, NULL);
	wait_for(w, &second);
	assert_int_equal(second.err.category, PRISM_ERROR_NONE);
	assert_int_equal(second.status, 200);
	assert_int_equal(peer_connections(w->peer), 2);
}

static void test_gzip(void **state)
{
	struct outcome o = {0}, bad = {0};

	get(*state, "/gzip", &o);
	assert_string_equal(o.body, "hello gzip\n");
	get(*state, "/badgzip", &bad);
	assert_int_equal(bad.err.category, PRISM_ERROR_PROTOCOL);
	assert_non_null(strstr(bad.err.message, "compressed"));
}

static void test_headers_kept(void **state)
{
	struct outcome o = {0}, late = {0};

	get(*state, "/headers", &o);
	assert_string_equal(o.type, "application/json");
	assert_string_equal(o.location, "/a");
	assert_string_equal(o.hx, "/b");
	assert_string_equal(o.retry, "7");
	assert_true(o.date == INT64_C(1762956001000000));
	get(*state, "/continue", &late);
	assert_string_equal(late.body, "late");
	assert_string_equal(late.location, ""); /* the interim answer's is dropped */
	assert_true(late.date == PRISM_TIME_UNSET);
}

static void test_status_is_not_an_error_and_redirects_are_not_followed(void **state)
{
	struct outcome o = {0}, r = {0};

	get(*state, "/refuse", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_NONE);
	assert_int_equal(o.status, 422);
	assert_string_equal(o.body, "no thank");
	get(*state, "/redirect", &r);
	assert_int_equal(r.status, 302);
	assert_string_equal(r.location, "/echo");
}

static void test_truncated(void **state)
{
	struct outcome o = {0};

	get(*state, "/truncated", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_IO);
	assert_string_equal(o.err.message, "the answer broke off after 9 bytes");
	assert_string_equal(o.err.peer, ((struct world *)*state)->url);
}

static void test_reset(void **state)
{
	struct outcome o = {0};

	get(*state, "/reset", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_IO);
	assert_true(o.err.hint[0] != 0);
}

static void test_no_answer(void **state)
{
	struct outcome o = {0};

	get(*state, "/hangup", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(o.err.message, "without an answer"));
}

static void test_not_http(void **state)
{
	struct outcome o = {0};

	get(*state, "/garbage", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_PROTOCOL);
	assert_string_equal(o.err.message, "the server does not speak HTTP");
}

static void test_deadline(void **state)
{
	struct outcome o = {0};

	(void)start(*state, "/slow", &o, (struct net_http_spec){.timeout_ms = 60}, NULL);
	wait_for(*state, &o);
	assert_int_equal(o.err.category, PRISM_ERROR_TIMEOUT);
	assert_non_null(strstr(o.err.message, "no complete answer after 0."));
}

static void test_response_cap(void **state)
{
	struct outcome o = {0}, flood = {0};

	(void)start(*state, "/endless", &o, (struct net_http_spec){.response_cap = 10000}, NULL);
	wait_for(*state, &o);
	assert_int_equal(o.err.category, PRISM_ERROR_LIMIT);
	assert_non_null(strstr(o.err.message, "10.0 kB"));
	get(*state, "/header-flood", &flood);
	assert_int_equal(flood.err.category, PRISM_ERROR_LIMIT);
}

static void test_streaming(void **state)
{
	struct outcome o = {0}, refused = {.refuse_chunk = true}, other = {0};

	(void)start(*state, "/gzip", &o, (struct net_http_spec){.on_chunk = count_chunk}, NULL);
	wait_for(*state, &o);
	assert_int_equal(o.chunked, 11);
	assert_int_equal(o.body_len, 0);
	(void)start(*state, "/endless", &refused, (struct net_http_spec){.on_chunk = count_chunk},
	            NULL);
	wait_for(*state, &refused);
	assert_string_equal(refused.err.message, "disk full");
	(void)start(*state, "/refuse", &other, (struct net_http_spec){.on_chunk = count_chunk}, NULL);
	wait_for(*state, &other);
	assert_int_equal(other.chunked, 0);
	assert_string_equal(other.body,
	                    "no thank"); /* an error body is for reading, not for the file */
}

static void test_cancel_in_flight(void **state)
{
	struct world *w = *state;
	struct prism_cancel *token = prism_cancel_create(NULL);
	struct outcome o = {0};

	(void)start(w, "/slow", &o, (struct net_http_spec){.on_chunk = count_chunk}, token);
	while (!o.chunked)
		prism_loop_turn(w->loop, 1000);
	prism_cancel_fire(token);
	assert_false(o.over); /* a completion, later */
	wait_for(w, &o);
	assert_int_equal(o.err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(token);
}

static void test_cancel_before_start_and_abort_in_chunk(void **state)
{
	struct world *w = *state;
	struct prism_cancel *token = prism_cancel_create(NULL);
	struct outcome o = {0}, c = {0};

	prism_cancel_fire(token);
	(void)start(w, "/echo", &o, (struct net_http_spec){0}, token);
	wait_for(w, &o);
	assert_int_equal(o.err.category, PRISM_ERROR_CANCELLED);
	c.abort_in_chunk =
	    start(w, "/endless", &c, (struct net_http_spec){.on_chunk = count_chunk}, NULL);
	wait_for(w, &c);
	assert_int_equal(c.err.category, PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(token);
}

/* Six connections hang; the seventh request waits for one: for its own time, or until it is given
 * up, and whoever comes behind it goes as soon as one is free. */
static void test_waiting_for_a_connection(void **state)
{
	struct world w = {0};
	struct outcome hangs[6] = {0}, late = {0}, given_up = {0}, behind = {0}, last[2] = {0};
	struct prism_cancel *tokens[2] = {prism_cancel_create(NULL), prism_cancel_create(NULL)};

	PRISM_UNUSED(state);
	world_open(&w, NULL, NULL, "127.0.0.1");
	for (size_t i = 0; i < PRISM_COUNT(hangs); i++)
		(void)start(&w, "/slow", &hangs[i], (struct net_http_spec){0}, i ? NULL : tokens[0]);
	(void)start(&w, "/echo", &late, (struct net_http_spec){.timeout_ms = 60}, NULL);
	(void)start(&w, "/echo", &given_up, (struct net_http_spec){0}, tokens[1]);
	(void)start(&w, "/echo", &behind, (struct net_http_spec){0}, NULL);
	wait_for(&w, &late);
	assert_int_equal(late.err.category, PRISM_ERROR_TIMEOUT);
	prism_cancel_fire(tokens[1]);
	wait_for(&w, &given_up);
	assert_int_equal(given_up.err.category, PRISM_ERROR_CANCELLED);
	assert_int_equal(behind.calls, 0);
	prism_cancel_fire(tokens[0]);
	wait_for(&w, &behind);
	assert_int_equal(behind.err.category, PRISM_ERROR_NONE);
	assert_int_equal(behind.status, 200);
	(void)start(&w, "/slow", &last[0], (struct net_http_spec){0}, NULL);
	(void)start(&w, "/echo", &last[1], (struct net_http_spec){0}, NULL); /* waits at the end */
	world_close(&w);
	assert_int_equal(hangs[1].calls + last[1].calls, 0);
	prism_cancel_destroy(tokens[0]);
	prism_cancel_destroy(tokens[1]);
}

static void test_destroy_with_requests_in_flight(void **state)
{
	struct world w = {0};
	struct outcome o = {0};

	world_open(&w, NULL, NULL, "127.0.0.1");
	(void)start(&w, "/slow", &o, (struct net_http_spec){.on_chunk = count_chunk}, NULL);
	while (!o.chunked)
		prism_loop_turn(w.loop, 1000);
	world_close(&w);
	assert_int_equal(o.calls, 0);
}

static void destroy_engine(void *data, const struct net_http_response *r,
                           const struct prism_error *err)
{
	struct world *w = data;

	net_http_destroy(w->http);
	w->http = NULL;
}

static void test_destroy_from_callback(void **state)
{
	struct world w = {0};
	struct outcome o = {0};
	char url[256];
	struct net_http_spec spec = {.url = url, .done = destroy_engine, .data = &w};
	struct prism_error err = PRISM_ERROR_INIT;

	world_open(&w, NULL, NULL, "127.0.0.1");
	(void)start(&w, "/slow", &o, (struct net_http_spec){0}, NULL);
	(void)snprintf(url, sizeof(url), "%s/echo", w.url);
	assert_non_null(net_http_start(w.http, &spec, NULL, &err));
	while (w.http)
		prism_loop_turn(w.loop, 1000);
	assert_int_equal(o.calls, 0);
	world_close(&w);
}

static void test_refused_and_unresolved(void **state)
{
	struct world *w = *state;
	struct outcome o = {0}, name = {0};
	uint16_t port;
	struct peer *gone = peer_start(serve, NULL, NULL);

	port = peer_port(gone);
	peer_stop(gone);
	(void)snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", port);
	get(w, "/", &o);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.err.category, PRISM_ERROR_IO);
	assert_string_equal(o.err.message, "connection refused");
	assert_true(o.err.hint[0] != 0);
	(void)snprintf(w->url, sizeof(w->url), "http://no-such-host.invalid");
	get(w, "/", &name);
	assert_int_equal(name.err.category, PRISM_ERROR_IO);
	assert_string_equal(name.err.message, "the host name cannot be resolved");
}

static void test_bad_urls_fail_at_once(void **state)
{
	static const char *const bad[] = {"",           "ftp://host/",        "http://",
	                                  "just words", "file:///etc/passwd", "http://host:99999/"};
	struct world *w = *state;

	for (size_t i = 0; i < PRISM_COUNT(bad); i++) {
		struct outcome o = {0};
		struct net_http_spec spec = {.url = bad[i], .done = record, .data = &o};
		struct prism_error err = PRISM_ERROR_INIT;

		assert_null(net_http_start(w->http, &spec, NULL, &err));
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
		prism_loop_turn(w->loop, 0);
		assert_int_equal(o.calls, 0);
	}
}

/* One TLS exchange with a fresh certificate; trusted says whether the client is given it. */
static void tls_case(struct peer_certificate cert, bool trusted, struct outcome *o)
{
	char path[] = "/tmp/prism-http-test-XXXXXX";
	int fd = mkstemp(path);
	SSL_CTX *tls;
	struct world w = {0};

	assert_true(fd >= 0);
	close(fd);
	tls = peer_tls_create(&cert, path);
	world_open(&w, tls, trusted ? path : NULL, "127.0.0.1");
	get(&w, "/echo", o);
	world_close(&w);
	SSL_CTX_free(tls);
	unlink(path);
}

static void test_tls_trusted(void **state)
{
	struct outcome o = {0};

	tls_case((struct peer_certificate){"127.0.0.1", -60, 3600}, true, &o);
	assert_int_equal(o.err.category, PRISM_ERROR_NONE);
	assert_int_equal(o.status, 200);
}

static void test_tls_refusals(void **state)
{
	struct outcome unknown = {0}, expired = {0}, early = {0}, other = {0};

	tls_case((struct peer_certificate){"127.0.0.1", -60, 3600}, false, &unknown);
	assert_int_equal(unknown.err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(unknown.err.message, "not trusted"));
	assert_non_null(strstr(unknown.err.hint, "ca_file"));
	tls_case((struct peer_certificate){"127.0.0.1", -7200, -3600}, true, &expired);
	assert_int_equal(expired.err.category, PRISM_ERROR_TRUST);
	assert_non_null(strstr(expired.err.message, "expired"));
	tls_case((struct peer_certificate){"127.0.0.1", 3600, 7200}, true, &early);
	assert_non_null(strstr(early.err.hint, "clock"));
	tls_case((struct peer_certificate){"elsewhere.example", -60, 3600}, true, &other);
	assert_int_equal(other.err.category, PRISM_ERROR_TRUST);
	assert_string_equal(other.err.message, "the server's certificate is for another host");
}

static void test_tls_to_plain_port(void **state)
{
	struct world *w = *state;
	struct outcome o = {0};

	memmove(w->url + 5, w->url + 4, strlen(w->url + 4) + 1);
	w->url[4] = 's';
	get(w, "/echo", &o);
	assert_int_equal(o.err.category, PRISM_ERROR_PROTOCOL);
	assert_string_equal(o.err.message, "the server does not speak TLS on this port");
}

static void test_ca_file_unreadable(void **state)
{
	struct world w = {0};
	struct outcome o = {0};

	world_open(&w, NULL, "/nonexistent/ca.pem", "127.0.0.1");
	memmove(w.url + 5, w.url + 4, strlen(w.url + 4) + 1);
	w.url[4] = 's';
	get(&w, "/echo", &o);
	world_close(&w);
	assert_int_equal(o.err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(o.err.message, "/nonexistent/ca.pem"));
}

static void test_proxy_variables(void **state)
{
	struct world *w = *state;
	struct net_http_config config = {.user_agent = "prism-test/1"};
	struct outcome far = {0}, near = {0}, excluded = {0};
	char proxy[128], home[128];

	(void)snprintf(proxy, sizeof(proxy), "%s", w->url);
	(void)snprintf(home, sizeof(home), "%s", w->url);
	setenv("http_proxy", proxy, 1);
	setenv("no_proxy", "excluded.invalid", 1);
	net_http_destroy(w->http); /* a fresh engine reads the environment */
	w->http = net_http_create(w->loop, &config);
	(void)snprintf(w->url, sizeof(w->url), "http://far.invalid");
	get(w, "/echo", &far); /* nothing resolves that name: the proxy answered */
	assert_string_equal(far.err.message, "");
	assert_int_equal(far.status, 200);
	assert_non_null(strstr(far.body, "GET http://far.invalid/echo HTTP/1.1\r\n"));
	(void)snprintf(w->url, sizeof(w->url), "http://excluded.invalid");
	get(w, "/echo", &excluded);
	assert_string_equal(excluded.err.message, "the host name cannot be resolved");
	(void)snprintf(w->url, sizeof(w->url), "%s", home); /* loopback never goes through it */
	get(w, "/echo", &near);
	assert_non_null(strstr(near.body, "GET /echo HTTP/1.1\r\n"));
	unsetenv("http_proxy");
	unsetenv("no_proxy");
}

static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                        const unsigned char *in, unsigned in_len, void *data)
{
	static const unsigned char ours[] = "\x08http/1.1", h2[] = "\x02h2";
	unsigned char *chosen = NULL;

	*(bool *)data =
	    SSL_select_next_proto(&chosen, out_len, h2, 3, in, in_len) == OPENSSL_NPN_NEGOTIATED;
	if (SSL_select_next_proto(&chosen, out_len, ours, 9, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void test_http2_is_offered(void **state)
{
	char *path = prism_asprintf("%s/cert.pem", (char *)*state);
	struct peer_certificate cert = {"127.0.0.1", -60, 3600};
	SSL_CTX *tls = peer_tls_create(&cert, path);
	struct world w = {0};
	struct outcome o = {0};
	bool offered = false;

	SSL_CTX_set_alpn_select_cb(tls, choose_http1, &offered);
	world_open(&w, tls, path, "127.0.0.1");
	get(&w, "/echo", &o);
	world_close(&w);
	assert_int_equal(o.status, 200);
	assert_string_equal(o.version, "1.1"); /* what the server chose */
	assert_true(offered);
	SSL_CTX_free(tls);
	prism_free(path);
}

static void test_url_helpers(void **state)
{
	char *text = net_url_encode("a b/ü?&~-._");

	assert_string_equal(text, "a%20b%2F%C3%BC%3F%26~-._");
	free(text);
	text = net_url_display("https://user:pw@host:8443/path?token=x");
	assert_string_equal(text, "https://host:8443");
	free(text);
	text = net_url_display("http://[::1]:80?x=@y");
	assert_string_equal(text, "http://[::1]:80");
	free(text);
	text = net_url_display("nonsense");
	assert_string_equal(text, "");
	free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_get_sends_what_it_should),
	    CASE(test_body_bearer_and_method),
	    CASE(test_post_without_body_has_length_zero),
	    CASE(test_delete_has_no_body),
	    CASE(test_connection_is_kept),
	    CASE(test_kept_connection_that_died),
	    CASE(test_gzip),
	    CASE(test_headers_kept),
	    CASE(test_status_is_not_an_error_and_redirects_are_not_followed),
	    CASE(test_truncated),
	    CASE(test_reset),
	    CASE(test_no_answer),
	    CASE(test_not_http),
	    CASE(test_deadline),
	    CASE(test_response_cap),
	    CASE(test_streaming),
	    CASE(test_cancel_in_flight),
	    CASE(test_cancel_before_start_and_abort_in_chunk),
	    cmocka_unit_test(test_waiting_for_a_connection),
	    CASE(test_destroy_with_requests_in_flight),
	    CASE(test_destroy_from_callback),
	    CASE(test_refused_and_unresolved),
	    CASE(test_bad_urls_fail_at_once),
	    CASE(test_tls_trusted),
	    CASE(test_tls_refusals),
	    CASE(test_tls_to_plain_port),
	    CASE(test_ca_file_unreadable),
	    CASE(test_proxy_variables),
	    cmocka_unit_test_setup_teardown(test_http2_is_offered, tmpdir_setup, tmpdir_teardown),
	    CASE(test_url_helpers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
