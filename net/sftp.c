/*
 * Owns the SFTP channel of a tunnel and the queue of requests on it.
 *
 *   waiting (for a session) ─► opening (in the session's queue) ─► ready ─► (session gone) waiting
 *
 * A request is a list of stages, each one libssh2 call that may say EAGAIN; the session's turn runs
 * the first request as far as it goes.  Answers are told from deferred calls.
 *
 * A server may stop answering in the middle (a file system that hangs, a forced command that waits)
 * while its connection lives: a watch looks from time to time whether anything moved, and gives up
 * the channel when nothing did.
 */
#include "net/sftp.h"

#include "base/mem.h"
#include "net/sftp_private.h"

#include <string.h>

#define WAIT_MS 30000 /* for the tunnel */
#define PATIENCE_MS 30000

/* libssh2_sftp_init() never comes back when a server refuses the subsystem, because it waits for a
 * close without giving its caller a chance to read.  So the subsystem is asked for once on a
 * channel of our own first. */
enum probe { PROBE_OPEN, PROBE_ASK, PROBE_CLOSE, PROBE_OVER };

struct sftp_opening {
	struct net_ssh_opening base;
	struct net_sftp *owner; /* NULL: gone */
	struct net_ssh *ssh;
	enum probe probe;
	LIBSSH2_CHANNEL *channel;
	bool begun;
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
	net_sftp_write_finish(op);
	net_digest_destroy(op->digest);
	prism_free(op->path);
	prism_free(op->temp);
	prism_free(op->aside);
	prism_free(op);
}

static void tell_moved(const struct net_sftp_op *op)
{
	if (op->progress && op->done)
		op->progress(op->data, op->comparing ? "comparing" : "writing", op->moved, op->size);
}

static void tell(void *data)
{
	struct net_sftp *sftp = data;

	while (!prism_list_empty(&sftp->over)) {
		struct net_sftp_op *op = PRISM_CONTAINER(sftp->over.next, struct net_sftp_op, node);
		net_sftp_fn done = op->done;

		prism_list_remove(&op->node);
		if (!op->failed) /* a quick server may have done the rest in one turn */
			tell_moved(op);
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

static void tell_progress(void *data)
{
	struct net_sftp *sftp = data;
	const struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);

	if (!prism_list_empty(&sftp->ops))
		tell_moved(op);
}

void net_sftp_moved(struct net_sftp_op *op)
{
	if (!op->progress)
		return;
	prism_loop_undefer(op->sftp->loop, tell_progress, op->sftp);
	prism_loop_defer(op->sftp->loop, tell_progress, op->sftp);
}

static void fail_all(struct net_sftp *sftp, const struct prism_error *err)
{
	while (!prism_list_empty(&sftp->ops)) {
		struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);

		op->handle = NULL;
		if (!op->failed)
			prism_error_copy(&op->err, err);
		op->failed = true;
		net_sftp_write_left(op, &op->err);
		op_over(op);
	}
}

/* Runs the first request as far as it goes. False: it waits. */
static bool advance(struct net_sftp *sftp)
{
	static int (*const steps[])(struct net_sftp_op * op) = {
	    net_sftp_step_list, net_sftp_step_stat, net_sftp_step_read, net_sftp_step_write};
	struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);
	int rc;

	if (op->failed) {
		if (sftp->ssh->fault || net_sftp_undo(op) == SFTP_AGAIN)
			return false;
		if (op->undone)
			op_over(op);
		return true;
	}
	rc = steps[op->kind](op);
	if (rc == SFTP_AGAIN)
		return false;
	sftp->steps++;
	if (rc == 1)
		op_over(op);
	else if (rc == 0)
		op->stage++;
	else
		op->failed = true;
	if (rc == 0 && net_sftp_write_unwanted(op))
		op->failed = prism_error_raise(&op->err, PRISM_ERROR_CANCELLED, "cancelled") < 0;
	return true;
}

static void sftp_turn(struct net_ssh_client *client)
{
	struct net_sftp *sftp = PRISM_CONTAINER(client, struct net_sftp, client);

	while (sftp->state == SFTP_READY && !prism_list_empty(&sftp->ops) && advance(sftp))
		;
}

