/* Owns what the list endpoints share: paging, time filters, LIKE patterns. */
#include "base/text.h"
#include "sandbox/router.h"

static int query_number(struct sb_call *call, const char *key, int64_t fallback, int64_t *ret_value)
{
	const char *text = sb_query(call, key);
	uint64_t value = 0;
	if (!text) {
		*ret_value = fallback;
		return 0;
	}
	if (prism_text_parse_u64(text, INT64_MAX, &value, NULL) < 0) {
		sb_invalid(call, SB_TEXT_QUERY);
		return -1;
	}
	*ret_value = (int64_t)value;
	return 0;
}

int sb_page_parse(struct sb_call *call, struct sb_page *ret_page)
{
	struct sb_page page = {0};
	if (query_number(call, "limit", SB_LIMIT_DEFAULT, &page.limit) < 0 ||
	    query_number(call, "offset", 0, &page.offset) < 0)
		return -1;
	if (page.limit < 1 || page.limit > SB_LIMIT_MAX) {
		sb_invalid(call, SB_TEXT_LIMIT);
		return -1;
	}
	const char *only_total = sb_query(call, "only_total");
	if (only_total && strcmp(only_total, "true") == 0)
		page.limit = 0;
	const char *dir = sb_query(call, "dir");
	if (dir && strcmp(dir, "asc") != 0 && strcmp(dir, "desc") != 0) {
		sb_invalid(call, "invalid list direction provided");
		return -1;
	}
	page.ascending = dir && dir[0] == 'a';
	page.order = sb_query(call, "order");
	if (page.order && !page.order[0])
		page.order = NULL;
	*ret_page = page;
	return 0;
}

void sb_page_write(struct sb_call *call, const struct sb_page *page, int64_t total)
{
	sb_json_int(&call->out, "total", total);
	if (page->offset)
		sb_json_int(&call->out, "offset", page->offset);
	if (page->limit)
		sb_json_int(&call->out, "limit", page->limit);
}

/* Unix time in a unit told apart by its size: 10^11 seconds are the year 5138. */
static int64_t unix_to_us(uint64_t value)
{
	if (value < 100000000000ull)
		return (int64_t)(value * 1000000);
	if (value < 100000000000000ull)
		return (int64_t)(value * 1000);
	if (value < 100000000000000000ull)
		return (int64_t)value;
	return (int64_t)(value / 1000);
}

int sb_query_time(struct sb_call *call, const char *key, int64_t fallback, int64_t *ret_us)
{
	const char *text = sb_query(call, key);
	uint64_t number;
	int64_t us;
	if (!text || !text[0]) {
		*ret_us = fallback;
		return 0;
	}
	if (prism_text_parse_u64(text, INT64_MAX, &number, NULL) == 0) {
		*ret_us = unix_to_us(number);
		return 0;
	}
	if (prism_time_parse(text, &us, NULL) < 0) {
		sb_invalid(call, SB_TEXT_QUERY);
		return -1;
	}
	*ret_us = us == PRISM_TIME_UNSET ? fallback : us;
	return 0;
}

const char *sb_like(struct sb_call *call, const char *text)
{
	char *pattern = prism_arena_alloc(call->arena, 2 * strlen(text) + 3), *out = pattern;
	*out++ = '%';
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			*out++ = '\\';
		*out++ = *text;
	}
	*out++ = '%';
	*out = '\0';
	return pattern;
}
