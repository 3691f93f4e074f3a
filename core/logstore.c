/*
 * Owns the lines: their text, their index, the order of time, the cap, and merging without loss or
 * repetition.  Filtering and searching is core/logview.c, talking to the server core/logs.c.
 *
 * Merging.  Entries have no id, and two entries may be equal in everything and still be two: a
 * program can print the same line twice in one microsecond.  So what the server holds is a
 * multiset, and what an answer tells about an entry is a number: how often it occurs in it, which
 * is never more often than the server holds it.  The store keeps the rule
 *
 *     copies here <= copies on the server                                   (never repeats)
 *
 * by adding, for every distinct entry of an answer, only what the answer holds more than the
 * store.  Overlapping answers, the same answer twice, answers in any order, shifted pages: all of
 * that adds nothing twice.  That nothing is missed, i.e. equality in the rule above, is the
 * business of the one who asks (core/logs.c): every group of equal timestamps must be seen whole in
 * one answer.  A server only ever adds entries, so counts only grow and any order of merging ends
 * in the same store.
 *
 * Entries of one time stand together in the index, so the copies here are counted by a binary
 * search and a walk; no other memory of what was seen is needed.
 *
 * Text.  A line lies in one chunk, followed by a NUL.  Lines appended one after the other lie
 * behind each other, which lets a search run over many at once (core_logstore_span()).  A chunk
 * is given back when its last line is dropped; when lines that stay keep too many chunks half
 * empty (a server with dates in the future can do that), all text is moved together.
 */
#include "core/logstore.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/gapvec.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

enum {
	CHUNKS = 4096,          /* of 1 MiB: what 32 bits of position can name */
	FIRST_ID = 1u << 31,    /* so that ids can grow both ways */
	LINE_COST = 24 + 1,     /* index and NUL, counted against the cap */
	DROP_STEP_DIVISOR = 64, /* at the cap: make room for 1/64 of it at a time */
	SPARE_CHUNKS = 8        /* half empty ones that are not worth moving text for */
};

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
	struct chunk chunks[CHUNKS];
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

/* ---- life ---- */

static void add_level(struct core_logstore *store, const char *word)
{
	store->levels[store->level_count++] = prism_strdup(word);
}

static void reset_names(struct core_logstore *store)
{
	for (unsigned i = 0; i < store->run_count; i++)
		free(store->runs[i]);
	for (unsigned i = 0; i < store->level_count; i++)
		free(store->levels[i]);
	store->level_count = 0;
	store->run_count = store->last_run = 0;
	prism_free(store->guests);
	store->guests = NULL;
}

static void seed_names(struct core_logstore *store)
{
	store->runs = prism_realloc_array(store->runs, 8, sizeof(*store->runs));
	store->run_hashes = prism_realloc_array(store->run_hashes, 8, sizeof(*store->run_hashes));
	store->runs[0] = prism_strdup("");
	store->run_hashes[0] = 0;
	store->run_count = 1;
#define X(id, word) add_level(store, word);
	CORE_LOG_LEVEL_MAP(X)
#undef X
}

struct core_logstore *core_logstore_create(size_t cap, size_t line_cap)
{
	struct core_logstore *store = prism_alloc(sizeof(*store));

	/* Positions are 32 bits, and a chunk may be left half empty by a long line. */
	store->cap = cap == 0 ? CORE_LOG_CAP : cap > (2u << 30) ? 2u << 30 : cap;
	store->line_cap = line_cap;
	store->hash_seed = 2166136261u ^ (uint32_t)prism_clock_wall_us(prism_clock_system()) ^
	                   (uint32_t)((uintptr_t)store >> 4);
	store->first = FIRST_ID;
	store->horizon = PRISM_TIME_UNSET;
	core_gapvec_init(&store->lines, sizeof(struct line));
	prism_list_init(&store->observers);
	prism_list_init(&store->anchors);
	seed_names(store);
	return store;
}

