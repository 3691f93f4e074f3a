/*
 * Files together: key and certificate, certificate and CA, both CAs, certificate and host.
 *
 * Chains are verified as agents and clients do it, by name, signature, CA bit and path length;
 * dates have lines of their own.  The extra demands of RFC 5280 on extensions are not made, since
 * certificates of the documented openssl recipe would fail them and no agent does.
 */
#include "core/certcheck_private.h"

#include "base/clock.h"

#include <string.h>

static void add(struct core_certcheck *check, unsigned slot, enum core_certcheck_id id,
                enum core_certcheck_result result, const char *why, const char *remedy,
                const char *found)
{
	core_certcheck_add(check, slot, id, result, why, remedy, "%s", found);
}

/* ---- key and certificate ---- */

static bool same_key(const struct net_cert *cert, const struct net_key *key)
{
	PRISM_AUTO_BUF struct prism_buf mine = PRISM_BUF_INIT(65536);
	const uint8_t *theirs;
	size_t size;

	net_cert_spki(cert, &theirs, &size);
	return net_key_public_der(key, &mine, NULL) == 0 && mine.len == size &&
	       memcmp(mine.data, theirs, size) == 0;
}

static void pair_key(struct core_certcheck *check, unsigned cert_slot, unsigned key_slot)
{
	const struct slot *cert = &check->slots[cert_slot], *key = &check->slots[key_slot];
	bool other = false;

	if (!cert->given && !key->given)
		return;
	if (cert->given != key->given) {
		if (cert_slot == CORE_CERTCHECK_CERT &&
		    (core_tls_mode_info(check->mode)->required & (1u << cert_slot)))
			return; /* "needed" has said so */
		add(check, cert->given ? key_slot : cert_slot, CORE_CERTCHECK_ID_KEY, CORE_CERTCHECK_FAIL,
		    "one without the other proves nothing", "give both, or neither",
		    cert->given ? "a certificate is given without its key"
		                : "a key is given without its certificate");
		return;
	}
	if (!cert->usable || !key->usable) {
		add(check, key_slot, CORE_CERTCHECK_ID_KEY, CORE_CERTCHECK_SKIPPED, NULL, NULL,
		    "one of the two cannot be looked at");
		return;
	}
	if (same_key(cert->certs[0], key->key)) {
		add(check, key_slot, CORE_CERTCHECK_ID_KEY, CORE_CERTCHECK_PASS, NULL, NULL,
		    "the key of the certificate");
		return;
	}
	for (size_t i = 1; i < cert->count; i++)
		other |= same_key(cert->certs[i], key->key);
	add(check, key_slot, CORE_CERTCHECK_ID_KEY, CORE_CERTCHECK_FAIL,
	    "the TLS handshake fails with another key",
	    other ? "put the leaf certificate first in the file, the CAs behind it"
	          : "choose the key that the certificate was requested with",
	    other ? "the key belongs to another certificate of the file"
	          : "the key belongs to another certificate");
}

/* ---- chains ---- */

static int verify(const struct core_certcheck *check, unsigned leaf_slot, unsigned ca_slot,
                  struct prism_error *err)
{
	const struct slot *leaf = &check->slots[leaf_slot], *ca = &check->slots[ca_slot];
	struct net_chain_spec spec = {
	    .leaf = leaf->certs[0],
	    .intermediates = (const struct net_cert *const *)leaf->certs + 1,
	    .intermediate_count = leaf->count - 1,
	    .roots = (const struct net_cert *const *)ca->certs,
	    .root_count = ca->count,
	    .at_us = PRISM_TIME_UNSET,
	    .allow_odd_names = true,
	};

	return net_chain_verify(&spec, err);
}

static void chain_failed(struct core_certcheck *check, unsigned leaf_slot, unsigned ca_slot,
                         unsigned other_ca, const struct prism_error *err)
{
	const struct slot *leaf = &check->slots[leaf_slot], *ca = &check->slots[ca_slot];
	bool same_name = false;

	if (check->slots[other_ca].usable && verify(check, leaf_slot, other_ca, NULL) == 0) {
		add(check, ca_slot, CORE_CERTCHECK_ID_SWAPPED, CORE_CERTCHECK_FAIL,
		    "the server CA vouches for the agent, the client CA for those who connect",
		    "exchange the files of the server CA and the client CA",
		    ca_slot == CORE_CERTCHECK_SERVER_CA
		        ? "the certificate was issued by the CA in the client CA field"
		        : "my certificate was issued by the CA in the server CA field");
	}
	for (size_t i = 0; i < ca->count; i++)
		same_name |= strcmp(net_cert_issuer(leaf->certs[0]), net_cert_subject(ca->certs[i])) == 0;
	core_certcheck_add(check, leaf_slot, CORE_CERTCHECK_ID_CHAIN, CORE_CERTCHECK_FAIL,
	                   same_name ? "a CA of that name with another key: made again, perhaps"
	                             : "whoever trusts this CA cannot verify the certificate",
	                   same_name ? "choose the CA file that was used for signing"
	                             : "choose the CA that issued it, and append missing intermediate "
	                               "certificates to the certificate file",
	                   "issued by %.150s; %.200s", net_cert_issuer(leaf->certs[0]), err->message);
}

