/*
 * Documents made from the tables: actions, settings, flags.  `prism-tui --docgen WHAT` prints them;
 * the build puts them into the manual page, the README and the completion files.
 */
#ifndef PRISM_TUI_DOCGEN_H
#define PRISM_TUI_DOCGEN_H

#include "base/buf.h"

/* X(ENUM, "what", "text") */
#define PT_DOCGEN_MAP(X)                                               \
	X(MAN_FLAGS, "man-flags", "mdoc list of command line options")     \
	X(MAN_KEYS, "man-keys", "mdoc lists of keys by group")             \
	X(MAN_COMMANDS, "man-commands", "mdoc lists of commands by group") \
	X(MAN_OPTIONS, "man-options", "mdoc list of settings")             \
	X(MAN_EXIT, "man-exit", "mdoc list of exit codes")                 \
	X(MAN_SLOTS, "man-slots", "mdoc list of what themes colour")       \
	X(KEYS_MD, "keys-md", "Markdown table of keys")                    \
	X(COMMANDS_MD, "commands-md", "Markdown table of commands")        \
	X(BASH, "bash", "completion for bash")                             \
	X(ZSH, "zsh", "completion for zsh")                                \
	X(FISH, "fish", "completion for fish")

PRISM_MUST_USE
int pt_docgen(const char *what, struct prism_buf *out, struct prism_error *err);

#endif
