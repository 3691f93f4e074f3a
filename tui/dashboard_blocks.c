/*
 * The blocks of the dashboard: what each shows, and where Enter leads.
 */
#include "core/asset.h"
#include "core/computation.h"
#include "core/invitation.h"
#include "core/list.h"
#include "tui/chart.h"
#include "tui/view_dashboard.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define CHART_LINES 9 /* bars, axis and labels; the web console's are about that high */

/* ---- states of computations, wherever they are counted ---- */

/* In the order of the bars, the good ones at the bottom. Words nobody knows, and what never ran,
 * are only told apart where there are any. */
static const struct {
	enum core_comp_state state;
	char letter;
	bool rare;
} states[] = {
    {CORE_COMP_COMPLETED, 'C', false},  {CORE_COMP_RUNNING, 'R', false},
    {CORE_COMP_FAILED, 'F', false},     {CORE_COMP_CANCELLED, 'X', false},
    {CORE_COMP_NOT_STARTED, 'N', true}, {CORE_COMP_UNKNOWN, '?', true},
};
#define STATES PRISM_COUNT(states)

struct kinds {
	struct pt_chart_kind kinds[STATES];
	enum core_comp_state states[STATES];
	uint64_t totals[STATES];
	size_t count;
};

/* totals: by state */
static void kinds_of(struct kinds *k, const uint64_t totals[CORE_COMP_STATE_COUNT])
{
	k->count = 0;
	for (size_t i = 0; i < STATES; i++) {
		const struct core_comp_state_info *info = core_comp_state_info(states[i].state);

		if (states[i].rare && !totals[states[i].state])
			continue;
		k->kinds[k->count] =
		    (struct pt_chart_kind){info->label, pt_tone_slot(info->tone), states[i].letter};
		k->totals[k->count] = totals[states[i].state];
		k->states[k->count++] = states[i].state;
	}
}

/* ---- helpers ---- */

static enum pt_slot slot_at(int item, int line)
{
	return item == line ? PT_SLOT_SELECTED : PT_SLOT_TEXT;
}

static void go(struct pt_dashboard *d, enum pt_action_id id)
{
	pt_ui_act(d->app, d->view, id, NULL);
}

static int one(const struct pt_dashboard *d)
{
	PRISM_UNUSED(d);
	return 1;
}

static const struct core_status *list_status(struct core_list *list)
{
	return core_list_status(list);
}

/* ---- the workspace in numbers ---- */

static const struct core_status *workspace_status(const struct pt_dashboard *d)
{
	return list_status(core_computations(d->core));
}

/* Of the legend of states: two or three words a line where it is narrow. */
static int legend_lines(int width)
{
	return width < 44 ? 3 : width < 76 ? 2 : 1;
}

static int workspace_height(const struct pt_dashboard *d, int width)
{
	PRISM_UNUSED(d);
	return 4 + legend_lines(width);
}

static int workspace_items(const struct pt_dashboard *d)
{
	PRISM_UNUSED(d);
	return 2;
}

/* "12", "12 of 340" while pages arrive, "..." before the first. */
static void number(char *buf, size_t size, const struct core_status *status, size_t count)
{
	if (status->freshness == CORE_FAILED)
		snprintf(buf, size, "?");
	else if (status->freshness == CORE_EMPTY || status->freshness == CORE_LOADING)
		snprintf(buf, size, "...");
	else if (status->loading && status->total > count)
		snprintf(buf, size, "%zu of %zu", count, status->total);
	else
		snprintf(buf, size, "%zu", count);
}

static void counter(struct pt_canvas *canvas, struct pt_rect body, int line, const char *label,
                    struct core_list *list, bool chosen)
{
	char text[48];

	number(text, sizeof(text), core_list_status(list), core_list_count(list));
	pt_canvas_text(canvas, body.x, body.y + line, 14, chosen ? PT_SLOT_SELECTED : PT_SLOT_LABEL, 0,
	               label);
	pt_canvas_text(canvas, body.x + 15, body.y + line, body.w - 15, PT_SLOT_STRONG, 0, text);
}

static void workspace_draw(const struct pt_dashboard *d, struct pt_canvas *canvas,
                           struct pt_rect body, int item)
{
	const struct core_counts *counts = core_counts(d->core);
	uint64_t totals[CORE_COMP_STATE_COUNT];
	int legends = legend_lines(body.w);
	struct kinds k;

