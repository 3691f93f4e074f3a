/*
 * An appraisal: evidence, what it was judged against, and the verdict; everything a person needs
 * to see what was proven and why.
 *
 * Immutable and shared by references: a connection keeps its latest, a transfer keeps the one of
 * its agent, a view looks at it after both are gone.
 *
 * What it says is the same wherever it is shown: core_appraisal_text() is the saved report,
 * core_appraisal_json() the document of `evidence verify -o json`, core_appraisal_facts() the
 * tree behind both and behind the screen.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_APPRAISAL_H
#define PRISM_CORE_APPRAISAL_H

#include "core/evidence.h"
#include "core/facts.h"

struct core_appraisal;

struct core_appraisal_spec {
	const char *source;             /* where it came from: "agent 127.0.0.1:7002"; copied */
	struct core_evidence *evidence; /* given; NULL: nothing readable was presented */
	struct core_policy *policy;     /* a reference, given; NULL: none */
	struct core_verdict *verdict;   /* concluded; given */
	int64_t judged_us;              /* wall clock */
	const uint8_t *report_data;     /* 64 bytes that were expected; NULL: not known; copied */
	const uint8_t *nonce;           /* 32 bytes that were expected; NULL: not known; copied */
};
struct core_appraisal *core_appraisal_create(const struct core_appraisal_spec *spec);
struct core_appraisal *core_appraisal_ref(struct core_appraisal *appraisal); /* NULL allowed */
void core_appraisal_unref(struct core_appraisal *appraisal);                 /* NULL allowed */

const char *core_appraisal_source(const struct core_appraisal *appraisal);
const struct core_verdict *core_appraisal_verdict(const struct core_appraisal *appraisal);
const struct core_evidence *core_appraisal_evidence(const struct core_appraisal *appraisal);
const struct core_policy *core_appraisal_policy(const struct core_appraisal *appraisal);
int64_t core_appraisal_judged_us(const struct core_appraisal *appraisal);
/* Made on the first call; lent. */
const struct core_facts *core_appraisal_facts(struct core_appraisal *appraisal);

bool core_appraisal_attested(const struct core_appraisal *appraisal);
/* Accepted under a test root: proves nothing, and is said wherever it is shown. */
bool core_appraisal_not_tee(const struct core_appraisal *appraisal);

/* "attested", "attested, NOT A TEE", "NOT attested": the few words of a status line. */
const char *core_appraisal_word(const struct core_appraisal *appraisal);

/* full: with every decoded field, not only the checks. Yours. */
enum core_appraisal_detail { CORE_APPRAISAL_CHECKS, CORE_APPRAISAL_FULL };
char *core_appraisal_text(struct core_appraisal *appraisal, enum core_appraisal_detail detail);
cJSON *core_appraisal_json(struct core_appraisal *appraisal, enum core_appraisal_detail detail);

#endif
