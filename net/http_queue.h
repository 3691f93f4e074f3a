/*
 * Who may use a connection of a host, and who waits for one.
 *
 * libcurl has a queue of its own, but a request that finds no connection goes through all of its
 * set-up twice; with dozens of small requests under way that is a tenth of their cost.  Here one
 * waits before libcurl sees it.  A host whose connection carries many requests at once (HTTP/2)
 * lets everybody in.
 *
 * An origin is scheme, host and port of a URL, and the way to it.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_HTTP_QUEUE_H
#define PRISM_NET_HTTP_QUEUE_H

#include "base/list.h"

#include <stdbool.h>

struct net_http_origin;

struct net_http_queue {
	struct prism_list origins;
	unsigned limit; /* per origin, while it takes one request a connection */
};

struct net_http_place { /* zeroed: in no queue */
	struct prism_list node;
	struct net_http_origin *origin; /* NULL: in no queue */
	bool waiting;
	void (*turn)(struct net_http_place *place); /* it need not wait any more */
};

void net_http_queue_init(struct net_http_queue *queue, unsigned limit);
void net_http_queue_finish(struct net_http_queue *queue); /* every place has left */
/* True: go on now. False: turn is called when somebody left, not from here. */
bool net_http_queue_enter(struct net_http_queue *queue, struct net_http_place *place,
                          const char *url, const char *way /* may be NULL */);
/* Lets the next ones in, whose turn is called; a place that is in no queue is fine. */
void net_http_queue_leave(struct net_http_queue *queue, struct net_http_place *place);
/* The origin of the place turned out to carry many requests at once. */
void net_http_queue_open(struct net_http_queue *queue, struct net_http_place *place);

#endif
