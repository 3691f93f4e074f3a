/*
 * Making development certificates as files: see devcert.h.
 */
#include "core/devcert.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/shell.h"

#include <string.h>
#include <unistd.h>

#define PEM_MAX 65536
#define DAY_US 86400000000ll
/* Clocks differ: valid from a little before it was made. */
#define BACK_US (3600ll * 1000000)

static const struct role_row {
	const char *word, *common_name, *cert, *key, *use;
} roles[] = {
    [NET_CERT_ROLE_CA] = {"ca", "Development CA", "ca-cert.pem", "ca-key.pem", NULL},
    [NET_CERT_ROLE_SERVER] = {"server", "Development agent", "server-cert.pem", "server-key.pem",
                              "serverAuth"},
    [NET_CERT_ROLE_CLIENT] = {"client", "Development client", "client-cert.pem", "client-key.pem",
                              "clientAuth"},
};

static const char *const default_names[] = {"localhost", "127.0.0.1", "::1"};

const char *core_devcert_role_word(enum net_cert_role role)
{
	return roles[role].word;
}

int core_devcert_role_parse(const char *word, enum net_cert_role *ret, struct prism_error *err)
{
	for (size_t i = 0; i < PRISM_COUNT(roles); i++) {
		if (strcmp(word, roles[i].word) == 0) {
			*ret = (enum net_cert_role)i;
			return 0;
		}
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "\"%s\" is no type of certificate", word);
	prism_error_hint(err, "one of ca, server, client");
	return -1;
}

/* What goes into the certificate, defaults filled in; key and issuer are still open. */
static struct net_cert_spec describe(const struct core_devcert_spec *spec)
{
	bool server = spec->role == NET_CERT_ROLE_SERVER;

	return (struct net_cert_spec){
	    .role = spec->role,
	    .common_name = spec->common_name && *spec->common_name ? spec->common_name
	                                                           : roles[spec->role].common_name,
	    .organisation = spec->organisation,
	    .unit = spec->unit && *spec->unit ? spec->unit : "development only",
	    .names = server && spec->name_count == 0 ? default_names : spec->names,
	    .name_count =
	        server && spec->name_count == 0 ? PRISM_COUNT(default_names) : spec->name_count,
	    .not_before_us = spec->now_us - BACK_US,
	    .not_after_us = spec->now_us + (int64_t)spec->days * DAY_US,
	};
}

static int check_spec(const struct core_devcert_spec *spec, struct prism_error *err)
{
	if (spec->days == 0 || spec->days > CORE_DEVCERT_DAYS_MAX)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "days must be between 1 and %d",
		                         CORE_DEVCERT_DAYS_MAX);
	if (spec->role != NET_CERT_ROLE_SERVER && spec->name_count > 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "only a server's certificate has host names");
		prism_error_hint(err, "leave the names out, or make one of type server");
		return -1;
	}
	return 0;
}

static int free_place(const char *path, bool replace, struct prism_error *err)
{
	if (replace || access(path, F_OK) != 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s is there already", path);
	prism_error_hint(err, "choose another directory, or ask for it to be replaced");
	return -1;
}

/* The CA's certificate and key from its files. */
static int read_ca(const char *dir, struct net_cert **ret_cert, struct net_key **ret_key,
                   struct prism_error *err)
{
	PRISM_AUTO_FREE char *cert_path = prism_path_join(dir, roles[NET_CERT_ROLE_CA].cert);
	PRISM_AUTO_FREE char *key_path = prism_path_join(dir, roles[NET_CERT_ROLE_CA].key);
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(PEM_MAX);

	if (prism_file_read(cert_path, PEM_MAX, &pem, err) < 0 ||
	    !(*ret_cert = net_cert_from_any(prism_buf_text(&pem), pem.len, err)) ||
	    !(*ret_key = net_key_read_private_file(key_path, NULL, err))) {
		prism_error_wrap(err, "the CA in %s", dir);
		prism_error_hint(err, "make one first, of type ca, or name the directory that has it");
		return -1;
	}
	if (!net_cert_is_ca(*ret_cert))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a CA's certificate",
		                         cert_path);
	return 0;
}

static int write_pair(const struct core_devcert_spec *spec, struct core_devcert *ret,
                      const struct net_key *key, const struct prism_buf *cert,
                      struct prism_error *err)
{
	struct prism_buf pem = PRISM_BUF_INIT(PEM_MAX);
	int rc = net_key_private_pem(key, NULL, &pem, err);

	if (rc == 0)
		rc = prism_file_mkdirs(spec->dir, 0700, err);
	if (rc == 0)
		rc = prism_file_write(ret->key_path, pem.data, pem.len, 0600, err);
	prism_buf_wipe(&pem);
	if (rc == 0)
		rc = prism_file_write(ret->cert_path, cert->data, cert->len, 0644, err);
	return rc;
}

static int make(const struct core_devcert_spec *spec, struct core_devcert *ret,
                struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(PEM_MAX);
	struct net_cert_spec cert = describe(spec);
	struct net_cert *issuer = NULL;
	struct net_key *issuer_key = NULL, *key = NULL;
	int rc = -1;

	if (spec->role != NET_CERT_ROLE_CA &&
	    read_ca(spec->ca_dir ? spec->ca_dir : spec->dir, &issuer, &issuer_key, err) < 0)
		goto out;
	if (!(key = net_key_generate(spec->kind, err)))
		goto out;
	cert.key = key;
	cert.issuer = issuer;
	cert.issuer_key = issuer_key ? issuer_key : key;
	rc = net_cert_make(&cert, &pem, err);
	if (rc == 0)
		rc = write_pair(spec, ret, key, &pem, err);
	if (rc == 0)
		ret->cert_pem = prism_buf_take(&pem, NULL);
out:
	net_key_destroy(key);
	net_key_destroy(issuer_key);
	net_cert_destroy(issuer);
	return rc;
}

