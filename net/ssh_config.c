/*
 * Two steps: files become a list of settings, each with the block it stands in; a question walks
 * the list and takes the first value of each setting whose block matches.
 *
 * A block is a Host line (its patterns) or Match (only "all" is understood: anything else matches
 * nothing, and is said); it matches only where the block its file was included from matches, too.
 */
#include "net/ssh_config_private.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <glob.h>
#include <string.h>
#include <strings.h>

#define INCLUDE_DEPTH 16   /* OpenSSH's READCONF_MAX_DEPTH */
#define SETTINGS_MAX 20000 /* stops files that include one another without end */
#define ARGUMENTS_MAX 64   /* words of one line */

static const struct {
	const char *word;
	enum net_ssh_keyword keyword;
} keywords[] = {
    {"host", CONF_HOST},
    {"match", CONF_MATCH},
    {"include", CONF_INCLUDE},
    {"hostname", CONF_HOSTNAME},
    {"user", CONF_USER},
    {"port", CONF_PORT},
    {"identityfile", CONF_IDENTITY_FILE},
    {"identitiesonly", CONF_IDENTITIES_ONLY},
    {"identityagent", CONF_IDENTITY_AGENT},
    {"proxyjump", CONF_PROXY_JUMP},
    {"userknownhostsfile", CONF_KNOWN_USER},
    {"globalknownhostsfile", CONF_KNOWN_GLOBAL},
    {"stricthostkeychecking", CONF_STRICT},
    {"hostkeyalias", CONF_KEY_ALIAS},
    {"hashknownhosts", CONF_HASH_NAMES},
    /* Without meaning for a tunnel, or a matter of taste. */
    {"addkeystoagent", CONF_PASSED_OVER},
    {"checkhostip", CONF_PASSED_OVER},
    {"clearallforwardings", CONF_PASSED_OVER},
    {"compression", CONF_PASSED_OVER},
    {"connectionattempts", CONF_PASSED_OVER},
    {"connecttimeout", CONF_PASSED_OVER},
    {"controlmaster", CONF_PASSED_OVER},
    {"controlpath", CONF_PASSED_OVER},
    {"controlpersist", CONF_PASSED_OVER},
    {"dynamicforward", CONF_PASSED_OVER},
    {"escapechar", CONF_PASSED_OVER},
    {"exitonforwardfailure", CONF_PASSED_OVER},
    {"forwardagent", CONF_PASSED_OVER},
    {"forwardx11", CONF_PASSED_OVER},
    {"forwardx11trusted", CONF_PASSED_OVER},
    {"gssapiauthentication", CONF_PASSED_OVER},
    {"gssapidelegatecredentials", CONF_PASSED_OVER},
    {"ignoreunknown", CONF_PASSED_OVER},
    {"ipqos", CONF_PASSED_OVER},
    {"localforward", CONF_PASSED_OVER},
    {"loglevel", CONF_PASSED_OVER},
    {"numberofpasswordprompts", CONF_PASSED_OVER},
    {"permitlocalcommand", CONF_PASSED_OVER},
    {"remoteforward", CONF_PASSED_OVER},
    {"requesttty", CONF_PASSED_OVER},
    {"sendenv", CONF_PASSED_OVER},
    {"serveralivecountmax", CONF_PASSED_OVER},
    {"serveraliveinterval", CONF_PASSED_OVER},
    {"setenv", CONF_PASSED_OVER},
    {"tcpkeepalive", CONF_PASSED_OVER},
    {"updatehostkeys", CONF_PASSED_OVER},
    {"usekeychain", CONF_PASSED_OVER},
    {"visualhostkey", CONF_PASSED_OVER},
};

struct reading {
	struct net_ssh_config *config;
	const char *path, *dir; /* dir: relative names of Include are below it */
	int line, block, depth;
};

void net_ssh_words_free(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		prism_free(words[i]);
	prism_free(words);
}

static int block_add(struct reading *r, char **patterns, size_t count, bool never, int parent)
{
	struct net_ssh_config *c = r->config;

	c->blocks = prism_realloc_array(c->blocks, c->block_count + 1, sizeof(*c->blocks));
	c->blocks[c->block_count] = (struct net_ssh_block){patterns, count, never, parent};
	return (int)c->block_count++;
}

