/* tui/term_diff.c: what a terminal shows after the sequences is what the canvas holds, and they are
 * few.  The terminal here is a grid of our own that does what the sink is told. */
#include "tui/term_diff.h"

#include "base/mem.h"
#include "base/text.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 12
#define COLS 40

struct glyph {
	uint32_t ch, mark;
	struct pt_style style;
};

static struct {
	struct glyph cells[ROWS][COLS];
	int y, x; /* -1: wherever */
	struct pt_style style;
	bool styled;
	size_t said; /* calls */
	size_t chars;
	unsigned scrolls;
} shown;

static struct pt_theme *theme;
static struct pt_canvas *canvas;
static struct pt_diff *diff;

static void on_move(void *data, int y, int x, int from_y, int from_x)
{
	assert_in_range(y, 0, ROWS - 1);
	assert_in_range(x, 0, COLS - 1);
	if (from_y >= 0) { /* what it believes must be true */
		assert_int_equal(from_y, shown.y);
		assert_int_equal(from_x, shown.x);
	}
	shown.y = y;
	shown.x = x;
	shown.said++;
}

static void on_style(void *data, const struct pt_style *from, const struct pt_style *to)
{
	if (from) {
		assert_true(shown.styled);
		assert_memory_equal(from, &shown.style, sizeof(*from));
	}
	shown.style = *to;
	shown.styled = true;
	shown.said++;
}

static void on_text(void *data, const char *bytes, size_t len)
{
	const char *pos = bytes, *end = bytes + len;

	assert_true(shown.styled);
	assert_in_range(shown.x, 0, COLS - 1);
	while (pos < end) {
		uint32_t cp = (uint32_t)prism_utf8_next(&pos, end);
		int w = cp < 0x7f ? 1 : prism_text_width(cp);

		assert_false(prism_text_hostile(cp));
		if (w == 0) {
			assert_true(shown.x > 0);
			if (!shown.cells[shown.y][shown.x - 1].mark)
				shown.cells[shown.y][shown.x - 1].mark = cp;
			continue;
		}
		assert_true(shown.x + w <= COLS);
		shown.cells[shown.y][shown.x] = (struct glyph){cp, 0, shown.style};
		if (w == 2)
			shown.cells[shown.y][shown.x + 1] = (struct glyph){0, 0, shown.style};
		shown.x += w;
	}
	shown.said++;
	shown.chars += len;
}

static void blank(int y, int from, int to)
{
	for (int x = from; x < to; x++)
		shown.cells[y][x] = (struct glyph){' ', 0, {0, shown.style.bg, 0}};
}

static void on_clear_eol(void *data)
{
	blank(shown.y, shown.x, COLS);
	shown.said++;
}

static void on_erase(void *data, int count)
{
	assert_true(shown.x + count <= COLS);
	blank(shown.y, shown.x, shown.x + count);
	shown.said++;
}

static void on_scroll(void *data, int top, int bottom, int lines, int rows)
{
	assert_int_equal(shown.style.bg, PT_COLOR_DEFAULT);
	for (int i = 0; i < (lines > 0 ? lines : -lines); i++) {
		if (lines > 0) {
			memmove(&shown.cells[top], &shown.cells[top + 1],
			        sizeof(shown.cells[0]) * (size_t)(bottom - top));
			blank(bottom, 0, COLS);
		} else {
			memmove(&shown.cells[top + 1], &shown.cells[top],
			        sizeof(shown.cells[0]) * (size_t)(bottom - top));
			blank(top, 0, COLS);
		}
	}
	shown.x = shown.y = -1;
	shown.scrolls++;
	shown.said++;
}

static const struct pt_sink sink = {.move = on_move,
                                    .style = on_style,
                                    .text = on_text,
                                    .clear_eol = on_clear_eol,
                                    .erase = on_erase,
                                    .scroll = on_scroll,
                                    .colored_erase = true};
static const struct pt_sink plain_sink = {.move = on_move, .style = on_style, .text = on_text};

static int start(const struct pt_sink *how)
{
	struct prism_error err = PRISM_ERROR_INIT;

	memset(&shown, 0, sizeof(shown));
	for (int y = 0; y < ROWS; y++)
		blank(y, 0, COLS);
	theme = pt_theme_create("dark", PT_DEPTH_256, &err);
	assert_non_null(theme);
	canvas = pt_canvas_create(ROWS, COLS, true);
	diff = pt_diff_create(how, NULL);
	pt_diff_blank(diff, ROWS, COLS);
	return 0;
}

static int setup(void **state)
{
	return start(&sink);
}

static int setup_plain(void **state)
{
	return start(&plain_sink);
}

static int teardown(void **state)
{
	pt_diff_destroy(diff);
	pt_canvas_destroy(canvas);
	pt_theme_destroy(theme);
	return 0;
}

static void check(void)
{
	for (int y = 0; y < ROWS; y++) {
		for (int x = 0; x < COLS; x++) {
			const struct pt_cell *cell = pt_canvas_cell(canvas, x, y);
			const struct glyph *glyph = &shown.cells[y][x];
			struct pt_style style = pt_theme_style(theme, (enum pt_slot)cell->slot, cell->looks);

			if (cell->ch != glyph->ch || cell->marks[0] != glyph->mark)
				fail_msg("%d,%d: U+%04X instead of U+%04X", x, y, (unsigned)glyph->ch,
				         (unsigned)cell->ch);
			assert_int_equal(style.bg, glyph->style.bg);
			if (cell->ch && cell->ch != ' ') {
				assert_int_equal(style.fg, glyph->style.fg);
				assert_int_equal(style.attrs, glyph->style.attrs);
			}
		}
	}
}

