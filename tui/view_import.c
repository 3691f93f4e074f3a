/*
 * An import: the plan as a tree (the file, each computation, its roles, assets and findings), then
 * its progress, then what was done.  Nothing is changed before "import start" was confirmed.
 *
 * Rows are made from the import whenever it changes: one for each computation, and below those
 * that are open one for each part.  The id of a row is its computation and its part ("12", "12.a1",
 * "f.p0"), so the cursor stays where it is.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/import.h"
#include "tui/args.h"
#include "tui/cmd_import.h"
#include "tui/dialog.h"
#include "tui/savefile.h"
#include "tui/table.h"
#include "tui/views.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEAD 2 /* lines above the table */
#define THE_FILE SIZE_MAX

enum part { PART_NONE, PART_ROLE, PART_ASSET, PART_BEYOND, PART_PROBLEM };
struct row {
	size_t item; /* THE_FILE: of the file itself */
	enum part part;
	size_t n; /* role, asset, what is beyond the file, problem */
};

struct importing {
	struct pt_view *view;
	struct core_import *import;
	struct pt_table *table;
	struct row *rows;
	size_t count, room;
	bool *open; /* by computation; NULL before there is a plan */
	bool file_open;
	enum core_import_stage told;
	char id[48], title[200], summary[120];
	char line[PRISM_ERROR_TEXT + 300]; /* of the cell asked for last */
};

enum { COLUMN_NAME, COLUMN_ACTION, COLUMN_TLS, COLUMN_ROLES, COLUMN_ASSETS, COLUMN_LINE };
static const struct pt_column columns[] = {
    {"name", "Computation", 16, 0, 4, 0, PT_COLUMN_MAIN | PT_COLUMN_NO_SORT},
    {"action", "Action", 10, 12, 0, 0, PT_COLUMN_NO_SORT},
    {"tls", "TLS", 5, 6, 0, 3, PT_COLUMN_NO_SORT},
    {"roles", "Roles", 5, 5, 0, 2, PT_COLUMN_NO_SORT},
    {"assets", "Assets", 6, 12, 0, 1, PT_COLUMN_NO_SORT},
    {"line", "Line", 6, 8, 0, 4, PT_COLUMN_NO_SORT},
};

/* ---- rows ---- */

static void add_row(struct importing *v, size_t item, enum part part, size_t n)
{
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 64;
		v->rows = prism_realloc_array(v->rows, v->room, sizeof(*v->rows));
	}
	v->rows[v->count++] = (struct row){item, part, n};
}

static void add_problems(struct importing *v, size_t item)
{
	const struct core_problems *problems = core_import_problems(v->import);
	size_t all = core_import_count(v->import);

	for (size_t i = 0; i < problems->count; i++) {
		size_t of = problems->all[i].item;
		if (of == item || (item == THE_FILE && of >= all))
			add_row(v, item, PART_PROBLEM, i);
	}
}

static bool file_has_findings(const struct importing *v)
{
	const struct core_problems *problems = core_import_problems(v->import);
	size_t all = core_import_count(v->import);

	for (size_t i = 0; i < problems->count; i++)
		if (problems->all[i].item >= all)
			return true;
	return false;
}

static void build(struct importing *v)
{
	size_t all = core_import_count(v->import);

	v->count = 0;
	if (all && !v->open)
		v->open = prism_alloc_array(all, sizeof(*v->open));
	if (file_has_findings(v)) {
		add_row(v, THE_FILE, PART_NONE, 0);
		if (v->file_open)
			add_problems(v, THE_FILE);
	}
	for (size_t i = 0; i < all; i++) {
		const struct core_import_item *item = core_import_at(v->import, i);
		add_row(v, i, PART_NONE, 0);
		if (!v->open[i])
			continue;
		for (size_t r = 0; r < item->role_count; r++)
			add_row(v, i, PART_ROLE, r);
		for (size_t a = 0; a < item->asset_count; a++)
			add_row(v, i, PART_ASSET, a);
		for (size_t b = 0; b < item->beyond_count; b++)
			add_row(v, i, PART_BEYOND, b);
		add_problems(v, i);
	}
	pt_table_reload(v->table);
}

