/*
 * Between tui/view_dashboard.c (layout, cursor, actions), tui/dashboard_blocks.c and
 * tui/dashboard_cvms.c (what each block shows).  Nobody else includes this.
 */
#ifndef PRISM_TUI_VIEW_DASHBOARD_H
#define PRISM_TUI_VIEW_DASHBOARD_H

#include "core/dashboard.h"
#include "tui/ui.h"

struct pt_dashboard {
	struct pt_view *view;
	struct pt_app *app;
	struct core *core;
	struct core_watch *computations, *cvms, *assets; /* held while out of sight */
	int days;                                        /* period of the charts */
	int64_t needs_ms;         /* monotonic: when what needs me was asked for last */
	size_t at;                /* block under the cursor */
	int item;                 /* and the item in it */
	int top;                  /* first line shown */
	int height, lines;        /* of the area; of everything */
	char summary[40];         /* lent beside the title */
	struct pt_rect place[16]; /* of the blocks, before scrolling */
};

/* A part of the dashboard, with a state of its own. */
struct pt_block {
	const char *title;
	/* Whose state stands beside the title, and in the place of the body while nothing is here. */
	const struct core_status *(*status)(const struct pt_dashboard *d);
	int (*height)(const struct pt_dashboard *d, int width); /* lines of the body */
	int (*items)(const struct pt_dashboard *d); /* lines Enter does something on; at least 1 */
	/* item: the one under the cursor, or -1 */
	void (*draw)(const struct pt_dashboard *d, struct pt_canvas *canvas, struct pt_rect body,
	             int item);
	void (*open)(struct pt_dashboard *d, int item);
};
const struct pt_block *const *pt_dashboard_blocks(size_t *ret_count); /* in their order */

#define PT_DASHBOARD_NARROW 50 /* columns below which numbers stand under one another */

/* dashboard_cvms.c */
extern const struct pt_block pt_block_cvms, pt_block_certs, pt_block_uptime;

/* CVMs whose up-time is shown; returns how many. Lent by the list of CVMs. */
#define PT_DASHBOARD_UPTIMES 4
size_t pt_dashboard_uptimes(const struct pt_dashboard *d, const struct core_cvm *ret[]);

#endif
