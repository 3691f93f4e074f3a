/*
 * core/logstore.c: what is kept and how it reads back, merging as a multiset, late entries, the
 * cap, anchors, time.
 */
#include "core/logstore.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct core_logstore *store;

static int setup(void **state)
{
	store = core_logstore_create(0, 0);
	return 0;
}

static int teardown(void **state)
{
	core_logstore_destroy(store);
	return 0;
}

static struct core_log_entry entry(int64_t time_us, const char *message)
{
	return (struct core_log_entry){.run_id = "run-1",
	                               .level = "info",
	                               .message = message,
	                               .len = strlen(message),
	                               .time_us = time_us};
}

static void append(int64_t time_us, const char *message)
{
	struct core_log_entry e = entry(time_us, message);

	core_logstore_append(store, &e);
}

static struct core_log_line line(size_t index)
{
	return core_logstore_line(store, core_logstore_first(store) + (uint32_t)index);
}

static void expect_text(size_t index, const char *text)
{
	struct core_log_line l = line(index);

	assert_int_equal(l.len, strlen(text));
	assert_memory_equal(l.text, text, l.len);
}

/* All lines, joined with '|'. */
static void expect_all(const char *want)
{
	char have[2000] = "";
	size_t len = 0;

	for (size_t i = 0; i < core_logstore_count(store); i++) {
		struct core_log_line l = line(i);
		len += (size_t)snprintf(have + len, sizeof(have) - len, "%s%.*s", i ? "|" : "", (int)l.len,
		                        l.text);
	}
	assert_string_equal(have, want);
}

static void lines_read_back_as_they_came(void **state)
{
	struct core_log_entry e = {
	    .run_id = "run-2", .level = "WARNING", .message = "hello", .len = 5, .time_us = 42};

	core_logstore_append(store, &e);
	e = (struct core_log_entry){.time_us = PRISM_TIME_UNSET};
	core_logstore_clear(store);
	core_logstore_append(store, &e);
	expect_text(0, "");
	assert_int_equal(line(0).run, 0);
	assert_int_equal(line(0).level, CORE_LOG_NONE);
	e = (struct core_log_entry){
	    .run_id = "run-2", .level = "WARNING", .message = "hello", .len = 5, .time_us = 42};
	core_logstore_append(store, &e);
	expect_text(1, "hello");
	assert_int_equal(line(1).level, CORE_LOG_WARN);
	assert_int_equal(line(1).time_us, 42);
	assert_string_equal(core_logstore_run(store, line(1).run), "run-2");
	assert_int_equal(core_logstore_find_run(store, "run-2"), line(1).run);
	assert_int_equal(core_logstore_find_run(store, "run-3"), 0);
	assert_int_equal(core_logstore_runs(store), 1);
	assert_string_equal(core_logstore_run(store, 99), "");
	assert_int_equal(core_logstore_bytes(store), 5);
}

static void unknown_levels_stay_visible_and_do_not_overflow(void **state)
{
	char word[20];

	for (int i = 0; i < 60; i++) {
		snprintf(word, sizeof(word), "level%d", i);
		struct core_log_entry e = entry(i, "x");
		e.level = word;
		core_logstore_append(store, &e);
	}
	assert_string_equal(core_logstore_level(store, line(0).level), "level0");
	assert_int_equal(core_logstore_levels(store), CORE_LOG_LEVELS);
	assert_int_equal(line(59).level, CORE_LOG_LEVELS - 1);
	assert_string_equal(core_logstore_level(store, 99), "");
}

static void a_message_of_several_lines_is_one_entry(void **state)
{
	append(1, "Traceback:\r\n  File x\n\nError\n\n");
	append(2, "next");
	expect_all("Traceback:|  File x||Error|next");
	assert_int_equal(core_logstore_entries(store), 2);
	assert_false(line(0).continuation);
	assert_true(line(3).continuation);
	assert_false(line(4).continuation);
}

static void broken_text_is_repaired(void **state)
{
	struct core_log_entry e = entry(1, "");

	e.message = "a\xFF\x00z";
	e.len = 4;
	core_logstore_append(store, &e);
	expect_text(0, "a\xEF\xBF\xBD\xEF\xBF\xBDz");
	append(2, "caf\xC3\xA9 long enough to be looked at eight at a time");
	expect_text(1, "caf\xC3\xA9 long enough to be looked at eight at a time");
}

