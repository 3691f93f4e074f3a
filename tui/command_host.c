/*
 * Files of a command that are saved on hosts, one after another: see tui/hostfile.h.
 */
#include "tui/command_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/place_sftp.h"

#include <string.h>

struct step { /* what comes after the last one */
	struct pt_command *command;
	void (*then)(struct pt_command *command);
};

int pt_command_hosts_check(const struct pt_arg *arg, const char *text, struct prism_error *err)
{
	char *via, *path;
	int on_host = core_place_sftp_split(text, &via, &path, err);

	if (on_host <= 0)
		return on_host;
	prism_free(via);
	prism_free(path);
	if (!(arg->flags & PT_ARG_DIRECTORY))
		return 1;
	prism_error_raise(err, PRISM_ERROR_INVALID, "%s: \"%s\" takes a directory of this machine",
	                  text, arg->name);
	prism_error_hint(err,
	                 "single files can be saved on a host, and \"cert push\" puts certificates "
	                 "there");
	return -1;
}

bool pt_command_names_host(const struct pt_values *values)
{
	const char *word;

	for (const struct pt_arg *arg = pt_values_action(values)->args; arg && arg->name; arg++)
		for (size_t i = 0;
		     arg->kind == PT_ARG_NEW_FILE && (word = pt_values_nth(values, arg->name, i)); i++)
			if (pt_command_hosts_check(arg, word, NULL) > 0)
				return true;
	return false;
}

/* ---- looking ---- */

static int make(struct pt_command *command, struct prism_error *err)
{
	struct pt_command_private *p = command->p;
	const char *word;

	for (const struct pt_arg *arg = command->action->args; arg && arg->name; arg++)
		for (size_t i = 0;
		     arg->kind == PT_ARG_NEW_FILE && (word = pt_values_nth(p->given, arg->name, i)); i++) {
			struct pt_hostfile *file;
			bool fresh = arg->flags & PT_ARG_FRESH && !pt_values_get(p->given, "replace");
			int made = pt_hostfile_create(command->world, word, fresh, &file, err);

			if (made < 0)
				return -1;
			if (!made)
				continue;
			p->hosts =
			    prism_realloc_array(p->hosts, p->host_count + 1, sizeof(struct pt_hostfile *));
			p->hosts[p->host_count++] = file;
		}
	return 0;
}

static void look_next(struct step *step);

static void looked(void *data, const char *kept, const struct prism_error *err)
{
	struct step *step = data;

	PRISM_UNUSED(kept);
	if (err) {
		step->command->p->placing = false;
		pt_command_done(step->command, err);
		prism_free(step);
		return;
	}
	step->command->p->host_at++;
	look_next(step);
}

static void look_next(struct step *step)
{
	struct pt_command *command = step->command;
	struct pt_command_private *p = command->p;
	void (*then)(struct pt_command *) = step->then;
	struct prism_error err = PRISM_ERROR_INIT;

	p->placing = p->host_at < p->host_count;
	if (!p->placing) {
		p->looked = true;
		p->host_at = 0;
		prism_free(step);
		then(command);
	} else if (pt_hostfile_look(p->hosts[p->host_at], command->cancel, looked, step, &err) < 0) {
		looked(step, NULL, &err);
	}
}

static struct step *step_of(struct pt_command *command, void (*then)(struct pt_command *command))
{
	struct step *step = prism_alloc(sizeof(*step));

	*step = (struct step){command, then};
	return step;
}

void pt_command_hosts_look(struct pt_command *command, void (*then)(struct pt_command *command))
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (make(command, &err) < 0)
		pt_command_done(command, &err);
	else
		look_next(step_of(command, then));
}

const char *pt_command_hosts_local(const struct pt_command *command, const char *word)
{
	for (size_t i = 0; i < command->p->host_count; i++)
		if (!strcmp(pt_hostfile_text(command->p->hosts[i]), word))
			return pt_hostfile_local(command->p->hosts[i]);
	return word;
}

/* ---- placing ---- */

/* The name on the host instead of the local one, wherever the answer tells it. */
static void rename_answer(struct pt_command *command, const struct pt_hostfile *file,
                          const char *kept)
{
	const char *local = pt_hostfile_local(file), *text = pt_hostfile_text(file);
	const char *at = command->message ? strstr(command->message, local) : NULL;
	PRISM_AUTO_FREE char *before = prism_strdup(command->message);

	if (command->records)
		pt_records_rename(command->records, local, text);
	if (at)
		pt_command_message(command, "%.*s%s%s", (int)(at - command->message), before, text,
		                   before + (at - command->message) + strlen(local));
	else
		pt_command_message(command, "%s%ssaved as %s", before ? before : "", before ? "; " : "",
		                   text);
	if (kept)
		pt_command_say(command, "the former file is %s", kept);
}

static void place_next(struct step *step);

static void one_placed(void *data, const char *kept, const struct prism_error *err)
{
	struct step *step = data;
	struct pt_command *command = step->command;
	struct pt_command_private *p = command->p;

	if (!err) {
		rename_answer(command, p->hosts[p->host_at], kept);
	} else if (!p->failed) {
		if (err->category == PRISM_ERROR_CANCELLED) /* an end that is not told otherwise */
			pt_command_say(command, "not saved there: %s", err->hint);
		p->failed = true;
		prism_error_copy(&p->error, err);
	} else {
		pt_command_say(command, "%s; %s", err->message, err->hint);
	}
	p->host_at++;
	place_next(step);
}

static void progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct step *step = data;

	pt_command_progress(step->command, what, done, total);
}

static void place_next(struct step *step)
{
	struct pt_command *command = step->command;
	struct pt_command_private *p = command->p;
	void (*then)(struct pt_command *) = step->then;
	struct prism_error err = PRISM_ERROR_INIT;

	while (p->host_at < p->host_count && !pt_hostfile_written(p->hosts[p->host_at]))
		p->host_at++;
	p->placing = p->host_at < p->host_count;
	if (!p->placing) {
		prism_free(step);
		then(command);
		return;
	}
	pt_command_say(command, "saving %s", pt_hostfile_text(p->hosts[p->host_at]));
	if (pt_hostfile_place(p->hosts[p->host_at], command->cancel, progress, one_placed, step, &err) <
	    0)
		one_placed(step, NULL, &err);
}

void pt_command_hosts_place(struct pt_command *command, void (*then)(struct pt_command *command))
{
	struct pt_command_private *p = command->p;

	if (!p->looked || (p->failed && p->error.category == PRISM_ERROR_CANCELLED))
		then(command);
	else
		place_next(step_of(command, then));
}

void pt_command_hosts_finish(struct pt_command *command)
{
	for (size_t i = 0; i < command->p->host_count; i++)
		pt_hostfile_destroy(command->p->hosts[i]);
	prism_free(command->p->hosts);
}
