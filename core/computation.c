/*
 * Computations: the list, details, writing, participants.
 *
 * An update is GET, merge, PUT (reference 3.5): what we do not know goes back as it came.
 */
#include "core/computation.h"

#include "core/cache.h"
#include "core/internal.h"
#include "core/made.h"
#include "core/role.h"
#include "core/single.h"
#include "core/user.h"
#include "core/validate.h"

#include <string.h>

struct detail {
	struct prism_list node;
	struct core_single single;
	char *id;
	struct prism_arena *arena;
	cJSON *doc;
	bool recalled; /* doc is from the cache: nothing may be written on the ground of it */
	struct core_agent_config agent; /* texts of doc */
	struct core_computation computation;
	struct prism_arena *people; /* of the last core_participants() */
};

struct computations {
	struct core *core;
	struct core_list *list;
	struct prism_list details;
};

static bool decode_common(struct core_computation *c, const cJSON *entry, struct prism_arena *arena)
{
	if (!cJSON_IsObject(entry))
		return false;
	c->id = CORE_STR_ANY(arena, entry, "id", "computation_id");
	c->name = core_str(arena, entry, "name");
	c->description = core_str(arena, entry, "description");
	c->owner = CORE_STR_SHARED(arena, entry, "owner", "created_by");
	c->status = CORE_STR_SHARED(arena, entry, "status", "state");
	c->created_us = prism_json_time(entry, "created_at");
	c->start_us = prism_json_time(entry, "start_time");
	c->end_us = prism_json_time(entry, "end_time");
	return true;
}

static const struct core_agent_config no_agent_config = {
    .log_level = "", .file = {[0 ... CORE_TLS_FILE_COUNT - 1] = ""}};

static bool decode_entry(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_computation *c = item;
	if (!decode_common(c, entry, arena))
		return false;
	c->agent = &no_agent_config; /* details only: files are large */
	return true;
}

static void query(struct core_query *q, void *data)
{
	core_query_add(q, "order", "created_at"); /* Q23: newest first, as the web console */
	core_query_add(q, "dir", "desc");
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_COMP_LIST,
    .key = "computations",
    .item_size = sizeof(struct core_computation),
    .event = CORE_EVENT_COMPUTATIONS,
    .decode = decode_entry,
    .query = query,
};

static void *create(struct core *core)
{
	struct computations *c = prism_alloc(sizeof(*c));
	c->core = core;
	c->list = core_list_create(core, &list_type, NULL, NULL);
	prism_list_init(&c->details);
	return c;
}

static void detail_free(struct detail *d)
{
	prism_list_remove(&d->node);
	core_single_finish(&d->single);
	prism_arena_destroy(d->arena);
	prism_arena_destroy(d->people);
	prism_json_free(d->doc);
	prism_free(d->id);
	prism_free(d);
}

static void drop_details(struct computations *c)
{
	PRISM_LIST_EACH (&c->details, node, next) {
		struct detail *d = PRISM_CONTAINER(node, struct detail, node);
		if (!d->single.status.loading)
			detail_free(d);
		else
			d->id[0] = '\0'; /* nobody finds it; freed when its answer is here */
	}
}

static void destroy(void *state)
{
	struct computations *c = state;
	core_list_destroy(c->list);
	PRISM_LIST_EACH (&c->details, node, next)
		detail_free(PRISM_CONTAINER(node, struct detail, node));
	prism_free(c);
}

static void reset(void *state)
{
	struct computations *c = state;
	core_list_clear(c->list);
	drop_details(c);
}

static const struct core_module module = {
    .name = "computations", .create = create, .destroy = destroy, .reset = reset};

static struct computations *computations_of(struct core *core)
{
	return core_module(core, &module);
}

struct core_list *core_computations(struct core *core)
{
	return computations_of(core)->list;
}

/* --- details --- */

