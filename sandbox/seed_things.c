/*
 * Owns the demo's participants, keys, assets and CVMs.  Sample bytes are made here; checksums are
 * of exactly those bytes, except for the two files that lie in sandbox/samples and can be sent to
 * an agent as they are.
 */
#include "sandbox/seed_rows.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/certs.h"
#include "sandbox/cvm.h"
#include "sandbox/perms.h"
#include "sandbox/roles.h"

#define HOUR_US 3600000000ll

/* ---- participants ---- */

struct part_row {
	unsigned workspace;
	const char *owner;
	uint32_t owner_gains;           /* added to the role `owner` */
	const char *other, *other_role; /* second participant */
	const char *third, *third_role; /* NULL: none */
};
static const struct part_row parts[] = {
    {0, "ada", SB_C_ALGO_PROVIDER, "ben", "dataset_provider", "cyd", "result_consumer"},
    {0, "ben", SB_C_DATASET_PROVIDER, "ada", "algo_provider", "cyd", "result_consumer"},
    {1, "cyd", SB_C_ALGO_PROVIDER | SB_C_RESULT_CONSUMER, "ada", "dataset_provider", NULL, NULL},
    {1, "ada", SB_C_ALGO_PROVIDER | SB_C_RESULT_CONSUMER, "cyd", "dataset_provider", NULL, NULL},
};

static const struct part_row *parts_of(const struct sb_seed_computation *row)
{
	for (unsigned i = 0; i < PRISM_COUNT(parts); i++)
		if (parts[i].workspace == row->workspace && strcmp(parts[i].owner, row->owner) == 0)
			return &parts[i];
	return NULL;
}

static void add_part(struct sb *sb, int64_t computation, const char *role, const char *user)
{
	int64_t n = role ? sb_role_by_name(sb, SB_ROLE_COMPUTATION, computation, role) : 0;
	if (n &&
	    sb_role_add_member(sb, SB_ROLE_COMPUTATION, computation, n, sb_seed_user(sb, user)) < 0)
		abort(); /* the table above gives one user two roles */
}

