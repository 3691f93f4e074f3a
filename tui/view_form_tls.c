/*
 * The TLS fields of a computation's form: see view_form_tls.h.
 */
#include "tui/view_form_tls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/cvm.h"
#include "core/filetell.h"
#include "core/pem.h"
#include "tui/checks_draw.h"
#include "tui/ui.h"

#include <string.h>

#define LINES_MAX 64 /* under one field; a file of 32 certificates has a line of dates for each */

static int64_t now_of(const struct pt_form_tls *tls)
{
	return prism_clock_wall_us(pt_app_clock(tls->view->app));
}

/* ---- which fields ---- */

const struct core_computation *pt_form_tls_stored(const struct pt_form_tls *tls)
{
	const struct core_computation *c =
	    tls->computation ? core_computation_get(pt_ui_core(tls->view->app), tls->computation)
	                     : NULL;

	return c && c->agent->present ? c : NULL;
}

enum core_tls_mode pt_form_tls_mode(const struct pt_form_tls *tls)
{
	const char *word = tls->form ? pt_form_get(tls->form, "tls-mode") : NULL;
	const struct core_computation *stored = pt_form_tls_stored(tls);
	enum core_tls_mode mode;

	if (word && *word && core_tls_mode_parse(word, &mode, NULL) == 0)
		return mode;
	return stored ? core_tls_mode_of(stored->agent) : CORE_TLS_NONE;
}

bool pt_form_tls_uses(const struct pt_form_tls *tls, unsigned file)
{
	const struct core_tls_mode_info *mode = core_tls_mode_info(pt_form_tls_mode(tls));

	return !tls->locked && ((mode->required | mode->optional) & (1u << file)) != 0;
}

bool pt_form_tls_clears(const struct pt_form_tls *tls, unsigned file)
{
	const struct core_computation *stored = pt_form_tls_stored(tls);

	return stored && !tls->locked && *stored->agent->file[file] && !pt_form_tls_uses(tls, file);
}

bool pt_form_tls_encrypted(const struct pt_form_tls *tls)
{
	const struct pt_form_file *file = &tls->files[CORE_TLS_FILE_KEY];
	struct core_pem *pem;
	bool encrypted;

	if (!pt_form_tls_uses(tls, CORE_TLS_FILE_KEY) || file->state != PT_FORM_FILE_READ)
		return false;
	pem = prism_alloc(sizeof(*pem));
	core_pem_scan(prism_buf_text(&file->bytes), file->bytes.len, pem);
	encrypted = pem->of_kind[CORE_PEM_ENCRYPTED_KEY] > 0;
	prism_free(pem);
	return encrypted;
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

/* ---- judging ---- */

static const char *field_text(const struct pt_form_tls *tls, unsigned file)
{
	return pt_form_get(tls->form, pt_form_file_arg(file));
}

/* What was typed, else the first line of a file; NULL: none. Yours. */
static struct prism_secret *passphrase_of(const struct pt_form_tls *tls)
{
	struct prism_secret *typed = pt_form_copy_secret(tls->form, "passphrase");
	const struct pt_form_file *file = &tls->files[PT_FORM_PASSPHRASE];

	if (!typed && file->state == PT_FORM_FILE_READ) /* the first line of that file */
		typed = prism_secret_create(prism_buf_text(&file->bytes),
		                            strcspn(prism_buf_text(&file->bytes), "\r\n"));
	return typed;
}

/* Opening a key is slow on purpose: not for every letter of a passphrase that is being typed. */
static bool out_of_date(const struct pt_form_tls *tls, const char *focus)
{
	struct prism_secret *now = passphrase_of(tls);
	const struct prism_secret *then = tls->judged_passphrase;
	bool typing = focus && strcmp(focus, "passphrase") == 0;
	bool other = now && then ? !prism_secret_equal(now, then) : now != then;

	prism_secret_destroy(now);
	return !tls->check || tls->changed || pt_form_tls_mode(tls) != tls->judged_mode ||
	       (other && !typing);
}

static void add_file(const struct pt_form_tls *tls, struct core_certcheck *check, unsigned i)
{
	const struct pt_form_file *file = &tls->files[i];
	const struct core_computation *stored = pt_form_tls_stored(tls);

	if (file->state == PT_FORM_FILE_READ)
		core_certcheck_bytes(check, i, prism_buf_text(&file->bytes), file->bytes.len, file->mode);
	else if (file->state == PT_FORM_FILE_FAILED)
		core_certcheck_unread(check, i, &file->error);
	else if (!*field_text(tls, i) && stored)
		core_certcheck_stored(check, i, stored->agent->file[i]);
}

/* Those it could run on; which one is decided when it is run. */
static void add_cvms(const struct pt_form_tls *tls, struct core_certcheck *check)
{
	struct core_list *cvms = core_cvms(pt_ui_core(tls->view->app));

	for (size_t i = 0; i < core_list_count(cvms); i++) {
		const struct core_cvm *cvm = core_cvm_at(cvms, i);

		if (core_cvm_ready(cvm))
			core_certcheck_candidate(check, *cvm->name ? cvm->name : cvm->id, cvm->agent_url);
	}
}

static void show_lines(struct pt_form_tls *tls, unsigned file);

static void show_all(struct pt_form_tls *tls)
{
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		show_lines(tls, i);
}

void pt_form_tls_judge(struct pt_form_tls *tls)
{
	core_certcheck_destroy(tls->check);
	prism_secret_destroy(tls->judged_passphrase);
	tls->judged_mode = pt_form_tls_mode(tls);
	tls->judged_passphrase = passphrase_of(tls);
	tls->changed = false;
	tls->check = core_certcheck_create(tls->judged_mode, now_of(tls), NULL);
	core_certcheck_passphrase(tls->check, tls->judged_passphrase);
	add_cvms(tls, tls->check);
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		if (pt_form_tls_uses(tls, i))
			add_file(tls, tls->check, i);
	core_certcheck_run(tls->check);
	show_all(tls);
}

int pt_form_tls_check(struct pt_form_tls *tls, unsigned file, struct prism_error *err)
{
	const struct core_certcheck_line *line;

	tls->touched[file] = true;
	show_lines(tls, file);
	if (tls->files[file].state == PT_FORM_FILE_READING || !tls->check)
		return 0; /* not known yet; sending waits */
	if (*field_text(tls, file) && tls->files[file].state == PT_FORM_FILE_EMPTY)
		return 0;
	for (size_t i = 0; i < core_certcheck_count(tls->check); i++) {
		line = core_certcheck_line(tls->check, i);
		if (line->slot == file && line->result == CORE_CERTCHECK_FAIL &&
		    core_certcheck_blocks(line))
			return prism_error_raise(err, PRISM_ERROR_INVALID, "%s", "");
	}
	return 0;
}

void pt_form_tls_attach(const struct pt_form_tls *tls, struct pt_values *values)
{
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++) {
		const char *arg = pt_form_file_arg(i), *pem;

		if (!tls->check || tls->files[i].state != PT_FORM_FILE_READ || !pt_values_get(values, arg))
			continue;
		pem = core_certcheck_pem(tls->check, i);
		pt_values_attach(values, arg, prism_secret_create(pem, strlen(pem)));
	}
}

