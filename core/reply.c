/*
 * Reading answers: which line of an error body is the useful one, what to tell the user for a
 * status, and where the id of a new object hides.  Pure; every generation of reference 2.4.
 */
#include "core/request.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define BODY_LINE_MAX 300 /* of a plain-text body; more is a page, not a message */

static const struct {
	int status;
	enum prism_error_category category;
	const char *phrase, *hint;
} statuses[] = {
    {400, PRISM_ERROR_INVALID, "bad request", ""},
    {401, PRISM_ERROR_AUTH, "not signed in", "sign in again"},
    {402, PRISM_ERROR_DENIED, "payment required", "the plan of this account does not allow it"},
    {403, PRISM_ERROR_DENIED, "not allowed",
     "ask an administrator of the workspace for the permission"},
    {404, PRISM_ERROR_MISSING, "not found", "it may have been deleted; refresh the list"},
    {405, PRISM_ERROR_MISSING, "method not allowed", "the server does not offer this operation"},
    {408, PRISM_ERROR_TIMEOUT, "request timeout", "try again"},
    {409, PRISM_ERROR_CONFLICT, "conflict",
     "it was already done, or is being changed by somebody else; refresh"},
    {413, PRISM_ERROR_LIMIT, "content too large", "send less"},
    {415, PRISM_ERROR_PROTOCOL, "unsupported media type",
     "this is a fault of the client; please report it"},
    {422, PRISM_ERROR_CONFLICT, "rejected by the server",
     "already exists, missing, or not allowed"},
    {429, PRISM_ERROR_IO, "too many requests", "wait a moment and try again"},
    {500, PRISM_ERROR_IO, "internal server error", "try again later"},
    {502, PRISM_ERROR_IO, "bad gateway", "the service behind the address is down; try again later"},
    {503, PRISM_ERROR_IO, "service unavailable", "try again later"},
    {504, PRISM_ERROR_IO, "gateway timeout", "try again later"},
};

