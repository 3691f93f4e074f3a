/*
 * One file by itself: is it there as the mode wants it, is it PEM, does it hold what belongs in
 * its field, and is each object in it sound.  A step that fails ends the file; what depends on it
 * says nothing rather than something wrong.
 */
#include "core/certcheck_private.h"

#include "base/clock.h"
#include "core/filetell.h"
#include "core/pem.h"

#include <stdlib.h>
#include <string.h>

#define PASS(id, ...)                                                                        \
	core_certcheck_add(check, slot, CORE_CERTCHECK_ID_##id, CORE_CERTCHECK_PASS, NULL, NULL, \
	                   __VA_ARGS__)
#define WARN(id, why, remedy, ...)                                                                \
	core_certcheck_add(check, slot, CORE_CERTCHECK_ID_##id, CORE_CERTCHECK_WARN, (why), (remedy), \
	                   __VA_ARGS__)
#define FAIL(id, why, remedy, ...)                                                                \
	core_certcheck_add(check, slot, CORE_CERTCHECK_ID_##id, CORE_CERTCHECK_FAIL, (why), (remedy), \
	                   __VA_ARGS__)
#define SKIP(id, ...)                                                                           \
	core_certcheck_add(check, slot, CORE_CERTCHECK_ID_##id, CORE_CERTCHECK_SKIPPED, NULL, NULL, \
	                   __VA_ARGS__)

/* ---- needed ---- */

/* False when there is nothing to look at. */
static bool check_needed(struct core_certcheck *check, unsigned slot)
{
	const struct core_tls_mode_info *mode = core_tls_mode_info(check->mode);
	bool given = check->slots[slot].given;
	unsigned bit = 1u << slot;

	if (slot >= CORE_TLS_FILE_COUNT)
		return given; /* the user's own: never needed, never stored */
	if (mode->required & bit) {
		if (given)
			PASS(NEEDED, "%s requires it", mode->label);
		else
			FAIL(NEEDED, "the agent cannot be reached in this mode without it",
			     "choose the file, or choose another mode", "%s requires it and it is missing",
			     mode->label);
	} else if (mode->optional & bit) {
		if (given)
			PASS(NEEDED, "optional with %s", mode->label);
		else
			SKIP(NEEDED, "optional with %s, not given", mode->label);
	} else if (given && slot == CORE_CERTCHECK_SERVER_CA && check->mode == CORE_TLS_TLS) {
		SKIP(NEEDED, "not stored with TLS; used here to verify the chain, as a client will");
	} else if (given) {
		WARN(NEEDED, "it would be cleared when the mode is saved",
		     "leave the field empty, or choose a mode that uses it", "not used by %s", mode->label);
	}
	return given;
}

/* ---- what kind of bytes ---- */

/* What is in it decides the remedy. */
static void der_found(struct core_certcheck *check, unsigned slot, enum core_der_kind kind)
{
	if (kind == CORE_DER_CERT)
		FAIL(PEM, "agents read PEM text only",
		     "openssl x509 -inform DER -in FILE -out FILE.pem, and choose FILE.pem",
		     "a certificate in DER (binary) form");
	else if (kind == CORE_DER_PKCS12)
		FAIL(PEM, "agents read PEM text only, and a bundle holds several things at once",
		     "openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem, and for the key: openssl "
		     "pkcs12 -in FILE -nocerts -nodes -out key.pem",
		     "a PKCS#12 bundle (.p12, .pfx)");
	else if (kind == CORE_DER_KEY)
		FAIL(PEM, "agents read PEM text only",
		     "openssl pkey -inform DER -in FILE -out FILE.pem, and choose FILE.pem",
		     "a private key in DER (binary) form");
	else
		FAIL(PEM, "agents read PEM text only", "convert it with openssl, or choose another file",
		     "DER (binary) data");
}

