/*
 * HTTP requests on the loop: libcurl's multi interface driven by its socket and timer callbacks
 * only (reference measured.md).  HTTP/2 where the server offers it, keep-alive, gzip, proxy
 * variables honoured, TLS verified against the system's or the profile's CA bundle.
 *
 * net_http_start() fails now without a callback (returns NULL), or calls done exactly once,
 * later, from the loop.  Cancelling (token or net_http_abort) completes with category cancelled.
 *
 * libcurl is initialised by the first request, not by create: the first screen comes before it.
 *
 * Redirects are not followed: an API that redirects is a wrong base URL, and a bearer token
 * must not travel.
 *
 * Thread rules: loop thread only (libcurl's own resolver thread is its business).
 */
#ifndef PRISM_NET_HTTP_H
#define PRISM_NET_HTTP_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/mem.h"

struct net_tunnel;
struct net_http;         /* the engine: one connection pool */
struct net_http_request; /* one transfer in flight */

struct net_http_config {
	const char *ca_file;    /* PEM bundle; NULL: the system's. Copied. */
	const char *user_agent; /* "prism-tui/0.1.0" */
	int64_t connect_timeout_ms;
	unsigned max_connections; /* per host */
};

enum net_http_method {
	NET_HTTP_GET,
	NET_HTTP_POST,
	NET_HTTP_PUT,
	NET_HTTP_PATCH,
	NET_HTTP_DELETE,
	NET_HTTP_METHOD_COUNT
};
const char *net_http_method_word(enum net_http_method method);

struct net_http_response {
	int status;               /* HTTP status, 0 when no answer came */
	const char *content_type; /* lent; "" when absent */
	const char *body;         /* lent; NUL-terminated; valid during the callback */
	size_t body_len;
	int64_t elapsed_ms;
	const char *http_version; /* "1.1", "2" */
	const char *location;     /* Location header, "" when absent */
	const char *hx_location;  /* HX-Location header, "" when absent */
	const char *retry_after;  /* Retry-After header, "" when absent */
	int64_t server_date_us;   /* Date header, PRISM_TIME_UNSET when absent or unreadable */
};

/* RFC 9110's dates, as in Date and Retry-After; PRISM_TIME_UNSET when it is none. */
int64_t net_http_date_us(const char *text);

struct net_http_spec {
	enum net_http_method method;
	const char *url;                   /* copied */
	const struct prism_secret *bearer; /* copied into the header list, wiped after; NULL: none */
	const char *body;                  /* copied; NULL: none (POST sends Content-Length: 0) */
	size_t body_len;
	bool secret; /* the body holds a password: a connection of its own, and no HTTP/2 */
	/* Never sent twice. By itself libcurl sends anything again, a POST too, when a kept connection
	 * ends without a byte of an answer; the first sending may have been carried out. */
	bool once;
	const char *content_type; /* sent without a body too; NULL: none */
	const char *accept;       /* NULL: application/json */
	const char *request_id;   /* X-Request-Id, for finding it in the server's logs; NULL: none */
	int64_t timeout_ms;       /* whole request; 0: 30 s */
	/* The way to the host, lent; NULL: direct. The host is looked up at its far end, TLS is
	 * verified against the URL's host all the same, and proxies are not asked. */
	struct net_tunnel *tunnel;
	size_t response_cap; /* 0: NET_HTTP_RESPONSE_CAP */
	/* Streaming download: chunks of a 2xx answer go here and body is empty; other answers are
	 * gathered in body as usual. Return -1 with err to stop. May abort requests, but not destroy
	 * the engine. response_cap 0 then means no cap. */
	int (*on_chunk)(void *data, const void *chunk, size_t size, struct prism_error *err);
	void (*on_progress)(void *data, uint64_t done, uint64_t total /* 0: unknown */);
	void (*done)(void *data, const struct net_http_response *response,
	             const struct prism_error *err /* NULL: an answer came, whatever its status */);
	void *data;
};

#define NET_HTTP_RESPONSE_CAP (64u << 20) /* stops a server that answers without end */

struct net_http *net_http_create(struct prism_loop *loop, const struct net_http_config *config);
void net_http_destroy(struct net_http *http); /* aborts without callbacks; NULL allowed */
struct net_http_request *net_http_start(struct net_http *http, const struct net_http_spec *spec,
                                        struct prism_cancel *cancel /* may be NULL */,
                                        struct prism_error *err);
void net_http_abort(struct net_http_request *request); /* done comes later, category cancelled */
unsigned net_http_in_flight(const struct net_http *http);
bool net_http_had_connection(const struct net_http *http); /* anything ever connected */

/* Percent-encodes one path segment or query value (RFC 3986 section 2.3 unreserved kept). Yours. */
char *net_url_encode(const char *text);
/* Scheme, host and port for display; user info and query removed. Yours. */
char *net_url_display(const char *url);

#endif
