/* The terminal of tests: remembers the last frame, takes input from a queue, touches no tty. */
#include "tui/term_private.h"

#include "base/mem.h"

struct memory_term {
	struct pt_term term;
	struct pt_canvas *screen;
	struct prism_buf input;
	char *clipboard, *raw;
	unsigned frames, bells;
};

static struct memory_term *memory_of(const struct pt_term *term)
{
	return (struct memory_term *)(uintptr_t)term; /* its first member */
}

static void memory_close(struct pt_term *term)
{
	struct memory_term *memory = memory_of(term);

	pt_canvas_destroy(memory->screen);
	prism_buf_finish(&memory->input);
	prism_free(memory->clipboard);
	prism_free(memory->raw);
	prism_free(memory);
}

static bool memory_resize(struct pt_term *term)
{
	struct memory_term *memory = memory_of(term);

	return pt_canvas_rows(memory->screen) != term->rows ||
	       pt_canvas_cols(memory->screen) != term->cols;
}

static int memory_fd(const struct pt_term *term)
{
	return -1;
}

static long memory_read(struct pt_term *term, void *buf, size_t size)
{
	struct memory_term *memory = memory_of(term);
	size_t len = memory->input.len < size ? memory->input.len : size;

	if (len == 0)
		return 0;
	memcpy(buf, memory->input.data, len);
	prism_buf_consume(&memory->input, len);
	return (long)len;
}

static bool memory_draw(struct pt_term *term, const struct pt_canvas *canvas,
                        const struct pt_theme *theme)
{
	struct memory_term *memory = memory_of(term);

	pt_canvas_copy(memory->screen, canvas);
	memory->frames++;
	return true;
}

static bool memory_flush(struct pt_term *term)
{
	return true;
}

static void memory_nothing(struct pt_term *term)
{
}

static void memory_ring(struct pt_term *term)
{
	memory_of(term)->bells++;
}

static void memory_set_mouse(struct pt_term *term, bool on)
{
}

static void memory_raw(struct pt_term *term, const char *bytes, size_t len)
{
	struct memory_term *memory = memory_of(term);

	term->bytes += len;
	prism_free(memory->raw);
	memory->raw = prism_strndup(bytes, len);
}

static void memory_copied(struct pt_term *term, const char *text, size_t len)
{
	struct memory_term *memory = memory_of(term);

	prism_free(memory->clipboard);
	memory->clipboard = prism_strndup(text, len);
}

static const struct pt_term_ops memory_ops = {
    .close = memory_close,
    .resize = memory_resize,
    .fd = memory_fd,
    .read = memory_read,
    .draw = memory_draw,
    .flush = memory_flush,
    .repaint = memory_nothing,
    .leave = memory_nothing,
    .enter = memory_nothing,
    .stop = memory_nothing,
    .ring = memory_ring,
    .set_mouse = memory_set_mouse,
    .raw = memory_raw,
    .copied = memory_copied,
};

struct pt_term *pt_term_memory(int rows, int cols, bool utf8, enum pt_depth depth)
{
	struct memory_term *memory = prism_alloc(sizeof(*memory));

	memory->term = (struct pt_term){
	    .ops = &memory_ops, .rows = rows, .cols = cols, .utf8 = utf8, .depth = depth};
	memory->screen = pt_canvas_create(rows, cols, utf8);
	prism_buf_init(&memory->input, 4 * 1024 * 1024);
	return &memory->term;
}

void pt_term_memory_type(struct pt_term *term, const void *bytes, size_t len)
{
	prism_buf_put(&memory_of(term)->input, bytes, len);
}

void pt_term_memory_resize(struct pt_term *term, int rows, int cols)
{
	term->rows = rows;
	term->cols = cols;
}

const struct pt_canvas *pt_term_memory_screen(const struct pt_term *term)
{
	return memory_of(term)->screen;
}

const char *pt_term_memory_clipboard(const struct pt_term *term)
{
	const char *text = memory_of(term)->clipboard;

	return text ? text : "";
}

const char *pt_term_memory_raw(const struct pt_term *term)
{
	const char *raw = memory_of(term)->raw;

	return raw ? raw : "";
}

unsigned pt_term_memory_frames(const struct pt_term *term)
{
	return memory_of(term)->frames;
}

unsigned pt_term_memory_bells(const struct pt_term *term)
{
	return memory_of(term)->bells;
}
