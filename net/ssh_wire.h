/*
 * The data types of the SSH protocols (RFC 4251 section 5), for the parts that are not libssh2's:
 * keys, the agent, known hosts.
 *
 * A reader walks lent bytes and remembers a fault: after one, everything reads as empty, so a
 * parser reads straight down and asks `bad` once.  Writers append to a capped prism_buf of our own
 * making.
 */
#ifndef PRISM_NET_SSH_WIRE_H
#define PRISM_NET_SSH_WIRE_H

#include "base/buf.h"

struct net_ssh_reader {
	const uint8_t *at, *end;
	bool bad; /* something was shorter than it said */
};

struct net_ssh_string { /* lent bytes; not terminated */
	const uint8_t *data;
	size_t len;
};

struct net_ssh_reader net_ssh_reader(const void *data, size_t len);
uint8_t net_ssh_read_byte(struct net_ssh_reader *r);
uint32_t net_ssh_read_u32(struct net_ssh_reader *r);
struct net_ssh_string net_ssh_read_string(struct net_ssh_reader *r);
bool net_ssh_string_is(struct net_ssh_string s, const char *text);
char *net_ssh_string_text(struct net_ssh_string s); /* yours; cut at a NUL */

void net_ssh_put_u32(struct prism_buf *out, uint32_t value);
void net_ssh_put_string(struct prism_buf *out, const void *data, size_t len);
void net_ssh_put_text(struct prism_buf *out, const char *text);
/* An unsigned big-endian number as mpint: leading zeros dropped, one added before a high bit. */
void net_ssh_put_mpint(struct prism_buf *out, const uint8_t *data, size_t len);

#endif
