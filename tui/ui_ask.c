/*
 * What is asked before a command of the screen runs: what the cursor is on fills its arguments,
 * people and roles are chosen from lists, the rest is a form; what cannot be undone is confirmed,
 * and marks make one command a batch.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "core/asset.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/list.h"
#include "core/options.h"
#include "core/role.h"
#include "core/user.h"
#include "tui/dialog.h"
#include "tui/loses.h"
#include "tui/table.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

/* ---- what the cursor is on ---- */

static bool is_subject(enum pt_arg_kind kind)
{
	return kind == PT_ARG_COMPUTATION || kind == PT_ARG_CVM || kind == PT_ARG_ASSET ||
	       kind == PT_ARG_CERT || kind == PT_ARG_ROLE || kind == PT_ARG_WORKSPACE ||
	       kind == PT_ARG_USER || kind == PT_ARG_PAT || kind == PT_ARG_INVITATION;
}

static const char *subject_of(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	const char *id = actor && actor->subject ? actor->subject(view, kind) : NULL;

	return id && *id ? id : NULL;
}

/* The focused view's, else that of another pane: an asset is linked to the computation shown
 * beside. */
static const char *find_subject(struct pt_app *app, struct pt_view *view, enum pt_arg_kind kind)
{
	const char *id = subject_of(view, kind);

	for (int pane = PT_PANE_COUNT - 1; pane >= 0 && !id; pane--)
		id = subject_of(pt_app_top(app, (enum pt_pane)pane), kind);
	return id;
}

static struct pt_values *copy_values(enum pt_action_id id, const struct pt_values *given)
{
	struct pt_values *values = pt_values_create(pt_action(id));

	for (const struct pt_arg *arg = pt_action(id)->args; given && arg && arg->name; arg++)
		for (size_t i = 0; pt_values_nth(given, arg->name, i); i++)
			pt_values_add(values, arg->name, pt_values_nth(given, arg->name, i));
	return values;
}

static void fill_subjects(struct pt_app *app, struct pt_view *view, struct pt_values *values)
{
	const struct pt_action *action = pt_values_action(values);

	if (!(action->flags & PT_ACTION_SELECTION) && !(action->where & PT_IN_VIEWS) &&
	    action->group != PT_GROUP_COMPUTATION && action->group != PT_GROUP_RUN)
		return;
	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++)
		if (is_subject(arg->kind) && !pt_values_get(values, arg->name) &&
		    ((arg->flags & PT_ARG_REQUIRED) ||
		     ((arg->flags & PT_ARG_REPEAT) && (action->flags & PT_ACTION_SELECTION))))
			pt_values_add(values, arg->name, find_subject(app, view, arg->kind));
}

/* ---- people and roles are chosen, not typed ---- */

struct asking { /* freed with its answer */
	struct pt_app *app;
	struct pt_view *view; /* may have gone meanwhile */
	struct pt_values *values;
	const struct pt_arg *arg;
	char **ids; /* roles; NULL for people */
	size_t count;
};

static void asking_free(struct asking *asking)
{
	for (size_t i = 0; i < asking->count; i++)
		prism_free(asking->ids[i]);
	prism_free(asking->ids);
	pt_values_destroy(asking->values);
	prism_free(asking);
}

static void go_on(struct asking *asking)
{
	struct pt_view *view = pt_ui_alive(asking->app, asking->view) ? asking->view : NULL;

	pt_ui_start_missing(asking->app, view, pt_action_id(pt_values_action(asking->values)),
	                    asking->values);
	asking_free(asking);
}

static void answered(struct asking *asking, const char *id)
{
	if (!id) {
		asking_free(asking);
		return;
	}
	pt_values_add(asking->values, asking->arg->name, id);
	go_on(asking);
}

static void move_answer(void *data, bool yes)
{
	struct asking *asking = data;

	if (!yes) {
		asking_free(asking);
		return;
	}
	pt_values_add(asking->values, "move", "yes");
	go_on(asking);
}

