/*
 * Styles as ECMA-48 SGR sequences, as short as they can be.
 *
 * From a known style either the difference is sent or everything after a reset, whichever is
 * shorter.  What a terminal cannot show is left out (terminfo tells), or shown by what it has: with
 * eight colours the bright half is bold.
 */
#ifndef PRISM_TUI_TERM_SGR_H
#define PRISM_TUI_TERM_SGR_H

#include "base/buf.h"
#include "tui/theme.h"

struct pt_sgr {
	int colors;  /* as terminfo says; -1: none */
	bool resets; /* 22, 23, 24, 27, 39 and 49 are understood; otherwise only 0 */
	bool dim, italic;
	int not_colored; /* terminfo(5), ncv: attributes that cannot stand with colours; -1: none */
};

/* Appends what leads from one style to the other; nothing when they look the same. from NULL:
 * unknown. */
void pt_sgr(const struct pt_sgr *how, const struct pt_style *from, const struct pt_style *to,
            struct prism_buf *out);

#endif
