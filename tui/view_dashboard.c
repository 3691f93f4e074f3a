/*
 * The dashboard: blocks under one another, in two columns where there is room.  Each block loads,
 * fails and gets stale on its own (tui/dashboard_blocks.c, tui/dashboard_cvms.c); the cursor goes
 * from item to item and Enter leads to what the item is about.
 *
 * Asking: the lists are watched while the dashboard is seen; runs per day and what needs me are
 * asked for again when the computations changed, at most every AGAIN_MS.
 */
#include "tui/view_dashboard.h"

#include "base/mem.h"
#include "core/cert.h"
#include "core/computation.h"
#include "core/options.h"
#include "core/role.h"
#include "core/uptime.h"
#include "core/watch.h"
#include "tui/args.h"
#include "tui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO_COLUMNS 100 /* columns from which blocks stand side by side */
#define AGAIN_MS 30000  /* what needs me costs a few requests for each computation looked at */
#define PERIOD "dashboard.days"

static const int periods[] = {7, 14, 30, 90};

/* ---- layout ---- */

/* Into the shorter column, so that both end at about the same line. */
static void place(struct pt_dashboard *d, int width)
{
	size_t count;
	const struct pt_block *const *blocks = pt_dashboard_blocks(&count);
	int columns = width >= TWO_COLUMNS ? 2 : 1, bottom[2] = {0, 0};
	int each = (width - 2 * columns) / columns;

	for (size_t i = 0; i < count; i++) {
		int column = columns == 2 && bottom[1] < bottom[0] ? 1 : 0;
		int height = 1 + blocks[i]->height(d, each - 1);

		d->place[i] = (struct pt_rect){1 + column * (each + 2), bottom[column], each, height};
		bottom[column] += height + 1;
	}
	d->lines = (bottom[0] > bottom[1] ? bottom[0] : bottom[1]) - 1;
}

/* The block of the cursor into sight, whole when it fits. */
static void follow(struct pt_dashboard *d)
{
	struct pt_rect p = d->place[d->at];
	int from = d->item > 0 ? p.y + 1 + d->item : p.y; /* with its title, from the first item */
	int to = p.h <= d->height ? p.y + p.h : p.y + 2 + d->item;

	if (to > d->top + d->height)
		d->top = to - d->height;
	if (from < d->top)
		d->top = from;
	if (d->top > d->lines - d->height)
		d->top = d->lines - d->height;
	if (d->top < 0)
		d->top = 0;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct pt_dashboard *d = view->state;
	size_t count;
	const struct pt_block *const *blocks = pt_dashboard_blocks(&count);

	d->height = height;
	place(d, width);
	if (d->item >= blocks[d->at]->items(d))
		d->item = blocks[d->at]->items(d) - 1;
	follow(d);
}

/* ---- drawing ---- */

static void draw_title(const struct pt_dashboard *d, const struct pt_block *block,
                       const struct pt_load *load, struct pt_canvas *canvas, struct pt_rect line,
                       bool here)
{
	char text[PRISM_ERROR_TEXT + 64];
	int used;

	PRISM_UNUSED(d);
	pt_canvas_hline(canvas, line.x, line.y, line.w, here ? PT_SLOT_BORDER_FOCUS : PT_SLOT_BORDER);
	used = pt_canvas_printf(canvas, line.x + 1, line.y, line.w - 2,
	                        here ? PT_SLOT_TITLE_FOCUS : PT_SLOT_TITLE, 0, " %s ", block->title);
	if (load->state == PT_LOAD_STALE && *pt_load_text(load, text, sizeof(text)))
		pt_canvas_text_right(canvas, line.x + used + 2, line.y, line.w - used - 3, PT_SLOT_WARN, 0,
		                     text);
}

