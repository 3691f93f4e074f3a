/* Personal access tokens (prism-api.md section 2.3). Scopes are not kept: a token may all. */
#include "net/crypto.h"
#include "sandbox/api.h"
#include "sandbox/pats.h"

#define PAT_COLUMNS                                                                         \
	"p.id, p.name, p.description, p.issued_at, p.expires_at, p.updated_at, p.last_used_at," \
	" p.revoked, p.revoked_at"

static int64_t time_of(const struct sb_rows *rows, int column)
{
	return sb_rows_null(rows, column) ? PRISM_TIME_UNSET : sb_rows_int(rows, column);
}

/* secret NULL: not shown. */
static void write_row(struct sb_call *call, const struct sb_rows *rows, const char *secret)
{
	struct sb_json *out = &call->out;
	bool revoked = sb_rows_int(rows, 7), expired = sb_rows_int(rows, 4) <= sb_now_us(call->sb);
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "user_id", call->caller.id);
	sb_json_str(out, "name", sb_rows_text(rows, 1));
	sb_json_str(out, "description", sb_rows_text(rows, 2));
	if (secret)
		sb_json_str(out, "secret", secret);
	sb_json_str(out, "role", call->caller.admin ? "admin" : "user");
	sb_json_time(out, "issued_at", sb_rows_int(rows, 3));
	sb_json_time(out, "expires_at", sb_rows_int(rows, 4));
	sb_json_time(out, "updated_at", time_of(rows, 5));
	sb_json_time(out, "last_used_at", time_of(rows, 6));
	sb_json_bool(out, "revoked", revoked);
	sb_json_time(out, "revoked_at", time_of(rows, 8));
	sb_json_str(out, "status", revoked ? "revoked" : expired ? "expired" : "active");
	sb_json_end(out);
}

static void answer_pat(struct sb_call *call, int64_t pat, const char *secret, int status)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT " PAT_COLUMNS " FROM pats p WHERE p.n = ?", SB_ARGS(SB_I(pat)));
	if (sb_rows_next(&rows))
		write_row(call, rows, secret);
	sb_ok(call, status);
}

/* {S}, if it is the caller's; answers 404 and gives 0 otherwise. */
static int64_t pat_of_path(struct sb_call *call)
{
	int64_t pat = sb_db_int(call->sb->db, 0, "SELECT n FROM pats WHERE id = ? AND user = ?",
	                        SB_ARGS(SB_T(sb_path_param(call, 'S')), SB_I(call->caller.n)));
	if (!pat)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	return pat;
}

/* When a token ends that is given out now; answers 400 and returns -1. */
static int read_expiry(struct sb_call *call, int64_t *ret_us)
{
	int64_t span;
	if (sb_go_duration(prism_json_str(call->json, "duration", ""), &span) < 0) {
		sb_invalid(call, "invalid duration");
		return -1;
	}
	*ret_us = sb_now_us(call->sb) + span;
	return 0;
}

static void answer_secret(struct sb_call *call, int64_t pat, int64_t expires_us, int status)
{
	char *secret = sb_pat_renew(call->sb, pat, expires_us);
	answer_pat(call, pat, secret, status);
	prism_wipe(secret, strlen(secret));
	prism_free(secret);
}

void sb_api_pat_create(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "name", "");
	int64_t expires;
	char id[37];
	if (!name[0] || strlen(name) > 1024) {
		sb_invalid(call, name[0] ? "invalid name size" : "missing identity name");
		return;
	}
	if (read_expiry(call, &expires) < 0)
		return;
	net_uuid4(id);
	if (sb_db_run(call->sb->db,
	              "INSERT INTO pats(id, user, name, description, digest, issued_at, expires_at)"
	              " VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6)",
	              SB_ARGS(SB_T(id), SB_I(call->caller.n), SB_T(name),
	                      SB_T(prism_json_str(call->json, "description", "")),
	                      SB_I(sb_now_us(call->sb)), SB_I(expires))) == 1)
		answer_secret(call, sb_db_last_id(call->sb->db), expires, 201);
	else
		sb_fail(call, 422, SB_TEXT_CREATE, "");
}

void sb_api_pat_list(struct sb_call *call)
{
	static const char from[] = " FROM pats p WHERE p.user = ?1 AND (?2 IS NULL OR p.name LIKE ?2"
	                           " ESCAPE '\\') AND (?3 IS NULL OR p.id = ?3)";
	struct sb_page page;
	const char *name = sb_query(call, "name"), *id = sb_query(call, "id");
	const char *like = name && name[0] ? sb_like(call, name) : NULL;
	if (sb_page_parse(call, &page) < 0)
		return;
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*)%s", from);
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT " PAT_COLUMNS "%s ORDER BY p.issued_at DESC, p.n DESC LIMIT ?4 OFFSET ?5", from);
	int64_t total =
	    sb_db_int(call->sb->db, 0, count_sql, SB_ARGS(SB_I(call->caller.n), SB_T(like), SB_T(id)));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, sql,
	    SB_ARGS(SB_I(call->caller.n), SB_T(like), SB_T(id), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "pats");
	while (sb_rows_next(&rows))
		write_row(call, rows, NULL);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_pat_view(struct sb_call *call)
{
	int64_t pat = pat_of_path(call);
	if (pat)
		answer_pat(call, pat, NULL, 200);
}

void sb_api_pat_delete(struct sb_call *call)
{
	int64_t pat = pat_of_path(call);
	if (!pat)
		return;
	sb_db_run(call->sb->db, "DELETE FROM pats WHERE n = ?", SB_ARGS(SB_I(pat)));
	sb_empty(call, 204);
}

void sb_api_pat_clear(struct sb_call *call)
{
	sb_db_run(call->sb->db, "DELETE FROM pats WHERE user = ?", SB_ARGS(SB_I(call->caller.n)));
	sb_empty(call, 200);
}

static void update_text(struct sb_call *call, const char *sql, const char *value)
{
	int64_t pat = pat_of_path(call);
	if (!pat)
		return;
	sb_db_run(call->sb->db, sql, SB_ARGS(SB_T(value), SB_I(sb_now_us(call->sb)), SB_I(pat)));
	answer_pat(call, pat, NULL, 202);
}

void sb_api_pat_rename(struct sb_call *call)
{
	const char *name = prism_json_str(call->json, "name", "");
	if (name[0])
		update_text(call, "UPDATE pats SET name = ?, updated_at = ? WHERE n = ?", name);
	else
		sb_invalid(call, "missing identity name");
}

void sb_api_pat_describe(struct sb_call *call)
{
	update_text(call, "UPDATE pats SET description = ?, updated_at = ? WHERE n = ?",
	            prism_json_str(call->json, "description", ""));
}

void sb_api_pat_reset(struct sb_call *call)
{
	int64_t expires, pat = pat_of_path(call);
	if (pat && read_expiry(call, &expires) == 0)
		answer_secret(call, pat, expires, 200);
}

void sb_api_pat_revoke(struct sb_call *call)
{
	int64_t pat = pat_of_path(call);
	if (!pat)
		return;
	int64_t now = sb_now_us(call->sb);
	sb_db_run(call->sb->db,
	          "UPDATE pats SET revoked = 1, revoked_at = ?, updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(now), SB_I(now), SB_I(pat)));
	sb_empty(call, 204);
}
