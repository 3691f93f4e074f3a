/*
 * Owns the shape of a bundle: field order and quirks on the way out, and the flat form of 2024 on
 * the way in.  What each field may hold is core/bundle_check.c.
 */
#include "core/bundle.h"

#include "base/mem.h"
#include "core/asset.h"
#include "core/internal.h"
#include "core/role.h"
#include "core/tlsmode.h"

#include <string.h>
#include <strings.h>

#define ZERO_TIME "0001-01-01T00:00:00Z" /* Go's: unset */

/* ---- out ---- */

static bool listed(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcasecmp(*words, word) == 0)
			return true;
	return false;
}

static void put_text(cJSON *to, const char *key, const cJSON *from, const char *from_key,
                     const char *fallback)
{
	cJSON_AddStringToObject(to, key, prism_json_str(from, from_key, fallback));
}

/* What `from` has beyond the words that were taken or are the server's own. */
static void put_rest(cJSON *to, const cJSON *from, const char *const *known)
{
	const cJSON *field;

	for (field = prism_json_members(from); field; field = field->next) {
		if (!listed(known, field->string))
			cJSON_AddItemToObject(to, field->string, cJSON_Duplicate(field, true));
	}
}

static cJSON *config_out(const cJSON *config, bool private_keys)
{
	static const char *const known[] = {
	    "log_level",      "cert_file",    "server_key", "server_ca_file",
	    "client_ca_file", "attested_tls", NULL};
	cJSON *out = cJSON_CreateObject();

	for (size_t i = 0; i + 2 < PRISM_COUNT(known); i++) {
		bool kept = private_keys || strcmp(known[i], "server_key") != 0;
		cJSON_AddStringToObject(out, known[i], kept ? prism_json_str(config, known[i], "") : "");
	}
	cJSON_AddBoolToObject(out, "attested_tls", prism_json_bool(config, "attested_tls", false));
	put_rest(out, config, known);
	return out;
}

cJSON *core_bundle_computation(const cJSON *raw, bool private_keys)
{
	/* the first six are exported by name; the others belong to this server and this moment */
	static const char *const known[] = {
	    "name",       "description", "start_time", "end_time",   "agent_config",     "created_at",
	    "id",         "owner",       "status",     "created_by", "updated_at",       "updated_by",
	    "domain_id",  "workspace",   "role_id",    "role_name",  "actions",          "permissions",
	    "agent_port", "backend_id",  "datasets",   "algorithm",  "result_consumers", "roles",
	    "members",    NULL};
	cJSON *out = cJSON_CreateObject();

	put_text(out, "name", raw, "name", "");
	put_text(out, "description", raw, "description", "");
	put_text(out, "start_time", raw, "start_time", ZERO_TIME);
	put_text(out, "end_time", raw, "end_time", ZERO_TIME);
	cJSON_AddItemToObject(out, "agent_config",
	                      config_out(prism_json_get(raw, "agent_config"), private_keys));
	put_text(out, "created_at", raw, "created_at", ZERO_TIME);
	put_rest(out, raw, known);
	return out;
}

bool core_bundle_has_key(const cJSON *raw)
{
	return *prism_json_str(prism_json_get(raw, "agent_config"), "server_key", "") != '\0';
}

/* The order of the web console's own export. */
static const char *const action_order[] = {
    "view", "edit", "run", "administrator", "dataset_provider", "algo_provider", "result_consumer",
    NULL};

static bool has_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Words sorted; those of action_order are left out when `others` is set. */
static void put_sorted(cJSON *array, const char *const *words, size_t count, bool others)
{
	const char **sorted = prism_alloc_array(count + 1, sizeof(*sorted));
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (!others || !listed(action_order, words[i]))
			sorted[used++] = words[i];
	qsort(sorted, used, sizeof(*sorted), by_text);
	for (size_t i = 0; i < used; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(sorted[i]));
	prism_free(sorted);
}

cJSON *core_bundle_role(const struct core_role *role)
{
	cJSON *out = cJSON_CreateObject();

	cJSON_AddStringToObject(out, "role_name", role->name);
	cJSON *actions = cJSON_AddArrayToObject(out, "actions");
	for (size_t i = 0; action_order[i]; i++)
		if (has_word(role->actions, role->action_count, action_order[i]))
			cJSON_AddItemToArray(actions, cJSON_CreateString(action_order[i]));
	put_sorted(actions, role->actions, role->action_count, true);
	if (role->member_count)
		put_sorted(cJSON_AddArrayToObject(out, "members"), role->members, role->member_count,
		           false);
	else
		cJSON_AddNullToObject(out, "members");
	return out;
}

