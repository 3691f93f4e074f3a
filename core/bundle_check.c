/*
 * Owns what each field of a bundle may hold, and the words for what it may not.
 */
#include "core/bundle.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/asset.h"
#include "core/permission.h"
#include "core/tlsmode.h"
#include "core/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct check {
	size_t item;
	struct core_problems *problems;
	bool usable;
	char prefix[96]; /* "[2].roles[0]" */
};

static void report(struct check *c, enum core_problem_level level, const cJSON *at, const char *key,
                   const char *fmt, ...) PRISM_PRINTF(5, 6);

/* key NULL: the prefix itself. */
static void report(struct check *c, enum core_problem_level level, const cJSON *at, const char *key,
                   const char *fmt, ...)
{
	char text[PRISM_ERROR_TEXT], field[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(field, sizeof(field), "%s%s%s", c->prefix, key && *key != '[' ? "." : "",
	         key ? key : "");
	if (level == CORE_PROBLEM_ERROR)
		c->usable = false;
	core_problem_add(c->problems, level, c->item, at ? (uint64_t)at->valueint : 0, field, "%s",
	                 text);
}

static void set_prefix(struct check *c, const char *part, size_t index, bool indexed)
{
	if (indexed)
		snprintf(c->prefix, sizeof(c->prefix), "[%zu].%s[%zu]", c->item, part, index);
	else
		snprintf(c->prefix, sizeof(c->prefix), "[%zu]%s%s", c->item, *part ? "." : "", part);
}

static const cJSON *field_of(const cJSON *obj, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(obj, key);

	return item ? item : cJSON_GetObjectItem(obj, key);
}

/* A text field: NULL and absent are "". Another type is a problem of that level and gives NULL. */
static const char *text_of(struct check *c, const cJSON *obj, const char *key,
                           enum core_problem_level level)
{
	const cJSON *item = field_of(obj, key);

	if (!item || cJSON_IsNull(item))
		return "";
	if (cJSON_IsString(item))
		return item->valuestring;
	report(c, level, item, key, "not a text");
	return NULL;
}

/* ---- the computation ---- */

static void check_time(struct check *c, const cJSON *obj, const char *key)
{
	const char *text = text_of(c, obj, key, CORE_PROBLEM_WARNING);
	int64_t us;

	if (text && prism_time_parse(text, &us, NULL) < 0)
		report(c, CORE_PROBLEM_WARNING, field_of(obj, key), key, "not an ISO 8601 time");
}

static void check_tls(struct check *c, const cJSON *config, const struct core_agent_config *agent)
{
	enum core_tls_mode mode = core_tls_mode_of(agent);
	const struct core_tls_mode_info *info = core_tls_mode_info(mode);
	const char *note = core_tls_mode_note(agent);

	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		const char *key = core_tls_file_info(i)->key;
		const cJSON *item = field_of(config, key);
		enum core_tls_value kind = core_tls_value_kind(agent->file[i]);
		if (kind == CORE_TLS_VALUE_EMPTY && (info->required & (1u << i)))
			report(c, CORE_PROBLEM_WARNING, item ? item : config, key, "empty, and %s needs it",
			       info->label);
		else if (kind == CORE_TLS_VALUE_PATH && strlen(agent->file[i]) > 255)
			report(c, CORE_PROBLEM_WARNING, item, key,
			       "neither PEM nor base64 of PEM; it is sent as it is");
	}
	if (*note)
		report(c, CORE_PROBLEM_WARNING, config, NULL, "%s", note);
}

static void check_config(struct check *c, const cJSON *computation)
{
	const cJSON *config = field_of(computation, "agent_config");
	const cJSON *attested = field_of(config, "attested_tls");
	struct core_agent_config agent;
	struct prism_error err = PRISM_ERROR_INIT;
	const char *level;

	if (!config || cJSON_IsNull(config)) {
		report(c, CORE_PROBLEM_NOTE, computation, "agent_config", "missing: no TLS");
		return;
	}
	if (!cJSON_IsObject(config)) {
		report(c, CORE_PROBLEM_ERROR, config, "agent_config", "not an object");
		return;
	}
	set_prefix(c, "computation.agent_config", 0, false);
	level = text_of(c, config, "log_level", CORE_PROBLEM_ERROR);
	if (level && core_validate(CORE_FIELD_LOG_LEVEL, level, &err) < 0)
		report(c, CORE_PROBLEM_ERROR, field_of(config, "log_level"), "log_level", "%s",
		       err.message);
	if (attested && !cJSON_IsBool(attested))
		report(c, CORE_PROBLEM_ERROR, attested, "attested_tls", "neither true nor false");
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		if (!text_of(c, config, core_tls_file_info(i)->key, CORE_PROBLEM_ERROR))
			return;
	core_agent_config_decode(&agent, config);
	check_tls(c, config, &agent);
}

