/*
 * Runs: starting, stopping, status, statistics, the workspace's list.  The timeline is a file of
 * its own.
 */
#include "core/run.h"

#include "base/text.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/internal.h"
#include "core/made.h"
#include "core/run_private.h"

#include <string.h>

#define DETAILS_MAX 65536 /* bytes of an event's decoded details */

/* --- decoding --- */

bool core_run_decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_run *run = item;
	if (cJSON_IsString(entry)) { /* a bare id (reference 4.4) */
		*run = (struct core_run){
		    .computation_id = "", .cvm_id = "", .cvm_name = "", .agent_url = "", .status = ""};
		run->id = core_text_cut(arena, entry->valuestring, CORE_TEXT_MAX);
		run->created_us = run->start_us = run->end_us = PRISM_TIME_UNSET;
		return *run->id != '\0';
	}
	if (!cJSON_IsObject(entry))
		return false;
	run->id = CORE_STR_ANY(arena, entry, "id", "run_id");
	run->computation_id = core_str(arena, entry, "computation_id");
	run->cvm_id = CORE_STR_SHARED(arena, entry, "cvm_id");
	run->cvm_name = CORE_STR_SHARED(arena, entry, "cvm_name");
	run->agent_url = CORE_STR_SHARED(arena, entry, "agent_url", "address", "agent_address");
	if (run->agent_url[0] == ':')
		run->agent_url = "";
	run->status = CORE_STR_SHARED(arena, entry, "status", "state");
	run->created_us = prism_json_time(entry, "created_at");
	run->start_us = prism_json_time(entry, "start_time");
	if (run->start_us == PRISM_TIME_UNSET)
		run->start_us = prism_json_time(entry, "timestamp");
	run->end_us = prism_json_time(entry, "end_time");
	int64_t index = prism_json_int(entry, "index", 0);
	run->index = index > 0 && index < INT32_MAX ? (int)index : 0;
	run->state = core_comp_state_of(run->status);
	return *run->id != '\0';
}

static const char *details_of(struct prism_arena *arena, const cJSON *entry)
{
	const cJSON *value = prism_json_get(entry, "details");
	if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
		PRISM_AUTO_FREE char *text = prism_json_print(value, false);
		return core_text_cut(arena, text, DETAILS_MAX);
	}
	const char *text = cJSON_IsString(value) ? value->valuestring : "";
	PRISM_AUTO_BUF struct prism_buf decoded = PRISM_BUF_INIT(DETAILS_MAX);
	if (*text && strlen(text) % 4 == 0 &&
	    prism_base64_decode(text, strlen(text), &decoded, NULL) == 0 && decoded.len > 0 &&
	    !memchr(decoded.data, 0, decoded.len) && prism_utf8_valid(decoded.data, decoded.len))
		return prism_arena_strndup(arena, decoded.data, decoded.len);
	return *text ? core_text_cut(arena, text, DETAILS_MAX) : "";
}

bool core_run_event_decode(struct core_run_event *event, const cJSON *entry,
                           struct prism_arena *arena)
{
	if (!cJSON_IsObject(entry))
		return false;
	event->id = core_str(arena, entry, "id");
	event->type = CORE_STR_ANY(arena, entry, "event_type", "type");
	event->status = CORE_STR_SHARED(arena, entry, "status");
	event->run_id = CORE_STR_SHARED(arena, entry, "run_id", "computation_run_id");
	event->originator = CORE_STR_SHARED(arena, entry, "originator");
	event->cvm_id = CORE_STR_SHARED(arena, entry, "cvm_id");
	event->details = details_of(arena, entry);
	event->time_us = prism_json_time(entry, "timestamp");
	return *event->type || *event->status;
}

/* --- the workspace's runs --- */

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_RUN_LIST,
    .key = "runs",
    .item_size = sizeof(struct core_run),
    .event = CORE_EVENT_TIMELINE,
    .decode = core_run_decode,
};

