/*
 * Every row of mode x file x state: what the checks say, one golden text for each mode in
 * tests/golden/certcheck.  A file is absent, right, or wrong in one way; the others are right.  The
 * states are a table; a new one is a row, and `make golden` shows in a diff what it means in each
 * mode.  Certificates are made here, so that what varies (dates, serial numbers) is left out of the
 * texts.
 */
#include "core/certcheck.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/golden.h"
#include "tests/lib/testca.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400, HALF_HOUR = 1800 };

static struct world {
	struct testca ca, client_ca, agent, client, expired, soon, later, weak, sha1, self, other_names,
	    no_names, signs_nothing;
	char *csr, *cut, *crlf, *two, *comment, *sealed;
	int64_t now;
} w;

static struct testca leaf(struct testca_spec spec)
{
	spec.name = "agent";
	if (!spec.names)
		spec.names = "DNS:agent.example,IP:127.0.0.1";
	if (!spec.from && !spec.until) {
		spec.from = -DAY;
		spec.until = 300 * DAY + HALF_HOUR;
	}
	return testca_make(&spec, &w.ca);
}

static char *with_crlf(const char *text)
{
	struct prism_buf out = PRISM_BUF_INIT(65536);

	for (; *text; text++)
		prism_buf_puts(&out, *text == '\n' ? "\r\n" : (char[]){*text, 0});
	return prism_buf_take(&out, NULL);
}

static char *seal(const char *key_pem, const char *passphrase)
{
	BIO *in = BIO_new_mem_buf(key_pem, -1), *out = BIO_new(BIO_s_mem());
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	char *data, *text;
	long size;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), passphrase,
	                                               (int)strlen(passphrase), NULL, NULL),
	                 1);
	size = BIO_get_mem_data(out, &data);
	text = prism_strndup(data, (size_t)size);
	EVP_PKEY_free(key);
	BIO_free(in);
	BIO_free(out);
	return text;
}

static int setup(void **state)
{
	(void)state;
	w.now = prism_clock_wall_us(prism_clock_system());
	w.ca = testca_make(
	    &(struct testca_spec){
	        .name = "Server CA", .ca = true, .from = -DAY, .until = 400 * DAY + HALF_HOUR},
	    NULL);
	w.client_ca = testca_make(
	    &(struct testca_spec){
	        .name = "Client CA", .ca = true, .from = -DAY, .until = 400 * DAY + HALF_HOUR},
	    NULL);
	w.agent = leaf((struct testca_spec){.usage = "serverAuth"});
	w.client = leaf((struct testca_spec){.usage = "clientAuth"});
	w.expired = leaf((struct testca_spec){.from = -9 * DAY, .until = -DAY - HALF_HOUR});
	w.soon = leaf((struct testca_spec){.from = -DAY, .until = 10 * DAY + HALF_HOUR});
	w.later = leaf((struct testca_spec){.from = 9 * DAY + HALF_HOUR, .until = 90 * DAY});
	w.weak = leaf((struct testca_spec){.rsa = 1024});
	w.sha1 = leaf((struct testca_spec){.digest = "SHA1"});
	w.other_names = leaf((struct testca_spec){.names = "DNS:other.example"});
	w.no_names = testca_make(
	    &(struct testca_spec){.name = "agent", .from = -DAY, .until = 300 * DAY + HALF_HOUR},
	    &w.ca);
	w.signs_nothing = leaf((struct testca_spec){.key_usage = "keyAgreement"});
	w.self = testca_make(&(struct testca_spec){.name = "agent",
	                                           .names = "DNS:agent.example",
	                                           .from = -DAY,
	                                           .until = 300 * DAY + HALF_HOUR},
	                     NULL);
	w.csr = prism_strdup(
	    "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n");
	w.cut = prism_strndup(w.agent.cert_pem, strlen(w.agent.cert_pem) - 40);
	w.crlf = with_crlf(w.agent.cert_pem);
	w.two = prism_asprintf("%s%s", w.agent.cert_pem, w.agent.key_pem);
	w.comment = prism_asprintf("# \033]0;x\007\n%s", w.agent.cert_pem);
	w.sealed = seal(w.agent.key_pem, "open sesame");
	return 0;
}

