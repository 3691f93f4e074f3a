/*
 * Up-time of CVMs: one cached object for each CVM and period.
 */
#include "core/uptime.h"

#include "core/internal.h"
#include "core/single.h"

#include <stdlib.h>
#include <string.h>

#define DAY_US (86400LL * 1000000)

struct entry {
	struct prism_list node;
	struct core_single single;
	char *id;
	unsigned days;
	bool gone; /* dropped while loading */
	struct core_uptime_point *points;
	size_t count;
	int64_t from_us, to_us;
};

struct uptimes {
	struct core *core;
	struct prism_list all;
};

static void *create(struct core *core)
{
	struct uptimes *u = prism_alloc(sizeof(*u));
	u->core = core;
	prism_list_init(&u->all);
	return u;
}

static void entry_free(struct entry *entry)
{
	prism_list_remove(&entry->node);
	core_single_finish(&entry->single);
	prism_free(entry->points);
	prism_free(entry->id);
	prism_free(entry);
}

static void destroy(void *state)
{
	struct uptimes *u = state;
	PRISM_LIST_EACH (&u->all, node, next)
		entry_free(PRISM_CONTAINER(node, struct entry, node));
	prism_free(u);
}

static void reset(void *state)
{
	struct uptimes *u = state;
	PRISM_LIST_EACH (&u->all, node, next) {
		struct entry *entry = PRISM_CONTAINER(node, struct entry, node);
		if (entry->single.status.loading)
			entry->gone = true;
		else
			entry_free(entry);
	}
}

static const struct core_module module = {
    .name = "up-time", .create = create, .destroy = destroy, .reset = reset};

/* --- loading --- */

static int by_time(const void *a, const void *b)
{
	const struct core_uptime_point *left = a, *right = b;
	return left->at_us < right->at_us ? -1 : left->at_us > right->at_us;
}

struct core_uptime_point *core_uptime_decode(const cJSON *array, size_t *ret_count)
{
	size_t room = (size_t)cJSON_GetArraySize(array), count = 0, kept = 0;
	const cJSON *record;
	if (room > CORE_UPTIME_POINTS)
		room = CORE_UPTIME_POINTS;
	struct core_uptime_point *points = prism_alloc_array(room + 1, sizeof(*points));
	cJSON_ArrayForEach(record, array)
	{
		int64_t at = prism_json_time(record, "timestamp");
		if (at == PRISM_TIME_UNSET || count >= room)
			continue;
		points[count++] = (struct core_uptime_point){at, prism_json_bool(record, "status", false)};
	}
	qsort(points, count, sizeof(*points), by_time);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || points[kept - 1].online != points[i].online)
			points[kept++] = points[i];
	*ret_count = kept;
	return points;
}

static void take(struct entry *entry, const cJSON *array)
{
	prism_free(entry->points);
	entry->points = core_uptime_decode(array, &entry->count);
}

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct entry *entry = data;
	if (entry->gone && !core_dying(entry->single.core)) {
		entry->single.status.loading = false;
		entry_free(entry);
		return;
	}
	if (!err)
		take(entry, core_items_of(reply->json, "cvm_stats"));
	core_single_loaded(&entry->single, err);
}

static void days_query(struct core_query *query, void *data)
{
	core_query_add_int(query, "days", ((const struct entry *)data)->days);
}

static void start(struct core_single *single)
{
	struct entry *entry = PRISM_CONTAINER(single, struct entry, single);
	struct core_call call = {.endpoint = CORE_EP_CVM_STATS,
	                         .arg = {[CORE_ARG_V] = entry->id},
	                         .query = days_query,
	                         .query_data = entry};
	struct prism_error err = PRISM_ERROR_INIT;
	entry->to_us = prism_clock_wall_us(core_clock(single->core)) + core_clock_skew_us(single->core);
	entry->from_us = entry->to_us - entry->days * DAY_US;
	if (!core_request_start(single->core, &call, core_cancel(single->core), answered, entry, &err))
		core_single_loaded(single, &err);
}

static struct entry *entry_of(struct core *core, const char *id, unsigned days)
{
	struct uptimes *u = core_module(core, &module);
	days = days < 1 ? 1 : days > CORE_UPTIME_DAYS_MAX ? CORE_UPTIME_DAYS_MAX : days;
	PRISM_LIST_EACH (&u->all, node, next) {
		struct entry *entry = PRISM_CONTAINER(node, struct entry, node);
		if (entry->gone || entry->days != days || strcmp(entry->id, id) != 0)
			continue;
		core_cache_use(&u->all, node);
		return entry;
	}
	struct prism_list *old = core_cache_surplus(&u->all);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct entry, node)->single))
		entry_free(PRISM_CONTAINER(old, struct entry, node));
	struct entry *entry = prism_alloc(sizeof(*entry));
	entry->id = prism_strdup(id);
	entry->days = days;
	core_single_init(&entry->single, core, CORE_EVENT_STATISTICS, entry->id, start);
	prism_list_prepend(&u->all, &entry->node);
	return entry;
}

/* --- getters --- */

struct core_uptime core_uptime(struct core *core, const char *cvm_id, unsigned days)
{
	const struct entry *entry = entry_of(core, cvm_id, days);
	return (struct core_uptime){.points = entry->points,
	                            .count = entry->count,
	                            .from_us = entry->from_us,
	                            .to_us = entry->to_us,
	                            .status = &entry->single.status};
}

void core_uptime_load(struct core *core, const char *cvm_id, unsigned days, bool refresh)
{
	core_single_load(&entry_of(core, cvm_id, days)->single, refresh);
}

int core_uptime_await(struct core *core, const char *cvm_id, unsigned days,
                      struct prism_cancel *cancel, core_done_fn done, void *data,
                      struct prism_error *err)
{
	return core_single_await(&entry_of(core, cvm_id, days)->single, true, cancel, done, data, err);
}

void core_uptime_sums(const struct core_uptime *uptime, int64_t *ret_up_us, int64_t *ret_known_us)
{
	*ret_up_us = *ret_known_us = 0;
	for (size_t i = 0; i < uptime->count; i++) {
		int64_t from = uptime->points[i].at_us;
		int64_t to = i + 1 < uptime->count ? uptime->points[i + 1].at_us : uptime->to_us;
		from = from < uptime->from_us ? uptime->from_us : from;
		to = to > uptime->to_us ? uptime->to_us : to;
		if (to <= from)
			continue;
		*ret_known_us += to - from;
		if (uptime->points[i].online)
			*ret_up_us += to - from;
	}
}
