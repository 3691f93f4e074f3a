/*
 * CVMs: the list, phases, creation and removal, the attestation policy.
 */
#include "core/cvm.h"

#include "base/text.h"
#include "core/internal.h"
#include "core/made.h"
#include "core/validate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define POLICY_MAX (16u << 20)

static const struct core_cvm_phase_info phases[CORE_CVM_PHASE_COUNT] = {
    [CORE_CVM_READY] = {"ready", "Ready", "can run a computation", CORE_TONE_GOOD},
    [CORE_CVM_BUSY] = {"busy", "Busy", "is running a computation", CORE_TONE_ACTIVE},
    [CORE_CVM_ONLINE] = {"online", "Online", "is online, its agent waits for nothing",
                         CORE_TONE_GOOD},
    [CORE_CVM_INITIALIZING] = {"initializing", "Initializing", "is being created or started",
                               CORE_TONE_INFO},
    [CORE_CVM_OFFLINE] = {"offline", "Offline", "is offline", CORE_TONE_BAD},
    [CORE_CVM_INACTIVE] = {"inactive", "Inactive", "was deactivated", CORE_TONE_MUTED},
    [CORE_CVM_UNKNOWN] = {"unknown", "Unknown", "is in a state this program does not know",
                          CORE_TONE_MUTED},
};

const struct core_cvm_phase_info *core_cvm_phase_info(enum core_cvm_phase phase)
{
	return &phases[phase];
}

/* Reference 4.8, last paragraphs of the table. */
static enum core_cvm_phase phase_of(const struct core_cvm *cvm)
{
	if (cvm->deleted_us != PRISM_TIME_UNSET)
		return CORE_CVM_INACTIVE;
	if (strcasecmp(cvm->status, "creating") == 0 || strcasecmp(cvm->status, "starting") == 0)
		return CORE_CVM_INITIALIZING;
	if (strcasecmp(cvm->status, "offline") == 0)
		return CORE_CVM_OFFLINE;
	if (strcasecmp(cvm->status, "online") != 0 && strcasecmp(cvm->status, "running") != 0)
		return CORE_CVM_UNKNOWN;
	if (strcasecmp(cvm->state, "ReceivingManifest") == 0)
		return CORE_CVM_READY;
	if (!*cvm->state || strcasecmp(cvm->state, "Idle") == 0 ||
	    strcasecmp(cvm->state, "IdleState") == 0)
		return CORE_CVM_ONLINE;
	return CORE_CVM_BUSY;
}

/* "host:port" without scheme; ":" and lone ports mean unknown. */
static const char *address_of(struct prism_arena *arena, const char *url)
{
	const char *scheme = strstr(url, "://");
	if (scheme)
		url = scheme + 3;
	size_t len = strcspn(url, "/?#");
	if (len == 0 || url[0] == ':')
		return "";
	return prism_arena_strndup(arena, url, len);
}

static bool decode(void *item, const cJSON *entry, struct prism_arena *arena)
{
	struct core_cvm *c = item;
	if (!cJSON_IsObject(entry))
		return false;
	c->id = core_str(arena, entry, "id");
	c->cvm_id = core_str(arena, entry, "cvm_id");
	c->name = core_str(arena, entry, "name");
	c->agent_url = address_of(arena, CORE_STR_ANY(arena, entry, "agent_url", "address"));
	c->status = core_str(arena, entry, "status");
	c->state = core_str(arena, entry, "state");
	c->provider = CORE_STR_ANY(arena, entry, "provider", "backend");
	c->platform = CORE_STR_ANY(arena, entry, "cc_platform", "platform");
	c->log_level = core_str(arena, entry, "agent_log_level");
	c->monthly_cost = core_str(arena, entry, "monthly_cost_estimate");
	c->attestation = core_str_whole(arena, entry, "attestation");
	c->attestation_token = core_str_whole(arena, entry, "attestation_token");
	c->created_us = prism_json_time(entry, "created_at");
	c->deleted_us = prism_json_time(entry, "deleted_at");
	int64_t vcpus = prism_json_int(entry, "vcpus", 0);
	c->vcpus = vcpus > 0 && vcpus < 100000 ? (int)vcpus : 0;
	c->phase = phase_of(c);
	return true;
}

static const struct core_list_type list_type = {
    .endpoint = CORE_EP_CVM_LIST,
    .key = "cvms",
    .item_size = sizeof(struct core_cvm),
    .event = CORE_EVENT_CVMS,
    .decode = decode,
};

static const struct core_module module = {.name = "cvms", .list = &list_type};

struct core_list *core_cvms(struct core *core)
{
	return core_module(core, &module);
}

