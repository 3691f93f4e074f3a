/*
 * The verdict and the table of rules: see verdict.h.
 *
 * Owns the conjunction.  What each rule means in bytes is in core/snp_verify.c, core/tpm.c,
 * core/tdx.c and the attested-TLS layer; they only report here.
 */
#include "core/verdict.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOTES_MAX 32u /* facts we write ourselves; more would be a bug of ours */
#define TEXT_MAX 4096u

static const struct {
	const char *id, *line, *remedy;
	enum core_verdict_group group;
} rules[CORE_RULE_COUNT] = {
#define X(name, grp, word, text, help) [CORE_RULE_##name] = {word, text, help, CORE_GROUP_##grp},
    CORE_RULE_MAP(X)
#undef X
};

static const char *const group_titles[CORE_GROUP_COUNT] = {
    [CORE_GROUP_CHANNEL] = "Channel and binding",
    [CORE_GROUP_CHAIN] = "Certificate chain",
    [CORE_GROUP_REPORT] = "Report",
    [CORE_GROUP_TCB] = "Firmware (TCB)",
    [CORE_GROUP_POLICY] = "Guest policy",
    [CORE_GROUP_MEASUREMENT] = "Measurement",
    [CORE_GROUP_TPM] = "TPM and event log",
};

static const char *const result_words[] = {
    [CORE_CHECK_PASS] = "pass",
    [CORE_CHECK_FAIL] = "fail",
    [CORE_CHECK_SKIPPED] = "not checked",
};

struct note {
	const char *key, *value;
};

struct core_verdict {
	struct prism_arena *arena;
	struct core_check by_rule[CORE_RULE_COUNT]; /* in table order, which is the order shown */
	bool reported[CORE_RULE_COUNT];
	enum core_rule order[CORE_RULE_COUNT]; /* after conclude: rules that are shown */
	unsigned count;
	struct note notes[NOTES_MAX];
	unsigned note_count;
	enum core_verdict_state state;
	const char *not_tee; /* NULL: evidence of real hardware, as far as the root tells */
	const char *summary;
};

const char *core_verdict_group_title(enum core_verdict_group group)
{
	return group < CORE_GROUP_COUNT ? group_titles[group] : "";
}

const char *core_rule_id(enum core_rule rule)
{
	return rules[rule].id;
}

const char *core_rule_line(enum core_rule rule)
{
	return rules[rule].line;
}

const char *core_rule_remedy(enum core_rule rule)
{
	return rules[rule].remedy;
}

enum core_verdict_group core_rule_group(enum core_rule rule)
{
	return rules[rule].group;
}

const char *core_check_word(enum core_check_result result)
{
	return result_words[result];
}

struct core_verdict *core_verdict_create(void)
{
	struct core_verdict *verdict = prism_alloc(sizeof(*verdict));

	verdict->arena = prism_arena_create();
	for (int rule = 0; rule < CORE_RULE_COUNT; rule++) {
		struct core_check *check = &verdict->by_rule[rule];
		check->rule = (enum core_rule)rule;
		check->expected = check->found = check->reason = "";
	}
	verdict->summary = "not concluded";
	return verdict;
}

void core_verdict_destroy(struct core_verdict *verdict)
{
	if (!verdict)
		return;
	prism_arena_destroy(verdict->arena);
	prism_free(verdict);
}

void core_verdict_require(struct core_verdict *verdict, enum core_rule rule)
{
	verdict->by_rule[rule].required = true;
}

/* ---- reports -------------------------------------------------------------------------------- */

static const char *keep(struct core_verdict *verdict, const char *text)
{
	return text ? prism_arena_strndup(verdict->arena, text, strnlen(text, TEXT_MAX)) : "";
}

static const char *keepv(struct core_verdict *verdict, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	return prism_arena_strdup(verdict->arena, text);
}

static int weight(enum core_check_result result)
{
	return result == CORE_CHECK_FAIL ? 2 : result == CORE_CHECK_PASS ? 1 : 0;
}

