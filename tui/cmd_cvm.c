/*
 * Commands about confidential VMs: list, show, create (and wait until ready), deactivate.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/cvm.h"
#include "core/uptime.h"
#include "core/validate.h"
#include "core/watch.h"
#include "tui/cmd_evidence.h"
#include "tui/commands.h"

#include <string.h>

#define DAY_US (86400LL * 1000000)
#define EVIDENCE_MAX (16u << 20) /* bytes of a report; real ones have kilobytes */

static const struct pt_record_column cvm_columns[] = {
    {"id", "Id"},
    {"name", "Name"},
    {"phase", "Ready"},
    {"status", "Status"},
    {"state", "State"},
    {"agent_url", "Agent"},
    {"provider", "Provider"},
    {"cc_platform", "Platform"},
    {"vcpus", "CPUs"},
    {"cvm_id", NULL},
    {"agent_log_level", NULL},
    {"monthly_cost_estimate", NULL},
    {"created_at", "Created"},
    {"deleted_at", NULL},
    {NULL, NULL},
};

static void add_cvm(struct pt_records *r, const struct core_cvm *cvm)
{
	pt_records_text(r, cvm->id);
	pt_records_text(r, cvm->name);
	pt_records_text(r, core_cvm_phase_info(cvm->phase)->label);
	pt_records_text(r, cvm->status);
	pt_records_text(r, cvm->state);
	pt_records_text(r, cvm->agent_url);
	pt_records_text(r, core_provider_label(cvm->provider));
	pt_records_text(r, core_platform_label(cvm->platform));
	pt_records_int(r, cvm->vcpus);
	pt_records_text(r, cvm->cvm_id);
	pt_records_text(r, cvm->log_level);
	pt_records_text(r, cvm->monthly_cost);
	pt_records_time(r, cvm->created_us);
	pt_records_time(r, cvm->deleted_us);
}

static void list_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = core_cvms(command->core);
	struct core_cvm_filter filter = {.since_us = PRISM_TIME_UNSET};
	uint64_t days = pt_command_number(command, "days", 0);

	if (err) {
		pt_command_done(command, err);
		return;
	}
	filter.status = pt_command_flag(command, "ready") ? "ready"
	                : pt_command_flag(command, "all") ? "all"
	                                                  : pt_command_get(command, "status");
	filter.platform = pt_command_get(command, "platform");
	if (days)
		filter.since_us = prism_clock_wall_us(core_clock(command->core)) - (int64_t)days * DAY_US;
	command->records = pt_records_create(cvm_columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++)
		if (core_cvm_fits(core_cvm_at(list, i), &filter))
			add_cvm(command->records, core_cvm_at(list, i));
	pt_command_done(command, NULL);
}

void pt_cmd_cvm_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command,
	    core_list_await(core_cvms(command->core), true, command->cancel, list_here, command, &err),
	    &err);
}

static void show_here(void *data, const struct core_cvm *cvm, const struct prism_error *err)
{
	struct pt_command *command = data;

	if (!err) {
		command->records = pt_records_create(cvm_columns, PT_RECORD_SINGLE);
		add_cvm(command->records, cvm);
	}
	pt_command_done(command, err);
}

void pt_cmd_cvm_show(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cvm_fetch(command->core, pt_command_get(command, "cvm"), command->cancel,
	                              show_here, command, &err),
	               &err);
}

/* ---- create ---- */

struct waiting {
	struct pt_command *command;
	struct core_watch *watch;
	struct core_subscription *subscription;
	struct prism_cancel_hook cancelled;
};

static void waiting_free(void *state)
{
	struct waiting *w = state;

	core_unwatch(w->watch);
	core_unsubscribe(w->subscription);
	prism_cancel_remove(&w->cancelled);
	prism_free(w);
}

