/*
 * Commands on evidence: judging a file, and computing the measurement evidence should have.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/work.h"
#include "core/evidence.h"
#include "core/launch.h"
#include "core/policy.h"
#include "core/trust.h"
#include "tui/commands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (1u << 20) /* certificates, lists, keys */

/* ---- evidence verify ------------------------------------------------------------------------ */

struct inputs { /* what the arguments name, read */
	struct core_trust *trust;
	struct core_policy *policy;
	struct core_evidence *evidence;
	uint8_t report_data[64], nonce[32];
	struct core_evidence_expectation expect;
};

static void inputs_finish(struct inputs *in)
{
	core_evidence_destroy(in->evidence);
	core_policy_destroy(in->policy);
	core_trust_destroy(in->trust);
}

static int read_file(const char *name, struct prism_buf *out, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(name);

	return prism_file_read(path, FILE_MAX, out, err);
}

static int add_certificates(struct pt_command *command, struct core_trust *trust,
                            struct prism_error *err)
{
	size_t count;
	const char *const *names = pt_command_all(command, "certificates", &count);

	for (size_t i = 0; i < count; i++) {
		PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);
		if (read_file(names[i], &pem, err) < 0 ||
		    core_trust_add_certificates(trust, prism_buf_text(&pem), pem.len, err) < 0)
			return prism_error_wrap(err, "certificates in %s", names[i]);
	}
	return 0;
}

static int add_test_root(struct pt_command *command, struct core_trust *trust,
                         struct prism_error *err)
{
	const char *name = pt_command_get(command, "test-root");
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);

	if (!name)
		return 0;
	if (read_file(name, &pem, err) < 0)
		return -1;
	return core_trust_add_test_root(trust, CORE_PIN_ARK, CORE_SNP_UNKNOWN, prism_buf_text(&pem),
	                                pem.len, err);
}

static int add_crl(struct pt_command *command, struct core_trust *trust, struct prism_error *err)
{
	const char *name = pt_command_get(command, "crl");
	PRISM_AUTO_BUF struct prism_buf der = PRISM_BUF_INIT(FILE_MAX);

	if (!name)
		return 0;
	if (read_file(name, &der, err) < 0)
		return -1;
	for (int product = CORE_SNP_UNKNOWN; product < CORE_SNP_PRODUCT_COUNT; product++)
		core_trust_set_crl(trust, (enum core_snp_product)product, prism_buf_text(&der), der.len);
	return 0;
}

static int read_policy(struct pt_command *command, struct core_policy **ret,
                       struct prism_error *err)
{
	const char *name = pt_command_get(command, "policy");
	const char *key = pt_command_get(command, "policy-key");
	PRISM_AUTO_FREE char *path = name ? prism_path_expand(name) : NULL;
	PRISM_AUTO_BUF struct prism_buf pem = PRISM_BUF_INIT(FILE_MAX);

	if (!path)
		return 0;
	*ret = core_policy_read(path, err);
	if (!*ret)
		return -1;
	if (!key)
		return 0;
	if (read_file(key, &pem, err) < 0)
		return -1;
	return core_policy_verify_signature(*ret, prism_buf_text(&pem), pem.len, err);
}

static int read_hex(struct pt_command *command, const char *name, uint8_t *out, size_t size,
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

static int read_inputs(struct pt_command *command, struct inputs *in, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "file"));

	in->trust = core_trust_create();
	if (pt_command_time(command, "at", &in->expect.at_us, err) < 0)
		return -1;
	if (in->expect.at_us == PRISM_TIME_UNSET)
		in->expect.at_us = prism_clock_wall_us(prism_loop_clock(command->world->loop));
	if (add_certificates(command, in->trust, err) < 0 ||
	    add_test_root(command, in->trust, err) < 0 || add_crl(command, in->trust, err) < 0 ||
	    read_policy(command, &in->policy, err) < 0 ||
	    read_hex(command, "report-data", in->report_data, 64, &in->expect.report_data, err) < 0 ||
	    read_hex(command, "nonce", in->nonce, 32, &in->expect.nonce, err) < 0)
		return -1;
	in->evidence = core_evidence_read(path, err);
	return in->evidence ? 0 : -1;
}

static int add_vcek(struct pt_command *command, struct inputs *in, struct prism_buf *der,
                    struct prism_error *err)
{
	const char *name = pt_command_get(command, "vcek");

	if (!name)
		return 0;
	if (read_file(name, der, err) < 0)
		return -1;
	return core_evidence_set_vcek(in->evidence, (const uint8_t *)der->data, der->len, err);
}

static void print_verdict(struct pt_command *command, const struct core_verdict *verdict)
{
	static const struct pt_record_column columns[] = {{"verdict", "Verdict"}, {NULL, NULL}};
	cJSON *doc = core_verdict_json(verdict);
	PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
	PRISM_AUTO_FREE char *with_newline = prism_asprintf("%s\n", json);
	PRISM_AUTO_FREE char *text = core_verdict_text(verdict);

	prism_json_free(doc);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, text, strlen(text));
	pt_records_json(command->records, with_newline);
	pt_command_rows(command);
}

void pt_cmd_evidence_verify(struct pt_command *command)
{
	struct inputs in = {.expect = {.at_us = PRISM_TIME_UNSET}};
	PRISM_AUTO_BUF struct prism_buf vcek = PRISM_BUF_INIT(FILE_MAX);
	struct prism_error err = PRISM_ERROR_INIT;
	int rc = read_inputs(command, &in, &err);

	if (rc == 0)
		rc = add_vcek(command, &in, &vcek, &err);
	if (rc == 0) {
		struct core_verdict *verdict = core_verdict_create();
		core_verdict_note(verdict, "evidence", "%s",
		                  core_evidence_kind_word(core_evidence_kind(in.evidence)));
		core_evidence_verify(in.evidence, in.policy, in.trust, &in.expect, verdict);
		core_verdict_conclude(verdict);
		print_verdict(command, verdict);
		rc = core_verdict_raise(verdict, &err);
		core_verdict_destroy(verdict);
	}
	inputs_finish(&in);
	pt_command_done(command, rc < 0 ? &err : NULL);
}

/* ---- measure snp ---------------------------------------------------------------------------- */

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
	    read_hex(command, "snp-ovmf-hash", m->ovmf_digest, sizeof(m->ovmf_digest), &digest, err) <
	        0)
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
