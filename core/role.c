/*
 * Roles of a computation or of the workspace, with actions and members: the cache and its loading.
 * Changing them is core/role_edit.c.
 *
 * Loading one scope: the roles and all members with their roles (both paged), at the same time once
 * it is known that this server needs both; where the latter is not offered, one call per role for
 * its members.  What members have in their roles says what those roles allow; of a role without
 * members the actions are asked for.  What an answer already holds is not asked again.
 */
#include "core/role.h"

#include "core/internal.h"
#include "core/role_private.h"
#include "core/session.h"
#include "core/single.h"
#include "core/validate.h"

#include <string.h>

#define ROLES_MAX 1000 /* of one scope; stops a server that counts without end */
#define MEMBERS_MAX 100000

static const char *const builtin_names[] = {"owner",           "algo_provider", "dataset_provider",
                                            "result_consumer", "viewer",        "editor",
                                            "runner",          "admin"};

#define ROWS(KIND)                                                                            \
	{                                                                                         \
		.known = CORE_EP_##KIND##_ACTIONS_KNOWN, .create = CORE_EP_##KIND##_CREATE,           \
		.list = CORE_EP_##KIND##_LIST, .all_members = CORE_EP_##KIND##_ALL_MEMBERS,           \
		.get = CORE_EP_##KIND##_GET, .rename = CORE_EP_##KIND##_RENAME,                       \
		.remove = CORE_EP_##KIND##_DELETE, .actions = CORE_EP_##KIND##_ACTIONS,               \
		.actions_add = CORE_EP_##KIND##_ACTIONS_ADD,                                          \
		.actions_remove = CORE_EP_##KIND##_ACTIONS_REMOVE,                                    \
		.actions_clear = CORE_EP_##KIND##_ACTIONS_CLEAR, .members = CORE_EP_##KIND##_MEMBERS, \
		.members_add = CORE_EP_##KIND##_MEMBERS_ADD,                                          \
		.members_remove = CORE_EP_##KIND##_MEMBERS_REMOVE,                                    \
		.members_clear = CORE_EP_##KIND##_MEMBERS_CLEAR,                                      \
	}
static const struct core_role_rows workspace_rows = ROWS(WROLE);
static const struct core_role_rows computation_rows = ROWS(CROLE);

struct told { /* one role of a member, as the list of all members has it; ids may be "" */
	const char *member, *role_id, *role_name;
	const char *const *actions;
	size_t action_count;
	unsigned bits;
};

struct load { /* one load in progress: becomes the content when whole */
	struct prism_arena *arena;
	struct core_role *roles;
	size_t count, room;
	struct told *told;
	size_t told_count, told_room;
	enum { TOLD_UNASKED, TOLD_COMES, TOLD_ALL, TOLD_REFUSED } telling;
	bool listed; /* every page of roles is here */
	unsigned pending;
	struct prism_error error;
};

struct scope {
	struct prism_list node;
	struct core_single single;
	char *id;  /* "" workspace */
	bool gone; /* dropped while loading */
	struct prism_arena *arena;
	struct core_role *roles;
	size_t count;
	struct load *load;
};

struct scopes {
	struct core *core;
	struct prism_list all;
	bool silent; /* this server's list of roles does not hold their members */
};

static void *create(struct core *core)
{
	struct scopes *s = prism_alloc(sizeof(*s));
	s->core = core;
	prism_list_init(&s->all);
	return s;
}

static void load_free(struct load *load)
{
	if (!load)
		return;
	prism_arena_destroy(load->arena);
	prism_free(load->roles);
	prism_free(load->told);
	prism_free(load);
}

static void scope_free(struct scope *scope)
{
	prism_list_remove(&scope->node);
	core_single_finish(&scope->single);
	load_free(scope->load);
	prism_arena_destroy(scope->arena);
	prism_free(scope->roles);
	prism_free(scope->id);
	prism_free(scope);
}

