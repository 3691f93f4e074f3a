/*
 * Commands about the people of a workspace: members, invitations, users.  Roles of the workspace
 * are cmd_role.c's, which serves both kinds of scope.
 */
#include "base/mem.h"
#include "core/account.h"
#include "core/invitation.h"
#include "core/role.h"
#include "core/session.h"
#include "core/user.h"
#include "tui/commands.h"

#include <string.h>

/* ---- members ---- */

static void members_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {{"id", "Id"},           {"name", "Name"},
	                                                  {"role_id", NULL},      {"role", "Role"},
	                                                  {"actions", "Actions"}, {NULL, NULL}};
	struct core_roles roles = core_roles(command->core, NULL);

	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < roles.count; i++) {
		const struct core_role *role = &roles.roles[i];
		PRISM_AUTO_BUF struct prism_buf actions = PRISM_BUF_INIT(1 << 20);

		for (size_t k = 0; k < role->action_count; k++)
			prism_buf_printf(&actions, "%s%s", k ? "\n" : "", role->actions[k]);
		for (size_t k = 0; k < role->member_count; k++) {
			pt_records_text(command->records, role->members[k]);
			pt_records_text(command->records, core_user_name(command->core, role->members[k]));
			pt_records_text(command->records, role->id);
			pt_records_text(command->records, role->name);
			pt_records_list(command->records, prism_buf_text(&actions));
		}
	}
	pt_command_done(command, NULL);
}

static void members_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_roles roles;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	roles = core_roles(command->core, NULL);
	for (size_t i = 0; i < roles.count; i++)
		for (size_t k = 0; k < roles.roles[i].member_count; k++)
			core_user_name(command->core, roles.roles[i].members[k]);
	pt_command_settle(command, members_print);
}

void pt_cmd_member_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_roles_await(command->core, NULL, true, command->cancel, members_here, command, &err),
	    &err);
}

static void one_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {{"id", "Id"},
	                                                  {"name", "Name"},
	                                                  {"role", "Role here"},
	                                                  {"actions", "May do here"},
	                                                  {"invitation", "Invitation"},
	                                                  {NULL, NULL}};
	const char *user = pt_command_get(command, "user");
	const struct core_role *role = core_role_of(command->core, NULL, user);
	const struct core_invitation *sent = core_invitation_of(command->core, user);
	PRISM_AUTO_BUF struct prism_buf actions = PRISM_BUF_INIT(1 << 20);

	for (size_t k = 0; role && k < role->action_count; k++)
		prism_buf_printf(&actions, "%s%s", k ? "\n" : "", role->actions[k]);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, user);
	pt_records_text(command->records, core_user_name(command->core, user));
	pt_records_text(command->records, role ? role->name : NULL);
	pt_records_list(command->records, prism_buf_text(&actions));
	pt_records_text(command->records, sent ? core_invite_state_info(sent->state)->word : NULL);
	pt_command_done(command, NULL);
}

static void one_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	core_user_name(command->core, pt_command_get(command, "user"));
	pt_command_settle(command, one_print);
}

void pt_cmd_member_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_roles_await(command->core, NULL, false, command->cancel, one_here, command, &err),
	    &err);
}

static void move_known(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	pt_command_message(command, "role changed");
	pt_command_try(command,
	               core_role_move(command->core, NULL, pt_command_get(command, "role"),
	                              pt_command_get(command, "user"), command->cancel,
	                              pt_command_on_done, command, &failed),
	               &failed);
}

void pt_cmd_member_move(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_roles_await(command->core, NULL, true, command->cancel, move_known, command, &err),
	    &err);
}

static void remove_known(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *user = pt_command_get(command, "user");
	const struct core_role *role = err ? NULL : core_role_of(command->core, NULL, user);
	struct prism_error failed = PRISM_ERROR_INIT;

	if (!err && !role) {
		prism_error_raise(&failed, PRISM_ERROR_MISSING, "%s has no role in this workspace",
		                  core_user_name(command->core, user));
		err = &failed;
	}
	if (err) {
		pt_command_done(command, err);
		return;
	}
	pt_command_message(command, "removed from the workspace");
	pt_command_try(command,
	               core_role_edit(command->core, NULL, role->id, CORE_ROLE_REMOVE_MEMBERS, &user, 1,
	                              command->cancel, pt_command_on_done, command, &failed),
	               &failed);
}

