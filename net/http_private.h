/*
 * Between net/http.c (the engine and a request's life), http_send.c (what is asked) and
 * http_answer.c (what comes back).  Nobody else includes this.
 */
#ifndef PRISM_NET_HTTP_PRIVATE_H
#define PRISM_NET_HTTP_PRIVATE_H

#include "base/list.h"
#include "net/http.h"
#include "net/http_queue.h"

#include <curl/curl.h>

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

/* http_answer.c: libcurl's callbacks of body, headers and progress */
void net_http_answer_set(struct net_http_request *r);

/* http_send.c */
int64_t net_http_timeout(const struct net_http_spec *spec);
/* Refuses now what libcurl would refuse later. */
int net_http_check_url(struct net_http *http, const char *url, struct prism_error *err);
/* The private socket that leads to the URL's host; NULL with *err, or with a direct way. */
const char *net_http_find_gate(const struct net_http_spec *spec, struct prism_error *err);
void net_http_send_set(struct net_http_request *r, const struct net_http_spec *spec);

#endif
