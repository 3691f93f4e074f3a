/*
 * Through one SSH hop: what a key and a refresh cost with 100 ms added each way, and an upload
 * against what scp moves through the same hop in the same run.
 *
 * Method: Debian's sshd, the sandbox behind it; the client runs in a network namespace whose way to
 * the sshd netem delays by 100 ms, or, where the kernel has no netem or permits no namespaces,
 * comes through a relay that holds every byte as long (tests/lib/wire.h).  scp jumps over the same
 * sshd to a second one and writes to /dev/null; the upload goes to a gRPC sink that counts and
 * forgets.  The better of ROUNDS, taken in turns.
 *
 * BENCH_BASTION_MIB (1024) sets the size without delay; with it 64 MiB are sent, because the
 * windows of SSH allow about 10 MiB/s then.  BENCH_QUICK=1 makes both an eighth.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/agent.h"
#include "net/tunnel.h"
#include "sandbox/grpc_server.h"
#include "tests/lib/bench.h"
#include "tests/lib/client.h"
#include "tests/lib/measure.h"
#include "tests/lib/netns.h"
#include "tests/lib/sshd.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/wire.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 2
#define DELAY_MS 100 /* each way */

static struct sshd *bastion, *target;
static char *dir;
static const char *host = "127.0.0.1"; /* the bastion's address, from where the client is */
static struct netns *netns;            /* NULL: a relay */

/* ---- the upload ---- */

static void forget(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	*(uint64_t *)service += len;
}

static void accept_end(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_reply(call, "", 0);
}

static pid_t sink_start(char address[64])
{
	static const struct sb_grpc_method method = {
	    .path = "/agent.AgentService/Algo", .message = forget, .half_close = accept_end};
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		struct prism_loop *loop = prism_loop_create(prism_clock_system());
		uint64_t total = 0;
		struct sb_grpc_config config = {
		    .listen = "127.0.0.1:0", .methods = &method, .method_count = 1, .service = &total};
		struct prism_error err = PRISM_ERROR_INIT;
		struct sb_grpc_server *server = sb_grpc_server_create(loop, &config, &err);

		if (!server || dprintf(ends[1], "%s\n", sb_grpc_server_address(server)) < 0)
			_exit(1);
		prism_loop_run(loop);
		_exit(0);
	}
	if (read(ends[0], address, 63) <= 0)
		exit(1);
	address[strcspn(address, "\n")] = '\0';
	close(ends[0]);
	close(ends[1]);
	return pid;
}

struct upload {
	struct prism_loop *loop;
	struct net_tunnel_wait wait;
	struct core_agent *agent;
	struct core_agent_algo_spec spec;
	struct core_agent_handlers handlers;
	int64_t begun;
	bool failed;
};

static void upload_done(void *data, const struct prism_error *err)
{
	struct upload *u = data;
	char text[600];

	u->failed = err != NULL;
	if (err)
		(void)fprintf(stderr, "%s\n", prism_error_format(err, text, sizeof(text)));
	prism_loop_quit(u->loop);
}

/* The clock starts with the tunnel up, as scp's does with its connection made: see run_scp(). */
static void upload_begin(struct net_tunnel_wait *wait, struct net_ssh *ssh,
                         const struct prism_error *err)
{
	struct upload *u = PRISM_CONTAINER(wait, struct upload, wait);
	struct prism_error failure = PRISM_ERROR_INIT;

	(void)ssh;
	u->begun = bench_now_ns();
	if (err)
		upload_done(u, err);
	else if (!core_agent_algo(u->agent, &u->spec, &u->handlers, NULL, &failure))
		upload_done(u, &failure);
}

/* The bastion's network, for what is started behind it, and back. */
static void near(bool here)
{
	if (netns && here)
		netns_leave(netns);
	else if (netns)
		netns_enter(netns);
}

