/*
 * A real terminal, through the terminfo half of ncurses: the only file that includes it.
 *
 * Why not the window half: what to send is decided by term_diff.c from our own cells, which lets a
 * frame be one write, 24-bit colour work on every terminal that has it, combining
 * characters stay with their cell, and a crash handler know exactly what to undo.  ncurses gives
 * what it alone knows: what each terminal understands.
 *
 * The tty is opened a second time, non-blocking, so that neither reading nor a stalled
 * terminal can hold the loop; the shell's own descriptor keeps its flags.
 */
#include "tui/term_diff.h"
#include "tui/term_private.h"
#include "tui/term_sgr.h"

#include "base/file.h"
#include "base/mem.h"

#include <curses.h>
#include <term.h>

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define OUTPUT_MAX \
	(16 * 1024 * 1024)     /* a frame of 300x100 cells with every style changing fits often */
#define SIZE_MAX_ROWS 1000 /* what a resize may claim */
#define SIZE_MAX_COLS 1000

struct curses_term {
	struct pt_term term;
	int fd; /* ours: non-blocking; or standard input when it cannot be opened again */
	bool own_fd;
	bool entered;   /* the alternate screen is on */
	bool cursor_on; /* as the terminal has it */
	bool mouse;
	bool ansi; /* attributes are ECMA-48 SGR */
	struct pt_sgr sgr;
	struct termios saved;
	struct pt_diff *diff;
	struct pt_sink sink;
	struct prism_buf out; /* of this frame, then what the terminal did not take yet */
	struct prism_buf raw; /* goes out with the next frame */
};

static struct curses_term *curses_of(const struct pt_term *term)
{
	return (struct curses_term *)(uintptr_t)term; /* its first member */
}

/* tputs() has no place for a pointer of ours. */
static struct prism_buf *putting;

static int put_char(int c)
{
	prism_buf_putc(putting, (char)c);
	return c;
}

static void put_cap(struct curses_term *curses, const char *cap)
{
	if (!cap || cap == (const char *)-1)
		return;
	putting = &curses->out;
	tputs(cap, 1, put_char);
}

static bool has(const char *cap)
{
	return cap && cap != (const char *)-1 && *cap;
}

/* --- the sink: how the difference is said --- */

static void sink_move(void *data, int y, int x, int from_y, int from_x)
{
	struct curses_term *curses = data;

	if (y == from_y && x > from_x && from_x >= 0 && curses->ansi) {
		if (x == from_x + 1)
			prism_buf_puts(&curses->out, "\033[C");
		else
			prism_buf_printf(&curses->out, "\033[%dC", x - from_x);
		return;
	}
	if (x == 0 && from_y >= 0 && y == from_y + 1) {
		prism_buf_puts(&curses->out, "\r\n");
		return;
	}
	put_cap(curses, tparm(cursor_address, y, x, 0, 0, 0, 0, 0, 0, 0));
}

static void caps_style(struct curses_term *curses, const struct pt_style *to)
{
	put_cap(curses, exit_attribute_mode);
	if (to->attrs & PT_ATTR_BOLD)
		put_cap(curses, enter_bold_mode);
	if (to->attrs & PT_ATTR_UNDERLINE)
		put_cap(curses, enter_underline_mode);
	if (to->attrs & PT_ATTR_REVERSE)
		put_cap(curses, has(enter_reverse_mode) ? enter_reverse_mode : enter_standout_mode);
	if (to->fg != PT_COLOR_DEFAULT && has(set_a_foreground))
		put_cap(curses, tparm(set_a_foreground, (int)(to->fg & 255), 0, 0, 0, 0, 0, 0, 0, 0));
	if (to->bg != PT_COLOR_DEFAULT && has(set_a_background))
		put_cap(curses, tparm(set_a_background, (int)(to->bg & 255), 0, 0, 0, 0, 0, 0, 0, 0));
}

static void sink_style(void *data, const struct pt_style *from, const struct pt_style *to)
{
	struct curses_term *curses = data;

	if (curses->ansi)
		pt_sgr(&curses->sgr, from, to, &curses->out);
	else
		caps_style(curses, to);
}

static void sink_text(void *data, const char *bytes, size_t len)
{
	prism_buf_put(&((struct curses_term *)data)->out, bytes, len);
}

static void sink_clear_eol(void *data)
{
	put_cap(data, clr_eol);
}

static void sink_erase(void *data, int count)
{
	put_cap(data, tparm(erase_chars, count, 0, 0, 0, 0, 0, 0, 0, 0));
}

