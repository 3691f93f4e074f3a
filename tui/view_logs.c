/*
 * The newest log lines of a computation, oldest first, asked for again while they are seen.
 */
#include "tui/view_logs.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/list.h"
#include "core/options.h"
#include "core/request.h"
#include "tui/textview.h"
#include "tui/views.h"

#include <string.h>

#define PAGE 100 /* the server's largest page (reference section 3) */

struct logs {
	struct pt_view *view;
	struct core *core;
	char *id;
	struct pt_textview *text;
	struct prism_timer *timer;
	struct core_request *request;
	struct pt_load load;
	struct prism_error error;
	size_t lines;
};

static void ask(void *data);

static void query(struct core_query *out, void *data)
{
	PRISM_UNUSED(data);
	core_query_add_int(out, "limit", PAGE);
}

static enum pt_slot slot_of(const char *level)
{
	if (prism_text_contains(level, "err"))
		return PT_SLOT_LOG_ERROR;
	if (prism_text_contains(level, "warn"))
		return PT_SLOT_LOG_WARN;
	return prism_text_contains(level, "debug") ? PT_SLOT_LOG_DEBUG : PT_SLOT_LOG_INFO;
}

static void show(struct logs *l, const cJSON *items)
{
	int count = cJSON_GetArraySize(items);
	char time[PRISM_TIME_TEXT];

	pt_textview_clear(l->text);
	for (int i = count - 1; i >= 0; i--) {
		const cJSON *entry = cJSON_GetArrayItem(items, i);
		const char *level = prism_json_str(entry, "level", "");

		pt_textview_line(l->text, PT_SLOT_LOG_TIME,
		                 prism_time_local(prism_json_time(entry, "timestamp"), time));
		pt_textview_printf(l->text, slot_of(level), "  %-5s ", level);
		pt_textview_part(l->text, PT_SLOT_TEXT, prism_json_str(entry, "message", ""));
	}
	if ((size_t)count != l->lines)
		pt_textview_nav(l->text, PT_NAV_LAST, 1);
	l->lines = (size_t)count;
}

static void answered(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct logs *l = data;

	if (err && err->category == PRISM_ERROR_CANCELLED)
		return;
	l->request = NULL;
	if (err) {
		prism_error_copy(&l->error, err);
		l->load.error = &l->error;
		l->load.state = l->lines ? PT_LOAD_STALE : PT_LOAD_FAILED;
	} else {
		l->load.state = PT_LOAD_READY;
		l->load.error = NULL;
		show(l, core_items_of(reply->json, "logs"));
	}
	pt_app_dirty(l->view->app);
	if (l->timer)
		prism_timer_rearm(l->timer, core_option_int(core_options(l->core), CORE_OPT_INTERVAL_LOGS));
}

static void ask(void *data)
{
	struct logs *l = data;
	struct core_call call = {.endpoint = CORE_EP_COMP_LOGS, .query = query};
	struct prism_error err = PRISM_ERROR_INIT;

	if (l->request)
		return;
	call.arg[CORE_ARG_C] = l->id;
	l->request = core_request_start(l->core, &call, l->view->cancel, answered, l, &err);
	if (!l->request) {
		prism_error_copy(&l->error, &err);
		l->load.error = &l->error;
		l->load.state = PT_LOAD_FAILED;
	}
}

static void shown(struct pt_view *view, bool visible)
{
	struct logs *l = view->state;

	if (visible && !l->timer)
		l->timer = prism_loop_add_timer(core_loop(l->core), 0, 0, ask, l);
	if (!visible) {
		prism_timer_remove(l->timer);
		l->timer = NULL;
	}
}

static struct pt_textview *text(struct pt_view *view)
{
	struct logs *l = view->state;

	return l->text;
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
	const struct logs *l = view->state;

	PRISM_UNUSED(focus);
	if (!pt_load_draw(&l->load, l->lines, false, canvas, area))
		pt_textview_draw(l->text, canvas, area);
}

static void destroy(struct pt_view *view)
{
	struct logs *l = view->state;

	prism_timer_remove(l->timer);
	pt_textview_destroy(l->text);
	prism_free(l->id);
	prism_free(l);
}

static const struct pt_actor actor = {.where = PT_IN_LOGS};

static const struct pt_view_ops ops = {
    .name = "logs",
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .shown = shown,
    .destroy = destroy,
    .text = text,
    .actor = &actor,
};

struct pt_view *pt_view_logs(struct pt_app *app, const char *computation_id)
{
	struct logs *l = prism_alloc(sizeof(*l));
	struct pt_view *view = pt_view_create(app, &ops, l);

	l->view = view;
	l->core = pt_ui_core(app);
	l->id = prism_strdup(computation_id);
	l->text = pt_textview_create();
	l->load = (struct pt_load){
	    .state = PT_LOAD_LOADING,
	    .empty = "No log lines yet",
	    .empty_hint = "they come when it runs",
	    .retry_key = pt_ui_retry_key(app),
	};
	return view;
}
