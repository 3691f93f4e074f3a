/*
 * The timeline of a computation: runs and events, merged, as cards.
 *
 * A refresh asks for the latest event (GET status: small) and for the runs; only when that event is
 * not known yet, or nothing is, for pages of events, newest first, until a known one turns up.  So
 * an idle poll costs one short answer, and neither a burst nor equal timestamps lose or repeat an
 * event.
 *
 * Cards are rebuilt when something was added: events in order of time (server order where equal),
 * folded into the run's state; a final state stays even when the agent goes back to waiting.
 */
#include "core/cache.h"
#include "core/cvm.h"
#include "core/internal.h"
#include "core/run_private.h"
#include "core/single.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVENTS_MAX 200000 /* per computation; stops a server that counts without end */
#define PAGES_MAX 50      /* of one refresh: a first look at the newest 5000 events is enough */

struct kept {
	struct core_run_event event;
	uint64_t sequence; /* grows with age of arrival: server order among equal times */
	uint64_t hash;
};

struct timeline {
	struct prism_list node;
	struct core_single single;
	char *id;
	bool gone;
	struct prism_arena *arena; /* events and runs, growing */
	struct kept *events;       /* by time, oldest first */
	size_t event_count, event_room;
	struct core_run *runs;
	size_t run_count, run_room;
	uint64_t sequence;
	/* of the refresh in flight */
	unsigned pending, pages;
	struct core_run_event *fresh; /* newest first, as answered */
	size_t fresh_count, fresh_room;
	struct prism_error error;
	/* what is lent */
	struct prism_arena *card_arena;
	struct core_card *cards;
	size_t card_count;
};

struct timelines {
	struct prism_list all;
};

static void *create(struct core *core)
{
	struct timelines *t = prism_alloc(sizeof(*t));
	prism_list_init(&t->all);
	return t;
}

static void timeline_free(struct timeline *t)
{
	prism_list_remove(&t->node);
	core_single_finish(&t->single);
	prism_arena_destroy(t->arena);
	prism_arena_destroy(t->card_arena);
	prism_free(t->events);
	prism_free(t->runs);
	prism_free(t->fresh);
	prism_free(t->id);
	prism_free(t);
}

static void destroy(void *state)
{
	struct timelines *t = state;
	PRISM_LIST_EACH (&t->all, node, next)
		timeline_free(PRISM_CONTAINER(node, struct timeline, node));
	prism_free(t);
}

static void reset(void *state)
{
	struct timelines *t = state;
	PRISM_LIST_EACH (&t->all, node, next) {
		struct timeline *timeline = PRISM_CONTAINER(node, struct timeline, node);
		if (timeline->single.status.loading)
			timeline->gone = true;
		else
			timeline_free(timeline);
	}
}

static const struct core_module module = {
    .name = "timelines", .create = create, .destroy = destroy, .reset = reset};

static struct timeline *find(struct core *core, const char *id)
{
	struct timelines *t = core_module(core, &module);
	PRISM_LIST_EACH (&t->all, node, next) {
		struct timeline *timeline = PRISM_CONTAINER(node, struct timeline, node);
		if (timeline->gone || strcmp(timeline->id, id) != 0)
			continue;
		core_cache_use(&t->all, node);
		return timeline;
	}
	return NULL;
}

static void start(struct core_single *single);

static struct timeline *timeline_of(struct core *core, const char *id)
{
	struct timelines *all = core_module(core, &module);
	struct timeline *t = find(core, id);
	if (t)
		return t;
	struct prism_list *old = core_cache_surplus(&all->all);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct timeline, node)->single))
		timeline_free(PRISM_CONTAINER(old, struct timeline, node));
	t = prism_alloc(sizeof(*t));
	t->id = prism_strdup(id);
	t->arena = prism_arena_create();
	core_single_init(&t->single, core, CORE_EVENT_TIMELINE, t->id, start);
	prism_list_prepend(&all->all, &t->node);
	return t;
}

/* --- keeping events --- */

static uint64_t mix(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return (hash ^ 0xff) * 1099511628211u;
}

static uint64_t hash_of(const struct core_run_event *e)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	if (*e->id)
		return mix(hash, e->id);
	hash = mix(mix(mix(hash, e->run_id), e->type), e->status);
	return (hash ^ (uint64_t)e->time_us) * 1099511628211u;
}

static bool same_event(const struct core_run_event *a, const struct core_run_event *b)
{
	if (*a->id || *b->id)
		return strcmp(a->id, b->id) == 0;
	return a->time_us == b->time_us && strcmp(a->run_id, b->run_id) == 0 &&
	       strcmp(a->type, b->type) == 0 && strcmp(a->status, b->status) == 0;
}

