/*
 * The TLS fields of a computation's form: see view_form_tls.h.
 */
#include "tui/view_form_tls.h"

#include "base/mem.h"
#include "core/certcheck.h"

#include <string.h>

static const char *const arg_names[CORE_TLS_FILE_COUNT] = {
    [CORE_TLS_FILE_CERT] = "cert-file",
    [CORE_TLS_FILE_KEY] = "key-file",
    [CORE_TLS_FILE_SERVER_CA] = "server-ca-file",
    [CORE_TLS_FILE_CLIENT_CA] = "client-ca-file",
};

int pt_form_tls_file(const char *arg_name)
{
	for (int i = 0; i < CORE_TLS_FILE_COUNT; i++)
		if (strcmp(arg_name, arg_names[i]) == 0)
			return i;
	return -1;
}

enum core_tls_mode pt_form_tls_mode(const struct pt_form *form,
                                    const struct core_computation *stored)
{
	const char *word = pt_form_get(form, "tls-mode");
	enum core_tls_mode mode;

	if (word && *word && core_tls_mode_parse(word, &mode, NULL) == 0)
		return mode;
	return stored && stored->agent.present ? core_tls_mode_of(&stored->agent) : CORE_TLS_NONE;
}

bool pt_form_tls_uses(const struct pt_form *form, const struct core_computation *stored,
                      unsigned file)
{
	const struct core_tls_mode_info *mode = core_tls_mode_info(pt_form_tls_mode(form, stored));

	return ((mode->required | mode->optional) & (1u << file)) != 0;
}

bool pt_form_tls_clears(const struct pt_form *form, const struct core_computation *stored,
                        unsigned file)
{
	return stored && stored->agent.present && *stored->agent.file[file] &&
	       !pt_form_tls_uses(form, stored, file);
}

static void add_passphrase(const struct pt_form *form, struct core_certcheck *check)
{
	const char *path = pt_form_get(form, "passphrase-file");
	struct prism_error ignored = PRISM_ERROR_INIT;

	if (path && *path && core_certcheck_passphrase_file(check, path, &ignored) < 0)
		return; /* the check says that the key does not open */
}

int pt_form_tls_check(const struct pt_form *form, const struct core_computation *stored,
                      unsigned file, int64_t now_us, struct prism_error *err)
{
	struct core_certcheck *check =
	    core_certcheck_create(pt_form_tls_mode(form, stored), now_us, NULL);
	const struct core_certcheck_line *line;
	int rc = 0;

	add_passphrase(form, check);
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		const char *path = pt_form_get(form, arg_names[i]);
		if (!pt_form_tls_uses(form, stored, i))
			continue;
		if (path && *path)
			core_certcheck_file(check, i, path);
		else if (stored && stored->agent.present)
			core_certcheck_stored(check, i, stored->agent.file[i]);
	}
	core_certcheck_run(check);
	line = core_certcheck_problem(check, file);
	if (line && line->result == CORE_CERTCHECK_FAIL && core_certcheck_blocks(line)) {
		rc = prism_error_raise(err, PRISM_ERROR_INVALID, "%s: %s", line->found, line->remedy);
		prism_error_hint(err, "%s", line->remedy);
	}
	core_certcheck_destroy(check);
	return rc;
}

static void put_modes(struct prism_buf *out, const char *word, bool required, unsigned file)
{
	bool first = true;

	for (int m = 0; m < CORE_TLS_COUNT; m++) {
		const struct core_tls_mode_info *mode = core_tls_mode_info((enum core_tls_mode)m);
		if (!((required ? mode->required : mode->optional) & (1u << file)))
			continue;
		prism_buf_printf(out, "%s%s%s", first ? (out->len ? "; " : "") : ", ", first ? word : "",
		                 mode->label);
		first = false;
	}
}

char *pt_form_tls_needed(unsigned file)
{
	struct prism_buf out = PRISM_BUF_INIT(1024);

	put_modes(&out, "required: ", true, file);
	put_modes(&out, "optional: ", false, file);
	return prism_buf_take(&out, NULL);
}

static void put_file(struct prism_buf *out, const struct core_agent_config *agent, unsigned file,
                     int64_t now_us)
{
	const char *value = agent->file[file];
	PRISM_AUTO_FREE char *summary =
	    file == CORE_TLS_FILE_KEY ? NULL : core_certcheck_summary(value, strlen(value), now_us);
	struct core_certcheck_facts facts;

	prism_buf_printf(out, "\n%s: ", core_tls_file_info(file)->status_label);
	if (core_tls_value_kind(value) == CORE_TLS_VALUE_PATH) {
		prism_buf_printf(out, "Server-side path %.200s", value);
		return;
	}
	prism_buf_puts(out, core_tls_file_badge(agent, file));
	if (summary && *summary) {
		prism_buf_printf(out, " · %s", summary);
		if (core_certcheck_facts(value, strlen(value), now_us, &facts, NULL) == 0) {
			prism_buf_printf(out, " · SHA-256 %s", facts.fingerprint);
			core_certcheck_facts_finish(&facts);
		}
	}
}

char *pt_form_tls_panel(const struct core_computation *stored, int64_t now_us)
{
	struct prism_buf out = PRISM_BUF_INIT(1u << 20);

	if (!stored || !stored->agent.present)
		return NULL;
	prism_buf_printf(&out, "Current configuration: %s%s",
	                 core_tls_mode_info(core_tls_mode_of(&stored->agent))->label,
	                 stored->agent.attested_tls ? ", attested" : "");
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		put_file(&out, &stored->agent, i, now_us);
	if (*core_tls_mode_note(&stored->agent))
		prism_buf_printf(&out, "\n%s", core_tls_mode_note(&stored->agent));
	return prism_buf_take(&out, NULL);
}
