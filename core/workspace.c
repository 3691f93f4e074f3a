/*
 * Workspaces: the list, the current one, create and update.
 */
#include "core/workspace.h"

#include "core/internal.h"
#include "core/permission.h"
#include "core/session.h"
#include "core/validate.h"
#include "net/crypto.h"

#include <string.h>

struct workspaces {
	struct core *core;
	struct core_list *list;
	char *id, *name; /* current; never NULL */
};

static bool decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_workspace *w = item;
	if (!cJSON_IsObject(entry))
		return false;
	w->id = core_str(arena, entry, "id");
	w->name = core_str(arena, entry, "name");
	w->alias = CORE_STR_ANY(arena, entry, "alias", "route");
	w->status = core_str(arena, entry, "status");
	w->role_name = core_str(arena, entry, "role_name");
	w->created_by = core_str(arena, entry, "created_by");
	w->created_us = prism_json_time(entry, "created_at");
	w->updated_us = prism_json_time(entry, "updated_at");
	w->actions = core_wperm_bits(prism_json_get(entry, "actions"));
	const cJSON *role;
	cJSON_ArrayForEach(role, prism_json_array(entry, "roles")) w->actions |=
	    core_wperm_bits(prism_json_get(role, "actions"));
	return true;
}

static void query(struct core_query *q, void *data)
{
	core_query_add(q, "order", "name");
	core_query_add(q, "dir", "asc");
	core_query_add(q, "status", "all");
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_WORKSPACE_LIST,
    .key = "domains",
    .item_size = sizeof(struct core_workspace),
    .event = CORE_EVENT_WORKSPACES,
    .decode = decode,
    .query = query,
};

static void *create(struct core *core)
{
	struct workspaces *w = prism_alloc(sizeof(*w));
	w->core = core;
	w->list = core_list_create(core, &list_type, NULL, NULL);
	w->id = prism_strdup("");
	w->name = prism_strdup("");
	return w;
}

static void destroy(void *state)
{
	struct workspaces *w = state;
	core_list_destroy(w->list);
	prism_free(w->id);
	prism_free(w->name);
	prism_free(w);
}

static const struct core_module module = {
    .name = "workspaces", .create = create, .destroy = destroy};

static struct workspaces *workspaces_of(const struct core *core)
{
	union {
		const struct core *in;
		struct core *out;
	} both = {.in = core};
	return core_module(both.out, &module);
}

struct core_list *core_workspaces(struct core *core)
{
	return workspaces_of(core)->list;
}

const char *core_workspace_id(const struct core *core)
{
	return workspaces_of(core)->id;
}

const char *core_workspace_name(const struct core *core)
{
	const struct workspaces *w = workspaces_of(core);
	const struct core_workspace *known = core_list_find(w->list, w->id);
	if (known && *known->name)
		return known->name;
	return *w->name ? w->name : w->id;
}

void core_workspace_select(struct core *core, const char *id, const char *name)
{
	struct workspaces *w = workspaces_of(core);
	char *new_id = prism_strdup(id ? id : ""), *new_name = prism_strdup(name ? name : "");
	bool same = strcmp(w->id, new_id) == 0;
	prism_free(w->id);
	prism_free(w->name);
	w->id = new_id;
	w->name = new_name;
	if (*new_id)
		core_remember(core_options(core), "workspace", new_id);
	if (!same)
		core_reset_modules(core);
	core_emit(core, CORE_EVENT_WORKSPACES, NULL);
}

void core_workspaces_forget(struct core *core)
{
	struct workspaces *w = workspaces_of(core);
	w->id[0] = w->name[0] = '\0';
	core_list_clear(w->list);
	core_reset_modules(core);
}

static const char *name_of(const void *item, int alternative)
{
	const struct core_workspace *w = item;
	return alternative ? w->alias : w->name;
}

int core_workspace_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                           core_id_fn done, void *data, struct prism_error *err)
{
	return core_resolve_later(core_workspaces(core), "workspace", word, name_of, cancel, done, data,
	                          err);
}

/* --- entering --- */

struct entering {
	struct core *core;
	char *word; /* NULL: not named */
	bool named;
	core_done_fn done;
	void *data;
};

/* NULL: none can be chosen for the user. */
static const struct core_workspace *choose(const struct core_list *list, const char *remembered)
{
	const struct core_workspace *found = remembered ? core_list_find(list, remembered) : NULL;
	if (found && strcmp(found->status, "disabled") != 0)
		return found;
	const struct core_workspace *only = NULL;
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_workspace *w = core_workspace_at(list, i);
		if (*w->status && strcmp(w->status, "enabled") != 0)
			continue;
		if (only)
			return NULL;
		only = w;
	}
	return only;
}

