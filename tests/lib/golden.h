/*
 * Texts that are compared with a file under tests/golden, and written anew by `make golden`
 * (PRISM_GOLDEN=write).
 */
#ifndef PRISM_TESTS_LIB_GOLDEN_H
#define PRISM_TESTS_LIB_GOLDEN_H

#include <stdbool.h>

/* False when they differ; the lines that do are printed, those expected with '-', those that came
 * with '+'. name: below tests/golden; what: where the text comes from, for that message. */
bool golden_same(const char *name, const char *text, const char *what);
void golden_check(const char *name, const char *text); /* fails the test */

#endif