static void describe_status(int status, enum prism_error_category *category, const char **phrase,
                            const char **hint)
{
	for (size_t i = 0; i < PRISM_COUNT(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		*category = statuses[i].category;
		*phrase = statuses[i].phrase;
		*hint = statuses[i].hint;
		return;
	}
	*hint = "";
	*phrase = status >= 500 ? "server error" : status >= 400 ? "refused" : "unexpected answer";
	*category = status >= 500   ? PRISM_ERROR_IO
	            : status >= 400 ? PRISM_ERROR_INVALID
	                            : PRISM_ERROR_PROTOCOL;
}

/* --- the useful line --- */

static bool is_html(const char *content_type, const char *body)
{
	if (strncasecmp(content_type, "text/html", 9) == 0 ||
	    strncasecmp(content_type, "application/xhtml", 17) == 0)
		return true;
	if (*content_type && strncasecmp(content_type, "text/", 5) != 0)
		return false;
	while (*body == ' ' || *body == '\n' || *body == '\r' || *body == '\t')
		body++;
	return strncasecmp(body, "<!doctype html", 14) == 0 || strncasecmp(body, "<html", 5) == 0;
}

bool core_reply_is_html(const char *content_type, const char *body)
{
	return is_html(content_type ? content_type : "", body ? body : "");
}

static void one_line(char *line, size_t size, const char *text)
{
	size_t used = 0;
	bool space = false;
	for (; *text && used + 2 < size; text++) {
		if (*text == '\n' || *text == '\r' || *text == '\t' || *text == ' ') {
			space = used > 0;
			continue;
		}
		if (space)
			line[used++] = ' ';
		space = false;
		line[used++] = *text;
	}
	while (used > 0 && *text && ((unsigned char)line[used - 1] & 0x80))
		used--; /* cut in the middle: drop a possibly broken character */
	line[used] = '\0';
}

static const char *text_of(const cJSON *value)
{
	if (cJSON_IsString(value) && value->valuestring)
		return value->valuestring;
	if (cJSON_IsObject(value)) { /* {"error": {"message": ...}} of proxies */
		const char *inner = prism_json_str(value, "message", "");
		return *inner ? inner : prism_json_str(value, "error", "");
	}
	return "";
}

/* "" when the body says nothing. */
static void body_line(const char *content_type, const char *body, size_t len, char *line,
                      size_t size)
{
	line[0] = '\0';
	if (len == 0 || is_html(content_type, body))
		return;
	PRISM_AUTO_JSON cJSON *doc = prism_json_parse(body, len, NULL);
	if (cJSON_IsString(doc)) {
		one_line(line, size, doc->valuestring);
		return;
	}
	if (!doc) {
		if (strncasecmp(content_type, "application/json", 16) != 0 && len <= BODY_LINE_MAX)
			one_line(line, size, body);
		return;
	}
	const char *message = text_of(prism_json_get(doc, "message"));
	const char *error = text_of(prism_json_get(doc, "error"));
	if (!*message && !*error)
		message = text_of(prism_json_get(doc, "msg"));
	if (!*message && !*error)
		message = text_of(prism_json_get(doc, "detail"));
	char both[PRISM_ERROR_TEXT * 2];
	if (*message && *error && strcmp(message, error) != 0)
		snprintf(both, sizeof(both), "%s: %s", message, error);
	else
		snprintf(both, sizeof(both), "%s", *message ? message : error);
	one_line(line, size, both);
}

/* --- special cases --- */

static bool contains(const char *line, const char *needle)
{
	return prism_text_contains(line, needle);
}

static bool known_status(int status)
{
	switch (status) {
	case 400:
	case 401:
	case 403:
	case 404:
	case 405:
	case 409:
	case 415:
	case 422:
	case 429:
		return true;
	default:
		return false;
	}
}

static int html_error(int status, const struct core_endpoint *row, struct prism_error *err)
{
	if (row && row->flags & CORE_EPF_INFERRED) {
		prism_error_raise(err, PRISM_ERROR_MISSING, "not offered by this server");
	} else {
		prism_error_raise(
		    err, PRISM_ERROR_PROTOCOL,
		    "the server returned a web page, not data: the web UI is at this address");
		prism_error_hint(
		    err, "check the base URL of the profile (documented: "
		         "https://prism.ultraviolet.rs, https://cloud.prism.ultraviolet.rs) and its "
		         "per-service URLs");
	}
	if (err)
		err->status = status;
	return -1;
}

static void refine(int status, const char *line, const struct core_endpoint *row,
                   enum prism_error_category *category, const char **hint)
{
	bool read = row && row->method == NET_HTTP_GET;
	if (status == 400 && read && contains(line, "view entity failed")) {
		*category = PRISM_ERROR_MISSING;
		*hint = "it may have been deleted; refresh the list";
	}
	if (status == 401 && contains(line, "email not verified")) {
		*category = PRISM_ERROR_DENIED;
		*hint = "open the link in the verification mail, or ask for a new mail, then sign in again";
	} else if (status == 401 && row && row->flags & CORE_EPF_OPEN) {
		*hint = "check the user name or e-mail address and the password";
	}
	if (status == 401 && row && row->flags & CORE_EPF_NO_REFRESH && contains(line, "revoked"))
		*category = PRISM_ERROR_DENIED;
	if (row && row->flags & CORE_EPF_METERED && status >= 400 && status < 500 &&
	    !known_status(status)) {
		*category = PRISM_ERROR_DENIED;
		*hint = "a limit of the plan was reached; see Billing in the web console";
	} else if (contains(line, "plan limit") || contains(line, "limit reached") ||
	           contains(line, "exceeded the limit") || contains(line, "quota")) {
		if (status < 500)
			*category = PRISM_ERROR_DENIED;
		*hint = "a limit of the plan was reached; see Billing in the web console";
	}
	if (row && row->flags & CORE_EPF_INFERRED && (status == 404 || status == 405))
		*hint = "the server does not offer this";
}

int core_reply_error(int status, const char *content_type, const char *body, size_t len,
                     const struct core_endpoint *row, struct prism_error *err)
{
	if (!content_type)
		content_type = "";
	if (!body)
		body = "", len = 0;
	if (status >= 300 && status < 400) {
		prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the server redirects to another address");
		prism_error_hint(err, "check the base URL of the profile; redirects are not followed");
		if (err)
			err->status = status;
		return -1;
	}
	bool html = is_html(content_type, body);
	if (html && (status < 300 || status == 404 || status == 405))
		return html_error(status, row, err);
	char line[PRISM_ERROR_TEXT];
	enum prism_error_category category;
	const char *phrase, *hint;
	body_line(content_type, body, len, line, sizeof(line));
	describe_status(status, &category, &phrase, &hint);
	refine(status, line, row, &category, &hint);
	if (!*line)
		prism_error_raise(err, category, "%s (HTTP %d)", phrase, status);
	else if (status == 422)
		prism_error_raise(err, category, "%s: %s", phrase, line);
	else
		prism_error_raise(err, category, "%s", line);
	if (*hint)
		prism_error_hint(err, "%s", hint);
	if (err)
		err->status = status;
	return -1;
}

/* --- ids --- */

char *core_id_from_location(const char *location)
{
	if (!location || !*location)
		return NULL;
	PRISM_AUTO_JSON cJSON *doc = NULL;
	if (*location == '{') {
		doc = prism_json_parse(location, strlen(location), NULL);
		location = prism_json_str(doc, "path", "");
	}
	const char *end = location + strcspn(location, "?#");
	while (end > location && end[-1] == '/')
		end--;
	const char *start = end;
	while (start > location && start[-1] != '/')
		start--;
	/* "https://host": a host is not an id */
	if (start == end || (start - location >= 2 && start[-1] == '/' && start[-2] == '/'))
		return NULL;
	return prism_strndup(start, (size_t)(end - start));
}
