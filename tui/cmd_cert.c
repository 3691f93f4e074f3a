/*
 * Commands about certificates and keys of TLS modes: checking files, and fetching the stored ones.
 */
#include "tui/cmd_cert.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/certcheck.h"
#include "tui/commands.h"

#include <string.h>
#include <unistd.h>

static const char *const names[CORE_CERTCHECK_SLOT_COUNT] = {
    [CORE_CERTCHECK_CERT] = "cert-file",           [CORE_CERTCHECK_KEY] = "key-file",
    [CORE_CERTCHECK_SERVER_CA] = "server-ca-file", [CORE_CERTCHECK_CLIENT_CA] = "client-ca-file",
    [CORE_CERTCHECK_OWN_CERT] = "client-cert",     [CORE_CERTCHECK_OWN_KEY] = "client-key",
};

/* Not every action has every argument. */
static const char *given_path(const struct pt_command *command, unsigned slot)
{
	return pt_action_arg(command->action, names[slot]) ? pt_command_get(command, names[slot])
	                                                   : NULL;
}

int pt_cert_read(struct pt_command *command, struct core_certcheck *check, struct prism_error *err)
{
	const char *passphrase = pt_command_get(command, "passphrase-file");

	if (passphrase && core_certcheck_passphrase_file(check, passphrase, err) < 0)
		return -1;
	for (unsigned i = 0; i < CORE_CERTCHECK_SLOT_COUNT; i++) {
		const char *path = given_path(command, i);
		const struct prism_secret *bytes = path ? pt_command_attached(command, names[i]) : NULL;
		if (bytes) /* read and checked before: never read again */
			core_certcheck_bytes(check, i, prism_secret_text(bytes), prism_secret_size(bytes), 0);
		else if (path)
			core_certcheck_file(check, i, path);
	}
	return 0;
}

bool pt_cert_given(const struct pt_command *command)
{
	bool given = pt_command_get(command, "tls-mode") != NULL;

	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		given |= given_path(command, i) != NULL;
	return given;
}

/* Stored texts stand in for files that are not given and that the mode uses; a path inside the CVM
 * cannot be looked at and passes unseen. */
static void add_stored(struct pt_command *command, const struct core_computation *stored,
                       enum core_tls_mode mode, struct core_certcheck *check)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(mode);

	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		const char *text = stored->agent->file[i];
		bool used = ((info->required | info->optional) & (1u << i)) != 0;
		if (used && !given_path(command, i) && core_tls_value_kind(text) != CORE_TLS_VALUE_EMPTY)
			core_certcheck_stored(check, i, text);
	}
}

static void say_warnings(struct pt_command *command, const struct core_certcheck *check)
{
	for (size_t i = 0; i < core_certcheck_count(check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(check, i);
		if (line->result >= CORE_CERTCHECK_WARN)
			pt_command_say(command, "%s: %s (%s)", line->field, line->found, line->remedy);
	}
}

/* What the change of mode takes away is said, since it cannot be fetched back. */
static void say_cleared(struct pt_command *command, const struct core_computation *stored,
                        enum core_tls_mode mode)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(mode);

	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		if (*stored->agent->file[i] && !((info->required | info->optional) & (1u << i)))
			pt_command_say(command, "%s is cleared: %s does not use it",
			               core_tls_file_info(i)->label, info->label);
}

int pt_cert_draft(struct pt_command *command, const struct core_computation *stored,
                  struct core_computation_draft *draft, struct core_certcheck **ret_check,
                  struct prism_error *err)
{
	const char *word = pt_command_get(command, "tls-mode");
	enum core_tls_mode mode = stored ? core_tls_mode_of(stored->agent) : CORE_TLS_NONE;
	struct core_certcheck *check;

