/*
 * Users: decoding, the cache of display names, search.
 */
#include "core/user.h"

#include "base/text.h"
#include "core/internal.h"
#include "core/list.h"
#include "core/session.h"

#include <string.h>

#define NAMES_MAX 10000 /* cached names; a workspace has far fewer members */
#define LOOKUPS_AT_ONCE 4
#define LOOKUP_AGAIN_MS 30000 /* after one that did not reach the server */

bool core_user_decode(struct core_user *user, const cJSON *entry, struct prism_arena *arena)
{
	if (!cJSON_IsObject(entry))
		return false;
	const cJSON *credentials = prism_json_get(entry, "credentials");
	user->id = CORE_STR_ANY(arena, entry, "id", "user_id");
	user->first_name = core_str(arena, entry, "first_name");
	user->last_name = core_str(arena, entry, "last_name");
	user->email = core_str(arena, entry, "email");
	user->username = CORE_STR_ANY(arena, credentials, "username", "identity");
	if (!*user->username)
		user->username = CORE_STR_ANY(arena, entry, "username", "name");
	user->status = core_str(arena, entry, "status");
	user->role = core_str(arena, entry, "role");
	user->picture = core_str(arena, entry, "profile_picture");
	user->tags = core_str_array(arena, prism_json_array(entry, "tags"), &user->tag_count);
	user->created_us = prism_json_time(entry, "created_at");
	user->verified_us = prism_json_time(entry, "verified_at");
	return *user->id != '\0';
}

char *core_user_display(const struct core_user *user, char *buf, size_t size)
{
	const char *first = user->first_name, *last = user->last_name;
	if (*first || *last)
		snprintf(buf, size, "%s%s%s", first, *first && *last ? " " : "", last);
	else
		snprintf(buf, size, "%s", *user->username ? user->username : user->id);
	return buf;
}

/* --- names --- */

struct name {
	struct prism_list node;
	struct names *names;
	char *id;
	char *text; /* NULL until known; then never changed in place */
	bool asked;
	int64_t again_ms; /* monotonic: not asked before; 0: at once */
};

struct names {
	struct core *core;
	struct prism_list all; /* most recently added first */
	size_t count, in_flight;
	char **old; /* texts that were replaced: lent until the core dies */
	size_t old_count;
	bool pump_planned;
};

static void *create(struct core *core)
{
	struct names *names = prism_alloc(sizeof(*names));
	names->core = core;
	prism_list_init(&names->all);
	return names;
}

static void pump(void *data);

static void destroy(void *state)
{
	struct names *names = state;
	prism_loop_undefer(core_loop(names->core), pump, names);
	PRISM_LIST_EACH (&names->all, node, next) {
		struct name *name = PRISM_CONTAINER(node, struct name, node);
		prism_free(name->id);
		prism_free(name->text);
		prism_free(name);
	}
	for (size_t i = 0; i < names->old_count; i++)
		prism_free(names->old[i]);
	prism_free(names->old);
	prism_free(names);
}

static const struct core_module module = {.name = "users", .create = create, .destroy = destroy};

static void plan_pump(struct names *names)
{
	if (names->pump_planned)
		return;
	names->pump_planned = true;
	prism_loop_defer(core_loop(names->core), pump, names);
}

/* The way to the server failed, not the question. */
static bool may_pass(const struct prism_error *err)
{
	return err->category == PRISM_ERROR_IO || err->category == PRISM_ERROR_TIMEOUT ||
	       err->category == PRISM_ERROR_AUTH || err->category == PRISM_ERROR_CANCELLED;
}

static void name_answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct name *name = data;
	struct names *names = name->names;
	names->in_flight--;
	if (core_dying(names->core))
		return;
	if (name->text) { /* mine: the profile was quicker, and what was lent stays */
		plan_pump(names);
		return;
	}
	struct prism_arena *arena = prism_arena_create();
	struct core_user user = {0};
	if (!err && core_user_decode(&user, reply->json, arena)) {
		char text[512];
		name->text = prism_strdup(core_user_display(&user, text, sizeof(text)));
		core_emit(names->core, CORE_EVENT_USERS, NULL);
	} else if (err && may_pass(err)) {
		name->asked = false; /* the id stays visible until then */
		name->again_ms = prism_clock_mono_ms(core_clock(names->core)) + LOOKUP_AGAIN_MS;
	}
	prism_arena_destroy(arena);
	plan_pump(names);
}

static bool wanted(const struct name *name)
{
	return !name->asked && prism_clock_mono_ms(core_clock(name->names->core)) >= name->again_ms;
}

static void pump(void *data)
{
	struct names *names = data;
	names->pump_planned = false;
	if (!core_session_ready(names->core))
		return;
	PRISM_LIST_EACH (&names->all, node, next) {
		struct name *name = PRISM_CONTAINER(node, struct name, node);
		if (names->in_flight >= LOOKUPS_AT_ONCE)
			return;
		if (!wanted(name))
			continue;
		struct core_call call = {.endpoint = CORE_EP_USER_GET, .arg = {[CORE_ARG_U] = name->id}};
		name->asked = true;
		if (core_request_start(names->core, &call, core_cancel(names->core), name_answered, name,
		                       NULL))
			names->in_flight++;
	}
}

/* My own name is known from the profile, and may be changed here. */
static void name_me(struct name *name)
{
	struct names *names = name->names;
	const struct core_user *me = core_session_user(names->core);
	char text[512];
	if (!me || strcmp(me->id, name->id) != 0)
		return;
	core_user_display(me, text, sizeof(text));
	if (name->text && strcmp(name->text, text) == 0)
		return;
	if (name->text) {
		names->old = prism_realloc_array(names->old, names->old_count + 1, sizeof(*names->old));
		names->old[names->old_count++] = name->text;
	}
	name->text = prism_strdup(text);
	name->asked = true;
}