static void sftp_broke(struct net_ssh_client *client, const struct prism_error *err)
{
	struct net_sftp *sftp = PRISM_CONTAINER(client, struct net_sftp, client);

	sftp->state = SFTP_IDLE;
	sftp->lib = NULL;
	sftp->ssh = NULL;
	fail_all(sftp, err);
}

/* ---- the watch ---- */

static uint64_t how_far(const struct net_sftp *sftp)
{
	const struct net_sftp_op *op = PRISM_CONTAINER(sftp->ops.next, struct net_sftp_op, node);

	return sftp->steps + op->moved + op->link + op->answer.count + op->answer.bytes.len + op->at +
	       op->undone;
}

/* Its channel is left to the session: libssh2 cannot take back what was asked. */
static void give_up(struct net_sftp *sftp)
{
	struct net_ssh *stuck = sftp->opening ? sftp->ssh : NULL;
	struct prism_error err = PRISM_ERROR_INIT;

	prism_error_raise(&err, PRISM_ERROR_TIMEOUT,
	                  "the file transfer of %s has not gone on for %lld ms",
	                  net_tunnel_info(sftp->tunnel).hop, (long long)sftp->patience_ms);
	prism_error_hint(&err, "a file system there may hang, or its sftp-server; look at it with ssh");
	prism_list_remove(&sftp->client.node);
	if (sftp->lib)
		net_ssh_orphan(sftp->ssh, libssh2_sftp_get_channel(sftp->lib));
	if (sftp->opening)
		sftp->opening->owner = NULL;
	sftp->opening = NULL;
	sftp->lib = NULL;
	sftp->ssh = NULL;
	sftp->state = SFTP_IDLE;
	fail_all(sftp, &err);
	/* Until it is open nobody else can open a channel: net/stream_ssh.c does the same. */
	if (stuck && prism_list_empty(&stuck->clients))
		net_tunnel_reconnect(sftp->tunnel);
}

static void look(void *data)
{
	struct net_sftp *sftp = data;
	bool busy = !prism_list_empty(&sftp->ops);
	uint64_t now = busy ? how_far(sftp) : 0;

	if (!busy) {
		prism_timer_remove(sftp->watch);
		sftp->watch = NULL;
		return;
	}
	/* The way there has a deadline of its own. */
	if (sftp->state != SFTP_WAITING && now == sftp->mark)
		give_up(sftp);
	else
		sftp->mark = sftp->state == SFTP_WAITING ? UINT64_MAX : now;
}

static void watch(struct net_sftp *sftp)
{
	if (sftp->watch)
		return;
	sftp->mark = UINT64_MAX; /* the first look finds where it is */
	sftp->watch =
	    prism_loop_add_timer(sftp->loop, sftp->patience_ms, sftp->patience_ms, look, sftp);
}

/* ---- opening ---- */

static void opening_free(struct sftp_opening *o)
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
	sftp->state = SFTP_IDLE;
	sftp->ssh = NULL;
	fail_all(sftp, &err);
}

/* SFTP_AGAIN, 0: the server offers it, -1: it does not. */
static int probe(struct sftp_opening *o, LIBSSH2_SESSION *session)
{
	int rc;

	if (o->probe == PROBE_OPEN) {
		o->channel =
		    libssh2_channel_open_ex(session, "session", 7, NET_SSH_WINDOW, NET_SSH_PACKET, NULL, 0);
		if (!o->channel)
			return libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN ? SFTP_AGAIN : -1;
		o->probe = PROBE_ASK;
	}
	if (o->probe == PROBE_ASK) {
		rc = libssh2_channel_process_startup(o->channel, "subsystem", 9, "sftp", 4);
		if (rc == SFTP_AGAIN)
			return SFTP_AGAIN;
		o->probe = PROBE_CLOSE;
		if (rc) {
			net_ssh_orphan(o->ssh, PRISM_STEAL(o->channel));
			return -1;
		}
	}
	if (o->probe == PROBE_CLOSE && libssh2_channel_free(o->channel) == SFTP_AGAIN)
		return SFTP_AGAIN;
	o->channel = NULL;
	o->probe = PROBE_OVER;
	return 0;
}

