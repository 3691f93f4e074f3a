/*
 * Covers sandbox/api_certs.c, sandbox/certs.c, sandbox/pki.c and sandbox/pki_ocsp.c; what was
 * issued is judged by OpenSSL itself.
 */
#include "sandbox/certs.h"

#include "base/text.h"
#include "sandbox/router.h"
#include "tests/lib/sbcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define K "/certs/{W}/certs"
#define DAY_MS 86400000ll

struct world {
	struct sbcall t;
	char *cvm, *serial;
};

static void issue(struct world *w, const char *body)
{
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", body, K "/issue/cvm/%s", w->cvm), 201);
	prism_free(w->serial);
	w->serial = prism_strdup(sbcall_text(&w->t, "serial_number"));
}

static int setup_with(void **state, bool zip)
{
	struct world *w = prism_alloc(sizeof(*w));
	sbcall_start(&w->t, &(struct sb_config){.cert_zip = zip});
	sbcall(&w->t, SB_ADA, "GET", NULL, "/backends/{W}/cvms?name=lab-snp-2");
	w->cvm = prism_strdup(sbcall_text(&w->t, "cvms.0.id"));
	issue(w, "{\"ip_addresses\":[\"10.0.0.7\",\"agent.example\"]}");
	*state = w;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, false);
}

static int setup_zip(void **state)
{
	return setup_with(state, true);
}

static int teardown(void **state)
{
	struct world *w = *state;
	sbcall_finish(&w->t);
	prism_free(w->cvm);
	prism_free(w->serial);
	prism_free(w);
	return 0;
}

/* After days have passed the session is over as well. */
static void pass_days(struct world *w, int days)
{
	prism_clock_manual_advance(&w->t.clock, days * DAY_MS);
	prism_free(w->t.token[SB_ADA]);
	w->t.token[SB_ADA] = NULL;
}

static X509 *read_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return cert;
}

static char *decoded(struct world *w, const char *key)
{
	struct prism_buf buf = PRISM_BUF_INIT(1u << 20);
	const char *text = sbcall_text(&w->t, key);
	assert_int_equal(prism_base64_decode(text, strlen(text), &buf, NULL), 0);
	return prism_buf_take(&buf, NULL);
}

static void download(struct world *w, const char *id)
{
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download/token", w->serial), 200);
	PRISM_AUTO_FREE char *token = prism_strdup(sbcall_text(&w->t, "token"));
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download?downloadToken=%s&token=%s",
	                        id, token, token),
	                 200);
}

static void what_is_downloaded_chains_and_fits(void **state)
{
	struct world *w = *state;
	download(w, w->serial);
	PRISM_AUTO_FREE char *cert_pem = decoded(w, "certificate"), *ca_pem = decoded(w, "ca");
	PRISM_AUTO_FREE char *key_pem = decoded(w, "private_key");
	X509 *cert = read_pem(cert_pem), *ca = read_pem(ca_pem);
	BIO *bio = BIO_new_mem_buf(key_pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE_add_cert(store, ca);
	X509_STORE_CTX_init(ctx, store, cert, NULL);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), SBCALL_WALL_US / 1000000);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
	assert_int_equal(X509_verify_cert(ctx), 1);
	assert_int_equal(X509_check_private_key(cert, key), 1);
	assert_int_equal(X509_check_ip_asc(cert, "10.0.0.7", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "10.0.0.8", 0), 0);
	assert_int_equal(X509_check_host(cert, "agent.example", 0, 0, NULL), 1);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	EVP_PKEY_free(key);
	BIO_free(bio);
	X509_free(cert);
	X509_free(ca);
}

static void the_newest_answers_for_its_entity(void **state)
{
	struct world *w = *state;
	issue(w, "{\"ip_addresses\":[]}");
	download(w, w->cvm);
}

static void a_download_token_is_for_one_and_for_five_minutes(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download/token", w->serial);
	PRISM_AUTO_FREE char *token = prism_strdup(sbcall_text(&w->t, "token"));
	PRISM_AUTO_FREE char *first = prism_strdup(w->serial);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download", first), 401);
	issue(w, "{}");
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download?token=%s", w->serial, token), 401);
	prism_clock_manual_advance(&w->t.clock, 299 * 1000);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download?token=%s", first, token),
	                 200);
	prism_clock_manual_advance(&w->t.clock, 1000);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download?token=%s", first, token),
	                 401);
}

