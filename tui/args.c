/*
 * Reading command lines: the splitter, the argument reader, and where a cursor stands in a line
 * that is still typed.  Which actions exist is tui/actions.c's matter; who an id belongs to is the
 * command's.
 */
#include "tui/args.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

struct value {
	const struct pt_arg *arg;
	char *text;
};

struct attached {
	const struct pt_arg *arg;
	struct prism_secret *bytes;
};
struct pt_values {
	const struct pt_action *action;
	struct value *v;
	size_t count;
	struct attached *attached;
	size_t attached_count;
};

/* ---- words ---- */

/* One pass over a line. Where words begin is kept for completion. */
struct splitter {
	struct prism_buf word;
	struct pt_words *out;
	size_t start[PT_WORDS_MAX + 1]; /* byte where each word begins */
	bool in_word;
	bool over; /* more than PT_WORDS_MAX words */
	char quote;
};

static void word_end(struct splitter *s)
{
	if (!s->in_word)
		return;
	s->in_word = false;
	if (s->out->count == PT_WORDS_MAX) {
		s->over = true;
		return;
	}
	s->out->v = prism_realloc_array(s->out->v, s->out->count + 1, sizeof(*s->out->v));
	s->out->v[s->out->count++] = prism_strdup(prism_buf_text(&s->word));
	prism_buf_clear(&s->word);
}

static void word_begin(struct splitter *s, size_t at)
{
	if (s->in_word)
		return;
	s->in_word = true;
	if (s->out->count <= PT_WORDS_MAX)
		s->start[s->out->count] = at;
}

static void split(struct splitter *s, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (s->quote) {
			if (c == s->quote)
				s->quote = 0;
			else if (c == '\\' && s->quote == '"' && i + 1 < len &&
			         (line[i + 1] == '"' || line[i + 1] == '\\'))
				prism_buf_putc(&s->word, line[++i]);
			else
				prism_buf_putc(&s->word, c);
		} else if (c == ' ' || c == '\t' || c == '\n') {
			word_end(s);
		} else {
			word_begin(s, i);
			if (c == '\'' || c == '"')
				s->quote = c;
			else if (c == '\\' && i + 1 < len)
				prism_buf_putc(&s->word, line[++i]);
			else
				prism_buf_putc(&s->word, c);
		}
	}
	s->out->open = s->in_word;
	word_end(s);
}

int pt_words_split(const char *line, struct pt_words *ret, struct prism_error *err)
{
	size_t len = strlen(line);
	struct pt_words words = {0};
	struct splitter s = {.word = PRISM_BUF_INIT(PT_LINE_MAX + 1), .out = &words};

	if (len > PT_LINE_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "command line longer than %d bytes",
		                         PT_LINE_MAX);
	split(&s, line, len);
	prism_buf_finish(&s.word);
	if (s.quote || s.over) {
		pt_words_finish(&words);
		return s.over
		           ? prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %d words", PT_WORDS_MAX)
		           : prism_error_raise(err, PRISM_ERROR_INVALID, "quote %c is not closed", s.quote);
	}
	*ret = words;
	return 0;
}

void pt_words_split_partial(const char *line, size_t len, struct pt_words *ret)
{
	struct pt_words words = {0};
	struct splitter s = {.word = PRISM_BUF_INIT(PT_LINE_MAX + 1), .out = &words};

	split(&s, line, len < PT_LINE_MAX ? len : PT_LINE_MAX);
	prism_buf_finish(&s.word);
	*ret = words;
}

void pt_words_finish(struct pt_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		prism_free(words->v[i]);
	prism_free(words->v);
	*words = (struct pt_words){0};
}

void pt_words_quote(struct prism_buf *out, const char *word)
{
	if (*word && !word[strcspn(word, " \t\n'\"\\")] && word[0] != '-') {
		prism_buf_puts(out, word);
		return;
	}
	prism_buf_putc(out, '"');
	for (const char *c = word; *c; c++) {
		if (*c == '"' || *c == '\\')
			prism_buf_putc(out, '\\');
		prism_buf_putc(out, *c);
	}
	prism_buf_putc(out, '"');
}

/* ---- values ---- */

struct pt_values *pt_values_create(const struct pt_action *action)
{
	struct pt_values *values = prism_alloc(sizeof(*values));

