/*
 * Bindings and their lookup.  Names of keys are tui/keys.c's, names of actions tui/actions.c's.
 */
#include "tui/keymap.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

struct binding {
	uint32_t key;
	unsigned mods;
	pt_where bit; /* one place */
	enum pt_action_id action;
	int line; /* of the user's file; 0: default */
};

struct pt_keymap {
	struct binding *bindings;
	size_t count;
	char **problems;
	size_t problem_count;
};

static void add(struct pt_keymap *map, struct binding binding)
{
	map->bindings = prism_realloc_array(map->bindings, map->count + 1, sizeof(*map->bindings));
	map->bindings[map->count++] = binding;
}

static void add_defaults(struct pt_keymap *map, enum pt_action_id id)
{
	const struct pt_action *action = pt_action(id);

	for (const char *name = action->keys; *name;) {
		size_t len = strcspn(name, " ");
		struct pt_event event;

		if (pt_key_parse(name, len, &event, NULL) == 0)
			for (pt_where bit = 1; bit; bit <<= 1)
				if (action->where & bit)
					add(map, (struct binding){event.key, event.mods, bit, id, 0});
		name += len + strspn(name + len, " ");
	}
}

struct pt_keymap *pt_keymap_create(void)
{
	struct pt_keymap *map = prism_alloc(sizeof(*map));

	for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT; id++)
		add_defaults(map, (enum pt_action_id)id);
	return map;
}

void pt_keymap_destroy(struct pt_keymap *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->problem_count; i++)
		prism_free(map->problems[i]);
	prism_free(map->problems);
	prism_free(map->bindings);
	prism_free(map);
}

/* ---- the user's file ---- */

struct reader {
	struct pt_keymap *map;
	const char *path;
	int line;
	uint32_t section;
};

static void problem(struct reader *reader, const char *fmt, ...) PRISM_PRINTF(2, 3);
static void problem(struct reader *reader, const char *fmt, ...)
{
	struct pt_keymap *map = reader->map;
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	map->problems =
	    prism_realloc_array(map->problems, map->problem_count + 1, sizeof(*map->problems));
	map->problems[map->problem_count++] =
	    prism_asprintf("%s:%d: %s", reader->path, reader->line, text);
}

static struct binding *bound(const struct pt_keymap *map, uint32_t key, unsigned mods, pt_where bit)
{
	for (size_t i = map->count; i-- > 0;) {
		struct binding *b = &map->bindings[i];

		if (b->key == key && b->mods == mods && b->bit == bit)
			return b;
	}
	return NULL;
}

static void bind(struct reader *reader, const char *key, const char *name)
{
	const struct pt_action *action = NULL;
	struct binding binding = {.bit = reader->section, .line = reader->line};
	struct binding *old;
	struct pt_event event;

	if (!reader->section) {
		problem(reader, "\"%s\" stands before the first [section]", key);
		return;
	}
	if (pt_key_parse(key, strlen(key), &event, NULL) < 0) {
		problem(reader, "there is no key \"%s\"", key);
		return;
	}
	if (strcmp(name, "none") != 0 && !(action = pt_action_by_name(name))) {
		problem(reader, "there is no action \"%s\"", name);
		return;
	}
	if (action && action->where && !(action->where & reader->section) &&
	    !(reader->section & PT_IN_ANY) && !(action->where & PT_IN_ANY) &&
	    (action->where & PT_IN_VIEWS)) {
		problem(reader, "\"%s\" means nothing in [%s]", name, pt_where_word(reader->section));
		return;
	}
	binding.key = event.key;
	binding.mods = event.mods;
	binding.action = action ? pt_action_id(action) : PT_ACTION_NONE;
	old = bound(reader->map, event.key, event.mods, reader->section);
	if (old && old->line) {
		problem(reader, "\"%s\" is bound already in line %d", key, old->line);
		return;
	}
	if (old)
		*old = binding;
	else
		add(reader->map, binding);
}

