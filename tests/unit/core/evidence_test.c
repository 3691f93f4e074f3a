/*
 * core/evidence.c with core/snp*.c, core/tpm*.c and core/tdx.c on real evidence: what it proves,
 * and each change to it failing at its own rule.  Runs where PRISM_TESTDATA names the files.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/snp.h"
#include "core/tdx.h"
#include "core/tpm.h"
#include "core/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX (1u << 20)

static void load(const char *name, struct prism_buf *out)
{
	const char *data = getenv("PRISM_TESTDATA");

	if (!data) {
		print_message("PRISM_TESTDATA is not set: no real evidence\n");
		skip();
	}
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s", data, name);
	assert_int_equal(prism_file_read(path, BYTES_MAX, out, NULL), 0);
}

static int64_t at(const char *when)
{
	int64_t us;

	assert_int_equal(prism_time_parse(when, &us, NULL), 0);
	return us;
}

/* ---- SEV-SNP: a Milan report with its VCEK; the guest allows debugging ----------------------- */

#define MILAN_TIME "2025-01-01T00:00:00Z"

struct milan {
	struct prism_buf bytes; /* report, table, VCEK */
	struct core_trust *trust;
};

static const uint8_t vcek_guid[] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                    0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};

static void milan_init(struct milan *m)
{
	PRISM_AUTO_BUF struct prism_buf vcek = PRISM_BUF_INIT(BYTES_MAX);
	PRISM_AUTO_BUF struct prism_buf chain = PRISM_BUF_INIT(BYTES_MAX);
	uint8_t table[48] = {0};

	prism_buf_init(&m->bytes, BYTES_MAX);
	load("sev-snp/milan-debug-report.bin", &m->bytes);
	load("sev-snp/milan-debug-vcek.der", &vcek);
	load("sev-snp/ask_ark_milan.pem", &chain);
	memcpy(table, vcek_guid, 16);
	table[16] = sizeof(table);
	table[20] = (uint8_t)vcek.len;
	table[21] = (uint8_t)(vcek.len >> 8);
	prism_buf_put(&m->bytes, table, sizeof(table));
	prism_buf_put(&m->bytes, vcek.data, vcek.len);
	m->trust = core_trust_create();
	assert_int_equal(core_trust_add_certificates(m->trust, chain.data, chain.len, NULL), 0);
}

static void milan_finish(struct milan *m)
{
	prism_buf_finish(&m->bytes);
	core_trust_destroy(m->trust);
}

static struct core_verdict *judge(const void *data, size_t size, const struct core_policy *policy,
                                  const struct core_trust *trust, const char *when)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_evidence *evidence = core_evidence_parse(data, size, &err);
	const struct core_evidence_expectation expect = {.at_us = at(when)};
	struct core_verdict *verdict = core_verdict_create();

	if (!evidence)
		fail_msg("%s", err.message);
	core_evidence_verify(evidence, policy, trust, &expect, verdict);
	core_verdict_conclude(verdict);
	core_evidence_destroy(evidence);
	return verdict;
}

static void expect_result(const struct core_verdict *verdict, enum core_rule rule,
                          enum core_check_result want)
{
	const struct core_check *check = core_verdict_find(verdict, rule);

	if (!check || check->result != want)
		fail_msg("%s: expected %s, found %s%s%s", core_rule_id(rule), core_check_word(want),
		         check ? core_check_word(check->result) : "no report", check ? ": " : "",
		         check ? check->reason : "");
}

/* Exactly these rules fail. */
static void expect_failures(const struct core_verdict *verdict, const enum core_rule *rules,
                            size_t count)
{
	for (unsigned i = 0; i < core_verdict_count(verdict); i++) {
		const struct core_check *check = core_verdict_at(verdict, i);
		bool listed = false;
		for (size_t r = 0; r < count; r++)
			listed |= rules[r] == check->rule;
		if ((check->result == CORE_CHECK_FAIL) != listed)
			fail_msg("%s: %s (%s)", core_rule_id(check->rule), core_check_word(check->result),
			         check->reason);
	}
}

static void test_milan_report_proves_all_but_debug(void **state)
{
	struct milan m;
	milan_init(&m);
	struct core_verdict *verdict = judge(m.bytes.data, m.bytes.len, NULL, m.trust, MILAN_TIME);

	expect_failures(verdict, (enum core_rule[]){CORE_RULE_GUEST_DEBUG}, 1);
	expect_result(verdict, CORE_RULE_REPORT_SIGNED, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_ROOT, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_SIGNED, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_TCB, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_CHIP, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_FRESH, CORE_CHECK_SKIPPED);
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_FAILED);
	assert_string_equal(core_verdict_summary(verdict), "NOT attested: policy.debug does not hold");
	core_verdict_destroy(verdict);
	milan_finish(&m);
}

