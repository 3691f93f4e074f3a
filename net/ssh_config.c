/*
 * Two steps: files become a list of settings, each with the block it stands in; a question walks
 * the list and takes the first value of each setting whose block matches.
 *
 * A block is a Host line (its patterns) or Match (only "all" is understood: anything else matches
 * nothing, and is said); it matches only where the block its file was included from matches, too.
 */
#include "net/ssh_config.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/known_hosts.h"
#include "net/stream_tcp.h"

#include <glob.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define INCLUDE_DEPTH 16   /* OpenSSH's READCONF_MAX_DEPTH */
#define SETTINGS_MAX 20000 /* stops files that include one another without end */
#define ARGUMENTS_MAX 64   /* words of one line */
#define PROBLEMS_MAX 20    /* of one host: more are not read */

enum keyword {
	UNKNOWN,
	PASSED_OVER,
	HOST,
	MATCH,
	INCLUDE,
	HOSTNAME,
	USER,
	PORT,
	IDENTITY_FILE,
	IDENTITIES_ONLY,
	IDENTITY_AGENT,
	PROXY_JUMP,
	KNOWN_USER,
	KNOWN_GLOBAL,
	STRICT,
	KEY_ALIAS,
	HASH_NAMES
};

static const struct {
	const char *word;
	enum keyword keyword;
} keywords[] = {
    {"host", HOST},
    {"match", MATCH},
    {"include", INCLUDE},
    {"hostname", HOSTNAME},
    {"user", USER},
    {"port", PORT},
    {"identityfile", IDENTITY_FILE},
    {"identitiesonly", IDENTITIES_ONLY},
    {"identityagent", IDENTITY_AGENT},
    {"proxyjump", PROXY_JUMP},
    {"userknownhostsfile", KNOWN_USER},
    {"globalknownhostsfile", KNOWN_GLOBAL},
    {"stricthostkeychecking", STRICT},
    {"hostkeyalias", KEY_ALIAS},
    {"hashknownhosts", HASH_NAMES},
    /* Without meaning for a tunnel, or a matter of taste. */
    {"addkeystoagent", PASSED_OVER},
    {"addressfamily", PASSED_OVER},
    {"batchmode", PASSED_OVER},
    {"checkhostip", PASSED_OVER},
    {"clearallforwardings", PASSED_OVER},
    {"compression", PASSED_OVER},
    {"connectionattempts", PASSED_OVER},
    {"connecttimeout", PASSED_OVER},
    {"controlmaster", PASSED_OVER},
    {"controlpath", PASSED_OVER},
    {"controlpersist", PASSED_OVER},
    {"dynamicforward", PASSED_OVER},
    {"escapechar", PASSED_OVER},
    {"exitonforwardfailure", PASSED_OVER},
    {"forwardagent", PASSED_OVER},
    {"forwardx11", PASSED_OVER},
    {"forwardx11trusted", PASSED_OVER},
    {"gssapiauthentication", PASSED_OVER},
    {"gssapidelegatecredentials", PASSED_OVER},
    {"ignoreunknown", PASSED_OVER},
    {"ipqos", PASSED_OVER},
    {"localforward", PASSED_OVER},
    {"loglevel", PASSED_OVER},
    {"numberofpasswordprompts", PASSED_OVER},
    {"permitlocalcommand", PASSED_OVER},
    {"preferredauthentications", PASSED_OVER},
    {"remoteforward", PASSED_OVER},
    {"requesttty", PASSED_OVER},
    {"sendenv", PASSED_OVER},
    {"serveralivecountmax", PASSED_OVER},
    {"serveraliveinterval", PASSED_OVER},
    {"setenv", PASSED_OVER},
    {"tcpkeepalive", PASSED_OVER},
    {"updatehostkeys", PASSED_OVER},
    {"usekeychain", PASSED_OVER},
    {"visualhostkey", PASSED_OVER},
};

struct block {
	char **patterns; /* NULL: everything */
	size_t count;
	bool never; /* Match of a kind that is not understood */
	int parent; /* block the file was included from; -1: none */
};

struct setting {
	enum keyword keyword;
	char *word; /* as written, for messages */
	char **arguments;
	size_t count;
	int block;
	char *where;       /* "file:line" */
	const char *fault; /* the line itself is wrong; static */
};

struct net_ssh_config {
	struct block *blocks;
	size_t block_count;
	struct setting *settings;
	size_t setting_count;
};

const char *net_ssh_strict_word(enum net_ssh_strict strict)
{
	static const char *const words[NET_SSH_STRICT_COUNT] = {"ask", "yes", "accept-new"};

	return words[strict];
}

/* ---- reading ---- */

struct reading {
	struct net_ssh_config *config;
	const char *path, *dir; /* dir: relative names of Include are below it */
	int line, block, depth;
};

static void words_free(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prism_free(words[i]);
	prism_free(words);
}

static int block_add(struct reading *r, char **patterns, size_t count, bool never, int parent)
{
	struct net_ssh_config *c = r->config;

	c->blocks = prism_realloc_array(c->blocks, c->block_count + 1, sizeof(*c->blocks));
	c->blocks[c->block_count] = (struct block){patterns, count, never, parent};
	return (int)c->block_count++;
}

