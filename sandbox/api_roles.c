/*
 * Roles and members of workspaces and computations (prism-api.md sections 3.3 and 3.6): one set
 * of handlers for both, told apart by the path.
 */
#include "sandbox/api.h"
#include "sandbox/roles.h"
#include "sandbox/users.h"

#define ROLE_NAME_MAX 200
#define MEMBERS_MAX 200 /* named in one request */

static enum sb_role_kind kind_of(const struct sb_call *call)
{
	return call->computation ? SB_ROLE_COMPUTATION : SB_ROLE_WORKSPACE;
}

static int64_t entity_of(const struct sb_call *call)
{
	return call->computation ? call->computation : call->workspace;
}

/* {R} of the entity in the path; answers 404 and gives 0 when it is not one. */
static int64_t role_of_path(struct sb_call *call)
{
	if (call->computation)
		sb_roles_ensure(call->sb, call->computation);
	int64_t role =
	    sb_role_by_id(call->sb, kind_of(call), entity_of(call), sb_path_param(call, 'R'));
	if (!role)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	return role;
}

static void write_actions(struct sb_json *out, const char *key, enum sb_role_kind kind,
                          uint32_t actions)
{
	sb_json_array(out, key);
	for (unsigned bit = 0; bit < sb_action_count(kind); bit++)
		if (actions & (1u << bit))
			sb_json_str(out, NULL, sb_action_word(kind, bit));
	sb_json_end(out);
}

/* A list of action words to bits. Answers 400 and returns -1 on an unknown one. */
static int read_actions(struct sb_call *call, const char *key, uint32_t *ret_actions)
{
	const cJSON *list = prism_json_array(call->json, key), *item;
	uint32_t actions = 0;
	cJSON_ArrayForEach(item, list)
	{
		uint32_t bit = cJSON_IsString(item) ? sb_action_parse(kind_of(call), item->valuestring) : 0;
		if (!bit) {
			sb_invalid(call, "invalid action");
			return -1;
		}
		actions |= bit;
	}
	*ret_actions = actions;
	return 0;
}

/* A list of user ids to row numbers. Answers 400 or 422 and returns -1. */
static int read_members(struct sb_call *call, const char *key, int64_t *users, unsigned *ret_count)
{
	const cJSON *list = prism_json_array(call->json, key), *item;
	unsigned count = 0;
	cJSON_ArrayForEach(item, list)
	{
		if (count == MEMBERS_MAX || !cJSON_IsString(item)) {
			sb_invalid(call, SB_TEXT_MALFORMED);
			return -1;
		}
		users[count] = sb_user_find(call->sb, item->valuestring);
		if (!users[count++]) {
			sb_fail(call, 422, SB_TEXT_UPDATE, SB_TEXT_NOT_FOUND);
			return -1;
		}
	}
	*ret_count = count;
	return 0;
}

/* Someone outside the workspace cannot hold a role on one of its computations. */
static bool may_be_member(struct sb_call *call, int64_t user)
{
	bool member = true;
	if (call->computation)
		sb_workspace_actions(call->sb->db, call->workspace, user, &member);
	return member;
}

static int add_members(struct sb_call *call, int64_t role, const int64_t *users, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!may_be_member(call, users[i]) ||
		    sb_role_add_member(call->sb, kind_of(call), entity_of(call), role, users[i]) < 0)
			return -1;
	return 0;
}

/* ---- roles ---- */

static void write_role(struct sb_call *call, int64_t role, bool provision)
{
	struct sb_json *out = &call->out;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT id, name, created_by, created_at, updated_by, updated_at, actions FROM roles"
	    " WHERE n = ?",
	    SB_ARGS(SB_I(role)));
	if (!sb_rows_next(&rows))
		return;
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "name", sb_rows_text(rows, 1));
	sb_json_str(out, "entity_id", sb_path_param(call, call->computation ? 'C' : 'D'));
	sb_json_str(out, "created_by", sb_rows_text(rows, 2));
	sb_json_time(out, "created_at", sb_rows_int(rows, 3));
	sb_json_str(out, "updated_by", sb_rows_text(rows, 4));
	sb_json_time(out, "updated_at",
	             sb_rows_null(rows, 5) ? PRISM_TIME_UNSET : sb_rows_int(rows, 5));
	if (provision) {
		write_actions(out, "optional_actions", kind_of(call), (uint32_t)sb_rows_int(rows, 6));
		sb_json_array(out, "optional_members");
		SB_AUTO_ROWS struct sb_rows *members = sb_db_query(
		    call->sb->db,
		    "SELECT u.id FROM role_members m JOIN users u ON u.n = m.user WHERE m.role = ?",
		    SB_ARGS(SB_I(role)));
		while (sb_rows_next(&members))
			sb_json_str(out, NULL, sb_rows_text(members, 0));
		sb_json_end(out);
	}
	sb_json_end(out);
}

