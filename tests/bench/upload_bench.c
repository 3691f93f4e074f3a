/*
 * A large upload to an agent against what nc moves to a loopback sink, in one run: rate, and the
 * peak resident memory of the uploading process.
 *
 * Method: one sparse file; the sink of nc reads and forgets in a process of its own; the sink of
 * the upload is a gRPC server in a process of its own that counts and forgets.  Each is measured
 * from the first byte read to the moment the sink has all; the better of ROUNDS, taken in turns.
 *
 * BENCH_UPLOAD_MIB (4096) sets the size; BENCH_QUICK=1 makes it 512.
 */
#include "base/mem.h"
#include "core/agent.h"
#include "sandbox/grpc_server.h"
#include "tests/lib/bench.h"
#include "tests/lib/tmpdir.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* ---- an upload to a gRPC sink ---- */

static void forget(void *service, struct sb_grpc_call *call, const void *msg, size_t len)
{
	*(uint64_t *)service += len;
}

static void accept_end(void *service, struct sb_grpc_call *call)
{
	sb_grpc_call_reply(call, "", 0);
}

static pid_t grpc_sink(int report)
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
		struct sb_grpc_server *server = sb_grpc_server_create(loop, &config, &err);

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
static void upload(const char *path, const char *address, int report)
{
	struct prism_loop *loop = prism_loop_create(prism_clock_system());
	struct prism_work *work = prism_work_create(loop, 2);
	struct core_agent_connection connection = {.url = address};
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

static bool run_upload(const char *path, struct outcome *ret)
{
	char address[64] = "";
	int ends[2], status;
	pid_t sink, sender;
	bool good;

	if (pipe(ends) < 0)
		die("pipe");
	sink = grpc_sink(ends[1]);
	if (read(ends[0], address, sizeof(address) - 1) <= 0)
		die("sink");
	address[strcspn(address, "\n")] = 0;
	sender = fork();
	if (sender == 0)
		upload(path, address, ends[1]);
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

int main(void)
{
	long mib = size_mib();
	char *dir = tmpdir_create(), *path = prism_asprintf("%s/upload", dir), words[120], title[80];
	double nc = INFINITY;
	struct outcome best = {INFINITY, 0}, now;
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || ftruncate(fd, (off_t)mib << 20) < 0)
		die(path);
	close(fd);
	bench_begin("upload");
	(void)snprintf(title, sizeof(title), "upload of %ld MiB to an agent", mib);
	bench_section(title);
	(void)fflush(stdout);
	for (int round = 0; round < ROUNDS; round++) {
		double seconds = run_nc(path);

		nc = seconds < nc ? seconds : nc;
		if (!run_upload(path, &now)) {
			bench_skip("upload", "it failed");
			break;
		}
		if (now.seconds < best.seconds)
			best.seconds = now.seconds;
		if (now.peak_mib > best.peak_mib)
			best.peak_mib = now.peak_mib;
	}
	(void)snprintf(words, sizeof(words), "nc %.0f MiB/s, %.0f %% of it", (double)mib / nc,
	               100 * nc / best.seconds);
	bench_at_least("rate", (double)mib / best.seconds, "MiB/s", 0.6 * (double)mib / nc, words);
	bench_at_most("peak resident memory", best.peak_mib, "MiB", 40, NULL);
	tmpdir_remove(dir);
	prism_free(path);
	return bench_end() < 0;
}
