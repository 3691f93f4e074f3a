/*
 * Owns the state of a log pane: where the cursor is, what is on screen, following, searching.
 * Drawing is tui/logpane_draw.c.
 */
#include "tui/logpane.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum {
	SEARCH_US = 3000, /* searching between two turns of the loop */
	WHEEL_ROWS = 3
};

static void view_changed(void *data)
{
	struct pt_logpane *pane = data;

	pane->changed(pane->data);
}

void pt_logpane_init(struct pt_logpane *pane, struct core_logstore *store, struct prism_loop *loop,
                     const struct prism_clock *clock, void (*changed)(void *data), void *data)
{
	*pane = (struct pt_logpane){.store = store,
	                            .loop = loop,
	                            .clock = clock,
	                            .changed = changed,
	                            .data = data,
	                            .follow = true,
	                            .width = 80,
	                            .height = 1};
	pane->view = core_logview_create(store, loop, view_changed, pane);
	pane->cursor.id = pane->top.id = core_logstore_first(store);
	core_logstore_anchor(store, &pane->cursor);
	core_logstore_anchor(store, &pane->top);
}

static void search_more(void *data);

static void stop_searching(struct pt_logpane *pane)
{
	if (pane->searching && pane->loop)
		prism_loop_undefer(pane->loop, search_more, pane);
	pane->searching = false;
}

void pt_logpane_finish(struct pt_logpane *pane)
{
	stop_searching(pane);
	core_logstore_release(&pane->cursor);
	core_logstore_release(&pane->top);
	core_logview_destroy(pane->view);
	core_logmatch_destroy(pane->match);
}

/* ---- places ---- */

static size_t count_of(const struct pt_logpane *pane)
{
	return core_logview_count(pane->view);
}

static size_t pos_of(const struct pt_logpane *pane, uint32_t id)
{
	size_t count = count_of(pane), pos = core_logview_pos(pane->view, id);

	return pos < count ? pos : count ? count - 1 : 0;
}

size_t pt_logpane_pos(const struct pt_logpane *pane)
{
	return pos_of(pane, pane->cursor.id);
}

size_t pt_logpane_top(const struct pt_logpane *pane)
{
	return pos_of(pane, pane->top.id);
}

static void set_cursor(struct pt_logpane *pane, size_t pos)
{
	if (pos < count_of(pane))
		pane->cursor.id = core_logview_id(pane->view, pos);
}

static void set_top(struct pt_logpane *pane, size_t pos, int row)
{
	if (pos < count_of(pane))
		pane->top.id = core_logview_id(pane->view, pos);
	pane->top_row = row;
}

int pt_log_rows(const struct pt_logpane *pane, uint32_t id)
{
	struct core_log_line line = core_logstore_line(pane->store, id);
	int width = pt_log_columns(pane, pane->width).message, rows = 1, columns;

	if (!pane->wrap || line.len <= (size_t)width)
		return 1;
	const char *text = line.text, *end = line.text + line.len;
	for (;; rows++) {
		text += pt_log_fit(text, (size_t)(end - text), width, &columns);
		if (text >= end)
			return rows;
	}
}

static int rows_at(const struct pt_logpane *pane, size_t pos)
{
	return pt_log_rows(pane, core_logview_id(pane->view, pos));
}

/* Makes the screen end with the line at pos. */
static void bottom_at(struct pt_logpane *pane, size_t pos)
{
	int left = pane->height - rows_at(pane, pos);
	size_t top = pos;

	while (top > 0 && left > 0) {
		int rows = rows_at(pane, top - 1);
		if (rows > left) {
			/* Part of a wrapped line at the top. */
			set_top(pane, top - 1, rows - left);
			return;
		}
		left -= rows;
		top--;
	}
	set_top(pane, top, 0);
}

/* Rows from the top of the screen to the line at pos; more than the height when it is below. */
static int rows_down_to(const struct pt_logpane *pane, size_t pos)
{
	size_t top = pos_of(pane, pane->top.id);
	int rows = -pane->top_row;

	for (size_t i = top; i < pos && rows <= pane->height; i++)
		rows += rows_at(pane, i);
	return rows;
}

