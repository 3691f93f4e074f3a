/*
 * ~/.ssh/config (ssh_config(5)), as far as a tunnel needs it: Host patterns with negation,
 * HostName, User, Port, IdentityFile, IdentitiesOnly, IdentityAgent, ProxyJump, UserKnownHostsFile,
 * GlobalKnownHostsFile, StrictHostKeyChecking, HostKeyAlias, HashKnownHosts, Include, Match all.
 * Tokens: %h %p %r %u %d %n %%.  The first value found counts; identity files add up.
 *
 * What is not understood and applies to the host asked for is said, as "file:line: why"; settings
 * that have no meaning for a tunnel (ForwardX11, LogLevel, ...) are passed over.
 *
 * Thread rules: loop thread only; files are small and read at once.
 */
#ifndef PRISM_NET_SSH_CONFIG_H
#define PRISM_NET_SSH_CONFIG_H

#include "base/error.h"

#include <stdint.h>

#define NET_SSH_CONFIG_MAX (1u << 20) /* bytes of one file */
#define NET_SSH_FILES_MAX 32          /* identity files, known_hosts files */

enum net_ssh_strict {
	NET_SSH_STRICT_ASK,        /* unknown hosts are asked about */
	NET_SSH_STRICT_YES,        /* unknown hosts are refused */
	NET_SSH_STRICT_ACCEPT_NEW, /* unknown hosts are remembered without a question */
	NET_SSH_STRICT_COUNT
};
const char *net_ssh_strict_word(enum net_ssh_strict strict); /* "ask", "yes", "accept-new" */

struct net_ssh_host { /* how to reach one host; everything is owned */
	char *name;       /* as asked for */
	char *hostname;   /* where to connect */
	char *key_name;   /* what its key is known by: HostKeyAlias, else hostname */
	char *user;       /* never NULL: the local user when nobody else is named */
	uint16_t port;
	uint16_t key_port; /* beside key_name in known_hosts: that of the host, 22 for an alias */
	char *identity[NET_SSH_FILES_MAX]; /* expanded paths */
	size_t identity_count;             /* the usual names when none is configured */
	bool identities_only;
	char *agent;                    /* socket of ssh-agent; NULL: $SSH_AUTH_SOCK; "none": none */
	char *jump;                     /* ProxyJump as written; NULL: none */
	char *known[NET_SSH_FILES_MAX]; /* known_hosts files; the first is added to */
	size_t known_count;
	enum net_ssh_strict strict;
	bool strict_set; /* the configuration said so */
	bool hash_names;
	char **problem; /* what was not understood */
	size_t problem_count;
};

struct net_ssh_config;
/* path NULL: ~/.ssh/config. system_path NULL: /etc/ssh/ssh_config; "": none. Missing files are
 * empty; one that cannot be read is a problem of every host. */
struct net_ssh_config *net_ssh_config_load(const char *path, const char *system_path);
void net_ssh_config_destroy(struct net_ssh_config *config); /* NULL allowed */
/* For tests and fuzzing: a text in place of the files. */
struct net_ssh_config *net_ssh_config_parse(const char *text, size_t len);

/* user NULL, port 0: as configured. Yours: net_ssh_host_destroy(). */
struct net_ssh_host *net_ssh_config_host(const struct net_ssh_config *config, const char *name,
                                         const char *user, uint16_t port);
void net_ssh_host_destroy(struct net_ssh_host *host); /* NULL allowed */

/* "[user@]host[:port]", also "ssh://..." and "[v6]:port"; port 0 when none is written, *ret_user
 * NULL. Returned texts are yours. */
PRISM_MUST_USE
int net_ssh_hop_parse(const char *text, size_t len, char **ret_user, char **ret_host,
                      uint16_t *ret_port, struct prism_error *err);

#endif
