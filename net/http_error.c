/*
 * Owns the translation of libcurl's failures into messages with a remedy.  One row per code whose
 * text is fixed; the cases that need a closer look (refused or unreachable, timeouts, certificate
 * checks) have a function each.  Everything about performing requests is in net/http.c.
 */
#include "net/http_error.h"

#include "base/mem.h"
#include "net/http.h"

#include <errno.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/x509_vfy.h>

struct plain_row {
	CURLcode code;
	enum prism_error_category category;
	const char *message, *hint;
};

static const struct plain_row plain_rows[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, PRISM_ERROR_PROTOCOL, "the server does not speak HTTP",
     "check the port in the URL"},
    {CURLE_WEIRD_SERVER_REPLY, PRISM_ERROR_PROTOCOL, "the server does not speak HTTP",
     "check the port in the URL"},
    {CURLE_URL_MALFORMAT, PRISM_ERROR_INVALID, "the URL cannot be used",
     "expected http:// or https://, a host and perhaps a port"},
    {CURLE_COULDNT_RESOLVE_PROXY, PRISM_ERROR_IO, "the name of the proxy cannot be resolved",
     "check http_proxy, https_proxy and no_proxy in the environment"},
    {CURLE_HTTP2, PRISM_ERROR_PROTOCOL, "the HTTP/2 connection failed",
     "try again; when it keeps failing, a proxy or load balancer in between may be at fault"},
    {CURLE_HTTP2_STREAM, PRISM_ERROR_PROTOCOL, "the server broke off the HTTP/2 stream",
     "try again; when it keeps failing, a proxy or load balancer in between may be at fault"},
    {CURLE_GOT_NOTHING, PRISM_ERROR_IO, "the server closed the connection without an answer",
     "try again; check that the port in the URL belongs to the API"},
    {CURLE_SEND_ERROR, PRISM_ERROR_IO, "the connection broke while sending", "try again"},
    {CURLE_RECV_ERROR, PRISM_ERROR_IO, "the connection broke while receiving", "try again"},
    {CURLE_BAD_CONTENT_ENCODING, PRISM_ERROR_PROTOCOL, "the compressed answer is damaged",
     "try again; a proxy in between may be at fault"},
    {CURLE_TOO_MANY_REDIRECTS, PRISM_ERROR_PROTOCOL, "the server redirects without end",
     "check the base URL"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, PRISM_ERROR_TRUST, "the server's key is not the pinned one",
     ""},
    {CURLE_PROXY, PRISM_ERROR_IO, "the proxy refused the connection",
     "check http_proxy, https_proxy and no_proxy in the environment"},
    {CURLE_OUT_OF_MEMORY, PRISM_ERROR_INTERNAL, "out of memory", ""},
#if LIBCURL_VERSION_NUM >= 0x080600 /* it counts headers itself, before our cap is reached */
    {CURLE_TOO_LARGE, PRISM_ERROR_LIMIT, "the answer's headers have no end", ""},
#endif
};

static int refused(struct prism_error *err, const struct net_http_failure *f)
{
	switch (f->os_errno) {
	case ECONNREFUSED:
		prism_error_raise(err, PRISM_ERROR_IO, "connection refused");
		prism_error_hint(err, "check that the server is running and that the port is right");
		return -1;
	case ENETUNREACH:
	case EHOSTUNREACH:
		prism_error_raise(err, PRISM_ERROR_IO, "the host cannot be reached");
		prism_error_hint(err, "check the network, a VPN, or the address");
		return -1;
	default:
		if (f->os_errno)
			prism_error_errno(err, (int)f->os_errno, "no connection");
		else
			prism_error_raise(err, PRISM_ERROR_IO, "no connection");
		prism_error_hint(err, "check the network, the address and the port");
		return -1;
	}
}

static int timed_out(struct prism_error *err, const struct net_http_failure *f)
{
	double seconds = (double)f->waited_ms / 1000.0;

	if (!f->connected) {
		prism_error_raise(err, PRISM_ERROR_TIMEOUT, "no connection after %.1f s", seconds);
		prism_error_hint(err, "check the network and the address; a firewall may drop the packets");
	} else {
		prism_error_raise(err, PRISM_ERROR_TIMEOUT, "no complete answer after %.1f s", seconds);
		prism_error_hint(err, "the server is slow or stuck: try again, or raise the timeout");
	}
	return -1;
}

