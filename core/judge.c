/* Judging evidence without a connection: see judge.h. */
#include "core/judge.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/policy.h"
#include "core/trust.h"
#include "net/crypto.h"

#include <string.h>

#define FILE_MAX (1u << 20) /* certificates, lists, keys */

struct core_judge {
	char *source, *policy_source, *certificates;
	struct core_trust *trust;
	struct core_policy *policy;     /* a reference; NULL: none */
	struct core_evidence *evidence; /* given away by finish */
	bool has_report_data, has_nonce;
	uint8_t report_data[64], nonce[32];
	int64_t at_us;
};

static int read_named(const char *name, struct prism_buf *out, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);

	return prism_file_read(path, FILE_MAX, out, err);
}

static int add_certificates(struct core_judge *j, const struct core_judge_spec *spec,
                            struct prism_error *err)
{
	for (size_t i = 0; i < spec->certificate_count; i++) {
		PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);
		const char *name = spec->certificate_files[i];
		if (read_named(name, &pem, err) < 0 ||
		    core_trust_add_certificates(j->trust, prism_buf_text(&pem), pem.len, err) < 0)
			return prism_error_wrap(err, "certificates in %s", name);
	}
	return 0;
}

static int add_test_root(struct core_judge *j, const char *name, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);

	if (!name)
		return 0;
	if (read_named(name, &pem, err) < 0)
		return -1;
	return core_trust_add_test_root(j->trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, prism_buf_text(&pem),
	                                pem.len, err);
}

static int add_crl(struct core_judge *j, const char *name, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(FILE_MAX);

	if (!name)
		return 0;
	if (read_named(name, &der, err) < 0)
		return -1;
	for (int product = CORE_SNP_UNKNOWN; product < CORE_SNP_PRODUCT_COUNT; product++)
		core_trust_set_crl(j->trust, (enum core_snp_product)product, prism_buf_text(&der), der.len);
	return 0;
}

static int add_vcek(struct core_judge *j, const char *name, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(FILE_MAX);
	PRISM_AUTO_FREE char *where = NULL;

	if (!name)
		return 0;
	if (read_named(name, &der, err) < 0)
		return -1;
	where = prism_asprintf("VCEK from %s", name);
	core_judge_note_certificates(j, where);
	return core_evidence_set_vcek(j->evidence, (const uint8_t *)prism_buf_text(&der), der.len, err);
}

static int read_policy(struct core_judge *j, const struct core_judge_spec *spec,
                       struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = spec->policy_file ? prism_path_expand(spec->policy_file) : NULL;
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);

	if (path && !j->policy) {
		j->policy = core_policy_read(path, err);
		if (!j->policy)
			return -1;
		j->policy_source = prism_strdup(spec->policy_file);
	}
	if (!spec->policy_key_file || !j->policy)
		return 0;
	if (read_named(spec->policy_key_file, &pem, err) < 0)
		return -1;
	return core_policy_verify_signature(j->policy, prism_buf_text(&pem), pem.len, err);
}

static int read_evidence(struct core_judge *j, const struct core_judge_spec *spec,
                         struct prism_error *err)
{
	j->evidence = core_evidence_parse(spec->bytes, spec->size, err);
	return j->evidence ? 0 : prism_error_wrap(err, "evidence in %s", spec->source);
}

struct core_judge *core_judge_create(const struct core_judge_spec *spec, struct prism_error *err)
{
	struct core_judge *j = prism_alloc(sizeof(*j));

