/*
 * The TLS layer.  OpenSSL reads and writes two buffers through a BIO of our own; the layer moves
 * them to and from the lower stream:
 *
 *   user  <- SSL_read  <- [in]  <- lower read
 *   user  -> SSL_write -> [out] -> lower write      several records per write
 *
 * States: waiting (for the lower layer) -> handshake -> up, or failed from either of the latter.
 *
 * Interest: what the user wants is translated for the lower layer.  Reading is always wanted during
 * the handshake; writing whenever [out] is not empty.  Decrypted or unread bytes that are still
 * here after a read would wake nobody, so they are reported from a deferred call.
 */
#include "net/stream_tls.h"

#include "base/mem.h"
#include "net/crypto_ossl.h"
#include "net/tls_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define IN_SIZE (128u << 10)
#define OUT_SIZE (256u << 10)
#define OUT_HIGH (128u << 10) /* no further records beyond this until some have left */
#define RECORD_MAX 16384      /* RFC 8446 section 5.1 */
#define SNI_MAX 255

enum state { WAITING, HANDSHAKE, UP, FAILED };

struct tls {
	struct net_stream stream;
	struct net_tls_peer peer;
	SSL *ssl;
	BIO_METHOD *method;
	enum state state;
	char *host, *sni;
	int64_t timeout_ms;
	struct prism_timer *deadline;
	uint8_t *in, *out; /* allocated for the handshake */
	size_t in_start, in_end, out_start, out_end;
	bool lower_over; /* the lower layer is at its end */
	struct prism_error lower_error;
	unsigned wanted;
	bool waking; /* more_to_read() is deferred */
	struct net_cert **certs;
	size_t cert_count;
	char alpn[32];
};

static struct tls *tls_of(struct net_stream *s)
{
	return PRISM_CONTAINER(s, struct tls, stream);
}

static const struct tls *const_tls_of(const struct net_stream *s)
{
	return (const struct tls *)s; /* the stream is its first member */
}

/* The BIO. */

static int bio_read(BIO *bio, char *out, int size)
{
	struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (tls->in_start == tls->in_end && !tls->lower_over) {
		ssize_t got = net_stream_read(tls->stream.lower, tls->in, IN_SIZE, &tls->lower_error);
		tls->in_start = tls->in_end = 0;
		if (got == NET_STREAM_AGAIN) {
			BIO_set_retry_read(bio);
			return -1;
		}
		if (got > 0)
			tls->in_end = (size_t)got;
		else
			tls->lower_over = true;
	}
	size_t have = tls->in_end - tls->in_start;
	size_t take = have < (size_t)size ? have : (size_t)size;
	memcpy(out, tls->in + tls->in_start, take);
	tls->in_start += take;
	return (int)take; /* 0: the end */
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
	struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	size_t room = OUT_SIZE - tls->out_end;
	size_t put = room < (size_t)size ? room : (size_t)size;
	if (put == 0 && size > 0) {
		BIO_set_retry_write(bio);
		return -1;
	}
	memcpy(tls->out + tls->out_end, bytes, put);
	tls->out_end += put;
	return (int)put;
}

static long bio_ctrl(BIO *bio, int command, long number, void *data)
{
	const struct tls *tls = BIO_get_data(bio);
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1; /* flushed with what follows */
	case BIO_CTRL_EOF:
		return tls->lower_over && tls->in_start == tls->in_end;
	default:
		return 0;
	}
}

static void bio_attach(struct tls *tls)
{
	tls->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "prism stream");
	net_ossl_require(tls->method != NULL, "BIO_meth_new");
	BIO_meth_set_read(tls->method, bio_read);
	BIO_meth_set_write(tls->method, bio_write);
	BIO_meth_set_ctrl(tls->method, bio_ctrl);
	BIO *bio = BIO_new(tls->method);
	net_ossl_require(bio != NULL, "BIO_new");
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio); /* given */
}

/* Moving what was encrypted. */

/* 0, or -1 with lower_error; what the lower layer does not take stays. */
static int out_flush(struct tls *tls)
{
	while (tls->out_start < tls->out_end) {
		ssize_t put = net_stream_write(tls->stream.lower, tls->out + tls->out_start,
		                               tls->out_end - tls->out_start, &tls->lower_error);
		if (put == NET_STREAM_AGAIN)
			break;
		if (put < 0)
			return -1;
		tls->out_start += (size_t)put;
	}
	if (tls->out_start == tls->out_end)
		tls->out_start = tls->out_end = 0;
	return 0;
}

