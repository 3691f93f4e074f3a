/*
 * Changing roles: create, rename, delete, actions and members, and "give myself".
 */
#include "core/internal.h"
#include "core/list.h"
#include "core/role_private.h"
#include "core/session.h"
#include "core/validate.h"

#include <string.h>

/* --- known actions --- */

struct knowing {
	bool of_computation;
	core_words_fn done;
	void *data;
};

static void known_answered(void *data, const struct core_reply *reply,
                           const struct prism_error *err)
{
	struct knowing k = *(struct knowing *)data;
	prism_free(data);
	if (err && err->category == PRISM_ERROR_CANCELLED) {
		k.done(k.data, NULL, 0, err);
		return;
	}
	struct prism_arena *arena = prism_arena_create();
	size_t count = 0;
	const char *const *words =
	    err ? NULL : core_str_array(arena, core_items_of(reply->json, "available_actions"), &count);
	const char *fallback[(int)CORE_WPERM_COUNT + (int)CORE_PERM_COUNT];
	if (count == 0) { /* section 3.6: the reference's list */
		unsigned most = k.of_computation ? CORE_PERM_COUNT : CORE_WPERM_COUNT;
		for (unsigned i = 0; i < most; i++)
			fallback[count++] = k.of_computation ? core_perm_word(i) : core_wperm_word(i);
		words = fallback;
	}
	k.done(k.data, words, count, NULL);
	prism_arena_destroy(arena);
}

int core_role_actions_known(struct core *core, const char *id, struct prism_cancel *cancel,
                            core_words_fn done, void *data, struct prism_error *err)
{
	struct knowing *k = prism_alloc(sizeof(*k));
	*k = (struct knowing){id && *id, done, data};
	struct core_call call = {.endpoint = core_role_rows(id)->known};
	if (core_request_start(core, &call, cancel, known_answered, k, err))
		return 0;
	prism_free(k);
	return -1;
}

/* --- writing --- */

struct writing {
	struct core *core;
	char *scope; /* NULL: workspace */
	core_done_fn done;
	core_id_fn done_id;
	void *data;
};

static void written(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct writing *w = data;
	if (!err && !core_dying(w->core))
		core_roles_stale(w->core, w->scope);
	if (w->done_id) {
		const char *id = err ? "" : reply->id;
		if (!err && !*id)
			id = prism_json_str(reply->json, "role_id", "");
		w->done_id(w->data, id, err);
	} else {
		w->done(w->data, err);
	}
	prism_free(w->scope);
	prism_free(w);
}

static int write_start(struct core *core, const char *scope, const struct core_call *call,
                       struct prism_cancel *cancel, core_done_fn done, core_id_fn done_id,
                       void *data, struct prism_error *err)
{
	struct writing *w = prism_alloc(sizeof(*w));
	*w = (struct writing){core, prism_strdup(scope), done, done_id, data};
	if (core_request_start(core, call, cancel, written, w, err))
		return 0;
	prism_free(w->scope);
	prism_free(w);
	return -1;
}

int core_role_create(struct core *core, const char *scope, const char *name,
                     const char *const *actions, size_t action_count, const char *const *members,
                     size_t member_count, struct prism_cancel *cancel, core_id_fn done, void *data,
                     struct prism_error *err)
{
	if (core_validate_named(CORE_FIELD_ROLE_NAME, name, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "role_name", name);
	cJSON_AddItemToObject(body, "optional_actions", core_json_strings(actions, action_count));
	cJSON_AddItemToObject(body, "optional_members", core_json_strings(members, member_count));
	struct core_call call = {
	    .endpoint = core_role_rows(scope)->create, .arg = {[CORE_ARG_C] = scope}, .body = body};
	return write_start(core, scope, &call, cancel, NULL, done, data, err);
}

int core_role_rename(struct core *core, const char *scope, const char *role, const char *name,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err)
{
	if (core_validate_named(CORE_FIELD_ROLE_NAME, name, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "name", name);
	struct core_call call = {.endpoint = core_role_rows(scope)->rename,
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role},
	                         .body = body};
	return write_start(core, scope, &call, cancel, done, NULL, data, err);
}

int core_role_delete(struct core *core, const char *scope, const char *role,
                     struct prism_cancel *cancel, core_done_fn done, void *data,
                     struct prism_error *err)
{
	struct core_call call = {.endpoint = core_role_rows(scope)->remove,
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role}};
	return write_start(core, scope, &call, cancel, done, NULL, data, err);
}

