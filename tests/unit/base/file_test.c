/* base/file.c: capped reads, atomic writes, what is refused, directories. */
#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int setup(void **state)
{
	memcpy(dir, "/tmp/prism-file-XXXXXX", 23);
	return mkdtemp(dir) ? 0 : -1;
}

static int files_in(const char *where)
{
	DIR *d = opendir(where);
	int count = 0;

	for (struct dirent *entry; (entry = readdir(d));)
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
}

static int teardown(void **state)
{
	static const char *const names[] = {"a", "link", "fifo", "x/y/z", "x/y", "x"};

	for (size_t i = 0; i < PRISM_COUNT(names); i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, names[i]);
		if (unlink(path) < 0)
			rmdir(path);
	}
	return rmdir(dir);
}

static void written_is_read_back_with_its_mode(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "a");
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(0);
	struct stat info;

	assert_int_equal(prism_file_write(path, "old", 3, 0600, NULL), 0);
	assert_int_equal(prism_file_write(path, "hello\0x", 7, 0600, NULL), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(prism_file_read(path, 7, &data, NULL), 0);
	assert_int_equal(data.len, 7);
	assert_memory_equal(data.data, "hello\0x", 7);
	assert_int_equal(files_in(dir), 1);
}

static void a_larger_file_than_the_cap_is_refused(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "a");
	struct prism_buf data;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(path, "12345", 5, 0644, NULL), 0);
	assert_int_equal(prism_file_read(path, 4, &data, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	assert_null(data.data);
	assert_int_equal(prism_file_read("/proc/self/maps", 4, &data, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
	PRISM_AUTO_FREE char *fifo = prism_path_join(dir, "fifo");
	struct prism_buf data;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(prism_file_read(fifo, 100, &data, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(prism_file_read(dir, 100, &data, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(prism_file_read("/nonexistent", 100, &data, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_int_equal(prism_file_write(fifo, "x", 1, 0600, &err), -1);
	assert_int_equal(prism_file_write("/dev/null", "x", 1, 0600, &err), -1);
	assert_int_equal(prism_file_write(dir, "x", 1, 0600, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(prism_file_write("", "x", 1, 0600, &err), -1);
}

static void nothing_appears_before_commit(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "a");
	struct prism_file_writer *w = prism_file_writer_create(path, 0600, NULL);

	assert_non_null(w);
	assert_int_equal(prism_file_writer_write(w, "ab", 2, NULL), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(prism_file_writer_write(w, "cd", 2, NULL), 0);
	assert_int_equal(prism_file_writer_commit(w, NULL), 0);
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(0);
	assert_int_equal(prism_file_read(path, 10, &data, NULL), 0);
	assert_string_equal(data.data, "abcd");
}

static void discard_leaves_nothing(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "a");
	struct prism_file_writer *w = prism_file_writer_create(path, 0600, NULL);

	assert_int_equal(prism_file_writer_write(w, "ab", 2, NULL), 0);
	prism_file_writer_discard(w);
	prism_file_writer_discard(NULL);
	assert_int_equal(files_in(dir), 0);
}

static void a_link_stays_a_link(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "a"), *link = prism_path_join(dir, "link");
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(0);
	struct stat info;

	assert_int_equal(prism_file_write(path, "1", 1, 0600, NULL), 0);
	assert_int_equal(symlink("a", link), 0);
	assert_int_equal(prism_file_write(link, "2", 1, 0600, NULL), 0);
	assert_int_equal(lstat(link, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(prism_file_read(path, 10, &data, NULL), 0);
	assert_string_equal(data.data, "2");
}

static void a_missing_directory_is_an_error(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "none/a");
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(prism_file_writer_create(path, 0600, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
}

static void directories_are_made_with_their_parents(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "x//y/z"), *file = prism_path_join(dir, "a");
	PRISM_AUTO_FREE char *under = prism_path_join(dir, "a/b");
	struct prism_error err = PRISM_ERROR_INIT;
	struct stat info;

	assert_int_equal(prism_file_mkdirs(path, 0700, NULL), 0);
	assert_int_equal(prism_file_mkdirs(path, 0700, NULL), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(prism_file_write(file, "", 0, 0600, NULL), 0);
	assert_int_equal(prism_file_mkdirs(under, 0700, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_CONFLICT);
	assert_int_equal(prism_file_mkdirs("", 0700, &err), -1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(written_is_read_back_with_its_mode),
	    T(a_larger_file_than_the_cap_is_refused),
	    T(what_is_no_regular_file_is_refused_at_once),
	    T(nothing_appears_before_commit),
	    T(discard_leaves_nothing),
	    T(a_link_stays_a_link),
	    T(a_missing_directory_is_an_error),
	    T(directories_are_made_with_their_parents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
