/*
 * The gRPC codec: status words, the 5-byte message prefix, percent coding of messages, timeouts.
 * Bytes in, bytes out; no sockets, no HTTP/2.  Source: grpc/doc/PROTOCOL-HTTP2.md.
 */
#include "net/grpc.h"

#include "base/mem.h"

static const struct status_row {
	const char *word;
	enum prism_error_category category;
} statuses[] = {
    /* indexed by enum net_grpc_status */
    [NET_GRPC_OK] = {"OK", PRISM_ERROR_NONE},
    /* Said by the peer, so it has to be shown; a cancel of our own never comes through here. */
    [NET_GRPC_CANCELLED] = {"CANCELLED", PRISM_ERROR_IO},
    [NET_GRPC_UNKNOWN] = {"UNKNOWN", PRISM_ERROR_PROTOCOL},
    [NET_GRPC_INVALID_ARGUMENT] = {"INVALID_ARGUMENT", PRISM_ERROR_INVALID},
    [NET_GRPC_DEADLINE_EXCEEDED] = {"DEADLINE_EXCEEDED", PRISM_ERROR_TIMEOUT},
    [NET_GRPC_NOT_FOUND] = {"NOT_FOUND", PRISM_ERROR_MISSING},
    [NET_GRPC_ALREADY_EXISTS] = {"ALREADY_EXISTS", PRISM_ERROR_CONFLICT},
    [NET_GRPC_PERMISSION_DENIED] = {"PERMISSION_DENIED", PRISM_ERROR_DENIED},
    [NET_GRPC_RESOURCE_EXHAUSTED] = {"RESOURCE_EXHAUSTED", PRISM_ERROR_LIMIT},
    [NET_GRPC_FAILED_PRECONDITION] = {"FAILED_PRECONDITION", PRISM_ERROR_CONFLICT},
    [NET_GRPC_ABORTED] = {"ABORTED", PRISM_ERROR_CONFLICT},
    [NET_GRPC_OUT_OF_RANGE] = {"OUT_OF_RANGE", PRISM_ERROR_INVALID},
    [NET_GRPC_UNIMPLEMENTED] = {"UNIMPLEMENTED", PRISM_ERROR_MISSING},
    [NET_GRPC_INTERNAL] = {"INTERNAL", PRISM_ERROR_PROTOCOL},
    [NET_GRPC_UNAVAILABLE] = {"UNAVAILABLE", PRISM_ERROR_IO},
    [NET_GRPC_DATA_LOSS] = {"DATA_LOSS", PRISM_ERROR_PROTOCOL},
    [NET_GRPC_UNAUTHENTICATED] = {"UNAUTHENTICATED", PRISM_ERROR_AUTH},
};
_Static_assert(PRISM_COUNT(statuses) == NET_GRPC_STATUS_COUNT, "one row per status");

const char *net_grpc_status_word(int status)
{
	return status >= 0 && status < NET_GRPC_STATUS_COUNT ? statuses[status].word : "UNKNOWN STATUS";
}

int net_grpc_error(struct prism_error *err, int status, const char *message)
{
	bool known = status > 0 && status < NET_GRPC_STATUS_COUNT;
	prism_error_raise(err, known ? statuses[status].category : PRISM_ERROR_PROTOCOL, "%s",
	                  message && *message ? message : net_grpc_status_word(status));
	if (err)
		err->status = status;
	return -1;
}

int net_grpc_status_from_http(int http_status)
{
	switch (http_status) {
	case 400:
		return NET_GRPC_INTERNAL;
	case 401:
		return NET_GRPC_UNAUTHENTICATED;
	case 403:
		return NET_GRPC_PERMISSION_DENIED;
	case 404:
		return NET_GRPC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return NET_GRPC_UNAVAILABLE;
	default:
		return NET_GRPC_UNKNOWN;
	}
}

bool net_grpc_value_ok(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < 0x20 || (unsigned char)*value > 0x7e)
			return false;
	return true;
}

void net_grpc_frame_header(uint8_t out[5], uint32_t size)
{
	out[0] = 0;
	out[1] = (uint8_t)(size >> 24);
	out[2] = (uint8_t)(size >> 16);
	out[3] = (uint8_t)(size >> 8);
	out[4] = (uint8_t)size;
}

