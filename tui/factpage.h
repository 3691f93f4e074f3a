/*
 * A page of facts (core/facts.h): sections that fold, fields with their bytes, the other value
 * beside those that are compared, and on the last row the meaning of what the cursor is on.
 * Evidence, policies and the comparison of policies are shown by it.
 *
 * The owner's view lends its ops to the functions below; lines above the sections and check lines
 * inside of them come from its callbacks.
 *
 * Keys of lines: the key of a fact; "rule:ID" for checks the owner adds.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_FACTPAGE_H
#define PRISM_TUI_FACTPAGE_H

#include "core/facts.h"
#include "tui/actions.h"
#include "tui/checks_draw.h"

struct pt_factpage;

#define PT_FACTPAGE_FOLD 1 /* target of lines that fold */

struct pt_factpage_spec {
	const struct core_facts *facts; /* lent for the page's life */
	/* What is always seen, under the title; may be NULL or return NULL. */
	const char *(*banner)(void *data, enum pt_slot *ret_slot);
	/* Lines above the sections. May be NULL. */
	void (*head)(void *data, struct pt_lines *lines, const struct pt_check_draw *how);
	/* Checks of a section, before its facts; counts is what pt_check_count() fills, lines NULL when
	 * only counting is asked for. May be NULL. */
	void (*checks)(void *data, const char *section, struct pt_lines *lines,
	               const struct pt_check_draw *how, struct pt_check_counts *counts);
	/* What to say on the last row about a line that is no fact; "" for nothing. May be NULL. */
	const char *(*explain)(void *data, const char *key);
	const char *value_word, *other_word; /* "found", "policy": the two values of a comparison */
	bool base64;                         /* bytes as base64 too: what the official tools take */
	void *data;
};
struct pt_factpage *pt_factpage_create(const struct pt_factpage_spec *spec);
void pt_factpage_destroy(struct pt_factpage *page); /* NULL allowed */
/* Other facts, or the owner's lines changed: built anew with the next prepare. */
void pt_factpage_changed(struct pt_factpage *page, const struct core_facts *facts);
struct pt_lines *pt_factpage_lines(struct pt_factpage *page);
/* The cursor to this line, and what it is in opened; now, or when it is built. */
void pt_factpage_show(struct pt_factpage *page, const char *section, const char *key);

/* Enter: the fold the cursor is in. */
unsigned pt_factpage_toggle(struct pt_factpage *page);
/* Everything open, everything closed, as proposed: in turn. */
unsigned pt_factpage_fold_all(struct pt_factpage *page);
/* To the next fact that differs, from the cursor on and round; opens what hides it. */
unsigned pt_factpage_next_difference(struct pt_factpage *page);
/* The fact the cursor is on; NULL: it is on none. */
const struct core_fact *pt_factpage_fact(const struct pt_factpage *page);
char *pt_factpage_copy(const struct pt_factpage *page); /* its bytes in hex, else its line; yours */

void pt_factpage_prepare(struct pt_factpage *page, int width, int height);
/* title: the first row; may be NULL. */
void pt_factpage_draw(const struct pt_factpage *page, struct pt_canvas *canvas, struct pt_rect area,
                      bool focus, const char *title);

/* ---- a view that is one such page ---- */

/* Its state begins with this, and its ops with PT_FACTVIEW_OPS; `title` of the ops is the first
 * row. `prepare` is pt_factview_prepare() or the view's own. */
struct pt_factview {
	struct pt_view *view;
	struct pt_factpage *page; /* yours to make and to destroy */
};
void pt_factview_prepare(struct pt_view *view, int width, int height);
void pt_factview_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                      bool focus);
unsigned pt_factview_nav(struct pt_view *view, enum pt_nav nav, int count);
unsigned pt_factview_search(struct pt_view *view, const char *text, int direction);
char *pt_factview_copy(struct pt_view *view);
/* For actors: Enter and folding all. */
unsigned pt_factview_act(struct pt_view *view, enum pt_action_id id);

#define PT_FACTVIEW_OPS                                                             \
	.draw = pt_factview_draw, .nav = pt_factview_nav, .search = pt_factview_search, \
	.copy = pt_factview_copy

#endif
