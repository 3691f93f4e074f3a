/*
 * tui/logpane.c and its drawing: following, moving, wrapping, keeping the place while lines come,
 * filters, search, highlights, hostile bytes.
 */
#include "tui/logpane.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 60, H = 6 };

static struct core_logstore *store;
static struct pt_logpane pane;
static struct pt_canvas *canvas;
static struct prism_clock_manual manual;
static unsigned told;

static void changed(void *data)
{
	told++;
}

static int setup(void **state)
{
	setenv("TZ", "UTC", 1);
	prism_clock_manual_init(&manual, INT64_C(1762956100000000));
	store = core_logstore_create(0, 0);
	pt_logpane_init(&pane, store, NULL, &manual.clock, changed, NULL);
	canvas = pt_canvas_create(H, W, true);
	told = 0;
	return 0;
}

static int teardown(void **state)
{
	pt_canvas_destroy(canvas);
	pt_logpane_finish(&pane);
	core_logstore_destroy(store);
	return 0;
}

static void put_at(int64_t ms, const char *level, const char *text)
{
	struct core_log_entry e = {.run_id = "run-1",
	                           .level = level,
	                           .message = text,
	                           .len = strlen(text),
	                           .time_us = INT64_C(1762956000000000) + ms * 1000};

	core_logstore_merge(store, &e, 1);
}

static void put(int number)
{
	char text[40];

	snprintf(text, sizeof(text), "line %d", number);
	put_at(number, number % 10 ? "info" : "warn", text);
}

static void draw(void)
{
	pt_canvas_clear(canvas);
	pt_logpane_prepare(&pane, W, H);
	pt_logpane_draw(&pane, canvas, (struct pt_rect){0, 0, W, H}, true);
	grid_check(canvas);
}

static void expect_row(int y, const char *want)
{
	PRISM_AUTO_FREE char *have = grid_row(canvas, y);

	assert_string_equal(have, want);
}

static void expect_rows(int first, int last)
{
	char want[80];

	for (int i = first, y = 0; i <= last; i++, y++) {
		snprintf(want, sizeof(want), " 14:00:00.%03d %-5s line %d", i, i % 10 ? "INFO" : "WARN", i);
		expect_row(y, want);
	}
}

static void an_empty_pane_draws_nothing_and_moves_nowhere(void **state)
{
	draw();
	expect_row(0, "");
	pt_logpane_nav(&pane, PT_NAV_DOWN, 1);
	pt_logpane_nav(&pane, PT_NAV_FIRST, 1);
	pt_logpane_go(&pane, 5);
	assert_int_equal(pt_logpane_pos(&pane), 0);
	assert_false(pt_logpane_next_level(&pane, ~0u, 1));
}

static void it_follows_until_one_moves_up(void **state)
{
	for (int i = 1; i <= 20; i++)
		put(i);
	draw();
	expect_rows(15, 20);
	put(21);
	draw();
	expect_rows(16, 21);
	pt_logpane_nav(&pane, PT_NAV_UP, 1);
	assert_false(pane.follow);
	for (int i = 22; i < 40; i++)
		put(i);
	draw();
	expect_rows(16, 21);
	pt_logpane_nav(&pane, PT_NAV_LAST, 1);
	draw();
	expect_rows(34, 39);
	assert_true(pane.follow);
}

static void moving_scrolls_at_the_edges_only(void **state)
{
	for (int i = 1; i <= 30; i++)
		put(i);
	pt_logpane_nav(&pane, PT_NAV_FIRST, 1);
	draw();
	expect_rows(1, 6);
	pt_logpane_nav(&pane, PT_NAV_DOWN, 5);
	draw();
	expect_rows(1, 6);
	assert_int_equal(pt_logpane_pos(&pane), 5);
	pt_logpane_nav(&pane, PT_NAV_DOWN, 1);
	draw();
	expect_rows(2, 7);
	pt_logpane_nav(&pane, PT_NAV_PAGE_DOWN, 1);
	draw();
	assert_int_equal(pt_logpane_pos(&pane), 12);
	pt_logpane_nav(&pane, PT_NAV_HALF_UP, 2);
	assert_int_equal(pt_logpane_pos(&pane), 6);
	pt_logpane_nav(&pane, PT_NAV_PAGE_DOWN, 50);
	draw();
	expect_rows(25, 30);
	pt_logpane_nav(&pane, PT_NAV_PAGE_UP, 50);
	draw();
	expect_rows(1, 6);
	assert_int_equal(pt_logpane_pos(&pane), 0);
}