static int header_check(const uint8_t *header, uint32_t *ret_size, struct prism_error *err)
{
	if (header[0] != 0) {
		return net_grpc_error(err, NET_GRPC_INTERNAL,
		                      header[0] == 1 ? "a compressed message arrived, but no compression "
		                                       "was agreed"
		                                     : "the stream of messages is garbled");
	}
	uint32_t size = (uint32_t)header[1] << 24 | (uint32_t)header[2] << 16 |
	                (uint32_t)header[3] << 8 | header[4];
	if (size > NET_GRPC_MESSAGE_MAX) {
		/* grpc-go's words, so that both sides of this program say what the real ones say. */
		char text[96];
		snprintf(text, sizeof(text), "grpc: received message larger than max (%u vs. %u)",
		         (unsigned)size, (unsigned)NET_GRPC_MESSAGE_MAX);
		return net_grpc_error(err, NET_GRPC_RESOURCE_EXHAUSTED, text);
	}
	*ret_size = size;
	return 0;
}

/* pending holds 0 to 4 bytes of a prefix, or a whole prefix and a part of its message. */
int net_grpc_framer_feed(struct net_grpc_framer *framer, const void *data, size_t size,
                         int (*on_message)(void *data, const void *msg, size_t len,
                                           struct prism_error *err),
                         void *user, struct prism_error *err)
{
	struct prism_buf *pending = &framer->pending;
	const uint8_t *in = data;
	uint32_t len;
	while (size > 0) {
		if (pending->len == 0 && size >= 5) { /* a message that is whole in the input: no copy */
			if (header_check(in, &len, err) < 0)
				return -1;
			if (size - 5 >= len) {
				if (on_message(user, in + 5, len, err) < 0)
					return -1;
				in += 5 + (size_t)len;
				size -= 5 + (size_t)len;
				continue;
			}
		}
		size_t take;
		if (pending->len < 5) {
			take = 5 - pending->len < size ? 5 - pending->len : size;
			if (prism_buf_append(pending, in, take, err) < 0)
				return -1;
			in += take;
			size -= take;
			if (pending->len < 5)
				return 0;
		}
		if (header_check((const uint8_t *)pending->data, &len, err) < 0)
			return -1;
		size_t missing = 5 + (size_t)len - pending->len;
		take = missing < size ? missing : size;
		if (prism_buf_reserve(pending, missing, err) < 0 ||
		    (take > 0 && prism_buf_append(pending, in, take, err) < 0))
			return -1;
		in += take;
		size -= take;
		if (take < missing)
			return 0;
		int told = on_message(user, pending->data + 5, len, err);
		prism_buf_clear(pending);
		if (told < 0)
			return -1;
	}
	return 0;
}

void net_grpc_framer_finish(struct net_grpc_framer *framer)
{
	prism_buf_finish(&framer->pending);
}

bool net_grpc_framer_idle(const struct net_grpc_framer *framer)
{
	return framer->pending.len == 0;
}

char *net_grpc_message_encode(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = strlen(text), used = 0;
	char *out = prism_alloc_array(len + 1, 3);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c <= 0x7e && c != '%') {
			out[used++] = (char)c;
		} else {
			out[used++] = '%';
			out[used++] = digits[c >> 4];
			out[used++] = digits[c & 15];
		}
	}
	out[used] = '\0';
	return out;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* What is not valid coding stays as it came, as the specification asks. */
char *net_grpc_message_decode(const char *text, size_t len)
{
	char *out = prism_alloc(len + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;
		if (text[i] == '%' && len - i > 2) {
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
		}
		if (high >= 0 && low >= 0 && (high | low)) {
			out[used++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[used++] = text[i];
		}
	}
	out[used] = '\0';
	return out;
}

char *net_grpc_timeout_format(int64_t timeout_ms, char buf[NET_GRPC_TIMEOUT_TEXT])
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'m', 1}, {'S', 1000}, {'M', 60000}, {'H', 3600000}};
	if (timeout_ms < 1)
		timeout_ms = 1;
	size_t i = 0;
	while (i + 1 < PRISM_COUNT(units) && timeout_ms / units[i].ms > 99999999)
		i++;
	int64_t count = timeout_ms / units[i].ms;
	if (count > 99999999)
		count = 99999999;
	snprintf(buf, NET_GRPC_TIMEOUT_TEXT, "%d%c", (int)count, units[i].unit);
	return buf;
}

int net_grpc_timeout_parse(const char *text, size_t len, int64_t *ret_ms)
{
	if (len < 2 || len > 9)
		return -1;
	int64_t count = 0;
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		count = count * 10 + (text[i] - '0');
	}
	switch (text[len - 1]) {
	case 'n':
		*ret_ms = (count + 999999) / 1000000;
		return 0;
	case 'u':
		*ret_ms = (count + 999) / 1000;
		return 0;
	case 'm':
		*ret_ms = count;
		return 0;
	case 'S':
		*ret_ms = count * 1000;
		return 0;
	case 'M':
		*ret_ms = count * 60000;
		return 0;
	case 'H':
		*ret_ms = count * 3600000;
		return 0;
	default:
		return -1;
	}
}
