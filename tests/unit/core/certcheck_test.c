/*
 * core/certcheck*.c: every deliberate mistake is named in its field, beside files that are right;
 * the verdicts agree with the openssl program where it is installed.  Certificates are made here.
 */
#include "core/certcheck.h"

#include "base/clock.h"
#include "base/file.h"
#include "tests/lib/testca.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct world {
	struct testca ca, other, agent, client;
	char *dir;
	int64_t now;
} w;

static int setup(void **state)
{
	w.ca = testca_make(&(struct testca_spec){.name = "Server CA", .ca = true}, NULL);
	w.other = testca_make(&(struct testca_spec){.name = "Client CA", .ca = true}, NULL);
	w.agent = testca_make(&(struct testca_spec){.name = "agent",
	                                            .names = "DNS:agent.example,IP:127.0.0.1",
	                                            .usage = "serverAuth",
	                                            .until = 86400 * 300,
	                                            .from = -60},
	                      &w.ca);
	w.client = testca_make(&(struct testca_spec){.name = "me", .usage = "clientAuth"}, &w.other);
	w.now = prism_clock_wall_us(prism_clock_system());
	w.dir = tmpdir_create();
	return 0;
}

static int teardown(void **state)
{
	testca_finish(&w.ca);
	testca_finish(&w.other);
	testca_finish(&w.agent);
	testca_finish(&w.client);
	tmpdir_remove(w.dir);
	return 0;
}

struct given {
	const char *text[CORE_CERTCHECK_SLOT_COUNT];
	const char *host;
};

static struct core_certcheck *run(enum core_tls_mode mode, const struct given *given)
{
	struct core_certcheck *check = core_certcheck_create(mode, w.now, given->host);

	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++)
		if (given->text[i])
			core_certcheck_text(check, i, given->text[i], strlen(given->text[i]));
	core_certcheck_run(check);
	return check;
}

/* All that is right for mutual TLS; tests replace one part. */
static struct given right(void)
{
	return (struct given){.text = {w.agent.cert_pem, w.agent.key_pem, w.ca.cert_pem,
	                               w.other.cert_pem, w.client.cert_pem, w.client.key_pem},
	                      .host = "127.0.0.1:7020"};
}

static const struct core_certcheck_line *line(const struct core_certcheck *check, const char *id)
{
	for (size_t i = 0; i < core_certcheck_count(check); i++)
		if (strcmp(core_certcheck_line(check, i)->id, id) == 0)
			return core_certcheck_line(check, i);
	return NULL;
}

static void expect(const struct core_certcheck *check, const char *id,
                   enum core_certcheck_result result, const char *found)
{
	const struct core_certcheck_line *at = line(check, id);

	if (!at || at->result != result || !strstr(at->found, found)) {
		for (size_t i = 0; i < core_certcheck_count(check); i++) {
			const struct core_certcheck_line *l = core_certcheck_line(check, i);
			print_message("%s %s: %s\n", l->id, core_certcheck_result_word(l->result), l->found);
		}
		fail_msg("%s should be %s: %s", id, core_certcheck_result_word(result), found);
	}
	if (result >= CORE_CERTCHECK_WARN) {
		assert_string_not_equal(at->why, "");
		assert_string_not_equal(at->remedy, "");
	}
}

/* One slot replaced in an otherwise right set. */
static void expect_in(unsigned slot, const char *text, const char *id,
                      enum core_certcheck_result result, const char *found)
{
	struct given given = right();
	given.text[slot] = text;
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);
	struct prism_error err = PRISM_ERROR_INIT;

	expect(check, id, result, found);
	assert_int_equal(core_certcheck_raise(check, false, &err) < 0,
	                 core_certcheck_worst(check, CORE_CERTCHECK_SLOT_COUNT) == CORE_CERTCHECK_FAIL);
	core_certcheck_destroy(check);
}

#define FAIL_IN(slot, text, id, found) \
	expect_in(CORE_CERTCHECK_##slot, (text), (id), CORE_CERTCHECK_FAIL, (found))

static void test_right_files_pass(void **state)
{
	struct given given = right();
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);
	struct prism_error err = PRISM_ERROR_INIT;
	static const char *const passes[] = {
	    "cert.pem", "cert.content", "cert.dates",   "cert.chain",        "cert.host",
	    "cert.use", "key.key",      "server-ca.ca", "client-cert.chain", "client-key.key"};

	for (size_t i = 0; i < PRISM_COUNT(passes); i++)
		expect(check, passes[i], CORE_CERTCHECK_PASS, "");
	assert_int_equal(core_certcheck_raise(check, false, &err), 0);
	assert_string_equal(core_certcheck_pem(check, CORE_CERTCHECK_CERT), w.agent.cert_pem);
	core_certcheck_destroy(check);
}

