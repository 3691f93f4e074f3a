/*
 * A view that is one table: the part all such views share.
 *
 * Their state begins with a struct pt_tableview, and their ops with PT_TABLEVIEW_OPS.  Columns,
 * rows and what actions do are the view's; drawing, keys, marks, filter, selection and the lines
 * that stand in for missing rows are the table's (tui/table.h), reached from here.  Views of a
 * collection of core have a struct pt_listview instead, which begins with one of these.
 */
#ifndef PRISM_TUI_TABLEVIEW_H
#define PRISM_TUI_TABLEVIEW_H

#include "tui/table.h"
#include "tui/ui.h"

struct pt_tableview {
	struct pt_view *view; /* the view this is the state of */
	struct pt_app *app;
	struct pt_table *table;
};

/* The model is asked at once, with the view's state as data: what it needs is there before. columns
 * and model are lent. */
void pt_tableview_init(struct pt_tableview *tv, struct pt_view *view,
                       const struct pt_column *columns, int count,
                       const struct pt_table_model *model);
void pt_tableview_finish(struct pt_tableview *tv);

/* The rows changed. */
void pt_tableview_reload(struct pt_tableview *tv, const struct pt_load *load);
/* The same for rows of this machine, which are here or could not be read. error: lent, NULL or of
 * category none when they are here. */
void pt_tableview_reload_local(struct pt_tableview *tv, const char *empty, const char *empty_hint,
                               const struct prism_error *error);

/* Of a view whose state begins so. */
const char *pt_tableview_selected(const struct pt_view *view); /* id; NULL: none. Lent */
ptrdiff_t pt_tableview_row(const struct pt_view *view);        /* of the source; -1: none */

/* For ops. */
struct pt_table *pt_tableview_table(struct pt_view *view);
const char *pt_tableview_summary(struct pt_view *view);
void pt_tableview_prepare(struct pt_view *view, int width, int height);
void pt_tableview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus);
unsigned pt_tableview_key(struct pt_view *view, const struct pt_event *event);

#define PT_TABLEVIEW_OPS                                                                     \
	.table = pt_tableview_table, .prepare = pt_tableview_prepare, .draw = pt_tableview_draw, \
	.key = pt_tableview_key

#endif