static const struct core_module module = {.name = "runs", .list = &list_type};

struct core_list *core_runs(struct core *core)
{
	return core_module(core, &module);
}

/* --- start --- */

struct starting {
	struct core *core;
	char *computation, *cvm;
	int64_t asked_us;
	core_id_fn done;
	void *data;
};

static void cvm_query(struct core_query *query, void *data)
{
	core_query_add(query, "cvm", data);
}

/* "…" as JSON, bare text, or an object (reference 3.5). Yours. */
static char *run_id_of(const struct core_reply *reply)
{
	if (cJSON_IsString(reply->json))
		return prism_strdup(reply->json->valuestring);
	if (cJSON_IsObject(reply->json)) {
		const char *id = prism_json_str(reply->json, "run_id", "");
		return prism_strdup(*id ? id : prism_json_str(reply->json, "id", ""));
	}
	const char *start = reply->text + strspn(reply->text, " \t\r\n\"");
	size_t len = strcspn(start, " \t\r\n\"");
	/* A page or a sentence is no id. */
	return start[len + strspn(start + len, " \t\r\n\"")] || len > 128 ? prism_strdup("")
	                                                                  : prism_strndup(start, len);
}

static void starting_finish(void *data, const char *id, const struct prism_error *err)
{
	struct starting *s = data;
	if (!err && !core_dying(s->core)) {
		core_timeline_started(s->core, s->computation, id, s->cvm);
		core_timeline_reload(s->core, s->computation);
		core_list_refresh(core_cvms(s->core));
		core_computation_changed(s->core, s->computation);
	}
	s->done(s->data, id, err);
	prism_free(s->computation);
	prism_free(s->cvm);
	prism_free(s);
}

static bool same_run(const cJSON *entry, const char *const *wanted)
{
	return strcmp(prism_json_str(entry, "cvm_id", ""), wanted[0]) == 0;
}

static const struct core_made_type made_type = {
    .noun = "run", .list = CORE_EP_COMP_LAST_RUN, .key = "runs", .same = same_run};

static void started(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct starting *s = data;
	PRISM_AUTO_FREE char *id = err ? prism_strdup("") : run_id_of(reply);
	struct core_made made = {.type = &made_type,
	                         .computation_id = s->computation,
	                         .wanted = {s->cvm},
	                         .asked_us = s->asked_us,
	                         .done = starting_finish,
	                         .data = s};
	core_made_answer(s->core, &made, id, err);
}

int core_run_start(struct core *core, const char *computation_id, const char *cvm_id,
                   struct prism_cancel *cancel, core_id_fn done, void *data,
                   struct prism_error *err)
{
	if (!cvm_id || !*cvm_id)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "no CVM is chosen");
	struct starting *s = prism_alloc(sizeof(*s));
	*s = (struct starting){
	    core, prism_strdup(computation_id), prism_strdup(cvm_id), core_made_now(core), done, data};
	struct core_call call = {.endpoint = CORE_EP_COMP_RUN,
	                         .arg = {[CORE_ARG_C] = computation_id},
	                         .query = cvm_query,
	                         .query_data = s->cvm};
	if (core_request_start(core, &call, cancel, started, s, err))
		return 0;
	prism_free(s->computation);
	prism_free(s->cvm);
	prism_free(s);
	return -1;
}

/* --- stop --- */

struct stopping {
	struct core *core;
	char *computation;
	bool posted;
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
};

static void stopped(void *data, const struct core_reply *reply, const struct prism_error *err);

static int stop_send(struct stopping *s, struct prism_error *err)
{
	struct core_call call = {.endpoint = s->posted ? CORE_EP_COMP_STOP_POST : CORE_EP_COMP_STOP,
	                         .arg = {[CORE_ARG_C] = s->computation}};
	return core_request_start(s->core, &call, s->cancel, stopped, s, err) ? 0 : -1;
}