static void want_update(struct tls *tls)
{
	unsigned events = tls->state == HANDSHAKE ? PRISM_LOOP_READ : tls->wanted;
	if (tls->state == HANDSHAKE || tls->state == UP)
		net_stream_want(tls->stream.lower, events | (tls->out_end > 0 ? PRISM_LOOP_WRITE : 0u));
}

/* Failures. */

/* The best explanation there is for what OpenSSL just reported. */
static int tls_explain(struct tls *tls, bool handshake, struct prism_error *err)
{
	if (net_tls_check_error(&tls->peer, err)) {
		net_ossl_forget();
		return -1;
	}
	if (tls->peer.alert < 0 && tls->lower_error.category != PRISM_ERROR_NONE) {
		net_ossl_forget();
		prism_error_copy(err, &tls->lower_error);
		return -1;
	}
	if (tls->peer.alert < 0 && tls->lower_over && handshake) {
		net_ossl_forget();
		prism_error_raise(err, PRISM_ERROR_IO,
		                  "the peer closed the connection during the TLS handshake");
		prism_error_hint(err, "it may run without TLS: check how the computation's agent is "
		                      "configured; clear text is never used instead");
		return -1;
	}
	return net_tls_error(&tls->peer, handshake, err);
}

static void handshake_finish(struct tls *tls, const struct prism_error *err)
{
	prism_timer_remove(tls->deadline);
	tls->deadline = NULL;
	tls->state = err ? FAILED : UP;
	if (err)
		net_stream_want(tls->stream.lower, 0);
	else
		want_update(tls);
	net_stream_layer_connected(&tls->stream, err);
}

static void deadline_passed(void *data)
{
	struct tls *tls = data;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "no TLS handshake within %lld ms",
	                  (long long)tls->timeout_ms);
	handshake_finish(tls, &err);
}

/* After the handshake. */

static void cert_add(struct tls *tls, const X509 *x509)
{
	struct prism_error err = PRISM_ERROR_INIT;
	unsigned char *der = NULL;
	int size = i2d_X509(x509, &der);
	struct net_cert *cert = size > 0 ? net_cert_from_der(der, (size_t)size, &err) : NULL;
	OPENSSL_free(der);
	if (cert)
		tls->certs[tls->cert_count++] = cert;
}

/* OpenSSL's stack begins with the leaf for a client, and leaves it out for a server. */
static void peer_collect(struct tls *tls)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);
	X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
	int count = chain ? sk_X509_num(chain) : 0;
	bool client = tls->peer.tls->role == NET_TLS_CLIENT;
	tls->certs = prism_alloc_array((size_t)count + 1, sizeof(struct net_cert *));
	if (leaf && !client)
		cert_add(tls, leaf);
	for (int i = 0; i < count; i++)
		cert_add(tls, sk_X509_value(chain, i));
}

static void checks_after_handshake(struct tls *tls)
{
	const struct net_tls *settings = tls->peer.tls;
	struct net_tls_peer *peer = &tls->peer;
	const unsigned char *alpn;
	unsigned alpn_len;
	struct net_tls_info info;
	SSL_get0_alpn_selected(tls->ssl, &alpn, &alpn_len);
	snprintf(tls->alpn, sizeof(tls->alpn), "%.*s", (int)(alpn_len < 31 ? alpn_len : 31),
	         alpn_len ? (const char *)alpn : "");
	peer_collect(tls);
	info = net_stream_tls_info(&tls->stream);
	net_tls_check_set(peer, NET_TLS_CHECK_VERSION, NET_TLS_PASS, "%s, %s", info.version_text,
	                  info.cipher);
	if (alpn_len > 0 || settings->role == NET_TLS_SERVER)
		net_tls_check_set(peer, NET_TLS_CHECK_ALPN, NET_TLS_PASS, "%s",
		                  alpn_len ? tls->alpn : "the client did not ask");
	else if (settings->alpn_optional)
		net_tls_check_set(peer, NET_TLS_CHECK_ALPN, NET_TLS_NOT_CHECKED,
		                  "the peer named no protocol");
	else
		net_tls_check_set(peer, NET_TLS_CHECK_ALPN, NET_TLS_FAIL,
		                  "the peer did not agree to HTTP/2 (ALPN h2)");
	if (info.resumed && settings->resumption)
		net_tls_check_set(peer, NET_TLS_CHECK_FRESH, NET_TLS_NOT_CHECKED,
		                  "resumed: the certificate was judged at the first connection");
	else
		net_tls_check_set(peer, NET_TLS_CHECK_FRESH, info.resumed ? NET_TLS_FAIL : NET_TLS_PASS,
		                  info.resumed ? "the peer resumed an old session" : "full handshake");
	if (tls->cert_count > 0)
		net_tls_check_set(peer, NET_TLS_CHECK_PRESENT, NET_TLS_PASS, "%s",
		                  net_cert_subject(tls->certs[0]));
	else
		net_tls_check_set(peer, NET_TLS_CHECK_PRESENT,
		                  settings->judges ? NET_TLS_FAIL : NET_TLS_NOT_CHECKED,
		                  settings->judges ? "the peer showed no certificate" : "not asked for");
}

