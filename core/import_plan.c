/*
 * Owns the plan: what is done with each computation of the file, from what is known of the
 * workspace (core/import_known.c), and the counts of it.
 */
#include "core/import_private.h"

#include "core/computation.h"
#include "core/permission.h"

#include <string.h>

/* ---- the plan ---- */

static void decide_existing(struct core_import *import, struct core_import_item *item)
{
	size_t count;
	const char *const *ids = core_import_named(import, item->name, &count);

	if (count == 0)
		return;
	item->name_taken = true;
	if (import->spec.existing == CORE_IMPORT_EXISTING_CREATE) {
		core_import_problem(import, item, CORE_PROBLEM_WARNING, item->line, "computation.name",
		                    "%zu computation%s this name already: another one is made", count,
		                    count == 1 ? " has" : "s have");
	} else if (import->spec.existing == CORE_IMPORT_EXISTING_SKIP) {
		item->action = CORE_IMPORT_SKIP;
		item->why = "its name is taken";
	} else if (count == 1) {
		item->action = CORE_IMPORT_UPDATE;
		item->id = prism_arena_strdup(import->arena, ids[0]);
		if (!core_import_claim(import, item->name))
			core_import_problem(import, item, CORE_PROBLEM_WARNING, item->line, "computation.name",
			                    "another one of this file changes the same computation before: "
			                    "the last one counts");
	} else {
		item->action = CORE_IMPORT_BROKEN;
		item->why = "several computations have its name";
		core_import_problem(import, item, CORE_PROBLEM_ERROR, item->line, "computation.name",
		                    "%zu computations have this name: which one to change is not clear",
		                    count);
	}
}

/* What an earlier import of this file did with it. */
static bool decide_earlier(struct core_import *import, struct core_import_item *item)
{
	const struct core_journal_entry *entry =
	    import->journal ? core_journal_entry(import->journal, item->index) : NULL;
	struct core_list *list = core_computations(import->core);
	bool there = entry && entry->id && core_list_find(list, entry->id);

	if (!entry || (entry->id && !there && entry->done))
		return false; /* it was deleted since: it is made again */
	if (there && entry->done && entry->ok) {
		item->action = CORE_IMPORT_THERE;
		item->why = "made by an earlier import of this file";
		item->id = prism_arena_strdup(import->arena, entry->id);
	} else if (there || (entry->begun && !entry->id && !entry->done)) {
		item->action = CORE_IMPORT_GO_ON;
		item->why = "an earlier import of this file did not come to its end";
		item->id = prism_arena_strdup(import->arena, there ? entry->id : "");
	} else {
		return false;
	}
	return true;
}

static void decide_assets(struct core_import *import, struct core_import_item *item)
{
	for (size_t i = 0; i < item->asset_count; i++) {
		struct core_import_asset *asset = &item->assets[i];
		core_import_find_asset(import, asset);
		if (asset->found == CORE_IMPORT_BY_CHECKSUM && *asset->file_name &&
		    strcmp(asset->found_name, asset->file_name) != 0)
			core_import_problem(import, item, CORE_PROBLEM_WARNING, asset->line, "assets",
			                    "%s is called %s in the workspace, and agents go by the name",
			                    asset->file_name, asset->found_name);
		if (asset->found == CORE_IMPORT_MISSING)
			core_import_problem(import, item, CORE_PROBLEM_WARNING, asset->line, "assets",
			                    "%s %s is not in the workspace%s",
			                    asset->type == CORE_ASSET_OTHER ? "asset"
			                                                    : core_asset_type_word(asset->type),
			                    *asset->file_name ? asset->file_name
			                    : *asset->id      ? asset->id
			                                      : asset->checksum,
			                    asset->embedded ? "; it can be made from the file" : "");
	}
}

static void decide_people(struct core_import *import, struct core_import_item *item)
{
	for (size_t r = 0; !import->spec.no_members && r < item->role_count; r++) {
		struct core_import_role *role = &item->roles[r];
		for (size_t m = 0; m < role->member_count; m++) {
			if (core_import_person(import, role->members[m]))
				continue;
			role->unknown++;
			core_import_problem(import, item, CORE_PROBLEM_WARNING, role->line, "roles",
			                    "%s of role %s does not belong to the workspace: left out",
			                    role->members[m], role->name);
		}
	}
}

void core_import_planned(struct core_import *import)
{
	char reason[200];

	if (!core_workspace_may(import->core, CORE_WPERM_CREATE_COMPUTATION, reason, sizeof(reason)))
		core_import_problem(import, NULL, CORE_PROBLEM_WARNING, 0, "",
		                    "computations will hardly be created: %s", reason);
	core_import_set_stage(import, CORE_IMPORT_READY);
}

void core_import_plan(struct core_import *import)
{
	for (size_t i = 0; i < import->count; i++) {
		struct core_import_item *item = &import->items[i];
		if (item->action == CORE_IMPORT_BROKEN)
			continue;
		if (!decide_earlier(import, item))
			decide_existing(import, item);
		if (item->action == CORE_IMPORT_THERE || item->action == CORE_IMPORT_SKIP)
			continue;
		decide_assets(import, item);
		decide_people(import, item);
	}
	core_import_look_beyond(import);
}

/* ---- counting ---- */

struct core_import_counts core_import_counts(const struct core_import *import)
{
	struct core_import_counts counts = {0};

	for (size_t i = 0; i < core_import_count(import); i++) {
		const struct core_import_item *item = &import->items[i];
		counts.by_action[item->left_out ? CORE_IMPORT_SKIP : item->action]++;
		counts.by_outcome[item->outcome]++;
		bool acts = item->action <= CORE_IMPORT_GO_ON && !item->left_out;
		for (size_t a = 0; acts && a < item->asset_count; a++)
			counts.by_found[item->assets[a].found]++;
		counts.name_clashes +=
		    item->name_taken && item->action == CORE_IMPORT_CREATE && !item->left_out;
		for (size_t b = 0; !item->left_out && b < item->beyond_count; b++)
			*(*item->beyond[b].kept ? &counts.beyond_kept : &counts.beyond) += 1;
	}
	counts.members_unknown = core_import_unknown_people(import);
	return counts;
}
