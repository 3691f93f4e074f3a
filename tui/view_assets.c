/*
 * Assets: of the workspace (a tab of the program) and of one computation (a tab of its view).  The
 * files themselves are never here; an asset is their description and checksum.
 */
#include "base/mem.h"
#include "core/asset.h"
#include "core/computation.h"
#include "core/permission.h"
#include "core/session.h"
#include "core/user.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/listview.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define CHOICES_MAX 1000 /* computations offered; the form takes any by its name */

struct assets {
	struct pt_listview lv; /* first: see tui/listview.h */
	char *computation;     /* id; NULL: all of the workspace */
	struct prism_buf joined;
};

enum {
	COLUMN_FILE,
	COLUMN_TYPE,
	COLUMN_DESCRIPTION,
	COLUMN_COMPUTATIONS,
	COLUMN_OWNER,
	COLUMN_CREATED
};

static const struct pt_column columns[] = {
    {"file", "File", 14, 0, 3, 0, PT_COLUMN_MAIN},
    {"type", "Type", 9, 10, 0, 0, 0},
    {"description", "Description", 12, 0, 3, 2, 0},
    {"computations", "Computation(s)", 14, 0, 3, 3, 0},
    {"owner", "Owner", 10, 24, 1, 4, 0},
    {"created", "Created", 16, 16, 0, 5, PT_COLUMN_TIME},
};

static void join_computations(struct assets *a, const struct core_asset *asset)
{
	prism_buf_clear(&a->joined);
	prism_buf_puts(&a->joined, "");
	for (size_t i = 0; i < asset->computation_count; i++) {
		const struct core_computation *c = core_computation_get(a->lv.core, asset->computations[i]);

		prism_buf_printf(&a->joined, "%s%s", i ? ", " : "", c ? c->name : asset->computations[i]);
	}
}

static void cell(struct pt_listview *lv, const void *item, int column, struct pt_value *ret)
{
	struct assets *a = (struct assets *)lv;
	const struct core_asset *asset = item;

	switch (column) {
	case COLUMN_FILE:
		pt_value_text(ret, *asset->file_name ? asset->file_name : asset->id, PT_SLOT_TEXT);
		break;
	case COLUMN_TYPE:
		pt_value_text(ret,
		              asset->type == CORE_ASSET_OTHER ? asset->type_word
		                                              : core_asset_type_label(asset->type),
		              asset->type == CORE_ASSET_ALGORITHM ? PT_SLOT_INFO : PT_SLOT_TEXT);
		break;
	case COLUMN_DESCRIPTION:
		pt_value_text(ret, asset->description, PT_SLOT_DIM);
		break;
	case COLUMN_COMPUTATIONS:
		join_computations(a, asset);
		pt_value_text(ret, prism_buf_text(&a->joined), PT_SLOT_TEXT);
		break;
	case COLUMN_OWNER:
		pt_value_text(ret, core_user_name(lv->core, asset->owner), PT_SLOT_TEXT);
		break;
	default:
		pt_value_time(lv->tv.app, ret, asset->created_us);
	}
}

static const struct core_asset *selected(struct pt_view *view)
{
	struct pt_listview *lv = view->state;
	const char *id = pt_table_selected(lv->tv.table);

	return id ? core_list_find(lv->list, id) : NULL;
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	const struct assets *a = view->state;

	if (kind == PT_ARG_COMPUTATION)
		return a->computation;
	return kind == PT_ARG_ASSET ? pt_table_selected(a->lv.tv.table) : NULL;
}

static const char *name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id)
{
	struct pt_listview *lv = view->state;
	const struct core_asset *asset = kind == PT_ARG_ASSET ? core_list_find(lv->list, id) : NULL;

	return asset && *asset->file_name ? asset->file_name : NULL;
}

bool pt_asset_may(struct core *core, const struct core_asset *asset, enum pt_action_id action,
                  char *reason, size_t size)
{
	const char *me = core_session_user_id(core);

	if (!asset) {
		snprintf(reason, size, "no asset is selected");
		return false;
	}
	bool changes = action == PT_ACTION_ASSET_UPDATE || action == PT_ACTION_ASSET_DELETE;

	if (changes && *asset->owner && *me && strcmp(asset->owner, me) != 0 &&
	    !core_permissions(core, NULL).workspace_admin) {
		snprintf(reason, size, "it belongs to %.80s", core_user_name(core, asset->owner));
		return false;
	}
	return true;
}

