/*
 * Owns the feeds: asking the server for pages and merging them.
 *
 * A feed does one walk at a time.  What is wanted meanwhile waits as a flag and is started when the
 * walk ends:
 *
 *   IDLE      nothing in flight
 *   NEW       a poll; its end is reported to the poller
 *   OLDER     the thousand before the first line
 *   MATCHING  entries the server filtered; merged wherever they belong, see core_logwalk.h rule 1
 *
 * A request that fails ends the walk; the next one finds by counting what is missing.
 */
#include "core/logs.h"

#include "core/cache.h"
#include "core/computation.h"
#include "core/internal.h"
#include "core/logwalk.h"
#include "core/watch.h"
#include "core/workspace.h"

#include <math.h>
#include <string.h>

enum { QUIET_SLOW = 5, QUIET_SLOWER = 10, MATCHING_MOST = 1000 };

enum work { IDLE, NEW, OLDER, MATCHING };

struct query { /* core_logs_query, owned */
	char *level, *run_id, *message;
	int64_t from_us, to_us;
};

struct core_logs {
	struct prism_list node;
	struct core *core;
	char *id;
	unsigned opens, follows;
	uint64_t closed_at; /* order of closing, for forgetting */
	struct core_logstore *store;
	struct core_logwalk *walk;
	struct core_poll *poll; /* while followed */
	struct prism_cancel *cancel;
	struct core_status status;
	enum work work;
	bool want_new, want_older, want_matching, poll_waits;
	unsigned quiet; /* polls in a row without a new line */
	struct query query;
	size_t matching_offset;
	bool unix_times; /* the server refused RFC 3339 in from and to (reference Q6) */
};

struct feeds {
	struct core *core;
	struct prism_list all;
	struct core_subscription *subscription;
	uint64_t closings;
};

static void next(struct core_logs *logs);

/* ---- feeds ---- */

static int64_t never(void *data)
{
	PRISM_UNUSED(data);
	return 0;
}

static void nothing(void *data)
{
	PRISM_UNUSED(data);
}

static void on_event(void *data, const struct core_event *event)
{
	struct feeds *feeds = data;

	if (event->type != CORE_EVENT_COMPUTATION)
		return;
	PRISM_LIST_EACH (&feeds->all, node, tmp) {
		struct core_logs *logs = PRISM_CONTAINER(node, struct core_logs, node);
		if (logs->poll && strcmp(logs->id, event->id) == 0)
			core_poll_replan(logs->poll);
	}
}

static void *create(struct core *core)
{
	struct feeds *feeds = prism_alloc(sizeof(*feeds));

	feeds->core = core;
	prism_list_init(&feeds->all);
	feeds->subscription = core_subscribe(core, on_event, feeds);
	/* Modules are destroyed in reverse order of their making: pollers must be made before us. */
	core_poll_destroy(core_poll_create(core, never, nothing, NULL));
	return feeds;
}

static void clear_query(struct query *query)
{
	prism_free(query->level);
	prism_free(query->run_id);
	prism_free(query->message);
	*query = (struct query){.from_us = PRISM_TIME_UNSET, .to_us = PRISM_TIME_UNSET};
}

static void free_feed(struct core_logs *logs)
{
	core_poll_destroy(logs->poll);
	prism_cancel_destroy(logs->cancel);
	prism_list_remove(&logs->node);
	core_logwalk_destroy(logs->walk);
	core_logstore_destroy(logs->store);
	clear_query(&logs->query);
	prism_free(logs->id);
	prism_free(logs);
}

static void destroy(void *state)
{
	struct feeds *feeds = state;

	PRISM_LIST_EACH (&feeds->all, node, tmp)
		free_feed(PRISM_CONTAINER(node, struct core_logs, node));
	core_unsubscribe(feeds->subscription);
	prism_free(feeds);
}

/* Another workspace or user: lines of the old one must not be seen. A walk in flight ends as
 * cancelled. */
