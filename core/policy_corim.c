/*
 * CoRIM policies of generation 2: reading reference values, checking a COSE_Sign1 signature,
 * writing a correct one (reference attestation.md section 5).
 *
 * The whole file is validated first (definite lengths, depth, duplicate keys); the walkers below
 * then only pick what they know and skip the rest.
 */
#include "core/policy_json.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/cbor.h"
#include "net/crypto.h"
#include "net/x509.h"

#include <stdio.h>
#include <string.h>

enum { /* tags and keys of the CoRIM profile in use (reference 5.2) */
	   TAG_COSE_SIGN1 = 18,
	   TAG_CORIM_FIRST = 500,
	   TAG_CORIM_LAST = 502,
	   TAG_COMID = 506,
	   TAG_SVN = 552,
	   TAG_MIN_SVN = 553,
	   COSE_ES256 = -7,
};

struct cose { /* parts of 18([protected, unprotected, payload, signature]); lent */
	const uint8_t *protected_header, *payload, *signature;
	size_t protected_size, payload_size, signature_size;
};

static bool read_cose(struct core_cbor *cbor, struct cose *ret)
{
	if (core_cbor_tag(cbor) != TAG_COSE_SIGN1 || core_cbor_array(cbor) != 4)
		core_cbor_fail(cbor, "the signature envelope is malformed");
	ret->protected_header = core_cbor_bytes(cbor, &ret->protected_size);
	core_cbor_skip(cbor);
	ret->payload = core_cbor_bytes(cbor, &ret->payload_size);
	ret->signature = core_cbor_bytes(cbor, &ret->signature_size);
	return core_cbor_ok(cbor);
}

/* ---- reference values ----------------------------------------------------------------------- */

static bool length_fits(int64_t algorithm, size_t size)
{
	static const struct {
		int64_t algorithm;
		size_t size;
	} known[] = {{1, 32}, {7, 48}, {8, 64}, {10, 32}, {11, 48}, {12, 64}};

	for (size_t i = 0; i < PRISM_COUNT(known); i++)
		if (known[i].algorithm == algorithm)
			return known[i].size == size;
	return false;
}

static void read_digests(struct core_cbor *cbor, struct core_policy_corim *ret)
{
	uint64_t count = core_cbor_array(cbor);

	for (uint64_t i = 0; i < count && core_cbor_ok(cbor); i++) {
		size_t size;
		if (core_cbor_array(cbor) != 2) {
			core_cbor_fail(cbor, "a digest is not a pair");
			return;
		}
		int64_t algorithm = core_cbor_int(cbor);
		const uint8_t *data = core_cbor_bytes(cbor, &size);
		if (!data)
			return;
		if (!length_fits(algorithm, size)) {
			core_cbor_fail(cbor, "a digest's length does not fit its algorithm");
			return;
		}
		if (ret->digest_count == CORE_CORIM_DIGESTS_MAX) {
			core_cbor_fail(cbor, "there are too many digests");
			return;
		}
		struct core_corim_digest *digest = &ret->digests[ret->digest_count++];
		digest->triple = ret->triple_count;
		digest->algorithm = algorithm;
		digest->size = size;
		memcpy(digest->data, data, size);
	}
}

static void read_svn(struct core_cbor *cbor, struct core_policy_corim *ret)
{
	uint64_t tag = core_cbor_peek(cbor) == CORE_CBOR_TAG ? core_cbor_tag(cbor) : TAG_SVN;

	if (tag != TAG_SVN && tag != TAG_MIN_SVN) {
		core_cbor_fail(cbor, "a security version has an unknown tag");
		return;
	}
	ret->has_svn = true;
	ret->svn_is_minimum = tag == TAG_MIN_SVN;
	ret->svn = core_cbor_uint(cbor);
}

/* Calls fn for each member of a map whose keys are integers; text keys are skipped. */
static void each_member(struct core_cbor *cbor, struct core_policy_corim *ret,
                        void (*fn)(struct core_cbor *cbor, int64_t key,
                                   struct core_policy_corim *ret))
{
	uint64_t pairs = core_cbor_map(cbor);

