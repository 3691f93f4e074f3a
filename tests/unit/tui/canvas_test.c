/* tui/canvas.c: the cell door. */
#include "tui/canvas.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct pt_canvas *canvas;

static int setup(void **state)
{
	canvas = pt_canvas_create(4, 12, true);
	return 0;
}

static int teardown(void **state)
{
	grid_check(canvas);
	pt_canvas_destroy(canvas);
	return 0;
}

static void expect_row(int y, const char *text)
{
	PRISM_AUTO_FREE char *row = grid_row(canvas, y);

	assert_string_equal(row, text);
}

static int put(int x, int y, int width, const char *text)
{
	return pt_canvas_text(canvas, x, y, width, PT_SLOT_TEXT, 0, text);
}

static void text_that_fits_and_text_that_does_not(void **state)
{
	assert_int_equal(put(1, 0, 10, "hello"), 5);
	expect_row(0, " hello");
	assert_int_equal(put(0, 1, 8, "hello world"), 8);
	expect_row(1, "hello w…");
	assert_int_equal(put(0, 2, 5, "hello"), 5);
	expect_row(2, "hello");
	assert_int_equal(put(0, 3, 0, "hello"), 0);
	assert_int_equal(put(0, 3, -3, "hello"), 0);
	assert_int_equal(put(0, 3, 5, NULL), 0);
	expect_row(3, "");
}

static void drawing_outside_does_nothing(void **state)
{
	put(-3, 0, 10, "hello");
	put(10, 1, 10, "hello");
	put(0, -1, 10, "hello");
	put(0, 4, 10, "hello");
	expect_row(0, "lo");
	expect_row(1, "          he");
	expect_row(2, "");
}

static void wide_characters_are_whole_or_blank(void **state)
{
	assert_int_equal(put(0, 0, 12, "日本語"), 6);
	expect_row(0, "日本語");
	assert_int_equal(put(0, 1, 5, "日本語"), 5);
	expect_row(1, "日本…"); /* the half of the third made room */
	put(11, 2, 2, "日");
	expect_row(2, "");
	put(0, 3, 6, "日本語");
	put(1, 3, 2, "ab"); /* cuts the first and the second */
	expect_row(3, " ab 語");
}

static void combining_marks_stay_with_their_character(void **state)
{
	assert_int_equal(put(0, 0, 12, "e\xcc\x81x"), 2);
	expect_row(0, "e\xcc\x81x");
	/* no character before it; and no more than two are kept */
	assert_int_equal(put(0, 1, 12, "\xcc\x81o\xcc\x81\xcc\x82\xcc\x83\xcc\x84z"), 2);
	expect_row(1, "o\xcc\x81\xcc\x82z");
	/* joiners and variation selectors are left out */
	put(0, 2, 12,
	    "a\xe2\x80\x8d\xef\xb8\x8f"
	    "b");
	expect_row(2, "ab");
}

static void hostile_text_is_shown_harmlessly(void **state)
{
	put(0, 0, 12, "\033[2Jx");
	expect_row(0, "␛[2Jx");
	put(0, 1, 12, "a\nb\tc");
	expect_row(1, "a␊b␉c");
	put(0, 2, 12, "\xe2\x80\xae!");
	expect_row(2, "<U+202E>!");
	put(0, 3, 12, "\xff\xc2\x9b");
	expect_row(3, "\xef\xbf\xbd<U+009B>");
}

static void without_utf8_everything_is_ascii(void **state)
{
	pt_canvas_destroy(canvas);
	canvas = pt_canvas_create(4, 12, false);
	put(0, 0, 12, "caf\xc3\xa9 \033");
	pt_canvas_glyph(canvas, 0, 1, PT_GLYPH_HLINE, PT_SLOT_TEXT, 0);
	put(0, 2, 4, "hello");
	expect_row(1, "-");
	expect_row(2, "hel~");
	grid_check(canvas);
}

static void huge_strings_cost_what_is_shown(void **state)
{
	size_t size = 10 * 1024 * 1024;
	char *big = prism_alloc(size + 1);

	memset(big, 'x', size);
	for (int i = 0; i < 1000; i++)
		put(0, 0, 12, big);
	expect_row(0, "xxxxxxxxxxx…");
	for (size_t i = 0; i + 2 <= size; i += 2)
		memcpy(big + i, "\xcc\x81", 2); /* nothing but marks */
	put(0, 1, 12, big);
	expect_row(1, "");
	prism_free(big);
}

