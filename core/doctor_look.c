/*
 * What the doctor judges from objects and files: nothing here waits for anything.
 */
#include "core/doctor_private.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "core/agent_private.h"
#include "core/cert.h"
#include "core/checklist.h"
#include "core/cvm.h"
#include "core/key.h"
#include "core/manifest.h"
#include "core/run.h"
#include "core/session.h"
#include "core/userkey.h"

#include <string.h>
#include <sys/stat.h>

#define SERVER CORE_DOCTOR_GROUP_SERVER
#define READY CORE_DOCTOR_GROUP_READY
#define CVM CORE_DOCTOR_GROUP_CVM
#define FILES CORE_DOCTOR_GROUP_FILES
#define UPLOAD CORE_DOCTOR_GROUP_UPLOAD
#define PASS CORE_DOCTOR_PASS
#define SKIPPED CORE_DOCTOR_SKIPPED
#define WARN CORE_DOCTOR_WARN
#define FAIL CORE_DOCTOR_FAIL

static int64_t now_us(const struct core_doctor *d)
{
	return prism_clock_wall_us(core_clock(d->core));
}

/* --- Prism --- */

static void look_clock(struct core_doctor *d)
{
	int64_t skew = core_clock_skew_us(d->core), size = skew < 0 ? -skew : skew;
	char span[PRISM_TIME_TEXT];
	struct core_doctor_row row = {
	    SERVER,
	    size > CORE_DOCTOR_SKEW_FAIL_US ? FAIL
	    : size > CORE_SKEW_WARN_US      ? WARN
	                                    : PASS,
	    "server.clock",
	    "This machine's clock agrees with the server's",
	    "certificates and tokens are judged by the clock: valid ones look expired or not yet valid",
	    "set the clock of this machine, for example by NTP",
	    NULL,
	    NULL};
	if (size <= 1000000)
		core_doctor_add(d, &row, "within a second");
	else
		core_doctor_add(d, &row, "it is %s %s", prism_time_span(size, span),
		                skew > 0 ? "behind" : "ahead");
}

static void look_session(struct core_doctor *d)
{
	int64_t left = core_session_access_left_ms(d->core);
	char span[PRISM_TIME_TEXT];
	const struct core_doctor_row *row =
	    CORE_DOCTOR_ROW(SERVER, PASS, "server.session", "You are signed in");
	if (left == INT64_MAX)
		core_doctor_add(d, row, "by access token");
	else
		core_doctor_add(d, row, "the session is renewed by itself, next in %s",
		                prism_time_span(left * 1000, span));
}

void core_doctor_look_server(struct core_doctor *d, const struct prism_error *err)
{
	int64_t ms = prism_clock_mono_ms(core_clock(d->core)) - d->started_ms;
	bool absent =
	    err && (err->category == PRISM_ERROR_MISSING || err->category == PRISM_ERROR_DENIED);
	if (err && !absent) {
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(SERVER, FAIL, "server.answers", "The server answers",
		                    "nothing else can be looked at without it",
		                    *err->hint ? err->hint : "check the network and the URL of the profile",
		                    err->category == PRISM_ERROR_AUTH ? "login" : NULL),
		    "%s", err->message);
		return;
	}
	core_doctor_add(d, CORE_DOCTOR_ROW(SERVER, PASS, "server.answers", "The server answers"),
	                "in %lld ms", (long long)ms);
	look_clock(d);
	look_session(d);
	if (absent)
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(SERVER, FAIL, "server.computation",
		                                "The computation can be read", "it is what is examined",
		                                *err->hint ? err->hint : "check the id and the workspace",
		                                "computation list"),
		                "%s", err->message);
}

/* --- what a run needs --- */

static const char *requirement_word(enum core_requirement_kind kind)
{
	static const char *const words[CORE_REQUIREMENT_COUNT] = {
	    [CORE_REQUIREMENT_RESULT_CONSUMER] = "ready.result-consumer",
	    [CORE_REQUIREMENT_ALGO_PROVIDER] = "ready.algorithm-provider",
	    [CORE_REQUIREMENT_DATASET_PROVIDER] = "ready.dataset-provider",
	    [CORE_REQUIREMENT_ALGO_ASSET] = "ready.algorithm",
	    [CORE_REQUIREMENT_DATASET_ASSET] = "ready.datasets",
	    [CORE_REQUIREMENT_KEY] = "ready.key",
	    [CORE_REQUIREMENT_HASH] = "ready.hash",
	    [CORE_REQUIREMENT_CVM] = "ready.cvm",
	    [CORE_REQUIREMENT_INFO] = "ready.info",
	};
	return words[kind];
}

