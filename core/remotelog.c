/*
 * Owns the channel in which the command runs, and the bytes of a line that is not whole yet.
 *
 *   running ─► (the channel ends or breaks) waiting ─► running      back-off: 1 s, doubled, to 30 s
 *      └─► over: the command says it cannot
 *
 * Lines of a file are read as those of a saved log are (core/logfile.h), in a store of their own,
 * and go from there to the real one with the tag.  A journal is asked for as JSON, one object a
 * line, because its text forms cut a message with colours or foreign bytes down to "[13B blob
 * data]" and spread one of several lines over lines without a time.  Its cursor is where it goes on
 * after a break.
 */
#include "core/remotelog.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/journal.h"
#include "core/logfile.h"
#include "net/stream_ssh.h"

#include <ctype.h>
#include <string.h>

#define CONNECT_MS 30000
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 30000
#define READ_MAX 65536u
/* Bytes of an entry as JSON: a message as long as a line may be, whose bytes are numbers. */
#define ENTRY_MAX (4u * CORE_LOG_LINE + 4096u)

struct core_remotelog {
	struct prism_loop *loop;
	struct net_tunnel *tunnel;
	struct core_logstore *store, *parsed;
	void (*changed)(void *data);
	void *data;
	char *tag;
	struct net_stream *stream; /* NULL while waiting */
	struct prism_buf pending;
	struct prism_timer *again;
	unsigned tries;
	int64_t last_us; /* time of the last line that had none */
	bool journal;
	char *source, *cursor;          /* cursor: of the last entry of the journal; NULL */
	bool skipping;                  /* the rest of an entry that is too long */
	struct core_log_entry *entries; /* of this read; their texts are ours */
	size_t count;
	struct prism_error error;
	bool final;
};

/* In single quotes, for any shell. */
static void quote(struct prism_buf *out, const char *word)
{
	prism_buf_putc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			prism_buf_puts(out, "'\\''");
		else
			prism_buf_putc(out, *word);
	}
	prism_buf_putc(out, '\'');
}

static bool unit_name(const char *source)
{
	for (const char *c = source; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("@_.:-\\", *c))
			return false;
	return *source && *source != '-';
}

char *core_remotelog_command(const char *source, const char *cursor, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);

	if (*source == '/' && strlen(source) < 4096 && !strpbrk(source, "\n\r")) {
		prism_buf_printf(&out, "exec tail -n %d -F -- ", CORE_REMOTELOG_LINES);
	} else if (unit_name(source) && strlen(source) < 256) {
		prism_buf_puts(&out, "exec journalctl -f --no-pager -o json -a "
		                     "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID ");
		if (cursor) {
			prism_buf_puts(&out, "-n all --after-cursor=");
			quote(&out, cursor);
		} else {
			prism_buf_printf(&out, "-n %d", CORE_REMOTELOG_LINES);
		}
		prism_buf_puts(&out, " -u ");
	} else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.100s\" is neither a path nor a unit",
		                  source);
		prism_error_hint(err,
		                 "write /var/log/name.log, or the name of a unit such as cocos-manager");
		return NULL;
	}
	quote(&out, source);
	return prism_buf_take(&out, NULL);
}

/* ---- lines ---- */

static void add(struct core_remotelog *log, const struct core_log_entry *entry)
{
	if (log->count % 64 == 0)
		log->entries = prism_realloc_array(log->entries, log->count + 64, sizeof(*log->entries));
	log->entries[log->count] = *entry;
	log->entries[log->count].run_id = log->tag;
	log->entries[log->count].level = prism_strdup(entry->level);
	log->entries[log->count++].message = prism_strndup(entry->message, entry->len);
}

/* What was read of one line, or of one message: the time and level it names itself win. */
static void add_parsed(struct core_remotelog *log, const char *level, int64_t time_us)
{
	size_t count = core_logstore_count(log->parsed);

	for (size_t i = 0; i < count; i++) {
		struct core_log_line line =
		    core_logstore_line(log->parsed, core_logstore_first(log->parsed) + (uint32_t)i);
		const char *own = core_logstore_level(log->parsed, line.level);

		add(log, &(struct core_log_entry){
		             .level = own && *own ? own : level,
		             .message = line.text,
		             .len = line.len,
		             .time_us = line.time_us == PRISM_TIME_UNSET ? time_us : line.time_us,
		         });
	}
	core_logstore_clear(log->parsed);
}

