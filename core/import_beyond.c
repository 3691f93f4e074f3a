/*
 * Owns what computations that are updated have beyond the file: links, people, roles, actions.
 *
 * Looking: each such computation is read with its roles and linked assets, LOOK_AHEAD of them at
 * the same time; what the update changes follows from that too (core/import_news.c).  What cannot
 * be read is a finding, and nothing of that computation is removed. Removing: what the plan lists
 * and is still there is queued by core/import_ops.c; what came since is not in the list.
 */
#include "core/computation.h"
#include "core/import_run.h"
#include "core/permission.h"
#include "core/role.h"
#include "core/session.h"
#include "core/user.h"

#include <stdio.h>
#include <string.h>

#define LOOK_AHEAD 4 /* computations being looked at; polite to a server */

static const char *const you = "it is you";
static const char *const last = "nobody else would administer it";

const char *core_import_beyond_word(enum core_import_beyond_kind kind)
{
	static const char *const words[CORE_IMPORT_BEYOND_COUNT] = {"link", "person", "role", "action",
	                                                            "field"};

	return words[kind];
}

char *core_import_beyond_text(const struct core_import *import, const struct core_import_beyond *b,
                              char *buf, size_t size)
{
	const char *person = import->core && b->kind == CORE_IMPORT_PERSON
	                         ? core_user_name(import->core, b->id)
	                         : b->name;

	switch (b->kind) {
	case CORE_IMPORT_LINK:
		snprintf(buf, size, "link to %s", b->name);
		break;
	case CORE_IMPORT_PERSON:
		snprintf(buf, size, "%s in role %s", person, b->role);
		break;
	case CORE_IMPORT_ROLE:
		snprintf(buf, size, "role %s", b->role);
		break;
	case CORE_IMPORT_FIELD:
		snprintf(buf, size, "field %s", b->name);
		break;
	default:
		snprintf(buf, size, "action %s of role %s", b->name, b->role);
	}
	return buf;
}

const char *core_import_beyond_fate(const struct core_import *import,
                                    const struct core_import_beyond *b)
{
	return *b->kept ? b->kept : import->spec.prune ? "is removed" : "stays";
}

/* ---- comparing one ---- */

struct looking {
	struct core_import *import;
	struct core_import_item *item;
	unsigned pending;
	struct prism_error error;
	cJSON *doc; /* the computation itself */
	struct core_import_differences found;
	bool others; /* somebody administers it afterwards who is not beyond the file */
};

void core_import_differ(struct core_import_differences *list, enum core_import_beyond_kind kind,
                        const char *role, const char *id, const char *name, const char *kept)
{
	struct prism_arena *arena = list->import->arena;

	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 8;
		list->all = prism_realloc_array(list->all, list->room, sizeof(*list->all));
	}
	list->all[list->count++] = (struct core_import_beyond){kind, prism_arena_strdup(arena, role),
	                                                       prism_arena_strdup(arena, id),
	                                                       prism_arena_strdup(arena, name), kept};
}

const struct core_import_beyond *core_import_keep(struct core_import_differences *list,
                                                  size_t *ret_count)
{
	size_t bytes = list->count * sizeof(*list->all);
	struct core_import_beyond *kept = prism_arena_alloc(list->import->arena, bytes + 1);

	if (bytes)
		memcpy(kept, list->all, bytes);
	*ret_count = list->count;
	prism_free(list->all);
	*list = (struct core_import_differences){.import = list->import};
	return kept;
}

static const struct core_import_role *in_file(const struct core_import_item *item, const char *name)
{
	for (size_t i = 0; i < item->role_count; i++)
		if (strcmp(item->roles[i].name, name) == 0)
			return &item->roles[i];
	return NULL;
}

/* The role the file puts the person in; NULL: none. */
static const struct core_import_role *
place_of(const struct core_import *import, const struct core_import_item *item, const char *user)
{
	for (size_t r = 0; r < item->role_count; r++)
		for (size_t m = 0; m < item->roles[r].member_count; m++) {
			const char *id = core_import_person(import, item->roles[r].members[m]);
			if (id && strcmp(id, user) == 0)
				return &item->roles[r];
		}
	return NULL;
}

static bool is_me(const struct core_import *import, const char *user)
{
	return strcmp(user, core_session_user_id(import->core)) == 0;
}

static bool holds_me(const struct core_import *import, const struct core_role *role)
{
	for (size_t i = 0; i < role->member_count; i++)
		if (is_me(import, role->members[i]))
			return true;
	return false;
}

