/* OCSP over OpenSSL's codec; the rules are in the header. */
#include "net/ocsp.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/crypto.h"
#include "net/crypto_ossl.h"
#include "net/x509_private.h"

#include <ctype.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#define SERIAL_DIGITS_MAX 64 /* 20 octets (RFC 5280, 4.1.2.2) are 49 decimal digits */

struct net_ocsp {
	X509 *issuer; /* a reference */
	OCSP_CERTID *id;
	unsigned char nonce[NET_OCSP_NONCE];
};

static const char *const state_words[NET_OCSP_STATE_COUNT] = {
    [NET_OCSP_GOOD] = "valid",
    [NET_OCSP_REVOKED] = "revoked",
    [NET_OCSP_UNKNOWN] = "unknown",
};

const char *net_ocsp_state_word(enum net_ocsp_state state)
{
	return state < NET_OCSP_STATE_COUNT ? state_words[state] : "?";
}

/* ---- serial numbers ---- */

/* NULL when the text is none. */
static BIGNUM *serial_number(const char *text)
{
	char digits[SERIAL_DIGITS_MAX + 1];
	size_t count = 0;
	bool hex = false;
	BIGNUM *number = NULL;

	if (strncasecmp(text, "0x", 2) == 0) {
		hex = true;
		text += 2;
	}
	for (; *text; text++) {
		if (*text == ':') {
			hex = true;
			continue;
		}
		if (!isxdigit((unsigned char)*text) || count == SERIAL_DIGITS_MAX)
			return NULL;
		hex = hex || !isdigit((unsigned char)*text);
		digits[count++] = *text;
	}
	digits[count] = '\0';
	if (count == 0 || !(hex ? BN_hex2bn(&number, digits) : BN_dec2bn(&number, digits))) {
		net_ossl_forget();
		return NULL;
	}
	return number;
}

bool net_serial_same(const char *a, const char *b)
{
	BIGNUM *x = serial_number(a), *y = serial_number(b);
	bool same = x && y ? BN_cmp(x, y) == 0 : strcmp(a, b) == 0;

	BN_free(x);
	BN_free(y);
	return same;
}

/* ---- asking ---- */

struct net_ocsp *net_ocsp_create(const struct net_cert *issuer, const char *serial,
                                 struct prism_error *err)
{
	BIGNUM *number = serial_number(serial);
	ASN1_INTEGER *value = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	struct net_ocsp *ocsp;

	BN_free(number);
	if (!value) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.64s\" is not a serial number", serial);
		return NULL;
	}
	ocsp = prism_alloc(sizeof(*ocsp));
	/* SHA-1 names the issuer here, it protects nothing; RFC 6960 appendix B has nothing else that
	 * every responder knows. */
	ocsp->id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer->x509),
	                            X509_get0_pubkey_bitstr(issuer->x509), value);
	ASN1_INTEGER_free(value);
	net_ossl_require(ocsp->id && X509_up_ref(issuer->x509) == 1, "an OCSP request");
	ocsp->issuer = issuer->x509;
	return ocsp;
}

void net_ocsp_destroy(struct net_ocsp *ocsp)
{
	if (!ocsp)
		return;
	OCSP_CERTID_free(ocsp->id);
	X509_free(ocsp->issuer);
	prism_free(ocsp);
}

void net_ocsp_request(struct net_ocsp *ocsp, struct prism_buf *out)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_CERTID_dup(ocsp->id);
	unsigned char *der = NULL;

	net_random_bytes(ocsp->nonce, sizeof(ocsp->nonce));
	net_ossl_require(request && id && OCSP_request_add0_id(request, id) &&
	                     OCSP_request_add1_nonce(request, ocsp->nonce, sizeof(ocsp->nonce)) == 1,
	                 "an OCSP request");
	int size = i2d_OCSP_REQUEST(request, &der);
	net_ossl_require(size > 0, "an OCSP request");
	prism_buf_put(out, der, (size_t)size);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
}

/* ---- judging ---- */

static const char *reason_text(int reason)
{
	static const char *const reasons[] = {"",
	                                      "key compromise",
	                                      "CA compromise",
	                                      "affiliation changed",
	                                      "superseded",
	                                      "cessation of operation",
	                                      "certificate hold",
	                                      "",
	                                      "removed from the list",
	                                      "privilege withdrawn",
	                                      "AA compromise"};

	return reason > 0 && reason < (int)PRISM_COUNT(reasons) ? reasons[reason] : "";
}

static int64_t time_us(const ASN1_GENERALIZEDTIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return PRISM_TIME_UNSET;
	return (int64_t)timegm(&tm) * 1000000;
}

/* Signed by the issuer itself, or by a certificate of the issuer's with the OCSP signing use. */
static int check_signature(const struct net_ocsp *ocsp, OCSP_BASICRESP *basic, int64_t at_us,
                           struct prism_error *err)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *issuers = sk_X509_new_null();
	X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;
	int good;

	net_ossl_require(store && issuers && X509_STORE_add_cert(store, ocsp->issuer) == 1 &&
	                     sk_X509_push(issuers, ocsp->issuer) > 0,
	                 "an OCSP check");
	/* The issuer was chosen by the caller: it is the anchor whether it is a root or not. */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(param, (time_t)(at_us / 1000000));
	good = OCSP_basic_verify(basic, issuers, store, 0);
	sk_X509_free(issuers);
	X509_STORE_free(store);
	if (good == 1)
		return 0;
	return net_ossl_error(err, PRISM_ERROR_TRUST,
	                      "the OCSP answer is not signed by the issuer of the certificate");
}