static void test_milan_without_its_chain(void **state)
{
	struct milan m;
	milan_init(&m);
	struct core_trust *bare = core_trust_create();
	struct core_verdict *verdict = judge(m.bytes.data, m.bytes.len, NULL, bare, MILAN_TIME);

	expect_result(verdict, CORE_RULE_CHAIN_ROOT, CORE_CHECK_FAIL);
	expect_result(verdict, CORE_RULE_REPORT_SIGNED, CORE_CHECK_PASS);
	core_verdict_destroy(verdict);
	core_trust_destroy(bare);
	milan_finish(&m);
}

static void test_milan_expired(void **state)
{
	struct milan m;
	milan_init(&m);
	struct core_verdict *verdict =
	    judge(m.bytes.data, m.bytes.len, NULL, m.trust, "2031-01-01T00:00:00Z");

	expect_failures(verdict, (enum core_rule[]){CORE_RULE_GUEST_DEBUG, CORE_RULE_CHAIN_SIGNED}, 2);
	core_verdict_destroy(verdict);
	milan_finish(&m);
}

/* Every byte under the signature, flipped: refused while parsing, or the signature fails. */
static void test_milan_each_byte_counts(void **state)
{
	struct milan m;
	milan_init(&m);

	for (unsigned i = 0; i < CORE_SNP_SIGNED_SIZE; i++) {
		m.bytes.data[i] ^= 1;
		struct core_evidence *evidence = core_evidence_parse(m.bytes.data, m.bytes.len, NULL);
		if (evidence) {
			const struct core_evidence_expectation expect = {.at_us = at(MILAN_TIME)};
			struct core_verdict *verdict = core_verdict_create();
			core_evidence_verify(evidence, NULL, m.trust, &expect, verdict);
			expect_result(verdict, CORE_RULE_REPORT_SIGNED, CORE_CHECK_FAIL);
			core_verdict_destroy(verdict);
		}
		core_evidence_destroy(evidence);
		m.bytes.data[i] ^= 1;
	}
	milan_finish(&m);
}

static void test_milan_signature_padding(void **state)
{
	static const unsigned places[] = {0x2A0, 0x2A0 + 47, 0x2A0 + 48, 0x2A0 + 71, 0x2E8, 0x2E8 + 71};
	struct milan m;
	milan_init(&m);

	for (size_t i = 0; i < PRISM_COUNT(places); i++) {
		m.bytes.data[places[i]] ^= 1;
		struct core_verdict *verdict = judge(m.bytes.data, m.bytes.len, NULL, m.trust, MILAN_TIME);
		expect_failures(verdict, (enum core_rule[]){CORE_RULE_GUEST_DEBUG, CORE_RULE_REPORT_SIGNED},
		                2);
		core_verdict_destroy(verdict);
		m.bytes.data[places[i]] ^= 1;
	}
	milan_finish(&m);
}

static void test_milan_against_policies(void **state)
{
	static const struct {
		const char *policy;
		enum core_rule fails;
	} rows[] = {
	    {"{\"policy\":{\"policy\":\"720896\",\"vmpl\":1}}", CORE_RULE_GUEST_VMPL},
	    {"{\"policy\":{\"policy\":\"720896\",\"minimumTcb\":\"15352208179752599555\"}}",
	     CORE_RULE_TCB_MIN},
	    {"{\"policy\":{\"policy\":\"720896\",\"minimumBuild\":255}}", CORE_RULE_TCB_BUILD},
	    {"{\"policy\":{\"policy\":\"720896\",\"hostData\":\"///////////////////////////////////////"
	     "///8=\"}}",
	     CORE_RULE_HOST_DATA},
	    {"{\"policy\":{\"policy\":\"720896\",\"product\":{\"name\":2}}}", CORE_RULE_CHAIN_PRODUCT},
	    {"{\"policy\":{\"policy\":\"196608\"}}", CORE_RULE_GUEST_POLICY},
	    {"{\"policy\":{\"policy\":\"720896\",\"requireIdBlock\":true}}", CORE_RULE_GUEST_KEYS},
	};
	struct milan m;
	milan_init(&m);

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_policy *policy =
		    core_policy_parse(rows[i].policy, strlen(rows[i].policy), NULL);
		assert_non_null(policy);
		struct core_verdict *verdict =
		    judge(m.bytes.data, m.bytes.len, policy, m.trust, MILAN_TIME);
		expect_failures(verdict, (enum core_rule[]){CORE_RULE_GUEST_DEBUG, rows[i].fails}, 2);
		core_verdict_destroy(verdict);
		core_policy_destroy(policy);
	}
	milan_finish(&m);
}

