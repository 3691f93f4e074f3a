/*
 * Lines with a cursor: pages that are read like text and acted on like a list (overview,
 * timeline).  The owner builds all lines anew when its data changes; the cursor stays on the line
 * with the same key.
 *
 * Each line is made of parts with a slot each, and may carry a target: what Enter on it means to
 * the owner.
 */
#ifndef PRISM_TUI_LINES_H
#define PRISM_TUI_LINES_H

#include "tui/canvas.h"
#include "tui/view.h"

struct pt_lines;

struct pt_lines *pt_lines_create(void);
void pt_lines_destroy(struct pt_lines *lines); /* NULL allowed */

/* Building. */
void pt_lines_begin(struct pt_lines *lines);
/* key: stable name of the line, copied; NULL: none. target 0: Enter does nothing here. arg copied.
 */
void pt_lines_add(struct pt_lines *lines, const char *key, int target, const char *arg);
void pt_lines_part(struct pt_lines *lines, enum pt_slot slot, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
void pt_lines_glyph(struct pt_lines *lines, enum pt_glyph glyph, enum pt_slot slot);
void pt_lines_pad(struct pt_lines *lines, int column); /* blanks up to this column */
/* Text behind the parts of the last line, from `column` on, wrapped to width: rows that do not fit
 * are lines of their own without a key. */
void pt_lines_wrap(struct pt_lines *lines, int column, int width, enum pt_slot slot,
                   const char *text);
/* "Label      text", the text wrapped to width with the label column kept free. */
void pt_lines_field(struct pt_lines *lines, const char *label, int label_width, int width,
                    enum pt_slot slot, const char *text);
void pt_lines_end(struct pt_lines *lines);

size_t pt_lines_count(const struct pt_lines *lines);
int pt_lines_target(const struct pt_lines *lines, const char **ret_arg); /* of the cursor's line */
const char *pt_lines_key(const struct pt_lines *lines);                  /* NULL: none */
/* The key of the line the cursor's line belongs to: its own, else that of the nearest above with
 * one. ret_target, ret_arg: of that line; may be NULL. NULL: none. */
const char *pt_lines_owner(const struct pt_lines *lines, int *ret_target, const char **ret_arg);
bool pt_lines_select(struct pt_lines *lines, const char *key);
/* With the next prepare `rows` lines below the cursor are on the screen too, as far as they fit; 0:
 * those that belong to its line. */
void pt_lines_reveal(struct pt_lines *lines, size_t rows);
/* "12-30 of 96" into buf; "" when all is seen. Returns buf. */
char *pt_lines_position(const struct pt_lines *lines, char *buf, size_t size);

unsigned pt_lines_nav(struct pt_lines *lines, enum pt_nav nav, int count);
unsigned pt_lines_search(struct pt_lines *lines, const char *text, int direction);
char *pt_lines_copy(const struct pt_lines *lines); /* the cursor's line; yours */
void pt_lines_prepare(struct pt_lines *lines, int width, int height);
void pt_lines_draw(const struct pt_lines *lines, struct pt_canvas *canvas, struct pt_rect area,
                   bool focus);

#endif
