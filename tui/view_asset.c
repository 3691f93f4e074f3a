/*
 * One asset: what the web console's preview shows of it, with the computations it is linked to, and
 * its sample to read.  Enter on a computation opens it.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/sample.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/linesview.h"
#include "tui/tabbed.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 16

/* ---- the tab Details ---- */

struct details {
	struct pt_linesview lv; /* first: see tui/linesview.h */
	struct core *core;
	char *id;
};

enum target { TARGET_NONE, TARGET_COMPUTATION };

static void field(struct details *d, const char *label, enum pt_slot slot, const char *text)
{
	pt_lines_add(d->lv.lines, label, TARGET_NONE, NULL);
	pt_lines_part(d->lv.lines, PT_SLOT_LABEL, "%s", label);
	pt_lines_wrap(d->lv.lines, LABEL_WIDTH, d->lv.width, *text ? slot : PT_SLOT_DIM,
	              *text ? text : "not told");
}

static void computation_lines(struct details *d, const struct core_asset *asset)
{
	pt_lines_add(d->lv.lines, NULL, TARGET_NONE, NULL);
	pt_lines_add(d->lv.lines, NULL, TARGET_NONE, NULL);
	pt_lines_part(d->lv.lines, PT_SLOT_TITLE, "Computations Linked");
	if (!asset->computation_count) {
		pt_lines_add(d->lv.lines, NULL, TARGET_NONE, NULL);
		pt_lines_part(d->lv.lines, PT_SLOT_DIM, "none; a links it to one");
	}
	for (size_t i = 0; i < asset->computation_count; i++) {
		const char *word = asset->computations[i];
		const struct core_computation *c = core_computation_get(d->core, word);

		pt_lines_add(d->lv.lines, word, TARGET_COMPUTATION, word);
		pt_lines_glyph(d->lv.lines, PT_GLYPH_MIDDOT, PT_SLOT_DIM);
		pt_lines_part(d->lv.lines, PT_SLOT_LINK, " %s", c ? c->name : word);
	}
}

static void build(struct pt_view *view)
{
	struct details *d = view->state;
	const struct core_asset *asset = core_list_find(core_assets(d->core), d->id);
	char time[PRISM_TIME_TEXT];

	pt_lines_begin(d->lv.lines);
	if (asset) {
		field(d, "File Name", PT_SLOT_STRONG, asset->file_name);
		field(d, "Description", PT_SLOT_TEXT, asset->description);
		field(d, "Type", PT_SLOT_TEXT,
		      asset->type == CORE_ASSET_OTHER ? asset->type_word
		                                      : core_asset_type_label(asset->type));
		field(d, "Owner", PT_SLOT_TEXT, core_user_name(d->core, asset->owner));
		field(d, "Asset ID", PT_SLOT_LINK, asset->id);
		field(d, "SHA3-256", PT_SLOT_LINK, asset->checksum);
		field(d, "MIME type", PT_SLOT_TEXT, asset->mime_type);
		field(d, "Created", PT_SLOT_TEXT, pt_ui_time(d->lv.view->app, asset->created_us, time));
		computation_lines(d, asset);
	}
	pt_lines_end(d->lv.lines);
}

static unsigned details_act(struct pt_view *view, enum pt_action_id id,
                            const struct pt_values *values)
{
	struct details *d = view->state;
	const char *arg = NULL;

	if (id != PT_ACTION_OPEN || values)
		return PT_IGNORED;
	if (pt_lines_target(d->lv.lines, &arg) == TARGET_COMPUTATION) {
		struct pt_values *one = pt_values_create(pt_action(PT_ACTION_COMPUTATION_SHOW));

		pt_values_add(one, "computation", arg);
		pt_ui_act(view->app, view, PT_ACTION_COMPUTATION_SHOW, one);
		pt_values_destroy(one);
	}
	return PT_HANDLED | PT_REDRAW;
}

static struct pt_load load(const struct pt_view *view)
{
	const struct details *d = view->state;

	return pt_ui_load(view->app, core_list_status(core_assets(d->core)),
	                  "This asset is not in the list", "it may have been deleted");
}

static unsigned details_changed(struct pt_view *view, const struct core_event *event)
{
	PRISM_UNUSED(view);
	return event->type == CORE_EVENT_ASSETS || event->type == CORE_EVENT_USERS ||
	               event->type == CORE_EVENT_COMPUTATIONS
	           ? PT_REDRAW
	           : PT_IGNORED;
}

