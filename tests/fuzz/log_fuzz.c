/*
 * core/logfile, logstore, logview, logmatch: any file is read without harm, any pattern matches or
 * is refused, filters agree with a plain look at every line, and entries merged twice are there
 * once.
 */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/logfile.h"

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("took\n2025-11-12T14:00:01.654562Z WARN  [run-1] it took long\n  continued\n"),
    FUZZ_TEXT("a+b\n{\"timestamp\":\"2025-11-12T14:00:04Z\",\"level\":\"error\",\"message\":"
              "\"a\\nb\"}\n"),
    FUZZ_TEXT("\xc3\xa9\nCAF\xc3\x89 \xff\xfe\n\r\n2025-11-12T14:00:01Z info x\n"),
    FUZZ_TEXT("(a+)+$\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"2025-11-12T14:00:01Z ",
                                  "INFO ",
                                  "[r] ",
                                  "\n",
                                  "{\"message\":\"",
                                  "\\S",
                                  "(?i)",
                                  ".*",
                                  "\xc3",
                                  NULL};

/* The first line is a pattern, the others a log. */
static void read_lines(struct core_logstore *store, const char *p, const char *end)
{
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
		core_logfile_read_line(store, p, (size_t)(stop - p));
		p = stop + 1;
	}
}

static void check_filter(struct core_logstore *store, const char *pattern, unsigned flags)
{
	struct core_logview *view = core_logview_create(store, NULL, NULL, NULL);
	struct core_log_filter filter = CORE_LOG_FILTER_ALL;
	size_t passing = 0, s, e;

	filter.pattern = pattern;
	filter.match_flags = flags;
	if (core_logview_filter(view, &filter, NULL) == 0 && core_logview_match(view)) {
		core_logview_work(view, -1);
		for (uint32_t i = 0; i < core_logstore_count(store); i++) {
			struct core_log_line line = core_logstore_line(store, core_logstore_first(store) + i);
			FUZZ_ASSERT(prism_utf8_valid(line.text, line.len));
			if (!core_logmatch_find(core_logview_match(view), line.text, line.len, 0, &s, &e))
				continue;
			FUZZ_ASSERT(s <= e && e <= line.len);
			passing++;
		}
		/* A pattern that gives up may do so in one look and not in the other. */
		if (core_logmatch_gave_up(core_logview_match(view)) == 0)
			FUZZ_ASSERT(passing == core_logview_count(view));
	}
	core_logview_destroy(view);
}

static void check_merge(const struct core_logstore *store)
{
	struct core_logstore *merged = core_logstore_create(0, 0);
	size_t count = core_logstore_count(store), added = 0;
	PRISM_AUTO_FREE struct core_log_entry *entries = prism_alloc_array(count, sizeof(*entries));

	for (uint32_t i = 0; i < count; i++) {
		struct core_log_line line = core_logstore_line(store, core_logstore_first(store) + i);
		entries[i] =
		    (struct core_log_entry){.message = line.text, .len = line.len, .time_us = line.time_us};
	}
	for (int round = 0; round < 2; round++)
		added += core_logstore_merge(merged, entries, count);
	FUZZ_ASSERT(added == count && core_logstore_entries(merged) == count);
	core_logstore_destroy(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct core_logstore *store = core_logstore_create(1 << 20, 0);
	const char *text = (const char *)data, *end = text + size;
	const char *stop = size ? memchr(text, '\n', size) : NULL;
	PRISM_AUTO_FREE char *pattern = prism_strndup(text, (size_t)((stop ? stop : end) - text));

	read_lines(store, stop ? stop + 1 : text, end);
	check_filter(store, pattern, 0);
	check_filter(store, pattern, CORE_LOGMATCH_REGEX);
	check_merge(store);
	core_logstore_destroy(store);
	return 0;
}
