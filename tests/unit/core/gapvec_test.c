/* core/gapvec.c: against a plain array, with insertions anywhere and drops at the front. */
#include "core/gapvec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 3000 };

static uint32_t model[MOST];
static size_t model_count;

static void check(const struct core_gapvec *vec)
{
	assert_int_equal(vec->count, model_count);
	for (size_t i = 0; i < model_count; i++)
		assert_int_equal(*(const uint32_t *)core_gapvec_at(vec, i), model[i]);
}

static void insert(struct core_gapvec *vec, size_t pos, size_t count, uint32_t value)
{
	bool front;
	uint32_t *room = core_gapvec_insert(vec, pos, count, &front);

	assert_int_equal(front, pos < model_count - pos);
	memmove(model + pos + count, model + pos, (model_count - pos) * sizeof(*model));
	for (size_t i = 0; i < count; i++)
		room[i] = model[pos + i] = value + (uint32_t)i;
	model_count += count;
}

static void random_changes_match_a_plain_array(void **state)
{
	struct core_gapvec vec;
	uint32_t seed = 7, value = 0;

	core_gapvec_init(&vec, sizeof(uint32_t));
	model_count = 0;
	for (int i = 0; i < 3000; i++) {
		seed = seed * 1664525 + 1013904223;
		size_t count = 1 + (seed >> 8) % 5;
		size_t pos = model_count ? (seed >> 12) % (model_count + 1) : 0;
		if ((seed >> 28) == 0)
			pos = 0;
		if ((seed >> 29) == 1)
			pos = model_count;
		if ((seed >> 27) == 31 || model_count + count > MOST) {
			size_t drop = model_count / 2;
			core_gapvec_drop_front(&vec, drop);
			memmove(model, model + drop, (model_count - drop) * sizeof(*model));
			model_count -= drop;
		}
		insert(&vec, pos < model_count ? pos : model_count, count, value += 10);
		if (i % 50 == 0)
			check(&vec);
	}
	check(&vec);
	core_gapvec_finish(&vec);
}

static void dropping_everything_and_more_is_harmless(void **state)
{
	struct core_gapvec vec;

	core_gapvec_init(&vec, sizeof(uint32_t));
	model_count = 0;
	core_gapvec_drop_front(&vec, 10);
	insert(&vec, 0, 3, 1);
	core_gapvec_drop_front(&vec, 10);
	assert_int_equal(vec.count, 0);
	model_count = 0;
	insert(&vec, 0, 2, 9);
	check(&vec);
	core_gapvec_finish(&vec);
	core_gapvec_finish(&vec);
}

static void a_queue_does_not_grow_for_ever(void **state)
{
	struct core_gapvec vec;

	core_gapvec_init(&vec, sizeof(uint32_t));
	for (uint32_t i = 0; i < 200000; i++) {
		*(uint32_t *)core_gapvec_insert(&vec, vec.count, 1, NULL) = i;
		if (vec.count > 1000)
			core_gapvec_drop_front(&vec, 1);
	}
	assert_true(vec.alloc < 10000);
	assert_int_equal(*(uint32_t *)core_gapvec_at(&vec, 0), 199000);
	core_gapvec_finish(&vec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes_match_a_plain_array),
	    cmocka_unit_test(dropping_everything_and_more_is_harmless),
	    cmocka_unit_test(a_queue_does_not_grow_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
