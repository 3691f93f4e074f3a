/*
 * A sample as lines to read: text as it is, CSV in aligned columns.  Control characters are made
 * visible by whoever shows the lines (the cell door, records); here they only do not break lines.
 *
 * Only the beginning is laid out: PT_SAMPLE_ROWS rows, and columns of at most PT_SAMPLE_COLUMN
 * cells, so that a sample of 10 MB opens at once.  What was left out is said in the last line.
 */
#ifndef PRISM_TUI_SAMPLETEXT_H
#define PRISM_TUI_SAMPLETEXT_H

#include "core/sample.h"

#define PT_SAMPLE_ROWS 2000 /* more than anybody reads of a sample */
#define PT_SAMPLE_COLUMN 40 /* cells of one CSV column */

/* ascii: no UTF-8 in what is added (separators, marks of a cut). */
void pt_sample_text(const struct core_sample *sample, bool ascii, struct prism_buf *out);

#endif
