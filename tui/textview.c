/*
 * Text to read.  Lines hold spans (text with one slot); `rows` maps what is on the screen to lines:
 * one row a line, or several when wrapped, none when a filter hides it.  The map is made again in
 * prepare when text, width, wrap or filter changed.
 */
#include "tui/textview.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/match.h"

#define WHEEL_ROWS 3
#define SIDE_STEP 8
#define DRAWN_MAX (64 * 1024) /* bytes of a row looked at: a line of megabytes fits no screen */

struct span {
	uint32_t start, end; /* bytes of the line */
	enum pt_slot slot;
};

struct line {
	uint32_t start, len; /* bytes in text */
	uint32_t span, spans;
};

struct row {
	uint32_t line;
	uint32_t start, len; /* bytes of the line */
};

struct pt_textview {
	struct prism_buf text; /* all lines, one after the other */
	struct line *lines;
	size_t line_count, line_alloc;
	struct span *spans;
	size_t span_count, span_alloc;
	struct row *rows;
	size_t row_count, row_alloc;
	bool stale; /* rows must be made again */
	bool cut;   /* text beyond PT_TEXTVIEW_MAX was dropped */
	bool wrap;
	size_t top;
	int side; /* columns scrolled to the side */
	int width, height;
	char *filter, *search;
	size_t match; /* row of the current match; row_count: none */
	char summary[160];
};

struct pt_textview *pt_textview_create(void)
{
	struct pt_textview *view = prism_alloc(sizeof(*view));

	prism_buf_init(&view->text, PT_TEXTVIEW_MAX + 4096);
	view->wrap = true;
	view->match = SIZE_MAX;
	return view;
}

void pt_textview_destroy(struct pt_textview *view)
{
	if (!view)
		return;
	prism_buf_finish(&view->text);
	prism_free(view->lines);
	prism_free(view->spans);
	prism_free(view->rows);
	prism_free(view->filter);
	prism_free(view->search);
	prism_free(view);
}

void pt_textview_clear(struct pt_textview *view)
{
	prism_buf_clear(&view->text);
	view->line_count = view->span_count = 0;
	view->stale = true;
	view->cut = false;
}

static void new_line(struct pt_textview *view)
{
	if (view->line_count == view->line_alloc) {
		view->line_alloc = view->line_alloc ? view->line_alloc * 2 : 64;
		view->lines = prism_realloc_array(view->lines, view->line_alloc, sizeof(*view->lines));
	}
	view->lines[view->line_count++] =
	    (struct line){.start = (uint32_t)view->text.len, .span = (uint32_t)view->span_count};
	view->stale = true;
}

static void add_span(struct pt_textview *view, enum pt_slot slot, const char *text, size_t len)
{
	struct line *line;

	if (view->line_count == 0)
		new_line(view);
	line = &view->lines[view->line_count - 1];
	if (len > PT_TEXTVIEW_MAX - view->text.len) {
		len = PT_TEXTVIEW_MAX - view->text.len;
		view->cut = true;
	}
	if (len == 0)
		return;
	if (view->span_count == view->span_alloc) {
		view->span_alloc = view->span_alloc ? view->span_alloc * 2 : 64;
		view->spans = prism_realloc_array(view->spans, view->span_alloc, sizeof(*view->spans));
	}
	view->spans[view->span_count++] =
	    (struct span){.start = line->len, .end = line->len + (uint32_t)len, .slot = slot};
	line->spans++;
	line->len += (uint32_t)len;
	prism_buf_put(&view->text, text, len);
	view->stale = true;
}

static void add_text(struct pt_textview *view, enum pt_slot slot, const char *text, size_t len)
{
	const char *end = text + len;

	for (;;) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		add_span(view, slot, text, (size_t)(stop - text));
		if (!newline || view->cut)
			return;
		new_line(view);
		text = newline + 1;
	}
}

void pt_textview_set(struct pt_textview *view, const char *bytes, size_t len)
{
	pt_textview_clear(view);
	if (len && bytes[len - 1] == '\n')
		len--;
	new_line(view);
	add_text(view, PT_SLOT_TEXT, bytes, len);
}

void pt_textview_line(struct pt_textview *view, enum pt_slot slot, const char *line)
{
	new_line(view);
	add_text(view, slot, line, strlen(line));
}

void pt_textview_part(struct pt_textview *view, enum pt_slot slot, const char *part)
{
	add_text(view, slot, part, strlen(part));
}

void pt_textview_printf(struct pt_textview *view, enum pt_slot slot, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pt_textview_line(view, slot, text);
}

void pt_textview_field(struct pt_textview *view, int width, const char *label, enum pt_slot slot,
                       const char *value)
{
	size_t columns = prism_text_columns(label, strlen(label));

	pt_textview_line(view, PT_SLOT_LABEL, label);
	do
		pt_textview_part(view, PT_SLOT_TEXT, " ");
	while (++columns < (size_t)width);
	pt_textview_part(view, slot, value ? value : "");
}