/* An Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4) whose point nobody holds the secret of. */
static void add_key(struct sb *sb, int64_t computation, const char *user, int64_t at)
{
	uint8_t der[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
	PRISM_AUTO_FREE char *name = prism_asprintf("sample key of %s", user);
	net_digest_bytes(NET_SHA256, name, strlen(name), der + 12);
	sb_db_run(
	    sb->db,
	    "INSERT INTO computation_keys(computation, user, der, created_at) VALUES (?, ?, ?, ?)",
	    SB_ARGS(SB_I(computation), SB_I(sb_seed_user(sb, user)), SB_B(der, sizeof(der)), SB_I(at)));
}

static void seed_parts(struct sb *sb, const struct sb_seed_computation *row, int64_t computation,
                       int64_t at)
{
	const struct part_row *part = parts_of(row);
	if (!part || !row->algorithm)
		return;
	sb_roles_ensure(sb, computation);
	sb_db_run(
	    sb->db,
	    "UPDATE roles SET actions = actions | ? WHERE kind = 1 AND entity = ? AND name = 'owner'",
	    SB_ARGS(SB_I(row->solo ? SB_C_ALL : part->owner_gains), SB_I(computation)));
	if (row->solo)
		return; /* one person in all roles, whose key is still missing */
	add_part(sb, computation, part->other_role, part->other);
	add_part(sb, computation, part->third_role, part->third);
	add_key(sb, computation, part->owner, at);
	if (part->third)
		add_key(sb, computation, part->third, at);
	if (row->dataset) /* otherwise a key and a dataset are missing, for the check-list */
		add_key(sb, computation, part->other, at);
}

/* ---- assets ---- */

/* Files of sandbox/samples; tests/unit/sandbox/seed_test.c compares. */
static const struct {
	const char *file_name, *checksum;
} real_files[] = {
    {"classify.py", SB_SEED_CLASSIFY_SHA3},
    {"flowers.csv", SB_SEED_FLOWERS_SHA3},
};

static const char *real_checksum(const char *file_name)
{
	for (unsigned i = 0; i < PRISM_COUNT(real_files); i++)
		if (strcmp(real_files[i].file_name, file_name) == 0)
			return real_files[i].checksum;
	return NULL;
}

static char *sample_bytes(const char *file_name, bool algorithm)
{
	uint64_t random = strlen(file_name);
	struct prism_buf buf = PRISM_BUF_INIT(1u << 16);
	if (algorithm) {
		prism_buf_printf(
		    &buf,
		    "#!/usr/bin/env python3\n\"\"\"%s: sample of the sandbox.\"\"\"\nimport csv, "
		    "pathlib\n\nrows = [r for p in pathlib.Path(\"datasets\").glob(\"*.csv\")\n"
		    "        for r in csv.reader(open(p))]\nprint(len(rows), \"rows\")\n",
		    file_name);
		return prism_buf_take(&buf, NULL);
	}
	prism_buf_puts(&buf, "id,first,second,label\n");
	for (unsigned i = 1; i <= 40; i++) {
		uint64_t r = sb_seed_random(&random);
		prism_buf_printf(&buf, "%u,%u.%02u,%u.%02u,%c\n", i, (unsigned)(r % 9),
		                 (unsigned)(r >> 8) % 100, (unsigned)(r >> 16) % 7,
		                 (unsigned)(r >> 24) % 100, (char)('a' + (r >> 32) % 3));
	}
	return prism_buf_take(&buf, NULL);
}

static const char *mime_type(const char *file_name)
{
	const char *dot = strrchr(file_name, '.');
	if (!dot)
		return "application/octet-stream";
	return strcmp(dot, ".py") == 0    ? "text/x-python"
	       : strcmp(dot, ".csv") == 0 ? "text/csv"
	                                  : "text/plain";
}

/* Who brings it: the owner, or the second participant. Row number. */
static int64_t provider_of(struct sb *sb, const struct sb_seed_computation *row, bool algorithm)
{
	const struct part_row *part = parts_of(row);
	uint32_t action = algorithm ? SB_C_ALGO_PROVIDER : SB_C_DATASET_PROVIDER;
	bool owner = row->solo || part->owner_gains & action;
	return sb_seed_user(sb, owner ? part->owner : part->other);
}

static void seed_asset(struct sb *sb, const struct sb_seed_computation *row, int64_t computation,
                       bool algorithm, int64_t at)
{
	const char *file_name = algorithm ? row->algorithm : row->dataset;
	uint8_t digest[NET_DIGEST_MAX];
	char hex[2 * NET_DIGEST_MAX + 1], id[37];
	if (!file_name)
		return;
	int64_t provider = provider_of(sb, row, algorithm);
	const char *real = real_checksum(file_name);
	PRISM_AUTO_FREE char *bytes = sample_bytes(file_name, algorithm);
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(bytes, strlen(bytes));
	PRISM_AUTO_FREE char *key = prism_asprintf("asset %u %s", row->workspace, file_name);
	net_digest_bytes(NET_SHA3_256, bytes, strlen(bytes), digest);
	prism_hex_encode(digest, 32, hex);
	sb_seed_uuid(key, id);
	sb_db_run(
	    sb->db,
	    "INSERT INTO assets(id, workspace, owner, file_name, description, asset_type, mime_type,"
	    " sample, checksum, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    SB_ARGS(SB_T(id), SB_I(sb_seed_workspace_at(sb, row->workspace)), SB_I(provider),
	            SB_T(file_name),
	            SB_T(algorithm ? "Algorithm of a sample computation"
	                           : "Dataset of a sample computation"),
	            SB_T(algorithm ? "algorithm" : "dataset"), SB_T(mime_type(file_name)),
	            SB_T(real ? "" : base64), SB_T(real ? real : hex), SB_I(at)));
	sb_db_run(
	    sb->db,
	    "INSERT INTO asset_links(computation, asset, linked_by, linked_at) VALUES (?, ?, ?, ?)",
	    SB_ARGS(SB_I(computation), SB_I(sb_db_last_id(sb->db)), SB_I(provider),
	            SB_I(at + HOUR_US / 60)));
}

