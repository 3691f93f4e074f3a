/* Covers sandbox/logsearch.c: slices, passes, and what is found, against what SQLite finds. */
#include "sandbox/logsearch.h"

#include "base/mem.h"
#include "sandbox/record.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LINES (2 * SB_SEARCH_SLICE + 500) /* three slices */

struct world {
	struct sbcall t;
	struct sb_run_ref ref;
	struct sb_searches *all;
};

static void add(struct world *w, int64_t at, const char *text)
{
	sb_record_log(w->t.sb, w->ref, at, SB_LEVEL_INFO, text, strlen(text));
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	sbcall_start(&w->t, NULL);
	w->ref.computation = sb_db_int(
	    w->t.sb->db, 0, "SELECT n FROM computations WHERE name = 'Empty draft'", SB_NOARGS);
	w->ref.run = sb_db_int(w->t.sb->db, 0, "SELECT min(n) FROM runs", SB_NOARGS);
	w->all = sb_searches_create(w->t.sb->db);
	sb_db_begin(w->t.sb->db);
	for (int i = 0; i < LINES; i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s %d \xc3\xa4%% a_b\\", i % 3 ? "Epoch" : "batch", i);
		add(w, 1000000 + (i ^ 1) * 10, text); /* neighbours come in the wrong order */
	}
	sb_db_commit(w->t.sb->db);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	sb_searches_destroy(w->all);
	sbcall_finish(&w->t);
	prism_free(w);
	return 0;
}

static int64_t lines_of(struct world *w)
{
	return sb_db_int(w->t.sb->db, -1, "SELECT log_count FROM computations WHERE n = ?",
	                 SB_ARGS(SB_I(w->ref.computation)));
}

static struct sb_search *begin(struct world *w, const char *text)
{
	return sb_search_obtain(w->all, &(struct sb_search_spec){.computation = w->ref.computation,
	                                                         .from = INT64_MIN,
	                                                         .to = INT64_MAX,
	                                                         .level = -1,
	                                                         .message = text});
}

static unsigned steps(struct world *w, struct sb_search *search)
{
	int64_t lines = lines_of(w);
	unsigned count = 1;
	while (!sb_search_step(search, lines)) {
		count++;
		assert_true(count < 100);
	}
	return count;
}

static void it_reads_in_slices_and_never_twice(void **state)
{
	struct world *w = *state;
	struct sb_search *search = begin(w, "epoch");
	assert_int_equal(steps(w, search), 3);
	sb_search_release(search);
	search = begin(w, "EPOCH"); /* the same search */
	assert_int_equal(steps(w, search), 1);
	add(w, 0, "epoch, but long ago");
	size_t before = sb_search_count(search);
	assert_int_equal(steps(w, search), 1); /* only what is new is read */
	assert_int_equal(sb_search_count(search), before + 1);
	assert_int_equal(sb_search_line(search, 0),
	                 sb_db_int(w->t.sb->db, 0, "SELECT max(n) FROM logs", SB_NOARGS));
	sb_search_release(search);
}

/* Count and order as SQLite has them. */
static void assert_as_like(struct world *w, const char *text, const char *pattern)
{
	struct sb_search *search = begin(w, text);
	(void)steps(w, search);
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    w->t.sb->db,
	    "SELECT n FROM logs WHERE computation = ? AND message LIKE ? ESCAPE '\\' ORDER BY"
	    " at, n",
	    SB_ARGS(SB_I(w->ref.computation), SB_T(pattern)));
	size_t at = 0;
	for (; sb_rows_next(&rows); at++) {
		assert_true(at < sb_search_count(search));
		assert_int_equal(sb_search_line(search, at), sb_rows_int(rows, 0));
	}
	assert_int_equal(at, sb_search_count(search));
	sb_search_release(search);
}

