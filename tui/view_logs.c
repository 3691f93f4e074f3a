/*
 * The view of log lines: where they come from, when it is drawn, what its title line says.  What
 * its actions do is tui/view_logs_act.c, how lines look tui/logpane_draw.c.
 *
 * Drawing under a burst: the first change is drawn at once, then at most FRAMES a second; a
 * hundred thousand lines cost a few frames, not a hundred thousand.
 */
#include "tui/view_logs.h"

#include "base/mem.h"
#include "core/options.h"
#include "tui/view_logs_private.h"

#include <stdio.h>
#include <string.h>

enum { FRAMES = 20 };

/* ---- drawing in time ---- */

static void draw_later(void *data)
{
	struct logs *l = data;

	l->drawn_ms = prism_clock_mono_ms(pt_app_clock(l->view->app));
	pt_app_dirty(l->view->app);
}

void pt_logs_redraw(struct logs *l)
{
	int64_t since = prism_clock_mono_ms(pt_app_clock(l->view->app)) - l->drawn_ms;
	struct prism_loop *loop = pt_app_loop(l->view->app);

	if (!l->view->visible)
		return;
	if (since >= 1000 / FRAMES) {
		draw_later(l);
		return;
	}
	if (!l->later)
		l->later = prism_loop_add_timer(loop, -1, 0, draw_later, l);
	prism_timer_rearm(l->later, 1000 / FRAMES - since);
}

/* What a person waits for, the end of filtering or searching, is drawn at once. */
static void pane_changed(void *data)
{
	struct logs *l = data;
	bool busy = core_logview_progress(l->pane.view) < 100 || l->pane.searching;

	if (l->busy && !busy)
		draw_later(l);
	else
		pt_logs_redraw(l);
	l->busy = busy;
}

/* ---- filter ---- */

/* What the server can do for a log of which only the end is here. */
static void ask_server(struct logs *l)
{
	const struct core_log_filter *f = &l->filter;
	bool text = f->pattern && !(f->match_flags & CORE_LOGMATCH_REGEX) && !f->exclude;
	struct core_logs_query query = {
	    .run_id = f->run ? core_logstore_run(l->store, f->run) : NULL,
	    .level = l->least_level == CORE_LOG_ERROR ? "error" : NULL,
	    .message = text ? f->pattern : NULL,
	    .from_us = f->from_us,
	    .to_us = f->to_us,
	};

	if (!l->feed || core_logs_older(l->feed) == 0)
		return;
	if (query.run_id || query.level || query.message || query.from_us != PRISM_TIME_UNSET ||
	    query.to_us != PRISM_TIME_UNSET)
		core_logs_fetch_matching(l->feed, &query);
}

static uint32_t levels_from(const struct logs *l)
{
	uint32_t known = 0;

	if (l->least_level == CORE_LOG_NONE)
		return 0;
	for (unsigned i = l->least_level; i < CORE_LOG_KNOWN; i++)
		known |= 1u << i;
	/* Words nobody knows might be worse than an error: they stay visible. */
	return known | ~((1u << CORE_LOG_KNOWN) - 1);
}

int pt_logs_apply(struct logs *l, const char *pattern, unsigned match_flags,
                  struct prism_error *err)
{
	struct core_log_filter filter = l->filter;
	char *owned;

	filter.levels = levels_from(l);
	if (pattern) {
		filter.exclude = pattern[0] == '!' && pattern[1];
		filter.pattern = filter.exclude ? pattern + 1 : pattern;
		filter.match_flags = match_flags;
	}
	if (pt_logpane_filter(&l->pane, &filter, err) < 0)
		return -1;
	memcpy(&owned, &l->filter.pattern, sizeof(owned));
	filter.pattern = filter.pattern && *filter.pattern ? prism_strdup(filter.pattern) : NULL;
	prism_free(owned);
	l->filter = filter;
	l->busy = core_logview_progress(l->pane.view) < 100;
	ask_server(l);
	return 0;
}

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	const struct logs *l = view->state;

	return l->file ? l->name : "Logs";
}

