/*
 * Timeline of a computation: a card per run, newest first, with its phases in the order they came
 * and its events, newest first.  Enter opens and closes a card; the newest is open from the start.
 * Under the head of a running card stands what the agent waits for and the key that gives it; a
 * phase that waits names the people it waits for.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/permission.h"
#include "core/phase.h"
#include "core/role.h"
#include "core/transfer.h"
#include "core/watch.h"
#include "tui/args.h"
#include "tui/keymap.h"
#include "tui/linesview.h"
#include "tui/listview.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct timeline {
	struct pt_linesview lv; /* first: see tui/linesview.h */
	struct core *core;
	char *id;
	struct core_watch *watch; /* while shown */
	char **toggled;           /* run ids whose card is not as it is by default */
	size_t toggled_count;
	char stale[200]; /* lent by summary() */
};

enum target { TARGET_NONE, TARGET_CARD, TARGET_ACTION };

static ptrdiff_t toggled_at(const struct timeline *t, const char *run)
{
	for (size_t i = 0; i < t->toggled_count; i++)
		if (!strcmp(t->toggled[i], run))
			return (ptrdiff_t)i;
	return -1;
}

static bool is_open(const struct timeline *t, const char *run, bool newest)
{
	return (toggled_at(t, run) >= 0) != newest;
}

static void toggle(struct timeline *t, const char *run)
{
	ptrdiff_t at = toggled_at(t, run);

	if (at < 0) {
		t->toggled = prism_realloc_array(t->toggled, t->toggled_count + 1, sizeof(*t->toggled));
		t->toggled[t->toggled_count++] = prism_strdup(run);
		return;
	}
	prism_free(t->toggled[at]);
	t->toggled[at] = t->toggled[--t->toggled_count];
}

/* ---- lines ---- */

static void next_step(struct timeline *t, const struct core_card *card)
{
	static const struct {
		const char *event, *text, *what;
		enum pt_action_id action;
		enum core_perm need;
	} steps[] = {
	    {"ReceivingAlgorithm", "The agent waits for the algorithm", "send it",
	     PT_ACTION_SEND_ALGORITHM, CORE_PERM_ALGO_PROVIDER},
	    {"ReceivingData", "The agent waits for data", "send it", PT_ACTION_SEND_DATA,
	     CORE_PERM_DATASET_PROVIDER},
	    {"ConsumingResults", "Results wait", "fetch them", PT_ACTION_RESULT_FETCH,
	     CORE_PERM_RESULT_CONSUMER},
	};
	struct core_permissions my = core_permissions(t->core, t->id);
	char keys[64];

	for (size_t i = 0; i < PRISM_COUNT(steps); i++) {
		bool mine;

		if (strcmp(steps[i].event, card->latest) != 0)
			continue;
		mine = !my.known || (my.explicit_bits & steps[i].need);
		pt_keymap_keys(pt_ui_keymap(t->lv.view->app), steps[i].action, PT_IN_TIMELINE, 1, keys,
		               sizeof(keys));
		pt_lines_add(t->lv.lines, "next step", mine ? TARGET_ACTION : 0,
		             pt_action(steps[i].action)->name);
		pt_lines_part(t->lv.lines, PT_SLOT_TEXT, "    ");
		pt_lines_glyph(t->lv.lines, PT_GLYPH_ARROW_RIGHT, PT_SLOT_WARN);
		pt_lines_part(t->lv.lines, PT_SLOT_WARN, "%s", steps[i].text);
		if (!mine) /* who it is stands beside the phase */
			continue;
		pt_lines_part(t->lv.lines, PT_SLOT_WARN, ": ");
		pt_lines_part(t->lv.lines, PT_SLOT_HINT_KEY, "%s", keys);
		pt_lines_part(t->lv.lines, PT_SLOT_DIM, " or Enter to %s", steps[i].what);
	}
}