static void check_computation(struct check *c, const cJSON *computation)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const cJSON *at;
	const char *name, *description;

	set_prefix(c, "computation", 0, false);
	name = text_of(c, computation, "name", CORE_PROBLEM_ERROR);
	at = field_of(computation, "name");
	if (name && core_validate(CORE_FIELD_COMPUTATION_NAME, name, &err) < 0)
		report(c, CORE_PROBLEM_ERROR, at ? at : computation, "name", "%s", err.message);
	description = text_of(c, computation, "description", CORE_PROBLEM_ERROR);
	at = field_of(computation, "description");
	if (description && !*description)
		report(c, CORE_PROBLEM_WARNING, at ? at : computation, "description",
		       "empty: the name is used, since Prism wants one");
	else if (description &&
	         core_validate(CORE_FIELD_COMPUTATION_DESCRIPTION, description, &err) < 0)
		report(c, CORE_PROBLEM_ERROR, at, "description", "%s", err.message);
	check_time(c, computation, "start_time");
	check_time(c, computation, "end_time");
	check_time(c, computation, "created_at");
	check_config(c, computation);
}

/* ---- lists ---- */

/* An array, or NULL for null and absent; anything else is a problem. */
static const cJSON *array_of(struct check *c, const cJSON *obj, const char *key, size_t most)
{
	const cJSON *item = field_of(obj, key);

	if (!item || cJSON_IsNull(item))
		return NULL;
	if (!cJSON_IsArray(item)) {
		report(c, CORE_PROBLEM_ERROR, item, key, "not a list");
		return NULL;
	}
	if ((size_t)cJSON_GetArraySize(item) > most) {
		report(c, CORE_PROBLEM_ERROR, item, key, "more than %zu entries", most);
		return NULL;
	}
	return item;
}

static bool is_object(struct check *c, const cJSON *item)
{
	if (cJSON_IsObject(item))
		return true;
	report(c, CORE_PROBLEM_WARNING, item, NULL, "not an object: left out");
	return false;
}

static void check_actions(struct check *c, const cJSON *role)
{
	const cJSON *action;

	cJSON_ArrayForEach(action, array_of(c, role, "actions", 100))
	{
		if (!cJSON_IsString(action) || !core_perm_bit(action->valuestring))
			report(c, CORE_PROBLEM_WARNING, action, "actions",
			       "\"%.60s\" is not an action: left out",
			       cJSON_IsString(action) ? action->valuestring : "?");
	}
}

/* One role a user: says which later mention does not count. */
static void check_members(struct check *c, const cJSON *roles, const cJSON *role)
{
	const cJSON *member, *earlier, *other;

	cJSON_ArrayForEach(member, array_of(c, role, "members", CORE_BUNDLE_MEMBERS))
	{
		bool twice = false;
		if (!cJSON_IsString(member) || !*member->valuestring) {
			report(c, CORE_PROBLEM_WARNING, member, "members", "not a user id: left out");
			continue;
		}
		for (earlier = roles->child; earlier && earlier != role && !twice; earlier = earlier->next)
			cJSON_ArrayForEach(other, prism_json_array(earlier, "members")) twice =
			    twice ||
			    (cJSON_IsString(other) && strcmp(other->valuestring, member->valuestring) == 0);
		if (twice)
			report(c, CORE_PROBLEM_WARNING, member, "members",
			       "%.60s has a role already: the first one counts", member->valuestring);
	}
}

static void check_roles(struct check *c, const cJSON *bundle)
{
	const cJSON *roles, *role, *earlier;
	size_t index = 0;

	set_prefix(c, "", 0, false);
	roles = array_of(c, bundle, "roles", CORE_BUNDLE_ROLES);
	cJSON_ArrayForEach(role, roles)
	{
		struct prism_error err = PRISM_ERROR_INIT;
		set_prefix(c, "roles", index++, true);
		if (!is_object(c, role))
			continue;
		const char *name = text_of(c, role, "role_name", CORE_PROBLEM_WARNING);
		if (!name || core_validate(CORE_FIELD_ROLE_NAME, name, &err) < 0) {
			if (name)
				report(c, CORE_PROBLEM_WARNING, role, "role_name", "%s The role is left out.",
				       err.message);
			continue;
		}
		for (earlier = roles->child; earlier != role; earlier = earlier->next)
			if (strcmp(prism_json_str(earlier, "role_name", ""), name) == 0)
				report(c, CORE_PROBLEM_WARNING, role, "role_name",
				       "\"%.60s\" is there already: left out", name);
		check_actions(c, role);
		check_members(c, roles, role);
	}
}

