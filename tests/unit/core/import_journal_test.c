/* core/import_journal.c: what was written is read back, cut lines are not, one at a time. */
#include "core/import_journal.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct core_journal_key key = {"sum", "https://x", "w", "u", "a.json"};

static struct core_journal *open_it(const char *dir, enum core_journal_mode mode)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_journal *journal = core_journal_open(dir, &key, mode, &err);

	if (!journal)
		fail_msg("%s", err.message);
	return journal;
}

static char *path_of(const char *dir)
{
	DIR *all = opendir(dir);
	char *path = NULL;

	for (struct dirent *item; (item = readdir(all));)
		if (item->d_name[0] != '.')
			path = prism_path_join(dir, item->d_name);
	closedir(all);
	return path;
}

static void what_was_written_is_read_back(void **state)
{
	static const char *const known[] = {"k1", "k2"}, *const lent[] = {"algo_provider"};
	struct core_journal *j = open_it(*state, CORE_JOURNAL_GO_ON);
	const struct core_journal_entry *entry;
	struct stat info;

	assert_true(core_journal_fresh(j));
	assert_int_equal(core_journal_begin(j, 2, known, 2, NULL), 0);
	assert_int_equal(core_journal_begin(j, 3, NULL, 0, NULL), 0);
	assert_int_equal(core_journal_created(j, 3, "id3", NULL), 0);
	assert_int_equal(core_journal_granted(j, 3, "r", lent, 1, NULL), 0);
	assert_int_equal(core_journal_begin(j, 4, NULL, 0, NULL), 0);
	assert_int_equal(core_journal_done(j, 4, false, NULL), 0);
	core_journal_close(j);
	j = open_it(*state, CORE_JOURNAL_LOOK);
	assert_false(core_journal_fresh(j));
	assert_false(core_journal_ended(j));
	assert_null(core_journal_entry(j, 0));
	assert_null(core_journal_entry(j, 99));
	entry = core_journal_entry(j, 2);
	assert_true(entry->begun && !entry->id && !entry->done);
	assert_string_equal(entry->known[1], "k2");
	entry = core_journal_entry(j, 3);
	assert_string_equal(entry->id, "id3");
	assert_string_equal(entry->granted[0], "algo_provider");
	entry = core_journal_entry(j, 4);
	assert_true(entry->done && !entry->ok);
	assert_int_equal(core_journal_end(j, NULL), 0);
	assert_true(core_journal_ended(j));
	core_journal_close(j);
	PRISM_AUTO_FREE char *path = path_of(*state);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_line_that_was_cut_off_is_not_there(void **state)
{
	struct core_journal *j = open_it(*state, CORE_JOURNAL_GO_ON);

	assert_int_equal(core_journal_begin(j, 0, NULL, 0, NULL), 0);
	core_journal_close(j);
	PRISM_AUTO_FREE char *path = path_of(*state);
	int fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "{\"created\":0,\"id\":\"x", 20), 20);
	close(fd);
	j = open_it(*state, CORE_JOURNAL_GO_ON);
	assert_null(core_journal_entry(j, 0)->id);
	assert_int_equal(core_journal_created(j, 0, "y", NULL), 0);
	core_journal_close(j);
	j = open_it(*state, CORE_JOURNAL_LOOK);
	assert_string_equal(core_journal_entry(j, 0)->id, "y");
	core_journal_close(j);
}

static void one_import_of_a_file_at_a_time(void **state)
{
	struct core_journal *j = open_it(*state, CORE_JOURNAL_GO_ON);
	struct core_journal_key other = key;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(core_journal_open(*state, &key, CORE_JOURNAL_GO_ON, &err));
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	other.workspace = "another";
	struct core_journal *second = core_journal_open(*state, &other, CORE_JOURNAL_GO_ON, NULL);
	assert_non_null(second);
	core_journal_close(second);
	core_journal_close(j);
}

static void looking_makes_nothing_and_anew_forgets(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(core_journal_open(*state, &key, CORE_JOURNAL_LOOK, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_null(path_of(*state));
	struct core_journal *j = open_it(*state, CORE_JOURNAL_GO_ON);
	assert_int_equal(core_journal_created(j, 0, "y", NULL), 0);
	core_journal_close(j);
	j = open_it(*state, CORE_JOURNAL_ANEW);
	assert_true(core_journal_fresh(j));
	assert_int_equal(strlen(core_journal_time(j)), 20);
	core_journal_close(j);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_written_is_read_back),
	    TEST(a_line_that_was_cut_off_is_not_there),
	    TEST(one_import_of_a_file_at_a_time),
	    TEST(looking_makes_nothing_and_anew_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
