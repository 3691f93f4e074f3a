/*
 * The second step of net/ssh_config.c: what holds for one host.
 */
#include "net/ssh_config_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/known_hosts.h"
#include "net/stream_tcp.h"

#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PROBLEMS_MAX 20 /* of one host: more are not read */

const char *net_ssh_strict_word(enum net_ssh_strict strict)
{
	static const char *const words[NET_SSH_STRICT_COUNT] = {"ask", "yes", "accept-new"};

	return words[strict];
}

static bool block_matches(const struct net_ssh_config *config, int at, const char *name)
{
	const struct net_ssh_block *block;
	bool found = false;

	if (at < 0)
		return true;
	block = &config->blocks[at];
	if (block->never || !block_matches(config, block->parent, name))
		return false;
	for (size_t i = 0; i < block->count; i++) {
		const char *pattern = block->patterns[i];
		bool negated = *pattern == '!';

		if (!net_ssh_pattern(pattern + negated, strlen(pattern + negated), name))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found || !block->patterns;
}

static void problem(struct net_ssh_host *host, const struct net_ssh_setting *setting,
                    const char *why)
{
	if (host->problem_count == PROBLEMS_MAX)
		return;
	host->problem = prism_realloc_array(host->problem, host->problem_count + 1, sizeof(char *));
	host->problem[host->problem_count++] =
	    prism_asprintf("%s: %s %s", setting->where, setting->word, why);
}

static void set_text(char **slot, const char *text)
{
	if (!*slot)
		*slot = prism_strdup(text);
}

static bool yes(const char *word)
{
	return !strcasecmp(word, "yes") || !strcasecmp(word, "true");
}

static void set_strict(struct net_ssh_host *host, const struct net_ssh_setting *setting)
{
	const char *word = setting->arguments[0];

	if (host->strict_set)
		return;
	host->strict_set = true;
	if (!strcasecmp(word, "accept-new"))
		host->strict = NET_SSH_STRICT_ACCEPT_NEW;
	else if (yes(word))
		host->strict = NET_SSH_STRICT_YES;
	else if (!strcasecmp(word, "ask"))
		host->strict = NET_SSH_STRICT_ASK;
	else
		problem(host, setting, "is off there; hosts are checked all the same, and asked about");
}

static void set_port(struct net_ssh_host *host, const struct net_ssh_setting *setting)
{
	uint64_t port = 0;

	if (host->port)
		return;
	if (prism_text_parse_u64(setting->arguments[0], UINT16_MAX, &port, NULL) < 0 || !port)
		problem(host, setting, "is not a port");
	else
		host->port = (uint16_t)port;
}

struct asked { /* what is gathered beside the host itself */
	bool agent_only_set, hash_set, known_user_set, known_global_set;
	const struct net_ssh_setting *identity[NET_SSH_FILES_MAX];
	size_t identity_count;
	const struct net_ssh_setting *known_user, *known_global;
};

static void take(struct net_ssh_host *host, struct asked *asked, const struct net_ssh_setting *s)
{
	const char *value = s->count ? s->arguments[0] : NULL;

	if (s->fault) {
		problem(host, s, s->fault);
		return;
	}
	switch (s->keyword) {
	case CONF_HOSTNAME:
		set_text(&host->hostname, value);
		break;
	case CONF_USER:
		set_text(&host->user, value);
		break;
	case CONF_PORT:
		set_port(host, s);
		break;
	case CONF_IDENTITY_FILE:
		if (asked->identity_count < NET_SSH_FILES_MAX)
			asked->identity[asked->identity_count++] = s;
		else
			problem(host, s, "is one more than are tried");
		break;
	case CONF_IDENTITIES_ONLY:
		if (!asked->agent_only_set)
			host->identities_only = yes(value);
		asked->agent_only_set = true;
		break;
	case CONF_IDENTITY_AGENT:
		set_text(&host->agent, value);
		break;
	case CONF_PROXY_JUMP:
		set_text(&host->jump, value);
		break;
	case CONF_KNOWN_USER:
		asked->known_user = asked->known_user ? asked->known_user : s;
		break;
	case CONF_KNOWN_GLOBAL:
		asked->known_global = asked->known_global ? asked->known_global : s;
		break;
	case CONF_STRICT:
		set_strict(host, s);
		break;
	case CONF_KEY_ALIAS:
		set_text(&host->key_name, value);
		break;
	case CONF_HASH_NAMES:
		if (!asked->hash_set)
			host->hash_names = yes(value);
		asked->hash_set = true;
		break;
	default:
		problem(host, s, "is not supported");
	}
}

/* The local user's name. */
static void local_user(char out[256])
{
	char space[4096];
	struct passwd entry, *found = NULL;

	(void)getpwuid_r(getuid(), &entry, space, sizeof(space), &found);
	snprintf(out, 256, "%s", found ? found->pw_name : "root");
}

/* Tokens of ssh_config(5); NULL and a problem when one is unknown. s NULL: of our own making. */
static char *expand(struct net_ssh_host *host, const struct net_ssh_setting *s, const char *text)
{
	PRISM_AUTO_BUF struct prism_buf out = PRISM_BUF_INIT(65536);
	PRISM_AUTO_FREE char *home = prism_path_expand("~");
	char me[256];

	local_user(me);

	for (; *text && out.len < 4096; text++) {
		if (*text != '%') {
			prism_buf_putc(&out, *text);
			continue;
		}
		switch (*++text) {
		case '%':
			prism_buf_putc(&out, '%');
			break;
		case 'h':
			prism_buf_puts(&out, host->hostname ? host->hostname : host->name);
			break;
		case 'n':
			prism_buf_puts(&out, host->name);
			break;
		case 'p':
			prism_buf_printf(&out, "%u", (unsigned)(host->port ? host->port : 22));
			break;
		case 'r':
			prism_buf_puts(&out, host->user ? host->user : "");
			break;
		case 'u':
			prism_buf_puts(&out, me);
			break;
		case 'd':
			prism_buf_puts(&out, home);
			break;
		default:
			if (s)
				problem(host, s, "holds a token that is not understood");
			return NULL;
		}
	}
	return prism_buf_take(&out, NULL);
}

static char *expand_path(struct net_ssh_host *host, const struct net_ssh_setting *s,
                         const char *text)
{
	PRISM_AUTO_FREE char *tokens = expand(host, s, text);

	return tokens ? prism_path_expand(tokens) : NULL;
}

static void finish_identities(struct net_ssh_host *host, const struct asked *asked)
{
	static const char *const usual[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};

	for (size_t i = 0; i < asked->identity_count; i++) {
		const struct net_ssh_setting *s = asked->identity[i];
		char *path =
		    strcasecmp(s->arguments[0], "none") != 0 ? expand_path(host, s, s->arguments[0]) : NULL;

		if (path)
			host->identity[host->identity_count++] = path;
	}
	for (size_t i = 0; !asked->identity_count && i < PRISM_COUNT(usual); i++)
		host->identity[host->identity_count++] = prism_path_expand(usual[i]);
}

static void finish_known(struct net_ssh_host *host, const struct net_ssh_setting *s,
                         const char *const *usual, size_t usual_count)
{
	size_t count = s ? s->count : usual_count;

	for (size_t i = 0; i < count && host->known_count < NET_SSH_FILES_MAX; i++) {
		const char *name = s ? s->arguments[i] : usual[i];
		char *path = strcasecmp(name, "none") != 0 ? expand_path(host, s, name) : NULL;

		if (path)
			host->known[host->known_count++] = path;
	}
}

struct net_ssh_host *net_ssh_config_host(const struct net_ssh_config *config, const char *name,
                                         const char *user, uint16_t port)
{
	static const char *const known_user[] = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2"};
	static const char *const known_global[] = {"/etc/ssh/ssh_known_hosts",
	                                           "/etc/ssh/ssh_known_hosts2"};
	struct net_ssh_host *host = prism_alloc(sizeof(*host));
	struct asked asked = {0};
	char me[256];

	host->name = prism_strdup(name);
	host->user = prism_strdup(user);
	host->port = port;
	for (size_t i = 0; config && i < config->setting_count; i++)
		if (block_matches(config, config->settings[i].block, name))
			take(host, &asked, &config->settings[i]);
	if (host->hostname) {
		PRISM_AUTO_FREE char *written = PRISM_STEAL(host->hostname);
		host->hostname = expand(host, NULL, written);
	}
	set_text(&host->hostname, name);
	local_user(me);
	set_text(&host->user, me);
	host->port = host->port ? host->port : 22;
	host->key_port = host->key_name ? 22 : host->port; /* as ssh has it: an alias stands alone */
	set_text(&host->key_name, host->hostname);
	if (host->jump && !strcasecmp(host->jump, "none")) {
		prism_free(host->jump);
		host->jump = NULL;
	}
	if (host->agent && strcasecmp(host->agent, "none") != 0) {
		PRISM_AUTO_FREE char *written = PRISM_STEAL(host->agent);
		if (strcmp(written, "SSH_AUTH_SOCK") != 0)
			host->agent = *written == '$' ? prism_strdup(getenv(written + 1))
			                              : expand_path(host, NULL, written);
	}
	finish_identities(host, &asked);
	finish_known(host, asked.known_user, known_user, PRISM_COUNT(known_user));
	finish_known(host, asked.known_global, known_global, PRISM_COUNT(known_global));
	return host;
}

void net_ssh_host_destroy(struct net_ssh_host *host)
{
	if (!host)
		return;
	char *texts[] = {host->name, host->hostname, host->key_name,
	                 host->user, host->agent,    host->jump};
	for (size_t i = 0; i < PRISM_COUNT(texts); i++)
		prism_free(texts[i]);
	for (size_t i = 0; i < host->identity_count; i++)
		prism_free(host->identity[i]);
	for (size_t i = 0; i < host->known_count; i++)
		prism_free(host->known[i]);
	net_ssh_words_free(host->problem, host->problem_count);
	prism_free(host);
}

int net_ssh_hop_parse(const char *text, size_t len, char **ret_user, char **ret_host,
                      uint16_t *ret_port, struct prism_error *err)
{
	PRISM_AUTO_FREE char *copy = prism_strndup(text, len);
	char *at = !strncasecmp(copy, "ssh://", 6) ? copy + 6 : copy;
	char *sign = strrchr(at, '@');
	char *host = NULL;
	uint16_t port = 0;
	bool has_port;

	if (sign)
		*sign = '\0';
	const char *address = sign ? sign + 1 : at;
	if (*address == '-' || (sign && (!*at || *at == '-' || strpbrk(at, " \t'\"`$\\;&<>|(){}"))))
		return prism_error_raise(err, PRISM_ERROR_INVALID, "\"%.100s\" is not user@host", copy);
	const char *close = *address == '[' ? strchr(address, ']') : NULL;
	has_port = strchr(close ? close : address, ':') != NULL;
	if (net_address_parse(address, 22, &host, &port, err) < 0)
		return -1;
	*ret_user = sign ? prism_strdup(at) : NULL;
	*ret_host = host;
	*ret_port = has_port ? port : 0;
	return 0;
}
