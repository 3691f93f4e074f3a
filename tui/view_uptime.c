/*
 * Up-time of a CVM: how much of the known time it was online, a step line over the period, and
 * under it the changes, newest first.  `p` takes another period.
 */
#include "base/mem.h"
#include "core/uptime.h"
#include "tui/args.h"
#include "tui/chart.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define CHART_ROWS 6  /* line, labels, and the sentence above */
#define SMALL_ROWS 12 /* below: no room for both, the list is what is left out */
#define POINTS_MAX 4096

struct uptime {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core *core;
	char *id;
	unsigned days;
	struct pt_chart_point *points;
	size_t point_count;
	char from[16], to[16], sentence[160], id_text[24]; /* id_text: of the row just asked for */
};

enum { COLUMN_TIME, COLUMN_STATE, COLUMN_LASTED };

static const struct pt_column columns[] = {
    {"time", "Since", 19, 19, 0, 0, PT_COLUMN_MAIN | PT_COLUMN_TIME},
    {"state", "State", 10, 12, 0, 0, 0},
    {"lasted", "Lasted", 10, 0, 1, 0, PT_COLUMN_NUMBER},
};

static size_t count(void *data)
{
	const struct uptime *u = data;

	return core_uptime(u->core, u->id, u->days).count;
}

/* Newest first. */
static size_t index_of(const struct core_uptime *up, size_t row)
{
	return up->count - 1 - row;
}

