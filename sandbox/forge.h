/*
 * Evidence without hardware: attestation reports, quotes, event logs and tokens in their real
 * formats, made under a certificate hierarchy that this process generates.
 *
 * It exists so that attested TLS can be demonstrated and tested.  It proves nothing: the root is
 * named "NOT A TEE", no client trusts it unless told to, and the measurement is the digest of a
 * sentence that says so.
 *
 * Layouts: reference attestation.md sections 1.1, 6, 7; EAT: attested-tls.md 3.10.
 *
 * Thread rules: created once (key generation takes a fraction of a second); making evidence
 * changes nothing but may use OpenSSL's random numbers; one thread at a time.
 */
#ifndef PRISM_SANDBOX_FORGE_H
#define PRISM_SANDBOX_FORGE_H

#include "base/buf.h"

#include <stdint.h>

struct sb_forge;

enum sb_forge_kind {
	SB_FORGE_SNP,
	SB_FORGE_SNP_VTPM,
	SB_FORGE_VTPM,
	SB_FORGE_AZURE, /* as SNP_VTPM, but the report data is the paravisor's: it binds nothing */
	SB_FORGE_KIND_COUNT
};

/* One fault a piece of evidence can have; each breaks one thing and leaves the rest right. */
enum sb_forge_fault {
	SB_FORGE_SOUND,
	SB_FORGE_DEBUG_POLICY, /* the guest allows debugging */
	SB_FORGE_STALE_TCB,    /* firmware older than the policy's minimum */
	SB_FORGE_PROVISIONAL,  /* committed firmware behind the current one */
	SB_FORGE_OTHER_MEASUREMENT,
	SB_FORGE_BAD_SIGNATURE, /* report altered after signing */
	SB_FORGE_OTHER_KEY,     /* signed by a key that the VCEK does not certify */
	SB_FORGE_OTHER_CHIP,    /* VCEK of another chip */
	SB_FORGE_EXPIRED_VCEK,
	SB_FORGE_NO_VCEK,
	SB_FORGE_MASKED_CHIP, /* chip id zero: allowed */
	SB_FORGE_STALE_NONCE, /* report data of another session */
	SB_FORGE_QUOTE_NONCE, /* quote of another session */
	SB_FORGE_QUOTE_SIGNATURE,
	SB_FORGE_PCR_CHANGED, /* PCR values differ from the quoted digest */
	SB_FORGE_LOG_ALTERED, /* the event log does not replay */
	SB_FORGE_AK_NOT_RESTRICTED,
	SB_FORGE_AK_NOT_COVERED,  /* the report does not cover the TPM's key */
	SB_FORGE_EAT_NONCE,       /* token of another session around right evidence */
	SB_FORGE_EAT_PLATFORM,    /* token names another platform */
	SB_FORGE_EAT_MEASUREMENT, /* token contradicts its report */
	SB_FORGE_FAULT_COUNT
};
const char *sb_forge_fault_word(enum sb_forge_fault fault);
const char *sb_forge_fault_help(enum sb_forge_fault fault);
/* what is wrong then */ /* "debug-policy" */

struct sb_forge *sb_forge_create(struct prism_error *err);   /* NULL on failure */
void sb_forge_destroy(struct sb_forge *forge);               /* NULL allowed */
const char *sb_forge_root_pem(const struct sb_forge *forge); /* the test ARK; lent */

/* Evidence as generation 1 carries it: a protobuf container. report_data: 64 bytes given to the
 * attester (for SNP_VTPM it is folded with the TPM's key); nonce: 32 bytes for the quote. */
PRISM_MUST_USE
int sb_forge_evidence(struct sb_forge *forge, enum sb_forge_kind kind,
                      const uint8_t report_data[64], const uint8_t nonce[32],
                      enum sb_forge_fault fault, struct prism_buf *out, struct prism_error *err);
/* The same inside an EAT: COSE_Sign1 with CBOR claims, as generation 2 carries it. now_us: wall. */
PRISM_MUST_USE
int sb_forge_eat(struct sb_forge *forge, enum sb_forge_kind kind, const uint8_t report_data[64],
                 const uint8_t nonce[32], int64_t now_us, enum sb_forge_fault fault,
                 struct prism_buf *out, struct prism_error *err);
/* The raw 1,184-byte report. */
PRISM_MUST_USE
int sb_forge_report(struct sb_forge *forge, const uint8_t report_data[64],
                    enum sb_forge_fault fault, uint8_t out[1184], struct prism_error *err);

/* A policy that sound evidence satisfies: JSON with PCR values, as Prism delivers it. */
void sb_forge_policy(struct sb_forge *forge, struct prism_buf *out);
/* The measurement alone, as generation 2 wants it: an unsigned CoRIM. */
void sb_forge_corim(struct sb_forge *forge, struct prism_buf *out);
const uint8_t *sb_forge_measurement(const struct sb_forge *forge); /* 48 bytes, lent */
#define SB_FORGE_SENTENCE "NOT A TEE: measurement of the Prism sandbox"

#endif