/* ---- lines ---- */

struct lines {
	struct pt_form_line line[LINES_MAX];
	char *text[LINES_MAX];
	size_t count;
};

static void add_line(struct lines *lines, enum pt_slot slot, int indent, char *text)
{
	if (lines->count == LINES_MAX) {
		prism_free(text);
		return;
	}
	lines->text[lines->count] = text;
	lines->line[lines->count++] = (struct pt_form_line){slot, indent, text};
}

static enum pt_check_result result_of(const struct core_certcheck_line *line)
{
	static const enum pt_check_result results[CORE_CERTCHECK_RESULT_COUNT] = {
	    [CORE_CERTCHECK_PASS] = PT_CHECK_PASS,
	    [CORE_CERTCHECK_SKIPPED] = PT_CHECK_SKIPPED,
	    [CORE_CERTCHECK_WARN] = PT_CHECK_WARN,
	    [CORE_CERTCHECK_FAIL] = PT_CHECK_FAIL,
	};

	return results[line->result];
}

/* Hints of errors are sentences; remedies are not. */
static const char *between(const struct core_certcheck_line *line)
{
	if (!*line->why || !*line->remedy)
		return "";
	return *line->remedy >= 'A' && *line->remedy <= 'Z' ? ". " : "; ";
}

static void add_check(struct lines *lines, const struct core_certcheck_line *line)
{
	enum pt_check_result result = result_of(line);

	add_line(lines, pt_check_slot(result), 0,
	         prism_asprintf("%s  %s: %s", pt_check_word(result), line->line, line->found));
	if (*line->why || *line->remedy)
		add_line(lines, PT_SLOT_DIM, 6,
		         prism_asprintf("%s%s%s", line->why, between(line), line->remedy));
}

