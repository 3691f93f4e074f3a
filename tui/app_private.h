/* Between app.c, app_panes.c, app_draw.c, app_tabs.c, app_theme.c and view.c only. */
#ifndef PRISM_TUI_APP_PRIVATE_H
#define PRISM_TUI_APP_PRIVATE_H

#include "tui/app.h"

#define PT_HINTS_MAX 24

struct pt_pane_stack {
	struct prism_list views; /* pt_view.link, bottom first */
};

/* One tab: its own three stacks, so that coming back finds everything as it was. */
struct pt_tab_state {
	struct pt_pane_stack panes[PT_PANE_COUNT];
	enum pt_pane focus;
};

/* Where things are in this frame. An empty rectangle is not shown. */
struct pt_layout {
	bool too_small;
	struct pt_rect tabs, crumbs, content, status, hints;
	struct pt_rect title[PT_PANE_COUNT]; /* title line of a pane; none for a single one */
	struct pt_rect body[PT_PANE_COUNT];
	struct pt_rect border[2]; /* vertical lines */
};

struct pt_app {
	struct pt_app_config config;
	struct pt_app_hooks hooks; /* missing ones are NULL */
	struct pt_canvas *canvas;
	struct pt_theme *theme;
	struct pt_keys *keys;
	struct prism_cancel *cancel;
	struct prism_fd *input;
	struct prism_timer *esc_timer, *toast_timer;
	struct pt_messages *messages;

	struct pt_tab_state *tabs; /* config.tab_count */
	size_t tab;
	size_t tab_first;           /* leftmost label of the tab line */
	bool tab_open;              /* some tab was opened */
	struct prism_list overlays; /* bottom first */
	struct prism_list closing;  /* destroyed before the loop sleeps */
	bool zoom;
	int weights[PT_PANE_COUNT];
	struct pt_layout layout; /* of the last frame */

	struct pt_prompt *prompt; /* the prompt line; NULL: closed */
	struct pt_ask ask;
	char *ask_label;
	bool ask_changed; /* on_change is owed */

	int theme_watch; /* inotify descriptor; -1 */
	struct prism_fd *theme_fd;
	char *theme_watched; /* path of the theme file */

	bool dirty;
	bool stalled; /* the terminal does not take output; drawn when it does */
	bool quitting;
	bool gone; /* the terminal is */
	int signum;
};

struct prism_cancel *pt_app_cancel(const struct pt_app *app);

/* app_panes.c */
void pt_app_panes_init(struct pt_app *app);
void pt_app_panes_finish(struct pt_app *app);
void pt_app_reap(struct pt_app *app); /* destroys closed views */
void pt_app_layout(struct pt_app *app);
void pt_app_tell_shown(struct pt_app *app);

/* app_draw.c */
void pt_app_compose(struct pt_app *app); /* prepare and draw everything into the canvas */
/* A click or wheel turn: to the view under it, coordinates made its own. */
unsigned pt_app_mouse(struct pt_app *app, const struct pt_event *event);

/* app_tabs.c */
void pt_app_tabs_fit(struct pt_app *app); /* the open tab into sight; once a frame, after layout */
void pt_app_tabs_draw(struct pt_app *app);
/* Tab at column x of the tab line; the marks at its ends are the neighbours hidden there. -1: none.
 */
ptrdiff_t pt_app_tabs_at(const struct pt_app *app, int x);

/* app_theme.c */
void pt_app_theme_watch(struct pt_app *app);
void pt_app_theme_unwatch(struct pt_app *app);

#endif
