/* core/ima.c: replaying the kernel's list, violations, lines that are none. */
#include "base/mem.h"
#include "base/text.h"
#include "core/ima.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ONE "10 0101010101010101010101010101010101010101 ima-ng sha256:00ff boot_aggregate\n"
#define TWO "10 0202020202020202020202020202020202020202 ima-ng sha256:00aa /usr/bin/agent\n"
#define BAD "10 0000000000000000000000000000000000000000 ima-ng sha256:00bb /var/log/busy\n"
#define OTHER "11 0303030303030303030303030303030303030303 ima-ng sha256:00cc /elsewhere\n"

/* SHA-1(20 bytes 00 || 20 bytes 01), by another program. */
static const char one_hex[] = "c3ad7f64b8d976aaf2b3a9c98f7ee5631cde7125";

static struct core_ima replay(const char *list, const uint8_t *pcr10)
{
	struct core_ima ima;

	core_ima_replay(list, strlen(list), pcr10, &ima);
	return ima;
}

static void test_a_list_replays(void **state)
{
	struct core_ima one = replay(ONE, NULL), both = replay(ONE TWO, NULL);
	struct core_ima again = replay(ONE TWO, both.replayed);
	char hex[41];

	prism_hex_encode(one.replayed, 20, hex);
	assert_string_equal(hex, one_hex);
	assert_int_equal(both.entries, 2);
	assert_memory_not_equal(one.replayed, both.replayed, 20);
	assert_false(both.matches); /* nothing was given to compare with */
	assert_true(again.matches);
	assert_false(replay(TWO ONE, both.replayed).matches); /* the order counts */
	assert_false(replay(ONE, both.replayed).matches);
	assert_true(replay(ONE OTHER TWO, both.replayed).matches); /* another PCR's entry does not */
}

static void test_violations_count_as_ones(void **state)
{
	static const char ones[] =
	    "10 ffffffffffffffffffffffffffffffffffffffff ima-ng sha256:00bb /var/log/busy\n";
	struct core_ima zeros = replay(BAD, NULL);

	assert_int_equal(zeros.violations, 1);
	assert_memory_equal(zeros.replayed, replay(ones, NULL).replayed, 20);
	assert_int_equal(replay(ones, NULL).violations, 0);
}

static void test_lines_that_are_none(void **state)
{
	static const char *const lines[] = {
	    "hello\n",
	    "10\n",
	    "10 0101 ima-ng x\n",
	    "10 0101010101010101010101010101010101010101\n",
	    "10 010101010101010101010101010101010101010g ima-ng x\n",
	    "999 0101010101010101010101010101010101010101 ima-ng x\n",
	    "\x1b[2J\n",
	};
	struct core_ima good = replay(ONE, NULL);

	for (size_t i = 0; i < PRISM_COUNT(lines); i++) {
		PRISM_AUTO_FREE char *list = prism_asprintf("%s%s", ONE, lines[i]);
		struct core_ima ima = replay(list, good.replayed);
		assert_int_equal(ima.malformed, 1);
		assert_false(ima.matches); /* what cannot be read is not passed over */
	}
	assert_int_equal(replay("", NULL).entries, 0);
	assert_int_equal(replay("\n\n", NULL).malformed, 0);
	assert_true(
	    replay("10 0101010101010101010101010101010101010101 ima-ng sha256:00ff b", good.replayed)
	        .matches); /* the last line needs no newline */
}

static void test_told(void **state)
{
	struct core_ima both = replay(ONE TWO, NULL);
	struct core_facts *facts = core_ima_facts(ONE TWO, strlen(ONE TWO), both.replayed);

	assert_int_equal(core_facts_find(facts, "ima.replayed")->state, CORE_FACT_SAME);
	assert_string_equal(core_facts_find(facts, "entries.2")->value, "sha256:00aa /usr/bin/agent");
	core_facts_destroy(facts);
	facts = core_ima_facts(ONE, strlen(ONE), both.replayed);
	assert_int_equal(core_facts_find(facts, "ima.replayed")->state, CORE_FACT_DIFFERS);
	core_facts_destroy(facts);
	facts = core_ima_facts(ONE, strlen(ONE), NULL);
	assert_int_equal(core_facts_find(facts, "ima.replayed")->state, CORE_FACT_OPEN);
	core_facts_destroy(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_list_replays),
	    cmocka_unit_test(test_violations_count_as_ones),
	    cmocka_unit_test(test_lines_that_are_none),
	    cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
