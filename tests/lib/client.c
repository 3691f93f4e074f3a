/* See client.h. */
#include "tests/lib/client.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CLI_MS 120000
#define NOBODY "http://127.0.0.1:9" /* discard; nobody listens */

struct pty *client_start(const struct client_spec *spec)
{
	const char *argv[20] = {build_path("prism-tui")}, *env[24];
	char url[256], ca[600];
	int n = 1, e = 0;

	for (const char *const *a = spec->args; a && *a && n < 19; a++)
		argv[n++] = *a;
	snprintf(url, sizeof(url), "PRISM_TUI_URL=%s", spec->sandbox ? spec->sandbox->url : NOBODY);
	env[e++] = url;
	if (spec->sandbox && spec->sandbox->ca_file) {
		snprintf(ca, sizeof(ca), "PRISM_TUI_CA_FILE=%s", spec->sandbox->ca_file);
		env[e++] = ca;
	}
	for (const char *const *v = spec->env; v && *v && e < 20; v++)
		env[e++] = *v;
	env[e] = NULL;
	return pty_start(&(struct pty_spec){
	    .argv = argv,
	    .rows = spec->rows ? spec->rows : 24,
	    .cols = spec->cols ? spec->cols : 80,
	    .term = spec->term,
	    .lang = spec->lang,
	    .env = env,
	    .dir = spec->dir,
	    .ignore_hup = spec->ignore_hup,
	    .no_screen = spec->no_screen,
	});
}

void cli_finish(struct cli *c)
{
	prism_free(c->out);
	prism_free(c->err);
	cJSON_Delete(c->doc);
	c->out = c->err = NULL;
	c->doc = NULL;
}

static void become(const struct cli *c, const char *line, const char *password_file, int out,
                   int err)
{
	const char *argv[64] = {build_path("prism-tui"), "-o", "json", "--password-file",
	                        password_file};
	int null = open(c->input ? c->input : "/dev/null", c->input ? O_RDONLY : O_RDWR);
	char *rest = strdup(line), *end;

	for (size_t at = 5; rest && at < 62; rest = end) {
		end = strstr(rest, " ;; ");
		if (end) {
			*end = '\0';
			end += 4;
		}
		argv[at++] = "-c";
		argv[at++] = rest;
	}

	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	setenv("PRISM_TUI_URL", c->sandbox->url, 1);
	setenv("PRISM_TUI_USER", c->sandbox->users[c->user].username, 1);
	if (c->sandbox->ca_file)
		setenv("PRISM_TUI_CA_FILE", c->sandbox->ca_file, 1);
	if (c->workspace)
		setenv("PRISM_TUI_WORKSPACE", c->workspace, 1);
	/* argv[0] and the password file may be relative to where the test runs */
	if (c->dir && chdir(c->dir) != 0)
		_exit(126);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Reads both ends until they close or the deadline passes; false then. */
static bool gather(const struct cli *c, pid_t pid, int out, int err, struct prism_buf *ret_out,
                   struct prism_buf *ret_err)
{
	struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
	struct prism_buf *bufs[2] = {ret_out, ret_err};
	int64_t end = pty_now_ns() + (int64_t)CLI_MS * 1000000;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int64_t left = (end - pty_now_ns()) / 1000000;

		if (c->kill_now && c->kill_now(c->kill_data))
			kill(pid, SIGKILL);
		if (left <= 0)
			return false;
		if (poll(fds, 2, c->kill_now ? 1 : (int)left) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			char data[65536];
			ssize_t got;

			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			got = read(fds[i].fd, data, sizeof(data));
			if (got > 0)
				prism_buf_put(bufs[i], data, (size_t)got);
			else if (got == 0 || errno != EINTR)
				fds[i].fd = -1;
		}
	}
	return true;
}

static char *password_file(const struct cli *c)
{
	char *path =
	    prism_asprintf("%s/password-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", c->user);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s\n", c->sandbox->users[c->user].password);
	fclose(f);
	return path;
}

static int run_line(struct cli *c, const char *line)
{
	struct prism_buf out = PRISM_BUF_INIT(64u << 20), err = PRISM_BUF_INIT(1u << 20);
	char *path = password_file(c);
	int outs[2], errs[2], status;
	pid_t pid;

	cli_finish(c);
	assert_int_equal(pipe(outs), 0);
	assert_int_equal(pipe(errs), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(outs[0]);
		close(errs[0]);
		become(c, line, path, outs[1], errs[1]);
	}
	close(outs[1]);
	close(errs[1]);
	if (!gather(c, pid, outs[0], errs[0], &out, &err)) {
		print_error("-c %s: no end within %d ms\n", line, CLI_MS);
		kill(pid, SIGABRT);
	}
	close(outs[0]);
	close(errs[0]);
	waitpid(pid, &status, 0);
	unlink(path);
	prism_free(path);
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	c->out = prism_buf_take(&out, NULL);
	c->err = prism_buf_take(&err, NULL);
	c->doc = cJSON_Parse(c->out);
	return c->status;
}

int cli_run(struct cli *c, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return run_line(c, line);
}

cJSON *cli_must(struct cli *c, const char *fmt, ...)
{
	char line[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (run_line(c, line) != 0)
		fail_msg("-c %s: exit status %d\n%s%s", line, c->status, c->out, c->err);
	return c->doc;
}

const char *cli_text(const cJSON *doc, const char *key)
{
	const cJSON *obj = cJSON_IsArray(doc) ? cJSON_GetArrayItem(doc, 0) : doc;
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(obj, key));

	return text ? text : "";
}

const cJSON *cli_find(const cJSON *array, const char *key, const char *is)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, array)
	{
		if (strcmp(cli_text(one, key), is) == 0)
			return one;
	}
	return NULL;
}
