/* Saving what a view shows: see savefile.h. */
#include "tui/savefile.h"

#include "base/file.h"
#include "base/mem.h"
#include "tui/args.h"
#include "tui/dialog.h"
#include "tui/hostfile.h"
#include "tui/ui.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

bool pt_savefile_ends(const char *path, const char *suffix)
{
	size_t length = strlen(path), tail = strlen(suffix);

	return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

/* ---- on a host ---- */

struct sending {
	struct pt_app *app;
	char *what;
	struct pt_hostfile *file;
	void (*done)(void *data, const struct prism_error *err);
	void *data;
};

static void sent(void *data, const char *id, const struct prism_error *err)
{
	struct sending *s = data;

	PRISM_UNUSED(id);
	if (err)
		pt_app_report(s->app, err);
	else
		pt_app_message(s->app, PT_SLOT_GOOD, "%s saved as %s", s->what, pt_hostfile_text(s->file));
	if (s->done)
		s->done(s->data, err);
	pt_hostfile_destroy(s->file);
	prism_free(s->what);
	prism_free(s);
}

void pt_savefile_send(struct pt_app *app, const char *what, struct pt_hostfile *file,
                      void (*done)(void *data, const struct prism_error *err), void *data)
{
	struct pt_values *values = pt_values_create(pt_action(PT_ACTION_HOST_PUT));
	struct sending *s = prism_alloc(sizeof(*s));

	*s = (struct sending){app, prism_strdup(what), file, done, data};
	pt_values_add(values, "host", pt_hostfile_via(file));
	pt_values_add(values, "file", pt_hostfile_local(file));
	pt_values_add(values, "path", pt_hostfile_path(file));
	pt_values_add(values, "new", "yes");
	pt_ui_run(app, values, true, sent, s);
}

/* ---- here ---- */

static int save_here(const char *path, const void *data, size_t size, unsigned mode,
                     struct prism_error *err)
{
	if (access(path, F_OK) == 0) {
		prism_error_raise(err, PRISM_ERROR_CONFLICT, "%s exists already", path);
		prism_error_hint(err, "choose another name");
		return -1;
	}
	return prism_file_write(path, data, size, mode, err);
}

bool pt_savefile_mode(struct pt_app *app, const char *what, const char *path, const void *data,
                      size_t size, unsigned mode)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	struct prism_error err = PRISM_ERROR_INIT;
	struct pt_hostfile *file;
	int on_host = pt_hostfile_create(pt_ui_world(app), path, true, &file, &err);
	int written = on_host > 0    ? prism_file_write(pt_hostfile_local(file), data, size, 0600, &err)
	              : on_host == 0 ? save_here(expanded, data, size, mode, &err)
	                             : -1;

	if (written < 0) {
		pt_hostfile_destroy(file);
		pt_app_report(app, &err);
	} else if (on_host) {
		pt_savefile_send(app, what, file, NULL, NULL);
	} else {
		pt_app_message(app, PT_SLOT_GOOD, "%s saved as %s", what, expanded);
	}
	return written == 0 && !on_host;
}

bool pt_savefile(struct pt_app *app, const char *what, const char *path, const void *data,
                 size_t size)
{
	return pt_savefile_mode(app, what, path, data, size, 0644);
}

/* ---- the name ---- */

struct asking { /* outlives the view */
	struct pt_app *app;
	struct pt_view *view;
	void (*save)(void *state, const char *path);
};

static void answered(void *data, const char *path)
{
	struct asking *asking = data;

	if (path && *path && pt_ui_alive(asking->app, asking->view))
		asking->save(asking->view->state, path);
	prism_free(asking);
}

void pt_savefile_ask(struct pt_view *view, const char *title, const char *label,
                     const char *initial, void (*save)(void *state, const char *path))
{
	struct asking *asking = prism_alloc(sizeof(*asking));

	*asking = (struct asking){view->app, view, save};
	pt_dialog_file(view->app, title, label, initial, answered, asking);
}