void sb_api_role_actions_known(struct sb_call *call)
{
	enum sb_role_kind kind =
	    strncmp(call->path, "/computations", 13) == 0 ? SB_ROLE_COMPUTATION : SB_ROLE_WORKSPACE;
	sb_json_object(&call->out, NULL);
	write_actions(&call->out, "available_actions", kind,
	              kind == SB_ROLE_COMPUTATION ? SB_C_ALL : SB_W_ALL);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

static bool name_acceptable(struct sb_call *call, const char *name)
{
	if (name[0] && strlen(name) <= ROLE_NAME_MAX)
		return true;
	sb_invalid(call, name[0] ? "invalid name size" : "empty role name");
	return false;
}

void sb_api_role_create(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "role_name", "");
	uint32_t actions;
	int64_t users[MEMBERS_MAX];
	unsigned count;
	if (!name_acceptable(call, name) || read_actions(call, "optional_actions", &actions) < 0 ||
	    read_members(call, "optional_members", users, &count) < 0)
		return;
	if (call->computation)
		sb_roles_ensure(call->sb, call->computation);
	sb_db_begin(call->sb->db);
	int64_t role = sb_role_insert(call->sb, kind_of(call), entity_of(call), name, actions, false,
	                              call->caller.id);
	if (!role || add_members(call, role, users, count) < 0) {
		sb_db_rollback(call->sb->db);
		sb_fail(call, 422, SB_TEXT_CREATE, "");
		return;
	}
	sb_db_commit(call->sb->db);
	write_role(call, role, true);
	sb_ok(call, 201);
}

