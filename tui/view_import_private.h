/*
 * Between tui/view_import.c (the view and its actions) and view_import_rows.c (the rows of its
 * tree).
 */
#ifndef PRISM_TUI_VIEW_IMPORT_PRIVATE_H
#define PRISM_TUI_VIEW_IMPORT_PRIVATE_H

#include "core/import.h"
#include "tui/table.h"

#define THE_FILE SIZE_MAX

enum import_part { PART_NONE, PART_ROLE, PART_ASSET, PART_NEWS, PART_BEYOND, PART_PROBLEM };
struct import_row {
	size_t item; /* THE_FILE: of the file itself */
	enum import_part part;
	size_t n; /* role, asset, what changes, what is beyond the file, problem */
};

struct importing {
	struct pt_view *view;
	struct core_import *import;
	struct pt_table *table;
	struct import_row *rows;
	size_t count, room;
	bool *open; /* by computation; NULL before there is a plan */
	bool file_open;
	enum core_import_stage told;
	char id[48], title[200], summary[120];
	char line[PRISM_ERROR_TEXT + 300]; /* of the cell asked for last */
};

#define PT_IMPORT_COLUMNS 6
extern const struct pt_column pt_import_columns[PT_IMPORT_COLUMNS];
extern const struct pt_table_model pt_import_model; /* its data is the struct importing */
/* From the import and what is open. */
void pt_import_rows_build(struct importing *v);

#endif
