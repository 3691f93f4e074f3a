/* Workspaces, "domains" on the wire (prism-api.md sections 3.2 and 4.2). */
#include "net/crypto.h"
#include "sandbox/api.h"
#include "sandbox/roles.h"

#include <ctype.h>

#define WORKSPACE_COLUMNS                                                               \
	"w.id, w.name, w.route, w.tags, w.metadata, w.status, w.created_by, w.created_at, " \
	"w.updated_by,"                                                                     \
	" w.updated_at"

static bool is_uuid(const char *text)
{
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == '\0';
}

/* ^[a-zA-Z][a-zA-Z0-9_-]{0,35}$ without "__" and "--", or a UUID */
static bool route_valid(const char *route)
{
	if (is_uuid(route))
		return true;
	if (!isalpha((unsigned char)route[0]) || strlen(route) > 36 || strstr(route, "__") ||
	    strstr(route, "--"))
		return false;
	for (const char *c = route; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	return true;
}

static void write_actions(struct sb_json *out, enum sb_role_kind kind, uint32_t actions)
{
	sb_json_array(out, "actions");
	for (unsigned bit = 0; bit < sb_action_count(kind); bit++)
		if (actions & (1u << bit))
			sb_json_str(out, NULL, sb_action_word(kind, bit));
	sb_json_end(out);
}

/* rows: WORKSPACE_COLUMNS. Leaves the object open. */
static void write_fields(struct sb_json *out, const struct sb_rows *rows)
{
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "name", sb_rows_text(rows, 1));
	sb_json_raw(out, "tags", sb_rows_text(rows, 3));
	sb_json_raw(out, "metadata", sb_rows_text(rows, 4));
	sb_json_str(out, "route", sb_rows_text(rows, 2));
	sb_json_str(out, "alias", sb_rows_text(rows, 2));
	sb_json_str(out, "status", sb_rows_text(rows, 5));
	sb_json_str(out, "created_by", sb_rows_text(rows, 6));
	sb_json_time(out, "created_at", sb_rows_int(rows, 7));
	if (sb_rows_text(rows, 8)[0])
		sb_json_str(out, "updated_by", sb_rows_text(rows, 8));
	sb_json_time(out, "updated_at",
	             sb_rows_null(rows, 9) ? PRISM_TIME_UNSET : sb_rows_int(rows, 9));
}

/* The caller's role in the open object. */
static void write_caller_role(struct sb_call *call, int64_t workspace, bool nested)
{
	struct sb_json *out = &call->out;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT r.id, r.name, r.actions FROM role_members m JOIN roles r ON r.n = m.role WHERE"
	    " m.kind = 0 AND m.entity = ? AND m.user = ?",
	    SB_ARGS(SB_I(workspace), SB_I(call->caller.n)));
	if (nested)
		sb_json_array(out, "roles");
	if (sb_rows_next(&rows)) {
		if (nested)
			sb_json_object(out, NULL);
		sb_json_str(out, "role_id", sb_rows_text(rows, 0));
		sb_json_str(out, "role_name", sb_rows_text(rows, 1));
		write_actions(out, SB_ROLE_WORKSPACE, (uint32_t)sb_rows_int(rows, 2));
		if (nested) {
			sb_json_str(out, "access_type", "direct");
			sb_json_end(out);
		}
	}
	if (nested)
		sb_json_end(out);
}

static void write_workspace(struct sb_call *call, int64_t workspace, bool with_roles)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, "SELECT " WORKSPACE_COLUMNS " FROM workspaces w WHERE w.n = ?",
	                SB_ARGS(SB_I(workspace)));
	if (!sb_rows_next(&rows))
		return;
	write_fields(&call->out, rows);
	if (with_roles)
		write_caller_role(call, workspace, true);
	sb_json_end(&call->out);
}

static char *json_member(const cJSON *obj, const char *key)
{
	const cJSON *value = prism_json_get(obj, key);
	return value ? prism_json_print(value, false) : NULL;
}

void sb_api_workspace_create(struct sb_call *call)
{
	char id[37];
	const char *name = prism_json_str(call->json, "name", "");
	const char *route =
	    prism_json_str(call->json, "route", prism_json_str(call->json, "alias", ""));
	const char *wanted = prism_json_str(call->json, "id", "");
	const char *reason = !name[0]                        ? "missing identity name"
	                     : strlen(name) > 1024           ? "invalid name size"
	                     : !route[0]                     ? "missing route"
	                     : !route_valid(route)           ? "invalid route"
	                     : wanted[0] && !is_uuid(wanted) ? "invalid id format provided"
	                                                     : NULL;
	if (reason) {
		sb_invalid(call, reason);
		return;
	}
	net_uuid4(id);
	PRISM_AUTO_FREE char *tags = json_member(call->json, "tags");
	PRISM_AUTO_FREE char *metadata = json_member(call->json, "metadata");
	sb_db_begin(call->sb->db);
	int changed =
	    sb_db_run(call->sb->db,
	              "INSERT INTO workspaces(id, name, route, tags, metadata, created_by,"
	              " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
	              SB_ARGS(SB_T(wanted[0] ? wanted : id), SB_T(name), SB_T(route), SB_T(tags),
	                      SB_T(metadata), SB_T(call->caller.id), SB_I(sb_now_us(call->sb))));
	if (changed != 1) {
		sb_db_rollback(call->sb->db);
		sb_fail(call, 422, SB_TEXT_CREATE, SB_TEXT_CONFLICT);
		return;
	}
	int64_t workspace = sb_db_last_id(call->sb->db);
	sb_roles_make(call->sb, SB_ROLE_WORKSPACE, workspace, call->caller.id, call->caller.n);
	sb_db_commit(call->sb->db);
	sb_header(call, "Location", "/domains/%s", wanted[0] ? wanted : id);
	write_workspace(call, workspace, false);
	sb_ok(call, 201);
}

