/*
 * Owns what is known of the workspace: which names of computations are taken, its people, its
 * assets; how it is asked for, and how it is looked up.
 *
 * Asked for, one after the other: computations, assets, the workspace's roles (for its members),
 * users named by name (CSV), and checksums of assets whose list entry has none.
 */
#include "core/import_private.h"

#include "core/computation.h"
#include "core/role.h"
#include "core/user.h"
#include "core/validate.h"

#include <string.h>
#include <strings.h>

#define LEARN_MAX 500 /* assets asked for their checksum one by one */

struct name { /* that is taken */
	const char *name, *id;
	bool claimed; /* by a computation of the file that changes it */
};

/* ---- people ---- */

struct person {
	const char *word; /* of the file */
	const char *id;   /* NULL: not of the workspace */
	bool counted;
};

struct import_people {
	struct prism_arena *arena;
	struct name *names; /* of computations, sorted by name */
	size_t name_count;
	const char **ids;     /* of those names, in the same order */
	const char **members; /* of the workspace, sorted */
	size_t member_count;
	bool members_known;
	struct person *people;     /* words of the file, sorted, each once */
	size_t people_count, next; /* next to be asked for */
};

/* ---- assets ---- */

struct known_asset {
	const char *id, *checksum, *file_name; /* "" unknown */
	enum core_asset_type type;
};

struct import_assets {
	struct prism_arena *arena;
	struct known_asset *by_id, *by_checksum; /* the same ones, sorted */
	size_t count, room;
	size_t next; /* whose checksum is asked for next */
	bool sorted;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(((const struct person *)a)->word, ((const struct person *)b)->word);
}

static int asset_by_id(const void *a, const void *b)
{
	return strcmp(((const struct known_asset *)a)->id, ((const struct known_asset *)b)->id);
}

static int asset_by_checksum(const void *a, const void *b)
{
	const struct known_asset *left = a, *right = b;
	int order = strcasecmp(left->checksum, right->checksum);

	return order ? order : strcmp(left->id, right->id);
}

void core_import_plan_finish(struct core_import *import)
{
	if (import->people) {
		prism_arena_destroy(import->people->arena);
		prism_free(import->people->names);
		prism_free(import->people->ids);
		prism_free(import->people->members);
		prism_free(import->people->people);
		prism_free(import->people);
	}
	if (import->assets) {
		prism_arena_destroy(import->assets->arena);
		prism_free(import->assets->by_id);
		prism_free(import->assets->by_checksum);
		prism_free(import->assets);
	}
	import->people = NULL;
	import->assets = NULL;
}

/* ---- assets: looking up ---- */

static void add_known(struct import_assets *assets, const char *id, const char *checksum,
                      const char *file_name, enum core_asset_type type)
{
	if (assets->count == assets->room) {
		assets->room = assets->room ? assets->room * 2 : 64;
		assets->by_id = prism_realloc_array(assets->by_id, assets->room, sizeof(*assets->by_id));
		assets->by_checksum =
		    prism_realloc_array(assets->by_checksum, assets->room, sizeof(*assets->by_checksum));
	}
	assets->by_id[assets->count++] = (struct known_asset){
	    prism_arena_strdup(assets->arena, id), prism_arena_strdup(assets->arena, checksum),
	    prism_arena_strdup(assets->arena, file_name), type};
	assets->sorted = false;
}

static void sort_assets(struct import_assets *assets)
{
	if (assets->sorted || !assets->count)
		return;
	qsort(assets->by_id, assets->count, sizeof(*assets->by_id), asset_by_id);
	memcpy(assets->by_checksum, assets->by_id, assets->count * sizeof(*assets->by_id));
	qsort(assets->by_checksum, assets->count, sizeof(*assets->by_checksum), asset_by_checksum);
	assets->sorted = true;
}

static const struct known_asset *with_id(const struct import_assets *assets, const char *id)
{
	struct known_asset key = {.id = id};

	return assets->count ? bsearch(&key, assets->by_id, assets->count, sizeof(key), asset_by_id)
	                     : NULL;
}

/* Of that checksum and type: the one with this file name, else the first. An agent takes a file
 * under its name only. */