/* From the newest: what a poll asks about is nearly always there. */
static bool known(const struct timeline *t, const struct core_run_event *e)
{
	uint64_t hash = hash_of(e);
	for (size_t i = t->event_count; i-- > 0;)
		if (t->events[i].hash == hash && same_event(&t->events[i].event, e))
			return true;
	return false;
}

static int by_age(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;
	if (left->event.time_us != right->event.time_us)
		return left->event.time_us < right->event.time_us ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

static void keep(struct timeline *t, const struct core_run_event *e)
{
	if (t->event_count >= EVENTS_MAX || known(t, e))
		return;
	if (t->event_count == t->event_room) {
		t->event_room = t->event_room ? t->event_room * 2 : 64;
		t->events = prism_realloc_array(t->events, t->event_room, sizeof(*t->events));
	}
	t->events[t->event_count++] = (struct kept){*e, t->sequence++, hash_of(e)};
}

static struct core_run *run_find(struct timeline *t, const char *id)
{
	for (size_t i = 0; i < t->run_count; i++)
		if (strcmp(t->runs[i].id, id) == 0)
			return &t->runs[i];
	return NULL;
}

static void keep_run(struct timeline *t, const struct core_run *run)
{
	struct core_run *old = run_find(t, run->id);
	if (*run->computation_id && strcmp(run->computation_id, t->id) != 0)
		return;
	if (old) {
		*old = *run;
		return;
	}
	if (t->run_count >= EVENTS_MAX)
		return;
	if (t->run_count == t->run_room) {
		t->run_room = t->run_room ? t->run_room * 2 : 8;
		t->runs = prism_realloc_array(t->runs, t->run_room, sizeof(*t->runs));
	}
	t->runs[t->run_count++] = *run;
}

/* --- cards --- */

static enum core_comp_state fold(enum core_comp_state state, const struct core_run_event *e)
{
	enum core_comp_state next = core_comp_state_of_event(e->type, e->status, state);
	bool final = core_comp_state_info(state)->final;
	return final && next == CORE_COMP_RUNNING ? state : next;
}

static int64_t card_time(const struct core_card *card)
{
	int64_t at = card->run.start_us != PRISM_TIME_UNSET ? card->run.start_us : card->run.created_us;
	if (at == PRISM_TIME_UNSET && card->event_count)
		at = card->events[card->event_count - 1].time_us;
	return at;
}

static int newest_first(const void *a, const void *b)
{
	const struct core_card *left = a, *right = b;
	if (left->run.index && right->run.index && left->run.index != right->run.index)
		return left->run.index > right->run.index ? -1 : 1;
	int64_t l = card_time(left), r = card_time(right);
	if (l != r)
		return l > r ? -1 : 1;
	return strcmp(right->run.id, left->run.id);
}

static struct core_card *card_of(struct timeline *t, const char *run_id)
{
	for (size_t i = t->card_count; i-- > 0;)
		if (strcmp(t->cards[i].run.id, run_id) == 0)
			return &t->cards[i];
	return NULL;
}

static void card_add(struct timeline *t, const struct core_run *run)
{
	struct core_card *card = &t->cards[t->card_count++];
	card->run = *run;
	card->latest = "";
}

static void card_finish(struct core_card *card, int number)
{
	enum core_comp_state stored = card->run.state;
	enum core_comp_state state = CORE_COMP_RUNNING;
	bool waiting = false;
	for (size_t i = card->event_count; i-- > 0;) {
		const struct core_run_event *e = &card->events[i];
		state = fold(state, e);
		if (strncasecmp(e->type, "ConsumingResults", 16) == 0)
			waiting = true;
		else if (strncasecmp(e->type, "Complete", 8) == 0)
			waiting = false;
		if (!*card->run.cvm_id)
			card->run.cvm_id = e->cvm_id;
	}
	bool stored_final = *card->run.status && core_comp_state_info(stored)->final;
	if (!card->event_count && *card->run.status)
		state = stored;
	if (stored_final && !core_comp_state_info(state)->final)
		state = stored; /* the run list heard of the end before the events did */
	card->state = state;
	card->latest = card->event_count ? card->events[0].type : "";
	card->results_waiting = waiting && state == CORE_COMP_COMPLETED;
	card->number = card->run.index ? card->run.index : number;
	if (card->run.start_us == PRISM_TIME_UNSET)
		card->run.start_us = card_time(card);
	if (card->run.end_us == PRISM_TIME_UNSET && core_comp_state_info(state)->final &&
	    card->event_count)
		card->run.end_us = card->events[0].time_us;
}

/* One pass counts the events of each run, so that all of them can be laid out at once. */
static void build_cards(struct timeline *t)
{
	prism_arena_destroy(t->card_arena);
	t->card_arena = prism_arena_create();
	t->card_count = 0;
	t->cards =
	    prism_arena_alloc(t->card_arena, (t->run_count + t->event_count + 1) * sizeof(*t->cards));
	for (size_t i = 0; i < t->run_count; i++)
		card_add(t, &t->runs[i]);
	for (size_t i = 0; i < t->event_count; i++) {
		const char *run_id = t->events[i].event.run_id;
		struct core_card *card = card_of(t, run_id);
		if (!card) {
			struct core_run run = {.id = run_id,
			                       .computation_id = t->id,
			                       .cvm_id = "",
			                       .cvm_name = "",
			                       .agent_url = "",
			                       .status = "",
			                       .created_us = PRISM_TIME_UNSET,
			                       .start_us = PRISM_TIME_UNSET,
			                       .end_us = PRISM_TIME_UNSET};
			card_add(t, &run);
			card = &t->cards[t->card_count - 1];
		}
		card->event_count++;
	}
	struct core_run_event *space =
	    prism_arena_alloc(t->card_arena, (t->event_count + 1) * sizeof(*space));
	for (size_t i = 0; i < t->card_count; i++) {
		t->cards[i].events = space;
		space += t->cards[i].event_count;
		t->cards[i].event_count = 0;
	}
	for (size_t i = t->event_count; i-- > 0;) { /* newest first */
		struct core_card *card = card_of(t, t->events[i].event.run_id);
		/* The cards' events are ours to write: they are const only for those who are lent them. */
		struct core_run_event *events = (struct core_run_event *)(uintptr_t)card->events;
		events[card->event_count++] = t->events[i].event;
	}
	if (t->card_count)
		qsort(t->cards, t->card_count, sizeof(*t->cards), newest_first);
	for (size_t i = 0; i < t->card_count; i++)
		card_finish(&t->cards[i], (int)(t->card_count - i));
}

/* --- refreshing --- */

static void step_done(struct timeline *t)
{
	struct core *core = t->single.core;
	if (--t->pending > 0)
		return;
	if (t->gone || core_dying(core)) {
		t->single.status.loading = false;
		if (t->gone)
			timeline_free(t);
		return;
	}
	/* Oldest first: ages among equal times follow the server's order. */
	while (t->fresh_count > 0)
		keep(t, &t->fresh[--t->fresh_count]);
	if (t->event_count)
		qsort(t->events, t->event_count, sizeof(*t->events), by_age);
	enum core_comp_state before = t->card_count ? t->cards[0].state : CORE_COMP_UNKNOWN;
	build_cards(t);
	enum core_comp_state after = t->card_count ? t->cards[0].state : CORE_COMP_UNKNOWN;
	if (before != after) {
		core_emit(core, CORE_EVENT_COMPUTATION, t->id);
		core_emit(core, CORE_EVENT_COMPUTATIONS, NULL);
	}
	core_single_loaded(&t->single, t->error.category ? &t->error : NULL);
}

static void failed(struct timeline *t, const struct prism_error *err)
{
	if (t->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&t->error, err);
}

static void runs_answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct timeline *t = data;
	/* Not documented well: whatever it says is extra (reference 3.5). */
	if (!err) {
		const cJSON *items = core_items_of(reply->json, "runs");
		struct core_run run = {0};
		const cJSON *entry;
		if (!items && core_run_decode(&run, reply->json, t->arena))
			keep_run(t, &run);
		cJSON_ArrayForEach(entry, items)
		{
			run = (struct core_run){0};
			if (core_run_decode(&run, entry, t->arena))
				keep_run(t, &run);
		}
	}
	step_done(t);
}

