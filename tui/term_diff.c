/*
 * The difference between what is shown and the next frame; see term_diff.h for the rules.
 *
 * A frame is drawn in two steps: find a block of lines that moved and scroll it, then go through
 * the lines that still differ.  Lines are compared as memory first, which settles nearly all of
 * them.
 */
#include "tui/term_diff.h"

#include "base/mem.h"
#include "base/text.h"

/* Slot of cells the terminal blanked by itself: its default style. */
#define SLOT_RAW PT_SLOT_COUNT

#define TAIL_MIN 4  /* changed cells at the end of a line from which clearing is shorter */
#define BLANK_MIN 9 /* blank cells inside a line from which erasing is shorter */
#define GAP_MAX 4   /* unchanged cells that are sent again rather than jumped over */
#define SHOWS_ON_BLANK (PT_ATTR_UNDERLINE | PT_ATTR_REVERSE)
#define SCROLL_MIN 3 /* lines a scroll must save to be worth its sequences */

struct pt_diff {
	const struct pt_sink *sink;
	void *data;
	int rows, cols;
	struct pt_cell *shown;
	uint64_t *hash, *next; /* of shown lines and of the frame's; 0: a blank line */
	bool *differs;
	int y, x; /* cursor; -1: unknown */
	struct pt_style style;
	bool style_known;
	const struct pt_theme *theme; /* of this frame */
	unsigned memo_key;            /* slot and looks of memo */
	struct pt_style memo;
};

struct pt_diff *pt_diff_create(const struct pt_sink *sink, void *data)
{
	struct pt_diff *diff = prism_alloc(sizeof(*diff));

	diff->sink = sink;
	diff->data = data;
	return diff;
}

void pt_diff_destroy(struct pt_diff *diff)
{
	if (!diff)
		return;
	prism_free(diff->shown);
	prism_free(diff->hash);
	prism_free(diff->next);
	prism_free(diff->differs);
	prism_free(diff);
}

static struct pt_cell *shown_row(struct pt_diff *diff, int y)
{
	return &diff->shown[(size_t)y * (size_t)diff->cols];
}

static void blank_row(struct pt_diff *diff, int y)
{
	struct pt_cell *row = shown_row(diff, y);

	for (int x = 0; x < diff->cols; x++)
		row[x] = (struct pt_cell){.ch = ' ', .slot = SLOT_RAW};
	diff->hash[y] = 0;
}

void pt_diff_blank(struct pt_diff *diff, int rows, int cols)
{
	if (rows != diff->rows || cols != diff->cols) {
		prism_free(diff->shown);
		prism_free(diff->hash);
		prism_free(diff->next);
		prism_free(diff->differs);
		diff->rows = rows;
		diff->cols = cols;
		diff->shown = prism_alloc_array((size_t)rows * (size_t)cols, sizeof(*diff->shown));
		diff->hash = prism_alloc_array((size_t)rows, sizeof(*diff->hash));
		diff->next = prism_alloc_array((size_t)rows, sizeof(*diff->next));
		diff->differs = prism_alloc_array((size_t)rows, sizeof(*diff->differs));
	}
	for (int y = 0; y < rows; y++)
		blank_row(diff, y);
	pt_diff_lost(diff);
}

void pt_diff_lost(struct pt_diff *diff)
{
	diff->y = diff->x = -1;
	diff->style_known = false;
}

static struct pt_style cell_style(struct pt_diff *diff, const struct pt_cell *cell)
{
	unsigned key = ((unsigned)cell->slot << 8 | cell->looks) + 1;

	if (cell->slot >= PT_SLOT_COUNT)
		return (struct pt_style){0};
	if (diff->memo_key != key) {
		diff->memo_key = key;
		diff->memo = pt_theme_style(diff->theme, (enum pt_slot)cell->slot, cell->looks);
	}
	return diff->memo;
}

