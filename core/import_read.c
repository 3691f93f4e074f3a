/*
 * Owns the reading of the file on a worker: what each bundle asks for, kept without its bytes.
 */
#include "core/import_private.h"

#include "base/text.h"
#include "core/permission.h"

#include <string.h>

#define TELL_BYTES (4u << 20) /* read between two words about it */
#define LINE_MAX_ 200         /* bytes of a description in the plan */

/* ---- one bundle ---- */

static const char *keep(struct core_import *import, const char *text)
{
	return prism_arena_strdup(import->arena, text ? text : "");
}

static const char *keep_line(struct core_import *import, const char *text)
{
	char *line = core_text_cut(import->arena, text, LINE_MAX_);

	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static bool is_checksum(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static void take_asset(struct core_import *import, struct core_import_item *item,
                       const cJSON *entry, size_t at)
{
	struct core_import_asset *asset = &item->assets[item->asset_count];
	const char *checksum = prism_json_str(entry, "Checksum", "");
	const char *id = prism_json_str(entry, "id", "");

	checksum = is_checksum(checksum) ? checksum : "";
	if (!*id && !*checksum)
		return;
	*asset = (struct core_import_asset){.id = keep(import, id),
	                                    .checksum = keep(import, checksum),
	                                    .file_name =
	                                        keep(import, prism_json_str(entry, "file_name", "")),
	                                    .at = at,
	                                    .line = (uint64_t)entry->valueint,
	                                    .found = CORE_IMPORT_MISSING,
	                                    .found_id = "",
	                                    .found_name = ""};
	if (core_asset_type_parse(prism_json_str(entry, "asset_type", ""), &asset->type, NULL) < 0)
		asset->type = CORE_ASSET_OTHER;
	asset->embedded = *checksum && asset->type != CORE_ASSET_OTHER;
	item->asset_count++;
}

static bool has_asset(const struct core_import_item *item, const char *id)
{
	for (size_t i = 0; i < item->asset_count; i++)
		if (strcmp(item->assets[i].id, id) == 0)
			return true;
	return false;
}

static void take_assets(struct core_import *import, struct core_import_item *item,
                        const cJSON *bundle)
{
	const cJSON *assets = prism_json_array(bundle, "assets"), *entry;
	const cJSON *links = prism_json_array(bundle, "asset_links");
	size_t most = (size_t)cJSON_GetArraySize(assets) + (size_t)cJSON_GetArraySize(links), at = 0;

	item->assets = prism_arena_alloc(import->arena, (most + 1) * sizeof(*item->assets));
	cJSON_ArrayForEach(entry, assets)
	{
		const char *id = prism_json_str(entry, "id", "");
		if (cJSON_IsObject(entry) && (!*id || !has_asset(item, id)))
			take_asset(import, item, entry, at);
		at++;
	}
	cJSON_ArrayForEach(entry, links)
	{
		const char *id = prism_json_str(entry, "asset_id", "");
		if (!*id || has_asset(item, id))
			continue;
		item->assets[item->asset_count++] =
		    (struct core_import_asset){.id = keep(import, id),
		                               .checksum = "",
		                               .file_name = "",
		                               .type = CORE_ASSET_OTHER,
		                               .at = SIZE_MAX,
		                               .line = (uint64_t)entry->valueint,
		                               .found = CORE_IMPORT_MISSING,
		                               .found_id = "",
		                               .found_name = ""};
	}
}

static bool has_role(const struct core_import_item *item, const char *name)
{
	for (size_t i = 0; i < item->role_count; i++)
		if (strcmp(item->roles[i].name, name) == 0)
			return true;
	return false;
}

static void take_roles(struct core_import *import, struct core_import_item *item,
                       const cJSON *bundle)
{
	const cJSON *roles = prism_json_array(bundle, "roles"), *entry, *member, *action;

	item->roles = prism_arena_alloc(import->arena,
	                                ((size_t)cJSON_GetArraySize(roles) + 1) * sizeof(*item->roles));
	cJSON_ArrayForEach(entry, roles)
	{
		const char *name = prism_json_str(entry, "role_name", "");
		const cJSON *members = prism_json_array(entry, "members");
		const cJSON *actions = prism_json_array(entry, "actions");
		if (!*name || has_role(item, name))
			continue;
		struct core_import_role *role = &item->roles[item->role_count++];
		const char **words = prism_arena_alloc(
		    import->arena, ((size_t)cJSON_GetArraySize(members) + 1) * sizeof(*words));
		role->name = keep(import, name);
		role->actions = (size_t)cJSON_GetArraySize(actions);
		role->says_actions = actions != NULL;
		role->says_members = cJSON_HasObjectItem(entry, "members"); /* null: none */
		role->bits = core_perm_bits(actions);
		cJSON_ArrayForEach(action, actions)
		{
			role->other_actions = role->other_actions || !cJSON_IsString(action) ||
			                      !core_perm_bit(action->valuestring);
		}
		item->all_roles = item->all_roles || (actions && strcmp(name, "owner") == 0);
		role->line = (uint64_t)entry->valueint;
		cJSON_ArrayForEach(member, members)
		{
			if (cJSON_IsString(member) && *member->valuestring)
				words[role->member_count++] = keep(import, member->valuestring);
		}
		role->members = words;
	}
}

static void take_item(struct core_import *import, const cJSON *bundle,
                      const struct core_bundle_place *place, bool usable)
{
	const cJSON *computation = prism_json_get(bundle, "computation");
	struct core_agent_config agent;

	if (import->count == import->room) {
		import->room = import->room ? import->room * 2 : 64;
		import->items = prism_realloc_array(import->items, import->room, sizeof(*import->items));
		import->places = prism_realloc_array(import->places, import->room, sizeof(*import->places));
	}
	import->places[import->count] = *place;
	struct core_import_item *item = &import->items[import->count++];
	*item = (struct core_import_item){.index = place->index,
	                                  .line = place->line,
	                                  .action = usable ? CORE_IMPORT_CREATE : CORE_IMPORT_BROKEN,
	                                  .id = "",
	                                  .why = ""};
	item->name = keep(import, prism_json_str(computation, "name", ""));
	if (import->spec.name && import->count == 1)
		item->name = import->spec.name;
	item->description = keep_line(import, prism_json_str(computation, "description", ""));
	core_agent_config_decode(&agent, prism_json_get(computation, "agent_config"));
	item->mode = core_tls_mode_of(&agent);
	item->has_key = *agent.file[CORE_TLS_FILE_KEY] != '\0';
	if (import->spec.existing == CORE_IMPORT_EXISTING_UPDATE)
		core_import_note_fields(import, item, computation);
	take_assets(import, item, bundle);
	take_roles(import, item, bundle);
	item->all_assets =
	    item->asset_count > 0 || (item->all_roles && (prism_json_array(bundle, "assets") ||
	                                                  prism_json_array(bundle, "asset_links")));
}

/* ---- the worker ---- */

void core_import_progressed(void *data)
{
	struct core_import *import = data;

	if (!import->orphan && import->core)
		core_import_changed(import);
}

/* From the worker: before its end is told, so the import is still there. */
static void tell_progress(struct core_import *import)
{
	uint64_t done = core_bundle_file_done(import->file);

	if (done - atomic_load(&import->read_done) < TELL_BYTES)
		return;
	atomic_store(&import->read_size, core_bundle_file_size(import->file));
	atomic_store(&import->read_done, done);
	prism_loop_post(import->loop, core_import_progressed, import);
}

void core_import_read(void *data)
{
	struct core_import *import = data;
	struct core_bundle_place place;
	cJSON *bundle;
	int got = -1;

	import->file = core_bundle_file_open(import->path, import->cancel, &import->error);
	while (import->file && (got = core_bundle_file_next(import->file, &import->problems, &place,
	                                                    &bundle, &import->broken)) > 0) {
		bool usable = bundle && core_bundle_check(bundle, place.index, &import->problems);
		take_item(import, bundle, &place, usable && !place.damaged);
		prism_json_free(bundle);
		tell_progress(import);
	}
	if (import->file && core_bundle_file_hash(import->file, import->hash, &import->error) < 0)
		import->hash[0] = '\0';
}