static void late_lines_do_not_move_what_is_read(void **state)
{
	for (int i = 100; i < 130; i++)
		put(i);
	pt_logpane_go(&pane, 10);
	draw();
	PRISM_AUTO_FREE char *before = grid_text(canvas);
	for (int i = 1; i < 20; i++)
		put(i);
	put_at(131, "info", "newest");
	draw();
	PRISM_AUTO_FREE char *after = grid_text(canvas);
	assert_string_equal(before, after);
}

static void long_lines_wrap_or_scroll_sideways(void **state)
{
	put(1);
	put_at(2, "info", "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz");
	put(3);
	draw();
	expect_row(1, " 14:00:00.002 INFO  abcdefghijklmnopqrstuvwxyz0123456789abc…");
	pt_logpane_nav(&pane, PT_NAV_RIGHT, 1);
	draw();
	expect_row(1, " 14:00:00.002 INFO  ijklmnopqrstuvwxyz0123456789abcdefghijk…");
	pt_logpane_nav(&pane, PT_NAV_RIGHT, 2);
	draw();
	expect_row(1, " 14:00:00.002 INFO  yz0123456789abcdefghijklmnopqrstuvwxyz"); /* its end */
	pt_logpane_set_wrap(&pane, true);
	draw();
	expect_row(1, " 14:00:00.002 INFO  abcdefghijklmnopqrstuvwxyz0123456789abcd");
	expect_row(2, "                    efghijklmnopqrstuvwxyz");
	expect_row(3, " 14:00:00.003 INFO  line 3");
	for (int i = 4; i < 8; i++)
		put(i);
	draw(); /* following: the wrapped line is cut at the top */
	expect_row(0, "                    efghijklmnopqrstuvwxyz");
	expect_row(5, " 14:00:00.007 INFO  line 7");
}

static void several_lines_of_an_entry_stand_together(void **state)
{
	put_at(1, "error", "Traceback\n  File x\nValueError");
	draw();
	expect_row(0, " 14:00:00.001 ERROR Traceback");
	expect_row(1, "                      File x");
	expect_row(2, "                    ValueError");
}