/* NULL when a report on this rule exists that says as much or more. */
static struct core_check *open_report(struct core_verdict *verdict, enum core_rule rule,
                                      enum core_check_result result)
{
	struct core_check *check = &verdict->by_rule[rule];

	if (verdict->reported[rule] && weight(result) <= weight(check->result))
		return NULL;
	verdict->reported[rule] = true;
	verdict->state = CORE_VERDICT_OPEN;
	check->result = result;
	check->expected = check->found = check->reason = "";
	return check;
}

void core_verdict_pass(struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
{
	struct core_check *check = open_report(verdict, rule, CORE_CHECK_PASS);
	va_list ap;

	if (!check)
		return;
	va_start(ap, fmt);
	check->found = keepv(verdict, fmt, ap);
	va_end(ap);
}

void core_verdict_fail(struct core_verdict *verdict, enum core_rule rule, const char *expected,
                       const char *found, const char *fmt, ...)
{
	struct core_check *check = open_report(verdict, rule, CORE_CHECK_FAIL);
	va_list ap;

	if (!check)
		return;
	check->expected = keep(verdict, expected);
	check->found = keep(verdict, found);
	va_start(ap, fmt);
	check->reason = keepv(verdict, fmt, ap);
	va_end(ap);
}

void core_verdict_skip(struct core_verdict *verdict, enum core_rule rule, const char *fmt, ...)
{
	struct core_check *check = open_report(verdict, rule, CORE_CHECK_SKIPPED);
	va_list ap;

	if (!check)
		return;
	va_start(ap, fmt);
	check->reason = keepv(verdict, fmt, ap);
	va_end(ap);
}

bool core_verdict_compare(struct core_verdict *verdict, enum core_rule rule, bool ok,
                          const char *expected, const char *found, const char *reason)
{
	struct core_check *check = open_report(verdict, rule, ok ? CORE_CHECK_PASS : CORE_CHECK_FAIL);

	if (check) {
		check->expected = keep(verdict, expected);
		check->found = keep(verdict, found);
		check->reason = ok ? "" : keep(verdict, reason);
	}
	return ok;
}

void core_verdict_note(struct core_verdict *verdict, const char *key, const char *fmt, ...)
{
	va_list ap;

	unsigned at = 0;
	while (at < verdict->note_count && strcmp(verdict->notes[at].key, key) != 0)
		at++;
	if (at == NOTES_MAX)
		return;
	if (at == verdict->note_count)
		verdict->notes[verdict->note_count++].key = keep(verdict, key);
	va_start(ap, fmt);
	verdict->notes[at].value = keepv(verdict, fmt, ap);
	va_end(ap);
}

void core_verdict_mark_not_tee(struct core_verdict *verdict, const char *why)
{
	verdict->not_tee = keep(verdict, why);
	verdict->state = CORE_VERDICT_OPEN;
}

/* ---- conclusion ----------------------------------------------------------------------------- */

static void collect(struct core_verdict *verdict)
{
	verdict->count = 0;
	for (int rule = 0; rule < CORE_RULE_COUNT; rule++) {
		struct core_check *check = &verdict->by_rule[rule];
		if (check->required && !verdict->reported[rule]) {
			check->result = CORE_CHECK_SKIPPED;
			check->reason = "an earlier check failed, so this one was not reached";
		} else if (!verdict->reported[rule]) {
			continue;
		}
		verdict->order[verdict->count++] = (enum core_rule)rule;
	}
}

static unsigned count_where(const struct core_verdict *verdict, enum core_check_result result,
                            bool only_required)
{
	unsigned count = 0;

	for (unsigned i = 0; i < verdict->count; i++) {
		const struct core_check *check = &verdict->by_rule[verdict->order[i]];
		count += check->result == result && (!only_required || check->required);
	}
	return count;
}

static const char *summarise(struct core_verdict *verdict)
{
	const struct core_check *worst = core_verdict_worst(verdict);
	unsigned open = count_where(verdict, CORE_CHECK_SKIPPED, false);
	const char *mark = verdict->not_tee ? "NOT A TEE: " : "";

	if (verdict->state == CORE_VERDICT_FAILED)
		return prism_arena_printf(verdict->arena, "%sNOT attested: %s does not hold", mark,
		                          core_rule_id(worst->rule));
	if (verdict->state == CORE_VERDICT_UNPROVEN)
		return prism_arena_printf(verdict->arena, "%sNOT attested: %s was not checked", mark,
		                          worst ? core_rule_id(worst->rule) : "anything");
	const char *word = verdict->not_tee ? "test evidence verified" : "attested";
	if (open > 0)
		return prism_arena_printf(verdict->arena, "%s%s, %u optional check%s not made", mark, word,
		                          open, open == 1 ? "" : "s");
	return prism_arena_printf(verdict->arena, "%s%s", mark, word);
}

enum core_verdict_state core_verdict_conclude(struct core_verdict *verdict)
{
	if (verdict->state != CORE_VERDICT_OPEN)
		return verdict->state;
	collect(verdict);
	if (count_where(verdict, CORE_CHECK_FAIL, false) > 0)
		verdict->state = CORE_VERDICT_FAILED;
	else if (count_where(verdict, CORE_CHECK_SKIPPED, true) > 0 ||
	         count_where(verdict, CORE_CHECK_PASS, true) == 0)
		verdict->state = CORE_VERDICT_UNPROVEN;
	else
		verdict->state = CORE_VERDICT_ATTESTED;
	verdict->summary = summarise(verdict);
	return verdict->state;
}

enum core_verdict_state core_verdict_state(const struct core_verdict *verdict)
{
	return verdict->state;
}

const char *core_verdict_summary(const struct core_verdict *verdict)
{
	return verdict->summary;
}

const char *core_verdict_not_tee(const struct core_verdict *verdict)
{
	return verdict->not_tee;
}

unsigned core_verdict_count(const struct core_verdict *verdict)
{
	return verdict->count;
}

const struct core_check *core_verdict_at(const struct core_verdict *verdict, unsigned index)
{
	return index < verdict->count ? &verdict->by_rule[verdict->order[index]] : NULL;
}

const struct core_check *core_verdict_find(const struct core_verdict *verdict, enum core_rule rule)
{
	return verdict->reported[rule] ? &verdict->by_rule[rule] : NULL;
}

const struct core_check *core_verdict_worst(const struct core_verdict *verdict)
{
	const struct core_check *open = NULL;

	for (unsigned i = 0; i < verdict->count; i++) {
		const struct core_check *check = &verdict->by_rule[verdict->order[i]];
		if (check->result == CORE_CHECK_FAIL)
			return check;
		if (!open && check->required && check->result == CORE_CHECK_SKIPPED)
			open = check;
	}
	return open;
}

unsigned core_verdict_note_count(const struct core_verdict *verdict)
{
	return verdict->note_count;
}

void core_verdict_note_at(const struct core_verdict *verdict, unsigned index, const char **ret_key,
                          const char **ret_value)
{
	*ret_key = verdict->notes[index].key;
	*ret_value = verdict->notes[index].value;
}

int core_verdict_raise(const struct core_verdict *verdict, struct prism_error *err)
{
	const struct core_check *worst = core_verdict_worst(verdict);

	if (verdict->state == CORE_VERDICT_ATTESTED)
		return 0;
	if (!worst)
		return prism_error_raise(err, PRISM_ERROR_TRUST, "nothing was proven about the peer");
	prism_error_raise(err, PRISM_ERROR_TRUST, "%s: %s%s%s", core_rule_id(worst->rule),
	                  worst->result == CORE_CHECK_FAIL ? "does not hold" : "was not checked",
	                  *worst->reason ? ": " : "", worst->reason);
	prism_error_hint(err, "%s",
	                 worst->result == CORE_CHECK_FAIL
	                     ? core_rule_remedy(worst->rule)
	                     : "nothing was found wrong, but this was not proven; nothing was sent");
	return -1;
}

/* ---- output --------------------------------------------------------------------------------- */

static const char *state_word(enum core_verdict_state state)
{
	static const char *const words[] = {"open", "failed", "unproven", "attested"};

	return words[state];
}

static cJSON *check_json(const struct core_check *check)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddStringToObject(row, "id", core_rule_id(check->rule));
	cJSON_AddStringToObject(row, "line", core_rule_line(check->rule));
	cJSON_AddStringToObject(row, "result", core_check_word(check->result));
	cJSON_AddBoolToObject(row, "required", check->required);
	if (*check->expected)
		cJSON_AddStringToObject(row, "expected", check->expected);
	if (*check->found)
		cJSON_AddStringToObject(row, "found", check->found);
	if (*check->reason)
		cJSON_AddStringToObject(row, "reason", check->reason);
	if (check->result == CORE_CHECK_FAIL)
		cJSON_AddStringToObject(row, "remedy", core_rule_remedy(check->rule));
	return row;
}