	values->action = action;
	return values;
}

void pt_values_destroy(struct pt_values *values)
{
	if (!values)
		return;
	for (size_t i = 0; i < values->count; i++)
		prism_free(values->v[i].text);
	for (size_t i = 0; i < values->attached_count; i++)
		prism_secret_destroy(values->attached[i].bytes);
	prism_free(values->attached);
	prism_free(values->v);
	prism_free(values);
}

const struct pt_action *pt_values_action(const struct pt_values *values)
{
	return values->action;
}

static void append(struct pt_values *values, const struct pt_arg *arg, const char *text)
{
	values->v = prism_realloc_array(values->v, values->count + 1, sizeof(*values->v));
	values->v[values->count++] = (struct value){arg, prism_strdup(text)};
}

void pt_values_add(struct pt_values *values, const char *name, const char *text)
{
	const struct pt_arg *arg = pt_action_arg(values->action, name);

	if (arg && text && *text)
		append(values, arg, text);
}

void pt_values_clear(struct pt_values *values, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < values->count; i++) {
		if (!strcmp(values->v[i].arg->name, name))
			prism_free(values->v[i].text);
		else
			values->v[kept++] = values->v[i];
	}
	values->count = kept;
}

void pt_values_attach(struct pt_values *values, const char *name, struct prism_secret *bytes)
{
	const struct pt_arg *arg = pt_action_arg(values->action, name);

	if (!arg || !bytes) {
		prism_secret_destroy(bytes);
		return;
	}
	values->attached = prism_realloc_array(values->attached, values->attached_count + 1,
	                                       sizeof(*values->attached));
	values->attached[values->attached_count++] = (struct attached){arg, bytes};
}

const struct prism_secret *pt_values_attached(const struct pt_values *values, const char *name)
{
	for (size_t i = 0; i < values->attached_count; i++)
		if (strcmp(values->attached[i].arg->name, name) == 0)
			return values->attached[i].bytes;
	return NULL;
}

const char *pt_values_nth(const struct pt_values *values, const char *name, size_t index)
{
	for (size_t i = 0; i < values->count; i++)
		if (!strcmp(values->v[i].arg->name, name) && index-- == 0)
			return values->v[i].text;
	return NULL;
}

const char *pt_values_get(const struct pt_values *values, const char *name)
{
	return pt_values_nth(values, name, 0);
}

size_t pt_values_count(const struct pt_values *values, const char *name)
{
	size_t count = 0;

	while (pt_values_nth(values, name, count))
		count++;
	return count;
}

static bool has_choice(const char *choices, const char *word)
{
	size_t len = strlen(word);

	for (const char *c = choices; c && *c;) {
		size_t n = strcspn(c, " ");

		if (n == len && !strncmp(c, word, n))
			return true;
		c += n + strspn(c + n, " ");
	}
	return false;
}

static int check_one(const struct pt_arg *arg, const char *text, struct prism_error *err)
{
	uint64_t number;

	if (arg->kind == PT_ARG_CHOICE && !has_choice(arg->choices, text)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s cannot be \"%s\"", arg->name, text);
		prism_error_hint(err, "one of: %s", arg->choices);
		return -1;
	}
	if (arg->kind == PT_ARG_NUMBER && prism_text_parse_u64(text, 1000000000, &number, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s: \"%s\" is not a number", arg->name,
		                         text);
	return 0;
}

static int take(struct pt_values *values, const struct pt_arg *arg, const char *text,
                struct prism_error *err)
{
	if (!(arg->flags & PT_ARG_REPEAT) && pt_values_get(values, arg->name)) {
		char usage[512];

		prism_error_raise(err, PRISM_ERROR_INVALID, "%s given twice", arg->name);
		prism_error_hint(err, "usage: %s", pt_action_usage(values->action, usage, sizeof(usage)));
		return -1;
	}
	if (check_one(arg, text, err) < 0)
		return -1;
	append(values, arg, text);
	return 0;
}

/* The positional argument whose turn it is; NULL when all are taken. */
static const struct pt_arg *next_positional(const struct pt_values *values)
{
	for (const struct pt_arg *arg = values->action->args; arg && arg->name; arg++)
		if ((arg->flags & PT_ARG_POSITIONAL) &&
		    ((arg->flags & PT_ARG_REPEAT) || !pt_values_get(values, arg->name)))
			return arg;
	return NULL;
}

