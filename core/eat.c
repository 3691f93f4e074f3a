/*
 * Entity attestation tokens: CBOR claims in COSE_Sign1, bare, or a JWT.  See evidence.h.
 *
 * The claims are read for display and for the checks of core/evidence.c; the signature is not
 * verified because its key is made by the attester and never conveyed (reference
 * attested-tls.md 3.10).  Integer keys are the agent's, which differ from the registry for two.
 */
#include "core/eat.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/cbor.h"

#include <stdio.h>
#include <string.h>

enum { /* COSE, RFC 9052 and 9053 */
	   COSE_ALGORITHM = 1,
	   COSE_ES256 = -7,
};

enum { /* claim keys */
	   CLAIM_ISS = 1,
	   CLAIM_EXP = 4,
	   CLAIM_IAT = 6,
	   CLAIM_NONCE = 10,
	   CLAIM_MEASUREMENTS = 265,
};

static void take_text(struct core_cbor *cbor, char *out, size_t size)
{
	size_t length;
	const char *text = core_cbor_text(cbor, &length);

	snprintf(out, size, "%.*s", text ? (int)length : 0, text ? text : "");
}

static int64_t take_time(struct core_cbor *cbor)
{
	int64_t seconds = core_cbor_int(cbor);

	return seconds < 0 || seconds > INT64_MAX / 1000000 ? PRISM_TIME_UNSET : seconds * 1000000;
}

static void take_numbered(struct core_cbor *cbor, int64_t key, struct core_eat *eat)
{
	switch (key) {
	case CLAIM_ISS:
		take_text(cbor, eat->issuer, sizeof(eat->issuer));
		return;
	case CLAIM_EXP:
		eat->expires_us = take_time(cbor);
		return;
	case CLAIM_IAT:
		eat->issued_us = take_time(cbor);
		return;
	case CLAIM_NONCE:
		eat->nonce = core_cbor_bytes(cbor, &eat->nonce_size);
		return;
	case CLAIM_MEASUREMENTS:
		eat->measurement = core_cbor_bytes(cbor, &eat->measurement_size);
		return;
	default:
		core_cbor_skip(cbor);
	}
}

static void take_named(struct core_cbor *cbor, struct core_eat *eat)
{
	size_t length;
	const char *key = core_cbor_text(cbor, &length);

	if (key && length == 13 && memcmp(key, "platform_type", 13) == 0)
		take_text(cbor, eat->platform, sizeof(eat->platform));
	else if (key && length == 10 && memcmp(key, "raw_report", 10) == 0)
		eat->raw_report = core_cbor_bytes(cbor, &eat->raw_report_size);
	else
		core_cbor_skip(cbor);
}

static int read_claims(const uint8_t *data, size_t size, struct core_eat *eat,
                       struct prism_error *err)
{
	struct core_cbor cbor;
	const char *failure = NULL;

	if (!core_cbor_validate(data, size, &failure))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the evidence token is malformed: %s",
		                         failure);
	core_cbor_init(&cbor, data, size);
	uint64_t pairs = core_cbor_map(&cbor);
	for (uint64_t i = 0; i < pairs && core_cbor_ok(&cbor); i++) {
		if (core_cbor_peek(&cbor) == CORE_CBOR_TEXT)
			take_named(&cbor, eat);
		else
			take_numbered(&cbor, core_cbor_int(&cbor), eat);
	}
	if (!core_cbor_ok(&cbor))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the evidence token is malformed: %s",
		                         cbor.failure);
	return 0;
}

/* The protected header names ES256, whatever else it may hold (reference attested-tls.md 3.10). */
static bool names_es256(const uint8_t *header, size_t size)
{
	struct core_cbor cbor;
	bool found = false;

	if (!header || !core_cbor_validate(header, size, NULL))
		return false;
	core_cbor_init(&cbor, header, size);
	uint64_t pairs = core_cbor_map(&cbor);
	for (uint64_t i = 0; i < pairs && core_cbor_ok(&cbor); i++) {
		bool number = core_cbor_peek(&cbor) == CORE_CBOR_UINT;
		bool algorithm = number && core_cbor_uint(&cbor) == COSE_ALGORITHM;
		if (!number)
			core_cbor_skip(&cbor); /* the key */
		if (algorithm)
			found = core_cbor_int(&cbor) == COSE_ES256;
		else
			core_cbor_skip(&cbor);
	}
	return found && core_cbor_ok(&cbor);
}

static int read_cose(const uint8_t *data, size_t size, struct core_eat *eat,
                     struct prism_error *err)
{
	struct core_cbor cbor;
	const char *failure = NULL;
	size_t header_size = 0, payload_size = 0, signature_size = 0;

