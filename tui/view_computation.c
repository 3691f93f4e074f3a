/*
 * One computation: a line of tabs, and under it the tab that is open.  Each tab is a view of its
 * own (view_overview.c, view_timeline.c, view_logs.c, view_manifest.c, view_roles.c,
 * view_linked.c), made when it is first opened; this view hands on to it what the app and the
 * action table ask.
 */
#include "tui/view_computation.h"

#include "base/mem.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/watch.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/table.h"
#include "tui/textview.h"
#include "tui/view_logs.h"
#include "tui/views.h"

#include <string.h>

#define LOG_PANE_COLS \
	150 /* columns from which logs get a pane of their own beside list and detail */

struct computation {
	char *id;
	struct core *core;
	struct core_watch *watch;
	enum pt_computation_tab tab;
	struct pt_view *tabs[PT_TAB_COUNT]; /* owned; NULL until opened */
	char title[160];
};

static const char *const tab_titles[PT_TAB_COUNT] = {"Overview", "Timeline", "Logs",
                                                     "Manifest", "Roles",    "Assets"};

/* Run is disabled while requirements are open, as in the web console; not known is not open. */
static bool is_complete(struct core *core, const char *id, char *reason, size_t size)
{
	struct core_checklist list = core_checklist(core, id);

	if (!list.count || list.runnable)
		return true;
	if (size)
		snprintf(reason, size, "%zu requirement%s still open", list.open,
		         list.open == 1 ? " is" : "s are");
	return false;
}

