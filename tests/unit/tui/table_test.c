/* tui/table*.c: virtual rows, order, filter, search, marks, place, drawing. */
#include "tui/table.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 100

struct row {
	const char *id, *name, *state;
	int64_t created;
};

static struct {
	struct row rows[ROWS_MAX];
	size_t count;   /* beyond ROWS_MAX rows are made up */
	unsigned cells; /* questions asked */
	size_t first, last;
	unsigned visible_calls, selected_calls;
	char selected[32];
	bool server_sorts;
} source;

static const struct row fruit[] = {
    {"a", "banana", "ready", 30}, {"b", "Apple", "failed", 10}, {"c", "cherry", "ready", 20},
    {"d", "apricot", "done", 40}, {"e", "Éclair", "done", 5},
};

static size_t model_count(void *data)
{
	return source.count;
}

static const char *model_id(void *data, size_t row)
{
	static char made[32];

	if (source.count <= ROWS_MAX)
		return source.rows[row].id;
	snprintf(made, sizeof(made), "id%zu", row);
	return made;
}

static void model_cell(void *data, size_t row, int column, struct pt_value *value)
{
	source.cells++;
	if (source.count > ROWS_MAX) {
		value->text = value->scratch;
		snprintf(value->scratch, sizeof(value->scratch), "row %zu col %d", row, column);
		return;
	}
	value->text = column == 0   ? source.rows[row].name
	              : column == 1 ? source.rows[row].state
	                            : value->scratch;
	value->number = source.rows[row].created;
	if (column == 2)
		snprintf(value->scratch, sizeof(value->scratch), "%d", (int)source.rows[row].created);
}

static void model_visible(void *data, size_t first, size_t last)
{
	source.first = first;
	source.last = last;
	source.visible_calls++;
}

static void model_selected(void *data, const char *id)
{
	source.selected_calls++;
	snprintf(source.selected, sizeof(source.selected), "%s", id ? id : "-");
}

static bool model_sort(void *data, int column, bool descending)
{
	return source.server_sorts;
}

static const struct pt_table_model model = {.count = model_count,
                                            .id = model_id,
                                            .cell = model_cell,
                                            .visible = model_visible,
                                            .selected = model_selected,
                                            .sort = model_sort};
static const struct pt_column columns[] = {
    {"name", "Name", 6, 20, 1, 0, PT_COLUMN_MAIN},
    {"state", "State", 6, 8, 0, 1, 0},
    {"created", "Created", 8, 8, 0, 2, PT_COLUMN_TIME},
};

static struct pt_table *table;
static struct pt_canvas *canvas;

static int setup(void **state)
{
	struct pt_load ready = {.state = PT_LOAD_READY, .empty = "No fruit"};

	memset(&source, 0, sizeof(source));
	memcpy(source.rows, fruit, sizeof(fruit));
	source.count = PRISM_COUNT(fruit);
	table = pt_table_create(columns, PRISM_COUNT(columns), &model, NULL);
	pt_table_set_load(table, &ready);
	pt_table_reload(table);
	canvas = pt_canvas_create(6, 40, true);
	pt_table_prepare(table, 40, 6);
	return 0;
}

static int teardown(void **state)
{
	grid_check(canvas);
	pt_table_destroy(table);
	pt_canvas_destroy(canvas);
	return 0;
}

static char *drawn(void)
{
	pt_canvas_clear(canvas);
	pt_table_prepare(table, pt_canvas_cols(canvas), pt_canvas_rows(canvas));
	pt_table_draw(table, canvas,
	              (struct pt_rect){0, 0, pt_canvas_cols(canvas), pt_canvas_rows(canvas)}, true);
	return grid_text(canvas);
}

static void expect_order(const char *ids)
{
	char seen[64] = "";

	pt_table_nav(table, PT_NAV_FIRST, 1);
	for (size_t i = 0; i < pt_table_rows(table); i++) {
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s", pt_table_selected(table));
		pt_table_nav(table, PT_NAV_DOWN, 1);
	}
	assert_string_equal(seen, ids);
}

static void rows_and_headings(void **state)
{
	PRISM_AUTO_FREE char *text = drawn();

	assert_string_equal(text, "   Name                 State  Created\n"
	                          "▸  banana               ready  30\n"
	                          "   Apple                failed 10\n"
	                          "   cherry               ready  20\n"
	                          "   apricot              done   40\n"
	                          "   Éclair               done   5\n");
}

