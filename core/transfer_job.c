/*
 * Owns: what a transfer does on a worker (core/transfer_job.h says what).  When, and what follows,
 * is core/transfer.c's business.
 */
#include "core/transfer_job.h"

#include "base/text.h"
#include "net/crypto.h"

#include <stdatomic.h>
#include <string.h>
#include <strings.h>

struct core_transfer_job {
	bool dropped;
	struct prism_cancel *cancel; /* its own: fired by drop */
	struct core_payload_progress progress;
	void *data;
	struct prism_error error;
	/* prepare */
	struct core_prepare_spec spec;
	struct core_prepared prepared;
	core_prepared_fn on_prepared;
	/* check */
	struct prism_file_writer *writer;
	struct core_checked checked;
	core_checked_fn on_checked;
};

static void free_text(const char *text)
{
	prism_free((void *)(uintptr_t)text); /* the job's own copy */
}

static void job_free(struct core_transfer_job *job)
{
	prism_secret_destroy((struct prism_secret *)(uintptr_t)job->spec.passphrase);
	free_text(job->spec.key_file);
	free_text(job->spec.path);
	free_text(job->spec.requirements_path);
	free_text(job->spec.expected_sha3);
	prism_secret_destroy(job->prepared.signature);
	core_payload_destroy(job->prepared.payload);
	core_payload_destroy(job->prepared.requirements);
	prism_file_writer_discard(job->writer);
	net_zip_list_finish(&job->checked.listing);
	prism_cancel_destroy(job->cancel);
	prism_free(job);
}

void core_transfer_job_drop(struct core_transfer_job *job)
{
	if (!job)
		return;
	job->dropped = true;
	prism_cancel_fire(job->cancel);
}

uint64_t core_transfer_job_progress(const struct core_transfer_job *job, uint64_t *ret_total)
{
	*ret_total = atomic_load_explicit(&job->progress.total, memory_order_relaxed);
	return atomic_load_explicit(&job->progress.done, memory_order_relaxed);
}

/* ---- prepare ---- */

static int sign(struct core_transfer_job *job)
{
	struct net_key *key =
	    net_key_read_private_file(job->spec.key_file, job->spec.passphrase, &job->error);
	int rc = -1;

	if (key)
		rc = core_agent_sign(key, job->spec.role, &job->prepared.signature, &job->error);
	net_key_destroy(key);
	return rc;
}

static int compare_hash(struct core_transfer_job *job)
{
	const char *have = core_payload_sha3(job->prepared.payload), *want = job->spec.expected_sha3;

	if (!want || !strcasecmp(have, want))
		return 0;
	prism_error_raise(&job->error, PRISM_ERROR_TRUST,
	                  "the file is not the asset's: its SHA3-256 is %s, the asset's is %s", have,
	                  want);
	prism_error_hint(
	    &job->error,
	    "nothing was sent. Choose the file the asset was made from, or update the asset's "
	    "checksum and run again");
	return -1;
}

static void run_prepare(void *data)
{
	struct core_transfer_job *job = data;
	struct core_prepare_spec *spec = &job->spec;

	if (sign(job) < 0)
		return;
	if (spec->requirements_path) {
		job->prepared.requirements = core_payload_open(
		    spec->requirements_path, CORE_PAYLOAD_NO_HASH, job->cancel, NULL, &job->error);
		if (!job->prepared.requirements)
			return;
	}
	if (spec->path) {
		job->prepared.payload = core_payload_open(spec->path, spec->payload_flags, job->cancel,
		                                          &job->progress, &job->error);
		if (job->prepared.payload)
			(void)compare_hash(job);
	}
}

static void end_prepare(void *data, bool cancelled)
{
	struct core_transfer_job *job = data;
	struct core_prepared prepared = job->prepared;

	if (cancelled && job->error.category == PRISM_ERROR_NONE)
		(void)prism_error_raise(&job->error, PRISM_ERROR_CANCELLED, "cancelled");
	if (job->dropped) {
		job_free(job);
		return;
	}
	if (job->error.category == PRISM_ERROR_NONE) {
		job->prepared = (struct core_prepared){0};
		job->on_prepared(job->data, &prepared, NULL);
	} else {
		job->on_prepared(job->data, NULL, &job->error);
	}
	job_free(job);
}

static struct core_transfer_job *job_create(void *data)
{
	struct core_transfer_job *job = prism_alloc(sizeof(*job));

	job->cancel = prism_cancel_create(NULL);
	job->data = data;
	return job;
}

struct core_transfer_job *core_transfer_prepare(struct prism_work *work,
                                                const struct core_prepare_spec *spec,
                                                core_prepared_fn done, void *data)
{
	struct core_transfer_job *job = job_create(data);

	job->spec = *spec;
	job->spec.key_file = prism_strdup(spec->key_file);
	job->spec.path = prism_strdup(spec->path);
	job->spec.requirements_path = prism_strdup(spec->requirements_path);
	job->spec.expected_sha3 = prism_strdup(spec->expected_sha3);
	if (spec->passphrase)
		job->spec.passphrase = prism_secret_create(prism_secret_text(spec->passphrase),
		                                           prism_secret_size(spec->passphrase));
	job->on_prepared = done;
	prism_work_submit(work, job->cancel, run_prepare, end_prepare, job);
	return job;
}

/* ---- check ---- */

static void report_progress(void *data, uint64_t done, uint64_t total)
{
	struct core_payload_progress *progress = data;

	atomic_store_explicit(&progress->total, total, memory_order_relaxed);
	atomic_store_explicit(&progress->done, done, memory_order_relaxed);
}

static void run_check(void *data)
{
	struct core_transfer_job *job = data;
	const char *temp = prism_file_writer_temp(job->writer);
	struct prism_file_writer *writer = job->writer;
	uint8_t digest[NET_DIGEST_MAX];

	if (net_zip_list(temp, &job->checked.listing, &job->error) < 0) {
		(void)prism_error_wrap(&job->error, "the agent's answer is not a result archive");
		return;
	}
	if (net_digest_file(NET_SHA3_256, temp, job->cancel, report_progress, &job->progress, digest,
	                    &job->error) < 0 ||
	    prism_cancel_fired(job->cancel))
		return;
	prism_hex_encode(digest, net_digest_size(NET_SHA3_256), job->checked.sha3);
	job->writer = NULL; /* commit frees it either way */
	if (prism_file_writer_commit(writer, &job->error) < 0)
		(void)prism_error_wrap(&job->error, "the result cannot be saved");
}

static void end_check(void *data, bool cancelled)
{
	struct core_transfer_job *job = data;
	struct core_checked checked = job->checked;

	if (job->writer && job->error.category == PRISM_ERROR_NONE)
		(void)prism_error_raise(&job->error, PRISM_ERROR_CANCELLED, "cancelled");
	if (job->dropped) {
		job_free(job);
		return;
	}
	if (job->error.category == PRISM_ERROR_NONE) {
		job->checked.listing = (struct net_zip_list){0};
		job->on_checked(job->data, &checked, NULL);
	} else {
		job->on_checked(job->data, NULL, &job->error);
	}
	job_free(job);
}

struct core_transfer_job *core_transfer_check(struct prism_work *work,
                                              struct prism_file_writer *writer,
                                              core_checked_fn done, void *data)
{
	struct core_transfer_job *job = job_create(data);

	job->writer = writer;
	job->on_checked = done;
	prism_work_submit(work, job->cancel, run_check, end_check, job);
	return job;
}