/* Transfers of this computation that are not over, where the eye is. True when there is one. */
static bool moving(struct timeline *t)
{
	struct core_transfer_queue *queue = pt_ui_world(t->lv.view->app)->transfers;
	bool any = false;

	for (size_t i = 0; queue && i < core_transfer_count(queue); i++) {
		const struct core_transfer_info *info = core_transfer_at(queue, i);
		char done[24], total[24], rate[24];

		if (core_transfer_state_final(info->state) || strcmp(info->computation_id, t->id) != 0)
			continue;
		any = true;
		pt_lines_add(t->lv.lines, NULL, 0, NULL);
		pt_lines_part(t->lv.lines, PT_SLOT_BUSY, "    %s %s: %s %s",
		              core_transfer_state_word(info->state), core_transfer_kind_word(info->kind),
		              info->filename ? info->filename : "", prism_text_bytes(info->done, done));
		if (info->total)
			pt_lines_part(t->lv.lines, PT_SLOT_BUSY, " of %s (%d%%)",
			              prism_text_bytes(info->total, total),
			              (int)(info->done * 100 / info->total));
		if (info->rate)
			pt_lines_part(t->lv.lines, PT_SLOT_DIM, ", %s/s", prism_text_bytes(info->rate, rate));
		if (info->note && *info->note)
			pt_lines_part(t->lv.lines, PT_SLOT_DIM, "  %s", info->note);
	}
	return any;
}

static void add_event(struct timeline *t, const struct core_run_event *event)
{
	char title[128], status[64], time[PRISM_TIME_TEXT];
	int column = t->lv.width < 60 ? 24 : 30;

	pt_lines_add(t->lv.lines, event->id, 0, NULL);
	pt_lines_part(t->lv.lines, PT_SLOT_TEXT, "    %s",
	              core_event_title(event->type, title, sizeof(title)));
	pt_lines_pad(t->lv.lines, column);
	if (t->lv.width >= 60) {
		pt_lines_part(t->lv.lines, PT_SLOT_DIM, "%s",
		              pt_ui_time(t->lv.view->app, event->time_us, time));
		pt_lines_pad(t->lv.lines, column + 21);
	}
	pt_lines_part(t->lv.lines, pt_tone_slot(core_status_tone(event->type, event->status)), "%s",
	              core_status_title(event->status, status, sizeof(status)));
	if (*event->details)
		pt_lines_part(t->lv.lines, PT_SLOT_DIM, "  %.400s", event->details);
}

/* ---- phases ---- */

#define PHASE_LABEL 24 /* columns from the left edge to the duration */
#define PHASE_TOOK 10
#define PHASE_BAR 24  /* columns of the whole run */
#define PHASE_WIDE 64 /* columns from which bars are drawn */

/* The part of the run the phase took, at its place in the run. */
static void phase_bar(struct timeline *t, int column, int64_t from, int64_t to, int64_t all)
{
	bool utf8 = pt_app_utf8(t->lv.view->app);
	int start = all > 0 ? (int)(from * PHASE_BAR / all) : 0;
	int end = all > 0 ? (int)((to * PHASE_BAR + all - 1) / all) : 0;

	if (start >= PHASE_BAR)
		start = PHASE_BAR - 1;
	if (end <= start)
		end = start + 1; /* however short, it was there */
	pt_lines_pad(t->lv.lines, column + start);
	for (int i = start; i < end && i < PHASE_BAR; i++)
		pt_lines_part(t->lv.lines, PT_SLOT_BUSY, "%s", pt_glyph_text(PT_GLYPH_BLOCK, utf8));
	pt_lines_pad(t->lv.lines, column + PHASE_BAR + 1);
}