static void handshake_step(struct tls *tls)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int code;
	bool flushed;
	do { /* a flight larger than the buffer goes in parts */
		ERR_clear_error();
		int result = SSL_do_handshake(tls->ssl);
		code = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, result);
		flushed = out_flush(tls) == 0; /* an alert of ours goes out, too */
	} while (code == SSL_ERROR_WANT_WRITE && flushed && tls->out_end == 0);
	if ((code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) && flushed) {
		want_update(tls);
		return;
	}
	if (code == SSL_ERROR_NONE && flushed)
		checks_after_handshake(tls);
	if (code == SSL_ERROR_NONE && flushed && !net_tls_check_error(&tls->peer, &err)) {
		handshake_finish(tls, NULL);
		return;
	}
	if (err.category == PRISM_ERROR_NONE)
		(void)tls_explain(tls, true, &err);
	handshake_finish(tls, &err);
}

static void clock_set(struct tls *tls)
{
	int64_t now_us = prism_clock_wall_us(prism_loop_clock(tls->stream.loop));
	X509_VERIFY_PARAM_set_time(SSL_get0_param(tls->ssl), (time_t)(now_us / 1000000));
}

static void name_set(struct tls *tls)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	const struct net_tls *settings = tls->peer.tls;
	if (settings->role == NET_TLS_CLIENT && *tls->sni)
		net_ossl_require(SSL_set_tlsext_host_name(tls->ssl, tls->sni) == 1, "SNI");
	if (settings->role != NET_TLS_CLIENT || settings->trust != NET_TLS_TRUST_FULL || !tls->host) {
		net_tls_check_set(&tls->peer, NET_TLS_CHECK_NAME, NET_TLS_NOT_CHECKED,
		                  settings->role == NET_TLS_SERVER ? "a client has no host name"
		                                                   : "no name to compare with");
		return;
	}
	tls->peer.host = tls->host;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	                                           X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) != 1)
		net_ossl_require(X509_VERIFY_PARAM_set1_host(param, tls->host, 0) == 1, "host name");
	net_ossl_forget(); /* a name is no address, and OpenSSL says so */
}

static void tls_connect(struct net_stream *s)
{
	struct tls *tls = tls_of(s);
	const struct net_tls *settings = tls->peer.tls;
	tls->ssl = SSL_new(settings->ctx);
	net_ossl_require(tls->ssl != NULL, "SSL_new");
	SSL_set_app_data(tls->ssl, &tls->peer);
	tls->in = prism_alloc(IN_SIZE);
	tls->out = prism_alloc(OUT_SIZE);
	bio_attach(tls);
	clock_set(tls);
	name_set(tls);
	if (settings->role == NET_TLS_CLIENT) {
		if (settings->session)
			(void)SSL_set_session(tls->ssl, settings->session);
		SSL_set_connect_state(tls->ssl);
	} else {
		SSL_set_accept_state(tls->ssl);
	}
	tls->state = HANDSHAKE;
	tls->deadline = prism_loop_add_timer(s->loop, tls->timeout_ms, 0, deadline_passed, tls);
	handshake_step(tls);
}

/* Data. */

static bool more_here(const struct tls *tls)
{
	return tls->in_start < tls->in_end || SSL_has_pending(tls->ssl) == 1;
}

static void more_to_read(void *data)
{
	struct tls *tls = data;
	tls->waking = false;
	if (tls->state == UP && (tls->wanted & PRISM_LOOP_READ))
		net_stream_layer_ready(&tls->stream, PRISM_LOOP_READ);
}

static void wake_later(struct tls *tls)
{
	if (tls->waking || !more_here(tls))
		return;
	tls->waking = true;
	prism_loop_defer(tls->stream.loop, more_to_read, tls);
}

