/*
 * An import: the plan as a tree (the file, each computation, its roles, assets and findings; of an
 * update what differs), then its progress, then what was done.  Nothing is changed before "import
 * start" was confirmed.
 *
 * Rows are made from the import whenever it changes (tui/view_import_rows.c).
 */
#include "base/mem.h"
#include "base/text.h"
#include "tui/args.h"
#include "tui/cmd_import.h"
#include "tui/dialog.h"
#include "tui/savefile.h"
#include "tui/view_import_private.h"
#include "tui/views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD 2 /* lines above the table */
/* ---- news ---- */

static void tell_end(struct importing *v)
{
	struct pt_app *app = v->view->app;
	struct core_import_counts counts = core_import_counts(v->import);
	bool bad = counts.by_outcome[CORE_IMPORT_PARTLY] || counts.by_outcome[CORE_IMPORT_NOT_DONE];
	char text[200];

	pt_import_summary(v->import, text, sizeof(text));
	switch (core_import_stage(v->import)) {
	case CORE_IMPORT_DONE:
		pt_app_message(app, bad ? PT_SLOT_WARN : PT_SLOT_GOOD, "import of %s: %s",
		               core_import_file(v->import), text);
		break;
	case CORE_IMPORT_STOPPED:
		pt_app_message(app, PT_SLOT_WARN, "import of %s stopped: %s; it can go on",
		               core_import_file(v->import), text);
		break;
	default:
		break;
	}
}

static void changed(void *data)
{
	struct importing *v = data;
	enum core_import_stage stage = core_import_stage(v->import);

	pt_import_rows_build(v);
	if (stage != v->told)
		tell_end(v);
	v->told = stage;
	pt_app_dirty(v->view->app);
}

/* ---- the head ---- */

static void keys_of(const struct pt_view *view, enum pt_action_id id, char *buf, size_t size)
{
	pt_ui_keys(view->app, view, id, buf, size);
}

struct names { /* of keys */
	char start[PT_KEY_NAME], leave[PT_KEY_NAME], prune[PT_KEY_NAME];
};

/* What matters first: forty columns show the beginning. */
static void ready_text(const struct core_import *import, const struct names *keys, char *buf,
                       size_t size)
{
	size_t todo = core_import_todo(import), beyond = core_import_counts(import).beyond;

	if (beyond && core_import_prunes(import))
		snprintf(buf, size, "%s imports %zu and removes %zu extra, %s keeps them", keys->start,
		         todo, beyond, keys->prune);
	else if (beyond)
		snprintf(buf, size, "%s imports %zu, %s removes %zu extra; nothing is changed yet",
		         keys->start, todo, keys->prune, beyond);
	else
		snprintf(buf, size, "%s imports %zu, %s leaves one out; nothing is changed yet",
		         keys->start, todo, keys->leave);
}

static void step_text(const struct pt_view *view, char *buf, size_t size)
{
	const struct importing *v = view->state;
	const struct core_import *import = v->import;
	char save[PT_KEY_NAME], cancel[PT_KEY_NAME];
	struct names names;

	keys_of(view, PT_ACTION_IMPORT_START, names.start, sizeof(names.start));
	keys_of(view, PT_ACTION_IMPORT_LEAVE_OUT, names.leave, sizeof(names.leave));
	keys_of(view, PT_ACTION_IMPORT_PRUNE, names.prune, sizeof(names.prune));
	keys_of(view, PT_ACTION_SAVE, save, sizeof(save));
	keys_of(view, PT_ACTION_CANCEL, cancel, sizeof(cancel));
	switch (core_import_stage(import)) {
	case CORE_IMPORT_READING:
		snprintf(buf, size, "reading the file; %s stops", cancel);
		break;
	case CORE_IMPORT_COMPARING:
	case CORE_IMPORT_RUNNING:
		snprintf(buf, size, "%s; %s stops", core_import_step(import), cancel);
		break;
	case CORE_IMPORT_READY:
		if (core_import_todo(import))
			ready_text(import, &names, buf, size);
		else if (*core_import_before(import))
			snprintf(buf, size, "nothing to do: imported on %.10s; \"again\" imports it once more",
			         core_import_before(import));
		else
			snprintf(buf, size, "there is nothing to import");
		break;
	case CORE_IMPORT_STOPPED:
		snprintf(buf, size, "%.200s: %.60s goes on", core_import_error(import)->message,
		         names.start);
		break;
	case CORE_IMPORT_FAILED:
		snprintf(buf, size, "%s", core_import_error(import)->message);
		break;
	default:
		snprintf(buf, size, "done; %s saves the report", save);
	}
}

/* The cause, with its line and column, and the remedy: the line above has no room for them. */
static void draw_failure(const struct core_import *import, struct pt_canvas *canvas,
                         struct pt_rect area)
{
	struct prism_error told = *core_import_error(import);
	struct pt_load load = {.state = PT_LOAD_FAILED, .error = &told};

