/*
 * Logs in files: saving what a view shows, and reading a saved log into a store, following its
 * growth.
 *
 * Formats, chosen by the name when saving (".jsonl", ".ndjson", ".json": JSON lines, else text) and
 * by each line when reading:
 *   text        2025-11-12T14:00:01.654562Z WARN  [run id] message
 *   JSON lines  {"timestamp":...,"level":...,"run_id":...,"message":...}; "time" and "msg" are read
 *               as well
 * A text line without a time continues the entry before it.  Saved text has control characters
 * made visible; JSON lines have them escaped, so nothing is lost there.
 *
 * All of it goes in slices from the loop.  Following uses inotify where there is one, else a look
 * twice a second; not following costs nothing.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_LOGFILE_H
#define PRISM_CORE_LOGFILE_H

#include "base/buf.h"
#include "base/cancel.h"
#include "core/logview.h"

/* Saves the lines that pass when it begins. Fails now when the file cannot be made; else done is
 * called once from the loop. Nothing appears under the name before all of it is there. */
PRISM_MUST_USE
int core_logfile_save(struct core_logview *view, struct prism_loop *loop, const char *path,
                      struct prism_cancel *cancel,
                      void (*done)(void *data, size_t lines, const struct prism_error *err),
                      void *data, struct prism_error *err);
bool core_logfile_is_json(const char *path); /* by its name */
/* One line as it is saved. */
void core_logfile_text(struct prism_buf *out, const struct core_logstore *store, uint32_t id);

struct core_logfile;
/* Reads the file into the store (lent). changed is called from the loop after every slice and when
 * the state changed. */
struct core_logfile *core_logfile_open(struct prism_loop *loop, const char *path,
                                       struct core_logstore *store, void (*changed)(void *data),
                                       void *data, struct prism_error *err);
void core_logfile_close(struct core_logfile *file); /* NULL allowed */
void core_logfile_follow(struct core_logfile *file, bool follow);
bool core_logfile_loading(const struct core_logfile *file); /* more of what is there to be read */
unsigned core_logfile_progress(const struct core_logfile *file);               /* percent */
const struct prism_error *core_logfile_error(const struct core_logfile *file); /* NULL: none */
/* One line of such a file put into the store; the line without its line break. */
void core_logfile_read_line(struct core_logstore *store, const char *line, size_t len);

#endif
