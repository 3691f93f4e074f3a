/*
 * Draws a log pane: mark, time, level, run, message; what matches the search or the filter is
 * highlighted.  Reads state only; text goes through the cell door of tui/canvas.h.
 */
#include "tui/logpane.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	MARK = 1,
	TIME_SHORT = 9,  /* "14:00:01 " */
	TIME_FINE = 13,  /* "14:00:01.654 " */
	TIME_LONG = 24,  /* "2025-11-12 14:00:01.654 " */
	TIME_SPAN = 9,   /* "  4m 12s " */
	LEVEL = 6,       /* "ERROR " */
	RUN = 9,         /* 8 characters of the run id */
	HIGHLIGHTS = 200 /* matches shown in one line */
};

struct pt_log_columns pt_log_columns(const struct pt_logpane *pane, int width)
{
	struct pt_log_columns c = {.level = LEVEL};

	if (pane->times == PT_LOG_RELATIVE)
		c.time = TIME_SPAN;
	else
		c.time = width >= 110 ? TIME_LONG : width >= 60 ? TIME_FINE : TIME_SHORT;
	if (core_logstore_runs(pane->store) > 1 && width >= 70)
		c.run = RUN;
	if (width < 40)
		c.time = 0;
	c.message = width - MARK - c.time - c.level - c.run;
	if (c.message < 10) {
		c.level = c.run = 0;
		c.message = width - MARK - c.time;
	}
	if (c.message < 1)
		c.message = 1;
	return c;
}

size_t pt_log_fit(const char *text, size_t len, int width, int *ret_columns)
{
	const char *end = text + len;
	int columns = 0;

	for (const char *p = text; p < end;) {
		const char *start = p;
		int step = 1;
		if (*p >= 0x20 && *p < 0x7F)
			p++;
		else
			step = prism_text_width((uint32_t)prism_utf8_next(&p, end));
		if (columns + step > width && start > text) {
			*ret_columns = columns;
			return (size_t)(start - text);
		}
		columns += step;
	}
	*ret_columns = columns;
	return len;
}

/* ---- time ---- */

static void format_clock(int64_t us, bool utc, int columns, char *buf, size_t size)
{
	time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
	int ms = (int)((us - (int64_t)seconds * 1000000) / 1000);
	struct tm tm;
	char clock[24] = "";

	if (!(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)))
		return;
	strftime(clock, sizeof(clock), columns == TIME_LONG ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	if (columns == TIME_SHORT)
		snprintf(buf, size, "%s", clock);
	else
		snprintf(buf, size, "%s.%03d", clock, ms);
}

static void draw_time(const struct pt_logpane *pane, struct pt_canvas *canvas, int x, int y,
                      int columns, int64_t us, unsigned looks)
{
	char text[PRISM_TIME_TEXT] = "";

	if (us == PRISM_TIME_UNSET || columns == 0)
		return;
	if (pane->times == PT_LOG_RELATIVE) {
		prism_time_span(prism_clock_wall_us(pane->clock) - us, text);
		pt_canvas_text_right(canvas, x, y, columns - 1, PT_SLOT_LOG_TIME, looks, text);
		return;
	}
	format_clock(us, pane->times == PT_LOG_UTC, columns, text, sizeof(text));
	pt_canvas_text(canvas, x, y, columns - 1, PT_SLOT_LOG_TIME, looks, text);
}

/* ---- message ---- */

static enum pt_slot level_slot(unsigned level)
{
	switch (level) {
	case CORE_LOG_DEBUG:
		return PT_SLOT_LOG_DEBUG;
	case CORE_LOG_WARN:
		return PT_SLOT_LOG_WARN;
	case CORE_LOG_ERROR:
		return PT_SLOT_LOG_ERROR;
	default:
		return PT_SLOT_LOG_INFO;
	}
}

/* Adds a look to the columns of [start, end) of a row that shows text[from, to) after skip. */
static void light(struct pt_canvas *canvas, struct pt_rect row, const char *text, size_t from,
                  size_t to, int skip, size_t start, size_t end, unsigned look)
{
	if (start < from)
		start = from;
	if (end > to)
		end = to;
	if (start >= end)
		return;
	int left = (int)prism_text_columns(text + from, start - from) - skip;
	int right = left + (int)prism_text_columns(text + start, end - start);
	if (left < 0)
		left = 0;
	if (right > row.w)
		right = row.w;
	if (left < right)
		pt_canvas_add_looks(canvas, (struct pt_rect){row.x + left, row.y, right - left, 1}, look);
}

static void highlight(const struct pt_logpane *pane, struct core_logmatch *match,
                      struct pt_canvas *canvas, struct pt_rect row,
                      const struct core_log_line *line, size_t from, size_t to, unsigned look)
{
	size_t start, end, at = 0;

	for (int i = 0; i < HIGHLIGHTS; i++) {
		if (!core_logmatch_find(match, line->text, line->len, at, &start, &end) || start >= to)
			return;
		light(canvas, row, line->text, from, to, pane->wrap ? 0 : pane->skip, start, end, look);
		at = end > start ? end : end + 1;
		while (at < line->len && ((unsigned char)line->text[at] & 0xC0) == 0x80)
			at++;
	}
}

