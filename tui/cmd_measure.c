/*
 * The launch measurement of a SEV-SNP guest, computed on a worker from the files it starts with.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/work.h"
#include "core/launch.h"
#include "core/policy.h"
#include "tui/cmd_evidence.h"
#include "tui/commands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct measuring {
	struct pt_command *command;
	struct core_launch_spec spec;
	char *ovmf, *kernel, *initrd, *svsm; /* owned: expanded paths */
	uint8_t ovmf_digest[CORE_LAUNCH_DIGEST], digest[CORE_LAUNCH_DIGEST];
	struct prism_error err;
	int rc;
};

static void measuring_free(void *state)
{
	struct measuring *m = state;

	prism_free(m->ovmf);
	prism_free(m->kernel);
	prism_free(m->initrd);
	prism_free(m->svsm);
	prism_free(m);
}

static char *path_argument(struct pt_command *command, const char *name)
{
	const char *value = pt_command_get(command, name);

	return value ? prism_path_expand(value) : NULL;
}

static int hex_number(struct pt_command *command, const char *name, uint64_t max, uint64_t *ret,
                      struct prism_error *err)
{
	const char *text = pt_command_get(command, name);
	char *end;

	if (!text)
		return 0;
	const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
	if (strlen(digits) == 0 || strlen(digits) > 16 ||
	    strspn(digits, "0123456789abcdefABCDEF") != strlen(digits))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s must be a number in hex", name);
	uint64_t value = strtoull(digits, &end, 16);
	if (value > max)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "--%s is too large", name);
	*ret = value;
	return 0;
}

static int read_cpu(struct pt_command *command, struct core_launch_spec *spec,
                    struct prism_error *err)
{
	const char *type = pt_command_get(command, "vcpu-type");
	uint64_t signature = 0, features = spec->guest_features;

	spec->vcpus = (unsigned)pt_command_number(command, "vcpus", 1);
	if (hex_number(command, "vcpu-sig", UINT32_MAX, &signature, err) < 0 ||
	    hex_number(command, "guest-features", UINT64_MAX, &features, err) < 0)
		return -1;
	spec->vcpu_signature = (uint32_t)signature;
	spec->guest_features = features;
	return type ? core_launch_cpu_parse(type, &spec->vcpu_signature, err) : 0;
}

static int read_spec(struct measuring *m, struct prism_error *err)
{
	struct pt_command *command = m->command;
	const char *vmm = pt_command_get(command, "vmm-type");
	const uint8_t *digest = NULL;

	m->spec = (struct core_launch_spec)CORE_LAUNCH_SPEC_INIT;
	m->spec.ovmf = m->ovmf = path_argument(command, "ovmf");
	m->spec.kernel = m->kernel = path_argument(command, "kernel");
	m->spec.initrd = m->initrd = path_argument(command, "initrd");
	m->spec.svsm = m->svsm = path_argument(command, "svsm");
	m->spec.append = pt_command_get(command, "append");
	m->spec.vars_size = pt_command_number(command, "vars-size", 0);
	if ((vmm && core_launch_vmm_parse(vmm, &m->spec.vmm, err) < 0) ||
	    read_cpu(command, &m->spec, err) < 0 ||
	    pt_command_hex(command, "snp-ovmf-hash", m->ovmf_digest, sizeof(m->ovmf_digest), &digest,
	                   err) < 0)
		return -1;
	m->spec.ovmf_digest = digest;
	return 0;
}

static void measure(void *data)
{
	struct measuring *m = data;

	m->rc = core_launch_measure(&m->spec, m->command->cancel, m->digest, &m->err);
}

static int put_into_policy(struct measuring *m, const char *hex)
{
	PRISM_AUTO_FREE char *path = path_argument(m->command, "policy");
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4u * CORE_POLICY_MAX);
	struct stat st;

	if (!path)
		return 0;
	struct core_policy *policy = core_policy_read(path, &m->err);
	int rc = policy ? core_policy_set_measurement(policy, hex, &m->err) : -1;
	if (rc == 0)
		rc = core_policy_print(policy, &out, &m->err);
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
	if (rc == 0)
		rc = prism_file_write(path, out.data, out.len, mode, &m->err);
	core_policy_destroy(policy);
	if (rc == 0)
		pt_command_message(m->command, "measurement written to %s", path);
	return rc;
}

static void measured(void *data, bool cancelled)
{
	static const struct pt_record_column columns[] = {
	    {"measurement", "Measurement"}, {"base64", "Base64"}, {NULL, NULL}};
	struct measuring *m = data;
	struct pt_command *command = m->command;
	char hex[2 * CORE_LAUNCH_DIGEST + 1];

	if (cancelled)
		m->rc = prism_error_raise(&m->err, PRISM_ERROR_CANCELLED, "cancelled");
	prism_hex_encode(m->digest, sizeof(m->digest), hex);
	if (m->rc == 0)
		m->rc = put_into_policy(m, hex);
	if (m->rc == 0) {
		PRISM_AUTO_FREE char *base64 = prism_base64_encode(m->digest, sizeof(m->digest));
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, hex);
		pt_records_text(command->records, base64);
	}
	pt_command_done(command, m->rc < 0 ? &m->err : NULL);
}

void pt_cmd_measure_snp(struct pt_command *command)
{
	struct measuring *m = prism_alloc(sizeof(*m));
	struct prism_error err = PRISM_ERROR_INIT;

	m->command = command;
	command->state = m;
	command->state_free = measuring_free;
	if (read_spec(m, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	prism_work_submit(command->world->work, command->cancel, measure, measured, m);
}
