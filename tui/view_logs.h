/* The logs of a computation: a pane of their own, or a tab of its view. */
#ifndef PRISM_TUI_VIEW_LOGS_H
#define PRISM_TUI_VIEW_LOGS_H

struct pt_app;
struct pt_view;

struct pt_view *pt_view_logs(struct pt_app *app, const char *computation_id);

#endif
