/*
 * A pane of log lines: cursor, scrolling, following the end, wrapping, highlighting, searching.
 * What the lines are and which pass is core/logview.h; keys, prompts and files are the view's
 * (tui/view_logs.c).
 *
 * The cursor and the first line on screen are anchored to their lines, so late lines, dropped ones
 * and changed filters do not move what is being read.  At the end the pane follows: new lines push
 * the cursor down; moving up stops that, moving to the end starts it again.
 */
#ifndef PRISM_TUI_LOGPANE_H
#define PRISM_TUI_LOGPANE_H

#include "core/logview.h"
#include "tui/view.h"

enum pt_log_times { PT_LOG_LOCAL, PT_LOG_UTC, PT_LOG_RELATIVE };

struct pt_logpane {
	struct core_logstore *store; /* lent */
	struct core_logview *view;   /* owned */
	struct prism_loop *loop;     /* lent */
	const struct prism_clock *clock;
	void (*changed)(void *data); /* something visible changed later than the call that caused it */
	void *data;
	bool follow, wrap;
	enum pt_log_times times;
	struct core_log_anchor cursor, top; /* ids */
	int top_row;                        /* wrapped: rows of the first line scrolled off */
	int skip;                           /* not wrapped: columns scrolled off */
	int width, height;                  /* of the last prepare */
	/* search */
	struct core_logmatch *match; /* NULL: none */
	bool searching, backward;
	bool wrapped; /* the end was passed, and it goes on from the other */
	size_t search_pos;
	bool not_found;
};

/* loop NULL: filtering and searching go to their end within the call (tests). */
void pt_logpane_init(struct pt_logpane *pane, struct core_logstore *store, struct prism_loop *loop,
                     const struct prism_clock *clock, void (*changed)(void *data), void *data);
void pt_logpane_finish(struct pt_logpane *pane);

size_t pt_logpane_pos(const struct pt_logpane *pane); /* of the cursor; 0 when there is no line */
size_t pt_logpane_top(const struct pt_logpane *pane); /* the first on screen */
/* Cursor to a position, centred when it is not on screen; stops following. */
void pt_logpane_go(struct pt_logpane *pane, size_t pos);
unsigned pt_logpane_nav(struct pt_logpane *pane, enum pt_nav nav, int count);
unsigned pt_logpane_key(struct pt_logpane *pane, const struct pt_event *event); /* the mouse */
void pt_logpane_set_follow(struct pt_logpane *pane, bool follow);
void pt_logpane_set_wrap(struct pt_logpane *pane, bool wrap);
/* The filter changed: the cursor goes to the nearest line that passes. */
PRISM_MUST_USE
int pt_logpane_filter(struct pt_logpane *pane, const struct core_log_filter *filter,
                      struct prism_error *err);
/* text NULL: again, from the line after the cursor. Goes on from the other end once. */
PRISM_MUST_USE
int pt_logpane_search(struct pt_logpane *pane, const char *text, int direction,
                      struct prism_error *err);
/* To the next line of one of these levels; false: none. */
bool pt_logpane_next_level(struct pt_logpane *pane, uint32_t levels, int direction);

void pt_logpane_prepare(struct pt_logpane *pane, int width, int height);
void pt_logpane_draw(const struct pt_logpane *pane, struct pt_canvas *canvas, struct pt_rect area,
                     bool focus);

/* --- shared by the files of the pane --- */

struct pt_log_columns { /* where the parts of a line stand; 0 wide: not shown */
	int time, level, run, message;
};
struct pt_log_columns pt_log_columns(const struct pt_logpane *pane, int width);
/* Bytes of text that fit `width` columns, at least one character; *ret_columns: what they take. */
size_t pt_log_fit(const char *text, size_t len, int width, int *ret_columns);
int pt_log_rows(const struct pt_logpane *pane, uint32_t id); /* rows of a line, 1 or more */

#endif
