/*
 * Confidential VMs: list, readiness, life, attestation policy.  Reference 3.9, 4.8, Q1, Q2.
 */
#ifndef PRISM_CORE_CVM_H
#define PRISM_CORE_CVM_H

#include "core/list.h"

enum core_cvm_phase {
	CORE_CVM_READY,        /* online and ReceivingManifest: can run a computation */
	CORE_CVM_BUSY,         /* online and working */
	CORE_CVM_ONLINE,       /* online, agent idle or silent */
	CORE_CVM_INITIALIZING, /* creating, starting */
	CORE_CVM_OFFLINE,
	CORE_CVM_INACTIVE, /* deleted */
	CORE_CVM_UNKNOWN,  /* status word we do not know */
	CORE_CVM_PHASE_COUNT
};
struct core_cvm_phase_info {
	const char *word, *label, *meaning;
	enum core_tone tone;
};
const struct core_cvm_phase_info *core_cvm_phase_info(enum core_cvm_phase phase);

struct core_cvm {       /* strings never NULL */
	const char *id;     /* Prism's: paths, ?cvm= */
	const char *cvm_id; /* the provider's */
	const char *name, *agent_url /* "host:port"; "" while unknown */, *status, *state, *provider,
	    *platform, *log_level, *monthly_cost, *attestation, *attestation_token;
	int64_t created_us, deleted_us;
	int vcpus; /* 0 unknown */
	enum core_cvm_phase phase;
};

struct core_list *core_cvms(struct core *core);
static inline const struct core_cvm *core_cvm_at(const struct core_list *list, size_t i)
{
	return core_list_at(list, i);
}
const struct core_cvm *core_cvm_get(struct core *core, const char *id); /* NULL when unknown */
bool core_cvm_ready(const struct core_cvm *cvm);
/* Why it cannot run something now: "agent is Running"; "" when ready. */
char *core_cvm_reason(const struct core_cvm *cvm, char *buf, size_t size);
size_t core_cvm_ready_count(struct core *core);

/* What a person may want to see: all fields must fit. status: word of a phase, "active" (not
 * deactivated) or "all"; NULL: active. platform NULL: each. since_us PRISM_TIME_UNSET: any age. */
struct core_cvm_filter {
	const char *status, *platform;
	int64_t since_us;
};
bool core_cvm_fits(const struct core_cvm *cvm, const struct core_cvm_filter *filter);

const char *core_provider_label(const char *provider); /* "Ultraviolet", "Azure"; unknown: itself */
const char *
core_platform_label(const char *platform); /* "AMD SEV-SNP", "Intel TDX"; unknown: itself */
struct core_provider {
	const char *word, *label;
	const int *vcpus_snp,
	    *vcpus_tdx; /* 0-terminated; NULL: not offered, the field is hidden, 2 is sent */
};
const struct core_provider *core_providers(size_t *ret_count);

typedef void (*core_cvm_fn)(void *data, const struct core_cvm *cvm, const struct prism_error *err);
PRISM_MUST_USE
int core_cvm_fetch(struct core *core, const char *id, struct prism_cancel *cancel, core_cvm_fn done,
                   void *data, struct prism_error *err);
PRISM_MUST_USE
int core_cvm_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                     core_id_fn done, void *data, struct prism_error *err);

struct core_cvm_draft {
	const char *name;
	const char *provider;  /* word of core_providers() */
	const char *platform;  /* "sev-snp", "tdx" */
	int vcpus;             /* 0: the fewest that are offered */
	const char *log_level; /* NULL or "": info */
};
/* A count that this provider does not sell for the platform is refused, naming those it does; 0 and
 * providers without a list are fine. Pure. */
PRISM_MUST_USE
int core_cvm_check_vcpus(const struct core_cvm_draft *draft, struct prism_error *err);
/* May take minutes (section 3.9): the callback comes when the server answers; the list shows the
 * new one earlier. Provider "ultraviolet" refused with a 4xx is tried once more as "manager" (Q1).
 */
PRISM_MUST_USE
int core_cvm_create(struct core *core, const struct core_cvm_draft *draft,
                    struct prism_cancel *cancel, core_id_fn done, void *data,
                    struct prism_error *err);
PRISM_MUST_USE
int core_cvm_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err);

/* Attestation policy: the decoded JSON document as text, for saving unchanged. */
typedef void (*core_text_fn)(void *data, const char *text, size_t len,
                             const struct prism_error *err);
PRISM_MUST_USE
int core_cvm_policy(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_text_fn done, void *data, struct prism_error *err);

#endif
