/*
 * Owns writing log lines to a file (core/logfile.h), in slices from the loop.  A save walks the
 * ids that passed when it began; an anchor keeps its place while lines come and go.
 */
#include "core/logfile.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SLICE_BYTES = 1 << 20 };

struct save {
	struct core_logview *view;
	struct prism_loop *loop;
	struct prism_file_writer *writer;
	bool json;
	struct core_log_anchor next, last; /* ids: the next line, and the last of them */
	size_t lines;
	struct prism_cancel_hook hook;
	bool cancelled;
	void (*done)(void *data, size_t lines, const struct prism_error *err);
	void *data;
	struct prism_buf out;
};

bool core_logfile_is_json(const char *path)
{
	static const char *const ends[] = {".jsonl", ".ndjson", ".json"};
	size_t len = strlen(path);

	for (size_t i = 0; i < PRISM_COUNT(ends); i++) {
		size_t size = strlen(ends[i]);
		if (len > size && strcasecmp(path + len - size, ends[i]) == 0)
			return true;
	}
	return false;
}

static void put_upper(struct prism_buf *out, const char *word, int width)
{
	int len = 0;

	for (; *word; word++, len++)
		prism_buf_putc(out, *word >= 'a' && *word <= 'z' ? (char)(*word - 32) : *word);
	for (; len < width; len++)
		prism_buf_putc(out, ' ');
}

void core_logfile_text(struct prism_buf *out, const struct core_logstore *store, uint32_t id)
{
	struct core_log_line line = core_logstore_line(store, id);
	char when[PRISM_TIME_TEXT];

	if (!line.continuation && line.time_us != PRISM_TIME_UNSET) {
		prism_buf_printf(out, "%s ", prism_time_format(line.time_us, 6, when));
		if (line.level)
			put_upper(out, core_logstore_level(store, line.level), 6);
		if (line.level && line.run)
			prism_buf_printf(out, "[%s] ", core_logstore_run(store, line.run));
	}
	prism_text_neutralise(out, line.text, line.len, false);
}

/* Inside quotes; what must not reach a terminal is escaped, although JSON would allow some. */
static void put_json_text(struct prism_buf *out, const char *text, size_t len)
{
	const char *end = text + len;
	char bytes[4];

	for (const char *p = text; p < end;) {
		uint32_t cp = (uint32_t)prism_utf8_next(&p, end);
		if (cp == '"' || cp == '\\') {
			prism_buf_putc(out, '\\');
			prism_buf_putc(out, (char)cp);
		} else if (cp == '\t') {
			prism_buf_puts(out, "\\t");
		} else if (cp > 0xFFFF && prism_text_hostile(cp)) {
			prism_buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xD800 + ((cp - 0x10000) >> 10)),
			                 (unsigned)(0xDC00 + ((cp - 0x10000) & 0x3FF)));
		} else if (prism_text_hostile(cp)) {
			prism_buf_printf(out, "\\u%04x", (unsigned)cp);
		} else {
			prism_buf_put(out, bytes, prism_utf8_encode(cp, bytes));
		}
	}
}

static void put_member(struct prism_buf *out, const char *name, const char *text)
{
	prism_buf_printf(out, "\"%s\":\"", name);
	put_json_text(out, text, strlen(text));
	prism_buf_puts(out, "\",");
}

static void put_json(struct prism_buf *out, const struct core_logstore *store, uint32_t id)
{
	struct core_log_line line = core_logstore_line(store, id);
	char when[PRISM_TIME_TEXT];

	prism_buf_putc(out, '{');
	if (line.time_us != PRISM_TIME_UNSET)
		put_member(out, "timestamp", prism_time_format(line.time_us, 6, when));
	if (line.level)
		put_member(out, "level", core_logstore_level(store, line.level));
	if (line.run)
		put_member(out, "run_id", core_logstore_run(store, line.run));
	prism_buf_puts(out, "\"message\":\"");
	put_json_text(out, line.text, line.len);
}

