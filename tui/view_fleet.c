/*
 * The fleet: computations of all profiles in one list, each row with its profile.  A profile that
 * has none to show has one row that says why.  Enter switches to the profile of the row, with its
 * computation open.
 */
#include "base/mem.h"
#include "core/computation.h"
#include "core/workspace.h"
#include "tui/fleet.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

enum {
	COLUMN_PROFILE,
	COLUMN_COMPUTATION,
	COLUMN_STATE,
	COLUMN_WORKSPACE,
	COLUMN_CREATED,
	COLUMN_NOTE
};

static const struct pt_column columns[] = {
    {"profile", "Profile", 10, 16, 1, 0, 0},
    {"computation", "Computation", 18, 0, 4, 0, PT_COLUMN_MAIN},
    {"state", "State", 13, 16, 0, 1, 0},
    {"workspace", "Workspace", 12, 24, 1, 2, 0},
    {"created", "Created", 16, 16, 0, 3, PT_COLUMN_TIME},
    {"note", "Profile is", 12, 0, 2, 4, 0},
};

struct fleet_view {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct pt_fleet *fleet;
	char id[600];    /* of the row asked for last */
	char note[2000]; /* of the cell asked for last */
};

/* ---- rows: those of the first member, then of the second ... ---- */

static size_t rows_of(const struct pt_fleet_member *member)
{
	const struct core_list *list = pt_fleet_computations(member);
	size_t count = list ? core_list_count(list) : 0;

	return count ? count : 1;
}

static size_t model_count(void *data)
{
	const struct fleet_view *f = data;
	size_t count = 0;

	for (size_t i = 0; i < pt_fleet_count(f->fleet); i++)
		count += rows_of(pt_fleet_at(f->fleet, i));
	return count;
}

/* ret_c: NULL for the row that stands for an empty member. */
static const struct pt_fleet_member *row_at(const struct fleet_view *f, size_t row,
                                            const struct core_computation **ret_c)
{
	*ret_c = NULL;
	for (size_t i = 0; i < pt_fleet_count(f->fleet); i++) {
		const struct pt_fleet_member *member = pt_fleet_at(f->fleet, i);
		const struct core_list *list = pt_fleet_computations(member);

		if (row < rows_of(member)) {
			*ret_c = list ? core_computation_at(list, row) : NULL;
			return member;
		}
		row -= rows_of(member);
	}
	return NULL;
}

static const char *model_id(void *data, size_t row)
{
	struct fleet_view *f = data;
	const struct core_computation *c;
	const struct pt_fleet_member *member = row_at(f, row, &c);

	if (!member)
		return NULL;
	snprintf(f->id, sizeof(f->id), "%s/%s", member->profile, c ? c->id : "");
	return f->id;
}

static void cell_of_member(struct fleet_view *f, const struct pt_fleet_member *member, int column,
                           bool empty, struct pt_value *ret)
{
	enum pt_slot slot = member->state == PT_FLEET_FAILED       ? PT_SLOT_BAD
	                    : member->state == PT_FLEET_SIGNED_OUT ? PT_SLOT_WARN
	                                                           : PT_SLOT_DIM;

	pt_fleet_text(member, f->note, sizeof(f->note));
	if (column == (empty ? COLUMN_COMPUTATION : COLUMN_NOTE))
		pt_value_text(ret, f->note, slot);
}

static void model_cell(void *data, size_t row, int column, struct pt_value *ret)
{
	struct fleet_view *f = data;
	const struct core_computation *c;
	const struct pt_fleet_member *member = row_at(f, row, &c);
	struct core *core = member ? member->world ? member->world->core : NULL : NULL;
	enum core_comp_state state;
	const char *label;

	if (!member)
		return;
	if (column == COLUMN_PROFILE) {
		pt_value_text(ret, member->profile, member->current ? PT_SLOT_STRONG : PT_SLOT_TEXT);
	} else if (column == COLUMN_NOTE || !c) {
		cell_of_member(f, member, column, !c, ret);
	} else if (column == COLUMN_COMPUTATION) {
		pt_value_text(ret, c->name, PT_SLOT_TEXT);
	} else if (column == COLUMN_STATE) {
		state = core_computation_state_of(core, c, &label);
		pt_value_state(ret, label, core_comp_state_info(state)->tone);
	} else if (column == COLUMN_WORKSPACE) {
		pt_value_text(ret, core_workspace_name(core), PT_SLOT_DIM);
	} else {
		pt_value_time(f->tv.app, ret, c->created_us);
	}
}

static const struct pt_table_model model = {
    .count = model_count, .id = model_id, .cell = model_cell};

/* ---- actions ---- */

static unsigned open_row(struct fleet_view *f)
{
	const struct core_computation *c;
	ptrdiff_t row = pt_table_selected_row(f->tv.table);
	const struct pt_fleet_member *member = row >= 0 ? row_at(f, (size_t)row, &c) : NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *id = NULL;

	if (!member)
		return PT_HANDLED;
	id = c ? prism_strdup(c->id) : NULL;
	if (!member->current)
		return pt_ui_switch(f->tv.app, member->profile, id);
	if (id && pt_app_open_tab_named(f->tv.app, "computations", &err) == 0)
		pt_computation_open(f->tv.app, id, PT_TAB_OVERVIEW);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct fleet_view *f = view->state;

	if (id == PT_ACTION_REFRESH) {
		pt_fleet_load(f->fleet);
		return PT_HANDLED | PT_REDRAW;
	}
	return id == PT_ACTION_OPEN && !values ? open_row(f) : PT_IGNORED;
}

static const struct pt_actor actor = {.where = PT_IN_FLEET, .act = act};

/* ---- view ---- */

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct fleet_view *f = view->state;

	if (event->type != CORE_EVENT_FLEET && event->type != CORE_EVENT_COMPUTATIONS)
		return PT_IGNORED;
	if (view->visible)
		pt_fleet_watch(f->fleet, true); /* of those that answered since */
	pt_tableview_reload_local(&f->tv, NULL, NULL, NULL);
	return PT_REDRAW;
}

static void shown(struct pt_view *view, bool visible)
{
	struct fleet_view *f = view->state;

	pt_fleet_watch(f->fleet, visible);
}

static void destroy(struct pt_view *view)
{
	struct fleet_view *f = view->state;

	pt_fleet_watch(f->fleet, false);
	pt_tableview_finish(&f->tv);
	prism_free(f);
}

static const struct pt_view_ops ops = {
    .name = "fleet",
    PT_TABLEVIEW_OPS,
    .summary = pt_tableview_summary,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_fleet(struct pt_app *app)
{
	struct fleet_view *f = prism_alloc(sizeof(*f));
	struct pt_view *view = pt_view_create(app, &ops, f);

	f->fleet = pt_world_fleet(pt_ui_world(app));
	pt_tableview_init(&f->tv, view, columns, PRISM_COUNT(columns), &model);
	pt_fleet_load(f->fleet);
	pt_tableview_reload_local(&f->tv, NULL, NULL, NULL);
	return view;
}
