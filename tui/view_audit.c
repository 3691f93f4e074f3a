/*
 * What this client changed, newest first: Enter shows one line whole, W saves the trail.  The file
 * is read when the view is opened and on refresh; it is local and at most a few megabytes.
 */
#include "base/mem.h"
#include "core/audit.h"
#include "core/options.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MOST 20000 /* lines shown; the file holds about as many */

struct audit {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core_audit_log log;
	struct prism_error error;
	char id[24];
};

enum { COLUMN_TIME, COLUMN_ACTION, COLUMN_OUTCOME, COLUMN_OBJECT, COLUMN_USER, COLUMN_SERVER };

static const struct pt_column columns[] = {
    {"time", "Time", 19, 20, 0, 1, PT_COLUMN_TIME},
    {"action", "Action", 14, 30, 2, 0, PT_COLUMN_MAIN},
    {"outcome", "Outcome", 9, 9, 0, 0, 0},
    {"object", "Object", 12, 0, 4, 2, 0},
    {"user", "User", 8, 24, 1, 3, 0},
    {"server", "Server", 12, 30, 1, 4, 0},
};

static size_t count(void *data)
{
	const struct audit *a = data;

	return a->log.count;
}

static const char *row_id(void *data, size_t row)
{
	struct audit *a = data;

	if (row >= a->log.count)
		return NULL;
	/* Lines have no name: counted from the oldest, so that a new one moves nothing. */
	snprintf(a->id, sizeof(a->id), "%zu", a->log.count - row);
	return a->id;
}

static enum pt_slot tone(const char *outcome)
{
	if (!strcmp(outcome, "done"))
		return PT_SLOT_GOOD;
	return !strcmp(outcome, "unclear") ? PT_SLOT_WARN : PT_SLOT_BAD;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct audit *a = data;
	const struct core_audit_row *r = row < a->log.count ? &a->log.rows[row] : NULL;
	char time[PRISM_TIME_TEXT];

	if (!r)
		return;
	ret->slot = PT_SLOT_TEXT;
	switch (column) {
	case COLUMN_TIME:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s", pt_ui_time(a->tv.app, r->wall_us, time));
		ret->text = ret->scratch;
		ret->number = r->wall_us;
		break;
	case COLUMN_ACTION:
		ret->text = r->action;
		break;
	case COLUMN_OUTCOME:
		ret->text = r->outcome;
		ret->slot = tone(r->outcome);
		break;
	case COLUMN_OBJECT:
		ret->text = r->object;
		break;
	case COLUMN_USER:
		ret->text = r->user;
		break;
	default:
		ret->text = r->server;
		ret->slot = PT_SLOT_DIM;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

static void load(struct audit *a)
{
	PRISM_AUTO_FREE char *path = core_audit_path(pt_ui_world(a->tv.app)->options);
	bool off = !strcmp(core_option_text(pt_ui_world(a->tv.app)->options, CORE_OPT_AUDIT), "off");

	core_audit_log_finish(&a->log);
	prism_error_clear(&a->error);
	if (path && core_audit_read(path, ROWS_MOST, &a->log, &a->error) < 0)
		core_audit_log_finish(&a->log);
	pt_tableview_reload_local(&a->tv,
	                          off ? "The audit trail is switched off" : "Nothing was changed yet",
	                          off ? "audit = on in the profile" : NULL, &a->error);
}

static void show(struct pt_view *view)
{
	const struct audit *a = view->state;
	ptrdiff_t row = pt_tableview_row(view);
	const struct core_audit_row *r =
	    row >= 0 && (size_t)row < a->log.count ? &a->log.rows[row] : NULL;
	char time[PRISM_TIME_TEXT];

	if (!r)
		return;
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "time        %s\naction      %s\nobject      %s\noutcome     %s\nstatus      %d\n"
	    "error       %s\nuser        %s\nworkspace   %s\nprofile     %s\nserver      %s\n"
	    "request id  %s",
	    prism_time_format(r->wall_us, 3, time), r->action, r->object, r->outcome, r->status,
	    *r->error ? r->error : "none", r->user, r->workspace, r->profile, r->server,
	    *r->request_id ? r->request_id : "none");
	pt_dialog_text(view->app, "Change", text);
}

static void save_to(void *data, const char *path)
{
	struct pt_values *values;

	if (!path || !*path)
		return;
	values = pt_values_create(pt_action(PT_ACTION_AUDIT_SAVE));
	pt_values_add(values, "path", path);
	pt_ui_run(data, values, false, NULL, NULL);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		load(view->state);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_OPEN:
		show(view);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_SAVE:
		pt_dialog_file(view->app, "Save the audit trail", "File", "audit.jsonl", save_to,
		               view->app);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_AUDIT, .act = act};

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Changes made here";
}

static void destroy(struct pt_view *view)
{
	struct audit *a = view->state;

	pt_tableview_finish(&a->tv);
	core_audit_log_finish(&a->log);
	prism_free(a);
}

static const struct pt_view_ops ops = {
    .name = "audit",
    .flags = PT_VIEW_FRAME,
    PT_TABLEVIEW_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_audit(struct pt_app *app)
{
	struct audit *a = prism_alloc(sizeof(*a));
	struct pt_view *view = pt_view_create(app, &ops, a);

	pt_tableview_init(&a->tv, view, columns, PRISM_COUNT(columns), &model);
	load(a);
	return view;
}
