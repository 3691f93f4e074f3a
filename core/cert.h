/*
 * Prism's certificate service: certificates for CVMs, made and kept by the server.  Reference 3.10,
 * 4.10, Q8.  (Files of one's own making are core/devcert.h's and core/certcheck.h's matter.)
 *
 * A certificate is identified by its serial number, a text: decimal with up to 49 digits, or hex
 * with colons, as the server writes it.  It belongs to an entity, here the id of a CVM.
 *
 * What is written is re-listed before the callback, because the server's answers differ between
 * versions: the serial number handed to the callback of issue and renew is the one now in the list.
 *
 * A download takes two steps, a token that lives for minutes and then the files; both are one
 * operation here, and the token goes no further.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_CERT_H
#define PRISM_CORE_CERT_H

#include "base/buf.h"
#include "core/list.h"
#include "net/ocsp.h"

/* Certificates of the service live for 30 days (4.10); the last quarter is "soon". */
#define CORE_CERT_SOON_DAYS 7
#define CORE_CERT_ADDRESSES_MAX 32 /* of one request */

enum core_cert_state {
	CORE_CERT_VALID,
	CORE_CERT_EXPIRING,
	CORE_CERT_EXPIRED,
	CORE_CERT_REVOKED,
	CORE_CERT_STATE_COUNT
};
struct core_cert_state_info {
	const char *word, *label; /* "expiring", "Expires soon" */
	enum core_tone tone;
};
const struct core_cert_state_info *core_cert_state_info(enum core_cert_state state);

struct core_cert { /* strings never NULL */
	const char *serial;
	const char *entity_id; /* CVM id; "" when the server did not say */
	const char *pem;       /* the certificate; "" when the list does not carry it */
	int64_t expires_us;    /* PRISM_TIME_UNSET unknown */
	bool revoked;
};
enum core_cert_state core_cert_state(const struct core_cert *cert, int64_t now_us);

/* Those of one CVM; lent until the workspace changes. */
struct core_list *core_certs(struct core *core, const char *cvm_id);
/* All of the workspace: for flags, completion, and finding a serial number. */
struct core_list *core_workspace_certs(struct core *core);
static inline const struct core_cert *core_cert_at(const struct core_list *list, size_t i)
{
	return core_list_at(list, i);
}
/* By serial number in whatever spelling, among what is loaded; NULL when unknown. */
const struct core_cert *core_cert_find(struct core *core, const char *serial);
/* The certificate that counts for a CVM: not revoked, the last to expire; NULL: none is loaded. */
const struct core_cert *core_cert_of_cvm(struct core *core, const char *cvm_id);

/* Serial number by serial number, or by id or name of the CVM that it is for (then the one of
 * core_cert_of_cvm()). A serial number that no list knows passes as it is. */
PRISM_MUST_USE
int core_cert_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                      core_id_fn done, void *data, struct prism_error *err);

/* addresses: IPv4 or IPv6, may be empty. done: the new serial number. */
PRISM_MUST_USE
int core_cert_issue(struct core *core, const char *cvm_id, const char *const *addresses,
                    size_t count, struct prism_cancel *cancel, core_id_fn done, void *data,
                    struct prism_error *err);
/* done: the serial number of the successor. A revoked or expired certificate is refused by the
 * server, category denied; the session is not touched by that 401. */
PRISM_MUST_USE
int core_cert_renew(struct core *core, const char *serial, struct prism_cancel *cancel,
                    core_id_fn done, void *data, struct prism_error *err);
/* Cannot be undone. */
PRISM_MUST_USE
int core_cert_revoke(struct core *core, const char *serial, struct prism_cancel *cancel,
                     core_done_fn done, void *data, struct prism_error *err);
/* All certificates of a CVM, from the service's records; they are not revoked by that. */
PRISM_MUST_USE
int core_cert_delete(struct core *core, const char *cvm_id, struct prism_cancel *cancel,
                     core_done_fn done, void *data, struct prism_error *err);

/* --- files (core/cert_files.c) --- */

#define CORE_CERT_FILE_MAX 65536 /* bytes of one downloaded PEM text */

/* X(ENUM, file name, member of JSON, other name in zips, mode) */
#define CORE_CERT_FILE_MAP(X)                            \
	X(CA, "ca.pem", "ca", "ca.crt", 0644)                \
	X(CERT, "cert.pem", "certificate", "cert.crt", 0644) \
	X(KEY, "key.pem", "private_key", "cert.key", 0600)
enum core_cert_file {
#define X(id, name, member, other, mode) CORE_CERT_FILE_##id,
	CORE_CERT_FILE_MAP(X)
#undef X
	    CORE_CERT_FILE_COUNT
};
struct core_cert_files {
	struct prism_buf pem[CORE_CERT_FILE_COUNT];
};
/* Sniffs zip and JSON, checks that each text is what it should be and that key and certificate
 * belong together. On failure ret is empty. Pure. */
PRISM_MUST_USE
int core_cert_files_read(const void *data, size_t size, struct core_cert_files *ret,
                         struct prism_error *err);
void core_cert_files_finish(struct core_cert_files *files); /* wipes */
/* All three or none under their final names in dir, which is made 0700 when missing. Category
 * conflict when one is there and replace is not given. */
PRISM_MUST_USE
int core_cert_files_save(const struct core_cert_files *files, const char *dir, bool replace,
                         struct prism_error *err);
const char *core_cert_file_name(enum core_cert_file file);
unsigned core_cert_file_mode(enum core_cert_file file); /* permission bits: the key is 0600 */

typedef void (*core_cert_files_fn)(void *data, const struct core_cert_files *files /* lent */,
                                   const struct prism_error *err);
PRISM_MUST_USE
int core_cert_download(struct core *core, const char *serial, struct prism_cancel *cancel,
                       core_cert_files_fn done, void *data, struct prism_error *err);
/* The CA certificates of the service as PEM text. */
typedef void (*core_cert_ca_fn)(void *data, const char *pem, size_t size,
                                const struct prism_error *err);
PRISM_MUST_USE
int core_cert_ca(struct core *core, struct prism_cancel *cancel, core_cert_ca_fn done, void *data,
                 struct prism_error *err);

/* Asks the service's responder; the answer is verified against the service's CA, which is fetched
 * for that. */
typedef void (*core_cert_status_fn)(void *data, const struct net_ocsp_answer *answer,
                                    const struct prism_error *err);
PRISM_MUST_USE
int core_cert_status(struct core *core, const char *serial, struct prism_cancel *cancel,
                     core_cert_status_fn done, void *data, struct prism_error *err);

#endif