const char *core_user_name(struct core *core, const char *user_id)
{
	if (!user_id || !*user_id)
		return "";
	struct names *names = core_module(core, &module);
	PRISM_LIST_EACH (&names->all, node, next) {
		struct name *name = PRISM_CONTAINER(node, struct name, node);
		if (strcmp(name->id, user_id) != 0)
			continue;
		name_me(name);
		/* Asked before anybody had signed in, or while the server was away. */
		if (!name->text && wanted(name) && core_session_ready(core))
			plan_pump(names);
		return name->text ? name->text : name->id;
	}
	if (names->count >= NAMES_MAX)
		return user_id;
	struct name *name = prism_alloc(sizeof(*name));
	name->names = names;
	name->id = prism_strdup(user_id);
	prism_list_prepend(&names->all, &name->node);
	names->count++;
	name_me(name);
	if (name->text)
		return name->text;
	plan_pump(names);
	return name->id;
}

/* --- search --- */

struct search {
	struct core *core;
	char *text;
	bool by_first_name;
	struct prism_cancel *cancel; /* borrowed */
	core_users_fn done;
	void *data;
};

static void search_query(struct core_query *query, void *data)
{
	const struct search *search = data;
	core_query_add(query, search->by_first_name ? "first_name" : "username", search->text);
	core_query_add_int(query, "limit", 20);
}

static void search_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err);

static int search_send(struct search *search, struct prism_error *err)
{
	struct core_call call = {
	    .endpoint = CORE_EP_USER_SEARCH, .query = search_query, .query_data = search};
	return core_request_start(search->core, &call, search->cancel, search_answered, search, err)
	           ? 0
	           : -1;
}

static void search_finish(struct search *search, const cJSON *items, const struct prism_error *err)
{
	struct prism_arena *arena = prism_arena_create();
	struct core_users users = {0};
	int size = cJSON_IsArray(items) ? cJSON_GetArraySize(items) : 0;
	struct core_user *list = prism_arena_alloc(arena, ((size_t)size + 1) * sizeof(*list));
	const cJSON *entry;
	cJSON_ArrayForEach(entry, items)
	{
		if (core_user_decode(&list[users.count], entry, arena))
			users.count++;
	}
	users.users = list;
	search->done(search->data, err ? NULL : &users, err);
	prism_arena_destroy(arena);
	prism_free(search->text);
	prism_free(search);
}

static void search_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct search *search = data;
	const cJSON *items = err ? NULL : core_items_of(reply->json, "users");
	if (!err && !search->by_first_name && cJSON_GetArraySize(items) == 0) {
		search->by_first_name = true;
		if (search_send(search, NULL) == 0)
			return;
	}
	search_finish(search, items, err);
}

int core_user_search(struct core *core, const char *text, struct prism_cancel *cancel,
                     core_users_fn done, void *data, struct prism_error *err)
{
	if (strlen(text) < 3)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "type at least three characters");
	struct search *search = prism_alloc(sizeof(*search));
	*search = (struct search){core, prism_strdup(text), false, cancel, done, data};
	if (search_send(search, err) == 0)
		return 0;
	prism_free(search->text);
	prism_free(search);
	return -1;
}

/* --- words to ids --- */

struct resolve {
	struct core *core;
	char *word;
	core_id_fn done;
	void *data;
};

static void resolve_finish(struct resolve *r, const char *id, const struct prism_error *err)
{
	r->done(r->data, id, err);
	prism_free(r->word);
	prism_free(r);
}

static void resolve_found(void *data, const struct core_users *users, const struct prism_error *err)
{
	struct resolve *r = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err) {
		resolve_finish(r, "", err);
		return;
	}
	for (size_t i = 0; i < users->count; i++) {
		if (strcmp(users->users[i].username, r->word) == 0 ||
		    strcmp(users->users[i].id, r->word) == 0) {
			resolve_finish(r, users->users[i].id, NULL);
			return;
		}
	}
	prism_error_raise(&failure, PRISM_ERROR_MISSING, "no user is called \"%s\"", r->word);
	prism_error_hint(&failure, "use the exact user name or the user id");
	resolve_finish(r, "", &failure);
}

static void resolve_me(void *data)
{
	struct resolve *r = data;
	PRISM_AUTO_FREE char *id = prism_strdup(core_session_user_id(r->core));
	resolve_finish(r, id, NULL);
}

static void resolve_id(void *data)
{
	struct resolve *r = data;
	PRISM_AUTO_FREE char *id = prism_strdup(r->word);
	resolve_finish(r, id, NULL);
}

static bool is_me(struct core *core, const char *word)
{
	const struct core_user *me = core_session_user(core);
	if (strcmp(word, "me") == 0 || strcmp(word, core_session_user_id(core)) == 0)
		return *core_session_user_id(core) != '\0';
	return me && (strcmp(word, me->username) == 0 || (*me->email && strcmp(word, me->email) == 0));
}

int core_user_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                      core_id_fn done, void *data, struct prism_error *err)
{
	struct resolve *r = prism_alloc(sizeof(*r));
	*r = (struct resolve){core, prism_strdup(word), done, data};
	if (is_me(core, word)) {
		prism_loop_defer(core_loop(core), resolve_me, r);
		return 0;
	}
	if (strlen(word) == 36 && word[8] == '-' && word[13] == '-') {
		prism_loop_defer(core_loop(core), resolve_id, r);
		return 0;
	}
	if (core_user_search(core, word, cancel, resolve_found, r, err) == 0)
		return 0;
	prism_free(r->word);
	prism_free(r);
	return -1;
}
