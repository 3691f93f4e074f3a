/* Candidates for the word before the cursor, and those that are file names. */
#include "tui/prompt.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <sys/stat.h>

#define PATHS_MAX 500 /* a directory of a million files must not stall a key */

void pt_completion_add(struct pt_completion *completion, const char *text)
{
	completion->items =
	    prism_realloc_array(completion->items, completion->count + 1, sizeof(*completion->items));
	completion->items[completion->count++] = prism_strdup(text);
}

void pt_completion_clear(struct pt_completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		prism_free(completion->items[i]);
	prism_free(completion->items);
	*completion = (struct pt_completion){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_directory(const char *dir, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);
	struct stat info;

	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void add_entries(DIR *stream, const char *dir, const char *typed, const char *prefix,
                        struct pt_completion *completion)
{
	struct dirent *entry;
	size_t len = strlen(prefix);

	while (completion->count < PATHS_MAX && (entry = readdir(stream)) != NULL) {
		PRISM_AUTO_FREE char *full = NULL;

		if (strncmp(entry->d_name, prefix, len) != 0)
			continue;
		if (entry->d_name[0] == '.' && len == 0)
			continue; /* hidden ones only when asked for */
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		full = prism_asprintf("%s%s%s", typed, entry->d_name,
		                      is_directory(dir, entry->d_name) ? "/" : "");
		pt_completion_add(completion, full);
	}
}

void pt_complete_path(void *data, const char *text, size_t cursor,
                      struct pt_completion *ret_completion)
{
	PRISM_AUTO_FREE char *typed = prism_strndup(text, cursor);
	const char *slash = strrchr(typed, '/');
	size_t head = slash ? (size_t)(slash - typed) + 1 : 0;
	PRISM_AUTO_FREE char *dir = prism_strndup(typed, head);
	PRISM_AUTO_FREE char *expanded = prism_path_expand(head ? dir : ".");
	DIR *stream;

	PRISM_UNUSED(data);
	ret_completion->start = 0;
	ret_completion->end = cursor;
	if (!expanded || (stream = opendir(expanded)) == NULL)
		return;
	add_entries(stream, expanded, dir, typed + head, ret_completion);
	closedir(stream);
	if (ret_completion->count)
		qsort(ret_completion->items, ret_completion->count, sizeof(char *), by_name);
}
