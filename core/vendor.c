/*
 * Certificates of AMD's key service: see vendor.h.
 *
 * A fetch goes through its items one after the other, each with one request:
 *
 *     chain ──► VCEK ──► CRL ──► done        missing ones only; the first failure ends it
 *
 * and every answer through the same door as a file of the cache: take_chain(), take_vcek(),
 * take_crl().  The HTTP engine is one of its own, because the CA file of the Prism server says
 * nothing about AMD's; it is destroyed from the loop, not from its own callback.
 */
#include "core/vendor.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy.h"
#include "core/snp.h"
#include "core/trust.h"
#include "net/crypto.h"
#include "net/http.h"
#include "net/x509.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_MS 10000
#define ANSWER_MS 30000
#define NAME_HEX 32u /* digits of a file name: half a digest tells chips and versions apart */

/* ---- what there is -------------------------------------------------------------------------- */

static bool is_vlek(const struct core_snp_evidence *snp)
{
	return ((snp->report.signer_info >> 2) & 7) == CORE_SNP_VLEK;
}

static const char *key_word(const struct core_snp_evidence *snp)
{
	return is_vlek(snp) ? "vlek" : "vcek";
}

static enum core_snp_product product_of(const struct core_vendor_want *want)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);
	const struct core_policy_snp *policy = core_policy_snp(want->policy);
	enum core_snp_product product = core_snp_evidence_product(snp);

	return product == CORE_SNP_UNKNOWN && policy ? policy->product : product;
}

static struct net_cert *read_cert(const uint8_t *data, size_t size)
{
	return data && size ? net_cert_from_any(data, size, NULL) : NULL;
}

/* A root or intermediate of this kind and line that the user gave as a file. Lent. */
static const struct net_cert *given(const struct core_vendor_want *want, enum core_pin_kind kind)
{
	enum core_snp_product product = product_of(want);
	size_t count;
	const struct net_cert *const *list = core_trust_certificates(want->trust, &count);

	for (size_t i = 0; i < count; i++) {
		const struct core_pin *pin = core_trust_pin(want->trust, list[i]);
		if (pin && pin->kind == kind &&
		    (product == CORE_SNP_UNKNOWN || pin->product == product ||
		     pin->product == CORE_SNP_UNKNOWN))
			return list[i];
	}
	return NULL;
}

static bool has_chain(const struct core_vendor_want *want)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);
	struct net_cert *ark = read_cert(snp->ark, snp->ark_size);
	bool root = (ark && core_trust_pin(want->trust, ark)) || given(want, CORE_PIN_ARK);
	bool ask = snp->ask_size || given(want, is_vlek(snp) ? CORE_PIN_ASVK : CORE_PIN_ASK);

	net_cert_destroy(ark);
	return root && ask;
}

static bool wants_crl(const struct core_vendor_want *want)
{
	const struct core_policy_snp *policy = core_policy_snp(want->policy);
	const uint8_t *der;
	size_t size;

	return policy && policy->check_crl &&
	       !core_trust_crl(want->trust, product_of(want), &der, &size);
}

unsigned core_vendor_missing(const struct core_vendor_want *want)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);

	if (!snp)
		return 0;
	return (has_chain(want) ? 0u : CORE_VENDOR_CHAIN) | (snp->vcek_size ? 0u : CORE_VENDOR_VCEK) |
	       (wants_crl(want) ? CORE_VENDOR_CRL : 0u);
}

/* ---- the door ------------------------------------------------------------------------------- */

/* ASK, then ARK. */
static int take_chain(const struct core_vendor_want *want, const void *pem, size_t size,
                      struct prism_error *err)
{
	struct net_cert *list[2] = {NULL, NULL};
	const uint8_t *ask, *ark;
	size_t count = 0, ask_size, ark_size;
	int rc = net_cert_list_from_pem(pem, size, list, 2, &count, err);

