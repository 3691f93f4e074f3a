/*
 * How certificates of Prism's service are spoken of: shared by the commands and the views.
 */
#ifndef PRISM_TUI_CERT_WORDS_H
#define PRISM_TUI_CERT_WORDS_H

#include "core/cert.h"

#define PT_CERT_SHORT 16 /* room for pt_cert_short() */
/* The last 8 digits of a serial number: what a person types to confirm. Returns buf. */
char *pt_cert_short(const char *serial, char buf[PT_CERT_SHORT]);
/* "expires in 12 days", "expired 3 days ago", "revoked", "today". Returns buf. */
char *pt_cert_left(const struct core_cert *cert, int64_t now_us, char *buf, size_t size);

#endif
