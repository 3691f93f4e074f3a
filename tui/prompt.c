/*
 * Editing one line.  The text is UTF-8 in one buffer of fixed capacity that is wiped on destroy;
 * the cursor is a byte offset that always stands between graphemes.
 *
 * Completion: the first Tab asks for candidates and puts in what they have in common; if that adds
 * nothing, each further Tab puts in the next one.  Any other key ends the walk.
 */
#include "tui/prompt.h"

#include "base/mem.h"
#include "base/text.h"

struct pt_prompt {
	char *text;
	size_t len, max, cursor;
	bool masked;
	struct pt_history *history;
	size_t history_at; /* count: the line being typed */
	char *typed;       /* that line, while the history is looked at */
	pt_complete_fn complete;
	void *complete_data;
	struct pt_completion candidates;
	size_t candidate;
	bool walking;  /* candidates are shown */
	bool proposed; /* the text is ours, and no key was pressed yet */
};

struct pt_prompt *pt_prompt_create(size_t max)
{
	struct pt_prompt *prompt = prism_alloc(sizeof(*prompt));

	prompt->max = max;
	prompt->text = prism_alloc(max + 1);
	return prompt;
}

void pt_prompt_destroy(struct pt_prompt *prompt)
{
	if (!prompt)
		return;
	prism_wipe(prompt->text, prompt->max + 1);
	prism_free(prompt->text);
	prism_free(prompt->typed);
	pt_completion_clear(&prompt->candidates);
	prism_free(prompt);
}

void pt_prompt_set_masked(struct pt_prompt *prompt, bool masked)
{
	prompt->masked = masked;
}

void pt_prompt_set_completion(struct pt_prompt *prompt, pt_complete_fn fn, void *data)
{
	prompt->complete = fn;
	prompt->complete_data = data;
}

void pt_prompt_set_history(struct pt_prompt *prompt, struct pt_history *history)
{
	prompt->history = history;
	prompt->history_at = pt_history_count(history);
}

const char *pt_prompt_text(const struct pt_prompt *prompt)
{
	return prompt->text;
}

size_t pt_prompt_cursor(const struct pt_prompt *prompt)
{
	return prompt->cursor;
}

static void end_walk(struct pt_prompt *prompt)
{
	pt_completion_clear(&prompt->candidates);
	prompt->walking = false;
}

static void erase(struct pt_prompt *prompt, size_t from, size_t to)
{
	memmove(prompt->text + from, prompt->text + to, prompt->len - to);
	prism_wipe(prompt->text + prompt->len - (to - from), to - from);
	prompt->len -= to - from;
	prompt->text[prompt->len] = '\0';
	prompt->cursor = from;
}

/* Largest whole number of graphemes of text that fit into room bytes. */
static size_t fitting(const char *text, size_t len, size_t room)
{
	const char *pos = text, *end = text + len;

	while (pos < end) {
		const char *next = pt_grapheme_next(pos, end);

		if ((size_t)(next - text) > room)
			break;
		pos = next;
	}
	return (size_t)(pos - text);
}

static void insert(struct pt_prompt *prompt, const char *text, size_t len)
{
	len = fitting(text, len, prompt->max - prompt->len);
	memmove(prompt->text + prompt->cursor + len, prompt->text + prompt->cursor,
	        prompt->len - prompt->cursor);
	memcpy(prompt->text + prompt->cursor, text, len);
	prompt->cursor += len;
	prompt->len += len;
	prompt->text[prompt->len] = '\0';
}

void pt_prompt_set(struct pt_prompt *prompt, const char *text)
{
	end_walk(prompt);
	prompt->proposed = false;
	erase(prompt, 0, prompt->len);
	insert(prompt, text, strlen(text));
}

void pt_prompt_propose(struct pt_prompt *prompt, const char *text)
{
	pt_prompt_set(prompt, text);
	prompt->proposed = prompt->len > 0;
}

/* Text is about to come in: a proposal goes. */
static void make_room(struct pt_prompt *prompt)
{
	end_walk(prompt);
	if (prompt->proposed)
		erase(prompt, 0, prompt->len);
	prompt->proposed = false;
}