static void add_phase(struct timeline *t, const struct core_phase *phase, int64_t start,
                      int64_t all, int64_t now)
{
	bool open = phase->to_us == PRISM_TIME_UNSET;
	int64_t took = core_phase_took(phase, now);
	char span[PRISM_TIME_TEXT], people[256];

	pt_lines_add(t->lv.lines, NULL, 0, NULL);
	pt_lines_part(t->lv.lines, open ? PT_SLOT_BUSY : PT_SLOT_TEXT, "    %s",
	              core_phase_label(phase->kind));
	pt_lines_pad(t->lv.lines, PHASE_LABEL + 4);
	pt_lines_part(t->lv.lines, PT_SLOT_STRONG, "%s", prism_time_span(took, span));
	if (t->lv.width >= PHASE_WIDE)
		phase_bar(t, PHASE_LABEL + 4 + PHASE_TOOK, phase->from_us - start,
		          phase->from_us - start + took, all);
	if (!*core_phase_people(t->core, t->id, phase->kind, people, sizeof(people)))
		return;
	if (t->lv.width < PHASE_WIDE + 36) {
		pt_lines_add(t->lv.lines, NULL, 0, NULL);
		pt_lines_pad(t->lv.lines, 6);
	}
	pt_lines_part(t->lv.lines, open ? PT_SLOT_WARN : PT_SLOT_DIM, "%s %s",
	              open ? "waits for" : "for", people);
}

static void add_phases(struct timeline *t, const struct core_card *card)
{
	struct core_phase phases[CORE_PHASES_MAX];
	size_t count = core_phases(card, phases);
	int64_t now = prism_clock_wall_us(core_clock(t->core)), end;

	if (!count)
		return;
	end = phases[count - 1].to_us == PRISM_TIME_UNSET ? now : phases[count - 1].to_us;
	for (size_t i = 0; i < count; i++)
		add_phase(t, &phases[i], phases[0].from_us, end - phases[0].from_us, now);
	pt_lines_add(t->lv.lines, NULL, 0, NULL);
}

static void add_card(struct timeline *t, const struct core_card *card, bool newest)
{
	const struct core_comp_state_info *state = core_comp_state_info(card->state);
	const char *address = core_run_agent_url(t->core, t->id, card->run.id);
	bool open = is_open(t, card->run.id, newest);
	int64_t took = core_run_took(&card->run, card->state, prism_clock_wall_us(core_clock(t->core)));
	char time[PRISM_TIME_TEXT], key[160];

	snprintf(key, sizeof(key), "card %s", card->run.id);
	pt_lines_add(t->lv.lines, key, TARGET_CARD, card->run.id);
	pt_lines_glyph(t->lv.lines, open ? PT_GLYPH_OPEN : PT_GLYPH_POINTER, PT_SLOT_TITLE);
	pt_lines_part(t->lv.lines, PT_SLOT_STRONG, "#%d ", card->number);
	pt_lines_glyph(t->lv.lines, pt_tone_glyph(state->tone), pt_tone_slot(state->tone));
	pt_lines_part(t->lv.lines, pt_tone_slot(state->tone), "%s", state->label);
	pt_lines_part(t->lv.lines, PT_SLOT_DIM, "  %s",
	              pt_ui_time(t->lv.view->app,
	                         card->run.start_us != PRISM_TIME_UNSET ? card->run.start_us
	                                                                : card->run.created_us,
	                         time));
	if (took >= 0)
		pt_lines_part(t->lv.lines, PT_SLOT_TEXT, "  %s %s",
		              card->state == CORE_COMP_RUNNING ? "for" : "took",
		              prism_time_span(took, time));
	if (*address)
		pt_lines_part(t->lv.lines, PT_SLOT_LINK, "  Address: %s", address);
	if (*card->run.cvm_name)
		pt_lines_part(t->lv.lines, PT_SLOT_DIM, "  CVM: %s", card->run.cvm_name);
	if (newest && !moving(t))
		next_step(t, card);
	if (open)
		add_phases(t, card);
	for (size_t i = 0; open && i < card->event_count; i++)
		add_event(t, &card->events[i]);
}

static void build(struct pt_view *view)
{
	struct timeline *t = view->state;
	struct core_timeline timeline = core_timeline(t->core, t->id);

	pt_lines_begin(t->lv.lines);
	for (size_t i = 0; i < timeline.count; i++)
		add_card(t, &timeline.cards[i], i == 0);
	pt_lines_end(t->lv.lines);
}

