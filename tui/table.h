/*
 * The one list widget: columns sized by rules, sort, filter, search, marks, and a selection kept by
 * id while rows come and go underneath.
 *
 * Rows are virtual: the model answers for a row number when it is asked.  Only visible rows are
 * asked for in a frame, so 100,000 cost what 40 cost.  Without sort and filter no index exists;
 * with either, one of 4 bytes a row is made when the data, the filter or the sort changes.
 *
 * Keeping the place: the selected row is remembered by id; after pt_table_reload() it is looked
 * for, and stays at the same height of the screen.  When it is gone, the row now in its place
 * is selected.
 *
 * Drawing: a pointer and the main column carry the selection, not the whole line, so that moving
 * one row costs a few dozen bytes.
 */
#ifndef PRISM_TUI_TABLE_H
#define PRISM_TUI_TABLE_H

#include "tui/view.h"

enum pt_align { PT_ALIGN_LEFT, PT_ALIGN_RIGHT };

enum pt_column_flags {
	PT_COLUMN_MAIN = 1 << 0,   /* carries the selection; exactly one */
	PT_COLUMN_NUMBER = 1 << 1, /* sorts by value.number, right aligned */
	PT_COLUMN_NO_SORT = 1 << 2,
	PT_COLUMN_TIME = 1 << 3, /* sorts by value.number, newest first at the first press */
};

struct pt_column {
	const char *id; /* stable: saved state, -o table, "sort created" */
	const char *title;
	int min,
	    max; /* columns; never narrower than min when shown, never wider than max (0: no limit) */
	int weight;     /* share of the room that is left; 0 stays at min */
	int priority;   /* 0 is always shown; higher numbers go first when it gets narrow */
	unsigned flags; /* enum pt_column_flags */
};

/* What a model says about one cell. */
struct pt_value {
	const char *text;  /* lent until the next cell() call; NULL: empty. May point to scratch. */
	int64_t number;    /* for number and time columns */
	uint8_t slot;      /* enum pt_slot; text when left alone */
	int glyph;         /* drawn in front with a space; -1: none */
	bool waiting;      /* the row is not here yet (server paging): drawn dim */
	bool wide;         /* it takes the room of all columns behind it too */
	char scratch[160]; /* room for made-up text */
};

struct pt_table_model {
	size_t (*count)(void *data);
	/* Stable id of a row, or NULL while it is not here yet. Lent until the next call. */
	const char *(*id)(void *data, size_t row);
	void (*cell)(void *data, size_t row, int column, struct pt_value *ret_value);
	/* Rows first to last (inclusive, source numbers) are on screen: fetch what is missing. May be
	 * NULL. */
	void (*visible)(void *data, size_t first, size_t last);
	/* The selection moved to another id (NULL: none). May be NULL. */
	void (*selected)(void *data, const char *id);
	/* The user chose another sort; return true when the server sorts and rows come sorted. May be
	 * NULL. */
	bool (*sort)(void *data, int column, bool descending);
	/* The same for the filter text. May be NULL. */
	bool (*filter)(void *data, const char *text);
};

struct pt_table;

/* columns and model are lent for the table's life. */
struct pt_table *pt_table_create(const struct pt_column *columns, int count,
                                 const struct pt_table_model *model, void *data);
void pt_table_destroy(struct pt_table *table); /* NULL allowed */
void pt_table_reload(struct pt_table *table);  /* the data changed */
void pt_table_set_load(struct pt_table *table,
                       const struct pt_load *load); /* copied; its strings lent */

/* Movement and selection. */
unsigned pt_table_nav(struct pt_table *table, enum pt_nav nav, int count);
unsigned pt_table_key(struct pt_table *table,
                      const struct pt_event *event);         /* mouse: wheel, click */
const char *pt_table_selected(const struct pt_table *table); /* id; NULL: none. Lent */
/* Source row of the selection; -1: none. */
ptrdiff_t pt_table_selected_row(const struct pt_table *table);
bool pt_table_select(struct pt_table *table,
                     const char *id); /* false: not there (yet): tried again at reload */

/* Filter as you type: every word must be in some column, letters of either case. "" clears. */
unsigned pt_table_set_filter(struct pt_table *table, const char *text);
const char *pt_table_filter(const struct pt_table *table); /* lent; "" when none */
/* Search moves to the next row that has the text; NULL: the last text again. */
unsigned pt_table_search(struct pt_table *table, const char *text, int direction);
const char *pt_table_search_text(const struct pt_table *table);

/* column -1: the order of the source. */
unsigned pt_table_set_sort(struct pt_table *table, int column, bool descending);
unsigned pt_table_cycle_sort(struct pt_table *table, int direction); /* next column */
unsigned pt_table_reverse_sort(struct pt_table *table);
int pt_table_sort(const struct pt_table *table, bool *ret_descending);
int pt_table_column_count(const struct pt_table *table);
const struct pt_column *pt_table_column(const struct pt_table *table, int index);
int pt_table_find_column(const struct pt_table *table, const char *id); /* -1: none */

/* Marks, by id; they survive filter, sort and reload. */
unsigned pt_table_mark(struct pt_table *table);       /* toggles the selected, steps to the next */
unsigned pt_table_mark_range(struct pt_table *table); /* from the last toggled to the selected */
unsigned
pt_table_mark_all(struct pt_table *table); /* all rows that pass the filter, or none if all are */
unsigned pt_table_clear_marks(struct pt_table *table);
size_t pt_table_marked(const struct pt_table *table);
bool pt_table_is_marked(const struct pt_table *table, const char *id);
/* The marked ids, or the selected one when none is marked. */
void pt_table_each_chosen(const struct pt_table *table, void (*fn)(void *data, const char *id),
                          void *data);

size_t pt_table_rows(const struct pt_table *table);  /* that pass the filter */
size_t pt_table_total(const struct pt_table *table); /* in the source */
/* "12 of 340, sorted by created, 3 marked" */
const char *pt_table_summary(struct pt_table *table); /* lent until the next call */
char *pt_table_copy(const struct pt_table *table);    /* chosen rows as tab separated text; yours */

void pt_table_prepare(struct pt_table *table, int width, int height); /* height with the headings */
void pt_table_draw(const struct pt_table *table, struct pt_canvas *canvas, struct pt_rect area,
                   bool focus);

#endif
