/* net/ocsp.c: an answer counts only when it is signed by the right CA, about the certificate that
 * was asked about, for this request, and in date.  The answers come from the sandbox's responder,
 * or are made here where it is too honest. */
#include "net/ocsp.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/pki.h"
#include "tests/lib/testca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <cmocka.h>

#define NOW_US 1767225600000000LL /* 2026-01-01T00:00:00Z */
#define HOUR_US 3600000000LL

static struct sb_ca *ca;
static struct net_cert *ca_cert;
static struct sb_cert leaf;

static struct net_cert *cert_of(const char *pem)
{
	return net_cert_from_any(pem, strlen(pem), NULL);
}

static int setup(void **state)
{
	const char *names[] = {"192.0.2.7", NULL};
	struct sb_cert_request request = {"agent", names, NOW_US - HOUR_US, NOW_US + 24 * HOUR_US,
	                                  NULL};

	ca = sb_ca_create(NOW_US, NULL);
	ca_cert = cert_of(sb_ca_cert_pem(ca));
	return ca && ca_cert ? sb_ca_issue(ca, &request, &leaf, NULL) : -1;
}

static int teardown(void **state)
{
	sb_cert_finish(&leaf);
	net_cert_destroy(ca_cert);
	sb_ca_destroy(ca);
	return 0;
}

static enum sb_cert_state say(void *data, const char *serial, int64_t *ret_revoked_us)
{
	*ret_revoked_us = NOW_US - HOUR_US;
	return strcmp(serial, leaf.serial) == 0 ? *(enum sb_cert_state *)data : SB_CERT_UNKNOWN;
}

/* What the responder of `who` answers to this question. */
static void ask(struct net_ocsp *ocsp, const struct sb_ca *who, enum sb_cert_state state,
                struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf request = PRISM_BUF_INIT(NET_OCSP_MAX);

	net_ocsp_request(ocsp, &request);
	sb_ca_ocsp(who, request.data, request.len, NULL, NOW_US, say, &state, out);
}

static void states_are_read(void **state)
{
	static const struct {
		enum sb_cert_state said;
		enum net_ocsp_state read;
		const char *word;
	} rows[] = {{SB_CERT_GOOD, NET_OCSP_GOOD, "valid"},
	            {SB_CERT_REVOKED, NET_OCSP_REVOKED, "revoked"},
	            {SB_CERT_UNKNOWN, NET_OCSP_UNKNOWN, "unknown"}};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct net_ocsp *ocsp = net_ocsp_create(ca_cert, leaf.serial, NULL);
		PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
		struct net_ocsp_answer answer;

		ask(ocsp, ca, rows[i].said, &out);
		assert_int_equal(net_ocsp_answer(ocsp, out.data, out.len, NOW_US, &answer, NULL), 0);
		assert_int_equal(answer.state, rows[i].read);
		assert_string_equal(net_ocsp_state_word(answer.state), rows[i].word);
		assert_true(answer.nonce);
		assert_true(answer.this_update_us == NOW_US);
		assert_true(answer.revoked_us ==
		            (rows[i].read == NET_OCSP_REVOKED ? NOW_US - HOUR_US : PRISM_TIME_UNSET));
		net_ocsp_destroy(ocsp);
	}
}

static void refuse(const struct net_ocsp *ocsp, const void *der, size_t size, int64_t at_us,
                   enum prism_error_category category, const char *word)
{
	struct net_ocsp_answer answer;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(net_ocsp_answer(ocsp, der, size, at_us, &answer, &err), -1);
	if (err.category != category || !strstr(err.message, word))
		fail_msg("%s: %s", prism_error_word(err.category), err.message);
}

static void another_signer_is_refused(void **state)
{
	struct sb_ca *other = sb_ca_create(NOW_US, NULL); /* of the same name */
	struct net_ocsp *ocsp = net_ocsp_create(ca_cert, leaf.serial, NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);

	ask(ocsp, other, SB_CERT_GOOD, &out);
	refuse(ocsp, out.data, out.len, NOW_US, PRISM_ERROR_TRUST, "not signed by the issuer");
	net_ocsp_destroy(ocsp);
	sb_ca_destroy(other);
}

