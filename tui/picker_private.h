/*
 * Between tui/picker.c (keys, drawing) and tui/picker_list.c (what is listed) only.
 *
 * What is listed is in one of these states:
 *
 *   reading    `listing` is empty; the request hangs on `going`
 *   listed     `listing` is there
 *   failed     `error` says why
 *   recent     the remembered directories instead of a listing
 */
#ifndef PRISM_TUI_PICKER_PRIVATE_H
#define PRISM_TUI_PICKER_PRIVATE_H

#include "tui/picker.h"

#define PICKER_RECENT_MAX 8   /* directories remembered for a place */
#define PICKER_MARK_MAX 65536 /* bytes of a file that is looked into: as large as a field takes */
#define PICKER_SLOW_MS 3000   /* after that a directory is said not to answer */

enum picker_state { PICKER_READING, PICKER_LISTED, PICKER_FAILED, PICKER_RECENT };

struct picker {
	struct pt_view *view;
	struct core_place *place;      /* lent */
	struct prism_cancel *fetching; /* a file of a host is on its way here; NULL */
	char *title;
	void (*done)(void *data, struct core_place *place, const char *path);
	void *data;

	bool directories;         /* one may be taken */
	char *via;                /* the way to the place; NULL: this machine */
	char *save;               /* the name to save under; NULL: a file is chosen to be read */
	struct pt_prompt *prompt; /* the filter */
	enum picker_state state;
	char *dir;                  /* absolute once listed; as asked for before */
	char *want;                 /* name to put the cursor on when the listing comes; may be NULL */
	bool hidden;                /* names with a dot are shown */
	bool slow;                  /* still reading after PICKER_SLOW_MS */
	struct prism_cancel *going; /* of the listing */
	struct prism_timer *timer;
	struct prism_error error;
	struct core_place_listing listing;
	char *recent[PICKER_RECENT_MAX];
	size_t recent_count;

	char **marks;    /* of entries; NULL not looked at, "" nothing to say */
	ptrdiff_t asked; /* the entry being read; -1 none */
	struct prism_cancel *marking;

	size_t *rows; /* entries (or recents) that are shown */
	size_t count, cursor, top;
	size_t hidden_count; /* left out because of their dot */
};

void pt_picker_go(struct picker *p, const char *path, const char *want);
void pt_picker_filter(struct picker *p); /* rows from the filter; keeps the cursor's name */
/* Asks for the mark of the next row in [first, first + rows) that has none. */
void pt_picker_mark(struct picker *p, size_t first, size_t rows);
void pt_picker_load_recent(struct picker *p);
void pt_picker_show_recent(struct picker *p);
void pt_picker_remember(struct picker *p); /* dir becomes the most recent one */
const struct core_place_entry *pt_picker_entry(const struct picker *p,
                                               size_t row); /* NULL: recent */
const char *pt_picker_name(const struct picker *p, size_t row);
/* The directory files were taken from last; "." when there is none. Lent. */
const char *pt_picker_last(const struct picker *p);
void pt_picker_list_finish(struct picker *p);

#endif