static void setting_add(struct reading *r, enum keyword keyword, const char *word, char **arguments,
                        size_t count, const char *fault)
{
	struct net_ssh_config *c = r->config;

	if (c->setting_count >= SETTINGS_MAX) {
		words_free(arguments, count);
		return;
	}
	c->settings = prism_realloc_array(c->settings, c->setting_count + 1, sizeof(*c->settings));
	c->settings[c->setting_count++] = (struct setting){
	    .keyword = keyword,
	    .word = prism_strdup(word),
	    .arguments = arguments,
	    .count = count,
	    .block = r->block,
	    .where = prism_asprintf("%s:%d", r->path, r->line),
	    .fault = fault,
	};
}

/* Words in blanks or double quotes; a '#' at the start of a word ends the line. -1: open quote. */
static int split(const char *at, const char *end, char ***ret)
{
	char **words = NULL;
	size_t count = 0;

	while (at < end) {
		const char *begin, *stop;

		while (at < end && strchr(" \t\r\f", *at))
			at++;
		if (at == end || *at == '#' || count == ARGUMENTS_MAX)
			break;
		begin = at;
		if (*at == '"') {
			begin++;
			stop = memchr(begin, '"', (size_t)(end - begin));
			if (!stop) {
				words_free(words, count);
				return -1;
			}
			at = stop + 1;
		} else {
			while (at < end && !strchr(" \t\r\f", *at))
				at++;
			stop = at;
		}
		words = prism_realloc_array(words, count + 1, sizeof(*words));
		words[count++] = prism_strndup(begin, (size_t)(stop - begin));
	}
	*ret = words;
	return (int)count;
}

static void read_file(struct reading *r, const char *path, const char *dir);

/* Includes found nothing are fine, as in ssh. */
static void include(struct reading *r, char *const *names, size_t count)
{
	if (r->depth >= INCLUDE_DEPTH) {
		setting_add(r, UNKNOWN, "Include", NULL, 0, "files include one another too deeply");
		return;
	}
	for (size_t i = 0; i < count && r->dir; i++) {
		PRISM_AUTO_FREE char *expanded = prism_path_expand(names[i]);
		PRISM_AUTO_FREE char *path = prism_path_join(r->dir, expanded);
		glob_t found = {0};

		if (glob(path, 0, NULL, &found) == 0)
			for (size_t j = 0; j < found.gl_pathc; j++)
				read_file(r, found.gl_pathv[j], r->dir);
		globfree(&found);
	}
}

static enum keyword keyword_of(const char *word)
{
	for (size_t i = 0; i < PRISM_COUNT(keywords); i++)
		if (!strcasecmp(keywords[i].word, word))
			return keywords[i].keyword;
	return UNKNOWN;
}

static void take_line(struct reading *r, const char *word, char **arguments, size_t count,
                      int parent)
{
	enum keyword keyword = keyword_of(word);

	if (!count) {
		setting_add(r, keyword, word, NULL, 0, "has no value");
	} else if (keyword == HOST) {
		r->block = block_add(r, arguments, count, false, parent);
	} else if (keyword == MATCH) {
		bool all = count == 1 && !strcasecmp(arguments[0], "all");

		words_free(arguments, count);
		if (!all) { /* said wherever the outer block matches */
			r->block = parent;
			setting_add(r, UNKNOWN, "Match", NULL, 0,
			            "only \"Match all\" is understood; what follows it is left out");
		}
		r->block = block_add(r, NULL, 0, !all, parent);
	} else if (keyword == INCLUDE) {
		include(r, arguments, count);
		words_free(arguments, count);
	} else if (keyword == PASSED_OVER) {
		words_free(arguments, count);
	} else {
		setting_add(r, keyword, word, arguments, count, NULL);
	}
}

static void read_line(struct reading *r, const char *at, const char *end, int parent)
{
	char **arguments = NULL;
	const char *begin;
	int count;

	while (at < end && strchr(" \t\r\f", *at))
		at++;
	begin = at;
	while (at < end && !strchr(" \t\r\f=", *at))
		at++;
	if (at == begin || *begin == '#')
		return;
	PRISM_AUTO_FREE char *word = prism_strndup(begin, (size_t)(at - begin));
	while (at < end && strchr(" \t", *at))
		at++;
	if (at < end && *at == '=')
		at++;
	count = split(at, end, &arguments);
	if (count < 0)
		setting_add(r, keyword_of(word), word, NULL, 0, "has a quote that is not closed");
	else
		take_line(r, word, arguments, (size_t)count, parent);
}

static void read_text(struct reading *r, const char *text, size_t len)
{
	const char *end = text + len;
	int parent = r->block;

	for (r->line = 1; text < end; r->line++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		/* strchr() above finds the NUL of its list: a line must not hold one */
		if (!memchr(text, '\0', (size_t)(stop - text)))
			read_line(r, text, stop, parent);
		text = stop + 1;
	}
	r->block = parent;
}

