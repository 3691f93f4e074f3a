/*
 * A private directory per test, removed with everything in it afterwards.
 */
#ifndef PRISM_TESTS_LIB_TMPDIR_H
#define PRISM_TESTS_LIB_TMPDIR_H

char *tmpdir_create(void);      /* absolute path, yours; mode 0700 */
void tmpdir_remove(char *path); /* the whole tree; frees path; NULL allowed */
int tmpdir_setup(void **state); /* cmocka: *state is the path */
int tmpdir_teardown(void **state);

#endif