/* A person has one role: whoever has another is asked about before the server refuses. */
static bool ask_move(struct asking *asking, const char *user)
{
	struct core *core = pt_ui_core(asking->app);
	const char *scope = pt_values_get(asking->values, "computation");
	const char *role = pt_values_get(asking->values, "role");
	const struct core_role *has = core_role_of(core, scope, user);
	const struct core_role *to = role ? core_role_find(core, scope, role) : NULL;
	char text[400];
	const struct pt_confirm confirm = {
	    .title = "One role for each person", .text = text, .yes = "Move"};

	if (!pt_action_arg(pt_values_action(asking->values), "move") || !has ||
	    (to && !strcmp(has->id, to->id)))
		return false;
	pt_values_add(asking->values, asking->arg->name, user);
	snprintf(text, sizeof(text), "%.100s has the role %.100s here. Move to the role %.100s?",
	         core_user_name(core, user), has->name, to ? to->name : "chosen");
	pt_dialog_confirm(asking->app, &confirm, move_answer, asking);
	return true;
}

static void person_chosen(void *data, const char *id)
{
	PRISM_AUTO_FREE char *copy = prism_strdup(id);

	if (!copy || !ask_move(data, copy))
		answered(data, copy);
}

static void role_chosen(void *data, ptrdiff_t index)
{
	struct asking *asking = data;

	answered(asking, index < 0 || (size_t)index >= asking->count ? NULL : asking->ids[index]);
}

static void choose_role(struct asking *asking, struct core_roles roles)
{
	PRISM_AUTO_FREE struct pt_dialog_item *items =
	    prism_alloc_array(roles.count + 1, sizeof(*items));
	PRISM_AUTO_FREE char(*notes)[24] = prism_alloc_array(roles.count + 1, sizeof(*notes));

	asking->ids = prism_alloc_array(roles.count + 1, sizeof(*asking->ids));
	for (size_t i = 0; i < roles.count; i++) {
		snprintf(notes[i], sizeof(notes[i]), "%zu action%s", roles.roles[i].action_count,
		         roles.roles[i].action_count == 1 ? "" : "s");
		items[i] = (struct pt_dialog_item){.text = roles.roles[i].name, .note = notes[i]};
		asking->ids[asking->count++] = prism_strdup(roles.roles[i].id);
	}
	pt_dialog_choose(asking->app, "Choose a role", items, roles.count, 0, role_chosen, asking);
}

/* True: the missing argument is being chosen, and the command goes on with it. */
static bool ask(struct pt_app *app, struct pt_view *view, const struct pt_values *values)
{
	const struct pt_arg *arg = pt_values_missing(values);
	enum pt_action_id id = pt_action_id(pt_values_action(values));
	struct core_roles roles = {0};
	struct asking *asking;
	char title[128];

	if (arg && arg->kind == PT_ARG_ROLE)
		roles = core_roles(pt_ui_core(app), pt_values_get(values, "computation"));
	if (!arg || (arg->kind != PT_ARG_USER && !roles.count))
		return false;
	asking = prism_alloc(sizeof(*asking));
	*asking =
	    (struct asking){.app = app, .view = view, .values = copy_values(id, values), .arg = arg};
	if (arg->kind == PT_ARG_ROLE) {
		choose_role(asking, roles);
		return true;
	}
	snprintf(title, sizeof(title), "%c%s", pt_action(id)->help[0] - 32, pt_action(id)->help + 1);
	pt_dialog_person(app, title, id == PT_ACTION_INVITATION_SEND, person_chosen, asking);
	return true;
}

void pt_ui_ask(struct pt_app *app, struct pt_view *view, struct pt_values *values)
{
	if (!ask(app, view, values))
		pt_ui_start_missing(app, view, pt_action_id(pt_values_action(values)), values);
	pt_values_destroy(values);
}

/* ---- questions before ---- */

struct batch { /* one action on one or more rows */
	struct pt_app *app;
	struct pt_view *marked; /* whose marks these rows are; NULL: no marks */
	enum pt_action_id id;
	const struct pt_arg *arg; /* the rows' argument; NULL: one run with `values` */
	struct pt_values *values;
	char **ids, **names; /* names as they were when the question was asked */
	size_t count;
};