void pt_cmd_member_remove(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_roles_await(command->core, NULL, true, command->cancel, remove_known, command, &err),
	    &err);
}

/* ---- invitations ---- */

static struct core_list *asked_list(const struct pt_command *command)
{
	return pt_action_id(command->action) == PT_ACTION_INVITATION_MINE
	           ? core_my_invitations(command->core)
	           : core_invitations(command->core);
}

static bool asked_state(const struct pt_command *command, const struct core_invitation *invitation)
{
	const char *state = pt_command_get(command, "state");

	return !state || !strcmp(state, "all") ||
	       !strcmp(state, core_invite_state_info(invitation->state)->word);
}

static void invitations_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"user_id", NULL},      {"user", "Invited User"}, {"invited_by_id", NULL},
	    {"invited_by", "By"},   {"workspace_id", NULL},   {"workspace", "Workspace"},
	    {"role_id", NULL},      {"role", "Role"},         {"state", "State"},
	    {"created_at", "Sent"}, {"updated_at", NULL},     {"resent", NULL},
	    {NULL, NULL},
	};
	struct core_list *list = asked_list(command);
	struct pt_records *r = command->records = pt_records_create(columns, 0);

	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_invitation *invitation = core_invitation_at(list, i);

		if (!asked_state(command, invitation))
			continue;
		pt_records_text(r, invitation->invitee);
		pt_records_text(r, core_user_name(command->core, invitation->invitee));
		pt_records_text(r, invitation->inviter);
		pt_records_text(r, core_user_name(command->core, invitation->inviter));
		pt_records_text(r, invitation->workspace);
		pt_records_text(r, invitation->workspace_name);
		pt_records_text(r, invitation->role);
		pt_records_text(r, invitation->role_name);
		pt_records_text(r, core_invite_state_info(invitation->state)->word);
		pt_records_time(r, invitation->created_us);
		pt_records_time(r, invitation->updated_us);
		pt_records_bool(r, invitation->resent);
	}
	pt_command_done(command, NULL);
}

static void invitations_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = asked_list(command);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	for (size_t i = 0; i < core_list_count(list); i++) {
		core_user_name(command->core, core_invitation_at(list, i)->invitee);
		core_user_name(command->core, core_invitation_at(list, i)->inviter);
	}
	pt_command_settle(command, invitations_print);
}

void pt_cmd_invitation_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(asked_list(command), true, command->cancel, invitations_here,
	                               command, &err),
	               &err);
}

void pt_cmd_invitation_send(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "invitation sent");
	pt_command_try(command,
	               core_invitation_send(command->core, pt_command_get(command, "user"),
	                                    pt_command_get(command, "role"),
	                                    pt_command_flag(command, "resend"), command->cancel,
	                                    pt_command_on_done, command, &err),
	               &err);
}

/* With the role it was sent for, unless another is named. */
static void resend_known(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *user = pt_command_get(command, "user");
	const char *role = pt_command_get(command, "role");
	const struct core_invitation *sent = err ? NULL : core_invitation_of(command->core, user);
	struct prism_error failed = PRISM_ERROR_INIT;

	if (!err && !sent) {
		prism_error_raise(&failed, PRISM_ERROR_MISSING, "%s was not invited into this workspace",
		                  core_user_name(command->core, user));
		prism_error_hint(&failed, "\"invitation send\" invites for the first time");
		err = &failed;
	}
	if (err) {
		pt_command_done(command, err);
		return;
	}
	pt_command_message(command, sent->state == CORE_INVITE_PENDING
	                                ? "the invitation is pending already"
	                                : "invitation sent again");
	pt_command_try(command,
	               core_invitation_send(command->core, user, role ? role : sent->role, true,
	                                    command->cancel, pt_command_on_done, command, &failed),
	               &failed);
}

