/* Charts in cells; see chart.h. */
#include "tui/chart.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DOTS_X 2 /* of a braille cell */
#define DOTS_Y 4
#define BAR_MAX 6 /* columns of one bar; wider ones say no more */

static const char *const shades[] = {"█", "▓", "▒", "░", "▚", "▖"};
static const char *const eighths[] = {"", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

/* ---- dividing ---- */

static int size_of(const int *cells, size_t count)
{
	int sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += cells[i];
	return sum;
}

/* The value that loses or gains a cell: the one whose share is furthest from what it has. */
static size_t furthest(const uint64_t *values, const int *cells, size_t count, double scale,
                       bool give)
{
	size_t best = count;
	double best_off = 0;

	for (size_t i = 0; i < count; i++) {
		double off = (double)values[i] * scale - cells[i];

		if (!values[i] || (!give && cells[i] <= 1))
			continue;
		if (best == count || (give ? off > best_off : off < best_off)) {
			best = i;
			best_off = off;
		}
	}
	return best;
}

void pt_chart_divide(const uint64_t *values, size_t count, int cells, int *ret_cells)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		sum += (double)values[i];
		ret_cells[i] = 0;
	}
	if (sum <= 0 || cells <= 0)
		return;
	double scale = cells / sum;
	for (size_t i = 0; i < count; i++) {
		int whole = (int)((double)values[i] * scale);

		ret_cells[i] = values[i] && whole < 1 ? 1 : whole;
	}
	while (size_of(ret_cells, count) > cells) {
		size_t from = furthest(values, ret_cells, count, scale, false);

		if (from == count)
			break;
		ret_cells[from]--;
	}
	/* More kinds than cells: the last ones go without. */
	for (size_t i = count; i > 0 && size_of(ret_cells, count) > cells; i--)
		ret_cells[i - 1] = 0;
	while (size_of(ret_cells, count) < cells)
		ret_cells[furthest(values, ret_cells, count, scale, true)]++;
}

/* ---- kinds ---- */

static void kind_cell(struct pt_canvas *canvas, int x, int y, const struct pt_chart_kind *kinds,
                      size_t k)
{
	char letter[2] = {kinds[k].letter, '\0'};

	pt_canvas_text(canvas, x, y, 1, kinds[k].slot, 0,
	               pt_canvas_utf8(canvas) ? shades[k % PRISM_COUNT(shades)] : letter);
}

void pt_chart_share(struct pt_canvas *canvas, int x, int y, int width,
                    const struct pt_chart_kind *kinds, const uint64_t *values, size_t count)
{
	int cells[PT_CHART_KINDS], at = 0;

	count = count < PT_CHART_KINDS ? count : PT_CHART_KINDS;
	pt_chart_divide(values, count, width, cells);
	for (size_t k = 0; k < count; k++)
		for (int i = 0; i < cells[k]; i++)
			kind_cell(canvas, x + at++, y, kinds, k);
	if (at == 0)
		pt_canvas_bar(canvas, x, y, width, 0, 1);
}

/* Kinds from `first` on that fit into one line; ret_next: the first that did not. */
static int legend_line(struct pt_canvas *canvas, struct pt_rect line,
                       const struct pt_chart_kind *kinds, const uint64_t *values, size_t count,
                       size_t first, size_t *ret_next)
{
	int used = 0;
	size_t k = first;

	for (; k < count && k < PT_CHART_KINDS; k++) {
		char text[96];
		int columns, gap = used ? 2 : 0;

		if (values)
			snprintf(text, sizeof(text), "%.60s %llu", kinds[k].label,
			         (unsigned long long)values[k]);
		else
			snprintf(text, sizeof(text), "%.60s", kinds[k].label);
		columns = (int)prism_text_columns(text, strlen(text));
		if (used + gap + 2 + columns > line.w)
			break;
		kind_cell(canvas, line.x + used + gap, line.y, kinds, k);
		pt_canvas_text(canvas, line.x + used + gap + 2, line.y, columns, PT_SLOT_TEXT, 0, text);
		used += gap + 2 + columns;
	}
	*ret_next = k;
	return used;
}

int pt_chart_legend(struct pt_canvas *canvas, int x, int y, int width,
                    const struct pt_chart_kind *kinds, const uint64_t *values, size_t count)
{
	size_t next;

	return legend_line(canvas, (struct pt_rect){x, y, width, 1}, kinds, values, count, 0, &next);
}

int pt_chart_legend_lines(struct pt_canvas *canvas, struct pt_rect area,
                          const struct pt_chart_kind *kinds, const uint64_t *values, size_t count)
{
	size_t at = 0;
	int line = 0;

	for (; line < area.h && at < count; line++) {
		size_t first = at;

		legend_line(canvas, (struct pt_rect){area.x, area.y + line, area.w, 1}, kinds, values,
		            count, first, &at);
		if (at == first)
			break; /* not even one fits */
	}
	return line;
}

/* ---- bars ---- */

static uint64_t sum_of(const struct pt_chart_bars *chart, size_t bar)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < chart->kind_count; k++)
		sum += chart->values[bar * chart->kind_count + k];
	return sum;
}

