/*
 * Bytes to events.  Owns the decoder; names of keys are key_names.c's, who gets an event is the
 * app's business, and reading the bytes is the terminal's.
 *
 * States of the decoder, and what moves between them:
 *
 *   GROUND  --ESC--> ESCAPE --'['--> CSI --final byte--> GROUND
 *                           --'O'--> SS3 --any byte----> GROUND
 *                           --other--> the key with alt, GROUND
 *   GROUND  --lead byte--> UTF8 --last continuation byte--> GROUND
 *   CSI 200~ --> PASTE --CSI 201~--> GROUND
 *   CSI longer than SEQ_MAX --> SKIP --final byte--> GROUND
 *
 * pt_keys_flush() ends ESCAPE, CSI and SS3 when nothing followed in time: the ESC was a key, and
 * what came after it ('[' or 'O') is that key with alt.
 */
#include "tui/keys.h"

#include "base/mem.h"
#include "base/text.h"

#define PARAM_MAX 10000000 /* above every code point; what is larger stays larger */
#define SEQ_MAX 64
#define SEQ_PARAMS 4

enum state { GROUND, ESCAPE, CSI, SS3, UTF8, PASTE, SKIP };

struct pt_keys {
	pt_event_fn fn;
	void *data;
	enum state state;
	char seq[SEQ_MAX]; /* parameters of a CSI, or the bytes of a character */
	size_t len;
	size_t want;    /* UTF8: bytes of the character */
	unsigned alt;   /* PT_MOD_ALT while an ESC was in front */
	size_t matched; /* PASTE: bytes of the end mark seen */
	struct prism_buf paste;
};

static const char paste_end[] = "\033[201~";

struct pt_keys *pt_keys_create(pt_event_fn fn, void *data)
{
	struct pt_keys *keys = prism_alloc(sizeof(*keys));

	keys->fn = fn;
	keys->data = data;
	prism_buf_init(&keys->paste, PT_KEYS_PASTE_MAX + 1);
	return keys;
}

void pt_keys_destroy(struct pt_keys *keys)
{
	if (!keys)
		return;
	prism_buf_wipe(&keys->paste); /* a pasted password */
	prism_free(keys);
}

static void emit(struct pt_keys *keys, uint32_t key, unsigned mods)
{
	struct pt_event event = {.kind = PT_EVENT_KEY, .key = key, .mods = mods};

	keys->fn(keys->data, &event);
}

static void emit_control(struct pt_keys *keys, unsigned char byte, unsigned mods)
{
	if (byte == '\r' || byte == '\n')
		emit(keys, PT_KEY_ENTER, mods);
	else if (byte == '\t')
		emit(keys, PT_KEY_TAB, mods);
	else if (byte == 0x7f)
		emit(keys, PT_KEY_BACKSPACE, mods);
	else if (byte == 0)
		emit(keys, ' ', mods | PT_MOD_CTRL);
	else if (byte <= 0x1a)
		emit(keys, (uint32_t)('a' + byte - 1), mods | PT_MOD_CTRL);
	else
		emit(keys, (uint32_t)(byte + 0x40), mods | PT_MOD_CTRL); /* ctrl-\ ] ^ _ */
}

static void ground(struct pt_keys *keys, unsigned char byte)
{
	unsigned alt = keys->alt;

	keys->alt = 0;
	keys->state = GROUND;
	if (byte == 0x1b) {
		keys->state = ESCAPE;
	} else if (byte < 0x20 || byte == 0x7f) {
		emit_control(keys, byte, alt);
	} else if (byte < 0x80) {
		emit(keys, byte, alt);
	} else if (byte >= 0xc2 && byte <= 0xf4) {
		keys->state = UTF8;
		keys->alt = alt;
		keys->seq[0] = (char)byte;
		keys->len = 1;
		keys->want = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
	} /* anything else cannot begin a character: dropped */
}

