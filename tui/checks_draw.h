/*
 * Check lines: how a judgement looks, wherever one is shown (evidence, policies, certificates,
 * doctors).  One row says in words what came of a check; opened, it says what was expected and
 * found, why, and what to do.  A section is a heading that folds away what is under it.
 *
 *     v FAIL         The firmware is at least as new as the policy asks
 *                    expected  microcode 115, SNP 8
 *                    found     microcode 0, SNP 0
 *                    remedy    Update the host's firmware, or lower the minimum in the policy
 *     > pass         The firmware in use is committed
 *
 * Everything is built into a struct pt_lines, so cursor, search, copying and drawing are those of
 * every page.  Nothing is told by colour or symbol alone: the result is a word.
 *
 * Use, in the function that builds the page anew (after a change, a fold or another width):
 *
 *     pt_lines_begin(lines);
 *     if (pt_section_lines(lines, &how, "chain", "Certificate chain",
 *                          PT_SLOT_GOOD, "5 pass", true))
 *         for (...)
 *             pt_check_lines(lines, &how, &check);
 *     pt_lines_end(lines);
 *
 * and for Enter on a line whose target is `how.target`:  pt_folds_toggle(folds, arg), build again.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_CHECKS_DRAW_H
#define PRISM_TUI_CHECKS_DRAW_H

#include "tui/lines.h"

/* ---- what is open ---- */

/* Keys whose fold was turned by the person; everything else is as the page proposes. */
struct pt_folds;
struct pt_folds *pt_folds_create(void);
void pt_folds_destroy(struct pt_folds *folds); /* NULL allowed */
void pt_folds_toggle(struct pt_folds *folds, const char *key);
/* Whether `key` is open, when it is `proposed` to be. folds NULL: as proposed. */
bool pt_folds_open(const struct pt_folds *folds, const char *key, bool proposed);
/* Everything open, or everything closed, until turned again one by one. */
void pt_folds_all(struct pt_folds *folds, bool open);
void pt_folds_reset(struct pt_folds *folds); /* as the page proposes */

/* ---- checks ---- */

enum pt_check_result {
	PT_CHECK_PASS,
	PT_CHECK_WARN,
	PT_CHECK_FAIL,
	PT_CHECK_SKIPPED, /* not checked: the reason says why */
	PT_CHECK_RESULT_COUNT
};
const char *pt_check_word(enum pt_check_result result); /* "pass", "warn", "FAIL", "not checked" */
enum pt_slot pt_check_slot(enum pt_check_result result);

struct pt_check {    /* texts lent; NULL or "": left out */
	const char *key; /* stable and unique on the page; of the line and its fold */
	enum pt_check_result result;
	bool optional;    /* not checked is no loss */
	const char *line; /* what holds when it passes */
	const char *id;   /* of the rule, shown when opened */
	const char *expected, *found, *reason, *remedy;
};

struct pt_check_counts {
	unsigned of[PT_CHECK_RESULT_COUNT];
	unsigned missing; /* not checked though not optional; counted in of[] too */
};
void pt_check_count(struct pt_check_counts *counts, const struct pt_check *check);
/* "12 pass, 1 FAIL, 2 not checked" into buf; returns buf. Nothing counted: "". */
char *pt_check_tally(const struct pt_check_counts *counts, char *buf, size_t size);
enum pt_slot pt_check_tally_slot(const struct pt_check_counts *counts);
/* Failures, warnings and what should have been checked are proposed open. */
bool pt_check_proposed(const struct pt_check *check);

/* ---- building ---- */

struct pt_check_draw {
	int width;  /* of the page */
	int indent; /* column the rows begin at */
	int target; /* of lines that fold: Enter on one toggles the fold its arg names */
	const struct pt_folds *folds; /* NULL: as proposed */
};

void pt_check_lines(struct pt_lines *lines, const struct pt_check_draw *how,
                    const struct pt_check *check);
/* A heading with a summary behind it (NULL: none); true when what belongs to it is to be added. */
bool pt_section_lines(struct pt_lines *lines, const struct pt_check_draw *how, const char *key,
                      const char *title, enum pt_slot summary_slot, const char *summary,
                      bool proposed);
/* "label  text" below a row, wrapped; the label's column is as wide as `label_width`. Empty texts
 * leave no line. */
void pt_detail_lines(struct pt_lines *lines, int column, int label_width, int width,
                     const char *label, enum pt_slot slot, const char *text);

#endif
