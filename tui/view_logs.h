/*
 * Log lines: of a computation (a tab of its view) or of a saved file (in the log pane).
 */
#ifndef PRISM_TUI_VIEW_LOGS_H
#define PRISM_TUI_VIEW_LOGS_H

#include "base/error.h"

struct pt_app;
struct pt_view;

struct pt_view *pt_view_logs(struct pt_app *app, const char *computation_id);
/* A file saved by "save", or any text or JSON lines log; NULL when it cannot be read. */
struct pt_view *pt_view_log_file(struct pt_app *app, const char *path, struct prism_error *err);

#endif
