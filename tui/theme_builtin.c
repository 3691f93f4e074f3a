/* The files of themes/, as text: the program is complete without them being installed. The
 * header is made from those files by the Makefile. */
#include "tui/theme_private.h"

#include "base/mem.h"
#include "themes.h" /* build/gen */

const struct pt_theme_builtin pt_theme_builtins[] = {
    {"dark", theme_dark}, {"light", theme_light}, {"high-contrast", theme_high_contrast},
    {"mono", theme_mono}, {"prism", theme_prism},
};
const size_t pt_theme_builtins_count = PRISM_COUNT(pt_theme_builtins);
