/*
 * A result zip: what is in it, and unpacking it into one directory and nowhere else.  Entries that
 * would leave that directory, links and special files are shown with the reason; with one of them
 * inside nothing is unpacked (net/zip.h).
 *
 * The list is read on a worker; the view may be closed meanwhile.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/zip.h"
#include "tui/args.h"
#include "tui/listview.h"
#include "tui/views.h"
#include "tui/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reading {         /* outlives the view */
	struct result *view; /* NULL: closed */
	char *path;
	struct net_zip_list list;
	bool failed;
	struct prism_error error;
};

struct result {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	char *path;
	struct reading *reading; /* NULL: not under way */
	struct net_zip_list list;
	size_t refused;
	enum pt_load_state state;
	struct prism_error error;
	char id[24], title[200], summary[120];
};

enum { COLUMN_NAME, COLUMN_SIZE, COLUMN_PACKED, COLUMN_TIME, COLUMN_NOTE };
static const struct pt_column columns[] = {
    {"name", "File", 14, 0, 4, 0, PT_COLUMN_MAIN},
    {"size", "Size", 9, 10, 0, 0, PT_COLUMN_NUMBER},
    {"packed", "Packed", 9, 10, 0, 3, PT_COLUMN_NUMBER},
    {"modified", "Modified", 16, 16, 0, 2, PT_COLUMN_TIME},
    {"refused", "Refused", 8, 40, 2, 1, PT_COLUMN_NO_SORT},
};

/* ---- rows ---- */

static size_t count(void *data)
{
	return ((struct result *)data)->list.count;
}

static const char *row_id(void *data, size_t row)
{
	struct result *r = data;

	snprintf(r->id, sizeof(r->id), "%zu", row);
	return r->id;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	struct result *r = data;
	const struct net_zip_entry *entry = &r->list.entries[row];
	char bytes[24];

	ret->slot = entry->refused ? PT_SLOT_BAD : entry->directory ? PT_SLOT_DIM : PT_SLOT_TEXT;
	switch (column) {
	case COLUMN_NAME:
		ret->text = entry->name;
		break;
	case COLUMN_SIZE:
	case COLUMN_PACKED:
		ret->number = (int64_t)(column == COLUMN_SIZE ? entry->size : entry->packed);
		snprintf(ret->scratch, sizeof(ret->scratch), "%s",
		         entry->directory ? "" : prism_text_bytes((uint64_t)ret->number, bytes));
		ret->text = ret->scratch;
		break;
	case COLUMN_TIME:
		pt_value_time(r->tv.app, ret, entry->mtime_us);
		break;
	default:
		ret->text = entry->refused ? entry->reason : "";
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* ---- reading ---- */

static void sync(struct result *r)
{
	const struct pt_load load = {.state = r->state,
	                             .error = &r->error,
	                             .empty = "The zip is empty",
	                             .retry_key = pt_ui_retry_key(r->tv.app)};

	pt_tableview_reload(&r->tv, &load);
	pt_app_dirty(r->tv.app);
}

static void read_run(void *data)
{
	struct reading *reading = data;

	reading->failed = net_zip_list(reading->path, &reading->list, &reading->error) < 0;
}

static void read_done(void *data, bool cancelled)
{
	struct reading *reading = data;
	struct result *r = reading->view;

	if (cancelled)
		reading->failed = true;
	if (r) {
		r->reading = NULL;
		r->state = reading->failed ? PT_LOAD_FAILED : PT_LOAD_READY;
		prism_error_copy(&r->error, &reading->error);
		if (!reading->failed) {
			net_zip_list_finish(&r->list);
			r->list = reading->list;
			reading->list = (struct net_zip_list){0};
		}
		r->refused = 0;
		for (size_t i = 0; i < r->list.count; i++)
			r->refused += r->list.entries[i].refused;
		sync(r);
	}
	if (!reading->failed)
		net_zip_list_finish(&reading->list);
	prism_free(reading->path);
	prism_free(reading);
}

static void read_again(struct result *r)
{
	if (r->reading)
		return;
	r->reading = prism_alloc(sizeof(*r->reading));
	*r->reading = (struct reading){.view = r, .path = prism_strdup(r->path)};
	if (!r->list.count)
		r->state = PT_LOAD_LOADING;
	prism_work_submit(pt_ui_world(r->tv.app)->work, NULL, read_run, read_done, r->reading);
}

/* ---- actions ---- */

/* Where to: a directory of the zip's name beside it. */
void pt_result_ask_unpack(struct pt_app *app, const char *path)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_RESULT_UNPACK));
	PRISM_AUTO_FREE char *directory = prism_strdup(path);
	size_t len = strlen(directory);

	if (len > 4 && strcmp(directory + len - 4, ".zip") == 0)
		directory[len - 4] = '\0';
	else
		directory[0] = '\0';
	pt_values_add(values, "file", path);
	pt_values_add(values, "directory", directory);
	pt_app_overlay(app, pt_view_form(app, values));
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct result *r = view->state;

	if (!pt_ui_opens_nothing(view, id, reason, size))
		return false;
	if (id != PT_ACTION_RESULT_UNPACK || (r->state == PT_LOAD_READY && !r->refused))
		return true;
	if (size)
		snprintf(reason, size, "%s",
		         r->refused ? "entries that would leave the directory are inside"
		                    : "it could not be read");
	return false;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct result *r = view->state;

	if (id == PT_ACTION_REFRESH) {
		read_again(r);
		return PT_HANDLED | PT_REDRAW;
	}
	if (id != PT_ACTION_RESULT_UNPACK || values)
		return PT_IGNORED;
	pt_result_ask_unpack(view->app, r->path);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_RESULT, .may = may, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	struct result *r = view->state;

	snprintf(r->title, sizeof(r->title), "Result %s", prism_path_base(r->path));
	return r->title;
}

static const char *summary(struct pt_view *view)
{
	struct result *r = view->state;
	char bytes[24];

	if (r->state != PT_LOAD_READY)
		return NULL;
	if (r->refused)
		snprintf(r->summary, sizeof(r->summary), "%zu of %zu refused", r->refused, r->list.count);
	else
		snprintf(r->summary, sizeof(r->summary), "%zu, %s unpacked", r->list.count,
		         prism_text_bytes(r->list.total, bytes));
	return r->summary;
}

static void destroy(struct pt_view *view)
{
	struct result *r = view->state;

	if (r->reading)
		r->reading->view = NULL;
	pt_tableview_finish(&r->tv);
	net_zip_list_finish(&r->list);
	prism_free(r->path);
	prism_free(r);
}

static const struct pt_view_ops ops = {
    .name = "result",
    PT_TABLEVIEW_OPS,
    .title = title,
    .summary = summary,
    .destroy = destroy,
    .actor = &actor,
};

void pt_result_open(struct pt_app *app, const char *path)
{
	struct result *r = prism_alloc(sizeof(*r));
	struct pt_view *view = pt_view_create(app, &ops, r);

	r->path = prism_path_expand(path);
	pt_tableview_init(&r->tv, view, columns, PRISM_COUNT(columns), &model);
	read_again(r);
	sync(r);
	pt_app_push(app, PT_PANE_LIST, view);
}
