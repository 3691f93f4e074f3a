/*
 * Development certificates on the screen: one form for what the documentation's recipe makes with
 * openssl.  A CA, the agent's certificate with its names, a client's certificate; each made by the
 * command "cert generate", one after the other, so that screen and command line make the same.
 *
 *   FILLING   the form
 *   MAKING    one command is under way; the form says which (RSA takes seconds)
 *   DONE      what to do with the files is asked: use them in a computation's form, look at them
 *             with the certificate doctor
 *
 * Closing the form in the middle cancels nothing that was begun; what is there is whole.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/computation.h"
#include "core/cvm.h"
#include "core/devcert.h"
#include "core/run.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/formbox.h"
#include "tui/views.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIELDS 11
#define HOSTS_MAX 4096

enum { ROLE_CA, ROLE_SERVER, ROLE_CLIENT, ROLES };
static const struct {
	const char *id, *word, *what;
} roles[ROLES] = {
    [ROLE_CA] = {"ca", "ca", "the CA"},
    [ROLE_SERVER] = {"server", "server", "the agent's certificate"},
    [ROLE_CLIENT] = {"client", "client", "the client's certificate"},
};

struct wizard {
	struct pt_formbox box; /* first: see tui/formbox.h */
	char *computation;     /* that the files may be used in; NULL: none */
	char *hosts;
	struct pt_field fields[FIELDS];
};

/* What is under way outlives the form. */
struct making {
	struct pt_app *app;
	struct pt_view *view;
	char *dir, *computation, *hosts;
	struct pt_values *common; /* arguments that all share */
	bool wanted[ROLES];
	int role;
};

static const struct pt_choice kinds[] = {
    {"ecdsa", "ECDSA P-256", "fast, known everywhere"},
    {"rsa", "RSA 4096", "as in the documentation; takes some seconds"},
    {"ed25519", "Ed25519", "smallest"},
    {"p384", "ECDSA P-384", NULL},
    {"p521", "ECDSA P-521", NULL},
};

/* ---- arguments ---- */

static void add_hosts(struct pt_values *values, const char *hosts)
{
	PRISM_AUTO_FREE char *text = prism_strdup(hosts);
	char *save = NULL;

	for (char *word = strtok_r(text, " ,\t", &save); word; word = strtok_r(NULL, " ,\t", &save))
		pt_values_add(values, "host", word);
}

static struct pt_values *role_values(const struct making *m, int role)
{
	static const char *const shared[] = {"directory", "organisation", "unit",
	                                     "days",      "key-type",     "replace"};
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CERT_GENERATE));

	for (size_t i = 0; i < PRISM_COUNT(shared); i++)
		pt_values_add(values, shared[i], pt_values_get(m->common, shared[i]));
	pt_values_add(values, "type", roles[role].word);
	if (role == ROLE_SERVER)
		add_hosts(values, m->hosts);
	return values;
}

static struct making *making_create(struct wizard *w)
{
	struct making *m = prism_alloc(sizeof(*m));

	m->app = w->box.view->app;
	m->view = w->box.view;
	m->dir = prism_strdup(pt_form_get(w->box.form, "directory"));
	m->hosts = prism_strdup(pt_form_get(w->box.form, "hosts"));
	m->computation = prism_strdup(w->computation);
	m->common = pt_values_create(pt_action(PT_ACTION_CERT_GENERATE));
	pt_values_add(m->common, "directory", m->dir);
	pt_values_add(m->common, "organisation", pt_form_get(w->box.form, "organisation"));
	pt_values_add(m->common, "unit", pt_form_get(w->box.form, "unit"));
	pt_values_add(m->common, "days", pt_form_get(w->box.form, "days"));
	pt_values_add(m->common, "key-type", pt_form_get(w->box.form, "kind"));
	if (pt_form_checked(w->box.form, "replace"))
		pt_values_add(m->common, "replace", "yes");
	for (int i = 0; i < ROLES; i++)
		m->wanted[i] = pt_form_checked(w->box.form, roles[i].id);
	return m;
}

static void making_free(struct making *m)
{
	prism_free(m->dir);
	prism_free(m->hosts);
	prism_free(m->computation);
	pt_values_destroy(m->common);
	prism_free(m);
}

