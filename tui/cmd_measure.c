/*
 * The launch measurement of a SEV-SNP guest, computed on a worker from the files it starts with.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/work.h"
#include "core/facts.h"
#include "core/launch.h"
#include "core/policy_file.h"
#include "tui/cmd_evidence.h"
#include "tui/commands.h"
#include "tui/page.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TELL_MS 250 /* progress is told four times a second */

struct measuring {
	struct pt_command *command;
	struct core_launch_spec spec;
	char *ovmf, *kernel, *initrd, *svsm; /* owned: expanded paths */
	uint8_t ovmf_digest[CORE_LAUNCH_DIGEST], digest[CORE_LAUNCH_DIGEST];
	_Atomic uint64_t done, total; /* bytes read; written by the worker */
	struct prism_timer *timer;    /* tells them */
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
	prism_timer_remove(m->timer);
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

/* On the worker: only the counters are touched. */
static void measuring_progress(void *data, uint64_t done, uint64_t total)
{
	struct measuring *m = data;

	atomic_store(&m->total, total);
	atomic_store(&m->done, done);
}

static void measure(void *data)
{
	struct measuring *m = data;

	m->rc = core_launch_measure(&m->spec, m->command->cancel, m->digest, &m->err);
}

static void tell(void *data)
{
	struct measuring *m = data;

	pt_command_progress(m->command, "measuring", atomic_load(&m->done), atomic_load(&m->total));
}

static int put_into_policy(struct measuring *m, const char *hex)
{
	PRISM_AUTO_FREE char *path = path_argument(m->command, "policy");
	bool kept = false;

	if (!path)
		return 0;
	struct core_policy *policy = core_policy_read(path, &m->err);
	int rc = policy ? core_policy_set_measurement(policy, hex, &m->err) : -1;
	if (rc == 0)
		rc = core_policy_save(policy, path, &kept, &m->err);
	core_policy_destroy(policy);
	if (rc == 0 && kept)
		pt_command_message(m->command, "measurement written; original kept as %s.orig",
		                   prism_path_base(path));
	else if (rc == 0)
		pt_command_message(m->command, "measurement written to %s", path);
	return rc;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void fact(struct core_facts *facts, const char *key, const char *label, const char *meaning,
                 const char *value)
{
	core_facts_addf(facts, 1, label, "of.%s", key);
	core_facts_meaning(facts, meaning);
	core_facts_value(facts, "%s", value);
}

static void file_fact(struct core_facts *facts, const char *key, const char *label,
                      const char *meaning, const char *path)
{
	if (path)
		fact(facts, key, label, meaning, path);
}

/* What was measured, so that the page can be read without remembering what was typed. */
static struct core_facts *facts_of(const struct measuring *m)
{
	struct core_facts *facts = core_facts_create();
	const struct core_launch_spec *spec = &m->spec;
	PRISM_AUTO_FREE char *vcpus =
	    prism_asprintf("%u of signature 0x%x", spec->vcpus, (unsigned)spec->vcpu_signature);

	core_facts_add(facts, 0, "measurement", "Measurement");
	core_facts_add(facts, 1, "measurement.launch", "MEASUREMENT");
	core_facts_meaning(facts, "what a SEV-SNP report of a guest started so must contain");
	core_facts_raw(facts, m->digest, sizeof(m->digest), -1);
	core_facts_add(facts, 0, "of", "Measured");
	file_fact(facts, "ovmf", "firmware", "every page of it", spec->ovmf);
	file_fact(facts, "svsm", "SVSM", "every page of it, below the firmware", spec->svsm);
	file_fact(facts, "kernel", "kernel", "its SHA-256, in the table of kernel hashes",
	          spec->kernel);
	file_fact(facts, "initrd", "initrd", "its SHA-256, in the same table", spec->initrd);
	if (spec->kernel)
		fact(facts, "append", "command line", "byte for byte, with the zero behind it",
		     spec->append ? spec->append : "");
	fact(facts, "vcpus", "vCPUs", "their number and type: one page for each", vcpus);
	fact(facts, "vmm", "hypervisor", "its registers at reset are part of those pages",
	     core_launch_vmm_word(spec->vmm));
	return facts;
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
		command->page = pt_page_measurement(facts_of(m), hex);
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
	m->spec.progress = measuring_progress;
	m->spec.progress_data = m;
	m->timer = prism_loop_add_timer(command->world->loop, TELL_MS, TELL_MS, tell, m);
	prism_work_submit(command->world->work, command->cancel, measure, measured, m);
}