static bool binary_found(struct core_certcheck *check, unsigned slot, const struct core_pem *pem)
{
	const struct prism_buf *data = &check->slots[slot].data;
	enum core_der_kind der;

	if (data->len == 0)
		FAIL(PEM, "an empty file is taken as no file, and the mode changes silently",
		     "choose a file with contents", "the file is empty");
	else if (pem->utf16)
		FAIL(PEM, "agents read ASCII text only",
		     "save it as UTF-8 without a byte order mark: iconv -f UTF-16 -t UTF-8",
		     "UTF-16 text, as some Windows editors write it");
	else if (pem->bom)
		FAIL(PEM, "agents stop at the byte order mark",
		     "save it as UTF-8 without a byte order mark",
		     "a byte order mark before the first line");
	else if (pem->blocks == 0 && (der = core_der_kind(data->data, data->len)) != CORE_DER_NONE)
		der_found(check, slot, der);
	else if (pem->nul)
		FAIL(PEM, "PEM is text", "choose the PEM file", "binary data: it holds NUL bytes");
	else if (pem->blocks == 0)
		FAIL(PEM, "PEM text begins with a line like -----BEGIN CERTIFICATE-----",
		     "choose the PEM file; a path inside the CVM cannot be checked here",
		     "no -----BEGIN line");
	else
		return false;
	return true;
}

static bool check_pem(struct core_certcheck *check, unsigned slot, const struct core_pem *pem)
{
	if (binary_found(check, slot, pem))
		return false;
	for (size_t i = 0; i < pem->kept; i++) {
		const struct core_pem_block *block = &pem->block[i];
		if (!block->closed || !block->base64) {
			FAIL(PEM, "a damaged block is skipped or refused by the agent",
			     "copy the file again, whole", "the block \"%s\" of line %zu %s", block->label,
			     block->line,
			     block->closed ? "holds something that is not base64"
			                   : "has no END line with the same label");
			return false;
		}
	}
	PASS(PEM, "%zu block%s", pem->blocks, pem->blocks == 1 ? "" : "s");
	return true;
}

/* ---- the right thing in the field ---- */

static const char *wrong_thing_remedy(enum core_pem_kind kind, bool want_key)
{
	switch (kind) {
	case CORE_PEM_CERT:
		return "choose the private key here; this file belongs in a certificate field";
	case CORE_PEM_KEY:
	case CORE_PEM_ENCRYPTED_KEY:
		return "choose the certificate here; a private key must not be put where others read it";
	case CORE_PEM_CSR:
		return want_key ? "choose the private key the request was made with"
		                : "have the request signed by a CA, and choose the certificate it returns";
	case CORE_PEM_PUBLIC_KEY:
		return want_key ? "choose the private half" : "choose the certificate that holds this key";
	case CORE_PEM_OPENSSH_KEY:
		return "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY";
	case CORE_PEM_TRUSTED_CERT:
		return "openssl x509 -in FILE -out FILE.pem writes a plain certificate";
	case CORE_PEM_PKCS7:
		return "openssl pkcs7 -print_certs -in FILE -out FILE.pem";
	default:
		return want_key ? "choose a file with a PRIVATE KEY block"
		                : "choose a file with a CERTIFICATE block";
	}
}

static bool check_content(struct core_certcheck *check, unsigned slot, const struct core_pem *pem)
{
	bool want_key = core_certcheck_slot_info(slot)->holds == HOLDS_KEY;
	size_t keys = pem->of_kind[CORE_PEM_KEY] + pem->of_kind[CORE_PEM_ENCRYPTED_KEY];
	size_t right = want_key ? keys : pem->of_kind[CORE_PEM_CERT];

	if (!want_key && keys > 0 && right > 0) {
		FAIL(CONTENT, "everybody who may read this field would have the key",
		     "split the file: the certificate here, the key in the key field",
		     "a private key beside the certificate");
		return false;
	}
	if (right == 0) {
		enum core_pem_kind kind = pem->block[0].kind;
		FAIL(CONTENT,
		     want_key ? "the agent proves its identity with a private key"
		              : "only a CERTIFICATE block is read here",
		     wrong_thing_remedy(kind, want_key), "%s (%s), not a %s", core_pem_kind_text(kind),
		     pem->block[0].label, want_key ? "private key" : "certificate");
		return false;
	}
	if (!want_key && right > NET_CERT_CHAIN_MAX) {
		FAIL(CONTENT, "a chain has a handful of certificates; this looks like a system bundle",
		     "choose only the certificates of this chain", "%zu certificates; at most %u are read",
		     right, NET_CERT_CHAIN_MAX);
		return false;
	}
	PASS(CONTENT, right == 1 ? "a %s" : "a %s and %zu more",
	     want_key ? "private key" : "certificate", right - 1);
	return true;
}

