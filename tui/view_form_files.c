/*
 * What stands behind the file fields of a form: bytes that were read once, on a thread that nobody
 * waits for, or pasted.  A text that changes drops what was read for the one before.
 */
#include "tui/view_form_tls.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/filetell.h"
#include "core/place.h"
#include "tui/ui.h"

#include <string.h>

static const char *const arg_names[PT_FORM_FILE_COUNT] = {
    [CORE_TLS_FILE_CERT] = "cert-file",           [CORE_TLS_FILE_KEY] = "key-file",
    [CORE_TLS_FILE_SERVER_CA] = "server-ca-file", [CORE_TLS_FILE_CLIENT_CA] = "client-ca-file",
    [PT_FORM_PASSPHRASE] = "passphrase-file",
};

const char *pt_form_file_arg(unsigned file)
{
	return arg_names[file];
}

int pt_form_tls_file(const char *arg_name)
{
	for (int i = 0; i < PT_FORM_FILE_COUNT; i++)
		if (strcmp(arg_name, arg_names[i]) == 0)
			return i;
	return -1;
}

void pt_form_file_drop(struct pt_form_file *file)
{
	prism_cancel_destroy(file->cancel);
	prism_buf_wipe(&file->bytes);
	prism_free(file->text);
	*file = (struct pt_form_file){.state = PT_FORM_FILE_EMPTY};
}

bool pt_form_tls_reading(const struct pt_form_tls *tls)
{
	for (unsigned i = 0; i < PT_FORM_FILE_COUNT; i++)
		if (tls->files[i].state == PT_FORM_FILE_READING)
			return true;
	return false;
}

struct reading { /* outlives the form */
	struct pt_form_tls *tls;
	unsigned file;
};

/* The field came into being when the key was read: whoever has gone on from the key meanwhile, and
 * has typed nothing yet, is led to it. */
static void go_to_passphrase(struct pt_form_tls *tls)
{
	struct prism_secret *typed = pt_form_copy_secret(tls->form, "passphrase");

	if (!typed && pt_form_tls_encrypted(tls) && !tls->files[PT_FORM_PASSPHRASE].text &&
	    !*pt_form_get(tls->form, pt_form_focused(tls->form)))
		pt_form_focus(tls->form, "passphrase");
	prism_secret_destroy(typed);
}

static void was_read(void *data, struct prism_buf *bytes, const struct core_place_entry *entry,
                     const struct prism_error *err)
{
	struct reading reading = *(struct reading *)data;
	struct pt_form_file *file;

	prism_free(data);
	if (err && err->category == PRISM_ERROR_CANCELLED)
		return; /* the form may be gone */
	file = &reading.tls->files[reading.file];
	if (err) {
		file->error = *err;
		file->state = PT_FORM_FILE_FAILED;
	} else {
		file->bytes = *bytes;
		*bytes = (struct prism_buf){0};
		file->mode = entry->mode;
		file->state = PT_FORM_FILE_READ;
	}
	pt_form_tls_judge(reading.tls);
	if (reading.file == CORE_TLS_FILE_KEY)
		go_to_passphrase(reading.tls);
	if (!pt_form_tls_reading(reading.tls) && reading.tls->settled)
		reading.tls->settled(reading.tls->data);
	pt_app_dirty(reading.tls->view->app);
}

void pt_form_file_read(struct pt_form_tls *tls, unsigned index, const char *text)
{
	struct pt_form_file *file = &tls->files[index];
	struct reading *reading;

	pt_form_file_drop(file);
	tls->changed = true;
	if (!*text)
		return;
	file->text = prism_strdup(text);
	file->state = PT_FORM_FILE_READING;
	file->cancel = prism_cancel_create(tls->view->cancel);
	reading = prism_alloc(sizeof(*reading));
	*reading = (struct reading){tls, index};
	if (core_place_read(pt_world_place(pt_ui_world(tls->view->app)), text, CORE_CERTCHECK_FILE_MAX,
	                    file->cancel, was_read, reading, &file->error) == 0)
		return;
	file->state = PT_FORM_FILE_FAILED;
	prism_free(reading);
}

/* ---- pasting ---- */

bool pt_form_tls_pasted(const struct pt_form_tls *tls, const char *id)
{
	int index = pt_form_tls_file(id);

	return index >= 0 && tls->files[index].pasted;
}

bool pt_form_tls_paste(struct pt_form_tls *tls, const char *id, const char *text, size_t len)
{
	int index = pt_form_tls_file(id);
	PRISM_AUTO_FREE char *copy = prism_strndup(text, len), *what = NULL, *shown = NULL;
	bool pem = strstr(copy, "-----BEGIN ") != NULL;
	struct pt_form_file *file;

	if (index >= 0 && index != PT_FORM_PASSPHRASE && pem && !tls->locked) {
		file = &tls->files[index];
		pt_form_file_drop(file);
		file->pasted = true;
		prism_buf_init(&file->bytes, CORE_CERTCHECK_FILE_MAX);
		if (prism_buf_append(&file->bytes, text, len, NULL) < 0) {
			file->state = PT_FORM_FILE_FAILED;
			prism_error_raise(&file->error, PRISM_ERROR_LIMIT,
			                  "the pasted text is larger than %d bytes", CORE_CERTCHECK_FILE_MAX);
		} else {
			file->state = PT_FORM_FILE_READ;
		}
		what = core_filetell(text, len, prism_clock_wall_us(pt_app_clock(tls->view->app)));
		shown = prism_asprintf("(pasted, %zu bytes%s%s)", len, *what ? ", " : "", what);
		pt_form_set(tls->form, id, shown);
		file->text = prism_strdup(pt_form_get(tls->form, id));
		pt_form_tls_judge(tls);
	} else {
		pem = false;
	}
	prism_wipe(copy, strlen(copy)); /* may be a private key */
	return pem;
}
