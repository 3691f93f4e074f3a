/*
 * The user interface above the app: the key map, the palette, the tabs, sign-in over the work, and
 * how an action finds its view or its command.  pt_app_user() of every app is a struct pt_ui.
 */
#ifndef PRISM_TUI_UI_H
#define PRISM_TUI_UI_H

#include "tui/actor.h"
#include "tui/app.h"
#include "tui/world.h"

struct pt_ui;
struct pt_keymap;
struct pt_values;

struct pt_ui_config {
	struct pt_world *world; /* lent */
	struct pt_term *term;   /* lent */
	const char *theme;      /* NULL: the option */
	const char *keymap;     /* path; NULL: the option, else the default place */
};
struct pt_ui *pt_ui_create(const struct pt_ui_config *config, struct prism_error *err);
void pt_ui_destroy(struct pt_ui *ui); /* NULL allowed; before the world */
/* What happens first: sign in when nobody is, else the last view. Before the loop runs. */
void pt_ui_start(struct pt_ui *ui);

struct pt_app *pt_ui_app(const struct pt_ui *ui);
struct pt_ui *pt_ui_of(const struct pt_app *app);
struct pt_world *pt_ui_world(const struct pt_app *app);
struct core *pt_ui_core(const struct pt_app *app);
const struct pt_keymap *pt_ui_keymap(const struct pt_app *app);

/* An action, as if its key was pressed in that view (NULL: the focused one). */
unsigned pt_ui_act(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                   const struct pt_values *values /* NULL: none */);
/* A command with all its arguments; given. News and errors go to messages, records to a dialog
 * unless quiet. done may be NULL. */
void pt_ui_run(struct pt_app *app, struct pt_values *values, bool quiet,
               void (*done)(void *data, const char *id, const struct prism_error *err), void *data);
/* Stops the newest command that can be stopped; false: none runs. */
bool pt_ui_cancel_command(struct pt_app *app);
/* True while the view is in a pane or over the work; for callbacks that outlive views. */
bool pt_ui_alive(struct pt_app *app, const struct pt_view *view);
/* Hides everything behind a password; idle: nobody asked for it. */
void pt_ui_lock(struct pt_app *app, bool idle);
bool pt_ui_locked(const struct pt_app *app); /* nothing of the work may be shown or told now */
bool pt_ui_small(const struct pt_app *app);  /* too small to show two panes */
/* Starts a command whose missing arguments are asked for one by one (people and roles are chosen,
 * the rest is a form), without taking them from what the cursor is on. values: given. */
void pt_ui_ask(struct pt_app *app, struct pt_view *view, struct pt_values *values);
/* Another profile on the screen, with that computation open (NULL: none); this user interface ends,
 * and whoever runs it goes on with pt_fleet_next(). */
unsigned pt_ui_switch(struct pt_app *app, const char *profile, const char *computation);
/* After pt_ui_start(): a computation to begin with. */
void pt_ui_begin(struct pt_ui *ui, const char *computation);
/* A line as typed after ":". */
void pt_ui_line(struct pt_app *app, const char *line);

/* May the action be used in this view now? reason: why not. */
bool pt_ui_may(struct pt_app *app, struct pt_view *view, enum pt_action_id id, char *reason,
               size_t size);
/* The part of that answer that comes from my roles: shown greyed, not hidden. */
bool pt_ui_permitted(struct pt_app *app, struct pt_view *view, enum pt_action_id id, char *reason,
                     size_t size);
/* For the `may` of an actor: nothing here can be opened, so Enter is not offered. */
bool pt_ui_opens_nothing(struct pt_view *view, enum pt_action_id id, char *reason, size_t size);
pt_where pt_ui_where(const struct pt_view *view); /* layers of a view; PT_IN_ANY alone by default */
/* Keys of an action in this view: "R", "c"; "" when it has none. */
char *pt_ui_keys(struct pt_app *app, const struct pt_view *view, enum pt_action_id id, char *buf,
                 size_t size);
const char *pt_ui_retry_key(struct pt_app *app); /* of refresh; for load states. Lent */

/* Slots for tones of core. */
enum pt_slot pt_tone_slot(enum core_tone tone);
/* A time as the option `times` wants it; buf is filled; returns buf. Unset: "". */
char *pt_ui_time(struct pt_app *app, int64_t wall_us, char buf[PRISM_TIME_TEXT]);
struct core_status;
/* For the summary of a page: what is not current about it, with its age; NULL: nothing. */
const char *pt_ui_stale(struct pt_app *app, const struct core_status *status, char *buf,
                        size_t size);
/* Load state of a collection for tables and texts; error is lent by the status. */
struct pt_load pt_ui_load(struct pt_app *app, const struct core_status *status, const char *empty,
                          const char *empty_hint);

#endif
