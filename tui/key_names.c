/* Names of keys, read and written: see keys.h. */
#include "tui/keys.h"

#include "base/mem.h"
#include "base/text.h"

/* Names of keys that are not their own character; the first of equal keys is the one written. */
static const struct {
	const char *name;
	uint32_t key;
} names[] = {
    {"enter", PT_KEY_ENTER},
    {"return", PT_KEY_ENTER},
    {"tab", PT_KEY_TAB},
    {"esc", PT_KEY_ESC},
    {"escape", PT_KEY_ESC},
    {"space", ' '},
    {"backspace", PT_KEY_BACKSPACE},
    {"delete", PT_KEY_DELETE},
    {"insert", PT_KEY_INSERT},
    {"up", PT_KEY_UP},
    {"down", PT_KEY_DOWN},
    {"left", PT_KEY_LEFT},
    {"right", PT_KEY_RIGHT},
    {"home", PT_KEY_HOME},
    {"end", PT_KEY_END},
    {"page-up", PT_KEY_PAGE_UP},
    {"page-down", PT_KEY_PAGE_DOWN},
    {"pgup", PT_KEY_PAGE_UP},
    {"pgdn", PT_KEY_PAGE_DOWN},
    {"f10", PT_KEY_F1 + 9},
    {"f11", PT_KEY_F1 + 10},
    {"f12", PT_KEY_F12},
    {"f1", PT_KEY_F1},
    {"f2", PT_KEY_F1 + 1},
    {"f3", PT_KEY_F1 + 2},
    {"f4", PT_KEY_F1 + 3},
    {"f5", PT_KEY_F1 + 4},
    {"f6", PT_KEY_F1 + 5},
    {"f7", PT_KEY_F1 + 6},
    {"f8", PT_KEY_F1 + 7},
    {"f9", PT_KEY_F1 + 8},
};

static const struct {
	const char *prefix;
	unsigned mod;
} prefixes[] = {{"ctrl-", PT_MOD_CTRL}, {"alt-", PT_MOD_ALT}, {"shift-", PT_MOD_SHIFT}};

static uint32_t named_key(const char *name, size_t len)
{
	const char *pos = name;
	int32_t cp;

	for (size_t i = 0; i < PRISM_COUNT(names); i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			return names[i].key;
	cp = prism_utf8_next(&pos, name + len);
	if (cp <= 0x20 || cp == 0xfffd || pos != name + len || prism_text_hostile((uint32_t)cp))
		return 0;
	return (uint32_t)cp;
}

int pt_key_parse(const char *name, size_t len, struct pt_event *ret_event, struct prism_error *err)
{
	const char *pos = name, *end = name + len;
	unsigned mods = 0;
	uint32_t key;

	for (size_t i = 0; i < PRISM_COUNT(prefixes);) {
		size_t size = strlen(prefixes[i].prefix);

		if ((size_t)(end - pos) > size && memcmp(pos, prefixes[i].prefix, size) == 0) {
			mods |= prefixes[i].mod;
			pos += size;
			i = 0; /* any order is understood */
		} else {
			i++;
		}
	}
	key = named_key(pos, (size_t)(end - pos));
	if (!key)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "no key is called \"%.*s\"",
		                         (int)(len < 60 ? len : 60), name);
	if (mods & PT_MOD_CTRL && key >= 'A' && key <= 'Z')
		key += 'a' - 'A';
	if (key < PT_KEY_ENTER && mods & PT_MOD_SHIFT) {
		if (key >= 'a' && key <= 'z')
			key -= 'a' - 'A';
		mods &= ~(unsigned)PT_MOD_SHIFT;
	}
	*ret_event = (struct pt_event){.kind = PT_EVENT_KEY, .key = key, .mods = mods};
	return 0;
}

char *pt_key_name(const struct pt_event *event, char buf[PT_KEY_NAME])
{
	char character[5] = "";
	const char *text = character;

	if (event->key > ' ' && event->key < PT_KEY_ENTER)
		character[prism_utf8_encode(event->key, character)] = '\0';
	for (size_t i = 0; i < PRISM_COUNT(names) && text == character; i++)
		if (names[i].key == event->key)
			text = names[i].name;
	snprintf(buf, PT_KEY_NAME, "%s%s%s%s", event->mods & PT_MOD_CTRL ? "ctrl-" : "",
	         event->mods & PT_MOD_ALT ? "alt-" : "", event->mods & PT_MOD_SHIFT ? "shift-" : "",
	         text);
	return buf;
}

bool pt_key_is(const struct pt_event *event, uint32_t key, unsigned mods)
{
	return event->kind == PT_EVENT_KEY && event->key == key && event->mods == mods;
}

bool pt_key_text(const struct pt_event *event)
{
	return event->kind == PT_EVENT_KEY && event->key >= ' ' && event->key < PT_KEY_ENTER &&
	       !(event->mods & (PT_MOD_CTRL | PT_MOD_ALT));
}