	for (int i = 0; i < CORE_COMP_STATE_COUNT; i++)
		totals[i] = counts->by_state[i];
	kinds_of(&k, totals);
	counter(canvas, body, 0, "Computations", core_computations(d->core), item == 0);
	pt_chart_share(canvas, body.x, body.y + 1, body.w, k.kinds, k.totals, k.count);
	pt_chart_legend_lines(canvas, (struct pt_rect){body.x, body.y + 2, body.w, legends}, k.kinds,
	                      k.totals, k.count);
	counter(canvas, body, 2 + legends, "Assets", core_assets(d->core), item == 1);
	pt_canvas_text(canvas, body.x, body.y + 3 + legends, 14, PT_SLOT_LABEL, 0, "Members");
	pt_canvas_printf(canvas, body.x + 15, body.y + 3 + legends, body.w - 15,
	                 counts->members_known ? PT_SLOT_STRONG : PT_SLOT_DIM, 0,
	                 counts->members_known ? "%zu"
	                 : counts->members     ? "%zu at least"
	                                       : "?",
	                 counts->members);
}

static void workspace_open(struct pt_dashboard *d, int item)
{
	go(d, item ? PT_ACTION_GO_ASSETS : PT_ACTION_GO_COMPUTATIONS);
}

/* ---- what needs me ---- */

static const struct core_status *needs_status(const struct pt_dashboard *d)
{
	return core_needs(d->core).status;
}

#define NEEDS_SHOWN 12 /* lines; what follows is counted */

static int needs_height(const struct pt_dashboard *d, int width)
{
	struct core_needs needs = core_needs(d->core);
	int lines = needs.count > NEEDS_SHOWN ? NEEDS_SHOWN + 1 : (int)needs.count;

	PRISM_UNUSED(width);
	return (lines ? lines : 1) + (needs.left_out ? 1 : 0);
}

static int needs_items(const struct pt_dashboard *d)
{
	size_t count = core_needs(d->core).count;

	return count > NEEDS_SHOWN ? NEEDS_SHOWN : count ? (int)count : 1;
}

static void need_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect line,
                      const struct core_need *need, enum pt_slot slot)
{
	int64_t now = prism_clock_wall_us(core_clock(d->core));
	char span[PRISM_TIME_TEXT] = "";
	bool narrow = line.w < PT_DASHBOARD_NARROW;
	int x = line.x + 2, end = line.x + line.w;

	if (need->since_us != PRISM_TIME_UNSET && now > need->since_us)
		prism_time_span(now - need->since_us, span);
	pt_canvas_glyph(canvas, line.x, line.y, PT_GLYPH_ARROW_RIGHT, PT_SLOT_WARN, 0);
	x += pt_canvas_printf(canvas, x, line.y, end - x, slot, 0,
	                      "%s:", narrow ? core_need_word(need->kind) : core_need_label(need->kind));
	end -= *span ? pt_canvas_text_right(canvas, end - 10, line.y, 10, PT_SLOT_DIM, 0, span) + 1 : 0;
	pt_canvas_text(canvas, x + 1, line.y, end - x - 1, PT_SLOT_TEXT, 0, need->name);
}

static void needs_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
                       int item)
{
	struct core_needs needs = core_needs(d->core);
	int y = body.y;

	for (size_t i = 0; i < needs.count && i < NEEDS_SHOWN; i++, y++)
		need_draw(d, canvas, (struct pt_rect){body.x, y, body.w, 1}, &needs.items[i],
		          slot_at(item, (int)i));
	if (needs.count > NEEDS_SHOWN)
		pt_canvas_printf(canvas, body.x + 2, y++, body.w - 2, PT_SLOT_DIM, 0, "and %zu more",
		                 needs.count - NEEDS_SHOWN);
	if (!needs.count)
		pt_canvas_text(canvas, body.x, y++, body.w, item == 0 ? PT_SLOT_SELECTED : PT_SLOT_DIM, 0,
		               "Nothing waits for you");
	if (needs.left_out)
		pt_canvas_printf(canvas, body.x, y, body.w, PT_SLOT_DIM, 0,
		                 "%zu older ones were not looked at", needs.left_out);
}

static void needs_open(struct pt_dashboard *d, int item)
{
	struct core_needs needs = core_needs(d->core);
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *id = NULL;
	enum core_need_kind kind;

	if ((size_t)item >= needs.count)
		return;
	id = prism_strdup(needs.items[item].computation_id);
	kind = needs.items[item].kind;
	if (pt_app_open_tab_named(d->app, "computations", &err) < 0)
		pt_app_report(d->app, &err);
	else
		pt_computation_open(d->app, id, kind == CORE_NEED_KEY ? PT_TAB_OVERVIEW : PT_TAB_TIMELINE);
}

/* ---- runs per day ---- */

static const struct core_status *days_status(const struct pt_dashboard *d)
{
	return core_days(d->core).status;
}

