/*
 * Errors that travel: one value, filled where the failure happens, forwarded
 * unchanged, wrapped with context once per layer.
 *
 * A `struct prism_error` is always the last parameter.  It is untouched on
 * success, so one object serves a chain of calls.  Functions that can fail
 * return 0 or a negative value and are marked PRISM_MUST_USE.
 *
 * Text rules: one line, impersonal, no secret.  Text that came from a peer may
 * be included; whoever shows it neutralises control characters (base/text.h).
 *
 * Thread rules: plain data, no locking; one thread at a time.
 */
#ifndef PRISM_BASE_ERROR_H
#define PRISM_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define PRISM_MUST_USE __attribute__((warn_unused_result))
#define PRISM_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Categories: the only part code branches on. X(ENUM, "word", exit code of -c) */
#define PRISM_ERROR_MAP(X)                                                                 \
	X(NONE, "none", 0)            /* no error */                                           \
	X(INTERNAL, "internal", 1)    /* our own fault, or a resource of this machine */       \
	X(INVALID, "invalid", 2)      /* input that cannot be right: argument, field, file */  \
	X(AUTH, "auth", 3)            /* not signed in, token dead, wrong password */          \
	X(DENIED, "denied", 4)        /* signed in, but not allowed; plan limits */            \
	X(MISSING, "missing", 5)      /* the named thing does not exist */                     \
	X(CONFLICT, "conflict", 6)    /* state or duplicate stands in the way */               \
	X(IO, "io", 7)                /* network or file: refused, reset, unreachable, disk */ \
	X(TIMEOUT, "timeout", 8)      /* a deadline passed */                                  \
	X(PROTOCOL, "protocol", 9)    /* the peer answered something it may not */             \
	X(TRUST, "trust", 10)         /* certificate, signature, hash or evidence refused */   \
	X(LIMIT, "limit", 11)         /* a size cap of ours was hit */                         \
	X(CANCELLED, "cancelled", 12) /* the user or a parent token ended it; never shown */

enum prism_error_category {
#define X(id, word, code) PRISM_ERROR_##id,
	PRISM_ERROR_MAP(X)
#undef X
	    PRISM_ERROR_COUNT
};

#define PRISM_ERROR_TEXT 400 /* bytes of one message, cut on a character boundary */
#define PRISM_ERROR_CHAIN 4  /* causes kept; older ones are dropped in the middle */

struct prism_error {
	enum prism_error_category category;
	int status;                         /* HTTP or gRPC status, 0 when none applies */
	char message[PRISM_ERROR_TEXT];     /* what failed, for the user */
	char hint[PRISM_ERROR_TEXT];        /* what to do about it; "" when nothing is known */
	char operation[64];                 /* e.g. "list CVMs"; "" when unset */
	char peer[256];                     /* host:port or URL without secrets; "" when local */
	char origin[96];                    /* file:line, for the log only */
	unsigned causes;                    /* used entries of cause[] */
	char cause[PRISM_ERROR_CHAIN][200]; /* innermost last */
};

#define PRISM_ERROR_INIT             \
	{                                \
		.category = PRISM_ERROR_NONE \
	}

/* Lets the compiler see that raising always yields -1. */
static inline int prism_error_minus_one(int ignored)
{
	(void)ignored;
	return -1;
}

/* Raise: fills *err (which may be NULL) and evaluates to -1.
 *   return prism_error_raise(err, PRISM_ERROR_INVALID, "port %d is out of range", port); */
#define prism_error_raise(err, cat, ...) \
	prism_error_minus_one(prism_error_set((err), (cat), __FILE__, __LINE__, __VA_ARGS__))
int prism_error_set(struct prism_error *err, enum prism_error_category cat, const char *file,
                    int line, const char *fmt, ...) PRISM_PRINTF(5, 6);

/* errno translated at the edge: picks a category and appends strerror text. Returns -1. */
#define prism_error_errno(err, num, ...) \
	prism_error_minus_one(prism_error_set_errno((err), (num), __FILE__, __LINE__, __VA_ARGS__))
int prism_error_set_errno(struct prism_error *err, int errnum, const char *file, int line,
                          const char *fmt, ...) PRISM_PRINTF(5, 6);

/* Context added by a layer: the present message becomes a cause, fmt the new message. Returns -1.
 */
int prism_error_wrap(struct prism_error *err, const char *fmt, ...) PRISM_PRINTF(2, 3);
#define prism_error_wrap(err, ...) prism_error_minus_one(prism_error_wrap((err), __VA_ARGS__))
void prism_error_hint(struct prism_error *err, const char *fmt, ...) PRISM_PRINTF(2, 3);
void prism_error_clear(struct prism_error *err);
void prism_error_copy(struct prism_error *dst, const struct prism_error *src); /* NULLs allowed */

const char *prism_error_word(enum prism_error_category cat); /* "timeout" */
int prism_error_exit_code(enum prism_error_category cat);    /* documented in the man page */

/* "operation: message: cause: cause" into buf, always terminated. Returns buf. */
char *prism_error_format(const struct prism_error *err, char *buf, size_t size);

#endif
