/*
 * Attestation policies: what evidence is compared with.
 *
 * Three kinds: the JSON of generation 1 for SEV-SNP (with PCR values) and for TDX, and CoRIM
 * (CBOR, signed or not) of generation 2.  JSON is read in both spellings the tools write
 * (lowerCamelCase and snake_case) and rewritten in the form of the official tools, unknown
 * members kept.  64-bit numbers are kept exactly.
 *
 * Source: reference attestation.md sections 2 to 5 (schema, spellings, output form, editing).
 *
 * A policy is untrusted input: byte cap, depth cap, duplicate members refused, wrong lengths are
 * errors and never mismatches.
 *
 * Thread rules: read-only after parsing, except for the editing calls.
 */
#ifndef PRISM_CORE_POLICY_H
#define PRISM_CORE_POLICY_H

#include "base/buf.h"
#include "core/snp.h"

#include <stdint.h>

#define CORE_POLICY_MAX (1u << 20) /* bytes; real ones are a few kilobytes */
#define CORE_POLICY_KEYS_MAX 32u   /* trusted key hashes per list */
#define CORE_PCR_COUNT 24u         /* PCRs of a PC Client TPM */
#define CORE_CORIM_DIGESTS_MAX 256u

enum core_policy_kind { CORE_POLICY_SNP, CORE_POLICY_TDX, CORE_POLICY_CORIM };
const char *core_policy_kind_word(enum core_policy_kind kind);

/* A byte-string field; size 0: absent, not compared. */
struct core_policy_bytes {
	uint8_t data[64];
	size_t size;
};

enum core_pcr_bank { CORE_PCR_SHA1, CORE_PCR_SHA256, CORE_PCR_SHA384, CORE_PCR_BANK_COUNT };
const char *core_pcr_bank_word(enum core_pcr_bank bank); /* "sha256" */
size_t core_pcr_bank_size(enum core_pcr_bank bank);

struct core_policy_pcrs {
	bool listed[CORE_PCR_COUNT];
	uint8_t value[CORE_PCR_COUNT][48];
	unsigned count;
};

struct core_policy_snp {
	uint32_t minimum_guest_svn;
	uint64_t policy; /* bit 17 set, or the file is refused */
	struct core_policy_bytes family_id, image_id, measurement, host_data, report_id, report_id_ma,
	    chip_id;
	int vmpl; /* -1: absent */
	uint64_t minimum_tcb, minimum_launch_tcb;
	bool has_platform_info;
	uint64_t platform_info;
	bool require_author_key, require_id_block, permit_provisional, check_crl;
	uint8_t minimum_build, minimum_major, minimum_minor;
	uint8_t author_keys[CORE_POLICY_KEYS_MAX][48], id_keys[CORE_POLICY_KEYS_MAX][48];
	unsigned author_key_count, id_key_count;
	enum core_snp_product product; /* unknown: not compared */
	struct core_policy_pcrs pcrs[CORE_PCR_BANK_COUNT];
};

struct core_policy_tdx {
	uint16_t minimum_qe_svn, minimum_pce_svn;
	struct core_policy_bytes qe_vendor_id, minimum_tee_tcb_svn, mr_seam, mr_td, mr_config_id,
	    mr_owner, mr_owner_config, td_attributes, xfam, rtmrs[4];
	uint8_t any_mr_td[CORE_POLICY_KEYS_MAX][48];
	unsigned any_mr_td_count;
	bool allow_debug; /* never set by a file; a named weaker choice of the user */
	bool check_crl, get_collateral;
};

struct core_corim_digest {
	unsigned triple;   /* which reference triple it belongs to */
	int64_t algorithm; /* IANA named information: 1 sha-256, 7 sha-384, 8 sha-512 … */
	uint8_t data[64];
	size_t size;
};

struct core_policy_corim {
	char id[128];
	struct core_corim_digest digests[CORE_CORIM_DIGESTS_MAX];
	unsigned digest_count, triple_count;
	bool has_svn, svn_is_minimum;
	uint64_t svn;
	int64_t not_before_us, not_after_us; /* PRISM_TIME_UNSET: absent */
	bool is_signed;
	bool signature_checked; /* with a key the user configured; see core_policy_verify_signature() */
};

struct core_policy;

/* Detects the kind (also base64 of one, as Prism's JSON delivers it). NULL on failure. */
struct core_policy *core_policy_parse(const void *data, size_t size, struct prism_error *err);
struct core_policy *core_policy_read(const char *path, struct prism_error *err);
/* Another reference to a policy that is not edited any more; core_policy_destroy() drops one. */
struct core_policy *core_policy_ref(struct core_policy *policy); /* NULL allowed */
void core_policy_destroy(struct core_policy *policy);            /* NULL allowed */
enum core_policy_kind core_policy_kind(const struct core_policy *policy);
const struct core_policy_snp *core_policy_snp(const struct core_policy *policy);     /* or NULL */
const struct core_policy_tdx *core_policy_tdx(const struct core_policy *policy);     /* or NULL */
const struct core_policy_corim *core_policy_corim(const struct core_policy *policy); /* or NULL */
/* "gen1" for JSON, "gen2" for CoRIM: which attested-TLS generation the file belongs to. */
unsigned core_policy_generation(const struct core_policy *policy);
/* SHA-256 of the file's bytes, hex, for display. Lent. */
const char *core_policy_id(const struct core_policy *policy);

/* The bytes as they were read, out of base64 if they were in it; appended. */
void core_policy_bytes(const struct core_policy *policy, struct prism_buf *out);

/* COSE_Sign1 of a signed CoRIM against a public key (PEM). */
PRISM_MUST_USE
int core_policy_verify_signature(struct core_policy *policy, const char *pem, size_t size,
                                 struct prism_error *err);

/* Base64 as the official tool takes it, or hex of the exact length, into out. */
PRISM_MUST_USE
int core_policy_decode(const char *text, size_t size, uint8_t *out, struct prism_error *err);

/* ---- editing SNP JSON policies ---- */
/* base64 as the official tool takes it, or hex of the exact length. */
PRISM_MUST_USE
int core_policy_set_measurement(struct core_policy *policy, const char *text,
                                struct prism_error *err);
PRISM_MUST_USE
int core_policy_set_host_data(struct core_policy *policy, const char *text,
                              struct prism_error *err);
/* Folds one manifest's bytes into PCR 16. The two forms are different on purpose: the official
 * command's (SHA-512/256 and SHA-384; matches no quote) and the TPM's (what a quote reports). */
enum core_policy_extend { CORE_EXTEND_COMPATIBLE, CORE_EXTEND_AS_TPM };
PRISM_MUST_USE
int core_policy_extend(struct core_policy *policy, enum core_policy_extend form,
                       const void *manifest, size_t size, struct prism_error *err);
/* The output form of the official tools (keys sorted, two-space indent, no final newline), plus
 * whatever unknown members the file had. */
PRISM_MUST_USE
int core_policy_print(const struct core_policy *policy, struct prism_buf *out,
                      struct prism_error *err);
/* A correct CoRIM with one SHA-384 reference digest. */
void core_policy_make_corim(const uint8_t measurement[48], enum core_snp_product product,
                            struct prism_buf *out);

#endif