/* Who the file is: one line, and its fingerprint when all is shown. */
static void add_facts(const struct pt_form_tls *tls, struct lines *lines, unsigned i)
{
	const struct pt_form_file *file = &tls->files[i];
	const char *pem = prism_buf_text(&file->bytes);
	struct core_certcheck_facts facts;
	size_t half;
	char *text = i == CORE_TLS_FILE_KEY ? core_filetell(pem, file->bytes.len, now_of(tls))
	                                    : core_certcheck_summary(pem, file->bytes.len, now_of(tls));

	if (*text)
		add_line(lines, PT_SLOT_TEXT, 0, text);
	else
		prism_free(text);
	if (!tls->all || i == CORE_TLS_FILE_KEY ||
	    core_certcheck_facts(pem, file->bytes.len, now_of(tls), &facts, NULL) < 0)
		return;
	half = strlen(facts.fingerprint) / 2; /* in two halves, which fit where a whole one does not */
	add_line(lines, PT_SLOT_DIM, 0, prism_asprintf("SHA-256 %.*s", (int)half, facts.fingerprint));
	add_line(lines, PT_SLOT_DIM, 8, prism_strdup(facts.fingerprint + half + 1));
	core_certcheck_facts_finish(&facts);
}

/* A field with nothing in it says something only when it should have, or when another one that
 * was chosen does not go with what is stored. */
static bool worth_showing(const struct pt_form_tls *tls, const struct core_certcheck_line *line,
                          bool given)
{
	if (given)
		return tls->all || line->result >= CORE_CERTCHECK_WARN;
	if (line->result != CORE_CERTCHECK_FAIL)
		return false;
	return line->check != CORE_CERTCHECK_ID_NEEDED || tls->touched[line->slot];
}

static void add_checks(const struct pt_form_tls *tls, struct lines *lines, unsigned file,
                       bool given)
{
	struct pt_check_counts counts = {{0}, 0};
	char tally[96];

	for (size_t i = 0; i < core_certcheck_count(tls->check); i++) {
		const struct core_certcheck_line *line = core_certcheck_line(tls->check, i);
		const struct pt_check check = {.result = result_of(line), .optional = true};

		if (line->slot == file)
			pt_check_count(&counts, &check);
	}
	if (given && pt_check_tally(&counts, tally, sizeof(tally)) && *tally)
		add_line(lines, pt_check_tally_slot(&counts), 0,
		         prism_asprintf("%s%s", tally, tls->all ? "" : "; ctrl-t shows every line"));
	for (int problems = 1; problems >= 0; problems--) /* first what is to be done something about */
		for (size_t i = 0; i < core_certcheck_count(tls->check); i++) {
			const struct core_certcheck_line *line = core_certcheck_line(tls->check, i);

			if (line->slot == file && (line->result >= CORE_CERTCHECK_WARN) == problems &&
			    worth_showing(tls, line, given))
				add_check(lines, line);
		}
}

static void show_lines(struct pt_form_tls *tls, unsigned file)
{
	const struct pt_form_file *at = &tls->files[file];
	bool given = at->state == PT_FORM_FILE_READ || at->state == PT_FORM_FILE_FAILED;
	struct lines lines = {.count = 0};

	if (at->state == PT_FORM_FILE_READING)
		add_line(&lines, PT_SLOT_BUSY, 0, prism_strdup("reading ..."));
	else if (tls->check && pt_form_tls_uses(tls, file) && (given || !*field_text(tls, file))) {
		if (at->state == PT_FORM_FILE_READ)
			add_facts(tls, &lines, file);
		add_checks(tls, &lines, file, given);
	}
	pt_form_set_lines(tls->form, pt_form_file_arg(file), lines.line, lines.count);
	for (size_t i = 0; i < lines.count; i++)
		prism_free(lines.text[i]);
}

/* ---- following the form ---- */

static void show_advice(struct pt_form_tls *tls)
{
	const struct core_tls_mode_info *mode = core_tls_mode_info(pt_form_tls_mode(tls));
	const struct core_log_level_info *level =
	    core_log_level_info(pt_form_get(tls->form, "log-level"));
	PRISM_AUTO_FREE char *proves = prism_asprintf("proves its identity: %s", mode->proves);
	const struct pt_form_line lines[] = {{PT_SLOT_DIM, 0, proves},
	                                     {PT_SLOT_WARN, 0, mode->warning}};
	const struct pt_form_line advice = {PT_SLOT_DIM, 0, level ? level->advice : ""};

	pt_form_set_lines(tls->form, "tls-mode", lines, *mode->warning ? 2 : 1);
	pt_form_set_lines(tls->form, "log-level", &advice, level ? 1 : 0);
}

