/*
 * Owns: entries of one archive that stand in each other's way.  Sorted by name with '/' before
 * everything else, a directory is followed by all that is in it, so that neighbours suffice.
 */
#include "net/zip.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Length without the '/' that ends a directory's name. */
static size_t length(const struct net_zip_entry *entry)
{
	size_t len = strlen(entry->name);

	return len && entry->name[len - 1] == '/' ? len - 1 : len;
}

static int order_of(char c)
{
	return c == '/' ? 1 : (unsigned char)c + 1;
}

/* Of two of the same name the one that comes first in the archive stays. */
static int by_name(const void *one, const void *other)
{
	const struct net_zip_entry *a = *(struct net_zip_entry *const *)one;
	const struct net_zip_entry *b = *(struct net_zip_entry *const *)other;
	size_t a_len = length(a), b_len = length(b);

	for (size_t i = 0; i < a_len && i < b_len; i++)
		if (a->name[i] != b->name[i])
			return order_of(a->name[i]) - order_of(b->name[i]);
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void refuse(struct net_zip_entry *entry, const char *reason)
{
	if (entry->refused)
		return;
	entry->refused = true;
	entry->reason = reason;
}

void net_zip_clashes(struct net_zip_list *list)
{
	PRISM_AUTO_FREE struct net_zip_entry **sorted =
	    prism_alloc_array(list->count + 1, sizeof(struct net_zip_entry *));
	const struct net_zip_entry *before = NULL, *file = NULL;

	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->entries[i];
	qsort(sorted, list->count, sizeof(struct net_zip_entry *), by_name);
	for (size_t i = 0; i < list->count; i++) {
		struct net_zip_entry *entry = sorted[i];
		size_t len = length(entry), file_len = file ? length(file) : 0;

		if (before && length(before) == len && !memcmp(before->name, entry->name, len)) {
			if (!before->directory || !entry->directory)
				refuse(entry, "another entry has this name");
			continue;
		}
		if (file && len > file_len && entry->name[file_len] == '/' &&
		    !memcmp(file->name, entry->name, file_len))
			refuse(entry, "a file of the archive stands where its directory should");
		else
			file = entry->directory ? NULL : entry;
		before = entry;
	}
}
