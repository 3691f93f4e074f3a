/* Appraisals: see appraisal.h. */
#include "core/appraisal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence_facts.h"
#include "core/policy.h"

#include <string.h>

#define TEXT_MAX (64u << 20) /* a log of 20,000 events in three banks is some megabytes of text */

struct core_appraisal {
	unsigned refs;
	char *source;
	struct core_evidence *evidence;
	struct core_policy *policy;
	struct core_verdict *verdict;
	struct core_facts *facts; /* NULL until asked for */
	int64_t judged_us;
	bool has_report_data, has_nonce;
	uint8_t report_data[64], nonce[32];
};

struct core_appraisal *core_appraisal_create(const struct core_appraisal_spec *spec)
{
	struct core_appraisal *a = prism_alloc(sizeof(*a));

	a->refs = 1;
	a->source = prism_strdup(spec->source);
	a->evidence = spec->evidence;
	a->policy = spec->policy;
	a->verdict = spec->verdict;
	a->judged_us = spec->judged_us;
	a->has_report_data = spec->report_data != NULL;
	a->has_nonce = spec->nonce != NULL;
	if (spec->report_data)
		memcpy(a->report_data, spec->report_data, sizeof(a->report_data));
	if (spec->nonce)
		memcpy(a->nonce, spec->nonce, sizeof(a->nonce));
	return a;
}

struct core_appraisal *core_appraisal_ref(struct core_appraisal *a)
{
	if (a)
		a->refs++;
	return a;
}

void core_appraisal_unref(struct core_appraisal *a)
{
	if (!a || --a->refs > 0)
		return;
	core_facts_destroy(a->facts);
	core_verdict_destroy(a->verdict);
	core_policy_destroy(a->policy);
	core_evidence_destroy(a->evidence);
	prism_free(a->source);
	prism_free(a);
}

const char *core_appraisal_source(const struct core_appraisal *a)
{
	return a->source;
}

const struct core_verdict *core_appraisal_verdict(const struct core_appraisal *a)
{
	return a->verdict;
}

const struct core_evidence *core_appraisal_evidence(const struct core_appraisal *a)
{
	return a->evidence;
}

const struct core_policy *core_appraisal_policy(const struct core_appraisal *a)
{
	return a->policy;
}

int64_t core_appraisal_judged_us(const struct core_appraisal *a)
{
	return a->judged_us;
}

const struct core_facts *core_appraisal_facts(struct core_appraisal *a)
{
	const struct core_evidence_facts_spec spec = {
	    .evidence = a->evidence,
	    .policy = a->policy,
	    .verdict = a->verdict,
	    .report_data = a->has_report_data ? a->report_data : NULL,
	    .nonce = a->has_nonce ? a->nonce : NULL,
	};

	if (!a->facts)
		a->facts = core_evidence_facts(&spec);
	return a->facts;
}

bool core_appraisal_attested(const struct core_appraisal *a)
{
	return core_verdict_state(a->verdict) == CORE_VERDICT_ATTESTED;
}

bool core_appraisal_not_tee(const struct core_appraisal *a)
{
	return core_verdict_not_tee(a->verdict) != NULL;
}

const char *core_appraisal_word(const struct core_appraisal *a)
{
	if (!core_appraisal_attested(a))
		return "NOT attested";
	return core_appraisal_not_tee(a) ? "attested, NOT A TEE" : "attested";
}

/* ---- reports -------------------------------------------------------------------------------- */

char *core_appraisal_text(struct core_appraisal *a, enum core_appraisal_detail detail)
{
	static const struct core_fact_names names = {"found", "expected"};
	struct prism_buf out = PRISM_BUF_INIT(TEXT_MAX);
	PRISM_AUTO_FREE char *verdict = core_verdict_text(a->verdict);
	char time[PRISM_TIME_TEXT];

	if (detail == CORE_APPRAISAL_FULL) {
		prism_buf_printf(&out, "Evidence: ");
		prism_text_neutralise(&out, a->source, strlen(a->source), false);
		prism_buf_printf(&out, "\nJudged: %s\n", prism_time_format(a->judged_us, 0, time));
	}
	prism_buf_puts(&out, verdict);
	if (detail == CORE_APPRAISAL_FULL) {
		prism_buf_puts(&out, "\n---- what the evidence says ----\n\n");
		core_facts_text(core_appraisal_facts(a), &names, &out);
	}
	return prism_buf_take(&out, NULL);
}

cJSON *core_appraisal_json(struct core_appraisal *a, enum core_appraisal_detail detail)
{
	cJSON *doc = core_verdict_json(a->verdict);
	char time[PRISM_TIME_TEXT];

	cJSON_AddStringToObject(doc, "source", a->source);
	cJSON_AddStringToObject(doc, "judged_at", prism_time_format(a->judged_us, 0, time));
	if (detail == CORE_APPRAISAL_FULL)
		cJSON_AddItemToObject(doc, "facts", core_facts_json(core_appraisal_facts(a)));
	return doc;
}
