/*
 * The picker's keys and how it looks: the directory and what is typed behind it, what is going on,
 * a row for each name, the keys.
 */
#include "tui/picker_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/place_sftp.h"
#include "tui/ui.h"

#include <string.h>

#define WIDTH 96
#define HEIGHT 24
#define FILTER_MAX 4096
#define WITH_TIMES 78 /* columns from which times are shown */
#define WITH_SIZES 56 /* ... and sizes */

/* As people write it; only here is the home directory known. */
static char *for_people(const struct picker *p, const char *path)
{
	return p->place->local ? prism_path_shorten(path) : prism_asprintf("%s:%s", p->via, path);
}

static void answer(struct picker *p, const char *path)
{
	void (*done)(void *data, struct core_place *place, const char *path) = p->done;
	PRISM_AUTO_FREE char *shorter = path ? for_people(p, path) : NULL;

	p->done = NULL;
	if (done)
		done(p->data, p->place, shorter);
}

/* ---- hosts ---- */

#define FETCH_MAX (256u << 20) /* bytes: it is held in memory on its way */

/* A name that is listed here is not the name of a host. */
static bool names_host(const struct picker *p, const char *text, size_t len)
{
	for (size_t i = 0; p->state == PICKER_LISTED && i < p->listing.count; i++)
		if (strlen(p->listing.entries[i].name) == len &&
		    !strncmp(p->listing.entries[i].name, text, len))
			return false;
	return len && memchr(text, '@', len);
}

/* "user@host:port", or "@": another place. False: it cannot be read, and that was said. */
static bool go_to_host(struct picker *p, const char *text, size_t len)
{
	PRISM_AUTO_FREE char *via = prism_strndup(text, len);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_place *place = strcmp(via, "@") != 0
	                               ? pt_world_host(pt_ui_world(p->view->app), via, &err)
	                               : pt_world_place(pt_ui_world(p->view->app));

	if (!place) {
		pt_app_report(p->view->app, &err);
		return false;
	}
	p->place = place;
	prism_free(p->via);
	p->via = place->local ? NULL : PRISM_STEAL(via);
	pt_picker_load_recent(p);
	return true;
}

static void fetched(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                    const struct prism_error *why)
{
	struct picker *p = data;
	struct pt_world *world = pt_ui_world(p->view->app);
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;

	if (why && why->category == PRISM_ERROR_CANCELLED)
		return; /* the picker is going */
	prism_cancel_destroy(p->fetching);
	p->fetching = NULL;
	if (!why)
		path = pt_world_fetched(world, entry->name, &err);
	if (!why &&
	    (!path || prism_file_write(path, prism_buf_text(bytes), bytes->len, 0600, &err) < 0))
		why = &err;
	if (why) {
		pt_app_report(p->view->app, why);
		pt_app_dirty(p->view->app);
		return;
	}
	pt_app_message(p->view->app, PT_SLOT_INFO, "copied from %s; the copy is gone at the end",
	               p->place->name);
	p->place = pt_world_place(world); /* the copy's */
	answer(p, path);
	pt_app_close(p->view->app, p->view);
}

static unsigned fetch(struct picker *p, const char *path)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (p->fetching)
		return PT_HANDLED;
	p->fetching = prism_cancel_create(p->view->cancel);
	if (core_place_read(p->place, path, FETCH_MAX, p->fetching, fetched, p, &err) < 0) {
		prism_cancel_destroy(p->fetching);
		p->fetching = NULL;
		pt_app_report(p->view->app, &err);
	}
	return PT_HANDLED | PT_REDRAW;
}

/* ---- keys ---- */

static void go_up(struct picker *p)
{
	PRISM_AUTO_FREE char *name = prism_strdup(p->dir);
	const char *slash = strrchr(name, '/');

	pt_prompt_set(p->prompt, "");
	pt_picker_go(p, "..", p->state == PICKER_LISTED && slash ? slash + 1 : NULL);
}

/* "~/certs/ag" goes to ~/certs and filters by "ag". */
static void typed(struct picker *p)
{
	PRISM_AUTO_FREE char *text = prism_strdup(pt_prompt_text(p->prompt));
	char *slash = strrchr(text, '/');

	if (!slash) {
		p->count = 0; /* the cursor follows the best match, not the old name */
		p->top = 0;
		pt_picker_filter(p);
		return;
	}
	if (slash == strchr(text, '/') && names_host(p, text, (size_t)(slash - text))) {
		pt_prompt_set(p->prompt, slash + 1);
		if (go_to_host(p, text, (size_t)(slash - text)))
			pt_picker_go(p, "~", NULL);
		return;
	}
	pt_prompt_set(p->prompt, slash + 1);
	slash[1] = '\0';
	pt_picker_go(p, text, NULL);
}

