/*
 * A view that shows one collection of core as a table: the part all lists share.
 *
 * A list's state begins with a struct pt_listview, and its ops with PT_LISTVIEW_OPS.  What a cell
 * says is the list's own, everything else (load states, freshness, pages wanted, keeping the place)
 * is done here.
 */
#ifndef PRISM_TUI_LISTVIEW_H
#define PRISM_TUI_LISTVIEW_H

#include "core/list.h"
#include "core/watch.h"
#include "tui/tableview.h"

struct pt_listview {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core *core;
	struct core_list *list; /* lent */
	struct core_watch *watch;
	enum core_event_type event; /* that says the list changed */
	const char *empty, *empty_hint;
	void (*cell)(struct pt_listview *lv, const void *item, int column, struct pt_value *ret);
	/* Where an item stands: lower first, equal ones in the server's order, negative: not shown.
	 * NULL: all, in the server's order. */
	int (*rank)(const struct pt_listview *lv, const void *item);
	/* The cursor has rested on a row, with the focus: what is beside it follows. May be NULL. */
	void (*rested)(struct pt_listview *lv, const char *id);
	struct prism_timer *rest;
	unsigned generation; /* of the list, that the table was told of */
	size_t *order;       /* rows to items, with rank only */
	size_t order_count;
};

struct pt_listview_spec {
	const struct pt_column *columns;
	int column_count;
	struct core_list *list;
	enum core_event_type event;
	enum core_watch_kind watch; /* CORE_WATCH_COUNT: none */
	const char *watch_id;       /* NULL: none */
	const char *empty, *empty_hint;
	void (*cell)(struct pt_listview *lv, const void *item, int column, struct pt_value *ret);
	int (*rank)(const struct pt_listview *lv, const void *item); /* may be NULL */
	void (*rested)(struct pt_listview *lv, const char *id);      /* may be NULL */
};
void pt_listview_init(struct pt_listview *lv, struct pt_view *view,
                      const struct pt_listview_spec *spec);
void pt_listview_finish(struct pt_listview *lv);
void pt_listview_sync(struct pt_listview *lv); /* load state and rows, from core */

/* For ops. */
unsigned pt_listview_changed(struct pt_view *view, const struct core_event *event);
void pt_listview_prepare(struct pt_view *view, int width, int height);
void pt_listview_shown(struct pt_view *view, bool visible); /* not polled while covered */
void pt_listview_destroy(struct pt_view *view);             /* finish and free the state */
/* With more of its own: shown, changed and destroy are then called from the view's. */
#define PT_LISTVIEW_TABLE_OPS                                                               \
	.table = pt_tableview_table, .prepare = pt_listview_prepare, .draw = pt_tableview_draw, \
	.key = pt_tableview_key
#define PT_LISTVIEW_OPS                                                                 \
	PT_LISTVIEW_TABLE_OPS, .summary = pt_tableview_summary, .shown = pt_listview_shown, \
	                       .changed = pt_listview_changed, .destroy = pt_listview_destroy
unsigned pt_listview_refresh(struct pt_view *view);

/* Cell helpers. */
void pt_value_text(struct pt_value *value, const char *text, enum pt_slot slot);
void pt_value_time(struct pt_app *app, struct pt_value *value, int64_t wall_us);
/* Hollow for what neither goes on nor ended. */
enum pt_glyph pt_tone_glyph(enum core_tone tone);
void pt_value_state(struct pt_value *value, const char *word, enum core_tone tone);

#endif
