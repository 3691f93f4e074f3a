/*
 * What somebody should know before something is deleted: who uses it now.
 */
#ifndef PRISM_TUI_LOSES_H
#define PRISM_TUI_LOSES_H

#include "base/buf.h"
#include "core/core.h"
#include "tui/actions.h"

/* Appends ": 2 computations use it" as far as core knows; nothing when there is nothing to say. */
void pt_loses(struct core *core, enum pt_action_id action, const char *id, struct prism_buf *out);

#endif