static void reset(void *state)
{
	struct feeds *feeds = state;

	PRISM_LIST_EACH (&feeds->all, node, tmp) {
		struct core_logs *logs = PRISM_CONTAINER(node, struct core_logs, node);
		if (logs->opens == 0 && logs->work == IDLE) {
			free_feed(logs);
			continue;
		}
		prism_cancel_destroy(logs->cancel);
		logs->cancel = prism_cancel_create(core_cancel(logs->core));
		core_logwalk_destroy(logs->walk);
		core_logstore_clear(logs->store);
		logs->walk = core_logwalk_create(logs->store);
		logs->status = (struct core_status){.fetched_us = PRISM_TIME_UNSET};
		logs->want_older = logs->want_matching = false;
		core_emit(logs->core, CORE_EVENT_LOGS, logs->id);
	}
}

static const struct core_module module = {
    .name = "logs", .create = create, .destroy = destroy, .reset = reset};

static struct feeds *feeds_of(struct core *core)
{
	return core_module(core, &module);
}

/* ---- between two starts ---- */

#define KEPT_LINES 2000 /* of the end: more than any window shows at once */
#define KEPT_BYTES (1u << 20)

static char *kept_name(const struct core_logs *logs)
{
	return prism_asprintf("%s %s logs %s", core_option_text(core_options(logs->core), CORE_OPT_URL),
	                      core_workspace_id(logs->core), logs->id);
}

static struct core_log_entry decode(const cJSON *item);

/* What was seen last stands there, stale, until the server has answered; what it answers is merged
 * with it as with the lines of a feed that was closed for a while. */
static void recall(struct core_logs *logs)
{
	PRISM_AUTO_FREE char *name = kept_name(logs);
	int64_t at;
	PRISM_AUTO_JSON cJSON *doc = core_cache_fetch(logs->core, name, &at);
	const cJSON *items = prism_json_array(doc, "logs"), *item;
	size_t room = items ? (size_t)cJSON_GetArraySize(items) : 0, count = 0;
	PRISM_AUTO_FREE struct core_log_entry *entries = prism_alloc_array(room + 1, sizeof(*entries));

	cJSON_ArrayForEach(item, items)
	{
		if (cJSON_IsObject(item))
			entries[count++] = decode(item);
	}
	if (!count)
		return;
	core_logstore_merge(logs->store, entries, count);
	logs->status.freshness = CORE_STALE;
	logs->status.fetched_us = at;
	logs->status.loaded = logs->status.total = core_logstore_entries(logs->store);
}

static cJSON *entry_json(const struct core_logstore *store, const struct core_log_line *line)
{
	PRISM_AUTO_FREE char *text = prism_strndup(line->text, line->len);
	char time[PRISM_TIME_TEXT];
	cJSON *entry = cJSON_CreateObject();

	if (line->time_us != PRISM_TIME_UNSET)
		cJSON_AddStringToObject(entry, "timestamp", prism_time_format(line->time_us, 6, time));
	if (line->level)
		cJSON_AddStringToObject(entry, "level", core_logstore_level(store, line->level));
	if (line->run)
		cJSON_AddStringToObject(entry, "run_id", core_logstore_run(store, line->run));
	cJSON_AddStringToObject(entry, "message", text);
	return entry;
}

/* Continuations go back to the message they came in. */
static void add_continuation(cJSON *entry, const struct core_log_line *line)
{
	const char *so_far = prism_json_str(entry, "message", "");
	PRISM_AUTO_FREE char *text = prism_asprintf("%s\n%.*s", so_far, (int)line->len, line->text);

	cJSON_ReplaceItemInObjectCaseSensitive(entry, "message", cJSON_CreateString(text));
}

