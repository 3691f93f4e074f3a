/* Between term.c, term_curses.c, term_memory.c and term_restore.c only. */
#ifndef PRISM_TUI_TERM_PRIVATE_H
#define PRISM_TUI_TERM_PRIVATE_H

#include "base/buf.h"
#include "tui/term.h"

struct pt_term_ops {
	void (*close)(struct pt_term *term);
	bool (*resize)(struct pt_term *term);
	int (*fd)(const struct pt_term *term);
	long (*read)(struct pt_term *term, void *buf, size_t size);
	bool (*draw)(struct pt_term *term, const struct pt_canvas *canvas,
	             const struct pt_theme *theme);
	bool (*flush)(struct pt_term *term);
	void (*repaint)(struct pt_term *term);
	void (*leave)(struct pt_term *term);
	void (*enter)(struct pt_term *term);
	void (*stop)(struct pt_term *term);
	void (*ring)(struct pt_term *term);
	void (*set_mouse)(struct pt_term *term, bool on);
	void (*raw)(struct pt_term *term, const char *bytes, size_t len);   /* after the next frame */
	void (*copied)(struct pt_term *term, const char *text, size_t len); /* may be NULL */
};

/* First member of each back end. */
struct pt_term {
	const struct pt_term_ops *ops;
	int rows, cols;
	bool utf8;
	enum pt_depth depth;
	uint64_t bytes;
	char notice[PRISM_ERROR_TEXT];
};

/* Crash and kill handling (term_restore.c). `reset` is what puts the terminal right, sent with
 * write(2); both pointers are read by signal handlers until pt_restore_disarm(). */
struct termios;
void pt_restore_arm(int fd, const struct termios *saved, const char *reset, size_t len);
void pt_restore_set_active(bool active); /* false while the terminal is the shell's */
void pt_restore_disarm(void);

#endif
