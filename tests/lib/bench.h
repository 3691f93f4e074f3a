/*
 * Numbers of a bench: a line of a table on standard output, and the same as JSON.
 *
 * A bench is tests/bench/<name>_bench.c, a program of its own.  `make bench` runs them one after
 * the other and gathers build/bench.json: {"<bench>": [{"name":..,"value":..,"unit":..,
 * "target":..,"met":..,"others":..}, ...], ...}.
 */
#ifndef PRISM_TESTS_BENCH_H
#define PRISM_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

void bench_begin(const char *name);    /* "logs"; the key in bench.json */
void bench_section(const char *title); /* a heading in the table */
/* target: what must not be exceeded; NAN when there is none. others: what it is compared with, as
 * words ("bare ncurses 0.4, 1.2 times"); NULL allowed. */
void bench_at_most(const char *name, double value, const char *unit, double target,
                   const char *others);
void bench_at_least(const char *name, double value, const char *unit, double target,
                    const char *others);
void bench_skip(const char *name, const char *why);
/* Writes what was gathered to $PRISM_BENCH_JSON (a fragment) when set. Returns how many targets
 * were missed; a bench still exits 0 then, because a loaded machine is not a fault. */
int bench_end(void);

int64_t bench_now_ns(void);                                            /* CLOCK_MONOTONIC */
double bench_median(double *values, size_t count);                     /* sorts; 0 for none */
double bench_percentile(double *values, size_t count, double percent); /* sorts */
/* Of a process and its threads; -1 when it cannot be told. */
double bench_rss_mib(int pid);
double bench_cpu_us(int pid);   /* user and system time so far */
double bench_switches(int pid); /* voluntary context switches so far */

#endif
