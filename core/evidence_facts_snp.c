/*
 * SEV-SNP reports as facts.  One table holds every field of the report with its place, its form
 * and its meaning (reference 6.2).
 */
#include "core/evidence_facts_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/policy_facts.h"

#include <stdio.h>
#include <string.h>

enum form {
	FORM_BYTES,
	FORM_NUMBER,
	FORM_GUEST,
	FORM_PLATFORM,
	FORM_TCB,
	FORM_VERSION,
	FORM_SIGNER
};

struct field {
	const char *name;
	uint16_t at, size;
	enum form form;
	uint8_t since; /* version of the report that brought it; before, the bytes are zero */
	const char *meaning;
};

static const struct field fields[] = {
    {"VERSION", 0x000, 4, FORM_NUMBER, 0, "version of this layout"},
    {"GUEST_SVN", 0x004, 4, FORM_NUMBER, 0, "security version of the guest image"},
    {"POLICY", 0x008, 8, FORM_GUEST, 0, "what the guest allows and demands"},
    {"FAMILY_ID", 0x010, 16, FORM_BYTES, 0, "family of the image, given at launch"},
    {"IMAGE_ID", 0x020, 16, FORM_BYTES, 0, "the image, given at launch"},
    {"VMPL", 0x030, 4, FORM_NUMBER, 0, "privilege level that asked for the report; 0 is highest"},
    {"SIGNATURE_ALGO", 0x034, 4, FORM_NUMBER, 0, "1: ECDSA P-384 with SHA-384"},
    {"CURRENT_TCB", 0x038, 8, FORM_TCB, 0, "firmware that is running"},
    {"PLATFORM_INFO", 0x040, 8, FORM_PLATFORM, 0, "settings of the host"},
    {"SIGNER_INFO", 0x048, 4, FORM_SIGNER, 0, "which key signed; whether the chip id is masked"},
    {"REPORT_DATA", 0x050, 64, FORM_BYTES, 0, "what the guest wanted signed: binds a session"},
    {"MEASUREMENT", 0x090, 48, FORM_BYTES, 0, "digest of what was launched"},
    {"HOST_DATA", 0x0C0, 32, FORM_BYTES, 0, "what the host gave at launch"},
    {"ID_KEY_DIGEST", 0x0E0, 48, FORM_BYTES, 0, "key that signed the launch; zero: none"},
    {"AUTHOR_KEY_DIGEST", 0x110, 48, FORM_BYTES, 0, "key that signed that key; zero: none"},
    {"REPORT_ID", 0x140, 32, FORM_BYTES, 0, "this guest, until it is started anew"},
    {"REPORT_ID_MA", 0x160, 32, FORM_BYTES, 0, "its migration agent; all ones: none"},
    {"REPORTED_TCB", 0x180, 8, FORM_TCB, 0, "firmware the signing key was derived for"},
    {"CPUID_FAM_ID", 0x188, 1, FORM_NUMBER, 3, "processor family"},
    {"CPUID_MOD_ID", 0x189, 1, FORM_NUMBER, 3, "processor model"},
    {"CPUID_STEP", 0x18A, 1, FORM_NUMBER, 3, "processor stepping"},
    {"CHIP_ID", 0x1A0, 64, FORM_BYTES, 0, "the processor; all zero: the host hides it"},
    {"COMMITTED_TCB", 0x1E0, 8, FORM_TCB, 0, "firmware that cannot be rolled back any more"},
    {"CURRENT version", 0x1E8, 3, FORM_VERSION, 0, "SNP firmware that is running"},
    {"COMMITTED version", 0x1EC, 3, FORM_VERSION, 0, "SNP firmware that is committed"},
    {"LAUNCH_TCB", 0x1F0, 8, FORM_TCB, 0, "firmware when the guest was launched"},
    {"LAUNCH_MIT_VECTOR", 0x1F8, 8, FORM_NUMBER, 5, "mitigations in force at launch"},
    {"CURRENT_MIT_VECTOR", 0x200, 8, FORM_NUMBER, 5, "mitigations in force now"},
    {"SIGNATURE R", 0x2A0, 72, FORM_BYTES, 0, "first half of the signature, little-endian"},
    {"SIGNATURE S", 0x2E8, 72, FORM_BYTES, 0, "second half"},
};