	for (uint64_t i = 0; i < pairs && core_cbor_ok(cbor); i++) {
		if (core_cbor_peek(cbor) > CORE_CBOR_NINT) {
			core_cbor_skip(cbor);
			core_cbor_skip(cbor);
			continue;
		}
		int64_t key = core_cbor_int(cbor);
		fn(cbor, key, ret);
	}
}

static void value_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 1)
		read_svn(cbor, ret);
	else if (key == 2)
		read_digests(cbor, ret);
	else
		core_cbor_skip(cbor);
}

static void measurement_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 1)
		each_member(cbor, ret, value_member);
	else
		core_cbor_skip(cbor);
}

static void read_reference_triples(struct core_cbor *cbor, struct core_policy_corim *ret)
{
	uint64_t triples = core_cbor_array(cbor);

	for (uint64_t i = 0; i < triples && core_cbor_ok(cbor); i++) {
		if (core_cbor_array(cbor) != 2) {
			core_cbor_fail(cbor, "a reference triple is malformed");
			return;
		}
		core_cbor_skip(cbor); /* environment: display only, its ids are random */
		uint64_t measurements = core_cbor_array(cbor);
		for (uint64_t m = 0; m < measurements && core_cbor_ok(cbor); m++)
			each_member(cbor, ret, measurement_member);
		ret->triple_count++;
	}
}

static void triples_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 0)
		read_reference_triples(cbor, ret);
	else
		core_cbor_skip(cbor);
}

static void comid_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 4)
		each_member(cbor, ret, triples_member);
	else
		core_cbor_skip(cbor);
}

static void read_tag(struct core_cbor *cbor, struct core_policy_corim *ret)
{
	size_t size;
	const uint8_t *data = core_cbor_bytes(cbor, &size);
	const char *failure = NULL;
	struct core_cbor inner;

	if (!data)
		return;
	if (!core_cbor_validate(data, size, &failure)) {
		core_cbor_fail(cbor, failure);
		return;
	}
	core_cbor_init(&inner, data, size);
	if (core_cbor_tag(&inner) != TAG_COMID)
		return; /* CoSWID and CoTS carry no reference values of ours */
	each_member(&inner, ret, comid_member);
	if (!core_cbor_ok(&inner))
		core_cbor_fail(cbor, inner.failure);
}

static int64_t read_time(struct core_cbor *cbor)
{
	if (core_cbor_peek(cbor) == CORE_CBOR_TAG)
		core_cbor_tag(cbor);
	int64_t seconds = core_cbor_int(cbor);
	if (seconds < 0) /* before 1970: a limit all the same, and never "none" */
		return 0;
	return (seconds > INT64_MAX / 1000000 ? INT64_MAX / 1000000 : seconds) * 1000000;
}

static void validity_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 0)
		ret->not_before_us = read_time(cbor);
	else if (key == 1)
		ret->not_after_us = read_time(cbor);
	else
		core_cbor_skip(cbor);
}

static void read_id(struct core_cbor *cbor, struct core_policy_corim *ret)
{
	size_t size;

	if (core_cbor_peek(cbor) == CORE_CBOR_TEXT) {
		const char *text = core_cbor_text(cbor, &size);
		snprintf(ret->id, sizeof(ret->id), "%.*s", (int)size, text ? text : "");
	} else {
		core_cbor_skip(cbor);
	}
}

static void corim_member(struct core_cbor *cbor, int64_t key, struct core_policy_corim *ret)
{
	if (key == 0) {
		read_id(cbor, ret);
	} else if (key == 1) {
		uint64_t tags = core_cbor_null(cbor) ? 0 : core_cbor_array(cbor);
		for (uint64_t i = 0; i < tags && core_cbor_ok(cbor); i++)
			read_tag(cbor, ret);
	} else if (key == 4) {
		each_member(cbor, ret, validity_member);
	} else {
		core_cbor_skip(cbor);
	}
}

static int bad_corim(const struct core_cbor *cbor, struct prism_error *err)
{
	return prism_error_raise(err, PRISM_ERROR_INVALID, "not a readable CoRIM: %s",
	                         cbor->failure ? cbor->failure : "bytes follow it");
}

