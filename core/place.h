/*
 * Places: where files are chosen from and read.  One is this machine (core/place_local.c); another
 * may be a host reached over SFTP.  The file picker (tui/view_picker.c) and the file fields of
 * forms know only this interface, so a new place needs an implementation of the ops and nothing
 * else.
 *
 * How to add one: a struct whose first member is a struct core_place, a const table of ops, a
 * constructor that fills `ops` and `name`.  Listings are built with core_place_listing_add(), which
 * caps and checks what a server says.  A place without writing leaves `write` NULL.
 *
 * Every operation is asynchronous: it fails now, or calls back exactly once, later, from the loop.
 * Cancelling completes it at once with category cancelled, even when the work behind it hangs (a
 * dead network mount): nobody waits for it.  Destroying a place completes what is open as
 * cancelled, from inside the destructor.
 *
 * Paths are text with '/' between components, "~" for the home directory and relative ones from
 * the directory the place starts in.  Names are bytes: whoever shows one goes through the cell door
 * or prism_text_neutralise().
 *
 * Thread rules: loop thread only; what an implementation does on threads of its own is not seen.
 */
#ifndef PRISM_CORE_PLACE_H
#define PRISM_CORE_PLACE_H

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"

/* Entries of one directory; more are left out and the listing says so (a directory with a million
 * names would fill memory and cannot be read by a person). */
#define CORE_PLACE_ENTRIES_MAX 20000

enum core_place_kind { CORE_PLACE_FILE, CORE_PLACE_DIRECTORY, CORE_PLACE_SPECIAL };

struct core_place_entry {
	const char *name;          /* one component; lent by the listing or the callback */
	enum core_place_kind kind; /* of what a link leads to; SPECIAL: device, FIFO, socket */
	bool link;                 /* a symbolic link */
	bool broken;               /* ... that leads nowhere; kind is SPECIAL */
	uint64_t size;             /* bytes; 0 for anything but files */
	int64_t modified_us;       /* wall time; PRISM_TIME_UNSET: not known */
	unsigned mode;             /* permission bits; 0: not known */
};

struct core_place_listing {
	char *path; /* absolute and normalised: no "~", "." or ".."; no '/' at the end but the root's */
	struct core_place_entry *entries; /* in the order the place gave them; never "." and ".." */
	size_t count, alloc;
	bool cut; /* there are more */
	struct prism_arena *arena;
};

struct core_place;
/* listing, entry and bytes are lent until the callback returns, and NULL on failure.  A listing or
 * the bytes can be kept by moving them out of the struct. Bytes left behind are wiped.  The entry
 * beside bytes is of the very file that was read, not of what the path leads to by then. */
typedef void (*core_place_listing_fn)(void *data, struct core_place_listing *listing,
                                      const struct prism_error *err);
typedef void (*core_place_entry_fn)(void *data, const struct core_place_entry *entry,
                                    const struct prism_error *err);
typedef void (*core_place_bytes_fn)(void *data, struct prism_buf *bytes,
                                    const struct core_place_entry *entry,
                                    const struct prism_error *err);
typedef void (*core_place_done_fn)(void *data, const struct prism_error *err);

struct core_place_ops {
	int (*list)(struct core_place *place, const char *path, struct prism_cancel *cancel,
	            core_place_listing_fn done, void *data, struct prism_error *err);
	int (*stat)(struct core_place *place, const char *path, struct prism_cancel *cancel,
	            core_place_entry_fn done, void *data, struct prism_error *err);
	/* The whole of a regular file, at most max bytes: a longer one fails with category limit, and
	 * anything that is no regular file with category invalid, without waiting for it to say
	 * something (FIFO, /dev/zero). */
	int (*read)(struct core_place *place, const char *path, size_t max, struct prism_cancel *cancel,
	            core_place_bytes_fn done, void *data, struct prism_error *err);
	/* Atomically: nothing under that name before all of it is there. bytes are copied. */
	int (*write)(struct core_place *place, const char *path, const void *bytes, size_t size,
	             unsigned mode, struct prism_cancel *cancel, core_place_done_fn done, void *data,
	             struct prism_error *err);
	unsigned (*pending)(struct core_place *place);
	void (*destroy)(struct core_place *place);
};

struct core_place {
	const struct core_place_ops *ops;
	char *name; /* for people: "this machine", "bastion.example.org"; the implementation's */
	bool local; /* its paths can be opened by this process */
};

/* The ops, with cancel allowed to be NULL and done never called from inside. */
PRISM_MUST_USE
int core_place_list(struct core_place *place, const char *path, struct prism_cancel *cancel,
                    core_place_listing_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_place_stat(struct core_place *place, const char *path, struct prism_cancel *cancel,
                    core_place_entry_fn done, void *data, struct prism_error *err);
PRISM_MUST_USE
int core_place_read(struct core_place *place, const char *path, size_t max,
                    struct prism_cancel *cancel, core_place_bytes_fn done, void *data,
                    struct prism_error *err);
PRISM_MUST_USE
int core_place_write(struct core_place *place, const char *path, const void *bytes, size_t size,
                     unsigned mode, struct prism_cancel *cancel, core_place_done_fn done,
                     void *data, struct prism_error *err);
unsigned core_place_pending(struct core_place *place); /* callbacks that are due */
void core_place_destroy(struct core_place *place);     /* NULL allowed */

/* This machine.  Each operation runs on a thread of its own, at most CORE_PLACE_LOCAL_MAX at a
 * time; one that hangs in the kernel is left behind and never waited for. loop is lent. */
#define CORE_PLACE_LOCAL_MAX 8
struct core_place *core_place_local_create(struct prism_loop *loop);
/* The same listing for a key that cannot wait for an answer (Tab): blocks for at most wait_ms, then
 * leaves the directory behind with category timeout. ret_listing is initialised on success only. */
PRISM_MUST_USE
int core_place_local_list_now(const char *path, int wait_ms, struct core_place_listing *ret_listing,
                              struct prism_error *err);
/* For tests: called on the thread before the work, to make it slow. */
void core_place_local_before(struct core_place *place, void (*before)(void *data), void *data);

/* ---- for implementations ---- */

/* path is given. */
void core_place_listing_init(struct core_place_listing *listing, char *path);
void core_place_listing_finish(struct core_place_listing *listing);
/* Copies the entry. False: it was left out, because the listing is full (cut is set), or because
 * the name is no single component ("", ".", "..", with a '/'). */
bool core_place_listing_add(struct core_place_listing *listing,
                            const struct core_place_entry *entry);

/* ---- paths as text ---- */

char *core_place_join(const char *dir, const char *name); /* yours; no second '/' after the root */
char *core_place_parent(const char *path);                /* yours; the root's is the root */
/* Absolute, without ".", ".." and doubled '/'; base is absolute and used for relative paths. The
 * ".." of a link's name is the directory it stands in. Yours. */
char *core_place_normalise(const char *base, const char *path);

#endif
