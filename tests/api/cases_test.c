/*
 * API cases: what the client must send, what is answered, and what it must make of it, each in one
 * file of tests/api/cases.  The real client runs with -c against a scripted server.
 *
 *     # what the case is about
 *     command COMMAND                 after -c; may be repeated
 *     set NAME=VALUE                  environment of the client
 *     exit N                          exit status it must end with (0)
 *     out TEXT / err TEXT             must be in standard output / standard error
 *     not TEXT                        must be in neither
 *
 *     > METHOD PATH                   a request that must come; '*' in PATH matches anything
 *     > Header: value                 that header, with '*' as above
 *     > {"json": ...}                 its body has at least these members
 *     < STATUS CONTENT-TYPE           the answer; a status of 0 resets the connection instead, and
 *                                     1 never answers
 *     < ! WORD N                      how it goes wrong: short N (N bytes less than announced),
 * repeat N (the body N times) < body...                       further lines are the body
 *
 * An exchange serves once, in order of the file among those of the same path; "*> METHOD PATH"
 * serves any number of times, and none at all.  What no exchange asks for is answered as a server
 * in good health would: sign-in, profile, the workspace "w-1"; anything else with 404.
 */
#include "tests/lib/client.h"
#include "tests/lib/peer.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CASES_DIR "tests/api/cases"
#define EXCHANGES_MAX 64
#define LINES_MAX 32

struct exchange {
	char *method, *path;
	char *headers[8];
	size_t header_count;
	char *body; /* JSON that must be part of the request's; NULL */
	int status;
	char *type;
	struct prism_buf answer;
	long short_by, repeat;
	bool any_number;
	unsigned used;
};

struct lines {
	char *text[LINES_MAX];
	size_t count;
};

struct api_case {
	struct lines commands, sets, outs, errs, nots;
	int exit_status;
	struct exchange exchanges[EXCHANGES_MAX];
	size_t exchange_count;
	pthread_mutex_t lock; /* exchanges' used, and what is below */
	struct prism_buf log; /* requests as they came, for a failure's report */
	char *complaint;      /* first request that was not as it must be; NULL */
};

/* Reading a case */

static void add(struct lines *lines, const char *text)
{
	assert_true(lines->count < LINES_MAX);
	lines->text[lines->count++] = prism_strdup(text);
}

static void request_line(struct api_case *c, const char *line, bool any_number)
{
	struct exchange *e = c->exchange_count ? &c->exchanges[c->exchange_count - 1] : NULL;
	const char *blank = strchr(line, ' ');

	if (line[0] == '{' || line[0] == '[') {
		assert_non_null(e);
		e->body = prism_strdup(line);
	} else if (blank && blank[-1] == ':') {
		assert_true(e && e->header_count < PRISM_COUNT(e->headers));
		e->headers[e->header_count++] = prism_strdup(line);
	} else {
		assert_true(blank && c->exchange_count < EXCHANGES_MAX);
		e = &c->exchanges[c->exchange_count++];
		e->method = prism_strndup(line, (size_t)(blank - line));
		e->path = prism_strdup(blank + 1);
		e->any_number = any_number;
		e->repeat = 1;
		e->status = -1;
		prism_buf_init(&e->answer, 1u << 24);
	}
}

static void answer_line(struct api_case *c, const char *line)
{
	struct exchange *e = &c->exchanges[c->exchange_count - 1];

	assert_true(c->exchange_count > 0);
	if (e->status < 0) {
		char *rest;

		e->status = (int)strtol(line, &rest, 10);
		e->type = prism_strdup(*rest == ' ' ? rest + 1 : "application/json");
	} else if (strncmp(line, "! short ", 8) == 0) {
		e->short_by = strtol(line + 8, NULL, 10);
	} else if (strncmp(line, "! repeat ", 9) == 0) {
		e->repeat = strtol(line + 9, NULL, 10);
	} else {
		prism_buf_printf(&e->answer, "%s\n", line);
	}
}

static void case_line(struct api_case *c, const char *line)
{
	static const char *const words[] = {"command ", "set ", "out ", "err ", "not "};
	struct lines *const into[] = {&c->commands, &c->sets, &c->outs, &c->errs, &c->nots};

	if (line[0] == '#' || line[0] == '\0')
		return;
	if (strncmp(line, "> ", 2) == 0) {
		request_line(c, line + 2, false);
		return;
	}
	if (strncmp(line, "*> ", 3) == 0) {
		request_line(c, line + 3, true);
		return;
	}
	if (line[0] == '<') {
		answer_line(c, line[1] == ' ' ? line + 2 : line + 1);
		return;
	}
	if (strncmp(line, "exit ", 5) == 0) {
		c->exit_status = (int)strtol(line + 5, NULL, 10);
		return;
	}
	for (size_t i = 0; i < PRISM_COUNT(words); i++) {
		if (strncmp(line, words[i], strlen(words[i])) == 0) {
			add(into[i], line + strlen(words[i]));
			return;
		}
	}
	fail_msg("not a line of a case: %s", line);
}

