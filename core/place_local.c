/*
 * This machine as a place.
 *
 * A job has two sides.  The loop side owns its callback and its cancel hook; the thread side does
 * the work.  Each holds a reference, and the job is freed with the second:
 *
 *   open      in the place's list; the callback is due
 *   settled   the callback was called (answered, cancelled, or the place is gone)
 *
 * The thread answers through a door both sides share: once the place is destroyed the door is shut
 * and a thread that comes back late finds nobody to tell.  So a thread that hangs in a
 * dead network mount costs one of CORE_PLACE_LOCAL_MAX places and is waited for by nobody, not even
 * at exit.
 */
#include "core/place.h"

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct local;

struct door { /* between the threads and the loop */
	atomic_int refs;
	atomic_uint running; /* threads, the hanging ones included */
	pthread_mutex_t lock;
	pthread_cond_t ready; /* some job of it is; for whoever blocks */
	/* under lock */
	struct local *local;        /* NULL: shut */
	struct prism_list answered; /* jobs with the thread's reference; deliver() takes them */
};

struct local {
	struct core_place place;
	struct prism_loop *loop; /* lent */
	struct door *door;
	struct prism_list jobs; /* open */
	void (*before)(void *data);
	void *before_data;
};

enum op { OP_LIST, OP_STAT, OP_READ, OP_WRITE };

struct job {
	atomic_int refs; /* one for each side */
	/* for both, fixed before the thread starts */
	enum op op;
	char *path;
	size_t max;
	unsigned mode;
	struct door *door;
	struct prism_cancel *cancel; /* a reference, or NULL */
	void (*before)(void *data);
	void *before_data;
	/* the loop's */
	struct local *local;
	struct prism_list node; /* in local->jobs */
	struct prism_cancel_hook hook;
	bool settled, cancelled;
	union {
		core_place_listing_fn list;
		core_place_entry_fn stat;
		core_place_bytes_fn read;
		core_place_done_fn write;
	} done;
	void *data;
	/* the thread's until it is answered */
	struct prism_list answer; /* in door->answered */
	struct prism_buf bytes;   /* read, or to be written */
	struct core_place_listing listing;
	struct core_place_entry entry;
	struct prism_error error;
	bool failed;
	bool ready; /* under the door's lock: the thread is through */
};

static void door_unref(struct door *door)
{
	if (atomic_fetch_sub(&door->refs, 1) != 1)
		return;
	pthread_cond_destroy(&door->ready);
	pthread_mutex_destroy(&door->lock);
	prism_free(door);
}

static struct door *door_create(void)
{
	struct door *door = prism_alloc(sizeof(*door));
	pthread_condattr_t attributes;

	atomic_init(&door->refs, 1);
	pthread_mutex_init(&door->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&door->ready, &attributes);
	pthread_condattr_destroy(&attributes);
	prism_list_init(&door->answered);
	return door;
}

static void job_unref(struct job *job)
{
	if (atomic_fetch_sub(&job->refs, 1) != 1)
		return;
	prism_buf_wipe(&job->bytes);
	core_place_listing_finish(&job->listing);
	prism_cancel_unref(job->cancel);
	door_unref(job->door);
	prism_free(job->path);
	prism_free(job);
}

/* ---- the thread ---- */

static char *resolve(const char *path)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(*path ? path : ".");
	char cwd[PATH_MAX];

	return core_place_normalise(getcwd(cwd, sizeof(cwd)) ? cwd : "/", expanded);
}

static int64_t time_of(const struct stat *info)
{
	return (int64_t)info->st_mtim.tv_sec * 1000000 + info->st_mtim.tv_nsec / 1000;
}

static enum core_place_kind kind_of(const struct stat *info)
{
	if (S_ISDIR(info->st_mode))
		return CORE_PLACE_DIRECTORY;
	return S_ISREG(info->st_mode) ? CORE_PLACE_FILE : CORE_PLACE_SPECIAL;
}

