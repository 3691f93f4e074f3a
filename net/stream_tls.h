/*
 * TLS as a layer over any lower stream, for both roles.  It is up once the handshake is over and
 * the peer has passed the checks of its net_tls (net/tls.h).
 *
 * A failed handshake completes the connect with category trust where a check failed (message: the
 * check's line; hint: the remedy), and with protocol or io otherwise.  The checks can be read
 * either way, also after a failure, until the stream is destroyed.
 *
 * TLS 1.3 servers judge a client certificate after the client's handshake is over: a refusal then
 * comes as an error of the first read (category trust, the alert in words), and net/h2.h reads
 * before it reports a failed write.
 *
 * Layers above (attested TLS) find the layer with net_stream_tls_of(), which looks down the chain.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_STREAM_TLS_H
#define PRISM_NET_STREAM_TLS_H

#include "net/crypto.h"
#include "net/stream.h"
#include "net/tls.h"
#include "net/x509.h"

#define NET_TLS_HANDSHAKE_MS 20000 /* an agent makes evidence inside it; give those 60 s */

struct net_stream_tls_spec {
	struct net_tls *tls; /* a reference is taken */
	/* Client: the name to send (SNI); NULL: host, when that is a name and not an address; "": none.
	 * Up to 255 bytes, not necessarily a DNS name (reference attested-tls.md 2.2). */
	const char *sni;
	const char *host;   /* client: what the certificate must be for; NULL: not checked */
	int64_t timeout_ms; /* of the handshake; 0: NET_TLS_HANDSHAKE_MS */
};
/* lower: given. */
struct net_stream *net_stream_tls_create(struct net_stream *lower,
                                         const struct net_stream_tls_spec *spec);

/* The TLS layer at or below s; NULL when there is none. */
struct net_stream *net_stream_tls_of(struct net_stream *s);

/* The following take a TLS layer. */
const struct net_tls_check *net_stream_tls_checks(const struct net_stream *s); /* COUNT of them */
struct net_tls_info {
	enum net_tls_version version;
	const char *version_text;  /* "TLS 1.3" */
	const char *cipher;        /* "TLS_AES_128_GCM_SHA256" */
	enum net_digest_kind hash; /* of the cipher suite; NET_DIGEST_COUNT when it is another one */
	const char *alpn;          /* "h2"; "" when none was agreed */
	const char *sni;           /* as sent; "" when none */
	bool resumed;
};
/* Valid once up; text is lent until destroy. */
struct net_tls_info net_stream_tls_info(const struct net_stream *s);
/* The peer's chain as it sent it, leaf first; lent. 0 when it showed none. */
size_t net_stream_tls_peer_count(const struct net_stream *s);
const struct net_cert *net_stream_tls_peer(const struct net_stream *s, size_t index);
/* RFC 8446 section 7.5, RFC 5705. context NULL: none (which differs from empty in TLS 1.2 only). */
PRISM_MUST_USE
int net_stream_tls_export(const struct net_stream *s, const char *label, const void *context,
                          size_t context_len, void *out, size_t size, struct prism_error *err);

#endif
