/* Owns the grammar of --fault and the table of kinds; http.c carries the plans out. */
#include "sandbox/faults.h"

#include "base/mem.h"
#include "base/text.h"
#include "sandbox/plan.h"
#include "sandbox/router.h"

#include <fnmatch.h>

#define FAULTS_MAX 64

struct fault {
	const struct fault_kind *kind;
	char *arg;    /* "" when absent */
	char *method; /* NULL: any */
	char *glob;   /* NULL: every path */
	int64_t left; /* -1: without end */
	int64_t low, high;
};

struct fault_kind {
	const char *word;
	const char *help; /* argument and effect, for --help */
	int64_t count;    /* when SPEC names none; -1: without end */
	int (*parse)(struct fault *fault, struct prism_error *err);
	void (*apply)(const struct fault *fault, struct sb_fault_plan *plan);
	enum sb_damage damage;
	int64_t amount; /* of the damage, when SPEC names none */
};

struct sb_faults {
	struct fault fault[FAULTS_MAX];
	unsigned count;
};

/* ---- the kinds ---- */

static int parse_number(struct fault *fault, const char *text, int64_t fallback, int64_t max,
                        int64_t *ret, struct prism_error *err)
{
	uint64_t value;
	if (!text[0]) {
		*ret = fallback;
		return 0;
	}
	if (prism_text_parse_u64(text, (uint64_t)max, &value, err) < 0)
		return prism_error_wrap(err, "fault %s: %s is not a number up to %lld", fault->kind->word,
		                        text, (long long)max);
	*ret = (int64_t)value;
	return 0;
}

static int parse_delay(struct fault *fault, struct prism_error *err)
{
	char *dash = strchr(fault->arg, '-');
	if (dash)
		*dash = '\0';
	if (parse_number(fault, fault->arg, 3000, 3600000, &fault->low, err) < 0)
		return -1;
	fault->high = fault->low;
	return dash ? parse_number(fault, dash + 1, fault->low, 3600000, &fault->high, err) : 0;
}

static void apply_delay(const struct fault *fault, struct sb_fault_plan *plan)
{
	int64_t span = fault->high - fault->low;
	plan->delay_ms += fault->low + (span > 0 ? fault->left % (span + 1) : 0);
}

static int parse_status(struct fault *fault, struct prism_error *err)
{
	if (parse_number(fault, fault->arg, 500, 599, &fault->low, err) < 0)
		return -1;
	if (fault->low < 400)
		return prism_error_raise(err, PRISM_ERROR_INVALID,
		                         "fault %s: %s is not a status from 400 to 599", fault->kind->word,
		                         fault->arg);
	return 0;
}

static void apply_status(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->status = (int)fault->low;
	plan->raw = true;
	if (plan->status == 500)
		plan->text[0] = '\0';
	else
		snprintf(plan->text, sizeof(plan->text), "upstream connect error (sandbox fault)\n");
}

static void apply_401(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->status = 401;
	snprintf(plan->text, sizeof(plan->text), "%s", SB_TEXT_AUTHN);
}

static void apply_plan_limit(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->status = SB_PLAN_STATUS;
	plan->raw = true;
	snprintf(plan->text, sizeof(plan->text), "%s",
	         fault->arg[0] ? fault->arg : "plan limit reached: upgrade the plan of this workspace");
}

static void apply_html(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->html = true;
}

static void apply_type(const struct fault *fault, struct sb_fault_plan *plan)
{
	snprintf(plan->content_type, sizeof(plan->content_type), "%s",
	         fault->arg[0] ? fault->arg : "text/plain");
}

static void apply_truncate(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->truncate = true;
}

static void apply_reset(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->cut = plan->reset = true;
}

static void apply_lost(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->lost = true;
}

static void apply_short(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->cut = true;
}

static int parse_drip(struct fault *fault, struct prism_error *err)
{
	if (parse_number(fault, fault->arg, 64, 1u << 30, &fault->low, err) < 0)
		return -1;
	return fault->low ? 0
	                  : prism_error_raise(err, PRISM_ERROR_INVALID,
	                                      "fault drip: 0 bytes a second never end");
}

