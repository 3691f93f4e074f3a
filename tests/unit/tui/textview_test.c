/* tui/textview.c: lines, wrapping, scrolling, filter, search. */
#include "tui/textview.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct pt_textview *view;

static int setup(void **state)
{
	view = pt_textview_create();
	return 0;
}

static int teardown(void **state)
{
	pt_textview_destroy(view);
	return 0;
}

static char *drawn(int rows, int cols)
{
	struct pt_canvas *canvas = pt_canvas_create(rows, cols, true);
	char *text;

	pt_textview_prepare(view, cols, rows);
	pt_textview_draw(view, canvas, (struct pt_rect){0, 0, cols, rows});
	grid_check(canvas);
	text = grid_text(canvas);
	pt_canvas_destroy(canvas);
	return text;
}

static void expect(int rows, int cols, const char *text)
{
	PRISM_AUTO_FREE char *is = drawn(rows, cols);

	assert_string_equal(is, text);
}

static void numbered(int count)
{
	for (int i = 1; i <= count; i++)
		pt_textview_printf(view, PT_SLOT_TEXT, "line %d", i);
}

static void lines_and_spans(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 30, true);
	PRISM_AUTO_FREE char *styles = NULL;

	pt_textview_field(view, 8, "Name", PT_SLOT_STRONG, "Iris");
	pt_textview_line(view, PT_SLOT_DIM, "a");
	pt_textview_part(view, PT_SLOT_BAD, "b\nc");
	expect(4, 30, "Name    Iris\nab\nc\n\n");
	pt_textview_draw(view, canvas, (struct pt_rect){0, 0, 30, 2});
	styles = grid_styles(canvas);
	assert_string_equal(styles, "  1: 1-4 label 9-12 strong\n  2: 1-1 dim 2-2 bad\n");
	pt_canvas_destroy(canvas);
}

static void wrapped_or_scrolled_sideways(void **state)
{
	pt_textview_set(view, "the quick brown fox\n", 20);
	expect(3, 10, "the quick\nbrown fox\n\n");
	pt_textview_set_wrap(view, false);
	expect(2, 10, "the quick\n\n");
	pt_textview_nav(view, PT_NAV_RIGHT, 1);
	expect(2, 10, "k brown fo\n\n");
	pt_textview_nav(view, PT_NAV_LEFT, 1);
	assert_int_equal(pt_textview_nav(view, PT_NAV_LEFT, 1), PT_IGNORED);
}

static void scrolling_stays_inside(void **state)
{
	numbered(10);
	expect(3, 10, "line 1\nline 2\nline 3\n");
	pt_textview_nav(view, PT_NAV_UP, 1);
	pt_textview_nav(view, PT_NAV_DOWN, 2);
	expect(3, 10, "line 3\nline 4\nline 5\n");
	pt_textview_nav(view, PT_NAV_PAGE_DOWN, 9);
	expect(3, 10, "line 8\nline 9\nline 10\n");
	pt_textview_nav(view, PT_NAV_FIRST, 1);
	pt_textview_nav(view, PT_NAV_LAST, 1);
	assert_string_equal(pt_textview_summary(view), "8-10 of 10");
	pt_textview_nav(view, PT_NAV_HALF_UP, 1);
	expect(3, 10, "line 7\nline 8\nline 9\n");
}

static void a_resize_keeps_the_line_at_the_top(void **state)
{
	for (int i = 0; i < 10; i++)
		pt_textview_printf(view, PT_SLOT_TEXT, "%d some words to wrap", i);
	prism_free(drawn(3, 40));
	pt_textview_nav(view, PT_NAV_DOWN, 5);
	expect(1, 40, "5 some words to wrap\n");
	expect(2, 12, "5 some words\nto wrap\n");
}