/* Every mode against every set of files given: what is missing, and what is too much. */
static void test_modes_and_files(void **state)
{
	const char *const files[CORE_TLS_FILE_COUNT] = {w.agent.cert_pem, w.agent.key_pem,
	                                                w.ca.cert_pem, w.other.cert_pem};

	for (int mode = 0; mode < CORE_TLS_COUNT; mode++) {
		const struct core_tls_mode_info *info = core_tls_mode_info((enum core_tls_mode)mode);
		for (unsigned set = 0; set < 1u << CORE_TLS_FILE_COUNT; set++) {
			struct given given = {.host = "agent.example"};
			for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
				given.text[i] = set & (1u << i) ? files[i] : NULL;
			struct core_certcheck *check = run((enum core_tls_mode)mode, &given);
			bool half = !(set & 1) != !(set & 2); /* certificate without key, or the reverse */
			bool bad = (info->required & ~set) != 0 || half;
			assert_int_equal(
			    core_certcheck_worst(check, CORE_CERTCHECK_SLOT_COUNT) == CORE_CERTCHECK_FAIL, bad);
			if (!bad && (set & ~(info->required | info->optional)) == 0)
				assert_true(core_certcheck_worst(check, CORE_CERTCHECK_CERT) <=
				            CORE_CERTCHECK_SKIPPED);
			core_certcheck_destroy(check);
		}
	}
}

static void test_wrong_thing_in_the_field(void **state)
{
	static const char csr[] =
	    "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";
	PRISM_AUTO_FREE char *both = prism_asprintf("%s%s", w.agent.cert_pem, w.agent.key_pem);
	PRISM_AUTO_FREE char *twice = prism_asprintf("%s%s", w.agent.key_pem, w.agent.key_pem);

	FAIL_IN(CERT, w.agent.key_pem, "cert.content", "a private key");
	FAIL_IN(KEY, w.agent.cert_pem, "key.content", "a certificate");
	FAIL_IN(CERT, csr, "cert.content", "CSR");
	FAIL_IN(CERT, both, "cert.content", "a private key beside");
	FAIL_IN(KEY, twice, "key.alone", "2 private keys");
	FAIL_IN(SERVER_CA, w.agent.cert_pem, "server-ca.ca", "not a CA");
	FAIL_IN(KEY, w.client.key_pem, "key.key", "another certificate");
	FAIL_IN(CERT, w.client.cert_pem, "cert.use", "serverAuth");
	FAIL_IN(OWN_CERT, w.agent.cert_pem, "client-cert.use", "clientAuth");
	expect_in(CORE_CERTCHECK_CERT, w.ca.cert_pem, "cert.use", CORE_CERTCHECK_WARN, "CA's");
}

static void test_not_pem(void **state)
{
	PRISM_AUTO_FREE char *cut = prism_strndup(w.agent.cert_pem, strlen(w.agent.cert_pem) - 40);
	PRISM_AUTO_FREE char *junk = prism_strdup(w.agent.cert_pem);
	PRISM_AUTO_FREE char *bom = prism_asprintf("\xef\xbb\xbf%s", w.agent.cert_pem);

	memcpy(junk + 100, "\033[2J", 4);
	FAIL_IN(CERT, "/etc/agent/cert.pem", "cert.pem", "no -----BEGIN");
	FAIL_IN(CERT, cut, "cert.pem", "no END line");
	FAIL_IN(CERT, junk, "cert.pem", "not base64");
	FAIL_IN(CERT, bom, "cert.pem", "byte order mark");
	FAIL_IN(CERT, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cert.parses",
	        "damaged");
}

static void test_what_is_around(void **state)
{
	PRISM_AUTO_FREE char *comment = prism_asprintf("subject=agent\n%s", w.agent.cert_pem);
	PRISM_AUTO_FREE char *escape = prism_asprintf("# \033]0;x\007\n%s", w.agent.cert_pem);
	PRISM_AUTO_FREE char *after = prism_asprintf("%sand more\n", w.agent.cert_pem);
	struct prism_buf crlf = PRISM_BUF_INIT(65536);

	for (const char *at = w.agent.cert_pem; *at; at++)
		prism_buf_puts(&crlf, *at == '\n' ? "\r\n" : (char[]){*at, 0});
	expect_in(CORE_CERTCHECK_CERT, comment, "cert.alone", CORE_CERTCHECK_PASS, "comments");
	FAIL_IN(CERT, escape, "cert.alone", "control characters");
	expect_in(CORE_CERTCHECK_CERT, after, "cert.alone", CORE_CERTCHECK_WARN, "behind");
	expect_in(CORE_CERTCHECK_CERT, prism_buf_text(&crlf), "cert.line-ends", CORE_CERTCHECK_WARN,
	          "Windows");
	prism_buf_finish(&crlf);
}

