/* Owns what becomes of a message's text: lines of valid UTF-8, none of them too long. */
#include "core/logstore_private.h"

#include "base/text.h"

#include <string.h>

bool core_log_is_plain(const char *text, size_t len)
{
	size_t i = 0;

	/* Eight bytes at a time: a byte of 0x80 or more, or a zero byte. */
	for (; i + 8 <= len; i += 8) {
		uint64_t v;
		memcpy(&v, text + i, 8);
		if ((v | (v - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < len; i++) {
		if (text[i] <= 0)
			return false;
	}
	return true;
}

/* Valid UTF-8 without NUL: the text itself when it is, else a repaired copy in `scratch`. */
static void repair(const char **text, size_t *len, struct prism_buf *scratch)
{
	if (core_log_is_plain(*text, *len) ||
	    (prism_utf8_valid(*text, *len) && !memchr(*text, 0, *len)))
		return;
	const char *end = *text + *len;
	char out[4];
	prism_buf_clear(scratch);
	for (const char *p = *text; p < end;) {
		int32_t cp = prism_utf8_next(&p, end);
		prism_buf_put(scratch, out, prism_utf8_encode(cp ? (uint32_t)cp : 0xFFFD, out));
	}
	*text = prism_buf_text(scratch);
	*len = scratch->len;
}

/* A line that is too long keeps its beginning and says what is missing. */
static void cut(const char **text, size_t *len, struct prism_buf *scratch)
{
	enum { NOTE = 48 };

	if (*len <= CORE_LOG_LINE)
		return;
	size_t keep = CORE_LOG_LINE - NOTE, more;
	while (keep > 0 && ((unsigned char)(*text)[keep] & 0xC0) == 0x80)
		keep--;
	more = *len - keep;
	if (*text != scratch->data) {
		prism_buf_clear(scratch);
		prism_buf_put(scratch, *text, keep);
	}
	scratch->len = keep;
	prism_buf_printf(scratch, " [cut: %zu more bytes]", more);
	*text = scratch->data;
	*len = scratch->len;
}

struct core_log_pieces core_log_pieces_of(const struct core_log_entry *entry)
{
	size_t len = entry->message ? entry->len : 0;
	const char *text = len ? entry->message : "";

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	return (struct core_log_pieces){
	    .pos = text, .end = text + len, .scratch = PRISM_BUF_INIT(SIZE_MAX - 1)};
}

bool core_log_next_piece(struct core_log_pieces *pieces, const char **ret_text, size_t *ret_len)
{
	if (!pieces->pos)
		return false;
	const char *start = pieces->pos;
	const char *stop = memchr(start, '\n', (size_t)(pieces->end - start));
	pieces->pos = stop ? stop + 1 : NULL;
	if (!stop)
		stop = pieces->end;
	size_t len = (size_t)(stop - start);
	if (len > 0 && start[len - 1] == '\r')
		len--;
	*ret_text = start;
	*ret_len = len;
	repair(ret_text, ret_len, &pieces->scratch);
	cut(ret_text, ret_len, &pieces->scratch);
	return true;
}
