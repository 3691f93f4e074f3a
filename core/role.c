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

struct scope {
	struct prism_list node;
	struct core_single single;
	char *id;  /* "" workspace */
	bool gone; /* dropped while loading */
	struct prism_arena *arena;
	struct core_role *roles;
	size_t count;
	struct core_role_load *load;
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

static void scope_free(struct scope *scope)
{
	prism_list_remove(&scope->node);
	core_single_finish(&scope->single);
	core_role_load_free(scope->load);
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

static void load_step_done(struct scope *scope)
{
	struct core_role_load *load = scope->load;
	if (--load->pending > 0)
		return;
	scope->load = NULL;
	if (scope->gone || core_dying(scope->single.core)) {
		core_role_load_free(load);
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
	core_role_load_free(load);
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
		core_role_load_actions(asking.scope->load, &asking.scope->load->roles[asking.role],
		                       core_items_of(reply->json, "actions"));
	load_step_done(asking.scope);
}

static bool more_pages(const cJSON *doc, size_t offset, size_t seen)
{
	int64_t total = prism_json_int(doc, "total", -1);
	if (seen == 0 || offset + seen >= CORE_ROLE_MEMBERS_MAX)
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
		core_role_load_members(scope->load, &scope->load->roles[asking.role], items);
		if (more_pages(reply->json, asking.offset, seen))
			ask(scope, core_role_rows(scope->id)->members, asking.role, asking.offset + seen,
			    members_answered);
	} else if (err->category != PRISM_ERROR_DENIED && err->category != PRISM_ERROR_MISSING) {
		load_failed(scope, err);
	}
	load_step_done(scope);
}

static void all_members_answered(void *data, const struct core_reply *reply,
                                 const struct prism_error *err);

static void ask_told(struct scope *scope)
{
	scope->load->telling = CORE_ROLE_TOLD_COMES;
	ask(scope, core_role_rows(scope->id)->all_members, SIZE_MAX, 0, all_members_answered);
}

/* Both lists are here: what is missing is asked for role by role. */
static void ask_contents(struct scope *scope)
{
	struct core_role_load *load = scope->load;
	struct scopes *scopes = core_module(scope->single.core, &module);

	if (load->listed && load->telling == CORE_ROLE_TOLD_UNASKED) {
		if (core_role_load_lacks_members(load)) {
			scopes->silent = true;
			ask_told(scope);
			return;
		}
		load->telling = CORE_ROLE_TOLD_ALL; /* in the list of roles */
	}
	if (!load->listed || load->telling == CORE_ROLE_TOLD_COMES)
		return;
	for (size_t i = 0; i < load->count; i++) {
		if (load->telling == CORE_ROLE_TOLD_ALL)
			core_role_load_take(load, &load->roles[i]);
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
	struct core_role_load *load = scope->load;
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
				if (*member && load->told_count < CORE_ROLE_MEMBERS_MAX)
					core_role_load_tell(load, member, role);
			}
		}
		size_t seen = (size_t)cJSON_GetArraySize(items);
		if (more_pages(reply->json, asking.offset, seen))
			ask(scope, core_role_rows(scope->id)->all_members, SIZE_MAX, asking.offset + seen,
			    all_members_answered);
		else
			load->telling = CORE_ROLE_TOLD_ALL;
	} else if (!err || err->category != PRISM_ERROR_CANCELLED) {
		load->telling = CORE_ROLE_TOLD_REFUSED;
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
	struct core_role_load *load = scope->load;
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
		struct core_role *role = load->count < ROLES_MAX ? core_role_load_add(load, entry) : NULL;
		if (!role)
			continue;
		if (prism_json_array(entry, "actions"))
			core_role_load_actions(load, role, prism_json_array(entry, "actions"));
		if (prism_json_array(entry, "members"))
			core_role_load_members(load, role, prism_json_array(entry, "members"));
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
	scope->load = core_role_load_create(*scope->id == '\0');
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
