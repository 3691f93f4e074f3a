/*
 * Owns the SFTP channel of a tunnel and the queue of requests on it.
 *
 *   waiting (for a session) ─► opening (in the session's queue) ─► ready ─► (session gone) waiting
 *
 * A request is a list of stages, each one libssh2 call that may say EAGAIN; the session's turn runs
 * the first request as far as it goes.  Answers are told from deferred calls.
 */
#include "net/sftp.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/crypto.h"
#include "net/ssh_private.h"

#include <libssh2_sftp.h>
#include <string.h>

#define WAIT_MS 30000 /* for the tunnel */
#define CHUNK 65536u
#define AGAIN LIBSSH2_ERROR_EAGAIN

enum state { IDLE, WAITING, OPENING, READY };

struct net_sftp_op {
	struct prism_list node;
	struct net_sftp *sftp;
	enum net_sftp_kind kind;
	unsigned stage;
	char *path, *temp, *aside;
	size_t max, at, link;
	struct prism_buf bytes; /* to write */
	unsigned mode;
	bool keep, exists;
	LIBSSH2_SFTP_HANDLE *handle;
	struct net_digest *digest;
	struct net_sftp_answer answer;
	struct prism_error err;
	bool failed, undone;
	net_sftp_fn done; /* NULL: abandoned */
	void *data;
};

/* libssh2_sftp_init() never comes back when a server refuses the subsystem, because it waits for a
 * close without giving its caller a chance to read.  So the subsystem is asked for once on a
 * channel of our own first. */
enum probe { PROBE_OPEN, PROBE_ASK, PROBE_CLOSE, PROBE_OVER };

struct opening {
	struct net_ssh_opening base;
	struct net_sftp *owner; /* NULL: gone */
	struct net_ssh *ssh;
	enum probe probe;
	LIBSSH2_CHANNEL *channel;
	bool begun;
};

struct net_sftp {
	struct net_tunnel *tunnel;
	struct prism_loop *loop;
	struct net_tunnel_wait wait;
	struct net_ssh_client client;
	struct net_ssh *ssh;
	struct opening *opening;
	LIBSSH2_SFTP *lib;
	enum state state;
	struct prism_list ops;  /* the first is under way */
	struct prism_list over; /* to be told */
};

/* ---- answers ---- */

static void op_free(struct net_sftp_op *op)
{
	prism_list_remove(&op->node);
	for (size_t i = 0; i < op->answer.count; i++)
		prism_free(op->answer.entries[i].name);
	prism_free(op->answer.entries);
	prism_free(op->answer.path);
	prism_free(op->answer.kept);
	prism_buf_wipe(&op->answer.bytes);
	prism_buf_wipe(&op->bytes);
	net_digest_destroy(op->digest);
	prism_free(op->path);
	prism_free(op->temp);
	prism_free(op->aside);
	prism_free(op);
}

static void tell(void *data)
{
	struct net_sftp *sftp = data;

	while (!prism_list_empty(&sftp->over)) {
		struct net_sftp_op *op = PRISM_CONTAINER(sftp->over.next, struct net_sftp_op, node);
		net_sftp_fn done = op->done;

		prism_list_remove(&op->node);
		if (done) { /* may destroy the sftp: nothing of it is touched after the last one */
			bool last = prism_list_empty(&sftp->over);

			done(op->data, &op->answer, op->failed ? &op->err : NULL);
			op_free(op);
			if (last)
				return;
		} else {
			op_free(op);
		}
	}
}

static void op_over(struct net_sftp_op *op)
{
	struct net_sftp *sftp = op->sftp;

	prism_list_remove(&op->node);
	prism_list_append(&sftp->over, &op->node);
	prism_loop_undefer(sftp->loop, tell, sftp);
	prism_loop_defer(sftp->loop, tell, sftp);
}

static void fail_all(struct net_sftp *sftp, const struct prism_error *err)
{
	while (!prism_list_empty(&sftp->ops)) {
		struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);

		op->handle = NULL;
		if (!op->failed)
			prism_error_copy(&op->err, err);
		op->failed = true;
		op_over(op);
	}
}

