/*
 * OCSP (RFC 6960): a request about one certificate, and what an answer is worth.
 *
 * An answer counts only when all of this holds: it is "successful", it is signed by the issuer or
 * by a responder the issuer made for this purpose (section 4.2.2.2), it speaks of the certificate
 * that was asked about, the nonce, where the answer has one, is ours, and the moment lies between
 * its thisUpdate and nextUpdate (NET_OCSP_SKEW_S to either side).  Everything else is an error of
 * category trust or protocol, never a state.
 *
 * Answers come from the network, possibly in clear text: sizes are capped, DER is consumed whole.
 *
 * Thread rules: pure.
 */
#ifndef PRISM_NET_OCSP_H
#define PRISM_NET_OCSP_H

#include "net/x509.h"

#define NET_OCSP_MAX \
	65536u /* bytes of an answer; a signed one with its responder has about 3 KiB */
#define NET_OCSP_SKEW_S 300 /* clocks differ; what RFC 6960 leaves open and most clients allow */
#define NET_OCSP_NONCE                                                         \
	32 /* bytes of our nonce, the most RFC 9654 section 2.1 allows new clients \
	    */

enum net_ocsp_state { NET_OCSP_GOOD, NET_OCSP_REVOKED, NET_OCSP_UNKNOWN, NET_OCSP_STATE_COUNT };
const char *net_ocsp_state_word(enum net_ocsp_state state); /* "valid", "revoked", "unknown" */

struct net_ocsp_answer {
	enum net_ocsp_state state;
	int64_t revoked_us;                     /* PRISM_TIME_UNSET unless revoked */
	int64_t this_update_us, next_update_us; /* next: PRISM_TIME_UNSET when the answer names none */
	const char *reason;                     /* of a revocation: "key compromise"; "" none. Static */
	bool nonce;                             /* the answer was made for this request */
};

/* What is asked: kept between request and answer. */
struct net_ocsp;
/* serial: decimal digits, or hex with or without colons (hex when it holds a letter or a colon).
 * NULL: category invalid. */
struct net_ocsp *net_ocsp_create(const struct net_cert *issuer, const char *serial,
                                 struct prism_error *err);
void net_ocsp_destroy(struct net_ocsp *ocsp); /* NULL allowed */
/* The DER to POST as application/ocsp-request; with a fresh nonce. */
void net_ocsp_request(struct net_ocsp *ocsp, struct prism_buf *out);
PRISM_MUST_USE
int net_ocsp_answer(const struct net_ocsp *ocsp, const void *der, size_t size, int64_t at_us,
                    struct net_ocsp_answer *ret, struct prism_error *err);

/* True when two spellings name the same serial number. */
bool net_serial_same(const char *a, const char *b);

#endif