static void ask_events(struct timeline *t);

static void keep_fresh(struct timeline *t, const struct core_run_event *e)
{
	struct core_run_event own = *e;
	const char **texts[] = {&own.id,         &own.type,   &own.status, &own.run_id,
	                        &own.originator, &own.cvm_id, &own.details};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		*texts[i] = prism_arena_strdup(t->arena, *texts[i]);
	if (t->fresh_count == t->fresh_room) {
		t->fresh_room = t->fresh_room ? t->fresh_room * 2 : CORE_LIST_PAGE;
		t->fresh = prism_realloc_array(t->fresh, t->fresh_room, sizeof(*t->fresh));
	}
	t->fresh[t->fresh_count++] = own;
}

static void events_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct timeline *t = data;
	if (err && err->category != PRISM_ERROR_MISSING) {
		failed(t, err);
		step_done(t);
		return;
	}
	const cJSON *items = err ? NULL : core_items_of(reply->json, "events");
	const cJSON *entry;
	size_t seen = 0;
	bool overlap = false;
	struct prism_arena *arena = prism_arena_create();
	cJSON_ArrayForEach(entry, items)
	{
		struct core_run_event e = {0};
		seen++;
		if (!core_run_event_decode(&e, entry, arena))
			continue;
		if (known(t, &e))
			overlap = true;
		else
			keep_fresh(t, &e);
	}
	prism_arena_destroy(arena);
	int64_t total = err ? 0 : prism_json_int(reply->json, "total", -1);
	bool more = total >= 0 ? (int64_t)(t->pages * CORE_LIST_PAGE) < total : seen >= CORE_LIST_PAGE;
	if (!overlap && more && seen > 0 && t->pages < PAGES_MAX && !t->gone)
		ask_events(t);
	step_done(t);
}

