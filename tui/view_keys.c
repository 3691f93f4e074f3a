/*
 * Key pairs of this machine: `c` makes one, `K` registers its public half with a computation, Enter
 * shows where its files are.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "core/userkey.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/tableview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct keys {
	struct pt_tableview tv; /* first: see tui/tableview.h */
	struct core_userkey_list list;
	struct prism_error error;
};

enum { COLUMN_NAME, COLUMN_KIND, COLUMN_FINGERPRINT, COLUMN_PATH, COLUMN_CREATED };

static const struct pt_column columns[] = {
    {"name", "Name", 12, 30, 2, 0, PT_COLUMN_MAIN},       {"kind", "Kind", 12, 14, 0, 0, 0},
    {"fingerprint", "Fingerprint", 16, 51, 3, 1, 0},      {"path", "Private key", 16, 0, 3, 2, 0},
    {"created", "Created", 19, 20, 0, 3, PT_COLUMN_TIME},
};

static size_t count(void *data)
{
	const struct keys *k = data;

	return k->list.count;
}

static const char *row_id(void *data, size_t row)
{
	const struct keys *k = data;

	return row < k->list.count ? k->list.keys[row].private_path : NULL;
}

static void cell(void *data, size_t row, int column, struct pt_value *ret)
{
	const struct keys *k = data;
	const struct core_userkey_info *info = row < k->list.count ? &k->list.keys[row] : NULL;
	char time[PRISM_TIME_TEXT];

	if (!info)
		return;
	ret->slot = PT_SLOT_TEXT;
	switch (column) {
	case COLUMN_NAME:
		ret->text = info->name;
		break;
	case COLUMN_KIND:
		ret->text = info->description;
		break;
	case COLUMN_FINGERPRINT:
		ret->text = info->fingerprint;
		ret->slot = PT_SLOT_LINK;
		break;
	case COLUMN_PATH:
		ret->text = info->private_path;
		ret->slot = info->mode & 077 ? PT_SLOT_WARN : PT_SLOT_DIM;
		break;
	default:
		snprintf(ret->scratch, sizeof(ret->scratch), "%s",
		         pt_ui_time(k->tv.app, info->mtime_us, time));
		ret->text = ret->scratch;
		ret->number = info->mtime_us;
	}
}

static const struct pt_table_model model = {.count = count, .id = row_id, .cell = cell};

/* Reads a directory of a handful of small files; done here, not on a worker. */
static void load(struct keys *k)
{
	struct core_userkeys *keys = pt_world_keys(pt_ui_world(k->tv.app));

	core_userkey_list_finish(&k->list);
	prism_error_clear(&k->error);
	if (core_userkeys_list(keys, &k->list, &k->error) < 0)
		core_userkey_list_finish(&k->list);
	pt_tableview_reload_local(&k->tv, "No key pairs yet", "press c to make one", &k->error);
}

/* ---- actions ---- */

static const struct core_userkey_info *selected(struct pt_view *view)
{
	const struct keys *k = view->state;
	ptrdiff_t row = pt_tableview_row(view);

	return row >= 0 && (size_t)row < k->list.count ? &k->list.keys[row] : NULL;
}

/* What the command says about a key file, and what the list knows besides. */
static void show(struct pt_view *view)
{
	const struct core_userkey_info *info = selected(view);
	struct core_userkey_facts facts = {0};
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct prism_error err = PRISM_ERROR_INIT;

	if (!info)
		return;
	if (core_userkey_facts(info->private_path, NULL, &facts, &err) < 0) {
		pt_app_report(view->app, &err);
		return;
	}
	prism_buf_printf(&text, "name         %s\nkind         %s\nfingerprint  %s\n", info->name,
	                 info->description, info->fingerprint);
	prism_buf_printf(&text, "private key  %s (mode %03o%s)\n", info->private_path, info->mode,
	                 info->mode & 077 ? ": others may read it, chmod 600 it" : "");
	prism_buf_printf(&text, "public key   %s\n",
	                 info->public_path ? info->public_path
	                                   : "made from the private one when needed");
	prism_buf_printf(&text, "passphrase   %s\n", facts.encrypted ? "yes" : "no");
	prism_buf_printf(&text, "cocos-cli    %s\n", *facts.official ? facts.official : "can use it");
	if (*facts.public_pem)
		prism_buf_printf(&text, "\n%s", facts.public_pem);
	prism_buf_puts(&text,
	               "\nRegister it with a computation by K. Where it is used stands in the tab "
	               "Manifest of the computation, marked \"your key\".");
	core_userkey_facts_finish(&facts);
	pt_dialog_text(view->app, "Key pair", prism_buf_text(&text));
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct core_userkey_info *info = selected(view);
	struct pt_values *made;

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		load(view->state);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_OPEN:
		show(view);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_KEY_GENERATE:
		pt_app_overlay(view->app, pt_view_form(view->app, pt_values_create(pt_action(id))));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_KEY_REGISTER:
		made = pt_values_create(pt_action(id));
		pt_values_add(made, "key", info ? info->private_path : NULL);
		pt_app_overlay(view->app, pt_view_form(view->app, made));
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_KEYS, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Keys";
}

static void shown(struct pt_view *view, bool visible)
{
	if (visible)
		load(view->state);
}

/* A pair was made: the command says so with this event. */
static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type != CORE_EVENT_KEYS)
		return PT_IGNORED;
	load(view->state);
	return PT_REDRAW;
}

static void destroy(struct pt_view *view)
{
	struct keys *k = view->state;

	pt_tableview_finish(&k->tv);
	core_userkey_list_finish(&k->list);
	prism_free(k);
}

static const struct pt_view_ops ops = {
    .name = "keys",
    PT_TABLEVIEW_OPS,
    .title = title,
    .summary = pt_tableview_summary,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_keys(struct pt_app *app)
{
	struct keys *k = prism_alloc(sizeof(*k));
	struct pt_view *view = pt_view_create(app, &ops, k);

	pt_tableview_init(&k->tv, view, columns, PRISM_COUNT(columns), &model);
	load(k);
	return view;
}
