/* Covers sandbox/api_logs.c, sandbox/api_statistics.c and sandbox/record.c. */
#include "sandbox/record.h"

#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct world {
	struct sbcall t;
	struct sb_run_ref ref;
	char *base;
};

/* A computation of its own, with 250 lines whose times come in pairs. */
static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	sbcall_start(&w->t, NULL);
	PRISM_AUTO_FREE char *id = sbcall_computation(&w->t, "Empty draft");
	w->base = prism_asprintf("/computations/{W}/computations/%s", id);
	w->ref.computation = sb_db_int(
	    w->t.sb->db, 0, "SELECT n FROM computations WHERE name = 'Empty draft'", SB_NOARGS);
	w->ref.run = sb_db_int(w->t.sb->db, 0, "SELECT min(n) FROM runs", SB_NOARGS);
	for (int i = 0; i < 250; i++) {
		char text[32];
		snprintf(text, sizeof(text), "line %03d", i);
		sb_record_log(w->t.sb, w->ref, SBCALL_WALL_US + i / 2 * 1000000ll,
		              (enum sb_level)(i % SB_LEVEL_COUNT), text, strlen(text));
	}
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sbcall_finish(&w->t);
	prism_free(w->base);
	prism_free(w);
	return 0;
}

static void logs_are_newest_first(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=3", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 250);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"), "line 249");
	assert_string_equal(sbcall_text(&w->t, "logs.2.message"), "line 247");
	assert_string_equal(sbcall_text(&w->t, "logs.0.level"), "info");
}

static void walk(struct world *w, const char *filter, int step, int expect)
{
	bool seen[250] = {false};
	int count = 0;
	for (int64_t offset = 0;; offset += step) {
		sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=%d&offset=%lld%s", w->base, step,
		       (long long)offset, filter);
		assert_int_equal(sbcall_int(&w->t, "total"), expect);
		int here = sbcall_size(&w->t, "logs");
		for (int i = 0; i < here; i++) {
			char path[32];
			snprintf(path, sizeof(path), "logs.%d.message", i);
			long n = strtol(sbcall_text(&w->t, path) + 5, NULL, 10);
			assert_false(seen[n]);
			seen[n] = true;
			count++;
		}
		if (here < step)
			break;
	}
	assert_int_equal(count, expect);
}

static void pages_neither_lose_nor_repeat_a_line(void **state)
{
	struct world *w = *state;
	walk(w, "", 7, 250); /* cuts pairs of equal times apart */
	walk(w, "&level=error", 10, 62);
	walk(w, "&message=line%200", 9, 100);
}

static void a_page_is_the_same_whether_walked_to_or_asked_for(void **state)
{
	struct world *w = *state;
	char walked[64];
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=100", w->base);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=100&offset=100", w->base);
	snprintf(walked, sizeof(walked), "%s", sbcall_text(&w->t, "logs.0.message"));
	assert_string_equal(walked, "line 149");
	sb_record_log(w->t.sb, w->ref, SBCALL_WALL_US + 900000000, SB_LEVEL_INFO, "new", 3);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=100&offset=100", w->base);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"), "line 150"); /* all moved by one */
	assert_int_equal(sbcall_int(&w->t, "total"), 251);
}

static void filters_narrow_the_list(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?from=2026-01-01T00:02:00Z", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 10);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?to=2026-01-01T00:00:00Z", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 2);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?level=WARNING", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 62);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?level=all", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 250);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?run_id=unknown", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 0);
	PRISM_AUTO_FREE char *run =
	    sb_db_text(w->t.sb->db, "SELECT id FROM runs WHERE n = ?", SB_ARGS(SB_I(w->ref.run)));
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?run_id=%s", w->base, run);
	assert_int_equal(sbcall_int(&w->t, "total"), 250);
}

static void a_text_is_found_in_any_place_and_case(void **state)
{
	struct world *w = *state;
	sb_record_log(w->t.sb, w->ref, SBCALL_WALL_US + 900000000, SB_LEVEL_INFO, "50% of A_B", 10);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=LINE%%2000", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 10);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"), "line 009");
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=LINE%%2000&dir=asc&offset=2", w->base);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"), "line 002");
	assert_int_equal(sbcall_size(&w->t, "logs"), 8);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=7", w->base); /* one letter */
	assert_int_equal(sbcall_int(&w->t, "total"), 43);
	static const char *const one[] = {"0%25", "a_b", "_"}; /* nothing is a wildcard */
	for (unsigned i = 0; i < PRISM_COUNT(one); i++) {
		sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=%s", w->base, one[i]);
		assert_int_equal(sbcall_int(&w->t, "total"), 1);
	}
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=l%%25e&level=info", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 0);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=line%%2024&level=info", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 3); /* 241, 245, 249 */
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=line&to=2026-01-01T00:00:00Z", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 2);
}

static void lines_that_come_later_are_found_too(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 3; i++) {
		sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=Line", w->base);
		assert_int_equal(sbcall_int(&w->t, "total"), 250 + i);
		/* of an early time: the oldest but one */
		sb_record_log(w->t.sb, w->ref, SBCALL_WALL_US - i, SB_LEVEL_INFO, "late line", 9);
	}
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=line&dir=asc&limit=4", w->base);
	assert_string_equal(sbcall_text(&w->t, "logs.2.message"), "line 000");
	assert_string_equal(sbcall_text(&w->t, "logs.3.message"), "line 001");
}

