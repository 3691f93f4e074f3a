/* Covers the pure part of tui/candidates.c: fuzzy matching. What the collections give is covered by
 * the palette on the screen. */
#include "tui/candidates.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void letters_must_be_there_in_order(void **state)
{
	PRISM_UNUSED(state);
	assert_true(pt_fuzzy("cr", "computation run") > 0);
	assert_true(pt_fuzzy("CR", "computation run") > 0);
	assert_int_equal(pt_fuzzy("rc", "cvm"), 0);
	assert_int_equal(pt_fuzzy("runx", "computation run"), 0);
	assert_int_equal(pt_fuzzy("", "anything"), 1);
	assert_int_equal(pt_fuzzy("a", ""), 0);
}

static void beginnings_and_runs_count_more(void **state)
{
	PRISM_UNUSED(state);
	assert_true(pt_fuzzy("run", "run list") > pt_fuzzy("run", "computation run"));
	assert_true(pt_fuzzy("cr", "computation run") > pt_fuzzy("cr", "asset create"));
	assert_true(pt_fuzzy("crea", "cvm create") > pt_fuzzy("crea", "computation logs area"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(letters_must_be_there_in_order),
	    cmocka_unit_test(beginnings_and_runs_count_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