static void check_alone(struct core_certcheck *check, unsigned slot, const struct core_pem *pem)
{
	bool want_key = core_certcheck_slot_info(slot)->holds == HOLDS_KEY;
	size_t keys = pem->of_kind[CORE_PEM_KEY] + pem->of_kind[CORE_PEM_ENCRYPTED_KEY];
	size_t fitting =
	    want_key ? keys + pem->of_kind[CORE_PEM_PARAMETERS] : pem->of_kind[CORE_PEM_CERT];

	if (pem->controls || pem->nul)
		FAIL(ALONE, "text with escape sequences can deceive whoever looks at it in a terminal",
		     "keep only the lines from -----BEGIN to -----END",
		     "control characters outside of the PEM blocks");
	else if (want_key && keys > 1)
		FAIL(ALONE, "the agent takes the first one, which may not be the one meant",
		     "keep one key in the file", "%zu private keys", keys);
	else if (pem->blocks > fitting)
		WARN(ALONE, "the agent skips it, and it would be stored with the computation",
		     "remove what does not belong here", "%zu other block%s besides", pem->blocks - fitting,
		     pem->blocks - fitting == 1 ? "" : "s");
	else if (pem->text_after)
		WARN(ALONE, "often the sign of a copy that went wrong",
		     "keep only the lines from -----BEGIN to -----END",
		     "text behind the last block, line %zu", pem->after_line);
	else if (pem->text_before || pem->text_between)
		PASS(ALONE, "comments around the blocks, which are ignored");
	else
		PASS(ALONE, "nothing besides");
	if (pem->crlf)
		WARN(LINE_ENDS, "some readers do not like them", "nothing: they are replaced on upload",
		     "Windows line ends (CR LF)");
}

/* ---- one certificate ---- */

static const char *nth_name(const struct slot *s, size_t i)
{
	const char *name = net_cert_common_name(s->certs[i]);

	return *name ? name : net_cert_subject(s->certs[i]);
}

/* "RSA 4096", "P-256", "ECDSA P-256", "Ed25519": NULL when it will do. */
static const char *weakness(const char *key)
{
	static const char *const curves[] = {"P-256", "P-384", "P-521", "Ed25519"};

	if (strncmp(key, "RSA ", 4) == 0)
		return strtoul(key + 4, NULL, 10) >= CORE_CERTCHECK_RSA_MIN ? NULL
		                                                            : "shorter than 2048 bits";
	if (strncmp(key, "ECDSA ", 6) == 0)
		key += 6;
	for (size_t i = 0; i < PRISM_COUNT(curves); i++)
		if (strcmp(key, curves[i]) == 0)
			return NULL;
	return "of a kind that agents do not use";
}

static const char strength_why[] = "short keys can be broken, and agents refuse unusual ones";
static const char strength_remedy[] =
    "make a new key: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519";

static void check_strength(struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];

	for (size_t i = 0; i < s->count; i++) {
		const char *weak = weakness(net_cert_key_text(s->certs[i]));
		if (weak) {
			FAIL(STRENGTH, strength_why, strength_remedy, "%.200s: %s, %s", nth_name(s, i),
			     net_cert_key_text(s->certs[i]), weak);
			return;
		}
	}
	PASS(STRENGTH, "%s", net_cert_key_text(s->certs[0]));
}

static void check_signature(struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];

	for (size_t i = 0; i < s->count; i++) {
		const char *digest = net_cert_signature_digest(s->certs[i]);
		bool weak = strncmp(digest, "MD", 2) == 0 || strcmp(digest, "SHA1") == 0;
		if (weak && !(net_cert_is_ca(s->certs[i]) && net_cert_self_signed(s->certs[i]))) {
			FAIL(SIGNATURE, "such signatures can be forged, and agents and clients refuse them",
			     "have it signed again with SHA-256", "%.200s: signed with %s", nth_name(s, i),
			     digest);
			return;
		}
	}
	PASS(SIGNATURE, "%s", net_cert_signature_text(s->certs[0]));
}

