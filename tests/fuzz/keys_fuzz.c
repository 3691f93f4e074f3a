/* The key decoder: any bytes give the same events whole and one by one, and every key has a name
 * that reads back as the same key. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "tui/keys.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("jk\033[A\033OB\033[5~\033[1;5C\r\t\177"),
    FUZZ_TEXT("\033[200~pasted\nlines\033[201~q"),
    FUZZ_TEXT("\033[<0;12;7M\033[<64;1;1M\033[I\033[O\033[27;5;13~\033[97;5u"),
    FUZZ_TEXT("\033\033[Z\033x\xc3\xa9\xe6\x97\xa5\xff\xc2"),
    FUZZ_TEXT("\033]11;rgb:0000/0000/0000\033\\\033P1$r\033\\"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\033[",  "\033O", "\033[200~", "\033[201~", ";5",
                                  "\033[<", "M",     "~",         "u",         NULL};

struct trace {
	uint64_t hash;
	size_t count;
};

static void mix(struct trace *t, uint64_t value)
{
	t->hash = (t->hash ^ value) * 0x100000001b3u;
}

static void on_event(void *data, const struct pt_event *event)
{
	struct trace *t = data;

	t->count++;
	mix(t, event->kind);
	mix(t, event->key);
	mix(t, event->mods);
	if (event->kind == PT_EVENT_PASTE) {
		FUZZ_ASSERT(event->len <= PT_KEYS_PASTE_MAX);
		for (size_t i = 0; i < event->len; i++)
			mix(t, (unsigned char)event->text[i]);
	}
	if (event->kind == PT_EVENT_MOUSE) {
		FUZZ_ASSERT(event->x >= 0 && event->y >= 0);
		mix(t, (uint64_t)event->x << 20 | (uint64_t)event->y);
	}
	if (event->kind == PT_EVENT_KEY) {
		char name[PT_KEY_NAME], again_name[PT_KEY_NAME];
		struct pt_event again;

		pt_key_name(event, name);
		FUZZ_ASSERT(pt_key_parse(name, strlen(name), &again, NULL) == 0);
		pt_key_name(&again, again_name);
		FUZZ_ASSERT(strcmp(name, again_name) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace whole = {0}, bytes = {0};
	struct pt_keys *keys = pt_keys_create(on_event, &whole);

	pt_keys_feed(keys, data, size);
	pt_keys_flush(keys);
	pt_keys_destroy(keys);

	keys = pt_keys_create(on_event, &bytes);
	for (size_t i = 0; i < size; i++)
		pt_keys_feed(keys, data + i, 1);
	pt_keys_flush(keys);
	pt_keys_destroy(keys);
	FUZZ_ASSERT(whole.count == bytes.count && whole.hash == bytes.hash);
	return 0;
}
