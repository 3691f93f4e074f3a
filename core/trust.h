/*
 * Roots of trust for evidence: AMD's ARKs and Intel's SGX root, pinned by fingerprint.
 *
 * Certificates come from the evidence, a cache, a file or a download; what makes one a root is
 * that its SHA-256 fingerprint is in this table.  A test hierarchy (the sandbox's) is added by
 * the user's own act and stays labelled: everything verified under it is NOT A TEE.
 *
 * Source of the fingerprints: reference attestation.md sections 6.4 and 8.2.
 * Thread rules: filled before use, then read-only.
 */
#ifndef PRISM_CORE_TRUST_H
#define PRISM_CORE_TRUST_H

#include "core/snp.h"
#include "net/x509.h"

enum core_pin_kind {
	CORE_PIN_ARK,   /* AMD root key */
	CORE_PIN_ASK,   /* AMD intermediate for VCEKs */
	CORE_PIN_ASVK,  /* AMD intermediate for VLEKs */
	CORE_PIN_INTEL, /* Intel SGX root CA */
};

struct core_pin {
	enum core_pin_kind kind;
	enum core_snp_product product; /* unknown for Intel */
	const char *name;
	uint8_t fingerprint[NET_FINGERPRINT];
	bool test; /* added by the user; evidence under it is NOT A TEE */
};

struct core_trust;

struct core_trust *core_trust_create(void); /* with the built-in pins */
void core_trust_destroy(struct core_trust *trust);
/* Adds a test root: its fingerprint becomes a pin of the kind, marked as a test. Copies. */
PRISM_MUST_USE
int core_trust_add_test_root(struct core_trust *trust, enum core_pin_kind kind,
                             enum core_snp_product product, const char *pem, size_t size,
                             struct prism_error *err);
/* Adds certificates (PEM bundle: ASK and ARK in any order) to the cache that verification may
 * draw on; they are not trusted by that. */
PRISM_MUST_USE
int core_trust_add_certificates(struct core_trust *trust, const char *pem, size_t size,
                                struct prism_error *err);
/* A revocation list for a product line, DER. Copied. */
void core_trust_set_crl(struct core_trust *trust, enum core_snp_product product, const void *der,
                        size_t size);
bool core_trust_crl(const struct core_trust *trust, enum core_snp_product product,
                    const uint8_t **ret_der, size_t *ret_size);

/* The pin this certificate matches, or NULL. Lent. */
const struct core_pin *core_trust_pin(const struct core_trust *trust, const struct net_cert *cert);
/* Cached certificates, for chains that arrive incomplete. Lent. */
const struct net_cert *const *core_trust_certificates(const struct core_trust *trust,
                                                      size_t *ret_count);

#endif