	prism_error_format(core_import_error(import), told.message, sizeof(told.message));
	pt_load_draw(&load, 0, false, canvas, area);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct importing *v = view->state;
	enum core_import_stage stage = core_import_stage(v->import);
	bool moving = stage == CORE_IMPORT_READING || stage == CORE_IMPORT_RUNNING;
	bool bad = stage == CORE_IMPORT_FAILED || stage == CORE_IMPORT_STOPPED;
	struct pt_rect below = {area.x, area.y + HEAD, area.w, area.h - HEAD};
	char text[PRISM_ERROR_TEXT];
	uint64_t done, total;

	core_import_progress(v->import, &done, &total);
	if (moving && total)
		pt_canvas_bar(canvas, area.x + 1, area.y, area.w - 2, done, total);
	else
		pt_canvas_text(
		    canvas, area.x + 1, area.y, area.w - 2, PT_SLOT_STRONG, 0,
		    stage < CORE_IMPORT_READY ? "" : pt_import_summary(v->import, text, sizeof(text)));
	step_text(view, text, sizeof(text));
	pt_canvas_text(canvas, area.x + 1, area.y + 1, area.w - 2, bad ? PT_SLOT_BAD : PT_SLOT_INFO, 0,
	               text);
	if (below.h > 0 && stage >= CORE_IMPORT_READY && stage != CORE_IMPORT_FAILED)
		pt_table_draw(v->table, canvas, below, focus);
	else if (below.h > 0 && stage == CORE_IMPORT_FAILED)
		draw_failure(v->import, canvas, below);
}

/* ---- actions ---- */

static void start_answer(void *data, bool yes)
{
	struct importing *v = data;
	struct prism_error err = PRISM_ERROR_INIT;

	if (yes && core_import_start(v->import, &err) < 0)
		pt_app_report(v->view->app, &err);
}

static unsigned ask_start(struct importing *v)
{
	enum core_import_stage stage = core_import_stage(v->import);
	const struct core_problems *problems = core_import_problems(v->import);
	struct core_import_counts counts = core_import_counts(v->import);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(65536);
	char summary[200];

	if (stage == CORE_IMPORT_STOPPED) {
		start_answer(v, true);
		return PT_HANDLED | PT_REDRAW;
	}
	if (stage != CORE_IMPORT_READY || core_import_todo(v->import) == 0) {
		pt_app_message(v->view->app, PT_SLOT_OFF, "there is nothing to import");
		return PT_HANDLED | PT_REDRAW;
	}
	prism_buf_printf(&text, "%s. Nothing that is created is taken back.",
	                 pt_import_summary(v->import, summary, sizeof(summary)));
	if (core_import_broken(v->import))
		prism_buf_printf(&text, " The file is broken at %s: what comes behind is lost.",
		                 core_import_broken(v->import)->message);
	if (problems->by_level[CORE_PROBLEM_WARNING])
		prism_buf_printf(&text, " %zu warning%s in the list.",
		                 problems->by_level[CORE_PROBLEM_WARNING],
		                 problems->by_level[CORE_PROBLEM_WARNING] == 1 ? "" : "s");
	if (counts.by_found[CORE_IMPORT_EMBEDDED])
		prism_buf_printf(&text, " Assets are made from the file.");
	bool removes = core_import_prunes(v->import) && counts.beyond;
	if (removes)
		prism_buf_printf(&text, " %zu people, roles, actions or links are REMOVED.", counts.beyond);
	const struct pt_confirm question = {.title = "Import",
	                                    .text = prism_buf_text(&text),
	                                    .yes = removes ? "Import and remove" : "Import",
	                                    .danger = removes};
	pt_dialog_confirm(v->view->app, &question, start_answer, v);
	return PT_HANDLED | PT_REDRAW;
}

static const struct import_row *chosen(struct importing *v)
{
	ptrdiff_t row = pt_table_selected_row(v->table);

	return row >= 0 && (size_t)row < v->count ? &v->rows[row] : NULL;
}

static void tell_beyond(struct importing *v, const struct core_import_beyond *b)
{
	char what[300];

	core_import_beyond_text(v->import, b, what, sizeof(what));
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "%s\nThe computation has it, the file has not.\n%s%s", what,
	    *b->kept ? "It is never removed: " : "It ", core_import_beyond_fate(v->import, b));
	pt_dialog_text(v->view->app, "Extra", text);
}

