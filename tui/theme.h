/*
 * Themes: what a cell means becomes how it looks.
 *
 * Everything drawn names a slot (a meaning); a theme gives each slot a foreground, a background
 * and attributes.  Every colour depth is served from one file: colours are written as
 * palette numbers, names or #rrggbb, and are reduced to what the terminal can show.  With no
 * colours (TERM without them, NO_COLOR, --no-color) only attributes remain, and the built-in
 * monochrome table takes care that nothing is told by colour alone.
 *
 * File format (NAME.theme): ini.  [theme] name=, description=; [slots] slot = FG on BG,
 * attr...; a slot left out keeps the built-in default, or what another built-in theme gives
 * ([inherit] base = NAME).  Attributes: bold, dim, italic, underline, reverse.  Problems are
 * reported with file and line, and the rest is used.
 */
#ifndef PRISM_TUI_THEME_H
#define PRISM_TUI_THEME_H

#include "base/error.h"

#include <stdint.h>

/* X(ENUM, "name in theme files", "what it is for") */
#define PT_SLOT_MAP(X)                                                            \
	X(TEXT, "text", "ordinary text and the background of everything")             \
	X(DIM, "dim", "secondary text, separators, things that are off")              \
	X(STRONG, "strong", "names and values that matter")                           \
	X(TITLE, "title", "pane titles and headings")                                 \
	X(TITLE_FOCUS, "title-focus", "title of the pane with the focus")             \
	X(BORDER, "border", "lines between panes")                                    \
	X(BORDER_FOCUS, "border-focus", "line next to the pane with the focus")       \
	X(TAB, "tab", "a tab that is not open")                                       \
	X(TAB_ACTIVE, "tab-active", "the open tab")                                   \
	X(CRUMB, "crumb", "breadcrumbs")                                              \
	X(CRUMB_LAST, "crumb-last", "the last breadcrumb: where you are")             \
	X(COLUMN, "column", "column headings of a list")                              \
	X(COLUMN_SORT, "column-sort", "heading of the sorted column")                 \
	X(SELECTED, "selected", "the selected row, pane with the focus")              \
	X(SELECTED_IDLE, "selected-idle", "the selected row, other panes")            \
	X(MARK, "mark", "marked rows")                                                \
	X(MATCH, "match", "text found by a search or filter")                         \
	X(MATCH_NOW, "match-now", "the match the cursor is on")                       \
	X(STATUS, "status", "status line")                                            \
	X(STATUS_WARN, "status-warn", "status line: something to notice")             \
	X(STATUS_BAD, "status-bad", "status line: something wrong or unsafe")         \
	X(HINT_KEY, "hint-key", "keys in the hint bar")                               \
	X(HINT_TEXT, "hint-text", "what these keys do")                               \
	X(INFO, "info", "news")                                                       \
	X(GOOD, "good", "success")                                                    \
	X(WARN, "warn", "warnings")                                                   \
	X(BAD, "bad", "errors and refusals")                                          \
	X(BUSY, "busy", "something is going on")                                      \
	X(DONE, "done", "finished")                                                   \
	X(OFF, "off", "cancelled, disabled, greyed actions")                          \
	X(LINK, "link", "identifiers, addresses, hashes")                             \
	X(BADGE, "badge", "small labels such as a missing key")                       \
	X(LABEL, "label", "field names")                                              \
	X(INPUT, "input", "an input field")                                           \
	X(INPUT_FOCUS, "input-focus", "the input field with the cursor")              \
	X(INPUT_BAD, "input-bad", "validation messages")                              \
	X(PLACEHOLDER, "placeholder", "what an empty field shows")                    \
	X(BUTTON, "button", "a button")                                               \
	X(BUTTON_FOCUS, "button-focus", "the button that Enter presses")              \
	X(BUTTON_DANGER, "button-danger", "such a button when it destroys something") \
	X(DIALOG, "dialog", "text and background of dialogs")                         \
	X(DIALOG_BORDER, "dialog-border", "frame of dialogs")                         \
	X(DIALOG_TITLE, "dialog-title", "title of dialogs")                           \
	X(BAR, "bar", "done part of a progress bar")                                  \
	X(BAR_REST, "bar-rest", "what is left of a progress bar")                     \
	X(LOG_TIME, "log-time", "time stamps of log lines")                           \
	X(LOG_DEBUG, "log-debug", "log lines of level debug")                         \
	X(LOG_INFO, "log-info", "log lines of level info")                            \
	X(LOG_WARN, "log-warn", "log lines of level warning")                         \
	X(LOG_ERROR, "log-error", "log lines of level error")

