/*
 * A file that is saved on a host: "user@host[:port]:path" wherever a new file is named.
 *
 *   made ─► looking ─► (somebody writes the local file) ─► placing ─► wiping ─► placed
 *                 └─► refused                                  └─► failed: the local file stays
 *
 * What is to be saved is written to a private file of this machine first, by whoever saves, as any
 * other: so all of it is there before the first byte travels.  Placing is core_place_sftp_put():
 * a temporary name, fsync, compared, renamed.  Then the local file is overwritten and removed. When
 * placing fails it stays, because some things are told once (a token) or are long to fetch (a
 * result), and the error says where it is and how to try again.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_HOSTFILE_H
#define PRISM_TUI_HOSTFILE_H

#include "tui/world.h"

struct pt_hostfile;
/* kept: where the file is that was there before; NULL: there was none. Lent. */
typedef void (*pt_hostfile_fn)(void *data, const char *kept, const struct prism_error *err);

/* 1: made; 0: text names a file of this machine; -1: it cannot be read, or there is no place for
 * the local file. fresh: a file that is there is refused; else it is kept under another name. */
PRISM_MUST_USE
int pt_hostfile_create(struct pt_world *world, const char *text, bool fresh,
                       struct pt_hostfile **ret, struct prism_error *err);
/* A file nobody tried to place is removed. Not while it is being looked at or placed; NULL allowed.
 */
void pt_hostfile_destroy(struct pt_hostfile *file);
const char *pt_hostfile_local(const struct pt_hostfile *file); /* where to write it; lent */
const char *pt_hostfile_text(const struct pt_hostfile *file);  /* as it was given; lent */
const char *pt_hostfile_via(const struct pt_hostfile *file);   /* the way to the host; lent */
const char *pt_hostfile_path(const struct pt_hostfile *file);  /* there; lent */
bool pt_hostfile_written(const struct pt_hostfile *file);      /* the local file is there */

/* Reaches the host, and asks whether the file could be saved there under that name. */
PRISM_MUST_USE
int pt_hostfile_look(struct pt_hostfile *file, struct prism_cancel *cancel, pt_hostfile_fn done,
                     void *data, struct prism_error *err);
/* progress: as core_place_put's, may be NULL. */
PRISM_MUST_USE
int pt_hostfile_place(struct pt_hostfile *file, struct prism_cancel *cancel,
                      void (*progress)(void *data, const char *what, uint64_t done, uint64_t total),
                      pt_hostfile_fn done, void *data, struct prism_error *err);

#endif
