/*
 * A way to a real sshd (tests/lib/sshd.h) for one test: a directory, a loop with its workers, the
 * server, and the tunnels of net/tunnel.h that know its key.
 */
#ifndef PRISM_TESTS_SSHWAY_H
#define PRISM_TESTS_SSHWAY_H

#include "net/tunnel.h"
#include "tests/lib/sshd.h"

struct sshway {
	char *dir; /* gone with finish, and whatever is in it */
	struct prism_loop *loop;
	struct prism_work *work;
	struct sshd *sshd;           /* NULL until begin */
	struct net_tunnels *tunnels; /* NULL until begin */
};

void sshway_init(struct sshway *way); /* no agent of the person who runs the tests */
/* After everything that uses the tunnels. */
void sshway_finish(struct sshway *way);
/* Starts the server, extra as in sshd_start(), and the way to it; lent. Where there is no sshd the
 * test is skipped. */
struct net_tunnel *sshway_begin(struct sshway *way, const char *extra);

#endif