static void details_destroy(struct pt_view *view)
{
	struct details *d = view->state;

	pt_linesview_finish(&d->lv);
	prism_free(d->id);
	prism_free(d);
}

static const struct pt_actor details_actor = {.where = PT_IN_ASSET, .act = details_act};

static const struct pt_view_ops details_ops = {
    .name = "asset-details",
    PT_LINESVIEW_OPS,
    .changed = details_changed,
    .destroy = details_destroy,
    .actor = &details_actor,
};

static struct pt_view *make_details(struct pt_app *app, const char *id)
{
	struct details *d = prism_alloc(sizeof(*d));
	struct pt_view *view = pt_view_create(app, &details_ops, d);

	d->core = pt_ui_core(app);
	d->id = prism_strdup(id);
	pt_linesview_init(&d->lv, view, build, load);
	d->lv.every = true;
	core_list_load(core_assets(d->core));
	core_list_load(core_computations(d->core)); /* for their names */
	return view;
}

/* ---- the host ---- */

struct asset {
	struct pt_tabbed tabbed; /* first: see tui/tabbed.h; its subject is the id */
	struct core *core;
	char title[160];
};

static const struct pt_tabbed_tab tabs[PT_ASSET_TAB_COUNT] = {
    [PT_ASSET_TAB_DETAILS] = {"Details", PT_IN_ASSET, make_details, NULL},
    [PT_ASSET_TAB_SAMPLE] = {"Sample", PT_IN_ASSET, pt_view_sample, NULL},
};

static const struct core_asset *asset_of(const struct pt_view *view)
{
	const struct asset *a = view->state;

	return core_list_find(core_assets(a->core), a->tabbed.subject);
}

static const char *title(struct pt_view *view)
{
	struct asset *a = view->state;
	const struct core_asset *asset = asset_of(view);

	snprintf(a->title, sizeof(a->title), "%s",
	         asset && *asset->file_name ? asset->file_name : a->tabbed.subject);
	return a->title;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct asset *a = view->state;

	return kind == PT_ARG_ASSET ? a->tabbed.subject : pt_tabbed_subject(view, kind);
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	const struct core_asset *asset = asset_of(view);

	if (kind != PT_ARG_ASSET)
		return pt_tabbed_name_of(view, kind, id);
	return asset && *asset->file_name ? asset->file_name : NULL;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct asset *a = view->state;

	return pt_asset_may(a->core, asset_of(view), id, reason, size) &&
	       pt_tabbed_may(view, id, reason, size);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct asset *a = view->state;
	unsigned result = pt_tabbed_act(view, id, values);

	if (result != PT_IGNORED || values)
		return result;
	switch (id) {
	case PT_ACTION_REFRESH:
		core_list_refresh(core_assets(a->core));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_ASSET_PREVIEW:
		pt_tabbed_open(view, PT_ASSET_TAB_SAMPLE);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_ASSET_LINK:
	case PT_ACTION_ASSET_UNLINK:
		return pt_asset_choose_computation(view->app, asset_of(view), id);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_ASSET,
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

	return event->type == CORE_EVENT_ASSETS ? result | PT_REDRAW : result;
}

static void destroy(struct pt_view *view)
{
	struct asset *a = view->state;

	pt_tabbed_finish(&a->tabbed);
	prism_free(a);
}

static const struct pt_view_ops ops = {
    .name = "asset",
    .title = title,
    PT_TABBED_OPS,
    .changed = changed,
    .shown = pt_tabbed_shown,
    .destroy = destroy,
    .actor = &actor,
};

static struct pt_view *make(struct pt_app *app, const char *id, size_t tab)
{
	struct asset *a = prism_alloc(sizeof(*a));
	struct pt_view *view = pt_view_create(app, &ops, a);

	a->core = pt_ui_core(app);
	pt_tabbed_init(view, tabs, PT_ASSET_TAB_COUNT, id, tab);
	return view;
}

void pt_asset_follow(struct pt_app *app, const char *id)
{
	pt_tabbed_follow(app, &ops, id, make);
}

void pt_asset_open(struct pt_app *app, const char *id, enum pt_asset_tab tab)
{
	pt_tabbed_show(app, &ops, id, tab, make);
}