const struct core_cvm *core_cvm_get(struct core *core, const char *id)
{
	return core_list_find(core_cvms(core), id);
}

bool core_cvm_ready(const struct core_cvm *cvm)
{
	return cvm->phase == CORE_CVM_READY;
}

char *core_cvm_reason(const struct core_cvm *cvm, char *buf, size_t size)
{
	switch (cvm->phase) {
	case CORE_CVM_READY:
		snprintf(buf, size, "%s", "");
		break;
	case CORE_CVM_BUSY:
		snprintf(buf, size, "its agent is at %s", cvm->state);
		break;
	case CORE_CVM_ONLINE:
		snprintf(buf, size, "its agent has not asked for a computation yet");
		break;
	case CORE_CVM_INITIALIZING:
		snprintf(buf, size, "it is %s", cvm->status);
		break;
	case CORE_CVM_UNKNOWN:
		snprintf(buf, size, "its status is \"%s\"", cvm->status);
		break;
	default:
		snprintf(buf, size, "it %s", phases[cvm->phase].meaning);
	}
	return buf;
}

size_t core_cvm_ready_count(struct core *core)
{
	struct core_list *list = core_cvms(core);
	size_t ready = 0;
	for (size_t i = 0; i < core_list_count(list); i++)
		ready += core_cvm_ready(core_cvm_at(list, i));
	return ready;
}

static bool fits_status(const struct core_cvm *cvm, const char *status)
{
	if (!status || strcmp(status, "active") == 0)
		return cvm->phase != CORE_CVM_INACTIVE;
	if (strcmp(status, "online") == 0) /* whatever its agent does */
		return cvm->phase <= CORE_CVM_ONLINE;
	return strcmp(status, "all") == 0 || strcmp(status, phases[cvm->phase].word) == 0;
}

bool core_cvm_fits(const struct core_cvm *cvm, const struct core_cvm_filter *filter)
{
	if (!fits_status(cvm, filter->status))
		return false;
	if (filter->platform &&
	    !prism_text_contains(cvm->platform, strcmp(filter->platform, "tdx") == 0 ? "tdx" : "snp"))
		return false;
	return filter->since_us == PRISM_TIME_UNSET ||
	       (cvm->created_us != PRISM_TIME_UNSET && cvm->created_us >= filter->since_us);
}

/* --- providers and platforms --- */

static const int azure_snp[] = {2, 4, 8, 16, 32, 48, 64, 96, 0};
static const int azure_tdx[] = {2, 4, 8, 16, 32, 48, 64, 96, 128, 0};
static const int gcp_snp[] = {2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224, 0};
static const int gcp_tdx[] = {4, 8, 22, 44, 88, 176, 0};
static const struct core_provider providers[] = {
    {"azure", "Azure", azure_snp, azure_tdx},
    {"gcp", "Google Cloud Platform", gcp_snp, gcp_tdx},
    {"ultraviolet", "Ultraviolet", NULL, NULL},
    {"external", "External", NULL, NULL},
};

const struct core_provider *core_providers(size_t *ret_count)
{
	*ret_count = PRISM_COUNT(providers);
	return providers;
}

const char *core_provider_label(const char *provider)
{
	if (strcasecmp(provider, "manager") == 0)
		return "Ultraviolet";
	for (size_t i = 0; i < PRISM_COUNT(providers); i++)
		if (strcasecmp(provider, providers[i].word) == 0)
			return providers[i].label;
	return provider;
}

const char *core_platform_label(const char *platform)
{
	if (prism_text_contains(platform, "snp"))
		return "AMD SEV-SNP";
	return prism_text_contains(platform, "tdx") ? "Intel TDX" : platform;
}

static const int *counts_of(const struct core_cvm_draft *draft)
{
	for (size_t i = 0; i < PRISM_COUNT(providers); i++)
		if (strcasecmp(draft->provider, providers[i].word) == 0)
			return prism_text_contains(draft->platform, "tdx") ? providers[i].vcpus_tdx
			                                                   : providers[i].vcpus_snp;
	return NULL;
}

/* What is sent when nobody chose: the smallest that is sold, 2 where there is no list
 * (section 4.8).
 */
static int least_count(const struct core_cvm_draft *draft)
{
	const int *counts = counts_of(draft);
	return counts ? counts[0] : 2;
}

int core_cvm_check_vcpus(const struct core_cvm_draft *draft, struct prism_error *err)
{
	const int *counts = counts_of(draft);
	char list[160] = "";
	if (!counts || draft->vcpus <= 0)
		return 0;
	for (size_t i = 0; counts[i]; i++) {
		size_t used = strlen(list);
		if (counts[i] == draft->vcpus)
			return 0;
		snprintf(list + used, sizeof(list) - used, "%s%d", used ? ", " : "", counts[i]);
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "%d CPUs are not offered there", draft->vcpus);
	prism_error_hint(err, "%s on %s: %s", core_platform_label(draft->platform),
	                 core_provider_label(draft->provider), list);
	return -1;
}

