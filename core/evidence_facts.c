/*
 * Evidence as facts: the order of the sections, and what every kind of evidence has in common.
 * See evidence_facts.h; SEV-SNP, TDX and the vTPM have files of their own.
 */
#include "core/evidence_facts_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy_facts.h"
#include "core/trust.h"
#include "net/x509.h"

#include <stdio.h>
#include <string.h>

#define DUMP_BYTES 64u /* of one row of the raw section */

static const struct {
	const char *key, *title;
	enum core_verdict_group group;
} sections[] = {
    {"platform", "Platform", CORE_GROUP_REPORT},
    {"chain", "Certificate chain", CORE_GROUP_CHAIN},
    {"binding", "Freshness and binding", CORE_GROUP_CHANNEL},
    {"tcb", "Firmware (TCB)", CORE_GROUP_TCB},
    {"guest", "Guest policy and identity", CORE_GROUP_POLICY},
    {"measurement", "Measurement", CORE_GROUP_MEASUREMENT},
    {"tpm", "TPM, PCRs and event log", CORE_GROUP_TPM},
    {"report", "Report fields", CORE_GROUP_COUNT},
    {"difference", "Policy beside evidence", CORE_GROUP_COUNT},
    {"raw", "Raw report", CORE_GROUP_COUNT},
};

enum core_verdict_group core_evidence_section_group(const char *key)
{
	for (size_t i = 0; i < PRISM_COUNT(sections); i++)
		if (!strcmp(sections[i].key, key))
			return sections[i].group;
	return CORE_GROUP_COUNT;
}

const char *core_evidence_group_section(enum core_verdict_group group)
{
	for (size_t i = 0; i < PRISM_COUNT(sections); i++)
		if (sections[i].group == group)
			return sections[i].key;
	return "";
}

static void section(struct core_facts *facts, const char *key)
{
	for (size_t i = 0; i < PRISM_COUNT(sections); i++)
		if (!strcmp(sections[i].key, key))
			core_facts_add(facts, 0, key, sections[i].title);
}

/* ---- shared pieces -------------------------------------------------------------------------- */

void core_fact_equal(struct core_facts *facts, const uint8_t *found, size_t size, long offset,
                     const uint8_t *expected)
{
	char hex[2 * 64 + 1];

	core_facts_raw(facts, found, size, offset);
	if (!expected || size > 64)
		return;
	prism_hex_encode(expected, size, hex);
	core_facts_compare(
	    facts, memcmp(found, expected, size) == 0 ? CORE_FACT_SAME : CORE_FACT_DIFFERS, hex);
}

void core_fact_rule(struct core_facts *facts, const struct core_verdict *verdict,
                    enum core_rule rule, const char *expected)
{
	static const enum core_fact_state states[] = {[CORE_CHECK_PASS] = CORE_FACT_SAME,
	                                              [CORE_CHECK_FAIL] = CORE_FACT_DIFFERS,
	                                              [CORE_CHECK_SKIPPED] = CORE_FACT_OPEN};
	const struct core_check *check = verdict ? core_verdict_find(verdict, rule) : NULL;

	core_facts_compare(facts, check ? states[check->result] : CORE_FACT_OPEN, expected);
}

static void certificate_field(struct core_facts *facts, const char *key, const char *name,
                              const char *value)
{
	if (!*value)
		return;
	core_facts_addf(facts, 2, name, "%s.%s", key, name);
	core_facts_value(facts, "%s", value);
}

static void certificate_details(struct core_facts *facts, const char *key,
                                const struct net_cert *cert)
{
	uint8_t fingerprint[NET_FINGERPRINT];
	char from[PRISM_TIME_TEXT], until[PRISM_TIME_TEXT];

	certificate_field(facts, key, "subject", net_cert_subject(cert));
	certificate_field(facts, key, "issuer", net_cert_issuer(cert));
	certificate_field(facts, key, "serial", net_cert_serial(cert));
	core_facts_addf(facts, 2, "validity", "%s.validity", key);
	core_facts_value(facts, "%s to %s", prism_time_format(net_cert_not_before_us(cert), 0, from),
	                 prism_time_format(net_cert_not_after_us(cert), 0, until));
	certificate_field(facts, key, "key", net_cert_key_text(cert));
	certificate_field(facts, key, "signature", net_cert_signature_text(cert));
	net_cert_fingerprint(cert, fingerprint);
	core_facts_addf(facts, 2, "SHA-256", "%s.sha256", key);
	core_facts_meaning(facts, "fingerprint; roots are pinned by it");
	core_facts_raw(facts, fingerprint, sizeof(fingerprint), -1);
}