/* Seconds; 0: it failed. In a process of its own. */
static double run_upload(const char *path, uint16_t port)
{
	char address[64] = "";
	double seconds = 0;
	int ends[2], status;
	pid_t sink, sender;

	near(true);
	sink = sink_start(address);
	near(false);

	if (pipe(ends) < 0)
		exit(1);
	sender = fork();
	if (sender == 0) {
		struct prism_loop *loop = prism_loop_create(prism_clock_system());
		struct prism_work *work = prism_work_create(loop, 2);
		struct net_tunnels_config config = {.ssh_config = "",
		                                    .known_hosts = bastion->known_hosts,
		                                    .identity = bastion->key,
		                                    .strict = NET_SSH_STRICT_ACCEPT_NEW};
		struct net_tunnels *tunnels = net_tunnels_create(loop, work, &config);
		PRISM_AUTO_FREE char *via = prism_asprintf("%s@%s:%u", bastion->user, host, (unsigned)port);
		struct prism_error err = PRISM_ERROR_INIT;
		struct net_tunnel *tunnel = net_tunnels_get(tunnels, via, &err);
		struct core_agent_connection connection = {.url = address, .tunnel = tunnel};
		struct upload u = {.loop = loop, .wait = {.ready = upload_begin}};

		u.agent = core_agent_create(loop, work, &connection, NULL, NULL, &err);
		u.handlers = (struct core_agent_handlers){.done = upload_done, .data = &u};
		u.spec.algorithm = core_payload_open(path, CORE_PAYLOAD_NO_HASH, NULL, NULL, &err);
		u.spec.signature = prism_secret_from_text("c2ln");
		net_tunnel_await(tunnel, &u.wait);
		prism_loop_run(loop);
		seconds = (double)(bench_now_ns() - u.begun) / 1e9;
		if (u.failed || write(ends[1], &seconds, sizeof(seconds)) < 0)
			_exit(1);
		_exit(0);
	}
	waitpid(sender, &status, 0);
	close(ends[1]);
	if (read(ends[0], &seconds, sizeof(seconds)) != sizeof(seconds))
		seconds = 0;
	close(ends[0]);
	kill(sink, SIGTERM);
	waitpid(sink, &status, 0);
	return seconds;
}

/* ---- scp ---- */

static char *scp_config(uint16_t port)
{
	char *path = prism_asprintf("%s/scp-%u", dir, (unsigned)port);
	FILE *f = fopen(path, "w");

	if (!f)
		exit(1);
	fprintf(f,
	        "Host bastion\n  HostName %s\nHost *\n  User %s\n  HostName 127.0.0.1\n"
	        "  UserKnownHostsFile %s\n"
	        "  StrictHostKeyChecking no\n  LogLevel ERROR\nHost bastion\n  Port %u\n  IdentityFile "
	        "%s\nHost target\n  Port %u\n  IdentityFile %s\n  ProxyJump bastion\n",
	        host, bastion->user, bastion->known_hosts, (unsigned)port, bastion->key,
	        (unsigned)target->port, target->key);
	fclose(f);
	return path;
}

static double scp(const char *config, const char *path)
{
	int64_t begun = bench_now_ns();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2); /* it complains that /dev/null takes no mode */
		execlp("scp", "scp", "-q", "-F", config, path, "target:/dev/null", (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status == 0 ? (double)(bench_now_ns() - begun) / 1e9 : 0;
}

/* Seconds without those it takes to connect, which an empty file tells. */
static double run_scp(const char *path, uint16_t port)
{
	PRISM_AUTO_FREE char *config = scp_config(port);
	PRISM_AUTO_FREE char *empty = prism_asprintf("%s/empty", dir);
	int fd = open(empty, O_CREAT | O_WRONLY, 0600);
	double nothing, whole;

	close(fd);
	nothing = scp(config, empty);
	whole = scp(config, path);
	return nothing > 0 && whole > nothing ? whole - nothing : 0;
}

static void compete(const char *title, long mib, uint16_t port)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/file-%ld", dir, mib);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	double rival = INFINITY, ours = INFINITY;
	char words[160];

	if (fd < 0 || ftruncate(fd, (off_t)mib << 20) < 0)
		exit(1);
	close(fd);
	bench_section(title);
	(void)fflush(stdout);
	for (int round = 0; round < ROUNDS; round++) {
		double theirs = run_scp(path, port), now = run_upload(path, port);

		if (now <= 0 || theirs <= 0) {
			bench_skip(title, now <= 0 ? "the upload failed" : "scp failed");
			return;
		}
		rival = theirs < rival ? theirs : rival;
		ours = now < ours ? now : ours;
	}
	snprintf(words, sizeof(words), "scp through the same hop %.1f MiB/s, %.0f %% of it",
	         (double)mib / rival, 100 * rival / ours);
	bench_at_least("upload", (double)mib / ours, "MiB/s", 0.6 * (double)mib / rival, words);
}

/* ---- the screen ---- */