static void destroy(void *state)
{
	struct scopes *s = state;
	PRISM_LIST_EACH (&s->all, node, next)
		scope_free(PRISM_CONTAINER(node, struct scope, node));
	prism_free(s);
}

static void reset(void *state)
{
	struct scopes *s = state;
	PRISM_LIST_EACH (&s->all, node, next) {
		struct scope *scope = PRISM_CONTAINER(node, struct scope, node);
		if (scope->single.status.loading)
			scope->gone = true;
		else
			scope_free(scope);
	}
}

static const struct core_module module = {
    .name = "roles", .create = create, .destroy = destroy, .reset = reset};

const struct core_role_rows *core_role_rows(const char *scope)
{
	return scope && *scope ? &computation_rows : &workspace_rows;
}

/* --- loading --- */

struct asking { /* one answer on its way */
	struct scope *scope;
	size_t role; /* index */
	size_t offset;
};

void core_role_decode(struct core_role *role, const cJSON *entry, struct prism_arena *arena)
{
	role->id = CORE_STR_ANY(arena, entry, "id", "role_id");
	role->name = CORE_STR_ANY(arena, entry, "name", "role_name");
	role->created_by = core_str(arena, entry, "created_by");
	role->created_us = prism_json_time(entry, "created_at");
	role->updated_us = prism_json_time(entry, "updated_at");
	for (size_t i = 0; i < PRISM_COUNT(builtin_names); i++)
		role->builtin = role->builtin || strcmp(role->name, builtin_names[i]) == 0;
}

static unsigned bits_of(const struct scope *scope, const cJSON *actions)
{
	return *scope->id ? core_perm_bits(actions) : core_wperm_bits(actions);
}

static void role_set_actions(struct scope *scope, struct core_role *role, const cJSON *array)
{
	role->actions = core_str_array(scope->load->arena, array, &role->action_count);
	role->bits = bits_of(scope, array);
}

static void load_step_done(struct scope *scope)
{
	struct load *load = scope->load;
	if (--load->pending > 0)
		return;
	scope->load = NULL;
	if (scope->gone || core_dying(scope->single.core)) {
		load_free(load);
		scope->single.status.loading = false;
		if (scope->gone)
			scope_free(scope);
		return;
	}
	struct prism_error err = load->error;
	if (err.category == PRISM_ERROR_NONE) {
		prism_arena_destroy(scope->arena);
		prism_free(scope->roles);
		scope->arena = load->arena;
		scope->roles = load->roles;
		scope->count = load->count;
		load->arena = NULL;
		load->roles = NULL;
	}
	load_free(load);
	core_single_loaded(&scope->single, err.category == PRISM_ERROR_NONE ? NULL : &err);
	if (*scope->id)
		core_emit(scope->single.core, CORE_EVENT_COMPUTATION,
		          scope->id); /* permissions, participants */
}

static void load_failed(struct scope *scope, const struct prism_error *err)
{
	if (scope->load->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&scope->load->error, err);
}

static void page_query(struct core_query *query, void *data)
{
	core_query_add_int(query, "limit", CORE_LIST_PAGE);
	core_query_add_int(query, "offset", (int64_t)((struct asking *)data)->offset);
}

/* Returns false when the request could not even be started. */
static bool ask(struct scope *scope, enum core_endpoint_id endpoint, size_t role, size_t offset,
                core_reply_fn done)
{
	struct asking *asking = prism_alloc(sizeof(*asking));
	*asking = (struct asking){scope, role, offset};
	const char *role_id = role < scope->load->count ? scope->load->roles[role].id : "";
	struct core_call call = {
	    .endpoint = endpoint,
	    .arg = {[CORE_ARG_C] = *scope->id ? scope->id : NULL, [CORE_ARG_R] = role_id},
	    .query = core_endpoints[endpoint].flags & CORE_EPF_PAGED ? page_query : NULL,
	    .query_data = asking,
	};
	struct prism_error err = PRISM_ERROR_INIT;
	scope->load->pending++;
	if (core_request_start(scope->single.core, &call, core_cancel(scope->single.core), done, asking,
	                       &err))
		return true;
	prism_free(asking);
	load_failed(scope, &err);
	scope->load->pending--;
	return false;
}

