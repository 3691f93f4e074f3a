/*
 * Forms from rows of fields: text, several lines, a choice, a check box, a path, a password.
 *
 * Keys: Tab, Shift-Tab, up and down between fields (Tab in a path completes it first); left, right
 * and space change a choice or a box; Enter goes on to the next field, and from the last one
 * submits; Ctrl-S submits from anywhere; page-up and page-down scroll; Esc cancels.  In a field of
 * several lines Enter makes a line, and up and down leave it only at its first and last one.
 *
 * Validation runs when a field is left and when submitting; the message stands under its field, and
 * the first bad field gets the cursor.  What a password field holds is wiped when the form goes,
 * never exported, and never drawn.
 */
#ifndef PRISM_TUI_FORM_H
#define PRISM_TUI_FORM_H

#include "base/mem.h"
#include "tui/view.h"

enum pt_field_kind {
	PT_FIELD_TEXT,
	PT_FIELD_LINES,  /* several lines, `rows` of them shown */
	PT_FIELD_SELECT, /* one of `choices` */
	PT_FIELD_CHECK,  /* "yes" or "no" */
	PT_FIELD_PATH,   /* Tab on it completes, ctrl-o is PT_BROWSE; ~ is the owner's to expand */
	PT_FIELD_PASSWORD,
	PT_FIELD_HEADING, /* a line of text, cannot be entered */
	PT_FIELD_NOTE,    /* dim text, wrapped; label is the text */
};

enum pt_field_flags {
	PT_FIELD_REQUIRED = 1 << 0, /* "cannot be empty." */
	PT_FIELD_READONLY = 1 << 1,
	PT_FIELD_JUDGE_EMPTY = 1 << 2, /* validate is called for an empty value too */
	PT_FIELD_PROPOSED = 1 << 3,    /* initial is a guess: pt_prompt_propose() */
};

struct pt_form;

struct pt_choice {
	const char *value; /* what pt_form_get() returns */
	const char *label; /* NULL: the value */
	const char *note;  /* shown beside it when chosen; may be NULL */
};

struct pt_field {
	const char *id; /* stable key, also of drafts */
	const char *label;
	enum pt_field_kind kind;
	unsigned flags;          /* enum pt_field_flags */
	size_t max;              /* bytes; 0: 4096 */
	int rows;                /* lines shown by PT_FIELD_LINES; 0: 4 */
	const char *initial;     /* may be NULL */
	const char *placeholder; /* may be NULL */
	const char *help; /* one line under the form while the field has the cursor; may be NULL */
	const struct pt_choice *choices; /* select; lent for the form's life */
	size_t choice_count;
	/* 0, or -1 with the message that stands under the field; an empty message when the lines of
	 * the field (pt_form_set_lines) say it. Not called for an empty optional value without
	 * PT_FIELD_JUDGE_EMPTY. May be NULL. */
	int (*validate)(void *data, const struct pt_form *form, const char *value,
	                struct prism_error *err);
	/* False hides the field, and keeps its value. May be NULL. */
	bool (*applies)(void *data, const struct pt_form *form);
	pt_complete_fn complete; /* Tab on a text field; may be NULL */
};

/* fields and data are lent for the form's life. submit, cancel: button labels. */
struct pt_form *pt_form_create(const struct pt_field *fields, size_t count, const char *submit,
                               const char *cancel, void *data);
void pt_form_destroy(struct pt_form *form); /* NULL allowed */

/* PT_SUBMIT: every field is valid. PT_CANCEL: Esc or the cancel button. PT_CHANGED: a value
 * changed. PT_BROWSE: a picker is wanted for the focused field. */
unsigned pt_form_key(struct pt_form *form, const struct pt_event *event);
const char *pt_form_get(const struct pt_form *form,
                        const char *id); /* lent until the next key; not passwords */
/* What a password field holds; yours. The field is emptied and wiped. */
struct prism_secret *pt_form_take_secret(struct pt_form *form, const char *id);
/* The same, and it stays in the field; NULL when it is empty. */
struct prism_secret *pt_form_copy_secret(const struct pt_form *form, const char *id);
bool pt_form_checked(const struct pt_form *form, const char *id);
void pt_form_set(struct pt_form *form, const char *id, const char *value);
/* The choices of a select changed (they were fetched); the value stays when it is still there. */
void pt_form_set_choices(struct pt_form *form, const char *id, const struct pt_choice *choices,
                         size_t count);
/* What is known about a field's value, shown under it, wrapped; kept until set again. Copied. */
struct pt_form_line {
	enum pt_slot slot;
	int indent; /* columns */
	const char *text;
};
void pt_form_set_lines(struct pt_form *form, const char *id, const struct pt_form_line *lines,
                       size_t count);
/* A mark from elsewhere (the server refused this value). NULL message clears. The field gets the
 * cursor. */
void pt_form_mark(struct pt_form *form, const char *id, const char *message);
/* A line above the buttons: what the server said about all of it. NULL clears. */
void pt_form_set_error(struct pt_form *form, const struct prism_error *error);
void pt_form_set_busy(struct pt_form *form,
                      const char *text); /* "Creating..."; keys but Esc are ignored. NULL: over */
bool pt_form_busy(const struct pt_form *form);
bool pt_form_validate(struct pt_form *form);
void pt_form_validate_field(struct pt_form *form, const char *id);     /* as when it is left */
const char *pt_form_label(const struct pt_form *form, const char *id); /* lent; "": no such field */
bool pt_form_modified(const struct pt_form *form); /* since create or the last pt_form_clean() */
void pt_form_clean(struct pt_form *form);
void pt_form_focus(struct pt_form *form, const char *id);
const char *pt_form_focused(const struct pt_form *form); /* id; "submit" or "cancel" on a button */
bool pt_form_on_path(const struct pt_form *form); /* the cursor is in one: ctrl-o is PT_BROWSE */
/* Drafts: every value but passwords. Import goes through pt_form_set(). */
void pt_form_export(const struct pt_form *form,
                    void (*fn)(void *data, const char *id, const char *value), void *data);

/* As wide as max_w, as high as its fields. */
void pt_form_measure(const struct pt_form *form, int max_w, int max_h, int *ret_w, int *ret_h);
void pt_form_prepare(struct pt_form *form, int width, int height);
void pt_form_draw(const struct pt_form *form, struct pt_canvas *canvas, struct pt_rect area,
                  bool focus);

#endif