/* ---- stages ---- */

/* The server's refusal of what was being done to a path. Returns -1. */
static int refusal(struct net_sftp_op *op, const char *what, const char *path)
{
	struct net_sftp *sftp = op->sftp;
	unsigned long code = libssh2_sftp_last_error(sftp->lib);
	int ssh_code = libssh2_session_last_errno(sftp->ssh->session);
	const char *host = net_tunnel_info(sftp->tunnel).hop;

	if (op->failed) /* the first one counts */
		return -1;
	op->failed = true;
	if (ssh_code != LIBSSH2_ERROR_SFTP_PROTOCOL) {
		(void)net_ssh_fatal(sftp->ssh, ssh_code);
		return net_ssh_error(sftp->ssh, &op->err, what);
	}
	switch (code) {
	case LIBSSH2_FX_NO_SUCH_FILE:
	case LIBSSH2_FX_NO_SUCH_PATH:
		return prism_error_raise(&op->err, PRISM_ERROR_MISSING,
		                         "%s %s: there is no such file on %s", what, path, host);
	case LIBSSH2_FX_PERMISSION_DENIED:
	case LIBSSH2_FX_WRITE_PROTECT:
		return prism_error_raise(&op->err, PRISM_ERROR_DENIED, "%s %s: %s does not allow it", what,
		                         path, host);
	case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
	case LIBSSH2_FX_QUOTA_EXCEEDED:
		return prism_error_raise(&op->err, PRISM_ERROR_IO, "%s %s: %s has no room left", what, path,
		                         host);
	default:
		return prism_error_raise(&op->err, PRISM_ERROR_IO, "%s %s: %s refused (SFTP status %lu)",
		                         what, path, host, code);
	}
}

static bool again(struct net_sftp_op *op)
{
	return libssh2_session_last_errno(op->sftp->ssh->session) == LIBSSH2_ERROR_EAGAIN;
}

static void entry_fill(struct net_sftp_entry *entry, const LIBSSH2_SFTP_ATTRIBUTES *a)
{
	bool typed = a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS;

	entry->mode = typed ? (unsigned)(a->permissions & 07777) : 0;
	entry->regular = typed && LIBSSH2_SFTP_S_ISREG(a->permissions);
	entry->directory = typed && LIBSSH2_SFTP_S_ISDIR(a->permissions);
	entry->size = entry->regular && (a->flags & LIBSSH2_SFTP_ATTR_SIZE) ? a->filesize : 0;
	entry->modified_s = a->flags & LIBSSH2_SFTP_ATTR_ACMODTIME ? (int64_t)a->mtime : -1;
}

static int open_handle(struct net_sftp_op *op, const char *path, unsigned long flags, long mode,
                       int type, const char *what)
{
	op->handle =
	    libssh2_sftp_open_ex(op->sftp->lib, path, (unsigned)strlen(path), flags, mode, type);
	if (op->handle)
		return 0;
	return again(op) ? AGAIN : refusal(op, what, path);
}

static int close_handle(struct net_sftp_op *op)
{
	int rc = op->handle ? libssh2_sftp_close_handle(op->handle) : 0;

	if (rc != AGAIN)
		op->handle = NULL;
	return rc == AGAIN ? AGAIN : 0;
}

static int real_path(struct net_sftp_op *op, char **ret, const char *what)
{
	char text[4096];
	int n = libssh2_sftp_realpath(op->sftp->lib, op->path, text, sizeof(text) - 1);

	if (n == AGAIN)
		return AGAIN;
	if (n < 0)
		return refusal(op, what, op->path);
	*ret = prism_strndup(text, (size_t)n);
	return 0;
}

static int do_stat(struct net_sftp_op *op, const char *path, struct net_sftp_entry *entry,
                   const char *what)
{
	LIBSSH2_SFTP_ATTRIBUTES a;
	int rc = libssh2_sftp_stat(op->sftp->lib, path, &a);

	if (rc == AGAIN)
		return AGAIN;
	if (rc < 0)
		return what ? refusal(op, what, path) : -1;
	entry_fill(entry, &a);
	return 0;
}