static void fill(struct core_place_entry *entry, const struct stat *info, const char *name)
{
	entry->name = name;
	entry->kind = kind_of(info);
	entry->size = entry->kind == CORE_PLACE_FILE ? (uint64_t)info->st_size : 0;
	entry->modified_us = time_of(info);
	entry->mode = info->st_mode & 07777;
}

/* dir AT_FDCWD: name is a path. False: it is gone. */
static bool describe(int dir, const char *name, struct core_place_entry *ret)
{
	struct stat info, target;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*ret = (struct core_place_entry){.link = S_ISLNK(info.st_mode)};
	if (ret->link && fstatat(dir, name, &target, 0) == 0)
		info = target;
	else
		ret->broken = ret->link;
	fill(ret, &info, name);
	return true;
}

static void run_list(struct job *job, char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	struct core_place_entry found;

	if (!dir) {
		job->failed =
		    prism_error_errno(&job->error, errno, "cannot read the directory %s", job->path);
		prism_free(path);
		return;
	}
	core_place_listing_init(&job->listing, path);
	while (!prism_cancel_fired(job->cancel) && !job->listing.cut && (entry = readdir(dir)))
		if (describe(dirfd(dir), entry->d_name, &found))
			(void)core_place_listing_add(&job->listing, &found); /* "." and ".." */
	closedir(dir);
}

static void run_stat(struct job *job, char *path)
{
	if (!describe(AT_FDCWD, path, &job->entry))
		job->failed = prism_error_errno(&job->error, errno, "cannot look at %s", job->path);
	job->entry.name = job->path;
	prism_free(path);
}

/* The path in a message is the one that was asked for, as the person wrote it. */
static void as_asked(struct job *job, const char *path)
{
	const char *at = strstr(job->error.message, path);
	PRISM_AUTO_FREE char *text = NULL;

	if (!job->failed || !at)
		return;
	text = prism_asprintf("%.*s%s%s", (int)(at - job->error.message), job->error.message, job->path,
	                      at + strlen(path));
	snprintf(job->error.message, sizeof(job->error.message), "%s", text);
}

static void run_read(struct job *job, const char *path)
{
	struct stat info;

	job->failed = prism_file_read_stat(path, job->max, &job->bytes, &info, &job->error) < 0;
	if (!job->failed)
		fill(&job->entry, &info, job->path);
}

static void run(struct job *job)
{
	char *path = resolve(job->path);

	if (job->op == OP_LIST) {
		run_list(job, path);
		return;
	}
	if (job->op == OP_STAT) {
		run_stat(job, path);
		return;
	}
	if (job->op == OP_READ)
		run_read(job, path);
	else
		job->failed =
		    prism_file_write(path, job->bytes.data, job->bytes.len, job->mode, &job->error) < 0;
	as_asked(job, path);
	prism_free(path);
}

static void deliver(void *data);

static void *thread(void *data)
{
	struct job *job = data;
	struct door *door = job->door;
	bool shut;

	if (job->before)
		job->before(job->before_data);
	run(job);
	atomic_fetch_sub(&door->running, 1);
	pthread_mutex_lock(&door->lock);
	job->ready = true;
	pthread_cond_broadcast(&door->ready);
	shut = !door->local;
	if (!shut) {
		prism_list_append(&door->answered, &job->answer);
		prism_loop_post(door->local->loop, deliver, door->local);
	}
	pthread_mutex_unlock(&door->lock);
	if (shut)
		job_unref(job);
	return NULL;
}

/* Signals belong to the loop thread. */
static int start_thread(struct job *job)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t id;
	int failed;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&id, &attributes, thread, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed;
}

/* ---- the loop ---- */

