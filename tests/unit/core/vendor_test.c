/*
 * core/vendor.c against a loopback peer that plays AMD's key service for the sandbox's hierarchy:
 * what is asked, what is taken, what is refused, what the cache keeps.  The real service is never
 * asked.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/evidence.h"
#include "core/policy.h"
#include "core/snp.h"
#include "core/trust.h"
#include "core/vendor.h"
#include "sandbox/forge.h"
#include "tests/lib/peer.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define GIVE_UP_TURNS 20000

static const uint8_t report_data[64] = "bound to this";
static struct sb_forge *forge;

struct served { /* what the peer answers; written before it is asked */
	const void *data;
	size_t size;
	int status;
};

struct world {
	struct prism_loop *loop;
	struct peer *peer;
	char url[64], *dir;
	struct core_trust *trust;
	struct core_evidence *evidence;
	struct core_policy *policy;
	struct served chain, vcek, crl;
	struct prism_buf chain_pem, vcek_der;
	char asked[4][512]; /* paths, in order; written by the peer's thread, read after the end */
	unsigned asked_count;
	bool over;
	struct prism_error err;
};

/* ---- the peer ------------------------------------------------------------------------------- */

static void serve(struct peer_conn *conn, void *data)
{
	struct world *w = data;
	char request[8192], path[512], head[128];

	while (peer_read_request(conn, request, sizeof(request))) {
		if (sscanf(request, "GET %511s", path) != 1)
			return;
		if (w->asked_count < 4)
			snprintf(w->asked[w->asked_count++], sizeof(w->asked[0]), "%s", path);
		const struct served *s = strstr(path, "cert_chain") ? &w->chain
		                         : strstr(path, "/crl")     ? &w->crl
		                                                    : &w->vcek;
		snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n", s->status,
		         s->size);
		if (!peer_puts(conn, head) || !peer_write(conn, s->data, s->size))
			return;
	}
}

/* ---- the world ------------------------------------------------------------------------------ */

static void put_pem(struct prism_buf *out, const uint8_t *data, size_t size)
{
	struct net_cert *cert = net_cert_from_any(data, size, NULL);
	const uint8_t *der;
	size_t der_size;

	assert_non_null(cert);
	net_cert_der(cert, &der, &der_size);
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(der, der_size);
	prism_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
	for (const char *at = base64; *at; at += strnlen(at, 64))
		prism_buf_printf(out, "%.64s\n", at);
	prism_buf_puts(out, "-----END CERTIFICATE-----\n");
	net_cert_destroy(cert);
}

/* The certificates of the hierarchy, taken out of evidence that carries them. */
static void fill_service(struct world *w)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_evidence(forge, SB_FORGE_SNP, report_data, report_data,
	                                   SB_FORGE_SOUND, &bytes, NULL),
	                 0);
	struct core_evidence *whole = core_evidence_parse(bytes.data, bytes.len, NULL);
	const struct core_snp_evidence *snp = core_evidence_snp(whole);
	prism_buf_init(&w->chain_pem, 1u << 16);
	prism_buf_init(&w->vcek_der, 1u << 16);
	put_pem(&w->chain_pem, snp->ask, snp->ask_size);
	put_pem(&w->chain_pem, snp->ark, snp->ark_size);
	prism_buf_put(&w->vcek_der, snp->vcek, snp->vcek_size);
	core_evidence_destroy(whole);
	w->chain = (struct served){w->chain_pem.data, w->chain_pem.len, 200};
	w->vcek = (struct served){w->vcek_der.data, w->vcek_der.len, 200};
	w->crl = (struct served){"", 0, 404};
}

static struct core_evidence *bare_report(enum sb_forge_fault fault)
{
	uint8_t raw[CORE_SNP_REPORT_SIZE];

	assert_int_equal(sb_forge_report(forge, report_data, fault, raw, NULL), 0);
	return core_evidence_parse(raw, sizeof(raw), NULL);
}

