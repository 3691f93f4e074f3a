/* Owns the rows of roles and members; perms.c owns what they mean, api_roles.c the endpoints. */
#include "sandbox/roles.h"

#include "base/log.h"
#include "net/crypto.h"

int64_t sb_role_insert(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *name,
                       uint32_t actions, bool builtin, const char *created_by)
{
	char uuid[37], id[64];
	net_uuid4(uuid);
	snprintf(id, sizeof(id), "%s_%s", kind == SB_ROLE_COMPUTATION ? "computation" : "domain", uuid);
	int changed =
	    sb_db_run(sb->db,
	              "INSERT INTO roles(id, kind, entity, name, actions, builtin, created_by,"
	              " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	              SB_ARGS(SB_T(id), SB_I(kind), SB_I(entity), SB_T(name), SB_I(actions),
	                      SB_I(builtin), SB_T(created_by), SB_I(sb_now_us(sb))));
	return changed == 1 ? sb_db_last_id(sb->db) : 0;
}

int sb_role_add_member(struct sb *sb, enum sb_role_kind kind, int64_t entity, int64_t role,
                       int64_t user)
{
	int changed = sb_db_run(
	    sb->db,
	    "INSERT INTO role_members(role, kind, entity, user, added_at) VALUES (?, ?, ?, ?, ?)",
	    SB_ARGS(SB_I(role), SB_I(kind), SB_I(entity), SB_I(user), SB_I(sb_now_us(sb))));
	return changed == 1 ? 0 : -1;
}

void sb_roles_make(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *creator_id,
                   int64_t creator)
{
	unsigned count;
	const struct sb_builtin_role *builtin = sb_builtin_roles(kind, &count);
	sb_db_begin(sb->db);
	for (unsigned i = 0; i < count; i++) {
		int64_t role =
		    sb_role_insert(sb, kind, entity, builtin[i].name, builtin[i].actions, true, creator_id);
		if (i == 0 && sb_role_add_member(sb, kind, entity, role, creator) < 0)
			prism_log(PRISM_LOG_DEBUG, "sandbox", "creator has a role there already");
	}
	sb_db_commit(sb->db);
}

void sb_roles_ensure(struct sb *sb, int64_t computation)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    sb->db,
	    "SELECT c.owner, u.id FROM computations c JOIN users u ON u.n = c.owner WHERE c.n = ?"
	    " AND NOT c.roles_made",
	    SB_ARGS(SB_I(computation)));
	if (!sb_rows_next(&rows))
		return;
	int64_t owner = sb_rows_int(rows, 0);
	char owner_id[64];
	snprintf(owner_id, sizeof(owner_id), "%s", sb_rows_text(rows, 1));
	sb_rows_close(&rows);
	sb_db_begin(sb->db);
	sb_roles_make(sb, SB_ROLE_COMPUTATION, computation, owner_id, owner);
	sb_db_run(sb->db, "UPDATE computations SET roles_made = 1 WHERE n = ?",
	          SB_ARGS(SB_I(computation)));
	sb_db_commit(sb->db);
}

int64_t sb_role_by_name(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *name)
{
	return sb_db_int(sb->db, 0, "SELECT n FROM roles WHERE kind = ? AND entity = ? AND name = ?",
	                 SB_ARGS(SB_I(kind), SB_I(entity), SB_T(name)));
}

int64_t sb_role_by_id(struct sb *sb, enum sb_role_kind kind, int64_t entity, const char *id)
{
	return sb_db_int(sb->db, 0, "SELECT n FROM roles WHERE id = ? AND kind = ? AND entity = ?",
	                 SB_ARGS(SB_T(id), SB_I(kind), SB_I(entity)));
}
