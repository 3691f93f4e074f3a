/*
 * What a full-screen program costs, seen from the other end of its terminal: milliseconds and
 * bytes from a key to the last byte of the frame, wake-ups while idle, memory.
 *
 * Method: 120x40, no emulation while measuring; a frame is over when nothing came for `quiet_ms`
 * after its last byte, and that silence is not counted.
 */
#ifndef PRISM_TESTS_MEASURE_H
#define PRISM_TESTS_MEASURE_H

#include "tests/lib/pty.h"

struct measure_keys {                     /* what was measured for one kind of key */
	double p50_ms, p95_ms, bytes, cpu_us; /* bytes and cpu: medians */
	int samples;
};

struct measure_start { /* medians, ms from just before exec */
	double first_byte, frame, settled;
	double bytes;
};

struct measure_idle {
	double cpu_percent, wakeups_per_s, bytes_per_s;
};

/* Starts it `runs` times; frame: the read in which `marker` (bytes as sent) was complete. Ends each
 * by SIGTERM. Returns false when the marker never came. */
bool measure_start(const struct pty_spec *spec, const char *marker, int runs,
                   struct measure_start *ret);
/* One key at a time, `count` times. */
void measure_keys(struct pty *p, const char *key, int count, int quiet_ms,
                  struct measure_keys *ret);
/* `count` keys in one write: ms to the last byte, bytes. */
void measure_burst(struct pty *p, const char *key, int count, int quiet_ms, double *ret_ms,
                   double *ret_bytes);
/* Watches a program nobody touches for so many seconds. */
void measure_idle(struct pty *p, int seconds, struct measure_idle *ret);

#endif