void pt_textview_set_wrap(struct pt_textview *view, bool wrap)
{
	view->stale |= wrap != view->wrap;
	view->wrap = wrap;
	view->side = 0;
}

bool pt_textview_wrap(const struct pt_textview *view)
{
	return view->wrap;
}

size_t pt_textview_lines(const struct pt_textview *view)
{
	return view->line_count;
}

size_t pt_textview_rows(const struct pt_textview *view)
{
	return view->row_count;
}

static const char *line_text(const struct pt_textview *view, size_t line)
{
	return prism_buf_text(&view->text) + view->lines[line].start;
}

char *pt_textview_copy(const struct pt_textview *view)
{
	struct prism_buf out = PRISM_BUF_INIT(2 * (size_t)PT_TEXTVIEW_MAX);

	for (size_t i = 0; i < view->line_count; i++) {
		prism_buf_put(&out, line_text(view, i), view->lines[i].len);
		prism_buf_putc(&out, '\n');
	}
	return out.len ? prism_buf_take(&out, NULL) : NULL;
}

/* --- rows --- */

struct wrapping {
	struct pt_textview *view;
	uint32_t line;
	const char *start;
};

static void add_row(struct pt_textview *view, uint32_t line, uint32_t start, uint32_t len)
{
	if (view->row_count == view->row_alloc) {
		view->row_alloc = view->row_alloc ? view->row_alloc * 2 : 128;
		view->rows = prism_realloc_array(view->rows, view->row_alloc, sizeof(*view->rows));
	}
	view->rows[view->row_count++] = (struct row){line, start, len};
}

static void wrapped(void *data, int number, const char *text, size_t len)
{
	struct wrapping *wrapping = data;

	PRISM_UNUSED(number);
	add_row(wrapping->view, wrapping->line, (uint32_t)(text - wrapping->start), (uint32_t)len);
}

static void make_rows(struct pt_textview *view)
{
	/* The line at the top stays at the top. */
	uint32_t top_line = view->top < view->row_count ? view->rows[view->top].line : 0;
	bool was_top = view->top == 0;

	view->row_count = 0;
	view->top = 0;
	for (size_t i = 0; i < view->line_count; i++) {
		const char *text = line_text(view, i);
		size_t len = view->lines[i].len;

		if (view->filter && !pt_match_words(text, len, view->filter))
			continue;
		if (!was_top && view->top == 0 && i >= top_line)
			view->top = view->row_count;
		if (view->wrap) {
			struct wrapping wrapping = {view, (uint32_t)i, text};

			pt_text_wrap(text, len, view->width > 0 ? view->width : 1, wrapped, &wrapping);
		} else {
			add_row(view, (uint32_t)i, 0, (uint32_t)len);
		}
	}
	view->match = SIZE_MAX;
	view->stale = false;
}

static void clamp(struct pt_textview *view)
{
	size_t height = view->height > 0 ? (size_t)view->height : 1;

	if (view->row_count <= height)
		view->top = 0;
	else if (view->top > view->row_count - height)
		view->top = view->row_count - height;
}

void pt_textview_prepare(struct pt_textview *view, int width, int height)
{
	if (view->stale || width != view->width) {
		view->width = width;
		make_rows(view);
	}
	view->height = height;
	clamp(view);
}