static void with_spec(struct testca_spec spec, const char *id, enum core_certcheck_result result,
                      const char *found)
{
	spec.name = spec.name ? spec.name : "agent";
	spec.names = spec.names ? spec.names : "IP:127.0.0.1";
	struct testca made = testca_make(&spec, &w.ca);
	struct given given = right();
	given.text[CORE_CERTCHECK_CERT] = made.cert_pem;
	given.text[CORE_CERTCHECK_KEY] = made.key_pem;
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);

	expect(check, id, result, found);
	core_certcheck_destroy(check);
	testca_finish(&made);
}

static void test_soundness(void **state)
{
	with_spec((struct testca_spec){.rsa = 2048}, "cert.strength", CORE_CERTCHECK_PASS, "RSA 2048");
	with_spec((struct testca_spec){.rsa = 1024}, "cert.strength", CORE_CERTCHECK_FAIL, "shorter");
	with_spec((struct testca_spec){.rsa = 1024}, "key.strength", CORE_CERTCHECK_FAIL, "RSA 1024");
	with_spec((struct testca_spec){.curve = "P-384"}, "key.strength", CORE_CERTCHECK_PASS, "P-384");
	with_spec((struct testca_spec){.curve = "secp256k1"}, "cert.strength", CORE_CERTCHECK_FAIL,
	          "do not use");
	with_spec((struct testca_spec){.digest = "SHA1"}, "cert.signature", CORE_CERTCHECK_FAIL,
	          "SHA1");
	with_spec((struct testca_spec){.digest = "SHA384"}, "cert.signature", CORE_CERTCHECK_PASS,
	          "SHA384");
	with_spec((struct testca_spec){.nul = true}, "cert.names", CORE_CERTCHECK_FAIL, "NUL");
	with_spec((struct testca_spec){.names = "DNS:other.example"}, "cert.host", CORE_CERTCHECK_FAIL,
	          "127.0.0.1 is not among DNS:other.example");
}

static void test_dates(void **state)
{
	enum { DAY = 86400 };
	with_spec((struct testca_spec){.from = -DAY, .until = 90 * DAY}, "cert.dates",
	          CORE_CERTCHECK_PASS, "until");
	with_spec((struct testca_spec){.from = -DAY, .until = 10 * DAY}, "cert.dates",
	          CORE_CERTCHECK_WARN, "expires in");
	with_spec((struct testca_spec){.from = -9 * DAY, .until = -DAY}, "cert.dates",
	          CORE_CERTCHECK_FAIL, "agent: expired ");
	with_spec((struct testca_spec){.from = 300, .until = 90 * DAY}, "cert.dates",
	          CORE_CERTCHECK_FAIL, "clock is behind");
	with_spec((struct testca_spec){.from = 9 * DAY, .until = 90 * DAY}, "cert.dates",
	          CORE_CERTCHECK_FAIL, "not valid before");
}

/* The agent's clock judges dates, not this one: they do not stand in the way of an upload. */
static void test_dates_block_no_upload(void **state)
{
	struct testca old = testca_make(
	    &(struct testca_spec){
	        .name = "agent", .names = "IP:127.0.0.1", .from = -90000, .until = -3600},
	    &w.ca);
	struct given given = right();
	given.text[CORE_CERTCHECK_CERT] = old.cert_pem;
	given.text[CORE_CERTCHECK_KEY] = old.key_pem;
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(core_certcheck_raise(check, true, &err), 0);
	assert_int_equal(core_certcheck_raise(check, false, &err), -1);
	assert_int_equal(err.category, PRISM_ERROR_TRUST);
	core_certcheck_destroy(check);
	testca_finish(&old);
}