void core_fact_certificate(struct core_facts *facts, const char *key, const char *label,
                           const uint8_t *data, size_t size)
{
	struct net_cert *cert = data && size ? net_cert_from_any(data, size, NULL) : NULL;
	struct core_trust *trust = core_trust_create();
	const struct core_pin *pin = cert ? core_trust_pin(trust, cert) : NULL;

	core_facts_add(facts, 1, key, label);
	core_facts_fold(facts);
	if (!cert)
		core_facts_value(facts, "%s", size ? "unreadable" : "not in the evidence");
	else
		core_facts_value(facts, "%s%s", net_cert_common_name(cert),
		                 pin ? ", pinned in this program" : "");
	if (cert)
		certificate_details(facts, key, cert);
	net_cert_destroy(cert);
	core_trust_destroy(trust);
}

/* A note of the verdict, when it was made. */
static void note(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                 const char *wanted, const char *label)
{
	const char *key, *value;

	for (unsigned i = 0; i < core_verdict_note_count(spec->verdict); i++) {
		core_verdict_note_at(spec->verdict, i, &key, &value);
		if (strcmp(key, wanted) != 0)
			continue;
		core_facts_addf(facts, 1, label, "note.%s", key);
		core_facts_value(facts, "%s", value);
	}
}

/* ---- sections ------------------------------------------------------------------------------- */

static void eat_time(struct core_facts *facts, const char *label, int64_t at_us)
{
	char text[PRISM_TIME_TEXT];

	if (at_us == PRISM_TIME_UNSET)
		return;
	core_facts_addf(facts, 2, label, "eat.%s", label);
	core_facts_value(facts, "%s", prism_time_format(at_us, 0, text));
}

static void put_eat(struct core_facts *facts, const struct core_eat *eat)
{
	if (!eat)
		return;
	core_facts_add(facts, 1, "eat", "entity attestation token");
	core_facts_meaning(facts, "claims of the token around the report; no hardware signs them");
	core_facts_fold(facts);
	core_facts_value(facts, "%s", *eat->platform ? eat->platform : "names no platform");
	if (*eat->issuer) {
		core_facts_add(facts, 2, "eat.issuer", "issuer");
		core_facts_value(facts, "%s", eat->issuer);
	}
	eat_time(facts, "issued", eat->issued_us);
	eat_time(facts, "expires", eat->expires_us);
	if (eat->measurement) {
		core_facts_add(facts, 2, "eat.measurement", "measurement");
		core_facts_raw(facts, eat->measurement, eat->measurement_size, -1);
	}
}

static void put_platform(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_evidence *evidence = spec->evidence;

	section(facts, "platform");
	if (!evidence) {
		core_facts_value(facts, "there is no evidence that could be read");
		return;
	}
	core_facts_value(facts, "%s", core_evidence_kind_word(core_evidence_kind(evidence)));
	note(facts, spec, "platform", "platform");
	note(facts, spec, "azure", "Azure");
	if (core_evidence_snp(evidence))
		core_facts_snp_platform(facts, spec);
	if (core_evidence_tdx(evidence))
		core_facts_tdx_platform(facts, core_evidence_tdx(evidence));
	put_eat(facts, core_evidence_eat(evidence));
}

static void put_chain(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	section(facts, "chain");
	note(facts, spec, "certificates", "certificates from");
	if (spec->evidence && core_evidence_snp(spec->evidence))
		core_facts_snp_chain(facts, core_evidence_snp(spec->evidence));
	if (spec->evidence && core_evidence_tdx(spec->evidence))
		core_facts_tdx_chain(facts, core_evidence_tdx(spec->evidence));
}

