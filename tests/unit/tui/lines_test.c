/* Covers tui/lines.c: the cursor keeps its line while lines are built anew, wrapping, search,
 * drawing. */
#include "tui/lines.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void build(struct pt_lines *lines, int from, int to)
{
	pt_lines_begin(lines);
	for (int i = from; i < to; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		pt_lines_add(lines, key, i, key);
		pt_lines_part(lines, PT_SLOT_TEXT, "line %d", i);
	}
	pt_lines_end(lines);
}

static void the_cursor_stays_with_its_line(void **state)
{
	struct pt_lines *lines = pt_lines_create();
	const char *arg;

	PRISM_UNUSED(state);
	build(lines, 0, 10);
	pt_lines_nav(lines, PT_NAV_DOWN, 4);
	assert_string_equal(pt_lines_key(lines), "k4");
	build(lines, 2, 12);
	assert_string_equal(pt_lines_key(lines), "k4");
	assert_int_equal(pt_lines_target(lines, &arg), 4);
	assert_string_equal(arg, "k4");
	build(lines, 8, 9); /* gone: the nearest that is left */
	assert_string_equal(pt_lines_key(lines), "k8");
	build(lines, 0, 0);
	assert_null(pt_lines_key(lines));
	assert_int_equal(pt_lines_target(lines, &arg), 0);
	pt_lines_destroy(lines);
	pt_lines_destroy(NULL);
}

static void moving_stops_at_the_ends(void **state)
{
	struct pt_lines *lines = pt_lines_create();

	PRISM_UNUSED(state);
	build(lines, 0, 30);
	pt_lines_prepare(lines, 40, 10);
	pt_lines_nav(lines, PT_NAV_UP, 1);
	assert_string_equal(pt_lines_key(lines), "k0");
	pt_lines_nav(lines, PT_NAV_PAGE_DOWN, 1);
	assert_string_equal(pt_lines_key(lines), "k9");
	pt_lines_nav(lines, PT_NAV_LAST, 1);
	pt_lines_nav(lines, PT_NAV_DOWN, 1);
	assert_string_equal(pt_lines_key(lines), "k29");
	pt_lines_nav(lines, PT_NAV_FIRST, 1);
	assert_string_equal(pt_lines_key(lines), "k0");
	pt_lines_destroy(lines);
}

/* Lines without a key belong to the one above with one: what a cursor on them means. */
static void rows_below_belong_to_their_line(void **state)
{
	struct pt_lines *lines = pt_lines_create();
	const char *arg = NULL;
	int target = 0;

	PRISM_UNUSED(state);
	assert_null(pt_lines_owner(lines, NULL, NULL));
	pt_lines_begin(lines);
	pt_lines_add(lines, "first", 1, "a");
	pt_lines_wrap(lines, 4, 20, PT_SLOT_TEXT, "one two three four five six seven");
	pt_lines_add(lines, "second", 2, "b");
	pt_lines_wrap(lines, 4, 20, PT_SLOT_TEXT, "");
	pt_lines_end(lines);
	assert_int_equal(pt_lines_count(lines), 4);
	pt_lines_nav(lines, PT_NAV_DOWN, 2);
	assert_null(pt_lines_key(lines));
	assert_string_equal(pt_lines_owner(lines, &target, &arg), "first");
	assert_int_equal(target, 1);
	assert_string_equal(arg, "a");
	pt_lines_nav(lines, PT_NAV_DOWN, 1);
	assert_string_equal(pt_lines_owner(lines, NULL, NULL), "second");
	pt_lines_destroy(lines);
}

static void what_belongs_to_a_line_is_revealed(void **state)
{
	struct pt_lines *lines = pt_lines_create();
	char position[40];

	PRISM_UNUSED(state);
	pt_lines_begin(lines);
	for (int i = 0; i < 20; i++) {
		pt_lines_add(lines, "k", 0, NULL);
		pt_lines_part(lines, PT_SLOT_TEXT, "row");
	}
	pt_lines_add(lines, "wanted", 0, NULL);
	for (int i = 0; i < 5; i++)
		pt_lines_add(lines, NULL, 0, NULL);
	pt_lines_end(lines);
	pt_lines_select(lines, "wanted");
	pt_lines_prepare(lines, 40, 10); /* only the line itself */
	assert_string_equal(pt_lines_position(lines, position, sizeof(position)), "12-21 of 26");
	pt_lines_reveal(lines, 0);
	pt_lines_prepare(lines, 40, 10); /* a quarter above, the rest below */
	assert_string_equal(pt_lines_position(lines, position, sizeof(position)), "17-26 of 26");
	pt_lines_prepare(lines, 40, 30);
	assert_string_equal(pt_lines_position(lines, position, sizeof(position)), "");
	pt_lines_destroy(lines);
}

static void search_goes_round(void **state)
{
	struct pt_lines *lines = pt_lines_create();

	PRISM_UNUSED(state);
	build(lines, 0, 12);
	pt_lines_search(lines, "LINE 1", 1);
	assert_string_equal(pt_lines_key(lines), "k1");
	pt_lines_search(lines, NULL, 1);
	assert_string_equal(pt_lines_key(lines), "k10");
	pt_lines_search(lines, NULL, -1);
	assert_string_equal(pt_lines_key(lines), "k1");
	pt_lines_search(lines, "nowhere", 1);
	assert_string_equal(pt_lines_key(lines), "k1");
	pt_lines_destroy(lines);
}

static void fields_wrap_beside_their_label(void **state)
{
	struct pt_lines *lines = pt_lines_create();
	struct pt_canvas *canvas = pt_canvas_create(3, 24, true);
	PRISM_AUTO_FREE char *first = NULL, *second = NULL, *copied = NULL;

	PRISM_UNUSED(state);
	pt_lines_begin(lines);
	pt_lines_field(lines, "Name", 8, 20, PT_SLOT_TEXT, "one two three\033 four");
	pt_lines_end(lines);
	assert_true(pt_lines_count(lines) >= 2);
	pt_lines_prepare(lines, 24, 3);
	pt_lines_draw(lines, canvas, (struct pt_rect){0, 0, 24, 3}, true);
	first = grid_row(canvas, 0);
	second = grid_row(canvas, 1);
	assert_non_null(strstr(first, "Name    one two"));
	assert_null(strstr(second, "Name"));
	copied = pt_lines_copy(lines);
	assert_non_null(strstr(copied, "one two"));
	pt_canvas_destroy(canvas);
	pt_lines_destroy(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_cursor_stays_with_its_line),
	    cmocka_unit_test(moving_stops_at_the_ends),
	    cmocka_unit_test(rows_below_belong_to_their_line),
	    cmocka_unit_test(what_belongs_to_a_line_is_revealed),
	    cmocka_unit_test(search_goes_round),
	    cmocka_unit_test(fields_wrap_beside_their_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
