/*
 * The user interface above the app: construction, what happens when core changes, signing in over
 * the work, entering a workspace, and small helpers of views.
 *
 * Session, as the screen sees it:
 *   nobody signed in      the login overlay lies over an empty first tab
 *   signed in             the workspace is entered (chosen when there are several), tabs load
 *   session dead          the same overlay comes up over whatever is there; the requests that
 *                         waited go on after it, and the views never knew
 *   another workspace     every tab is closed and the open one opened anew
 */
#include "tui/ui_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "core/cache.h"
#include "core/computation.h"
#include "core/follow.h"
#include "core/options.h"
#include "core/run.h"
#include "core/session.h"
#include "core/watch.h"
#include "core/workspace.h"
#include "tui/ask_tunnel.h"
#include "tui/notify.h"
#include "tui/resume.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order of the web console: dashboard, computations, assets, CVMs, then workspaces; ours
 * after them. */
static const struct pt_tab tabs[] = {
    {"dashboard", "Dashboard", pt_view_dashboard},
    {"computations", "Computations", pt_view_computations},
    {"assets", "Assets", pt_view_assets},
    {"cvms", "CVMs", pt_view_cvms},
    {"workspaces", "Workspaces", pt_view_workspaces},
    {"transfers", "Transfers", pt_view_transfers},
    {"keys", "Keys", pt_view_keys},
    {"messages", "Messages", pt_view_messages},
    {"people", "People", pt_view_people},
    {"runs", "Runs", pt_view_runs},
    {"fleet", "Fleet", pt_view_fleet},
    {"tunnels", "Tunnels", pt_view_tunnels},
};

#define HISTORY_MAX 200 /* lines of the palette */

struct pt_ui *pt_ui_of(const struct pt_app *app)
{
	return pt_app_user(app);
}

struct pt_app *pt_ui_app(const struct pt_ui *ui)
{
	return ui->app;
}

struct pt_world *pt_ui_world(const struct pt_app *app)
{
	return pt_ui_of(app)->world;
}

struct core *pt_ui_core(const struct pt_app *app)
{
	return pt_ui_of(app)->core;
}

const struct pt_keymap *pt_ui_keymap(const struct pt_app *app)
{
	return pt_ui_of(app)->keymap;
}

/* ---- session and workspace ---- */

static void entered(void *data, const char *id, const struct prism_error *err)
{
	struct pt_ui *ui = data;
	struct prism_error ignored = PRISM_ERROR_INIT;

	ui->entering = false;
	if (err && err->category == PRISM_ERROR_CANCELLED)
		return;
	if (err)
		pt_app_report(ui->app, err);
	if (*id)
		return; /* the event of core opens the tabs */
	if (!err)
		pt_app_message(ui->app, PT_SLOT_INFO, "choose a workspace");
	if (pt_app_open_tab_named(ui->app, "workspaces", &ignored) < 0)
		pt_app_report(ui->app, &ignored);
}

void pt_ui_signed_in(struct pt_ui *ui)
{
	struct prism_error err = PRISM_ERROR_INIT;

	prism_secret_destroy(ui->world->password); /* a kept session did without it */
	ui->world->password = NULL;
	if (*core_workspace_id(ui->core) || ui->entering || pt_world_recall(ui->world))
		return;
	ui->entering = true;
	if (pt_world_enter(ui->world, ui->cancel, entered, ui, &err) < 0) {
		ui->entering = false;
		pt_app_report(ui->app, &err);
	}
}

void pt_ui_sign_in(struct pt_ui *ui)
{
	if (ui->login)
		return;
	ui->login = pt_view_login(ui->app);
	pt_app_overlay(ui->app, ui->login);
	if (ui->world->password)
		pt_view_login_with(ui->app, ui->world->password);
	ui->world->password = NULL;
}

