/* What all views that are one page of lines share; see linesview.h. */
#include "tui/linesview.h"

#define POINTER 2 /* columns before a line: the pointer, and a blank */

void pt_linesview_init(struct pt_linesview *lv, struct pt_view *view,
                       void (*build)(struct pt_view *view),
                       struct pt_load (*load)(const struct pt_view *view))
{
	lv->view = view;
	lv->lines = pt_lines_create();
	lv->build = build;
	lv->load = load;
}

void pt_linesview_finish(struct pt_linesview *lv)
{
	pt_lines_destroy(lv->lines);
	lv->lines = NULL;
}

void pt_linesview_prepare(struct pt_view *view, int width, int height)
{
	struct pt_linesview *lv = view->state;

	if (lv->every || lv->width != width - POINTER) {
		lv->width = width - POINTER;
		lv->build(view);
	}
	pt_lines_prepare(lv->lines, width, height);
}

void pt_linesview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus)
{
	const struct pt_linesview *lv = view->state;
	struct pt_load load;

	if (lv->load) {
		load = lv->load(view);
		if (pt_load_draw(&load, pt_lines_count(lv->lines), false, canvas, area))
			return;
	}
	pt_lines_draw(lv->lines, canvas, area, focus);
}

unsigned pt_linesview_nav(struct pt_view *view, enum pt_nav nav, int count)
{
	const struct pt_linesview *lv = view->state;

	return pt_lines_nav(lv->lines, nav, count);
}

unsigned pt_linesview_search(struct pt_view *view, const char *text, int direction)
{
	const struct pt_linesview *lv = view->state;

	return pt_lines_search(lv->lines, text, direction);
}

char *pt_linesview_copy(struct pt_view *view)
{
	const struct pt_linesview *lv = view->state;

	return pt_lines_copy(lv->lines);
}
