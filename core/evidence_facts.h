/*
 * Evidence told field by field: everything that is in it, decoded, with its meaning, beside what
 * the policy asks for.  The verdict says what holds; these facts say why.
 *
 * Sections, by key, in the order a person asks:
 *
 *     platform     what made the evidence, and what its guest may do
 *     chain        certificates from the hardware's key to the root
 *     binding      what ties it to a connection: report data, nonces
 *     tcb          firmware versions
 *     measurement  what was launched
 *     tpm          attestation key, PCR banks, the event log behind each PCR
 *     report       every field of the report, or of the quote, at its place
 *     difference   the policy, field by field, beside what was found
 *     raw          the report's bytes
 *
 * Source of names, places and meanings: reference attestation.md 6 (SEV-SNP), 7 (vTPM), 8 (TDX).
 * Thread rules: reads what it is given, keeps nothing of it.
 */
#ifndef PRISM_CORE_EVIDENCE_FACTS_H
#define PRISM_CORE_EVIDENCE_FACTS_H

#include "core/evidence.h"
#include "core/facts.h"

struct core_evidence_facts_spec {
	const struct core_evidence *evidence; /* NULL: nothing readable was presented */
	const struct core_policy *policy;     /* NULL: none */
	const struct core_verdict *verdict;   /* concluded */
	const uint8_t *report_data;           /* 64 bytes expected; NULL: not known */
	const uint8_t *nonce;                 /* 32 bytes expected; NULL: not known */
};
struct core_facts *core_evidence_facts(const struct core_evidence_facts_spec *spec); /* yours */

/* The group of rules whose checks belong to a section; CORE_GROUP_COUNT: none. */
enum core_verdict_group core_evidence_section_group(const char *key);
const char *core_evidence_group_section(enum core_verdict_group group); /* its key */

#endif
