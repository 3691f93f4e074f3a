/*
 * What the files of the command form share; nobody else includes this.
 *
 *   view_form.c         the view: life, keys, drawing
 *   view_form_fields.c  fields from the arguments of the action, and what they start with
 *   view_form_send.c    from fields to a command: waiting for files, asking, conflicts
 *   view_form_draft.c   what was typed, kept until it is sent or given up
 *   view_form_tls.c     the TLS fields of a computation: which apply, what is wrong
 *   view_form_files.c   what stands behind a file field: read once, or pasted
 */
#ifndef PRISM_TUI_VIEW_FORM_PRIVATE_H
#define PRISM_TUI_VIEW_FORM_PRIVATE_H

#include "tui/args.h"
#include "tui/formbox.h"
#include "tui/ui.h"
#include "tui/view_form_tls.h"

#define PT_FORM_FIELDS_MAX 40
#define PT_FORM_CHOICES_MAX 16

struct pt_form_slot {         /* one field and where it came from */
	const struct pt_arg *arg; /* NULL: a note */
	char *id, *label;
	char *hint;    /* placeholder of its own; NULL: none */
	char *initial; /* what the field starts with; NULL: nothing */
	struct pt_choice choices[PT_FORM_CHOICES_MAX];
	char *words[PT_FORM_CHOICES_MAX];
	size_t choice_count;
};

struct pt_form_view {
	struct pt_formbox box; /* first: see tui/formbox.h */
	const struct pt_action *action;
	struct pt_values *values; /* known before */
	struct pt_field fields[PT_FORM_FIELDS_MAX];
	struct pt_form_slot slots[PT_FORM_FIELDS_MAX];
	size_t count;
	struct pt_form_tls *tls; /* NULL: not about TLS files */
	char *note;
	char title[160], submit[64];

	bool loading;   /* an update whose document is not here yet */
	bool waiting;   /* sent, as soon as the files are read */
	bool confirmed; /* what saving clears was agreed to */
	char *base;     /* update: the document the changes are made on (JSON); wiped; NULL: unknown */

	struct prism_timer *draft_timer; /* NULL: nothing to write */
};

/* From what is known now: what was typed is gone. */
void pt_form_rebuild(struct pt_form_view *f);

/* ---- fields ---- */

bool pt_form_arg_is_id(enum pt_arg_kind kind);
/* Note, fields, hidden ones too, into f->fields; then the form can be made. */
void pt_form_fields_add(struct pt_form_view *f);
void pt_form_fields_finish(struct pt_form_view *f);
/* The value of an argument as the server has it, for updates. Lent; NULL: not known. */
const char *pt_form_current(const struct pt_form_view *f, const struct pt_arg *arg);
/* What an empty field starts with though the server says nothing; yours. NULL: nothing.
 * tui/view_form_propose.c. */
char *pt_form_proposed(const struct pt_form_view *f, const struct pt_arg *arg);
/* The computation being updated, with its whole document; NULL: something else. */
const struct core_computation *pt_form_stored(const struct pt_form_view *f);

/* ---- sending ---- */

void pt_form_submit(struct pt_form_view *f);
/* The document of now becomes what changes are made on. */
void pt_form_take_base(struct pt_form_view *f);

/* ---- drafts ---- */

/* Asks, from the loop, whether a draft that is there is to be taken up. */
void pt_form_draft_offer(struct pt_form_view *f);
void pt_form_draft_changed(struct pt_form_view *f); /* written within a second */
void pt_form_draft_forget(struct pt_form_view *f);  /* sent, or given up on purpose */
void pt_form_draft_finish(struct pt_form_view *f);

#endif
