/*
 * Commands on evidence: judging a file, and everything in it.
 *
 * On the screen the answer opens as a view; after -c it is printed: the checks, or with "evidence
 * open" every decoded field too.  The exit code tells the verdict.
 */
#include "tui/cmd_evidence.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/cvm.h"
#include "core/options.h"
#include "core/policy.h"
#include "core/vendor.h"
#include "tui/commands.h"

#include <string.h>

int pt_command_hex(struct pt_command *command, const char *name, uint8_t *out, size_t size,
                   const uint8_t **ret, struct prism_error *err)
{
	const char *text = pt_command_get(command, name);
	size_t length;

	if (!text)
		return 0;
	if (strlen(text) != 2 * size || prism_hex_decode(text, 2 * size, out, size, &length, NULL) < 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s must be %zu bytes in hex", name,
		                         size);
	*ret = out;
	return 0;
}

static void set_records(struct pt_command *command, enum core_appraisal_detail detail)
{
	static const struct pt_record_column columns[] = {{"verdict", "Verdict"}, {NULL, NULL}};
	cJSON *doc = core_appraisal_json(command->appraisal, detail);
	PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
	PRISM_AUTO_FREE char *with_newline = prism_asprintf("%s\n", json);
	PRISM_AUTO_FREE char *text = core_appraisal_text(command->appraisal, detail);

	prism_json_free(doc);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, text, strlen(text));
	pt_records_json(command->records, with_newline);
}

/* The judgement is printed whether it is good or bad; the error then says which. */
static void answer(struct pt_command *command, struct core_judge *judge)
{
	enum pt_action_id id = pt_action_id(command->action);
	struct prism_error err = PRISM_ERROR_INIT;

	command->appraisal = core_judge_finish(judge);
	core_judge_destroy(judge);
	set_records(command,
	            id == PT_ACTION_EVIDENCE_VERIFY ? CORE_APPRAISAL_CHECKS : CORE_APPRAISAL_FULL);
	pt_command_rows(command);
	int rc = core_verdict_raise(core_appraisal_verdict(command->appraisal), &err);
	pt_command_done(command, rc < 0 ? &err : NULL);
}

/* The option, when the argument is not given; NULL: neither. */
static const char *given_or_option(struct pt_command *command, const char *name,
                                   enum core_option_id option)
{
	const char *given = pt_command_get(command, name);
	const char *text = core_option_text(command->world->options, option);

	return given ? given : *text ? text : NULL;
}

/* ---- what the evidence lacks ---- */

struct completing { /* kept until the vendor has answered */
	struct pt_command *command;
	struct core_judge *judge;
	int64_t at_us;
};

static struct core_vendor_want want_of(struct core_judge *judge, int64_t at_us)
{
	return (struct core_vendor_want){core_judge_evidence(judge), core_judge_trust(judge),
	                                 core_judge_policy(judge), at_us};
}

/* A service that does not answer is no reason not to judge: the verdict says what is missing. */
static void completed(void *data, const struct prism_error *err)
{
	struct completing c = *(struct completing *)data;
	char text[PRISM_ERROR_TEXT];

	prism_free(data);
	if (err && err->category == PRISM_ERROR_CANCELLED) {
		core_judge_destroy(c.judge);
		pt_command_done(c.command, err);
		return;
	}
	if (err)
		pt_command_say(c.command, "%s", prism_error_format(err, text, sizeof(text)));
	core_judge_note_certificates(c.judge, err ? prism_error_format(err, text, sizeof(text))
	                                          : "AMD's key service");
	answer(c.command, c.judge);
}

static void complete(struct pt_command *command, struct core_judge *judge, int64_t at_us)
{
	struct core_options *options = command->world->options;
	const struct core_vendor_want want = want_of(judge, at_us);
	const struct core_vendor_source source = {
	    .loop = command->world->loop, .url = core_option_text(options, CORE_OPT_AMD_KDS_URL)};
	unsigned lacked = core_vendor_missing(&want);
	unsigned missing = lacked ? core_vendor_from_cache(&want, NULL) : 0;
	struct prism_error err = PRISM_ERROR_INIT;
	struct completing *c;

	if (lacked && !missing)
		core_judge_note_certificates(judge, "the cache");
	if (missing && !core_option_bool(options, CORE_OPT_AMD_KDS))
		core_judge_note_certificates(judge,
		                             "nowhere: AMD's key service may not be asked (amd_kds=no)");
	if (!missing || !core_option_bool(options, CORE_OPT_AMD_KDS)) {
		answer(command, judge);
		return;
	}
	c = prism_alloc(sizeof(*c));
	*c = (struct completing){command, judge, at_us};
	if (core_vendor_fetch(&source, &want, command->cancel, completed, c, &err) < 0)
		completed(c, &err);
}

/* What the arguments and the configuration say, where the caller did not. */
static int read_arguments(struct pt_command *command, struct core_judge_spec *spec,
                          const char **certificates, uint8_t report_data[64], uint8_t nonce[32],
                          struct prism_error *err)
{
	spec->certificate_files = pt_command_all(command, "certificates", &spec->certificate_count);
	if (!spec->certificate_count) {
		*certificates = given_or_option(command, "certificates", CORE_OPT_AGENT_CERTIFICATES);
		spec->certificate_files = certificates;
		spec->certificate_count = *certificates != NULL;
	}
	spec->vcek_file = pt_command_get(command, "vcek");
	spec->crl_file = pt_command_get(command, "crl");
	spec->policy_file = pt_command_get(command, "policy");
	spec->policy_key_file = pt_command_get(command, "policy-key");
	spec->test_root_file = given_or_option(command, "test-root", CORE_OPT_TRUST_ROOT);
	if (pt_command_time(command, "at", &spec->at_us, err) < 0 ||
	    (!spec->report_data &&
	     pt_command_hex(command, "report-data", report_data, 64, &spec->report_data, err) < 0) ||
	    (!spec->nonce && pt_command_hex(command, "nonce", nonce, 32, &spec->nonce, err) < 0))
		return -1;
	if (spec->at_us == PRISM_TIME_UNSET)
		spec->at_us = prism_clock_wall_us(prism_loop_clock(command->world->loop));
	return 0;
}

