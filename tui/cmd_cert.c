/*
 * Commands about certificates and keys of TLS modes: checking files.
 */
#include "tui/cmd_cert.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/certcheck.h"
#include "tui/commands.h"

#include <string.h>

#define PASSPHRASE_MAX 4096 /* the first line of the file */

static struct prism_secret *passphrase(const struct pt_command *command, struct prism_error *err)
{
	const char *name = pt_command_get(command, "passphrase-file");
	PRISM_AUTO_FREE char *path = prism_path_expand(name ? name : "");
	struct prism_buf text;
	struct prism_secret *secret = NULL;

	if (prism_file_read(path, PASSPHRASE_MAX, &text, err) == 0)
		secret = prism_secret_create(prism_buf_text(&text), strcspn(prism_buf_text(&text), "\r\n"));
	prism_buf_wipe(&text);
	return secret;
}

int pt_cert_read(struct pt_command *command, struct core_certcheck *check, struct prism_error *err)
{
	static const char *const names[CORE_CERTCHECK_SLOT_COUNT] = {
	    [CORE_CERTCHECK_CERT] = "cert-file",
	    [CORE_CERTCHECK_KEY] = "key-file",
	    [CORE_CERTCHECK_SERVER_CA] = "server-ca-file",
	    [CORE_CERTCHECK_CLIENT_CA] = "client-ca-file",
	    [CORE_CERTCHECK_OWN_CERT] = "client-cert",
	    [CORE_CERTCHECK_OWN_KEY] = "client-key",
	};

	if (pt_command_get(command, "passphrase-file")) {
		struct prism_secret *secret = passphrase(command, err);
		if (!secret)
			return -1;
		core_certcheck_passphrase(check, secret);
		prism_secret_destroy(secret);
	}
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++) {
		const char *path = pt_command_get(command, names[i]);
		if (path)
			core_certcheck_file(check, i, path);
	}
	return 0;
}

struct pt_records *pt_cert_lines(const struct core_certcheck *check)
{
	static const struct pt_record_column columns[] = {
	    {"id", NULL},       {"result", "Result"}, {"field", "Field"},   {"check", "Check"},
	    {"found", "Found"}, {"why", NULL},        {"remedy", "Remedy"}, {NULL, NULL},
	};
	struct pt_records *records = pt_records_create(columns, 0);

	for (size_t i = 0; i < core_certcheck_count(check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(check, i);
		pt_records_text(records, line->id);
		pt_records_text(records, core_certcheck_result_word(line->result));
		pt_records_text(records, line->field);
		pt_records_text(records, line->line);
		pt_records_text(records, line->found);
		pt_records_text(records, line->why);
		pt_records_text(records, line->remedy);
	}
	return records;
}

void pt_cmd_cert_check(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_certcheck *check = NULL;
	enum core_tls_mode mode;
	int64_t at_us;
	int rc = -1;

	if (core_tls_mode_parse(pt_command_get(command, "mode"), &mode, &err) < 0 ||
	    pt_command_time(command, "at", &at_us, &err) < 0)
		goto out;
	if (at_us == PRISM_TIME_UNSET)
		at_us = prism_clock_wall_us(prism_loop_clock(command->world->loop));
	check = core_certcheck_create(mode, at_us, pt_command_get(command, "host"));
	if (pt_cert_read(command, check, &err) < 0)
		goto out;
	core_certcheck_run(check);
	command->records = pt_cert_lines(check);
	pt_command_rows(command);
	rc = core_certcheck_raise(check, false, &err);
	if (rc == 0)
		pt_command_message(command, "%s",
		                   core_certcheck_worst(check, CORE_CERTCHECK_SLOT_COUNT) ==
		                           CORE_CERTCHECK_WARN
		                       ? "usable, with warnings"
		                       : "usable");
out:
	core_certcheck_destroy(check);
	pt_command_done(command, rc < 0 ? &err : NULL);
}