static void test_chains(void **state)
{
	struct given given = right();
	given.text[CORE_CERTCHECK_SERVER_CA] = w.other.cert_pem;
	given.text[CORE_CERTCHECK_CLIENT_CA] = w.ca.cert_pem;
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);

	expect(check, "server-ca.swapped", CORE_CERTCHECK_FAIL, "client CA field");
	expect(check, "client-ca.swapped", CORE_CERTCHECK_FAIL, "server CA field");
	expect(check, "cert.chain", CORE_CERTCHECK_FAIL, "issued by CN=Server CA");
	core_certcheck_destroy(check);

	struct testca middle = testca_make(&(struct testca_spec){.name = "Middle", .ca = true}, &w.ca);
	struct testca leaf =
	    testca_make(&(struct testca_spec){.name = "a", .names = "IP:127.0.0.1"}, &middle);
	PRISM_AUTO_FREE char *chain = prism_asprintf("%s%s", leaf.cert_pem, middle.cert_pem);
	PRISM_AUTO_FREE char *wrong_order = prism_asprintf("%s%s", middle.cert_pem, leaf.cert_pem);
	given = right();
	given.text[CORE_CERTCHECK_KEY] = leaf.key_pem;
	given.text[CORE_CERTCHECK_CERT] = leaf.cert_pem;
	check = run(CORE_TLS_MTLS, &given);
	expect(check, "cert.chain", CORE_CERTCHECK_FAIL, "issued by CN=Middle");
	core_certcheck_destroy(check);
	given.text[CORE_CERTCHECK_CERT] = chain;
	check = run(CORE_TLS_MTLS, &given);
	expect(check, "cert.chain", CORE_CERTCHECK_PASS, "complete");
	core_certcheck_destroy(check);
	given.text[CORE_CERTCHECK_CERT] = wrong_order;
	check = run(CORE_TLS_MTLS, &given);
	expect(check, "key.key", CORE_CERTCHECK_FAIL, "another certificate of the file");
	core_certcheck_destroy(check);
	testca_finish(&middle);
	testca_finish(&leaf);
}

static void test_self_signed(void **state)
{
	struct testca made =
	    testca_make(&(struct testca_spec){.name = "alone", .names = "IP:127.0.0.1"}, NULL);
	struct given given = {.text = {made.cert_pem, made.key_pem}};
	struct core_certcheck *check = run(CORE_TLS_TLS, &given);

	expect(check, "cert.self-signed", CORE_CERTCHECK_WARN, "self-signed");
	expect(check, "cert.chain", CORE_CERTCHECK_SKIPPED, "no server CA");
	core_certcheck_destroy(check);
	testca_finish(&made);
}

static void test_names_in_attested_modes(void **state)
{
	struct given given = right();
	given.host = "elsewhere.example";
	struct core_certcheck *check = run(CORE_TLS_MTLS, &given);
	expect(check, "cert.host", CORE_CERTCHECK_FAIL, "not among");
	core_certcheck_destroy(check);
	check = run(CORE_TLS_MATLS, &given);
	expect(check, "cert.host", CORE_CERTCHECK_WARN, "not among");
	core_certcheck_destroy(check);
}

/* Before it is known where it runs, the CVMs there are stand for it; none of them blocks. */
static void test_cvms_it_may_run_on(void **state)
{
	static const struct {
		const char *hosts[3];
		enum core_certcheck_result result;
		const char *found;
	} cases[] = {
	    {{"127.0.0.1:7020", NULL}, CORE_CERTCHECK_PASS, "covers cvm (127.0.0.1)"},
	    {{"192.0.2.1:7020", "agent.example", NULL}, CORE_CERTCHECK_PASS, "covers cvm (agent"},
	    {{"192.0.2.1:7020", NULL}, CORE_CERTCHECK_WARN, "covers none of the CVMs: cvm (192.0.2.1)"},
	    {{"", NULL}, CORE_CERTCHECK_SKIPPED, "not known yet"},
	};

	for (size_t i = 0; i < PRISM_COUNT(cases); i++) {
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);
		struct prism_error err = PRISM_ERROR_INIT;

		for (size_t k = 0; cases[i].hosts[k]; k++)
			core_certcheck_candidate(check, "cvm", cases[i].hosts[k]);
		core_certcheck_text(check, CORE_CERTCHECK_CERT, w.agent.cert_pem, strlen(w.agent.cert_pem));
		core_certcheck_text(check, CORE_CERTCHECK_KEY, w.agent.key_pem, strlen(w.agent.key_pem));
		core_certcheck_run(check);
		expect(check, "cert.host", cases[i].result, cases[i].found);
		assert_int_equal(core_certcheck_raise(check, true, &err), 0);
		core_certcheck_destroy(check);
	}
}

