/*
 * What an import has done so far, so that one that was interrupted goes on without doubles.
 *
 * A journal belongs to one file (by its sum), one server, one workspace and one user.  It is a file
 * of JSON lines below the state directory, 0600, and each line is on the disk before the next
 * request goes out:
 *   {"v":1,"file":..,"workspace":..,"server":..,"user":..,"name":..,"at":..}
 *   {"begin":3,"known":[ids]}        is about to be created; computations of that name there were
 *   {"created":3,"id":..}
 *   {"granted":3,"role":..,"actions":[..]}   lent to my role while assets are linked
 *   {"done":3,"ok":true}
 *   {"end":true}                     everything was gone through
 * A line that was cut off by the interruption is as if it had not been written.
 *
 * While it is open it is locked: the same file is not imported twice at the same time.
 *
 * Thread rules: one thread at a time; every append waits for the disk.
 */
#ifndef PRISM_CORE_IMPORT_JOURNAL_H
#define PRISM_CORE_IMPORT_JOURNAL_H

#include "base/error.h"

#include <stdint.h>

#define CORE_JOURNALS_KEPT 64 /* older ones are removed; each is some kilobytes */

struct core_journal_key {
	const char *file; /* sum of the file, hex */
	const char *server, *workspace, *user;
	const char *name; /* for people */
};

struct core_journal_entry { /* of one computation of the file; texts are lent */
	bool begun, done, ok;
	const char *id;           /* NULL: not known to be created */
	const char *const *known; /* ids that had its name before */
	size_t known_count;
	const char *granted_role;   /* NULL: nothing was lent */
	const char *const *granted; /* actions */
	size_t granted_count;
};

struct core_journal;
enum core_journal_mode {
	CORE_JOURNAL_LOOK,  /* only if there is one: category missing otherwise; nothing is written */
	CORE_JOURNAL_GO_ON, /* made when there is none */
	CORE_JOURNAL_ANEW,  /* what is there is forgotten */
};
/* directory: made when missing. NULL with err: category conflict when another import of this file
 * runs. */
struct core_journal *core_journal_open(const char *directory, const struct core_journal_key *key,
                                       enum core_journal_mode mode, struct prism_error *err);
void core_journal_close(struct core_journal *journal); /* NULL allowed; keeps the file */

bool core_journal_fresh(const struct core_journal *journal); /* nothing was begun yet */
bool core_journal_ended(const struct core_journal *journal); /* it was gone through to its end */
const char *core_journal_time(const struct core_journal *journal); /* RFC 3339, of its first line */
/* NULL: nothing is known of it. Lent until the next append. */
const struct core_journal_entry *core_journal_entry(const struct core_journal *journal,
                                                    size_t index);
PRISM_MUST_USE
int core_journal_begin(struct core_journal *journal, size_t index, const char *const *known,
                       size_t count, struct prism_error *err);
PRISM_MUST_USE
int core_journal_created(struct core_journal *journal, size_t index, const char *id,
                         struct prism_error *err);
PRISM_MUST_USE
int core_journal_granted(struct core_journal *journal, size_t index, const char *role,
                         const char *const *actions, size_t count, struct prism_error *err);
PRISM_MUST_USE
int core_journal_done(struct core_journal *journal, size_t index, bool ok, struct prism_error *err);
PRISM_MUST_USE
int core_journal_end(struct core_journal *journal, struct prism_error *err);

#endif
