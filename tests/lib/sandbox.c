/* See sandbox.h: one child process and its ready line. */
#include "tests/lib/sandbox.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cjson/cJSON.h>

#include <cmocka.h>

#define READY_MS 20000

const char *build_path(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	const char *dir = getenv("PRISM_BUILD");
	char *slot = path[turn++ % 4];

	snprintf(slot, sizeof(path[0]), "%s/%s", dir ? dir : "build", name);
	return slot;
}

static char *text_of(const cJSON *obj, const char *key)
{
	return prism_strdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(obj, key)));
}

static void parse_ready(struct sandbox *sb, const char *line)
{
	cJSON *doc = cJSON_Parse(line);
	const cJSON *users, *one;

	if (!doc)
		fail_msg("the sandbox's ready line is not JSON: %s", line);
	sb->url = text_of(doc, "url");
	sb->ca_file = text_of(doc, "ca_file");
	sb->attestation_root = text_of(doc, "attestation_root");
	sb->notice = text_of(doc, "notice");
	users = cJSON_GetObjectItemCaseSensitive(doc, "users");
	sb->users = prism_alloc_array((size_t)cJSON_GetArraySize(users) + 1, sizeof(*sb->users));
	cJSON_ArrayForEach(one, users)
	{
		struct sandbox_user *user = &sb->users[sb->user_count++];

		user->username = text_of(one, "username");
		user->email = text_of(one, "email");
		user->password = text_of(one, "password");
		user->note = text_of(one, "note");
	}
	cJSON_Delete(doc);
	assert_non_null(sb->url);
}

static void spawn(struct sandbox *sb, const char *const *args)
{
	const char *argv[128] = {build_path("prism-sandbox"), "--listen", "127.0.0.1:0", "--store",
	                         ":memory:"};
	int count = 5, ends[2];

	for (; args && *args && count < 127; args++)
		argv[count++] = *args;
	assert_int_equal(pipe(ends), 0);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	sb->pid = fork();
	assert_true(sb->pid >= 0);
	if (sb->pid == 0) {
#ifdef __linux__
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that dies leaves no server behind */
#endif
		dup2(ends[1], 1);
		close(ends[1]);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	sb->out = ends[0];
}

struct sandbox *sandbox_start(const char *const *args)
{
	struct sandbox *sb = prism_alloc(sizeof(*sb));
	struct prism_buf line = PRISM_BUF_INIT(1u << 20);
	struct timespec begun, now;

	spawn(sb, args);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (;;) {
		struct pollfd one = {.fd = sb->out, .events = POLLIN};
		char c;

		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - begun.tv_sec) * 1000 > READY_MS)
			fail_msg("no ready line from the sandbox within %d ms", READY_MS);
		if (poll(&one, 1, 1000) <= 0)
			continue;
		if (read(sb->out, &c, 1) != 1)
			fail_msg("the sandbox ended before it was ready");
		if (c != '\n')
			prism_buf_putc(&line, c);
		else if (strstr(prism_buf_text(&line), "\"ready\""))
			break;
		else
			prism_buf_clear(&line);
	}
	parse_ready(sb, prism_buf_text(&line));
	prism_buf_finish(&line);
	return sb;
}

void sandbox_kill(struct sandbox *sb)
{
	if (sb->pid > 0) {
		kill(sb->pid, SIGKILL);
		waitpid(sb->pid, NULL, 0);
	}
	sb->pid = 0;
}

/* TERM, and KILL when it did not go within five seconds. */
static void end_politely(pid_t pid)
{
	kill(pid, SIGTERM);
	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		poll(NULL, 0, 10);
	}
	print_error("the sandbox did not end on TERM\n");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void sandbox_stop(struct sandbox *sb)
{
	if (!sb)
		return;
	if (sb->pid > 0)
		end_politely(sb->pid);
	close(sb->out);
	for (int i = 0; i < sb->user_count; i++) {
		prism_free(sb->users[i].username);
		prism_free(sb->users[i].email);
		prism_free(sb->users[i].password);
		prism_free(sb->users[i].note);
	}
	prism_free(sb->users);
	prism_free(sb->url);
	prism_free(sb->ca_file);
	prism_free(sb->attestation_root);
	prism_free(sb->notice);
	prism_free(sb);
}
