/*
 * Attested connections: see attest.h.
 *
 * Owns the judgement of what net/stream_atls.c collected: the channel's own rules here, the
 * evidence by core/evidence.c.  Both generations end in judge_evidence().
 */
#include "core/attest.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/appraisal.h"
#include "core/cmw.h"
#include "core/evidence.h"
#include "core/judge.h"
#include "core/policy.h"
#include "core/trust.h"
#include "core/vendor.h"
#include "net/stream_atls.h"

#include <string.h>

#define FILE_MAX (1u << 20)

struct core_attest {
	unsigned refs;
	struct prism_loop *loop;
	enum core_tls_mode mode;
	enum net_atls_generation generation;
	int64_t timeout_ms;
	enum core_snp_product product;      /* UNKNOWN: any */
	struct core_policy *policy, *extra; /* extra: NULL when there is none */
	bool policy_key_given;
	struct core_trust *trust;
	struct net_tls *tls;
	struct net_cert *ca[NET_CERT_CHAIN_MAX]; /* maTLS */
	size_t ca_count;
	struct core_appraisal *last; /* of the latest connection; NULL before */
};

struct link {                   /* one connection */
	struct core_attest *attest; /* a reference */
	char *host;                 /* maTLS: what the certificate must be for */
};

/* ---- settings ------------------------------------------------------------------------------- */

int core_attest_generation_parse(const char *word, enum core_attest_generation *ret,
                                 struct prism_error *err)
{
	static const char *const words[] = {"auto", "gen1", "gen2"};

	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum core_attest_generation)i;
			return 0;
		}
	}
	return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is not auto, gen1 or gen2", word);
}

static int read_file(const char *what, const char *name, struct prism_buf *out,
                     struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);

	if (prism_file_read(path, FILE_MAX, out, err) < 0)
		return prism_error_wrap(err, "%s", what);
	return out->len ? 0
	                : prism_error_raise(err, PRISM_ERROR_INVALID, "%s: %s is empty", what, name);
}

static int load_policy(struct core_attest *a, const struct core_attest_config *config,
                       struct prism_error *err)
{
	if (!config->policy_file) {
		prism_error_raise(err, PRISM_ERROR_INVALID,
		                  "attested TLS needs an attestation policy to compare with");
		prism_error_hint(err, "save one with 'cvm policy', or make one with 'measure snp'");
		return -1;
	}
	PRISM_AUTO_FREE char *path = prism_path_expand(config->policy_file);
	a->policy = core_policy_read(path, err);
	if (!a->policy)
		return -1;
	if (config->extra_policy_file) {
		PRISM_AUTO_FREE char *extra = prism_path_expand(config->extra_policy_file);
		a->extra = core_policy_read(extra, err);
		if (!a->extra)
			return -1;
	}
	if (!config->policy_key_file)
		return 0;
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);
	a->policy_key_given = true;
	if (read_file("key of the policy", config->policy_key_file, &pem, err) < 0)
		return -1;
	return core_policy_verify_signature(a->policy, pem.data, pem.len, err);
}

static int load_trust(struct core_attest *a, const struct core_attest_config *config,
                      struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);

	a->trust = core_trust_create();
	if (config->certificates_file &&
	    (read_file("certificates", config->certificates_file, &pem, err) < 0 ||
	     core_trust_add_certificates(a->trust, pem.data, pem.len, err) < 0))
		return -1;
	prism_buf_clear(&pem);
	if (config->trust_root_file &&
	    (read_file("test root", config->trust_root_file, &pem, err) < 0 ||
	     core_trust_add_test_root(a->trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, pem.data, pem.len,
	                              err) < 0))
		return -1;
	return 0;
}

