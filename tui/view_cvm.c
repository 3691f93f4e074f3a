/*
 * One CVM: its details as the web console lists them, its up-time, its certificates.
 */
#include "base/mem.h"
#include "core/cvm.h"
#include "core/watch.h"
#include "tui/args.h"
#include "tui/tabbed.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct cvm {
	struct pt_tabbed tabbed; /* first: see tui/tabbed.h; its subject is the id */
	struct core *core;
	struct core_watch *watch; /* of the list: one is read with it */
	char title[160];
};

static const struct pt_tabbed_tab tabs[PT_CVM_TAB_COUNT] = {
    [PT_CVM_TAB_DETAILS] = {"Details", PT_IN_CVM, pt_view_cvm_details, NULL},
    [PT_CVM_TAB_UPTIME] = {"Up-time", PT_IN_UPTIME, pt_view_uptime, NULL},
    [PT_CVM_TAB_CERTS] = {"Certificates", PT_IN_CERTS, pt_view_certs, NULL},
};

static const char *title(struct pt_view *view)
{
	struct cvm *c = view->state;
	const struct core_cvm *cvm = core_cvm_get(c->core, c->tabbed.subject);

	snprintf(c->title, sizeof(c->title), "%s", cvm ? cvm->name : c->tabbed.subject);
	return c->title;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct cvm *c = view->state;

	return kind == PT_ARG_CVM ? c->tabbed.subject : pt_tabbed_subject(view, kind);
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct cvm *c = view->state;
	const struct core_cvm *cvm = kind == PT_ARG_CVM ? core_cvm_get(c->core, id) : NULL;

	return kind == PT_ARG_CVM ? (cvm ? cvm->name : NULL) : pt_tabbed_name_of(view, kind, id);
}

bool pt_cvm_may(struct core *core, const char *id, enum pt_action_id action, char *reason,
                size_t size)
{
	const struct core_cvm *cvm = id ? core_cvm_get(core, id) : NULL;

	if (action != PT_ACTION_CVM_DELETE && action != PT_ACTION_CVM_POLICY &&
	    action != PT_ACTION_CVM_ATTESTATION)
		return true;
	if (!cvm)
		snprintf(reason, size, "no CVM is selected");
	else if (cvm->phase == CORE_CVM_INACTIVE)
		snprintf(reason, size, "it is inactive");
	else
		return true;
	return false;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct cvm *c = view->state;

	return pt_cvm_may(c->core, c->tabbed.subject, id, reason, size) &&
	       pt_tabbed_may(view, id, reason, size);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct cvm *c = view->state;
	unsigned result = pt_tabbed_act(view, id, values);

	if (result != PT_IGNORED || values)
		return result;
	switch (id) {
	case PT_ACTION_REFRESH:
		core_watch_now(c->watch);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CERT_LIST:
		pt_tabbed_open(view, PT_CVM_TAB_CERTS);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CVM_STATISTICS:
		pt_tabbed_open(view, PT_CVM_TAB_UPTIME);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_CVM,
    .where_now = pt_tabbed_where,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .word = pt_tabbed_word,
    .act = act,
};

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	unsigned result = pt_tabbed_changed(view, event);

	return event->type == CORE_EVENT_CVMS ? result | PT_REDRAW : result;
}

static void shown(struct pt_view *view, bool visible)
{
	const struct cvm *c = view->state;

	pt_tabbed_shown(view, visible);
	core_watch_hold(c->watch, !visible);
}

static void destroy(struct pt_view *view)
{
	struct cvm *c = view->state;

	core_unwatch(c->watch);
	pt_tabbed_finish(&c->tabbed);
	prism_free(c);
}

static const struct pt_view_ops ops = {
    .name = "cvm",
    .title = title,
    PT_TABBED_OPS,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .actor = &actor,
};

static struct pt_view *make(struct pt_app *app, const char *id, size_t tab)
{
	struct cvm *c = prism_alloc(sizeof(*c));
	struct pt_view *view = pt_view_create(app, &ops, c);

	c->core = pt_ui_core(app);
	c->watch = core_watch(c->core, CORE_WATCH_CVMS, NULL);
	pt_tabbed_init(view, tabs, PT_CVM_TAB_COUNT, id, tab);
	return view;
}

void pt_cvm_follow(struct pt_app *app, const char *id)
{
	pt_tabbed_follow(app, &ops, id, make);
}

void pt_cvm_open(struct pt_app *app, const char *id, enum pt_cvm_tab tab)
{
	pt_tabbed_show(app, &ops, id, tab, make);
}
