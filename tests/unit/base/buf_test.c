/* base/buf.c: growth, the cap, and what a refused append leaves behind. */
#include "base/buf.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void text_is_terminated_as_it_grows(void **state)
{
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(10000);

	assert_string_equal(prism_buf_text(&buf), "");
	for (int i = 0; i < 1000; i++) {
		prism_buf_putc(&buf, 'x');
		assert_int_equal(buf.data[buf.len], 0);
	}
	assert_int_equal(buf.len, 1000);
	prism_buf_puts(&buf, "abc");
	prism_buf_printf(&buf, "%05d", 42);
	assert_string_equal(buf.data + 1000, "abc00042");
}

static void the_cap_is_exact_and_a_refusal_changes_nothing(void **state)
{
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(5);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(prism_buf_append(&buf, "abcde", 5, &err), 0);
	assert_int_equal(prism_buf_append(&buf, "f", 1, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_LIMIT);
	assert_string_equal(prism_buf_text(&buf), "abcde");
	assert_int_equal(prism_buf_append(&buf, "", 0, NULL), 0);
	assert_int_equal(prism_buf_reserve(&buf, SIZE_MAX, NULL), -1);
}

static void a_cap_of_zero_holds_nothing(void **state)
{
	PRISM_AUTO_BUF struct prism_buf buf;

	prism_buf_init(&buf, 0);
	assert_int_equal(prism_buf_append(&buf, "", 0, NULL), 0);
	assert_int_equal(prism_buf_append(&buf, "a", 1, NULL), -1);
}

static void consume_drops_from_the_front(void **state)
{
	PRISM_AUTO_BUF struct prism_buf buf = PRISM_BUF_INIT(100);

	prism_buf_puts(&buf, "hello world");
	prism_buf_consume(&buf, 6);
	assert_string_equal(buf.data, "world");
	prism_buf_consume(&buf, 0);
	assert_int_equal(buf.len, 5);
	prism_buf_consume(&buf, 500);
	assert_int_equal(buf.len, 0);
	assert_string_equal(prism_buf_text(&buf), "");
}

static void take_hands_over_and_leaves_an_empty_buffer(void **state)
{
	struct prism_buf buf = PRISM_BUF_INIT(100);
	size_t len = 99;

	PRISM_AUTO_FREE char *nothing = prism_buf_take(&buf, &len);
	assert_string_equal(nothing, "");
	assert_int_equal(len, 0);
	prism_buf_put(&buf, "ab\0c", 4);
	PRISM_AUTO_FREE char *taken = prism_buf_take(&buf, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(taken, "ab\0c", 5);
	assert_null(buf.data);
	assert_int_equal(buf.cap, 100);
	prism_buf_finish(&buf);
	prism_buf_finish(NULL);
}

static void clear_keeps_memory_and_wipe_frees_it(void **state)
{
	struct prism_buf buf = PRISM_BUF_INIT(100);

	prism_buf_puts(&buf, "secret");
	size_t alloc = buf.alloc;
	prism_buf_clear(&buf);
	assert_int_equal(buf.alloc, alloc);
	assert_string_equal(buf.data, "");
	prism_buf_puts(&buf, "again");
	prism_buf_wipe(&buf);
	assert_null(buf.data);
	prism_buf_puts(&buf, "usable");
	assert_string_equal(buf.data, "usable");
	prism_buf_wipe(&buf);
	prism_buf_wipe(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_terminated_as_it_grows),
	    cmocka_unit_test(the_cap_is_exact_and_a_refusal_changes_nothing),
	    cmocka_unit_test(a_cap_of_zero_holds_nothing),
	    cmocka_unit_test(consume_drops_from_the_front),
	    cmocka_unit_test(take_hands_over_and_leaves_an_empty_buffer),
	    cmocka_unit_test(clear_keeps_memory_and_wipe_frees_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
