/*
 * sandbox/forge*.c judged by core/evidence.c: two independent readings of the formats.  Sound
 * evidence passes every rule under the test root and under no other; each fault fails at its own
 * rule and at no other.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/trust.h"
#include "sandbox/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sb_forge *forge;
static struct core_trust *trust, *strangers;
static struct core_policy *policy;
static int64_t now_us;

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1u << 16);
	struct prism_error err = PRISM_ERROR_INIT;

	now_us = prism_clock_wall_us(prism_clock_system());
	forge = sb_forge_create(&err);
	if (!forge)
		fail_msg("%s", err.message);
	trust = core_trust_create();
	strangers = core_trust_create();
	const char *root = sb_forge_root_pem(forge);
	assert_int_equal(
	    core_trust_add_test_root(trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, root, strlen(root), NULL),
	    0);
	sb_forge_policy(forge, &text);
	policy = core_policy_parse(text.data, text.len, &err);
	if (!policy)
		fail_msg("%s", err.message);
	return 0;
}

static int teardown(void **state)
{
	core_policy_destroy(policy);
	core_trust_destroy(trust);
	core_trust_destroy(strangers);
	sb_forge_destroy(forge);
	return 0;
}

static uint8_t report_data[64] = {1, 2, 3};
static uint8_t nonce[32] = {4, 5, 6};

static struct core_verdict *judge(const struct prism_buf *bytes, const struct core_policy *with,
                                  const struct core_trust *whom)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_evidence *evidence = core_evidence_parse(bytes->data, bytes->len, &err);
	const struct core_evidence_expectation expect = {report_data, nonce, now_us};
	struct core_verdict *verdict = core_verdict_create();

	if (!evidence)
		fail_msg("%s", err.message);
	core_evidence_verify(evidence, with, whom, &expect, verdict);
	core_verdict_conclude(verdict);
	core_evidence_destroy(evidence);
	return verdict;
}

static void print_open(const struct core_verdict *verdict)
{
	PRISM_AUTO_FREE char *text = core_verdict_text(verdict);

	print_message("%s", text);
}

static void test_sound_evidence_passes_under_the_test_root_only(void **state)
{
	for (int kind = SB_FORGE_SNP; kind <= SB_FORGE_SNP_VTPM; kind++) {
		for (int token = 0; token < 2; token++) {
			PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
			int rc = token ? sb_forge_eat(forge, (enum sb_forge_kind)kind, report_data, nonce,
			                              now_us, SB_FORGE_SOUND, &bytes, NULL)
			               : sb_forge_evidence(forge, (enum sb_forge_kind)kind, report_data, nonce,
			                                   SB_FORGE_SOUND, &bytes, NULL);
			assert_int_equal(rc, 0);
			struct core_verdict *verdict = judge(&bytes, policy, trust);
			if (core_verdict_state(verdict) != CORE_VERDICT_ATTESTED) {
				print_open(verdict);
				fail_msg("kind %d, token %d", kind, token);
			}
			assert_non_null(core_verdict_not_tee(verdict));
			assert_int_equal(strncmp(core_verdict_summary(verdict), "NOT A TEE", 9), 0);
			core_verdict_destroy(verdict);

			verdict = judge(&bytes, policy, strangers);
			assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_FAILED);
			assert_int_equal(core_verdict_worst(verdict)->rule, CORE_RULE_CHAIN_ROOT);
			core_verdict_destroy(verdict);
		}
	}
}

static const struct {
	enum sb_forge_fault fault;
	enum core_rule rules[3]; /* those that fail; the rest is 0 */
	unsigned count;
	bool token; /* shows only inside an EAT */
} rows[] = {
    {SB_FORGE_DEBUG_POLICY, {CORE_RULE_GUEST_DEBUG, CORE_RULE_GUEST_POLICY}, 2, false},
    {SB_FORGE_STALE_TCB, {CORE_RULE_TCB_MIN}, 1, false},
    {SB_FORGE_PROVISIONAL, {CORE_RULE_TCB_COMMITTED}, 1, false},
    {SB_FORGE_OTHER_MEASUREMENT, {CORE_RULE_MEASURED}, 1, false},
    {SB_FORGE_BAD_SIGNATURE, {CORE_RULE_REPORT_SIGNED}, 1, false},
    {SB_FORGE_OTHER_KEY, {CORE_RULE_REPORT_SIGNED}, 1, false},
    {SB_FORGE_OTHER_CHIP, {CORE_RULE_CHAIN_CHIP}, 1, false},
    {SB_FORGE_EXPIRED_VCEK, {CORE_RULE_CHAIN_SIGNED}, 1, false},
    {SB_FORGE_NO_VCEK, {CORE_RULE_CHAIN_SIGNED, CORE_RULE_REPORT_SIGNED}, 2, false},
    {SB_FORGE_STALE_NONCE, {CORE_RULE_AK_BOUND, CORE_RULE_FRESH}, 2, false},
    {SB_FORGE_QUOTE_NONCE, {CORE_RULE_QUOTE_SIGNED}, 1, false},
    {SB_FORGE_QUOTE_SIGNATURE, {CORE_RULE_QUOTE_SIGNED}, 1, false},
    {SB_FORGE_PCR_CHANGED, {CORE_RULE_QUOTE_SIGNED}, 1, false},
    {SB_FORGE_LOG_ALTERED, {CORE_RULE_EVENT_LOG}, 1, false},
    {SB_FORGE_AK_NOT_RESTRICTED,
     {CORE_RULE_AK_BOUND, CORE_RULE_FRESH, CORE_RULE_QUOTE_SIGNED},
     3,
     false},
    {SB_FORGE_AK_NOT_COVERED, {CORE_RULE_AK_BOUND, CORE_RULE_FRESH}, 2, false},
    {SB_FORGE_EAT_NONCE, {CORE_RULE_EAT}, 1, true},
    {SB_FORGE_EAT_PLATFORM, {CORE_RULE_EAT}, 1, true},
    {SB_FORGE_EAT_MEASUREMENT, {CORE_RULE_EAT}, 1, true},
};

