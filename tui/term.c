/* What both back ends share: dispatch, and building clipboard and title sequences. */
#include "tui/term_private.h"

#include "base/mem.h"
#include "base/text.h"

#define SCREEN_CHUNK 250 /* GNU screen drops longer device control strings */

enum pt_colors pt_colors_parse(const char *word)
{
	static const char *const words[] = {
#define X(id, text) [PT_COLORS_##id] = text,
	    PT_COLORS_MAP(X)
#undef X
	};

	for (int i = 0; i < PT_COLORS_COUNT; i++)
		if (strcmp(words[i], word) == 0)
			return (enum pt_colors)i;
	return PT_COLORS_AUTO;
}

void pt_term_close(struct pt_term *term)
{
	if (term)
		term->ops->close(term);
}

const char *pt_term_notice(const struct pt_term *term)
{
	return term->notice;
}

int pt_term_rows(const struct pt_term *term)
{
	return term->rows;
}

int pt_term_cols(const struct pt_term *term)
{
	return term->cols;
}

bool pt_term_utf8(const struct pt_term *term)
{
	return term->utf8;
}

enum pt_depth pt_term_depth(const struct pt_term *term)
{
	return term->depth;
}

uint64_t pt_term_bytes(const struct pt_term *term)
{
	return term->bytes;
}

bool pt_term_resize(struct pt_term *term)
{
	return term->ops->resize(term);
}

int pt_term_fd(const struct pt_term *term)
{
	return term->ops->fd(term);
}

long pt_term_read(struct pt_term *term, void *buf, size_t size)
{
	return term->ops->read(term, buf, size);
}

bool pt_term_draw(struct pt_term *term, const struct pt_canvas *canvas,
                  const struct pt_theme *theme)
{
	return term->ops->draw(term, canvas, theme);
}

bool pt_term_flush(struct pt_term *term)
{
	return term->ops->flush(term);
}

void pt_term_repaint(struct pt_term *term)
{
	term->ops->repaint(term);
}

void pt_term_leave(struct pt_term *term)
{
	term->ops->leave(term);
}

void pt_term_enter(struct pt_term *term)
{
	term->ops->enter(term);
}

void pt_term_stop(struct pt_term *term)
{
	term->ops->stop(term);
}

void pt_term_bell(struct pt_term *term)
{
	term->ops->ring(term);
}

void pt_term_set_mouse(struct pt_term *term, bool on)
{
	term->ops->set_mouse(term, on);
}

/* tmux: the sequence as it is for those who allow applications to set the clipboard, and wrapped
 * for those who let sequences pass; the one that is not allowed is dropped by tmux. */
static void wrap_tmux(struct prism_buf *out, const char *base64)
{
	prism_buf_printf(out, "\033]52;c;%s\a", base64);
	prism_buf_printf(out, "\033Ptmux;\033\033]52;c;%s\a\033\\", base64);
}

static void wrap_screen(struct prism_buf *out, const char *base64)
{
	size_t len = strlen(base64);

	prism_buf_puts(out, "\033P\033]52;c;\033\\");
	for (size_t i = 0; i < len; i += SCREEN_CHUNK) {
		prism_buf_puts(out, "\033P");
		prism_buf_put(out, base64 + i, len - i < SCREEN_CHUNK ? len - i : SCREEN_CHUNK);
		prism_buf_puts(out, "\033\\");
	}
	prism_buf_puts(out, "\033P\a\033\\");
}

int pt_term_copy(struct pt_term *term, const char *text, size_t len, struct prism_error *err)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4 * PT_CLIPBOARD_MAX);
	PRISM_AUTO_FREE char *base64 = NULL;
	const char *name = getenv("TERM");

	if (len > PT_CLIPBOARD_MAX / 4 * 3) {
		prism_error_raise(err, PRISM_ERROR_LIMIT,
		                  "%zu bytes are too many for the terminal's clipboard", len);
		prism_error_hint(err, "at most %d bytes pass; save to a file instead",
		                 PT_CLIPBOARD_MAX / 4 * 3);
		return -1;
	}
	base64 = prism_base64_encode(text, len);
	if (getenv("TMUX"))
		wrap_tmux(&out, base64);
	else if (name && strncmp(name, "screen", 6) == 0)
		wrap_screen(&out, base64);
	else
		prism_buf_printf(&out, "\033]52;c;%s\a", base64);
	term->ops->raw(term, out.data, out.len);
	if (term->ops->copied)
		term->ops->copied(term, text, len);
	return 0;
}

/* Text between the semicolons of an OSC: no control character, no semicolon. */
static void osc_text(struct prism_buf *out, const char *text, bool ascii)
{
	PRISM_AUTO_BUF struct prism_buf safe = PRISM_BUF_INIT(4096);

	prism_text_neutralise(&safe, text, strnlen(text, PT_NOTIFY_TEXT), ascii);
	for (const char *at = prism_buf_text(&safe); *at; at++)
		prism_buf_putc(out, *at == ';' ? ',' : *at);
}

void pt_term_notify(struct pt_term *term, bool osc777, const char *title, const char *text)
{
	PRISM_AUTO_BUF struct prism_buf body = PRISM_BUF_INIT(8192);
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(8192);
	bool tmux = getenv("TMUX") != NULL;

	prism_buf_puts(&body, osc777 ? "]777;notify;" : "]9;");
	osc_text(&body, title, !term->utf8);
	prism_buf_puts(&body, osc777 ? ";" : ": ");
	osc_text(&body, text, !term->utf8);
	prism_buf_printf(&out, tmux ? "\033Ptmux;\033\033%s\a\033\\" : "\033%s\a",
	                 prism_buf_text(&body));
	term->ops->raw(term, out.data, out.len);
}

void pt_term_title(struct pt_term *term, const char *title)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(4096);
	PRISM_AUTO_BUF struct prism_buf safe = PRISM_BUF_INIT(4096);
	const char *name = getenv("TERM");

	/* Only where the sequence is known to be swallowed. */
	if (!name || !(strncmp(name, "xterm", 5) == 0 || strncmp(name, "tmux", 4) == 0 ||
	               strncmp(name, "screen", 6) == 0))
		return;
	prism_text_neutralise(&safe, title, strnlen(title, 200), !term->utf8);
	prism_buf_printf(&out, "\033]2;%s\a", prism_buf_text(&safe));
	term->ops->raw(term, out.data, out.len);
}
