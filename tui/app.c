/*
 * The app: construction, a turn of the loop, where an event goes, messages and the prompt line.
 * Panes and views are app_panes.c's, pictures app_draw.c's.
 *
 * Input, timers and signals only mark the app dirty; the before-sleep hook destroys closed views
 * and draws at most once per turn.  When the terminal takes no output the frame is skipped and
 * drawn, in its then newest state, once it does.
 */
#include "tui/app_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "tui/dialog.h"

#include <signal.h>

#define PROMPT_MAX 4096 /* bytes of the prompt line */
#define INPUT_CHUNK 4096

static void on_event(void *data, const struct pt_event *event)
{
	pt_app_event(data, event);
}

static void on_escape(void *data)
{
	struct pt_app *app = data;

	pt_keys_flush(app->keys);
}

/* Timers exist only while they wait: an idle loop has none of ours. */
static void arm(struct pt_app *app, struct prism_timer **timer, int64_t delay_ms, prism_call_fn fn)
{
	if (*timer)
		prism_timer_rearm(*timer, delay_ms);
	else
		*timer = prism_loop_add_timer(app->config.loop, delay_ms, 0, fn, app);
}

static void disarm(struct prism_timer **timer)
{
	prism_timer_remove(*timer);
	*timer = NULL;
}

/* Everything that was typed, before anything is drawn. */
static void read_input(struct pt_app *app)
{
	char bytes[INPUT_CHUNK];
	long n;

	while ((n = pt_term_read(app->config.term, bytes, sizeof(bytes))) > 0)
		pt_keys_feed(app->keys, bytes, (size_t)n);
	if (n < 0) { /* a program without its terminal is of no use and must not linger */
		prism_log(PRISM_LOG_INFO, "tui", "the terminal is gone");
		app->gone = true;
		pt_app_quit(app);
		return;
	}
	if (pt_keys_pending(app->keys))
		arm(app, &app->esc_timer, PT_KEYS_ESC_MS, on_escape);
	else
		disarm(&app->esc_timer);
}

static void on_input(void *data, int fd, unsigned events)
{
	struct pt_app *app = data;

	if (app->quitting)
		return;
	if (events & PRISM_LOOP_WRITE && app->stalled && pt_term_flush(app->config.term)) {
		app->stalled = false;
		prism_fd_set_events(app->input, PRISM_LOOP_READ);
		pt_app_dirty(app);
	}
	if (events & (PRISM_LOOP_READ | PRISM_LOOP_HANGUP))
		read_input(app);
	if (events & PRISM_LOOP_HANGUP && !(events & PRISM_LOOP_READ))
		pt_app_quit(app);
}

static void on_toast(void *data)
{
	pt_app_dirty(data);
}

static void on_signal(void *data, int signum)
{
	struct pt_app *app = data;

	switch (signum) {
	case SIGWINCH:
		pt_term_resize(app->config.term);
		pt_app_dirty(app);
		break;
	case SIGTSTP:
		pt_app_suspend(app);
		break;
	case SIGCONT: /* stopped by SIGSTOP: the shell changed the terminal meanwhile */
		pt_term_leave(app->config.term);
		pt_term_enter(app->config.term);
		pt_app_dirty(app);
		break;
	default:
		app->signum = signum;
		pt_app_quit(app);
	}
}

static void before_sleep(void *data)
{
	struct pt_app *app = data;

	pt_app_reap(app);
	if (app->dirty && !app->quitting)
		pt_app_draw(app);
}

static void watch_terminal(struct pt_app *app)
{
	static const int watched[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT};
	int fd = pt_term_fd(app->config.term);

	if (fd < 0)
		return;
	app->input = prism_loop_add_fd(app->config.loop, fd, PRISM_LOOP_READ, on_input, app);
	for (size_t i = 0; i < PRISM_COUNT(watched); i++)
		prism_loop_add_signal(app->config.loop, watched[i], on_signal, app);
}

struct pt_app *pt_app_create(const struct pt_app_config *config, struct prism_error *err)
{
	struct pt_app *app = prism_alloc(sizeof(*app));
	struct pt_term *term = config->term;

	app->config = *config;
	app->tab = config->home < config->tab_count ? config->home : 0;
	if (config->hooks)
		app->hooks = *config->hooks;
	app->theme_watch = -1;
	app->cancel = prism_cancel_create(config->cancel);
	pt_app_panes_init(app);
	app->canvas = pt_canvas_create(pt_term_rows(term), pt_term_cols(term), pt_term_utf8(term));
	app->messages = pt_messages_create(config->clock);
	app->keys = pt_keys_create(on_event, app);
	app->theme = pt_theme_create(config->theme, pt_term_depth(term), err);
	if (!app->theme) {
		pt_app_destroy(app);
		return NULL;
	}
	prism_loop_before_sleep(config->loop, before_sleep, app);
	watch_terminal(app);
	pt_app_theme_watch(app);
	if (*pt_theme_warning(app->theme))
		pt_app_message(app, PT_SLOT_WARN, "%s", pt_theme_warning(app->theme));
	app->dirty = true;
	return app;
}

