/*
 * Owns: opening, hashing and reading what is uploaded.  When it is sent, and what the agent makes
 * of it, is core/agent.c's and core/transfer.c's business.
 */
#include "core/payload.h"

#include "base/text.h"
#include "net/crypto.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_MS 100

struct core_payload {
	unsigned refs;
	int fd; /* -1 with HASH_ONLY of a directory */
	char *path, *name;
	bool directory;
	uint64_t size;
	char sha3[CORE_SHA3_TEXT];
	struct stat as_hashed;
};

/* ---- opening, on a worker ---- */

struct pass {                  /* one pass over the bytes */
	struct net_digest *digest; /* NULL: not hashed */
	int into;                  /* a directory's zip goes here; -1: nowhere */
	uint64_t written;
	const struct prism_cancel *cancel;
	struct core_payload_progress *progress;
};

static void advance(struct pass *pass, uint64_t done)
{
	if (pass->progress)
		atomic_store_explicit(&pass->progress->done, done, memory_order_relaxed);
}

static int hash_file(struct core_payload *payload, struct pass *pass, struct prism_error *err)
{
	PRISM_AUTO_FREE char *piece = prism_alloc(CORE_PAYLOAD_PIECE);
	uint64_t done = 0;

	if (pass->progress)
		atomic_store_explicit(&pass->progress->total, payload->size, memory_order_relaxed);
	while (pass->digest) {
		ssize_t n;

		if (prism_cancel_fired(pass->cancel))
			return prism_error_raise(err, PRISM_ERROR_CANCELLED, "cancelled");
		n = pread(payload->fd, piece, CORE_PAYLOAD_PIECE, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return prism_error_errno(err, errno, "read %s", payload->path);
		if (n == 0)
			break;
		net_digest_update(pass->digest, piece, (size_t)n);
		done += (uint64_t)n;
		advance(pass, done);
	}
	return core_payload_unchanged(payload, err);
}

static int take_zip_bytes(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	struct pass *pass = data;
	const char *at = bytes;

	if (pass->digest)
		net_digest_update(pass->digest, bytes, size);
	pass->written += size;
	advance(pass, pass->written);
	while (pass->into >= 0 && size) {
		ssize_t n = write(pass->into, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)prism_error_errno(err, errno, "the temporary zip cannot be written");
			prism_error_hint(err, "it needs as much room as the directory; TMPDIR says where");
			return -1;
		}
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A private file without a name. /var/tmp rather than /tmp: a zip may be larger than memory. */
static int open_nameless(struct prism_error *err)
{
	const char *root = getenv("TMPDIR");
	PRISM_AUTO_FREE char *path = NULL;
	int fd;

	if (!root || !*root)
		root = "/var/tmp";
#ifdef O_TMPFILE
	fd = open(root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
#endif
	path = prism_asprintf("%s/prism-tui-XXXXXX", root);
	fd = mkstemp(path); /* mode 0600 */
	if (fd < 0)
		return prism_error_errno(err, errno, "no temporary file in %s", root);
	(void)unlink(path);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static int zip_directory(struct core_payload *payload, struct pass *pass, unsigned flags,
                         struct prism_error *err)
{
	enum net_zip_layout layout =
	    flags & CORE_PAYLOAD_ZIP_V08 ? NET_ZIP_LAYOUT_V08 : NET_ZIP_LAYOUT_V09;

	close(payload->fd);
	payload->fd = -1;
	if (!(flags & CORE_PAYLOAD_HASH_ONLY)) {
		payload->fd = open_nameless(err);
		if (payload->fd < 0)
			return -1;
	}
	pass->into = payload->fd;
	if (net_zip_directory(payload->path, layout, pass->cancel, take_zip_bytes, pass, err) < 0)
		return -1;
	payload->size = pass->written;
	if (payload->fd >= 0 && fstat(payload->fd, &payload->as_hashed) < 0)
		return prism_error_errno(err, errno, "the temporary zip");
	return 0;
}

/* "dir/", "." and ".." have a name too: that of the directory they lead to. */
static char *last_component(const char *path)
{
	size_t len = strlen(path);
	char resolved[PATH_MAX];
	PRISM_AUTO_FREE char *plain = NULL;

	while (len > 1 && path[len - 1] == '/')
		len--;
	plain = prism_strndup(path, len);
	if (prism_path_safe_name(prism_path_base(plain)) || !realpath(path, resolved))
		return prism_strdup(prism_path_base(plain));
	return prism_strdup(prism_path_base(resolved));
}

static int open_source(struct core_payload *payload, unsigned flags, struct prism_error *err)
{
	struct stat *st = &payload->as_hashed;

	/* O_NONBLOCK: a FIFO must not hang the worker */
	payload->fd = open(payload->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (payload->fd < 0)
		return prism_error_errno(err, errno, "%s", payload->path);
	if (fstat(payload->fd, st) < 0)
		return prism_error_errno(err, errno, "%s", payload->path);
	payload->directory = S_ISDIR(st->st_mode);
	if (!payload->directory && !S_ISREG(st->st_mode)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is neither a file nor a directory",
		                  payload->path);
		prism_error_hint(err, "copy its contents into a file first");
		return -1;
	}
	payload->size = payload->directory ? 0 : (uint64_t)st->st_size;
	if (!payload->directory && !payload->size && !(flags & CORE_PAYLOAD_NO_HASH)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is empty", payload->path);
		prism_error_hint(err, "an agent refuses an upload without bytes");
		return -1;
	}
	return 0;
}

static int fill(struct core_payload *payload, struct pass *pass, unsigned flags,
                struct prism_error *err)
{
	if (open_source(payload, flags, err) < 0)
		return -1;
	return payload->directory ? zip_directory(payload, pass, flags, err)
	                          : hash_file(payload, pass, err);
}

struct core_payload *core_payload_open(const char *path, unsigned flags,
                                       const struct prism_cancel *cancel,
                                       struct core_payload_progress *progress,
                                       struct prism_error *err)
{
	struct core_payload *payload = prism_alloc(sizeof(*payload));
	struct pass pass = {.into = -1, .cancel = cancel, .progress = progress};
	int rc;

	payload->refs = 1;
	payload->path = prism_path_expand(path);
	payload->name = last_component(payload->path);
	payload->fd = -1;
	if (!(flags & CORE_PAYLOAD_NO_HASH))
		pass.digest = net_digest_create(NET_SHA3_256);
	rc = fill(payload, &pass, flags, err);
	if (rc == 0 && pass.digest) {
		uint8_t digest[NET_DIGEST_MAX];
		size_t len = net_digest_final(pass.digest, digest);

		prism_hex_encode(digest, len, payload->sha3);
	}
	net_digest_destroy(pass.digest);
	if (rc == 0)
		return payload;
	core_payload_destroy(payload);
	return NULL;
}

struct core_payload *core_payload_ref(struct core_payload *payload)
{
	payload->refs++;
	return payload;
}

void core_payload_destroy(struct core_payload *payload)
{
	if (!payload || --payload->refs)
		return;
	if (payload->fd >= 0)
		close(payload->fd);
	prism_free(payload->path);
	prism_free(payload->name);
	prism_free(payload);
}

/* ---- an opened payload ---- */

uint64_t core_payload_size(const struct core_payload *payload)
{
	return payload->size;
}

const char *core_payload_sha3(const struct core_payload *payload)
{
	return payload->sha3;
}

const char *core_payload_path(const struct core_payload *payload)
{
	return payload->path;
}

const char *core_payload_name(const struct core_payload *payload)
{
	return payload->name;
}

bool core_payload_is_directory(const struct core_payload *payload)
{
	return payload->directory;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int core_payload_unchanged(const struct core_payload *payload, struct prism_error *err)
{
	const struct stat *then = &payload->as_hashed;
	struct stat now;

	assert(payload->fd >= 0);
	if (fstat(payload->fd, &now) < 0)
		return prism_error_errno(err, errno, "%s", payload->path);
	if (now.st_size == then->st_size && same_time(now.st_mtim, then->st_mtim) &&
	    same_time(now.st_ctim, then->st_ctim))
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s changed after it was hashed", payload->path);
	prism_error_hint(
	    err, "wait until it is complete, then retry; the asset's checksum may need an update");
	return -1;
}

int64_t core_payload_read(const struct core_payload *payload, uint64_t offset, void *into,
                          size_t size, struct prism_error *err)
{
	size_t done = 0;

	if (offset >= payload->size)
		return 0;
	if (size > payload->size - offset)
		size = (size_t)(payload->size - offset);
	while (done < size) {
		ssize_t n = pread(payload->fd, (char *)into + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return prism_error_errno(err, errno, "read %s", payload->path);
		if (n == 0)
			return prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s became shorter", payload->path);
		done += (size_t)n;
	}
	return (int64_t)done;
}

/* ---- the same for the loop ---- */

struct job {
	struct prism_loop *loop;
	struct prism_timer *timer;
	char *path;
	unsigned flags;
	struct prism_cancel *cancel;
	struct core_payload_progress progress;
	uint64_t reported;
	struct core_payload *payload;
	struct prism_error error;
	core_payload_progress_fn on_progress;
	core_payload_done_fn done;
	void *data;
};

static void run_job(void *data)
{
	struct job *job = data;

	job->payload =
	    core_payload_open(job->path, job->flags, job->cancel, &job->progress, &job->error);
}

static void tick_job(void *data)
{
	struct job *job = data;
	uint64_t done = atomic_load_explicit(&job->progress.done, memory_order_relaxed);

	if (done == job->reported)
		return;
	job->reported = done;
	job->on_progress(job->data, done,
	                 atomic_load_explicit(&job->progress.total, memory_order_relaxed));
}

static void end_job(void *data, bool cancelled)
{
	struct job *job = data;

	prism_timer_remove(job->timer);
	if (cancelled) {
		core_payload_destroy(job->payload);
		job->payload = NULL;
		prism_error_clear(&job->error);
		(void)prism_error_raise(&job->error, PRISM_ERROR_CANCELLED, "cancelled");
	}
	job->done(job->data, job->payload, job->payload ? NULL : &job->error);
	prism_cancel_unref(job->cancel);
	prism_free(job->path);
	prism_free(job);
}

void core_payload_start(struct prism_loop *loop, struct prism_work *work, const char *path,
                        unsigned flags, struct prism_cancel *cancel,
                        core_payload_progress_fn on_progress, core_payload_done_fn done, void *data)
{
	struct job *job = prism_alloc(sizeof(*job));

	job->loop = loop;
	job->path = prism_strdup(path);
	job->flags = flags;
	job->cancel = cancel ? prism_cancel_ref(cancel) : NULL;
	job->on_progress = on_progress;
	job->done = done;
	job->data = data;
	if (on_progress)
		job->timer = prism_loop_add_timer(loop, PROGRESS_MS, PROGRESS_MS, tick_job, job);
	prism_work_submit(work, cancel, run_job, end_job, job);
}
