/* Owns where the CA is kept and the download tokens; api_certs.c owns the endpoints. */
#include "sandbox/certs.h"

#include "base/json.h"
#include "base/mem.h"
#include "sandbox/auth.h"

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
