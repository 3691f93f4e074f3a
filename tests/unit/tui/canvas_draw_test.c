/* tui/canvas_draw.c: rectangles, boxes, bars, wrapping, graphemes. */
#include "tui/canvas.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect_wrap(const char *text, int width, const char *lines);

static void put_line(void *data, int line, const char *text, size_t len)
{
	struct prism_buf *out = data;

	if (line)
		prism_buf_putc(out, '|');
	prism_buf_put(out, text, len);
}

static void expect_wrap(const char *text, int width, const char *lines)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
	int count = pt_text_wrap(text, strlen(text), width, put_line, &out), bars = 1;

	assert_string_equal(prism_buf_text(&out), lines);
	for (const char *c = lines; *c; c++)
		bars += *c == '|';
	assert_int_equal(count, bars);
	assert_int_equal(pt_text_wrap(text, strlen(text), width, NULL, NULL), count);
}

static void text_is_wrapped_at_spaces(void **state)
{
	expect_wrap("the quick brown fox", 10, "the quick|brown fox");
	expect_wrap("the quick brown fox", 19, "the quick brown fox");
	expect_wrap("abcdefghij", 4, "abcd|efgh|ij");
	expect_wrap("a abcdefghij", 4, "a|abcd|efgh|ij");
	expect_wrap("one\ntwo\n\nthree", 10, "one|two||three");
	expect_wrap("", 10, "");
	expect_wrap("x\n", 10, "x|");
	expect_wrap("日本語", 4, "日本|語");
	expect_wrap("日本", 1, "日|本"); /* wider than the room: one a line, and it ends */
	expect_wrap("ab", 0, "a|b");
}

static void rectangles(void **state)
{
	struct pt_rect r =
	    pt_rect_intersect((struct pt_rect){0, 0, 10, 5}, (struct pt_rect){8, 4, 10, 5});

	assert_int_equal(r.x, 8);
	assert_int_equal(r.w, 2);
	assert_int_equal(r.h, 1);
	r = pt_rect_intersect((struct pt_rect){0, 0, 2, 2}, (struct pt_rect){5, 5, 2, 2});
	assert_int_equal(r.w, 0);
	assert_int_equal(r.h, 0);
	r = pt_rect_inset((struct pt_rect){0, 0, 3, 3}, 2, 2);
	assert_int_equal(r.w, 0);
	r = pt_rect_center((struct pt_rect){0, 0, 80, 24}, 40, 10);
	assert_int_equal(r.x, 20);
	assert_int_equal(r.y, 7);
	r = pt_rect_center((struct pt_rect){0, 0, 10, 5}, 40, 10);
	assert_int_equal(r.w, 10);
	assert_int_equal(r.h, 5);
	assert_true(pt_rect_contains((struct pt_rect){1, 1, 2, 2}, 2, 2));
	assert_false(pt_rect_contains((struct pt_rect){1, 1, 2, 2}, 3, 2));
}

static void a_box_with_a_title(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(3, 14, true);
	PRISM_AUTO_FREE char *text = NULL;

	pt_canvas_box(canvas, (struct pt_rect){0, 0, 14, 3}, PT_SLOT_DIALOG_BORDER, PT_SLOT_DIALOG,
	              "Stop");
	text = grid_text(canvas);
	assert_string_equal(text, "╭─ Stop ─────╮\n"
	                          "│            │\n"
	                          "╰────────────╯\n");
	pt_canvas_destroy(canvas);
}

static void a_box_of_any_size(void **state)
{
	for (int w = -1; w < 12; w++) {
		for (int h = -1; h < 5; h++) {
			struct pt_canvas *canvas = pt_canvas_create(4, 10, false);

			pt_canvas_box(canvas, (struct pt_rect){0, 0, w, h}, PT_SLOT_DIALOG_BORDER,
			              PT_SLOT_DIALOG, "a long title");
			grid_check(canvas);
			pt_canvas_destroy(canvas);
		}
	}
}

static void a_bar_shows_its_part(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(5, 10, true);
	PRISM_AUTO_FREE char *text = NULL;

	pt_canvas_bar(canvas, 0, 0, 10, 0, 100);
	pt_canvas_bar(canvas, 0, 1, 10, 55, 100);
	pt_canvas_bar(canvas, 0, 2, 10, 200, 100);
	pt_canvas_bar(canvas, 0, 3, 10, 5, 0); /* of nothing: nothing is known */
	pt_canvas_bar(canvas, 0, 4, 10, UINT64_MAX - 1, UINT64_MAX);
	text = grid_text(canvas);
	assert_string_equal(text, "░░░░░░░░░░\n"
	                          "█████░░░░░\n"
	                          "██████████\n"
	                          "░░░░░░░░░░\n"
	                          "██████████\n");
	pt_canvas_destroy(canvas);
}

static void graphemes_forth_and_back(void **state)
{
	static const char text[] = "ae\xcc\x81\xe6\x97\xa5\xcc\x81\xcc\x82z";
	static const size_t stops[] = {0, 1, 4, 11, 12};
	const char *end = text + sizeof(text) - 1, *pos = text;

	for (size_t i = 1; i < PRISM_COUNT(stops); i++) {
		pos = pt_grapheme_next(pos, end);
		assert_int_equal(pos - text, stops[i]);
	}
	assert_ptr_equal(pt_grapheme_next(end, end), end);
	for (size_t i = PRISM_COUNT(stops) - 1; i > 0; i--) {
		pos = pt_grapheme_prev(text, pos);
		assert_int_equal(pos - text, stops[i - 1]);
	}
	assert_ptr_equal(pt_grapheme_prev(text, text), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_wrapped_at_spaces), cmocka_unit_test(rectangles),
	    cmocka_unit_test(a_box_with_a_title),        cmocka_unit_test(a_box_of_any_size),
	    cmocka_unit_test(a_bar_shows_its_part),      cmocka_unit_test(graphemes_forth_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
