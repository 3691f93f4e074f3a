/*
 * The sample of an asset: text, or CSV in aligned columns, scrolled sideways.  It is fetched when
 * the tab is opened, and again on request.
 */
#include "base/mem.h"
#include "base/text.h"
#include "core/sample.h"
#include "tui/sampletext.h"
#include "tui/textview.h"
#include "tui/ui.h"
#include "tui/views.h"

#include <string.h>

#define TEXT_MAX (32u << 20) /* columns padded to their width */

struct fetching { /* outlives the view, which then takes itself out */
	struct sample *sample;
};

struct sample {
	struct pt_view *view;
	struct fetching *fetching; /* NULL: nothing is under way */
	struct core *core;
	char *id;
	struct pt_textview *text;
	struct core_status status; /* of the last fetch */
	char summary[80];
};

static void fetched(void *data, const struct core_sample *sample, const struct prism_error *err)
{
	struct sample *s = ((struct fetching *)data)->sample;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(TEXT_MAX);
	char size[24];

	prism_free(data);
	if (!s)
		return;
	s->fetching = NULL;
	s->status.loading = false;
	prism_error_clear(&s->status.error);
	s->status.freshness = err ? CORE_FAILED : CORE_READY;
	if (err) {
		prism_error_copy(&s->status.error, err);
	} else {
		pt_sample_text(sample, !pt_app_utf8(s->view->app), &text);
		pt_textview_set(s->text, prism_buf_text(&text), text.len);
		snprintf(s->summary, sizeof(s->summary), "%s, %s", core_sample_kind_word(sample->kind),
		         prism_text_bytes(sample->size, size));
	}
	pt_app_dirty(s->view->app);
}

static void fetch(struct sample *s)
{
	if (s->fetching)
		return;
	s->fetching = prism_alloc(sizeof(*s->fetching));
	s->fetching->sample = s;
	s->status.loading = true;
	if (s->status.freshness != CORE_READY)
		s->status.freshness = CORE_LOADING;
	if (core_sample_fetch(s->core, s->id, s->view->cancel, fetched, s->fetching,
	                      &s->status.error) == 0)
		return;
	prism_free(s->fetching);
	s->fetching = NULL;
	s->status.loading = false;
	s->status.freshness = CORE_FAILED;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct sample *s = view->state;

	if (values)
		return PT_IGNORED;
	if (id == PT_ACTION_LOG_WRAP) {
		pt_textview_set_wrap(s->text, !pt_textview_wrap(s->text));
		return PT_HANDLED | PT_REDRAW;
	}
	if (id != PT_ACTION_REFRESH)
		return PT_IGNORED;
	fetch(s);
	return PT_HANDLED | PT_REDRAW;
}

static const struct pt_actor actor = {.where = PT_IN_ASSET, .may = pt_ui_opens_nothing, .act = act};

static const char *summary(struct pt_view *view)
{
	return ((struct sample *)view->state)->summary;
}

static void prepare(struct pt_view *view, int width, int height)
{
	pt_textview_prepare(((struct sample *)view->state)->text, width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct sample *s = view->state;
	struct pt_load load = pt_ui_load(view->app, &s->status, "Nothing here", NULL);

	PRISM_UNUSED(focus);
	if (!pt_load_draw(&load, pt_textview_lines(s->text), false, canvas, area))
		pt_textview_draw(s->text, canvas, area);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	return pt_textview_key(((struct sample *)view->state)->text, event);
}

static struct pt_textview *text(struct pt_view *view)
{
	return ((struct sample *)view->state)->text;
}

static void destroy(struct pt_view *view)
{
	struct sample *s = view->state;

	if (s->fetching)
		s->fetching->sample = NULL;
	pt_textview_destroy(s->text);
	prism_free(s->id);
	prism_free(s);
}

static const struct pt_view_ops ops = {
    .name = "sample",
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .text = text,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_sample(struct pt_app *app, const char *asset_id)
{
	struct sample *s = prism_alloc(sizeof(*s));
	struct pt_view *view = pt_view_create(app, &ops, s);

	s->view = view;
	s->core = pt_ui_core(app);
	s->id = prism_strdup(asset_id);
	s->text = pt_textview_create();
	pt_textview_set_wrap(s->text, false);
	fetch(s);
	return view;
}
