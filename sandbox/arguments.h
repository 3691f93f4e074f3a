/*
 * The command line of prism-sandbox: one table of options, read by the parser and by --help.
 */
#ifndef PRISM_SANDBOX_ARGUMENTS_H
#define PRISM_SANDBOX_ARGUMENTS_H

#include "sandbox/sandbox.h"

struct sb_arguments {
	struct sb_config config; /* config.faults must be there before parsing */
	const char *log;         /* lent; NULL: none */
	bool done;               /* help or version was printed */
};

/* Values are lent by argv. Options are checked, not used: an address is tried later. */
PRISM_MUST_USE
int sb_arguments_parse(struct sb_arguments *args, int argc, char **argv, struct prism_error *err);

#endif