int core_role_edit(struct core *core, const char *scope, const char *role,
                   enum core_role_change change, const char *const *words, size_t count,
                   struct prism_cancel *cancel, core_done_fn done, void *data,
                   struct prism_error *err)
{
	const struct core_role_rows *rows = core_role_rows(scope);
	bool actions = change == CORE_ROLE_ADD_ACTIONS || change == CORE_ROLE_REMOVE_ACTIONS;
	const enum core_endpoint_id endpoint[] = {
	    [CORE_ROLE_ADD_ACTIONS] = rows->actions_add,
	    [CORE_ROLE_REMOVE_ACTIONS] = rows->actions_remove,
	    [CORE_ROLE_ADD_MEMBERS] = rows->members_add,
	    [CORE_ROLE_REMOVE_MEMBERS] = rows->members_remove,
	};
	if (count == 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "nothing was chosen");
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, actions ? "actions" : "members", core_json_strings(words, count));
	struct core_call call = {.endpoint = endpoint[change],
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role},
	                         .body = body};
	return write_start(core, scope, &call, cancel, done, NULL, data, err);
}

/* --- granting to myself --- */

struct granting {
	struct core *core;
	char *scope;
	char **words;
	size_t count;
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
};

static void granting_free(struct granting *g)
{
	for (size_t i = 0; i < g->count; i++)
		prism_free(g->words[i]);
	prism_free(g->words);
	prism_free(g->scope);
	prism_free(g);
}

static const struct core_role *my_role(struct core *core, const char *scope)
{
	struct core_roles roles = core_roles(core, scope);
	const char *me = core_session_user_id(core);
	for (size_t i = 0; i < roles.count; i++)
		for (size_t m = 0; m < roles.roles[i].member_count; m++)
			if (strcmp(roles.roles[i].members[m], me) == 0)
				return &roles.roles[i];
	return NULL;
}

static void grant_roles_known(void *data, const struct prism_error *err)
{
	struct granting *g = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const struct core_role *role = err ? NULL : my_role(g->core, g->scope);
	if (!err && !role) {
		prism_error_raise(&failure, PRISM_ERROR_DENIED, "you are in no role here");
		prism_error_hint(&failure, "ask an administrator to add you to a role");
		err = &failure;
	}
	if (!err && core_role_edit(g->core, g->scope, role->id, CORE_ROLE_ADD_ACTIONS,
	                           (const char *const *)g->words, g->count, g->cancel, g->done, g->data,
	                           &failure) < 0)
		err = &failure;
	if (err)
		g->done(g->data, err);
	granting_free(g);
}

int core_role_grant_me(struct core *core, const char *scope, const char *const *actions,
                       size_t count, struct prism_cancel *cancel, core_done_fn done, void *data,
                       struct prism_error *err)
{
	struct granting *g = prism_alloc(sizeof(*g));
	*g = (struct granting){
	    .core = core, .scope = prism_strdup(scope), .cancel = cancel, .done = done, .data = data};
	g->words = prism_alloc_array(count + 1, sizeof(*g->words));
	for (size_t i = 0; i < count; i++)
		g->words[g->count++] = prism_strdup(actions[i]);
	if (core_roles_await(core, scope, true, cancel, grant_roles_known, g, err) == 0)
		return 0;
	granting_free(g);
	return -1;
}
