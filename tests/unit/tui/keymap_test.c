/*
 * Covers tui/keymap.c: layers, the user's file over the defaults, unbinding, and problems by line.
 */
#include "tui/keymap.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static enum pt_action_id find(const struct pt_keymap *map, const char *key, pt_where where)
{
	struct pt_event event;

	assert_int_equal(pt_key_parse(key, strlen(key), &event, NULL), 0);
	return pt_keymap_find(map, &event, where);
}

static struct pt_keymap *with(const char *text)
{
	struct pt_keymap *map = pt_keymap_create();

	pt_keymap_parse(map, "keys", text, strlen(text));
	return map;
}

static void lookup_climbs(void **state)
{
	struct pt_keymap *map = pt_keymap_create();
	uint32_t logs = PT_IN_LOGS | PT_IN_TEXT | PT_IN_ANY;
	uint32_t list = PT_IN_COMPUTATIONS | PT_IN_LIST | PT_IN_ANY;

	PRISM_UNUSED(state);
	assert_int_equal(find(map, "f", logs), PT_ACTION_LOG_SEARCH);
	assert_int_equal(find(map, "f", PT_IN_TIMELINE | PT_IN_TEXT | PT_IN_ANY),
	                 PT_ACTION_RESULT_FETCH);
	assert_int_equal(find(map, "j", list), PT_ACTION_DOWN);
	assert_int_equal(find(map, "?", list), PT_ACTION_HELP);
	assert_int_equal(find(map, "j", PT_IN_ANY), PT_ACTION_NONE);
	assert_int_equal(find(map, "f12", list), PT_ACTION_NONE);
	assert_int_equal(find(map, "?", 0), PT_ACTION_NONE); /* a modal overlay has no layers */
	pt_keymap_destroy(map);
}

static void the_file_goes_over_the_defaults(void **state)
{
	struct pt_keymap *map = with("# a comment\n[computations]\nd = computation delete\n"
	                             "D = none\n\n[any]\nctrl-x = quit\n");
	uint32_t list = PT_IN_COMPUTATIONS | PT_IN_LIST | PT_IN_ANY;
	char keys[64];

	PRISM_UNUSED(state);
	assert_int_equal(pt_keymap_problem_count(map), 0);
	assert_int_equal(find(map, "d", list), PT_ACTION_COMPUTATION_DELETE);
	assert_int_equal(find(map, "D", list), PT_ACTION_NONE);
	assert_int_equal(find(map, "D", PT_IN_OVERVIEW | PT_IN_ANY), PT_ACTION_COMPUTATION_DELETE);
	assert_int_equal(find(map, "ctrl-x", list), PT_ACTION_QUIT);
	assert_int_equal(find(map, "Q", list), PT_ACTION_QUIT);
	assert_string_equal(
	    pt_keymap_keys(map, PT_ACTION_COMPUTATION_DELETE, list, 3, keys, sizeof(keys)), "d");
	assert_string_equal(pt_keymap_keys(map, PT_ACTION_QUIT, list, 3, keys, sizeof(keys)),
	                    "Q ctrl-c ctrl-x");
	pt_keymap_destroy(map);
}

static void none_stops_the_climb(void **state)
{
	struct pt_keymap *map = with("[computations]\nj = none\n");

	PRISM_UNUSED(state);
	assert_int_equal(find(map, "j", PT_IN_COMPUTATIONS | PT_IN_LIST), PT_ACTION_NONE);
	assert_int_equal(find(map, "j", PT_IN_CVMS | PT_IN_LIST), PT_ACTION_DOWN);
	pt_keymap_destroy(map);
}

static void keys_that_look_like_syntax(void **state)
{
	struct pt_keymap *map = with("[any]\n= = help\n# = quit\n");

	PRISM_UNUSED(state);
	assert_int_equal(pt_keymap_problem_count(map), 0);
	assert_int_equal(find(map, "=", PT_IN_ANY), PT_ACTION_HELP);
	assert_int_equal(find(map, "#", PT_IN_ANY), PT_ACTION_QUIT);
	pt_keymap_destroy(map);
}

static void problem(const char *text, const char *where, const char *what)
{
	struct pt_keymap *map = with(text);

	assert_int_equal(pt_keymap_problem_count(map), 1);
	assert_int_equal(strncmp(pt_keymap_problem(map, 0), where, strlen(where)), 0);
	assert_non_null(strstr(pt_keymap_problem(map, 0), what));
	pt_keymap_destroy(map);
}

static void problems_name_file_and_line(void **state)
{
	PRISM_UNUSED(state);
	problem("x = quit\n", "keys:1:", "before the first");
	problem("[any]\nnokey = quit\n", "keys:2:", "no key");
	problem("[any]\nx = nothing at all\n", "keys:2:", "no action");
	problem("[somewhere]\n", "keys:1:", "no section");
	problem("[any]\nx\n", "keys:2:", "expected");
	problem("[any]\nx = quit\nx = help\n", "keys:3:", "line 2");
	problem("[cvms]\nx = log follow\n", "keys:2:", "means nothing");
}

static void a_missing_file_is_an_error(void **state)
{
	struct pt_keymap *map = pt_keymap_create();
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(pt_keymap_load(map, "/nonexistent/keys", &err), -1);
	assert_int_not_equal(err.category, PRISM_ERROR_NONE);
	pt_keymap_destroy(map);
	pt_keymap_destroy(NULL);
}

/* What is installed beside the manual is read from the top of the tree, where tests run. */
static void the_sample_has_no_problem(void **state)
{
	struct pt_keymap *map = pt_keymap_create();

	PRISM_UNUSED(state);
	assert_int_equal(pt_keymap_load(map, "tui/keys.sample", NULL), 0);
	for (size_t i = 0; i < pt_keymap_problem_count(map); i++)
		fail_msg("%s", pt_keymap_problem(map, i));
	pt_keymap_destroy(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lookup_climbs),
	    cmocka_unit_test(the_file_goes_over_the_defaults),
	    cmocka_unit_test(none_stops_the_climb),
	    cmocka_unit_test(keys_that_look_like_syntax),
	    cmocka_unit_test(problems_name_file_and_line),
	    cmocka_unit_test(a_missing_file_is_an_error),
	    cmocka_unit_test(the_sample_has_no_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
