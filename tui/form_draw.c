/*
 * How a form looks: labels on the left (above their fields where it is narrow), messages under
 * their fields, and a footer that never scrolls away: what the server said, a line of help or
 * candidates, the buttons.
 */
#include "tui/form_private.h"

#include "base/mem.h"
#include "base/text.h"

#define LABEL_MAX 26
#define LABEL_ABOVE 46 /* narrower forms put labels above */

static int columns(const char *text)
{
	return (int)prism_text_columns(text, strlen(text));
}

static bool label_above(const struct pt_form *form)
{
	return form->label_width == 0;
}

/* Columns beside the labels. */
static int input_width(const struct pt_form *form)
{
	int width = form->width - form->label_width;

	return width > 0 ? width : 1;
}

static int message_rows(const struct pt_form *form, const struct pt_field_state *field)
{
	return field->message
	           ? pt_text_wrap(field->message, strlen(field->message), input_width(form), NULL, NULL)
	           : 0;
}

static int line_rows(const struct pt_form *form, const struct pt_form_kept *line)
{
	return pt_text_wrap(line->text, strlen(line->text), input_width(form) - line->indent, NULL,
	                    NULL);
}

static int lines_rows(const struct pt_form *form, const struct pt_field_state *field)
{
	int rows = 0;

	for (size_t i = 0; i < field->line_count; i++)
		rows += line_rows(form, &field->lines[i]);
	return rows;
}

static int field_rows(const struct pt_form *form, const struct pt_field_state *field)
{
	const struct pt_field *spec = field->spec;

	if (spec->kind == PT_FIELD_NOTE)
		return pt_text_wrap(spec->label, strlen(spec->label), form->width, NULL, NULL);
	if (spec->kind == PT_FIELD_HEADING)
		return 2; /* a blank line before it */
	return (label_above(form) ? 1 : 0) +
	       (spec->kind == PT_FIELD_LINES ? (spec->rows ? spec->rows : 4) : 1) +
	       message_rows(form, field) + lines_rows(form, field);
}

static int footer_rows(const struct pt_form *form)
{
	int rows = 2; /* help, buttons */

	if (form->error)
		rows += pt_text_wrap(form->error, strlen(form->error), form->width, NULL, NULL);
	return rows;
}

static void lay_out(struct pt_form *form, int width)
{
	int y = 0;

	form->width = width > 0 ? width : 1;
	form->label_width = 0;
	for (size_t i = 0; width >= LABEL_ABOVE && i < form->count; i++) {
		const struct pt_field *spec = form->fields[i].spec;

		if (spec->kind != PT_FIELD_NOTE && spec->kind != PT_FIELD_HEADING &&
		    columns(spec->label) + 3 > form->label_width)
			form->label_width = columns(spec->label) + 3; /* " *" and a space */
	}
	if (form->label_width > LABEL_MAX)
		form->label_width = LABEL_MAX;
	for (size_t i = 0; i < form->count; i++) {
		form->fields[i].y = y;
		form->fields[i].height = pt_form_applies(form, i) ? field_rows(form, &form->fields[i]) : 0;
		y += form->fields[i].height;
	}
	form->total = y;
	form->footer = footer_rows(form);
}

void pt_form_measure(const struct pt_form *form, int max_w, int max_h, int *ret_w, int *ret_h)
{
	struct pt_form copy = *form; /* laying out changes only geometry, and the fields' is redone */

	lay_out(&copy, max_w);
	*ret_w = max_w;
	*ret_h = copy.total + 1 + copy.footer < max_h ? copy.total + 1 + copy.footer : max_h;
}

void pt_form_prepare(struct pt_form *form, int width, int height)
{
	int room;

	lay_out(form, width);
	form->height = height;
	room = height - form->footer;
	if (room < 1)
		room = 1;
	if (form->scrolled) {
		/* as the person left it */
	} else if (form->focus < form->count) {
		const struct pt_field_state *field = &form->fields[form->focus];

		if (field->y + field->height > form->top + room)
			form->top = field->y + field->height - room;
		if (field->y < form->top)
			form->top = field->y;
	} else {
		form->top = form->total - room;
	}
	if (form->top > form->total - room)
		form->top = form->total - room;
	if (form->top < 0)
		form->top = 0;
}

