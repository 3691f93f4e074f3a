/*
 * People: the members of the workspace, its roles, invitations into it; and what is mine in
 * whichever workspace: invitations for me, my account, my access tokens.
 */
#include "base/mem.h"
#include "core/invitation.h"
#include "tui/args.h"
#include "tui/tabbed.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct people {
	struct pt_tabbed tabbed; /* first: see tui/tabbed.h */
};

static void pending(struct pt_app *app, char *buf, size_t size)
{
	size_t count = core_my_invitations_pending(pt_ui_core(app));

	if (count)
		snprintf(buf, size, "%zu", count);
}

static struct pt_view *make_mine(struct pt_app *app, const char *subject)
{
	PRISM_UNUSED(subject);
	return pt_view_invitations(app, true);
}

static struct pt_view *make_sent(struct pt_app *app, const char *subject)
{
	PRISM_UNUSED(subject);
	return pt_view_invitations(app, false);
}

static struct pt_view *make_members(struct pt_app *app, const char *subject)
{
	PRISM_UNUSED(subject);
	return pt_view_members(app);
}

static struct pt_view *make_account(struct pt_app *app, const char *subject)
{
	PRISM_UNUSED(subject);
	return pt_view_account(app);
}

static struct pt_view *make_tokens(struct pt_app *app, const char *subject)
{
	PRISM_UNUSED(subject);
	return pt_view_tokens(app);
}

static const struct pt_tabbed_tab tabs[PT_PEOPLE_COUNT] = {
    [PT_PEOPLE_MEMBERS] = {"Members", PT_IN_MEMBERS, make_members, NULL},
    [PT_PEOPLE_ROLES] = {"Roles", PT_IN_WROLES, pt_view_roles, NULL},
    [PT_PEOPLE_INVITATIONS] = {"Invitations", PT_IN_INVITATIONS, make_sent, NULL},
    [PT_PEOPLE_MINE] = {"For me", PT_IN_MINE, make_mine, pending},
    [PT_PEOPLE_ACCOUNT] = {"Account", PT_IN_ACCOUNT, make_account, NULL},
    [PT_PEOPLE_TOKENS] = {"Access tokens", PT_IN_TOKENS, make_tokens, NULL},
};

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	unsigned result = pt_tabbed_changed(view, event);

	return event->type == CORE_EVENT_INVITATIONS ? result | PT_REDRAW : result;
}

static void destroy(struct pt_view *view)
{
	struct people *p = view->state;

	pt_tabbed_finish(&p->tabbed);
	prism_free(p);
}

static const struct pt_actor actor = {
    .where = PT_IN_MEMBERS,
    .where_now = pt_tabbed_where,
    .may = pt_tabbed_may,
    .subject = pt_tabbed_subject,
    .name_of = pt_tabbed_name_of,
    .word = pt_tabbed_word,
    .act = pt_tabbed_act,
};

static const struct pt_view_ops ops = {
    .name = "people",
    PT_TABBED_OPS,
    .changed = changed,
    .shown = pt_tabbed_shown,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_people(struct pt_app *app)
{
	struct people *p = prism_alloc(sizeof(*p));
	struct pt_view *view = pt_view_create(app, &ops, p);

	core_list_load(core_my_invitations(pt_ui_core(app)));
	pt_tabbed_init(view, tabs, PT_PEOPLE_COUNT, NULL, PT_PEOPLE_MEMBERS);
	return view;
}

void pt_people_open(struct pt_app *app, enum pt_people_tab tab)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_view *view;

	if (pt_app_open_tab_named(app, "people", &err) < 0) {
		pt_app_report(app, &err);
		return;
	}
	view = pt_app_top(app, PT_PANE_LIST);
	if (view && view->ops == &ops)
		pt_tabbed_open(view, tab);
}