static int teardown(void **state)
{
	struct testca *all[] = {&w.ca,          &w.client_ca, &w.agent,        &w.client, &w.expired,
	                        &w.soon,        &w.later,     &w.weak,         &w.sha1,   &w.self,
	                        &w.other_names, &w.no_names,  &w.signs_nothing};
	char *texts[] = {w.csr, w.cut, w.crlf, w.two, w.comment, w.sealed};

	(void)state;
	for (size_t i = 0; i < PRISM_COUNT(all); i++)
		testca_finish(all[i]);
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		prism_free(texts[i]);
	return 0;
}

/* What is put into one field. text NULL: as `special` says. */
struct state {
	const char *name;
	enum { TEXT, ABSENT, PATH_IN_CVM, UNREADABLE, EMPTY_FILE } special;
	const char *text;
	const char *key; /* that goes with it, when a certificate is replaced; NULL: none does */
};

static size_t cert_states(struct state *out)
{
	const struct state states[] = {
	    {"right", TEXT, w.agent.cert_pem, NULL},
	    {"absent", ABSENT, NULL, NULL},
	    {"a path inside the CVM", PATH_IN_CVM, NULL, NULL},
	    {"cannot be read", UNREADABLE, NULL, NULL},
	    {"empty", EMPTY_FILE, NULL, NULL},
	    {"a key", TEXT, w.agent.key_pem, NULL},
	    {"a request", TEXT, w.csr, NULL},
	    {"certificate and key in one file", TEXT, w.two, NULL},
	    {"cut off", TEXT, w.cut, NULL},
	    {"Windows line ends", TEXT, w.crlf, NULL},
	    {"escape sequences in a comment", TEXT, w.comment, NULL},
	    {"expired", TEXT, w.expired.cert_pem, w.expired.key_pem},
	    {"expires soon", TEXT, w.soon.cert_pem, w.soon.key_pem},
	    {"not valid yet", TEXT, w.later.cert_pem, w.later.key_pem},
	    {"RSA 1024", TEXT, w.weak.cert_pem, w.weak.key_pem},
	    {"signed with SHA-1", TEXT, w.sha1.cert_pem, w.sha1.key_pem},
	    {"self-signed", TEXT, w.self.cert_pem, w.self.key_pem},
	    {"a client's", TEXT, w.client.cert_pem, w.client.key_pem},
	    {"may not sign", TEXT, w.signs_nothing.cert_pem, w.signs_nothing.key_pem},
	    {"another address", TEXT, w.other_names.cert_pem, w.other_names.key_pem},
	    {"no alternative names", TEXT, w.no_names.cert_pem, w.no_names.key_pem},
	    {"a CA's", TEXT, w.ca.cert_pem, w.ca.key_pem},
	};

	memcpy(out, states, sizeof(states));
	return PRISM_COUNT(states);
}

static size_t key_states(struct state *out)
{
	const struct state states[] = {
	    {"absent", ABSENT, NULL, NULL},
	    {"a path inside the CVM", PATH_IN_CVM, NULL, NULL},
	    {"a certificate", TEXT, w.agent.cert_pem, NULL},
	    {"another one's", TEXT, w.client.key_pem, NULL},
	    {"encrypted", TEXT, w.sealed, NULL},
	};

	memcpy(out, states, sizeof(states));
	return PRISM_COUNT(states);
}

static size_t ca_states(struct state *out, bool server)
{
	const struct state states[] = {
	    {"absent", ABSENT, NULL, NULL},
	    {"a path inside the CVM", PATH_IN_CVM, NULL, NULL},
	    {"the agent's certificate", TEXT, w.agent.cert_pem, NULL},
	    {"a key", TEXT, w.ca.key_pem, NULL},
	    {"the other CA", TEXT, server ? w.client_ca.cert_pem : w.ca.cert_pem, NULL},
	};

	memcpy(out, states, sizeof(states));
	return PRISM_COUNT(states);
}

