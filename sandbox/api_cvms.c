/* CVMs (prism-api.md sections 3.9 and 4.8). Every attestation output says NOT A TEE. */
#include "base/text.h"
#include "net/crypto.h"
#include "sandbox/api.h"
#include "sandbox/cvm.h"
#include "sandbox/policy.h"
#include "sandbox/run.h"

#include <strings.h>

/* ---- create ---- */

struct provider_row {
	const char *word, *stored, *platform; /* platform NULL: every one */
	const char *vcpus;                    /* allowed counts; NULL: always 2 */
	const char *cost_per_vcpu;            /* per month, text of a sample price; NULL: none */
};
static const struct provider_row providers[] = {
    {"ultraviolet", "manager", NULL, NULL, NULL},
    {"manager", "manager", NULL, NULL, NULL},
    {"external", "external", NULL, NULL, NULL},
    {"azure", "azure", "sev-snp", " 2 4 8 16 32 48 64 96 ", "36.50"},
    {"azure", "azure", "tdx", " 2 4 8 16 32 48 64 96 128 ", "39.42"},
    {"gcp", "gcp", "sev-snp", " 2 4 8 16 32 48 64 80 96 128 224 ", "33.58"},
    {"gcp", "gcp", "tdx", " 4 8 22 44 88 176 ", "37.96"},
};

static const char *read_platform(const char *text)
{
	if (prism_text_contains(text, "snp"))
		return "sev-snp";
	return prism_text_contains(text, "tdx") ? "tdx" : NULL;
}

static const struct provider_row *find_provider(const char *word, const char *platform)
{
	for (unsigned i = 0; i < PRISM_COUNT(providers); i++)
		if (strcasecmp(providers[i].word, word) == 0 &&
		    (!providers[i].platform || strcmp(providers[i].platform, platform) == 0))
			return &providers[i];
	return NULL;
}

static bool vcpus_allowed(const struct provider_row *provider, uint64_t count)
{
	char word[32];
	if (!provider->vcpus)
		return count >= 1 && count <= 224;
	snprintf(word, sizeof(word), " %llu ", (unsigned long long)count);
	return strstr(provider->vcpus, word) != NULL;
}

static char *monthly_cost(const struct provider_row *provider, uint64_t vcpus)
{
	uint64_t whole = 0, cents = 0;
	if (!provider->cost_per_vcpu ||
	    prism_text_parse_u64(strchr(provider->cost_per_vcpu, '.') + 1, 99, &cents, NULL) < 0)
		return prism_strdup("");
	whole = strtoul(provider->cost_per_vcpu, NULL, 10);
	uint64_t total = (whole * 100 + cents) * vcpus;
	return prism_asprintf("%llu.%02llu", (unsigned long long)(total / 100),
	                      (unsigned long long)(total % 100));
}

static void write_cvm(struct sb_call *call, int64_t cvm);

void sb_api_cvm_create(struct sb_call *call)
{
	static const char *const levels[] = {"", "debug", "info", "warn", "error"};
	const char *name = prism_json_str(call->json, "name", "");
	const char *level = prism_json_str(call->json, "agent_log_level", "");
	const char *platform = read_platform(sb_path_param(call, 'L'));
	const struct provider_row *provider =
	    platform ? find_provider(sb_path_param(call, 'B'), platform) : NULL;
	uint64_t vcpus = 0;
	bool number = prism_text_parse_u64(sb_path_param(call, 'N'), 1000, &vcpus, NULL) == 0;
	bool level_known = false;
	for (unsigned i = 0; i < PRISM_COUNT(levels); i++)
		level_known |= strcmp(level, levels[i]) == 0;
	const char *reason = !name[0]                                     ? "missing identity name"
	                     : strlen(name) > 1024                        ? "invalid name size"
	                     : !level_known                               ? "invalid level"
	                     : !platform                                  ? "invalid cc platform"
	                     : !provider                                  ? "invalid provider"
	                     : !number || !vcpus_allowed(provider, vcpus) ? "invalid vcpu count"
	                                                                  : NULL;
	if (reason) {
		sb_invalid(call, reason);
		return;
	}
	if (!sb_plan_allows(call, SB_PLAN_CVMS, call->workspace))
		return;
	if (!provider->vcpus)
		vcpus = 2;
	PRISM_AUTO_FREE char *cost = monthly_cost(provider, vcpus);
	char id[37];
	net_uuid4(id);
	struct sb_cvm_row row = {.id = id,
	                         .workspace = call->workspace,
	                         .name = name,
	                         .provider = provider->stored,
	                         .platform = platform,
	                         .log_level = level[0] ? level : "info",
	                         .cost = cost,
	                         .created_by = call->caller.id,
	                         .vcpus = (int)vcpus};
	int64_t cvm = sb_cvm_insert(call->sb, &row);
	if (!cvm) {
		sb_fail(call, 422, SB_TEXT_CREATE, "");
		return;
	}
	sb_header(call, "HX-Location", "/cvms/%s", id);
	write_cvm(call, cvm);
	sb_ok(call, 201);
}