/* ---- afterwards ---- */

static void add_file(struct pt_values *values, const struct making *m, const char *arg,
                     const char *name)
{
	PRISM_AUTO_FREE char *path = prism_path_join(m->dir, name);
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);

	if (access(expanded, R_OK) == 0)
		pt_values_add(values, arg, path);
}

/* A client's certificate was made: both sides prove themselves. */
static void use_in_form(const struct making *m)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_COMPUTATION_UPDATE));
	bool mutual = m->wanted[ROLE_CLIENT];

	pt_values_add(values, "computation", m->computation);
	pt_values_add(values, "tls-mode", mutual ? "mtls" : "tls");
	add_file(values, m, "cert-file", "server-cert.pem");
	add_file(values, m, "key-file", "server-key.pem");
	if (mutual) {
		add_file(values, m, "server-ca-file", "ca-cert.pem");
		add_file(values, m, "client-ca-file", "ca-cert.pem");
	}
	pt_app_overlay(m->app, pt_view_form(m->app, values));
}

static void examine(const struct making *m)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_CERT_DOCTOR));

	pt_values_add(values, "mode", "mtls");
	add_file(values, m, "cert-file", "server-cert.pem");
	add_file(values, m, "key-file", "server-key.pem");
	add_file(values, m, "server-ca-file", "ca-cert.pem");
	add_file(values, m, "client-ca-file", "ca-cert.pem");
	add_file(values, m, "client-cert", "client-cert.pem");
	add_file(values, m, "client-key", "client-key.pem");
	PRISM_AUTO_FREE char *first = prism_strndup(m->hosts, strcspn(m->hosts, " ,\t"));
	if (m->wanted[ROLE_SERVER])
		pt_values_add(values, "host", first);
	pt_app_overlay(m->app, pt_view_certdoctor(m->app, values));
	pt_values_destroy(values);
}

enum { AFTER_DOCTOR, AFTER_FORM, AFTER_COUNT };

static void after_chosen(void *data, ptrdiff_t index)
{
	struct making *m = data;

	if (index == AFTER_DOCTOR)
		examine(m);
	else if (index == AFTER_FORM)
		use_in_form(m);
	making_free(m);
}

static void ask_after(struct making *m)
{
	const struct core_computation *c =
	    m->computation ? core_computation_get(pt_ui_core(m->app), m->computation) : NULL;
	const char *locked =
	    m->computation ? core_computation_locked(pt_ui_core(m->app), m->computation) : NULL;
	bool usable = m->computation && !locked;
	const struct pt_dialog_item items[AFTER_COUNT] = {
	    [AFTER_DOCTOR] = {"Look at them with the certificate doctor", NULL, false},
	    [AFTER_FORM] = {"Use them in the form of the computation",
	                    locked ? "locked: it has run"
	                    : c    ? c->name
	                           : "none was under the cursor",
	                    !usable},
	};

	pt_dialog_choose(m->app, "Certificates made: development only", items, AFTER_COUNT,
	                 usable ? AFTER_FORM : AFTER_DOCTOR, after_chosen, m);
}

/* ---- making ---- */

static void make_next(struct making *m);

static void made(void *data, const char *id, const struct prism_error *err)
{
	struct making *m = data;
	bool alive = pt_ui_alive(m->app, m->view);
	struct wizard *w = alive ? m->view->state : NULL;

	PRISM_UNUSED(id);
	if (!err) {
		m->role++;
		make_next(m);
		return;
	}
	if (w) {
		pt_form_set_busy(w->box.form, NULL);
		pt_form_set_error(w->box.form, err);
		pt_app_dirty(m->app);
	} else {
		pt_app_report(m->app, err);
	}
	making_free(m);
}

static void make_next(struct making *m)
{
	struct wizard *w = pt_ui_alive(m->app, m->view) ? m->view->state : NULL;
	char text[96];

	while (m->role < ROLES && !m->wanted[m->role])
		m->role++;
	if (m->role == ROLES) {
		if (w)
			pt_app_close(m->app, m->view);
		ask_after(m);
		return;
	}
	snprintf(text, sizeof(text), "Making %s ...", roles[m->role].what);
	if (w)
		pt_form_set_busy(w->box.form, text);
	pt_app_dirty(m->app);
	pt_ui_run(m->app, role_values(m, m->role), true, made, m);
}

