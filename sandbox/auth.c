/* Owns token text, the signing key and password hashes; api_tokens.c owns the endpoints. */
#include "sandbox/auth.h"

#include "base/text.h"
#include "net/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SALT_SIZE 16
#define RECOVERY_TTL_S 600

void sb_secret_hash(const char *password, uint8_t ret_secret[SB_SECRET_SIZE])
{
	net_random_bytes(ret_secret, SALT_SIZE);
	if (EVP_PBE_scrypt(password, strlen(password), ret_secret, SALT_SIZE, 4096, 8, 1, 32u << 20,
	                   ret_secret + SALT_SIZE, SB_SECRET_SIZE - SALT_SIZE) != 1)
		abort();
}

bool sb_secret_matches(const char *password, const void *secret, size_t size)
{
	uint8_t key[SB_SECRET_SIZE - SALT_SIZE];
	const uint8_t *stored = secret;
	if (size != SB_SECRET_SIZE)
		return false;
	if (EVP_PBE_scrypt(password, strlen(password), stored, SALT_SIZE, 4096, 8, 1, 32u << 20, key,
	                   sizeof(key)) != 1)
		abort();
	return net_equal_const_time(key, stored + SALT_SIZE, sizeof(key));
}

int sb_auth_init(struct sb *sb, struct prism_error *err)
{
	PRISM_AUTO_FREE char *text = sb_db_meta(sb->db, "signing_key");
	size_t len = 0;
	if (text)
		return prism_hex_decode(text, strlen(text), sb->signing_key, sizeof(sb->signing_key), &len,
		                        err);
	char hex[2 * sizeof(sb->signing_key) + 1];
	net_random_bytes(sb->signing_key, sizeof(sb->signing_key));
	prism_hex_encode(sb->signing_key, sizeof(sb->signing_key), hex);
	sb_db_set_meta(sb->db, "signing_key", hex);
	return 0;
}

char *sb_base64url(const void *data, size_t len)
{
	char *text = prism_base64_encode(data, len);
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=') {
			*c = '\0';
			break;
		}
	}
	return text;
}

static const struct {
	const char *head;
	size_t mac_size;
} algorithms[] = {
    [SB_JWT_HS512] = {"{\"alg\":\"HS512\",\"typ\":\"JWT\"}", 64},
    [SB_JWT_HS256] = {"{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 32},
};

static void sign(const struct sb *sb, enum sb_jwt_alg alg, const char *text, size_t len,
                 uint8_t out[64])
{
	unsigned size = 64;
	if (!HMAC(alg == SB_JWT_HS512 ? EVP_sha512() : EVP_sha256(), sb->signing_key,
	          sizeof(sb->signing_key), (const uint8_t *)text, len, out, &size))
		abort();
}

char *sb_jwt_make(const struct sb *sb, enum sb_jwt_alg alg, const char *claims, size_t len)
{
	uint8_t mac[64];
	PRISM_AUTO_FREE char *head = sb_base64url(algorithms[alg].head, strlen(algorithms[alg].head));
	PRISM_AUTO_FREE char *payload = sb_base64url(claims, len);
	PRISM_AUTO_FREE char *signed_part = prism_asprintf("%s.%s", head, payload);
	sign(sb, alg, signed_part, strlen(signed_part), mac);
	PRISM_AUTO_FREE char *signature = sb_base64url(mac, algorithms[alg].mac_size);
	return prism_asprintf("%s.%s", signed_part, signature);
}

static char *make_token(struct sb *sb, int64_t user, enum sb_token_type type, int64_t ttl_s,
                        const char *jti)
{
	int64_t now_us = sb_now_us(sb);
	struct sb_json claims;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    sb->db, "SELECT id, role = 'admin', verified_at IS NOT NULL FROM users WHERE n = ?",
	    SB_ARGS(SB_I(user)));
	if (!sb_rows_next(&rows))
		return prism_strdup("");
	sb_json_init(&claims);
	sb_json_object(&claims, NULL);
	sb_json_int(&claims, "exp", now_us / 1000000 + ttl_s);
	sb_json_int(&claims, "iat", now_us / 1000000);
	sb_json_str(&claims, "iss", "supermq.auth");
	sb_json_str(&claims, "jti", jti);
	sb_json_int(&claims, "role", sb_rows_int(rows, 1) ? 2 : 1);
	sb_json_str(&claims, "sub", sb_rows_text(rows, 0));
	sb_json_int(&claims, "type", type);
	sb_json_bool(&claims, "verified", sb_rows_int(rows, 2));
	/* Ours: sessions are ended to the microsecond, which iat cannot tell. */
	sb_json_int(&claims, "iat_us", now_us);
	sb_json_end(&claims);
	char *token = sb_jwt_make(sb, SB_JWT_HS512, claims.buf.data, claims.buf.len);
	sb_json_finish(&claims);
	return token;
}

void sb_auth_issue(struct sb *sb, int64_t user, char **ret_access, char **ret_refresh)
{
	int64_t ttl = sb->config.token_ttl_s > 0 ? sb->config.token_ttl_s : SB_ACCESS_TTL_S;
	int64_t refresh_ttl = ttl * (SB_REFRESH_TTL_S / SB_ACCESS_TTL_S);
	char access_id[37], refresh_id[37];
	net_uuid4(access_id);
	net_uuid4(refresh_id);
	sb_db_run(sb->db, "DELETE FROM refresh_tokens WHERE expires_at < ?",
	          SB_ARGS(SB_I(sb_now_us(sb))));
	sb_db_run(sb->db, "INSERT INTO refresh_tokens(jti, user, expires_at) VALUES (?, ?, ?)",
	          SB_ARGS(SB_T(refresh_id), SB_I(user), SB_I(sb_now_us(sb) + refresh_ttl * 1000000)));
	*ret_access = make_token(sb, user, SB_TOKEN_ACCESS, ttl, access_id);
	*ret_refresh = make_token(sb, user, SB_TOKEN_REFRESH, refresh_ttl, refresh_id);
}