static int load_tls(struct core_attest *a, const struct core_attest_config *config,
                    struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf ca = PRISM_BUF_INIT(FILE_MAX);
	PRISM_AUTO_BUF struct prism_buf cert = PRISM_BUF_INIT(FILE_MAX);
	struct prism_buf key = PRISM_BUF_INIT(FILE_MAX);
	bool mutual = config->mode == CORE_TLS_MATLS;
	struct net_tls_config tls = {
	    .role = NET_TLS_CLIENT, .trust = NET_TLS_TRUST_DEFERRED, .min_version = NET_TLS_1_3};

	if (mutual && (!config->client_cert_file || !config->client_key_file))
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "mutual attested TLS needs a client certificate and its key");
	if (mutual && config->server_ca_file &&
	    (read_file("server CA", config->server_ca_file, &ca, err) < 0 ||
	     net_cert_list_from_pem(ca.data, ca.len, a->ca, NET_CERT_CHAIN_MAX, &a->ca_count, err) < 0))
		return -1;
	if (mutual && (read_file("client certificate", config->client_cert_file, &cert, err) < 0 ||
	               read_file("client key", config->client_key_file, &key, err) < 0)) {
		prism_buf_wipe(&key);
		return -1;
	}
	if (mutual) {
		tls.cert_pem = cert.data;
		tls.cert_len = cert.len;
		tls.key_pem = key.data;
		tls.key_len = key.len;
	}
	a->tls = net_tls_create(&tls, err);
	prism_buf_wipe(&key);
	return a->tls ? 0 : -1;
}

static int choose_product(struct core_attest *a, const char *line, struct prism_error *err)
{
	a->product = line ? core_snp_product_parse(line) : CORE_SNP_UNKNOWN;
	return !line || a->product != CORE_SNP_UNKNOWN
	           ? 0
	           : prism_error_raise(err, PRISM_ERROR_INVALID,
	                               "\"%.40s\" is no product line: Milan, Genoa, Turin", line);
}

static int choose_generation(struct core_attest *a, enum core_attest_generation wish,
                             struct prism_error *err)
{
	unsigned by_policy = core_policy_generation(a->policy);

	a->generation =
	    (enum net_atls_generation)(wish == CORE_ATTEST_AUTO ? by_policy : (unsigned)wish);
	/* Either generation can be judged against either kind of policy; only a policy of another
	 * platform cannot, and that fails at its rule. */
	return a->generation == NET_ATLS_GEN1 || a->generation == NET_ATLS_GEN2
	           ? 0
	           : prism_error_raise(err, PRISM_ERROR_INTERNAL, "unknown generation");
}

struct core_attest *core_attest_create(struct prism_loop *loop,
                                       const struct core_attest_config *config,
                                       struct prism_error *err)
{
	struct core_attest *a = prism_alloc(sizeof(*a));

	a->refs = 1;
	a->loop = loop;
	a->mode = config->mode;
	a->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : NET_ATLS_EXCHANGE_MS;
	if (load_policy(a, config, err) < 0 || load_trust(a, config, err) < 0 ||
	    load_tls(a, config, err) < 0 || choose_generation(a, config->generation, err) < 0 ||
	    choose_product(a, config->product_line, err) < 0) {
		core_attest_unref(a);
		return NULL;
	}
	return a;
}

void core_attest_unref(struct core_attest *a)
{
	if (!a || --a->refs > 0)
		return;
	core_appraisal_unref(a->last);
	core_policy_destroy(a->policy);
	core_policy_destroy(a->extra);
	core_trust_destroy(a->trust);
	net_tls_unref(a->tls);
	for (size_t i = 0; i < a->ca_count; i++)
		net_cert_destroy(a->ca[i]);
	prism_free(a);
}

unsigned core_attest_generation(const struct core_attest *a)
{
	return (unsigned)a->generation;
}

struct core_appraisal *core_attest_last(const struct core_attest *a)
{
	return a->last;
}

/* ---- the channel's own rules ---------------------------------------------------------------- */

static int64_t now_us(const struct core_attest *a)
{
	return prism_clock_wall_us(prism_loop_clock(a->loop));
}

static void check_session(const struct net_atls_facts *facts, struct core_verdict *v)
{
	struct net_tls_info info = net_stream_tls_info(facts->tls);

	core_verdict_require(v, CORE_RULE_TLS13);
	core_verdict_require(v, CORE_RULE_ALPN);
	core_verdict_compare(v, CORE_RULE_TLS13, info.version == NET_TLS_1_3 && !info.resumed,
	                     "TLS 1.3, full handshake", info.version_text,
	                     info.resumed ? "the session was resumed: no evidence was exchanged"
	                                  : "the peer does not speak TLS 1.3");
	core_verdict_compare(v, CORE_RULE_ALPN, strcmp(info.alpn, "h2") == 0, "h2",
	                     *info.alpn ? info.alpn : "nothing", "the peer did not agree on HTTP/2");
	core_verdict_note(v, "channel", "%s, %s, generation %d", info.version_text, info.cipher,
	                  (int)facts->generation);
}