/* Each step: AGAIN; 0: next stage; 1: the request is done; -1: failed. */

static int list_read(struct net_sftp_op *op)
{
	struct net_sftp_answer *answer = &op->answer;
	char name[1024];
	LIBSSH2_SFTP_ATTRIBUTES a;
	int n;

	while ((n = libssh2_sftp_readdir_ex(op->handle, name, sizeof(name) - 1, NULL, 0, &a)) > 0) {
		struct net_sftp_entry *entry;

		name[n] = '\0';
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (answer->count == NET_SFTP_ENTRIES_MAX) {
			answer->cut = true;
			return 0;
		}
		if (answer->count % 64 == 0)
			answer->entries =
			    prism_realloc_array(answer->entries, answer->count + 64, sizeof(*answer->entries));
		entry = &answer->entries[answer->count++];
		*entry = (struct net_sftp_entry){.name = prism_strdup(name)};
		entry_fill(entry, &a);
		entry->link =
		    (a.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) && LIBSSH2_SFTP_S_ISLNK(a.permissions);
	}
	return n == AGAIN ? AGAIN : n < 0 ? refusal(op, "read", op->answer.path) : 0;
}

/* What links lead to. */
static int list_links(struct net_sftp_op *op)
{
	unsigned looked = 0;

	for (; op->link < op->answer.count; op->link++) {
		struct net_sftp_entry *entry = &op->answer.entries[op->link];
		int rc;

		if (!entry->link || looked++ >= NET_SFTP_LINKS_MAX)
			continue;
		PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s", op->answer.path, entry->name);
		rc = do_stat(op, path, entry, NULL);
		if (rc == AGAIN)
			return AGAIN;
		entry->broken = rc < 0;
	}
	return 1;
}

static int step_list(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0: /* libssh2 mistakes the status of a real path that cannot be told: this one is right */
		return do_stat(op, op->path, &op->answer.entry, "list");
	case 1:
		return real_path(op, &op->answer.path, "list");
	case 2:
		return open_handle(op, op->answer.path, 0, 0, LIBSSH2_SFTP_OPENDIR, "list");
	case 3:
		return list_read(op);
	case 4:
		return close_handle(op);
	default:
		return list_links(op);
	}
}

static int step_stat(struct net_sftp_op *op)
{
	int rc = do_stat(op, op->path, &op->answer.entry, "look at");

	return rc == 0 ? 1 : rc;
}

static int read_check(struct net_sftp_op *op)
{
	const struct net_sftp_entry *entry = &op->answer.entry;
	int rc = do_stat(op, op->path, &op->answer.entry, "read");

	if (rc)
		return rc;
	op->failed = !entry->regular || entry->size > op->max;
	if (!entry->regular)
		return prism_error_raise(&op->err, PRISM_ERROR_INVALID, "%s is not a file", op->path);
	if (entry->size > op->max)
		return prism_error_raise(&op->err, PRISM_ERROR_LIMIT, "%s is larger than %zu bytes",
		                         op->path, op->max);
	return 0;
}

static int read_bytes(struct net_sftp_op *op)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = libssh2_sftp_read(op->handle, chunk, sizeof(chunk))) > 0) {
		if (prism_buf_append(&op->answer.bytes, chunk, (size_t)n, &op->err) < 0) {
			op->failed = true;
			return -1;
		}
	}
	return n == AGAIN ? AGAIN : n < 0 ? refusal(op, "read", op->path) : 0;
}

static int step_read(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0:
		return read_check(op);
	case 1:
		return open_handle(op, op->path, LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE, "read");
	case 2:
		return read_bytes(op);
	case 3:
		return close_handle(op);
	default:
		return 1;
	}
}

/* ---- writing ---- */

