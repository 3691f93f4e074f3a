/*
 * The certificate doctor, over the whole screen: a TLS mode, the files chosen for it, and every
 * check of core/certcheck.h as a line under its file.  Enter on a file chooses another, `x` takes
 * it away, `r` reads all of them again.  Nothing is sent anywhere and nothing is kept: a passphrase
 * lives as long as this view.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/certcheck.h"
#include "tui/args.h"
#include "tui/checksview.h"
#include "tui/dialog.h"
#include "tui/picker.h"
#include "tui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum target { TARGET_MODE = PT_CHECKSVIEW_FOLD + 1, TARGET_FILE, TARGET_HOST, TARGET_PASSPHRASE };

#define LABEL_WIDTH 18 /* "Your certificate" is the longest */
#define SLOTS CORE_CERTCHECK_SLOT_COUNT

static const struct {
	const char *label, *arg; /* arg: of the action that opens this view */
} slots[SLOTS] = {
    [CORE_CERTCHECK_CERT] = {"Certificate", "cert-file"},
    [CORE_CERTCHECK_KEY] = {"Key", "key-file"},
    [CORE_CERTCHECK_SERVER_CA] = {"Server CA", "server-ca-file"},
    [CORE_CERTCHECK_CLIENT_CA] = {"Client CA", "client-ca-file"},
    [CORE_CERTCHECK_OWN_CERT] = {"Your certificate", "client-cert"},
    [CORE_CERTCHECK_OWN_KEY] = {"Your key", "client-key"},
};

struct certdoctor {
	struct pt_checksview cv; /* first: see tui/checksview.h */
	enum core_tls_mode mode;
	char *path[SLOTS], *host; /* NULL: not given */
	struct prism_secret *passphrase;
	struct core_certcheck *check;
	char key[32];
};

/* ---- lines ---- */

static enum pt_check_result result_of(enum core_certcheck_result result)
{
	static const enum pt_check_result results[CORE_CERTCHECK_RESULT_COUNT] = {
	    [CORE_CERTCHECK_PASS] = PT_CHECK_PASS,
	    [CORE_CERTCHECK_SKIPPED] = PT_CHECK_SKIPPED,
	    [CORE_CERTCHECK_WARN] = PT_CHECK_WARN,
	    [CORE_CERTCHECK_FAIL] = PT_CHECK_FAIL};

	return results[result];
}

/* Several lines may be of one check (dates: one a certificate), so the key has the index too. */
static struct pt_check check_of(struct pt_view *view, size_t index, unsigned *ret_section)
{
	struct certdoctor *d = view->state;
	const struct core_certcheck_line *line = core_certcheck_line(d->check, index);

	*ret_section = line->slot;
	snprintf(d->key, sizeof(d->key), "%zu %s", index, line->id);
	return (struct pt_check){
	    .key = d->key,
	    .result = result_of(line->result),
	    .optional = line->result == CORE_CERTCHECK_SKIPPED,
	    .line = line->line,
	    .found = line->found,
	    .reason = line->why,
	    .remedy = line->remedy,
	    .id = line->id,
	};
}

static bool nothing_chosen(const struct certdoctor *d)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (d->path[i])
			return false;
	return true;
}

static size_t check_count(const struct pt_view *view)
{
	const struct certdoctor *d = view->state;

	return nothing_chosen(d) ? 0 : core_certcheck_count(d->check);
}

static void choice(struct certdoctor *d, const char *key, int target, const char *label,
                   enum pt_slot slot, const char *value)
{
	pt_lines_add(d->cv.lv.lines, key, target, key);
	pt_lines_part(d->cv.lv.lines, PT_SLOT_LABEL, "%s", label);
	pt_lines_pad(d->cv.lv.lines, LABEL_WIDTH);
	pt_lines_part(d->cv.lv.lines, slot, "%s", value);
}

static const char *place_of(const struct certdoctor *d, unsigned slot)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(d->mode);
	bool own = slot >= CORE_TLS_FILE_COUNT;

	if (own)
		return info->env & CORE_TLS_ENV_CLIENT ? "choose a file" : "not used by this mode";
	return info->required & (1u << slot)   ? "required: choose a file"
	       : info->optional & (1u << slot) ? "optional: choose a file"
	                                       : "not used by this mode";
}

