/*
 * Restricted mode: what this process gives up at its start and can never get back.
 *
 *   programs   nothing can be executed any more (seccomp filter; Landlock's right to execute too)
 *   files      only below given directories can be read or written (Landlock, Linux 5.13 and later)
 *   others     no ptrace, no reading of other processes' memory, no mounting, no loading of code
 *              into the kernel (seccomp filter)
 *
 * Descriptors that are open already keep working, and so do sockets.  Where the kernel lacks a
 * part, the rest still holds and prism_confined() says which; prism_confine_allows() is the same
 * question asked in the program, for messages a person understands and for kernels without
 * Landlock.
 *
 * The filter is a list of what is refused (EPERM), not of what is allowed: libraries and the C
 * library change which harmless calls they make, and a client killed in the middle of an upload
 * helps nobody.
 *
 * Thread rules: prism_confine() once, before any thread is started (both parts hold for the calling
 * thread and those it makes); the questions from any thread.
 */
#ifndef PRISM_BASE_CONFINE_H
#define PRISM_BASE_CONFINE_H

#include "base/error.h"

#include <stddef.h>

enum prism_confine_access {
	PRISM_CONFINE_READ,
	PRISM_CONFINE_WRITE, /* reads too; makes, renames and removes */
	PRISM_CONFINE_ASIDE, /* reads; not offered to people: libraries, certificates, resolver files */
	PRISM_CONFINE_KEPT,  /* as WRITE, but not offered to people: what the program keeps there */
};

struct prism_confine_rule {
	const char *path; /* absolute; one that does not exist is passed over */
	enum prism_confine_access access;
};

enum prism_confine_parts {
	PRISM_CONFINED_FILES = 1 << 0,
	PRISM_CONFINED_CALLS = 1 << 1,
	PRISM_CONFINED = 1 << 2, /* restricted mode is on, by the program at least */
};

/* rules are copied. calls: install the filter of system calls too. -1 when a part the kernel has
 * was refused; what the kernel lacks is no failure. */
PRISM_MUST_USE
int prism_confine(const struct prism_confine_rule *rules, size_t count, bool calls,
                  struct prism_error *err);
unsigned prism_confined(void); /* enum prism_confine_parts; 0: not restricted */

/* May a person read (or write) this path? Always outside restricted mode. Symbolic links are
 * resolved as far as the path exists. err: category denied, with the directories in the hint. */
PRISM_MUST_USE
int prism_confine_allows(const char *path, bool write, struct prism_error *err);

#endif
