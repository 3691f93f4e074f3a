/*
 * The `?` overlay: what can be done in the view underneath, by which key, grouped; below it every
 * other command of the palette.  Made from the action table and the key map, so it is never out of
 * date. Rows can be filtered; Enter does what the row says.
 */
#include "base/mem.h"
#include "tui/keymap.h"
#include "tui/tableview.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct help {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct pt_view *about;  /* the view underneath; may go while help is open */
	pt_where where;
	enum pt_action_id rows[PT_ACTION_COUNT];
	size_t count;
};

enum { COLUMN_KEYS, COLUMN_NAME, COLUMN_HELP, COLUMN_GROUP };

static const struct pt_column columns[] = {
    {"keys", "Key", 12, 22, 0, 0, 0},
    {"name", "Command", 18, 26, 0, 1, PT_COLUMN_MAIN},
    {"help", "What it does", 30, 0, 4, 0, 0},
    {"group", "Group", 22, 24, 0, 5, 0},
};

static size_t count(void *data)
{
	const struct help *h = data;

	return h->count;
}

static const char *row_id(void *data, size_t row)
{
	const struct help *h = data;

	return row < h->count ? pt_action(h->rows[row])->name : NULL;
}

static bool here(const struct help *h, const struct pt_action *action)
{
	return (action->where & h->where) != 0;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct help *h = data;
	enum pt_action_id id = h->rows[row];
	const struct pt_action *action = pt_action(id);
	struct pt_view *about = pt_ui_alive(h->tv.app, h->about) ? h->about : NULL;
	char reason[160] = "";
	bool may = pt_ui_may(h->tv.app, about, id, reason, sizeof(reason));

	ret->slot = may ? PT_SLOT_TEXT : PT_SLOT_OFF;
	switch (column) {
	case COLUMN_KEYS:
		pt_keymap_keys(pt_ui_keymap(h->tv.app), id, h->where, 3, ret->scratch,
		               sizeof(ret->scratch));
		ret->text = ret->scratch;
		ret->slot = may ? PT_SLOT_HINT_KEY : PT_SLOT_OFF;
		break;
	case COLUMN_NAME:
		ret->text = action->name;
		break;
	case COLUMN_HELP:
		ret->text = action->help;
		if (!may && here(h, action)) {
			snprintf(ret->scratch, sizeof(ret->scratch), "%.80s (%.70s)", action->help, reason);
			ret->text = ret->scratch;
		}
		break;
	default:
		ret->text = pt_group_title(action->group);
		ret->slot = PT_SLOT_DIM;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* View rows, then list and text, then everywhere, then palette only. */
static int rank(const struct help *h, const struct pt_action *action)
{
	if (action->where & h->where & PT_IN_VIEWS)
		return 0;
	if (action->where & h->where & (PT_IN_LIST | PT_IN_TEXT))
		return 1;
	return action->where & h->where ? 2 : 3;
}

static void collect(struct help *h)
{
	for (int wanted = 0; wanted < 4; wanted++)
		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
			const struct pt_action *action = pt_action((enum pt_action_id)id);
			bool palette = action->run || !action->where;

			if (rank(h, action) != wanted || (action->flags & PT_ACTION_HIDDEN) ||
			    (wanted == 3 && !palette))
				continue;
			h->rows[h->count++] = (enum pt_action_id)id;
		}
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct help *h = view->state;
	const char *name = pt_tableview_selected(view);
	struct pt_app *app = view->app;
	struct pt_view *about = pt_ui_alive(app, h->about) ? h->about : NULL;

	PRISM_UNUSED(values);
	if (id != PT_ACTION_OPEN || !name)
		return PT_IGNORED;
	id = pt_action_id(pt_action_by_name(name));
	pt_app_close(app, view);
	return pt_ui_act(app, about, id, NULL) | PT_HANDLED | PT_REDRAW;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	PRISM_UNUSED(view);
	if (id != PT_ACTION_HELP)
		return true;
	snprintf(reason, size, "this is it");
	return false;
}

static const struct pt_actor actor = {.where = PT_IN_HELP, .act = act, .may = may};

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Help: / filters, Enter does it, Esc closes";
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct help *h = view->state;
	int rows = (int)h->count + 1;

	*ret_w = max_w < 110 ? max_w : 110;
	*ret_h = rows < max_h ? rows : max_h;
}

static void destroy(struct pt_view *view)
{
	struct help *h = view->state;

	pt_tableview_finish(&h->tv);
	prism_free(h);
}

static const struct pt_view_ops ops = {
    .name = "help",
    .flags = PT_VIEW_FRAME,
    PT_TABLEVIEW_OPS,
    .title = title,
    .measure = measure,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_help(struct pt_app *app, struct pt_view *about)
{
	struct help *h = prism_alloc(sizeof(*h));
	struct pt_view *view = pt_view_create(app, &ops, h);

	h->about = about;
	h->where = pt_ui_where(about);
	collect(h);
	pt_tableview_init(&h->tv, view, columns, PRISM_COUNT(columns), &model);
	pt_tableview_reload_local(&h->tv, "Nothing", NULL, NULL);
	return view;
}