static size_t row_count(void *data)
{
	return ((struct importing *)data)->count;
}

static const char *row_id(void *data, size_t row)
{
	static const char letters[] = {'i', 'r', 'a', 'b', 'p'};
	struct importing *v = data;
	const struct row *r = &v->rows[row];

	if (r->item == THE_FILE)
		snprintf(v->id, sizeof(v->id), "f.%c%zu", letters[r->part], r->n);
	else
		snprintf(v->id, sizeof(v->id), "%zu.%c%zu", r->item, letters[r->part], r->n);
	return v->id;
}

/* ---- cells ---- */

static enum pt_slot slot_of_level(enum core_problem_level level)
{
	return level == CORE_PROBLEM_ERROR     ? PT_SLOT_BAD
	       : level == CORE_PROBLEM_WARNING ? PT_SLOT_WARN
	                                       : PT_SLOT_DIM;
}

/* Rows below a computation are sentences, as wide as the table. */
static void sentence(struct importing *v, struct pt_value *ret, enum pt_slot slot, const char *fmt,
                     ...) PRISM_PRINTF(4, 5);
static void sentence(struct importing *v, struct pt_value *ret, enum pt_slot slot, const char *fmt,
                     ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(v->line, sizeof(v->line), fmt, args);
	va_end(args);
	ret->slot = (uint8_t)slot;
	ret->text = v->line;
	ret->wide = true;
}

/* What, then where: a narrow screen shows the beginning. */
static void problem_cell(struct importing *v, size_t n, struct pt_value *ret)
{
	const struct core_problem *problem = &core_import_problems(v->import)->all[n];
	char where[40] = "";

	if (problem->line)
		snprintf(where, sizeof(where), ", line %" PRIu64, problem->line);
	sentence(v, ret, slot_of_level(problem->level), "  %s%s: %s%s%s%s",
	         core_problem_word(problem->level), where, problem->text, *problem->field ? " (" : "",
	         problem->field, *problem->field ? ")" : "");
}

static void role_cell(struct importing *v, const struct core_import_role *role,
                      struct pt_value *ret)
{
	char unknown[40] = "";

	if (role->unknown)
		snprintf(unknown, sizeof(unknown), " (%zu unknown)", role->unknown);
	sentence(v, ret, role->unknown ? PT_SLOT_WARN : PT_SLOT_DIM,
	         "  role %.80s: %zu action%s, %zu member%s%s", role->name, role->actions,
	         role->actions == 1 ? "" : "s", role->member_count, role->member_count == 1 ? "" : "s",
	         unknown);
}

static void asset_cell(struct importing *v, const struct core_import_asset *asset,
                       struct pt_value *ret)
{
	sentence(v, ret, asset->found == CORE_IMPORT_MISSING ? PT_SLOT_WARN : PT_SLOT_DIM,
	         "  %s %.90s: %s",
	         asset->type == CORE_ASSET_OTHER ? "asset" : core_asset_type_word(asset->type),
	         *asset->file_name ? asset->file_name
	         : *asset->id      ? asset->id
	                           : asset->checksum,
	         core_import_found_word(asset->found));
}

static void beyond_cell(struct importing *v, const struct core_import_beyond *b,
                        struct pt_value *ret)
{
	bool removed = core_import_prunes(v->import) && !*b->kept;
	char text[200];

	core_import_beyond_text(v->import, b, text, sizeof(text));
	sentence(v, ret, removed ? PT_SLOT_WARN : PT_SLOT_DIM, "  extra, %s: %s%s%s",
	         removed    ? "is removed"
	         : *b->kept ? "is kept"
	                    : "stays",
	         text, *b->kept ? "; " : "", b->kept);
}