static void a_filter_keeps_the_nearest_line(void **state)
{
	struct core_log_filter filter = CORE_LOG_FILTER_ALL;
	struct prism_error err = PRISM_ERROR_INIT;

	for (int i = 1; i <= 40; i++)
		put(i);
	pt_logpane_go(&pane, 17); /* line 18 */
	filter.levels = 1u << CORE_LOG_WARN;
	assert_int_equal(pt_logpane_filter(&pane, &filter, NULL), 0);
	draw();
	expect_row(0, " 14:00:00.010 WARN  line 10");
	expect_row(3, " 14:00:00.040 WARN  line 40");
	assert_int_equal(pt_logpane_pos(&pane), 1); /* line 20 */
	filter.levels = 0;
	assert_int_equal(pt_logpane_filter(&pane, &filter, NULL), 0);
	assert_int_equal(pt_logpane_pos(&pane), 17);
	filter.pattern = "(";
	filter.match_flags = CORE_LOGMATCH_REGEX;
	assert_int_equal(pt_logpane_filter(&pane, &filter, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
}

static void searching_steps_both_ways_and_lights_up(void **state)
{
	for (int i = 1; i <= 40; i++)
		put(i);
	pt_logpane_go(&pane, 0);
	assert_int_equal(pt_logpane_search(&pane, "ne 3", 1, NULL), 0);
	assert_int_equal(pt_logpane_pos(&pane), 2);
	assert_int_equal(pt_logpane_search(&pane, NULL, 1, NULL), 0);
	assert_int_equal(pt_logpane_pos(&pane), 29);
	assert_int_equal(pt_logpane_search(&pane, NULL, -1, NULL), 0);
	assert_int_equal(pt_logpane_pos(&pane), 2);
	draw();
	int y = grid_find(canvas, "line 3");
	assert_true(pt_canvas_cell(canvas, 22, y)->looks & PT_LOOK_MATCH_NOW);
	assert_false(pt_canvas_cell(canvas, 21, y)->looks & PT_LOOK_MATCH_NOW);
	assert_int_equal(pt_logpane_search(&pane, NULL, -1, NULL), 0);
	assert_true(pane.wrapped); /* around the beginning */
	assert_int_equal(pt_logpane_pos(&pane), 38);
	assert_int_equal(pt_logpane_search(&pane, "nowhere", 1, NULL), 0);
	assert_true(pane.not_found);
	assert_int_equal(pt_logpane_pos(&pane), 38);
	assert_int_equal(pt_logpane_search(&pane, "", 1, NULL), 0); /* ends it */
	assert_null(pane.match);
	assert_true(told > 0);
}

static void errors_are_one_key_away(void **state)
{
	for (int i = 1; i <= 40; i++)
		put(i);
	pt_logpane_go(&pane, 0);
	assert_true(pt_logpane_next_level(&pane, 1u << CORE_LOG_WARN, 1));
	assert_int_equal(pt_logpane_pos(&pane), 9);
	assert_true(pt_logpane_next_level(&pane, 1u << CORE_LOG_WARN, 1));
	assert_true(pt_logpane_next_level(&pane, 1u << CORE_LOG_WARN, -1));
	assert_int_equal(pt_logpane_pos(&pane), 9);
	assert_false(pt_logpane_next_level(&pane, 1u << CORE_LOG_WARN, -1));
	assert_false(pt_logpane_next_level(&pane, 1u << CORE_LOG_ERROR, 1));
}

static void the_mouse_scrolls_and_points(void **state)
{
	struct pt_event event = {.kind = PT_EVENT_MOUSE, .button = PT_MOUSE_WHEEL_UP};

	assert_int_equal(pt_logpane_key(&pane, &event), PT_IGNORED);
	for (int i = 1; i <= 40; i++)
		put(i);
	draw();
	pt_logpane_key(&pane, &event);
	assert_int_equal(pt_logpane_pos(&pane), 36);
	event.button = PT_MOUSE_WHEEL_DOWN;
	pt_logpane_key(&pane, &event);
	assert_int_equal(pt_logpane_pos(&pane), 39);
	draw();
	event.button = PT_MOUSE_LEFT;
	event.y = 2;
	pt_logpane_key(&pane, &event);
	draw();
	assert_int_equal(pt_logpane_pos(&pane), 36); /* rows show lines 35 to 40 */
	event.y = 200;
	pt_logpane_key(&pane, &event);
	assert_int_equal(pt_logpane_pos(&pane), 39);
	event.kind = PT_EVENT_KEY;
	assert_int_equal(pt_logpane_key(&pane, &event), PT_IGNORED);
}

static void hostile_text_is_shown_as_symbols(void **state)
{
	put_at(1, "info",
	       "a\x1b[31mb\xC2\x9B"
	       "2J\xE2\x80\xAEz\xE4\xB8\xAD");
	draw();
	expect_row(0, " 14:00:00.001 INFO  a\xE2\x90\x9B[31mb<U+009B>2J<U+202E>z\xE4\xB8\xAD");
}

static void the_width_decides_what_is_shown(void **state)
{
	put(1);
	assert_int_equal(pt_log_columns(&pane, 120).time, 24);
	assert_int_equal(pt_log_columns(&pane, 80).time, 13);
	assert_int_equal(pt_log_columns(&pane, 50).time, 9);
	assert_int_equal(pt_log_columns(&pane, 30).time, 0);
	for (int width = 1; width < 200; width++) {
		struct pt_log_columns c = pt_log_columns(&pane, width);
		assert_true(c.message >= 1);
		pt_logpane_prepare(&pane, width, 1);
		pt_logpane_draw(&pane, canvas, (struct pt_rect){0, 0, width, 1}, false);
	}
	pane.times = PT_LOG_RELATIVE;
	draw();
	expect_row(0, "   1m 39s INFO  line 1");
	int columns;
	assert_int_equal(pt_log_fit("\xE4\xB8\xAD\xE4\xB8\xAD", 6, 3, &columns), 3);
	assert_int_equal(columns, 2);
	assert_int_equal(pt_log_fit("\xE4\xB8\xAD", 3, 1, &columns), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_empty_pane_draws_nothing_and_moves_nowhere),
	    T(it_follows_until_one_moves_up),
	    T(moving_scrolls_at_the_edges_only),
	    T(late_lines_do_not_move_what_is_read),
	    T(long_lines_wrap_or_scroll_sideways),
	    T(several_lines_of_an_entry_stand_together),
	    T(a_filter_keeps_the_nearest_line),
	    T(searching_steps_both_ways_and_lights_up),
	    T(errors_are_one_key_away),
	    T(the_mouse_scrolls_and_points),
	    T(hostile_text_is_shown_as_symbols),
	    T(the_width_decides_what_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
