/* Lines with a cursor; see lines.h. */
#include "tui/lines.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct part {
	enum pt_slot slot;
	int glyph; /* -1: text */
	int pad;   /* column to fill up to; 0: none */
	const char *text;
};

struct line {
	const char *key, *arg; /* arena; NULL: none */
	int target;
	size_t first, count; /* parts */
};

struct pt_lines {
	struct prism_arena *arena;
	struct line *lines;
	struct part *parts;
	size_t count, part_count;
	size_t cursor, top;
	int width, height, skip;
	bool reveal; /* the cursor's line with what is below it */
	size_t reveal_rows;
	char *kept;   /* key of the cursor's line while building */
	char *needle; /* last search */
};

struct pt_lines *pt_lines_create(void)
{
	struct pt_lines *lines = prism_alloc(sizeof(*lines));

	lines->arena = prism_arena_create();
	return lines;
}

void pt_lines_destroy(struct pt_lines *lines)
{
	if (!lines)
		return;
	prism_arena_destroy(lines->arena);
	prism_free(lines->lines);
	prism_free(lines->parts);
	prism_free(lines->kept);
	prism_free(lines->needle);
	prism_free(lines);
}

/* ---- building ---- */

void pt_lines_begin(struct pt_lines *lines)
{
	prism_free(lines->kept);
	lines->kept = prism_strdup(pt_lines_key(lines));
	prism_arena_destroy(lines->arena);
	lines->arena = prism_arena_create();
	lines->count = lines->part_count = 0;
}

static bool full(size_t count)
{
	return (count & (count - 1)) == 0; /* 0, 1, 2, 4, ...: room doubles there */
}

void pt_lines_add(struct pt_lines *lines, const char *key, int target, const char *arg)
{
	if (full(lines->count))
		lines->lines = prism_realloc_array(lines->lines, lines->count ? lines->count * 2 : 1,
		                                   sizeof(*lines->lines));
	lines->lines[lines->count++] = (struct line){
	    .key = prism_arena_strdup(lines->arena, key),
	    .arg = prism_arena_strdup(lines->arena, arg),
	    .target = target,
	    .first = lines->part_count,
	};
}

static void add_part(struct pt_lines *lines, struct part part)
{
	if (!lines->count)
		pt_lines_add(lines, NULL, 0, NULL);
	if (full(lines->part_count))
		lines->parts = prism_realloc_array(
		    lines->parts, lines->part_count ? lines->part_count * 2 : 1, sizeof(*lines->parts));
	lines->parts[lines->part_count++] = part;
	lines->lines[lines->count - 1].count++;
}