static void detail_take(struct detail *d, cJSON *doc /* given */)
{
	struct prism_arena *arena = prism_arena_create();
	struct core_computation fresh = {0};
	decode_common(&fresh, doc, arena);
	fresh.id = d->id;
	core_agent_config_decode(&d->agent, prism_json_get(doc, "agent_config"));
	fresh.agent = &d->agent;
	prism_arena_destroy(d->arena);
	prism_json_free(d->doc);
	d->arena = arena;
	d->doc = doc;
	d->recalled = false;
	d->computation = fresh;
}

static void detail_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct detail *d = data;
	struct core *core = d->single.core;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (!*d->id) { /* dropped meanwhile */
		d->single.status.loading = false;
		detail_free(d);
		return;
	}
	if (!err && !cJSON_IsObject(reply->json)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not a computation");
		err = &failure;
	}
	if (!err) {
		detail_take(d, cJSON_Duplicate(reply->json, true));
		if (*prism_json_str(d->doc, "id", "") && core_list_find(core_computations(core), d->id))
			core_list_put(core_computations(core), d->doc);
	}
	core_single_loaded(&d->single, err);
}

/* What the cache has is read, never written back: it has no agent_config. */
static void detail_recall(struct detail *d, const struct core_call *call)
{
	int64_t at;
	cJSON *doc = core_cache_recall(d->single.core, call, &at);

	if (!cJSON_IsObject(doc)) {
		prism_json_free(doc);
		return;
	}
	detail_take(d, doc);
	d->recalled = true;
	core_single_recalled(&d->single, at);
}

static void detail_start(struct core_single *single)
{
	struct detail *d = PRISM_CONTAINER(single, struct detail, single);
	struct core_call call = {.endpoint = CORE_EP_COMP_GET, .arg = {[CORE_ARG_C] = d->id}};
	struct prism_error err = PRISM_ERROR_INIT;
	if (!single->has_value)
		detail_recall(d, &call);
	if (!core_request_start(single->core, &call, core_cancel(single->core), detail_answered, d,
	                        &err))
		core_single_loaded(single, &err);
}

static struct detail *detail_find(struct core *core, const char *id)
{
	PRISM_LIST_EACH (&computations_of(core)->details, node, next) {
		struct detail *d = PRISM_CONTAINER(node, struct detail, node);
		if (strcmp(d->id, id) != 0)
			continue;
		core_cache_use(&computations_of(core)->details, node);
		return d;
	}
	return NULL;
}

static struct detail *detail_of(struct core *core, const char *id)
{
	struct detail *d = detail_find(core, id);
	if (d)
		return d;
	struct prism_list *old = core_cache_surplus(&computations_of(core)->details);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct detail, node)->single))
		detail_free(PRISM_CONTAINER(old, struct detail, node));
	d = prism_alloc(sizeof(*d));
	d->id = prism_strdup(id);
	core_single_init(&d->single, core, CORE_EVENT_COMPUTATION, d->id, detail_start);
	prism_list_prepend(&computations_of(core)->details, &d->node);
	return d;
}

const struct core_computation *core_computation_get(struct core *core, const char *id)
{
	struct detail *d = detail_find(core, id);
	if (d && d->doc)
		return &d->computation;
	return core_list_find(core_computations(core), id);
}

const struct core_status *core_computation_status(struct core *core, const char *id)
{
	return &detail_of(core, id)->single.status;
}

bool core_computation_hidden(struct core *core, const char *id)
{
	const struct detail *d = detail_find(core, id);

	return d && d->single.status.error.category == PRISM_ERROR_DENIED;
}

void core_computation_load(struct core *core, const char *id, bool refresh)
{
	core_single_load(&detail_of(core, id)->single, refresh);
}

struct fetching {
	struct core *core;
	char *id;
	core_computation_fn done;
	void *data;
};

static void fetched(void *data, const struct prism_error *err)
{
	struct fetching *f = data;
	f->done(f->data, err ? NULL : core_computation_get(f->core, f->id), err);
	prism_free(f->id);
	prism_free(f);
}

int core_computation_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                           core_computation_fn done, void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){core, prism_strdup(id), done, data};
	if (core_single_await(&detail_of(core, id)->single, true, cancel, fetched, f, err) == 0)
		return 0;
	prism_free(f->id);
	prism_free(f);
	return -1;
}

