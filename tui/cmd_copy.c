/*
 * "computation copy": a new computation from one that is there, with its configuration, roles,
 * people and asset links.
 *
 * It is an export of one and an import of it under another name (core/export.h, core/import.h), so
 * both know the same things.  The file between them lies in the state directory, 0600, and is
 * removed as soon as the import has opened it.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/export.h"
#include "core/import.h"
#include "core/validate.h"
#include "net/crypto.h"
#include "tui/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct copying {
	struct pt_command *command;
	char *path; /* NULL: removed */
	struct core_import *import;
	struct prism_cancel_hook cancelled;
	bool started, ended;
};

static void drop_file(struct copying *c)
{
	if (c->path)
		unlink(c->path);
	prism_free(c->path);
	c->path = NULL;
}

static void copying_free(void *state)
{
	struct copying *c = state;

	prism_cancel_remove(&c->cancelled);
	core_import_close(c->import);
	drop_file(c);
	prism_free(c);
}

static void on_cancel(void *data)
{
	struct copying *c = data;

	if (c->import)
		core_import_cancel(c->import);
}

static void end(struct copying *c, const struct prism_error *err)
{
	if (c->ended)
		return;
	c->ended = true;
	pt_command_done(c->command, err);
}

static void say_problems(struct copying *c)
{
	const struct core_problems *problems = core_import_problems(c->import);

	for (size_t i = 0; i < problems->count; i++)
		if (problems->all[i].level != CORE_PROBLEM_NOTE)
			pt_command_say(c->command, "%s: %s%s%s", core_problem_word(problems->all[i].level),
			               problems->all[i].field, *problems->all[i].field ? ": " : "",
			               problems->all[i].text);
}

static void copied(struct copying *c)
{
	static const struct pt_record_column columns[] = {{"id", "Id"}, {"name", "Name"}, {NULL, NULL}};
	const struct core_import_item *item = core_import_at(c->import, 0);
	struct pt_command *command = c->command;
	struct prism_error err = PRISM_ERROR_INIT;

	say_problems(c);
	if (!item || !*item->id) {
		prism_error_raise(&err, PRISM_ERROR_CONFLICT, "the copy was not created");
		end(c, &err);
		return;
	}
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, item->id);
	pt_records_text(command->records, item->name);
	command->id = prism_strdup(item->id);
	pt_command_message(command,
	                   item->outcome == CORE_IMPORT_PARTLY
	                       ? "%s was made, but not all of it: see the messages"
	                       : "%s was made",
	                   item->name);
	end(c, NULL);
}

static void changed(void *data)
{
	struct copying *c = data;
	struct prism_error err = PRISM_ERROR_INIT;

	switch (core_import_stage(c->import)) {
	case CORE_IMPORT_READY:
		drop_file(c);
		if (!c->started && core_import_start(c->import, &err) < 0)
			end(c, &err);
		c->started = true;
		break;
	case CORE_IMPORT_DONE:
		copied(c);
		break;
	case CORE_IMPORT_STOPPED:
	case CORE_IMPORT_FAILED:
		prism_error_copy(&err, core_import_error(c->import));
		end(c, &err);
		break;
	default:
		break;
	}
}

static void exported(void *data, const struct core_export_result *result,
                     const struct prism_error *why)
{
	struct copying *c = data;
	struct pt_command *command = c->command;
	struct prism_error err = PRISM_ERROR_INIT;
	const struct core_import_spec spec = {
	    .path = c->path,
	    .no_members = pt_command_flag(command, "no-members"),
	    .again = true,
	    .name = pt_command_get(command, "name"),
	    .description = pt_command_get(command, "description"),
	};

	if (!why && result->computations == 0) {
		prism_error_raise(&err, PRISM_ERROR_MISSING, "it could not be read");
		why = &err;
	}
	if (!why)
		c->import = core_import_open(command->core, &spec, changed, c, &err);
	if (!c->import)
		end(c, why ? why : &err);
}

static void warned(void *data, const char *text)
{
	struct copying *c = data;

	pt_command_say(c->command, "%s", text);
}

void pt_cmd_computation_copy(struct pt_command *command)
{
	struct copying *c = prism_alloc(sizeof(*c));
	PRISM_AUTO_FREE char *directory = prism_path_state("");
	const char *id = pt_command_get(command, "computation");
	struct prism_error err = PRISM_ERROR_INIT;
	char unique[37];

	net_uuid4(unique);
	c->command = command;
	c->path = prism_asprintf("%s/copy-%s.json", directory ? directory : "/tmp", unique);
	c->cancelled = (struct prism_cancel_hook){.fire = on_cancel, .data = c};
	command->state = c;
	command->state_free = copying_free;
	prism_cancel_add(command->cancel, &c->cancelled);
	const struct core_export_spec spec = {
	    .path = c->path, .ids = &id, .count = 1, .private_keys = true, .warn = warned};
	if (core_validate_named(CORE_FIELD_COMPUTATION_NAME, pt_command_get(command, "name"), &err) <
	        0 ||
	    (directory && prism_file_mkdirs(directory, 0700, &err) < 0) ||
	    core_export_start(command->core, &spec, command->cancel, exported, c, &err) < 0)
		end(c, &err);
}
