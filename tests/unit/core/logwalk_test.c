/*
 * core/logwalk.c against a played server: new entries between two pages, equal timestamps across
 * page ends, equal entries that are several, late entries, missing and wrong totals, deletion.
 * After every poll the store must hold what the server held, neither more nor less.
 */
#include "core/logwalk.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SERVER_MOST = 60000 };

struct server {
	struct core_log_entry entry[SERVER_MOST]; /* oldest first */
	size_t count, page;
	bool no_total;
	int64_t wrong_total; /* added to the total */
	size_t requests;
	/* Called before every page: things happen between two requests. */
	void (*between)(struct server *server);
	uint32_t seed;
	int64_t now, step;
};

static struct server server;
static struct core_logstore *store;
static struct core_logwalk *walk;

static int setup(void **state)
{
	memset(&server, 0, sizeof(server));
	server.page = 100;
	server.seed = 9;
	server.now = 1000000;
	server.step = 1000;
	store = core_logstore_create(0, 0);
	walk = core_logwalk_create(store);
	return 0;
}

static int teardown(void **state)
{
	core_logwalk_destroy(walk);
	core_logwalk_destroy(NULL);
	core_logstore_destroy(store);
	return 0;
}

static uint32_t chance(uint32_t below)
{
	server.seed = server.seed * 1664525 + 1013904223;
	return (server.seed >> 8) % below;
}

static void put(int64_t time_us, const char *text)
{
	size_t at = server.count;

	assert_true(server.count < SERVER_MOST);
	while (at > 0 && server.entry[at - 1].time_us > time_us)
		at--;
	memmove(&server.entry[at + 1], &server.entry[at],
	        (server.count - at) * sizeof(server.entry[0]));
	server.entry[at] = (struct core_log_entry){
	    .run_id = "r", .level = "info", .message = text, .len = strlen(text), .time_us = time_us};
	server.count++;
}

/* Few texts, so that equal entries are common. */
static const char *some_text(void)
{
	static const char *const texts[] = {"tick", "tick", "tock", "a\nb", "done"};

	return texts[chance(5)];
}

static void grow(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		server.now += chance(3) ? 0 : server.step; /* most share a timestamp */
		put(server.now, some_text());
	}
}

static bool answer(void)
{
	static struct core_log_entry page[500];
	size_t offset = core_logwalk_offset(walk), count = 0;

	if (server.between)
		server.between(&server);
	server.requests++;
	for (size_t i = offset; i < server.count && count < server.page; i++)
		page[count++] = server.entry[server.count - 1 - i];
	int64_t total =
	    server.no_total ? CORE_LOGWALK_UNKNOWN : (int64_t)server.count + server.wrong_total;
	return core_logwalk_page(walk, page, count, total);
}

static size_t poll(bool older)
{
	size_t before = server.requests;

	core_logwalk_begin(walk, older);
	while (answer())
		assert_true(server.requests - before < 3000);
	return server.requests - before;
}

/* The newest `count` of the server are here, exactly. */
static void expect_newest(size_t count)
{
	size_t entries = core_logstore_entries(store);

	assert_true(entries >= count);
	/* Merging all of it adds only what lies before them: nothing is missing, nothing twice. */
	size_t added = core_logstore_merge(store, server.entry + (server.count - count), count);
	assert_int_equal(added, 0);
	assert_true(core_logstore_entries(store) <= server.count);
}

static void expect_all(void)
{
	assert_int_equal(core_logstore_entries(store), server.count);
	expect_newest(server.count);
}

static void a_short_log_is_one_request(void **state)
{
	assert_int_equal(poll(false), 1);
	grow(60);
	assert_int_equal(poll(false), 1);
	expect_all();
	assert_int_equal(core_logwalk_older(walk), 0);
	grow(30);
	assert_int_equal(poll(false), 1);
	assert_int_equal(core_logwalk_added(walk), 30);
	expect_all();
}

static void a_quiet_poll_is_one_request_however_long_the_log(void **state)
{
	grow(900);
	poll(false);
	expect_all();
	for (int i = 0; i < 5; i++)
		assert_int_equal(poll(false), 1);
	assert_int_equal(core_logwalk_added(walk), 0);
}

static void a_long_log_starts_with_its_end_and_goes_back_on_demand(void **state)
{
	grow(5000);
	assert_int_equal(poll(false), 11); /* a little more than 1000 entries */
	assert_true(core_logwalk_older(walk) > 3900);
	assert_int_equal(core_logwalk_older(walk), server.count - core_logstore_entries(store));
	grow(150);
	poll(false);
	expect_newest(1000);
	while (core_logwalk_older(walk) > 0) {
		size_t before = core_logstore_entries(store);
		poll(true);
		assert_true(core_logstore_entries(store) > before);
	}
	expect_all();
	assert_int_equal(poll(false), 1);
}

static void a_break_is_caught_up_completely(void **state)
{
	grow(300);
	poll(false);
	grow(7000); /* while we were away */
	poll(false);
	expect_all();
}

static void arrive_between(struct server *s)
{
	grow(chance(40));
}

static void entries_between_two_pages_are_neither_lost_nor_repeated(void **state)
{
	grow(700);
	server.between = arrive_between;
	for (int i = 0; i < 60; i++) {
		grow(chance(400));
		poll(false);
		assert_true(core_logstore_entries(store) <= server.count);
	}
	server.between = NULL;
	poll(false);
	expect_newest(700);
	while (core_logwalk_older(walk) > 0)
		poll(true);
	expect_all();
}