/* ---- view and list ---- */

#define CVM_COLUMNS                                                                       \
	"v.id, v.cvm_id, v.name, v.agent_url, v.status, v.state, v.created_at, v.deleted_at," \
	" v.provider, v.vcpus, v.log_level, v.cost, v.cc_platform"

static void write_row(struct sb_call *call, const struct sb_rows *rows, const char *evidence,
                      const char *token)
{
	struct sb_json *out = &call->out;
	bool online = strcmp(sb_rows_text(rows, 4), "online") == 0;
	sb_json_object(out, NULL);
	sb_json_str(out, "id", sb_rows_text(rows, 0));
	sb_json_str(out, "cvm_id", sb_rows_text(rows, 1));
	sb_json_str(out, "name", sb_rows_text(rows, 2));
	sb_json_str(out, "agent_url", sb_rows_text(rows, 3));
	sb_json_str(out, "status", sb_rows_text(rows, 4));
	sb_json_str(out, "state", sb_rows_text(rows, 5));
	sb_json_time(out, "created_at", sb_rows_int(rows, 6));
	sb_json_time(out, "deleted_at",
	             sb_rows_null(rows, 7) ? PRISM_TIME_UNSET : sb_rows_int(rows, 7));
	sb_json_str(out, "provider", sb_rows_text(rows, 8));
	sb_json_int(out, "vcpus", sb_rows_int(rows, 9));
	sb_json_str(out, "attestation", online ? evidence : "");
	sb_json_str(out, "attestation_token",
	            online && strcmp(sb_rows_text(rows, 8), "azure") == 0 ? token : "");
	sb_json_str(out, "agent_log_level", sb_rows_text(rows, 10));
	sb_json_str(out, "monthly_cost_estimate", sb_rows_text(rows, 11));
	sb_json_str(out, "cc_platform", sb_rows_text(rows, 12));
	sb_json_end(out);
}

static void write_cvm(struct sb_call *call, int64_t cvm)
{
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db, "SELECT " CVM_COLUMNS " FROM cvms v WHERE v.n = ?", SB_ARGS(SB_I(cvm)));
	if (!sb_rows_next(&rows))
		return;
	bool online = strcmp(sb_rows_text(rows, 4), "online") == 0;
	PRISM_AUTO_FREE char *evidence =
	    online ? sb_policy_evidence(call->sb, sb_rows_text(rows, 0), sb_rows_text(rows, 12))
	           : prism_strdup("");
	PRISM_AUTO_FREE char *token = sb_policy_token(call->sb, sb_rows_text(rows, 0));
	write_row(call, rows, evidence, token);
}

/* `status` of the query to a clause; NULL: answered 400. */
static const char *status_clause(struct sb_call *call)
{
	static const struct {
		const char *word, *clause;
	} words[] = {
	    {"", ""},
	    {"all", ""},
	    {"active", " AND v.deleted_at IS NULL"},
	    {"enabled", " AND v.deleted_at IS NULL"},
	    {"inactive", " AND v.deleted_at IS NOT NULL"},
	    {"deleted", " AND v.deleted_at IS NOT NULL"},
	    {"creating", " AND v.status = 'creating'"},
	    {"starting", " AND v.status = 'starting'"},
	    {"online", " AND v.status = 'online'"},
	    {"offline", " AND v.status = 'offline'"},
	};
	const char *status = sb_query(call, "status");
	for (unsigned i = 0; i < PRISM_COUNT(words); i++)
		if (strcasecmp(words[i].word, status ? status : "") == 0)
			return words[i].clause;
	sb_invalid(call, "invalid status");
	return NULL;
}

/* `days`: how far back; 0 when absent. Answers 400 and returns -1. */
static int read_days(struct sb_call *call, int64_t *ret_from_us)
{
	const char *text = sb_query(call, "days");
	uint64_t days = 0;
	if (text && text[0] && prism_text_parse_u64(text, 3650, &days, NULL) < 0) {
		sb_invalid(call, SB_TEXT_QUERY);
		return -1;
	}
	*ret_from_us = days ? sb_now_us(call->sb) - (int64_t)days * 86400000000ll : 0;
	return 0;
}