static unsigned enter(struct picker *p)
{
	const struct core_place_entry *entry;
	PRISM_AUTO_FREE char *path = NULL;

	if (!p->count)
		return PT_HANDLED;
	entry = pt_picker_entry(p, p->cursor);
	path =
	    entry ? core_place_join(p->dir, entry->name) : prism_strdup(pt_picker_name(p, p->cursor));
	if (!entry || entry->kind == CORE_PLACE_DIRECTORY) {
		pt_prompt_set(p->prompt, "");
		pt_picker_go(p, path, NULL);
		return PT_HANDLED | PT_REDRAW;
	}
	if (entry->kind == CORE_PLACE_SPECIAL) {
		pt_app_message(p->view->app, PT_SLOT_WARN, "%s is %s", entry->name,
		               entry->broken ? "a link that leads nowhere" : "not a regular file");
		return PT_HANDLED;
	}
	pt_picker_remember(p);
	if (!p->place->local && !p->save)
		return fetch(p, path);
	answer(p, path);
	return PT_HANDLED | PT_CLOSE;
}

static const char *new_name(const struct picker *p)
{
	const char *typed = pt_prompt_text(p->prompt);

	return *typed ? typed : p->save;
}

/* A new name in the directory that is shown. */
static unsigned take_name(struct picker *p)
{
	const char *name = new_name(p);
	PRISM_AUTO_FREE char *path = NULL;

	if (p->state != PICKER_LISTED)
		return PT_HANDLED;
	if (!*name) {
		pt_app_message(p->view->app, PT_SLOT_WARN, "type the name of the new file first");
		return PT_HANDLED;
	}
	path = core_place_join(p->dir, name);
	pt_picker_remember(p);
	answer(p, path);
	return PT_HANDLED | PT_CLOSE;
}

/* The directory under the cursor, else the one that is shown. */
static unsigned take_directory(struct picker *p)
{
	const struct core_place_entry *entry = p->count ? pt_picker_entry(p, p->cursor) : NULL;
	PRISM_AUTO_FREE char *path = NULL;

	if (p->save)
		return take_name(p);
	if (!p->directories || p->state != PICKER_LISTED)
		return PT_HANDLED;
	if (!p->place->local) {
		pt_app_message(p->view->app, PT_SLOT_WARN, "a directory of a host cannot be taken whole");
		return PT_HANDLED;
	}
	path = entry && entry->kind == CORE_PLACE_DIRECTORY ? core_place_join(p->dir, entry->name)
	                                                    : prism_strdup(p->dir);
	pt_picker_remember(p);
	answer(p, path);
	return PT_HANDLED | PT_CLOSE;
}

