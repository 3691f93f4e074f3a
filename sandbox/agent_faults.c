/* Owns the words of --agent-fault; the agent carries them out. */
#include "sandbox/agent_faults.h"

#include "base/mem.h"
#include "base/text.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

struct kind {
	const char *word, *help;
	int (*apply)(struct sb_agent_faults *faults, const char *arg, struct prism_error *err);
};

static int read_bytes(const char *arg, uint64_t fallback, uint64_t *ret, struct prism_error *err)
{
	if (!arg[0]) {
		*ret = fallback;
		return 0;
	}
	if (prism_text_parse_u64(arg, UINT64_MAX / 2, ret, err) < 0)
		return prism_error_wrap(err, "agent fault: %s is not a number", arg);
	return *ret ? 0 : prism_error_raise(err, PRISM_ERROR_INVALID, "agent fault: 0 bytes mean none");
}

static int apply_fail_run(struct sb_agent_faults *faults, const char *arg, struct prism_error *err)
{
	faults->fail_run = true;
	return 0;
}

static int apply_slow(struct sb_agent_faults *faults, const char *arg, struct prism_error *err)
{
	return read_bytes(arg, 100000, &faults->slow_bytes_per_s, err);
}

static int apply_reject(struct sb_agent_faults *faults, const char *arg, struct prism_error *err)
{
	faults->early_reject = arg[0] ? arg : "agent not expecting this operation in the current state";
	return 0;
}

static int apply_drop(struct sb_agent_faults *faults, const char *arg, struct prism_error *err)
{
	return read_bytes(arg, 1, &faults->drop_after_bytes, err);
}

static int apply_drop_result(struct sb_agent_faults *faults, const char *arg,
                             struct prism_error *err)
{
	faults->drop_result = true;
	return 0;
}

static const struct kind kinds[] = {
    {"fail-run", "fail-run             every run fails with exit status 1", apply_fail_run},
    {"slow", "slow[=BYTES]         uploads and downloads at so many bytes a second (100000)",
     apply_slow},
    {"reject", "reject[=TEXT]        uploads and downloads are refused before reading",
     apply_reject},
    {"drop", "drop[=BYTES]         the connection is cut after so much of an upload (1)",
     apply_drop},
    {"drop-result", "drop-result          the connection is cut in the middle of the result",
     apply_drop_result},
};

static int apply(struct sb_agent_faults *faults, const char *spec, struct prism_error *err)
{
	const char *equals = strchr(spec, '=');
	size_t len = equals ? (size_t)(equals - spec) : strlen(spec);
	for (unsigned i = 0; i < PRISM_COUNT(kinds); i++)
		if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, spec, len) == 0)
			return kinds[i].apply(faults, equals ? equals + 1 : "", err);
	if (sb_atls_fault_parse(spec, &faults->attest, &faults->evidence, NULL) == 0)
		return 0;
	prism_error_raise(err, PRISM_ERROR_INVALID, "agent fault: %s is not a kind of fault", spec);
	prism_error_hint(err, "prism-sandbox --help lists them");
	return -1;
}

int sb_agent_faults_add(struct sb_agent_fault_rules *rules, const char *spec,
                        struct prism_error *err)
{
	struct sb_agent_faults ignored = {.fail_run = false};
	const char *at = strrchr(spec, '@');
	size_t length = at ? (size_t)(at - spec) : strlen(spec);

	if (rules->count == SB_AGENT_FAULT_RULES || length >= sizeof(rules->rules[0].fault) ||
	    (at && strlen(at + 1) >= sizeof(rules->rules[0].glob)))
		return prism_error_raise(err, PRISM_ERROR_LIMIT, "agent fault: too many or too long");
	char *fault = rules->rules[rules->count].fault;
	snprintf(fault, sizeof(rules->rules[0].fault), "%.*s", (int)length, spec);
	snprintf(rules->rules[rules->count].glob, sizeof(rules->rules[0].glob), "%s", at ? at + 1 : "");
	if (apply(&ignored, fault, err) < 0)
		return -1;
	rules->count++;
	return 0;
}

struct sb_agent_faults sb_agent_faults_of(const struct sb_agent_fault_rules *rules,
                                          const char *computation_name)
{
	struct sb_agent_faults faults = {.fail_run = false};

	for (size_t i = 0; i < rules->count; i++) {
		const char *glob = rules->rules[i].glob;

		if (*glob && fnmatch(glob, computation_name, 0) != 0)
			continue;
		int applied = apply(&faults, rules->rules[i].fault, NULL);
		(void)applied; /* it was, when the rule was added */
	}
	return faults;
}

static void attested_help(void (*line)(void *data, const char *text), void *data, const char *word,
                          const char *help)
{
	PRISM_AUTO_FREE char *text = prism_asprintf("%-20s attested TLS: %s", word, help);
	line(data, text);
}

void sb_agent_faults_help(void (*line)(void *data, const char *text), void *data)
{
	for (unsigned i = 0; i < PRISM_COUNT(kinds); i++)
		line(data, kinds[i].help);
	for (int fault = SB_ATLS_SOUND + 1; fault < SB_ATLS_FAULT_COUNT; fault++)
		attested_help(line, data, sb_atls_fault_word((enum sb_atls_fault)fault),
		              sb_atls_fault_help((enum sb_atls_fault)fault));
	for (int fault = SB_FORGE_SOUND + 1; fault < SB_FORGE_FAULT_COUNT; fault++)
		attested_help(line, data, sb_forge_fault_word((enum sb_forge_fault)fault),
		              sb_forge_fault_help((enum sb_forge_fault)fault));
}