static int days_height(const struct pt_dashboard *d, int width)
{
	PRISM_UNUSED(d);
	return 1 + CHART_LINES + legend_lines(width);
}

static void days_draw(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
                      int item)
{
	struct core_days days = core_days(d->core);
	uint64_t values[CORE_DAYS_MAX * STATES];
	const char *labels[CORE_DAYS_MAX];
	struct kinds k;
	struct pt_chart_bars bars = {.values = values, .bar_count = days.count, .labels = labels};
	int legends = legend_lines(body.w);
	bool wide = days.count && body.w / (int)days.count >= 8;

	kinds_of(&k, days.total);
	bars.kinds = k.kinds;
	bars.kind_count = k.count;
	for (size_t i = 0; i < days.count; i++) {
		labels[i] = days.days[i].day + (wide ? 5 : 8); /* month and day, or the day alone */
		for (size_t j = 0; j < k.count; j++)
			values[i * k.count + j] = days.days[i].count[k.states[j]];
	}
	pt_canvas_printf(canvas, body.x, body.y, body.w, item == 0 ? PT_SLOT_SELECTED : PT_SLOT_DIM, 0,
	                 "Last %zu days", days.count);
	pt_chart_bars(canvas, (struct pt_rect){body.x, body.y + 1, body.w, CHART_LINES}, &bars);
	pt_chart_legend_lines(canvas,
	                      (struct pt_rect){body.x, body.y + 1 + CHART_LINES, body.w, legends},
	                      k.kinds, k.totals, k.count);
}

static void days_open(struct pt_dashboard *d, int item)
{
	PRISM_UNUSED(item);
	go(d, PT_ACTION_GO_RUNS);
}

/* ---- invitations ---- */

static const struct core_status *invitations_status(const struct pt_dashboard *d)
{
	return core_list_status(core_invitations(d->core));
}

static int invitations_height(const struct pt_dashboard *d, int width)
{
	PRISM_UNUSED(width);
	return core_my_invitations_pending(d->core) ? 3 : 2;
}

static void invitations_draw(const struct pt_dashboard *d, struct pt_canvas *canvas,
                             struct pt_rect body, int item)
{
	static const struct {
		enum core_invite_state state;
		char letter;
	} order[] = {
	    {CORE_INVITE_ACCEPTED, 'A'}, {CORE_INVITE_REJECTED, 'R'}, {CORE_INVITE_PENDING, 'P'}};
	const struct core_counts *counts = core_counts(d->core);
	struct pt_chart_kind kinds[PRISM_COUNT(order)];
	uint64_t values[PRISM_COUNT(order)];
	size_t mine = core_my_invitations_pending(d->core);

	for (size_t i = 0; i < PRISM_COUNT(order); i++) {
		const struct core_invite_state_info *info = core_invite_state_info(order[i].state);

		kinds[i] = (struct pt_chart_kind){info->label, pt_tone_slot(info->tone), order[i].letter};
		values[i] = counts->by_invite[order[i].state];
	}
	pt_chart_share(canvas, body.x, body.y, body.w, kinds, values, PRISM_COUNT(order));
	pt_chart_legend(canvas, body.x, body.y + 1, body.w, kinds, values, PRISM_COUNT(order));
	if (item == 0)
		pt_canvas_add_looks(canvas, (struct pt_rect){body.x, body.y + 1, body.w, 1}, PT_LOOK_BOLD);
	if (mine)
		pt_canvas_printf(canvas, body.x, body.y + 2, body.w, PT_SLOT_WARN, 0,
		                 "%zu invitation%s for you wait%s for an answer", mine,
		                 mine == 1 ? "" : "s", mine == 1 ? "s" : "");
}

static void invitations_open(struct pt_dashboard *d, int item)
{
	PRISM_UNUSED(item);
	go(d, PT_ACTION_GO_WORKSPACES);
}

/* ---- all of them ---- */

static const struct pt_block workspace = {"Workspace",     workspace_status, workspace_height,
                                          workspace_items, workspace_draw,   workspace_open};
static const struct pt_block needs = {"Needs you", needs_status, needs_height,
                                      needs_items, needs_draw,   needs_open};
static const struct pt_block days = {"Runs per day", days_status, days_height, one,
                                     days_draw,      days_open};
static const struct pt_block invitations = {"Invitations", invitations_status, invitations_height,
                                            one,           invitations_draw,   invitations_open};

static const struct pt_block *const blocks[] = {
    &workspace, &needs, &pt_block_cvms, &days, &pt_block_certs, &pt_block_uptime, &invitations,
};

const struct pt_block *const *pt_dashboard_blocks(size_t *ret_count)
{
	*ret_count = PRISM_COUNT(blocks);
	return blocks;
}
