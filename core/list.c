/*
 * Cached collections.  The rules are in the header; here a list has two sets of pages:
 *
 *   shown    what getters lend: items in server order, an index by id
 *   shadow   what a refresh is building; swapped in when whole
 *
 * What becomes of an answer's page is core/list_page.c.  The first load writes straight into
 * `shown`, so the first page is on the screen at once.
 */
#include "core/list_private.h"

#include "core/cache.h"

static const char *const freshness_words[] = {
    [CORE_EMPTY] = "empty", [CORE_LOADING] = "loading", [CORE_READY] = "ready",
    [CORE_STALE] = "stale", [CORE_FAILED] = "failed",
};

const char *core_freshness_word(enum core_freshness freshness)
{
	return freshness_words[freshness];
}

/* --- life --- */

struct core_list *core_list_create(struct core *core, const struct core_list_type *type,
                                   const char *event_id, void *data)
{
	struct core_list *list = prism_alloc(sizeof(*list));
	list->core = core;
	list->type = type;
	list->event_id = prism_strdup(event_id);
	list->query_data = data;
	list->status.fetched_us = PRISM_TIME_UNSET;
	list->cancel = prism_cancel_create(core_cancel(core));
	prism_list_init(&list->pages);
	core_waiters_init(&list->waiters, core);
	return list;
}

static void changed(struct core_list *list)
{
	list->status.loaded = list->shown.count;
	list->generation++;
	core_emit(list->core, list->type->event, list->event_id);
}

static void abort_pages(struct core_list *list)
{
	PRISM_LIST_EACH (&list->pages, node, next) {
		struct page *page = PRISM_CONTAINER(node, struct page, node);
		prism_list_remove(node);
		page->list = NULL; /* its answer is dropped */
		if (page->request)
			core_request_abort(page->request);
	}
	core_list_drop_early(list);
	core_list_end_batch(list);
	list->status.loading = false;
}

void core_list_clear(struct core_list *list)
{
	struct prism_error gone = PRISM_ERROR_INIT;
	abort_pages(list);
	core_itemset_finish(&list->shown);
	core_itemset_finish(&list->shadow);
	list->status = (struct core_status){.fetched_us = PRISM_TIME_UNSET};
	list->use_shadow = list->whole = list->total_known = list->recalled = false;
	prism_error_raise(&gone, PRISM_ERROR_CANCELLED, "the list was dropped");
	core_waiters_settle(&list->waiters, &gone);
	changed(list);
}

void core_list_destroy(struct core_list *list)
{
	if (!list)
		return;
	abort_pages(list);
	core_itemset_finish(&list->shown);
	core_itemset_finish(&list->shadow);
	core_waiters_finish(&list->waiters);
	prism_cancel_destroy(list->cancel);
	for (size_t i = 0; i < CORE_ARG_COUNT; i++)
		prism_free(list->arg[i]);
	prism_free(list->event_id);
	prism_free(list);
}

void core_list_set_arg(struct core_list *list, enum core_arg arg, const char *value)
{
	prism_free(list->arg[arg]);
	list->arg[arg] = prism_strdup(value);
}

/* --- getters --- */

size_t core_list_count(const struct core_list *list)
{
	return list->shown.count;
}

const void *core_list_at(const struct core_list *list, size_t index)
{
	return index < list->shown.count ? list->shown.items[index] : NULL;
}

ssize_t core_list_index(const struct core_list *list, const char *id)
{
	size_t at = id ? core_itemset_find(&list->shown, id) : CORE_NOT_FOUND;
	return at == CORE_NOT_FOUND ? -1 : (ssize_t)at;
}

const void *core_list_find(const struct core_list *list, const char *id)
{
	ssize_t at = core_list_index(list, id);
	return at < 0 ? NULL : list->shown.items[at];
}

const struct core_status *core_list_status(const struct core_list *list)
{
	return &list->status;
}

unsigned core_list_generation(const struct core_list *list)
{
	return list->generation;
}

/* --- loading --- */

static void ask_page(struct core_list *list, size_t offset, size_t limit, bool range);
static void start_load(struct core_list *list);

static size_t in_flight(const struct core_list *list)
{
	size_t count = 0;
	PRISM_LIST_EACH (&list->pages, node, next)
		count++;
	return count;
}

