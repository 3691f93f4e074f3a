/*
 * Text to read: scrolling, wrapping, searching.  Help, manifest JSON, details, messages.
 *
 * The text is styled by lines and spans the owner gives; data never goes through a markup
 * parser.
 */
#ifndef PRISM_TUI_TEXTVIEW_H
#define PRISM_TUI_TEXTVIEW_H

#include "tui/view.h"

#define PT_TEXTVIEW_MAX (16u * 1024 * 1024) /* bytes shown; the rest is cut with a note */

struct pt_textview;

struct pt_textview *pt_textview_create(void);
void pt_textview_destroy(struct pt_textview *text); /* NULL allowed */
void pt_textview_clear(struct pt_textview *text);   /* keeps the scroll position for what comes */
/* Whole text at once, split at newlines. */
void pt_textview_set(struct pt_textview *text, const char *bytes, size_t len);
/* One line, then parts added to its end. Newlines in a part start a new line. */
void pt_textview_line(struct pt_textview *text, enum pt_slot slot, const char *line);
void pt_textview_part(struct pt_textview *text, enum pt_slot slot, const char *part);
void pt_textview_printf(struct pt_textview *text, enum pt_slot slot, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
/* "label   value" in aligned columns: the label padded to width. */
void pt_textview_field(struct pt_textview *text, int width, const char *label, enum pt_slot slot,
                       const char *value);
void pt_textview_set_wrap(struct pt_textview *text, bool wrap);
bool pt_textview_wrap(const struct pt_textview *text);
size_t pt_textview_lines(const struct pt_textview *text);
size_t
pt_textview_rows(const struct pt_textview *text); /* on screen, after prepare: wrapped, filtered */
char *pt_textview_copy(const struct pt_textview *text); /* all of it; yours */

unsigned pt_textview_nav(struct pt_textview *text, enum pt_nav nav, int count);
unsigned pt_textview_key(struct pt_textview *text, const struct pt_event *event); /* wheel */
/* Shows only lines that contain it. "" clears. */
unsigned pt_textview_set_filter(struct pt_textview *text, const char *filter);
const char *pt_textview_filter(const struct pt_textview *text);
unsigned pt_textview_search(struct pt_textview *text, const char *needle, int direction);
const char *pt_textview_summary(struct pt_textview *text); /* "12-40 of 300, match 2 of 7" */
void pt_textview_prepare(struct pt_textview *text, int width, int height);
void pt_textview_draw(const struct pt_textview *text, struct pt_canvas *canvas,
                      struct pt_rect area);

#endif