static void close_ask(struct pt_app *app)
{
	pt_prompt_destroy(app->prompt);
	prism_free(app->ask_label);
	app->prompt = NULL;
	app->ask_label = NULL;
	pt_app_dirty(app);
}

void pt_app_destroy(struct pt_app *app)
{
	if (!app)
		return;
	pt_app_ask_cancel(app); /* whoever asked gets an answer, and can let go of what it kept */
	pt_app_panes_finish(app);
	pt_app_theme_unwatch(app);
	prism_loop_remove_before_sleep(app->config.loop, before_sleep, app);
	prism_loop_remove_signals(app->config.loop, app);
	prism_fd_remove(app->input);
	prism_timer_remove(app->esc_timer);
	prism_timer_remove(app->toast_timer);
	pt_keys_destroy(app->keys);
	pt_messages_destroy(app->messages);
	pt_theme_destroy(app->theme);
	pt_canvas_destroy(app->canvas);
	prism_cancel_destroy(app->cancel);
	prism_free(app);
}

void pt_app_quit(struct pt_app *app)
{
	if (app->quitting)
		return;
	app->quitting = true;
	if (app->hooks.quit)
		app->hooks.quit(app);
	if (app->input) /* a vanished terminal is ready for ever */
		prism_fd_set_events(app->input, 0);
	prism_loop_quit(app->config.loop);
}

bool pt_app_lost(const struct pt_app *app)
{
	return app->gone || app->signum == SIGHUP || app->signum == SIGTERM;
}

int pt_app_signal(const struct pt_app *app)
{
	return app->signum;
}

struct prism_loop *pt_app_loop(const struct pt_app *app)
{
	return app->config.loop;
}

const struct prism_clock *pt_app_clock(const struct pt_app *app)
{
	return app->config.clock;
}

struct pt_term *pt_app_term(const struct pt_app *app)
{
	return app->config.term;
}

struct pt_theme *pt_app_theme(const struct pt_app *app)
{
	return app->theme;
}

struct prism_cancel *pt_app_cancel(const struct pt_app *app)
{
	return app->cancel;
}

void *pt_app_user(const struct pt_app *app)
{
	return app->config.user;
}

bool pt_app_utf8(const struct pt_app *app)
{
	return pt_canvas_utf8(app->canvas);
}

void pt_app_dirty(struct pt_app *app)
{
	app->dirty = true;
}

/* --- drawing --- */

/* Once for everything typed in a turn: filtering a long list is not done for every letter of a
 * burst. */
static void tell_ask(struct pt_app *app)
{
	if (!app->ask_changed)
		return;
	app->ask_changed = false;
	if (app->prompt && app->ask.on_change)
		app->ask.on_change(app->ask.data, pt_prompt_text(app->prompt));
}

static void arm_toasts(struct pt_app *app)
{
	int64_t next = pt_messages_next(app->messages);
	int64_t wait = next - prism_clock_mono_ms(app->config.clock);

	if (next < 0)
		disarm(&app->toast_timer);
	else
		arm(app, &app->toast_timer, wait < 1 ? 1 : wait, on_toast);
}

void pt_app_draw(struct pt_app *app)
{
	struct pt_term *term = app->config.term;

	if (app->stalled)
		return; /* stays dirty */
	if (pt_canvas_rows(app->canvas) != pt_term_rows(term) ||
	    pt_canvas_cols(app->canvas) != pt_term_cols(term))
		pt_canvas_resize(app->canvas, pt_term_rows(term), pt_term_cols(term));
	tell_ask(app);
	app->dirty = false;
	pt_app_compose(app);
	if (!pt_term_draw(term, app->canvas, app->theme) && app->input) {
		app->stalled = true;
		prism_fd_set_events(app->input, PRISM_LOOP_READ | PRISM_LOOP_WRITE);
	}
	arm_toasts(app);
	pt_app_tell_shown(app);
}

void pt_app_suspend(struct pt_app *app)
{
	if (pt_term_fd(app->config.term) < 0)
		return;
	pt_term_stop(app->config.term); /* comes back when continued */
	pt_app_dirty(app);
}

/* --- events --- */

void pt_app_apply(struct pt_app *app, struct pt_view *view, unsigned result)
{
	if (result != PT_IGNORED)
		pt_app_dirty(app); /* an equal frame costs no byte */
	if (view && result & PT_CLOSE)
		pt_app_close(app, view);
}

static void finish_ask(struct pt_app *app, bool accept)
{
	struct pt_ask ask = app->ask;
	PRISM_AUTO_FREE char *text = accept ? prism_strdup(pt_prompt_text(app->prompt)) : NULL;

	if (accept) {
		tell_ask(app);
		pt_prompt_remember(app->prompt);
	}
	app->ask_changed = false;
	close_ask(app);
	if (ask.on_done)
		ask.on_done(ask.data, text);
}

