/*
 * Files: capped reads, atomic writes, paths.
 *
 * Atomic write: a temporary name in the same directory, made with the final mode,
 * written, fsync'ed, renamed; nothing appears under the final name before all of it
 * is there.  A cancelled or failed write removes the temporary file.
 */
#ifndef PRISM_BASE_FILE_H
#define PRISM_BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

/* Regular files only; opened O_NONBLOCK so that a FIFO cannot hang. ret_data is initialised here
 * with the cap and stays empty on failure. A file larger than cap: category limit. */
PRISM_MUST_USE
int prism_file_read(const char *path, size_t cap, struct prism_buf *ret_data,
                    struct prism_error *err);
/* The same, and what the opened file is: not of another one that has taken the name since. */
struct stat;
PRISM_MUST_USE
int prism_file_read_stat(const char *path, size_t cap, struct prism_buf *ret_data,
                         struct stat *ret_info, struct prism_error *err);
PRISM_MUST_USE
int prism_file_write(const char *path, const void *data, size_t size, mode_t mode,
                     struct prism_error *err);

/* Streamed atomic write. A link under the final name is followed; anything there that is not a
 * regular file is refused, because a rename would replace it. The umask applies to mode. */
struct prism_file_writer;
struct prism_file_writer *prism_file_writer_create(const char *path, mode_t mode,
                                                   struct prism_error *err); /* NULL on failure */
PRISM_MUST_USE
int prism_file_writer_write(struct prism_file_writer *w, const void *data, size_t size,
                            struct prism_error *err);
/* Lent: where the bytes are until commit, for whoever must check them first. */
const char *prism_file_writer_temp(const struct prism_file_writer *w);
PRISM_MUST_USE
int prism_file_writer_commit(struct prism_file_writer *w, struct prism_error *err); /* frees w */
void prism_file_writer_discard(struct prism_file_writer *w); /* frees w; NULL allowed */

PRISM_MUST_USE
int prism_file_mkdirs(const char *path, mode_t mode, struct prism_error *err);
char *prism_path_join(const char *dir, const char *name); /* yours; an absolute name wins */
char *prism_path_expand(const char *path);                /* leading ~ and ~user; yours */
char *prism_path_shorten(const char *path);               /* home as "~"; yours */
const char *prism_path_base(const char *path);            /* lent: last component */
/* $XDG_CONFIG_HOME/prism-tui and friends, with the fallbacks of the XDG base directory
 * specification; NULL when there is no home at all. Yours to free. */
char *prism_path_config(const char *name);
char *prism_path_state(const char *name);
char *prism_path_cache(const char *name);
/* True when name is one safe component: not empty, ".", "..", no '/', no NUL, no control byte. */
bool prism_path_safe_name(const char *name);

#endif
