/*
 * Certificates for tests, made on the spot: authorities and leaves as PEM texts, with each property
 * that a check may dislike.  P-256 keys.
 */
#ifndef PRISM_TESTS_LIB_TESTCA_H
#define PRISM_TESTS_LIB_TESTCA_H

#include <stdbool.h>

struct testca_spec {
	const char *name;      /* common name */
	const char *names;     /* "DNS:agent.example,IP:127.0.0.1"; NULL: none */
	const char *usage;     /* "serverAuth", "clientAuth"; NULL: no extended key usage */
	const char *key_usage; /* "digitalSignature"; NULL: no key usage */
	bool ca;
	unsigned bulk;      /* bytes of a private extension, as evidence rides in one */
	unsigned rsa;       /* bits of an RSA key instead */
	const char *curve;  /* another curve */
	const char *digest; /* another digest than SHA-256 */
	bool nul;           /* a NUL byte in the organisation */
	long from, until;   /* seconds from now; both 0: an hour ago to an hour from now */
};
struct testca {
	char *cert_pem, *key_pem;
};

/* issuer NULL: self-signed. Aborts the test program when OpenSSL fails. */
struct testca testca_make(const struct testca_spec *spec, const struct testca *issuer);
void testca_finish(struct testca *made);

#endif