static void a_computation_that_is_deleted_takes_what_was_found_along(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=line", w->base);
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, "%s", w->base), 204);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?message=line", w->base), 404);
	/* The next computation gets its row number. */
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", "{\"name\":\"n\",\"description\":\"d\"}",
	                        "/computations/{W}/computations"),
	                 201);
	PRISM_AUTO_FREE char *id = sbcall_computation(&w->t, "n");
	struct sb_run_ref ref = {
	    sb_db_int(w->t.sb->db, 0, "SELECT n FROM computations WHERE name = 'n'", SB_NOARGS),
	    w->ref.run};
	for (int i = 0; i < 251; i++)
		sb_record_log(w->t.sb, ref, SBCALL_WALL_US + i, SB_LEVEL_INFO, "other", 5);
	sbcall(&w->t, SB_ADA, "GET", NULL, "/computations/{W}/computations/%s/logs?message=line", id);
	assert_int_equal(w->t.status, 200);
	assert_int_equal(sbcall_int(&w->t, "total"), 0);
}

static void what_cannot_be_read_is_refused(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = {"level=loud", "from=then", "to=now", "limit=101"};
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?%s", w->base, bad[i]), 400);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "%s/logs", w->base), 403);
}

static void any_bytes_become_text(void **state)
{
	struct world *w = *state;
	sb_record_log(w->t.sb, w->ref, SBCALL_WALL_US + 900000000, SB_LEVEL_INFO, "a\0b\xff\x1b[31m",
	              9);
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/logs?limit=1", w->base);
	assert_string_equal(sbcall_text(&w->t, "logs.0.message"), "a\xef\xbf\xbd"
	                                                          "b\xef\xbf\xbd\x1b[31m");
}

static void level_words(void **state)
{
	enum sb_level level;
	assert_int_equal(sb_level_parse("Warning", &level), 0);
	assert_int_equal(level, SB_LEVEL_WARN);
	assert_int_equal(sb_level_parse("DEBUG", &level), 0);
	assert_int_equal(level, SB_LEVEL_DEBUG);
	assert_int_equal(sb_level_parse("", &level), -1);
	assert_string_equal(sb_level_word(SB_LEVEL_ERROR), "error");
}

static void a_computation_that_never_ran_has_no_status(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/status", w->base);
	sbcall_refused(&w->t, 404, "entity not found", "");
	sb_record_event(w->t.sb, w->ref, SBCALL_WALL_US, "Running", "InProgress", "agent", "x");
	sb_record_event(w->t.sb, w->ref, SBCALL_WALL_US, "Running", "Completed", "agent", "");
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, "%s/status", w->base), 200);
	assert_string_equal(sbcall_text(&w->t, "status"), "Completed");
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/events?status=inprogress", w->base);
	assert_int_equal(sbcall_int(&w->t, "total"), 1);
	assert_string_equal(sbcall_text(&w->t, "events.0.details"), "eA==");
	sbcall(&w->t, SB_ADA, "GET", NULL, "%s/events", w->base);
	assert_string_equal(sbcall_text(&w->t, "events.0.status"), "Completed");
}

static void statistics_of_many_runs_lose_none(void **state)
{
	struct sbcall t;
	sbcall_start(&t, &(struct sb_config){.seed = "scale=8000"});
	sbcall(&t, SB_ADA, "GET", NULL, "/computations/{W}/computations/statistics?days=3650");
	int64_t sum = 0, rows = sbcall_size(&t, "comp_stats");
	for (int64_t i = 0; i < rows; i++) {
		char path[48];
		snprintf(path, sizeof(path), "comp_stats.%d.count", (int)i);
		sum += sbcall_int(&t, path);
	}
	int64_t runs = sb_db_int(t.sb->db, 0,
	                         "SELECT count(*) FROM runs r JOIN computations c ON c.n ="
	                         " r.computation WHERE c.workspace = 1 AND EXISTS (SELECT 1 FROM"
	                         " events WHERE computation = c.n AND run = r.n)",
	                         SB_NOARGS);
	assert_true(runs > 4000); /* three slices */
	assert_int_equal(sum, runs);
	sbcall_finish(&t);
}

static void statistics_count_runs_per_day(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, "/computations/{W}/computations/statistics?days=30");
	int all = sbcall_size(&w->t, "comp_stats");
	assert_true(all > 5);
	sbcall(&w->t, SB_ADA, "GET", NULL, "/computations/{W}/computations/statistics?days=1");
	assert_true(sbcall_size(&w->t, "comp_stats") < all);
	assert_non_null(strstr(w->t.text, "Running_InProgress"));
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "GET", NULL, "/computations/{W}/computations/statistics?days=0"),
	    400);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(logs_are_newest_first),
	    T(pages_neither_lose_nor_repeat_a_line),
	    T(a_page_is_the_same_whether_walked_to_or_asked_for),
	    T(filters_narrow_the_list),
	    T(a_text_is_found_in_any_place_and_case),
	    T(lines_that_come_later_are_found_too),
	    T(a_computation_that_is_deleted_takes_what_was_found_along),
	    T(what_cannot_be_read_is_refused),
	    T(any_bytes_become_text),
	    cmocka_unit_test(level_words),
	    T(a_computation_that_never_ran_has_no_status),
	    cmocka_unit_test(statistics_of_many_runs_lose_none),
	    T(statistics_count_runs_per_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
