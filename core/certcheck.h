/*
 * Are these the right PEM files for this TLS mode?  Every check leaves a line a person can read
 * unchanged: what was looked at, pass, warning, failure or skipped, what was found, why it
 * matters, and what to do.  The form, the certificate doctor and `cert check` show the same lines.
 *
 * Life: create for a mode; give each file once (path or text); run once; read.  A file is read
 * once, and what was read is what core_certcheck_pem() hands on: a link that changes between
 * the check and the upload changes nothing.
 *
 * Which file a mode needs is the matter of core/tlsmode.c.  Beyond its four files the user's own
 * client certificate and key may be given; they are checked against the client CA and never
 * uploaded.
 *
 * Sizes: CORE_CERTCHECK_FILE_MAX bytes a file, because the computation carries the texts in one
 * JSON document and a chain of NET_CERT_CHAIN_MAX certificates with RSA-4096 keys has about
 * 60 KiB; NET_CERT_CHAIN_MAX certificates a file.
 *
 * Private keys stay in wiped memory.  Thread rules: one thread at a time; no I/O but the reading.
 */
#ifndef PRISM_CORE_CERTCHECK_H
#define PRISM_CORE_CERTCHECK_H

#include "base/mem.h"
#include "core/tlsmode.h"

#define CORE_CERTCHECK_FILE_MAX 65536
#define CORE_CERTCHECK_SOON_DAYS 30 /* "expires soon" */
#define CORE_CERTCHECK_CANDIDATES 16
#define CORE_CERTCHECK_RSA_MIN 2048 /* NIST SP 800-57 part 1, 112 bits of strength */

/* The files of a mode, then the user's own. Same order as CORE_TLS_FILE_*. */
enum core_certcheck_slot {
	CORE_CERTCHECK_CERT = CORE_TLS_FILE_CERT,
	CORE_CERTCHECK_KEY = CORE_TLS_FILE_KEY,
	CORE_CERTCHECK_SERVER_CA = CORE_TLS_FILE_SERVER_CA,
	CORE_CERTCHECK_CLIENT_CA = CORE_TLS_FILE_CLIENT_CA,
	CORE_CERTCHECK_OWN_CERT,
	CORE_CERTCHECK_OWN_KEY,
	CORE_CERTCHECK_SLOT_COUNT
};

enum core_certcheck_result {
	CORE_CERTCHECK_PASS,
	CORE_CERTCHECK_SKIPPED, /* cannot be judged with what is given */
	CORE_CERTCHECK_WARN,
	CORE_CERTCHECK_FAIL,
	CORE_CERTCHECK_RESULT_COUNT
};
const char *core_certcheck_result_word(enum core_certcheck_result result); /* "pass" */

/* X(ENUM, "id", "line", category of a failure, blocks an upload)
 * Dates and permissions block nothing: another clock judges the dates (reference 5.2). */
#define CORE_CERTCHECK_MAP(X)                                                        \
	X(NEEDED, "needed", "Given as the mode needs it", INVALID, true)                 \
	X(READ, "read", "Can be read", IO, true)                                         \
	X(PEM, "pem", "Is PEM text", INVALID, true)                                      \
	X(CONTENT, "content", "Holds what belongs here", INVALID, true)                  \
	X(PARSES, "parses", "Can be decoded", INVALID, true)                             \
	X(ALONE, "alone", "Holds nothing else", INVALID, true)                           \
	X(LINE_ENDS, "line-ends", "Lines end as on Unix", INVALID, true)                 \
	X(OPENS, "opens", "Opens without a passphrase", AUTH, true)                      \
	X(PERMISSIONS, "permissions", "Only its owner can read it", INVALID, false)      \
	X(STRENGTH, "strength", "Key is strong enough and known to agents", TRUST, true) \
	X(SIGNATURE, "signature", "Signed with a sound digest", TRUST, true)             \
	X(NAMES, "names", "Names hide no bytes", TRUST, true)                            \
	X(DATES, "dates", "In date", TRUST, false)                                       \
	X(CA, "ca", "May sign certificates", TRUST, true)                                \
	X(USE, "use", "May be used for this side", TRUST, true)                          \
	X(SELF, "self-signed", "Issued by a CA", TRUST, true)                            \
	X(KEY, "key", "Key and certificate belong together", TRUST, true)                \
	X(CHAIN, "chain", "Chain leads to the CA", TRUST, true)                          \
	X(SWAPPED, "swapped", "CAs are in their own fields", TRUST, true)                \
	X(HOST, "host", "Names cover the agent's address", TRUST, true)

