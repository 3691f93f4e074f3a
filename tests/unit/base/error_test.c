/* base/error.c: raising, wrapping, cutting and formatting errors. */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void raise_fills_everything(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_error_raise(&err, PRISM_ERROR_INVALID, "port %d is wrong", 7), -1);
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	assert_string_equal(err.message, "port 7 is wrong");
	assert_string_equal(err.hint, "");
	assert_non_null(strstr(err.origin, "error_test.c:"));
}

static void raise_starts_afresh(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_IO, "old");
	prism_error_hint(&err, "old hint");
	prism_error_wrap(&err, "older");
	prism_error_raise(&err, PRISM_ERROR_LIMIT, "new");
	assert_int_equal(err.causes, 0);
	assert_string_equal(err.hint, "");
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
}

static void raise_accepts_its_own_text(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_IO, "inner");
	prism_error_raise(&err, PRISM_ERROR_IO, "outer of %s", err.message);
	assert_string_equal(err.message, "outer of inner");
}

static void raise_without_an_error_still_fails(void **state)
{
	assert_int_equal(prism_error_raise(NULL, PRISM_ERROR_IO, "x"), -1);
	assert_int_equal(prism_error_errno(NULL, ENOENT, "x"), -1);
	assert_int_equal(prism_error_wrap(NULL, "x"), -1);
	prism_error_hint(NULL, "x");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[PRISM_ERROR_TEXT + 20];

	memset(text, 'a', sizeof(text));
	text[0] = 'b'; /* so that the two-byte characters straddle the end */
	for (size_t i = 1; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	text[sizeof(text) - 1] = '\0';
	prism_error_raise(&err, PRISM_ERROR_IO, "%s", text);
	size_t len = strlen(err.message);
	assert_in_range(len, PRISM_ERROR_TEXT - 4, PRISM_ERROR_TEXT - 1);
	assert_int_equal((unsigned char)err.message[len - 1], 0xA9);
}

static void a_message_is_one_line(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_IO, "two\r\nlines");
	assert_null(strpbrk(err.message, "\r\n"));
}

static void errno_is_translated_and_named(void **state)
{
	static const struct {
		int number;
		enum prism_error_category category;
	} rows[] = {
	    {ENOENT, PRISM_ERROR_MISSING},      {EACCES, PRISM_ERROR_DENIED},
	    {EEXIST, PRISM_ERROR_CONFLICT},     {ETIMEDOUT, PRISM_ERROR_TIMEOUT},
	    {ECONNREFUSED, PRISM_ERROR_IO},     {EMFILE, PRISM_ERROR_INTERNAL},
	    {EINVAL, PRISM_ERROR_INVALID},      {EFBIG, PRISM_ERROR_LIMIT},
	    {ECANCELED, PRISM_ERROR_CANCELLED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prism_error err = PRISM_ERROR_INIT;
		assert_int_equal(prism_error_errno(&err, rows[i].number, "open x"), -1);
		assert_int_equal(err.category, rows[i].category);
		assert_non_null(strstr(err.message, strerror(rows[i].number)));
		assert_int_equal(strncmp(err.message, "open x: ", 8), 0);
	}
}

static void wrap_keeps_category_and_innermost_cause(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_TRUST, "m0");
	for (int i = 1; i <= 6; i++)
		assert_int_equal(prism_error_wrap(&err, "m%d", i), -1);
	assert_int_equal(err.category, PRISM_ERROR_TRUST);
	assert_string_equal(err.message, "m6");
	assert_int_equal(err.causes, PRISM_ERROR_CHAIN);
	assert_string_equal(err.cause[0], "m5");
	assert_string_equal(err.cause[1], "m4");
	assert_string_equal(err.cause[2], "m3");
	assert_string_equal(err.cause[3], "m0");
}

static void format_joins_and_always_ends(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char text[200], tiny[8];

	prism_error_raise(&err, PRISM_ERROR_IO, "connection reset");
	prism_error_wrap(&err, "no answer");
	memcpy(err.operation, "list CVMs", 10);
	assert_string_equal(prism_error_format(&err, text, sizeof(text)),
	                    "list CVMs: no answer: connection reset");
	assert_string_equal(prism_error_format(&err, tiny, sizeof(tiny)), "list CV");
	assert_string_equal(prism_error_format(NULL, text, sizeof(text)), "");
}

static void words_and_exit_codes(void **state)
{
	assert_string_equal(prism_error_word(PRISM_ERROR_TIMEOUT), "timeout");
	assert_string_equal(prism_error_word((enum prism_error_category)99), "unknown");
	assert_int_equal(prism_error_exit_code(PRISM_ERROR_NONE), 0);
	assert_int_equal(prism_error_exit_code(PRISM_ERROR_CANCELLED), 12);
	assert_int_equal(prism_error_exit_code((enum prism_error_category)99), 1);
}

static void copy_and_clear(void **state)
{
	struct prism_error a = PRISM_ERROR_INIT, b = PRISM_ERROR_INIT;

	prism_error_raise(&a, PRISM_ERROR_IO, "x");
	prism_error_hint(&a, "try %d", 2);
	prism_error_copy(&b, &a);
	assert_string_equal(b.hint, "try 2");
	prism_error_copy(NULL, &a);
	prism_error_copy(&b, NULL);
	assert_int_equal(b.category, PRISM_ERROR_NONE);
	prism_error_clear(&a);
	assert_string_equal(a.message, "");
	prism_error_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(raise_fills_everything),
	    cmocka_unit_test(raise_starts_afresh),
	    cmocka_unit_test(raise_accepts_its_own_text),
	    cmocka_unit_test(raise_without_an_error_still_fails),
	    cmocka_unit_test(a_long_message_is_cut_between_characters),
	    cmocka_unit_test(a_message_is_one_line),
	    cmocka_unit_test(errno_is_translated_and_named),
	    cmocka_unit_test(wrap_keeps_category_and_innermost_cause),
	    cmocka_unit_test(format_joins_and_always_ends),
	    cmocka_unit_test(words_and_exit_codes),
	    cmocka_unit_test(copy_and_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
