/*
 * One entry of a systemd journal, as `journalctl -o json -a` tells it: a JSON object on a line of
 * its own (systemd.journal-fields(7); fields that are no UTF-8 or hold control characters are
 * arrays of their bytes).
 *
 * Thread rules: pure.
 */
#ifndef PRISM_CORE_JOURNAL_H
#define PRISM_CORE_JOURNAL_H

#include "base/buf.h"

#define CORE_JOURNAL_CURSOR_MAX 512 /* bytes; theirs have some 130. A longer one is left out */

struct core_journal_entry {
	int64_t time_us;       /* wall time */
	const char *level;     /* static, of its priority; NULL: it has none */
	struct prism_buf text; /* the message, "" when there is none; NUL bytes are blanks. What systemd
	                          says about a unit begins with "systemd: " */
	char *cursor;          /* where the journal goes on behind it; "" when not told */
};

/* False: the line is no entry (journalctl says something itself). ret is filled on success only. */
bool core_journal_read(const char *line, size_t len, struct core_journal_entry *ret);
void core_journal_entry_finish(struct core_journal_entry *entry);

#endif
