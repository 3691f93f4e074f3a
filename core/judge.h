/*
 * Judging evidence that was not met on a connection: read from a file, taken from a CVM's record,
 * fetched from an agent.
 *
 * Life: create (reads and checks every file that is named), perhaps give it what it lacks
 * (core/vendor.h), then finish once, which makes the appraisal.
 *
 * Nothing is trusted by being named here, except a test root, and what that one vouches for stays
 * labelled NOT A TEE.
 *
 * Thread rules: loop thread only; a few milliseconds.
 */
#ifndef PRISM_CORE_JUDGE_H
#define PRISM_CORE_JUDGE_H

#include "core/appraisal.h"

struct core_judge;

struct core_judge_spec { /* texts and bytes lent, NULL: not given; a leading ~ is expanded */
	const char *source;  /* shown: where the evidence came from */
	const void *bytes;
	size_t size;
	const char *const *certificate_files; /* PEM: VCEK chain, where the evidence lacks it */
	size_t certificate_count;
	const char *vcek_file;       /* certificate of the chip's key */
	const char *crl_file;        /* AMD's revocation list, DER */
	const char *policy_file;     /* JSON or CoRIM */
	const char *policy_key_file; /* PEM: must have signed the CoRIM */
	const char *test_root_file;  /* PEM */
	struct core_policy *policy;  /* instead of policy_file; given, also on failure; NULL: none */
	const char *policy_source;   /* of that policy, shown: "as Prism delivers it" */
	const uint8_t *report_data;  /* 64 bytes */
	const uint8_t *nonce;        /* 32 bytes */
	int64_t at_us;               /* moment of the judgement, wall clock */
};

struct core_judge *core_judge_create(const struct core_judge_spec *spec, struct prism_error *err);
void core_judge_destroy(struct core_judge *judge); /* NULL allowed */

/* What is still missing of the chain, and what the policy asks for; lent. */
struct core_evidence *core_judge_evidence(const struct core_judge *judge);
const struct core_policy *core_judge_policy(const struct core_judge *judge);
struct core_trust *core_judge_trust(const struct core_judge *judge);
/* A remark for the appraisal: where certificates came from. Copied. */
void core_judge_note_certificates(struct core_judge *judge, const char *where);

/* Reports on the policy's own rules: its signature and its dates (CoRIM). */
void core_judge_policy_itself(const struct core_policy *policy, int64_t at_us,
                              struct core_verdict *verdict);

/* What an agent's own evidence, made at its start, must be bound to: the file of its certificate
 * (reference agent.md section 7, rule 5). */
void core_judge_certificate_binding(const void *pem, size_t size, uint8_t ret_report_data[64],
                                    uint8_t ret_nonce[32]);

struct core_appraisal *core_judge_finish(struct core_judge *judge); /* yours; once */

#endif
