/* Owns the limits of a plan; the handlers of metered operations ask here. */
#include "sandbox/plan.h"

#include "base/text.h"
#include "sandbox/router.h"

static const struct {
	const char *word, *what;
	int64_t free_limit;
	const char *count; /* one ?: the workspace */
} items[SB_PLAN_COUNT] = {
    [SB_PLAN_COMPUTATIONS] = {"computations", "computations", 10,
                              "SELECT count(*) FROM computations WHERE workspace = ?"},
    [SB_PLAN_RUNS] = {"runs", "computation runs", 5,
                      "SELECT count(*) FROM runs r CROSS JOIN computations c ON c.n = r.computation"
                      " WHERE c.workspace = ?"},
    [SB_PLAN_CVMS] = {"cvms", "CVM instances", 5,
                      "SELECT count(*) FROM cvms WHERE workspace = ? AND deleted_at IS NULL"},
    [SB_PLAN_MEMBERS] = {"members", "workspace members", 3,
                         "SELECT count(*) FROM role_members WHERE kind = 0 AND entity = ?"},
};

static int parse_item(char *text, struct sb_plan *plan, struct prism_error *err)
{
	char *value = strchr(text, '=');
	uint64_t number;
	if (value)
		*value++ = '\0';
	for (unsigned i = 0; i < SB_PLAN_COUNT; i++) {
		if (strcmp(items[i].word, text) != 0)
			continue;
		if (!value || prism_text_parse_u64(value, INT32_MAX, &number, err) < 0)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "plan: %s needs a number", text);
		plan->limit[i] = (int64_t)number;
		return 0;
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "plan: %s is not limited by any plan", text);
	prism_error_hint(err, "computations, runs, cvms, members; or the word free");
	return -1;
}

int sb_plan_parse(const char *text, struct sb_plan *ret, struct prism_error *err)
{
	struct sb_plan plan = {.limited = true};
	bool free_plan = strcmp(text, "free") == 0;
	for (unsigned i = 0; i < SB_PLAN_COUNT; i++)
		plan.limit[i] = free_plan ? items[i].free_limit : -1;
	PRISM_AUTO_FREE char *copy = prism_strdup(free_plan ? "" : text);
	for (char *item = free_plan ? NULL : copy, *next; item; item = next) {
		next = strchr(item, ',');
		if (next)
			*next++ = '\0';
		if (parse_item(item, &plan, err) < 0)
			return -1;
	}
	*ret = plan;
	return 0;
}

bool sb_plan_allows(struct sb_call *call, enum sb_plan_item item, int64_t workspace)
{
	const struct sb_plan *plan = &call->sb->config.plan;
	if (!plan->limited || plan->limit[item] < 0)
		return true;
	int64_t used = sb_db_int(call->sb->db, 0, items[item].count, SB_ARGS(SB_I(workspace)));
	if (used < plan->limit[item])
		return true;
	if (call->status)
		return false;
	prism_buf_clear(&call->out.buf);
	prism_buf_printf(&call->out.buf, "plan limit reached: %lld of %lld %s\n", (long long)used,
	                 (long long)plan->limit[item], items[item].what);
	call->answer_type = "text/plain; charset=utf-8";
	call->status = SB_PLAN_STATUS;
	return false;
}
