/* The certificate service (prism-api.md sections 3.10 and 4.10). */
#include "base/file.h"
#include "base/text.h"
#include "net/zip.h"
#include "sandbox/api.h"
#include "sandbox/certs.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_US 86400000000ll
#define ADDRESSES_MAX 32
#define CA_SUBJECT "ca"

/* ---- issuing ---- */

static void insert_cert(struct sb_call *call, const char *entity, const char *addresses,
                        struct sb_cert_request *request, struct sb_cert *ret)
{
	struct prism_error err = PRISM_ERROR_INIT;
	if (sb_certs_add(call->sb, call->workspace, entity, addresses, sb_now_us(call->sb), request,
	                 ret, &err) < 0)
		sb_invalid(call, err.message);
}

/* The entity of the path: a CVM or a computation of the workspace. */
static bool entity_exists(struct sb_call *call, const char *id)
{
	if (sb_db_int(call->sb->db, 0,
	              "SELECT 1 FROM cvms WHERE id = ?1 AND workspace = ?2 UNION SELECT 1 FROM"
	              " computations WHERE id = ?1 AND workspace = ?2",
	              SB_ARGS(SB_T(id), SB_I(call->workspace))))
		return true;
	sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	return false;
}

/* names has room for ADDRESSES_MAX and the end. Answers 400 and returns -1. */
static int read_addresses(struct sb_call *call, const char **names)
{
	const cJSON *list = prism_json_array(call->json, "ip_addresses"), *item;
	unsigned count = 0;
	cJSON_ArrayForEach(item, list)
	{
		if (!cJSON_IsString(item) || count == ADDRESSES_MAX) {
			sb_invalid(call, SB_TEXT_MALFORMED);
			return -1;
		}
		names[count++] = item->valuestring;
	}
	names[count] = NULL;
	return 0;
}

static char *joined(const char *const *names)
{
	struct prism_buf buf = PRISM_BUF_INIT(65536);
	for (size_t i = 0; names[i]; i++)
		prism_buf_printf(&buf, "%s%s", i ? " " : "", names[i]);
	return prism_buf_take(&buf, NULL);
}

static void answer_serial(struct sb_call *call, const char *serial, int status)
{
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "serial_number", serial);
	sb_json_end(&call->out);
	sb_ok(call, status);
}

static void issue(struct sb_call *call, const char *entity)
{
	const char *names[ADDRESSES_MAX + 1];
	struct sb_cert cert = {0};
	int64_t now = sb_now_us(call->sb);
	if (!entity_exists(call, entity) || read_addresses(call, names) < 0)
		return;
	PRISM_AUTO_FREE char *addresses = joined(names);
	struct sb_cert_request request = {
	    .common_name = prism_json_str(prism_json_get(call->json, "options"), "common_name", entity),
	    .names = names,
	    .not_before_us = now - 60000000, /* clocks differ by a little */
	    .not_after_us = now + SB_CERT_DAYS * DAY_US,
	};
	insert_cert(call, entity, addresses, &request, &cert);
	answer_serial(call, cert.serial, 201);
	sb_cert_finish(&cert);
}

void sb_api_cert_issue(struct sb_call *call)
{
	issue(call, sb_path_param(call, 'V'));
}

/* ---- looking ---- */

#define CERT_COLUMNS "c.n, c.serial, c.certificate, c.entity, c.expires_at, c.revoked_at"

static void write_cert(struct sb_json *out, const char *key, const struct sb_rows *rows)
{
	sb_json_object(out, key);
	sb_json_str(out, "serial_number", sb_rows_text(rows, 1));
	sb_json_str(out, "certificate", sb_rows_text(rows, 2));
	sb_json_bool(out, "revoked", !sb_rows_null(rows, 5));
	sb_json_time(out, "expiry_time", sb_rows_int(rows, 4));
	sb_json_str(out, "entity_id", sb_rows_text(rows, 3));
	sb_json_end(out);
}

