/*
 * Authenticator requests as the real agent reads them: one handshake message and nothing behind
 * it, with signature algorithms and the offer of evidence (reference attested-tls.md 3.4).
 */
#include "sandbox/atls_private.h"

enum {
	MSG_CERTIFICATE_REQUEST = 13,
	MSG_CLIENT_CERTIFICATE_REQUEST = 17,
	EXT_SIGNATURE_ALGORITHMS = 0x000d,
	EXT_EVIDENCE = 0xff00,
};

static size_t get_be(const uint8_t *at, unsigned bytes)
{
	size_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *at++;
	return value;
}

static const char *take_schemes(const uint8_t *data, size_t size, struct sb_atls_request *ret)
{
	if (size < 4 || get_be(data, 2) != size - 2 || size % 2 != 0)
		return "signature_algorithms is malformed";
	ret->schemes = data + 2;
	ret->scheme_count = (size - 2) / 2;
	return NULL;
}

static const char *take_extensions(const uint8_t *at, const uint8_t *end,
                                   struct sb_atls_request *ret)
{
	bool offered = false;

	while (end - at >= 4) {
		size_t type = get_be(at, 2), size = get_be(at + 2, 2);
		at += 4;
		if ((size_t)(end - at) < size)
			return "truncated input";
		const char *fault = type == EXT_SIGNATURE_ALGORITHMS ? take_schemes(at, size, ret) : NULL;
		if (fault)
			return fault;
		offered |= type == EXT_EVIDENCE;
		at += size;
	}
	if (at != end)
		return "trailing request bytes";
	if (!ret->scheme_count)
		return "missing signature_algorithms";
	return offered ? NULL : "cmw_attestation extension not offered";
}

static const char *parse(const uint8_t *data, size_t size, struct sb_atls_request *ret)
{
	if (size < 7 ||
	    (data[0] != MSG_CERTIFICATE_REQUEST && data[0] != MSG_CLIENT_CERTIFICATE_REQUEST))
		return "unsupported handshake type";
	if (get_be(data + 1, 3) != size - 4)
		return get_be(data + 1, 3) > size - 4 ? "truncated input" : "trailing request bytes";
	ret->context = data + 5;
	ret->context_size = data[4];
	if (size < 7 + ret->context_size)
		return "truncated input";
	const uint8_t *extensions = data + 5 + ret->context_size;
	if (get_be(extensions, 2) != size - 7 - ret->context_size)
		return "truncated input";
	return take_extensions(extensions + 2, data + size, ret);
}

int sb_atls_request_parse(const void *data, size_t size, struct sb_atls_request *ret,
                          struct prism_error *err)
{
	*ret = (struct sb_atls_request){.context = NULL};
	const char *fault = parse(data, size, ret);

	return fault ? prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%s", fault) : 0;
}

bool sb_atls_request_offers(const struct sb_atls_request *request, unsigned scheme)
{
	for (size_t i = 0; i < request->scheme_count; i++)
		if (get_be(request->schemes + 2 * i, 2) == scheme)
			return true;
	return false;
}
