/*
 * A file of a host is written, stage by stage, as net/sftp.h promises: see sftp_private.h.
 */
#include "net/sftp_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is there already, and under which name a link leads to it. */
static int write_look(struct net_sftp_op *op)
{
	struct net_sftp_entry entry;
	int rc = net_sftp_do_stat(op, op->path, &entry, NULL);

	if (rc == SFTP_AGAIN)
		return SFTP_AGAIN;
	op->exists = rc == 0;
	if (rc == 0 && !entry.regular) {
		op->failed = true;
		return prism_error_raise(&op->err, PRISM_ERROR_INVALID, "%s is there, and is not a file",
		                         op->path);
	}
	if (rc == 0 && op->fresh) {
		op->failed = true;
		prism_error_raise(&op->err, PRISM_ERROR_CONFLICT, "%s exists already on %s", op->path,
		                  net_tunnel_info(op->sftp->tunnel).hop);
		prism_error_hint(&op->err, "choose another name, or remove that file");
		return -1;
	}
	return 0;
}

static int write_name(struct net_sftp_op *op)
{
	uint8_t random[6];
	char hex[2 * sizeof(random) + 1], *real = NULL;
	int rc = op->exists ? net_sftp_real_path(op, &real, "write") : 0;
	const char *slash;

	if (rc)
		return rc;
	if (real) {
		prism_free(op->path);
		op->path = real;
	}
	net_random_bytes(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(hex + 2 * i, 3, "%02x", random[i]);
	slash = strrchr(op->path, '/');
	op->temp =
	    slash ? prism_asprintf("%.*s/.%s.%s", (int)(slash - op->path), op->path, slash + 1, hex)
	          : prism_asprintf(".%s.%s", op->path, hex);
	return 0;
}

/* It is not wanted any more. Returns -1. */
static int stopped(struct net_sftp_op *op)
{
	op->failed = true;
	return prism_error_raise(&op->err, PRISM_ERROR_CANCELLED, "cancelled");
}

/* The next part of the file of this machine. What is sent and not acknowledged stays in the window,
 * because libssh2 wants it again. It was written moments ago, so the disk is seldom waited for. */
static int fill(struct net_sftp_op *op)
{
	if (op->held && op->at < SFTP_WINDOW / 2)
		return 0;
	if (!op->window)
		op->window = prism_alloc(SFTP_WINDOW);
	memmove(op->window, op->window + op->at, op->held - op->at);
	op->held -= op->at;
	op->at = 0;
	while (op->held < SFTP_WINDOW && op->filled < op->size) {
		size_t want = op->size - op->filled, room = SFTP_WINDOW - op->held;
		ssize_t n =
		    pread(op->file, op->window + op->held, want < room ? want : room, (off_t)op->filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			op->failed = true;
			return prism_error_raise(&op->err, PRISM_ERROR_IO, "the file to send: %s",
			                         n ? strerror(errno) : "it became shorter");
		}
		net_digest_update(op->sent, op->window + op->held, (size_t)n);
		op->held += (size_t)n;
		op->filled += (size_t)n;
	}
	return 0;
}

static int write_bytes(struct net_sftp_op *op)
{
	const uint8_t *data;

	for (;;) {
		ssize_t n;

		if (net_sftp_write_unwanted(op))
			return stopped(op);
		if (op->file >= 0 && fill(op) < 0)
			return -1;
		data = op->file >= 0 ? op->window : (const uint8_t *)op->bytes.data;
		if (op->at == op->held)
			return 0;
		n = libssh2_sftp_write(op->handle, (const char *)data + op->at, op->held - op->at);
		if (n == SFTP_AGAIN)
			return SFTP_AGAIN;
		if (n < 0)
			return net_sftp_refusal(op, "write", op->temp);
		op->at += (size_t)n;
		op->moved += (size_t)n;
		net_sftp_moved(op);
	}
}

/* An extension: a server without it writes when it likes. */
static int write_sync(struct net_sftp_op *op)
{
	return libssh2_sftp_fsync(op->handle) == SFTP_AGAIN ? SFTP_AGAIN : 0;
}

static int write_mode(struct net_sftp_op *op)
{
	LIBSSH2_SFTP_ATTRIBUTES a = {.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS,
	                             .permissions = op->mode & 0777};
	int rc = libssh2_sftp_setstat(op->sftp->lib, op->temp, &a);

	return rc == SFTP_AGAIN ? SFTP_AGAIN
	       : rc < 0         ? net_sftp_refusal(op, "set the mode of", op->temp)
	                        : 0;
}

static int write_compare(struct net_sftp_op *op)
{
	uint8_t there[NET_DIGEST_MAX], here[NET_DIGEST_MAX];
	char chunk[SFTP_CHUNK];
	ssize_t n;

	if (!op->digest) {
		op->digest = net_digest_create(NET_SHA256);
		op->comparing = true;
		op->moved = 0;
	}
	if (net_sftp_write_unwanted(op))
		return stopped(op);
	while ((n = libssh2_sftp_read(op->handle, chunk, sizeof(chunk))) > 0) {
		net_digest_update(op->digest, chunk, (size_t)n);
		op->moved += (size_t)n;
		net_sftp_moved(op);
	}
	if (n == SFTP_AGAIN)
		return SFTP_AGAIN;
	if (n < 0)
		return net_sftp_refusal(op, "read back", op->temp);
	(void)net_digest_final(op->digest, there);
	(void)net_digest_final(op->sent, here);
	memcpy(op->answer.sha256, there, sizeof(op->answer.sha256));
	if (memcmp(there, here, 32) == 0)
		return 0;
	op->failed = true;
	return prism_error_raise(&op->err, PRISM_ERROR_IO,
	                         "%s: what was read back is not what was written", op->path);
}

static int rename_to(struct net_sftp_op *op, const char *from, const char *to, const char *what)
{
	int rc = libssh2_sftp_rename_ex(op->sftp->lib, from, (unsigned)strlen(from), to,
	                                (unsigned)strlen(to), LIBSSH2_SFTP_RENAME_ATOMIC);

	return rc == SFTP_AGAIN ? SFTP_AGAIN : rc < 0 ? net_sftp_refusal(op, what, to) : 0;
}

static int write_aside(struct net_sftp_op *op)
{
	char time[PRISM_TIME_TEXT];

	if (!op->exists)
		return 0;
	if (!op->aside) {
		size_t out = 0;

		prism_time_format(prism_clock_wall_us(prism_loop_clock(op->sftp->loop)), 0, time);
		for (size_t in = 0; time[in]; in++) /* 20261126T150000Z */
			if (time[in] != '-' && time[in] != ':')
				time[out++] = time[in];
		time[out] = '\0';
		op->aside = prism_asprintf("%s.%s", op->path, time);
	}
	return rename_to(op, op->path, op->aside, "put aside as");
}

static int write_last(struct net_sftp_op *op)
{
	int rc;

	if (op->keep || !op->aside) {
		op->answer.kept = PRISM_STEAL(op->aside);
		return 1;
	}
	rc = libssh2_sftp_unlink_ex(op->sftp->lib, op->aside, (unsigned)strlen(op->aside));
	return rc == SFTP_AGAIN ? SFTP_AGAIN : 1;
}

/* Stages that others ask about. */
enum { STAGE_OPEN = 2, STAGE_ASIDE = 10, STAGE_RENAME = 11 };

int net_sftp_step_write(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0:
		return write_look(op);
	case 1:
		return write_name(op);
	case STAGE_OPEN:
		return net_sftp_open_handle(op, op->temp,
		                            LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL, 0600,
		                            LIBSSH2_SFTP_OPENFILE, "write");
	case 3:
		return write_bytes(op);
	case 4:
		return write_sync(op);
	case 5:
		return net_sftp_close_handle(op);
	case 6:
		return write_mode(op);
	case 7:
		return net_sftp_open_handle(op, op->temp, LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE,
		                            "read back");
	case 8:
		return write_compare(op);
	case 9:
		return net_sftp_close_handle(op);
	case STAGE_ASIDE:
		return write_aside(op);
	case STAGE_RENAME:
		return rename_to(op, op->temp, op->path, "write");
	default:
		return write_last(op);
	}
}