/* ---- responders that are not the CA itself ---- */

static X509 *x509_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *pkey_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

/* "good" about serial 77 under root, signed by responder, whose certificate rides along. */
static void answer_by(const struct testca *root, const struct testca *responder,
                      struct prism_buf *out)
{
	X509 *issuer = x509_of(root->cert_pem), *signer = x509_of(responder->cert_pem);
	EVP_PKEY *key = pkey_of(responder->key_pem);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL));
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	unsigned char *der = NULL;

	ASN1_INTEGER_set(serial, 77);
	OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(issuer),
	                                   X509_get0_pubkey_bitstr(issuer), serial);
	assert_non_null(OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, now, NULL));
	assert_int_equal(OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, 0), 1);
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	int size = i2d_OCSP_RESPONSE(response, &der);
	prism_buf_put(out, der, (size_t)size);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(now);
	ASN1_INTEGER_free(serial);
	EVP_PKEY_free(key);
	X509_free(signer);
	X509_free(issuer);
}

static void only_a_responder_made_for_it_may_speak(void **state)
{
	static const struct {
		const char *usage;
		bool under_root, good;
	} rows[] = {
	    {"OCSPSigning", true, true},
	    {"serverAuth", true, false}, /* any certificate of the CA is not enough */
	    {NULL, true, false},
	    {"OCSPSigning", false, false}, /* somebody else's responder */
	};
	struct testca root = testca_make(&(struct testca_spec){.name = "root", .ca = true}, NULL);
	struct testca other = testca_make(&(struct testca_spec){.name = "other", .ca = true}, NULL);
	struct net_cert *issuer = cert_of(root.cert_pem);
	int64_t now_us = (int64_t)time(NULL) * 1000000;

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		struct testca responder =
		    testca_make(&(struct testca_spec){.name = "responder", .usage = rows[i].usage},
		                rows[i].under_root ? &root : &other);
		struct net_ocsp *ocsp = net_ocsp_create(issuer, "77", NULL);
		PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
		struct net_ocsp_answer answer;
		struct prism_error err = PRISM_ERROR_INIT;

		answer_by(&root, &responder, &out);
		int rc = net_ocsp_answer(ocsp, out.data, out.len, now_us, &answer, &err);
		if ((rc == 0) != rows[i].good)
			fail_msg("row %zu: %s", i, err.message);
		assert_true(rows[i].good || err.category == PRISM_ERROR_TRUST);
		net_ocsp_destroy(ocsp);
		testca_finish(&responder);
	}
	net_cert_destroy(issuer);
	testca_finish(&root);
	testca_finish(&other);
}