static void free_chunk(struct core_logstore *store, struct chunk *chunk)
{
	if (chunk->data) {
		munmap(chunk->data, CORE_LOG_CHUNK);
		store->mapped--;
	}
	*chunk = (struct chunk){0};
}

static void free_all(struct core_logstore *store)
{
	for (unsigned i = 0; i < CHUNKS; i++)
		free_chunk(store, &store->chunks[i]);
	core_gapvec_finish(&store->lines);
	reset_names(store);
}

void core_logstore_destroy(struct core_logstore *store)
{
	if (!store)
		return;
	assert(prism_list_empty(&store->observers) && "log store destroyed while observed");
	PRISM_LIST_EACH (&store->anchors, node, tmp)
		prism_list_remove(node);
	free_all(store);
	free(store->runs);
	free(store->run_hashes);
	free(store);
}

void core_logstore_clear(struct core_logstore *store)
{
	free_all(store);
	seed_names(store);
	store->first = FIRST_ID;
	store->chunk = 0;
	store->bytes = store->entries = 0;
	store->dropped = store->dropped_entries = 0;
	store->horizon = PRISM_TIME_UNSET;
	store->unsorted = false;
	PRISM_LIST_EACH (&store->anchors, node, tmp)
		PRISM_CONTAINER(node, struct core_log_anchor, node)->id = FIRST_ID;
	PRISM_LIST_EACH (&store->observers, node, tmp) {
		struct core_log_observer *observer = PRISM_CONTAINER(node, struct core_log_observer, node);
		observer->cleared(observer->data);
	}
}

/* ---- reading ---- */

static struct line *line_at(const struct core_logstore *store, uint32_t id)
{
	return core_gapvec_at(&store->lines, id - store->first);
}

static const char *text_of(const struct core_logstore *store, const struct line *line)
{
	return store->chunks[line->at / CORE_LOG_CHUNK].data + line->at % CORE_LOG_CHUNK;
}

/* What a feed counts: first lines, and not those of guests. */
static bool is_entry(const struct core_logstore *store, const struct line *line)
{
	return !(line->flags & FLAG_CONTINUATION) &&
	       !(store->guests && store->guests[line->run / 8] & 1u << line->run % 8);
}

