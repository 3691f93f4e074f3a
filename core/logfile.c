/*
 * Owns reading log files: what a line means, reading in slices, following.  Saving is
 * core/logsave.c.
 *
 * Following: a file that became shorter was begun anew and is read from its start; one that was
 * moved away or deleted is looked for under its name until it is there again (log rotation).
 */
#include "core/logfile.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

enum {
	READ_STEP = 256 * 1024,
	SLICE_US = 4000,  /* reading between two turns of the loop */
	LOOK_MS = 500,    /* without inotify, and for a file that went away */
	PENDING = 1 << 20 /* bytes of an unfinished line that are waited for */
};

struct core_logfile {
	struct prism_loop *loop;
	char *path;
	struct core_logstore *store;
	void (*changed)(void *data);
	void *data;
	int fd;
	off_t offset, size;
	struct prism_buf pending; /* a line without its end */
	char *step;
	bool planned, follow;
	int notify_fd;
	struct prism_fd *notify;
	struct prism_timer *timer;
	struct prism_error error;
};

/* ---- what a line means ---- */

static bool read_json(struct core_logstore *store, const char *line, size_t len)
{
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(line, len, NULL);

	if (!cJSON_IsObject(doc))
		return false;
	const char *message = prism_json_str(doc, "message", prism_json_str(doc, "msg", NULL));
	if (!message)
		return false;
	int64_t time_us = prism_json_time(doc, "timestamp");
	if (time_us == PRISM_TIME_UNSET)
		time_us = prism_json_time(doc, "time");
	const struct core_log_entry entry = {.run_id = prism_json_str(doc, "run_id", NULL),
	                                     .level = prism_json_str(doc, "level", NULL),
	                                     .message = message,
	                                     .len = strlen(message),
	                                     .time_us = time_us};
	core_logstore_append(store, &entry);
	return true;
}

/* The next word into buf; *pos moves behind it and its blanks. False: none, or too long. */
static bool take_word(const char **pos, const char *end, char *buf, size_t size)
{
	size_t len = 0;

	while (*pos + len < end && (*pos)[len] != ' ' && (*pos)[len] != '\t')
		len++;
	if (len == 0 || len >= size)
		return false;
	memcpy(buf, *pos, len);
	buf[len] = '\0';
	*pos += len;
	while (*pos < end && (**pos == ' ' || **pos == '\t'))
		++*pos;
	return true;
}

static bool is_level(const char *word)
{
	static const char *const words[] = {"debug", "info", "warn", "warning", "error"};

	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (strcasecmp(word, words[i]) == 0)
			return true;
	}
	return false;
}

void core_logfile_read_line(struct core_logstore *store, const char *line, size_t len)
{
	const char *pos = line, *end = line + len, *after;
	char when[PRISM_TIME_TEXT], level[16], run[80];
	struct core_log_entry entry = {.time_us = PRISM_TIME_UNSET};

	if (len > 1 && line[0] == '{' && read_json(store, line, len))
		return;
	if (len > 0 && line[0] >= '0' && line[0] <= '9' && take_word(&pos, end, when, sizeof(when)) &&
	    prism_time_parse(when, &entry.time_us, NULL) == 0 && entry.time_us != PRISM_TIME_UNSET) {
		after = pos;
		if (take_word(&after, end, level, sizeof(level)) && is_level(level)) {
			entry.level = level;
			pos = after;
			if (pos < end && *pos == '[' && take_word(&after, end, run, sizeof(run)) &&
			    run[strlen(run) - 1] == ']') {
				run[strlen(run) - 1] = '\0';
				entry.run_id = run + 1;
				pos = after;
			}
		}
	} else {
		pos = line;
	}
	entry.message = pos;
	entry.len = (size_t)(end - pos);
	core_logstore_append(store, &entry);
}

/* ---- reading ---- */

static void take_text(struct core_logfile *file, const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *p = text; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t size = (size_t)((stop ? stop : end) - p);
		bool waits = !stop && file->pending.len + size < PENDING;
		if (waits || file->pending.len) {
			prism_buf_put(&file->pending, p, size);
			if (!waits) {
				core_logfile_read_line(file->store, file->pending.data, file->pending.len);
				prism_buf_clear(&file->pending);
			}
		} else {
			core_logfile_read_line(file->store, p, size);
		}
		p += size + (stop != NULL);
	}
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void work(void *data);

static void plan(struct core_logfile *file)
{
	if (!file->planned) {
		file->planned = true;
		prism_loop_defer(file->loop, work, file);
	}
}

/* A last line without a line break is shown once nothing more is expected. */
static void flush_pending(struct core_logfile *file)
{
	if (file->follow || file->pending.len == 0)
		return;
	core_logfile_read_line(file->store, file->pending.data, file->pending.len);
	prism_buf_clear(&file->pending);
}