static void narrow_screens_lose_the_least_important(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	pt_canvas_resize(canvas, 3, 20);
	text = drawn();
	assert_string_equal(text, "   Name       State\n"
	                          "▸  banana     ready\n"
	                          "   Apple      failed\n");
	pt_canvas_resize(canvas, 3, 14);
	prism_free(text);
	text = drawn();
	assert_string_equal(text, "   Name\n"
	                          "▸  banana\n"
	                          "   Apple\n");
}

static void moving_stays_inside(void **state)
{
	pt_table_nav(table, PT_NAV_UP, 1);
	assert_string_equal(pt_table_selected(table), "a");
	pt_table_nav(table, PT_NAV_DOWN, 2);
	assert_string_equal(pt_table_selected(table), "c");
	pt_table_nav(table, PT_NAV_DOWN, 99);
	assert_string_equal(pt_table_selected(table), "e");
	pt_table_nav(table, PT_NAV_PAGE_UP, 1);
	assert_string_equal(pt_table_selected(table), "a");
	pt_table_nav(table, PT_NAV_LAST, 1);
	assert_string_equal(source.selected, "e");
	assert_int_equal(pt_table_selected_row(table), 4);
	assert_int_equal(pt_table_nav(table, PT_NAV_LEFT, 1), PT_IGNORED);
}

static void sorted_by_any_column(void **state)
{
	pt_table_set_sort(table, 0, false);
	expect_order("bdace");
	pt_table_set_sort(table, 0, true);
	expect_order("ecadb");
	pt_table_set_sort(table, 2, false);
	expect_order("ebcad");
	pt_table_set_sort(table, 1, false);
	expect_order("debac"); /* equal ones in the order of the source */
	pt_table_reverse_sort(table);
	expect_order("acbde");
	pt_table_set_sort(table, -1, false);
	expect_order("abcde");
	pt_table_set_sort(table, 7, false); /* there is none */
	expect_order("abcde");
}

static void sort_steps_through_the_columns(void **state)
{
	bool down;

	pt_table_cycle_sort(table, 1);
	assert_int_equal(pt_table_sort(table, &down), 0);
	pt_table_cycle_sort(table, 1);
	pt_table_cycle_sort(table, 1);
	assert_int_equal(pt_table_sort(table, &down), 2);
	assert_true(down); /* the newest first */
	pt_table_cycle_sort(table, 1);
	assert_int_equal(pt_table_sort(table, &down), -1);
	assert_int_equal(pt_table_find_column(table, "created"), 2);
	assert_int_equal(pt_table_find_column(table, "nothing"), -1);
}

static void a_server_that_sorts_is_believed(void **state)
{
	source.server_sorts = true;
	pt_table_set_sort(table, 0, false);
	expect_order("abcde");
}

static void filtered_as_typed(void **state)
{
	pt_table_set_filter(table, "AP");
	expect_order("bd");
	pt_table_set_filter(table, "ap done"); /* every word, in any column */
	expect_order("d");
	pt_table_set_filter(table, "é");
	expect_order("e");
	pt_table_set_filter(table, "nothing like it");
	assert_int_equal(pt_table_rows(table), 0);
	assert_null(pt_table_selected(table));
	{
		PRISM_AUTO_FREE char *text = drawn();

		assert_non_null(strstr(text, "Nothing matches the filter."));
	}
	pt_table_set_filter(table, "");
	expect_order("abcde");
	assert_int_equal(pt_table_total(table), 5);
}

static void a_longer_filter_asks_only_what_is_shown(void **state)
{
	pt_table_set_filter(table, "ap");
	source.cells = 0;
	pt_table_set_filter(table, "apr");
	assert_true(source.cells <= 2 * PRISM_COUNT(columns));
	expect_order("d");
	pt_table_set_filter(table, "ap");
	expect_order("bd");
}

static void the_selection_survives_filter_and_sort(void **state)
{
	pt_table_nav(table, PT_NAV_DOWN, 3);
	assert_string_equal(pt_table_selected(table), "d");
	pt_table_set_filter(table, "ap");
	assert_string_equal(pt_table_selected(table), "d");
	pt_table_set_sort(table, 0, true);
	assert_string_equal(pt_table_selected(table), "d");
	pt_table_set_filter(table, "");
	assert_string_equal(pt_table_selected(table), "d");
}