/* ---- files ---- */

static struct core_certcheck *from_file(const char *path)
{
	struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);

	core_certcheck_file(check, CORE_CERTCHECK_CERT, path);
	core_certcheck_text(check, CORE_CERTCHECK_KEY, w.agent.key_pem, strlen(w.agent.key_pem));
	core_certcheck_run(check);
	return check;
}

static void file_expect(const char *name, const void *data, size_t size, const char *id,
                        const char *found)
{
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, name);
	struct prism_error err = PRISM_ERROR_INIT;

	if (data)
		assert_int_equal(prism_file_write(path, data, size, 0644, &err), 0);
	struct core_certcheck *check = from_file(path);
	expect(check, id, CORE_CERTCHECK_FAIL, found);
	core_certcheck_destroy(check);
}

static void test_bad_files(void **state)
{
	PRISM_AUTO_FREE char *huge = prism_alloc(100000);
	PRISM_AUTO_FREE char *fifo = prism_path_join(w.dir, "fifo");
	struct prism_buf many = PRISM_BUF_INIT(1 << 20);
	struct testca bulky =
	    testca_make(&(struct testca_spec){.name = "bulky", .bulk = 1 << 20}, &w.ca);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (int i = 0; i < 1000; i++)
		prism_buf_puts(&many, w.agent.cert_pem);
	file_expect("empty", "", 0, "cert.pem", "empty");
	file_expect("huge", huge, 100000, "cert.read", "larger than 65536");
	file_expect("fifo", NULL, 0, "cert.read", "not a regular file");
	file_expect(".", NULL, 0, "cert.read", "directory");
	file_expect("nothing", NULL, 0, "cert.read", "cannot open");
	file_expect("/dev/zero", NULL, 0, "cert.read", "not a regular file");
	file_expect("binary", "\177ELF\0\1\2", 7, "cert.pem", "NUL");
	file_expect("utf16", "\xff\xfe-\0-\0", 6, "cert.pem", "UTF-16");
	file_expect("p12", "\x30\x82\x01\x00\x02\x01\x03\x30\x00", 9, "cert.pem", "PKCS#12");
	file_expect("keyder", "\x30\x82\x01\x00\x02\x01\x00\x30\x00", 9, "cert.pem",
	            "private key in DER");
	file_expect("many", many.data, many.len, "cert.read", "larger than");
	file_expect("some", many.data, 40 * strlen(w.agent.cert_pem), "cert.content", "at most 32");
	file_expect("bulky", bulky.cert_pem, strlen(bulky.cert_pem), "cert.read", "larger than");
	prism_buf_finish(&many);
	testca_finish(&bulky);
}

/* Root reads everything: it steps down for this. */
static void test_unreadable_file(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, "secret.pem");
	bool root = geteuid() == 0;

	assert_int_equal(prism_file_write(path, "x", 1, 0600, NULL), 0);
	assert_int_equal(chmod(path, 0), 0);
	if (root)
		assert_int_equal(seteuid(65534), 0);
	file_expect("secret.pem", NULL, 0, "cert.read", "Permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

/* What was checked is what is handed on, whatever the path leads to later. */
static void test_read_once(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, "link");
	PRISM_AUTO_FREE char *first = prism_path_join(w.dir, "first");
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(
	    prism_file_write(first, w.agent.cert_pem, strlen(w.agent.cert_pem), 0644, &err), 0);
	assert_int_equal(symlink(first, path), 0);
	struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);
	core_certcheck_file(check, CORE_CERTCHECK_CERT, path);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	core_certcheck_run(check);
	assert_string_equal(core_certcheck_pem(check, CORE_CERTCHECK_CERT), w.agent.cert_pem);
	core_certcheck_destroy(check);
}

static void test_key_permissions(void **state)
{
	PRISM_AUTO_FREE char *path = prism_path_join(w.dir, "key");
	struct prism_error err = PRISM_ERROR_INIT;

	for (int open = 0; open < 2; open++) {
		assert_int_equal(
		    prism_file_write(path, w.agent.key_pem, strlen(w.agent.key_pem), 0600, &err), 0);
		assert_int_equal(chmod(path, open ? 0644 : 0600), 0);
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);
		core_certcheck_file(check, CORE_CERTCHECK_KEY, path);
		core_certcheck_run(check);
		expect(check, "key.permissions", open ? CORE_CERTCHECK_WARN : CORE_CERTCHECK_PASS,
		       open ? "0644" : "0600");
		core_certcheck_destroy(check);
	}
}

