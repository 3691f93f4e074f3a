/*
 * What the state of a computation allows: which action of tui/actions.h is which action of the
 * table of states (core/state.h).  Keys, hint bar and help ask by what is on the screen
 * (pt_computation_may()); a command, from `:` and -c too, asks by what it has just read
 * (tui/command.c).
 *
 * Pure functions.
 */
#ifndef PRISM_TUI_LEGAL_H
#define PRISM_TUI_LEGAL_H

#include "core/state.h"
#include "tui/actions.h"

/* The actions of the table of states that stand behind one of ours: any of them has to be legal.
 * ret[1] may equal ret[0] (running and retrying are one key). False: it is about no state. */
bool pt_legal_actions(enum pt_action_id id, enum core_comp_action ret[2]);
/* States in which the action may be done: bits 1 << enum core_comp_state. */
unsigned pt_legal_states(enum pt_action_id id);
/* 0, or -1 with category conflict: what state, which ones the action needs, and what is possible
 * instead. A state that is not known forbids nothing here; the server decides. */
PRISM_MUST_USE
int pt_legal_check(enum pt_action_id id, enum core_comp_state state, const char *name,
                   struct prism_error *err);

#endif
