/*
 * Commands about the session: who is signed in, workspaces, profiles, version, help.  Signing in
 * itself is the front end's matter, because a password is never an argument.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/health.h"
#include "core/options.h"
#include "core/session.h"
#include "core/userkey.h"
#include "core/workspace.h"
#include "tui/commands.h"

#include <stdio.h>
#include <string.h>

void pt_cmd_login(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_session_ready(command->core)) {
		pt_command_message(command, "signed in as %s", core_session_login_name(command->core));
		pt_command_done(command, NULL);
		return;
	}
	prism_error_raise(&err, PRISM_ERROR_AUTH, "not signed in");
	pt_command_done(command, &err);
}

static void whoami_known(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"user", "User"},
	    {"id", "Id"},
	    {"email", "E-mail"},
	    {"backend", "Backend"},
	    {"workspace", "Workspace"},
	    {"workspace_id", "Workspace id"},
	    {"token_seconds", "Token lives (s)"},
	    {"session_seconds", "Session lives (s)"},
	    {NULL, NULL},
	};
	struct core *core = command->core;
	const struct core_user *user = core_session_user(core);
	int64_t access = core_session_access_left_ms(core);
	int64_t refresh = core_session_refresh_left_ms(core);
	struct pt_records *r = pt_records_create(columns, PT_RECORD_SINGLE);
	char name[256];

	pt_records_text(r, user ? core_user_display(user, name, sizeof(name))
	                        : core_session_login_name(core));
	pt_records_text(r, core_session_user_id(core));
	pt_records_text(r, user ? user->email : NULL);
	pt_records_text(r, core_option_text(command->world->options, CORE_OPT_URL));
	pt_records_text(r, core_workspace_name(core));
	pt_records_text(r, core_workspace_id(core));
	pt_records_int(r, access == INT64_MAX ? -1 : access / 1000);
	pt_records_int(r, refresh == INT64_MAX ? -1 : refresh / 1000);
	command->records = r;
	pt_command_done(command, NULL);
}

void pt_cmd_whoami(struct pt_command *command)
{
	core_session_learn_owner(command->core); /* of a token: nobody has said whose it is */
	pt_command_settle(command, whoami_known);
}

static void health_here(void *data, const struct core_health *health, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"backend", "Backend"},
	    {"status", "Status"},
	    {"version", "Version"},
	    {"commit", "Commit"},
	    {"milliseconds", "Answer (ms)"},
	    {"skew_seconds", "Clock ahead (s)"},
	    {NULL, NULL},
	};
	struct pt_command *command = data;
	struct pt_records *r;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	r = command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(r, core_option_text(command->world->options, CORE_OPT_URL));
	pt_records_text(r, *health->status ? health->status : "answers");
	pt_records_text(r, *health->version ? health->version : NULL);
	pt_records_text(r, *health->commit ? health->commit : NULL);
	pt_records_int(r, health->took_ms);
	pt_records_int(r, core_clock_skew_us(command->core) / 1000000);
	pt_command_done(command, NULL);
}

void pt_cmd_server_check(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_health_probe(command->core, command->cancel, health_here, command, &err),
	               &err);
}

static void workspaces_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"},     {"name", "Name"},          {"alias", "Alias"},     {"status", "Status"},
	    {"role", "Role"}, {"created_at", "Created"}, {"current", "Current"}, {NULL, NULL},
	};
	struct pt_command *command = data;
	struct core_list *list = core_workspaces(command->core);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_workspace *w = core_workspace_at(list, i);

		pt_records_text(command->records, w->id);
		pt_records_text(command->records, w->name);
		pt_records_text(command->records, w->alias);
		pt_records_text(command->records, w->status);
		pt_records_text(command->records, w->role_name);
		pt_records_time(command->records, w->created_us);
		pt_records_bool(command->records, !strcmp(w->id, core_workspace_id(command->core)));
	}
	pt_command_done(command, NULL);
}

void pt_cmd_workspace_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_list_await(core_workspaces(command->core), true, command->cancel,
	                               workspaces_here, command, &err),
	               &err);
}

