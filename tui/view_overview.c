/*
 * First tab of a computation: its fields, who provides and consumes, what is still missing before
 * it can run, and what can be done with it.  Enter on a missing item goes to what resolves it; on
 * an action it does it; actions that are not possible say why.
 */
#include "base/mem.h"
#include "core/asset.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/key.h"
#include "core/role.h"
#include "core/run.h"
#include "core/session.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/keymap.h"
#include "tui/linesview.h"
#include "tui/listview.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct overview {
	struct pt_linesview lv; /* first: see tui/linesview.h */
	struct core *core;
	char *id;
	bool pointed;        /* the cursor was put on the first open item */
	char first_open[32]; /* key of that item; "" when none is open */
	char stale[200];     /* lent by summary() */
};

enum target { TARGET_NONE, TARGET_ACTION, TARGET_FIX };

#define LABEL_WIDTH 20
#define LABEL_NARROW 14

static int label_width(int width)
{
	return width < 60 ? LABEL_NARROW : LABEL_WIDTH;
}

/* ---- lines ---- */

static void heading(struct pt_lines *lines, const char *text)
{
	pt_lines_add(lines, NULL, 0, NULL);
	pt_lines_add(lines, text, 0, NULL);
	pt_lines_part(lines, PT_SLOT_TITLE, "%s", text);
}

/* What stands where nothing is listed: nothing there, not here yet, or not to be had. */
static const char *none(const struct core_status *status, const char *nothing)
{
	if (status->freshness == CORE_FAILED)
		return "not known";
	return status->freshness == CORE_EMPTY || status->freshness == CORE_LOADING ? "..." : nothing;
}

static void people(struct overview *o, const char *label, const struct core_participant *list,
                   size_t count)
{
	int lw = label_width(o->lv.width);

	if (!count)
		pt_lines_field(o->lv.lines, label, lw, o->lv.width, PT_SLOT_DIM,
		               none(core_roles(o->core, o->id).status, "nobody yet"));
	for (size_t i = 0; i < count; i++) {
		bool mine = !strcmp(list[i].user_id, core_session_user_id(o->core));

		pt_lines_add(o->lv.lines, i ? NULL : label, list[i].key_missing && mine ? TARGET_ACTION : 0,
		             "key register");
		if (i == 0)
			pt_lines_part(o->lv.lines, PT_SLOT_LABEL, "%s", label);
		pt_lines_pad(o->lv.lines, lw);
		pt_lines_part(o->lv.lines, PT_SLOT_TEXT, "%s", list[i].name);
		if (list[i].key_missing) {
			pt_lines_part(o->lv.lines, PT_SLOT_TEXT, " ");
			pt_lines_part(o->lv.lines, PT_SLOT_BADGE, " provide %s's public key ", list[i].name);
		}
	}
}

static void add_state(struct overview *o, const struct core_computation *c)
{
	enum core_comp_state state = core_computation_state(o->core, o->id);
	const struct core_card *card = core_card_find(o->core, o->id, NULL);
	char title[128];

	pt_lines_add(o->lv.lines, "State", 0, NULL);
	pt_lines_part(o->lv.lines, PT_SLOT_LABEL, "State");
	pt_lines_pad(o->lv.lines, label_width(o->lv.width));
	pt_lines_glyph(o->lv.lines, pt_tone_glyph(core_comp_state_info(state)->tone),
	               pt_tone_slot(core_comp_state_info(state)->tone));
	pt_lines_part(o->lv.lines, pt_tone_slot(core_comp_state_info(state)->tone), "%s",
	              core_computation_state_label(o->core, c->id));
	if (card && *card->latest)
		pt_lines_part(o->lv.lines, PT_SLOT_DIM, "  run #%d: %s%s", card->number,
		              core_event_title(card->latest, title, sizeof(title)),
		              card->results_waiting ? ", results wait to be fetched" : "");
}

