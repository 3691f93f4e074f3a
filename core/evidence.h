/*
 * Evidence of any kind: telling containers apart, and judging one against a policy.
 *
 * Knows: raw SEV-SNP reports, decomposed SEV-SNP evidence, vTPM containers with or without a CPU
 * report, TDX quotes, and EATs (CBOR in COSE_Sign1, bare CBOR, JWT) around any of them.
 *
 * Source: reference attestation.md section 1, attested-tls.md sections 2.5, 3.9, 3.10.
 *
 * One function judges everything, whether the evidence came from a file, a computation's record
 * or a TLS connection; what differs is only what the caller expects it to be bound to.
 *
 * Thread rules: an object belongs to one thread at a time; judging is quick enough for the loop
 * (a few milliseconds), parsing too.
 */
#ifndef PRISM_CORE_EVIDENCE_H
#define PRISM_CORE_EVIDENCE_H

#include "core/snp.h"
#include "core/verdict.h"

#include <stdint.h>

struct core_policy;
struct core_trust;
struct core_snp_evidence;
struct core_tpm_evidence;
struct core_tdx_quote;

#define CORE_EVIDENCE_MAX (1u << 20)

enum core_evidence_kind {
	CORE_EVIDENCE_SNP,
	CORE_EVIDENCE_SNP_VTPM,
	CORE_EVIDENCE_VTPM,
	CORE_EVIDENCE_TDX,
	CORE_EVIDENCE_KIND_COUNT
};
const char *core_evidence_kind_word(enum core_evidence_kind kind); /* "SEV-SNP with vTPM" */

/* Claims of an EAT. Its signature proves nothing (the key is not conveyed), so every claim is
 * for display and for contradicting itself; the hardware's own report decides. */
struct core_eat {
	bool present;
	char platform[32], issuer[128];
	const uint8_t *nonce; /* lent; NULL when absent */
	size_t nonce_size;
	const uint8_t *measurement; /* lent; NULL when absent */
	size_t measurement_size;
	int64_t issued_us, expires_us; /* PRISM_TIME_UNSET when absent */
	const uint8_t *raw_report;     /* lent */
	size_t raw_report_size;
};

struct core_evidence;

/* Copies the bytes. NULL on failure. */
struct core_evidence *core_evidence_parse(const void *data, size_t size, struct prism_error *err);
struct core_evidence *core_evidence_read(const char *path, struct prism_error *err);
void core_evidence_destroy(struct core_evidence *evidence); /* NULL allowed */

enum core_evidence_kind core_evidence_kind(const struct core_evidence *evidence);
const struct core_eat *core_evidence_eat(const struct core_evidence *evidence); /* NULL: no EAT */
const struct core_snp_evidence *core_evidence_snp(const struct core_evidence *evidence);
const struct core_tpm_evidence *core_evidence_tpm(const struct core_evidence *evidence);
const struct core_tdx_quote *core_evidence_tdx(const struct core_evidence *evidence);

/* The bytes as they came; lent. */
const uint8_t *core_evidence_bytes(const struct core_evidence *evidence, size_t *ret_size);

/* The hardware key's certificate, when the evidence came without it. Refused for TDX. Copied. */
PRISM_MUST_USE
int core_evidence_set_vcek(struct core_evidence *evidence, const uint8_t *data, size_t size,
                           struct prism_error *err);

/* The chain above it, DER or PEM, where the evidence has none. Copied. */
void core_evidence_set_chain(struct core_evidence *evidence, const uint8_t *ask, size_t ask_size,
                             const uint8_t *ark, size_t ark_size);

/* What the evidence must be bound to. All NULL: judged without a connection. */
struct core_evidence_expectation {
	const uint8_t *report_data; /* 64 bytes: what the attester was given as report data */
	const uint8_t *nonce;       /* 32 bytes: the TPM quote's extraData, and the EAT's nonce */
	int64_t at_us;              /* wall clock; PRISM_TIME_UNSET: dates are not looked at */
	/* The report is that of Azure's paravisor, which fills in report data of its own: it can
	 * never prove a connection, so the verdict is never "attested". Also taken from an EAT. */
	bool paravisor;
	enum core_snp_product product; /* what an AMD CPU must be (core/snp.h); UNKNOWN: any */
};

/* Reports on every rule that applies; does not conclude. policy may be NULL. */
void core_evidence_verify(const struct core_evidence *evidence, const struct core_policy *policy,
                          const struct core_trust *trust,
                          const struct core_evidence_expectation *expect,
                          struct core_verdict *verdict);

#endif