static void keep(const struct core_logs *logs)
{
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	cJSON *items = cJSON_AddArrayToObject(doc, "logs"), *last = NULL;
	uint32_t end = core_logstore_first(logs->store) + (uint32_t)core_logstore_count(logs->store);
	uint32_t id = end;
	size_t bytes = 0;
	PRISM_AUTO_FREE char *text = NULL, *name = NULL;

	if (!core_cache_active(logs->core) || logs->status.freshness != CORE_READY)
		return;
	while (id > core_logstore_first(logs->store) && end - id < KEPT_LINES && bytes < KEPT_BYTES)
		bytes += core_logstore_line(logs->store, --id).len + 100; /* with its frame */
	for (; id < end; id++) {
		struct core_log_line line = core_logstore_line(logs->store, id);

		if (line.continuation && last)
			add_continuation(last, &line);
		else if (!line.continuation)
			cJSON_AddItemToArray(items, last = entry_json(logs->store, &line));
	}
	text = prism_json_print(doc, false);
	name = kept_name(logs);
	core_cache_store(logs->core, name, text, strlen(text));
}

static struct core_logs *make_feed(struct feeds *feeds, const char *id)
{
	struct core_logs *logs = prism_alloc(sizeof(*logs));
	int64_t lines = core_option_int(core_options(feeds->core), CORE_OPT_LOG_LINES);

	logs->core = feeds->core;
	logs->id = prism_strdup(id);
	logs->store = core_logstore_create(0, lines > 0 ? (size_t)lines : 0);
	logs->walk = core_logwalk_create(logs->store);
	logs->cancel = prism_cancel_create(core_cancel(feeds->core));
	logs->status.fetched_us = PRISM_TIME_UNSET;
	clear_query(&logs->query);
	prism_list_append(&feeds->all, &logs->node);
	recall(logs);
	return logs;
}

struct core_logs *core_logs_open(struct core *core, const char *computation_id)
{
	struct feeds *feeds = feeds_of(core);
	struct core_logs *logs = NULL;

	PRISM_LIST_EACH (&feeds->all, node, tmp) {
		struct core_logs *other = PRISM_CONTAINER(node, struct core_logs, node);
		if (strcmp(other->id, computation_id) == 0)
			logs = other;
	}
	if (!logs)
		logs = make_feed(feeds, computation_id);
	logs->opens++;
	return logs;
}

/* Keeps the feeds closed last, so that going back to one shows its lines at once. */
static void forget_closed(struct feeds *feeds)
{
	struct core_logs *oldest = NULL;
	unsigned closed = 0;

	PRISM_LIST_EACH (&feeds->all, node, tmp) {
		struct core_logs *logs = PRISM_CONTAINER(node, struct core_logs, node);
		if (logs->opens)
			continue;
		closed++;
		if (!oldest || logs->closed_at < oldest->closed_at)
			oldest = logs;
	}
	if (closed > CORE_LOGS_KEPT && oldest->work == IDLE)
		free_feed(oldest);
}

void core_logs_close(struct core_logs *logs)
{
	if (!logs || --logs->opens > 0)
		return;
	struct feeds *feeds = feeds_of(logs->core);
	logs->closed_at = ++feeds->closings;
	logs->want_older = logs->want_matching = logs->want_new = false;
	keep(logs);
	forget_closed(feeds);
}

struct core_logstore *core_logs_store(struct core_logs *logs)
{
	return logs->store;
}

const char *core_logs_id(const struct core_logs *logs)
{
	return logs->id;
}

const struct core_status *core_logs_status(const struct core_logs *logs)
{
	return &logs->status;
}

/* ---- following ---- */

static int64_t interval(void *data)
{
	struct core_logs *logs = data;
	const struct core_options *options = core_options(logs->core);
	int64_t fast = core_option_int(options, CORE_OPT_INTERVAL_LOGS);
	int64_t idle = core_option_int(options, CORE_OPT_INTERVAL_IDLE);
	bool running =
	    core_comp_action_legal(CORE_ACTION_MONITOR, core_computation_state(logs->core, logs->id));

	if (fast <= 0)
		return 0;
	if (logs->quiet < QUIET_SLOW)
		return fast;
	if (!running)
		return idle > fast ? idle : fast;
	int64_t slower = logs->quiet < QUIET_SLOWER ? fast * 2 : fast * 4;
	return idle > fast && slower > idle ? idle : slower;
}

