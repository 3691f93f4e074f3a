#include "tests/lib/grid.h"

#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put_cp(struct prism_buf *out, uint32_t cp)
{
	char bytes[4];

	prism_buf_put(out, bytes, prism_utf8_encode(cp, bytes));
}

static void put_row(struct prism_buf *out, const struct pt_canvas *canvas, int y)
{
	const struct pt_cell *row = pt_canvas_row(canvas, y);
	int last = pt_canvas_cols(canvas);

	while (last > 0 && row[last - 1].ch == ' ')
		last--;
	for (int x = 0; x < last; x++) {
		if (!row[x].ch)
			continue;
		put_cp(out, row[x].ch);
		for (int i = 0; i < PT_CELL_MARKS && row[x].marks[i]; i++)
			put_cp(out, row[x].marks[i]);
	}
}

char *grid_row(const struct pt_canvas *canvas, int y)
{
	struct prism_buf out = PRISM_BUF_INIT(1024 * 1024);

	put_row(&out, canvas, y);
	return prism_buf_take(&out, NULL);
}

char *grid_text(const struct pt_canvas *canvas)
{
	struct prism_buf out = PRISM_BUF_INIT(4 * 1024 * 1024);

	for (int y = 0; y < pt_canvas_rows(canvas); y++) {
		put_row(&out, canvas, y);
		prism_buf_putc(&out, '\n');
	}
	return prism_buf_take(&out, NULL);
}

int grid_find(const struct pt_canvas *canvas, const char *text)
{
	for (int y = 0; y < pt_canvas_rows(canvas); y++) {
		PRISM_AUTO_FREE char *row = grid_row(canvas, y);

		if (strstr(row, text))
			return y;
	}
	return -1;
}

static void put_looks(struct prism_buf *out, unsigned looks)
{
	static const char *const names[] = {"selected",  "selected-idle", "mark",      "match",
	                                    "match-now", "bold",          "underline", "dialog"};

	for (unsigned i = 0; i < PRISM_COUNT(names); i++)
		if (looks & 1u << i)
			prism_buf_printf(out, "+%s", names[i]);
}

char *grid_styles(const struct pt_canvas *canvas)
{
	struct prism_buf out = PRISM_BUF_INIT(4 * 1024 * 1024);

	for (int y = 0; y < pt_canvas_rows(canvas); y++) {
		const struct pt_cell *row = pt_canvas_row(canvas, y);
		bool first = true;

		for (int x = 0, end; x < pt_canvas_cols(canvas); x = end) {
			for (end = x + 1; end < pt_canvas_cols(canvas) && row[end].slot == row[x].slot &&
			                  row[end].looks == row[x].looks;)
				end++;
			if (row[x].slot == PT_SLOT_TEXT && !row[x].looks)
				continue;
			if (first)
				prism_buf_printf(&out, "%3d:", y + 1);
			first = false;
			prism_buf_printf(&out, " %d-%d %s", x + 1, end,
			                 pt_slot_name((enum pt_slot)row[x].slot));
			put_looks(&out, row[x].looks);
		}
		if (!first)
			prism_buf_putc(&out, '\n');
	}
	return prism_buf_take(&out, NULL);
}

static void named(const char *name, size_t len,
                  void (*fn)(void *data, const struct pt_event *event), void *data)
{
	const char *space = memchr(name, ' ', len);
	size_t size = space ? (size_t)(space - name) : len;
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_event event;
	int times = space ? (int)strtol(space + 1, NULL, 10) : 1;

	if (len > 6 && strncmp(name, "paste:", 6) == 0) {
		event = (struct pt_event){.kind = PT_EVENT_PASTE, .text = name + 6, .len = len - 6};
		fn(data, &event);
		return;
	}
	if (size == 2 && strncmp(name, "lt", 2) == 0)
		event = (struct pt_event){.kind = PT_EVENT_KEY, .key = '<'};
	else if (pt_key_parse(name, size, &event, &err) < 0)
		fail_msg("%s", err.message);
	for (int i = 0; i < times; i++)
		fn(data, &event);
}

void grid_keys(const char *script, void (*fn)(void *data, const struct pt_event *event), void *data)
{
	const char *end = script + strlen(script);

	while (script < end) {
		const char *close = *script == '<' ? strchr(script, '>') : NULL;
		struct pt_event event = {.kind = PT_EVENT_KEY};

		if (close) {
			named(script + 1, (size_t)(close - script - 1), fn, data);
			script = close + 1;
		} else {
			event.key = (uint32_t)prism_utf8_next(&script, end);
			fn(data, &event);
		}
	}
}

void grid_check(const struct pt_canvas *canvas)
{
	for (int y = 0; y < pt_canvas_rows(canvas); y++) {
		const struct pt_cell *row = pt_canvas_row(canvas, y);

		for (int x = 0; x < pt_canvas_cols(canvas); x++) {
			bool wide = row[x].ch && prism_text_width(row[x].ch) == 2;

			assert_false(row[x].ch && prism_text_hostile(row[x].ch));
			assert_false(row[x].ch == 0 && (x == 0 || prism_text_width(row[x - 1].ch) != 2));
			assert_false(wide && (x + 1 == pt_canvas_cols(canvas) || row[x + 1].ch != 0));
			assert_true(pt_canvas_utf8(canvas) || row[x].ch < 0x7f);
		}
	}
}
