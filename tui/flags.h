/*
 * The command line of the program: one table, read by the parser, `--help`, the manual page and
 * shell completion.
 *
 * Most flags are settings of core/options.def under another spelling; `option` names it.
 */
#ifndef PRISM_TUI_FLAGS_H
#define PRISM_TUI_FLAGS_H

#include "base/buf.h"

struct core_options;

struct pt_flag {
	const char *name;   /* "command"; NULL ends the table */
	char letter;        /* 'c'; 0: none */
	const char *value;  /* "COMMAND"; NULL: takes none */
	const char *option; /* setting it sets, NULL: handled by main */
	const char *fixed;  /* value of that setting when the flag takes none: "yes" */
	const char *help;   /* one line, no full stop */
};
extern const struct pt_flag pt_flags[];

/* What main handles itself. Strings are lent by argv; the lists are owned. */
struct pt_arguments {
	const char **commands;
	size_t command_count;
	const char *output, *profile, *config, *password_file, *docgen;
	int password_fd; /* -1: none */
	bool no_headings, quiet, help, version, ascii, no_color;
	const char **settings; /* "option=value", in order */
	size_t setting_count;
};
PRISM_MUST_USE
int pt_arguments_parse(struct pt_arguments *ret, int argc, char *const *argv,
                       struct prism_error *err);
void pt_arguments_finish(struct pt_arguments *arguments);
void pt_flags_usage(struct prism_buf *out);

#endif
