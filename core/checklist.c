/*
 * What is missing before a run.  The server's dry run decides; labels and the local logic are those
 * of reference section 7.  Items are rebuilt from what is known whenever they are asked for, so
 * roles or assets that arrive later show at once.
 */
#include "core/checklist.h"

#include "core/asset.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/internal.h"
#include "core/key.h"
#include "core/role.h"
#include "core/session.h"
#include "core/single.h"
#include "core/user.h"

#include "base/text.h"

#include <string.h>

#define LINES_MAX 1000 /* of each list of the dry run */

/* Labels are the web console's; `match` is how the dry run's own sentences are recognised. */
static const struct {
	const char *text, *fix, *match, *match_also;
	bool mandatory;
} kinds[CORE_REQUIREMENT_COUNT] = {
    [CORE_REQUIREMENT_RESULT_CONSUMER] =
        {"Result Consumers (Add a user with result_consumer action on the roles page)",
         "role action add", "result_consumer", "result consumer", true},
    [CORE_REQUIREMENT_ALGO_PROVIDER] =
        {"Algorithm Provider (Add a user with algo_provider action on the roles page)",
         "role action add", "algo_provider", "algorithm provider", true},
    [CORE_REQUIREMENT_DATASET_PROVIDER] =
        {"Dataset Provider (optional: add a user with dataset_provider action on the roles page)",
         "role action add", "dataset_provider", "dataset provider", false},
    [CORE_REQUIREMENT_ALGO_ASSET] = {"Link Algorithm Asset", "asset create", "algorithm asset",
                                     "algorithm", true},
    [CORE_REQUIREMENT_DATASET_ASSET] = {"Link Dataset(s) Asset", "asset create", "dataset",
                                        "data asset", true},
    [CORE_REQUIREMENT_KEY] = {"public key of ", "key register", "public key", NULL, true},
    [CORE_REQUIREMENT_HASH] = {"asset ", "asset update", NULL, NULL, true},
    [CORE_REQUIREMENT_CVM] = {"a CVM that is ready", "cvm create", "cvm", NULL, false},
    [CORE_REQUIREMENT_INFO] = {"", "", NULL, NULL, true},
};

struct lines {
	const char *const *text;
	size_t count;
};

struct list {
	struct prism_list node;
	struct core_single single;
	char *id;
	bool gone, dry_run_known;
	struct prism_arena *arena; /* of the dry run */
	struct lines keys, hashes, info;
	struct prism_arena *lent; /* of the items */
};

struct lists {
	struct prism_list all;
};

static void *create(struct core *core)
{
	struct lists *lists = prism_alloc(sizeof(*lists));
	prism_list_init(&lists->all);
	return lists;
}

static void list_free(struct list *list)
{
	prism_list_remove(&list->node);
	core_single_finish(&list->single);
	prism_arena_destroy(list->arena);
	prism_arena_destroy(list->lent);
	prism_free(list->id);
	prism_free(list);
}

static void destroy(void *state)
{
	struct lists *lists = state;
	PRISM_LIST_EACH (&lists->all, node, next)
		list_free(PRISM_CONTAINER(node, struct list, node));
	prism_free(lists);
}

static void reset(void *state)
{
	struct lists *lists = state;
	PRISM_LIST_EACH (&lists->all, node, next) {
		struct list *list = PRISM_CONTAINER(node, struct list, node);
		if (list->single.status.loading)
			list->gone = true;
		else
			list_free(list);
	}
}

static const struct core_module module = {
    .name = "checklists", .create = create, .destroy = destroy, .reset = reset};

static struct list *find(struct core *core, const char *id)
{
	struct lists *lists = core_module(core, &module);
	PRISM_LIST_EACH (&lists->all, node, next) {
		struct list *list = PRISM_CONTAINER(node, struct list, node);
		if (list->gone || strcmp(list->id, id) != 0)
			continue;
		core_cache_use(&lists->all, node);
		return list;
	}
	return NULL;
}

/* --- the dry run --- */