static bool status_known(const char *status)
{
	static const char *const words[] = {"enabled", "disabled", "freezed", "deleted", "all"};
	for (unsigned i = 0; i < PRISM_COUNT(words); i++)
		if (strcmp(words[i], status) == 0)
			return true;
	return false;
}

void sb_api_workspace_list(struct sb_call *call)
{
	static const char from[] =
	    " FROM role_members m JOIN workspaces w ON w.n = m.entity WHERE m.kind = 0 AND m.user ="
	    " ?1 AND (?2 = 'all' OR w.status = ?2) AND (?3 IS NULL OR w.name LIKE ?3 ESCAPE '\\')"
	    " AND (?4 IS NULL OR w.id = ?4)";
	struct sb_page page;
	const char *status = sb_query(call, "status"), *name = sb_query(call, "name");
	const char *id = sb_query(call, "id");
	if (!status || !status[0])
		status = "enabled";
	if (sb_page_parse(call, &page) < 0)
		return;
	if (!status_known(status)) {
		sb_invalid(call, "invalid status");
		return;
	}
	const char *like = name && name[0] ? sb_like(call, name) : NULL;
	const char *order = page.order && strcmp(page.order, "name") == 0 ? "w.name COLLATE NOCASE"
	                    : page.order && strcmp(page.order, "updated_at") == 0 ? "w.updated_at"
	                                                                          : "w.created_at";
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*)%s", from);
	int64_t total = sb_db_int(call->sb->db, 0, count_sql,
	                          SB_ARGS(SB_I(call->caller.n), SB_T(status), SB_T(like), SB_T(id)));
	PRISM_AUTO_FREE char *sql =
	    prism_asprintf("SELECT " WORKSPACE_COLUMNS ", w.n%s ORDER BY %s %s, w.n LIMIT ?5 OFFSET ?6",
	                   from, order, page.ascending ? "ASC" : "DESC");
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, sql,
	                SB_ARGS(SB_I(call->caller.n), SB_T(status), SB_T(like), SB_T(id),
	                        SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "domains");
	while (sb_rows_next(&rows)) {
		write_fields(&call->out, rows);
		write_caller_role(call, sb_rows_int(rows, 10), false);
		sb_json_end(&call->out);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_workspace_view(struct sb_call *call)
{
	const char *roles = sb_query(call, "roles");
	write_workspace(call, call->workspace, roles && strcmp(roles, "true") == 0);
	sb_ok(call, 200);
}

void sb_api_workspace_update(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "name", "");
	PRISM_AUTO_FREE char *tags = json_member(call->json, "tags");
	PRISM_AUTO_FREE char *metadata = json_member(call->json, "metadata");
	if (strlen(name) > 1024) {
		sb_invalid(call, "invalid name size");
		return;
	}
	sb_db_run(
	    call->sb->db,
	    "UPDATE workspaces SET name = coalesce(nullif(?, ''), name), tags = coalesce(?, tags),"
	    " metadata = coalesce(?, metadata), updated_by = ?, updated_at = ? WHERE n = ?",
	    SB_ARGS(SB_T(name), SB_T(tags), SB_T(metadata), SB_T(call->caller.id),
	            SB_I(sb_now_us(call->sb)), SB_I(call->workspace)));
	write_workspace(call, call->workspace, false);
	sb_ok(call, 200);
}

static void set_status(struct sb_call *call, const char *status)
{
	if (sb_db_run(call->sb->db,
	              "UPDATE workspaces SET status = ?1, updated_by = ?2, updated_at = ?3 WHERE n = ?4"
	              " AND status <> ?1",
	              SB_ARGS(SB_T(status), SB_T(call->caller.id), SB_I(sb_now_us(call->sb)),
	                      SB_I(call->workspace))) == 1)
		sb_empty(call, 200);
	else
		sb_fail(call, 409, "status already assigned", "");
}

void sb_api_workspace_enable(struct sb_call *call)
{
	set_status(call, "enabled");
}

void sb_api_workspace_disable(struct sb_call *call)
{
	set_status(call, "disabled");
}

void sb_api_workspace_freeze(struct sb_call *call)
{
	set_status(call, "freezed");
}