static void actions_answered(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	struct asking asking = *(struct asking *)data;
	prism_free(data);
	if (err)
		load_failed(asking.scope, err);
	else
		role_set_actions(asking.scope, &asking.scope->load->roles[asking.role],
		                 core_items_of(reply->json, "actions"));
	load_step_done(asking.scope);
}

static void add_members(struct scope *scope, struct core_role *role, const cJSON *array)
{
	size_t more;
	const char *const *words = core_str_array(scope->load->arena, array, &more);
	if (role->member_count + more > MEMBERS_MAX)
		more = MEMBERS_MAX - role->member_count;
	const char **all =
	    prism_arena_alloc(scope->load->arena, (role->member_count + more + 1) * sizeof(*all));
	for (size_t i = 0; i < role->member_count; i++)
		all[i] = role->members[i];
	for (size_t i = 0; i < more; i++)
		all[role->member_count + i] = words[i];
	role->members = all;
	role->member_count += more;
	role->members_known = true;
}

static bool more_pages(const cJSON *doc, size_t offset, size_t seen)
{
	int64_t total = prism_json_int(doc, "total", -1);
	if (seen == 0 || offset + seen >= MEMBERS_MAX)
		return false;
	return total >= 0 ? (int64_t)(offset + seen) < total : seen >= CORE_LIST_PAGE;
}

static void members_answered(void *data, const struct core_reply *reply,
                             const struct prism_error *err)
{
	struct asking asking = *(struct asking *)data;
	struct scope *scope = asking.scope;
	prism_free(data);
	/* Members may be secret to us: the role is shown without them. */
	if (!err) {
		const cJSON *items = core_items_of(reply->json, "members");
		size_t seen = (size_t)cJSON_GetArraySize(items);
		add_members(scope, &scope->load->roles[asking.role], items);
		if (more_pages(reply->json, asking.offset, seen))
			ask(scope, core_role_rows(scope->id)->members, asking.role, asking.offset + seen,
			    members_answered);
	} else if (err->category != PRISM_ERROR_DENIED && err->category != PRISM_ERROR_MISSING) {
		load_failed(scope, err);
	}
	load_step_done(scope);
}

static void tell(struct scope *scope, const char *member, const cJSON *entry)
{
	struct load *load = scope->load;
	const cJSON *actions = prism_json_array(entry, "actions");

	if (load->told_count == load->told_room) {
		load->told_room = load->told_room ? load->told_room * 2 : 16;
		load->told = prism_realloc_array(load->told, load->told_room, sizeof(*load->told));
	}
	struct told *told = &load->told[load->told_count++];
	*told = (struct told){.member = member, .bits = bits_of(scope, actions)};
	told->role_id = CORE_STR_ANY(load->arena, entry, "role_id", "id");
	told->role_name = CORE_STR_ANY(load->arena, entry, "role_name", "name");
	told->actions = core_str_array(load->arena, actions, &told->action_count);
}

static bool is_of(const struct told *told, const struct core_role *role)
{
	return *told->role_id ? strcmp(role->id, told->role_id) == 0
	                      : strcmp(role->name, told->role_name) == 0;
}

/* What was told about this role, which the list of roles did not say itself. */
static void take_told(struct load *load, struct core_role *role)
{
	size_t members = 0;

	for (size_t i = 0; i < load->told_count; i++)
		members += is_of(&load->told[i], role);
	const char **all = prism_arena_alloc(load->arena, (members + 1) * sizeof(*all));
	bool silent = !role->members_known;
	for (size_t i = 0; i < load->told_count; i++) {
		const struct told *told = &load->told[i];
		if (!is_of(told, role))
			continue;
		if (silent)
			all[role->member_count++] = told->member;
		if (role->actions || !told->action_count)
			continue;
		role->actions = told->actions;
		role->action_count = told->action_count;
		role->bits = told->bits;
	}
	if (silent)
		role->members = all;
	role->members_known = true;
}