static void refilled_text_keeps_its_place(void **state)
{
	numbered(10);
	prism_free(drawn(3, 10));
	pt_textview_nav(view, PT_NAV_DOWN, 4);
	pt_textview_clear(view);
	numbered(11);
	expect(3, 10, "line 5\nline 6\nline 7\n");
	pt_textview_clear(view);
	numbered(2);
	expect(3, 10, "line 1\nline 2\n\n");
}

static void filtered_lines(void **state)
{
	numbered(12);
	pt_textview_set_filter(view, "LINE 1");
	expect(5, 10, "line 1\nline 10\nline 11\nline 12\n\n");
	assert_string_equal(pt_textview_filter(view), "LINE 1");
	pt_textview_set_filter(view, "nothing");
	expect(2, 40, "Nothing matches the filter.\n\n");
	pt_textview_set_filter(view, "");
	expect(1, 10, "line 1\n");
}

static void search_steps_wraps_and_says_so(void **state)
{
	numbered(30);
	prism_free(drawn(5, 10));
	pt_textview_search(view, "line 2", 1);
	expect(2, 10, "line 1\nline 2\n");
	prism_free(drawn(5, 10));
	pt_textview_search(view, NULL, 1); /* line 20 */
	{
		PRISM_AUTO_FREE char *text = drawn(5, 10);

		assert_non_null(strstr(text, "line 20"));
	}
	pt_textview_search(view, NULL, -1);
	pt_textview_search(view, NULL, -1); /* round the top to line 29 */
	{
		PRISM_AUTO_FREE char *text = drawn(5, 10);

		assert_non_null(strstr(text, "line 29"));
	}
	pt_textview_search(view, "absent", 1);
	assert_non_null(strstr(pt_textview_summary(view), "\"absent\" not found"));
}

static void hostile_lines_and_endless_ones(void **state)
{
	size_t size = 3 * 1024 * 1024;
	char *big = prism_alloc(size);

	memset(big, 'x', size);
	pt_textview_set(view, big, size);
	pt_textview_set_wrap(view, false);
	expect(1, 5, "xxxxx\n");
	pt_textview_clear(view);
	pt_textview_line(view, PT_SLOT_TEXT, "\033]0;title\a");
	expect(1, 20, "␛]0;title␇\n");
	prism_free(big);
}

static void too_much_is_cut_and_said(void **state)
{
	size_t size = PT_TEXTVIEW_MAX + 1000;
	char *big = prism_alloc(size);

	memset(big, '\n', size);
	memset(big, 'x', PT_TEXTVIEW_MAX + 500);
	pt_textview_set_wrap(view, false);
	pt_textview_set(view, big, size);
	prism_free(drawn(1, 10));
	assert_non_null(strstr(pt_textview_summary(view), "cut at 16 MiB"));
	prism_free(big);
}

static void copied_as_it_was_given(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	assert_null(pt_textview_copy(view));
	pt_textview_set(view, "one\ntwo", 7);
	text = pt_textview_copy(view);
	assert_string_equal(text, "one\ntwo\n");
}

static void every_size_is_drawn(void **state)
{
	static const char text[] = "日本語 e\xcc\x81 long words that wrap somewhere\n\n\033[31m";

	pt_textview_set(view, text, strlen(text));
	pt_textview_search(view, "本", 1);
	for (int rows = 1; rows <= 100; rows += 33)
		for (int cols = 1; cols <= 300; cols += cols < 40 ? 1 : 130)
			prism_free(drawn(rows, cols));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(lines_and_spans),
	    TEST(wrapped_or_scrolled_sideways),
	    TEST(scrolling_stays_inside),
	    TEST(a_resize_keeps_the_line_at_the_top),
	    TEST(refilled_text_keeps_its_place),
	    TEST(filtered_lines),
	    TEST(search_steps_wraps_and_says_so),
	    TEST(hostile_lines_and_endless_ones),
	    TEST(too_much_is_cut_and_said),
	    TEST(copied_as_it_was_given),
	    TEST(every_size_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