/* What the names that begin with the text have in common. */
static unsigned complete(struct picker *p)
{
	const char *text = pt_prompt_text(p->prompt), *first = NULL;
	size_t len = strlen(text), common = 0, fitting = 0, only = 0;
	PRISM_AUTO_FREE char *longer = NULL;

	for (size_t i = 0; i < p->count; i++) {
		const char *name = pt_picker_name(p, i);
		size_t same = 0;

		if (strncmp(name, text, len) != 0)
			continue;
		while (first && same < common && name[same] == first[same])
			same++;
		common = first ? same : strlen(name);
		if (!first)
			first = name;
		only = i;
		fitting++;
	}
	if (fitting == 1 && pt_picker_entry(p, only) &&
	    pt_picker_entry(p, only)->kind == CORE_PLACE_DIRECTORY) {
		p->cursor = only;
		return enter(p);
	}
	while (first && common && ((unsigned char)first[common] & 0xc0) == 0x80)
		common--; /* not inside of a character */
	longer = prism_strndup(first ? first : text, first ? common : len);
	pt_prompt_set(p->prompt, longer);
	pt_picker_filter(p);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned move(struct picker *p, ptrdiff_t by)
{
	ptrdiff_t to = (ptrdiff_t)p->cursor + by, last = (ptrdiff_t)p->count - 1;

	p->cursor = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned move_key(struct picker *p, const struct pt_event *event)
{
	int page = p->view->height > 4 ? p->view->height - 3 : 1;

	if (pt_key_is(event, PT_KEY_DOWN, 0) || pt_key_is(event, 'n', PT_MOD_CTRL))
		return move(p, 1);
	if (pt_key_is(event, PT_KEY_UP, 0) || pt_key_is(event, 'p', PT_MOD_CTRL))
		return move(p, -1);
	if (pt_key_is(event, PT_KEY_PAGE_DOWN, 0))
		return move(p, page);
	if (pt_key_is(event, PT_KEY_PAGE_UP, 0))
		return move(p, -page);
	return PT_IGNORED;
}

/* Keys that do something else while nothing is typed. */
static unsigned empty_key(struct picker *p, const struct pt_event *event)
{
	if (*pt_prompt_text(p->prompt))
		return PT_IGNORED;
	if (pt_key_is(event, PT_KEY_BACKSPACE, 0) || pt_key_is(event, PT_KEY_LEFT, 0)) {
		go_up(p);
		return PT_HANDLED | PT_REDRAW;
	}
	if (pt_key_is(event, PT_KEY_RIGHT, 0) && p->count &&
	    (!pt_picker_entry(p, p->cursor) ||
	     pt_picker_entry(p, p->cursor)->kind == CORE_PLACE_DIRECTORY))
		return enter(p);
	return PT_IGNORED;
}

static unsigned command_key(struct picker *p, const struct pt_event *event)
{
	if (pt_key_is(event, PT_KEY_ENTER, 0))
		return enter(p);
	if (pt_key_is(event, PT_KEY_TAB, 0))
		return complete(p);
	if (pt_key_is(event, 's', PT_MOD_CTRL))
		return take_directory(p);
	if (pt_key_is(event, 't', PT_MOD_CTRL)) {
		p->hidden = !p->hidden;
		pt_picker_filter(p);
	} else if (pt_key_is(event, 'r', PT_MOD_CTRL)) {
		pt_picker_go(p, p->dir, p->count ? pt_picker_name(p, p->cursor) : NULL);
	} else if (pt_key_is(event, 'o', PT_MOD_CTRL)) {
		if (p->state == PICKER_RECENT)
			pt_picker_go(p, p->dir, NULL);
		else
			pt_picker_show_recent(p);
	} else {
		return PT_IGNORED;
	}
	return PT_HANDLED | PT_REDRAW;
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct picker *p = view->state;
	unsigned result;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		if (event->key == PT_KEY_ESC && *pt_prompt_text(p->prompt)) {
			pt_prompt_set(p->prompt, "");
			pt_picker_filter(p);
			return PT_HANDLED | PT_REDRAW;
		}
		answer(p, NULL);
		return PT_HANDLED | PT_CLOSE;
	}
	result = command_key(p, event);
	if (result == PT_IGNORED)
		result = move_key(p, event);
	if (result == PT_IGNORED)
		result = empty_key(p, event);
	if (result != PT_IGNORED)
		return result;
	result = pt_prompt_key(p->prompt, event);
	if (result & PT_CHANGED)
		typed(p);
	return result | PT_HANDLED | PT_REDRAW;
}

/* ---- drawing ---- */

static const char *title(struct pt_view *view)
{
	return ((struct picker *)view->state)->title;
}

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = max_w < WIDTH ? max_w : WIDTH;
	*ret_h = max_h < HEIGHT ? max_h : HEIGHT;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct picker *p = view->state;
	size_t rows = height > 3 ? (size_t)height - 3 : 1;

	PRISM_UNUSED(width);
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->cursor >= p->top + rows)
		p->top = p->cursor - rows + 1;
	pt_picker_mark(p, p->top, rows);
}

/* The line a path is typed on: the end of the directory, then the text. */
static void draw_path(const struct picker *p, struct pt_canvas *canvas, struct pt_rect area,
                      bool focus)
{
	PRISM_AUTO_FREE char *dir =
	    p->state == PICKER_RECENT ? prism_strdup("recent: ") : for_people(p, p->dir);
	bool slash = p->state != PICKER_RECENT && *dir && dir[strlen(dir) - 1] != '/';
	int wide = (int)prism_text_columns(dir, strlen(dir)) + slash, most = area.w - 16;
	int skip = most > 8 && wide > most ? wide - most : 0, x = area.x;

	if (skip) {
		pt_canvas_glyph(canvas, x, area.y, PT_GLYPH_ELLIPSIS, PT_SLOT_DIM, 0);
		x++;
		skip++;
	}
	x += pt_canvas_text_from(canvas, x, area.y, area.w, skip, PT_SLOT_LABEL, 0, dir, strlen(dir));
	if (slash)
		x += pt_canvas_text(canvas, x, area.y, 1, PT_SLOT_LABEL, 0, "/");
	pt_prompt_draw(p->prompt, canvas, x, area.y, area.x + area.w - x, focus, "type to filter");
}

