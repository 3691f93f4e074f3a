/* Views with a line of tabs; see tabbed.h. */
#include "tui/tabbed.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

struct pt_view *pt_tabbed_child(const struct pt_view *view)
{
	const struct pt_tabbed *tabbed = view->state;

	return tabbed->views[tabbed->at];
}

static void tell(struct pt_view *tab, bool visible)
{
	if (tab->visible == visible)
		return;
	tab->visible = visible;
	if (tab->ops->shown)
		tab->ops->shown(tab, visible);
}

void pt_tabbed_open(struct pt_view *view, size_t index)
{
	struct pt_tabbed *tabbed = view->state;

	if (tabbed->views[tabbed->at])
		tell(tabbed->views[tabbed->at], false);
	tabbed->at = index;
	if (!tabbed->views[index])
		tabbed->views[index] = tabbed->tabs[index].make(view->app, tabbed->subject);
	tell(tabbed->views[index], view->visible);
	pt_app_dirty(view->app);
}

void pt_tabbed_init(struct pt_view *view, const struct pt_tabbed_tab *tabs, size_t count,
                    const char *subject, size_t first)
{
	struct pt_tabbed *tabbed = view->state;

	assert(count <= PT_TABBED_MAX && first < count);
	tabbed->tabs = tabs;
	tabbed->count = count;
	tabbed->at = first;
	tabbed->subject = prism_strdup(subject ? subject : "");
	pt_tabbed_open(view, first);
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

void pt_tabbed_finish(struct pt_tabbed *tabbed)
{
	for (size_t i = 0; i < tabbed->count; i++)
		destroy_child(tabbed->views[i]);
	prism_free(tabbed->subject);
}

/* ---- in the detail pane ---- */

/* The host that is open there; NULL: none of this kind. */
static struct pt_view *open_host(struct pt_app *app, const struct pt_view_ops *ops)
{
	struct pt_view *top = pt_app_top(app, PT_PANE_DETAIL);

	return top && top->ops == ops ? top : NULL;
}

static const char *subject_of(const struct pt_view *view)
{
	return ((const struct pt_tabbed *)view->state)->subject;
}

void pt_tabbed_show(struct pt_app *app, const struct pt_view_ops *ops, const char *subject,
                    size_t tab, pt_tabbed_make_fn make)
{
	struct pt_view *open = open_host(app, ops);

	if (open && !strcmp(subject_of(open), subject)) {
		pt_tabbed_open(open, tab);
	} else {
		PRISM_AUTO_FREE char *copy = prism_strdup(subject); /* may live in what closes */

		pt_app_show(app, PT_PANE_DETAIL, make(app, copy, tab));
	}
	pt_app_set_focus(app, PT_PANE_DETAIL);
	/* Alone where there is no room for two, beside the list where there is. */
	if (pt_ui_small(app) != pt_app_zoomed(app))
		pt_app_zoom(app);
}

void pt_tabbed_follow(struct pt_app *app, const struct pt_view_ops *ops, const char *subject,
                      pt_tabbed_make_fn make)
{
	struct pt_view *open = open_host(app, ops);

	if (open && strcmp(subject_of(open), subject) != 0)
		pt_app_show(app, PT_PANE_DETAIL,
		            make(app, subject, ((const struct pt_tabbed *)open->state)->at));
}

/* ---- ops ---- */

const char *pt_tabbed_summary(struct pt_view *view)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->summary ? tab->ops->summary(tab) : NULL;
}

void pt_tabbed_prepare(struct pt_view *view, int width, int height)
{
	struct pt_view *tab = pt_tabbed_child(view);

	tab->width = width;
	tab->height = height > 1 ? height - 1 : 0;
	if (tab->ops->prepare)
		tab->ops->prepare(tab, tab->width, tab->height);
}

/* " Invitations 2 " */
static const char *label(const struct pt_view *view, size_t index, char *buf, size_t size)
{
	const struct pt_tabbed *tabbed = view->state;
	const struct pt_tabbed_tab *tab = &tabbed->tabs[index];
	char badge[16] = "";

	if (tab->badge)
		tab->badge(view->app, badge, sizeof(badge));
	snprintf(buf, size, " %s%s%s ", tab->title, *badge ? " " : "", badge);
	return buf;
}

/* Names when they fit, else the open one with how many there are. */
static void draw_tabs(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area)
{
	const struct pt_tabbed *tabbed = view->state;
	char text[96];
	int x = area.x, need = 0;

	for (size_t i = 0; i < tabbed->count; i++) {
		label(view, i, text, sizeof(text));
		need += (int)prism_text_columns(text, strlen(text));
	}
	if (need > area.w) {
		pt_canvas_printf(canvas, area.x, area.y, area.w, PT_SLOT_TAB_ACTIVE, 0, "%s%zu/%zu ",
		                 label(view, tabbed->at, text, sizeof(text)), tabbed->at + 1,
		                 tabbed->count);
		return;
	}
	for (size_t i = 0; i < tabbed->count; i++)
		x += pt_canvas_text(canvas, x, area.y, area.x + area.w - x,
		                    i == tabbed->at ? PT_SLOT_TAB_ACTIVE : PT_SLOT_TAB, 0,
		                    label(view, i, text, sizeof(text)));
}