static struct api_case *case_read(const char *path)
{
	struct api_case *c = prism_alloc(sizeof(*c));
	struct prism_buf text = PRISM_BUF_INIT(1u << 24);
	struct prism_error err = PRISM_ERROR_INIT;
	char *rest, *line;

	if (prism_file_read(path, 1u << 24, &text, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	pthread_mutex_init(&c->lock, NULL);
	prism_buf_init(&c->log, 1u << 24);
	rest = text.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		case_line(c, line);
	prism_buf_finish(&text);
	assert_true(c->commands.count > 0);
	return c;
}

static void lines_finish(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		prism_free(lines->text[i]);
}

static void case_destroy(struct api_case *c)
{
	for (size_t i = 0; i < c->exchange_count; i++) {
		struct exchange *e = &c->exchanges[i];

		for (size_t h = 0; h < e->header_count; h++)
			prism_free(e->headers[h]);
		prism_free(e->method);
		prism_free(e->path);
		prism_free(e->body);
		prism_free(e->type);
		prism_buf_finish(&e->answer);
	}
	lines_finish(&c->commands);
	lines_finish(&c->sets);
	lines_finish(&c->outs);
	lines_finish(&c->errs);
	lines_finish(&c->nots);
	pthread_mutex_destroy(&c->lock);
	prism_buf_finish(&c->log);
	prism_free(c->complaint);
	prism_free(c);
}

/* Serving */

static bool glob(const char *pattern, const char *text)
{
	for (; *pattern != '*'; pattern++, text++) {
		if (*pattern != *text)
			return false;
		if (!*pattern)
			return true;
	}
	for (;; text++) {
		if (glob(pattern + 1, text))
			return true;
		if (!*text)
			return false;
	}
}

/* Every member of part is in whole, with an equal value (objects by members too). */
static bool is_part(const cJSON *part, const cJSON *whole)
{
	const cJSON *one;

	if (!cJSON_IsObject(part))
		return cJSON_Compare(part, whole, true);
	cJSON_ArrayForEach(one, part)
	{
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(whole, one->string);

		if (!other || !is_part(one, other))
			return false;
	}
	return cJSON_IsObject(whole);
}

static bool has_header(const char *request, const char *wanted)
{
	size_t name = (size_t)(strchr(wanted, ':') - wanted) + 1;

	for (const char *at = strchr(request, '\n'); at && at[1] != '\r'; at = strchr(at + 1, '\n')) {
		char line[4096];

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "\r\n"), at + 1);
		if (strncasecmp(line, wanted, name) == 0 && glob(wanted + name, line + name))
			return true;
	}
	return false;
}

static void judge(struct api_case *c, const struct exchange *e, const char *request)
{
	const char *body = strstr(request, "\r\n\r\n");

	for (size_t i = 0; i < e->header_count; i++) {
		if (!has_header(request, e->headers[i]) && !c->complaint)
			c->complaint =
			    prism_asprintf("%s %s came without \"%s\"", e->method, e->path, e->headers[i]);
	}
	if (e->body) {
		cJSON *part = cJSON_Parse(e->body), *whole = body ? cJSON_Parse(body + 4) : NULL;

		if (!whole || !is_part(part, whole)) {
			prism_free(c->complaint);
			c->complaint = prism_asprintf("%s %s: the body is %s, which lacks %s", e->method,
			                              e->path, body ? body + 4 : "missing", e->body);
		}
		cJSON_Delete(part);
		cJSON_Delete(whole);
	}
}

/* The exchange a request belongs to; NULL: none. */
static struct exchange *pick(struct api_case *c, const char *method, const char *path)
{
	for (size_t i = 0; i < c->exchange_count; i++) {
		struct exchange *e = &c->exchanges[i];

		if ((e->any_number || e->used == 0) && strcmp(e->method, method) == 0 &&
		    glob(e->path, path))
			return e;
	}
	return NULL;
}

