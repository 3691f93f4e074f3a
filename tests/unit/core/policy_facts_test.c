/* core/policy_facts.c: every field told with its meaning, two policies beside each other. */
#include "base/mem.h"
#include "base/text.h"
#include "core/policy_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ZEROS48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ONES48 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define PCR "0000000000000000000000000000000000000000000000000000000000000001"
#define SNP(members) "{\"policy\":{\"policy\":\"196608\"" members "}}"

static struct core_policy *parse(const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_policy *policy = core_policy_parse(text, strlen(text), &err);

	if (!policy)
		fail_msg("%s", err.message);
	return policy;
}

static const struct core_fact *want(const struct core_facts *facts, const char *key)
{
	const struct core_fact *fact = core_facts_find(facts, key);

	if (!fact)
		fail_msg("no fact %s", key);
	return fact;
}

static void test_a_field_has_value_bytes_and_meaning(void **state)
{
	struct core_policy *policy =
	    parse(SNP(",\"measurement\":\"" ONES48 "\",\"vmpl\":2,\"minimumTcb\":\"3\""));
	struct core_facts *facts = core_policy_facts(policy);
	const struct core_fact *measurement = want(facts, "policy.measurement");

	assert_int_equal(measurement->raw_size, 48);
	assert_int_equal(measurement->raw[0], 1);
	assert_non_null(strstr(measurement->meaning, "launched"));
	assert_string_equal(want(facts, "policy.vmpl")->value, "2");
	assert_non_null(strstr(want(facts, "policy.minimumTcb")->value, "boot loader 3"));
	assert_non_null(strstr(want(facts, "policy.policy")->value, "SMT"));
	assert_string_equal(want(facts, "policy.hostData")->value, CORE_POLICY_UNSET);
	assert_null(want(facts, "policy.hostData")->raw);
	/* Not one field without a meaning. */
	for (size_t i = 0; i < core_facts_count(facts); i++)
		if (core_facts_at(facts, i)->depth == 1)
			assert_true(*core_facts_at(facts, i)->meaning != '\0');
	core_facts_destroy(facts);
	core_policy_destroy(policy);
}

static void test_unknown_members_are_shown(void **state)
{
	struct core_policy *policy = parse("{\"notice\":\"hello\",\"policy\":{\"policy\":\"196608\","
	                                   "\"futureField\":[1]}}");
	struct core_facts *facts = core_policy_facts(policy);

	assert_string_equal(want(facts, "unknown.notice")->value, "\"hello\"");
	want(facts, "unknown.policy.futureField");
	assert_null(core_facts_find(facts, "unknown.policy"));
	core_facts_destroy(facts);
	core_policy_destroy(policy);
}

static void test_comparing_names_what_differs(void **state)
{
	struct core_policy *a =
	    parse("{\"policy\":{\"policy\":\"196608\",\"measurement\":\"" ZEROS48 "\",\"vmpl\":0}}");
	struct core_policy *b =
	    parse("{\"pcr_values\":{\"sha256\":{\"4\":\"" PCR "\"}},\"policy\":{\"policy\":\"196608\","
	          "\"measurement\":\"" ONES48 "\",\"vmpl\":0}}");
	struct core_facts *facts = core_policy_compare(a, b, NULL);

	assert_int_equal(want(facts, "policy.measurement")->state, CORE_FACT_DIFFERS);
	assert_int_equal(strlen(want(facts, "policy.measurement")->other), 96);
	assert_int_equal(want(facts, "policy.vmpl")->state, CORE_FACT_SAME);
	assert_int_equal(want(facts, "policy.policy")->state, CORE_FACT_SAME);
	assert_null(core_facts_find(facts, "policy.hostData"));     /* set in neither */
	const struct core_fact *pcr = want(facts, "pcrs.sha256.4"); /* in b only */
	assert_int_equal(pcr->state, CORE_FACT_DIFFERS);
	assert_string_equal(pcr->value, CORE_POLICY_UNSET);
	assert_string_equal(pcr->other, PCR);
	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 2);
	core_facts_destroy(facts);

	facts = core_policy_compare(b, a, NULL); /* and the other way round */
	assert_string_equal(want(facts, "pcrs.sha256.4")->other, CORE_POLICY_UNSET);
	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 2);
	core_facts_destroy(facts);

	facts = core_policy_compare(a, a, NULL);
	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 0);
	core_facts_destroy(facts);
	core_policy_destroy(a);
	core_policy_destroy(b);
}

static void test_spelling_is_no_difference(void **state)
{
	struct core_policy *a = parse(SNP(",\"minimumTcb\":\"15352208179752599555\""));
	struct core_policy *b =
	    parse("{\"policy\":{\"policy\":196608,\"minimum_tcb\":15352208179752599555}}");
	struct core_facts *facts = core_policy_compare(a, b, NULL);

	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 0);
	core_facts_destroy(facts);
	core_policy_destroy(a);
	core_policy_destroy(b);
}

static void test_different_kinds_are_refused(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf corim = PRISM_BUF_INIT(4096);
	const uint8_t measurement[48] = {1};
	struct core_policy *a = parse(SNP(""));

	core_policy_make_corim(measurement, CORE_SNP_MILAN, &corim);
	struct core_policy *b = core_policy_parse(corim.data, corim.len, NULL);
	assert_non_null(b);
	assert_null(core_policy_compare(a, b, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	struct core_facts *facts = core_policy_facts(b);
	assert_int_equal(want(facts, "digests.0")->raw_size, 48);
	assert_string_equal(want(facts, "policy.signed")->value, "unsigned");
	core_facts_destroy(facts);
	core_policy_destroy(a);
	core_policy_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_field_has_value_bytes_and_meaning),
	    cmocka_unit_test(test_unknown_members_are_shown),
	    cmocka_unit_test(test_comparing_names_what_differs),
	    cmocka_unit_test(test_spelling_is_no_difference),
	    cmocka_unit_test(test_different_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
