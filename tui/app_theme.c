/* Loading themes again when their file changes: inotify on the loop, no polling.  The directory is
 * watched, since editors replace files.  Where there is no inotify the theme changes at the next
 * choice of it. */
#include "tui/app_private.h"

#include "base/file.h"
#include "base/mem.h"

#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

int pt_app_set_theme(struct pt_app *app, const char *name, struct prism_error *err)
{
	if (pt_theme_load(app->theme, name, err) < 0)
		return -1;
	if (*pt_theme_warning(app->theme))
		pt_app_message(app, PT_SLOT_WARN, "%s", pt_theme_warning(app->theme));
	pt_term_repaint(app->config.term);
	pt_app_theme_watch(app);
	pt_app_dirty(app);
	return 0;
}

#ifdef __linux__
static void theme_changed(void *data, int fd, unsigned events)
{
	struct pt_app *app = data;
	struct prism_error err = PRISM_ERROR_INIT;
	PRISM_AUTO_FREE char *path = prism_strdup(pt_theme_path(app->theme));
	PRISM_AUTO_FREE char *name = prism_strdup(pt_theme_name(app->theme));
	union {
		struct inotify_event event;
		char bytes[4096];
	} room;
	bool ours = false;
	ssize_t n;

	while ((n = read(fd, &room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(room.event) <= n;) {
			struct inotify_event event;

			memcpy(&event, room.bytes + at, sizeof(event));
			ours |= path && event.len > 0 &&
			        strcmp(room.bytes + at + sizeof(event), prism_path_base(path)) == 0;
			at += (ssize_t)(sizeof(event) + event.len);
		}
	}
	if (ours && pt_app_set_theme(app, name, &err) < 0) /* half written: the next event follows */
		pt_app_message(app, PT_SLOT_WARN, "%s", err.message);
}

void pt_app_theme_watch(struct pt_app *app)
{
	const char *path = pt_theme_path(app->theme);
	PRISM_AUTO_FREE char *dir = NULL;
	size_t len;

	if (path && app->theme_watched && strcmp(path, app->theme_watched) == 0)
		return;
	pt_app_theme_unwatch(app);
	if (!path)
		return;
	app->theme_watched = prism_strdup(path);
	len = (size_t)(prism_path_base(path) - path);
	dir = len ? prism_strndup(path, len) : prism_strdup(".");
	app->theme_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (app->theme_watch < 0)
		return;
	if (inotify_add_watch(app->theme_watch, dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
		close(app->theme_watch);
		app->theme_watch = -1;
		return;
	}
	app->theme_fd =
	    prism_loop_add_fd(app->config.loop, app->theme_watch, PRISM_LOOP_READ, theme_changed, app);
}
#else
void pt_app_theme_watch(struct pt_app *app)
{
}
#endif

void pt_app_theme_unwatch(struct pt_app *app)
{
	prism_fd_remove(app->theme_fd);
	app->theme_fd = NULL;
	if (app->theme_watch >= 0)
		close(app->theme_watch);
	app->theme_watch = -1;
	prism_free(app->theme_watched);
	app->theme_watched = NULL;
}
