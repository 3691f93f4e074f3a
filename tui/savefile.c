/* Saving what a view shows: see savefile.h. */
#include "tui/savefile.h"

#include "base/file.h"
#include "base/mem.h"
#include "tui/dialog.h"
#include "tui/ui.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

bool pt_savefile_ends(const char *path, const char *suffix)
{
	size_t length = strlen(path), tail = strlen(suffix);

	return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}

bool pt_savefile(struct pt_app *app, const char *what, const char *path, const void *data,
                 size_t size)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);
	struct prism_error err = PRISM_ERROR_INIT;

	if (access(expanded, F_OK) == 0) {
		prism_error_raise(&err, PRISM_ERROR_CONFLICT, "%s exists already", expanded);
		prism_error_hint(&err, "choose another name");
		pt_app_report(app, &err);
		return false;
	}
	if (prism_file_write(expanded, data, size, 0644, &err) < 0) {
		pt_app_report(app, &err);
		return false;
	}
	pt_app_message(app, PT_SLOT_GOOD, "%s saved as %s", what, expanded);
	return true;
}

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
	pt_dialog_input(view->app, title, label, initial, pt_complete_path, answered, asking);
}
