/*
 * The terminal side of the pty harness: cells by libvterm, and the modes a program switched on,
 * tracked from the bytes by a small parser of our own (libvterm does not report all of them).
 */
#ifndef PRISM_TESTS_PTYSCREEN_H
#define PRISM_TESTS_PTYSCREEN_H

#include "tests/lib/pty.h"

struct ptyscreen;

struct ptyscreen *ptyscreen_create(int rows, int cols, bool modes_only);
void ptyscreen_destroy(struct ptyscreen *s); /* NULL allowed */
void ptyscreen_resize(struct ptyscreen *s, int rows, int cols);
void ptyscreen_feed(struct ptyscreen *s, const char *data, size_t size);
size_t ptyscreen_answer(struct ptyscreen *s, char *out, size_t size); /* replies to queries */
int ptyscreen_rows(const struct ptyscreen *s);
char *ptyscreen_row(const struct ptyscreen *s, int row); /* right-trimmed UTF-8; yours */
bool ptyscreen_any_colour(const struct ptyscreen *s);
void ptyscreen_modes(const struct ptyscreen *s, struct pty_state *ret_state);

#endif