static void draw_select(const struct pt_field_state *field, struct pt_canvas *canvas, int x, int y,
                        int width, bool focus)
{
	enum pt_slot slot = focus ? PT_SLOT_INPUT_FOCUS : PT_SLOT_INPUT;
	const struct pt_choice *choice =
	    field->choice < field->choice_count ? &field->choices[field->choice] : NULL;
	const char *text = choice ? choice->label ? choice->label : choice->value
	                   : field->wanted && *field->wanted ? field->wanted
	                                                     : "(nothing to choose)";
	int used, shown = columns(text) + 4;

	if (shown > width)
		shown = width;
	pt_canvas_fill(canvas, (struct pt_rect){x, y, shown, 1}, slot, 0);
	pt_canvas_text(canvas, x, y, 1, slot, 0, "<");
	used = pt_canvas_text(canvas, x + 2, y, shown - 4, slot, 0, text);
	pt_canvas_text(canvas, x + 3 + used, y, 1, slot, 0, ">");
	if (field->choice_count > 1)
		used += pt_canvas_printf(canvas, x + used + 5, y, width - used - 5, PT_SLOT_DIM, 0,
		                         "%zu/%zu", field->choice + 1, field->choice_count) +
		        2;
	if (choice && choice->note)
		pt_canvas_text(canvas, x + used + 5, y, width - used - 5, PT_SLOT_DIM, 0, choice->note);
	if (focus)
		pt_canvas_set_cursor(canvas, x + 2, y);
}

static void draw_check(const struct pt_field_state *field, struct pt_canvas *canvas, int x, int y,
                       bool focus)
{
	enum pt_slot slot = focus ? PT_SLOT_INPUT_FOCUS : PT_SLOT_INPUT;

	pt_canvas_text(canvas, x, y, 3, slot, 0, "[ ]");
	if (field->checked)
		pt_canvas_text(canvas, x + 1, y, 1, slot, 0, "x");
	if (focus)
		pt_canvas_set_cursor(canvas, x + 1, y);
}

static const char *shown_value(const struct pt_field_state *field)
{
	const struct pt_choice *choice =
	    field->choice < field->choice_count ? &field->choices[field->choice] : NULL;

	if (field->prompt)
		return pt_prompt_text(field->prompt);
	if (field->spec->kind == PT_FIELD_CHECK)
		return field->checked ? "yes" : "no";
	return !choice ? "" : choice->label ? choice->label : choice->value;
}

static void draw_input(const struct pt_field_state *field, struct pt_canvas *canvas, int x, int y,
                       int width, bool focus)
{
	const struct pt_field *spec = field->spec;

	if (spec->flags & PT_FIELD_READONLY)
		pt_canvas_text(canvas, x, y, width, PT_SLOT_TEXT, 0, shown_value(field));
	else if (spec->kind == PT_FIELD_SELECT)
		draw_select(field, canvas, x, y, width, focus);
	else if (spec->kind == PT_FIELD_CHECK)
		draw_check(field, canvas, x, y, focus);
	else if (spec->kind == PT_FIELD_LINES)
		pt_prompt_lines_draw(field->prompt, canvas,
		                     (struct pt_rect){x, y, width, spec->rows ? spec->rows : 4}, focus,
		                     spec->placeholder);
	else if (field->prompt)
		pt_prompt_draw(field->prompt, canvas, x, y, width, focus, spec->placeholder);
}

struct note {
	struct pt_canvas *canvas;
	int x, y, width;
	enum pt_slot slot;
};

static void note_line(void *data, int line, const char *text, size_t len)
{
	struct note *note = data;

	pt_canvas_textn(note->canvas, note->x, note->y + line, note->width, note->slot, 0, text, len);
}

static void draw_lines(const struct pt_form *form, const struct pt_field_state *field,
                       struct pt_canvas *canvas, int x, int y, int width)
{
	for (size_t i = 0; i < field->line_count; i++) {
		const struct pt_form_kept *line = &field->lines[i];
		struct note note = {canvas, x + line->indent, y, width - line->indent, line->slot};

		y += pt_text_wrap(line->text, strlen(line->text), input_width(form) - line->indent,
		                  note_line, &note);
	}
}

