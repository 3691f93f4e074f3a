/*
 * Logs of hosts: what is run there, against a real sshd; merging by time as guests, a file that
 * grows, a session that breaks without a line lost or told twice.  Skipped where there is no sshd.
 */
#include "core/remotelog.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/sshway.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct sshway way;
	char *file;
	struct core_logstore *store;
	struct core_remotelog *log;
};

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));

	sshway_init(&w->way);
	w->file = prism_path_join(w->way.dir, "it's a log"); /* a quote, blanks */
	w->store = core_logstore_create(0, 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	core_remotelog_stop(w->log);
	sshway_finish(&w->way);
	core_logstore_destroy(w->store);
	prism_free(w->file);
	prism_free(w);
	return 0;
}

static void changed(void *data)
{
	PRISM_UNUSED(data);
}

static void begin(struct world *w, const char *extra, const char *source)
{
	struct prism_error err = PRISM_ERROR_INIT;

	w->log = core_remotelog_start(w->way.loop, sshway_begin(&w->way, extra), source, w->store,
	                              changed, w, &err);
	assert_non_null(w->log);
}

static void append(struct world *w, const char *text)
{
	int fd = open(w->file, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void until_lines(struct world *w, size_t count)
{
	for (int i = 0; i < 20000 && core_logstore_count(w->store) < count; i++)
		prism_loop_turn(w->way.loop, 20);
	assert_int_equal(core_logstore_count(w->store), count);
}

static void must_be(struct world *w, size_t at, const char *text)
{
	struct core_log_line line =
	    core_logstore_line(w->store, core_logstore_first(w->store) + (uint32_t)at);

	if (line.len != strlen(text) || memcmp(line.text, text, line.len) != 0)
		fail_msg("line %zu is \"%.*s\", not \"%s\"", at, (int)line.len, line.text, text);
}

static void merged_by_time(void **state)
{
	struct world *w = *state;
	const struct core_log_entry own[] = {
	    {.run_id = "run", .message = "first", .len = 5, .time_us = 1000000},
	    {.run_id = "run", .message = "third", .len = 5, .time_us = 3000000}};

	(void)core_logstore_merge(w->store, own, 2);
	append(w, "1970-01-01T00:00:02Z ERROR second\n"
	          "{\"time\":\"1970-01-01T00:00:04Z\",\"level\":\"INFO\",\"msg\":\"fourth\"}\n");
	begin(w, NULL, w->file);
	until_lines(w, 4);
	must_be(w, 0, "first");
	must_be(w, 1, "second");
	must_be(w, 2, "third");
	must_be(w, 3, "fourth");
	/* tagged, and no entries of the computation */
	struct core_log_line line = core_logstore_line(w->store, core_logstore_first(w->store) + 1);
	assert_string_equal(core_logstore_run(w->store, line.run), core_remotelog_tag(w->log));
	assert_int_equal(line.level, CORE_LOG_ERROR);
	assert_int_equal(core_logstore_entries(w->store), 2);
	assert_int_equal(core_logstore_entries_after(w->store, 1000000), 1);
	/* and it goes on */
	append(w, "1970-01-01T00:00:05Z INFO fifth\nno time\nno time\n");
	until_lines(w, 7);
	must_be(w, 4, "fifth");
	must_be(w, 6, "no time");
}

/* Every line exactly once, over a break in the middle of a line. */
static void breaks(void **state)
{
	struct world *w = *state;

	append(w, "1970-01-01T00:00:01Z INFO one\n1970-01-01T00:00:02Z INFO tw");
	begin(w, NULL, w->file);
	until_lines(w, 1);
	sshd_kill(w->way.sshd);
	append(w, "o\n1970-01-01T00:00:03Z INFO three\n");
	prism_loop_turn(w->way.loop, 20);
	sshd_restart(w->way.sshd);
	until_lines(w, 3);
	must_be(w, 1, "two");
	must_be(w, 2, "three");
	append(w, "1970-01-01T00:00:04Z INFO four\n");
	until_lines(w, 4);
}

static void forbidden(void **state)
{
	struct world *w = *state;
	bool final = false;

	begin(w, "MaxSessions 0\n", "/var/log/any");
	for (int i = 0; i < 20000 && !final; i++) {
		prism_loop_turn(w->way.loop, 20);
		(void)core_remotelog_error(w->log, &final);
	}
	assert_true(final);
	assert_int_equal(core_remotelog_error(w->log, &final)->category, PRISM_ERROR_DENIED);
}

#define JOURNALCTL                              \
	"exec journalctl -f --no-pager -o json -a " \
	"--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID "

static void commands(void **state)
{
	static const struct {
		const char *source, *command;
	} rows[] = {
	    {"/var/log/a b", "exec tail -n 200 -F -- '/var/log/a b'"},
	    {"/x'; reboot; '", "exec tail -n 200 -F -- '/x'\\''; reboot; '\\'''"},
	    {"cocos-manager", JOURNALCTL "-n 200 -u 'cocos-manager'"},
	    {"getty@tty1.service", JOURNALCTL "-n 200 -u 'getty@tty1.service'"},
	    {"", NULL},
	    {"-f", NULL},
	    {"a b", NULL},
	    {"x;reboot", NULL},
	    {"$(x)", NULL},
	    {"/a\nb", NULL},
	    {"relative/path", NULL},
	};
	struct prism_error err = PRISM_ERROR_INIT;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		PRISM_AUTO_FREE char *command = core_remotelog_command(rows[i].source, NULL, &err);

		if (!rows[i].command)
			assert_null(command);
		else
			assert_string_equal(command, rows[i].command);
	}
	PRISM_AUTO_FREE char *on = core_remotelog_command("unit", "s=1;i=2", &err);
	assert_string_equal(on, JOURNALCTL "-n all --after-cursor='s=1;i=2' -u 'unit'");
}

/* ---- a real journal ----
 *
 * Made by systemd-journal-remote from systemd's export format; the host's journalctl is the real
 * one, pointed at it by a script in front of it in the PATH of sshd's sessions. */

#define T0 INT64_C(1764169200123456)

static const char *journal_remote(void)
{
	static const char *const paths[] = {"/usr/lib/systemd/systemd-journal-remote",
	                                    "/lib/systemd/systemd-journal-remote"};

	for (size_t i = 0; i < PRISM_COUNT(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static const char *journal_missing(void)
{
	return access("/usr/bin/journalctl", X_OK) != 0 || !journal_remote() ? "no journalctl and "
	                                                                       "systemd-journal-remote"
	                                                                     : NULL;
}

static void entry(struct prism_buf *out, int second, const char *unit, const char *fields,
                  const char *message, size_t len)
{
	prism_buf_printf(out,
	                 "__REALTIME_TIMESTAMP=%" PRId64 "\n__MONOTONIC_TIMESTAMP=%d\n"
	                 "_BOOT_ID=0123456789abcdef0123456789abcdef\n"
	                 "_MACHINE_ID=0123456789abcdef0123456789abcdef\n"
	                 "_SYSTEMD_UNIT=%s.service\n%sMESSAGE\n",
	                 T0 + second * INT64_C(1000000), second + 1, unit, fields);
	for (unsigned i = 0; i < 8; i++)
		prism_buf_putc(out, (char)(len >> (8 * i)));
	prism_buf_put(out, message, len);
	prism_buf_puts(out, "\n\n");
}
#define ENTRY(out, second, fields, text) \
	entry(out, second, "cocos-manager", fields, text, sizeof(text) - 1)

static char *journal_dir(struct world *w)
{
	return prism_path_join(w->way.dir, "journal");
}

/* One more file of the journal, there at once. */
static void write_journal(struct world *w, const char *name, const struct prism_buf *text)
{
	PRISM_AUTO_FREE char *dir = journal_dir(w);
	PRISM_AUTO_FREE char *from = prism_asprintf("%s/%s.export", w->way.dir, name);
	PRISM_AUTO_FREE char *made = prism_asprintf("%s/%s.journal", w->way.dir, name);
	PRISM_AUTO_FREE char *to = prism_asprintf("%s/%s.journal", dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_file_write(from, text->data, text->len, 0600, &err), 0);
	sshd_tool((const char *[]){journal_remote(), "-o", made, from, NULL});
	assert_int_equal(rename(made, to), 0);
}

static void begin_journal(struct world *w, const struct prism_buf *text)
{
	PRISM_AUTO_FREE char *dir = journal_dir(w);
	PRISM_AUTO_FREE char *bin = prism_path_join(w->way.dir, "bin");
	PRISM_AUTO_FREE char *script = prism_path_join(bin, "journalctl");
	PRISM_AUTO_FREE char *lines =
	    prism_asprintf("#!/bin/sh\nexec /usr/bin/journalctl -D %s \"$@\"\n", dir);
	PRISM_AUTO_FREE char *extra = prism_asprintf("SetEnv PATH=%s:/usr/bin:/bin\n", bin);
	struct prism_error err = PRISM_ERROR_INIT;

	if (journal_missing()) {
		print_message("%s\n", journal_missing());
		skip();
	}
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkdir(bin, 0755), 0);
	assert_int_equal(prism_file_write(script, lines, strlen(lines), 0755, &err), 0);
	write_journal(w, "a", text);
	begin(w, extra, "cocos-manager");
}

static struct core_log_line line_at(struct world *w, size_t at)
{
	return core_logstore_line(w->store, core_logstore_first(w->store) + (uint32_t)at);
}

static void a_journal(void **state)
{
	struct world *w = *state;
	struct prism_buf text = PRISM_BUF_INIT(1 << 20);

	ENTRY(&text, 0, "PRIORITY=6\n", "plain");
	ENTRY(&text, 1, "PRIORITY=3\n", "one of two\ntwo of two");
	ENTRY(&text, 2, "PRIORITY=4\n", "caf\xe9 \x80\xff");
	ENTRY(&text, 3, "", "esc \033[31mred\033[0m");
	ENTRY(&text, 4, "PRIORITY=7\n", "nul \0 inside");
	entry(&text, 5, "other", "", "not of this unit", 16);
	/* its own level wins, and its own time: that of the service, not of the journal */
	ENTRY(&text, 6, "PRIORITY=6\n",
	      "{\"time\":\"2025-11-26T15:00:06.5Z\",\"level\":\"ERROR\",\"msg\":\"from slog\"}");
	ENTRY(&text, 7, "UNIT=cocos-manager.service\n_PID=1\nSYSLOG_IDENTIFIER=systemd\n", "exited");
	begin_journal(w, &text);
	until_lines(w, 8);
	must_be(w, 0, "plain");
	assert_int_equal(line_at(w, 0).level, CORE_LOG_INFO);
	assert_int_equal(line_at(w, 0).time_us, T0);
	must_be(w, 1, "one of two");
	must_be(w, 2, "two of two");
	assert_true(line_at(w, 2).continuation);
	assert_int_equal(line_at(w, 1).level, CORE_LOG_ERROR);
	must_be(w, 3, "caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd"); /* no UTF-8: said, not hidden */
	assert_int_equal(line_at(w, 3).level, CORE_LOG_WARN);
	must_be(w, 4, "esc \033[31mred\033[0m"); /* whole: the view makes it harmless */
	must_be(w, 5, "nul   inside");
	assert_int_equal(line_at(w, 5).level, CORE_LOG_DEBUG);
	must_be(w, 6, "from slog");
	assert_int_equal(line_at(w, 6).level, CORE_LOG_ERROR);
	must_be(w, 7, "systemd: exited");
	prism_buf_finish(&text);
}

/* It goes on, and behind the last entry after a break, however many there were meanwhile. */
static void a_journal_goes_on(void **state)
{
	struct world *w = *state;
	struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	const unsigned many = 3 * CORE_REMOTELOG_LINES;

	ENTRY(&text, 0, "", "first");
	begin_journal(w, &text);
	until_lines(w, 1);
	prism_buf_clear(&text);
	ENTRY(&text, 1, "", "second");
	write_journal(w, "b", &text);
	until_lines(w, 2);
	sshd_kill(w->way.sshd);
	prism_buf_clear(&text);
	for (unsigned i = 0; i < many; i++)
		ENTRY(&text, 2 + (int)i, "", "the same again");
	write_journal(w, "c", &text);
	prism_loop_turn(w->way.loop, 20);
	sshd_restart(w->way.sshd);
	until_lines(w, 2 + many);
	must_be(w, 0, "first");
	must_be(w, 1, "second");
	assert_int_equal(line_at(w, 1 + many).time_us, T0 + (1 + many) * INT64_C(1000000));
	prism_buf_finish(&text);
}

/* One that is too long to be shown is said, and the next one is read. */
static void a_long_entry(void **state)
{
	struct world *w = *state;
	struct prism_buf text = PRISM_BUF_INIT(32 << 20);
	size_t huge = 3u << 20;
	PRISM_AUTO_FREE char *message = prism_alloc(huge);

	memset(message, '\033', huge);
	entry(&text, 0, "cocos-manager", "", message, huge);
	memset(message, 'x', huge);
	entry(&text, 1, "cocos-manager", "", message, 3 * CORE_LOG_LINE);
	ENTRY(&text, 2, "", "next");
	begin_journal(w, &text);
	until_lines(w, 3);
	must_be(w, 1, "next"); /* the note has the time it came */
	must_be(w, 2, "an entry of the journal is too long and was left out");
	assert_true(line_at(w, 0).len > CORE_LOG_LINE - 100);
	prism_buf_finish(&text);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ONE(merged_by_time),        ONE(breaks),    ONE(forbidden),
	    cmocka_unit_test(commands), ONE(a_journal), ONE(a_journal_goes_on),
	    ONE(a_long_entry),
	};

	return cmocka_run_group_tests_name("remotelog", tests, NULL, NULL);
}
