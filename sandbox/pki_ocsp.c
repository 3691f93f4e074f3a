/* Owns OCSP answers (RFC 6960), signed by the CA itself. */
#include "sandbox/pki_private.h"

#include "base/mem.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#define NEXT_UPDATE_S 3600 /* how long an answer may be believed */

struct asker {
	const struct sb_ca *ca;
	int64_t now_us;
	sb_cert_state_fn state;
	void *data;
};

static int ocsp_status(enum sb_cert_state state)
{
	return state == SB_CERT_GOOD      ? V_OCSP_CERTSTATUS_GOOD
	       : state == SB_CERT_REVOKED ? V_OCSP_CERTSTATUS_REVOKED
	                                  : V_OCSP_CERTSTATUS_UNKNOWN;
}

static bool add_status(const struct asker *asker, OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
	char text[SB_SERIAL_TEXT];
	ASN1_INTEGER *serial = NULL;
	int64_t revoked_us = 0;
	time_t now = (time_t)(asker->now_us / 1000000);
	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	sb_serial_text(serial, text);
	enum sb_cert_state state = asker->state(asker->data, text, &revoked_us);
	ASN1_TIME *this_update = ASN1_TIME_set(NULL, now);
	ASN1_TIME *next_update = ASN1_TIME_set(NULL, now + NEXT_UPDATE_S);
	ASN1_TIME *revoked =
	    state == SB_CERT_REVOKED ? ASN1_TIME_set(NULL, (time_t)(revoked_us / 1000000)) : NULL;
	bool good =
	    OCSP_basic_add1_status(basic, id, ocsp_status(state), OCSP_REVOKED_STATUS_UNSPECIFIED,
	                           revoked, this_update, next_update) != NULL;
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(revoked);
	return good;
}

static OCSP_CERTID *id_of_serial(const struct sb_ca *ca, const char *serial)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *value = NULL;
	OCSP_CERTID *id = NULL;
	if (serial[0] && BN_dec2bn(&number, serial))
		value = BN_to_ASN1_INTEGER(number, NULL);
	if (value)
		id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(ca->cert),
		                      X509_get0_pubkey_bitstr(ca->cert), value);
	ASN1_INTEGER_free(value);
	BN_free(number);
	return id;
}

static bool fill(const struct asker *asker, OCSP_BASICRESP *basic, OCSP_REQUEST *request,
                 const char *serial)
{
	if (!request) {
		OCSP_CERTID *id = id_of_serial(asker->ca, serial);
		bool good = id && add_status(asker, basic, id);
		OCSP_CERTID_free(id);
		return good;
	}
	int count = OCSP_request_onereq_count(request);
	for (int i = 0; i < count; i++)
		if (!add_status(asker, basic, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i))))
			return false;
	OCSP_copy_nonce(basic, request);
	return count > 0;
}

static void put_response(OCSP_RESPONSE *response, struct prism_buf *out)
{
	unsigned char *der = NULL;
	int len = response ? i2d_OCSP_RESPONSE(response, &der) : 0;
	if (len > 0)
		prism_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
}

void sb_ca_ocsp(const struct sb_ca *ca, const void *bytes, size_t size, const char *serial,
                int64_t now_us, sb_cert_state_fn state, void *data, struct prism_buf *out)
{
	const unsigned char *pos = bytes;
	const struct asker asker = {ca, now_us, state, data};
	OCSP_REQUEST *request = serial ? NULL : d2i_OCSP_REQUEST(NULL, &pos, (long)size);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response = NULL;
	if ((request || serial) && basic && fill(&asker, basic, request, serial) &&
	    OCSP_basic_sign(basic, ca->cert, ca->key, EVP_sha256(), NULL, 0) == 1)
		response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	else
		response = OCSP_response_create(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL);
	put_response(response, out);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(request);
}
