/*
 * Owns what is done to one computation once it exists: its roles and people, and the queue of
 * requests.  Assets and links are core/import_links.c.
 *
 * Every step compares what is there with what the file says and queues the difference, so that
 * doing it again changes nothing.  The queue is a list of single requests, sent one by one.
 */
#include "core/computation.h"
#include "core/import_run.h"
#include "core/permission.h"
#include "core/role.h"
#include "core/session.h"

#include <string.h>

struct import_op {
	struct import_op *next;
	enum core_endpoint_id endpoint;
	char *role, *asset; /* path arguments; NULL */
	cJSON *body;        /* NULL */
	char *what;         /* for people, when it fails: "role auditor" */
	uint64_t line;
};

static void finished(struct core_import *import);

/* ---- the queue ---- */

static void op_free(struct import_op *op)
{
	prism_free(op->role);
	prism_free(op->asset);
	prism_json_free(op->body);
	prism_free(op->what);
	prism_free(op);
}

void core_import_ops_clear(struct import_run *run)
{
	while (run->first) {
		struct import_op *op = run->first;
		run->first = op->next;
		op_free(op);
	}
	run->last = NULL;
}

void core_import_queue(struct import_run *run, enum core_endpoint_id endpoint, const char *role,
                       const char *asset, cJSON *body, char *what, uint64_t line)
{
	struct import_op *op = prism_alloc(sizeof(*op));

	*op = (struct import_op){NULL, endpoint, prism_strdup(role), prism_strdup(asset), body,
	                         what, line};
	if (run->last)
		run->last->next = op;
	else
		run->first = op;
	run->last = op;
}

static void drain(struct core_import *import);

static void op_done(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;
	struct import_run *run;
	struct import_op *op;

	PRISM_UNUSED(reply);
	if (core_import_gone(import) || !import->run)
		return;
	run = import->run;
	op = run->first;
	if (err && core_import_fatal(err)) {
		core_import_stop(import, err);
		return;
	}
	if (err) {
		run->failures++;
		core_import_problem(import, run->item, CORE_PROBLEM_WARNING, op->line, "", "%s: %s%s%s",
		                    op->what, err->message, *err->hint ? ": " : "", err->hint);
	} else {
		run->changes++;
	}
	run->first = op->next;
	if (!run->first)
		run->last = NULL;
	op_free(op);
	drain(import);
}

static void drain(struct core_import *import)
{
	struct import_run *run = import->run;
	struct import_op *op = run->first;
	struct prism_error err = PRISM_ERROR_INIT;

	if (!op) {
		run->then(import);
		return;
	}
	struct core_call call = {
	    .endpoint = op->endpoint, .arg = {[CORE_ARG_C] = run->id}, .body = op->body};
	if (op->role)
		call.arg[CORE_ARG_R] = op->role;
	if (op->asset)
		call.arg[CORE_ARG_A] = op->asset;
	core_import_hold(import);
	if (!core_request_start(import->core, &call, import->cancel, op_done, import, &err))
		op_done(import, NULL, &err);
}

void core_import_drain(struct core_import *import, void (*then)(struct core_import *import))
{
	import->run->then = then;
	drain(import);
}

/* ---- words ---- */

struct words {
	const char *all[64];
	size_t count;
};

static bool has(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->all[i], word) == 0)
			return true;
	return false;
}

static void add(struct words *words, const char *word)
{
	if (words->count < PRISM_COUNT(words->all) && !has(words, word))
		words->all[words->count++] = word;
}

/* Actions of a role of the file that Prism knows; false: the file says nothing about them. */
static bool wanted(const cJSON *entry, struct words *ret)
{
	const cJSON *actions = prism_json_array(entry, "actions"), *action;

	*ret = (struct words){.count = 0};
	cJSON_ArrayForEach(action, actions)
	{
		if (cJSON_IsString(action) && core_perm_bit(action->valuestring))
			add(ret, action->valuestring);
	}
	return actions != NULL;
}