static unsigned toggle(struct importing *v)
{
	const struct import_row *r = chosen(v);

	if (!r)
		return PT_HANDLED;
	if (r->part == PART_PROBLEM) {
		const struct core_problem *problem = &core_import_problems(v->import)->all[r->n];
		PRISM_AUTO_FREE char *text =
		    prism_asprintf("%s\n%s%s%s", core_problem_word(problem->level), problem->field,
		                   *problem->field ? "\n" : "", problem->text);
		pt_dialog_text(v->view->app, "Finding", text);
	} else if (r->part == PART_BEYOND) {
		tell_beyond(v, &core_import_at(v->import, r->item)->beyond[r->n]);
	} else if (r->item == THE_FILE) {
		v->file_open = !v->file_open;
	} else if (r->part == PART_NONE) {
		v->open[r->item] = !v->open[r->item];
	}
	pt_import_rows_build(v);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned leave_out(struct importing *v)
{
	const struct import_row *r = chosen(v);
	const struct core_import_item *item = r ? core_import_at(v->import, r->item) : NULL;

	if (item && item->action <= CORE_IMPORT_GO_ON) {
		core_import_leave_out(v->import, r->item, !item->left_out);
		pt_table_nav(v->table, PT_NAV_DOWN, 1);
	}
	return PT_HANDLED | PT_REDRAW;
}

static unsigned prune(struct importing *v)
{
	struct core_import_counts counts = core_import_counts(v->import);
	bool on = !core_import_prunes(v->import);

	if (core_import_stage(v->import) != CORE_IMPORT_READY || !counts.beyond) {
		pt_app_message(v->view->app, PT_SLOT_OFF, "there is nothing that the file has not");
		return PT_HANDLED | PT_REDRAW;
	}
	core_import_set_prune(v->import, on);
	pt_app_message(v->view->app, on ? PT_SLOT_WARN : PT_SLOT_INFO,
	               on ? "%zu that the file has not will be removed"
	                  : "%zu that the file has not stay",
	               counts.beyond);
	return PT_HANDLED | PT_REDRAW;
}

static void save_to(void *data, const char *path)
{
	struct importing *v = data;
	PRISM_AUTO_BUF struct prism_buf report = PRISM_BUF_INIT(PT_IMPORT_REPORT_MAX);

	core_import_report(v->import, pt_savefile_ends(path, ".json"), &report);
	pt_savefile_mode(v->view->app, "report", path, prism_buf_text(&report), report.len, 0600);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct importing *v = view->state;

	PRISM_UNUSED(values);
	switch (id) {
	case PT_ACTION_OPEN:
		return toggle(v);
	case PT_ACTION_IMPORT_START:
		return ask_start(v);
	case PT_ACTION_IMPORT_LEAVE_OUT:
		return leave_out(v);
	case PT_ACTION_IMPORT_PRUNE:
		return prune(v);
	case PT_ACTION_CANCEL:
		core_import_cancel(v->import);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_SAVE:
		pt_savefile_ask(view, "Save the report", "File", "import-report.txt", save_to);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_IMPORT, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct importing *v = view->state;

	snprintf(v->title, sizeof(v->title), "Import of %s", core_import_file(v->import));
	return v->title;
}

static const char *summary(struct pt_view *view)
{
	struct importing *v = view->state;

	snprintf(v->summary, sizeof(v->summary), "%s, %zu",
	         core_import_stage_word(core_import_stage(v->import)), core_import_count(v->import));
	return v->summary;
}

static bool may_close(struct pt_view *view)
{
	struct importing *v = view->state;
	char cancel[PT_KEY_NAME];

	if (core_import_stage(v->import) != CORE_IMPORT_RUNNING)
		return true;
	keys_of(view, PT_ACTION_CANCEL, cancel, sizeof(cancel));
	pt_app_message(view->app, PT_SLOT_OFF, "the import is under way; %s stops it", cancel);
	return false;
}

static struct pt_table *table(struct pt_view *view)
{
	return ((struct importing *)view->state)->table;
}

static void prepare(struct pt_view *view, int width, int height)
{
	pt_table_prepare(table(view), width, height > HEAD ? height - HEAD : 0);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	return pt_table_key(table(view), event);
}

static unsigned heard(struct pt_view *view, const struct core_event *event)
{
	PRISM_UNUSED(view);
	return event->type == CORE_EVENT_USERS ? PT_REDRAW : PT_IGNORED; /* names of people */
}

static void destroy(struct pt_view *view)
{
	struct importing *v = view->state;

	core_import_close(v->import);
	pt_table_destroy(v->table);
	prism_free(v->rows);
	prism_free(v->open);
	prism_free(v);
}

static const struct pt_view_ops ops = {
    .name = "import",
    .title = title,
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .changed = heard,
    .may_close = may_close,
    .destroy = destroy,
    .table = table,
    .actor = &actor,
};

void pt_import_open(struct pt_app *app, const struct pt_values *values)
{
	struct importing *v = prism_alloc(sizeof(*v));
	struct core_import_spec spec;
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_import_spec(values, &spec, &err) == 0 && strcmp(spec.path, "-") == 0)
		prism_error_raise(&err, PRISM_ERROR_INVALID, "standard input is the keyboard here");
	else if (err.category == PRISM_ERROR_NONE)
		v->import = core_import_open(pt_ui_core(app), &spec, changed, v, &err);
	if (!v->import) {
		prism_free(v);
		pt_app_report(app, &err);
		return;
	}
	v->view = pt_view_create(app, &ops, v);
	v->table = pt_table_create(pt_import_columns, PT_IMPORT_COLUMNS, &pt_import_model, v);
	v->file_open = true;
	pt_app_push(app, PT_PANE_LIST, v->view);
}
