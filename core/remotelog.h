/*
 * A log of a host behind a tunnel, followed: a file ("/var/log/cloud-init.log") by tail -F, or a
 * unit's journal ("cocos-manager") by journalctl -f, run there over SSH.
 *
 * Its lines are merged by time into a log store as guests (core/logstore.h), tagged
 * "cocos-manager@host" or "name.log@host:/var/log" where lines of a computation have their run, so
 * that filters, search and saving work alike. Lines without a time of their own get that of their
 * arrival.  Lines that are told twice (the last ones are, whenever the connection comes back) are
 * merged by what they say.
 *
 * It goes on until it is stopped: when the session breaks, it waits for the tunnel and starts
 * again.
 *
 * Thread rules: loop thread only.
 */
#ifndef PRISM_CORE_REMOTELOG_H
#define PRISM_CORE_REMOTELOG_H

#include "base/loop.h"
#include "core/logstore.h"

struct net_tunnel;

#define CORE_REMOTELOG_LINES 200 /* of the past, at every start */

struct core_remotelog;
/* store, tunnel: lent. changed: from the loop, after lines came or the state changed. Invalid: a
 * source that is neither a path nor a unit's name. */
struct core_remotelog *core_remotelog_start(struct prism_loop *loop, struct net_tunnel *tunnel,
                                            const char *source, struct core_logstore *store,
                                            void (*changed)(void *data), void *data,
                                            struct prism_error *err);
void core_remotelog_stop(struct core_remotelog *log); /* its lines stay; NULL allowed */
const char *core_remotelog_tag(const struct core_remotelog *log);
char *core_remotelog_tag_of(const struct net_tunnel *tunnel, const char *source); /* yours */
/* Why it does not run now; NULL: it does. Final: it is not tried again (no such file, unit). */
const struct prism_error *core_remotelog_error(const struct core_remotelog *log, bool *ret_final);

/* The command that is run there; yours. cursor: of the journal, NULL at first; journalctl of
 * systemd 236 and later (2017). NULL: as core_remotelog_start(). */
char *core_remotelog_command(const char *source, const char *cursor, struct prism_error *err);

#endif