static bool send_answer(struct peer_conn *conn, int status, const char *type, const char *body,
                        size_t len, long repeat, long short_by)
{
	char head[512];

	snprintf(head, sizeof(head),
	         "HTTP/1.1 %d Because\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status,
	         type, len * (size_t)repeat, short_by ? "Connection: close\r\n" : "");
	if (!peer_puts(conn, head))
		return false;
	for (long i = 0; i < repeat; i++) {
		size_t cut = i + 1 == repeat ? (size_t)short_by : 0;

		if (!peer_write(conn, body, len > cut ? len - cut : 0))
			return false;
	}
	return short_by == 0;
}

/* A token that lives an hour: header and claims as base64url, no signature worth the name. */
#define TOKEN(claims) "{\"access_token\":\"" claims "\",\"refresh_token\":\"" claims "\"}"

static bool serve_default(struct peer_conn *conn, const char *method, const char *path)
{
	static const struct {
		const char *method, *path;
		int status;
		const char *body;
	} defaults[] = {
	    /* {"alg":"none"}.{"sub":"u-1","iat":1,"exp":4000000000} */
	    {"POST", "/users/tokens/issue", 201,
	     TOKEN("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEiLCJpYXQiOjEsImV4cCI6NDAwMDAwMDAwMH0.c2lnbg")},
	    {"POST", "/users/tokens/refresh", 201,
	     TOKEN("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEiLCJpYXQiOjEsImV4cCI6NDAwMDAwMDAwMH0.bmV3")},
	    {"GET", "/users/profile", 200,
	     "{\"id\":\"u-1\",\"first_name\":\"Ada\",\"last_name\":\"Sample\",\"email\":"
	     "\"ada@sandbox.example\",\"credentials\":{\"username\":\"ada\"},\"status\":\"enabled\"}"},
	    {"GET", "/workspaces/domains?*", 200,
	     "{\"total\":1,\"offset\":0,\"limit\":100,\"domains\":[{\"id\":\"w-1\",\"name\":\"Lab\","
	     "\"route\":\"lab\",\"status\":\"enabled\"}]}"},
	    {"GET", "/workspaces/domains/w-1*", 200,
	     "{\"id\":\"w-1\",\"name\":\"Lab\",\"route\":\"lab\",\"status\":\"enabled\"}"},
	};

	for (size_t i = 0; i < PRISM_COUNT(defaults); i++) {
		if (strcmp(defaults[i].method, method) == 0 && glob(defaults[i].path, path))
			return send_answer(conn, defaults[i].status, "application/json", defaults[i].body,
			                   strlen(defaults[i].body), 1, 0);
	}
	return send_answer(conn, 404, "application/json", "{\"message\":\"entity not found\"}", 30, 1,
	                   0);
}

static void handle(struct peer_conn *conn, void *data)
{
	struct api_case *c = data;
	char *request = prism_alloc(1u << 20);
	bool more = true;

	while (more && peer_read_request(conn, request, 1u << 20)) {
		char method[16], path[2048];
		struct exchange *e;

		snprintf(method, sizeof(method), "%.*s", (int)strcspn(request, " "), request);
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(request + strlen(method) + 1, " "),
		         request + strlen(method) + 1);
		pthread_mutex_lock(&c->lock);
		prism_buf_printf(&c->log, "%s %s\n", method, path);
		e = pick(c, method, path);
		if (e) {
			e->used++;
			judge(c, e, request);
		}
		pthread_mutex_unlock(&c->lock);
		if (!e)
			more = serve_default(conn, method, path);
		else if (e->status == 0)
			break;
		else if (e->status == 1)
			peer_wait_closed(conn), more = false;
		else
			more = send_answer(conn, e->status, e->type, prism_buf_text(&e->answer), e->answer.len,
			                   e->repeat, e->short_by);
	}
	if (more)
		peer_reset(conn);
	prism_free(request);
}

/* Running */

