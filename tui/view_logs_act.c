/* Owns what the actions of a log view do: filters, jumps, marks, saving, copying. */
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/options.h"
#include "core/tunnels.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/hostfile.h"
#include "tui/savefile.h"
#include "tui/view_logs_private.h"

#include <stdio.h>
#include <string.h>

enum { COPY_MOST = 1 << 20 /* more than any clipboard takes through a terminal */ };

/* ---- asking for a value ---- */

enum question { ASK_REGEX, ASK_SINCE, ASK_UNTIL, ASK_GOTO, ASK_SAVE };

struct logs_asking {
	struct logs *logs; /* NULL: the view is gone */
	enum question question;
};

static unsigned answer(struct logs *l, enum question question, const char *text);

static void asked(void *data, const char *text)
{
	struct logs_asking *asking = data;
	struct logs *l = asking->logs;

	if (l) {
		l->asking = NULL;
		if (text)
			pt_app_apply(l->view->app, NULL, answer(l, asking->question, text));
	}
	prism_free(asking);
}

void pt_logs_forget_asking(struct logs *l)
{
	if (l->asking)
		l->asking->logs = NULL;
	l->asking = NULL;
}

static unsigned ask(struct logs *l, enum question question, const char *label, const char *initial)
{
	struct logs_asking *asking = prism_alloc(sizeof(*asking));
	const struct pt_ask prompt = {
	    .label = label,
	    .initial = initial,
	    .complete = question == ASK_SAVE ? pt_complete_path : NULL,
	    .on_done = asked,
	    .data = asking,
	};

	pt_logs_forget_asking(l);
	*asking = (struct logs_asking){l, question};
	l->asking = asking;
	pt_app_ask(l->view->app, &prompt);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- times ---- */

static bool two_digits(const char *text, int most, int *ret_value)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*ret_value = (text[0] - '0') * 10 + text[1] - '0';
	return *ret_value <= most;
}

/* "14:05" or "14:05:30" of the day that `around` falls on. */
static bool clock_time(const char *text, bool utc, int64_t around_us, int64_t *ret_us)
{
	time_t day = (time_t)(around_us / 1000000);
	struct tm tm;
	int hour, minute, second = 0;

	if (!two_digits(text, 23, &hour) || text[2] != ':' || !two_digits(text + 3, 59, &minute))
		return false;
	if (text[5] && (text[5] != ':' || !two_digits(text + 6, 59, &second) || text[8]))
		return false;
	if (!(utc ? gmtime_r(&day, &tm) : localtime_r(&day, &tm)))
		return false;
	int64_t then = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	*ret_us = (day - then + hour * 3600 + minute * 60 + second) * INT64_C(1000000);
	return true;
}

/* A time as a person types it: a span back from now, a time of the day of the line under the
 * cursor, or RFC 3339. "" is unset. */
static int parse_time(const struct logs *l, const char *text, int64_t *ret_us,
                      struct prism_error *err)
{
	int64_t now = prism_clock_wall_us(pt_app_clock(l->view->app)), ms, around = now;
	size_t count = core_logview_count(l->pane.view);