void sb_api_role_list(struct sb_call *call)
{
	struct sb_page page;
	if (sb_page_parse(call, &page) < 0)
		return;
	if (call->computation)
		sb_roles_ensure(call->sb, call->computation);
	int64_t total =
	    sb_db_int(call->sb->db, 0, "SELECT count(*) FROM roles WHERE kind = ? AND entity = ?",
	              SB_ARGS(SB_I(kind_of(call)), SB_I(entity_of(call))));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT n FROM roles WHERE kind = ? AND entity = ? ORDER BY n LIMIT ? OFFSET ?",
	    SB_ARGS(SB_I(kind_of(call)), SB_I(entity_of(call)), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "roles");
	while (sb_rows_next(&rows))
		write_role(call, sb_rows_int(rows, 0), false);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_role_view(struct sb_call *call)
{
	int64_t role = role_of_path(call);
	if (!role)
		return;
	write_role(call, role, false);
	sb_ok(call, 200);
}

static void role_touched(struct sb_call *call, int64_t role)
{
	sb_db_run(call->sb->db, "UPDATE roles SET updated_by = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_T(call->caller.id), SB_I(sb_now_us(call->sb)), SB_I(role)));
}

void sb_api_role_rename(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "name", "");
	int64_t role = name_acceptable(call, name) ? role_of_path(call) : 0;
	if (!role)
		return;
	if (sb_db_run(call->sb->db, "UPDATE roles SET name = ? WHERE n = ?",
	              SB_ARGS(SB_T(name), SB_I(role))) < 0) {
		sb_fail(call, 422, SB_TEXT_UPDATE, "");
		return;
	}
	role_touched(call, role);
	write_role(call, role, false);
	sb_ok(call, 200);
}

/* `owner` of a computation and `admin` of a workspace stay, and keep a member (Q14). */
static bool is_keeper(struct sb_call *call, int64_t role)
{
	return sb_db_int(call->sb->db, 0,
	                 "SELECT builtin AND n = (SELECT min(n) FROM roles x WHERE x.kind = r.kind"
	                 " AND x.entity = r.entity) FROM roles r WHERE n = ?",
	                 SB_ARGS(SB_I(role)));
}

void sb_api_role_delete(struct sb_call *call)
{
	int64_t role = role_of_path(call);
	if (!role)
		return;
	if (is_keeper(call, role)) {
		sb_fail(call, 422, SB_TEXT_REMOVE, "");
		return;
	}
	sb_db_run(call->sb->db, "DELETE FROM roles WHERE n = ?", SB_ARGS(SB_I(role)));
	sb_empty(call, 204);
}

/* ---- actions ---- */

static uint32_t role_actions(struct sb_call *call, int64_t role)
{
	return (uint32_t)sb_db_int(call->sb->db, 0, "SELECT actions FROM roles WHERE n = ?",
	                           SB_ARGS(SB_I(role)));
}

static void set_actions(struct sb_call *call, int64_t role, uint32_t actions)
{
	sb_db_run(call->sb->db, "UPDATE roles SET actions = ? WHERE n = ?",
	          SB_ARGS(SB_I(actions), SB_I(role)));
	role_touched(call, role);
}

static void answer_actions(struct sb_call *call, uint32_t actions)
{
	sb_json_object(&call->out, NULL);
	write_actions(&call->out, "actions", kind_of(call), actions);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_role_actions(struct sb_call *call)
{
	int64_t role = role_of_path(call);
	if (role)
		answer_actions(call, role_actions(call, role));
}

static bool actions_present(struct sb_call *call)
{
	const cJSON *list = prism_json_array(call->json, "actions");
	if (list && cJSON_GetArraySize(list) > 0)
		return true;
	sb_invalid(call, "empty role operations");
	return false;
}

void sb_api_role_actions_add(struct sb_call *call)
{
	uint32_t actions;
	if (!actions_present(call) || read_actions(call, "actions", &actions) < 0)
		return;
	int64_t role = role_of_path(call);
	if (!role)
		return;
	set_actions(call, role, role_actions(call, role) | actions);
	answer_actions(call, role_actions(call, role));
}

void sb_api_role_actions_remove(struct sb_call *call)
{
	uint32_t actions;
	if (!actions_present(call) || read_actions(call, "actions", &actions) < 0)
		return;
	int64_t role = role_of_path(call);
	if (!role)
		return;
	set_actions(call, role, role_actions(call, role) & ~actions);
	sb_empty(call, 204);
}

void sb_api_role_actions_clear(struct sb_call *call)
{
	int64_t role = role_of_path(call);
	if (!role)
		return;
	set_actions(call, role, 0);
	sb_empty(call, 204);
}

/* ---- members ---- */

void sb_api_role_members(struct sb_call *call)
{
	struct sb_page page;
	int64_t role = role_of_path(call);
	if (!role || sb_page_parse(call, &page) < 0)
		return;
	int64_t total = sb_db_int(call->sb->db, 0, "SELECT count(*) FROM role_members WHERE role = ?",
	                          SB_ARGS(SB_I(role)));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db,
	                "SELECT u.id FROM role_members m JOIN users u ON u.n = m.user WHERE m.role ="
	                " ? ORDER BY m.added_at, u.n LIMIT ? OFFSET ?",
	                SB_ARGS(SB_I(role), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "members");
	while (sb_rows_next(&rows))
		sb_json_str(&call->out, NULL, sb_rows_text(rows, 0));
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_role_members_all(struct sb_call *call)
{
	static const char from[] =
	    " FROM role_members m JOIN users u ON u.n = m.user JOIN roles r ON r.n = m.role WHERE"
	    " m.kind = ?1 AND m.entity = ?2 AND (?3 IS NULL OR r.id = ?3) AND (?4 IS NULL OR r.name"
	    " = ?4)";
	struct sb_page page;
	const char *role_id = sb_query(call, "role_id"), *role_name = sb_query(call, "role_name");
	if (sb_page_parse(call, &page) < 0)
		return;
	if (call->computation)
		sb_roles_ensure(call->sb, call->computation);
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*)%s", from);
	PRISM_AUTO_FREE char *sql =
	    prism_asprintf("SELECT u.id, r.id, r.name, r.actions%s ORDER BY r.n,"
	                   " u.n LIMIT ?5 OFFSET ?6",
	                   from);
	int64_t kind = kind_of(call), entity = entity_of(call);
	int64_t total = sb_db_int(call->sb->db, 0, count_sql,
	                          SB_ARGS(SB_I(kind), SB_I(entity), SB_T(role_id), SB_T(role_name)));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, sql,
	                SB_ARGS(SB_I(kind), SB_I(entity), SB_T(role_id), SB_T(role_name),
	                        SB_I(page.limit), SB_I(page.offset)));
	struct sb_json *out = &call->out;
	sb_json_object(out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(out, "members");
	while (sb_rows_next(&rows)) {
		sb_json_object(out, NULL);
		sb_json_str(out, "member_id", sb_rows_text(rows, 0));
		sb_json_array(out, "roles");
		sb_json_object(out, NULL);
		sb_json_str(out, "role_id", sb_rows_text(rows, 1));
		sb_json_str(out, "role_name", sb_rows_text(rows, 2));
		write_actions(out, "actions", kind_of(call), (uint32_t)sb_rows_int(rows, 3));
		sb_json_str(out, "access_type", "direct");
		sb_json_end(out);
		sb_json_end(out);
		sb_json_end(out);
	}
	sb_json_end(out);
	sb_json_end(out);
	sb_ok(call, 200);
}

static bool members_present(struct sb_call *call)
{
	const cJSON *list = prism_json_array(call->json, "members");
	if (list && cJSON_GetArraySize(list) > 0)
		return true;
	sb_invalid(call, "empty role members");
	return false;
}

void sb_api_role_members_add(struct sb_call *call)
{
	int64_t users[MEMBERS_MAX];
	unsigned count;
	if (!members_present(call) || read_members(call, "members", users, &count) < 0)
		return;
	int64_t role = role_of_path(call);
	if (!role || (!call->computation && !sb_plan_allows(call, SB_PLAN_MEMBERS, call->workspace)))
		return;
	sb_db_begin(call->sb->db);
	if (add_members(call, role, users, count) < 0) {
		sb_db_rollback(call->sb->db);
		sb_fail(call, 422, SB_TEXT_UPDATE, "");
		return;
	}
	sb_db_commit(call->sb->db);
	PRISM_AUTO_FREE char *members =
	    prism_json_print(prism_json_array(call->json, "members"), false);
	sb_json_object(&call->out, NULL);
	sb_json_raw(&call->out, "members", members);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

/* Who leaves a workspace loses its invitations and the roles on its computations. */
static void member_left_workspace(struct sb_call *call, int64_t user)
{
	sb_db_run(call->sb->db, "DELETE FROM invitations WHERE workspace = ? AND invitee = ?",
	          SB_ARGS(SB_I(call->workspace), SB_I(user)));
	sb_db_run(call->sb->db,
	          "DELETE FROM role_members WHERE kind = 1 AND user = ? AND entity IN (SELECT n FROM"
	          " computations WHERE workspace = ?)",
	          SB_ARGS(SB_I(user), SB_I(call->workspace)));
}

static void remove_members(struct sb_call *call, int64_t role, const int64_t *users, unsigned count)
{
	sb_db_begin(call->sb->db);
	for (unsigned i = 0; i < count; i++) {
		int changed =
		    sb_db_run(call->sb->db, "DELETE FROM role_members WHERE role = ? AND user = ?",
		              SB_ARGS(SB_I(role), SB_I(users[i])));
		if (changed == 1 && !call->computation)
			member_left_workspace(call, users[i]);
	}
	bool empty = !sb_db_int(call->sb->db, 0, "SELECT count(*) FROM role_members WHERE role = ?",
	                        SB_ARGS(SB_I(role)));
	if (empty && is_keeper(call, role)) {
		sb_db_rollback(call->sb->db);
		sb_fail(call, 400, "must retain at least one member", "");
		return;
	}
	sb_db_commit(call->sb->db);
	sb_empty(call, 204);
}

void sb_api_role_members_remove(struct sb_call *call)
{
	int64_t users[MEMBERS_MAX];
	unsigned count;
	if (!members_present(call) || read_members(call, "members", users, &count) < 0)
		return;
	int64_t role = role_of_path(call);
	if (role)
		remove_members(call, role, users, count);
}

void sb_api_role_members_clear(struct sb_call *call)
{
	int64_t users[MEMBERS_MAX];
	unsigned count = 0;
	int64_t role = role_of_path(call);
	if (!role)
		return;
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, "SELECT user FROM role_members WHERE role = ? LIMIT ?",
	                SB_ARGS(SB_I(role), SB_I(MEMBERS_MAX)));
	while (sb_rows_next(&rows))
		users[count++] = sb_rows_int(rows, 0);
	remove_members(call, role, users, count);
}
