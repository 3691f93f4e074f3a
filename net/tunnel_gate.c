/*
 * Gates: a private UNIX socket for each target behind a tunnel.  A connection that is accepted is
 * tied to a channel of its own.
 *
 * The directory is made anew (mkdtemp, 0700) and removed at the end; that the peer is this very
 * process is checked on top of it, where the kernel can tell.
 */
#include "base/log.h"
#include "base/mem.h"
#include "net/splice.h"
#include "net/stream_ssh.h"
#include "net/stream_tcp.h"
#include "net/tunnel_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A request may wait for a session to come back for about so long; whoever asked has a deadline of
 * its own. */
#define CHANNEL_MS 60000

struct gate {
	struct prism_list node;
	struct net_tunnel *tunnel;
	char *host, *path;
	uint16_t port;
	int fd;
	struct prism_fd *watch;
	struct prism_list lines;
	struct prism_error error; /* of the last connection; none: it went well */
};

struct line { /* one connection */
	struct prism_list node;
	struct gate *gate;
	struct net_splice *splice;
};

static void line_free(struct line *line)
{
	prism_list_remove(&line->node);
	net_splice_destroy(line->splice);
	prism_free(line);
}

static void line_over(void *data, const struct prism_error *err)
{
	struct line *line = data;

	if (err && err->category != PRISM_ERROR_CANCELLED)
		prism_error_copy(&line->gate->error, err);
	line_free(line);
}

/* Only we ourselves: libcurl runs in this process. */
static bool is_ours(int fd)
{
#ifdef SO_PEERCRED
	struct { /* struct ucred of unix(7), which glibc shows to GNU sources only */
		pid_t pid;
		uid_t uid;
		gid_t gid;
	} peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid() &&
	       peer.pid == getpid();
#else
	uid_t uid;
	gid_t gid;

	return getpeereid(fd, &uid, &gid) == 0 && uid == geteuid();
#endif
}

static void knocked(void *data, int fd, unsigned events)
{
	struct gate *gate = data;
	int accepted = accept(fd, NULL, NULL);
	struct line *line;

	PRISM_UNUSED(events);
	if (accepted < 0)
		return;
	(void)fcntl(accepted, F_SETFD, FD_CLOEXEC); /* the stream makes it non-blocking */
	if (!is_ours(accepted)) {
		prism_log(PRISM_LOG_WARN, "tunnel", "another process knocked at %s and was turned away",
		          gate->path);
		close(accepted);
		return;
	}
	prism_error_clear(&gate->error);
	line = prism_alloc(sizeof(*line));
	line->gate = gate;
	prism_list_append(&gate->lines, &line->node);
	line->splice = net_splice_create(
	    net_stream_fd_create(gate->tunnel->owner->loop, accepted),
	    net_stream_ssh_create(gate->tunnel, gate->host, gate->port, CHANNEL_MS), line_over, line);
}

static int make_dir(struct net_tunnels *owner, struct prism_error *err)
{
	const char *places[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp", owner->socket_dir};

	for (size_t i = 0; i < PRISM_COUNT(places) && !owner->gate_dir; i++) {
		struct sockaddr_un address;
		char *dir;

		/* room for "/prism-tui-XXXXXX/4294967295" */
		if (!places[i] || *places[i] != '/' || strlen(places[i]) + 30 > sizeof(address.sun_path))
			continue;
		dir = prism_asprintf("%s/prism-tui-XXXXXX", places[i]);
		if (mkdtemp(dir))
			owner->gate_dir = dir;
		else
			prism_free(dir);
	}
	return owner->gate_dir
	           ? 0
	           : prism_error_errno(err, errno, "a directory for the tunnel's private socket");
}

static int gate_listen(struct gate *gate, struct prism_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", gate->path);
	gate->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (gate->fd < 0 || bind(gate->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(gate->path, 0600) < 0 || listen(gate->fd, 16) < 0)
		return prism_error_errno(err, errno, "the tunnel's private socket %s", gate->path);
	gate->watch =
	    prism_loop_add_fd(gate->tunnel->owner->loop, gate->fd, PRISM_LOOP_READ, knocked, gate);
	return 0;
}

static void gate_free(struct gate *gate)
{
	PRISM_LIST_EACH (&gate->lines, node, next)
		line_free(PRISM_CONTAINER(node, struct line, node));
	prism_list_remove(&gate->node);
	prism_fd_remove(gate->watch);
	if (gate->fd >= 0)
		close(gate->fd);
	(void)unlink(gate->path);
	prism_free(gate->path);
	prism_free(gate->host);
	prism_free(gate);
}

const char *net_tunnel_gate(struct net_tunnel *tunnel, const char *host, uint16_t port,
                            struct prism_error *err)
{
	struct net_tunnels *owner = tunnel->owner;
	struct gate *gate;

	PRISM_LIST_EACH (&owner->gates, node, next) {
		gate = PRISM_CONTAINER(node, struct gate, node);
		if (gate->tunnel == tunnel && gate->port == port && !strcmp(gate->host, host))
			return gate->path;
	}
	if (!owner->gate_dir && make_dir(owner, err) < 0)
		return NULL;
	gate = prism_alloc(sizeof(*gate));
	gate->tunnel = tunnel;
	gate->host = prism_strdup(host);
	gate->port = port;
	gate->path = prism_asprintf("%s/%u", owner->gate_dir, ++owner->gate_number);
	prism_list_init(&gate->lines);
	prism_list_append(&owner->gates, &gate->node);
	if (gate_listen(gate, err) == 0)
		return gate->path;
	gate_free(gate);
	return NULL;
}

bool net_tunnel_explain(const struct net_tunnel *tunnel, const char *path, struct prism_error *err)
{
	PRISM_LIST_EACH (&tunnel->owner->gates, node, next) {
		const struct gate *gate = PRISM_CONTAINER(node, struct gate, node);

		if (!strcmp(gate->path, path) && gate->error.category != PRISM_ERROR_NONE) {
			prism_error_copy(err, &gate->error);
			return true;
		}
	}
	return false;
}

void net_tunnel_gates_close(struct net_tunnels *owner)
{
	PRISM_LIST_EACH (&owner->gates, node, next)
		gate_free(PRISM_CONTAINER(node, struct gate, node));
	if (owner->gate_dir)
		(void)rmdir(owner->gate_dir);
	prism_free(owner->gate_dir);
	owner->gate_dir = NULL;
}
