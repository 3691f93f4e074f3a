/*
 * The TLS fields of a computation's form: which of them the chosen mode has, the files behind them,
 * their checks line by line, what is stored now, and what a change of mode clears.  The facts are
 * core/tlsmode.c's and core/certcheck.c's.
 *
 * A file is read when its field is left, once, without waiting for it, and judged together with the
 * others and with what is stored.  What was judged is what is sent: pt_form_tls_attach().
 */
#ifndef PRISM_TUI_VIEW_FORM_TLS_H
#define PRISM_TUI_VIEW_FORM_TLS_H

#include "core/certcheck.h"
#include "core/computation.h"
#include "tui/args.h"
#include "tui/form.h"

enum { PT_FORM_PASSPHRASE = CORE_TLS_FILE_COUNT, PT_FORM_FILE_COUNT };

/* What stands behind one file field.
 *   empty     nothing, or a text that is still being typed
 *   reading   asked for
 *   read      bytes are there (a file, or pasted)
 *   failed    error says why not */
struct pt_form_file {
	enum { PT_FORM_FILE_EMPTY, PT_FORM_FILE_READING, PT_FORM_FILE_READ, PT_FORM_FILE_FAILED } state;
	char *text; /* of the field this is about; NULL: none */
	bool pasted;
	struct prism_buf bytes; /* wiped */
	unsigned mode;          /* permission bits; 0: not known */
	struct prism_error error;
	struct prism_cancel *cancel;
};

struct pt_form_tls {
	struct pt_view *view;
	struct pt_form *form; /* NULL until it is made */
	char *computation;    /* being updated; NULL: a new one */
	const char *locked;   /* why nothing of this can be changed; NULL: it can */
	struct pt_form_file files[PT_FORM_FILE_COUNT];
	struct core_certcheck *check; /* the last judgement, and what it was made from */
	enum core_tls_mode judged_mode;
	struct prism_secret *judged_passphrase; /* NULL: none */
	bool changed;                           /* files or CVMs have, since */
	bool all;                               /* lines that passed are shown too */
	bool touched[CORE_TLS_FILE_COUNT];      /* its field was left, or sending was tried */
	char *panel, *clears[CORE_TLS_FILE_COUNT], *locked_note;
	/* Called from the loop when nothing is being read any more. */
	void (*settled)(void *data);
	void *data;
};

struct pt_form_tls *pt_form_tls_create(struct pt_view *view, const char *computation,
                                       void (*settled)(void *data), void *data);
void pt_form_tls_destroy(struct pt_form_tls *tls); /* NULL allowed; wipes */

/* The file an argument names ("key-file"; "passphrase-file": PT_FORM_PASSPHRASE); -1: none. */
int pt_form_tls_file(const char *arg_name);
/* The document that is changed; NULL: a new one, or not loaded yet. */
const struct core_computation *pt_form_tls_stored(const struct pt_form_tls *tls);
/* The mode chosen in the form, else the stored one, else none. */
enum core_tls_mode pt_form_tls_mode(const struct pt_form_tls *tls);
bool pt_form_tls_uses(const struct pt_form_tls *tls, unsigned file);
/* True when saving the chosen mode would clear what is stored in that field. */
bool pt_form_tls_clears(const struct pt_form_tls *tls, unsigned file);
/* A key that does not open without a passphrase stands in the key field. */
bool pt_form_tls_encrypted(const struct pt_form_tls *tls);
/* 0, or -1 without a message: the lines under the field say what would not work. */
PRISM_MUST_USE
int pt_form_tls_check(struct pt_form_tls *tls, unsigned file, struct prism_error *err);

/* Something was typed, chosen or left: reads what is to be read, and judges anew. `focus`: id of
 * the field with the cursor, whose text may be unfinished; NULL: none. */
void pt_form_tls_sync(struct pt_form_tls *tls, const char *focus);
bool pt_form_tls_reading(const struct pt_form_tls *tls);
/* A paste into the field `id`: true when it was PEM text and is taken as the file. */
bool pt_form_tls_paste(struct pt_form_tls *tls, const char *id, const char *text, size_t len);
bool pt_form_tls_pasted(const struct pt_form_tls *tls, const char *id);
/* Behind the file arguments that values holds: exactly what was judged. */
void pt_form_tls_attach(const struct pt_form_tls *tls, struct pt_values *values);

/* "required: TLS, Mutual TLS; optional: ..." of a file, from the mode table; yours. */
char *pt_form_tls_needed(unsigned file);

/* ---- between view_form_tls.c and view_form_files.c ---- */

const char *pt_form_file_arg(unsigned file); /* "key-file" */
void pt_form_file_drop(struct pt_form_file *file);
void pt_form_file_read(struct pt_form_tls *tls, unsigned file, const char *text);
/* Anew, whatever has changed; and shows the lines. */
void pt_form_tls_judge(struct pt_form_tls *tls);

#endif
