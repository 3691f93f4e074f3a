/* Owns where the CA is kept, the records, and the download tokens; api_certs.c owns the endpoints.
 */
#include "sandbox/certs.h"

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/auth.h"

#include <stdlib.h>

struct sb_ca *sb_certs_ca(struct sb *sb, struct prism_error *err)
{
	if (sb->ca)
		return sb->ca;
	PRISM_AUTO_FREE char *cert = sb_db_meta(sb->db, "ca_cert");
	char *key = sb_db_meta(sb->db, "ca_key");
	if (cert && key) {
		sb->ca = sb_ca_load(cert, key, err);
	} else {
		prism_free(key);
		key = NULL;
		sb->ca = sb_ca_create(sb_now_us(sb), err);
		if (sb->ca) {
			key = sb_ca_key_pem(sb->ca);
			sb_db_set_meta(sb->db, "ca_cert", sb_ca_cert_pem(sb->ca));
			sb_db_set_meta(sb->db, "ca_key", key);
		}
	}
	if (key)
		prism_wipe(key, strlen(key));
	prism_free(key);
	return sb->ca;
}

int sb_certs_add(struct sb *sb, int64_t workspace, const char *entity, const char *addresses,
                 int64_t issued_us, struct sb_cert_request *request, struct sb_cert *ret,
                 struct prism_error *err)
{
	struct sb_ca *ca = sb_certs_ca(sb, err);
	PRISM_AUTO_FREE char *before = sb_db_meta(sb->db, "certs_made");
	PRISM_AUTO_FREE char *count = prism_asprintf("%ld", before ? strtol(before, NULL, 10) + 1 : 1);
	PRISM_AUTO_FREE char *of = prism_asprintf("%s %lld %s", entity, (long long)issued_us, count);
	request->serial_of = of;
	int rc = ca ? sb_ca_issue(ca, request, ret, err) : -1;
	request->serial_of = NULL;
	if (rc < 0)
		return -1;
	sb_db_set_meta(sb->db, "certs_made", count);
	sb_db_run(
	    sb->db,
	    "INSERT INTO certs(serial, workspace, entity, addresses, common_name, certificate, key,"
	    " issued_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    SB_ARGS(SB_T(ret->serial), SB_I(workspace), SB_T(entity), SB_T(addresses),
	            SB_T(request->common_name), SB_T(ret->cert_pem), SB_T(ret->key_pem),
	            SB_I(issued_us), SB_I(request->not_after_us)));
	return 0;
}

char *sb_download_token(const struct sb *sb, const char *subject)
{
	struct sb_json claims;
	sb_json_init(&claims);
	sb_json_object(&claims, NULL);
	sb_json_int(&claims, "exp", sb_now_us(sb) / 1000000 + SB_DOWNLOAD_TTL_S);
	sb_json_str(&claims, "iss", "prism.certs");
	sb_json_str(&claims, "sub", subject);
	sb_json_end(&claims);
	char *token = sb_jwt_make(sb, SB_JWT_HS256, claims.buf.data, claims.buf.len);
	sb_json_finish(&claims);
	return token;
}

bool sb_download_token_valid(const struct sb *sb, const char *token, const char *subject)
{
	PRISM_AUTO_JSON cJSON *claims = sb_jwt_claims(sb, SB_JWT_HS256, token);
	return claims && strcmp(prism_json_str(claims, "sub", ""), subject) == 0 &&
	       prism_json_int(claims, "exp", 0) > sb_now_us(sb) / 1000000;
}
