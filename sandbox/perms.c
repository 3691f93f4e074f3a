/* Owns the action words, the built-in roles and the permission rules; roles.c owns their rows. */
#include "sandbox/perms.h"

#include "base/mem.h"

#include <assert.h>

static const char *const computation_words[] = {
#define X(id, word) word,
    SB_COMPUTATION_ACTIONS(X)
#undef X
};
static const char *const workspace_words[] = {
#define X(id, word) word,
    SB_WORKSPACE_ACTIONS(X)
#undef X
};

static const struct sb_builtin_role computation_roles[] = {
    {"owner", SB_C_VIEW | SB_C_EDIT | SB_C_RUN | SB_C_ADMINISTRATOR},
    {"algo_provider", SB_C_VIEW | SB_C_ALGO_PROVIDER},
    {"dataset_provider", SB_C_VIEW | SB_C_DATASET_PROVIDER},
    {"result_consumer", SB_C_VIEW | SB_C_RESULT_CONSUMER},
    {"viewer", SB_C_VIEW},
    {"editor", SB_C_VIEW | SB_C_EDIT},
    {"runner", SB_C_VIEW | SB_C_RUN},
};
static const struct sb_builtin_role workspace_roles[] = {{"admin", SB_W_ALL}};

unsigned sb_action_count(enum sb_role_kind kind)
{
	return kind == SB_ROLE_COMPUTATION ? SB_C_COUNT : SB_W_COUNT;
}

const char *sb_action_word(enum sb_role_kind kind, unsigned bit)
{
	assert(bit < sb_action_count(kind));
	return kind == SB_ROLE_COMPUTATION ? computation_words[bit] : workspace_words[bit];
}

uint32_t sb_action_parse(enum sb_role_kind kind, const char *word)
{
	for (unsigned bit = 0; bit < sb_action_count(kind); bit++)
		if (strcmp(sb_action_word(kind, bit), word) == 0)
			return 1u << bit;
	return 0;
}

const struct sb_builtin_role *sb_builtin_roles(enum sb_role_kind kind, unsigned *ret_count)
{
	*ret_count =
	    kind == SB_ROLE_COMPUTATION ? PRISM_COUNT(computation_roles) : PRISM_COUNT(workspace_roles);
	return kind == SB_ROLE_COMPUTATION ? computation_roles : workspace_roles;
}

bool sb_allowed(enum sb_need need, bool member, uint32_t workspace, uint32_t computation)
{
	static const uint32_t wanted[SB_NEED_COUNT] = {
	    [SB_NEED_WS_UPDATE] = SB_W_UPDATE,
	    [SB_NEED_WS_READ] = SB_W_READ,
	    [SB_NEED_WS_ENABLE] = SB_W_ENABLE,
	    [SB_NEED_WS_DISABLE] = SB_W_DISABLE,
	    [SB_NEED_WS_MANAGE_ROLE] = SB_W_MANAGE_ROLE,
	    [SB_NEED_WS_ADD_USERS] = SB_W_ADD_ROLE_USERS,
	    [SB_NEED_WS_REMOVE_USERS] = SB_W_REMOVE_ROLE_USERS,
	    [SB_NEED_WS_VIEW_USERS] = SB_W_VIEW_ROLE_USERS,
	    [SB_NEED_WS_CREATE_CVMS] = SB_W_CREATE_CVMS,
	    [SB_NEED_WS_REMOVE_CVMS] = SB_W_REMOVE_CVMS,
	    [SB_NEED_WS_CREATE_COMPUTATION] = SB_W_CREATE_COMPUTATION,
	};
	bool admin = (workspace & SB_W_ALL) == SB_W_ALL;
	switch (need) {
	case SB_NEED_NOTHING:
	case SB_NEED_TOKEN:
	case SB_NEED_USER:
	case SB_NEED_ADMIN: /* a property of the user, checked with the token */
		return true;
	case SB_NEED_MEMBER:
		return member;
	case SB_NEED_WS_ADMIN:
		return admin;
	case SB_NEED_C_VIEW:
		return admin || (member && computation != 0);
	case SB_NEED_C_EDIT:
		return admin || (member && computation & (SB_C_EDIT | SB_C_ADMINISTRATOR));
	case SB_NEED_C_RUN:
		return admin || (member && computation & (SB_C_RUN | SB_C_ADMINISTRATOR));
	case SB_NEED_C_OWNER:
		return admin || (member && computation & SB_C_ADMINISTRATOR);
	default:
		return (workspace & wanted[need]) != 0;
	}
}

uint32_t sb_workspace_actions(struct sb_db *db, int64_t workspace, int64_t user, bool *ret_member)
{
	int64_t actions = sb_db_int(db, -1,
	                            "SELECT r.actions FROM role_members m JOIN roles r ON r.n ="
	                            " m.role WHERE m.kind = 0 AND m.entity = ? AND m.user = ?",
	                            SB_ARGS(SB_I(workspace), SB_I(user)));
	*ret_member = actions >= 0;
	return actions >= 0 ? (uint32_t)actions : 0;
}

uint32_t sb_computation_actions(struct sb_db *db, int64_t computation, int64_t user)
{
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(db,
	                "SELECT c.roles_made, c.owner = ?2, (SELECT r.actions FROM role_members m"
	                " JOIN roles r ON r.n = m.role WHERE m.kind = 1 AND m.entity = c.n AND"
	                " m.user = ?2) FROM computations c WHERE c.n = ?1",
	                SB_ARGS(SB_I(computation), SB_I(user)));
	if (!sb_rows_next(&rows))
		return 0;
	if (!sb_rows_int(rows, 0)) /* as roles.c will make them: the creator is in `owner` */
		return sb_rows_int(rows, 1) ? computation_roles[0].actions : 0;
	return (uint32_t)sb_rows_int(rows, 2);
}