int core_devcert_make(const struct core_devcert_spec *spec, struct core_devcert *ret,
                      struct prism_error *err)
{
	const struct role_row *role = &roles[spec->role];

	*ret = (struct core_devcert){
	    .cert_path = prism_path_join(spec->dir, role->cert),
	    .key_path = prism_path_join(spec->dir, role->key),
	};
	if (check_spec(spec, err) == 0 && free_place(ret->cert_path, spec->replace, err) == 0 &&
	    free_place(ret->key_path, spec->replace, err) == 0 && make(spec, ret, err) == 0)
		return 0;
	core_devcert_finish(ret);
	return -1;
}

void core_devcert_finish(struct core_devcert *made)
{
	prism_free(made->cert_path);
	prism_free(made->key_path);
	prism_free(made->cert_pem);
	*made = (struct core_devcert){NULL, NULL, NULL};
}

/* ---- the same with openssl ---- */

static const char *const key_options[NET_KEY_COUNT] = {
    [NET_KEY_RSA4096] = "rsa:4096",
    [NET_KEY_P256] = "ec -pkeyopt ec_paramgen_curve:P-256",
    [NET_KEY_P384] = "ec -pkeyopt ec_paramgen_curve:P-384",
    [NET_KEY_P521] = "ec -pkeyopt ec_paramgen_curve:P-521",
    [NET_KEY_ED25519] = "ed25519",
};

/* "/O=Example\/Org/CN=x": a slash and a backslash are escaped for -subj. */
static void put_subject(struct prism_buf *out, const char *field, const char *text)
{
	if (!text || !*text)
		return;
	prism_buf_printf(out, "/%s=", field);
	for (; *text; text++) {
		if (*text == '/' || *text == '\\' || *text == '+')
			prism_buf_putc(out, '\\');
		prism_buf_putc(out, *text);
	}
}

static void put_path(struct prism_buf *out, const char *option, const char *dir, const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(dir, name);

	prism_buf_printf(out, " %s ", option);
	core_shell_quote(CORE_SHELL_POSIX, path, out);
}

static void put_request(const struct core_devcert_spec *spec, const struct net_cert_spec *cert,
                        bool ca, struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf subject = PRISM_BUF_INIT(4096);

	put_subject(&subject, "O", cert->organisation);
	put_subject(&subject, "OU", cert->unit);
	put_subject(&subject, "CN", cert->common_name);
	prism_buf_printf(out, "openssl req -newkey %s -sha256 -nodes -utf8", key_options[spec->kind]);
	if (ca)
		prism_buf_printf(out,
		                 " -x509 -days %u -addext basicConstraints=critical,CA:TRUE,pathlen:0 "
		                 "-addext keyUsage=critical,keyCertSign,cRLSign",
		                 spec->days);
	prism_buf_puts(out, " -subj ");
	core_shell_quote(CORE_SHELL_POSIX, prism_buf_text(&subject), out);
	put_path(out, "-keyout", spec->dir, roles[spec->role].key);
}

static void put_signing(const struct core_devcert_spec *spec, const char *names,
                        struct prism_buf *out)
{
	const struct role_row *role = &roles[spec->role], *ca = &roles[NET_CERT_ROLE_CA];
	PRISM_AUTO_FREE char *request = prism_asprintf("%s-req.pem", role->word);
	PRISM_AUTO_FREE char *config = prism_asprintf("%s-ext.cnf", role->word);
	const char *ca_dir = spec->ca_dir ? spec->ca_dir : spec->dir;
	bool rsa = spec->kind == NET_KEY_RSA4096;

	put_path(out, "-out", spec->dir, request);
	prism_buf_printf(out,
	                 "\nprintf '%%s\\n' basicConstraints=critical,CA:FALSE "
	                 "keyUsage=critical,digitalSignature%s extendedKeyUsage=%s",
	                 rsa ? ",keyEncipherment" : "", role->use);
	if (*names)
		prism_buf_printf(out, " 'subjectAltName=%s'", names); /* names hold no quote */
	put_path(out, ">", spec->dir, config);
	prism_buf_puts(out, "\nopenssl x509 -req -sha256");
	put_path(out, "-in", spec->dir, request);
	prism_buf_printf(out, " -days %u", spec->days);
	put_path(out, "-CA", ca_dir, ca->cert);
	put_path(out, "-CAkey", ca_dir, ca->key);
	prism_buf_puts(out, " -CAcreateserial");
	put_path(out, "-extfile", spec->dir, config);
	put_path(out, "-out", spec->dir, role->cert);
	prism_buf_putc(out, '\n');
}

int core_devcert_openssl(const struct core_devcert_spec *spec, struct prism_buf *out,
                         struct prism_error *err)
{
	struct net_cert_spec cert = describe(spec);
	PRISM_AUTO_FREE char *names = net_cert_alt_names_text(cert.names, cert.name_count, err);

	if (!names || check_spec(spec, err) < 0)
		return -1;
	put_request(spec, &cert, spec->role == NET_CERT_ROLE_CA, out);
	if (spec->role == NET_CERT_ROLE_CA) {
		put_path(out, "-out", spec->dir, roles[spec->role].cert);
		prism_buf_putc(out, '\n');
	} else {
		put_signing(spec, names, out);
	}
	return 0;
}
