/* Lines, boxes, bars, rectangles, wrapping and graphemes: what is built from cells and columns. */
#include "tui/canvas.h"

#include "base/mem.h"
#include "base/text.h"

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

bool pt_rect_contains(struct pt_rect rect, int x, int y)
{
	return x >= rect.x && y >= rect.y && x < rect.x + rect.w && y < rect.y + rect.h;
}

struct pt_rect pt_rect_intersect(struct pt_rect a, struct pt_rect b)
{
	int x = most(a.x, b.x), y = most(a.y, b.y);

	return (struct pt_rect){.x = x,
	                        .y = y,
	                        .w = most(0, least(a.x + a.w, b.x + b.w) - x),
	                        .h = most(0, least(a.y + a.h, b.y + b.h) - y)};
}

struct pt_rect pt_rect_inset(struct pt_rect rect, int dx, int dy)
{
	return (struct pt_rect){.x = rect.x + least(dx, rect.w / 2),
	                        .y = rect.y + least(dy, rect.h / 2),
	                        .w = most(0, rect.w - 2 * dx),
	                        .h = most(0, rect.h - 2 * dy)};
}

struct pt_rect pt_rect_center(struct pt_rect area, int w, int h)
{
	w = most(0, least(w, area.w));
	h = most(0, least(h, area.h));
	return (struct pt_rect){
	    .x = area.x + (area.w - w) / 2, .y = area.y + (area.h - h) / 2, .w = w, .h = h};
}

void pt_canvas_hline(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot)
{
	for (int i = 0; i < width; i++)
		pt_canvas_glyph(canvas, x + i, y, PT_GLYPH_HLINE, slot, 0);
}

void pt_canvas_vline(struct pt_canvas *canvas, int x, int y, int height, enum pt_slot slot)
{
	for (int i = 0; i < height; i++)
		pt_canvas_glyph(canvas, x, y + i, PT_GLYPH_VLINE, slot, 0);
}

void pt_canvas_box(struct pt_canvas *canvas, struct pt_rect rect, enum pt_slot frame,
                   enum pt_slot inside, const char *title)
{
	int right = rect.x + rect.w - 1, bottom = rect.y + rect.h - 1;

	pt_canvas_fill(canvas, rect, inside, 0);
	if (rect.w < 2 || rect.h < 2)
		return;
	pt_canvas_hline(canvas, rect.x, rect.y, rect.w, frame);
	pt_canvas_hline(canvas, rect.x, bottom, rect.w, frame);
	pt_canvas_vline(canvas, rect.x, rect.y, rect.h, frame);
	pt_canvas_vline(canvas, right, rect.y, rect.h, frame);
	pt_canvas_glyph(canvas, rect.x, rect.y, PT_GLYPH_TOP_LEFT, frame, 0);
	pt_canvas_glyph(canvas, right, rect.y, PT_GLYPH_TOP_RIGHT, frame, 0);
	pt_canvas_glyph(canvas, rect.x, bottom, PT_GLYPH_BOTTOM_LEFT, frame, 0);
	pt_canvas_glyph(canvas, right, bottom, PT_GLYPH_BOTTOM_RIGHT, frame, 0);
	if (title && *title && rect.w > 6) {
		int used =
		    pt_canvas_text(canvas, rect.x + 3, rect.y, rect.w - 6, PT_SLOT_DIALOG_TITLE, 0, title);

		pt_canvas_text(canvas, rect.x + 2, rect.y, 1, PT_SLOT_DIALOG_TITLE, 0, " ");
		pt_canvas_text(canvas, rect.x + 3 + used, rect.y, 1, PT_SLOT_DIALOG_TITLE, 0, " ");
	}
}

void pt_canvas_bar(struct pt_canvas *canvas, int x, int y, int width, uint64_t part, uint64_t total)
{
	int full = 0;

	if (width <= 0)
		return;
	if (total > 0)
		full = part >= total ? width : (int)((double)part / (double)total * (double)width);
	for (int i = 0; i < width; i++)
		pt_canvas_glyph(canvas, x + i, y, i < full ? PT_GLYPH_BLOCK : PT_GLYPH_SHADE,
		                i < full ? PT_SLOT_BAR : PT_SLOT_BAR_REST, 0);
}

const char *pt_grapheme_next(const char *pos, const char *end)
{
	const char *next = pos;

	if (pos >= end)
		return end;
	prism_utf8_next(&next, end);
	for (pos = next; pos < end; pos = next) {
		int32_t cp = prism_utf8_next(&next, end);

		if (cp < 0x300 || prism_text_hostile((uint32_t)cp) || prism_text_width((uint32_t)cp) != 0)
			break;
	}
	return pos;
}

const char *pt_grapheme_prev(const char *start, const char *pos)
{
	const char *at = pos;

	while (at > start) {
		const char *stop = at, *next;
		int32_t cp;

		do
			at--;
		while (at > start && stop - at < 4 && ((unsigned char)*at & 0xc0) == 0x80);
		next = at;
		cp = prism_utf8_next(&next, stop);
		if (cp < 0x300 || prism_text_hostile((uint32_t)cp) || prism_text_width((uint32_t)cp) != 0)
			break;
	}
	return at;
}

/* Where the line that starts at pos ends: *ret_end, and *ret_next after the white space or newline
 * that broke it. At least one character goes on every line, so that this ends. */
static void wrap_one(const char *pos, const char *end, int width, const char **ret_end,
                     const char **ret_next)
{
	const char *space = NULL, *at = pos;
	int col = 0;

	while (at < end) {
		const char *next = at;
		int32_t cp = prism_utf8_next(&next, end);
		int w = cp == '\n'                         ? 0
		        : prism_text_hostile((uint32_t)cp) ? 1
		                                           : prism_text_width((uint32_t)cp);

		if (cp == '\n') {
			*ret_end = at;
			*ret_next = next;
			return;
		}
		if (cp == ' ')
			space = at;
		if (col + w > width && at > pos) {
			if (space && space > pos) {
				*ret_end = space;
				*ret_next = space + 1;
			} else {
				*ret_end = *ret_next = at;
			}
			return;
		}
		col += w;
		at = next;
	}
	*ret_end = *ret_next = end;
}

int pt_text_wrap(const char *text, size_t len, int width, pt_line_fn fn, void *data)
{
	const char *pos = text, *end = text + len;
	int lines = 0;
	bool newline = true;

	if (width < 1)
		width = 1;
	while (pos < end) {
		const char *stop, *next;

		wrap_one(pos, end, width, &stop, &next);
		newline = next > stop && stop < end && *stop == '\n';
		if (fn)
			fn(data, lines, pos, (size_t)(stop - pos));
		lines++;
		pos = next;
	}
	if (newline) { /* empty text, or a newline at the very end */
		if (fn)
			fn(data, lines, end, 0);
		lines++;
	}
	return lines;
}