static bool may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size)
{
	const struct assets *a = view->state;
	bool own = pt_action(id)->group == PT_GROUP_ASSET && id != PT_ACTION_ASSET_CREATE &&
	           id != PT_ACTION_ASSET_LIST && id != PT_ACTION_CHECKSUM;

	/* In the tab of a computation linking chooses from all assets. */
	if (!own || (id == PT_ACTION_ASSET_LINK && a->computation))
		return true;
	return pt_asset_may(a->lv.core, selected(view), id, reason, size);
}

/* ---- choosing an asset to link, in the tab of a computation ---- */

struct linking {
	struct pt_app *app;
	char *computation;
	char **ids;
	size_t count;
};

static void linking_free(struct linking *l)
{
	for (size_t i = 0; i < l->count; i++)
		prism_free(l->ids[i]);
	prism_free(l->ids);
	prism_free(l->computation);
	prism_free(l);
}

static void link_chosen(void *data, ptrdiff_t index)
{
	struct linking *l = data;

	if (index >= 0 && (size_t)index < l->count) {
		struct pt_values *values = pt_values_create(pt_action(PT_ACTION_ASSET_LINK));

		pt_values_add(values, "asset", l->ids[index]);
		pt_values_add(values, "computation", l->computation);
		pt_ui_run(l->app, values, true, NULL, NULL);
	}
	linking_free(l);
}

static unsigned choose_link(struct pt_view *view)
{
	struct assets *a = view->state;
	struct core_list *all = core_assets(a->lv.core);
	size_t count = core_list_count(all);
	PRISM_AUTO_FREE struct pt_dialog_item *items = prism_alloc_array(count + 1, sizeof(*items));
	struct linking *l = prism_alloc(sizeof(*l));

	l->app = view->app;
	l->computation = prism_strdup(a->computation);
	l->ids = prism_alloc_array(count + 1, sizeof(*l->ids));
	for (size_t i = 0; i < count; i++) {
		const struct core_asset *asset = core_asset_at(all, i);
		bool here = core_list_find(a->lv.list, asset->id) != NULL;
		enum core_perm need = asset->type == CORE_ASSET_ALGORITHM ? CORE_PERM_ALGO_PROVIDER
		                                                          : CORE_PERM_DATASET_PROVIDER;
		bool provider = core_may(a->lv.core, a->computation, need, NULL, 0);

		/* Reference section 3.7: only who has the matching action may link. */
		items[l->count] = (struct pt_dialog_item){
		    .text = *asset->file_name ? asset->file_name : asset->description,
		    .note = here                              ? "already linked"
		            : provider                        ? core_asset_type_label(asset->type)
		            : need == CORE_PERM_ALGO_PROVIDER ? "needs algo_provider"
		                                              : "needs dataset_provider",
		    .disabled = here || !provider,
		};
		l->ids[l->count++] = prism_strdup(asset->id);
	}
	if (!l->count) {
		linking_free(l);
		pt_app_message(view->app, PT_SLOT_INFO, "there is no asset to link yet: c creates one");
		return PT_HANDLED | PT_REDRAW;
	}
	pt_dialog_choose(view->app, "Associate Asset to Computation", items, l->count, 0, link_chosen,
	                 l);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- choosing a computation, from the asset's side ---- */

struct choosing {
	struct pt_app *app;
	enum pt_action_id action;
	char *asset;
	char **ids;
	size_t count;
};

static void computation_chosen(void *data, ptrdiff_t index)
{
	struct choosing *c = data;

	if (index >= 0 && (size_t)index < c->count) {
		struct pt_values *values = pt_values_create(pt_action(c->action));

		pt_values_add(values, "asset", c->asset);
		pt_values_add(values, "computation", c->ids[index]);
		pt_ui_run(c->app, values, true, NULL, NULL);
	}
	for (size_t i = 0; i < c->count; i++)
		prism_free(c->ids[i]);
	prism_free(c->ids);
	prism_free(c->asset);
	prism_free(c);
}

static bool is_linked(const struct core_asset *asset, const struct core_computation *computation)
{
	for (size_t i = 0; i < asset->computation_count; i++)
		if (!strcmp(asset->computations[i], computation->id) ||
		    !strcmp(asset->computations[i], computation->name))
			return true;
	return false;
}

unsigned pt_asset_choose_computation(struct pt_app *app, const struct core_asset *asset,
                                     enum pt_action_id action)
{
	bool link = action == PT_ACTION_ASSET_LINK;
	struct core_list *all = core_computations(pt_ui_core(app));
	size_t total = core_list_count(all);
	PRISM_AUTO_FREE struct pt_dialog_item *items = prism_alloc_array(total + 1, sizeof(*items));
	struct choosing *c = prism_alloc(sizeof(*c));

	c->app = app;
	c->action = action;
	c->asset = prism_strdup(asset ? asset->id : "");
	c->ids = prism_alloc_array(total + 1, sizeof(*c->ids));
	for (size_t i = 0; asset && i < total && c->count < CHOICES_MAX; i++) {
		const struct core_computation *computation = core_computation_at(all, i);
		bool linked = is_linked(asset, computation);

		if (!link && !linked)
			continue;
		items[c->count] = (struct pt_dialog_item){
		    .text = computation->name,
		    .note = link && linked ? "already linked" : NULL,
		    .disabled = link && linked,
		};
		c->ids[c->count++] = prism_strdup(computation->id);
	}
	if (!c->count) {
		pt_app_message(app, PT_SLOT_INFO,
		               link ? "there is no computation to link it to" : "it is not linked");
		computation_chosen(c, -1);
		return PT_HANDLED | PT_REDRAW;
	}
	pt_dialog_choose(app, link ? "Associate Asset to Computation" : "Unlink from", items, c->count,
	                 0, computation_chosen, c);
	return PT_HANDLED | PT_REDRAW;
}

/* The detail beside the list is about the row the cursor rests on. */
static void follow(struct pt_listview *lv, const char *id)
{
	pt_asset_follow(lv->tv.app, id);
}

static unsigned create(struct pt_view *view)
{
	const struct assets *a = view->state;
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_ASSET_CREATE));

	pt_values_add(values, "link", a->computation);
	pt_app_overlay(view->app, pt_view_form(view->app, values));
	return PT_HANDLED | PT_REDRAW;
}