static int setup(void **state)
{
	struct world *w = prism_alloc(sizeof(*w));
	const char *root = sb_forge_root_pem(forge);

	w->loop = prism_loop_create(prism_clock_system());
	w->peer = peer_start(serve, w, NULL);
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", peer_port(w->peer));
	w->dir = tmpdir_create();
	w->trust = core_trust_create();
	assert_int_equal(core_trust_add_test_root(w->trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, root,
	                                          strlen(root), NULL),
	                 0);
	w->evidence = bare_report(SB_FORGE_SOUND);
	fill_service(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	peer_stop(w->peer);
	prism_loop_destroy(w->loop);
	core_evidence_destroy(w->evidence);
	core_policy_destroy(w->policy);
	core_trust_destroy(w->trust);
	prism_buf_finish(&w->chain_pem);
	prism_buf_finish(&w->vcek_der);
	tmpdir_remove(w->dir);
	prism_free(w);
	return 0;
}

static struct core_vendor_want want_of(const struct world *w)
{
	return (struct core_vendor_want){w->evidence, w->trust, w->policy,
	                                 prism_clock_wall_us(prism_clock_system())};
}

static void done(void *data, const struct prism_error *err)
{
	struct world *w = data;

	assert_false(w->over); /* once */
	w->over = true;
	if (err)
		prism_error_copy(&w->err, err);
}

/* Category of the outcome; NONE: it worked. */
static enum prism_error_category fetch(struct world *w, struct prism_cancel *cancel)
{
	const struct core_vendor_want want = want_of(w);
	const struct core_vendor_source source = {w->loop, w->url, w->dir};

	w->over = false;
	prism_error_clear(&w->err);
	if (core_vendor_fetch(&source, &want, cancel, done, w, &w->err) < 0)
		return w->err.category;
	assert_false(w->over); /* later, from the loop */
	if (cancel)
		prism_cancel_fire(cancel);
	for (int turn = 0; turn < GIVE_UP_TURNS && !w->over; turn++)
		prism_loop_turn(w->loop, 10);
	assert_true(w->over);
	return w->err.category;
}

static void must_say(const struct world *w, const char *words)
{
	char text[PRISM_ERROR_TEXT * 2];

	prism_error_format(&w->err, text, sizeof(text));
	if (!strstr(text, words) && !strstr(w->err.hint, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static unsigned files_in(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned count = 0;

	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct stat st;
		PRISM_AUTO_FREE char *path = prism_path_join(dir, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) < 0)
			continue;
		assert_int_equal(st.st_mode & 0777, 0600);
		count++;
	}
	closedir(d);
	return count;
}

static enum core_check_result result_of(const struct world *w, enum core_rule rule)
{
	const struct core_evidence_expectation expect = {
	    .report_data = report_data, .at_us = prism_clock_wall_us(prism_clock_system())};
	struct core_verdict *verdict = core_verdict_create();

	core_evidence_verify(w->evidence, w->policy, w->trust, &expect, verdict);
	core_verdict_conclude(verdict);
	const struct core_check *check = core_verdict_find(verdict, rule);
	enum core_check_result result = check ? check->result : CORE_CHECK_SKIPPED;
	core_verdict_destroy(verdict);
	return result;
}

/* ---- what works ----------------------------------------------------------------------------- */

static void test_what_is_missing_is_fetched_and_kept(void **state)
{
	struct world *w = *state;
	struct core_vendor_want want = want_of(w);
	const struct core_snp_report *r = &core_evidence_snp(w->evidence)->report;
	char hwid[129], expected[300];
	struct core_snp_tcb tcb;

	assert_int_equal(core_vendor_missing(&want), CORE_VENDOR_CHAIN | CORE_VENDOR_VCEK);
	assert_int_equal(result_of(w, CORE_RULE_CHAIN_SIGNED), CORE_CHECK_FAIL);
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_NONE);
	assert_int_equal(core_vendor_missing(&want), 0);
	assert_int_equal(result_of(w, CORE_RULE_CHAIN_ROOT), CORE_CHECK_PASS);
	assert_int_equal(result_of(w, CORE_RULE_CHAIN_SIGNED), CORE_CHECK_PASS);
	assert_int_equal(result_of(w, CORE_RULE_REPORT_SIGNED), CORE_CHECK_PASS);

	assert_int_equal(w->asked_count, 2);
	assert_string_equal(w->asked[0], "/vcek/v1/Milan/cert_chain");
	prism_hex_encode(r->chip_id, 64, hwid);
	core_snp_tcb_split(r->reported_tcb, CORE_SNP_MILAN, &tcb);
	snprintf(expected, sizeof(expected),
	         "/vcek/v1/Milan/%s?blSPL=%u&teeSPL=%u&snpSPL=%u&ucodeSPL=%u", hwid, tcb.boot_loader,
	         tcb.tee, tcb.snp, tcb.microcode);
	assert_string_equal(w->asked[1], expected);
	assert_int_equal(files_in(w->dir), 2);

	/* Another report of the same chip needs nobody. */
	core_evidence_destroy(w->evidence);
	w->evidence = bare_report(SB_FORGE_SOUND);
	want = want_of(w);
	assert_int_equal(core_vendor_from_cache(&want, w->dir), 0);
	assert_int_equal(result_of(w, CORE_RULE_REPORT_SIGNED), CORE_CHECK_PASS);
	assert_int_equal(w->asked_count, 2);
}

static void test_a_damaged_cache_is_no_cache(void **state)
{
	struct world *w = *state;
	DIR *d;

	assert_int_equal(fetch(w, NULL), PRISM_ERROR_NONE);
	d = opendir(w->dir);
	for (struct dirent *entry; (entry = readdir(d));) {
		PRISM_AUTO_FREE char *path = prism_path_join(w->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			assert_int_equal(prism_file_write(path, "junk", 4, 0600, NULL), 0);
	}
	closedir(d);
	core_evidence_destroy(w->evidence);
	w->evidence = bare_report(SB_FORGE_SOUND);
	struct core_vendor_want want = want_of(w);
	assert_int_equal(core_vendor_from_cache(&want, w->dir), CORE_VENDOR_CHAIN | CORE_VENDOR_VCEK);
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_NONE); /* and it is mended */
	core_evidence_destroy(w->evidence);
	w->evidence = bare_report(SB_FORGE_SOUND);
	want = want_of(w);
	assert_int_equal(core_vendor_from_cache(&want, w->dir), 0);
}

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_a_root_that_is_not_pinned(void **state)
{
	struct world *w = *state;

	core_trust_destroy(w->trust);
	w->trust = core_trust_create(); /* AMD's own pins only */
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_TRUST);
	must_say(w, "not a pinned one");
	assert_int_equal(files_in(w->dir), 0);
	assert_null(core_evidence_snp(w->evidence)->ark);
}