static void the_selection_is_kept_by_id(void **state)
{
	const struct row early = {"z", "zebra", "ready", 1};

	pt_table_nav(table, PT_NAV_DOWN, 2);
	memmove(&source.rows[1], &source.rows[0], 5 * sizeof(source.rows[0]));
	source.rows[0] = early;
	source.count++;
	source.selected_calls = 0;
	pt_table_reload(table);
	assert_string_equal(pt_table_selected(table), "c");
	assert_int_equal(pt_table_selected_row(table), 3);
	assert_int_equal(source.selected_calls, 0);                            /* nothing new to tell */
	memmove(&source.rows[3], &source.rows[4], 2 * sizeof(source.rows[0])); /* it is deleted */
	source.count--;
	pt_table_reload(table);
	assert_string_equal(pt_table_selected(table), "d"); /* what stands there now */
	source.count = 0;
	pt_table_reload(table);
	assert_null(pt_table_selected(table));
	assert_string_equal(source.selected, "-");
}

/* A frame between a change and its news: what is selected keeps the pointer. */
static void rows_that_move_without_a_word(void **state)
{
	const struct row early = {"0", "early", "ready", 1};

	assert_true(pt_table_select(table, "c"));
	memmove(&source.rows[1], &source.rows[0], 5 * sizeof(source.rows[0]));
	source.rows[0] = early;
	source.count++;
	PRISM_AUTO_FREE char *screen = drawn();
	assert_non_null(screen);
	assert_string_equal(pt_table_selected(table), "c");
	assert_int_equal(pt_table_selected_row(table), 3);
}

static void a_wish_is_kept_until_it_appears(void **state)
{
	assert_true(pt_table_select(table, "c"));
	assert_false(pt_table_select(table, "new"));
	assert_string_equal(pt_table_selected(table), "c");
	source.rows[5] = (struct row){"new", "new", "ready", 9};
	source.count = 6;
	pt_table_reload(table);
	assert_string_equal(pt_table_selected(table), "new");
}

static void search_steps_and_wraps(void **state)
{
	pt_table_search(table, "ready", 1);
	assert_string_equal(pt_table_selected(table), "c");
	pt_table_search(table, NULL, 1);
	assert_string_equal(pt_table_selected(table), "a");
	pt_table_search(table, NULL, -1);
	assert_string_equal(pt_table_selected(table), "c");
	pt_table_search(table, "not there", 1);
	assert_string_equal(pt_table_selected(table), "c");
}

static void count_chosen(void *data, const char *id)
{
	snprintf((char *)data + strlen(data), 32 - strlen(data), "%s", id);
}

static void marks(void **state)
{
	char chosen[32] = "";

	pt_table_each_chosen(table, count_chosen, chosen);
	assert_string_equal(chosen, "a"); /* none marked: the selected one */
	pt_table_mark(table);
	assert_string_equal(pt_table_selected(table), "b"); /* steps on */
	pt_table_nav(table, PT_NAV_DOWN, 1);
	pt_table_mark_range(table);
	assert_int_equal(pt_table_marked(table), 3);
	assert_true(pt_table_is_marked(table, "b"));
	assert_false(pt_table_is_marked(table, "d"));
	pt_table_set_filter(table, "done");
	pt_table_mark_all(table);
	assert_int_equal(pt_table_marked(table), 5); /* others stay marked */
	pt_table_clear_marks(table);
	assert_int_equal(pt_table_marked(table), 0);
	assert_int_equal(pt_table_clear_marks(table), PT_IGNORED);
	pt_table_set_filter(table, "");
	pt_table_mark_all(table);
	pt_table_mark_all(table); /* all: none */
	assert_int_equal(pt_table_marked(table), 0);
}

static void many_marks(void **state)
{
	source.count = 20000;
	pt_table_reload(table);
	pt_table_mark_all(table);
	assert_int_equal(pt_table_marked(table), 20000);
	assert_true(pt_table_is_marked(table, "id19999"));
	for (int i = 0; i < 1000; i++)
		pt_table_mark(table); /* off again, one by one */
	assert_int_equal(pt_table_marked(table), 19000);
	assert_false(pt_table_is_marked(table, "id999"));
	assert_true(pt_table_is_marked(table, "id1000"));
}

static void a_frame_of_many_rows_asks_for_what_is_seen(void **state)
{
	PRISM_AUTO_FREE char *text = NULL;

	source.count = 100000;
	pt_table_reload(table);
	pt_table_nav(table, PT_NAV_LAST, 1);
	source.cells = 0;
	text = drawn();
	assert_true(source.cells <= 5 * PRISM_COUNT(columns));
	assert_int_equal(source.first, 99995);
	assert_int_equal(source.last, 99999);
	source.visible_calls = 0;
	pt_table_prepare(table, 40, 6); /* nothing moved: nothing is asked again */
	assert_int_equal(source.visible_calls, 0);
	pt_table_reload(table);
	pt_table_prepare(table, 40, 6);
	assert_int_equal(source.visible_calls, 1);
}