static void archives_on_demand(void **state)
{
	struct world *w = *state;
	download(w, w->serial);
	assert_string_equal(w->t.type, "application/zip");
	assert_memory_equal(w->t.text, "PK\x03\x04", 4);
	sbcall(&w->t, SB_ADA, "GET", NULL, "/certs/certs/get-ca/token");
	PRISM_AUTO_FREE char *token = prism_strdup(sbcall_text(&w->t, "token"));
	assert_int_equal(
	    sbcall(&w->t, SB_NOBODY, "GET", NULL, "/certs/certs/download-ca?token=%s", token), 200);
	assert_string_equal(w->t.type, "application/zip");
}

static void the_ca_needs_its_token(void **state)
{
	struct world *w = *state;
	sbcall(&w->t, SB_BEN, "GET", NULL, "/certs/certs/get-ca/token");
	PRISM_AUTO_FREE char *token = prism_strdup(sbcall_text(&w->t, "token"));
	assert_int_equal(sbcall(&w->t, SB_NOBODY, "GET", NULL, "/certs/certs/download-ca"), 401);
	assert_int_equal(
	    sbcall(&w->t, SB_NOBODY, "GET", NULL, "/certs/certs/download-ca?token=%s", token), 200);
	assert_memory_equal(w->t.text, "-----BEGIN CERTIFICATE-----", 27);
}

static void renewing_gives_a_new_serial(void **state)
{
	struct world *w = *state;
	pass_days(w, 29);
	assert_int_equal(sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/renew", w->serial), 200);
	assert_string_not_equal(sbcall_text(&w->t, "certificate.serial_number"), w->serial);
	assert_string_equal(sbcall_text(&w->t, "certificate.expiry_time"), "2026-03-01T00:00:00Z");
	sbcall(&w->t, SB_ADA, "GET", NULL, K "?entity_id=%s", w->cvm);
	assert_int_equal(sbcall_int(&w->t, "total"), 2);
	pass_days(w, 2);
	assert_int_equal(sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/renew", w->serial),
	                 403); /* expired */
}

static void a_revoked_one_is_not_renewed(void **state)
{
	struct world *w = *state;
	assert_int_equal(sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/revoke", w->serial), 204);
	assert_int_equal(sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/renew", w->serial), 401);
	assert_int_equal(sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/revoke", w->serial), 422);
	assert_int_equal(sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s/download/token", w->serial), 422);
	sbcall(&w->t, SB_ADA, "GET", NULL, K "/%s", w->serial);
	assert_non_null(strstr(w->t.text, "\"revoked\":true"));
	assert_null(strstr(w->t.text, "PRIVATE KEY"));
}

static void what_cannot_be_issued(void **state)
{
	struct world *w = *state;
	assert_int_equal(sbcall(&w->t, SB_ADA, "POST", "{}", K "/issue/cvm/none"), 404);
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", "{\"ip_addresses\":[\"a b\"]}", K "/issue/cvm/%s", w->cvm),
	    400);
	assert_int_equal(
	    sbcall(&w->t, SB_ADA, "POST", "{\"ip_addresses\":[7]}", K "/issue/cvm/%s", w->cvm), 400);
	assert_int_equal(sbcall(&w->t, SB_BEN, "GET", NULL, "/certs/{H}/certs"), 403);
	assert_int_equal(sbcall(&w->t, SB_CYD, "GET", NULL, "/certs/{H}/certs/%s", w->serial), 404);
}

static void deleting_is_by_entity(void **state)
{
	struct world *w = *state;
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, K), 400);
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, K "?entity_id=%s", w->cvm), 204);
	assert_int_equal(sbcall(&w->t, SB_ADA, "DELETE", NULL, K "?entity_id=%s", w->cvm), 404);
}

static void one_authority_per_store(void **state)
{
	struct world *w = *state;
	struct sb_ca *ca = sb_certs_ca(w->t.sb, NULL);
	PRISM_AUTO_FREE char *key = sb_ca_key_pem(ca);
	struct sb_ca *again = sb_ca_load(sb_ca_cert_pem(ca), key, NULL);
	assert_non_null(again);
	assert_string_equal(sb_ca_cert_pem(again), sb_ca_cert_pem(ca));
	sb_ca_destroy(again);
	struct sb_ca *other = sb_ca_create(SBCALL_WALL_US, NULL);
	struct prism_error err = PRISM_ERROR_INIT;
	assert_null(sb_ca_load(sb_ca_cert_pem(other), key, &err)); /* the key of another */
	assert_int_equal(err.category, PRISM_ERROR_INVALID);
	sb_ca_destroy(other);
}

