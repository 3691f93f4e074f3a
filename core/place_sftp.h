/*
 * A host behind a tunnel as a place (core/place.h): files are listed, read and written over SFTP.
 */
#ifndef PRISM_CORE_PLACE_SFTP_H
#define PRISM_CORE_PLACE_SFTP_H

#include "core/place.h"

struct net_sftp_answer;
struct net_tunnel;

/* tunnel is lent and must outlive the place; it is connected by the first operation. */
struct core_place *core_place_sftp_create(struct prism_loop *loop, struct net_tunnel *tunnel);

/* As core_place_write(), and the file that was there is kept under "NAME.20261126T150000Z"; kept
 * says where, NULL when there was none; sha256 is that of what was read back. */
typedef void (*core_place_kept_fn)(void *data, const char *kept, const uint8_t *sha256,
                                   const struct prism_error *err);
PRISM_MUST_USE
int core_place_sftp_replace(struct core_place *place, const char *path, const void *bytes,
                            size_t size, unsigned mode, struct prism_cancel *cancel,
                            core_place_kept_fn done, void *data, struct prism_error *err);

#endif
