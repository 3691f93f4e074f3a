/*
 * The fleet as a command: the computations of all profiles, asked for side by side.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/options.h"
#include "core/workspace.h"
#include "tui/commands.h"
#include "tui/fleet.h"

#include <string.h>

static void add(struct pt_records *r, const struct pt_fleet_member *member,
                const struct core_computation *c)
{
	struct core *core = member->world ? member->world->core : NULL;
	char text[PRISM_ERROR_TEXT + 64];

	pt_records_text(r, member->profile);
	pt_records_text(r, core ? core_option_text(core_options(core), CORE_OPT_URL) : NULL);
	pt_records_text(r, core && *core_workspace_id(core) ? core_workspace_name(core) : NULL);
	pt_records_text(r, c ? c->id : NULL);
	pt_records_text(r, c ? c->name : NULL);
	pt_records_text(r, c ? core_computation_state_label(core, c->id) : NULL);
	pt_records_time(r, c ? c->created_us : PRISM_TIME_UNSET);
	pt_fleet_text(member, text, sizeof(text));
	pt_records_text(r, *text ? text : NULL);
}

static void here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"profile", "Profile"}, {"url", NULL},           {"workspace", "Workspace"},
	    {"id", "Id"},           {"name", "Computation"}, {"state", "State"},
	    {"created_at", NULL},   {"note", "Note"},        {NULL, NULL}};
	struct pt_command *command = data;
	const struct pt_fleet *fleet = pt_world_fleet(command->world);

	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < pt_fleet_count(fleet); i++) {
		const struct pt_fleet_member *member = pt_fleet_at(fleet, i);
		const struct core_list *list = pt_fleet_computations(member);
		size_t count = list ? core_list_count(list) : 0;

		for (size_t j = 0; j < count; j++)
			add(command->records, member, core_computation_at(list, j));
		if (!count)
			add(command->records, member, NULL);
	}
	pt_command_done(command, err);
}

void pt_cmd_fleet(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    pt_fleet_await(pt_world_fleet(command->world), command->cancel, here, command, &err), &err);
}
