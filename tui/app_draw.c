/*
 * One frame: chrome, panes, toasts, overlays, prompt line.  Everything is drawn into the canvas
 * from scratch; what reaches the terminal is the difference (tui/term_diff.c).
 */
#include "tui/app_private.h"

#include "base/mem.h"

#define OVERLAY_MARGIN 2
#define OVERLAY_FULL_COLS 60 /* below: overlays take all the room */
#define OVERLAY_FULL_ROWS 16

struct crumb_walk {
	struct pt_app *app;
	struct pt_rect line;
	int x;

	char text[160];
};

static void flush_crumb(struct crumb_walk *walk, bool last)
{
	struct pt_canvas *canvas = walk->app->canvas;
	int room = walk->line.x + walk->line.w - walk->x;

	if (!walk->text[0] || room < 2)
		return;
	walk->x += pt_canvas_text(canvas, walk->x, walk->line.y, room,
	                          last ? PT_SLOT_CRUMB_LAST : PT_SLOT_CRUMB, 0, walk->text);
	if (!last && room > 4) {
		pt_canvas_glyph(canvas, walk->x + 1, walk->line.y, PT_GLYPH_SEPARATOR, PT_SLOT_DIM, 0);
		walk->x += 3;
	}
}

static void add_crumb(struct crumb_walk *walk, const char *text)
{
	if (strcmp(walk->text, text) == 0)
		return;
	flush_crumb(walk, false);
	snprintf(walk->text, sizeof(walk->text), "%s", text);
}

static void draw_summary(struct pt_app *app, struct pt_view *view, struct pt_rect line, int from)
{
	const char *summary = view->ops->summary ? view->ops->summary(view) : NULL;
	int room = line.x + line.w - from - 2;

	if (summary && *summary && room > 6)
		pt_canvas_text_right(app->canvas, from + 1, line.y, room, PT_SLOT_DIM, 0, summary);
}

static void draw_crumbs(struct pt_app *app, struct pt_rect line)
{
	struct crumb_walk walk = {.app = app, .line = line, .x = line.x + 1};
	struct pt_tab_state *tab = &app->tabs[app->tab];
	struct pt_view *view = pt_app_top(app, tab->focus);

	if (app->config.tab_count)
		add_crumb(&walk, app->config.tabs[app->tab].title);
	for (int pane = 0; pane <= (int)tab->focus; pane++) {
		PRISM_LIST_EACH (&tab->panes[pane].views, node, tmp) {
			if (pane == PT_PANE_LIST && node == tab->panes[pane].views.next)
				continue; /* the root is the tab itself */
			add_crumb(&walk, pt_view_title(PRISM_CONTAINER(node, struct pt_view, link)));
		}
	}
	flush_crumb(&walk, true);
	if (view && app->layout.title[tab->focus].h == 0)
		draw_summary(app, view, line, walk.x);
}

/* The root of a tab that has no title of its own is the tab. */
static const char *pane_title(struct pt_app *app, enum pt_pane pane, struct pt_view *view)
{
	bool root = pane == PT_PANE_LIST && view->link.prev == &app->tabs[app->tab].panes[pane].views;

	return root && !view->ops->title && app->config.tab_count ? app->config.tabs[app->tab].title
	                                                          : pt_view_title(view);
}

static void draw_pane(struct pt_app *app, enum pt_pane pane)
{
	struct pt_view *view = pt_app_top(app, pane);
	struct pt_rect title = app->layout.title[pane], body = app->layout.body[pane], before;
	bool focus = pane == pt_app_focus(app);
	bool keys = focus && !pt_app_top_overlay(app) && !app->prompt;

	if (!view)
		return;
	if (title.h > 0) {
		enum pt_slot slot = focus ? PT_SLOT_TITLE_FOCUS : PT_SLOT_TITLE;
		int used;

		pt_canvas_hline(app->canvas, title.x, title.y, title.w,
		                focus ? PT_SLOT_BORDER_FOCUS : PT_SLOT_BORDER);
		pt_canvas_text(app->canvas, title.x + 1, title.y, 1, slot, 0, " ");
		used = pt_canvas_text(app->canvas, title.x + 2, title.y, title.w - 4, slot, 0,
		                      pane_title(app, pane, view));
		pt_canvas_text(app->canvas, title.x + 2 + used, title.y, 1, slot, 0, " ");
		draw_summary(app, view, title, title.x + used + 4);
	}
	if (body.h < 1 || body.w < 1)
		return;
	before = pt_canvas_clip(app->canvas, body);
	view->ops->draw(view, app->canvas, body, keys);
	pt_canvas_unclip(app->canvas, before);
}