static uint64_t le(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size && i < 8; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static void put_guest_bits(struct core_facts *facts, uint64_t policy)
{
	size_t count;
	const struct core_snp_bit *bits = core_snp_policy_bits(&count);
	char text[400];

	core_bits_text(policy, bits, count, text, sizeof(text));
	core_facts_value(facts, "%s; firmware interface %u.%u", text, (unsigned)(policy >> 8 & 0xff),
	                 (unsigned)(policy & 0xff));
}

static void put_platform_bits(struct core_facts *facts, uint64_t info)
{
	size_t count;
	const struct core_snp_bit *bits = core_snp_platform_bits(&count);
	char text[400];

	core_bits_text(info, bits, count, text, sizeof(text));
	core_facts_value(facts, "%s", text);
}

static void put_tcb(struct core_facts *facts, uint64_t tcb, enum core_snp_product product)
{
	char text[120];

	core_snp_tcb_text(tcb, product, text, sizeof(text));
	core_facts_value(facts, "%s", text);
}

static void put_signer(struct core_facts *facts, uint64_t info)
{
	unsigned key = (unsigned)(info >> 2) & 7;

	core_facts_value(facts, "%s%s%s",
	                 key == CORE_SNP_VCEK       ? "VCEK"
	                 : key == CORE_SNP_VLEK     ? "VLEK"
	                 : key == CORE_SNP_UNSIGNED ? "unsigned"
	                                            : "an unknown key",
	                 info & 1 ? ", author key used" : "", info & 2 ? ", chip id masked" : "");
}

static void put_field(struct core_facts *facts, const struct field *f, const uint8_t *raw,
                      enum core_snp_product product)
{
	const uint8_t *at = raw + f->at;

	switch (f->form) {
	case FORM_BYTES:
		break;
	case FORM_NUMBER:
		core_facts_value(facts, "%llu", (unsigned long long)le(at, f->size));
		break;
	case FORM_GUEST:
		put_guest_bits(facts, le(at, 8));
		break;
	case FORM_PLATFORM:
		put_platform_bits(facts, le(at, 8));
		break;
	case FORM_TCB:
		put_tcb(facts, le(at, 8), product);
		break;
	case FORM_VERSION: /* build, minor, major */
		core_facts_value(facts, "%u.%u build %u", at[2], at[1], at[0]);
		break;
	case FORM_SIGNER:
		put_signer(facts, le(at, 4));
		break;
	}
}

void core_facts_snp_report(struct core_facts *facts, const struct core_snp_evidence *snp)
{
	const struct core_snp_report *report = &snp->report;
	enum core_snp_product product = core_snp_evidence_product(snp);

	for (size_t i = 0; i < PRISM_COUNT(fields); i++) {
		if (report->version < fields[i].since)
			continue;
		core_facts_addf(facts, 1, fields[i].name, "report.%03x", fields[i].at);
		core_facts_meaning(facts, fields[i].meaning);
		core_facts_raw(facts, report->raw + fields[i].at, fields[i].size, fields[i].at);
		put_field(facts, &fields[i], report->raw, product);
	}
}

/* ---- sections ------------------------------------------------------------------------------- */

static void put_bits(struct core_facts *facts, const char *key, uint64_t value,
                     const struct core_snp_bit *bits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		core_facts_addf(facts, 2, bits[i].name, "%s.%u", key, bits[i].bit);
		core_facts_value(facts, "bit %u: %s", bits[i].bit, value >> bits[i].bit & 1 ? "yes" : "no");
		core_facts_meaning(facts, bits[i].meaning);
	}
}