static void apply_drip(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->drip_bytes = (size_t)((fault->low + 9) / 10);
	plan->drip_ms = 100;
}

static int parse_amount(struct fault *fault, struct prism_error *err)
{
	return parse_number(fault, fault->arg, fault->kind->amount, 64 << 20, &fault->low, err);
}

static void apply_damage(const struct fault *fault, struct sb_fault_plan *plan)
{
	plan->damage = fault->kind->damage;
	plan->damage_amount = (size_t)fault->low;
}

#define DAMAGE(word, text, kind, number)                                     \
	{                                                                        \
		word, text, -1, parse_amount, apply_damage, SB_DAMAGE_##kind, number \
	}

static const struct fault_kind kinds[] = {
    {"delay", "delay[=MS[-MS]]      answer so much later (3000)", -1, parse_delay, apply_delay,
     SB_DAMAGE_NONE, 0},
    {"5xx", "5xx[=STATUS]         500 with no body; others with a proxy's text", -1, parse_status,
     apply_status, SB_DAMAGE_NONE, 0},
    {"reset", "reset                TCP reset in the middle of the body", -1, NULL, apply_reset,
     SB_DAMAGE_NONE, 0},
    {"short", "short                close in the middle of the body: Content-Length is wrong", -1,
     NULL, apply_short, SB_DAMAGE_NONE, 0},
    {"lost", "lost                 done, but the connection is closed without an answer", -1, NULL,
     apply_lost, SB_DAMAGE_NONE, 0},
    {"type", "type[=TYPE]          wrong Content-Type (text/plain)", -1, NULL, apply_type,
     SB_DAMAGE_NONE, 0},
    {"truncate", "truncate             half of the JSON, with a length that agrees", -1, NULL,
     apply_truncate, SB_DAMAGE_NONE, 0},
    {"401", "401                  token refused, once unless #COUNT says otherwise", 1, NULL,
     apply_401, SB_DAMAGE_NONE, 0},
    {"drip", "drip[=BYTES]         so many bytes a second (64)", -1, parse_drip, apply_drip,
     SB_DAMAGE_NONE, 0},
    {"html", "html                 the web application's page instead of JSON", -1, NULL,
     apply_html, SB_DAMAGE_NONE, 0},
    {"plan", "plan[=TEXT]          plan-limit denial: 402 with raw text", -1, NULL,
     apply_plan_limit, SB_DAMAGE_NONE, 0},
    DAMAGE("missing", "missing              every second member is left out", MISSING, 0),
    DAMAGE("extra", "extra                unknown members everywhere", EXTRA, 0),
    DAMAGE("types", "types                values of other types than promised", TYPES, 0),
    DAMAGE("null", "null                 every value is null", NULL, 0),
    DAMAGE("hostile", "hostile              escape sequences and control characters in every text",
           HOSTILE, 0),
    DAMAGE("huge", "huge[=BYTES]         one text of that size (10000000)", HUGE, 10000000),
    DAMAGE("flood", "flood[=COUNT]        that many entries, whatever was asked for (100000)",
           FLOOD, 100000),
    DAMAGE("deep", "deep[=LEVELS]        the answer inside so many lists (10000)", DEEP, 10000),
};

void sb_faults_help(void (*line)(void *data, const char *text), void *data)
{
	for (unsigned i = 0; i < PRISM_COUNT(kinds); i++)
		line(data, kinds[i].help);
}

/* ---- the grammar ---- */

struct sb_faults *sb_faults_create(void)
{
	return prism_alloc(sizeof(struct sb_faults));
}

static void fault_finish(struct fault *fault)
{
	prism_free(fault->arg);
	prism_free(fault->method);
	prism_free(fault->glob);
}

void sb_faults_destroy(struct sb_faults *faults)
{
	if (!faults)
		return;
	for (unsigned i = 0; i < faults->count; i++)
		fault_finish(&faults->fault[i]);
	prism_free(faults);
}