void sb_api_cert_list(struct sb_call *call)
{
	struct sb_page page;
	const char *entity = sb_query(call, "entity_id");
	if (entity && !entity[0])
		entity = NULL;
	if (sb_page_parse(call, &page) < 0)
		return;
	int64_t total =
	    sb_db_int(call->sb->db, 0,
	              "SELECT count(*) FROM certs WHERE workspace = ?1 AND (?2 IS NULL OR entity = ?2)",
	              SB_ARGS(SB_I(call->workspace), SB_T(entity)));
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT " CERT_COLUMNS
	    " FROM certs c WHERE c.workspace = ?1 AND (?2 IS NULL OR c.entity = ?2) ORDER BY c.n"
	    " DESC LIMIT ?3 OFFSET ?4",
	    SB_ARGS(SB_I(call->workspace), SB_T(entity), SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "certificates");
	while (sb_rows_next(&rows))
		write_cert(&call->out, NULL, rows);
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

struct cert_row {
	int64_t n, expires_us;
	bool revoked;
	char serial[SB_SERIAL_TEXT];
};

/* {S} of the workspace: a serial number, or an entity's id for its newest certificate (the
 * reference's pages disagree). Answers 404 and returns -1 when it is neither. */
static int cert_of_path(struct sb_call *call, struct cert_row *ret)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT n, expires_at, revoked_at, serial FROM certs WHERE (serial = ?1 OR entity = ?1) AND"
	    " workspace = ?2 ORDER BY n DESC LIMIT 1",
	    SB_ARGS(SB_T(sb_path_param(call, 'S')), SB_I(call->workspace)));
	if (!sb_rows_next(&rows)) {
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
		return -1;
	}
	*ret =
	    (struct cert_row){sb_rows_int(rows, 0), sb_rows_int(rows, 1), !sb_rows_null(rows, 2), ""};
	snprintf(ret->serial, sizeof(ret->serial), "%s", sb_rows_text(rows, 3));
	return 0;
}

void sb_api_cert_view(struct sb_call *call)
{
	struct cert_row row;
	if (cert_of_path(call, &row) < 0)
		return;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT " CERT_COLUMNS " FROM certs c WHERE c.n = ?", SB_ARGS(SB_I(row.n)));
	if (sb_rows_next(&rows))
		write_cert(&call->out, NULL, rows);
	sb_ok(call, 200);
}

/* ---- renewing and revoking ---- */

/* The addresses as they were issued, back into a list that lives in the call's arena. */
static const char **split(struct sb_call *call, char *text)
{
	const char **names = prism_arena_alloc(call->arena, (ADDRESSES_MAX + 1) * sizeof(*names));
	unsigned count = 0;
	while (*text && count < ADDRESSES_MAX) {
		char *space = strchr(text, ' ');
		if (space)
			*space = '\0';
		names[count++] = text;
		text = space ? space + 1 : text + strlen(text);
	}
	return names;
}

static void renew(struct sb_call *call, const struct cert_row *row)
{
	struct sb_cert cert = {0};
	int64_t now = sb_now_us(call->sb);
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, "SELECT entity, addresses, common_name FROM certs WHERE n = ?",
	                SB_ARGS(SB_I(row->n)));
	if (!sb_rows_next(&rows))
		return;
	const char *entity = prism_arena_strdup(call->arena, sb_rows_text(rows, 0));
	const char *addresses = prism_arena_strdup(call->arena, sb_rows_text(rows, 1));
	struct sb_cert_request request = {
	    .common_name = prism_arena_strdup(call->arena, sb_rows_text(rows, 2)),
	    .names = split(call, prism_arena_strdup(call->arena, addresses)),
	    .not_before_us = now - 60000000,
	    .not_after_us = now + SB_CERT_DAYS * DAY_US,
	};
	sb_rows_close(&rows);
	insert_cert(call, entity, addresses, &request, &cert);
	if (cert.serial[0]) {
		SB_AUTO_ROWS struct sb_rows *made =
		    sb_db_query(call->sb->db, "SELECT " CERT_COLUMNS " FROM certs c WHERE c.serial = ?",
		                SB_ARGS(SB_T(cert.serial)));
		sb_json_object(&call->out, NULL);
		if (sb_rows_next(&made))
			write_cert(&call->out, "certificate", made);
		sb_json_end(&call->out);
	}
	sb_cert_finish(&cert);
	sb_ok(call, 200);
}

