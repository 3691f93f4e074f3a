/*
 * Keys nobody would press in this order, at sizes nobody has: the whole client must neither crash,
 * hang nor leak, and no cell may ever hold what must not reach a terminal.
 *
 * PRISM_ROUNDS (4) sessions of 120 keys; PRISM_SEED (1) begins.  A failure names the session, its
 * size and its keys; PRISM_SEED=<that session> PRISM_ROUNDS=1 plays it alone.
 */
#include "base/mem.h"
#include "tests/lib/grid.h"
#include "tests/lib/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define KEYS 120

static const char *const keys[] = {
    "<enter>",     "<esc>",       "<tab>",    "<shift-tab>",
    "<up>",        "<down>",      "<left>",   "<right>",
    "<page-down>", "<page-up>",   "<home>",   "<end>",
    "<space>",     "<backspace>", "]",        "[",
    "/",           "?",           ":",        "a",
    "b",           "c",           "d",        "e",
    "f",           "g",           "j",        "k",
    "l",           "n",           "N",        "o",
    "p",           "r",           "s",        "S",
    "t",           "u",           "v",        "w",
    "x",           "y",           "Y",        "z",
    "D",           "F",           "G",        "K",
    "L",           "M",           "P",        "R",
    "V",           "W",           "X",        "1",
    "2",           "3",           "4",        "5",
    "6",           "7",           "+",        "-",
    "<ctrl-s>",    "<ctrl-d>",    "<ctrl-u>", "<ctrl-r>",
    "<ctrl-l>",    "<f1>",        "<f5>",     "<paste:hello\nworld \033[31m>",
    "日",          "<alt-b>",
};

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static void play(unsigned session)
{
	struct player_spec spec = {.rows = 0};
	struct player *player;

	seed = session * 7919;
	spec.rows = (int)dice(45) + 1;
	spec.cols = (int)dice(160) + 1;
	spec.ascii = dice(3) == 0;
	print_message("session %u, %dx%d:", session, spec.cols, spec.rows);
	player = player_create(&spec);
	if (dice(8))
		player_keys(player, "ada<tab>ada-sample-1<enter>");
	if (dice(2))
		player_keys(player, "<down><enter>");
	for (int i = 0; i < KEYS; i++) {
		const char *key = keys[dice(PRISM_COUNT(keys))];

		print_message(" %s", key);
		player_keys(player, key);
		if (dice(25) == 0)
			player_resize(player, (int)dice(60) + 1, (int)dice(200) + 1);
		if (dice(30) == 0)
			player_tick(player, dice(10000));
		grid_check(player_screen(player));
	}
	print_message("\n");
	player_destroy(player);
}

static void any_keys_at_any_size(void **state)
{
	const char *rounds = getenv("PRISM_ROUNDS"), *first = getenv("PRISM_SEED");
	unsigned count = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 4;
	unsigned from = first ? (unsigned)strtoul(first, NULL, 10) : 1;

	for (unsigned i = 0; i < count; i++)
		play(from + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_keys_at_any_size)};
	const char *scratch = getenv("TMPDIR");

	if (chdir(scratch ? scratch : "/tmp") < 0) /* some keys save files */
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
