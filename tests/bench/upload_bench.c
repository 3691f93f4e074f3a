/*
 * A large upload to an agent against what nc moves to a loopback sink, in one run: rate, and the
 * peak resident memory of the uploading process.
 *
 * Method: one sparse file; the sink of nc reads and forgets in a process of its own; the sink of
 * the upload is a gRPC server in a process of its own that counts and forgets.  Each is measured
 * from the first byte read to the moment the sink has all; the better of ROUNDS, taken in turns.
 *
 * Then the same over TLS 1.3 against what openssl's s_client and s_server move, half the size.
 *
 * BENCH_UPLOAD_MIB (4096) sets the size; BENCH_QUICK=1 makes it 512.
 */
#include "base/file.h"
#include "base/mem.h"
#include "core/agent.h"
#include "net/stream_tls.h"
#include "sandbox/grpc_server.h"
#include "tests/lib/bench.h"
#include "tests/lib/peer.h"
#include "tests/lib/tmpdir.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>

#define ROUNDS 2
#define SINK_PIECE 262144

struct outcome {
	double seconds, peak_mib;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- nc to a raw sink ---- */

static int listen_loopback(uint16_t *ret_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		die("listen");
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static pid_t raw_sink(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		char *piece = prism_alloc(SINK_PIECE);
		int conn = accept(fd, NULL, NULL);

		while (read(conn, piece, SINK_PIECE) > 0)
			;
		_exit(0);
	}
	close(fd);
	return pid;
}

/* Without nc on the machine: its loop, 16 KiB at a time. */
static void plain_copy(const char *path, uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int in = open(path, O_RDONLY), out = socket(AF_INET, SOCK_STREAM, 0);
	char piece[16384];
	ssize_t n;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (in < 0 || connect(out, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		_exit(1);
	while ((n = read(in, piece, sizeof(piece))) > 0)
		if (send(out, piece, (size_t)n, 0) != n)
			_exit(1);
	_exit(0);
}

static double run_nc(const char *path)
{
	uint16_t port;
	int fd = listen_loopback(&port);
	pid_t sink = raw_sink(fd), sender;
	int64_t start = bench_now_ns();
	int status;

	sender = fork();
	if (sender == 0) {
		char text[8];
		int in = open(path, O_RDONLY);

		(void)snprintf(text, sizeof(text), "%u", port);
		dup2(in, 0);
		execlp("nc", "nc", "-N", "127.0.0.1", text, (char *)NULL);
		plain_copy(path, port);
	}
	waitpid(sender, &status, 0);
	waitpid(sink, &status, 0);
	return (double)(bench_now_ns() - start) / 1e9;
}

/* ---- openssl to openssl ---- */

static bool dial(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool up;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	up = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return up;
}

static pid_t spawn(const char *const *argv, int in, const char *out)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(in, 0);
		dup2(open(out, O_WRONLY), 1);
		dup2(open("/dev/null", O_WRONLY), 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

/* Seconds, or 0 when there is no openssl program. The server forgets what it reads. */
static double run_openssl(const char *path, const char *pem)
{
	uint16_t port;
	int fd = listen_loopback(&port), status, tries = 0, quiet[2], file;
	char at[16], peer[32];
	const char *server[] = {"openssl", "s_server", "-accept",  at,  "-cert",   pem, "-key",
	                        pem,       "-quiet",   "-naccept", "2", "-tls1_3", NULL};
	const char *client[] = {"openssl", "s_client",    "-connect", peer,
	                        "-quiet",  "-no_ign_eof", "-tls1_3",  NULL};
	int64_t start;
	pid_t sink, sender;

	close(fd);
	(void)snprintf(at, sizeof(at), "%u", port);
	(void)snprintf(peer, sizeof(peer), "127.0.0.1:%u", port);
	if (pipe(quiet) < 0) /* its standard input: an end of file would end the server */
		die("pipe");
	sink = spawn(server, quiet[0], "/dev/null");
	while (!dial(port) && waitpid(sink, &status, WNOHANG) == 0 && ++tries < 500)
		(void)poll(NULL, 0, 10); /* polled for: nothing tells when openssl listens */
	start = bench_now_ns();
	file = open(path, O_RDONLY);
	sender = spawn(client, file, "/dev/null");
	waitpid(sender, &status, 0);
	close(file);
	waitpid(sink, NULL, 0); /* both connections are over, so it ends by itself */
	close(quiet[0]);
	close(quiet[1]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? 0
	                                                       : (double)(bench_now_ns() - start) / 1e9;
}

/* ---- an upload to a gRPC sink ---- */

static void forget(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	*(uint64_t *)service += len;
}

static void accept_end(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_reply(call, "", 0);
}

static struct net_stream *wrap_tls(void *data, struct net_stream *accepted)
{
	const struct net_stream_tls_spec spec = {.tls = data};

	return net_stream_tls_create(accepted, &spec);
}

/* The server's side, from one file with certificate and key; NULL without one. */
static struct net_tls *server_tls(const char *pem)
{
	struct prism_error err = PRISM_ERROR_INIT;
	struct net_tls_config config = {.role = NET_TLS_SERVER, .min_version = NET_TLS_1_3};
	struct prism_buf text = {0};

	if (!pem || prism_file_read(pem, 65536, &text, &err) < 0)
		return NULL;
	config.cert_pem = config.key_pem = text.data;
	config.cert_len = config.key_len = text.len;
	return net_tls_create(&config, &err);
}

static pid_t grpc_sink(int report, const char *pem)
{
	static const struct sb_grpc_method method = {
	    .path = "/agent.AgentService/Algo", .message = forget, .half_close = accept_end};
	pid_t pid = fork();

	if (pid == 0) {
		struct prism_loop *loop = prism_loop_create(prism_clock_system());
		uint64_t total = 0;
		struct sb_grpc_config config = {
		    .listen = "127.0.0.1:0", .methods = &method, .method_count = 1, .service = &total};
		struct prism_error err = PRISM_ERROR_INIT;
		struct sb_grpc_server *server;

		config.wrap_data = server_tls(pem);
		config.wrap = config.wrap_data ? wrap_tls : NULL;
		server = sb_grpc_server_create(loop, &config, &err);

		if (!server || dprintf(report, "%s\n", sb_grpc_server_address(server)) < 0)
			_exit(1);
		prism_loop_run(loop);
		_exit(0);
	}
	return pid;
}

static double peak_mib(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[200];
	long kib = 0;

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmHWM:", 6))
			kib = strtol(line + 6, NULL, 10);
	if (status)
		fclose(status);
	return (double)kib / 1024;
}

struct upload {
	struct prism_loop *loop;
	bool failed;
};

static void upload_done(void *data, const struct prism_error *err)
{
	struct upload *upload = data;
	char text[600];

	upload->failed = err != NULL;
	if (err)
		(void)fprintf(stderr, "%s\n", prism_error_format(err, text, sizeof(text)));
	prism_loop_quit(upload->loop);
}

/* In a process of its own, so that the peak is its alone. */
static void upload(const char *path, const char *address, const char *pem, int report)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, 2);
	struct core_agent_connection connection = {
	    .url = address, .mode = pem ? CORE_TLS_TLS : CORE_TLS_NONE, .server_ca_file = pem};
	struct prism_error err = PRISM_ERROR_INIT;
	struct core_agent *agent = core_agent_create(loop, work, &connection, NULL, NULL, &err);
	struct core_payload *payload = core_payload_open(path, CORE_PAYLOAD_NO_HASH, NULL, NULL, &err);
	struct upload state = {.loop = loop};
	struct core_agent_algo_spec spec = {.algorithm = payload};
	struct core_agent_handlers handlers = {.done = upload_done, .data = &state};
	struct outcome outcome;
	int64_t start = bench_now_ns();

	spec.signature = prism_secret_from_text("c2ln");
	if (!agent || !payload || !core_agent_algo(agent, &spec, &handlers, NULL, &err))
		_exit(1);
	prism_loop_run(loop);
	outcome = (struct outcome){(double)(bench_now_ns() - start) / 1e9, peak_mib()};
	if (state.failed || write(report, &outcome, sizeof(outcome)) != sizeof(outcome))
		_exit(1);
	_exit(0);
}

static bool run_upload(const char *path, const char *pem, struct outcome *ret)
{
	char address[64] = "";
	int ends[2], status;
	pid_t sink, sender;
	bool good;

	if (pipe(ends) < 0)
		die("pipe");
	sink = grpc_sink(ends[1], pem);
	if (read(ends[0], address, sizeof(address) - 1) <= 0)
		die("sink");
	address[strcspn(address, "\n")] = 0;
	sender = fork();
	if (sender == 0)
		upload(path, address, pem, ends[1]);
	waitpid(sender, &status, 0);
	good = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	       read(ends[0], ret, sizeof(*ret)) == sizeof(*ret);
	kill(sink, SIGTERM);
	waitpid(sink, &status, 0);
	close(ends[0]);
	close(ends[1]);
	return good;
}

static long size_mib(void)
{
	const char *text = getenv("BENCH_UPLOAD_MIB");

	if (text && strtol(text, NULL, 10) > 0)
		return strtol(text, NULL, 10);
	return getenv("BENCH_QUICK") ? 512 : 4096;
}

struct contest {
	const char *path, *pem; /* pem NULL: clear text */
	long mib;
	double rival; /* seconds */
	struct outcome ours;
};

/* The better of some rounds, in turns. */
static bool compete(struct contest *c)
{
	c->rival = INFINITY;
	c->ours = (struct outcome){INFINITY, 0};
	for (int round = 0; round < ROUNDS; round++) {
		double seconds = c->pem ? run_openssl(c->path, c->pem) : run_nc(c->path);
		struct outcome now;

		if (seconds > 0 && seconds < c->rival)
			c->rival = seconds;
		if (!run_upload(c->path, c->pem, &now))
			return false;
		if (now.seconds < c->ours.seconds)
			c->ours.seconds = now.seconds;
		if (now.peak_mib > c->ours.peak_mib)
			c->ours.peak_mib = now.peak_mib;
	}
	return true;
}

static void report(struct contest *c, const char *title, const char *rival, double share)
{
	double rate, rival_rate;
	char words[160];

	bench_section(title);
	(void)fflush(stdout);
	if (!compete(c)) {
		bench_skip(title, "it failed");
		return;
	}
	rate = (double)c->mib / c->ours.seconds;
	rival_rate = (double)c->mib / c->rival;
	(void)snprintf(words, sizeof(words), "%s %.0f MiB/s, %.0f %% of it", rival, rival_rate,
	               100 * rate / rival_rate);
	bench_at_least("rate", rate, "MiB/s", share * rival_rate, isinf(c->rival) ? NULL : words);
	bench_at_most("peak resident memory", c->ours.peak_mib, "MiB", 40, NULL);
}

/* One file: a certificate for 127.0.0.1 that is its own authority, and its key. */
static char *make_pem(const char *dir)
{
	struct peer_certificate cert = {"127.0.0.1", -60, 86400};
	char *path = prism_asprintf("%s/server.pem", dir);
	SSL_CTX *ctx = peer_tls_create(&cert, path);
	FILE *file = fopen(path, "a");

	if (!file ||
	    !PEM_write_PrivateKey(file, SSL_CTX_get0_privatekey(ctx), NULL, NULL, 0, NULL, NULL))
		die(path);
	fclose(file);
	SSL_CTX_free(ctx);
	return path;
}

static char *make_file(const char *dir, const char *name, long mib)
{
	char *path = prism_asprintf("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)mib << 20) < 0)
		die(path);
	close(fd);
	return path;
}

int main(void)
{
	long mib = size_mib();
	char *dir = tmpdir_create(), *pem = make_pem(dir), title[80];
	char *whole = make_file(dir, "whole", mib), *half = make_file(dir, "half", mib / 2);
	struct contest plain = {.path = whole, .mib = mib};
	struct contest tls = {.path = half, .pem = pem, .mib = mib / 2};

	signal(SIGPIPE, SIG_IGN);
	bench_begin("upload");
	(void)snprintf(title, sizeof(title), "upload of %ld MiB to an agent", mib);
	report(&plain, title, "nc", 0.6);
	(void)snprintf(title, sizeof(title), "upload of %ld MiB over TLS 1.3", mib / 2);
	report(&tls, title, "openssl", 0.7);
	tmpdir_remove(dir);
	prism_free(pem);
	prism_free(whole);
	prism_free(half);
	return bench_end() < 0;
}
