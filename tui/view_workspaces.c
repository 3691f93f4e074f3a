/*
 * Workspaces: Enter works in one from now on, `c` makes one, `X` and `E` close and open one. Tokens
 * are not workspace-scoped; changing it closes the views of the old one.
 */
#include "base/mem.h"
#include "core/permission.h"
#include "core/workspace.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN_NAME, COLUMN_ALIAS, COLUMN_STATUS, COLUMN_ROLE, COLUMN_CREATED };

static const struct pt_column columns[] = {
    {"name", "Name", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"alias", "Alias", 12, 0, 2, 2, 0},
    {"status", "Status", 11, 12, 0, 0, 0},
    {"role", "Role", 8, 20, 1, 1, 0},
    {"created", "Created", 16, 16, 0, 3, PT_COLUMN_TIME},
};

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_workspace *w = item;
	bool here = !strcmp(w->id, core_workspace_id(lv->core));

	switch (column) {
	case COLUMN_NAME:
		pt_value_text(ret, w->name, here ? PT_SLOT_STRONG : PT_SLOT_TEXT);
		if (here)
			ret->glyph = PT_GLYPH_CHECK;
		break;
	case COLUMN_ALIAS:
		pt_value_text(ret, w->alias, PT_SLOT_DIM);
		break;
	case COLUMN_STATUS:
		pt_value_state(ret, w->status,
		               !strcmp(w->status, "enabled") ? CORE_TONE_GOOD : CORE_TONE_MUTED);
		break;
	case COLUMN_ROLE:
		pt_value_text(ret, w->role_name, PT_SLOT_TEXT);
		break;
	default:
		pt_value_time(lv->tv.app, ret, w->created_us);
	}
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_WORKSPACE ? pt_tableview_selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct pt_listview *lv = view->state;
	const struct core_workspace *w = kind == PT_ARG_WORKSPACE ? core_list_find(lv->list, id) : NULL;

	return w ? w->name : NULL;
}

/* By my role in the one under the cursor, which need not be the one I work in; and by its status.
 */
static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	static const struct {
		enum pt_action_id id;
		enum core_wperm need;
		const char *not_when;
	} rows[] = {
	    {PT_ACTION_WORKSPACE_UPDATE, CORE_WPERM_UPDATE, NULL},
	    {PT_ACTION_WORKSPACE_ENABLE, CORE_WPERM_ENABLE, "enabled"},
	    {PT_ACTION_WORKSPACE_DISABLE, CORE_WPERM_DISABLE, "disabled"},
	};
	const struct pt_listview *lv = view->state;
	const char *chosen = pt_table_selected(lv->tv.table);
	const struct core_workspace *w = chosen ? core_list_find(lv->list, chosen) : NULL;

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		if (rows[i].id != id)
			continue;
		if (!w)
			snprintf(reason, size, "no workspace is selected");
		else if (w->actions && !(w->actions & rows[i].need))
			snprintf(reason, size, "needs the workspace action %s",
			         core_wperm_word_of(rows[i].need));
		else if (rows[i].not_when && !strcmp(w->status, rows[i].not_when))
			snprintf(reason, size, "it is %s already", w->status);
		else
			return true;
		return false;
	}
	return true;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	PRISM_UNUSED(values);
	return id == PT_ACTION_REFRESH ? pt_listview_refresh(view) : PT_IGNORED;
}

static const struct pt_actor actor = {
    .where = PT_IN_WORKSPACES, .subject = subject, .name_of = name_of, .may = may, .act = act};

static const struct pt_view_ops ops = {
    .name = "workspaces",
    PT_LISTVIEW_OPS,
    .actor = &actor,
};

struct pt_view *pt_view_workspaces(struct pt_app *app)
{
	struct pt_listview *lv = prism_alloc(sizeof(*lv));
	struct pt_view *view = pt_view_create(app, &ops, lv);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_workspaces(pt_ui_core(app)),
	    .event = CORE_EVENT_WORKSPACES,
	    .watch = CORE_WATCH_WORKSPACES,
	    .empty = "You belong to no workspace yet",
	    .empty_hint = "c makes one; 8 shows who invited you",
	    .cell = cell,
	};

	pt_listview_init(lv, view, &spec);
	return view;
}
