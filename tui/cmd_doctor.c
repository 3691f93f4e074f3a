/*
 * The doctor of a computation by -c: every line as a record; the exit status says whether something
 * failed.
 */
#include "base/mem.h"
#include "core/agent_settings.h"
#include "core/doctor.h"
#include "core/run.h"
#include "tui/commands.h"

static const struct pt_record_column columns[] = {
    {"part", "Part"},     {"id", NULL},       {"result", "Result"},
    {"check", "Check"},   {"found", "Found"}, {"why", NULL},
    {"remedy", "Remedy"}, {"action", NULL},   {NULL, NULL},
};

static void cancelled(void *data);

struct examining {
	struct pt_command *command;
	struct core_doctor *doctor;
	struct prism_cancel_hook hook;
};

static void examining_free(void *state)
{
	struct examining *e = state;

	prism_cancel_remove(&e->hook);
	core_doctor_destroy(e->doctor);
	prism_free(e);
}

static void add_line(struct pt_records *records, const struct core_doctor_line *line)
{
	pt_records_text(records, core_doctor_group_word(line->group));
	pt_records_text(records, line->id);
	pt_records_text(records, core_doctor_result_word(line->result));
	pt_records_text(records, line->line);
	pt_records_text(records, line->found);
	pt_records_text(records, *line->why ? line->why : NULL);
	pt_records_text(records, *line->remedy ? line->remedy : NULL);
	pt_records_text(records, *line->fix ? line->fix : NULL);
}

static void examined(void *data, bool done)
{
	struct examining *e = data;
	struct prism_error err = PRISM_ERROR_INIT;
	int rc;

	if (!done) {
		pt_command_progress(e->command, core_doctor_doing(e->doctor), 0, 0);
		return;
	}
	e->command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_doctor_count(e->doctor); i++)
		add_line(e->command->records, core_doctor_line(e->doctor, i));
	pt_command_rows(e->command);
	rc = core_doctor_raise(e->doctor, &err);
	if (rc == 0)
		pt_command_message(e->command, "%s",
		                   core_doctor_worst(e->doctor) == CORE_DOCTOR_WARN
		                       ? "nothing fails; there are warnings"
		                       : "nothing is wrong");
	pt_command_done(e->command, rc < 0 ? &err : NULL);
}

static void cancelled(void *data)
{
	struct examining *e = data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	pt_command_done(e->command, &err);
}

void pt_cmd_computation_doctor(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *id = pt_command_get(command, "computation");
	const char *key = pt_command_get(command, "key");
	PRISM_AUTO_FREE char *key_file = pt_world_key_file(command->world, key, id, NULL);
	struct core_doctor_spec spec = {
	    .computation_id = id,
	    .key_file = key_file,
	    .connection =
	        {
	            .url = pt_command_get(command, "address"),
	            .server_ca_file = pt_command_get(command, "server-ca-file"),
	            .client_cert_file = pt_command_get(command, "client-cert"),
	            .client_key_file = pt_command_get(command, "client-key"),
	            .policy_file = pt_command_get(command, "policy"),
	        },
	};
	struct examining *e;

	const char *names[CORE_RUN_NAMES];
	core_run_cvm_names(command->core, id, NULL, spec.connection.url, names);
	if (!spec.connection.url)
		spec.connection.url = core_agent_settings_url(command->world->options, names);
	if (core_agent_settings_fill(command->world->options, names, &spec.connection, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	e = prism_alloc(sizeof(*e));
	e->command = command;
	command->state = e;
	command->state_free = examining_free;
	e->hook = (struct prism_cancel_hook){.fire = cancelled, .data = e};
	prism_cancel_add(command->cancel, &e->hook);
	e->doctor = core_doctor_start(command->core, &spec, examined, e);
}