/* --- reading --- */

struct fetching {
	struct core *core;
	core_cvm_fn done;
	void *data;
};

static void fetched(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct fetching f = *(struct fetching *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	struct core_cvm cvm = {0};
	prism_free(data);
	struct prism_arena *arena = prism_arena_create();
	if (!err && !decode(&cvm, reply->json, arena)) {
		prism_error_raise(&failure, PRISM_ERROR_PROTOCOL, "the answer is not a CVM");
		err = &failure;
	}
	if (!err && *cvm.id && core_list_find(core_cvms(f.core), cvm.id)) {
		core_list_put(core_cvms(f.core), reply->json);
		core_emit(f.core, CORE_EVENT_CVMS, cvm.id);
	}
	f.done(f.data, err ? NULL : &cvm, err);
	prism_arena_destroy(arena);
}

int core_cvm_fetch(struct core *core, const char *id, struct prism_cancel *cancel, core_cvm_fn done,
                   void *data, struct prism_error *err)
{
	struct fetching *f = prism_alloc(sizeof(*f));
	*f = (struct fetching){core, done, data};
	struct core_call call = {.endpoint = CORE_EP_CVM_GET, .arg = {[CORE_ARG_V] = id}};
	if (core_request_start(core, &call, cancel, fetched, f, err))
		return 0;
	prism_free(f);
	return -1;
}

static const char *name_of(const void *item, int alternative)
{
	const struct core_cvm *cvm = item;
	return alternative ? cvm->cvm_id : cvm->name;
}

int core_cvm_resolve(struct core *core, const char *word, struct prism_cancel *cancel,
                     core_id_fn done, void *data, struct prism_error *err)
{
	return core_resolve_later(core_cvms(core), "CVM", word, name_of, cancel, done, data, err);
}

/* --- creating --- */

struct creating {
	struct core *core;
	char *name, *provider, *platform, *log_level;
	char vcpus[16];
	bool other_tried;
	int64_t asked_us;
	struct prism_cancel *cancel; /* borrowed */
	core_id_fn done;
	void *data;
};

static void creating_finish(void *data, const char *id, const struct prism_error *err)
{
	struct creating *c = data;
	if (c->done && !err && !core_dying(c->core))
		core_list_refresh(core_cvms(c->core));
	if (c->done)
		c->done(c->data, id, err);
	char *texts[] = {c->name, c->provider, c->platform, c->log_level};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		prism_free(texts[i]);
	prism_free(c);
}

/* The other spelling of a provider (Q1), from option provider_aliases: "name=other,name=other".
 * Yours. */
static char *other_provider(struct core *core, const char *provider)
{
	const char *at = core_option_text(core_options(core), CORE_OPT_PROVIDER_ALIASES);
	size_t len = strlen(provider);
	while (*at) {
		at += strspn(at, " ,");
		size_t pair = strcspn(at, ",");
		if (strncmp(at, provider, len) == 0 && at[len] == '=' && pair > len + 1)
			return prism_strndup(at + len + 1, pair - len - 1);
		at += pair;
	}
	return NULL;
}

static void created(void *data, const struct core_reply *reply, const struct prism_error *err);

static int create_send(struct creating *c, struct prism_error *err)
{
	PRISM_AUTO_JSON cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "name", c->name);
	cJSON_AddStringToObject(body, "agent_log_level", c->log_level);
	struct core_call call = {
	    .endpoint = CORE_EP_CVM_CREATE,
	    .arg = {[CORE_ARG_P] = c->provider, [CORE_ARG_N] = c->vcpus, [CORE_ARG_F] = c->platform},
	    .body = body,
	};
	return core_request_start(c->core, &call, c->cancel, created, c, err) ? 0 : -1;
}

static bool try_other(struct creating *c, const struct prism_error *err)
{
	bool refused = err->status >= 400 && err->status < 500 && err->category != PRISM_ERROR_AUTH &&
	               err->category != PRISM_ERROR_DENIED;
	char *other = refused && !c->other_tried ? other_provider(c->core, c->provider) : NULL;
	if (!other)
		return false;
	c->other_tried = true;
	prism_free(c->provider);
	c->provider = other;
	return create_send(c, NULL) == 0;
}