static char *trimmed(const char *from, const char *to)
{
	while (from < to && strchr(" \t\r", *from))
		from++;
	while (to > from && strchr(" \t\r", to[-1]))
		to--;
	return prism_strndup(from, (size_t)(to - from));
}

static void read_line(struct reader *reader, const char *text)
{
	const char *end = text + strlen(text);
	PRISM_AUTO_FREE char *key = NULL;
	PRISM_AUTO_FREE char *name = NULL;
	const char *equals;

	text += strspn(text, " \t\r");
	/* A lone '#' or ';' followed by " =" binds that key; everything else after them is a comment.
	 */
	if (!*text || (strchr("#;", *text) && text[1 + strspn(text + 1, " \t")] != '='))
		return;
	if (*text == '[' && strchr(text, ']') && !strchr(text, '=')) {
		key = trimmed(text + 1, strchr(text, ']'));
		reader->section = pt_where_parse(key);
		if (!reader->section)
			problem(reader, "there is no section [%s]", key);
		return;
	}
	equals = strchr(text + 1, '=');
	if (!equals) {
		problem(reader, "expected \"key = action\"");
		return;
	}
	key = trimmed(text, equals);
	name = trimmed(equals + 1, end);
	bind(reader, key, name);
}

void pt_keymap_parse(struct pt_keymap *map, const char *path, const char *text, size_t len)
{
	struct reader reader = {.map = map, .path = path};
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		PRISM_AUTO_FREE char *line =
		    prism_strndup(text, (size_t)((newline ? newline : end) - text));

		reader.line++;
		read_line(&reader, line);
		text = newline ? newline + 1 : end;
	}
}

int pt_keymap_load(struct pt_keymap *map, const char *path, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(PT_KEYMAP_FILE_MAX);

	if (prism_file_read(path, PT_KEYMAP_FILE_MAX, &text, err) < 0)
		return prism_error_wrap(err, "key map %s", path);
	pt_keymap_parse(map, path, prism_buf_text(&text), text.len);
	return 0;
}

size_t pt_keymap_problem_count(const struct pt_keymap *map)
{
	return map->problem_count;
}

const char *pt_keymap_problem(const struct pt_keymap *map, size_t index)
{
	return index < map->problem_count ? map->problems[index] : "";
}

/* ---- lookup ---- */

enum pt_action_id pt_keymap_find(const struct pt_keymap *map, const struct pt_event *event,
                                 pt_where where)
{
	static const pt_where layers[] = {PT_IN_LIST, PT_IN_TEXT, PT_IN_ANY};

	for (size_t i = map->count; i-- > 0;) {
		const struct binding *b = &map->bindings[i];

		if ((b->bit & where & PT_IN_VIEWS) && b->key == event->key && b->mods == event->mods)
			return b->action;
	}
	for (size_t i = 0; i < PRISM_COUNT(layers); i++) {
		const struct binding *b = NULL;

		if (where & layers[i])
			b = bound(map, event->key, event->mods, layers[i]);
		if (b)
			return b->action;
	}
	return PT_ACTION_NONE;
}

char *pt_keymap_keys(const struct pt_keymap *map, enum pt_action_id action, pt_where where,
                     size_t max, char *buf, size_t size)
{
	size_t len = 0, found = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < map->count && found < max; i++) {
		const struct binding *b = &map->bindings[i];
		struct pt_event event = {.kind = PT_EVENT_KEY, .key = b->key, .mods = b->mods};
		char name[PT_KEY_NAME + 2];
		bool seen = false;

		if (b->action != action || !(b->bit & where) ||
		    pt_keymap_find(map, &event, where) != action)
			continue;
		for (size_t j = 0; j < i && !seen; j++)
			seen = map->bindings[j].action == action && (map->bindings[j].bit & where) &&
			       map->bindings[j].key == b->key && map->bindings[j].mods == b->mods;
		pt_key_name(&event, name);
		if (seen || len + strlen(name) + 2 > size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", found ? " " : "", name);
		found++;
	}
	return buf;
}
