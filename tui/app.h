/*
 * The app: tabs, panes, view stacks, overlays, messages, the prompt line, and the one place that
 * draws.
 *
 * Screen, from the top: tabs; breadcrumbs; panes; toasts over their lower right corner; status
 * line; hint bar or prompt line.  Small windows lose breadcrumbs and hints first; below 20x5 only
 * "terminal too small" is shown.
 *
 * Each tab has three panes (list, detail, log), each a stack of views; a pane with an empty stack
 * takes no room.  From PT_WIDE columns on they stand side by side, else one above the other;
 * zoom gives the focused one all the room.  Overlays lie over everything and get all keys.
 *
 * A turn: input is read until there is none, every event goes through
 *   1. the prompt line, when open
 *   2. the top overlay, else the focused view: ops->key
 *   3. hooks->key (the key map; it climbs view -> list -> global)
 * then, before the loop sleeps, views that are visible are prepared and drawn if anything asked
 * for it.  With nothing dirty nothing is drawn and nothing written.
 */
#ifndef PRISM_TUI_APP_H
#define PRISM_TUI_APP_H

#include "base/loop.h"
#include "tui/status.h"
#include "tui/term.h"
#include "tui/view.h"

#define PT_WIDE 110    /* columns from which panes stand side by side */
#define PT_MIN_COLS 20 /* below: "terminal too small" */
#define PT_MIN_ROWS 5

enum pt_pane { PT_PANE_LIST, PT_PANE_DETAIL, PT_PANE_LOG, PT_PANE_COUNT };

/* What the rest of the tui does for the app. Any may be NULL. data is pt_app_user(). */
struct pt_app_hooks {
	/* A key no widget used. view: top overlay or focused view, may be NULL. Returns enum pt_result.
	 */
	unsigned (*key)(struct pt_app *app, struct pt_view *view, const struct pt_event *event);
	/* Something was typed or clicked; before anybody looks at it. */
	void (*input)(struct pt_app *app);
	/* Hints for the bar, most useful first; returns how many. */
	size_t (*hints)(struct pt_app *app, struct pt_view *view, struct pt_hint *out, size_t cap);
	/* Fills the status line from core; called when drawing. */
	void (*status)(struct pt_app *app, struct pt_status *out);
	/* Terminal gone, SIGTERM or SIGHUP: save what must be saved; the loop ends after it. */
	void (*quit)(struct pt_app *app);
	/* Small values that outlive the process ("pane.list.weight"). get returns -1 when unset. */
	long (*state_get)(struct pt_app *app, const char *key);
	void (*state_set)(struct pt_app *app, const char *key, long value);
};

struct pt_tab {
	const char *name;  /* stable id: "computations" */
	const char *title; /* "Computations" */
	/* Makes the root view of the list pane when the tab is first opened. */
	struct pt_view *(*open)(struct pt_app *app);
};

struct pt_app_config {
	struct prism_loop *loop;          /* lent */
	const struct prism_clock *clock;  /* lent */
	struct pt_term *term;             /* lent */
	const char *theme;                /* name or path, NULL: default */
	struct prism_cancel *cancel;      /* parent of the app's token; may be NULL */
	const struct pt_app_hooks *hooks; /* lent */
	const struct pt_tab *tabs;        /* lent, in the order they are shown */
	size_t tab_count;
	size_t home; /* the tab stood on first, and where stepping back ends */
	void *user;  /* for pt_app_user() */
};

struct pt_app *pt_app_create(const struct pt_app_config *config, struct prism_error *err);
void pt_app_destroy(struct pt_app *app); /* closes all views; NULL allowed */
void pt_app_quit(struct pt_app *app);    /* hooks->quit, then the loop ends */
/* The signal that ended it, to be raised again after the terminal is restored; 0: none. */
int pt_app_signal(const struct pt_app *app);
/* It ends by SIGHUP, SIGTERM or a vanished terminal: nobody asked to leave. */
bool pt_app_lost(const struct pt_app *app);

struct prism_loop *pt_app_loop(const struct pt_app *app);
const struct prism_clock *pt_app_clock(const struct pt_app *app);
struct pt_term *pt_app_term(const struct pt_app *app);
struct pt_theme *pt_app_theme(const struct pt_app *app);
void *pt_app_user(const struct pt_app *app);
bool pt_app_utf8(const struct pt_app *app);