static const struct known_asset *with_checksum(const struct import_assets *assets,
                                               const struct core_import_asset *asset)
{
	const struct known_asset *first = NULL;
	size_t low = 0, high = assets->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcasecmp(assets->by_checksum[middle].checksum, asset->checksum) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (;
	     low < assets->count && strcasecmp(assets->by_checksum[low].checksum, asset->checksum) == 0;
	     low++) {
		const struct known_asset *at = &assets->by_checksum[low];
		if (asset->type != CORE_ASSET_OTHER && at->type != asset->type)
			continue;
		if (!*asset->file_name || strcmp(at->file_name, asset->file_name) == 0)
			return at;
		first = first ? first : at;
	}
	return first;
}

void core_import_find_asset(struct core_import *import, struct core_import_asset *asset)
{
	const struct known_asset *known;

	sort_assets(import->assets);
	known = *asset->id ? with_id(import->assets, asset->id) : NULL;
	asset->found = CORE_IMPORT_FOUND;
	if (!known && *asset->checksum) {
		known = with_checksum(import->assets, asset);
		asset->found = CORE_IMPORT_BY_CHECKSUM;
		if (known && *asset->file_name && strcmp(known->file_name, asset->file_name) != 0 &&
		    asset->embedded && import->spec.create_assets)
			known = NULL; /* under its own name it can be made */
	}
	asset->found_name = known ? known->file_name : "";
	asset->found_id = known ? known->id : "";
	if (!known)
		asset->found = asset->embedded && import->spec.create_assets ? CORE_IMPORT_EMBEDDED
		                                                             : CORE_IMPORT_MISSING;
}

void core_import_asset_made(struct core_import *import, const struct core_import_asset *asset,
                            const char *id)
{
	add_known(import->assets, id, asset->checksum, asset->file_name, asset->type);
}

/* ---- people: looking up ---- */

const char *core_import_person(const struct core_import *import, const char *word)
{
	const struct import_people *p = import->people;
	struct person key = {.word = word};
	const struct person *person =
	    p->people_count ? bsearch(&key, p->people, p->people_count, sizeof(key), by_word) : NULL;

	return person ? person->id : NULL;
}

static bool is_member(const struct import_people *p, const char *id)
{
	return p->member_count &&
	       bsearch(&id, p->members, p->member_count, sizeof(*p->members), by_text) != NULL;
}

static void collect_people(struct core_import *import)
{
	struct import_people *p = import->people;
	size_t most = 0, kept = 0;

	for (size_t i = 0; i < import->count; i++)
		for (size_t r = 0; r < import->items[i].role_count; r++)
			most += import->items[i].roles[r].member_count;
	p->people = prism_alloc_array(most + 1, sizeof(*p->people));
	for (size_t i = 0; i < import->count; i++)
		for (size_t r = 0; r < import->items[i].role_count; r++)
			for (size_t m = 0; m < import->items[i].roles[r].member_count; m++)
				p->people[p->people_count++].word = import->items[i].roles[r].members[m];
	qsort(p->people, p->people_count, sizeof(*p->people), by_word);
	for (size_t i = 0; i < p->people_count; i++)
		if (kept == 0 || strcmp(p->people[kept - 1].word, p->people[i].word) != 0)
			p->people[kept++] = p->people[i];
	p->people_count = kept;
}

const char *const *core_import_named(const struct core_import *import, const char *name,
                                     size_t *ret_count)
{
	const struct import_people *p = import->people;
	size_t low = 0, high = p->name_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(p->names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < p->name_count && strcmp(p->names[low + count].name, name) == 0)
		count++;
	*ret_count = count;
	return p->ids + low;
}

bool core_import_claim(struct core_import *import, const char *name)
{
	size_t count;
	const char *const *ids = core_import_named(import, name, &count);
	struct name *first = &import->people->names[ids - import->people->ids];
	bool was = count && first->claimed;

	if (count)
		first->claimed = true;
	return !was;
}

/* ---- asking, one thing after the other ---- */

bool core_import_plan_stopped(struct core_import *import, const struct prism_error *err)
{
	if (import->stage != CORE_IMPORT_COMPARING)
		return true; /* cancelled meanwhile */
	if (err)
		core_import_fail(import, err);
	return err != NULL;
}

