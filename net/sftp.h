/*
 * Files of a host behind a tunnel (SFTP version 3 through libssh2): list, stat, read, write.
 *
 * Requests are done one after another, in order.  A start never fails now: the callback comes once,
 * later, from the loop; net_sftp_abandon() takes it back, while reading that has begun is finished
 * and dropped.  Writing that is abandoned or stopped before it touches the final name removes what
 * it wrote.
 *
 * Writing: a temporary name beside the file, its bytes, fsync (where the server offers the
 * extension), the mode, the file read back and compared, then renamed.  Version 3 cannot rename
 * over a file, so a file that is there is put aside first, and back if the rename fails; `keep`
 * leaves it there under "NAME.20261126T150000Z".
 *
 * Paths: "~" and relative ones begin in the directory where the server begins, usually the home.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_SFTP_H
#define PRISM_NET_SFTP_H

#include "net/tunnel.h"

#define NET_SFTP_ENTRIES_MAX 20000     /* of one directory */
#define NET_SFTP_LINKS_MAX 200         /* links looked through in one listing: a round trip each */
#define NET_SFTP_READ_MAX (256u << 20) /* bytes of a file that is read into memory */

struct net_sftp_entry {
	char *name;    /* one component; NULL in an answer to stat */
	unsigned mode; /* permission bits */
	bool regular, directory, link, broken;
	uint64_t size;
	int64_t modified_s; /* seconds since 1970; -1: not told */
};

enum net_sftp_kind { NET_SFTP_LIST, NET_SFTP_STAT, NET_SFTP_READ, NET_SFTP_WRITE };

/* what: "writing", then "comparing"; bytes. */
typedef void (*net_sftp_progress_fn)(void *data, const char *what, uint64_t done, uint64_t total);

struct net_sftp_request { /* everything is copied */
	enum net_sftp_kind kind;
	const char *path;
	size_t max;        /* read: longer files fail with category limit */
	const void *bytes; /* write */
	size_t size;
	const char *file; /* write: what is in this file of this machine, of any size, in their place */
	unsigned mode;    /* write: permission bits of the new file */
	bool keep;        /* write: the file that was there is kept */
	bool fresh;       /* write: one that is there is refused, category conflict */
	net_sftp_progress_fn progress; /* write; may be NULL */
};

struct net_sftp_answer {
	char *path; /* list: absolute */
	struct net_sftp_entry *entries;
	size_t count;
	bool cut;                    /* there are more */
	struct net_sftp_entry entry; /* stat, read */
	struct prism_buf bytes;      /* read */
	char *kept;                  /* write: where the former file is; NULL: there was none */
	uint8_t sha256[32];          /* write: of what was read back */
};

struct net_sftp;
struct net_sftp_op;
/* answer is lent, and what it owns may be taken out; err NULL: success. */
typedef void (*net_sftp_fn)(void *data, struct net_sftp_answer *answer,
                            const struct prism_error *err);

/* tunnel: lent; used on first request. patience_ms: a server that is asked and does nothing for so
 * long, or up to twice as long, ends what was asked (category timeout); 0: 30 s. */
struct net_sftp *net_sftp_create(struct net_tunnel *tunnel, int64_t patience_ms);
void net_sftp_destroy(struct net_sftp *sftp); /* no callback afterwards; NULL allowed */
struct net_sftp_op *net_sftp_start(struct net_sftp *sftp, const struct net_sftp_request *request,
                                   net_sftp_fn done, void *data);
void net_sftp_abandon(struct net_sftp_op *op); /* no callback */
/* Writing ends as cancelled once what was written is removed: the callback comes then. Too late
 * when the final name is being renamed to. */
void net_sftp_stop(struct net_sftp_op *op);

#endif
