/* Invitations into workspaces (prism-api.md sections 3.4 and 4.11). */
#include "sandbox/api.h"
#include "sandbox/roles.h"
#include "sandbox/users.h"

#define INVITATION_FROM                                                                       \
	" FROM invitations i JOIN workspaces w ON w.n = i.workspace JOIN roles r ON r.n = i.role" \
	" JOIN users a ON a.n = i.inviter JOIN users b ON b.n = i.invitee"

enum state { STATE_PENDING, STATE_ACCEPTED, STATE_REJECTED, STATE_NONE };

static enum state state_of(struct sb_call *call, int64_t workspace, int64_t invitee,
                           int64_t *ret_row, int64_t *ret_role)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db,
	                "SELECT n, role, confirmed_at, rejected_at FROM invitations WHERE workspace"
	                " = ? AND invitee = ?",
	                SB_ARGS(SB_I(workspace), SB_I(invitee)));
	if (!sb_rows_next(&rows))
		return STATE_NONE;
	*ret_row = sb_rows_int(rows, 0);
	*ret_role = sb_rows_int(rows, 1);
	if (!sb_rows_null(rows, 2))
		return STATE_ACCEPTED;
	return sb_rows_null(rows, 3) ? STATE_PENDING : STATE_REJECTED;
}

static void insert_invitation(struct sb_call *call, int64_t invitee, int64_t role)
{
	if (sb_db_run(call->sb->db,
	              "INSERT INTO invitations(workspace, invitee, inviter, role, created_at) VALUES"
	              " (?, ?, ?, ?, ?)",
	              SB_ARGS(SB_I(call->workspace), SB_I(invitee), SB_I(call->caller.n), SB_I(role),
	                      SB_I(sb_now_us(call->sb)))) == 1)
		sb_empty(call, 201);
	else
		sb_fail(call, 422, SB_TEXT_CREATE, "");
}

/* resend: a rejected one is opened again, a pending one stays, an accepted one is refused. */
static void resend_invitation(struct sb_call *call, enum state state, int64_t row, int64_t role)
{
	if (state == STATE_ACCEPTED) {
		sb_fail(call, 422, SB_TEXT_CREATE, "invitation already accepted");
		return;
	}
	if (state == STATE_REJECTED)
		sb_db_run(call->sb->db,
		          "UPDATE invitations SET rejected_at = NULL, resend = 1, role = ?, inviter = ?,"
		          " updated_at = ? WHERE n = ?",
		          SB_ARGS(SB_I(role), SB_I(call->caller.n), SB_I(sb_now_us(call->sb)), SB_I(row)));
	sb_empty(call, 201);
}

void sb_api_invitation_send(struct sb_call *call)
{
	const char *invitee_id = prism_json_str(call->json, "invitee_user_id", "");
	const char *role_id = prism_json_str(call->json, "role_id", "");
	if (!invitee_id[0] || !role_id[0]) {
		sb_invalid(call, SB_TEXT_MISSING_ID);
		return;
	}
	int64_t invitee = sb_user_find(call->sb, invitee_id);
	int64_t role = sb_role_by_id(call->sb, SB_ROLE_WORKSPACE, call->workspace, role_id);
	bool member = false;
	if (invitee)
		sb_workspace_actions(call->sb->db, call->workspace, invitee, &member);
	if (!invitee || !role || member) {
		sb_fail(call, 422, SB_TEXT_CREATE, member ? SB_TEXT_CONFLICT : SB_TEXT_NOT_FOUND);
		return;
	}
	if (!sb_plan_allows(call, SB_PLAN_MEMBERS, call->workspace))
		return;
	int64_t row, old_role;
	enum state state = state_of(call, call->workspace, invitee, &row, &old_role);
	if (state == STATE_NONE)
		insert_invitation(call, invitee, role);
	else if (prism_json_bool(call->json, "resend", false))
		resend_invitation(call, state, row, role);
	else
		sb_fail(call, 422, SB_TEXT_CREATE, SB_TEXT_CONFLICT);
}

static void write_actions(struct sb_json *out, uint32_t actions)
{
	sb_json_array(out, "actions");
	for (unsigned bit = 0; bit < SB_W_COUNT; bit++)
		if (actions & (1u << bit))
			sb_json_str(out, NULL, sb_action_word(SB_ROLE_WORKSPACE, bit));
	sb_json_end(out);
}

static int64_t time_of(const struct sb_rows *rows, int column)
{
	return sb_rows_null(rows, column) ? PRISM_TIME_UNSET : sb_rows_int(rows, column);
}

static void write_invitation(struct sb_json *out, const struct sb_rows *rows)
{
	sb_json_object(out, NULL);
	sb_json_str(out, "invited_by", sb_rows_text(rows, 0));
	sb_json_str(out, "invitee_user_id", sb_rows_text(rows, 1));
	sb_json_str(out, "domain_id", sb_rows_text(rows, 2));
	sb_json_str(out, "domain_name", sb_rows_text(rows, 3));
	sb_json_str(out, "role_id", sb_rows_text(rows, 4));
	sb_json_str(out, "role_name", sb_rows_text(rows, 5));
	write_actions(out, (uint32_t)sb_rows_int(rows, 6));
	sb_json_time(out, "created_at", sb_rows_int(rows, 7));
	sb_json_time(out, "updated_at", time_of(rows, 8));
	sb_json_time(out, "confirmed_at", time_of(rows, 9));
	sb_json_time(out, "rejected_at", time_of(rows, 10));
	if (sb_rows_int(rows, 11))
		sb_json_bool(out, "resend", true);
	sb_json_end(out);
}

