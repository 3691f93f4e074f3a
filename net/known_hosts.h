/*
 * The keys that hosts are known by: reading and extending ~/.ssh/known_hosts (sshd(8), "SSH
 * KNOWN_HOSTS FILE FORMAT"): plain, hashed and [host]:port names, patterns, @revoked.
 * @cert-authority is not supported, and is reported where it would have mattered.
 *
 * Stricter than ssh in one point: a key known for "host" does not count for "[host]:port".
 *
 * Thread rules: loop thread only; files are small and read at once.
 */
#ifndef PRISM_NET_KNOWN_HOSTS_H
#define PRISM_NET_KNOWN_HOSTS_H

#include "base/buf.h"

#define NET_KNOWN_HOSTS_MAX (8u << 20) /* bytes of one file; a site-wide list has 1 or 2 MB */

enum net_known {
	NET_KNOWN_UNKNOWN, /* nothing is known about this host */
	NET_KNOWN_MATCH,   /* this key is the one */
	NET_KNOWN_CHANGED, /* another key of the same type is known: the attack it is there to show */
	NET_KNOWN_OTHER_TYPE, /* only keys of other types are known */
	NET_KNOWN_REVOKED     /* this key is marked as not to be trusted */
};

struct net_known_result {
	enum net_known verdict;
	char where[300];     /* "file:line" of the line that decided; "" when none did */
	char authority[300]; /* "file:line" of a @cert-authority line for this host; "" */
};

struct net_known_hosts;
/* Files that do not exist are empty. Fails on one that cannot be read. */
struct net_known_hosts *net_known_hosts_load(const char *const *paths, size_t count,
                                             struct prism_error *err);
/* For tests and fuzzing: a text in place of the files. */
struct net_known_hosts *net_known_hosts_parse(const char *text, size_t len);
void net_known_hosts_destroy(struct net_known_hosts *known); /* NULL allowed */

void net_known_hosts_check(const struct net_known_hosts *known, const char *host, uint16_t port,
                           const void *blob, size_t len, struct net_known_result *ret);
/* True when a key of that type ("ssh-ed25519") is known for the host: it is the one to ask for. */
bool net_known_hosts_has(const struct net_known_hosts *known, const char *host, uint16_t port,
                         const char *type);

/* Appends a line in one write, made durable; the directory (0700) and file (0600) are made when
 * missing. hashed: the name is not readable (HashKnownHosts). */
PRISM_MUST_USE
int net_known_hosts_add(const char *path, const char *host, uint16_t port, const void *blob,
                        size_t len, bool hashed, struct prism_error *err);

/* "host", "[host]:port" for ports but 22, in lower case. Yours. */
char *net_known_hosts_name(const char *host, uint16_t port);

/* ssh_config(5) PATTERNS: '*', '?', comma separated, '!' in front excludes. Case is ignored. */
bool net_ssh_pattern_list(const char *patterns, size_t len, const char *name);
bool net_ssh_pattern(const char *pattern, size_t len, const char *name);

#endif
