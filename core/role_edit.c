/*
 * Changing roles: create, rename, delete, actions and members, and "give myself".
 */
#include "core/internal.h"
#include "core/list.h"
#include "core/role_private.h"
#include "core/session.h"
#include "core/user.h"
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

/* 422 and 400 hide several causes behind one text (reference 2.4, 3.3). */
static const char *why_refused(const struct prism_error *err)
{
	if (strstr(err->message, "at least one member"))
		return "the built-in admin role must keep one member";
	return err->status == 422 ? "a person has one role here at a time, names of roles are unique, "
	                            "and built-in roles may be protected"
	                          : NULL;
}

static void written(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct writing *w = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const char *why = err ? why_refused(err) : NULL;
	if (why) {
		prism_error_copy(&failure, err);
		prism_error_hint(&failure, "%s", why);
		err = &failure;
	}
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

/* Nobody of them has another role there, as far as is known. */
static int check_single(struct core *core, const char *scope, const char *role,
                        const char *const *users, size_t count, struct prism_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct core_role *has = core_role_of(core, scope, users[i]);
		if (!has || strcmp(has->id, role) == 0)
			continue;
		prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s has the role %s",
		                  core_user_name(core, users[i]), has->name);
		prism_error_hint(err,
		                 "a person has one role here at a time: move them, or remove them from "
		                 "that role first");
		return -1;
	}
	return 0;
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
	if (change == CORE_ROLE_ADD_MEMBERS && check_single(core, scope, role, words, count, err) < 0)
		return -1;
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, actions ? "actions" : "members", core_json_strings(words, count));
	struct core_call call = {.endpoint = endpoint[change],
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role},
	                         .body = body};
	return write_start(core, scope, &call, cancel, done, NULL, data, err);
}

int core_role_clear(struct core *core, const char *scope, const char *role, bool members,
                    struct prism_cancel *cancel, core_done_fn done, void *data,
                    struct prism_error *err)
{
	const struct core_role_rows *rows = core_role_rows(scope);
	struct core_call call = {.endpoint = members ? rows->members_clear : rows->actions_clear,
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role}};
	return write_start(core, scope, &call, cancel, done, NULL, data, err);
}

/* --- reading one --- */

struct fetching {
	core_role_fn done;
	void *data;
};

static void fetched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct prism_arena *arena = prism_arena_create();
	struct core_role role = {0};
	prism_free(data);
	if (!err)
		core_role_decode(&role, reply->json, arena);
	if (!err && !*role.id) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not a role");
		err = &failure;
	}
	f.done(f.data, err ? NULL : &role, err);
	prism_arena_destroy(arena);
}

int core_role_fetch(struct core *core, const char *scope, const char *role,
                    struct prism_cancel *cancel, core_role_fn done, void *data,
                    struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){done, data};
	struct core_call call = {.endpoint = core_role_rows(scope)->get,
	                         .arg = {[CORE_ARG_C] = scope, [CORE_ARG_R] = role}};
	if (core_request_start(core, &call, cancel, fetched, f, err))
		return 0;
	prism_free(f);
	return -1;
}

/* --- moving a person: out of one role, into another, and back when that is refused --- */

struct moving {
	struct core *core;
	char *scope, *from, *to, *user;
	struct prism_cancel *cancel; /* borrowed */
	core_done_fn done;
	void *data;
	struct prism_error refused;
};

static void moving_finish(struct moving *m, const struct prism_error *err)
{
	core_done_fn done = m->done;
	void *data = m->data;
	struct prism_error copy = PRISM_ERROR_INIT;
	if (err)
		prism_error_copy(&copy, err);
	if (!core_dying(m->core))
		core_roles_stale(m->core, m->scope);
	prism_free(m->scope);
	prism_free(m->from);
	prism_free(m->to);
	prism_free(m->user);
	prism_free(m);
	done(data, err ? &copy : NULL);
}

/* Without the check of check_single(): the cache still shows the old role. */
static int change_member(struct moving *m, const char *role, bool add, core_done_fn then,
                         struct prism_error *err)
{
	const struct core_role_rows *rows = core_role_rows(m->scope);
	const char *const words[] = {m->user};
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, "members", core_json_strings(words, 1));
	struct core_call call = {.endpoint = add ? rows->members_add : rows->members_remove,
	                         .arg = {[CORE_ARG_C] = m->scope, [CORE_ARG_R] = role},
	                         .body = body};
	return core_call_plain(m->core, &call, m->cancel, then, m, err);
}

static void moved_back(void *data, const struct prism_error *err)
{
	struct moving *m = data;
	if (err)
		prism_error_wrap(&m->refused, "taken from the old role, but not given the new one");
	else
		prism_error_wrap(&m->refused, "not moved, the old role is kept");
	moving_finish(m, &m->refused);
}

static void moved_in(void *data, const struct prism_error *err)
{
	struct moving *m = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (!err) {
		moving_finish(m, NULL);
		return;
	}
	prism_error_copy(&m->refused, err);
	m->cancel = core_cancel(m->core); /* what was cancelled is put right all the same */
	if (change_member(m, m->from, true, moved_back, &failure) < 0)
		moved_back(m, &failure);
}

static void moved_out(void *data, const struct prism_error *err)
{
	struct moving *m = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err)
		moving_finish(m, err);
	else if (change_member(m, m->to, true, moved_in, &failure) < 0)
		moved_in(m, &failure);
}

int core_role_move(struct core *core, const char *scope, const char *role, const char *user,
                   struct prism_cancel *cancel, core_done_fn done, void *data,
                   struct prism_error *err)
{
	const struct core_role *has = core_role_of(core, scope, user);
	if (!has)
		return core_role_edit(core, scope, role, CORE_ROLE_ADD_MEMBERS, &user, 1, cancel, done,
		                      data, err);
	if (strcmp(has->id, role) == 0)
		return prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s has that role already",
		                         core_user_name(core, user));
	struct moving *m = prism_alloc(sizeof(*m));
	*m = (struct moving){.core = core,
	                     .scope = prism_strdup(scope),
	                     .from = prism_strdup(has->id),
	                     .to = prism_strdup(role),
	                     .user = prism_strdup(user),
	                     .cancel = cancel,
	                     .done = done,
	                     .data = data};
	if (change_member(m, m->from, false, moved_out, err) == 0)
		return 0;
	prism_free(m->scope);
	prism_free(m->from);
	prism_free(m->to);
	prism_free(m->user);
	prism_free(m);
	return -1;
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

static void grant_roles_known(void *data, const struct prism_error *err)
{
	struct granting *g = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	const struct core_role *role =
	    err ? NULL : core_role_of(g->core, g->scope, core_session_user_id(g->core));
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