static struct lines lines_of(struct prism_arena *arena, const cJSON *array)
{
	struct lines lines = {0};
	lines.text = core_str_array(arena, array, &lines.count);
	if (lines.count > LINES_MAX)
		lines.count = LINES_MAX;
	return lines;
}

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct list *list = data;
	if (list->gone) {
		list->single.status.loading = false;
		list_free(list);
		return;
	}
	if (err) {
		/* Not offered, or not allowed: the local logic is what there is. */
		bool silent = err->category == PRISM_ERROR_MISSING || err->category == PRISM_ERROR_DENIED;
		list->dry_run_known = list->dry_run_known && !silent;
		core_single_loaded(&list->single, silent ? NULL : err);
		return;
	}
	const cJSON *missing = prism_json_get(reply->json, "missing_items");
	if (!cJSON_IsObject(missing))
		missing = reply->json;
	prism_arena_destroy(list->arena);
	list->arena = prism_arena_create();
	list->keys = lines_of(list->arena, prism_json_get(missing, "keys"));
	list->hashes = lines_of(list->arena, prism_json_get(missing, "hashes"));
	list->info = lines_of(list->arena, prism_json_get(missing, "info"));
	list->dry_run_known = true;
	core_single_loaded(&list->single, NULL);
	core_emit(list->single.core, CORE_EVENT_COMPUTATION, list->id); /* badges of missing keys */
}

static void start(struct core_single *single)
{
	struct list *list = PRISM_CONTAINER(single, struct list, single);
	struct core_call call = {.endpoint = CORE_EP_COMP_DRYRUN, .arg = {[CORE_ARG_C] = list->id}};
	struct prism_error err = PRISM_ERROR_INIT;
	core_roles_load(single->core, list->id, false);
	core_list_load(core_computation_assets(single->core, list->id));
	core_list_load(core_cvms(single->core));
	if (core_key_state(single->core, list->id) == CORE_KEY_UNKNOWN)
		core_key_check(single->core, list->id);
	if (!core_request_start(single->core, &call, core_cancel(single->core), answered, list, &err))
		core_single_loaded(single, &err);
}

static struct list *list_of(struct core *core, const char *id)
{
	struct list *list = find(core, id);
	if (list)
		return list;
	struct lists *lists = core_module(core, &module);
	struct prism_list *old = core_cache_surplus(&lists->all);
	if (old && !core_single_busy(&PRISM_CONTAINER(old, struct list, node)->single))
		list_free(PRISM_CONTAINER(old, struct list, node));
	list = prism_alloc(sizeof(*list));
	list->id = prism_strdup(id);
	core_single_init(&list->single, core, CORE_EVENT_CHECKLIST, list->id, start);
	prism_list_prepend(&lists->all, &list->node);
	return list;
}

void core_checklist_stale(struct core *core, const char *computation_id)
{
	struct list *list = find(core, computation_id);
	if (list && list->single.status.freshness != CORE_EMPTY)
		core_single_reload(&list->single);
}

bool core_checklist_wants_key(struct core *core, const char *computation_id, const char *user_id)
{
	const struct list *list = find(core, computation_id);
	for (size_t i = 0; list && list->dry_run_known && i < list->keys.count; i++)
		if (strcmp(list->keys.text[i], user_id) == 0)
			return true;
	return false;
}

/* --- items --- */

struct building {
	struct core *core;
	struct list *list;
	struct prism_arena *arena;
	struct core_requirement *items;
	size_t count;
};

static void add(struct building *b, enum core_requirement_kind kind, bool done, const char *text,
                const char *subject)
{
	b->items[b->count++] = (struct core_requirement){
	    .kind = kind,
	    .done = done,
	    .mandatory = kinds[kind].mandatory,
	    .text = text ? text : kinds[kind].text,
	    .fix = kinds[kind].fix,
	    .subject = subject,
	};
}

static enum core_requirement_kind kind_of_info(const char *line)
{
	static const enum core_requirement_kind order[] = {CORE_REQUIREMENT_RESULT_CONSUMER,
	                                                   CORE_REQUIREMENT_ALGO_PROVIDER,
	                                                   CORE_REQUIREMENT_DATASET_PROVIDER,
	                                                   CORE_REQUIREMENT_KEY,
	                                                   CORE_REQUIREMENT_ALGO_ASSET,
	                                                   CORE_REQUIREMENT_DATASET_ASSET,
	                                                   CORE_REQUIREMENT_CVM};
	for (size_t i = 0; i < PRISM_COUNT(order); i++) {
		const char *match = kinds[order[i]].match, *also = kinds[order[i]].match_also;
		if (prism_text_contains(line, match) || (also && prism_text_contains(line, also)))
			return order[i];
	}
	return CORE_REQUIREMENT_INFO;
}

