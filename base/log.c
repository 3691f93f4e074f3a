/* Owns the diagnostic log file and the escaping of what goes into it. */
#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const level_words[] = {
    [PRISM_LOG_ERROR] = "error",
    [PRISM_LOG_WARN] = "warn",
    [PRISM_LOG_INFO] = "info",
    [PRISM_LOG_DEBUG] = "debug",
};
_Static_assert(sizeof(level_words) / sizeof(level_words[0]) == PRISM_LOG_COUNT, "one per level");

enum { LINE_MOST = 4096 }; /* longer ones are cut: a log is not a dump */

static atomic_int log_limit = -1; /* the highest level that is written; -1: closed */
static int log_fd = -1;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

int prism_log_open(const char *path, enum prism_log_level level, struct prism_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	if (fd < 0) {
		prism_error_errno(err, errno, "cannot open the log file %s", path);
		return -1;
	}
	pthread_mutex_lock(&log_lock);
	if (log_fd >= 0)
		close(log_fd);
	log_fd = fd;
	pthread_mutex_unlock(&log_lock);
	atomic_store(&log_limit, (int)level);
	return 0;
}

void prism_log_close(void)
{
	atomic_store(&log_limit, -1);
	pthread_mutex_lock(&log_lock);
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	pthread_mutex_unlock(&log_lock);
}

bool prism_log_enabled(enum prism_log_level level)
{
	return (int)level <= atomic_load(&log_limit);
}

/* Control bytes and backslashes become \xNN; C1 in UTF-8 (C2 80 to C2 9F) counts as control. */
static size_t escape(char *dst, size_t size, const char *src)
{
	size_t len = 0;

	for (const unsigned char *p = (const unsigned char *)src; *p && len + 9 < size; p++) {
		bool c1 = *p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F;
		if (c1) {
			len += (size_t)snprintf(dst + len, size - len, "\\x%02x\\x%02x", p[0], p[1]);
			p++;
		} else if (*p < 0x20 || *p == 0x7F || *p == '\\') {
			len += (size_t)snprintf(dst + len, size - len, "\\x%02x", *p);
		} else {
			dst[len++] = (char)*p;
		}
	}
	return len;
}

void prism_log_write(enum prism_log_level level, const char *module, const char *fmt, ...)
{
	char text[LINE_MOST / 2], line[LINE_MOST], when[PRISM_TIME_TEXT];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	prism_time_format(prism_clock_wall_us(prism_clock_system()), 6, when);
	size_t len =
	    (size_t)snprintf(line, sizeof(line), "%s %s %.32s: ", when,
	                     (unsigned)level < PRISM_LOG_COUNT ? level_words[level] : "?", module);
	len += escape(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';

	pthread_mutex_lock(&log_lock);
	/* One write per line, so that lines of several processes do not mix. A full disk loses
	 * the line: there is nobody to tell. */
	if (log_fd >= 0 && write(log_fd, line, len) < 0)
		errno = 0;
	pthread_mutex_unlock(&log_lock);
}

int prism_log_level_parse(const char *word, enum prism_log_level *ret_level,
                          struct prism_error *err)
{
	for (unsigned i = 0; i < PRISM_LOG_COUNT; i++) {
		if (strcmp(word, level_words[i]) == 0) {
			*ret_level = (enum prism_log_level)i;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.40s\" is not a log level", word);
	prism_error_hint(err, "use error, warn, info or debug");
	return -1;
}