enum pt_slot {
#define X(id, name, text) PT_SLOT_##id,
	PT_SLOT_MAP(X)
#undef X
	    PT_SLOT_COUNT
};

/* Laid over a slot; several may apply. The theme answers how. */
enum pt_look {
	PT_LOOK_SELECTED = 1 << 0,      /* background and attributes of selected */
	PT_LOOK_SELECTED_IDLE = 1 << 1, /* the same of selected-idle */
	PT_LOOK_MARK = 1 << 2,
	PT_LOOK_MATCH = 1 << 3,
	PT_LOOK_MATCH_NOW = 1 << 4,
	PT_LOOK_BOLD = 1 << 5,
	PT_LOOK_UNDERLINE = 1 << 6,
	PT_LOOK_DIALOG = 1 << 7, /* background of dialog where the slot has none of its own */
};

enum pt_depth { PT_DEPTH_MONO, PT_DEPTH_16, PT_DEPTH_256, PT_DEPTH_TRUE };

enum pt_attr {
	PT_ATTR_BOLD = 1 << 0,
	PT_ATTR_DIM = 1 << 1,
	PT_ATTR_ITALIC = 1 << 2,
	PT_ATTR_UNDERLINE = 1 << 3,
	PT_ATTR_REVERSE = 1 << 4,
};

#define PT_COLOR_DEFAULT UINT32_C(0)                              /* what the terminal has */
#define PT_COLOR_INDEX(n) (UINT32_C(0x1000000) | (uint32_t)(n))   /* 0 to 255 */
#define PT_COLOR_RGB(rgb) (UINT32_C(0x2000000) | (uint32_t)(rgb)) /* 0xrrggbb */

struct pt_style {
	uint32_t fg, bg; /* PT_COLOR_* */
	unsigned attrs;  /* enum pt_attr bits */
};

struct pt_theme;

/* name: a built-in ("dark", "light", "high-contrast", "mono", "prism") or the path of a
 * file, or a name looked for in $XDG_CONFIG_HOME/prism-tui/themes and the installed directory.
 * NULL is the default. On failure: NULL. */
struct pt_theme *pt_theme_create(const char *name, enum pt_depth depth, struct prism_error *err);
void pt_theme_destroy(struct pt_theme *theme); /* NULL allowed */
/* Another theme into the same object; the old one stays on failure. */
PRISM_MUST_USE
int pt_theme_load(struct pt_theme *theme, const char *name, struct prism_error *err);
const char *pt_theme_name(const struct pt_theme *theme);
const char *pt_theme_path(const struct pt_theme *theme); /* NULL for a built-in */
enum pt_depth pt_theme_depth(const struct pt_theme *theme);
/* A problem found in the file that did not stop it from loading; "" when there is none. */
const char *pt_theme_warning(const struct pt_theme *theme);

/* Resolved and reduced to the depth. looks: enum pt_look bits. */
struct pt_style pt_theme_style(const struct pt_theme *theme, enum pt_slot slot, unsigned looks);

size_t pt_theme_builtin_count(void);
const char *pt_theme_builtin_name(size_t index);
const char *pt_slot_name(enum pt_slot slot);
const char *pt_slot_text(enum pt_slot slot);
/* -1 when there is no such slot */
int pt_slot_find(const char *name, size_t len);

#endif
