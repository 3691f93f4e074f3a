/*
 * A session over a network that keeps failing: 10 s dark in each minute, one packet of a hundred
 * lost, 20 ms each way: by netem, with the clients in a network namespace, or, where the kernel has
 * no netem or permits no namespaces, by a relay (tests/lib/wire.h), where one read of a hundred
 * stalls, which is what TCP makes of a lost packet.  An algorithm prints ten numbered
 * lines a second; one client follows it by -c, another shows it on a terminal, a third creates
 * computations.  Afterwards: lines lost or printed twice, computations made twice or reported
 * wrong, bytes the terminal was sent.
 *
 * PRISM_OUTAGE_MINUTES sets how long (2; the figure of record is of 10).
 */
#include "base/file.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/client.h"
#include "tests/lib/netns.h"
#include "tests/lib/story.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/wire.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PER_SECOND 10
#define PERIOD_S 60
#define DARK_S 10
#define SOON 30000

struct session {
	struct story story;
	struct netns *netns; /* NULL: a relay */
	struct wire *wire;   /* NULL: netem */
	char url[64];
	struct sandbox through; /* the same sandbox, by way of the failing network */
	char *dir, *algorithm, *printed, id[80];
	int seconds;
	pid_t follower;
	unsigned made, failed;
	bool dark;
};

static void write_algorithm(struct session *s)
{
	PRISM_AUTO_FREE char *text = prism_asprintf(
	    "import pathlib, select, time\n"
	    "begun = time.monotonic()\n"
	    "for i in range(%d):\n"
	    "    print('counted line %%06d' %% i, flush=True)\n"
	    "    select.select([], [], [], max(0, begun + (i + 1) / %d - time.monotonic()))\n"
	    "pathlib.Path('results').mkdir(exist_ok=True)\n"
	    "pathlib.Path('results/done').write_text('x')\n",
	    s->seconds * PER_SECOND, PER_SECOND);

	s->dir = tmpdir_create();
	s->algorithm = prism_path_join(s->dir, "count.py");
	s->printed = prism_path_join(s->dir, "printed");
	assert_int_equal(prism_file_write(s->algorithm, text, strlen(text), 0600, NULL), 0);
}

/* -c follow through the wire; what it prints goes to a file. */
static void start_follower(struct session *s)
{
	PRISM_AUTO_FREE char *line =
	    prism_asprintf("computation follow %s --logs --timeout %dm", s->id, s->seconds / 60 + 5);
	PRISM_AUTO_FREE char *password = prism_path_join(s->dir, "password");
	const char *text = s->story.sandbox->users[0].password;

	assert_int_equal(prism_file_write(password, text, strlen(text), 0600, NULL), 0);
	fflush(NULL);
	s->follower = fork();
	assert_true(s->follower >= 0);
	if (s->follower == 0) {
		int out = open(s->printed, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(out, 1);
		dup2(open("/dev/null", O_RDWR), 0);
		execl(build_path("prism-tui"), "prism-tui", "--url", strchr(s->url, '=') + 1, "--user",
		      s->story.sandbox->users[0].username, "--password-file", password, "-w",
		      s->story.workspace, "-c", line, (char *)NULL);
		_exit(127);
	}
}

static struct pty *start_screen(struct session *s)
{
	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = s->story.sandbox,
	    .rows = 40,
	    .cols = 120,
	    .env = (const char *const[]){s->url, "PRISM_TUI_USER=ada",
	                                 "PRISM_TUI_WORKSPACE=Open Science Lab", NULL},
	});

	pty_wait_text(p, "Sign in", SOON);
	pty_keys(p, s->story.sandbox->users[0].password);
	pty_keys(p, "<Enter>");
	pty_wait_gone(p, "Sign in", SOON);
	pty_wait_text(p, "Counted", SOON);
	pty_keys(p, "/Counted<Enter>");
	pty_keys(p, "L");
	pty_wait_text(p, "counted line", SOON);
	return p;
}

static void create_one(struct session *s, int number)
{
	struct cli c = {.sandbox = &s->through, .workspace = s->story.workspace, .quiet = true};

	if (cli_run(&c, "computation create outage-%03d --description d", number) == 0)
		s->made++;
	else
		s->failed++;
	cli_finish(&c);
}

/* ---- the network ---- */

#define BAD "delay 20ms loss 1%"

/* Before the sandbox starts, which listens where the clients can reach it. */
static const char *far_network(struct session *s)
{
	const char *why;

	s->netns = netns_create(&why);
	if (s->netns && (why = netns_shape(s->netns, BAD))) {
		netns_destroy(s->netns);
		s->netns = NULL;
	}
	if (!s->netns)
		printf("through a relay: %s\n", why);
	return s->netns ? NETNS_HERE ":0" : "127.0.0.1:0";
}

static void lay_wire(struct session *s)
{
	const char *url = s->story.sandbox->url;

	snprintf(s->url, sizeof(s->url), "PRISM_TUI_URL=%s", url);
	if (!s->netns) {
		s->wire = wire_start((int)strtol(strrchr(url, ':') + 1, NULL, 10));
		wire_delay(s->wire, 20, 1);
		snprintf(s->url, sizeof(s->url), "PRISM_TUI_URL=http://127.0.0.1:%d", wire_port(s->wire));
	}
	s->through = *s->story.sandbox;
	s->through.url = strchr(s->url, '=') + 1;
}

