/*
 * One line a file, the one used last first: 64 hex digits, a blank, the path.
 */
#include "core/assetfile.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/options.h"

#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define KEY "asset.files"
#define HEX 64
#define TEXT_MAX (CORE_ASSETFILE_MAX * (HEX + 2 + PATH_MAX))

static bool is_checksum(const char *text)
{
	return strspn(text, "0123456789abcdefABCDEF") == HEX && !text[HEX];
}

/* The next line as far as it is one of ours; false at the end. */
static bool next_line(const char **text, const char **ret_line, size_t *ret_len)
{
	while (*text && **text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text = line + len + (line[len] == '\n');
		if (len > HEX + 1 && line[HEX] == ' ') {
			*ret_line = line;
			*ret_len = len;
			return true;
		}
	}
	return false;
}

static char *from_root(const char *path)
{
	char cwd[PATH_MAX];

	return *path == '/' || !getcwd(cwd, sizeof(cwd)) ? prism_strdup(path)
	                                                 : prism_path_join(cwd, path);
}

void core_assetfile_note(struct core_options *options, const char *checksum, const char *path)
{
	const char *text = core_remembered(options, KEY), *line;
	PRISM_AUTO_BUF struct prism_buf kept = PRISM_BUF_INIT(TEXT_MAX);
	PRISM_AUTO_FREE char *whole = from_root(path);
	size_t len, count = 1;

	if (!is_checksum(checksum) || strchr(whole, '\n') || strlen(whole) >= PATH_MAX)
		return;
	prism_buf_printf(&kept, "%s %s", checksum, whole);
	while (count < CORE_ASSETFILE_MAX && next_line(&text, &line, &len))
		if (strncasecmp(line, checksum, HEX) != 0) {
			prism_buf_printf(&kept, "\n%.*s", (int)len, line);
			count++;
		}
	core_remember(options, KEY, prism_buf_text(&kept));
}

char *core_assetfile_find(struct core_options *options, const char *checksum)
{
	const char *text = core_remembered(options, KEY), *line;
	size_t len;

	while (is_checksum(checksum) && next_line(&text, &line, &len))
		if (!strncasecmp(line, checksum, HEX)) {
			char *path = prism_strndup(line + HEX + 1, len - HEX - 1);

			if (!access(path, F_OK))
				return path;
			prism_free(path);
			return NULL;
		}
	return NULL;
}
