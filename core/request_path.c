/*
 * The path of a call: its row's template with arguments, and its query.
 */
#include "core/internal.h"
#include "core/workspace.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define QUERY_MAX 16384 /* ours; a filter text has its own, smaller limits */

/* --- query --- */

static bool query_has(const char *text, const char *key)
{
	size_t len = strlen(key);
	for (const char *at = text; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL)
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return true;
	return false;
}

void core_query_add(struct core_query *query, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	if (query->text.cap == 0)
		prism_buf_init(&query->text, QUERY_MAX);
	assert(!query_has(prism_buf_text(&query->text), key));
	PRISM_AUTO_FREE char *encoded = net_url_encode(value);
	if (query->text.len + strlen(key) + strlen(encoded) + 2 > QUERY_MAX)
		return; /* an absurdly long filter is applied locally only */
	prism_buf_printf(&query->text, "%s%s=%s", query->text.len ? "&" : "", key, encoded);
}

void core_query_add_int(struct core_query *query, const char *key, int64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, value);
	core_query_add(query, key, text);
}

/* --- the path --- */

static int argument_missing(struct core *core, const struct core_endpoint *row, char letter,
                            struct prism_error *err)
{
	if (letter == 'D') {
		prism_error_raise(err, PRISM_ERROR_INVALID, "no workspace is chosen");
		prism_error_hint(err, "choose a workspace first");
	} else {
		prism_error_raise(err, PRISM_ERROR_INVALID, "the id is empty");
	}
	if (err)
		snprintf(err->operation, sizeof(err->operation), "%s", row->name);
	return -1;
}

int core_request_path(struct core *core, const struct core_endpoint *row,
                      const struct core_call *call, struct prism_buf *out, struct prism_error *err)
{
	const char *workspace = call->arg[CORE_ARG_D] ? call->arg[CORE_ARG_D] : core_workspace_id(core);
	for (const char *at = row->path; *at; at++) {
		if (*at != '{') {
			prism_buf_putc(out, *at);
			continue;
		}
		const char *letter = strchr(core_arg_letters, at[1]);
		assert(letter && at[2] == '}');
		size_t arg = (size_t)(letter - core_arg_letters);
		const char *value = arg == CORE_ARG_D ? workspace : call->arg[arg];
		/* "." and ".." would climb when a proxy normalises the path. */
		if (!value || !*value || strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
			return argument_missing(core, row, at[1], err);
		PRISM_AUTO_FREE char *encoded = net_url_encode(value);
		prism_buf_puts(out, encoded);
		at += 2;
	}
	struct core_query query = {.text = PRISM_BUF_INIT(QUERY_MAX)};
	if (call->query)
		call->query(&query, call->query_data);
	if (row->flags & CORE_EPF_DOMAIN_Q)
		core_query_add(&query, "domainID", workspace);
	if (query.text.len)
		prism_buf_printf(out, "?%s", prism_buf_text(&query.text));
	prism_buf_finish(&query.text);
	return 0;
}
