/*
 * Actions on the screen: where a key or a palette line ends up.  The order is tui/actor.h's; screen
 * actions every view shares (moving, filtering, panes, leaving) are done here.
 */
#include "tui/ui_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/list.h"
#include "core/options.h"
#include "core/session.h"
#include "core/transfer.h"
#include "core/workspace.h"
#include "tui/dialog.h"
#include "tui/notify.h"
#include "tui/permit.h"
#include "tui/table.h"
#include "tui/textview.h"
#include "tui/view_logs.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define SMALL_ROWS 30 /* rows below which two panes, one above the other, are both too short */

/* ---- where and whether ---- */

pt_where pt_ui_where(const struct pt_view *view)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	pt_where where = PT_IN_ANY;

	if (!view)
		return where;
	if (view->ops->flags & PT_VIEW_MODAL)
		where = 0;
	if (actor)
		where |= actor->where_now ? actor->where_now(view) : actor->where;
	if (view->ops->table && view->ops->table((struct pt_view *)(uintptr_t)view))
		where |= PT_IN_LIST;
	if (view->ops->text || view->ops->nav)
		where |= PT_IN_TEXT;
	return where;
}

bool pt_ui_permitted(struct pt_app *app, struct pt_view *view, enum pt_action_id id, char *reason,
                     size_t size)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;
	const char *computation =
	    actor && actor->subject ? actor->subject(view, PT_ARG_COMPUTATION) : NULL;

	return pt_permitted(pt_ui_core(app), id, computation && *computation ? computation : NULL,
	                    reason, size);
}

bool pt_ui_may(struct pt_app *app, struct pt_view *view, enum pt_action_id id, char *reason,
               size_t size)
{
	struct pt_ui *ui = pt_ui_of(app);
	const struct pt_action *action = pt_action(id);

	if (size)
		reason[0] = '\0';
	if ((action->flags & PT_ACTION_WRITES) &&
	    core_option_bool(ui->world->options, CORE_OPT_READ_ONLY)) {
		snprintf(reason, size, "read-only");
		return false;
	}
	if (!pt_ui_permitted(app, view, id, reason, size))
		return false;
	/* Files of this machine and the agent do not need the server. */
	if ((action->flags & PT_ACTION_WRITES) && !(action->flags & PT_ACTION_NO_LOGIN) &&
	    action->group != PT_GROUP_RUN && core_connection(ui->core) == CORE_CONN_DOWN) {
		snprintf(reason, size, "offline: %s", core_connection_error(ui->core)->message);
		return false;
	}
	if (view && view->ops->actor && view->ops->actor->may)
		return view->ops->actor->may(view, id, reason, size);
	return true;
}

bool pt_ui_opens_nothing(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	PRISM_UNUSED(view);
	if (id != PT_ACTION_OPEN)
		return true;
	if (size)
		snprintf(reason, size, "there is nothing more behind a line");
	return false;
}

char *pt_ui_keys(struct pt_app *app, const struct pt_view *view, enum pt_action_id id, char *buf,
                 size_t size)
{
	return pt_keymap_keys(pt_ui_of(app)->keymap, id, pt_ui_where(view), 2, buf, size);
}

struct alive {
	const struct pt_view *wanted;
	bool found;
};

static void alive_look(void *data, struct pt_view *view)
{
	struct alive *alive = data;

	alive->found = alive->found || view == alive->wanted;
}

bool pt_ui_alive(struct pt_app *app, const struct pt_view *view)
{
	struct alive alive = {view, false};

	pt_app_each_view(app, alive_look, &alive);
	return alive.found;
}

/* ---- filter, search, copy ---- */

struct asking { /* what the prompt line is for; freed with its answer */
	struct pt_app *app;
	struct pt_view *view;
	bool search;
};

static void filter_changed(void *data, const char *text)
{
	struct asking *asking = data;

	if (pt_ui_alive(asking->app, asking->view) && !asking->search)
		pt_app_apply(asking->app, asking->view, pt_view_filter(asking->view, text) | PT_REDRAW);
}

