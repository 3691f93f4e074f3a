/*
 * A million log lines in the real program, through a pty of 120x40: reading the file, filters,
 * search, moving, a burst of a hundred thousand new lines, memory.
 *
 * The file is a saved log of 98 bytes a line.  A step's time is from the write of its last key to
 * the read that brought the text which tells that it is done; bytes are what came on the wire.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/client.h"
#include "tests/lib/measure.h"
#include "tests/lib/tmpdir.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 1000000, BURST = 100000, WAIT_MS = 12000, RUNS = 3 };

static char path[600];

static void write_lines(FILE *out, int from, int count, const char *last)
{
	for (int i = from; i < from + count; i++) {
		int us = i % 1000000;
		fprintf(out,
		        "2025-11-12T%02d:%02d:%02d.%06dZ %-5s step %07d of the computation took %3d.%02d "
		        "us, %-16s\n",
		        i / 360000 % 24, i / 6000 % 60, i / 100 % 60, us, i % 50 ? "INFO" : "WARN", i,
		        (int)((long)i * 7919 % 997), i % 100,
		        last && i == from + count - 1 ? last : "nothing to note");
	}
}

/* Milliseconds from the key to the read in which `marker` was on the screen. */
static double until(struct pty *p, const char *keys, const char *marker)
{
	pty_mark(p);
	int64_t start = pty_now_ns();
	pty_keys(p, keys);
	pty_wait_text(p, marker, WAIT_MS);
	double ms = (double)(pty_last_ns(p) - start) / 1e6;
	pty_wait_quiet(p, 150, 5000);
	return ms;
}

/* Every run: `before`, until what it takes away is gone; then `keys`, timed; then `after`. */
static double median_of(struct pty *p, const char *before, const char *keys, const char *marker,
                        const char *after)
{
	double values[RUNS];

	for (int i = 0; i < RUNS; i++) {
		pty_keys(p, before);
		pty_wait_gone(p, marker, WAIT_MS);
		pty_wait_quiet(p, 150, 5000);
		values[i] = until(p, keys, marker);
		pty_keys(p, after);
		pty_wait_quiet(p, 150, 5000);
	}
	return bench_median(values, RUNS);
}

static void measure_reading(struct pty *p)
{
	char keys[700];

	snprintf(keys, sizeof(keys), ":log open --file %s", path);
	pty_keys(p, keys);
	pty_wait_quiet(p, 150, 5000);
	double ms = until(p, "<Enter>z", "1000000 of 1000000"); /* zoomed */
	bench_at_most("file of a million lines read", ms, "ms", 972, "lnav 972, tig 1526, fzf 230");
	bench_at_most("memory", bench_rss_mib(pty_pid(p)), "MiB", 150, "lnav 100, tig 159, fzf 176");
}

static void measure_finding(struct pty *p)
{
	/* The prompt filters with every key; nothing passes before the last one. */
	double literal = median_of(p, ":log clear<Enter>/needlz", "<BS>", " 1 of 1000000", "<Enter>");
	double regex = median_of(p, ":log clear<Enter>:log regex \"(need|noo)le *$\"", "<Enter>",
	                         " 1 of 1000000", "");
	double search =
	    median_of(p, ":log clear<Enter>g:log search needle", "<Enter>", "1000000 of 1000000", "");

	bench_at_most("literal filter", literal, "ms", 80, "fzf 45, lnav 75, less 3014");
	bench_at_most("regular expression", regex, "ms", 400, "lnav 134 CPU");
	bench_at_most("search to the last line", search, "ms", 80, "tig 79, less 1662");
}

static void measure_moving(struct pty *p)
{
	struct measure_keys down, page;

	pty_keys(p, ":log clear<Enter>g");
	pty_wait_quiet(p, 300, 5000);
	for (int i = 0; i < 45; i++) {
		pty_keys(p, "j");
		pty_wait_quiet(p, 30, 1000);
	}
	measure_keys(p, "j", 30, 60, &down);
	measure_keys(p, "<PgDn>", 20, 60, &page);
	bench_at_most("one line down, median", down.p50_ms, "ms", NAN, NULL);
	bench_at_most("one line down, p95", down.p95_ms, "ms", 1, "htop 0.4, aerc 3");
	bench_at_most("one line down", down.bytes, "B", 500, "less 103, tig 4322");
	bench_at_most("one page down, p95", page.p95_ms, "ms", 1, NULL);
}

static void measure_burst_of_lines(struct pty *p)
{
	double ms[RUNS], bytes[RUNS];
	char marker[40];
	int next = LINES;

	pty_keys(p, "G");
	pty_wait_quiet(p, 300, 5000);
	for (int i = 0; i < RUNS; i++, next += BURST) {
		PRISM_AUTO_FREE char *text = NULL;
		size_t size = 0;
		FILE *memory = open_memstream(&text, &size);
		write_lines(memory, next, BURST, NULL);
		fclose(memory);
		FILE *out = fopen(path, "a");
		assert_non_null(out);
		snprintf(marker, sizeof(marker), "%d of %d", next + BURST, next + BURST);
		pty_mark(p);
		int64_t start = pty_now_ns();
		assert_int_equal(fwrite(text, 1, size, out), size);
		fclose(out);
		pty_wait_text(p, marker, WAIT_MS);
		ms[i] = (double)(pty_last_ns(p) - start) / 1e6;
		pty_wait_quiet(p, 300, 5000);
		bytes[i] = (double)pty_bytes(p);
	}
	bench_at_most("burst of 100,000 lines", bench_median(ms, RUNS), "ms", 120,
	              "lnav 117, multitail 553");
	bench_at_most("drawn for it", bench_median(bytes, RUNS) / 1000, "kB", 10,
	              "lnav 5, multitail 509");
}

static struct pty *signed_in(const struct sandbox *sandbox)
{
	const struct sandbox_user *user = &sandbox->users[1]; /* of one workspace, entered at once */
	struct pty *p = client_start(&(struct client_spec){
	    .sandbox = sandbox,
	    .rows = 40,
	    .cols = 120,
	    .args = (const char *const[]){"-u", user->email, NULL},
	});

	pty_wait_text(p, "Password", 20000);
	pty_keys(p, user->password);
	pty_keys(p, "<Enter>");
	pty_wait_text(p, "State", 20000);
	return p;
}

static void bench_logs(void **state)
{
	struct measure_idle idle;
	char *dir = tmpdir_create();
	struct sandbox *sandbox = sandbox_start((const char *const[]){"--seed", "demo", NULL});

	snprintf(path, sizeof(path), "%s/big.log", dir);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	write_lines(out, 0, LINES, "the only needle");
	fclose(out);

	struct pty *p = signed_in(sandbox);
	pty_wait_quiet(p, 300, 5000);
	bench_section("a million log lines, 98 MB");
	measure_reading(p);
	measure_finding(p);
	measure_moving(p);
	measure_burst_of_lines(p);
	bench_at_most("memory at the end", bench_rss_mib(pty_pid(p)), "MiB", 200, "1,300,000 lines");
	pty_keys(p, "p");
	pty_wait_quiet(p, 500, 5000);
	measure_idle(p, 3, &idle);
	bench_at_most("wake-ups with following off", idle.wakeups_per_s, "/s", 0, "lnav 26, btop 100");
	pty_destroy(p);
	sandbox_stop(sandbox);
	tmpdir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bench_logs)};

	bench_begin("logs");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	bench_end();
	return failed;
}
