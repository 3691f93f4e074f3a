/* Covers sandbox/list.c: paging, directions, times in queries, LIKE patterns. */
#include "sandbox/router.h"

#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATH "/computations/{W}/computations"

static void the_default_page_has_ten(void **state)
{
	struct sbcall *t = *state;
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH), 200);
	assert_int_equal(sbcall_size(t, "computations"), 10);
	assert_int_equal(sbcall_int(t, "limit"), 10);
	assert_true(sbcall_int(t, "total") > 10);
	assert_int_equal(sbcall_int(t, "offset"), INT64_MIN); /* left out when 0 */
}

static void limits_beyond_the_bounds_are_refused(void **state)
{
	struct sbcall *t = *state;
	static const char *const bad[] = {"0", "101", "100000000000"};
	for (unsigned i = 0; i < 3; i++) {
		sbcall(t, SB_ADA, "GET", NULL, PATH "?limit=%s", bad[i]);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid limit size");
	}
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "?limit=100"), 200);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "?limit=1"), 200);
}

static void what_is_no_number_is_refused(void **state)
{
	struct sbcall *t = *state;
	static const char *const bad[] = {"limit=x", "limit=-1", "limit=", "offset=1.5", "offset=-2"};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sbcall(t, SB_ADA, "GET", NULL, PATH "?%s", bad[i]);
		sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid query parameters");
	}
}

static void pages_together_are_the_list(void **state)
{
	struct sbcall *t = *state;
	int64_t seen = 0, total = 1;
	char last[64] = "";
	for (int64_t offset = 0; offset < total; offset += 4) {
		sbcall(t, SB_ADA, "GET", NULL, PATH "?limit=4&order=created_at&dir=desc&offset=%lld",
		       (long long)offset);
		total = sbcall_int(t, "total");
		for (int i = 0; i < sbcall_size(t, "computations"); i++) {
			char path[64];
			snprintf(path, sizeof(path), "computations.%d.created_at", i);
			if (seen++)
				assert_true(strcmp(sbcall_text(t, path), last) <= 0);
			snprintf(last, sizeof(last), "%s", sbcall_text(t, path));
		}
	}
	assert_int_equal(seen, total);
	assert_int_equal(sbcall(t, SB_ADA, "GET", NULL, PATH "?offset=1000"), 200);
	assert_int_equal(sbcall_size(t, "computations"), 0);
}

static void directions_are_asc_and_desc(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, PATH "?order=name&dir=asc&limit=1");
	assert_string_equal(sbcall_text(t, "computations.0.name"), "Air quality forecast");
	sbcall(t, SB_ADA, "GET", NULL, PATH "?order=name&dir=desc&limit=1");
	assert_string_equal(sbcall_text(t, "computations.0.name"), "Traffic light timing");
	sbcall(t, SB_ADA, "GET", NULL, PATH "?dir=up");
	sbcall_refused(t, 400, SB_TEXT_VALIDATION, "invalid list direction provided");
}

static void names_match_anywhere_without_wildcards(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=FRAUD");
	assert_int_equal(sbcall_int(t, "total"), 1);
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=%s", "%25");
	assert_int_equal(sbcall_int(t, "total"), 0);
	sbcall(t, SB_ADA, "GET", NULL, PATH "?name=_");
	assert_int_equal(sbcall_int(t, "total"), 0);
}

static void status_filters(void **state)
{
	struct sbcall *t = *state;
	sbcall(t, SB_ADA, "GET", NULL, PATH "?status=running");
	assert_int_equal(sbcall_int(t, "total"), 2);
	assert_string_equal(sbcall_text(t, "computations.1.status"), "running");
}

static void times_come_in_several_forms(void **state)
{
	struct sbcall *t = *state;
	struct sb_call call = {.sb = t->sb, .arena = prism_arena_create()};
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
	    {"2026-01-01T00:00:00Z", 1767225600000000ll},
	    {"2026-01-01T01:00:00+01:00", 1767225600000000ll},
	    {"1767225600", 1767225600000000ll},
	    {"1767225600000", 1767225600000000ll},
	    {"1767225600000000", 1767225600000000ll},
	    {"1767225600000000000", 1767225600000000ll},
	    {"", 7},
	    {"0001-01-01T00:00:00Z", 7},
	};
	call.query_count = 1;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t us = 0;
		call.query[0] = (struct sb_param){"from", rows[i].text};
		assert_int_equal(sb_query_time(&call, "from", 7, &us), 0);
		assert_int_equal(us, rows[i].us);
	}
	int64_t us = 5;
	call.query[0].value = "yesterday";
	assert_int_equal(sb_query_time(&call, "from", 7, &us), -1);
	assert_int_equal(us, 5);
	assert_int_equal(call.status, 400);
	sb_call_finish(&call);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sbcall_setup, sbcall_teardown)
	const struct CMUnitTest tests[] = {
	    T(the_default_page_has_ten),
	    T(limits_beyond_the_bounds_are_refused),
	    T(what_is_no_number_is_refused),
	    T(pages_together_are_the_list),
	    T(directions_are_asc_and_desc),
	    T(names_match_anywhere_without_wildcards),
	    T(status_filters),
	    T(times_come_in_several_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