static const cJSON *entry_of(const struct import_run *run, const char *role_name)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, prism_json_array(run->bundle, "roles"))
	{
		if (strcmp(prism_json_str(entry, "role_name", ""), role_name) == 0)
			return entry;
	}
	return NULL;
}

static const struct core_role *role_named(struct core_import *import, const char *name)
{
	struct core_roles roles = core_roles(import->core, import->run->id);

	for (size_t i = 0; i < roles.count; i++)
		if (strcmp(roles.roles[i].name, name) == 0)
			return &roles.roles[i];
	return NULL;
}

static const struct core_role *role_with(struct core_import *import, const char *user)
{
	struct core_roles roles = core_roles(import->core, import->run->id);

	for (size_t i = 0; i < roles.count; i++)
		for (size_t m = 0; m < roles.roles[i].member_count; m++)
			if (strcmp(roles.roles[i].members[m], user) == 0)
				return &roles.roles[i];
	return NULL;
}

static void queue_actions(struct import_run *run, enum core_endpoint_id endpoint,
                          const struct core_role *role, const struct words *words, uint64_t line)
{
	cJSON *body = cJSON_CreateObject();

	cJSON_AddItemToObject(body, "actions", core_json_strings(words->all, words->count));
	core_import_queue(run, endpoint, role->id, NULL, body,
	                  prism_asprintf("actions of role %s", role->name), line);
}

static void queue_member(struct import_run *run, enum core_endpoint_id endpoint,
                         const struct core_role *role, const char *user, const char *word,
                         uint64_t line)
{
	cJSON *body = cJSON_CreateObject();

	cJSON_AddItemToObject(body, "members", core_json_strings(&user, 1));
	core_import_queue(run, endpoint, role->id, NULL, body,
	                  prism_asprintf("%s in role %s", word, role->name), line);
}

/* ---- ROLES ---- */

static void roles_made(void *data, const struct prism_error *err)
{
	struct core_import *import = data;

	if (core_import_gone(import) || !import->run)
		return;
	if (err)
		core_import_item_failed(import, err);
	else
		core_import_ask_linked(import);
}

static void ask_roles(struct core_import *import, bool refresh, core_done_fn done)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_import_hold(import);
	if (core_roles_await(import->core, import->run->id, refresh, import->cancel, done, import,
	                     &err) < 0)
		done(import, &err);
}

static void read_roles_again(struct core_import *import)
{
	ask_roles(import, true, roles_made);
}

static void roles_here(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	struct import_run *run;

	if (core_import_gone(import) || !import->run)
		return;
	run = import->run;
	if (err && core_import_fatal(err)) {
		core_import_stop(import, err);
		return;
	}
	if (err) {
		core_import_item_refused(import, run->item->line, "roles", "roles and people", err);
		run->no_roles = true;
		core_import_ask_linked(import);
		return;
	}
	for (size_t i = 0; i < run->item->role_count; i++) {
		const struct core_import_role *role = &run->item->roles[i];
		struct words words;
		if (role_named(import, role->name))
			continue;
		cJSON *body = cJSON_CreateObject();
		cJSON_AddStringToObject(body, "role_name", role->name);
		(void)wanted(entry_of(run, role->name), &words);
		cJSON_AddItemToObject(body, "optional_actions", core_json_strings(words.all, words.count));
		core_import_queue(run, CORE_EP_CROLE_CREATE, NULL, NULL, body,
		                  prism_asprintf("role %s", role->name), role->line);
	}
	if (run->first)
		core_import_drain(import, read_roles_again);
	else
		core_import_ask_linked(import);
}

void core_import_roles(struct core_import *import)
{
	core_import_say(import, "roles of %s", import->run->item->name);
	ask_roles(import, true, roles_here);
}

/* ---- PEOPLE ---- */

/* Is the word in a role of the file before this one? The first mention counts. */
static bool mentioned(const struct core_import_item *item, size_t role, const char *word)
{
	for (size_t i = 0; i < role; i++)
		for (size_t m = 0; m < item->roles[i].member_count; m++)
			if (strcmp(item->roles[i].members[m], word) == 0)
				return true;
	return false;
}