static void show_cursor(struct pt_logpane *pane)
{
	size_t pos = pt_logpane_pos(pane), top = pos_of(pane, pane->top.id);

	if (pos < top || (pos == top && pane->top_row > 0)) {
		set_top(pane, pos, 0);
		return;
	}
	if (pos - top >= (size_t)pane->height ||
	    rows_down_to(pane, pos) + rows_at(pane, pos) > pane->height)
		bottom_at(pane, pos);
}

void pt_logpane_prepare(struct pt_logpane *pane, int width, int height)
{
	size_t count = count_of(pane);

	if (width != pane->width)
		pane->top_row = 0;
	pane->width = width > 1 ? width : 1;
	pane->height = height > 1 ? height : 1;
	if (count == 0)
		return;
	if (pane->follow) {
		set_cursor(pane, count - 1);
		bottom_at(pane, count - 1);
		return;
	}
	/* The anchors stay on their lines even when these do not pass: they may pass again. */
	show_cursor(pane);
	/* No empty rows below the last line while there are lines above. */
	if (rows_down_to(pane, count - 1) + rows_at(pane, count - 1) < pane->height)
		bottom_at(pane, count - 1);
}

/* ---- moving ---- */

void pt_logpane_go(struct pt_logpane *pane, size_t pos)
{
	size_t count = count_of(pane);

	if (count == 0)
		return;
	if (pos >= count)
		pos = count - 1;
	pane->follow = false;
	set_cursor(pane, pos);
	size_t top = pos_of(pane, pane->top.id);
	if (pos < top || pos - top >= (size_t)pane->height) {
		size_t half = (size_t)pane->height / 2;
		set_top(pane, pos > half ? pos - half : 0, 0);
	}
	show_cursor(pane);
}

