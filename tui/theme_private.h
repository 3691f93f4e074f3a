/* Between theme.c, theme_color.c and theme_builtin.c only. */
#ifndef PRISM_TUI_THEME_PRIVATE_H
#define PRISM_TUI_THEME_PRIVATE_H

#include "tui/theme.h"

/* "default", a name, 0 to 255, #rrggbb. Returns -1 for anything else. */
int pt_color_parse(const char *text, size_t len, uint32_t *ret_color);
/* The nearest colour that the depth has. */
uint32_t pt_color_reduce(uint32_t color, enum pt_depth depth);

/* The files of themes/, compiled in. The first is the default. */
struct pt_theme_builtin {
	const char *name;
	const char *text;
};
extern const struct pt_theme_builtin pt_theme_builtins[];
extern const size_t pt_theme_builtins_count;

#endif
