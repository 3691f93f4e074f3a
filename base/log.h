/*
 * Diagnostic log: to a file, never to the terminal.  Off until prism_log_open().
 * Lines: RFC 3339 time, level, module, text; control characters are escaped.
 * Secrets have no printf path (base/mem.h); URLs are logged without their query
 * values, headers never.
 *
 * Thread rules: prism_log() may be called from any thread.
 */
#ifndef PRISM_BASE_LOG_H
#define PRISM_BASE_LOG_H

#include "base/error.h"

enum prism_log_level {
	PRISM_LOG_ERROR,
	PRISM_LOG_WARN,
	PRISM_LOG_INFO,
	PRISM_LOG_DEBUG,
	PRISM_LOG_COUNT
};

/* Creates the file 0600, appends. */
PRISM_MUST_USE
int prism_log_open(const char *path, enum prism_log_level level, struct prism_error *err);
void prism_log_close(void);
bool prism_log_enabled(enum prism_log_level level);
#define prism_log(level, module, ...)                        \
	do {                                                     \
		if (prism_log_enabled(level))                        \
			prism_log_write((level), (module), __VA_ARGS__); \
	} while (0)
void prism_log_write(enum prism_log_level level, const char *module, const char *fmt, ...)
    PRISM_PRINTF(3, 4);
PRISM_MUST_USE
int prism_log_level_parse(const char *word, enum prism_log_level *ret_level,
                          struct prism_error *err);

#endif