cJSON *core_bundle_asset(const cJSON *raw, bool sample)
{
	static const char *const known[] = {
	    "file_name",   "filename",     "name",    "id",       "UserID",     "user_id",    "owner",
	    "description", "asset_type",   "type",    "asset",    "created_at", "Checksum",   "hash",
	    "mime_type",   "Computations", "UserKey", "user_key", "updated_at", "updated_by", NULL};
	const char *checksum = prism_json_str(raw, "Checksum", prism_json_str(raw, "hash", ""));
	const char *key = prism_json_str(raw, "UserKey", prism_json_str(raw, "user_key", ""));
	const char *owner = prism_json_str(raw, "user_id", prism_json_str(raw, "owner", ""));
	const char *name = prism_json_str(raw, "filename", prism_json_str(raw, "name", ""));
	cJSON *out = cJSON_CreateObject();

	put_text(out, "file_name", raw, "file_name", name);
	put_text(out, "id", raw, "id", "");
	put_text(out, "UserID", raw, "UserID", owner);
	put_text(out, "description", raw, "description", "");
	put_text(out, "asset_type", raw, "asset_type", prism_json_str(raw, "type", ""));
	cJSON_AddStringToObject(out, "asset", sample ? prism_json_str(raw, "asset", "") : "");
	put_text(out, "created_at", raw, "created_at", ZERO_TIME);
	cJSON_AddStringToObject(out, "Checksum", checksum);
	put_text(out, "mime_type", raw, "mime_type", "");
	cJSON_AddNullToObject(out, "Computations");
	cJSON_AddStringToObject(out, "UserKey", key);
	put_rest(out, raw, known);
	return out;
}

cJSON *core_bundle_link(const char *asset_id)
{
	cJSON *out = cJSON_CreateObject();

	cJSON_AddStringToObject(out, "asset_id", asset_id);
	cJSON_AddStringToObject(out, "computation_id", "");
	return out;
}

static size_t role_rank(const char *name)
{
	static const char *const order[] = {"owner",           "algo_provider", "dataset_provider",
	                                    "result_consumer", "viewer",        "editor",
	                                    "runner"};
	size_t rank = 0;

	while (rank < PRISM_COUNT(order) && strcmp(order[rank], name) != 0)
		rank++;
	return rank;
}

int core_bundle_role_order(const struct core_role *a, const struct core_role *b)
{
	size_t left = role_rank(a->name), right = role_rank(b->name);

	return left != right ? (left > right) - (left < right) : strcmp(a->name, b->name);
}

int core_bundle_asset_order(const struct core_asset *a, const struct core_asset *b)
{
	int order = strcmp(a->type_word, b->type_word);

	if (!order)
		order = strcmp(a->file_name, b->file_name);
	if (!order)
		order = strcmp(a->checksum, b->checksum);
	return order ? order : strcmp(a->id, b->id);
}

/* ---- to the server ---- */

cJSON *core_bundle_create_body(const cJSON *bundle)
{
	static const char *const left_out[] = {"id",         "owner",    "status",     "created_at",
	                                       "start_time", "end_time", "updated_at", NULL};
	const cJSON *computation = prism_json_get(bundle, "computation");
	cJSON *body = cJSON_CreateObject();

	put_rest(body, computation, left_out);
	if (!*prism_json_str(body, "description", "")) /* the server wants one; the check said so */
		core_json_put_any(body, "description", prism_json_str(computation, "name", ""));
	if (!prism_json_get(body, "agent_config")) {
		cJSON_DeleteItemFromObject(body, "agent_config");
		core_tls_mode_apply(cJSON_AddObjectToObject(body, "agent_config"), CORE_TLS_NONE,
		                    (const char *[CORE_TLS_FILE_COUNT]){NULL});
	}
	return body;
}

cJSON *core_bundle_asset_body(const cJSON *asset)
{
	static const char *const left_out[] = {"id",           "UserID",  "created_at",
	                                       "Computations", "UserKey", NULL};
	cJSON *body = cJSON_CreateObject(), *inner = cJSON_AddObjectToObject(body, "asset");
	const char *key = prism_json_str(asset, "UserKey", "");

	put_rest(inner, asset, left_out);
	if (*key)
		core_json_put(inner, "user_key", key); /* the word of the create body */
	if (!*prism_json_str(inner, "description", ""))
		core_json_put(inner, "description", prism_json_str(asset, "file_name", "imported"));
	return body;
}

