/* What all lists of core's collections share; see listview.h. */
#include "tui/listview.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define REST_MS 200 /* a row must be stayed on so long before the detail beside it follows */

static size_t model_count(void *data)
{
	const struct pt_listview *lv = data;

	return lv->rank ? lv->order_count : core_list_count(lv->list);
}

static const void *item_at(const struct pt_listview *lv, size_t row)
{
	if (lv->rank && row >= lv->order_count)
		return NULL;
	return core_list_at(lv->list, lv->rank ? lv->order[row] : row);
}

/* Every item of a collection begins with its id (core/list.h). */
static const char *model_id(void *data, size_t row)
{
	const char *const *item = item_at(data, row);

	return item ? *item : NULL;
}

static void model_cell(void *data, size_t row, int column, struct pt_value *ret)
{
	struct pt_listview *lv = data;
	const void *item = item_at(lv, row);

	if (item)
		lv->cell(lv, item, column, ret);
	else
		ret->waiting = true;
}

static void model_visible(void *data, size_t first, size_t last)
{
	struct pt_listview *lv = data;

	if (lv->watch)
		core_watch_range(lv->watch, first, last - first + 1);
}

static void rested(void *data)
{
	struct pt_listview *lv = data;
	const char *id = pt_table_selected(lv->tv.table);

	if (id && pt_app_focused(lv->tv.app) == lv->tv.view)
		lv->rested(lv, id);
}

static void model_selected(void *data, const char *id)
{
	struct pt_listview *lv = data;

	if (!lv->rested || !id || !pt_app_top(lv->tv.app, PT_PANE_DETAIL))
		return;
	if (!lv->rest)
		lv->rest = prism_loop_add_timer(pt_app_loop(lv->tv.app), REST_MS, 0, rested, lv);
	else
		prism_timer_rearm(lv->rest, REST_MS);
}

static const struct pt_table_model model = {
    .count = model_count,
    .id = model_id,
    .cell = model_cell,
    .visible = model_visible,
    .selected = model_selected,
};

void pt_listview_init(struct pt_listview *lv, struct pt_view *view,
                      const struct pt_listview_spec *spec)
{
	lv->core = pt_ui_core(view->app);
	lv->list = spec->list;
	lv->event = spec->event;
	lv->empty = spec->empty;
	lv->empty_hint = spec->empty_hint;
	lv->cell = spec->cell;
	lv->rank = spec->rank;
	lv->rested = spec->rested;
	pt_tableview_init(&lv->tv, view, spec->columns, spec->column_count, &model);
	if (spec->watch != CORE_WATCH_COUNT)
		lv->watch = core_watch(lv->core, spec->watch, spec->watch_id);
	core_list_load(lv->list);
	pt_listview_sync(lv);
}

void pt_listview_finish(struct pt_listview *lv)
{
	prism_timer_remove(lv->rest);
	lv->rest = NULL;
	core_unwatch(lv->watch);
	pt_tableview_finish(&lv->tv);
	prism_free(lv->order);
	lv->order = NULL;
	lv->watch = NULL;
}

/* Insertion sort by rank: stable, and lists that are ranked are short (CVMs). */
static void sort_by_rank(struct pt_listview *lv)
{
	size_t count = core_list_count(lv->list);

	lv->order = prism_realloc_array(lv->order, count + 1, sizeof(*lv->order));
	lv->order_count = 0;
	for (size_t i = 0; i < count; i++) {
		int rank = lv->rank(lv, core_list_at(lv->list, i));
		size_t at = lv->order_count;

		if (rank < 0)
			continue;
		while (at > 0 && lv->rank(lv, core_list_at(lv->list, lv->order[at - 1])) > rank) {
			lv->order[at] = lv->order[at - 1];
			at--;
		}
		lv->order[at] = i;
		lv->order_count++;
	}
}

void pt_listview_sync(struct pt_listview *lv)
{
	lv->generation = core_list_generation(lv->list);
	struct pt_load load =
	    pt_ui_load(lv->tv.app, core_list_status(lv->list), lv->empty, lv->empty_hint);

	if (lv->rank)
		sort_by_rank(lv);
	pt_tableview_reload(&lv->tv, &load);
}

unsigned pt_listview_changed(struct pt_view *view, const struct core_event *event)
{
	struct pt_listview *lv = view->state;

	if (event->type == CORE_EVENT_USERS)
		return PT_REDRAW;
	if (event->type != lv->event)
		return PT_IGNORED;
	pt_listview_sync(lv);
	return PT_REDRAW;
}

/* A frame may come between a change and its event: what is drawn and what a key acts on are the
 * same all the same. */
void pt_listview_prepare(struct pt_view *view, int width, int height)
{
	struct pt_listview *lv = view->state;

	if (lv->generation != core_list_generation(lv->list))
		pt_listview_sync(lv);
	pt_tableview_prepare(view, width, height);
}

void pt_listview_shown(struct pt_view *view, bool visible)
{
	struct pt_listview *lv = view->state;

	if (lv->watch)
		core_watch_hold(lv->watch, !visible);
}

void pt_listview_destroy(struct pt_view *view)
{
	pt_listview_finish(view->state);
	prism_free(view->state);
}

unsigned pt_listview_refresh(struct pt_view *view)
{
	struct pt_listview *lv = view->state;

	core_list_refresh(lv->list);
	if (lv->watch)
		core_watch_now(lv->watch);
	pt_listview_sync(lv);
	return PT_HANDLED | PT_REDRAW;
}

void pt_value_text(struct pt_value *value, const char *text, enum pt_slot slot)
{
	value->text = text;
	value->slot = slot;
}

void pt_value_time(struct pt_app *app, struct pt_value *value, int64_t wall_us)
{
	char text[PRISM_TIME_TEXT];

	/* To the minute: in a list the seconds only take room. */
	snprintf(value->scratch, sizeof(value->scratch), "%.16s", pt_ui_time(app, wall_us, text));
	value->text = value->scratch;
	value->number = wall_us == PRISM_TIME_UNSET ? 0 : wall_us;
	value->slot = PT_SLOT_DIM;
}

enum pt_glyph pt_tone_glyph(enum core_tone tone)
{
	return tone == CORE_TONE_PLAIN || tone == CORE_TONE_MUTED ? PT_GLYPH_RING : PT_GLYPH_DOT;
}

void pt_value_state(struct pt_value *value, const char *word, enum core_tone tone)
{
	value->text = word;
	value->slot = pt_tone_slot(tone);
	value->glyph = pt_tone_glyph(tone);
}