/* Frame or area of an overlay, and the part its view draws into. */
static struct pt_rect overlay_rect(struct pt_app *app, struct pt_view *view,
                                   struct pt_rect *ret_inner)
{
	struct pt_rect area = {0, 0, pt_canvas_cols(app->canvas), app->layout.status.y};
	bool frame = view->ops->flags & PT_VIEW_FRAME;
	bool full = area.w < OVERLAY_FULL_COLS || area.h < OVERLAY_FULL_ROWS || !view->ops->measure;
	struct pt_rect rect = area;
	int w = area.w, h = area.h;

	if (!full) {
		int edge = frame ? 4 : 0;

		view->ops->measure(view, area.w - 2 * OVERLAY_MARGIN - edge, area.h - 2 - edge / 2, &w, &h);
		rect = pt_rect_center(area, w + edge, h + edge / 2);
	}
	*ret_inner = !frame ? rect : pt_rect_inset(rect, rect.w > 6 ? 2 : 1, 1);
	return rect;
}

static void draw_overlay(struct pt_app *app, struct pt_view *view)
{
	struct pt_rect inner, rect = overlay_rect(app, view, &inner), before;
	unsigned looks = pt_canvas_set_looks(app->canvas, PT_LOOK_DIALOG);

	if (view->ops->flags & PT_VIEW_FRAME)
		pt_canvas_box(app->canvas, rect, PT_SLOT_DIALOG_BORDER, PT_SLOT_DIALOG,
		              pt_view_title(view));
	else
		pt_canvas_fill(app->canvas, rect, PT_SLOT_DIALOG, 0);
	view->width = inner.w;
	view->height = inner.h;
	if (view->ops->prepare)
		view->ops->prepare(view, inner.w, inner.h);
	before = pt_canvas_clip(app->canvas, inner);
	view->ops->draw(view, app->canvas, inner, view == pt_app_top_overlay(app) && !app->prompt);
	pt_canvas_unclip(app->canvas, before);
	pt_canvas_set_looks(app->canvas, looks);
}

static void draw_prompt(struct pt_app *app, struct pt_rect line)
{
	int x = line.x + 1;

	pt_canvas_fill(app->canvas, line, PT_SLOT_INPUT_FOCUS, 0);
	x += pt_canvas_text(app->canvas, x, line.y, line.w / 2, PT_SLOT_INPUT_FOCUS, PT_LOOK_BOLD,
	                    app->ask_label);
	pt_prompt_draw(app->prompt, app->canvas, x, line.y, line.x + line.w - x - 1, true, NULL);
}

static void draw_too_small(struct pt_app *app)
{
	int rows = pt_canvas_rows(app->canvas), cols = pt_canvas_cols(app->canvas);

	pt_canvas_text(app->canvas, 0, 0, cols, PT_SLOT_WARN, 0, "too small");
	pt_canvas_printf(app->canvas, 0, 1, cols, PT_SLOT_TEXT, 0, "%dx%d, need", cols, rows);
	pt_canvas_printf(app->canvas, 0, 2, cols, PT_SLOT_TEXT, 0, "%dx%d", PT_MIN_COLS, PT_MIN_ROWS);
}

static void draw_bottom(struct pt_app *app)
{
	struct pt_status status = {0};
	struct pt_hint hints[PT_HINTS_MAX];
	size_t count = 0;

	if (app->hooks.status)
		app->hooks.status(app, &status);
	pt_status_draw(&status, app->canvas, app->layout.status);
	if (app->prompt) {
		draw_prompt(app, app->layout.hints);
	} else if (app->layout.hints.h > 0) {
		if (app->hooks.hints)
			count = app->hooks.hints(app, pt_app_focused(app), hints, PT_HINTS_MAX);
		pt_hints_draw(hints, count, app->canvas, app->layout.hints);
	}
}

