/*
 * core/logview.c: every filter against a plain walk over all lines, while lines come, arrive late
 * and are dropped; slices; searching both ways.
 */
#include "core/logview.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct core_logstore *store;
static struct core_logview *view;

static int setup(void **state)
{
	store = core_logstore_create(0, 5000);
	view = core_logview_create(store, NULL, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	core_logview_destroy(view);
	core_logstore_destroy(store);
	return 0;
}

static void add(int64_t time_us, unsigned number)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	static const char *const runs[] = {"run-1", "run-2", "run-3"};
	char text[80];
	int len = snprintf(text, sizeof(text), "line %u of %s%s", number,
	                   number % 7 ? "the usual kind" : "a RARE kind", number % 5 ? "" : " rare");
	struct core_log_entry e = {.run_id = runs[number % 3],
	                           .level = levels[number % 4],
	                           .message = text,
	                           .len = (size_t)len,
	                           .time_us = time_us};

	core_logstore_merge(store, &e, 1);
}

static bool should_pass(const struct core_log_line *line, const struct core_log_filter *f)
{
	bool hit = true;
	size_t s, e;

	if (f->pattern) {
		struct core_logmatch *match = core_logmatch_create(f->pattern, f->match_flags, NULL);
		hit = core_logmatch_find(match, line->text, line->len, 0, &s, &e) != f->exclude;
		core_logmatch_destroy(match);
	}
	return hit && (!f->levels || f->levels & 1u << line->level) &&
	       (!f->run || line->run == f->run) &&
	       (f->from_us == PRISM_TIME_UNSET || line->time_us >= f->from_us) &&
	       (f->to_us == PRISM_TIME_UNSET || line->time_us <= f->to_us) &&
	       (!f->marked || line->marked);
}

static void check(void)
{
	const struct core_log_filter *f = core_logview_filter_of(view);
	uint32_t first = core_logstore_first(store);
	size_t pos = 0;

	assert_true(core_logview_work(view, -1));
	assert_int_equal(core_logview_progress(view), 100);
	for (uint32_t id = first; id - first < core_logstore_count(store); id++) {
		struct core_log_line line = core_logstore_line(store, id);
		assert_int_equal(core_logview_pos(view, id), pos);
		if (!should_pass(&line, f))
			continue;
		assert_true(pos < core_logview_count(view));
		assert_int_equal(core_logview_id(view, pos), id);
		pos++;
	}
	assert_int_equal(core_logview_count(view), pos);
}

static void set(struct core_log_filter filter)
{
	assert_int_equal(core_logview_filter(view, &filter, NULL), 0);
}

#define OPEN .from_us = PRISM_TIME_UNSET, .to_us = PRISM_TIME_UNSET

static const struct core_log_filter filters[] = {
    {OPEN},
    {OPEN, .levels = 1u << CORE_LOG_ERROR | 1u << CORE_LOG_WARN},
    {OPEN, .run = 2},
    {.from_us = 500, .to_us = 1500},
    {.from_us = 500, .to_us = PRISM_TIME_UNSET, .pattern = "rare"},
    {OPEN, .pattern = "rare"},
    {OPEN, .pattern = "RARE"},
    {OPEN, .pattern = "rare", .exclude = true},
    {OPEN, .pattern = "line [0-9]*7 ", .match_flags = CORE_LOGMATCH_REGEX},
    {OPEN, .pattern = "kind$", .match_flags = CORE_LOGMATCH_REGEX, .levels = 1u << CORE_LOG_INFO},
    {OPEN, .pattern = "no such thing"},
};

static void every_filter_shows_what_it_should(void **state)
{
	for (unsigned i = 0; i < 2500; i++)
		add(i, i);
	for (size_t i = 0; i < PRISM_COUNT(filters); i++) {
		set(filters[i]);
		assert_int_equal(core_logview_filtered(view), i > 0);
		check();
	}
}

static void filters_follow_late_lines_and_dropped_ones(void **state)
{
	uint32_t seed = 5;

	for (size_t i = 0; i < PRISM_COUNT(filters); i++) {
		core_logstore_clear(store);
		for (unsigned n = 0; n < 300; n++)
			add(1000 + n, n);
		set(filters[i]);
		check();
		for (unsigned n = 300; n < 700; n++) {
			seed = seed * 1664525 + 1013904223;
			int64_t at = (seed >> 30) ? 1000 + n : (int64_t)((seed >> 10) % 1500);
			add(at, n);
			if (n % 41 == 0)
				check();
			else if (n % 13 == 0)
				core_logview_work(view, 0);
		}
		check();
	}
	set(filters[5]);
	for (unsigned n = 0; n < 6000; n++) {
		add(3000 + n, n);
		if (n % 500 == 0)
			check();
	}
	assert_true(core_logstore_dropped(store) > 0);
	check();
}