void pt_cmd_invitation_resend(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_invitations(command->core), true, command->cancel,
	                               resend_known, command, &err),
	               &err);
}

void pt_cmd_invitation_delete(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "invitation deleted");
	pt_command_try(command,
	               core_invitation_delete(command->core, pt_command_get(command, "user"),
	                                      command->cancel, pt_command_on_done, command, &err),
	               &err);
}

static void answer(struct pt_command *command, bool accept)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, accept ? "invitation accepted" : "invitation declined");
	pt_command_try(command,
	               core_invitation_answer(command->core, pt_command_get(command, "invitation"),
	                                      accept, command->cancel, pt_command_on_done, command,
	                                      &err),
	               &err);
}

void pt_cmd_invitation_accept(struct pt_command *command)
{
	answer(command, true);
}

void pt_cmd_invitation_decline(struct pt_command *command)
{
	answer(command, false);
}

/* ---- users ---- */

static const struct pt_record_column user_columns[] = {
    {"id", "Id"},        {"username", "User name"}, {"name", "Name"},
    {"email", "E-mail"}, {"status", NULL},          {"role", NULL},
    {NULL, NULL},
};
static const struct pt_record_column account_columns[] = {
    {"id", "Id"},         {"username", "User name"}, {"name", "Name"}, {"email", "E-mail"},
    {"status", "Status"}, {"role", "Role"},          {NULL, NULL},
};

static void add_user(struct pt_records *r, const struct core_user *user)
{
	char name[256];

	pt_records_text(r, user->id);
	pt_records_text(r, user->username);
	pt_records_text(r, core_user_display(user, name, sizeof(name)));
	pt_records_text(r, *user->email ? user->email : NULL);
	pt_records_text(r, *user->status ? user->status : NULL);
	pt_records_text(r, *user->role ? user->role : NULL);
}

static void found(void *data, const struct core_users *users, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(user_columns, 0);
		for (size_t i = 0; i < users->count; i++)
			add_user(command->records, &users->users[i]);
	}
	pt_command_done(command, err);
}

void pt_cmd_user_search(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_user_search(command->core, pt_command_get(command, "text"), command->cancel,
	                                found, command, &err),
	               &err);
}

static void accounts_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = core_accounts(command->core);

	if (!err) {
		command->records = pt_records_create(account_columns, 0);
		for (size_t i = 0; i < core_list_count(list); i++)
			add_user(command->records, core_list_at(list, i));
	}
	pt_command_done(command, err);
}

void pt_cmd_user_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_accounts(command->core), true, command->cancel,
	                               accounts_here, command, &err),
	               &err);
}

static void act_on(struct pt_command *command, enum core_account_act act, const char *message)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "%s", message);
	pt_command_try(command,
	               core_account_act(command->core, pt_command_get(command, "user"), act,
	                                command->cancel, pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_user_enable(struct pt_command *command)
{
	act_on(command, CORE_ACCOUNT_ENABLE, "account enabled");
}

void pt_cmd_user_disable(struct pt_command *command)
{
	act_on(command, CORE_ACCOUNT_DISABLE, "account disabled");
}

/* The name to be confirmed has to be known first. */
static void delete_named(struct pt_command *command)
{
	const char *id = pt_command_get(command, "user");
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "account", core_user_name(command->core, id), &err) < 0)
		pt_command_done(command, &err);
	else
		act_on(command, CORE_ACCOUNT_DELETE, "account deleted");
}

void pt_cmd_user_delete(struct pt_command *command)
{
	core_user_name(command->core, pt_command_get(command, "user"));
	pt_command_settle(command, delete_named);
}

void pt_cmd_user_role(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "platform role changed");
	pt_command_try(command,
	               core_account_role(command->core, pt_command_get(command, "user"),
	                                 pt_command_get(command, "role"), command->cancel,
	                                 pt_command_on_done, command, &err),
	               &err);
}