/* Does the file put somebody else of the workspace into a role that administers? */
static bool others_administer(struct core_import *import)
{
	const struct core_import_item *item = import->run->item;
	struct words words;

	for (size_t i = 0; i < item->role_count; i++) {
		if (!wanted(entry_of(import->run, item->roles[i].name), &words) ||
		    !has(&words, "administrator"))
			continue;
		for (size_t m = 0; m < item->roles[i].member_count; m++) {
			const char *user = core_import_person(import, item->roles[i].members[m]);
			if (user && strcmp(user, core_session_user_id(import->core)) != 0)
				return true;
		}
	}
	return false;
}

static void place_member(struct core_import *import, const struct core_role *role, const char *word,
                         uint64_t line)
{
	struct import_run *run = import->run;
	const char *user = core_import_person(import, word);
	const struct core_role *now = user ? role_with(import, user) : NULL;

	if (!user || now == role)
		return;
	if (now && strcmp(user, core_session_user_id(import->core)) == 0 &&
	    (now->bits & CORE_PERM_ADMINISTRATOR) && !(role->bits & CORE_PERM_ADMINISTRATOR)) {
		if (core_permissions(import->core, NULL).workspace_admin && others_administer(import))
			run->my_role = prism_strdup(role->name);
		else
			core_import_problem(import, run->item, CORE_PROBLEM_WARNING, line, "roles",
			                    "you stay in role %s: nobody else could administer it", now->name);
		return;
	}
	if (now) /* one role a person */
		queue_member(run, CORE_EP_CROLE_MEMBERS_REMOVE, now, user, word, line);
	queue_member(run, CORE_EP_CROLE_MEMBERS_ADD, role, user, word, line);
}

static unsigned provider_bit(struct core_import *import, const struct core_import_asset *asset)
{
	const struct core_asset *known =
	    *asset->found_id ? core_list_find(core_assets(import->core), asset->found_id) : NULL;
	enum core_asset_type type = known ? known->type : asset->type;

	return type == CORE_ASSET_ALGORITHM ? CORE_PERM_ALGO_PROVIDER
	       : type == CORE_ASSET_DATASET ? CORE_PERM_DATASET_PROVIDER
	                                    : 0;
}

void core_import_lend(struct import_run *run, const char *role, const char *const *actions,
                      size_t count)
{
	if (!run->granted_role)
		run->granted_role = prism_strdup(role);
	for (size_t i = 0; i < count && run->granted_count < CORE_IMPORT_GRANTS; i++)
		run->granted[run->granted_count++] = prism_strdup(actions[i]);
}

/* Provider actions that linking needs and my role neither has nor gets from the file. */
static int lend(struct core_import *import, struct prism_error *err)
{
	struct import_run *run = import->run;
	const struct core_role *mine = role_with(import, core_session_user_id(import->core));
	unsigned need = 0, have = mine ? mine->bits : 0;
	struct words words = {.count = 0}, given;

	for (size_t i = 0; i < run->item->asset_count; i++) {
		const struct core_import_asset *asset = &run->item->assets[i];
		if (asset->found == CORE_IMPORT_EMBEDDED ||
		    (*asset->found_id && !core_import_is_linked(import, asset->found_id)))
			need |= provider_bit(import, asset);
	}
	if (!mine)
		return 0;
	(void)wanted(entry_of(run, mine->name), &given);
	for (size_t i = 0; i < given.count; i++)
		have |= core_perm_bit(given.all[i]);
	for (unsigned i = 0; i < CORE_PERM_COUNT; i++)
		if (need & ~have & (1u << i))
			add(&words, core_perm_word(i));
	if (!words.count)
		return 0;
	if (core_journal_granted(import->journal, run->item->index, mine->id, words.all, words.count,
	                         err) < 0)
		return -1;
	core_import_lend(run, mine->id, words.all, words.count);
	queue_actions(run, CORE_EP_CROLE_ACTIONS_ADD, mine, &words, run->item->line);
	return 0;
}

