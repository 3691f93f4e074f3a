/*
 * core/journal.c: entries as journalctl writes them, and lines that are none.  Against the real
 * one: tests/unit/core/remotelog_test.c.
 */
#include "core/journal.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define AT "{\"__REALTIME_TIMESTAMP\":\"1764169200123456\","

static void entries(void **state)
{
	static const struct {
		const char *line, *level, *text, *cursor;
	} rows[] = {
	    {AT "\"__CURSOR\":\"s=1\",\"PRIORITY\":\"6\",\"MESSAGE\":\"a\\nb\"}", "INFO", "a\nb",
	     "s=1"},
	    {AT "\"PRIORITY\":\"0\",\"MESSAGE\":\"x\"}", "ERROR", "x", ""},
	    {AT "\"PRIORITY\":\"3\",\"MESSAGE\":\"x\"}", "ERROR", "x", ""},
	    {AT "\"PRIORITY\":\"4\",\"MESSAGE\":\"x\"}", "WARN", "x", ""},
	    {AT "\"PRIORITY\":\"7\",\"MESSAGE\":\"x\"}", "DEBUG", "x", ""},
	    {AT "\"MESSAGE\":[27,91,0,200,105]}", NULL, "\033[ \310i", ""},
	    {AT "\"MESSAGE\":null}", NULL, "", ""},
	    {AT "\"OTHER\":1}", NULL, "", ""},
	    {AT "\"_PID\":\"1\",\"SYSLOG_IDENTIFIER\":\"systemd\",\"MESSAGE\":\"Started.\"}", NULL,
	     "systemd: Started.", ""},
	};

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct core_journal_entry entry;

		assert_true(core_journal_read(rows[i].line, strlen(rows[i].line), &entry));
		assert_int_equal(entry.time_us, INT64_C(1764169200123456));
		assert_string_equal(entry.level ? entry.level : "none",
		                    rows[i].level ? rows[i].level : "none");
		assert_string_equal(prism_buf_text(&entry.text), rows[i].text);
		assert_string_equal(entry.cursor, rows[i].cursor);
		core_journal_entry_finish(&entry);
	}
}

static void no_entries(void **state)
{
	static const char *const lines[] = {
	    "",
	    "-- Boot 0123 --",
	    "{",
	    "{}",
	    "[]",
	    "{\"MESSAGE\":\"no time\"}",
	    "{\"__REALTIME_TIMESTAMP\":\"-5\"}",
	    "{\"__REALTIME_TIMESTAMP\":\"9223372036854775807\",\"MESSAGE\":\"the year 294247\"}",
	    AT "\"MESSAGE\":\"cut",
	};
	struct core_journal_entry entry;

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(lines); i++)
		if (core_journal_read(lines[i], strlen(lines[i]), &entry))
			fail_msg("taken: %s", lines[i]);
}

/* Whatever its size: what is too long for the log is cut there. */
static void a_long_message(void **state)
{
	size_t size = 3u << 20;
	PRISM_AUTO_FREE char *message = prism_alloc(size + 1);
	struct core_journal_entry entry;

	PRISM_UNUSED(state);
	memset(message, 'x', size);
	PRISM_AUTO_FREE char *line =
	    prism_asprintf(AT "\"__CURSOR\":\"%.600s\",\"MESSAGE\":\"%s\"}", message, message);
	assert_true(core_journal_read(line, strlen(line), &entry));
	assert_int_equal(entry.text.len, size);
	assert_string_equal(entry.cursor, ""); /* too long to be sent back */
	core_journal_entry_finish(&entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries),
	    cmocka_unit_test(no_entries),
	    cmocka_unit_test(a_long_message),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