static bool listed(const struct building *b, enum core_requirement_kind kind)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i].kind == kind)
			return true;
	return false;
}

static bool held(struct core_roles roles, unsigned bit)
{
	for (size_t i = 0; i < roles.count; i++)
		if ((roles.roles[i].bits & bit) && roles.roles[i].member_count > 0)
			return true;
	return false;
}

static bool linked(struct core *core, const char *id, enum core_asset_type type)
{
	struct core_list *assets = core_computation_assets(core, id);
	for (size_t i = 0; i < core_list_count(assets); i++)
		if (core_asset_at(assets, i)->type == type)
			return true;
	return false;
}

static bool is_here(const struct core_status *status)
{
	return status->freshness == CORE_READY || status->freshness == CORE_STALE;
}

static bool assets_known(struct core *core, const char *id)
{
	return is_here(core_list_status(core_computation_assets(core, id)));
}

/* What the dry run says, verbatim. */
static void add_dry_run(struct building *b)
{
	const struct list *list = b->list;
	for (size_t i = 0; i < list->info.count; i++) {
		add(b, kind_of_info(list->info.text[i]), false, list->info.text[i], "");
		b->items[b->count - 1].mandatory = true;
	}
	for (size_t i = 0; i < list->keys.count; i++) {
		const char *user = list->keys.text[i];
		add(b, CORE_REQUIREMENT_KEY, false,
		    prism_arena_printf(b->arena, "public key of %s", core_user_name(b->core, user)), user);
		if (strcmp(user, core_session_user_id(b->core)) != 0)
			b->items[b->count - 1].fix = ""; /* only the user can */
	}
	for (size_t i = 0; i < list->hashes.count; i++)
		add(b, CORE_REQUIREMENT_HASH, false,
		    prism_arena_printf(b->arena, "asset %s", list->hashes.text[i]), list->hashes.text[i]);
}

/* What roles and assets tell: all of it without a dry run, only what is done beside one. */
static void add_local(struct building *b)
{
	const char *id = b->list->id;
	bool alone = !b->list->dry_run_known;
	struct core_roles roles = core_roles(b->core, id);
	bool algo = held(roles, CORE_PERM_ALGO_PROVIDER),
	     data = held(roles, CORE_PERM_DATASET_PROVIDER);
	const struct {
		enum core_requirement_kind kind;
		bool asked, done;
	} local[] = {
	    {CORE_REQUIREMENT_RESULT_CONSUMER, true, held(roles, CORE_PERM_RESULT_CONSUMER)},
	    {CORE_REQUIREMENT_ALGO_PROVIDER, true, algo},
	    {CORE_REQUIREMENT_DATASET_PROVIDER, true, data},
	    {CORE_REQUIREMENT_ALGO_ASSET, algo && assets_known(b->core, id),
	     linked(b->core, id, CORE_ASSET_ALGORITHM)},
	    {CORE_REQUIREMENT_DATASET_ASSET, data && assets_known(b->core, id),
	     linked(b->core, id, CORE_ASSET_DATASET)},
	};
	for (size_t i = 0; roles.count > 0 && i < PRISM_COUNT(local); i++) {
		bool open_here = alone || !kinds[local[i].kind].mandatory;
		if (!local[i].asked || listed(b, local[i].kind) || (!local[i].done && !open_here))
			continue;
		add(b, local[i].kind, local[i].done, NULL, "");
	}
}

static void add_own_key(struct building *b)
{
	const char *me = core_session_user_id(b->core);
	enum core_key_state state = core_key_state(b->core, b->list->id);
	struct core_permissions mine = core_permissions(b->core, b->list->id);
	const unsigned uses_key =
	    CORE_PERM_ALGO_PROVIDER | CORE_PERM_DATASET_PROVIDER | CORE_PERM_RESULT_CONSUMER;
	if (core_checklist_wants_key(b->core, b->list->id, me) || !(mine.explicit_bits & uses_key))
		return;
	bool done = state == CORE_KEY_REGISTERED;
	if (state == CORE_KEY_UNKNOWN || (!done && b->list->dry_run_known))
		return;
	add(b, CORE_REQUIREMENT_KEY, done,
	    prism_arena_printf(b->arena, "public key of %s", core_user_name(b->core, me)),
	    prism_arena_strdup(b->arena, me));
}

