/* Owns the rows of users and their JSON form (prism-api.md section 4.1). */
#include "sandbox/users.h"

#include "net/crypto.h"
#include "sandbox/auth.h"

static int64_t column_time(const struct sb_rows *rows, int column)
{
	return sb_rows_null(rows, column) ? PRISM_TIME_UNSET : sb_rows_int(rows, column);
}

void sb_user_write(struct sb_call *call, int64_t user, bool full)
{
	struct sb_json *out = &call->out;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT id, username, email, first_name, last_name, status, role, tags, metadata,"
	    " picture, created_at, updated_at, updated_by, verified_at FROM users WHERE n = ?",
	    SB_ARGS(SB_I(user)));
	if (!sb_rows_next(&rows))
		return;
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "first_name", sb_rows_text(rows, 3));
	sb_json_str(out, "last_name", sb_rows_text(rows, 4));
	if (full) {
		sb_json_raw(out, "tags", sb_rows_text(rows, 7));
		sb_json_raw(out, "metadata", sb_rows_text(rows, 8));
		sb_json_str(out, "status", sb_rows_text(rows, 5));
		sb_json_str(out, "role", sb_rows_text(rows, 6));
	}
	sb_json_object(out, "credentials");
	sb_json_str(out, "username", sb_rows_text(rows, 1));
	sb_json_end(out);
	if (full) {
		sb_json_str(out, "email", sb_rows_text(rows, 2));
		if (sb_rows_text(rows, 9)[0])
			sb_json_str(out, "profile_picture", sb_rows_text(rows, 9));
		sb_json_time(out, "created_at", column_time(rows, 10));
		sb_json_time(out, "updated_at", column_time(rows, 11));
		if (sb_rows_text(rows, 12)[0])
			sb_json_str(out, "updated_by", sb_rows_text(rows, 12));
		sb_json_time(out, "verified_at", column_time(rows, 13));
	}
	sb_json_end(out);
}

const char *sb_user_name(struct sb_call *call, int64_t user)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, "SELECT first_name, last_name, username FROM users WHERE n = ?",
	                SB_ARGS(SB_I(user)));
	if (!sb_rows_next(&rows))
		return "";
	const char *first = sb_rows_text(rows, 0), *last = sb_rows_text(rows, 1);
	if (first[0] && last[0])
		return prism_arena_printf(call->arena, "%s %s", first, last);
	return prism_arena_strdup(call->arena, first[0] ? first : sb_rows_text(rows, 2));
}

int64_t sb_user_find(struct sb *sb, const char *id)
{
	return sb_db_int(sb->db, 0, "SELECT n FROM users WHERE id = ?", SB_ARGS(SB_T(id)));
}

int64_t sb_user_insert(struct sb *sb, const struct sb_user_row *row, int64_t created_us)
{
	uint8_t secret[SB_SECRET_SIZE];
	sb_secret_hash(row->password, secret);
	struct sb_arg verified =
	    row->unverified ? (struct sb_arg){.type = SB_ARG_NULL} : (struct sb_arg)SB_I(created_us);
	int changed = sb_db_run(
	    sb->db,
	    "INSERT INTO users(id, username, email, first_name, last_name, secret, role, created_at,"
	    " verified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    SB_ARGS(SB_T(row->id), SB_T(row->username), SB_T(row->email), SB_T(row->first_name),
	            SB_T(row->last_name), SB_B(secret, sizeof(secret)),
	            SB_T(row->admin ? "admin" : "user"), SB_I(created_us), verified));
	return changed == 1 ? sb_db_last_id(sb->db) : 0;
}