static void tick(void *data)
{
	struct core_logs *logs = data;

	logs->want_new = logs->poll_waits = true;
	next(logs);
}

void core_logs_follow(struct core_logs *logs, bool follow)
{
	if (!follow && logs->follows == 0)
		return;
	logs->follows += follow ? 1 : -1u;
	if (logs->follows == 1 && follow) {
		logs->quiet = 0;
		logs->poll = core_poll_create(logs->core, interval, tick, logs);
		core_poll_now(logs->poll);
	} else if (logs->follows == 0) {
		core_poll_destroy(logs->poll);
		logs->poll = NULL;
		logs->poll_waits = false;
	}
}

bool core_logs_following(const struct core_logs *logs)
{
	return logs->follows > 0;
}

void core_logs_refresh(struct core_logs *logs)
{
	logs->quiet = 0;
	logs->want_new = true;
	next(logs);
}

int64_t core_logs_older(const struct core_logs *logs)
{
	return core_logstore_full(logs->store) ? 0 : core_logwalk_older(logs->walk);
}

void core_logs_fetch_older(struct core_logs *logs)
{
	if (core_logs_older(logs) == 0 || logs->work == OLDER)
		return;
	logs->want_older = true;
	next(logs);
}

void core_logs_fetch_matching(struct core_logs *logs, const struct core_logs_query *query)
{
	clear_query(&logs->query);
	logs->query = (struct query){.level = prism_strdup(query->level),
	                             .run_id = prism_strdup(query->run_id),
	                             .message = prism_strdup(query->message),
	                             .from_us = query->from_us,
	                             .to_us = query->to_us};
	logs->want_matching = true;
	next(logs);
}

/* ---- one page ---- */

static int64_t number_time(double value)
{
	double us = value > 1e17   ? value / 1e3
	            : value > 1e14 ? value
	            : value > 1e11 ? value * 1e3
	                           : value * 1e6;

	return us > 0 && us < 9e18 ? (int64_t)us : PRISM_TIME_UNSET;
}

static struct core_log_entry decode(const cJSON *item)
{
	double when = prism_json_num(item, "timestamp", NAN);
	const char *message = prism_json_str(item, "message", "");

	return (struct core_log_entry){
	    .run_id = prism_json_str(item, "run_id", NULL),
	    .level = prism_json_str(item, "level", NULL),
	    .message = message,
	    .len = strlen(message),
	    .time_us = isnan(when) ? prism_json_time(item, "timestamp") : number_time(when),
	};
}

static void tell_end(struct core_logs *logs, const struct prism_error *err)
{
	logs->status.loading = false;
	if (err && err->category == PRISM_ERROR_CANCELLED)
		return;
	prism_error_copy(&logs->status.error, err);
	if (err) {
		bool shown = core_logstore_count(logs->store) > 0 || logs->status.freshness == CORE_READY ||
		             logs->status.freshness == CORE_STALE;
		logs->status.freshness = shown ? CORE_STALE : CORE_FAILED;
	} else {
		logs->status.freshness = CORE_READY;
		logs->status.fetched_us = prism_clock_wall_us(core_clock(logs->core));
	}
}

static void ended(struct core_logs *logs, const struct prism_error *err)
{
	bool poll = logs->work == NEW && logs->poll && logs->poll_waits;

	if (logs->work == NEW)
		logs->quiet = !err && core_logwalk_added(logs->walk) ? 0 : logs->quiet + 1;
	logs->work = IDLE;
	tell_end(logs, err);
	core_emit(logs->core, CORE_EVENT_LOGS, logs->id);
	if (poll) {
		logs->poll_waits = false;
		core_poll_done(logs->poll, err != NULL);
	}
	next(logs);
}

static void ask(struct core_logs *logs);

static bool take_matching(struct core_logs *logs, const struct core_log_entry *entries,
                          size_t count, int64_t total)
{
	core_logstore_merge(logs->store, entries, count);
	logs->matching_offset += count;
	return count > 0 && logs->matching_offset < MATCHING_MOST &&
	       (total < 0 || logs->matching_offset < (uint64_t)total);
}

