/* Status line, hints, messages and toasts: see status.h. */
#include "tui/status.h"

#include "base/mem.h"
#include "base/text.h"

#define LOW_ROWS 12     /* a lower window shows one toast, not all of them */
#define PART_MIN 10     /* columns from which a cut part of the status line is worth showing */
#define MESSAGE_MAX 600 /* bytes kept of one message: more does not fit any toast */

struct pt_messages {
	const struct prism_clock *clock;
	struct pt_message ring[PT_MESSAGES_MAX];
	size_t first, count;
};

struct pt_messages *pt_messages_create(const struct prism_clock *clock)
{
	struct pt_messages *messages = prism_alloc(sizeof(*messages));

	messages->clock = clock;
	return messages;
}

void pt_messages_destroy(struct pt_messages *messages)
{
	if (!messages)
		return;
	for (size_t i = 0; i < PT_MESSAGES_MAX; i++)
		prism_free(messages->ring[i].text);
	prism_free(messages);
}

static struct pt_message *message_at(const struct pt_messages *messages, size_t index)
{
	size_t slot = (messages->first + index) % PT_MESSAGES_MAX;

	return (struct pt_message *)(uintptr_t)&messages->ring[slot];
}

void pt_messages_add(struct pt_messages *messages, enum pt_slot tone, const char *text)
{
	int64_t now = prism_clock_mono_ms(messages->clock);
	int64_t until = now + (tone == PT_SLOT_BAD ? 2 * PT_TOAST_MS : PT_TOAST_MS);
	struct pt_message *last = messages->count ? message_at(messages, messages->count - 1) : NULL;

	if (last && last->tone == tone && strncmp(last->text, text, MESSAGE_MAX) == 0) {
		last->repeats++;
		last->wall_us = prism_clock_wall_us(messages->clock);
		last->until_ms = until;
		return;
	}
	if (messages->count == PT_MESSAGES_MAX)
		messages->first = (messages->first + 1) % PT_MESSAGES_MAX;
	else
		messages->count++;
	last = message_at(messages, messages->count - 1);
	prism_free(last->text);
	*last = (struct pt_message){.wall_us = prism_clock_wall_us(messages->clock),
	                            .until_ms = until,
	                            .tone = tone,
	                            .text = prism_strndup(text, MESSAGE_MAX)};
}

size_t pt_messages_count(const struct pt_messages *messages)
{
	return messages->count;
}

const struct pt_message *pt_messages_get(const struct pt_messages *messages, size_t index)
{
	return message_at(messages, index);
}

static bool is_toast(const struct pt_messages *messages, const struct pt_message *message)
{
	return message->until_ms > prism_clock_mono_ms(messages->clock);
}

int64_t pt_messages_next(const struct pt_messages *messages)
{
	int64_t next = -1;

	for (size_t i = messages->count; i > 0; i--) {
		const struct pt_message *message = message_at(messages, i - 1);

		if (is_toast(messages, message) && (next < 0 || message->until_ms < next))
			next = message->until_ms;
	}
	return next;
}

void pt_messages_dismiss(struct pt_messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		message_at(messages, i)->until_ms = 0;
}

/* The columns a text takes, `most` at most. */
static int text_width(const char *text, int most)
{
	int width = (int)prism_text_columns(text, strnlen(text, (size_t)most * 4));

	return width < most ? width : most;
}

static int draw_part(struct pt_canvas *canvas, struct pt_rect line, int x, enum pt_slot slot,
                     const char *text)
{
	int room = line.x + line.w - x;

	if (!text || !*text || room < 4)
		return x;
	if (x > line.x + 1) {
		if (room - 3 < PART_MIN && text_width(text, line.w) > room - 3)
			return x; /* a letter or two of it tell nothing */
		pt_canvas_glyph(canvas, x + 1, line.y, PT_GLYPH_MIDDOT, PT_SLOT_STATUS, 0);
		x += 3;
		room -= 3;
	}
	return x + pt_canvas_text(canvas, x, line.y, room, slot, 0, text);
}

static int draw_count(struct pt_canvas *canvas, struct pt_rect line, int x, unsigned count,
                      const char *one, const char *many)
{
	char text[64];

	if (count == 0)
		return x;
	snprintf(text, sizeof(text), "%u %s", count, count == 1 ? one : many);
	return draw_part(canvas, line, x, PT_SLOT_STATUS, text);
}

/* What somebody waits for is said before where one is. */
static int draw_badge(struct pt_canvas *canvas, struct pt_rect line, int x, unsigned count)
{
	char text[64];

	snprintf(text, sizeof(text), "%u invitation%s", count, count == 1 ? "" : "s");
	return draw_part(canvas, line, x, PT_SLOT_STATUS_WARN, text);
}

