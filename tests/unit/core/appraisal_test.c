/*
 * core/judge.c, core/appraisal.c and core/evidence_facts*.c on evidence made under the sandbox's
 * hierarchy: one judgement, told as a verdict, as facts, as text and as JSON.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/judge.h"
#include "core/policy.h"
#include "sandbox/forge.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sb_forge *forge;
static char *directory, *root_file, *policy_file;
static const uint8_t report_data[64] = "what the evidence must be bound to";
static const uint8_t nonce[32] = "a nonce";

static char *write_file(const char *name, const void *data, size_t size)
{
	char *path = prism_path_join(directory, name);

	assert_int_equal(prism_file_write(path, data, size, 0600, NULL), 0);
	return path;
}

static int setup(void **state)
{
	PRISM_AUTO_BUF struct prism_buf policy = PRISM_BUF_INIT(1u << 16);

	forge = sb_forge_create(NULL);
	assert_non_null(forge);
	directory = tmpdir_create();
	sb_forge_policy(forge, &policy);
	root_file = write_file("root.pem", sb_forge_root_pem(forge), strlen(sb_forge_root_pem(forge)));
	policy_file = write_file("policy.json", policy.data, policy.len);
	return 0;
}

static int teardown(void **state)
{
	sb_forge_destroy(forge);
	tmpdir_remove(directory);
	prism_free(root_file);
	prism_free(policy_file);
	return 0;
}

static struct core_judge_spec spec_of(const struct prism_buf *bytes)
{
	return (struct core_judge_spec){
	    .source = "file sample.bin",
	    .bytes = bytes->data,
	    .size = bytes->len,
	    .policy_file = policy_file,
	    .test_root_file = root_file,
	    .report_data = report_data,
	    .nonce = nonce,
	    .at_us = prism_clock_wall_us(prism_clock_system()),
	};
}

static struct core_appraisal *judge_spec(const struct core_judge_spec *spec)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_judge *judge = core_judge_create(spec, &err);

	if (!judge)
		fail_msg("%s", err.message);
	struct core_appraisal *appraisal = core_judge_finish(judge);
	core_judge_destroy(judge);
	return appraisal;
}

static struct core_appraisal *judge(enum sb_forge_fault fault)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(
	    sb_forge_evidence(forge, SB_FORGE_SNP_VTPM, report_data, nonce, fault, &bytes, NULL), 0);
	struct core_judge_spec spec = spec_of(&bytes);
	return judge_spec(&spec); /* the bytes are gone after this: it keeps its own */
}

static const struct core_fact *want(struct core_appraisal *appraisal, const char *key)
{
	const struct core_fact *fact = core_facts_find(core_appraisal_facts(appraisal), key);

	if (!fact)
		fail_msg("no fact %s", key);
	return fact;
}

static void test_sound_evidence(void **state)
{
	struct core_appraisal *a = judge(SB_FORGE_SOUND);
	const struct core_facts *facts = core_appraisal_facts(a);

	assert_true(core_appraisal_attested(a));
	assert_true(core_appraisal_not_tee(a));
	assert_string_equal(core_appraisal_word(a), "attested, NOT A TEE");
	assert_int_equal(want(a, "measurement.launch")->state, CORE_FACT_SAME);
	assert_int_equal(want(a, "tcb.reported")->state, CORE_FACT_SAME);
	assert_int_equal(want(a, "binding.report-data")->state, CORE_FACT_SAME);
	assert_int_equal(want(a, "binding.quote.0")->state, CORE_FACT_SAME);
	assert_int_equal(want(a, "difference.policy.measurement")->state, CORE_FACT_SAME);
	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 0);
	assert_int_equal(want(a, "report.090")->offset, 0x90);
	assert_non_null(strstr(want(a, "chain.ark")->value, "NOT A TEE"));
	core_appraisal_unref(a);
	core_appraisal_unref(NULL);
}

/* Events stand behind the PCR they extended, and its value is the replayed one. */
static void test_events_behind_a_pcr(void **state)
{
	struct core_appraisal *a = judge(SB_FORGE_SOUND);
	const struct core_facts *facts = core_appraisal_facts(a);
	unsigned pcrs = 0, events = 0;

	for (size_t i = 0; i < core_facts_count(facts); i++) {
		const struct core_fact *fact = core_facts_at(facts, i);
		if (strncmp(fact->key, "tpm.sha256.", 11) != 0)
			continue;
		pcrs += fact->depth == 2;
		events += fact->depth == 3;
		if (fact->depth == 2 && core_facts_has_children(facts, i)) {
			assert_non_null(strstr(fact->value, "replayed to this value"));
			assert_true(fact->folded);
		}
	}
	assert_int_equal(pcrs, 24);
	assert_true(events > 0);
	core_appraisal_unref(a);
}

static void test_what_differs_is_marked(void **state)
{
	struct core_appraisal *a = judge(SB_FORGE_OTHER_MEASUREMENT);

	assert_string_equal(core_appraisal_word(a), "NOT attested");
	assert_int_equal(want(a, "measurement.launch")->state, CORE_FACT_DIFFERS);
	assert_int_equal(want(a, "difference.policy.measurement")->state, CORE_FACT_DIFFERS);
	assert_int_equal(want(a, "tcb.reported")->state, CORE_FACT_SAME);
	core_appraisal_unref(a);
	a = judge(SB_FORGE_STALE_TCB);
	assert_int_equal(want(a, "tcb.reported")->state, CORE_FACT_DIFFERS);
	assert_int_equal(want(a, "measurement.launch")->state, CORE_FACT_SAME);
	core_appraisal_unref(a);
	a = judge(SB_FORGE_QUOTE_NONCE);
	assert_int_equal(want(a, "binding.quote.0")->state, CORE_FACT_DIFFERS);
	core_appraisal_unref(a);
	a = judge(SB_FORGE_NO_VCEK);
	assert_string_equal(want(a, "chain.vcek")->value, "not in the evidence");
	core_appraisal_unref(a);
}