int net_sftp_undo(struct net_sftp_op *op)
{
	if (op->handle)
		return net_sftp_close_handle(op);
	if (op->kind == NET_SFTP_WRITE && op->stage > STAGE_ASIDE && op->aside) {
		if (libssh2_sftp_rename(op->sftp->lib, op->aside, op->path) == SFTP_AGAIN)
			return SFTP_AGAIN;
		prism_free(op->aside);
		op->aside = NULL;
	}
	if (op->kind == NET_SFTP_WRITE && op->stage > STAGE_OPEN && op->temp) {
		if (libssh2_sftp_unlink_ex(op->sftp->lib, op->temp, (unsigned)strlen(op->temp)) ==
		    SFTP_AGAIN)
			return SFTP_AGAIN;
		prism_free(op->temp);
		op->temp = NULL;
	}
	op->undone = true;
	return 0;
}

bool net_sftp_write_unwanted(const struct net_sftp_op *op)
{
	return op->kind == NET_SFTP_WRITE && (op->stopped || !op->done) && op->stage <= STAGE_ASIDE;
}

void net_sftp_write_left(const struct net_sftp_op *op, struct prism_error *err)
{
	if (op->kind != NET_SFTP_WRITE || op->stage < STAGE_OPEN || op->stage > STAGE_RENAME)
		return;
	if (op->aside)
		prism_error_hint(err, "there the file is %s or %s, and the former one %s", op->path,
		                 op->temp, op->aside);
	else if (op->temp)
		prism_error_hint(err, "a part of it may be there as %s", op->temp);
}

void net_sftp_write_begin(struct net_sftp_op *op, const struct net_sftp_request *request)
{
	struct stat st;

	op->sent = net_digest_create(NET_SHA256);
	op->file =
	    request->file ? open(request->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) : -1;
	if (!request->file) {
		prism_buf_init(&op->bytes, request->size + 1);
		if (request->size)
			prism_buf_put(&op->bytes, request->bytes, request->size);
		op->held = op->size = request->size;
		net_digest_update(op->sent, request->size ? request->bytes : "", request->size);
	} else if (op->file < 0 || fstat(op->file, &st) < 0 || !S_ISREG(st.st_mode)) {
		op->failed = true;
		prism_error_raise(&op->err, PRISM_ERROR_IO, "%s: %s", request->file,
		                  op->file < 0 ? strerror(errno) : "it is not a file");
	} else {
		op->size = (size_t)st.st_size;
	}
}

void net_sftp_write_finish(struct net_sftp_op *op)
{
	prism_buf_wipe(&op->bytes);
	if (op->window)
		prism_wipe(op->window, SFTP_WINDOW);
	prism_free(op->window);
	net_digest_destroy(op->sent);
	if (op->file >= 0)
		close(op->file);
}
