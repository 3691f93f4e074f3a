/*
 * Commands about what is followed.  The marks are kept with the remembered state of the profile;
 * changes are told by the screen (tui/notify.h).
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/follow.h"
#include "tui/commands.h"

#include <string.h>

void pt_cmd_notify(struct pt_command *command)
{
	const char *id = pt_command_get(command, "computation");
	bool on = !pt_command_flag(command, "off");
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_follow(command->core, id, on, &err) == 0)
		pt_command_message(command, on ? "followed: changes are told" : "not followed");
	pt_command_done(command, err.category ? &err : NULL);
}

static void list_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"}, {"name", "Name"}, {"state", "State"}, {NULL, NULL}};
	struct pt_command *command = data;
	struct core *core = command->core;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_followed_count(core); i++) {
		const char *id = core_followed_at(core, i);
		const struct core_computation *c = core_computation_get(core, id);

		pt_records_text(command->records, id);
		pt_records_text(command->records, c ? c->name : NULL);
		pt_records_text(command->records, c ? core_computation_state_label(core, id) : NULL);
	}
	pt_command_done(command, NULL);
}

void pt_cmd_notify_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_computations(command->core), true, command->cancel,
	                               list_here, command, &err),
	               &err);
}
