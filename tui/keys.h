/*
 * Keys: bytes of a terminal become events, and names of keys are read and written.
 *
 * The decoder is a state machine over bytes (see keys.c); it knows xterm, rxvt, linux and
 * vt100 sequences, modifyOtherKeys/CSI-u forms, bracketed paste, focus and SGR mouse reports.
 * It asks nothing of the terminal.  A lone ESC is a key once PT_KEYS_ESC_MS passed without
 * another byte: the caller arms a timer when pt_keys_pending() says so and calls
 * pt_keys_flush().
 *
 * Names, as in keymap files, help and test scripts: printable characters stand for
 * themselves ("a", "G", "/", "?", "é"); others are "enter", "tab", "shift-tab", "esc", "space",
 * "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "page-up",
 * "page-down", "f1" to "f12", with "ctrl-", "alt-", "shift-" in front in this order.
 *
 * Limits: a paste keeps PT_KEYS_PASTE_MAX bytes and drops the rest; a sequence longer than 64 bytes
 * is dropped whole.
 */
#ifndef PRISM_TUI_KEYS_H
#define PRISM_TUI_KEYS_H

#include "base/buf.h"

#include <stdint.h>

#define PT_KEYS_ESC_MS 25
#define PT_KEYS_PASTE_MAX (1024 * 1024)

enum pt_key {
	/* 1 to 0x10ffff: the code point itself; letters with ctrl are lower case */
	PT_KEY_ENTER = 0x110000,
	PT_KEY_TAB,
	PT_KEY_ESC,
	PT_KEY_BACKSPACE,
	PT_KEY_DELETE,
	PT_KEY_INSERT,
	PT_KEY_UP,
	PT_KEY_DOWN,
	PT_KEY_LEFT,
	PT_KEY_RIGHT,
	PT_KEY_HOME,
	PT_KEY_END,
	PT_KEY_PAGE_UP,
	PT_KEY_PAGE_DOWN,
	PT_KEY_F1, /* to F12, in order */
	PT_KEY_F12 = PT_KEY_F1 + 11,
	PT_KEY_LIMIT
};

enum pt_mod {
	PT_MOD_SHIFT = 1 << 0, /* never set for printable characters */
	PT_MOD_ALT = 1 << 1,
	PT_MOD_CTRL = 1 << 2,
};

enum pt_event_kind {
	PT_EVENT_KEY,
	PT_EVENT_PASTE, /* text, len: as it came, not neutralised; newlines are '\n' */
	PT_EVENT_MOUSE, /* x, y in cells from 0; button */
	PT_EVENT_FOCUS, /* key is 1 when the terminal got the focus, 0 when it lost it */
};

enum pt_mouse_button {
	PT_MOUSE_LEFT,
	PT_MOUSE_MIDDLE,
	PT_MOUSE_RIGHT,
	PT_MOUSE_WHEEL_UP,
	PT_MOUSE_WHEEL_DOWN,
};

struct pt_event {
	enum pt_event_kind kind;
	uint32_t key;     /* enum pt_key or a code point */
	unsigned mods;    /* enum pt_mod bits */
	const char *text; /* paste: lent until the callback returns */
	size_t len;
	int x, y;
	enum pt_mouse_button button; /* presses only; releases and motion are dropped */
};

struct pt_keys;
typedef void (*pt_event_fn)(void *data, const struct pt_event *event);

struct pt_keys *pt_keys_create(pt_event_fn fn, void *data);
void pt_keys_destroy(struct pt_keys *keys); /* NULL allowed */
/* Feeds bytes; calls fn for every complete event. */
void pt_keys_feed(struct pt_keys *keys, const void *bytes, size_t len);
bool pt_keys_pending(const struct pt_keys *keys); /* an unfinished ESC waits for more */
void pt_keys_flush(struct pt_keys *keys);         /* that ESC was a key */

/* One name. Returns 0, or -1 with category invalid. */
PRISM_MUST_USE
int pt_key_parse(const char *name, size_t len, struct pt_event *ret_event, struct prism_error *err);
#define PT_KEY_NAME 32
char *pt_key_name(const struct pt_event *event, char buf[PT_KEY_NAME]);
bool pt_key_is(const struct pt_event *event, uint32_t key, unsigned mods);
/* A character to insert into a text: printable, without ctrl or alt. */
bool pt_key_text(const struct pt_event *event);

#endif