static struct core_itemset *target_set(struct core_list *list)
{
	return list->use_shadow ? &list->shadow : &list->shown;
}

/* Everything asked for is here: swap, tell, let waiters go. */
static void load_finished(struct core_list *list)
{
	core_list_end_batch(list);
	if (list->use_shadow && !list->failed_page) {
		core_itemset_finish(&list->shown);
		list->shown = list->shadow;
		list->shadow = (struct core_itemset){0};
	} else if (list->use_shadow) {
		core_itemset_finish(&list->shadow);
	}
	list->use_shadow = false;
	list->status.loading = false;
	if (!list->failed_page) {
		list->whole = true;
		list->recalled = false;
		list->status.freshness = CORE_READY;
		list->status.fetched_us = prism_clock_wall_us(core_clock(list->core));
		list->status.total = list->shown.count;
		prism_error_clear(&list->status.error);
	}
	if (list->shown.count > CORE_LIST_LARGE)
		prism_trim(); /* of a thousand answers */
	changed(list);
	if (list->again && !core_dying(list->core))
		start_load(list);
	else
		core_waiters_settle(&list->waiters, list->failed_page ? &list->status.error : NULL);
}

static void load_failed(struct core_list *list, const struct prism_error *err)
{
	list->failed_page = true;
	prism_error_copy(&list->status.error, err);
	list->status.freshness = list->shown.count ? CORE_STALE : CORE_FAILED;
	abort_pages(list);
	load_finished(list);
}

static void ask_more(struct core_list *list)
{
	while (!list->failed_page && list->total_known && list->next_offset < list->status.total &&
	       in_flight(list) < CORE_LIST_PARALLEL) {
		ask_page(list, list->next_offset, list->page_size, false);
		list->next_offset += list->page_size;
	}
}

static void first_page(struct core_list *list, const cJSON *doc, size_t seen)
{
	int64_t total = prism_json_int(doc, "total", -1);
	list->total_known = total >= 0;
	if (total > CORE_LIST_MAX) {
		core_notify(list->core, CORE_WARNING, "%s: only the first %d of %lld entries are shown",
		            core_endpoints[list->type->endpoint].name, CORE_LIST_MAX, (long long)total);
		total = CORE_LIST_MAX;
	}
	list->status.total = list->total_known ? (size_t)total : seen;
	if (seen > 0 && seen < list->page_size && list->status.total > seen)
		list->page_size = seen; /* the server gives less than was asked for */
	list->next_offset = seen > list->page_size ? seen : list->page_size;
}

/* A large list is not built behind what the cache remembers: its first rows are worth more now. */
static void forget_recalled(struct core_list *list, const cJSON *doc)
{
	if (!list->recalled || prism_json_int(doc, "total", 0) <= CORE_LIST_LARGE)
		return;
	core_itemset_finish(&list->shown);
	list->use_shadow = list->recalled = false;
}

static void page_items(struct core_list *list, const struct page *page, const cJSON *doc)
{
	if (page->offset == 0)
		forget_recalled(list, doc);
	struct core_itemset *set = target_set(list);
	size_t seen, added = 0;
	struct early *decoded = core_list_decode(list, page->offset, page->limit,
	                                         core_items_of(doc, list->type->key), &seen);
	if (page->offset == 0) {
		first_page(list, doc, seen);
		list->appended_to = list->next_offset;
	}
	if (page->offset == 0 || !list->total_known) {
		added = core_list_append(set, decoded);
	} else {
		decoded->next = list->early;
		list->early = decoded;
		core_list_append_early(list, set);
	}
	if (!list->total_known) {
		/* No total: go on while pages are full. */
		list->status.total = page->offset + seen;
		if (seen >= list->page_size && added > 0 && set->count < CORE_LIST_MAX &&
		    !cJSON_IsArray(doc))
			ask_page(list, page->offset + seen, list->page_size, false);
	} else if (seen == 0 && page->offset > 0) {
		list->next_offset = list->status.total; /* it shrank meanwhile: nothing further */
	}
	ask_more(list);
}

