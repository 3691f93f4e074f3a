/*
 * Dialogs that ask for a yes or show a text: confirmations, errors, texts.  Choosing from a list
 * and asking for a line are dialog_choose.c's.
 *
 * A confirmation answers exactly once: by a button, by Esc (no), or by being closed (no), which is
 * why the answer is given in `destroy` when none was given before.
 */
#include "tui/dialog.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/textview.h"
#include "tui/ui.h"

#define DIALOG_WIDTH 64
#define DETAIL_ROWS 8 /* things listed before the rest is counted */
#define NAME_MAX_BYTES 512

struct confirm {
	char *title, *text, *detail, *yes, *name, *other_label;
	bool danger;
	bool on_yes, on_other; /* the focused button; neither: cancel */
	void (*other)(void *data);
	struct pt_prompt *prompt; /* typed name; NULL when none is asked for */
	void (*done)(void *data, bool yes);
	void *data;
};

static const char *confirm_title(struct pt_view *view)
{
	return ((struct confirm *)view->state)->title;
}

static bool name_typed(const struct confirm *confirm)
{
	return !confirm->prompt || strcmp(pt_prompt_text(confirm->prompt), confirm->name) == 0;
}

static void answer(struct confirm *confirm, bool yes)
{
	void (*done)(void *data, bool yes) = confirm->done;

	confirm->done = NULL;
	if (done)
		done(confirm->data, yes);
}

/* Cancel, the other thing when there is one, yes when it may be chosen, and round again. */
static void next_button(struct confirm *confirm, bool back)
{
	bool buttons[3] = {true, confirm->other_label != NULL, name_typed(confirm)};
	int at = confirm->on_yes ? 2 : confirm->on_other ? 1 : 0;

	do {
		at = (at + (back ? 2 : 1)) % 3;
	} while (!buttons[at]);
	confirm->on_other = at == 1;
	confirm->on_yes = at == 2;
}

static unsigned confirm_key(struct pt_view *view, const struct pt_event *event)
{
	struct confirm *confirm = view->state;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		answer(confirm, false);
		return PT_HANDLED | PT_CLOSE;
	}
	if (pt_key_is(event, PT_KEY_ENTER, 0)) {
		/* with a name to type, the name is the decision: Enter with it complete means yes */
		bool yes = confirm->prompt ? name_typed(confirm) && confirm->on_yes : confirm->on_yes;

		if (confirm->prompt && !name_typed(confirm) && confirm->on_yes)
			return PT_HANDLED;
		if (confirm->on_other)
			confirm->other(confirm->data);
		answer(confirm, yes);
		return PT_HANDLED | PT_CLOSE;
	}
	if (event->kind == PT_EVENT_KEY &&
	    (event->key == PT_KEY_TAB ||
	     (!confirm->prompt && (event->key == PT_KEY_LEFT || event->key == PT_KEY_RIGHT)))) {
		next_button(confirm, event->key == PT_KEY_LEFT);
		return PT_HANDLED | PT_REDRAW;
	}
	if (confirm->prompt) {
		unsigned result = pt_prompt_key(confirm->prompt, event);

		if (result & PT_CHANGED) {
			confirm->on_yes = name_typed(confirm);
			confirm->on_other = false;
		}
		return result | PT_HANDLED;
	}
	if (pt_key_is(event, 'n', 0) || pt_key_is(event, 'q', 0)) {
		answer(confirm, false);
		return PT_HANDLED | PT_CLOSE;
	}
	if (pt_key_is(event, 'y', 0)) {
		answer(confirm, true);
		return PT_HANDLED | PT_CLOSE;
	}
	return PT_HANDLED;
}

static int text_rows(const char *text, int width)
{
	return text ? pt_text_wrap(text, strlen(text), width, NULL, NULL) : 0;
}

static int detail_rows(const struct confirm *confirm, int width)
{
	int rows = text_rows(confirm->detail, width);

	return rows > DETAIL_ROWS ? DETAIL_ROWS + 1 : rows;
}

static void confirm_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct confirm *confirm = view->state;
	int width = max_w < DIALOG_WIDTH ? max_w : DIALOG_WIDTH;
	int detail = detail_rows(confirm, width);

	*ret_w = width;
	*ret_h =
	    text_rows(confirm->text, width) + (detail ? detail + 1 : 0) + (confirm->prompt ? 3 : 0) + 2;
	if (*ret_h > max_h)
		*ret_h = max_h;
}

struct lines {
	struct pt_canvas *canvas;
	struct pt_rect area;
	int y, most, total;
	enum pt_slot slot;
};

static void put_line(void *data, int line, const char *text, size_t len)
{
	struct lines *lines = data;

	lines->total++;
	if (line >= lines->most)
		return;
	pt_canvas_textn(lines->canvas, lines->area.x, lines->y++, lines->area.w, lines->slot, 0, text,
	                len);
}

