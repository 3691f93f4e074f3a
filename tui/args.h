/*
 * Command lines: text becomes words, words become an action with checked arguments.  The same
 * reader serves the palette and headless `-c`.
 *
 * Words: separated by blanks; '...' keeps everything; "..." keeps blanks, with \" and \\ inside;
 * a backslash outside quotes keeps the next character.  No variables, no globbing, no comments.
 *
 * Arguments: positional ones by place, others as --name VALUE or --name=VALUE, in any order;
 * "--" ends the named ones.  An unknown name is refused with the nearest known one.
 *
 * Limits: PT_LINE_MAX bytes a line, PT_WORDS_MAX words.
 */
#ifndef PRISM_TUI_ARGS_H
#define PRISM_TUI_ARGS_H

#include "base/buf.h"
#include "tui/actions.h"

#define PT_LINE_MAX 65536
#define PT_WORDS_MAX 512

struct pt_words {
	char **v; /* owned */
	size_t count;
	bool open; /* the last word is still being typed: no blank after it */
};
PRISM_MUST_USE
int pt_words_split(const char *line, struct pt_words *ret, struct prism_error *err);
/* The same for a line that is still typed: an open quote is no error. */
void pt_words_split_partial(const char *line, size_t len, struct pt_words *ret);
void pt_words_finish(struct pt_words *words);
/* Appends word quoted so that splitting gives it back. */
void pt_words_quote(struct prism_buf *out, const char *word);

/* Arguments of one action. */
struct pt_values;
struct pt_values *pt_values_create(const struct pt_action *action);
void pt_values_destroy(struct pt_values *values); /* NULL allowed */
const struct pt_action *pt_values_action(const struct pt_values *values);
/* Reads words (those after the action's name) into values; checks names, choices, numbers. */
PRISM_MUST_USE
int pt_values_parse(struct pt_values *values, char *const *words, size_t count,
                    struct prism_error *err);
/* Adds one value; name must be an argument of the action. NULL and "" add nothing. */
void pt_values_add(struct pt_values *values, const char *name, const char *text);
void pt_values_clear(struct pt_values *values, const char *name);
/* What stands behind an argument, when the front end has it already: the bytes of a file that was
 * read and checked once, a document as it was when a form was opened.  Given; NULL allowed; wiped
 * with the values.  The text of the argument then only names it. */
struct prism_secret;
void pt_values_attach(struct pt_values *values, const char *name, struct prism_secret *bytes);
const struct prism_secret *pt_values_attached(const struct pt_values *values,
                                              const char *name); /* NULL: nothing; lent */
/* NULL when not given; flags give "yes". Lent. */
const char *pt_values_get(const struct pt_values *values, const char *name);
size_t pt_values_count(const struct pt_values *values, const char *name);
const char *pt_values_nth(const struct pt_values *values, const char *name, size_t index);
/* The first required argument that has no value; NULL when complete. */
const struct pt_arg *pt_values_missing(const struct pt_values *values);
PRISM_MUST_USE
int pt_values_check(const struct pt_values *values, struct prism_error *err);

/* A whole line: action and values. ret_values is yours. An unknown command names near ones. */
PRISM_MUST_USE
int pt_line_parse(const char *line, struct pt_values **ret_values, struct prism_error *err);

/* What the word under the cursor may be, for completion. */
struct pt_line_place {
	const struct pt_action *action; /* NULL: still in the command's name */
	const struct pt_arg *arg;       /* NULL: a name (--...), or nothing fits */
	char *word;                     /* the word so far, unquoted; owned */
	size_t start;                   /* byte where that word begins in the line */
	bool name;                      /* an argument name fits here */
	struct pt_values *values;       /* what is given before it; owned; NULL without action */
};
void pt_line_place(const char *line, size_t cursor, struct pt_line_place *ret);
void pt_line_place_finish(struct pt_line_place *place);

/* Edit distance at most max, else max + 1; for "did you mean". Pure. */
unsigned pt_distance(const char *a, const char *b, unsigned max);

#endif