bool pt_computation_may(struct core *core, const char *id, enum pt_action_id action, char *reason,
                        size_t size)
{
	static const struct {
		enum pt_action_id action;
		enum core_comp_action is, or_else;
	} rows[] = {
	    {PT_ACTION_COMPUTATION_RUN, CORE_ACTION_RUN, CORE_ACTION_RETRY},
	    {PT_ACTION_COMPUTATION_STOP, CORE_ACTION_STOP, CORE_ACTION_STOP},
	    {PT_ACTION_COMPUTATION_UPDATE, CORE_ACTION_EDIT, CORE_ACTION_EDIT},
	    {PT_ACTION_COMPUTATION_DELETE, CORE_ACTION_DELETE, CORE_ACTION_DELETE},
	    {PT_ACTION_SEND_ALGORITHM, CORE_ACTION_SEND_ALGORITHM, CORE_ACTION_SEND_ALGORITHM},
	    {PT_ACTION_SEND_DATA, CORE_ACTION_SEND_DATASET, CORE_ACTION_SEND_DATASET},
	    {PT_ACTION_RESULT_FETCH, CORE_ACTION_DOWNLOAD, CORE_ACTION_DOWNLOAD},
	    {PT_ACTION_KEY_REGISTER, CORE_ACTION_KEY, CORE_ACTION_KEY},
	    {PT_ACTION_LOG_OPEN, CORE_ACTION_LOGS, CORE_ACTION_LOGS},
	    {PT_ACTION_ROLE_CREATE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	    {PT_ACTION_ROLE_DELETE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	    {PT_ACTION_ROLE_ACTION_ADD, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	    {PT_ACTION_ROLE_ACTION_REMOVE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	    {PT_ACTION_ROLE_MEMBER_ADD, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	    {PT_ACTION_ROLE_MEMBER_REMOVE, CORE_ACTION_ROLES, CORE_ACTION_ROLES},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		if (rows[i].action != action)
			continue;
		if (!id) {
			if (size)
				snprintf(reason, size, "no computation is selected");
			return false;
		}
		if (!core_computation_may(core, id, rows[i].is, reason, size) &&
		    (rows[i].is == rows[i].or_else ||
		     !core_computation_may(core, id, rows[i].or_else, reason, size)))
			return false;
		return action != PT_ACTION_COMPUTATION_RUN || is_complete(core, id, reason, size);
	}
	return true;
}

const char *pt_computation_word(struct core *core, const char *id, enum pt_action_id action)
{
	enum core_comp_state state;

	if (action != PT_ACTION_COMPUTATION_RUN || !id)
		return NULL;
	state = core_computation_state(core, id);
	return state == CORE_COMP_FAILED || state == CORE_COMP_CANCELLED ? "retry" : NULL;
}

/* ---- tabs ---- */

static struct pt_view *make_tab(struct pt_app *app, const char *id, enum pt_computation_tab tab)
{
	switch (tab) {
	case PT_TAB_TIMELINE:
		return pt_view_timeline(app, id);
	case PT_TAB_LOGS:
		return pt_view_logs(app, id);
	case PT_TAB_MANIFEST:
		return pt_view_manifest(app, id);
	case PT_TAB_ROLES:
		return pt_view_roles(app, id);
	case PT_TAB_ASSETS:
		return pt_view_linked(app, id);
	default:
		return pt_view_overview(app, id);
	}
}

static struct pt_view *child(const struct pt_view *view)
{
	const struct computation *c = view->state;

	return c->tabs[c->tab];
}

static void tell(struct pt_view *tab, bool visible)
{
	if (tab->visible == visible)
		return;
	tab->visible = visible;
	if (tab->ops->shown)
		tab->ops->shown(tab, visible);
}

void pt_view_computation_tab(struct pt_view *view, enum pt_computation_tab tab)
{
	struct computation *c = view->state;

	if (c->tabs[c->tab])
		tell(c->tabs[c->tab], false);
	c->tab = tab;
	if (!c->tabs[tab])
		c->tabs[tab] = make_tab(view->app, c->id, tab);
	tell(c->tabs[tab], view->visible);
	pt_app_dirty(view->app);
}

static void destroy_child(struct pt_view *tab)
{
	if (!tab)
		return;
	prism_cancel_fire(tab->cancel);
	if (tab->ops->destroy)
		tab->ops->destroy(tab);
	prism_cancel_destroy(tab->cancel);
	prism_free(tab);
}

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct computation *c = view->state;
	const struct core_computation *known = core_computation_get(c->core, c->id);

	snprintf(c->title, sizeof(c->title), "%s", known && *known->name ? known->name : c->id);
	return c->title;
}

static const char *summary(struct pt_view *view)
{
	struct pt_view *tab = child(view);

	return tab->ops->summary ? tab->ops->summary(tab) : NULL;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct pt_view *tab = child(view);

	tab->width = width;
	tab->height = height > 1 ? height - 1 : 0;
	if (tab->ops->prepare)
		tab->ops->prepare(tab, tab->width, tab->height);
}

/* Names when they fit, else the open one with how many there are. */
static void draw_tabs(const struct computation *c, struct pt_canvas *canvas, struct pt_rect area)
{
	int x = area.x, need = 0;

	for (int i = 0; i < PT_TAB_COUNT; i++)
		need += (int)strlen(tab_titles[i]) + 2;
	if (need > area.w) {
		pt_canvas_printf(canvas, area.x, area.y, area.w, PT_SLOT_TAB_ACTIVE, 0, " %s %d/%d ",
		                 tab_titles[c->tab], c->tab + 1, PT_TAB_COUNT);
		return;
	}
	for (int i = 0; i < PT_TAB_COUNT; i++)
		x += pt_canvas_printf(canvas, x, area.y, area.x + area.w - x,
		                      i == (int)c->tab ? PT_SLOT_TAB_ACTIVE : PT_SLOT_TAB, 0, " %s ",
		                      tab_titles[i]);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	struct pt_rect below = {area.x, area.y + 1, area.w, area.h - 1};
	struct pt_view *tab = child(view);
	struct pt_rect before;

	draw_tabs(view->state, canvas, area);
	if (below.h <= 0)
		return;
	before = pt_canvas_clip(canvas, below);
	tab->ops->draw(tab, canvas, below, focus);
	pt_canvas_unclip(canvas, before);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct pt_view *tab = child(view);
	struct pt_event moved = *event;

	if (event->kind == PT_EVENT_MOUSE)
		moved.y--;
	return tab->ops->key ? tab->ops->key(tab, &moved) : PT_IGNORED;
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct computation *c = view->state;
	unsigned result = PT_IGNORED;

	for (int i = 0; i < PT_TAB_COUNT; i++)
		if (c->tabs[i] && c->tabs[i]->ops->changed)
			result |= c->tabs[i]->ops->changed(c->tabs[i], event);
	if (event->type == CORE_EVENT_COMPUTATION && !strcmp(event->id, c->id))
		result |= PT_REDRAW;
	return result;
}

static void shown(struct pt_view *view, bool visible)
{
	struct computation *c = view->state;

	tell(child(view), visible);
	core_watch_hold(c->watch, !visible);
}

static void destroy(struct pt_view *view)
{
	struct computation *c = view->state;

	for (int i = 0; i < PT_TAB_COUNT; i++)
		destroy_child(c->tabs[i]);
	core_unwatch(c->watch);
	prism_free(c->id);
	prism_free(c);
}

static struct pt_table *table(struct pt_view *view)
{
	struct pt_view *tab = child(view);

	return tab->ops->table ? tab->ops->table(tab) : NULL;
}

static struct pt_textview *text(struct pt_view *view)
{
	struct pt_view *tab = child(view);

	return tab->ops->text ? tab->ops->text(tab) : NULL;
}

static unsigned nav(struct pt_view *view, enum pt_nav where, int count)
{
	struct pt_view *tab = child(view);

	return tab->ops->nav ? tab->ops->nav(tab, where, count) : PT_IGNORED;
}

static unsigned filter(struct pt_view *view, const char *needle)
{
	struct pt_view *tab = child(view);

	return tab->ops->filter ? tab->ops->filter(tab, needle) : PT_IGNORED;
}

static const char *filter_text(struct pt_view *view)
{
	struct pt_view *tab = child(view);

	return tab->ops->filter_text ? tab->ops->filter_text(tab) : "";
}

static unsigned search(struct pt_view *view, const char *needle, int direction)
{
	struct pt_view *tab = child(view);

	return tab->ops->search ? tab->ops->search(tab, needle, direction) : PT_IGNORED;
}

static char *copy(struct pt_view *view)
{
	return pt_view_copy(child(view));
}

/* ---- a key pair first ---- */

struct keying { /* outlives the view */
	struct pt_app *app;
	char *id;
};

static void key_made(void *data, const char *path, const struct prism_error *err)
{
	struct keying *k = data;
	struct pt_values *values;

	if (err) {
		pt_app_report(k->app, err);
	} else {
		values = pt_values_create(pt_action(PT_ACTION_KEY_REGISTER));
		pt_values_add(values, "computation", k->id);
		pt_values_add(values, "key", path);
		pt_ui_run(k->app, values, true, NULL, NULL);
	}
	prism_free(k->id);
	prism_free(k);
}

static void key_answer(void *data, bool yes)
{
	struct keying *k = data;

	if (yes) {
		pt_ui_run(k->app, pt_values_create(pt_action(PT_ACTION_KEY_GENERATE)), true, key_made, k);
		return;
	}
	prism_free(k->id);
	prism_free(k);
}

/* Registering without a pair: offers to make one. IGNORED: there is one already. */
static unsigned key_first(struct pt_app *app, const char *id)
{
	PRISM_AUTO_FREE char *path = pt_world_key_file(pt_ui_world(app), NULL, id, NULL);
	const struct pt_confirm confirm = {
	    .title = "Upload public key",
	    .text = "There is no key pair on this machine yet. Make one (Ed25519) and register its "
	            "public half with this computation? The private half stays here, readable by you "
	            "alone. Other kinds and names: the tab Keys.",
	    .yes = "Make and register",
	};
	struct keying *k;

	if (path)
		return PT_IGNORED;
	k = prism_alloc(sizeof(*k));
	*k = (struct keying){app, prism_strdup(id)};
	pt_dialog_confirm(app, &confirm, key_answer, k);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- actions ---- */

static pt_where where_now(const struct pt_view *view)
{
	static const pt_where bits[PT_TAB_COUNT] = {PT_IN_OVERVIEW, PT_IN_TIMELINE, PT_IN_LOGS,
	                                            PT_IN_MANIFEST, PT_IN_ROLES,    PT_IN_LINKED};
	const struct computation *c = view->state;
	const struct pt_view_ops *tab = c->tabs[c->tab]->ops;

	return bits[c->tab] | PT_IN_TABS | (tab->table ? PT_IN_LIST : PT_IN_TEXT);
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	struct computation *c = view->state;
	struct pt_view *tab = child(view);

	if (!pt_computation_may(c->core, c->id, id, reason, size))
		return false;
	if (tab->ops->actor && tab->ops->actor->may)
		return tab->ops->actor->may(tab, id, reason, size);
	return true;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	struct computation *c = view->state;
	struct pt_view *tab = child(view);

	if (kind == PT_ARG_COMPUTATION)
		return c->id;
	return tab->ops->actor && tab->ops->actor->subject ? tab->ops->actor->subject(tab, kind) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	struct computation *c = view->state;
	struct pt_view *tab = child(view);
	const struct core_computation *known;

	if (kind == PT_ARG_COMPUTATION) {
		known = core_computation_get(c->core, id);
		return known ? known->name : NULL;
	}
	return tab->ops->actor && tab->ops->actor->name_of ? tab->ops->actor->name_of(tab, kind, id)
	                                                   : NULL;
}

static const char *word(struct pt_view *view, enum pt_action_id id)
{
	struct computation *c = view->state;

	return pt_computation_word(c->core, c->id, id);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct computation *c = view->state;
	struct pt_view *tab = child(view);
	unsigned result = PT_IGNORED;

	if (tab->ops->actor && tab->ops->actor->act)
		result = tab->ops->actor->act(tab, id, values);
	if (result != PT_IGNORED || values)
		return result;
	switch (id) {
	case PT_ACTION_NEXT_TAB:
		pt_view_computation_tab(view, (enum pt_computation_tab)((c->tab + 1) % PT_TAB_COUNT));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_PREV_TAB:
		pt_view_computation_tab(
		    view, (enum pt_computation_tab)((c->tab + PT_TAB_COUNT - 1) % PT_TAB_COUNT));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_LOG_OPEN:
		pt_logs_open(view->app, c->id);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_REFRESH:
		core_watch_now(c->watch);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_RUN:
		pt_app_overlay(view->app, pt_view_run(view->app, c->id));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_KEY_REGISTER:
		return key_first(view->app, c->id);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_OVERVIEW,
    .where_now = where_now,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .word = word,
    .act = act,
};

static const struct pt_view_ops ops = {
    .name = "computation",
    .title = title,
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .table = table,
    .text = text,
    .nav = nav,
    .filter = filter,
    .filter_text = filter_text,
    .search = search,
    .copy = copy,
    .actor = &actor,
};

struct pt_view *pt_view_computation(struct pt_app *app, const char *id, enum pt_computation_tab tab)
{
	struct computation *c = prism_alloc(sizeof(*c));
	struct pt_view *view = pt_view_create(app, &ops, c);

	c->id = prism_strdup(id);
	c->core = pt_ui_core(app);
	c->watch = core_watch(c->core, CORE_WATCH_COMPUTATION, id);
	pt_view_computation_tab(view, tab);
	return view;
}

const char *pt_view_computation_id(const struct pt_view *view)
{
	const struct computation *c = view->state;

	return view->ops == &ops ? c->id : NULL;
}

enum pt_computation_tab pt_view_computation_open_tab(const struct pt_view *view)
{
	const struct computation *c = view->state;

	return c->tab;
}

void pt_computation_open(struct pt_app *app, const char *id, enum pt_computation_tab tab)
{
	struct pt_view *open = pt_app_top(app, PT_PANE_DETAIL);
	const char *shown_id = open ? pt_view_computation_id(open) : NULL;

	if (shown_id && !strcmp(shown_id, id)) {
		pt_view_computation_tab(open, tab);
	} else {
		PRISM_AUTO_FREE char *copy_of_id = prism_strdup(id); /* may live in what closes */

		pt_app_show(app, PT_PANE_DETAIL, pt_view_computation(app, copy_of_id, tab));
	}
	pt_app_set_focus(app, PT_PANE_DETAIL);
	/* Alone where there is no room for two, beside the list where there is. */
	if (pt_ui_small(app) != pt_app_zoomed(app))
		pt_app_zoom(app);
}

void pt_logs_open(struct pt_app *app, const char *id)
{
	if (pt_term_cols(pt_app_term(app)) < LOG_PANE_COLS) {
		pt_computation_open(app, id, PT_TAB_LOGS);
		return;
	}
	pt_app_show(app, PT_PANE_LOG, pt_view_logs(app, id));
	pt_app_set_focus(app, PT_PANE_LOG);
}