static void draw_block(const struct pt_dashboard *d, size_t i, struct pt_canvas *canvas,
                       struct pt_rect area, bool focus)
{
	size_t count;
	const struct pt_block *block = pt_dashboard_blocks(&count)[i];
	struct pt_rect p = d->place[i];
	struct pt_rect title = {area.x + p.x, area.y + p.y - d->top, p.w, 1};
	struct pt_rect body = {title.x + 1, title.y + 1, p.w - 1, p.h - 1};
	struct pt_load load = pt_ui_load(d->app, block->status(d), NULL, NULL);
	bool here = focus && d->at == i;
	struct pt_rect before;

	draw_title(d, block, &load, canvas, title, here);
	before = pt_canvas_clip(canvas, body);
	if (load.state == PT_LOAD_LOADING || load.state == PT_LOAD_FAILED)
		pt_load_draw(&load, 0, false, canvas, body);
	else
		block->draw(d, canvas, body, here ? d->item : -1);
	pt_canvas_unclip(canvas, before);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct pt_dashboard *d = view->state;
	size_t count;

	pt_dashboard_blocks(&count);
	for (size_t i = 0; i < count; i++)
		draw_block(d, i, canvas, area, focus);
}

static const char *summary(struct pt_view *view)
{
	struct pt_dashboard *d = view->state;

	snprintf(d->summary, sizeof(d->summary), "%d of %d lines", d->top + d->height, d->lines);
	return d->lines > d->height ? d->summary : NULL;
}

/* ---- cursor ---- */

static bool step(struct pt_dashboard *d, int direction)
{
	size_t count;
	const struct pt_block *const *blocks = pt_dashboard_blocks(&count);

	if (direction > 0 && d->item + 1 < blocks[d->at]->items(d)) {
		d->item++;
	} else if (direction > 0 && d->at + 1 < count) {
		d->at++;
		d->item = 0;
	} else if (direction < 0 && d->item > 0) {
		d->item--;
	} else if (direction < 0 && d->at > 0) {
		d->at--;
		d->item = blocks[d->at]->items(d) - 1;
	} else {
		return false;
	}
	return true;
}

static unsigned nav(struct pt_view *view, enum pt_nav where, int count)
{
	struct pt_dashboard *d = view->state;
	bool up = where == PT_NAV_UP || where == PT_NAV_PAGE_UP || where == PT_NAV_HALF_UP;
	bool page = where == PT_NAV_PAGE_UP || where == PT_NAV_PAGE_DOWN;
	bool half = where == PT_NAV_HALF_UP || where == PT_NAV_HALF_DOWN;
	size_t block = d->at;

	if (where == PT_NAV_LEFT || where == PT_NAV_RIGHT)
		return PT_HANDLED;
	if (where == PT_NAV_FIRST || where == PT_NAV_LAST)
		while (step(d, where == PT_NAV_LAST ? 1 : -1))
			;
	else if (page || half) /* block by block */
		while (d->at == block && step(d, up ? -1 : 1))
			;
	else
		for (int i = 0; i < count && step(d, up ? -1 : 1); i++)
			;
	return PT_HANDLED | PT_REDRAW;
}

/* ---- actions ---- */

static void load_uptimes(struct pt_dashboard *d, bool refresh)
{
	const struct core_cvm *cvms[PT_DASHBOARD_UPTIMES];
	size_t count = pt_dashboard_uptimes(d, cvms);

	for (size_t i = 0; i < count; i++)
		core_uptime_load(d->core, cvms[i]->id, (unsigned)d->days, refresh);
}

static void ask_again(struct pt_dashboard *d, bool at_once)
{
	int64_t now = prism_clock_mono_ms(pt_app_clock(d->app));

	if (!at_once && d->needs_ms && now - d->needs_ms < AGAIN_MS)
		return;
	d->needs_ms = now;
	core_days_load(d->core, d->days, true);
	core_needs_load(d->core, true);
	core_list_load(core_invitations(d->core));
	core_list_load(core_my_invitations(d->core));
	core_list_load(core_workspace_certs(d->core));
	core_roles_load(d->core, NULL, false);
	load_uptimes(d, true);
}