void sb_api_cert_renew(struct sb_call *call)
{
	struct cert_row row;
	if (cert_of_path(call, &row) < 0)
		return;
	if (row.revoked)
		sb_fail(call, 401, "certificate is revoked and cannot be renewed", "");
	else if (row.expires_us <= sb_now_us(call->sb))
		sb_fail(call, 403, "certificate is expired and cannot be renewed", "");
	else
		renew(call, &row);
}

void sb_api_cert_revoke(struct sb_call *call)
{
	struct cert_row row;
	if (cert_of_path(call, &row) < 0)
		return;
	if (row.revoked) {
		sb_fail(call, 422, SB_TEXT_UPDATE, "certificate is revoked already");
		return;
	}
	sb_db_run(call->sb->db, "UPDATE certs SET revoked_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(sb_now_us(call->sb)), SB_I(row.n)));
	sb_empty(call, 204);
}

void sb_api_cert_delete(struct sb_call *call)
{
	const char *entity = sb_query(call, "entity_id");
	if (!entity || !entity[0]) {
		sb_invalid(call, SB_TEXT_MISSING_ID);
		return;
	}
	if (sb_db_run(call->sb->db, "DELETE FROM certs WHERE workspace = ? AND entity = ?",
	              SB_ARGS(SB_I(call->workspace), SB_T(entity))) > 0)
		sb_empty(call, 204);
	else
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
}

/* ---- downloads ---- */

static void answer_token(struct sb_call *call, const char *subject)
{
	PRISM_AUTO_FREE char *token = sb_download_token(call->sb, subject);
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "token", token);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_cert_token(struct sb_call *call)
{
	struct cert_row row;
	if (cert_of_path(call, &row) < 0)
		return;
	if (row.revoked || row.expires_us <= sb_now_us(call->sb))
		sb_fail(call, 422, SB_TEXT_VIEW, "certificate is revoked or expired");
	else
		answer_token(call, row.serial);
}

static bool token_good(struct sb_call *call, const char *subject)
{
	const char *token = sb_query(call, "downloadToken");
	if (!token)
		token = sb_query(call, "token");
	if (token && sb_download_token_valid(call->sb, token, subject))
		return true;
	sb_fail(call, 401, token ? SB_TEXT_AUTHN : SB_TEXT_BEARER, "");
	return false;
}

struct member {
	const char *name, *text;
};

static int zip_sink(void *data, const void *bytes, size_t size, struct prism_error *err)
{
	return prism_buf_append(data, bytes, size, err);
}

static void write_members(const char *dir, const struct member *members, struct prism_buf *out,
                          struct prism_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && members[i].name; i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, members[i].name);
		rc = prism_file_write(path, members[i].text, strlen(members[i].text), 0600, err);
	}
	if (rc == 0)
		rc = net_zip_directory(dir, NET_ZIP_LAYOUT_V09, NULL, zip_sink, out, err);
	for (size_t i = 0; members[i].name; i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, members[i].name);
		unlink(path);
	}
}

/* Files of these texts as a zip. Written to a directory of our own first, which is gone after. */
static void answer_zip(struct sb_call *call, const struct member *members)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *parent = sb_directory(call->sb, &err);
	PRISM_AUTO_FREE char *dir = parent ? prism_path_join(parent, "download") : NULL;
	if (dir && mkdir(dir, 0700) < 0)
		prism_error_errno(&err, errno, "%s", dir);
	else if (dir)
		write_members(dir, members, &call->out.buf, &err);
	if (dir)
		rmdir(dir);
	if (err.category != PRISM_ERROR_NONE) {
		sb_fail(call, 500, "download failed", err.message);
		return;
	}
	call->answer_type = "application/zip";
	sb_ok(call, 200);
}