static void take_page(struct core_logs *logs, const cJSON *json)
{
	const cJSON *items = core_items_of(json, "logs"), *item;
	size_t room = items ? (size_t)cJSON_GetArraySize(items) : 0, count = 0;
	int64_t total = prism_json_int(json, "total", CORE_LOGWALK_UNKNOWN);
	PRISM_AUTO_FREE struct core_log_entry *entries = prism_alloc_array(room, sizeof(*entries));

	cJSON_ArrayForEach(item, items)
	{
		if (cJSON_IsObject(item))
			entries[count++] = decode(item);
	}
	if (total == 0 && count > 0)
		total = CORE_LOGWALK_UNKNOWN; /* left out by a server that knows no totals */
	bool more = logs->work == MATCHING ? take_matching(logs, entries, count, total)
	                                   : core_logwalk_page(logs->walk, entries, count, total);
	logs->status.loaded = core_logstore_entries(logs->store);
	if (logs->work != MATCHING)
		logs->status.total = total < 0 ? logs->status.loaded : (size_t)total;
	if (!more) {
		ended(logs, NULL);
		return;
	}
	core_emit(logs->core, CORE_EVENT_LOGS, logs->id);
	ask(logs);
}

static void on_reply(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_logs *logs = data;
	bool times = logs->query.from_us != PRISM_TIME_UNSET || logs->query.to_us != PRISM_TIME_UNSET;

	if (err && err->status == 400 && logs->work == MATCHING && times && !logs->unix_times) {
		logs->unix_times = true;
		ask(logs);
	} else if (err) {
		ended(logs, err);
	} else {
		take_page(logs, reply->json);
	}
}

static void add_time(struct core_query *query, const char *key, int64_t us, bool seconds)
{
	char text[PRISM_TIME_TEXT];

	if (us == PRISM_TIME_UNSET)
		return;
	if (seconds)
		core_query_add_int(query, key, us / 1000000);
	else
		core_query_add(query, key, prism_time_format(us, 6, text));
}

static void build_query(struct core_query *query, void *data)
{
	const struct core_logs *logs = data;
	bool matching = logs->work == MATCHING;

	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add_int(
	    query, "offset",
	    (int64_t)(matching ? logs->matching_offset : core_logwalk_offset(logs->walk)));
	if (!matching)
		return;
	core_query_add(query, "level", logs->query.level);
	core_query_add(query, "run_id", logs->query.run_id);
	core_query_add(query, "message", logs->query.message);
	add_time(query, "from", logs->query.from_us, logs->unix_times);
	add_time(query, "to", logs->query.to_us, logs->unix_times);
}

static void ask(struct core_logs *logs)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_LOGS, .query = build_query, .query_data = logs};

	call.arg[CORE_ARG_C] = logs->id;
	if (!core_request_start(logs->core, &call, logs->cancel, on_reply, logs, &err))
		ended(logs, &err);
}

static void begin(struct core_logs *logs, enum work work)
{
	logs->work = work;
	logs->status.loading = true;
	if (logs->status.freshness == CORE_EMPTY || logs->status.freshness == CORE_FAILED)
		logs->status.freshness = CORE_LOADING;
	if (work == MATCHING)
		logs->matching_offset = 0;
	else
		core_logwalk_begin(logs->walk, work == OLDER);
	core_emit(logs->core, CORE_EVENT_LOGS, logs->id);
	ask(logs);
}

/* Starts what waits, when nothing is in flight. */
static void next(struct core_logs *logs)
{
	if (logs->work != IDLE)
		return;
	if (logs->want_new) {
		logs->want_new = false;
		begin(logs, NEW);
	} else if (logs->want_older) {
		logs->want_older = false;
		begin(logs, OLDER);
	} else if (logs->want_matching) {
		logs->want_matching = false;
		begin(logs, MATCHING);
	}
}