static void test_a_chip_certificate_of_another_hierarchy(void **state)
{
	struct world *w = *state;
	struct testca other = testca_make(&(struct testca_spec){.name = "SEV-VCEK"}, NULL);

	w->vcek = (struct served){other.cert_pem, strlen(other.cert_pem), 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_TRUST);
	must_say(w, "not signed by the chain");
	assert_null(core_evidence_snp(w->evidence)->vcek);
	assert_int_equal(files_in(w->dir), 1); /* the chain was right */
	testca_finish(&other);
}

static void test_a_chain_that_its_root_did_not_sign(void **state)
{
	struct world *w = *state;
	struct testca other = testca_make(&(struct testca_spec){.name = "SEV-Milan", .ca = true}, NULL);
	PRISM_AUTO_BUF struct prism_buf mixed = PRISM_BUF_INIT(1u << 16);

	prism_buf_puts(&mixed, other.cert_pem);
	prism_buf_puts(&mixed, sb_forge_root_pem(forge));
	w->chain = (struct served){mixed.data, mixed.len, 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_TRUST);
	must_say(w, "did not sign");
	testca_finish(&other);
}

static void test_answers_that_are_none(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum prism_error_category category;
		const char *words;
	} rows[] = {
	    {404, "", PRISM_ERROR_MISSING, "status 404"},
	    {429, "", PRISM_ERROR_IO, "ten seconds"},
	    {500, "oops", PRISM_ERROR_IO, "status 500"},
	    {200, "", PRISM_ERROR_INVALID, "AMD's key service"},
	    {200, "<html>sign in to the network</html>", PRISM_ERROR_INVALID, "AMD's key service"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		w->chain = (struct served){rows[i].body, strlen(rows[i].body), rows[i].status};
		enum prism_error_category category = fetch(w, NULL);
		if (category != rows[i].category && category != PRISM_ERROR_PROTOCOL)
			fail_msg("row %zu: category %d", i, (int)category);
		must_say(w, rows[i].words);
	}
	assert_int_equal(files_in(w->dir), 0);
}

static void test_an_answer_without_end(void **state)
{
	struct world *w = *state;
	PRISM_AUTO_FREE char *much = prism_alloc(CORE_VENDOR_ANSWER_MAX + 4096);

	w->chain = (struct served){much, CORE_VENDOR_ANSWER_MAX + 4096, 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_LIMIT);
}