static void check_leaf(const struct core_attest *a, const struct net_atls_facts *facts,
                       struct core_verdict *v)
{
	int64_t now = now_us(a);
	const struct net_cert *leaf = facts->leaf;

	core_verdict_require(v, CORE_RULE_LEAF);
	if (!leaf) {
		core_verdict_fail(v, CORE_RULE_LEAF, "a certificate", "none",
		                  "the peer showed no certificate");
		return;
	}
	bool in_date = net_cert_not_before_us(leaf) <= now && now <= net_cert_not_after_us(leaf);
	bool own = strcmp(net_cert_subject(leaf), net_cert_issuer(leaf)) == 0;
	if (!net_cert_allows_server(leaf))
		core_verdict_fail(v, CORE_RULE_LEAF, "serverAuth", "another purpose",
		                  "the certificate is not meant for servers");
	else if (own && a->ca_count == 0 && !net_cert_self_signed(leaf))
		core_verdict_fail(v, CORE_RULE_LEAF, "", net_cert_subject(leaf),
		                  "the certificate's own signature does not hold");
	else if (!in_date && facts->generation == NET_ATLS_GEN1)
		core_verdict_fail(v, CORE_RULE_LEAF, "in date", "not in date",
		                  "the certificate has expired or is not valid yet");
	else
		core_verdict_pass(v, CORE_RULE_LEAF, "%s%s", net_cert_key_text(leaf),
		                  in_date ? "" : " (out of date; freshness comes from the exporter)");
	if (!own && a->ca_count == 0) /* issued by a CA, of which nothing is known here */
		core_verdict_skip(v, CORE_RULE_SERVER_CA,
		                  "no CA was given, so who issued it is not known; the evidence alone "
		                  "vouches for the key");
}

static void check_server_ca(const struct core_attest *a, const char *host,
                            const struct net_cert *const *chain, size_t count,
                            struct core_verdict *v)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (a->ca_count == 0 && a->mode == CORE_TLS_MATLS)
		core_verdict_skip(v, CORE_RULE_SERVER_CA,
		                  "no server CA was given; the evidence alone vouches for the key");
	if (a->ca_count == 0)
		return;
	core_verdict_require(v, CORE_RULE_SERVER_CA);
	const struct net_chain_spec spec = {
	    .leaf = chain[0],
	    .intermediates = chain + 1,
	    .intermediate_count = count - 1,
	    .roots = (const struct net_cert *const *)a->ca,
	    .root_count = a->ca_count,
	    .at_us = now_us(a),
	    .host = host,
	    .need_server_use = true,
	    .allow_odd_names = true, /* CAs of the development recipe have no key usage */
	};
	if (net_chain_verify(&spec, &err) < 0)
		core_verdict_fail(v, CORE_RULE_SERVER_CA, "", net_cert_subject(chain[0]), "%s",
		                  err.message);
	else
		core_verdict_pass(v, CORE_RULE_SERVER_CA, "%s", net_cert_issuer(chain[0]));
}

static void check_tls_chain(const struct core_attest *a, const struct net_atls_facts *facts,
                            const char *host, struct core_verdict *v)
{
	const struct net_cert *chain[NET_CERT_CHAIN_MAX];
	size_t count = net_stream_tls_peer_count(facts->tls);

	if (count > NET_CERT_CHAIN_MAX)
		count = NET_CERT_CHAIN_MAX;
	for (size_t i = 0; i < count; i++)
		chain[i] = net_stream_tls_peer(facts->tls, i);
	if (count > 0)
		check_server_ca(a, host, chain, count, v);
}

static void check_policy_itself(const struct core_attest *a, struct core_verdict *v)
{
	core_verdict_note(v, "policy", "%s, SHA-256 %.16s",
	                  core_policy_kind_word(core_policy_kind(a->policy)),
	                  core_policy_id(a->policy));
	core_judge_policy_itself(a->policy, now_us(a), v);
}

