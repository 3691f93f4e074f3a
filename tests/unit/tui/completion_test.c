/* tui/completion.c: file names. */
#include "base/file.h"
#include "base/mem.h"
#include "tui/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static void make_file(const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, "x", 1, 0600, &err), 0);
}

static int setup(void **state)
{
	PRISM_AUTO_FREE char *sub = NULL;

	snprintf(dir, sizeof(dir), "/tmp/prism-complete-XXXXXX");
	assert_non_null(mkdtemp(dir));
	sub = prism_path_join(dir, "data");
	mkdir(sub, 0700);
	make_file("algo.py");
	make_file("algo2.py");
	make_file("data/iris.csv");
	make_file(".hidden");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"algo.py", "algo2.py", "data/iris.csv", ".hidden", "data"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, names[i]);

		remove(path);
	}
	rmdir(dir);
	return 0;
}

/* Candidates for dir/typed, without dir, separated by spaces. */
static void expect(const char *typed, const char *names)
{
	PRISM_AUTO_FREE char *text = prism_asprintf("%s/%s", dir, typed);
	PRISM_AUTO_BUF struct prism_buf seen = PRISM_BUF_INIT(65536);
	struct pt_completion found = {0};

	pt_complete_path(NULL, text, strlen(text), &found);
	for (size_t i = 0; i < found.count; i++) {
		assert_int_equal(strncmp(found.items[i], dir, strlen(dir)), 0);
		prism_buf_printf(&seen, "%s%s", i ? " " : "", found.items[i] + strlen(dir) + 1);
	}
	assert_string_equal(prism_buf_text(&seen), names);
	assert_int_equal(found.start, 0);
	assert_int_equal(found.end, strlen(text));
	pt_completion_clear(&found);
	assert_int_equal(found.count, 0);
}

static void names_in_a_directory(void **state)
{
	expect("", "algo.py algo2.py data/");
	expect("al", "algo.py algo2.py");
	expect("algo2", "algo2.py");
	expect("da", "data/");
	expect("data/", "data/iris.csv");
	expect(".h", ".hidden");
}

static void nothing_there(void **state)
{
	expect("zz", "");
	expect("no/such/place", "");
}

static void only_what_is_before_the_cursor_counts(void **state)
{
	PRISM_AUTO_FREE char *text = prism_asprintf("%s/algoXYZ", dir);
	struct pt_completion found = {0};

	pt_complete_path(NULL, text, strlen(text) - 3, &found);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.end, strlen(text) - 3);
	pt_completion_clear(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(names_in_a_directory, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_there, setup, teardown),
	    cmocka_unit_test_setup_teardown(only_what_is_before_the_cursor_counts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
