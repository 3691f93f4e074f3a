/*
 * Prompt: editing one line of text by graphemes.  Used by the filter and search line, the
 * palette, and every text field of a form.  Knows no screen position: it is drawn where the owner
 * says.
 *
 * Keys: left, right, home, end, ctrl-a/e/b/f, alt-b/f and ctrl-left/right by word, backspace,
 * delete, ctrl-h, ctrl-w, ctrl-u, ctrl-k, alt-d, up/down and ctrl-p/n for history, tab and
 * shift-tab for completion, paste.  Enter and Esc are the owner's.
 *
 * Limits: text of at most `max` bytes; a longer paste is cut at a grapheme. Newlines of a paste
 * become spaces.
 */
#ifndef PRISM_TUI_PROMPT_H
#define PRISM_TUI_PROMPT_H

#include "tui/canvas.h"
#include "tui/keys.h"

struct pt_prompt;
struct pt_history;

/* What a handler did, as bits; also returned by tables, forms and views. */
enum pt_result {
	PT_IGNORED = 0,
	PT_HANDLED = 1 << 0, /* the key was used: no further look-up */
	PT_REDRAW = 1 << 1,  /* something visible changed */
	PT_CHANGED = 1 << 2, /* the text or value changed */
	PT_SUBMIT = 1 << 3,  /* Enter on it: take the value */
	PT_CANCEL = 1 << 4,  /* Esc: leave it */
	PT_CLOSE = 1 << 5,   /* close this view */
	PT_BROWSE = 1 << 6,  /* ctrl-o in a path: its owner opens a file picker */
};

/* Calls add() for each candidate that could replace [start, end) of text; start, end in bytes. */
struct pt_completion {
	size_t start, end;
	size_t count;
	char **items; /* owned by the completion */
};
typedef void (*pt_complete_fn)(void *data, const char *text, size_t cursor,
                               struct pt_completion *ret_completion);
void pt_completion_add(struct pt_completion *completion, const char *text);
void pt_completion_clear(struct pt_completion *completion);
/* File names for the path before the cursor; directories end in '/'. At most 500. */
void pt_complete_path(void *data, const char *text, size_t cursor,
                      struct pt_completion *ret_completion);

struct pt_prompt *pt_prompt_create(size_t max);
void pt_prompt_destroy(struct pt_prompt *prompt);                 /* wipes; NULL allowed */
void pt_prompt_set_masked(struct pt_prompt *prompt, bool masked); /* bullets; no history */
void pt_prompt_set_completion(struct pt_prompt *prompt, pt_complete_fn fn, void *data);
void pt_prompt_set_history(struct pt_prompt *prompt, struct pt_history *history); /* lent */

const char *pt_prompt_text(const struct pt_prompt *prompt);     /* lent until the next change */
size_t pt_prompt_cursor(const struct pt_prompt *prompt);        /* bytes */
void pt_prompt_set(struct pt_prompt *prompt, const char *text); /* cursor at the end */
/* A text that nobody asked for: what is typed or pasted first takes its place, backspace takes it
 * away, any other key makes it an ordinary text. Shown as selected while it has the focus. */
void pt_prompt_propose(struct pt_prompt *prompt, const char *text);
unsigned pt_prompt_key(struct pt_prompt *prompt, const struct pt_event *event);
/* Adds the text to the history. */
void pt_prompt_remember(struct pt_prompt *prompt);
/* Draws and, with focus, places the cursor; scrolls sideways so that it is seen. */
void pt_prompt_draw(const struct pt_prompt *prompt, struct pt_canvas *canvas, int x, int y,
                    int width, bool focus, const char *placeholder);
/* The candidates while Tab walks through them; count 0 otherwise. Lent. */
const struct pt_completion *pt_prompt_candidates(const struct pt_prompt *prompt,
                                                 size_t *ret_current);

/* Several lines: Enter makes a line, up and down move in it and are ignored at its ends, a paste
 * keeps its line ends. Other keys as above. */
unsigned pt_prompt_lines_key(struct pt_prompt *prompt, const struct pt_event *event);
void pt_prompt_lines_draw(const struct pt_prompt *prompt, struct pt_canvas *canvas,
                          struct pt_rect area, bool focus, const char *placeholder);

/* For those who edit by other means. at: a byte between graphemes. */
void pt_prompt_set_cursor(struct pt_prompt *prompt, size_t at);
void pt_prompt_insert(struct pt_prompt *prompt, const char *text, size_t len);

struct pt_history *pt_history_create(size_t max);
void pt_history_destroy(struct pt_history *history);
void pt_history_add(struct pt_history *history,
                    const char *text); /* moves an equal one to the end */
size_t pt_history_count(const struct pt_history *history);
const char *pt_history_get(const struct pt_history *history, size_t index); /* 0: oldest */

#endif
