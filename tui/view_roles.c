/*
 * Roles of a computation, or of the workspace (id ""): what each allows and who has it.  Enter
 * shows one, `a` gives actions, `m` gives the role to somebody.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "core/list.h"
#include "core/role.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/tableview.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <string.h>

struct roles {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core *core;
	char *id;
	struct prism_buf joined; /* text of the cell just asked for */
};

enum { COLUMN_NAME, COLUMN_ACTIONS, COLUMN_MEMBERS };

static const struct pt_column columns[] = {
    {"name", "Role Name", 12, 0, 2, 0, PT_COLUMN_MAIN},
    {"actions", "Actions", 14, 0, 4, 0, 0},
    {"members", "Members", 10, 0, 3, 1, 0},
};

static size_t count(void *data)
{
	const struct roles *r = data;

	return core_roles(r->core, r->id).count;
}

static const char *row_id(void *data, size_t row)
{
	const struct roles *r = data;
	struct core_roles roles = core_roles(r->core, r->id);

	return row < roles.count ? roles.roles[row].id : NULL;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	struct roles *r = data;
	struct core_roles roles = core_roles(r->core, r->id);
	const struct core_role *role = row < roles.count ? &roles.roles[row] : NULL;

	if (!role)
		return;
	prism_buf_clear(&r->joined);
	prism_buf_puts(&r->joined, "");
	if (column == COLUMN_NAME) {
		ret->text = role->name;
		ret->slot = role->builtin ? PT_SLOT_TEXT : PT_SLOT_STRONG;
		return;
	}
	if (column == COLUMN_ACTIONS) {
		for (size_t i = 0; i < role->action_count; i++)
			prism_buf_printf(&r->joined, "%s%s", i ? " " : "", role->actions[i]);
	} else if (!role->members_known) {
		prism_buf_puts(&r->joined, "may not be read");
		ret->slot = PT_SLOT_DIM;
	} else if (!role->member_count) {
		prism_buf_puts(&r->joined, "No members");
		ret->slot = PT_SLOT_DIM;
	} else {
		for (size_t i = 0; i < role->member_count; i++)
			prism_buf_printf(&r->joined, "%s%s", i ? ", " : "",
			                 core_user_name(r->core, role->members[i]));
	}
	ret->text = prism_buf_text(&r->joined);
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

static void sync(struct roles *r)
{
	struct pt_load load =
	    pt_ui_load(r->tv.app, core_roles(r->core, r->id).status, "No roles", "press c to make one");

	pt_tableview_reload(&r->tv, &load);
}

/* ---- actions ---- */

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	return kind == PT_ARG_ROLE ? pt_tableview_selected(view) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct roles *r = view->state;
	const struct core_role *role = kind == PT_ARG_ROLE ? core_role_find(r->core, r->id, id) : NULL;

	return role ? role->name : NULL;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct roles *r = view->state;

	if (id == PT_ACTION_REFRESH) {
		core_roles_load(r->core, r->id, true);
		return PT_HANDLED | PT_REDRAW;
	}
	if (id == PT_ACTION_OPEN && !values && pt_tableview_selected(view)) {
		struct pt_values *one =
		    pt_values_create(pt_action(*r->id ? PT_ACTION_ROLE_SHOW : PT_ACTION_WROLE_SHOW));

		if (*r->id)
			pt_values_add(one, "computation", r->id);
		pt_values_add(one, "role", pt_tableview_selected(view));
		pt_ui_run(view->app, one, false, NULL, NULL);
		return PT_HANDLED | PT_REDRAW;
	}
	return PT_IGNORED;
}

static const struct pt_actor actor = {
    .where = PT_IN_ROLES,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

/* ---- view ---- */

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct roles *r = view->state;

	if (event->type == CORE_EVENT_USERS)
		return PT_REDRAW;
	if (event->type != CORE_EVENT_ROLES || strcmp(event->id, r->id) != 0)
		return PT_IGNORED;
	sync(r);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct roles *r = view->state;

	pt_tableview_finish(&r->tv);
	prism_buf_finish(&r->joined);
	prism_free(r->id);
	prism_free(r);
}

static const struct pt_view_ops ops = {
    .name = "roles",
    PT_TABLEVIEW_OPS,
    .summary = pt_tableview_summary,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_roles(struct pt_app *app, const char *id)
{
	struct roles *r = prism_alloc(sizeof(*r));
	struct pt_view *view = pt_view_create(app, &ops, r);

	r->core = pt_ui_core(app);
	r->id = prism_strdup(id);
	prism_buf_init(&r->joined, 1 << 24);
	pt_tableview_init(&r->tv, view, columns, PRISM_COUNT(columns), &model);
	core_roles_load(r->core, id, false);
	sync(r);
	return view;
}
