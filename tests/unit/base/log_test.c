/* base/log.c: levels, escaping, the mode of the file, refusals. */
#include "base/log.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/prism-log-XXXXXX";
static char *path;

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	path = prism_path_join(dir, "log");
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	rmdir(dir);
	free(path);
	return 0;
}

static void nothing_is_written_before_open(void **state)
{
	assert_false(prism_log_enabled(PRISM_LOG_ERROR));
	prism_log(PRISM_LOG_ERROR, "test", "lost");
	prism_log_write(PRISM_LOG_ERROR, "test", "lost too");
	assert_int_equal(access(path, F_OK), -1);
}

static void lines_are_filtered_escaped_and_appended(void **state)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
	struct stat info;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(prism_log_open(path, PRISM_LOG_INFO, NULL), 0);
		prism_log(PRISM_LOG_DEBUG, "test", "hidden");
		prism_log(PRISM_LOG_WARN, "net", "esc \x1b[31m nl\n c1 \xC2\x9B end %d", i);
		prism_log_close();
	}
	assert_int_equal(prism_file_read(path, 10000, &text, NULL), 0);
	assert_null(strstr(text.data, "hidden"));
	assert_non_null(strstr(text.data, " warn net: esc \\x1b[31m nl\\x0a c1 \\xc2\\x9b end 0\n"));
	assert_non_null(strstr(text.data, "end 1\n"));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_long_line_is_cut_and_still_one_line(void **state)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
	PRISM_AUTO_FREE char *longer = prism_alloc(9000);

	memset(longer, 1, 8999);
	unlink(path);
	assert_int_equal(prism_log_open(path, PRISM_LOG_DEBUG, NULL), 0);
	prism_log(PRISM_LOG_DEBUG, "test", "%s", longer);
	prism_log_close();
	assert_int_equal(prism_file_read(path, 10000, &text, NULL), 0);
	assert_true(text.len < 4097);
	assert_ptr_equal(strchr(text.data, '\n'), text.data + text.len - 1);
}

static void a_bad_path_is_an_error(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_log_open("/nonexistent/dir/log", PRISM_LOG_INFO, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_false(prism_log_enabled(PRISM_LOG_ERROR));
}

static void level_words(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	enum prism_log_level level;

	assert_int_equal(prism_log_level_parse("debug", &level, NULL), 0);
	assert_int_equal(level, PRISM_LOG_DEBUG);
	assert_int_equal(prism_log_level_parse("loud", &level, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_written_before_open),
	    cmocka_unit_test(lines_are_filtered_escaped_and_appended),
	    cmocka_unit_test(a_long_line_is_cut_and_still_one_line),
	    cmocka_unit_test(a_bad_path_is_an_error),
	    cmocka_unit_test(level_words),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
