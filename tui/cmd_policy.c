/*
 * Commands on attestation policies: explain, compare, show, set values, extend by manifests, make
 * a CoRIM.  On the screen explaining and comparing open a page (tui/page.h).
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/cvm.h"
#include "core/launch.h"
#include "core/policy.h"
#include "core/policy_facts.h"
#include "core/policy_file.h"
#include "core/run.h"
#include "tui/commands.h"
#include "tui/page.h"

#include <string.h>

#define MANIFEST_MAX (16u << 20) /* a manifest lists hashes; real ones are kilobytes */

static void end(struct pt_command *command, int rc, const struct prism_error *err)
{
	pt_command_done(command, rc < 0 ? err : NULL);
}

/* Replaces the file; what it was before stays beside it. */
static int write_back(struct pt_command *command, const char *path,
                      const struct core_policy *policy, const char *what, struct prism_error *err)
{
	bool kept;

	if (core_policy_save(policy, path, &kept, err) < 0)
		return -1;
	if (kept)
		pt_command_message(command, "%s written; original kept as %s.orig", what,
		                   prism_path_base(path));
	else
		pt_command_message(command, "%s written to %s", what, path);
	return 0;
}

static struct core_policy *read_policy(struct pt_command *command, char **ret_path,
                                       struct prism_error *err)
{
	*ret_path = prism_path_expand(pt_command_get(command, "policy"));
	return core_policy_read(*ret_path, err);
}

void pt_cmd_policy_show(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {{"policy", "Policy"}, {NULL, NULL}};
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4u * CORE_POLICY_MAX);
	struct core_policy *policy = read_policy(command, &path, &err);
	int rc = -1;

	if (policy && core_policy_kind(policy) == CORE_POLICY_CORIM)
		prism_error_raise(&err, PRISM_ERROR_INVALID,
		                  "a CoRIM is binary: 'evidence verify' names its reference values");
	else if (policy)
		rc = core_policy_print(policy, &out, &err);
	if (rc == 0) {
		prism_buf_putc(&out, '\n');
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_document(command->records, out.data, out.len);
	}
	core_policy_destroy(policy);
	end(command, rc, &err);
}

typedef int (*set_fn)(struct core_policy *policy, const char *text, struct prism_error *err);

static void set_value(struct pt_command *command, set_fn set, size_t size, const char *what)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;
	PRISM_AUTO_FREE char *value = core_policy_value(pt_command_get(command, "value"), size, &err);
	struct core_policy *policy = value ? read_policy(command, &path, &err) : NULL;
	int rc = policy ? set(policy, value, &err) : -1;

	if (rc == 0)
		rc = write_back(command, path, policy, what, &err);
	core_policy_destroy(policy);
	end(command, rc, &err);
}

void pt_cmd_policy_measurement(struct pt_command *command)
{
	set_value(command, core_policy_set_measurement, 48, "measurement");
}

void pt_cmd_policy_host_data(struct pt_command *command)
{
	set_value(command, core_policy_set_host_data, 32, "host data");
}

static int extend_by(struct core_policy *policy, enum core_policy_extend form, const char *name,
                     struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(MANIFEST_MAX);

	if (prism_file_read(path, MANIFEST_MAX, &bytes, err) < 0)
		return prism_error_wrap(err, "manifest %s", path);
	return core_policy_extend(policy, form, prism_buf_text(&bytes), bytes.len, err);
}

void pt_cmd_policy_extend(struct pt_command *command)
{
	bool as_tpm = pt_command_flag(command, "as-tpm");
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;
	struct core_policy *policy = read_policy(command, &path, &err);
	size_t count;
	const char *const *manifests = pt_command_all(command, "manifest", &count);
	int rc = policy ? 0 : -1;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = extend_by(policy, as_tpm ? CORE_EXTEND_AS_TPM : CORE_EXTEND_COMPATIBLE, manifests[i],
		               &err);
	PRISM_AUTO_FREE char *what =
	    prism_asprintf("PCR 16, extended by %zu manifest%s %s", count, count == 1 ? "" : "s",
	                   as_tpm ? "as the TPM does" : "as the official command does");
	if (rc == 0)
		rc = write_back(command, path, policy, what, &err);
	core_policy_destroy(policy);
	end(command, rc, &err);
}

void pt_cmd_policy_corim(struct pt_command *command)
{
	const char *product = pt_command_get(command, "product");
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "output"));
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *value =
	    core_policy_value(pt_command_get(command, "value"), CORE_LAUNCH_DIGEST, &err);
	uint8_t measurement[CORE_LAUNCH_DIGEST];
	int rc = value ? core_policy_decode(value, sizeof(measurement), measurement, &err) : -1;

	if (rc == 0) {
		core_policy_make_corim(measurement,
		                       product ? core_snp_product_parse(product) : CORE_SNP_UNKNOWN, &out);
		rc = prism_file_write(path, out.data, out.len, 0644, &err);
	}
	if (rc == 0)
		pt_command_message(command, "CoRIM with one reference value written to %s", path);
	end(command, rc, &err);
}

/* ---- explain, compare ----------------------------------------------------------------------- */

/* The tree as text, and as JSON with a few members of its own in front. */
static void set_facts(struct pt_command *command, const struct core_facts *facts,
                      const struct core_fact_names *names, cJSON *doc /* given */)
{
	static const struct pt_record_column columns[] = {{"policy", "Policy"}, {NULL, NULL}};
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(16u * CORE_POLICY_MAX);

	core_facts_text(facts, names, &text);
	cJSON_AddItemToObject(doc, "facts", core_facts_json(facts));
	PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
	PRISM_AUTO_FREE char *with_newline = prism_asprintf("%s\n", json);
	cJSON_Delete(doc);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, prism_buf_text(&text), text.len);
	pt_records_json(command->records, with_newline);
}

