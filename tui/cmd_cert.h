/*
 * What commands with certificate files share: reading the arguments into a check, and its lines
 * as records.  The argument names are those of TLS_FILES in tui/actions.c.
 */
#ifndef PRISM_TUI_CMD_CERT_H
#define PRISM_TUI_CMD_CERT_H

#include "core/certcheck.h"
#include "tui/command.h"

/* Fails only for the passphrase's file; what is wrong with the others becomes lines. */
PRISM_MUST_USE
int pt_cert_read(struct pt_command *command, struct core_certcheck *check, struct prism_error *err);
struct pt_records *pt_cert_lines(const struct core_certcheck *check);

#endif
