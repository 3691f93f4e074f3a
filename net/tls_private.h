/*
 * Between net/tls.c (settings), net/tls_verify.c (judging a certificate chain), net/tls_error.c
 * (OpenSSL's failures in words) and net/stream_tls.c (the layer).  Internal to net.
 */
#ifndef PRISM_NET_TLS_PRIVATE_H
#define PRISM_NET_TLS_PRIVATE_H

#include "net/tls.h"

#include <openssl/ssl.h>

struct net_tls {
	unsigned refs;
	SSL_CTX *ctx;
	enum net_tls_role role;
	enum net_tls_trust trust;
	bool resumption, alpn_optional;
	bool judges; /* the peer's certificate is asked for and checked */
	char *ca_name;
	int (*identity)(void *data, const char *sni, struct prism_buf *cert, struct prism_buf *key,
	                struct prism_error *err);
	void *identity_data;
	SSL_SESSION *session; /* client, resumption: the newest one */
};

/* What hangs on an SSL object (SSL_set_app_data). */
struct net_tls_peer {
	struct net_tls *tls;
	const char *host; /* NULL: the name is not checked */
	struct net_tls_check checks[NET_TLS_CHECK_COUNT];
	int alert; /* description of the last alert that came; -1: none */
};

/* For SSL_CTX_set_cert_verify_callback(): fills the checks, 1 when none failed. */
int net_tls_verify(X509_STORE_CTX *store, void *unused);
void net_tls_check_set(struct net_tls_peer *peer, enum net_tls_check_id id,
                       enum net_tls_outcome outcome, const char *fmt, ...) PRISM_PRINTF(4, 5);
/* The first failed check as an error; false when none failed. */
bool net_tls_check_error(const struct net_tls_peer *peer, struct prism_error *err);
/* The failure of an SSL function in words: alert, protocol confusion, or OpenSSL's reason. */
int net_tls_error(const struct net_tls_peer *peer, bool handshake, struct prism_error *err);
/* Certificate chain and key from PEM into ctx, or into ssl when that is not NULL. */
PRISM_MUST_USE
int net_tls_use_identity(SSL_CTX *ctx, SSL *ssl, const char *cert_pem, size_t cert_len,
                         const char *key_pem, size_t key_len, const struct prism_secret *passphrase,
                         struct prism_error *err);

#endif
