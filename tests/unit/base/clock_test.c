/* base/clock.c: the clocks, RFC 3339 both ways, and spans for people. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void manual_clock_moves_when_told(void **state)
{
	struct prism_clock_manual manual;

	prism_clock_manual_init(&manual, 5000000);
	assert_int_equal(prism_clock_mono_ms(&manual.clock), 0);
	assert_int_equal(prism_clock_wall_us(&manual.clock), 5000000);
	prism_clock_manual_advance(&manual, 250);
	assert_int_equal(prism_clock_mono_ms(&manual.clock), 250);
	assert_int_equal(prism_clock_wall_us(&manual.clock), 5250000);
}

static void system_clock_goes_forward(void **state)
{
	const struct prism_clock *clock = prism_clock_system();
	int64_t a = prism_clock_mono_ms(clock), b = prism_clock_mono_ms(clock);

	assert_true(b >= a);
	assert_true(prism_clock_wall_us(clock) > INT64_C(1600000000000000));
}

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2025-11-12T14:00:01.654562Z", INT64_C(1762956001654562)},
	    {"2025-11-12T14:00:01.654562789Z", INT64_C(1762956001654562)},
	    {"2025-11-12T15:30:01+01:30", INT64_C(1762956001000000)},
	    {"2025-11-12T13:00:01-01:00", INT64_C(1762956001000000)},
	    {"2025-11-12t14:00:01z", INT64_C(1762956001000000)},
	    {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
	    {"1969-12-31T23:59:59.5Z", -500000},
	    {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
	    {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
	    {"0001-01-01T00:00:00Z", PRISM_TIME_UNSET},
	    {"", PRISM_TIME_UNSET},
	    {NULL, PRISM_TIME_UNSET},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t us = 1;
		assert_int_equal(prism_time_parse(rows[i].text, &us, NULL), 0);
		assert_true(us == rows[i].us);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const rows[] = {
	    "2025-11-12",
	    "2025-11-12T14:00:01",
	    "2025-13-12T14:00:01Z",
	    "2025-02-29T14:00:01Z",
	    "2025-11-12T24:00:01Z",
	    "2025-11-12T14:60:01Z",
	    "2025-11-12T14:00:61Z",
	    "2025-11-12T14:00:01.Z",
	    "2025-11-12T14:00:01.1234567890Z",
	    "2025-11-12T14:00:01+24:00",
	    "2025-11-12T14:00:01Zx",
	    "25-11-12T14:00:01Z",
	    "now",
	    "2025-00-12T14:00:01Z",
	    "2025-11-12T14:00:01+0100",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		int64_t us = 77;
		assert_int_equal(prism_time_parse(rows[i], &us, &err), -1);
		assert_int_equal(err.category, PRISM_ERROR_INVALID);
		assert_true(us == 77);
	}
}

static void times_are_written_and_read_back(void **state)
{
	char text[PRISM_TIME_TEXT];
	int64_t us;

	assert_string_equal(prism_time_format(INT64_C(1762956001654562), 6, text),
	                    "2025-11-12T14:00:01.654562Z");
	assert_string_equal(prism_time_format(INT64_C(1762956001654562), 3, text),
	                    "2025-11-12T14:00:01.654Z");
	assert_string_equal(prism_time_format(INT64_C(1762956001654562), 0, text),
	                    "2025-11-12T14:00:01Z");
	assert_string_equal(prism_time_format(-500000, 1, text), "1969-12-31T23:59:59.5Z");
	assert_string_equal(prism_time_format(PRISM_TIME_UNSET, 6, text), "0001-01-01T00:00:00Z");
	for (int64_t t = INT64_C(-62135596799000000); t < INT64_C(253402300799000000);
	     t += INT64_C(1234567890123456)) {
		assert_int_equal(prism_time_parse(prism_time_format(t, 6, text), &us, NULL), 0);
		assert_true(us == t);
	}
}

static void local_time_follows_the_zone(void **state)
{
	char text[PRISM_TIME_TEXT];

	setenv("TZ", "ZON-2", 1);
	tzset();
	assert_string_equal(prism_time_local(INT64_C(1762956001654562), text), "2025-11-12 16:00:01");
	assert_string_equal(prism_time_local(PRISM_TIME_UNSET, text), "");
}

static void spans_for_people(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
	    {0, "0s"}, {3, "3s"}, {252, "4m 12s"}, {7500, "2h 05m"}, {273600, "3d 4h"}, {-3, "-3s"},
	};
	char text[PRISM_TIME_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(prism_time_span(rows[i].seconds * 1000000, text), rows[i].text);
	assert_string_equal(prism_time_span(PRISM_TIME_UNSET, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(manual_clock_moves_when_told),
	    cmocka_unit_test(system_clock_goes_forward),
	    cmocka_unit_test(times_are_read),
	    cmocka_unit_test(what_is_no_time_is_refused),
	    cmocka_unit_test(times_are_written_and_read_back),
	    cmocka_unit_test(local_time_follows_the_zone),
	    cmocka_unit_test(spans_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