/* False: it is no entry of a journal, as what journalctl says itself. */
static bool from_journal(struct core_remotelog *log, const char *line, size_t len)
{
	struct core_journal_entry entry;

	if (!core_journal_read(line, len, &entry))
		return false;
	if (*entry.cursor) {
		prism_free(log->cursor);
		log->cursor = PRISM_STEAL(entry.cursor);
	}
	if (entry.text.len && *prism_buf_text(&entry.text) == '{') {
		core_logfile_read_line(log->parsed, entry.text.data, entry.text.len);
		add_parsed(log, entry.level, entry.time_us);
	} else {
		add(log, &(struct core_log_entry){.level = entry.level,
		                                  .message = prism_buf_text(&entry.text),
		                                  .len = entry.text.len,
		                                  .time_us = entry.time_us});
	}
	core_journal_entry_finish(&entry);
	return true;
}

static void parse(struct core_remotelog *log, const char *line, size_t len)
{
	bool rest = log->skipping;

	log->skipping = false;
	if (rest || (log->journal && from_journal(log, line, len)))
		return;
	core_logfile_read_line(log->parsed, line, len < CORE_LOG_LINE ? len : CORE_LOG_LINE);
	add_parsed(log, NULL, PRISM_TIME_UNSET);
}

static void merge(struct core_remotelog *log)
{
	struct core_log_entry *entries = log->entries;
	size_t count = log->count;
	int64_t now = prism_clock_wall_us(prism_loop_clock(log->loop));

	for (size_t i = 0; i < count; i++)
		if (entries[i].time_us == PRISM_TIME_UNSET) /* one after the other, so that none is taken
		                                               for another that says the same */
			entries[i].time_us = log->last_us = now > log->last_us ? now : log->last_us + 1;
	bool newest_first = count && entries[0].time_us >= entries[count - 1].time_us;
	/* Lines of one moment keep their order: the store takes an answer for newest first then. */
	for (size_t i = 0; newest_first && i < count / 2; i++) {
		struct core_log_entry swap = entries[i];

		entries[i] = entries[count - 1 - i];
		entries[count - 1 - i] = swap;
	}
	core_logstore_guest(log->store, log->tag); /* it may have been cleared meanwhile */
	(void)core_logstore_merge(log->store, entries, count);
	for (size_t i = 0; i < count; i++) {
		prism_free((char *)(uintptr_t)entries[i].level);
		prism_free((char *)(uintptr_t)entries[i].message);
	}
	log->count = 0;
}

/* A line without an end is cut here; of a journal's entry nothing can be read then. */
static void cut(struct core_remotelog *log, const char *line, size_t len)
{
	static const char note[] = "an entry of the journal is too long and was left out";

	if (!log->journal)
		parse(log, line, len);
	else if (!log->skipping)
		add(log, &(struct core_log_entry){.level = "WARN",
		                                  .message = note,
		                                  .len = sizeof(note) - 1,
		                                  .time_us = PRISM_TIME_UNSET});
	log->skipping = log->journal;
}

static void take(struct core_remotelog *log)
{
	const char *at = prism_buf_text(&log->pending), *end = at + log->pending.len, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		parse(log, at, (size_t)(newline - at));
		at = newline + 1;
	}
	if ((size_t)(end - at) > (log->journal ? ENTRY_MAX : CORE_LOG_LINE)) {
		cut(log, at, (size_t)(end - at));
		at = end;
	}
	prism_buf_consume(&log->pending, (size_t)(at - prism_buf_text(&log->pending)));
	merge(log);
}

/* ---- the command ---- */

static void start(struct core_remotelog *log);

static void start_again(void *data)
{
	start(data);
}

