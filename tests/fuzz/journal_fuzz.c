/* core/journal: any line is an entry with a time that can be shown, or none. */
#include "tests/fuzz/fuzz.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/journal.h"

#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT(
        "{\"__REALTIME_TIMESTAMP\":\"1764169200123456\",\"__CURSOR\":\"s=1;i=2\",\"PRIORITY\":"
        "\"6\",\"MESSAGE\":\"plain\",\"_PID\":\"1\",\"SYSLOG_IDENTIFIER\":\"systemd\"}"),
    FUZZ_TEXT("{\"__REALTIME_TIMESTAMP\":\"1764169200123456\",\"MESSAGE\":[27,91,51,0,255,-1,1e9,"
              "\"x\"]}"),
    FUZZ_TEXT("{\"__REALTIME_TIMESTAMP\":\"9223372036854775807\",\"MESSAGE\":null}"),
    FUZZ_TEXT("-- Boot 0123456789abcdef --"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\"__REALTIME_TIMESTAMP\":",
                                  "\"__CURSOR\":",
                                  "\"MESSAGE\":[",
                                  "\"PRIORITY\":",
                                  "\\u0000",
                                  "27,",
                                  "{",
                                  "}",
                                  NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct core_journal_entry entry;
	char text[PRISM_TIME_TEXT];

	if (!core_journal_read((const char *)data, size, &entry))
		return 0;
	FUZZ_ASSERT(*prism_time_format(entry.time_us, 6, text));
	FUZZ_ASSERT(strlen(prism_buf_text(&entry.text)) == entry.text.len);
	FUZZ_ASSERT(strlen(entry.cursor) < CORE_JOURNAL_CURSOR_MAX);
	core_journal_entry_finish(&entry);
	return 0;
}
