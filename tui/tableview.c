/* What all views that are one table share; see tableview.h. */
#include "tui/tableview.h"

void pt_tableview_init(struct pt_tableview *tv, struct pt_view *view,
                       const struct pt_column *columns, int count,
                       const struct pt_table_model *model)
{
	tv->view = view;
	tv->app = view->app;
	tv->table = pt_table_create(columns, count, model, view->state);
}

void pt_tableview_finish(struct pt_tableview *tv)
{
	pt_table_destroy(tv->table);
	tv->table = NULL;
}

void pt_tableview_reload(struct pt_tableview *tv, const struct pt_load *load)
{
	pt_table_set_load(tv->table, load);
	pt_table_reload(tv->table);
}

void pt_tableview_reload_local(struct pt_tableview *tv, const char *empty, const char *empty_hint,
                               const struct prism_error *error)
{
	bool failed = error && error->category != PRISM_ERROR_NONE;
	const struct pt_load load = {
	    .state = failed ? PT_LOAD_FAILED : PT_LOAD_READY,
	    .error = failed ? error : NULL,
	    .empty = empty,
	    .empty_hint = empty_hint,
	    .retry_key = pt_ui_retry_key(tv->app),
	};

	pt_tableview_reload(tv, &load);
}

const char *pt_tableview_selected(const struct pt_view *view)
{
	const struct pt_tableview *tv = view->state;

	return pt_table_selected(tv->table);
}

ptrdiff_t pt_tableview_row(const struct pt_view *view)
{
	const struct pt_tableview *tv = view->state;

	return pt_table_selected_row(tv->table);
}

struct pt_table *pt_tableview_table(struct pt_view *view)
{
	struct pt_tableview *tv = view->state;

	return tv->table;
}

const char *pt_tableview_summary(struct pt_view *view)
{
	return pt_table_summary(pt_tableview_table(view));
}

void pt_tableview_prepare(struct pt_view *view, int width, int height)
{
	pt_table_prepare(pt_tableview_table(view), width, height);
}

void pt_tableview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus)
{
	const struct pt_tableview *tv = view->state;

	pt_table_draw(tv->table, canvas, area, focus);
}

unsigned pt_tableview_key(struct pt_view *view, const struct pt_event *event)
{
	return pt_table_key(pt_tableview_table(view), event);
}