static void range_arrived(struct core_list *list, const cJSON *doc)
{
	core_list_replace_all(list, core_items_of(doc, list->type->key));
	int64_t total = prism_json_int(doc, "total", -1);
	/* Entries came or went: the whole must be asked again sooner or later. */
	if (total >= 0 && (size_t)total != list->shown.count)
		list->status.total = (size_t)total;
	list->status.fetched_us = prism_clock_wall_us(core_clock(list->core));
	if (prism_list_empty(&list->pages)) {
		list->status.loading = false;
		list->status.freshness = CORE_READY;
		prism_error_clear(&list->status.error);
	}
	changed(list);
}

/* A missing list reads as an empty one; something else in its place must not. */
static bool holds_no_list(const struct core_list *list, const cJSON *doc, struct prism_error *err)
{
	const cJSON *items = prism_json_get(doc, list->type->key);
	if (cJSON_IsArray(doc) || (cJSON_IsObject(doc) && (!items || cJSON_IsArray(items))))
		return false;
	prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the answer holds no list of %s", list->type->key);
	prism_error_hint(err,
	                 "check the base URL of the profile; the server may be of another version");
	snprintf(err->operation, sizeof(err->operation), "%s",
	         core_endpoints[list->type->endpoint].name);
	return true;
}

static void page_arrived(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct page *page = data;
	struct core_list *list = page->list;
	if (!list) {
		prism_free(page);
		return;
	}
	prism_list_remove(&page->node);
	struct prism_error odd = PRISM_ERROR_INIT;
	if (!err && holds_no_list(list, reply->json, &odd))
		err = &odd;
	if (err && page->range) {
		prism_error_copy(&list->status.error, err);
		list->status.loading = !prism_list_empty(&list->pages);
		list->status.freshness = CORE_STALE;
		changed(list);
	} else if (err && err->category == PRISM_ERROR_MISSING && list->type->fallback &&
	           page->offset == 0 && list->type->fallback(list, list->query_data)) {
		/* filled another way */
	} else if (err) {
		load_failed(list, err);
	} else if (page->range) {
		range_arrived(list, reply->json);
	} else {
		page_items(list, page, reply->json);
		if (list->failed_page) {
			/* asking for more was refused: already told */
		} else if (prism_list_empty(&list->pages)) {
			load_finished(list);
		} else if (!list->use_shadow) {
			list->status.freshness = CORE_READY;
			changed(list);
		}
	}
	prism_free(page);
}

static void page_query(struct core_query *query, void *data)
{
	const struct page *page = data;
	core_query_add_int(query, "limit", (int64_t)page->limit);
	core_query_add_int(query, "offset", (int64_t)page->offset);
	if (page->list->type->query)
		page->list->type->query(query, page->list->query_data);
}

static void ask_page(struct core_list *list, size_t offset, size_t limit, bool range)
{
	struct page *page = prism_alloc(sizeof(*page));
	*page = (struct page){.list = list, .offset = offset, .limit = limit, .range = range};
	struct core_call call = {
	    .endpoint = list->type->endpoint, .query = page_query, .query_data = page};
	struct prism_error err = PRISM_ERROR_INIT;
	for (size_t i = 0; i < CORE_ARG_COUNT; i++)
		call.arg[i] = list->arg[i];
	prism_list_append(&list->pages, &page->node);
	page->request = core_request_start(list->core, &call, list->cancel, page_arrived, page, &err);
	if (page->request)
		return;
	prism_list_remove(&page->node);
	prism_free(page);
	load_failed(list, &err);
}

/* What was there last is shown until the server has answered. */
static void recall(struct core_list *list)
{
	struct page page = {.list = list, .limit = CORE_LIST_PAGE};
	struct core_call call = {
	    .endpoint = list->type->endpoint, .query = page_query, .query_data = &page};
	size_t seen = 1;

	for (size_t i = 0; i < CORE_ARG_COUNT; i++)
		call.arg[i] = list->arg[i];
	for (; seen > 0 && page.offset < CORE_CACHE_ROWS; page.offset += seen) {
		int64_t at;
		PRISM_AUTO_JSON cJSON *doc = core_cache_recall(list->core, &call, &at);

		if (!doc)
			break;
		core_list_append(&list->shown,
		                 core_list_decode(list, page.offset, page.limit,
		                                  core_items_of(doc, list->type->key), &seen));
		if (page.offset == 0) {
			list->status.fetched_us = at;
			list->status.total = (size_t)prism_json_int(doc, "total", (int64_t)seen);
		}
	}
	if (!list->shown.count)
		return;
	if (list->status.total < list->shown.count || list->status.total > CORE_LIST_MAX)
		list->status.total = list->shown.count;
	list->recalled = true;
	list->status.freshness = CORE_STALE;
	changed(list);
}