void pt_status_draw(const struct pt_status *status, struct pt_canvas *canvas, struct pt_rect line)
{
	static const enum pt_slot safety_slots[] = {[PT_SAFETY_UNKNOWN] = PT_SLOT_STATUS,
	                                            [PT_SAFETY_GOOD] = PT_SLOT_STATUS,
	                                            [PT_SAFETY_WARN] = PT_SLOT_STATUS_WARN,
	                                            [PT_SAFETY_BAD] = PT_SLOT_STATUS_BAD};
	struct pt_rect before = pt_canvas_clip(canvas, line);
	int x = line.x + 1;

	pt_canvas_fill(canvas, line, PT_SLOT_STATUS, 0);
	/* What must be noticed comes first, so that a narrow window cuts the rest. */
	x = draw_part(canvas, line, x, PT_SLOT_STATUS_BAD, status->mark);
	x = draw_part(canvas, line, x, PT_SLOT_STATUS_WARN, status->notice);
	x = draw_part(canvas, line, x, safety_slots[status->agent_safety], status->agent_text);
	x = draw_part(canvas, line, x, safety_slots[status->safety], status->safety_text);
	if (status->invitations)
		x = draw_badge(canvas, line, x, status->invitations);
	x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->working);
	x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->workspace);
	x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->user);
	if (status->tunnel_bad)
		x = draw_part(canvas, line, x, PT_SLOT_STATUS_WARN, status->tunnel);
	x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->backend);
	if (!status->tunnel_bad)
		x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->tunnel);
	x = draw_count(canvas, line, x, status->transfers, "transfer", "transfers");
	x = draw_count(canvas, line, x, status->pending, "request", "requests");
	x = draw_part(canvas, line, x, PT_SLOT_STATUS, status->token);
	if (status->refreshed && *status->refreshed && line.x + line.w - x > 20)
		pt_canvas_text_right(canvas, x + 2, line.y, line.x + line.w - x - 3, PT_SLOT_STATUS, 0,
		                     status->refreshed);
	pt_canvas_unclip(canvas, before);
}

void pt_hints_draw(const struct pt_hint *hints, size_t count, struct pt_canvas *canvas,
                   struct pt_rect line)
{
	struct pt_rect before = pt_canvas_clip(canvas, line);
	int x = line.x + 1, end = line.x + line.w;

	for (size_t i = 0; i < count; i++) {
		int need = text_width(hints[i].keys, line.w) + 1 + text_width(hints[i].text, line.w);

		if (x + need > end)
			break; /* most useful first: what does not fit is in the help */
		x += pt_canvas_text(canvas, x, line.y, end - x,
		                    hints[i].off ? PT_SLOT_OFF : PT_SLOT_HINT_KEY, 0, hints[i].keys) +
		     1;
		x += pt_canvas_text(canvas, x, line.y, end - x,
		                    hints[i].off ? PT_SLOT_OFF : PT_SLOT_HINT_TEXT, 0, hints[i].text) +
		     2;
	}
	pt_canvas_unclip(canvas, before);
}

struct toast { /* one message, wrapped; lines beyond the last are cut off there */
	struct pt_line {
		const char *text;
		size_t len;
	} lines[PT_TOAST_LINES];
	int count, width;
	const char *end;
};

static void toast_line(void *data, int line, const char *text, size_t len)
{
	struct toast *toast = data;

	if (line >= PT_TOAST_LINES)
		return;
	toast->lines[line] = (struct pt_line){text, len};
	toast->count = line + 1;
}

static void wrap_toast(struct toast *toast, const char *text, int width, int most)
{
	int lines = pt_text_wrap(text, strlen(text), width, toast_line, toast);

	if (toast->count > most)
		toast->count = most;
	if (lines > toast->count && toast->count)
		toast->lines[toast->count - 1].len = strlen(toast->lines[toast->count - 1].text);
	for (int i = 0; i < toast->count; i++) {
		int wide = (int)prism_text_columns(toast->lines[i].text, toast->lines[i].len);

		wide = wide < width ? wide : width;
		toast->width = wide > toast->width ? wide : toast->width;
	}
}

/* Upwards from the row `bottom`; returns the rows it took. */
static int draw_toast(const struct pt_message *message, struct pt_canvas *canvas,
                      struct pt_rect area, int bottom)
{
	PRISM_AUTO_FREE char *counted =
	    message->repeats ? prism_asprintf("%s (%u)", message->text, message->repeats + 1) : NULL;
	struct toast toast = {.count = 0};
	unsigned before;

	if (area.w < 5)
		return 1;
	wrap_toast(&toast, counted ? counted : message->text, area.w - 4, bottom - area.y + 1);
	int x = area.x + area.w - toast.width - 4, y = bottom - toast.count + 1;
	before = pt_canvas_set_looks(canvas, PT_LOOK_DIALOG);
	pt_canvas_fill(canvas, (struct pt_rect){x, y, toast.width + 4, toast.count}, PT_SLOT_DIALOG, 0);
	pt_canvas_glyph(canvas, x + 1, y, PT_GLYPH_DOT, message->tone, 0);
	for (int i = 0; i < toast.count; i++)
		pt_canvas_printf(canvas, x + 3, y + i, toast.width, message->tone, 0, "%.*s",
		                 (int)toast.lines[i].len, toast.lines[i].text);
	pt_canvas_set_looks(canvas, before);
	return toast.count;
}

void pt_toasts_draw(const struct pt_messages *messages, struct pt_canvas *canvas,
                    struct pt_rect area)
{
	struct pt_rect before = pt_canvas_clip(canvas, area);
	int shown = 0, rows = 0, most = area.h < LOW_ROWS ? 1 : PT_TOASTS_MAX;

	for (size_t i = messages->count; i > 0 && shown < most && rows < area.h; i--) {
		const struct pt_message *message = message_at(messages, i - 1);

		if (is_toast(messages, message)) {
			rows += draw_toast(message, canvas, area, area.y + area.h - 1 - rows);
			shown++;
		}
	}
	pt_canvas_unclip(canvas, before);
}
