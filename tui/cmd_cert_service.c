/*
 * Commands of Prism's certificate service.  What the server does and answers is core/cert.h's
 * matter; files are written here, because they are the person's.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/cert.h"
#include "core/certcheck.h"
#include "core/cvm.h"
#include "tui/cert_words.h"
#include "tui/commands.h"

#include <string.h>

#define DAY_US 86400000000LL

/* ---- list ---- */

static const struct pt_record_column columns[] = {
    {"serial_number", "Serial number"},
    {"cvm", "CVM"},
    {"cvm_id", NULL},
    {"state", "State"},
    {"expiry_time", "Expires"},
    {"days_left", "Days left"},
    {NULL, NULL},
};

static void add_cert(struct pt_command *command, const struct core_cert *cert)
{
	const struct core_cvm *cvm = core_cvm_get(command->core, cert->entity_id);
	int64_t now = prism_clock_wall_us(core_clock(command->core));

	pt_records_text(command->records, cert->serial);
	pt_records_text(command->records, cvm ? cvm->name : NULL);
	pt_records_text(command->records, *cert->entity_id ? cert->entity_id : NULL);
	pt_records_text(command->records, core_cert_state_info(core_cert_state(cert, now))->word);
	pt_records_time(command->records, cert->expires_us);
	if (cert->expires_us == PRISM_TIME_UNSET)
		pt_records_text(command->records, NULL);
	else
		pt_records_int(command->records, (cert->expires_us - now) / DAY_US);
}

static struct core_list *list_of(struct pt_command *command)
{
	const char *cvm = pt_command_get(command, "cvm");

	return cvm ? core_certs(command->core, cvm) : core_workspace_certs(command->core);
}

/* In force and about to end, or ended without a successor: what somebody has to do something about.
 */
static bool wants_attention(struct pt_command *command, const struct core_cert *cert)
{
	enum core_cert_state state =
	    core_cert_state(cert, prism_clock_wall_us(core_clock(command->core)));
	const struct core_cert *best = core_cert_of_cvm(command->core, cert->entity_id);

	return best == cert && (state == CORE_CERT_EXPIRING || state == CORE_CERT_EXPIRED);
}

/* Names of CVMs are a service to the reader: without them there are ids. */
static void list_named(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct core_list *list = list_of(command);

	if (err && err->category == PRISM_ERROR_CANCELLED) {
		pt_command_done(command, err);
		return;
	}
	command->records = pt_records_create(columns, 0);
	for (size_t i = 0; i < core_list_count(list); i++)
		if (!pt_command_flag(command, "attention") ||
		    wants_attention(command, core_cert_at(list, i)))
			add_cert(command, core_cert_at(list, i));
	pt_command_done(command, NULL);
}

static void list_here(void *data, const struct prism_error *err)
{
	struct pt_command *command = data;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (err)
		pt_command_done(command, err);
	else
		pt_command_try(command,
		               core_list_await(core_cvms(command->core), false, command->cancel, list_named,
		                               command, &failed),
		               &failed);
}

void pt_cmd_cert_list(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(
	    command, core_list_await(list_of(command), true, command->cancel, list_here, command, &err),
	    &err);
}

/* ---- issue and renew ---- */

static void made(void *data, const char *serial, const struct prism_error *err)
{
	struct pt_command *command = data;
	const struct core_cert *cert = err ? NULL : core_cert_find(command->core, serial);
	char left[64];

	if (cert) {
		command->records = pt_records_create(columns, PT_RECORD_SINGLE);
		add_cert(command, cert);
		command->id = prism_strdup(serial);
		pt_command_message(
		    command, "certificate %s %s, %s", serial,
		    !strcmp(command->action->name, "cert renew") ? "takes its place" : "issued",
		    pt_cert_left(cert, prism_clock_wall_us(core_clock(command->core)), left, sizeof(left)));
	} else if (!err) {
		pt_command_message(command, "done; the service does not list the new certificate yet");
	}
	pt_command_done(command, err);
}