static ssize_t tls_read(struct net_stream *s, void *buf, size_t size, struct prism_error *err)
{
	struct tls *tls = tls_of(s);
	size_t total = 0;
	int code = SSL_ERROR_NONE;
	if (tls->state != UP)
		return prism_error_raise(err, PRISM_ERROR_IO, "the TLS connection is over");
	while (total < size) { /* a record at a time, so that the caller gets more than 16 KiB */
		size_t got;
		ERR_clear_error();
		int result = SSL_read_ex(tls->ssl, (char *)buf + total, size - total, &got);
		code = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, result);
		if (code != SSL_ERROR_NONE)
			break;
		total += got;
	}
	if (tls->out_end > 0 && out_flush(tls) == 0) /* answers to key updates */
		want_update(tls);
	if (total > 0) {
		net_ossl_forget(); /* an end or a failure comes again with the next read */
		if (code == SSL_ERROR_NONE)
			wake_later(tls);
		return (ssize_t)total;
	}
	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
		return NET_STREAM_AGAIN;
	if (code == SSL_ERROR_ZERO_RETURN)
		return 0;
	tls->state = FAILED;
	return tls_explain(tls, false, err);
}

static ssize_t tls_write(struct net_stream *s, const void *buf, size_t size,
                         struct prism_error *err)
{
	struct tls *tls = tls_of(s);
	size_t total = 0;
	if (tls->state != UP)
		return prism_error_raise(err, PRISM_ERROR_IO, "the TLS connection is over");
	while (total < size) {
		size_t piece = size - total < RECORD_MAX ? size - total : RECORD_MAX, put;
		if (tls->out_end >= OUT_HIGH && out_flush(tls) < 0)
			break;
		if (tls->out_end >= OUT_HIGH)
			break; /* full: want_update() below waits for room */
		ERR_clear_error();
		if (SSL_write_ex(tls->ssl, (const char *)buf + total, piece, &put) != 1)
			break;
		total += put;
	}
	if (tls->lower_error.category == PRISM_ERROR_NONE)
		(void)out_flush(tls);
	if (tls->lower_error.category != PRISM_ERROR_NONE) {
		/* Reading is still allowed: the peer may have said why. */
		prism_error_copy(err, &tls->lower_error);
		prism_error_clear(&tls->lower_error);
		return -1;
	}
	want_update(tls);
	net_ossl_forget();
	return total > 0 || size == 0 ? (ssize_t)total : NET_STREAM_AGAIN;
}

static void tls_want(struct net_stream *s, unsigned events)
{
	struct tls *tls = tls_of(s);
	tls->wanted = events;
	if (tls->state == UP) {
		want_update(tls);
		if (events & PRISM_LOOP_READ)
			wake_later(tls);
	} else if (tls->state == FAILED) {
		net_stream_want(s->lower, 0);
	}
}

static void tls_lower_ready(struct net_stream *s, unsigned events)
{
	struct tls *tls = tls_of(s);
	if (tls->state == HANDSHAKE) {
		handshake_step(tls);
		return;
	}
	if (tls->state != UP)
		return;
	unsigned tell = events & tls->wanted;
	if (events & PRISM_LOOP_WRITE) {
		if (out_flush(tls) < 0)
			tell |= tls->wanted; /* the next write fails, and says why */
		else if (tls->out_end >= OUT_HIGH)
			tell &= ~(unsigned)PRISM_LOOP_WRITE;
		want_update(tls);
	}
	if (tell)
		net_stream_layer_ready(s, tell);
}

static void tls_shutdown_write(struct net_stream *s)
{
	struct tls *tls = tls_of(s);
	if (tls->state != UP)
		return;
	(void)SSL_shutdown(tls->ssl);
	net_ossl_forget();
	(void)out_flush(tls);
	net_stream_shutdown_write(s->lower);
}

static void tls_describe(const struct net_stream *s, struct prism_buf *out)
{
	const struct tls *tls = const_tls_of(s);
	if (tls->state != UP) {
		prism_buf_puts(out, "TLS");
		return;
	}
	struct net_tls_info info = net_stream_tls_info(s);
	prism_buf_printf(out, "%s %s", info.version_text, info.cipher);
	if (tls->peer.checks[NET_TLS_CHECK_CHAIN].outcome == NET_TLS_PASS)
		prism_buf_printf(out, ", %s verified by %s",
		                 tls->peer.tls->role == NET_TLS_CLIENT ? "server" : "client",
		                 tls->peer.tls->ca_name);
}