/* What is there already, and under which name a link leads to it. */
static int write_look(struct net_sftp_op *op)
{
	struct net_sftp_entry entry;
	int rc = do_stat(op, op->path, &entry, NULL);

	if (rc == AGAIN)
		return AGAIN;
	op->exists = rc == 0;
	if (rc == 0 && !entry.regular) {
		op->failed = true;
		return prism_error_raise(&op->err, PRISM_ERROR_INVALID, "%s is there, and is not a file",
		                         op->path);
	}
	return 0;
}

static int write_name(struct net_sftp_op *op)
{
	uint8_t random[6];
	char hex[2 * sizeof(random) + 1], *real = NULL;
	int rc = op->exists ? real_path(op, &real, "write") : 0;
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

static int write_bytes(struct net_sftp_op *op)
{
	while (op->at < op->bytes.len) {
		ssize_t n = libssh2_sftp_write(op->handle, op->bytes.data + op->at, op->bytes.len - op->at);

		if (n == AGAIN)
			return AGAIN;
		if (n < 0)
			return refusal(op, "write", op->temp);
		op->at += (size_t)n;
	}
	return 0;
}

/* An extension: a server without it writes when it likes. */
static int write_sync(struct net_sftp_op *op)
{
	return libssh2_sftp_fsync(op->handle) == AGAIN ? AGAIN : 0;
}

static int write_mode(struct net_sftp_op *op)
{
	LIBSSH2_SFTP_ATTRIBUTES a = {.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS,
	                             .permissions = op->mode & 0777};
	int rc = libssh2_sftp_setstat(op->sftp->lib, op->temp, &a);

	return rc == AGAIN ? AGAIN : rc < 0 ? refusal(op, "set the mode of", op->temp) : 0;
}

static int write_compare(struct net_sftp_op *op)
{
	uint8_t there[NET_DIGEST_MAX], here[NET_DIGEST_MAX];
	char chunk[CHUNK];
	ssize_t n;

	if (!op->digest)
		op->digest = net_digest_create(NET_SHA256);
	while ((n = libssh2_sftp_read(op->handle, chunk, sizeof(chunk))) > 0)
		net_digest_update(op->digest, chunk, (size_t)n);
	if (n == AGAIN)
		return AGAIN;
	if (n < 0)
		return refusal(op, "read back", op->temp);
	(void)net_digest_final(op->digest, there);
	net_digest_bytes(NET_SHA256, op->bytes.data ? op->bytes.data : "", op->bytes.len, here);
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

	return rc == AGAIN ? AGAIN : rc < 0 ? refusal(op, what, to) : 0;
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
	return rc == AGAIN ? AGAIN : 1;
}

static int step_write(struct net_sftp_op *op)
{
	switch (op->stage) {
	case 0:
		return write_look(op);
	case 1:
		return write_name(op);
	case 2:
		return open_handle(op, op->temp, LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_EXCL,
		                   0600, LIBSSH2_SFTP_OPENFILE, "write");
	case 3:
		return write_bytes(op);
	case 4:
		return write_sync(op);
	case 5:
		return close_handle(op);
	case 6:
		return write_mode(op);
	case 7:
		return open_handle(op, op->temp, LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE, "read back");
	case 8:
		return write_compare(op);
	case 9:
		return close_handle(op);
	case 10:
		return write_aside(op);
	case 11:
		return rename_to(op, op->temp, op->path, "write");
	default:
		return write_last(op);
	}
}

/* After a failure: the handle, the temporary file, the file put aside. AGAIN or 0. */
static int undo(struct net_sftp_op *op)
{
	if (op->handle)
		return close_handle(op);
	if (op->kind == NET_SFTP_WRITE && op->stage > 10 && op->aside) {
		if (libssh2_sftp_rename(op->sftp->lib, op->aside, op->path) == AGAIN)
			return AGAIN;
		prism_free(op->aside);
		op->aside = NULL;
	}
	if (op->kind == NET_SFTP_WRITE && op->stage > 2 && op->temp) {
		if (libssh2_sftp_unlink_ex(op->sftp->lib, op->temp, (unsigned)strlen(op->temp)) == AGAIN)
			return AGAIN;
		prism_free(op->temp);
		op->temp = NULL;
	}
	op->undone = true;
	return 0;
}

/* Runs the first request as far as it goes. False: it waits. */
static bool advance(struct net_sftp *sftp)
{
	static int (*const steps[])(struct net_sftp_op * op) = {step_list, step_stat, step_read,
	                                                        step_write};
	struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);
	int rc;

	if (op->failed) {
		if (sftp->ssh->fault || undo(op) == AGAIN)
			return false;
		if (op->undone)
			op_over(op);
		return true;
	}
	rc = steps[op->kind](op);
	if (rc == AGAIN)
		return false;
	if (rc == 1)
		op_over(op);
	else if (rc == 0)
		op->stage++;
	else
		op->failed = true;
	return true;
}

