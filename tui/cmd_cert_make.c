/*
 * Commands that make something for TLS modes: development certificates, and the environment in
 * which cocos-cli reaches an agent.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/work.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/devcert.h"
#include "core/run.h"
#include "tui/commands.h"
#include "tui/env.h"

#include <stdlib.h>
#include <string.h>

/* ---- cert generate -------------------------------------------------------------------------- */

struct generating {
	struct pt_command *command;
	struct core_devcert_spec spec;
	char *dir, *ca_dir; /* owned */
	struct core_devcert made;
	struct prism_error err;
	int rc;
};

static void generating_free(void *state)
{
	struct generating *g = state;

	core_devcert_finish(&g->made);
	prism_free(g->dir);
	prism_free(g->ca_dir);
	prism_free(g);
}

static int read_spec(struct generating *g, struct prism_error *err)
{
	struct pt_command *command = g->command;
	const char *kind = pt_command_get(command, "key-type");
	const char *ca = pt_command_get(command, "ca");

	g->dir = prism_path_expand(pt_command_get(command, "directory"));
	g->ca_dir = ca ? prism_path_expand(ca) : NULL;
	g->spec = (struct core_devcert_spec){
	    .dir = g->dir,
	    .ca_dir = g->ca_dir,
	    .common_name = pt_command_get(command, "name"),
	    .organisation = pt_command_get(command, "organisation"),
	    .unit = pt_command_get(command, "unit"),
	    .kind = NET_KEY_P256,
	    .now_us = prism_clock_wall_us(prism_loop_clock(command->world->loop)),
	    .replace = pt_command_flag(command, "replace"),
	};
	g->spec.names = pt_command_all(command, "host", &g->spec.name_count);
	uint64_t days = pt_command_number(command, "days", CORE_DEVCERT_DAYS);
	g->spec.days = days > CORE_DEVCERT_DAYS_MAX ? CORE_DEVCERT_DAYS_MAX + 1 : (unsigned)days;
	if (kind && net_key_kind_parse(kind, &g->spec.kind, err) < 0)
		return -1;
	return core_devcert_role_parse(pt_command_get(command, "type"), &g->spec.role, err);
}

static void generate(void *data)
{
	struct generating *g = data;

	g->rc = core_devcert_make(&g->spec, &g->made, &g->err);
}

static void generated(void *data, bool cancelled)
{
	static const struct pt_record_column columns[] = {
	    {"type", "Type"}, {"certificate", "Certificate"}, {"key", "Key"}, {"note", "Note"},
	    {NULL, NULL},
	};
	struct generating *g = data;
	struct pt_command *command = g->command;

	if (cancelled)
		prism_error_raise(&g->err, PRISM_ERROR_CANCELLED, "cancelled");
	if (!cancelled && g->rc == 0) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		pt_records_text(command->records, core_devcert_role_word(g->spec.role));
		pt_records_text(command->records, g->made.cert_path);
		pt_records_text(command->records, g->made.key_path);
		pt_records_text(command->records, NET_CERT_COMMENT);
		pt_command_message(command, "%s written; development only",
		                   prism_path_base(g->made.cert_path));
	}
	pt_command_done(command, cancelled || g->rc < 0 ? &g->err : NULL);
}

static void print_text(struct pt_command *command, const char *key, const char *text)
{
	static const struct pt_record_column columns[] = {{"text", "Text"}, {NULL, NULL}};
	cJSON *doc = cJSON_CreateObject();

	cJSON_AddStringToObject(doc, key, text);
	PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
	PRISM_AUTO_FREE char *with_newline = prism_asprintf("%s\n", json);
	prism_json_free(doc);
	command->records = pt_records_create(columns, PT_RECORD_SINGLE);
	pt_records_document(command->records, text, strlen(text));
	pt_records_json(command->records, with_newline);
}

void pt_cmd_cert_generate(struct pt_command *command)
{
	struct generating *g = prism_alloc(sizeof(*g));
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);

	g->command = command;
	command->state = g;
	command->state_free = generating_free;
	if (read_spec(g, &err) < 0) {
		pt_command_done(command, &err);
	} else if (pt_command_flag(command, "show-openssl")) {
		int rc = core_devcert_openssl(&g->spec, &text, &err);
		if (rc == 0)
			print_text(command, "commands", prism_buf_text(&text));
		pt_command_done(command, rc < 0 ? &err : NULL);
	} else {
		if (g->spec.kind == NET_KEY_RSA4096)
			pt_command_say(command, "making an RSA key takes some seconds");
		prism_work_submit(command->world->work, command->cancel, generate, generated, g);
	}
}

/* ---- agent env ------------------------------------------------------------------------------ */

static void env_print(struct pt_command *command, const struct core_computation *computation)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(PT_ENV_MAX);
	const struct pt_env_spec spec = {
	    .shell = pt_command_get(command, "shell"),
	    .mode = pt_command_get(command, "mode"),
	    .address = pt_command_get(command, "address"),
	    .server_ca = pt_command_get(command, "server-ca-file"),
	    .client_cert = pt_command_get(command, "client-cert"),
	    .client_key = pt_command_get(command, "client-key"),
	    .policy = pt_command_get(command, "policy"),
	};
	struct prism_error err = PRISM_ERROR_INIT;
	ssize_t open = pt_env_text(command->world, computation, &spec, &out, &err);

	if (open < 0) {
		pt_command_done(command, &err);
		return;
	}
	print_text(command, "environment", prism_buf_text(&out));
	if (open > 0)
		pt_command_say(command, "%zd value%s in <...> to be filled in", open, open == 1 ? "" : "s");
	pt_command_done(command, NULL);
}

static void env_computation_here(void *data, const struct core_computation *computation,
                                 const struct prism_error *err)
{
	if (err)
		pt_command_done(data, err);
	else
		env_print(data, computation);
}

static void env_fetch(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_computation_fetch(command->core, pt_command_get(command, "computation"),
	                                      command->cancel, env_computation_here, command, &err),
	               &err);
}

/* Without an address the snippet has a place for it: nothing here is an error but a cancel. */
static void env_cvms_here(void *data, const struct prism_error *err)
{
	if (err && err->category == PRISM_ERROR_CANCELLED)
		pt_command_done(data, err);
	else
		env_fetch(data);
}

static void env_timeline_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err && err->category == PRISM_ERROR_CANCELLED)
		pt_command_done(command, err);
	else
		pt_command_try(command,
		               core_list_await(core_cvms(command->core), false, command->cancel,
		                               env_cvms_here, command, &failed),
		               &failed);
}

void pt_cmd_agent_env(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_get(command, "address"))
		env_fetch(command);
	else
		pt_command_try(command,
		               core_timeline_await(command->core, pt_command_get(command, "computation"),
		                                   true, command->cancel, env_timeline_here, command, &err),
		               &err);
}