static unsigned move_by(struct pt_logpane *pane, size_t count, bool up)
{
	size_t pos = pt_logpane_pos(pane), last = count_of(pane) - 1;

	if (up) {
		pane->follow = false;
		set_cursor(pane, pos > count ? pos - count : 0);
	} else if (last - pos <= count) {
		set_cursor(pane, last);
	} else {
		set_cursor(pane, pos + count);
	}
	show_cursor(pane);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned sideways(struct pt_logpane *pane, int count)
{
	if (pane->wrap)
		return PT_HANDLED;
	pane->skip += count * 8;
	if (pane->skip < 0)
		pane->skip = 0;
	return PT_HANDLED | PT_REDRAW;
}

unsigned pt_logpane_nav(struct pt_logpane *pane, enum pt_nav nav, int count)
{
	size_t steps = count > 0 ? (size_t)count : 1, page = (size_t)pane->height;
	size_t half = page > 1 ? page / 2 : 1;

	if (nav == PT_NAV_LEFT || nav == PT_NAV_RIGHT)
		return sideways(pane, nav == PT_NAV_LEFT ? -(int)steps : (int)steps);
	if (count_of(pane) == 0)
		return PT_HANDLED;
	switch (nav) {
	case PT_NAV_UP:
	case PT_NAV_DOWN:
		return move_by(pane, steps, nav == PT_NAV_UP);
	case PT_NAV_PAGE_UP:
	case PT_NAV_PAGE_DOWN:
		return move_by(pane, steps * page, nav == PT_NAV_PAGE_UP);
	case PT_NAV_HALF_UP:
	case PT_NAV_HALF_DOWN:
		return move_by(pane, steps * half, nav == PT_NAV_HALF_UP);
	case PT_NAV_FIRST:
		return move_by(pane, count_of(pane), true);
	default:
		pt_logpane_set_follow(pane, true);
		return PT_HANDLED | PT_REDRAW;
	}
}

unsigned pt_logpane_key(struct pt_logpane *pane, const struct pt_event *event)
{
	size_t count = count_of(pane), pos = pt_logpane_top(pane);
	int rows = -pane->top_row;

	if (event->kind != PT_EVENT_MOUSE || count == 0)
		return PT_IGNORED;
	if (event->button == PT_MOUSE_WHEEL_UP)
		return pt_logpane_nav(pane, PT_NAV_UP, WHEEL_ROWS);
	if (event->button == PT_MOUSE_WHEEL_DOWN)
		return pt_logpane_nav(pane, PT_NAV_DOWN, WHEEL_ROWS);
	if (event->button != PT_MOUSE_LEFT || event->y < 0)
		return PT_IGNORED;
	for (; pos + 1 < count; pos++) {
		rows += rows_at(pane, pos);
		if (rows > event->y)
			break;
	}
	pt_logpane_go(pane, pos);
	return PT_HANDLED | PT_REDRAW;
}

void pt_logpane_set_follow(struct pt_logpane *pane, bool follow)
{
	pane->follow = follow;
	if (follow)
		pt_logpane_prepare(pane, pane->width, pane->height);
}

void pt_logpane_set_wrap(struct pt_logpane *pane, bool wrap)
{
	pane->wrap = wrap;
	pane->top_row = pane->skip = 0;
	pt_logpane_prepare(pane, pane->width, pane->height);
}

/* ---- filter and search ---- */

int pt_logpane_filter(struct pt_logpane *pane, const struct core_log_filter *filter,
                      struct prism_error *err)
{
	if (core_logview_filter(pane->view, filter, err) < 0)
		return -1;
	pane->top_row = 0;
	/* The first screen is there at once when filtering is quick; the rest follows in slices. */
	core_logview_work(pane->view, pane->loop ? SEARCH_US : -1);
	return 0;
}

static void search_ended(struct pt_logpane *pane, bool found)
{
	pane->searching = false;
	pane->not_found = !found;
	if (found)
		pt_logpane_go(pane, pane->search_pos);
	pane->changed(pane->data);
}

static void search_more(void *data)
{
	struct pt_logpane *pane = data;
	enum core_logsearch result = core_logview_search(
	    pane->view, pane->match, pane->backward, &pane->search_pos, pane->loop ? SEARCH_US : -1);

	if (result == CORE_LOGSEARCH_NONE && !pane->wrapped) {
		/* Once around: from the other end. */
		pane->wrapped = true;
		pane->search_pos = pane->backward ? core_logview_count(pane->view) : 0;
		result = CORE_LOGSEARCH_MORE;
	}
	if (result != CORE_LOGSEARCH_MORE)
		search_ended(pane, result == CORE_LOGSEARCH_FOUND);
	else if (pane->loop)
		prism_loop_defer(pane->loop, search_more, pane);
	else
		search_more(pane);
}

int pt_logpane_search(struct pt_logpane *pane, const char *text, int direction,
                      struct prism_error *err)
{
	size_t pos = pt_logpane_pos(pane);

	stop_searching(pane);
	if (text) {
		struct core_logmatch *match = text[0] ? core_logmatch_create(text, 0, err) : NULL;
		if (text[0] && !match)
			return -1;
		core_logmatch_destroy(pane->match);
		pane->match = match;
		pane->not_found = false;
	}
	if (!pane->match)
		return 0;
	pane->backward = direction < 0;
	if (!text && pane->backward)
		pane->search_pos = pos ? pos - 1 : SIZE_MAX;
	else
		pane->search_pos = text ? pos : pos + 1;
	pane->searching = true;
	pane->wrapped = false;
	search_more(pane);
	return 0;
}

bool pt_logpane_next_level(struct pt_logpane *pane, uint32_t levels, int direction)
{
	size_t count = count_of(pane), pos = pt_logpane_pos(pane);

	for (pos += (size_t)direction; pos < count; pos += (size_t)direction) {
		struct core_log_line line =
		    core_logstore_line(pane->store, core_logview_id(pane->view, pos));
		if (!(levels & 1u << line.level) || line.continuation)
			continue;
		pt_logpane_go(pane, pos);
		return true;
	}
	return false;
}