/* ---- CVMs ---- */

struct cvm_row {
	unsigned workspace;
	const char *name, *provider, *platform, *cost, *status, *state;
	int vcpus;
	unsigned age_hours;
	unsigned deleted_hours; /* ago; 0: active */
	unsigned step_s;        /* until it moves on, for creating and starting */
};
static const struct cvm_row cvms[] = {
    {0, "lab-snp-1", "manager", "sev-snp", "", "online", SB_STATE_READY, 2, 12 * 24, 0, 0},
    {0, "lab-snp-2", "manager", "sev-snp", "", "online", SB_STATE_READY, 2, 6 * 24, 0, 0},
    {0, "lab-tdx-1", "gcp", "tdx", "151.84", "online", "Running", 4, 4 * 24, 0, 0},
    {0, "azure-snp-a", "azure", "sev-snp", "292.00", "online", "ReceivingData", 8, 3 * 24, 0, 0},
    {0, "lab-snp-3", "manager", "sev-snp", "", "starting", "", 2, 0, 0, 60},
    {0, "lab-snp-4", "manager", "sev-snp", "", "creating", "", 2, 0, 0, 90},
    {0, "basement-rack", "external", "sev-snp", "", "offline", "", 2, 20 * 24, 0, 0},
    {0, "lab-snp-0", "manager", "sev-snp", "", "offline", "", 2, 29 * 24, 10 * 24, 0},
    {1, "ward-snp-1", "manager", "sev-snp", "", "online", SB_STATE_READY, 2, 11 * 24, 0, 0},
    {1, "ward-tdx-1", "azure", "tdx", "157.68", "online", SB_STATE_READY, 4, 2 * 24, 0, 0},
    {1, "ward-snp-0", "manager", "sev-snp", "", "offline", "", 2, 20 * 24, 12 * 24, 0},
};

static void seed_uptime(struct sb *sb, int64_t cvm, const struct cvm_row *row, int64_t now)
{
	uint64_t random = (uint64_t)cvm;
	int64_t from = now - row->age_hours * HOUR_US, to = now - row->deleted_hours * HOUR_US;
	bool online = true;
	for (int64_t at = from; at < to; online = !online) {
		sb_cvm_record(sb, cvm, at, online);
		uint64_t r = sb_seed_random(&random);
		at += online ? (int64_t)(20 + r % 60) * HOUR_US : (int64_t)(5 + r % 50) * HOUR_US / 60;
	}
	if (row->status[0] == 'o') /* online or offline: as it is now */
		sb_cvm_record(sb, cvm, to - HOUR_US / 60, row->status[1] == 'n');
}