/* Behind a vTPM the report covers the TPM's key as well: what is expected of it is in the check. */
static void put_report_data(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_snp_evidence *snp = core_evidence_snp(spec->evidence);
	const struct core_tdx_quote *tdx = core_evidence_tdx(spec->evidence);
	bool folded = core_evidence_kind(spec->evidence) == CORE_EVIDENCE_SNP_VTPM;

	if (!snp && !tdx)
		return;
	core_facts_add(facts, 1, "binding.report-data", "REPORT_DATA");
	core_facts_meaning(facts,
	                   folded ? "covers the connection or nonce, and the TPM's attestation key"
	                          : "covers the connection or nonce that the evidence was made for");
	core_fact_equal(facts, snp ? snp->report.report_data : tdx->report_data, 64, -1,
	                folded ? NULL : spec->report_data);
	if (folded && spec->report_data)
		core_fact_rule(facts, spec->verdict, CORE_RULE_FRESH, NULL);
}

static void put_nonces(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	const struct core_tpm_evidence *tpm = core_evidence_tpm(spec->evidence);
	const struct core_eat *eat = core_evidence_eat(spec->evidence);
	const uint8_t *nonce;
	size_t size;
	char label[40];

	if (eat && eat->nonce) {
		core_facts_add(facts, 1, "binding.eat-nonce", "token nonce");
		core_fact_equal(facts, eat->nonce, eat->nonce_size, -1,
		                eat->nonce_size == 32 ? spec->nonce : NULL);
	}
	for (unsigned i = 0; tpm && i < tpm->quote_count; i++) {
		const struct core_tpm_pcrs *pcrs = &tpm->quotes[i].pcrs;

		snprintf(label, sizeof(label), "quote nonce, %s",
		         pcrs->known_bank ? core_pcr_bank_word(pcrs->bank) : "sha512");
		core_facts_addf(facts, 1, label, "binding.quote.%u", i);
		if (core_tpm_quote_nonce(tpm, i, &nonce, &size))
			core_fact_equal(facts, nonce, size, -1, size == 32 ? spec->nonce : NULL);
		else
			core_facts_value(facts, "the quote is malformed");
	}
}

static void put_binding(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	section(facts, "binding");
	note(facts, spec, "channel", "channel");
	if (!spec->evidence)
		return;
	put_report_data(facts, spec);
	put_nonces(facts, spec);
}

static void put_hardware(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	bool snp = spec->evidence && core_evidence_snp(spec->evidence);
	bool tdx = spec->evidence && core_evidence_tdx(spec->evidence);

	section(facts, "tcb");
	if (snp)
		core_facts_snp_tcb(facts, spec);
	if (tdx)
		core_facts_tdx_tcb(facts, spec);
	section(facts, "guest");
	section(facts, "measurement");
	note(facts, spec, "policy", "judged against");
	if (snp)
		core_facts_snp_measurement(facts, spec);
	if (tdx)
		core_facts_tdx_measurement(facts, spec);
}

static const uint8_t *report_bytes(const struct core_evidence *evidence, size_t *ret_size)
{
	const struct core_snp_evidence *snp = core_evidence_snp(evidence);
	const struct core_tdx_quote *tdx = core_evidence_tdx(evidence);

	*ret_size = snp ? sizeof(snp->report.raw) : tdx ? tdx->signed_size : 0;
	return snp ? snp->report.raw : tdx ? tdx->signed_data : NULL;
}

static void put_fields(struct core_facts *facts, const struct core_evidence *evidence)
{
	section(facts, "report");
	core_facts_fold(facts);
	if (core_evidence_snp(evidence))
		core_facts_snp_report(facts, core_evidence_snp(evidence));
	else
		core_facts_tdx_report(facts, core_evidence_tdx(evidence));
}

static void put_raw(struct core_facts *facts, const uint8_t *data, size_t size)
{
	char label[32];

	section(facts, "raw");
	core_facts_value(facts, "%zu bytes", size);
	core_facts_fold(facts);
	for (size_t at = 0; at < size; at += DUMP_BYTES) {
		snprintf(label, sizeof(label), "0x%03zx", at);
		core_facts_addf(facts, 1, label, "raw.%zu", at);
		core_facts_raw(facts, data + at, size - at < DUMP_BYTES ? size - at : DUMP_BYTES, -1);
	}
}