static void test_crl_asked_for_but_not_given(void **state)
{
	static const char text[] =
	    "{\"policy\":{\"policy\":\"720896\"},\"rootOfTrust\":{\"checkCrl\":true}}";
	struct milan m;
	milan_init(&m);
	struct core_policy *policy = core_policy_parse(text, strlen(text), NULL);
	struct core_verdict *verdict = judge(m.bytes.data, m.bytes.len, policy, m.trust, MILAN_TIME);

	expect_result(verdict, CORE_RULE_CHAIN_CRL, CORE_CHECK_SKIPPED);
	assert_true(core_verdict_find(verdict, CORE_RULE_CHAIN_CRL)->required);
	core_verdict_destroy(verdict);
	core_policy_destroy(policy);
	milan_finish(&m);
}

/* A sample report with its policy; its VCEK was never published, so everything but the chain. */
static void test_sample_report_matches_its_policy(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(BYTES_MAX);
	struct core_trust *trust = core_trust_create();

	load("sev-snp/cocos-sample-report.bin", &bytes);
	load("policy/cocos-snp.json", &text);
	struct core_policy *policy = core_policy_parse(text.data, text.len, NULL);
	assert_non_null(policy);
	struct core_verdict *verdict = judge(bytes.data, bytes.len, policy, trust, MILAN_TIME);
	static const enum core_rule good[] = {
	    CORE_RULE_TCB_MIN,     CORE_RULE_TCB_LAUNCH,   CORE_RULE_TCB_COMMITTED, CORE_RULE_TCB_BUILD,
	    CORE_RULE_GUEST_VMPL,  CORE_RULE_GUEST_IDS,    CORE_RULE_HOST_DATA,     CORE_RULE_MEASURED,
	    CORE_RULE_GUEST_DEBUG, CORE_RULE_GUEST_POLICY,
	};
	for (size_t i = 0; i < PRISM_COUNT(good); i++)
		expect_result(verdict, good[i], CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_SIGNED, CORE_CHECK_FAIL);
	expect_result(verdict, CORE_RULE_REPORT_SIGNED, CORE_CHECK_FAIL);
	core_verdict_destroy(verdict);
	core_policy_destroy(policy);
	core_trust_destroy(trust);
}

/* ---- vTPM ----------------------------------------------------------------------------------- */

static void judge_tpm(const struct core_evidence *evidence, const uint8_t *nonce, size_t size,
                      struct core_verdict *verdict)
{
	const struct core_tpm_expectation expect = {.nonce = nonce, .nonce_size = size};

	core_tpm_verify(core_evidence_tpm(evidence), NULL, &expect, verdict);
	core_verdict_conclude(verdict);
}

static void test_vtpm_quotes_and_log(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	static const uint8_t nonce[] = {0x90, 0x09}, other[] = {0x90, 0x08};

	load("tpm/gce-cos-85-nonce9009.pb", &bytes);
	struct core_evidence *evidence = core_evidence_parse(bytes.data, bytes.len, NULL);
	assert_non_null(evidence);
	assert_int_equal(core_evidence_kind(evidence), CORE_EVIDENCE_VTPM);

	struct core_verdict *verdict = core_verdict_create();
	judge_tpm(evidence, nonce, sizeof(nonce), verdict);
	expect_result(verdict, CORE_RULE_QUOTE_SIGNED, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_EVENT_LOG, CORE_CHECK_PASS);
	core_verdict_destroy(verdict);

	verdict = core_verdict_create();
	judge_tpm(evidence, other, sizeof(other), verdict);
	expect_result(verdict, CORE_RULE_QUOTE_SIGNED, CORE_CHECK_FAIL);
	core_verdict_destroy(verdict);
	core_evidence_destroy(evidence);
}

static void test_vtpm_alone_is_never_attested(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	struct core_trust *trust = core_trust_create();

	load("tpm/gce-cos-85-nonce9009.pb", &bytes);
	struct core_verdict *verdict = judge(bytes.data, bytes.len, NULL, trust, MILAN_TIME);
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_UNPROVEN);
	core_verdict_destroy(verdict);
	core_trust_destroy(trust);
}

