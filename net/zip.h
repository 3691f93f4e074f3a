/*
 * Zip: reading result archives safely, and writing directories with the byte layout the agent's
 * official client uses (reference agent.md section 3), because the checksum of a directory is
 * the checksum of these bytes.
 *
 * Reading uses libzip on a file; names are checked before anything else sees them: no absolute
 * path, no "..", no backslash, no control byte, no link, no name twice, caps on entry count and on
 * the declared and actual size (zip bombs).
 */
#ifndef PRISM_NET_ZIP_H
#define PRISM_NET_ZIP_H

#include "base/cancel.h"
#include "base/file.h"

#include <stdint.h>

#define NET_ZIP_ENTRIES_MAX 100000u
#define NET_ZIP_UNPACK_MAX                                                \
	(64ull << 30) /* stops a bomb; a result larger than 64 GiB is not one \
	               */

struct net_zip_entry {
	char *name; /* as stored; may be hostile, for display only through the cell door */
	uint64_t size, packed;
	int64_t mtime_us;
	bool directory;
	bool refused;       /* would leave the target directory, or is a link or special file */
	const char *reason; /* why refused; static text */
};
struct net_zip_list {
	struct net_zip_entry *entries;
	size_t count;
	uint64_t total;
};
PRISM_MUST_USE
int net_zip_list(const char *path, struct net_zip_list *ret, struct prism_error *err);
void net_zip_list_finish(struct net_zip_list *list);
/* Refuses entries that cannot be unpacked beside an earlier one: the same name twice, or a file
 * that is another one's directory. net_zip_list() and net_zip_unpack() have done it. */
void net_zip_clashes(struct net_zip_list *list);
/* Unpacks inside dir only (created 0755 when missing), never over an existing file; CRC checked.
 * Refused entries stop it before anything is written. For workers. */
PRISM_MUST_USE
int net_zip_unpack(const char *path, const char *dir, const struct prism_cancel *cancel,
                   uint64_t *ret_files, struct prism_error *err);

/* One member of a small archive that is in memory (a certificate download): appended to out when
 * there is one whose last path component is `name`.  Refused entries do not count.  Returns 1 when
 * found, 0 when not, -1 with err. Nothing touches the disk. */
#define NET_ZIP_MEMORY_MAX (1u << 20)
PRISM_MUST_USE
int net_zip_member(const void *data, size_t size, const char *name, struct prism_buf *out,
                   struct prism_error *err);

/* Streams the zip of a directory: stored entries, data descriptors, names sorted by full path,
 * times 1970-01-01T00:00:00Z in the local zone (the layout of v0.9 and later). */
enum net_zip_layout { NET_ZIP_LAYOUT_V09, NET_ZIP_LAYOUT_V08 };
PRISM_MUST_USE
int net_zip_directory(const char *dir, enum net_zip_layout layout,
                      const struct prism_cancel *cancel,
                      int (*sink)(void *data, const void *bytes, size_t size,
                                  struct prism_error *err),
                      void *data, struct prism_error *err);
#endif
