/*
 * What commands on evidence share: judging bytes that were read, fetched or kept, with the
 * arguments every such command takes (EVIDENCE_FILE and JUDGED in tui/actions_args.def).
 */
#ifndef PRISM_TUI_CMD_EVIDENCE_H
#define PRISM_TUI_CMD_EVIDENCE_H

#include "core/judge.h"
#include "tui/command.h"

/* "--NAME": exactly `size` bytes in hex into out; *ret stays NULL when it was not given. */
PRISM_MUST_USE
int pt_command_hex(struct pt_command *command, const char *name, uint8_t *out, size_t size,
                   const uint8_t **ret, struct prism_error *err);

/* Judges with the command's arguments and ends the command with the appraisal. spec: source,
 * bytes and size, and what the caller knows better than the arguments (a policy, expectations). */
void pt_command_judge(struct pt_command *command, struct core_judge_spec *spec);

/* Looks at a token (JWT) as of a moment and ends the command with what it claims; --jwks, where the
 * command has it, checks its signature. */
void pt_command_token(struct pt_command *command, const char *text, size_t len, int64_t at_us);

#endif