void core_facts_snp_platform(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_snp_report *r = &core_evidence_snp(spec->evidence)->report;
	size_t count;
	const struct core_snp_bit *bits;

	core_facts_add(facts, 1, "platform.vmpl", "VMPL");
	core_facts_value(facts, "%u", r->vmpl);
	core_facts_meaning(facts, "privilege level that asked for the report; 0 is the highest");
	core_facts_add(facts, 1, "platform.policy", "POLICY");
	core_facts_meaning(facts, "what the guest allows and demands");
	put_guest_bits(facts, r->policy);
	core_facts_fold(facts);
	bits = core_snp_policy_bits(&count);
	put_bits(facts, "platform.policy", r->policy, bits, count);
	core_facts_add(facts, 1, "platform.info", "PLATFORM_INFO");
	core_facts_meaning(facts, "settings of the host");
	put_platform_bits(facts, r->platform_info);
	core_facts_fold(facts);
	bits = core_snp_platform_bits(&count);
	put_bits(facts, "platform.info", r->platform_info, bits, count);
}

void core_facts_snp_chain(struct core_facts *facts, const struct core_snp_evidence *snp)
{
	bool vlek = ((snp->report.signer_info >> 2) & 7) == CORE_SNP_VLEK;

	core_fact_certificate(facts, "chain.vcek", vlek ? "VLEK (provider's key)" : "VCEK (chip's key)",
	                      snp->vcek, snp->vcek_size);
	core_fact_certificate(facts, "chain.ask", vlek ? "ASVK" : "ASK", snp->ask, snp->ask_size);
	core_fact_certificate(facts, "chain.ark", "ARK (root)", snp->ark, snp->ark_size);
}

void core_facts_snp_tcb(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_snp_evidence *snp = core_evidence_snp(spec->evidence);
	const struct core_snp_report *r = &snp->report;
	const struct core_policy_snp *policy = core_policy_snp(spec->policy);
	enum core_snp_product product = core_snp_evidence_product(snp);
	const struct {
		const char *key, *label, *meaning;
		uint64_t tcb;
		bool has_minimum;
		uint64_t minimum;
		enum core_rule rule;
	} rows[] = {
	    {"tcb.current", "current", "firmware that is running", r->current_tcb, false, 0,
	     CORE_RULE_COUNT},
	    {"tcb.reported", "reported", "firmware the signing key was derived for", r->reported_tcb,
	     policy != NULL, policy ? policy->minimum_tcb : 0, CORE_RULE_TCB_MIN},
	    {"tcb.committed", "committed", "firmware that cannot be rolled back any more",
	     r->committed_tcb, false, 0, CORE_RULE_COUNT},
	    {"tcb.launch", "at launch", "firmware when the guest was launched", r->launch_tcb,
	     policy != NULL, policy ? policy->minimum_launch_tcb : 0, CORE_RULE_TCB_LAUNCH},
	};
	char minimum[128];

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		core_facts_add(facts, 1, rows[i].key, rows[i].label);
		core_facts_meaning(facts, rows[i].meaning);
		put_tcb(facts, rows[i].tcb, product);
		if (!rows[i].has_minimum || !rows[i].minimum)
			continue;
		core_snp_tcb_text(rows[i].minimum, product, minimum, sizeof(minimum));
		core_fact_rule(facts, spec->verdict, rows[i].rule, minimum);
	}
}

void core_facts_snp_measurement(struct core_facts *facts,
                                const struct core_evidence_facts_spec *spec)
{
	const struct core_snp_report *r = &core_evidence_snp(spec->evidence)->report;
	const struct core_policy_snp *policy = core_policy_snp(spec->policy);

	core_facts_add(facts, 1, "measurement.launch", "MEASUREMENT");
	core_facts_meaning(facts, "digest of what was launched: firmware, kernel, vCPUs");
	core_fact_equal(facts, r->measurement, 48, -1,
	                policy && policy->measurement.size ? policy->measurement.data : NULL);
	if (spec->policy && !policy)
		core_fact_rule(facts, spec->verdict, CORE_RULE_MEASURED, NULL);
	core_facts_add(facts, 1, "measurement.host-data", "HOST_DATA");
	core_facts_meaning(facts, "what the host gave at launch");
	core_fact_equal(facts, r->host_data, 32, -1,
	                policy && policy->host_data.size ? policy->host_data.data : NULL);
}

/* ---- beside the policy ---------------------------------------------------------------------- */