static void tls_destroy(struct net_stream *s)
{
	struct tls *tls = tls_of(s);
	prism_loop_undefer(s->loop, more_to_read, tls);
	prism_timer_remove(tls->deadline);
	if (tls->state == UP) { /* a goodbye, if it can be said at once */
		(void)SSL_shutdown(tls->ssl);
		(void)out_flush(tls);
	}
	SSL_free(tls->ssl);
	BIO_meth_free(tls->method);
	net_ossl_forget();
	for (size_t i = 0; i < tls->cert_count; i++)
		net_cert_destroy(tls->certs[i]);
	prism_free(tls->certs);
	net_tls_unref(tls->peer.tls);
	prism_free(tls->host);
	prism_free(tls->sni);
	prism_free(tls->in);
	prism_free(tls->out);
	prism_free(tls);
}

static const struct net_stream_ops tls_ops = {
    .name = "tls",
    .connect = tls_connect,
    .read = tls_read,
    .write = tls_write,
    .want = tls_want,
    .lower_ready = tls_lower_ready,
    .shutdown_write = tls_shutdown_write,
    .describe = tls_describe,
    .destroy = tls_destroy,
};

/* The public side. */

static bool is_address(const char *host)
{
	unsigned char bytes[16];
	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

struct net_stream *net_stream_tls_create(struct net_stream *lower,
                                         const struct net_stream_tls_spec *spec)
{
	struct tls *tls = prism_alloc(sizeof(*tls));
	const char *sni = spec->sni                               ? spec->sni
	                  : spec->host && !is_address(spec->host) ? spec->host
	                                                          : "";
	assert(strlen(sni) <= SNI_MAX);
	net_stream_init(&tls->stream, &tls_ops, lower->loop, lower);
	tls->peer.tls = net_tls_ref(spec->tls);
	tls->peer.alert = -1;
	for (int i = 0; i < NET_TLS_CHECK_COUNT; i++)
		net_tls_check_set(&tls->peer, (enum net_tls_check_id)i, NET_TLS_NOT_CHECKED, "not reached");
	tls->host = prism_strdup(spec->host);
	tls->sni = prism_strdup(sni);
	tls->timeout_ms = spec->timeout_ms > 0 ? spec->timeout_ms : NET_TLS_HANDSHAKE_MS;
	return &tls->stream;
}

struct net_stream *net_stream_tls_of(struct net_stream *s)
{
	while (s && s->ops != &tls_ops)
		s = s->lower;
	return s;
}

const struct net_tls_check *net_stream_tls_checks(const struct net_stream *s)
{
	return const_tls_of(s)->peer.checks;
}

struct net_tls_info net_stream_tls_info(const struct net_stream *s)
{
	const struct tls *tls = const_tls_of(s);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
	const EVP_MD *md = cipher ? SSL_CIPHER_get_handshake_digest(cipher) : NULL;
	bool tls13 = SSL_version(tls->ssl) == TLS1_3_VERSION;
	return (struct net_tls_info){
	    .version = tls13 ? NET_TLS_1_3 : NET_TLS_1_2,
	    .version_text = tls13 ? "TLS 1.3" : "TLS 1.2",
	    .cipher = cipher ? SSL_CIPHER_get_name(cipher) : "",
	    .hash = md && EVP_MD_get_size(md) == 32   ? NET_SHA256
	            : md && EVP_MD_get_size(md) == 48 ? NET_SHA384
	                                              : NET_DIGEST_COUNT,
	    .alpn = tls->alpn,
	    .sni = tls->sni,
	    .resumed = SSL_session_reused(tls->ssl) == 1,
	};
}

size_t net_stream_tls_peer_count(const struct net_stream *s)
{
	return const_tls_of(s)->cert_count;
}

const struct net_cert *net_stream_tls_peer(const struct net_stream *s, size_t index)
{
	assert(index < const_tls_of(s)->cert_count);
	return const_tls_of(s)->certs[index];
}

int net_stream_tls_export(const struct net_stream *s, const char *label, const void *context,
                          size_t context_len, void *out, size_t size, struct prism_error *err)
{
	const struct tls *tls = const_tls_of(s);
	if (tls->state != UP)
		return prism_error_raise(err, PRISM_ERROR_INTERNAL,
		                         "nothing to export before the handshake");
	if (SSL_export_keying_material(tls->ssl, out, size, label, strlen(label), context, context_len,
	                               context != NULL) != 1)
		return net_ossl_error(err, PRISM_ERROR_INTERNAL, "export keying material");
	return 0;
}
