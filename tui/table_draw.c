/*
 * How wide the columns of a table are, and how it looks.
 *
 * Widths: columns are dropped from the highest priority number down until the least widths of the
 * rest fit; what is left over is given to those with a weight, up to their greatest width.
 *
 * The selection is told by the pointer in front and by the colour of the main column's text, at
 * most HIGHLIGHT_MAX columns of it: moving it by a row then costs less than 200 bytes whatever the
 * width of the screen.
 */
#include "tui/table_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/match.h"

#define GUTTER 3 /* pointer, mark, space */
#define HIGHLIGHT_MAX 48

static int gap_of(int width)
{
	return width < 60 ? 1 : 2;
}

/* Marks the columns that fit; returns the sum of their least widths and gaps. */
static int choose(struct pt_table *table, int room, int gap)
{
	int used = 0;

	for (int i = 0; i < table->column_count; i++) {
		table->column_x[i] = 0;
		table->column_width[i] = table->columns[i].min > 0 ? table->columns[i].min : 1;
		used += table->column_width[i] + (i ? gap : 0);
	}
	while (used > room) {
		int drop = -1;

		for (int i = 0; i < table->column_count; i++)
			if (table->column_x[i] == 0 && table->columns[i].priority > 0 &&
			    (drop < 0 || table->columns[i].priority >= table->columns[drop].priority))
				drop = i;
		if (drop < 0)
			break;
		table->column_x[drop] = -1;
		used -= table->column_width[drop] + gap;
	}
	return used;
}

static void spread(struct pt_table *table, int left)
{
	while (left > 0) {
		int weights = 0, given = 0;

		for (int i = 0; i < table->column_count; i++)
			if (table->column_x[i] >= 0 &&
			    (!table->columns[i].max || table->column_width[i] < table->columns[i].max))
				weights += table->columns[i].weight;
		if (weights == 0)
			return;
		for (int i = 0; i < table->column_count && given < left; i++) {
			const struct pt_column *column = &table->columns[i];
			int part;

			if (table->column_x[i] < 0 || !column->weight)
				continue;
			part = left * column->weight / weights;
			if (part < 1)
				part = 1;
			if (column->max && part > column->max - table->column_width[i])
				part = column->max - table->column_width[i];
			if (part > left - given)
				part = left - given;
			table->column_width[i] += part;
			given += part;
		}
		if (given == 0)
			return;
		left -= given;
	}
}

static void size_columns(struct pt_table *table, int width)
{
	int gap = gap_of(width), room = width - GUTTER, x = GUTTER;
	int used = choose(table, room, gap);

	if (used < room)
		spread(table, room - used);
	for (int i = 0; i < table->column_count; i++) {
		if (table->column_x[i] < 0)
			continue;
		table->column_x[i] = x;
		if (x + table->column_width[i] > width) /* too narrow even for what is always shown */
			table->column_width[i] = width > x ? width - x : 0;
		x += table->column_width[i] + gap;
	}
}

/* Keeps the place inside the window: part of prepare, since it changes state. */
static void clamp(struct pt_table *table)
{
	size_t height = table->height > 0 ? (size_t)table->height : 1;

	if (table->cursor >= table->rows)
		table->cursor = table->rows ? table->rows - 1 : 0;
	if (table->cursor < table->top)
		table->top = table->cursor;
	if (table->cursor >= table->top + height)
		table->top = table->cursor - height + 1;
	if (table->top + height > table->rows)
		table->top = table->rows > height ? table->rows - height : 0;
}

/* The rows changed, and nobody said so yet: the pointer would stand at a row that is not the
 * selected one. */
static bool moved_underneath(const struct pt_table *table)
{
	const char *id =
	    table->selected && table->cursor < table->rows ? pt_table_id(table, table->cursor) : NULL;

	return id && strcmp(id, table->selected) != 0;
}

void pt_table_prepare(struct pt_table *table, int width, int height)
{
	size_t last;

	if (moved_underneath(table))
		pt_table_reload(table);
	if (width != table->width)
		size_columns(table, width);
	table->width = width;
	table->height = height > 1 ? height - 1 : 1;
	clamp(table);
	last = table->top + (size_t)table->height - 1;
	if (table->rows == 0 || table->indexed || !table->model->visible)
		return;
	if (last >= table->rows)
		last = table->rows - 1;
	if (!table->seen_stale && table->seen_first == table->top && table->seen_last == last)
		return;
	table->seen_stale = false;
	table->seen_first = table->top;
	table->seen_last = last;
	table->model->visible(table->data, table->top, last);
}

