/*
 * Charts in cells: stacked bars, one stacked line, and step lines over time.
 *
 * Values are the caller's and lent for the call; nothing is kept, fetched or allocated.  What a
 * colour says is said by the shape, too: kinds are told apart by their shade (full, dark, medium,
 * light) on a canvas with UTF-8, and by their letter without, so that a monochrome or ASCII
 * terminal shows the same facts.
 *
 *   bars   one column of cells for each bar, kinds from the bottom up.  The tallest bar takes the
 *          whole height unless `top` says more.  A kind that is there gets at least one cell while
 *          the bar has one for it, so a single failure among a thousand runs is seen.
 *   share  the same facts of one bar, lying down: a line of `width` cells.
 *   steps  a value that holds until the next point.  Before the first point nothing is known and
 *          nothing is drawn.  Braille cells hold 2 x 4 dots, so a change is placed to half a
 * column; in ASCII the line is made of '-', '|' and '+'.
 *
 * All of them clip to the area, and draw what fits: axes go first when it gets small.
 */
#ifndef PRISM_TUI_CHART_H
#define PRISM_TUI_CHART_H

#include "tui/canvas.h"

struct pt_chart_kind { /* of bars and shares; the order is the order of drawing */
	const char *label;
	enum pt_slot slot;
	char letter; /* on a canvas without UTF-8 */
};

#define PT_CHART_KINDS 8 /* at most; shades repeat after six */

struct pt_chart_bars {
	const struct pt_chart_kind *kinds;
	size_t kind_count;         /* 1 for plain bars; at most PT_CHART_KINDS */
	const uint64_t *values;    /* of bar b, kind k: values[b * kind_count + k] */
	size_t bar_count;          /* more than fit: the last ones are drawn */
	const char *const *labels; /* under the bars, cut to their width; NULL: none */
	uint64_t top;              /* value of the full height; 0, or too low: the highest bar */
};
/* With an axis at the left (the value of the full height, and 0) and labels below. */
void pt_chart_bars(struct pt_canvas *canvas, struct pt_rect area,
                   const struct pt_chart_bars *chart);

/* values[k] of kinds[k] in `width` cells of one line. All zero: an empty line of shade. */
void pt_chart_share(struct pt_canvas *canvas, int x, int y, int width,
                    const struct pt_chart_kind *kinds, const uint64_t *values, size_t count);
/* "█ Completed 12  ▓ Failed 1": kinds with their numbers (values NULL: without), on one line, what
 * does not fit is left out. Returns the columns used. */
int pt_chart_legend(struct pt_canvas *canvas, int x, int y, int width,
                    const struct pt_chart_kind *kinds, const uint64_t *values, size_t count);

/* The same on as many lines of the area as it takes. Returns the lines used. */
int pt_chart_legend_lines(struct pt_canvas *canvas, struct pt_rect area,
                          const struct pt_chart_kind *kinds, const uint64_t *values, size_t count);

struct pt_chart_point {
	int64_t at_us; /* ascending */
	double value;  /* from here until the next point */
};
struct pt_chart_steps {
	const struct pt_chart_point *points;
	size_t count;
	int64_t from_us, to_us;             /* what the width stands for; from before to */
	double low, high;                   /* what the bottom and top line stand for */
	const char *low_label, *high_label; /* at the left; NULL: none */
	const char *from_label, *to_label;  /* below; NULL: no line for them */
	enum pt_slot slot;
};
void pt_chart_steps(struct pt_canvas *canvas, struct pt_rect area,
                    const struct pt_chart_steps *chart);

/* How many cells each of count values gets of `cells`, together proportional to their sum and at
 * most `cells`: largest remainders, and one for each that is not zero while there is room. Pure. */
void pt_chart_divide(const uint64_t *values, size_t count, int cells, int *ret_cells);

#endif
