/*
 * A relay that holds every byte for a while, each way: a far network on loopback, where the kernel
 * has no netem.  A process of its own; it ends with the test.
 */
#ifndef PRISM_TESTS_DELAY_H
#define PRISM_TESTS_DELAY_H

#include <stdint.h>
#include <sys/types.h>

struct delay {
	pid_t pid;
	uint16_t port; /* connect here */
};
struct delay *delay_start(uint16_t to, int ms);
void delay_stop(struct delay *delay); /* NULL allowed */

#endif