static void setting_add(struct reading *r, enum net_ssh_keyword keyword, const char *word,
                        char **arguments, size_t count, const char *fault)
{
	struct net_ssh_config *c = r->config;

	if (c->setting_count >= SETTINGS_MAX) {
		net_ssh_words_free(arguments, count);
		return;
	}
	c->settings = prism_realloc_array(c->settings, c->setting_count + 1, sizeof(*c->settings));
	if (c->setting_count == SETTINGS_MAX - 1) /* nothing is left out in silence */
		fault = "stands after more settings than are read";
	c->settings[c->setting_count++] = (struct net_ssh_setting){
	    .keyword = keyword,
	    .word = prism_strdup(word),
	    .arguments = arguments,
	    .count = count,
	    .block = r->block,
	    .where = prism_asprintf("%s:%d", r->path, r->line),
	    .fault = fault,
	};
}

/* Words in blanks or double quotes; a '#' at the start of a word ends the line. -1: open quote, -2:
 * too many words. */
static int split(const char *at, const char *end, char ***ret)
{
	char **words = NULL;
	size_t count = 0;

	while (at < end) {
		const char *begin, *stop;

		while (at < end && strchr(" \t\r\f", *at))
			at++;
		if (at == end || *at == '#')
			break;
		if (count == ARGUMENTS_MAX) {
			net_ssh_words_free(words, count);
			return -2;
		}
		begin = at;
		if (*at == '"') {
			begin++;
			stop = memchr(begin, '"', (size_t)(end - begin));
			if (!stop) {
				net_ssh_words_free(words, count);
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
		setting_add(r, CONF_UNKNOWN, "Include", NULL, 0, "files include one another too deeply");
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

static enum net_ssh_keyword keyword_of(const char *word)
{
	for (size_t i = 0; i < PRISM_COUNT(keywords); i++)
		if (!strcasecmp(keywords[i].word, word))
			return keywords[i].keyword;
	return CONF_UNKNOWN;
}

/* A line that cannot be read. What follows one that would have begun a block belongs to nobody. */
static void left_out(struct reading *r, const char *word, int parent, const char *fault)
{
	enum net_ssh_keyword keyword = keyword_of(word);
	bool block = keyword == CONF_HOST || keyword == CONF_MATCH;

	r->block = block ? parent : r->block;
	setting_add(r, keyword, word, NULL, 0, fault);
	if (block)
		r->block = block_add(r, NULL, 0, true, parent);
}

static void take_line(struct reading *r, const char *word, char **arguments, size_t count,
                      int parent)
{
	enum net_ssh_keyword keyword = keyword_of(word);

	if (!count) {
		left_out(r, word, parent, "has no value");
	} else if (keyword == CONF_HOST) {
		r->block = block_add(r, arguments, count, false, parent);
	} else if (keyword == CONF_MATCH) {
		bool all = count == 1 && !strcasecmp(arguments[0], "all");

		net_ssh_words_free(arguments, count);
		if (!all) { /* said wherever the outer block matches */
			r->block = parent;
			setting_add(r, CONF_UNKNOWN, "Match", NULL, 0,
			            "only \"Match all\" is understood; what follows it is left out");
		}
		r->block = block_add(r, NULL, 0, !all, parent);
	} else if (keyword == CONF_INCLUDE) {
		include(r, arguments, count);
		net_ssh_words_free(arguments, count);
	} else if (keyword == CONF_PASSED_OVER) {
		net_ssh_words_free(arguments, count);
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
		left_out(r, word, parent,
		         count == -1 ? "has a quote that is not closed" : "has too many words");
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
		if (memchr(text, '\0', (size_t)(stop - text)))
			setting_add(r, CONF_UNKNOWN, "the line", NULL, 0, "holds a NUL byte and was left out");
		else
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
		setting_add(&inner, CONF_UNKNOWN, "file", NULL, 0, "cannot be read");
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
		net_ssh_words_free(config->blocks[i].patterns, config->blocks[i].count);
	for (size_t i = 0; i < config->setting_count; i++) {
		net_ssh_words_free(config->settings[i].arguments, config->settings[i].count);
		prism_free(config->settings[i].word);
		prism_free(config->settings[i].where);
	}
	prism_free(config->blocks);
	prism_free(config->settings);
	prism_free(config);
}
