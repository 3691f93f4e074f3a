/* core/phase.c: phases out of events, their durations, runs that go on and runs that stopped. */
#include "core/phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)

static struct core_run_event event(const char *type, const char *status, int64_t second)
{
	return (struct core_run_event){.id = "",
	                               .type = type,
	                               .status = status,
	                               .run_id = "r",
	                               .originator = "agent",
	                               .cvm_id = "",
	                               .details = "",
	                               .time_us = second < 0 ? PRISM_TIME_UNSET : second * S};
}

/* events: newest first, as in a card */
static char *tell(const struct core_card *card, int64_t now, char buf[512])
{
	struct core_phase phases[CORE_PHASES_MAX];
	size_t count = core_phases(card, phases), used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(buf + used, 512 - used, "%s%s %lld%s", used ? ", " : "",
		                         core_phase_word(phases[i].kind),
		                         (long long)(core_phase_took(&phases[i], now * S) / S),
		                         phases[i].to_us == PRISM_TIME_UNSET ? "+" : "");
	return buf;
}

static void a_run_from_start_to_end(void **state)
{
	const struct core_run_event events[] = {
	    event("Complete", "Completed", 700),      event("ConsumingResults", "Ready", 400),
	    event("Running", "Completed", 400),       event("AlgorithmRun", "Warning", 300),
	    event("Running", "InProgress", 201),      event("Running", "Starting", 200),
	    event("ReceivingData", "InProgress", 80), event("ReceivingAlgorithm", "InProgress", 10),
	};
	const struct core_card card = {
	    .run = {.start_us = 0, .created_us = 0, .end_us = 700 * S},
	    .state = CORE_COMP_COMPLETED,
	    .events = events,
	    .event_count = PRISM_COUNT(events),
	};
	struct core_phase phases[CORE_PHASES_MAX];
	char text[512];

	assert_string_equal(tell(&card, 9999, text),
	                    "prepare 10, algorithm 70, data 120, run 200, result 300");
	assert_int_equal(core_phases(&card, phases), 5);
	assert_int_equal(core_phases_took(phases, 5, CORE_PHASE_RUN, 0), 200 * S);
	assert_int_equal(core_phases_took(phases, 5, CORE_PHASE_MANIFEST, 0), -1);
	assert_int_equal(core_run_took(&card.run, card.state, 9999 * S), 700 * S);
}

static void a_run_that_waits_goes_on(void **state)
{
	const struct core_run_event events[] = {event("ReceivingData", "InProgress", 50),
	                                        event("receiving-algorithm", "InProgress", 20)};
	const struct core_card card = {
	    .run = {.start_us = 20 * S, .created_us = 0, .end_us = PRISM_TIME_UNSET},
	    .state = CORE_COMP_RUNNING,
	    .events = events,
	    .event_count = 2,
	};
	char text[512];

	assert_string_equal(tell(&card, 110, text), "algorithm 30, data 60+");
	assert_string_equal(tell(&card, 10, text), "algorithm 30, data 0+"); /* a clock that is late */
	assert_int_equal(core_run_took(&card.run, card.state, 120 * S), 100 * S);
	assert_int_equal(core_phase_waits_for(CORE_PHASE_DATA), CORE_PERM_DATASET_PROVIDER);
	assert_int_equal(core_phase_waits_for(CORE_PHASE_RUN), 0);
}

static void ends_that_are_no_success(void **state)
{
	const struct core_run_event failed[] = {event("Failed", "Failed", 61),
	                                        event("Running", "Failed", 60),
	                                        event("Running", "Starting", 40)};
	const struct core_run_event silent[] = {event("Running", "InProgress", 40)};
	struct core_card card = {
	    .run = {.start_us = 40 * S, .created_us = 0, .end_us = 61 * S},
	    .state = CORE_COMP_FAILED,
	    .events = failed,
	    .event_count = 3,
	};
	char text[512];

	assert_string_equal(tell(&card, 9999, text), "run 20");
	card.events = silent; /* the agent said no more, but the server knows the end */
	card.event_count = 1;
	assert_string_equal(tell(&card, 9999, text), "run 21");
	card.run.end_us = 30 * S; /* before it began */
	assert_string_equal(tell(&card, 9999, text), "run 0");
	assert_int_equal(core_run_took(&card.run, card.state, 0), -1);
}

static void odd_events(void **state)
{
	struct core_run_event many[80];
	const struct core_run_event timeless[] = {event("Running", "Starting", -1),
	                                          event("Teleporting", "InProgress", 5)};
	struct core_card card = {
	    .run = {.start_us = PRISM_TIME_UNSET,
	            .created_us = PRISM_TIME_UNSET,
	            .end_us = PRISM_TIME_UNSET},
	    .state = CORE_COMP_UNKNOWN,
	    .events = timeless,
	    .event_count = 2,
	};
	struct core_phase phases[CORE_PHASES_MAX];
	char text[512];

	assert_string_equal(tell(&card, 7, text), "other 2+");
	for (int i = 0; i < 80; i++)
		many[79 - i] = event(i % 2 ? "ReceivingData" : "ReceivingAlgorithm", "InProgress", i);
	card.events = many;
	card.event_count = 80;
	assert_int_equal(core_phases(&card, phases), CORE_PHASES_MAX);
	card.event_count = 0;
	assert_int_equal(core_phases(&card, phases), 0);
	assert_int_equal(core_run_took(&card.run, card.state, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_run_from_start_to_end),
	    cmocka_unit_test(a_run_that_waits_goes_on),
	    cmocka_unit_test(ends_that_are_no_success),
	    cmocka_unit_test(odd_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
