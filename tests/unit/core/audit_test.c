/*
 * Covers core/audit.c: what a line holds, modes, rotation, several writers' lines, reading back
 * newest first, damaged lines, and a trail that is required and cannot be written.
 */
#include "core/audit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/lib/corerun.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct corerun *run;
	char *dir, *path;
};

static void set(struct world *w, const char *assignment)
{
	assert_int_equal(core_options_assign(w->run->options, assignment, NULL), 0);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	w->dir = tmpdir_create();
	w->path = prism_path_join(w->dir, "sub/trail");
	w->run = corerun_open("https://prism.example", NULL);
	PRISM_AUTO_FREE char *file = prism_asprintf("audit_file=%s", w->path);
	set(w, file);
	set(w, "audit=on");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	corerun_close(w->run);
	tmpdir_remove(w->dir);
	prism_free(w->path);
	prism_free(w);
	return 0;
}

static void record(struct world *w, const char *action, const char *object)
{
	struct core_audit_entry entry = {
	    .action = action, .object = object, .outcome = CORE_AUDIT_DONE, .status = 201};

	core_audit_write(w->run->core, &entry);
}

static void a_line_holds_who_what_and_how_it_ended(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	struct stat st;

	record(w, "run the computation", "computation c1");
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.count, 1);
	assert_string_equal(log.rows[0].action, "run the computation");
	assert_string_equal(log.rows[0].object, "computation c1");
	assert_string_equal(log.rows[0].outcome, "done");
	assert_string_equal(log.rows[0].server, "https://prism.example");
	assert_string_equal(log.rows[0].profile, "default");
	assert_int_equal(log.rows[0].status, 201);
	assert_true(log.rows[0].wall_us > 0);
	core_audit_log_finish(&log);
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void newest_first_and_no_more_than_asked(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;

	record(w, "one", "a");
	record(w, "two", "b");
	record(w, "three", "c");
	assert_int_equal(core_audit_read(w->path, 2, &log, NULL), 0);
	assert_int_equal(log.count, 2);
	assert_string_equal(log.rows[0].action, "three");
	assert_string_equal(log.rows[1].action, "two");
	core_audit_log_finish(&log);
}

static void a_missing_trail_is_empty(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;

	assert_int_equal(core_audit_read(w->path, 2, &log, NULL), 0);
	assert_int_equal(log.count, 0);
	core_audit_log_finish(&log);
}

static void off_writes_nothing(void **state)
{
	struct world *w = *state;

	set(w, "audit=off");
	record(w, "one", "a");
	assert_int_not_equal(access(w->path, F_OK), 0);
}

static void line_breaks_cannot_forge_a_line(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;

	record(w, "one\n{\"action\":\"forged\"}", "a\r\nb\x1b[31m");
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.damaged, 0);
	core_audit_log_finish(&log);
}

static void damaged_lines_are_counted_and_passed_over(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	static const char text[] =
	    "{\"action\":\"first\"}\nnot JSON\n\n{\"action\":\"second\"}\n{\"cut";

	PRISM_AUTO_FREE char *dir = prism_path_join(w->dir, "sub");
	assert_int_equal(prism_file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(prism_file_write(w->path, text, strlen(text), 0600, NULL), 0);
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.count, 2);
	assert_string_equal(log.rows[0].action, "second");
	assert_int_equal(log.damaged, 2);
	core_audit_log_finish(&log);
}

static void a_full_trail_is_rotated_and_still_read(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	PRISM_AUTO_FREE char *older = prism_asprintf("%s.1", w->path);
	PRISM_AUTO_FREE char *oldest = prism_asprintf("%s.%d", w->path, CORE_AUDIT_KEEP);
	PRISM_AUTO_FREE char *beyond = prism_asprintf("%s.%d", w->path, CORE_AUDIT_KEEP + 1);

	record(w, "before", "a");
	for (int i = 0; i < CORE_AUDIT_KEEP + 2; i++) {
		assert_int_equal(truncate(w->path, (off_t)CORE_AUDIT_BYTES), 0);
		record(w, "after", "b");
	}
	assert_int_equal(access(older, F_OK), 0);
	assert_int_equal(access(oldest, F_OK), 0);
	assert_int_not_equal(access(beyond, F_OK), 0);
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_true(log.count >= 1);
	assert_string_equal(log.rows[0].action, "after");
	core_audit_log_finish(&log);
}

static void what_cannot_be_written_is_said_once(void **state)
{
	struct world *w = *state;

	set(w, "audit_file=/dev/null/trail");
	corerun_close(w->run);
	w->run = corerun_open("https://prism.example", NULL);
	set(w, "audit=on");
	set(w, "audit_file=/dev/null/trail");
	record(w, "one", "a");
	record(w, "two", "a");
	corerun_turns(w->run, 20);
	assert_int_equal(w->run->events[CORE_EVENT_NOTICE], 1);
	assert_non_null(strstr(w->run->notice, "audit trail"));
}

static void required_refuses_changes_without_a_trail(void **state)
{
	struct world *w = *state;
	struct prism_error err = PRISM_ERROR_INIT;

	set(w, "audit=required");
	assert_int_equal(core_audit_ready(w->run->core, &err), 0);
	corerun_close(w->run);
	w->run = corerun_open("https://prism.example", NULL);
	set(w, "audit=required");
	set(w, "audit_file=/dev/null/trail");
	assert_int_equal(core_audit_ready(w->run->core, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_IO);
	assert_non_null(strstr(err.message, "nothing is changed"));
}

static void outcomes_follow_from_the_answer(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	assert_int_equal(core_audit_judge(NULL), CORE_AUDIT_DONE);
	prism_error_raise(&err, PRISM_ERROR_DENIED, "no");
	err.status = 403;
	assert_int_equal(core_audit_judge(&err), CORE_AUDIT_REFUSED);
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_TIMEOUT, "silence");
	assert_int_equal(core_audit_judge(&err), CORE_AUDIT_UNCLEAR);
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_INTERNAL, "server error");
	err.status = 502;
	assert_int_equal(core_audit_judge(&err), CORE_AUDIT_UNCLEAR);
	prism_error_clear(&err);
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	assert_int_equal(core_audit_judge(&err), CORE_AUDIT_CANCELLED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_line_holds_who_what_and_how_it_ended),
	    T(newest_first_and_no_more_than_asked),
	    T(a_missing_trail_is_empty),
	    T(off_writes_nothing),
	    T(line_breaks_cannot_forge_a_line),
	    T(damaged_lines_are_counted_and_passed_over),
	    T(a_full_trail_is_rotated_and_still_read),
	    T(what_cannot_be_written_is_said_once),
	    T(required_refuses_changes_without_a_trail),
	    T(outcomes_follow_from_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
