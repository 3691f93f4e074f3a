/* See netns.h. */
#include "tests/lib/netns.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEWNET 0x40000000 /* CLONE_NEWNET, which glibc shows to GNU sources only */

extern char **environ;

struct netns {
	int here, there;
	pid_t anchor; /* a process on this side, for ip to name it */
	char device[32];
	bool inside;
};

/* Words in blanks; false when it fails. */
static bool tool(const char *fmt, const char *a, int n)
{
	char line[256], *argv[24], *rest = NULL;
	int count = 0, status = -1;
	pid_t pid;
	posix_spawn_file_actions_t actions;

	snprintf(line, sizeof(line), fmt, a, n);
	for (char *word = strtok_r(line, " ", &rest); word && count < 23;
	     word = strtok_r(NULL, " ", &rest))
		argv[count++] = word;
	argv[count] = NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	bool started = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0;
	posix_spawn_file_actions_destroy(&actions);
	while (started && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return started && status == 0;
}

static bool step(int fd)
{
	return syscall(SYS_setns, fd, NEWNET) == 0;
}

static pid_t anchor_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static const char *wire(struct netns *n)
{
	if (!tool("ip link set lo up%s", "", 0))
		return "no ip(8) here (iproute2)";
	if (!tool("ip link add far type veth peer name %s netns %d", n->device, (int)n->anchor) ||
	    !tool("ip addr add 10.77.77.2/30 dev far%s", "", 0) || !tool("ip link set far up%s", "", 0))
		return "virtual interfaces are not permitted";
	if (!step(n->here) || !tool("ip addr add " NETNS_HERE "/30 dev %s", n->device, 0) ||
	    !tool("ip link set %s up", n->device, 0))
		return "this side's interface cannot be set up";
	return NULL;
}

struct netns *netns_create(const char **why)
{
	struct netns *n = prism_alloc(sizeof(*n));

	*why = NULL;
	n->there = -1;
	n->here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	n->anchor = anchor_start();
	snprintf(n->device, sizeof(n->device), "near%d", (int)getpid() % 100000);
	if (n->here < 0 || syscall(SYS_unshare, NEWNET) != 0) {
		*why = "network namespaces are not permitted (not root?)";
	} else {
		n->inside = true;
		n->there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		*why = wire(n);
		netns_leave(n);
	}
	if (!*why)
		return n;
	netns_destroy(n);
	return NULL;
}

void netns_enter(struct netns *n)
{
	n->inside = step(n->there);
}

void netns_leave(struct netns *n)
{
	if (n->inside)
		(void)step(n->here);
	n->inside = false;
}

static bool shape(const char *device, const char *how)
{
	PRISM_AUTO_FREE char *line =
	    prism_asprintf("tc qdisc replace dev %s root netem limit 100000 %s", device, how);

	return tool("%s", line, 0);
}

const char *netns_shape(struct netns *n, const char *how)
{
	bool good = shape(n->device, how);

	netns_enter(n);
	good = good && shape("far", how);
	netns_leave(n);
	return good ? NULL : "no netem here (iproute2's tc, and a kernel with sch_netem)";
}

void netns_destroy(struct netns *n)
{
	if (!n)
		return;
	netns_leave(n);
	(void)tool("ip link del %s", n->device, 0);
	if (n->there >= 0)
		close(n->there);
	if (n->here >= 0)
		close(n->here);
	if (n->anchor > 0) {
		kill(n->anchor, SIGKILL);
		(void)waitpid(n->anchor, NULL, 0);
	}
	prism_free(n);
}
