/*
 * SHA3-256 of files and directories on a worker, and "an asset from a file" built on it.
 *
 * A job that runs cannot be interrupted beyond its polling of the cancel token; when the core dies
 * first, its result is dropped without a callback: the job then belongs to nobody but the worker.
 */
#include "core/asset.h"

#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "net/crypto.h"
#include "net/zip.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct job {
	struct prism_list node;
	struct core *core; /* NULL: the core is gone */
	struct prism_cancel *cancel;
	char *path;
	_Atomic uint64_t bytes, total; /* written by the worker */
	uint8_t digest[NET_DIGEST_MAX];
	struct prism_error error;
	bool failed;
	struct prism_timer *timer; /* tells progress */
	uint64_t told;
	core_progress_fn progress;
	core_checksum_fn done;
	void *data;
};

struct jobs {
	struct prism_list all;
};

static void *create(struct core *core)
{
	struct jobs *jobs = prism_alloc(sizeof(*jobs));
	prism_list_init(&jobs->all);
	return jobs;
}

static void destroy(void *state)
{
	struct jobs *jobs = state;
	struct prism_error err = PRISM_ERROR_INIT;
	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
	PRISM_LIST_EACH (&jobs->all, node, next) {
		struct job *job = PRISM_CONTAINER(node, struct job, node);
		prism_list_remove(node);
		prism_timer_remove(job->timer);
		prism_cancel_fire(job->cancel);
		job->core = NULL;
		job->done(job->data, "", 0, &err);
	}
	prism_free(jobs);
}

static const struct core_module module = {
    .name = "checksums", .create = create, .destroy = destroy};

/* --- on the worker --- */

static void counted(void *data, uint64_t done, uint64_t total)
{
	struct job *job = data;
	atomic_store(&job->bytes, done);
	atomic_store(&job->total, total);
}

struct sink {
	struct job *job;
	struct net_digest *digest;
};

static int digest_sink(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	struct sink *sink = data;
	net_digest_update(sink->digest, bytes, size);
	atomic_fetch_add(&sink->job->bytes, size);
	return 0;
}

static int digest_directory(struct job *job)
{
	struct sink sink = {job, net_digest_create(NET_SHA3_256)};
	int result = net_zip_directory(job->path, NET_ZIP_LAYOUT_V09, job->cancel, digest_sink, &sink,
	                               &job->error);
	if (result == 0)
		net_digest_final(sink.digest, job->digest);
	net_digest_destroy(sink.digest);
	return result;
}

static void run(void *data)
{
	struct job *job = data;
	struct stat st;
	if (stat(job->path, &st) == 0 && S_ISDIR(st.st_mode))
		job->failed = digest_directory(job) < 0;
	else
		job->failed = net_digest_file(NET_SHA3_256, job->path, job->cancel, counted, job,
		                              job->digest, &job->error) < 0;
}

/* --- back on the loop --- */

static void finished(void *data, bool cancelled)
{
	struct job *job = data;
	char hex[NET_DIGEST_MAX * 2 + 1] = "";
	struct prism_error err = job->error;
	if (cancelled || prism_cancel_fired(job->cancel)) {
		prism_error_clear(&err);
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
		job->failed = true;
	}
	if (!job->failed)
		prism_hex_encode(job->digest, net_digest_size(NET_SHA3_256), hex);
	if (job->core) {
		prism_list_remove(&job->node);
		prism_timer_remove(job->timer);
		core_pending_add(job->core, -1);
		job->done(job->data, hex, atomic_load(&job->bytes), job->failed ? &err : NULL);
	}
	prism_cancel_destroy(job->cancel);
	prism_free(job->path);
	prism_free(job);
}

static void tell(void *data)
{
	struct job *job = data;
	uint64_t bytes = atomic_load(&job->bytes);
	if (bytes == job->told)
		return;
	job->told = bytes;
	job->progress(job->data, bytes, atomic_load(&job->total));
}

int core_checksum_path(struct core *core, const char *path, struct prism_cancel *cancel,
                       core_progress_fn progress, core_checksum_fn done, void *data,
                       struct prism_error *err)
{
	struct stat st;
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	if (stat(expanded, &st) < 0)
		return prism_error_errno(err, errno, "%s cannot be read", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is neither a file nor a directory",
		                         path);
	struct jobs *jobs = core_module(core, &module);
	struct job *job = prism_alloc(sizeof(*job));
	job->core = core;
	/* A token of our own: it outlives the caller's while the worker polls it. */
	job->cancel = prism_cancel_create(cancel ? cancel : core_cancel(core));
	job->path = PRISM_STEAL(expanded);
	job->progress = progress;
	job->done = done;
	job->data = data;
	prism_list_append(&jobs->all, &job->node);
	core_pending_add(core, 1);
	if (progress)
		job->timer = prism_loop_add_timer(core_loop(core), 100, 100, tell, job);
	prism_work_submit(core_work(core), job->cancel, run, finished, job);
	return 0;
}