static void made(struct pt_command *command)
{
	static const struct pt_record_column columns[] = {
	    {"id", "Id"}, {"name", "Name"}, {"agent_url", "Agent"}, {NULL, NULL}};
	const struct core_cvm *cvm = core_cvm_get(command->core, command->id);

	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, command->id);
	pt_records_text(command->records, pt_command_get(command, "name"));
	pt_records_text(command->records, cvm ? cvm->agent_url : NULL);
	pt_command_message(command, cvm && core_cvm_ready(cvm) ? "CVM ready" : "CVM created");
	pt_command_done(command, NULL);
}

static void wait_look(void *data, const struct core_event *event)
{
	struct waiting *w = data;
	const struct core_cvm *cvm;
	struct prism_error err = PRISM_ERROR_INIT;

	if (event->type != CORE_EVENT_CVMS)
		return;
	cvm = core_cvm_get(w->command->core, w->command->id);
	if (cvm && core_cvm_ready(cvm)) {
		made(w->command);
	} else if (cvm && (cvm->phase == CORE_CVM_OFFLINE || cvm->phase == CORE_CVM_INACTIVE)) {
		prism_error_raise(&err, PRISM_ERROR_CONFLICT, "the CVM is %s",
		                  core_cvm_phase_info(cvm->phase)->label);
		pt_command_done(w->command, &err);
	}
}

static void wait_cancelled(void *data)
{
	struct waiting *w = data;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_CANCELLED, "no longer waited for");
	pt_command_done(w->command, &err);
}

static void created(void *data, const char *id, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct waiting *w;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->id = prism_strdup(id);
	if (!pt_command_flag(command, "wait")) {
		made(command);
		return;
	}
	pt_command_say(command, "CVM created; waiting until it is ready");
	w = prism_alloc(sizeof(*w));
	w->command = command;
	command->state = w;
	command->state_free = waiting_free;
	w->cancelled = (struct prism_cancel_hook){.fire = wait_cancelled, .data = w};
	prism_cancel_add(command->cancel, &w->cancelled);
	w->subscription = core_subscribe(command->core, wait_look, w);
	w->watch = core_watch(command->core, CORE_WATCH_CVMS, NULL);
}