static void add_fields(struct overview *o, const struct core_computation *c)
{
	struct core_participants who = core_participants(o->core, o->id);
	struct core_list *assets = core_computation_assets(o->core, o->id);
	int lw = label_width(o->lv.width), w = o->lv.width;
	char time[PRISM_TIME_TEXT];

	pt_lines_field(o->lv.lines, "Name", lw, w, PT_SLOT_STRONG, c->name);
	add_state(o, c);
	pt_lines_field(o->lv.lines, "Description", lw, w, PT_SLOT_TEXT, c->description);
	pt_lines_field(o->lv.lines, "ID", lw, w, PT_SLOT_LINK, c->id);
	pt_lines_field(o->lv.lines, "Created At", lw, w, PT_SLOT_TEXT,
	               pt_ui_time(o->lv.view->app, c->created_us, time));
	pt_lines_field(o->lv.lines, "Owner", lw, w, PT_SLOT_TEXT, core_user_name(o->core, c->owner));
	if (c->agent->present && c->agent->log_level && *c->agent->log_level)
		pt_lines_field(o->lv.lines, "Agent log level", lw, w, PT_SLOT_TEXT, c->agent->log_level);
	people(o, w < 60 ? "Datasets by" : "Dataset Providers", who.dataset_providers,
	       who.dataset_count);
	people(o, w < 60 ? "Algorithm by" : "Algorithm Provider", who.algo_providers, who.algo_count);
	people(o, w < 60 ? "Results to" : "Result Consumers", who.result_consumers, who.consumer_count);
	for (size_t i = 0; i < core_list_count(assets); i++) {
		const struct core_asset *asset = core_asset_at(assets, i);

		pt_lines_add(o->lv.lines, i ? NULL : "Linked Assets", 0, NULL);
		if (i == 0)
			pt_lines_part(o->lv.lines, PT_SLOT_LABEL, "Linked Assets");
		pt_lines_pad(o->lv.lines, lw);
		pt_lines_part(o->lv.lines, PT_SLOT_BADGE, " %s's %s: %s ",
		              core_user_name(o->core, asset->owner), core_asset_type_label(asset->type),
		              *asset->file_name ? asset->file_name : asset->description);
	}
	if (!core_list_count(assets))
		pt_lines_field(o->lv.lines, "Linked Assets", lw, w, PT_SLOT_DIM,
		               none(core_list_status(assets), "none yet"));
}

struct listing { /* one item being wrapped */
	struct overview *o;
	const struct core_requirement *item;
	char key[32];
	int number; /* 0: none */
};

struct summing {
	struct pt_lines *lines;
	enum pt_slot slot;
};

static void item_line(void *data, int line, const char *text, size_t len)
{
	struct listing *c = data;
	const struct core_requirement *item = c->item;
	bool fixable = !item->done && *item->fix;

	pt_lines_add(c->o->lv.lines, line ? NULL : c->key, fixable ? TARGET_FIX : 0, c->key);
	if (line == 0)
		pt_lines_glyph(c->o->lv.lines, item->done ? PT_GLYPH_CHECK : PT_GLYPH_FAIL,
		               item->done        ? PT_SLOT_GOOD
		               : item->mandatory ? PT_SLOT_BAD
		                                 : PT_SLOT_DIM);
	if (line == 0 && c->number)
		pt_lines_part(c->o->lv.lines, PT_SLOT_TEXT, "%d.", c->number);
	pt_lines_pad(c->o->lv.lines, 5);
	pt_lines_part(c->o->lv.lines, item->done ? PT_SLOT_DIM : PT_SLOT_TEXT, "%.*s", (int)len, text);
}

