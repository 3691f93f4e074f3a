/*
 * Canvas: the grid of cells that everything is drawn into, and the cell door.
 *
 * The cell door: every string that is to be seen goes through pt_canvas_text() and its
 * siblings.  They decode without trust, show hostile code points as visible symbols
 * (base/text.h), lay out wide and combining characters, and clip.  Nothing else writes characters
 * into cells, so no byte of a server reaches the terminal raw.
 *
 * Coordinates are cells from 0, x to the right, y down.  Every call clips to the canvas and to
 * the current clip rectangle; drawing outside is allowed and does nothing, so callers need no
 * checks for small windows.  A wide character that would be cut shows as a space.
 *
 * On a canvas without UTF-8, lines and symbols become ASCII and everything else outside it '?'.
 */
#ifndef PRISM_TUI_CANVAS_H
#define PRISM_TUI_CANVAS_H

#include "base/error.h"
#include "tui/theme.h"

struct pt_rect {
	int x, y, w, h;
};

#define PT_CELL_MARKS 2 /* combining marks kept per cell; more ("zalgo") are dropped */

struct pt_cell {
	uint32_t ch; /* code point, ' ' when empty, 0 in the right half of a wide one */
	uint32_t marks[PT_CELL_MARKS]; /* combining marks, 0 when unused */
	uint8_t slot;                  /* enum pt_slot */
	uint8_t looks;                 /* enum pt_look bits */
	uint16_t unused;               /* 0: rows are compared as memory */
};

struct pt_canvas;

struct pt_canvas *pt_canvas_create(int rows, int cols, bool utf8);
void pt_canvas_destroy(struct pt_canvas *canvas);                    /* NULL allowed */
void pt_canvas_resize(struct pt_canvas *canvas, int rows, int cols); /* and clears */
int pt_canvas_rows(const struct pt_canvas *canvas);
int pt_canvas_cols(const struct pt_canvas *canvas);
bool pt_canvas_utf8(const struct pt_canvas *canvas);
const struct pt_cell *pt_canvas_cell(const struct pt_canvas *canvas, int x,
                                     int y);                                /* lent; inside only */
const struct pt_cell *pt_canvas_row(const struct pt_canvas *canvas, int y); /* lent */

/* Size, cells and cursor of the other one. */
void pt_canvas_copy(struct pt_canvas *canvas, const struct pt_canvas *from);
/* Everything to blank text cells, cursor off, no clip. */
void pt_canvas_clear(struct pt_canvas *canvas);
/* Where the terminal's cursor stands after drawing; nothing calls it: hidden. */
void pt_canvas_set_cursor(struct pt_canvas *canvas, int x, int y);
bool pt_canvas_cursor(const struct pt_canvas *canvas, int *ret_x, int *ret_y);

/* Narrows the clip; returns the one before, for pt_canvas_unclip(). */
struct pt_rect pt_canvas_clip(struct pt_canvas *canvas, struct pt_rect rect);
void pt_canvas_unclip(struct pt_canvas *canvas, struct pt_rect before);
/* Looks added to every cell drawn from now on (a dialog's background); returns those before. */
unsigned pt_canvas_set_looks(struct pt_canvas *canvas, unsigned looks);

/* Draws text in at most `width` columns; returns the columns used. Longer text is cut, and its
 * last column becomes an ellipsis. A newline or tab is hostile here. */
int pt_canvas_text(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                   unsigned looks, const char *text);
int pt_canvas_textn(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                    unsigned looks, const char *text, size_t len);
/* The same without an ellipsis, skipping the first `skip` columns (horizontal scroll). */
int pt_canvas_text_from(struct pt_canvas *canvas, int x, int y, int width, int skip,
                        enum pt_slot slot, unsigned looks, const char *text, size_t len);
int pt_canvas_printf(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                     unsigned looks, const char *fmt, ...) PRISM_PRINTF(7, 8);
/* Right aligned: the last column used is x + width - 1. Returns the columns used. */
int pt_canvas_text_right(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                         unsigned looks, const char *text);
void pt_canvas_fill(struct pt_canvas *canvas, struct pt_rect rect, enum pt_slot slot,
                    unsigned looks);
/* Adds looks to the cells of one row that are there already (search hits). */
void pt_canvas_add_looks(struct pt_canvas *canvas, struct pt_rect rect, unsigned looks);