static void call_back(struct job *job, const struct prism_error *err)
{
	switch (job->op) {
	case OP_LIST:
		job->done.list(job->data, err ? NULL : &job->listing, err);
		break;
	case OP_STAT:
		job->done.stat(job->data, err ? NULL : &job->entry, err);
		break;
	case OP_READ:
		job->done.read(job->data, err ? NULL : &job->bytes, err ? NULL : &job->entry, err);
		break;
	case OP_WRITE:
		job->done.write(job->data, err);
		break;
	}
}

/* The callback, once; the loop's reference ends with it. */
static void settle(struct job *job, const struct prism_error *err)
{
	if (job->settled)
		return;
	job->settled = true;
	prism_list_remove(&job->node);
	prism_cancel_remove(&job->hook);
	call_back(job, err);
	job_unref(job);
}

static void settle_cancelled(void *data)
{
	struct job *job = data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "%s was not waited for", job->path);
	settle(job, &err);
}

static void on_cancel(void *data)
{
	struct job *job = data;

	job->cancelled = true;
	prism_loop_defer(job->local->loop, settle_cancelled, job);
}

static struct job *next_answer(struct door *door)
{
	struct job *job = NULL;

	pthread_mutex_lock(&door->lock);
	if (!prism_list_empty(&door->answered)) {
		job = PRISM_CONTAINER(door->answered.next, struct job, answer);
		prism_list_remove(&job->answer);
	}
	pthread_mutex_unlock(&door->lock);
	return job;
}

/* A callback may destroy the place: the door outlives it, and is shut then. */
static void deliver(void *data)
{
	struct local *local = data;
	struct door *door = local->door;
	struct job *job;

	atomic_fetch_add(&door->refs, 1);
	while ((job = next_answer(door))) {
		if (!job->cancelled) /* else settle_cancelled() is on its way */
			settle(job, job->failed ? &job->error : NULL);
		job_unref(job);
	}
	door_unref(door);
}

static struct job *job_create(struct core_place *place, enum op op, const char *path,
                              struct prism_cancel *cancel, void *data)
{
	struct local *local = PRISM_CONTAINER(place, struct local, place);
	struct job *job = prism_alloc(sizeof(*job));

	atomic_init(&job->refs, 2);
	job->op = op;
	job->path = prism_strdup(path);
	job->door = local->door;
	atomic_fetch_add(&job->door->refs, 1);
	job->cancel = prism_cancel_ref(cancel);
	job->local = local;
	job->before = local->before;
	job->before_data = local->before_data;
	job->data = data;
	job->hook = (struct prism_cancel_hook){.fire = on_cancel, .data = job};
	return job;
}

static int job_start(struct job *job, struct prism_error *err)
{
	int failed = 0;

	if (atomic_fetch_add(&job->door->running, 1) >= CORE_PLACE_LOCAL_MAX) {
		prism_error_raise(err, PRISM_ERROR_TIMEOUT, "%d files or directories do not answer",
		                  CORE_PLACE_LOCAL_MAX);
		prism_error_hint(err, "a network mount may be dead; try another directory later");
		failed = -1;
	} else if ((failed = start_thread(job)) != 0) {
		prism_error_errno(err, failed, "cannot start a thread");
	}
	if (failed) {
		atomic_fetch_sub(&job->door->running, 1);
		job_unref(job);
		job_unref(job);
		return -1;
	}
	prism_list_append(&job->local->jobs, &job->node);
	if (job->cancel)
		prism_cancel_add(job->cancel, &job->hook); /* fires at once on a token that fired */
	return 0;
}

static int local_list(struct core_place *place, const char *path, struct prism_cancel *cancel,
                      core_place_listing_fn done, void *data, struct prism_error *err)
{
	struct job *job = job_create(place, OP_LIST, path, cancel, data);

	job->done.list = done;
	return job_start(job, err);
}

static int local_stat(struct core_place *place, const char *path, struct prism_cancel *cancel,
                      core_place_entry_fn done, void *data, struct prism_error *err)
{
	struct job *job = job_create(place, OP_STAT, path, cancel, data);

	job->done.stat = done;
	return job_start(job, err);
}

