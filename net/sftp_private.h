/*
 * Between the files of net/sftp.h only: sftp.c (the channel, the queue), sftp_read.c (looking and
 * reading, and what all stages share), sftp_write.c.
 *
 * A request is a list of stages, each one libssh2 call that may say EAGAIN.  A step returns AGAIN;
 * 0: next stage; 1: the request is done; -1: failed, with op->err and op->failed set.
 */
#ifndef PRISM_NET_SFTP_PRIVATE_H
#define PRISM_NET_SFTP_PRIVATE_H

#include "net/crypto.h"
#include "net/sftp.h"
#include "net/ssh_private.h"

#include <libssh2_sftp.h>

#define SFTP_CHUNK 65536u
#define SFTP_WINDOW (1u << 20) /* of a file that is sent: on its way at once, at most */
#define SFTP_AGAIN LIBSSH2_ERROR_EAGAIN

enum sftp_state { SFTP_IDLE, SFTP_WAITING, SFTP_OPENING, SFTP_READY };

struct net_sftp_op {
	struct prism_list node;
	struct net_sftp *sftp;
	enum net_sftp_kind kind;
	unsigned stage;
	char *path, *temp, *aside;
	size_t max, link;
	struct prism_buf bytes; /* to write, when it is no file */
	int file;               /* of this machine, to write; -1: none */
	uint8_t *window;        /* the part of it that is on its way */
	size_t at, held;        /* acknowledged, and there, of bytes or window */
	size_t filled, size;    /* of the file: read, and all */
	size_t moved;           /* told as progress */
	bool comparing;
	unsigned mode;
	bool keep, fresh, exists;
	LIBSSH2_SFTP_HANDLE *handle;
	struct net_digest *digest; /* of what is read back */
	struct net_digest *sent;   /* of what was written */
	struct net_sftp_answer answer;
	struct prism_error err;
	bool failed, undone;
	net_sftp_fn done; /* NULL: abandoned */
	net_sftp_progress_fn progress;
	void *data;
	bool stopped; /* it is to end before anything appears under the final name */
};

struct sftp_opening;
struct net_sftp {
	struct net_tunnel *tunnel;
	struct prism_loop *loop;
	struct net_tunnel_wait wait;
	struct net_ssh_client client;
	struct net_ssh *ssh;
	struct sftp_opening *opening;
	LIBSSH2_SFTP *lib;
	enum sftp_state state;
	struct prism_list ops;  /* the first is under way */
	struct prism_list over; /* to be told */
	int64_t patience_ms;
	struct prism_timer *watch; /* runs while there are requests */
	uint64_t steps, mark;      /* stages done; how far it was at the last look */
};

/* sftp_read.c */
int net_sftp_step_list(struct net_sftp_op *op);
int net_sftp_step_stat(struct net_sftp_op *op);
int net_sftp_step_read(struct net_sftp_op *op);
/* The server's refusal of what was being done to a path. Returns -1. */
int net_sftp_refusal(struct net_sftp_op *op, const char *what, const char *path);
int net_sftp_open_handle(struct net_sftp_op *op, const char *path, unsigned long flags, long mode,
                         int type, const char *what);
int net_sftp_close_handle(struct net_sftp_op *op);
int net_sftp_real_path(struct net_sftp_op *op, char **ret, const char *what);
/* what NULL: a failure is told by -1 alone. */
int net_sftp_do_stat(struct net_sftp_op *op, const char *path, struct net_sftp_entry *entry,
                     const char *what);

/* sftp_write.c */
int net_sftp_step_write(struct net_sftp_op *op);
/* After a failure: the handle, the temporary file, the file put aside. AGAIN or 0. */
int net_sftp_undo(struct net_sftp_op *op);
void net_sftp_write_begin(struct net_sftp_op *op, const struct net_sftp_request *request);
void net_sftp_write_finish(struct net_sftp_op *op); /* of op, what belongs to writing */
/* It is not wanted any more, and nothing has happened to the final name. */
bool net_sftp_write_unwanted(const struct net_sftp_op *op);
/* The session is gone: what may have been left at the far end. */
void net_sftp_write_left(const struct net_sftp_op *op, struct prism_error *err);

/* sftp.c: bytes went on; told from a deferred call. */
void net_sftp_moved(struct net_sftp_op *op);

#endif