static void give(struct core_certcheck *check, unsigned slot, const struct state *state)
{
	struct prism_error why = PRISM_ERROR_INIT;

	switch (state->special) {
	case TEXT:
		core_certcheck_text(check, slot, state->text, strlen(state->text));
		break;
	case PATH_IN_CVM:
		core_certcheck_stored(check, slot, "/etc/agent/file.pem");
		break;
	case UNREADABLE:
		prism_error_raise(&why, PRISM_ERROR_DENIED, "cannot open it: Permission denied");
		core_certcheck_unread(check, slot, &why);
		break;
	case EMPTY_FILE:
		core_certcheck_bytes(check, slot, "", 0, 0600);
		break;
	case ABSENT:
		break;
	}
}

/* "2026-12-05T16:08:39Z" is of the day the test runs. */
static void hide_times(char *text)
{
	for (char *at = text; (at = strchr(at, 'T')); at++)
		if (at - text >= 10 && at[-3] == '-' && at[1] && at[2] && at[3] == ':' && at[9] == 'Z')
			memcpy(at - 10, "YYYY-MM-DDThh:mm:ssZ", 20);
}

/* Everything right but one field: what is said that is not a pass. */
static void one_row(enum core_tls_mode mode, unsigned slot, const struct state *state,
                    struct prism_buf *out)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(mode);
	const char *const right[CORE_TLS_FILE_COUNT] = {w.agent.cert_pem, w.agent.key_pem,
	                                                w.ca.cert_pem, w.client_ca.cert_pem};
	struct core_certcheck *check = core_certcheck_create(mode, w.now, "agent.example:7002");
	size_t passed = 0;

	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		if (i == slot)
			give(check, i, state);
		else if ((info->required | info->optional) & (1u << i))
			core_certcheck_text(
			    check, i, i == CORE_TLS_FILE_KEY && state->key ? state->key : right[i],
			    strlen(i == CORE_TLS_FILE_KEY && state->key ? state->key : right[i]));
	}
	core_certcheck_run(check);
	prism_buf_printf(out, "\n%s: %s\n", core_tls_file_info(slot)->label, state->name);
	for (size_t i = 0; i < core_certcheck_count(check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(check, i);

		passed += line->result == CORE_CERTCHECK_PASS;
		if (line->result != CORE_CERTCHECK_PASS)
			prism_buf_printf(out, "  %-7s %s: %s\n", core_certcheck_result_word(line->result),
			                 line->id, line->found);
	}
	prism_buf_printf(out, "  %zu passed, %s\n", passed,
	                 core_certcheck_raise(check, true, NULL) < 0 ? "not sent" : "sent");
	core_certcheck_destroy(check);
}

static void one_mode(void **state)
{
	enum core_tls_mode mode = (enum core_tls_mode)(intptr_t)*state;
	const struct core_tls_mode_info *info = core_tls_mode_info(mode);
	PRISM_AUTO_FREE char *name = prism_asprintf("certcheck/%s.txt", info->word);
	struct prism_buf out = PRISM_BUF_INIT(1 << 20);
	struct state states[32];

	prism_buf_printf(&out, "%s\nproves: %s\nuse: %s\n%s%s", info->label, info->proves, info->use,
	                 info->warning, *info->warning ? "\n" : "");
	for (unsigned slot = 0; slot < CORE_TLS_FILE_COUNT; slot++) {
		size_t count = slot == CORE_TLS_FILE_CERT ? cert_states(states)
		               : slot == CORE_TLS_FILE_KEY
		                   ? key_states(states)
		                   : ca_states(states, slot == CORE_TLS_FILE_SERVER_CA);

		for (size_t i = 0; i < count; i++)
			one_row(mode, slot, &states[i], &out);
	}
	hide_times(out.data);
	golden_check(name, prism_buf_text(&out));
	prism_buf_finish(&out);
}

int main(void)
{
	struct CMUnitTest tests[CORE_TLS_COUNT];

	for (int mode = 0; mode < CORE_TLS_COUNT; mode++)
		tests[mode] =
		    (struct CMUnitTest){.name = core_tls_mode_info((enum core_tls_mode)mode)->word,
		                        .test_func = one_mode,
		                        .initial_state = (void *)(intptr_t)mode};
	return _cmocka_run_group_tests("modes", tests, CORE_TLS_COUNT, setup, teardown);
}
