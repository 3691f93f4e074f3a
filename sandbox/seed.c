/* Owns what a seed is called and when it is applied; seed_demo.c and seed_scale.c own the rows. */
#include "sandbox/seed.h"

#include "base/mem.h"
#include "base/text.h"
#include "sandbox/seed_rows.h"

static int parse_scale(const char *seed, uint64_t *ret_computations, uint64_t *ret_logs,
                       struct prism_error *err)
{
	const char *comma = strchr(seed, ',');
	PRISM_AUTO_FREE char *count =
	    prism_strndup(seed, comma ? (size_t)(comma - seed) : strlen(seed));
	*ret_logs = 0;
	if (prism_text_parse_u64(count, SB_SCALE_MAX, ret_computations, err) < 0)
		return prism_error_wrap(err, "seed scale=%s: not a number up to %d", count, SB_SCALE_MAX);
	if (!comma)
		return 0;
	if (strncmp(comma, ",logs=", 6) != 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "seed scale: expected logs=, found %s",
		                         comma + 1);
	if (prism_text_parse_u64(comma + 6, SB_SCALE_LOGS_MAX, ret_logs, err) < 0)
		return prism_error_wrap(err, "seed scale: logs=%s is not a number up to %d", comma + 6,
		                        SB_SCALE_LOGS_MAX);
	return 0;
}

int sb_seed_check(const char *seed, struct prism_error *err)
{
	uint64_t computations, logs;
	if (strcmp(seed, "demo") == 0 || strcmp(seed, "empty") == 0)
		return 0;
	if (strncmp(seed, "scale=", 6) == 0)
		return parse_scale(seed + 6, &computations, &logs, err);
	prism_error_raise(err, PRISM_ERROR_INVALID, "%s is not a seed", seed);
	prism_error_hint(err, "demo, empty or scale=N[,logs=M]");
	return -1;
}

int sb_seed_apply(struct sb *sb, const char *seed, struct prism_error *err)
{
	uint64_t computations = 0, logs = 0;
	if (sb_seed_check(seed, err) < 0)
		return -1;
	PRISM_AUTO_FREE char *done = sb_db_meta(sb->db, "seed");
	if (done) /* a store that has a past keeps it */
		return 0;
	if (strncmp(seed, "scale=", 6) == 0 && parse_scale(seed + 6, &computations, &logs, err) < 0)
		return -1;
	sb_db_begin(sb->db);
	if (strcmp(seed, "empty") != 0)
		sb_seed_demo(sb);
	if (computations || logs)
		sb_seed_scale(sb, computations, logs);
	sb_db_set_meta(sb->db, "seed", seed);
	sb_db_commit(sb->db);
	const char *fault = sb_db_fault(sb->db);
	return fault ? prism_error_raise(err, PRISM_ERROR_IO, "seed: %s", fault) : 0;
}
