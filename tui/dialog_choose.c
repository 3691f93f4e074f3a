/* Dialogs that ask for one of many, or for a line of text. Each answers exactly once (see
 * dialog.c). */
#include "tui/dialog.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/match.h"
#include "tui/picker.h"
#include "tui/ui.h"

#define CHOOSE_WIDTH 70
#define INPUT_WIDTH 60
#define FILTER_MAX 256
#define TEXT_MAX 4096

struct item {
	char *text, *note;
	bool disabled;
	char key;
};

struct choose {
	char *title;
	struct item *items;
	size_t count;
	size_t *shown; /* items that pass the filter */
	size_t shown_count, at, top;
	struct pt_prompt *filter;
	void (*done)(void *data, ptrdiff_t index);
	void *data;
};

static const char *choose_title(struct pt_view *view)
{
	return ((struct choose *)view->state)->title;
}

static void refilter(struct choose *choose)
{
	const char *words = pt_prompt_text(choose->filter);

	choose->shown_count = 0;
	for (size_t i = 0; i < choose->count; i++)
		if (pt_match_words(choose->items[i].text, strlen(choose->items[i].text), words))
			choose->shown[choose->shown_count++] = i;
	choose->at = choose->top = 0;
}

static void choose_answer(struct choose *choose, ptrdiff_t index)
{
	void (*done)(void *data, ptrdiff_t index) = choose->done;

	choose->done = NULL;
	if (done)
		done(choose->data, index);
}

static unsigned choose_move(struct choose *choose, bool down, size_t count)
{
	size_t last = choose->shown_count ? choose->shown_count - 1 : 0;

	if (down)
		choose->at = choose->at + count < last ? choose->at + count : last;
	else
		choose->at = choose->at > count ? choose->at - count : 0;
	return PT_HANDLED | PT_REDRAW;
}

static unsigned choose_take(struct choose *choose, size_t index)
{
	if (choose->items[index].disabled)
		return PT_HANDLED;
	choose_answer(choose, (ptrdiff_t)index);
	return PT_HANDLED | PT_CLOSE;
}

/* The item with this key of its own; `count` when there is none, or something is typed. */
static size_t item_of_key(const struct choose *choose, const struct pt_event *event)
{
	size_t i = 0;

	if (*pt_prompt_text(choose->filter))
		return choose->count;
	while (i < choose->count &&
	       !(choose->items[i].key && pt_key_is(event, choose->items[i].key, 0)))
		i++;
	return i;
}

static unsigned choose_key(struct pt_view *view, const struct pt_event *event)
{
	struct choose *choose = view->state;
	size_t own = item_of_key(choose, event);
	unsigned result;

	if (own < choose->count)
		return choose_take(choose, own);
	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		if (*pt_prompt_text(choose->filter) && event->key == PT_KEY_ESC) {
			pt_prompt_set(choose->filter, "");
			refilter(choose);
			return PT_HANDLED | PT_REDRAW;
		}
		choose_answer(choose, -1);
		return PT_HANDLED | PT_CLOSE;
	}
	if (pt_key_is(event, PT_KEY_ENTER, 0))
		return choose->shown_count ? choose_take(choose, choose->shown[choose->at]) : PT_HANDLED;
	if (pt_key_is(event, PT_KEY_DOWN, 0) || pt_key_is(event, 'n', PT_MOD_CTRL))
		return choose_move(choose, true, 1);
	if (pt_key_is(event, PT_KEY_UP, 0) || pt_key_is(event, 'p', PT_MOD_CTRL))
		return choose_move(choose, false, 1);
	if (pt_key_is(event, PT_KEY_PAGE_DOWN, 0))
		return choose_move(choose, true, 10);
	if (pt_key_is(event, PT_KEY_PAGE_UP, 0))
		return choose_move(choose, false, 10);
	result = pt_prompt_key(choose->filter, event);
	if (result & PT_CHANGED)
		refilter(choose);
	return result | PT_HANDLED;
}

static void choose_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	const struct choose *choose = view->state;
	int rows = choose->count < 1000 ? (int)choose->count : 1000;

	*ret_w = CHOOSE_WIDTH < max_w ? CHOOSE_WIDTH : max_w;
	*ret_h = rows + 2 < max_h ? rows + 2 : max_h;
}

