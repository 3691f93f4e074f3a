/*
 * Inside the lists only: their memory, and what list_page.c (entries of an answer made into items,
 * in the server's order) does for list.c (loading, refreshing, getters).
 */
#ifndef PRISM_CORE_LIST_PRIVATE_H
#define PRISM_CORE_LIST_PRIVATE_H

#include "core/internal.h"
#include "core/itemset.h"
#include "core/list.h"
#include "core/single.h"

struct page {
	struct prism_list node;
	struct core_list *list;
	size_t offset, limit;
	bool range; /* replaces visible entries in place */
	struct core_request *request;
};

/* A page that came before the one in front of it: kept until its turn, so that the order is the
 * server's whatever the order of answers. */
struct early {
	struct early *next;
	size_t offset, limit;
	struct core_batch *batch;
	const void **items;
	size_t count;
};

struct core_list {
	struct core *core;
	const struct core_list_type *type;
	char *event_id;
	void *query_data;
	char *arg[CORE_ARG_COUNT];
	struct core_status status;
	unsigned generation;
	struct core_itemset shown, shadow;
	struct core_batch *filling; /* takes the items of the next page, until it is full; or NULL */
	bool use_shadow, whole;     /* whole: everything of this load arrived */
	struct prism_cancel *cancel;
	struct prism_list pages; /* in flight */
	struct early *early;
	size_t appended_to; /* pages below this offset are in their set */
	size_t next_offset; /* of the next page to ask for */
	size_t page_size;   /* what the server really gives */
	bool total_known, failed_page, again;
	bool recalled; /* shown is from the cache, not from this start's server */
	struct core_waiters waiters;
};

/* The items of an array; ret_seen: entries it had, readable or not. Yours. */
struct early *core_list_decode(struct core_list *list, size_t offset, size_t limit,
                               const cJSON *items, size_t *ret_seen);
/* Appends what is new of it and frees it; returns how many that were. */
size_t core_list_append(struct core_itemset *set, struct early *page);
void core_list_append_early(struct core_list *list,
                            struct core_itemset *set); /* whose turn it is */
void core_list_drop_early(struct core_list *list);
void core_list_end_batch(struct core_list *list); /* the next page begins an arena of its own */
/* Replaces the entry of the same id, or appends it. */
void core_list_replace(struct core_list *list, const cJSON *entry, struct core_batch *batch);
void core_list_replace_all(struct core_list *list, const cJSON *items);

#endif