static void a_line_that_is_too_long_is_cut_with_a_note(void **state)
{
	size_t size = 10u << 20;
	PRISM_AUTO_FREE char *big = prism_alloc(size + 1);
	struct core_log_entry e = entry(1, "");

	memset(big, 'x', size);
	e.message = big;
	e.len = size;
	core_logstore_append(store, &e);
	assert_int_equal(core_logstore_count(store), 1);
	assert_true(line(0).len <= CORE_LOG_LINE);
	char tail[40];
	snprintf(tail, sizeof(tail), "%.*s", 17, line(0).text + line(0).len - 17);
	assert_string_equal(tail + 5, " more bytes]");
}

static void lines_without_a_time_belong_to_the_one_before(void **state)
{
	append(PRISM_TIME_UNSET, "no time yet");
	append(5, "first");
	append(PRISM_TIME_UNSET, "more of it");
	assert_true(line(0).time_us == PRISM_TIME_UNSET);
	assert_int_equal(line(2).time_us, 5);
	assert_true(line(2).continuation);
}

/* ---- merging ---- */

static size_t merge(const char *const *messages, const int64_t *times, size_t count)
{
	struct core_log_entry list[32];

	for (size_t i = 0; i < count; i++)
		list[i] = entry(times[i], messages[i]);
	return core_logstore_merge(store, list, count);
}

#define MERGE(times, ...)                                             \
	merge((const char *const[]){__VA_ARGS__}, (const int64_t[])times, \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define TIMES(...)  \
	{               \
		__VA_ARGS__ \
	}

static void newest_first_comes_out_in_order(void **state)
{
	assert_int_equal(MERGE(TIMES(3, 2, 2, 1), "d", "c", "b", "a"), 4);
	expect_all("a|b|c|d");
	core_logstore_clear(store);
	assert_int_equal(MERGE(TIMES(1, 2, 2, 3), "a", "b", "c", "d"), 4);
	expect_all("a|b|c|d");
}

static void the_same_answer_again_adds_nothing(void **state)
{
	MERGE(TIMES(3, 2, 2, 1), "d", "b", "b", "a");
	assert_int_equal(MERGE(TIMES(3, 2, 2, 1), "d", "b", "b", "a"), 0);
	assert_int_equal(MERGE(TIMES(2, 1), "b", "a"), 0);
	expect_all("a|b|b|d");
}

static void equal_lines_of_one_instant_are_counted(void **state)
{
	MERGE(TIMES(2, 2), "b", "b");
	assert_int_equal(MERGE(TIMES(2, 2, 2), "b", "b", "b"), 1);
	assert_int_equal(MERGE(TIMES(2, 2, 2, 2), "b", "c", "b", "b"), 1);
	expect_all("b|b|b|c");
}

static void entries_differ_by_run_level_and_every_line(void **state)
{
	struct core_log_entry list[4];

	for (int i = 0; i < 4; i++)
		list[i] = entry(1, "one\ntwo");
	list[1].run_id = "run-2";
	list[2].level = "error";
	list[3].message = "one\ntwx";
	assert_int_equal(core_logstore_merge(store, list, 4), 4);
	assert_int_equal(core_logstore_merge(store, list, 4), 0);
	list[0].message = "one";
	list[0].len = 3;
	assert_int_equal(core_logstore_merge(store, list, 1), 1);
	assert_int_equal(core_logstore_merge(store, list, 1), 0);
	assert_int_equal(core_logstore_entries(store), 5);
}

static void a_late_entry_goes_where_its_time_belongs(void **state)
{
	MERGE(TIMES(9, 8, 7, 3, 2, 1), "f", "e", "d", "c", "b", "a");
	assert_int_equal(MERGE(TIMES(9, 5), "f", "late"), 1);
	expect_all("a|b|c|late|d|e|f");
	assert_int_equal(MERGE(TIMES(2), "late too\nwith more"), 1);
	expect_all("a|b|late too|with more|c|late|d|e|f");
}

static void anything_in_any_order_ends_in_the_same_store(void **state)
{
	/* A server of 300 entries with few times and few texts, so that most collide. */
	enum { ALL = 300 };
	struct core_log_entry server[ALL];
	static const char *const texts[] = {"a", "b", "b\nc", "d"};
	uint32_t seed = 3;

	for (int i = 0; i < ALL; i++) {
		seed = seed * 1664525 + 1013904223;
		server[i] = entry(1000 - i / 7, texts[(seed >> 20) % 4]);
	}
	for (int round = 0; round < 200; round++) {
		seed = seed * 1664525 + 1013904223;
		size_t from = (seed >> 10) % ALL, count = 1 + (seed >> 20) % 40;
		if (from + count > ALL)
			count = ALL - from;
		core_logstore_merge(store, server + from, count);
		assert_true(core_logstore_entries(store) <= ALL);
	}
	core_logstore_merge(store, server, ALL);
	assert_int_equal(core_logstore_entries(store), ALL);
	assert_int_equal(core_logstore_merge(store, server, ALL), 0);
	for (size_t i = 1; i < core_logstore_count(store); i++)
		assert_true(line(i - 1).time_us <= line(i).time_us);
	assert_int_equal(core_logstore_entries_after(store, 1000), 0);
	assert_int_equal(core_logstore_entries_after(store, 999), 7);
	assert_int_equal(core_logstore_entries_after(store, 0), ALL);
}

/* ---- the cap ---- */

static void the_oldest_go_first_and_are_counted(void **state)
{
	struct core_logstore *small = core_logstore_create(100000, 0);
	char text[100];

	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "line %06d with some more text behind it", i);
		struct core_log_entry e = entry(i, text);
		core_logstore_append(small, &e);
	}
	assert_int_equal(core_logstore_count(small) + core_logstore_dropped(small), 5000);
	assert_true(core_logstore_dropped(small) > 3000);
	assert_int_equal(core_logstore_dropped(small), core_logstore_dropped_entries(small));
	assert_true(core_logstore_full(small));
	struct core_log_line last = core_logstore_line(
	    small, core_logstore_first(small) + (uint32_t)core_logstore_count(small) - 1);
	assert_memory_equal(last.text, "line 004999", 11);
	/* Entries as old as what was dropped do not come back. */
	struct core_log_entry old = entry(5, "old");
	assert_int_equal(core_logstore_merge(small, &old, 1), 0);
	core_logstore_destroy(small);
}

