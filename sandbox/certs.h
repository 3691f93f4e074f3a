/*
 * The certificate service's state: its CA, which lives in the store, and the tokens that permit a
 * download for five minutes (JWT, HS256).
 */
#ifndef PRISM_SANDBOX_CERTS_H
#define PRISM_SANDBOX_CERTS_H

#include "sandbox/pki.h"
#include "sandbox/sandbox.h"

#define SB_DOWNLOAD_TTL_S 300

/* Made on first use. NULL on failure. Lent. */
struct sb_ca *sb_certs_ca(struct sb *sb, struct prism_error *err);

/* One certificate, signed and put on record. addresses: the names of request in one text. The
 * serial number follows from the entity, the moment and a count, so that a sandbox under a clock
 * that stands still gives the same ones each time. request->serial_of is overwritten. */
PRISM_MUST_USE
int sb_certs_add(struct sb *sb, int64_t workspace, const char *entity, const char *addresses,
                 int64_t issued_us, struct sb_cert_request *request, struct sb_cert *ret,
                 struct prism_error *err);

char *sb_download_token(const struct sb *sb, const char *subject); /* yours */
bool sb_download_token_valid(const struct sb *sb, const char *token, const char *subject);

#endif
