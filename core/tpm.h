/*
 * vTPM evidence: attestation key, quotes, PCR values and the TCG event log.
 *
 * A quote is the TPM's signature over PCR values and a nonce; the event log explains how the
 * values came about; trust in the key comes from the CPU's report, which covers it.
 *
 * Sources: TPM 2.0 Library Specification part 2 (structures), TCG PC Client Platform Firmware
 * Profile (event log); offsets as collected in reference attestation.md section 7.
 *
 * Thread rules: no shared state.
 */
#ifndef PRISM_CORE_TPM_H
#define PRISM_CORE_TPM_H

#include "core/policy.h"
#include "core/verdict.h"

#include <stdint.h>

#define CORE_TPM_LOG_MAX (1u << 20)     /* real logs are under 70 KB */
#define CORE_TPM_EVENT_MAX (512u << 10) /* data of one event */
#define CORE_TPM_EVENTS_MAX 20000u      /* events of one log; real ones have under 200 */
#define CORE_TPM_DIGESTS_MAX 8u         /* digests of one event, banks of one log */
#define CORE_TPM_QUOTES_MAX 8u

/* ---- event log ---- */
struct core_tpm_event {
	uint32_t pcr, type;
	const uint8_t *data; /* lent by the log's bytes */
	uint32_t size;
	const uint8_t *digest[CORE_PCR_BANK_COUNT]; /* lent; NULL when the bank is absent */
};
struct core_tpm_log {
	struct core_tpm_event *events; /* owned */
	unsigned count;
	bool has_bank[CORE_PCR_BANK_COUNT];
	bool has_locality; /* a StartupLocality event was seen */
	uint8_t locality;
};
PRISM_MUST_USE
int core_tpm_log_parse(const uint8_t *data, size_t size, struct core_tpm_log *ret,
                       struct prism_error *err);
void core_tpm_log_finish(struct core_tpm_log *log);
/* Replays one bank. seen[p] tells whether any event extended PCR p. */
void core_tpm_log_replay(const struct core_tpm_log *log, enum core_pcr_bank bank,
                         uint8_t values[CORE_PCR_COUNT][48], bool seen[CORE_PCR_COUNT]);
const char *core_tpm_event_name(uint32_t type); /* "EV_POST_CODE"; "event 0x…" unknown: NULL */
/* The data explains the digest: Hash(data) equals it in the given bank. */
bool core_tpm_event_matches(const struct core_tpm_event *event, enum core_pcr_bank bank);

/* ---- PCR values as delivered ---- */
struct core_tpm_pcrs {
	enum core_pcr_bank bank;
	bool known_bank; /* SHA-512 banks are carried but not compared */
	bool present[CORE_PCR_COUNT];
	uint8_t value[CORE_PCR_COUNT][64];
	size_t size; /* bytes of one value */
};

struct core_tpm_evidence {
	const uint8_t *ak_pub; /* lent */
	size_t ak_pub_size;
	struct {
		const uint8_t *quote, *signature; /* lent */
		size_t quote_size, signature_size;
		struct core_tpm_pcrs pcrs;
	} quotes[CORE_TPM_QUOTES_MAX];
	unsigned quote_count;
	const uint8_t *log; /* lent; NULL when empty */
	size_t log_size;
};

struct Evidence__TpmAttestation;
PRISM_MUST_USE
int core_tpm_from_message(const struct Evidence__TpmAttestation *message,
                          struct core_tpm_evidence *ret, struct prism_error *err);

/* The nonce a quote says it was made for (extraData). False: the quote is malformed. Lent. */
bool core_tpm_quote_nonce(const struct core_tpm_evidence *evidence, unsigned index,
                          const uint8_t **ret_nonce, size_t *ret_size);

struct core_tpm_expectation {
	const uint8_t *nonce; /* extraData of every quote; NULL: not known (offline) */
	size_t nonce_size;
	bool ak_trusted; /* the CPU's report covers ak_pub (CORE_RULE_AK_BOUND was passed) */
};

/* Reports on the rules of group tpm except AK_BOUND, which the container's owner judges. */
void core_tpm_verify(const struct core_tpm_evidence *evidence, const struct core_policy *policy,
                     const struct core_tpm_expectation *expect, struct core_verdict *verdict);

#endif
