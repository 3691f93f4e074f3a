/* Between table.c, table_index.c, table_marks.c and table_draw.c only. */
#ifndef PRISM_TUI_TABLE_PRIVATE_H
#define PRISM_TUI_TABLE_PRIVATE_H

#include "base/buf.h"
#include "tui/table.h"

#define PT_TABLE_COLUMNS 32 /* more than any list has */

/* A set of ids: open addressing, power of two. */
struct pt_id_set {
	char **slots;
	size_t size, count;
};
bool pt_id_set_has(const struct pt_id_set *set, const char *id);
void pt_id_set_add(struct pt_id_set *set, const char *id);
void pt_id_set_remove(struct pt_id_set *set, const char *id);
void pt_id_set_clear(struct pt_id_set *set);

struct pt_table {
	const struct pt_column *columns;
	int column_count;
	const struct pt_table_model *model;
	void *data;
	struct pt_load load;

	/* Order: position on screen -> row of the source. Without an index they are the same. */
	uint32_t *index;
	bool indexed;
	size_t rows;  /* positions */
	size_t total; /* rows of the source */

	size_t cursor, top; /* positions */
	char *selected;     /* id; NULL: none */
	char *wanted;       /* to be selected when it appears; NULL: none */
	char *told;         /* id the model was told last */
	bool moved;         /* told needs a look */

	char *filter, *search;
	bool server_filter, server_sort;
	int sort;
	bool descending;
	struct pt_id_set marks;
	char *mark_from; /* id the next range starts at */

	int width, height;              /* of the last prepare; height of the rows alone */
	int column_x[PT_TABLE_COLUMNS]; /* -1: not shown */
	int column_width[PT_TABLE_COLUMNS];
	size_t seen_first, seen_last; /* what visible() was told */
	bool seen_stale;
	struct prism_buf summary;
};

size_t pt_table_source(const struct pt_table *table, size_t position); /* position < rows */
const char *pt_table_id(const struct pt_table *table, size_t position);
void pt_table_value(const struct pt_table *table, size_t row, int column,
                    struct pt_value *ret_value);
/* table_index.c */
void pt_table_order(struct pt_table *table);  /* total, rows and index anew */
void pt_table_narrow(struct pt_table *table); /* the filter got longer: only rows shown can stay */
bool pt_table_row_has(const struct pt_table *table, size_t row, const char *words);

#endif
