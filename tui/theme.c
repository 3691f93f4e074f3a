/*
 * Themes: reading their files, and resolving slot and looks into a style.
 *
 * A theme is read over the built-in default, so a file may say only what it changes.  Watching the
 * file for changes is the app's (tui/app_theme.c); colours are theme_color.c's.
 */
#include "tui/theme_private.h"

#include "base/file.h"
#include "base/mem.h"

#ifndef PRISM_THEME_DIR
#define PRISM_THEME_DIR "/usr/local/share/prism-tui/themes"
#endif

#define THEME_FILE_MAX (64 * 1024) /* a file somebody named by mistake */

struct table {
	struct pt_style slots[PT_SLOT_COUNT];
};

struct pt_theme {
	enum pt_depth depth;
	char *name, *path;
	char warning[PRISM_ERROR_TEXT];
	struct table raw;      /* as written */
	struct table resolved; /* reduced to depth; the monochrome table without colours */
};

static const char *const slot_names[PT_SLOT_COUNT] = {
#define X(id, name, text) [PT_SLOT_##id] = name,
    PT_SLOT_MAP(X)
#undef X
};

static const char *const slot_texts[PT_SLOT_COUNT] = {
#define X(id, name, text) [PT_SLOT_##id] = text,
    PT_SLOT_MAP(X)
#undef X
};

const char *pt_slot_name(enum pt_slot slot)
{
	return slot_names[slot];
}

const char *pt_slot_text(enum pt_slot slot)
{
	return slot_texts[slot];
}

int pt_slot_find(const char *name, size_t len)
{
	for (int i = 0; i < PT_SLOT_COUNT; i++)
		if (strlen(slot_names[i]) == len && memcmp(slot_names[i], name, len) == 0)
			return i;
	return -1;
}

size_t pt_theme_builtin_count(void)
{
	return pt_theme_builtins_count;
}

const char *pt_theme_builtin_name(size_t index)
{
	return pt_theme_builtins[index].name;
}

struct span {
	const char *at;
	size_t len;
};

static struct span trim(const char *at, size_t len)
{
	while (len && (*at == ' ' || *at == '\t')) {
		at++;
		len--;
	}
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t' || at[len - 1] == '\r'))
		len--;
	return (struct span){at, len};
}

static bool span_is(struct span span, const char *word)
{
	return strlen(word) == span.len && memcmp(span.at, word, span.len) == 0;
}

static unsigned attr_parse(struct span word)
{
	static const struct {
		const char *name;
		unsigned bit;
	} attrs[] = {{"bold", PT_ATTR_BOLD},
	             {"dim", PT_ATTR_DIM},
	             {"italic", PT_ATTR_ITALIC},
	             {"underline", PT_ATTR_UNDERLINE},
	             {"reverse", PT_ATTR_REVERSE}};

	for (size_t i = 0; i < PRISM_COUNT(attrs); i++)
		if (span_is(word, attrs[i].name))
			return attrs[i].bit;
	return 0;
}

/* "FG on BG" or "FG". */
static int colors_parse(struct span part, struct pt_style *style)
{
	const char *on = NULL;
	struct span fg = part, bg;

	for (size_t i = 0; i + 4 <= part.len && !on; i++)
		if (memcmp(part.at + i, " on ", 4) == 0)
			on = part.at + i;
	if (on) {
		fg = trim(part.at, (size_t)(on - part.at));
		bg = trim(on + 4, (size_t)(part.at + part.len - on - 4));
		if (pt_color_parse(bg.at, bg.len, &style->bg) < 0)
			return -1;
	}
	return pt_color_parse(fg.at, fg.len, &style->fg);
}

static int style_parse(struct span value, struct pt_style *ret_style)
{
	struct pt_style style = {0};
	bool first = true;

	for (;;) {
		const char *comma = memchr(value.at, ',', value.len);
		size_t len = comma ? (size_t)(comma - value.at) : value.len;
		struct span part = trim(value.at, len);

		if (first) {
			if (colors_parse(part, &style) < 0)
				return -1;
		} else {
			unsigned attr = attr_parse(part);

			if (!attr)
				return -1;
			style.attrs |= attr;
		}
		first = false;
		if (!comma)
			break;
		value = (struct span){comma + 1, value.len - len - 1};
	}
	*ret_style = style;
	return 0;
}

struct reader {
	const char *file;
	int line;
	bool in_slots, in_theme, in_inherit;
	bool any; /* a slot was read: too late to inherit */
	struct table *table;
	char *warning; /* PRISM_ERROR_TEXT bytes; the first problem is kept */
};

