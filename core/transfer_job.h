/*
 * Internal to core: the parts of a transfer that block, each one job on a worker.
 *
 * A job belongs to nobody once it runs: core_transfer_job_drop() lets it finish in the background
 * without telling anyone, and it then frees what it made.
 *
 * Thread rules: functions of this header on the loop thread.
 */
#ifndef PRISM_CORE_TRANSFER_JOB_H
#define PRISM_CORE_TRANSFER_JOB_H

#include "base/file.h"
#include "core/agent.h"

/* Before an upload or a fetch: open the key, sign the role, open and hash the source, compare. */
struct core_prepare_spec { /* copied */
	const char *key_file;
	const struct prism_secret *passphrase;
	enum core_agent_role role;
	const char *path, *requirements_path; /* NULL: none */
	const char *expected_sha3;            /* NULL: not compared */
	unsigned payload_flags;
};
struct core_prepared { /* given to whoever is told; NULL members where not asked for */
	struct prism_secret *signature;
	struct core_payload *payload, *requirements;
};

/* After a fetch: hash the bytes, list them as a zip, give the file its final name. */
struct core_checked {
	struct net_zip_list listing; /* given */
	char sha3[CORE_SHA3_TEXT];
};

struct core_transfer_job;
typedef void (*core_prepared_fn)(void *data, struct core_prepared *prepared,
                                 const struct prism_error *err);
typedef void (*core_checked_fn)(void *data, struct core_checked *checked,
                                const struct prism_error *err);

struct core_transfer_job *core_transfer_prepare(struct prism_work *work,
                                                const struct core_prepare_spec *spec,
                                                core_prepared_fn done, void *data);
struct core_transfer_job *core_transfer_check(struct prism_work *work,
                                              struct prism_file_writer *writer /* given */,
                                              core_checked_fn done, void *data);
/* Ends it early where it can; no callback. */
void core_transfer_job_drop(struct core_transfer_job *job);
uint64_t core_transfer_job_progress(const struct core_transfer_job *job, uint64_t *ret_total);

#endif
