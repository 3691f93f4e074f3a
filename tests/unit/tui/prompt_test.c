/* tui/prompt.c, prompt_lines.c, history.c: editing by graphemes. */
#include "tui/prompt.h"

#include "base/mem.h"
#include "tests/lib/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct pt_prompt *prompt;
static struct pt_history *history;
static unsigned result;

static int setup(void **state)
{
	prompt = pt_prompt_create(64);
	history = pt_history_create(3);
	return 0;
}

static int teardown(void **state)
{
	pt_prompt_destroy(prompt);
	pt_history_destroy(history);
	return 0;
}

static void key(void *data, const struct pt_event *event)
{
	result = pt_prompt_key(prompt, event);
}

static void lines_key(void *data, const struct pt_event *event)
{
	result = pt_prompt_lines_key(prompt, event);
}

static void expect(const char *keys, const char *text)
{
	grid_keys(keys, key, NULL);
	assert_string_equal(pt_prompt_text(prompt), text);
}

static void typing_and_erasing(void **state)
{
	expect("hello", "hello");
	expect("<left><left>X", "helXlo");
	expect("<home>><end>!", ">helXlo!");
	expect("<backspace><ctrl-a><delete>", "helXlo");
	expect("<ctrl-k>", "");
	assert_int_equal(result & PT_CHANGED, PT_CHANGED);
	expect("<backspace><delete><left>", "");
	assert_int_equal(result & PT_CHANGED, 0);
}

static void words(void **state)
{
	expect("one two/three", "one two/three");
	expect("<ctrl-w>", "one two/");
	expect("<ctrl-w>", "one ");
	expect("<alt-b>x", "xone ");
	expect("<ctrl-right><alt-backspace>", " ");
	expect("<ctrl-k>a bc<ctrl-left><alt-d>", "a ");
}

static void a_grapheme_is_erased_whole(void **state)
{
	expect("a\xe6\x97\xa5", "a\xe6\x97\xa5");
	expect("e<paste:\xcc\x81>", "a\xe6\x97\xa5"
	                            "e\xcc\x81");
	expect("<backspace>", "a\xe6\x97\xa5");
	expect("<left><delete>", "a");
}

static void the_limit_cuts_at_a_grapheme(void **state)
{
	for (int i = 0; i < 30; i++)
		grid_keys("\xe6\x97\xa5", key, NULL);
	assert_int_equal(strlen(pt_prompt_text(prompt)), 63); /* 21 of them */
	grid_keys("x", key, NULL);
	assert_int_equal(strlen(pt_prompt_text(prompt)), 64);
	grid_keys("y", key, NULL);
	assert_int_equal(strlen(pt_prompt_text(prompt)), 64);
}

static void a_paste_is_text(void **state)
{
	expect("<paste:one\ntwo\t\033[31mthree\n>", "one two [31mthree");
	expect("<ctrl-u><paste:a\xff\xe2\x80\xae"
	       "b>",
	       "ab");
}

static void history_is_walked_and_kept(void **state)
{
	pt_prompt_set_history(prompt, history);
	expect("first", "first");
	pt_prompt_remember(prompt);
	pt_prompt_set(prompt, "second");
	pt_prompt_remember(prompt);
	pt_prompt_set(prompt, "");
	expect("dra<up>", "second");
	expect("<up>", "first");
	expect("<up>", "first");
	assert_int_equal(result, PT_IGNORED);
	expect("<down><down>", "dra"); /* what was being typed */
}

static void history_has_no_doubles_and_a_limit(void **state)
{
	pt_history_add(history, "a");
	pt_history_add(history, "b");
	pt_history_add(history, "a");
	pt_history_add(history, "");
	assert_int_equal(pt_history_count(history), 2);
	assert_string_equal(pt_history_get(history, 1), "a");
	pt_history_add(history, "c");
	pt_history_add(history, "d");
	assert_int_equal(pt_history_count(history), 3);
	assert_string_equal(pt_history_get(history, 0), "a");
}

static void complete_fruit(void *data, const char *text, size_t cursor, struct pt_completion *ret)
{
	static const char *const fruit[] = {"apple", "apricot", "banana"};

	ret->start = 0;
	ret->end = cursor;
	for (size_t i = 0; i < PRISM_COUNT(fruit); i++)
		if (strncmp(fruit[i], text, cursor) == 0)
			pt_completion_add(ret, fruit[i]);
}

static void tab_completes_and_walks(void **state)
{
	size_t current;

	pt_prompt_set_completion(prompt, complete_fruit, NULL);
	expect("b<tab>", "banana");
	expect("<ctrl-u>a<tab>", "ap"); /* what they have in common */
	assert_int_equal(pt_prompt_candidates(prompt, &current)->count, 2);
	expect("<tab>", "apple");
	expect("<tab>", "apricot");
	expect("<tab>", "apple");
	expect("<shift-tab>", "apricot");
	expect("x", "apricotx");
	assert_int_equal(pt_prompt_candidates(prompt, &current)->count, 0);
	expect("<ctrl-u>zz<tab>", "zz");
}

