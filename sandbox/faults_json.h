/*
 * Damage to JSON answers that are well formed: what a changed, broken or hostile server could
 * send instead.  One pass over the document; ids, tokens and paging fields are left alone where
 * that is needed for a client to get as far as the field that is wrong.
 */
#ifndef PRISM_SANDBOX_FAULTS_JSON_H
#define PRISM_SANDBOX_FAULTS_JSON_H

#include "base/buf.h"

enum sb_damage {
	SB_DAMAGE_NONE,
	SB_DAMAGE_MISSING, /* every second member of an object is gone */
	SB_DAMAGE_EXTRA,   /* unknown members everywhere, nested ones too */
	SB_DAMAGE_TYPES,   /* texts become numbers, numbers texts, lists objects, truth values null */
	SB_DAMAGE_NULL,    /* every value is null */
	SB_DAMAGE_HOSTILE, /* texts begin with escape sequences, C1 and bidirectional controls */
	SB_DAMAGE_HUGE,    /* the first text that people read is `amount` bytes long */
	SB_DAMAGE_FLOOD,   /* the first list has `amount` entries, whatever was asked for */
	SB_DAMAGE_DEEP,    /* the document is the inside of `amount` lists */
	SB_DAMAGE_COUNT
};

/* Replaces the contents of body; left as it is when it is not JSON. */
void sb_damage_json(enum sb_damage damage, size_t amount, struct prism_buf *body);

#endif
