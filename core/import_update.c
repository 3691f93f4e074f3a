/*
 * Owns the changing of a computation that is there: read, merged with what the file has, written.
 * Its roles, people and links come after that, also when the writing was refused.
 */
#include "core/computation.h"
#include "core/import_run.h"

#include <string.h>

/* The file's fields over the server's; an empty private key is one that was left out. */
static void merge(cJSON *doc, const cJSON *from, bool top)
{
	const cJSON *field;

	for (field = prism_json_members(from); field; field = field->next) {
		cJSON *there = cJSON_GetObjectItemCaseSensitive(doc, field->string);
		if ((top && core_import_field_is_own(field->string)) || core_import_field_left_out(field) ||
		    (!there && core_import_field_is_empty(field)))
			continue;
		if (cJSON_IsObject(there) && cJSON_IsObject(field)) {
			merge(there, field, false);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(doc, field->string);
		cJSON_AddItemToObject(doc, field->string, cJSON_Duplicate(field, true));
	}
}

/* The rest is brought in line all the same. */
static void not_changed(struct core_import *import, const struct prism_error *err)
{
	if (core_import_fatal(err))
		core_import_stop(import, err);
	else
		core_import_item_refused(import, import->run->item->line, "computation",
		                         "its fields are not changed", err);
}

static void changed(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;

	PRISM_UNUSED(reply);
	if (core_import_gone(import) || !import->run)
		return;
	if (err)
		not_changed(import, err);
	else
		import->run->changes++;
	if (import->run)
		core_import_roles(import);
}

static void read_back(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct core_import *import = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	struct import_run *run;

	if (core_import_gone(import) || !import->run)
		return;
	run = import->run;
	if (!err && !cJSON_IsObject(reply->json)) {
		prism_error_raise(&failed, PRISM_ERROR_PROTOCOL, "the answer is not a computation");
		err = &failed;
	}
	if (err && err->category != PRISM_ERROR_MISSING) {
		not_changed(import, err);
		if (import->run)
			core_import_roles(import);
		return;
	}
	if (err) {
		core_import_item_failed(import, err);
		return;
	}
	run->merged = cJSON_Duplicate(reply->json, true);
	merge(run->merged, prism_json_get(run->bundle, "computation"), true);
	if (cJSON_Compare(run->merged, reply->json, true)) {
		core_import_roles(import);
		return;
	}
	struct core_call call = {
	    .endpoint = CORE_EP_COMP_UPDATE, .arg = {[CORE_ARG_C] = run->id}, .body = run->merged};
	core_import_hold(import);
	if (!core_request_start(import->core, &call, import->cancel, changed, import, &failed))
		changed(import, NULL, &failed);
}

void core_import_update(struct core_import *import)
{
	struct import_run *run = import->run;
	struct core_call call = {.endpoint = CORE_EP_COMP_GET, .arg = {[CORE_ARG_C] = run->item->id}};
	struct prism_error err = PRISM_ERROR_INIT;

	run->id = prism_strdup(run->item->id);
	core_import_say(import, "changing %s", run->item->name);
	core_import_hold(import);
	if (core_request_start(import->core, &call, import->cancel, read_back, import, &err))
		return;
	import->calls--; /* it was not started */
	core_import_item_failed(import, &err);
}
