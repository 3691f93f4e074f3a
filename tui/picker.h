/*
 * The file picker: an overlay that shows one directory of a place (core/place.h) and gives back the
 * file that was chosen.  For file fields of forms, for questions of the prompt line, for arguments
 * of the palette.
 *
 * What is typed filters the names; a '/' in it goes to that directory ("~/", "/etc/ssl/", "../").
 * Hidden names show when the text begins with '.', or after ctrl-t.  Small files are marked with
 * what they contain, read one at a time while they are seen.  Directories files were taken from are
 * remembered for each place.
 *
 * "user@host:port/" goes to the files of a host, over SFTP, and "@/" back to this machine.  A file
 * chosen there is copied to a private directory of this machine, which is gone when the program
 * ends, and it is the copy's path that is given back.  A picker that saves gives the name on the
 * host, as tui/hostfile.h reads it, and copies nothing.
 *
 * Nothing here waits: a directory that does not answer says so and can be left.
 */
#ifndef PRISM_TUI_PICKER_H
#define PRISM_TUI_PICKER_H

#include "core/place.h"
#include "tui/view.h"

struct pt_picker {
	const char *title;        /* "Key file" */
	struct core_place *place; /* lent; NULL: this machine */
	const char *start;        /* path in the field so far; NULL or "": where files came from last */
	bool directories;         /* ctrl-s takes a directory: the one under the cursor, or this one */
	/* A file is to be written: ctrl-s takes what is typed, else the name in start, as a new name in
	 * the directory that is shown. */
	bool saves;
	/* Once: the absolute path (this machine's home as "~"), or NULL when it was closed. */
	void (*done)(void *data, struct core_place *place, const char *path);
	void *data;
};
/* Strings are copied. */
void pt_picker_open(struct pt_app *app, const struct pt_picker *spec);

#endif