static void utf8(struct pt_keys *keys, unsigned char byte)
{
	const char *pos = keys->seq;
	int32_t cp;

	if ((byte & 0xc0) != 0x80) { /* cut short: dropped, the byte stands for itself */
		keys->alt = 0;
		ground(keys, byte);
		return;
	}
	keys->seq[keys->len++] = (char)byte;
	if (keys->len < keys->want)
		return;
	cp = prism_utf8_next(&pos, keys->seq + keys->len);
	keys->state = GROUND;
	if (cp > 0 && cp != 0xfffd && pos == keys->seq + keys->len && !prism_text_hostile((uint32_t)cp))
		emit(keys, (uint32_t)cp, keys->alt);
	keys->alt = 0;
}

/* "1;5" into numbers; absent ones are 0. Values beyond 9999 stay there. */
static int parse_params(const char *text, size_t len, int params[SEQ_PARAMS])
{
	int count = 0;

	for (int i = 0; i < SEQ_PARAMS; i++)
		params[i] = 0;
	for (size_t i = 0; i < len && count < SEQ_PARAMS; i++) {
		if (text[i] == ';' || text[i] == ':')
			count++;
		else if (text[i] >= '0' && text[i] <= '9' && params[count] < PARAM_MAX)
			params[count] = params[count] * 10 + (text[i] - '0');
	}
	return count + 1;
}

static unsigned param_mods(int param)
{
	unsigned bits = param > 1 ? (unsigned)param - 1 : 0;

	return (bits & 1 ? PT_MOD_SHIFT : 0) | (bits & (2 | 8) ? PT_MOD_ALT : 0) |
	       (bits & 4 ? PT_MOD_CTRL : 0);
}

/* CSI number ~ */
static uint32_t tilde_key(int number)
{
	static const uint32_t keys[] = {
	    [1] = PT_KEY_HOME,    [2] = PT_KEY_INSERT,    [3] = PT_KEY_DELETE,   [4] = PT_KEY_END,
	    [5] = PT_KEY_PAGE_UP, [6] = PT_KEY_PAGE_DOWN, [7] = PT_KEY_HOME,     [8] = PT_KEY_END,
	    [11] = PT_KEY_F1,     [12] = PT_KEY_F1 + 1,   [13] = PT_KEY_F1 + 2,  [14] = PT_KEY_F1 + 3,
	    [15] = PT_KEY_F1 + 4, [17] = PT_KEY_F1 + 5,   [18] = PT_KEY_F1 + 6,  [19] = PT_KEY_F1 + 7,
	    [20] = PT_KEY_F1 + 8, [21] = PT_KEY_F1 + 9,   [23] = PT_KEY_F1 + 10, [24] = PT_KEY_F12,
	};

	return number >= 0 && (size_t)number < PRISM_COUNT(keys) ? keys[number] : 0;
}

/* Final letters that CSI and SS3 share. */
static uint32_t letter_key(char final)
{
	switch (final) {
	case 'A':
		return PT_KEY_UP;
	case 'B':
		return PT_KEY_DOWN;
	case 'C':
		return PT_KEY_RIGHT;
	case 'D':
		return PT_KEY_LEFT;
	case 'H':
		return PT_KEY_HOME;
	case 'F':
		return PT_KEY_END;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return (uint32_t)(PT_KEY_F1 + (final - 'P'));
	default:
		return 0;
	}
}

/* Surrogates are halves of characters, and Unicode ends at U+10FFFF. */
static bool is_character(int number)
{
	return number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
}

/* A key given by number: CSI number;mods u, and CSI 27;mods;number ~ */
static void emit_numbered(struct pt_keys *keys, int number, unsigned mods)
{
	if (number == 27)
		emit(keys, PT_KEY_ESC, mods);
	else if (number == 13 || number == 9 || number == 127)
		emit_control(keys, (unsigned char)number, mods);
	else if (number == 8)
		emit(keys, PT_KEY_BACKSPACE, mods);
	else if (number >= 0x20 && is_character(number) && !prism_text_hostile((uint32_t)number)) {
		if (mods & PT_MOD_CTRL && number >= 'A' && number <= 'Z')
			number += 'a' - 'A';
		emit(keys, (uint32_t)number, mods & ~(unsigned)PT_MOD_SHIFT);
	}
}

