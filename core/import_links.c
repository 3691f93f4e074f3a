/*
 * Owns the assets of one computation: what is linked already, those that are made from the file,
 * and the links.
 */
#include "core/bundle.h"
#include "core/import_run.h"

#include <string.h>

/* ---- what is linked already ---- */

static bool fresh(const struct import_run *run)
{
	return run->created && !run->looked;
}

bool core_import_is_linked(struct core_import *import, const char *asset)
{
	return !fresh(import->run) &&
	       core_list_find(core_computation_assets(import->core, import->run->id), asset);
}

static void linked_here(void *data, const struct prism_error *err)
{
	struct core_import *import = data;

	if (core_import_gone(import) || !import->run)
		return;
	if (err && core_import_fatal(err)) {
		core_import_stop(import, err);
		return;
	}
	if (err) /* then all of them are linked; the server says which were */
		core_import_item_refused(import, import->run->item->line, "assets", "links", err);
	core_import_people(import);
}

static bool prunes_links(const struct core_import *import)
{
	const struct core_import_item *item = import->run->item;

	return import->spec.prune && item->beyond_count && item->beyond[0].kind == CORE_IMPORT_LINK;
}

void core_import_ask_linked(struct core_import *import)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (fresh(import->run) || (!import->run->item->asset_count && !prunes_links(import))) {
		core_import_people(import);
		return;
	}
	core_import_hold(import);
	if (core_list_await(core_computation_assets(import->core, import->run->id), true,
	                    import->cancel, linked_here, import, &err) < 0)
		linked_here(import, &err);
}

/* ---- ASSETS ---- */

static void asset_known(struct core_import *import, const char *id)
{
	struct core_import_asset *asset = &import->run->item->assets[import->run->asset];

	import->run->changes++;
	if (*id) {
		core_import_asset_made(import, asset, id);
		asset->found_id = prism_arena_strdup(import->arena, id);
	}
	import->run->asset++;
	core_import_make_assets(import);
}

/* The server did not say the id: the checksum finds it. */
static void assets_listed(void *data, const struct prism_error *err)
{
	struct core_import *import = data;
	const struct core_import_asset *asset;
	const char *id = "";

	if (core_import_gone(import) || !import->run)
		return;
	asset = &import->run->item->assets[import->run->asset];
	struct core_list *list = core_assets(import->core);
	for (size_t i = 0; !err && i < core_list_count(list); i++)
		if (strcmp(core_asset_at(list, i)->checksum, asset->checksum) == 0 &&
		    core_asset_at(list, i)->type == asset->type)
			id = core_asset_at(list, i)->id;
	asset_known(import, id);
}

static void asset_made(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;
	struct core_import_asset *asset;
	struct import_run *run;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (core_import_gone(import) || !import->run)
		return;
	run = import->run;
	asset = &run->item->assets[run->asset];
	if (err && core_import_fatal(err)) {
		core_import_stop(import, err);
	} else if (err) {
		run->failures++;
		core_import_problem(import, run->item, CORE_PROBLEM_WARNING, asset->line, "assets",
		                    "asset %s: %s", asset->file_name, err->message);
		run->asset++;
		core_import_make_assets(import);
	} else if (*reply->id) {
		asset_known(import, reply->id);
	} else {
		core_import_hold(import);
		if (core_list_await(core_assets(import->core), true, import->cancel, assets_listed, import,
		                    &failed) < 0)
			assets_listed(import, &failed);
	}
}

static void link_assets(struct core_import *import);

void core_import_make_assets(struct core_import *import)
{
	struct import_run *run = import->run;
	struct prism_error err = PRISM_ERROR_INIT;

	for (; run->asset < run->item->asset_count; run->asset++) {
		struct core_import_asset *asset = &run->item->assets[run->asset];
		const cJSON *entry;
		if (asset->found != CORE_IMPORT_EMBEDDED || *asset->found_id)
			continue;
		core_import_find_asset(import, asset); /* one before may have made it */
		if (asset->found != CORE_IMPORT_EMBEDDED)
			continue;
		entry = cJSON_GetArrayItem(prism_json_get(run->bundle, "assets"), (int)asset->at);
		PRISM_AUTO_JSON cJSON *body = core_bundle_asset_body(entry);
		struct core_call call = {.endpoint = CORE_EP_ASSET_CREATE, .body = body};
		core_import_say(import, "asset %s", asset->file_name);
		core_import_hold(import);
		if (!core_request_start(import->core, &call, import->cancel, asset_made, import, &err))
			asset_made(import, NULL, &err);
		return;
	}
	link_assets(import);
}

/* ---- LINKS ---- */

static void link_assets(struct core_import *import)
{
	struct import_run *run = import->run;

	for (size_t i = 0; i < run->item->asset_count; i++) {
		const struct core_import_asset *asset = &run->item->assets[i];
		bool twice = false;
		for (size_t before = 0; before < i; before++)
			twice = twice || strcmp(run->item->assets[before].found_id, asset->found_id) == 0;
		if (!*asset->found_id || twice || core_import_is_linked(import, asset->found_id))
			continue;
		core_import_queue(
		    run, CORE_EP_ASSET_LINK, NULL, asset->found_id, NULL,
		    prism_asprintf("linking %s", *asset->file_name ? asset->file_name : asset->found_id),
		    asset->line);
	}
	core_import_drain(import, core_import_take);
}