static void draw_field(const struct pt_form *form, struct pt_canvas *canvas, struct pt_rect area,
                       size_t index, bool focus)
{
	const struct pt_field_state *field = &form->fields[index];
	const struct pt_field *spec = field->spec;
	int y = area.y + field->y - form->top, x = area.x + form->label_width;
	int width = area.w - form->label_width, below;

	if (spec->kind == PT_FIELD_NOTE) {
		struct note note = {canvas, area.x, y, area.w, PT_SLOT_DIM};

		pt_text_wrap(spec->label, strlen(spec->label), area.w, note_line, &note);
		return;
	}
	if (spec->kind == PT_FIELD_HEADING) {
		pt_canvas_text(canvas, area.x, y + 1, area.w, PT_SLOT_TITLE, 0, spec->label);
		return;
	}
	pt_canvas_printf(canvas, area.x, y, label_above(form) ? area.w : form->label_width - 1,
	                 PT_SLOT_LABEL, focus ? PT_LOOK_BOLD : 0, "%s%s", spec->label,
	                 spec->flags & PT_FIELD_REQUIRED ? " *" : "");
	if (label_above(form))
		y++;
	draw_input(field, canvas, x, y, width, focus);
	below = area.y + field->y - form->top + field->height - message_rows(form, field) -
	        lines_rows(form, field);
	draw_lines(form, field, canvas, x, below + message_rows(form, field), width);
	if (field->message) {
		struct note note = {canvas, x, below, width, PT_SLOT_INPUT_BAD};

		pt_text_wrap(field->message, strlen(field->message), input_width(form), note_line, &note);
	}
}

/* Candidates while Tab walks, else the help of the field, else what is going on. */
static void draw_help(const struct pt_form *form, struct pt_canvas *canvas, struct pt_rect line)
{
	const struct pt_field_state *field =
	    form->focus < form->count ? &form->fields[form->focus] : NULL;
	const struct pt_completion *candidates = NULL;
	size_t current = 0;
	int x = line.x;

	if (form->busy) {
		pt_canvas_text(canvas, line.x, line.y, line.w, PT_SLOT_BUSY, 0, form->busy);
		return;
	}
	if (field && field->prompt)
		candidates = pt_prompt_candidates(field->prompt, &current);
	if (!candidates || candidates->count == 0) {
		if (field && field->spec->help)
			pt_canvas_text(canvas, line.x, line.y, line.w, PT_SLOT_DIM, 0, field->spec->help);
		return;
	}
	for (size_t i = current < candidates->count ? current : 0; i < candidates->count; i++) {
		const char *name = candidates->items[i];
		const char *slash = name + strlen(name);

		while (slash > name && (slash[-1] != '/' || slash[0] == '\0')) /* the last component */
			slash--;
		if (x + columns(slash) + 2 > line.x + line.w)
			break;
		x += pt_canvas_text(canvas, x, line.y, line.x + line.w - x,
		                    i == current ? PT_SLOT_HINT_KEY : PT_SLOT_DIM, 0, slash) +
		     2;
	}
}

static int draw_button(struct pt_canvas *canvas, int x, int y, int right, const char *label,
                       bool focus)
{
	char text[64];

	snprintf(text, sizeof(text), focus ? "[ %s ]" : "  %s  ", label);
	return x +
	       pt_canvas_text(canvas, x, y, right - x, focus ? PT_SLOT_BUTTON_FOCUS : PT_SLOT_BUTTON, 0,
	                      text) +
	       2;
}

void pt_form_draw(const struct pt_form *form, struct pt_canvas *canvas, struct pt_rect area,
                  bool focus)
{
	int footer = form->footer < area.h ? form->footer : area.h;
	struct pt_rect body = {area.x, area.y, area.w, area.h - footer};
	struct pt_rect before = pt_canvas_clip(canvas, body);
	int y = area.y + area.h - footer, x;

	for (size_t i = 0; i < form->count; i++)
		if (form->fields[i].height)
			draw_field(form, canvas, body, i, focus && form->focus == i && !form->busy);
	pt_canvas_unclip(canvas, before);
	before = pt_canvas_clip(canvas, area);
	if (form->error) {
		struct note note = {canvas, area.x, y, area.w, PT_SLOT_BAD};

		y += pt_text_wrap(form->error, strlen(form->error), area.w, note_line, &note);
	}
	draw_help(form, canvas, (struct pt_rect){area.x, y, area.w, 1});
	x = draw_button(canvas, area.x, area.y + area.h - 1, area.x + area.w, form->submit,
	                focus && form->focus == form->count);
	if (form->cancel)
		draw_button(canvas, x, area.y + area.h - 1, area.x + area.w, form->cancel,
		            focus && form->focus == form->count + 1);
	pt_canvas_unclip(canvas, before);
}