static void refresh(struct pt_dashboard *d)
{
	core_watch_now(d->computations);
	core_watch_now(d->cvms);
	core_watch_now(d->assets);
	core_list_refresh(core_invitations(d->core));
	core_list_refresh(core_my_invitations(d->core));
	core_list_refresh(core_workspace_certs(d->core));
	ask_again(d, true);
}

static void set_period(struct pt_dashboard *d, const struct pt_values *values)
{
	const char *named = values ? pt_values_get(values, "days") : NULL;
	char text[16];

	if (named) {
		d->days = (int)strtol(named, NULL, 10);
	} else {
		size_t next = 0;

		for (size_t i = 0; i < PRISM_COUNT(periods); i++)
			if (periods[i] == d->days)
				next = (i + 1) % PRISM_COUNT(periods);
		d->days = periods[next];
	}
	snprintf(text, sizeof(text), "%d", d->days);
	core_remember(pt_ui_world(d->app)->options, PERIOD, text);
	core_days_load(d->core, d->days, false);
	load_uptimes(d, false);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct pt_dashboard *d = view->state;
	size_t count;

	switch (id) {
	case PT_ACTION_OPEN:
		if (values)
			return PT_IGNORED;
		pt_dashboard_blocks(&count)[d->at]->open(d, d->item);
		break;
	case PT_ACTION_REFRESH:
		refresh(d);
		break;
	case PT_ACTION_DASHBOARD_PERIOD:
		set_period(d, values);
		break;
	default:
		return PT_IGNORED;
	}
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_DASHBOARD, .act = act};

/* ---- view ---- */

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct pt_dashboard *d = view->state;

	switch (event->type) {
	case CORE_EVENT_COMPUTATIONS:
		if (view->visible && !core_list_status(core_computations(d->core))->loading)
			ask_again(d, false);
		return PT_REDRAW;
	case CORE_EVENT_CVMS:
		if (view->visible)
			load_uptimes(d, false);
		return PT_REDRAW;
	case CORE_EVENT_ASSETS:
	case CORE_EVENT_CERTS:
	case CORE_EVENT_INVITATIONS:
	case CORE_EVENT_ROLES:
	case CORE_EVENT_STATISTICS:
	case CORE_EVENT_NEEDS:
		return PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static void shown(struct pt_view *view, bool visible)
{
	struct pt_dashboard *d = view->state;

	core_watch_hold(d->computations, !visible);
	core_watch_hold(d->cvms, !visible);
	core_watch_hold(d->assets, !visible);
	if (visible)
		ask_again(d, false);
}

static void destroy(struct pt_view *view)
{
	struct pt_dashboard *d = view->state;

	core_unwatch(d->computations);
	core_unwatch(d->cvms);
	core_unwatch(d->assets);
	prism_free(d);
}

static const struct pt_view_ops ops = {
    .name = "dashboard",
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .nav = nav,
    .actor = &actor,
};

struct pt_view *pt_view_dashboard(struct pt_app *app)
{
	struct pt_dashboard *d = prism_alloc(sizeof(*d));
	struct pt_view *view = pt_view_create(app, &ops, d);
	const char *days = core_remembered(pt_ui_world(app)->options, PERIOD);

	d->view = view;
	d->app = app;
	d->core = pt_ui_core(app);
	d->days = days ? (int)strtol(days, NULL, 10) : periods[0];
	if (d->days < 1 || d->days > CORE_DAYS_MAX)
		d->days = periods[0];
	d->computations = core_watch(d->core, CORE_WATCH_COMPUTATIONS, NULL);
	core_watch_range(d->computations, 0, CORE_LIST_PAGE);
	d->cvms = core_watch(d->core, CORE_WATCH_CVMS, NULL);
	d->assets = core_watch(d->core, CORE_WATCH_ASSETS, NULL);
	return view;
}