char *sb_auth_recovery_token(struct sb *sb, int64_t user)
{
	char id[37];
	net_uuid4(id);
	return make_token(sb, user, SB_TOKEN_RECOVERY, RECOVERY_TTL_S, id);
}

/* The key signs under two algorithms: the token's own header says which, and must be ours. */
cJSON *sb_jwt_claims(const struct sb *sb, enum sb_jwt_alg alg, const char *token)
{
	const char *first = strchr(token, '.'), *last = first ? strchr(first + 1, '.') : NULL;
	PRISM_AUTO_BUF struct prism_buf mac = PRISM_BUF_INIT(256), text = PRISM_BUF_INIT(8192);
	PRISM_AUTO_FREE char *head = sb_base64url(algorithms[alg].head, strlen(algorithms[alg].head));
	uint8_t want[64];
	if (!last || strlen(token) > 8192 || strlen(head) != (size_t)(first - token) ||
	    memcmp(head, token, strlen(head)) != 0)
		return NULL;
	if (prism_base64_decode(last + 1, strlen(last + 1), &mac, NULL) < 0 ||
	    mac.len != algorithms[alg].mac_size)
		return NULL;
	sign(sb, alg, token, (size_t)(last - token), want);
	if (!net_equal_const_time(mac.data, want, mac.len))
		return NULL;
	if (prism_base64_decode(first + 1, (size_t)(last - first - 1), &text, NULL) < 0)
		return NULL;
	return prism_json_parse(text.data, text.len, NULL);
}

static int find_caller(struct sb *sb, const char *id, int64_t issued_us,
                       struct sb_caller *ret_caller)
{
	struct sb_caller caller = {0};
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(sb->db,
	                "SELECT n, role = 'admin', verified_at IS NOT NULL, sessions_from FROM users"
	                " WHERE id = ? AND status = 'enabled'",
	                SB_ARGS(SB_T(id)));
	if (!sb_rows_next(&rows) || issued_us < sb_rows_int(rows, 3))
		return -1;
	caller.n = sb_rows_int(rows, 0);
	caller.admin = sb_rows_int(rows, 1);
	caller.verified = sb_rows_int(rows, 2);
	snprintf(caller.id, sizeof(caller.id), "%s", id);
	*ret_caller = caller;
	return 0;
}

static void forget(struct sb_auth_memo *memo)
{
	if (memo->token)
		prism_wipe(memo->token, strlen(memo->token));
	prism_free(memo->token);
	memo->token = NULL;
}

void sb_auth_finish(struct sb *sb)
{
	forget(&sb->auth_memo);
	prism_wipe(sb->signing_key, sizeof(sb->signing_key));
}

/* What the token says, when it is ours. A client sends the same one with each request, and a
 * signature that was right stays right; whether the user may still come in is looked up anew. */
static const struct sb_auth_memo *read_token(struct sb *sb, const char *token)
{
	struct sb_auth_memo *memo = &sb->auth_memo;
	size_t len = strlen(token);

	if (memo->token && strlen(memo->token) == len && net_equal_const_time(memo->token, token, len))
		return memo;
	PRISM_AUTO_JSON cJSON *claims = sb_jwt_claims(sb, SB_JWT_HS512, token);
	if (!claims)
		return NULL;
	forget(memo);
	memo->token = prism_strdup(token);
	memo->type = prism_json_int(claims, "type", -1);
	memo->exp_s = prism_json_int(claims, "exp", 0);
	memo->issued_us = prism_json_int(claims, "iat_us", 0);
	snprintf(memo->id, sizeof(memo->id), "%s", prism_json_str(claims, "sub", ""));
	snprintf(memo->jti, sizeof(memo->jti), "%s", prism_json_str(claims, "jti", ""));
	return memo;
}

static int check(struct sb *sb, const char *token, enum sb_token_type type,
                 struct sb_caller *ret_caller, char jti[40])
{
	const struct sb_auth_memo *said = read_token(sb, token);

	if (!said || said->type != (int64_t)type || said->exp_s <= sb_now_us(sb) / 1000000)
		return -1;
	snprintf(jti, 40, "%s", said->jti);
	return find_caller(sb, said->id, said->issued_us, ret_caller);
}

int sb_auth_check(struct sb *sb, const char *token, enum sb_token_type type,
                  struct sb_caller *ret_caller)
{
	char jti[40];
	return check(sb, token, type, ret_caller, jti);
}

int sb_auth_take_refresh(struct sb *sb, const char *token, struct sb_caller *ret_caller)
{
	char jti[40];
	if (check(sb, token, SB_TOKEN_REFRESH, ret_caller, jti) < 0)
		return -1;
	return sb_db_run(sb->db, "DELETE FROM refresh_tokens WHERE jti = ?", SB_ARGS(SB_T(jti))) == 1
	           ? 0
	           : -1;
}

void sb_auth_end_sessions(struct sb *sb, int64_t user)
{
	sb_db_run(sb->db, "UPDATE users SET sessions_from = ? WHERE n = ?",
	          SB_ARGS(SB_I(sb_now_us(sb) + 1), SB_I(user)));
	sb_db_run(sb->db, "DELETE FROM refresh_tokens WHERE user = ?", SB_ARGS(SB_I(user)));
}
