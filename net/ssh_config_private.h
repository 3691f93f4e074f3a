/*
 * Between net/ssh_config.c (reading files) and net/ssh_host.c (what holds for one host) only.
 */
#ifndef PRISM_NET_SSH_CONFIG_PRIVATE_H
#define PRISM_NET_SSH_CONFIG_PRIVATE_H

#include "net/ssh_config.h"

enum net_ssh_keyword {
	CONF_UNKNOWN,
	CONF_PASSED_OVER,
	CONF_HOST,
	CONF_MATCH,
	CONF_INCLUDE,
	CONF_HOSTNAME,
	CONF_USER,
	CONF_PORT,
	CONF_IDENTITY_FILE,
	CONF_IDENTITIES_ONLY,
	CONF_IDENTITY_AGENT,
	CONF_PROXY_JUMP,
	CONF_KNOWN_USER,
	CONF_KNOWN_GLOBAL,
	CONF_STRICT,
	CONF_KEY_ALIAS,
	CONF_HASH_NAMES
};

struct net_ssh_block {
	char **patterns; /* NULL: everything */
	size_t count;
	bool never; /* Match of a kind that is not understood */
	int parent; /* block the file was included from; -1: none */
};

struct net_ssh_setting {
	enum net_ssh_keyword keyword;
	char *word; /* as written, for messages */
	char **arguments;
	size_t count;
	int block;
	char *where;       /* "file:line" */
	const char *fault; /* the line itself is wrong; static */
};

struct net_ssh_config {
	struct net_ssh_block *blocks;
	size_t block_count;
	struct net_ssh_setting *settings;
	size_t setting_count;
};

void net_ssh_words_free(char **words, size_t count);

#endif
