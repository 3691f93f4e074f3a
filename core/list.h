/*
 * Cached collections: server paging that feels like one list.
 *
 * Freshness, shared by lists and single objects:
 *   EMPTY    never asked
 *   LOADING  asked, nothing to show yet
 *   READY    here; `loading` may still be true while further pages arrive or a refresh runs
 *   STALE    here, but the last refresh failed (`error`) or somebody invalidated it
 *   FAILED   nothing to show, `error` says why
 *
 * Loading: the first page (limit 100, the server's maximum, reference section 3) is shown as soon
 * as it is here; further pages load in the background, CORE_LIST_PARALLEL in flight.  A server that
 * answers shorter pages than asked is followed at its own size.  A missing `total` means: stop at
 * the first short page.  Entries that moved between pages meanwhile appear once.
 *
 * Refresh builds a shadow and swaps it in when whole; until then the old content stays.  Identity
 * is the item's id: keep ids, not pointers or indices, across events.  Collections above
 * CORE_LIST_LARGE entries are refreshed only in the pages the front end says are visible.
 *
 * Ownership: the list owns its items (one arena per page); pointers are lent until the next event
 * of the list's type.
 */
#ifndef PRISM_CORE_LIST_H
#define PRISM_CORE_LIST_H

#include "core/core.h"

#include <sys/types.h>

#define CORE_LIST_PAGE 100   /* supermq's maximum; larger is refused with 400 */
#define CORE_LIST_PARALLEL 4 /* pages in flight; keeps a slow server usable for the rest */
#define CORE_LIST_LARGE 2000 /* above: automatic refresh only of visible pages */
#define CORE_LIST_MAX 200000 /* entries; stops a server that counts without end */
#define CORE_STRING_MAX \
	10485760 /* bytes of one string of the server; the documents' sample limit */

enum core_freshness { CORE_EMPTY, CORE_LOADING, CORE_READY, CORE_STALE, CORE_FAILED };
const char *core_freshness_word(enum core_freshness freshness);

struct core_status {
	enum core_freshness freshness;
	bool loading;             /* something is in flight */
	size_t loaded, total;     /* lists: entries here, entries the server says exist */
	int64_t fetched_us;       /* wall clock of the last success; PRISM_TIME_UNSET */
	struct prism_error error; /* category NONE when the last attempt succeeded */
};

struct core_list;

size_t core_list_count(const struct core_list *list);
const void *core_list_at(const struct core_list *list, size_t index);     /* NULL out of range */
const void *core_list_find(const struct core_list *list, const char *id); /* NULL when absent */
ssize_t core_list_index(const struct core_list *list, const char *id);    /* -1 when absent */
const struct core_status *
core_list_status(const struct core_list *list);              /* lent, lives with the list */
unsigned core_list_generation(const struct core_list *list); /* grows whenever items changed */

/* Loads when EMPTY, FAILED or STALE and nothing is in flight; otherwise does nothing. */
void core_list_load(struct core_list *list);
/* Reloads everything behind what is shown; after the load that is running, when one is. */
void core_list_refresh(struct core_list *list);
/* Reloads only the pages that cover [first, first + count). */
void core_list_refresh_range(struct core_list *list, size_t first, size_t count);
/* Content stays and becomes STALE; the next load or watch fetches it. */
void core_list_invalidate(struct core_list *list);
/* Completion when everything is here, for callers that need the whole (command line).
 * refresh: fetch again even when READY. */
PRISM_MUST_USE
int core_list_await(struct core_list *list, bool refresh, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err);

/* --- for modules of core --- */

#include "core/request.h"

struct core_list_type {
	enum core_endpoint_id endpoint;
	const char *key;  /* "computations"; a bare array is read as well */
	size_t item_size; /* every item starts with `const char *id` */
	enum core_event_type event;
	/* Fills a zeroed item from one entry; strings into the arena. Returns false to skip the entry
	 * (not an object, no id). Must survive any JSON. */
	bool (*decode)(void *item, const cJSON *entry, struct prism_arena *arena);
	/* Adds query parameters (order, filters); may be NULL. */
	void (*query)(struct core_query *query, void *data);
	/* The endpoint is not offered (category missing): true to fill the list another way, by
	 * core_list_feed() and core_list_feed_end(). May be NULL. */
	bool (*fallback)(struct core_list *list, void *data);
};
struct core_list *core_list_create(struct core *core, const struct core_list_type *type,
                                   const char *event_id /* NULL: none; copied */, void *data);
void core_list_destroy(struct core_list *list);
void core_list_clear(struct core_list *list); /* forget everything, cancel what is in flight */
/* Path arguments other than the workspace, copied. */
void core_list_set_arg(struct core_list *list, enum core_arg arg, const char *value);
/* Replaces one entry from a document just fetched, or appends it. */
void core_list_put(struct core_list *list, const cJSON *entry);
void core_list_remove(struct core_list *list, const char *id);
/* For fallback: one item of another list of the same type, copied by `copy`; then the end. */
void core_list_feed(struct core_list *list, const void *item,
                    void (*copy)(void *item, const void *from, struct prism_arena *arena));
void core_list_feed_end(struct core_list *list, const struct prism_error *err);
/* Any items array in an answer: {key:[...]}, a bare array, or NULL. */
const cJSON *core_items_of(const cJSON *doc, const char *key);

#endif
