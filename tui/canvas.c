/*
 * The grid of cells, and the only code that puts characters into it.
 *
 * Invariants: a wide character occupies a cell with its code point and one with ch 0 to its right;
 * whoever overwrites one half blanks the other.  Every cell is inside the grid; unused bytes of a
 * cell are 0, so rows can be compared as memory.
 *
 * Boxes, bars, wrapping and graphemes, which only use these, are in canvas_draw.c.
 */
#include "tui/canvas.h"

#include "base/mem.h"
#include "base/text.h"

/* Bytes looked at for each column asked for: a column may carry a few combining marks, and a longer
 * string is cut before it is decoded, so that a 10 MB value costs what a short one costs. */
#define BYTES_PER_COLUMN 32
#define BYTES_EXTRA 64

struct pt_canvas {
	int rows, cols;
	bool utf8;
	struct pt_cell *cells;
	struct pt_rect clip;
	unsigned looks;
	int cursor_x, cursor_y; /* -1: hidden */
	struct prism_buf safe;  /* a string made harmless, reused */
};

static const struct pt_cell blank = {.ch = ' ', .slot = PT_SLOT_TEXT};

struct pt_canvas *pt_canvas_create(int rows, int cols, bool utf8)
{
	struct pt_canvas *canvas = prism_alloc(sizeof(*canvas));

	canvas->utf8 = utf8;
	prism_buf_init(&canvas->safe, 1024 * 1024);
	pt_canvas_resize(canvas, rows, cols);
	return canvas;
}

void pt_canvas_destroy(struct pt_canvas *canvas)
{
	if (!canvas)
		return;
	prism_free(canvas->cells);
	prism_buf_finish(&canvas->safe);
	prism_free(canvas);
}

void pt_canvas_resize(struct pt_canvas *canvas, int rows, int cols)
{
	canvas->rows = rows < 1 ? 1 : rows;
	canvas->cols = cols < 1 ? 1 : cols;
	prism_free(canvas->cells);
	canvas->cells =
	    prism_alloc_array((size_t)canvas->rows * (size_t)canvas->cols, sizeof(*canvas->cells));
	pt_canvas_clear(canvas);
}

int pt_canvas_rows(const struct pt_canvas *canvas)
{
	return canvas->rows;
}

int pt_canvas_cols(const struct pt_canvas *canvas)
{
	return canvas->cols;
}

bool pt_canvas_utf8(const struct pt_canvas *canvas)
{
	return canvas->utf8;
}