static int untrusted(struct prism_error *err, const struct net_http_failure *f)
{
	const char *against = f->ca_file ? f->ca_file : "the system's authorities";

	switch (f->verify_result) {
	case X509_V_OK:              /* the chain is fine, so libcurl refused the name; */
	case X509_V_ERR_UNSPECIFIED: /* 7.88 leaves its initial value in that case */
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server's certificate is for another host");
		prism_error_hint(err, "check the host name in the URL; the certificate must name it");
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server's certificate has expired");
		prism_error_hint(err, "its owner has to renew it; also check this machine's clock");
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server's certificate is not valid yet");
		prism_error_hint(err, "check this machine's clock");
		break;
	case X509_V_ERR_CERT_REVOKED:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server's certificate has been revoked");
		prism_error_hint(err, "its owner has to replace it");
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		prism_error_raise(err, PRISM_ERROR_TRUST,
		                  "the server's certificate is not trusted: not signed by %s", against);
		prism_error_hint(err, "if it is your own server, set ca_file to its CA certificate (PEM)");
		break;
	default:
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server's certificate is refused: %s",
		                  X509_verify_cert_error_string(f->verify_result));
		prism_error_hint(err, "if it is your own server, set ca_file to its CA certificate (PEM)");
	}
	return -1;
}

static int handshake(struct prism_error *err, const struct net_http_failure *f)
{
	if (strstr(f->detail, "wrong version number") || strstr(f->detail, "packet length too long") ||
	    strstr(f->detail, "http request")) {
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the server does not speak TLS on this port");
		prism_error_hint(
		    err, "check the port; use http:// only for a server you mean to be without TLS");
		return -1;
	}
	if (strstr(f->detail, "certificate required")) {
		prism_error_raise(err, PRISM_ERROR_TRUST, "the server asks for a client certificate");
		prism_error_hint(err, "this address is not meant for users of the API; check the URL");
		return -1;
	}
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the TLS handshake failed");
	prism_error_hint(err, "the server may be too old, or something in between answers for it");
	return -1;
}

static int by_plain_row(struct prism_error *err, const struct net_http_failure *f)
{
	for (size_t i = 0; i < PRISM_COUNT(plain_rows); i++) {
		if ((int)plain_rows[i].code != f->code)
			continue;
		prism_error_raise(err, plain_rows[i].category, "%s", plain_rows[i].message);
		if (plain_rows[i].hint[0])
			prism_error_hint(err, "%s", plain_rows[i].hint);
		return -1;
	}
	prism_error_raise(err, PRISM_ERROR_IO, "the request failed: %s",
	                  f->detail[0] ? f->detail : curl_easy_strerror((CURLcode)f->code));
	return -1;
}

static void translate(struct prism_error *err, const struct net_http_failure *f)
{
	switch (f->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		prism_error_raise(err, PRISM_ERROR_IO, "the host name cannot be resolved");
		prism_error_hint(err, "check the URL for a slip, and the network and its name server");
		return;
	case CURLE_COULDNT_CONNECT:
		(void)refused(err, f);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		(void)timed_out(err, f);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		(void)untrusted(err, f);
		return;
	case CURLE_SSL_CONNECT_ERROR:
		(void)handshake(err, f);
		return;
	case CURLE_SSL_CACERT_BADFILE:
		prism_error_raise(err, PRISM_ERROR_INVALID, "the CA file cannot be read: %s",
		                  f->ca_file ? f->ca_file : "the system's bundle");
		prism_error_hint(err, "%s",
		                 f->ca_file ? "ca_file must name a readable PEM file"
		                            : "install the ca-certificates package");
		return;
	case CURLE_PARTIAL_FILE:
		prism_error_raise(err, PRISM_ERROR_IO, "the answer broke off after %llu bytes",
		                  (unsigned long long)f->received);
		prism_error_hint(err, "try again; the network or a proxy cut it short");
		return;
	default:
		(void)by_plain_row(err, f);
	}
}

int net_http_error(struct prism_error *err, const struct net_http_failure *failure)
{
	if (!err)
		return -1;
	translate(err, failure);
	if (failure->url) {
		PRISM_AUTO_FREE char *peer = net_url_display(failure->url);

		(void)snprintf(err->peer, sizeof(err->peer), "%s", peer);
	}
	return -1;
}