static int put_text(struct pt_canvas *canvas, struct pt_rect area, int y, int most,
                    enum pt_slot slot, const char *text)
{
	struct lines lines = {canvas, area, y, most, 0, slot};

	if (!text)
		return y;
	pt_text_wrap(text, strlen(text), area.w, put_line, &lines);
	if (lines.total > most)
		pt_canvas_printf(canvas, area.x, lines.y++, area.w, PT_SLOT_DIM, 0, "and %d more",
		                 lines.total - most);
	return lines.y;
}

static int put_button(struct pt_canvas *canvas, int x, int y, const char *label, bool focus,
                      bool danger)
{
	enum pt_slot slot = !focus   ? PT_SLOT_BUTTON
	                    : danger ? PT_SLOT_BUTTON_DANGER
	                             : PT_SLOT_BUTTON_FOCUS;
	char text[64];

	snprintf(text, sizeof(text), focus ? "[ %s ]" : "  %s  ", label);
	return x + pt_canvas_text(canvas, x, y, 40, slot, 0, text) + 2;
}

/* Rows of a text to put into so many: all, or all but the one that says how many are missing. */
static int fitting(const char *text, int width, int room)
{
	if (room < 1)
		room = 1;
	return text_rows(text, width) <= room || room == 1 ? room : room - 1;
}

static void confirm_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                         bool focus)
{
	const struct confirm *confirm = view->state;
	/* in a small window the text gives way, then the list: the name and the buttons stay */
	int buttons = area.y + area.h - 1, bottom = buttons - 1 - (confirm->prompt ? 2 : 0);
	int room = fitting(confirm->text, area.w, bottom - area.y), x = area.x;
	int y = put_text(canvas, area, area.y, room, PT_SLOT_DIALOG, confirm->text);

	room = bottom - y - 1;
	if (confirm->detail && room > 0) {
		room = fitting(confirm->detail, area.w, room);
		y = put_text(canvas, area, y + 1, room < DETAIL_ROWS ? room : DETAIL_ROWS, PT_SLOT_STRONG,
		             confirm->detail);
	}
	if (confirm->prompt) {
		x += pt_canvas_text(canvas, area.x, y + 1, area.w, PT_SLOT_DIALOG, 0, "Type ");
		x += pt_canvas_text(canvas, x, y + 1, area.x + area.w - x - 12, PT_SLOT_STRONG, 0,
		                    confirm->name);
		pt_canvas_text(canvas, x, y + 1, area.x + area.w - x, PT_SLOT_DIALOG, 0, " to confirm:");
		pt_prompt_draw(confirm->prompt, canvas, area.x, y + 2, area.w, focus, NULL);
	}
	pt_canvas_fill(canvas, (struct pt_rect){area.x, buttons, area.w, 1}, PT_SLOT_DIALOG, 0);
	x = put_button(canvas, area.x, buttons, "Cancel", !confirm->on_yes && !confirm->on_other,
	               false);
	if (confirm->other_label)
		x = put_button(canvas, x, buttons, confirm->other_label, confirm->on_other, false);
	put_button(canvas, x, buttons, confirm->yes, confirm->on_yes, confirm->danger);
}

static void confirm_destroy(struct pt_view *view)
{
	struct confirm *confirm = view->state;

	answer(confirm, false);
	prism_free(confirm->title);
	prism_free(confirm->text);
	prism_free(confirm->detail);
	prism_free(confirm->yes);
	prism_free(confirm->name);
	prism_free(confirm->other_label);
	pt_prompt_destroy(confirm->prompt);
	prism_free(confirm);
}

static const struct pt_view_ops confirm_ops = {
    .name = "confirm",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME | PT_VIEW_TAKES_TEXT,
    .title = confirm_title,
    .measure = confirm_measure,
    .draw = confirm_draw,
    .key = confirm_key,
    .destroy = confirm_destroy,
};

struct pt_view *pt_dialog_confirm(struct pt_app *app, const struct pt_confirm *spec,
                                  void (*done)(void *data, bool yes), void *data)
{
	struct confirm *confirm = prism_alloc(sizeof(*confirm));

	confirm->title = prism_strdup(spec->title);
	confirm->text = prism_strdup(spec->text ? spec->text : "");
	confirm->detail = prism_strdup(spec->detail);
	confirm->yes = prism_strdup(spec->yes ? spec->yes : "Yes");
	confirm->danger = spec->danger || spec->name;
	confirm->other_label = prism_strdup(spec->other_label);
	confirm->other = spec->other;
	confirm->done = done;
	confirm->data = data;
	if (spec->name) {
		confirm->name = prism_strdup(spec->name);
		confirm->prompt = pt_prompt_create(NAME_MAX_BYTES);
	}
	struct pt_view *view = pt_view_create(app, &confirm_ops, confirm);

	pt_app_overlay(app, view);
	return view;
}

/* --- texts and errors --- */

#define READING_EDGE 8 /* margins and frame around a text */