	*ret_us = PRISM_TIME_UNSET;
	if (!text[0])
		return 0;
	if (prism_text_parse_duration_ms(text, &ms, NULL) == 0) {
		*ret_us = now - ms * 1000;
		return 0;
	}
	if (count) {
		uint32_t id = core_logview_id(l->pane.view, pt_logpane_pos(&l->pane));
		int64_t at = core_logstore_line(l->store, id).time_us;
		around = at == PRISM_TIME_UNSET ? now : at;
	}
	if (clock_time(text, l->pane.times == PT_LOG_UTC, around, ret_us))
		return 0;
	if (prism_time_parse(text, ret_us, NULL) == 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is not a time", text);
	prism_error_hint(err, "write 14:05, 14:05:30, 15m (ago) or 2025-11-12T14:00:00Z");
	return -1;
}

/* ---- saving ---- */

struct saving { /* outlives the view */
	struct pt_app *app;
	char *path;
	struct pt_hostfile *file; /* NULL: of this machine */
};

static void saving_free(struct saving *saving)
{
	pt_hostfile_destroy(saving->file);
	prism_free(saving->path);
	prism_free(saving);
}

static void saved(void *data, size_t lines, const struct prism_error *err)
{
	struct saving *saving = data;
	char what[48];

	snprintf(what, sizeof(what), "%zu lines", lines);
	if (err)
		pt_app_report(saving->app, err);
	else if (saving->file)
		pt_savefile_send(saving->app, what, PRISM_STEAL(saving->file), NULL, NULL);
	else
		pt_app_message(saving->app, PT_SLOT_GOOD, "%s saved to %s", what, saving->path);
	saving_free(saving);
}

static int save(struct logs *l, const char *name, struct prism_error *err)
{
	struct pt_app *app = l->view->app;
	struct saving *saving = prism_alloc(sizeof(*saving));
	int on_host;

	saving->app = app;
	on_host = pt_hostfile_create(pt_ui_world(app), name, true, &saving->file, err);
	saving->path =
	    on_host > 0 ? prism_strdup(pt_hostfile_local(saving->file)) : prism_path_expand(name);
	if (on_host >= 0 && core_logfile_save(l->pane.view, pt_app_loop(app), saving->path,
	                                      l->view->cancel, saved, saving, err) == 0)
		return 0;
	saving_free(saving);
	return -1;
}

static unsigned ask_save(struct logs *l)
{
	char name[64];

	snprintf(name, sizeof(name), "logs-%.8s.log", l->feed ? l->name : "saved");
	return ask(l, ASK_SAVE, "Save to (.jsonl: JSON lines): ", name);
}

/* ---- answers ---- */

static int goto_time(struct logs *l, const char *text, struct prism_error *err)
{
	int64_t us;

	if (parse_time(l, text, &us, err) < 0)
		return -1;
	if (us != PRISM_TIME_UNSET)
		pt_logpane_go(&l->pane,
		              core_logview_pos(l->pane.view, core_logstore_at_time(l->store, us)));
	return 0;
}

static int set_time(struct logs *l, const char *text, int64_t *field, struct prism_error *err)
{
	if (parse_time(l, text, field, err) < 0)
		return -1;
	return pt_logs_apply(l, NULL, 0, err);
}

static unsigned answer(struct logs *l, enum question question, const char *text)
{
	struct prism_error err = PRISM_ERROR_INIT;
	int failed = 0;

	switch (question) {
	case ASK_REGEX:
		failed = pt_logs_apply(l, text, CORE_LOGMATCH_REGEX, &err);
		break;
	case ASK_SINCE:
		failed = set_time(l, text, &l->filter.from_us, &err);
		break;
	case ASK_UNTIL:
		failed = set_time(l, text, &l->filter.to_us, &err);
		break;
	case ASK_GOTO:
		failed = goto_time(l, text, &err);
		break;
	case ASK_SAVE:
		failed = text[0] ? save(l, text, &err) : 0;
		break;
	}
	if (failed)
		pt_app_report(l->view->app, &err);
	return PT_HANDLED | PT_REDRAW;
}

/* With a value given: done at once; else it is asked for. */
static unsigned take(struct logs *l, const struct pt_values *values, const char *name,
                     enum question question, const char *label)
{
	const char *given = values ? pt_values_get(values, name) : NULL;
	const char *now = question == ASK_REGEX && l->filter.match_flags & CORE_LOGMATCH_REGEX
	                      ? l->filter.pattern
	                      : NULL;

	return given ? answer(l, question, given) : ask(l, question, label, now);
}

/* ---- filters that step ---- */

static unsigned apply(struct logs *l)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_logs_apply(l, NULL, 0, &err) < 0)
		pt_app_report(l->view->app, &err);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned set_level(struct logs *l, const char *word)
{
	static const char *const words[] = {"all", "debug", "info", "warn", "error"};

	if (!word)
		l->least_level = (l->least_level + 1) % CORE_LOG_KNOWN;
	for (unsigned i = 0; word && i < PRISM_COUNT(words); i++) {
		if (strcmp(word, words[i]) == 0)
			l->least_level = i;
	}
	return apply(l);
}

static unsigned set_run(struct logs *l, const char *word)
{
	unsigned runs = core_logstore_runs(l->store);

	if (!word) {
		/* The newest first, then back, then all. */
		l->filter.run = l->filter.run ? l->filter.run - 1 : runs;
	} else {
		unsigned run = core_logstore_find_run(l->store, word);
		if (run == 0) {
			pt_app_message(l->view->app, PT_SLOT_WARN, "no line of the run %s here", word);
			return PT_HANDLED | PT_REDRAW;
		}
		l->filter.run = run;
	}
	return apply(l);
}