static uint64_t top_of(const struct pt_chart_bars *chart)
{
	uint64_t top = chart->top;

	for (size_t b = 0; b < chart->bar_count; b++)
		top = sum_of(chart, b) > top ? sum_of(chart, b) : top;
	return top;
}

/* A single kind rises in eighths of a cell. */
static void plain_bar(struct pt_canvas *canvas, struct pt_rect area,
                      const struct pt_chart_kind *kind, double part)
{
	int rise = (int)(part * area.h * 8 + 0.5), y = area.y + area.h - 1;

	if (rise == 0 && part > 0)
		rise = 1;
	for (; rise > 0; rise -= 8, y--)
		for (int x = area.x; x < area.x + area.w; x++) {
			char letter[2] = {kind->letter, '\0'};

			pt_canvas_text(canvas, x, y, 1, kind->slot, 0,
			               pt_canvas_utf8(canvas) ? eighths[least(rise, 8)]
			               : rise >= 4            ? letter
			                                      : ".");
		}
}

static void stacked_bar(struct pt_canvas *canvas, struct pt_rect area,
                        const struct pt_chart_bars *chart, size_t bar, uint64_t top)
{
	const uint64_t *values = &chart->values[bar * chart->kind_count];
	double part = (double)sum_of(chart, bar) / (double)top;
	int cells[PT_CHART_KINDS], y = area.y + area.h - 1, height, kinds = 0;

	if (chart->kind_count == 1) {
		plain_bar(canvas, area, chart->kinds, part);
		return;
	}
	for (size_t k = 0; k < chart->kind_count; k++)
		kinds += values[k] > 0;
	height = least(area.h, most((int)(part * area.h + 0.5), kinds));
	pt_chart_divide(values, chart->kind_count, height, cells);
	for (size_t k = 0; k < chart->kind_count; k++)
		for (int i = 0; i < cells[k]; i++, y--)
			for (int x = area.x; x < area.x + area.w; x++)
				kind_cell(canvas, x, y, chart->kinds, k);
}

/* The axis takes the left columns of *area: the value on top, 0 below, a line beside. */
static void bar_axis(struct pt_canvas *canvas, struct pt_rect *area, uint64_t top)
{
	char text[24];
	int width = snprintf(text, sizeof(text), "%llu", (unsigned long long)top);

	if (area->w < width + 8 || area->h < 2)
		return;
	pt_canvas_text_right(canvas, area->x, area->y, width, PT_SLOT_DIM, 0, text);
	pt_canvas_text_right(canvas, area->x, area->y + area->h - 1, width, PT_SLOT_DIM, 0, "0");
	pt_canvas_vline(canvas, area->x + width, area->y, area->h, PT_SLOT_BORDER);
	area->x += width + 1;
	area->w -= width + 1;
}

void pt_chart_bars(struct pt_canvas *canvas, struct pt_rect area, const struct pt_chart_bars *chart)
{
	uint64_t top = top_of(chart);
	bool labels = chart->labels && area.h > 3;
	struct pt_rect plot = area;
	int step, width, gap;
	size_t first;

	if (chart->kind_count == 0 || chart->kind_count > PT_CHART_KINDS || chart->bar_count == 0)
		return;
	plot.h -= labels;
	bar_axis(canvas, &plot, top);
	step = most(1, least(plot.w / (int)chart->bar_count, BAR_MAX + 2));
	gap = step > 3 ? 2 : step > 1;
	width = step - gap;
	first = (int)chart->bar_count > plot.w / step ? chart->bar_count - (size_t)(plot.w / step) : 0;
	for (size_t b = first; b < chart->bar_count; b++) {
		struct pt_rect bar = {plot.x + (int)(b - first) * step + (gap > 1), plot.y, width, plot.h};

		if (top > 0)
			stacked_bar(canvas, bar, chart, b, top);
		if (labels)
			pt_canvas_text(canvas, bar.x, plot.y + plot.h, step - (gap > 0), PT_SLOT_DIM, 0,
			               chart->labels[b]);
	}
}

/* ---- steps ---- */

struct dots { /* the plot in points: cells or braille dots */
	const struct pt_chart_steps *chart;
	int w, h;
};

static int64_t time_at(const struct dots *dots, int x)
{
	double span = (double)(dots->chart->to_us - dots->chart->from_us);

	return dots->chart->from_us + (int64_t)(span * x / dots->w);
}

static int height_at(const struct dots *dots, double value) /* from the top */
{
	double range = dots->chart->high - dots->chart->low;
	double part = range > 0 ? (value - dots->chart->low) / range : 0;

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return (int)((1 - part) * (dots->h - 1) + 0.5);
}

