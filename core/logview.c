/*
 * Owns which lines of a store pass a filter, and searching among them.
 *
 * State: `found` lists the ids that pass, in order, of the lines [first, scanned); the lines from
 * there on have not been looked at.  New lines at the end are simply not scanned yet.  A line that
 * arrives before `scanned` is judged at once, and the ids that moved are moved here too.
 *
 * Speed: when only a literal decides, spans of lines that lie together are searched in one go and
 * hits are mapped back to lines; otherwise the cheap tests (level, run, time) come first and the
 * pattern last, line by line.
 */
#include "core/logview.h"

#include "base/mem.h"
#include "core/gapvec.h"

#include <string.h>

enum {
	SLICE_US = 3000, /* filtering between two turns of the loop: a key waits no longer */
	STEP_LINES = 2048,
};

struct core_logview {
	struct core_logstore *store;
	struct prism_loop *loop; /* NULL: by hand */
	void (*changed)(void *data);
	void *data;
	struct core_log_filter filter;
	struct core_logmatch *match;
	bool filtered, line_tests; /* line_tests: something besides the pattern */
	struct core_gapvec found;  /* of uint32_t; unused when not filtered */
	uint32_t scanned;          /* id */
	struct core_log_observer observer;
	bool planned;
};

static void turn(void *data);

static void plan(struct core_logview *view)
{
	if (view->planned || !view->loop)
		return;
	view->planned = true;
	prism_loop_defer(view->loop, turn, view);
}

/* ---- judging ---- */

static bool passes_tests(const struct core_log_filter *f, const struct core_log_line *line)
{
	if (f->levels && !(f->levels & (1u << line->level)))
		return false;
	if (f->run && line->run != f->run)
		return false;
	if (f->from_us != PRISM_TIME_UNSET && line->time_us < f->from_us)
		return false;
	if (f->to_us != PRISM_TIME_UNSET && line->time_us > f->to_us)
		return false;
	return !f->marked || line->marked;
}

static bool passes(struct core_logview *view, uint32_t id)
{
	struct core_log_line line = core_logstore_line(view->store, id);
	size_t start, end;

	if (view->line_tests && !passes_tests(&view->filter, &line))
		return false;
	if (!view->match)
		return true;
	return core_logmatch_find(view->match, line.text, line.len, 0, &start, &end) !=
	       view->filter.exclude;
}

static void add_found(struct core_logview *view, size_t pos, uint32_t id)
{
	uint32_t *room = core_gapvec_insert(&view->found, pos, 1, NULL);

	*room = id;
}

static uint32_t found_at(const struct core_logview *view, size_t pos)
{
	return *(const uint32_t *)core_gapvec_at(&view->found, pos);
}