static void submit(struct pt_view *view)
{
	struct wizard *w = view->state;
	struct prism_error err = PRISM_ERROR_INIT;
	struct making *m = making_create(w);
	bool any = false;

	for (int i = 0; i < ROLES; i++)
		any = any || m->wanted[i];
	pt_form_set_error(w->box.form, NULL);
	if (any) {
		make_next(m);
		return;
	}
	prism_error_raise(&err, PRISM_ERROR_INVALID, "nothing is chosen to be made");
	pt_form_set_error(w->box.form, &err);
	making_free(m);
}

/* ---- the openssl commands ---- */

static void add_openssl(const struct making *m, int role, struct prism_buf *out)
{
	struct pt_values *values = role_values(m, role);
	PRISM_AUTO_FREE char *dir = prism_path_expand(m->dir); /* no shell expands what is quoted */
	const char *names[64];
	size_t count = 0;
	struct prism_error err = PRISM_ERROR_INIT;
	const char *days = pt_values_get(values, "days");
	uint64_t number = CORE_DEVCERT_DAYS;
	struct core_devcert_spec spec = {
	    .role = role == ROLE_CA       ? NET_CERT_ROLE_CA
	            : role == ROLE_SERVER ? NET_CERT_ROLE_SERVER
	                                  : NET_CERT_ROLE_CLIENT,
	    .dir = dir,
	    .organisation = pt_values_get(values, "organisation"),
	    .unit = pt_values_get(values, "unit"),
	    .kind = NET_KEY_P256,
	    .now_us = prism_clock_wall_us(pt_app_clock(m->app)),
	    .names = names,
	};

	while (count < PRISM_COUNT(names) && (names[count] = pt_values_nth(values, "host", count)))
		count++;
	spec.name_count = count;
	if ((days && prism_text_parse_u64(days, CORE_DEVCERT_DAYS_MAX, &number, &err) < 0) ||
	    net_key_kind_parse(pt_values_get(values, "key-type"), &spec.kind, &err) < 0)
		prism_buf_printf(out, "# %s\n", err.message);
	spec.days = (unsigned)number;
	if (err.category == PRISM_ERROR_NONE && core_devcert_openssl(&spec, out, &err) < 0)
		prism_buf_printf(out, "# %s\n", err.message);
	prism_buf_putc(out, '\n');
	pt_values_destroy(values);
}

static void show_openssl(struct wizard *w)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct making *m = making_create(w);

	for (int i = 0; i < ROLES; i++)
		if (m->wanted[i])
			add_openssl(m, i, &text);
	pt_dialog_text(w->box.view->app, "The same with openssl", prism_buf_text(&text));
	making_free(m);
}

/* ---- keys ---- */

static void browse(struct pt_view *view, const char *field)
{
	struct wizard *w = view->state;

	pt_formbox_browse(&w->box, field, pt_form_get(w->box.form, field), true, false);
}

static unsigned key(struct pt_view *view, const struct pt_event *event)
{
	struct wizard *w = view->state;

	if (!pt_key_is(event, 't', PT_MOD_CTRL) || pt_form_busy(w->box.form))
		return pt_formbox_key(view, event);
	show_openssl(w);
	return PT_HANDLED | PT_REDRAW;
}

/* ---- view ---- */

static int check_days(void *data, const struct pt_form *form, const char *value,
                      struct prism_error *err)
{
	uint64_t days;

	PRISM_UNUSED(data);
	PRISM_UNUSED(form);
	if (prism_text_parse_u64(value, CORE_DEVCERT_DAYS_MAX, &days, NULL) < 0 || days == 0)
		return prism_error_raise(err, PRISM_ERROR_INVALID, "a number from 1 to %d",
		                         CORE_DEVCERT_DAYS_MAX);
	return 0;
}

static bool makes_server(void *data, const struct pt_form *form)
{
	PRISM_UNUSED(data);
	return pt_form_checked(form, "server");
}