/* Whether there is more of an unwrapped line right of so many columns. */
static bool goes_on(const struct core_log_line *line, int columns)
{
	int taken;

	return pt_log_fit(line->text, line->len, columns, &taken) < line->len;
}

static void draw_message(const struct pt_logpane *pane, struct pt_canvas *canvas,
                         struct pt_rect row, const struct core_log_line *line, size_t from,
                         size_t to, unsigned looks, bool current)
{
	enum pt_slot slot = line->level == CORE_LOG_ERROR || line->level == CORE_LOG_WARN ||
	                            line->level == CORE_LOG_DEBUG
	                        ? level_slot(line->level)
	                        : PT_SLOT_TEXT;
	struct core_logmatch *filter = core_logview_match(pane->view);

	pt_canvas_text_from(canvas, row.x, row.y, row.w, pane->wrap ? 0 : pane->skip, slot, looks,
	                    line->text + from, to - from);
	if (filter && !core_logview_filter_of(pane->view)->exclude)
		highlight(pane, filter, canvas, row, line, from, to, PT_LOOK_MATCH);
	if (pane->match)
		highlight(pane, pane->match, canvas, row, line, from, to,
		          current ? PT_LOOK_MATCH_NOW : PT_LOOK_MATCH);
	if (!pane->wrap && goes_on(line, pane->skip + row.w))
		pt_canvas_glyph(canvas, row.x + row.w - 1, row.y, PT_GLYPH_ELLIPSIS, PT_SLOT_DIM, looks);
}

static void draw_prefix(const struct pt_logpane *pane, struct pt_canvas *canvas, int x, int y,
                        const struct pt_log_columns *c, const struct core_log_line *line,
                        unsigned looks)
{
	char word[8];

	if (line->marked)
		pt_canvas_glyph(canvas, x, y, PT_GLYPH_BULLET, PT_SLOT_MARK, looks);
	x += MARK;
	if (line->continuation)
		return;
	draw_time(pane, canvas, x, y, c->time, line->time_us, looks);
	x += c->time;
	if (c->level) {
		const char *level = core_logstore_level(pane->store, line->level);
		size_t len = 0;
		for (; level[len] && len < sizeof(word) - 1; len++)
			word[len] =
			    level[len] >= 'a' && level[len] <= 'z' ? (char)(level[len] - 32) : level[len];
		word[len] = '\0';
		pt_canvas_text(canvas, x, y, c->level - 1, level_slot(line->level), looks, word);
	}
	x += c->level;
	if (c->run) {
		const char *run = core_logstore_run(pane->store, line->run);
		pt_canvas_textn(canvas, x, y, c->run - 1, PT_SLOT_LINK, looks, run, strnlen(run, RUN - 1));
	}
}

/* One line from its row `first` on; returns the rows it took. */
static int draw_line(const struct pt_logpane *pane, struct pt_canvas *canvas, struct pt_rect area,
                     int y, size_t pos, int first, unsigned cursor_look)
{
	uint32_t id = core_logview_id(pane->view, pos);
	struct core_log_line line = core_logstore_line(pane->store, id);
	struct pt_log_columns c = pt_log_columns(pane, area.w);
	bool current = pos == pt_logpane_pos(pane);
	unsigned looks = current ? cursor_look : 0;
	size_t from = 0;
	int x = area.x + area.w - c.message, row = 0, columns;

	do {
		size_t size = line.len - from;
		if (pane->wrap)
			size = pt_log_fit(line.text + from, line.len - from, c.message, &columns);
		if (row >= first && y + row - first < area.y + area.h) {
			int at = y + row - first;
			if (looks)
				pt_canvas_fill(canvas, (struct pt_rect){area.x, at, area.w, 1}, PT_SLOT_TEXT,
				               looks);
			if (row == 0)
				draw_prefix(pane, canvas, area.x, at, &c, &line, looks);
			draw_message(pane, canvas, (struct pt_rect){x, at, c.message, 1}, &line, from,
			             from + size, looks, current);
		}
		from += size;
		row++;
	} while (pane->wrap && from < line.len);
	return row - first;
}

void pt_logpane_draw(const struct pt_logpane *pane, struct pt_canvas *canvas, struct pt_rect area,
                     bool focus)
{
	size_t count = core_logview_count(pane->view), pos = pt_logpane_top(pane);
	int y = area.y, first = pane->top_row;
	unsigned look = focus ? PT_LOOK_SELECTED : PT_LOOK_SELECTED_IDLE;

	/* Following needs no cursor: the end is where it is. */
	if (pane->follow)
		look = 0;
	for (; pos < count && y < area.y + area.h; pos++, first = 0)
		y += draw_line(pane, canvas, area, y, pos, first, look);
}