static void sink_scroll(void *data, int top, int bottom, int shift, int rows)
{
	struct curses_term *curses = data;
	int count = shift > 0 ? shift : -shift;
	const char *many = shift > 0 ? parm_index : parm_rindex;
	const char *one = shift > 0 ? scroll_forward : scroll_reverse;

	put_cap(curses, tparm(change_scroll_region, top, bottom, 0, 0, 0, 0, 0, 0, 0));
	put_cap(curses, tparm(cursor_address, shift > 0 ? bottom : top, 0, 0, 0, 0, 0, 0, 0, 0));
	if (has(many) && count > 1)
		put_cap(curses, tparm(many, count, 0, 0, 0, 0, 0, 0, 0, 0));
	else
		for (int i = 0; i < count; i++)
			put_cap(curses, one);
	put_cap(curses, tparm(change_scroll_region, 0, rows - 1, 0, 0, 0, 0, 0, 0, 0));
}

/* --- output --- */

static bool write_out(struct curses_term *curses)
{
	while (curses->out.len) {
		ssize_t n = write(curses->fd, curses->out.data, curses->out.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false; /* full: later; gone: reading will tell */
		curses->term.bytes += (uint64_t)n;
		prism_buf_consume(&curses->out, (size_t)n);
	}
	return true;
}

/* Waits for the terminal, a fifth of a second at most: leaving must not hang. */
static void write_all(struct curses_term *curses)
{
	struct pollfd wait = {.fd = curses->fd, .events = POLLOUT};

	for (int i = 0; i < 10 && !write_out(curses); i++)
		poll(&wait, 1, 20);
	prism_buf_clear(&curses->out);
}

static void put_modes(struct curses_term *curses, bool on)
{
	if (!curses->ansi)
		return;
	prism_buf_puts(&curses->out, on ? "\033[?2004h" : "\033[?2004l"); /* bracketed paste */
	if (curses->mouse || !on)
		prism_buf_puts(&curses->out, on ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l");
}

/* Everything pt_term_enter() and drawing changed, undone. */
static void put_reset(struct curses_term *curses)
{
	put_cap(curses, exit_attribute_mode);
	if (has(change_scroll_region))
		put_cap(curses, tparm(change_scroll_region, 0, curses->term.rows - 1, 0, 0, 0, 0, 0, 0, 0));
	put_modes(curses, false);
	put_cap(curses, cursor_normal);
	/* Not every terminal has a second screen to leave: mosh, GNU screen unless told to, vt100.
	 * There the last frame would stay, with the shell's prompt somewhere in it. */
	if (has(clear_screen)) {
		put_cap(curses, clear_screen);
	} else {
		put_cap(curses, tparm(cursor_address, curses->term.rows - 1, 0, 0, 0, 0, 0, 0, 0, 0));
		prism_buf_puts(&curses->out, "\r\n");
	}
	put_cap(curses, exit_ca_mode);
}

static void arm(struct curses_term *curses)
{
	size_t before = curses->out.len;

	put_reset(curses);
	pt_restore_arm(curses->fd, &curses->saved, curses->out.data + before, curses->out.len - before);
	curses->out.len = before;
}

static void set_raw(struct curses_term *curses)
{
	struct termios raw = curses->saved;

	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON | PARMRK);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	raw.c_cflag |= CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	pt_restore_set_active(true);
	tcsetattr(curses->fd, TCSADRAIN, &raw);
}

static void put_enter(struct curses_term *curses)
{
	put_cap(curses, enter_ca_mode);
	put_cap(curses, cursor_invisible);
	put_modes(curses, true);
	put_cap(curses, exit_attribute_mode);
	put_cap(curses, clear_screen);
	curses->cursor_on = false;
	curses->entered = true;
	pt_diff_blank(curses->diff, curses->term.rows, curses->term.cols);
}

static bool curses_draw(struct pt_term *term, const struct pt_canvas *canvas,
                        const struct pt_theme *theme)
{
	struct curses_term *curses = curses_of(term);
	int x, y;
	bool cursor = pt_canvas_cursor(canvas, &x, &y);
	size_t mark;

	if (curses->out.len)
		return false;
	if (pt_canvas_rows(canvas) != term->rows || pt_canvas_cols(canvas) != term->cols)
		return true; /* a frame from before a resize: the next one fits */
	if (!curses->entered)
		put_enter(curses);
	if (curses->cursor_on)
		put_cap(curses, cursor_invisible);
	mark = curses->out.len;
	pt_diff_frame(curses->diff, canvas, theme);
	if (curses->cursor_on && curses->out.len == mark) { /* nothing drawn: nothing to hide */
		prism_buf_clear(&curses->out);
		if (cursor)
			pt_diff_move(curses->diff, x, y);
		else
			put_cap(curses, cursor_invisible);
	} else if (cursor) {
		pt_diff_move(curses->diff, x, y);
		put_cap(curses, cursor_normal);
	}
	curses->cursor_on = cursor;
	if (curses->raw.len) {
		prism_buf_put(&curses->out, curses->raw.data, curses->raw.len);
		prism_buf_clear(&curses->raw);
	}
	return write_out(curses);
}

static bool curses_flush(struct pt_term *term)
{
	return write_out(curses_of(term));
}

static void curses_repaint(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	if (!curses->entered)
		return;
	put_cap(curses, exit_attribute_mode);
	put_cap(curses, clear_screen);
	pt_diff_blank(curses->diff, term->rows, term->cols);
	write_out(curses);
}

static void curses_raw(struct pt_term *term, const char *bytes, size_t len)
{
	prism_buf_put(&curses_of(term)->raw, bytes, len);
}

static void curses_ring(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	if (has(bell))
		prism_buf_puts(&curses->raw, bell);
}

static void curses_set_mouse(struct pt_term *term, bool on)
{
	struct curses_term *curses = curses_of(term);

	if (curses->mouse == on || !curses->ansi)
		return;
	curses->mouse = on;
	if (curses->entered)
		prism_buf_puts(&curses->raw, on ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l");
}

/* --- size, input --- */

static bool read_size(struct curses_term *curses)
{
	struct winsize size;
	int rows = 24, cols = 80;

	if (ioctl(curses->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		rows = size.ws_row;
		cols = size.ws_col;
	}
	rows = rows > SIZE_MAX_ROWS ? SIZE_MAX_ROWS : rows;
	cols = cols > SIZE_MAX_COLS ? SIZE_MAX_COLS : cols;
	if (rows == curses->term.rows && cols == curses->term.cols)
		return false;
	curses->term.rows = rows;
	curses->term.cols = cols;
	return true;
}

static bool curses_resize(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	if (!read_size(curses))
		return false;
	arm(curses);
	curses_repaint(term);
	return true;
}

static int curses_fd(const struct pt_term *term)
{
	return curses_of(term)->fd;
}

static long curses_read(struct pt_term *term, void *buf, size_t size)
{
	struct curses_term *curses = curses_of(term);
	struct pollfd wait = {.fd = curses->fd, .events = POLLIN};
	ssize_t n;

	if (!curses->own_fd) { /* a blocking descriptor must not be read without being asked */
		if (poll(&wait, 1, 0) <= 0)
			return 0;
		if (wait.revents & (POLLHUP | POLLERR | POLLNVAL) && !(wait.revents & POLLIN))
			return -1;
	}
	n = read(curses->fd, buf, size);
	if (n > 0)
		return n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -1;
}

/* --- life --- */

static void curses_leave(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	if (curses->entered) {
		prism_buf_clear(&curses->out); /* half a frame is of no use any more */
		if (curses->raw.len)           /* but a copied text is */
			prism_buf_put(&curses->out, curses->raw.data, curses->raw.len);
		prism_buf_clear(&curses->raw);
		put_reset(curses);
		write_all(curses);
		curses->entered = false;
	}
	tcsetattr(curses->fd, TCSADRAIN, &curses->saved);
	pt_restore_set_active(false);
}

static void curses_enter(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	read_size(curses);
	arm(curses);
	set_raw(curses); /* the alternate screen comes with the next frame */
}

static void curses_stop(struct pt_term *term)
{
	struct sigaction action = {.sa_handler = SIG_DFL}, before;
	sigset_t set, old;

	curses_leave(term);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaction(SIGTSTP, &action, &before);
	sigprocmask(SIG_UNBLOCK, &set, &old);
	kill(0, SIGTSTP); /* the whole job: a wrapper such as make must stop too */
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaction(SIGTSTP, &before, NULL);
	curses_enter(term);
}

static void curses_close(struct pt_term *term)
{
	struct curses_term *curses = curses_of(term);

	curses_leave(term);
	pt_restore_disarm();
	if (curses->own_fd)
		close(curses->fd);
	pt_diff_destroy(curses->diff);
	prism_buf_finish(&curses->out);
	prism_buf_finish(&curses->raw);
	if (cur_term)
		del_curterm(cur_term);
	prism_free(curses);
}

static const struct pt_term_ops curses_ops = {
    .close = curses_close,
    .resize = curses_resize,
    .fd = curses_fd,
    .read = curses_read,
    .draw = curses_draw,
    .flush = curses_flush,
    .repaint = curses_repaint,
    .leave = curses_leave,
    .enter = curses_enter,
    .stop = curses_stop,
    .ring = curses_ring,
    .set_mouse = curses_set_mouse,
    .raw = curses_raw,
};

/* Loads the description of the terminal, or of one like it. */
static int load_terminfo(struct curses_term *curses, struct prism_error *err)
{
	static const char *const likely[] = {"xterm-256color", "xterm", "vt100"};
	const char *name = getenv("TERM");
	int status;

	if (name && strcmp(name, "dumb") == 0) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "TERM=dumb: this terminal cannot place text");
		prism_error_hint(err, "set TERM to what the terminal really is");
		return -1;
	}
	if (name && *name && setupterm(name, STDOUT_FILENO, &status) == OK && has(cursor_address))
		return 0;
	for (size_t i = 0; i < PRISM_COUNT(likely); i++) {
		if (setupterm(likely[i], STDOUT_FILENO, &status) != OK || !has(cursor_address))
			continue;
		snprintf(curses->term.notice, sizeof(curses->term.notice),
		         "TERM=%.60s is unknown on this machine; going on as %s", name ? name : "",
		         likely[i]);
		return 0;
	}
	prism_error_raise(err, PRISM_ERROR_INVALID, "terminal type \"%.60s\" is unknown",
	                  name ? name : "");
	prism_error_hint(err, "install the terminal descriptions of ncurses, or set TERM=vt100");
	return -1;
}

static enum pt_depth find_depth(const struct curses_term *curses,
                                const struct pt_term_options *options)
{
	const char *none = getenv("NO_COLOR"), *more = getenv("COLORTERM"), *name = getenv("TERM");

	switch (options->colors) { /* an explicit choice beats NO_COLOR: it is nearer to the user */
	case PT_COLORS_NEVER:
		return PT_DEPTH_MONO;
	case PT_COLORS_16:
		return PT_DEPTH_16;
	case PT_COLORS_256:
		return PT_DEPTH_256;
	case PT_COLORS_TRUE:
		return PT_DEPTH_TRUE;
	default:
		break;
	}
	if ((none && *none) || curses->sgr.colors < 8)
		return PT_DEPTH_MONO;
	if (curses->sgr.colors > 256)
		return PT_DEPTH_TRUE;
	/* screen passes COLORTERM on from outside and cannot show what it promises */
	if (curses->sgr.colors == 256 && more && !(name && strncmp(name, "screen", 6) == 0) &&
	    (strcmp(more, "truecolor") == 0 || strcmp(more, "24bit") == 0))
		return PT_DEPTH_TRUE;
	return curses->sgr.colors == 256 ? PT_DEPTH_256 : PT_DEPTH_16;
}

static void open_again(struct curses_term *curses)
{
	char path[128];

	curses->fd = STDIN_FILENO;
	if (ttyname_r(STDOUT_FILENO, path, sizeof(path)) != 0)
		return;
	curses->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	curses->own_fd = curses->fd >= 0;
	if (!curses->own_fd)
		curses->fd = STDIN_FILENO;
}

static void describe(struct curses_term *curses, const struct pt_term_options *options)
{
	curses->ansi = has(exit_attribute_mode) && strstr(exit_attribute_mode, "\033[") != NULL &&
	               strncmp(cursor_address, "\033[", 2) == 0;
	curses->sgr = (struct pt_sgr){
	    .colors = max_colors,
	    .resets = max_colors >= 8, /* a vt100 knows only 0 */
	    .dim = has(enter_dim_mode),
	    .italic = has(enter_italics_mode),
	    .not_colored = no_color_video,
	};
	curses->mouse = options->mouse;
	curses->term.depth = find_depth(curses, options);
	curses->sink = (struct pt_sink){
	    .move = sink_move,
	    .style = sink_style,
	    .text = sink_text,
	    .clear_eol = has(clr_eol) ? sink_clear_eol : NULL,
	    .erase = has(erase_chars) ? sink_erase : NULL,
	    .scroll = has(change_scroll_region) && has(scroll_forward) && has(scroll_reverse)
	                  ? sink_scroll
	                  : NULL,
	    .colored_erase = back_color_erase,
	    .skip_last_cell = auto_right_margin && !eat_newline_glitch,
	};
	curses->diff = pt_diff_create(&curses->sink, curses);
}

struct pt_term *pt_term_open(const struct pt_term_options *options, struct prism_error *err)
{
	struct curses_term *curses;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		prism_error_raise(err, PRISM_ERROR_INVALID, "standard input and output are not a terminal");
		prism_error_hint(err, "run it in a terminal");
		return NULL;
	}
	curses = prism_alloc(sizeof(*curses));
	curses->term.ops = &curses_ops;
	prism_buf_init(&curses->out, OUTPUT_MAX);
	prism_buf_init(&curses->raw, OUTPUT_MAX);
	if (load_terminfo(curses, err) < 0) {
		prism_free(curses);
		return NULL;
	}
	setlocale(LC_CTYPE, "");
	curses->term.utf8 =
	    options->encoding == PT_ENCODING_UTF8 ||
	    (options->encoding == PT_ENCODING_AUTO && strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
	open_again(curses);
	if (tcgetattr(curses->fd, &curses->saved) < 0) {
		prism_error_errno(err, errno, "the terminal's settings cannot be read");
		if (curses->own_fd)
			close(curses->fd);
		prism_free(curses);
		return NULL;
	}
	describe(curses, options);
	curses_enter(&curses->term);
	return &curses->term;
}