static void lines_can_be_capped_too(void **state)
{
	struct core_logstore *small = core_logstore_create(0, 1000);

	for (int i = 0; i < 5000; i++) {
		struct core_log_entry e = entry(i, "x");
		core_logstore_append(small, &e);
		assert_true(core_logstore_count(small) <= 1000);
	}
	assert_true(core_logstore_count(small) > 900);
	core_logstore_destroy(small);
}

static void lines_of_the_future_do_not_hold_memory(void **state)
{
	/* One in every chunk; without moving text together the table of chunks would run out. */
	struct core_logstore *small = core_logstore_create(2u << 20, 0);
	PRISM_AUTO_FREE char *text = prism_alloc(200001);

	memset(text, 'x', 200000);
	for (int i = 0; i < 3000; i++) {
		struct core_log_entry e[2] = {entry(INT64_C(9000000000000) + i, "future"), entry(i, text)};
		e[1].len = 200000;
		core_logstore_merge(small, e, 2);
	}
	assert_true(core_logstore_bytes(small) < 2u << 20);
	struct core_log_line last = core_logstore_line(
	    small, core_logstore_first(small) + (uint32_t)core_logstore_count(small) - 1);
	assert_memory_equal(last.text, "future", 6);
	core_logstore_destroy(small);
}

/* ---- anchors, time, spans, observers ---- */

