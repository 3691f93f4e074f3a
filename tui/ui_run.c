/*
 * Commands from the screen, once nothing is missing: how far one is, what it answers, stopping it;
 * and the question that a production profile puts before each change.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/options.h"
#include "tui/dialog.h"
#include "tui/headless.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX (4u << 20) /* bytes of an answer shown in a dialog; a manifest is kilobytes */

/* ---- running ---- */

static void front_say(void *data, const char *text)
{
	struct pt_ui_command *running = data;

	pt_app_message(running->ui->app, PT_SLOT_INFO, "%s", text);
}

static void show_records(struct pt_ui *ui, const struct pt_action *action,
                         const struct pt_records *records)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(ANSWER_MAX);
	struct pt_print print = {.format = PT_FORMAT_TABLE,
	                         .headings = true,
	                         .local_time = true,
	                         .terminal = true,
	                         .ascii = !pt_app_utf8(ui->app)};

	/* Rows stay rows: a line that wraps into the next can not be read as a table. */
	print.width = pt_dialog_text_width(ui->app);
	pt_records_print(records, &print, &text);
	pt_dialog_text(ui->app, action->name, prism_buf_text(&text));
}

/* Judgements are read whether they are good or bad; what goes on has a view of its own, and so has
 * evidence. */
static void front_rows(void *data, const struct pt_records *records)
{
	struct pt_ui_command *running = data;
	enum pt_group group = running->action->group;

	if (group == PT_GROUP_CERT)
		show_records(running->ui, running->action, records);
}

/* Evidence opens on what failed; a verdict that was read there is no error to be told again. */
static const struct prism_error *show_appraisal(struct pt_ui *ui, struct pt_command *command,
                                                const struct prism_error *err)
{
	if (!command->appraisal)
		return err;
	pt_app_overlay(ui->app, pt_view_evidence(ui->app, command->appraisal));
	if (!err || err->category != PRISM_ERROR_TRUST)
		return err;
	if (command->action->group == PT_GROUP_RUN)
		pt_app_message(ui->app, PT_SLOT_BAD, "%s: %s", command->action->name, err->message);
	return NULL;
}

/* A difference or a failed check that can be read there is an answer, no error. */
static const struct prism_error *show_page(struct pt_ui *ui, struct pt_command *command,
                                           const struct prism_error *err)
{
	if (!command->page)
		return err;
	pt_app_overlay(ui->app, pt_view_page(ui->app, PRISM_STEAL(command->page)));
	return err && (err->category == PRISM_ERROR_CONFLICT || err->category == PRISM_ERROR_TRUST)
	           ? NULL
	           : err;
}

static void front_done(void *data, struct pt_command *command, const struct prism_error *err)
{
	struct pt_ui_command *running = data;
	struct pt_ui *ui = running->ui;
	bool shown = command->appraisal || command->page;

	prism_list_remove(&running->link);
	pt_app_dirty(ui->app); /* the status line told how far it was */
	err = show_page(ui, command, show_appraisal(ui, command, err));
	if (running->done)
		running->done(running->data, command->id ? command->id : "", err);
	else if (err)
		pt_app_report(ui->app, err);
	if (!err && command->message)
		pt_app_message(ui->app, PT_SLOT_GOOD, "%s", command->message);
	if (!err && command->records && !command->id && !running->quiet && !shown)
		show_records(ui, command->action, command->records);
	prism_free(running);
}

static void front_keep_secret(void *data, struct prism_secret *secret)
{
	struct pt_ui_command *running = data;

	pt_dialog_secret(running->ui->app, "Access token", secret);
}

/* Files are read; what is typed was asked for before the command began (ui_secret.c). */
static struct prism_secret *front_ask_secret(void *data, const char *file, const char *prompt,
                                             struct prism_error *err)
{
	PRISM_UNUSED(data);
	if (file)
		return pt_headless_password(file, -1, prompt, err);
	prism_error_raise(err, PRISM_ERROR_INVALID, "a password cannot be typed as a command here");
	prism_error_hint(err, "use the form: the tab People, Account");
	return NULL;
}

static void front_progress(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct pt_ui_command *running = data;
	char part[24], whole[24];

	if (running->action->group == PT_GROUP_RUN &&
	    !(running->command && pt_command_placing(running->command)))
		return; /* transfers have a view of their own */
	snprintf(running->working, sizeof(running->working), "%.30s %s%s%s", what,
	         prism_text_bytes(done, part), total ? " of " : "",
	         total ? prism_text_bytes(total, whole) : "");
	pt_app_dirty(running->ui->app);
}