/* The last point at or before a time; count when there is none. */
static size_t point_before(const struct pt_chart_steps *chart, int64_t at)
{
	size_t low = 0, high = chart->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (chart->points[middle].at_us <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : chart->count;
}

/* Rows that the line covers in column x of dots; false: nothing is known there. */
static bool column_rows(const struct dots *dots, int x, int *ret_top, int *ret_bottom)
{
	const struct pt_chart_steps *chart = dots->chart;
	int64_t from = time_at(dots, x), to = time_at(dots, x + 1);
	/* With the value just before, so that a change on the border is a line and not a gap. */
	size_t at = point_before(chart, x > 0 ? from - 1 : from);
	bool known = at < chart->count;

	for (size_t i = known ? at : 0; i < chart->count && (i == at || chart->points[i].at_us < to);
	     i++) {
		int y = height_at(dots, chart->points[i].value);

		if (!known || i == at) {
			*ret_top = *ret_bottom = y;
			known = true;
		}
		*ret_top = least(*ret_top, y);
		*ret_bottom = most(*ret_bottom, y);
	}
	return known;
}

static void steps_ascii(struct pt_canvas *canvas, struct pt_rect plot,
                        const struct pt_chart_steps *chart)
{
	struct dots dots = {chart, plot.w, plot.h};

	for (int x = 0; x < plot.w; x++) {
		int top, bottom;

		if (!column_rows(&dots, x, &top, &bottom))
			continue;
		for (int y = top; y <= bottom; y++)
			pt_canvas_text(canvas, plot.x + x, plot.y + y, 1, chart->slot, 0,
			               top == bottom               ? "-"
			               : (y == top || y == bottom) ? "+"
			                                           : "|");
	}
}

/* Bits of U+2800: columns of dots from the top, the fourth row came later. */
static uint32_t braille_bit(int x, int y)
{
	static const uint8_t bits[DOTS_X][DOTS_Y] = {{0x01, 0x02, 0x04, 0x40},
	                                             {0x08, 0x10, 0x20, 0x80}};

	return bits[x][y];
}

static void braille_cell(struct pt_canvas *canvas, int x, int y, enum pt_slot slot, uint32_t bits)
{
	char text[4] = {(char)0xe2, (char)(0xa0 | (bits >> 6)), (char)(0x80 | (bits & 0x3f)), '\0'};

	pt_canvas_text(canvas, x, y, 1, slot, 0, text);
}

static void steps_braille(struct pt_canvas *canvas, struct pt_rect plot,
                          const struct pt_chart_steps *chart)
{
	struct dots dots = {chart, plot.w * DOTS_X, plot.h * DOTS_Y};

	for (int x = 0; x < plot.w; x++) {
		int top[DOTS_X], bottom[DOTS_X];

		for (int d = 0; d < DOTS_X; d++)
			if (!column_rows(&dots, x * DOTS_X + d, &top[d], &bottom[d]))
				top[d] = 1, bottom[d] = 0; /* an empty range */
		for (int y = 0; y < plot.h; y++) {
			uint32_t bits = 0;

			for (int d = 0; d < DOTS_X; d++)
				for (int row = 0; row < DOTS_Y; row++)
					if (y * DOTS_Y + row >= top[d] && y * DOTS_Y + row <= bottom[d])
						bits |= braille_bit(d, row);
			if (bits)
				braille_cell(canvas, plot.x + x, plot.y + y, chart->slot, bits);
		}
	}
}

static int label_columns(const char *text)
{
	return text ? (int)prism_text_columns(text, strlen(text)) : 0;
}

static void step_labels(struct pt_canvas *canvas, struct pt_rect *plot,
                        const struct pt_chart_steps *chart)
{
	int width = most(label_columns(chart->low_label), label_columns(chart->high_label));

	if (width && plot->w >= width + 10) {
		if (chart->high_label)
			pt_canvas_text_right(canvas, plot->x, plot->y, width, PT_SLOT_DIM, 0,
			                     chart->high_label);
		if (chart->low_label && plot->h > 1)
			pt_canvas_text_right(canvas, plot->x, plot->y + plot->h - 1, width, PT_SLOT_DIM, 0,
			                     chart->low_label);
		pt_canvas_vline(canvas, plot->x + width + 1, plot->y, plot->h, PT_SLOT_BORDER);
		plot->x += width + 2;
		plot->w -= width + 2;
	}
	if (!chart->from_label && !chart->to_label)
		return;
	int y = plot->y + plot->h;
	int left = chart->from_label
	               ? pt_canvas_text(canvas, plot->x, y, plot->w, PT_SLOT_DIM, 0, chart->from_label)
	               : 0;
	if (chart->to_label && plot->w - left > label_columns(chart->to_label))
		pt_canvas_text_right(canvas, plot->x + left + 1, y, plot->w - left - 1, PT_SLOT_DIM, 0,
		                     chart->to_label);
}

void pt_chart_steps(struct pt_canvas *canvas, struct pt_rect area,
                    const struct pt_chart_steps *chart)
{
	struct pt_rect plot = area;
	struct pt_rect before = pt_canvas_clip(canvas, area);

	if ((chart->from_label || chart->to_label) && area.h > 2)
		plot.h--;
	if (plot.w > 0 && plot.h > 0 && chart->to_us > chart->from_us) {
		step_labels(canvas, &plot, chart);
		if (pt_canvas_utf8(canvas))
			steps_braille(canvas, plot, chart);
		else
			steps_ascii(canvas, plot, chart);
	}
	pt_canvas_unclip(canvas, before);
}