static void screen(uint16_t port)
{
	struct sandbox *sandbox = sandbox_start(NULL);
	PRISM_AUTO_FREE char *via =
	    prism_asprintf("PRISM_TUI_VIA=%s@%s:%u", bastion->user, host, (unsigned)port);
	PRISM_AUTO_FREE char *known =
	    prism_asprintf("PRISM_TUI_SSH_KNOWN_HOSTS=%s", bastion->known_hosts);
	PRISM_AUTO_FREE char *key = prism_asprintf("PRISM_TUI_SSH_KEY=%s", bastion->key);
	const char *env[] = {via,
	                     known,
	                     key,
	                     "PRISM_TUI_SSH_CONFIG=none",
	                     "PRISM_TUI_SSH_STRICT=accept-new",
	                     "PRISM_TUI_FOLLOW=no",
	                     "PRISM_TUI_USER=ada",
	                     "PRISM_TUI_WORKSPACE=open-science-lab",
	                     NULL};
	struct client_spec spec = {.sandbox = sandbox, .env = env, .rows = 40, .cols = 120};
	if (netns)
		netns_enter(netns);
	struct pty *p = client_start(&spec);
	struct measure_keys keys, refresh;
	char words[100];

	bench_section("one hop, 100 ms added each way");
	(void)fflush(stdout);
	if (!pty_wait_text_(p, "Sign in", 20000)) {
		bench_skip("screen", "no sign-in");
	} else {
		pty_keys(p, sandbox->users[0].password);
		pty_keys(p, "<Enter>");
		if (!pty_wait_text_(p, "Empty draft", 20000)) {
			bench_skip("screen", "no list");
		} else {
			(void)pty_wait_quiet(p, 1500, 20000);
			measure_keys(p, "j", 10, 100, &keys);
			measure_keys(p, "r", 10, 700, &refresh);
			snprintf(words, sizeof(words), "a round trip is %d ms", 2 * DELAY_MS);
			bench_at_most("a key to the end of its frame", keys.p50_ms, "ms", 20, words);
			bench_at_most("refresh of the list, warm, in round trips",
			              refresh.p50_ms / (2 * DELAY_MS), "", 1.5, words);
		}
	}
	pty_signal(p, SIGTERM);
	pty_destroy(p);
	sandbox_stop(sandbox);
}

/* Everything that is far away, while netem works, then near. */
static void measure(void)
{
	const char *size = getenv("BENCH_BASTION_MIB");
	long mib = size ? strtol(size, NULL, 10) : getenv("BENCH_QUICK") ? 128 : 1024;
	long far_mib = getenv("BENCH_QUICK") ? 8 : 64;
	struct wire *wire = netns ? NULL : wire_start(bastion->port);
	uint16_t port = wire ? (uint16_t)wire_port(wire) : bastion->port;
	char title[80];

	if (wire)
		wire_delay(wire, DELAY_MS, 0);
	screen(port);
	snprintf(title, sizeof(title), "upload of %ld MiB, 100 ms added each way", far_mib);
	compete(title, far_mib, port);
	wire_stop(wire);
	if (netns) {
		netns_leave(netns);
		(void)netns_shape(netns, "delay 0ms");
		netns_enter(netns);
	}
	snprintf(title, sizeof(title), "upload of %ld MiB through one hop", mib);
	compete(title, mib, bastion->port);
}

/* NULL where the kernel or its permissions do not have what it takes: said. */
static struct netns *far_network(void)
{
	const char *why;
	struct netns *made = netns_create(&why);

	if (made && (why = netns_shape(made, "delay 100ms"))) {
		netns_destroy(made);
		made = NULL;
	}
	if (!made)
		printf("through a relay: %s\n", why);
	return made;
}

int main(void)
{
	const char *why = sshd_missing();

	signal(SIGPIPE, SIG_IGN);
	bench_begin("bastion");
	if (why) {
		bench_skip("through an SSH hop", why);
		return bench_end() < 0;
	}
	dir = tmpdir_create();
	netns = far_network();
	host = netns ? NETNS_HERE : host;
	bastion = sshd_start_on(dir, netns ? NETNS_HERE : NULL, NULL);
	target = sshd_start(dir, NULL);
	measure();
	netns_destroy(netns);
	sshd_stop(target);
	sshd_stop(bastion);
	tmpdir_remove(dir);
	return bench_end() < 0;
}
