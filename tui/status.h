/*
 * Status line, hint bar, breadcrumbs, toasts and the history of messages: their data, and how they
 * are drawn.  Where they stand is the app's business (tui/app.h).
 */
#ifndef PRISM_TUI_STATUS_H
#define PRISM_TUI_STATUS_H

#include "base/clock.h"
#include "tui/canvas.h"

enum pt_safety {
	PT_SAFETY_UNKNOWN, /* nothing to say yet */
	PT_SAFETY_GOOD,
	PT_SAFETY_WARN, /* something weaker than the default was chosen */
	PT_SAFETY_BAD,
};

/* Filled by hooks->status for each frame. Strings are lent until the frame is drawn; they may
 * come from elsewhere. NULL or "" is left out. Nothing here may change by itself with time: an idle
 * screen is not drawn again. */
struct pt_status {
	const char *backend; /* host and port */
	const char *tunnel;  /* the way there, or what is wrong with it; "" without one */
	bool tunnel_bad;
	const char *workspace;
	const char *user;
	const char *token;     /* "token until 15:20" */
	const char *refreshed; /* "14:02:11" */
	unsigned pending;      /* requests under way */
	unsigned transfers;    /* uploads and downloads under way */
	const char *working;   /* how far a long command is: "measuring 45 MB of 100 MB" */
	unsigned invitations;  /* that wait for my answer */
	enum pt_safety safety;
	const char *safety_text; /* "HTTPS verified", "clear text": the way to Prism */
	enum pt_safety agent_safety;
	const char *agent_text; /* "agent attested", "agent in clear text": while one is talked to */
	const char *mark;       /* what kind of place this is: "PRODUCTION" */
	const char *notice;     /* one thing to know: "offline, trying again" */
};

struct pt_hint {
	const char *keys; /* "enter" */
	const char *text; /* "open" */
	bool off;         /* greyed: my roles do not allow it */
};

#define PT_MESSAGES_MAX 500 /* kept in the history; a chatty server cannot make it grow */
#define PT_TOASTS_MAX 3     /* shown at once */
#define PT_TOAST_MS 5000    /* how long; errors twice as long */
#define PT_TOAST_LINES 4    /* rows of one: an error with its remedy, in forty columns too */

struct pt_message {
	int64_t wall_us;
	int64_t until_ms; /* monotonic: shown as a toast until then */
	enum pt_slot tone;
	unsigned repeats; /* the same text again: counted, not repeated */
	char *text;
};

struct pt_messages;
struct pt_messages *pt_messages_create(const struct prism_clock *clock);
void pt_messages_destroy(struct pt_messages *messages);
void pt_messages_add(struct pt_messages *messages, enum pt_slot tone, const char *text);
size_t pt_messages_count(const struct pt_messages *messages);
const struct pt_message *pt_messages_get(const struct pt_messages *messages,
                                         size_t index); /* 0: oldest */
/* When the next toast goes, monotonic ms; -1: none is shown. */
int64_t pt_messages_next(const struct pt_messages *messages);
void pt_messages_dismiss(struct pt_messages *messages); /* all toasts go */

void pt_status_draw(const struct pt_status *status, struct pt_canvas *canvas, struct pt_rect line);
void pt_hints_draw(const struct pt_hint *hints, size_t count, struct pt_canvas *canvas,
                   struct pt_rect line);
/* Lower right corner of area, newest below. */
void pt_toasts_draw(const struct pt_messages *messages, struct pt_canvas *canvas,
                    struct pt_rect area);

#endif
