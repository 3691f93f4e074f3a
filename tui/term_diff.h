/*
 * From one frame to the next with few bytes.
 *
 * Keeps what the terminal shows and sends what differs: changed runs of cells, blank
 * tails by clear-to-end-of-line, blank runs by erase-characters, and blocks of lines that moved
 * by a scroll region.  Knows nothing of terminfo: how a thing is said is the sink's business.
 *
 * Rules it keeps:
 *   - after a cell whose width terminals disagree about (wide, combining), and after the last
 * column, the cursor counts as unknown, so the next piece is placed absolutely and an error cannot
 * spread
 *   - a frame equal to the last one says nothing at all
 */
#ifndef PRISM_TUI_TERM_DIFF_H
#define PRISM_TUI_TERM_DIFF_H

#include "tui/canvas.h"

/* How a terminal is told. from_*: -1 when the cursor may be anywhere. */
struct pt_sink {
	void (*move)(void *data, int y, int x, int from_y, int from_x);
	/* from NULL: unknown */
	void (*style)(void *data, const struct pt_style *from, const struct pt_style *to);
	void (*text)(void *data, const char *bytes, size_t len);
	void (*clear_eol)(void *data);        /* NULL: cannot */
	void (*erase)(void *data, int count); /* does not move the cursor; NULL: cannot */
	/* Lines top to bottom move up by `lines` (down when negative); the rest gets blank. NULL:
	 * cannot. The cursor is unknown afterwards. */
	void (*scroll)(void *data, int top, int bottom, int lines, int rows);
	bool colored_erase;  /* erasing uses the current background */
	bool skip_last_cell; /* writing the last cell of the screen would scroll it */
};

struct pt_diff;

struct pt_diff *pt_diff_create(const struct pt_sink *sink, void *data); /* lent */
void pt_diff_destroy(struct pt_diff *diff);
/* The screen is blank in the terminal's default style, cursor anywhere. */
void pt_diff_blank(struct pt_diff *diff, int rows, int cols);
/* Style and cursor are unknown from here (something else was written). */
void pt_diff_lost(struct pt_diff *diff);
/* canvas: of the size given to pt_diff_blank(). */
void pt_diff_frame(struct pt_diff *diff, const struct pt_canvas *canvas,
                   const struct pt_theme *theme);
void pt_diff_move(struct pt_diff *diff, int x, int y);

#endif