static struct pt_cell *cell_at(struct pt_canvas *canvas, int x, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

const struct pt_cell *pt_canvas_cell(const struct pt_canvas *canvas, int x, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

const struct pt_cell *pt_canvas_row(const struct pt_canvas *canvas, int y)
{
	return pt_canvas_cell(canvas, 0, y);
}

void pt_canvas_clear(struct pt_canvas *canvas)
{
	size_t count = (size_t)canvas->rows * (size_t)canvas->cols;

	for (int x = 0; x < canvas->cols; x++)
		canvas->cells[x] = blank;
	for (size_t done = (size_t)canvas->cols;
	     done < count;) { /* what is blank is copied, doubling */
		size_t more = done < count - done ? done : count - done;

		memcpy(&canvas->cells[done], canvas->cells, more * sizeof(*canvas->cells));
		done += more;
	}
	canvas->clip = (struct pt_rect){0, 0, canvas->cols, canvas->rows};
	canvas->looks = 0;
	canvas->cursor_x = canvas->cursor_y = -1;
}

void pt_canvas_copy(struct pt_canvas *canvas, const struct pt_canvas *from)
{
	if (canvas->rows != from->rows || canvas->cols != from->cols)
		pt_canvas_resize(canvas, from->rows, from->cols);
	memcpy(canvas->cells, from->cells,
	       (size_t)from->rows * (size_t)from->cols * sizeof(*from->cells));
	canvas->cursor_x = from->cursor_x;
	canvas->cursor_y = from->cursor_y;
}

void pt_canvas_set_cursor(struct pt_canvas *canvas, int x, int y)
{
	if (!pt_rect_contains(canvas->clip, x, y))
		return;
	canvas->cursor_x = x;
	canvas->cursor_y = y;
}

bool pt_canvas_cursor(const struct pt_canvas *canvas, int *ret_x, int *ret_y)
{
	if (canvas->cursor_x < 0)
		return false;
	*ret_x = canvas->cursor_x;
	*ret_y = canvas->cursor_y;
	return true;
}

struct pt_rect pt_canvas_clip(struct pt_canvas *canvas, struct pt_rect rect)
{
	struct pt_rect before = canvas->clip;

	canvas->clip = pt_rect_intersect(before, rect);
	return before;
}

void pt_canvas_unclip(struct pt_canvas *canvas, struct pt_rect before)
{
	canvas->clip = before;
}

unsigned pt_canvas_set_looks(struct pt_canvas *canvas, unsigned looks)
{
	unsigned before = canvas->looks;

	canvas->looks = looks;
	return before;
}

/* The clip is never larger than the canvas. */
static inline bool inside(const struct pt_canvas *canvas, int x, int y)
{
	const struct pt_rect *clip = &canvas->clip;

	return x >= clip->x && y >= clip->y && x < clip->x + clip->w && y < clip->y + clip->h;
}

/* One cell inside the clip; repairs a wide character that is cut by it. */
static void put(struct pt_canvas *canvas, int x, int y, uint32_t ch, enum pt_slot slot,
                unsigned looks)
{
	struct pt_cell *cell;

	if (!inside(canvas, x, y))
		return;
	cell = cell_at(canvas, x, y);
	if (cell->ch == 0 && x > 0 && ch != 0) {
		cell[-1].ch = ' ';
		cell[-1].marks[0] = cell[-1].marks[1] = 0;
	}
	if (x + 1 < canvas->cols && cell[1].ch == 0)
		cell[1].ch = ' ';
	*cell = (struct pt_cell){
	    .ch = ch, .slot = (uint8_t)slot, .looks = (uint8_t)(looks | canvas->looks)};
}

static void put_wide(struct pt_canvas *canvas, int x, int y, uint32_t ch, enum pt_slot slot,
                     unsigned looks)
{
	if (!pt_rect_contains(canvas->clip, x, y) || !pt_rect_contains(canvas->clip, x + 1, y)) {
		put(canvas, x, y, ' ', slot, looks);
		put(canvas, x + 1, y, ' ', slot, looks);
		return;
	}
	put(canvas, x, y, ' ', slot, looks);
	put(canvas, x + 1, y, ' ', slot, looks);
	cell_at(canvas, x, y)->ch = ch;
	cell_at(canvas, x + 1, y)->ch = 0;
}

static void put_mark(struct pt_canvas *canvas, int x, int y, uint32_t mark)
{
	struct pt_cell *cell;

	/* Joiners and variation selectors change the width of what they join on some terminals only. */
	if (mark == 0x200d || (mark >= 0xfe00 && mark <= 0xfe0f) || mark == 0x200b || mark == 0xad)
		return;
	if (!pt_rect_contains(canvas->clip, x, y))
		return;
	cell = cell_at(canvas, x, y);
	if (cell->ch == 0 && x > 0)
		cell--;
	for (int i = 0; i < PT_CELL_MARKS; i++) {
		if (!cell->marks[i]) {
			cell->marks[i] = mark;
			return;
		}
	}
}

static bool plain_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
			return false;
	return true;
}

/* The cell door. Columns [skip, skip + width) of the text at x; *ret_more: something was left over.
 */
static int lay(struct pt_canvas *canvas, int x, int y, int width, int skip, enum pt_slot slot,
               unsigned looks, const char *text, size_t len, bool *ret_more)
{
	size_t most = ((size_t)width + (size_t)skip) * BYTES_PER_COLUMN + BYTES_EXTRA;
	bool cut = len > most;
	const char *pos, *end;
	int col = -skip; /* of the next character, from x */

	if (cut)
		len = most;
	if (!plain_ascii(text, len)) {
		prism_buf_clear(&canvas->safe);
		prism_text_neutralise(&canvas->safe, text, len, !canvas->utf8);
		text = prism_buf_text(&canvas->safe);
		len = canvas->safe.len;
	}
	*ret_more = cut;
	for (pos = text, end = text + len; pos < end;) {
		uint32_t cp = (uint32_t)prism_utf8_next(&pos, end);
		int w = cp < 0x7f ? 1 : prism_text_width(cp);

		if (w == 0) {
			if (col > 0)
				put_mark(canvas, x + col - 1, y, cp);
			continue;
		}
		if (col + w > width) {
			*ret_more = true;
			if (col < width && col >= 0)
				put(canvas, x + col++, y, ' ', slot, looks); /* half a wide one */
			break;
		}
		if (w == 2 && col >= 0)
			put_wide(canvas, x + col, y, cp, slot, looks);
		else if (col >= 0)
			put(canvas, x + col, y, cp, slot, looks);
		else if (col + w > 0)
			put(canvas, x, y, ' ', slot, looks);
		col += w;
	}
	return col < 0 ? 0 : col;
}

int pt_canvas_textn(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                    unsigned looks, const char *text, size_t len)
{
	bool more;
	int used;

	if (width <= 0 || !text)
		return 0;
	used = lay(canvas, x, y, width, 0, slot, looks, text, len, &more);
	if (more && used >= width)
		pt_canvas_glyph(canvas, x + width - 1, y, PT_GLYPH_ELLIPSIS, slot, looks);
	return used;
}

int pt_canvas_text(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                   unsigned looks, const char *text)
{
	size_t most;

	if (width <= 0 || !text)
		return 0;
	most = (size_t)width * BYTES_PER_COLUMN + BYTES_EXTRA + 1;
	return pt_canvas_textn(canvas, x, y, width, slot, looks, text, strnlen(text, most));
}

int pt_canvas_text_from(struct pt_canvas *canvas, int x, int y, int width, int skip,
                        enum pt_slot slot, unsigned looks, const char *text, size_t len)
{
	bool more;

	if (width <= 0 || !text)
		return 0;
	return lay(canvas, x, y, width, skip < 0 ? 0 : skip, slot, looks, text, len, &more);
}

int pt_canvas_printf(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                     unsigned looks, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return pt_canvas_text(canvas, x, y, width, slot, looks, text);
}

int pt_canvas_text_right(struct pt_canvas *canvas, int x, int y, int width, enum pt_slot slot,
                         unsigned looks, const char *text)
{
	PRISM_AUTO_BUF struct prism_buf safe = PRISM_BUF_INIT(1024 * 1024);
	size_t len = text ? strnlen(text, (size_t)(width > 0 ? width : 0) * BYTES_PER_COLUMN + 1) : 0;
	size_t cols;

	if (width <= 0 || len == 0)
		return 0;
	prism_text_neutralise(&safe, text, len, !canvas->utf8);
	cols = prism_text_columns(prism_buf_text(&safe), safe.len);
	if (cols >= (size_t)width)
		return pt_canvas_text(canvas, x, y, width, slot, looks, text);
	return pt_canvas_textn(canvas, x + width - (int)cols, y, (int)cols, slot, looks, text, len);
}

void pt_canvas_fill(struct pt_canvas *canvas, struct pt_rect rect, enum pt_slot slot,
                    unsigned looks)
{
	struct pt_cell cell = {
	    .ch = ' ', .slot = (uint8_t)slot, .looks = (uint8_t)(looks | canvas->looks)};

	rect = pt_rect_intersect(rect, canvas->clip);
	if (rect.w < 1)
		return;
	for (int y = rect.y; y < rect.y + rect.h; y++) {
		struct pt_cell *row = cell_at(canvas, rect.x, y);

		/* the edges may cut a wide character, what is between them cannot */
		put(canvas, rect.x, y, ' ', slot, looks);
		put(canvas, rect.x + rect.w - 1, y, ' ', slot, looks);
		for (int x = 1; x < rect.w - 1; x++)
			row[x] = cell;
	}
}

void pt_canvas_add_looks(struct pt_canvas *canvas, struct pt_rect rect, unsigned looks)
{
	rect = pt_rect_intersect(rect, canvas->clip);
	for (int y = rect.y; y < rect.y + rect.h; y++)
		for (int x = rect.x; x < rect.x + rect.w; x++)
			cell_at(canvas, x, y)->looks |= (uint8_t)looks;
}

static const struct {
	uint32_t cp;
	char utf8[5];
	char ascii[2];
} glyphs[] = {
#define X(id, code, plain) [PT_GLYPH_##id] = {.cp = (code), .ascii = {plain, '\0'}},
    PT_GLYPH_MAP(X)
#undef X
};

void pt_canvas_glyph(struct pt_canvas *canvas, int x, int y, enum pt_glyph glyph, enum pt_slot slot,
                     unsigned looks)
{
	put(canvas, x, y, canvas->utf8 ? glyphs[glyph].cp : (uint32_t)glyphs[glyph].ascii[0], slot,
	    looks);
}

const char *pt_glyph_text(enum pt_glyph glyph, bool utf8)
{
	static char text[PT_GLYPH_COUNT][5];

	if (!utf8)
		return glyphs[glyph].ascii;
	text[glyph][prism_utf8_encode(glyphs[glyph].cp, text[glyph])] = '\0';
	return text[glyph];
}
