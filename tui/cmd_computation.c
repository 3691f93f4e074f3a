/*
 * Commands about computations as documents: list, show, create, update, delete, the check-list
 * before a run, and the manifest.  Running is cmd_run.c's matter.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/manifest.h"
#include "core/role.h"
#include "core/run.h"
#include "core/user.h"
#include "core/validate.h"
#include "tui/cmd_cert.h"
#include "tui/commands.h"

#include <string.h>

/* ---- list ---- */

static void list_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},
	    {"name", "Name"},
	    {"state", "State"},
	    {"status", NULL},
	    {"owner", NULL},
	    {"owner_name", "Owner"},
	    {"created_at", "Created"},
	    {"description", "Description"},
	    {NULL, NULL},
	};
	struct core *core = command->core;
	struct core_list *list = core_computations(core);
	const char *name = pt_command_get(command, "name");
	const char *state = pt_command_get(command, "state");

	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_computation *c = core_computation_at(list, i);
		const struct core_comp_state_info *info =
		    core_comp_state_info(core_computation_state(core, c->id));

		if ((name && !prism_text_contains(c->name, name)) || (state && strcmp(info->word, state)))
			continue;
		pt_records_text(command->records, c->id);
		pt_records_text(command->records, c->name);
		pt_records_text(command->records, core_computation_state_label(core, c->id));
		pt_records_text(command->records, c->status);
		pt_records_text(command->records, c->owner);
		pt_records_text(command->records, core_user_name(core, c->owner));
		pt_records_time(command->records, c->created_us);
		pt_records_text(command->records, c->description);
	}
	pt_command_done(command, NULL);
}

static void list_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = core_computations(command->core);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	for (size_t i = 0; i < core_list_count(list); i++)
		core_user_name(command->core, core_computation_at(list, i)->owner);
	pt_command_settle(command, list_print);
}

void pt_cmd_computation_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_computations(command->core), true, command->cancel,
	                               list_here, command, &err),
	               &err);
}

/* ---- show ---- */

static void join(struct prism_buf *out, const struct core_participant *people, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prism_buf_printf(out, "%s%s%s", i ? "\n" : "", people[i].name,
		                 people[i].key_missing ? " (key missing)" : "");
}

static void show_print(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},
	    {"name", "Name"},
	    {"description", "Description"},
	    {"state", "State"},
	    {"status", NULL},
	    {"owner", NULL},
	    {"owner_name", "Owner"},
	    {"created_at", "Created"},
	    {"start_time", "Started"},
	    {"end_time", "Ended"},
	    {"log_level", "Log level"},
	    {"tls_mode", "TLS mode"},
	    {"cert_file", "Cert File"},
	    {"server_key", "Key File"},
	    {"server_ca_file", "Server CA"},
	    {"client_ca_file", "Client CA"},
	    {"algorithm_providers", "Algorithm provider"},
	    {"dataset_providers", "Dataset providers"},
	    {"result_consumers", "Result consumers"},
	    {NULL, NULL},
	};
	struct core *core = command->core;
	const char *id = pt_command_get(command, "computation");
	const struct core_computation *c = core_computation_get(core, id);
	struct core_participants people = core_participants(core, id);
	PRISM_AUTO_BUF struct prism_buf algo = PRISM_BUF_INIT(65536);
	PRISM_AUTO_BUF struct prism_buf data = PRISM_BUF_INIT(65536);
	PRISM_AUTO_BUF struct prism_buf consumers = PRISM_BUF_INIT(65536);
	struct pt_records *r = pt_records_create(columns, PT_RECORD_SINGLE);

	join(&algo, people.algo_providers, people.algo_count);
	join(&data, people.dataset_providers, people.dataset_count);
	join(&consumers, people.result_consumers, people.consumer_count);
	pt_records_text(r, c->id);
	pt_records_text(r, c->name);
	pt_records_text(r, c->description);
	pt_records_text(r, core_computation_state_label(core, id));
	pt_records_text(r, c->status);
	pt_records_text(r, c->owner);
	pt_records_text(r, core_user_name(core, c->owner));
	pt_records_time(r, c->created_us);
	pt_records_time(r, c->start_us);
	pt_records_time(r, c->end_us);
	pt_records_text(r, c->agent->log_level);
	pt_records_text(r, core_tls_mode_info(core_tls_mode_of(c->agent))->label);
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		pt_records_text(r, core_tls_value_kind(c->agent->file[i]) == CORE_TLS_VALUE_PATH
		                       ? "Server-side path"
		                       : core_tls_file_badge(c->agent, i));
	pt_records_list(r, prism_buf_text(&algo));
	pt_records_list(r, prism_buf_text(&data));
	pt_records_list(r, prism_buf_text(&consumers));
	command->records = r;
	pt_command_done(command, NULL);
}

static void show_here(void *data, const struct core_computation *computation,
                      const struct prism_error *err)
{
	struct pt_command *command = data;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	core_user_name(command->core, computation->owner);
	core_roles_load(command->core, computation->id, true);
	core_checklist_load(command->core, computation->id, true);
	pt_command_settle(command, show_print);
}

void pt_cmd_computation_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_computation_fetch(command->core, pt_command_get(command, "computation"),
	                                      command->cancel, show_here, command, &err),
	               &err);
}

