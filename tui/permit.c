/* The table of permissions; see permit.h. */
#include "tui/permit.h"

#include "base/mem.h"
#include "core/permission.h"
#include "core/session.h"
#include "core/user.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum pt_action_id id;
	enum core_wperm workspace;  /* 0: none */
	enum core_perm computation; /* 0: none */
} rows[] = {
    {PT_ACTION_COMPUTATION_CREATE, CORE_WPERM_CREATE_COMPUTATION, 0},
    {PT_ACTION_COMPUTATION_IMPORT, CORE_WPERM_CREATE_COMPUTATION, 0},
    {PT_ACTION_COMPUTATION_UPDATE, 0, CORE_PERM_EDIT},
    {PT_ACTION_COMPUTATION_DELETE, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_COMPUTATION_RUN, 0, CORE_PERM_RUN},
    {PT_ACTION_COMPUTATION_STOP, 0, CORE_PERM_RUN},
    {PT_ACTION_ROLE_CREATE, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_RENAME, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_DELETE, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_ACTION_ADD, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_ACTION_REMOVE, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_ACTION_CLEAR, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_MEMBER_ADD, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_MEMBER_REMOVE, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_ROLE_MEMBER_CLEAR, 0, CORE_PERM_ADMINISTRATOR},
    {PT_ACTION_CVM_CREATE, CORE_WPERM_CREATE_CVMS, 0},
    {PT_ACTION_CVM_DELETE, CORE_WPERM_REMOVE_CVMS, 0},
    {PT_ACTION_WROLE_CREATE, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_RENAME, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_DELETE, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_ACTION_ADD, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_ACTION_REMOVE, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_ACTION_CLEAR, CORE_WPERM_MANAGE_ROLE, 0},
    {PT_ACTION_WROLE_MEMBER_ADD, CORE_WPERM_ADD_ROLE_USERS, 0},
    {PT_ACTION_WROLE_MEMBER_REMOVE, CORE_WPERM_REMOVE_ROLE_USERS, 0},
    {PT_ACTION_WROLE_MEMBER_CLEAR, CORE_WPERM_REMOVE_ROLE_USERS, 0},
    {PT_ACTION_MEMBER_MOVE, CORE_WPERM_ADD_ROLE_USERS, 0},
    {PT_ACTION_MEMBER_REMOVE, CORE_WPERM_REMOVE_ROLE_USERS, 0},
    {PT_ACTION_INVITATION_SEND, CORE_WPERM_ADD_ROLE_USERS, 0},
    {PT_ACTION_INVITATION_RESEND, CORE_WPERM_ADD_ROLE_USERS, 0},
    {PT_ACTION_INVITATION_DELETE, CORE_WPERM_ADD_ROLE_USERS, 0},
};

/* Accounts of others are for administrators of the platform. */
static bool platform_only(enum pt_action_id id)
{
	return id == PT_ACTION_USER_LIST || id == PT_ACTION_USER_ENABLE ||
	       id == PT_ACTION_USER_DISABLE || id == PT_ACTION_USER_DELETE || id == PT_ACTION_USER_ROLE;
}

bool pt_permitted(struct core *core, enum pt_action_id id, const char *computation, char *reason,
                  size_t size)
{
	const struct core_user *me = core_session_user(core);

	if (size)
		reason[0] = '\0';
	if (platform_only(id) && me && *me->role && strcmp(me->role, "admin") != 0) {
		snprintf(reason, size, "needs the platform role admin");
		return false;
	}
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		if (rows[i].id != id)
			continue;
		if (rows[i].workspace && !core_workspace_may(core, rows[i].workspace, reason, size))
			return false;
		return !rows[i].computation || !computation ||
		       core_may(core, computation, rows[i].computation, reason, size);
	}
	return true;
}
