/*
 * Restricted mode from the settings: which directories base/confine.h is given.
 */
#ifndef PRISM_TUI_RESTRICT_H
#define PRISM_TUI_RESTRICT_H

#include "base/error.h"

struct core_options;

/* Nothing without the option `restricted`. Before any thread is started. password_file: named on
 * the command line, so it may be read wherever it lies; NULL: none. */
PRISM_MUST_USE
int pt_restrict(const struct core_options *options, const char *password_file,
                struct prism_error *err);

#endif