static void filter_done(void *data, const char *text)
{
	struct asking *asking = data;

	if (pt_ui_alive(asking->app, asking->view)) {
		unsigned result = asking->search ? (text ? pt_view_search(asking->view, text, 1) : 0)
		                                 : (text ? 0 : pt_view_filter(asking->view, ""));

		pt_app_apply(asking->app, asking->view, result | PT_REDRAW);
	}
	prism_free(asking);
}

static unsigned ask_filter(struct pt_app *app, struct pt_view *view, bool search)
{
	struct asking *asking;
	struct pt_ask ask = {
	    .label = search ? "Find: " : "/",
	    .on_change = filter_changed,
	    .on_done = filter_done,
	};

	if (!view || !(search ? pt_view_can_search(view) : pt_view_can_filter(view)))
		return PT_IGNORED;
	asking = prism_alloc(sizeof(*asking));
	*asking = (struct asking){app, view, search};
	ask.initial = search ? NULL : pt_view_filter_text(view);
	ask.data = asking;
	pt_app_ask(app, &ask);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned copy(struct pt_app *app, struct pt_view *view)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *text = view ? pt_view_copy(view) : NULL;

	if (!text || !*text)
		return PT_HANDLED;
	if (!core_option_bool(pt_ui_world(app)->options, CORE_OPT_CLIPBOARD))
		pt_app_message(app, PT_SLOT_WARN, "copying is switched off (clipboard=no)");
	else if (pt_term_copy(pt_app_term(app), text, strlen(text), &err) < 0)
		pt_app_report(app, &err);
	else
		pt_app_message(app, PT_SLOT_INFO, "copied");
	return PT_HANDLED | PT_REDRAW;
}

/* The id under the cursor; views with a subject of their own copy that. */
static unsigned copy_id(struct pt_app *app, struct pt_view *view)
{
	struct pt_table *table = view && view->ops->table ? view->ops->table(view) : NULL;
	const char *id = table ? pt_table_selected(table) : NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	if (!id || pt_table_marked(table))
		return copy(app, view);
	if (pt_term_copy(pt_app_term(app), id, strlen(id), &err) < 0)
		pt_app_report(app, &err);
	else
		pt_app_message(app, PT_SLOT_INFO, "id copied");
	return PT_HANDLED | PT_REDRAW;
}

/* ---- leaving ---- */

bool pt_ui_small(const struct pt_app *app)
{
	const struct pt_term *term = pt_app_term(app);

	return pt_term_cols(term) < PT_WIDE && pt_term_rows(term) < SMALL_ROWS;
}

static unsigned back(struct pt_app *app, struct pt_view *view)
{
	if (view && *pt_view_filter_text(view))
		return pt_view_filter(view, "") | PT_HANDLED | PT_REDRAW;
	if (pt_app_top_overlay(app)) {
		pt_app_close(app, pt_app_top_overlay(app));
		return PT_HANDLED | PT_REDRAW;
	}
	/* In a small window a pane is zoomed because there is no room beside it: nothing to go back to.
	 */
	if (pt_app_zoomed(app) && !pt_ui_small(app))
		pt_app_zoom(app);
	else if (!pt_app_back(app) && pt_app_tab(app) != pt_app_home(app))
		pt_app_open_tab(app, pt_app_home(app));
	return PT_HANDLED | PT_REDRAW;
}

static void quit_answer(void *data, bool yes)
{
	if (yes)
		pt_app_quit(data);
}

