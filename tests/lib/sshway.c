/* A way to a real sshd for one test; see sshway.h. */
#include "tests/lib/sshway.h"

#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

void sshway_init(struct sshway *way)
{
	*way = (struct sshway){.dir = tmpdir_create()};
	way->loop = prism_loop_create(prism_clock_system());
	way->work = prism_work_create(way->loop, 1);
	unsetenv("SSH_AUTH_SOCK");
}

void sshway_finish(struct sshway *way)
{
	net_tunnels_destroy(way->tunnels);
	sshd_stop(way->sshd);
	prism_work_destroy(way->work);
	prism_loop_destroy(way->loop);
	tmpdir_remove(way->dir);
}

struct net_tunnel *sshway_begin(struct sshway *way, const char *extra)
{
	const char *why = sshd_missing();
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tunnel *tunnel;

	if (why) {
		print_message("%s\n", why);
		skip();
	}
	way->sshd = sshd_start(way->dir, extra);
	const struct net_tunnels_config config = {.ssh_config = "",
	                                          .known_hosts = way->sshd->known_hosts,
	                                          .identity = way->sshd->key,
	                                          .strict = NET_SSH_STRICT_YES};
	PRISM_AUTO_FREE char *via =
	    prism_asprintf("%s@127.0.0.1:%u", way->sshd->user, (unsigned)way->sshd->port);
	way->tunnels = net_tunnels_create(way->loop, way->work, &config);
	tunnel = net_tunnels_get(way->tunnels, via, &err);
	if (!tunnel)
		fail_msg("%s", err.message);
	return tunnel;
}