int core_policy_corim_read(const uint8_t *data, size_t size, struct core_policy_corim *ret,
                           struct prism_error *err)
{
	struct core_cbor cbor;
	struct cose cose;
	const char *failure = NULL;

	ret->not_before_us = ret->not_after_us = PRISM_TIME_UNSET;
	if (!core_cbor_validate(data, size, &failure))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "not a readable CoRIM: %s", failure);
	core_cbor_init(&cbor, data, size);
	if (size >= 2 && data[0] == 0xd2) {
		if (!read_cose(&cbor, &cose))
			return bad_corim(&cbor, err);
		ret->is_signed = true;
		if (!core_cbor_validate(cose.payload, cose.payload_size, &failure))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "the signed CoRIM: %s", failure);
		core_cbor_init(&cbor, cose.payload, cose.payload_size);
	}
	if (core_cbor_peek(&cbor) == CORE_CBOR_TAG) {
		uint64_t tag = core_cbor_tag(&cbor);
		if (tag < TAG_CORIM_FIRST || tag > TAG_CORIM_LAST)
			core_cbor_fail(&cbor, "it has a tag of another document");
	}
	each_member(&cbor, ret, corim_member);
	return core_cbor_done(&cbor) ? 0 : bad_corim(&cbor, err);
}

/* ---- signature ------------------------------------------------------------------------------ */

static void put_head(struct prism_buf *out, enum core_cbor_type type, uint64_t value)
{
	uint8_t major = (uint8_t)(type << 5);

	if (value < 24) {
		prism_buf_putc(out, (char)(major | value));
	} else if (value <= UINT8_MAX) {
		prism_buf_putc(out, (char)(major | 24));
		prism_buf_putc(out, (char)value);
	} else if (value <= UINT16_MAX) {
		prism_buf_putc(out, (char)(major | 25));
		prism_buf_putc(out, (char)(value >> 8));
		prism_buf_putc(out, (char)value);
	} else {
		prism_buf_putc(out, (char)(major | 26));
		for (int shift = 24; shift >= 0; shift -= 8)
			prism_buf_putc(out, (char)(value >> shift));
	}
}

static void put_bytes(struct prism_buf *out, const void *data, size_t size)
{
	put_head(out, CORE_CBOR_BYTES, size);
	prism_buf_put(out, data, size);
}

static void put_text(struct prism_buf *out, const char *text)
{
	put_head(out, CORE_CBOR_TEXT, strlen(text));
	prism_buf_puts(out, text);
}

static bool is_es256(const uint8_t *header, size_t size)
{
	struct core_cbor cbor;

	if (!core_cbor_validate(header, size, NULL))
		return false;
	core_cbor_init(&cbor, header, size);
	uint64_t pairs = core_cbor_map(&cbor);
	for (uint64_t i = 0; i < pairs && core_cbor_ok(&cbor); i++) {
		bool is_algorithm = false;
		if (core_cbor_peek(&cbor) == CORE_CBOR_UINT)
			is_algorithm = core_cbor_uint(&cbor) == 1;
		else
			core_cbor_skip(&cbor);
		if (is_algorithm)
			return core_cbor_peek(&cbor) == CORE_CBOR_NINT && core_cbor_int(&cbor) == COSE_ES256;
		core_cbor_skip(&cbor);
	}
	return false;
}

