/*
 * Evidence made by a test, judged, and what must have come of it.  Failing, a test prints the whole
 * verdict.
 */
#ifndef PRISM_TESTS_JUDGED_H
#define PRISM_TESTS_JUDGED_H

#include "core/evidence.h"
#include "core/trust.h"

/* The bytes are judged in a copy of just their size, so that reading past them is seen. NULL: they
 * cannot be read as evidence. Yours. */
struct core_verdict *judged(const void *bytes, size_t size, const struct core_policy *policy,
                            const struct core_trust *trust,
                            const struct core_evidence_expectation *expect);

/* What must have come of it; verdict NULL fails. fmt: which case it is, for the message. */
void judged_attested(const struct core_verdict *verdict, const char *fmt, ...) PRISM_PRINTF(2, 3);
/* It is not attested, and this rule failed. */
void judged_fails(const struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
/* It is not attested, and this rule is what is told of first. */
void judged_first(const struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
    PRISM_PRINTF(3, 4);

#endif