/* Does somebody administer it when everything that is beyond the file is gone? */
static bool file_administers(const struct looking *l, struct core_roles now)
{
	const struct core_import_item *item = l->item;

	for (size_t r = 0; !l->import->spec.no_members && r < item->role_count; r++)
		for (size_t m = 0; m < item->roles[r].member_count; m++)
			if (item->roles[r].bits & CORE_PERM_ADMINISTRATOR &&
			    core_import_person(l->import, item->roles[r].members[m]))
				return true;
	for (size_t r = 0; r < now.count; r++) {
		const struct core_import_role *from = in_file(item, now.roles[r].name);
		bool stays = from ? !from->says_members || l->import->spec.no_members : !item->all_roles;
		unsigned bits = from && from->says_actions ? from->bits : now.roles[r].bits;
		if (stays && now.roles[r].member_count && bits & CORE_PERM_ADMINISTRATOR)
			return true;
	}
	return false;
}

static void add_people(struct looking *l, const struct core_role *role,
                       const struct core_import_role *from)
{
	if (l->import->spec.no_members || (from ? !from->says_members : !l->item->all_roles))
		return;
	for (size_t m = 0; m < role->member_count; m++) {
		const char *user = role->members[m];
		if (place_of(l->import, l->item, user))
			continue;                                /* stays or moves */
		(void)core_user_name(l->import->core, user); /* asked for now, shown later */
		core_import_differ(&l->found, CORE_IMPORT_PERSON, role->name, user, user,
		                   is_me(l->import, user)                               ? you
		                   : role->bits & CORE_PERM_ADMINISTRATOR && !l->others ? last
		                                                                        : "");
	}
}

/* Lent by an import that did not come to its end: taken back anyway. */
static bool is_lent(const struct looking *l, const struct core_role *role, const char *word)
{
	const struct core_journal_entry *entry =
	    l->import->journal ? core_journal_entry(l->import->journal, l->item->index) : NULL;

	if (!entry || entry->done || !entry->granted_role || strcmp(entry->granted_role, role->id) != 0)
		return false;
	for (size_t i = 0; i < entry->granted_count; i++)
		if (strcmp(entry->granted[i], word) == 0)
			return true;
	return false;
}

static void add_actions(struct looking *l, const struct core_role *role,
                        const struct core_import_role *from)
{
	bool mine = holds_me(l->import, role);

	for (size_t a = 0; from && from->says_actions && a < role->action_count; a++) {
		const char *word = role->actions[a];
		unsigned bit = core_perm_bit(word);
		if (bit ? from->bits & bit : from->other_actions)
			continue;
		if (!is_lent(l, role, word))
			core_import_differ(&l->found, CORE_IMPORT_ROLE_ACTION, role->name, word, word,
			                   bit != CORE_PERM_ADMINISTRATOR ? ""
			                   : mine                         ? "it is your own"
			                   : l->others                    ? ""
			                                                  : last);
	}
}

static void compare_roles(struct looking *l)
{
	struct core_roles roles = core_roles(l->import->core, l->item->id);

	l->others = file_administers(l, roles);
	for (size_t r = 0; r < roles.count; r++)
		add_people(l, &roles.roles[r], in_file(l->item, roles.roles[r].name));
	for (size_t r = 0; l->item->all_roles && r < roles.count; r++) {
		const struct core_role *role = &roles.roles[r];
		bool admin = role->bits & CORE_PERM_ADMINISTRATOR && role->member_count;
		if (!role->builtin && !in_file(l->item, role->name))
			core_import_differ(&l->found, CORE_IMPORT_ROLE, role->name, "", role->name,
			                   holds_me(l->import, role) ? "you are in it"
			                   : admin && !l->others     ? last
			                                             : "");
	}
	for (int mine = 0; mine < 2; mine++) /* mine last: it is needed for the others */
		for (size_t r = 0; r < roles.count; r++)
			if (holds_me(l->import, &roles.roles[r]) == (mine == 1))
				add_actions(l, &roles.roles[r], in_file(l->item, roles.roles[r].name));
}

static void compare_links(struct looking *l)
{
	struct core_list *list = core_computation_assets(l->import->core, l->item->id);

	for (size_t i = 0; l->item->all_assets && i < core_list_count(list); i++) {
		const struct core_asset *asset = core_asset_at(list, i);
		bool named = false;
		for (size_t a = 0; a < l->item->asset_count; a++)
			named = named || strcmp(l->item->assets[a].found_id, asset->id) == 0;
		if (!named)
			core_import_differ(&l->found, CORE_IMPORT_LINK, "", asset->id,
			                   *asset->file_name ? asset->file_name : asset->id, "");
	}
}

/* ---- looking at all of them ---- */

static void look_more(struct core_import *import);

static void looking_free(struct looking *l)
{
	prism_json_wipe(l->doc); /* may hold a private key */
	prism_free(l->found.all);
	prism_free(l);
}