static void draw_heading(const struct pt_table *table, struct pt_canvas *canvas,
                         struct pt_rect area)
{
	for (int i = 0; i < table->column_count; i++) {
		const struct pt_column *column = &table->columns[i];
		bool sorted = table->sort == i;
		enum pt_slot slot = sorted ? PT_SLOT_COLUMN_SORT : PT_SLOT_COLUMN;
		char title[80];

		if (table->column_x[i] < 0)
			continue;
		snprintf(title, sizeof(title), "%s%s", column->title,
		         !sorted
		             ? ""
		             : pt_glyph_text(table->descending ? PT_GLYPH_ARROW_DOWN : PT_GLYPH_ARROW_UP,
		                             pt_canvas_utf8(canvas)));
		if (column->flags & PT_COLUMN_NUMBER)
			pt_canvas_text_right(canvas, area.x + table->column_x[i], area.y,
			                     table->column_width[i], slot, 0, title);
		else
			pt_canvas_text(canvas, area.x + table->column_x[i], area.y, table->column_width[i],
			               slot, 0, title);
	}
}

struct row_style {
	bool selected, focus, marked;
};

static unsigned value_looks(const struct row_style *style, bool main)
{
	unsigned looks = style->marked && main ? PT_LOOK_MARK : 0;

	if (style->selected && main)
		looks |= style->focus ? PT_LOOK_SELECTED : PT_LOOK_SELECTED_IDLE;
	return looks;
}

static void draw_value(const struct pt_table *table, struct pt_canvas *canvas, int x, int y,
                       int column, const struct pt_value *value, const struct row_style *style)
{
	const struct pt_column *spec = &table->columns[column];
	int width = value->wide ? table->width - table->column_x[column] : table->column_width[column];
	bool main = spec->flags & PT_COLUMN_MAIN;
	unsigned looks = value_looks(style, main);
	enum pt_slot slot = value->waiting ? PT_SLOT_DIM : (enum pt_slot)value->slot;
	size_t len = value->text ? strnlen(value->text, (size_t)width * 32 + 64) : 0;

	if (value->glyph >= 0 && width > 2) {
		pt_canvas_glyph(canvas, x, y, (enum pt_glyph)value->glyph, slot, 0);
		x += 2;
		width -= 2;
	}
	if (spec->flags & PT_COLUMN_NUMBER) {
		pt_canvas_text_right(canvas, x, y, width, slot, looks, value->text);
		return;
	}
	pt_canvas_textn(canvas, x, y, width, slot, main && style->marked ? PT_LOOK_MARK : 0,
	                value->text, len);
	if (looks) {
		int shown = (int)prism_text_columns(value->text ? value->text : "", len);

		shown = shown > width ? width : shown;
		shown = shown > HIGHLIGHT_MAX ? HIGHLIGHT_MAX : shown;
		pt_canvas_add_looks(canvas, (struct pt_rect){x, y, shown, 1}, looks);
	}
	if (table->filter)
		pt_match_paint(canvas, x, y, width, 0, value->text ? value->text : "", len, table->filter,
		               PT_LOOK_MATCH);
	if (table->search)
		pt_match_paint(canvas, x, y, width, 0, value->text ? value->text : "", len, table->search,
		               style->selected ? PT_LOOK_MATCH_NOW : PT_LOOK_MATCH);
}

static void draw_row(const struct pt_table *table, struct pt_canvas *canvas, struct pt_rect area,
                     int y, size_t position, bool focus)
{
	size_t row = pt_table_source(table, position);
	const char *id = table->marks.count ? table->model->id(table->data, row) : NULL;
	struct row_style style = {.selected = position == table->cursor,
	                          .focus = focus,
	                          .marked = id && pt_id_set_has(&table->marks, id)};

	if (style.selected)
		pt_canvas_glyph(canvas, area.x, y, PT_GLYPH_POINTER,
		                focus ? PT_SLOT_TITLE_FOCUS : PT_SLOT_TITLE, 0);
	if (style.marked)
		pt_canvas_glyph(canvas, area.x + 1, y, PT_GLYPH_CHECK, PT_SLOT_MARK, 0);
	for (int i = 0; i < table->column_count; i++) {
		struct pt_value value;

		if (table->column_x[i] < 0)
			continue;
		pt_table_value(table, row, i, &value);
		draw_value(table, canvas, area.x + table->column_x[i], y, i, &value, &style);
		if (value.wide)
			break;
	}
}

void pt_table_draw(const struct pt_table *table, struct pt_canvas *canvas, struct pt_rect area,
                   bool focus)
{
	struct pt_rect before = pt_canvas_clip(canvas, area);
	struct pt_rect rows = {area.x, area.y + 1, area.w, area.h - 1};

	draw_heading(table, canvas, area);
	if (!pt_load_draw(&table->load, table->rows, table->filter && table->total > 0, canvas, rows)) {
		for (int i = 0; i < table->height && table->top + (size_t)i < table->rows; i++)
			draw_row(table, canvas, area, rows.y + i, table->top + (size_t)i, focus);
	}
	pt_canvas_unclip(canvas, before);
}
