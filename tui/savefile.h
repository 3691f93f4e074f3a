/*
 * Saving what a view shows: what was there before is never overwritten, and the outcome is said.
 * "user@host[:port]:path" saves on a host (tui/hostfile.h), by the command `host put`.
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_SAVEFILE_H
#define PRISM_TUI_SAVEFILE_H

#include "tui/view.h"

bool pt_savefile_ends(const char *path, const char *suffix); /* ".json", whatever the case */
/* what: "report". A leading ~ is expanded; mode under the umask, 0600 on a host. True: it is
 * written; on a host it never is yet. */
bool pt_savefile(struct pt_app *app, const char *what, const char *path, const void *data,
                 size_t size);
bool pt_savefile_mode(struct pt_app *app, const char *what, const char *path, const void *data,
                      size_t size, unsigned mode);
/* What was written into file (given) goes to its host; then it is removed here. done, which may be
 * NULL: err NULL when it is there. */
struct pt_hostfile;
void pt_savefile_send(struct pt_app *app, const char *what, struct pt_hostfile *file,
                      void (*done)(void *data, const struct prism_error *err), void *data);

/* Asks for the name; save is called with the view's state unless it was closed meanwhile or nothing
 * was named. */
void pt_savefile_ask(struct pt_view *view, const char *title, const char *label,
                     const char *initial, void (*save)(void *state, const char *path));

#endif