void pt_lines_part(struct pt_lines *lines, enum pt_slot slot, const char *fmt, ...)
{
	PRISM_AUTO_FREE char *text = NULL;
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = prism_alloc((size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	add_part(lines, (struct part){slot, -1, 0, prism_arena_strdup(lines->arena, text)});
}

void pt_lines_glyph(struct pt_lines *lines, enum pt_glyph glyph, enum pt_slot slot)
{
	add_part(lines, (struct part){slot, (int)glyph, 0, ""});
}

void pt_lines_pad(struct pt_lines *lines, int column)
{
	add_part(lines, (struct part){PT_SLOT_TEXT, -1, column, ""});
}

struct wrapping {
	struct pt_lines *lines;
	int column;
	enum pt_slot slot;
};

static void wrapped(void *data, int line, const char *text, size_t len)
{
	struct wrapping *w = data;

	if (line)
		pt_lines_add(w->lines, NULL, 0, NULL);
	pt_lines_pad(w->lines, w->column);
	pt_lines_part(w->lines, w->slot, "%.*s", (int)len, text);
}

void pt_lines_wrap(struct pt_lines *lines, int column, int width, enum pt_slot slot,
                   const char *text)
{
	struct wrapping w = {lines, column, slot};
	int room = width - column;

	if (*text)
		pt_text_wrap(text, strlen(text), room < 8 ? 8 : room, wrapped, &w);
}

void pt_lines_field(struct pt_lines *lines, const char *label, int label_width, int width,
                    enum pt_slot slot, const char *text)
{
	pt_lines_add(lines, label, 0, NULL);
	pt_lines_part(lines, PT_SLOT_LABEL, "%s", label);
	pt_lines_wrap(lines, label_width, width, slot, text);
}

void pt_lines_end(struct pt_lines *lines)
{
	if (lines->kept && pt_lines_select(lines, lines->kept))
		return;
	if (lines->cursor >= lines->count)
		lines->cursor = lines->count ? lines->count - 1 : 0;
}

/* ---- reading ---- */

size_t pt_lines_count(const struct pt_lines *lines)
{
	return lines->count;
}

int pt_lines_target(const struct pt_lines *lines, const char **ret_arg)
{
	const struct line *line = lines->cursor < lines->count ? &lines->lines[lines->cursor] : NULL;

	*ret_arg = line ? line->arg : NULL;
	return line ? line->target : 0;
}

const char *pt_lines_key(const struct pt_lines *lines)
{
	return lines->cursor < lines->count ? lines->lines[lines->cursor].key : NULL;
}

const char *pt_lines_owner(const struct pt_lines *lines, int *ret_target, const char **ret_arg)
{
	size_t at = lines->cursor;

	if (lines->count == 0)
		return NULL;
	while (at > 0 && !lines->lines[at].key)
		at--;
	if (ret_target)
		*ret_target = lines->lines[at].target;
	if (ret_arg)
		*ret_arg = lines->lines[at].arg;
	return lines->lines[at].key;
}

void pt_lines_reveal(struct pt_lines *lines, size_t rows)
{
	lines->reveal = true;
	lines->reveal_rows = rows;
}

char *pt_lines_position(const struct pt_lines *lines, char *buf, size_t size)
{
	size_t rows = lines->height > 0 ? (size_t)lines->height : 1;
	size_t last = lines->top + rows < lines->count ? lines->top + rows : lines->count;

	buf[0] = '\0';
	if (lines->count > rows)
		snprintf(buf, size, "%zu-%zu of %zu", lines->top + 1, last, lines->count);
	return buf;
}

bool pt_lines_select(struct pt_lines *lines, const char *key)
{
	if (lines->kept && strcmp(lines->kept, key) != 0) {
		prism_free(lines->kept);
		lines->kept = prism_strdup(key);
	}
	for (size_t i = 0; i < lines->count; i++)
		if (lines->lines[i].key && !strcmp(lines->lines[i].key, key)) {
			lines->cursor = i;
			return true;
		}
	return false;
}

static void line_text(const struct pt_lines *lines, const struct line *line, struct prism_buf *out)
{
	for (size_t i = 0; i < line->count; i++) {
		const struct part *part = &lines->parts[line->first + i];

		if (part->pad && out->len)
			prism_buf_putc(out, ' ');
		prism_buf_puts(out, part->text);
	}
}

char *pt_lines_copy(const struct pt_lines *lines)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 24);

	if (lines->cursor < lines->count)
		line_text(lines, &lines->lines[lines->cursor], &text);
	return prism_strdup(prism_buf_text(&text));
}

/* ---- moving ---- */

static void move_to(struct pt_lines *lines, long to)
{
	long last = (long)lines->count - 1;

	lines->cursor = (size_t)(to > last ? (last < 0 ? 0 : last) : to < 0 ? 0 : to);
}

