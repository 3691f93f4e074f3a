/*
 * THE table of permissions: which action of the table (tui/actions.h) needs which action of a role
 * (core/permission.h, reference 4.9 and section 7, "Gating").  Hint bar, help, palette and every
 * key read it; the server has the last word all the same.
 *
 * While my roles are not known nothing is refused here.
 */
#ifndef PRISM_TUI_PERMIT_H
#define PRISM_TUI_PERMIT_H

#include "core/core.h"
#include "tui/actions.h"

/* computation: id the action would be about; NULL: none, then only workspace permissions count.
 * reason: "needs the workspace action create_cvms". */
bool pt_permitted(struct core *core, enum pt_action_id id, const char *computation, char *reason,
                  size_t size);

#endif
