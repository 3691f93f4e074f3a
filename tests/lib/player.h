/*
 * The whole client without a terminal, against the whole sandbox without a process: both on one
 * loop in this program, under a clock that stands still.  Plays scripts of keys and gives back
 * what is on the screen.
 *
 * After every step the player waits until nothing is in flight: no request, no work, no deferred
 * call. It never sleeps; timers that are due soon (of libcurl, of the terminal) are reached by
 * moving the monotonic clock, never the wall clock, so what is drawn is the same every time.
 */
#ifndef PRISM_TESTS_PLAYER_H
#define PRISM_TESTS_PLAYER_H

#include "tui/canvas.h"

#include <stdint.h>

struct player;
struct pt_app;

struct player_spec {
	int rows, cols;
	bool ascii;
	bool trust_sandbox;  /* its attestation root is the client's trust_root */
	bool mask_bytes;     /* pictures show 'x' for runs of hexadecimal digits */
	const char *seed;    /* of the sandbox; NULL: demo; "none": nobody listens */
	const char *setting; /* "name=value" for the client; NULL: none */
};

struct player *player_create(const struct player_spec *spec); /* fails the test */
void player_destroy(struct player *player);                   /* NULL allowed */

/* Keys as in grid_keys(); waits after each one. */
void player_keys(struct player *player, const char *keys);
void player_paste(struct player *player, const char *text, size_t len);
void player_resize(struct player *player, int rows, int cols);
/* The terminal hangs up and the client is started again: nothing is left but what was remembered.
 */
void player_hang_up(struct player *player);
/* SQL on the sandbox's store: somebody else's change. */
void player_server(struct player *player, const char *sql);
void player_tick(struct player *player, int64_t ms); /* moves both clocks */
int64_t player_wall_us(const struct player *player);
void player_settle(struct player *player);
void player_fault(struct player *player, const char *spec); /* of the sandbox, from now on */
struct pt_app *player_app(struct player *player);           /* lent; another one after a hang-up */
const struct pt_canvas *player_screen(const struct player *player);
/* The screen as a golden file: size, cells between bars, cursor, runs of styles.  Ports are
 * masked. Yours. */
char *player_picture(const struct player *player);

#endif
