/* One entry of a journal: see journal.h. */
#include "core/journal.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>

#define PREFIX_MAX 80 /* "systemd: " */
#define YEAR_9999_US INT64_C(253402300799999999)

/* syslog(3)'s numbers. */
static const char *level_of(int64_t priority)
{
	return priority < 0    ? NULL
	       : priority <= 3 ? "ERROR"
	       : priority == 4 ? "WARN"
	       : priority <= 6 ? "INFO"
	                       : "DEBUG";
}

/* A text, or its bytes as numbers when it is none. */
static void put_message(struct prism_buf *out, const cJSON *message)
{
	const cJSON *byte;

	if (cJSON_IsString(message))
		prism_buf_puts(out, message->valuestring);
	if (cJSON_IsArray(message))
		cJSON_ArrayForEach(byte, message)
		{
			char c = cJSON_IsNumber(byte) ? (char)(unsigned char)byte->valueint : ' ';

			prism_buf_putc(out, c ? c : ' ');
		}
}

bool core_journal_read(const char *line, size_t len, struct core_journal_entry *ret)
{
	PRISM_AUTO_JSON cJSON *doc = len && *line == '{' ? prism_json_parse(line, len, NULL) : NULL;
	int64_t time_us = prism_json_int(doc, "__REALTIME_TIMESTAMP", -1);
	const char *cursor = prism_json_str(doc, "__CURSOR", "");

	if (!doc || time_us < 0 || time_us > YEAR_9999_US)
		return false;
	*ret = (struct core_journal_entry){
	    .time_us = time_us,
	    .level = level_of(prism_json_int(doc, "PRIORITY", -1)),
	    .cursor = prism_strdup(strlen(cursor) < CORE_JOURNAL_CURSOR_MAX ? cursor : ""),
	};
	prism_buf_init(&ret->text, len + PREFIX_MAX); /* each byte took one of the line at least */
	if (prism_json_int(doc, "_PID", 0) == 1)      /* about the unit, not of it */
		prism_buf_printf(&ret->text,
		                 "%.60s: ", prism_json_str(doc, "SYSLOG_IDENTIFIER", "systemd"));
	put_message(&ret->text, prism_json_get(doc, "MESSAGE"));
	return true;
}

void core_journal_entry_finish(struct core_journal_entry *entry)
{
	prism_buf_finish(&entry->text);
	prism_free(entry->cursor);
}
