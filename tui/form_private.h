/* Between form.c and form_draw.c only. */
#ifndef PRISM_TUI_FORM_PRIVATE_H
#define PRISM_TUI_FORM_PRIVATE_H

#include "tui/form.h"

struct pt_form_kept { /* a struct pt_form_line with its own text */
	enum pt_slot slot;
	int indent;
	char *text;
};

struct pt_field_state {
	const struct pt_field *spec;
	struct pt_prompt *prompt; /* kinds that hold text; NULL for others */
	const struct pt_choice *choices;
	size_t choice_count, choice;
	char *wanted; /* a value that was set before its choices came */
	bool checked;
	char *message; /* why the value is not right; NULL */
	bool bad;      /* it is not, and message or lines say why */
	struct pt_form_kept *lines;
	size_t line_count;
	int y, height; /* rows, from the top of the form; of the last prepare */
};

struct pt_form {
	struct pt_field_state *fields;
	size_t count;
	size_t focus; /* count: submit, count + 1: cancel */
	const char *submit, *cancel;
	void *data;
	char *error; /* message and hint; NULL */
	char *busy;
	bool modified;
	int width, height, total; /* of the last prepare; rows all fields take */
	int top;                  /* first row shown */
	bool scrolled;            /* by page-up or page-down: the focus need not be seen */
	int label_width;          /* 0: labels stand above their fields */
	int footer;               /* rows kept at the bottom */
};

bool pt_form_enterable(const struct pt_form *form, size_t index);
bool pt_form_applies(const struct pt_form *form, size_t index);

#endif