cJSON *core_verdict_json(const struct core_verdict *verdict)
{
	cJSON *doc = cJSON_CreateObject();

	cJSON_AddStringToObject(doc, "state", state_word(verdict->state));
	cJSON_AddStringToObject(doc, "summary", verdict->summary);
	cJSON_AddBoolToObject(doc, "tee", verdict->not_tee == NULL);
	if (verdict->not_tee)
		cJSON_AddStringToObject(doc, "not_tee", verdict->not_tee);
	cJSON *notes = cJSON_AddObjectToObject(doc, "evidence");
	for (unsigned i = 0; i < verdict->note_count; i++)
		cJSON_AddStringToObject(notes, verdict->notes[i].key, verdict->notes[i].value);
	cJSON *checks = cJSON_AddArrayToObject(doc, "checks");
	for (unsigned i = 0; i < verdict->count; i++)
		cJSON_AddItemToArray(checks, check_json(core_verdict_at(verdict, i)));
	return doc;
}

static void text_check(struct prism_buf *out, const struct core_check *check)
{
	prism_buf_printf(out, "  [%s] %s (%s)%s\n", core_check_word(check->result),
	                 core_rule_line(check->rule), core_rule_id(check->rule),
	                 check->required ? "" : ", optional");
	if (*check->expected)
		prism_buf_printf(out, "      expected: %s\n", check->expected);
	if (*check->found)
		prism_buf_printf(out, "      found:    %s\n", check->found);
	if (*check->reason)
		prism_buf_printf(out, "      because:  %s\n", check->reason);
	if (check->result == CORE_CHECK_FAIL)
		prism_buf_printf(out, "      remedy:   %s\n", core_rule_remedy(check->rule));
}

char *core_verdict_text(const struct core_verdict *verdict)
{
	struct prism_buf out = PRISM_BUF_INIT(1u << 20);
	int group = -1;

	prism_buf_printf(&out, "Verdict: %s\n", verdict->summary);
	if (verdict->not_tee)
		prism_buf_printf(&out, "NOT A TEE: %s\n", verdict->not_tee);
	for (unsigned i = 0; i < verdict->note_count; i++)
		prism_buf_printf(&out, "%s: %s\n", verdict->notes[i].key, verdict->notes[i].value);
	for (unsigned i = 0; i < verdict->count; i++) {
		const struct core_check *check = core_verdict_at(verdict, i);
		if ((int)core_rule_group(check->rule) != group) {
			group = (int)core_rule_group(check->rule);
			prism_buf_printf(&out, "\n%s\n", group_titles[group]);
		}
		text_check(&out, check);
	}
	return prism_buf_take(&out, NULL);
}