static const char *row_id(void *data, size_t row)
{
	struct uptime *u = data;
	struct core_uptime up = core_uptime(u->core, u->id, u->days);

	if (row >= up.count)
		return NULL;
	snprintf(u->id_text, sizeof(u->id_text), "%lld",
	         (long long)up.points[index_of(&up, row)].at_us);
	return u->id_text;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct uptime *u = data;
	struct core_uptime up = core_uptime(u->core, u->id, u->days);
	size_t i = row < up.count ? index_of(&up, row) : 0;
	char span[PRISM_TIME_TEXT];

	if (row >= up.count)
		return;
	switch (column) {
	case COLUMN_TIME:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s",
		         pt_ui_time(u->tv.app, up.points[i].at_us, span));
		ret->text = ret->scratch;
		ret->number = up.points[i].at_us;
		break;
	case COLUMN_STATE:
		ret->text = up.points[i].online ? "Online" : "Offline";
		ret->slot = up.points[i].online ? PT_SLOT_GOOD : PT_SLOT_BAD;
		ret->glyph = PT_GLYPH_DOT;
		break;
	default:
		ret->number = (i + 1 < up.count ? up.points[i + 1].at_us : up.to_us) - up.points[i].at_us;
		snprintf(ret->scratch, sizeof(ret->scratch), "%s", prism_time_span(ret->number, span));
		ret->text = ret->scratch;
		ret->slot = PT_SLOT_DIM;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* ---- from core ---- */

static void sync(struct uptime *u)
{
	struct core_uptime up = core_uptime(u->core, u->id, u->days);
	struct pt_load load =
	    pt_ui_load(u->tv.app, up.status, "Nothing is recorded for this period", "p takes another");
	int64_t on, known;
	char from[PRISM_TIME_TEXT], to[PRISM_TIME_TEXT];

	prism_free(u->points);
	u->point_count = up.count < POINTS_MAX ? up.count : POINTS_MAX;
	u->points = prism_alloc_array(u->point_count + 1, sizeof(*u->points));
	for (size_t i = 0; i < u->point_count; i++) {
		const struct core_uptime_point *point = &up.points[up.count - u->point_count + i];

		u->points[i] = (struct pt_chart_point){point->at_us, point->online};
	}
	core_uptime_sums(&up, &on, &known);
	snprintf(u->from, sizeof(u->from), "%.10s", prism_time_local(up.from_us, from));
	snprintf(u->to, sizeof(u->to), "%.10s", prism_time_local(up.to_us, to));
	if (known > 0)
		snprintf(u->sentence, sizeof(u->sentence),
		         "%u days: online %.1f %% of the time that is known", u->days,
		         100.0 * (double)on / (double)known);
	else
		snprintf(u->sentence, sizeof(u->sentence), "%u days", u->days);
	pt_tableview_reload(&u->tv, &load);
}

static unsigned next_period(struct uptime *u)
{
	static const unsigned periods[] = {1, 7, 14, 30, 90};
	size_t next = 0;

	for (size_t i = 0; i < PRISM_COUNT(periods); i++)
		if (periods[i] == u->days)
			next = (i + 1) % PRISM_COUNT(periods);
	u->days = periods[next];
	core_uptime_load(u->core, u->id, u->days, false);
	sync(u);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct uptime *u = view->state;

	if (values)
		return PT_IGNORED;
	if (id == PT_ACTION_CVM_PERIOD)
		return next_period(u);
	if (id != PT_ACTION_REFRESH)
		return PT_IGNORED;
	core_uptime_load(u->core, u->id, u->days, true);
	sync(u);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {
    .where = PT_IN_UPTIME, .may = pt_ui_opens_nothing, .act = act};

/* ---- view ---- */

static int chart_rows(int height)
{
	return height < CHART_ROWS ? height : CHART_ROWS;
}

static void prepare(struct pt_view *view, int width, int height)
{
	pt_table_prepare(pt_tableview_table(view), width,
	                 height >= SMALL_ROWS ? height - chart_rows(height) - 1 : 0);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct uptime *u = view->state;
	struct core_uptime up = core_uptime(u->core, u->id, u->days);
	int rows = chart_rows(area.h);
	struct pt_rect plot = {area.x, area.y + 1, area.w, rows - 1};
	struct pt_rect below = {area.x, area.y + rows + 1, area.w, area.h - rows - 1};
	const struct pt_chart_steps chart = {.points = u->points,
	                                     .count = u->point_count,
	                                     .from_us = up.from_us,
	                                     .to_us = up.to_us,
	                                     .low = 0,
	                                     .high = 1,
	                                     .low_label = "Offline",
	                                     .high_label = "Online",
	                                     .from_label = u->from,
	                                     .to_label = u->to,
	                                     .slot = PT_SLOT_GOOD};

	if (!u->point_count) { /* loading, failed or empty: said once, in all of the room */
		pt_table_draw(u->tv.table, canvas, area, focus);
		return;
	}
	pt_canvas_text(canvas, area.x, area.y, area.w, PT_SLOT_STRONG, 0, u->sentence);
	pt_chart_steps(canvas, plot, &chart);
	if (area.h >= SMALL_ROWS)
		pt_table_draw(u->tv.table, canvas, below, focus);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct pt_event moved = *event;

	if (event->kind == PT_EVENT_MOUSE)
		moved.y -= chart_rows(view->height) + 1;
	return pt_table_key(pt_tableview_table(view), &moved);
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct uptime *u = view->state;

	if (event->type != CORE_EVENT_STATISTICS || strcmp(event->id, u->id) != 0)
		return PT_IGNORED;
	sync(u);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct uptime *u = view->state;

	pt_tableview_finish(&u->tv);
	prism_free(u->points);
	prism_free(u->id);
	prism_free(u);
}

static const struct pt_view_ops ops = {
    .name = "up-time",
    .summary = pt_tableview_summary,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .changed = changed,
    .destroy = destroy,
    .table = pt_tableview_table,
    .actor = &actor,
};

struct pt_view *pt_view_uptime(struct pt_app *app, const char *cvm_id)
{
	struct uptime *u = prism_alloc(sizeof(*u));
	struct pt_view *view = pt_view_create(app, &ops, u);

	u->core = pt_ui_core(app);
	u->id = prism_strdup(cvm_id);
	u->days = CORE_UPTIME_DAYS;
	pt_tableview_init(&u->tv, view, columns, PRISM_COUNT(columns), &model);
	core_uptime_load(u->core, u->id, u->days, false);
	sync(u);
	return view;
}
