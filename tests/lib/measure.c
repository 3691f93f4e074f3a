/* See measure.h. */
#include "tests/lib/measure.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/lib/bench.h"

#include <signal.h>
#include <string.h>

#define RUNS_MAX 32
#define SAMPLES_MAX 512

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

bool measure_start(const struct pty_spec *spec, const char *marker, int runs,
                   struct measure_start *ret)
{
	double first[RUNS_MAX], frame[RUNS_MAX], settled[RUNS_MAX], bytes[RUNS_MAX];
	bool good = true;
	int n = 0;

	for (; n < runs && n < RUNS_MAX && good; n++) {
		struct pty *p = pty_start(spec);

		good = pty_wait_raw_(p, marker, 10000);
		first[n] = ms(pty_first_ns(p) - pty_start_ns(p));
		frame[n] = ms(pty_last_ns(p) - pty_start_ns(p));
		pty_wait_quiet(p, 250, 5000);
		settled[n] = ms(pty_last_ns(p) - pty_start_ns(p));
		bytes[n] = (double)pty_bytes(p);
		pty_signal(p, SIGTERM);
		pty_wait_exit_(p, 1000, NULL);
		pty_destroy(p);
	}
	*ret = (struct measure_start){
	    .first_byte = bench_median(first, (size_t)n),
	    .frame = bench_median(frame, (size_t)n),
	    .settled = bench_median(settled, (size_t)n),
	    .bytes = bench_median(bytes, (size_t)n),
	};
	return good;
}

void measure_keys(struct pty *p, const char *key, int count, int quiet_ms, struct measure_keys *ret)
{
	double took[SAMPLES_MAX], bytes[SAMPLES_MAX], cpu[SAMPLES_MAX];
	int n = 0;

	for (int i = 0; i < count && n < SAMPLES_MAX; i++) {
		double cpu_before = bench_cpu_us(pty_pid(p));
		int64_t begun;

		pty_mark(p);
		begun = pty_now_ns();
		pty_keys(p, key);
		if (!pty_wait_byte(p, 3000))
			continue;
		pty_wait_quiet(p, quiet_ms, 5000);
		took[n] = ms(pty_last_ns(p) - begun);
		bytes[n] = (double)pty_bytes(p);
		cpu[n++] = bench_cpu_us(pty_pid(p)) - cpu_before;
	}
	*ret = (struct measure_keys){
	    .p50_ms = bench_median(took, (size_t)n),
	    .p95_ms = bench_percentile(took, (size_t)n, 95),
	    .bytes = bench_median(bytes, (size_t)n),
	    .cpu_us = bench_median(cpu, (size_t)n),
	    .samples = n,
	};
}

void measure_burst(struct pty *p, const char *key, int count, int quiet_ms, double *ret_ms,
                   double *ret_bytes)
{
	struct prism_buf all = PRISM_BUF_INIT(65536);
	int64_t begun;

	for (int i = 0; i < count; i++)
		prism_buf_puts(&all, key);
	pty_mark(p);
	begun = pty_now_ns();
	pty_write(p, all.data, all.len);
	pty_wait_byte(p, 3000);
	pty_wait_quiet(p, quiet_ms, 10000);
	*ret_ms = ms(pty_last_ns(p) - begun);
	*ret_bytes = (double)pty_bytes(p);
	prism_buf_finish(&all);
}

void measure_idle(struct pty *p, int seconds, struct measure_idle *ret)
{
	double cpu = bench_cpu_us(pty_pid(p)), switches = bench_switches(pty_pid(p));
	int64_t begun = pty_now_ns(), end = begun + (int64_t)seconds * 1000000000;
	double took;

	pty_mark(p);
	while (pty_now_ns() < end && pty_wait_byte(p, (int)((end - pty_now_ns()) / 1000000) + 1))
		;
	took = (double)(pty_now_ns() - begun) / 1e9;
	*ret = (struct measure_idle){
	    .cpu_percent = (bench_cpu_us(pty_pid(p)) - cpu) / took / 1e4,
	    .wakeups_per_s = (bench_switches(pty_pid(p)) - switches) / took,
	    .bytes_per_s = (double)pty_bytes(p) / took,
	};
}
