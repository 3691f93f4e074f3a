/*
 * The run dialog, "Create or Select CVM.": the CVMs of the workspace, those ready first in the eye;
 * the others say why they cannot be used now.  Enter runs the computation on the chosen one.
 */
#include "base/mem.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct run {
	struct pt_listview lv; /* first: see tui/listview.h */
	char *computation;
	char title[200];
	bool starting;
};

enum { COLUMN_NAME, COLUMN_READY, COLUMN_AGENT, COLUMN_STATE };

static const struct pt_column columns[] = {
    {"name", "Name", 18, 0, 2, 0, PT_COLUMN_MAIN},
    {"ready", "Online Status", 22, 40, 2, 0, 0},
    {"agent", "Agent URL", 15, 30, 1, 1, 0},
    {"state", "State", 17, 20, 0, 2, 0},
};

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_cvm *cvm = item;
	bool ready = core_cvm_ready(cvm);

	PRISM_UNUSED(lv);
	switch (column) {
	case COLUMN_NAME:
		pt_value_text(ret, cvm->name, ready ? PT_SLOT_STRONG : PT_SLOT_OFF);
		break;
	case COLUMN_READY:
		if (ready)
			pt_value_state(ret, core_cvm_phase_info(cvm->phase)->label,
			               core_cvm_phase_info(cvm->phase)->tone);
		else
			pt_value_text(ret, core_cvm_reason(cvm, ret->scratch, sizeof(ret->scratch)),
			              PT_SLOT_OFF);
		break;
	case COLUMN_AGENT:
		pt_value_text(ret, cvm->agent_url, ready ? PT_SLOT_LINK : PT_SLOT_OFF);
		break;
	default:
		pt_value_text(ret, cvm->state, ready ? PT_SLOT_TEXT : PT_SLOT_OFF);
	}
}

/* Ready ones first, deactivated ones not at all. */
static int rank(const struct pt_listview *lv, const void *item)
{
	const struct core_cvm *cvm = item;

	return cvm->phase == CORE_CVM_INACTIVE ? -1 : (int)cvm->phase;
}

static const struct core_cvm *selected(struct pt_view *view)
{
	struct pt_listview *lv = view->state;
	const char *id = pt_table_selected(lv->tv.table);

	return id ? core_cvm_get(lv->core, id) : NULL;
}

/* ---- starting ---- */

struct starting { /* outlives the dialog */
	struct pt_app *app;
	struct pt_view *dialog;
	char *computation;
};

static void started(void *data, const char *id, const struct prism_error *err)
{
	struct starting *s = data;
	bool open = pt_ui_alive(s->app, s->dialog);

	PRISM_UNUSED(id);
	if (open)
		((struct run *)s->dialog->state)->starting = false;
	if (err) {
		pt_app_report(s->app, err);
	} else {
		if (open)
			pt_app_close(s->app, s->dialog);
		pt_computation_open(s->app, s->computation, PT_TAB_TIMELINE);
	}
	prism_free(s->computation);
	prism_free(s);
}

static unsigned start(struct pt_view *view)
{
	struct run *run = view->state;
	const struct core_cvm *cvm = selected(view);
	struct pt_values *values;
	struct starting *s;
	char reason[160];

	if (!cvm || run->starting)
		return PT_HANDLED;
	if (!core_cvm_ready(cvm)) {
		pt_app_message(view->app, PT_SLOT_WARN, "%s cannot run it now: %s", cvm->name,
		               core_cvm_reason(cvm, reason, sizeof(reason)));
		return PT_HANDLED | PT_REDRAW;
	}
	run->starting = true;
	s = prism_alloc(sizeof(*s));
	*s = (struct starting){view->app, view, prism_strdup(run->computation)};
	values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_RUN));
	pt_values_add(values, "computation", run->computation);
	pt_values_add(values, "cvm", cvm->id);
	pt_ui_run(view->app, values, true, started, s);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	PRISM_UNUSED(values);
	if (id == PT_ACTION_OPEN)
		return start(view);
	return id == PT_ACTION_REFRESH ? pt_listview_refresh(view) : PT_IGNORED;
}

static const struct pt_actor actor = {.where = PT_IN_RUN, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct run *run = view->state;
	struct core_checklist list = core_checklist(run->lv.core, run->computation);
	const struct core_computation *c = core_computation_get(run->lv.core, run->computation);

	if (run->starting)
		snprintf(run->title, sizeof(run->title), "Starting ...");
	else if (list.count && !list.runnable)
		snprintf(run->title, sizeof(run->title),
		         "%zu requirement%s still open: the server may refuse", list.open,
		         list.open == 1 ? " is" : "s are");
	else
		snprintf(run->title, sizeof(run->title), "Create or Select CVM.  %.120s", c ? c->name : "");
	return run->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = max_w < 100 ? max_w : 100;
	*ret_h = max_h < 16 ? max_h : 16;
}

static void destroy(struct pt_view *view)
{
	struct run *run = view->state;

	pt_listview_finish(&run->lv);
	prism_free(run->computation);
	prism_free(run);
}

static const struct pt_view_ops ops = {
    .name = "run",
    .flags = PT_VIEW_FRAME,
    PT_LISTVIEW_TABLE_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .measure = measure,
    .changed = pt_listview_changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_run(struct pt_app *app, const char *computation_id)
{
	struct run *run = prism_alloc(sizeof(*run));
	struct pt_view *view = pt_view_create(app, &ops, run);
	struct core *core = pt_ui_core(app);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_cvms(core),
	    .event = CORE_EVENT_CVMS,
	    .watch = CORE_WATCH_CVMS,
	    .empty = "No CVMs yet",
	    .empty_hint = "press c to create one",
	    .cell = cell,
	    .rank = rank,
	};

	run->computation = prism_strdup(computation_id);
	pt_listview_init(&run->lv, view, &spec);
	core_checklist_load(core, computation_id, false);
	return view;
}
