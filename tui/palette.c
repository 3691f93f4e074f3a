/*
 * The command palette: a line to type on, and under it what it may mean.  While the command's name
 * is typed, names that match fuzzily are listed; behind it, the values its next argument may have.
 * Enter takes the line as it stands when it names a command, else the marked row.
 */
#include "base/mem.h"
#include "tui/args.h"
#include "tui/candidates.h"
#include "tui/keymap.h"
#include "tui/picker.h"
#include "tui/ui_private.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 200 /* candidates kept */

struct row {
	char *text; /* owned; a command's name, or a value */
	char *note; /* owned; may be NULL */
	int score;
	enum pt_action_id action; /* NONE: a value */
	bool off;                 /* my roles do not allow it: note says what is missing */
};

struct palette {
	struct pt_app *app;
	struct pt_view *about; /* focused when it was opened */
	struct pt_prompt *prompt;
	struct row rows[ROWS_MAX];
	size_t count, cursor, top;
	size_t start;                   /* byte of the line the rows replace from */
	const struct pt_action *action; /* NULL: its name is still typed */
	char usage[512];
	int height;
};

struct palette_browsing { /* outlives the palette */
	struct pt_app *app;
	struct pt_view *view;
};

static void clear(struct palette *p)
{
	for (size_t i = 0; i < p->count; i++) {
		prism_free(p->rows[i].text);
		prism_free(p->rows[i].note);
	}
	p->count = p->cursor = p->top = 0;
}

/* Insertion by score keeps equal ones in table order. */
static void add(struct palette *p, struct row row)
{
	size_t at = p->count;

	if (p->count == ROWS_MAX) {
		if (p->rows[ROWS_MAX - 1].score >= row.score) {
			prism_free(row.text);
			prism_free(row.note);
			return;
		}
		at = --p->count;
		prism_free(p->rows[at].text);
		prism_free(p->rows[at].note);
	}
	while (at > 0 && p->rows[at - 1].score < row.score) {
		p->rows[at] = p->rows[at - 1];
		at--;
	}
	p->rows[at] = row;
	p->count++;
}

static void add_commands(struct palette *p, const char *typed)
{
	struct pt_view *about = pt_ui_alive(p->app, p->about) ? p->about : NULL;
	pt_where where = pt_ui_where(about);

	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++) {
		const struct pt_action *action = pt_action((enum pt_action_id)id);
		int score = pt_fuzzy(typed, action->name);
		char keys[64], note[320], reason[200];

		if (!score || action->group == PT_GROUP_EDIT || action->group == PT_GROUP_MOVE)
			continue;
		if (action->where & where & PT_IN_VIEWS)
			score += 6; /* what can be done right here comes first among equals */
		pt_keymap_keys(pt_ui_keymap(p->app), (enum pt_action_id)id, where, 1, keys, sizeof(keys));
		bool off = !pt_ui_permitted(p->app, about, (enum pt_action_id)id, reason, sizeof(reason));
		snprintf(note, sizeof(note), "%s%s%s", off ? reason : action->help, *keys ? "  " : "",
		         keys);
		add(p, (struct row){prism_strdup(action->name), prism_strdup(note), score,
		                    (enum pt_action_id)id, off});
	}
}

struct valuing {
	struct palette *palette;
	const char *word;
};

static void add_value(void *data, const char *value, const char *note)
{
	struct valuing *v = data;
	int score = pt_fuzzy(v->word, value);

	if (score)
		add(v->palette,
		    (struct row){prism_strdup(value), prism_strdup(note), score, PT_ACTION_NONE, false});
}

static void update(struct palette *p)
{
	const char *text = pt_prompt_text(p->prompt);
	struct pt_line_place place;
	struct valuing valuing = {p, NULL};

	clear(p);
	pt_line_place(text, pt_prompt_cursor(p->prompt), &place);
	p->action = place.action;
	p->start = place.start;
	if (!place.action) {
		add_commands(p, text + strspn(text, " "));
	} else {
		pt_action_usage(place.action, p->usage, sizeof(p->usage));
		valuing.word = place.word;
		if (place.arg)
			pt_candidates(p->app, place.arg, pt_values_get(place.values, "computation"), add_value,
			              &valuing);
	}
	pt_line_place_finish(&place);
}

/* The marked row into the line. */
static void take(struct palette *p)
{
	PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(PT_LINE_MAX * 2);
	const struct row *row = &p->rows[p->cursor];

	prism_buf_put(&line, pt_prompt_text(p->prompt), p->start);
	if (row->action == PT_ACTION_NONE)
		pt_words_quote(&line, row->text);
	else
		prism_buf_puts(&line, row->text);
	prism_buf_putc(&line, ' ');
	pt_prompt_set(p->prompt, prism_buf_text(&line));
	update(p);
}