static void batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		prism_free(batch->ids[i]);
		prism_free(batch->names[i]);
	}
	prism_free(batch->ids);
	prism_free(batch->names);
	pt_values_destroy(batch->values);
	prism_free(batch);
}

/* As the view that shows it calls it, else as core knows it, else the id itself. */
static const char *name_of(struct pt_app *app, const struct pt_arg *arg, const char *id)
{
	struct core *core = pt_ui_core(app);
	struct pt_view *view = pt_app_focused(app);
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	const char *name = actor && actor->name_of ? actor->name_of(view, arg->kind, id) : NULL;
	const struct core_computation *computation;
	const struct core_asset *asset;
	const struct core_cvm *cvm;

	if (name && *name)
		return name;
	if (arg->kind == PT_ARG_COMPUTATION && (computation = core_computation_get(core, id)))
		return computation->name;
	if (arg->kind == PT_ARG_USER)
		return core_user_name(core, id);
	if (arg->kind == PT_ARG_CVM && (cvm = core_cvm_get(core, id)))
		return cvm->name;
	if (arg->kind == PT_ARG_ASSET && (asset = core_list_find(core_assets(core), id)) &&
	    *asset->file_name)
		return asset->file_name;
	return id;
}

static void batch_add(void *data, const char *id)
{
	struct batch *batch = data;
	const char *name = name_of(batch->app, batch->arg, id);

	batch->ids = prism_realloc_array(batch->ids, batch->count + 1, sizeof(*batch->ids));
	batch->names = prism_realloc_array(batch->names, batch->count + 1, sizeof(*batch->names));
	batch->names[batch->count] = prism_strdup(name);
	batch->ids[batch->count++] = prism_strdup(id);
}

static void batch_run(struct batch *batch, bool confirmed)
{
	for (size_t i = 0; i < (batch->arg ? batch->count : 1); i++) {
		struct pt_values *values = copy_values(batch->id, batch->values);

		if (batch->arg) {
			pt_values_clear(values, batch->arg->name);
			pt_values_add(values, batch->arg->name, batch->ids[i]);
			if (confirmed)
				pt_values_add(values, "confirm", batch->names[i]);
		}
		pt_ui_run_unlocked(batch->app, values, false, NULL, NULL);
	}
}

/* Done rows are no longer marked; the view may have gone meanwhile. */
static void unmark(struct batch *batch)
{
	struct pt_table *table;

	if (!batch->marked || !pt_ui_alive(batch->app, batch->marked))
		return;
	table = batch->marked->ops->table(batch->marked);
	if (table)
		pt_table_clear_marks(table);
}

static void batch_answer(void *data, bool yes)
{
	struct batch *batch = data;

	if (yes) {
		batch_run(batch, true);
		unmark(batch);
	}
	batch_free(batch);
}

static void confirm_answer(void *data, bool yes)
{
	struct batch *batch = data;

	if (yes && pt_ui_gated(batch->app, pt_action(batch->id)))
		pt_ui_ask_gate(batch->app, pt_action(batch->id), batch_answer, batch);
	else
		batch_answer(batch, yes);
}

/* What is to be deleted, into a file; the form says which. */
static void export_first(void *data)
{
	struct batch *batch = data;
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_EXPORT));

	for (size_t i = 0; i < batch->count; i++)
		pt_values_add(values, "computation", batch->ids[i]);
	pt_app_overlay(batch->app, pt_view_form(batch->app, values));
}