static void check_names(struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];

	for (size_t i = 0; i < s->count; i++) {
		if (!net_cert_clean_names(s->certs[i])) {
			FAIL(NAMES, "a hidden byte makes a name look like another one",
			     "do not use it; ask who issued it",
			     "certificate %zu: NUL or control bytes in a name", i + 1);
			return;
		}
	}
	PASS(NAMES, "%.300s", net_cert_subject(s->certs[0]));
}

static void dates_of(struct core_certcheck *check, unsigned slot, size_t i)
{
	const struct slot *s = &check->slots[slot];
	int64_t from = net_cert_not_before_us(s->certs[i]), to = net_cert_not_after_us(s->certs[i]);
	char span[PRISM_TIME_TEXT], day[PRISM_TIME_TEXT];

	if (from == PRISM_TIME_UNSET || to == PRISM_TIME_UNSET || from > to)
		FAIL(DATES, "nobody accepts it", "have it made again", "%.200s: its dates make no sense",
		     nth_name(s, i));
	else if (check->at_us < from && from - check->at_us < DAY_US)
		FAIL(DATES, "a clock that is behind makes fresh certificates look like that",
		     "compare this machine's clock with the agent's, or wait",
		     "%.200s: begins in %s, or this clock is behind", nth_name(s, i),
		     prism_time_span(from - check->at_us, span));
	else if (check->at_us < from)
		FAIL(DATES, "nobody accepts it before", "wait, or have it made again",
		     "%.200s: not valid before %s", nth_name(s, i), prism_time_format(from, 0, day));
	else if (check->at_us > to)
		FAIL(DATES, "agents and clients refuse expired certificates",
		     "have it renewed, or make a new one; check the clock if it should be valid",
		     "%.200s: expired %s ago", nth_name(s, i), prism_time_span(check->at_us - to, span));
	else if (to - check->at_us < CORE_CERTCHECK_SOON_DAYS * DAY_US)
		WARN(DATES, "connections fail from then on", "have it renewed in time",
		     "%.200s: expires in %s", nth_name(s, i), prism_time_span(to - check->at_us, span));
	else
		PASS(DATES, "%.200s: until %.10s, %lld days", nth_name(s, i), prism_time_format(to, 0, day),
		     (long long)((to - check->at_us) / DAY_US));
}

/* A leaf's field holds a leaf; a CA's field holds CAs. */
static void check_role(struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];
	bool own = slot == CORE_CERTCHECK_OWN_CERT;
	const struct net_cert *leaf = s->certs[0];

	if (core_certcheck_slot_info(slot)->holds == HOLDS_CA) {
		for (size_t i = 0; i < s->count; i++) {
			if (!net_cert_is_ca(s->certs[i]) || !net_cert_may_issue(s->certs[i])) {
				FAIL(CA, "only a CA's certificate can vouch for others",
				     "choose the CA's own certificate (the one that signed)", "%.200s: %s",
				     nth_name(s, i),
				     net_cert_is_ca(s->certs[i]) ? "its key usage does not allow signing"
				                                 : "not a CA (basicConstraints)");
				return;
			}
		}
		PASS(CA, "a CA");
		return;
	}
	if (net_cert_is_ca(leaf))
		WARN(USE, "a CA's key should not be on an agent: whoever has it can issue certificates",
		     "issue a certificate of its own and choose that one", "%.200s is a CA's certificate",
		     nth_name(s, 0));
	else if (own ? net_cert_allows_client(leaf) : net_cert_allows_server(leaf))
		PASS(USE, "extended key usage allows %s", own ? "clientAuth" : "serverAuth");
	else
		FAIL(USE, own ? "agents refuse it from a client" : "clients refuse it from an agent",
		     own ? "have a certificate issued with clientAuth"
		         : "have a certificate issued with serverAuth; this may be the client's",
		     "%.200s: extended key usage lacks %s", nth_name(s, 0),
		     own ? "clientAuth" : "serverAuth");
}

/* RFC 8446 section 4.4.2.2 has the key sign the handshake; Go, and so the agents, do not look. */
static void check_signing(struct core_certcheck *check, unsigned slot)
{
	const struct slot *s = &check->slots[slot];

	if (core_certcheck_slot_info(slot)->holds != HOLDS_CA && !net_cert_may_sign(s->certs[0]))
		WARN(USE, "the key signs the TLS 1.3 handshake, and strict peers refuse one that may not",
		     "have a certificate issued with digitalSignature in its key usage",
		     "%.200s: key usage lacks digitalSignature", nth_name(s, 0));
}

