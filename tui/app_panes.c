/*
 * Tabs, panes, stacks of views and overlays: who owns a view, who has the focus, and where each
 * pane stands.  A view that is closed leaves its stack at once and is destroyed before the loop
 * sleeps, so that a handler may close itself and return.
 *
 * Layout of panes: side by side from PT_WIDE columns on (the log under the detail until there is
 * room for three columns), one above the other otherwise; where that is too low for all, those
 * without the focus shrink to their title.
 */
#include "tui/app_private.h"

#include "base/mem.h"

#define THREE_COLUMNS 165 /* columns from which the log gets a column of its own */
#define STACK_ROWS 7      /* rows each pane needs when stacked */
#define WEIGHT_MIN 10
#define WEIGHT_MAX 90
#define WEIGHT_STEP 5

static const char *const weight_keys[PT_PANE_COUNT] = {
    [PT_PANE_LIST] = "pane.list", [PT_PANE_DETAIL] = "pane.detail", [PT_PANE_LOG] = "pane.log"};
static const int weight_defaults[PT_PANE_COUNT] = {
    [PT_PANE_LIST] = 45, [PT_PANE_DETAIL] = 55, [PT_PANE_LOG] = 45};

static struct pt_view *view_of(struct prism_list *node)
{
	return PRISM_CONTAINER(node, struct pt_view, link);
}

static struct pt_tab_state *open_tab(const struct pt_app *app)
{
	return &app->tabs[app->tab];
}

void pt_app_panes_init(struct pt_app *app)
{
	prism_list_init(&app->overlays);
	prism_list_init(&app->closing);
	app->tabs =
	    prism_alloc_array(app->config.tab_count ? app->config.tab_count : 1, sizeof(*app->tabs));
	for (size_t i = 0; i < app->config.tab_count || i == 0; i++)
		for (int pane = 0; pane < PT_PANE_COUNT; pane++)
			prism_list_init(&app->tabs[i].panes[pane].views);
	for (int pane = 0; pane < PT_PANE_COUNT; pane++) {
		long weight = app->hooks.state_get ? app->hooks.state_get(app, weight_keys[pane]) : -1;

		app->weights[pane] =
		    weight >= WEIGHT_MIN && weight <= WEIGHT_MAX ? (int)weight : weight_defaults[pane];
	}
	app->zoom = app->hooks.state_get && app->hooks.state_get(app, "pane.zoom") == 1;
}

static void destroy_view(struct pt_view *view)
{
	if (view->ops->destroy)
		view->ops->destroy(view);
	prism_free(view);
}

static void retire(struct pt_app *app, struct pt_view *view)
{
	if (view->closing)
		return;
	view->closing = true;
	if (view->visible && view->ops->shown)
		view->ops->shown(view, false);
	view->visible = false;
	prism_list_remove(&view->link);
	prism_cancel_destroy(view->cancel);
	view->cancel = NULL;
	prism_list_append(&app->closing, &view->link);
	pt_app_dirty(app);
}

void pt_app_reap(struct pt_app *app)
{
	while (!prism_list_empty(&app->closing)) {
		struct pt_view *view = view_of(app->closing.next);

		prism_list_remove(&view->link);
		destroy_view(view);
	}
}

static void clear_stack(struct pt_app *app, struct pt_pane_stack *stack)
{
	while (!prism_list_empty(&stack->views))
		retire(app, view_of(stack->views.prev));
}

static void clear_tab(struct pt_app *app, struct pt_tab_state *tab)
{
	for (int pane = PT_PANE_COUNT - 1; pane >= 0; pane--)
		clear_stack(app, &tab->panes[pane]);
	tab->focus = PT_PANE_LIST;
}

void pt_app_panes_finish(struct pt_app *app)
{
	while (!prism_list_empty(&app->overlays))
		retire(app, view_of(app->overlays.prev));
	for (size_t i = 0; i < app->config.tab_count || i == 0; i++)
		clear_tab(app, &app->tabs[i]);
	pt_app_reap(app);
	prism_free(app->tabs);
}

/* --- tabs --- */

size_t pt_app_tab(const struct pt_app *app)
{
	return app->tab;
}

size_t pt_app_home(const struct pt_app *app)
{
	return app->config.home;
}

size_t pt_app_tab_count(const struct pt_app *app)
{
	return app->config.tab_count;
}

const struct pt_tab *pt_app_tab_at(const struct pt_app *app, size_t index)
{
	return &app->config.tabs[index];
}