static void complain(struct reader *reader, const char *what, struct span text)
{
	if (reader->warning && !reader->warning[0])
		snprintf(reader->warning, PRISM_ERROR_TEXT, "%s:%d: %s \"%.*s\"", reader->file,
		         reader->line, what, (int)(text.len < 60 ? text.len : 60), text.at);
}

static const struct pt_theme_builtin *find_builtin(const char *name)
{
	for (size_t i = 0; i < pt_theme_builtins_count; i++)
		if (strcmp(pt_theme_builtins[i].name, name) == 0)
			return &pt_theme_builtins[i];
	return NULL;
}

static void read_builtin(const struct pt_theme_builtin *builtin, struct table *table);

/* base = NAME: one of the built-in themes, in the place of the default. */
static void inherit(struct reader *reader, struct span key, struct span value)
{
	char name[64];
	const struct pt_theme_builtin *builtin;

	snprintf(name, sizeof(name), "%.*s", (int)(value.len < 63 ? value.len : 63), value.at);
	builtin = find_builtin(name);
	if (!span_is(key, "base"))
		complain(reader, "no such setting", key);
	else if (!builtin)
		complain(reader, "no built-in theme", value);
	else if (reader->any)
		complain(reader, "too late, slots were read before", value);
	else
		read_builtin(builtin, reader->table);
}

static void read_line(struct reader *reader, struct span line)
{
	const char *equals;
	struct span key, value;
	int slot;

	if (line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
		return;
	if (line.at[0] == '[') {
		reader->in_slots = span_is(line, "[slots]");
		reader->in_theme = span_is(line, "[theme]");
		reader->in_inherit = span_is(line, "[inherit]");
		if (!reader->in_slots && !reader->in_theme && !reader->in_inherit)
			complain(reader, "no such section", line);
		return;
	}
	equals = memchr(line.at, '=', line.len);
	if (!equals) {
		complain(reader, "no \"=\" in", line);
		return;
	}
	key = trim(line.at, (size_t)(equals - line.at));
	value = trim(equals + 1, (size_t)(line.at + line.len - equals - 1));
	if (reader->in_inherit) {
		inherit(reader, key, value);
		return;
	}
	if (!reader->in_slots) {
		if (!reader->in_theme || !(span_is(key, "name") || span_is(key, "description")))
			complain(reader, "no such setting", key);
		return;
	}
	reader->any = true;
	slot = pt_slot_find(key.at, key.len);
	if (slot < 0)
		complain(reader, "no such slot", key);
	else if (style_parse(value, &reader->table->slots[slot]) < 0)
		complain(reader, "not a style", value);
}

static void read_text(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		reader->line++;
		read_line(reader, trim(text, (size_t)(stop - text)));
		text = newline ? newline + 1 : end;
	}
}

static void read_builtin(const struct pt_theme_builtin *builtin, struct table *table)
{
	struct reader reader = {.file = builtin->name, .table = table};

	read_text(&reader, builtin->text, strlen(builtin->text));
}

static void resolve(struct pt_theme *theme)
{
	if (theme->depth == PT_DEPTH_MONO) {
		memset(&theme->resolved, 0, sizeof(theme->resolved));
		read_builtin(find_builtin("mono"), &theme->resolved);
		return;
	}
	for (int i = 0; i < PT_SLOT_COUNT; i++) {
		struct pt_style *to = &theme->resolved.slots[i];

		*to = theme->raw.slots[i];
		to->fg = pt_color_reduce(to->fg, theme->depth);
		to->bg = pt_color_reduce(to->bg, theme->depth);
		if (to->fg == to->bg && to->fg != PT_COLOR_DEFAULT) /* reduced to the same: unreadable */
			to->fg = PT_COLOR_DEFAULT;
	}
}

/* Yours; NULL when there is no such file. */
static char *find_file(const char *name)
{
	PRISM_AUTO_FREE char *file = NULL;
	PRISM_AUTO_FREE char *relative = NULL;
	char *path;
	FILE *probe;

	if (strchr(name, '/') || name[0] == '~')
		return prism_path_expand(name);
	if (!prism_path_safe_name(name))
		return NULL;
	file = prism_asprintf("%s.theme", name);
	relative = prism_asprintf("themes/%s", file);
	path = prism_path_config(relative);
	if (path && (probe = fopen(path, "re")) != NULL) {
		fclose(probe);
		return path;
	}
	prism_free(path);
	path = prism_path_join(PRISM_THEME_DIR, file);
	if ((probe = fopen(path, "re")) != NULL) {
		fclose(probe);
		return path;
	}
	prism_free(path);
	return NULL;
}

