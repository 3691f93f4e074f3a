/*
 * The certificates of --tls: a CA and a server certificate for the loopback names, made at start
 * and forgotten at the end.  The CA's certificate is written to a file for clients; no private
 * key is.
 */
#ifndef PRISM_SANDBOX_PKI_H
#define PRISM_SANDBOX_PKI_H

#include "base/error.h"

#include <stdint.h>

struct sb_server_identity {
	char *cert_pem; /* server certificate and CA, in this order */
	char *key_pem;
	char *ca_pem;
};

/* ECDSA P-256, valid from a day ago for 30 days; names: localhost, 127.0.0.1, ::1 and `host`. */
PRISM_MUST_USE
int sb_pki_server_identity(const char *host, int64_t now_us, struct sb_server_identity *ret,
                           struct prism_error *err);
void sb_server_identity_finish(struct sb_server_identity *identity); /* wipes */

#endif