static void test_event_log_of_an_snp_guest(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	struct core_tpm_log log;

	load("tpm/ubuntu-2404-amd-sevsnp-eventlog.bin", &bytes);
	const uint8_t *data = (const uint8_t *)bytes.data;
	assert_int_equal(core_tpm_log_parse(data, bytes.len, &log, NULL), 0);
	assert_true(log.count > 50);
	assert_true(log.has_bank[CORE_PCR_SHA256]);
	core_tpm_log_finish(&log);
	/* Cut at each byte of the first kilobytes: refused, or a whole number of events. */
	for (size_t cut = 1; cut < 6000 && cut < bytes.len; cut++)
		if (core_tpm_log_parse(data, cut, &log, NULL) == 0)
			core_tpm_log_finish(&log);
}

/* ---- TDX ------------------------------------------------------------------------------------ */

#define TDX_TIME "2024-01-01T00:00:00Z"

static void test_tdx_quote(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	struct core_trust *trust = core_trust_create();

	load("tdx/quote-v4.bin", &bytes);
	struct core_verdict *verdict = judge(bytes.data, bytes.len, NULL, trust, TDX_TIME);
	expect_failures(verdict, NULL, 0);
	expect_result(verdict, CORE_RULE_REPORT_SIGNED, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_REPORT_QE, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_ROOT, CORE_CHECK_PASS);
	expect_result(verdict, CORE_RULE_CHAIN_SIGNED, CORE_CHECK_PASS);
	/* Nothing is wrong, yet without a policy nothing says what should run there. */
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_UNPROVEN);
	core_verdict_destroy(verdict);
	core_trust_destroy(trust);
}

static void test_tdx_changes(void **state)
{
	static const struct {
		unsigned at;
		enum core_rule rule;
	} rows[] = {
	    {0x30 + 0x88, CORE_RULE_REPORT_SIGNED},           /* MRTD */
	    {0x30 + 0x208 + 63, CORE_RULE_REPORT_SIGNED},     /* last byte of REPORTDATA */
	    {0x27C, CORE_RULE_REPORT_SIGNED},                 /* signature */
	    {0x27C + 128 + 6, CORE_RULE_REPORT_QE},           /* QE report */
	    {0x27C + 128 + 6 + 384, CORE_RULE_REPORT_QE},     /* QE signature */
	    {0x27C + 128 + 6 + 448 + 2, CORE_RULE_REPORT_QE}, /* QE authentication data */
	};
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	struct core_trust *trust = core_trust_create();

	load("tdx/quote-v4.bin", &bytes);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		bytes.data[rows[i].at] ^= 1;
		struct core_verdict *verdict = judge(bytes.data, bytes.len, NULL, trust, TDX_TIME);
		expect_failures(verdict, &rows[i].rule, 1);
		core_verdict_destroy(verdict);
		bytes.data[rows[i].at] ^= 1;
	}
	core_trust_destroy(trust);
}

static void test_tdx_cut_anywhere(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(BYTES_MAX);
	struct core_tdx_quote quote;

	load("tdx/quote-v4.bin", &bytes);
	const uint8_t *data = (const uint8_t *)bytes.data;
	assert_int_equal(core_tdx_parse(data, bytes.len, &quote, NULL), 0);
	size_t whole = (size_t)(quote.pck_chain - bytes.data);
	for (size_t cut = 0; cut < whole; cut++)
		assert_int_equal(core_tdx_parse(data, cut, &quote, NULL), -1);
}

/* ---- what is not evidence ------------------------------------------------------------------- */

static void test_rubbish(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} rows[] = {{"", 0},
	            {"x", 1},
	            {"\x0a\xff\xff\xff\xff\xff\x0f", 7},
	            {"\xd2\x84\x40", 3},
	            {"eyJ.x", 5},
	            {"\xa1\x01\x01", 3},
	            {"\x04\x00\x02\x00\x81\x00\x00\x00", 8}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_null(core_evidence_parse(rows[i].bytes, rows[i].size, &err));
		assert_int_not_equal(err.category, PRISM_ERROR_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_milan_report_proves_all_but_debug),
	    cmocka_unit_test(test_milan_without_its_chain),
	    cmocka_unit_test(test_milan_expired),
	    cmocka_unit_test(test_milan_each_byte_counts),
	    cmocka_unit_test(test_milan_signature_padding),
	    cmocka_unit_test(test_milan_against_policies),
	    cmocka_unit_test(test_crl_asked_for_but_not_given),
	    cmocka_unit_test(test_sample_report_matches_its_policy),
	    cmocka_unit_test(test_vtpm_quotes_and_log),
	    cmocka_unit_test(test_vtpm_alone_is_never_attested),
	    cmocka_unit_test(test_event_log_of_an_snp_guest),
	    cmocka_unit_test(test_tdx_quote),
	    cmocka_unit_test(test_tdx_changes),
	    cmocka_unit_test(test_tdx_cut_anywhere),
	    cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
