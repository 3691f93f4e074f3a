/*
 * Owns the way from a target to a handler and the checks that all routes share, in this order:
 * target readable, route known (404 or the web UI), method known (405), query keys single (400),
 * token (401), content type of writes (415), JSON body readable (400), workspace and membership
 * (403), computation (404), permission (403).  The handlers own everything else.
 */
#include "sandbox/router.h"

#include "base/text.h"
#include "sandbox/auth.h"
#include "sandbox/pats.h"

#include <ctype.h>

static const char *const method_words[SB_METHOD_COUNT] = {
    [SB_GET] = "GET",     [SB_POST] = "POST",     [SB_PUT] = "PUT",
    [SB_PATCH] = "PATCH", [SB_DELETE] = "DELETE",
};

int sb_method_parse(const char *word)
{
	for (int i = 0; i < SB_METHOD_COUNT; i++)
		if (strcmp(method_words[i], word) == 0)
			return i;
	return -1;
}

/* ---- answers ---- */

void sb_ok(struct sb_call *call, int status)
{
	if (!call->status)
		call->status = status;
}

void sb_empty(struct sb_call *call, int status)
{
	if (call->status)
		return;
	prism_buf_clear(&call->out.buf);
	call->answer_type = NULL;
	call->status = status;
}

void sb_header(struct sb_call *call, const char *name, const char *fmt, ...)
{
	if (call->header_count == PRISM_COUNT(call->header))
		return;
	va_list args;
	va_start(args, fmt);
	char text[512];
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	struct sb_header *header = &call->header[call->header_count++];
	header->name = name;
	header->value = prism_arena_strdup(call->arena, text);
}

void sb_fail(struct sb_call *call, int status, const char *outer, const char *inner)
{
	if (call->status)
		return;
	sb_json_finish(&call->out);
	sb_json_init(&call->out);
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "error", inner);
	sb_json_str(&call->out, "message", outer);
	sb_json_end(&call->out);
	call->answer_type = "application/json";
	call->status = status;
}

void sb_invalid(struct sb_call *call, const char *reason)
{
	sb_fail(call, 400, SB_TEXT_VALIDATION, reason);
}

/* ---- the target ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; -1: a broken escape, or a byte 0. */
static int percent_decode(char *text, bool plus_is_space)
{
	char *out = text;
	for (const char *in = text; *in; in++) {
		if (*in == '%') {
			int high = hex_value(in[1]), low = high < 0 ? -1 : hex_value(in[2]);
			if (low < 0 || (high == 0 && low == 0))
				return -1;
			*out++ = (char)(high * 16 + low);
			in += 2;
		} else {
			*out++ = *in == '+' && plus_is_space ? ' ' : *in;
		}
	}
	*out = '\0';
	return prism_utf8_valid(text, (size_t)(out - text)) ? 0 : -1;
}

static int parse_query(struct sb_call *call, char *text)
{
	while (text && *text) {
		char *next = strchr(text, '&');
		if (next)
			*next++ = '\0';
		if (*text) {
			if (call->query_count == SB_QUERY_MAX)
				return -1;
			char *value = strchr(text, '=');
			if (value)
				*value++ = '\0';
			else
				value = text + strlen(text);
			if (percent_decode(text, true) < 0 || percent_decode(value, true) < 0)
				return -1;
			call->query[call->query_count++] = (struct sb_param){text, value};
		}
		text = next;
	}
	return 0;
}

const char *sb_query(const struct sb_call *call, const char *key)
{
	for (unsigned i = 0; i < call->query_count; i++)
		if (strcmp(call->query[i].key, key) == 0)
			return call->query[i].value;
	return NULL;
}

