/* What views of computations share: which action of the table is which action of core. */
#ifndef PRISM_TUI_VIEW_COMPUTATION_H
#define PRISM_TUI_VIEW_COMPUTATION_H

#include "tui/ui.h"

/* May this action be used on this computation now? Actions that are not about computations are
 * allowed. id NULL: none is selected. */
bool pt_computation_may(struct core *core, const char *id, enum pt_action_id action, char *reason,
                        size_t size);

/* "retry" for running again what failed or was stopped (reference section 4.5); else NULL. */
const char *pt_computation_word(struct core *core, const char *id, enum pt_action_id action);

/* The form of "computation copy", filled from this one. */
void pt_computation_copy_form(struct pt_app *app, const char *id);
/* What goes with a computation that is deleted, in words, as far as it is known; buf is filled. */
char *pt_computation_losses(struct core *core, const char *id, char *buf, size_t size);

#endif