static void draw_state(const struct picker *p, struct pt_canvas *canvas, struct pt_rect area)
{
	int y = area.y + 1;

	if (p->state == PICKER_READING)
		pt_canvas_text(canvas, area.x, y, area.w, PT_SLOT_BUSY, 0,
		               p->slow ? "It does not answer: backspace leaves it" : "Reading ...");
	else if (p->state == PICKER_FAILED)
		pt_canvas_text(canvas, area.x, y, area.w, PT_SLOT_BAD, 0, p->error.message);
	else if (p->state == PICKER_RECENT)
		pt_canvas_text(canvas, area.x, y, area.w, PT_SLOT_DIM, 0,
		               p->recent_count ? "where files were taken from, the last one first"
		                               : "no file was taken from anywhere yet");
	else
		pt_canvas_printf(canvas, area.x, y, area.w, PT_SLOT_DIM, 0, "%zu of %zu%s%s%s%s", p->count,
		                 p->listing.count, p->listing.cut ? ", and more that are not read" : "",
		                 p->hidden_count ? ", ctrl-t shows the hidden ones" : "",
		                 p->save ? "; new file: " : "", p->save ? new_name(p) : "");
}

static void draw_entry(const struct picker *p, struct pt_canvas *canvas, struct pt_rect line,
                       size_t row, int name_w)
{
	const struct core_place_entry *entry = pt_picker_entry(p, row);
	const char *mark = p->marks[p->rows[row]];
	int right = line.x + line.w;
	char text[PRISM_TIME_TEXT];

	if (line.w >= WITH_TIMES) {
		right -= 20;
		pt_canvas_text_right(canvas, right, line.y, 20, PT_SLOT_DIM, 0,
		                     pt_ui_time(p->view->app, entry->modified_us, text));
	}
	if (line.w >= WITH_SIZES || !mark || !*mark) {
		right -= 10;
		if (entry->kind == CORE_PLACE_FILE)
			pt_canvas_text_right(canvas, right, line.y, 10, PT_SLOT_DIM, 0,
			                     prism_text_bytes(entry->size, text));
		else if (entry->kind == CORE_PLACE_SPECIAL)
			pt_canvas_text_right(canvas, right, line.y, 10, PT_SLOT_OFF, 0,
			                     entry->broken ? "broken" : "special");
	}
	if (mark && *mark)
		pt_canvas_text(canvas, line.x + name_w + 2, line.y, right - line.x - name_w - 2,
		               PT_SLOT_INFO, 0, mark);
}

static int name_width(const struct picker *p, int rows, int width)
{
	int widest = 8, most = width >= WITH_SIZES ? width / 2 : width - 18;

	for (size_t i = p->top; i < p->count && i < p->top + (size_t)rows; i++) {
		int columns =
		    (int)prism_text_columns(pt_picker_name(p, i), strlen(pt_picker_name(p, i))) + 2;

		if (columns > widest)
			widest = columns;
	}
	if (p->state == PICKER_RECENT)
		return width;
	return widest < most ? widest : most;
}