/* Each certificate of the file should have been issued by the one behind it (RFC 5246 7.4.2). */
static bool in_order(const struct slot *leaf)
{
	for (size_t i = 0; i + 1 < leaf->count; i++)
		if (!net_cert_issued_by(leaf->certs[i], leaf->certs[i + 1]))
			return false;
	return true;
}

static void pair_chain(struct core_certcheck *check, unsigned leaf_slot, unsigned ca_slot,
                       unsigned other_ca)
{
	const struct slot *leaf = &check->slots[leaf_slot];
	struct prism_error err = PRISM_ERROR_INIT;

	if (!leaf->usable)
		return;
	if (net_cert_self_signed(leaf->certs[0])) {
		add(check, leaf_slot, CORE_CERTCHECK_ID_SELF, CORE_CERTCHECK_WARN,
		    "only a peer that has this very certificate as its CA trusts it",
		    "for anything but a first try, have it issued by a CA", "self-signed");
	} else {
		core_certcheck_add(check, leaf_slot, CORE_CERTCHECK_ID_SELF, CORE_CERTCHECK_PASS, NULL,
		                   NULL, "issued by %.300s", net_cert_issuer(leaf->certs[0]));
	}
	if (!check->slots[ca_slot].usable) {
		core_certcheck_add(check, leaf_slot, CORE_CERTCHECK_ID_CHAIN, CORE_CERTCHECK_SKIPPED, NULL,
		                   NULL, "no %s to verify it with",
		                   ca_slot == CORE_CERTCHECK_SERVER_CA ? "server CA" : "client CA");
	} else if (verify(check, leaf_slot, ca_slot, &err) < 0) {
		chain_failed(check, leaf_slot, ca_slot, other_ca, &err);
	} else if (!in_order(leaf)) {
		add(check, leaf_slot, CORE_CERTCHECK_ID_CHAIN, CORE_CERTCHECK_WARN,
		    "older peers give up on certificates that are out of order",
		    "leaf first, then each one's issuer", "verified, but the file is out of order");
	} else {
		add(check, leaf_slot, CORE_CERTCHECK_ID_CHAIN, CORE_CERTCHECK_PASS, NULL, NULL,
		    "complete and verified");
	}
}

/* ---- host ---- */

/* Where it will run is not known yet: the CVMs there are, as far as they have an address. */
static void pair_candidates(struct core_certcheck *check, const char *names)
{
	const unsigned slot = CORE_CERTCHECK_CERT;
	PRISM_AUTO_BUF struct prism_buf covered = PRISM_BUF_INIT(8192), open = PRISM_BUF_INIT(8192);

	for (size_t i = 0; i < check->candidate_count; i++) {
		const char *host = check->candidates[i].host;
		bool fits = net_cert_matches_host(check->slots[slot].certs[0], host);
		struct prism_buf *list = fits ? &covered : &open;

		prism_buf_printf(list, "%s%.60s (%.100s)", list->len ? ", " : "", check->candidates[i].name,
		                 host);
	}
	if (covered.len)
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, CORE_CERTCHECK_PASS, NULL, NULL,
		                   "covers %.300s", prism_buf_text(&covered));
	else
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, CORE_CERTCHECK_WARN,
		                   "clients refuse an agent under another name or address",
		                   "have it issued with the address of the CVM that is to run it in "
		                   "subjectAltName",
		                   "covers none of the CVMs: %.200s; the names are %.200s",
		                   prism_buf_text(&open), names);
}

static void pair_host(struct core_certcheck *check)
{
	const unsigned slot = CORE_CERTCHECK_CERT;
	const struct slot *s = &check->slots[slot];
	/* Attested connections are not held to names (reference agent.md section 8). */
	enum core_certcheck_result bad =
	    core_tls_mode_info(check->mode)->attested ? CORE_CERTCHECK_WARN : CORE_CERTCHECK_FAIL;

	if (!s->usable)
		return;
	PRISM_AUTO_FREE char *names = net_cert_alt_names(s->certs[0]);
	if (!*names)
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, bad,
		                   "clients ignore the common name and look at alternative names only",
		                   "have it issued with subjectAltName: the agent's DNS name and address",
		                   "no subjectAltName at all");
	else if (!check->host && check->candidate_count)
		pair_candidates(check, names);
	else if (!check->host)
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, CORE_CERTCHECK_SKIPPED, NULL, NULL,
		                   "the agent's address is not known yet; the names are %.300s", names);
	else if (net_cert_matches_host(s->certs[0], check->host))
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, CORE_CERTCHECK_PASS, NULL, NULL,
		                   "%.200s is among %.300s", check->host, names);
	else
		core_certcheck_add(check, slot, CORE_CERTCHECK_ID_HOST, bad,
		                   "clients refuse an agent under another name or address",
		                   "have it issued with that name or address in subjectAltName",
		                   "%.200s is not among %.300s", check->host, names);
}

void core_certcheck_pairs(struct core_certcheck *check)
{
	pair_key(check, CORE_CERTCHECK_CERT, CORE_CERTCHECK_KEY);
	pair_key(check, CORE_CERTCHECK_OWN_CERT, CORE_CERTCHECK_OWN_KEY);
	pair_chain(check, CORE_CERTCHECK_CERT, CORE_CERTCHECK_SERVER_CA, CORE_CERTCHECK_CLIENT_CA);
	pair_chain(check, CORE_CERTCHECK_OWN_CERT, CORE_CERTCHECK_CLIENT_CA, CORE_CERTCHECK_SERVER_CA);
	pair_host(check);
}
