/*
 * What a person opened before, kept for sessions that are made anew: keys by their path, passwords
 * by the label of the hop.
 */
#include "net/ssh_private.h"

#include <string.h>

struct kept {
	struct prism_list node;
	char *name;
	struct net_ssh_key *key;
	struct prism_secret *password;
};

struct net_ssh_keyring {
	struct prism_list all;
};

struct net_ssh_keyring *net_ssh_keyring_create(void)
{
	struct net_ssh_keyring *keyring = prism_alloc(sizeof(*keyring));

	prism_list_init(&keyring->all);
	return keyring;
}

static void kept_free(struct kept *kept)
{
	prism_list_remove(&kept->node);
	net_ssh_key_destroy(kept->key);
	prism_secret_destroy(kept->password);
	prism_free(kept->name);
	prism_free(kept);
}

void net_ssh_keyring_destroy(struct net_ssh_keyring *keyring)
{
	if (!keyring)
		return;
	PRISM_LIST_EACH (&keyring->all, node, next)
		kept_free(PRISM_CONTAINER(node, struct kept, node));
	prism_free(keyring);
}

static struct kept *kept_find(struct net_ssh_keyring *keyring, const char *name, bool key)
{
	PRISM_LIST_EACH (&keyring->all, node, next) {
		struct kept *kept = PRISM_CONTAINER(node, struct kept, node);

		if (!strcmp(kept->name, name) && (kept->key != NULL) == key)
			return kept;
	}
	return NULL;
}

static struct kept *kept_add(struct net_ssh_keyring *keyring, const char *name)
{
	struct kept *kept = prism_alloc(sizeof(*kept));

	kept->name = prism_strdup(name);
	prism_list_append(&keyring->all, &kept->node);
	return kept;
}

struct net_ssh_key *net_ssh_keyring_key(struct net_ssh_keyring *keyring, const char *path)
{
	struct kept *kept = kept_find(keyring, path, true);

	return kept ? kept->key : NULL;
}

void net_ssh_keyring_add_key(struct net_ssh_keyring *keyring, const char *path,
                             struct net_ssh_key *key)
{
	kept_add(keyring, path)->key = key;
}

const struct prism_secret *net_ssh_keyring_password(struct net_ssh_keyring *keyring,
                                                    const char *label)
{
	struct kept *kept = kept_find(keyring, label, false);

	return kept ? kept->password : NULL;
}

void net_ssh_keyring_set_password(struct net_ssh_keyring *keyring, const char *label,
                                  struct prism_secret *password)
{
	struct kept *kept = kept_find(keyring, label, false);

	if (kept)
		kept_free(kept);
	if (password)
		kept_add(keyring, label)->password = password;
}
