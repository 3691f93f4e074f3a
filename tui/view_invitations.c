/*
 * Invitations: those into this workspace (sent, answered, sent again, taken back), and those for
 * me, which I accept or decline.  `v` shows one state only.
 */
#include "base/mem.h"
#include "core/invitation.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct invitations {
	struct pt_listview lv; /* first: see tui/listview.h */
	bool mine;
};

enum { COLUMN_WHO, COLUMN_STATE, COLUMN_ROLE, COLUMN_BY, COLUMN_SENT };

static const struct pt_column sent_columns[] = {
    {"user", "Invited User", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"state", "Status", 11, 12, 0, 0, 0},
    {"role", "Role", 10, 24, 1, 1, 0},
    {"by", "Invited By", 12, 0, 2, 2, 0},
    {"sent", "Sent", 16, 16, 0, 3, PT_COLUMN_TIME},
};
static const struct pt_column my_columns[] = {
    {"workspace", "Workspace", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"state", "Status", 11, 12, 0, 0, 0},
    {"role", "Role", 10, 24, 1, 1, 0},
    {"by", "Invited By", 12, 0, 2, 2, 0},
    {"sent", "Sent", 16, 16, 0, 3, PT_COLUMN_TIME},
};

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	const struct core_invitation *invitation = item;
	const struct core_invite_state_info *state = core_invite_state_info(invitation->state);

	switch (column) {
	case COLUMN_WHO:
		pt_value_text(ret,
		              ((struct invitations *)lv)->mine
		                  ? *invitation->workspace_name ? invitation->workspace_name
		                                                : invitation->workspace
		                  : core_user_name(lv->core, invitation->invitee),
		              PT_SLOT_TEXT);
		break;
	case COLUMN_STATE:
		pt_value_state(ret, state->label, state->tone);
		break;
	case COLUMN_ROLE:
		pt_value_text(ret, invitation->role_name, PT_SLOT_TEXT);
		break;
	case COLUMN_BY:
		pt_value_text(ret, core_user_name(lv->core, invitation->inviter), PT_SLOT_TEXT);
		break;
	default:
		pt_value_time(lv->tv.app, ret, invitation->created_us);
	}
}

static const struct core_invitation *selected(struct pt_view *view)
{
	struct pt_listview *lv = view->state;
	const char *id = pt_table_selected(lv->tv.table);

	return id ? core_list_find(lv->list, id) : NULL;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct invitations *i = view->state;
	const struct core_invitation *invitation = selected(view);

	if (!invitation)
		return NULL;
	if (kind == PT_ARG_INVITATION && i->mine)
		return invitation->workspace;
	return kind == PT_ARG_USER && !i->mine ? invitation->invitee : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct core_invitation *invitation = selected(view);

	if (kind == PT_ARG_USER)
		return core_user_name(pt_ui_core(view->app), id);
	return kind == PT_ARG_INVITATION && invitation ? invitation->workspace_name : NULL;
}

static bool refuse(char *reason, size_t size, const char *why)
{
	snprintf(reason, size, "%s", why);
	return false;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct core_invitation *invitation = selected(view);
	bool about_one = id == PT_ACTION_INVITATION_RESEND || id == PT_ACTION_INVITATION_DELETE ||
	                 id == PT_ACTION_INVITATION_ACCEPT || id == PT_ACTION_INVITATION_DECLINE;

	if (!about_one)
		return ((struct invitations *)view->state)->mine ||
		       pt_ui_opens_nothing(view, id, reason, size);
	if (!invitation)
		return refuse(reason, size, "no invitation is selected");
	if ((id == PT_ACTION_INVITATION_ACCEPT || id == PT_ACTION_INVITATION_DECLINE) &&
	    invitation->state != CORE_INVITE_PENDING)
		return refuse(reason, size, "it was answered already");
	if (id == PT_ACTION_INVITATION_RESEND && invitation->state != CORE_INVITE_REJECTED)
		return refuse(reason, size,
		              invitation->state == CORE_INVITE_PENDING ? "it is pending already"
		                                                       : "it was accepted");
	return true;
}

/* All, then one state after the other. */
static void next_state(struct pt_view *view)
{
	const char *now = pt_view_filter_text(view), *next = core_invite_state_info(0)->label;

	for (unsigned i = 0; i < CORE_INVITE_STATE_COUNT; i++)
		if (!strcmp(now, core_invite_state_info(i)->label))
			next = i + 1 < CORE_INVITE_STATE_COUNT ? core_invite_state_info(i + 1)->label : "";
	pt_view_filter(view, next);
}

/* Enter on one to me: accepts it, and once it is accepted, goes to that workspace. */
static unsigned enter(struct pt_view *view)
{
	const struct core_invitation *invitation = selected(view);
	struct pt_values *values;

	if (!invitation || invitation->state != CORE_INVITE_ACCEPTED)
		return pt_ui_act(view->app, NULL, PT_ACTION_INVITATION_ACCEPT, NULL);
	values = pt_values_create(pt_action(PT_ACTION_WORKSPACE_USE));
	pt_values_add(values, "workspace", invitation->workspace);
	pt_ui_run(view->app, values, false, NULL, NULL);
	return PT_HANDLED | PT_REDRAW;
}

static const char *word(struct pt_view *view, enum pt_action_id id)
{
	const struct invitations *i = view->state;
	const struct core_invitation *invitation = selected(view);

	if (id != PT_ACTION_OPEN || !i->mine || !invitation)
		return NULL;
	return invitation->state == CORE_INVITE_ACCEPTED  ? "work in it"
	       : invitation->state == CORE_INVITE_PENDING ? "accept"
	                                                  : NULL;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		return pt_listview_refresh(view);
	case PT_ACTION_INVITATION_FILTER:
		next_state(view);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_INVITATION_SEND:
		pt_ui_ask(view->app, view, pt_values_create(pt_action(id)));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_OPEN:
		return enter(view);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_INVITATIONS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .word = word,
    .act = act,
};

static const struct pt_view_ops ops = {
    .name = "invitations",
    PT_LISTVIEW_OPS,
    .actor = &actor,
};

struct pt_view *pt_view_invitations(struct pt_app *app, bool mine)
{
	struct invitations *i = prism_alloc(sizeof(*i));
	struct pt_view *view = pt_view_create(app, &ops, i);
	struct core *core = pt_ui_core(app);
	const struct pt_listview_spec spec = {
	    .columns = mine ? my_columns : sent_columns,
	    .column_count = PRISM_COUNT(sent_columns),
	    .list = mine ? core_my_invitations(core) : core_invitations(core),
	    .event = CORE_EVENT_INVITATIONS,
	    .watch = mine ? CORE_WATCH_MY_INVITATIONS : CORE_WATCH_INVITATIONS,
	    .empty = mine ? "Nobody has invited you" : "Nobody was invited",
	    .empty_hint =
	        mine ? "a workspace you are invited to appears here" : "press i to invite somebody",
	    .cell = cell,
	};

	i->mine = mine;
	pt_listview_init(&i->lv, view, &spec);
	return view;
}
