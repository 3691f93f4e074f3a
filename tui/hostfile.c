/* A file that is saved on a host: see hostfile.h. */
#include "tui/hostfile.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/work.h"
#include "core/place_sftp.h"
#include "tui/args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIPE_BLOCK 65536

struct pt_hostfile {
	struct pt_world *world;
	struct core_place *place;
	char *text, *via, *path;
	char *dir, *local;
	bool fresh;
	bool stays;                  /* the local file is not ours to remove any more */
	struct prism_cancel *cancel; /* lent, of what is under way */
	void (*progress)(void *data, const char *what, uint64_t done, uint64_t total);
	pt_hostfile_fn done;
	void *data;
	char *kept;
};

/* In the directory of the program's state, which outlives it: see "failed". */
static char *make_dir(struct prism_error *err)
{
	PRISM_AUTO_FREE char *unsent = prism_path_state("unsent");
	char *dir = unsent ? prism_asprintf("%s/XXXXXX", unsent) : NULL;

	if (dir && prism_file_mkdirs(unsent, 0700, err) == 0 && mkdtemp(dir))
		return dir;
	if (!dir)
		prism_error_raise(err, PRISM_ERROR_IO, "there is no home directory to write the file in");
	else if (!err || err->category == PRISM_ERROR_NONE)
		prism_error_raise(err, PRISM_ERROR_IO, "%s: %s", unsent, strerror(errno));
	prism_free(dir);
	return NULL;
}

int pt_hostfile_create(struct pt_world *world, const char *text, bool fresh,
                       struct pt_hostfile **ret, struct prism_error *err)
{
	char *via, *path;
	int on_host = core_place_sftp_split(text, &via, &path, err);
	struct pt_hostfile *file;

	*ret = NULL;
	if (on_host <= 0)
		return on_host;
	file = prism_alloc(sizeof(*file));
	*file = (struct pt_hostfile){
	    .world = world, .text = prism_strdup(text), .via = via, .path = path, .fresh = fresh};
	if (!prism_path_safe_name(prism_path_base(path)))
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s names no file", text);
	else if ((file->place = pt_world_host(world, via, err)) && (file->dir = make_dir(err)))
		file->local = prism_path_join(file->dir, prism_path_base(path));
	if (!file->local) {
		pt_hostfile_destroy(file);
		return -1;
	}
	*ret = file;
	return 1;
}

void pt_hostfile_destroy(struct pt_hostfile *file)
{
	if (!file)
		return;
	if (file->local && !file->stays)
		(void)unlink(file->local);
	if (file->dir)
		(void)rmdir(file->dir);
	prism_free(file->text);
	prism_free(file->via);
	prism_free(file->path);
	prism_free(file->dir);
	prism_free(file->local);
	prism_free(file->kept);
	prism_free(file);
}

const char *pt_hostfile_local(const struct pt_hostfile *file)
{
	return file->local;
}

const char *pt_hostfile_text(const struct pt_hostfile *file)
{
	return file->text;
}

const char *pt_hostfile_via(const struct pt_hostfile *file)
{
	return file->via;
}

const char *pt_hostfile_path(const struct pt_hostfile *file)
{
	return file->path;
}