static void frame(void)
{
	shown.said = shown.chars = 0;
	shown.scrolls = 0;
	pt_diff_frame(diff, canvas, theme);
	check();
}

static void put(int x, int y, enum pt_slot slot, unsigned looks, const char *text)
{
	pt_canvas_text(canvas, x, y, COLS, slot, looks, text);
}

static void an_equal_frame_says_nothing(void **state)
{
	frame();
	assert_int_equal(shown.said, 0); /* a blank screen is there already */
	put(3, 4, PT_SLOT_BAD, 0, "hello");
	frame();
	assert_true(shown.said > 0);
	frame();
	assert_int_equal(shown.said, 0);
}

static void one_letter_is_one_letter(void **state)
{
	put(0, 5, PT_SLOT_TEXT, 0, "the quick brown fox jumps");
	frame();
	put(10, 5, PT_SLOT_TEXT, 0, "B");
	frame();
	assert_int_equal(shown.chars, 1);
}

static void the_end_of_a_line_is_cleared(void **state)
{
	put(0, 5, PT_SLOT_TEXT, 0, "the quick brown fox jumps over it all");
	frame();
	pt_canvas_clear(canvas);
	put(0, 5, PT_SLOT_TEXT, 0, "the");
	frame();
	assert_int_equal(shown.chars, 0);
}

static void lines_that_move_are_scrolled(void **state)
{
	char text[64];

	for (int y = 0; y < ROWS; y++) {
		snprintf(text, sizeof(text), "line %d is quite unlike the others %d", y, y * 7919);
		put(0, y, PT_SLOT_TEXT, 0, y == 0 ? "heading" : y == ROWS - 1 ? "status" : text);
	}
	frame();
	pt_canvas_clear(canvas);
	for (int y = 0; y < ROWS; y++) {
		snprintf(text, sizeof(text), "line %d is quite unlike the others %d", y + 1,
		         (y + 1) * 7919);
		put(0, y, PT_SLOT_TEXT, 0, y == 0 ? "heading" : y == ROWS - 1 ? "status" : text);
	}
	frame();
	assert_int_equal(shown.scrolls, 1);
	assert_true(shown.chars < 60); /* the new line, and what stood still is untouched */
}

static void a_selection_at_the_edge_scrolls_too(void **state)
{
	for (int step = 0; step < 20; step++) {
		pt_canvas_clear(canvas);
		for (int y = 1; y < ROWS - 1; y++) {
			char text[64];

			snprintf(text, sizeof(text), "row %d and some more %08x", y + step,
			         (unsigned)(y + step) * 2654435761u);
			put(2, y, PT_SLOT_TEXT, y == ROWS - 2 ? PT_LOOK_SELECTED : 0, text);
		}
		frame();
		if (step > 0)
			assert_true(shown.chars < 110);
	}
}

static void wide_and_combined_characters(void **state)
{
	put(0, 0, PT_SLOT_TEXT, 0, "日本語 text e\xcc\x81 and more");
	put(COLS - 2, 1, PT_SLOT_TEXT, 0, "語");
	frame();
	put(1, 0, PT_SLOT_TEXT, 0, "ab");
	put(COLS - 1, 1, PT_SLOT_TEXT, 0, "x");
	frame();
	put(0, 0, PT_SLOT_TEXT, 0, "日本語");
	frame();
}

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % sides;
}

/* Random frames, each after the last, with everything in them. */
static void random_frames(uint32_t seed)
{
	static const char *const words[] = {"alpha", "日本",           "e\xcc\x81", "    ",
	                                    "x",     "long word here", "────"};

	for (int round = 0; round < 400; round++) {
		uint32_t what = dice(&seed, 10);

		if (what == 0)
			pt_canvas_clear(canvas);
		if (what == 1) { /* something scrolls */
			struct pt_canvas *copy = pt_canvas_create(ROWS, COLS, true);
			int by = (int)dice(&seed, 5) - 2;

			pt_canvas_copy(copy, canvas);
			pt_canvas_clear(canvas);
			for (int y = 1; y < ROWS - 1; y++)
				for (int x = 0; x < COLS && y + by >= 1 && y + by < ROWS - 1; x++)
					if (pt_canvas_cell(copy, x, y + by)->ch == 'a')
						put(x, y, PT_SLOT_GOOD, 0, "a moved");
			pt_canvas_destroy(copy);
		}
		for (uint32_t i = dice(&seed, 12); i > 0; i--)
			put((int)dice(&seed, COLS), (int)dice(&seed, ROWS),
			    (enum pt_slot)dice(&seed, PT_SLOT_COUNT), dice(&seed, 4) ? 0 : dice(&seed, 256),
			    words[dice(&seed, PRISM_COUNT(words))]);
		frame();
	}
}

static void any_frame_after_any_other(void **state)
{
	random_frames(1);
	random_frames(77);
}

static void a_terminal_that_can_only_place_text(void **state)
{
	random_frames(3);
	put(0, 5, PT_SLOT_TEXT, 0, "the quick brown fox");
	frame();
	pt_canvas_clear(canvas);
	frame();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(an_equal_frame_says_nothing),
	    TEST(one_letter_is_one_letter),
	    TEST(the_end_of_a_line_is_cleared),
	    TEST(lines_that_move_are_scrolled),
	    TEST(a_selection_at_the_edge_scrolls_too),
	    TEST(wide_and_combined_characters),
	    TEST(any_frame_after_any_other),
	    cmocka_unit_test_setup_teardown(a_terminal_that_can_only_place_text, setup_plain, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