	j->source = prism_strdup(spec->source);
	j->trust = core_trust_create();
	j->policy = spec->policy;
	j->policy_source = prism_strdup(spec->policy ? spec->policy_source : NULL);
	j->at_us = spec->at_us;
	j->has_report_data = spec->report_data != NULL;
	j->has_nonce = spec->nonce != NULL;
	if (spec->report_data)
		memcpy(j->report_data, spec->report_data, sizeof(j->report_data));
	if (spec->nonce)
		memcpy(j->nonce, spec->nonce, sizeof(j->nonce));
	if (add_certificates(j, spec, err) < 0 || add_test_root(j, spec->test_root_file, err) < 0 ||
	    add_crl(j, spec->crl_file, err) < 0 || read_policy(j, spec, err) < 0 ||
	    read_evidence(j, spec, err) < 0 || add_vcek(j, spec->vcek_file, err) < 0) {
		core_judge_destroy(j);
		return NULL;
	}
	return j;
}

void core_judge_destroy(struct core_judge *j)
{
	if (!j)
		return;
	core_evidence_destroy(j->evidence);
	core_policy_destroy(j->policy);
	core_trust_destroy(j->trust);
	prism_free(j->source);
	prism_free(j->policy_source);
	prism_free(j->certificates);
	prism_free(j);
}

struct core_evidence *core_judge_evidence(const struct core_judge *j)
{
	return j->evidence;
}

const struct core_policy *core_judge_policy(const struct core_judge *j)
{
	return j->policy;
}

struct core_trust *core_judge_trust(const struct core_judge *j)
{
	return j->trust;
}

void core_judge_note_certificates(struct core_judge *j, const char *where)
{
	prism_free(j->certificates);
	j->certificates = prism_strdup(where);
}

void core_judge_certificate_binding(const void *pem, size_t size, uint8_t ret_report_data[64],
                                    uint8_t ret_nonce[32])
{
	net_digest_bytes(NET_SHA512, pem, size, ret_report_data);
	net_digest_bytes(NET_SHA256, pem, size, ret_nonce);
}

void core_judge_policy_itself(const struct core_policy *policy, int64_t at_us,
                              struct core_verdict *verdict)
{
	const struct core_policy_corim *corim = core_policy_corim(policy);

	if (!corim)
		return;
	if (corim->signature_checked)
		core_verdict_pass(verdict, CORE_RULE_POLICY_SIGNED, "ES256 by the configured key");
	else
		core_verdict_skip(verdict, CORE_RULE_POLICY_SIGNED, "%s",
		                  corim->is_signed ? "no key to check the signature with was configured"
		                                   : "the policy is unsigned");
	bool early = corim->not_before_us != PRISM_TIME_UNSET && at_us < corim->not_before_us;
	bool late = corim->not_after_us != PRISM_TIME_UNSET && at_us > corim->not_after_us;
	core_verdict_compare(verdict, CORE_RULE_POLICY_VALID, !early && !late, "", "",
	                     early ? "the policy is not valid yet" : "the policy is out of date");
}

struct core_appraisal *core_judge_finish(struct core_judge *j)
{
	struct core_verdict *verdict = core_verdict_create();
	const struct core_evidence_expectation expect = {
	    .report_data = j->has_report_data ? j->report_data : NULL,
	    .nonce = j->has_nonce ? j->nonce : NULL,
	    .at_us = j->at_us,
	};

	core_verdict_note(verdict, "evidence", "%s",
	                  core_evidence_kind_word(core_evidence_kind(j->evidence)));
	if (j->policy) {
		core_verdict_note(verdict, "policy", "%s, %s",
		                  core_policy_kind_word(core_policy_kind(j->policy)), j->policy_source);
		core_judge_policy_itself(j->policy, j->at_us, verdict);
	}
	if (j->certificates)
		core_verdict_note(verdict, "certificates", "%s", j->certificates);
	core_evidence_verify(j->evidence, j->policy, j->trust, &expect, verdict);
	core_verdict_conclude(verdict);
	const struct core_appraisal_spec spec = {
	    .source = j->source,
	    .evidence = PRISM_STEAL(j->evidence),
	    .policy = core_policy_ref(j->policy),
	    .verdict = verdict,
	    .judged_us = j->at_us,
	    .report_data = expect.report_data,
	    .nonce = expect.nonce,
	};
	return core_appraisal_create(&spec);
}