static unsigned clear_filters(struct logs *l)
{
	struct prism_error err = PRISM_ERROR_INIT;

	l->least_level = 0;
	l->filter.run = 0;
	l->filter.from_us = l->filter.to_us = PRISM_TIME_UNSET;
	if (pt_logs_apply(l, "", 0, &err) < 0 || pt_logpane_search(&l->pane, "", 1, &err) < 0)
		pt_app_report(l->view->app, &err);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- following, marks ---- */

static unsigned follow(struct logs *l)
{
	pt_logpane_set_follow(&l->pane, !l->pane.follow);
	if (l->pane.follow)
		l->paused = false;
	pt_logs_watch(l);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned pause_or_go_on(struct logs *l)
{
	l->paused = !l->paused;
	pt_logs_watch(l);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned mark(struct logs *l)
{
	if (core_logview_count(l->pane.view) == 0)
		return PT_HANDLED;
	uint32_t id = core_logview_id(l->pane.view, pt_logpane_pos(&l->pane));
	core_logstore_mark(l->store, id, !core_logstore_line(l->store, id).marked);
	core_logview_touch(l->pane.view, id);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned next_bad(struct logs *l, int direction)
{
	if (!pt_logpane_next_level(&l->pane, 1u << CORE_LOG_WARN | 1u << CORE_LOG_ERROR, direction))
		pt_app_message(l->view->app, PT_SLOT_INFO, "no %s error or warning",
		               direction > 0 ? "further" : "earlier");
	return PT_HANDLED | PT_REDRAW;
}

static unsigned refresh(struct logs *l)
{
	if (l->feed)
		core_logs_refresh(l->feed);
	return PT_HANDLED | PT_REDRAW;
}

/* The marked lines; without marks the one under the cursor. */
char *pt_logs_copy(struct pt_view *view)
{
	struct logs *l = view->state;
	struct prism_buf out = PRISM_BUF_INIT(SIZE_MAX - 1);
	uint32_t first = core_logstore_first(l->store);
	size_t all = core_logstore_count(l->store);

	for (size_t i = 0; i < all && out.len < COPY_MOST; i++) {
		if (!core_logstore_line(l->store, first + (uint32_t)i).marked)
			continue;
		core_logfile_text(&out, l->store, first + (uint32_t)i);
		prism_buf_putc(&out, '\n');
	}
	if (out.len == 0 && core_logview_count(l->pane.view))
		core_logfile_text(&out, l->store, core_logview_id(l->pane.view, pt_logpane_pos(&l->pane)));
	return prism_buf_take(&out, NULL);
}

/* ---- logs of hosts ---- */

static void remote_changed(void *data)
{
	struct logs *l = data;
	bool final = false;

	for (unsigned i = 0; i < l->remote_count; i++) {
		const struct prism_error *err = core_remotelog_error(l->remote[i], &final);

		if (!err || !final)
			continue;
		pt_app_message(l->view->app, PT_SLOT_BAD, "%s: %s", core_remotelog_tag(l->remote[i]),
		               err->message);
		core_remotelog_stop(l->remote[i]);
		l->remote[i] = l->remote[--l->remote_count];
		break; /* another one says so itself */
	}
	pt_logs_redraw(l);
}

/* The same source once more: its following ends, and its lines stay. */
static bool stop_remote(struct logs *l, struct net_tunnel *tunnel, const char *source)
{
	PRISM_AUTO_FREE char *tag = core_remotelog_tag_of(tunnel, source);

	for (unsigned i = 0; i < l->remote_count; i++) {
		if (strcmp(core_remotelog_tag(l->remote[i]), tag) != 0)
			continue;
		pt_app_message(l->view->app, PT_SLOT_INFO, "%s is not followed any more", tag);
		core_remotelog_stop(l->remote[i]);
		l->remote[i] = l->remote[--l->remote_count];
		return true;
	}
	return false;
}

/* Two questions, one after the other; the view may go meanwhile. */
struct host_asking {
	struct pt_app *app;
	struct logs *logs; /* NULL: gone */
	char *host;        /* NULL: it is being asked for */
};

static unsigned follow_host(struct logs *l, const char *via, const char *source);

static void host_told(void *data, const char *text)
{
	struct host_asking *asking = data;
	bool useful = text && *text && asking->logs;

	if (useful && !asking->host) {
		asking->host = prism_strdup(text);
		pt_dialog_input(asking->app, "Follow a log of a host",
		                "File there, or unit of its journal:", "cocos-agent", NULL, host_told,
		                asking);
		return;
	}
	if (asking->logs)
		asking->logs->host_asking = NULL;
	if (useful)
		(void)follow_host(asking->logs, asking->host, text);
	prism_free(asking->host);
	prism_free(asking);
}

static unsigned ask_host(struct logs *l)
{
	struct host_asking *asking;

	if (l->host_asking)
		return PT_HANDLED;
	asking = l->host_asking = prism_alloc(sizeof(*asking));
	*asking = (struct host_asking){.app = l->view->app, .logs = l};
	pt_dialog_input(asking->app, "Follow a log of a host", "Way there, user@host[:port]:",
	                core_option_text(core_options(l->core), CORE_OPT_VIA), NULL, host_told, asking);
	return PT_HANDLED | PT_REDRAW;
}

void pt_logs_forget_host(struct logs *l)
{
	if (l->host_asking)
		l->host_asking->logs = NULL;
	while (l->remote_count)
		core_remotelog_stop(l->remote[--l->remote_count]);
}

static unsigned follow_host(struct logs *l, const char *via, const char *source)
{
	struct pt_app *app = l->view->app;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_remotelog *log = NULL;
	struct net_tunnel *tunnel;

	tunnel = core_tunnel(l->core, via, &err);
	if (tunnel && stop_remote(l, tunnel, source))
		return PT_HANDLED | PT_REDRAW;
	if (tunnel && l->remote_count == LOGS_REMOTE_MAX)
		prism_error_raise(&err, PRISM_ERROR_LIMIT, "%d logs of hosts are followed here already",
		                  LOGS_REMOTE_MAX);
	else if (tunnel)
		log = core_remotelog_start(pt_app_loop(app), tunnel, source, l->store, remote_changed, l,
		                           &err);
	if (!log) {
		pt_app_report(app, &err);
		return PT_HANDLED;
	}
	l->remote[l->remote_count++] = log;
	pt_app_message(app, PT_SLOT_INFO, "following %s; the same once more ends it",
	               core_remotelog_tag(log));
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_logs_act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct logs *l = view->state;

	switch (id) {
	case PT_ACTION_LOG_FOLLOW:
		return follow(l);
	case PT_ACTION_LOG_PAUSE:
		return pause_or_go_on(l);
	case PT_ACTION_LOG_WRAP:
		pt_logpane_set_wrap(&l->pane, !l->pane.wrap);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_LOG_LEVEL:
		return set_level(l, values ? pt_values_get(values, "level") : NULL);
	case PT_ACTION_LOG_RUN:
		return set_run(l, values ? pt_values_get(values, "run") : NULL);
	case PT_ACTION_LOG_SEARCH:
		if (!values || !pt_values_get(values, "text"))
			return PT_IGNORED; /* asked for where all texts are searched */
		return pt_view_search(view, pt_values_get(values, "text"), 1);
	case PT_ACTION_LOG_REGEX:
		return take(l, values, "pattern", ASK_REGEX, "Expression: ");
	case PT_ACTION_LOG_SINCE:
		return take(l, values, "time", ASK_SINCE, "From (14:05, 15m ago; empty: all): ");
	case PT_ACTION_LOG_UNTIL:
		return take(l, values, "time", ASK_UNTIL, "Up to (14:05, 15m ago; empty: all): ");
	case PT_ACTION_LOG_GOTO:
		return take(l, values, "time", ASK_GOTO, "Go to (14:05, 15m ago): ");
	case PT_ACTION_LOG_NEXT_ERROR:
		return next_bad(l, 1);
	case PT_ACTION_LOG_PREV_ERROR:
		return next_bad(l, -1);
	case PT_ACTION_LOG_MARK:
		return mark(l);
	case PT_ACTION_LOG_HOST:
		return values && pt_values_get(values, "source")
		           ? follow_host(l, pt_values_get(values, "host"), pt_values_get(values, "source"))
		           : ask_host(l);
	case PT_ACTION_LOG_CLEAR_FILTERS:
		return clear_filters(l);
	case PT_ACTION_SAVE:
		return values && pt_values_get(values, "file")
		           ? answer(l, ASK_SAVE, pt_values_get(values, "file"))
		           : ask_save(l);
	case PT_ACTION_REFRESH:
		return refresh(l);
	default:
		return PT_IGNORED;
	}
}