static unsigned run(struct pt_view *view)
{
	struct palette *p = view->state;
	struct pt_app *app = p->app;
	PRISM_AUTO_FREE char *line = NULL;

	/* Missing arguments come from what the cursor is on, or a form asks for them. */
	if (!p->action && p->count)
		take(p);
	line = prism_strdup(pt_prompt_text(p->prompt));
	pt_prompt_remember(p->prompt);
	pt_app_close(app, view);
	pt_ui_line(app, line);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- choosing a file ---- */

static void browsed(void *data, struct core_place *place, const char *path)
{
	struct palette_browsing *b = data;
	struct palette *p = pt_ui_alive(b->app, b->view) ? b->view->state : NULL;

	PRISM_UNUSED(place);
	if (p && path) {
		PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(PT_LINE_MAX * 2);

		prism_buf_put(&line, pt_prompt_text(p->prompt), p->start);
		pt_words_quote(&line, path);
		prism_buf_putc(&line, ' ');
		pt_prompt_set(p->prompt, prism_buf_text(&line));
		update(p);
	}
	prism_free(b);
}

/* Where a file is to be named, it can be looked for. */
static bool browse(struct pt_view *view)
{
	struct palette *p = view->state;
	struct palette_browsing *b;
	struct pt_line_place place;
	bool file;

	pt_line_place(pt_prompt_text(p->prompt), pt_prompt_cursor(p->prompt), &place);
	file = place.arg && (place.arg->kind == PT_ARG_FILE || place.arg->kind == PT_ARG_NEW_FILE);
	if (file) {
		b = prism_alloc(sizeof(*b));
		*b = (struct palette_browsing){view->app, view};
		pt_picker_open(view->app,
		               &(struct pt_picker){.title = place.arg->help,
		                                   .start = place.word,
		                                   .directories = pt_action_arg_directory(place.arg),
		                                   .saves = pt_action_arg_saves(place.arg),
		                                   .done = browsed,
		                                   .data = b});
	}
	pt_line_place_finish(&place);
	return file;
}

/* ---- keys ---- */

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct palette *p = view->state;
	bool empty = !*pt_prompt_text(p->prompt);
	unsigned result;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL) ||
	    (empty && pt_key_is(event, PT_KEY_BACKSPACE, 0)))
		return PT_HANDLED | PT_CLOSE;
	if (pt_key_is(event, PT_KEY_ENTER, 0))
		return run(view);
	if (p->count && (pt_key_is(event, PT_KEY_DOWN, 0) || pt_key_is(event, 'n', PT_MOD_CTRL)) &&
	    (!empty || p->cursor)) {
		p->cursor = (p->cursor + 1) % p->count;
		return PT_HANDLED | PT_REDRAW;
	}
	if (p->count && p->cursor && pt_key_is(event, PT_KEY_UP, 0)) {
		p->cursor--;
		return PT_HANDLED | PT_REDRAW;
	}
	if (empty && pt_key_is(event, PT_KEY_DOWN, 0)) {
		p->cursor = p->count > 1 ? 1 : 0;
		return PT_HANDLED | PT_REDRAW;
	}
	if (pt_key_is(event, PT_KEY_TAB, 0) && p->count) {
		take(p);
		return PT_HANDLED | PT_REDRAW;
	}
	if (pt_key_is(event, 'o', PT_MOD_CTRL) && browse(view))
		return PT_HANDLED | PT_REDRAW;
	result = pt_prompt_key(p->prompt, event); /* up in the first row: history */
	update(p);
	return result | PT_HANDLED | PT_REDRAW;
}

/* ---- drawing ---- */

static void measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = max_w < 90 ? max_w : 90;
	*ret_h = max_h < 16 ? max_h : 16;
}

static void prepare(struct pt_view *view, int width, int height)
{
	struct palette *p = view->state;
	size_t rows = height > 2 ? (size_t)height - 2 : 1;

	PRISM_UNUSED(width);
	p->height = height;
	if (p->cursor < p->top)
		p->top = p->cursor;
	if (p->cursor >= p->top + rows)
		p->top = p->cursor - rows + 1;
}

static void draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                 bool focus)
{
	const struct palette *p = view->state;
	int name = area.w / 2 > 34 ? 34 : area.w / 2;

	pt_canvas_text(canvas, area.x, area.y, 1, PT_SLOT_HINT_KEY, 0, ":");
	pt_prompt_draw(p->prompt, canvas, area.x + 1, area.y, area.w - 1, focus, "a command");
	if (p->action)
		pt_canvas_text(canvas, area.x, area.y + 1, area.w, PT_SLOT_DIM, 0, p->usage);
	else
		pt_canvas_printf(canvas, area.x, area.y + 1, area.w, PT_SLOT_DIM, 0,
		                 "%zu commands  Tab takes it, Enter runs it, Esc closes", p->count);
	for (int i = 0; i < area.h - 2 && p->top + (size_t)i < p->count; i++) {
		size_t at = p->top + (size_t)i;
		const struct row *row = &p->rows[at];
		int y = area.y + 2 + i;

		if (at == p->cursor)
			pt_canvas_glyph(canvas, area.x, y, PT_GLYPH_POINTER, PT_SLOT_TITLE_FOCUS, 0);
		pt_canvas_text(canvas, area.x + 2, y, name, row->off ? PT_SLOT_OFF : PT_SLOT_TEXT,
		               at == p->cursor ? PT_LOOK_SELECTED : 0, row->text);
		if (row->note)
			pt_canvas_text(canvas, area.x + name + 3, y, area.w - name - 3, PT_SLOT_DIM, 0,
			               row->note);
	}
}

static void destroy(struct pt_view *view)
{
	struct palette *p = view->state;

	clear(p);
	pt_prompt_destroy(p->prompt);
	prism_free(p);
}

static const struct pt_view_ops ops = {
    .name = "Command",
    .flags = PT_VIEW_TAKES_TEXT | PT_VIEW_MODAL | PT_VIEW_FRAME,
    .measure = measure,
    .prepare = prepare,
    .draw = draw,
    .key = key,
    .destroy = destroy,
};

void pt_palette_open(struct pt_app *app, const char *initial)
{
	struct palette *p = prism_alloc(sizeof(*p));
	struct pt_view *view = pt_view_create(app, &ops, p);

	p->app = app;
	p->about = pt_app_focused(app);
	p->prompt = pt_prompt_create(PT_LINE_MAX);
	pt_prompt_set_history(p->prompt, pt_ui_of(app)->history);
	if (initial)
		pt_prompt_set(p->prompt, initial);
	update(p);
	pt_app_overlay(app, view);
}