static void work(void *data)
{
	struct core_logfile *file = data;
	int64_t deadline = now_us() + SLICE_US;
	struct stat info;

	file->planned = false;
	if (fstat(file->fd, &info) == 0) {
		if (info.st_size < file->offset) {
			file->offset = 0;
			prism_buf_clear(&file->pending);
		}
		file->size = info.st_size;
	}
	for (;;) {
		ssize_t got = pread(file->fd, file->step, READ_STEP, file->offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			prism_error_errno(&file->error, errno, "cannot read %s", file->path);
		if (got <= 0) {
			flush_pending(file);
			break;
		}
		file->offset += got;
		take_text(file, file->step, (size_t)got);
		if (now_us() >= deadline) {
			plan(file);
			break;
		}
	}
	file->changed(file->data);
}

static int open_log(const char *path, struct prism_error *err)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return prism_error_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a regular file", path);
		prism_error_hint(err, "name a saved log, as text or JSON lines");
		return -1;
	}
	return fd;
}

struct core_logfile *core_logfile_open(struct prism_loop *loop, const char *path,
                                       struct core_logstore *store, void (*changed)(void *data),
                                       void *data, struct prism_error *err)
{
	int fd = open_log(path, err);

	if (fd < 0)
		return NULL;
	struct core_logfile *file = prism_alloc(sizeof(*file));
	*file = (struct core_logfile){.loop = loop,
	                              .path = prism_strdup(path),
	                              .store = store,
	                              .changed = changed,
	                              .data = data,
	                              .fd = fd,
	                              .notify_fd = -1,
	                              .step = prism_alloc(READ_STEP),
	                              .pending = PRISM_BUF_INIT(PENDING + READ_STEP)};
	plan(file);
	return file;
}

/* ---- following ---- */

static void stop_watching(struct core_logfile *file)
{
	prism_fd_remove(file->notify);
	file->notify = NULL;
	if (file->notify_fd >= 0)
		close(file->notify_fd);
	file->notify_fd = -1;
	prism_timer_remove(file->timer);
	file->timer = NULL;
}

static void watch(struct core_logfile *file);

/* The name may stand for another file by now. */
static void look(void *data)
{
	struct core_logfile *file = data;
	struct stat named, open_one;

	if (stat(file->path, &named) < 0) {
		plan(file);
		return;
	}
	if (fstat(file->fd, &open_one) == 0 && named.st_ino != open_one.st_ino) {
		int fd = open_log(file->path, NULL);
		if (fd >= 0) {
			close(file->fd);
			file->fd = fd;
			file->offset = 0;
			prism_buf_clear(&file->pending);
			stop_watching(file);
			watch(file);
		}
	} else if (file->notify) {
		prism_timer_remove(file->timer); /* it is where it was: wait for it to tell */
		file->timer = NULL;
	}
	plan(file);
}

#ifdef __linux__
static void on_notify(void *data, int fd, unsigned events)
{
	struct core_logfile *file = data;
	char bytes[4096] __attribute__((aligned(8)));
	bool gone = false;

	PRISM_UNUSED(events);
	for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0;) {
		for (ssize_t at = 0; at < got;) {
			struct inotify_event event;
			memcpy(&event, bytes + at, sizeof(event));
			gone |= (event.mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB)) != 0;
			at += (ssize_t)sizeof(event) + event.len;
		}
	}
	plan(file);
	if (gone && !file->timer)
		file->timer = prism_loop_add_timer(file->loop, LOOK_MS, LOOK_MS, look, file);
}
#endif

static void watch(struct core_logfile *file)
{
#ifdef __linux__
	file->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (file->notify_fd >= 0 &&
	    inotify_add_watch(file->notify_fd, file->path,
	                      IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB) >= 0) {
		file->notify =
		    prism_loop_add_fd(file->loop, file->notify_fd, PRISM_LOOP_READ, on_notify, file);
		return;
	}
#endif
	file->timer = prism_loop_add_timer(file->loop, LOOK_MS, LOOK_MS, look, file);
}

void core_logfile_follow(struct core_logfile *file, bool follow)
{
	if (file->follow == follow)
		return;
	file->follow = follow;
	stop_watching(file);
	if (follow)
		watch(file);
	plan(file);
}

void core_logfile_close(struct core_logfile *file)
{
	if (!file)
		return;
	stop_watching(file);
	prism_loop_undefer(file->loop, work, file);
	close(file->fd);
	prism_buf_finish(&file->pending);
	prism_free(file->step);
	prism_free(file->path);
	prism_free(file);
}

bool core_logfile_loading(const struct core_logfile *file)
{
	return file->planned && file->offset < file->size;
}

unsigned core_logfile_progress(const struct core_logfile *file)
{
	if (file->size <= 0 || file->offset >= file->size)
		return 100;
	return (unsigned)(file->offset * 100 / file->size);
}

const struct prism_error *core_logfile_error(const struct core_logfile *file)
{
	return file->error.category == PRISM_ERROR_NONE ? NULL : &file->error;
}