static void expect_only(const struct core_verdict *verdict, size_t row)
{
	for (unsigned i = 0; i < core_verdict_count(verdict); i++) {
		const struct core_check *check = core_verdict_at(verdict, i);
		bool listed = false;
		for (unsigned r = 0; r < rows[row].count; r++)
			listed |= rows[row].rules[r] == check->rule;
		if ((check->result == CORE_CHECK_FAIL) != listed)
			fail_msg("%s: %s is \"%s\" (%s)", sb_forge_fault_word(rows[row].fault),
			         core_rule_id(check->rule), core_check_word(check->result), check->reason);
	}
}

static void test_each_fault_fails_at_its_own_rule(void **state)
{
	for (size_t row = 0; row < PRISM_COUNT(rows); row++) {
		PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
		int rc = rows[row].token ? sb_forge_eat(forge, SB_FORGE_SNP_VTPM, report_data, nonce,
		                                        now_us, rows[row].fault, &bytes, NULL)
		                         : sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, report_data, nonce,
		                                             rows[row].fault, &bytes, NULL);
		assert_int_equal(rc, 0);
		struct core_verdict *verdict = judge(&bytes, policy, trust);
		assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_FAILED);
		expect_only(verdict, row);
		core_verdict_destroy(verdict);
	}
}

static void test_every_fault_has_a_row_and_a_name(void **state)
{
	/* All but "sound" and the masked chip id, which is allowed. */
	assert_int_equal(PRISM_COUNT(rows), SB_FORGE_FAULT_COUNT - 2);
	for (int fault = 0; fault < SB_FORGE_FAULT_COUNT; fault++)
		assert_true(strlen(sb_forge_fault_word((enum sb_forge_fault)fault)) > 0);
}

static void test_masked_chip_id_is_allowed(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_evidence(forge, SB_FORGE_SNP, report_data, nonce,
	                                   SB_FORGE_MASKED_CHIP, &bytes, NULL),
	                 0);
	struct core_verdict *verdict = judge(&bytes, policy, trust);
	assert_int_equal(core_verdict_find(verdict, CORE_RULE_CHAIN_CHIP)->result, CORE_CHECK_PASS);
	core_verdict_destroy(verdict);
}

