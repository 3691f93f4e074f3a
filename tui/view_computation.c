/*
 * One computation: a line of tabs (tui/tabbed.h), and under it the tab that is open: overview,
 * timeline, logs, manifest, roles, linked assets.
 */
#include "tui/view_computation.h"

#include "base/mem.h"
#include "core/checklist.h"
#include "core/computation.h"
#include "core/role.h"
#include "core/run.h"
#include "core/watch.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/legal.h"
#include "tui/tabbed.h"
#include "tui/view_logs.h"
#include "tui/views.h"

#include <string.h>

#define LOG_PANE_COLS \
	150 /* columns from which logs get a pane of their own beside list and detail */

struct computation {
	struct pt_tabbed tabbed; /* first: see tui/tabbed.h; its subject is the id */
	struct core *core;
	struct core_watch *watch;
	char title[160];
};

static const struct pt_tabbed_tab tabs[PT_TAB_COUNT] = {
    [PT_TAB_OVERVIEW] = {"Overview", PT_IN_OVERVIEW, pt_view_overview, NULL},
    [PT_TAB_TIMELINE] = {"Timeline", PT_IN_TIMELINE, pt_view_timeline, NULL},
    [PT_TAB_LOGS] = {"Logs", PT_IN_LOGS, pt_view_logs, NULL},
    [PT_TAB_MANIFEST] = {"Manifest", PT_IN_MANIFEST, pt_view_manifest, NULL},
    [PT_TAB_ROLES] = {"Roles", PT_IN_ROLES, pt_view_roles, NULL},
    [PT_TAB_ASSETS] = {"Assets", PT_IN_LINKED, pt_view_linked, NULL},
};

/* Run is disabled while requirements are open, as in the web console; not known is not open. */
static bool is_complete(struct core *core, const char *id, char *reason, size_t size)
{
	struct core_checklist list = core_checklist(core, id);

	if (!list.count || list.runnable)
		return true;
	if (size)
		snprintf(reason, size, "%zu requirement%s still open", list.open,
		         list.open == 1 ? " is" : "s are");
	return false;
}

bool pt_computation_may(struct core *core, const char *id, enum pt_action_id action, char *reason,
                        size_t size)
{
	enum core_comp_action is[2];

	if (!pt_legal_actions(action, is))
		return true;
	if (!id) {
		if (size)
			snprintf(reason, size, "no computation is selected");
		return false;
	}
	if (!core_computation_may(core, id, is[0], NULL, 0) &&
	    !core_computation_may(core, id, is[1], NULL, 0)) {
		/* Of running and retrying the one that fits the state says what is missing. */
		bool other = core_comp_action_legal(is[1], core_computation_state(core, id));

		core_computation_may(core, id, is[other], reason, size);
		return false;
	}
	return action != PT_ACTION_COMPUTATION_RUN || is_complete(core, id, reason, size);
}

const char *pt_computation_word(struct core *core, const char *id, enum pt_action_id action)
{
	enum core_comp_state state;

	if (action != PT_ACTION_COMPUTATION_RUN || !id)
		return NULL;
	state = core_computation_state(core, id);
	return core_comp_action_legal(CORE_ACTION_RETRY, state) ? "retry" : NULL;
}

void pt_computation_copy_form(struct pt_app *app, const char *id)
{
	const struct core_computation *c = core_computation_get(pt_ui_core(app), id);
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_COPY));
	PRISM_AUTO_FREE char *name = c ? prism_asprintf("%s copy", c->name) : NULL;

	pt_values_add(values, "computation", id);
	pt_values_add(values, "name", name);
	pt_values_add(values, "description", c ? c->description : NULL);
	pt_app_overlay(app, pt_view_form(app, values));
}

char *pt_computation_losses(struct core *core, const char *id, char *buf, size_t size)
{
	struct core_roles roles = core_roles(core, id);
	struct core_timeline runs = core_timeline(core, id);
	size_t used = 0, members = 0;

	for (size_t i = 0; i < roles.count; i++)
		members += roles.roles[i].member_count;
	if (roles.count)
		used = (size_t)snprintf(buf, size, "%zu role%s with %zu member%s, ", roles.count,
		                        roles.count == 1 ? "" : "s", members, members == 1 ? "" : "s");
	else
		used = (size_t)snprintf(buf, size, "roles, ");
	used += (size_t)snprintf(buf + used, size - used, "asset links (assets stay), ");
	if (runs.count)
		used += (size_t)snprintf(buf + used, size - used, "%zu run%s and logs, ", runs.count,
		                         runs.count == 1 ? "" : "s");
	else
		used += (size_t)snprintf(buf + used, size - used, "runs and logs, ");
	snprintf(buf + used, size - used, "results not fetched");
	return buf;
}

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct computation *c = view->state;
	const struct core_computation *known = core_computation_get(c->core, c->tabbed.subject);

	snprintf(c->title, sizeof(c->title), "%s",
	         known && *known->name ? known->name : c->tabbed.subject);
	return c->title;
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	const struct computation *c = view->state;
	unsigned result = pt_tabbed_changed(view, event);

	if (event->type == CORE_EVENT_COMPUTATION && !strcmp(event->id, c->tabbed.subject))
		result |= PT_REDRAW;
	return result;
}