void pt_prompt_insert(struct pt_prompt *prompt, const char *text, size_t len)
{
	make_room(prompt);
	insert(prompt, text, len);
}

void pt_prompt_set_cursor(struct pt_prompt *prompt, size_t at)
{
	end_walk(prompt);
	prompt->cursor = at < prompt->len ? at : prompt->len;
}

static size_t left(const struct pt_prompt *prompt)
{
	return (size_t)(pt_grapheme_prev(prompt->text, prompt->text + prompt->cursor) - prompt->text);
}

static size_t right(const struct pt_prompt *prompt)
{
	return (size_t)(pt_grapheme_next(prompt->text + prompt->cursor, prompt->text + prompt->len) -
	                prompt->text);
}

/* Words are what is between spaces and slashes. A masked text is one word: its shape is secret. */
static bool is_gap(const struct pt_prompt *prompt, size_t at)
{
	return !prompt->masked && strchr(" /\n", prompt->text[at]);
}

static size_t word_left(const struct pt_prompt *prompt)
{
	size_t at = prompt->cursor;

	while (at > 0 && is_gap(prompt, at - 1))
		at--;
	while (at > 0 && !is_gap(prompt, at - 1))
		at--;
	return at;
}

static size_t word_right(const struct pt_prompt *prompt)
{
	size_t at = prompt->cursor;

	while (at < prompt->len && is_gap(prompt, at))
		at++;
	while (at < prompt->len && !is_gap(prompt, at))
		at++;
	return at;
}

static unsigned go_to(struct pt_prompt *prompt, size_t at)
{
	end_walk(prompt);
	prompt->cursor = at;
	return PT_HANDLED | PT_REDRAW;
}

