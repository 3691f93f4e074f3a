/*
 * A policy told field by field: what it says, what that means, what is left open; and two
 * policies beside each other.
 *
 * Keys name fields ("policy.measurement", "pcrs.sha256.16", "digests.0"), the same in every
 * policy of a kind, so that values can be laid beside each other and beside evidence.
 *
 * Source of the meanings: reference attestation.md 2.3 to 2.5 (SEV-SNP), 4 (TDX), 5 (CoRIM).
 * Thread rules: reads the policies, keeps nothing of them.
 */
#ifndef PRISM_CORE_POLICY_FACTS_H
#define PRISM_CORE_POLICY_FACTS_H

#include "core/facts.h"
#include "core/policy.h"

/* The value of a field the policy leaves open. */
#define CORE_POLICY_UNSET "not set"

struct core_facts *core_policy_facts(const struct core_policy *policy); /* yours */
/* value: of a, other: of b; state SAME or DIFFERS for every field either of them sets, and OPEN
 * never. Fields neither sets are left out. NULL: the policies are of different kinds. Yours. */
struct core_facts *core_policy_compare(const struct core_policy *a, const struct core_policy *b,
                                       struct prism_error *err);

/* What is measured into a PCR, in a few words; "" where nothing is laid down. */
const char *core_pcr_meaning(unsigned pcr);

/* "0x30000: SMT, reserved-1": the bits that are set, by name, into out. */
struct core_snp_bit;
void core_bits_text(uint64_t value, const struct core_snp_bit *bits, size_t count, char *out,
                    size_t size);

#endif
