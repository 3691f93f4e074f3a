/*
 * core/permission.c: words and bits, and the rules of reference 4.9.
 */
#include "core/permission.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_words(void **state)
{
	for (unsigned i = 0; i < CORE_PERM_COUNT; i++) {
		assert_int_equal(core_perm_bit(core_perm_word(i)), 1u << i);
		assert_int_not_equal(core_perm_label(i)[0], 0);
	}
	for (unsigned i = 0; i < CORE_WPERM_COUNT; i++)
		assert_int_equal(core_wperm_bit(core_wperm_word(i)), 1u << i);
	assert_int_equal(core_perm_bit("fly"), 0);
	assert_int_equal(core_perm_bit("create_cvms"), 0); /* of a workspace, not of a computation */
	assert_int_equal(CORE_WPERM_COUNT, 12);
}

static void test_arrays(void **state)
{
	PRISM_AUTO_JSON cJSON *doc = cJSON_Parse("[\"view\",7,null,\"fly\",{},\"run\",\"run\"]");
	assert_int_equal(core_perm_bits(doc), CORE_PERM_VIEW | CORE_PERM_RUN);
	PRISM_AUTO_JSON cJSON *object = cJSON_Parse("{\"view\":1}");
	assert_int_equal(core_perm_bits(object), 0);
	assert_int_equal(core_perm_bits(NULL), 0);
}

static void test_rules(void **state)
{
	const unsigned manages =
	    CORE_PERM_ADMINISTRATOR | CORE_PERM_EDIT | CORE_PERM_RUN | CORE_PERM_VIEW;
	assert_int_equal(core_perm_effective(0, false), 0);
	assert_int_equal(core_perm_effective(CORE_PERM_EDIT, false), CORE_PERM_EDIT | CORE_PERM_VIEW);
	assert_int_equal(core_perm_effective(CORE_PERM_ADMINISTRATOR, false), manages);
	assert_int_equal(core_perm_effective(0, true), manages);
	/* providing and consuming are only ever explicit */
	assert_int_equal(core_perm_effective(0, true) & CORE_PERM_ALGO_PROVIDER, 0);
	assert_int_equal(core_perm_effective(CORE_PERM_RESULT_CONSUMER, false),
	                 CORE_PERM_RESULT_CONSUMER | CORE_PERM_VIEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_arrays),
	    cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
