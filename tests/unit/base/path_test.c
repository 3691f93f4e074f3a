/* base/path.c: joining, expanding, base directories, safe names. */
#include "base/file.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(char *got, const char *want)
{
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void joining(void **state)
{
	expect(prism_path_join("/a", "b"), "/a/b");
	expect(prism_path_join("/a/", "b"), "/a/b");
	expect(prism_path_join("", "b"), "b");
	expect(prism_path_join(NULL, "b"), "b");
	expect(prism_path_join("/a", "/b"), "/b");
}

static void base_name(void **state)
{
	assert_string_equal(prism_path_base("/a/b.zip"), "b.zip");
	assert_string_equal(prism_path_base("b.zip"), "b.zip");
	assert_string_equal(prism_path_base("/a/"), "");
}

static void tilde(void **state)
{
	setenv("HOME", "/home/sample", 1);
	expect(prism_path_expand("~"), "/home/sample");
	expect(prism_path_expand("~/x"), "/home/sample/x");
	expect(prism_path_expand("a/~"), "a/~");
	expect(prism_path_expand("~no-such-user-here/x"), "~no-such-user-here/x");
}

static void the_home_directory_is_shortened(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {{"/h/ada", "~"}, {"/h/ada/x", "~/x"}, {"/h/adam", "/h/adam"}, {"/x", "/x"}};
	PRISM_AUTO_FREE char *before = prism_strdup(getenv("HOME"));

	PRISM_UNUSED(state);
	setenv("HOME", "/h/ada", 1);
	for (size_t i = 0; i < PRISM_COUNT(cases); i++) {
		PRISM_AUTO_FREE char *is = prism_path_shorten(cases[i].path);
		assert_string_equal(is, cases[i].want);
	}
	setenv("HOME", "/", 1); /* everything would be "~" */
	PRISM_AUTO_FREE char *root = prism_path_shorten("/x");
	assert_string_equal(root, "/x");
	if (before)
		setenv("HOME", before, 1);
}

static void base_directories(void **state)
{
	setenv("HOME", "/home/sample", 1);
	setenv("XDG_CONFIG_HOME", "/etc/mine", 1);
	setenv("XDG_STATE_HOME", "relative", 1); /* must be ignored */
	unsetenv("XDG_CACHE_HOME");
	expect(prism_path_config("config"), "/etc/mine/prism-tui/config");
	expect(prism_path_config(NULL), "/etc/mine/prism-tui");
	expect(prism_path_state("log"), "/home/sample/.local/state/prism-tui/log");
	expect(prism_path_cache(""), "/home/sample/.cache/prism-tui");
}

static void safe_names(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/", "a\nb", "\x7f", "\x1b[0m"};

	assert_true(prism_path_safe_name("result.zip"));
	assert_true(prism_path_safe_name("..."));
	assert_false(prism_path_safe_name(NULL));
	for (size_t i = 0; i < PRISM_COUNT(bad); i++)
		assert_false(prism_path_safe_name(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(joining),    cmocka_unit_test(base_name),
	    cmocka_unit_test(tilde),      cmocka_unit_test(base_directories),
	    cmocka_unit_test(safe_names), cmocka_unit_test(the_home_directory_is_shortened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
