/*
 * Members of the workspace: everybody who has one of its roles, with that role.  Enter tells who
 * somebody is, `e` gives another role, `D` removes from the workspace.
 */
#include "base/mem.h"
#include "core/list.h"
#include "core/role.h"
#include "core/session.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct row {
	char *user;
	size_t role; /* index into the roles */
};

struct members {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core *core;
	struct row *rows;
	size_t count;
	struct prism_buf joined; /* text of the cell just asked for */
};

enum { COLUMN_NAME, COLUMN_ROLE, COLUMN_ACTIONS, COLUMN_ID };

static const struct pt_column columns[] = {
    {"name", "Name", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"role", "Role", 10, 24, 2, 0, 0},
    {"actions", "Actions", 14, 0, 4, 1, 0},
    {"id", "User ID", 12, 36, 1, 2, 0},
};

static size_t count(void *data)
{
	return ((const struct members *)data)->count;
}

static const char *row_id(void *data, size_t row)
{
	const struct members *m = data;

	return row < m->count ? m->rows[row].user : NULL;
}

static const char *actions_of(struct members *m, const struct core_role *role)
{
	prism_buf_clear(&m->joined);
	prism_buf_puts(&m->joined, "");
	if (role->bits == CORE_WPERM_ALL)
		return "everything";
	for (size_t i = 0; i < role->action_count; i++)
		prism_buf_printf(&m->joined, "%s%s", i ? " " : "", role->actions[i]);
	return prism_buf_text(&m->joined);
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	struct members *m = data;
	struct core_roles roles = core_roles(m->core, NULL);
	const struct row *r = row < m->count ? &m->rows[row] : NULL;

	if (!r || r->role >= roles.count)
		return;
	switch (column) {
	case COLUMN_NAME:
		ret->text = core_user_name(m->core, r->user);
		if (!strcmp(r->user, core_session_user_id(m->core)))
			ret->glyph = PT_GLYPH_CHECK;
		break;
	case COLUMN_ROLE:
		ret->text = roles.roles[r->role].name;
		ret->slot = roles.roles[r->role].builtin ? PT_SLOT_TEXT : PT_SLOT_STRONG;
		break;
	case COLUMN_ACTIONS:
		ret->text = actions_of(m, &roles.roles[r->role]);
		ret->slot = PT_SLOT_DIM;
		break;
	default:
		ret->text = r->user;
		ret->slot = PT_SLOT_LINK;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

static void rows_free(struct members *m)
{
	for (size_t i = 0; i < m->count; i++)
		prism_free(m->rows[i].user);
	prism_free(m->rows);
	m->rows = NULL;
	m->count = 0;
}

static void collect(struct members *m)
{
	struct core_roles roles = core_roles(m->core, NULL);
	size_t room = 0;

	rows_free(m);
	for (size_t i = 0; i < roles.count; i++)
		room += roles.roles[i].member_count;
	m->rows = prism_alloc_array(room + 1, sizeof(*m->rows));
	for (size_t i = 0; i < roles.count; i++)
		for (size_t k = 0; k < roles.roles[i].member_count; k++)
			m->rows[m->count++] = (struct row){prism_strdup(roles.roles[i].members[k]), i};
}

static bool hidden(struct members *m)
{
	struct core_roles roles = core_roles(m->core, NULL);

	for (size_t i = 0; i < roles.count; i++)
		if (!roles.roles[i].members_known)
			return true;
	return false;
}

static void sync(struct members *m)
{
	bool may_not = hidden(m);
	struct pt_load load = pt_ui_load(m->tv.app, core_roles(m->core, NULL).status,
	                                 may_not ? "Members may not be read" : "No members",
	                                 may_not ? "needs the workspace action view_role_users"
	                                         : "press i to invite somebody");

	collect(m);
	pt_tableview_reload(&m->tv, &load);
}

/* ---- actions ---- */

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_USER ? pt_tableview_selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct members *m = view->state;

	return kind == PT_ARG_USER ? core_user_name(m->core, id) : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	if ((id != PT_ACTION_MEMBER_MOVE && id != PT_ACTION_MEMBER_REMOVE) ||
	    pt_tableview_selected(view))
		return true;
	snprintf(reason, size, "nobody is selected");
	return false;
}

/* Who somebody is, and what their role allows. */
static void show(struct members *m)
{
	const char *id = pt_table_selected(m->tv.table);
	struct pt_values *values;

	if (!id)
		return;
	values = pt_values_create(pt_action(PT_ACTION_MEMBER_SHOW));
	pt_values_add(values, "user", id);
	pt_ui_run(m->tv.app, values, false, NULL, NULL);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct members *m = view->state;

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		core_roles_load(m->core, NULL, true);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_OPEN:
		show(m);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_INVITATION_SEND: /* somebody who is not on the list */
		pt_ui_ask(view->app, view, pt_values_create(pt_action(id)));
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_MEMBERS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

/* ---- view ---- */

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type == CORE_EVENT_USERS)
		return PT_REDRAW;
	if (event->type != CORE_EVENT_ROLES || *event->id)
		return PT_IGNORED;
	sync(view->state);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct members *m = view->state;

	pt_tableview_finish(&m->tv);
	prism_buf_finish(&m->joined);
	rows_free(m);
	prism_free(m);
}

static const struct pt_view_ops ops = {
    .name = "members",
    PT_TABLEVIEW_OPS,
    .summary = pt_tableview_summary,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_members(struct pt_app *app)
{
	struct members *m = prism_alloc(sizeof(*m));
	struct pt_view *view = pt_view_create(app, &ops, m);

	m->core = pt_ui_core(app);
	prism_buf_init(&m->joined, 1 << 20);
	pt_tableview_init(&m->tv, view, columns, PRISM_COUNT(columns), &model);
	core_roles_load(m->core, NULL, false);
	sync(m);
	return view;
}
