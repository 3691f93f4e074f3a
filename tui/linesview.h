/*
 * A view that is one page of lines (tui/lines.h): the part all such views share.
 *
 * Their state begins with a struct pt_linesview, and their ops with PT_LINESVIEW_OPS.  The view
 * builds the lines and says what Enter on one means; width, cursor, search, copying, drawing and
 * what stands there while nothing does are done here.
 */
#ifndef PRISM_TUI_LINESVIEW_H
#define PRISM_TUI_LINESVIEW_H

#include "tui/lines.h"
#include "tui/ui.h"

struct pt_linesview {
	struct pt_view *view; /* the view this is the state of */
	struct pt_lines *lines;
	int width; /* columns of a line; 0 until there is room for one */
	/* All lines, from pt_lines_begin() to pt_lines_end(), for that width. Called here when the
	 * width changed, and by the view whenever its data did. */
	void (*build)(struct pt_view *view);
	/* What is said while there is no line. NULL: nothing. */
	struct pt_load (*load)(const struct pt_view *view);
	bool every; /* built for every frame: texts that follow the clock, on a page that is short */
};

void pt_linesview_init(struct pt_linesview *lv, struct pt_view *view,
                       void (*build)(struct pt_view *view),
                       struct pt_load (*load)(const struct pt_view *view) /* may be NULL */);
void pt_linesview_finish(struct pt_linesview *lv);

/* For ops. */
void pt_linesview_prepare(struct pt_view *view, int width, int height);
void pt_linesview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus);
unsigned pt_linesview_nav(struct pt_view *view, enum pt_nav nav, int count);
unsigned pt_linesview_search(struct pt_view *view, const char *text, int direction);
char *pt_linesview_copy(struct pt_view *view);

#define PT_LINESVIEW_OPS                                                                 \
	.prepare = pt_linesview_prepare, .draw = pt_linesview_draw, .nav = pt_linesview_nav, \
	.search = pt_linesview_search, .copy = pt_linesview_copy

#endif
