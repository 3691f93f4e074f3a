/* tui/chart.c: bars, shares, legends and step lines, as shapes a person can read. */
#include "tui/chart.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_US (3600 * 1000000LL)

static const struct pt_chart_kind kinds[] = {
    {"Completed", PT_SLOT_GOOD, '#'}, {"Failed", PT_SLOT_BAD, 'x'}, {"Running", PT_SLOT_BUSY, 'o'}};

static void expect(struct pt_canvas *canvas, const char *picture)
{
	PRISM_AUTO_FREE char *text = grid_text(canvas);

	assert_string_equal(text, picture);
	grid_check(canvas);
	pt_canvas_destroy(canvas);
}

static void expect_division(const char *wanted, int cells, size_t count, const uint64_t *values)
{
	int got[PT_CHART_KINDS];
	char text[64] = "";

	pt_chart_divide(values, count, cells, got);
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "", got[i]);
	assert_string_equal(text, wanted);
}

static void cells_are_divided_in_proportion(void **state)
{
	expect_division("5 5", 10, 2, (uint64_t[]){1, 1});
	expect_division("4 3 3", 10, 3, (uint64_t[]){1, 1, 1});
	expect_division("9 1", 10, 2, (uint64_t[]){1000, 1}); /* one failure is seen */
	expect_division("0 10 0", 10, 3, (uint64_t[]){0, 7, 0});
	expect_division("1 1 0", 2, 3, (uint64_t[]){5, 5, 5}); /* more kinds than cells */
	expect_division("0 0", 10, 2, (uint64_t[]){0, 0});
	expect_division("0 0", 0, 2, (uint64_t[]){3, 4});
	expect_division("0 0", -4, 2, (uint64_t[]){3, 4});
	expect_division("5 5", 10, 2, (uint64_t[]){UINT64_MAX, UINT64_MAX});
}

static const uint64_t runs[] = {4, 0, 0, 2, 2, 0, 0, 0, 0, 6, 1, 1};
static const char *const days[] = {"Mo", "Tu", "We", "Th"};
static const struct pt_chart_bars stacked = {
    .kinds = kinds, .kind_count = 3, .values = runs, .bar_count = 4, .labels = days};

static void bars_are_stacked_from_below(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(5, 18, true);

	pt_chart_bars(canvas, (struct pt_rect){0, 0, 18, 5}, &stacked);
	expect(canvas, "8│             ▒▒\n"
	               " │             ▓▓\n"
	               " │ ██  ▓▓      ██\n"
	               "0│ ██  ██      ██\n"
	               "   Mo  Tu  We  Th\n");
}

static void kinds_are_letters_without_utf8(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(5, 18, false);

	pt_chart_bars(canvas, (struct pt_rect){0, 0, 18, 5}, &stacked);
	expect(canvas, "8|             oo\n"
	               " |             xx\n"
	               " | ##  xx      ##\n"
	               "0| ##  ##      ##\n"
	               "   Mo  Tu  We  Th\n");
}

static void one_kind_rises_in_eighths(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 5, true);
	const uint64_t values[] = {16, 9, 8, 1, 0};
	struct pt_chart_bars chart = {.kinds = kinds, .kind_count = 1, .values = values, 5};

	pt_chart_bars(canvas, (struct pt_rect){0, 0, 5, 2}, &chart);
	expect(canvas, "█▁\n███▁\n");
}

static void the_last_bars_are_drawn_when_not_all_fit(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(1, 3, false);
	const uint64_t values[] = {8, 0, 0, 8, 0};
	struct pt_chart_bars chart = {.kinds = kinds, .kind_count = 1, .values = values, 5};

	pt_chart_bars(canvas, (struct pt_rect){0, 0, 3, 1}, &chart);
	expect(canvas, " #\n");
}

static void nothing_to_draw_draws_nothing(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 4, true);
	const uint64_t none[] = {0, 0};
	struct pt_chart_bars chart = {.kinds = kinds, .kind_count = 1, .values = none, 2};

	pt_chart_bars(canvas, (struct pt_rect){0, 0, 4, 2}, &chart);
	chart.bar_count = 0;
	pt_chart_bars(canvas, (struct pt_rect){0, 0, 4, 2}, &chart);
	pt_chart_bars(canvas, (struct pt_rect){0, 0, 0, 0}, &stacked);
	pt_chart_bars(canvas, (struct pt_rect){0, 0, -3, -1}, &stacked);
	expect(canvas, "\n\n");
}