static unsigned quit(struct pt_app *app)
{
	const struct pt_world *world = pt_ui_world(app);
	size_t active = world->transfers ? core_transfer_active(world->transfers) : 0;
	char text[160];
	struct pt_confirm confirm = {
	    .title = "Leave",
	    .text = text,
	    .yes = "Leave",
	    .danger = true,
	};

	if (!active) {
		pt_app_quit(app);
		return PT_HANDLED;
	}
	snprintf(text, sizeof(text), "%zu transfer%s under way will be cancelled.", active,
	         active == 1 ? " that is" : "s that are");
	pt_dialog_confirm(app, &confirm, quit_answer, app);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned close_view(struct pt_app *app, struct pt_view *view)
{
	PRISM_UNUSED(view);
	if (pt_app_top_overlay(app)) {
		pt_app_close(app, pt_app_top_overlay(app));
		return PT_HANDLED | PT_REDRAW;
	}
	if (pt_app_back(app))
		return PT_HANDLED | PT_REDRAW;
	return quit(app);
}

/* ---- shared screen actions ---- */

static unsigned next_theme(struct pt_app *app, const struct pt_values *values)
{
	const char *named = values ? pt_values_get(values, "name") : NULL;
	const char *now = pt_theme_name(pt_app_theme(app));
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count = pt_theme_builtin_count(), next = 0;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(pt_theme_builtin_name(i), now))
			next = (i + 1) % count;
	if (!named)
		named = pt_theme_builtin_name(next);
	if (pt_app_set_theme(app, named, &err) < 0)
		pt_app_report(app, &err);
	else
		pt_app_message(app, PT_SLOT_INFO, "theme %s", named);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned on_table(struct pt_view *view, enum pt_action_id id)
{
	struct pt_table *table = view && view->ops->table ? view->ops->table(view) : NULL;

	if (!table)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_SORT:
		return pt_table_cycle_sort(table, 1);
	case PT_ACTION_SORT_REVERSE:
		return pt_table_reverse_sort(table);
	case PT_ACTION_MARK:
		return pt_table_mark(table);
	case PT_ACTION_MARK_RANGE:
		return pt_table_mark_range(table);
	case PT_ACTION_MARK_ALL:
		return pt_table_mark_all(table);
	default:
		return pt_table_clear_marks(table);
	}
}

static unsigned move(struct pt_view *view, enum pt_action_id id)
{
	static const enum pt_nav navs[] = {
	    [PT_ACTION_DOWN] = PT_NAV_DOWN,           [PT_ACTION_UP] = PT_NAV_UP,
	    [PT_ACTION_LEFT] = PT_NAV_LEFT,           [PT_ACTION_RIGHT] = PT_NAV_RIGHT,
	    [PT_ACTION_PAGE_DOWN] = PT_NAV_PAGE_DOWN, [PT_ACTION_PAGE_UP] = PT_NAV_PAGE_UP,
	    [PT_ACTION_HALF_DOWN] = PT_NAV_HALF_DOWN, [PT_ACTION_HALF_UP] = PT_NAV_HALF_UP,
	    [PT_ACTION_TOP] = PT_NAV_FIRST,           [PT_ACTION_BOTTOM] = PT_NAV_LAST,
	};

	return view ? pt_view_nav(view, navs[id], 1) | PT_HANDLED : PT_IGNORED;
}

static unsigned panes(struct pt_app *app, enum pt_action_id id)
{
	switch (id) {
	case PT_ACTION_NEXT_PANE:
		pt_app_cycle_focus(app, 1);
		break;
	case PT_ACTION_PREV_PANE:
		pt_app_cycle_focus(app, -1);
		break;
	case PT_ACTION_ZOOM:
		pt_app_zoom(app);
		break;
	case PT_ACTION_GROW:
		pt_app_resize_pane(app, 1);
		break;
	default:
		pt_app_resize_pane(app, -1);
	}
	return PT_HANDLED | PT_REDRAW;
}

static unsigned mouse(struct pt_app *app)
{
	struct core_options *options = pt_ui_world(app)->options;
	bool on = !core_option_bool(options, CORE_OPT_MOUSE);
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_options_set(options, CORE_OPT_MOUSE, on ? "yes" : "no", &err) < 0)
		pt_app_report(app, &err);
	pt_term_set_mouse(pt_app_term(app), on);
	pt_app_message(app, PT_SLOT_INFO, on ? "mouse on" : "mouse off");
	return PT_HANDLED | PT_REDRAW;
}

