/*
 * The TLS fields of a computation's form: which of them the chosen mode has, their checks, and
 * what is stored now.  The form itself is tui/view_form.c; the facts are core/tlsmode.c's and
 * core/certcheck.c's.
 */
#ifndef PRISM_TUI_VIEW_FORM_TLS_H
#define PRISM_TUI_VIEW_FORM_TLS_H

#include "core/computation.h"
#include "tui/form.h"

/* The file an argument names ("key-file"); -1: none of them. */
int pt_form_tls_file(const char *arg_name);
/* The mode chosen in the form, else the stored one, else none. stored may be NULL. */
enum core_tls_mode pt_form_tls_mode(const struct pt_form *form,
                                    const struct core_computation *stored);
bool pt_form_tls_uses(const struct pt_form *form, const struct core_computation *stored,
                      unsigned file);
/* True when saving the chosen mode would clear what is stored in that field. */
bool pt_form_tls_clears(const struct pt_form *form, const struct core_computation *stored,
                        unsigned file);
/* The worst finding about one file, looked at together with the others of the form and those that
 * are stored. 0 unless it would not work. */
PRISM_MUST_USE
int pt_form_tls_check(const struct pt_form *form, const struct core_computation *stored,
                      unsigned file, int64_t now_us, struct prism_error *err);
/* "required: TLS, Mutual TLS; optional: ..." of a file, from the mode table; yours. */
char *pt_form_tls_needed(unsigned file);
/* "Current configuration": mode, and each file as uploaded, missing, not required or a path in the
 * CVM, with what it says about itself; several lines, yours. NULL while the document is unknown. */
char *pt_form_tls_panel(const struct core_computation *stored, int64_t now_us);

#endif
