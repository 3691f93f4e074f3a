/*
 * Owns what is asked: libcurl's options of a request, its headers, and the looking at URLs.
 */
#include "net/http_private.h"

#include "base/text.h"
#include "net/tunnel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DEFAULT_TIMEOUT_MS 30000
#define KEEPALIVE_IDLE_S 30 /* shorter than the state of common NAT boxes lives */
#define KEEPALIVE_INTERVAL_S 10
#define SILENT_MS 20000 /* bytes sent and not acknowledged for so long: the connection is dead */

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

int64_t net_http_timeout(const struct net_http_spec *spec)
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
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
	if (r->gate) { /* the socket is there at once: what takes time is TLS at the far end */
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, r->gate);
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)net_http_timeout(spec));
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

int net_http_check_url(struct net_http *http, const char *url, struct prism_error *err)
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

const char *net_http_find_gate(const struct net_http_spec *spec, struct prism_error *err)
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

void net_http_send_set(struct net_http_request *r, const struct net_http_spec *spec)
{
	set_options(r, spec);
	set_headers(r, spec);
	set_method(r, spec);
}
