/* A memory terminal, typing by key names, and cells as text: for tests of widgets and screens. */
#ifndef PRISM_TESTS_GRID_H
#define PRISM_TESTS_GRID_H

#include "tui/canvas.h"
#include "tui/keys.h"

/* Rows of characters, right-trimmed, each ended by a newline; the right half of a wide one is
 * left out, combining marks follow their character.  Yours. */
char *grid_text(const struct pt_canvas *canvas);
/* One row of it, without the newline. Yours. */
char *grid_row(const struct pt_canvas *canvas, int y);
/* Row that contains text; -1: none. */
int grid_find(const struct pt_canvas *canvas, const char *text);
/* The attribute layer: for each row the runs of equal slot and looks that are not plain text, as
 * "x-x slot+look".  Yours. */
char *grid_styles(const struct pt_canvas *canvas);

/* Calls fn for each key of a script: names in <>, as in "ab<enter><ctrl-a><down 3>"; "<lt>" is
 * '<'; "<paste:TEXT>" is a paste.  A name that is none fails the test. */
void grid_keys(const char *script, void (*fn)(void *data, const struct pt_event *event),
               void *data);

/* No cell holds what must not reach a terminal, wide characters are whole. Fails the test. */
void grid_check(const struct pt_canvas *canvas);

#endif
