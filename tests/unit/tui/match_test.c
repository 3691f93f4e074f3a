/* tui/match.c: finding without regard to case, and painting what was found. */
#include "tui/match.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *needle, size_t from, long start, long stop)
{
	size_t s = 0, e = 0;
	bool found = pt_match_find(text, strlen(text), needle, from, &s, &e);

	assert_int_equal(found, start >= 0);
	if (found) {
		assert_int_equal(s, start);
		assert_int_equal(e, stop);
	}
}

static void found_in_either_case(void **state)
{
	expect("Hello World", "world", 0, 6, 11);
	expect("Hello World", "o", 5, 7, 8);
	expect("Hello", "hello there", 0, -1, 0);
	expect("Hello", "", 0, -1, 0);
	expect("", "x", 0, -1, 0);
	expect("straße ÉCLAIR", "éclair", 0, 8, 15);
	expect("日本語", "本", 0, 3, 6);
	expect("aé", "\xa9", 0, -1, 0); /* half a character is none */
	expect("abc", "c", 3, -1, 0);
}

static void every_word_somewhere(void **state)
{
	assert_true(pt_match_words("the quick fox", 13, "fox QUICK"));
	assert_true(pt_match_words("the quick fox", 13, ""));
	assert_true(pt_match_words("the quick fox", 13, "  fox  "));
	assert_false(pt_match_words("the quick fox", 13, "fox dog"));
}

static void painted_where_it_is_seen(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(1, 10, true);
	const char *text = "日a日a日a";
	char *styles;

	pt_canvas_text_from(canvas, 0, 0, 10, 2, PT_SLOT_TEXT, 0, text, strlen(text));
	pt_match_paint(canvas, 0, 0, 5, 2, text, strlen(text), "a日", PT_LOOK_MATCH);
	styles = grid_styles(canvas);
	assert_string_equal(styles, "  1: 1-5 text+match\n");
	prism_free(styles);
	pt_match_paint(canvas, 0, 0, 10, 4, text, strlen(text), "日a",
	               PT_LOOK_BOLD); /* cut at the left */
	styles = grid_styles(canvas);
	assert_non_null(strstr(styles, "bold"));
	prism_free(styles);
	pt_canvas_destroy(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found_in_either_case),
	    cmocka_unit_test(every_word_somewhere),
	    cmocka_unit_test(painted_where_it_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