/* ---- evidence ------------------------------------------------------------------------------- */

struct judging { /* one connection being judged; what it leaves becomes the appraisal */
	const struct core_attest *attest;
	const struct net_atls_facts *facts;
	struct core_verdict *v;
	struct core_evidence *evidence; /* owned; NULL: none that could be read */
	struct core_binding binding;    /* once evidence was read: what it had to be bound to */
};

static bool parse_evidence(struct judging *j, const void *data, size_t size)
{
	struct prism_error err = PRISM_ERROR_INIT;

	j->evidence = core_evidence_parse(data, size, &err);
	if (!j->evidence)
		core_verdict_fail(j->v, CORE_RULE_EVIDENCE, "", "", "%s", err.message);
	return j->evidence != NULL;
}

static void judge_evidence(struct judging *j, const struct core_binding *binding, bool paravisor)
{
	const struct core_attest *a = j->attest;
	const struct core_evidence *evidence = j->evidence;
	struct core_verdict *v = j->v;
	const struct core_evidence_expectation expect = {binding->report_data, binding->nonce,
	                                                 now_us(a), paravisor, a->product};

	const struct core_vendor_want want = {j->evidence, a->trust, a->policy, expect.at_us};

	j->binding = *binding;
	core_vendor_from_cache(&want, NULL); /* what is fetched is fetched before, not in a handshake */

	core_verdict_pass(v, CORE_RULE_EVIDENCE, "%s",
	                  core_evidence_kind_word(core_evidence_kind(evidence)));
	core_evidence_verify(evidence, a->policy, a->trust, &expect, v);
	if (a->extra)
		core_evidence_verify(evidence, a->extra, a->trust, &expect, v);
}

static bool kind_fits(unsigned extension, enum core_evidence_kind kind)
{
	return extension == 2 ? kind == CORE_EVIDENCE_TDX : kind == CORE_EVIDENCE_SNP_VTPM;
}

static void judge_gen1(struct judging *j)
{
	const struct net_atls_facts *facts = j->facts;
	struct core_verdict *v = j->v;
	struct core_binding binding;
	const uint8_t *spki;
	size_t spki_size;

	if (facts->occurrences != 1) {
		core_verdict_fail(v, CORE_RULE_EVIDENCE, "one attestation extension",
		                  facts->occurrences ? "several" : "none",
		                  facts->occurrences ? "the certificate carries evidence more than once"
		                                     : "the certificate carries no evidence");
		return;
	}
	net_cert_spki(facts->leaf, &spki, &spki_size);
	core_binding_gen1(spki, spki_size, facts->nonce, &binding);
	if (!parse_evidence(j, facts->evidence, facts->evidence_size))
		return;
	if (!kind_fits(facts->extension, core_evidence_kind(j->evidence)))
		core_verdict_fail(v, CORE_RULE_EVIDENCE, "what the extension's number says",
		                  core_evidence_kind_word(core_evidence_kind(j->evidence)),
		                  "the evidence is of another platform than its extension");
	judge_evidence(j, &binding, facts->extension == 1);
}