/* ---- policy beside evidence ----------------------------------------------------------------- */

static bool found_pcr(struct core_facts *facts, const struct core_tpm_evidence *tpm,
                      const struct core_fact *wanted)
{
	char word[16];
	unsigned pcr;

	if (!tpm || sscanf(wanted->key, "pcrs.%15[^.].%u", word, &pcr) != 2 || pcr >= CORE_PCR_COUNT)
		return false;
	for (unsigned i = 0; i < tpm->quote_count; i++) {
		const struct core_tpm_pcrs *pcrs = &tpm->quotes[i].pcrs;
		if (!pcrs->known_bank || strcmp(core_pcr_bank_word(pcrs->bank), word) != 0 ||
		    !pcrs->present[pcr])
			continue;
		core_fact_equal(facts, pcrs->value[pcr], pcrs->size, -1, wanted->raw);
		return true;
	}
	return false;
}

/* One of several values may match: said once, at each of them. */
static bool found_digest(struct core_facts *facts, const struct core_evidence *evidence,
                         const struct core_fact *wanted)
{
	const struct core_snp_evidence *snp = core_evidence_snp(evidence);
	const struct core_tdx_quote *tdx = core_evidence_tdx(evidence);
	char hex[2 * 64 + 1];

	if (strncmp(wanted->key, "digests.", 8) != 0 || wanted->raw_size != 48 || (!snp && !tdx))
		return false;
	const uint8_t *found = snp ? snp->report.measurement : tdx->mr_td;
	core_facts_raw(facts, found, 48, -1);
	prism_hex_encode(wanted->raw, 48, hex);
	core_facts_compare(facts, memcmp(found, wanted->raw, 48) ? CORE_FACT_OPEN : CORE_FACT_SAME,
	                   hex);
	return true;
}

static void put_wanted(struct core_facts *facts, const struct core_evidence_facts_spec *spec,
                       const struct core_fact *wanted)
{
	char hex[2 * 64 + 1];
	bool unset = !strcmp(wanted->value, CORE_POLICY_UNSET);

	core_facts_addf(facts, 1, wanted->label, "difference.%s", wanted->key);
	core_facts_meaning(facts, wanted->meaning);
	if (found_pcr(facts, core_evidence_tpm(spec->evidence), wanted) ||
	    found_digest(facts, spec->evidence, wanted) ||
	    core_facts_snp_found(facts, spec, wanted->key, wanted) ||
	    core_facts_tdx_found(facts, spec, wanted->key, wanted))
		return;
	if (wanted->raw && wanted->raw_size <= 64)
		prism_hex_encode(wanted->raw, wanted->raw_size, hex);
	else
		snprintf(hex, sizeof(hex), "%.128s", wanted->value);
	core_facts_value(facts, "not in the evidence");
	core_facts_compare(facts, unset ? CORE_FACT_PLAIN : CORE_FACT_OPEN, hex);
}

static void put_difference(struct core_facts *facts, const struct core_evidence_facts_spec *spec)
{
	struct core_facts *policy = core_policy_facts(spec->policy);

	section(facts, "difference");
	core_facts_fold(facts);
	for (size_t i = 0; i < core_facts_count(policy); i++) {
		const struct core_fact *wanted = core_facts_at(policy, i);
		if (wanted->depth == 1 && strncmp(wanted->key, "unknown.", 8) != 0)
			put_wanted(facts, spec, wanted);
	}
	core_facts_destroy(policy);
}

struct core_facts *core_evidence_facts(const struct core_evidence_facts_spec *spec)
{
	struct core_facts *facts = core_facts_create();
	const struct core_evidence *evidence = spec->evidence;
	size_t size;

	put_platform(facts, spec);
	put_chain(facts, spec);
	put_binding(facts, spec);
	put_hardware(facts, spec);
	section(facts, "tpm");
	if (evidence && core_evidence_tpm(evidence))
		core_facts_tpm(facts, spec);
	if (!evidence)
		return facts;
	const uint8_t *raw = report_bytes(evidence, &size);
	if (raw)
		put_fields(facts, evidence);
	if (spec->policy)
		put_difference(facts, spec);
	if (raw)
		put_raw(facts, raw, size);
	return facts;
}