/* err NULL: the command ended by itself. */
static void stopped(struct core_remotelog *log, const struct prism_error *err)
{
	const char *said = "";
	int status = net_stream_ssh_status(log->stream, &said);
	int64_t delay = BACKOFF_FIRST_MS << (log->tries < 5 ? log->tries : 5);

	prism_error_clear(&log->error);
	if (err) {
		prism_error_copy(&log->error, err);
		log->final = err->category == PRISM_ERROR_DENIED || err->category == PRISM_ERROR_AUTH ||
		             err->category == PRISM_ERROR_TRUST;
	} else {
		prism_error_raise(&log->error, PRISM_ERROR_IO, "%s ended%s%.*s", log->tag,
		                  *said ? ": " : "", (int)strcspn(said, "\r\n"), said);
		log->final = status == 127 || status == 126;
	}
	net_stream_destroy(log->stream);
	log->stream = NULL;
	log->tries++;
	if (!log->final)
		log->again = prism_loop_add_timer(
		    log->loop, delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS, 0, start_again, log);
	log->changed(log->data);
}

static void ready(void *data, unsigned events)
{
	struct core_remotelog *log = data;
	char bytes[READ_MAX];
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t n;

	PRISM_UNUSED(events);
	while ((n = net_stream_read(log->stream, bytes, sizeof(bytes), &err)) > 0) {
		log->tries = 0;
		prism_buf_put(&log->pending, bytes, (size_t)n);
		take(log);
	}
	if (n == NET_STREAM_AGAIN)
		log->changed(log->data);
	else
		stopped(log, n == 0 ? NULL : &err);
}

static void connected(void *data, const struct prism_error *err)
{
	struct core_remotelog *log = data;

	if (err) {
		struct prism_error copy = *err;

		stopped(log, &copy);
		return;
	}
	prism_error_clear(&log->error);
	net_stream_want(log->stream, PRISM_LOOP_READ);
	log->changed(log->data);
}

static void start(struct core_remotelog *log)
{
	PRISM_AUTO_FREE char *command = core_remotelog_command(log->source, log->cursor, NULL);

	prism_timer_remove(log->again);
	log->again = NULL;
	prism_buf_clear(&log->pending);
	log->skipping = false;
	log->stream = net_stream_ssh_exec(log->tunnel, command, CONNECT_MS);
	net_stream_connect(log->stream, connected, ready, log);
}

struct core_remotelog *core_remotelog_start(struct prism_loop *loop, struct net_tunnel *tunnel,
                                            const char *source, struct core_logstore *store,
                                            void (*changed)(void *data), void *data,
                                            struct prism_error *err)
{
	PRISM_AUTO_FREE char *command = core_remotelog_command(source, NULL, err);
	struct core_remotelog *log;

	if (!command)
		return NULL;
	log = prism_alloc(sizeof(*log));
	*log = (struct core_remotelog){.loop = loop,
	                               .tunnel = tunnel,
	                               .store = store,
	                               .changed = changed,
	                               .data = data,
	                               .source = prism_strdup(source),
	                               .journal = *source != '/'};
	log->tag = core_remotelog_tag_of(tunnel, source);
	log->parsed = core_logstore_create(0, 0);
	prism_buf_init(&log->pending, ENTRY_MAX + 2 * READ_MAX);
	start(log);
	return log;
}

void core_remotelog_stop(struct core_remotelog *log)
{
	if (!log)
		return;
	prism_timer_remove(log->again);
	net_stream_destroy(log->stream);
	core_logstore_destroy(log->parsed);
	prism_buf_finish(&log->pending);
	prism_free(log->entries);
	prism_free(log->source);
	prism_free(log->cursor);
	prism_free(log->tag);
	prism_free(log);
}

/* What tells sources apart comes first: a narrow window shows eight columns of it. */
char *core_remotelog_tag_of(const struct net_tunnel *tunnel, const char *source)
{
	const char *hop = net_tunnel_info(tunnel).hop, *at = strchr(hop, '@');
	const char *slash = strrchr(source, '/');

	return prism_asprintf("%s@%s%s%.*s", slash ? slash + 1 : source, at ? at + 1 : hop,
	                      slash ? ":" : "", slash ? (int)(slash - source) : 0, source);
}

const char *core_remotelog_tag(const struct core_remotelog *log)
{
	return log->tag;
}

const struct prism_error *core_remotelog_error(const struct core_remotelog *log, bool *ret_final)
{
	*ret_final = log->final;
	return log->error.category == PRISM_ERROR_NONE ? NULL : &log->error;
}