static void empty_loading_failed(void **state)
{
	struct prism_error error = {.message = "connection refused", .hint = "Is the server up?"};
	struct pt_load load = {.state = PT_LOAD_FAILED, .error = &error, .retry_key = "R"};
	PRISM_AUTO_FREE char *text = NULL;

	source.count = 0;
	pt_table_reload(table);
	text = drawn();
	assert_non_null(strstr(text, "No fruit"));
	pt_table_set_load(table, &load);
	prism_free(text);
	text = drawn();
	assert_non_null(strstr(text, "connection refused"));
	assert_non_null(strstr(text, "Is the server up?"));
	assert_non_null(strstr(text, "Press R to try again."));
	load.state = PT_LOAD_LOADING;
	pt_table_set_load(table, &load);
	prism_free(text);
	text = drawn();
	assert_non_null(strstr(text, "Loading..."));
	assert_non_null(strstr(text, "No answer so far: connection refused"));
	load.error = NULL;
	pt_table_set_load(table, &load);
	prism_free(text);
	text = drawn();
	assert_null(strstr(text, "No answer"));
	load.error = &error;
	source.count = 5; /* stale rows stay on the screen */
	load.state = PT_LOAD_STALE;
	pt_table_set_load(table, &load);
	pt_table_reload(table);
	prism_free(text);
	text = drawn();
	assert_non_null(strstr(text, "banana"));
	assert_non_null(strstr(pt_table_summary(table), "not current: connection refused"));
}

static void the_selection_is_short(void **state)
{
	PRISM_AUTO_FREE char *text = drawn();
	PRISM_AUTO_FREE char *styles = grid_styles(canvas);

	/* the pointer and the name, not the line */
	assert_non_null(strstr(styles, "  2: 1-1 title-focus 4-9 text+selected\n"));
}

static void copying_gives_columns(void **state)
{
	PRISM_AUTO_FREE char *text = pt_table_copy(table);

	assert_string_equal(text, "banana\tready\t30\n");
}

static void mouse_selects_sorts_and_scrolls(void **state)
{
	struct pt_event event = {.kind = PT_EVENT_MOUSE, .x = 5, .y = 3};
	bool down;

	pt_table_key(table, &event);
	assert_string_equal(pt_table_selected(table), "c");
	event.y = 0;
	pt_table_key(table, &event);
	assert_int_equal(pt_table_sort(table, &down), 0);
	assert_false(down);
	pt_table_key(table, &event);
	assert_int_equal(pt_table_sort(table, &down), 0);
	assert_true(down);
	event = (struct pt_event){.kind = PT_EVENT_MOUSE, .x = 5, .y = 99};
	pt_table_key(table, &event); /* below the rows */
	event.button = PT_MOUSE_WHEEL_DOWN;
	assert_int_equal(pt_table_key(table, &event) & PT_HANDLED, PT_HANDLED);
}

static void every_size_is_drawn(void **state)
{
	for (int rows = 1; rows <= 100; rows += rows < 12 ? 1 : 29) {
		for (int cols = 1; cols <= 300; cols += cols < 50 ? 1 : 83) {
			struct pt_canvas *small = pt_canvas_create(rows, cols, cols % 2);

			source.count = rows % 2 ? 5 : 1000;
			pt_table_reload(table);
			pt_table_nav(table, PT_NAV_PAGE_DOWN, 1);
			pt_table_prepare(table, cols, rows);
			pt_table_draw(table, small, (struct pt_rect){0, 0, cols, rows}, true);
			grid_check(small);
			pt_canvas_destroy(small);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(rows_and_headings),
	    TEST(narrow_screens_lose_the_least_important),
	    TEST(moving_stays_inside),
	    TEST(sorted_by_any_column),
	    TEST(sort_steps_through_the_columns),
	    TEST(a_server_that_sorts_is_believed),
	    TEST(filtered_as_typed),
	    TEST(a_longer_filter_asks_only_what_is_shown),
	    TEST(the_selection_survives_filter_and_sort),
	    TEST(the_selection_is_kept_by_id),
	    TEST(rows_that_move_without_a_word),
	    TEST(a_wish_is_kept_until_it_appears),
	    TEST(search_steps_and_wraps),
	    TEST(marks),
	    TEST(many_marks),
	    TEST(a_frame_of_many_rows_asks_for_what_is_seen),
	    TEST(empty_loading_failed),
	    TEST(the_selection_is_short),
	    TEST(copying_gives_columns),
	    TEST(mouse_selects_sorts_and_scrolls),
	    TEST(every_size_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
