/*
 * Items in order with an index by id: open addressing, rebuilt when half full.
 */
#include "core/itemset.h"

#include <string.h>

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

const char *core_item_id(const void *item)
{
	return *(const char *const *)item;
}

static void set_index(struct core_itemset *set, size_t at)
{
	size_t mask = set->slot_count - 1;
	size_t slot = hash_text(core_item_id(set->entries[at].item)) & mask;
	while (set->slots[slot])
		slot = (slot + 1) & mask;
	set->slots[slot] = at + 1;
}

static void set_reindex(struct core_itemset *set, size_t want)
{
	size_t count = 64;
	while (count < want * 2)
		count *= 2;
	prism_free(set->slots);
	set->slots = prism_alloc_array(count, sizeof(*set->slots));
	set->slot_count = count;
	for (size_t i = 0; i < set->count; i++)
		set_index(set, i);
}

size_t core_itemset_find(const struct core_itemset *set, const char *id)
{
	if (!set->slot_count)
		return CORE_NOT_FOUND;
	size_t mask = set->slot_count - 1;
	for (size_t slot = hash_text(id) & mask; set->slots[slot]; slot = (slot + 1) & mask)
		if (strcmp(core_item_id(set->entries[set->slots[slot] - 1].item), id) == 0)
			return set->slots[slot] - 1;
	return CORE_NOT_FOUND;
}

struct core_batch *core_batch_create(void)
{
	struct core_batch *batch = prism_alloc(sizeof(*batch));
	batch->arena = prism_arena_create();
	batch->live = 1;
	return batch;
}

void core_batch_unref(struct core_batch *batch)
{
	if (--batch->live > 0)
		return;
	prism_arena_destroy(batch->arena);
	prism_free(batch);
}

void core_itemset_append(struct core_itemset *set, const void *item, struct core_batch *batch)
{
	if (set->count == set->room) {
		set->room = set->room ? set->room * 2 : 128;
		set->entries = prism_realloc_array(set->entries, set->room, sizeof(*set->entries));
	}
	set->entries[set->count++] = (struct core_entry){item, batch};
	batch->live++;
	if (set->slot_count < set->count * 2)
		set_reindex(set, set->count);
	else
		set_index(set, set->count - 1);
}

void core_itemset_replace(struct core_itemset *set, size_t at, const void *item,
                          struct core_batch *batch)
{
	struct core_batch *old = set->entries[at].batch;
	set->entries[at] = (struct core_entry){item, batch};
	batch->live++;
	core_batch_unref(old);
}

void core_itemset_remove(struct core_itemset *set, size_t at)
{
	core_batch_unref(set->entries[at].batch);
	memmove(&set->entries[at], &set->entries[at + 1],
	        (set->count - at - 1) * sizeof(*set->entries));
	set->count--;
	set_reindex(set, set->count);
}

void core_itemset_finish(struct core_itemset *set)
{
	for (size_t i = 0; i < set->count; i++)
		core_batch_unref(set->entries[i].batch);
	prism_free(set->entries);
	prism_free(set->slots);
	*set = (struct core_itemset){0};
}
