/* The doctor's look at attestation: whether a policy is at hand, fits the CVM, and what roots are
 * trusted. */
#include "core/doctor_private.h"

#include "base/file.h"
#include "base/text.h"
#include "core/cvm.h"
#include "core/policy.h"

#define ATTESTATION CORE_DOCTOR_GROUP_ATTESTATION
#define PASS CORE_DOCTOR_PASS
#define SKIPPED CORE_DOCTOR_SKIPPED
#define WARN CORE_DOCTOR_WARN
#define FAIL CORE_DOCTOR_FAIL

static void look_policy(struct core_doctor *d, const struct core_cvm *cvm)
{
	struct prism_error err = PRISM_ERROR_INIT;
	const char *path = d->connection->policy_file;
	static const char line[] = "An attestation policy is at hand";
	if (!path) {
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(ATTESTATION, FAIL, "attestation.policy", line,
		                                "there is nothing to compare the agent's evidence with",
		                                "save the CVM's policy, and set agent_policy or "
		                                "AGENT_GRPC_ATTESTATION_POLICY",
		                                "cvm policy", d->cvm_id),
		                "none is named");
		return;
	}
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	struct core_policy *policy = core_policy_read(expanded, &err);
	if (!policy) {
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(ATTESTATION, FAIL, "attestation.policy", line,
		                                "the agent's evidence cannot be compared with it",
		                                "save the CVM's policy again", "cvm policy", d->cvm_id),
		                "%s", err.message);
		return;
	}
	enum core_policy_kind kind = core_policy_kind(policy);
	core_doctor_add(d, CORE_DOCTOR_ROW(ATTESTATION, PASS, "attestation.policy", line), "%s: %s",
	                prism_path_base(path), core_policy_kind_word(kind));
	bool tdx = cvm && prism_text_contains(cvm->platform, "tdx");
	if (cvm && *cvm->platform && kind != CORE_POLICY_CORIM)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(ATTESTATION, tdx == (kind == CORE_POLICY_TDX) ? PASS : FAIL,
		                    "attestation.platform", "The policy is for the CVM's platform",
		                    "evidence of one platform never fits a policy of another",
		                    "save the policy of this CVM", "cvm policy", cvm->id),
		    "policy %s, CVM %s", core_policy_kind_word(kind), core_platform_label(cvm->platform));
	core_policy_destroy(policy);
}

void core_doctor_look_attestation(struct core_doctor *d)
{
	const struct core_cvm *cvm = d->cvm_id ? core_cvm_get(d->core, d->cvm_id) : NULL;
	if (!core_tls_mode_info(d->reach)->attested) {
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(ATTESTATION, SKIPPED, "attestation.policy",
		                                "An attestation policy is at hand"),
		                "the mode does not attest");
		return;
	}
	look_policy(d, cvm);
	if (d->connection->trust_root_file)
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(ATTESTATION, WARN, "attestation.root",
		                                "Only vendors' roots are trusted",
		                                "evidence under a test root proves nothing: NOT A TEE",
		                                "unset trust_root outside of tests"),
		                "a test root is accepted: %s",
		                prism_path_base(d->connection->trust_root_file));
}
