/*
 * The state of the computation a command is about, read and judged before anything is written.
 *
 * What was just read decides: the computation, and where that forbids the action or says nothing,
 * its latest event too, which is newer.  What cannot be read, and a state that is not known, forbid
 * nothing: the server has the last word, as it has when the state changes a moment later.
 */
#ifndef PRISM_TUI_LEGAL_COMMAND_H
#define PRISM_TUI_LEGAL_COMMAND_H

#include "tui/command.h"

/* Ids are known. Calls `then` now or later, or ends the command: category conflict when the state
 * forbids it (tui/legal.h). An action that every state allows costs no request. */
void pt_legal_judge(struct pt_command *command, void (*then)(struct pt_command *command));

#endif