static const char *requirement_remedy(enum core_requirement_kind kind)
{
	switch (kind) {
	case CORE_REQUIREMENT_RESULT_CONSUMER:
	case CORE_REQUIREMENT_ALGO_PROVIDER:
	case CORE_REQUIREMENT_DATASET_PROVIDER:
		return "give a role with that action to somebody, on the tab Roles";
	case CORE_REQUIREMENT_ALGO_ASSET:
	case CORE_REQUIREMENT_DATASET_ASSET:
		return "describe the file as an asset, and link it";
	case CORE_REQUIREMENT_KEY:
		return "its owner registers the public half of a key pair";
	case CORE_REQUIREMENT_CVM:
		return "create a CVM, or wait until one is ready";
	default:
		return "see what the server says";
	}
}

static void look_requirement(struct core_doctor *d, const struct core_requirement *item)
{
	struct core_doctor_row row = {READY,
	                              item->done        ? PASS
	                              : item->mandatory ? FAIL
	                                                : WARN,
	                              requirement_word(item->kind),
	                              item->text,
	                              item->mandatory ? "a run is refused without it"
	                                              : "a run may want it",
	                              requirement_remedy(item->kind),
	                              item->fix,
	                              NULL};
	core_doctor_add(d, &row, "%s", item->done ? "done" : "missing");
}

void core_doctor_look_ready(struct core_doctor *d, const struct prism_error *err)
{
	struct core_checklist list = core_checklist(d->core, d->id);
	if (err) {
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(READY, SKIPPED, "ready.known",
		                                "The server says what is missing", NULL, err->hint),
		                "%s", err->message);
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		look_requirement(d, &list.items[i]);
	if (!list.authoritative)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(READY, SKIPPED, "ready.dry-run", "The server's own dry run was asked"),
		    "it does not answer; what is above follows from roles and assets");
}

/* --- CVM and run --- */

static const struct core_cvm *run_cvm(struct core_doctor *d, const struct core_card *card)
{
	const struct core_cvm *cvm =
	    card && *card->run.cvm_id ? core_cvm_get(d->core, card->run.cvm_id) : NULL;
	struct core_list *list = core_cvms(d->core);
	for (size_t i = 0; !cvm && card && i < core_list_count(list); i++) {
		const struct core_cvm *at = core_cvm_at(list, i);
		if ((*at->cvm_id && strcmp(at->cvm_id, card->run.cvm_id) == 0) ||
		    (*card->run.agent_url && strcmp(at->agent_url, card->run.agent_url) == 0))
			cvm = at;
	}
	return cvm;
}

static void look_run(struct core_doctor *d, const struct core_card *card)
{
	char title[128];
	const struct core_run_event *event = card && card->event_count ? &card->events[0] : NULL;
	if (!card) {
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(CVM, SKIPPED, "cvm.run", "The latest run went well", NULL,
		                                "run the computation", "computation run"),
		                "it was never run");
		return;
	}
	bool failed = card->state == CORE_COMP_FAILED;
	core_doctor_add(
	    d,
	    CORE_DOCTOR_ROW(CVM, failed ? FAIL : PASS, "cvm.run", "The latest run went well",
	                    "the agent reported a failure; the lines before it in the log say why",
	                    "read the log of the run, with the agent's log level at debug",
	                    "computation logs"),
	    "run #%d: %s%s%s%s%s", card->number, core_comp_state_info(card->state)->label,
	    event ? ", " : "", event ? core_event_title(event->type, title, sizeof(title)) : "",
	    failed && event && *event->details ? ": " : "", failed && event ? event->details : "");
}

