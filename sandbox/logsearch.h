/*
 * Searches over the log of one computation: by run, level, time and text.
 *
 * No index serves a text that may stand anywhere in a line, and a log may have a million of them.
 * So a search reads the lines in slices, and whoever wants its outcome asks for one slice after
 * the other, with other requests answered in between.  What it found is kept: the pages after the
 * first read nothing again, and lines that were added since are all that a later call looks at.
 *
 * Text is compared as SQLite's LIKE does it: letters of ASCII in either case.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_SANDBOX_LOGSEARCH_H
#define PRISM_SANDBOX_LOGSEARCH_H

#include "sandbox/db.h"

#define SB_SEARCH_SLICE 4000 /* lines of one step: about a millisecond */
#define SB_SEARCHES_KEPT 4   /* with nobody waiting for them; 16 bytes for each line found */

struct sb_searches;
struct sb_search;

struct sb_search_spec {
	int64_t computation; /* row number */
	int64_t from, to;    /* microseconds, both included; INT64_MIN and INT64_MAX: open */
	int64_t run;         /* row number; 0: any */
	int level;           /* enum sb_level; -1: any */
	const char *message; /* lent; "" : any */
};

struct sb_searches *sb_searches_create(struct sb_db *db); /* lent */
void sb_searches_destroy(struct sb_searches *all);        /* nobody may hold one; NULL allowed */
/* Rows of logs were removed: nothing that is known holds any more. */
void sb_searches_forget(struct sb_searches *all);

/* The search with these filters, begun or found again; release it. */
struct sb_search *sb_search_obtain(struct sb_searches *all, const struct sb_search_spec *spec);
void sb_search_release(struct sb_search *search); /* NULL allowed */

/* Reads at most one slice. True: every line is known that was there when the computation had
 * `lines` lines (computations.log_count). */
bool sb_search_step(struct sb_search *search, int64_t lines);
size_t sb_search_count(const struct sb_search *search);
/* Row number of a line that was found; 0 is the oldest. */
int64_t sb_search_line(const struct sb_search *search, size_t index);

#endif
