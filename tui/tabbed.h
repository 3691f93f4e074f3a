/*
 * A view with a line of tabs: one computation, one CVM, the people of a workspace.  Each tab is a
 * view of its own, made when it is first opened; the host hands on to it what the app and the
 * action table ask.
 *
 * A host's state begins with a struct pt_tabbed; its ops are made by PT_TABBED_OPS, and its actor
 * calls the functions below for everything it does not answer itself.  Only the open tab is told
 * that it is seen, so what nobody looks at is not polled.
 */
#ifndef PRISM_TUI_TABBED_H
#define PRISM_TUI_TABBED_H

#include "tui/actor.h"
#include "tui/ui.h"

#define PT_TABBED_MAX 10

struct pt_tabbed_tab {
	const char *title;
	pt_where where; /* of the view in it, beside its list or text layer */
	struct pt_view *(*make)(struct pt_app *app, const char *subject);
	/* Fills short text behind the title ("2"), "" for none. May be NULL. */
	void (*badge)(struct pt_app *app, char *buf, size_t size);
};

struct pt_tabbed {
	const struct pt_tabbed_tab *tabs; /* lent */
	size_t count, at;
	char *subject;                        /* id that every tab is about; "" none; owned */
	struct pt_view *views[PT_TABBED_MAX]; /* owned; NULL until opened */
};

/* subject may be NULL. Opens the tab `first`. */
void pt_tabbed_init(struct pt_view *view, const struct pt_tabbed_tab *tabs, size_t count,
                    const char *subject, size_t first);
void pt_tabbed_finish(struct pt_tabbed *tabbed);
void pt_tabbed_open(struct pt_view *view, size_t index);
struct pt_view *pt_tabbed_child(const struct pt_view *view);

/* Hosts in the detail pane, beside the list of what they are about. ops: of the host, by which one
 * that is open there is known. */
typedef struct pt_view *(*pt_tabbed_make_fn)(struct pt_app *app, const char *subject, size_t tab);
/* Shows the subject, in this tab, and gives it the focus. */
void pt_tabbed_show(struct pt_app *app, const struct pt_view_ops *ops, const char *subject,
                    size_t tab, pt_tabbed_make_fn make);
/* The cursor of the list rests on another one: what is open follows, in the tab that is open. */
void pt_tabbed_follow(struct pt_app *app, const struct pt_view_ops *ops, const char *subject,
                      pt_tabbed_make_fn make);

/* For ops. */
const char *pt_tabbed_summary(struct pt_view *view);
void pt_tabbed_prepare(struct pt_view *view, int width, int height);
void pt_tabbed_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                    bool focus);
unsigned pt_tabbed_key(struct pt_view *view, const struct pt_event *event);
unsigned pt_tabbed_changed(struct pt_view *view, const struct core_event *event);
void pt_tabbed_shown(struct pt_view *view, bool visible);
struct pt_table *pt_tabbed_table(struct pt_view *view);
struct pt_textview *pt_tabbed_text(struct pt_view *view);
unsigned pt_tabbed_nav(struct pt_view *view, enum pt_nav nav, int count);
unsigned pt_tabbed_filter(struct pt_view *view, const char *text);
const char *pt_tabbed_filter_text(struct pt_view *view);
unsigned pt_tabbed_search(struct pt_view *view, const char *text, int direction);
char *pt_tabbed_copy(struct pt_view *view);
#define PT_TABBED_OPS                                                                             \
	.summary = pt_tabbed_summary, .prepare = pt_tabbed_prepare, .draw = pt_tabbed_draw,           \
	.key = pt_tabbed_key, .table = pt_tabbed_table, .text = pt_tabbed_text, .nav = pt_tabbed_nav, \
	.filter = pt_tabbed_filter, .filter_text = pt_tabbed_filter_text, .search = pt_tabbed_search, \
	.copy = pt_tabbed_copy

/* For actors: what the open tab says. */
pt_where pt_tabbed_where(const struct pt_view *view);
bool pt_tabbed_may(struct pt_view *view, enum pt_action_id id, char *reason, size_t size);
const char *pt_tabbed_subject(struct pt_view *view, enum pt_arg_kind kind);
const char *pt_tabbed_name_of(struct pt_view *view, enum pt_arg_kind kind, const char *id);
const char *pt_tabbed_word(struct pt_view *view, enum pt_action_id id);
/* The open tab first, then the keys that change tabs. */
unsigned pt_tabbed_act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values);

#endif
