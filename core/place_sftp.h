/*
 * A host behind a tunnel as a place (core/place.h): files are listed, read and written over SFTP.
 */
#ifndef PRISM_CORE_PLACE_SFTP_H
#define PRISM_CORE_PLACE_SFTP_H

#include "core/place.h"

struct net_sftp_answer;
struct net_tunnel;

/* tunnel is lent and must outlive the place; it is connected by the first operation. patience_ms:
 * as in net/sftp.h. */
struct core_place *core_place_sftp_create(struct prism_loop *loop, struct net_tunnel *tunnel,
                                          int64_t patience_ms);

/* As core_place_write(), and the file that was there is kept under "NAME.20261126T150000Z"; kept
 * says where, NULL when there was none; sha256 is that of what was read back. */
typedef void (*core_place_kept_fn)(void *data, const char *kept, const uint8_t *sha256,
                                   const struct prism_error *err);
PRISM_MUST_USE
int core_place_sftp_replace(struct core_place *place, const char *path, const void *bytes,
                            size_t size, unsigned mode, struct prism_cancel *cancel,
                            core_place_kept_fn done, void *data, struct prism_error *err);

/* A file of this machine, of any size, under the name path there. */
struct core_place_put { /* copied */
	const char *file, *path;
	unsigned mode; /* permission bits there */
	bool fresh; /* a file that is there is refused, category conflict; else it is kept as above */
	/* what: "writing", then "comparing"; bytes. May be NULL. */
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total);
};
/* Cancelled, it first removes what it wrote there, for at most CORE_PLACE_STOP_MS. */
#define CORE_PLACE_STOP_MS 5000
PRISM_MUST_USE
int core_place_sftp_put(struct core_place *place, const struct core_place_put *what,
                        struct prism_cancel *cancel, core_place_kept_fn done, void *data,
                        struct prism_error *err);

/* "user@host[:port]:path": the name of a file on a host.  Further hops stand before the last host,
 * after commas, as in via.  path begins in the home directory there unless it begins with '/'.  A
 * file of this machine that is called like that is written with "./" before it.
 * 1: it is one, and both are yours; 0: it is a name of this machine; -1: it cannot be read. */
PRISM_MUST_USE
int core_place_sftp_split(const char *text, char **ret_via, char **ret_path,
                          struct prism_error *err);

#endif