void pt_cmd_workspace_use(struct pt_command *command)
{
	const char *id = pt_command_get(command, "workspace");
	const struct core_workspace *w = core_list_find(core_workspaces(command->core), id);

	core_workspace_select(command->core, id, w ? w->name : NULL);
	pt_command_message(command, "working in %s", w ? w->name : id);
	pt_command_done(command, NULL);
}

void pt_cmd_profile_list(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"name", "Name"}, {"current", "Current"}, {"file", "File"}, {NULL, NULL}};
	const struct core_options *options = command->world->options;
	const char *current = core_options_profile(options);
	bool seen = false;

	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_options_profile_count(options); i++) {
		const char *name = core_options_profile_at(options, i);

		seen = seen || !strcmp(name, current);
		pt_records_text(command->records, name);
		pt_records_bool(command->records, !strcmp(name, current));
		pt_records_text(command->records, core_options_file(options));
	}
	if (!seen) {
		pt_records_text(command->records, current);
		pt_records_bool(command->records, true);
		pt_records_text(command->records, core_options_file(options));
	}
	pt_command_done(command, NULL);
}

void pt_cmd_version(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"version", "Version"}, {"config", "Configuration"}, {"keymap", "Key map"},
	    {"state", "State"},     {"keys", "Key pairs"},       {NULL, NULL},
	};
	PRISM_AUTO_FREE char *config = prism_path_config("config");
	PRISM_AUTO_FREE char *keymap = prism_path_config("keys");
	PRISM_AUTO_FREE char *state = prism_path_state("");

	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, PRISM_VERSION);
	pt_records_text(command->records, config);
	pt_records_text(command->records, keymap);
	pt_records_text(command->records, state);
	pt_records_text(command->records, core_userkeys_dir(pt_world_keys(command->world)));
	pt_command_done(command, NULL);
}

/* ---- help ---- */

static const struct pt_record_column help_columns[] = {
    {"command", "Command"}, {"help", "What it does"}, {NULL, NULL}};

static void help_one(struct pt_records *r, const struct pt_action *action)
{
	char usage[1024];

	pt_records_text(r, pt_action_usage(action, usage, sizeof(usage)));
	pt_records_text(r, action->help);
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		PRISM_AUTO_FREE char *name =
		    prism_asprintf("    %s%s", arg->flags & PT_ARG_POSITIONAL ? "" : "--",
		                   arg->flags & PT_ARG_POSITIONAL ? pt_arg_placeholder(arg) : arg->name);
		PRISM_AUTO_FREE char *text =
		    prism_asprintf("%s%s%s%s", arg->help, arg->choices ? " (" : "",
		                   arg->choices ? arg->choices : "", arg->choices ? ")" : "");

		pt_records_text(r, name);
		pt_records_text(r, text);
	}
}

void pt_cmd_help(struct pt_command *command)
{
	PRISM_AUTO_BUF struct prism_buf name = PRISM_BUF_INIT(4096);
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count, found = 0;
	const char *const *words = pt_command_all(command, "command", &count);

	for (size_t i = 0; i < count; i++)
		prism_buf_printf(&name, "%s%.100s", i ? " " : "", words[i]);
	command->records = pt_records_create(help_columns, 0);
	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *action = pt_action((enum pt_action_id)id);
		size_t len = name.len;

		if (!pt_action_headless(action) ||
		    (len && (strncmp(action->name, prism_buf_text(&name), len) != 0 ||
		             (action->name[len] != ' ' && action->name[len]))))
			continue;
		found++;
		if (count) {
			help_one(command->records, action);
		} else {
			char usage[1024];

			pt_records_text(command->records, pt_action_usage(action, usage, sizeof(usage)));
			pt_records_text(command->records, action->help);
		}
	}
	if (!found) {
		prism_error_raise(&err, PRISM_ERROR_MISSING, "there is no command \"%s\"",
		                  prism_buf_text(&name));
		prism_error_hint(&err, "\"help\" lists all");
	}
	pt_command_done(command, found ? NULL : &err);
}