static const char *name_of(const void *item, int alternative)
{
	return alternative ? NULL : ((const struct core_computation *)item)->name;
}

int core_computation_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                             core_id_fn done, void *data, struct prism_error *err)
{
	return core_resolve_later(core_computations(core), "computation", word, name_of, cancel, done,
	                          data, err);
}

void core_computation_stale(struct core *core, const char *id)
{
	struct detail *d = detail_find(core, id);
	if (d)
		core_single_reload(&d->single);
	core_checklist_stale(core, id);
}

void core_computation_changed(struct core *core, const char *id)
{
	core_computation_stale(core, id);
	core_list_refresh(core_computations(core));
}

/* --- state --- */

enum core_comp_state core_computation_state_of(struct core *core, const struct core_computation *c,
                                               const char **ret_label)
{
	const struct detail *d = detail_find(core, c->id);
	if (d && d->doc)
		c = &d->computation;
	enum core_comp_state state = (enum core_comp_state)core_timeline_state(core, c->id);
	if (state == CORE_COMP_UNKNOWN) /* events are newer than the stored word */
		state = core_comp_state_of(c->status);
	*ret_label =
	    state == CORE_COMP_UNKNOWN && *c->status ? c->status : core_comp_state_info(state)->label;
	return state;
}

/* Of what is known only by its id. */
static enum core_comp_state state_and_label(struct core *core, const char *id,
                                            const char **ret_label)
{
	const struct core_computation *c = core_computation_get(core, id);
	enum core_comp_state state;
	if (c)
		return core_computation_state_of(core, c, ret_label);
	state = (enum core_comp_state)core_timeline_state(core, id);
	*ret_label = core_comp_state_info(state)->label;
	return state;
}

enum core_comp_state core_computation_state(struct core *core, const char *id)
{
	const char *label;
	return state_and_label(core, id, &label);
}

const char *core_computation_state_label(struct core *core, const char *id)
{
	const char *label;
	state_and_label(core, id, &label);
	return label;
}

bool core_computation_may(struct core *core, const char *id, enum core_comp_action action,
                          char *reason, size_t size)
{
	struct core_permissions permissions = core_permissions(core, id);
	return core_comp_action_allowed(action, core_computation_state(core, id), &permissions, reason,
	                                size);
}

/* --- writing --- */

static int check_draft(const struct core_computation_draft *draft, bool create_new,
                       struct prism_error *err)
{
	if ((create_new || draft->name) &&
	    core_validate_named(CORE_FIELD_COMPUTATION_NAME, draft->name, err) < 0)
		return -1;
	if ((create_new || draft->description) &&
	    core_validate_named(CORE_FIELD_COMPUTATION_DESCRIPTION, draft->description, err) < 0)
		return -1;
	if (draft->log_level && core_validate_named(CORE_FIELD_LOG_LEVEL, draft->log_level, err) < 0)
		return -1;
	return 0;
}

static cJSON *agent_config_of(cJSON *doc)
{
	cJSON *config = cJSON_GetObjectItemCaseSensitive(doc, "agent_config");
	if (cJSON_IsObject(config))
		return config;
	cJSON_DeleteItemFromObjectCaseSensitive(doc, "agent_config");
	return cJSON_AddObjectToObject(doc, "agent_config");
}

static void merge(cJSON *doc, const struct core_computation_draft *draft)
{
	if (draft->name)
		core_json_put_any(doc, "name", draft->name);
	if (draft->description)
		core_json_put_any(doc, "description", draft->description);
	if (draft->log_level)
		core_json_put(agent_config_of(doc), "log_level", draft->log_level);
	if (draft->set_mode)
		core_tls_mode_apply(agent_config_of(doc), draft->mode, draft->file);
}

/* What an update writes, and nothing the server changes on its own. */
static const char *const compared[] = {"name", "description", "agent_config"};

char *core_computation_snapshot(struct core *core, const char *id)
{
	const struct detail *d = detail_find(core, id);
	if (!d || !d->doc || d->recalled)
		return NULL;
	PRISM_AUTO_JSON cJSON *doc = cJSON_CreateObject();
	for (size_t i = 0; i < PRISM_COUNT(compared); i++) {
		const cJSON *part = prism_json_get(d->doc, compared[i]);
		if (part)
			cJSON_AddItemToObject(doc, compared[i], cJSON_Duplicate(part, true));
	}
	return prism_json_print(doc, false);
}

