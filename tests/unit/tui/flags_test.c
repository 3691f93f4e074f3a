/* Covers tui/flags.c: the program's own arguments. */
#include "tui/flags.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static int parse(struct pt_arguments *a, struct prism_error *err, int argc, const char *const *argv)
{
	return pt_arguments_parse(a, argc, (char *const *)(uintptr_t)argv, err);
}

static void all_spellings(void **state)
{
	const char *argv[] = {"prism-tui",
	                      "-c",
	                      "computation list",
	                      "--command=cvm list",
	                      "-qo",
	                      "json",
	                      "-ujoe",
	                      "--url",
	                      "http://x",
	                      "--read-only",
	                      "-s",
	                      "theme=mono",
	                      "-p",
	                      "work",
	                      "--password-fd",
	                      "3"};
	struct pt_arguments a;
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(parse(&a, &err, PRISM_COUNT(argv), argv), 0);
	assert_int_equal(a.command_count, 2);
	assert_string_equal(a.commands[1], "cvm list");
	assert_string_equal(a.output, "json");
	assert_true(a.quiet);
	assert_string_equal(a.profile, "work");
	assert_int_equal(a.password_fd, 3);
	assert_int_equal(a.setting_count, 4);
	assert_string_equal(a.settings[0], "user=joe");
	assert_string_equal(a.settings[1], "url=http://x");
	assert_string_equal(a.settings[2], "read_only=yes");
	assert_string_equal(a.settings[3], "theme=mono");
	pt_arguments_finish(&a);
}

static void refused(const char *one, const char *two, const char *message)
{
	const char *argv[] = {"prism-tui", one, two};
	struct pt_arguments a;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(parse(&a, &err, two ? 3 : 2, argv), -1);
	assert_non_null(strstr(err.message, message));
	assert_true(*err.hint);
}

static void refusals(void **state)
{
	PRISM_UNUSED(state);
	refused("--comand", "x", "no option");
	refused("-Z", NULL, "no option");
	refused("-c", NULL, "needs COMMAND");
	refused("--quiet=yes", NULL, "no value");
	refused("computation", "list", "too many");
	refused("--password-fd", "x", "not a descriptor");
}

static void usage_lists_every_flag_with_help(void **state)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);

	PRISM_UNUSED(state);
	pt_flags_usage(&out);
	for (const struct pt_flag *flag = pt_flags; flag->name; flag++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", flag->name);
		if (flag->help)
			assert_non_null(strstr(prism_buf_text(&out), name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_spellings),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(usage_lists_every_flag_with_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
