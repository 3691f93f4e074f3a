/* core/logmatch.c: literals at every place and alignment, case, expressions and their limits. */
#include "core/logmatch.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct core_logmatch *pattern(const char *text, unsigned flags)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_logmatch *match = core_logmatch_create(text, flags, &err);

	if (!match)
		fail_msg("%s", err.message);
	return match;
}

/* Where `text` matches: "start-end", or "" . */
static void expect(const char *pat, unsigned flags, const char *text, int start, int end)
{
	struct core_logmatch *match = pattern(pat, flags);
	size_t s = 99, e = 99;
	bool found = core_logmatch_find(match, text, strlen(text), 0, &s, &e);

	if (found != (start >= 0) || (found && ((int)s != start || (int)e != end)))
		fail_msg("\"%s\" in \"%s\": %d, %zu-%zu", pat, text, found, s, e);
	core_logmatch_destroy(match);
}

static void literals_are_found_wherever_they_stand(void **state)
{
	char text[200];

	for (size_t needle = 1; needle < 40; needle += 3) {
		char pat[41] = {0};
		for (size_t i = 0; i < needle; i++)
			pat[i] = (char)('A' + i % 26);
		struct core_logmatch *match = pattern(pat, 0);
		for (size_t at = 0; at + needle <= 100; at++) {
			size_t s, e;
			memset(text, 'A', sizeof(text)); /* near misses all around */
			memcpy(text + at, pat, needle);
			if (needle > 1) {
				assert_true(core_logmatch_find(match, text, 100, 0, &s, &e));
				assert_int_equal(s, at);
				assert_int_equal(e, at + needle);
				assert_false(core_logmatch_find(match, text, at + needle - 1, 0, &s, &e));
				assert_false(core_logmatch_find(match, text, 100, at + 1, &s, &e));
			}
		}
		core_logmatch_destroy(match);
	}
}

static void case_is_smart(void **state)
{
	expect("error", 0, "an ERROR here", 3, 8);
	expect("Error", 0, "an ERROR here", -1, 0);
	expect("Error", 0, "an Error here", 3, 8);
	expect("error", CORE_LOGMATCH_EXACT_CASE, "an ERROR here", -1, 0);
	expect("a[b", 0, "A{B A[B", 4, 7); /* '{' is '[' with the case bit set */
	expect("@x", 0, "`X @X", 3, 5);
	expect("\xC3\xA9t\xC3\xA9", 0, "l'\xC3\x89T\xC3\x89", 2, 7);
	expect("\xC3\x89t", 0, "\xC3\xA9t", -1, 0);
	expect("caf\xC3\xA9", 0, "un CAF\xC3\x89", 3, 8);
	expect("\xC3\xA9", 0, "plain ascii of more than eight", -1, 0);
}

static void expressions(void **state)
{
	expect("took [0-9]+", CORE_LOGMATCH_REGEX, "it TOOK 45 us", 3, 10);
	expect("Took", CORE_LOGMATCH_REGEX, "it took", -1, 0);
	expect("\\Sook", CORE_LOGMATCH_REGEX, "it TOOK", 3, 7); /* \S is no capital */
	expect("^x", CORE_LOGMATCH_REGEX, "ax", -1, 0);
	expect(".$", CORE_LOGMATCH_REGEX, "ab\xC3\xA9", 2, 4);
	expect("x*", CORE_LOGMATCH_REGEX, "abc", 0, 0);
}

static void what_is_no_pattern_is_refused(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *longer = prism_alloc(CORE_LOGMATCH_PATTERN + 2);

	assert_null(core_logmatch_create("", 0, &err));
	assert_null(core_logmatch_create(NULL, 0, &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_null(core_logmatch_create("\xFF", 0, &err));
	assert_null(core_logmatch_create("a(b", CORE_LOGMATCH_REGEX, &err));
	assert_non_null(strstr(err.message, "position 4"));
	assert_true(err.hint[0]);
	memset(longer, 'a', CORE_LOGMATCH_PATTERN + 1);
	assert_null(core_logmatch_create(longer, 0, &err));
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	core_logmatch_destroy(NULL);
}

static void a_runaway_expression_gives_up(void **state)
{
	struct core_logmatch *match = pattern("(a+)+$", CORE_LOGMATCH_REGEX);
	char text[60];
	size_t s, e;

	memset(text, 'a', sizeof(text));
	text[59] = 'b';
	assert_false(core_logmatch_find(match, text, sizeof(text), 0, &s, &e));
	assert_int_equal(core_logmatch_gave_up(match), 1);
	assert_true(core_logmatch_find(match, text, 59, 0, &s, &e));
	core_logmatch_destroy(match);
}

static void what_a_matcher_tells_about_itself(void **state)
{
	struct core_logmatch *literal = pattern("a", 0), *regex = pattern("a", CORE_LOGMATCH_REGEX);
	size_t s, e;

	assert_true(core_logmatch_spans(literal));
	assert_false(core_logmatch_spans(regex));
	assert_string_equal(core_logmatch_pattern(regex), "a");
	assert_int_equal(core_logmatch_flags_of(regex), CORE_LOGMATCH_REGEX);
	assert_false(core_logmatch_find(literal, "a", 1, 2, &s, &e));
	assert_false(core_logmatch_find(literal, "", 0, 0, &s, &e));
	core_logmatch_destroy(literal);
	core_logmatch_destroy(regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(literals_are_found_wherever_they_stand),
	    cmocka_unit_test(case_is_smart),
	    cmocka_unit_test(expressions),
	    cmocka_unit_test(what_is_no_pattern_is_refused),
	    cmocka_unit_test(a_runaway_expression_gives_up),
	    cmocka_unit_test(what_a_matcher_tells_about_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