	if (rc == 0 && count != 2)
		rc = prism_error_raise(err, PRISM_ERROR_PROTOCOL, "%zu certificates instead of two", count);
	const struct core_pin *pin = rc == 0 ? core_trust_pin(want->trust, list[1]) : NULL;
	if (rc == 0 && (!pin || pin->kind != CORE_PIN_ARK))
		rc = prism_error_raise(err, PRISM_ERROR_TRUST, "the root of the chain is not a pinned one");
	if (rc == 0 && !net_cert_issued_by(list[0], list[1]))
		rc = prism_error_raise(err, PRISM_ERROR_TRUST, "the root did not sign the chain below it");
	if (rc == 0) {
		net_cert_der(list[0], &ask, &ask_size);
		net_cert_der(list[1], &ark, &ark_size);
		core_evidence_set_chain(want->evidence, ask, ask_size, ark, ark_size);
	}
	net_cert_destroy(list[0]);
	net_cert_destroy(list[1]);
	return rc;
}

static struct net_cert *intermediate(const struct core_vendor_want *want)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);
	const struct net_cert *ask = given(want, is_vlek(snp) ? CORE_PIN_ASVK : CORE_PIN_ASK);
	const uint8_t *der;
	size_t size;

	if (snp->ask_size || !ask)
		return read_cert(snp->ask, snp->ask_size);
	net_cert_der(ask, &der, &size);
	return read_cert(der, size);
}

static int take_vcek(const struct core_vendor_want *want, const void *der, size_t size,
                     struct prism_error *err)
{
	struct net_cert *vcek = net_cert_from_any(der, size, err);
	struct net_cert *ask = vcek ? intermediate(want) : NULL;
	int rc = vcek ? 0 : -1;

	if (rc == 0 && (!ask || !net_cert_issued_by(vcek, ask)))
		rc = prism_error_raise(err, PRISM_ERROR_TRUST,
		                       "the chip's certificate was not signed by the chain");
	if (rc == 0)
		rc = core_evidence_set_vcek(want->evidence, der, size, err);
	net_cert_destroy(vcek);
	net_cert_destroy(ask);
	return rc;
}

/* Signed by the root and in date; whether it names the chain is the verdict's to say. */
static int take_crl(const struct core_vendor_want *want, const void *der, size_t size,
                    struct prism_error *err)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);
	struct net_cert *ark = read_cert(snp->ark, snp->ark_size);
	const struct net_cert *root =
	    ark && core_trust_pin(want->trust, ark) ? ark : given(want, CORE_PIN_ARK);
	int rc = root ? net_crl_check(der, size, root, root, want->at_us, err)
	              : prism_error_raise(err, PRISM_ERROR_TRUST, "there is no root to check it with");

	if (rc == 0)
		core_trust_set_crl(want->trust, product_of(want), der, size);
	net_cert_destroy(ark);
	return rc;
}

static int take(const struct core_vendor_want *want, enum core_vendor_item item, const void *data,
                size_t size, struct prism_error *err)
{
	switch (item) {
	case CORE_VENDOR_CHAIN:
		return take_chain(want, data, size, err);
	case CORE_VENDOR_VCEK:
		return take_vcek(want, data, size, err);
	default:
		return take_crl(want, data, size, err);
	}
}

/* ---- addresses and files -------------------------------------------------------------------- */

static char *vcek_query(const struct core_vendor_want *want)
{
	const struct core_snp_report *r = &core_evidence_snp(want->evidence)->report;
	enum core_snp_product product = product_of(want);
	bool turin = product == CORE_SNP_TURIN || product == CORE_SNP_VENICE;
	struct core_snp_tcb tcb;
	char hwid[2 * 64 + 1], fmc[24] = "";

	core_snp_tcb_split(r->reported_tcb, product, &tcb);
	prism_hex_encode(r->chip_id, turin ? 8 : 64, hwid);
	if (turin)
		snprintf(fmc, sizeof(fmc), "&fmcSPL=%u", tcb.fmc);
	return prism_asprintf("%s?blSPL=%u&teeSPL=%u&snpSPL=%u&ucodeSPL=%u%s", hwid, tcb.boot_loader,
	                      tcb.tee, tcb.snp, tcb.microcode, fmc);
}

