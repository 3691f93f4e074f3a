/*
 * SEV-SNP attestation reports: reading, decoding, and judging them.
 *
 * A report is 1,184 bytes; the signature covers the first 672.  It arrives raw (with or without
 * a certificate table behind it) or decomposed in a protobuf message, from which the binary form
 * is rebuilt, because that is what was signed.
 *
 * Sources: AMD SEV-SNP Firmware ABI (report layout), AMD VCEK specification (certificate
 * extensions); numbers as collected in reference attestation.md section 6.
 *
 * Everything here is untrusted until core_snp_verify() has reported on it.
 * Thread rules: no shared state.
 */
#ifndef PRISM_CORE_SNP_H
#define PRISM_CORE_SNP_H

#include "base/error.h"
#include "core/verdict.h"

#include <stdint.h>

struct core_policy;
struct core_trust;
struct prism_buf;

#define CORE_SNP_REPORT_SIZE 1184u /* 0x4A0 */
#define CORE_SNP_SIGNED_SIZE 672u  /* 0x2A0 */

enum core_snp_product {
	CORE_SNP_UNKNOWN,
	CORE_SNP_MILAN,
	CORE_SNP_GENOA,
	CORE_SNP_TURIN,
	CORE_SNP_VENICE,
	CORE_SNP_PRODUCT_COUNT
};
const char *core_snp_product_word(enum core_snp_product product); /* "Milan" */
enum core_snp_product core_snp_product_parse(const char *word);   /* prefix match: "Milan-B0" */

enum core_snp_signing_key { CORE_SNP_VCEK = 0, CORE_SNP_VLEK = 1, CORE_SNP_UNSIGNED = 7 };

/* TCB_VERSION taken apart; compare component by component, never as an integer. */
struct core_snp_tcb {
	uint8_t fmc; /* Turin and later */
	uint8_t boot_loader, tee, snp, microcode;
};

struct core_snp_report {
	uint8_t raw[CORE_SNP_REPORT_SIZE];
	enum core_snp_product product; /* from family and model; unknown for version 2 */
	uint32_t version, guest_svn, vmpl, signature_algo, signer_info;
	uint64_t policy, platform_info;
	uint64_t current_tcb, reported_tcb, committed_tcb, launch_tcb;
	uint64_t launch_mitigation, current_mitigation; /* version 5 */
	uint8_t family, model, stepping;                /* version 3 and later */
	uint8_t current_build, current_minor, current_major;
	uint8_t committed_build, committed_minor, committed_major;
	/* Pointers into raw. */
	const uint8_t *family_id, *image_id, *report_data, *measurement, *host_data, *id_key_digest,
	    *author_key_digest, *report_id, *report_id_ma, *chip_id, *signature;
};

/* Exactly CORE_SNP_REPORT_SIZE bytes. Refuses unknown versions and non-zero reserved bytes. The
 * result points into itself: do not copy it by assignment. */
PRISM_MUST_USE
int core_snp_report_parse(const uint8_t *raw, size_t size, struct core_snp_report *ret,
                          struct prism_error *err);
void core_snp_tcb_split(uint64_t tcb, enum core_snp_product product, struct core_snp_tcb *ret);
/* "microcode 115, SNP 8, TEE 0, boot loader 3" */
void core_snp_tcb_text(uint64_t tcb, enum core_snp_product product, char *out, size_t size);
/* Each byte of `low` at most its peer in `high`. */
bool core_snp_tcb_at_most(uint64_t low, uint64_t high);

/* Bits of POLICY and PLATFORM_INFO with their meaning, for display. */
struct core_snp_bit {
	unsigned bit;
	const char *name, *meaning;
};
const struct core_snp_bit *core_snp_policy_bits(size_t *ret_count);
const struct core_snp_bit *core_snp_platform_bits(size_t *ret_count);

struct core_snp_evidence {
	struct core_snp_report report;
	/* DER or PEM as delivered; NULL when absent. Lent by the evidence that was parsed. */
	const uint8_t *vcek, *ask,
	    *ark; /* vcek is the VLEK and ask the ASVK when the report says VLEK */
	size_t vcek_size, ask_size, ark_size;
	enum core_snp_product product_hint; /* from the container; unknown when it has none */
};

/* The product line, from the report, its container, its certificate or the form of its chip id;
 * unknown when nothing tells. */
enum core_snp_product core_snp_evidence_product(const struct core_snp_evidence *evidence);

/* A raw report, perhaps followed by a certificate table. Lends from data. */
PRISM_MUST_USE
int core_snp_from_raw(const uint8_t *data, size_t size, struct core_snp_evidence *ret,
                      struct prism_error *err);
/* A decomposed report message (evidence.SnpAttestation, unpacked); lends from it. */
struct Evidence__SnpAttestation;
PRISM_MUST_USE
int core_snp_from_message(const struct Evidence__SnpAttestation *message,
                          struct core_snp_evidence *ret, struct prism_error *err);

/* What the report must say about this session. */
struct core_snp_expectation {
	const uint8_t *report_data; /* 64 bytes; NULL: no session to bind to (offline), said so */
	int64_t at_us;              /* moment for certificate dates; PRISM_TIME_UNSET: not looked at */
	enum core_snp_product product; /* what the CPU must be; UNKNOWN: any */
};

/* Judges the evidence; reports on every rule of the groups chain, report, tcb, policy and
 * measurement, and on CORE_RULE_FRESH. policy NULL: only what needs no policy. */
void core_snp_verify(const struct core_snp_evidence *evidence, const struct core_policy *policy,
                     const struct core_trust *trust, const struct core_snp_expectation *expect,
                     struct core_verdict *verdict);

#endif
