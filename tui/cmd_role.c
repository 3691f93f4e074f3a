/*
 * Commands about roles: who may do what, in a computation or in the workspace.  An action without
 * the argument "computation" is about the workspace: that is the scope core takes (core/role.h).
 */
#include "base/mem.h"
#include "core/role.h"
#include "core/user.h"
#include "tui/commands.h"

#include <string.h>

static void add_contents(struct pt_command *command, const struct core_role *role)
{
	PRISM_AUTO_BUF struct prism_buf actions = PRISM_BUF_INIT(1 << 20);
	PRISM_AUTO_BUF struct prism_buf members = PRISM_BUF_INIT(1 << 24);
	PRISM_AUTO_BUF struct prism_buf names = PRISM_BUF_INIT(1 << 24);

	for (size_t k = 0; k < role->action_count; k++)
		prism_buf_printf(&actions, "%s%s", k ? "\n" : "", role->actions[k]);
	for (size_t k = 0; k < role->member_count; k++) {
		prism_buf_printf(&members, "%s%s", k ? "\n" : "", role->members[k]);
		prism_buf_printf(&names, "%s%s", k ? "\n" : "",
		                 core_user_name(command->core, role->members[k]));
	}
	pt_records_list(command->records, prism_buf_text(&actions));
	pt_records_list(command->records, prism_buf_text(&members));
	pt_records_list(command->records, prism_buf_text(&names));
}

static void list_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", NULL},           {"name", "Role"},  {"builtin", NULL},
	    {"actions", "Actions"}, {"members", NULL}, {"member_names", "Members"},
	    {NULL, NULL},
	};
	struct core_roles roles = core_roles(command->core, pt_command_get(command, "computation"));

	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < roles.count; i++) {
		pt_records_text(command->records, roles.roles[i].id);
		pt_records_text(command->records, roles.roles[i].name);
		pt_records_bool(command->records, roles.roles[i].builtin);
		add_contents(command, &roles.roles[i]);
	}
	pt_command_done(command, NULL);
}

static void list_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_roles roles;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	roles = core_roles(command->core, pt_command_get(command, "computation"));
	for (size_t i = 0; i < roles.count; i++)
		for (size_t k = 0; k < roles.roles[i].member_count; k++)
			core_user_name(command->core, roles.roles[i].members[k]);
	pt_command_settle(command, list_print);
}

void pt_cmd_role_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_roles_await(command->core, pt_command_get(command, "computation"), true,
	                                command->cancel, list_here, command, &err),
	               &err);
}

/* ---- one role: as the server has it now, with what the list knows of it ---- */

static void show_here(void *data, const struct core_role *fresh, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},
	    {"name", "Role"},
	    {"builtin", "Built in"},
	    {"created_by", "Made by"},
	    {"created_at", "Made"},
	    {"updated_at", "Changed"},
	    {"actions", "Actions"},
	    {"members", NULL},
	    {"member_names", "Members"},
	    {NULL, NULL},
	};
	struct pt_command *command = data;
	const struct core_role *known;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	known = core_role_find(command->core, pt_command_get(command, "computation"), fresh->id);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, fresh->id);
	pt_records_text(command->records, fresh->name);
	pt_records_bool(command->records, fresh->builtin);
	pt_records_text(command->records,
	                *fresh->created_by ? core_user_name(command->core, fresh->created_by) : NULL);
	pt_records_time(command->records, fresh->created_us);
	pt_records_time(command->records, fresh->updated_us);
	add_contents(command, known ? known : fresh);
	pt_command_done(command, NULL);
}

void pt_cmd_role_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_role_fetch(command->core, pt_command_get(command, "computation"),
	                               pt_command_get(command, "role"), command->cancel, show_here,
	                               command, &err),
	               &err);
}

static void words_here(void *data, const char *const *words, size_t count,
                       const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"action", "Action"}, {NULL, NULL}};
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(columns, 0);
		for (size_t i = 0; i < count; i++)
			pt_records_text(command->records, words[i]);
	}
	pt_command_done(command, err);
}

void pt_cmd_role_action_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_role_actions_known(command->core, pt_command_get(command, "computation"),
	                                       command->cancel, words_here, command, &err),
	               &err);
}

/* ---- changes ---- */

