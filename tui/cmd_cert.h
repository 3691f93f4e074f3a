/*
 * What commands with certificate files share: reading the arguments into a check, and its lines
 * as records.  The argument names are those of TLS_FILES in tui/actions_args.def.
 */
#ifndef PRISM_TUI_CMD_CERT_H
#define PRISM_TUI_CMD_CERT_H

#include "core/certcheck.h"
#include "core/computation.h"
#include "tui/command.h"

/* Fails only for the passphrase's file; what is wrong with the others becomes lines. */
PRISM_MUST_USE
int pt_cert_read(struct pt_command *command, struct core_certcheck *check, struct prism_error *err);
/* Some argument about the TLS mode is given. */
bool pt_cert_given(const struct pt_command *command);
/* The mode and files that the arguments ask for, checked, into a draft.  stored: the computation to
 * be changed, whose mode and files count where none is given; NULL: a new one.  Warnings are said.
 * Fails on what would not work; ret_check owns the texts of the draft. Nothing given: no change. */
PRISM_MUST_USE
int pt_cert_draft(struct pt_command *command, const struct core_computation *stored,
                  struct core_computation_draft *draft, struct core_certcheck **ret_check,
                  struct prism_error *err);
struct pt_records *pt_cert_lines(const struct core_certcheck *check);

#endif