void pt_form_tls_sync(struct pt_form_tls *tls, const char *focus)
{
	for (unsigned i = 0; i < PT_FORM_FILE_COUNT; i++) {
		struct pt_form_file *file = &tls->files[i];
		const char *id = pt_form_file_arg(i), *text = pt_form_get(tls->form, id);

		if (file->text && strcmp(file->text, text) != 0) {
			bool pasted = file->pasted;

			pt_form_file_drop(file);
			tls->changed = true;
			if (pasted && *text) { /* half of the words that stood for it */
				pt_form_set(tls->form, id, "");
				text = "";
			}
		}
		if (!file->text && *text && !(focus && strcmp(focus, id) == 0) && !tls->locked)
			pt_form_file_read(tls, i, text);
	}
	show_advice(tls);
	if (out_of_date(tls, focus))
		pt_form_tls_judge(tls);
	else
		show_all(tls);
}

/* ---- what is stored ---- */

/* Below the file's own line; the fingerprint in two halves, which fit where a whole one does not.
 */
static void put_facts(struct prism_buf *out, const struct core_certcheck_facts *facts)
{
	const size_t half = strlen(facts->fingerprint) / 2;

	prism_buf_printf(out, " · %s · %s %lld days\n  issued by %s%s%s", facts->subject,
	                 facts->days_left < 0 ? "expired since" : "expires in",
	                 (long long)(facts->days_left < 0 ? -facts->days_left : facts->days_left),
	                 facts->issuer, *facts->names ? " · " : "", facts->names);
	prism_buf_printf(out, "\n  SHA-256 %.*s\n          %s", (int)half, facts->fingerprint,
	                 facts->fingerprint + half + 1);
}

static void put_file(struct prism_buf *out, const struct core_agent_config *agent, unsigned file,
                     int64_t now_us)
{
	const char *value = agent->file[file];
	struct core_certcheck_facts facts;

	prism_buf_printf(out, "\n%s: ", core_tls_file_info(file)->status_label);
	if (core_tls_value_kind(value) == CORE_TLS_VALUE_PATH) {
		prism_buf_printf(out, "Server-side path %.200s", value);
		return;
	}
	prism_buf_puts(out, core_tls_file_badge(agent, file));
	if (file == CORE_TLS_FILE_KEY) {
		PRISM_AUTO_FREE char *what = core_filetell(value, strlen(value), now_us);

		if (*what)
			prism_buf_printf(out, " · %s", what);
	} else if (core_certcheck_facts(value, strlen(value), now_us, &facts, NULL) == 0) {
		put_facts(out, &facts);
		core_certcheck_facts_finish(&facts);
	}
}

static char *panel(const struct pt_form_tls *tls)
{
	const struct core_computation *stored = pt_form_tls_stored(tls);
	struct prism_buf out = PRISM_BUF_INIT(1u << 20);

	if (!stored)
		return NULL;
	prism_buf_printf(&out, "Current configuration: %s, %s",
	                 core_tls_mode_info(core_tls_mode_of(stored->agent))->label,
	                 stored->agent->attested_tls ? "attested" : "not attested");
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		put_file(&out, stored->agent, i, now_of(tls));
	if (*core_tls_mode_note(stored->agent))
		prism_buf_printf(&out, "\n%s", core_tls_mode_note(stored->agent));
	return prism_buf_take(&out, NULL);
}

struct pt_form_tls *pt_form_tls_create(struct pt_view *view, const char *computation,
                                       void (*settled)(void *data), void *data)
{
	struct pt_form_tls *tls = prism_alloc(sizeof(*tls));

	tls->view = view;
	tls->computation = prism_strdup(computation);
	tls->settled = settled;
	tls->data = data;
	tls->locked = computation ? core_computation_locked(pt_ui_core(view->app), computation) : NULL;
	if (tls->locked)
		tls->locked_note = prism_asprintf("Locked: %s.", tls->locked);
	tls->panel = panel(tls);
	core_list_load(core_cvms(pt_ui_core(view->app))); /* their addresses are checked */
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		tls->clears[i] = prism_asprintf("Saving clears the stored %s: the mode does not use it.",
		                                core_tls_file_info(i)->status_label);
	return tls;
}

void pt_form_tls_destroy(struct pt_form_tls *tls)
{
	if (!tls)
		return;
	for (unsigned i = 0; i < PT_FORM_FILE_COUNT; i++)
		pt_form_file_drop(&tls->files[i]);
	for (unsigned i = 0; i < CORE_TLS_FILE_COUNT; i++)
		prism_free(tls->clears[i]);
	core_certcheck_destroy(tls->check);
	prism_secret_destroy(tls->judged_passphrase);
	prism_free(tls->panel);
	prism_free(tls->locked_note);
	prism_free(tls->computation);
	prism_free(tls);
}