/* Going elsewhere ends reading; what must be answered stays. */
static void close_readings(struct pt_app *app)
{
	PRISM_LIST_EACH (&app->overlays, node, tmp) {
		if (!(view_of(node)->ops->flags & (PT_VIEW_MODAL | PT_VIEW_TAKES_TEXT)))
			retire(app, view_of(node));
	}
}

void pt_app_open_tab(struct pt_app *app, size_t index)
{
	if (index >= app->config.tab_count)
		return;
	close_readings(app);
	app->tab = index;
	app->tab_open = true;
	if (prism_list_empty(&open_tab(app)->panes[PT_PANE_LIST].views)) {
		struct pt_view *view = app->config.tabs[index].open(app);

		if (view)
			prism_list_append(&open_tab(app)->panes[PT_PANE_LIST].views, &view->link);
	}
	pt_app_dirty(app);
}

int pt_app_open_tab_named(struct pt_app *app, const char *name, struct prism_error *err)
{
	for (size_t i = 0; i < app->config.tab_count; i++) {
		if (strcmp(app->config.tabs[i].name, name) == 0) {
			pt_app_open_tab(app, i);
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_MISSING, "there is no tab called \"%s\"", name);
}

void pt_app_reset_tabs(struct pt_app *app)
{
	for (size_t i = 0; i < app->config.tab_count; i++)
		clear_tab(app, &app->tabs[i]);
	if (app->tab_open)
		pt_app_open_tab(app, app->tab);
}

/* --- panes --- */

struct pt_view *pt_app_top(const struct pt_app *app, enum pt_pane pane)
{
	struct prism_list *views = &open_tab(app)->panes[pane].views;

	return prism_list_empty(views) ? NULL : view_of(views->prev);
}

enum pt_pane pt_app_focus(const struct pt_app *app)
{
	return open_tab(app)->focus;
}

struct pt_view *pt_app_curtain(const struct pt_app *app)
{
	PRISM_LIST_EACH (&app->overlays, node, tmp)
		if (view_of(node)->ops->flags & PT_VIEW_CURTAIN)
			return view_of(node);
	return NULL;
}

struct pt_view *pt_app_top_overlay(const struct pt_app *app)
{
	struct pt_view *curtain = pt_app_curtain(app);

	if (curtain)
		return curtain;
	return prism_list_empty(&app->overlays) ? NULL : view_of(app->overlays.prev);
}

struct pt_view *pt_app_focused(const struct pt_app *app)
{
	struct pt_view *overlay = pt_app_top_overlay(app);

	return overlay ? overlay : pt_app_top(app, pt_app_focus(app));
}

void pt_app_set_focus(struct pt_app *app, enum pt_pane pane)
{
	if (pane < PT_PANE_COUNT && pt_app_top(app, pane))
		open_tab(app)->focus = pane;
	pt_app_dirty(app);
}

void pt_app_cycle_focus(struct pt_app *app, int direction)
{
	int pane = (int)pt_app_focus(app);

	for (int i = 0; i < PT_PANE_COUNT; i++) {
		pane = (pane + (direction < 0 ? PT_PANE_COUNT - 1 : 1)) % PT_PANE_COUNT;
		if (pt_app_top(app, (enum pt_pane)pane)) {
			pt_app_set_focus(app, (enum pt_pane)pane);
			return;
		}
	}
}

void pt_app_push(struct pt_app *app, enum pt_pane pane, struct pt_view *view)
{
	prism_list_append(&open_tab(app)->panes[pane].views, &view->link);
	open_tab(app)->focus = pane;
	pt_app_dirty(app);
}

void pt_app_show(struct pt_app *app, enum pt_pane pane, struct pt_view *view)
{
	clear_stack(app, &open_tab(app)->panes[pane]);
	prism_list_append(&open_tab(app)->panes[pane].views, &view->link);
	pt_app_dirty(app);
}

void pt_app_overlay(struct pt_app *app, struct pt_view *view)
{
	pt_app_ask_cancel(app);
	prism_list_append(&app->overlays, &view->link);
	pt_app_dirty(app);
}

/* After a pane became empty the focus goes to the one before it that is not. */
static void repair_focus(struct pt_tab_state *tab)
{
	while (tab->focus > PT_PANE_LIST && prism_list_empty(&tab->panes[tab->focus].views))
		tab->focus--;
}

void pt_app_close(struct pt_app *app, struct pt_view *view)
{
	if (!view || view->closing)
		return;
	retire(app, view);
	for (size_t i = 0; i < app->config.tab_count; i++)
		repair_focus(&app->tabs[i]);
}

bool pt_app_back(struct pt_app *app)
{
	struct pt_tab_state *tab = open_tab(app);
	struct prism_list *views = &tab->panes[tab->focus].views;
	struct pt_view *top = pt_app_focused(app);

	if (!top)
		return false;
	if (!pt_app_top_overlay(app) && tab->focus == PT_PANE_LIST && views->next == views->prev)
		return false; /* the root of a tab stays */
	if (top->ops->may_close && !top->ops->may_close(top))
		return true; /* it asks first */
	pt_app_close(app, top);
	return true;
}

void pt_app_zoom(struct pt_app *app)
{
	app->zoom = !app->zoom;
	if (app->hooks.state_set)
		app->hooks.state_set(app, "pane.zoom", app->zoom);
	pt_app_dirty(app);
}

bool pt_app_zoomed(const struct pt_app *app)
{
	return app->zoom;
}

void pt_app_resize_pane(struct pt_app *app, int delta)
{
	enum pt_pane pane = pt_app_focus(app);
	int weight = app->weights[pane] + delta * WEIGHT_STEP;

	weight = weight < WEIGHT_MIN ? WEIGHT_MIN : weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
	app->weights[pane] = weight;
	if (app->hooks.state_set)
		app->hooks.state_set(app, weight_keys[pane], weight);
	pt_app_dirty(app);
}

struct view_set {
	struct pt_view **views;
	size_t count;
};

static void collect(struct view_set *set, struct prism_list *views)
{
	PRISM_LIST_EACH (views, node, tmp) {
		set->views = prism_realloc_array(set->views, set->count + 1, sizeof(struct pt_view *));
		set->views[set->count++] = view_of(node);
	}
}

/* The views of now: fn may open and close some; closed ones live until the loop sleeps. */
void pt_app_each_view(struct pt_app *app, void (*fn)(void *data, struct pt_view *view), void *data)
{
	struct view_set set = {0};

	for (size_t i = 0; i < app->config.tab_count; i++)
		for (int pane = 0; pane < PT_PANE_COUNT; pane++)
			collect(&set, &app->tabs[i].panes[pane].views);
	collect(&set, &app->overlays);
	for (size_t i = 0; i < set.count; i++)
		if (!set.views[i]->closing)
			fn(data, set.views[i]);
	prism_free(set.views);
}

/* --- layout --- */

/* Share of `total` for a against b, both sides kept usable. */
static int share(int total, int a, int b, int least)
{
	int part = total * a / (a + b);

	if (part > total - least)
		part = total - least;
	return part < least ? least < total ? least : total : part;
}

static void place(struct pt_layout *layout, enum pt_pane pane, struct pt_rect rect)
{
	layout->title[pane] = (struct pt_rect){rect.x, rect.y, rect.w, rect.h > 0 ? 1 : 0};
	layout->body[pane] = (struct pt_rect){rect.x, rect.y + 1, rect.w, rect.h > 1 ? rect.h - 1 : 0};
}

/* Right of a border: a free column, so that text does not stick to the line. */
static void place_right(struct pt_layout *layout, enum pt_pane pane, struct pt_rect rect)
{
	place(layout, pane, rect);
	if (layout->body[pane].w > 1) {
		layout->body[pane].x++;
		layout->body[pane].w--;
	}
}

static void layout_wide(struct pt_app *app, struct pt_rect area, const bool used[PT_PANE_COUNT])
{
	struct pt_layout *layout = &app->layout;
	const int *weight = app->weights;
	enum pt_pane second = used[PT_PANE_DETAIL] ? PT_PANE_DETAIL : PT_PANE_LOG;
	int left = share(area.w - 1, weight[PT_PANE_LIST], weight[second], 20);
	struct pt_rect list = {area.x, area.y, left, area.h};
	struct pt_rect rest = {area.x + left + 1, area.y, area.w - left - 1, area.h};

	layout->border[0] = (struct pt_rect){area.x + left, area.y, 1, area.h};
	place(layout, PT_PANE_LIST, list);
	if (!used[PT_PANE_DETAIL] || !used[PT_PANE_LOG]) {
		place_right(layout, second, rest);
	} else if (area.w >= THREE_COLUMNS) {
		int middle = share(rest.w - 1, weight[PT_PANE_DETAIL], weight[PT_PANE_LOG], 20);

		place_right(layout, PT_PANE_DETAIL, (struct pt_rect){rest.x, rest.y, middle, rest.h});
		layout->border[1] = (struct pt_rect){rest.x + middle, rest.y, 1, rest.h};
		place_right(layout, PT_PANE_LOG,
		            (struct pt_rect){rest.x + middle + 1, rest.y, rest.w - middle - 1, rest.h});
	} else {
		int top = share(rest.h, weight[PT_PANE_DETAIL], weight[PT_PANE_LOG], 4);

		place_right(layout, PT_PANE_DETAIL, (struct pt_rect){rest.x, rest.y, rest.w, top});
		place_right(layout, PT_PANE_LOG,
		            (struct pt_rect){rest.x, rest.y + top, rest.w, rest.h - top});
	}
}

static void layout_stacked(struct pt_app *app, struct pt_rect area, const bool used[PT_PANE_COUNT],
                           int count)
{
	enum pt_pane focus = pt_app_focus(app);
	bool room = area.h >= STACK_ROWS * count;
	int total = 0, y = area.y, left = count;

	for (int pane = 0; pane < PT_PANE_COUNT; pane++)
		total += used[pane] ? app->weights[pane] : 0;
	for (int pane = 0; pane < PT_PANE_COUNT; pane++) {
		int h;

		if (!used[pane])
			continue;
		left--;
		if (left == 0)
			h = area.y + area.h - y;
		else if (room)
			h = share(area.h, app->weights[pane], total - app->weights[pane], 4);
		else
			h = (int)focus == pane ? area.h - (count - 1) : 1;
		if (room && h > area.y + area.h - y - 4 * left)
			h = area.y + area.h - y - 4 * left;
		place(&app->layout, (enum pt_pane)pane, (struct pt_rect){area.x, y, area.w, h});
		y += h;
	}
}

static void layout_panes(struct pt_app *app)
{
	struct pt_layout *layout = &app->layout;
	struct pt_rect area = layout->content;
	bool used[PT_PANE_COUNT];
	int count = 0;

	for (int pane = 0; pane < PT_PANE_COUNT; pane++) {
		used[pane] = pt_app_top(app, (enum pt_pane)pane) != NULL;
		count += used[pane];
	}
	if (count <= 1 || app->zoom || (area.h < count + 4 && area.w < PT_WIDE)) {
		enum pt_pane focus = pt_app_focus(app);

		if (layout->crumbs.h == 0 && area.h > 4)
			place(layout, focus, area);
		else
			layout->body[focus] = area; /* the breadcrumbs are its title */
	} else if (area.w >= PT_WIDE && used[PT_PANE_LIST]) {
		layout_wide(app, area, used);
	} else {
		layout_stacked(app, area, used, count);
	}
}

void pt_app_layout(struct pt_app *app)
{
	struct pt_layout *layout = &app->layout;
	int rows = pt_canvas_rows(app->canvas), cols = pt_canvas_cols(app->canvas);
	int top = 0, bottom = rows;

	*layout = (struct pt_layout){.too_small = rows < PT_MIN_ROWS || cols < PT_MIN_COLS};
	if (layout->too_small)
		return;
	if (app->config.tab_count > 1)
		layout->tabs = (struct pt_rect){0, top++, cols, 1};
	if (rows >= 14)
		layout->crumbs = (struct pt_rect){0, top++, cols, 1};
	if (rows >= 9 || app->prompt)
		layout->hints = (struct pt_rect){0, --bottom, cols, 1};
	layout->status = (struct pt_rect){0, --bottom, cols, 1};
	layout->content = (struct pt_rect){0, top, cols, bottom - top};
	layout_panes(app);
}

static void tell_one(void *data, struct pt_view *view)
{
	struct pt_app *app = data;
	bool visible = false;

	for (int pane = 0; pane < PT_PANE_COUNT; pane++)
		visible |= pt_app_top(app, (enum pt_pane)pane) == view && app->layout.body[pane].h > 0;
	PRISM_LIST_EACH (&app->overlays, node, tmp)
		visible |= view_of(node) == view;
	if (visible == view->visible)
		return;
	view->visible = visible;
	if (view->ops->shown)
		view->ops->shown(view, visible);
}

void pt_app_tell_shown(struct pt_app *app)
{
	pt_app_each_view(app, tell_one, app);
}
