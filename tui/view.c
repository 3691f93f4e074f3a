/* Views: creation, the ops with their defaults, and how loading and failure look. */
#include "tui/view.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tui/app.h"
#include "tui/app_private.h"
#include "tui/table.h"
#include "tui/textview.h"

struct pt_view *pt_view_create(struct pt_app *app, const struct pt_view_ops *ops, void *state)
{
	struct pt_view *view = prism_alloc(sizeof(*view));

	view->ops = ops;
	view->app = app;
	view->state = state;
	view->cancel = prism_cancel_create(pt_app_cancel(app));
	prism_list_init(&view->link);
	return view;
}

const char *pt_view_title(struct pt_view *view)
{
	const char *title = view->ops->title ? view->ops->title(view) : NULL;

	return title ? title : view->ops->name;
}

static struct pt_table *view_table(const struct pt_view *view)
{
	return view->ops->table ? view->ops->table((struct pt_view *)(uintptr_t)view) : NULL;
}

static struct pt_textview *view_text(const struct pt_view *view)
{
	return view->ops->text ? view->ops->text((struct pt_view *)(uintptr_t)view) : NULL;
}

unsigned pt_view_nav(struct pt_view *view, enum pt_nav nav, int count)
{
	struct pt_table *table = view_table(view);
	struct pt_textview *text = view_text(view);

	if (table)
		return pt_table_nav(table, nav, count);
	if (text)
		return pt_textview_nav(text, nav, count);
	return view->ops->nav ? view->ops->nav(view, nav, count) : PT_IGNORED;
}

unsigned pt_view_filter(struct pt_view *view, const char *needle)
{
	struct pt_table *table = view_table(view);
	struct pt_textview *text = view_text(view);

	if (table)
		return pt_table_set_filter(table, needle);
	if (text)
		return pt_textview_set_filter(text, needle);
	return view->ops->filter ? view->ops->filter(view, needle) : PT_IGNORED;
}

unsigned pt_view_search(struct pt_view *view, const char *needle, int direction)
{
	struct pt_table *table = view_table(view);
	struct pt_textview *text = view_text(view);

	if (table)
		return pt_table_search(table, needle, direction);
	if (text)
		return pt_textview_search(text, needle, direction);
	return view->ops->search ? view->ops->search(view, needle, direction) : PT_IGNORED;
}

const char *pt_view_filter_text(struct pt_view *view)
{
	struct pt_table *table = view_table(view);
	struct pt_textview *text = view_text(view);

	if (table)
		return pt_table_filter(table);
	if (text)
		return pt_textview_filter(text);
	return view->ops->filter_text ? view->ops->filter_text(view) : "";
}

bool pt_view_can_filter(const struct pt_view *view)
{
	return view_table(view) || view_text(view) || view->ops->filter;
}

bool pt_view_can_search(const struct pt_view *view)
{
	return view_table(view) || view_text(view) || view->ops->search;
}

char *pt_view_copy(struct pt_view *view)
{
	struct pt_table *table = view_table(view);
	struct pt_textview *text = view_text(view);
	char *copy = view->ops->copy ? view->ops->copy(view) : NULL;

	if (copy)
		return copy;
	if (table)
		return pt_table_copy(table);
	return text ? pt_textview_copy(text) : NULL;
}

struct center {
	struct pt_canvas *canvas;
	struct pt_rect area;
	int y;
	enum pt_slot slot;
};

static void center_line(void *data, int line, const char *text, size_t len)
{
	struct center *center = data;
	char copy[512];
	int used, width = center->area.w;

	snprintf(copy, sizeof(copy), "%.*s", (int)(len < sizeof(copy) ? len : sizeof(copy) - 1), text);
	used = (int)strlen(copy); /* an estimate is enough to centre */
	used = used > width ? width : used;
	pt_canvas_text(center->canvas, center->area.x + (width - used) / 2, center->y++, width,
	               center->slot, 0, copy);
}

static void draw_centered(struct center *center, enum pt_slot slot, const char *text)
{
	if (!text || !*text)
		return;
	center->slot = slot;
	pt_text_wrap(text, strnlen(text, 2000),
	             center->area.w > 4 ? center->area.w - 2 : center->area.w, center_line, center);
}

bool pt_load_draw(const struct pt_load *load, size_t rows, bool filtered, struct pt_canvas *canvas,
                  struct pt_rect area)
{
	struct center center = {.canvas = canvas, .area = area, .y = area.y + area.h / 3};
	struct pt_rect before;
	char text[PRISM_ERROR_TEXT + 64];

	if (rows > 0)
		return false;
	before = pt_canvas_clip(canvas, area);
	if (load->state == PT_LOAD_LOADING) {
		draw_centered(&center, PT_SLOT_BUSY, "Loading...");
		if (load->error) {
			snprintf(text, sizeof(text), "No answer so far: %s", load->error->message);
			draw_centered(&center, PT_SLOT_WARN, text);
		}
	} else if (load->state == PT_LOAD_FAILED) {
		draw_centered(&center, PT_SLOT_BAD, load->error ? load->error->message : "Loading failed");
		draw_centered(&center, PT_SLOT_TEXT, load->error ? load->error->hint : NULL);
		if (load->retry_key) {
			snprintf(text, sizeof(text), "Press %s to try again.", load->retry_key);
			draw_centered(&center, PT_SLOT_DIM, text);
		}
	} else if (filtered) {
		draw_centered(&center, PT_SLOT_DIM, "Nothing matches the filter.");
		draw_centered(&center, PT_SLOT_DIM, "Press esc to clear it.");
	} else {
		draw_centered(&center, PT_SLOT_DIM, load->empty ? load->empty : "Nothing here yet");
		draw_centered(&center, PT_SLOT_DIM, load->empty_hint);
	}
	pt_canvas_unclip(canvas, before);
	return true;
}

#define AGE_FROM_US 60000000 /* younger is as good as new */

/* "3h 05m old, " */
static const char *age_text(const struct pt_load *load, char buf[PRISM_TIME_TEXT + 8])
{
	char span[PRISM_TIME_TEXT];

	buf[0] = '\0';
	if (load->age_us >= AGE_FROM_US)
		snprintf(buf, PRISM_TIME_TEXT + 8, "%s old, ", prism_time_span(load->age_us, span));
	return buf;
}

char *pt_load_text(const struct pt_load *load, char *buf, size_t size)
{
	char age[PRISM_TIME_TEXT + 8];

	buf[0] = '\0';
	if (load->state == PT_LOAD_LOADING)
		snprintf(buf, size, "loading");
	else if (load->state == PT_LOAD_FAILED)
		snprintf(buf, size, "failed");
	else if (load->state == PT_LOAD_STALE && load->error)
		snprintf(buf, size, "%snot current: %s", age_text(load, age), load->error->message);
	else if (load->state == PT_LOAD_STALE)
		snprintf(buf, size, "%srefreshing", age_text(load, age));
	return buf;
}
