/*
 * Certificates: a CA of the sandbox's own, what it issues, and its word on what it issued (OCSP).
 * Used for HTTPS (--tls) and by the certificate service (prism-api.md section 3.10).
 *
 * All keys are ECDSA P-256.  OpenSSL's types stay inside pki.c and pki_ocsp.c.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_PKI_H
#define PRISM_SANDBOX_PKI_H

#include "base/buf.h"

#include <stdint.h>

#define SB_CERT_DAYS 30 /* section 4.10 */
#define SB_CA_DAYS 365
#define SB_SERIAL_TEXT 48 /* decimal digits of 128 bits, and room */

struct sb_ca;

struct sb_ca *sb_ca_create(int64_t now_us, struct prism_error *err);
struct sb_ca *sb_ca_load(const char *cert_pem, const char *key_pem, struct prism_error *err);
void sb_ca_destroy(struct sb_ca *ca);               /* NULL allowed */
const char *sb_ca_cert_pem(const struct sb_ca *ca); /* lent */
char *sb_ca_key_pem(const struct sb_ca *ca);        /* yours; wipe it */

struct sb_cert_request {
	const char *common_name;
	const char *const *names; /* IP addresses and DNS names; NULL ends */
	int64_t not_before_us, not_after_us;
	const char
	    *serial_of; /* the serial number is made from this text, alike each time; NULL: random */
};
struct sb_cert {
	char serial[SB_SERIAL_TEXT]; /* decimal */
	char *cert_pem, *key_pem;    /* owned */
};
/* For servers and clients alike. A name that is neither address nor host name is refused. */
PRISM_MUST_USE
int sb_ca_issue(const struct sb_ca *ca, const struct sb_cert_request *request, struct sb_cert *ret,
                struct prism_error *err);
void sb_cert_finish(struct sb_cert *cert); /* wipes */
/* The serial number of a certificate in PEM, if this CA issued it. */
PRISM_MUST_USE
int sb_ca_serial_of(const struct sb_ca *ca, const char *cert_pem, char ret_serial[SB_SERIAL_TEXT]);

/* What is known about a serial number. */
enum sb_cert_state { SB_CERT_GOOD, SB_CERT_REVOKED, SB_CERT_UNKNOWN };
typedef enum sb_cert_state (*sb_cert_state_fn)(void *data, const char *serial,
                                               int64_t *ret_revoked_us);
/* Answers a DER request (RFC 6960); a request that cannot be read gets the malformedRequest answer.
 * serial: instead of a request, NULL otherwise. */
void sb_ca_ocsp(const struct sb_ca *ca, const void *request, size_t size, const char *serial,
                int64_t now_us, sb_cert_state_fn state, void *data, struct prism_buf *out);

#endif