/* What to do about an item is only of interest while it is open. */
static void add_requirement(struct overview *o, const struct core_requirement *item, size_t index,
                            int *number)
{
	struct listing c = {.o = o, .item = item};
	const char *detail = strstr(item->text, " (");
	PRISM_AUTO_FREE char *text = NULL;
	bool open = !item->done && item->mandatory;

	text = item->done
	           ? prism_asprintf("%.*s: done",
	                            detail ? (int)(detail - item->text) : (int)strlen(item->text),
	                            item->text)
	           : prism_asprintf("%s%s", item->text, *item->fix ? "  Enter resolves it" : "");
	c.number = open ? (*number)++ : 0;
	snprintf(c.key, sizeof(c.key), "check %d %zu", (int)item->kind, index);
	pt_text_wrap(text, strlen(text), o->lv.width > 20 ? o->lv.width - 5 : 15, item_line, &c);
	if (open && !*o->first_open)
		snprintf(o->first_open, sizeof(o->first_open), "%s", c.key);
}

static void sum_line(void *data, int line, const char *text, size_t len)
{
	struct summing *s = data;

	PRISM_UNUSED(line);
	pt_lines_add(s->lines, NULL, 0, NULL);
	pt_lines_part(s->lines, s->slot, "%.*s", (int)len, text);
}

/* What the items come to.  "It can run" is said when everything was looked at, not before. */
static void add_sum(struct overview *o, const struct core_checklist *list, bool wants_cvm)
{
	struct summing s = {o->lv.lines, PT_SLOT_WARN};
	char text[PRISM_ERROR_TEXT + 64];

	if (list->open) {
		snprintf(text, sizeof(text), "Run is disabled until %zu requirement%s met.", list->open,
		         list->open == 1 ? " is" : "s are");
	} else if (!list->known && list->status->freshness == CORE_FAILED) {
		snprintf(text, sizeof(text), "Not known whether something is missing: %s. %s asks again.",
		         list->status->error.message, pt_ui_retry_key(o->lv.view->app));
	} else if (!list->known) {
		s.slot = PT_SLOT_DIM;
		snprintf(text, sizeof(text), "Asking what is missing ...");
	} else {
		s.slot = PT_SLOT_GOOD;
		snprintf(text, sizeof(text), "%s",
		         wants_cvm             ? "Nothing else is missing: it can run once a CVM is ready."
		         : list->authoritative ? "Nothing is missing: it can run."
		                               : "Nothing is missing as far as roles and assets tell.");
	}
	pt_text_wrap(text, strlen(text), o->lv.width > 10 ? o->lv.width : 10, sum_line, &s);
}

static void add_checklist(struct overview *o)
{
	struct core_checklist list = core_checklist(o->core, o->id);
	bool wants_cvm = false;
	int number = 1;

	heading(o->lv.lines, "Before a run");
	for (size_t i = 0; i < list.count; i++) {
		const struct core_requirement *item = &list.items[i];

		add_requirement(o, item, i, &number);
		wants_cvm = wants_cvm || (item->kind == CORE_REQUIREMENT_CVM && !item->done);
	}
	add_sum(o, &list, wants_cvm);
}

static void add_actions(struct overview *o)
{
	static const enum pt_action_id actions[] = {
	    PT_ACTION_COMPUTATION_RUN,    PT_ACTION_COMPUTATION_STOP,   PT_ACTION_SEND_ALGORITHM,
	    PT_ACTION_SEND_DATA,          PT_ACTION_RESULT_FETCH,       PT_ACTION_KEY_REGISTER,
	    PT_ACTION_AGENT_ENV,          PT_ACTION_COMPUTATION_DOCTOR, PT_ACTION_COMPUTATION_UPDATE,
	    PT_ACTION_COMPUTATION_DELETE,
	};

	heading(o->lv.lines, "Actions");
	for (size_t i = 0; i < PRISM_COUNT(actions); i++) {
		const struct pt_action *action = pt_action(actions[i]);
		char reason[200] = "", keys[64];
		bool may = pt_ui_may(o->lv.view->app, NULL, actions[i], reason, sizeof(reason)) &&
		           pt_computation_may(o->core, o->id, actions[i], reason, sizeof(reason));

		pt_lines_add(o->lv.lines, action->name, TARGET_ACTION, action->name);
		pt_keymap_keys(pt_ui_keymap(o->lv.view->app), actions[i], PT_IN_OVERVIEW | PT_IN_TABS, 1,
		               keys, sizeof(keys));
		pt_lines_part(o->lv.lines, may ? PT_SLOT_HINT_KEY : PT_SLOT_OFF, "%s", keys);
		pt_lines_pad(o->lv.lines, 3);
		pt_lines_part(o->lv.lines, may ? PT_SLOT_TEXT : PT_SLOT_OFF, "%s",
		              pt_computation_word(o->core, o->id, actions[i]) ? "retry: run it again"
		                                                              : action->help);
		if (!may)
			pt_lines_part(o->lv.lines, PT_SLOT_OFF, "  (%s)", reason);
	}
}