/* ---- actions ---- */

/* The run of the card the cursor is in; NULL: above the first. */
static const char *run_here(struct timeline *t)
{
	struct core_timeline timeline = core_timeline(t->core, t->id);
	const char *key = pt_lines_key(t->lv.lines);

	for (size_t i = 0; key && i < timeline.count; i++) {
		const struct core_card *card = &timeline.cards[i];

		if (strncmp(key, "card ", 5) == 0 && strcmp(key + 5, card->run.id) == 0)
			return card->run.id;
		for (size_t e = 0; e < card->event_count; e++)
			if (strcmp(key, card->events[e].id) == 0)
				return card->run.id;
	}
	return timeline.count ? timeline.cards[0].run.id : NULL;
}

/* The run under the cursor with the one before it. */
static unsigned compare(struct timeline *t)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_RUN_COMPARE));

	pt_values_add(values, "computation", t->id);
	pt_values_add(values, "second", run_here(t));
	pt_ui_run(t->lv.view->app, values, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct timeline *t = view->state;
	const char *arg;

	if (id == PT_ACTION_REFRESH) {
		core_timeline_load(t->core, t->id, true);
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_RUN_COMPARE && !values)
		return compare(t);
	if (id != PT_ACTION_OPEN || values)
		return PT_IGNORED;
	switch (pt_lines_target(t->lv.lines, &arg)) {
	case TARGET_CARD:
		toggle(t, arg);
		build(t->lv.view);
		return PT_HANDLED | PT_REDRAW;
	case TARGET_ACTION:
		return pt_ui_act(view->app, NULL, pt_action_id(pt_action_by_name(arg)), NULL);
	default:
		return PT_HANDLED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_TIMELINE, .act = act};

/* ---- view ---- */

static const char *summary(struct pt_view *view)
{
	struct timeline *t = view->state;

	return pt_ui_stale(view->app, core_timeline(t->core, t->id).status, t->stale, sizeof(t->stale));
}

static struct pt_load load(const struct pt_view *view)
{
	const struct timeline *t = view->state;

	return pt_ui_load(view->app, core_timeline(t->core, t->id).status,
	                  "No computation events found", "press R to run it");
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct timeline *t = view->state;

	if (event->type != CORE_EVENT_TRANSFERS && event->type != CORE_EVENT_CVMS &&
	    event->type != CORE_EVENT_TIMELINE && event->type != CORE_EVENT_COMPUTATION &&
	    event->type != CORE_EVENT_ROLES && event->type != CORE_EVENT_USERS)
		return PT_IGNORED;
	build(t->lv.view);
	return PT_REDRAW;
}

/* Polled only while it is seen. */
static void shown(struct pt_view *view, bool visible)
{
	struct timeline *t = view->state;

	if (visible && !t->watch)
		t->watch = core_watch(t->core, CORE_WATCH_TIMELINE, t->id);
	if (!visible) {
		core_unwatch(t->watch);
		t->watch = NULL;
	}
}

static void destroy(struct pt_view *view)
{
	struct timeline *t = view->state;

	core_unwatch(t->watch);
	pt_linesview_finish(&t->lv);
	for (size_t i = 0; i < t->toggled_count; i++)
		prism_free(t->toggled[i]);
	prism_free(t->toggled);
	prism_free(t->id);
	prism_free(t);
}

static const struct pt_view_ops ops = {
    .name = "timeline",
    PT_LINESVIEW_OPS,
    .summary = summary,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_timeline(struct pt_app *app, const char *id)
{
	struct timeline *t = prism_alloc(sizeof(*t));
	struct pt_view *view = pt_view_create(app, &ops, t);

	t->core = pt_ui_core(app);
	t->id = prism_strdup(id);
	pt_linesview_init(&t->lv, view, build, load);
	core_timeline_load(t->core, id, false);
	core_roles_load(t->core, id, false); /* whom a phase waits for */
	return view;
}
