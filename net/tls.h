/*
 * TLS settings of one side: credentials, roots, rules.  A net_tls is made once from PEM texts and
 * shared by any number of connections (net/stream_tls.h); OpenSSL stays in net.
 *
 * The peer's certificate is judged inside the handshake, before anything of ours that identifies us
 * is sent, as a list of named checks, each with a line that can be shown as it is.  The strict
 * choice is the default; a check that was not made says so and why.
 *
 * Fixed rules: TLS 1.2 at least, no renegotiation, no compression, no early data, certificates up
 * to NET_TLS_CERT_LIST_MAX (attestation rides in them), resumption only when asked for.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_TLS_H
#define PRISM_NET_TLS_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

/* Bytes of a Certificate message taken: the event log inside may have tens of kilobytes; OpenSSL's
 * own limit is 100 KiB (reference attested-tls.md 2.4). */
#define NET_TLS_CERT_LIST_MAX (1 << 20)

enum net_tls_role { NET_TLS_CLIENT, NET_TLS_SERVER };

enum net_tls_version { NET_TLS_1_2, NET_TLS_1_3 };

/* How far TLS itself judges the peer. */
enum net_tls_trust {
	NET_TLS_TRUST_FULL,     /* client: chain, dates, purpose, name. Server: chain, dates, purpose */
	NET_TLS_TRUST_NO_NAME,  /* everything but the name */
	NET_TLS_TRUST_DEFERRED, /* client: nothing here; the layer above judges before any data is sent.
	                           Server: client certificates are not asked for */
};

/* X(ENUM, "id", "what it proves") */
#define NET_TLS_CHECK_MAP(X)                                                       \
	X(VERSION, "tls.version", "the protocol version is one that is allowed")       \
	X(ALPN, "tls.alpn", "both sides agreed on HTTP/2")                             \
	X(FRESH, "tls.fresh", "the handshake was a full one, not a resumption")        \
	X(PRESENT, "tls.certificate", "the peer showed a certificate and has its key") \
	X(CHAIN, "tls.chain", "the certificate was issued by a trusted authority")     \
	X(DATES, "tls.dates", "every certificate of the chain is valid today")         \
	X(PURPOSE, "tls.purpose", "the certificate may be used for this")              \
	X(NAME, "tls.name", "the certificate was issued for this host")

enum net_tls_check_id {
#define X(id, word, proves) NET_TLS_CHECK_##id,
	NET_TLS_CHECK_MAP(X)
#undef X
	    NET_TLS_CHECK_COUNT
};

enum net_tls_outcome { NET_TLS_NOT_CHECKED, NET_TLS_PASS, NET_TLS_FAIL };

struct net_tls_check {
	enum net_tls_outcome outcome;
	char detail[240]; /* what was found, or why it was not checked; from the peer in part */
};
const char *net_tls_check_word(enum net_tls_check_id id);   /* "tls.chain" */
const char *net_tls_check_proves(enum net_tls_check_id id); /* static text */

struct net_tls_config { /* everything is copied */
	enum net_tls_role role;
	enum net_tls_trust trust;
	enum net_tls_version min_version;
	/* Trusted authorities, PEM. Client: NULL means the system's. Server: NULL means that client
	 * certificates are not asked for; given, one is required. */
	const char *ca_pem;
	size_t ca_len;
	const char *ca_name; /* for people: "ca.pem"; NULL: "the given CA" or "the system's CAs" */
	/* Own certificate (leaf first, then intermediates) and key; both or neither. A server has them,
	 * or an identity callback. */
	const char *cert_pem;
	size_t cert_len;
	const char *key_pem;
	size_t key_len;
	const struct prism_secret *key_passphrase; /* NULL: none */
	bool resumption;
	bool alpn_optional; /* accept a peer that names no protocol */
	/* Server: makes the identity of one connection from the name that the client sent ("" when
	 * none): PEM into cert and key (empty on entry, key is wiped). -1: the handshake fails with
	 * internal_error. Data lives as long as the net_tls. */
	int (*identity)(void *data, const char *sni, struct prism_buf *cert, struct prism_buf *key,
	                struct prism_error *err);
	void *identity_data;
};

struct net_tls;

/* NULL: unreadable PEM, key and certificate that do not fit, a server without identity. */
struct net_tls *net_tls_create(const struct net_tls_config *config, struct prism_error *err);
struct net_tls *net_tls_ref(struct net_tls *tls);
void net_tls_unref(struct net_tls *tls); /* NULL allowed */

#endif