/* The first visit begins where something has to be done, and goes on to the next when it is. */
static void point(struct overview *o)
{
	const char *key = pt_lines_key(o->lv.lines);
	const char *arg;

	if (!*o->first_open)
		return;
	if (!o->pointed ||
	    (key && !strncmp(key, "check ", 6) && pt_lines_target(o->lv.lines, &arg) == TARGET_NONE))
		pt_lines_select(o->lv.lines, o->first_open);
	o->pointed = true;
}

static void build(struct pt_view *view)
{
	struct overview *o = view->state;
	const struct core_computation *c = core_computation_get(o->core, o->id);

	o->first_open[0] = '\0';
	pt_lines_begin(o->lv.lines);
	if (c) {
		add_fields(o, c);
		add_checklist(o);
		add_actions(o);
	}
	pt_lines_end(o->lv.lines);
	point(o);
}

/* ---- resolving what is missing ---- */

static void granted(void *data, const char *id, const struct prism_error *err)
{
	struct pt_app *app = data;

	PRISM_UNUSED(id);
	if (err)
		pt_app_report(app, err);
}

struct granting { /* outlives the view: a dialog asks first */
	struct pt_app *app;
	char *id, *action;
};

/* "Give yourself": adds the action to the owner's role, which the creator is in. */
static void grant(const struct granting *g)
{
	struct core *core = pt_ui_core(g->app);
	struct core_roles roles = core_roles(core, g->id);
	const struct core_role *owner = core_role_find(core, g->id, "owner");
	struct pt_values *values;

	if (!owner && roles.count)
		owner = &roles.roles[0];
	if (!owner) {
		pt_app_message(g->app, PT_SLOT_WARN, "roles are not loaded yet: try again");
		return;
	}
	values = pt_values_create(pt_action(PT_ACTION_ROLE_ACTION_ADD));
	pt_values_add(values, "computation", g->id);
	pt_values_add(values, "role", owner->id);
	pt_values_add(values, "action", g->action);
	pt_ui_run(g->app, values, true, granted, g->app);
}

static void grant_answer(void *data, bool yes)
{
	struct granting *g = data;

	if (yes)
		grant(g);
	prism_free(g->id);
	prism_free(g->action);
	prism_free(g);
}

static void ask_grant(struct overview *o, const char *action)
{
	struct granting *g = prism_alloc(sizeof(*g));
	char text[256];
	struct pt_confirm confirm = {
	    .title = "Give yourself an action",
	    .text = text,
	    .yes = "Give",
	};

	*g = (struct granting){o->lv.view->app, prism_strdup(o->id), prism_strdup(action)};
	snprintf(text, sizeof(text),
	         "Adds the action %s to the role owner of this computation. To give it to somebody "
	         "else, use the tab Roles.",
	         action);
	pt_dialog_confirm(o->lv.view->app, &confirm, grant_answer, g);
}

static void open_asset_form(struct overview *o, const char *type)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_ASSET_CREATE));

	pt_values_add(values, "type", type);
	pt_values_add(values, "link", o->id);
	pt_app_overlay(o->lv.view->app, pt_view_form(o->lv.view->app, values));
}

