/* Candidates for the word before the cursor, and those that are file names. */
#include "tui/prompt.h"

#include "base/mem.h"
#include "core/place.h"

#include <stdlib.h>
#include <string.h>

#define PATHS_MAX 500 /* a directory of a million files must not stall a key */
#define WAIT_MS 250   /* ... nor one on a dead network mount */

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

static void add_entries(const struct core_place_listing *listing, const char *typed,
                        const char *prefix, struct pt_completion *completion)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < listing->count && completion->count < PATHS_MAX; i++) {
		const struct core_place_entry *entry = &listing->entries[i];
		PRISM_AUTO_FREE char *full = NULL;

		if (strncmp(entry->name, prefix, len) != 0)
			continue;
		if (entry->name[0] == '.' && len == 0)
			continue; /* hidden ones only when asked for */
		full = prism_asprintf("%s%s%s", typed, entry->name,
		                      entry->kind == CORE_PLACE_DIRECTORY ? "/" : "");
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
	struct core_place_listing listing;

	PRISM_UNUSED(data);
	ret_completion->start = 0;
	ret_completion->end = cursor;
	if (core_place_local_list_now(head ? dir : ".", WAIT_MS, &listing, NULL) < 0)
		return;
	add_entries(&listing, dir, typed + head, ret_completion);
	core_place_listing_finish(&listing);
	if (ret_completion->count)
		qsort(ret_completion->items, ret_completion->count, sizeof(char *), by_name);
}
