/*
 * Items in order with an index by id: open addressing, rebuilt when seven eighths are taken.  A
 * slot holds the item's place plus one, and above it bits of the id's hash, so that hardly any id
 * but the right one is looked at.
 */
#include "core/itemset.h"

#include <assert.h>
#include <string.h>

#define PLACE_BITS 18
#define PLACE_MASK ((1u << PLACE_BITS) - 1)
static_assert(CORE_ITEMS_MAX <= PLACE_MASK, "a place fits into a slot");

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32) & ~PLACE_MASK;
}

const char *core_item_id(const void *item)
{
	return *(const char *const *)item;
}

static void set_index(struct core_itemset *set, size_t at)
{
	uint64_t hash = hash_text(core_item_id(set->items[at]));
	size_t mask = set->slot_count - 1, slot = hash & mask;
	while (set->slots[slot])
		slot = (slot + 1) & mask;
	set->slots[slot] = tag_of(hash) | (uint32_t)(at + 1);
}

static size_t slots_filled(size_t slot_count)
{
	return slot_count - slot_count / 8;
}

static void set_reindex(struct core_itemset *set)
{
	size_t count = 64;
	while (slots_filled(count) < set->count)
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
	uint64_t hash = hash_text(id);
	size_t mask = set->slot_count - 1;
	for (size_t slot = hash & mask; set->slots[slot]; slot = (slot + 1) & mask) {
		size_t at = (set->slots[slot] & PLACE_MASK) - 1;
		if ((set->slots[slot] & ~PLACE_MASK) == tag_of(hash) &&
		    strcmp(core_item_id(set->items[at]), id) == 0)
			return at;
	}
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

/* ---- whose items they are ---- */

static size_t owner_place(struct core_itemset *set, const struct core_batch *batch)
{
	size_t at = set->latest;
	if (at < set->owner_count && set->owners[at].items && set->owners[at].batch == batch)
		return at;
	for (at = 0; at < set->owner_count; at++)
		if (set->owners[at].items == 0)
			return at;
	if ((set->owner_count & (set->owner_count + 1)) == 0) /* 0, 1, 3, 7: room for as many again */
		set->owners =
		    prism_realloc_array(set->owners, 2 * set->owner_count + 1, sizeof(*set->owners));
	set->owners[at].items = 0;
	set->owner_count++;
	return at;
}

static void take(struct core_itemset *set, size_t at, const void *item, struct core_batch *batch)
{
	size_t place = owner_place(set, batch);
	set->owners[place].batch = batch;
	set->owners[place].items++;
	set->latest = place;
	batch->live++;
	set->items[at] = item;
	set->owner[at] = (uint32_t)place;
}

static void give_up(struct core_itemset *set, uint32_t place)
{
	set->owners[place].items--;
	core_batch_unref(set->owners[place].batch);
}

/* ---- items ---- */

void core_itemset_append(struct core_itemset *set, const void *item, struct core_batch *batch)
{
	assert(set->count < CORE_ITEMS_MAX);
	if (set->count == set->room) {
		set->room = set->room ? set->room * 2 : 128;
		set->items = prism_realloc_array(set->items, set->room, sizeof(*set->items));
		set->owner = prism_realloc_array(set->owner, set->room, sizeof(*set->owner));
	}
	take(set, set->count++, item, batch);
	if (slots_filled(set->slot_count) < set->count)
		set_reindex(set);
	else
		set_index(set, set->count - 1);
}

void core_itemset_replace(struct core_itemset *set, size_t at, const void *item,
                          struct core_batch *batch)
{
	uint32_t old = set->owner[at];
	take(set, at, item, batch);
	give_up(set, old);
}

void core_itemset_remove(struct core_itemset *set, size_t at)
{
	size_t after = set->count - at - 1;
	give_up(set, set->owner[at]);
	memmove(&set->items[at], &set->items[at + 1], after * sizeof(*set->items));
	memmove(&set->owner[at], &set->owner[at + 1], after * sizeof(*set->owner));
	set->count--;
	set_reindex(set);
}

void core_itemset_finish(struct core_itemset *set)
{
	for (size_t i = 0; i < set->count; i++)
		core_batch_unref(set->owners[set->owner[i]].batch);
	prism_free(set->items);
	prism_free(set->owner);
	prism_free(set->owners);
	prism_free(set->slots);
	*set = (struct core_itemset){0};
}