static void late_between(struct server *s)
{
	grow(chance(20));
	for (uint32_t n = chance(4); n > 0; n--)
		put(s->now - (int64_t)chance(400) * 1000, some_text());
}

static void late_entries_of_any_age_are_found(void **state)
{
	grow(800);
	poll(false);
	put(server.entry[10].time_us, "very late");
	poll(false);
	expect_all();
	server.between = late_between;
	for (int i = 0; i < 60; i++) {
		poll(false);
		assert_true(core_logstore_entries(store) <= server.count);
	}
	server.between = NULL;
	poll(false);
	expect_all();
}

static void one_instant_over_many_pages(void **state)
{
	grow(50);
	poll(false);
	server.now += 5000;
	for (int i = 0; i < 730; i++)
		put(server.now, some_text());
	server.now += 5000;
	grow(20);
	poll(false);
	expect_all();
}

static void one_instant_that_grows_while_it_is_read(void **state)
{
	grow(50);
	poll(false);
	server.now += 5000;
	for (int i = 0; i < 400; i++)
		put(server.now, some_text());
	server.between = arrive_between;
	poll(false);
	server.between = NULL;
	poll(false);
	expect_all();
}

static void an_instant_beyond_all_measure_ends(void **state)
{
	for (int i = 0; i < CORE_LOGWALK_CARRY + 3000; i++)
		put(server.now, i % 2 ? "x" : "y");
	poll(false);
	while (core_logwalk_older(walk) > 0 && server.requests < 500)
		poll(true);
	assert_true(core_logstore_entries(store) <= server.count);
	assert_true(server.requests < 600);
}

static void pages_shorter_than_asked_are_followed(void **state)
{
	server.page = 17;
	grow(150);
	poll(false);
	grow(90);
	poll(false);
	expect_all();
}

static void without_a_total_the_overlap_is_read_again(void **state)
{
	server.no_total = true;
	grow(500);
	poll(false);
	expect_all();
	for (int i = 0; i < 30; i++) {
		grow(chance(250));
		put(server.now - 3000, some_text());
		poll(false);
		expect_all();
	}
	assert_int_equal(core_logwalk_older(walk), 0);
}

static void without_a_total_a_long_log_says_that_there_is_more(void **state)
{
	server.no_total = true;
	grow(3000);
	poll(false);
	assert_int_equal(core_logwalk_older(walk), CORE_LOGWALK_UNKNOWN);
	for (int i = 0; i < 10 && core_logwalk_older(walk); i++)
		poll(true);
	expect_all();
}

static void a_total_that_counts_something_else_costs_no_lines(void **state)
{
	static const int64_t wrong[] = {-1000000, 5, 100000};

	for (size_t i = 0; i < PRISM_COUNT(wrong); i++) {
		core_logstore_clear(store);
		core_logwalk_destroy(walk);
		walk = core_logwalk_create(store);
		server.count = 0;
		server.wrong_total = wrong[i];
		grow(400);
		poll(false);
		for (int k = 0; k < 20; k++) {
			grow(chance(150));
			poll(false);
			expect_all();
		}
	}
}

static void a_server_that_deletes_does_not_make_us_read_everything(void **state)
{
	server.step = 1000000;
	grow(900);
	poll(false);
	for (int i = 0; i < 10; i++) {
		server.count -= 50; /* the oldest go */
		memmove(server.entry, server.entry + 50, server.count * sizeof(server.entry[0]));
		server.now += 40000000;
		grow(20);
		size_t had = core_logstore_entries(store);
		assert_true(poll(false) <= 3);
		assert_int_equal(core_logstore_entries(store), had + 20);
	}
}

static void a_walk_that_broke_off_leaves_no_hole(void **state)
{
	grow(400);
	poll(false);
	grow(1500);
	core_logwalk_begin(walk, false);
	for (int i = 0; i < 4; i++)
		assert_true(answer()); /* the next request fails */
	grow(120);
	poll(false);
	expect_all();
}

static void what_the_cap_took_is_not_fetched_again(void **state)
{
	core_logwalk_destroy(walk);
	core_logstore_destroy(store);
	store = core_logstore_create(0, 500);
	walk = core_logwalk_create(store);
	grow(300);
	poll(false);
	for (int i = 0; i < 30; i++) {
		grow(100);
		assert_true(poll(false) <= 8);
		assert_true(core_logstore_count(store) <= 500);
	}
	assert_true(core_logstore_dropped(store) > 0);
	struct core_log_line last = core_logstore_line(
	    store, core_logstore_first(store) + (uint32_t)core_logstore_count(store) - 1);
	assert_true(last.time_us == server.now);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_short_log_is_one_request),
	    T(a_quiet_poll_is_one_request_however_long_the_log),
	    T(a_long_log_starts_with_its_end_and_goes_back_on_demand),
	    T(a_break_is_caught_up_completely),
	    T(entries_between_two_pages_are_neither_lost_nor_repeated),
	    T(late_entries_of_any_age_are_found),
	    T(one_instant_over_many_pages),
	    T(one_instant_that_grows_while_it_is_read),
	    T(an_instant_beyond_all_measure_ends),
	    T(pages_shorter_than_asked_are_followed),
	    T(without_a_total_the_overlap_is_read_again),
	    T(without_a_total_a_long_log_says_that_there_is_more),
	    T(a_total_that_counts_something_else_costs_no_lines),
	    T(a_server_that_deletes_does_not_make_us_read_everything),
	    T(a_walk_that_broke_off_leaves_no_hole),
	    T(what_the_cap_took_is_not_fetched_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
