/* See ptyscreen.h.  The mode parser knows CSI ? n h/l, CSI r and ESC = >; everything else passes.
 */
#include "tests/lib/ptyscreen.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>

#include <vterm.h>

enum parse { GROUND, ESCAPE, CSI };

struct ptyscreen {
	VTerm *vt; /* NULL: modes only */
	VTermScreen *screen;
	int rows, cols;
	enum parse parse;
	char params[32]; /* of the CSI being read */
	size_t params_len;
	struct pty_state modes;
};

struct ptyscreen *ptyscreen_create(int rows, int cols, bool modes_only)
{
	struct ptyscreen *s = prism_alloc(sizeof(*s));

	s->rows = rows;
	s->cols = cols;
	if (modes_only)
		return s;
	s->vt = vterm_new(rows, cols);
	vterm_set_utf8(s->vt, 1);
	s->screen = vterm_obtain_screen(s->vt);
	vterm_screen_enable_altscreen(s->screen, 1);
	vterm_screen_reset(s->screen, 1);
	return s;
}

void ptyscreen_destroy(struct ptyscreen *s)
{
	if (!s)
		return;
	if (s->vt)
		vterm_free(s->vt);
	prism_free(s);
}

void ptyscreen_resize(struct ptyscreen *s, int rows, int cols)
{
	s->rows = rows;
	s->cols = cols;
	if (s->vt)
		vterm_set_size(s->vt, rows, cols);
}

static void set_mode(struct ptyscreen *s, int number, bool on)
{
	switch (number) {
	case 1:
		s->modes.application_keys = on;
		break;
	case 25:
		s->modes.cursor_hidden = !on;
		break;
	case 47:
	case 1047:
	case 1049:
		s->modes.alt_screen = on;
		break;
	case 9:
	case 1000:
	case 1002:
	case 1003:
	case 1006:
	case 1015:
		s->modes.mouse = on;
		break;
	case 1004:
		s->modes.focus_events = on;
		break;
	case 2004:
		s->modes.bracketed_paste = on;
		break;
	default:
		break;
	}
}

static void end_of_csi(struct ptyscreen *s, char final)
{
	char *at = s->params;

	s->params[s->params_len] = '\0';
	if ((final == 'h' || final == 'l') && *at == '?') {
		do {
			set_mode(s, (int)strtol(at + 1, &at, 10), final == 'h');
		} while (*at == ';');
	} else if (final == 'r' && s->params[0] != '?') {
		long top = strtol(s->params, &at, 10);
		long bottom = *at == ';' ? strtol(at + 1, NULL, 10) : 0;

		s->modes.scroll_region = top > 1 || (bottom > 0 && bottom < s->rows);
	}
}

static void track(struct ptyscreen *s, char c)
{
	if (c == '\033') {
		s->parse = ESCAPE;
	} else if (s->parse == ESCAPE) {
		s->parse = c == '[' ? CSI : GROUND;
		s->params_len = 0;
		if (c == '=' || c == '>')
			s->modes.application_keys = c == '=';
	} else if (s->parse == CSI) {
		if (c >= 0x40 && c <= 0x7e) {
			end_of_csi(s, c);
			s->parse = GROUND;
		} else if (s->params_len + 1 < sizeof(s->params)) {
			s->params[s->params_len++] = c;
		}
	}
}

void ptyscreen_feed(struct ptyscreen *s, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		track(s, data[i]);
	if (s->vt)
		vterm_input_write(s->vt, data, size);
}

size_t ptyscreen_answer(struct ptyscreen *s, char *out, size_t size)
{
	return s->vt ? vterm_output_read(s->vt, out, size) : 0;
}

int ptyscreen_rows(const struct ptyscreen *s)
{
	return s->rows;
}

char *ptyscreen_row(const struct ptyscreen *s, int row)
{
	struct prism_buf out = PRISM_BUF_INIT(1u << 16);
	size_t used = 0;

	prism_buf_puts(&out, "");
	for (int col = 0; s->vt && col < s->cols; col++) {
		VTermScreenCell cell;

		if (!vterm_screen_get_cell(s->screen, (VTermPos){.row = row, .col = col}, &cell))
			continue;
		if (cell.chars[0] == 0) {
			prism_buf_putc(&out, ' ');
			continue;
		}
		if (cell.chars[0] == UINT32_MAX) /* right half of a wide character */
			continue;
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
			char bytes[4];

			prism_buf_put(&out, bytes, prism_utf8_encode(cell.chars[i], bytes));
		}
		if (cell.chars[0] != ' ')
			used = out.len;
	}
	if (out.data)
		out.data[used] = '\0';
	out.len = used;
	return prism_buf_take(&out, NULL);
}

bool ptyscreen_any_colour(const struct ptyscreen *s)
{
	for (int row = 0; s->vt && row < s->rows; row++) {
		for (int col = 0; col < s->cols; col++) {
			VTermScreenCell cell;

			if (!vterm_screen_get_cell(s->screen, (VTermPos){.row = row, .col = col}, &cell))
				continue;
			if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))
				return true;
		}
	}
	return false;
}

void ptyscreen_modes(const struct ptyscreen *s, struct pty_state *ret_state)
{
	*ret_state = s->modes;
}
