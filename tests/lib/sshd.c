/*
 * sshd and its tools as children of the test; see sshd.h.
 */
#include "tests/lib/sshd.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/tmpdir.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SSHD "/usr/sbin/sshd" /* must be called by its whole path */
#define WAIT_MS 15000

extern char **environ;

const char *sshd_missing(void)
{
	if (access(SSHD, X_OK) != 0)
		return "no sshd here (openssh-server)";
	/* As root it insists on its empty directory. */
	if (geteuid() == 0 && access("/run/sshd", F_OK) != 0 && mkdir("/run/sshd", 0755) != 0)
		return "sshd has no /run/sshd";
	return NULL;
}

static void nap(void)
{
	(void)poll(NULL, 0, 5);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void sshd_tool(const char *const *argv)
{
	pid_t pid;
	int status = -1;
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(
	    posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		fail_msg("%s failed", argv[0]);
}

static void write_text(const char *path, const char *text, mode_t mode)
{
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_write(path, text, strlen(text), mode, &err) < 0)
		fail_msg("%s: %s", path, err.message);
}

static void append_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static char *read_text(const char *path)
{
	struct prism_buf text = PRISM_BUF_INIT(1 << 20);
	struct prism_error err = PRISM_ERROR_INIT;

	if (prism_file_read(path, 1 << 20, &text, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	return prism_buf_take(&text, NULL);
}

static uint16_t free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static bool answers(uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return good;
}

static char *file_of(const struct sshd *sshd, const char *name)
{
	return prism_asprintf("%s/%s%s", sshd->dir, sshd->prefix, name);
}

static void know_host_key(struct sshd *sshd)
{
	PRISM_AUTO_FREE char *path = file_of(sshd, "-host.pub");
	PRISM_AUTO_FREE char *key = read_text(path);
	PRISM_AUTO_FREE char *line = NULL;

	key[strcspn(key, "\n")] = '\0';
	line = prism_asprintf("[*]:%u %s\n", (unsigned)sshd->port, key);
	append_text(sshd->known_hosts, line);
}

static void make_host_key(struct sshd *sshd)
{
	PRISM_AUTO_FREE char *path = file_of(sshd, "-host");
	PRISM_AUTO_FREE char *public = file_of(sshd, "-host.pub");

	(void)unlink(path);
	(void)unlink(public);
	sshd_tool((const char *[]){"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL});
}

/* A process group of its own, so that its sessions can be found and ended with it; sessions put
 * themselves into others, but stay its children. */
static void launch(struct sshd *sshd)
{
	PRISM_AUTO_FREE char *config = file_of(sshd, ".conf");
	PRISM_AUTO_FREE char *log = file_of(sshd, ".log");
	PRISM_AUTO_FREE char *host = file_of(sshd, "-host");
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "%sListenAddress 127.0.0.1:%u\nHostKey %s\nPidFile none\nAuthorizedKeysFile %s\n"
	    "StrictModes no\nUsePAM no\nLogLevel DEBUG1\nPermitRootLogin yes\nUseDNS no\n"
	    "MaxStartups 100\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
	    "Subsystem sftp internal-sftp\n",
	    sshd->extra, (unsigned)sshd->port, host, sshd->authorized);
	int64_t until = now_ms() + WAIT_MS;

	write_text(config, text, 0600);
	sshd->pid = fork();
	assert_true(sshd->pid >= 0);
	if (sshd->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (sshd->pam) {
			setenv("LD_PRELOAD", "libpam_wrapper.so", 1);
			setenv("PAM_WRAPPER", "1", 1);
			setenv("PAM_WRAPPER_DEBUGLEVEL", "0", 1);
			setenv("PAM_WRAPPER_SERVICE_DIR", sshd->pam, 1);
		}
		execl(SSHD, SSHD, "-D", "-f", config, "-E", log, (char *)NULL);
		_exit(127);
	}
	while (!answers(sshd->port)) {
		if (waitpid(sshd->pid, NULL, WNOHANG) == sshd->pid || now_ms() > until) {
			PRISM_AUTO_FREE char *said = read_text(log);
			fail_msg("sshd did not come up: %s", said);
		}
		nap();
	}
}

static struct sshd *start(const char *dir, const char *address, const char *extra, const char *pam);

struct sshd *sshd_start(const char *dir, const char *extra)
{
	return sshd_start_on(dir, NULL, extra);
}

struct sshd *sshd_start_on(const char *dir, const char *address, const char *extra)
{
	return start(dir, address, extra, NULL);
}

/* ---- PAM ---- */

/* Where the modules of libpam-wrapper are; NULL: nowhere. Yours. */
static char *matrix(void)
{
	glob_t found;
	char *path = NULL;

	if (glob("/usr/lib*/*/pam_wrapper/pam_matrix.so", 0, NULL, &found) == 0)
		path = prism_strdup(found.gl_pathv[0]);
	globfree(&found);
	if (!path && access("/usr/lib64/pam_wrapper/pam_matrix.so", R_OK) == 0)
		path = prism_strdup("/usr/lib64/pam_wrapper/pam_matrix.so");
	return path;
}

const char *sshd_pam_missing(void)
{
	PRISM_AUTO_FREE char *module = matrix();

	return sshd_missing() ? sshd_missing() : module ? NULL : "no libpam-wrapper here";
}

static char *with_words(const char *text, const char *word, const char *with)
{
	struct prism_buf out = PRISM_BUF_INIT(1 << 16);

	for (const char *at = text;;) {
		const char *hit = strstr(at, word);

		prism_buf_put(&out, at, hit ? (size_t)(hit - at) : strlen(at));
		if (!hit)
			return prism_buf_take(&out, NULL);
		prism_buf_puts(&out, with);
		at = hit + strlen(word);
	}
}

struct sshd *sshd_start_pam(const char *dir, const char *stack, const char *extra)
{
	PRISM_AUTO_FREE char *module = matrix();
	PRISM_AUTO_FREE char *half = with_words(stack, "@matrix", module);
	PRISM_AUTO_FREE char *text = with_words(half, "@dir", dir);
	PRISM_AUTO_FREE char *all = prism_asprintf("UsePAM yes\n%s", extra);
	PRISM_AUTO_FREE char *pam = prism_asprintf("%s/pam.d", dir);
	PRISM_AUTO_FREE char *service = prism_asprintf("%s/sshd", pam);

	assert_int_equal(mkdir(pam, 0700), 0);
	write_text(service, text, 0600);
	return start(dir, NULL, all, pam);
}

void sshd_pam_password(const char *dir, const char *file, const char *password)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("%s/%s", dir, file);
	const struct passwd *me = getpwuid(geteuid());
	PRISM_AUTO_FREE char *line =
	    prism_asprintf("%s:%s:sshd\n", me ? me->pw_name : "root", password);

	write_text(path, line, 0600);
}

/* Each process of it copies the services to a directory under one of 62 fixed names, and leaves it
 * there when it does not end by itself. */
static void remove_copies(const struct sshd *sshd)
{
	PRISM_AUTO_FREE char *service = prism_asprintf("%s/sshd", sshd->pam);
	PRISM_AUTO_FREE char *ours = read_text(service);
	glob_t found;

	if (glob("/tmp/pam.?", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			PRISM_AUTO_FREE char *copy = prism_asprintf("%s/sshd", found.gl_pathv[i]);
			struct prism_buf text = {0};

			if (prism_file_read(copy, 1 << 16, &text, NULL) == 0 &&
			    !strcmp(prism_buf_text(&text), ours))
				tmpdir_remove(prism_strdup(found.gl_pathv[i]));
			prism_buf_finish(&text);
		}
	globfree(&found);
}

char *sshd_log(const struct sshd *sshd)
{
	PRISM_AUTO_FREE char *path = file_of(sshd, ".log");

	return read_text(path);
}

/* ---- its life ---- */

static struct sshd *start(const char *dir, const char *address, const char *extra, const char *pam)
{
	static unsigned number;
	struct sshd *sshd = prism_alloc(sizeof(*sshd));
	const struct passwd *me = getpwuid(geteuid());

	sshd->dir = prism_strdup(dir);
	sshd->pam = prism_strdup(pam);
	sshd->user = prism_strdup(me ? me->pw_name : "root");
	sshd->prefix = prism_asprintf("sshd-%u", ++number);
	sshd->port = free_port();
	sshd->extra = address ? prism_asprintf("ListenAddress %s:%u\n%s", address, (unsigned)sshd->port,
	                                       extra ? extra : "")
	                      : prism_strdup(extra ? extra : "");
	sshd->known_hosts = prism_asprintf("%s/known_hosts", dir);
	sshd->authorized = file_of(sshd, "-authorized");
	write_text(sshd->authorized, "", 0600);
	make_host_key(sshd);
	know_host_key(sshd);
	sshd->key = sshd_make_key(sshd, "-key", "ed25519", "");
	launch(sshd);
	return sshd;
}

/* Children of pid, newest first; each is one connection. */
static size_t children(pid_t pid, pid_t *out, size_t cap)
{
	PRISM_AUTO_FREE char *path = prism_asprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *f = fopen(path, "r");
	int child;
	size_t count = 0;

	while (f && count < cap && fscanf(f, "%d", &child) == 1)
		out[count++] = child;
	if (f)
		fclose(f);
	return count;
}

unsigned sshd_sessions(const struct sshd *sshd)
{
	pid_t found[64];

	return sshd->pid > 0 ? (unsigned)children(sshd->pid, found, 64) : 0;
}

static void end_tree(pid_t pid, int signum)
{
	pid_t found[64];
	size_t count = children(pid, found, 64);

	kill(pid, signum);
	for (size_t i = 0; i < count; i++)
		end_tree(found[i], signum);
}

static void end(struct sshd *sshd, int signum)
{
	if (sshd->pid <= 0)
		return;
	end_tree(sshd->pid, signum);
	while (waitpid(sshd->pid, NULL, 0) < 0 && errno == EINTR)
		;
	sshd->pid = 0;
}

void sshd_kill(struct sshd *sshd)
{
	end(sshd, SIGKILL);
}

void sshd_restart(struct sshd *sshd)
{
	end(sshd, SIGKILL);
	launch(sshd);
}

void sshd_new_host_key(struct sshd *sshd)
{
	end(sshd, SIGKILL);
	make_host_key(sshd);
	launch(sshd);
}

void sshd_stop(struct sshd *sshd)
{
	if (!sshd)
		return;
	end(sshd, SIGKILL);
	if (sshd->pam)
		remove_copies(sshd);
	prism_free(sshd->pam);
	prism_free(sshd->dir);
	prism_free(sshd->user);
	prism_free(sshd->known_hosts);
	prism_free(sshd->key);
	prism_free(sshd->authorized);
	prism_free(sshd->extra);
	prism_free(sshd->prefix);
	prism_free(sshd);
}

char *sshd_make_key(struct sshd *sshd, const char *name, const char *type, const char *passphrase)
{
	char *path = file_of(sshd, name);
	PRISM_AUTO_FREE char *public = prism_asprintf("%s.pub", path);
	PRISM_AUTO_FREE char *text = NULL;

	sshd_tool((const char *[]){"ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", path, NULL});
	text = read_text(public);
	append_text(sshd->authorized, text);
	return path;
}

struct ssh_agent *ssh_agent_start(const char *dir, const char *key)
{
	struct ssh_agent *agent = prism_alloc(sizeof(*agent));
	int64_t until = now_ms() + WAIT_MS;

	agent->socket = prism_asprintf("%s/agent", dir);
	agent->pid = fork();
	assert_true(agent->pid >= 0);
	if (agent->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		execlp("ssh-agent", "ssh-agent", "-D", "-a", agent->socket, (char *)NULL);
		_exit(127);
	}
	while (access(agent->socket, F_OK) != 0 && now_ms() < until)
		nap();
	setenv("SSH_AUTH_SOCK", agent->socket, 1);
	sshd_tool((const char *[]){"ssh-add", "-q", key, NULL});
	unsetenv("SSH_AUTH_SOCK");
	return agent;
}

void ssh_agent_stop(struct ssh_agent *agent)
{
	if (!agent)
		return;
	kill(agent->pid, SIGTERM);
	while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR)
		;
	prism_free(agent->socket);
	prism_free(agent);
}