static int check_nonce(const struct net_ocsp *ocsp, OCSP_BASICRESP *basic, bool *ret_nonce,
                       struct prism_error *err)
{
	int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
	X509_EXTENSION *extension = at < 0 ? NULL : OCSP_BASICRESP_get_ext(basic, at);
	ASN1_OCTET_STRING *outer = extension ? X509_EXTENSION_get_data(extension) : NULL;
	const unsigned char *der = outer ? ASN1_STRING_get0_data(outer) : NULL;
	ASN1_OCTET_STRING *inner =
	    der ? d2i_ASN1_OCTET_STRING(NULL, &der, ASN1_STRING_length(outer)) : NULL;
	bool same = inner && ASN1_STRING_length(inner) == NET_OCSP_NONCE &&
	            net_equal_const_time(ASN1_STRING_get0_data(inner), ocsp->nonce, NET_OCSP_NONCE);

	ASN1_OCTET_STRING_free(inner);
	net_ossl_forget();
	*ret_nonce = same;
	if (extension && !same)
		return prism_error_raise(err, PRISM_ERROR_TRUST,
		                         "the OCSP answer was made for another request");
	return 0;
}

static int check_moment(const struct net_ocsp_answer *answer, int64_t at_us,
                        struct prism_error *err)
{
	const int64_t skew = NET_OCSP_SKEW_S * 1000000LL;
	char text[PRISM_TIME_TEXT];

	if (answer->this_update_us == PRISM_TIME_UNSET)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the OCSP answer has no date");
	if (answer->this_update_us > at_us + skew) {
		prism_error_raise(err, PRISM_ERROR_TRUST, "the OCSP answer is from the future: %s",
		                  prism_time_format(answer->this_update_us, 0, text));
		prism_error_hint(err, "check the clock of this machine");
		return -1;
	}
	if (answer->next_update_us != PRISM_TIME_UNSET && answer->next_update_us < at_us - skew)
		return prism_error_raise(err, PRISM_ERROR_TRUST, "the OCSP answer was valid until %s only",
		                         prism_time_format(answer->next_update_us, 0, text));
	return 0;
}

static int read_basic(const struct net_ocsp *ocsp, OCSP_BASICRESP *basic, int64_t at_us,
                      struct net_ocsp_answer *ret, struct prism_error *err)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
	struct net_ocsp_answer answer = {0};
	int status, reason = -1;

	if (check_signature(ocsp, basic, at_us, err) < 0 ||
	    check_nonce(ocsp, basic, &answer.nonce, err) < 0)
		return -1;
	if (OCSP_resp_find_status(basic, ocsp->id, &status, &reason, &revoked, &this_update,
	                          &next_update) != 1)
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL,
		                         "the OCSP answer speaks of another certificate");
	answer.state = status == V_OCSP_CERTSTATUS_GOOD      ? NET_OCSP_GOOD
	               : status == V_OCSP_CERTSTATUS_REVOKED ? NET_OCSP_REVOKED
	                                                     : NET_OCSP_UNKNOWN;
	answer.revoked_us = answer.state == NET_OCSP_REVOKED ? time_us(revoked) : PRISM_TIME_UNSET;
	answer.this_update_us = time_us(this_update);
	answer.next_update_us = time_us(next_update);
	answer.reason = answer.state == NET_OCSP_REVOKED ? reason_text(reason) : "";
	if (check_moment(&answer, at_us, err) < 0)
		return -1;
	*ret = answer;
	return 0;
}

int net_ocsp_answer(const struct net_ocsp *ocsp, const void *der, size_t size, int64_t at_us,
                    struct net_ocsp_answer *ret, struct prism_error *err)
{
	const unsigned char *at = der;
	OCSP_RESPONSE *response;
	OCSP_BASICRESP *basic = NULL;
	int rc, status;

	if (size == 0 || size > NET_OCSP_MAX)
		return prism_error_raise(err, size ? PRISM_ERROR_LIMIT : PRISM_ERROR_PROTOCOL,
		                         "an OCSP answer of %zu bytes is not read", size);
	response = d2i_OCSP_RESPONSE(NULL, &at, (long)size);
	if (!response || at != (const unsigned char *)der + size) {
		OCSP_RESPONSE_free(response);
		net_ossl_forget();
		return prism_error_raise(err, PRISM_ERROR_PROTOCOL, "not an OCSP answer");
	}
	status = OCSP_response_status(response);
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		rc = prism_error_raise(err, PRISM_ERROR_PROTOCOL, "the OCSP responder refuses: %s",
		                       OCSP_response_status_str(status));
	else if (!(basic = OCSP_response_get1_basic(response)))
		rc = net_ossl_error(err, PRISM_ERROR_PROTOCOL, "the OCSP answer is of an unknown kind");
	else
		rc = read_basic(ocsp, basic, at_us, ret, err);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	net_ossl_forget();
	return rc;
}
