/* core/facts.c: the tree, its two printed forms, and that a peer's text stays on its line. */
#include "base/json.h"
#include "base/mem.h"
#include "core/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct core_facts *sample(void)
{
	static const uint8_t bytes[] = {0xde, 0xad, 0xbe, 0xef};
	struct core_facts *facts = core_facts_create();

	core_facts_add(facts, 0, "platform", "Platform");
	core_facts_value(facts, "SEV-SNP");
	core_facts_add(facts, 1, "platform.policy", "POLICY");
	core_facts_value(facts, "0x%x", 0x30000);
	core_facts_meaning(facts, "what the guest allows");
	core_facts_addf(facts, 2, "SMT", "platform.policy.%u", 16);
	core_facts_value(facts, "yes");
	core_facts_add(facts, 1, "platform.data", "DATA");
	core_facts_raw(facts, bytes, sizeof(bytes), 0x50);
	core_facts_compare(facts, CORE_FACT_DIFFERS, "cafe");
	core_facts_add(facts, 0, "empty", "Empty");
	core_facts_fold(facts);
	return facts;
}

static void test_reading(void **state)
{
	struct core_facts *facts = sample();

	assert_int_equal(core_facts_count(facts), 5);
	assert_true(core_facts_has_children(facts, 0));
	assert_true(core_facts_has_children(facts, 1));
	assert_false(core_facts_has_children(facts, 2));
	assert_false(core_facts_has_children(facts, 4));
	assert_null(core_facts_at(facts, 5));
	assert_null(core_facts_find(facts, "nothing"));
	assert_string_equal(core_facts_find(facts, "platform.policy.16")->value, "yes");
	assert_int_equal(core_facts_find(facts, "platform.data")->offset, 0x50);
	assert_true(core_facts_find(facts, "empty")->folded);
	assert_int_equal(core_facts_count_state(facts, CORE_FACT_DIFFERS), 1);
	core_facts_destroy(facts);
	core_facts_destroy(NULL);
}

static void test_json_nests_as_the_tree(void **state)
{
	struct core_facts *facts = sample();
	PRISM_AUTO_JSON cJSON *doc = core_facts_json(facts);
	const cJSON *platform = cJSON_GetArrayItem(doc, 0);
	const cJSON *children = prism_json_array(platform, "facts");

	assert_int_equal(cJSON_GetArraySize(doc), 2);
	assert_string_equal(prism_json_str(platform, "value", ""), "SEV-SNP");
	assert_int_equal(cJSON_GetArraySize(children), 2);
	const cJSON *policy = cJSON_GetArrayItem(children, 0);
	assert_int_equal(cJSON_GetArraySize(prism_json_array(policy, "facts")), 1);
	const cJSON *data = cJSON_GetArrayItem(children, 1);
	assert_string_equal(prism_json_str(data, "hex", ""), "deadbeef");
	assert_string_equal(prism_json_str(data, "base64", ""), "3q2+7w==");
	assert_string_equal(prism_json_str(data, "state", ""), "DIFFERS");
	assert_string_equal(prism_json_str(data, "other", ""), "cafe");
	assert_int_equal(prism_json_int(data, "offset", -1), 0x50);
	assert_null(prism_json_get(policy, "hex"));
	core_facts_destroy(facts);
}

static void test_text(void **state)
{
	static const struct core_fact_names names = {"found", "policy"};
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
	struct core_facts *facts = sample();

	core_facts_text(facts, &names, &out);
	assert_non_null(strstr(prism_buf_text(&out), "Platform: SEV-SNP\n"));
	assert_non_null(
	    strstr(prism_buf_text(&out), "  POLICY: 0x30000\n    (what the guest allows)\n"));
	assert_non_null(strstr(prism_buf_text(&out), "    SMT: yes\n"));
	assert_non_null(strstr(prism_buf_text(&out), "  DATA  [DIFFERS]\n"));
	assert_non_null(strstr(prism_buf_text(&out), "    policy: cafe\n"));
	core_facts_destroy(facts);
}

static void test_hostile_text_stays_on_its_line(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
	struct core_facts *facts = core_facts_create();

	core_facts_add(facts, 0, "s", "Section");
	core_facts_add(facts, 1, "s.a", "issuer");
	core_facts_value(facts, "%s", "CN=x\033[2J\nVerdict: attested");
	core_facts_add(facts, 1, "s.b", "a claim\033[2J\nVerdict: attested");
	core_facts_text(facts, NULL, &out);
	assert_null(strchr(prism_buf_text(&out), '\033'));
	assert_null(strstr(prism_buf_text(&out), "\nVerdict"));
	core_facts_destroy(facts);
}

static void test_large_values_are_cut_and_say_so(void **state)
{
	static uint8_t bytes[CORE_FACT_RAW_MAX + 100];
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(1u << 20);
	struct core_facts *facts = core_facts_create();

	core_facts_add(facts, 0, "s", "Section");
	core_facts_add(facts, 1, "s.a", "data");
	core_facts_raw(facts, bytes, sizeof(bytes), -1);
	assert_int_equal(core_facts_find(facts, "s.a")->raw_size, CORE_FACT_RAW_MAX);
	assert_int_equal(core_facts_find(facts, "s.a")->full_size, sizeof(bytes));
	core_facts_text(facts, NULL, &out);
	assert_non_null(strstr(prism_buf_text(&out), "(100 bytes more)"));
	core_facts_destroy(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reading),
	    cmocka_unit_test(test_json_nests_as_the_tree),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_hostile_text_stays_on_its_line),
	    cmocka_unit_test(test_large_values_are_cut_and_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