static void look_run_cvm(struct core_doctor *d, const struct core_card *card,
                         const struct core_cvm *cvm)
{
	bool going = card->state == CORE_COMP_RUNNING;
	bool up = cvm->phase != CORE_CVM_OFFLINE && cvm->phase != CORE_CVM_INACTIVE;
	char why[200];
	d->cvm_id = prism_strdup(cvm->id);
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(CVM,
	                                up      ? PASS
	                                : going ? FAIL
	                                        : WARN,
	                                "cvm.online", "The CVM of the run is online",
	                                "its agent answers nobody while it is not",
	                                "wait for it, or run on another CVM", "cvm list", cvm->id),
	                "%s: %s%s%s", cvm->name, core_cvm_phase_info(cvm->phase)->label,
	                *core_cvm_reason(cvm, why, sizeof(why)) ? ", " : "", why);
	if (cvm->vcpus > 0)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(CVM, cvm->vcpus >= 2 ? PASS : WARN, "cvm.size",
		                    "The CVM has processors to spare",
		                    "agent and algorithm share one; Prism's API tells no other load",
		                    "run on a CVM with more vCPUs", "cvm create"),
		    "%d vCPU%s", cvm->vcpus, cvm->vcpus == 1 ? "" : "s");
}

void core_doctor_look_cvm(struct core_doctor *d)
{
	const struct core_card *card = core_card_find(d->core, d->id, NULL);
	const struct core_cvm *cvm = run_cvm(d, card);
	size_t ready = core_cvm_ready_count(d->core);
	look_run(d, card);
	if (cvm)
		look_run_cvm(d, card, cvm);
	else if (card)
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(CVM, SKIPPED, "cvm.online", "The CVM of the run is online",
		                                NULL, "look at the CVMs of the workspace", "cvm list"),
		                "it is not among the CVMs of this workspace");
	if (!card || core_comp_state_info(card->state)->final)
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(CVM, ready ? PASS : FAIL, "cvm.ready",
		                                "A CVM is ready for the next run",
		                                "a run needs one that is online and waits for a manifest",
		                                "create one, or stop what runs on the others",
		                                "cvm create"),
		                "%zu ready", ready);
}

/* --- certificates and keys --- */

static enum core_doctor_result of_certcheck(enum core_certcheck_result result)
{
	static const enum core_doctor_result results[CORE_CERTCHECK_RESULT_COUNT] = {
	    [CORE_CERTCHECK_PASS] = PASS,
	    [CORE_CERTCHECK_SKIPPED] = SKIPPED,
	    [CORE_CERTCHECK_WARN] = WARN,
	    [CORE_CERTCHECK_FAIL] = FAIL,
	};
	return results[result];
}

/* A file with nothing wrong is one line; of others every line that is not a pass. */
static void add_slot(struct core_doctor *d, const struct core_certcheck *check, unsigned slot)
{
	const char *fix = slot < CORE_TLS_FILE_COUNT ? "computation update" : "cert doctor";
	size_t passed = 0;
	bool wrong = false;
	const char *field = "";
	for (size_t i = 0; i < core_certcheck_count(check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(check, i);
		if (line->slot != slot)
			continue;
		field = line->field;
		passed += line->result == CORE_CERTCHECK_PASS;
		if (line->result < CORE_CERTCHECK_WARN)
			continue;
		wrong = true;
		PRISM_AUTO_FREE char *id = prism_asprintf("certificates.%s", line->id);
		PRISM_AUTO_FREE char *text = prism_asprintf("%s: %s", line->field, line->line);
		core_doctor_add(d,
		                CORE_DOCTOR_ROW(FILES, of_certcheck(line->result), id, text, line->why,
		                                line->remedy, fix),
		                "%s", line->found);
	}
	if (wrong || !passed)
		return;
	PRISM_AUTO_FREE char *id = prism_asprintf("certificates.slot-%u", slot);
	PRISM_AUTO_FREE char *text = prism_asprintf("%s is as it should be", field);
	core_doctor_add(d, CORE_DOCTOR_ROW(FILES, PASS, id, text), "%zu checks passed", passed);
}

static void look_tls_files(struct core_doctor *d, const struct core_computation *computation)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(d->mode);
	const char *given = d->connection->url;
	const char *url = given && *given ? given : core_run_agent_url(d->core, d->id, NULL);
	struct core_certcheck *check = core_certcheck_create(d->mode, now_us(d), url);
	/* The agent is judged by the CA of this machine; the stored one has no effect in the agent. */
	bool own_ca = info->env & CORE_TLS_ENV_SERVER_CA && d->connection->server_ca_file;
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		if ((info->required | info->optional) & (1u << i) &&
		    !(own_ca && i == CORE_TLS_FILE_SERVER_CA))
			core_certcheck_stored(check, i, computation->agent->file[i]);
	if (own_ca)
		core_certcheck_file(check, CORE_CERTCHECK_SERVER_CA, d->connection->server_ca_file);
	if (info->env & CORE_TLS_ENV_CLIENT && d->connection->client_cert_file)
		core_certcheck_file(check, CORE_CERTCHECK_OWN_CERT, d->connection->client_cert_file);
	if (info->env & CORE_TLS_ENV_CLIENT && d->connection->client_key_file)
		core_certcheck_file(check, CORE_CERTCHECK_OWN_KEY, d->connection->client_key_file);
	core_certcheck_run(check);
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++)
		add_slot(d, check, i);
	core_certcheck_destroy(check);
}