/* ---- against the openssl program ---- */

static int openssl(const char *const argv[])
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(126);
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_verdicts_of_openssl(void **state)
{
	PRISM_AUTO_FREE char *ca = prism_path_join(w.dir, "ca.pem");
	PRISM_AUTO_FREE char *other = prism_path_join(w.dir, "other.pem");
	PRISM_AUTO_FREE char *cert = prism_path_join(w.dir, "cert.pem");
	PRISM_AUTO_FREE char *key = prism_path_join(w.dir, "key.pem");
	PRISM_AUTO_FREE char *sealed = prism_path_join(w.dir, "sealed.pem");
	struct prism_error err = PRISM_ERROR_INIT;
	const char *const version[] = {"openssl", "version", NULL};
	const char *const good[] = {"openssl", "verify", "-CAfile", ca, cert, NULL};
	const char *const bad[] = {"openssl", "verify", "-CAfile", other, cert, NULL};
	const char *const seal[] = {"openssl",          "pkcs8", "-topk8", "-in", key, "-passout",
	                            "pass:open sesame", "-out",  sealed,   NULL};

	if (openssl(version) != 0)
		skip();
	assert_int_equal(prism_file_write(ca, w.ca.cert_pem, strlen(w.ca.cert_pem), 0644, &err), 0);
	assert_int_equal(
	    prism_file_write(other, w.other.cert_pem, strlen(w.other.cert_pem), 0644, &err), 0);
	assert_int_equal(prism_file_write(cert, w.agent.cert_pem, strlen(w.agent.cert_pem), 0644, &err),
	                 0);
	assert_int_equal(prism_file_write(key, w.agent.key_pem, strlen(w.agent.key_pem), 0600, &err),
	                 0);
	assert_int_equal(openssl(good), 0);    /* as in test_right_files_pass */
	assert_int_not_equal(openssl(bad), 0); /* as in test_chains */

	/* A key that openssl sealed: refused without, opened with the passphrase. */
	assert_int_equal(openssl(seal), 0);
	for (int with = 0; with < 2; with++) {
		struct core_certcheck *check = core_certcheck_create(CORE_TLS_TLS, w.now, NULL);
		struct prism_secret *secret = prism_secret_from_text("open sesame");
		if (with)
			core_certcheck_passphrase(check, secret);
		core_certcheck_file(check, CORE_CERTCHECK_CERT, cert);
		core_certcheck_file(check, CORE_CERTCHECK_KEY, sealed);
		core_certcheck_run(check);
		if (with) {
			expect(check, "key.key", CORE_CERTCHECK_PASS, "");
			assert_null(strstr(core_certcheck_pem(check, CORE_CERTCHECK_KEY), "ENCRYPTED"));
		} else {
			expect(check, "key.opens", CORE_CERTCHECK_FAIL, "passphrase");
		}
		prism_secret_destroy(secret);
		core_certcheck_destroy(check);
	}
}

static void test_facts(void **state)
{
	struct core_certcheck_facts facts;
	struct prism_error err = PRISM_ERROR_INIT;

	assert_int_equal(
	    core_certcheck_facts(w.agent.cert_pem, strlen(w.agent.cert_pem), w.now, &facts, &err), 0);
	assert_string_equal(facts.subject, "CN=agent");
	assert_string_equal(facts.issuer, "CN=Server CA");
	assert_string_equal(facts.names, "DNS:agent.example, IP:127.0.0.1");
	assert_int_equal(strlen(facts.fingerprint), 95);
	assert_in_range(facts.days_left, 299, 300);
	core_certcheck_facts_finish(&facts);
	assert_int_equal(core_certcheck_facts("nothing", 7, w.now, &facts, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_files_pass),
	    cmocka_unit_test(test_modes_and_files),
	    cmocka_unit_test(test_wrong_thing_in_the_field),
	    cmocka_unit_test(test_not_pem),
	    cmocka_unit_test(test_what_is_around),
	    cmocka_unit_test(test_soundness),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_dates_block_no_upload),
	    cmocka_unit_test(test_chains),
	    cmocka_unit_test(test_self_signed),
	    cmocka_unit_test(test_names_in_attested_modes),
	    cmocka_unit_test(test_cvms_it_may_run_on),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_unreadable_file),
	    cmocka_unit_test(test_read_once),
	    cmocka_unit_test(test_key_permissions),
	    cmocka_unit_test(test_verdicts_of_openssl),
	    cmocka_unit_test(test_facts),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
