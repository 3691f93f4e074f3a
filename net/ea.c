/*
 * Exported Authenticators: see ea.h.
 *
 * Parsing comes first and whole, cryptography second, so that no signature is computed over
 * bytes whose shape is not known (reference attested-tls.md 3.6, 3.7).
 */
#include "net/ea.h"

#include "base/mem.h"

#include <string.h>

enum { /* RFC 8446 section 4, RFC 9261 section 4 */
	   MSG_CERTIFICATE = 11,
	   MSG_CERTIFICATE_VERIFY = 15,
	   MSG_CLIENT_CERTIFICATE_REQUEST = 17,
	   MSG_FINISHED = 20,
	   EXT_SIGNATURE_ALGORITHMS = 0x000d,
	   EXT_EVIDENCE = 0xff00,
	   SCHEME_ECDSA_P256 = 0x0403,
	   SCHEME_RSA_PSS = 0x0804,
	   SCHEME_ED25519 = 0x0807,
};

#define MESSAGE_HEADER 4u

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static uint32_t take_be(struct cursor *c, unsigned bytes)
{
	uint32_t value = 0;

	if (c->bad || (size_t)(c->end - c->at) < bytes) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | c->at[i];
	c->at += bytes;
	return value;
}

/* A vector with a length prefix of `bytes`, as a cursor of its own. */
static struct cursor take_vector(struct cursor *c, unsigned bytes)
{
	uint32_t size = take_be(c, bytes);
	struct cursor inner = {c->at, c->at, true};

	if (c->bad || (size_t)(c->end - c->at) < size) {
		c->bad = true;
		return inner;
	}
	inner = (struct cursor){c->at, c->at + size, false};
	c->at += size;
	return inner;
}

static bool finished(const struct cursor *c)
{
	return !c->bad && c->at == c->end;
}

/* ---- request and frames --------------------------------------------------------------------- */

void net_ea_request(const uint8_t context[NET_EA_CONTEXT], struct prism_buf *out)
{
	static const uint8_t extensions[] = {
	    0x00, 0x10, /* their length */
	    0x00, EXT_SIGNATURE_ALGORITHMS,
	    0x00, 0x08,
	    0x00, 0x06, /* three schemes: */
	    0x04, 0x03,
	    0x08, 0x04,
	    0x08, 0x07, /* P-256, PSS, Ed25519 */
	    0xff, 0x00,
	    0x00, 0x00, /* evidence is welcome */
	};
	const size_t body = 1 + NET_EA_CONTEXT + sizeof(extensions);
	const uint8_t head[] = {MSG_CLIENT_CERTIFICATE_REQUEST, 0, 0, (uint8_t)body, NET_EA_CONTEXT};

	prism_buf_put(out, head, sizeof(head));
	prism_buf_put(out, context, NET_EA_CONTEXT);
	prism_buf_put(out, extensions, sizeof(extensions));
}

void net_ea_frame_header(unsigned type, uint32_t size, uint8_t out[NET_EA_FRAME_HEADER])
{
	out[0] = (uint8_t)type;
	for (unsigned i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(size >> (24 - 8 * i));
}

int net_ea_frame_read(const uint8_t header[NET_EA_FRAME_HEADER], uint32_t *ret_size,
                      struct prism_error *err)
{
	uint32_t size = (uint32_t)header[1] << 24 | (uint32_t)header[2] << 16 |
	                (uint32_t)header[3] << 8 | header[4];

	if (header[0] != NET_EA_FRAME_AUTHENTICATOR)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
		                         "the peer answered with frame type %u instead of an authenticator",
		                         header[0]);
	if (size == 0)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the authenticator is empty");
	if (size > NET_EA_FRAME_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "an authenticator of %u bytes is not read",
		                         size);
	*ret_size = size;
	return 0;
}

/* ---- parsing -------------------------------------------------------------------------------- */

struct message { /* one handshake message: whole, and its body */
	const uint8_t *whole;
	size_t whole_size;
	struct cursor body;
};

struct parsed {
	struct message certificate, verify, finish;
	uint16_t scheme;
	const uint8_t *signature;
	size_t signature_size;
};

static bool take_message(struct cursor *c, unsigned type, struct message *ret)
{
	const uint8_t *start = c->at;

	if (take_be(c, 1) != type)
		return false;
	ret->body = take_vector(c, 3);
	ret->whole = start;
	ret->whole_size = (size_t)(c->at - start);
	return !c->bad;
}