void pt_tabbed_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                    bool focus)
{
	struct pt_rect below = {area.x, area.y + 1, area.w, area.h - 1};
	struct pt_view *tab = pt_tabbed_child(view);
	struct pt_rect before;

	draw_tabs(view, canvas, area);
	if (below.h <= 0)
		return;
	before = pt_canvas_clip(canvas, below);
	tab->ops->draw(tab, canvas, below, focus);
	pt_canvas_unclip(canvas, before);
}

unsigned pt_tabbed_key(struct pt_view *view, const struct pt_event *event)
{
	struct pt_view *tab = pt_tabbed_child(view);
	struct pt_event moved = *event;

	if (event->kind == PT_EVENT_MOUSE)
		moved.y--;
	return tab->ops->key ? tab->ops->key(tab, &moved) : PT_IGNORED;
}

unsigned pt_tabbed_changed(struct pt_view *view, const struct core_event *event)
{
	struct pt_tabbed *tabbed = view->state;
	unsigned result = PT_IGNORED;

	for (size_t i = 0; i < tabbed->count; i++)
		if (tabbed->views[i] && tabbed->views[i]->ops->changed)
			result |= tabbed->views[i]->ops->changed(tabbed->views[i], event);
	return result;
}

void pt_tabbed_shown(struct pt_view *view, bool visible)
{
	tell(pt_tabbed_child(view), visible);
}

struct pt_table *pt_tabbed_table(struct pt_view *view)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->table ? tab->ops->table(tab) : NULL;
}

struct pt_textview *pt_tabbed_text(struct pt_view *view)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->text ? tab->ops->text(tab) : NULL;
}

unsigned pt_tabbed_nav(struct pt_view *view, enum pt_nav nav, int count)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->nav ? tab->ops->nav(tab, nav, count) : PT_IGNORED;
}

unsigned pt_tabbed_filter(struct pt_view *view, const char *text)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->filter ? tab->ops->filter(tab, text) : PT_IGNORED;
}

const char *pt_tabbed_filter_text(struct pt_view *view)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->filter_text ? tab->ops->filter_text(tab) : "";
}

unsigned pt_tabbed_search(struct pt_view *view, const char *text, int direction)
{
	struct pt_view *tab = pt_tabbed_child(view);

	return tab->ops->search ? tab->ops->search(tab, text, direction) : PT_IGNORED;
}

char *pt_tabbed_copy(struct pt_view *view)
{
	return pt_view_copy(pt_tabbed_child(view));
}

/* ---- actors ---- */

pt_where pt_tabbed_where(const struct pt_view *view)
{
	const struct pt_tabbed *tabbed = view->state;
	const struct pt_view_ops *tab = tabbed->views[tabbed->at]->ops;

	return tabbed->tabs[tabbed->at].where | PT_IN_TABBED | (tab->table ? PT_IN_LIST : PT_IN_TEXT);
}

bool pt_tabbed_may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	struct pt_view *tab = pt_tabbed_child(view);
	const struct pt_actor *actor = tab->ops->actor;

	return !actor || !actor->may || actor->may(tab, id, reason, size);
}

const char *pt_tabbed_subject(struct pt_view *view, enum pt_arg_kind kind)
{
	struct pt_view *tab = pt_tabbed_child(view);
	const struct pt_actor *actor = tab->ops->actor;

	return actor && actor->subject ? actor->subject(tab, kind) : NULL;
}

const char *pt_tabbed_name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	struct pt_view *tab = pt_tabbed_child(view);
	const struct pt_actor *actor = tab->ops->actor;

	return actor && actor->name_of ? actor->name_of(tab, kind, id) : NULL;
}

const char *pt_tabbed_word(struct pt_view *view, enum pt_action_id id)
{
	struct pt_view *tab = pt_tabbed_child(view);
	const struct pt_actor *actor = tab->ops->actor;

	return actor && actor->word ? actor->word(tab, id) : NULL;
}

unsigned pt_tabbed_act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct pt_tabbed *tabbed = view->state;
	struct pt_view *tab = pt_tabbed_child(view);
	unsigned result = PT_IGNORED;

	if (tab->ops->actor && tab->ops->actor->act)
		result = tab->ops->actor->act(tab, id, values);
	if (result != PT_IGNORED || values)
		return result;
	if (id == PT_ACTION_NEXT_TAB)
		pt_tabbed_open(view, (tabbed->at + 1) % tabbed->count);
	else if (id == PT_ACTION_PREV_TAB)
		pt_tabbed_open(view, (tabbed->at + tabbed->count - 1) % tabbed->count);
	else
		return PT_IGNORED;
	return PT_HANDLED | PT_REDRAW;
}