static void an_answer_for_somebody_else_is_refused(void **state)
{
	struct net_ocsp *first = net_ocsp_create(ca_cert, leaf.serial, NULL);
	struct net_ocsp *second = net_ocsp_create(ca_cert, leaf.serial, NULL);
	struct net_ocsp *third = net_ocsp_create(ca_cert, "4242", NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
	PRISM_AUTO_BUF struct prism_buf other = PRISM_BUF_INIT(NET_OCSP_MAX);
	PRISM_AUTO_BUF struct prism_buf ignored = PRISM_BUF_INIT(NET_OCSP_MAX);
	enum sb_cert_state good = SB_CERT_GOOD;

	ask(first, ca, SB_CERT_GOOD, &out);
	net_ocsp_request(second, &ignored);
	refuse(second, out.data, out.len, NOW_US, PRISM_ERROR_TRUST, "another request");
	/* by serial number, without a nonce: the certificate tells */
	sb_ca_ocsp(ca, NULL, 0, leaf.serial, NOW_US, say, &good, &other);
	refuse(third, other.data, other.len, NOW_US, PRISM_ERROR_PROTOCOL, "another certificate");
	struct net_ocsp_answer answer;
	assert_int_equal(net_ocsp_answer(second, other.data, other.len, NOW_US, &answer, NULL), 0);
	assert_false(answer.nonce);
	net_ocsp_destroy(first);
	net_ocsp_destroy(second);
	net_ocsp_destroy(third);
}

static void dates_count(void **state)
{
	struct net_ocsp *ocsp = net_ocsp_create(ca_cert, leaf.serial, NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
	struct net_ocsp_answer answer;
	const int64_t skew = NET_OCSP_SKEW_S * 1000000LL;

	ask(ocsp, ca, SB_CERT_GOOD, &out);
	refuse(ocsp, out.data, out.len, NOW_US - skew - 1000000, PRISM_ERROR_TRUST, "from the future");
	assert_int_equal(net_ocsp_answer(ocsp, out.data, out.len, NOW_US - skew, &answer, NULL), 0);
	assert_int_equal(net_ocsp_answer(ocsp, out.data, out.len, NOW_US + HOUR_US, &answer, NULL), 0);
	refuse(ocsp, out.data, out.len, NOW_US + HOUR_US + skew + 1000000, PRISM_ERROR_TRUST,
	       "valid until");
	net_ocsp_destroy(ocsp);
}

static void every_cut_and_every_byte_is_refused(void **state)
{
	struct net_ocsp *ocsp = net_ocsp_create(ca_cert, leaf.serial, NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
	struct net_ocsp_answer answer;

	ask(ocsp, ca, SB_CERT_REVOKED, &out);
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(net_ocsp_answer(ocsp, out.data, len, NOW_US, &answer, NULL), -1);
	assert_int_equal(prism_buf_append(&out, "x", 1, NULL), 0);
	refuse(ocsp, out.data, out.len, NOW_US, PRISM_ERROR_PROTOCOL, "not an OCSP answer");
	out.len--;
	for (size_t i = 0; i < out.len; i += 7) { /* whatever is read then, it never says valid */
		out.data[i] ^= 0x20;
		if (net_ocsp_answer(ocsp, out.data, out.len, NOW_US, &answer, NULL) == 0)
			assert_int_equal(answer.state, NET_OCSP_REVOKED);
		out.data[i] ^= 0x20;
	}
	net_ocsp_destroy(ocsp);
}

static void a_responder_that_refuses_is_quoted(void **state)
{
	struct net_ocsp *ocsp = net_ocsp_create(ca_cert, leaf.serial, NULL);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(NET_OCSP_MAX);
	enum sb_cert_state good = SB_CERT_GOOD;

	sb_ca_ocsp(ca, "no", 2, NULL, NOW_US, say, &good, &out);
	refuse(ocsp, out.data, out.len, NOW_US, PRISM_ERROR_PROTOCOL, "malformedrequest");
	refuse(ocsp, "", 0, NOW_US, PRISM_ERROR_PROTOCOL, "0 bytes");
	net_ocsp_destroy(ocsp);
}

static void serial_numbers_in_every_spelling(void **state)
{
	struct prism_error err = PRISM_ERROR_INIT;

	assert_true(net_serial_same("255", "ff"));
	assert_true(net_serial_same("0:FF", "0x00ff"));
	assert_true(net_serial_same("340282366920938463463374607431768211455",
	                            "ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff"));
	assert_false(net_serial_same("255", "254"));
	assert_false(net_serial_same("x", "y"));
	assert_true(net_serial_same("x", "x"));
	assert_null(net_ocsp_create(ca_cert, "", &err));
	assert_null(net_ocsp_create(ca_cert, "12 34", &err));
	assert_null(net_ocsp_create(
	    ca_cert, "11111111111111111111111111111111111111111111111111111111111111111", &err));
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(states_are_read),
	    cmocka_unit_test(another_signer_is_refused),
	    cmocka_unit_test(only_a_responder_made_for_it_may_speak),
	    cmocka_unit_test(an_answer_for_somebody_else_is_refused),
	    cmocka_unit_test(dates_count),
	    cmocka_unit_test(every_cut_and_every_byte_is_refused),
	    cmocka_unit_test(a_responder_that_refuses_is_quoted),
	    cmocka_unit_test(serial_numbers_in_every_spelling),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
