/*
 * Commands on attestation policy files: show, set values, extend by manifests, make a CoRIM.
 *
 * A file is replaced atomically with its mode kept; a failure on the way leaves it as it was.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/policy.h"
#include "tui/commands.h"

#include <string.h>
#include <sys/stat.h>

#define MANIFEST_MAX (16u << 20) /* a manifest lists hashes; real ones are kilobytes */

static void end(struct pt_command *command, int rc, const struct prism_error *err)
{
	pt_command_done(command, rc < 0 ? err : NULL);
}

static int write_back(const char *path, const struct core_policy *policy, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4u * CORE_POLICY_MAX);
	struct stat st;
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;

	if (core_policy_print(policy, &out, err) < 0)
		return -1;
	return prism_file_write(path, out.data, out.len, mode, err);
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

static void set_value(struct pt_command *command, set_fn set, const char *what)
{
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = NULL;
	struct core_policy *policy = read_policy(command, &path, &err);
	int rc = policy ? set(policy, pt_command_get(command, "value"), &err) : -1;

	if (rc == 0)
		rc = write_back(path, policy, &err);
	core_policy_destroy(policy);
	if (rc == 0)
		pt_command_message(command, "%s written to %s", what, path);
	end(command, rc, &err);
}

void pt_cmd_policy_measurement(struct pt_command *command)
{
	set_value(command, core_policy_set_measurement, "measurement");
}

void pt_cmd_policy_host_data(struct pt_command *command)
{
	set_value(command, core_policy_set_host_data, "host data");
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
	if (rc == 0)
		rc = write_back(path, policy, &err);
	core_policy_destroy(policy);
	if (rc == 0)
		pt_command_message(command, "PCR 16 of %s extended by %zu manifest%s, %s", path, count,
		                   count == 1 ? "" : "s",
		                   as_tpm ? "as the TPM does" : "as the official command does");
	end(command, rc, &err);
}

void pt_cmd_policy_corim(struct pt_command *command)
{
	const char *product = pt_command_get(command, "product");
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "output"));
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(CORE_POLICY_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	uint8_t measurement[48];
	int rc = core_policy_decode(pt_command_get(command, "value"), sizeof(measurement), measurement,
	                            &err);

	if (rc == 0) {
		core_policy_make_corim(measurement,
		                       product ? core_snp_product_parse(product) : CORE_SNP_UNKNOWN, &out);
		rc = prism_file_write(path, out.data, out.len, 0644, &err);
	}
	if (rc == 0)
		pt_command_message(command, "CoRIM with one reference value written to %s", path);
	end(command, rc, &err);
}