/* Index of the first line at or after time_us, or (after set) after it. */
static size_t bound(const struct core_logstore *store, int64_t time_us, bool after)
{
	size_t low = 0, high = store->lines.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct line *line = core_gapvec_at(&store->lines, middle);
		if (line->time_us < time_us || (after && line->time_us == time_us))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t core_logstore_first(const struct core_logstore *store)
{
	return store->first;
}

size_t core_logstore_count(const struct core_logstore *store)
{
	return store->lines.count;
}

size_t core_logstore_entries(const struct core_logstore *store)
{
	return store->entries;
}

size_t core_logstore_bytes(const struct core_logstore *store)
{
	return store->bytes - store->lines.count * LINE_COST;
}

size_t core_logstore_entries_after(const struct core_logstore *store, int64_t time_us)
{
	size_t from = bound(store, time_us, true), count = 0;

	for (size_t i = from; i < store->lines.count; i++)
		count += is_entry(store, core_gapvec_at(&store->lines, i));
	return count;
}

uint64_t core_logstore_dropped(const struct core_logstore *store)
{
	return store->dropped;
}

uint64_t core_logstore_dropped_entries(const struct core_logstore *store)
{
	return store->dropped_entries;
}

bool core_logstore_full(const struct core_logstore *store)
{
	return store->dropped > 0 || store->bytes > store->cap - store->cap / 16 ||
	       (store->line_cap && store->lines.count > store->line_cap - store->line_cap / 16);
}

struct core_log_line core_logstore_line(const struct core_logstore *store, uint32_t id)
{
	assert(id - store->first < store->lines.count);
	const struct line *line = line_at(store, id);
	return (struct core_log_line){
	    .time_us = line->time_us,
	    .text = text_of(store, line),
	    .len = line->len,
	    .run = line->run,
	    .level = line->level,
	    .marked = line->flags & FLAG_MARKED,
	    .continuation = line->flags & FLAG_CONTINUATION,
	};
}

void core_logstore_mark(struct core_logstore *store, uint32_t id, bool marked)
{
	struct line *line = line_at(store, id);

	line->flags = (uint8_t)(marked ? line->flags | FLAG_MARKED : line->flags & ~FLAG_MARKED);
}

/* ---- names ---- */

/* FNV-1a from a start of our own, so that nobody can prepare texts of equal hash. */
static uint32_t hash_bytes(const struct core_logstore *store, const char *text, size_t len)
{
	uint32_t hash = store->hash_seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash;
}

unsigned core_logstore_runs(const struct core_logstore *store)
{
	return store->run_count - 1;
}

const char *core_logstore_run(const struct core_logstore *store, unsigned run)
{
	return run < store->run_count ? store->runs[run] : "";
}

unsigned core_logstore_find_run(const struct core_logstore *store, const char *run_id)
{
	if (!run_id || !run_id[0])
		return 0;
	if (strcmp(store->runs[store->last_run], run_id) == 0)
		return store->last_run;
	uint32_t hash = hash_bytes(store, run_id, strlen(run_id));
	for (unsigned i = store->run_count - 1; i > 0; i--) {
		if (store->run_hashes[i] == hash && strcmp(store->runs[i], run_id) == 0)
			return i;
	}
	return 0;
}

static unsigned intern_run(struct core_logstore *store, const char *run_id)
{
	if (!run_id || !run_id[0])
		return 0;
	unsigned run = core_logstore_find_run(store, run_id);
	if (run == 0 && store->run_count >= CORE_LOG_RUNS)
		run = store->run_count - 1;
	if (run == 0) {
		run = store->run_count++;
		if (run >= 8 && (run & (run - 1)) == 0) {
			store->runs = prism_realloc_array(store->runs, run * 2, sizeof(*store->runs));
			store->run_hashes =
			    prism_realloc_array(store->run_hashes, run * 2, sizeof(*store->run_hashes));
		}
		store->runs[run] = prism_strdup(run_id);
		store->run_hashes[run] = hash_bytes(store, run_id, strlen(run_id));
	}
	store->last_run = run;
	return run;
}

void core_logstore_guest(struct core_logstore *store, const char *run_id)
{
	unsigned run = intern_run(store, run_id);

	if (!store->guests)
		store->guests = prism_alloc(UINT16_MAX / 8 + 1);
	store->guests[run / 8] |= (uint8_t)(1u << run % 8);
}

unsigned core_logstore_levels(const struct core_logstore *store)
{
	return store->level_count;
}

const char *core_logstore_level(const struct core_logstore *store, unsigned level)
{
	return level < store->level_count ? store->levels[level] : "";
}

static unsigned intern_level(struct core_logstore *store, const char *word)
{
	if (!word || !word[0])
		return CORE_LOG_NONE;
	if (strcasecmp(word, "warning") == 0)
		return CORE_LOG_WARN;
	for (unsigned i = 1; i < store->level_count; i++) {
		if (strcasecmp(store->levels[i], word) == 0)
			return i;
	}
	if (store->level_count == CORE_LOG_LEVELS)
		return CORE_LOG_LEVELS - 1;
	store->levels[store->level_count] = prism_strndup(word, 32);
	return store->level_count++;
}

/* ---- text ---- */

static bool plain(const char *text, size_t len)
{
	size_t i = 0;

	/* Eight bytes at a time: a byte of 0x80 or more, or a zero byte. */
	for (; i + 8 <= len; i += 8) {
		uint64_t v;
		memcpy(&v, text + i, 8);
		if ((v | (v - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < len; i++) {
		if (text[i] <= 0)
			return false;
	}
	return true;
}

/* Valid UTF-8 without NUL: the text itself when it is, else a repaired copy in `scratch`. */
static void repair(const char **text, size_t *len, struct prism_buf *scratch)
{
	if (plain(*text, *len) || (prism_utf8_valid(*text, *len) && !memchr(*text, 0, *len)))
		return;
	const char *end = *text + *len;
	char out[4];
	prism_buf_clear(scratch);
	for (const char *p = *text; p < end;) {
		int32_t cp = prism_utf8_next(&p, end);
		prism_buf_put(scratch, out, prism_utf8_encode(cp ? (uint32_t)cp : 0xFFFD, out));
	}
	*text = prism_buf_text(scratch);
	*len = scratch->len;
}

/* A line that is too long keeps its beginning and says what is missing. */
static void cut(const char **text, size_t *len, struct prism_buf *scratch)
{
	enum { NOTE = 48 };

	if (*len <= CORE_LOG_LINE)
		return;
	size_t keep = CORE_LOG_LINE - NOTE, more;
	while (keep > 0 && ((unsigned char)(*text)[keep] & 0xC0) == 0x80)
		keep--;
	more = *len - keep;
	if (*text != scratch->data) {
		prism_buf_clear(scratch);
		prism_buf_put(scratch, *text, keep);
	}
	scratch->len = keep;
	prism_buf_printf(scratch, " [cut: %zu more bytes]", more);
	*text = scratch->data;
	*len = scratch->len;
}

/* The lines of a message, one after the other, as they are kept.  A single last line break is not
 * a line.  False at the end; an empty message is one empty line. */
struct pieces {
	const char *pos, *end; /* pos NULL: done */
	struct prism_buf scratch;
};

static struct pieces pieces_of(const struct core_log_entry *entry)
{
	size_t len = entry->message ? entry->len : 0;
	const char *text = len ? entry->message : "";

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return (struct pieces){.pos = text, .end = text + len, .scratch = PRISM_BUF_INIT(SIZE_MAX - 1)};
}

static bool next_piece(struct pieces *pieces, const char **ret_text, size_t *ret_len)
{
	if (!pieces->pos)
		return false;
	const char *start = pieces->pos;
	const char *stop = memchr(start, '\n', (size_t)(pieces->end - start));
	pieces->pos = stop ? stop + 1 : NULL;
	if (!stop)
		stop = pieces->end;
	size_t len = (size_t)(stop - start);
	if (len > 0 && start[len - 1] == '\r')
		len--;
	*ret_text = start;
	*ret_len = len;
	repair(ret_text, ret_len, &pieces->scratch);
	cut(ret_text, ret_len, &pieces->scratch);
	return true;
}

static struct chunk *chunk_for(struct core_logstore *store, size_t len)
{
	struct chunk *chunk = &store->chunks[store->chunk];

	if (chunk->data && CORE_LOG_CHUNK - chunk->used > len)
		return chunk;
	if (chunk->data && chunk->lines == 0) {
		chunk->used = 0;
		return chunk;
	}
	unsigned tries = 0;
	while (store->chunks[store->chunk].data) {
		store->chunk = (store->chunk + 1) % CHUNKS;
		/* The cap is half of what the table can name, see core_logstore_create(). */
		assert(++tries < CHUNKS);
	}
	chunk = &store->chunks[store->chunk];
	chunk->data =
	    mmap(NULL, CORE_LOG_CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk->data == MAP_FAILED) {
		fprintf(stderr, "prism: out of memory for log lines\n");
		abort();
	}
	store->mapped++;
	return chunk;
}

static uint32_t store_text(struct core_logstore *store, const char *text, size_t len)
{
	struct chunk *chunk = chunk_for(store, len);
	uint32_t at = store->chunk * CORE_LOG_CHUNK + chunk->used;

	memcpy(chunk->data + chunk->used, text, len);
	chunk->data[chunk->used + len] = '\0';
	chunk->used += (uint32_t)len + 1;
	chunk->lines++;
	return at;
}

/* ---- the cap ---- */

static void forget_front(struct core_logstore *store, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct line *line = core_gapvec_at(&store->lines, i);
		unsigned number = line->at / CORE_LOG_CHUNK;
		struct chunk *chunk = &store->chunks[number];
		if (--chunk->lines == 0 && number != store->chunk)
			free_chunk(store, chunk);
		store->bytes -= line->len + LINE_COST;
		store->dropped++;
		if (is_entry(store, line)) {
			store->dropped_entries++;
			store->entries--;
		}
		if (line->time_us > store->horizon)
			store->horizon = line->time_us;
	}
	core_gapvec_drop_front(&store->lines, count);
	store->first += (uint32_t)count;
}

/* Moves all text together, in the order of the lines. */
static void compact(struct core_logstore *store)
{
	PRISM_AUTO_FREE struct chunk *old = prism_memdup(store->chunks, sizeof(store->chunks));

	memset(store->chunks, 0, sizeof(store->chunks));
	store->chunk = 0;
	for (size_t i = 0; i < store->lines.count; i++) {
		struct line *line = core_gapvec_at(&store->lines, i);
		struct chunk *from = &old[line->at / CORE_LOG_CHUNK];
		line->at = store_text(store, from->data + line->at % CORE_LOG_CHUNK, line->len);
		if (--from->lines == 0)
			free_chunk(store, from);
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		free_chunk(store, &old[i]); /* the one that was being filled may have been empty */
}

static void tell_dropped(struct core_logstore *store, uint32_t count)
{
	PRISM_LIST_EACH (&store->anchors, node, tmp) {
		struct core_log_anchor *anchor = PRISM_CONTAINER(node, struct core_log_anchor, node);
		if (anchor->id - store->first > store->lines.count)
			anchor->id = store->first;
	}
	PRISM_LIST_EACH (&store->observers, node, tmp) {
		struct core_log_observer *observer = PRISM_CONTAINER(node, struct core_log_observer, node);
		observer->dropped(observer->data, count);
	}
}

static void make_room(struct core_logstore *store, size_t need, size_t lines)
{
	bool many = store->line_cap && store->lines.count + lines > store->line_cap;

	if ((store->bytes + need <= store->cap && !many) || store->lines.count == 0)
		return;
	size_t target = store->cap - store->cap / DROP_STEP_DIVISOR, freed = 0, count = 0;
	size_t excess = store->bytes + need > target ? store->bytes + need - target : 0;
	size_t least = many ? lines + store->line_cap / DROP_STEP_DIVISOR : 0;
	while (count < store->lines.count && (freed < excess || count < least)) {
		const struct line *line = core_gapvec_at(&store->lines, count++);
		freed += line->len + LINE_COST;
	}
	/* Whole entries go: a continuation without its first line means nothing. */
	while (count < store->lines.count &&
	       ((const struct line *)core_gapvec_at(&store->lines, count))->flags & FLAG_CONTINUATION)
		count++;
	forget_front(store, count);
	if (store->mapped > SPARE_CHUNKS + 2 * (store->bytes / CORE_LOG_CHUNK))
		compact(store);
	tell_dropped(store, (uint32_t)count);
}

/* ---- adding ---- */

static void tell_inserted(struct core_logstore *store, uint32_t id, uint32_t count, bool front)
{
	PRISM_LIST_EACH (&store->anchors, node, tmp) {
		struct core_log_anchor *anchor = PRISM_CONTAINER(node, struct core_log_anchor, node);
		if (front && anchor->id < id + count)
			anchor->id -= count;
		else if (!front && anchor->id >= id)
			anchor->id += count;
	}
	PRISM_LIST_EACH (&store->observers, node, tmp) {
		struct core_log_observer *observer = PRISM_CONTAINER(node, struct core_log_observer, node);
		observer->inserted(observer->data, id, count, front);
	}
}

/* An entry on its way in: what its lines have in common. */
struct pending {
	const struct core_log_entry *entry;
	struct line line;
};

static size_t room_needed(const struct pending *run, size_t count, size_t *ret_lines)
{
	size_t need = 0, len;
	const char *text;

	*ret_lines = 0;
	for (size_t i = 0; i < count; i++) {
		struct pieces pieces = pieces_of(run[i].entry);
		for (; next_piece(&pieces, &text, &len); ++*ret_lines)
			need += len + LINE_COST;
		prism_buf_finish(&pieces.scratch);
	}
	return need;
}

static void place_line(struct core_logstore *store, struct line *at, const struct line *common,
                       const char *text, size_t len)
{
	*at = *common;
	at->at = store_text(store, text, len);
	at->len = (uint32_t)len;
	store->bytes += len + LINE_COST;
	if (is_entry(store, at))
		store->entries++;
}

/* Entries that belong behind each other, in one move of the index. Room is made first, because it
 * may move texts and takes lines from the front: the place is counted from the end. */
static void insert_run(struct core_logstore *store, size_t index, const struct pending *run,
                       size_t count)
{
	size_t lines, len, from_end = store->lines.count - index;
	const char *text;
	bool front;

	size_t need = room_needed(run, count, &lines);
	make_room(store, need, lines);
	if (from_end > store->lines.count)
		from_end = store->lines.count;
	index = store->lines.count - from_end;
	struct line *at = core_gapvec_insert(&store->lines, index, lines, &front);
	for (size_t i = 0; i < count; i++) {
		struct pieces pieces = pieces_of(run[i].entry);
		struct line common = run[i].line;
		for (; next_piece(&pieces, &text, &len); at++) {
			place_line(store, at, &common, text, len);
			common.flags |= FLAG_CONTINUATION;
		}
		prism_buf_finish(&pieces.scratch);
	}
	if (front)
		store->first -= (uint32_t)lines;
	tell_inserted(store, store->first + (uint32_t)index, (uint32_t)lines, front);
}

/* One plain line at the end, which is what files are made of. */
static bool append_plain(struct core_logstore *store, const struct core_log_entry *entry,
                         const struct line *common)
{
	size_t len = entry->len;

	if (len == 0 || len > CORE_LOG_LINE || memchr(entry->message, '\n', len) ||
	    entry->message[len - 1] == '\r' || !plain(entry->message, len))
		return false;
	make_room(store, len + LINE_COST, 1);
	struct line *at = core_gapvec_insert(&store->lines, store->lines.count, 1, NULL);
	place_line(store, at, common, entry->message, len);
	tell_inserted(store, store->first + (uint32_t)store->lines.count - 1, 1, false);
	return true;
}

void core_logstore_append(struct core_logstore *store, const struct core_log_entry *entry)
{
	struct pending one = {.entry = entry, .line = {.time_us = entry->time_us}};
	size_t count = store->lines.count;
	const struct line *last = count ? core_gapvec_at(&store->lines, count - 1) : NULL;

	one.line.run = (uint16_t)intern_run(store, entry->run_id);
	one.line.level = (uint8_t)intern_level(store, entry->level);
	if (last && one.line.time_us == PRISM_TIME_UNSET && last->time_us != PRISM_TIME_UNSET) {
		one.line.time_us = last->time_us;
		one.line.run = one.line.run ? one.line.run : last->run;
		one.line.level = one.line.level ? one.line.level : last->level;
		one.line.flags = FLAG_CONTINUATION;
	}
	if (last && one.line.time_us < last->time_us)
		store->unsorted = true;
	if (!append_plain(store, entry, &one.line))
		insert_run(store, count, &one, 1);
}

/* ---- merging ---- */

struct candidate {
	const struct core_log_entry *entry;
	uint32_t hash;
	uint16_t run;
	uint8_t level;
	size_t order; /* oldest first */
	size_t here;  /* copies in the store that this one and later ones account for */
};

static int by_time(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->entry->time_us != y->entry->time_us)
		return x->entry->time_us < y->entry->time_us ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_entry(const struct core_logstore *store, size_t index, const struct candidate *c)
{
	const struct line *line = core_gapvec_at(&store->lines, index);
	const char *text;
	size_t len;
	bool same = true;

	if (line->flags & FLAG_CONTINUATION || line->hash != c->hash || line->run != c->run ||
	    line->level != c->level)
		return false;
	struct pieces pieces = pieces_of(c->entry);
	while (same && next_piece(&pieces, &text, &len)) {
		same = index < store->lines.count && line->len == len &&
		       memcmp(text_of(store, line), text, len) == 0;
		if (same && ++index < store->lines.count)
			line = core_gapvec_at(&store->lines, index);
	}
	prism_buf_finish(&pieces.scratch);
	return same && (index == store->lines.count || !(line->flags & FLAG_CONTINUATION));
}

/* Equal entries become neighbours, the oldest first. */
static int by_content(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
	int texts;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->run != y->run || x->level != y->level)
		return x->run != y->run ? x->run - y->run : x->level - y->level;
	if (x->entry->len != y->entry->len)
		return x->entry->len < y->entry->len ? -1 : 1;
	texts = x->entry->len ? memcmp(x->entry->message, y->entry->message, x->entry->len) : 0;
	if (texts)
		return texts;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool same_content(const struct candidate *a, const struct candidate *b)
{
	return a->hash == b->hash && a->run == b->run && a->level == b->level &&
	       a->entry->len == b->entry->len &&
	       (a->entry->len == 0 || memcmp(a->entry->message, b->entry->message, a->entry->len) == 0);
}

/* Counts the copies of every distinct candidate among the lines [from, to). Candidates stand by
 * content; `here` is told at the first of each. */
static void count_here(const struct core_logstore *store, size_t from, size_t to,
                       struct candidate **list, size_t count)
{
	for (size_t i = from; i < to; i++) {
		const struct line *line = core_gapvec_at(&store->lines, i);
		size_t low = 0, high = count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (list[middle]->hash < line->hash)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < count && list[low]->hash == line->hash; low++) {
			bool first = low == 0 || !same_content(list[low - 1], list[low]);
			if (first && same_entry(store, i, list[low])) {
				list[low]->here++;
				break;
			}
		}
	}
}

/* One time: [group, group + count) are all entries of the answer with it. The oldest copies are the
 * ones we have; what comes after them in the answer is new. Returns how many were put into `fresh`.
 */
static size_t pick_fresh(const struct core_logstore *store, struct candidate *group, size_t count,
                         struct pending *fresh)
{
	int64_t time_us = group->entry->time_us;
	size_t from = bound(store, time_us, false), to = bound(store, time_us, true), picked = 0;
	PRISM_AUTO_FREE struct candidate **list = prism_alloc_array(count, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = &group[i];
	if (from < to) {
		qsort(list, count, sizeof(struct candidate *), by_content);
		count_here(store, from, to, list, count);
		for (size_t i = 1; i < count; i++) {
			/* Each copy we have accounts for one of the answer. */
			if (list[i - 1]->here && same_content(list[i - 1], list[i]))
				list[i]->here = list[i - 1]->here - 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (group[i].here)
			continue;
		fresh[picked++] = (struct pending){.entry = group[i].entry,
		                                   .line = {.time_us = time_us,
		                                            .hash = group[i].hash,
		                                            .run = group[i].run,
		                                            .level = group[i].level}};
	}
	return picked;
}

/* Puts entries in order of time where they belong; neighbours go in together. */
static void insert_sorted(struct core_logstore *store, const struct pending *fresh, size_t count)
{
	for (size_t i = 0, next; i < count; i = next) {
		size_t index = bound(store, fresh[i].line.time_us, true);
		for (next = i + 1; next < count; next++) {
			if (bound(store, fresh[next].line.time_us, true) != index)
				break;
		}
		insert_run(store, index, fresh + i, next - i);
	}
}

static struct candidate candidate_of(struct core_logstore *store,
                                     const struct core_log_entry *entry, size_t order)
{
	return (struct candidate){
	    .entry = entry,
	    .hash = hash_bytes(store, entry->message ? entry->message : "",
	                       entry->message ? entry->len : 0),
	    .run = (uint16_t)intern_run(store, entry->run_id),
	    .level = (uint8_t)intern_level(store, entry->level),
	    .order = order,
	};
}

size_t core_logstore_merge(struct core_logstore *store, const struct core_log_entry *entries,
                           size_t count)
{
	if (count == 0)
		return 0;
	PRISM_AUTO_FREE struct candidate *list = prism_alloc_array(count, sizeof(*list));
	bool newest_first = entries[0].time_us >= entries[count - 1].time_us;
	size_t added = 0, kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool gone = store->dropped && entries[i].time_us <= store->horizon;
		if (!gone)
			list[kept++] = candidate_of(store, &entries[i], newest_first ? count - i : i);
	}
	qsort(list, kept, sizeof(*list), by_time);
	PRISM_AUTO_FREE struct pending *fresh = prism_alloc_array(kept, sizeof(*fresh));
	for (size_t i = 0, next; i < kept; i = next) {
		for (next = i + 1; next < kept && list[next].entry->time_us == list[i].entry->time_us;)
			next++;
		added += pick_fresh(store, list + i, next - i, fresh + added);
	}
	insert_sorted(store, fresh, added);
	return added;
}

/* ---- time, spans, followers ---- */

uint32_t core_logstore_at_time(const struct core_logstore *store, int64_t time_us)
{
	size_t index = 0;

	if (!store->unsorted)
		return store->first + (uint32_t)bound(store, time_us, false);
	for (; index < store->lines.count; index++) {
		if (((const struct line *)core_gapvec_at(&store->lines, index))->time_us >= time_us)
			break;
	}
	return store->first + (uint32_t)index;
}

size_t core_logstore_span(const struct core_logstore *store, uint32_t id, size_t most,
                          const char **ret_text, size_t *ret_len)
{
	const struct line *line = line_at(store, id), *start = line;
	size_t count = 1, left = store->lines.count - (id - store->first);

	if (most > left)
		most = left;
	/* The position after a line is the next one's; it never is across chunks, whose last byte is
	 * always used by a NUL or free. */
	for (; count < most; count++, line++) {
		if (line[1].at != line->at + line->len + 1 ||
		    line[1].at / CORE_LOG_CHUNK != line->at / CORE_LOG_CHUNK)
			break;
	}
	*ret_text = text_of(store, start);
	*ret_len = line->at + line->len - start->at;
	return count;
}

uint32_t core_logstore_span_line(const struct core_logstore *store, uint32_t id, size_t lines,
                                 size_t offset)
{
	const struct line *first = line_at(store, id);
	size_t low = 0, high = lines;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (first[middle].at - first->at <= offset)
			low = middle;
		else
			high = middle;
	}
	return id + (uint32_t)low;
}

void core_logstore_observe(struct core_logstore *store, struct core_log_observer *observer)
{
	prism_list_append(&store->observers, &observer->node);
}

void core_logstore_unobserve(struct core_log_observer *observer)
{
	prism_list_remove(&observer->node);
}

void core_logstore_anchor(struct core_logstore *store, struct core_log_anchor *anchor)
{
	prism_list_append(&store->anchors, &anchor->node);
}

void core_logstore_release(struct core_log_anchor *anchor)
{
	prism_list_remove(&anchor->node);
}
