/*
 * A table's place: selection, scrolling, and keeping both while the data changes.  Order is
 * table_index.c's, marks table_marks.c's, pictures table_draw.c's.
 *
 * The selected row is known by its id; `cursor` is where that row stands now.  Only
 * pt_table_reload() and sort and filter may separate the two, and they join them again.
 */
#include "tui/table_private.h"

#include "base/mem.h"

#include <assert.h>

#define WHEEL_ROWS 3

struct pt_table *pt_table_create(const struct pt_column *columns, int count,
                                 const struct pt_table_model *model, void *data)
{
	struct pt_table *table = prism_alloc(sizeof(*table));

	assert(count > 0 && count <= PT_TABLE_COLUMNS);
	table->columns = columns;
	table->column_count = count;
	table->model = model;
	table->data = data;
	table->sort = -1;
	table->load.state = PT_LOAD_LOADING;
	table->seen_stale = true;
	prism_buf_init(&table->summary, 1024);
	pt_table_order(table);
	return table;
}

void pt_table_destroy(struct pt_table *table)
{
	if (!table)
		return;
	pt_id_set_clear(&table->marks);
	prism_free(table->index);
	prism_free(table->selected);
	prism_free(table->wanted);
	prism_free(table->told);
	prism_free(table->filter);
	prism_free(table->search);
	prism_free(table->mark_from);
	prism_buf_finish(&table->summary);
	prism_free(table);
}

size_t pt_table_source(const struct pt_table *table, size_t position)
{
	return table->indexed ? table->index[position] : position;
}

const char *pt_table_id(const struct pt_table *table, size_t position)
{
	return table->model->id(table->data, pt_table_source(table, position));
}

void pt_table_value(const struct pt_table *table, size_t row, int column,
                    struct pt_value *ret_value)
{
	/* scratch stays as it is: clearing it for every cell would cost more than filling it */
	ret_value->text = NULL;
	ret_value->number = 0;
	ret_value->slot = PT_SLOT_TEXT;
	ret_value->glyph = -1;
	ret_value->waiting = ret_value->wide = false;
	ret_value->scratch[0] = '\0';
	table->model->cell(table->data, row, column, ret_value);
}

/* Tells the model when another id is selected. */
static void tell_selected(struct pt_table *table)
{
	bool same = table->told && table->selected ? strcmp(table->told, table->selected) == 0
	                                           : table->told == table->selected;

	if (same)
		return;
	prism_free(table->told);
	table->told = prism_strdup(table->selected);
	if (table->model->selected)
		table->model->selected(table->data, table->selected);
}

static void take_selected(struct pt_table *table)
{
	const char *id = table->rows ? pt_table_id(table, table->cursor) : NULL;

	prism_free(table->selected);
	table->selected = prism_strdup(id);
	tell_selected(table);
}

/* Top so that the cursor is on the screen and no room is wasted below the last row. */
static void fit(struct pt_table *table)
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

static bool find_id(const struct pt_table *table, const char *id, size_t *ret_position)
{
	const char *there = table->cursor < table->rows ? pt_table_id(table, table->cursor) : NULL;

	if (there && strcmp(there, id) == 0) {
		*ret_position = table->cursor;
		return true;
	}
	for (size_t i = 0; i < table->rows; i++) {
		there = pt_table_id(table, i);
		if (there && strcmp(there, id) == 0) {
			*ret_position = i;
			return true;
		}
	}
	return false;
}

/* The selection at its id again, and at the same height of the screen. */
static void settle(struct pt_table *table, size_t height)
{
	size_t position;

	table->seen_stale = true;
	if (table->wanted && find_id(table, table->wanted, &position)) {
		prism_free(table->wanted);
		table->wanted = NULL;
		table->cursor = position;
		take_selected(table);
	} else if (table->selected && find_id(table, table->selected, &position)) {
		table->cursor = position;
	} else {
		fit(table);
		take_selected(table);
		return;
	}
	table->top = table->cursor > height ? table->cursor - height : 0;
	fit(table);
	tell_selected(table);
}

static void reorder(struct pt_table *table)
{
	size_t height = table->cursor - table->top;

	pt_table_order(table);
	settle(table, height);
}

void pt_table_reload(struct pt_table *table)
{
	reorder(table);
}