static void add(struct logs *l, const char *fmt, ...) PRISM_PRINTF(2, 3);
static void add(struct logs *l, const char *fmt, ...)
{
	size_t len = strlen(l->summary);
	va_list args;

	va_start(args, fmt);
	if (len < sizeof(l->summary) - 1)
		vsnprintf(l->summary + len, sizeof(l->summary) - len, fmt, args);
	va_end(args);
}

static void add_filter(struct logs *l)
{
	const struct core_log_filter *f = &l->filter;

	if (l->least_level)
		add(l, ", %s and above", core_logstore_level(l->store, l->least_level));
	if (f->run)
		add(l, ", run %.8s", core_logstore_run(l->store, f->run));
	if (f->pattern)
		add(l, ", %s%.30s", f->exclude ? "not " : f->match_flags ? "~" : "/", f->pattern);
	if (f->from_us != PRISM_TIME_UNSET || f->to_us != PRISM_TIME_UNSET)
		add(l, ", time range");
}

static const char *summary(struct pt_view *view)
{
	struct logs *l = view->state;
	size_t count = core_logview_count(l->pane.view), all = core_logstore_count(l->store);
	unsigned progress = core_logview_progress(l->pane.view);
	int64_t older = l->feed ? core_logs_older(l->feed) : 0;
	uint64_t dropped = core_logstore_dropped(l->store);
	const char *state = l->paused ? "paused" : l->pane.follow ? "following" : "";

	snprintf(l->summary, sizeof(l->summary), "%s%s", state, *state ? ", " : "");
	if (core_logview_filtered(l->pane.view))
		add(l, "%zu of %zu lines", count, all);
	else if (count)
		add(l, "%zu of %zu", pt_logpane_pos(&l->pane) + 1, all);
	else
		add(l, "0 lines");
	add_filter(l);
	if (progress < 100)
		add(l, ", filtering %u%%", progress);
	if (l->file && core_logfile_loading(l->file))
		add(l, ", reading %u%%", core_logfile_progress(l->file));
	if (l->pane.searching)
		add(l, ", searching");
	else if (l->pane.not_found)
		add(l, ", not found");
	else if (l->pane.match && l->pane.wrapped)
		add(l, ", search went around");
	if (older)
		add(l, older > 0 ? ", %lld older" : ", older ones", (long long)older);
	if (dropped)
		add(l, ", %llu dropped", (unsigned long long)dropped);
	return l->summary;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct logs *l = view->state;

	pt_logpane_prepare(&l->pane, width, height);
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct logs *l = view->state;
	size_t count = core_logview_count(l->pane.view), all = core_logstore_count(l->store);
	struct pt_load load = {.state = PT_LOAD_READY, .empty = "No lines in this file"};

	if (l->feed)
		load = pt_ui_load(view->app, core_logs_status(l->feed), "No log lines yet",
		                  "they come when it runs");
	if (all > count) {
		load.state = PT_LOAD_READY;
		load.empty = "No line passes the filters";
		load.empty_hint = "log clear shows all lines again";
	}
	if (!pt_load_draw(&load, count, false, canvas, area))
		pt_logpane_draw(&l->pane, canvas, area, focus);
}

static unsigned nav(struct pt_view *view, enum pt_nav where, int count)
{
	struct logs *l = view->state;
	unsigned result = pt_logpane_nav(&l->pane, where, count);
	bool up = where != PT_NAV_DOWN && where != PT_NAV_PAGE_DOWN && where != PT_NAV_HALF_DOWN &&
	          where != PT_NAV_LAST && where != PT_NAV_LEFT && where != PT_NAV_RIGHT;

	if (up && l->feed && pt_logpane_pos(&l->pane) == 0)
		core_logs_fetch_older(l->feed);
	return result;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct logs *l = view->state;

	return pt_logpane_key(&l->pane, event);
}

static unsigned filter(struct pt_view *view, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_logs_apply(view->state, text, 0, &err) < 0)
		pt_app_report(view->app, &err);
	return PT_HANDLED | PT_REDRAW;
}

/* As it is typed; expressions have a prompt of their own. */
static const char *filter_text(struct pt_view *view)
{
	struct logs *l = view->state;

	if (!l->filter.pattern)
		return "";
	snprintf(l->typed, sizeof(l->typed), "%s%s", l->filter.exclude ? "!" : "", l->filter.pattern);
	return l->typed;
}

