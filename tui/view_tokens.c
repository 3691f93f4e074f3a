/*
 * Personal access tokens: which there are, until when, and when they were last used.  The text of a
 * token is told once, when it is made (tui/dialog_secret.c).
 */
#include "base/mem.h"
#include "core/pat.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN_NAME, COLUMN_STATE, COLUMN_ENDS, COLUMN_USED, COLUMN_MADE, COLUMN_DESCRIPTION };

static const struct pt_column columns[] = {
    {"name", "Name", 12, 0, 2, 0, PT_COLUMN_MAIN},
    {"state", "State", 9, 10, 0, 0, 0},
    {"ends", "Ends", 16, 16, 0, 1, PT_COLUMN_TIME},
    {"used", "Last used", 16, 16, 0, 2, PT_COLUMN_TIME},
    {"made", "Made", 16, 16, 0, 4, PT_COLUMN_TIME},
    {"description", "Description", 12, 0, 3, 3, 0},
};

static int64_t server_now(struct core *core)
{
	return prism_clock_wall_us(core_clock(core)) + core_clock_skew_us(core);
}

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_pat *pat = item;
	const char *state = core_pat_state(pat, server_now(lv->core));
	bool active = !strcmp(state, "active");

	switch (column) {
	case COLUMN_NAME:
		pt_value_text(ret, pat->name, active ? PT_SLOT_TEXT : PT_SLOT_OFF);
		break;
	case COLUMN_STATE:
		pt_value_state(ret, state, active ? CORE_TONE_GOOD : CORE_TONE_MUTED);
		break;
	case COLUMN_ENDS:
		pt_value_time(lv->tv.app, ret, pat->expires_us);
		break;
	case COLUMN_USED:
		pt_value_time(lv->tv.app, ret, pat->used_us);
		if (!*ret->text)
			pt_value_text(ret, "never", PT_SLOT_DIM);
		break;
	case COLUMN_MADE:
		pt_value_time(lv->tv.app, ret, pat->issued_us);
		break;
	default:
		pt_value_text(ret, pat->description, PT_SLOT_DIM);
	}
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_PAT ? pt_tableview_selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct pt_listview *lv = view->state;
	const struct core_pat *pat = kind == PT_ARG_PAT ? core_list_find(lv->list, id) : NULL;

	return pat ? pat->name : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct pt_listview *lv = view->state;
	const char *chosen = pt_table_selected(lv->tv.table);
	const struct core_pat *pat = chosen ? core_list_find(lv->list, chosen) : NULL;

	if (id != PT_ACTION_TOKEN_RESET && id != PT_ACTION_TOKEN_REVOKE && id != PT_ACTION_TOKEN_DELETE)
		return true;
	if (!pat) {
		snprintf(reason, size, "no access token is selected");
		return false;
	}
	if (id == PT_ACTION_TOKEN_REVOKE && pat->revoked) {
		snprintf(reason, size, "it is revoked already");
		return false;
	}
	return true;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct pt_listview *lv = view->state;
	struct pt_values *one;

	if (values)
		return PT_IGNORED;
	if (id == PT_ACTION_REFRESH)
		return pt_listview_refresh(view);
	if (id != PT_ACTION_OPEN || !pt_table_selected(lv->tv.table))
		return PT_IGNORED;
	one = pt_values_create(pt_action(PT_ACTION_TOKEN_SHOW));
	pt_values_add(one, "token", pt_table_selected(lv->tv.table));
	pt_ui_run(view->app, one, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {
    .where = PT_IN_TOKENS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

static const struct pt_view_ops ops = {
    .name = "access-tokens",
    PT_LISTVIEW_OPS,
    .actor = &actor,
};

struct pt_view *pt_view_tokens(struct pt_app *app)
{
	struct pt_listview *lv = prism_alloc(sizeof(*lv));
	struct pt_view *view = pt_view_create(app, &ops, lv);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = core_pats(pt_ui_core(app)),
	    .event = CORE_EVENT_PATS,
	    .watch = CORE_WATCH_COUNT,
	    .empty = "No access tokens",
	    .empty_hint = "press c to make one for a program",
	    .cell = cell,
	};

	pt_listview_init(lv, view, &spec);
	return view;
}
