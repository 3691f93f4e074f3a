/*
 * core/single.c: freshness of a cached object, joining, loading again after a write, waiters and
 * their cancelling, and which object of a cache goes first.
 */
#include "core/single.h"
#include "tests/lib/corerun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int starts;

static void start(struct core_single *single)
{
	starts++;
}

static struct corerun *open_with(struct core_single *single)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	starts = 0;
	memset(single, 0, sizeof(*single));
	core_single_init(single, run->core, CORE_EVENT_MANIFEST, "c1", start);
	return run;
}

static void fail_with(struct core_single *single, enum prism_error_category category)
{
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, category, "no");
	core_single_loaded(single, &err);
}

static void test_freshness(void **state)
{
	struct core_single single;
	struct corerun *run = open_with(&single);
	assert_int_equal(single.status.freshness, CORE_EMPTY);
	core_single_load(&single, false);
	core_single_load(&single, true); /* joins */
	assert_int_equal(starts, 1);
	assert_int_equal(single.status.freshness, CORE_LOADING);
	fail_with(&single, PRISM_ERROR_IO);
	assert_int_equal(single.status.freshness, CORE_FAILED);
	core_single_load(&single, false);
	core_single_loaded(&single, NULL);
	assert_int_equal(single.status.freshness, CORE_READY);
	assert_int_equal(single.status.error.category, PRISM_ERROR_NONE);
	assert_true(single.status.fetched_us != PRISM_TIME_UNSET);
	core_single_load(&single, false); /* here already */
	assert_int_equal(starts, 2);
	core_single_load(&single, true);
	assert_int_equal(single.status.freshness, CORE_READY); /* shown while it loads */
	fail_with(&single, PRISM_ERROR_IO);
	assert_int_equal(single.status.freshness, CORE_STALE);
	prism_loop_turn(run->loop, 0);
	assert_true(run->events[CORE_EVENT_MANIFEST] > 0);
	core_single_finish(&single);
	corerun_close(run);
}

static void test_what_was_written_meanwhile_is_loaded(void **state)
{
	struct core_single single;
	struct corerun *run = open_with(&single);
	core_single_load(&single, false);
	core_single_reload(&single); /* something was written */
	assert_int_equal(core_single_await(&single, true, NULL, corerun_done, run, NULL), 0);
	core_single_loaded(&single, NULL);
	assert_int_equal(starts, 2);
	corerun_turns(run, 5);
	assert_int_equal(run->calls, 0); /* told only after the second */
	core_single_loaded(&single, NULL);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	assert_int_equal(starts, 2);
	core_single_finish(&single);
	corerun_close(run);
}

static void test_waiters(void **state)
{
	struct core_single single;
	struct corerun *run = open_with(&single);
	struct prism_cancel *cancel = prism_cancel_create(NULL);
	assert_int_equal(core_single_await(&single, false, cancel, corerun_done, run, NULL), 0);
	assert_true(core_single_busy(&single));
	prism_cancel_fire(cancel);
	assert_int_equal(run->calls, 0);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	assert_int_equal(core_single_await(&single, false, NULL, corerun_done, run, NULL), 0);
	fail_with(&single, PRISM_ERROR_DENIED);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_DENIED);
	assert_false(core_single_busy(&single));
	/* what is here is told later, not at once */
	core_single_load(&single, true);
	core_single_loaded(&single, NULL);
	unsigned before = run->calls;
	assert_int_equal(core_single_await(&single, false, NULL, corerun_done, run, NULL), 0);
	assert_int_equal(run->calls, before);
	assert_int_equal(corerun_wait(run), PRISM_ERROR_NONE);
	/* the end of everything completes who waits */
	assert_int_equal(core_single_await(&single, true, NULL, corerun_done, run, NULL), 0);
	core_single_finish(&single);
	assert_int_equal(run->err.category, PRISM_ERROR_CANCELLED);
	corerun_close(run);
}

static void test_cache_order(void **state)
{
	struct prism_list all, node[CORE_CACHE_MAX];
	prism_list_init(&all);
	for (int i = 0; i < CORE_CACHE_MAX - 1; i++)
		prism_list_prepend(&all, &node[i]);
	assert_null(core_cache_surplus(&all));
	prism_list_prepend(&all, &node[CORE_CACHE_MAX - 1]);
	assert_ptr_equal(core_cache_surplus(&all), &node[0]);
	core_cache_use(&all, &node[0]);
	assert_ptr_equal(core_cache_surplus(&all), &node[1]);
	core_cache_use(&all, &node[0]); /* in front already */
	assert_ptr_equal(all.next, &node[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_freshness),
	    cmocka_unit_test(test_what_was_written_meanwhile_is_loaded),
	    cmocka_unit_test(test_waiters),
	    cmocka_unit_test(test_cache_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