static bool query_repeats(const struct sb_call *call)
{
	for (unsigned i = 0; i < call->query_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (strcmp(call->query[i].key, call->query[k].key) == 0)
				return true;
	return false;
}

#define PATH_PARAMS 8

struct found { /* parameters of a path, where they stand in it */
	struct {
		char name; /* 'D' for {D} */
		const char *at;
		size_t len;
	} param[PATH_PARAMS];
	unsigned count;
};

/* Compares one path with one template; a parameter is a whole segment. */
static bool path_matches(const char *template, const char *path, struct found *ret)
{
	ret->count = 0;
	while (*template) {
		if (*template != '{') {
			if (*template ++ != *path++)
				return false;
			continue;
		}
		size_t len = strcspn(path, "/");
		if (len == 0 || ret->count == PATH_PARAMS)
			return false;
		ret->param[ret->count].name = template[1];
		ret->param[ret->count].at = path;
		ret->param[ret->count++].len = len;
		template += strlen("{D}");
		path += len;
	}
	return *path == '\0';
}

/* The path's first match in the table wins, so static segments stand before parameters there. */
static bool find_route(struct sb_call *call)
{
	bool known_path = false;
	struct found found;
	for (unsigned i = 0; i < sb_route_count; i++) {
		if (!path_matches(sb_routes[i].path, call->path, &found))
			continue;
		known_path = true;
		if (sb_routes[i].method != call->method)
			continue;
		call->route = &sb_routes[i];
		for (unsigned k = 0; k < found.count; k++) {
			char *value = prism_arena_strndup(call->arena, found.param[k].at, found.param[k].len);
			if (percent_decode(value, false) < 0)
				return sb_invalid(call, "invalid path"), true;
			call->param[found.param[k].name - 'A'] = value;
		}
		return true;
	}
	return known_path;
}

/* ---- the checks ---- */

static void answer_unknown_path(struct sb_call *call)
{
	if (!call->sb->config.html_fallback) {
		sb_fail(call, 404, "404 page not found", "");
		return;
	}
	prism_buf_puts(&call->out.buf, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Prism (sandbox)"
	                               "</title></head>\n<body><h1>Sign in</h1><p>This is the place of "
	                               "the web application.</p></body></html>\n");
	call->answer_type = "text/html; charset=utf-8";
	call->status = 200;
}

static bool check_token(struct sb_call *call)
{
	enum sb_need need = call->route->need;
	if (need == SB_NEED_NOTHING)
		return true;
	if (!call->bearer || !call->bearer[0]) {
		sb_fail(call, 401, SB_TEXT_BEARER, "");
		return false;
	}
	bool pat = sb_pat_is(call->bearer);
	if ((pat && call->route->flags & SB_ROUTE_SESSION) ||
	    (pat ? sb_pat_check(call->sb, call->bearer, &call->caller)
	         : sb_auth_check(call->sb, call->bearer, SB_TOKEN_ACCESS, &call->caller)) < 0) {
		sb_fail(call, 401, SB_TEXT_AUTHN, "");
		return false;
	}
	if (need != SB_NEED_TOKEN && !call->caller.verified) {
		sb_fail(call, 401, "email not verified", "");
		return false;
	}
	if (need == SB_NEED_ADMIN && !call->caller.admin) {
		sb_fail(call, 403, SB_TEXT_AUTHZ, "not authorized to perform admin action");
		return false;
	}
	return true;
}

static bool is_json_type(const char *type)
{
	static const char word[] = "application/json";
	for (size_t i = 0; i < sizeof(word) - 1; i++)
		if (!type || tolower((unsigned char)type[i]) != word[i])
			return false;
	return strchr("; \t", type[sizeof(word) - 1]) != NULL; /* the end of the text counts too */
}

static bool check_body(struct sb_call *call)
{
	bool write = call->method == SB_POST || call->method == SB_PUT || call->method == SB_PATCH;
	bool wants = call->route->flags & SB_ROUTE_BODY;
	if ((write || wants) && !(call->route->flags & SB_ROUTE_NO_TYPE) &&
	    !is_json_type(call->content_type)) {
		sb_fail(call, 415, "unsupported content type", "");
		return false;
	}
	if (!wants)
		return true;
	struct prism_error err = PRISM_ERROR_INIT;
	call->json = prism_json_parse(call->body ? call->body : "", call->body_len, &err);
	if (!call->json || !cJSON_IsObject(call->json)) {
		sb_fail(call, 400, SB_TEXT_MALFORMED, call->json ? "expected an object" : err.message);
		return false;
	}
	return true;
}

/* {D}: what is not there and what is not yours look the same (403), as with the real service. */
static bool check_workspace(struct sb_call *call)
{
	const char *id = sb_path_param(call, 'D');
	if (!id)
		return true;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT n, status FROM workspaces WHERE id = ?", SB_ARGS(SB_T(id)));
	if (sb_rows_next(&rows)) {
		call->workspace = sb_rows_int(rows, 0);
		call->workspace_actions =
		    sb_workspace_actions(call->sb->db, call->workspace, call->caller.n, &call->member);
		bool enabled = strcmp(sb_rows_text(rows, 1), "enabled") == 0;
		bool admin = (call->workspace_actions & SB_W_ALL) == SB_W_ALL;
		if (call->member && (enabled || admin))
			return true;
	}
	sb_fail(call, 403, SB_TEXT_AUTHZ, "");
	return false;
}

static bool check_computation(struct sb_call *call)
{
	const char *id = sb_path_param(call, 'C');
	if (!id)
		return true;
	call->computation =
	    sb_db_int(call->sb->db, 0, "SELECT n FROM computations WHERE id = ? AND workspace = ?",
	              SB_ARGS(SB_T(id), SB_I(call->workspace)));
	if (!call->computation) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return false;
	}
	call->computation_actions =
	    sb_computation_actions(call->sb->db, call->computation, call->caller.n);
	return true;
}