/* CSI < button ; x ; y M: a press (SGR form) */
static void emit_mouse(struct pt_keys *keys, const int params[SEQ_PARAMS])
{
	struct pt_event event = {.kind = PT_EVENT_MOUSE, .x = params[1] - 1, .y = params[2] - 1};

	if (params[0] & 32 || event.x < 0 || event.y < 0) /* motion */
		return;
	if (params[0] & 64)
		event.button = params[0] & 1 ? PT_MOUSE_WHEEL_DOWN : PT_MOUSE_WHEEL_UP;
	else if ((params[0] & 3) == 3)
		return;
	else
		event.button = (enum pt_mouse_button)(params[0] & 3);
	keys->fn(keys->data, &event);
}

static void csi_tilde(struct pt_keys *keys, int count, const int params[SEQ_PARAMS], unsigned extra)
{
	uint32_t key;

	if (params[0] == 200 && count == 1) {
		keys->state = PASTE;
		keys->matched = 0;
		prism_buf_clear(&keys->paste);
	} else if (params[0] == 27 && count >= 3) {
		emit_numbered(keys, params[2], param_mods(params[1]));
	} else if ((key = tilde_key(params[0])) != 0) {
		emit(keys, key, param_mods(params[1]) | extra);
	}
}

static void csi_done(struct pt_keys *keys, char final)
{
	int params[SEQ_PARAMS];
	int count = parse_params(keys->seq, keys->len, params);
	uint32_t key = letter_key(final);
	struct pt_event focus = {.kind = PT_EVENT_FOCUS, .key = final == 'I'};

	keys->state = GROUND;
	if (keys->len && keys->seq[0] == '[') { /* linux console: CSI [ A to E */
		if (final >= 'A' && final <= 'E')
			emit(keys, (uint32_t)(PT_KEY_F1 + (final - 'A')), 0);
	} else if (keys->len && keys->seq[0] == '<') {
		if (final == 'M')
			emit_mouse(keys, params);
	} else if (keys->len && (keys->seq[0] < '0' || keys->seq[0] > ';')) {
		return; /* a private reply nobody asked for */
	} else if (final == '~') {
		csi_tilde(keys, count, params, 0);
	} else if (final == '^' || final == '@') { /* rxvt */
		csi_tilde(keys, count, params, final == '@' ? PT_MOD_CTRL | PT_MOD_SHIFT : PT_MOD_CTRL);
	} else if (final == 'u') {
		emit_numbered(keys, params[0], param_mods(params[1]));
	} else if (final == 'Z') {
		emit(keys, PT_KEY_TAB, PT_MOD_SHIFT);
	} else if (final == 'I' || final == 'O') {
		keys->fn(keys->data, &focus);
	} else if (final >= 'a' && final <= 'd') { /* rxvt */
		emit(keys, letter_key((char)(final - 'a' + 'A')), PT_MOD_SHIFT);
	} else if (key) {
		emit(keys, key, count > 1 ? param_mods(params[1]) : 0);
	}
}

static void csi(struct pt_keys *keys, unsigned char byte)
{
	if (byte == 0x1b) { /* broken off */
		keys->state = ESCAPE;
		return;
	}
	if (byte < 0x20 || byte > 0x7e) { /* not part of any sequence */
		keys->alt = 0;
		ground(keys, byte);
		return;
	}
	if (byte >= 0x40 && !(byte == '[' && keys->len == 0)) {
		csi_done(keys, (char)byte);
		return;
	}
	if (keys->len == sizeof(keys->seq)) {
		keys->state = SKIP;
		return;
	}
	keys->seq[keys->len++] = (char)byte;
}