static void enter_loaded(void *data, const struct prism_error *err)
{
	struct entering *e = data;
	struct core_list *list = core_workspaces(e->core);
	struct prism_error failure = PRISM_ERROR_INIT;
	const struct core_workspace *chosen = NULL;
	const char *id = NULL;
	if (!err && e->named) {
		if (core_resolve_in(list, "workspace", e->word, name_of, &id, &failure) == 0)
			chosen = core_list_find(list, id);
		else
			err = &failure;
	} else if (!err) {
		chosen = choose(list, core_remembered(core_options(e->core), "workspace"));
		if (!chosen) {
			prism_error_raise(&failure, PRISM_ERROR_MISSING, "no workspace is chosen");
			prism_error_hint(&failure, core_list_count(list)
			                               ? "choose one of the workspaces"
			                               : "create a workspace, or accept an invitation to one");
			err = &failure;
		}
	}
	if (chosen)
		core_workspace_select(e->core, chosen->id, chosen->name);
	e->done(e->data, err);
	prism_free(e->word);
	prism_free(e);
}

int core_workspace_enter(struct core *core, const char *word, struct prism_cancel *cancel,
                         core_done_fn done, void *data, struct prism_error *err)
{
	if (!word || !*word)
		word = core_option_text(core_options(core), CORE_OPT_WORKSPACE);
	struct entering *e = prism_alloc(sizeof(*e));
	*e = (struct entering){core, prism_strdup(word), *word != '\0', done, data};
	core_session_learn_owner(core);
	if (core_list_await(core_workspaces(core), false, cancel, enter_loaded, e, err) == 0)
		return 0;
	prism_free(e->word);
	prism_free(e);
	return -1;
}

/* --- one --- */

struct fetching {
	core_workspace_fn done;
	void *data;
};

static void roles_query(struct core_query *q, void *data)
{
	core_query_add(q, "roles", "true"); /* section 3.2: mine, with their actions */
}

static void fetched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct prism_arena *arena = prism_arena_create();
	struct core_workspace w = {0};
	prism_free(data);
	if (!err && (!decode(&w, reply->json, arena) || !*w.id)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not a workspace");
		err = &failure;
	}
	const cJSON *role = err ? NULL : cJSON_GetArrayItem(prism_json_array(reply->json, "roles"), 0);
	if (role && !*w.role_name)
		w.role_name = CORE_STR_ANY(arena, role, "role_name", "name");
	f.done(f.data, err ? NULL : &w, err);
	prism_arena_destroy(arena);
}

int core_workspace_fetch(struct core *core, const char *id, struct prism_cancel *cancel,
                         core_workspace_fn done, void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){done, data};
	struct core_call call = {
	    .endpoint = CORE_EP_WORKSPACE_GET, .arg = {[CORE_ARG_D] = id}, .query = roles_query};
	if (core_request_start(core, &call, cancel, fetched, f, err))
		return 0;
	prism_free(f);
	return -1;
}

/* --- writing --- */

struct writing {
	struct core *core;
	core_id_fn done_id;
	core_done_fn done;
	void *data;
};

static void written(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct writing w = *(struct writing *)data;
	prism_free(data);
	if (!err)
		core_list_refresh(core_workspaces(w.core));
	if (w.done_id)
		w.done_id(w.data, err ? "" : reply->id, err);
	else
		w.done(w.data, err);
}

static int write_start(struct core *core, const struct core_call *call, struct prism_cancel *cancel,
                       struct writing template, struct prism_error *err)
{
	struct writing *w = prism_memdup(&template, sizeof(template));
	if (core_request_start(core, call, cancel, written, w, err))
		return 0;
	prism_free(w);
	return -1;
}

int core_workspace_create(struct core *core, const char *name, const char *alias,
                          struct prism_cancel *cancel, core_id_fn done, void *data,
                          struct prism_error *err)
{
	char uuid[37];
	if (core_validate_named(CORE_FIELD_WORKSPACE_NAME, name, err) < 0 ||
	    core_validate_named(CORE_FIELD_WORKSPACE_ALIAS, alias, err) < 0)
		return -1;
	net_uuid4(uuid);
	if (!alias || !*alias)
		alias = uuid;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "name", name);
	cJSON_AddStringToObject(body, "alias", alias); /* the documents' word */
	cJSON_AddStringToObject(body, "route", alias); /* the deployed service's */
	struct core_call call = {.endpoint = CORE_EP_WORKSPACE_CREATE, .body = body};
	return write_start(core, &call, cancel, (struct writing){core, done, NULL, data}, err);
}

int core_workspace_rename(struct core *core, const char *id, const char *name,
                          struct prism_cancel *cancel, core_done_fn done, void *data,
                          struct prism_error *err)
{
	if (core_validate_named(CORE_FIELD_WORKSPACE_NAME, name, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "name", name);
	struct core_call call = {
	    .endpoint = CORE_EP_WORKSPACE_UPDATE, .arg = {[CORE_ARG_D] = id}, .body = body};
	return write_start(core, &call, cancel, (struct writing){core, NULL, done, data}, err);
}

int core_workspace_set_enabled(struct core *core, const char *id, bool enabled,
                               struct prism_cancel *cancel, core_done_fn done, void *data,
                               struct prism_error *err)
{
	struct core_call call = {.endpoint =
	                             enabled ? CORE_EP_WORKSPACE_ENABLE : CORE_EP_WORKSPACE_DISABLE,
	                         .arg = {[CORE_ARG_D] = id}};
	return write_start(core, &call, cancel, (struct writing){core, NULL, done, data}, err);
}
