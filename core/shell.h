/*
 * Values as text for shells: quoted so that they come back unchanged, whatever they hold.  Pure.
 */
#ifndef PRISM_CORE_SHELL_H
#define PRISM_CORE_SHELL_H

#include "base/buf.h"

enum core_shell {
	CORE_SHELL_POSIX,      /* export NAME='value' */
	CORE_SHELL_FISH,       /* set -gx NAME 'value' */
	CORE_SHELL_POWERSHELL, /* $env:NAME = 'value' */
	CORE_SHELL_ENV_FILE,   /* NAME=value, as systemd and container tools read it */
	CORE_SHELL_COUNT
};
const char *core_shell_word(enum core_shell shell); /* "posix", "fish", "powershell", "env-file" */
PRISM_MUST_USE
int core_shell_parse(const char *word, enum core_shell *ret, struct prism_error *err);

/* The value as one word; plain where nothing in it has a meaning. Env files: double quotes where
 * needed; line ends and NULs cannot stand in a value and become '?'. */
void core_shell_quote(enum core_shell shell, const char *value, struct prism_buf *out);
/* One line that sets NAME. */
void core_shell_set(enum core_shell shell, const char *name, const char *value,
                    struct prism_buf *out);

#endif