static void look_own_inputs(struct core_doctor *d)
{
	unsigned env = core_tls_mode_info(d->reach)->env;
	bool cert = d->connection->client_cert_file, key = d->connection->client_key_file;
	if (env & CORE_TLS_ENV_CLIENT && !(cert && key))
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(FILES, FAIL, "certificates.own",
		                    "Your own certificate and key are at hand",
		                    "the agent asks every client for a certificate in this mode",
		                    "set agent_client_cert and agent_client_key, or AGENT_GRPC_CLIENT_CERT "
		                    "and AGENT_GRPC_CLIENT_KEY",
		                    "cert generate"),
		    "%s",
		    !cert && !key ? "neither is named"
		    : cert        ? "the key is not named"
		                  : "the certificate is not named");
	if (env & CORE_TLS_ENV_SERVER_CA && !d->connection->server_ca_file)
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(
		        FILES, WARN, "certificates.server-ca",
		        "The CA of the agent's certificate is at hand",
		        "without it the agent is judged by the system's authorities, which know "
		        "no development CA",
		        "set agent_server_ca, or AGENT_GRPC_SERVER_CA_CERTS"),
		    "none is named");
}

static void look_service_cert(struct core_doctor *d)
{
	const struct core_cert *cert = d->cvm_id ? core_cert_of_cvm(d->core, d->cvm_id) : NULL;
	char time[PRISM_TIME_TEXT];
	if (!cert)
		return;
	enum core_cert_state state = core_cert_state(cert, now_us(d));
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(FILES,
	                                state == CORE_CERT_VALID      ? PASS
	                                : state == CORE_CERT_EXPIRING ? WARN
	                                                              : FAIL,
	                                "certificates.service",
	                                "The certificate of Prism's service for this CVM lasts",
	                                "it stands behind connections of this CVM",
	                                state == CORE_CERT_EXPIRING ? "renew it" : "issue a new one",
	                                "cert list", d->cvm_id),
	                "%s, until %s", core_cert_state_info(state)->label,
	                prism_time_format(cert->expires_us, 0, time));
}

void core_doctor_look_files(struct core_doctor *d)
{
	const struct core_computation *computation = core_computation_get(d->core, d->id);
	const struct core_tls_mode_info *info = core_tls_mode_info(d->mode);
	const char *note = computation ? core_tls_mode_note(computation->agent) : "";
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(FILES, *note || d->mode == CORE_TLS_NONE ? WARN : PASS,
	                                "certificates.mode", "The TLS mode protects the agent",
	                                *note ? note : info->warning,
	                                "choose a mode that protects and proves what matters here",
	                                "computation update"),
	                "%s", info->label);
	if (computation && info->required | info->optional)
		look_tls_files(d, computation);
	look_own_inputs(d);
	look_service_cert(d);
}

/* --- uploads --- */

static const struct {
	unsigned perm;
	const char *id, *what, *role, *action;
	enum core_agent_state state; /* in which the agent takes it */
} duties[] = {
    {CORE_PERM_ALGO_PROVIDER, "upload.algorithm", "the algorithm", "algorithm", "send algorithm",
     CORE_AGENT_STATE_RECEIVING_ALGORITHM},
    {CORE_PERM_DATASET_PROVIDER, "upload.dataset", "a dataset", "dataset", "send data",
     CORE_AGENT_STATE_RECEIVING_DATA},
    {CORE_PERM_RESULT_CONSUMER, "upload.result", "the result", "result consumer", "result fetch",
     CORE_AGENT_STATE_CONSUMING_RESULTS},
};

