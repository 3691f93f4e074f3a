/*
 * X.509 certificates: reading, describing, chain verification to roots the caller names, raw
 * signatures under a certificate's or a bare key.  OpenSSL types do not appear here.
 *
 * Verification never uses the system's trust store: whoever calls says which roots count.
 *
 * Everything is read from bytes a peer may have made: sizes are capped, a DER value must be
 * consumed whole, and text from names is passed on as it stands (the cell door neutralises it).
 *
 * Thread rules: a certificate may be shared read-only between threads.
 */
#ifndef PRISM_NET_X509_H
#define PRISM_NET_X509_H

#include "base/buf.h"

#include <stdint.h>

#define NET_CERT_MAX (1u << 20) /* bytes of one certificate; attestation rides in extensions */
#define NET_CERT_CHAIN_MAX 32u  /* certificates read from one PEM text or handed to one chain */
#define NET_FINGERPRINT 32      /* SHA-256 of the DER */

struct net_cert;

struct net_cert *net_cert_from_der(const void *der, size_t size, struct prism_error *err);
/* One certificate as DER or as the first PEM block. */
struct net_cert *net_cert_from_any(const void *data, size_t size, struct prism_error *err);
void net_cert_destroy(struct net_cert *cert); /* NULL allowed */
/* All certificates of a PEM text in order; at most `max` (refused above). Returns 0 and count. */
PRISM_MUST_USE
int net_cert_list_from_pem(const char *pem, size_t size, struct net_cert **out, size_t max,
                           size_t *ret_count, struct prism_error *err);

void net_cert_der(const struct net_cert *cert, const uint8_t **ret_der,
                  size_t *ret_size); /* lent */
void net_cert_fingerprint(const struct net_cert *cert, uint8_t out[NET_FINGERPRINT]);
void net_cert_spki(const struct net_cert *cert, const uint8_t **ret_der,
                   size_t *ret_size);                          /* lent */
const char *net_cert_subject(const struct net_cert *cert);     /* lent, RFC 2253 order reversed */
const char *net_cert_issuer(const struct net_cert *cert);      /* lent */
const char *net_cert_common_name(const struct net_cert *cert); /* lent; "" when there is none */
const char *net_cert_serial(const struct net_cert *cert);      /* lent, lower-case hex */
const char *net_cert_key_text(const struct net_cert *cert);    /* "RSA 4096", "P-384", "Ed25519" */
const char *net_cert_signature_text(const struct net_cert *cert); /* "ecdsa-with-SHA256" */
int64_t net_cert_not_before_us(const struct net_cert *cert);
int64_t net_cert_not_after_us(const struct net_cert *cert);
bool net_cert_is_ca(const struct net_cert *cert);         /* basicConstraints CA:TRUE */
bool net_cert_allows_server(const struct net_cert *cert); /* no EKU at all, or serverAuth in it */
bool net_cert_allows_client(const struct net_cert *cert);
bool net_cert_self_signed(const struct net_cert *cert); /* signature verified with its own key */
bool net_cert_equal(const struct net_cert *a, const struct net_cert *b);
bool net_cert_matches_host(const struct net_cert *cert, const char *host); /* DNS name or address */
/* "DNS:agent.example, IP:127.0.0.1"; "" without such an extension; other kinds of names are named
 * by their kind alone.  Control bytes come as '?'.  Yours. */
char *net_cert_alt_names(const struct net_cert *cert);
/* Digest under the signature: "SHA2-256", "SHA1", "MD5"; "" when the scheme has its own (Ed25519).
 */
const char *net_cert_signature_digest(const struct net_cert *cert);
bool net_cert_may_sign(const struct net_cert *cert);    /* no keyUsage, or digitalSignature in it */
bool net_cert_may_issue(const struct net_cert *cert);   /* no keyUsage, or keyCertSign in it */
bool net_cert_clean_names(const struct net_cert *cert); /* no NUL or control byte in a name */
/* Name and signature: `issuer` made `cert`.  Dates and uses are not looked at. */
bool net_cert_issued_by(const struct net_cert *cert, const struct net_cert *issuer);

/* The extension's octets (without the OCTET STRING around them). Returns how often the OID
 * occurs: 0 leaves the outputs untouched; 2 is reported so that the caller can refuse it. */
int net_cert_extension(const struct net_cert *cert, const char *oid, const uint8_t **ret_data,
                       size_t *ret_size); /* lent */
/* Walks extensions whose OID begins with `prefix` ("1.3.6.1.4.1.3704.1."). */
void net_cert_extensions(const struct net_cert *cert, const char *prefix,
                         void (*fn)(void *data, const char *oid, const uint8_t *octets,
                                    size_t size),
                         void *data);

struct net_chain_spec {
	const struct net_cert *leaf;
	const struct net_cert *const *intermediates;
	size_t intermediate_count;
	const struct net_cert *const *roots; /* the only trust anchors */
	size_t root_count;
	int64_t at_us;        /* moment of the check; PRISM_TIME_UNSET: dates are not looked at */
	const char *host;     /* DNS name or address the leaf must match; NULL: not looked at */
	bool need_server_use; /* EKU serverAuth, when the leaf has an EKU */
	bool allow_odd_names; /* AMD's certificates carry no key usage that fits a TLS purpose */
};
/* Category trust, message says which certificate and why ("certificate has expired"). */
PRISM_MUST_USE
int net_chain_verify(const struct net_chain_spec *spec, struct prism_error *err);

/* Raw signatures. */
enum net_sig_scheme {
	NET_SIG_ECDSA_P256_SHA256, /* 64 bytes r||s big-endian, P-256 */
	NET_SIG_ECDSA_P384_SHA384, /* 96 bytes r||s big-endian, P-384 */
	NET_SIG_ECDSA_DER_SHA256,  /* DER, P-256 (TLS 0x0403) */
	NET_SIG_RSA_PSS_SHA256,    /* TLS 0x0804: salt 32 */
	NET_SIG_RSA_PKCS1_SHA256,
	NET_SIG_RSA_PKCS1_SHA384,
	NET_SIG_RSA_PKCS1_SHA512,
	NET_SIG_ED25519,
	NET_SIG_SCHEME_COUNT
};
struct net_pubkey; /* a bare public key */
struct net_pubkey *net_pubkey_from_cert(const struct net_cert *cert, struct prism_error *err);
struct net_pubkey *net_pubkey_from_spki(const void *der, size_t size, struct prism_error *err);
struct net_pubkey *net_pubkey_from_rsa(const uint8_t *modulus, size_t size, uint32_t exponent,
                                       struct prism_error *err);
/* Uncompressed point coordinates, big-endian; curve 256 or 384. */
struct net_pubkey *net_pubkey_from_point(unsigned curve, const uint8_t *x, const uint8_t *y,
                                         size_t size, struct prism_error *err);
void net_pubkey_destroy(struct net_pubkey *key);
/* 0: valid. Category trust: not valid, or the key does not fit the scheme. */
PRISM_MUST_USE
int net_pubkey_verify(const struct net_pubkey *key, enum net_sig_scheme scheme, const void *data,
                      size_t size, const void *sig, size_t sig_size, struct prism_error *err);

/* Certificate revocation list, DER: signed by issuer, in date, and the serial is not on it. */
PRISM_MUST_USE
int net_crl_check(const void *crl, size_t size, const struct net_cert *issuer,
                  const struct net_cert *subject, int64_t at_us, struct prism_error *err);

void net_hmac(int digest /* enum net_digest_kind */, const void *key, size_t key_size,
              const void *data, size_t size, uint8_t *out);

#endif
