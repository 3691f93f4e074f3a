/*
 * The screen against its numbers: first frame, key to frame, bursts, bytes, idle, memory; beside
 * a bare ncurses list, htop, tig and less when they are installed.  Everything runs in this one
 * process, one subject after the other, on a pty of 120x40.
 *
 * BENCH_QUICK=1 takes fewer samples,
 * BENCH_ALONE=1 leaves the others out.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/client.h"
#include "tests/lib/measure.h"
#include "tests/lib/sandbox.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define QUIET_MS 60

struct numbers {
	struct measure_start start;
	struct measure_keys move, scroll, page;
	double burst_ms, burst_bytes, rss;
	struct measure_idle idle;
	bool present;
};

struct other { /* a program to compare with */
	const char *name;
	const char *const *argv;
	const char *marker; /* bytes of its first useful frame */
	const char *down, *page, *home;
	int quiet_ms;
};

static char scratch[] = "/tmp/prism-bench-XXXXXX";
static int samples = 30;

static bool installed(const char *program)
{
	const char *path = getenv("PATH");
	char file[600];

	if (strchr(program, '/'))
		return access(program, X_OK) == 0;
	while (path && *path) {
		size_t len = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)len, path, program);
		if (access(file, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static int run_and_wait(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* 100,000 lines for less, and as many commits for tig (git fast-import reads them in a second). */
static void make_data(int rows)
{
	char path[600], stream[600], repo[600];
	FILE *lines, *commits;

	snprintf(path, sizeof(path), "%s/lines", scratch);
	snprintf(stream, sizeof(stream), "%s/commits", scratch);
	snprintf(repo, sizeof(repo), "%s/repo", scratch);
	lines = fopen(path, "w");
	commits = fopen(stream, "w");
	assert_true(lines && commits);
	for (int i = 0; i < rows; i++) {
		fprintf(lines, "%06d  a line of text that differs: %d, and its level is %s\n", i,
		        (int)((long)i * 7919 % 100003), i % 7 ? "info" : "warning");
		fprintf(commits,
		        "commit refs/heads/main\ncommitter Sample <sample@example.org> %d +0000\n"
		        "data <<E\nchange %d of %d\nE\n",
		        1700000000 + i, i, (int)((long)i * 7919 % 100003));
	}
	fclose(lines);
	fclose(commits);
	if (installed("git") && installed("tig")) {
		char command[2000];

		snprintf(command, sizeof(command),
		         "git init -q -b main %s && git -C %s fast-import --quiet <%s", repo, repo, stream);
		run_and_wait((const char *const[]){"/bin/sh", "-c", command, NULL});
	}
}

static void measure_list(struct pty *p, const char *down, const char *page, int quiet_ms,
                         struct numbers *n)
{
	pty_wait_quiet(p, 300, 5000);
	measure_keys(p, down, samples < 22 ? samples : 22, quiet_ms, &n->move);
	for (int i = 0; i < 30; i++) { /* down to the bottom edge */
		pty_keys(p, down);
		pty_wait_quiet(p, quiet_ms, 1000);
	}
	measure_keys(p, down, samples, quiet_ms, &n->scroll);
	measure_keys(p, page, samples < 20 ? samples : 20, quiet_ms, &n->page);
	measure_burst(p, down, 200, 250, &n->burst_ms, &n->burst_bytes);
}

static struct numbers measure_other(const struct other *o)
{
	struct pty_spec spec = {.argv = o->argv, .no_screen = true};
	struct numbers n = {0};
	struct pty *p;

	if (!installed(o->argv[0]) || !measure_start(&spec, o->marker, 5, &n.start))
		return n;
	p = pty_start(&spec);
	pty_wait_raw_(p, o->marker, 10000);
	pty_wait_quiet(p, 500, 5000);
	measure_list(p, o->down, o->page, o->quiet_ms, &n);
	n.rss = bench_rss_mib(pty_pid(p));
	measure_idle(p, 3, &n.idle);
	n.present = true;
	pty_destroy(p);
	return n;
}

static void print_numbers(const char *name, const struct numbers *n)
{
	if (!n->present) {
		bench_skip(name, "not installed");
		return;
	}
	printf("    %-12s frame %6.1f ms  move %5.2f/%5.2f ms %5.0f B  scroll %5.2f ms %5.0f B  "
	       "page %5.2f ms %5.0f B  200 keys %6.1f ms %6.1f kB  idle %5.2f %% %5.1f/s %5.0f B/s  "
	       "%5.1f MiB\n",
	       name, n->start.frame, n->move.p50_ms, n->move.p95_ms, n->move.bytes, n->scroll.p50_ms,
	       n->scroll.bytes, n->page.p50_ms, n->page.bytes, n->burst_ms, n->burst_bytes / 1000,
	       n->idle.cpu_percent, n->idle.wakeups_per_s, n->idle.bytes_per_s, n->rss);
}

/* A herd of idle processes, so that htop has more rows than the screen. */
static void herd(pid_t *pids, int count)
{
	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			pause();
			_exit(0);
		}
	}
}

static void disperse(const pid_t *pids, int count)
{
	for (int i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static void measure_others(struct numbers *floor_, struct numbers *less, struct numbers *htop)
{
	static char lines[600], repo[600], floor_path[600];
	const char *floor_argv[] = {floor_path, NULL}, *less_argv[] = {"less", lines, NULL};
	const char *tig_argv[] = {"tig", "-C", repo, NULL}, *htop_argv[] = {"htop", NULL};
	struct numbers tig;
	pid_t pids[300];

	snprintf(lines, sizeof(lines), "%s/lines", scratch);
	snprintf(repo, sizeof(repo), "%s/repo", scratch);
	snprintf(floor_path, sizeof(floor_path), "%s", build_path("tests/bench/ncfloor"));
	bench_section("others (p50/p95)");
	*floor_ = measure_other(
	    &(struct other){"ncfloor", floor_argv, "000001", "j", "\033[6~", "g", QUIET_MS});
	print_numbers("ncfloor", floor_);
	*less = measure_other(&(struct other){"less", less_argv, "000001", "j", " ", "g", QUIET_MS});
	print_numbers("less", less);
	tig = measure_other(&(struct other){"tig", tig_argv, "change", "j", "\033[6~", "g", QUIET_MS});
	print_numbers("tig", &tig);
	herd(pids, 300);
	*htop = measure_other(
	    &(struct other){"htop", htop_argv, "PID", "\033OB", "\033[6~", "\033[H", QUIET_MS});
	disperse(pids, 300);
	print_numbers("htop", htop);
}

/* The client, signed in and looking at the list of computations; nothing is followed. */
static struct pty *client_in_list(const struct sandbox *sb, const char *first_row,
                                  double *ret_open_ms /* from the password to the first rows */)
{
	int64_t from;

	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = sb,
	    .rows = 40,
	    .cols = 120,
	    .no_screen = true,
	    .env = (const char *const[]){"PRISM_TUI_USER=ada", "PRISM_TUI_WORKSPACE=Open Science Lab",
	                                 "PRISM_TUI_FOLLOW=no", NULL},
	});

	assert_true(pty_wait_raw_(p, "Sign in", 10000));
	pty_keys(p, sb->users[0].password);
	from = bench_now_ns();
	pty_keys(p, "\r");
	if (!pty_wait_raw_(p, first_row, 30000))
		fail_msg("the list of computations did not come");
	*ret_open_ms = (double)(bench_now_ns() - from) / 1e6;
	return p;
}

static const char *beside(char *buf, size_t size, const char *what, double ours, double theirs,
                          const char *unit)
{
	if (theirs > 0)
		snprintf(buf, size, "%s %.2f %s, ratio %.2f", what, theirs, unit, ours / theirs);
	else
		snprintf(buf, size, "%s not measured", what);
	return buf;
}

static void report_start(const struct numbers *floor_, const struct numbers *less)
{
	const char *argv[] = {build_path("prism-tui"), NULL};
	struct pty_spec spec = {
	    .argv = argv,
	    .no_screen = true,
	    .env = (const char *const[]){"PRISM_TUI_URL=http://127.0.0.1:9", NULL},
	};
	struct measure_start start;
	char text[80], more[80], both[170];

	bench_section("start (no backend)");
	measure_start(&spec, "Sign in", samples < 15 ? samples : 15, &start);
	beside(text, sizeof(text), "bare ncurses", start.frame, floor_->start.frame, "ms");
	beside(more, sizeof(more), "less", start.frame, less->start.frame, "ms");
	snprintf(both, sizeof(both), "%s; %s", text, more);
	bench_at_most("first frame", start.frame, "ms", 15, both);
	bench_at_most("bytes of the start", start.bytes, "B", NAN, NULL);
}

static void report_keys(const struct numbers *ours, const struct numbers *floor_,
                        const struct numbers *less, const struct numbers *htop)
{
	const struct {
		const char *name;
		double value;
		const char *unit;
		double target;
		const char *other;
		double theirs;
	} rows[] = {
	    {"key to frame, one row, p50", ours->move.p50_ms, "ms", NAN, "bare ncurses",
	     floor_->move.p50_ms},
	    {"key to frame, one row, p95", ours->move.p95_ms, "ms", 1, "bare ncurses",
	     floor_->move.p95_ms},
	    {"key to frame, scrolled, p95", ours->scroll.p95_ms, "ms", 1, "htop", htop->scroll.p95_ms},
	    {"key to frame, a page, p95", ours->page.p95_ms, "ms", NAN, "bare ncurses",
	     floor_->page.p95_ms},
	    {"CPU of a key", ours->move.cpu_us, "us", 300, "bare ncurses", floor_->move.cpu_us},
	    {"bytes, one row down", ours->move.bytes, "B", 200, "less", less->move.bytes},
	    {"bytes, scrolled by one line", ours->scroll.bytes, "B", 500, "less", less->scroll.bytes},
	    {"bytes, a page", ours->page.bytes, "B", 4500, "less", less->page.bytes},
	    {"200 keys at once", ours->burst_ms, "ms", 40, "bare ncurses", floor_->burst_ms},
	    {"200 keys at once, bytes", ours->burst_bytes, "B", 10000, "bare ncurses",
	     floor_->burst_bytes},
	};

	for (size_t i = 0; i < PRISM_COUNT(rows); i++) {
		char text[120];

		bench_at_most(
		    rows[i].name, rows[i].value, rows[i].unit, rows[i].target,
		    beside(text, sizeof(text), rows[i].other, rows[i].value, rows[i].theirs, rows[i].unit));
	}
}

static void report_idle(const struct measure_idle *idle)
{
	bench_at_most("idle: CPU", idle->cpu_percent, "%", 0, NULL);
	bench_at_most("idle: wake-ups", idle->wakeups_per_s, "/s", 0, "lnav 26, btop 100");
	bench_at_most("idle: bytes", idle->bytes_per_s, "B/s", 0, "btop 7063");
}

/* Typing a filter: each letter looks at every row; what counts is the last frame after the last. */
static double filter_ms(struct pty *p, const char *text, double *ret_cpu_ms)
{
	int64_t from;
	double ms, cpu;

	pty_keys(p, "/");
	pty_wait_byte(p, 5000);
	pty_wait_quiet(p, QUIET_MS, 5000);
	pty_mark(p);
	cpu = bench_cpu_us(pty_pid(p));
	from = pty_now_ns();
	pty_keys(p, text);
	pty_wait_byte(p, 5000);
	pty_wait_quiet(p, QUIET_MS, 20000);
	*ret_cpu_ms = (bench_cpu_us(pty_pid(p)) - cpu) / 1e3;
	ms = (double)(pty_last_ns(p) - from) / 1e6;
	pty_mark(p);
	pty_write(p, "\033", 1);
	pty_wait_byte(p, 5000);
	pty_wait_quiet(p, QUIET_MS, 5000);
	return ms;
}

static void measure_filters(struct pty *p)
{
	static const char *const texts[] = {"g",         "genome",         "audit 0999",
	                                    "completed", "nothing at all", "e a i"};

	double most = 0;

	for (size_t i = 0; i < PRISM_COUNT(texts); i++) {
		char name[80];
		double cpu, ms = filter_ms(p, texts[i], &cpu);

		snprintf(name, sizeof(name), "filter \"%s\", typed at once", texts[i]);
		bench_at_most(name, ms, "ms", 100, NULL);
		most = cpu > most ? cpu : most;
	}
	bench_at_most("CPU of the slowest filter", most, "ms", 100, NULL);
}

static void measure_rows(const struct numbers *floor_, const struct numbers *less,
                         const struct numbers *htop)
{
	struct sandbox *sb = sandbox_start((const char *const[]){"--seed", "scale=100000", NULL});
	double open_ms;
	struct pty *p = client_in_list(sb, "/100", &open_ms);
	struct numbers ours = {0};

	bench_section("list of 100,000 rows");
	bench_at_most("sign-in, workspace, first page, first rows", open_ms, "ms", 150, NULL);
	pty_wait_quiet(p, 2000, 120000); /* every page is here */
	measure_list(p, "j", "\033[6~", QUIET_MS, &ours);
	report_keys(&ours, floor_, less, htop);
	measure_filters(p);
	bench_at_most("resident", bench_rss_mib(pty_pid(p)), "MiB", 38,
	              "without a row 13.5, 11 of them shared libraries");
	measure_idle(p, 5, &ours.idle);
	report_idle(&ours.idle);
	pty_destroy(p);
	sandbox_stop(sb);
}

static void measure_slow_backend(void)
{
	struct sandbox *sb =
	    sandbox_start((const char *const[]){"--seed", "scale=100000", "--latency", "3000", NULL});
	double open_ms;
	struct pty *p = client_in_list(sb, "/100", &open_ms);
	struct measure_keys move;

	bench_section("the same while pages come from a backend that takes 3 s for each");
	pty_wait_quiet(p, 300, 5000);
	pty_keys(p, "r");
	pty_wait_quiet(p, 100, 1000);
	measure_keys(p, "j", samples, QUIET_MS, &move);
	bench_at_most("key to frame, one row, p50", move.p50_ms, "ms", NAN, NULL);
	bench_at_most("key to frame, one row, p95", move.p95_ms, "ms", 1, NULL);
	pty_destroy(p);
	sandbox_stop(sb);
}

static void measure_demo(void)
{
	struct sandbox *sb = sandbox_start((const char *const[]){"--seed", "demo", NULL});
	double open_ms;
	struct pty *p = client_in_list(sb, "Empty draft", &open_ms);
	struct measure_idle idle;

	bench_section("the demo, a computation open");
	pty_wait_quiet(p, 300, 5000);
	pty_keys(p, "\r");
	pty_wait_raw_(p, "Overview", 10000);
	pty_wait_quiet(p, 1000, 20000);
	bench_at_most("resident", bench_rss_mib(pty_pid(p)), "MiB", 14, NULL);
	pty_wait_quiet(p, 6000, 20000); /* toasts go */
	measure_idle(p, 5, &idle);
	report_idle(&idle);
	pty_destroy(p);
	sandbox_stop(sb);
}

int main(void)
{
	struct numbers floor_ = {0}, less = {0}, htop = {0};

	if (getenv("BENCH_QUICK"))
		samples = 8;
	bench_begin("screen");
	if (!getenv("BENCH_ALONE")) {
		assert_non_null(mkdtemp(scratch));
		make_data(100000);
		measure_others(&floor_, &less, &htop);
		run_and_wait((const char *const[]){"rm", "-rf", scratch, NULL});
	}
	report_start(&floor_, &less);
	measure_rows(&floor_, &less, &htop);
	measure_slow_backend();
	measure_demo();
	bench_end();
	return 0;
}
