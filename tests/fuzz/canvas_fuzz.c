/* The cell door: whatever is drawn, no cell holds a hostile code point, wide characters are whole,
 * and nothing is written outside the clip. */
#include "tests/fuzz/fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "tui/canvas.h"

#define ROWS 4
#define COLS 20

const struct fuzz_seed fuzz_seeds[] = {
    FUZZ_TEXT("\x05"
              "a plain name that is longer than the canvas is wide"),
    FUZZ_TEXT("\x12\033]0;title\007\033[2J\xc2\x9b"
              "31m"),
    FUZZ_TEXT(
        "\x33\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"),
    FUZZ_TEXT("\x71"
              "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
    FUZZ_TEXT("\xff two\nlines\tand a tab \xe2\x80\xae over"),
};
const size_t fuzz_seed_count = PRISM_COUNT(fuzz_seeds);
const char *const fuzz_words[] = {"\n",   "\033[", "\xe6\x97\xa5", "\xcc\x81", "\xe2\x80\xae",
                                  "\xff", NULL};

static void check_cells(const struct pt_canvas *c, bool utf8)
{
	for (int y = 0; y < ROWS; y++) {
		for (int x = 0; x < COLS; x++) {
			const struct pt_cell *cell = pt_canvas_cell(c, x, y);

			if (cell->ch == 0) {
				FUZZ_ASSERT(x > 0 && prism_text_width(pt_canvas_cell(c, x - 1, y)->ch) == 2);
				continue;
			}
			FUZZ_ASSERT(!prism_text_hostile(cell->ch) && cell->ch <= 0x10ffff);
			FUZZ_ASSERT(utf8 || cell->ch < 0x7f);
			FUZZ_ASSERT(prism_text_width(cell->ch) != 2 ||
			            (x + 1 < COLS && pt_canvas_cell(c, x + 1, y)->ch == 0));
			for (int i = 0; i < PT_CELL_MARKS; i++)
				FUZZ_ASSERT(!cell->marks[i] || (!prism_text_hostile(cell->marks[i]) &&
				                                prism_text_width(cell->marks[i]) == 0));
		}
	}
}

static void count_line(void *data, int line, const char *text, size_t len)
{
	FUZZ_ASSERT(line == *(int *)data);
	*(int *)data += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pt_rect clip = {4, 0, 9, 2};
	const char *text = (const char *)data + 1;
	struct pt_canvas *c;
	bool utf8;
	int lines = 0, used;

	if (size == 0)
		return 0;
	size--;
	utf8 = data[0] & 1;
	c = pt_canvas_create(ROWS, COLS, utf8);
	used =
	    pt_canvas_textn(c, (data[0] >> 4) - 4, 0, (data[0] & 15) + 3, PT_SLOT_TEXT, 0, text, size);
	FUZZ_ASSERT(used >= 0 && used <= (data[0] & 15) + 3);
	pt_canvas_text_from(c, 0, 1, COLS, data[0] >> 3, PT_SLOT_BAD, 0, text, size);
	check_cells(c, utf8);

	pt_canvas_clear(c);
	(void)pt_canvas_clip(c, clip);
	for (int y = -1; y < ROWS; y++)
		pt_canvas_textn(c, -2, y, COLS + 4, PT_SLOT_TEXT, 0, text, size);
	check_cells(c, utf8);
	for (int y = 0; y < ROWS; y++) {
		for (int x = 0; x < COLS; x++)
			FUZZ_ASSERT(pt_rect_contains(clip, x, y) || pt_canvas_cell(c, x, y)->ch == ' ');
	}
	FUZZ_ASSERT(pt_text_wrap(text, size, 1 + (data[0] & 31), count_line, &lines) == lines);
	pt_canvas_destroy(c);
	return 0;
}