static void test_without_a_policy_nothing_is_attested(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, report_data, nonce, SB_FORGE_SOUND,
	                                   &bytes, NULL),
	                 0);
	struct core_verdict *verdict = judge(&bytes, NULL, trust);
	assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_UNPROVEN);
	assert_int_equal(core_verdict_worst(verdict)->rule, CORE_RULE_REFERENCE);
	core_verdict_destroy(verdict);
}

/* A CoRIM with the right value passes; without values, or with another, it does not. */
static void judge_corim(const struct prism_buf *corim, enum core_rule fails)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	struct core_policy *with = core_policy_parse(corim->data, corim->len, NULL);

	assert_non_null(with);
	assert_int_equal(
	    sb_forge_eat(forge, SB_FORGE_SNP, report_data, nonce, now_us, SB_FORGE_SOUND, &bytes, NULL),
	    0);
	struct core_verdict *verdict = judge(&bytes, with, trust);
	if (fails == CORE_RULE_COUNT) {
		assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_ATTESTED);
	} else {
		assert_int_equal(core_verdict_state(verdict), CORE_VERDICT_FAILED);
		assert_int_equal(core_verdict_worst(verdict)->rule, fails);
	}
	core_verdict_destroy(verdict);
	core_policy_destroy(with);
}

static void test_corim(void **state)
{
	PRISM_AUTO_BUF struct prism_buf right = PRISM_BUF_INIT(1u << 16);
	PRISM_AUTO_BUF struct prism_buf wrong = PRISM_BUF_INIT(1u << 16);
	PRISM_AUTO_BUF struct prism_buf empty = PRISM_BUF_INIT(1u << 16);
	static const uint8_t zeros[48];
	static const uint8_t no_values[] = {0xa2, 0x00, 0x61, 'x', 0x01, 0xf6};

	sb_forge_corim(forge, &right);
	core_policy_make_corim(zeros, CORE_SNP_MILAN, &wrong);
	prism_buf_put(&empty, no_values, sizeof(no_values));
	judge_corim(&right, CORE_RULE_COUNT);
	judge_corim(&wrong, CORE_RULE_MEASURED);
	judge_corim(&empty, CORE_RULE_REFERENCE);
}

/* Every bit of the container that matters is covered: no single flip leads to another "attested"
 * with other facts, and none crashes. */
static void test_flips_never_attest_something_else(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	const struct core_evidence_expectation expect = {report_data, nonce, now_us};

	assert_int_equal(
	    sb_forge_evidence(forge, SB_FORGE_SNP, report_data, nonce, SB_FORGE_SOUND, &bytes, NULL),
	    0);
	for (size_t i = 0; i < bytes.len; i += 3) {
		bytes.data[i] ^= 0x10;
		struct core_evidence *evidence = core_evidence_parse(bytes.data, bytes.len, NULL);
		if (evidence) {
			struct core_verdict *verdict = core_verdict_create();
			core_evidence_verify(evidence, policy, trust, &expect, verdict);
			core_verdict_conclude(verdict);
			if (core_verdict_state(verdict) == CORE_VERDICT_ATTESTED) {
				const struct core_check *signed_by =
				    core_verdict_find(verdict, CORE_RULE_REPORT_SIGNED);
				assert_int_equal(signed_by->result, CORE_CHECK_PASS);
			}
			core_verdict_destroy(verdict);
		}
		core_evidence_destroy(evidence);
		bytes.data[i] ^= 0x10;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound_evidence_passes_under_the_test_root_only),
	    cmocka_unit_test(test_each_fault_fails_at_its_own_rule),
	    cmocka_unit_test(test_every_fault_has_a_row_and_a_name),
	    cmocka_unit_test(test_masked_chip_id_is_allowed),
	    cmocka_unit_test(test_without_a_policy_nothing_is_attested),
	    cmocka_unit_test(test_corim),
	    cmocka_unit_test(test_flips_never_attest_something_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
