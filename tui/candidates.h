/*
 * Candidates: what the word under the cursor of a command line, or the value of a form field, may
 * be; and fuzzy matching.  Names come from collections of core that are loaded; nothing is fetched
 * for completion.
 */
#ifndef PRISM_TUI_CANDIDATES_H
#define PRISM_TUI_CANDIDATES_H

#include "tui/actions.h"
#include "tui/prompt.h"

struct pt_app;

/* How well pattern fits text: higher is better, 0 is not at all. Letters of the pattern must appear
 * in order; beginnings of words and runs count more. The empty pattern fits everything with 1.
 * Pure. */
int pt_fuzzy(const char *pattern, const char *text);

/* Values for one argument; calls fn for each (lent), best known order. computation: for roles and
 * runs, may be NULL. */
typedef void (*pt_candidate_fn)(void *data, const char *value, const char *note);
void pt_candidates(struct pt_app *app, const struct pt_arg *arg, const char *computation,
                   pt_candidate_fn fn, void *data);

/* pt_complete_fn for a whole command line; data is the app. */
void pt_complete_line(void *data, const char *text, size_t cursor,
                      struct pt_completion *ret_completion);

#endif
