/*
 * Owns what becomes of the page of an answer: items in an arena, put behind those of the pages
 * before it.  The items of some answers share an arena, which is freed when the last of them is
 * replaced or removed.
 */
#include "core/list_private.h"

#define BATCH_FULL (256u << 10) /* bytes of an arena, before the next one is begun */

void core_list_end_batch(struct core_list *list)
{
	if (list->filling)
		core_batch_unref(list->filling);
	list->filling = NULL;
}

/* Referred to once more. An arena for each page would leave a part of each unused. */
static struct core_batch *batch_to_fill(struct core_list *list)
{
	if (list->filling && prism_arena_size(list->filling->arena) >= BATCH_FULL)
		core_list_end_batch(list);
	if (!list->filling)
		list->filling = core_batch_create();
	list->filling->live++;
	return list->filling;
}

struct early *core_list_decode(struct core_list *list, size_t offset, size_t limit,
                               const cJSON *items, size_t *ret_seen)
{
	struct early *page = prism_alloc(sizeof(*page));
	int size = cJSON_IsArray(items) ? cJSON_GetArraySize(items) : 0;
	page->offset = offset;
	page->limit = limit;
	page->batch = batch_to_fill(list);
	page->items = prism_alloc_array((size_t)size + 1, sizeof(*page->items));
	const cJSON *entry;
	cJSON_ArrayForEach(entry, items)
	{
		void *item = prism_arena_alloc(page->batch->arena, list->type->item_size);
		if (page->count < CORE_LIST_MAX && list->type->decode(item, entry, page->batch->arena) &&
		    *core_item_id(item))
			page->items[page->count++] = item;
	}
	*ret_seen = (size_t)size;
	return page;
}

static void early_free(struct early *page)
{
	core_batch_unref(page->batch);
	prism_free(page->items);
	prism_free(page);
}

void core_list_drop_early(struct core_list *list)
{
	while (list->early) {
		struct early *next = list->early->next;
		early_free(list->early);
		list->early = next;
	}
}

/* Appends what is new of it; returns how many that were. */
size_t core_list_append(struct core_itemset *set, struct early *page)
{
	size_t before = set->count;
	for (size_t i = 0; i < page->count && set->count < CORE_LIST_MAX; i++)
		if (core_itemset_find(set, core_item_id(page->items[i])) == CORE_NOT_FOUND)
			core_itemset_append(set, page->items[i], page->batch);
	early_free(page);
	return set->count - before;
}

/* Appends every kept page whose turn has come. */
void core_list_append_early(struct core_list *list, struct core_itemset *set)
{
	for (struct early **slot = &list->early; *slot;) {
		struct early *page = *slot;
		if (page->offset != list->appended_to) {
			slot = &page->next;
			continue;
		}
		*slot = page->next;
		list->appended_to += page->limit;
		core_list_append(set, page);
		slot = &list->early; /* its successor may be anywhere */
	}
}

void core_list_replace(struct core_list *list, const cJSON *entry, struct core_batch *batch)
{
	void *item = prism_arena_alloc(batch->arena, list->type->item_size);
	if (!list->type->decode(item, entry, batch->arena) || !*core_item_id(item))
		return;
	size_t at = core_itemset_find(&list->shown, core_item_id(item));
	if (at != CORE_NOT_FOUND)
		core_itemset_replace(&list->shown, at, item, batch);
	else if (list->shown.count < CORE_LIST_MAX)
		core_itemset_append(&list->shown, item, batch);
}

void core_list_replace_all(struct core_list *list, const cJSON *items)
{
	struct core_batch *batch = core_batch_create();
	const cJSON *entry;
	cJSON_ArrayForEach(entry, items) core_list_replace(list, entry, batch);
	core_batch_unref(batch);
}
