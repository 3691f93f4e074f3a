/* Owns the digests of personal access tokens; api_pats.c owns the endpoints. */
#include "sandbox/pats.h"

#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/auth.h"

#include <ctype.h>

bool sb_pat_is(const char *bearer)
{
	return strncmp(bearer, SB_PAT_PREFIX, strlen(SB_PAT_PREFIX)) == 0;
}

static void digest_of(const char *text, char hex[2 * 32 + 1])
{
	uint8_t digest[NET_DIGEST_MAX];
	net_digest_bytes(NET_SHA256, text, strlen(text), digest);
	prism_hex_encode(digest, 32, hex);
}

char *sb_pat_renew(struct sb *sb, int64_t pat, int64_t expires_us)
{
	uint8_t opaque[12], secret[32];
	char opaque_hex[25], secret_hex[65], digest[65];
	net_random_bytes(opaque, sizeof(opaque));
	net_random_bytes(secret, sizeof(secret));
	prism_hex_encode(opaque, sizeof(opaque), opaque_hex);
	prism_hex_encode(secret, sizeof(secret), secret_hex);
	char *text = prism_asprintf(SB_PAT_PREFIX "%s_%s", opaque_hex, secret_hex);
	digest_of(text, digest);
	sb_db_run(sb->db,
	          "UPDATE pats SET digest = ?, expires_at = ?, revoked = 0, revoked_at = NULL,"
	          " updated_at = ? WHERE n = ?",
	          SB_ARGS(SB_T(digest), SB_I(expires_us), SB_I(sb_now_us(sb)), SB_I(pat)));
	prism_wipe(secret_hex, sizeof(secret_hex));
	return text;
}

int sb_pat_check(struct sb *sb, const char *bearer, struct sb_caller *ret_caller)
{
	char digest[65];
	struct sb_caller caller = {0};
	digest_of(bearer, digest);
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(sb->db,
	                "SELECT u.n, u.id, u.role = 'admin', u.verified_at IS NOT NULL, p.n FROM pats p"
	                " JOIN users u ON u.n = p.user WHERE p.digest = ? AND NOT p.revoked AND"
	                " p.expires_at > ? AND u.status = 'enabled'",
	                SB_ARGS(SB_T(digest), SB_I(sb_now_us(sb))));
	if (!sb_rows_next(&rows))
		return -1;
	caller.n = sb_rows_int(rows, 0);
	snprintf(caller.id, sizeof(caller.id), "%s", sb_rows_text(rows, 1));
	caller.admin = sb_rows_int(rows, 2);
	caller.verified = sb_rows_int(rows, 3);
	caller.pat = sb_rows_int(rows, 4);
	sb_rows_close(&rows);
	sb_db_run(sb->db, "UPDATE pats SET last_used_at = ? WHERE n = ?",
	          SB_ARGS(SB_I(sb_now_us(sb)), SB_I(caller.pat)));
	*ret_caller = caller;
	return 0;
}

int sb_go_duration(const char *text, int64_t *ret_us)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = {{"ns", 1e-3}, {"us", 1},  {"µs", 1},   {"ms", 1e3},
	             {"s", 1e6},   {"m", 6e7}, {"h", 3.6e9}};
	double total = 0;
	const char *pos = text;
	while (*pos) {
		char *end;
		size_t unit_len = 0;
		if (!isdigit((unsigned char)*pos) && *pos != '.')
			return -1;
		double number = strtod(pos, &end);
		for (size_t i = 0; !unit_len && i < PRISM_COUNT(units); i++) { /* "ms" stands before "m" */
			if (strncmp(end, units[i].unit, strlen(units[i].unit)) == 0) {
				unit_len = strlen(units[i].unit);
				total += number * units[i].us;
			}
		}
		if (!unit_len)
			return -1;
		pos = end + unit_len;
	}
	if (total < 1 || total > 3.2e15) /* a hundred years */
		return -1;
	*ret_us = (int64_t)total;
	return 0;
}