/* What has a tab of the section People. */
static unsigned people(struct pt_app *app, enum pt_action_id id, const struct pt_values *values)
{
	static const struct {
		enum pt_action_id id;
		enum pt_people_tab tab;
	} rows[] = {
	    {PT_ACTION_MEMBER_LIST, PT_PEOPLE_MEMBERS},
	    {PT_ACTION_WROLE_LIST, PT_PEOPLE_ROLES},
	    {PT_ACTION_INVITATION_LIST, PT_PEOPLE_INVITATIONS},
	    {PT_ACTION_INVITATION_MINE, PT_PEOPLE_MINE},
	    {PT_ACTION_ACCOUNT_SHOW, PT_PEOPLE_ACCOUNT},
	    {PT_ACTION_TOKEN_LIST, PT_PEOPLE_TOKENS},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++)
		if (rows[i].id == id &&
		    !(values && pt_action_arg(pt_action(id), "state") && pt_values_get(values, "state"))) {
			pt_people_open(app, rows[i].tab);
			return PT_HANDLED | PT_REDRAW;
		}
	return PT_IGNORED;
}

/* Commands that have a form of their own: passwords, and choices that depend on one another. */
static unsigned own_form(struct pt_app *app, enum pt_action_id id, const struct pt_values *values)
{
	struct pt_view *form = NULL;

	if (id == PT_ACTION_ACCOUNT_PASSWORD)
		form = pt_view_password(app);
	else if (id == PT_ACTION_ACCOUNT_REGISTER)
		form = pt_view_register(app);
	else if (id == PT_ACTION_CVM_CREATE && (!values || pt_values_missing(values)))
		form = pt_view_cvm_form(app, values);
	if (!form)
		return PT_IGNORED;
	pt_app_overlay(app, form);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned shared(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                       const struct pt_values *values)
{
	if (id >= PT_ACTION_DOWN && id <= PT_ACTION_BOTTOM)
		return move(view, id);
	switch (id) {
	case PT_ACTION_BACK:
		return back(app, view);
	case PT_ACTION_CLOSE:
		return close_view(app, view);
	case PT_ACTION_QUIT:
		return quit(app);
	case PT_ACTION_NEXT_PANE:
	case PT_ACTION_PREV_PANE:
	case PT_ACTION_ZOOM:
	case PT_ACTION_GROW:
	case PT_ACTION_SHRINK:
		return panes(app, id);
	case PT_ACTION_PALETTE:
		pt_palette_open(app, NULL);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_HELP:
		if (values && pt_values_get(values, "command"))
			return PT_IGNORED;
		pt_app_overlay(app, pt_view_help(app, view));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_REDRAW:
		pt_term_repaint(pt_app_term(app));
		pt_app_dirty(app);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_SUSPEND:
		pt_app_suspend(app);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_THEME:
		return next_theme(app, values);
	case PT_ACTION_MOUSE:
		return mouse(app);
	case PT_ACTION_FILTER:
		return ask_filter(app, view, false);
	case PT_ACTION_LOG_SEARCH:
		return ask_filter(app, view, true);
	case PT_ACTION_NEXT_MATCH:
		return view ? pt_view_search(view, NULL, 1) | PT_HANDLED : PT_IGNORED;
	case PT_ACTION_PREV_MATCH:
		return view ? pt_view_search(view, NULL, -1) | PT_HANDLED : PT_IGNORED;
	case PT_ACTION_SORT:
	case PT_ACTION_SORT_REVERSE:
	case PT_ACTION_MARK:
	case PT_ACTION_MARK_RANGE:
	case PT_ACTION_MARK_ALL:
	case PT_ACTION_UNMARK_ALL:
		return on_table(view, id);
	case PT_ACTION_COPY:
		return copy_id(app, view);
	case PT_ACTION_COPY_CELL:
		return copy(app, view);
	case PT_ACTION_CANCEL:
		return pt_ui_cancel_command(app) ? PT_HANDLED | PT_REDRAW : PT_IGNORED;
	case PT_ACTION_LOGIN:
		pt_ui_sign_in(pt_ui_of(app));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_NOTIFY:
		return values ? PT_IGNORED : pt_notify_toggle(app, view);
	case PT_ACTION_LOCK:
		pt_ui_lock(app, false);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_AUDIT_LIST:
		if (values && (pt_values_get(values, "text") || pt_values_get(values, "since")))
			return PT_IGNORED;
		pt_app_overlay(app, pt_view_audit(app));
		return PT_HANDLED | PT_REDRAW;
	default:
		return pt_ui_sections(app, id, values);
	}
}

/* A saved log stands in the log pane, beside the work. */
static unsigned open_log_file(struct pt_app *app, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_view *view = pt_view_log_file(app, path, &err);

	if (view)
		pt_app_push(app, PT_PANE_LOG, view);
	else
		pt_app_report(app, &err);
	return PT_HANDLED | PT_REDRAW;
}

/* A typed line may be about something else than the row under the cursor; that row's state then
 * says nothing about it, and the command finds out for itself. */
static bool about_another(struct pt_view *view, const struct pt_action *action,
                          const struct pt_values *values)
{
	const struct pt_actor *actor = view ? view->ops->actor : NULL;

	for (const struct pt_arg *arg = values ? action->args : NULL; arg && arg->name; arg++) {
		const char *given = arg->kind >= PT_ARG_WORKSPACE && arg->kind <= PT_ARG_CVM
		                        ? pt_values_get(values, arg->name)
		                        : NULL;
		const char *here =
		    given && actor && actor->subject ? actor->subject(view, arg->kind) : NULL;

		if (given && (!here || strcmp(given, here) != 0))
			return true;
	}
	return false;
}

unsigned pt_ui_act(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                   const struct pt_values *values)
{
	const struct pt_action *action = pt_action(id);
	char reason[200];
	unsigned result = PT_IGNORED;

	if (!view)
		view = pt_app_focused(app);
	if (id == PT_ACTION_LOG_OPEN && values && pt_values_get(values, "file"))
		return open_log_file(app, pt_values_get(values, "file"));
	if (id == PT_ACTION_RESULT_SHOW && values && pt_values_get(values, "file")) {
		pt_result_open(app, pt_values_get(values, "file"));
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_COMPUTATION_IMPORT && values && pt_values_get(values, "file")) {
		pt_import_open(app, values);
		return PT_HANDLED | PT_REDRAW;
	}
	if (!pt_ui_may(app, about_another(view, action, values) ? NULL : view, id, reason,
	               sizeof(reason))) {
		if (core_connection(pt_ui_core(app)) == CORE_CONN_DOWN)
			core_list_refresh(core_workspaces(pt_ui_core(app))); /* it may be back by now */
		pt_app_message(app, PT_SLOT_OFF, "%s: %s", pt_action_hint(action), reason);
		return PT_HANDLED | PT_REDRAW;
	}
	if (view && view->ops->actor && view->ops->actor->act)
		result = view->ops->actor->act(view, id, values);
	if (result == PT_IGNORED)
		result = shared(app, view, id, values);
	if (result == PT_IGNORED)
		result = people(app, id, values);
	if (result == PT_IGNORED)
		result = own_form(app, id, values);
	if (result == PT_IGNORED)
		result = pt_ui_open(app, view, id, values);
	if (result == PT_IGNORED && action->run) {
		pt_ui_start_missing(app, view, id, values);
		result = PT_HANDLED | PT_REDRAW;
	}
	return result;
}

void pt_ui_line(struct pt_app *app, const char *line)
{
	struct pt_values *values = NULL;
	struct prism_error err = PRISM_ERROR_INIT;
	enum pt_action_id id;

	if (!line[strspn(line, " \t")])
		return;
	if (pt_line_parse(line, &values, &err) < 0) {
		pt_app_report(app, &err);
		return;
	}
	id = pt_action_id(pt_values_action(values));
	if (!(pt_ui_act(app, NULL, id, values) & PT_HANDLED))
		pt_app_message(app, PT_SLOT_WARN, "\"%s\" means nothing here", pt_action(id)->name);
	pt_values_destroy(values);
}
