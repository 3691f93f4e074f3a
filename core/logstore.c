/*
 * Owns the lines: their text, their index, the order of time, and the cap.  Filtering and searching
 * is core/logview.c, talking to the server core/logs.c.
 *
 * Text.  A line lies in one chunk, followed by a NUL.  Lines appended one after the other lie
 * behind each other, which lets a search run over many at once (core_logstore_span()).  A chunk
 * is given back when its last line is dropped; when lines that stay keep too many chunks half
 * empty (a server with dates in the future can do that), all text is moved together.
 */
#include "core/logstore_private.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FIRST_ID = 1u << 31,    /* so that ids can grow both ways */
	LINE_COST = 24 + 1,     /* index and NUL, counted against the cap */
	DROP_STEP_DIVISOR = 64, /* at the cap: make room for 1/64 of it at a time */
	SPARE_CHUNKS = 8        /* half empty ones that are not worth moving text for */
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
	for (unsigned i = 0; i < CORE_LOG_CHUNKS; i++)
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

/* What a feed counts: first lines, and not those of guests. */
static bool is_entry(const struct core_logstore *store, const struct line *line)
{
	return !(line->flags & FLAG_CONTINUATION) &&
	       !(store->guests && store->guests[line->run / 8] & 1u << line->run % 8);
}

size_t core_logstore_bound(const struct core_logstore *store, int64_t time_us, bool after)
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
	size_t from = core_logstore_bound(store, time_us, true), count = 0;

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

/* ---- text ---- */

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
		store->chunk = (store->chunk + 1) % CORE_LOG_CHUNKS;
		/* The cap is half of what the table can name, see core_logstore_create(). */
		assert(++tries < CORE_LOG_CHUNKS);
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
	for (unsigned i = 0; i < CORE_LOG_CHUNKS; i++)
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

static size_t room_needed(const struct pending *run, size_t count, size_t *ret_lines)
{
	size_t need = 0, len;
	const char *text;

	*ret_lines = 0;
	for (size_t i = 0; i < count; i++) {
		struct core_log_pieces pieces = core_log_pieces_of(run[i].entry);
		for (; core_log_next_piece(&pieces, &text, &len); ++*ret_lines)
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
void core_logstore_insert(struct core_logstore *store, size_t index, const struct pending *run,
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
		struct core_log_pieces pieces = core_log_pieces_of(run[i].entry);
		struct line common = run[i].line;
		for (; core_log_next_piece(&pieces, &text, &len); at++) {
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
	    entry->message[len - 1] == '\r' || !core_log_is_plain(entry->message, len))
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

	one.line.run = (uint16_t)core_logstore_intern_run(store, entry->run_id);
	one.line.level = (uint8_t)core_logstore_intern_level(store, entry->level);
	if (last && one.line.time_us == PRISM_TIME_UNSET && last->time_us != PRISM_TIME_UNSET) {
		one.line.time_us = last->time_us;
		one.line.run = one.line.run ? one.line.run : last->run;
		one.line.level = one.line.level ? one.line.level : last->level;
		one.line.flags = FLAG_CONTINUATION;
	}
	if (last && one.line.time_us < last->time_us)
		store->unsorted = true;
	if (!append_plain(store, entry, &one.line))
		core_logstore_insert(store, count, &one, 1);
}

/* ---- time, spans, followers ---- */

uint32_t core_logstore_at_time(const struct core_logstore *store, int64_t time_us)
{
	size_t index = 0;

	if (!store->unsorted)
		return store->first + (uint32_t)core_logstore_bound(store, time_us, false);
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