static void shown(struct pt_view *view, bool visible)
{
	struct computation *c = view->state;

	pt_tabbed_shown(view, visible);
	core_watch_hold(c->watch, !visible);
}

static void destroy(struct pt_view *view)
{
	struct computation *c = view->state;

	core_unwatch(c->watch);
	pt_tabbed_finish(&c->tabbed);
	prism_free(c);
}

/* ---- a key pair first ---- */

struct keying { /* outlives the view */
	struct pt_app *app;
	char *id;
};

static void key_made(void *data, const char *path, const struct prism_error *err)
{
	struct keying *k = data;
	struct pt_values *values;

	if (err) {
		pt_app_report(k->app, err);
	} else {
		values = pt_values_create(pt_action(PT_ACTION_KEY_REGISTER));
		pt_values_add(values, "computation", k->id);
		pt_values_add(values, "key", path);
		pt_ui_run(k->app, values, true, NULL, NULL);
	}
	prism_free(k->id);
	prism_free(k);
}

static void key_answer(void *data, bool yes)
{
	struct keying *k = data;

	if (yes) {
		pt_ui_run(k->app, pt_values_create(pt_action(PT_ACTION_KEY_GENERATE)), true, key_made, k);
		return;
	}
	prism_free(k->id);
	prism_free(k);
}

/* Registering without a pair: offers to make one. IGNORED: there is one already. */
static unsigned key_first(struct pt_app *app, const char *id)
{
	PRISM_AUTO_FREE char *path = pt_world_key_file(pt_ui_world(app), NULL, id, NULL);
	const struct pt_confirm confirm = {
	    .title = "Upload public key",
	    .text = "There is no key pair on this machine yet. Make one (Ed25519) and register its "
	            "public half with this computation? The private half stays here, readable by you "
	            "alone. Other kinds and names: the tab Keys.",
	    .yes = "Make and register",
	};
	struct keying *k;

	if (path)
		return PT_IGNORED;
	k = prism_alloc(sizeof(*k));
	*k = (struct keying){app, prism_strdup(id)};
	pt_dialog_confirm(app, &confirm, key_answer, k);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- actions ---- */

static pt_where where_now(const struct pt_view *view)
{
	return pt_tabbed_where(view) | PT_IN_TABS;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct computation *c = view->state;

	return pt_computation_may(c->core, c->tabbed.subject, id, reason, size) &&
	       pt_tabbed_may(view, id, reason, size);
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct computation *c = view->state;

	return kind == PT_ARG_COMPUTATION ? c->tabbed.subject : pt_tabbed_subject(view, kind);
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct computation *c = view->state;
	const struct core_computation *known;

	if (kind != PT_ARG_COMPUTATION)
		return pt_tabbed_name_of(view, kind, id);
	known = core_computation_get(c->core, id);
	return known ? known->name : NULL;
}

static const char *word(struct pt_view *view, enum pt_action_id id)
{
	const struct computation *c = view->state;

	return pt_computation_word(c->core, c->tabbed.subject, id);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct computation *c = view->state;
	unsigned result = pt_tabbed_act(view, id, values);

	if (result != PT_IGNORED || values)
		return result;
	switch (id) {
	case PT_ACTION_LOG_OPEN:
		pt_logs_open(view->app, c->tabbed.subject);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_REFRESH:
		core_watch_now(c->watch);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_RUN:
		pt_app_overlay(view->app, pt_view_run(view->app, c->tabbed.subject));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_COMPUTATION_COPY:
		pt_computation_copy_form(view->app, c->tabbed.subject);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_KEY_REGISTER:
		return key_first(view->app, c->tabbed.subject);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_OVERVIEW,
    .where_now = where_now,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .word = word,
    .act = act,
};

static const struct pt_view_ops ops = {
    .name = "computation",
    .title = title,
    PT_TABBED_OPS,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .actor = &actor,
};

static struct pt_view *make(struct pt_app *app, const char *id, size_t tab)
{
	struct computation *c = prism_alloc(sizeof(*c));
	struct pt_view *view = pt_view_create(app, &ops, c);

	c->core = pt_ui_core(app);
	c->watch = core_watch(c->core, CORE_WATCH_COMPUTATION, id);
	pt_tabbed_init(view, tabs, PT_TAB_COUNT, id, tab);
	return view;
}

const char *pt_view_computation_id(const struct pt_view *view)
{
	const struct computation *c = view->state;

	return view->ops == &ops ? c->tabbed.subject : NULL;
}

enum pt_computation_tab pt_view_computation_open_tab(const struct pt_view *view)
{
	const struct computation *c = view->state;

	return (enum pt_computation_tab)c->tabbed.at;
}

void pt_computation_follow(struct pt_app *app, const char *id)
{
	pt_tabbed_follow(app, &ops, id, make);
}

void pt_computation_open(struct pt_app *app, const char *id, enum pt_computation_tab tab)
{
	pt_tabbed_show(app, &ops, id, tab, make);
}

void pt_logs_open(struct pt_app *app, const char *id)
{
	if (pt_term_cols(pt_app_term(app)) < LOG_PANE_COLS) {
		pt_computation_open(app, id, PT_TAB_LOGS);
		return;
	}
	pt_app_show(app, PT_PANE_LOG, pt_view_logs(app, id));
	pt_app_set_focus(app, PT_PANE_LOG);
}