unsigned pt_distance(const char *a, const char *b, unsigned max)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[65];

	if (la > 64 || lb > 64)
		return max + 1;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = diagonal + (a[i - 1] != b[j - 1]);
			unsigned del = row[j] + 1, ins = row[j - 1] + 1;

			diagonal = row[j];
			row[j] = cost < del ? (cost < ins ? cost : ins) : (del < ins ? del : ins);
		}
	}
	return row[lb] <= max ? row[lb] : max + 1;
}

static int unknown_name(const struct pt_action *action, const char *name, struct prism_error *err)
{
	const struct pt_arg *near = NULL;
	unsigned best = 3;
	char usage[512];

	for (const struct pt_arg *arg = action->args; arg && arg->name; arg++) {
		unsigned d = pt_distance(arg->name, name, 2);

		if (d < best) {
			best = d;
			near = arg;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" has no --%s", action->name, name);
	if (near)
		prism_error_hint(err, "did you mean --%s?", near->name);
	else
		prism_error_hint(err, "usage: %s", pt_action_usage(action, usage, sizeof(usage)));
	return -1;
}

/* --name, --name=VALUE or --name VALUE; *at is the index of that word and moves past the value. */
static int take_named(struct pt_values *values, char *const *words, size_t count, size_t *at,
                      struct prism_error *err)
{
	const char *word = words[*at] + 2;
	const char *equals = strchr(word, '=');
	PRISM_AUTO_FREE char *name = prism_strndup(word, equals ? (size_t)(equals - word) : 200);
	const struct pt_arg *arg = pt_action_arg(values->action, name);

	if (!arg)
		return unknown_name(values->action, name, err);
	if (arg->kind == PT_ARG_FLAG) {
		if (equals)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s takes no value", name);
		return take(values, arg, "yes", err);
	}
	if (equals)
		return take(values, arg, equals + 1, err);
	if (*at + 1 >= count)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s needs a value", name);
	*at += 1;
	return take(values, arg, words[*at], err);
}

int pt_values_parse(struct pt_values *values, char *const *words, size_t count,
                    struct prism_error *err)
{
	bool named = true;

	for (size_t i = 0; i < count; i++) {
		const struct pt_arg *arg;

		if (named && !strcmp(words[i], "--")) {
			named = false;
			continue;
		}
		if (named && !strncmp(words[i], "--", 2)) {
			if (take_named(values, words, count, &i, err) < 0)
				return -1;
			continue;
		}
		arg = next_positional(values);
		if (!arg) {
			char usage[512];

			prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is one word too many", words[i]);
			prism_error_hint(err, "usage: %s",
			                 pt_action_usage(values->action, usage, sizeof(usage)));
			return -1;
		}
		if (take(values, arg, words[i], err) < 0)
			return -1;
	}
	return 0;
}

const struct pt_arg *pt_values_missing(const struct pt_values *values)
{
	for (const struct pt_arg *arg = values->action->args; arg && arg->name; arg++)
		if ((arg->flags & PT_ARG_REQUIRED) && !pt_values_get(values, arg->name))
			return arg;
	return NULL;
}

int pt_values_check(const struct pt_values *values, struct prism_error *err)
{
	const struct pt_arg *missing = pt_values_missing(values);
	char usage[512];

	if (!missing)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" needs %s%s (%s)", values->action->name,
	                  missing->flags & PT_ARG_POSITIONAL ? "" : "--", missing->name, missing->help);
	prism_error_hint(err, "usage: %s", pt_action_usage(values->action, usage, sizeof(usage)));
	return -1;
}

/* ---- lines ---- */

/* As many of the typed words as the name has, are they nearly that name? */
static bool nearly(const struct pt_words *words, const char *name)
{
	PRISM_AUTO_BUF struct prism_buf typed = PRISM_BUF_INIT(PT_LINE_MAX * 2);
	size_t count = 1;

	for (const char *c = name; *c; c++)
		count += *c == ' ';
	for (size_t i = 0; i < words->count && i < count; i++)
		prism_buf_printf(&typed, "%s%s", i ? " " : "", words->v[i]);
	return pt_distance(name, prism_buf_text(&typed), 2) <= 2;
}