static void seed_cvm(struct sb *sb, const struct cvm_row *row, int64_t now)
{
	char id[37], cvm_id[37], url[SB_AGENT_URL] = ":";
	struct sb_arg none = {.type = SB_ARG_NULL};
	PRISM_AUTO_FREE char *name = prism_asprintf("%s (" SB_NOT_A_TEE ")", row->name);
	PRISM_AUTO_FREE char *inner = prism_asprintf("provider %s", row->name);
	sb_seed_uuid(row->name, id);
	sb_seed_uuid(inner, cvm_id);
	bool external = strcmp(row->provider, "external") == 0;
	if (strcmp(row->status, "online") == 0)
		sb_free_agent_url(sb, url);
	int64_t created = now - row->age_hours * HOUR_US;
	PRISM_AUTO_FREE char *creator =
	    sb_db_text(sb->db, "SELECT created_by FROM workspaces WHERE n = ?",
	               SB_ARGS(SB_I(sb_seed_workspace_at(sb, row->workspace))));
	sb_db_run(
	    sb->db,
	    "INSERT INTO cvms(id, workspace, name, cvm_id, agent_url, status, state, provider,"
	    " vcpus, cc_platform, log_level, cost, created_by, created_at, deleted_at, next_at)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'info', ?, ?, ?, ?, ?)",
	    SB_ARGS(SB_T(id), SB_I(sb_seed_workspace_at(sb, row->workspace)), SB_T(name),
	            SB_T(external ? id : cvm_id), SB_T(url), SB_T(row->status), SB_T(row->state),
	            SB_T(row->provider), SB_I(row->vcpus), SB_T(row->platform), SB_T(row->cost),
	            SB_T(creator), SB_I(created),
	            row->deleted_hours ? (struct sb_arg)SB_I(now - row->deleted_hours * HOUR_US) : none,
	            row->step_s ? (struct sb_arg)SB_I(now + row->step_s * 1000000ll) : none));
	if (row->age_hours)
		seed_uptime(sb, sb_db_last_id(sb->db), row, now);
}

/* ---- certificates ---- */

static const struct cert_row {
	const char *cvm;
	unsigned age_days;
	bool revoked;
	const char *address;
} certs[] = {
    {"basement-rack", 27, false, "192.0.2.17"}, /* three days left */
    {"lab-snp-1", 20, true, "192.0.2.20"},
    {"lab-snp-1", 12, false, "192.0.2.20"},
    {"azure-snp-a", 32, false, ""}, /* expired */
};

static void seed_cert(struct sb *sb, const struct cert_row *row, int64_t now)
{
	char entity[37];
	struct sb_cert made = {0};
	int64_t issued = now - (int64_t)row->age_days * 24 * HOUR_US;
	struct sb_cert_request request = {
	    .common_name = row->cvm,
	    .names = (const char *const[]){row->address[0] ? row->address : NULL, NULL},
	    .not_before_us = issued,
	    .not_after_us = issued + (int64_t)SB_CERT_DAYS * 24 * HOUR_US,
	};
	sb_seed_uuid(row->cvm, entity);
	if (sb_certs_add(sb, sb_seed_workspace_at(sb, 0), entity, row->address, issued, &request, &made,
	                 NULL) == 0 &&
	    row->revoked)
		sb_db_run(sb->db, "UPDATE certs SET revoked_at = ? WHERE serial = ?",
		          SB_ARGS(SB_I(issued + HOUR_US), SB_T(made.serial)));
	sb_cert_finish(&made);
}

int64_t sb_seed_cvm(struct sb *sb, unsigned workspace, const char *state)
{
	return sb_db_int(sb->db, 0,
	                 "SELECT n FROM cvms WHERE workspace = ? AND state = ? ORDER BY n LIMIT 1",
	                 SB_ARGS(SB_I(sb_seed_workspace_at(sb, workspace)), SB_T(state)));
}

void sb_seed_things(struct sb *sb, int64_t now)
{
	for (unsigned i = 0; i < PRISM_COUNT(cvms); i++)
		seed_cvm(sb, &cvms[i], now);
	for (unsigned i = 0; i < PRISM_COUNT(certs); i++)
		seed_cert(sb, &certs[i], now);
	for (unsigned i = 0; i < sb_seed_computation_count; i++) {
		const struct sb_seed_computation *row = &sb_seed_computations[i];
		int64_t computation = sb_seed_computation_n(sb, row);
		int64_t at = now - row->age_hours * HOUR_US + HOUR_US / 6;
		seed_parts(sb, row, computation, at);
		seed_asset(sb, row, computation, true, at);
		seed_asset(sb, row, computation, false, at + HOUR_US / 30);
	}
}