void sb_api_cvm_list(struct sb_call *call)
{
	struct sb_page page;
	int64_t from;
	const char *clause = status_clause(call);
	if (!clause || sb_page_parse(call, &page) < 0 || read_days(call, &from) < 0)
		return;
	const char *name = sb_query(call, "name"), *platform = sb_query(call, "cc_platform");
	const char *like = name && name[0] ? sb_like(call, name) : NULL;
	platform = platform && platform[0] ? read_platform(platform) : NULL;
	PRISM_AUTO_FREE char *where = prism_asprintf(
	    " FROM cvms v WHERE v.workspace = ?1%s AND (?2 IS NULL OR v.name LIKE ?2 ESCAPE '\\')"
	    " AND (?3 IS NULL OR v.cc_platform = ?3) AND v.created_at >= ?4",
	    clause);
	PRISM_AUTO_FREE char *count_sql = prism_asprintf("SELECT count(*)%s", where);
	PRISM_AUTO_FREE char *sql = prism_asprintf(
	    "SELECT " CVM_COLUMNS "%s ORDER BY %s %s, v.n LIMIT ?5 OFFSET ?6", where,
	    page.order && strcmp(page.order, "name") == 0 ? "v.name COLLATE NOCASE" : "v.created_at",
	    page.ascending ? "ASC" : "DESC");
	int64_t total =
	    sb_db_int(call->sb->db, 0, count_sql,
	              SB_ARGS(SB_I(call->workspace), SB_T(like), SB_T(platform), SB_I(from)));
	SB_AUTO_ROWS struct sb_rows *rows =
	    sb_db_query(call->sb->db, sql,
	                SB_ARGS(SB_I(call->workspace), SB_T(like), SB_T(platform), SB_I(from),
	                        SB_I(page.limit), SB_I(page.offset)));
	sb_json_object(&call->out, NULL);
	sb_page_write(call, &page, total);
	sb_json_array(&call->out, "cvms");
	while (sb_rows_next(&rows)) {
		PRISM_AUTO_FREE char *evidence = sb_policy_no_evidence(sb_rows_text(rows, 0));
		write_row(call, rows, evidence, evidence);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

/* {V} of the workspace in the path; answers 404 and gives 0 when it is not one. */
static int64_t cvm_of_path(struct sb_call *call)
{
	int64_t cvm = sb_db_int(call->sb->db, 0, "SELECT n FROM cvms WHERE id = ? AND workspace = ?",
	                        SB_ARGS(SB_T(sb_path_param(call, 'V')), SB_I(call->workspace)));
	if (!cvm)
		sb_fail(call, 404, SB_TEXT_NOT_FOUND, "");
	return cvm;
}

void sb_api_cvm_view(struct sb_call *call)
{
	int64_t cvm = cvm_of_path(call);
	if (!cvm)
		return;
	write_cvm(call, cvm);
	sb_ok(call, 200);
}

void sb_api_cvm_delete(struct sb_call *call)
{
	int64_t cvm = cvm_of_path(call);
	if (!cvm)
		return;
	if (sb_db_int(call->sb->db, 0, "SELECT 1 FROM runs WHERE cvm = ? AND status = 'running'",
	              SB_ARGS(SB_I(cvm)))) {
		sb_fail(call, 422, SB_TEXT_REMOVE, "a computation runs on this CVM");
		return;
	}
	if (sb_db_int(call->sb->db, 0, "SELECT 1 FROM cvms WHERE n = ? AND deleted_at IS NOT NULL",
	              SB_ARGS(SB_I(cvm)))) {
		sb_fail(call, 422, SB_TEXT_REMOVE, "");
		return;
	}
	sb_run_release(call->sb, cvm);
	sb_cvm_delete(call->sb, cvm);
	sb_empty(call, 204);
}

void sb_api_cvm_statistics(struct sb_call *call)
{
	int64_t from, cvm = cvm_of_path(call);
	if (!cvm || read_days(call, &from) < 0)
		return;
	SB_AUTO_ROWS struct sb_rows *rows = sb_db_query(
	    call->sb->db,
	    "SELECT id, at, online FROM cvm_stats WHERE cvm = ? AND at >= ? ORDER BY at LIMIT 10000",
	    SB_ARGS(SB_I(cvm), SB_I(from)));
	sb_json_object(&call->out, NULL);
	sb_json_array(&call->out, "cvm_stats");
	while (sb_rows_next(&rows)) {
		sb_json_object(&call->out, NULL);
		sb_json_str(&call->out, "id", sb_rows_text(rows, 0));
		sb_json_str(&call->out, "cvm_id", sb_path_param(call, 'V'));
		sb_json_time(&call->out, "timestamp", sb_rows_int(rows, 1));
		sb_json_bool(&call->out, "status", sb_rows_int(rows, 2));
		sb_json_end(&call->out);
	}
	sb_json_end(&call->out);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}

void sb_api_cvm_policy(struct sb_call *call)
{
	int64_t cvm = cvm_of_path(call);
	if (!cvm)
		return;
	PRISM_AUTO_FREE char *platform =
	    sb_db_text(call->sb->db, "SELECT cc_platform FROM cvms WHERE n = ?", SB_ARGS(SB_I(cvm)));
	PRISM_AUTO_BUF struct prism_buf policy = PRISM_BUF_INIT(1u << 16);
	if (sb_policy_for(call->sb, sb_path_param(call, 'V'), platform, &policy) < 0) {
		sb_fail(call, 500, "failed to make an attestation policy", "");
		return;
	}
	PRISM_AUTO_FREE char *base64 = prism_base64_encode(policy.data, policy.len);
	sb_json_object(&call->out, NULL);
	sb_json_str(&call->out, "attestation_policy", base64);
	sb_json_end(&call->out);
	sb_ok(call, 200);
}