static int load_file(struct pt_theme *theme, const char *path, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(THEME_FILE_MAX);
	struct table table = {0};
	char warning[PRISM_ERROR_TEXT] = "";
	struct reader reader = {.file = prism_path_base(path), .table = &table, .warning = warning};

	if (prism_file_read(path, THEME_FILE_MAX, &text, err) < 0)
		return prism_error_wrap(err, "theme %s cannot be read", path);
	read_builtin(&pt_theme_builtins[0], &table);
	read_text(&reader, prism_buf_text(&text), text.len);
	theme->raw = table;
	snprintf(theme->warning, sizeof(theme->warning), "%s", warning);
	return 0;
}

int pt_theme_load(struct pt_theme *theme, const char *name, struct prism_error *err)
{
	const struct pt_theme_builtin *builtin;
	PRISM_AUTO_FREE char *path = NULL;
	PRISM_AUTO_FREE char *copy = prism_strdup(name && *name ? name : pt_theme_builtins[0].name);

	path = find_file(copy);
	builtin = find_builtin(copy);
	if (path) {
		if (load_file(theme, path, err) < 0)
			return -1;
	} else if (builtin) {
		memset(&theme->raw, 0, sizeof(theme->raw));
		read_builtin(&pt_theme_builtins[0], &theme->raw);
		read_builtin(builtin, &theme->raw);
		theme->warning[0] = '\0';
	} else {
		prism_error_raise(err, PRISM_ERROR_MISSING, "there is no theme called \"%s\"", copy);
		prism_error_hint(err, "Built in: dark, light, high-contrast, mono, prism. Own ones go "
		                      "to themes/NAME.theme in the configuration directory.");
		return -1;
	}
	prism_free(theme->name);
	prism_free(theme->path);
	theme->name = PRISM_STEAL(copy);
	theme->path = PRISM_STEAL(path);
	resolve(theme);
	return 0;
}

struct pt_theme *pt_theme_create(const char *name, enum pt_depth depth, struct prism_error *err)
{
	struct pt_theme *theme = prism_alloc(sizeof(*theme));

	theme->depth = depth;
	if (pt_theme_load(theme, name, err) < 0) {
		pt_theme_destroy(theme);
		return NULL;
	}
	return theme;
}

void pt_theme_destroy(struct pt_theme *theme)
{
	if (!theme)
		return;
	prism_free(theme->name);
	prism_free(theme->path);
	prism_free(theme);
}

const char *pt_theme_name(const struct pt_theme *theme)
{
	return theme->name;
}

const char *pt_theme_path(const struct pt_theme *theme)
{
	return theme->path;
}

enum pt_depth pt_theme_depth(const struct pt_theme *theme)
{
	return theme->depth;
}

const char *pt_theme_warning(const struct pt_theme *theme)
{
	return theme->warning;
}

/* What `over` says wins; what it leaves at default is kept. */
static void lay_over(struct pt_style *style, const struct pt_style *over)
{
	if (over->bg != PT_COLOR_DEFAULT) { /* with a background comes its foreground */
		style->bg = over->bg;
		style->fg = over->fg;
	} else if (over->fg != PT_COLOR_DEFAULT) {
		style->fg = over->fg;
	}
	style->attrs |= over->attrs;
}

struct pt_style pt_theme_style(const struct pt_theme *theme, enum pt_slot slot, unsigned looks)
{
	static const struct {
		unsigned look;
		enum pt_slot slot;
	} layers[] = {{PT_LOOK_MARK, PT_SLOT_MARK},
	              {PT_LOOK_SELECTED_IDLE, PT_SLOT_SELECTED_IDLE},
	              {PT_LOOK_SELECTED, PT_SLOT_SELECTED},
	              {PT_LOOK_MATCH, PT_SLOT_MATCH},
	              {PT_LOOK_MATCH_NOW, PT_SLOT_MATCH_NOW}};
	const struct pt_style *slots = theme->resolved.slots;
	struct pt_style style = slots[slot];
	const struct pt_style *ground = &slots[looks & PT_LOOK_DIALOG ? PT_SLOT_DIALOG : PT_SLOT_TEXT];

	if (style.bg == PT_COLOR_DEFAULT)
		style.bg = ground->bg;
	if (style.fg == PT_COLOR_DEFAULT)
		style.fg = ground->fg;
	for (size_t i = 0; i < PRISM_COUNT(layers); i++)
		if (looks & layers[i].look)
			lay_over(&style, &slots[layers[i].slot]);
	if (looks & PT_LOOK_BOLD)
		style.attrs |= PT_ATTR_BOLD;
	if (looks & PT_LOOK_UNDERLINE)
		style.attrs |= PT_ATTR_UNDERLINE;
	return style;
}
