/*
 * Views that are opened for a thing by its name: typed after `:`, or the one under the cursor.  The
 * name is looked up first; the view comes when its id is known.
 */
#include "tui/ui_private.h"

#include "base/mem.h"
#include "core/asset.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/views.h"

#include <string.h>

/* ---- what is opened ---- */

static void computation(struct pt_app *app, const char *id, int tab)
{
	pt_computation_open(app, id, (enum pt_computation_tab)tab);
}

static void cvm(struct pt_app *app, const char *id, int tab)
{
	pt_cvm_open(app, id, (enum pt_cvm_tab)tab);
}

static void asset(struct pt_app *app, const char *id, int tab)
{
	pt_asset_open(app, id, (enum pt_asset_tab)tab);
}

static void certs(struct pt_app *app, const char *id, int tab)
{
	PRISM_UNUSED(tab);
	pt_app_push(app, PT_PANE_LIST, pt_view_certs(app, id));
}

static void doctor(struct pt_app *app, const char *id, int tab)
{
	PRISM_UNUSED(tab);
	pt_app_overlay(app, pt_view_doctor(app, id));
}

static const struct kind {
	const char *arg; /* of the action, that names it */
	enum pt_arg_kind kind;
	const char *section; /* it is shown beside */
	int (*resolve)(struct core *core, const char *word, struct prism_cancel *cancel,
	               core_id_fn done, void *data, struct prism_error *err);
} computations = {"computation", PT_ARG_COMPUTATION, "computations", core_computation_resolve},
  cvms = {"cvm", PT_ARG_CVM, "cvms", core_cvm_resolve},
  assets = {"asset", PT_ARG_ASSET, "assets", core_asset_resolve};

enum {
	TYPED = 1 << 0, /* by its name alone; the one under the cursor is the view's own matter */
	ALONE = 1 << 1, /* with another argument an answer is wanted, not a view */
	ABOVE = 1 << 2, /* lies over the work, whatever the section */
};

static const struct row {
	enum pt_action_id id;
	const struct kind *kind;
	void (*open)(struct pt_app *app, const char *id, int tab);
	int tab;
	unsigned flags;
} rows[] = {
    {PT_ACTION_COMPUTATION_SHOW, &computations, computation, PT_TAB_OVERVIEW, 0},
    {PT_ACTION_COMPUTATION_CHECKLIST, &computations, computation, PT_TAB_OVERVIEW, 0},
    {PT_ACTION_COMPUTATION_STATUS, &computations, computation, PT_TAB_TIMELINE, 0},
    {PT_ACTION_COMPUTATION_FOLLOW, &computations, computation, PT_TAB_TIMELINE, 0},
    {PT_ACTION_COMPUTATION_EVENTS, &computations, computation, PT_TAB_TIMELINE, 0},
    {PT_ACTION_RUN_LIST, &computations, computation, PT_TAB_TIMELINE, 0},
    {PT_ACTION_RUN_SHOW, &computations, computation, PT_TAB_TIMELINE, 0},
    {PT_ACTION_COMPUTATION_LOGS, &computations, computation, PT_TAB_LOGS, 0},
    {PT_ACTION_LOG_OPEN, &computations, computation, PT_TAB_LOGS, 0},
    {PT_ACTION_COMPUTATION_MANIFEST, &computations, computation, PT_TAB_MANIFEST, 0},
    {PT_ACTION_ROLE_LIST, &computations, computation, PT_TAB_ROLES, 0},
    {PT_ACTION_COMPUTATION_DOCTOR, &computations, doctor, 0, ALONE | ABOVE},
    {PT_ACTION_CVM_SHOW, &cvms, cvm, PT_CVM_TAB_DETAILS, TYPED},
    {PT_ACTION_CVM_STATISTICS, &cvms, cvm, PT_CVM_TAB_UPTIME, TYPED},
    {PT_ACTION_CERT_LIST, &cvms, certs, 0, ALONE},
    {PT_ACTION_ASSET_SHOW, &assets, asset, PT_ASSET_TAB_DETAILS, TYPED},
    {PT_ACTION_ASSET_PREVIEW, &assets, asset, PT_ASSET_TAB_SAMPLE, TYPED},
};

/* ---- by name ---- */

struct opening {
	struct pt_app *app;
	const struct row *row;
};

static void found(void *data, const char *id, const struct prism_error *err)
{
	struct opening o = *(struct opening *)data;
	struct prism_error ignored = PRISM_ERROR_INIT;

	prism_free(data);
	if (err)
		pt_app_report(o.app, err);
	else if ((o.row->flags & ABOVE) ||
	         pt_app_open_tab_named(o.app, o.row->kind->section, &ignored) == 0)
		o.row->open(o.app, id, o.row->tab);
}

/* More than the name was typed: what is asked for is an answer, not a view. */
static bool only(const struct pt_values *values, const char *name)
{
	for (const struct pt_arg *arg = values ? pt_values_action(values)->args : NULL;
	     arg && arg->name; arg++)
		if (strcmp(arg->name, name) != 0 && pt_values_get(values, arg->name))
			return false;
	return true;
}

/* A file is wanted, or an answer; not a view. */
static bool asks_more(const struct row *row, const struct pt_values *values)
{
	return (values && pt_action_arg(pt_action(row->id), "save") && pt_values_get(values, "save")) ||
	       ((row->flags & ALONE) && !only(values, row->kind->arg));
}

static const char *typed(enum pt_action_id id, const struct pt_values *values, const char *arg)
{
	return values && pt_action_arg(pt_action(id), arg) ? pt_values_get(values, arg) : NULL;
}

static const char *under_cursor(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;

	return actor && actor->subject ? actor->subject(view, kind) : NULL;
}

static unsigned open_row(struct pt_app *app, struct pt_view *view, const struct row *row,
                         const struct pt_values *values)
{
	const char *word = typed(row->id, values, row->kind->arg);
	struct prism_error err = PRISM_ERROR_INIT;
	struct opening *opening;

	if (asks_more(row, values))
		return PT_IGNORED;
	if (!word && !(row->flags & TYPED))
		word = under_cursor(view, row->kind->kind);
	if (!word || !*word)
		return PT_IGNORED;
	opening = prism_alloc(sizeof(*opening));
	*opening = (struct opening){app, row};
	if (row->kind->resolve(pt_ui_core(app), word, pt_ui_of(app)->cancel, found, opening, &err) < 0)
		found(opening, "", &err);
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_ui_open(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                    const struct pt_values *values)
{
	const char *here;

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (rows[i].id == id)
			return open_row(app, view, &rows[i], values);
	here = under_cursor(view, PT_ARG_COMPUTATION);
	switch (id) {
	case PT_ACTION_CERT_WIZARD:
		pt_app_overlay(app, pt_view_certwizard(app, here, under_cursor(view, PT_ARG_CVM)));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CERT_DOCTOR:
		pt_app_overlay(app, pt_view_certdoctor(app, values));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_AGENT_ENV:
		if (values || !here || !*here)
			return PT_IGNORED;
		pt_env_open(app, here);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}
