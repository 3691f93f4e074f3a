/*
 * Telling a person that something they follow changed: a toast, and by option the bell, a
 * notification of the desktop (through the terminal, OSC 9 or 777), and a program of theirs.
 *
 * The program (option notify_command) is started directly, never by a shell, with these arguments
 * behind its own: "state", computation id, its name, state before, state now, step of the run,
 * workspace name.  Its environment holds the names below and nothing else; it has no terminal, ten
 * seconds, and at most NOTIFY_RUNNING of them run at once.  In restricted mode none is started.
 *
 * While the screen is locked, nothing of the work reaches the desktop.
 */
#ifndef PRISM_TUI_NOTIFY_H
#define PRISM_TUI_NOTIFY_H

#include "tui/ui.h"

#define PT_NOTIFY_RUNNING 4 /* programs at once; more changes than that are not passed on */
#define PT_NOTIFY_MS 10000  /* a program that takes longer is killed */
#define PT_NOTIFY_ENVIRONMENT                                                            \
	"PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TZ DISPLAY WAYLAND_DISPLAY XAUTHORITY " \
	"XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS"

struct pt_notify;
struct pt_notify *pt_notify_create(struct pt_ui *ui);
void pt_notify_destroy(struct pt_notify *notify); /* kills programs that run; NULL allowed */
/* A followed computation changed: CORE_EVENT_FOLLOWED. */
void pt_notify_changed(struct pt_notify *notify, const char *id);
/* Follows the computation the view is on, or the marked ones; or no longer when all are followed.
 */
unsigned pt_notify_toggle(struct pt_app *app, struct pt_view *view);

#endif
