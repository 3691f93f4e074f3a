/* Styles as SGR sequences: see term_sgr.h. */
#include "tui/term_sgr.h"

#include "base/mem.h"

/* Bits of terminfo's no_color_video, in the order of curses attributes (terminfo(5)). */
#define NCV_UNDERLINE 2
#define NCV_DIM 16

static const struct {
	unsigned attr;
	int on, off;
} attrs[] = {{PT_ATTR_BOLD, 1, 22},
             {PT_ATTR_DIM, 2, 22},
             {PT_ATTR_ITALIC, 3, 23},
             {PT_ATTR_UNDERLINE, 4, 24},
             {PT_ATTR_REVERSE, 7, 27}};

static void put_color(const struct pt_sgr *how, uint32_t color, bool back, struct prism_buf *out)
{
	uint32_t value = color & 0xffffff;
	unsigned base = back ? 40 : 30;

	if (color == PT_COLOR_DEFAULT)
		prism_buf_printf(out, "%u;", base + 9);
	else if (color >= PT_COLOR_RGB(0))
		prism_buf_printf(out, "%u;2;%u;%u;%u;", base + 8, value >> 16, value >> 8 & 255,
		                 value & 255);
	else if (value < 8)
		prism_buf_printf(out, "%u;", base + value);
	else if (value < 16)
		prism_buf_printf(out, "%u;", (how->colors < 16 ? base : base + 60) + value - 8);
	else
		prism_buf_printf(out, "%u;5;%u;", base + 8, value);
}

/* The attributes that can be shown. */
static unsigned shown(const struct pt_sgr *how, const struct pt_style *style)
{
	bool colored = style->fg != PT_COLOR_DEFAULT || style->bg != PT_COLOR_DEFAULT;
	int lost = colored && how->not_colored > 0 ? how->not_colored : 0;
	unsigned bits = style->attrs;

	if (how->colors < 16 && style->fg >= PT_COLOR_INDEX(8) && style->fg < PT_COLOR_INDEX(16))
		bits |= PT_ATTR_BOLD;
	if (!how->dim || lost & NCV_DIM)
		bits &= ~(unsigned)PT_ATTR_DIM;
	if (!how->italic)
		bits &= ~(unsigned)PT_ATTR_ITALIC;
	if (lost & NCV_UNDERLINE)
		bits &= ~(unsigned)PT_ATTR_UNDERLINE;
	return bits;
}

static void put_change(const struct pt_sgr *how, const struct pt_style *from,
                       const struct pt_style *to, struct prism_buf *out)
{
	const unsigned weight = PT_ATTR_BOLD | PT_ATTR_DIM; /* 22 ends both */
	unsigned was = shown(how, from), now = shown(how, to);

	if (was & weight & ~now) {
		prism_buf_puts(out, "22;");
		was &= ~weight;
	}
	for (size_t i = 0; i < PRISM_COUNT(attrs); i++) {
		if (was & ~now & attrs[i].attr)
			prism_buf_printf(out, "%d;", attrs[i].off);
		else if (now & ~was & attrs[i].attr)
			prism_buf_printf(out, "%d;", attrs[i].on);
	}
	if (from->fg != to->fg)
		put_color(how, to->fg, false, out);
	if (from->bg != to->bg)
		put_color(how, to->bg, true, out);
}

static void put_all(const struct pt_sgr *how, const struct pt_style *to, struct prism_buf *out)
{
	unsigned now = shown(how, to);

	for (size_t i = 0; i < PRISM_COUNT(attrs); i++)
		if (now & attrs[i].attr)
			prism_buf_printf(out, "%d;", attrs[i].on);
	if (to->fg != PT_COLOR_DEFAULT)
		put_color(how, to->fg, false, out);
	if (to->bg != PT_COLOR_DEFAULT)
		put_color(how, to->bg, true, out);
}

void pt_sgr(const struct pt_sgr *how, const struct pt_style *from, const struct pt_style *to,
            struct prism_buf *out)
{
	PRISM_AUTO_BUF struct prism_buf change = PRISM_BUF_INIT(256);
	PRISM_AUTO_BUF struct prism_buf whole = PRISM_BUF_INIT(256);
	struct prism_buf *best = &whole;

	put_all(how, to, &whole);
	if (from && how->resets) {
		put_change(how, from, to, &change);
		if (change.len == 0)
			return;
		if (change.len < whole.len + 2) /* the whole needs "0;" in front */
			best = &change;
	}
	prism_buf_puts(out, best == &whole && whole.len ? "\033[0;" : "\033[");
	if (best->len)
		prism_buf_put(out, best->data, best->len - 1); /* without the last ';' */
	prism_buf_putc(out, 'm');
}