static void it_finds_what_like_finds(void **state)
{
	struct world *w = *state;
	assert_as_like(w, "h 12", "%h 12%");
	assert_as_like(w, "7", "%7%");
	assert_as_like(w, "BATCH 4", "%BATCH 4%");
	assert_as_like(w, "\xc3\xa4% A_", "%\xc3\xa4\\% A\\_%");
	assert_as_like(w, "\xc3\x84", "%\xc3\x84%"); /* letters beyond ASCII: as they are */
	assert_as_like(w, "b\\", "%b\\\\%");
	assert_as_like(w, "", "%");
	assert_as_like(w, "no such", "%no such%");
}

static void lines_written_meanwhile_wait_for_the_next_pass(void **state)
{
	struct world *w = *state;
	struct sb_search *search = begin(w, "h 1");
	int64_t lines = lines_of(w);
	int64_t expect = sb_db_int(w->t.sb->db, 0,
	                           "SELECT count(*) FROM logs WHERE computation = ? AND message LIKE"
	                           " '%h 1%'",
	                           SB_ARGS(SB_I(w->ref.computation)));
	assert_false(sb_search_step(search, lines));
	add(w, 5, "epoch h 1 early"); /* where the pass has been */
	add(w, 900000000000, "epoch h 1 late");
	while (!sb_search_step(search, lines))
		;
	assert_int_equal(sb_search_count(search), expect);
	(void)steps(w, search);
	assert_int_equal(sb_search_count(search), expect + 2);
	sb_search_release(search);
}

static void filters_beside_the_text(void **state)
{
	struct world *w = *state;
	struct sb_search_spec spec = {.computation = w->ref.computation,
	                              .from = 1000000,
	                              .to = 1000000 + 99 * 10,
	                              .run = w->ref.run,
	                              .level = SB_LEVEL_INFO,
	                              .message = ""};
	struct sb_search *search = sb_search_obtain(w->all, &spec);
	(void)steps(w, search);
	assert_int_equal(sb_search_count(search), 100);
	sb_search_release(search);
	spec.level = SB_LEVEL_ERROR;
	search = sb_search_obtain(w->all, &spec);
	(void)steps(w, search);
	assert_int_equal(sb_search_count(search), 0);
	sb_search_release(search);
	spec = (struct sb_search_spec){.computation = w->ref.computation,
	                               .from = INT64_MIN,
	                               .to = INT64_MAX,
	                               .run = -1,
	                               .level = -1,
	                               .message = ""};
	search = sb_search_obtain(w->all, &spec);
	assert_true(sb_search_step(search, lines_of(w))); /* a run that is not there: no line to read */
	assert_int_equal(sb_search_count(search), 0);
	sb_search_release(search);
}

static void what_is_forgotten_is_read_again(void **state)
{
	struct world *w = *state;
	struct sb_search *search = begin(w, "epoch");
	(void)steps(w, search);
	size_t count = sb_search_count(search);
	sb_searches_forget(w->all);
	assert_int_equal(steps(w, search), 3);
	assert_int_equal(sb_search_count(search), count);
	sb_search_release(search);
}

static void only_the_latest_are_kept(void **state)
{
	struct world *w = *state;
	static const char *const words[] = {"1", "2", "3", "4", "5"};
	for (unsigned i = 0; i < PRISM_COUNT(words); i++) {
		struct sb_search *search = begin(w, words[i]);
		(void)steps(w, search);
		sb_search_release(search);
	}
	struct sb_search *search = begin(w, "5");
	assert_int_equal(steps(w, search), 1);
	struct sb_search *again = begin(w, "5"); /* one and the same while it is held */
	assert_ptr_equal(again, search);
	sb_search_release(again);
	sb_search_release(search);
	search = begin(w, "1"); /* the oldest was dropped */
	assert_int_equal(steps(w, search), 3);
	sb_search_release(search);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(it_reads_in_slices_and_never_twice),
	    T(it_finds_what_like_finds),
	    T(lines_written_meanwhile_wait_for_the_next_pass),
	    T(filters_beside_the_text),
	    T(what_is_forgotten_is_read_again),
	    T(only_the_latest_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