enum core_certcheck_id {
#define X(id, word, line, category, blocks) CORE_CERTCHECK_ID_##id,
	CORE_CERTCHECK_MAP(X)
#undef X
	    CORE_CERTCHECK_ID_COUNT
};

struct core_certcheck_line { /* strings lent by the check, never NULL */
	enum core_certcheck_id check;
	unsigned slot;
	const char *id;    /* "cert.dates": stable, for programs; dates: once a certificate */
	const char *field; /* "Cert File" */
	const char *line;  /* "In date" */
	enum core_certcheck_result result;
	const char *found, *why, *remedy; /* why and remedy "" on a pass */
};

struct core_certcheck;
/* at_us: the moment dates are judged by. host: the agent's DNS name or address, or "host:port";
 * NULL or "": not known. */
struct core_certcheck *core_certcheck_create(enum core_tls_mode mode, int64_t at_us,
                                             const char *host);
void core_certcheck_destroy(struct core_certcheck *check); /* NULL allowed; wipes */
/* A CVM it may come to run on, when no host is known: the names are looked at for its address, and
 * a certificate that covers none of them gets a warning. At most CORE_CERTCHECK_CANDIDATES. */
void core_certcheck_candidate(struct core_certcheck *check, const char *name, const char *host);
/* Reads the file now. What goes wrong becomes a line. */
void core_certcheck_file(struct core_certcheck *check, unsigned slot, const char *path);
/* A file that was read elsewhere. mode: its permission bits, 0 unknown. */
void core_certcheck_bytes(struct core_certcheck *check, unsigned slot, const char *bytes,
                          size_t size, unsigned mode);
/* A file that could not be read, and why. */
void core_certcheck_unread(struct core_certcheck *check, unsigned slot,
                           const struct prism_error *why);
/* Text from elsewhere: pasted, or stored on the server. "" counts as not given. */
void core_certcheck_text(struct core_certcheck *check, unsigned slot, const char *text,
                         size_t size);
/* A value of agent_config: PEM, base64 of PEM or DER, or a path inside the CVM, which cannot be
 * looked at. */
void core_certcheck_stored(struct core_certcheck *check, unsigned slot, const char *value);
/* For encrypted keys; copied. */
void core_certcheck_passphrase(struct core_certcheck *check, const struct prism_secret *passphrase);
/* The first line of a small file. Fails when it cannot be read. */
PRISM_MUST_USE
int core_certcheck_passphrase_file(struct core_certcheck *check, const char *path,
                                   struct prism_error *err);
void core_certcheck_run(struct core_certcheck *check); /* once */

size_t core_certcheck_count(const struct core_certcheck *check);
const struct core_certcheck_line *core_certcheck_line(const struct core_certcheck *check, size_t i);
/* Worst result of one slot's lines; of all with slot CORE_CERTCHECK_SLOT_COUNT. */
enum core_certcheck_result core_certcheck_worst(const struct core_certcheck *check, unsigned slot);
/* The first line of a slot that is worth showing beside its field; NULL when all is well. */
const struct core_certcheck_line *core_certcheck_problem(const struct core_certcheck *check,
                                                         unsigned slot);
/* The text to upload, exactly what was checked, without comments before the first block (an
 * encrypted key: opened); "" when nothing was given. Lent. */
const char *core_certcheck_pem(const struct core_certcheck *check, unsigned slot);
/* False for dates and permissions: another clock judges those. */
bool core_certcheck_blocks(const struct core_certcheck_line *line);
/* Category of the first failure, message and hint from its line; 0 without failures.  With
 * `upload`, failures that block no upload do not count. */
PRISM_MUST_USE
int core_certcheck_raise(const struct core_certcheck *check, bool upload, struct prism_error *err);

/* What a stored or chosen file says about itself, one line each; "" when unreadable. Yours.
 * "CN=agent, O=Example · issued by CN=Example CA · DNS:localhost · expires in 364 days" */
char *core_certcheck_summary(const char *pem, size_t size, int64_t at_us);
/* Facts of the first certificate of a PEM text, for panels; strings yours, all NULL otherwise. */
struct core_certcheck_facts {
	char *subject, *issuer, *names, *key, *fingerprint /* SHA-256, hex pairs with colons */;
	int64_t not_before_us, not_after_us;
	int64_t days_left; /* negative: expired that many days ago */
};
PRISM_MUST_USE
int core_certcheck_facts(const char *pem, size_t size, int64_t at_us,
                         struct core_certcheck_facts *ret, struct prism_error *err);
void core_certcheck_facts_finish(struct core_certcheck_facts *facts);

#endif