static void events_query(struct core_query *query, void *data)
{
	const struct timeline *t = data;
	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add_int(query, "offset", (int64_t)t->pages * CORE_LIST_PAGE);
}

static void ask(struct timeline *t, enum core_endpoint_id endpoint, core_reply_fn done,
                void (*query)(struct core_query *query, void *data))
{
	struct core_call call = {
	    .endpoint = endpoint, .arg = {[CORE_ARG_C] = t->id}, .query = query, .query_data = t};
	struct prism_error err = PRISM_ERROR_INIT;
	t->pending++;
	if (core_request_start(t->single.core, &call, core_cancel(t->single.core), done, t, &err))
		return;
	failed(t, &err);
	t->pending--;
}

static void ask_events(struct timeline *t)
{
	ask(t, CORE_EP_COMP_EVENTS, events_answered, events_query);
	t->pages++;
}

static void status_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct timeline *t = data;
	struct core_run_event latest = {0};
	struct prism_arena *arena = prism_arena_create();
	bool nothing_new = false;
	if (err)
		nothing_new = err->category == PRISM_ERROR_CANCELLED;
	else if (core_run_event_decode(&latest, reply->json, arena))
		nothing_new = t->event_count > 0 && known(t, &latest);
	if (err && nothing_new)
		failed(t, err);
	if (!nothing_new) {
		ask_events(t);
		ask(t, CORE_EP_COMP_LAST_RUN, runs_answered, NULL);
	}
	prism_arena_destroy(arena);
	step_done(t);
}

/* The newest events and the latest run, as the cache has them: the next answer goes on from there.
 */
static void recall(struct timeline *t)
{
	struct core *core = t->single.core;
	struct core_call events = {.endpoint = CORE_EP_COMP_EVENTS,
	                           .arg = {[CORE_ARG_C] = t->id},
	                           .query = events_query,
	                           .query_data = t};
	struct core_call last = {.endpoint = CORE_EP_COMP_LAST_RUN, .arg = {[CORE_ARG_C] = t->id}};
	int64_t at, ignored;
	PRISM_AUTO_JSON cJSON *doc = core_cache_recall(core, &events, &at);
	PRISM_AUTO_JSON cJSON *run_doc = doc ? core_cache_recall(core, &last, &ignored) : NULL;
	struct core_run run = {0};
	if (!doc)
		return;
	const cJSON *items = core_items_of(doc, "events");
	for (int i = cJSON_IsArray(items) ? cJSON_GetArraySize(items) : 0;
	     i-- > 0;) { /* oldest first */
		struct core_run_event e = {0};
		if (core_run_event_decode(&e, cJSON_GetArrayItem(items, i), t->arena))
			keep(t, &e);
	}
	if (t->event_count)
		qsort(t->events, t->event_count, sizeof(*t->events), by_age);
	if (run_doc && core_run_decode(&run, run_doc, t->arena))
		keep_run(t, &run);
	build_cards(t);
	core_single_recalled(&t->single, at);
}

static void start(struct core_single *single)
{
	struct timeline *t = PRISM_CONTAINER(single, struct timeline, single);
	prism_error_clear(&t->error);
	t->pages = 0;
	if (!single->has_value && t->event_count == 0)
		recall(t);
	t->pages = 0;
	t->fresh_count = 0;
	t->pending = 1; /* this function */
	if (t->event_count == 0) {
		ask_events(t);
		ask(t, CORE_EP_COMP_LAST_RUN, runs_answered, NULL);
	} else {
		ask(t, CORE_EP_COMP_STATUS, status_answered, NULL);
	}
	step_done(t);
}

