/*
 * Inside the store of log lines only: its memory, and what its files do for each other.
 *
 *   logstore.c        lines, their place in time, the cap, who follows them
 *   logstore_names.c  runs and levels
 *   logstore_merge.c  answers that overlap what is here
 *   logpiece.c        a message made into lines
 */
#ifndef PRISM_CORE_LOGSTORE_PRIVATE_H
#define PRISM_CORE_LOGSTORE_PRIVATE_H

#include "base/buf.h"
#include "core/gapvec.h"
#include "core/logstore.h"

enum { CORE_LOG_CHUNKS = 4096 }; /* of 1 MiB: what 32 bits of position can name */
enum { FLAG_MARKED = 1, FLAG_CONTINUATION = 2 };

struct line {
	int64_t time_us;
	uint32_t at; /* chunk << 20 | offset */
	uint32_t len;
	uint32_t hash; /* of the entry's message; 0 when it never needs merging */
	uint16_t run;
	uint8_t level, flags;
};
_Static_assert(sizeof(struct line) == 24, "the index is 24 bytes a line");

struct chunk {
	char *data;
	uint32_t used, lines;
};

struct core_logstore {
	struct core_gapvec lines;
	uint32_t first;
	struct chunk chunks[CORE_LOG_CHUNKS];
	unsigned chunk;  /* being filled */
	unsigned mapped; /* chunks with memory */
	size_t cap, line_cap, bytes, entries;
	uint64_t dropped, dropped_entries;
	int64_t horizon; /* time of the youngest dropped line */
	bool unsorted;
	uint8_t *guests; /* a bit for each run; NULL: none */
	char **runs;     /* runs[0] is "" */
	uint32_t *run_hashes;
	uint32_t hash_seed;
	unsigned run_count, last_run; /* run_count: indices in use, 0 included */
	char *levels[CORE_LOG_LEVELS];
	unsigned level_count;
	struct prism_list observers, anchors;
};

static inline struct line *line_at(const struct core_logstore *store, uint32_t id)
{
	return core_gapvec_at(&store->lines, id - store->first);
}

static inline const char *text_of(const struct core_logstore *store, const struct line *line)
{
	return store->chunks[line->at / CORE_LOG_CHUNK].data + line->at % CORE_LOG_CHUNK;
}

/* Index of the first line at or after time_us, or (after set) after it. */
size_t core_logstore_bound(const struct core_logstore *store, int64_t time_us, bool after);

/* An entry on its way in: what its lines have in common. */
struct pending {
	const struct core_log_entry *entry;
	struct line line;
};
/* Entries that belong behind each other, in one move of the index. */
void core_logstore_insert(struct core_logstore *store, size_t index, const struct pending *run,
                          size_t count);

/* ---- logstore_names.c ---- */

uint32_t core_logstore_hash(const struct core_logstore *store, const char *text, size_t len);
unsigned core_logstore_intern_run(struct core_logstore *store, const char *run_id);
unsigned core_logstore_intern_level(struct core_logstore *store, const char *word);

/* ---- logpiece.c ---- */

bool core_log_is_plain(const char *text, size_t len); /* ASCII without NUL */
/* The lines of a message, one after the other, as they are kept.  A single last line break is not
 * a line.  False at the end; an empty message is one empty line. */
struct core_log_pieces {
	const char *pos, *end; /* pos NULL: done */
	struct prism_buf scratch;
};
struct core_log_pieces core_log_pieces_of(const struct core_log_entry *entry);
bool core_log_next_piece(struct core_log_pieces *pieces, const char **ret_text, size_t *ret_len);

#endif