/* A server may add to a name, as the sandbox does to say what its CVMs are not. */
static bool same_name(const cJSON *entry, const char *const *wanted)
{
	const char *name = prism_json_str(entry, "name", "");
	size_t len = strlen(wanted[0]);
	return strncmp(name, wanted[0], len) == 0 && (!name[len] || name[len] == ' ');
}

static const struct core_made_type made_type = {
    .noun = "CVM", .list = CORE_EP_CVM_LIST, .key = "cvms", .by_name = true, .same = same_name};

static void created(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct creating *c = data;
	struct core_made made = {.type = &made_type,
	                         .wanted = {c->name},
	                         .asked_us = c->asked_us,
	                         .done = creating_finish,
	                         .data = c};
	if (!err || !try_other(c, err))
		core_made_answer(c->core, &made, err ? "" : reply->id, err);
}

int core_cvm_create(struct core *core, const struct core_cvm_draft *draft,
                    struct prism_cancel *cancel, core_id_fn done, void *data,
                    struct prism_error *err)
{
	const char *level = draft->log_level && *draft->log_level ? draft->log_level : "info";
	if (core_validate_named(CORE_FIELD_CVM_NAME, draft->name, err) < 0)
		return -1;
	if (core_validate_named(CORE_FIELD_LOG_LEVEL, level, err) < 0)
		return -1;
	if (!draft->provider || !*draft->provider || !draft->platform || !*draft->platform)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "provider and platform must be chosen");
	struct creating *c = prism_alloc(sizeof(*c));
	*c = (struct creating){
	    .core = core, .cancel = cancel, .data = data, .asked_us = core_made_now(core)};
	c->name = prism_strdup(draft->name);
	c->provider = prism_strdup(draft->provider);
	c->platform = prism_strdup(draft->platform);
	c->log_level = prism_strdup(level);
	snprintf(c->vcpus, sizeof(c->vcpus), "%d",
	         draft->vcpus > 0 ? draft->vcpus : least_count(draft));
	if (create_send(c, err) < 0) {
		creating_finish(c, "", NULL);
		return -1;
	}
	c->done = done;
	return 0;
}

struct deleting {
	struct core *core;
	core_done_fn done;
	void *data;
};

static void deleted(void *data, const struct core_reply *reply, const struct prism_error *err)
{
	struct deleting d = *(struct deleting *)data;
	prism_free(data);
	if (!err)
		core_list_refresh(core_cvms(d.core));
	d.done(d.data, err);
}

int core_cvm_delete(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_done_fn done, void *data, struct prism_error *err)
{
	struct deleting *d = prism_alloc(sizeof(*d));
	*d = (struct deleting){core, done, data};
	struct core_call call = {.endpoint = CORE_EP_CVM_DELETE, .arg = {[CORE_ARG_V] = id}};
	if (core_request_start(core, &call, cancel, deleted, d, err))
		return 0;
	prism_free(d);
	return -1;
}

/* --- attestation policy --- */

struct policy {
	core_text_fn done;
	void *data;
};

static void policy_answered(void *data, const struct core_reply *reply,
                            const struct prism_error *err)
{
	struct policy p = *(struct policy *)data;
	struct prism_error failure = PRISM_ERROR_INIT;
	prism_free(data);
	if (err) {
		p.done(p.data, "", 0, err);
		return;
	}
	const cJSON *value = prism_json_get(reply->json, "attestation_policy");
	if (cJSON_IsObject(value) || (!value && cJSON_IsObject(reply->json))) {
		PRISM_AUTO_FREE char *text = prism_json_print(value ? value : reply->json, true);
		p.done(p.data, text, strlen(text), NULL);
		return;
	}
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(POLICY_MAX);
	const char *encoded = cJSON_IsString(value) ? value->valuestring : "";
	if (!*encoded)
		prism_error_raise(&failure, PRISM_ERROR_MISSING, "this CVM has no attestation policy yet");
	else if (prism_base64_decode(encoded, strlen(encoded), &out, &failure) < 0)
		prism_error_wrap(&failure, "the attestation policy cannot be decoded");
	if (failure.category != PRISM_ERROR_NONE)
		p.done(p.data, "", 0, &failure);
	else
		p.done(p.data, prism_buf_text(&out), out.len, NULL);
}

int core_cvm_policy(struct core *core, const char *id, struct prism_cancel *cancel,
                    core_text_fn done, void *data, struct prism_error *err)
{
	struct policy *p = prism_alloc(sizeof(*p));
	*p = (struct policy){done, data};
	struct core_call call = {.endpoint = CORE_EP_CVM_POLICY, .arg = {[CORE_ARG_V] = id}};
	if (core_request_start(core, &call, cancel, policy_answered, p, err))
		return 0;
	prism_free(p);
	return -1;
}