static void sftp_turn(struct net_ssh_client *client)
{
	struct net_sftp *sftp = PRISM_CONTAINER(client, struct net_sftp, client);

	while (sftp->state == READY && !prism_list_empty(&sftp->ops) && advance(sftp))
		;
}

static void sftp_broke(struct net_ssh_client *client, const struct prism_error *err)
{
	struct net_sftp *sftp = PRISM_CONTAINER(client, struct net_sftp, client);

	sftp->state = IDLE;
	sftp->lib = NULL;
	sftp->ssh = NULL;
	fail_all(sftp, err);
}

/* ---- opening ---- */

static void opening_free(struct opening *o)
{
	if (o->owner)
		o->owner->opening = NULL;
	prism_free(o);
}

static void open_refused(struct net_sftp *sftp, struct net_ssh *ssh)
{
	struct prism_error err = PRISM_ERROR_INIT;
	char *text = NULL;

	(void)libssh2_session_last_error(ssh->session, &text, NULL, 0);
	prism_error_raise(&err, PRISM_ERROR_DENIED, "%s offers no file transfer: %s",
	                  net_tunnel_info(sftp->tunnel).hop, text ? text : "refused");
	prism_error_hint(&err, "its sshd_config needs Subsystem sftp, and MaxSessions counts it");
	prism_list_remove(&sftp->client.node);
	sftp->state = IDLE;
	sftp->ssh = NULL;
	fail_all(sftp, &err);
}

/* AGAIN, 0: the server offers it, -1: it does not. */
static int probe(struct opening *o, LIBSSH2_SESSION *session)
{
	int rc;

	if (o->probe == PROBE_OPEN) {
		o->channel =
		    libssh2_channel_open_ex(session, "session", 7, NET_SSH_WINDOW, NET_SSH_PACKET, NULL, 0);
		if (!o->channel)
			return libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN ? AGAIN : -1;
		o->probe = PROBE_ASK;
	}
	if (o->probe == PROBE_ASK) {
		rc = libssh2_channel_process_startup(o->channel, "subsystem", 9, "sftp", 4);
		if (rc == AGAIN)
			return AGAIN;
		o->probe = PROBE_CLOSE;
		if (rc) {
			net_ssh_orphan(o->ssh, PRISM_STEAL(o->channel));
			return -1;
		}
	}
	if (o->probe == PROBE_CLOSE && libssh2_channel_free(o->channel) == AGAIN)
		return AGAIN;
	o->channel = NULL;
	o->probe = PROBE_OVER;
	return 0;
}

static int open_step(struct net_ssh_opening *opening, LIBSSH2_SESSION *session)
{
	struct opening *o = PRISM_CONTAINER(opening, struct opening, base);
	LIBSSH2_SFTP *lib = NULL;
	int rc = 0;

	if (o->owner || o->begun) {
		o->begun = true;
		rc = o->probe == PROBE_OVER ? 0 : probe(o, session);
		if (rc == AGAIN)
			return AGAIN;
		if (rc == 0)
			lib = libssh2_sftp_init(session);
		if (rc == 0 && !lib && libssh2_session_last_errno(session) == AGAIN)
			return AGAIN;
		if (!lib && net_ssh_fatal(o->ssh, libssh2_session_last_errno(session)))
			return AGAIN; /* the turn ends it */
	}
	if (lib && !o->owner) {
		net_ssh_orphan(o->ssh, libssh2_sftp_get_channel(lib));
	} else if (lib) {
		o->owner->lib = lib;
		o->owner->state = READY;
	} else if (o->owner) {
		open_refused(o->owner, o->ssh);
	}
	opening_free(o);
	return 0;
}

