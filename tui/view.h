/*
 * Views: what fills a pane or lies over the work.
 *
 * A view is a const table of operations and private state.  It never draws on its own: handlers
 * change state and return what follows as bits (enum pt_result in tui/prompt.h); the app draws
 * once per loop turn.  `prepare` is where state may be fitted to a size (scroll position, pages
 * wanted); `draw` only reads.
 *
 * Life: pt_view_create() -> pushed on a pane or as an overlay (the app owns it from then on) ->
 * closed, by the app or by returning PT_CLOSE: `destroy` runs once, after the callback that asked
 * for it; view->cancel is cancelled before, so requests of this view end as cancelled and must not
 * touch it.
 */
#ifndef PRISM_TUI_VIEW_H
#define PRISM_TUI_VIEW_H

#include "base/cancel.h"
#include "base/list.h"
#include "tui/canvas.h"
#include "tui/keys.h"
#include "tui/prompt.h"

struct core_event;
struct pt_actor;
struct pt_app;
struct pt_form;
struct pt_table;
struct pt_textview;
struct pt_view;

/* Movement every list and text understands; actions map to these one to one. */
enum pt_nav {
	PT_NAV_UP,
	PT_NAV_DOWN,
	PT_NAV_PAGE_UP,
	PT_NAV_PAGE_DOWN,
	PT_NAV_HALF_UP,
	PT_NAV_HALF_DOWN,
	PT_NAV_FIRST,
	PT_NAV_LAST,
	PT_NAV_LEFT, /* sideways */
	PT_NAV_RIGHT,
};

enum pt_view_flags {
	PT_VIEW_TAKES_TEXT = 1 << 0, /* printable keys are text: `key` sees them before any key map */
	PT_VIEW_MODAL = 1 << 1,      /* key lookup stops here: no list layer, no global layer */
	PT_VIEW_FRAME = 1 << 2,      /* overlay: the app draws a frame with the title around it */
	PT_VIEW_CURTAIN = 1 << 3,    /* overlay: alone on the screen and with the keyboard, whatever
	                                lies above or below it; nothing else is drawn */
};

struct pt_view_ops {
	const char *name; /* layer of the key map and id in saved state: "computations" */
	unsigned flags;   /* enum pt_view_flags */
	/* Breadcrumb and pane title. Lent until the next call. NULL op: the name. */
	const char *(*title)(struct pt_view *view);
	/* Right side of the pane title: counts, filter, state. May be NULL or return NULL. */
	const char *(*summary)(struct pt_view *view);
	/* Fit to a size; may change state and start requests. May be NULL. */
	void (*prepare)(struct pt_view *view, int width, int height);
	/* Cells inside area only (it is clipped). focus: keys go to this view. */
	void (*draw)(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
	             bool focus);
	/* Keys before the key map; pastes and mouse too (x, y relative to the area). May be NULL. */
	unsigned (*key)(struct pt_view *view, const struct pt_event *event);
	/* Something in core changed. May be NULL. */
	unsigned (*changed)(struct pt_view *view, const struct core_event *event);
	/* Became or stopped being what is seen (tab switched, covered by a pushed view): pause and
	 * resume polling here. May be NULL. */
	void (*shown)(struct pt_view *view, bool visible);
	/* Overlay: the size it wants within max. NULL: all of it. */
	void (*measure)(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h);
	/* False keeps it open (a form asks first, and closes later by itself). May be NULL. */
	bool (*may_close)(struct pt_view *view);
	void (*destroy)(struct pt_view *view); /* frees state; may be NULL */

	/* What generic actions (movement, filter, search, sort, mark, copy) work on; the first that is
	 * there and returns not NULL. */
	struct pt_table *(*table)(struct pt_view *view);
	struct pt_textview *(*text)(struct pt_view *view);
	/* Or by hand, for views that are neither. */
	unsigned (*nav)(struct pt_view *view, enum pt_nav nav, int count);
	unsigned (*filter)(struct pt_view *view, const char *text); /* "" clears */
	const char *(*filter_text)(struct pt_view *view); /* what it is now; lent; NULL op: "" */
	unsigned (*search)(struct pt_view *view, const char *text,
	                   int direction); /* 1, -1; NULL text: again */
	/* What "copy" puts on the clipboard; yours to free, NULL for nothing. */
	char *(*copy)(struct pt_view *view);
	const struct pt_actor *actor; /* what the action table asks of it (tui/actor.h); may be NULL */
};

struct pt_view {
	const struct pt_view_ops *ops;
	struct pt_app *app;          /* lent */
	struct prism_cancel *cancel; /* child of the app's token; parent of this view's requests */
	void *state;                 /* private to the view */
	struct prism_list link;      /* the app's */
	int width, height;           /* of the last prepare; 0 before */
	bool visible;                /* the app's: as told to `shown` */
	bool closing;                /* the app's */
};

struct pt_view *pt_view_create(struct pt_app *app, const struct pt_view_ops *ops, void *state);

/* The ops with their defaults; used by the app and by generic actions. */
const char *pt_view_title(struct pt_view *view);
unsigned pt_view_nav(struct pt_view *view, enum pt_nav nav, int count);
unsigned pt_view_filter(struct pt_view *view, const char *text);
unsigned pt_view_search(struct pt_view *view, const char *text, int direction);
const char *pt_view_filter_text(struct pt_view *view); /* lent; "" without a filter */
bool pt_view_can_filter(const struct pt_view *view);
bool pt_view_can_search(const struct pt_view *view);
char *pt_view_copy(struct pt_view *view);

/* How far the data of a view is; drawn the same way everywhere. */
enum pt_load_state {
	PT_LOAD_LOADING, /* nothing yet */
	PT_LOAD_READY,
	PT_LOAD_STALE,  /* shown, a newer one is being fetched or could not be */
	PT_LOAD_FAILED, /* nothing to show; error says why */
};

struct pt_load {
	enum pt_load_state state;
	const struct prism_error *error; /* lent; failed, or why it stays stale, or loads so long */
	const char *empty;               /* what an empty list says: "No computations yet" */
	const char *empty_hint;          /* "press n to create one"; may be NULL */
	const char *retry_key;           /* name of the key that tries again, e.g. "R" */
	int64_t age_us;                  /* of what is shown, when it was looked; 0: not known */
};

/* Draws what stands in for the rows, when there are none, and returns true; else returns false.
 * rows: how many there are to show. filtered: a filter hides some. */
bool pt_load_draw(const struct pt_load *load, size_t rows, bool filtered, struct pt_canvas *canvas,
                  struct pt_rect area);
/* One line for a failure or staleness; "" when ready. Into buf. */
char *pt_load_text(const struct pt_load *load, char *buf, size_t size);

#endif
