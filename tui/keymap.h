/*
 * The key map: which key means which action, by layers.
 *
 * Lookup climbs: the view's own bits, then list, then text, then any.  The first layer that says
 * something wins; "none" says "nothing", and stops the climb.
 *
 * File ($XDG_CONFIG_HOME/prism-tui/keys, or the option keymap), ini like:
 *
 *     # key = action; names of keys as in tui/keys.h, of actions as in "help"
 *     [any]
 *     ctrl-x = quit
 *     [computations]
 *     d = computation delete
 *     x = none
 *
 * A line adds a binding and takes the key from whatever had it in that section; other keys of the
 * action stay.  Problems (unknown section, key or action; a key twice; an action that means
 * nothing there) are reported as file:line, and the rest of the file is used.
 */
#ifndef PRISM_TUI_KEYMAP_H
#define PRISM_TUI_KEYMAP_H

#include "tui/actions.h"
#include "tui/keys.h"

#define PT_KEYMAP_FILE_MAX 262144 /* bytes of a key map file */

struct pt_keymap;

struct pt_keymap *pt_keymap_create(void);      /* the default keys of the action table */
void pt_keymap_destroy(struct pt_keymap *map); /* NULL allowed */
/* path is only named in problems. */
void pt_keymap_parse(struct pt_keymap *map, const char *path, const char *text, size_t len);
/* -1 when the file cannot be read; problems inside are no failure. */
PRISM_MUST_USE
int pt_keymap_load(struct pt_keymap *map, const char *path, struct prism_error *err);
size_t pt_keymap_problem_count(const struct pt_keymap *map);
const char *pt_keymap_problem(const struct pt_keymap *map, size_t index); /* "keys:3: ..." */

/* PT_ACTION_NONE when the key means nothing there. where: layers of the view. */
enum pt_action_id pt_keymap_find(const struct pt_keymap *map, const struct pt_event *event,
                                 pt_where where);
/* Keys of an action there, "R ctrl-r"; "" for none; the first `max` of them. Returns buf. */
char *pt_keymap_keys(const struct pt_keymap *map, enum pt_action_id action, pt_where where,
                     size_t max, char *buf, size_t size);

#endif