void pt_cmd_role_create(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count = 0, member_count = pt_values_count(command->values, "member");
	const char *const *actions = pt_command_all(command, "action", &count);
	PRISM_AUTO_FREE const char **members = prism_alloc_array(member_count + 1, sizeof(*members));

	for (size_t i = 0; i < member_count; i++)
		members[i] = pt_values_nth(command->values, "member", i);
	pt_command_message(command, "role created");
	pt_command_try(command,
	               core_role_create(command->core, pt_command_get(command, "computation"),
	                                pt_command_get(command, "name"), actions, count, members,
	                                member_count, command->cancel, pt_command_on_id, command, &err),
	               &err);
}

void pt_cmd_role_rename(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "role renamed");
	pt_command_try(command,
	               core_role_rename(command->core, pt_command_get(command, "computation"),
	                                pt_command_get(command, "role"),
	                                pt_command_get(command, "name"), command->cancel,
	                                pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_role_delete(struct pt_command *command)
{
	const char *scope = pt_command_get(command, "computation");
	const char *id = pt_command_get(command, "role");
	const struct core_role *role = core_role_find(command->core, scope, id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "role", role ? role->name : id, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "role deleted");
	pt_command_try(command,
	               core_role_delete(command->core, scope, id, command->cancel, pt_command_on_done,
	                                command, &err),
	               &err);
}

static void edit(struct pt_command *command, enum core_role_change change, const char *argument,
                 const char *message)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	const char *const *words = pt_command_all(command, argument, &count);

	pt_command_message(command, "%s", message);
	pt_command_try(command,
	               core_role_edit(command->core, pt_command_get(command, "computation"),
	                              pt_command_get(command, "role"), change, words, count,
	                              command->cancel, pt_command_on_done, command, &err),
	               &err);
}

void pt_cmd_role_action_add(struct pt_command *command)
{
	edit(command, CORE_ROLE_ADD_ACTIONS, "action", "actions added");
}

void pt_cmd_role_action_remove(struct pt_command *command)
{
	edit(command, CORE_ROLE_REMOVE_ACTIONS, "action", "actions removed");
}

static void move_next(void *data, const struct prism_error *err);

/* One after the other: each move is two requests, and the first refusal ends it. */
static void moves_begin(struct pt_command *command)
{
	command->state = prism_alloc(sizeof(size_t));
	command->state_free = prism_free;
	pt_command_message(command, "member moved");
	move_next(command, NULL);
}

static void move_next(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	size_t *at = command->state;
	const char *user = pt_values_nth(command->values, "user", *at);
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err || !user) {
		pt_command_done(command, err);
		return;
	}
	(*at)++;
	pt_command_try(command,
	               core_role_move(command->core, pt_command_get(command, "computation"),
	                              pt_command_get(command, "role"), user, command->cancel, move_next,
	                              command, &failed),
	               &failed);
}

void pt_cmd_role_member_add(struct pt_command *command)
{
	if (pt_command_flag(command, "move"))
		moves_begin(command);
	else
		edit(command, CORE_ROLE_ADD_MEMBERS, "user", "member added");
}

void pt_cmd_role_member_remove(struct pt_command *command)
{
	edit(command, CORE_ROLE_REMOVE_MEMBERS, "user", "member removed");
}

static void clear(struct pt_command *command, bool members, const char *message)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "%s", message);
	pt_command_try(command,
	               core_role_clear(command->core, pt_command_get(command, "computation"),
	                               pt_command_get(command, "role"), members, command->cancel,
	                               pt_command_on_done, command, &err),
	               &err);
}

static void clear_confirmed(struct pt_command *command, bool members, const char *message)
{
	const char *id = pt_command_get(command, "role");
	const struct core_role *role =
	    core_role_find(command->core, pt_command_get(command, "computation"), id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "role", role ? role->name : id, &err) < 0)
		pt_command_done(command, &err);
	else
		clear(command, members, message);
}

/* Who empties the role that administers can lock everybody out, themselves too. */
void pt_cmd_role_action_clear(struct pt_command *command)
{
	clear_confirmed(command, false, "all actions removed");
}

void pt_cmd_role_member_clear(struct pt_command *command)
{
	clear_confirmed(command, true, "all members removed");
}