static void a_masked_text_shows_nothing(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(1, 10, true);
	PRISM_AUTO_FREE char *row = NULL;
	int x, y;

	pt_prompt_set_masked(prompt, true);
	pt_prompt_set_history(prompt, history);
	pt_prompt_set_completion(prompt, complete_fruit, NULL);
	expect("a b\xe6\x97\xa5", "a b\xe6\x97\xa5");
	pt_prompt_remember(prompt);
	assert_int_equal(pt_history_count(history), 0);
	pt_prompt_draw(prompt, canvas, 0, 0, 10, true, NULL);
	row = grid_row(canvas, 0);
	assert_string_equal(row, "••••");
	assert_true(pt_canvas_cursor(canvas, &x, &y));
	assert_int_equal(x, 4);
	expect("<ctrl-w>", ""); /* words would tell its shape */
	expect("a<tab>", "a");
	pt_canvas_destroy(canvas);
}

static void long_text_scrolls_with_the_cursor(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(1, 6, true);
	PRISM_AUTO_FREE char *row = NULL;
	int x, y;

	expect("abcdefghij", "abcdefghij");
	pt_prompt_draw(prompt, canvas, 0, 0, 6, true, NULL);
	row = grid_row(canvas, 0);
	assert_string_equal(row, "fghij");
	assert_true(pt_canvas_cursor(canvas, &x, &y));
	assert_int_equal(x, 5);
	pt_prompt_set(prompt, "");
	pt_prompt_draw(prompt, canvas, 0, 0, 6, false, "name");
	prism_free(row);
	row = grid_row(canvas, 0);
	assert_string_equal(row, "name");
	pt_canvas_destroy(canvas);
}

static void several_lines(void **state)
{
	grid_keys("one<enter>three<up><end> two", lines_key, NULL);
	assert_string_equal(pt_prompt_text(prompt), "one two\nthree");
	grid_keys("<up>", lines_key, NULL);
	assert_int_equal(result, PT_IGNORED); /* leaves the field */
	grid_keys("<down><home>><down>", lines_key, NULL);
	assert_string_equal(pt_prompt_text(prompt), "one two\n>three");
	assert_int_equal(result, PT_IGNORED);
	grid_keys("<paste:\na\tb\033c>", lines_key, NULL);
	assert_string_equal(pt_prompt_text(prompt), "one two\n>\na    bcthree");
}

static void several_lines_are_drawn_around_the_cursor(void **state)
{
	struct pt_canvas *canvas = pt_canvas_create(2, 8, true);
	PRISM_AUTO_FREE char *text = NULL;
	int x, y;

	grid_keys("one<enter>two<enter>three", lines_key, NULL);
	pt_prompt_lines_draw(prompt, canvas, (struct pt_rect){0, 0, 8, 2}, true, NULL);
	text = grid_text(canvas);
	assert_string_equal(text, "two\nthree\n");
	assert_true(pt_canvas_cursor(canvas, &x, &y));
	assert_int_equal(x, 5);
	assert_int_equal(y, 1);
	pt_canvas_destroy(canvas);
}

static void a_proposal_gives_way_to_what_is_typed(void **state)
{
	pt_prompt_propose(prompt, "/a/b");
	expect("x", "x");
	pt_prompt_propose(prompt, "/a/b");
	expect("<paste:new>", "new");
	pt_prompt_propose(prompt, "/a/b");
	expect("<backspace>c", "c");
	pt_prompt_propose(prompt, "/a/b");
	pt_prompt_insert(prompt, "d", 1);
	assert_string_equal(pt_prompt_text(prompt), "d");
}

static void a_proposal_that_is_edited_is_an_ordinary_text(void **state)
{
	pt_prompt_propose(prompt, "/a/b");
	expect("<left><right>c<backspace><backspace>", "/a/");
	pt_prompt_propose(prompt, "/a/b");
	pt_prompt_set(prompt, "mine");
	expect("!", "mine!");
	pt_prompt_propose(prompt, "");
	expect("x<backspace>", "");
}

static void keys_of_others_are_left_alone(void **state)
{
	static const char *const keys[] = {"<enter>",   "<esc>",    "<f1>",
	                                   "<page-up>", "<ctrl-x>", "<tab>"};

	for (size_t i = 0; i < PRISM_COUNT(keys); i++) {
		grid_keys(keys[i], key, NULL);
		assert_int_equal(result, PT_IGNORED);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(typing_and_erasing),
	    TEST(words),
	    TEST(a_grapheme_is_erased_whole),
	    TEST(the_limit_cuts_at_a_grapheme),
	    TEST(a_paste_is_text),
	    TEST(history_is_walked_and_kept),
	    TEST(history_has_no_doubles_and_a_limit),
	    TEST(tab_completes_and_walks),
	    TEST(a_masked_text_shows_nothing),
	    TEST(long_text_scrolls_with_the_cursor),
	    TEST(several_lines),
	    TEST(several_lines_are_drawn_around_the_cursor),
	    TEST(a_proposal_gives_way_to_what_is_typed),
	    TEST(a_proposal_that_is_edited_is_an_ordinary_text),
	    TEST(keys_of_others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
