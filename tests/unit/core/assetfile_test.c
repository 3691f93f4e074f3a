/*
 * core/assetfile.c: the file of an asset is proposed while it is there, the newest first, so many.
 */
#include "core/assetfile.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/options.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct core_options *options;
static char *dir;

static int setup(void **state)
{
	dir = tmpdir_create();
	setenv("XDG_STATE_HOME", dir, 1);
	options = core_options_create();
	return 0;
}

static int teardown(void **state)
{
	core_options_destroy(options);
	tmpdir_remove(dir);
	return 0;
}

static const char *checksum(unsigned n)
{
	static char text[2][65];
	static unsigned turn;

	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "%064x", n);
	return text[turn];
}

static char *file(const char *name)
{
	char *path = prism_path_join(dir, name);

	assert_int_equal(prism_file_write(path, "x", 1, 0600, NULL), 0);
	return path;
}

static void assert_found(unsigned n, const char *path)
{
	char *found = core_assetfile_find(options, checksum(n));

	if (path)
		assert_string_equal(found, path);
	else
		assert_null(found);
	prism_free(found);
}

static void a_noted_file_is_found_also_by_the_next_start(void **state)
{
	char *a = file("a file, with blanks"), *b = file("b");

	assert_found(1, NULL);
	core_assetfile_note(options, checksum(1), a);
	core_assetfile_note(options, checksum(2), b);
	assert_found(1, a);
	assert_found(2, b);
	assert_found(3, NULL);
	assert_int_equal(core_remember_flush(options, NULL), 0);
	core_options_destroy(options);
	options = core_options_create();
	assert_found(1, a);
	prism_free(a);
	prism_free(b);
}

static void digits_count_in_either_case_and_the_newest_path_wins(void **state)
{
	char *a = file("a"), *b = file("b");
	const char lower[] = "00000000000000000000000000000000000000000000000000000000000000ab";
	const char upper[] = "00000000000000000000000000000000000000000000000000000000000000AB";

	core_assetfile_note(options, lower, a);
	core_assetfile_note(options, upper, b);
	assert_found(0xab, b);
	assert_null(strchr(core_remembered(options, "asset.files"), '\n'));
	prism_free(a);
	prism_free(b);
}

static void a_file_that_is_gone_is_not_proposed(void **state)
{
	char *a = file("a");

	core_assetfile_note(options, checksum(1), a);
	assert_int_equal(unlink(a), 0);
	assert_found(1, NULL);
	prism_free(a);
}

static void what_is_no_checksum_or_would_break_the_line_is_not_kept(void **state)
{
	core_assetfile_note(options, "", "/etc/passwd");
	core_assetfile_note(options, "abc", "/etc/passwd");
	core_assetfile_note(options,
	                    "../../../../../../../../../../../../../../../../../../../../x/y/z/",
	                    "/etc/passwd");
	core_assetfile_note(options, checksum(1), "/etc/passwd\n/etc/shadow");
	assert_null(core_remembered(options, "asset.files"));
	core_remember(options, "asset.files", "\n\nshort\n \n/");
	assert_found(0, NULL);
}

static void a_relative_path_is_kept_from_the_root(void **state)
{
	char *a = file("a");

	assert_int_equal(chdir(dir), 0);
	core_assetfile_note(options, checksum(1), "a");
	assert_int_equal(chdir("/"), 0);
	assert_found(1, a);
	prism_free(a);
}

static void only_so_many_are_kept(void **state)
{
	char *a = file("a");

	for (unsigned i = 0; i <= CORE_ASSETFILE_MAX; i++)
		core_assetfile_note(options, checksum(i), a);
	assert_found(0, NULL);
	assert_found(1, a);
	assert_found(CORE_ASSETFILE_MAX, a);
	prism_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_noted_file_is_found_also_by_the_next_start, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(digits_count_in_either_case_and_the_newest_path_wins, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(a_file_that_is_gone_is_not_proposed, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_checksum_or_would_break_the_line_is_not_kept,
	                                    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_relative_path_is_kept_from_the_root, setup, teardown),
	    cmocka_unit_test_setup_teardown(only_so_many_are_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
