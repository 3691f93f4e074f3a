/*
 * A payload: the bytes of one upload, opened once, hashed, and sent from the same descriptor.
 *
 * A file is opened and hashed in pieces; a directory becomes a zip in the official client's
 * layout (net/zip.h), written to a private temporary file that has no name, and hashed on the
 * way.  Nothing is ever held in memory whole.  The agent compares SHA3-256 of what it receives,
 * so core_payload_unchanged() is asked before every piece that is sent: a file whose size,
 * modification time or change time moved since it was hashed is refused.
 *
 * Thread rules: core_payload_open() blocks and belongs on a worker; core_payload_start() wraps
 * it for the loop.  An opened payload is used by one thread at a time.
 */
#ifndef PRISM_CORE_PAYLOAD_H
#define PRISM_CORE_PAYLOAD_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/work.h"
#include "net/zip.h"

#define CORE_PAYLOAD_PIECE \
	1048576u              /* payload bytes of one message (reference agent.md section 3) */
#define CORE_SHA3_TEXT 65 /* SHA3-256 as lower-case hex, with its NUL */

enum core_payload_flags {
	CORE_PAYLOAD_HASH_ONLY =
	    1 << 0, /* a checksum is wanted, no upload: a directory's zip is not kept */
	CORE_PAYLOAD_NO_HASH = 1 << 1, /* requirements files are not hashed by anybody */
	CORE_PAYLOAD_ZIP_V08 = 1 << 2, /* directory layout of agents before v0.9 (keeps times) */
};

struct core_payload;

/* Progress of the hashing pass, readable from any thread while it runs. */
struct core_payload_progress {
	_Atomic uint64_t done, total; /* bytes; total 0: not known yet */
};

/* Blocks: for workers. progress and cancel may be NULL. NULL on failure. */
struct core_payload *core_payload_open(const char *path, unsigned flags,
                                       const struct prism_cancel *cancel,
                                       struct core_payload_progress *progress,
                                       struct prism_error *err);
struct core_payload *core_payload_ref(struct core_payload *payload); /* one more destroy is due */
void core_payload_destroy(struct core_payload *payload);             /* NULL allowed */

uint64_t core_payload_size(const struct core_payload *payload);
const char *core_payload_sha3(const struct core_payload *payload); /* lent; "" with NO_HASH */
const char *core_payload_path(const struct core_payload *payload); /* lent; as given */
/* Lent: the last path component; for a directory its own name, without ".zip". */
const char *core_payload_name(const struct core_payload *payload);
bool core_payload_is_directory(const struct core_payload *payload);
PRISM_MUST_USE
int core_payload_unchanged(const struct core_payload *payload, struct prism_error *err);
/* Reads up to size bytes at offset; 0 only at the end as it was when hashed. */
PRISM_MUST_USE
int64_t core_payload_read(const struct core_payload *payload, uint64_t offset, void *into,
                          size_t size, struct prism_error *err);

/* Asynchronous: opens and hashes on a worker. done comes exactly once, later, from the loop;
 * payload is given (NULL on failure, category cancelled included); on_progress at most ten
 * times a second. */
struct core_payload_job;
typedef void (*core_payload_done_fn)(void *data, struct core_payload *payload,
                                     const struct prism_error *err);
typedef void (*core_payload_progress_fn)(void *data, uint64_t done, uint64_t total);
void core_payload_start(struct prism_loop *loop, struct prism_work *work, const char *path,
                        unsigned flags, struct prism_cancel *cancel /* may be NULL */,
                        core_payload_progress_fn on_progress /* may be NULL */,
                        core_payload_done_fn done, void *data);

#endif
