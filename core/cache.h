/*
 * What was known last, on this machine: answers of reads, kept so that lists, details, timelines
 * and logs are there at once at the next start, and while the server cannot be reached.
 *
 * Where: $XDG_CACHE_HOME/prism-tui/PROFILE, mode 0700, a file of mode 0600 for each answer, named
 * by a digest of what was asked (base URL, path with the workspace, query).  Nothing is written or
 * read before core_cache_start(), which -c does not call, nor with the option cache=no.
 *
 * What: reads of the endpoints flagged C in core/endpoints.def, the first CORE_CACHE_ROWS entries
 * of a list, the end of logs.  Members that are or may hold a secret are left out before anything
 * is written (core_cache_scrub()); answers that carry certificates, keys or tokens have no flag.
 *
 * Trust: a file is read only when it is a regular file of this user that nobody else can write or
 * read, whose first line names what was asked.  Whatever is wrong with one, it counts as not there.
 * What comes from here is shown as stale, with its age, and is never sent to the server.
 *
 * Whose: the directory belongs to the user who signed in last (file "owner"); another one empties
 * it.
 *
 * Size: the oldest files go when all of them are larger than option cache_size.
 *
 * Thread rules: loop thread; files are written, and secrets taken out, on workers.
 */
#ifndef PRISM_CORE_CACHE_H
#define PRISM_CORE_CACHE_H

#include "base/json.h"
#include "core/request.h"

#define CORE_CACHE_FILE (8u << 20) /* bytes of one file, as of an answer with 100 large entries */
#define CORE_CACHE_ROWS 2000       /* entries of a list; what is shown before the server answers */
#define CORE_CACHE_AGAIN_MS 60000  /* the same answer is not written again before */

void core_cache_start(struct core *core);
bool core_cache_active(const struct core *core); /* started, and option cache is on */

/* The answer kept for a call, or NULL; yours. ret_us: when it was fetched. */
cJSON *core_cache_recall(struct core *core, const struct core_call *call, int64_t *ret_us);
/* The same for what is kept under a name of its own ("logs ID"), made of several answers. */
cJSON *core_cache_fetch(struct core *core, const char *name, int64_t *ret_us);
void core_cache_store(struct core *core, const char *name, const char *json, size_t len);

/* Deletes everything of this profile; ret_count: files. Category io names one that stays. */
PRISM_MUST_USE
int core_cache_clear(struct core *core, size_t *ret_count, struct prism_error *err);
size_t core_cache_size(const struct core *core, int64_t *ret_bytes); /* files of this profile */
char *core_cache_dir(const struct core *core); /* yours; NULL: there is no home */

/* --- for request.c --- */

/* A read was answered; path as of core_request_path(). */
void core_cache_offer(struct core *core, const struct core_endpoint *row, const char *path,
                      const char *json, size_t len);

/* --- pure, for tests and the fuzzer --- */

/* Takes out members whose names say that they hold a secret, or large bytes nobody shows from
 * here, at any depth. */
void core_cache_scrub(cJSON *doc);
/* Reads the contents of a file kept for `name`. NULL: not one of ours, or damaged. */
cJSON *core_cache_parse(const char *text, size_t len, const char *name, int64_t *ret_us);

#endif
