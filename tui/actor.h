/*
 * What the action table asks of a view.  A view that owns actions points to one of these from its
 * ops; everything else (movement, filter, sort, marks, panes) is done for it by tui/ui_act.c
 * through the ops' table, text, nav, filter and search.
 *
 * How an action reaches a view: key -> key map (layers of `where`) -> pt_ui_act():
 *   1. may() says no: the reason is shown, nothing happens
 *   2. act() takes it over (opens a form, another view, ...)
 *   3. else, for a command: missing arguments are filled from subject(), dangerous ones are
 *      confirmed by name, and the command runs; with marks and PT_ACTION_BULK once for each
 */
#ifndef PRISM_TUI_ACTOR_H
#define PRISM_TUI_ACTOR_H

#include "tui/actions.h"
#include "tui/view.h"

struct pt_values;

struct pt_actor {
	pt_where where;                                    /* PT_IN_ bits: view and layer bits */
	pt_where (*where_now)(const struct pt_view *view); /* when it changes (tabs); NULL: where */
	/* False greys the action; reason says why, in one line. NULL: all allowed. */
	bool (*may)(struct pt_view *view, enum pt_action_id id, char *reason, size_t size);
	/* Id of what the cursor or the view is on; NULL or "": none of that kind. Lent. */
	const char *(*subject)(struct pt_view *view, enum pt_arg_kind kind);
	/* Display name of such an id (for questions); NULL: the id. Lent. */
	const char *(*name_of)(struct pt_view *view, enum pt_arg_kind kind, const char *id);
	/* Another word for the hint bar and messages while it fits better ("retry"); NULL: the row's.
	 */
	const char *(*word)(struct pt_view *view, enum pt_action_id id);
	/* Does it, and returns enum pt_result; PT_IGNORED: the default. values holds what was typed
	 * after the command's name, and is lent; NULL when a key was pressed. */
	unsigned (*act)(struct pt_view *view, enum pt_action_id id, const struct pt_values *values);
};

#endif