void pt_cmd_cert_issue(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;
	size_t count;
	const char *const *addresses = pt_command_all(command, "ip", &count);

	pt_command_try(command,
	               core_cert_issue(command->core, pt_command_get(command, "cvm"), addresses, count,
	                               command->cancel, made, command, &err),
	               &err);
}

static void renewed(void *data, const char *serial, const struct prism_error *err)
{
	struct prism_error refused = PRISM_ERROR_INIT;

	if (err && (err->status == 401 || err->status == 403)) {
		refused = *err;
		prism_error_hint(&refused,
		                 "a revoked or expired certificate cannot be renewed: issue a new "
		                 "one");
		err = &refused;
	}
	made(data, serial, err);
}

void pt_cmd_cert_renew(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cert_renew(command->core, pt_command_get(command, "certificate"),
	                               command->cancel, renewed, command, &err),
	               &err);
}

/* ---- revoke and delete ---- */

void pt_cmd_cert_revoke(struct pt_command *command)
{
	const char *serial = pt_command_get(command, "certificate");
	const char *given = pt_command_get(command, "confirm");
	struct prism_error err = PRISM_ERROR_INIT;
	char digits[PT_CERT_SHORT];

	if (!(given && net_serial_same(given, serial)) &&
	    pt_command_confirm(command, "certificate", pt_cert_short(serial, digits), &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "certificate %s revoked", serial);
	pt_command_try(
	    command,
	    core_cert_revoke(command->core, serial, command->cancel, pt_command_on_done, command, &err),
	    &err);
}

void pt_cmd_cert_delete(struct pt_command *command)
{
	const char *id = pt_command_get(command, "cvm");
	const struct core_cvm *cvm = core_cvm_get(command->core, id);
	struct prism_error err = PRISM_ERROR_INIT;

	if (pt_command_confirm(command, "CVM", cvm ? cvm->name : id, &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	pt_command_message(command, "certificates of %s deleted", cvm ? cvm->name : id);
	pt_command_try(
	    command,
	    core_cert_delete(command->core, id, command->cancel, pt_command_on_done, command, &err),
	    &err);
}

/* ---- download ---- */

static void say_problems(struct pt_command *command, const struct core_cert_files *files)
{
	struct core_certcheck *check =
	    core_certcheck_create(CORE_TLS_TLS, prism_clock_wall_us(core_clock(command->core)), NULL);
	const struct prism_buf *pem = files->pem;

	core_certcheck_text(check, CORE_CERTCHECK_CERT, prism_buf_text(&pem[CORE_CERT_FILE_CERT]),
	                    pem[CORE_CERT_FILE_CERT].len);
	core_certcheck_text(check, CORE_CERTCHECK_SERVER_CA, prism_buf_text(&pem[CORE_CERT_FILE_CA]),
	                    pem[CORE_CERT_FILE_CA].len);
	core_certcheck_run(check);
	for (size_t i = 0; i < core_certcheck_count(check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(check, i);
		if (line->result >= CORE_CERTCHECK_WARN && line->slot != CORE_CERTCHECK_KEY &&
		    line->check != CORE_CERTCHECK_ID_NEEDED && line->check != CORE_CERTCHECK_ID_DATES)
			pt_command_say(command, "%s: %s", line->field, line->found);
	}
	core_certcheck_destroy(check);
}

static void files_here(void *data, const struct core_cert_files *files,
                       const struct prism_error *why)
{
	static const struct pt_record_column names[] = {
	    {"file", "File"}, {"path", "Path"}, {NULL, NULL}};
	struct pt_command *command = data;
	struct prism_error err = PRISM_ERROR_INIT;

	if (why) {
		pt_command_done(command, why);
		return;
	}
	PRISM_AUTO_FREE char *dir = prism_path_expand(pt_command_get(command, "directory"));
	if (core_cert_files_save(files, dir, pt_command_flag(command, "replace"), &err) < 0) {
		pt_command_done(command, &err);
		return;
	}
	say_problems(command, files);
	command->records = pt_records_create(names, 0);
	for (unsigned i = 0; i < CORE_CERT_FILE_COUNT; i++) {
		PRISM_AUTO_FREE char *path = prism_path_join(dir, core_cert_file_name(i));
		pt_records_text(command->records, core_cert_file_name(i));
		pt_records_text(command->records, path);
	}
	pt_command_message(command, "certificate, key and CA written to %s",
	                   pt_command_get(command, "directory"));
	pt_command_done(command, NULL);
}

void pt_cmd_cert_download(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cert_download(command->core, pt_command_get(command, "certificate"),
	                                  command->cancel, files_here, command, &err),
	               &err);
}

static void ca_here(void *data, const char *pem, size_t size, const struct prism_error *err)
{
	static const struct pt_record_column text[] = {{"ca", "CA"}, {NULL, NULL}};
	struct pt_command *command = data;
	const char *path = pt_command_get(command, "save");
	PRISM_AUTO_FREE char *expanded = path ? prism_path_expand(path) : NULL;
	struct prism_error failed = PRISM_ERROR_INIT;

	if (!err && expanded && prism_file_write(expanded, pem, size, 0644, &failed) < 0)
		err = &failed;
	if (!err && expanded) {
		pt_command_message(command, "CA certificates saved as %s", expanded);
	} else if (!err) {
		cJSON *doc = cJSON_CreateObject();
		cJSON_AddStringToObject(doc, "ca", pem);
		PRISM_AUTO_FREE char *json = prism_json_print(doc, true);
		PRISM_AUTO_FREE char *line = prism_asprintf("%s\n", json);
		prism_json_free(doc);
		command->records = pt_records_create(text, PT_RECORD_SINGLE);
		pt_records_document(command->records, pem, size);
		pt_records_json(command->records, line);
	}
	pt_command_done(command, err);
}

void pt_cmd_cert_ca(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command, core_cert_ca(command->core, command->cancel, ca_here, command, &err),
	               &err);
}

/* ---- OCSP ---- */

static void status_here(void *data, const struct net_ocsp_answer *answer,
                        const struct prism_error *err)
{
	static const struct pt_record_column status[] = {
	    {"serial_number", "Serial number"},
	    {"status", "Status"},
	    {"revoked_at", "Revoked"},
	    {"reason", "Reason"},
	    {"this_update", "As of"},
	    {"next_update", "Good until"},
	    {"fresh", "Made for this question"},
	    {NULL, NULL},
	};
	struct pt_command *command = data;
	struct prism_error bad = PRISM_ERROR_INIT;

	if (!err) {
		command->records = pt_records_create(status, PT_RECORD_SINGLE);
		pt_records_text(command->records, pt_command_get(command, "certificate"));
		pt_records_text(command->records, net_ocsp_state_word(answer->state));
		pt_records_time(command->records, answer->revoked_us);
		pt_records_text(command->records, *answer->reason ? answer->reason : NULL);
		pt_records_time(command->records, answer->this_update_us);
		pt_records_time(command->records, answer->next_update_us);
		pt_records_bool(command->records, answer->nonce);
		if (answer->state != NET_OCSP_GOOD) { /* scripts go by the exit status */
			pt_command_rows(command);
			prism_error_raise(&bad, PRISM_ERROR_TRUST,
			                  answer->state == NET_OCSP_REVOKED
			                      ? "the certificate is revoked"
			                      : "the service does not know the certificate");
			err = &bad;
		} else {
			pt_command_message(command, "the certificate is valid");
		}
	}
	pt_command_done(command, err);
}

void pt_cmd_cert_ocsp(struct pt_command *command)
{
	struct prism_error err = PRISM_ERROR_INIT;

	pt_command_try(command,
	               core_cert_status(command->core, pt_command_get(command, "certificate"),
	                                command->cancel, status_here, command, &err),
	               &err);
}