static int open_step(struct net_ssh_opening *opening, LIBSSH2_SESSION *session)
{
	struct sftp_opening *o = PRISM_CONTAINER(opening, struct sftp_opening, base);
	LIBSSH2_SFTP *lib = NULL;
	int rc = 0;

	if (o->owner || o->begun) {
		o->begun = true;
		rc = o->probe == PROBE_OVER ? 0 : probe(o, session);
		if (rc == SFTP_AGAIN)
			return SFTP_AGAIN;
		if (rc == 0)
			lib = libssh2_sftp_init(session);
		if (rc == 0 && !lib && libssh2_session_last_errno(session) == SFTP_AGAIN)
			return SFTP_AGAIN;
		if (!lib && net_ssh_fatal(o->ssh, libssh2_session_last_errno(session)))
			return SFTP_AGAIN; /* the turn ends it */
	}
	if (lib && !o->owner) {
		net_ssh_orphan(o->ssh, libssh2_sftp_get_channel(lib));
	} else if (lib) {
		o->owner->lib = lib;
		o->owner->state = SFTP_READY;
	} else if (o->owner) {
		open_refused(o->owner, o->ssh);
	}
	opening_free(o);
	return 0;
}

static void open_drop(struct net_ssh_opening *opening)
{
	opening_free(PRISM_CONTAINER(opening, struct sftp_opening, base));
}

static void session_ready(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                          const struct prism_error *err)
{
	struct net_sftp *sftp = PRISM_CONTAINER(wait, struct net_sftp, wait);
	struct sftp_opening *o;

	if (err) {
		sftp->state = SFTP_IDLE;
		fail_all(sftp, err);
		return;
	}
	sftp->ssh = ssh;
	sftp->state = SFTP_OPENING;
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
	op->fresh = request->fresh;
	op->progress = request->progress;
	op->file = -1;
	if (op->kind == NET_SFTP_WRITE)
		net_sftp_write_begin(op, request);
	prism_buf_init(&op->answer.bytes, op->max);
	prism_list_append(&sftp->ops, &op->node);
	watch(sftp);
	if (sftp->state == SFTP_IDLE) {
		sftp->state = SFTP_WAITING;
		net_tunnel_await(sftp->tunnel, &sftp->wait);
	} else if (sftp->state == SFTP_READY) {
		net_ssh_kick(sftp->ssh);
	}
	return op;
}

void net_sftp_abandon(struct net_sftp_op *op)
{
	op->done = NULL;
	net_sftp_stop(op);
}

void net_sftp_stop(struct net_sftp_op *op)
{
	struct net_sftp *sftp = op->sftp;

	op->stopped = true;
	if (sftp->state == SFTP_READY) {
		net_ssh_kick(sftp->ssh);
	} else if (op->done && !op->failed && !op->stage) { /* nothing was begun */
		op->failed = prism_error_raise(&op->err, PRISM_ERROR_CANCELLED, "cancelled") < 0;
		op_over(op);
	}
}

struct net_sftp *net_sftp_create(struct net_tunnel *tunnel, int64_t patience_ms)
{
	struct net_sftp *sftp = prism_alloc(sizeof(*sftp));

	sftp->tunnel = tunnel;
	sftp->loop = net_tunnel_loop(tunnel);
	sftp->patience_ms = patience_ms > 0 ? patience_ms : PATIENCE_MS;
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
	prism_timer_remove(sftp->watch);
	prism_list_remove(&sftp->client.node);
	if (sftp->opening)
		sftp->opening->owner = NULL;
	if (sftp->lib) /* the channel's end takes the rest with it */
		net_ssh_orphan(sftp->ssh, libssh2_sftp_get_channel(sftp->lib));
	prism_loop_undefer(sftp->loop, tell, sftp);
	prism_loop_undefer(sftp->loop, tell_progress, sftp);
	PRISM_LIST_EACH (&sftp->ops, node, next)
		op_free(PRISM_CONTAINER(node, struct net_sftp_op, node));
	PRISM_LIST_EACH (&sftp->over, node, next)
		op_free(PRISM_CONTAINER(node, struct net_sftp_op, node));
	prism_free(sftp);
}