static void read_file(struct reading *r, const char *path, const char *dir)
{
	PRISM_AUTO_BUF struct prism_buf text = PRISM_BUF_INIT(NET_SSH_CONFIG_MAX);
	struct reading inner = *r;
	struct prism_error err = PRISM_ERROR_INIT;

	inner.path = path;
	inner.dir = dir;
	inner.depth++;
	if (prism_file_read(path, NET_SSH_CONFIG_MAX, &text, &err) == 0)
		read_text(&inner, prism_buf_text(&text), text.len);
	else if (err.category != PRISM_ERROR_MISSING)
		setting_add(&inner, UNKNOWN, "file", NULL, 0, "cannot be read");
}

struct net_ssh_config *net_ssh_config_load(const char *path, const char *system_path)
{
	struct reading r = {.config = prism_alloc(sizeof(struct net_ssh_config)), .block = -1};
	PRISM_AUTO_FREE char *home = prism_path_expand("~/.ssh");
	PRISM_AUTO_FREE char *usual = prism_path_join(home, "config");

	read_file(&r, path ? path : usual, home);
	if (!system_path)
		read_file(&r, "/etc/ssh/ssh_config", "/etc/ssh");
	else if (*system_path)
		read_file(&r, system_path, "/etc/ssh");
	return r.config;
}

struct net_ssh_config *net_ssh_config_parse(const char *text, size_t len)
{
	struct reading r = {
	    .config = prism_alloc(sizeof(struct net_ssh_config)), .path = "config", .block = -1};

	read_text(&r, text, len);
	return r.config;
}

void net_ssh_config_destroy(struct net_ssh_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->block_count; i++)
		words_free(config->blocks[i].patterns, config->blocks[i].count);
	for (size_t i = 0; i < config->setting_count; i++) {
		words_free(config->settings[i].arguments, config->settings[i].count);
		prism_free(config->settings[i].word);
		prism_free(config->settings[i].where);
	}
	prism_free(config->blocks);
	prism_free(config->settings);
	prism_free(config);
}

/* ---- asking ---- */

static bool block_matches(const struct net_ssh_config *config, int at, const char *name)
{
	const struct block *block;
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

static void problem(struct net_ssh_host *host, const struct setting *setting, const char *why)
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

static void set_strict(struct net_ssh_host *host, const struct setting *setting)
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

static void set_port(struct net_ssh_host *host, const struct setting *setting)
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
	const struct setting *identity[NET_SSH_FILES_MAX];
	size_t identity_count;
	const struct setting *known_user, *known_global;
};

static void take(struct net_ssh_host *host, struct asked *asked, const struct setting *s)
{
	const char *value = s->count ? s->arguments[0] : NULL;

	if (s->fault) {
		problem(host, s, s->fault);
		return;
	}
	switch (s->keyword) {
	case HOSTNAME:
		set_text(&host->hostname, value);
		break;
	case USER:
		set_text(&host->user, value);
		break;
	case PORT:
		set_port(host, s);
		break;
	case IDENTITY_FILE:
		if (asked->identity_count < NET_SSH_FILES_MAX)
			asked->identity[asked->identity_count++] = s;
		break;
	case IDENTITIES_ONLY:
		if (!asked->agent_only_set)
			host->identities_only = yes(value);
		asked->agent_only_set = true;
		break;
	case IDENTITY_AGENT:
		set_text(&host->agent, value);
		break;
	case PROXY_JUMP:
		set_text(&host->jump, value);
		break;
	case KNOWN_USER:
		asked->known_user = asked->known_user ? asked->known_user : s;
		break;
	case KNOWN_GLOBAL:
		asked->known_global = asked->known_global ? asked->known_global : s;
		break;
	case STRICT:
		set_strict(host, s);
		break;
	case KEY_ALIAS:
		set_text(&host->key_name, value);
		break;
	case HASH_NAMES:
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
static char *expand(struct net_ssh_host *host, const struct setting *s, const char *text)
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

static char *expand_path(struct net_ssh_host *host, const struct setting *s, const char *text)
{
	PRISM_AUTO_FREE char *tokens = expand(host, s, text);

	return tokens ? prism_path_expand(tokens) : NULL;
}

static void finish_identities(struct net_ssh_host *host, const struct asked *asked)
{
	static const char *const usual[] = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};

	for (size_t i = 0; i < asked->identity_count; i++) {
		const struct setting *s = asked->identity[i];
		char *path =
		    strcasecmp(s->arguments[0], "none") != 0 ? expand_path(host, s, s->arguments[0]) : NULL;

		if (path)
			host->identity[host->identity_count++] = path;
	}
	for (size_t i = 0; !asked->identity_count && i < PRISM_COUNT(usual); i++)
		host->identity[host->identity_count++] = prism_path_expand(usual[i]);
}

static void finish_known(struct net_ssh_host *host, const struct setting *s,
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
	set_text(&host->key_name, host->hostname);
	host->port = host->port ? host->port : 22;
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
	words_free(host->problem, host->problem_count);
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