static void all_members_answered(void *data, const struct core_reply *reply,
                                 const struct prism_error *err);

static void ask_told(struct scope *scope)
{
	scope->load->telling = TOLD_COMES;
	ask(scope, core_role_rows(scope->id)->all_members, SIZE_MAX, 0, all_members_answered);
}

static bool lacks_members(const struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		if (!load->roles[i].members_known)
			return true;
	return false;
}

/* Both lists are here: what is missing is asked for role by role. */
static void ask_contents(struct scope *scope)
{
	struct load *load = scope->load;
	struct scopes *scopes = core_module(scope->single.core, &module);

	if (load->listed && load->telling == TOLD_UNASKED) {
		if (lacks_members(load)) {
			scopes->silent = true;
			ask_told(scope);
			return;
		}
		load->telling = TOLD_ALL; /* in the list of roles */
	}
	if (!load->listed || load->telling == TOLD_COMES)
		return;
	for (size_t i = 0; i < load->count; i++) {
		if (load->telling == TOLD_ALL)
			take_told(load, &load->roles[i]);
		else if (!load->roles[i].members_known)
			ask(scope, core_role_rows(scope->id)->members, i, 0, members_answered);
		if (!load->roles[i].actions)
			ask(scope, core_role_rows(scope->id)->actions, i, 0, actions_answered);
	}
}

static void all_members_answered(void *data, const struct core_reply *reply,
                                 const struct prism_error *err)
{
	struct asking asking = *(struct asking *)data;
	struct scope *scope = asking.scope;
	struct load *load = scope->load;
	prism_free(data);
	const cJSON *items = err ? NULL : core_items_of(reply->json, "members");
	if (!err && !items)
		items = prism_json_array(reply->json, "groups"); /* the word of the OpenAPI file */
	if (items) {
		const cJSON *entry, *role;
		cJSON_ArrayForEach(entry, items)
		{
			const char *member = CORE_STR_ANY(load->arena, entry, "member_id", "id");
			cJSON_ArrayForEach(role, prism_json_array(entry, "roles"))
			{
				if (*member && load->told_count < MEMBERS_MAX)
					tell(scope, member, role);
			}
		}
		size_t seen = (size_t)cJSON_GetArraySize(items);
		if (more_pages(reply->json, asking.offset, seen))
			ask(scope, core_role_rows(scope->id)->all_members, SIZE_MAX, asking.offset + seen,
			    all_members_answered);
		else
			load->telling = TOLD_ALL;
	} else if (!err || err->category != PRISM_ERROR_CANCELLED) {
		load->telling = TOLD_REFUSED;
	} else {
		load_failed(scope, err);
	}
	ask_contents(scope);
	load_step_done(scope);
}

static void roles_answered(void *data, const struct core_reply *reply,
                           const struct prism_error *err)
{
	struct asking asking = *(struct asking *)data;
	struct scope *scope = asking.scope;
	struct load *load = scope->load;
	prism_free(data);
	if (err) {
		load_failed(scope, err);
		load_step_done(scope);
		return;
	}
	const cJSON *items = core_items_of(reply->json, "roles");
	const cJSON *entry;
	cJSON_ArrayForEach(entry, items)
	{
		if (!cJSON_IsObject(entry) || load->count >= ROLES_MAX)
			continue;
		if (load->count == load->room) {
			load->room = load->room ? load->room * 2 : 16;
			load->roles = prism_realloc_array(load->roles, load->room, sizeof(*load->roles));
		}
		struct core_role *role = &load->roles[load->count];
		*role = (struct core_role){0};
		core_role_decode(role, entry, load->arena);
		if (!*role->id)
			continue;
		load->count++;
		if (prism_json_array(entry, "actions"))
			role_set_actions(scope, role, prism_json_array(entry, "actions"));
		if (prism_json_array(entry, "members"))
			add_members(scope, role, prism_json_array(entry, "members"));
	}
	size_t seen = (size_t)cJSON_GetArraySize(items);
	if (load->count < ROLES_MAX && more_pages(reply->json, asking.offset, seen))
		ask(scope, core_role_rows(scope->id)->list, SIZE_MAX, asking.offset + seen, roles_answered);
	else
		load->listed = true;
	ask_contents(scope);
	load_step_done(scope);
}

