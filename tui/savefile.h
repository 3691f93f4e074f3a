/*
 * Saving what a view shows: what was there before is never overwritten, and the outcome is said.
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_SAVEFILE_H
#define PRISM_TUI_SAVEFILE_H

#include "tui/view.h"

bool pt_savefile_ends(const char *path, const char *suffix); /* ".json", whatever the case */
/* what: "report". A leading ~ is expanded; mode 0644 under the umask. True: it is written. */
bool pt_savefile(struct pt_app *app, const char *what, const char *path, const void *data,
                 size_t size);

/* Asks for the name; save is called with the view's state unless it was closed meanwhile or nothing
 * was named. */
void pt_savefile_ask(struct pt_view *view, const char *title, const char *label,
                     const char *initial, void (*save)(void *state, const char *path));

#endif