#define NEAR_MAX 8 /* commands named in a hint */

static int unknown_command(const struct pt_words *words, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf near = PRISM_BUF_INIT(4096);
	unsigned found = 0;

	for (int pass = 0; pass < 2; pass++)
		for (int id = PT_ACTION_NONE + 1; id < PT_ACTION_COUNT && found < NEAR_MAX; id++) {
			const char *name = pt_action((enum pt_action_id)id)->name;
			size_t first = strcspn(name, " ");
			bool same = !strncmp(name, words->v[0], first) && !words->v[0][first];

			if (pass == 0 ? nearly(words, name) : same && !nearly(words, name))
				prism_buf_printf(&near, "%s%s", found++ ? ", " : "", name);
		}
	prism_error_raise(err, PRISM_ERROR_INVALID, "there is no command \"%.100s%s%.100s\"",
	                  words->v[0], words->count > 1 ? " " : "",
	                  words->count > 1 ? words->v[1] : "");
	if (found)
		prism_error_hint(err, "near: %s", prism_buf_text(&near));
	else
		prism_error_hint(err, "the command \"help\" lists all");
	return -1;
}

int pt_line_parse(const char *line, struct pt_values **ret_values, struct prism_error *err)
{
	struct pt_words words;
	struct pt_values *values = NULL;
	const struct pt_action *action;
	size_t used;
	int result = -1;

	if (pt_words_split(line, &words, err) < 0)
		return -1;
	if (!words.count) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "empty command");
		goto out;
	}
	action = pt_action_by_words(words.v, words.count, &used);
	if (!action) {
		unknown_command(&words, err);
		goto out;
	}
	values = pt_values_create(action);
	result = pt_values_parse(values, words.v + used, words.count - used, err);
out:
	pt_words_finish(&words);
	if (result < 0)
		pt_values_destroy(values);
	else
		*ret_values = values;
	return result;
}

/* Reads the words before the cursor's one as far as they make sense; sets arg and name. */
static void place_args(struct pt_line_place *place, char *const *words, size_t count)
{
	const struct pt_arg *pending = NULL;
	bool named = true;

	for (size_t i = 0; i < count; i++) {
		const struct pt_arg *arg;

		if (pending) {
			append(place->values, pending, words[i]);
			pending = NULL;
		} else if (named && !strcmp(words[i], "--")) {
			named = false;
		} else if (named && !strncmp(words[i], "--", 2)) {
			arg = pt_action_arg(place->action, words[i] + 2);
			if (arg && arg->kind == PT_ARG_FLAG)
				append(place->values, arg, "yes");
			else
				pending = arg;
		} else if ((arg = next_positional(place->values))) {
			append(place->values, arg, words[i]);
		}
	}
	place->arg = pending ? pending : next_positional(place->values);
	place->name = !pending && named && (!place->word[0] || place->word[0] == '-');
	if (!pending && place->word[0] == '-' && named)
		place->arg = NULL;
}

void pt_line_place(const char *line, size_t cursor, struct pt_line_place *ret)
{
	struct pt_words words = {0};
	struct splitter s = {.word = PRISM_BUF_INIT(PT_LINE_MAX + 1), .out = &words};
	size_t used = 0, before;

	split(&s, line, cursor < PT_LINE_MAX ? cursor : PT_LINE_MAX);
	prism_buf_finish(&s.word);
	before = words.open && words.count ? words.count - 1 : words.count;
	*ret = (struct pt_line_place){
	    .word = prism_strdup(before < words.count ? words.v[before] : ""),
	    .start = before < words.count ? s.start[before] : cursor,
	};
	if (before > 0)
		ret->action = pt_action_by_words(words.v, before, &used);
	if (ret->action) {
		ret->values = pt_values_create(ret->action);
		place_args(ret, words.v + used, before - used);
	} else {
		ret->start = words.count ? s.start[0] : cursor;
	}
	pt_words_finish(&words);
}

void pt_line_place_finish(struct pt_line_place *place)
{
	prism_free(place->word);
	pt_values_destroy(place->values);
	*place = (struct pt_line_place){0};
}
