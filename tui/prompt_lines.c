/* A prompt of several lines: moving between lines, and drawing them. Editing is prompt.c's. */
#include "tui/prompt.h"

#include "base/mem.h"
#include "base/text.h"

struct place {
	size_t start, end; /* of the line with the cursor, bytes */
	int line, lines;
	int column;
};

static struct place find_place(const struct pt_prompt *prompt)
{
	const char *text = pt_prompt_text(prompt);
	size_t cursor = pt_prompt_cursor(prompt);
	struct place place = {.lines = 1};

	for (size_t i = 0; text[i]; i++) {
		if (text[i] != '\n')
			continue;
		place.lines++;
		if (i < cursor) {
			place.line++;
			place.start = i + 1;
		}
	}
	place.end = place.start + strcspn(text + place.start, "\n");
	place.column = (int)prism_text_columns(text + place.start, cursor - place.start);
	return place;
}

/* Byte of the line at `start` that stands at or before a column. */
static size_t at_column(const char *text, size_t start, int column)
{
	const char *pos = text + start, *end = pos + strcspn(pos, "\n");

	while (pos < end) {
		const char *next = pt_grapheme_next(pos, end);

		if ((int)prism_text_columns(text + start, (size_t)(next - text) - start) > column)
			break;
		pos = next;
	}
	return (size_t)(pos - text);
}

static unsigned move_line(struct pt_prompt *prompt, int direction)
{
	const char *text = pt_prompt_text(prompt);
	struct place place = find_place(prompt);
	size_t start;

	if (place.line + direction < 0 || place.line + direction >= place.lines)
		return PT_IGNORED;
	if (direction > 0) {
		start = place.end + 1;
	} else {
		start = place.start - 1;
		while (start > 0 && text[start - 1] != '\n')
			start--;
	}
	pt_prompt_set_cursor(prompt, at_column(text, start, place.column));
	return PT_HANDLED | PT_REDRAW;
}

static unsigned paste(struct pt_prompt *prompt, const char *text, size_t len)
{
	const char *pos = text, *end = text + len, *from = text;

	while (pos < end) { /* pieces between what may not come in */
		const char *at = pos;
		int32_t cp = prism_utf8_next(&pos, end);

		if (cp != '\n' && (cp == 0xfffd || prism_text_hostile((uint32_t)cp))) {
			pt_prompt_insert(prompt, from, (size_t)(at - from));
			if (cp == '\t')
				pt_prompt_insert(prompt, "    ", 4);
			from = pos;
		}
	}
	pt_prompt_insert(prompt, from, (size_t)(end - from));
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

unsigned pt_prompt_lines_key(struct pt_prompt *prompt, const struct pt_event *event)
{
	struct place place;

	if (event->kind == PT_EVENT_PASTE)
		return paste(prompt, event->text, event->len);
	if (pt_key_is(event, PT_KEY_ENTER, 0)) {
		pt_prompt_insert(prompt, "\n", 1);
		return PT_HANDLED | PT_REDRAW | PT_CHANGED;
	}
	if (pt_key_is(event, PT_KEY_UP, 0))
		return move_line(prompt, -1);
	if (pt_key_is(event, PT_KEY_DOWN, 0))
		return move_line(prompt, 1);
	place = find_place(prompt);
	if (pt_key_is(event, PT_KEY_HOME, 0) || pt_key_is(event, PT_KEY_END, 0)) {
		pt_prompt_set_cursor(prompt, event->key == PT_KEY_HOME ? place.start : place.end);
		return PT_HANDLED | PT_REDRAW;
	}
	return pt_prompt_key(prompt, event);
}

void pt_prompt_lines_draw(const struct pt_prompt *prompt, struct pt_canvas *canvas,
                          struct pt_rect area, bool focus, const char *placeholder)
{
	enum pt_slot slot = focus ? PT_SLOT_INPUT_FOCUS : PT_SLOT_INPUT;
	struct place place = find_place(prompt);
	int first = place.line >= area.h ? place.line - area.h + 1 : 0;
	int skip = place.column >= area.w ? place.column - area.w + 1 : 0;
	const char *text = pt_prompt_text(prompt);

	pt_canvas_fill(canvas, area, slot, 0);
	if (!*text && placeholder && !focus)
		pt_canvas_text(canvas, area.x, area.y, area.w, PT_SLOT_PLACEHOLDER, 0, placeholder);
	for (int line = 0; line < first + area.h; line++) {
		size_t len = strcspn(text, "\n");

		if (line >= first)
			pt_canvas_text_from(canvas, area.x, area.y + line - first, area.w,
			                    line == place.line ? skip : 0, slot, 0, text, len);
		if (!text[len])
			break;
		text += len + 1;
	}
	if (focus)
		pt_canvas_set_cursor(canvas, area.x + place.column - skip, area.y + place.line - first);
}
