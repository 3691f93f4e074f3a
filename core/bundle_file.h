/*
 * Files of bundles, read one computation at a time: JSON (an array of bundles, a single one, or the
 * flat object of 2024) and CSV (reference 6.3).  Whatever a file holds, one computation is in
 * memory at a time, and each can be read again later by its place.
 *
 * Which of the two it is: the first byte that is not white space says.  "-" is standard input,
 * which is copied to a file without a name first, because it is read twice.
 *
 * CSV: a header row; columns in any order and case:
 *   name*, description*, log_level, attested_tls, cert_file, server_key, server_ca_file,
 *   client_ca_file (PEM, or a path relative to the CSV), owner, dataset_providers, algo_providers,
 *   result_consumers, viewers, editors, runners (user ids or names, separated by ";"), assets
 *   (ids or checksums, separated by ";"), start_time, end_time, backend_id (ignored).
 *
 * A fault of the form (a comma that is missing, an end that came too early) ends the reading:
 * what came before it is whole, what comes behind it is lost; broken() says so.
 *
 * Thread rules: blocks on the disk, so it belongs on a worker; one thread at a time.
 */
#ifndef PRISM_CORE_BUNDLE_FILE_H
#define PRISM_CORE_BUNDLE_FILE_H

#include "base/cancel.h"
#include "core/bundle.h"

#define CORE_BUNDLES_MAX 200000 /* in one file; more computations no workspace holds */

struct core_bundle_file;
struct core_bundle_place { /* enough to read one again */
	size_t index;
	uint64_t offset, line;
	bool damaged; /* reading it found a problem of level error: it must not be created */
};

/* path lent; "-" reads standard input to its end. NULL with err. */
struct core_bundle_file *core_bundle_file_open(const char *path, const struct prism_cancel *cancel,
                                               struct prism_error *err);
void core_bundle_file_close(struct core_bundle_file *file); /* NULL allowed */
bool core_bundle_file_is_csv(const struct core_bundle_file *file);
const char *core_bundle_file_name(const struct core_bundle_file *file); /* for messages */
uint64_t core_bundle_file_size(const struct core_bundle_file *file);
uint64_t core_bundle_file_done(const struct core_bundle_file *file); /* bytes read so far */

/* The next one. 1: *ret_bundle is yours, or NULL when it is no computation (a problem says why);
 * 0: the end; -1: nothing more can be read, err says where and why. */
PRISM_MUST_USE
int core_bundle_file_next(struct core_bundle_file *file, struct core_problems *problems,
                          struct core_bundle_place *ret_place, cJSON **ret_bundle,
                          struct prism_error *err);
/* One of those again; the file must not have changed. NULL with err. */
cJSON *core_bundle_file_again(struct core_bundle_file *file, const struct core_bundle_place *place,
                              struct prism_error *err);
/* SHA3-256 of the whole file, in hex; reads what is left of it. */
PRISM_MUST_USE
int core_bundle_file_hash(struct core_bundle_file *file, char hex[65], struct prism_error *err);

#endif
