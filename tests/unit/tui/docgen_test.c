/* Covers tui/docgen.c: every document names every row it is made from. */
#include "tui/docgen.h"

#include "base/mem.h"
#include "core/options.h"
#include "tui/actions.h"
#include "tui/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static char *made(const char *what)
{
	struct prism_buf out = PRISM_BUF_INIT(1 << 22);

	assert_int_equal(pt_docgen(what, &out, NULL), 0);
	return prism_buf_take(&out, NULL);
}

static void commands_are_all_there(void **state)
{
	static const char *const docs[] = {"man-commands", "commands-md", "bash", "zsh", "fish"};

	PRISM_UNUSED(state);
	for (size_t d = 0; d < PRISM_COUNT(docs); d++) {
		PRISM_AUTO_FREE char *text = made(docs[d]);

		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++)
			if (pt_action_headless(pt_action((enum pt_action_id)id)) &&
			    !strstr(text, pt_action((enum pt_action_id)id)->name))
				fail_msg("%s lacks %s", docs[d], pt_action((enum pt_action_id)id)->name);
	}
}

static void keys_are_all_there(void **state)
{
	PRISM_AUTO_FREE char *man = made("man-keys");
	PRISM_AUTO_FREE char *md = made("keys-md");

	PRISM_UNUSED(state);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *a = pt_action((enum pt_action_id)id);

		if (!*a->keys)
			continue;
		assert_non_null(strstr(man, a->name));
		assert_non_null(strstr(md, a->help));
	}
}

static void options_flags_and_codes(void **state)
{
	PRISM_AUTO_FREE char *options = made("man-options");
	PRISM_AUTO_FREE char *flags = made("man-flags");
	PRISM_AUTO_FREE char *codes = made("man-exit");

	PRISM_UNUSED(state);
	for (int i = 0; i < CORE_OPTION_COUNT; i++)
		assert_non_null(strstr(options, core_option_table[i].name));
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++)
		if (flag->help)
			assert_non_null(strstr(flags, flag->name));
	for (int i = 0; i < PRISM_ERROR_COUNT; i++)
		assert_non_null(strstr(codes, prism_error_word((enum prism_error_category)i)));
}

static void an_unknown_document_is_refused(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(pt_docgen("poem", &out, &err), -1);
	assert_non_null(strstr(err.hint, "man-keys"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands_are_all_there),
	    cmocka_unit_test(keys_are_all_there),
	    cmocka_unit_test(options_flags_and_codes),
	    cmocka_unit_test(an_unknown_document_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