static void fix(struct overview *o, const char *key)
{
	struct core_checklist list = core_checklist(o->core, o->id);
	int kind = -1;
	size_t index;

	if (sscanf(key, "check %d %zu", &kind, &index) != 2 || kind < 0 ||
	    kind >= CORE_REQUIREMENT_COUNT)
		return;
	switch ((enum core_requirement_kind)kind) {
	case CORE_REQUIREMENT_RESULT_CONSUMER:
		ask_grant(o, "result_consumer");
		break;
	case CORE_REQUIREMENT_ALGO_PROVIDER:
		ask_grant(o, "algo_provider");
		break;
	case CORE_REQUIREMENT_DATASET_PROVIDER:
		ask_grant(o, "dataset_provider");
		break;
	case CORE_REQUIREMENT_ALGO_ASSET:
		open_asset_form(o, "algorithm");
		break;
	case CORE_REQUIREMENT_DATASET_ASSET:
		open_asset_form(o, "dataset");
		break;
	case CORE_REQUIREMENT_KEY:
		if (index < list.count && *list.items[index].subject &&
		    strcmp(list.items[index].subject, core_session_user_id(o->core)) != 0)
			pt_app_message(o->lv.view->app, PT_SLOT_INFO, "only %s can register that key",
			               core_user_name(o->core, list.items[index].subject));
		else
			pt_ui_act(o->lv.view->app, NULL, PT_ACTION_KEY_REGISTER, NULL);
		break;
	case CORE_REQUIREMENT_CVM:
		pt_app_overlay(
		    o->lv.view->app,
		    pt_view_form(o->lv.view->app, pt_values_create(pt_action(PT_ACTION_CVM_CREATE))));
		break;
	default:
		pt_ui_act(o->lv.view->app, NULL, PT_ACTION_NEXT_TAB, NULL);
	}
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct overview *o = view->state;
	const char *arg;

	if (id != PT_ACTION_OPEN || values)
		return PT_IGNORED;
	switch (pt_lines_target(o->lv.lines, &arg)) {
	case TARGET_ACTION:
		return pt_ui_act(view->app, NULL, pt_action_id(pt_action_by_name(arg)), NULL);
	case TARGET_FIX:
		fix(o, arg);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_HANDLED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_OVERVIEW, .act = act};

/* ---- view ---- */

static const char *summary(struct pt_view *view)
{
	struct overview *o = view->state;

	return pt_ui_stale(view->app, core_computation_status(o->core, o->id), o->stale,
	                   sizeof(o->stale));
}

static struct pt_load load(const struct pt_view *view)
{
	const struct overview *o = view->state;

	return pt_ui_load(view->app, core_computation_status(o->core, o->id), "Nothing here", NULL);
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct overview *o = view->state;

	if (event->type == CORE_EVENT_REQUESTS || event->type == CORE_EVENT_LOGS ||
	    event->type == CORE_EVENT_NOTICE)
		return PT_IGNORED;
	if (*event->id && strcmp(event->id, o->id) != 0 && event->type != CORE_EVENT_ASSETS &&
	    event->type != CORE_EVENT_CVMS)
		return PT_IGNORED;
	build(o->lv.view);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct overview *o = view->state;

	pt_linesview_finish(&o->lv);
	prism_free(o->id);
	prism_free(o);
}

static const struct pt_view_ops ops = {
    .name = "overview",
    PT_LINESVIEW_OPS,
    .summary = summary,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_overview(struct pt_app *app, const char *id)
{
	struct overview *o = prism_alloc(sizeof(*o));
	struct pt_view *view = pt_view_create(app, &ops, o);

	o->core = pt_ui_core(app);
	o->id = prism_strdup(id);
	pt_linesview_init(&o->lv, view, build, load);
	core_computation_load(o->core, id, false);
	core_roles_load(o->core, id, false);
	core_checklist_load(o->core, id, false);
	core_timeline_load(o->core, id, false);
	core_list_load(core_computation_assets(o->core, id));
	return view;
}
