/*
 * Runs of the whole workspace, newest first as the server gives them.  Enter opens the timeline of
 * the computation, L its logs.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/phase.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

enum {
	COLUMN_COMPUTATION,
	COLUMN_NUMBER,
	COLUMN_STATE,
	COLUMN_STARTED,
	COLUMN_TOOK,
	COLUMN_CVM,
	COLUMN_ID
};

static const struct pt_column columns[] = {
    {"computation", "Computation", 24, 0, 3, 0, PT_COLUMN_MAIN},
    {"number", "Run", 4, 6, 0, 1, PT_COLUMN_NUMBER},
    {"state", "State", 13, 13, 0, 0, 0},
    {"started", "Started", 16, 16, 0, 2, PT_COLUMN_TIME},
    {"took", "Took", 8, 10, 0, 3, PT_COLUMN_NUMBER},
    {"cvm", "CVM", 10, 22, 1, 4, 0},
    {"id", "ID", 36, 36, 0, 5, 0},
};

static int64_t started_us(const struct core_run *run)
{
	return run->start_us != PRISM_TIME_UNSET ? run->start_us : run->created_us;
}

static void took_cell(struct pt_listview *lv, const struct core_run *run, struct pt_value *ret)
{
	int64_t took = core_run_took(run, run->state, prism_clock_wall_us(core_clock(lv->core)));
	char span[PRISM_TIME_TEXT];

	if (took >= 0)
		snprintf(ret->scratch, sizeof(ret->scratch), "%s", prism_time_span(took, span));
	ret->text = took >= 0 ? ret->scratch : "";
	ret->number = took;
}

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_run *run = item;
	const struct core_computation *c;

	switch (column) {
	case COLUMN_COMPUTATION:
		c = core_computation_get(lv->core, run->computation_id);
		pt_value_text(ret, c && *c->name ? c->name : run->computation_id, PT_SLOT_TEXT);
		break;
	case COLUMN_NUMBER:
		if (run->index)
			snprintf(ret->scratch, sizeof(ret->scratch), "#%d", run->index);
		ret->text = run->index ? ret->scratch : "";
		ret->number = run->index;
		break;
	case COLUMN_STATE:
		pt_value_state(ret,
		               run->state == CORE_COMP_UNKNOWN && *run->status
		                   ? run->status
		                   : core_comp_state_info(run->state)->label,
		               core_comp_state_info(run->state)->tone);
		break;
	case COLUMN_STARTED:
		pt_value_time(lv->tv.app, ret, started_us(run));
		break;
	case COLUMN_TOOK:
		took_cell(lv, run, ret);
		break;
	case COLUMN_CVM:
		pt_value_text(ret, *run->cvm_name ? run->cvm_name : run->cvm_id, PT_SLOT_TEXT);
		break;
	default:
		pt_value_text(ret, run->id, PT_SLOT_DIM);
	}
}

static const struct core_run *selected(struct pt_view *view)
{
	const struct pt_listview *lv = view->state;
	const char *id = pt_table_selected(lv->tv.table);

	return id ? core_list_find(lv->list, id) : NULL;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct core_run *run = selected(view);

	if (!run)
		return NULL;
	return kind == PT_ARG_COMPUTATION ? run->computation_id : kind == PT_ARG_RUN ? run->id : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct pt_listview *lv = view->state;
	const struct core_computation *c =
	    kind == PT_ARG_COMPUTATION ? core_computation_get(lv->core, id) : NULL;

	return c ? c->name : NULL;
}

/* The computation's own section, so that stepping back ends in a list of computations. */
static unsigned open_run(struct pt_view *view, const struct core_run *run,
                         enum pt_computation_tab tab)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *id = prism_strdup(run->computation_id);

	if (pt_app_open_tab_named(view->app, "computations", &err) < 0)
		pt_app_report(view->app, &err);
	else
		pt_computation_open(view->app, id, tab);
	return PT_HANDLED | PT_REDRAW;
}

struct two { /* marked runs */
	struct core_list *list;
	const struct core_run *run[2];
	size_t count;
};

static void collect(void *data, const char *id)
{
	struct two *two = data;

	if (two->count < 2)
		two->run[two->count] = core_list_find(two->list, id);
	two->count++;
}

/* Two marked runs, the older first; of one alone, with the run before it. */
static unsigned compare(struct pt_view *view)
{
	struct pt_listview *lv = view->state;
	struct two two = {.list = lv->list};
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_RUN_COMPARE));

	pt_table_each_chosen(lv->tv.table, collect, &two);
	if (two.count > 2 || !two.run[0] || (two.count == 2 && !two.run[1])) {
		pt_app_message(view->app, PT_SLOT_WARN, "mark two runs to compare them (%zu are marked)",
		               two.count);
		pt_values_destroy(values);
		return PT_HANDLED | PT_REDRAW;
	}
	if (two.count == 2 && started_us(two.run[0]) > started_us(two.run[1])) {
		const struct core_run *newer = two.run[0];

		two.run[0] = two.run[1];
		two.run[1] = newer;
	}
	pt_values_add(values, "computation", two.run[0]->computation_id);
	if (two.count == 2) {
		pt_values_add(values, "run", two.run[0]->id);
		pt_values_add(values, "second", two.run[1]->id);
		pt_values_add(values, "with", two.run[1]->computation_id);
	} else {
		pt_values_add(values, "second", two.run[0]->id);
	}
	pt_ui_run(view->app, values, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct core_run *run = selected(view);

	if (id == PT_ACTION_REFRESH)
		return pt_listview_refresh(view);
	if (values || !run || !*run->computation_id)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_OPEN:
		return open_run(view, run, PT_TAB_TIMELINE);
	case PT_ACTION_LOG_OPEN:
		return open_run(view, run, PT_TAB_LOGS);
	case PT_ACTION_RUN_COMPARE:
		return compare(view);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_RUNS,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type == CORE_EVENT_COMPUTATIONS)
		return PT_REDRAW; /* names */
	return pt_listview_changed(view, event);
}

static const struct pt_view_ops ops = {
    .name = "runs",
    PT_LISTVIEW_TABLE_OPS,
    .summary = pt_tableview_summary,
    .shown = pt_listview_shown,
    .changed = changed,
    .destroy = pt_listview_destroy,
    .actor = &actor,
};

struct pt_view *pt_view_runs(struct pt_app *app)
{
	struct pt_listview *lv = prism_alloc(sizeof(*lv));
	struct pt_view *view = pt_view_create(app, &ops, lv);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_runs(pt_ui_core(app)),
	    .event = CORE_EVENT_TIMELINE,
	    .watch = CORE_WATCH_RUNS,
	    .empty = "Nothing was run yet",
	    .empty_hint = "press R on a computation to run it",
	    .cell = cell,
	};

	core_list_load(core_computations(pt_ui_core(app)));
	pt_listview_init(lv, view, &spec);
	return view;
}