static void confirm(struct batch *batch)
{
	const struct pt_action *action = pt_action(batch->id);
	bool danger = action->flags & PT_ACTION_DANGEROUS;
	PRISM_AUTO_BUF struct prism_buf list = PRISM_BUF_INIT(1 << 20);
	const char *name = batch->count ? batch->names[0] : "";
	char typed[64], text[512], title[128], yes[64];
	struct pt_confirm question = {.title = title, .text = text, .yes = yes, .danger = danger};

	if (!strncmp(action->name, "cvm ", 4))
		snprintf(title, sizeof(title), "CVM%s", action->name + 3);
	else
		snprintf(title, sizeof(title), "%c%s", action->name[0] - 32, action->name + 1);
	snprintf(yes, sizeof(yes), "%c%s", pt_action_hint(action)[0] - 32, pt_action_hint(action) + 1);
	snprintf(text, sizeof(text), "%c%s%s", action->help[0] - 32, action->help + 1,
	         danger ? ". This cannot be undone." : ".");
	for (size_t i = 0; i < batch->count && i < 200; i++) {
		prism_buf_printf(&list, "%s%s", i ? "\n" : "", batch->names[i]);
		pt_loses(pt_ui_core(batch->app), batch->id, batch->ids[i], &list);
	}
	snprintf(typed, sizeof(typed), "%s %zu", pt_action_hint(action), batch->count);
	if (batch->id == PT_ACTION_COMPUTATION_DELETE && batch->count) {
		char losses[300];
		pt_computation_losses(pt_ui_core(batch->app), batch->ids[0], losses, sizeof(losses));
		snprintf(text, sizeof(text), "Delete for good; this cannot be undone. With %s: %s.",
		         batch->count > 1 ? "each" : "it",
		         batch->count > 1 ? "its roles, asset links, runs, logs, and results not fetched"
		                          : losses);
		question.other_label = "Export";
		question.other = export_first;
	}
	question.detail = prism_buf_text(&list);
	if (danger)
		question.name = batch->count > 1 ? typed : name;
	pt_dialog_confirm(batch->app, &question, confirm_answer, batch);
}

/* The argument that stands for the rows of a view: the first the cursor can fill. */
static const struct pt_arg *row_argument(struct pt_view *view, enum pt_action_id id)
{
	for (const struct pt_arg *arg = pt_action(id)->args; arg && arg->name; arg++)
		if (is_subject(arg->kind) && subject_of(view, arg->kind))
			return arg;
	return NULL;
}

/* Something beside what the cursor gives was typed already. */
static bool asked(const struct pt_values *given)
{
	const struct pt_arg *arg = given ? pt_values_action(given)->args : NULL;

	for (; arg && arg->name; arg++)
		if (!is_subject(arg->kind) && pt_values_get(given, arg->name))
			return true;
	return false;
}

void pt_ui_start_missing(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                         const struct pt_values *given)
{
	const struct pt_action *action = pt_action(id);
	struct pt_values *values = copy_values(id, given);
	struct pt_table *table = view && view->ops->table ? view->ops->table(view) : NULL;
	bool asks = action->flags & (PT_ACTION_DANGEROUS | PT_ACTION_CONFIRM);
	struct batch *batch;

	fill_subjects(app, view, values);
	if (ask(app, view, values)) {
		pt_values_destroy(values);
		return;
	}
	if (pt_values_missing(values) || ((action->flags & PT_ACTION_FORM) && !asked(given))) {
		pt_app_overlay(app, pt_view_form(app, values));
		return;
	}
	batch = prism_alloc(sizeof(*batch));
	*batch = (struct batch){.app = app, .id = id, .values = values};
	if ((action->flags & PT_ACTION_BULK) && !given && table)
		batch->arg = row_argument(view, id);
	if (batch->arg && pt_table_marked(table)) {
		batch->marked = view;
		pt_table_each_chosen(table, batch_add, batch);
	} else if (asks && action->args) {
		batch->arg = action->args;
		for (const struct pt_arg *arg = action->args; arg->name; arg++)
			if (!strcmp(arg->name, "role")) /* a role belongs to its computation */
				batch->arg = arg;
		batch_add(batch, pt_values_get(values, batch->arg->name));
	} else {
		batch->arg = NULL;
	}
	if (asks || pt_ui_gated(app, action) ||
	    (action->flags & PT_ACTION_WRITES && batch->count > 1) ||
	    (action->flags & PT_ACTION_WRITES &&
	     !strcmp(core_option_text(pt_ui_world(app)->options, CORE_OPT_CONFIRM), "always"))) {
		confirm(batch);
		return;
	}
	batch_run(batch, false);
	unmark(batch);
	batch_free(batch);
}
