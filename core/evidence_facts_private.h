/* Internal to core/evidence_facts*.c: the sections of one kind of evidence each. */
#ifndef PRISM_CORE_EVIDENCE_FACTS_PRIVATE_H
#define PRISM_CORE_EVIDENCE_FACTS_PRIVATE_H

#include "core/evidence_facts.h"
#include "core/policy.h"
#include "core/snp.h"
#include "core/tdx.h"
#include "core/tpm.h"

/* A field of the report with its bytes and, when the policy or the session has one, the value it
 * must be equal to. */
void core_fact_equal(struct core_facts *facts, const uint8_t *found, size_t size, long offset,
                     const uint8_t *expected /* NULL: none */);
/* The result of a rule as the state of a fact; what was expected beside it. */
void core_fact_rule(struct core_facts *facts, const struct core_verdict *verdict,
                    enum core_rule rule, const char *expected);
/* A certificate as a fact of depth 1 with its details below. */
void core_fact_certificate(struct core_facts *facts, const char *key, const char *label,
                           const uint8_t *data, size_t size);

void core_facts_snp_platform(struct core_facts *facts, const struct core_evidence_facts_spec *spec);
void core_facts_snp_chain(struct core_facts *facts, const struct core_snp_evidence *snp);
void core_facts_snp_tcb(struct core_facts *facts, const struct core_evidence_facts_spec *spec);
void core_facts_snp_measurement(struct core_facts *facts,
                                const struct core_evidence_facts_spec *spec);
void core_facts_snp_report(struct core_facts *facts, const struct core_snp_evidence *snp);
/* What the report has for a field of the policy ("policy.measurement"): adds raw or value to the
 * fact last added and its state. False: the report has nothing for it. */
bool core_facts_snp_found(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                          const char *key, const struct core_fact *wanted);

void core_facts_tdx_platform(struct core_facts *facts, const struct core_tdx_quote *quote);
void core_facts_tdx_chain(struct core_facts *facts, const struct core_tdx_quote *quote);
void core_facts_tdx_tcb(struct core_facts *facts, const struct core_evidence_facts_spec *spec);
void core_facts_tdx_measurement(struct core_facts *facts,
                                const struct core_evidence_facts_spec *spec);
void core_facts_tdx_report(struct core_facts *facts, const struct core_tdx_quote *quote);
bool core_facts_tdx_found(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                          const char *key, const struct core_fact *wanted);

void core_facts_tpm(struct core_facts *facts, const struct core_evidence_facts_spec *spec);

#endif