void core_import_people(struct core_import *import)
{
	struct import_run *run = import->run;
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; !run->no_roles && i < run->item->role_count; i++) {
		const struct core_import_role *from = &run->item->roles[i];
		const struct core_role *role = role_named(import, from->name);
		struct words words, more = {.count = 0};
		if (!role)
			continue; /* making it was refused */
		(void)wanted(entry_of(run, from->name), &words);
		for (size_t w = 0; w < words.count; w++) {
			bool there = false;
			for (size_t a = 0; a < role->action_count; a++)
				there = there || strcmp(role->actions[a], words.all[w]) == 0;
			if (!there)
				add(&more, words.all[w]);
		}
		if (more.count)
			queue_actions(run, CORE_EP_CROLE_ACTIONS_ADD, role, &more, from->line);
		for (size_t m = 0; !import->spec.no_members && m < from->member_count; m++)
			if (!mentioned(run->item, i, from->members[m]))
				place_member(import, role, from->members[m], from->line);
	}
	if (!run->no_roles && lend(import, &err) < 0) {
		core_import_stop(import, &err);
		return;
	}
	run->asset = 0;
	core_import_drain(import, core_import_make_assets);
}

/* ---- TAKE ---- */

static void take_from(struct core_import *import, const struct core_role *role)
{
	struct import_run *run = import->run;
	const cJSON *entry = entry_of(run, role->name);
	bool lent = run->granted_role && strcmp(run->granted_role, role->id) == 0;
	struct words words, less = {.count = 0};
	bool said = wanted(entry, &words);
	bool updated = run->item->action == CORE_IMPORT_UPDATE; /* core_import_prune() takes */

	for (size_t a = 0; said && !updated && a < role->action_count; a++)
		if (!has(&words, role->actions[a]))
			add(&less, role->actions[a]);
	for (size_t g = 0; lent && g < run->granted_count; g++)
		if (!has(&words, run->granted[g]))
			add(&less, run->granted[g]);
	if (less.count)
		queue_actions(run, CORE_EP_CROLE_ACTIONS_REMOVE, role, &less, run->item->line);
}

/* Where the file has me, at the very end: as an administrator of the workspace I still may. */
static void move_me(struct core_import *import, const struct core_role *mine)
{
	struct import_run *run = import->run;
	const struct core_role *role = run->my_role ? role_named(import, run->my_role) : NULL;
	const char *me = core_session_user_id(import->core);

	if (!role || role == mine)
		return;
	if (mine)
		queue_member(run, CORE_EP_CROLE_MEMBERS_REMOVE, mine, me, "you", run->item->line);
	queue_member(run, CORE_EP_CROLE_MEMBERS_ADD, role, me, "you", run->item->line);
}

static void finished(struct core_import *import)
{
	core_roles_forget(import->core, import->run->id);
	if (import->run->item->action == CORE_IMPORT_UPDATE)
		core_computation_stale(import->core, import->run->id); /* the list: at the end */
	core_import_item_done(import);
}

static void roles_to_take(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	struct core_roles roles;
	const struct core_role *mine;

	if (core_import_gone(import) || !import->run)
		return;
	if (err) {
		core_import_item_failed(import, err);
		return;
	}
	roles = core_roles(import->core, import->run->id);
	mine = role_with(import, core_session_user_id(import->core));
	for (size_t i = 0; i < roles.count; i++)
		if (&roles.roles[i] != mine)
			take_from(import, &roles.roles[i]);
	if (import->run->item->action == CORE_IMPORT_UPDATE)
		core_import_prune(import);
	if (mine)
		take_from(import, mine);
	move_me(import, mine);
	core_import_drain(import, finished);
}

void core_import_take(struct core_import *import)
{
	if (import->run->no_roles)
		finished(import);
	else
		ask_roles(import, false, roles_to_take);
}
