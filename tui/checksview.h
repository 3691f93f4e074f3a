/*
 * A view that is one page of check lines in sections (tui/checks_draw.h): what the doctors share.
 *
 * Their state begins with a struct pt_checksview, which begins with a struct pt_linesview, and
 * their ops with PT_CHECKSVIEW_OPS.  The view owns the checks; folding, sections with their tally,
 * and the tally of all of them in the title are done here.
 */
#ifndef PRISM_TUI_CHECKSVIEW_H
#define PRISM_TUI_CHECKSVIEW_H

#include "tui/checks_draw.h"
#include "tui/linesview.h"

#define PT_CHECKSVIEW_FOLD 1 /* target of lines that fold; a view's own targets begin behind it */

struct pt_checksview {
	struct pt_linesview lv; /* first */
	struct pt_folds *folds;
	/* The checks that there are now, in order. check: texts lent until the next call. */
	size_t (*count)(const struct pt_view *view);
	struct pt_check (*check)(struct pt_view *view, size_t index, unsigned *ret_section);
	/* Lines below a check that was added. May be NULL. */
	void (*below)(struct pt_view *view, const struct pt_check_draw *how,
	              const struct pt_check *check, size_t index);
	char summary[80];
};

/* cv: zeroed, with its callbacks set. */
void pt_checksview_init(struct pt_checksview *cv, struct pt_view *view,
                        void (*build)(struct pt_view *view));
void pt_checksview_finish(struct pt_checksview *cv);

/* In `build`: a heading and the checks of this section; nothing when it has none. key: of the fold.
 */
void pt_checksview_section(struct pt_view *view, unsigned section, const char *key,
                           const char *title);
/* Enter on a line that folds. False: it is on none. */
bool pt_checksview_toggle(struct pt_view *view);

const char *pt_checksview_summary(struct pt_view *view);

#define PT_CHECKSVIEW_OPS PT_LINESVIEW_OPS, .flags = PT_VIEW_FRAME, .summary = pt_checksview_summary

#endif
