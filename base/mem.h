/*
 * Memory: allocation that cannot fail, arenas, cleanup attributes, secrets.
 *
 * Our own bookkeeping aborts the program when memory runs out (message on
 * standard error, exit by abort()).  Anything whose size a peer decides lives
 * in a capped prism_buf (base/buf.h) instead.
 *
 * Thread rules: the allocator is thread-safe; an arena or secret belongs to one
 * thread at a time.
 */
#ifndef PRISM_BASE_MEM_H
#define PRISM_BASE_MEM_H

#include "base/error.h"

#include <stdint.h>
#include <stdlib.h>

void *prism_alloc(size_t size);                                  /* zeroed; never NULL */
void *prism_alloc_array(size_t count, size_t size);              /* zeroed; overflow aborts */
void *prism_realloc_array(void *ptr, size_t count, size_t size); /* new part not zeroed */
char *prism_strdup(const char *s);                               /* NULL gives NULL */
char *prism_strndup(const char *s, size_t max);
char *prism_asprintf(const char *fmt, ...) PRISM_PRINTF(1, 2);
void *prism_memdup(const void *data, size_t size);
void prism_free(void *ptr); /* free(), for symmetry */
/* After much was freed: gives back to the system what the C library keeps, where it can. Takes
 * about a millisecond for each 30 MiB in use. */
void prism_trim(void);

/* Overwrites memory in a way the compiler keeps. */
void prism_wipe(void *data, size_t size);

/* Cleanup at the end of a scope. One style per function: these, or a forward `out:`.
 *   PRISM_AUTO_FREE char *path = prism_asprintf(...);
 *   return PRISM_STEAL(path);      gives the pointer away */
void prism_cleanup_free(void *slot);
void prism_cleanup_fd(int *fd);
#define PRISM_AUTO_FREE __attribute__((cleanup(prism_cleanup_free)))
#define PRISM_AUTO_FD __attribute__((cleanup(prism_cleanup_fd)))
#define PRISM_STEAL(ptr)                 \
	__extension__({                      \
		__typeof__(ptr) stolen_ = (ptr); \
		(ptr) = NULL;                    \
		stolen_;                         \
	})
#define PRISM_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PRISM_UNUSED(x) ((void)(x))

/* Arena: many small objects freed as a unit (a decoded response is one arena). */
struct prism_arena;
struct prism_arena *prism_arena_create(void);
void prism_arena_destroy(struct prism_arena *arena); /* NULL allowed */
/* Zeroed. Aligned for any type of that size, and at least for pointers. */
void *prism_arena_alloc(struct prism_arena *arena, size_t size);
char *prism_arena_strdup(struct prism_arena *arena, const char *s); /* NULL gives NULL */
char *prism_arena_strndup(struct prism_arena *arena, const char *s, size_t len);
char *prism_arena_printf(struct prism_arena *arena, const char *fmt, ...) PRISM_PRINTF(2, 3);
/* For texts of which many are the same (an owner, a state): the copy made lately is given again,
 * so it must not be written to. NULL gives NULL. */
const char *prism_arena_share(struct prism_arena *arena, const char *s);
size_t prism_arena_size(const struct prism_arena *arena); /* bytes taken from the system */

/* Secret: bytes that are locked in memory where allowed, kept out of core dumps where the
 * kernel can (MADV_DONTDUMP), and wiped on destroy. There is no printf path to them. */
struct prism_secret;
struct prism_secret *prism_secret_create(const void *data,
                                         size_t size);            /* copies; data may be NULL */
struct prism_secret *prism_secret_from_text(const char *text);    /* copies; wipe yours */
void prism_secret_destroy(struct prism_secret *secret);           /* NULL allowed */
const char *prism_secret_text(const struct prism_secret *secret); /* lent, NUL-terminated */
size_t prism_secret_size(const struct prism_secret *secret);      /* without the NUL */
bool prism_secret_equal(const struct prism_secret *a,
                        const struct prism_secret *b); /* constant time */

#endif