static bool manifest_has(const struct core_manifest *m, unsigned perm, const char *mine)
{
	if (perm == CORE_PERM_ALGO_PROVIDER)
		return m->has_algorithm && core_userkey_same(mine, m->algorithm.user_key);
	bool datasets = perm == CORE_PERM_DATASET_PROVIDER;
	const struct core_manifest_entry *entries = datasets ? m->datasets : m->consumers;
	for (size_t i = 0; i < (datasets ? m->dataset_count : m->consumer_count); i++)
		if (core_userkey_same(mine, entries[i].user_key))
			return true;
	return false;
}

/* The public half as the manifest carries it; NULL when the key cannot be used, which is said. */
static char *look_key(struct core_doctor *d)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct stat st;
	static const char line[] = "Your private key is at hand, for you alone";
	if (!d->key_file) {
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(UPLOAD, FAIL, "upload.key", line,
		                    "agents take nothing that is not signed by a registered key",
		                    "make a key pair and register its public half", "key generate"),
		    "there is none");
		return NULL;
	}
	char *mine = core_userkey_public_base64(d->key_file, NULL, &err);
	bool locked = !mine && err.category == PRISM_ERROR_AUTH;
	bool open = stat(d->key_file, &st) == 0 && (st.st_mode & 077) != 0;
	core_doctor_add(d,
	                CORE_DOCTOR_ROW(UPLOAD,
	                                !mine && !locked ? FAIL
	                                : open || locked ? WARN
	                                                 : PASS,
	                                "upload.key", line,
	                                open     ? "whoever reads it can send and fetch as you"
	                                : locked ? "agents' official client cannot use it"
	                                         : "nothing can be signed with it",
	                                open ? "chmod 600 it" : "choose another key file", "go keys"),
	                "%s%s%s", prism_path_base(d->key_file), mine ? "" : ": ",
	                mine ? open ? ": others may read it" : "" : err.message);
	return mine;
}

static void look_duty(struct core_doctor *d, size_t i, const char *mine,
                      const struct core_manifest *m, const struct core_cvm *cvm)
{
	enum core_agent_state state = core_agent_state_parse(cvm ? cvm->state : NULL);
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "Your key may %s %s", duties[i].perm == CORE_PERM_RESULT_CONSUMER ? "fetch" : "send",
	    duties[i].what);
	const char *id = duties[i].id;
	if (!m || !mine)
		core_doctor_add(d, CORE_DOCTOR_ROW(UPLOAD, SKIPPED, id, text), "%s",
		                m ? "the key cannot be read" : "the manifest cannot be read");
	else if (!manifest_has(m, duties[i].perm, mine))
		core_doctor_add(
		    d,
		    CORE_DOCTOR_ROW(UPLOAD, FAIL, id, text, "the agent knows only the keys of the manifest",
		                    "register this key, then run again: a manifest that was sent "
		                    "does not change",
		                    "key register"),
		    "the manifest has no key of yours as %s", duties[i].role);
	else
		core_doctor_add(d, CORE_DOCTOR_ROW(UPLOAD, PASS, id, text, NULL, NULL, duties[i].action),
		                "%s",
		                state == duties[i].state            ? "the agent waits for it now"
		                : state != CORE_AGENT_STATE_UNKNOWN ? "the manifest has your key"
		                                                    : "the manifest has your key; the "
		                                                      "agent's state is not known");
}

void core_doctor_look_uploads(struct core_doctor *d)
{
	unsigned bits = core_permissions(d->core, d->id).explicit_bits;
	const struct core_manifest *m = core_manifest(d->core, d->id);
	const struct core_cvm *cvm = d->cvm_id ? core_cvm_get(d->core, d->cvm_id) : NULL;
	bool any = false;
	for (size_t i = 0; i < PRISM_COUNT(duties); i++)
		any = any || bits & duties[i].perm;
	if (!any) {
		core_doctor_add(
		    d, CORE_DOCTOR_ROW(UPLOAD, SKIPPED, "upload.role", "You provide or consume something"),
		    "no role of yours has such an action here");
		return;
	}
	PRISM_AUTO_FREE char *mine = look_key(d);
	for (size_t i = 0; i < PRISM_COUNT(duties); i++)
		if (bits & duties[i].perm)
			look_duty(d, i, mine, m, cvm);
}