static void ask_again(void *data, struct pt_view *view)
{
	PRISM_UNUSED(data);
	if (view->visible && !(view->ops->flags & PT_VIEW_MODAL))
		pt_ui_act(view->app, view, PT_ACTION_REFRESH, NULL);
}

/* What is on the screen was asked for when nobody was signed in, and failed for that.  Renewing a
 * session is no signing in. */
static void show_anew(struct pt_ui *ui, enum core_session_state state)
{
	bool nobody = state == CORE_SESSION_SIGNED_OUT || state == CORE_SESSION_LOGIN_NEEDED;

	if (state == CORE_SESSION_SIGNED_IN && ui->nobody && *ui->workspace)
		pt_app_each_view(ui->app, ask_again, NULL);
	if (nobody || state == CORE_SESSION_SIGNED_IN)
		ui->nobody = nobody;
}

static void session_changed(struct pt_ui *ui)
{
	enum core_session_state state = core_session_state(ui->core);

	show_anew(ui, state);
	if (state == CORE_SESSION_SIGNED_IN)
		pt_ui_signed_in(ui);
	else if (state == CORE_SESSION_LOGIN_NEEDED ||
	         (state == CORE_SESSION_SIGNED_OUT && ui->started))
		pt_ui_sign_in(ui);
}

static void forget_seen(struct pt_ui *ui)
{
	for (size_t i = 0; i < ui->seen_count; i++)
		prism_free(ui->seen[i].id);
	prism_free(ui->seen);
	ui->seen = NULL;
	ui->seen_count = 0;
}

static void offer(void *data)
{
	struct pt_ui *ui = data;

	if (*ui->workspace && !ui->login) /* not over the form that asks who is there */
		pt_resume_offer(ui->app);
}

static void workspace_changed(struct pt_ui *ui)
{
	const char *id = core_workspace_id(ui->core);

	if (!strcmp(id, ui->workspace))
		return;
	forget_seen(ui);
	prism_free(ui->workspace);
	ui->workspace = prism_strdup(id);
	pt_app_reset_tabs(ui->app);
	core_watch_now(ui->invitations); /* lists were forgotten, these are of every workspace */
	if (*id)
		pt_app_open_tab(ui->app, pt_app_home(ui->app));
	else if (core_session_ready(ui->core)) /* it was dropped under somebody who is signed in */
		pt_ui_signed_in(ui);
	if (*id && !ui->login)
		pt_ui_when_quiet(ui->app, &ui->offer, offer, ui);
}

static struct pt_ui_seen *seen(struct pt_ui *ui, const char *id)
{
	for (size_t i = 0; i < ui->seen_count; i++)
		if (!strcmp(ui->seen[i].id, id))
			return &ui->seen[i];
	ui->seen = prism_realloc_array(ui->seen, ui->seen_count + 1, sizeof(*ui->seen));
	ui->seen[ui->seen_count] = (struct pt_ui_seen){prism_strdup(id), CORE_COMP_UNKNOWN};
	return &ui->seen[ui->seen_count++];
}

/* A run that was going on has ended: said wherever the person is looking. */
static void timeline_changed(struct pt_ui *ui, const char *id)
{
	const struct core_card *card = core_card_find(ui->core, id, NULL);
	struct pt_ui_seen *entry;
	const struct core_computation *c;

	if (!card)
		return;
	entry = seen(ui, id);
	if (entry->state == CORE_COMP_RUNNING && core_comp_state_info(card->state)->final &&
	    !core_followed(ui->core, id)) { /* of a followed one more is told (tui/notify.c) */
		c = core_computation_get(ui->core, id);
		pt_app_message(ui->app, pt_tone_slot(core_comp_state_info(card->state)->tone), "%.200s: %s",
		               c ? c->name : id, core_comp_state_info(card->state)->label);
		if (core_option_bool(ui->world->options, CORE_OPT_BELL))
			pt_term_bell(pt_app_term(ui->app));
	}
	entry->state = (int)card->state;
}