void pt_cmd_cvm_create(struct pt_command *command)
{
	const char *provider = pt_command_get(command, "provider");
	const char *platform = pt_command_get(command, "platform");
	struct core_cvm_draft draft = {
	    .name = pt_command_get(command, "name"),
	    .provider = provider ? provider : "ultraviolet",
	    .platform = platform ? platform : "sev-snp",
	    .vcpus = (int)pt_command_number(command, "vcpus", 0),
	    .log_level = pt_command_get(command, "log-level"),
	};
	struct prism_error err = PRISM_ERROR_INIT;

	if (core_validate_named(CORE_FIELD_CVM_NAME, draft.name, &err) < 0 ||
	    core_cvm_check_vcpus(&draft, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_try(command,
	               core_cvm_create(command->core, &draft, command->cancel, created, command, &err),
	               &err);
}

/* ---- deactivate ---- */

void pt_cmd_cvm_delete(struct pt_command *command)
{
	const char *id = pt_command_get(command, "cvm");
	const struct core_cvm *cvm = core_cvm_get(command->core, id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "CVM", cvm ? cvm->name : id, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "CVM deactivated");
	pt_command_try(
	    command,
	    core_cvm_delete(command->core, id, command->cancel, pt_command_on_done, command, &err),
	    &err);
}

/* ---- attestation report and token ---- */

static void evidence_summary(struct pt_command *command, const char *what, size_t size)
{
	static const struct pt_record_column columns[] = {
	    {"kind", "Kind"}, {"size", "Bytes"}, {NULL, NULL}};

	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_text(command->records, what);
	pt_records_int(command->records, (int64_t)size);
	pt_command_message(command, "--save FILE writes it");
}

static int read_evidence(const char *base64, const char *what, struct prism_buf *out,
                         struct prism_error *err)
{
	if (!*base64)
		return prism_error_raise(err, PRISM_ERROR_MISSING, "this CVM has no %s yet", what);
	/* A token may come as it is: its dots are not of base64. */
	if (strchr(base64, '.'))
		prism_buf_puts(out, base64);
	else if (prism_base64_decode(base64, strlen(base64), out, err) < 0)
		return prism_error_wrap(err, "the %s cannot be decoded", what);
	return 0;
}

static int save_evidence(struct pt_command *command, const struct prism_buf *bytes,
                         const char *what, struct prism_error *err)
{
	PRISM_AUTO_FREE char *path = prism_path_expand(pt_command_get(command, "save"));

	if (pt_command_new_file(command, path, err) < 0 ||
	    prism_file_write(path, bytes->data, bytes->len, 0644, err) < 0)
		return -1;
	pt_command_message(command, "%s saved as %s", what, path);
	return 0;
}

/* Without a file a token is looked at; evidence has `cvm evidence` for that. */
static void attestation_here(void *data, const struct core_cvm *cvm, const struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf bytes = PRISM_BUF_INIT(EVIDENCE_MAX);
	struct pt_command *command = data;
	bool token = pt_command_flag(command, "token");
	const char *what = token ? "attestation token" : "attestation report";
	struct prism_error failed = PRISM_ERROR_INIT;

	if (!err &&
	    read_evidence(token ? cvm->attestation_token : cvm->attestation, what, &bytes, &failed) < 0)
		err = &failed;
	if (!err && pt_command_get(command, "save")) {
		if (save_evidence(command, &bytes, what, &failed) < 0)
			err = &failed;
	} else if (!err && token) {
		pt_command_token(command, prism_buf_text(&bytes), bytes.len,
		                 prism_clock_wall_us(core_clock(command->core)));
		return;
	} else if (!err) {
		evidence_summary(command, what, bytes.len);
	}
	pt_command_done(command, err);
}

void pt_cmd_cvm_attestation(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cvm_fetch(command->core, pt_command_get(command, "cvm"), command->cancel,
	                              attestation_here, command, &err),
	               &err);
}

/* ---- up-time ---- */

static unsigned days_of(const struct pt_command *command)
{
	return (unsigned)pt_command_number(command, "days", CORE_UPTIME_DAYS);
}

static void uptime_here(void *data, const struct prism_error *err)
{
	static const struct pt_record_column columns[] = {
	    {"timestamp", "Since"}, {"online", "Online"}, {"seconds", "Lasted (s)"}, {NULL, NULL}};
	struct pt_command *command = data;
	struct core_uptime uptime =
	    core_uptime(command->core, pt_command_get(command, "cvm"), days_of(command));
	int64_t up, known;

	if (err) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < uptime.count; i++) {
		int64_t end = i + 1 < uptime.count ? uptime.points[i + 1].at_us : uptime.to_us;

		pt_records_time(command->records, uptime.points[i].at_us);
		pt_records_bool(command->records, uptime.points[i].online);
		pt_records_int(command->records, (end - uptime.points[i].at_us) / 1000000);
	}
	core_uptime_sums(&uptime, &up, &known);
	if (known > 0)
		pt_command_message(command, "online %.1f %% of the time that is known",
		                   100.0 * (double)up / (double)known);
	pt_command_done(command, NULL);
}

void pt_cmd_cvm_statistics(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (days_of(command) < 1 || days_of(command) > CORE_UPTIME_DAYS_MAX) {
		prism_error_raise(&err, PRISM_ERROR_INVALID, "--days must be 1 to %d",
		                  CORE_UPTIME_DAYS_MAX);
		pt_command_done(command, &err);
		return;
	}
	pt_command_try(command,
	               core_uptime_await(command->core, pt_command_get(command, "cvm"),
	                                 days_of(command), command->cancel, uptime_here, command, &err),
	               &err);
}