static int local_read(struct core_place *place, const char *path, size_t max,
                      struct prism_cancel *cancel, core_place_bytes_fn done, void *data,
                      struct prism_error *err)
{
	struct job *job = job_create(place, OP_READ, path, cancel, data);

	job->max = max;
	job->done.read = done;
	return job_start(job, err);
}

static int local_write(struct core_place *place, const char *path, const void *bytes, size_t size,
                       unsigned mode, struct prism_cancel *cancel, core_place_done_fn done,
                       void *data, struct prism_error *err)
{
	struct job *job = job_create(place, OP_WRITE, path, cancel, data);

	job->mode = mode;
	job->done.write = done;
	prism_buf_init(&job->bytes, size + 1);
	prism_buf_put(&job->bytes, bytes, size);
	return job_start(job, err);
}

static unsigned local_pending(struct core_place *place)
{
	const struct local *local = PRISM_CONTAINER(place, struct local, place);
	unsigned count = 0;

	for (const struct prism_list *node = local->jobs.next; node != &local->jobs; node = node->next)
		count++;
	return count;
}

static void local_destroy(struct core_place *place)
{
	struct local *local = PRISM_CONTAINER(place, struct local, place);
	struct job *job;

	pthread_mutex_lock(&local->door->lock);
	local->door->local = NULL;
	pthread_mutex_unlock(&local->door->lock);
	prism_loop_undefer(local->loop, deliver, local);
	while (!prism_list_empty(&local->jobs)) {
		job = PRISM_CONTAINER(local->jobs.next, struct job, node);
		prism_loop_undefer(local->loop, settle_cancelled, job);
		settle_cancelled(job);
	}
	while ((job = next_answer(local->door)))
		job_unref(job);
	door_unref(local->door);
	prism_free(local->place.name);
	prism_free(local);
}

static const struct core_place_ops ops = {
    .list = local_list,
    .stat = local_stat,
    .read = local_read,
    .write = local_write,
    .pending = local_pending,
    .destroy = local_destroy,
};

struct core_place *core_place_local_create(struct prism_loop *loop)
{
	struct local *local = prism_alloc(sizeof(*local));

	local->place = (struct core_place){&ops, prism_strdup("this machine"), true};
	local->loop = loop;
	local->door = door_create();
	local->door->local = local;
	prism_list_init(&local->jobs);
	return &local->place;
}

/* ---- blocking, a little ---- */

static bool wait_for(struct job *job, int wait_ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&job->door->lock);
	while (!job->ready && rc == 0)
		rc = pthread_cond_timedwait(&job->door->ready, &job->door->lock, &until);
	pthread_mutex_unlock(&job->door->lock);
	return job->ready;
}

int core_place_local_list_now(const char *path, int wait_ms, struct core_place_listing *ret_listing,
                              struct prism_error *err)
{
	struct job *job = prism_alloc(sizeof(*job));
	int rc = -1, failed;

	atomic_init(&job->refs, 2);
	job->op = OP_LIST;
	job->path = prism_strdup(path);
	job->door = door_create(); /* shut from the beginning: nobody is called back */
	failed = start_thread(job);
	if (failed) {
		prism_error_errno(err, failed, "cannot start a thread");
		job_unref(job); /* the thread's */
	} else if (!wait_for(job, wait_ms)) {
		prism_error_raise(err, PRISM_ERROR_TIMEOUT, "%s does not answer", path);
	} else if (job->failed) {
		prism_error_copy(err, &job->error);
	} else {
		*ret_listing = job->listing;
		job->listing = (struct core_place_listing){0};
		rc = 0;
	}
	job_unref(job);
	return rc;
}

void core_place_local_before(struct core_place *place, void (*before)(void *data), void *data)
{
	struct local *local = PRISM_CONTAINER(place, struct local, place);

	local->before = before;
	local->before_data = data;
}