	if (!pt_cert_given(command))
		return 0;
	if (word && core_tls_mode_parse(word, &mode, err) < 0)
		return -1;
	check = core_certcheck_create(mode, prism_clock_wall_us(prism_loop_clock(command->world->loop)),
	                              NULL);
	*ret_check = check;
	if (pt_cert_read(command, check, err) < 0)
		return -1;
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		const struct core_tls_mode_info *info = core_tls_mode_info(mode);
		if (given_path(command, i) && !((info->required | info->optional) & (1u << i))) {
			prism_error_raise(err, PRISM_ERROR_INVALID, "%s does not use a %s", info->label,
			                  core_tls_file_info(i)->label);
			prism_error_hint(err, "leave --%s out, or choose another --tls-mode", names[i]);
			return -1;
		}
	}
	if (stored)
		add_stored(command, stored, mode, check);
	core_certcheck_run(check);
	if (core_certcheck_raise(check, true, err) < 0)
		return -1;
	say_warnings(command, check);
	if (stored)
		say_cleared(command, stored, mode);
	draft->set_mode = true;
	draft->mode = mode;
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		draft->file[i] = given_path(command, i) ? core_certcheck_pem(check, i) : NULL;
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

/* ---- computation certs ---- */

/* What is written for a stored value (reference 5.2); false when there is nothing to write. */
static bool file_contents(struct pt_command *command, unsigned file, const char *value,
                          struct prism_buf *out)
{
	switch (core_tls_value_kind(value)) {
	case CORE_TLS_VALUE_PEM:
		prism_buf_puts(out, value);
		return true;
	case CORE_TLS_VALUE_PEM_BASE64:
	case CORE_TLS_VALUE_DER_BASE64:
		return prism_base64_decode(value, strlen(value), out, NULL) == 0;
	case CORE_TLS_VALUE_PATH:
		pt_command_say(command, "%s is a path inside the CVM and stays there: %s",
		               core_tls_file_info(file)->status_label, value);
		return false;
	default:
		return false;
	}
}

/* Writes one file; returns 1 when there was something, 0 when not. */
static int save_file(struct pt_command *command, const struct core_computation *computation,
                     unsigned file, const char *dir, struct prism_error *err)
{
	const struct core_tls_file_info *info = core_tls_file_info(file);
	const char *value = computation->agent->file[file];
	struct prism_buf text = PRISM_BUF_INIT(strlen(value) + 1);
	PRISM_AUTO_FREE char *path = prism_path_join(dir, info->file_name);
	bool any = file_contents(command, file, value, &text);
	int rc = any ? 1 : 0;

	if (any && !pt_command_flag(command, "replace") && access(path, F_OK) == 0) {
		rc = prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s is there already", path);
		prism_error_hint(err, "choose another directory, or give --replace");
	} else if (any && prism_file_write(path, text.data, text.len,
	                                   file == CORE_TLS_FILE_KEY ? 0600 : 0644, err) < 0) {
		rc = -1;
	}
	if (rc > 0) {
		pt_records_text(command->records, info->status_label);
		pt_records_text(command->records, path);
	}
	prism_buf_wipe(&text);
	return rc;
}

static void certs_here(void *data, const struct core_computation *computation,
                       const struct prism_error *why)
{
	static const struct pt_record_column columns[] = {
	    {"file", "File"}, {"path", "Path"}, {NULL, NULL}};
	struct pt_command *command = data;
	struct prism_error err = PRISM_ERROR_INIT;
	int rc = 0, count = 0;

	if (why) {
		pt_command_done(command, why);
		return;
	}
	PRISM_AUTO_FREE char *dir = prism_path_expand(pt_command_get(command, "directory"));
	command->records = pt_records_create(columns, 0);
	rc = prism_file_mkdirs(dir, 0700, &err);
	for (unsigned i = 0; rc >= 0 && i < CORE_TLS_FILE_COUNT; i++)
		if ((rc = save_file(command, computation, i, dir, &err)) > 0)
			count++;
	if (rc >= 0 && count > 0)
		pt_command_message(command, "%d file%s written", count, count == 1 ? "" : "s");
	else if (rc >= 0)
		pt_command_message(command, "no file is stored with this computation");
	pt_command_done(command, rc < 0 ? &err : NULL);
}

void pt_cmd_computation_certs(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_computation_fetch(command->core, pt_command_get(command, "computation"),
	                                      command->cancel, certs_here, command, &err),
	               &err);
}
