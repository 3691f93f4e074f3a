/*
 * The terminal behind the canvas: two back ends with one face.
 *
 *   term_curses.c  a real terminal through the terminfo half of ncurses; the only file that
 * includes it term_memory.c  a fixed size grid for tests, with a queue of input bytes
 *
 * Promises of the real one:
 *   - nothing is ever asked of the terminal, and it is never cleared after the first frame,
 *     except by pt_term_repaint()
 *   - a frame is one write(2); the cursor is hidden while it is drawn; a frame that
 *     changes nothing writes nothing
 *   - a terminal that does not take output is not waited for: the rest goes out when it can,
 *     and the next frame is drawn then
 *   - whatever ends the process, short of SIGKILL, leaves the terminal as it was found
 */
#ifndef PRISM_TUI_TERM_H
#define PRISM_TUI_TERM_H

#include "tui/canvas.h"

struct pt_term;

/* What to believe about colours. X(ENUM, "word of the option color") */
#define PT_COLORS_MAP(X)                                                  \
	X(AUTO, "auto") /* what TERM and COLORTERM say, none with NO_COLOR */ \
	X(NEVER, "never")                                                     \
	X(16, "16")                                                           \
	X(256, "256")                                                         \
	X(TRUE, "true")

enum pt_colors {
#define X(id, word) PT_COLORS_##id,
	PT_COLORS_MAP(X)
#undef X
	    PT_COLORS_COUNT
};
enum pt_colors pt_colors_parse(const char *word); /* auto for anything unknown */

enum pt_encoding { PT_ENCODING_AUTO, PT_ENCODING_ASCII, PT_ENCODING_UTF8 };

struct pt_term_options {
	enum pt_encoding encoding; /* auto: as the locale says */
	enum pt_colors colors;
	bool mouse; /* ask for mouse reports */
};

/* A real terminal on standard input and output; switches to its alternate screen with the first
 * frame. Installs the handlers that restore it. At most one at a time.
 * Fails with category invalid when there is no terminal, or TERM is dumb. */
struct pt_term *pt_term_open(const struct pt_term_options *options, struct prism_error *err);
/* Remembers cells and text sent to the clipboard; input is what pt_term_memory_type() was given. */
struct pt_term *pt_term_memory(int rows, int cols, bool utf8, enum pt_depth depth);
void pt_term_close(struct pt_term *term); /* restores; NULL allowed */

/* Something the user should know once ("TERM=xterm-ghostty is unknown here; ..."), or "". */
const char *pt_term_notice(const struct pt_term *term);
int pt_term_rows(const struct pt_term *term);
int pt_term_cols(const struct pt_term *term);
bool pt_term_utf8(const struct pt_term *term);
enum pt_depth pt_term_depth(const struct pt_term *term);
/* Reads the size again (after SIGWINCH); true when it changed. */
bool pt_term_resize(struct pt_term *term);

int pt_term_fd(const struct pt_term *term); /* readable: input; -1: none (memory) */
/* What was typed, without waiting. Returns the bytes read, 0 for none now, -1 when the terminal
 * is gone (end of file, EIO, hang-up). */
long pt_term_read(struct pt_term *term, void *buf, size_t size);

/* Draws what differs from the last frame. False: output of an earlier frame is still waiting;
 * call pt_term_flush() when the descriptor is writable, then draw again. */
bool pt_term_draw(struct pt_term *term, const struct pt_canvas *canvas,
                  const struct pt_theme *theme);
bool pt_term_flush(struct pt_term *term);   /* true when nothing waits any more */
void pt_term_repaint(struct pt_term *term); /* the next frame starts from nothing */

/* Back to the shell's settings and forth (SIGTSTP, a pager). */
void pt_term_leave(struct pt_term *term);
void pt_term_enter(struct pt_term *term);
/* Stops the process the way the shell expects, and comes back when continued. */
void pt_term_stop(struct pt_term *term);

void pt_term_bell(struct pt_term *term);
void pt_term_set_mouse(struct pt_term *term, bool on);
/* OSC 52, wrapped for tmux and screen where needed. Text beyond PT_CLIPBOARD_MAX bytes of base64
 * is refused with category limit. */
#define PT_CLIPBOARD_MAX 74994 /* what xterm takes, less the frame of the sequence */
PRISM_MUST_USE
int pt_term_copy(struct pt_term *term, const char *text, size_t len, struct prism_error *err);
/* Asks the terminal for a notification of the desktop: OSC 9 ("title: text"), or OSC 777 with both
 * apart. Neutralised here, cut to PT_NOTIFY_TEXT bytes each. tmux passes it on where it is allowed
 * to. */
#define PT_NOTIFY_TEXT 200
void pt_term_notify(struct pt_term *term, bool osc777, const char *title, const char *text);
/* Window title; neutralised here. Never read back. */
void pt_term_title(struct pt_term *term, const char *title);

/* Memory back end only. */
void pt_term_memory_type(struct pt_term *term, const void *bytes, size_t len);
void pt_term_memory_resize(struct pt_term *term, int rows, int cols);
const struct pt_canvas *pt_term_memory_screen(const struct pt_term *term); /* the last frame */
const char *pt_term_memory_raw(const struct pt_term *term);       /* the last raw sequence; lent */
const char *pt_term_memory_clipboard(const struct pt_term *term); /* lent; "" at first */
unsigned pt_term_memory_frames(const struct pt_term *term);       /* frames drawn */
unsigned pt_term_memory_bells(const struct pt_term *term);

/* Bytes written to the terminal so far (for the bench and the log). */
uint64_t pt_term_bytes(const struct pt_term *term);

#endif
