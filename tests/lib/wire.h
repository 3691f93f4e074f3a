/*
 * A bad network on loopback: a relay between a client and a server that adds delay, stalls, goes
 * dark or cuts connections, in user space, so that it needs no rights and no kernel module.
 *
 * What it cannot do is lose a packet below TCP: a lost segment looks to a program like a stall of a
 * round trip or more, and that is what `stall_percent` makes of some reads.
 *
 * One thread of its own; the functions may be called from the test at any time.
 */
#ifndef PRISM_TESTS_WIRE_H
#define PRISM_TESTS_WIRE_H

#include <stdint.h>

enum wire_state {
	WIRE_UP,
	WIRE_DARK, /* nothing passes, connections stay: a cable pulled, a firewall that drops */
	WIRE_CUT,  /* connections are reset, new ones refused by reset */
};

struct wire;
/* Relays 127.0.0.1:<a port the system chose> to 127.0.0.1:port. Fails the test when it cannot. */
struct wire *wire_start(int port);
void wire_stop(struct wire *wire); /* NULL allowed */
int wire_port(const struct wire *wire);
void wire_set(struct wire *wire, enum wire_state state);
/* Milliseconds added each way; and in how many of a hundred reads 200 ms more. */
void wire_delay(struct wire *wire, int delay_ms, int stall_percent);

struct wire_counts {
	unsigned connections; /* accepted so far */
	uint64_t up, down;    /* bytes to the server, to the client */
	unsigned turns;       /* times the direction changed: a request and its answer are one each */
};
struct wire_counts wire_counts(struct wire *wire);

#endif