static int parse_glob(struct fault *fault, char *text, struct prism_error *err)
{
	char *path = strchr(text, '/'), *colon = strchr(text, ':');
	if (colon && (!path || colon < path)) {
		*colon = '\0';
		if (sb_method_parse(text) < 0)
			return prism_error_raise(err, PRISM_ERROR_INVALID, "fault: %s is not a method", text);
		fault->method = prism_strdup(text);
		text = colon + 1;
	}
	fault->glob = text[0] ? prism_strdup(text) : NULL;
	return 0;
}

static int parse_spec(struct fault *fault, char *spec, struct prism_error *err)
{
	char *count = strrchr(spec, '#'), *glob = strchr(spec, '@');
	if (count)
		*count++ = '\0';
	if (glob)
		*glob++ = '\0';
	char *arg = strchr(spec, '=');
	if (arg)
		*arg++ = '\0';
	for (unsigned i = 0; i < PRISM_COUNT(kinds); i++)
		if (strcmp(kinds[i].word, spec) == 0)
			fault->kind = &kinds[i];
	if (!fault->kind) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "fault: %s is not a kind of fault", spec);
		prism_error_hint(err, "prism-sandbox --help lists them");
		return -1;
	}
	fault->arg = prism_strdup(arg ? arg : "");
	if (parse_number(fault, count ? count : "", fault->kind->count, INT32_MAX, &fault->left, err) <
	    0)
		return -1;
	if (glob && parse_glob(fault, glob, err) < 0)
		return -1;
	return fault->kind->parse ? fault->kind->parse(fault, err) : 0;
}

int sb_faults_add(struct sb_faults *faults, const char *spec, struct prism_error *err)
{
	if (faults->count == FAULTS_MAX)
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "more than %d faults", FAULTS_MAX);
	PRISM_AUTO_FREE char *copy = prism_strdup(spec);
	struct fault fault = {0};
	if (parse_spec(&fault, copy, err) < 0) {
		fault_finish(&fault);
		return -1;
	}
	faults->fault[faults->count++] = fault;
	return 0;
}

/* ---- acting ---- */

struct sb_fault_plan sb_fault_plan_make(struct sb_faults *faults, const char *method,
                                        const char *target)
{
	struct sb_fault_plan plan = {.made = true};
	PRISM_AUTO_FREE char *path = prism_strndup(target, strcspn(target, "?"));
	for (unsigned i = 0; faults && i < faults->count; i++) {
		struct fault *fault = &faults->fault[i];
		if (fault->left == 0 || (fault->method && strcmp(fault->method, method) != 0) ||
		    (fault->glob && fnmatch(fault->glob, path, 0) != 0))
			continue;
		if (fault->left > 0)
			fault->left--;
		fault->kind->apply(fault, &plan);
	}
	return plan;
}

bool sb_fault_answer(const struct sb_fault_plan *plan, struct sb_call *call)
{
	if (plan->html) {
		prism_buf_puts(&call->out.buf,
		               "<!DOCTYPE html>\n<html><head><title>Prism (sandbox fault)"
		               "</title></head><body><p>web application</p></body></html>\n");
		call->answer_type = "text/html; charset=utf-8";
		call->status = 200;
		return true;
	}
	if (!plan->status)
		return false;
	if (!plan->raw) {
		sb_fail(call, plan->status, plan->text, "");
		return true;
	}
	if (plan->status == 429 || plan->status == 503)
		sb_header(call, "Retry-After", "1");
	prism_buf_puts(&call->out.buf, plan->text);
	call->answer_type = plan->text[0] ? "text/plain; charset=utf-8" : NULL;
	call->status = plan->status;
	return true;
}

void sb_fault_spoil(const struct sb_fault_plan *plan, struct sb_call *call)
{
	if (plan->damage && call->answer_type)
		sb_damage_json(plan->damage, plan->damage_amount, &call->out.buf);
	if (plan->truncate && call->out.buf.len > 1) {
		call->out.buf.len /= 2;
		call->out.buf.data[call->out.buf.len] = '\0';
	}
	if (plan->content_type[0] && call->answer_type)
		call->answer_type = plan->content_type;
}
