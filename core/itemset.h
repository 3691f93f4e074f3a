/*
 * Behind core/list.c: items in order, found by id, owned by the answer they came in.  Internal to
 * core.
 *
 * The items of one answer share an arena, which goes when the last of them was replaced or removed.
 */
#ifndef PRISM_CORE_ITEMSET_H
#define PRISM_CORE_ITEMSET_H

#include "base/mem.h"

#define CORE_NOT_FOUND SIZE_MAX

struct core_batch { /* the items of one answer */
	struct prism_arena *arena;
	size_t live; /* entries that still point here, plus one while it is being filled */
};

#define CORE_ITEMS_MAX 262143 /* what a slot of the index has bits for */

struct core_owner { /* a batch that items of the set are in */
	struct core_batch *batch;
	size_t items; /* 0: the place is free */
};

/* Some 20 bytes a row beside the item itself: lists may be long. */
struct core_itemset {
	const void **items;
	uint32_t *owner; /* of each item: its place in owners */
	size_t count, room;
	struct core_owner *owners;
	size_t owner_count, latest; /* latest: the one that was added to last */
	uint32_t *slots;            /* open addressing; see itemset.c */
	size_t slot_count;
};

struct core_batch *core_batch_create(void); /* live once, for whoever fills it */
void core_batch_unref(struct core_batch *batch);

const char *core_item_id(const void *item); /* every item begins with its id */
size_t core_itemset_find(const struct core_itemset *set, const char *id); /* CORE_NOT_FOUND */
/* The id must not be there yet. */
void core_itemset_append(struct core_itemset *set, const void *item, struct core_batch *batch);
/* The item must have the id of the one it replaces. */
void core_itemset_replace(struct core_itemset *set, size_t at, const void *item,
                          struct core_batch *batch);
void core_itemset_remove(struct core_itemset *set, size_t at);
void core_itemset_finish(struct core_itemset *set); /* empty and usable again */

#endif