void pt_app_dirty(struct pt_app *app); /* draw before the loop sleeps */
/* Draws now if dirty (the hook does this; tests and the first frame call it). */
void pt_app_draw(struct pt_app *app);
void pt_app_event(struct pt_app *app, const struct pt_event *event); /* as if typed */
/* What a handler returned: redraw, close. view may be NULL. */
void pt_app_apply(struct pt_app *app, struct pt_view *view, unsigned result);
/* Hands a change in core to every view, visible or not. */
void pt_app_changed(struct pt_app *app, const struct core_event *event);
PRISM_MUST_USE
int pt_app_set_theme(struct pt_app *app, const char *name, struct prism_error *err);
void pt_app_suspend(struct pt_app *app); /* as SIGTSTP does */

/* Tabs. */
size_t pt_app_tab(const struct pt_app *app);
size_t pt_app_tab_count(const struct pt_app *app);
size_t pt_app_home(const struct pt_app *app); /* config.home */
const struct pt_tab *pt_app_tab_at(const struct pt_app *app, size_t index);
void pt_app_open_tab(struct pt_app *app, size_t index); /* closes overlays that are only read */
PRISM_MUST_USE
int pt_app_open_tab_named(struct pt_app *app, const char *name, struct prism_error *err);
/* Closes every view of every tab (another workspace or user). The open tab is opened anew. */
void pt_app_reset_tabs(struct pt_app *app);

/* Panes of the open tab. The app owns a pushed view. */
void pt_app_push(struct pt_app *app, enum pt_pane pane,
                 struct pt_view *view); /* and gives it the focus */
/* The only view of that pane: what was there is closed. The focus stays where it is. */
void pt_app_show(struct pt_app *app, enum pt_pane pane, struct pt_view *view);
void pt_app_close(struct pt_app *app, struct pt_view *view); /* pane or overlay */
/* Steps back: closes the top of the focused pane, or moves the focus to the pane before it. False
 * when there is nothing to step back from. */
bool pt_app_back(struct pt_app *app);
struct pt_view *pt_app_top(const struct pt_app *app, enum pt_pane pane); /* NULL: empty */
enum pt_pane pt_app_focus(const struct pt_app *app);
struct pt_view *
pt_app_focused(const struct pt_app *app); /* top overlay or view of the focused pane */
void pt_app_set_focus(struct pt_app *app, enum pt_pane pane);
void pt_app_cycle_focus(struct pt_app *app, int direction);
void pt_app_zoom(struct pt_app *app); /* toggles; remembered */
bool pt_app_zoomed(const struct pt_app *app);
void pt_app_resize_pane(struct pt_app *app, int delta); /* focused pane, in steps; remembered */
/* Calls fn for every view: panes of all tabs, then overlays from the bottom. */
void pt_app_each_view(struct pt_app *app, void (*fn)(void *data, struct pt_view *view), void *data);

/* Overlays: dialogs, palette, help, login. The app owns them. */
void pt_app_overlay(struct pt_app *app, struct pt_view *view);
struct pt_view *pt_app_top_overlay(const struct pt_app *app); /* the curtain, when there is one */
struct pt_view *pt_app_curtain(const struct pt_app *app);     /* NULL: none */

/* The prompt line. on_change sees the text once per turn in which it changed; on_done gets it at
 * Enter, or NULL after Esc. Either may be NULL. An open prompt is cancelled first. */
struct pt_ask {
	const char *label;          /* "/" or "Filter: " */
	const char *initial;        /* may be NULL */
	struct pt_history *history; /* lent; may be NULL */
	pt_complete_fn complete;    /* may be NULL */
	void (*on_change)(void *data, const char *text);
	void (*on_done)(void *data, const char *text);
	void *data;
};
void pt_app_ask(struct pt_app *app, const struct pt_ask *ask);
bool pt_app_asking(const struct pt_app *app);
void pt_app_ask_cancel(struct pt_app *app);

/* Messages: shown as toasts, kept in the history. Text is copied and may come from elsewhere. */
void pt_app_message(struct pt_app *app, enum pt_slot tone, const char *fmt, ...) PRISM_PRINTF(3, 4);
/* An error where its category says: cancelled nowhere, trust, internal and errors with causes to
 * read in a dialog, the rest as a message. */
void pt_app_report(struct pt_app *app, const struct prism_error *error);
const struct pt_messages *pt_app_messages(const struct pt_app *app);

#endif