/* ---- assets ---- */

static void check_sample(struct check *c, const cJSON *asset)
{
	const char *text = text_of(c, asset, "asset", CORE_PROBLEM_WARNING);
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_SAMPLE_MAX);

	if (!text || !*text || prism_base64_decode(text, strlen(text), &bytes, &err) == 0)
		return;
	report(c, CORE_PROBLEM_WARNING, field_of(asset, "asset"), "asset",
	       err.category == PRISM_ERROR_LIMIT ? "the sample is larger than 10 MB"
	                                         : "the sample is not base64");
}

static void check_asset(struct check *c, const cJSON *asset)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *checksum = text_of(c, asset, "Checksum", CORE_PROBLEM_WARNING);
	const char *id = text_of(c, asset, "id", CORE_PROBLEM_WARNING);
	const char *type = text_of(c, asset, "asset_type", CORE_PROBLEM_WARNING);
	const cJSON *at = field_of(asset, "Checksum");
	enum core_asset_type parsed;

	if (checksum && *checksum && core_validate(CORE_FIELD_CHECKSUM, checksum, &err) < 0)
		report(c, CORE_PROBLEM_WARNING, at, "Checksum", "not 64 hex digits of SHA3-256");
	if (type && *type && core_asset_type_parse(type, &parsed, NULL) < 0)
		report(c, CORE_PROBLEM_WARNING, field_of(asset, "asset_type"), "asset_type",
		       "neither \"algorithm\" nor \"dataset\"");
	if (id && checksum && !*id && !*checksum)
		report(c, CORE_PROBLEM_WARNING, asset, "id", "neither id nor Checksum: left out");
	(void)text_of(c, asset, "file_name", CORE_PROBLEM_WARNING);
	(void)text_of(c, asset, "description", CORE_PROBLEM_WARNING);
	check_time(c, asset, "created_at");
	check_sample(c, asset);
}

static void check_assets(struct check *c, const cJSON *bundle)
{
	const cJSON *entry;
	size_t index = 0;

	set_prefix(c, "", 0, false);
	cJSON_ArrayForEach(entry, array_of(c, bundle, "assets", CORE_BUNDLE_ASSETS))
	{
		set_prefix(c, "assets", index++, true);
		if (is_object(c, entry))
			check_asset(c, entry);
	}
	index = 0;
	set_prefix(c, "", 0, false);
	cJSON_ArrayForEach(entry, array_of(c, bundle, "asset_links", CORE_BUNDLE_ASSETS))
	{
		set_prefix(c, "asset_links", index++, true);
		const char *id =
		    is_object(c, entry) ? text_of(c, entry, "asset_id", CORE_PROBLEM_WARNING) : NULL;
		if (id && !*id)
			report(c, CORE_PROBLEM_WARNING, entry, "asset_id", "empty: left out");
	}
}

/* ---- what is not known ---- */

static void note_unknown(struct check *c, const cJSON *obj, const char *const *known,
                         const char *fate)
{
	const cJSON *field;

	for (field = prism_json_members(obj); field; field = field->next) {
		bool found = false;
		for (size_t i = 0; known[i]; i++)
			found = found || strcmp(known[i], field->string) == 0;
		if (!found)
			report(c, CORE_PROBLEM_NOTE, field, field->string, "unknown field: %s", fate);
	}
}

static void check_unknown(struct check *c, const cJSON *bundle)
{
	static const char *const parts[] = {"computation", "roles", "assets", "asset_links", NULL};
	static const char *const role_fields[] = {"role_name", "actions", "members", NULL};
	static const char *const fields[] = {"name",         "description", "start_time", "end_time",
	                                     "agent_config", "created_at",  "id",         "owner",
	                                     "status",       NULL};
	const cJSON *role;
	size_t index = 0;

	set_prefix(c, "", 0, false);
	note_unknown(c, bundle, parts, "Prism has no place for it");
	set_prefix(c, "computation", 0, false);
	note_unknown(c, prism_json_get(bundle, "computation"), fields, "sent as it is");
	cJSON_ArrayForEach(role, prism_json_array(bundle, "roles"))
	{
		set_prefix(c, "roles", index++, true);
		if (cJSON_IsObject(role))
			note_unknown(c, role, role_fields, "Prism has no place for it");
	}
}

bool core_bundle_check(const cJSON *bundle, size_t item, struct core_problems *problems)
{
	struct check c = {.item = item, .problems = problems, .usable = true};

	check_computation(&c, prism_json_get(bundle, "computation"));
	check_roles(&c, bundle);
	check_assets(&c, bundle);
	check_unknown(&c, bundle);
	return c.usable;
}
