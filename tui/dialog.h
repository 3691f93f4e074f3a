/*
 * Dialogs: questions and answers over the work.  Each opens an overlay and calls done exactly once,
 * from the loop or a key, when it is answered or closed; then it is gone.
 *
 * Safety: a confirmation opens with Cancel focused, so Enter does nothing bad; what cannot be
 * undone asks for a name to be typed.  Pasted text answers nothing but a name.
 */
#ifndef PRISM_TUI_DIALOG_H
#define PRISM_TUI_DIALOG_H

#include "tui/view.h"

struct pt_confirm {
	const char *title;
	const char *text;   /* what will happen; wrapped */
	const char *detail; /* the things concerned, a line each; may be NULL */
	const char *yes;    /* label of the button: a verb ("Delete") */
	const char *name;   /* must be typed before yes works; NULL: not asked */
	bool danger;        /* cannot be undone */
	/* A third button, reached with Tab: what had better be done before. other(data) is called, then
	 * done with no. NULL: none. */
	const char *other_label;
	void (*other)(void *data);
};
/* Strings are copied. Returns the overlay, for whoever may have to close it; the app owns it. */
struct pt_view *pt_dialog_confirm(struct pt_app *app, const struct pt_confirm *confirm,
                                  void (*done)(void *data, bool yes), void *data);

struct pt_dialog_item {
	const char *text;
	const char *note; /* at the right, dim; may be NULL */
	bool disabled;    /* shown with its note, cannot be chosen */
	char key;         /* chooses it while nothing is typed yet; 0: none */
};
/* index of the item, -1 when closed. Typing filters. Strings are copied. */
void pt_dialog_choose(struct pt_app *app, const char *title, const struct pt_dialog_item *items,
                      size_t count, size_t selected, void (*done)(void *data, ptrdiff_t index),
                      void *data);

/* One line of text; NULL when closed. initial may be NULL. */
void pt_dialog_input(struct pt_app *app, const char *title, const char *label, const char *initial,
                     pt_complete_fn complete, void (*done)(void *data, const char *text),
                     void *data);

/* The name of a file to write: Tab completes, ctrl-o looks for a place, on a host too. */
void pt_dialog_file(struct pt_app *app, const char *title, const char *label, const char *initial,
                    void (*done)(void *data, const char *text), void *data);

/* A person, by name: members of the workspace, and a search of all users while one types; with
 * outside, members are shown and cannot be chosen. NULL when closed; the id is lent. */
void pt_dialog_person(struct pt_app *app, const char *title, bool outside,
                      void (*done)(void *data, const char *user_id), void *data);
/* A secret that is told once: masked, shown for seconds, copied, saved. secret: given. */
struct prism_secret;
void pt_dialog_secret(struct pt_app *app, const char *title, struct prism_secret *secret);
/* A passphrase, masked; twice: typed twice, to protect something. The secret is given, empty when
 * nothing was typed; NULL when closed. */
void pt_dialog_passphrase(struct pt_app *app, const char *title, const char *note, bool twice,
                          void (*done)(void *data, struct prism_secret *secret), void *data);

/* Message, hint, operation, peer, status and causes. */
void pt_dialog_error(struct pt_app *app, const struct prism_error *error);
/* Text to read, scrolls and searches. */
void pt_dialog_text(struct pt_app *app, const char *title, const char *text);
int pt_dialog_text_width(const struct pt_app *app); /* columns a line of it can have at most */

#endif