int core_policy_corim_verify(const uint8_t *data, size_t size, const char *pem, size_t pem_size,
                             struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf signed_bytes = PRISM_BUF_INIT(2u * CORE_POLICY_MAX);
	PRISM_AUTO_BUF struct prism_buf spki = PRISM_BUF_INIT(1u << 16);
	struct core_cbor cbor;
	struct cose cose;

	core_cbor_init(&cbor, data, size);
	if (!read_cose(&cbor, &cose))
		return prism_error_raise(err, PRISM_ERROR_TRUST, "the policy is not signed");
	if (!is_es256(cose.protected_header, cose.protected_size))
		return prism_error_raise(err, PRISM_ERROR_TRUST, "the policy's signature is not ES256");
	prism_buf_putc(&signed_bytes, (char)0x84);
	put_text(&signed_bytes, "Signature1");
	put_bytes(&signed_bytes, cose.protected_header, cose.protected_size);
	put_bytes(&signed_bytes, "", 0);
	put_bytes(&signed_bytes, cose.payload, cose.payload_size);

	struct net_key *key = net_key_read_public(pem, pem_size, err);
	if (!key)
		return -1;
	int rc = net_key_public_der(key, &spki, err);
	net_key_destroy(key);
	struct net_pubkey *pubkey = rc < 0 ? NULL : net_pubkey_from_spki(spki.data, spki.len, err);
	if (!pubkey)
		return -1;
	rc = net_pubkey_verify(pubkey, NET_SIG_ECDSA_P256_SHA256, signed_bytes.data, signed_bytes.len,
	                       cose.signature, cose.signature_size, err);
	net_pubkey_destroy(pubkey);
	return rc < 0 ? prism_error_wrap(err, "the policy's signature does not verify") : 0;
}

/* ---- making one (reference 5.3, last paragraph) --------------------------------------------- */

static void put_uuid(struct prism_buf *out)
{
	uint8_t uuid[16];

	net_random_bytes(uuid, sizeof(uuid));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 9562 section 5.4 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	put_head(out, CORE_CBOR_TAG, 37);
	put_bytes(out, uuid, sizeof(uuid));
}

static void put_environment(struct prism_buf *out, enum core_snp_product product)
{
	put_head(out, CORE_CBOR_MAP, 1);
	put_head(out, CORE_CBOR_UINT, 0); /* class */
	put_head(out, CORE_CBOR_MAP, product == CORE_SNP_UNKNOWN ? 1 : 2);
	put_head(out, CORE_CBOR_UINT, 0);
	put_uuid(out);
	if (product != CORE_SNP_UNKNOWN) {
		put_head(out, CORE_CBOR_UINT, 2); /* model */
		put_text(out, core_snp_product_word(product));
	}
}

void core_policy_make_corim(const uint8_t measurement[48], enum core_snp_product product,
                            struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf comid = PRISM_BUF_INIT(CORE_POLICY_MAX);
	char uuid[37], id[64];

	put_head(&comid, CORE_CBOR_TAG, TAG_COMID);
	put_head(&comid, CORE_CBOR_MAP, 2);
	put_head(&comid, CORE_CBOR_UINT, 1); /* tag identity */
	put_head(&comid, CORE_CBOR_MAP, 1);
	put_head(&comid, CORE_CBOR_UINT, 0);
	net_uuid4(uuid);
	snprintf(id, sizeof(id), "snp-tag-%s", uuid);
	put_text(&comid, id);
	put_head(&comid, CORE_CBOR_UINT, 4); /* triples */
	put_head(&comid, CORE_CBOR_MAP, 1);
	put_head(&comid, CORE_CBOR_UINT, 0); /* reference values */
	put_head(&comid, CORE_CBOR_ARRAY, 1);
	put_head(&comid, CORE_CBOR_ARRAY, 2);
	put_environment(&comid, product);
	put_head(&comid, CORE_CBOR_ARRAY, 1);
	put_head(&comid, CORE_CBOR_MAP, 2);
	put_head(&comid, CORE_CBOR_UINT, 0); /* measurement key */
	put_uuid(&comid);
	put_head(&comid, CORE_CBOR_UINT, 1); /* value */
	put_head(&comid, CORE_CBOR_MAP, 1);
	put_head(&comid, CORE_CBOR_UINT, 2); /* digests */
	put_head(&comid, CORE_CBOR_ARRAY, 1);
	put_head(&comid, CORE_CBOR_ARRAY, 2);
	put_head(&comid, CORE_CBOR_UINT, 7); /* sha-384 */
	put_bytes(&comid, measurement, 48);

	net_uuid4(uuid);
	snprintf(id, sizeof(id), "snp-corim-%s", uuid);
	put_head(out, CORE_CBOR_MAP, 2);
	put_head(out, CORE_CBOR_UINT, 0);
	put_text(out, id);
	put_head(out, CORE_CBOR_UINT, 1);
	put_head(out, CORE_CBOR_ARRAY, 1);
	put_bytes(out, comid.data, comid.len);
}
