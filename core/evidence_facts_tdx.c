/*
 * TDX quotes as facts: fields of the body with their place and meaning (reference 8.1).
 */
#include "core/evidence_facts_private.h"

#include "base/mem.h"
#include "core/policy_facts.h"

#include <stdio.h>
#include <string.h>

struct field {
	const char *name, *policy_key; /* the field of a policy it must be equal to; NULL: none */
	const uint8_t *data;
	size_t size;
	const char *meaning;
};

#define FIELDS_MAX 24u

/* Fields in the order of the quote. Returns how many. */
static size_t list_fields(const struct core_tdx_quote *q, struct field out[FIELDS_MAX])
{
	const struct field all[] = {
	    {"QE_VENDOR_ID", "policy.qeVendorId", q->qe_vendor_id, 16, "who made the quoting enclave"},
	    {"TEE_TCB_SVN", NULL, q->tee_tcb_svn, 16, "security versions of the TDX module"},
	    {"MRSEAM", "policy.mrSeam", q->mr_seam, 48, "digest of the TDX module"},
	    {"MRSIGNERSEAM", NULL, q->mr_signer_seam, 48, "signer of the module; zero: Intel"},
	    {"SEAMATTRIBUTES", NULL, q->seam_attributes, 8, "attributes of the module"},
	    {"TDATTRIBUTES", "policy.tdAttributes", q->td_attributes, 8,
	     "attributes of the TD; bit 0 is debugging"},
	    {"XFAM", "policy.xfam", q->xfam, 8, "processor features the TD may use"},
	    {"MRTD", "policy.mrTd", q->mr_td, 48, "digest of the TD as it was built"},
	    {"MRCONFIGID", "policy.mrConfigId", q->mr_config_id, 48, "configuration of its owner"},
	    {"MROWNER", "policy.mrOwner", q->mr_owner, 48, "its owner"},
	    {"MROWNERCONFIG", "policy.mrOwnerConfig", q->mr_owner_config, 48,
	     "configuration of that owner"},
	    {"RTMR0", "policy.rtmrs.0", q->rtmrs[0], 48, "measured at run time: firmware settings"},
	    {"RTMR1", "policy.rtmrs.1", q->rtmrs[1], 48, "measured at run time: boot loader, kernel"},
	    {"RTMR2", "policy.rtmrs.2", q->rtmrs[2], 48, "measured at run time: operating system"},
	    {"RTMR3", "policy.rtmrs.3", q->rtmrs[3], 48, "measured at run time: applications"},
	    {"REPORTDATA", NULL, q->report_data, 64, "what the TD wanted signed: binds a session"},
	    {"MRSERVICETD", NULL, q->mr_service_td, 48, "service TDs bound to it"},
	    {"attestation key", NULL, q->attestation_key, 64, "key that signed the quote: X, Y"},
	    {"signature", NULL, q->signature, 64, "of the quote: R, S"},
	};
	size_t count = 0;

	for (size_t i = 0; i < PRISM_COUNT(all); i++)
		if (all[i].data)
			out[count++] = all[i];
	return count;
}

static long offset_of(const struct core_tdx_quote *q, const uint8_t *data)
{
	return data >= q->signed_data && data < q->signed_data + q->signed_size
	           ? (long)(data - q->signed_data)
	           : -1;
}

static void put(struct core_facts *facts, const struct core_tdx_quote *q, const char *name,
                const char *section, const uint8_t *expected)
{
	struct field all[FIELDS_MAX];
	size_t count = list_fields(q, all);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].name, name) != 0)
			continue;
		core_facts_addf(facts, 1, name, "%s.%s", section, name);
		core_facts_meaning(facts, all[i].meaning);
		core_fact_equal(facts, all[i].data, all[i].size, offset_of(q, all[i].data), expected);
	}
}

void core_facts_tdx_platform(struct core_facts *facts, const struct core_tdx_quote *q)
{
	put(facts, q, "TDATTRIBUTES", "platform", NULL);
	core_facts_value(facts, "%s", q->td_attributes[0] & 1 ? "debugging ON" : "debugging off");
	put(facts, q, "XFAM", "platform", NULL);
}

void core_facts_tdx_chain(struct core_facts *facts, const struct core_tdx_quote *q)
{
	core_fact_certificate(facts, "chain.pck", "PCK (platform's key)", (const uint8_t *)q->pck_chain,
	                      q->pck_chain_size);
}

void core_facts_tdx_tcb(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_tdx_quote *q = core_evidence_tdx(spec->evidence);

	put(facts, q, "TEE_TCB_SVN", "tcb", NULL);
	if (core_policy_tdx(spec->policy) && core_policy_tdx(spec->policy)->minimum_tee_tcb_svn.size)
		core_fact_rule(facts, spec->verdict, CORE_RULE_TCB_MIN, NULL);
	core_facts_add(facts, 1, "tcb.qe", "QE and PCE version");
	core_facts_value(facts, "%u and %u", q->qe_svn, q->pce_svn);
	core_facts_meaning(facts, "of the quoting and the provisioning enclave");
}

static const uint8_t *bytes_of(const struct core_policy_bytes *bytes)
{
	return bytes->size ? bytes->data : NULL;
}

void core_facts_tdx_measurement(struct core_facts *facts,
                                const struct core_evidence_facts_spec *spec)
{
	static const char *const names[] = {"RTMR0", "RTMR1", "RTMR2", "RTMR3"};
	const struct core_tdx_quote *q = core_evidence_tdx(spec->evidence);
	const struct core_policy_tdx *policy = core_policy_tdx(spec->policy);

	put(facts, q, "MRTD", "measurement", policy ? bytes_of(&policy->mr_td) : NULL);
	put(facts, q, "MRSEAM", "measurement", policy ? bytes_of(&policy->mr_seam) : NULL);
	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		put(facts, q, names[i], "measurement", policy ? bytes_of(&policy->rtmrs[i]) : NULL);
}

void core_facts_tdx_report(struct core_facts *facts, const struct core_tdx_quote *q)
{
	struct field all[FIELDS_MAX];
	size_t count = list_fields(q, all);

	for (size_t i = 0; i < count; i++)
		put(facts, q, all[i].name, "report", NULL);
}

bool core_facts_tdx_found(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                          const char *key, const struct core_fact *wanted)
{
	const struct core_tdx_quote *q = core_evidence_tdx(spec->evidence);
	struct field all[FIELDS_MAX];
	size_t count = q ? list_fields(q, all) : 0;

	for (size_t i = 0; i < count; i++) {
		if (!all[i].policy_key || strcmp(all[i].policy_key, key) != 0)
			continue;
		core_fact_equal(facts, all[i].data, all[i].size, offset_of(q, all[i].data), wanted->raw);
		if (!wanted->raw)
			core_facts_compare(facts, CORE_FACT_PLAIN, CORE_POLICY_UNSET);
		return true;
	}
	return false;
}