static void choose_prepare(struct pt_view *view, int width, int height)
{
	struct choose *choose = view->state;
	size_t rows = height > 2 ? (size_t)height - 2 : 1;

	PRISM_UNUSED(width);
	if (choose->at < choose->top)
		choose->top = choose->at;
	if (choose->at >= choose->top + rows)
		choose->top = choose->at - rows + 1;
}

static void choose_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                        bool focus)
{
	const struct choose *choose = view->state;

	pt_prompt_draw(choose->filter, canvas, area.x, area.y, area.w, focus, "type to filter");
	if (choose->shown_count == 0)
		pt_canvas_text(canvas, area.x, area.y + 2, area.w, PT_SLOT_DIM, 0,
		               "Nothing matches what was typed.");
	for (int i = 0; i < area.h - 2 && choose->top + (size_t)i < choose->shown_count; i++) {
		const struct item *item = &choose->items[choose->shown[choose->top + (size_t)i]];
		bool selected = choose->top + (size_t)i == choose->at;
		int y = area.y + 2 + i, used;

		if (selected)
			pt_canvas_glyph(canvas, area.x, y, PT_GLYPH_POINTER, PT_SLOT_TITLE_FOCUS, 0);
		used = pt_canvas_text(canvas, area.x + 2, y, area.w - 2,
		                      item->disabled ? PT_SLOT_OFF : PT_SLOT_DIALOG,
		                      selected ? PT_LOOK_SELECTED : 0, item->text);
		if (item->note && area.w - used - 5 > 3)
			pt_canvas_text_right(canvas, area.x + used + 4, y, area.w - used - 4, PT_SLOT_DIM, 0,
			                     item->note);
	}
}

static void choose_destroy(struct pt_view *view)
{
	struct choose *choose = view->state;

	choose_answer(choose, -1);
	for (size_t i = 0; i < choose->count; i++) {
		prism_free(choose->items[i].text);
		prism_free(choose->items[i].note);
	}
	prism_free(choose->items);
	prism_free(choose->shown);
	prism_free(choose->title);
	pt_prompt_destroy(choose->filter);
	prism_free(choose);
}

static const struct pt_view_ops choose_ops = {
    .name = "choose",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME | PT_VIEW_TAKES_TEXT,
    .title = choose_title,
    .measure = choose_measure,
    .prepare = choose_prepare,
    .draw = choose_draw,
    .key = choose_key,
    .destroy = choose_destroy,
};

void pt_dialog_choose(struct pt_app *app, const char *title, const struct pt_dialog_item *items,
                      size_t count, size_t selected, void (*done)(void *data, ptrdiff_t index),
                      void *data)
{
	struct choose *choose = prism_alloc(sizeof(*choose));

	choose->title = prism_strdup(title);
	choose->items = prism_alloc_array(count ? count : 1, sizeof(*choose->items));
	choose->shown = prism_alloc_array(count ? count : 1, sizeof(*choose->shown));
	choose->count = count;
	choose->filter = pt_prompt_create(FILTER_MAX);
	choose->done = done;
	choose->data = data;
	for (size_t i = 0; i < count; i++)
		choose->items[i] = (struct item){.text = prism_strdup(items[i].text),
		                                 .note = prism_strdup(items[i].note),
		                                 .disabled = items[i].disabled,
		                                 .key = items[i].key};
	refilter(choose);
	if (selected < count)
		choose->at = selected;
	pt_app_overlay(app, pt_view_create(app, &choose_ops, choose));
}

/* --- a line of text --- */

struct input {
	char *title, *label;
	struct pt_prompt *prompt;
	bool file; /* of a new file */
	void (*done)(void *data, const char *text);
	void *data;
};

static const char *input_title(struct pt_view *view)
{
	return ((struct input *)view->state)->title;
}

static void input_answer(struct input *input, const char *text)
{
	void (*done)(void *data, const char *text) = input->done;

	input->done = NULL;
	if (done)
		done(input->data, text);
}

struct browsing { /* outlives the dialog below it */
	struct pt_app *app;
	struct pt_view *view;
};

static void browsed(void *data, struct core_place *place, const char *path)
{
	struct browsing *b = data;
	struct input *input = pt_ui_alive(b->app, b->view) ? b->view->state : NULL;

	PRISM_UNUSED(place);
	if (input && path)
		pt_prompt_set(input->prompt, path);
	prism_free(b);
}