static void test_nobody_there_and_giving_up(void **state)
{
	struct world *w = *state;
	struct prism_cancel *cancel = prism_cancel_create(NULL);

	assert_int_equal(fetch(w, cancel), PRISM_ERROR_CANCELLED);
	prism_cancel_destroy(cancel);
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:1");
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_IO);
}

static void test_what_cannot_be_asked_for(void **state)
{
	struct world *w = *state;

	core_evidence_destroy(w->evidence);
	w->evidence = bare_report(SB_FORGE_MASKED_CHIP);
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_MISSING);
	must_say(w, "hides the chip's id");
	assert_int_equal(w->asked_count, 0);
}

/* ---- revocation lists ----------------------------------------------------------------------- */

static struct prism_buf make_crl(const struct testca *issuer, long until)
{
	struct prism_buf out = PRISM_BUF_INIT(1u << 16);
	BIO *cert_bio = BIO_new_mem_buf(issuer->cert_pem, -1);
	BIO *key_bio = BIO_new_mem_buf(issuer->key_pem, -1);
	X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, -7200), *to = X509_gmtime_adj(NULL, until);
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(cert));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, to);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	int size = i2d_X509_CRL(crl, &der);
	prism_buf_put(&out, der, (size_t)size);
	OPENSSL_free(der);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	return out;
}

/* Evidence with its own chain, judged under a root whose key the test has. */
static void want_crl(struct world *w, const struct testca *root)
{
	static const char text[] =
	    "{\"policy\":{\"policy\":\"196608\"},\"rootOfTrust\":{\"checkCrl\":true}}";
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(1u << 20);

	assert_int_equal(sb_forge_evidence(forge, SB_FORGE_SNP, report_data, report_data,
	                                   SB_FORGE_SOUND, &bytes, NULL),
	                 0);
	core_evidence_destroy(w->evidence);
	w->evidence = core_evidence_parse(bytes.data, bytes.len, NULL);
	core_trust_destroy(w->trust);
	w->trust = core_trust_create();
	assert_int_equal(core_trust_add_test_root(w->trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN,
	                                          root->cert_pem, strlen(root->cert_pem), NULL),
	                 0);
	w->policy = core_policy_parse(text, strlen(text), NULL);
	assert_non_null(w->policy);
}

static void test_a_revocation_list(void **state)
{
	struct world *w = *state;
	struct testca root = testca_make(&(struct testca_spec){.name = "ARK", .ca = true}, NULL);
	struct testca other = testca_make(&(struct testca_spec){.name = "ARK", .ca = true}, NULL);
	struct prism_buf good = make_crl(&root, 86400), late = make_crl(&root, -3600),
	                 foreign = make_crl(&other, 86400);

	want_crl(w, &root);
	struct core_vendor_want want = want_of(w);
	assert_int_equal(core_vendor_missing(&want), CORE_VENDOR_CRL);
	w->crl = (struct served){foreign.data, foreign.len, 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_TRUST);
	must_say(w, "not signed");
	w->crl = (struct served){late.data, late.len, 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_TRUST);
	must_say(w, "out of date");
	assert_int_equal(files_in(w->dir), 0);
	w->crl = (struct served){good.data, good.len, 200};
	assert_int_equal(fetch(w, NULL), PRISM_ERROR_NONE);
	assert_int_equal(core_vendor_missing(&want), 0);
	assert_int_equal(files_in(w->dir), 1);
	assert_string_equal(w->asked[0], "/vcek/v1/Milan/crl");
	prism_buf_finish(&good);
	prism_buf_finish(&late);
	prism_buf_finish(&foreign);
	testca_finish(&root);
	testca_finish(&other);
}

static int start(void **state)
{
	forge = sb_forge_create(NULL);
	return forge ? 0 : -1;
}

static int stop(void **state)
{
	sb_forge_destroy(forge);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_is_missing_is_fetched_and_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_damaged_cache_is_no_cache, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_root_that_is_not_pinned, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_chip_certificate_of_another_hierarchy, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(test_a_chain_that_its_root_did_not_sign, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_answers_that_are_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_an_answer_without_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nobody_there_and_giving_up, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_cannot_be_asked_for, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_revocation_list, setup, teardown),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