static void part_done(struct looking *l, const struct prism_error *err)
{
	struct core_import *import = l->import;
	struct prism_error failed;

	if (err && l->error.category == PRISM_ERROR_NONE)
		prism_error_copy(&l->error, err);
	if (--l->pending)
		return;
	failed = l->error;
	import->look_busy--;
	if (import->stage == CORE_IMPORT_COMPARING && failed.category == PRISM_ERROR_NONE) {
		compare_links(l);
		compare_roles(l);
		l->item->beyond = core_import_keep(&l->found, &l->item->beyond_count);
		core_import_compare_news(import, l->item, l->doc);
	} else if (import->stage == CORE_IMPORT_COMPARING && !core_import_fatal(&failed)) {
		core_import_problem(import, l->item, CORE_PROBLEM_WARNING, l->item->line, "",
		                    "how it differs is not known, and what is extra stays: %s",
		                    failed.message);
	}
	core_roles_forget(import->core, l->item->id); /* there may be ten thousand */
	looking_free(l);
	if (failed.category != PRISM_ERROR_NONE && core_import_fatal(&failed))
		(void)core_import_plan_stopped(import, &failed);
	look_more(import);
}

static void looked(void *data, const struct prism_error *err)
{
	struct looking *l = data;
	bool over = l->pending == 1;

	if (!core_import_gone(l->import)) {
		part_done(l, err);
	} else if (over) {
		looking_free(l);
	} else {
		l->pending--;
	}
}

static void doc_here(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct looking *l = data;

	if (!err)
		l->doc = cJSON_Duplicate(reply->json, true);
	looked(l, err);
}

static void look_at(struct core_import *import, struct core_import_item *item)
{
	struct looking *l = prism_alloc(sizeof(*l));
	struct core_call call = {.endpoint = CORE_EP_COMP_GET, .arg = {[CORE_ARG_C] = item->id}};
	struct prism_error err = PRISM_ERROR_INIT;

	*l =
	    (struct looking){.import = import, .item = item, .found = {.import = import}, .pending = 3};
	import->look_busy++;
	core_import_say(import, "comparing %zu of %zu: %s", item->index + 1, import->count, item->name);
	for (unsigned i = 0; i < l->pending; i++)
		core_import_hold(import);
	if (!core_request_start(import->core, &call, import->cancel, doc_here, l, &err))
		doc_here(l, NULL, &err);
	prism_error_clear(&err);
	if (core_roles_await(import->core, item->id, true, import->cancel, looked, l, &err) < 0)
		looked(l, &err);
	prism_error_clear(&err);
	if (core_list_await(core_computation_assets(import->core, item->id), true, import->cancel,
	                    looked, l, &err) < 0)
		looked(l, &err);
}

static void look_more(struct core_import *import)
{
	while (import->stage == CORE_IMPORT_COMPARING && import->look_busy < LOOK_AHEAD &&
	       import->look_next < import->count) {
		struct core_import_item *item = &import->items[import->look_next++];
		if (item->action == CORE_IMPORT_UPDATE)
			look_at(import, item);
	}
	if (import->stage == CORE_IMPORT_COMPARING && !import->look_busy &&
	    import->look_next == import->count)
		core_import_planned(import);
}

void core_import_look_beyond(struct core_import *import)
{
	import->look_next = 0;
	look_more(import);
}

/* ---- removing ---- */

static bool has_text(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void remove_words(struct core_import *import, enum core_endpoint_id endpoint,
                         const struct core_role *role, const struct core_import_beyond *b)
{
	cJSON *body = cJSON_CreateObject();
	bool person = b->kind == CORE_IMPORT_PERSON;
	char what[300];

	cJSON_AddItemToObject(body, person ? "members" : "actions", core_json_strings(&b->id, 1));
	core_import_queue(
	    import->run, endpoint, role->id, NULL, body,
	    prism_asprintf("removing %s", core_import_beyond_text(import, b, what, sizeof(what))),
	    import->run->item->line);
}

void core_import_prune(struct core_import *import)
{
	struct import_run *run = import->run;
	struct core_list *links = core_computation_assets(import->core, run->id);

	for (size_t i = 0; import->spec.prune && i < run->item->beyond_count; i++) {
		const struct core_import_beyond *b = &run->item->beyond[i];
		const struct core_role *role =
		    *b->role ? core_role_find(import->core, run->id, b->role) : NULL;
		if (*b->kept || (*b->role && !role))
			continue;
		if (b->kind == CORE_IMPORT_LINK && core_list_find(links, b->id))
			core_import_queue(run, CORE_EP_ASSET_UNLINK, NULL, b->id, NULL,
			                  prism_asprintf("unlinking %s", b->name), run->item->line);
		else if (b->kind == CORE_IMPORT_ROLE)
			core_import_queue(run, CORE_EP_CROLE_DELETE, role->id, NULL, NULL,
			                  prism_asprintf("removing role %s", b->role), run->item->line);
		else if (b->kind == CORE_IMPORT_PERSON &&
		         has_text(role->members, role->member_count, b->id))
			remove_words(import, CORE_EP_CROLE_MEMBERS_REMOVE, role, b);
		else if (b->kind == CORE_IMPORT_ROLE_ACTION &&
		         has_text(role->actions, role->action_count, b->id))
			remove_words(import, CORE_EP_CROLE_ACTIONS_REMOVE, role, b);
	}
}