static void core_changed(void *data, const struct core_event *event)
{
	static const enum pt_slot tones[] = {PT_SLOT_INFO, PT_SLOT_GOOD, PT_SLOT_WARN, PT_SLOT_BAD};
	struct pt_ui *ui = data;

	switch (event->type) {
	case CORE_EVENT_SESSION:
		session_changed(ui);
		pt_ui_lock_watch(ui);
		break;
	case CORE_EVENT_WORKSPACES:
		workspace_changed(ui);
		break;
	case CORE_EVENT_FOLLOWED:
		pt_notify_changed(ui->notify, event->id);
		break;
	case CORE_EVENT_NOTICE:
		pt_app_message(ui->app, tones[event->notice->severity], "%s", event->notice->text);
		break;
	case CORE_EVENT_REQUESTS:
	case CORE_EVENT_CONNECTION:
	case CORE_EVENT_TRANSFERS:
	case CORE_EVENT_TUNNELS:
		break;
	case CORE_EVENT_TIMELINE:
		timeline_changed(ui, event->id);
		ui->refreshed_us = prism_clock_wall_us(core_clock(ui->core));
		break;
	default:
		ui->refreshed_us = prism_clock_wall_us(core_clock(ui->core));
	}
	pt_app_changed(ui->app, event);
	pt_app_dirty(ui->app);
}

/* ---- hooks ---- */

static unsigned on_key(struct pt_app *app, struct pt_view *view, const struct pt_event *event)
{
	struct pt_ui *ui = pt_ui_of(app);
	enum pt_action_id id;

	if (event->kind != PT_EVENT_KEY)
		return PT_IGNORED;
	id = pt_keymap_find(ui->keymap, event, pt_ui_where(view));
	if (id == PT_ACTION_NONE)
		return PT_IGNORED;
	return pt_ui_act(app, view, id, NULL);
}

static void on_quit(struct pt_app *app)
{
	struct pt_ui *ui = pt_ui_of(app);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_app_lost(app))
		pt_resume_save(app);
	else
		pt_resume_forget(app);
	if (core_remember_flush(ui->world->options, &err) < 0)
		prism_error_clear(&err); /* a home that cannot be written is no reason to stay */
}

static long on_state_get(struct pt_app *app, const char *key)
{
	const char *text = core_remembered(pt_ui_of(app)->world->options, key);

	return text ? strtol(text, NULL, 10) : -1;
}

static void on_state_set(struct pt_app *app, const char *key, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	core_remember(pt_ui_of(app)->world->options, key, text);
}

static void on_input(struct pt_app *app)
{
	pt_ui_lock_input(pt_ui_of(app));
	pt_ui_quiet_input(pt_ui_of(app));
}

static const struct pt_app_hooks hooks = {
    .key = on_key,
    .input = on_input,
    .hints = pt_ui_hints,
    .status = pt_ui_status,
    .quit = on_quit,
    .state_get = on_state_get,
    .state_set = on_state_set,
};

/* ---- life ---- */

static int load_keymap(struct pt_ui *ui, const char *named, struct prism_error *err)
{
	const char *option = core_option_text(ui->world->options, CORE_OPT_KEYMAP);
	PRISM_AUTO_FREE char *path = NULL;

	if (!named && *option)
		named = option;
	path = named ? prism_path_expand(named) : prism_path_config("keys");
	if (!path || (!named && access(path, R_OK) != 0))
		return 0;
	return pt_keymap_load(ui->keymap, path, err);
}

/* The section stood on first; the option's words are the names of tabs. */
static size_t home_tab(const struct core_options *options, const struct pt_tab *shown, size_t count)
{
	const char *word = core_option_text(options, CORE_OPT_START);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(shown[i].name, word))
			return i;
	return 0;
}

