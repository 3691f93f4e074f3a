/*
 * The list of computations: first view of the first tab.  Enter opens one beside it (or over it
 * when the window is narrow); actions that the state or my roles forbid are greyed with the reason.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/follow.h"
#include "core/role.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <string.h>

enum { COLUMN_NAME, COLUMN_STATE, COLUMN_DESCRIPTION, COLUMN_CREATED, COLUMN_OWNER };

static const struct pt_column columns[] = {
    {"name", "Name", 22, 0, 3, 0, PT_COLUMN_MAIN},
    {"state", "State", 13, 16, 0, 0, 0},
    {"description", "Description", 16, 0, 4, 2, 0},
    {"created", "Created", 16, 16, 0, 1, PT_COLUMN_TIME},
    {"owner", "Owner", 10, 24, 1, 3, 0},
};

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_computation *c = item;
	enum core_comp_state state;
	const char *label;

	switch (column) {
	case COLUMN_NAME:
		pt_value_text(ret, c->name, PT_SLOT_TEXT);
		if (core_followed(lv->core, c->id))
			ret->glyph = PT_GLYPH_BULLET;
		break;
	case COLUMN_STATE:
		state = core_computation_state_of(lv->core, c, &label);
		pt_value_state(ret, label, core_comp_state_info(state)->tone);
		break;
	case COLUMN_DESCRIPTION:
		pt_value_text(ret, c->description, PT_SLOT_DIM);
		break;
	case COLUMN_CREATED:
		pt_value_time(lv->tv.app, ret, c->created_us);
		break;
	default:
		pt_value_text(ret, core_user_name(lv->core, c->owner), PT_SLOT_TEXT);
	}
}

/* The detail beside the list shows the row the cursor rests on, in the tab that is open. Without
 * one nothing is asked: moving the cursor costs a slow line nothing. */
static void follow(struct pt_listview *lv, const char *id)
{
	core_roles_load(lv->core, id, false);
	pt_computation_follow(lv->tv.app, id);
}

/* Roles that may not be read leave it open what I may do; whether I may look at it decides that. */
static void learn(struct pt_listview *lv, const char *id)
{
	const struct core_status *roles = core_roles(lv->core, id).status;

	if (!roles->loading && roles->error.category == PRISM_ERROR_DENIED)
		core_computation_load(lv->core, id, false);
}

static const char *selected(struct pt_view *view)
{
	return pt_tableview_selected(view);
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_COMPUTATION ? selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct pt_listview *lv = view->state;
	const struct core_computation *c =
	    kind == PT_ARG_COMPUTATION ? core_computation_get(lv->core, id) : NULL;

	return c ? c->name : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	struct pt_listview *lv = view->state;

	if (id == PT_ACTION_COMPUTATION_CREATE || id == PT_ACTION_COMPUTATION_IMPORT ||
	    id == PT_ACTION_COMPUTATION_COPY)
		return core_workspace_may(lv->core, CORE_WPERM_CREATE_COMPUTATION, reason, size);
	return pt_computation_may(lv->core, selected(view), id, reason, size);
}

static const char *word(struct pt_view *view, enum pt_action_id id)
{
	const struct pt_listview *lv = view->state;

	return pt_computation_word(lv->core, selected(view), id);
}

static void add_chosen(void *data, const char *id)
{
	pt_values_add(data, "computation", id);
}

/* The marked rows, else the one under the cursor, into one file. */
static void export_chosen(struct pt_view *view)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_EXPORT));

	pt_table_each_chosen(pt_tableview_table(view), add_chosen, values);
	pt_app_overlay(view->app, pt_view_form(view->app, values));
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const char *chosen = selected(view);

	if (id == PT_ACTION_REFRESH) {
		if (chosen && core_computation_hidden(pt_ui_core(view->app), chosen))
			core_computation_load(pt_ui_core(view->app), chosen, true);
		if (chosen && pt_app_top(view->app, PT_PANE_DETAIL))
			core_roles_load(pt_ui_core(view->app), chosen, true);
		return pt_listview_refresh(view);
	}
	if (values || !chosen)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_OPEN:
		pt_computation_open(view->app, chosen, PT_TAB_OVERVIEW);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_LOG_OPEN:
		pt_logs_open(view->app, chosen);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_RUN:
		pt_app_overlay(view->app, pt_view_run(view->app, chosen));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_COPY:
		pt_computation_copy_form(view->app, chosen);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_EXPORT:
		export_chosen(view);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_COMPUTATIONS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .word = word,
    .act = act,
};

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	const char *chosen = selected(view);

	if (event->type == CORE_EVENT_ROLES && chosen && event->id && !strcmp(event->id, chosen))
		learn(view->state, chosen);
	if (event->type == CORE_EVENT_COMPUTATION || event->type == CORE_EVENT_TIMELINE)
		return PT_REDRAW; /* a state may follow from events */
	return pt_listview_changed(view, event);
}

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Computations";
}

static const struct pt_view_ops ops = {
    .name = "computations",
    PT_LISTVIEW_TABLE_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .shown = pt_listview_shown,
    .changed = changed,
    .destroy = pt_listview_destroy,
    .actor = &actor,
};

struct pt_view *pt_view_computations(struct pt_app *app)
{
	struct pt_listview *lv = prism_alloc(sizeof(*lv));
	struct pt_view *view = pt_view_create(app, &ops, lv);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_computations(pt_ui_core(app)),
	    .event = CORE_EVENT_COMPUTATIONS,
	    .watch = CORE_WATCH_COMPUTATIONS,
	    .empty = "No computations yet",
	    .empty_hint = "press c to create one",
	    .cell = cell,
	    .rested = follow,
	};

	pt_listview_init(lv, view, &spec);
	return view;
}