static void become(const struct api_case *c, const char *url, const char *password, int out,
                   int err)
{
	const char *argv[8 + 2 * LINES_MAX] = {build_path("prism-tui"), "-o", "json", "--password-file",
	                                       password};
	size_t n = 5;

	for (size_t i = 0; i < c->commands.count; i++) {
		argv[n++] = "-c";
		argv[n++] = c->commands.text[i];
	}
	dup2(out, 1);
	dup2(err, 2);
	setenv("PRISM_TUI_URL", url, 1);
	setenv("PRISM_TUI_USER", "ada", 1);
	setenv("PRISM_TUI_WORKSPACE", "w-1", 1);
	for (size_t i = 0; i < c->sets.count; i++)
		putenv(c->sets.text[i]);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void drain(int fd, struct prism_buf *into)
{
	char data[65536];
	ssize_t got;

	while ((got = read(fd, data, sizeof(data))) > 0 || (got < 0 && errno == EINTR)) {
		if (got > 0)
			prism_buf_put(into, data, (size_t)got);
	}
}

/* Both streams go to files, so that neither can fill up while the other is read. */
static int run_client(const struct api_case *c, unsigned port, struct prism_buf *out,
                      struct prism_buf *err)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char url[64], password[600];
	FILE *file, *out_file = tmpfile(), *err_file = tmpfile();
	int status = 0;
	pid_t pid;

	assert_true(out_file && err_file);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	snprintf(password, sizeof(password), "%s/password", tmp);
	file = fopen(password, "w");
	assert_non_null(file);
	fputs("sample\n", file);
	fclose(file);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		become(c, url, password, fileno(out_file), fileno(err_file));
	}
	waitpid(pid, &status, 0);
	rewind(out_file);
	rewind(err_file);
	drain(fileno(out_file), out);
	drain(fileno(err_file), err);
	fclose(out_file);
	fclose(err_file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void must_have(const struct lines *parts, const struct prism_buf *text, const char *where,
                      struct prism_buf *report)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (!strstr(prism_buf_text(text), parts->text[i]))
			prism_buf_printf(report, "%s lacks \"%s\"\n", where, parts->text[i]);
	}
}

static void check_text_is_clean(const struct prism_buf *text, const char *where,
                                struct prism_buf *report)
{
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->data[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			prism_buf_printf(report, "%s holds the control byte %#x\n", where, c);
			return;
		}
	}
}

static void run_case(void **state)
{
	char *path = *state;
	struct api_case *c = case_read(path);
	struct prism_buf out = PRISM_BUF_INIT(1u << 26), err = PRISM_BUF_INIT(1u << 24);
	struct prism_buf report = PRISM_BUF_INIT(1u << 26);
	struct peer *peer = peer_start(handle, c, NULL);
	int status = run_client(c, peer_port(peer), &out, &err);

	peer_stop(peer);
	if (status != c->exit_status)
		prism_buf_printf(&report, "exit status %d, not %d\n", status, c->exit_status);
	must_have(&c->outs, &out, "standard output", &report);
	must_have(&c->errs, &err, "standard error", &report);
	for (size_t i = 0; i < c->nots.count; i++) {
		if (strstr(prism_buf_text(&out), c->nots.text[i]) ||
		    strstr(prism_buf_text(&err), c->nots.text[i]))
			prism_buf_printf(&report, "\"%s\" was printed\n", c->nots.text[i]);
	}
	check_text_is_clean(&out, "standard output", &report);
	check_text_is_clean(&err, "standard error", &report);
	for (size_t i = 0; i < c->exchange_count; i++) {
		if (c->exchanges[i].used == 0 && !c->exchanges[i].any_number)
			prism_buf_printf(&report, "%s %s was never asked for\n", c->exchanges[i].method,
			                 c->exchanges[i].path);
	}
	if (c->complaint)
		prism_buf_printf(&report, "%s\n", c->complaint);
	if (report.len) {
		/* cmocka's print_error() cuts at a kilobyte */
		fprintf(stderr,
		        "%s:\n%s--- requests\n%s--- standard output\n%.4000s\n--- standard error\n%s\n",
		        path, prism_buf_text(&report), prism_buf_text(&c->log), prism_buf_text(&out),
		        prism_buf_text(&err));
		fail();
	}
	prism_buf_finish(&report);
	prism_buf_finish(&out);
	prism_buf_finish(&err);
	case_destroy(c);
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && strcmp(entry->d_name + len - 5, ".case") == 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[512] = {0};
	struct dirent **names;
	int count = scandir(CASES_DIR, &names, is_case, alphasort), n = 0;

	for (int i = 0; i < count; i++) {
		/* With arguments only the cases whose name holds the first. */
		if (argc < 2 || strstr(names[i]->d_name, argv[1])) {
			char *path = prism_asprintf("%s/%s", CASES_DIR, names[i]->d_name);

			assert_true(n < 512);
			tests[n].name = prism_strdup(names[i]->d_name);
			tests[n].test_func = run_case;
			tests[n++].initial_state = path;
		}
		free(names[i]);
	}
	free(names);
	signal(SIGPIPE, SIG_IGN);
	count = _cmocka_run_group_tests("cases", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++) {
		char *name = (char *)(uintptr_t)tests[i].name;

		prism_free(name);
		prism_free(tests[i].initial_state);
	}
	return count;
}