bool pt_hostfile_written(const struct pt_hostfile *file)
{
	struct stat st;

	return lstat(file->local, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- looking ---- */

static void tell(struct pt_hostfile *file, const struct prism_error *err)
{
	file->done(file->data, file->kept, err);
}

static void dir_seen(void *data, const struct core_place_entry *entry,
                     const struct prism_error *err)
{
	struct pt_hostfile *file = data;
	struct prism_error failed = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *dir = core_place_parent(file->path);

	if (err && err->category != PRISM_ERROR_MISSING) {
		tell(file, err);
	} else if (err || entry->kind != CORE_PLACE_DIRECTORY) {
		prism_error_raise(&failed, PRISM_ERROR_MISSING, "there is no directory %s on %s", dir,
		                  file->place->name);
		prism_error_hint(&failed, "nothing was done; name another place");
		tell(file, &failed);
	} else {
		tell(file, NULL);
	}
}

static void file_seen(void *data, const struct core_place_entry *entry,
                      const struct prism_error *err)
{
	struct pt_hostfile *file = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err && err->category == PRISM_ERROR_MISSING && strchr(file->path, '/')) {
		PRISM_AUTO_FREE char *dir = core_place_parent(file->path);

		if (core_place_stat(file->place, dir, file->cancel, dir_seen, file, &failed) < 0)
			tell(file, &failed);
		return;
	}
	if (!err && entry->kind != CORE_PLACE_FILE) {
		prism_error_raise(&failed, PRISM_ERROR_INVALID, "%s is %s", file->text,
		                  entry->kind == CORE_PLACE_DIRECTORY ? "a directory" : "no regular file");
		prism_error_hint(&failed, "name a file in it, such as %s/results.zip", file->text);
	} else if (!err && file->fresh) {
		prism_error_raise(&failed, PRISM_ERROR_CONFLICT, "%s exists already on %s",
		                  prism_path_base(file->path), file->place->name);
		prism_error_hint(&failed,
		                 "choose another name, or give --replace where the command has it");
	} else if (err && err->category != PRISM_ERROR_MISSING) {
		failed = *err;
	}
	tell(file, failed.category ? &failed : NULL);
}

int pt_hostfile_look(struct pt_hostfile *file, struct prism_cancel *cancel, pt_hostfile_fn done,
                     void *data, struct prism_error *err)
{
	file->cancel = cancel;
	file->done = done;
	file->data = data;
	return core_place_stat(file->place, file->path, cancel, file_seen, file, err);
}

/* ---- placing ---- */

/* On a worker: what a result holds is not to be found on this machine's disk. A file system that
 * never overwrites in place may still have it. */
static void wipe(void *data)
{
	struct pt_hostfile *file = data;
	PRISM_AUTO_FREE char *zeros = prism_alloc(WIPE_BLOCK);
	PRISM_AUTO_FD int fd = open(file->local, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	off_t left = fd >= 0 && fstat(fd, &st) == 0 ? st.st_size : 0;

	while (left > 0) {
		ssize_t n = write(fd, zeros, left < WIPE_BLOCK ? (size_t)left : WIPE_BLOCK);

		if (n <= 0)
			break;
		left -= n;
	}
	if (fd >= 0)
		(void)fdatasync(fd);
	(void)unlink(file->local);
}

static void wiped(void *data, bool cancelled)
{
	struct pt_hostfile *file = data;

	if (cancelled)
		(void)unlink(file->local);
	file->stays = false;
	tell(file, NULL);
}

/* Where it is, and the command that tries again; then what the host was left with. */
static void try_again(const struct pt_hostfile *file, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf line = PRISM_BUF_INIT(SIZE_MAX / 2);
	PRISM_AUTO_FREE char *left = prism_strdup(err->hint);
	PRISM_AUTO_FREE char *local = prism_path_shorten(file->local);

	prism_buf_puts(&line, "host put ");
	pt_words_quote(&line, file->via);
	prism_buf_puts(&line, " ");
	pt_words_quote(&line, local);
	prism_buf_puts(&line, " ");
	pt_words_quote(&line, file->path);
	prism_error_hint(err, "it is kept here, readable by you alone; to try again: %s%s%s",
	                 prism_buf_text(&line), *left ? "; " : "", left);
}

static void placed(void *data, const char *kept, const uint8_t *sha256,
                   const struct prism_error *err)
{
	struct pt_hostfile *file = data;
	struct prism_error failed;

	PRISM_UNUSED(sha256);
	if (!err) {
		file->kept = prism_strdup(kept);
		prism_work_submit(file->world->work, NULL, wipe, wiped, file);
		return;
	}
	failed = *err;
	try_again(file, &failed);
	tell(file, &failed);
}

static void went_on(void *data, const char *what, uint64_t done, uint64_t total)
{
	struct pt_hostfile *file = data;

	if (file->progress)
		file->progress(file->data, what, done, total);
}

int pt_hostfile_place(struct pt_hostfile *file, struct prism_cancel *cancel,
                      void (*progress)(void *data, const char *what, uint64_t done, uint64_t total),
                      pt_hostfile_fn done, void *data, struct prism_error *err)
{
	struct stat st;
	struct core_place_put put = {.file = file->local,
	                             .path = file->path,
	                             .mode = 0600,
	                             .fresh = file->fresh,
	                             .progress = went_on};

	if (stat(file->local, &st) == 0)
		put.mode = st.st_mode & 0777; /* as it would have here */
	file->stays = true;
	file->progress = progress;
	file->done = done;
	file->data = data;
	return core_place_sftp_put(file->place, &put, cancel, placed, file, err);
}