static void open_drop(struct net_ssh_opening *opening)
{
	opening_free(PRISM_CONTAINER(opening, struct opening, base));
}

static void session_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                          const struct prism_error *err)
{
	struct net_sftp *sftp = PRISM_CONTAINER(wait, struct net_sftp, wait);
	struct opening *o;

	if (err) {
		sftp->state = IDLE;
		fail_all(sftp, err);
		return;
	}
	sftp->ssh = ssh;
	sftp->state = OPENING;
	o = sftp->opening = prism_alloc(sizeof(*o));
	o->base.step = open_step;
	o->base.drop = open_drop;
	o->owner = sftp;
	o->ssh = ssh;
	prism_list_append(&ssh->clients, &sftp->client.node);
	prism_list_append(&ssh->openings, &o->base.node);
	net_ssh_kick(ssh);
}

/* ---- requests ---- */

static char *plain_path(const char *path)
{
	if (path[0] == '~' && (!path[1] || path[1] == '/'))
		path += path[1] ? 2 : 1;
	return prism_strdup(*path ? path : ".");
}

struct net_sftp_op *net_sftp_start(struct net_sftp *sftp, const struct net_sftp_request *request,
                                   net_sftp_fn done, void *data)
{
	struct net_sftp_op *op = prism_alloc(sizeof(*op));

	op->sftp = sftp;
	op->kind = request->kind;
	op->path = plain_path(request->path);
	op->max = request->max && request->max < NET_SFTP_READ_MAX ? request->max : NET_SFTP_READ_MAX;
	op->mode = request->mode;
	op->keep = request->keep;
	op->done = done;
	op->data = data;
	prism_buf_init(&op->bytes, request->size + 1);
	prism_buf_init(&op->answer.bytes, op->max);
	if (request->size)
		prism_buf_put(&op->bytes, request->bytes, request->size);
	prism_list_append(&sftp->ops, &op->node);
	if (sftp->state == IDLE) {
		sftp->state = WAITING;
		net_tunnel_await(sftp->tunnel, &sftp->wait);
	} else if (sftp->state == READY) {
		net_ssh_kick(sftp->ssh);
	}
	return op;
}

void net_sftp_abandon(struct net_sftp_op *op)
{
	op->done = NULL;
}

struct net_sftp *net_sftp_create(struct net_tunnel *tunnel)
{
	struct net_sftp *sftp = prism_alloc(sizeof(*sftp));

	sftp->tunnel = tunnel;
	sftp->loop = net_tunnel_loop(tunnel);
	sftp->wait.ready = session_ready;
	sftp->wait.timeout_ms = WAIT_MS;
	sftp->client = (struct net_ssh_client){.turn = sftp_turn, .broke = sftp_broke, .counts = true};
	prism_list_init(&sftp->ops);
	prism_list_init(&sftp->over);
	return sftp;
}

void net_sftp_destroy(struct net_sftp *sftp)
{
	if (!sftp)
		return;
	net_tunnel_unwait(&sftp->wait);
	prism_list_remove(&sftp->client.node);
	if (sftp->opening)
		sftp->opening->owner = NULL;
	if (sftp->lib) /* the channel's end takes the rest with it */
		net_ssh_orphan(sftp->ssh, libssh2_sftp_get_channel(sftp->lib));
	prism_loop_undefer(sftp->loop, tell, sftp);
	PRISM_LIST_EACH (&sftp->ops, node, next)
		op_free(PRISM_CONTAINER(node, struct net_sftp_op, node));
	PRISM_LIST_EACH (&sftp->over, node, next)
		op_free(PRISM_CONTAINER(node, struct net_sftp_op, node));
	prism_free(sftp);
}
