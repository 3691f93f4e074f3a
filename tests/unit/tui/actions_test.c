/*
 * Covers tui/actions.c: the table is whole and its rows do not contradict each other; look-up by
 * name and by words.
 */
#include "tui/actions.h"

#include "base/mem.h"
#include "tui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void every_row_is_filled(void **state)
{
	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		assert_non_null(a->name);
		assert_non_null(a->keys);
		assert_non_null(a->help);
		assert_true(strlen(a->help) > 3);
		assert_true(a->help[strlen(a->help) - 1] != '.');
		assert_true(strlen(pt_action_hint(a)) > 0);
		assert_int_equal(pt_action_id(a), id);
	}
}

static void commands_run_and_screen_actions_do_not(void **state)
{
	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		assert_int_equal(pt_action_headless(a), a->run != NULL);
	}
}

static void names_are_unique(void **state)
{
	PRISM_UNUSED(state);
	for (int i = PT_ACTION_NONE + 1; i < PT_ACTION_COUNT; i++)
		assert_ptr_equal(pt_action_by_name(pt_action((enum pt_action_id)i)->name),
		                 pt_action((enum pt_action_id)i));
}

static void required_positional_arguments_come_first(void **state)
{
	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		bool optional = false;

		for (const struct pt_arg *arg = pt_action((enum pt_action_id)id)->args; arg && arg->name;
		     arg++) {
			if (!(arg->flags & PT_ARG_POSITIONAL))
				continue;
			assert_false(optional && (arg->flags & PT_ARG_REQUIRED));
			optional = optional || !(arg->flags & PT_ARG_REQUIRED);
			assert_non_null(arg->help);
		}
	}
}

/* One key, one place, one meaning: the first default that has it. */
static const struct pt_action *holder(const struct pt_event *wanted, pt_where bit)
{
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		for (const char *key = a->keys; (a->where & bit) && *key;) {
			size_t len = strcspn(key, " ");
			struct pt_event event;

			assert_int_equal(pt_key_parse(key, len, &event, NULL), 0);
			if (event.key == wanted->key && event.mods == wanted->mods)
				return a;
			key += len + strspn(key + len, " ");
		}
	}
	return NULL;
}

static void default_keys_do_not_collide(void **state)
{
	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		for (const char *key = a->keys; *key;) {
			size_t len = strcspn(key, " ");
			struct pt_event event;

			assert_int_equal(pt_key_parse(key, len, &event, NULL), 0);
			for (pt_where bit = 1; bit; bit <<= 1)
				if ((a->where & bit) && holder(&event, bit) != a)
					fail_msg("%s and %s share %s in [%s]", a->name, holder(&event, bit)->name, key,
					         pt_where_word(bit));
			key += len + strspn(key + len, " ");
		}
	}
}

static void no_key_near_control_d_or_k_destroys(void **state)
{
	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		if (a->flags & (PT_ACTION_DANGEROUS | PT_ACTION_CONFIRM))
			assert_null(strstr(a->keys, "ctrl-"));
	}
}

static void words_find_the_longest_name(void **state)
{
	char role[] = "role", action[] = "action", add[] = "add", x[] = "x";
	char *words[] = {role, action, add, x};
	char *other[] = {role, x};
	size_t used;

	PRISM_UNUSED(state);
	assert_string_equal(pt_action_by_words(words, 4, &used)->name, "role action add");
	assert_int_equal(used, 3);
	assert_null(pt_action_by_words(other, 2, &used));
	assert_null(pt_action_by_words(words, 2, &used));
	assert_null(pt_action_by_name("role action ad"));
}

static void usage_names_every_argument(void **state)
{
	char usage[512];

	PRISM_UNUSED(state);
	pt_action_usage(pt_action(PT_ACTION_COMPUTATION_RUN), usage, sizeof(usage));
	assert_string_equal(usage, "computation run COMPUTATION --cvm CVM [--follow]");
	pt_action_usage(pt_action(PT_ACTION_ROLE_ACTION_ADD), usage, sizeof(usage));
	assert_string_equal(usage, "role action add COMPUTATION ROLE WORD...");
}

static void sections_have_names(void **state)
{
	PRISM_UNUSED(state);
	assert_int_equal(pt_where_parse("computations"), PT_IN_COMPUTATIONS);
	assert_string_equal(pt_where_word(PT_IN_LOGS), "logs");
	assert_int_equal(pt_where_parse("nowhere"), 0);
	assert_string_equal(pt_where_word(0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_filled),
	    cmocka_unit_test(commands_run_and_screen_actions_do_not),
	    cmocka_unit_test(names_are_unique),
	    cmocka_unit_test(required_positional_arguments_come_first),
	    cmocka_unit_test(default_keys_do_not_collide),
	    cmocka_unit_test(no_key_near_control_d_or_k_destroys),
	    cmocka_unit_test(words_find_the_longest_name),
	    cmocka_unit_test(usage_names_every_argument),
	    cmocka_unit_test(sections_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
