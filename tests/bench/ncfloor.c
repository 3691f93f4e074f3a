/*
 * What plain ncurses costs: a list of 100,000 computed rows with a bar, j/k/arrows, page keys,
 * g/G, q.  The least any program on curses can do; benches print it beside ours.
 */
#define _XOPEN_SOURCE_EXTENDED 1
#include <locale.h>
#include <stdio.h>

#include <curses.h>

#define ROWS 100000

static int cursor, top;

static void draw_row(int y, int row)
{
	char text[512];
	int width = COLS - 1;

	if (width > (int)sizeof(text) - 1)
		width = (int)sizeof(text) - 1;
	snprintf(text, (size_t)width + 1, "%06d  computation %d  %s  2025-%02d-%02d %02d:%02d", row,
	         row * 7919 % 100003, row % 3 ? "Completed" : "Running", row % 12 + 1, row % 28 + 1,
	         row % 24, row % 60);
	attrset(row == cursor ? A_REVERSE : COLOR_PAIR(row % 3 ? 1 : 2));
	mvprintw(y, 0, "%-*s", width, text);
	attrset(A_NORMAL);
}

static void draw(void)
{
	int page = LINES - 2;

	if (cursor < top)
		top = cursor;
	if (cursor >= top + page)
		top = cursor - page + 1;
	mvprintw(0, 0, "%-*s", COLS - 1, "ncfloor  100000 rows");
	for (int y = 0; y < page; y++)
		draw_row(y + 1, top + y);
	mvprintw(LINES - 1, 0, "row %-10d", cursor);
	refresh();
}

int main(void)
{
	setlocale(LC_ALL, "");
	initscr();
	start_color();
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_YELLOW, -1);
	raw();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	idlok(stdscr, TRUE);
	curs_set(0);
	for (;;) {
		int page = LINES - 2, step = 0;

		draw();
		switch (getch()) {
		case 'j':
		case KEY_DOWN:
			step = 1;
			break;
		case 'k':
		case KEY_UP:
			step = -1;
			break;
		case KEY_NPAGE:
			step = page;
			break;
		case KEY_PPAGE:
			step = -page;
			break;
		case 'g':
			step = -ROWS;
			break;
		case 'G':
			step = ROWS;
			break;
		case 'q':
			endwin();
			return 0;
		default:
			break;
		}
		cursor += step;
		cursor = cursor < 0 ? 0 : cursor >= ROWS ? ROWS - 1 : cursor;
	}
}
