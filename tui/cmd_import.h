/*
 * What the command and the view of an import share.
 */
#ifndef PRISM_TUI_CMD_IMPORT_H
#define PRISM_TUI_CMD_IMPORT_H

#include "core/import.h"
#include "tui/args.h"

/* Of the values of "computation import"; the path is lent by them. */
PRISM_MUST_USE
int pt_import_spec(const struct pt_values *values, struct core_import_spec *ret_spec,
                   struct prism_error *err);
/* "3 to create, 1 broken ...", or what was done; buf is filled; returns buf. */
char *pt_import_summary(const struct core_import *import, char *buf, size_t size);
/* "2", "1 of 2" when some are missing, "2 new" or "2, 1 new" when some are made. */
char *pt_import_assets(const struct core_import_item *item, char *buf, size_t size);
#define PT_IMPORT_REPORT_MAX (256u << 20) /* bytes */
/* The report: JSON when the name ends in .json, else text. 0600. */
PRISM_MUST_USE
int pt_import_save(const struct core_import *import, const char *path, struct prism_error *err);

#endif
