/* What views of check lines in sections share; see checksview.h. */
#include "tui/checksview.h"

void pt_checksview_init(struct pt_checksview *cv, struct pt_view *view,
                        void (*build)(struct pt_view *view))
{
	pt_linesview_init(&cv->lv, view, build, NULL);
	cv->folds = pt_folds_create();
}

void pt_checksview_finish(struct pt_checksview *cv)
{
	pt_linesview_finish(&cv->lv);
	pt_folds_destroy(cv->folds);
	cv->folds = NULL;
}

void pt_checksview_section(struct pt_view *view, unsigned section, const char *key,
                           const char *title)
{
	struct pt_checksview *cv = view->state;
	const struct pt_check_draw how = {
	    .width = cv->lv.width, .indent = 0, .target = PT_CHECKSVIEW_FOLD, .folds = cv->folds};
	struct pt_check_counts counts = {0};
	struct pt_check check;
	unsigned of;
	char tally[80];
	bool open;

	for (size_t i = 0; i < cv->count(view); i++) {
		check = cv->check(view, i, &of);
		if (of == section)
			pt_check_count(&counts, &check);
	}
	if (!*pt_check_tally(&counts, tally, sizeof(tally)))
		return;
	open =
	    pt_section_lines(cv->lv.lines, &how, key, title, pt_check_tally_slot(&counts), tally, true);
	for (size_t i = 0; open && i < cv->count(view); i++) {
		check = cv->check(view, i, &of);
		if (of != section)
			continue;
		pt_check_lines(cv->lv.lines, &how, &check);
		if (cv->below)
			cv->below(view, &how, &check, i);
	}
}

bool pt_checksview_toggle(struct pt_view *view)
{
	struct pt_checksview *cv = view->state;
	const char *arg;

	if (pt_lines_target(cv->lv.lines, &arg) != PT_CHECKSVIEW_FOLD)
		return false;
	pt_folds_toggle(cv->folds, arg);
	cv->lv.build(view);
	return true;
}

const char *pt_checksview_summary(struct pt_view *view)
{
	struct pt_checksview *cv = view->state;
	struct pt_check_counts counts = {0};
	unsigned section;

	for (size_t i = 0; i < cv->count(view); i++) {
		struct pt_check check = cv->check(view, i, &section);

		pt_check_count(&counts, &check);
	}
	return pt_check_tally(&counts, cv->summary, sizeof(cv->summary));
}