static void prepare_panes(struct pt_app *app)
{
	for (int pane = 0; pane < PT_PANE_COUNT; pane++) {
		struct pt_view *view = pt_app_top(app, (enum pt_pane)pane);
		struct pt_rect body = app->layout.body[pane];

		if (!view || body.h < 1)
			continue;
		view->width = body.w;
		view->height = body.h;
		if (view->ops->prepare)
			view->ops->prepare(view, body.w, body.h);
	}
}

/* Nothing that was there may be read from what is drawn now, not even from its size. */
static void draw_curtain(struct pt_app *app, struct pt_view *view)
{
	struct pt_rect all = {0, 0, pt_canvas_cols(app->canvas), pt_canvas_rows(app->canvas)};

	view->width = all.w;
	view->height = all.h;
	if (view->ops->prepare)
		view->ops->prepare(view, all.w, all.h);
	view->ops->draw(view, app->canvas, all, true);
}

void pt_app_compose(struct pt_app *app)
{
	pt_canvas_clear(app->canvas);
	pt_app_layout(app);
	if (app->layout.too_small) {
		draw_too_small(app);
		return;
	}
	if (pt_app_curtain(app)) {
		draw_curtain(app, pt_app_curtain(app));
		return;
	}
	pt_app_tabs_fit(app);
	prepare_panes(app);
	if (app->layout.tabs.h)
		pt_app_tabs_draw(app);
	if (app->layout.crumbs.h)
		draw_crumbs(app, app->layout.crumbs);
	for (int i = 0; i < 2; i++)
		if (app->layout.border[i].h)
			pt_canvas_vline(app->canvas, app->layout.border[i].x, app->layout.border[i].y,
			                app->layout.border[i].h, PT_SLOT_BORDER);
	for (int pane = 0; pane < PT_PANE_COUNT; pane++)
		draw_pane(app, (enum pt_pane)pane);
	PRISM_LIST_EACH (&app->overlays, node, tmp)
		draw_overlay(app, PRISM_CONTAINER(node, struct pt_view, link));
	pt_toasts_draw(app->messages, app->canvas,
	               (struct pt_rect){0, app->layout.tabs.h, pt_canvas_cols(app->canvas),
	                                app->layout.status.y - app->layout.tabs.h});
	draw_bottom(app);
}

unsigned pt_app_mouse(struct pt_app *app, const struct pt_event *event)
{
	struct pt_event moved = *event;
	struct pt_view *overlay = pt_app_top_overlay(app);
	struct pt_rect inner;

	if (app->layout.too_small)
		return PT_IGNORED;
	if (overlay) {
		overlay_rect(app, overlay, &inner);
		moved.x -= inner.x;
		moved.y -= inner.y;
		return overlay->ops->key ? overlay->ops->key(overlay, &moved) : PT_IGNORED;
	}
	if (pt_rect_contains(app->layout.tabs, event->x, event->y)) {
		ptrdiff_t tab = pt_app_tabs_at(app, event->x);

		if (tab >= 0 && event->button == PT_MOUSE_LEFT)
			pt_app_open_tab(app, (size_t)tab);
		return PT_HANDLED;
	}
	for (int pane = 0; pane < PT_PANE_COUNT; pane++) {
		struct pt_rect body = app->layout.body[pane];
		struct pt_view *view = pt_app_top(app, (enum pt_pane)pane);
		bool title = pt_rect_contains(app->layout.title[pane], event->x, event->y);

		if (!view || (!title && !pt_rect_contains(body, event->x, event->y)))
			continue;
		if (event->button == PT_MOUSE_LEFT)
			pt_app_set_focus(app, (enum pt_pane)pane);
		moved.x -= body.x;
		moved.y -= body.y;
		return !title && view->ops->key ? view->ops->key(view, &moved) : PT_HANDLED;
	}
	return PT_IGNORED;
}