static void ask_event(struct pt_app *app, const struct pt_event *event)
{
	unsigned result;

	if (pt_key_is(event, PT_KEY_ENTER, 0)) {
		finish_ask(app, true);
	} else if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		finish_ask(app, false);
	} else if (pt_key_is(event, PT_KEY_BACKSPACE, 0) && !*pt_prompt_text(app->prompt)) {
		finish_ask(app, false); /* as in vi */
	} else {
		result = pt_prompt_key(app->prompt, event);
		app->ask_changed |= (result & PT_CHANGED) != 0;
		pt_app_apply(app, NULL, result);
	}
}

void pt_app_event(struct pt_app *app, const struct pt_event *event)
{
	struct pt_view *view = pt_app_focused(app);
	unsigned result = PT_IGNORED;

	if (app->quitting)
		return;
	if (app->hooks.input && event->kind != PT_EVENT_FOCUS)
		app->hooks.input(app);
	if (event->kind == PT_EVENT_MOUSE) {
		if (!app->prompt)
			pt_app_apply(app, NULL, pt_app_mouse(app, event));
		return;
	}
	if (event->kind == PT_EVENT_FOCUS)
		return;
	if (app->prompt) {
		ask_event(app, event);
		return;
	}
	if (event->kind == PT_EVENT_PASTE && !(view && view->ops->flags & PT_VIEW_TAKES_TEXT)) {
		/* as keys it would be a string of commands */
		pt_app_message(app, PT_SLOT_WARN, "Pasted text ignored: no input field is open");
		return;
	}
	if (view && view->ops->key)
		result = view->ops->key(view, event);
	if (!(result & PT_HANDLED) && event->kind == PT_EVENT_KEY && app->hooks.key)
		result |= app->hooks.key(app, view, event);
	pt_app_apply(app, view, result);
}

struct change {
	struct pt_app *app;
	const struct core_event *event;
};

static void change_one(void *data, struct pt_view *view)
{
	struct change *change = data;

	if (view->ops->changed)
		pt_app_apply(change->app, view, view->ops->changed(view, change->event));
}

void pt_app_changed(struct pt_app *app, const struct core_event *event)
{
	struct change change = {app, event};

	pt_app_each_view(app, change_one, &change);
	pt_app_dirty(app); /* the status line may show it too */
}

/* --- prompt line --- */

void pt_app_ask(struct pt_app *app, const struct pt_ask *ask)
{
	pt_app_ask_cancel(app);
	app->ask = *ask;
	app->ask_label = prism_strdup(ask->label ? ask->label : "");
	app->prompt = pt_prompt_create(PROMPT_MAX);
	pt_prompt_set(app->prompt, ask->initial ? ask->initial : "");
	if (ask->history)
		pt_prompt_set_history(app->prompt, ask->history);
	if (ask->complete)
		pt_prompt_set_completion(app->prompt, ask->complete, ask->data);
	pt_app_dirty(app);
}

bool pt_app_asking(const struct pt_app *app)
{
	return app->prompt != NULL;
}

void pt_app_ask_cancel(struct pt_app *app)
{
	if (app->prompt)
		finish_ask(app, false);
}

/* --- messages --- */

void pt_app_message(struct pt_app *app, enum pt_slot tone, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pt_messages_add(app->messages, tone, text);
	pt_app_dirty(app);
}

enum report_place { REPORT_NOWHERE, REPORT_MESSAGE, REPORT_DIALOG };

void pt_app_report(struct pt_app *app, const struct prism_error *error)
{
	static const enum report_place places[PRISM_ERROR_COUNT] = {
	    [PRISM_ERROR_NONE] = REPORT_NOWHERE,    [PRISM_ERROR_CANCELLED] = REPORT_NOWHERE,
	    [PRISM_ERROR_INTERNAL] = REPORT_DIALOG, [PRISM_ERROR_TRUST] = REPORT_DIALOG,
	    [PRISM_ERROR_PROTOCOL] = REPORT_DIALOG, [PRISM_ERROR_INVALID] = REPORT_MESSAGE,
	    [PRISM_ERROR_AUTH] = REPORT_MESSAGE,    [PRISM_ERROR_DENIED] = REPORT_MESSAGE,
	    [PRISM_ERROR_MISSING] = REPORT_MESSAGE, [PRISM_ERROR_CONFLICT] = REPORT_MESSAGE,
	    [PRISM_ERROR_IO] = REPORT_MESSAGE,      [PRISM_ERROR_TIMEOUT] = REPORT_MESSAGE,
	    [PRISM_ERROR_LIMIT] = REPORT_MESSAGE,
	};
	enum report_place place = places[error->category];

	if (place == REPORT_NOWHERE)
		return;
	if (place == REPORT_DIALOG) {
		pt_messages_add(app->messages, PT_SLOT_BAD, error->message);
		pt_messages_dismiss(app->messages);
		pt_dialog_error(app, error);
	} else if (error->hint[0]) {
		pt_app_message(app, PT_SLOT_BAD, "%s; %s", error->message, error->hint);
	} else {
		pt_app_message(app, PT_SLOT_BAD, "%s", error->message);
	}
}

const struct pt_messages *pt_app_messages(const struct pt_app *app)
{
	return app->messages;
}