/* --- what run.c knows first --- */

void core_timeline_reload(struct core *core, const char *computation)
{
	core_single_reload(&timeline_of(core, computation)->single);
}

void core_timeline_started(struct core *core, const char *computation, const char *run_id,
                           const char *cvm)
{
	struct timeline *t = timeline_of(core, computation);
	const struct core_cvm *machine = core_cvm_get(core, cvm);
	if (!*run_id)
		return;
	int64_t now = prism_clock_wall_us(core_clock(core)) + core_clock_skew_us(core);
	struct core_run run = {
	    .id = prism_arena_strdup(t->arena, run_id),
	    .computation_id = t->id,
	    .cvm_id = prism_arena_strdup(t->arena, cvm),
	    .cvm_name = machine ? prism_arena_strdup(t->arena, machine->name) : "",
	    .agent_url = machine ? prism_arena_strdup(t->arena, machine->agent_url) : "",
	    .status = "starting",
	    .created_us = now,
	    .start_us = now,
	    .end_us = PRISM_TIME_UNSET,
	    .state = CORE_COMP_RUNNING,
	};
	keep_run(t, &run);
	if (t->single.has_value)
		build_cards(t);
	core_emit(core, CORE_EVENT_TIMELINE, t->id);
}

void core_timeline_latest(struct core *core, const char *computation, const cJSON *entry)
{
	struct timeline *t = find(core, computation);
	struct core_run_event e = {0};
	struct prism_arena *arena = prism_arena_create();
	if (t && t->single.has_value && core_run_event_decode(&e, entry, arena) && !known(t, &e))
		core_single_load(&t->single, true);
	prism_arena_destroy(arena);
}

/* --- getters --- */

struct core_timeline core_timeline(struct core *core, const char *computation_id)
{
	struct timeline *t = timeline_of(core, computation_id);
	return (struct core_timeline){t->card_count ? t->cards : NULL, t->card_count,
	                              &t->single.status};
}

void core_timeline_load(struct core *core, const char *computation_id, bool refresh)
{
	core_single_load(&timeline_of(core, computation_id)->single, refresh);
}

int core_timeline_await(struct core *core, const char *computation_id, bool refresh,
                        struct prism_cancel *cancel, core_done_fn done, void *data,
                        struct prism_error *err)
{
	return core_single_await(&timeline_of(core, computation_id)->single, refresh, cancel, done,
	                         data, err);
}

int core_timeline_state(struct core *core, const char *computation_id)
{
	const struct timeline *t = find(core, computation_id);
	return t && t->card_count ? (int)t->cards[0].state : (int)CORE_COMP_UNKNOWN;
}

const struct core_card *core_card_find(struct core *core, const char *computation_id,
                                       const char *run_id)
{
	const struct timeline *t = find(core, computation_id);
	if (!t || !t->card_count)
		return NULL;
	if (!run_id || !*run_id)
		return &t->cards[0];
	for (size_t i = 0; i < t->card_count; i++)
		if (strcmp(t->cards[i].run.id, run_id) == 0)
			return &t->cards[i];
	return NULL;
}

static const struct core_cvm *cvm_of_card(struct core *core, const struct core_card *card)
{
	struct core_list *cvms = core_cvms(core);

	for (size_t i = 0; card && *card->run.cvm_id && i < core_list_count(cvms); i++) {
		const struct core_cvm *cvm = core_cvm_at(cvms, i);
		if (strcmp(cvm->id, card->run.cvm_id) == 0 || strcmp(cvm->cvm_id, card->run.cvm_id) == 0)
			return cvm;
	}
	return NULL;
}

const char *core_run_agent_url(struct core *core, const char *computation_id, const char *run_id)
{
	const struct core_card *card = core_card_find(core, computation_id, run_id);
	const struct core_cvm *cvm = cvm_of_card(core, card);

	if (card && *card->run.agent_url)
		return card->run.agent_url;
	return cvm ? cvm->agent_url : "";
}

void core_run_cvm_names(struct core *core, const char *computation_id, const char *run_id,
                        const char *address, const char *ret[CORE_RUN_NAMES])
{
	const struct core_cvm *cvm = cvm_of_card(core, core_card_find(core, computation_id, run_id));
	size_t count = 0;

	if (cvm) {
		ret[count++] = cvm->name;
		ret[count++] = cvm->id;
		ret[count++] = cvm->cvm_id;
	}
	if (address)
		ret[count++] = address;
	ret[count] = NULL;
}