static void choices(struct certdoctor *d)
{
	const struct core_tls_mode_info *info = core_tls_mode_info(d->mode);

	choice(d, "mode", TARGET_MODE, "TLS mode", PT_SLOT_STRONG, info->label);
	for (unsigned i = 0; i < SLOTS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "file %u", i);
		choice(d, key, TARGET_FILE, slots[i].label, d->path[i] ? PT_SLOT_LINK : PT_SLOT_DIM,
		       d->path[i] ? d->path[i] : place_of(d, i));
	}
	choice(d, "host", TARGET_HOST, "Agent's address", d->host ? PT_SLOT_TEXT : PT_SLOT_DIM,
	       d->host ? d->host : "name or address that the certificate must cover");
	choice(d, "passphrase", TARGET_PASSPHRASE, "Passphrase", PT_SLOT_DIM,
	       d->passphrase ? "given; never stored" : "for an encrypted key");
	pt_lines_add(d->cv.lv.lines, NULL, 0, NULL);
}

static void build(struct pt_view *view)
{
	struct certdoctor *d = view->state;

	pt_lines_begin(d->cv.lv.lines);
	choices(d);
	if (nothing_chosen(d)) {
		pt_lines_add(d->cv.lv.lines, NULL, 0, NULL);
		pt_lines_wrap(
		    d->cv.lv.lines, 0, d->cv.lv.width, PT_SLOT_DIM,
		    "Nothing is chosen yet: Enter on a file chooses it, and its checks stand here.");
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "slot %u", i);
		pt_checksview_section(view, i, key, slots[i].label);
	}
	pt_lines_end(d->cv.lv.lines);
}

/* A few small files, read without waiting (a FIFO is refused): done here, not on a worker. */
static void look(struct certdoctor *d)
{
	core_certcheck_destroy(d->check);
	d->check = core_certcheck_create(d->mode, prism_clock_wall_us(pt_app_clock(d->cv.lv.view->app)),
	                                 d->host);
	if (d->passphrase)
		core_certcheck_passphrase(d->check, d->passphrase);
	for (unsigned i = 0; i < SLOTS; i++)
		if (d->path[i])
			core_certcheck_file(d->check, i, d->path[i]);
	core_certcheck_run(d->check);
	build(d->cv.lv.view);
	pt_app_dirty(d->cv.lv.view->app);
}

/* ---- choosing ---- */

struct choosing { /* outlives the view: a dialog asks meanwhile */
	struct pt_app *app;
	struct pt_view *view;
	unsigned slot;
};

static struct choosing *choosing(struct certdoctor *d, unsigned slot)
{
	struct choosing *c = prism_alloc(sizeof(*c));

	*c = (struct choosing){d->cv.lv.view->app, d->cv.lv.view, slot};
	return c;
}

static struct certdoctor *chosen_for(struct choosing *c)
{
	struct certdoctor *d = pt_ui_alive(c->app, c->view) ? c->view->state : NULL;

	prism_free(c);
	return d;
}

static void replace(char **slot, const char *text)
{
	prism_free(*slot);
	*slot = text && *text ? prism_strdup(text) : NULL;
}

static void file_chosen(void *data, struct core_place *place, const char *path)
{
	unsigned slot = ((struct choosing *)data)->slot;
	struct certdoctor *d = chosen_for(data);

	PRISM_UNUSED(place);
	if (!d || !path)
		return;
	replace(&d->path[slot], path);
	look(d);
}

static void mode_chosen(void *data, ptrdiff_t index)
{
	struct certdoctor *d = chosen_for(data);

	if (!d || index < 0)
		return;
	d->mode = (enum core_tls_mode)index;
	look(d);
}

static void host_typed(void *data, const char *text)
{
	struct certdoctor *d = chosen_for(data);

	if (!d || !text)
		return;
	replace(&d->host, text);
	look(d);
}

static void passphrase_typed(void *data, struct prism_secret *secret)
{
	struct certdoctor *d = chosen_for(data);

	if (!d || !secret) {
		prism_secret_destroy(secret);
		return;
	}
	prism_secret_destroy(d->passphrase);
	d->passphrase = prism_secret_size(secret) ? secret : NULL;
	if (!d->passphrase)
		prism_secret_destroy(secret);
	look(d);
}

static void choose_mode(struct certdoctor *d)
{
	struct pt_dialog_item items[CORE_TLS_COUNT];

	for (unsigned i = 0; i < CORE_TLS_COUNT; i++)
		items[i] = (struct pt_dialog_item){core_tls_mode_info(i)->label,
		                                   core_tls_mode_info(i)->proves, false};
	pt_dialog_choose(d->cv.lv.view->app, "TLS mode", items, CORE_TLS_COUNT, d->mode, mode_chosen,
	                 choosing(d, 0));
}

