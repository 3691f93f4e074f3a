/*
 * Rows of a CSV file made into bundles (reference 6.3); columns as in core/bundle_file.h.
 * Internal to core/bundle_file.c and its tests.
 */
#ifndef PRISM_CORE_BUNDLE_CSV_H
#define PRISM_CORE_BUNDLE_CSV_H

#include "base/csv.h"
#include "core/bundle.h"

struct core_csv_header;
/* Unknown columns and doubled ones are problems of the file. NULL with err when "name" is missing.
 */
struct core_csv_header *core_csv_header_create(const struct prism_csv_row *row,
                                               struct core_problems *problems,
                                               struct prism_error *err);
void core_csv_header_destroy(struct core_csv_header *header); /* NULL allowed */
/* The bundle of a row, yours. directory: what paths in cells are relative to. A file that cannot be
 * read is a problem of level error, and so is a word that is no boolean. */
cJSON *core_csv_bundle(const struct core_csv_header *header, const struct prism_csv_row *row,
                       const char *directory, size_t item, struct core_problems *problems);

#endif
