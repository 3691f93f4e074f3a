/*
 * The manifest the agent gets: as a table of what is expected from whom, or as the raw JSON.  My
 * own key is marked, so that registration can be seen where it matters.
 */
#include "base/json.h"
#include "base/mem.h"
#include "core/list.h"
#include "core/manifest.h"
#include "core/userkey.h"
#include "tui/args.h"
#include "tui/textview.h"
#include "tui/view_computation.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

struct manifest {
	struct pt_view *view;
	struct core *core;
	char *id;
	struct pt_textview *text;
	char *mine; /* my public key, base64; NULL: none known */
	bool raw;
};

static void entry(struct manifest *m, const char *what, const struct core_manifest_entry *e)
{
	bool mine = m->mine && core_userkey_same(m->mine, e->user_key);

	pt_textview_line(m->text, PT_SLOT_TEXT, "");
	pt_textview_line(m->text, PT_SLOT_TITLE, what);
	if (*e->file_name)
		pt_textview_field(m->text, 12, "File", PT_SLOT_TEXT, e->file_name);
	if (*e->hash)
		pt_textview_field(m->text, 12, "SHA3-256", PT_SLOT_LINK, e->hash);
	pt_textview_field(m->text, 12, "Key", *e->user_key ? PT_SLOT_LINK : PT_SLOT_BAD,
	                  *e->fingerprint ? e->fingerprint
	                  : *e->user_key  ? "unreadable"
	                                  : "missing: not registered yet");
	if (mine)
		pt_textview_part(m->text, PT_SLOT_GOOD, "  your key");
	if (*e->algo_type)
		pt_textview_field(m->text, 12, "Type", PT_SLOT_TEXT, e->algo_type);
}

static void build_table(struct manifest *m, const struct core_manifest *manifest)
{
	char what[64];

	pt_textview_field(m->text, 12, "Name", PT_SLOT_STRONG, manifest->name);
	pt_textview_field(m->text, 12, "Description", PT_SLOT_TEXT, manifest->description);
	if (*manifest->id)
		pt_textview_field(m->text, 12, "ID", PT_SLOT_LINK, manifest->id);
	if (manifest->has_algorithm)
		entry(m, "Algorithm", &manifest->algorithm);
	else
		pt_textview_line(m->text, PT_SLOT_WARN, "No algorithm yet");
	for (size_t i = 0; i < manifest->dataset_count; i++) {
		snprintf(what, sizeof(what), "Dataset %zu", i + 1);
		entry(m, what, &manifest->datasets[i]);
	}
	for (size_t i = 0; i < manifest->consumer_count; i++) {
		snprintf(what, sizeof(what), "Result consumer %zu", i + 1);
		entry(m, what, &manifest->consumers[i]);
	}
}

/* Indented to be read; what is saved is the answer itself, unchanged. */
static void show_raw(struct manifest *m, const struct core_manifest *manifest)
{
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(manifest->raw, manifest->raw_len, NULL);
	PRISM_AUTO_FREE char *pretty = doc ? prism_json_print(doc, true) : NULL;

	if (pretty)
		pt_textview_set(m->text, pretty, strlen(pretty));
	else
		pt_textview_set(m->text, manifest->raw, manifest->raw_len);
}

static void build(struct manifest *m)
{
	const struct core_manifest *manifest = core_manifest(m->core, m->id);

	pt_textview_clear(m->text);
	if (!manifest)
		return;
	if (m->raw)
		show_raw(m, manifest);
	else
		build_table(m, manifest);
}

static void find_mine(struct manifest *m)
{
	PRISM_AUTO_FREE char *path = pt_world_key_file(pt_ui_world(m->view->app), NULL, m->id, NULL);

	prism_free(m->mine);
	m->mine = path ? core_userkey_public_base64(path, NULL, NULL) : NULL;
}

/* ---- actions ---- */

static unsigned save(struct pt_view *view)
{
	struct manifest *m = view->state;
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_MANIFEST));

	pt_values_add(values, "computation", m->id);
	pt_values_add(values, "save", "manifest.json");
	pt_app_overlay(view->app, pt_view_form(view->app, values));
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct manifest *m = view->state;

	PRISM_UNUSED(values);
	switch (id) {
	case PT_ACTION_MANIFEST_RAW:
		m->raw = !m->raw;
		build(m);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_LOG_WRAP:
		pt_textview_set_wrap(m->text, !pt_textview_wrap(m->text));
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_SAVE:
		return save(view);
	case PT_ACTION_REFRESH:
		core_manifest_load(m->core, m->id, true);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {
    .where = PT_IN_MANIFEST, .may = pt_ui_opens_nothing, .act = act};

/* ---- view ---- */

static struct pt_textview *text(struct pt_view *view)
{
	struct manifest *m = view->state;

	return m->text;
}

static const char *summary(struct pt_view *view)
{
	return pt_textview_summary(text(view));
}

static void prepare(struct pt_view *view, int width, int height)
{
	pt_textview_prepare(text(view), width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct manifest *m = view->state;
	struct pt_load load =
	    pt_ui_load(view->app, core_manifest_status(m->core, m->id), "No manifest", NULL);

	PRISM_UNUSED(focus);
	if (!pt_load_draw(&load, pt_textview_lines(m->text), false, canvas, area))
		pt_textview_draw(m->text, canvas, area);
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct manifest *m = view->state;

	if ((event->type != CORE_EVENT_MANIFEST && event->type != CORE_EVENT_KEYS) ||
	    (*event->id && strcmp(event->id, m->id) != 0))
		return PT_IGNORED;
	find_mine(m);
	build(m);
	return PT_REDRAW;
}

/* Roles, assets and keys change it on the server: asked anew whenever it comes into view. */
static void shown(struct pt_view *view, bool visible)
{
	struct manifest *m = view->state;

	if (visible)
		core_manifest_load(m->core, m->id, true);
}

static void destroy(struct pt_view *view)
{
	struct manifest *m = view->state;

	pt_textview_destroy(m->text);
	prism_free(m->mine);
	prism_free(m->id);
	prism_free(m);
}

static const struct pt_view_ops ops = {
    .name = "manifest",
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .text = text,
    .actor = &actor,
};

struct pt_view *pt_view_manifest(struct pt_app *app, const char *id)
{
	struct manifest *m = prism_alloc(sizeof(*m));
	struct pt_view *view = pt_view_create(app, &ops, m);

	m->view = view;
	m->core = pt_ui_core(app);
	m->id = prism_strdup(id);
	m->text = pt_textview_create();
	find_mine(m);
	build(m);
	return view;
}