static bool check_permission(struct sb_call *call)
{
	if (sb_allowed(call->route->need, call->member, call->workspace_actions,
	               call->computation_actions))
		return true;
	sb_fail(call, 403, SB_TEXT_AUTHZ, "");
	return false;
}

static void dispatch(struct sb_call *call)
{
	char *target = prism_arena_strdup(call->arena, call->target);
	char *query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	size_t len = strlen(target);
	if (len > 1 && target[len - 1] == '/')
		target[len - 1] = '\0'; /* collection roots answer to both forms */
	call->path = target;
	if (!find_route(call)) {
		answer_unknown_path(call);
		return;
	}
	if (call->status)
		return;
	if (!call->route) {
		sb_empty(call, 405);
		return;
	}
	if (parse_query(call, query) < 0 || query_repeats(call)) {
		sb_invalid(call, SB_TEXT_QUERY);
		return;
	}
	if (check_token(call) && check_body(call) && check_workspace(call) && check_computation(call) &&
	    check_permission(call))
		call->route->handler(call);
}

void sb_later(struct sb_call *call, void (*step)(struct sb_call *), void *work,
              void (*drop)(void *work))
{
	call->step = step;
	call->work = work;
	call->drop = drop;
}

static void drop_work(struct sb_call *call)
{
	if (call->drop)
		call->drop(call->work);
	call->step = NULL;
	call->drop = NULL;
	call->work = NULL;
}

/* A call is answered when it has a status, or when no step is left that could give it one. */
static bool settle(struct sb_call *call)
{
	const char *fault = sb_db_fault(call->sb->db);
	if (fault) {
		call->status = 0;
		sb_fail(call, 500, "store failed", fault);
		sb_db_clear_fault(call->sb->db);
	}
	if (!call->status && call->step)
		return false;
	drop_work(call);
	if (!call->status)
		sb_fail(call, 500, "no answer", "");
	return true;
}

bool sb_router_begin(struct sb_call *call)
{
	if (!call->arena)
		call->arena = prism_arena_create();
	sb_json_init(&call->out);
	call->answer_type = "application/json";
	dispatch(call);
	return settle(call);
}

bool sb_router_step(struct sb_call *call)
{
	call->step(call);
	return settle(call);
}

void sb_router_answer(struct sb_call *call)
{
	bool answered = sb_router_begin(call);
	while (!answered)
		answered = sb_router_step(call);
}

void sb_call_finish(struct sb_call *call)
{
	drop_work(call);
	prism_json_free(call->json);
	sb_json_finish(&call->out);
	prism_arena_destroy(call->arena);
	call->json = NULL;
	call->arena = NULL;
}