/* The fleet is of no use with one profile, nor tunnels to whoever needs no bastion. */
static size_t choose_tabs(const struct core_options *options, struct pt_tab *ret_shown)
{
	size_t count = 0;

	for (size_t i = 0; i < PRISM_COUNT(tabs); i++)
		if (!(tabs[i].open == pt_view_tunnels && !core_options_any_via(options)) &&
		    !(tabs[i].open == pt_view_fleet && core_options_profile_count(options) < 2))
			ret_shown[count++] = tabs[i];
	return count;
}

struct pt_ui *pt_ui_create(const struct pt_ui_config *config, struct prism_error *err)
{
	const char *theme = core_option_text(config->world->options, CORE_OPT_THEME);
	struct pt_ui *ui = prism_alloc(sizeof(*ui));
	struct pt_app_config app = {
	    .loop = config->world->loop,
	    .clock = prism_loop_clock(config->world->loop),
	    .term = config->term,
	    .theme = config->theme ? config->theme
	             : *theme      ? theme
	                           : NULL,
	    .cancel = core_cancel(config->world->core),
	    .hooks = &hooks,
	    .user = ui,
	};

	ui->tabs = prism_alloc_array(PRISM_COUNT(tabs), sizeof(*ui->tabs));
	app.tabs = ui->tabs;
	app.tab_count = choose_tabs(config->world->options, ui->tabs);
	app.home = home_tab(config->world->options, ui->tabs, app.tab_count);
	ui->world = config->world;
	ui->world->screen = true;
	ui->core = config->world->core;
	ui->nobody = core_session_state(ui->core) == CORE_SESSION_SIGNED_OUT;
	ui->workspace = prism_strdup("");
	ui->keymap = pt_keymap_create();
	ui->history = pt_history_create(HISTORY_MAX);
	ui->cancel = prism_cancel_create(core_cancel(ui->core));
	prism_list_init(&ui->commands);
	prism_list_init(&ui->quiet);
	if (load_keymap(ui, config->keymap, err) < 0 || !(ui->app = pt_app_create(&app, err))) {
		pt_ui_destroy(ui);
		return NULL;
	}
	core_cache_start(ui->core); /* first to hear of a session: it may be another person's */
	ui->notify = pt_notify_create(ui);
	ui->subscription = core_subscribe(ui->core, core_changed, ui);
	ui->invitations = core_watch(ui->core, CORE_WATCH_MY_INVITATIONS, NULL);
	ui->asks = pt_tunnel_asks_create(ui->app, ui->core);
	core_follow_start(ui->core);
	return ui;
}

void pt_ui_destroy(struct pt_ui *ui)
{
	if (!ui)
		return;
	core_unsubscribe(ui->subscription);
	core_unwatch(ui->invitations);
	ui->subscription = NULL;
	pt_ui_lock_watch(ui);
	prism_cancel_fire(ui->cancel);
	/* Commands end through the loop; each needs a turn or two to hear that it was cancelled. */
	for (int turn = 0; turn < 100 && !prism_list_empty(&ui->commands); turn++)
		prism_loop_turn(ui->world->loop, 0);
	pt_notify_destroy(ui->notify);
	pt_ui_quiet_finish(ui);
	pt_app_destroy(ui->app);
	pt_tunnel_asks_destroy(ui->asks);
	prism_cancel_destroy(ui->cancel);
	pt_keymap_destroy(ui->keymap);
	pt_history_destroy(ui->history);
	forget_seen(ui);
	prism_free(ui->workspace);
	prism_free(ui->tabs);
	prism_free(ui);
}

void pt_ui_start(struct pt_ui *ui)
{
	const char *notice = pt_term_notice(pt_app_term(ui->app));

	for (size_t i = 0; i < core_options_problem_count(ui->world->options); i++)
		pt_app_message(ui->app, PT_SLOT_WARN, "%s", core_options_problem(ui->world->options, i));
	for (size_t i = 0; i < pt_keymap_problem_count(ui->keymap); i++)
		pt_app_message(ui->app, PT_SLOT_WARN, "%s", pt_keymap_problem(ui->keymap, i));
	if (*notice)
		pt_app_message(ui->app, PT_SLOT_WARN, "%s", notice);
	ui->started = true;
	workspace_changed(ui); /* a world that was on the screen before has one */
	if (core_session_ready(ui->core))
		pt_ui_signed_in(ui);
	else {
		pt_world_recall(ui->world);
		pt_ui_sign_in(ui);
	}
}