static void judge_gen2(struct judging *j)
{
	const struct core_attest *a = j->attest;
	const struct net_atls_facts *facts = j->facts;
	struct core_verdict *v = j->v;
	struct core_binding2 binding;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	const struct net_ea_authenticator *ea = facts->authenticator;
	const uint8_t *spki;
	size_t spki_size;

	core_verdict_require(v, CORE_RULE_AUTHENTICATOR);
	if (!ea) {
		core_verdict_fail(v, CORE_RULE_AUTHENTICATOR, "", "", "%s", facts->failure->message);
		return;
	}
	if (!net_cert_equal(ea->chain[0], facts->leaf)) {
		core_verdict_fail(v, CORE_RULE_AUTHENTICATOR, "the TLS certificate", "another one",
		                  "the authenticator speaks for another certificate than the connection's");
		return;
	}
	core_verdict_pass(v, CORE_RULE_AUTHENTICATOR, "context, signature and Finished hold");
	check_server_ca(a, NULL, (const struct net_cert *const *)ea->chain, ea->chain_count, v);
	if (!ea->payload) {
		core_verdict_fail(v, CORE_RULE_EVIDENCE, "evidence", "none",
		                  "the authenticator carries no evidence");
		return;
	}
	net_cert_spki(ea->chain[0], &spki, &spki_size);
	core_binding_gen2(facts->hash, spki, spki_size, facts->exported, &binding);
	if (core_cmw_open(ea->payload, ea->payload_size, &binding, v, &bytes, &err) < 0) {
		core_verdict_fail(v, CORE_RULE_EVIDENCE, "", "", "%s", err.message);
		return;
	}
	if (!parse_evidence(j, bytes.data, bytes.len))
		return;
	if (!core_evidence_eat(j->evidence) || strncmp(prism_buf_text(&bytes), "eyJ", 3) == 0)
		core_verdict_fail(v, CORE_RULE_EVIDENCE, "an EAT in CBOR", "",
		                  "the evidence is not wrapped as this generation demands");
	judge_evidence(j, &binding.binding, false);
}

/* Takes over what the judgement made; the policy stays shared. */
static void keep_appraisal(struct core_attest *a, struct judging *j, const char *host)
{
	PRISM_AUTO_FREE char *source = prism_asprintf("agent %s", host);
	const struct core_appraisal_spec spec = {
	    .source = source,
	    .evidence = j->evidence,
	    .policy = core_policy_ref(a->policy),
	    .verdict = j->v,
	    .judged_us = now_us(a),
	    .report_data = j->evidence ? j->binding.report_data : NULL,
	    .nonce = j->evidence ? j->binding.nonce : NULL,
	};

	core_appraisal_unref(a->last);
	a->last = core_appraisal_create(&spec);
}

static int judge(void *data, const struct net_atls_facts *facts, struct prism_error *err)
{
	struct link *link = data;
	struct core_attest *a = link->attest;
	struct core_verdict *v = core_verdict_create();

	core_verdict_require(v, CORE_RULE_EVIDENCE);
	core_verdict_require(v, CORE_RULE_FRESH);
	check_session(facts, v);
	check_leaf(a, facts, v);
	check_tls_chain(a, facts, facts->generation == NET_ATLS_GEN2 ? link->host : NULL, v);
	check_policy_itself(a, v);
	struct judging judging = {.attest = a, .facts = facts, .v = v};
	if (facts->leaf && facts->generation == NET_ATLS_GEN1)
		judge_gen1(&judging);
	else if (facts->leaf)
		judge_gen2(&judging);
	core_verdict_conclude(v);
	keep_appraisal(a, &judging, link->host);
	if (core_verdict_raise(v, err) == 0)
		return 0;
	if (facts->failure &&
	    facts->failure->hint[0]) /* the exchange broke: why, not what is unproven */
		prism_error_hint(err, "%s", facts->failure->hint);
	return -1;
}

/* ---- streams -------------------------------------------------------------------------------- */

static const void *link_verdict(const void *data)
{
	const struct link *link = data;

	return link->attest->last;
}

static void link_release(void *data)
{
	struct link *link = data;

	core_attest_unref(link->attest);
	prism_free(link->host);
	prism_free(link);
}

struct net_stream *core_attest_stream(struct core_attest *a, struct net_stream *lower,
                                      const char *host)
{
	struct net_stream_atls_spec spec = {
	    .generation = a->generation,
	    .timeout_ms = a->timeout_ms,
	    .judge = judge,
	    .verdict = link_verdict,
	    .release = link_release,
	};
	char sni[NET_ATLS_SNI];
	struct net_stream_tls_spec tls = {.tls = a->tls, .timeout_ms = a->timeout_ms};
	struct link *link = prism_alloc(sizeof(*link));

	net_random_bytes(spec.nonce, sizeof(spec.nonce)); /* new for every connection */
	net_atls_sni(spec.nonce, sni);
	if (a->generation == NET_ATLS_GEN1)
		tls.sni = sni;
	else
		tls.host = host;
	link->attest = a;
	a->refs++;
	link->host = prism_strdup(host);
	spec.data = link;
	return net_stream_atls_create(net_stream_tls_create(lower, &tls), &spec);
}
