/*
 * Commands about workspaces themselves: show, create, rename, enable, disable.  Listing and
 * entering them is cmd_session.c's.
 */
#include "base/mem.h"
#include "core/permission.h"
#include "core/workspace.h"
#include "tui/commands.h"

#include <string.h>

static void show(void *data, const struct core_workspace *w, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},
	    {"name", "Name"},
	    {"alias", "Alias"},
	    {"status", "Status"},
	    {"role", "Your role"},
	    {"actions", "You may"},
	    {"created_at", "Created"},
	    {"updated_at", "Changed"},
	    {NULL, NULL},
	};
	struct pt_command *command = data;
	PRISM_AUTO_BUF struct prism_buf actions = PRISM_BUF_INIT(4096);
	struct pt_records *r;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	for (unsigned i = 0; i < CORE_WPERM_COUNT; i++)
		if (w->actions & (1u << i))
			prism_buf_printf(&actions, "%s%s", actions.len ? "\n" : "", core_wperm_word(i));
	r = command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(r, w->id);
	pt_records_text(r, w->name);
	pt_records_text(r, w->alias);
	pt_records_text(r, w->status);
	pt_records_text(r, w->role_name);
	pt_records_list(r, prism_buf_text(&actions));
	pt_records_time(r, w->created_us);
	pt_records_time(r, w->updated_us);
	pt_command_done(command, NULL);
}

void pt_cmd_workspace_show(struct pt_command *command)
{
	const char *id = pt_command_get(command, "workspace");
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_workspace_fetch(command->core, id ? id : core_workspace_id(command->core),
	                                    command->cancel, show, command, &err),
	               &err);
}

static void created(void *data, const char *id, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err && pt_command_flag(command, "use"))
		core_workspace_select(command->core, id, pt_command_get(command, "name"));
	pt_command_on_id(command, id, err);
}

void pt_cmd_workspace_create(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "workspace created");
	pt_command_try(command,
	               core_workspace_create(command->core, pt_command_get(command, "name"),
	                                     pt_command_get(command, "alias"), command->cancel, created,
	                                     command, &err),
	               &err);
}

void pt_cmd_workspace_update(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "workspace renamed");
	pt_command_try(command,
	               core_workspace_rename(command->core, pt_command_get(command, "workspace"),
	                                     pt_command_get(command, "name"), command->cancel,
	                                     pt_command_on_done, command, &err),
	               &err);
}

static void set_enabled(struct pt_command *command, bool enabled)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, enabled ? "workspace enabled" : "workspace disabled");
	pt_command_try(command,
	               core_workspace_set_enabled(command->core, pt_command_get(command, "workspace"),
	                                          enabled, command->cancel, pt_command_on_done, command,
	                                          &err),
	               &err);
}

void pt_cmd_workspace_enable(struct pt_command *command)
{
	set_enabled(command, true);
}

void pt_cmd_workspace_disable(struct pt_command *command)
{
	set_enabled(command, false);
}
