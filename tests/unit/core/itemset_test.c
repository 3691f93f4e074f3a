/*
 * core/itemset.c: order, index, and which arena goes when.
 */
#include "core/itemset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct thing {
	const char *id;
	int value;
};

static struct thing *make(struct core_batch *batch, int number, int value)
{
	struct thing *thing = prism_arena_alloc(batch->arena, sizeof(*thing));
	thing->id = prism_arena_printf(batch->arena, "id-%d", number);
	thing->value = value;
	return thing;
}

static const struct thing *at(const struct core_itemset *set, size_t index)
{
	return set->items[index];
}

static void test_order_and_index(void **state)
{
	struct core_itemset set = {0};
	struct core_batch *batch = core_batch_create();
	assert_int_equal(core_itemset_find(&set, "id-0"), CORE_NOT_FOUND);
	for (int i = 0; i < 1000; i++)
		core_itemset_append(&set, make(batch, i, i), batch);
	core_batch_unref(batch);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(core_itemset_find(&set, at(&set, (size_t)i)->id), i);
	assert_int_equal(core_itemset_find(&set, "id-1000"), CORE_NOT_FOUND);
	assert_int_equal(core_itemset_find(&set, ""), CORE_NOT_FOUND);
	core_itemset_remove(&set, 500);
	assert_int_equal(set.count, 999);
	assert_int_equal(core_itemset_find(&set, "id-500"), CORE_NOT_FOUND);
	assert_int_equal(core_itemset_find(&set, "id-501"), 500);
	core_itemset_finish(&set);
	assert_int_equal(set.count, 0);
	assert_int_equal(core_itemset_find(&set, "id-1"), CORE_NOT_FOUND);
}

/* An answer's memory goes with the last of its items: polls for days do not add up. */
static void test_replacing_frees_the_old_answer(void **state)
{
	struct core_itemset set = {0};
	struct core_batch *first = core_batch_create();
	core_itemset_append(&set, make(first, 1, 1), first);
	core_itemset_append(&set, make(first, 2, 1), first);
	core_batch_unref(first);
	assert_int_equal(first->live, 2);
	struct core_batch *second = core_batch_create();
	core_itemset_replace(&set, 0, make(second, 1, 2), second);
	assert_int_equal(first->live, 1);
	assert_int_equal(second->live, 2);
	core_itemset_replace(&set, 1, make(second, 2, 2), second); /* the first is gone here */
	core_batch_unref(second);
	assert_int_equal(second->live, 2);
	assert_int_equal(at(&set, 0)->value, 2);
	assert_int_equal(core_itemset_find(&set, "id-2"), 1);
	core_itemset_remove(&set, 0);
	assert_int_equal(second->live, 1);
	core_itemset_finish(&set);
}

/* As a list of many is kept up to date: page by page, each replaced later by a newer answer. */
static void test_many_batches(void **state)
{
	enum { PAGES = 400, SIZE = 50 };
	struct core_itemset set = {0};
	for (int round = 0; round < 3; round++)
		for (int page = 0; page < PAGES; page++) {
			struct core_batch *batch = core_batch_create();
			for (int i = page * SIZE; i < (page + 1) * SIZE; i++)
				if (round == 0)
					core_itemset_append(&set, make(batch, i, round), batch);
				else
					core_itemset_replace(&set, (size_t)i, make(batch, i, round), batch);
			core_batch_unref(batch);
		}
	assert_int_equal(set.count, PAGES * SIZE);
	assert_true(set.owner_count <= PAGES + 1); /* places are used again */
	for (int i = 0; i < PAGES * SIZE; i++) {
		assert_int_equal(at(&set, (size_t)i)->value, 2);
		assert_int_equal(core_itemset_find(&set, at(&set, (size_t)i)->id), i);
	}
	core_itemset_finish(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_and_index),
	    cmocka_unit_test(test_replacing_frees_the_old_answer),
	    cmocka_unit_test(test_many_batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
