/*
 * core/logfile.c: what lines mean, reading whole and in pieces, following growth, truncation and
 * rotation, refusals.
 */
#include "core/logfile.h"

#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir, *path;
static struct prism_loop *loop;
static struct core_logstore *store;
static unsigned told;

static int setup(void **state)
{
	dir = tmpdir_create();
	path = prism_asprintf("%s/a.log", dir);
	loop = prism_loop_create(prism_clock_system());
	store = core_logstore_create(0, 0);
	told = 0;
	return 0;
}

static int teardown(void **state)
{
	core_logstore_destroy(store);
	prism_loop_destroy(loop);
	tmpdir_remove(dir);
	prism_free(path);
	return 0;
}

static void changed(void *data)
{
	told++;
}

static void put(const char *mode, const char *text)
{
	FILE *out = fopen(path, mode);

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static struct core_log_line line(size_t index)
{
	return core_logstore_line(store, core_logstore_first(store) + (uint32_t)index);
}

static void expect(size_t index, const char *text)
{
	struct core_log_line l = line(index);

	assert_int_equal(l.len, strlen(text));
	assert_memory_equal(l.text, text, l.len);
}

static struct core_logfile *open_file(void)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_logfile *file = core_logfile_open(loop, path, store, changed, NULL, &err);

	if (!file)
		fail_msg("%s", err.message);
	return file;
}

/* Turns until so many lines are there; the test program's deadline ends it otherwise. */
static void until(size_t lines)
{
	while (core_logstore_count(store) < lines)
		prism_loop_turn(loop, -1);
}

static void idle(void)
{
	while (prism_loop_turn(loop, 0))
		;
}

static void read_line(const char *text)
{
	core_logfile_read_line(store, text, strlen(text));
}

static void lines_are_understood(void **state)
{
	read_line("2025-11-12T14:00:01.654562Z WARN  [run-7] it took long");
	read_line("2025-11-12T14:00:02Z info no run [here]");
	read_line("2025-11-12T14:00:03Z no level at all");
	read_line("  continued");
	read_line("{\"timestamp\":\"2025-11-12T14:00:04Z\",\"level\":\"error\",\"run_id\":\"r\","
	          "\"message\":\"a\\nb\"}");
	read_line("{\"time\":\"2025-11-12T14:00:05Z\",\"msg\":\"slog\"}");
	read_line("{not json");
	expect(0, "it took long");
	assert_true(line(0).time_us == INT64_C(1762956001654562));
	assert_int_equal(line(0).level, CORE_LOG_WARN);
	assert_string_equal(core_logstore_run(store, line(0).run), "run-7");
	expect(1, "no run [here]");
	assert_int_equal(line(1).level, CORE_LOG_INFO);
	assert_int_equal(line(1).run, 0);
	expect(2, "no level at all");
	expect(3, "  continued");
	assert_true(line(3).continuation);
	expect(4, "a");
	expect(5, "b");
	assert_true(line(5).continuation);
	assert_int_equal(line(4).level, CORE_LOG_ERROR);
	expect(6, "slog");
	assert_true(line(6).time_us == INT64_C(1762956005000000));
	expect(7, "{not json");
}

static void a_file_is_read_with_its_unfinished_last_line(void **state)
{
	put("w", "one\ntwo\r\n\nlast");
	struct core_logfile *file = open_file();

	assert_int_equal(core_logstore_count(store), 0); /* nothing from inside open */
	until(4);
	expect(1, "two");
	expect(2, "");
	expect(3, "last");
	assert_true(told > 0);
	assert_int_equal(core_logfile_progress(file), 100);
	assert_false(core_logfile_loading(file));
	assert_null(core_logfile_error(file));
	core_logfile_close(file);
	core_logfile_close(NULL);
}

static void growth_is_followed_only_when_asked(void **state)
{
	put("w", "one\n");
	struct core_logfile *file = open_file();

	until(1);
	put("a", "two\n");
	idle();
	assert_int_equal(core_logstore_count(store), 1);
	core_logfile_follow(file, true);
	until(2);
	put("a", "thr");
	put("a", "ee\nfour\n");
	until(4);
	expect(2, "three");
	core_logfile_follow(file, false);
	idle();
	put("a", "five\n");
	idle();
	assert_int_equal(core_logstore_count(store), 4);
	core_logfile_close(file);
}

static void a_file_begun_anew_is_read_from_its_start(void **state)
{
	put("w", "one\ntwo\nthree\n");
	struct core_logfile *file = open_file();

	core_logfile_follow(file, true);
	until(3);
	put("w", "new\n");
	until(4);
	expect(3, "new");
	core_logfile_close(file);
}

static void a_rotated_file_is_found_again(void **state)
{
	PRISM_AUTO_FREE char *old = prism_asprintf("%s.1", path);

	put("w", "one\n");
	struct core_logfile *file = open_file();
	core_logfile_follow(file, true);
	until(1);
	assert_int_equal(rename(path, old), 0);
	put("w", "two\n");
	until(2);
	expect(1, "two");
	core_logfile_close(file);
}

static void a_line_without_end_is_not_waited_for_for_ever(void **state)
{
	size_t size = 3u << 20;
	PRISM_AUTO_FREE char *text = prism_alloc(size + 1);

	memset(text, 'x', size);
	put("w", text);
	struct core_logfile *file = open_file();
	core_logfile_follow(file, true);
	until(2);
	assert_true(line(0).len <= CORE_LOG_LINE);
	core_logfile_close(file);
}

static void what_is_no_file_is_refused(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_null(core_logfile_open(loop, path, store, changed, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_null(core_logfile_open(loop, dir, store, changed, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(core_logfile_open(loop, path, store, changed, NULL, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(lines_are_understood),
	    T(a_file_is_read_with_its_unfinished_last_line),
	    T(growth_is_followed_only_when_asked),
	    T(a_file_begun_anew_is_read_from_its_start),
	    T(a_rotated_file_is_found_again),
	    T(a_line_without_end_is_not_waited_for_for_ever),
	    T(what_is_no_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
