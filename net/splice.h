/*
 * Two streams tied together: what one says, the other hears, both ways, with the ends of each
 * direction passed on.  Neither is read while the other does not keep up.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_NET_SPLICE_H
#define PRISM_NET_SPLICE_H

#include "net/stream.h"

struct net_splice;
/* a is connected at once by its own layer (an accepted descriptor), b may take its time: nothing of
 * a is lost meanwhile. Both are given. done: once, from the loop, when both directions have ended
 * or one stream broke (err of the connect or the break; NULL: orderly); destroy it there. */
struct net_splice *net_splice_create(struct net_stream *a, struct net_stream *b,
                                     void (*done)(void *data, const struct prism_error *err),
                                     void *data);
void net_splice_destroy(struct net_splice *splice); /* NULL allowed; no callback afterwards */

#endif
