/*
 * Shared by sandbox/atls.c and sandbox/atls_answer.c.
 */
#ifndef PRISM_SANDBOX_ATLS_PRIVATE_H
#define PRISM_SANDBOX_ATLS_PRIVATE_H

#include "sandbox/atls.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct sb_atls {
	struct prism_loop *loop;
	struct sb_forge *forge;
	struct sb_atls_config config;
	struct net_tls *tls;
	X509 *cert; /* generation 2 */
	EVP_PKEY *key;
};

/* Fills cert and key with an ephemeral P-256 identity. */
PRISM_MUST_USE
int sb_atls_ephemeral(struct sb_atls *atls, struct prism_error *err);
/* A certificate of generation 1 for this nonce, with evidence in its extension. */
PRISM_MUST_USE
int sb_atls_gen1_certificate(struct sb_atls *atls, const uint8_t nonce[64],
                             struct prism_buf *ret_cert, struct prism_buf *ret_key,
                             struct prism_error *err);
PRISM_MUST_USE
int sb_atls_identity_pem(X509 *cert, EVP_PKEY *key, struct prism_buf *ret_cert,
                         struct prism_buf *ret_key, struct prism_error *err);
/* A parsed authenticator request; lends from the message. */
struct sb_atls_request {
	const uint8_t *context, *schemes;
	size_t context_size, scheme_count;
};
PRISM_MUST_USE
int sb_atls_request_parse(const void *data, size_t size, struct sb_atls_request *ret,
                          struct prism_error *err);
bool sb_atls_request_offers(const struct sb_atls_request *request, unsigned scheme);
/* The whole answer to a request, frame header included. */
PRISM_MUST_USE
int sb_atls_answer(struct sb_atls *atls, const struct net_stream *tls,
                   const struct prism_buf *request, struct prism_buf *out, struct prism_error *err);

#endif
