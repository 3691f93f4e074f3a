/*
 * Covers tui/args.c: quoting, named and positional arguments, refusals that help, and where the
 * cursor of a line that is still typed stands.
 */
#include "tui/args.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void check_split(const char *line, size_t count, const char *const *want)
{
	struct pt_words words;

	assert_int_equal(pt_words_split(line, &words, NULL), 0);
	assert_int_equal(words.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(words.v[i], want[i]);
	pt_words_finish(&words);
}

static void splits_like_a_shell(void **state)
{
	PRISM_UNUSED(state);
	check_split("", 0, NULL);
	check_split("  a  b\t", 2, (const char *[]){"a", "b"});
	check_split("'a b' \"c \\\"d\\\\\" e\\ f", 3, (const char *[]){"a b", "c \"d\\", "e f"});
	check_split("x''y \"\"", 2, (const char *[]){"xy", ""});
	check_split("$HOME *", 2, (const char *[]){"$HOME", "*"});
}

static void refuses_open_quotes_and_floods(void **state)
{
	struct pt_words words;
	struct prism_error err = PRISM_ERROR_INIT;
	char *many = prism_alloc(PT_WORDS_MAX * 2 + 10);
	char *longer = prism_alloc(PT_LINE_MAX + 2);

	PRISM_UNUSED(state);
	assert_int_equal(pt_words_split("a 'b", &words, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	for (int i = 0; i <= PT_WORDS_MAX; i++)
		memcpy(many + 2 * i, "a ", 2);
	assert_int_equal(pt_words_split(many, &words, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	memset(longer, 'a', PT_LINE_MAX + 1);
	assert_int_equal(pt_words_split(longer, &words, &err), -1);
	prism_free(many);
	prism_free(longer);
}

static void quoting_comes_back(void **state)
{
	static const char *const texts[] = {"a", "", "a b", "\"", "\\", "it's", "-x", "ü \t"};

	PRISM_UNUSED(state);
	for (size_t i = 0; i < PRISM_COUNT(texts); i++) {
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(1000);

		pt_words_quote(&line, texts[i]);
		check_split(prism_buf_text(&line), 1, &texts[i]);
	}
}

static struct pt_values *parsed(const char *line)
{
	struct pt_values *values = NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_line_parse(line, &values, &err) < 0)
		fail_msg("%s: %s", line, err.message);
	return values;
}

static void refused(const char *line, const char *in_message, const char *in_hint)
{
	struct pt_values *values = NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	int result = pt_line_parse(line, &values, &err);

	if (result == 0) {
		result = pt_values_check(values, &err);
		pt_values_destroy(values);
	}
	assert_int_equal(result, -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_non_null(strstr(err.message, in_message));
	assert_non_null(strstr(err.hint, in_hint));
}

static void arguments_in_any_order(void **state)
{
	struct pt_values *v = parsed("computation run --cvm=c1 'My demo' --follow");

	PRISM_UNUSED(state);
	assert_ptr_equal(pt_values_action(v), pt_action(PT_ACTION_COMPUTATION_RUN));
	assert_string_equal(pt_values_get(v, "computation"), "My demo");
	assert_string_equal(pt_values_get(v, "cvm"), "c1");
	assert_string_equal(pt_values_get(v, "follow"), "yes");
	assert_int_equal(pt_values_check(v, NULL), 0);
	pt_values_destroy(v);
}

static void repeated_arguments_take_the_rest(void **state)
{
	struct pt_values *v = parsed("role action add demo owner run view");

	PRISM_UNUSED(state);
	assert_int_equal(pt_values_count(v, "action"), 2);
	assert_string_equal(pt_values_nth(v, "action", 1), "view");
	assert_null(pt_values_nth(v, "action", 2));
	pt_values_destroy(v);
	v = parsed("send algorithm demo a.py --arg -x --arg '-y z' -- ");
	assert_string_equal(pt_values_nth(v, "arg", 1), "-y z");
	pt_values_destroy(v);
}

static void refusals_say_what_to_do(void **state)
{
	PRISM_UNUSED(state);
	refused("computation rum x", "no command", "computation run");
	refused("nonsense", "no command", "help");
	refused("computation run x", "needs --cvm", "usage: computation run");
	refused("computation run x --cmv y", "no --cmv", "did you mean --cvm");
	refused("computation run x --cvm", "needs a value", "");
	refused("computation run x --cvm a --cvm b", "twice", "usage: computation run");
	refused("asset create Iris --file a.csv", "file given twice", "usage: asset create");
	refused("computation run x y --cvm a", "too many", "usage");
	refused("computation run x --cvm a --follow=1", "no value", "");
	refused("computation logs x --level loud", "cannot be", "one of: debug");
	refused("computation logs x --limit many", "not a number", "");
	refused("", "empty", "");
}

static void values_can_be_changed(void **state)
{
	struct pt_values *v = pt_values_create(pt_action(PT_ACTION_CVM_SHOW));

	PRISM_UNUSED(state);
	assert_string_equal(pt_values_missing(v)->name, "cvm");
	pt_values_add(v, "cvm", "");
	pt_values_add(v, "other", "x");
	assert_non_null(pt_values_missing(v));
	pt_values_add(v, "cvm", "a");
	assert_null(pt_values_missing(v));
	pt_values_clear(v, "cvm");
	assert_null(pt_values_get(v, "cvm"));
	pt_values_destroy(v);
}

static void the_cursor_knows_its_argument(void **state)
{
	struct pt_line_place place;

	PRISM_UNUSED(state);
	pt_line_place("computation ru", 14, &place);
	assert_null(place.action);
	assert_int_equal(place.start, 0);
	pt_line_place_finish(&place);

	pt_line_place("computation run de", 18, &place);
	assert_ptr_equal(place.action, pt_action(PT_ACTION_COMPUTATION_RUN));
	assert_string_equal(place.arg->name, "computation");
	assert_string_equal(place.word, "de");
	assert_int_equal(place.start, 16);
	pt_line_place_finish(&place);

	pt_line_place("computation run demo --cvm ", 27, &place);
	assert_string_equal(place.arg->name, "cvm");
	assert_false(place.name);
	assert_string_equal(pt_values_get(place.values, "computation"), "demo");
	pt_line_place_finish(&place);

	pt_line_place("computation run demo --c", 24, &place);
	assert_null(place.arg);
	assert_true(place.name);
	pt_line_place_finish(&place);

	pt_line_place("computation run 'my de", 22, &place);
	assert_string_equal(place.word, "my de");
	pt_line_place_finish(&place);
}

static void distance_counts_edits(void **state)
{
	PRISM_UNUSED(state);
	assert_int_equal(pt_distance("cvm", "cvm", 2), 0);
	assert_int_equal(pt_distance("cvm", "cmv", 2), 2);
	assert_int_equal(pt_distance("cvm", "cv", 2), 1);
	assert_int_equal(pt_distance("cvm", "asset", 2), 3);
}

static void bytes_can_stand_behind_an_argument(void **state)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CERT_CHECK));

	(void)state;
	pt_values_add(values, "cert-file", "pasted");
	assert_null(pt_values_attached(values, "cert-file"));
	pt_values_attach(values, "cert-file", prism_secret_from_text("-----BEGIN"));
	pt_values_attach(values, "no-such-argument", prism_secret_from_text("x")); /* freed at once */
	pt_values_attach(values, "key-file", NULL);
	assert_string_equal(prism_secret_text(pt_values_attached(values, "cert-file")), "-----BEGIN");
	assert_null(pt_values_attached(values, "key-file"));
	pt_values_destroy(values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_can_stand_behind_an_argument),
	    cmocka_unit_test(splits_like_a_shell),
	    cmocka_unit_test(refuses_open_quotes_and_floods),
	    cmocka_unit_test(quoting_comes_back),
	    cmocka_unit_test(arguments_in_any_order),
	    cmocka_unit_test(repeated_arguments_take_the_rest),
	    cmocka_unit_test(refusals_say_what_to_do),
	    cmocka_unit_test(values_can_be_changed),
	    cmocka_unit_test(the_cursor_knows_its_argument),
	    cmocka_unit_test(distance_counts_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
