/* Evidence made by a test, judged; see judged.h. */
#include "tests/lib/judged.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct core_verdict *judged(const void *bytes, size_t size, const struct core_policy *policy,
                            const struct core_trust *trust,
                            const struct core_evidence_expectation *expect)
{
	PRISM_AUTO_FREE uint8_t *exact = prism_memdup(bytes, size);
	struct core_evidence *evidence = core_evidence_parse(exact, size, NULL);
	struct core_verdict *verdict;

	if (!evidence)
		return NULL;
	verdict = core_verdict_create();
	core_evidence_verify(evidence, policy, trust, expect, verdict);
	core_verdict_conclude(verdict);
	core_evidence_destroy(evidence);
	return verdict;
}

static void must(bool good, const struct core_verdict *verdict, const char *wanted, const char *fmt,
                 va_list args)
{
	PRISM_AUTO_FREE char *text = NULL;
	char what[200];

	if (good)
		return;
	text = verdict ? core_verdict_text(verdict) : NULL;
	vsnprintf(what, sizeof(what), fmt, args);
	print_error("%s", text ? text : "unreadable\n");
	fail_msg("%s: not %s", what, wanted);
}

static bool refused(const struct core_verdict *verdict)
{
	return verdict && core_verdict_state(verdict) != CORE_VERDICT_ATTESTED;
}

void judged_attested(const struct core_verdict *verdict, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	must(verdict && !refused(verdict), verdict, "attested", fmt, args);
	va_end(args);
}

void judged_fails(const struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
{
	const struct core_check *check = verdict ? core_verdict_find(verdict, rule) : NULL;
	va_list args;

	va_start(args, fmt);
	must(refused(verdict) && check && check->result == CORE_CHECK_FAIL, verdict, core_rule_id(rule),
	     fmt, args);
	va_end(args);
}

void judged_first(const struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
{
	const struct core_check *worst = verdict ? core_verdict_worst(verdict) : NULL;
	va_list args;

	va_start(args, fmt);
	must(refused(verdict) && worst && worst->rule == rule, verdict, core_rule_id(rule), fmt, args);
	va_end(args);
}