static void choose_file(struct certdoctor *d, unsigned slot)
{
	const struct pt_picker spec = {.title = slots[slot].label,
	                               .start = d->path[slot],
	                               .done = file_chosen,
	                               .data = choosing(d, slot)};

	pt_picker_open(d->cv.lv.view->app, &spec);
}

static bool slot_of(const char *key, unsigned *ret_slot)
{
	if (!key || strncmp(key, "file ", 5) != 0)
		return false;
	*ret_slot = (unsigned)strtoul(key + 5, NULL, 10);
	return *ret_slot < SLOTS;
}

static void open_line(struct certdoctor *d)
{
	const char *arg = NULL;
	unsigned slot;

	switch (pt_lines_target(d->cv.lv.lines, &arg)) {
	case TARGET_MODE:
		choose_mode(d);
		break;
	case TARGET_FILE:
		if (slot_of(arg, &slot))
			choose_file(d, slot);
		break;
	case TARGET_HOST:
		pt_dialog_input(d->cv.lv.view->app, "Agent's address", "host name or address", d->host,
		                NULL, host_typed, choosing(d, 0));
		break;
	case TARGET_PASSPHRASE:
		pt_dialog_passphrase(d->cv.lv.view->app, "Passphrase",
		                     "Opens an encrypted key while this view is open; it is never stored.",
		                     false, passphrase_typed, choosing(d, 0));
		break;
	default:
		break;
	}
}

static unsigned clear(struct certdoctor *d)
{
	const char *key = pt_lines_key(d->cv.lv.lines);
	unsigned slot;

	if (slot_of(key, &slot)) {
		replace(&d->path[slot], NULL);
	} else if (key && !strcmp(key, "host")) {
		replace(&d->host, NULL);
	} else if (key && !strcmp(key, "passphrase")) {
		prism_secret_destroy(d->passphrase);
		d->passphrase = NULL;
	} else {
		return PT_HANDLED;
	}
	look(d);
	return PT_HANDLED | PT_REDRAW;
}

static unsigned act(struct pt_view *view, enum pt_action_id id, const struct pt_values *values)
{
	struct certdoctor *d = view->state;

	if (values)
		return PT_IGNORED;
	switch (id) {
	case PT_ACTION_REFRESH:
		look(d);
		return PT_HANDLED | PT_REDRAW;
	case PT_ACTION_CERT_CLEAR:
		return clear(d);
	case PT_ACTION_OPEN:
		if (!pt_checksview_toggle(view))
			open_line(d);
		return PT_HANDLED | PT_REDRAW;
	default:
		return PT_IGNORED;
	}
}

static const struct pt_actor actor = {.where = PT_IN_CERT_DOCTOR, .act = act};

/* ---- view ---- */

static const char *title(struct pt_view *view)
{
	PRISM_UNUSED(view);
	return "Certificate doctor";
}

static void destroy(struct pt_view *view)
{
	struct certdoctor *d = view->state;

	core_certcheck_destroy(d->check);
	prism_secret_destroy(d->passphrase);
	pt_checksview_finish(&d->cv);
	for (unsigned i = 0; i < SLOTS; i++)
		prism_free(d->path[i]);
	prism_free(d->host);
	prism_free(d);
}

static const struct pt_view_ops ops = {
    .name = "certificate doctor",
    PT_CHECKSVIEW_OPS,
    .title = title,
    .destroy = destroy,
    .actor = &actor,
};

struct pt_view *pt_view_certdoctor(struct pt_app *app, const struct pt_values *values)
{
	struct certdoctor *d = prism_alloc(sizeof(*d));
	struct pt_view *view = pt_view_create(app, &ops, d);
	const char *word = values ? pt_values_get(values, "mode") : NULL;

	d->mode = CORE_TLS_MTLS; /* the one with the most files */
	if (word && core_tls_mode_parse(word, &d->mode, NULL) < 0)
		d->mode = CORE_TLS_MTLS; /* not reached: the argument is one of the words */
	for (unsigned i = 0; values && i < SLOTS; i++)
		replace(&d->path[i], pt_values_get(values, slots[i].arg));
	replace(&d->host, values ? pt_values_get(values, "host") : NULL);
	d->cv.count = check_count;
	d->cv.check = check_of;
	pt_checksview_init(&d->cv, view, build);
	look(d);
	return view;
}