static void a_share_is_a_bar_lying_down(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(3, 40, true);
	const uint64_t values[] = {6, 3, 1}, none[] = {0, 0, 0};

	pt_chart_share(canvas, 0, 0, 10, kinds, values, 3);
	pt_chart_share(canvas, 0, 1, 10, kinds, none, 3);
	assert_int_equal(pt_chart_legend(canvas, 0, 2, 40, kinds, values, 3), 38);
	expect(canvas, "██████▓▓▓▒\n"
	               "░░░░░░░░░░\n"
	               "█ Completed 6  ▓ Failed 3  ▒ Running 1\n");
}

static void a_legend_leaves_out_what_does_not_fit(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(1, 40, false);

	assert_int_equal(pt_chart_legend(canvas, 0, 0, 22, kinds, NULL, 3), 21);
	expect(canvas, "# Completed  x Failed\n");
}

static void a_legend_goes_on_in_the_next_line(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(3, 30, true);

	assert_int_equal(pt_chart_legend_lines(canvas, (struct pt_rect){0, 0, 22, 3}, kinds, NULL, 3),
	                 2);
	expect(canvas, "█ Completed  ▓ Failed\n▒ Running\n\n"); /* the shades of the bars */
	canvas = pt_canvas_create(3, 30, true);
	assert_int_equal(pt_chart_legend_lines(canvas, (struct pt_rect){0, 0, 4, 3}, kinds, NULL, 3),
	                 0); /* not even one fits */
	expect(canvas, "\n\n\n");
}

static const struct pt_chart_point ups[] = {{4 * HOUR_US, 1}, {12 * HOUR_US, 0}, {16 * HOUR_US, 1}};
static const struct pt_chart_steps uptime = {.points = ups,
                                             .count = 3,
                                             .from_us = 0,
                                             .to_us = 24 * HOUR_US,
                                             .low = 0,
                                             .high = 1,
                                             .low_label = "Offline",
                                             .high_label = "Online",
                                             .from_label = "Nov 11",
                                             .to_label = "now",
                                             .slot = PT_SLOT_GOOD};

static void steps_in_ascii(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(4, 33, false);

	pt_chart_steps(canvas, (struct pt_rect){0, 0, 33, 4}, &uptime);
	expect(canvas, " Online |    --------+   +-------\n"
	               "        |            |   |\n"
	               "Offline |            +---+\n"
	               "         Nov 11               now\n");
}

static void steps_in_braille(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(3, 33, true);

	pt_chart_steps(canvas, (struct pt_rect){0, 0, 33, 3}, &uptime);
	expect(canvas, " Online │    ⠉⠉⠉⠉⠉⠉⠉⠉⡇   ⡏⠉⠉⠉⠉⠉⠉⠉\n"
	               "Offline │            ⣇⣀⣀⣀⡇\n"
	               "         Nov 11               now\n");
}

static void labels_go_first_when_it_is_narrow(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 12, false);

	pt_chart_steps(canvas, (struct pt_rect){0, 0, 12, 2}, &uptime);
	expect(canvas, "  ----+ +---\n      +-+\n");
}

static void a_time_that_does_not_advance_draws_nothing(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 12, true);
	struct pt_chart_steps chart = uptime;

	chart.to_us = chart.from_us;
	pt_chart_steps(canvas, (struct pt_rect){0, 0, 12, 2}, &chart);
	chart.to_us = HOUR_US;
	chart.count = 0;
	chart.low_label = chart.high_label = chart.from_label = chart.to_label = NULL;
	pt_chart_steps(canvas, (struct pt_rect){0, 0, 12, 2}, &chart);
	expect(canvas, "\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cells_are_divided_in_proportion),
	    cmocka_unit_test(bars_are_stacked_from_below),
	    cmocka_unit_test(kinds_are_letters_without_utf8),
	    cmocka_unit_test(one_kind_rises_in_eighths),
	    cmocka_unit_test(the_last_bars_are_drawn_when_not_all_fit),
	    cmocka_unit_test(nothing_to_draw_draws_nothing),
	    cmocka_unit_test(a_share_is_a_bar_lying_down),
	    cmocka_unit_test(a_legend_leaves_out_what_does_not_fit),
	    cmocka_unit_test(a_legend_goes_on_in_the_next_line),
	    cmocka_unit_test(steps_in_ascii),
	    cmocka_unit_test(steps_in_braille),
	    cmocka_unit_test(labels_go_first_when_it_is_narrow),
	    cmocka_unit_test(a_time_that_does_not_advance_draws_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