static enum pt_slot slot_of_item(const struct core_import_item *item)
{
	switch (item->outcome) {
	case CORE_IMPORT_CREATED:
	case CORE_IMPORT_UPDATED:
		return PT_SLOT_GOOD;
	case CORE_IMPORT_PARTLY:
		return PT_SLOT_WARN;
	case CORE_IMPORT_NOT_DONE:
		return PT_SLOT_BAD;
	default:
		break;
	}
	if (item->left_out || item->action == CORE_IMPORT_SKIP || item->action == CORE_IMPORT_THERE)
		return PT_SLOT_OFF;
	return item->action == CORE_IMPORT_BROKEN ? PT_SLOT_BAD : PT_SLOT_TEXT;
}

static void item_cell(struct importing *v, size_t n, int column, struct pt_value *ret)
{
	const struct core_import_item *item = core_import_at(v->import, n);

	ret->slot = (uint8_t)slot_of_item(item);
	ret->text = ret->scratch;
	switch (column) {
	case COLUMN_NAME:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s %.120s%s", v->open[n] ? "-" : "+",
		         *item->name ? item->name : "(no name)", item->has_key ? "  (private key)" : "");
		break;
	case COLUMN_ACTION:
		ret->text = item->outcome
		                ? core_import_outcome_word(item->outcome)
		                : core_import_action_word(item->left_out ? CORE_IMPORT_SKIP : item->action);
		if (!item->outcome && item->warnings && ret->slot == PT_SLOT_TEXT) {
			snprintf(ret->scratch, sizeof(ret->scratch), "%s, %zu!", ret->text, item->warnings);
			ret->text = ret->scratch; /* a screen without colours shows it too */
			ret->slot = PT_SLOT_WARN;
		}
		break;
	case COLUMN_TLS:
		ret->text = core_tls_mode_info(item->mode)->badge;
		break;
	case COLUMN_ROLES:
		snprintf(ret->scratch, sizeof(ret->scratch), "%zu", item->role_count);
		break;
	case COLUMN_ASSETS:
		pt_import_assets(item, ret->scratch, sizeof(ret->scratch));
		break;
	default:
		snprintf(ret->scratch, sizeof(ret->scratch), "%" PRIu64, item->line);
	}
}

static void cell(void *data, size_t n, int column, struct pt_value *ret)
{
	struct importing *v = data;
	const struct row *r = &v->rows[n];

	ret->glyph = -1;
	if (r->part != PART_NONE && column != COLUMN_NAME)
		return;
	if (r->part == PART_PROBLEM) {
		problem_cell(v, r->n, ret);
	} else if (r->item == THE_FILE) {
		if (column == COLUMN_NAME)
			ret->text = v->file_open ? "- findings about the file" : "+ findings about the file";
		ret->slot = PT_SLOT_WARN;
	} else if (r->part == PART_ROLE) {
		role_cell(v, &core_import_at(v->import, r->item)->roles[r->n], ret);
	} else if (r->part == PART_ASSET) {
		asset_cell(v, &core_import_at(v->import, r->item)->assets[r->n], ret);
	} else if (r->part == PART_BEYOND) {
		beyond_cell(v, &core_import_at(v->import, r->item)->beyond[r->n], ret);
	} else {
		item_cell(v, r->item, column, ret);
	}
}

static const struct pt_table_model model = {.count = row_count, .id = row_id, .cell = cell};

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

	build(v);
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
	if (core_import_prunes(v->import) && counts.beyond)
		prism_buf_printf(&text, " %zu people, roles, actions or links are REMOVED.", counts.beyond);
	const struct pt_confirm question = {
	    .title = "Import", .text = prism_buf_text(&text), .yes = "Import"};
	pt_dialog_confirm(v->view->app, &question, start_answer, v);
	return PT_HANDLED | PT_REDRAW;
}

static const struct row *chosen(struct importing *v)
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
	const struct row *r = chosen(v);

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
	build(v);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned leave_out(struct importing *v)
{
	const struct row *r = chosen(v);
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
	v->table = pt_table_create(columns, (int)PRISM_COUNT(columns), &model, v);
	v->file_open = true;
	pt_app_push(app, PT_PANE_LIST, v->view);
}
