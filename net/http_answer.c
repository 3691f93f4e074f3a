/*
 * Owns what comes back of a request: its headers, its body, its progress.
 */
#include "net/http_private.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

#define HEADERS_CAP 262144 /* stops a server that sends headers without end */

static bool is_success(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

/* libcurl's write callback: any return but size ends the transfer. */
static size_t body_arrived(char *bytes, size_t unit, size_t count, void *data)
{
	struct net_http_request *r = data;
	size_t size = unit * count;

	if (r->error.category != PRISM_ERROR_NONE)
		return CURL_WRITEFUNC_ERROR;
	r->received_total += size;
	if (r->received_total > r->cap) {
		char text[24];

		(void)prism_error_raise(&r->error, PRISM_ERROR_LIMIT, "the answer is larger than %s",
		                        prism_text_bytes(r->cap, text));
		prism_error_hint(&r->error, "ask for less at a time; the server may also be broken");
		return CURL_WRITEFUNC_ERROR;
	}
	if (r->spec.on_chunk && is_success(r->easy)) {
		if (r->spec.on_chunk(r->spec.data, bytes, size, &r->error) == 0)
			return size;
		if (r->error.category == PRISM_ERROR_NONE)
			(void)prism_error_raise(&r->error, PRISM_ERROR_INTERNAL, "the download was refused");
		return CURL_WRITEFUNC_ERROR;
	}
	return prism_buf_append(&r->received, bytes, size, &r->error) == 0 ? size
	                                                                   : CURL_WRITEFUNC_ERROR;
}

static int progressed(void *data, curl_off_t total, curl_off_t now, curl_off_t up_total,
                      curl_off_t up)
{
	struct net_http_request *r = data;

	if (r->error.category != PRISM_ERROR_NONE)
		return 1;
	if (r->spec.on_progress && now > 0)
		r->spec.on_progress(r->spec.data, (uint64_t)now, total > 0 ? (uint64_t)total : 0);
	return 0;
}

/* The value of the header when the line has that name, without white space around it; NULL: it is
 * another one. */
static const char *value_of(const char *line, size_t len, const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);

	if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
		return NULL;
	line += name_len + 1;
	len -= name_len + 1;
	while (len && (*line == ' ' || *line == '\t'))
		line++, len--;
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
		len--;
	*ret_len = len;
	return line;
}

static void keep_header(const char *line, size_t len, const char *name, char **slot)
{
	const char *value = value_of(line, len, name, &len);

	if (!value)
		return;
	prism_free(*slot);
	*slot = prism_strndup(value, len);
}

int64_t net_http_date_us(const char *text)
{
	time_t at = curl_getdate(text, NULL);

	return at == (time_t)-1 ? PRISM_TIME_UNSET : (int64_t)at * 1000000;
}

/* Reading a date costs more than all the other headers, and a second has many answers. */
static void keep_date(struct net_http_request *r, const char *line, size_t len)
{
	struct net_http *http = r->http;
	const char *value = value_of(line, len, "date", &len);

	if (!value || len >= sizeof(http->date))
		return;
	if (!*http->date || strncmp(http->date, value, len) != 0 || http->date[len]) {
		memcpy(http->date, value, len);
		http->date[len] = '\0';
		http->date_us = net_http_date_us(http->date);
	}
	r->server_date_us = http->date_us;
}

static void forget_headers(struct net_http_request *r)
{
	prism_free(r->content_type);
	prism_free(r->location);
	prism_free(r->hx_location);
	prism_free(r->retry_after);
	r->content_type = r->location = r->hx_location = r->retry_after = NULL;
	r->server_date_us = PRISM_TIME_UNSET;
}

static size_t header_arrived(char *line, size_t unit, size_t count, void *data)
{
	struct net_http_request *r = data;
	size_t size = unit * count;

	r->header_bytes += size;
	if (r->header_bytes > HEADERS_CAP) {
		(void)prism_error_raise(&r->error, PRISM_ERROR_LIMIT, "the answer's headers have no end");
		return 0;
	}
	if (size > 5 && strncasecmp(line, "HTTP/", 5) == 0)
		forget_headers(r); /* a further answer after 100 Continue or a proxy's */
	keep_header(line, size, "content-type", &r->content_type);
	keep_header(line, size, "location", &r->location);
	keep_header(line, size, "hx-location", &r->hx_location);
	keep_header(line, size, "retry-after", &r->retry_after);
	keep_date(r, line, size);
	return size;
}

void net_http_answer_set(struct net_http_request *r)
{
	CURL *easy = r->easy;

	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_arrived);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progressed);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, r);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}