	if (!core_cbor_validate(data, size, &failure))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the envelope of the evidence token is malformed: %s", failure);
	core_cbor_init(&cbor, data, size);
	if (core_cbor_tag(&cbor) != 18 || core_cbor_array(&cbor) != 4)
		core_cbor_fail(&cbor, "not COSE_Sign1");
	const uint8_t *header = core_cbor_bytes(&cbor, &header_size);
	core_cbor_skip(&cbor);
	const uint8_t *payload = core_cbor_bytes(&cbor, &payload_size);
	core_cbor_bytes(&cbor, &signature_size);
	if (!core_cbor_done(&cbor) || signature_size != 64)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the envelope of the evidence token is malformed: %s",
		                         cbor.failure ? cbor.failure : "its signature has a wrong length");
	if (!names_es256(header, header_size))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "the envelope of the evidence token names another algorithm than "
		                         "ES256");
	return read_claims(payload, payload_size, eat, err);
}

/* ---- JWT ------------------------------------------------------------------------------------ */

static const uint8_t *keep_base64(struct prism_arena *arena, const char *text, size_t *ret_size)
{
	struct prism_buf bytes = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	uint8_t *kept = NULL;

	if (prism_base64_decode(text, strlen(text), &bytes, NULL) == 0 && bytes.len > 0) {
		kept = prism_arena_alloc(arena, bytes.len);
		memcpy(kept, bytes.data, bytes.len);
		*ret_size = bytes.len;
	}
	prism_buf_finish(&bytes);
	return kept;
}

static int read_jwt_claims(const cJSON *claims, struct prism_arena *arena, struct core_eat *eat,
                           struct prism_error *err)
{
	snprintf(eat->platform, sizeof(eat->platform), "%s",
	         prism_json_str(claims, "platform_type", ""));
	snprintf(eat->issuer, sizeof(eat->issuer), "%s", prism_json_str(claims, "iss", ""));
	int64_t exp = prism_json_int(claims, "exp", -1), iat = prism_json_int(claims, "iat", -1);
	eat->expires_us = exp < 0 || exp > INT64_MAX / 1000000 ? PRISM_TIME_UNSET : exp * 1000000;
	eat->issued_us = iat < 0 || iat > INT64_MAX / 1000000 ? PRISM_TIME_UNSET : iat * 1000000;
	eat->nonce = keep_base64(arena, prism_json_str(claims, "eat_nonce", ""), &eat->nonce_size);
	eat->measurement =
	    keep_base64(arena, prism_json_str(claims, "measurements", ""), &eat->measurement_size);
	eat->raw_report =
	    keep_base64(arena, prism_json_str(claims, "raw_report", ""), &eat->raw_report_size);
	return eat->raw_report ? 0
	                       : prism_error_raise(err, PRISM_ERROR_INVALID,
	                                           "the evidence token contains no report");
}

static int read_jwt(const char *text, size_t size, struct prism_arena *arena, struct core_eat *eat,
                    struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf json = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	const char *first = memchr(text, '.', size);
	const char *second = first ? memchr(first + 1, '.', size - (size_t)(first + 1 - text)) : NULL;

	if (!second || prism_base64_decode(first + 1, (size_t)(second - first - 1), &json, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "not a readable JWT");
	PRISM_AUTO_JSON cJSON *claims = prism_json_parse(json.data, json.len, err);
	if (!claims)
		return prism_error_wrap(err, "the claims of the JWT");
	return read_jwt_claims(claims, arena, eat, err);
}

/* ---- which one ------------------------------------------------------------------------------ */

bool core_eat_detect(const uint8_t *data, size_t size)
{
	if (size > 2 && data[0] == 0xd2 && data[1] == 0x84)
		return true;
	if (size > 2 && data[0] >= 0xa1 && data[0] <= 0xbb)
		return core_cbor_validate(data, size, NULL);
	return size > 3 && memcmp(data, "eyJ", 3) == 0;
}

int core_eat_parse(const uint8_t *data, size_t size, struct prism_arena *arena,
                   struct core_eat *ret, struct prism_error *err)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->issued_us = ret->expires_us = PRISM_TIME_UNSET;
	if (size > 2 && data[0] == 0xd2)
		rc = read_cose(data, size, ret, err);
	else if (size > 3 && memcmp(data, "eyJ", 3) == 0)
		rc = read_jwt((const char *)data, size, arena, ret, err);
	else
		rc = read_claims(data, size, ret, err);
	if (rc < 0)
		return -1;
	if (!ret->raw_report || ret->raw_report_size == 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "the evidence token contains no report");
	ret->present = true;
	return 0;
}
