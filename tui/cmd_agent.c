/*
 * What an agent tells about itself: attestation evidence, the kernel's list of measured files,
 * Azure's token.  Each is asked for on a connection of its own, kept as it came when --save says
 * so, and then looked at: evidence is judged like any other, a list is replayed, a token is read.
 *
 * Evidence is asked for nonces made at that moment, unless others are given; so it is fresh even
 * where the connection is not attested.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/agent.h"
#include "core/appraisal.h"
#include "core/ima.h"
#include "core/token.h"
#include "net/crypto.h"
#include "tui/agent_reach.h"
#include "tui/cmd_evidence.h"
#include "tui/commands.h"
#include "tui/page.h"

#include <string.h>

#define JWKS_MAX (256u << 10)

enum question { ASK_ATTESTATION, ASK_IMA, ASK_TOKEN };

struct asking {
	struct pt_command *command;
	enum question question;
	enum core_attestation_type type;
	struct core_agent *agent;
	uint8_t tee_nonce[64], vtpm_nonce[32];
};

static void asking_free(void *state)
{
	struct asking *a = state;

	core_agent_destroy(a->agent);
	prism_free(a);
}

/* ---- answers -------------------------------------------------------------------------------- */

static int save(struct pt_command *command, const void *file, size_t len, struct prism_error *err)
{
	const char *name = pt_command_get(command, "save");
	PRISM_AUTO_FREE char *path = name ? prism_path_expand(name) : NULL;

	if (!path)
		return 0;
	if (prism_file_write(path, file, len, 0600, err) < 0)
		return -1;
	pt_command_say(command, "%zu bytes saved as %s", len, path);
	return 0;
}

/* facts: given. */
static void report(struct pt_command *command, struct core_facts *facts, const char *title,
                   enum pt_slot tone, const char *outcome)
{
	static const struct pt_record_column columns[] = {{"report", "Report"}, {NULL, NULL}};
	static const struct core_fact_names names = {"found", "given"};
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(64u << 20);
	cJSON *doc = cJSON_CreateObject();

	prism_buf_printf(&text, "%s\n\n", outcome);
	core_facts_text(facts, &names, &text);
	cJSON_AddStringToObject(doc, "title", title);
	cJSON_AddStringToObject(doc, "outcome", outcome);
	cJSON_AddItemToObject(doc, "facts", core_facts_json(facts));
	PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
	PRISM_AUTO_FREE char *with_newline = prism_asprintf("%s\n", json);
	cJSON_Delete(doc);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, prism_buf_text(&text), text.len);
	pt_records_json(command->records, with_newline);
	command->page = pt_page_report(facts, title, tone, outcome);
}

static void ima_here(struct pt_command *command, const char *list, size_t len, const uint8_t *pcr10)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_ima ima;

	core_ima_replay(list, len, pcr10, &ima);
	report(command, core_ima_facts(list, len, pcr10), "Files measured by the kernel (IMA)",
	       ima.matches ? PT_SLOT_GOOD : PT_SLOT_BAD,
	       !pcr10        ? "PCR 10 did not come with the list: nothing to compare with"
	       : ima.matches ? "The list replays to PCR 10, as the agent tells it"
	                     : "The list does NOT replay to PCR 10");
	if (ima.matches) {
		pt_command_done(command, NULL);
		return;
	}
	pt_command_rows(command);
	prism_error_raise(&err, PRISM_ERROR_TRUST, "the list does not replay to PCR 10");
	pt_command_done(command, &err);
}

static int read_jwks(struct pt_command *command, struct prism_buf *out, struct prism_error *err)
{
	const char *name = pt_command_get(command, "jwks");
	PRISM_AUTO_FREE char *path = name ? prism_path_expand(name) : NULL;

	return path ? prism_file_read(path, JWKS_MAX, out, err) : 0;
}

static enum pt_slot tone_of(const struct core_token *token)
{
	if (core_token_signature(token) == CORE_TOKEN_BAD || core_token_dates(token) == CORE_TOKEN_BAD)
		return PT_SLOT_BAD;
	return PT_SLOT_WARN; /* a token is never more than a service's word */
}

