/* core/logsave.c: both formats read back as they were, only what passes is saved, cancelling. */
#include "core/logfile.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir;
static struct prism_loop *loop;
static struct core_logstore *store;
static struct core_logview *view;
static size_t saved;
static enum prism_error_category category;
static unsigned calls;

static int setup(void **state)
{
	dir = tmpdir_create();
	loop = prism_loop_create(prism_clock_system());
	store = core_logstore_create(0, 0);
	view = core_logview_create(store, NULL, NULL, NULL);
	calls = 0;
	return 0;
}

static int teardown(void **state)
{
	core_logview_destroy(view);
	core_logstore_destroy(store);
	prism_loop_destroy(loop);
	tmpdir_remove(dir);
	return 0;
}

static void done(void *data, size_t lines, const struct prism_error *err)
{
	saved = lines;
	category = err ? err->category : PRISM_ERROR_NONE;
	calls++;
}

static void append(const char *message, const char *level, const char *run, int64_t time_us)
{
	const struct core_log_entry e = {.run_id = run,
	                                 .level = level,
	                                 .message = message,
	                                 .len = strlen(message),
	                                 .time_us = time_us};

	core_logstore_append(store, &e);
}

static char *save(const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);
	struct prism_buf data;

	assert_int_equal(core_logfile_save(view, loop, path, NULL, done, NULL, NULL), 0);
	assert_int_equal(calls, 0);
	while (calls == 0)
		prism_loop_turn(loop, -1);
	assert_int_equal(category, PRISM_ERROR_NONE);
	calls = 0;
	assert_int_equal(prism_file_read(path, 100 << 20, &data, NULL), 0);
	return prism_buf_take(&data, NULL);
}

static void sample(void)
{
	append("hello \x1b[31m \"q\" \xE2\x80\xAE", "warn", "run-1", INT64_C(1762956001654562));
	append("first\nsecond", "error", "run-1", INT64_C(1762956002000000));
	append("plain", NULL, NULL, INT64_C(1762956003000000));
}

static void text_is_readable_and_harmless(void **state)
{
	sample();
	PRISM_AUTO_FREE char *text = save("a.log");
	assert_int_equal(saved, 4);
	assert_string_equal(
	    text, "2025-11-12T14:00:01.654562Z WARN  [run-1] hello \xE2\x90\x9B[31m \"q\" <U+202E>\n"
	          "2025-11-12T14:00:02.000000Z ERROR [run-1] first\n"
	          "second\n"
	          "2025-11-12T14:00:03.000000Z plain\n");
}

static void json_lines_keep_everything(void **state)
{
	sample();
	PRISM_AUTO_FREE char *text = save("a.jsonl");
	assert_string_equal(
	    text,
	    "{\"timestamp\":\"2025-11-12T14:00:01.654562Z\",\"level\":\"warn\",\"run_id\":\"run-1\","
	    "\"message\":\"hello \\u001b[31m \\\"q\\\" \\u202e\"}\n"
	    "{\"timestamp\":\"2025-11-12T14:00:02.000000Z\",\"level\":\"error\",\"run_id\":\"run-1\","
	    "\"message\":\"first\\nsecond\"}\n"
	    "{\"timestamp\":\"2025-11-12T14:00:03.000000Z\",\"message\":\"plain\"}\n");
	struct core_logstore *again = core_logstore_create(0, 0);
	for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1)
		core_logfile_read_line(again, p, (size_t)(end - p));
	assert_int_equal(core_logstore_count(again), core_logstore_count(store));
	for (uint32_t i = 0; i < core_logstore_count(store); i++) {
		struct core_log_line a = core_logstore_line(store, core_logstore_first(store) + i);
		struct core_log_line b = core_logstore_line(again, core_logstore_first(again) + i);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.text, b.text, a.len);
		assert_true(a.time_us == b.time_us && a.level == b.level && a.run == b.run &&
		            a.continuation == b.continuation);
	}
	core_logstore_destroy(again);
}

static void only_what_passes_is_saved(void **state)
{
	struct core_log_filter filter = CORE_LOG_FILTER_ALL;

	sample();
	filter.levels = 1u << CORE_LOG_ERROR;
	assert_int_equal(core_logview_filter(view, &filter, NULL), 0);
	core_logview_work(view, -1);
	PRISM_AUTO_FREE char *text = save("a.txt");
	assert_string_equal(text, "2025-11-12T14:00:02.000000Z ERROR [run-1] first\nsecond\n");
	filter.levels = 1u << CORE_LOG_DEBUG;
	assert_int_equal(core_logview_filter(view, &filter, NULL), 0);
	core_logview_work(view, -1);
	PRISM_AUTO_FREE char *nothing = save("b.jsonl");
	assert_string_equal(nothing, "");
}

static void many_lines_go_in_slices_while_more_arrive(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "many.log");
	struct prism_buf data;
	char text[64];

	for (int i = 0; i < 60000; i++) {
		snprintf(text, sizeof(text), "line %d with some text to make it long enough", i);
		append(text, "info", NULL, i);
	}
	assert_int_equal(core_logfile_save(view, loop, path, NULL, done, NULL, NULL), 0);
	for (unsigned turns = 0; calls == 0; turns++) {
		append("came later", "info", NULL, 70000 + turns);
		prism_loop_turn(loop, 0);
	}
	assert_int_equal(saved, 60000);
	assert_int_equal(prism_file_read(path, 100 << 20, &data, NULL), 0);
	assert_null(strstr(data.data, "came later"));
	assert_non_null(strstr(data.data, "line 59999 "));
	prism_buf_finish(&data);
}

static void a_cancelled_save_leaves_nothing(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, "c.log");
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	sample();
	assert_int_equal(core_logfile_save(view, loop, path, cancel, done, NULL, NULL), 0);
	prism_cancel_destroy(cancel);
	while (calls == 0)
		prism_loop_turn(loop, -1);
	assert_int_equal(category, PRISM_ERROR_CANCELLED);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_bad_place_is_refused_at_once(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_logfile_save(view, loop, "/nonexistent/x", NULL, done, NULL, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_MISSING);
	assert_int_equal(calls, 0);
}

static void formats_go_by_the_name(void **state)
{
	assert_true(core_logfile_is_json("a.jsonl"));
	assert_true(core_logfile_is_json("A.JSON"));
	assert_true(core_logfile_is_json("x.ndjson"));
	assert_false(core_logfile_is_json("a.log"));
	assert_false(core_logfile_is_json("jsonl"));
	assert_false(core_logfile_is_json(".json"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(text_is_readable_and_harmless),   T(json_lines_keep_everything),
	    T(only_what_passes_is_saved),       T(many_lines_go_in_slices_while_more_arrive),
	    T(a_cancelled_save_leaves_nothing), T(a_bad_place_is_refused_at_once),
	    T(formats_go_by_the_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