static bool same_style(const struct pt_style *a, const struct pt_style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

/* Blank to the eye: only the background counts. */
static bool is_blank(const struct pt_cell *cell, const struct pt_style *style)
{
	return cell->ch == ' ' && !cell->marks[0] && !(style->attrs & SHOWS_ON_BLANK);
}

static bool looks_equal(struct pt_diff *diff, const struct pt_cell *a, const struct pt_cell *b)
{
	struct pt_style sa, sb;

	if (memcmp(a, b, sizeof(*a)) == 0)
		return true;
	if (a->ch != b->ch || a->marks[0] != b->marks[0] || a->marks[1] != b->marks[1])
		return false;
	sa = cell_style(diff, a);
	sb = cell_style(diff, b);
	if (is_blank(a, &sa) && is_blank(b, &sb))
		return sa.bg == sb.bg;
	return same_style(&sa, &sb);
}

static void set_style(struct pt_diff *diff, const struct pt_style *style)
{
	if (diff->style_known && same_style(&diff->style, style))
		return;
	diff->sink->style(diff->data, diff->style_known ? &diff->style : NULL, style);
	diff->style = *style;
	diff->style_known = true;
}

void pt_diff_move(struct pt_diff *diff, int x, int y)
{
	if (diff->x == x && diff->y == y)
		return;
	diff->sink->move(diff->data, y, x, diff->y, diff->x);
	diff->x = x;
	diff->y = y;
}

/* How many cells the character at x takes. */
static int cell_width(const struct pt_cell *row, int x, int cols)
{
	return x + 1 < cols && row[x + 1].ch == 0 ? 2 : 1;
}

static bool sure_width(const struct pt_cell *cell, int width)
{
	return width == 1 && !cell->marks[0] && cell->ch < 0x2600;
}

static void put_cell(struct pt_diff *diff, const struct pt_cell *row, int x, int y)
{
	const struct pt_cell *cell = &row[x];
	struct pt_style style = cell_style(diff, cell);
	int width = cell_width(row, x, diff->cols);
	char bytes[4 * (1 + PT_CELL_MARKS)];
	size_t len;

	/* The foreground of a blank is not seen: the current one will do. */
	if (is_blank(cell, &style) && diff->style_known && diff->style.bg == style.bg &&
	    !(diff->style.attrs & SHOWS_ON_BLANK))
		style = diff->style;
	pt_diff_move(diff, x, y);
	set_style(diff, &style);
	len = prism_utf8_encode(cell->ch ? cell->ch : ' ', bytes);
	for (int i = 0; i < PT_CELL_MARKS && cell->marks[i]; i++)
		len += prism_utf8_encode(cell->marks[i], bytes + len);
	diff->sink->text(diff->data, bytes, len);
	diff->x = x + width;
	if (diff->x >= diff->cols || !sure_width(cell, width))
		diff->x = diff->y = -1;
}

/* A style whose blanks erasing can make. */
static bool erasable(const struct pt_diff *diff, const struct pt_style *style)
{
	return diff->sink->colored_erase || style->bg == PT_COLOR_DEFAULT;
}

/* Erasing and clearing take the current style's background; its foreground does not matter. */
static void set_background(struct pt_diff *diff, const struct pt_style *style)
{
	struct pt_style plain = {.fg = PT_COLOR_DEFAULT, .bg = style->bg};

	if (diff->style_known && diff->style.bg == style->bg && !(diff->style.attrs & SHOWS_ON_BLANK))
		return;
	set_style(diff, &plain);
}

/* Length of the run of equal blanks from x on. */
static int blank_run(struct pt_diff *diff, const struct pt_cell *row, int x)
{
	struct pt_style style = cell_style(diff, &row[x]);
	int end = x;

	while (end < diff->cols) {
		struct pt_style other = cell_style(diff, &row[end]);

		if (!is_blank(&row[end], &other) || other.bg != style.bg)
			break;
		end++;
	}
	return end - x;
}

/* First cell of the blank tail of a line; cols when it has none worth clearing. */
static int tail_start(struct pt_diff *diff, const struct pt_cell *row, const struct pt_cell *old)
{
	struct pt_style style = cell_style(diff, &row[diff->cols - 1]);
	int start = diff->cols, changed = 0;

	if (!diff->sink->clear_eol || !is_blank(&row[diff->cols - 1], &style) ||
	    !erasable(diff, &style))
		return diff->cols;
	while (start > 0) {
		struct pt_style other = cell_style(diff, &row[start - 1]);

		if (!is_blank(&row[start - 1], &other) || other.bg != style.bg)
			break;
		start--;
		changed += !looks_equal(diff, &row[start], &old[start]);
	}
	return changed >= TAIL_MIN ? start : diff->cols;
}

static bool cell_changed(struct pt_diff *diff, const struct pt_cell *row, const struct pt_cell *old,
                         int x)
{
	if (!looks_equal(diff, &row[x], &old[x]))
		return true;
	return cell_width(row, x, diff->cols) == 2 && !looks_equal(diff, &row[x + 1], &old[x + 1]);
}

/* Cells from the cursor to x are short enough to be sent again instead of jumping. */
static bool cheap_gap(struct pt_diff *diff, const struct pt_cell *row, int x, int y)
{
	if (diff->y != y || diff->x < 0 || diff->x > x || x - diff->x > GAP_MAX || !diff->style_known)
		return false;
	for (int i = diff->x; i < x; i++) {
		struct pt_style style = cell_style(diff, &row[i]);

		if (is_blank(&row[i], &style) && style.bg == diff->style.bg &&
		    !(diff->style.attrs & SHOWS_ON_BLANK))
			continue;
		if (row[i].ch > 0x7e || row[i].ch < 0x20 || row[i].marks[0] ||
		    !same_style(&style, &diff->style))
			return false;
	}
	return true;
}

static void draw_row(struct pt_diff *diff, const struct pt_cell *row, int y)
{
	struct pt_cell *old = shown_row(diff, y);
	int tail = tail_start(diff, row, old);
	int last = tail;

	if (diff->sink->skip_last_cell && y == diff->rows - 1 && last == diff->cols)
		last--;
	for (int x = 0; x < last;) {
		int width = cell_width(row, x, diff->cols), run;

		if (!cell_changed(diff, row, old, x)) {
			x += width;
			continue;
		}
		run = diff->sink->erase && row[x].ch == ' ' ? blank_run(diff, row, x) : 0;
		if (run >= BLANK_MIN) {
			struct pt_style style = cell_style(diff, &row[x]);

			if (erasable(diff, &style)) {
				pt_diff_move(diff, x, y);
				set_background(diff, &style);
				diff->sink->erase(diff->data, run);
				x += run;
				continue;
			}
		}
		if (cheap_gap(diff, row, x, y))
			while (diff->x < x)
				put_cell(diff, row, diff->x, y);
		put_cell(diff, row, x, y);
		x += width;
	}
	if (tail < diff->cols) {
		struct pt_style style = cell_style(diff, &row[tail]);

		while (tail < diff->cols && looks_equal(diff, &row[tail], &old[tail]))
			tail++;
		pt_diff_move(diff, tail, y);
		set_background(diff, &style);
		diff->sink->clear_eol(diff->data);
	}
	memcpy(old, row, (size_t)diff->cols * sizeof(*old));
}

static uint64_t row_hash(const struct pt_cell *row, int cols)
{
	uint64_t hash = 0x9e3779b97f4a7c15;
	bool any = false;

	for (int x = 0; x < cols; x++) {
		uint64_t words[2];

		memcpy(words, &row[x], sizeof(words));
		any |= row[x].ch != ' ';
		hash = (hash ^ words[0]) * 0xff51afd7ed558ccd;
		hash = (hash ^ words[1] ^ hash >> 29) * 0xc4ceb9fe1a85ec53;
	}
	return any ? hash | 1 : 0;
}

struct block {
	int top, bottom, lines, saved;
};

/* What moving everything by `lines` would save. */
static struct block try_shift(const struct pt_diff *diff, int lines)
{
	struct block block = {.top = diff->rows, .bottom = -1, .lines = lines};

	for (int y = 0; y < diff->rows; y++) {
		int from = y + lines;

		if (from < 0 || from >= diff->rows || !diff->differs[y] || !diff->next[y] ||
		    diff->next[y] != diff->hash[from])
			continue;
		block.saved++;
		if (y < block.top)
			block.top = y;
		if (from < block.top)
			block.top = from;
		if (y > block.bottom)
			block.bottom = y;
		if (from > block.bottom)
			block.bottom = from;
	}
	for (int y = block.top; y <= block.bottom; y++) /* lines that stood still would be torn away */
		block.saved -= !diff->differs[y] && diff->hash[y];
	return block;
}

/* Characters that a line shows now and would show shifted, without regard to style. */
static int alike(const struct pt_cell *a, const struct pt_cell *b, int cols)
{
	int count = 0;

	for (int x = 0; x < cols; x++)
		count += a[x].ch != ' ' && a[x].ch == b[x].ch;
	return count;
}

/* The line beside the block, whose style alone changed (the selected one), goes along when most of
 * it is the same text. */
static void widen(struct pt_diff *diff, const struct pt_canvas *canvas, struct block *block)
{
	int edge = block->lines > 0 ? block->bottom + 1 : block->top - 1;
	int to = edge - block->lines;

	if (edge < 0 || edge >= diff->rows || to < 0 || to >= diff->rows || !diff->differs[edge])
		return;
	if (alike(pt_canvas_row(canvas, to), shown_row(diff, edge), diff->cols) * 4 < diff->cols)
		return;
	if (block->lines > 0)
		block->bottom = edge;
	else
		block->top = edge;
}

static void scroll_shown(struct pt_diff *diff, const struct block *block)
{
	size_t row = (size_t)diff->cols * sizeof(*diff->shown);
	int lines = block->lines > 0 ? block->lines : -block->lines;
	int kept = block->bottom - block->top + 1 - lines;
	int to = block->lines > 0 ? block->top : block->top + lines;
	int from = block->lines > 0 ? block->top + lines : block->top;

	memmove(shown_row(diff, to), shown_row(diff, from), (size_t)kept * row);
	memmove(&diff->hash[to], &diff->hash[from], (size_t)kept * sizeof(*diff->hash));
	for (int i = 0; i < lines; i++)
		blank_row(diff, block->lines > 0 ? block->bottom - i : block->top + i);
}

static void find_scroll(struct pt_diff *diff, const struct pt_canvas *canvas, int changed)
{
	struct block best = {.saved = 0};
	struct pt_style plain = {0};

	if (!diff->sink->scroll || changed < SCROLL_MIN)
		return;
	for (int lines = 1 - diff->rows; lines < diff->rows; lines++) {
		struct block block;

		if (lines == 0)
			continue;
		block = try_shift(diff, lines);
		if (block.saved > best.saved)
			best = block;
	}
	if (best.saved < SCROLL_MIN)
		return;
	widen(diff, canvas, &best);
	set_style(diff, &plain); /* what scrolls in is blank in the default style */
	diff->sink->scroll(diff->data, best.top, best.bottom, best.lines, diff->rows);
	diff->x = diff->y = -1;
	scroll_shown(diff, &best);
}

void pt_diff_frame(struct pt_diff *diff, const struct pt_canvas *canvas,
                   const struct pt_theme *theme)
{
	size_t size = (size_t)diff->cols * sizeof(*diff->shown);
	int changed = 0;

	diff->theme = theme;
	diff->memo_key = 0;
	for (int y = 0; y < diff->rows; y++) {
		diff->differs[y] = memcmp(pt_canvas_row(canvas, y), shown_row(diff, y), size) != 0;
		if (diff->differs[y])
			diff->next[y] = row_hash(pt_canvas_row(canvas, y), diff->cols);
		changed += diff->differs[y];
	}
	if (changed == 0)
		return;
	find_scroll(diff, canvas, changed);
	for (int y = 0; y < diff->rows; y++) {
		if (memcmp(pt_canvas_row(canvas, y), shown_row(diff, y), size) == 0)
			continue;
		draw_row(diff, pt_canvas_row(canvas, y), y);
		diff->hash[y] =
		    diff->differs[y] ? diff->next[y] : row_hash(pt_canvas_row(canvas, y), diff->cols);
	}
}