static void add_fields(struct wizard *w)
{
	const struct pt_field fields[FIELDS] = {
	    {.id = "note",
	     .kind = PT_FIELD_NOTE,
	     .label = "Development only: certificates made here say so. Keys get mode 0600. ctrl-t "
	              "shows the openssl commands that make the same."},
	    {.id = "directory",
	     .label = "Directory",
	     .kind = PT_FIELD_PATH,
	     .flags = PT_FIELD_REQUIRED,
	     .initial = "~/prism-certificates",
	     .help = "made when missing; a CA that is there already signs the others"},
	    {.id = "ca", .label = "Make a CA", .kind = PT_FIELD_CHECK, .initial = "yes"},
	    {.id = "server",
	     .label = "Agent's",
	     .kind = PT_FIELD_CHECK,
	     .initial = "yes",
	     .help = "server-cert.pem and server-key.pem"},
	    {.id = "hosts",
	     .label = "Agent's names",
	     .max = HOSTS_MAX,
	     .initial = w->hosts,
	     .applies = makes_server,
	     .help = "DNS names and addresses clients will use, separated by blanks"},
	    {.id = "client",
	     .label = "Client's",
	     .kind = PT_FIELD_CHECK,
	     .initial = "yes",
	     .help = "client-cert.pem and client-key.pem, for mutual TLS"},
	    {.id = "organisation", .label = "Organisation", .max = NET_CERT_NAME_MAX},
	    {.id = "unit", .label = "Unit", .max = NET_CERT_NAME_MAX},
	    {.id = "days",
	     .label = "Days",
	     .initial = "365",
	     .validate = check_days,
	     .flags = PT_FIELD_REQUIRED},
	    {.id = "kind",
	     .label = "Kind of key",
	     .kind = PT_FIELD_SELECT,
	     .choices = kinds,
	     .choice_count = PRISM_COUNT(kinds),
	     .initial = "ecdsa"},
	    {.id = "replace",
	     .label = "Replace",
	     .kind = PT_FIELD_CHECK,
	     .help = "overwrite files of the same name"},
	};

	memcpy(w->fields, fields, sizeof(fields));
	w->box.form = pt_form_create(w->fields, FIELDS, "Make", "Cancel", w);
}

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Development certificates";
}

static void destroy(struct pt_view *view)
{
	struct wizard *w = view->state;

	pt_form_destroy(w->box.form);
	prism_free(w->computation);
	prism_free(w->hosts);
	prism_free(w);
}

static const struct pt_view_ops ops = {
    .name = "certificate wizard",
    PT_FORMBOX_OPS,
    .title = title,
    .key = key,
    .destroy = destroy,
    .actor = &pt_formbox_actor,
};

/* The host of "host:port" or "[v6]:port", and the names of this machine. Yours. */
static char *names_for(const char *address)
{
	const char *colon = strrchr(address, ':');
	bool bracketed = *address == '[' && colon && colon > address + 1 && colon[-1] == ']';
	size_t len = colon ? (size_t)(colon - address) - 2 * bracketed : strlen(address);
	PRISM_AUTO_FREE char *host = prism_strndup(address + bracketed, len);

	if (!*host || !strcmp(host, "localhost") || !strcmp(host, "127.0.0.1"))
		return prism_strdup("localhost 127.0.0.1 ::1");
	return prism_asprintf("%s localhost 127.0.0.1 ::1", host);
}

struct pt_view *pt_view_certwizard(struct pt_app *app, const char *computation_id,
                                   const char *cvm_id)
{
	struct wizard *w = prism_alloc(sizeof(*w));
	struct core *core = pt_ui_core(app);
	const struct core_cvm *cvm = cvm_id ? core_cvm_get(core, cvm_id) : NULL;
	const char *address = cvm              ? cvm->agent_url
	                      : computation_id ? core_run_agent_url(core, computation_id, NULL)
	                                       : "";

	w->box = (struct pt_formbox){
	    .view = pt_view_create(app, &ops, w), .width = 74, .submit = submit, .browse = browse};
	w->computation = prism_strdup(computation_id);
	w->hosts = names_for(address);
	add_fields(w);
	return w->box.view;
}