/* ---- in: the flat form of 2024 ---- */

static cJSON *take(cJSON *doc, const char *key)
{
	return cJSON_DetachItemFromObject(doc, key);
}

static void mark_line(cJSON *made, const cJSON *from)
{
	made->valueint = from ? from->valueint : 0;
}

/* The role of that name, made when it is not there. */
static cJSON *role_named(cJSON *roles, const char *name)
{
	cJSON *role;

	cJSON_ArrayForEach(role, roles)
	{
		if (strcmp(prism_json_str(role, "role_name", ""), name) == 0)
			return role;
	}
	role = cJSON_CreateObject();
	cJSON_AddStringToObject(role, "role_name", name);
	cJSON *actions = cJSON_AddArrayToObject(role, "actions");
	cJSON_AddItemToArray(actions, cJSON_CreateString("view"));
	cJSON_AddItemToArray(actions, cJSON_CreateString(name));
	cJSON_AddArrayToObject(role, "members");
	cJSON_AddItemToArray(roles, role);
	return role;
}

static void add_member(cJSON *roles, const char *role_name, const cJSON *user)
{
	const char *id = cJSON_IsString(user) ? user->valuestring : "";
	cJSON *members;
	const cJSON *member;

	if (!*id)
		return;
	members = cJSON_GetObjectItemCaseSensitive(role_named(roles, role_name), "members");
	cJSON_ArrayForEach(member, members)
	{
		if (strcmp(member->valuestring, id) == 0)
			return;
	}
	cJSON *added = cJSON_CreateString(id);
	mark_line(added, user);
	cJSON_AddItemToArray(members, added);
}

static void add_by_hash(cJSON *assets, const cJSON *from, const char *type)
{
	cJSON *asset = cJSON_CreateObject();
	const cJSON *hash = prism_json_get(from, "hash");
	cJSON *sum = cJSON_AddStringToObject(asset, "Checksum", prism_json_str(from, "hash", ""));

	mark_line(asset, from);
	mark_line(sum, hash ? hash : from);
	cJSON_AddStringToObject(asset, "asset_type", type);
	cJSON_AddItemToArray(assets, asset);
}

static cJSON *from_legacy(cJSON *doc)
{
	cJSON *bundle = cJSON_CreateObject();
	cJSON *roles = cJSON_CreateArray(), *assets = cJSON_CreateArray();
	cJSON *datasets = take(doc, "datasets"), *algorithm = take(doc, "algorithm");
	cJSON *consumers = take(doc, "result_consumers");
	const cJSON *entry;

	mark_line(bundle, doc);
	if (cJSON_IsObject(algorithm)) {
		add_member(roles, "algo_provider", prism_json_get(algorithm, "provider"));
		add_by_hash(assets, algorithm, "algorithm");
	}
	cJSON_ArrayForEach(entry, datasets)
	{
		add_member(roles, "dataset_provider", prism_json_get(entry, "provider"));
		add_by_hash(assets, entry, "dataset");
	}
	cJSON_ArrayForEach(entry, consumers) add_member(roles, "result_consumer", entry);
	cJSON_Delete(datasets);
	cJSON_Delete(algorithm);
	cJSON_Delete(consumers);
	cJSON_Delete(take(doc, "backend_id"));
	cJSON_AddItemToObject(bundle, "computation", doc);
	cJSON_AddItemToObject(bundle, "roles", roles);
	cJSON_AddItemToObject(bundle, "assets", assets);
	cJSON_AddItemToObject(bundle, "asset_links", cJSON_CreateArray());
	return bundle;
}

cJSON *core_bundle_normalise(cJSON *doc, size_t item, struct core_problems *problems)
{
	char field[32];

	snprintf(field, sizeof(field), "[%zu]", item);
	if (cJSON_IsObject(prism_json_get(doc, "computation")))
		return doc;
	if (cJSON_IsObject(doc) && !prism_json_get(doc, "computation") && prism_json_get(doc, "name"))
		return from_legacy(doc);
	core_problem_add(problems, CORE_PROBLEM_ERROR, item, (uint64_t)doc->valueint, field,
	                 !cJSON_IsObject(doc) ? "not a computation: an object is expected"
	                 : prism_json_get(doc, "computation")
	                     ? "\"computation\" is not an object"
	                     : "neither \"computation\" nor \"name\" is there");
	cJSON_Delete(doc);
	return NULL;
}