unsigned pt_lines_nav(struct pt_lines *lines, enum pt_nav nav, int count)
{
	long page = lines->height > 1 ? lines->height - 1 : 1;
	long half = page / 2 ? page / 2 : 1;
	long at = (long)lines->cursor;

	switch (nav) {
	case PT_NAV_UP:
		move_to(lines, at - count);
		break;
	case PT_NAV_DOWN:
		move_to(lines, at + count);
		break;
	case PT_NAV_PAGE_UP:
		move_to(lines, at - page * count);
		break;
	case PT_NAV_PAGE_DOWN:
		move_to(lines, at + page * count);
		break;
	case PT_NAV_HALF_UP:
		move_to(lines, at - half * count);
		break;
	case PT_NAV_HALF_DOWN:
		move_to(lines, at + half * count);
		break;
	case PT_NAV_FIRST:
		move_to(lines, 0);
		break;
	case PT_NAV_LAST:
		move_to(lines, (long)lines->count);
		break;
	case PT_NAV_LEFT:
		lines->skip = lines->skip > 8 ? lines->skip - 8 : 0;
		break;
	case PT_NAV_RIGHT:
		lines->skip += 8;
		break;
	}
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_lines_search(struct pt_lines *lines, const char *text, int direction)
{
	if (text) {
		prism_free(lines->needle);
		lines->needle = prism_strdup(text);
	}
	if (!lines->needle || !*lines->needle || !lines->count)
		return PT_HANDLED;
	for (size_t step = 1; step <= lines->count; step++) {
		size_t i = direction > 0
		               ? (lines->cursor + step) % lines->count
		               : (lines->cursor + lines->count - step % lines->count) % lines->count;
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(1 << 24);

		line_text(lines, &lines->lines[i], &line);
		if (prism_text_contains(prism_buf_text(&line), lines->needle)) {
			lines->cursor = i;
			break;
		}
	}
	return PT_HANDLED | PT_REDRAW;
}

/* ---- drawing ---- */

static void reveal(struct pt_lines *lines, size_t rows)
{
	size_t end = lines->cursor + 1 + lines->reveal_rows, above = rows / 4;

	while (!lines->reveal_rows && end < lines->count && !lines->lines[end].key)
		end++;
	if (end > lines->count)
		end = lines->count;
	if (end > lines->top + rows || lines->cursor < lines->top)
		lines->top = lines->cursor > above ? lines->cursor - above : 0;
	if (end > lines->top + rows)
		lines->top = end - rows < lines->cursor ? end - rows : lines->cursor;
	lines->reveal = false;
}

void pt_lines_prepare(struct pt_lines *lines, int width, int height)
{
	size_t rows = height > 0 ? (size_t)height : 1;

	lines->width = width;
	lines->height = height;
	if (lines->reveal)
		reveal(lines, rows);
	if (lines->cursor < lines->top)
		lines->top = lines->cursor;
	if (lines->cursor >= lines->top + rows)
		lines->top = lines->cursor - rows + 1;
	if (lines->count < lines->top + rows)
		lines->top = lines->count > rows ? lines->count - rows : 0;
}

static void draw_line(const struct pt_lines *lines, const struct line *line,
                      struct pt_canvas *canvas, struct pt_rect row, unsigned looks)
{
	int x = row.x - lines->skip;

	for (size_t i = 0; i < line->count; i++) {
		const struct part *part = &lines->parts[line->first + i];
		int hidden = x < row.x ? row.x - x : 0;
		int room = row.x + row.w - (x > row.x ? x : row.x);

		if (room <= 0)
			return;
		if (part->pad) {
			int to = row.x - lines->skip + part->pad;

			x = x < to ? to : x + 1;
		} else if (part->glyph >= 0) {
			if (!hidden)
				pt_canvas_glyph(canvas, x, row.y, (enum pt_glyph)part->glyph, part->slot, looks);
			x += 2;
		} else if (hidden) {
			pt_canvas_text_from(canvas, row.x, row.y, room, hidden, part->slot, looks, part->text,
			                    strlen(part->text));
			x += (int)prism_text_columns(part->text, strlen(part->text));
		} else {
			x += pt_canvas_text(canvas, x, row.y, room, part->slot, looks, part->text);
		}
	}
}

/* The pointer stands in a column of its own, so moving it costs two cells. */
void pt_lines_draw(const struct pt_lines *lines, struct pt_canvas *canvas, struct pt_rect area,
                   bool focus)
{
	for (int i = 0; i < area.h && lines->top + (size_t)i < lines->count; i++) {
		size_t at = lines->top + (size_t)i;
		struct pt_rect row = {area.x + 2, area.y + i, area.w - 2, 1};
		struct pt_rect before;

		if (at == lines->cursor)
			pt_canvas_glyph(canvas, area.x, row.y, PT_GLYPH_POINTER,
			                focus ? PT_SLOT_TITLE_FOCUS : PT_SLOT_DIM, 0);
		before = pt_canvas_clip(canvas, row);
		draw_line(lines, &lines->lines[at], canvas, row,
		          at == lines->cursor && focus ? PT_LOOK_BOLD : 0);
		pt_canvas_unclip(canvas, before);
	}
}