/* "vcek/v1/Milan/cert_chain" */
static char *address(const struct core_vendor_want *want, enum core_vendor_item item)
{
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);
	PRISM_AUTO_FREE char *query = item == CORE_VENDOR_VCEK ? vcek_query(want) : NULL;

	return prism_asprintf("%s/v1/%s/%s", key_word(snp), core_snp_product_word(product_of(want)),
	                      item == CORE_VENDOR_CHAIN  ? "cert_chain"
	                      : item == CORE_VENDOR_VCEK ? query
	                                                 : "crl");
}

static char *cache_directory(const char *dir)
{
	return dir ? prism_strdup(dir) : prism_path_cache("vendor");
}

static char *cache_file(const struct core_vendor_want *want, enum core_vendor_item item,
                        const char *dir)
{
	PRISM_AUTO_FREE char *directory = cache_directory(dir);
	PRISM_AUTO_FREE char *where = address(want, item);
	const char *line = core_snp_product_word(product_of(want));
	const char *key = key_word(core_evidence_snp(want->evidence));
	uint8_t digest[NET_DIGEST_MAX];
	char hex[2 * 32 + 1];

	if (!directory)
		return NULL;
	net_digest_bytes(NET_SHA256, where, strlen(where), digest);
	prism_hex_encode(digest, 32, hex);
	if (item == CORE_VENDOR_VCEK)
		return prism_asprintf("%s/%s-%s-%.*s.der", directory, key, line, (int)NAME_HEX, hex);
	return prism_asprintf("%s/%s-%s-%s", directory, key, line,
	                      item == CORE_VENDOR_CHAIN ? "chain.pem" : "crl.der");
}

static const enum core_vendor_item order[] = {CORE_VENDOR_CHAIN, CORE_VENDOR_VCEK, CORE_VENDOR_CRL};

unsigned core_vendor_from_cache(const struct core_vendor_want *want, const char *dir)
{
	unsigned missing = core_vendor_missing(want);

	for (size_t i = 0; missing && i < PRISM_COUNT(order); i++) {
		PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_VENDOR_ANSWER_MAX);
		struct prism_error ignored = PRISM_ERROR_INIT;

		if (!(missing & order[i]))
			continue;
		PRISM_AUTO_FREE char *path = cache_file(want, order[i], dir);
		/* A file that is damaged or out of date is as good as none: it is asked for again. */
		if (path && prism_file_read(path, CORE_VENDOR_ANSWER_MAX, &bytes, &ignored) == 0 &&
		    take(want, order[i], prism_buf_text(&bytes), bytes.len, &ignored) == 0)
			missing &= ~(unsigned)order[i];
	}
	return missing;
}

static void keep(const struct core_vendor_want *want, enum core_vendor_item item, const char *dir,
                 const void *data, size_t size)
{
	PRISM_AUTO_FREE char *directory = cache_directory(dir);
	PRISM_AUTO_FREE char *path = cache_file(want, item, dir);
	struct prism_error ignored = PRISM_ERROR_INIT;

	/* A cache that cannot be written is no reason to fail: it was fetched. */
	if (path && prism_file_mkdirs(directory, 0700, &ignored) == 0 &&
	    prism_file_write(path, data, size, 0600, &ignored) == 0)
		return;
	prism_error_clear(&ignored);
}

/* ---- asking --------------------------------------------------------------------------------- */

struct fetch {
	struct core_vendor_want want;
	struct prism_loop *loop;
	struct net_http *http;
	char *url, *dir;
	unsigned missing;
	enum core_vendor_item item; /* asked for now */
	struct prism_cancel *cancel;
	void (*done)(void *data, const struct prism_error *err);
	void *data;
	struct prism_error err;
	bool failed;
};

static void finish(void *data)
{
	struct fetch *f = data;

	net_http_destroy(f->http);
	f->done(f->data, f->failed ? &f->err : NULL);
	prism_free(f->url);
	prism_free(f->dir);
	prism_free(f);
}