void pt_command_judge(struct pt_command *command, struct core_judge_spec *spec)
{
	uint8_t report_data[64], nonce[32];
	const char *certificates;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_judge *judge = NULL;

	if (read_arguments(command, spec, &certificates, report_data, nonce, &err) == 0)
		judge = core_judge_create(spec, &err);
	else
		core_policy_destroy(spec->policy);
	if (judge)
		complete(command, judge, spec->at_us);
	else
		pt_command_done(command, &err);
}

void pt_cmd_evidence_verify(struct pt_command *command)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "file"));
	PRISM_AUTO_FREE char *source = prism_asprintf("file %s", path);
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);
	struct core_judge_spec spec = {.source = source};
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(path, CORE_EVIDENCE_MAX, &bytes, &err) < 0) {
		prism_error_wrap(&err, "evidence in %s", path);
		pt_command_done(command, &err);
		return;
	}
	spec.bytes = prism_buf_text(&bytes);
	spec.size = bytes.len;
	pt_command_judge(command, &spec);
}

/* ---- evidence of a CVM ---------------------------------------------------------------------- */

struct of_cvm { /* what was answered so far */
	struct prism_buf bytes;
	char *source;
	struct core_policy *policy; /* Prism's; NULL: another is named, or there is none */
};

static void of_cvm_free(void *state)
{
	struct of_cvm *c = state;

	prism_buf_finish(&c->bytes);
	core_policy_destroy(c->policy);
	prism_free(c->source);
	prism_free(c);
}

static int bind_to_certificate(struct pt_command *command, struct core_judge_spec *spec,
                               uint8_t report_data[64], uint8_t nonce[32], struct prism_error *err)
{
	const char *name = pt_command_get(command, "certificate");
	PRISM_AUTO_FREE char *path = name ? prism_path_expand(name) : NULL;
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(CORE_EVIDENCE_MAX);

	if (!path)
		return 0;
	if (prism_file_read(path, CORE_EVIDENCE_MAX, &pem, err) < 0)
		return -1;
	core_judge_certificate_binding(prism_buf_text(&pem), pem.len, report_data, nonce);
	spec->report_data = report_data;
	spec->nonce = nonce;
	return 0;
}

static void judge_cvm(struct pt_command *command)
{
	struct of_cvm *c = command->state;
	uint8_t report_data[64], nonce[32];
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_judge_spec spec = {
	    .source = c->source,
	    .bytes = prism_buf_text(&c->bytes),
	    .size = c->bytes.len,
	    .policy_source = "as Prism delivers it",
	};

	if (bind_to_certificate(command, &spec, report_data, nonce, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	spec.policy = PRISM_STEAL(c->policy);
	pt_command_judge(command, &spec);
}

/* A CVM without a policy is judged without one: the verdict then says what is missing. */
static void cvm_policy_here(void *data, const char *text, size_t len, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct of_cvm *c = command->state;
	struct prism_error bad = PRISM_ERROR_INIT;

	if (err && err->category == PRISM_ERROR_CANCELLED) {
		pt_command_done(command, err);
		return;
	}
	c->policy = err ? NULL : core_policy_parse(text, len, &bad);
	if (!c->policy)
		pt_command_say(command, "judged without a policy: %s", err ? err->message : bad.message);
	judge_cvm(command);
}

static int take_evidence(struct of_cvm *c, const struct core_cvm *cvm, struct prism_error *err)
{
	prism_buf_init(&c->bytes, CORE_EVIDENCE_MAX);
	c->source = prism_asprintf("CVM %s", cvm->name);
	if (!*cvm->attestation) {
		prism_error_raise(err, PRISM_ERROR_MISSING, "this CVM has given no evidence yet");
		prism_error_hint(err, "its agent sends it once it runs: look again when it is online");
		return -1;
	}
	if (prism_base64_decode(cvm->attestation, strlen(cvm->attestation), &c->bytes, err) < 0)
		return prism_error_wrap(err, "the evidence of CVM %s", cvm->name);
	return 0;
}

static void cvm_here(void *data, const struct core_cvm *cvm, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct of_cvm *c = prism_alloc(sizeof(*c));
	struct prism_error failed = PRISM_ERROR_INIT;

	command->state = c;
	command->state_free = of_cvm_free;
	if (err || take_evidence(c, cvm, &failed) < 0) {
		pt_command_done(command, err ? err : &failed);
		return;
	}
	if (pt_command_get(command, "policy")) {
		judge_cvm(command);
		return;
	}
	pt_command_try(command,
	               core_cvm_policy(command->core, pt_command_get(command, "cvm"), command->cancel,
	                               cvm_policy_here, command, &failed),
	               &failed);
}

void pt_cmd_cvm_evidence(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cvm_fetch(command->core, pt_command_get(command, "cvm"), command->cancel,
	                              cvm_here, command, &err),
	               &err);
}