static const char *state_clause(struct sb_call *call)
{
	const char *state = sb_query(call, "state");
	if (!state || !state[0] || strcmp(state, "all") == 0)
		return "";
	if (strcmp(state, "pending") == 0)
		return " AND i.confirmed_at IS NULL AND i.rejected_at IS NULL";
	if (strcmp(state, "accepted") == 0)
		return " AND i.confirmed_at IS NOT NULL";
	if (strcmp(state, "rejected") == 0)
		return " AND i.rejected_at IS NOT NULL";
	sb_invalid(call, "invalid invitation state");
	return NULL;
}

static void list(struct sb_call *call, const char *column, int64_t value)
{
	struct sb_page page;
	const char *state = state_clause(call);
	if (!state || sb_page_parse(call, &page) < 0)
		return;
	const char *invitee = sb_query(call, "invitee_user_id"),
	           *inviter = sb_query(call, "invited_by");
	const char *role = sb_query(call, "role_id");
	PRISM_AUTO_FREE char *where = prism_asprintf(
	    INVITATION_FROM " WHERE i.%s = ?1%s AND (?2 IS NULL OR b.id = ?2) AND (?3 IS NULL OR a.id ="
	                    " ?3) AND (?4 IS NULL OR r.id = ?4)",
	    column, state);
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*)%s", where);
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT a.id, b.id, w.id, w.name, r.id, r.name, r.actions, i.created_at, i.updated_at,"
	    " i.confirmed_at, i.rejected_at, i.resend%s ORDER BY i.created_at DESC, i.n LIMIT ?5"
	    " OFFSET ?6",
	    where);
	int64_t total = sb_db_int(call->sb->db, 0, count_sql,
	                          SB_ARGS(SB_I(value), SB_T(invitee), SB_T(inviter), SB_T(role)));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, sql,
	                SB_ARGS(SB_I(value), SB_T(invitee), SB_T(inviter), SB_T(role), SB_I(page.limit),
	                        SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "invitations");
	while (sb_rows_next(&rows))
		write_invitation(&call->out, rows);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_invitation_list(struct sb_call *call)
{
	list(call, "workspace", call->workspace);
}

void sb_api_invitation_mine(struct sb_call *call)
{
	list(call, "invitee", call->caller.n);
}

void sb_api_invitation_delete(struct sb_call *call)
{
	const char *id = prism_json_str(call->json, "user_id", "");
	if (!id[0]) {
		sb_invalid(call, SB_TEXT_MISSING_ID);
		return;
	}
	int64_t invitee = sb_user_find(call->sb, id), row, role;
	enum state state = state_of(call, call->workspace, invitee, &row, &role);
	if (state == STATE_NONE) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return;
	}
	bool self = invitee == call->caller.n;
	if (!self && !(call->workspace_actions & SB_W_ADD_ROLE_USERS)) {
		sb_fail(call, 403, SB_TEXT_AUTHZ, "");
		return;
	}
	if (state != STATE_PENDING && !self) {
		sb_fail(call, 422, SB_TEXT_REMOVE, "");
		return;
	}
	sb_db_run(call->sb->db, "DELETE FROM invitations WHERE n = ?", SB_ARGS(SB_I(row)));
	sb_empty(call, 204);
}

/* The caller's pending invitation of body.domain_id; answers and gives 0 when there is none. */
static int64_t pending_of_body(struct sb_call *call, int64_t *ret_workspace, int64_t *ret_role)
{
	const char *id = prism_json_str(call->json, "domain_id", "");
	if (!id[0]) {
		sb_invalid(call, "missing domainID");
		return 0;
	}
	int64_t workspace =
	    sb_db_int(call->sb->db, 0, "SELECT n FROM workspaces WHERE id = ?", SB_ARGS(SB_T(id)));
	int64_t row = 0;
	enum state state = state_of(call, workspace, call->caller.n, &row, ret_role);
	*ret_workspace = workspace;
	if (state == STATE_PENDING)
		return row;
	if (state == STATE_NONE)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	else
		sb_fail(call, 409,
		        state == STATE_ACCEPTED ? "invitation already accepted"
		                                : "invitation already rejected",
		        "");
	return 0;
}

void sb_api_invitation_accept(struct sb_call *call)
{
	int64_t workspace, role, row = pending_of_body(call, &workspace, &role);
	if (!row || !sb_plan_allows(call, SB_PLAN_MEMBERS, workspace))
		return;
	int64_t now = sb_now_us(call->sb);
	sb_db_begin(call->sb->db);
	if (sb_role_add_member(call->sb, SB_ROLE_WORKSPACE, workspace, role, call->caller.n) < 0) {
		sb_db_rollback(call->sb->db);
		sb_fail(call, 422, SB_TEXT_UPDATE, "");
		return;
	}
	sb_db_run(call->sb->db, "UPDATE invitations SET confirmed_at = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(now), SB_I(now), SB_I(row)));
	sb_db_commit(call->sb->db);
	sb_empty(call, 204);
}

void sb_api_invitation_reject(struct sb_call *call)
{
	int64_t workspace, role, row = pending_of_body(call, &workspace, &role);
	if (!row)
		return;
	int64_t now = sb_now_us(call->sb);
	sb_db_run(call->sb->db, "UPDATE invitations SET rejected_at = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(now), SB_I(now), SB_I(row)));
	sb_empty(call, 204);
}
