/*
 * Making X.509 certificates: a CA of one's own, and what it signs.  For development; a CA that
 * matters lives elsewhere.  Each certificate carries a comment extension that says so.
 *
 * Made as RFC 5280 asks: version 3, random serial of 127 bits, basicConstraints, keyUsage,
 * extended key usage, key identifiers; SHA-256, or the scheme's own digest with Ed25519.
 *
 * Thread rules: signing may run on a worker; nothing is shared.
 */
#ifndef PRISM_NET_X509_MAKE_H
#define PRISM_NET_X509_MAKE_H

#include "net/crypto.h"
#include "net/x509.h"

enum net_cert_role { NET_CERT_ROLE_CA, NET_CERT_ROLE_SERVER, NET_CERT_ROLE_CLIENT };

#define NET_CERT_COMMENT "development only: not for production"
#define NET_CERT_NAME_MAX 64   /* X.520 upper bounds of CN, O and OU */
#define NET_CERT_NAMES_MAX 100 /* alternative names */

struct net_cert_spec { /* everything borrowed */
	enum net_cert_role role;
	const char *common_name;
	const char *organisation, *unit; /* NULL or "": left out */
	const char *const *names;        /* DNS names and addresses, for servers */
	size_t name_count;
	int64_t not_before_us, not_after_us;
	const struct net_key *key;     /* private or public half of the subject */
	const struct net_cert *issuer; /* NULL: self-signed, with issuer_key the subject's own */
	const struct net_key *issuer_key;
};
/* Appends one PEM block. Category invalid: a name that cannot stand in a certificate. */
PRISM_MUST_USE
int net_cert_make(const struct net_cert_spec *spec, struct prism_buf *out, struct prism_error *err);

/* "DNS:a,IP:b" of names; category invalid with the one that is neither. Yours. NULL on failure. */
char *net_cert_alt_names_text(const char *const *names, size_t count, struct prism_error *err);

#endif