static void go_dark(struct session *s, bool dark)
{
	if (s->wire) {
		wire_set(s->wire, dark ? WIRE_DARK : WIRE_UP);
	} else if (s->dark != dark) {
		netns_leave(s->netns);
		(void)netns_shape(s->netns, dark ? "loss 100%" : BAD);
		netns_enter(s->netns);
	}
	s->dark = dark;
}

/* The session proper: dark in the last DARK_S seconds of each minute, a write every few. */
static void live(struct session *s, struct pty *p, double *ret_lit_bytes, double *ret_lit_s)
{
	int64_t begun = bench_now_ns();
	int number = 0;

	*ret_lit_bytes = *ret_lit_s = 0;
	for (int second = 0; second < s->seconds;
	     second = (int)((bench_now_ns() - begun) / 1000000000)) {
		bool dark = second % PERIOD_S >= PERIOD_S - DARK_S;
		int64_t from = bench_now_ns();

		go_dark(s, dark);
		pty_mark(p);
		if (second % 7 == 0)
			create_one(s, number++);
		pty_wait_text_(p, "no such text is ever shown", 1000);
		if (!dark) {
			*ret_lit_bytes += (double)pty_bytes(p);
			*ret_lit_s += (double)(bench_now_ns() - from) / 1e9;
		}
	}
	go_dark(s, false);
}

static void judge_lines(struct session *s)
{
	size_t lines = (size_t)s->seconds * PER_SECOND, lost = 0, twice = 0, first = 0;
	unsigned char *seen = prism_alloc(lines);
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(0);
	static const char word[] = "counted line ";
	char name[64], others[64];

	assert_int_equal(prism_file_read(s->printed, 256u << 20, &text, NULL), 0);
	for (const char *at = strstr(prism_buf_text(&text), word); at; at = strstr(at + 1, word)) {
		size_t number = strtoul(at + strlen(word), NULL, 10);

		if (number < lines && seen[number] < 255)
			seen[number]++;
	}
	for (size_t i = 0; i < lines; i++) {
		if (!seen[i] && ++lost == 1)
			first = i;
		twice += seen[i] > 1;
	}
	snprintf(name, sizeof(name), "log lines lost of %zu", lines);
	snprintf(others, sizeof(others), "the first is line %zu", first);
	bench_at_most(name, (double)lost, "lines", 0, lost ? others : NULL);
	bench_at_most("log lines printed twice", (double)twice, "lines", 0, NULL);
	prism_free(seen);
}

static void judge_writes(struct session *s)
{
	const cJSON *one, *list = cli_must(&s->story.cli, "computation list --name outage-");
	int count = cJSON_GetArraySize(list), twice = 0;
	char name[64];

	cJSON_ArrayForEach(one, list)
	{
		const cJSON *other;

		for (other = one->next; other; other = other->next)
			twice += !strcmp(cli_text(one, "name"), cli_text(other, "name"));
	}
	snprintf(name, sizeof(name), "writes made twice of %u", s->made + s->failed);
	bench_at_most(name, twice, "writes", 0, NULL);
	bench_at_most("writes said to be made and missing",
	              count < (int)s->made ? (int)s->made - count : 0, "writes", 0, NULL);
	bench_at_most("writes given up", s->failed, "writes", NAN, NULL);
}

static void measure(void **state)
{
	const char *minutes = getenv("PRISM_OUTAGE_MINUTES");
	struct session s = {.seconds = 60 * (minutes ? (int)strtol(minutes, NULL, 10) : 2)};
	double bytes, lit;
	struct pty *p;
	int status;

	(void)state;
	write_algorithm(&s);
	const char *listen = far_network(&s);
	story_start(&s.story,
	            (const char *const[]){"--listen", listen, s.netns ? "--allow-remote" : NULL, NULL});
	lay_wire(&s);
	cli_must(&s.story.cli, "key generate --type ed25519");
	story_define(&s.story, "Counted", "", s.algorithm, STORY_SAMPLES "flowers.csv", s.id);
	story_run_until(&s.story, s.id, "ReceivingAlgorithm");
	cli_must(&s.story.cli, "send algorithm %s %s --type python", s.id, s.algorithm);
	cli_must(&s.story.cli, "send data %s " STORY_SAMPLES "flowers.csv", s.id);
	if (s.netns)
		netns_enter(s.netns);
	start_follower(&s);
	p = start_screen(&s);
	live(&s, p, &bytes, &lit);
	assert_int_equal(waitpid(s.follower, &status, 0), s.follower);
	bench_at_most("sessions that crashed", !WIFEXITED(status) + !pty_has(p, "counted line"), "", 0,
	              NULL);
	if (s.netns)
		netns_leave(s.netns);
	judge_lines(&s);
	judge_writes(&s);
	bench_at_most("terminal, ten lines a second", bytes / lit / 1024, "KiB/s", 2, "120x40");
	pty_keys(p, "Q");
	pty_wait_exit(p, SOON, NULL);
	pty_destroy(p);
	wire_stop(s.wire);
	netns_destroy(s.netns);
	story_stop(&s.story);
	tmpdir_remove(s.dir);
	prism_free(s.algorithm);
	prism_free(s.printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(measure)};
	int failed;

	bench_begin("outage");
	bench_section("A session with 10 s of darkness a minute and 1 % of stalls");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_end();
	return failed;
}
