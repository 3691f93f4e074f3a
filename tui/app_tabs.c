/*
 * The line of sections.  Where more exist than fit, it scrolls: a mark at either end says that
 * there is more, and the open one is always seen whole.
 *
 * It moves no further than it must, so that stepping to a neighbour changes two labels and not the
 * line.
 */
#include "tui/app_private.h"

#define LABEL_EDGE 2 /* a blank before and after the title */

static int label_width(const struct pt_app *app, size_t index)
{
	return (int)strlen(app->config.tabs[index].title) + LABEL_EDGE;
}

/* One past the last label that fits whole when `first` is the leftmost. */
static size_t end_from(const struct pt_app *app, size_t first)
{
	int room = app->layout.tabs.w - (first > 0 ? 1 : 0);
	size_t i = first;

	for (; i < app->config.tab_count; i++) {
		int more = i + 1 < app->config.tab_count ? 1 : 0; /* the mark that others follow */

		if (label_width(app, i) + more > room && i > first)
			break;
		room -= label_width(app, i);
	}
	return i;
}

void pt_app_tabs_fit(struct pt_app *app)
{
	if (app->tab < app->tab_first)
		app->tab_first = app->tab;
	while (app->tab_first < app->tab && end_from(app, app->tab_first) <= app->tab)
		app->tab_first++;
	/* No room is left unused at the right while labels are hidden at the left. */
	while (app->tab_first > 0 && end_from(app, app->tab_first) == app->config.tab_count &&
	       end_from(app, app->tab_first - 1) == app->config.tab_count)
		app->tab_first--;
}

void pt_app_tabs_draw(struct pt_app *app)
{
	struct pt_rect line = app->layout.tabs;
	size_t end = end_from(app, app->tab_first);
	int x = line.x;

	pt_canvas_fill(app->canvas, line, PT_SLOT_TAB, 0);
	if (app->tab_first > 0)
		pt_canvas_glyph(app->canvas, x++, line.y, PT_GLYPH_MORE_LEFT, PT_SLOT_TAB, 0);
	for (size_t i = app->tab_first; i < end; i++) {
		enum pt_slot slot = i == app->tab ? PT_SLOT_TAB_ACTIVE : PT_SLOT_TAB;
		char text[64];

		snprintf(text, sizeof(text), " %s ", app->config.tabs[i].title);
		x += pt_canvas_text(app->canvas, x, line.y, line.x + line.w - x, slot, 0, text);
	}
	if (end < app->config.tab_count)
		pt_canvas_glyph(app->canvas, line.x + line.w - 1, line.y, PT_GLYPH_SEPARATOR, PT_SLOT_TAB,
		                0);
}

ptrdiff_t pt_app_tabs_at(const struct pt_app *app, int x)
{
	int at = app->layout.tabs.x + (app->tab_first > 0 ? 1 : 0);
	size_t end = end_from(app, app->tab_first);

	if (x < at)
		return (ptrdiff_t)app->tab_first - 1;
	for (size_t i = app->tab_first; i < end; i++) {
		at += label_width(app, i);
		if (x < at)
			return (ptrdiff_t)i;
	}
	return end < app->config.tab_count && x == app->layout.tabs.x + app->layout.tabs.w - 1
	           ? (ptrdiff_t)end
	           : -1;
}
