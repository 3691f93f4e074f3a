/* Owns the rows of events and log lines; api_logs.c reads them. */
#include "sandbox/record.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"

#include <strings.h>

static const char *const level_words[SB_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

const char *sb_level_word(enum sb_level level)
{
	return level < SB_LEVEL_COUNT ? level_words[level] : "";
}

int sb_level_parse(const char *word, enum sb_level *ret_level)
{
	for (unsigned i = 0; i < SB_LEVEL_COUNT; i++)
		if (strcasecmp(word, level_words[i]) == 0) {
			*ret_level = (enum sb_level)i;
			return 0;
		}
	if (strcasecmp(word, "warning") != 0)
		return -1;
	*ret_level = SB_LEVEL_WARN;
	return 0;
}

/* Invalid bytes and NUL become U+FFFD. Yours. */
static char *clean_text(const char *text, size_t len)
{
	struct prism_buf buf;
	const char *pos = text, *end = text + len;
	prism_buf_init(&buf, 4 * len + 4);
	while (pos < end) {
		char utf8[4];
		int32_t cp = prism_utf8_next(&pos, end);
		prism_buf_put(&buf, utf8, prism_utf8_encode(cp > 0 ? (uint32_t)cp : 0xfffd, utf8));
	}
	return prism_buf_take(&buf, NULL);
}

void sb_record_log(struct sb *sb, struct sb_run_ref ref, int64_t at_us, enum sb_level level,
                   const char *message, size_t len)
{
	PRISM_AUTO_FREE char *text = clean_text(message, len);
	sb_db_begin(sb->db);
	int changed = sb_db_run(
	    sb->db, "INSERT INTO logs(computation, run, at, level, message) VALUES (?, ?, ?, ?, ?)",
	    SB_ARGS(SB_I(ref.computation), SB_I(ref.run), SB_I(at_us), SB_I(level), SB_T(text)));
	if (changed == 1)
		sb_db_run(sb->db, "UPDATE computations SET log_count = log_count + 1 WHERE n = ?",
		          SB_ARGS(SB_I(ref.computation)));
	sb_db_commit(sb->db);
}

void sb_record_event(struct sb *sb, struct sb_run_ref ref, int64_t at_us, const char *type,
                     const char *status, const char *originator, const char *details)
{
	char id[37];
	net_uuid4(id);
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(details, strlen(details));
	sb_db_run(
	    sb->db,
	    "INSERT INTO events(id, computation, run, type, status, details, originator, at) VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?)",
	    SB_ARGS(SB_T(id), SB_I(ref.computation), SB_I(ref.run), SB_T(type), SB_T(status),
	            SB_T(base64), SB_T(originator), SB_I(at_us)));
}