/* Marked ones go through the form: one computation for all of them. */
static unsigned choose_computation(struct pt_view *view, enum pt_action_id id)
{
	const struct assets *a = view->state;

	return pt_table_marked(a->lv.tv.table)
	           ? PT_IGNORED
	           : pt_asset_choose_computation(view->app, selected(view), id);
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	const struct assets *a = view->state;

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		return pt_listview_refresh(view);
	case PT_ACTION_OPEN:
	case PT_ACTION_ASSET_PREVIEW:
		if (selected(view))
			pt_asset_open(view->app, selected(view)->id,
			              id == PT_ACTION_OPEN ? PT_ASSET_TAB_DETAILS : PT_ASSET_TAB_SAMPLE);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_ASSET_CREATE:
		return create(view);
	case PT_ACTION_ASSET_LINK:
		if (a->computation)
			return choose_link(view);
		return choose_computation(view, id);
	case PT_ACTION_ASSET_UNLINK:
		return a->computation ? PT_IGNORED : choose_computation(view, id);
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_ASSETS,
    .may = may,
    .subject = subject,
    .name_of = name_of,
    .act = act,
};

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	if (event->type == CORE_EVENT_COMPUTATIONS)
		return PT_REDRAW; /* names of computations */
	return pt_listview_changed(view, event);
}

static void destroy(struct pt_view *view)
{
	struct assets *a = view->state;

	pt_listview_finish(&a->lv);
	prism_buf_finish(&a->joined);
	prism_free(a->computation);
	prism_free(a);
}

static const struct pt_view_ops ops = {
    .name = "assets",
    PT_LISTVIEW_TABLE_OPS,
    .summary = pt_tableview_summary,
    .shown = pt_listview_shown,
    .changed = changed,
    .destroy = destroy,
    .actor = &actor,
};

static struct pt_view *make(struct pt_app *app, const char *computation)
{
	struct assets *a = prism_alloc(sizeof(*a));
	struct pt_view *view = pt_view_create(app, &ops, a);
	struct core *core = pt_ui_core(app);
	const struct pt_listview_spec spec = {
	    .columns = columns,
	    .column_count = PRISM_COUNT(columns),
	    .list = computation ? core_computation_assets(core, computation) : core_assets(core),
	    .event = CORE_EVENT_ASSETS,
	    .watch = computation ? CORE_WATCH_COUNT : CORE_WATCH_ASSETS,
	    .empty = computation ? "No asset is linked yet" : "No assets yet",
	    .empty_hint = computation ? "press a to link one, c to create one"
	                              : "press c to create one from a file",
	    .cell = cell,
	    .rested = computation ? NULL : follow,
	};

	a->computation = prism_strdup(computation);
	prism_buf_init(&a->joined, 1 << 24);
	pt_listview_init(&a->lv, view, &spec);
	if (computation)
		core_list_load(core_assets(core)); /* to choose from */
	return view;
}

struct pt_view *pt_view_assets(struct pt_app *app)
{
	return make(app, NULL);
}

struct pt_view *pt_view_linked(struct pt_app *app, const char *id)
{
	return make(app, id);
}
