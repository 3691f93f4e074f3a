/*
 * My account: who I am for the platform, how long this session lasts, and my workspaces.  `e`
 * changes names, address and tags, `p` the password; Enter on a workspace works in it.
 */
#include "base/mem.h"
#include "core/list.h"
#include "core/session.h"
#include "core/user.h"
#include "core/workspace.h"
#include "tui/args.h"
#include "tui/linesview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 18

enum target { TARGET_NONE, TARGET_FIELD, TARGET_WORKSPACE };

struct account {
	struct pt_linesview lv; /* first: see tui/linesview.h */
	struct core *core;
};

/* ---- lines ---- */

static void field(struct account *a, const char *key, const char *label, const char *text)
{
	pt_lines_add(a->lv.lines, key ? key : label, key ? TARGET_FIELD : TARGET_NONE, key);
	pt_lines_part(a->lv.lines, PT_SLOT_LABEL, "%s", label);
	pt_lines_wrap(a->lv.lines, LABEL_WIDTH, a->lv.width, *text ? PT_SLOT_TEXT : PT_SLOT_DIM,
	              *text ? text : "not set");
}

static void time_field(struct account *a, const char *label, int64_t us, const char *none)
{
	char text[PRISM_TIME_TEXT];

	field(a, NULL, label, us == PRISM_TIME_UNSET ? none : pt_ui_time(a->lv.view->app, us, text));
}

static void tags_field(struct account *a, const struct core_user *me)
{
	PRISM_AUTO_BUF struct prism_buf tags = PRISM_BUF_INIT(1 << 20);

	prism_buf_puts(&tags, "");
	for (size_t i = 0; i < me->tag_count; i++)
		prism_buf_printf(&tags, "%s%s", i ? ", " : "", me->tags[i]);
	field(a, "tag", "Tags", prism_buf_text(&tags));
}

static void heading(struct account *a, const char *text)
{
	pt_lines_add(a->lv.lines, NULL, TARGET_NONE, NULL);
	pt_lines_add(a->lv.lines, NULL, TARGET_NONE, NULL);
	pt_lines_part(a->lv.lines, PT_SLOT_TITLE, "%s", text);
}

static void session_fields(struct account *a)
{
	int64_t access = core_session_access_left_ms(a->core);
	int64_t refresh = core_session_refresh_left_ms(a->core);
	int64_t now = prism_clock_wall_us(core_clock(a->core));

	heading(a, "This session");
	if (core_session_uses_pat(a->core)) {
		field(a, NULL, "Signed in by", "access token");
		return;
	}
	time_field(a, "Token until",
	           access > 0 && access < INT64_MAX ? now + access * 1000 : PRISM_TIME_UNSET,
	           "not known");
	time_field(a, "Renewed until",
	           refresh > 0 && refresh < INT64_MAX ? now + refresh * 1000 : PRISM_TIME_UNSET,
	           "not known");
}

static void workspace_lines(struct account *a)
{
	struct core_list *list = core_workspaces(a->core);

	heading(a, "Workspaces");
	for (size_t i = 0; i < core_list_count(list); i++) {
		const struct core_workspace *w = core_workspace_at(list, i);
		bool here = !strcmp(w->id, core_workspace_id(a->core));

		pt_lines_add(a->lv.lines, w->id, TARGET_WORKSPACE, w->id);
		pt_lines_glyph(a->lv.lines, here ? PT_GLYPH_CHECK : PT_GLYPH_MIDDOT,
		               here ? PT_SLOT_GOOD : PT_SLOT_DIM);
		pt_lines_part(a->lv.lines, here ? PT_SLOT_STRONG : PT_SLOT_TEXT, " %s", w->name);
		pt_lines_part(a->lv.lines, PT_SLOT_DIM, "  %s%s%s", w->role_name, *w->role_name ? ", " : "",
		              w->status);
	}
}

static void build(struct pt_view *view)
{
	struct account *a = view->state;
	const struct core_user *me = core_session_user(a->core);

	pt_lines_begin(a->lv.lines);
	if (!me) {
		pt_lines_add(a->lv.lines, NULL, TARGET_NONE, NULL);
		pt_lines_part(a->lv.lines, PT_SLOT_DIM, "The profile is not here; %s asks for it again.",
		              pt_ui_retry_key(a->lv.view->app));
		pt_lines_end(a->lv.lines);
		return;
	}
	field(a, "first-name", "First Name", me->first_name);
	field(a, "last-name", "Last Name", me->last_name);
	field(a, "username", "User Name", me->username);
	field(a, "email", "User Email", me->email);
	tags_field(a, me);
	field(a, NULL, "User ID", me->id);
	field(a, NULL, "Platform Role", me->role);
	time_field(a, "Registered", me->created_us, "not told");
	time_field(a, "Verified", me->verified_us, "not verified, or not told");
	session_fields(a);
	workspace_lines(a);
	pt_lines_end(a->lv.lines);
}

/* ---- actions ---- */

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct account *a = view->state;
	const char *arg = NULL;
	int target = pt_lines_target(a->lv.lines, &arg);

	return kind == PT_ARG_WORKSPACE && target == TARGET_WORKSPACE ? arg : NULL;
}

static unsigned open_line(struct account *a)
{
	const char *arg = NULL;
	struct pt_values *values;

	switch (pt_lines_target(a->lv.lines, &arg)) {
	case TARGET_FIELD:
		return pt_ui_act(a->lv.view->app, NULL, PT_ACTION_ACCOUNT_UPDATE, NULL);
	case TARGET_WORKSPACE:
		values = pt_values_create(pt_action(PT_ACTION_WORKSPACE_USE));
		pt_values_add(values, "workspace", arg);
		pt_ui_run(a->lv.view->app, values, true, NULL, NULL);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_HANDLED;
	}
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct account *a = view->state;

	if (values)
		return PT_IGNORED;
	if (id == PT_ACTION_OPEN)
		return open_line(a);
	if (id != PT_ACTION_REFRESH)
		return PT_IGNORED;
	core_session_reload_profile(a->core);
	core_list_refresh(core_workspaces(a->core));
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_ACCOUNT, .subject = subject, .act = act};

/* ---- view ---- */

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	PRISM_UNUSED(view);
	return event->type == CORE_EVENT_SESSION || event->type == CORE_EVENT_USERS ||
	               event->type == CORE_EVENT_WORKSPACES
	           ? PT_REDRAW
	           : PT_IGNORED;
}

static void destroy(struct pt_view *view)
{
	struct account *a = view->state;

	pt_linesview_finish(&a->lv);
	prism_free(a);
}

static const struct pt_view_ops ops = {
    .name = "account",
    PT_LINESVIEW_OPS,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_account(struct pt_app *app)
{
	struct account *a = prism_alloc(sizeof(*a));
	struct pt_view *view = pt_view_create(app, &ops, a);

	a->core = pt_ui_core(app);
	pt_linesview_init(&a->lv, view, build, NULL);
	a->lv.every = true;
	return view;
}