static void anchors_stay_on_their_line(void **state)
{
	struct core_log_anchor anchor = {.id = 0}, never = {.id = 0};

	MERGE(TIMES(9, 7, 5, 3), "d", "c", "b", "a");
	anchor.id = core_logstore_first(store) + 2;
	core_logstore_anchor(store, &anchor);
	MERGE(TIMES(8, 4, 1), "x", "y", "z");
	struct core_log_line l = core_logstore_line(store, anchor.id);
	assert_memory_equal(l.text, "c", 1);
	for (int i = 0; i < 50; i++)
		MERGE(TIMES(6, 2), "p", i % 2 ? "q" : "r");
	l = core_logstore_line(store, anchor.id);
	assert_memory_equal(l.text, "c", 1);
	core_logstore_release(&anchor);
	core_logstore_release(&never);
}

static void a_dropped_anchor_moves_to_the_first_line(void **state)
{
	struct core_logstore *small = core_logstore_create(0, 100);
	struct core_log_entry e = entry(1, "x");
	struct core_log_anchor anchor;

	core_logstore_append(small, &e);
	anchor.id = core_logstore_first(small);
	core_logstore_anchor(small, &anchor);
	for (int i = 0; i < 500; i++)
		core_logstore_append(small, &e);
	assert_int_equal(anchor.id, core_logstore_first(small));
	core_logstore_release(&anchor);
	core_logstore_destroy(small);
}

static void times_are_found(void **state)
{
	MERGE(TIMES(30, 20, 20, 10), "d", "c", "b", "a");
	uint32_t first = core_logstore_first(store);
	assert_int_equal(core_logstore_at_time(store, 0) - first, 0);
	assert_int_equal(core_logstore_at_time(store, 20) - first, 1);
	assert_int_equal(core_logstore_at_time(store, 21) - first, 3);
	assert_int_equal(core_logstore_at_time(store, 31) - first, 4);
	append(15, "out of order");
	append(40, "e");
	assert_int_equal(core_logstore_at_time(store, 31) - first, 5);
}

static void marks_travel_with_their_line(void **state)
{
	MERGE(TIMES(3, 1), "b", "a");
	core_logstore_mark(store, core_logstore_first(store) + 1, true);
	MERGE(TIMES(2), "late");
	assert_true(line(2).marked);
	assert_false(line(1).marked);
	core_logstore_mark(store, core_logstore_first(store) + 2, false);
	assert_false(line(2).marked);
}

static void spans_cover_lines_that_lie_together(void **state)
{
	const char *text;
	size_t len;

	append(1, "aa");
	append(2, "bbb");
	append(3, "c");
	uint32_t first = core_logstore_first(store);
	assert_int_equal(core_logstore_span(store, first, 100, &text, &len), 3);
	assert_int_equal(len, 8);
	assert_memory_equal(text, "aa\0bbb\0c", 8);
	assert_int_equal(core_logstore_span_line(store, first, 3, 0) - first, 0);
	assert_int_equal(core_logstore_span_line(store, first, 3, 3) - first, 1);
	assert_int_equal(core_logstore_span_line(store, first, 3, 7) - first, 2);
	assert_int_equal(core_logstore_span(store, first, 2, &text, &len), 2);
	struct core_log_entry late = entry(2, "late");
	core_logstore_merge(store, &late, 1);
	assert_int_equal(core_logstore_span(store, core_logstore_first(store), 100, &text, &len), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(lines_read_back_as_they_came),
	    T(unknown_levels_stay_visible_and_do_not_overflow),
	    T(a_message_of_several_lines_is_one_entry),
	    T(broken_text_is_repaired),
	    T(a_line_that_is_too_long_is_cut_with_a_note),
	    T(lines_without_a_time_belong_to_the_one_before),
	    T(newest_first_comes_out_in_order),
	    T(the_same_answer_again_adds_nothing),
	    T(equal_lines_of_one_instant_are_counted),
	    T(entries_differ_by_run_level_and_every_line),
	    T(a_late_entry_goes_where_its_time_belongs),
	    T(anything_in_any_order_ends_in_the_same_store),
	    T(the_oldest_go_first_and_are_counted),
	    T(lines_can_be_capped_too),
	    T(lines_of_the_future_do_not_hold_memory),
	    T(anchors_stay_on_their_line),
	    T(a_dropped_anchor_moves_to_the_first_line),
	    T(times_are_found),
	    T(marks_travel_with_their_line),
	    T(spans_cover_lines_that_lie_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
