/*
 * Questions that come up by themselves (an unknown host, a prompt of a server, an offer) wait until
 * nothing has been typed for PT_QUIET_MS: a key meant for a form or the palette must not answer
 * them, and what a person types must not go to a server that asks in between.
 *
 * States: idle ─► waiting (pt_ui_when_quiet) ─► idle: fn was called, or pt_ui_quiet_cancel().
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_TUI_UI_QUIET_H
#define PRISM_TUI_UI_QUIET_H

#include "base/list.h"

#include <stdbool.h>

struct pt_app;

/* Longer than the pause between two keys of somebody who types slowly, shorter than patience. */
#define PT_QUIET_MS 800

struct pt_quiet { /* memory of whoever asks; zeroed before first use */
	struct prism_list node;
	bool waiting;
	void (*fn)(void *data);
	void *data;
};

/* fn(data) once: within the call when nothing was typed for so long, else later from the loop. The
 * app must outlive the wait, or it is cancelled first. */
void pt_ui_when_quiet(struct pt_app *app, struct pt_quiet *wait, void (*fn)(void *data),
                      void *data);
void pt_ui_quiet_cancel(struct pt_quiet *wait); /* also when it does not wait */

#endif