static int by_kind(const void *a, const void *b)
{
	const struct core_requirement *left = a, *right = b;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return (int)left->done - (int)right->done;
}

/* Of what decides: the dry run, or, where it is not offered, the first that is not here. */
static const struct core_status *deciding(struct core *core, const struct list *list)
{
	const struct core_status *roles = core_roles(core, list->id).status;
	if (list->dry_run_known || !is_here(&list->single.status))
		return &list->single.status;
	return is_here(roles) ? core_list_status(core_computation_assets(core, list->id)) : roles;
}

struct core_checklist core_checklist(struct core *core, const char *computation_id)
{
	struct list *list = list_of(core, computation_id);
	prism_arena_destroy(list->lent);
	list->lent = prism_arena_create();
	struct building b = {.core = core, .list = list, .arena = list->lent};
	size_t most = CORE_REQUIREMENT_COUNT + 2;
	if (list->dry_run_known)
		most += list->keys.count + list->hashes.count + list->info.count;
	b.items = prism_arena_alloc(b.arena, most * sizeof(*b.items));
	if (list->dry_run_known)
		add_dry_run(&b);
	add_local(&b);
	add_own_key(&b);
	if (is_here(core_list_status(core_cvms(core))) && !listed(&b, CORE_REQUIREMENT_CVM))
		add(&b, CORE_REQUIREMENT_CVM, core_cvm_ready_count(core) > 0, NULL, "");
	qsort(b.items, b.count, sizeof(*b.items), by_kind);
	struct core_checklist result = {
	    .items = b.items, .count = b.count, .authoritative = list->dry_run_known};
	for (size_t i = 0; i < b.count; i++)
		result.open += b.items[i].mandatory && !b.items[i].done;
	result.status = deciding(core, list);
	result.known = list->dry_run_known || is_here(result.status);
	result.runnable = result.open == 0;
	return result;
}

void core_checklist_load(struct core *core, const char *computation_id, bool refresh)
{
	core_single_load(&list_of(core, computation_id)->single, refresh);
}

/* --- waiting --- */

struct awaiting {
	struct core *core;
	char *id;
	struct prism_cancel *cancel;
	core_done_fn done;
	void *data;
};

static void awaited(struct awaiting *a, const struct prism_error *err)
{
	a->done(a->data, err);
	prism_free(a->id);
	prism_free(a);
}

static void assets_here(void *data, const struct prism_error *err)
{
	awaited(data, err);
}

/* Roles and assets were asked for together with the dry run: what has failed by now is not asked
 * for once more. */
static bool has_failed(struct awaiting *a, const struct core_status *status)
{
	if (status->loading || status->freshness != CORE_FAILED)
		return false;
	struct prism_error failed = status->error;
	awaited(a, &failed);
	return true;
}

static void roles_here(void *data, const struct prism_error *err)
{
	struct awaiting *a = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	if (err)
		awaited(a, err);
	else if (has_failed(a, core_list_status(core_computation_assets(a->core, a->id))))
		return;
	else if (core_list_await(core_computation_assets(a->core, a->id), false, a->cancel, assets_here,
	                         a, &failed) < 0)
		awaited(a, &failed);
}

static void dry_run_here(void *data, const struct prism_error *err)
{
	struct awaiting *a = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	if (err || list_of(a->core, a->id)->dry_run_known)
		awaited(a, err);
	else if (has_failed(a, core_roles(a->core, a->id).status))
		return;
	else if (core_roles_await(a->core, a->id, false, a->cancel, roles_here, a, &failed) < 0)
		awaited(a, &failed);
}

int core_checklist_await(struct core *core, const char *computation_id, bool refresh,
                         struct prism_cancel *cancel, core_done_fn done, void *data,
                         struct prism_error *err)
{
	struct awaiting *a = prism_alloc(sizeof(*a));
	*a = (struct awaiting){core, prism_strdup(computation_id), cancel, done, data};
	if (core_single_await(&list_of(core, computation_id)->single, refresh, cancel, dry_run_here, a,
	                      err) == 0)
		return 0;
	prism_free(a->id);
	prism_free(a);
	return -1;
}