static void draw_rows(const struct picker *p, struct pt_canvas *canvas, struct pt_rect area)
{
	int name_w = name_width(p, area.h, area.w - 2);

	for (int i = 0; i < area.h && p->top + (size_t)i < p->count; i++) {
		size_t row = p->top + (size_t)i;
		const struct core_place_entry *entry = pt_picker_entry(p, row);
		bool dir = entry && entry->kind == CORE_PLACE_DIRECTORY, here = row == p->cursor;
		int y = area.y + i, used;
		PRISM_AUTO_FREE char *name =
		    entry ? prism_strdup(pt_picker_name(p, row)) : for_people(p, pt_picker_name(p, row));

		if (here)
			pt_canvas_glyph(canvas, area.x, y, PT_GLYPH_POINTER, PT_SLOT_TITLE_FOCUS, 0);
		used =
		    pt_canvas_text(canvas, area.x + 2, y, name_w - (dir || (entry && entry->link)),
		                   dir ? PT_SLOT_STRONG : PT_SLOT_TEXT, here ? PT_LOOK_SELECTED : 0, name);
		if (dir || (entry && entry->link))
			pt_canvas_text(canvas, area.x + 2 + used, y, 1, PT_SLOT_DIM, 0, dir ? "/" : "@");
		if (entry)
			draw_entry(p, canvas, (struct pt_rect){area.x + 2, y, area.w - 2, 1}, row, name_w);
	}
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct picker *p = view->state;
	const char *keys =
	    p->save          ? area.w >= 70 ? "enter goes on  ctrl-s saves here  backspace goes up  "
	                                      "ctrl-o recent"
	                                    : "enter  ctrl-s saves  backspace up"
	    : p->directories ? "enter goes on  ctrl-s takes the directory  backspace up  "
	                       "ctrl-o recent"
	    : area.w >= 70   ? "enter takes it  tab completes  backspace goes up  "
	                       "ctrl-o recent places"
	                     : "enter tab  backspace up  ctrl-o recent";

	draw_path(p, canvas, area, focus);
	draw_state(p, canvas, area);
	if (p->count)
		draw_rows(p, canvas, (struct pt_rect){area.x, area.y + 2, area.w, area.h - 3});
	else if (p->state == PICKER_LISTED)
		pt_canvas_text(canvas, area.x + 2, area.y + 2, area.w - 2, PT_SLOT_DIM, 0,
		               *pt_prompt_text(p->prompt) ? "Nothing matches what was typed."
		                                          : "Nothing to see in this directory.");
	pt_canvas_text(canvas, area.x, area.y + area.h - 1, area.w, PT_SLOT_DIM, 0, keys);
}

static void destroy(struct pt_view *view)
{
	struct picker *p = view->state;

	answer(p, NULL);
	prism_cancel_destroy(p->fetching);
	pt_picker_list_finish(p);
	pt_prompt_destroy(p->prompt);
	prism_free(p->title);
	prism_free(p->via);
	prism_free(p->save);
	prism_free(p);
}

static const struct pt_view_ops ops = {
    .name = "picker",
    .flags = PT_VIEW_TAKES_TEXT | PT_VIEW_MODAL | PT_VIEW_FRAME,
    .title = title,
    .measure = measure,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .destroy = destroy,
};

/* What is in the field may be on a host. Returns the path there, or text. */
static char *start_place(struct picker *p, const char *text)
{
	char *via, *path;

	if (!text || core_place_sftp_split(text, &via, &path, NULL) <= 0)
		return prism_strdup(text);
	if (!go_to_host(p, via, strlen(via))) {
		prism_free(path);
		path = prism_strdup("");
	} else if (!strchr(path, '/')) {
		PRISM_AUTO_FREE char *name = path;

		path = core_place_join("~", name);
	}
	prism_free(via);
	return path;
}

/* The directory of what is in the field, with the cursor on its name. */
static void start(struct picker *p, const char *given)
{
	PRISM_AUTO_FREE char *text = start_place(p, given);
	const char *slash = text ? strrchr(text, '/') : NULL;

	if (p->save && text) {
		prism_free(p->save);
		p->save = prism_strdup(prism_path_base(text));
	}

	if (slash) {
		PRISM_AUTO_FREE char *dir = prism_strndup(text, (size_t)(slash - text) + 1);

		pt_picker_go(p, dir, slash[1] ? slash + 1 : NULL);
	} else if (text && *text) {
		pt_picker_go(p, ".", text);
	} else {
		pt_picker_go(p, pt_picker_last(p), NULL);
	}
}

void pt_picker_open(struct pt_app *app, const struct pt_picker *spec)
{
	struct picker *p = prism_alloc(sizeof(*p));

	p->view = pt_view_create(app, &ops, p);
	p->place = spec->place ? spec->place : pt_world_place(pt_ui_world(app));
	p->title = prism_strdup(spec->title);
	p->directories = spec->directories;
	p->save = spec->saves ? prism_strdup("") : NULL;
	p->done = spec->done;
	p->data = spec->data;
	p->asked = -1;
	p->prompt = pt_prompt_create(FILTER_MAX);
	pt_picker_load_recent(p);
	start(p, spec->start);
	pt_app_overlay(app, p->view);
}