static void scope_start(struct core_single *single)
{
	struct scope *scope = PRISM_CONTAINER(single, struct scope, single);
	scope->load = prism_alloc(sizeof(*scope->load));
	scope->load->arena = prism_arena_create();
	scope->load->pending = 1; /* this function */
	ask(scope, core_role_rows(scope->id)->list, SIZE_MAX, 0, roles_answered);
	if (((struct scopes *)core_module(single->core, &module))->silent)
		ask_told(scope);
	load_step_done(scope);
}

static struct scope *scope_of(struct core *core, const char *id)
{
	struct scopes *s = core_module(core, &module);
	if (!id)
		id = "";
	PRISM_LIST_EACH (&s->all, node, next) {
		struct scope *scope = PRISM_CONTAINER(node, struct scope, node);
		if (scope->gone || strcmp(scope->id, id) != 0)
			continue;
		core_cache_use(&s->all, node);
		return scope;
	}
	struct prism_list *old = core_cache_surplus(&s->all);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct scope, node)->single))
		scope_free(PRISM_CONTAINER(old, struct scope, node));
	struct scope *scope = prism_alloc(sizeof(*scope));
	scope->id = prism_strdup(id);
	core_single_init(&scope->single, core, CORE_EVENT_ROLES, scope->id, scope_start);
	prism_list_prepend(&s->all, &scope->node);
	return scope;
}

/* --- getters --- */

struct core_roles core_roles(struct core *core, const char *id)
{
	struct scope *scope = scope_of(core, id);
	return (struct core_roles){scope->roles, scope->count, &scope->single.status};
}

const struct core_role *core_role_find(struct core *core, const char *id, const char *word)
{
	struct core_roles roles = core_roles(core, id);
	for (size_t i = 0; i < roles.count; i++)
		if (strcmp(roles.roles[i].id, word) == 0)
			return &roles.roles[i];
	for (size_t i = 0; i < roles.count; i++)
		if (strcmp(roles.roles[i].name, word) == 0)
			return &roles.roles[i];
	return NULL;
}

static bool has_member(const struct core_role *role, const char *user_id)
{
	for (size_t i = 0; i < role->member_count; i++)
		if (strcmp(role->members[i], user_id) == 0)
			return true;
	return false;
}

const struct core_role *core_role_of(struct core *core, const char *id, const char *user_id)
{
	struct core_roles roles = core_roles(core, id);
	for (size_t i = 0; i < roles.count; i++)
		if (has_member(&roles.roles[i], user_id))
			return &roles.roles[i];
	return NULL;
}

void core_roles_load(struct core *core, const char *id, bool refresh)
{
	core_single_load(&scope_of(core, id)->single, refresh);
}

int core_roles_await(struct core *core, const char *id, bool refresh, struct prism_cancel *cancel,
                     core_done_fn done, void *data, struct prism_error *err)
{
	return core_single_await(&scope_of(core, id)->single, refresh, cancel, done, data, err);
}

void core_roles_forget(struct core *core, const char *id)
{
	struct scope *scope = scope_of(core, id);
	if (core_single_busy(&scope->single))
		core_single_reload(&scope->single);
	else
		scope_free(scope);
}

void core_roles_stale(struct core *core, const char *id)
{
	core_single_reload(&scope_of(core, id)->single);
	if (id && *id)
		core_checklist_stale(core, id);
}