struct reading {
	char *title;
	struct pt_textview *text;
	int wanted;  /* rows */
	int columns; /* of the longest line */
};

static const char *reading_title(struct pt_view *view)
{
	return ((struct reading *)view->state)->title;
}

static const char *reading_summary(struct pt_view *view)
{
	return pt_textview_summary(((struct reading *)view->state)->text);
}

static unsigned reading_key(struct pt_view *view, const struct pt_event *event)
{
	struct reading *reading = view->state;

	if (pt_key_is(event, PT_KEY_ESC, 0) && *pt_textview_filter(reading->text))
		return pt_textview_set_filter(reading->text, "");
	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, PT_KEY_ENTER, 0) ||
	    pt_key_is(event, 'q', 0))
		return PT_HANDLED | PT_CLOSE;
	return pt_textview_key(reading->text, event);
}

static void reading_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct reading *reading = view->state;
	int width = reading->wanted > 12 ? 100 : DIALOG_WIDTH + 12;

	if (width < reading->columns)
		width = reading->columns;
	*ret_w = width < max_w ? width : max_w;
	*ret_h = reading->wanted + 2 < max_h ? reading->wanted + 2 : max_h;
}

static void reading_prepare(struct pt_view *view, int width, int height)
{
	pt_textview_prepare(((struct reading *)view->state)->text, width, height - 1);
}

static void reading_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                         bool focus)
{
	const struct reading *reading = view->state;

	PRISM_UNUSED(focus);
	pt_textview_draw(reading->text, canvas, (struct pt_rect){area.x, area.y, area.w, area.h - 1});
	pt_canvas_text(canvas, area.x, area.y + area.h - 1, area.w, PT_SLOT_DIM, 0, "esc closes");
}

static struct pt_textview *reading_text(struct pt_view *view)
{
	return ((struct reading *)view->state)->text;
}

static void reading_destroy(struct pt_view *view)
{
	struct reading *reading = view->state;

	prism_free(reading->title);
	pt_textview_destroy(reading->text);
	prism_free(reading);
}

static const struct pt_actor reading_actor = {.may = pt_ui_opens_nothing};

static const struct pt_view_ops reading_ops = {
    .name = "text",
    .flags = PT_VIEW_FRAME,
    .title = reading_title,
    .summary = reading_summary,
    .measure = reading_measure,
    .prepare = reading_prepare,
    .draw = reading_draw,
    .key = reading_key,
    .text = reading_text,
    .destroy = reading_destroy,
    .actor = &reading_actor,
};

int pt_dialog_text_width(const struct pt_app *app)
{
	return pt_term_cols(pt_app_term(app)) - READING_EDGE;
}

static void open_reading(struct pt_app *app, const char *title, struct pt_textview *text,
                         int columns)
{
	struct reading *reading = prism_alloc(sizeof(*reading));
	int width = pt_dialog_text_width(app);

	reading->columns = columns;
	reading->title = prism_strdup(title);
	reading->text = text;
	/* How many rows it takes is known once it is wrapped. */
	if (width > DIALOG_WIDTH + 12 && width > columns)
		width = columns > DIALOG_WIDTH + 12 ? columns : DIALOG_WIDTH + 12;
	pt_textview_prepare(text, width, 1);
	reading->wanted = (int)pt_textview_rows(text);
	pt_app_overlay(app, pt_view_create(app, &reading_ops, reading));
}

static int longest_line(const char *text)
{
	int longest = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		int columns = (int)prism_text_columns(at, strcspn(at, "\n"));

		if (columns > longest)
			longest = columns;
	}
	return longest;
}

void pt_dialog_text(struct pt_app *app, const char *title, const char *text)
{
	struct pt_textview *view = pt_textview_create();

	pt_textview_set(view, text, strlen(text));
	open_reading(app, title, view, longest_line(text));
}

static void error_field(struct pt_textview *text, const char *label, const char *value)
{
	if (value && *value)
		pt_textview_field(text, 12, label, PT_SLOT_TEXT, value);
}

void pt_dialog_error(struct pt_app *app, const struct prism_error *error)
{
	struct pt_textview *text = pt_textview_create();
	char status[16] = "";

	pt_textview_line(text, PT_SLOT_BAD, error->message);
	if (error->hint[0])
		pt_textview_line(text, PT_SLOT_TEXT, error->hint);
	pt_textview_line(text, PT_SLOT_TEXT, "");
	for (unsigned i = 0; i < error->causes && i < PRISM_ERROR_CHAIN; i++)
		error_field(text, i == 0 ? "because" : "", error->cause[i]);
	if (error->status)
		snprintf(status, sizeof(status), "%d", error->status);
	error_field(text, "doing", error->operation);
	error_field(text, "with", error->peer);
	error_field(text, "status", status);
	error_field(text, "kind", prism_error_word(error->category));
	open_reading(app, "Error", text, 0);
}