static void learn_next(struct core_import *import);

static void learned(void *data, const struct core_asset *asset, const cJSON *raw,
                    const struct prism_error *err)
{
	struct core_import *import = data;
	struct import_assets *assets;

	PRISM_UNUSED(raw);
	if (core_import_gone(import) || (err && err->category == PRISM_ERROR_CANCELLED))
		return;
	assets = import->assets;
	if (!err)
		assets->by_id[assets->next].checksum = prism_arena_strdup(assets->arena, asset->checksum);
	assets->sorted = false;
	assets->next++;
	learn_next(import);
}

/* Is there an asset in the file that only its checksum can find? */
static bool wants_checksums(struct core_import *import)
{
	for (size_t i = 0; i < import->count; i++)
		for (size_t a = 0; a < import->items[i].asset_count; a++) {
			const struct core_import_asset *asset = &import->items[i].assets[a];
			if (*asset->checksum && (!*asset->id || !with_id(import->assets, asset->id)))
				return true;
		}
	return false;
}

static void learn_next(struct core_import *import)
{
	struct import_assets *assets = import->assets;
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_import_plan_stopped(import, NULL))
		return;
	while (assets->next < assets->count && assets->next < LEARN_MAX &&
	       *assets->by_id[assets->next].checksum)
		assets->next++;
	if (assets->next >= assets->count || assets->next >= LEARN_MAX) {
		core_import_plan(import);
		return;
	}
	core_import_say(import, "checksum of asset %zu of %zu", assets->next + 1, assets->count);
	core_import_hold(import);
	if (core_asset_fetch(import->core, assets->by_id[assets->next].id, import->cancel, learned,
	                     import, &err) == 0)
		return;
	import->calls--; /* it was not started */
	core_import_fail(import, &err);
}

static void learn(struct core_import *import)
{
	bool silent = false;

	sort_assets(import->assets);
	for (size_t i = 0; i < import->assets->count; i++)
		silent = silent || !*import->assets->by_id[i].checksum;
	if (silent && wants_checksums(import))
		learn_next(import);
	else
		core_import_plan(import);
}

static void ask_person(struct core_import *import);

static void person_here(void *data, const char *id, const struct prism_error *err)
{
	struct core_import *import = data;
	struct import_people *p;

	if (core_import_gone(import) || (err && err->category == PRISM_ERROR_CANCELLED))
		return;
	p = import->people;
	if (!err && *id && (!p->members_known || is_member(p, id)))
		p->people[p->next].id = prism_arena_strdup(p->arena, id);
	p->next++;
	ask_person(import);
}

/* Ids are looked up among the members; names are asked for. */
static void ask_person(struct core_import *import)
{
	struct import_people *p = import->people;
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_import_plan_stopped(import, NULL))
		return;
	for (; p->next < p->people_count; p->next++) {
		struct person *person = &p->people[p->next];
		if (is_member(p, person->word))
			person->id = person->word;
		else if (!core_is_uuid(person->word) || !p->members_known)
			break;
	}
	if (p->next == p->people_count || import->spec.no_members) {
		learn(import);
		return;
	}
	core_import_say(import, "looking for %s", p->people[p->next].word);
	core_import_hold(import);
	if (core_user_resolve(import->core, p->people[p->next].word, import->cancel, person_here,
	                      import, &err) < 0)
		person_here(import, "", &err);
}

static void roles_here(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	struct core_roles roles;
	struct import_people *p;
	size_t most = 1;

	if (core_import_gone(import) || (err && err->category == PRISM_ERROR_CANCELLED))
		return;
	roles = core_roles(import->core, NULL);
	p = import->people;
	for (size_t r = 0; !err && r < roles.count; r++)
		most += roles.roles[r].member_count;
	p->members = prism_alloc_array(most, sizeof(*p->members));
	p->members_known = !err && roles.count > 0;
	for (size_t r = 0; !err && r < roles.count; r++) {
		p->members_known = p->members_known && roles.roles[r].members_known;
		for (size_t m = 0; m < roles.roles[r].member_count; m++)
			p->members[p->member_count++] = prism_arena_strdup(p->arena, roles.roles[r].members[m]);
	}
	qsort(p->members, p->member_count, sizeof(*p->members), by_text);
	collect_people(import);
	ask_person(import);
}