static void answer_json(struct sb_call *call, const char *cert, const char *key, const char *ca)
{
	PRISM_AUTO_FREE char *cert64 = prism_base64_encode(cert, strlen(cert));
	PRISM_AUTO_FREE char *key64 = prism_base64_encode(key, strlen(key));
	PRISM_AUTO_FREE char *ca64 = prism_base64_encode(ca, strlen(ca));
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "certificate", cert64);
	sb_json_str(&call->out, "private_key", key64);
	sb_json_str(&call->out, "ca", ca64);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_cert_download(struct sb_call *call)
{
	struct cert_row row;
	if (cert_of_path(call, &row) < 0 || !token_good(call, row.serial))
		return;
	struct sb_ca *ca = sb_certs_ca(call->sb, NULL);
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT certificate, key FROM certs WHERE n = ?", SB_ARGS(SB_I(row.n)));
	if (!ca || !sb_rows_next(&rows))
		return;
	const char *cert = sb_rows_text(rows, 0), *key = sb_rows_text(rows, 1);
	const struct member members[] = {
	    {"ca.pem", sb_ca_cert_pem(ca)}, {"cert.pem", cert}, {"key.pem", key}, {NULL, NULL}};
	if (call->sb->config.cert_zip)
		answer_zip(call, members);
	else
		answer_json(call, cert, key, sb_ca_cert_pem(ca));
}

void sb_api_ca_token(struct sb_call *call)
{
	answer_token(call, CA_SUBJECT);
}

void sb_api_ca_download(struct sb_call *call)
{
	struct sb_ca *ca = token_good(call, CA_SUBJECT) ? sb_certs_ca(call->sb, NULL) : NULL;
	if (!ca)
		return;
	const struct member members[] = {{"ca.crt", sb_ca_cert_pem(ca)}, {NULL, NULL}};
	if (call->sb->config.cert_zip) {
		answer_zip(call, members);
		return;
	}
	prism_buf_puts(&call->out.buf, sb_ca_cert_pem(ca));
	call->answer_type = "application/x-pem-file";
	sb_ok(call, 200);
}

/* ---- OCSP ---- */

static enum sb_cert_state state_of(void *data, const char *serial, int64_t *ret_revoked_us)
{
	struct sb_call *call = data;
	const char *force = sb_query(call, "force_status"); /* the test aid of the real service */
	*ret_revoked_us = sb_now_us(call->sb);
	if (force && strcmp(force, "revoked") == 0)
		return SB_CERT_REVOKED;
	if (force && strcmp(force, "unknown") == 0)
		return SB_CERT_UNKNOWN;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT revoked_at FROM certs WHERE serial = ?", SB_ARGS(SB_T(serial)));
	if (!sb_rows_next(&rows))
		return force && strcmp(force, "good") == 0 ? SB_CERT_GOOD : SB_CERT_UNKNOWN;
	if (sb_rows_null(rows, 0))
		return SB_CERT_GOOD;
	*ret_revoked_us = sb_rows_int(rows, 0);
	return SB_CERT_REVOKED;
}

/* JSON {"serial_number"} or {"certificate"} to a serial number; NULL: the body is a DER request. */
static const char *serial_of_body(struct sb_call *call, const struct sb_ca *ca)
{
	PRISM_AUTO_JSON cJSON *doc = call->body_len && call->body[0] == '{'
	                                 ? prism_json_parse(call->body, call->body_len, NULL)
	                                 : NULL;
	char serial[SB_SERIAL_TEXT];
	if (!doc)
		return NULL;
	const char *given = prism_json_str(doc, "serial_number", "");
	if (given[0])
		return prism_arena_strdup(call->arena, given);
	if (sb_ca_serial_of(ca, prism_json_str(doc, "certificate", ""), serial) == 0)
		return prism_arena_strdup(call->arena, serial);
	return "";
}

void sb_api_ocsp(struct sb_call *call)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct sb_ca *ca = sb_certs_ca(call->sb, &err);
	if (!ca) {
		sb_fail(call, 500, err.message, "");
		return;
	}
	sb_ca_ocsp(ca, call->body, call->body_len, serial_of_body(call, ca), sb_now_us(call->sb),
	           state_of, call, &call->out.buf);
	call->answer_type = "application/ocsp-response";
	sb_ok(call, 200);
}