/* Symbols with an ASCII twin. X(ENUM, code point, ASCII) */
#define PT_GLYPH_MAP(X)                                                    \
	X(HLINE, 0x2500, '-')                                                  \
	X(VLINE, 0x2502, '|')                                                  \
	X(TOP_LEFT, 0x256d, '+')                                               \
	X(TOP_RIGHT, 0x256e, '+')                                              \
	X(BOTTOM_LEFT, 0x2570, '+')                                            \
	X(BOTTOM_RIGHT, 0x256f, '+')                                           \
	X(TEE_DOWN, 0x252c, '+')                                               \
	X(TEE_UP, 0x2534, '+')                                                 \
	X(TEE_RIGHT, 0x251c, '+')                                              \
	X(TEE_LEFT, 0x2524, '+')                                               \
	X(CROSS, 0x253c, '+')                                                  \
	X(POINTER, 0x25b8, '>')    /* selected row, closed card */             \
	X(OPEN, 0x25be, 'v')       /* open card */                             \
	X(CHECK, 0x2713, '*')      /* marked, fulfilled */                     \
	X(FAIL, 0x2717, 'x')       /* refused, missing */                      \
	X(DOT, 0x25cf, 'o')        /* a state */                               \
	X(RING, 0x25cb, '.')       /* a state that is not there yet */         \
	X(ARROW_UP, 0x2191, '^')   /* ascending */                             \
	X(ARROW_DOWN, 0x2193, 'v') /* descending */                            \
	X(ARROW_RIGHT, 0x2192, '>')                                            \
	X(SEPARATOR, 0x203a, '>') /* between breadcrumbs, more to the right */ \
	X(MORE_LEFT, 0x2039, '<') /* more to the left */                       \
	X(MIDDOT, 0x00b7, '-')    /* between words of a line */                \
	X(ELLIPSIS, 0x2026, '~')  /* cut text */                               \
	X(BULLET, 0x2022, '*')                                                 \
	X(BLOCK, 0x2588, '#') /* progress, scroll position */                  \
	X(SHADE, 0x2591, '.') /* rest of a progress bar */                     \
	X(WARNING, 0x26a0, '!')                                                \
	X(LOCK, 0x2261, '=') /* safety state */

enum pt_glyph {
#define X(id, cp, ascii) PT_GLYPH_##id,
	PT_GLYPH_MAP(X)
#undef X
	    PT_GLYPH_COUNT
};

void pt_canvas_glyph(struct pt_canvas *canvas, int x, int y, enum pt_glyph glyph, enum pt_slot slot,
                     unsigned looks);
/* UTF-8 or ASCII form for building strings; lent, static. */
const char *pt_glyph_text(enum pt_glyph glyph, bool utf8);
void pt_canvas_hline(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot);
void pt_canvas_vline(struct pt_canvas *canvas, int x, int y, int height, enum pt_slot slot);
/* A frame around rect, its inside filled with slot `inside`; the title may be NULL. */
void pt_canvas_box(struct pt_canvas *canvas, struct pt_rect rect, enum pt_slot frame,
                   enum pt_slot inside, const char *title);
/* part of total, 0 to width cells */
void pt_canvas_bar(struct pt_canvas *canvas, int x, int y, int width, uint64_t part,
                   uint64_t total);

bool pt_rect_contains(struct pt_rect rect, int x, int y);
struct pt_rect pt_rect_intersect(struct pt_rect a, struct pt_rect b);
struct pt_rect pt_rect_inset(struct pt_rect rect, int dx, int dy); /* never negative sizes */
/* w x h in the middle of area, shrunk to fit */
struct pt_rect pt_rect_center(struct pt_rect area, int w, int h);

/* Lines of `width` columns at most, broken at spaces where possible and at every '\n'. Calls fn for
 * each (lent, not terminated); returns the number of lines. fn may be NULL to count. */
typedef void (*pt_line_fn)(void *data, int line, const char *text, size_t len);
int pt_text_wrap(const char *text, size_t len, int width, pt_line_fn fn, void *data);

/* One grapheme (base character and its combining marks) from [pos, end): its end. */
const char *pt_grapheme_next(const char *pos, const char *end);
const char *pt_grapheme_prev(const char *start, const char *pos);

#endif