/* SS3: cursor and function keys in application mode, and the keypad. */
static void ss3(struct pt_keys *keys, unsigned char byte)
{
	static const char keypad[] = "*+,-./0123456789";
	uint32_t key = letter_key((char)byte);

	keys->state = GROUND;
	if (key)
		emit(keys, key, 0);
	else if (byte == 'M')
		emit(keys, PT_KEY_ENTER, 0);
	else if (byte >= 'j' && byte <= 'y')
		emit(keys, (uint32_t)keypad[byte - 'j'], 0);
	else if (byte >= 'a' && byte <= 'd') /* rxvt */
		emit(keys, letter_key((char)(byte - 'a' + 'A')), PT_MOD_CTRL);
	else if (byte == 0x1b)
		keys->state = ESCAPE;
}

static void escape(struct pt_keys *keys, unsigned char byte)
{
	if (byte == '[') {
		keys->state = CSI;
		keys->len = 0;
	} else if (byte == 'O') {
		keys->state = SS3;
	} else if (byte == 0x1b) {
		emit(keys, PT_KEY_ESC, 0);
	} else {
		keys->alt = PT_MOD_ALT;
		ground(keys, byte);
	}
}

static void paste_append(struct pt_keys *keys, const char *bytes, size_t len)
{
	size_t room = PT_KEYS_PASTE_MAX - keys->paste.len;

	prism_buf_put(&keys->paste, bytes, len < room ? len : room);
}

/* CR and CRLF become LF, in place. */
static void paste_newlines(struct prism_buf *paste)
{
	size_t to = 0;

	for (size_t i = 0; i < paste->len; i++) {
		char c = paste->data[i];

		if (c == '\r') {
			c = '\n';
			if (i + 1 < paste->len && paste->data[i + 1] == '\n')
				i++;
		}
		paste->data[to++] = c;
	}
	if (paste->data)
		paste->data[to] = '\0';
	paste->len = to;
}

static void paste(struct pt_keys *keys, unsigned char byte)
{
	struct pt_event event = {.kind = PT_EVENT_PASTE};

	if (byte == (unsigned char)paste_end[keys->matched]) {
		if (++keys->matched < sizeof(paste_end) - 1)
			return;
		paste_newlines(&keys->paste);
		event.text = prism_buf_text(&keys->paste);
		event.len = keys->paste.len;
		keys->state = GROUND;
		keys->fn(keys->data, &event);
		prism_buf_wipe(&keys->paste);
		return;
	}
	paste_append(keys, paste_end, keys->matched);
	keys->matched = byte == 0x1b;
	if (!keys->matched)
		paste_append(keys, (const char *)&byte, 1);
}

void pt_keys_feed(struct pt_keys *keys, const void *bytes, size_t len)
{
	const unsigned char *pos = bytes;

	for (size_t i = 0; i < len; i++) {
		switch (keys->state) {
		case GROUND:
			ground(keys, pos[i]);
			break;
		case ESCAPE:
			keys->state = GROUND;
			if (pos[i] == 0x1b)
				keys->state = ESCAPE;
			escape(keys, pos[i]);
			break;
		case CSI:
			csi(keys, pos[i]);
			break;
		case SS3:
			ss3(keys, pos[i]);
			break;
		case UTF8:
			utf8(keys, pos[i]);
			break;
		case PASTE:
			paste(keys, pos[i]);
			break;
		case SKIP:
			if (pos[i] >= 0x40 && pos[i] <= 0x7e)
				keys->state = GROUND;
			break;
		}
	}
}

bool pt_keys_pending(const struct pt_keys *keys)
{
	return keys->state == ESCAPE || keys->state == CSI || keys->state == SS3;
}

void pt_keys_flush(struct pt_keys *keys)
{
	enum state state = keys->state;

	if (!pt_keys_pending(keys))
		return;
	keys->state = GROUND;
	if (state == ESCAPE)
		emit(keys, PT_KEY_ESC, 0);
	else if (state == SS3)
		emit(keys, 'O', PT_MOD_ALT);
	else if (keys->len == 0)
		emit(keys, '[', PT_MOD_ALT);
}