static const char *take_entry_extensions(struct cursor *extensions, size_t index,
                                         struct net_ea_authenticator *ret)
{
	while (!extensions->bad && extensions->at < extensions->end) {
		unsigned type = take_be(extensions, 2);
		struct cursor data = take_vector(extensions, 2);
		if (extensions->bad)
			break;
		if (type != EXT_EVIDENCE)
			return "the certificate carries an extension that was not offered";
		if (index > 0)
			return "evidence stands beside a certificate that is not the leaf";
		if (ret->payload)
			return "the certificate carries evidence twice";
		struct cursor payload = take_vector(&data, 2);
		if (!finished(&data) || payload.at == payload.end)
			return "the length of the evidence is inconsistent";
		ret->payload = payload.at;
		ret->payload_size = (size_t)(payload.end - payload.at);
	}
	return extensions->bad ? "an extension of the certificate is cut off" : NULL;
}

static const char *take_entries(struct cursor *list, struct net_ea_authenticator *ret)
{
	while (!list->bad && list->at < list->end) {
		struct cursor der = take_vector(list, 3);
		struct cursor extensions = take_vector(list, 2);
		if (list->bad || der.at == der.end)
			return "a certificate entry is cut off or empty";
		if (ret->chain_count == NET_CERT_CHAIN_MAX)
			return "there are too many certificates";
		struct net_cert *cert = net_cert_from_der(der.at, (size_t)(der.end - der.at), NULL);
		if (!cert)
			return "a certificate is unreadable";
		ret->chain[ret->chain_count++] = cert;
		const char *fault = take_entry_extensions(&extensions, ret->chain_count - 1, ret);
		if (fault)
			return fault;
	}
	return ret->chain_count ? NULL : "there is no certificate";
}

static const char *take_certificate(struct parsed *p, const uint8_t *context, size_t context_size,
                                    struct net_ea_authenticator *ret)
{
	struct cursor *body = &p->certificate.body;
	struct cursor echoed = take_vector(body, 1);
	struct cursor list = take_vector(body, 3);

	if (!finished(body))
		return "the Certificate message is malformed";
	if ((size_t)(echoed.end - echoed.at) != context_size ||
	    !net_equal_const_time(echoed.at, context, context_size))
		return "the authenticator answers another request (context differs)";
	return take_entries(&list, ret);
}

static const char *take_verify(struct parsed *p)
{
	struct cursor *body = &p->verify.body;

	p->scheme = (uint16_t)take_be(body, 2);
	struct cursor signature = take_vector(body, 2);
	if (!finished(body))
		return "the CertificateVerify message is malformed";
	p->signature = signature.at;
	p->signature_size = (size_t)(signature.end - signature.at);
	return NULL;
}

static const char *parse(const uint8_t *message, size_t size, const uint8_t *context,
                         size_t context_size, struct parsed *p, struct net_ea_authenticator *ret)
{
	struct cursor c = {message, message + size, false};

	if (size > 0 && message[0] == MSG_FINISHED)
		return "the peer sent an empty authenticator: it proves nothing";
	if (!take_message(&c, MSG_CERTIFICATE, &p->certificate) ||
	    !take_message(&c, MSG_CERTIFICATE_VERIFY, &p->verify) ||
	    !take_message(&c, MSG_FINISHED, &p->finish))
		return "the authenticator's messages are cut off or out of order";
	if (!finished(&c))
		return "bytes follow the authenticator";
	const char *fault = take_certificate(p, context, context_size, ret);
	return fault ? fault : take_verify(p);
}

/* ---- cryptography (reference 3.6) ----------------------------------------------------------- */

struct piece {
	const void *data;
	size_t size;
};

static void hash_pieces(enum net_digest_kind kind, const struct piece *pieces, size_t count,
                        uint8_t *out)
{
	struct net_digest *digest = net_digest_create(kind);
	uint8_t full[NET_DIGEST_MAX];

	for (size_t i = 0; i < count; i++)
		net_digest_update(digest, pieces[i].data, pieces[i].size);
	size_t size = net_digest_final(digest, full);
	net_digest_destroy(digest);
	memcpy(out, full, size);
}

