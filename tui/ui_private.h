/*
 * What the files of the user interface share: tui/ui.c (life, events, hooks), tui/ui_act.c
 * (actions), tui/ui_open.c (what is opened by name), tui/ui_sections.c (sections), tui/ui_ask.c
 * (what is asked before a command), tui/ui_run.c (commands from the screen), tui/ui_status.c (the
 * status line and the hint bar).  Nobody else
 * includes this.
 */
#ifndef PRISM_TUI_UI_PRIVATE_H
#define PRISM_TUI_UI_PRIVATE_H

#include "base/list.h"
#include "core/core.h"
#include "tui/command.h"
#include "tui/keymap.h"
#include "tui/ui.h"
#include "tui/ui_quiet.h"

struct pt_ui {
	struct pt_world *world;
	struct core *core;
	struct pt_app *app;
	struct pt_tab *tabs; /* those that are of use here */
	struct pt_keymap *keymap;
	struct pt_history *history; /* of the palette */
	struct core_subscription *subscription;
	struct core_watch *invitations; /* mine: the status line tells of them */
	struct prism_cancel *cancel;    /* parent of commands */
	struct prism_list commands;     /* running: struct pt_ui_command */
	struct pt_view *login;          /* overlay; NULL when closed */
	struct pt_view *lock;           /* the curtain; NULL: not locked */
	struct pt_tunnel_asks *asks;    /* questions of tunnels */
	struct pt_notify *notify;
	struct prism_timer *lock_timer;
	int64_t typed_ms; /* monotonic: last key or click */
	bool typed;       /* anything yet */
	int64_t key_ms;   /* monotonic: last key, for what waits for a pause */
	struct prism_list quiet;
	struct prism_timer *quiet_timer;
	struct pt_quiet offer; /* to go on where the terminal went away */
	char *workspace;       /* id the tabs were opened for */
	bool entering;         /* pt_world_enter is under way */
	bool started;
	bool nobody;             /* was signed in at the last word of it */
	int64_t refreshed_us;    /* last answer that changed something */
	struct pt_ui_seen *seen; /* states of runs last heard of, for the news that one ended */
	size_t seen_count;
	char retry_key[PT_KEY_NAME];
	/* texts of the status line, lent until the next frame */
	char backend[160], token[40], refreshed[16], user[128], notice[PRISM_ERROR_TEXT + 32],
	    agent[64], safety[64];
	char tunnel[100];
	char hint_keys[PT_ACTION_COUNT][PT_KEY_NAME]; /* of the hint bar, lent the same way */
};

/* A computation whose run was seen going on. */
struct pt_ui_seen {
	char *id;
	int state; /* enum core_comp_state */
};

/* One command started from the screen. */
struct pt_ui_command {
	struct prism_list link;
	struct pt_ui *ui;
	bool quiet;
	void (*done)(void *data, const char *id, const struct prism_error *err);
	void *data;
	const struct pt_action *action;
	struct pt_command *command; /* lent, until its end */
	char working[80];           /* how far it is: "measuring 45 MB of 100 MB"; "" */
};

void pt_ui_start_missing(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                         const struct pt_values *given);
/* Opens the section an action means; PT_IGNORED: it means none. */
unsigned pt_ui_sections(struct pt_app *app, enum pt_action_id id, const struct pt_values *values);
/* ui_lock.c */
void pt_ui_lock_watch(struct pt_ui *ui); /* session, option or lock changed */
void pt_ui_lock_input(struct pt_ui *ui);
/* ui_quiet.c */
void pt_ui_quiet_input(struct pt_ui *ui);
void pt_ui_quiet_finish(struct pt_ui *ui); /* those that wait are forgotten by their owners */

/* How far the newest command that tells is; "": none does. Lent. */
const char *pt_ui_working(const struct pt_ui *ui);
void pt_ui_sign_in(struct pt_ui *ui); /* the login overlay, unless it is open */
void pt_ui_signed_in(struct pt_ui *ui);

/* ui_status.c: hooks of the app. */
size_t pt_ui_hints(struct pt_app *app, struct pt_view *view, struct pt_hint *out, size_t cap);
void pt_ui_status(struct pt_app *app, struct pt_status *out);

/* ui_open.c: a view for the thing that is named, or under the cursor; PT_IGNORED when the action
 * has none. */
unsigned pt_ui_open(struct pt_app *app, struct pt_view *view, enum pt_action_id id,
                    const struct pt_values *values);

/* ui_run.c: a command, whatever was to be asked about it. As pt_ui_run(). */
void pt_ui_run_now(struct pt_app *app, struct pt_values *values, bool quiet,
                   void (*done)(void *data, const char *id, const struct prism_error *err),
                   void *data);
/* Changes in a production profile are asked about once more: whether this one is, and the question.
 */
bool pt_ui_gated(struct pt_app *app, const struct pt_action *action);
void pt_ui_ask_gate(struct pt_app *app, const struct pt_action *action,
                    void (*answer)(void *data, bool yes), void *data);
/* ui_secret.c: the same, once a passphrase that it needs was typed. */
void pt_ui_run_unlocked(struct pt_app *app, struct pt_values *values, bool quiet,
                        void (*done)(void *data, const char *id, const struct prism_error *err),
                        void *data);

#endif