static bool same_base(const char *base, const cJSON *doc)
{
	PRISM_AUTO_JSON cJSON *then = prism_json_parse(base, strlen(base), NULL);

	for (size_t i = 0; i < PRISM_COUNT(compared); i++) {
		const cJSON *a = prism_json_get(then, compared[i]), *b = prism_json_get(doc, compared[i]);
		if (a != b && !cJSON_Compare(a, b, true))
			return false;
	}
	return true;
}

const char *core_computation_locked(struct core *core, const char *id)
{
	const struct core_computation *c = core_computation_get(core, id);
	enum core_comp_state state = core_computation_state(core, id);
	bool ran = state != CORE_COMP_NOT_STARTED && state != CORE_COMP_UNKNOWN;

	return ran || (c && c->start_us != PRISM_TIME_UNSET)
	           ? "the computation has run: its agent configuration is part of what was attested, "
	             "and stays; a new computation can have another one"
	           : NULL;
}

static bool same_name(const cJSON *entry, const char *const *wanted)
{
	return strcmp(prism_json_str(entry, "name", ""), wanted[0]) == 0;
}

static void computation_made(struct core *core)
{
	core_list_refresh(core_computations(core));
}

static const struct core_made_type made_type = {.noun = "computation",
                                                .list = CORE_EP_COMP_LIST,
                                                .key = "computations",
                                                .by_name = true,
                                                .same = same_name,
                                                .made = computation_made};

int core_computation_create(struct core *core, const struct core_computation_draft *draft,
                            struct prism_cancel *cancel, core_id_fn done, void *data,
                            struct prism_error *err)
{
	if (check_draft(draft, true, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	struct core_computation_draft whole = *draft;
	whole.log_level = draft->log_level ? draft->log_level : "";
	if (!whole.set_mode) {
		whole.set_mode = true;
		whole.mode = CORE_TLS_NONE;
	}
	merge(body, &whole);
	const struct core_call call = {.endpoint = CORE_EP_COMP_CREATE, .body = body};
	const struct core_made what = {
	    .type = &made_type, .wanted = {draft->name}, .done = done, .data = data};
	return core_make(core, &call, &what, cancel, err);
}

struct updating {
	struct core *core;
	char *id;
	struct core_computation_draft draft; /* strings lent by the copies below */
	char *text[3], *file[CORE_TLS_FILE_COUNT], *base;
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
};

static void updating_free(struct updating *u)
{
	for (size_t i = 0; i < PRISM_COUNT(u->text); i++)
		prism_free(u->text[i]);
	for (size_t i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		if (u->file[i])
			prism_wipe(u->file[i], strlen(u->file[i])); /* may be a private key */
		prism_free(u->file[i]);
	}
	if (u->base)
		prism_wipe(u->base, strlen(u->base)); /* may hold one */
	prism_free(u->base);
	prism_free(u->id);
	prism_free(u);
}

static void updating_finish(struct updating *u, const struct prism_error *err)
{
	u->done(u->data, err);
	updating_free(u);
}

static void updated(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct updating *u = data;
	if (!err)
		core_computation_changed(u->core, u->id);
	updating_finish(u, err);
}

static void update_base_read(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	struct updating *u = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err) {
		updating_finish(u, err);
		return;
	}
	PRISM_AUTO_JSON cJSON *doc = cJSON_Duplicate(reply->json, true);
	if (!cJSON_IsObject(doc)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not a computation");
		updating_finish(u, &failure);
		return;
	}
	if (u->base && !same_base(u->base, doc)) {
		prism_error_raise(&failure, PRISM_ERROR_CONFLICT,
		                  "the computation was changed on the server meanwhile");
		prism_error_hint(&failure, "compare both, and save again");
		updating_finish(u, &failure);
		return;
	}
	merge(doc, &u->draft);
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_UPDATE, .arg = {[CORE_ARG_C] = u->id}, .body = doc};
	if (!core_request_start(u->core, &call, u->cancel, updated, u, &failure))
		updating_finish(u, &failure);
}