static void lines_before_the_first_are_taken_in_half_way(void **state)
{
	for (unsigned n = 0; n < 4000; n++)
		add(10000 + n, n);
	set(filters[8]);
	assert_false(core_logview_work(view, 0));
	assert_true(core_logview_progress(view) < 100);
	for (unsigned n = 0; n < 200; n++)
		add(9999 - n, n);
	for (unsigned n = 0; n < 50; n++)
		add(13000 + n, n + 1);
	check();
}

static void a_bad_pattern_keeps_the_old_filter(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_log_filter bad = {OPEN, .pattern = "(", .match_flags = CORE_LOGMATCH_REGEX};

	add(1, 7);
	set(filters[5]);
	assert_int_equal(core_logview_filter(view, &bad, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_string_equal(core_logview_filter_of(view)->pattern, "rare");
	assert_non_null(core_logview_match(view));
	check();
}

static void marks_come_and_go(void **state)
{
	for (unsigned n = 0; n < 100; n++)
		add(n, n);
	set((struct core_log_filter){OPEN, .marked = true});
	check();
	uint32_t id = core_logstore_first(store) + 40;
	core_logstore_mark(store, id, true);
	core_logview_touch(view, id);
	check();
	assert_int_equal(core_logview_count(view), 1);
	core_logstore_mark(store, id, false);
	core_logview_touch(view, id);
	assert_int_equal(core_logview_count(view), 0);
	check();
}

/* ---- searching ---- */

static size_t search(const char *pattern, unsigned flags, bool backward, size_t from)
{
	struct core_logmatch *match = core_logmatch_create(pattern, flags, NULL);
	enum core_logsearch result;
	size_t pos = from;

	do
		result = core_logview_search(view, match, backward, &pos, 0);
	while (result == CORE_LOGSEARCH_MORE);
	core_logmatch_destroy(match);
	return result == CORE_LOGSEARCH_FOUND ? pos : SIZE_MAX;
}

static void searching_finds_the_next_both_ways(void **state)
{
	assert_true(search("x", 0, false, 0) == SIZE_MAX);
	assert_true(search("x", 0, true, 0) == SIZE_MAX);
	for (unsigned n = 0; n < 4000; n++)
		add(n, n);
	assert_int_equal(search("line 3999 ", 0, false, 0), 3999);
	assert_int_equal(search("line 3999 ", 0, false, 3999), 3999);
	assert_true(search("line 3998 ", 0, false, 3999) == SIZE_MAX);
	assert_int_equal(search("line 0 ", 0, true, 3999), 0);
	assert_int_equal(search("line 0 ", 0, true, 100000), 0);
	assert_int_equal(search("line 1[0-9]{3} ", CORE_LOGMATCH_REGEX, true, 3999), 1999);
	assert_int_equal(search("line 1[0-9]{3} ", CORE_LOGMATCH_REGEX, false, 0), 1000);
	set(filters[5]); /* multiples of 5 or 7 */
	check();
	size_t pos = search("line 2000 ", 0, false, 0);
	assert_int_equal(core_logview_id(view, pos) - core_logstore_first(store), 2000);
	assert_true(search("line 2001 ", 0, false, 0) == SIZE_MAX);
}

/* ---- in the loop ---- */

static void count(void *data)
{
	++*(int *)data;
}

static void a_view_in_a_loop_works_in_slices_and_tells(void **state)
{
	struct prism_clock_manual manual;
	prism_clock_manual_init(&manual, 0);
	struct prism_loop *loop = prism_loop_create(&manual.clock);
	int changed = 0;
	struct core_logview *live = core_logview_create(store, loop, count, &changed);
	struct core_log_filter filter = filters[5];

	for (unsigned n = 0; n < 1000; n++)
		add(n, n);
	assert_int_equal(changed, 0);
	assert_int_equal(core_logview_filter(live, &filter, NULL), 0);
	while (prism_loop_turn(loop, 0))
		;
	assert_true(changed >= 1);
	assert_int_equal(core_logview_progress(live), 100);
	assert_true(core_logview_count(live) > 300);
	int before = changed;
	add(2000, 7);
	add(2001, 7);
	while (prism_loop_turn(loop, 0))
		;
	assert_int_equal(changed, before + 1);
	assert_ptr_equal(core_logview_store(live), store);
	add(2002, 7);
	core_logview_destroy(live);
	assert_false(prism_loop_turn(loop, 0));
	core_logview_destroy(NULL);
	prism_loop_destroy(loop);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(every_filter_shows_what_it_should),
	    T(filters_follow_late_lines_and_dropped_ones),
	    T(lines_before_the_first_are_taken_in_half_way),
	    T(a_bad_pattern_keeps_the_old_filter),
	    T(marks_come_and_go),
	    T(searching_finds_the_next_both_ways),
	    T(a_view_in_a_loop_works_in_slices_and_tells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
