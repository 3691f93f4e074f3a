/*
 * Commands about runs: start, stop, status, list.  Watching one is cmd_follow.c's matter, talking
 * to its agent cmd_transfer.c's.
 */
#include "base/mem.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/run.h"
#include "tui/commands.h"

#include <string.h>

static const struct pt_record_column run_columns[] = {
    {"id", "Run"},        {"number", "#"},        {"computation_id", "Computation"},
    {"state", "State"},   {"status", NULL},       {"cvm_id", NULL},
    {"cvm_name", "CVM"},  {"agent_url", "Agent"}, {"created_at", "Created"},
    {"start_time", NULL}, {"end_time", NULL},     {NULL, NULL},
};

static void add_run(struct pt_records *r, const struct core_run *run, int number,
                    enum core_comp_state state, const char *agent)
{
	pt_records_text(r, run->id);
	pt_records_int(r, number);
	pt_records_text(r, run->computation_id);
	pt_records_text(r, core_comp_state_info(state)->label);
	pt_records_text(r, run->status);
	pt_records_text(r, run->cvm_id);
	pt_records_text(r, run->cvm_name);
	pt_records_text(r, agent);
	pt_records_time(r, run->created_us);
	pt_records_time(r, run->start_us);
	pt_records_time(r, run->end_us);
}

/* ---- run ---- */

static void started(void *data, const char *id, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"run_id", "Run"}, {NULL, NULL}};
	struct pt_command *command = data;

	if (!err && pt_command_flag(command, "follow")) {
		pt_command_say(command, "run started");
		command->id = *id ? prism_strdup(id) : NULL;
		pt_cmd_computation_follow(command);
		return;
	}
	if (!err) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, id);
		pt_command_message(command, "run started");
	}
	pt_command_on_id(command, id, err);
}

void pt_cmd_computation_run(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_run_start(command->core, pt_command_get(command, "computation"),
	                              pt_command_get(command, "cvm"), command->cancel, started, command,
	                              &err),
	               &err);
}

void pt_cmd_computation_stop(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_message(command, "computation stopped");
	pt_command_try(command,
	               core_run_stop(command->core, pt_command_get(command, "computation"),
	                             command->cancel, pt_command_on_done, command, &err),
	               &err);
}

/* ---- status ---- */

static void status_here(void *data, const struct core_run_event *event, enum core_comp_state state,
                        const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"state", "State"}, {"event_type", "Event"}, {"status", "Status"},
	    {"run_id", "Run"},  {"timestamp", "Time"},   {"details", "Details"},
	    {"cvm_id", NULL},   {"originator", "From"},  {NULL, NULL},
	};
	struct pt_command *command = data;
	struct pt_records *r;
	char title[128];

	if (err && err->category != PRISM_ERROR_MISSING) {
		pt_command_done(command, err);
		return;
	}
	r = command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(r, core_comp_state_info(err ? CORE_COMP_NOT_STARTED : state)->label);
	pt_records_text(r, event ? core_event_title(event->type, title, sizeof(title)) : NULL);
	pt_records_text(r, event ? event->status : NULL);
	pt_records_text(r, event ? event->run_id : NULL);
	pt_records_time(r, event ? event->time_us : PRISM_TIME_UNSET);
	pt_records_text(r, event ? event->details : NULL);
	pt_records_text(r, event ? event->cvm_id : NULL);
	pt_records_text(r, event ? event->originator : NULL);
	pt_command_done(command, NULL);
}

void pt_cmd_computation_status(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_run_status(command->core, pt_command_get(command, "computation"),
	                               command->cancel, status_here, command, &err),
	               &err);
}

/* ---- list and show ---- */

static void runs_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = core_runs(command->core);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(run_columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_run *run = core_list_at(list, i);

		add_run(command->records, run, run->index, run->state, run->agent_url);
	}
	pt_command_done(command, NULL);
}

static void cards_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *id = pt_command_get(command, "computation");
	bool all = pt_action_id(command->action) == PT_ACTION_RUN_LIST;
	struct prism_error none = PRISM_ERROR_INIT;
	struct core_timeline timeline;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	timeline = core_timeline(command->core, id);
	command->records = pt_records_create(run_columns, all ? 0 : PT_RECORD_SINGLE);
	for (size_t i = 0; i < timeline.count && (all || i == 0); i++) {
		const struct core_card *card = &timeline.cards[i];

		add_run(command->records, &card->run, card->number, card->state,
		        core_run_agent_url(command->core, id, card->run.id));
	}
	if (!timeline.count && !all)
		prism_error_raise(&none, PRISM_ERROR_MISSING, "this computation has never run");
	pt_command_done(command, none.category ? &none : NULL);
}

void pt_cmd_run_list(struct pt_command *command)
{
	const char *id = pt_command_get(command, "computation");
	struct prism_error err = PRISM_ERROR_INIT;
	int result;

	if (id)
		result = core_timeline_await(command->core, id, true, command->cancel, cards_here, command,
		                             &err);
	else
		result = core_list_await(core_runs(command->core), true, command->cancel, runs_here,
		                         command, &err);
	pt_command_try(command, result, &err);
}

void pt_cmd_run_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_timeline_await(command->core, pt_command_get(command, "computation"), true,
	                                   command->cancel, cards_here, command, &err),
	               &err);
}