/* First position in `found` with an id at or after. */
static size_t found_pos(const struct core_logview *view, uint32_t id)
{
	size_t low = 0, high = view->found.count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (found_at(view, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- the store changed ---- */

static void on_inserted(void *data, uint32_t id, uint32_t count, bool front)
{
	struct core_logview *view = data;

	plan(view);
	if (!view->filtered)
		return;
	size_t pos = found_pos(view, front ? id + count : id);
	if (front) {
		for (size_t i = 0; i < pos; i++)
			*(uint32_t *)core_gapvec_at(&view->found, i) -= count;
		if (id + count > view->scanned) {
			view->scanned -= count;
			return; /* behind what was scanned */
		}
	} else if (id >= view->scanned) {
		return;
	} else {
		for (size_t i = pos; i < view->found.count; i++)
			*(uint32_t *)core_gapvec_at(&view->found, i) += count;
		view->scanned += count;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (passes(view, id + i))
			add_found(view, pos++, id + i);
	}
}

static void on_dropped(void *data, uint32_t count)
{
	struct core_logview *view = data;
	uint32_t first = core_logstore_first(view->store);

	plan(view);
	if (view->filtered)
		core_gapvec_drop_front(&view->found, found_pos(view, first));
	if (view->scanned - first > core_logstore_count(view->store) + count)
		view->scanned = first;
}

static void start_over(struct core_logview *view)
{
	core_gapvec_finish(&view->found);
	view->scanned = core_logstore_first(view->store);
	plan(view);
}

static void on_cleared(void *data)
{
	start_over(data);
}

/* ---- life ---- */

struct core_logview *core_logview_create(struct core_logstore *store, struct prism_loop *loop,
                                         void (*changed)(void *data), void *data)
{
	struct core_logview *view = prism_alloc(sizeof(*view));

	view->store = store;
	view->loop = loop;
	view->changed = changed;
	view->data = data;
	view->filter = (struct core_log_filter)CORE_LOG_FILTER_ALL;
	core_gapvec_init(&view->found, sizeof(uint32_t));
	view->scanned = core_logstore_first(store);
	view->observer = (struct core_log_observer){
	    .inserted = on_inserted, .dropped = on_dropped, .cleared = on_cleared, .data = view};
	core_logstore_observe(store, &view->observer);
	return view;
}

static void drop_pattern(struct core_logview *view)
{
	char *text;

	core_logmatch_destroy(view->match);
	view->match = NULL;
	memcpy(&text, &view->filter.pattern, sizeof(text)); /* ours: see core_logview_filter() */
	free(text);
	view->filter.pattern = NULL;
}

void core_logview_destroy(struct core_logview *view)
{
	if (!view)
		return;
	core_logstore_unobserve(&view->observer);
	if (view->planned)
		prism_loop_undefer(view->loop, turn, view);
	drop_pattern(view);
	core_gapvec_finish(&view->found);
	free(view);
}

struct core_logstore *core_logview_store(const struct core_logview *view)
{
	return view->store;
}

int core_logview_filter(struct core_logview *view, const struct core_log_filter *filter,
                        struct prism_error *err)
{
	bool pattern = filter->pattern && filter->pattern[0];
	struct core_logmatch *match = NULL;

	if (pattern && !(match = core_logmatch_create(filter->pattern, filter->match_flags, err)))
		return -1;
	char *copy = pattern ? prism_strdup(filter->pattern) : NULL;
	drop_pattern(view);
	view->filter = *filter;
	view->filter.pattern = copy;
	view->match = match;
	view->line_tests = filter->levels || filter->run || filter->marked ||
	                   filter->from_us != PRISM_TIME_UNSET || filter->to_us != PRISM_TIME_UNSET;
	view->filtered = view->line_tests || match;
	start_over(view);
	return 0;
}

const struct core_log_filter *core_logview_filter_of(const struct core_logview *view)
{
	return &view->filter;
}

bool core_logview_filtered(const struct core_logview *view)
{
	return view->filtered;
}

struct core_logmatch *core_logview_match(const struct core_logview *view)
{
	return view->match;
}

void core_logview_touch(struct core_logview *view, uint32_t id)
{
	plan(view);
	if (!view->filtered || id >= view->scanned)
		return;
	size_t pos = found_pos(view, id);
	bool is = pos < view->found.count && found_at(view, pos) == id, should = passes(view, id);
	if (should && !is) {
		add_found(view, pos, id);
	} else if (is && !should) {
		uint32_t *at = core_gapvec_at(&view->found, pos);
		memmove(at, at + 1, (view->found.count - pos - 1) * sizeof(*at));
		view->found.count--;
	}
}

/* ---- lines that pass ---- */

size_t core_logview_count(const struct core_logview *view)
{
	return view->filtered ? view->found.count : core_logstore_count(view->store);
}

uint32_t core_logview_id(const struct core_logview *view, size_t pos)
{
	return view->filtered ? found_at(view, pos) : core_logstore_first(view->store) + (uint32_t)pos;
}

size_t core_logview_pos(const struct core_logview *view, uint32_t id)
{
	uint32_t first = core_logstore_first(view->store);
	size_t count = core_logstore_count(view->store);

	if (view->filtered)
		return found_pos(view, id);
	if (id < first)
		return 0;
	return id - first < count ? id - first : count;
}

/* ---- filtering in slices ---- */

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint32_t end_of(const struct core_logview *view)
{
	return core_logstore_first(view->store) + (uint32_t)core_logstore_count(view->store);
}

/* Up to STEP_LINES lines that lie together, searched as one text. */
static void step_span(struct core_logview *view)
{
	const char *text;
	size_t len, from = 0, start, end;
	uint32_t id = view->scanned;
	size_t lines = core_logstore_span(view->store, id, STEP_LINES, &text, &len);

	while (core_logmatch_find(view->match, text, len, from, &start, &end)) {
		uint32_t hit = core_logstore_span_line(view->store, id, lines, start);
		struct core_log_line line = core_logstore_line(view->store, hit);
		if (!view->line_tests || passes_tests(&view->filter, &line))
			add_found(view, view->found.count, hit);
		from = (size_t)(line.text - text) + line.len + 1; /* one hit a line is enough */
	}
	view->scanned += (uint32_t)lines;
}

static void step_lines(struct core_logview *view)
{
	uint32_t end = end_of(view), stop = view->scanned + STEP_LINES / 8;

	for (stop = stop < end ? stop : end; view->scanned < stop; view->scanned++) {
		if (passes(view, view->scanned))
			add_found(view, view->found.count, view->scanned);
	}
}

bool core_logview_work(struct core_logview *view, int64_t budget_us)
{
	int64_t deadline = budget_us < 0 ? INT64_MAX : now_us() + budget_us;
	bool spans = view->match && core_logmatch_spans(view->match) && !view->filter.exclude;

	if (!view->filtered) {
		view->scanned = end_of(view);
		return true;
	}
	while (view->scanned < end_of(view)) {
		if (spans)
			step_span(view);
		else
			step_lines(view);
		if (now_us() >= deadline)
			break;
	}
	return view->scanned >= end_of(view);
}

static void turn(void *data)
{
	struct core_logview *view = data;

	view->planned = false;
	if (!core_logview_work(view, SLICE_US))
		plan(view);
	if (view->changed)
		view->changed(view->data);
}

unsigned core_logview_progress(const struct core_logview *view)
{
	size_t count = core_logstore_count(view->store);
	size_t done = view->scanned - core_logstore_first(view->store);

	if (!view->filtered || done >= count)
		return 100;
	return (unsigned)(done * 100 / count);
}

/* ---- searching ---- */

static bool matches(struct core_logview *view, struct core_logmatch *match, size_t pos)
{
	struct core_log_line line = core_logstore_line(view->store, core_logview_id(view, pos));
	size_t start, end;

	return core_logmatch_find(match, line.text, line.len, 0, &start, &end);
}

/* Without a filter, a literal is searched forward in spans. Leaves *pos on the hit or behind. */
static bool search_span(struct core_logview *view, struct core_logmatch *match, size_t *pos)
{
	uint32_t id = core_logstore_first(view->store) + (uint32_t)*pos;
	const char *text;
	size_t len, start, end;
	size_t lines = core_logstore_span(view->store, id, STEP_LINES, &text, &len);

	if (!core_logmatch_find(match, text, len, 0, &start, &end)) {
		*pos += lines;
		return false;
	}
	*pos += core_logstore_span_line(view->store, id, lines, start) - id;
	return true;
}

static bool search_forward(struct core_logview *view, struct core_logmatch *match, size_t *pos)
{
	size_t count = core_logview_count(view);

	if (!view->filtered && core_logmatch_spans(match))
		return search_span(view, match, pos);
	for (int i = 0; i < STEP_LINES / 8 && *pos < count; i++, ++*pos) {
		if (matches(view, match, *pos))
			return true;
	}
	return false;
}

/* SIZE_MAX stands for "before the first line". */
static bool search_backward(struct core_logview *view, struct core_logmatch *match, size_t *pos)
{
	for (int i = 0; i < STEP_LINES / 8 && *pos != SIZE_MAX; i++, --*pos) {
		if (matches(view, match, *pos))
			return true;
	}
	return false;
}

enum core_logsearch core_logview_search(struct core_logview *view, struct core_logmatch *match,
                                        bool backward, size_t *pos, int64_t budget_us)
{
	int64_t deadline = budget_us < 0 ? INT64_MAX : now_us() + budget_us;

	for (;;) {
		size_t count = core_logview_count(view);
		if (backward && *pos != SIZE_MAX && *pos >= count)
			*pos = count ? count - 1 : SIZE_MAX;
		if (backward ? *pos == SIZE_MAX : *pos >= count)
			return CORE_LOGSEARCH_NONE;
		if (backward ? search_backward(view, match, pos) : search_forward(view, match, pos))
			return CORE_LOGSEARCH_FOUND;
		if (now_us() >= deadline)
			return CORE_LOGSEARCH_MORE;
	}
}