int core_computation_update(struct core *core, const char *id,
                            const struct core_computation_draft *draft, struct prism_cancel *cancel,
                            core_done_fn done, void *data, struct prism_error *err)
{
	if (check_draft(draft, false, err) < 0)
		return -1;
	struct updating *u = prism_alloc(sizeof(*u));
	*u = (struct updating){.core = core,
	                       .id = prism_strdup(id),
	                       .draft = *draft,
	                       .cancel = cancel,
	                       .done = done,
	                       .data = data};
	u->draft.name = u->text[0] = prism_strdup(draft->name);
	u->draft.description = u->text[1] = prism_strdup(draft->description);
	u->draft.log_level = u->text[2] = prism_strdup(draft->log_level);
	for (size_t i = 0; i < CORE_TLS_FILE_COUNT; i++)
		u->draft.file[i] = u->file[i] = prism_strdup(draft->file[i]);
	u->draft.base = u->base = prism_strdup(draft->base);
	struct core_call call = {.endpoint = CORE_EP_COMP_GET, .arg = {[CORE_ARG_C] = id}};
	if (core_request_start(core, &call, cancel, update_base_read, u, err))
		return 0;
	updating_free(u);
	return -1;
}

struct deleting {
	struct core *core;
	char *id;
	core_done_fn done;
	void *data;
};

static void deleted(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct deleting *d = data;
	if (!err && !core_dying(d->core)) {
		struct detail *detail = detail_find(d->core, d->id);
		core_list_remove(core_computations(d->core), d->id);
		if (detail && !detail->single.status.loading)
			detail_free(detail);
		core_emit(d->core, CORE_EVENT_COMPUTATION, d->id);
	}
	d->done(d->data, err);
	prism_free(d->id);
	prism_free(d);
}

int core_computation_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                            core_done_fn done, void *data, struct prism_error *err)
{
	struct deleting *d = prism_alloc(sizeof(*d));
	*d = (struct deleting){core, prism_strdup(id), done, data};
	struct core_call call = {.endpoint = CORE_EP_COMP_DELETE, .arg = {[CORE_ARG_C] = id}};
	if (core_request_start(core, &call, cancel, deleted, d, err))
		return 0;
	prism_free(d->id);
	prism_free(d);
	return -1;
}

/* --- participants --- */

static const struct core_participant *holders(struct detail *d, struct core_roles roles,
                                              unsigned bit, size_t *ret_count)
{
	struct core *core = d->single.core;
	size_t most = 0, count = 0;
	for (size_t i = 0; i < roles.count; i++)
		if (roles.roles[i].bits & bit)
			most += roles.roles[i].member_count;
	struct core_participant *people = prism_arena_alloc(d->people, (most + 1) * sizeof(*people));
	for (size_t i = 0; i < roles.count; i++) {
		const struct core_role *role = &roles.roles[i];
		for (size_t m = 0; (role->bits & bit) && m < role->member_count; m++) {
			struct core_participant *person = &people[count++];
			person->user_id = role->members[m];
			person->name = core_user_name(core, role->members[m]);
			person->role = role->name;
			person->key_missing = core_checklist_wants_key(core, d->id, role->members[m]);
		}
	}
	*ret_count = count;
	return people;
}

struct core_participants core_participants(struct core *core, const char *id)
{
	struct core_roles roles = core_roles(core, id);
	struct core_participants p = {.known = roles.count > 0};
	struct detail *d = detail_of(core, id);
	prism_arena_destroy(d->people);
	d->people = prism_arena_create();
	p.dataset_providers = holders(d, roles, CORE_PERM_DATASET_PROVIDER, &p.dataset_count);
	p.algo_providers = holders(d, roles, CORE_PERM_ALGO_PROVIDER, &p.algo_count);
	p.result_consumers = holders(d, roles, CORE_PERM_RESULT_CONSUMER, &p.consumer_count);
	return p;
}
