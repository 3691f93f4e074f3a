/*
 * Development certificates: a CA, a server's and a client's, as files, the way the documented
 * openssl recipe makes them but without a shell.
 *
 *   ca      ca-cert.pem      ca-key.pem
 *   server  server-cert.pem  server-key.pem    signed by the CA beside it
 *   client  client-cert.pem  client-key.pem    signed by the CA beside it
 *
 * Files appear whole or not at all, keys with mode 0600; what is there is kept unless `replace`.
 * A certificate and its key are written only after both were made.
 *
 * Blocking (RSA-4096 keys take seconds): for workers.
 */
#ifndef PRISM_CORE_DEVCERT_H
#define PRISM_CORE_DEVCERT_H

#include "net/x509_make.h"

#define CORE_DEVCERT_DAYS 365
#define CORE_DEVCERT_DAYS_MAX 3650

struct core_devcert_spec { /* everything borrowed */
	enum net_cert_role role;
	const char *dir;         /* made when missing, 0700 */
	const char *common_name; /* NULL: a plain one for the role */
	const char *organisation, *unit;
	const char *const *names; /* server: DNS names and addresses; none: localhost, 127.0.0.1, ::1 */
	size_t name_count;
	unsigned days;
	enum net_key_kind kind;
	const char *ca_dir; /* where ca-cert.pem and ca-key.pem are; NULL: dir */
	int64_t now_us;
	bool replace;
};
struct core_devcert { /* strings yours */
	char *cert_path, *key_path;
	char *cert_pem;
};
const char *core_devcert_role_word(enum net_cert_role role); /* "ca", "server", "client" */
PRISM_MUST_USE
int core_devcert_role_parse(const char *word, enum net_cert_role *ret, struct prism_error *err);
PRISM_MUST_USE
int core_devcert_make(const struct core_devcert_spec *spec, struct core_devcert *ret,
                      struct prism_error *err);
void core_devcert_finish(struct core_devcert *made);
/* The openssl commands that make the same, for a POSIX shell; touches nothing. Fails on names
 * that cannot stand in a certificate. */
PRISM_MUST_USE
int core_devcert_openssl(const struct core_devcert_spec *spec, struct prism_buf *out,
                         struct prism_error *err);

#endif