static void test_without_a_policy(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(
	    sb_forge_evidence(forge, SB_FORGE_SNP, report_data, nonce, SB_FORGE_SOUND, &bytes, NULL),
	    0);
	struct core_judge_spec spec = spec_of(&bytes);
	spec.policy_file = NULL;
	struct core_appraisal *a = judge_spec(&spec);
	assert_false(core_appraisal_attested(a));
	assert_null(core_facts_find(core_appraisal_facts(a), "difference"));
	assert_int_equal(want(a, "measurement.launch")->state, CORE_FACT_PLAIN);
	core_appraisal_unref(a);
}

static void test_token_around_the_evidence(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_eat(forge, SB_FORGE_SNP_VTPM, report_data, nonce,
	                              prism_clock_wall_us(prism_clock_system()), SB_FORGE_SOUND, &bytes,
	                              NULL),
	                 0);
	struct core_judge_spec spec = spec_of(&bytes);
	struct core_appraisal *a = judge_spec(&spec);
	assert_int_equal(want(a, "binding.eat-nonce")->state, CORE_FACT_SAME);
	want(a, "eat.expires");
	core_appraisal_unref(a);
}

static void test_text_and_json(void **state)
{
	struct core_appraisal *a = judge(SB_FORGE_OTHER_MEASUREMENT);
	PRISM_AUTO_FREE char *checks = core_appraisal_text(a, CORE_APPRAISAL_CHECKS);
	PRISM_AUTO_FREE char *full = core_appraisal_text(a, CORE_APPRAISAL_FULL);
	PRISM_AUTO_JSON cJSON *brief = core_appraisal_json(a, CORE_APPRAISAL_CHECKS);
	PRISM_AUTO_JSON cJSON *doc = core_appraisal_json(a, CORE_APPRAISAL_FULL);

	assert_non_null(strstr(checks, "measurement.match"));
	assert_null(strstr(checks, "Report fields"));
	assert_non_null(strstr(full, "file sample.bin"));
	assert_non_null(strstr(full, "Report fields"));
	assert_non_null(strstr(full, "[DIFFERS]"));
	assert_null(prism_json_get(brief, "facts"));
	assert_string_equal(prism_json_str(doc, "source", ""), "file sample.bin");
	assert_true(cJSON_GetArraySize(prism_json_array(doc, "facts")) > 5);
	assert_false(prism_json_bool(doc, "tee", true));
	core_appraisal_unref(a);
}

static void test_references(void **state)
{
	struct core_appraisal *a = judge(SB_FORGE_SOUND);
	struct core_appraisal *b = core_appraisal_ref(a);

	core_appraisal_unref(a);
	assert_true(core_appraisal_attested(b));
	core_appraisal_unref(b);
	assert_null(core_appraisal_ref(NULL));
}

static void refuse(const struct core_judge_spec *spec, enum prism_error_category category,
                   const char *words)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[PRISM_ERROR_TEXT];

	assert_null(core_judge_create(spec, &err));
	assert_int_equal(err.category, category);
	prism_error_format(&err, text, sizeof(text));
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void test_bad_files_are_named(void **state)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);
	PRISM_AUTO_FREE char *junk = write_file("junk", "junk", 4);
	const char *certificates[] = {junk};

	assert_int_equal(
	    sb_forge_evidence(forge, SB_FORGE_SNP, report_data, nonce, SB_FORGE_SOUND, &bytes, NULL),
	    0);
	struct core_judge_spec spec = spec_of(&bytes);
	spec.policy_file = junk;
	refuse(&spec, PRISM_ERROR_INVALID, junk);
	spec = spec_of(&bytes);
	spec.certificate_files = certificates;
	spec.certificate_count = 1;
	refuse(&spec, PRISM_ERROR_INVALID, junk);
	spec = spec_of(&bytes);
	spec.test_root_file = "/nowhere/root.pem";
	refuse(&spec, PRISM_ERROR_MISSING, "/nowhere/root.pem");
	spec = spec_of(&bytes);
	spec.size = 100;
	refuse(&spec, PRISM_ERROR_INVALID, "sample.bin");
}

/* What the agent is given at its start is made of its certificate's file. */
static void test_certificate_binding(void **state)
{
	uint8_t data[64], quote[32];

	core_judge_certificate_binding("abc", 3, data, quote);
	assert_int_equal(data[0], 0xdd); /* SHA-512("abc") begins ddaf35a1 */
	assert_int_equal(data[1], 0xaf);
	assert_int_equal(quote[0], 0xba); /* SHA-256("abc") begins ba7816bf */
	assert_int_equal(quote[1], 0x78);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound_evidence),
	    cmocka_unit_test(test_events_behind_a_pcr),
	    cmocka_unit_test(test_what_differs_is_marked),
	    cmocka_unit_test(test_without_a_policy),
	    cmocka_unit_test(test_token_around_the_evidence),
	    cmocka_unit_test(test_text_and_json),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_bad_files_are_named),
	    cmocka_unit_test(test_certificate_binding),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