static unsigned remove_to(struct pt_prompt *prompt, size_t at)
{
	size_t from = at < prompt->cursor ? at : prompt->cursor;
	size_t to = at < prompt->cursor ? prompt->cursor : at;

	end_walk(prompt);
	if (from == to)
		return PT_HANDLED;
	erase(prompt, from, to);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

static unsigned recall(struct pt_prompt *prompt, int direction)
{
	size_t count = prompt->history ? pt_history_count(prompt->history) : 0;
	size_t at = prompt->history_at;

	if (count == 0 || prompt->masked || (direction < 0 && at == 0) ||
	    (direction > 0 && at >= count))
		return PT_IGNORED;
	if (at >= count) {
		prism_free(prompt->typed);
		prompt->typed = prism_strdup(prompt->text);
	}
	prompt->history_at = direction < 0 ? at - 1 : at + 1;
	pt_prompt_set(prompt, prompt->history_at < count
	                          ? pt_history_get(prompt->history, prompt->history_at)
	                      : prompt->typed ? prompt->typed
	                                      : "");
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

/* Bytes that all candidates begin with, whole characters only. */
static size_t common(const struct pt_completion *candidates)
{
	size_t len = candidates->count ? strlen(candidates->items[0]) : 0;

	for (size_t i = 1; i < candidates->count; i++) {
		size_t same = 0;

		while (same < len && candidates->items[0][same] == candidates->items[i][same])
			same++;
		len = same;
	}
	while (len > 0 && candidates->count > 1 &&
	       ((unsigned char)candidates->items[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void replace(struct pt_prompt *prompt, const char *text, size_t len)
{
	struct pt_completion *candidates = &prompt->candidates;

	erase(prompt, candidates->start, candidates->end);
	insert(prompt, text, len);
	candidates->end = prompt->cursor;
}

static unsigned complete(struct pt_prompt *prompt, int direction)
{
	struct pt_completion *candidates = &prompt->candidates;
	size_t len;

	if (!prompt->complete || prompt->masked)
		return PT_IGNORED;
	if (prompt->walking && candidates->count) {
		size_t step = direction > 0 ? 1 : candidates->count - 1;

		/* the first Tab of a walk takes the first candidate */
		prompt->candidate =
		    prompt->candidate == candidates->count && direction > 0
		        ? 0
		        : (prompt->candidate % candidates->count + step) % candidates->count;
		replace(prompt, candidates->items[prompt->candidate],
		        strlen(candidates->items[prompt->candidate]));
		return PT_HANDLED | PT_REDRAW | PT_CHANGED;
	}
	end_walk(prompt);
	prompt->complete(prompt->complete_data, prompt->text, prompt->cursor, candidates);
	if (candidates->count == 0 || candidates->end > prompt->len ||
	    candidates->start > candidates->end) {
		pt_completion_clear(candidates);
		return PT_HANDLED;
	}
	len = common(candidates);
	if (len > candidates->end - candidates->start || candidates->count == 1)
		replace(prompt, candidates->items[0], len);
	prompt->walking = candidates->count > 1;
	prompt->candidate = candidates->count;
	if (!prompt->walking)
		pt_completion_clear(candidates);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

/* A paste is text only: control characters become spaces, line ends too. */
static unsigned paste(struct pt_prompt *prompt, const char *text, size_t len)
{
	PRISM_AUTO_BUF struct prism_buf clean = PRISM_BUF_INIT(2 * PT_KEYS_PASTE_MAX);
	const char *pos = text, *end = text + len;

	while (len && end[-1] == '\n' && end > text)
		end--;
	while (pos < end) {
		const char *start = pos;
		int32_t cp = prism_utf8_next(&pos, end);

		if (cp == '\n' || cp == '\t')
			prism_buf_putc(&clean, ' ');
		else if (cp != 0xfffd && !prism_text_hostile((uint32_t)cp))
			prism_buf_put(&clean, start, (size_t)(pos - start));
	}
	make_room(prompt);
	insert(prompt, prism_buf_text(&clean), clean.len);
	prism_buf_wipe(&clean);
	return PT_HANDLED | PT_REDRAW | PT_CHANGED;
}

static unsigned control_key(struct pt_prompt *prompt, uint32_t key)
{
	switch (key) {
	case 'a':
		return go_to(prompt, 0);
	case 'e':
		return go_to(prompt, prompt->len);
	case 'b':
		return go_to(prompt, left(prompt));
	case 'f':
		return go_to(prompt, right(prompt));
	case 'h':
		return remove_to(prompt, left(prompt));
	case 'd':
		return remove_to(prompt, right(prompt));
	case 'w':
		return remove_to(prompt, word_left(prompt));
	case 'u':
		return remove_to(prompt, 0);
	case 'k':
		return remove_to(prompt, prompt->len);
	case 'p':
		return recall(prompt, -1);
	case 'n':
		return recall(prompt, 1);
	case PT_KEY_LEFT:
		return go_to(prompt, word_left(prompt));
	case PT_KEY_RIGHT:
		return go_to(prompt, word_right(prompt));
	default:
		return PT_IGNORED;
	}
}

static unsigned alt_key(struct pt_prompt *prompt, uint32_t key)
{
	switch (key) {
	case 'b':
	case PT_KEY_LEFT:
		return go_to(prompt, word_left(prompt));
	case 'f':
	case PT_KEY_RIGHT:
		return go_to(prompt, word_right(prompt));
	case 'd':
		return remove_to(prompt, word_right(prompt));
	case PT_KEY_BACKSPACE:
		return remove_to(prompt, word_left(prompt));
	default:
		return PT_IGNORED;
	}
}

static unsigned plain_key(struct pt_prompt *prompt, uint32_t key)
{
	switch (key) {
	case PT_KEY_LEFT:
		return go_to(prompt, left(prompt));
	case PT_KEY_RIGHT:
		return go_to(prompt, right(prompt));
	case PT_KEY_HOME:
		return go_to(prompt, 0);
	case PT_KEY_END:
		return go_to(prompt, prompt->len);
	case PT_KEY_BACKSPACE:
		return remove_to(prompt, left(prompt));
	case PT_KEY_DELETE:
		return remove_to(prompt, right(prompt));
	case PT_KEY_UP:
		return recall(prompt, -1);
	case PT_KEY_DOWN:
		return recall(prompt, 1);
	case PT_KEY_TAB:
		return complete(prompt, 1);
	default:
		return PT_IGNORED;
	}
}

static bool takes_away(const struct pt_event *event)
{
	return pt_key_is(event, PT_KEY_BACKSPACE, 0) || pt_key_is(event, PT_KEY_DELETE, 0) ||
	       pt_key_is(event, 'h', PT_MOD_CTRL);
}

unsigned pt_prompt_key(struct pt_prompt *prompt, const struct pt_event *event)
{
	if (event->kind == PT_EVENT_PASTE)
		return paste(prompt, event->text, event->len);
	if (event->kind != PT_EVENT_KEY)
		return PT_IGNORED;
	if (pt_key_text(event)) {
		char bytes[4];

		make_room(prompt);
		insert(prompt, bytes, prism_utf8_encode(event->key, bytes));
		return PT_HANDLED | PT_REDRAW | PT_CHANGED;
	}
	if (prompt->proposed && takes_away(event)) {
		make_room(prompt);
		return PT_HANDLED | PT_REDRAW | PT_CHANGED;
	}
	prompt->proposed = false;
	if (pt_key_is(event, PT_KEY_TAB, PT_MOD_SHIFT))
		return complete(prompt, -1);
	if (event->mods == PT_MOD_CTRL)
		return control_key(prompt, event->key);
	if (event->mods == PT_MOD_ALT)
		return alt_key(prompt, event->key);
	return event->mods ? PT_IGNORED : plain_key(prompt, event->key);
}

void pt_prompt_remember(struct pt_prompt *prompt)
{
	if (!prompt->history || prompt->masked)
		return;
	pt_history_add(prompt->history, prompt->text);
	prompt->history_at = pt_history_count(prompt->history);
}

const struct pt_completion *pt_prompt_candidates(const struct pt_prompt *prompt,
                                                 size_t *ret_current)
{
	*ret_current = prompt->candidate;
	return &prompt->candidates;
}

static int graphemes(const char *text, size_t len)
{
	int count = 0;

	for (const char *pos = text, *end = text + len; pos < end; pos = pt_grapheme_next(pos, end))
		count++;
	return count;
}

static void draw_masked(const struct pt_prompt *prompt, struct pt_canvas *canvas, int x, int y,
                        int width, enum pt_slot slot, bool focus)
{
	int total = graphemes(prompt->text, prompt->len);
	int at = graphemes(prompt->text, prompt->cursor);
	int skip = at >= width ? at - width + 1 : 0;

	for (int i = skip; i < total && i - skip < width; i++)
		pt_canvas_glyph(canvas, x + i - skip, y, PT_GLYPH_BULLET, slot, 0);
	if (focus)
		pt_canvas_set_cursor(canvas, x + at - skip, y);
}

void pt_prompt_draw(const struct pt_prompt *prompt, struct pt_canvas *canvas, int x, int y,
                    int width, bool focus, const char *placeholder)
{
	enum pt_slot slot = focus ? PT_SLOT_INPUT_FOCUS : PT_SLOT_INPUT;
	int at = (int)prism_text_columns(prompt->text, prompt->cursor);
	int skip = at >= width ? at - width + 1 : 0;

	if (width <= 0)
		return;
	pt_canvas_fill(canvas, (struct pt_rect){x, y, width, 1}, slot, 0);
	if (prompt->masked) {
		draw_masked(prompt, canvas, x, y, width, slot, focus);
		return;
	}
	if (prompt->len == 0 && placeholder && !focus)
		pt_canvas_text(canvas, x, y, width, PT_SLOT_PLACEHOLDER, 0, placeholder);
	pt_canvas_text_from(canvas, x, y, width, skip, slot,
	                    focus && prompt->proposed ? PT_LOOK_SELECTED : 0, prompt->text,
	                    prompt->len);
	if (focus)
		pt_canvas_set_cursor(canvas, x + at - skip, y);
}
