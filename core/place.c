/*
 * What all places share: the calls, listings, and paths as text.
 */
#include "core/place.h"

#include "base/mem.h"

#include <string.h>

int core_place_list(struct core_place *place, const char *path, struct prism_cancel *cancel,
                    core_place_listing_fn done, void *data, struct prism_error *err)
{
	return place->ops->list(place, path, cancel, done, data, err);
}

int core_place_stat(struct core_place *place, const char *path, struct prism_cancel *cancel,
                    core_place_entry_fn done, void *data, struct prism_error *err)
{
	return place->ops->stat(place, path, cancel, done, data, err);
}

int core_place_read(struct core_place *place, const char *path, size_t max,
                    struct prism_cancel *cancel, core_place_bytes_fn done, void *data,
                    struct prism_error *err)
{
	return place->ops->read(place, path, max, cancel, done, data, err);
}

int core_place_write(struct core_place *place, const char *path, const void *bytes, size_t size,
                     unsigned mode, struct prism_cancel *cancel, core_place_done_fn done,
                     void *data, struct prism_error *err)
{
	if (place->ops->write)
		return place->ops->write(place, path, bytes, size, mode, cancel, done, data, err);
	prism_error_raise(err, PRISM_ERROR_DENIED, "%s: nothing can be written here", place->name);
	return -1;
}

unsigned core_place_pending(struct core_place *place)
{
	return place->ops->pending(place);
}

void core_place_destroy(struct core_place *place)
{
	if (place)
		place->ops->destroy(place);
}

/* ---- listings ---- */

void core_place_listing_init(struct core_place_listing *listing, char *path)
{
	*listing = (struct core_place_listing){.path = path, .arena = prism_arena_create()};
}

void core_place_listing_finish(struct core_place_listing *listing)
{
	prism_free(listing->path);
	prism_free(listing->entries);
	prism_arena_destroy(listing->arena);
	*listing = (struct core_place_listing){0};
}

bool core_place_listing_add(struct core_place_listing *listing,
                            const struct core_place_entry *entry)
{
	const char *name = entry->name;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
		return false;
	if (listing->count == CORE_PLACE_ENTRIES_MAX) {
		listing->cut = true;
		return false;
	}
	if (listing->count == listing->alloc) {
		listing->alloc = listing->alloc ? 2 * listing->alloc : 64;
		listing->entries =
		    prism_realloc_array(listing->entries, listing->alloc, sizeof(*listing->entries));
	}
	listing->entries[listing->count] = *entry;
	listing->entries[listing->count++].name = prism_arena_strdup(listing->arena, name);
	return true;
}

/* ---- paths ---- */

char *core_place_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	return prism_asprintf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name);
}

char *core_place_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return prism_strdup("/");
	return prism_strndup(path, (size_t)(slash - path));
}

char *core_place_normalise(const char *base, const char *path)
{
	PRISM_AUTO_FREE char *whole =
	    *path == '/' ? prism_strdup(path) : prism_asprintf("%s/%s", base, path);
	char *out = prism_alloc(strlen(whole) + 2);
	size_t len = 0;

	for (const char *at = whole; *at;) {
		size_t n = strcspn(at, "/");

		if (n == 2 && at[0] == '.' && at[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && *at == '.')) {
			out[len++] = '/';
			memcpy(out + len, at, n);
			len += n;
		}
		at += n + (at[n] == '/');
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}