void pt_command_token(struct pt_command *command, const char *text, size_t len, int64_t at_us)
{
	PRISM_AUTO_BUF struct prism_buf jwks = PRISM_BUF_INIT(JWKS_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_token *token = core_token_parse(text, len, &err);
	bool given = pt_command_get(command, "jwks") != NULL;

	if (!token || read_jwks(command, &jwks, &err) < 0 ||
	    core_token_check(token, given ? prism_buf_text(&jwks) : NULL, jwks.len, at_us, &err) < 0) {
		core_token_destroy(token);
		pt_command_done(command, &err);
		return;
	}
	bool bad = tone_of(token) == PT_SLOT_BAD;
	report(command, core_token_facts(token), "Azure attestation token", tone_of(token),
	       core_token_summary(token));
	if (bad) {
		pt_command_rows(command);
		prism_error_raise(&err, PRISM_ERROR_TRUST, "%s", core_token_summary(token));
	}
	core_token_destroy(token);
	pt_command_done(command, bad ? &err : NULL);
}

static int64_t now_us(const struct pt_command *command)
{
	return prism_clock_wall_us(prism_loop_clock(command->world->loop));
}

static void evidence_here(struct asking *a, const void *file, size_t len)
{
	struct core_judge_spec spec = {
	    .source = "the agent, asked now",
	    .bytes = file,
	    .size = len,
	    .report_data = a->tee_nonce,
	    .nonce = a->vtpm_nonce,
	};

	pt_command_judge(a->command, &spec);
}

static void answered(void *data, const void *file, size_t len, const uint8_t *pcr10,
                     const struct prism_error *err)
{
	struct asking *a = data;
	struct pt_command *command = a->command;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err && err->category == PRISM_ERROR_TRUST)
		command->appraisal = core_appraisal_ref(core_agent_appraisal(a->agent));
	if (!err && save(command, file, len, &failed) < 0)
		err = &failed;
	if (err)
		pt_command_done(command, err);
	else if (a->question == ASK_ATTESTATION)
		evidence_here(a, file, len);
	else if (a->question == ASK_IMA)
		ima_here(command, file, len, pcr10);
	else
		pt_command_token(command, file, len, now_us(command));
}

/* ---- questions ------------------------------------------------------------------------------ */

static struct core_agent_call *ask(struct asking *a, struct prism_error *err)
{
	struct prism_cancel *cancel = a->command->cancel;

	switch (a->question) {
	case ASK_ATTESTATION:
		return core_agent_attestation(a->agent, a->type, a->tee_nonce, sizeof(a->tee_nonce),
		                              a->vtpm_nonce, sizeof(a->vtpm_nonce), answered, a, cancel,
		                              err);
	case ASK_IMA:
		return core_agent_ima(a->agent, answered, a, cancel, err);
	default:
		return core_agent_azure_token(a->agent, a->vtpm_nonce, sizeof(a->vtpm_nonce), answered, a,
		                              cancel, err);
	}
}

static void agent_here(void *data, const char *address, enum core_tls_mode mode)
{
	struct asking *a = data;
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_agent_connection *connection = pt_agent_connection(a->command, address, mode, &err);

	if (connection)
		a->agent = core_agent_create(a->command->world->loop, a->command->world->work, connection,
		                             NULL, NULL, &err);
	core_agent_connection_destroy(connection);
	if (!a->agent || !ask(a, &err))
		pt_command_done(a->command, &err);
}

/* Given ones, else new ones. */
static int choose_nonces(struct asking *a, struct prism_error *err)
{
	const uint8_t *given = NULL;

	net_random_bytes(a->tee_nonce, sizeof(a->tee_nonce));
	net_random_bytes(a->vtpm_nonce, sizeof(a->vtpm_nonce));
	if (a->question == ASK_ATTESTATION && pt_command_hex(a->command, "report-data", a->tee_nonce,
	                                                     sizeof(a->tee_nonce), &given, err) < 0)
		return -1;
	return a->question == ASK_IMA ? 0
	                              : pt_command_hex(a->command, "nonce", a->vtpm_nonce,
	                                               sizeof(a->vtpm_nonce), &given, err);
}

static enum core_attestation_type type_of(struct pt_command *command)
{
	static const struct {
		const char *word;
		enum core_attestation_type type;
	} types[] = {{"snp", CORE_ATTESTATION_SNP},
	             {"vtpm", CORE_ATTESTATION_VTPM},
	             {"snp-vtpm", CORE_ATTESTATION_SNP_VTPM},
	             {"azure", CORE_ATTESTATION_AZURE},
	             {"tdx", CORE_ATTESTATION_TDX}};
	const char *word = pt_command_get(command, "type");

	for (size_t i = 0; word && i < PRISM_COUNT(types); i++)
		if (!strcmp(types[i].word, word))
			return types[i].type;
	return CORE_ATTESTATION_SNP_VTPM;
}

static void start(struct pt_command *command, enum question question)
{
	struct asking *a = prism_alloc(sizeof(*a));
	struct prism_error err = PRISM_ERROR_INIT;

	a->command = command;
	a->question = question;
	command->state = a;
	command->state_free = asking_free;
	if (question == ASK_ATTESTATION)
		a->type = type_of(command);
	if (choose_nonces(a, &err) < 0)
		pt_command_done(command, &err);
	else
		pt_agent_reach(command, agent_here, a);
}

void pt_cmd_agent_attestation(struct pt_command *command)
{
	start(command, ASK_ATTESTATION);
}

void pt_cmd_agent_ima(struct pt_command *command)
{
	start(command, ASK_IMA);
}

void pt_cmd_agent_azure_token(struct pt_command *command)
{
	start(command, ASK_TOKEN);
}

void pt_cmd_evidence_token(struct pt_command *command)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "file"));
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(CORE_TOKEN_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	int64_t at_us;

	if (pt_command_time(command, "at", &at_us, &err) < 0 ||
	    prism_file_read(path, CORE_TOKEN_MAX, &text, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_token(command, prism_buf_text(&text), text.len,
	                 at_us == PRISM_TIME_UNSET ? now_us(command) : at_us);
}
