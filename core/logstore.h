/*
 * Log lines, up to millions of them, kept compactly and in order of time.
 *
 * A message of several lines becomes several lines here; the first one stands for the entry, the
 * others are its continuations.  Text is valid UTF-8 (broken bytes become U+FFFD) but otherwise as
 * it came: who shows it neutralises it.
 *
 * A line is known by its id.  Ids are consecutive: [first, first + count).  An entry that arrives
 * late is put where its time belongs; ids on one side of it then move by one.  Whoever keeps an id
 * across calls registers an anchor, which moves with its line.
 *
 * Memory: text in chunks of 1 MiB, 24 bytes of index per line.  A byte cap makes the store a ring:
 * the oldest lines go first, and core_logstore_dropped() tells how many.
 *
 * Thread rules: loop thread only.  Pointers lent are good until the store is changed.
 */
#ifndef PRISM_CORE_LOGSTORE_H
#define PRISM_CORE_LOGSTORE_H

#include "base/clock.h"
#include "base/list.h"

#define CORE_LOG_CHUNK (1u << 20)
#define CORE_LOG_LINE (256u << 10) /* bytes of one line; the rest is cut off, with a note */
#define CORE_LOG_CAP (512u << 20)  /* default cap on text, bytes */
#define CORE_LOG_RUNS 65535        /* different run ids; later ones share the last index */

/* The levels every store knows; other words of a server get indices from CORE_LOG_KNOWN on. */
#define CORE_LOG_LEVEL_MAP(X) \
	X(NONE, "")               \
	X(DEBUG, "debug")         \
	X(INFO, "info")           \
	X(WARN, "warn")           \
	X(ERROR, "error")
enum core_log_level {
#define X(id, word) CORE_LOG_##id,
	CORE_LOG_LEVEL_MAP(X)
#undef X
	    CORE_LOG_KNOWN
};
#define CORE_LOG_LEVELS 32 /* indices are below this, so that a set fits 32 bits */

struct core_log_entry {
	const char *run_id; /* NULL: none */
	const char *level;  /* any case; "warning" is warn; NULL: none */
	const char *message;
	size_t len;      /* of message */
	int64_t time_us; /* PRISM_TIME_UNSET: not told */
};

struct core_log_line {
	int64_t time_us;
	const char *text; /* lent, not terminated; may be "" */
	size_t len;
	unsigned run;   /* core_logstore_run(); 0: none */
	unsigned level; /* core_logstore_level() */
	bool marked, continuation;
};

struct core_logstore;

/* cap: bytes of text and index, 0: CORE_LOG_CAP; line_cap: 0: none but the bytes. */
struct core_logstore *core_logstore_create(size_t cap, size_t line_cap);
void core_logstore_destroy(struct core_logstore *store); /* asserts that no observer is left */
void core_logstore_clear(struct core_logstore *store);   /* lines, counters, runs */

uint32_t core_logstore_first(const struct core_logstore *store);
size_t core_logstore_count(const struct core_logstore *store); /* lines */
/* Lines of this run come from elsewhere than the rest: they are shown, filtered and dropped like
 * all, but not counted as entries, by which a feed finds what it lacks. Before the first of them,
 * and again after a clear. */
void core_logstore_guest(struct core_logstore *store, const char *run_id);
size_t core_logstore_entries(const struct core_logstore *store); /* without continuations, guests */
size_t core_logstore_entries_after(const struct core_logstore *store, int64_t time_us); /* later */
size_t core_logstore_bytes(const struct core_logstore *store);             /* of text */
uint64_t core_logstore_dropped(const struct core_logstore *store);         /* lines, by the cap */
uint64_t core_logstore_dropped_entries(const struct core_logstore *store); /* of these: entries */
bool core_logstore_full(const struct core_logstore *store); /* older lines have no room any more */
struct core_log_line core_logstore_line(const struct core_logstore *store, uint32_t id);
void core_logstore_mark(struct core_logstore *store, uint32_t id, bool marked);

unsigned core_logstore_runs(const struct core_logstore *store); /* indices are 1 to this */
const char *core_logstore_run(const struct core_logstore *store, unsigned run); /* "" for 0 */
unsigned core_logstore_find_run(const struct core_logstore *store, const char *run_id); /* 0: no */
unsigned core_logstore_levels(const struct core_logstore *store);
const char *core_logstore_level(const struct core_logstore *store, unsigned level);

/* Puts an entry at the end, whatever its time: files keep their order. */
void core_logstore_append(struct core_logstore *store, const struct core_log_entry *entry);

/* Merges entries of one answer of a server, in any order: of every distinct entry (run, level,
 * time, text) as many are added as the answer holds more than the store. Entries the cap has passed
 * by are left out. Returns how many were added. */
size_t core_logstore_merge(struct core_logstore *store, const struct core_log_entry *entries,
                           size_t count);

/* First line whose time is at or after; first + count when there is none. Lines without a time
 * belong to the line before them. */
uint32_t core_logstore_at_time(const struct core_logstore *store, int64_t time_us);

/* --- for those who follow the store --- */

struct core_log_observer {
	struct prism_list node; /* private */
	/* `count` lines now stand at id; ids from there on moved up, or, when front is set, ids before
	 * `id + count` moved down. */
	void (*inserted)(void *data, uint32_t id, uint32_t count, bool front);
	void (*dropped)(void *data, uint32_t count); /* that many ids from the front are gone */
	void (*cleared)(void *data);
	void *data;
};
void core_logstore_observe(struct core_logstore *store, struct core_log_observer *observer);
void core_logstore_unobserve(struct core_log_observer *observer); /* also when never added */

struct core_log_anchor {
	struct prism_list node; /* private */
	uint32_t id;            /* of a line that moves with it; the first when its line was dropped */
};
void core_logstore_anchor(struct core_logstore *store, struct core_log_anchor *anchor);
void core_logstore_release(struct core_log_anchor *anchor); /* also when never anchored */

/* Lines from id on that lie behind each other in memory with one NUL between: at least 1, at most
 * `most`. Gives where they begin and how many bytes they take. */
size_t core_logstore_span(const struct core_logstore *store, uint32_t id, size_t most,
                          const char **ret_text, size_t *ret_len);
/* The line of such a span that holds a byte at `offset` from its beginning. */
uint32_t core_logstore_span_line(const struct core_logstore *store, uint32_t id, size_t lines,
                                 size_t offset);

#endif
