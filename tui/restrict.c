/*
 * The directories of restricted mode: what the person named, what the program itself keeps, and
 * what the libraries under it read.
 */
#include "tui/restrict.h"

#include "base/confine.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES_MAX 128

struct rules {
	struct prism_confine_rule rule[RULES_MAX];
	char *owned[RULES_MAX];
	size_t count;
};

static void add(struct rules *rules, char *path, enum prism_confine_access access)
{
	if (!path || path[0] != '/' || rules->count == RULES_MAX) {
		prism_free(path);
		return;
	}
	rules->owned[rules->count] = path;
	rules->rule[rules->count++] = (struct prism_confine_rule){path, access};
}

/* Read by libraries: certificates, the resolver, time zones, terminal descriptions. */
static void add_system(struct rules *rules)
{
	static const char *const paths[] = {
	    "/etc/ssl",
	    "/etc/pki",
	    "/etc/ca-certificates",
	    "/etc/resolv.conf",
	    "/etc/hosts",
	    "/etc/host.conf",
	    "/etc/nsswitch.conf",
	    "/etc/gai.conf",
	    "/etc/services",
	    "/etc/protocols",
	    "/etc/passwd",
	    "/etc/group",
	    "/etc/localtime",
	    "/etc/terminfo",
	    "/etc/crypto-policies",
	    "/etc/ld.so.cache",
	    "/usr/share",
	    "/usr/lib",
	    "/usr/lib64",
	    "/usr/local/share",
	    "/lib",
	    "/lib64",
	    "/run/systemd/resolve",
	    "/run/nscd",
	    "/dev/urandom",
	    "/dev/random",
	    "/proc/self",
	    "/proc/sys/kernel",
	    "/sys/devices/system/cpu",
	};

	for (size_t i = 0; i < PRISM_COUNT(paths); i++)
		add(rules, prism_strdup(paths[i]), PRISM_CONFINE_ASIDE);
	add(rules, prism_strdup("/dev/null"), PRISM_CONFINE_WRITE);
	add(rules, prism_strdup("/dev/tty"), PRISM_CONFINE_WRITE);
	add(rules, prism_strdup(PRISM_DATADIR), PRISM_CONFINE_READ);
	if (getenv("TERMINFO"))
		add(rules, prism_strdup(getenv("TERMINFO")), PRISM_CONFINE_ASIDE);
}

/* Its own; made now, because a rule needs a directory that exists. */
static int add_own(struct rules *rules, struct prism_error *err)
{
	char *(*const places[])(const char *name) = {prism_path_config, prism_path_state,
	                                             prism_path_cache};

	for (size_t i = 0; i < PRISM_COUNT(places); i++) {
		char *dir = places[i](NULL);

		if (dir && prism_file_mkdirs(dir, 0700, err) < 0) {
			prism_free(dir);
			return prism_error_wrap(err, "restricted mode");
		}
		add(rules, dir, PRISM_CONFINE_WRITE);
	}
	return 0;
}

static char *absolute(const char *path)
{
	PRISM_AUTO_FREE char *expanded = prism_path_expand(path);

	return realpath(expanded, NULL);
}

/* A file named by a setting is meant to be read wherever it lies. */
static void add_named_files(struct rules *rules, const struct core_options *options)
{
	for (int id = 0; id < CORE_OPTION_COUNT; id++) {
		const char *path = core_option_text(options, (enum core_option_id)id);

		if (core_option_table[id].type == CORE_OPTION_PATH && *path)
			add(rules, absolute(path), PRISM_CONFINE_READ);
	}
}

/* The trail of changes lies where a setting names it; it is renamed there when it is full, so that
 * its directory is needed. Made now, because a rule needs a directory that exists. */
static int add_trail(struct rules *rules, const struct core_options *options,
                     struct prism_error *err)
{
	PRISM_AUTO_FREE char *named = prism_path_expand(core_option_text(options, CORE_OPT_AUDIT_FILE));
	const char *slash = strrchr(named, '/');
	PRISM_AUTO_FREE char *dir =
	    slash ? prism_strndup(named, slash > named ? (size_t)(slash - named) : 1)
	          : prism_strdup(".");

	if (!*named)
		return 0;
	if (prism_file_mkdirs(dir, 0700, err) < 0)
		return prism_error_wrap(err, "restricted mode: the audit trail");
	add(rules, absolute(dir), PRISM_CONFINE_KEPT);
	return 0;
}

/* What the way through SSH hosts needs: their configuration and keys, and the file in which a new
 * host is remembered; it is made now, because a rule needs a file that exists. Hosts may be named
 * by commands alone: without a way, what is there of it. */
static void add_ssh(struct rules *rules, const struct core_options *options)
{
	const char *named = core_option_text(options, CORE_OPT_SSH_KNOWN_HOSTS);
	PRISM_AUTO_FREE char *known = prism_path_expand(*named ? named : "~/.ssh/known_hosts");
	PRISM_AUTO_FREE char *dir = prism_path_expand("~/.ssh");

	if (!core_options_any_via(options) && access(*named ? known : dir, F_OK) != 0)
		return;
	if (!*named && prism_file_mkdirs(dir, 0700, NULL) < 0)
		return; /* hosts are not remembered then, and that is said when it matters */
	int fd =
	    open(known, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600); /* a rule needs it there */
	if (fd >= 0)
		close(fd);
	add(rules, absolute(known), PRISM_CONFINE_WRITE);
	add(rules, absolute(dir), PRISM_CONFINE_ASIDE);
	add(rules, prism_strdup("/etc/ssh"), PRISM_CONFINE_ASIDE);
}

static int add_given(struct rules *rules, const struct core_options *options,
                     struct prism_error *err)
{
	const char *named = core_option_text(options, CORE_OPT_RESTRICTED_DIRS);
	const char *download = core_option_text(options, CORE_OPT_DOWNLOAD_DIR);

	if (!*named)
		named = *download ? download : ".";
	while (*named) {
		size_t len = strcspn(named, ":");
		PRISM_AUTO_FREE char *dir = prism_strndup(named, len);
		char *real = *dir ? absolute(dir) : NULL;

		if (*dir && !real)
			return prism_error_raise(err, PRISM_ERROR_MISSING,
			                         "restricted mode: %s: no such directory", dir);
		add(rules, real, PRISM_CONFINE_WRITE);
		named += len + (named[len] == ':');
	}
	return 0;
}

int pt_restrict(const struct core_options *options, const char *password_file,
                struct prism_error *err)
{
	struct rules *rules;
	int result;

	if (!core_option_bool(options, CORE_OPT_RESTRICTED))
		return 0;
	rules = prism_alloc(sizeof(*rules));
	add_system(rules);
	add_named_files(rules, options);
	add_ssh(rules, options);
	if (password_file)
		add(rules, absolute(password_file), PRISM_CONFINE_ASIDE);
	result = add_own(rules, err) < 0 || add_trail(rules, options, err) < 0 ||
	                 add_given(rules, options, err) < 0
	             ? -1
	             : prism_confine(rules->rule, rules->count,
	                             core_option_bool(options, CORE_OPT_RESTRICTED_SECCOMP), err);
	for (size_t i = 0; i < rules->count; i++)
		prism_free(rules->owned[i]);
	prism_free(rules);
	return result;
}