static void browse(struct pt_view *view)
{
	struct input *input = view->state;
	struct browsing *b = prism_alloc(sizeof(*b));

	*b = (struct browsing){view->app, view};
	pt_picker_open(view->app, &(struct pt_picker){.title = input->title,
	                                              .start = pt_prompt_text(input->prompt),
	                                              .saves = true,
	                                              .done = browsed,
	                                              .data = b});
}

static unsigned input_key(struct pt_view *view, const struct pt_event *event)
{
	struct input *input = view->state;

	if (pt_key_is(event, PT_KEY_ESC, 0) || pt_key_is(event, 'c', PT_MOD_CTRL)) {
		input_answer(input, NULL);
		return PT_HANDLED | PT_CLOSE;
	}
	if (pt_key_is(event, PT_KEY_ENTER, 0)) {
		PRISM_AUTO_FREE char *text = prism_strdup(pt_prompt_text(input->prompt));

		input_answer(input, text);
		return PT_HANDLED | PT_CLOSE;
	}
	if (input->file && pt_key_is(event, 'o', PT_MOD_CTRL)) {
		browse(view);
		return PT_HANDLED | PT_REDRAW;
	}
	return pt_prompt_key(input->prompt, event) | PT_HANDLED;
}

static void input_measure(struct pt_view *view, int max_w, int max_h, int *ret_w, int *ret_h)
{
	PRISM_UNUSED(view);
	*ret_w = INPUT_WIDTH < max_w ? INPUT_WIDTH : max_w;
	*ret_h = 4 < max_h ? 4 : max_h;
}

static void input_draw(const struct pt_view *view, struct pt_canvas *canvas, struct pt_rect area,
                       bool focus)
{
	const struct input *input = view->state;
	size_t current;
	const struct pt_completion *candidates = pt_prompt_candidates(input->prompt, &current);
	int x = area.x;

	pt_canvas_text(canvas, area.x, area.y, area.w, PT_SLOT_LABEL, 0, input->label);
	pt_prompt_draw(input->prompt, canvas, area.x, area.y + 1, area.w, focus, NULL);
	for (size_t i = current < candidates->count ? current : 0; i < candidates->count; i++)
		x +=
		    pt_canvas_text(canvas, x, area.y + 2, area.x + area.w - x,
		                   i == current ? PT_SLOT_HINT_KEY : PT_SLOT_DIM, 0, candidates->items[i]) +
		    2;
	pt_canvas_text(canvas, area.x, area.y + 3, area.w, PT_SLOT_DIM, 0,
	               input->file ? "enter accepts, ctrl-o browses, esc"
	                           : "enter accepts, esc cancels");
}

static void input_destroy(struct pt_view *view)
{
	struct input *input = view->state;

	input_answer(input, NULL);
	prism_free(input->title);
	prism_free(input->label);
	pt_prompt_destroy(input->prompt);
	prism_free(input);
}

static const struct pt_view_ops input_ops = {
    .name = "input",
    .flags = PT_VIEW_MODAL | PT_VIEW_FRAME | PT_VIEW_TAKES_TEXT,
    .title = input_title,
    .measure = input_measure,
    .draw = input_draw,
    .key = input_key,
    .destroy = input_destroy,
};

static struct input *open_input(struct pt_app *app, const char *title, const char *label,
                                const char *initial, void (*done)(void *data, const char *text),
                                void *data)
{
	struct input *input = prism_alloc(sizeof(*input));

	input->title = prism_strdup(title);
	input->label = prism_strdup(label);
	input->prompt = pt_prompt_create(TEXT_MAX);
	input->done = done;
	input->data = data;
	pt_prompt_set(input->prompt, initial ? initial : "");
	pt_app_overlay(app, pt_view_create(app, &input_ops, input));
	return input;
}

void pt_dialog_input(struct pt_app *app, const char *title, const char *label, const char *initial,
                     pt_complete_fn complete, void (*done)(void *data, const char *text),
                     void *data)
{
	struct input *input = open_input(app, title, label, initial, done, data);

	if (complete)
		pt_prompt_set_completion(input->prompt, complete, data);
}

void pt_dialog_file(struct pt_app *app, const char *title, const char *label, const char *initial,
                    void (*done)(void *data, const char *text), void *data)
{
	struct input *input = open_input(app, title, label, initial, done, data);

	input->file = true;
	pt_prompt_set_completion(input->prompt, pt_complete_path, NULL);
}
