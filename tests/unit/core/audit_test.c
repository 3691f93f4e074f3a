/*
 * Covers core/audit.c: what a line holds, modes, rotation, several writers' lines, reading back
 * newest first, damaged lines, and a trail that is required and cannot be written.
 */
#include "core/audit.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/lib/corerun.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
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

/* As long as a server can make it: every field full of what JSON needs six bytes for. */
static void the_longest_line_is_read_back(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	char text[8192];

	memset(text, 0x01, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	record(w, text, text);
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.damaged, 0);
	assert_int_equal(log.count, 1);
	core_audit_log_finish(&log);
}

/* A long name is cut between characters, not in the middle of one. */
static void a_cut_field_is_text(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	PRISM_AUTO_BUF struct prism_buf name = PRISM_BUF_INIT(65536);

	for (unsigned shift = 0; shift < 3; shift++) {
		prism_buf_clear(&name);
		for (unsigned i = 0; i < shift; i++)
			prism_buf_putc(&name, 'x');
		while (name.len < 4000)
			prism_buf_puts(&name, "\xe2\x82\xac");
		record(w, "create", prism_buf_text(&name));
	}
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.damaged, 0);
	assert_int_equal(log.count, 3);
	for (size_t i = 0; i < log.count; i++) {
		assert_true(prism_utf8_valid(log.rows[i].object, strlen(log.rows[i].object)));
		assert_null(strstr(log.rows[i].object, "\xef\xbf\xbd")); /* nothing replaced */
		assert_in_range(strlen(log.rows[i].object), 2040, 2048);
	}
	core_audit_log_finish(&log);
}

/* The disk is full in the middle of a line: what was begun is taken back, so that the next line is
 * not lost with it. */
static void half_a_line_is_taken_back(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	struct rlimit before, small;
	struct stat st;

	record(w, "first", "");
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = (rlim_t)st.st_size + 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	record(w, "second", "");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	record(w, "third", "");
	assert_int_equal(core_audit_read(w->path, 10, &log, NULL), 0);
	assert_int_equal(log.damaged, 0);
	assert_int_equal(log.count, 2);
	assert_string_equal(log.rows[0].action, "third");
	assert_string_equal(log.rows[1].action, "first");
	core_audit_log_finish(&log);
	corerun_turns(w->run, 20);
	assert_non_null(strstr(w->run->notice, "changes are not recorded"));
}

/* In place of the C library's, for this program. */
static char logged[4096];
static int priority;

static void keep_logged(int level, const char *format, va_list args)
{
	priority = level;
	vsnprintf(logged, sizeof(logged), format, args);
}

void syslog(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep_logged(level, format, args);
	va_end(args);
}

/* What the same call becomes where compilers fortify by themselves. */
void __syslog_chk(int level, int flag, const char *format, ...);
void __syslog_chk(int level, int flag, const char *format, ...)
{
	va_list args;

	PRISM_UNUSED(flag);
	va_start(args, format);
	keep_logged(level, format, args);
	va_end(args);
}

static void syslog_gets_the_line_when_asked(void **state)
{
	struct world *w = *state;

	record(w, "silent", "");
	assert_string_equal(logged, "");
	set(w, "audit_syslog=yes");
	record(w, "told", "computation c1");
	assert_int_equal(priority, LOG_USER | LOG_NOTICE);
	assert_non_null(strstr(logged, "\"action\":\"told\""));
	assert_non_null(strstr(logged, "\"object\":\"computation c1\""));
	assert_null(strchr(logged, '\n'));
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

/* Whoever looks for a change of long ago finds it while the trail has it. */
static void every_rotated_file_is_read(void **state)
{
	struct world *w = *state;
	struct core_audit_log log;
	PRISM_AUTO_FREE char *dir = prism_path_join(w->dir, "sub");

	assert_int_equal(prism_file_mkdirs(dir, 0700, NULL), 0);
	for (int i = 0; i <= CORE_AUDIT_KEEP; i++) {
		PRISM_AUTO_FREE char *path =
		    i ? prism_asprintf("%s.%d", w->path, i) : prism_strdup(w->path);
		PRISM_AUTO_FREE char *text = prism_asprintf("{\"action\":\"of %d\"}\n", i);

		if (i != 1) /* one that somebody removed hides no other */
			assert_int_equal(prism_file_write(path, text, strlen(text), 0600, NULL), 0);
	}
	assert_int_equal(core_audit_read(w->path, 100, &log, NULL), 0);
	assert_int_equal(log.count, CORE_AUDIT_KEEP);
	assert_string_equal(log.rows[0].action, "of 0");
	assert_string_equal(log.rows[1].action, "of 2");
	assert_string_equal(log.rows[CORE_AUDIT_KEEP - 1].action, "of 5");
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
	    T(the_longest_line_is_read_back),
	    T(a_cut_field_is_text),
	    T(half_a_line_is_taken_back),
	    T(syslog_gets_the_line_when_asked),
	    T(damaged_lines_are_counted_and_passed_over),
	    T(a_full_trail_is_rotated_and_still_read),
	    T(every_rotated_file_is_read),
	    T(what_cannot_be_written_is_said_once),
	    T(required_refuses_changes_without_a_trail),
	    T(outcomes_follow_from_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