static void check_certs(struct core_certcheck *check, unsigned slot)
{
	struct slot *s = &check->slots[slot];
	struct prism_error err = PRISM_ERROR_INIT;

	if (net_cert_list_from_pem(prism_buf_text(&s->data), s->data.len, s->certs, NET_CERT_CHAIN_MAX,
	                           &s->count, &err) < 0) {
		s->count = 0;
		FAIL(PARSES, "the agent cannot read it either", "copy the file again, whole",
		     "the certificate is damaged: %.300s", err.message);
		return;
	}
	s->usable = true;
	PASS(PARSES, s->count == 1 ? "a certificate" : "%zu certificates", s->count);
	check_strength(check, slot);
	check_signature(check, slot);
	check_names(check, slot);
	for (size_t i = 0; i < s->count; i++)
		dates_of(check, slot, i);
	check_role(check, slot);
	check_signing(check, slot);
}

/* ---- a key ---- */

static bool open_encrypted(struct core_certcheck *check, unsigned slot, struct prism_error *err)
{
	struct slot *s = &check->slots[slot];

	s->key = net_key_read_private(prism_buf_text(&s->data), s->data.len, check->passphrase, err);
	if (s->key && net_key_private_pem(s->key, NULL, &s->opened, err) < 0)
		prism_buf_wipe(&s->opened);
	return s->key != NULL;
}

static void check_key(struct core_certcheck *check, unsigned slot, const struct core_pem *pem)
{
	struct slot *s = &check->slots[slot];
	struct prism_error err = PRISM_ERROR_INIT;
	bool encrypted = pem->of_kind[CORE_PEM_ENCRYPTED_KEY] > 0;

	if (s->mode & 077)
		WARN(PERMISSIONS, "whoever reads the key can pretend to be its owner", "chmod 600 FILE",
		     "mode %04o: others can read it", s->mode);
	else if (s->mode)
		PASS(PERMISSIONS, "mode %04o", s->mode);
	if (encrypted) {
		if (!open_encrypted(check, slot, &err)) {
			FAIL(OPENS, "an agent has nobody to ask for a passphrase",
			     "give its passphrase, or write it without one: openssl pkey -in FILE -out NEW",
			     "%.300s", err.message);
			return;
		}
		WARN(OPENS, "an agent has nobody to ask for a passphrase",
		     "nothing: the opened key is what is uploaded",
		     "protected; opened with the passphrase");
	} else {
		s->key = net_key_read_private(prism_buf_text(&s->data), s->data.len, NULL, &err);
		if (!s->key) {
			FAIL(PARSES, "the agent cannot read it either",
			     *err.hint ? prism_arena_strdup(check->arena, err.hint) : "copy the file again",
			     "%.300s", err.message);
			return;
		}
	}
	s->usable = true;
	PRISM_AUTO_FREE char *text = net_key_describe(s->key);
	PASS(PARSES, "%s key", text);
	if (weakness(text))
		FAIL(STRENGTH, strength_why, strength_remedy, "%s, %s", text, weakness(text));
	else
		PASS(STRENGTH, "%s", text);
}

void core_certcheck_one_file(struct core_certcheck *check, unsigned slot)
{
	struct slot *s = &check->slots[slot];
	struct core_pem *pem;

	if (!check_needed(check, slot))
		return;
	if (s->elsewhere) {
		SKIP(READ, "a path inside the CVM: it cannot be looked at from here");
		return;
	}
	if (s->unread) {
		FAIL(READ, "what cannot be read cannot be checked or sent",
		     *s->error.hint ? s->error.hint : "choose a readable file of at most 64 KiB", "%.300s",
		     s->error.message);
		return;
	}
	pem = prism_alloc(sizeof(*pem));
	core_pem_scan(prism_buf_text(&s->data), s->data.len, pem);
	if (check_pem(check, slot, pem) && check_content(check, slot, pem)) {
		check_alone(check, slot, pem);
		if (core_certcheck_slot_info(slot)->holds == HOLDS_KEY)
			check_key(check, slot, pem);
		else
			check_certs(check, slot);
	}
	prism_free(pem);
}
