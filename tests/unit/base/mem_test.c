/* base/mem.c: allocation, arenas and secrets. */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void allocations_are_zeroed_and_never_null(void **state)
{
	PRISM_AUTO_FREE char *one = prism_alloc(100);
	PRISM_AUTO_FREE int *many = prism_alloc_array(10, sizeof(int));
	PRISM_AUTO_FREE void *none = prism_alloc(0);

	for (int i = 0; i < 100; i++)
		assert_int_equal(one[i], 0);
	assert_int_equal(many[9], 0);
	assert_non_null(none);
	many = prism_realloc_array(many, 20, sizeof(int));
	assert_int_equal(many[9], 0);
}

static void copies_of_text(void **state)
{
	PRISM_AUTO_FREE char *a = prism_strdup("abc");
	PRISM_AUTO_FREE char *b = prism_strndup("abcdef", 3);
	PRISM_AUTO_FREE char *c = prism_asprintf("%s-%d", a, 5);
	PRISM_AUTO_FREE char *d = prism_memdup("ab\0c", 4);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "abc-5");
	assert_memory_equal(d, "ab\0c", 4);
	assert_null(prism_strdup(NULL));
	assert_null(prism_strndup(NULL, 3));
}

static char *given_away(void)
{
	PRISM_AUTO_FREE char *text = prism_strdup("mine");

	return PRISM_STEAL(text);
}

static void cleanup_and_steal(void **state)
{
	PRISM_AUTO_FREE char *text = given_away();
	int pipes[2];

	assert_string_equal(text, "mine");
	assert_int_equal(pipe(pipes), 0);
	{
		PRISM_AUTO_FD int fd = pipes[0];
		assert_true(fd >= 0);
	}
	assert_int_equal(close(pipes[0]), -1);
	assert_int_equal(close(pipes[1]), 0);
}

static void wipe_overwrites(void **state)
{
	char text[] = "secret";

	prism_wipe(text, sizeof(text));
	for (size_t i = 0; i < sizeof(text); i++)
		assert_int_equal(text[i], 0);
	prism_wipe(NULL, 10);
}

static void arena_aligns_zeroes_and_keeps(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	char *kept = prism_arena_strdup(arena, "kept");

	for (size_t size = 1; size < 3000; size += 7) {
		unsigned char *p = prism_arena_alloc(arena, size);
		size_t whole = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
		assert_int_equal((uintptr_t)p % sizeof(void *), 0);
		if (whole % _Alignof(max_align_t) == 0)
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xEE, size);
	}
	unsigned char *big = prism_arena_alloc(arena, 1 << 20);
	big[(1 << 20) - 1] = 1;
	assert_string_equal(kept, "kept");
	assert_true(prism_arena_size(arena) > 1 << 20);
	prism_arena_destroy(arena);
	prism_arena_destroy(NULL);
}

static void arena_text(void **state)
{
	struct prism_arena *arena = prism_arena_create();

	assert_string_equal(prism_arena_strndup(arena, "abcdef", 2), "ab");
	assert_string_equal(prism_arena_strndup(arena, "ab", 20), "ab");
	assert_string_equal(prism_arena_printf(arena, "%d/%s", 3, "x"), "3/x");
	assert_null(prism_arena_strdup(arena, NULL));
	assert_null(prism_arena_strndup(arena, NULL, 3));
	prism_arena_destroy(arena);
}

/* A hundred thousand rows are held in arenas: what is not theirs has to be little. */
static void arena_wastes_little(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	const size_t rows = 2000, object = 72, text = 37;

	for (size_t i = 0; i < rows; i++) {
		char id[64];
		snprintf(id, sizeof(id), "%036zu", i);
		uint64_t *p = prism_arena_alloc(arena, object);
		char *copy = prism_arena_strdup(arena, id);
		p[object / 8 - 1] = UINT64_MAX; /* neighbours stay whole */
		assert_string_equal(copy, id);
		assert_int_equal(p[0], 0);
	}
	assert_true(prism_arena_size(arena) < rows * (object + text) * 105 / 100);
	prism_arena_destroy(arena);
}

static void arena_shares_what_repeats(void **state)
{
	struct prism_arena *arena = prism_arena_create();
	char text[] = "completed";
	const char *first = prism_arena_share(arena, text);

	text[0] = 'x';
	assert_string_equal(first, "completed");
	assert_ptr_equal(prism_arena_share(arena, "completed"), first);
	assert_ptr_not_equal(prism_arena_share(arena, "failed"), first);
	assert_ptr_equal(prism_arena_share(arena, "completed"), first);
	assert_ptr_not_equal(prism_arena_share(arena, text), first);
	assert_null(prism_arena_share(arena, NULL));
	prism_arena_destroy(arena);
}

static void secret_holds_and_compares(void **state)
{
	struct prism_secret *a = prism_secret_from_text("hunter2");
	struct prism_secret *b = prism_secret_create("hunter2", 7);
	struct prism_secret *c = prism_secret_create("hunter3", 7);
	struct prism_secret *longer = prism_secret_from_text("hunter22");

	assert_string_equal(prism_secret_text(a), "hunter2");
	assert_int_equal(prism_secret_size(a), 7);
	assert_true(prism_secret_equal(a, b));
	assert_false(prism_secret_equal(a, c));
	assert_false(prism_secret_equal(a, longer));
	assert_false(prism_secret_equal(a, NULL));
	prism_secret_destroy(a);
	prism_secret_destroy(b);
	prism_secret_destroy(c);
	prism_secret_destroy(longer);
	prism_secret_destroy(NULL);
}

static void secret_may_be_empty_or_large(void **state)
{
	struct prism_secret *empty = prism_secret_create(NULL, 0);
	struct prism_secret *room = prism_secret_create(NULL, 10000);

	assert_string_equal(prism_secret_text(empty), "");
	assert_string_equal(prism_secret_text(NULL), "");
	assert_int_equal(prism_secret_size(NULL), 0);
	assert_int_equal(prism_secret_text(room)[9999], 0);
	prism_secret_destroy(empty);
	prism_secret_destroy(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocations_are_zeroed_and_never_null),
	    cmocka_unit_test(copies_of_text),
	    cmocka_unit_test(cleanup_and_steal),
	    cmocka_unit_test(wipe_overwrites),
	    cmocka_unit_test(arena_aligns_zeroes_and_keeps),
	    cmocka_unit_test(arena_text),
	    cmocka_unit_test(arena_wastes_little),
	    cmocka_unit_test(arena_shares_what_repeats),
	    cmocka_unit_test(secret_holds_and_compares),
	    cmocka_unit_test(secret_may_be_empty_or_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