static void the_clip_holds(void **state)
{
	struct pt_rect before = pt_canvas_clip(canvas, (struct pt_rect){2, 1, 4, 2});

	for (int y = 0; y < 4; y++)
		put(0, y, 12, "abcdefghijkl");
	pt_canvas_set_cursor(canvas, 0, 0);
	pt_canvas_unclip(canvas, before);
	expect_row(0, "");
	expect_row(1, "  cdef");
	expect_row(2, "  cdef");
	expect_row(3, "");
	assert_false(pt_canvas_cursor(canvas, &(int){0}, &(int){0}));
	/* a clip inside a clip only narrows */
	before = pt_canvas_clip(canvas, (struct pt_rect){0, 3, 2, 1});
	pt_canvas_clip(canvas, (struct pt_rect){0, 0, 12, 4});
	put(0, 3, 12, "wxyz");
	pt_canvas_unclip(canvas, before);
	expect_row(3, "wx");
}

static void scrolled_sideways(void **state)
{
	assert_int_equal(pt_canvas_text_from(canvas, 0, 0, 5, 3, PT_SLOT_TEXT, 0, "abcdefghij", 10), 5);
	expect_row(0, "defgh");
	pt_canvas_text_from(canvas, 0, 1, 5, 1, PT_SLOT_TEXT, 0, "日本", 6); /* half a character */
	expect_row(1, " 本");
	assert_int_equal(pt_canvas_text_from(canvas, 0, 2, 5, 99, PT_SLOT_TEXT, 0, "abc", 3), 0);
}

static void right_aligned(void **state)
{
	pt_canvas_text_right(canvas, 0, 0, 10, PT_SLOT_TEXT, 0, "12");
	expect_row(0, "        12");
	pt_canvas_text_right(canvas, 0, 1, 4, PT_SLOT_TEXT, 0, "123456");
	expect_row(1, "123…");
	pt_canvas_text_right(canvas, 0, 2, 6, PT_SLOT_TEXT, 0, "日");
	expect_row(2, "    日");
}

static void looks_and_slots(void **state)
{
	unsigned before = pt_canvas_set_looks(canvas, PT_LOOK_DIALOG);
	PRISM_AUTO_FREE char *styles = NULL;

	pt_canvas_text(canvas, 0, 0, 3, PT_SLOT_BAD, PT_LOOK_BOLD, "abc");
	pt_canvas_set_looks(canvas, before);
	pt_canvas_add_looks(canvas, (struct pt_rect){1, 0, 1, 1}, PT_LOOK_MATCH);
	styles = grid_styles(canvas);
	assert_string_equal(styles,
	                    "  1: 1-1 bad+bold+dialog 2-2 bad+match+bold+dialog 3-3 bad+bold+dialog\n");
}

static void the_cursor_is_where_it_was_put(void **state)
{
	int x, y;

	assert_false(pt_canvas_cursor(canvas, &x, &y));
	pt_canvas_set_cursor(canvas, 3, 2);
	assert_true(pt_canvas_cursor(canvas, &x, &y));
	assert_int_equal(x, 3);
	assert_int_equal(y, 2);
	pt_canvas_set_cursor(canvas, 12, 2); /* outside */
	assert_true(pt_canvas_cursor(canvas, &x, &y));
	assert_int_equal(x, 3);
	pt_canvas_clear(canvas);
	assert_false(pt_canvas_cursor(canvas, &x, &y));
}

static void a_copy_is_the_same(void **state)
{
	struct pt_canvas *other = pt_canvas_create(1, 1, true);

	put(0, 0, 12, "日本");
	pt_canvas_copy(other, canvas);
	assert_int_equal(pt_canvas_cols(other), 12);
	assert_memory_equal(pt_canvas_row(other, 0), pt_canvas_row(canvas, 0),
	                    12 * sizeof(struct pt_cell));
	pt_canvas_destroy(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(text_that_fits_and_text_that_does_not),
	    TEST(drawing_outside_does_nothing),
	    TEST(wide_characters_are_whole_or_blank),
	    TEST(combining_marks_stay_with_their_character),
	    TEST(hostile_text_is_shown_harmlessly),
	    TEST(without_utf8_everything_is_ascii),
	    TEST(huge_strings_cost_what_is_shown),
	    TEST(the_clip_holds),
	    TEST(scrolled_sideways),
	    TEST(right_aligned),
	    TEST(looks_and_slots),
	    TEST(the_cursor_is_where_it_was_put),
	    TEST(a_copy_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