static void end(struct fetch *f, const struct prism_error *err)
{
	static const char *const words[] = {[CORE_VENDOR_CHAIN] = "the certificate chain",
	                                    [CORE_VENDOR_VCEK] = "the chip's certificate",
	                                    [CORE_VENDOR_CRL] = "the revocation list"};

	if (err) {
		prism_error_copy(&f->err, err);
		f->failed = true;
		if (err->category != PRISM_ERROR_CANCELLED)
			prism_error_wrap(&f->err, "ask AMD's key service for %s", words[f->item]);
	}
	prism_loop_defer(f->loop, finish, f);
}

static void next(struct fetch *f);

static void refused(struct fetch *f, const struct net_http_response *response,
                    struct prism_error *err)
{
	prism_error_raise(err, response->status == 404 ? PRISM_ERROR_MISSING : PRISM_ERROR_IO,
	                  "it answered with status %d", response->status);
	if (response->status == 429)
		prism_error_hint(err, "it was asked too often: wait some ten seconds");
	else if (response->status == 404)
		prism_error_hint(err, "it knows no such %s with these firmware versions",
		                 f->item == CORE_VENDOR_VCEK ? "chip" : "processor line");
}

static void answered(void *data, const struct net_http_response *response,
                     const struct prism_error *err)
{
	struct fetch *f = data;
	struct prism_error bad = PRISM_ERROR_INIT;

	if (!err && response->status != 200)
		refused(f, response, &bad);
	else if (!err && take(&f->want, f->item, response->body, response->body_len, &bad) == 0)
		keep(&f->want, f->item, f->dir, response->body, response->body_len);
	if (err || bad.category != PRISM_ERROR_NONE) {
		end(f, err ? err : &bad);
		return;
	}
	f->missing &= ~(unsigned)f->item;
	next(f);
}

static void next(struct fetch *f)
{
	struct prism_error err = PRISM_ERROR_INIT;

	for (size_t i = 0; i < PRISM_COUNT(order); i++) {
		if (!(f->missing & order[i]))
			continue;
		f->item = order[i];
		PRISM_AUTO_FREE char *path = address(&f->want, order[i]);
		PRISM_AUTO_FREE char *url = prism_asprintf("%s/%s", f->url, path);
		const struct net_http_spec spec = {
		    .method = NET_HTTP_GET,
		    .url = url,
		    .accept = "*/*",
		    .timeout_ms = ANSWER_MS,
		    .response_cap = CORE_VENDOR_ANSWER_MAX,
		    .done = answered,
		    .data = f,
		};
		if (!net_http_start(f->http, &spec, f->cancel, &err))
			end(f, &err);
		return;
	}
	end(f, NULL);
}

/* NULL when it can be asked for. */
static const char *obstacle(const struct core_vendor_want *want, unsigned missing)
{
	static const uint8_t zeros[64];
	const struct core_snp_evidence *snp = core_evidence_snp(want->evidence);

	if (product_of(want) == CORE_SNP_UNKNOWN)
		return "the evidence does not tell the processor's line";
	if ((missing & CORE_VENDOR_VCEK) && is_vlek(snp))
		return "the report is signed by a provider's key, whose certificate only the provider has";
	if ((missing & CORE_VENDOR_VCEK) && !memcmp(snp->report.chip_id, zeros, sizeof(zeros)))
		return "the host hides the chip's id";
	return NULL;
}

int core_vendor_fetch(const struct core_vendor_source *source, const struct core_vendor_want *want,
                      struct prism_cancel *cancel,
                      void (*done)(void *data, const struct prism_error *err), void *data,
                      struct prism_error *err)
{
	unsigned missing = core_vendor_missing(want);
	const char *why = missing ? obstacle(want, missing) : "nothing is missing";
	const struct net_http_config config = {
	    .user_agent = "prism-tui", .connect_timeout_ms = CONNECT_MS, .max_connections = 1};

	if (why)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "AMD's key service cannot be asked: %s",
		                         why);
	struct fetch *f = prism_alloc(sizeof(*f));
	f->want = *want;
	f->loop = source->loop;
	f->url = prism_strdup(source->url);
	f->dir = prism_strdup(source->dir);
	f->missing = missing;
	f->cancel = cancel;
	f->done = done;
	f->data = data;
	f->http = net_http_create(source->loop, &config);
	next(f);
	return 0;
}