/* policy: given. path: NULL when it is no file. */
static void explain(struct pt_command *command, struct core_policy *policy, const char *path,
                    const char *source)
{
	struct core_facts *facts = core_policy_facts(policy);
	cJSON *doc = cJSON_CreateObject();

	cJSON_AddStringToObject(doc, "source", source);
	cJSON_AddStringToObject(doc, "kind", core_policy_kind_word(core_policy_kind(policy)));
	cJSON_AddStringToObject(doc, "sha256", core_policy_id(policy));
	set_facts(command, facts, NULL, doc);
	command->page = pt_page_policy(policy, facts, path, source);
	pt_command_done(command, NULL);
}

void pt_cmd_policy_explain(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;
	struct core_policy *policy = read_policy(command, &path, &err);

	if (policy)
		explain(command, policy, path, path);
	else
		pt_command_done(command, &err);
}

static int compare(struct pt_command *command, const char *a_path, const char *b_path,
                   struct prism_error *err)
{
	static const struct core_fact_names names = {"first", "second"};
	struct core_policy *a = core_policy_read(a_path, err);
	struct core_policy *b = a ? core_policy_read(b_path, err) : NULL;
	struct core_facts *facts = b ? core_policy_compare(a, b, err) : NULL;

	core_policy_destroy(a);
	core_policy_destroy(b);
	if (!facts)
		return -1;
	size_t differences = core_facts_count_state(facts, CORE_FACT_DIFFERS);
	PRISM_AUTO_FREE char *title = prism_asprintf("%s beside %s", a_path, b_path);
	cJSON *doc = cJSON_CreateObject();
	cJSON_AddStringToObject(doc, "first", a_path);
	cJSON_AddStringToObject(doc, "second", b_path);
	cJSON_AddBoolToObject(doc, "same", differences == 0);
	cJSON_AddNumberToObject(doc, "differences", (double)differences);
	set_facts(command, facts, &names, doc);
	command->page = pt_page_comparison(facts, title);
	if (!differences)
		return 0;
	prism_error_raise(err, PRISM_ERROR_CONFLICT, "the policies differ in %zu field%s", differences,
	                  differences == 1 ? "" : "s");
	return -1;
}

void pt_cmd_policy_compare(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *a = prism_path_expand(pt_command_get(command, "policy"));
	PRISM_AUTO_FREE char *b = prism_path_expand(pt_command_get(command, "other"));
	int rc = compare(command, a, b, &err);

	if (command->records)
		pt_command_rows(command); /* told whether they differ or not */
	end(command, rc, &err);
}

/* ---- of a CVM, of a run --------------------------------------------------------------------- */

static void policy_here(void *data, const char *text, size_t len, const struct prism_error *err)
{
	struct pt_command *command = data;
	const char *path = pt_command_get(command, "save");
	PRISM_AUTO_FREE char *expanded = path ? prism_path_expand(path) : NULL;
	struct prism_error failed = PRISM_ERROR_INIT;
	struct core_policy *policy;

	if (!err && expanded &&
	    (pt_command_new_file(command, expanded, &failed) < 0 ||
	     prism_file_write(expanded, text, len, 0644, &failed) < 0))
		err = &failed;
	if (err || expanded) {
		if (!err)
			pt_command_message(command, "attestation policy saved as %s", expanded);
		pt_command_done(command, err);
		return;
	}
	policy = core_policy_parse(text, len, &failed);
	if (policy)
		command->page = pt_page_policy(policy, core_policy_facts(policy), NULL, command->state);
	else
		pt_command_say(command, "shown as it came: %s", failed.message);
	static const struct pt_record_column columns[] = {{"policy", "Policy"}, {NULL, NULL}};
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, text, len);
	pt_command_done(command, NULL);
}

static void fetch_policy(struct pt_command *command, const char *cvm, const char *source)
{
	struct prism_error err = PRISM_ERROR_INIT;

	command->state = prism_strdup(source);
	command->state_free = prism_free;
	pt_command_try(command,
	               core_cvm_policy(command->core, cvm, command->cancel, policy_here, command, &err),
	               &err);
}

void pt_cmd_cvm_policy(struct pt_command *command)
{
	const char *id = pt_command_get(command, "cvm");
	const struct core_cvm *cvm = core_cvm_get(command->core, id);
	PRISM_AUTO_FREE char *source = prism_asprintf("CVM %s", cvm ? cvm->name : id);

	fetch_policy(command, id, source);
}

static void timeline_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	const struct core_card *card =
	    core_card_find(command->core, pt_command_get(command, "computation"), NULL);
	struct prism_error none = PRISM_ERROR_INIT;

	if (!err && (!card || !*card->run.cvm_id)) {
		prism_error_raise(&none, PRISM_ERROR_MISSING, "it never ran on a CVM that is known");
		prism_error_hint(&none, "run it first, or name the CVM: cvm policy CVM");
		err = &none;
	}
	if (err) {
		pt_command_done(command, err);
		return;
	}
	PRISM_AUTO_FREE char *source = prism_asprintf(
	    "the run on CVM %s", *card->run.cvm_name ? card->run.cvm_name : card->run.cvm_id);
	fetch_policy(command, card->run.cvm_id, source);
}

void pt_cmd_run_policy(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_timeline_await(command->core, pt_command_get(command, "computation"), true,
	                                   command->cancel, timeline_here, command, &err),
	               &err);
}
