/*
 * core/core.c: events queued, merged, delivered later; unsubscribing from a handler; notices;
 * modules in order.
 */
#include "core/core.h"

#include "base/mem.h"
#include "tests/lib/corerun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct log {
	char text[512];
	struct core *core;
	struct core_subscription *drop; /* unsubscribed at the first event */
	bool emit_again;
};

static void note(void *data, const struct core_event *event)
{
	struct log *log = data;
	size_t used = strlen(log->text);
	if (event->type == CORE_EVENT_REQUESTS)
		return;
	snprintf(log->text + used, sizeof(log->text) - used, "%s(%s%s) ", core_event_word(event->type),
	         event->id, event->notice ? event->notice->text : "");
	core_unsubscribe(log->drop);
	log->drop = NULL;
	if (log->emit_again) {
		log->emit_again = false;
		core_emit(log->core, CORE_EVENT_CVMS, NULL);
	}
}

static void test_events_are_merged_and_come_later(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct log log = {.core = run->core, .emit_again = true};
	core_subscribe(run->core, note, &log);
	core_emit(run->core, CORE_EVENT_COMPUTATION, "a");
	core_emit(run->core, CORE_EVENT_COMPUTATION, "b");
	core_emit(run->core, CORE_EVENT_COMPUTATION, "a");
	core_emit(run->core, CORE_EVENT_COMPUTATIONS, NULL);
	assert_string_equal(log.text, "");
	prism_loop_turn(run->loop, 0);
	assert_string_equal(log.text, "computation(a) computation(b) computations() ");
	prism_loop_turn(run->loop, 0); /* what a handler emitted */
	assert_string_equal(log.text, "computation(a) computation(b) computations() cvms() ");
	corerun_close(run);
}

static void test_unsubscribing_from_a_handler(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct log first = {.core = run->core}, second = {.core = run->core};
	core_subscribe(run->core, note, &first);
	first.drop = core_subscribe(run->core, note, &second);
	core_emit(run->core, CORE_EVENT_CVMS, NULL);
	core_emit(run->core, CORE_EVENT_ASSETS, NULL);
	prism_loop_turn(run->loop, 0);
	assert_string_equal(first.text, "cvms() assets() ");
	assert_string_equal(second.text, "");
	core_unsubscribe(NULL);
	corerun_close(run);
}

static void test_notices_are_not_merged(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	struct log log = {.core = run->core};
	core_subscribe(run->core, note, &log);
	core_notify(run->core, CORE_INFO, "same %d", 1);
	core_notify(run->core, CORE_INFO, "same %d", 1);
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	core_notify_error(run->core, &err); /* never told */
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_IO, "broken");
	core_notify_error(run->core, &err);
	prism_loop_turn(run->loop, 0);
	assert_string_equal(log.text, "notice(same 1) notice(same 1) notice(broken) ");
	corerun_close(run);
}

static char order[64];

static void *make_first(struct core *core)
{
	return prism_strdup("1");
}

static void drop(void *made)
{
	size_t used = strlen(order);
	snprintf(order + used, sizeof(order) - used, "%s", (const char *)made);
	prism_free(made);
}

static const struct core_module first = {.name = "first", .create = make_first, .destroy = drop};

static void *make_second(struct core *core)
{
	assert_string_equal(core_module(core, &first), "1"); /* leans on the first */
	return prism_strdup("2");
}

static const struct core_module second = {.name = "second", .create = make_second, .destroy = drop};

static void test_modules_go_in_reverse(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	order[0] = '\0';
	assert_string_equal(core_module(run->core, &second), "2");
	assert_ptr_equal(core_module(run->core, &first), core_module(run->core, &first));
	corerun_close(run);
	assert_string_equal(order, "21");
}

static void test_nothing_is_dialled_at_first(void **state)
{
	struct corerun *run = corerun_open("http://127.0.0.1:1", NULL);
	corerun_turns(run, 5);
	assert_int_equal(core_connection(run->core), CORE_CONN_UNKNOWN);
	assert_int_equal(core_pending(run->core), 0);
	assert_int_equal(prism_loop_next_deadline_ms(run->loop), -1); /* and nothing will wake it */
	corerun_close(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_are_merged_and_come_later),
	    cmocka_unit_test(test_unsubscribing_from_a_handler),
	    cmocka_unit_test(test_notices_are_not_merged),
	    cmocka_unit_test(test_modules_go_in_reverse),
	    cmocka_unit_test(test_nothing_is_dialled_at_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
