/* Files people write: settings, key maps, themes.  Any text is read or complained about by line. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "core/options.h"
#include "tui/keymap.h"
#include "tui/theme.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT(
        "theme = light\n[defaults]\nmouse = yes\n[profile work]\nurl = https://prism.example.org\n"
        "interval_status = 250ms\nlog_lines = 5000\n"),
    FUZZ_TEXT(
        "[any]\nctrl-x = quit\n[computations]\nD = none\nx = computation stop\nnope = nope\n"),
    FUZZ_TEXT(
        "[theme]\nname = evening\n[inherit]\nbase = mono\n[slots]\nselected = #ffffff on 17, bold\n"
        "log-error = red\nnothing = 1\n"),
    FUZZ_TEXT("= \n[\n]\n;\n[profile ]\nurl\n  continued = 1\n\xef\xbb\xbf[x]\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {
    "[profile ", "]\n", " = ", "\n", "yes", "#12345", "ctrl-", " on ", "9223372036854775808", NULL};

static bool write_file(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool good = fd >= 0 && write(fd, data, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return good;
}

static void try_options(const char *path)
{
	struct core_options *options = core_options_create();
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_options_load(options, path, &err) < 0)
		FUZZ_ASSERT(err.category != PRISM_ERROR_NONE);
	for (size_t i = 0; i < core_options_problem_count(options); i++)
		FUZZ_ASSERT(core_options_problem(options, i)[0]);
	for (size_t i = 0; i < core_options_profile_count(options); i++)
		FUZZ_ASSERT(core_options_use(options, core_options_profile_at(options, i), NULL) == 0);
	for (int id = 0; id < CORE_OPTION_COUNT; id++) {
		const struct core_option *row = &core_option_table[id];

		if (row->type == CORE_OPTION_INT || row->type == CORE_OPTION_MS) {
			int64_t value = core_option_int(options, (enum core_option_id)id);

			FUZZ_ASSERT(value >= row->min && value <= row->max);
		}
	}
	core_options_destroy(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	struct pt_keymap *map = pt_keymap_create();
	struct pt_theme *theme;

	pt_keymap_parse(map, "keys", (const char *)data, size);
	for (size_t i = 0; i < pt_keymap_problem_count(map); i++)
		FUZZ_ASSERT(pt_keymap_problem(map, i)[0]);
	pt_keymap_destroy(map);

	if (!path[0])
		snprintf(path, sizeof(path), "/dev/shm/prism-fuzz-%ld.theme", (long)getpid());
	if (!write_file(path, data, size))
		return 0;
	try_options(path);
	theme = pt_theme_create(path, PT_DEPTH_TRUE, NULL);
	if (theme) {
		for (int slot = 0; slot < PT_SLOT_COUNT; slot++)
			(void)pt_theme_style(theme, (enum pt_slot)slot, PT_LOOK_SELECTED);
		pt_theme_destroy(theme);
	}
	unlink(path);
	return 0;
}
