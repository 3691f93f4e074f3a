/* Finding a text in another one without regard to case, and showing where it was found. */
#ifndef PRISM_TUI_MATCH_H
#define PRISM_TUI_MATCH_H

#include "tui/canvas.h"

/* First occurrence at or after byte `from`. An empty needle is never found. */
bool pt_match_find(const char *text, size_t len, const char *needle, size_t from, size_t *ret_start,
                   size_t *ret_end);
/* Every space-separated word of needles is somewhere in the text. */
bool pt_match_words(const char *text, size_t len, const char *words);
/* Lays `look` over every occurrence in a text that was drawn at x with `skip` columns left out. */
void pt_match_paint(struct pt_canvas *canvas, int x, int y, int width, int skip, const char *text,
                    size_t len, const char *needle, unsigned look);

#endif