static bool scheme_of(uint16_t wire, enum net_sig_scheme *ret)
{
	static const struct {
		uint16_t wire;
		enum net_sig_scheme scheme;
	} offered[] = {{SCHEME_ECDSA_P256, NET_SIG_ECDSA_DER_SHA256},
	               {SCHEME_RSA_PSS, NET_SIG_RSA_PSS_SHA256},
	               {SCHEME_ED25519, NET_SIG_ED25519}};

	for (size_t i = 0; i < PRISM_COUNT(offered); i++) {
		if (offered[i].wire == wire) {
			*ret = offered[i].scheme;
			return true;
		}
	}
	return false;
}

static int check_signature(const struct parsed *p, const struct net_cert *leaf,
                           const struct net_ea_keys *keys, const uint8_t *transcript,
                           struct prism_error *err)
{
	static const char title[] = "Exported Authenticator"; /* with its NUL, as RFC 9261 wants */
	size_t hash_size = net_digest_size(keys->hash);
	uint8_t signed_bytes[64 + sizeof(title) + NET_EA_HASH_MAX];
	enum net_sig_scheme scheme;

	if (!scheme_of(p->scheme, &scheme))
		return prism_error_raise(
		    err, PRISM_ERROR_TRUST,
		    "the authenticator uses signature scheme 0x%04x, which was not offered", p->scheme);
	memset(signed_bytes, 0x20, 64);
	memcpy(signed_bytes + 64, title, sizeof(title));
	memcpy(signed_bytes + 64 + sizeof(title), transcript, hash_size);
	struct net_pubkey *key = net_pubkey_from_cert(leaf, err);
	if (!key)
		return -1;
	int rc = net_pubkey_verify(key, scheme, signed_bytes, 64 + sizeof(title) + hash_size,
	                           p->signature, p->signature_size, err);
	net_pubkey_destroy(key);
	return rc < 0 ? prism_error_wrap(err, "the authenticator's CertificateVerify does not hold")
	              : 0;
}

static int check_finished(const struct parsed *p, const struct net_ea_keys *keys,
                          const uint8_t *transcript, struct prism_error *err)
{
	size_t hash_size = net_digest_size(keys->hash);
	uint8_t expected[NET_EA_HASH_MAX];

	net_hmac(keys->hash, keys->finished_key, hash_size, transcript, hash_size, expected);
	bool equal = (size_t)(p->finish.body.end - p->finish.body.at) == hash_size &&
	             net_equal_const_time(p->finish.body.at, expected, hash_size);
	prism_wipe(expected, sizeof(expected));
	return equal ? 0
	             : prism_error_raise(err, PRISM_ERROR_TRUST,
	                                 "the authenticator was not made on this connection "
	                                 "(its Finished does not hold)");
}

int net_ea_verify(const uint8_t *request, size_t request_size, const uint8_t *message, size_t size,
                  const struct net_ea_keys *keys, struct net_ea_authenticator *ret,
                  struct prism_error *err)
{
	struct parsed p = {.scheme = 0};
	uint8_t transcript[NET_EA_HASH_MAX];
	size_t hash_size = net_digest_size(keys->hash);
	int rc;

	memset(ret, 0, sizeof(*ret));
	if (request_size < MESSAGE_HEADER + 1 ||
	    request_size < MESSAGE_HEADER + 1 + (size_t)request[MESSAGE_HEADER])
		return prism_error_raise(err, PRISM_ERROR_INTERNAL, "malformed authenticator request");
	const char *fault =
	    parse(message, size, request + MESSAGE_HEADER + 1, request[MESSAGE_HEADER], &p, ret);
	if (fault) {
		net_ea_finish(ret);
		return prism_error_raise(err, PRISM_ERROR_TRUST, "%s", fault);
	}
	const struct piece pieces[] = {
	    {keys->handshake_context, hash_size},
	    {request, request_size},
	    {p.certificate.whole, p.certificate.whole_size},
	    {p.verify.whole, p.verify.whole_size},
	};
	hash_pieces(keys->hash, pieces, 3, transcript);
	rc = check_signature(&p, ret->chain[0], keys, transcript, err);
	if (rc == 0) {
		hash_pieces(keys->hash, pieces, 4, transcript);
		rc = check_finished(&p, keys, transcript, err);
	}
	if (rc < 0)
		net_ea_finish(ret);
	return rc;
}

void net_ea_finish(struct net_ea_authenticator *authenticator)
{
	for (size_t i = 0; i < authenticator->chain_count; i++)
		net_cert_destroy(authenticator->chain[i]);
	memset(authenticator, 0, sizeof(*authenticator));
}
