/* tui/view.c: ops with their defaults, and how loading and failure look. */
#include "tui/view.h"

#include "base/loop.h"
#include "base/mem.h"
#include "tests/lib/grid.h"
#include "tui/app.h"
#include "tui/textview.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct prism_clock_manual clock_;
static struct prism_loop *loop;
static struct pt_term *term;
static struct pt_app *app;
static struct pt_textview *text;
static char did[64];

static void nothing(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                    bool focus)
{
}

static unsigned by_hand_nav(struct pt_view *view, enum pt_nav nav, int count)
{
	snprintf(did, sizeof(did), "nav %d x%d", (int)nav, count);
	return PT_HANDLED;
}

static unsigned by_hand_filter(struct pt_view *view, const char *words)
{
	snprintf(did, sizeof(did), "filter %s", words);
	return PT_HANDLED;
}

static struct pt_textview *its_text(struct pt_view *view)
{
	return text;
}

static const struct pt_view_ops bare_ops = {.name = "bare", .draw = nothing};
static const struct pt_view_ops hand_ops = {
    .name = "hand", .draw = nothing, .nav = by_hand_nav, .filter = by_hand_filter};
static const struct pt_view_ops text_ops = {.name = "text", .draw = nothing, .text = its_text};

static int setup(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_clock_manual_init(&clock_, 0);
	loop = prism_loop_create(&clock_.clock);
	term = pt_term_memory(24, 80, true, PT_DEPTH_256);
	app = pt_app_create(&(struct pt_app_config){.loop = loop, .clock = &clock_.clock, .term = term},
	                    &err);
	assert_non_null(app);
	text = pt_textview_create();
	pt_textview_set(text, "one\ntwo", 7);
	return 0;
}

static int teardown(void **state)
{
	pt_app_destroy(app);
	pt_textview_destroy(text);
	prism_loop_destroy(loop);
	pt_term_close(term);
	return 0;
}

static struct pt_view *open_view(const struct pt_view_ops *ops)
{
	struct pt_view *view = pt_view_create(app, ops, NULL);

	pt_app_overlay(app, view);
	return view;
}

static void a_bare_view_does_nothing(void **state)
{
	struct pt_view *view = open_view(&bare_ops);

	assert_string_equal(pt_view_title(view), "bare");
	assert_int_equal(pt_view_nav(view, PT_NAV_DOWN, 1), PT_IGNORED);
	assert_int_equal(pt_view_filter(view, "x"), PT_IGNORED);
	assert_int_equal(pt_view_search(view, "x", 1), PT_IGNORED);
	assert_false(pt_view_can_filter(view));
	assert_false(pt_view_can_search(view));
	assert_null(pt_view_copy(view));
}

static void a_view_may_do_it_by_hand(void **state)
{
	struct pt_view *view = open_view(&hand_ops);

	assert_int_equal(pt_view_nav(view, PT_NAV_LAST, 3), PT_HANDLED);
	assert_string_equal(did, "nav 7 x3");
	assert_int_equal(pt_view_filter(view, "fox"), PT_HANDLED);
	assert_string_equal(did, "filter fox");
	assert_true(pt_view_can_filter(view));
	assert_false(pt_view_can_search(view));
}

static void a_text_is_moved_searched_and_copied(void **state)
{
	struct pt_view *view = open_view(&text_ops);
	PRISM_AUTO_FREE char *copy = NULL;

	assert_int_equal(pt_view_nav(view, PT_NAV_DOWN, 1), PT_HANDLED | PT_REDRAW);
	assert_true(pt_view_can_search(view));
	pt_view_filter(view, "two");
	assert_string_equal(pt_textview_filter(text), "two");
	copy = pt_view_copy(view);
	assert_string_equal(copy, "one\ntwo\n");
}

static void expect_load(const struct pt_load *load, size_t rows, bool filtered, const char *says)
{
	struct pt_canvas *canvas = pt_canvas_create(9, 40, true);
	bool drawn = pt_load_draw(load, rows, filtered, canvas, (struct pt_rect){0, 0, 40, 9});

	assert_int_equal(drawn, says != NULL);
	if (says && grid_find(canvas, says) < 0) {
		PRISM_AUTO_FREE char *seen = grid_text(canvas);

		fail_msg("\"%s\" is not in\n%s", says, seen);
	}
	grid_check(canvas);
	pt_canvas_destroy(canvas);
}

static void what_stands_in_for_rows(void **state)
{
	struct prism_error error = {.message = "connection refused\033[2J", .hint = "Start the server"};
	struct pt_load load = {.empty = "No computations yet", .empty_hint = "press c to create one"};

	load.state = PT_LOAD_READY;
	expect_load(&load, 3, false, NULL);
	expect_load(&load, 0, false, "No computations yet");
	expect_load(&load, 0, false, "press c to create one");
	expect_load(&load, 0, true, "Nothing matches the filter.");
	load.state = PT_LOAD_LOADING;
	expect_load(&load, 0, false, "Loading...");
	load.state = PT_LOAD_FAILED;
	load.error = &error;
	load.retry_key = "r";
	expect_load(&load, 0, false, "connection refused␛[2J");
	expect_load(&load, 0, false, "Start the server");
	expect_load(&load, 0, false, "Press r to try again.");
	expect_load(&load, 5, false, NULL); /* what is there stays */
	load.error = NULL;
	expect_load(&load, 0, false, "Loading failed");
}

static void a_line_about_it(void **state)
{
	struct prism_error error = {.message = "timed out"};
	struct pt_load load = {.state = PT_LOAD_READY};
	char line[64];

	assert_string_equal(pt_load_text(&load, line, sizeof(line)), "");
	load.state = PT_LOAD_STALE;
	assert_string_equal(pt_load_text(&load, line, sizeof(line)), "refreshing");
	load.error = &error;
	assert_string_equal(pt_load_text(&load, line, sizeof(line)), "not current: timed out");
	load.state = PT_LOAD_FAILED;
	assert_string_equal(pt_load_text(&load, line, sizeof(line)), "failed");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_bare_view_does_nothing),
	    TEST(a_view_may_do_it_by_hand),
	    TEST(a_text_is_moved_searched_and_copied),
	    TEST(what_stands_in_for_rows),
	    TEST(a_line_about_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