void pt_table_set_load(struct pt_table *table, const struct pt_load *load)
{
	table->load = *load;
}

static unsigned move_to(struct pt_table *table, size_t position)
{
	if (table->rows == 0)
		return PT_HANDLED;
	prism_free(table->wanted);
	table->wanted = NULL;
	table->cursor = position < table->rows ? position : table->rows - 1;
	fit(table);
	take_selected(table);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned move_by(struct pt_table *table, bool down, size_t count)
{
	if (down)
		return move_to(table, count < table->rows - table->cursor ? table->cursor + count
		                                                          : table->rows - 1);
	return move_to(table, count < table->cursor ? table->cursor - count : 0);
}

/* A page moves the window as well, so that the selection keeps its height. */
static unsigned page(struct pt_table *table, bool down, size_t count)
{
	if (down)
		table->top = table->top + count < table->rows ? table->top + count : table->rows - 1;
	else
		table->top = table->top > count ? table->top - count : 0;
	return move_by(table, down, count);
}

unsigned pt_table_nav(struct pt_table *table, enum pt_nav nav, int count)
{
	size_t height = table->height > 1 ? (size_t)table->height : 2;
	size_t times = count > 0 ? (size_t)count : 1;

	if (table->rows == 0)
		return PT_HANDLED;
	switch (nav) {
	case PT_NAV_UP:
		return move_by(table, false, times);
	case PT_NAV_DOWN:
		return move_by(table, true, times);
	case PT_NAV_PAGE_UP:
		return page(table, false, times * (height - 1));
	case PT_NAV_PAGE_DOWN:
		return page(table, true, times * (height - 1));
	case PT_NAV_HALF_UP:
		return page(table, false, times * (height / 2));
	case PT_NAV_HALF_DOWN:
		return page(table, true, times * (height / 2));
	case PT_NAV_FIRST:
		return move_to(table, 0);
	case PT_NAV_LAST:
		return move_to(table, table->rows - 1);
	case PT_NAV_LEFT:
	case PT_NAV_RIGHT:
		break;
	}
	return PT_IGNORED;
}

static unsigned click(struct pt_table *table, const struct pt_event *event)
{
	if (event->y == 0) {
		for (int i = 0; i < table->column_count; i++)
			if (table->column_x[i] >= 0 && event->x >= table->column_x[i] &&
			    event->x < table->column_x[i] + table->column_width[i])
				return pt_table_set_sort(table, i, table->sort == i && !table->descending);
		return PT_HANDLED;
	}
	if (table->top + (size_t)event->y - 1 >= table->rows)
		return PT_HANDLED;
	return move_to(table, table->top + (size_t)event->y - 1);
}

unsigned pt_table_key(struct pt_table *table, const struct pt_event *event)
{
	if (event->kind != PT_EVENT_MOUSE)
		return PT_IGNORED;
	switch (event->button) {
	case PT_MOUSE_WHEEL_UP:
		return pt_table_nav(table, PT_NAV_UP, WHEEL_ROWS);
	case PT_MOUSE_WHEEL_DOWN:
		return pt_table_nav(table, PT_NAV_DOWN, WHEEL_ROWS);
	case PT_MOUSE_LEFT:
		return click(table, event);
	default:
		return PT_IGNORED;
	}
}

const char *pt_table_selected(const struct pt_table *table)
{
	return table->selected;
}

ptrdiff_t pt_table_selected_row(const struct pt_table *table)
{
	return table->rows && table->selected ? (ptrdiff_t)pt_table_source(table, table->cursor) : -1;
}

bool pt_table_select(struct pt_table *table, const char *id)
{
	size_t position;

	if (!find_id(table, id, &position)) {
		prism_free(table->wanted);
		table->wanted = prism_strdup(id);
		return false;
	}
	move_to(table, position);
	return true;
}

unsigned pt_table_set_filter(struct pt_table *table, const char *text)
{
	PRISM_AUTO_FREE char *before = table->filter;
	size_t height = table->cursor - table->top;

	table->filter = text && *text ? prism_strdup(text) : NULL;
	table->server_filter =
	    table->model->filter && table->model->filter(table->data, table->filter ? text : "");
	if (before && table->filter && table->indexed && !table->server_filter &&
	    strncmp(before, table->filter, strlen(before)) == 0) {
		pt_table_narrow(table);
		settle(table, height);
	} else {
		reorder(table);
	}
	return PT_HANDLED | PT_REDRAW;
}

const char *pt_table_filter(const struct pt_table *table)
{
	return table->filter ? table->filter : "";
}

const char *pt_table_search_text(const struct pt_table *table)
{
	return table->search ? table->search : "";
}

unsigned pt_table_set_sort(struct pt_table *table, int column, bool descending)
{
	if (column >= table->column_count ||
	    (column >= 0 && table->columns[column].flags & PT_COLUMN_NO_SORT))
		return PT_HANDLED;
	table->sort = column < 0 ? -1 : column;
	table->descending = descending;
	table->server_sort =
	    table->model->sort && table->model->sort(table->data, table->sort, descending);
	reorder(table);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

unsigned pt_table_cycle_sort(struct pt_table *table, int direction)
{
	int column = table->sort;

	for (int i = 0; i <= table->column_count; i++) {
		column += direction < 0 ? -1 : 1;
		if (column < -1)
			column = table->column_count - 1;
		if (column >= table->column_count)
			column = -1; /* once round is the order of the source */
		if (column < 0 ||
		    (!(table->columns[column].flags & PT_COLUMN_NO_SORT) && table->column_x[column] >= 0))
			break;
	}
	return pt_table_set_sort(table, column,
	                         column >= 0 && table->columns[column].flags & PT_COLUMN_TIME);
}

unsigned pt_table_reverse_sort(struct pt_table *table)
{
	return table->sort < 0 ? PT_HANDLED : pt_table_set_sort(table, table->sort, !table->descending);
}

int pt_table_sort(const struct pt_table *table, bool *ret_descending)
{
	*ret_descending = table->descending;
	return table->sort;
}

int pt_table_column_count(const struct pt_table *table)
{
	return table->column_count;
}

const struct pt_column *pt_table_column(const struct pt_table *table, int index)
{
	return &table->columns[index];
}

int pt_table_find_column(const struct pt_table *table, const char *id)
{
	for (int i = 0; i < table->column_count; i++)
		if (strcmp(table->columns[i].id, id) == 0)
			return i;
	return -1;
}

size_t pt_table_rows(const struct pt_table *table)
{
	return table->rows;
}

size_t pt_table_total(const struct pt_table *table)
{
	return table->total;
}

const char *pt_table_summary(struct pt_table *table)
{
	struct prism_buf *out = &table->summary;
	char load[160];

	prism_buf_clear(out);
	if (table->rows)
		prism_buf_printf(out, "%zu/%zu", table->cursor + 1, table->rows);
	if (table->filter)
		prism_buf_printf(out, "%s\"%.60s\" of %zu", out->len ? " match " : "none match ",
		                 table->filter, table->total);
	if (table->sort >= 0)
		prism_buf_printf(out, "%sby %s", out->len ? ", " : "", table->columns[table->sort].title);
	if (table->marks.count)
		prism_buf_printf(out, ", %zu marked", table->marks.count);
	pt_load_text(&table->load, load, sizeof(load));
	if (*load)
		prism_buf_printf(out, "%s%.100s", out->len ? ", " : "", load);
	return prism_buf_text(out);
}

struct copy {
	const struct pt_table *table;
	struct prism_buf text;
};

static void copy_row(void *data, const char *id)
{
	struct copy *copy = data;
	size_t position;

	if (copy->text.len > 4 * 1024 * 1024 || !find_id(copy->table, id, &position))
		return; /* far beyond any clipboard; or filtered out */
	for (int column = 0; column < copy->table->column_count; column++) {
		struct pt_value value;

		pt_table_value(copy->table, pt_table_source(copy->table, position), column, &value);
		if (column)
			prism_buf_putc(&copy->text, '\t');
		prism_buf_put(&copy->text, value.text ? value.text : "",
		              value.text ? strnlen(value.text, 64 * 1024) : 0);
	}
	prism_buf_putc(&copy->text, '\n');
}

char *pt_table_copy(const struct pt_table *table)
{
	struct copy copy = {.table = table, .text = PRISM_BUF_INIT(64 * 1024 * 1024)};

	pt_table_each_chosen(table, copy_row, &copy);
	return copy.text.len ? prism_buf_take(&copy.text, NULL) : NULL;
}