unsigned pt_textview_nav(struct pt_textview *view, enum pt_nav nav, int count)
{
	size_t times = count > 0 ? (size_t)count : 1;
	size_t height = view->height > 1 ? (size_t)view->height : 2;
	size_t step = nav == PT_NAV_PAGE_UP || nav == PT_NAV_PAGE_DOWN   ? height - 1
	              : nav == PT_NAV_HALF_UP || nav == PT_NAV_HALF_DOWN ? height / 2
	                                                                 : 1;

	switch (nav) {
	case PT_NAV_UP:
	case PT_NAV_PAGE_UP:
	case PT_NAV_HALF_UP:
		view->top = view->top > times * step ? view->top - times * step : 0;
		break;
	case PT_NAV_DOWN:
	case PT_NAV_PAGE_DOWN:
	case PT_NAV_HALF_DOWN:
		view->top += times * step;
		break;
	case PT_NAV_FIRST:
		view->top = 0;
		break;
	case PT_NAV_LAST:
		view->top = view->row_count;
		break;
	case PT_NAV_LEFT:
		if (view->wrap || view->side == 0)
			return PT_IGNORED;
		view->side -= SIDE_STEP;
		break;
	case PT_NAV_RIGHT:
		if (view->wrap)
			return PT_IGNORED;
		view->side += SIDE_STEP;
		break;
	}
	clamp(view);
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_textview_key(struct pt_textview *view, const struct pt_event *event)
{
	if (event->kind != PT_EVENT_MOUSE)
		return PT_IGNORED;
	if (event->button == PT_MOUSE_WHEEL_UP)
		return pt_textview_nav(view, PT_NAV_UP, WHEEL_ROWS);
	if (event->button == PT_MOUSE_WHEEL_DOWN)
		return pt_textview_nav(view, PT_NAV_DOWN, WHEEL_ROWS);
	return PT_IGNORED;
}

unsigned pt_textview_set_filter(struct pt_textview *view, const char *filter)
{
	prism_free(view->filter);
	view->filter = filter && *filter ? prism_strdup(filter) : NULL;
	view->stale = true;
	return PT_HANDLED | PT_REDRAW;
}

const char *pt_textview_filter(const struct pt_textview *view)
{
	return view->filter ? view->filter : "";
}

static bool row_matches(const struct pt_textview *view, size_t row)
{
	const struct row *at = &view->rows[row];
	size_t start, end;

	return pt_match_find(line_text(view, at->line) + at->start, at->len, view->search, 0, &start,
	                     &end);
}

unsigned pt_textview_search(struct pt_textview *view, const char *needle, int direction)
{
	size_t at = view->match < view->row_count ? view->match : view->top;

	if (needle) {
		prism_free(view->search);
		view->search = *needle ? prism_strdup(needle) : NULL;
		view->match = SIZE_MAX;
		at = view->top;
	}
	if (!view->search || view->row_count == 0)
		return PT_HANDLED | PT_REDRAW;
	for (size_t i = 0; i <= view->row_count; i++) {
		bool stay = i == 0 && view->match == SIZE_MAX; /* the first one may be right here */

		if (!stay && direction < 0)
			at = at == 0 ? view->row_count - 1 : at - 1;
		else if (!stay)
			at = at + 1 >= view->row_count ? 0 : at + 1;
		if (!row_matches(view, at))
			continue;
		view->match = at;
		if (at < view->top || at >= view->top + (size_t)(view->height > 0 ? view->height : 1))
			view->top = at > (size_t)view->height / 3 ? at - (size_t)view->height / 3 : 0;
		clamp(view);
		break;
	}
	return PT_HANDLED | PT_REDRAW;
}

const char *pt_textview_summary(struct pt_textview *view)
{
	size_t last = view->top + (size_t)(view->height > 0 ? view->height : 0);
	int used = 0;

	view->summary[0] = '\0';
	if (view->row_count > (size_t)(view->height > 0 ? view->height : 0))
		used = snprintf(view->summary, sizeof(view->summary), "%zu-%zu of %zu", view->top + 1,
		                last < view->row_count ? last : view->row_count, view->row_count);
	if (view->filter)
		used += snprintf(view->summary + used, sizeof(view->summary) - (size_t)used, "%s\"%.40s\"",
		                 used ? ", filter " : "filter ", view->filter);
	if (view->search && view->match == SIZE_MAX)
		used += snprintf(view->summary + used, sizeof(view->summary) - (size_t)used,
		                 "%s\"%.40s\" not found", used ? ", " : "", view->search);
	if (view->cut)
		snprintf(view->summary + used, sizeof(view->summary) - (size_t)used, "%scut at 16 MiB",
		         used ? ", " : "");
	return view->summary;
}

/* One row, span by span; columns before the row's start and beyond its end are left out. */
static void draw_row(const struct pt_textview *view, struct pt_canvas *canvas, int x, int y,
                     int width, size_t index)
{
	const struct row *row = &view->rows[index];
	const struct line *line = &view->lines[row->line];
	const char *text = line_text(view, row->line);
	size_t len = row->len < DRAWN_MAX ? row->len : DRAWN_MAX;
	int col = -view->side;

	for (uint32_t i = 0; i < line->spans && col < width; i++) {
		const struct span *span = &view->spans[line->span + i];
		uint32_t start = span->start > row->start ? span->start : row->start;
		uint32_t end = span->end < row->start + row->len ? span->end : row->start + row->len;
		int columns;

		if (start >= end)
			continue;
		if (end - start > DRAWN_MAX)
			end = start + DRAWN_MAX;
		columns = (int)prism_text_columns(text + start, end - start);
		if (col + columns > 0)
			pt_canvas_text_from(canvas, x + (col > 0 ? col : 0), y, width - (col > 0 ? col : 0),
			                    col < 0 ? -col : 0, span->slot, 0, text + start, end - start);
		col += columns;
	}
	if (view->filter)
		pt_match_paint(canvas, x, y, width, view->side, text + row->start, len, view->filter,
		               PT_LOOK_MATCH);
	if (view->search)
		pt_match_paint(canvas, x, y, width, view->side, text + row->start, len, view->search,
		               index == view->match ? PT_LOOK_MATCH_NOW : PT_LOOK_MATCH);
}

void pt_textview_draw(const struct pt_textview *view, struct pt_canvas *canvas, struct pt_rect area)
{
	struct pt_rect before = pt_canvas_clip(canvas, area);

	for (int i = 0; i < area.h && view->top + (size_t)i < view->row_count; i++)
		draw_row(view, canvas, area.x, area.y + i, area.w, view->top + (size_t)i);
	if (view->row_count == 0 && view->filter)
		pt_canvas_text(canvas, area.x, area.y, area.w, PT_SLOT_DIM, 0,
		               "Nothing matches the filter.");
	pt_canvas_unclip(canvas, before);
}