static void assets_here(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	struct core_list *list;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (core_import_gone(import) || (err && err->category == PRISM_ERROR_CANCELLED) ||
	    core_import_plan_stopped(import, err))
		return;
	list = core_assets(import->core);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_asset *asset = core_asset_at(list, i);
		add_known(import->assets, asset->id, asset->checksum, asset->file_name, asset->type);
	}
	core_import_say(import, "reading the members of the workspace");
	core_import_hold(import);
	if (core_roles_await(import->core, NULL, true, import->cancel, roles_here, import, &failed) < 0)
		roles_here(import, &failed);
}

static bool of_journal(const struct core_import *import, const char **ids, size_t count,
                       const char *id)
{
	PRISM_UNUSED(import);
	return count && bsearch(&id, ids, count, sizeof(*ids), by_text) != NULL;
}

/* Ids this file's earlier imports made, sorted; yours. */
static const char **journal_ids(const struct core_import *import, size_t *ret_count)
{
	const char **ids = prism_alloc_array(import->count + 1, sizeof(*ids));
	size_t count = 0;

	for (size_t i = 0; import->journal && i < import->count; i++) {
		const struct core_journal_entry *entry = core_journal_entry(import->journal, i);
		if (entry && entry->id)
			ids[count++] = entry->id;
	}
	qsort(ids, count, sizeof(*ids), by_text);
	*ret_count = count;
	return ids;
}

static void take_names(struct core_import *import)
{
	struct core_list *list = core_computations(import->core);
	struct import_people *p = import->people;
	size_t own_count;
	const char **own = journal_ids(import, &own_count);

	p->names = prism_alloc_array(core_list_count(list) + 1, sizeof(*p->names));
	p->ids = prism_alloc_array(core_list_count(list) + 1, sizeof(*p->ids));
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_computation *c = core_computation_at(list, i);
		if (!of_journal(import, own, own_count, c->id))
			p->names[p->name_count++] = (struct name){prism_arena_strdup(p->arena, c->name),
			                                          prism_arena_strdup(p->arena, c->id), false};
	}
	qsort(p->names, p->name_count, sizeof(*p->names), by_name);
	for (size_t i = 0; i < p->name_count; i++)
		p->ids[i] = p->names[i].id;
	prism_free(own);
}

static void computations_here(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (core_import_gone(import) || (err && err->category == PRISM_ERROR_CANCELLED) ||
	    core_import_plan_stopped(import, err))
		return;
	take_names(import);
	core_import_say(import, "reading the assets of the workspace");
	core_import_hold(import);
	if (core_list_await(core_assets(import->core), true, import->cancel, assets_here, import,
	                    &failed) == 0)
		return;
	import->calls--; /* it was not started */
	core_import_fail(import, &failed);
}

void core_import_compare(struct core_import *import)
{
	struct prism_error err = PRISM_ERROR_INIT;

	core_import_set_stage(import, CORE_IMPORT_COMPARING);
	import->people = prism_alloc(sizeof(*import->people));
	import->people->arena = prism_arena_create();
	import->assets = prism_alloc(sizeof(*import->assets));
	import->assets->arena = prism_arena_create();
	if (!import->spec.again)
		import->journal = core_import_journal(import, CORE_JOURNAL_LOOK, &err);
	if (!import->journal && err.category == PRISM_ERROR_CONFLICT) {
		core_import_fail(import, &err);
		return;
	}
	prism_error_clear(&err);
	core_import_say(import, "reading the computations of the workspace");
	core_import_hold(import);
	if (core_list_await(core_computations(import->core), true, import->cancel, computations_here,
	                    import, &err) == 0)
		return;
	import->calls--; /* it was not started */
	core_import_fail(import, &err);
}

size_t core_import_unknown_people(const struct core_import *import)
{
	size_t count = 0;

	for (size_t i = 0; import->people && i < import->people->people_count; i++)
		count += !import->people->people[i].id;
	return count;
}