/* ---- OCSP ---- */

struct verdict {
	int response, status;
	bool signed_by_ca;
};

static enum sb_cert_state state_of(void *data, const char *serial, int64_t *ret_revoked_us)
{
	struct world *w = data;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    w->t.sb->db, "SELECT revoked_at FROM certs WHERE serial = ?", SB_ARGS(SB_T(serial)));
	if (!sb_rows_next(&rows))
		return SB_CERT_UNKNOWN;
	*ret_revoked_us = sb_rows_int(rows, 0);
	return sb_rows_null(rows, 0) ? SB_CERT_GOOD : SB_CERT_REVOKED;
}

static struct verdict judge(struct world *w, const void *der, size_t size)
{
	struct verdict v = {.response = -1, .status = -1};
	const unsigned char *pos = der;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &pos, (long)size);
	assert_non_null(response);
	v.response = OCSP_response_status(response);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	if (basic) {
		X509 *ca = read_pem(sb_ca_cert_pem(sb_certs_ca(w->t.sb, NULL)));
		X509_STORE *store = X509_STORE_new();
		X509_STORE_add_cert(store, ca);
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), SBCALL_WALL_US / 1000000);
		v.signed_by_ca = OCSP_basic_verify(basic, NULL, store, 0) == 1;
		v.status = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL, NULL, NULL);
		X509_STORE_free(store);
		X509_free(ca);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return v;
}

static struct verdict ask(struct world *w, const void *request, size_t size, const char *serial)
{
	struct prism_buf out = PRISM_BUF_INIT(65536);
	sb_ca_ocsp(sb_certs_ca(w->t.sb, NULL), request, size, serial, SBCALL_WALL_US, state_of, w,
	           &out);
	struct verdict v = judge(w, out.data, out.len);
	prism_buf_finish(&out);
	return v;
}

static void ocsp_tells_good_revoked_and_unknown(void **state)
{
	struct world *w = *state;
	struct verdict v = ask(w, NULL, 0, w->serial);
	assert_int_equal(v.response, OCSP_RESPONSE_STATUS_SUCCESSFUL);
	assert_true(v.signed_by_ca);
	assert_int_equal(v.status, V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(ask(w, NULL, 0, "123456789").status, V_OCSP_CERTSTATUS_UNKNOWN);
	sbcall(&w->t, SB_ADA, "PATCH", NULL, K "/%s/revoke", w->serial);
	assert_int_equal(ask(w, NULL, 0, w->serial).status, V_OCSP_CERTSTATUS_REVOKED);
}

static void ocsp_reads_der_requests(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *pem = sb_db_text(w->t.sb->db, "SELECT certificate FROM certs", SB_NOARGS);
	X509 *cert = read_pem(pem), *ca = read_pem(sb_ca_cert_pem(sb_certs_ca(w->t.sb, NULL)));
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_request_add0_id(request, OCSP_cert_to_id(EVP_sha1(), cert, ca));
	unsigned char *der = NULL;
	int len = i2d_OCSP_REQUEST(request, &der);
	assert_int_equal(ask(w, der, (size_t)len, NULL).status, V_OCSP_CERTSTATUS_GOOD);
	for (int cut = 0; cut < len; cut++)
		assert_int_equal(ask(w, der, (size_t)cut, NULL).response,
		                 OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
	X509_free(cert);
	X509_free(ca);
}

static void ocsp_is_open_to_all(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *body = prism_asprintf("{\"serial_number\":\"%s\"}", w->serial);
	assert_int_equal(sbcall(&w->t, SB_NOBODY, "POST", body, "/certs/certs/ocsp"), 200);
	assert_string_equal(w->t.type, "application/ocsp-response");
	assert_int_equal(sbcall(&w->t, SB_NOBODY, "POST", "junk", "/certs/certs/ocsp"), 200);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(what_is_downloaded_chains_and_fits),
	    T(the_newest_answers_for_its_entity),
	    T(a_download_token_is_for_one_and_for_five_minutes),
	    cmocka_unit_test_setup_teardown(archives_on_demand, setup_zip, teardown),
	    T(the_ca_needs_its_token),
	    T(renewing_gives_a_new_serial),
	    T(a_revoked_one_is_not_renewed),
	    T(what_cannot_be_issued),
	    T(deleting_is_by_entity),
	    T(one_authority_per_store),
	    T(ocsp_tells_good_revoked_and_unknown),
	    T(ocsp_reads_der_requests),
	    T(ocsp_is_open_to_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