/* Lines of one entry that follow each other become one message again. */
static void put_line(struct save *save, uint32_t id, bool joined)
{
	const struct core_logstore *store = core_logview_store(save->view);

	if (!save->json) {
		core_logfile_text(&save->out, store, id);
		prism_buf_putc(&save->out, '\n');
		return;
	}
	if (joined) {
		struct core_log_line line = core_logstore_line(store, id);
		prism_buf_puts(&save->out, "\\n");
		put_json_text(&save->out, line.text, line.len);
		return;
	}
	if (save->lines > 0)
		prism_buf_puts(&save->out, "\"}\n");
	put_json(&save->out, store, id);
}

static void finish(struct save *save, const struct prism_error *err)
{
	void (*done)(void *data, size_t lines, const struct prism_error *err) = save->done;
	void *data = save->data;
	size_t lines = save->lines;

	prism_cancel_remove(&save->hook);
	core_logstore_release(&save->next);
	core_logstore_release(&save->last);
	prism_file_writer_discard(save->writer);
	prism_buf_finish(&save->out);
	prism_free(save);
	done(data, lines, err);
}

static void slice(void *data)
{
	struct save *save = data;
	struct core_logstore *store = save->cancelled ? NULL : core_logview_store(save->view);
	struct prism_error err = PRISM_ERROR_INIT;
	size_t pos = store ? core_logview_pos(save->view, save->next.id) : 0;

	if (save->cancelled) {
		prism_error_raise(&err, PRISM_ERROR_CANCELLED, "cancelled");
		finish(save, &err);
		return;
	}
	prism_buf_clear(&save->out);
	core_logview_work(save->view, -1);
	size_t count = core_logview_count(save->view);
	for (; pos < count && save->out.len < SLICE_BYTES; pos++, save->lines++) {
		uint32_t id = core_logview_id(save->view, pos);
		if (id > save->last.id)
			break;
		bool joined =
		    save->lines > 0 && core_logstore_line(store, id).continuation && id == save->next.id;
		put_line(save, id, joined);
		save->next.id = id + 1;
	}
	bool over = pos >= count || core_logview_id(save->view, pos) > save->last.id;
	if (over && save->json && save->lines)
		prism_buf_puts(&save->out, "\"}\n");
	if (prism_file_writer_write(save->writer, prism_buf_text(&save->out), save->out.len, &err) <
	    0) {
		finish(save, &err);
	} else if (!over) {
		prism_loop_defer(save->loop, slice, save);
	} else {
		int failed = prism_file_writer_commit(PRISM_STEAL(save->writer), &err);
		finish(save, failed ? &err : NULL);
	}
}

/* The view and the store may be gone right after: nothing of them is touched any more. */
static void on_cancel(void *data)
{
	struct save *save = data;

	save->cancelled = true;
	core_logstore_release(&save->next);
	core_logstore_release(&save->last);
}

int core_logfile_save(struct core_logview *view, struct prism_loop *loop, const char *path,
                      struct prism_cancel *cancel,
                      void (*done)(void *data, size_t lines, const struct prism_error *err),
                      void *data, struct prism_error *err)
{
	struct prism_file_writer *writer = prism_file_writer_create(path, 0600, err);
	struct core_logstore *store = core_logview_store(view);

	if (!writer)
		return -1;
	core_logview_work(view, -1); /* what a filter has not looked at yet belongs to it too */
	struct save *save = prism_alloc(sizeof(*save));
	*save = (struct save){.view = view,
	                      .loop = loop,
	                      .writer = writer,
	                      .json = core_logfile_is_json(path),
	                      .hook = {.fire = on_cancel, .data = save},
	                      .done = done,
	                      .data = data,
	                      .out = PRISM_BUF_INIT(SIZE_MAX - 1)};
	save->next.id = core_logstore_first(store);
	save->last.id = save->next.id + (uint32_t)core_logstore_count(store) - 1; /* not used when 0 */
	core_logstore_anchor(store, &save->next);
	core_logstore_anchor(store, &save->last);
	prism_cancel_add(cancel, &save->hook);
	prism_loop_defer(loop, slice, save);
	return 0;
}