/* Which bytes of the report a field of the policy is compared with. */
static const struct {
	const char *key;
	uint16_t at, size;
} equal_to[] = {
    {"policy.measurement", 0x090, 48}, {"policy.hostData", 0x0C0, 32},
    {"policy.familyId", 0x010, 16},    {"policy.imageId", 0x020, 16},
    {"policy.reportId", 0x140, 32},    {"policy.reportIdMa", 0x160, 32},
    {"policy.chipId", 0x1A0, 64},
};

/* Those that are not compared byte for byte: whose form they have, and the rule that judged. */
static const struct {
	const char *key;
	uint16_t at;
	enum core_rule rule;
} judged_by[] = {
    {"policy.policy", 0x008, CORE_RULE_GUEST_POLICY},
    {"policy.vmpl", 0x030, CORE_RULE_GUEST_VMPL},
    {"policy.product", 0x188, CORE_RULE_CHAIN_PRODUCT},
    {"policy.minimumTcb", 0x180, CORE_RULE_TCB_MIN},
    {"policy.minimumLaunchTcb", 0x1F0, CORE_RULE_TCB_LAUNCH},
    {"policy.minimumVersion", 0x1E8, CORE_RULE_TCB_BUILD},
    {"policy.minimumBuild", 0x1E8, CORE_RULE_TCB_BUILD},
    {"policy.permitProvisionalFirmware", 0x1EC, CORE_RULE_TCB_COMMITTED},
    {"policy.minimumGuestSvn", 0x004, CORE_RULE_GUEST_SVN},
    {"policy.platformInfo", 0x040, CORE_RULE_GUEST_PLATFORM},
    {"policy.requireIdBlock", 0x0E0, CORE_RULE_GUEST_KEYS},
    {"policy.requireAuthorKey", 0x110, CORE_RULE_GUEST_KEYS},
    {"policy.checkCrl", 0, CORE_RULE_CHAIN_CRL},
};

static void put_found(struct core_facts *facts, const struct core_snp_evidence *snp, uint16_t at)
{
	enum core_snp_product product = core_snp_evidence_product(snp);

	for (size_t i = 0; i < PRISM_COUNT(fields); i++) {
		if (fields[i].at != at)
			continue;
		if (fields[i].form == FORM_BYTES)
			core_facts_raw(facts, snp->report.raw + at, fields[i].size, at);
		else
			put_field(facts, &fields[i], snp->report.raw, product);
	}
}

static bool found_judged(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                         const struct core_snp_evidence *snp, const char *key,
                         const struct core_fact *wanted)
{
	bool unset = !strcmp(wanted->value, CORE_POLICY_UNSET);

	for (size_t i = 0; i < PRISM_COUNT(judged_by); i++) {
		if (strcmp(judged_by[i].key, key) != 0)
			continue;
		if (judged_by[i].rule == CORE_RULE_CHAIN_CRL)
			core_facts_value(facts, "%s", "");
		else if (judged_by[i].rule == CORE_RULE_CHAIN_PRODUCT)
			core_facts_value(facts, "%s", core_snp_product_word(core_snp_evidence_product(snp)));
		else
			put_found(facts, snp, judged_by[i].at);
		if (unset)
			core_facts_compare(facts, CORE_FACT_PLAIN, CORE_POLICY_UNSET);
		else
			core_fact_rule(facts, spec->verdict, judged_by[i].rule, wanted->value);
		return true;
	}
	return false;
}

bool core_facts_snp_found(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                          const char *key, const struct core_fact *wanted)
{
	const struct core_snp_evidence *snp = core_evidence_snp(spec->evidence);

	if (!snp)
		return false;
	for (size_t i = 0; i < PRISM_COUNT(equal_to); i++) {
		if (strcmp(equal_to[i].key, key) != 0)
			continue;
		core_fact_equal(facts, snp->report.raw + equal_to[i].at, equal_to[i].size, equal_to[i].at,
		                wanted->raw);
		if (!wanted->raw)
			core_facts_compare(facts, CORE_FACT_PLAIN, CORE_POLICY_UNSET);
		return true;
	}
	return found_judged(facts, spec, snp, key, wanted);
}
