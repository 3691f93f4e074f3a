/*
 * Verdicts of core/certcheck beside those of the openssl program, file for file: each row says
 * which line is judged, what we say, and the command whose exit status says the same.  Skipped
 * where openssl is not installed.
 */
#include "core/certcheck.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, ARGS_MAX = 16 };

static struct world {
	char *dir;
	int64_t now;
	bool missing; /* no openssl */
} w;

static int run_openssl(char *const argv[])
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (chdir(w.dir) < 0 || !freopen("/dev/null", "r", stdin) ||
		    !freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execvp("openssl", argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* "verify -CAfile ca.pem cert.pem": true when it exits with 0. */
static bool openssl_says(const char *command)
{
	PRISM_AUTO_FREE char *copy = prism_strdup(command);
	char *argv[ARGS_MAX] = {(char *)(uintptr_t) "openssl"}, *save = NULL;
	size_t count = 1;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(count + 1 < ARGS_MAX);
		argv[count++] = word;
	}
	argv[count] = NULL;
	return run_openssl(argv) == 0;
}

static void put(const char *name, const char *text)
{
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_write(path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static void put_pair(const char *name, const struct testca *made)
{
	PRISM_AUTO_FREE char *cert = prism_asprintf("%s.pem", name);
	PRISM_AUTO_FREE char *key = prism_asprintf("%s.key", name);

	put(cert, made->cert_pem);
	put(key, made->key_pem);
}

/* Makes, puts and forgets a leaf of the CA. */
static void leaf(const char *name, struct testca_spec spec, const struct testca *ca)
{
	struct testca made;

	spec.name = name;
	if (!spec.names)
		spec.names = "DNS:agent.example,IP:127.0.0.1";
	if (!spec.from && !spec.until) {
		spec.from = -DAY;
		spec.until = 300 * DAY;
	}
	made = testca_make(&spec, ca);
	put_pair(name, &made);
	testca_finish(&made);
}

static int setup(void **state)
{
	struct testca ca = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	struct testca again = testca_make(&(struct testca_spec){.name = "CA", .ca = true}, NULL);
	struct testca other = testca_make(&(struct testca_spec){.name = "Other", .ca = true}, NULL);
	struct testca middle = testca_make(&(struct testca_spec){.name = "Middle", .ca = true}, &ca);
	struct testca agent = testca_make(
	    &(struct testca_spec){.name = "agent", .names = "DNS:agent.example,IP:127.0.0.1"}, &ca);
	struct testca below =
	    testca_make(&(struct testca_spec){.name = "below", .names = "IP:127.0.0.1"}, &middle);
	struct testca orphan =
	    testca_make(&(struct testca_spec){.name = "orphan", .names = "IP:127.0.0.1"}, &agent);
	PRISM_AUTO_FREE char *chain = prism_asprintf("%s%s", below.cert_pem, middle.cert_pem);
	PRISM_AUTO_FREE char *cut = prism_strndup(agent.cert_pem, strlen(agent.cert_pem) / 2);

	(void)state;
	w.dir = tmpdir_create();
	w.now = prism_clock_wall_us(prism_clock_system());
	w.missing = !openssl_says("version");
	put_pair("ca", &ca);
	put_pair("again", &again);
	put_pair("other", &other);
	put_pair("middle", &middle);
	put_pair("agent", &agent);
	put_pair("below", &below);
	put_pair("orphan", &orphan);
	put("chain.pem", chain);
	put("cut.pem", cut);
	leaf("expired", (struct testca_spec){.from = -9 * DAY, .until = -DAY}, &ca);
	leaf("later", (struct testca_spec){.from = 9 * DAY, .until = 90 * DAY}, &ca);
	leaf("soon", (struct testca_spec){.from = -DAY, .until = 10 * DAY}, &ca);
	leaf("fine", (struct testca_spec){.until = 0}, &ca);
	leaf("server", (struct testca_spec){.usage = "serverAuth"}, &ca);
	leaf("client", (struct testca_spec){.usage = "clientAuth"}, &ca);
	leaf("weak", (struct testca_spec){.rsa = 1024}, &ca);
	leaf("strong", (struct testca_spec){.rsa = 2048}, &ca);
	leaf("sha1", (struct testca_spec){.digest = "SHA1"}, &ca);
	leaf("agrees", (struct testca_spec){.key_usage = "keyAgreement"}, &ca);
	leaf("signs", (struct testca_spec){.key_usage = "digitalSignature"}, &ca);
	leaf("alone", (struct testca_spec){.until = 0}, NULL);
	testca_finish(&ca);
	testca_finish(&again);
	testca_finish(&other);
	testca_finish(&middle);
	testca_finish(&agent);
	testca_finish(&below);
	testca_finish(&orphan);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tmpdir_remove(w.dir);
	return 0;
}

/* ---- rows ---- */

struct row {
	const char *cert, *key, *ca,
	    *host;        /* files; key NULL: the certificate's own; host NULL: none */
	const char *line; /* that is judged */
	enum core_certcheck_result result;
	const char *command; /* openssl; good means exit status 0 */
	bool good;
};

/* A warning of ours goes with either; its row says which. */
static const struct row rows[] = {
    {"agent", NULL, "ca", NULL, "cert.chain", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem agent.pem", true},
    {"agent", NULL, "other", NULL, "cert.chain", CORE_CERTCHECK_FAIL,
     "verify -CAfile other.pem agent.pem", false},
    {"agent", NULL, "again", NULL, "cert.chain", CORE_CERTCHECK_FAIL, /* same name, another key */
     "verify -CAfile again.pem agent.pem", false},
    {"below", NULL, "ca", NULL, "cert.chain", CORE_CERTCHECK_FAIL,
     "verify -CAfile ca.pem below.pem", false},
    {"chain", "below", "ca", NULL, "cert.chain", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem -untrusted chain.pem below.pem", true},
    {"orphan", NULL, "agent", NULL, "cert.chain", CORE_CERTCHECK_FAIL, /* issuer is no CA */
     "verify -CAfile agent.pem orphan.pem", false},
    {"alone", NULL, "ca", NULL, "cert.self-signed", CORE_CERTCHECK_WARN,
     "verify -CAfile ca.pem alone.pem", false},
    {"fine", NULL, "ca", NULL, "cert.dates", CORE_CERTCHECK_PASS,
     "x509 -checkend 2592000 -noout -in fine.pem", true},
    {"soon", NULL, "ca", NULL, "cert.dates", CORE_CERTCHECK_WARN,
     "x509 -checkend 2592000 -noout -in soon.pem", false},
    {"expired", NULL, "ca", NULL, "cert.dates", CORE_CERTCHECK_FAIL,
     "x509 -checkend 0 -noout -in expired.pem", false},
    {"later", NULL, "ca", NULL, "cert.dates", CORE_CERTCHECK_FAIL,
     "verify -CAfile ca.pem later.pem", false},
    {"agent", NULL, "ca", "agent.example", "cert.host", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem -verify_hostname agent.example agent.pem", true},
    {"agent", NULL, "ca", "127.0.0.1:7002", "cert.host", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem -verify_ip 127.0.0.1 agent.pem", true},
    {"agent", NULL, "ca", "192.0.2.1", "cert.host", CORE_CERTCHECK_FAIL,
     "verify -CAfile ca.pem -verify_ip 192.0.2.1 agent.pem", false},
    {"agent", NULL, "ca", "elsewhere.example", "cert.host", CORE_CERTCHECK_FAIL,
     "verify -CAfile ca.pem -verify_hostname elsewhere.example agent.pem", false},
    {"server", NULL, "ca", NULL, "cert.use", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem -purpose sslserver server.pem", true},
    {"client", NULL, "ca", NULL, "cert.use", CORE_CERTCHECK_FAIL,
     "verify -CAfile ca.pem -purpose sslserver client.pem", false},
    {"signs", NULL, "ca", NULL, "cert.use", CORE_CERTCHECK_PASS,
     "verify -CAfile ca.pem -purpose sslserver signs.pem", true},
    {"agrees", NULL, "ca", NULL, "cert.use", CORE_CERTCHECK_PASS, /* and a warning of ours */
     "verify -CAfile ca.pem -purpose sslserver agrees.pem", true},
    {"strong", NULL, "ca", NULL, "cert.strength", CORE_CERTCHECK_PASS,
     "verify -auth_level 2 -CAfile ca.pem strong.pem", true},
    {"weak", NULL, "ca", NULL, "cert.strength", CORE_CERTCHECK_FAIL,
     "verify -auth_level 2 -CAfile ca.pem weak.pem", false},
    {"sha1", NULL, "ca", NULL, "cert.signature", CORE_CERTCHECK_FAIL,
     "verify -auth_level 2 -CAfile ca.pem sha1.pem", false},
    {"agent", NULL, "ca", NULL, "server-ca.ca", CORE_CERTCHECK_PASS,
     "verify -check_ss_sig -CAfile ca.pem ca.pem", true},
    {"agent", NULL, "ca", NULL, "cert.parses", CORE_CERTCHECK_PASS, "x509 -noout -in agent.pem",
     true},
    {"cut", "agent", "ca", NULL, "cert.pem", CORE_CERTCHECK_FAIL, "x509 -noout -in cut.pem", false},
    {"agent", NULL, "ca", NULL, "key.parses", CORE_CERTCHECK_PASS,
     "pkey -noout -check -in agent.key", true},
};

static void add(struct core_certcheck *check, unsigned slot, const char *name, const char *end)
{
	PRISM_AUTO_FREE char *file = prism_asprintf("%s.%s", name, end);
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, file);

	core_certcheck_file(check, slot, path);
}

static const struct core_certcheck_line *find(const struct core_certcheck *check, const char *id)
{
	for (size_t i = 0; i < core_certcheck_count(check); i++)
		if (strcmp(core_certcheck_line(check, i)->id, id) == 0)
			return core_certcheck_line(check, i);
	return NULL;
}

static void every_verdict_is_that_of_openssl(void **state)
{
	(void)state;
	if (w.missing)
		skip();
	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_MTLS, w.now, row->host);
		const struct core_certcheck_line *line;

		add(check, CORE_CERTCHECK_CERT, row->cert, "pem");
		add(check, CORE_CERTCHECK_KEY, row->key ? row->key : row->cert, "key");
		add(check, CORE_CERTCHECK_SERVER_CA, row->ca, "pem");
		core_certcheck_run(check);
		line = find(check, row->line);
		if (!line || line->result != row->result)
			fail_msg("row %zu: %s is %s: %s", i, row->line,
			         line ? core_certcheck_result_word(line->result) : "not there",
			         line ? line->found : "");
		if (openssl_says(row->command) != row->good)
			fail_msg("row %zu: openssl %s: should %s", i, row->command,
			         row->good ? "succeed" : "fail");
		core_certcheck_destroy(check);
	}
}

/* ---- keys ---- */

static char *output(const char *command, const char *file)
{
	PRISM_AUTO_FREE char *whole = prism_asprintf("%s -out %s", command, file);
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, file);
	struct prism_buf text;

	assert_true(openssl_says(whole));
	assert_int_equal(prism_file_read(path, 65536, &text, NULL), 0);
	return prism_buf_take(&text, NULL);
}

static void a_key_fits_when_the_public_halves_are_the_same(void **state)
{
	static const struct {
		const char *cert, *key;
	} pairs[] = {{"agent", "agent"}, {"agent", "server"}, {"strong", "strong"}, {"strong", "weak"}};

	(void)state;
	if (w.missing)
		skip();
	for (size_t i = 0; i < PRISM_COUNT(pairs); i++) {
		PRISM_AUTO_FREE char *of_cert =
		    prism_asprintf("x509 -noout -pubkey -in %s.pem", pairs[i].cert);
		PRISM_AUTO_FREE char *of_key = prism_asprintf("pkey -pubout -in %s.key", pairs[i].key);
		PRISM_AUTO_FREE char *a = output(of_cert, "a"), *b = output(of_key, "b");
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);

		add(check, CORE_CERTCHECK_CERT, pairs[i].cert, "pem");
		add(check, CORE_CERTCHECK_KEY, pairs[i].key, "key");
		core_certcheck_run(check);
		assert_int_equal(find(check, "key.key")->result,
		                 strcmp(a, b) == 0 ? CORE_CERTCHECK_PASS : CORE_CERTCHECK_FAIL);
		assert_int_equal(strcmp(a, b) == 0, strcmp(pairs[i].cert, pairs[i].key) == 0);
		core_certcheck_destroy(check);
	}
}

/* What openssl sealed opens with its passphrase only; what is handed on, openssl opens without. */
static void sealed_keys(void **state)
{
	static const char *const words[] = {NULL, "wrong", "sesame"};

	(void)state;
	if (w.missing)
		skip();
	assert_true(openssl_says("pkcs8 -topk8 -in agent.key -passout pass:sesame -out sealed.key"));
	assert_true(
	    openssl_says("pkey -in strong.key -aes256 -traditional -passout pass:sesame -out old.key"));
	for (size_t i = 0; i < 2 * PRISM_COUNT(words); i++) {
		const char *word = words[i % PRISM_COUNT(words)];
		bool old = i >= PRISM_COUNT(words), right = word && strcmp(word, "sesame") == 0;
		PRISM_AUTO_FREE char *command = prism_asprintf("pkey -noout -in %s.key -passin pass:%s",
		                                               old ? "old" : "sealed", word ? word : "");
		struct prism_secret *secret = word ? prism_secret_from_text(word) : NULL;
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);

		core_certcheck_passphrase(check, secret);
		add(check, CORE_CERTCHECK_CERT, old ? "strong" : "agent", "pem");
		add(check, CORE_CERTCHECK_KEY, old ? "old" : "sealed", "key");
		core_certcheck_run(check);
		assert_int_equal(openssl_says(command), right);
		assert_int_equal(find(check, "key.opens")->result,
		                 right ? CORE_CERTCHECK_WARN : CORE_CERTCHECK_FAIL);
		if (right) {
			put("opened.key", core_certcheck_pem(check, CORE_CERTCHECK_KEY));
			assert_true(openssl_says("pkey -noout -check -in opened.key"));
		}
		core_certcheck_destroy(check);
		prism_secret_destroy(secret);
	}
}

/* The same files as openssl writes them in other forms: named, not taken. */
static void other_forms(void **state)
{
	static const struct {
		const char *command, *file, *found;
	} forms[] = {
	    {"x509 -in agent.pem -outform DER -out form", "form", "a certificate in DER"},
	    {"pkey -in agent.key -outform DER -out form", "form", "a private key in DER"},
	    {"pkcs12 -export -in agent.pem -inkey agent.key -passout pass:x -out form", "form",
	     "PKCS#12"},
	    {"req -new -key agent.key -subj /CN=a -out form", "form", "CSR"},
	    {"x509 -in agent.pem -trustout -out form", "form", "TRUSTED CERTIFICATE"},
	    {"crl2pkcs7 -nocrl -certfile agent.pem -out form", "form", "PKCS#7"},
	    {"pkey -in agent.key -pubout -out form", "form", "a public key"},
	};

	(void)state;
	if (w.missing)
		skip();
	for (size_t i = 0; i < PRISM_COUNT(forms); i++) {
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);
		PRISM_AUTO_FREE char *path = prism_path_join(w.dir, forms[i].file);
		const struct core_certcheck_line *line;

		assert_true(openssl_says(forms[i].command));
		core_certcheck_file(check, CORE_CERTCHECK_CERT, path);
		core_certcheck_run(check);
		line = core_certcheck_problem(check, CORE_CERTCHECK_CERT);
		if (!line || line->result != CORE_CERTCHECK_FAIL || !strstr(line->found, forms[i].found))
			fail_msg("%s: %s", forms[i].command, line ? line->found : "nothing");
		assert_string_not_equal(line->remedy, "");
		core_certcheck_destroy(check);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_verdict_is_that_of_openssl),
	    cmocka_unit_test(a_key_fits_when_the_public_halves_are_the_same),
	    cmocka_unit_test(sealed_keys),
	    cmocka_unit_test(other_forms),
	};

	return cmocka_run_group_tests_name("core/certcheck and openssl", tests, setup, teardown);
}