static unsigned search(struct pt_view *view, const char *text, int direction)
{
	struct logs *l = view->state;
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_logpane_search(&l->pane, text, direction, &err) < 0)
		pt_app_report(view->app, &err);
	l->busy = l->pane.searching;
	return PT_HANDLED | PT_REDRAW;
}

void pt_logs_watch(struct logs *l)
{
	bool want = l->view->visible && !l->paused;

	if (l->file) {
		core_logfile_follow(l->file, want && l->pane.follow);
	} else if (want != l->asked) {
		l->asked = want;
		core_logs_follow(l->feed, want);
	}
}

static void shown(struct pt_view *view, bool visible)
{
	struct logs *l = view->state;

	PRISM_UNUSED(visible);
	pt_logs_watch(l);
	if (visible)
		pt_logs_redraw(l);
}

static unsigned changed(struct pt_view *view, const struct core_event *event)
{
	struct logs *l = view->state;

	if (event->type == CORE_EVENT_LOGS && l->feed && strcmp(event->id, l->name) == 0)
		pt_logs_redraw(l);
	return PT_IGNORED;
}

static void destroy(struct pt_view *view)
{
	struct logs *l = view->state;
	char *pattern;

	pt_logs_forget_asking(l);
	pt_logs_forget_host(l);
	prism_timer_remove(l->later);
	if (l->asked)
		core_logs_follow(l->feed, false);
	core_logfile_close(l->file);
	pt_logpane_finish(&l->pane);
	if (l->feed)
		core_logs_close(l->feed);
	else
		core_logstore_destroy(l->store);
	memcpy(&pattern, &l->filter.pattern, sizeof(pattern));
	prism_free(pattern);
	prism_free(l->name);
	prism_free(l);
}

static const char *subject(struct pt_view *view, enum pt_arg_kind kind)
{
	struct logs *l = view->state;

	return kind == PT_ARG_COMPUTATION && l->feed ? l->name : NULL;
}

static const struct pt_actor actor = {.where = PT_IN_LOGS | PT_IN_TEXT,
                                      .may = pt_ui_opens_nothing,
                                      .subject = subject,
                                      .act = pt_logs_act};

static const struct pt_view_ops ops = {
    .name = "logs",
    .title = title,
    .summary = summary,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .changed = changed,
    .shown = shown,
    .destroy = destroy,
    .nav = nav,
    .filter = filter,
    .filter_text = filter_text,
    .search = search,
    .copy = pt_logs_copy,
    .actor = &actor,
};

static enum pt_log_times times_of(struct core *core)
{
	const char *word = core_option_text(core_options(core), CORE_OPT_TIMES);

	return strcmp(word, "utc") == 0        ? PT_LOG_UTC
	       : strcmp(word, "relative") == 0 ? PT_LOG_RELATIVE
	                                       : PT_LOG_LOCAL;
}

static struct logs *create(struct pt_app *app, const char *name)
{
	struct logs *l = prism_alloc(sizeof(*l));

	l->core = pt_ui_core(app);
	l->name = prism_strdup(name);
	l->filter = (struct core_log_filter)CORE_LOG_FILTER_ALL;
	l->drawn_ms = INT64_MIN / 2;
	return l;
}

static struct pt_view *finish(struct pt_app *app, struct logs *l)
{
	l->view = pt_view_create(app, &ops, l);
	pt_logpane_init(&l->pane, l->store, pt_app_loop(app), pt_app_clock(app), pane_changed, l);
	l->pane.times = times_of(l->core);
	return l->view;
}

struct pt_view *pt_view_logs(struct pt_app *app, const char *computation_id)
{
	struct logs *l = create(app, computation_id);

	l->feed = core_logs_open(l->core, computation_id);
	l->store = core_logs_store(l->feed);
	return finish(app, l);
}

struct pt_view *pt_view_log_file(struct pt_app *app, const char *path, struct prism_error *err)
{
	struct logs *l = create(app, path);

	l->store = core_logstore_create(0, 0);
	l->file = core_logfile_open(pt_app_loop(app), path, l->store, pane_changed, l, err);
	if (!l->file) {
		core_logstore_destroy(l->store);
		prism_free(l->name);
		prism_free(l);
		return NULL;
	}
	return finish(app, l);
}