static const struct pt_front front = {.keep_secret = front_keep_secret,
                                      .ask_secret = front_ask_secret,
                                      .say = front_say,
                                      .progress = front_progress,
                                      .rows = front_rows,
                                      .done = front_done};

const char *pt_ui_working(const struct pt_ui *ui)
{
	const char *working = "";

	PRISM_LIST_EACH (&ui->commands, node, next) {
		const struct pt_ui_command *running = PRISM_CONTAINER(node, struct pt_ui_command, link);
		if (*running->working)
			working = running->working;
	}
	return working;
}

bool pt_ui_cancel_command(struct pt_app *app)
{
	struct pt_ui_command *newest = NULL;

	PRISM_LIST_EACH (&pt_ui_of(app)->commands, node, next) {
		struct pt_ui_command *running = PRISM_CONTAINER(node, struct pt_ui_command, link);
		if (running->command && (pt_command_placing(running->command) ||
		                         ((running->action->flags & PT_ACTION_CANCELLABLE) &&
		                          running->action->group != PT_GROUP_RUN)))
			newest = running;
	}
	if (newest)
		pt_command_cancel(newest->command);
	return newest != NULL;
}

void pt_ui_run_now(struct pt_app *app, struct pt_values *values, bool quiet,
                   void (*done)(void *data, const char *id, const struct prism_error *err),
                   void *data)
{
	struct pt_ui *ui = pt_ui_of(app);
	struct pt_ui_command *running = prism_alloc(sizeof(*running));
	struct prism_error err = PRISM_ERROR_INIT;

	*running = (struct pt_ui_command){
	    .ui = ui, .quiet = quiet, .done = done, .data = data, .action = pt_values_action(values)};
	prism_list_append(&ui->commands, &running->link);
	running->command = pt_command_start(ui->world, values, ui->cancel, &front, running, &err);
	if (running->command)
		return;
	prism_list_remove(&running->link);
	prism_free(running);
	if (done)
		done(data, "", &err);
	else
		pt_app_report(app, &err);
}

/* ---- production profiles ---- */

/* Changes in a profile marked as production are asked about once more, whatever was asked before
 * and wherever they come from: a key, a form, a typed line. */
static bool production(struct pt_app *app)
{
	return !strcmp(core_option_text(pt_ui_world(app)->options, CORE_OPT_PRODUCTION), "ask");
}

bool pt_ui_gated(struct pt_app *app, const struct pt_action *action)
{
	return (action->flags & PT_ACTION_WRITES) && production(app);
}

void pt_ui_ask_gate(struct pt_app *app, const struct pt_action *action,
                    void (*answer)(void *data, bool yes), void *data)
{
	char text[300];
	struct pt_confirm question = {
	    .title = "Production", .text = text, .yes = "Go on", .danger = true};

	snprintf(text, sizeof(text), "\"%s\" changes the production profile \"%.100s\".", action->name,
	         core_options_profile(pt_ui_world(app)->options));
	pt_dialog_confirm(app, &question, answer, data);
}

struct gate {
	struct pt_app *app;
	struct pt_values *values;
	bool quiet;
	void (*done)(void *data, const char *id, const struct prism_error *err);
	void *data;
};

static void gate_answer(void *data, bool yes)
{
	struct gate *gate = data;
	struct prism_error err = PRISM_ERROR_INIT;

	if (yes) {
		pt_ui_run_unlocked(gate->app, gate->values, gate->quiet, gate->done, gate->data);
	} else {
		pt_values_destroy(gate->values);
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
		if (gate->done)
			gate->done(gate->data, "", &err);
	}
	prism_free(gate);
}

void pt_ui_run(struct pt_app *app, struct pt_values *values, bool quiet,
               void (*done)(void *data, const char *id, const struct prism_error *err), void *data)
{
	struct gate *gate;

	if (!pt_command_writes(values) || !production(app)) {
		pt_ui_run_unlocked(app, values, quiet, done, data);
		return;
	}
	gate = prism_alloc(sizeof(*gate));
	*gate = (struct gate){app, values, quiet, done, data};
	pt_ui_ask_gate(app, pt_values_action(values), gate_answer, gate);
}
