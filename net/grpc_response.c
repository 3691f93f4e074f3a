/*
 * Header blocks of an answer; see the header.  Sources: grpc/doc/PROTOCOL-HTTP2.md ("Responses",
 * "Errors"), grpc/doc/http-grpc-status-mapping.md.
 */
#include "net/grpc_response.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>

void net_grpc_response_init(struct net_grpc_response *response)
{
	*response = (struct net_grpc_response){.page = PRISM_BUF_INIT(NET_GRPC_ERROR_PAGE_MAX)};
}

static void block_free(struct net_grpc_response *response)
{
	for (size_t i = 0; i < response->count; i++) {
		prism_free((void *)(uintptr_t)response->headers[i].key);
		prism_free((void *)(uintptr_t)response->headers[i].value);
	}
	prism_free(response->headers);
	response->headers = NULL;
	response->count = response->bytes = 0;
}

void net_grpc_response_finish(struct net_grpc_response *response)
{
	block_free(response);
	prism_free(response->message);
	prism_free(response->content_type);
	response->message = response->content_type = NULL;
	prism_buf_finish(&response->page);
}

void net_grpc_response_begin(struct net_grpc_response *response)
{
	block_free(response);
	response->block_status = 0;
}

static bool named(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(name, want, len) == 0;
}

static void take_status(struct net_grpc_response *response, const char *value, size_t len)
{
	uint64_t status;
	char text[8];
	if (response->has_status)
		return; /* the first one counts */
	response->has_status = true;
	response->status = NET_GRPC_UNKNOWN;
	if (len == 0 || len >= sizeof(text))
		return;
	memcpy(text, value, len);
	text[len] = '\0';
	if (prism_text_parse_u64(text, 9999, &status, NULL) == 0)
		response->status = (int)status;
	else
		response->message = prism_asprintf("the server sent a status that is no number: %s", text);
}

static void take_known(struct net_grpc_response *response, const char *name, size_t name_len,
                       const char *value, size_t len)
{
	if (named(name, name_len, ":status")) {
		for (size_t i = 0; i < len && i < 3; i++)
			response->block_status = response->block_status * 10 + (value[i] - '0');
	} else if (named(name, name_len, "grpc-status")) {
		take_status(response, value, len);
	} else if (named(name, name_len, "grpc-message") && !response->message) {
		response->message = net_grpc_message_decode(value, len);
	} else if (named(name, name_len, "content-type") && !response->content_type) {
		response->content_type = prism_strndup(value, len);
	}
}

int net_grpc_response_header(struct net_grpc_response *response, const char *name, size_t name_len,
                             const char *value, size_t value_len, struct prism_error *err)
{
	/* 32 per header as RFC 9113 section 6.5.2 counts, so that empty ones cost something too. */
	response->bytes += name_len + value_len + 32;
	if (response->bytes > NET_GRPC_METADATA_MAX || response->count >= NET_GRPC_HEADERS_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "the server sent too many headers");
	take_known(response, name, name_len, value, value_len);
	if (name_len > 0 && name[0] == ':')
		return 0;
	if ((response->count & 15) == 0)
		response->headers = prism_realloc_array(response->headers, response->count + 16,
		                                        sizeof(*response->headers));
	response->headers[response->count++] = (struct net_grpc_metadata){
	    .key = prism_strndup(name, name_len), .value = prism_strndup(value, value_len)};
	return 0;
}

int net_grpc_response_end(struct net_grpc_response *response, struct prism_error *err)
{
	if (response->initial_done)
		return 0;
	if (response->block_status >= 100 && response->block_status < 200) {
		if (++response->interim > NET_GRPC_INTERIM_MAX)
			return prism_error_raise(err, PRISM_ERROR_LIMIT,
			                         "the server sent interim answers without end");
		return 0;
	}
	response->initial_done = true;
	response->http_status = response->block_status;
	static const char type[] = "application/grpc";
	response->is_grpc = response->content_type && response->http_status == 200 &&
	                    strncasecmp(response->content_type, type, sizeof(type) - 1) == 0;
	return response->is_grpc && !response->has_status; /* trailers only: there are no headers */
}

bool net_grpc_response_page(struct net_grpc_response *response, const void *data, size_t size)
{
	size_t room = NET_GRPC_ERROR_PAGE_MAX - response->page.len;
	prism_buf_put(&response->page, data, size < room ? size : room);
	return response->page.len == NET_GRPC_ERROR_PAGE_MAX;
}

/* The page in one line: white space folded, tags left out. */
static char *page_text(const struct net_grpc_response *response)
{
	const char *page = prism_buf_text(&response->page);
	char *text = prism_alloc(response->page.len + 1);
	size_t used = 0;
	bool tag = false;
	for (size_t i = 0; i < response->page.len; i++) {
		char c = page[i];
		if (c == '<' || c == '>') {
			tag = c == '<';
			c = ' ';
		}
		if (tag && c != ' ')
			continue;
		if (isspace((unsigned char)c) || c == '\0') {
			if (used > 0 && text[used - 1] != ' ')
				text[used++] = ' ';
		} else {
			text[used++] = c;
		}
	}
	while (used > 0 && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
	return text;
}

static int conclude_http(const struct net_grpc_response *response, struct prism_error *err)
{
	PRISM_AUTO_FREE char *page = page_text(response);
	PRISM_AUTO_FREE char *message = NULL;
	if (response->http_status == 200)
		message = prism_asprintf("the answer is not gRPC: content type %.80s",
		                         response->content_type ? response->content_type : "missing");
	else
		message =
		    prism_asprintf("HTTP status %d%s%s", response->http_status, *page ? ": " : "", page);
	int status = net_grpc_status_from_http(response->http_status);
	net_grpc_error(err, status, message);
	if (status != NET_GRPC_UNAVAILABLE)
		prism_error_hint(err, "check that the address is that of a gRPC service");
	return status;
}

/* PROTOCOL-HTTP2.md, "Errors": HTTP/2 reset codes. */
static int status_of_reset(uint32_t code)
{
	switch (code) {
	case 0x7: /* REFUSED_STREAM */
		return NET_GRPC_UNAVAILABLE;
	case 0x8: /* CANCEL */
		return NET_GRPC_CANCELLED;
	case 0xb: /* ENHANCE_YOUR_CALM */
		return NET_GRPC_RESOURCE_EXHAUSTED;
	case 0xc: /* INADEQUATE_SECURITY */
		return NET_GRPC_PERMISSION_DENIED;
	default:
		return NET_GRPC_INTERNAL;
	}
}

int net_grpc_response_conclude(const struct net_grpc_response *response, uint32_t reset_code,
                               struct prism_error *err)
{
	if (response->has_status) {
		if (response->status == NET_GRPC_OK && reset_code == 0)
			return NET_GRPC_OK;
		if (response->status != NET_GRPC_OK) {
			net_grpc_error(err, response->status, response->message);
			return response->status;
		}
	}
	if (response->initial_done && !response->is_grpc)
		return conclude_http(response, err);
	if (reset_code == 0) {
		net_grpc_error(err, NET_GRPC_INTERNAL, "the server ended the call without a status");
		return NET_GRPC_INTERNAL;
	}
	char text[80];
	int status = status_of_reset(reset_code);
	snprintf(text, sizeof(text), "the server reset the call (HTTP/2 code %u)",
	         (unsigned)reset_code);
	net_grpc_error(err, status, text);
	return status;
}
