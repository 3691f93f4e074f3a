/*
 * Owns what an update brings to a computation that is there: fields, roles, actions, people and
 * links that the file has otherwise, or that the computation has not.
 *
 * While the file is read only the sums of its fields are kept, not their values: certificates and
 * keys of ten thousand computations would not fit into memory that is flat.
 */
#include "core/computation.h"
#include "core/import_private.h"
#include "core/permission.h"
#include "core/role.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 200 /* of one computation; more are not looked at */

struct core_import_field {
	const char *path; /* "agent_config.log_level" */
	uint64_t sum;
	bool empty; /* as good as missing */
};

bool core_import_field_is_own(const char *key)
{
	static const char *const own[] = {"id",         "owner",    "status",     "created_at",
	                                  "start_time", "end_time", "updated_at", NULL};

	for (size_t i = 0; own[i]; i++)
		if (strcmp(own[i], key) == 0)
			return true;
	return false;
}

bool core_import_field_left_out(const cJSON *field)
{
	return strcmp(field->string, "server_key") == 0 && cJSON_IsString(field) &&
	       !*field->valuestring;
}

bool core_import_field_is_empty(const cJSON *field)
{
	const cJSON *part;

	if (cJSON_IsArray(field))
		return !field->child;
	if (!cJSON_IsObject(field))
		return cJSON_IsNull(field) || cJSON_IsFalse(field) ||
		       (cJSON_IsString(field) && !*field->valuestring);
	cJSON_ArrayForEach(part, field)
	{
		if (!core_import_field_is_empty(part))
			return false;
	}
	return true;
}

/* ---- fields ---- */

static uint64_t sum_of(const cJSON *value)
{
	PRISM_AUTO_FREE char *text = prism_json_print(value, false);
	uint64_t sum = 14695981039346656037u; /* FNV-1a */

	for (const char *p = text; *p; p++)
		sum = (sum ^ (unsigned char)*p) * 1099511628211u;
	prism_wipe(text, strlen(text)); /* may be a private key */
	return sum;
}

struct noting {
	struct core_import *import;
	struct core_import_field *all;
	size_t count;
};

static void note(struct noting *n, const cJSON *object, const char *prefix)
{
	const cJSON *field;

	for (field = prism_json_members(object); field; field = field->next) {
		bool top = !*prefix;
		if (n->count == FIELDS_MAX || core_import_field_left_out(field) ||
		    (top && (core_import_field_is_own(field->string) || !strcmp(field->string, "name"))))
			continue;
		const char *path =
		    prism_arena_printf(n->import->arena, "%s%s%s", prefix, top ? "" : ".", field->string);
		if (cJSON_IsObject(field))
			note(n, field, path);
		else
			n->all[n->count++] =
			    (struct core_import_field){path, sum_of(field), core_import_field_is_empty(field)};
	}
}

void core_import_note_fields(struct core_import *import, struct core_import_item *item,
                             const cJSON *computation)
{
	struct core_import_field all[FIELDS_MAX];
	struct noting n = {.import = import, .all = all};

	note(&n, computation, "");
	struct core_import_field *kept = prism_arena_alloc(import->arena, n.count * sizeof(*kept) + 1);
	memcpy(kept, all, n.count * sizeof(*kept));
	item->fields = kept;
	item->field_count = n.count;
}

/* The value at "agent_config.log_level". */
static const cJSON *at_path(const cJSON *doc, const char *path)
{
	while (doc && *path) {
		size_t len = strcspn(path, ".");
		PRISM_AUTO_FREE char *key = prism_strndup(path, len);
		doc = cJSON_GetObjectItemCaseSensitive(doc, key);
		path += len + (path[len] == '.');
	}
	return doc;
}

/* ---- the list ---- */

struct news {
	struct core_import *import;
	struct core_import_item *item;
	struct core_import_differences found;
};

static void compare_fields(struct news *n, const cJSON *doc)
{
	for (size_t i = 0; i < n->item->field_count; i++) {
		const struct core_import_field *field = &n->item->fields[i];
		const cJSON *there = at_path(doc, field->path);
		if (there ? sum_of(there) != field->sum : !field->empty)
			core_import_differ(&n->found, CORE_IMPORT_FIELD, "", field->path, field->path, "");
	}
}

static bool has_member(const struct core_role *role, const char *user)
{
	for (size_t m = 0; role && m < role->member_count; m++)
		if (strcmp(role->members[m], user) == 0)
			return true;
	return false;
}

/* Is the person in a role of the file before this one? The first mention counts. */
static bool mentioned(const struct news *n, size_t role, const char *user)
{
	for (size_t r = 0; r < role; r++)
		for (size_t m = 0; m < n->item->roles[r].member_count; m++) {
			const char *id = core_import_person(n->import, n->item->roles[r].members[m]);
			if (id && strcmp(id, user) == 0)
				return true;
		}
	return false;
}

static void compare_role(struct news *n, size_t index)
{
	const struct core_import_role *from = &n->item->roles[index];
	const struct core_role *there = core_role_find(n->import->core, n->item->id, from->name);

	if (there && strcmp(there->name, from->name) != 0)
		there = NULL; /* found by its id */
	if (!there)
		core_import_differ(&n->found, CORE_IMPORT_ROLE, from->name, "", from->name, "");
	for (unsigned i = 0; there && i < CORE_PERM_COUNT; i++)
		if (from->bits & ~there->bits & (1u << i))
			core_import_differ(&n->found, CORE_IMPORT_ROLE_ACTION, from->name, core_perm_word(i),
			                   core_perm_word(i), "");
	for (size_t m = 0; !n->import->spec.no_members && m < from->member_count; m++) {
		const char *user = core_import_person(n->import, from->members[m]);
		if (user && !has_member(there, user) && !mentioned(n, index, user))
			core_import_differ(&n->found, CORE_IMPORT_PERSON, from->name, user, user, "");
	}
}

static void compare_links(struct news *n)
{
	struct core_list *list = core_computation_assets(n->import->core, n->item->id);

	for (size_t i = 0; i < n->item->asset_count; i++) {
		const struct core_import_asset *asset = &n->item->assets[i];
		if (asset->found == CORE_IMPORT_MISSING ||
		    (*asset->found_id && core_list_find(list, asset->found_id)))
			continue;
		core_import_differ(&n->found, CORE_IMPORT_LINK, "", asset->found_id,
		                   *asset->file_name    ? asset->file_name
		                   : *asset->found_name ? asset->found_name
		                                        : asset->found_id,
		                   "");
	}
}

void core_import_compare_news(struct core_import *import, struct core_import_item *item,
                              const cJSON *doc)
{
	struct news n = {.import = import, .item = item, .found = {.import = import}};

	compare_fields(&n, doc);
	for (size_t r = 0; r < item->role_count; r++)
		compare_role(&n, r);
	compare_links(&n);
	item->news = core_import_keep(&n.found, &item->news_count);
	item->compared = true;
}