/* ---- small helpers of views ---- */

enum pt_slot pt_tone_slot(enum core_tone tone)
{
	static const enum pt_slot slots[CORE_TONE_COUNT] = {
	    [CORE_TONE_PLAIN] = PT_SLOT_TEXT,  [CORE_TONE_MUTED] = PT_SLOT_OFF,
	    [CORE_TONE_ACTIVE] = PT_SLOT_BUSY, [CORE_TONE_GOOD] = PT_SLOT_GOOD,
	    [CORE_TONE_INFO] = PT_SLOT_INFO,   [CORE_TONE_WARN] = PT_SLOT_WARN,
	    [CORE_TONE_BAD] = PT_SLOT_BAD,
	};

	return tone < CORE_TONE_COUNT ? slots[tone] : PT_SLOT_TEXT;
}

char *pt_ui_time(struct pt_app *app, int64_t wall_us, char buf[PRISM_TIME_TEXT])
{
	const char *times = core_option_text(pt_ui_world(app)->options, CORE_OPT_TIMES);
	int64_t now = prism_clock_wall_us(pt_app_clock(app));
	char span[PRISM_TIME_TEXT];

	buf[0] = '\0';
	if (wall_us == PRISM_TIME_UNSET)
		return buf;
	if (!strcmp(times, "utc"))
		return prism_time_format(wall_us, 0, buf);
	if (!strcmp(times, "relative") && wall_us <= now) {
		snprintf(buf, PRISM_TIME_TEXT, "%s ago", prism_time_span(now - wall_us, span));
		return buf;
	}
	return prism_time_local(wall_us, buf);
}

const char *pt_ui_retry_key(struct pt_app *app)
{
	struct pt_ui *ui = pt_ui_of(app);

	pt_keymap_keys(ui->keymap, PT_ACTION_REFRESH, PT_IN_ANY, 1, ui->retry_key,
	               sizeof(ui->retry_key));
	return ui->retry_key;
}

struct pt_load pt_ui_load(struct pt_app *app, const struct core_status *status, const char *empty,
                          const char *empty_hint)
{
	static const enum pt_load_state states[] = {
	    [CORE_EMPTY] = PT_LOAD_LOADING, [CORE_LOADING] = PT_LOAD_LOADING,
	    [CORE_READY] = PT_LOAD_READY,   [CORE_STALE] = PT_LOAD_STALE,
	    [CORE_FAILED] = PT_LOAD_FAILED,
	};
	struct pt_load load = {
	    .state = PT_LOAD_LOADING,
	    .empty = empty,
	    .empty_hint = empty_hint,
	    .retry_key = pt_ui_retry_key(app),
	};

	if (!status)
		return load;
	load.state = states[status->freshness];
	if (status->fetched_us != PRISM_TIME_UNSET)
		load.age_us = prism_clock_wall_us(pt_app_clock(app)) - status->fetched_us;
	if (status->error.category != PRISM_ERROR_NONE)
		load.error = &status->error;
	else if (load.state == PT_LOAD_LOADING) /* asked for again and again, while nothing answers */
		load.error = core_connection_error(pt_ui_core(app));
	return load;
}

const char *pt_ui_stale(struct pt_app *app, const struct core_status *status, char *buf,
                        size_t size)
{
	struct pt_load load = pt_ui_load(app, status, NULL, NULL);

	return load.state == PT_LOAD_STALE ? pt_load_text(&load, buf, size) : NULL;
}