/* --- an asset from a file --- */

struct from_file {
	struct core *core;
	char *path, *description, *link_to, *file_name, *id;
	enum core_asset_type type;
	struct prism_cancel *cancel; /* borrowed */
	core_progress_fn progress;
	core_id_fn done;
	void *data;
};

static void from_file_free(struct from_file *f)
{
	char *texts[] = {f->path, f->description, f->link_to, f->file_name, f->id};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		prism_free(texts[i]);
	prism_free(f);
}

static void from_file_finish(struct from_file *f, const char *id, const struct prism_error *err)
{
	f->done(f->data, id, err);
	from_file_free(f);
}

static void from_file_linked(void *data, const struct prism_error *err)
{
	struct from_file *f = data;
	struct prism_error told = PRISM_ERROR_INIT;
	if (err) {
		told = *err;
		if (told.category != PRISM_ERROR_CANCELLED)
			prism_error_wrap(&told, "the asset was created, but not linked");
		err = &told;
	}
	from_file_finish(f, f->id, err);
}

static void from_file_created(void *data, const char *id, const struct prism_error *err)
{
	struct from_file *f = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	if (err || !f->link_to) {
		from_file_finish(f, id, err);
		return;
	}
	f->id = prism_strdup(id);
	if (core_asset_link(f->core, f->id, f->link_to, f->cancel, from_file_linked, f, &failure) < 0)
		from_file_linked(f, &failure);
}

static void from_file_hashed(void *data, const char *hex, uint64_t size,
                             const struct prism_error *err)
{
	struct from_file *f = data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct core_asset_draft draft = {
	    .file_name = f->file_name,
	    .description = f->description,
	    .mime_type = core_mime_of(f->file_name),
	    .checksum = hex,
	    .type = f->type,
	};
	if (!err && core_asset_create(f->core, &draft, f->cancel, from_file_created, f, &failure) == 0)
		return;
	from_file_finish(f, "", err ? err : &failure);
}

static void from_file_progress(void *data, uint64_t done, uint64_t total)
{
	struct from_file *f = data;
	if (f->progress)
		f->progress(f->data, done, total);
}

int core_asset_create_from_file(struct core *core, const struct core_asset_from_file *spec,
                                struct prism_cancel *cancel, core_progress_fn progress,
                                core_id_fn done, void *data, struct prism_error *err)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(spec->path);
	size_t len = strlen(expanded);
	while (len > 1 && expanded[len - 1] == '/')
		expanded[--len] = '\0';
	struct from_file *f = prism_alloc(sizeof(*f));
	*f = (struct from_file){.core = core,
	                        .type = spec->type,
	                        .cancel = cancel,
	                        .progress = progress,
	                        .done = done,
	                        .data = data};
	f->path = prism_strdup(expanded);
	f->description = prism_strdup(spec->description);
	f->link_to = prism_strdup(spec->link_to);
	f->file_name = prism_strdup(spec->file_name ? spec->file_name : prism_path_base(expanded));
	if (core_checksum_path(core, f->path, cancel, from_file_progress, from_file_hashed, f, err) ==
	    0)
		return 0;
	from_file_free(f);
	return -1;
}

const char *core_mime_of(const char *file_name)
{
	static const struct {
		const char *ending, *mime;
	} rows[] = {
	    {".csv", "text/csv"},          {".tsv", "text/tab-separated-values"},
	    {".py", "text/x-python"},      {".txt", "text/plain"},
	    {".json", "application/json"}, {".zip", "application/zip"},
	    {".gz", "application/gzip"},   {".tar", "application/x-tar"},
	    {".wasm", "application/wasm"}, {".parquet", "application/vnd.apache.parquet"},
	    {".sh", "application/x-sh"},   {".yaml", "application/yaml"},
	    {".md", "text/markdown"},      {".xml", "application/xml"},
	};
	size_t len = strlen(file_name);
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		size_t ending = strlen(rows[i].ending);
		if (len > ending && strcasecmp(file_name + len - ending, rows[i].ending) == 0)
			return rows[i].mime;
	}
	return "application/octet-stream";
}
