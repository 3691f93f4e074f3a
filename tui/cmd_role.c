/*
 * Commands about the roles of a computation: who may do what.
 */
#include "base/mem.h"
#include "core/role.h"
#include "core/user.h"
#include "tui/commands.h"

#include <string.h>

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
		const struct core_role *role = &roles.roles[i];
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
		pt_records_text(command->records, role->id);
		pt_records_text(command->records, role->name);
		pt_records_bool(command->records, role->builtin);
		pt_records_list(command->records, prism_buf_text(&actions));
		pt_records_list(command->records, prism_buf_text(&members));
		pt_records_list(command->records, prism_buf_text(&names));
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

void pt_cmd_role_create(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	const char *const *actions = pt_command_all(command, "action", &count);

	pt_command_message(command, "role created");
	pt_command_try(command,
	               core_role_create(command->core, pt_command_get(command, "computation"),
	                                pt_command_get(command, "name"), actions, count, NULL, 0,
	                                command->cancel, pt_command_on_id, command, &err),
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

void pt_cmd_role_member_add(struct pt_command *command)
{
	edit(command, CORE_ROLE_ADD_MEMBERS, "user", "member added");
}

void pt_cmd_role_member_remove(struct pt_command *command)
{
	edit(command, CORE_ROLE_REMOVE_MEMBERS, "user", "member removed");
}