static void stopped(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct stopping *s = data;
	if (err && err->status == 405 && !s->posted) {
		s->posted = true;
		if (stop_send(s, NULL) == 0)
			return;
	}
	if (!err && !core_dying(s->core)) {
		core_timeline_reload(s->core, s->computation);
		core_list_refresh(core_cvms(s->core));
		core_computation_changed(s->core, s->computation);
	}
	s->done(s->data, err);
	prism_free(s->computation);
	prism_free(s);
}

int core_run_stop(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                  core_done_fn done, void *data, struct prism_error *err)
{
	struct stopping *s = prism_alloc(sizeof(*s));
	*s = (struct stopping){core, prism_strdup(computation_id), false, cancel, done, data};
	if (stop_send(s, err) == 0)
		return 0;
	prism_free(s->computation);
	prism_free(s);
	return -1;
}

/* --- status --- */

struct asking {
	struct core *core;
	char *computation;
	core_run_event_fn done;
	void *data;
};

static void status_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct asking *a = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct core_run_event event = {0};
	struct prism_arena *arena = prism_arena_create();
	enum core_comp_state state = CORE_COMP_NOT_STARTED;
	if (!err && !core_run_event_decode(&event, reply->json, arena)) {
		prism_error_raise(&failure, PRISM_ERROR_MISSING, "it was never run");
		err = &failure;
	}
	if (!err) {
		state = core_comp_state_of_event(event.type, event.status, CORE_COMP_NOT_STARTED);
		if (!core_dying(a->core))
			core_timeline_latest(a->core, a->computation, reply->json);
	}
	a->done(a->data, err ? NULL : &event, state, err);
	prism_arena_destroy(arena);
	prism_free(a->computation);
	prism_free(a);
}

int core_run_status(struct core *core, const char *computation_id, struct prism_cancel *cancel,
                    core_run_event_fn done, void *data, struct prism_error *err)
{
	struct asking *a = prism_alloc(sizeof(*a));
	*a = (struct asking){core, prism_strdup(computation_id), done, data};
	struct core_call call = {.endpoint = CORE_EP_COMP_STATUS,
	                         .arg = {[CORE_ARG_C] = computation_id}};
	if (core_request_start(core, &call, cancel, status_answered, a, err))
		return 0;
	prism_free(a->computation);
	prism_free(a);
	return -1;
}

/* --- statistics --- */

struct counting {
	int days;
	core_stats_fn done;
	void *data;
};

static void days_query(struct core_query *query, void *data)
{
	core_query_add_int(query, "days", ((struct counting *)data)->days);
}

static void counted(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct counting c = *(struct counting *)data;
	prism_free(data);
	const cJSON *items = err ? NULL : core_items_of(reply->json, "comp_stats");
	int size = cJSON_IsArray(items) ? cJSON_GetArraySize(items) : 0;
	struct prism_arena *arena = prism_arena_create();
	struct core_stat *stats = prism_arena_alloc(arena, ((size_t)size + 1) * sizeof(*stats));
	size_t count = 0;
	const cJSON *entry;
	cJSON_ArrayForEach(entry, items)
	{
		if (!cJSON_IsObject(entry))
			continue;
		stats[count].day = core_text_cut(arena, prism_json_str(entry, "day", ""), 10);
		stats[count].status = core_str(arena, entry, "status");
		stats[count].count = prism_json_int(entry, "count", 0);
		count++;
	}
	c.done(c.data, stats, count, err);
	prism_arena_destroy(arena);
}

int core_run_statistics(struct core *core, int days, struct prism_cancel *cancel,
                        core_stats_fn done, void *data, struct prism_error *err)
{
	struct counting *c = prism_alloc(sizeof(*c));
	*c = (struct counting){days, done, data};
	struct core_call call = {.endpoint = CORE_EP_COMP_STATS, .query = days_query, .query_data = c};
	if (core_request_start(core, &call, cancel, counted, c, err))
		return 0;
	prism_free(c);
	return -1;
}