static void start_load(struct core_list *list)
{
	if (list->status.freshness == CORE_EMPTY)
		recall(list);
	list->use_shadow = list->whole || list->shown.count > 0;
	list->failed_page = list->total_known = list->again = false;
	list->next_offset = list->appended_to = 0;
	list->page_size = CORE_LIST_PAGE;
	list->status.loading = true;
	if (list->status.freshness == CORE_EMPTY || list->status.freshness == CORE_FAILED) {
		list->status.freshness = CORE_LOADING;
		prism_error_clear(&list->status.error);
	}
	core_emit(list->core, list->type->event, list->event_id);
	ask_page(list, 0, CORE_LIST_PAGE, false);
}

void core_list_load(struct core_list *list)
{
	enum core_freshness freshness = list->status.freshness;
	if (!list->status.loading && freshness != CORE_READY)
		start_load(list);
}

void core_list_refresh(struct core_list *list)
{
	if (list->status.loading)
		list->again = true;
	else
		start_load(list);
}

void core_list_refresh_range(struct core_list *list, size_t first, size_t count)
{
	if (list->status.loading || count == 0)
		return;
	if (!list->whole) {
		start_load(list);
		return;
	}
	size_t size = list->page_size ? list->page_size : CORE_LIST_PAGE;
	size_t from = first / size * size, end = first + count;
	if (end > list->shown.count)
		end = list->shown.count;
	list->status.loading = true;
	for (size_t pages = 0; from < end && pages < CORE_LIST_PARALLEL; from += size, pages++)
		ask_page(list, from, size, true);
	if (prism_list_empty(&list->pages))
		list->status.loading = false;
	core_emit(list->core, list->type->event, list->event_id);
}

void core_list_invalidate(struct core_list *list)
{
	if (list->status.freshness != CORE_READY)
		return;
	list->status.freshness = CORE_STALE;
	core_emit(list->core, list->type->event, list->event_id);
}

int core_list_await(struct core_list *list, bool refresh, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err)
{
	if (core_dying(list->core))
		return prism_error_raise(err, PRISM_ERROR_CANCELLED, "shutting down");
	core_waiters_add(&list->waiters, cancel, done, data);
	bool fresh = list->whole && list->status.freshness == CORE_READY;
	if (list->status.loading)
		list->again = list->again || refresh;
	else if (refresh || !fresh)
		start_load(list); /* a failure right now reaches the waiter, too */
	else
		core_waiters_settle(&list->waiters, NULL);
	return 0;
}

/* --- filled another way --- */

void core_list_feed(struct core_list *list, const void *item,
                    void (*copy)(void *item, const void *from, struct prism_arena *arena))
{
	struct core_itemset *set = target_set(list);
	if (set->count >= CORE_LIST_MAX || core_itemset_find(set, core_item_id(item)) != CORE_NOT_FOUND)
		return;
	struct core_batch *batch = core_batch_create();
	void *own = prism_arena_alloc(batch->arena, list->type->item_size);
	copy(own, item, batch->arena);
	core_itemset_append(set, own, batch);
	core_batch_unref(batch);
}

void core_list_feed_end(struct core_list *list, const struct prism_error *err)
{
	if (err)
		load_failed(list, err);
	else
		load_finished(list);
}

/* --- single entries --- */

void core_list_put(struct core_list *list, const cJSON *entry)
{
	struct core_batch *batch = core_batch_create();
	core_list_replace(list, entry, batch);
	core_batch_unref(batch);
	changed(list);
}

void core_list_remove(struct core_list *list, const char *id)
{
	size_t at = core_itemset_find(&list->shown, id);
	if (at == CORE_NOT_FOUND)
		return;
	core_itemset_remove(&list->shown, at);
	if (list->status.total > 0)
		list->status.total--;
	changed(list);
}