/* ---- create, update, delete ---- */

static void created(void *data, const char *id, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"id", "Id"}, {"name", "Name"}, {NULL, NULL}};
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, id);
		pt_records_text(command->records, pt_command_get(command, "name"));
		pt_command_message(command, "computation created");
	}
	pt_command_on_id(command, id, err);
}

void pt_cmd_computation_create(struct pt_command *command)
{
	struct core_computation_draft draft = {
	    .name = pt_command_get(command, "name"),
	    .description = pt_command_get(command, "description"),
	    .log_level = pt_command_get(command, "log-level"),
	};
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_certcheck *check = NULL;

	if (pt_cert_draft(command, NULL, &draft, &check, &err) < 0 ||
	    core_validate_named(CORE_FIELD_COMPUTATION_NAME, draft.name, &err) < 0 ||
	    core_validate_named(CORE_FIELD_COMPUTATION_DESCRIPTION, draft.description, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_command_try(
		    command,
		    core_computation_create(command->core, &draft, command->cancel, created, command, &err),
		    &err);
	core_certcheck_destroy(check); /* the request has its own copy */
}

/* With what is stored at hand: files that are not given again are checked together with new ones.
 */
static void update_here(void *data, const struct core_computation *computation,
                        const struct prism_error *why)
{
	struct pt_command *command = data;
	struct core_computation_draft draft = {
	    .name = pt_command_get(command, "name"),
	    .description = pt_command_get(command, "description"),
	    .log_level = pt_command_get(command, "log-level"),
	};
	const struct prism_secret *base = pt_command_attached(command, "computation");
	struct core_certcheck *check = NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	if (base)
		draft.base = prism_secret_text(base);
	if (why || pt_cert_draft(command, computation, &draft, &check, &err) < 0) {
		pt_command_done(command, why ? why : &err);
	} else {
		pt_command_message(command, "computation updated");
		pt_command_try(command,
		               core_computation_update(command->core,
		                                       pt_command_get(command, "computation"), &draft,
		                                       command->cancel, pt_command_on_done, command, &err),
		               &err);
	}
	core_certcheck_destroy(check);
}

void pt_cmd_computation_update(struct pt_command *command)
{
	const char *id = pt_command_get(command, "computation");
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_cert_given(command)) {
		pt_command_try(
		    command,
		    core_computation_fetch(command->core, id, command->cancel, update_here, command, &err),
		    &err);
	} else if (pt_command_get(command, "name") || pt_command_get(command, "description") ||
	           pt_command_get(command, "log-level")) {
		update_here(command, NULL, NULL);
	} else {
		prism_error_raise(&err, PRISM_ERROR_INVALID, "nothing to change");
		prism_error_hint(&err, "give --name, --description, --log-level or --tls-mode");
		pt_command_done(command, &err);
	}
}

void pt_cmd_computation_delete(struct pt_command *command)
{
	const char *id = pt_command_get(command, "computation");
	const struct core_computation *c = core_computation_get(command->core, id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (!pt_command_get(command, "confirm"))
		pt_command_say(command,
		               "with it go its roles, asset links (the assets stay), runs, logs, and "
		               "results that were not fetched; \"computation export\" keeps the rest");
	if (pt_command_confirm(command, "computation", c ? c->name : id, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "computation deleted");
	pt_command_try(command,
	               core_computation_delete(command->core, id, command->cancel, pt_command_on_done,
	                                       command, &err),
	               &err);
}

/* ---- check-list ---- */

static void checklist_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"done", "Done"}, {"mandatory", "Needed"}, {"text", "Item"}, {"fix", NULL}, {NULL, NULL}};
	struct pt_command *command = data;
	struct core_checklist list;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	list = core_checklist(command->core, pt_command_get(command, "computation"));
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < list.count; i++) {
		pt_records_bool(command->records, list.items[i].done);
		pt_records_bool(command->records, list.items[i].mandatory);
		pt_records_text(command->records, list.items[i].text);
		pt_records_text(command->records, list.items[i].fix);
	}
	if (list.runnable)
		pt_command_message(command, "%s",
		                   list.authoritative
		                       ? "nothing is missing: it can run"
		                       : "nothing is missing as far as roles and assets tell");
	else
		pt_command_message(command, "%zu missing", list.open);
	pt_command_done(command, NULL);
}

void pt_cmd_computation_checklist(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_checklist_await(command->core, pt_command_get(command, "computation"), true,
	                                    command->cancel, checklist_here, command, &err),
	               &err);
}

/* ---- manifest ---- */

static void manifest_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {{"manifest", "Manifest"}, {NULL, NULL}};
	struct pt_command *command = data;
	const char *path = pt_command_get(command, "save");
	const struct core_manifest *manifest;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	manifest = core_manifest(command->core, pt_command_get(command, "computation"));
	if (path && core_manifest_save(manifest, path, &failed) < 0) {
		pt_command_done(command, &failed);
		return;
	}
	if (path) {
		pt_command_message(command, "manifest saved as %s", path);
	} else {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_document(command->records, manifest->raw, manifest->raw_len);
	}
	pt_command_done(command, NULL);
}

void pt_cmd_computation_manifest(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_manifest_await(command->core, pt_command_get(command, "computation"), true,
	                                   command->cancel, manifest_here, command, &err),
	               &err);
}
